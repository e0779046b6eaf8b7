"""Which closed numbers came out different (pure, NumPy): a run must not simply publish them.

A number is compared with the last *value* that was published for it, however long ago: so what was withheld, or had no
data for a while, comes back as easily as it went if it comes back the same. A period for which no value was ever
published is free to get one; nothing that anybody read is changed by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from headway.ledger.diff import Bools, Floats, Ints, Rows, Stored, match, same
from headway.ledger.encode import OBSERVATION, Lines
from headway.model import Flag
from headway.periods import Calendar, Grain

#: Where the columns of an observation begin among those that `Logs` reads, and where its restatement stands.
_VALUES = 6
_RESTATEMENT = 5
_REASON = OBSERVATION.index("reason")
_FLAGS = OBSERVATION.index("flags")


#: What has not been computed before has no closed period.
NEVER: Mapping[Grain, int] = dict.fromkeys(Grain, -(1 << 62))


def closed_before(calendar: Calendar, now: datetime, settles: timedelta) -> Mapping[Grain, int]:
    """For each grain the key of the first period that is not closed: keys of one grain stand in order of time."""
    settled = now - settles
    day = calendar.day(settled)
    hour = calendar.hour(settled).key
    return {grain: hour if grain is Grain.HOUR else calendar.period(grain, day).key for grain in Grain}


@dataclass(frozen=True, slots=True)
class Words:
    """The numbers of the reasons that matter here."""

    withheld: Ints
    waits: int


@dataclass(frozen=True, slots=True)
class Restating:
    """Closed rows that came out different, sorted: as computed, and what they are compared with."""

    #: With the marks of rows that are gone.
    rows: Rows
    #: The last value that was published.
    old: Floats
    #: The new value lies within the tolerance.
    within: Bools
    #: There is no value any more, because it must not be shown.
    hides: Bools
    #: What is published now is withheld, and the reason for that.
    hidden: Bools
    reason: Ints

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def none(cls) -> Restating:
        """Nothing came out different."""
        no = np.zeros(0, dtype=bool)
        return cls(Rows.none(len(OBSERVATION)), np.zeros(0), no, no, no, np.zeros(0, dtype=np.int64))


def restating(
    found: Floats,
    stored: Stored,
    given: Rows,
    lines: Lines,
    closed: Mapping[Grain, int],
    words: Words,
    withdrawn: Floats,
    tolerance: float,
    accepted: Ints,
    parts: Collection[str],
) -> tuple[Restating, Rows]:
    """The closed rows that came out different, and those stored ones that stay until that is settled.

    `found` has every revision of the blocks that differ, `stored` the newest ones, and `given` what a run made of
    them. `accepted` are the restatements that people accepted. A growth that is not among the `parts` that the run
    made is watched and judged by nobody any more: that it goes restates nothing.
    """
    if closed is NEVER or not len(stored.rows):
        return Restating.none(), Rows.none(len(OBSERVATION))
    new = np.tile(withdrawn, (len(stored.rows), 1))
    met, mate = match(stored.rows.key, given.key)
    new[mate] = given.values[met]
    now, reason = stored.rows.values, stored.rows.values[:, _REASON].astype(np.int64)
    apart = ~same(new[:, :2], now[:, :2])  # a mark of what is gone has a reason of its own
    running = (new[:, _FLAGS].astype(np.int64) & Flag.PARTIAL) != 0
    open_to = [
        NEVER[Grain(grain)] if part.startswith("growth ") and part not in parts else closed[Grain(grain)]
        for part, grain, _ in lines.names
    ]
    threshold = np.array(open_to, dtype=np.int64)
    free = stored.rows.period >= threshold[np.searchsorted(lines.ids, stored.rows.series)]
    bound = ~free & ~stored.running & (apart | running)
    if not bound.any():
        return Restating.none(), Rows.none(len(OBSERVATION))

    last, base = _before(found, stored, accepted)
    bound &= ~np.isnan(last)  # a value was published once
    has, had = ~np.isnan(new[:, 0]), ~np.isnan(now[:, 0])
    hidden = ~had & np.isin(reason, words.withheld)
    hides = ~has & np.isin(new[:, _REASON].astype(np.int64), words.withheld)
    again = bound & running & ~hides  # a clock that went back
    differs = bound & ~again & np.where(had, apart, np.where(hidden, ~hides, has))
    with np.errstate(invalid="ignore"):
        near = np.abs(new[:, 0] - base) <= tolerance * np.abs(base)
    within = has & (near | same(new[:, :1], base[:, None]))
    rows = Rows(stored.rows.series[differs], stored.rows.period[differs], new[differs])
    came = Restating(rows, last[differs], within[differs], hides[differs], hidden[differs], reason[differs])
    return came, stored.rows.take(differs | again)


def _before(found: Floats, stored: Stored, accepted: Ints) -> tuple[Floats, Floats]:
    """For each row the last value published, and the one that small changes are measured by.

    That is the value from when the period closed, or the last that somebody accepted: measured by the last one, many
    small changes could come to a large one that nobody was asked about.
    """
    rows = Rows(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, _VALUES:])
    group = np.searchsorted(stored.rows.key, rows.key)
    valued = ~np.isnan(rows.values[:, 0])
    restatement = found[:, _RESTATEMENT]
    asked = valued & (np.isnan(restatement) | np.isin(restatement, accepted))

    def newest(chosen: Bools) -> Floats:
        values = np.full(len(stored.rows), np.nan)
        values[group[chosen]] = rows.values[chosen, 0]  # the last assignment counts
        return values

    last, base = newest(valued), newest(asked)
    return last, np.where(np.isnan(base), last, base)

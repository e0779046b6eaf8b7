"""Judge whether a number is good enough: on, near, off, over, or why there is no verdict (pure).

A period is judged by the target in force on its last local day, so the past is judged by the past. A bound cuts the
line of numbers once, and *near* is cut at one more place, so the statuses have no gaps and no overlaps:

    at_least 60       ... off ... | 57 near | 60 on ...             near_within 5 %
    between 40 and 60 ... off | 38 near | 40 on 60 | near 63 | off ...
    between 40 and 60, better: higher                  | over ...
    bands: [off, 6, near, 12, on, 24, over]            a cut belongs to the status after it

A bound may move from period to period: a line through time is read here, and what a formula comes down to is handed
over (`Given`). Growth is a part of the KPI, judged like its value. See docs/language.md, "Targets".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headway.model import (
    JUDGED,
    OBSERVED,
    Bands,
    Better,
    Bound,
    Cell,
    Flag,
    Kpi,
    Line,
    Pace,
    Reason,
    Status,
    Target,
    read_cell,
)
from headway.periods import Calendar, Grain, epoch_day

#: A number that misses a bound by less than this share of the bound meets it: 0.1 + 0.2 is at least and at most 0.3.
TOLERANCE = 1e-9

_WITHHELD = [reason.value for reason in Reason if reason.withheld]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Given:
    """What was computed for the judge, by grain, text of the cell and key of the period.

    `bounds`: what each formula comes down to, by its text and grain, and whether that may still change. `shares`: how
    much of a running period's value should be there by its last complete day.
    """

    bounds: Mapping[tuple[str, Grain], Mapping[tuple[str, int], tuple[float, bool]]] = field(default_factory=dict)
    shares: Mapping[tuple[Pace, Grain], Mapping[tuple[str, int], float]] = field(default_factory=dict)


def judge(kpi: Kpi, observed: pa.Table, calendar: Calendar, near_within: float, given: Given | None = None) -> pa.Table:
    """The verdicts (schema `JUDGED`) on a KPI's numbers (schema `OBSERVED`), in the order of the numbers.

    There is a verdict on every period of the value (part ''), or of growth, for each grain and cell that a target
    speaks of at any time, and always on the value for the total at the KPI's grain. `near_within` is the project's
    share of |bound| that still counts as near. Bounds are inclusive, up to the last digits of a float. `low` and
    `high` are the bounds in force, also where there is no number to judge. A running period is never judged:
    `expected` is what it should have by now. Where a formula has no data there is no bound, hence no target.
    """
    given = given or Given()
    observed = observed.select(OBSERVED.names)
    observed = observed.filter(pc.is_in(observed["part"], pa.array(sorted({"", *(t.part for t in kpi.targets)}))))
    parts, part_words = _coded(observed["part"])
    grains, grain_words = _coded(observed["grain"])
    cells, cell_words = _coded(observed["cell"])
    line = (parts * max(1, len(grain_words)) + grains) * max(1, len(cell_words)) + cells

    periods = observed["period"].to_numpy()
    value = observed["value"].to_numpy()
    flags = observed["flags"].to_numpy()
    so_far = observed["so_far"].to_numpy()
    withheld = pc.is_in(observed["reason"], pa.array(_WITHHELD)).to_numpy()
    low, high, expected = (np.full(len(observed), np.nan) for _ in range(3))
    partial = (flags & Flag.PARTIAL) != 0
    status = np.full(len(observed), None, dtype=object)
    for code in np.unique(line).tolist():
        rest, of_cell = divmod(code, len(cell_words))
        of_part, of_grain = divmod(rest, len(grain_words))
        part, grain, text = part_words[of_part], Grain(grain_words[of_grain]), cell_words[of_cell]
        eligible = _eligible(kpi, part, grain, read_cell(text))
        if not eligible and not (not part and grain is kpi.grain and not text):
            continue
        rows = np.flatnonzero(line == code)
        status[rows] = Status.NO_TARGET.value
        days = _last_days(periods[rows], grain, calendar)
        for target, chosen in _ruled(eligible, days):
            at = rows[chosen]
            here = _Bounds(target, text, periods[at], days[chosen], given)
            # A bound that may still change is not told: it would read as what the period will be judged by.
            low[at], high[at] = (np.where(here.partial, np.nan, bound) for bound in (here.low, here.high))
            verdicts = _verdicts(value[at], here, kpi.better, near_within)
            status[at] = np.where(here.known, verdicts, Status.NO_TARGET.value)
            partial[at] |= here.partial
            expected[at] = np.where(partial[at] & np.isfinite(so_far[at]), here.low * here.share, np.nan)
    said = np.array([s is not None for s in status], dtype=bool)
    # What says why there is no verdict, weakest first.
    for reason, where in (
        (Status.NO_DATA, np.isnan(value)),
        (Status.PARTIAL, partial),
        (Status.WITHHELD, withheld),
    ):
        status[said & where] = reason.value
    table = observed.select(["part", "grain", "cell", "period"])
    table = table.append_column("status", pa.array(status, pa.string()))
    for name, column in (("low", low), ("high", high), ("expected", expected)):
        table = table.append_column(name, pa.array(column, from_pandas=True))
    return table.filter(pa.array(said)).cast(JUDGED)


def in_force(kpi: Kpi, grain: Grain, cell: Cell, day: date, part: str = "") -> Target | None:
    """The target that judges a period of this grain and cell whose last local day is `day`, or None.

    A target holds from its `first` day until its `through`, or until a later one of the same grain and cell begins.
    One written for the cell itself goes before one for `each` cell. `part` names growth.
    """
    ruled = _ruled(_eligible(kpi, part, grain, cell), np.array([epoch_day(day)]))
    return ruled[0][0] if ruled else None


def standing(kpi: Kpi, today: date) -> Status | None:
    """`NOT_TRACKED` or `RETIRED` if the KPI's own dates say so on that local day, else None.

    A KPI that is not measured yet is not tracked, whatever its date; on `retired_on` itself it is still tracked.
    """
    if kpi.measure is None or (kpi.tracked_from is not None and today < kpi.tracked_from):
        return Status.NOT_TRACKED
    if kpi.retired_on is not None and today > kpi.retired_on:
        return Status.RETIRED
    return None


# -- which target ----------------------------------------------------------------------------------------------------


def _eligible(kpi: Kpi, part: str, grain: Grain, cell: Cell) -> list[Target]:
    """The targets that speak of a part, grain and cell, by the day on which they come into force."""
    speaking = [t for t in kpi.targets if t.part == part and t.grain is grain and t.speaks_of(cell)]
    return sorted(speaking, key=lambda t: t.first or date.min)


def _ruled(eligible: Sequence[Target], days: Ints) -> list[tuple[Target, Ints]]:
    """Which of these days (epoch days) each target rules, by index; days without a target are in none.

    `eligible` is in the order of `_eligible`. The fewer `each`, the stronger. Within the targets that say `each`
    equally often, the newest that has begun rules a day, or nobody if it is over: a target that has been superseded
    does not come back.
    """
    ruler = np.full(len(days), -1)
    for each in sorted({len(target.each) for target in eligible}, reverse=True):
        newest = np.full(len(days), -1)
        for index, target in enumerate(eligible):
            if len(target.each) == each:
                newest[days >= (epoch_day(target.first) if target.first else np.iinfo(np.int64).min)] = index
        for index, target in enumerate(eligible):
            if target.through is not None:
                newest[(newest == index) & (days > epoch_day(target.through))] = -1
        ruler = np.where(newest >= 0, newest, ruler)
    return [(target, at) for index, target in enumerate(eligible) if len(at := np.flatnonzero(ruler == index))]


def _last_days(periods: Ints, grain: Grain, calendar: Calendar) -> Ints:
    """The last local day of each period, as an epoch day."""
    if grain is Grain.DAY:
        return periods
    keys, place = np.unique(periods, return_inverse=True)
    last = np.array([epoch_day(calendar.from_key(grain, key).last) for key in keys.tolist()], dtype=np.int64)
    return last[place]


# -- the bounds of each period ---------------------------------------------------------------------------------------


class _Bounds:
    """One target's bounds as columns, a number for each of some periods of one cell; NaN is no bound."""

    def __init__(self, target: Target, cell: str, periods: Ints, days: Ints, given: Given) -> None:
        self.target, self.cell, self.periods, self.days, self.given = target, cell, periods, days, given
        #: True where every formula has data, and where one may still change.
        self.known, self.partial = np.ones(len(days), dtype=bool), np.zeros(len(days), dtype=bool)
        self.low, self.high = self._numbers(target.low), self._numbers(target.high)
        self.near_low, self.near_high = self._numbers(target.near_low), self._numbers(target.near_high)
        # Half of a range is no range.
        self.low, self.high = (np.where(self.known, bound, np.nan) for bound in (self.low, self.high))

    @property
    def share(self) -> Floats:
        """How much of each period's bound should be there by now."""
        shares = self.given.shares.get((self.target.pace, self.target.grain))
        if not shares:
            return np.full(len(self.days), np.nan)
        return np.array([shares.get((self.cell, key), np.nan) for key in self.periods.tolist()])

    def _numbers(self, bound: Bound | None) -> Floats:
        match bound:
            case None:
                return np.full(len(self.days), np.nan)
            case Line():
                first, due = epoch_day(bound.first), epoch_day(bound.due)
                along = np.clip((self.days - first) / (due - first), 0.0, 1.0)
                return bound.start + (bound.reach - bound.start) * along
            case float() | int():
                return np.full(len(self.days), float(bound))
        found = self.given.bounds.get((bound.expression.text, self.target.grain), {})
        numbers = [found.get((self.cell, key), (np.nan, False)) for key in self.periods.tolist()]
        values = np.array([number for number, _ in numbers], dtype=np.float64)
        self.known &= np.isfinite(values)
        self.partial |= np.array([running for _, running in numbers], dtype=bool)
        return values


# -- how good --------------------------------------------------------------------------------------------------------


def _verdicts(value: Floats, bounds: _Bounds, better: Better, near_within: float) -> NDArray[np.object_]:
    """The status of each value under one target. NaN is off; the caller knows better."""
    if bounds.target.bands:
        return _banded(value, bounds.target.bands)
    with np.errstate(invalid="ignore"):
        below = _below(value, bounds.low, bounds.near_low, near_within)
        above = _below(-value, -bounds.high, -bounds.near_high, near_within)
    if bounds.target.low is not None and bounds.target.high is not None:
        # A miss on the better side of a range is no failure.
        above = np.where((above > 0) & (better is Better.HIGHER), _OVER, above)
        below = np.where((below > 0) & (better is Better.LOWER), _OVER, below)
    words = np.array([Status.ON.value, Status.NEAR.value, Status.OFF.value, Status.OVER.value], dtype=object)
    chosen: NDArray[np.object_] = words[np.maximum(above, below)]
    return chosen


_ON, _NEAR, _OFF, _OVER = range(4)


def _below(value: Floats, bound: Floats, near: Floats, near_within: float) -> Ints:
    """How far values fall below a bound: on, near or off. The mirror image serves for a bound from above."""
    cut = bound - TOLERANCE * np.abs(bound)
    # A moving bound may come to lie below its near, which then adds nothing.
    near = np.where(np.isnan(near), bound - near_within * np.abs(bound), np.fmin(near, bound))
    near_cut = near - TOLERANCE * np.abs(near)
    found: Ints = np.where(np.isnan(bound) | (value >= cut), _ON, np.where(value >= near_cut, _NEAR, _OFF))
    return found


def _banded(value: Floats, bands: Bands) -> NDArray[np.object_]:
    """The status of the band that each value lies in."""
    cuts = np.array([cut - TOLERANCE * abs(cut) for cut in bands.cuts])
    words = np.array([status.value for status in bands.statuses], dtype=object)
    chosen: NDArray[np.object_] = words[np.searchsorted(cuts, np.nan_to_num(value), side="right")]
    return chosen


def _coded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Each text as an index into the list of different texts."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()

"""What of a run's changes of closed numbers is published, and what waits until somebody decides.

While a run is written, the changed closed numbers of each KPI are set apart (`hold`), and the old ones stay. When all
KPIs are there, the changes of one cause are one restatement: within the project's tolerance it is published, else it
waits. It is decided as a whole, so that a ratio and what it is made of stay consistent. What must not be shown any more
is withheld at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import proposals, schema
from headway.ledger.diff import Bools, Floats, Ints, Rows, Stored, match, same
from headway.ledger.encode import OBSERVATION, VERDICT, Encoder, Lines
from headway.ledger.hold import NEVER, Restating, Words, closed_before, restating
from headway.ledger.logs import Logs
from headway.ledger.proposals import (
    ACCEPTED,
    JUDGED,
    NUMBERS,
    OBSERVED,
    PUBLISHED,
    WAITING,
    WITHDRAWN,
    Case,
    Proposals,
)
from headway.ledger.read import NO_RUN
from headway.model import Cause, Closing, Reason
from headway.periods import Grain


@dataclass
class OfKpi:
    """The changes of one KPI's closed numbers."""

    gate: Gate
    kpi: str
    lines: Lines
    definition: int
    #: For each grain the first period that is not closed.
    closed: Mapping[Grain, int]
    #: What is proposed since earlier runs.
    earlier: Proposals
    #: The parts that the run made.
    parts: Collection[str]
    came: Restating = field(default_factory=Restating.none)
    #: The stored rows that stay as they are for now.
    held: Rows = field(default_factory=lambda: Rows.none(len(OBSERVATION)))
    #: The new numbers with the new verdicts, as `proposals.NUMBERS`.
    new: Rows = field(default_factory=lambda: Rows.none(len(NUMBERS)))
    #: The place of each in `earlier`, or -1; and which of them are proposed there as they are now.
    place: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    alike: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))
    #: Which are published after all.
    passed: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))
    causes: Sequence[Cause] = ()

    def hold(self, found: Floats, stored: Stored, given: Rows) -> Ints:
        """See `logs.Holding`."""
        gate = self.gate
        withdrawn = gate.logs.observations.withdrawn
        words, tolerance, accepted = gate.words, gate.tolerance, gate.accepted
        self.came, self.held = restating(
            found, stored, given, self.lines, self.closed, words, withdrawn, tolerance, accepted, self.parts
        )
        return self.held.key

    def hold_verdicts(self, found: Floats, stored: Stored, given: Rows) -> Ints:
        """The verdicts on held numbers stay as they are."""
        return self.held.key

    def settle(self, verdicts: Rows) -> None:
        """Tell what is proposed already from what is new, and ask for the causes of that."""
        rows = self.came.rows
        values = np.zeros((len(rows), len(NUMBERS)))
        values[:, OBSERVED] = rows.values[:, OBSERVED]
        values[:, JUDGED] = [0, np.nan, np.nan]
        judged, at = match(verdicts.key, rows.key)
        values[judged, JUDGED] = verdicts.values[at, :3]
        self.new = Rows(rows.series, rows.period, values)
        known, at = match(self.earlier.rows.key, rows.key)
        self.place = np.full(len(rows), -1)
        self.place[known] = at
        self.alike, self.passed = np.zeros((2, len(rows)), dtype=bool)
        self.alike[known] = same(self.earlier.rows.values[at, :2], values[known, :2])
        fresh = np.flatnonzero(~self.alike)
        if len(fresh):
            assert self.gate.closing is not None, "without one nothing is closed"
            self.causes = self.gate.closing.causes(self.kpi, self._table(fresh))
            assert len(self.causes) == len(fresh), "a cause for each"

    def _table(self, chosen: Ints) -> pa.Table:
        names = [self.lines.name(series) for series in self.new.series[chosen].tolist()]
        columns = {word: [name[at] for name in names] for at, word in enumerate(("part", "grain", "cell"))}
        words = {number: word for word, number in self.gate.encoder.words.items()}
        withheld = np.where(self.came.hidden, self.came.reason, 0)
        reasons = {"reason": self.new.values[chosen, NUMBERS.index("reason")].astype(np.int64), "was": withheld[chosen]}
        said = {
            name: pa.array([words.get(number) for number in some.tolist()], pa.string())
            for name, some in reasons.items()
        }
        return pa.table(columns | {"period": self.new.period[chosen]} | said)

    def belongs(self, chosen: Ints | Bools) -> Ints:
        """The restatement by which each number is proposed since earlier, 0 if by none."""
        place = self.place[chosen]
        return np.where(place < 0, 0, np.append(self.earlier.restatement, 0)[place])


#: Numbers of a KPI, by their places among those that came out different.
_Chosen = tuple[OfKpi, Ints]


class Gate:
    """One run's changes of closed numbers. Without a `closing` nothing ever closes, and everything passes."""

    def __init__(self, connection: sa.Connection, logs: Logs, encoder: Encoder, closing: Closing | None) -> None:
        self.connection = connection
        self.logs = logs
        self.encoder = encoder
        self.closing = closing
        self.tolerance = closing.tolerance if closing else 0.0
        self.states = proposals.states(connection)
        self.accepted = np.array([number for number, state in self.states.items() if state == ACCEPTED], dtype=np.int64)
        withheld = [encoder.word(reason) for reason in Reason if reason.withheld]
        self.words = Words(np.array(withheld, dtype=np.int64), encoder.word(Reason.CHANGE_WAITS))
        self.changes: list[OfKpi] = []
        self._now: dict[int, datetime] = {}
        #: How many numbers are held back since this run.
        self.held = 0

    def of(self, kpi: str, lines: Lines, definition: int, parts: Collection[str]) -> OfKpi:
        """The changes of a KPI of which a run made these parts, to be found while it is written."""
        one = OfKpi(self, kpi, lines, definition, self._closed(kpi), proposals.read(self.connection, kpi), parts)
        self.changes.append(one)
        return one

    def _closed(self, kpi: str) -> Mapping[Grain, int]:
        """The first keys that were not closed when the KPI was last computed; nothing was before its first run."""
        a, r = schema.attempt.c, schema.run.c
        computing = sa.select(a.run).where(a.kpi == kpi, a.failed.is_(None), a.run < self.logs.run)
        last = self.connection.scalar(computing.order_by(a.run.desc()).limit(1))
        if last is None or self.closing is None:
            return NEVER
        if last not in self._now:  # the latest, should the clock have gone back since
            latest = sa.select(r.now).where(r.id <= last, r.state.not_in(NO_RUN)).order_by(r.now.desc()).limit(1)
            if self.closing.earlier:
                latest = sa.select(r.now).where(r.id == self.logs.run)
            self._now[last] = self.connection.scalars(latest).one()
        return closed_before(self.closing.calendar, self._now[last], self.closing.settles.get(kpi, timedelta()))

    # -- at the end of the run -----------------------------------------------------------------------------------

    def finish(self) -> dict[str, int]:
        """Make the restatements of the run, publish those that pass and propose the others.

        Gives how many numbers of each KPI passed.
        """
        groups: dict[Cause, list[_Chosen]] = {}
        hiding: dict[Cause, list[_Chosen]] = {}
        members: dict[int, list[_Chosen]] = {}
        for one in self.changes:
            fresh = np.flatnonzero(~one.alike)
            hides = one.came.hides[fresh]
            for cause in dict.fromkeys(one.causes):
                mine = np.array([other == cause for other in one.causes], dtype=bool)
                for chosen, into in ((fresh[mine & ~hides], groups), (fresh[mine & hides], hiding)):
                    if len(chosen):
                        into.setdefault(cause, []).append((one, chosen))
            kept = np.flatnonzero(one.alike)
            for number in np.unique(one.belongs(kept)).tolist():
                members.setdefault(number, []).append((one, kept[one.belongs(kept) == number]))

        found = self._known()
        new = set[int]()
        of_cause: dict[Cause, int] = {}
        for cause, group in groups.items():
            number = self._goes_on(found, cause, group)
            if number is None:
                number = self._new(found, new, cause)
            else:
                found[number] = replace(found[number], cause=proposals.together(found[number].cause, cause))
            members.setdefault(number, []).extend(group)
            of_cause[cause] = number
        for cause, hidden in hiding.items():
            # What is withheld does not wait with the rest, and is one restatement with it only if that passes too.
            at = of_cause.get(cause)
            if at is None or not self._passes(found[at], members[at]):
                at = self._new(found, new, cause)
            members.setdefault(at, []).extend(hidden)
        for number, version in sorted(found.items()):
            self._conclude(version, members.get(number, []), is_new=number in new)
        for one in self.changes:
            still = self._keys(one, ~one.passed)
            gone = ~np.isin(one.earlier.rows.key, still)
            proposals.end(self.logs, one.earlier.rows.take(gone))
        return {one.kpi: int(one.passed.sum()) for one in self.changes}

    @staticmethod
    def _keys(one: OfKpi, chosen: Bools) -> Ints:
        return one.new.take(chosen).key

    def _known(self) -> dict[int, Case]:
        """The restatements to which earlier proposals of the KPIs of this run belong."""
        ids = {number for one in self.changes for number in np.unique(one.earlier.restatement).tolist()}
        return {version.id: version for version in proposals.versions(self.connection, ids)} if ids else {}

    def _new(self, found: dict[int, Case], new: set[int], cause: Cause) -> int:
        number = max([*self.states, *new], default=0) + 1
        new.add(number)
        found[number] = Case(number, self.logs.run, self.logs.run, WAITING, cause, {})
        return number

    @staticmethod
    def _goes_on(found: Mapping[int, Case], cause: Cause, group: Sequence[_Chosen]) -> int | None:
        """The waiting restatement that goes on: a like cause, and numbers of it that changed once more."""
        touched = {number for one, chosen in group for number in np.unique(one.belongs(chosen)).tolist()}
        for number in sorted(touched & found.keys()):
            was = found[number]
            if was.state == WAITING and (was.cause.reason, was.cause.source) == (cause.reason, cause.source):
                return int(number)
        return None

    def _elsewhere(self, version: Case) -> dict[str, Mapping[str, Any]]:
        """Its parts of KPIs that this run did not compute."""
        here = {one.kpi for one in self.changes}
        return {kpi: part for kpi, part in version.kpis.items() if kpi not in here}

    def _passes(self, version: Case, chosen: Sequence[_Chosen]) -> bool:
        """True if no number goes beyond the tolerance; what withholds does not count."""
        near = all(bool(np.all(one.came.within[at] | one.came.hides[at])) for one, at in chosen)
        return near and not self._elsewhere(version)

    def _conclude(self, version: Case, chosen: Sequence[_Chosen], *, is_new: bool) -> None:
        """Publish the numbers of a restatement or propose them, and write how it stands now."""
        if version.state != WAITING:  # rejected, and silent as long as the same comes again
            return
        parts: dict[str, _Chosen] = {}
        for one, at in chosen:
            before = parts[one.kpi][1] if one.kpi in parts else at[:0]
            parts[one.kpi] = one, np.sort(np.append(before, at))
        kpis = {**self._elsewhere(version), **{kpi: self._summary(*part) for kpi, part in parts.items()}}
        state = WAITING
        if not kpis:
            state, kpis = WITHDRAWN, dict(version.kpis)  # what it would have changed
        elif self._passes(version, chosen):
            state = PUBLISHED
        for one, at in parts.values():
            if state == PUBLISHED:
                publish(self.logs, one.kpi, one.lines, one.new.take(at), one.definition, version.id)
                one.passed[at] = True
            else:
                self._propose(one, at, version.id)
        fresh = any(not one.alike[at].all() for one, at in chosen)
        fewer = any(kpis[kpi]["numbers"] != part["numbers"] for kpi, part in version.kpis.items() if kpi in kpis)
        if is_new or state != WAITING or fresh or fewer or len(kpis) < len(version.kpis):
            proposals.keep(self.connection, replace(version, latest=self.logs.run, state=state, kpis=kpis))

    def _summary(self, one: OfKpi, at: Ints) -> dict[str, Any]:
        words = {number: word for word, number in self.encoder.words.items()}
        rows = one.new.take(at)
        reasons = [words.get(int(reason)) for reason in rows.values[:, 1]]
        return proposals.summary(one.kpi, one.lines, rows, one.came.old[at], reasons)

    def _propose(self, one: OfKpi, at: Ints, restatement: int) -> None:
        """Write what is new of the proposals, and say that a change waits where nothing else is shown."""
        before = np.append(one.earlier.rows.values, np.full((1, len(NUMBERS)), np.nan), axis=0)[one.place[at]]
        fresh = at[~(one.alike[at] & same(before, one.new.values[at]))]
        numbers = np.full(len(fresh), restatement)
        proposals.write(self.logs, one.new.take(fresh), numbers, one.definition)
        self.held += int((~one.alike[at]).sum())
        hidden = at[one.came.hidden[at] & (one.came.reason[at] != self.words.waits)]
        if len(hidden):
            rows = one.came.rows.take(hidden)
            values = np.full((len(rows), len(OBSERVATION)), np.nan)
            values[:, OBSERVATION.index("reason")] = self.words.waits
            values[:, OBSERVATION.index("flags")] = 0
            waits = Rows(rows.series, rows.period, values)
            common = {"run": self.logs.run, "definition": one.definition, "restatement": restatement}
            self.logs.put(self.logs.observations, one.kpi, one.lines, waits, common)


def publish(logs: Logs, kpi: str, lines: Lines, rows: Rows, definition: int, restatement: int) -> None:
    """Make numbers (`proposals.NUMBERS`) those that are published, with their verdicts."""
    values = np.full((len(rows), len(OBSERVATION)), np.nan)
    values[:, OBSERVED] = rows.values[:, OBSERVED]
    common = {"run": logs.run, "definition": definition, "restatement": restatement}
    logs.put(logs.observations, kpi, lines, Rows(rows.series, rows.period, values), common)
    verdicts = np.full((len(rows), len(VERDICT)), np.nan)
    verdicts[:, :3] = rows.values[:, JUDGED]
    logs.put(logs.verdicts, kpi, lines, Rows(rows.series, rows.period, verdicts), {"run": logs.run})

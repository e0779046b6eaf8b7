"""What a run tells the ledger of numbers that are closed: when they were, and why one of them changed all the same.

Every run keeps a footprint of each source. Only if a closed number did change is the source read again, as it is now
but up to the day of the earlier footprint, and the two are compared (`causes`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from headway import causes, plan
from headway.catalog import identity
from headway.catalog.changes import Then as EarlierCatalogue
from headway.causes import Differing, Suspect
from headway.engines.kept import Kept
from headway.errors import HeadwayError
from headway.model import Because, Catalog, Cause, Closing, Entered, Footprint, Kpi, Load, Schemas
from headway.model import Then as Consequence

if TYPE_CHECKING:  # 'headway check' needs no ledger
    from headway.ledger import Ledger, Run


@dataclass
class Hindsight:
    """What a run read, beside what the ledger keeps of the runs that computed each KPI last.

    `ask` answers a query that reads a source; `beginnings` say from which day sources speak; `typed` reads a file of
    numbers that a KPI has. `version` and `engine` are those of the software.
    """

    catalog: Catalog
    ledger: Ledger
    ask: Callable[[str, exp.Query], pa.Table]
    schemas: Schemas
    beginnings: Mapping[str, date]
    loads: Mapping[str, Load]
    typed: Callable[[Kpi, str], pa.Table]
    now: datetime
    version: str
    engine: str
    #: What is kept of sources that may only have more files than before.
    kept: Mapping[str, Kept] = field(default_factory=dict)
    _footprints: dict[str, Footprint] = field(default_factory=dict)
    _kept: dict[int, Mapping[str, Footprint]] = field(default_factory=dict)
    _differing: dict[tuple[str, int], Differing | None] = field(default_factory=dict)
    _suspects: dict[str, list[Suspect]] = field(default_factory=dict)
    _earlier: dict[str, EarlierCatalogue] = field(default_factory=dict)

    def closing(self, computed: Collection[str]) -> Closing:
        """All that the ledger needs to know, once the KPIs `computed` are."""
        restatement = self.catalog.restatement
        self._take_footprints()
        return Closing(
            self.catalog.calendar,
            {name: self.catalog.settles_after(name) + self._after for name in self.catalog.kpis},
            self.causes,
            restatement.tolerance if restatement else 0.0,
            tuple(self._footprints.values()),
            {source: self._needed(source, computed) for source in self._footprints},
        )

    @property
    def _after(self) -> timedelta:
        """How long past their completion the project lets periods close."""
        restatement = self.catalog.restatement
        return restatement.after.elapsed if restatement and restatement.after else timedelta()

    @cached_property
    def _last(self) -> dict[str, Run]:
        found = self.ledger.last_computed()
        for kpi in self.catalog.kpis.values():
            for old in kpi.formerly:
                if old in found and kpi.name not in found:
                    found[kpi.name] = found[old]
        return found

    # -- footprints ------------------------------------------------------------------------------------------------

    def _take_footprints(self) -> None:
        for name in self.schemas:
            if name in self.loads and self.loads[name].failed is None:
                late = self.catalog.sources[name].late_after
                open_ = self.now - (late.elapsed if late else timedelta()) - self._after
                with suppress(HeadwayError):  # without one, the next run says that it does not know
                    self._footprints[name] = self._summed(name, self.catalog.calendar.day(open_))
        before = self.catalog.calendar.day(self.now - self._after)
        for kpi in self.catalog.kpis.values():
            for path in _files(kpi):
                with suppress(HeadwayError):
                    self._footprints[path] = self._typed(kpi, path, before)

    def _summed(self, source: str, before: date) -> Footprint:
        """The footprint of a source, as far as it can be of the files that came since it was kept.

        That of rows of which none is left out today is the same on every later day.
        """
        columns, kept = self.schemas[source], self.kept.get(source)
        if kept is None:
            return self._scan(source, columns, before)
        moment = before if plan.waits(self.catalog, self.catalog.sources[source]) else date.min
        said = plan.footprint(self.catalog, self.schemas, source, columns, moment).sql("duckdb")
        query, known = plan.footprint(self.catalog, self.schemas, source, columns, before), kept.get(said)
        answer = self.ask(source, query if known is None else kept.only(query))
        found = plan.read_footprint(self.catalog.sources[source], columns, before, self.engine, answer)
        if known is not None:
            found = replace(found, lines=plan.add_lines(known["lines"], found.lines))
        counted = pc.sum(found.lines.filter(pc.is_null(found.lines["cell"]))["rows"]).as_py() or 0
        if counted == self.loads[source].rows:
            kept.put(said, {"lines": found.lines})
        return found

    def _scan(self, source: str, columns: Mapping[str, str], before: date) -> Footprint:
        answer = self.ask(source, plan.footprint(self.catalog, self.schemas, source, columns, before))
        return plan.read_footprint(self.catalog.sources[source], columns, before, self.engine, answer)

    def _typed(self, kpi: Kpi, path: str, before: date) -> Footprint:
        return plan.typed_footprint(path, self.typed(kpi, path), self.catalog.calendar, before)

    def _needed(self, source: str, computed: Collection[str]) -> frozenset[int]:
        """The runs whose footprint of a source tells what KPIs are made of that were not computed now."""
        left = (name for name in self.catalog.kpis if name not in computed and name in self._last)
        return frozenset(self._last[name].id for name in left if source in self._upstream(self.catalog.kpis[name]))

    def _upstream(self, kpi: Kpi) -> tuple[str, ...]:
        """The sources that a KPI reads, and the files of numbers, those of its inputs included."""
        behind = (kpi, *(self.catalog.kpis[name] for name in identity.inputs(kpi, self.catalog)))
        return (*self.catalog.upstream(kpi.name), *dict.fromkeys(path for one in behind for path in _files(one)))

    # -- causes ----------------------------------------------------------------------------------------------------

    def causes(self, name: str, changed: pa.Table) -> Sequence[Cause]:
        """The cause of each closed number of a KPI that changed: a row (part, grain, cell, period) each."""
        kpi = self.catalog.kpis[name]
        last = self._last.get(name)
        if last is None:
            return [Cause(Because.UNKNOWN)] * len(changed)
        if name not in self._suspects:
            self._suspects[name] = list(self._suspected(kpi, last))
        software = self._software(last)
        otherwise = Cause(Because.SOFTWARE, note=software) if software else Cause(Because.UNKNOWN)
        return causes.judge(self.catalog, kpi, changed, self._suspects[name], self.beginnings, otherwise)

    def _suspected(self, kpi: Kpi, last: Run) -> Iterator[Suspect]:
        """All that changed since a run, the most certain first."""
        if last.fingerprint not in self._earlier:
            text = self.ledger.catalogue(last.fingerprint) or ""
            self._earlier[last.fingerprint] = EarlierCatalogue(text, self.catalog)
        yield from causes.of_changes(self._earlier[last.fingerprint].changes(kpi), self._excluded)
        yield from self._checks(kpi)
        for source in sorted(self._upstream(kpi), key=lambda one: one in self.catalog.sources):
            if found := self._differ(source, last.id):
                typed = source not in self.catalog.sources
                yield causes.of_rows(source, found, Because.TYPED if typed else None)

    def _excluded(self, source: str, why: str) -> int:
        return self.loads[source].removed.get(f"excluded: {why}", 0) if source in self.loads else 0

    def _checks(self, kpi: Kpi) -> Iterator[Suspect]:
        """The checks that fail now, and one that no longer does."""
        for source in self.catalog.upstream(kpi.name):
            checks = self.loads[source].checks if source in self.loads else ()
            if failed := [one.check for one in checks if not one.passed and one.then is Consequence.WITHHOLD]:
                yield Suspect(Cause(Because.CHECK, source, note=", ".join(failed)), of_checks=True)
        yield Suspect(Cause(Because.CHECK), of_checks=True)

    def _software(self, last: Run) -> str:
        """How the software differs from that of a run, in words."""
        pairs = (("Headway ", last.version, self.version), ("", last.engine, self.engine))
        return ", ".join(f"{name}{then or 'earlier'} -> {now}" for name, then, now in pairs if then != now)

    def _differ(self, source: str, run: int) -> Differing | None:
        """Which rows of a source differ from those of a run; None if that is not known."""
        if (source, run) not in self._differing:
            if run not in self._kept:
                self._kept[run] = self.ledger.footprints(run)
            old, new = self._kept[run].get(source), self._footprints.get(source)
            self._differing[source, run] = None
            if old and new:
                with suppress(HeadwayError):
                    self._differing[source, run] = causes.differ(old, self._again(old, new))
        return self._differing[source, run]

    def _again(self, old: Footprint, new: Footprint) -> Footprint:
        """The rows of now, up to the day of an earlier footprint, by its columns if these are still there."""
        if new.source not in self.catalog.sources:
            kpi = next(kpi for kpi in self.catalog.kpis.values() if new.source in _files(kpi))
            return self._typed(kpi, new.source, old.before)
        there = old.columns.items() <= new.columns.items()
        columns = old.columns if there else new.columns
        same = (old.before, dict(columns)) == (new.before, dict(new.columns))
        return new if same else self._scan(new.source, columns, old.before)


def _files(kpi: Kpi) -> tuple[str, ...]:
    """The files of numbers that a KPI has."""
    entered = (kpi.measure.path,) if isinstance(kpi.measure, Entered) else ()
    return (*entered, *((kpi.history,) if kpi.history else ()))

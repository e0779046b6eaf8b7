"""The whole catalogue of one project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from headway.model.alerts import Alert, Clock, Level, Route
from headway.model.boards import Board, Note
from headway.model.cases import Case
from headway.model.kpi import Kpi
from headway.model.measures import Duration
from headway.model.objectives import Objective
from headway.model.scheduled import Report
from headway.model.sources import Source
from headway.model.words import Audience
from headway.periods import Calendar, Length, WorkingDays


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the organisation that owns KPIs."""

    name: str
    title: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """The organisation's name, logo (path in the project) and accent colour (light, dark)."""

    name: str = ""
    logo: str | None = None
    accent: str | None = None
    accent_dark: str | None = None


@dataclass(frozen=True, slots=True)
class Restatement:
    """When a period closes (`after` its completion), and by what share a closed value may change by itself."""

    tolerance: float = 0.0
    after: Length | None = None


@dataclass(frozen=True)
class Catalog:
    """Everything a project declares, resolved. `fingerprint` changes when anything but its tests does.

    `files` are what it was read from, as written: path in the project -> contents.
    """

    root: Path
    name: str
    title: str
    calendar: Calendar
    sources: Mapping[str, Source]
    kpis: Mapping[str, Kpi]
    fingerprint: str
    audience: Audience = Audience.INTERNAL
    min_group_size: int = 5
    max_cells: int = 200
    near_within: float = 0.05
    #: Seconds that a source may take which says nothing else.
    time_limit: int = 900
    ledger: str = ".headway/ledger.db"
    brand: Brand = Brand()
    #: Where the pages stand, for links in messages: https://kpis.example.org, without a slash at the end.
    site_url: str = ""
    clock: Clock | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, Area] = field(default_factory=dict)
    tests: Mapping[str, Case] = field(default_factory=dict)
    working: WorkingDays = field(default_factory=WorkingDays)
    restatement: Restatement | None = None
    routes: Mapping[str, Route] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    boards: Mapping[str, Board] = field(default_factory=dict)
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def in_order(self) -> Iterator[Kpi]:
        """KPIs so that each comes after those that it reads, and after those that it is checked against."""
        done: set[str] = set()

        def visit(name: str) -> Iterator[Kpi]:
            if name in done:
                return
            done.add(name)
            kpi = self.kpis[name]
            for read in (*kpi.inputs, *kpi.reconciled):
                yield from visit(read)
            yield kpi

        for name in self.kpis:
            yield from visit(name)

    def together(self, names: Iterable[str]) -> set[str]:
        """These KPIs and all that their formulas, targets and checks read: what one run has to compute."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                kpi = self.kpis[name]
                waiting += (*kpi.inputs, *kpi.compared, *kpi.reconciled)
        return found

    def settles_after(self, name: str) -> timedelta:
        """How long after its end a period of a KPI stays partial.

        That is the longest `late_after` of the sources that it reads, however far away, and as long as the durations
        that it reads follow everybody.
        """
        late = (self.sources[source].late_after for source in self.upstream(name))
        follows = (kpi.measure.follow for kpi in self._behind(name) if isinstance(kpi.measure, Duration))
        return sum((max((x.elapsed for x in some if x), default=timedelta()) for some in (late, follows)), timedelta())

    def _behind(self, name: str) -> Iterator[Kpi]:
        """A KPI and all that it reads, each once."""
        found = {name: None}
        for reader in (ahead := [name]):
            new = [read for read in self.kpis[reader].inputs if read not in found]
            found |= dict.fromkeys(new)
            ahead += new
        return (self.kpis[one] for one in found)

    def upstream(self, name: str) -> tuple[str, ...]:
        """The sources that a KPI reads, through formulas and references, nearest first."""
        found: dict[str, None] = {}

        def source(name: str) -> None:
            if name not in found:
                found[name] = None
                for reference in self.sources[name].refers.values():
                    source(reference.source)

        def kpi(name: str) -> None:
            if name not in seen:
                seen.add(name)
                for read in self.kpis[name].sources:
                    source(read)
                for read in self.kpis[name].inputs:
                    kpi(read)

        seen: set[str] = set()  # formulas share inputs
        kpi(name)
        return tuple(found)

"""Share scans: all requests on one source become one SELECT of named CTEs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import pyarrow as pa
from sqlglot import exp

from headway.errors import CatalogError, Mistake
from headway.model import (
    Accrue,
    Aggregate,
    Availability,
    Balance,
    Catalog,
    Concurrency,
    Distinct,
    Duration,
    Gaps,
    Kpi,
    Nps,
    Open,
    Quantile,
    Recurring,
    Retention,
    RowMeasure,
    Schemas,
    Share,
    Sweep,
    Total,
)
from headway.plan import sql
from headway.plan.accrue import Accruals
from headway.plan.additive import Additive
from headway.plan.ahead import Ahead
from headway.plan.answer import Reader
from headway.plan.availability import Availabilities
from headway.plan.concurrency import Concurrent
from headway.plan.counted import Counted
from headway.plan.coverage import Coverage
from headway.plan.distinct import Distincts
from headway.plan.draft import Asked, Counting, Draft, Kind
from headway.plan.duration import Durations
from headway.plan.lasting import Lasting
from headway.plan.quantile import Quantiles
from headway.plan.recurring import Movements
from headway.plan.requests import Request
from headway.plan.retention import Cohorts
from headway.plan.rows import Rows, columns_of
from headway.plan.spans import Timeline, timeline
from headway.plan.standing import Reach, first_day, reach_of
from headway.plan.survival import Watching


@dataclass(frozen=True)
class Plan:
    """One query that answers several requests on one source.

    `tables` are the small tables of periods that the query joins, under the names that stand in its SQL: give them
    to the engine together with `query`. `gaps` are those of its steps that the engine may take its own way.
    """

    source: str
    requests: tuple[Request, ...]
    tables: Mapping[str, pa.Table]
    gaps: tuple[Gaps | Sweep, ...]
    _steps: sql.Steps = field(repr=False)
    _readers: Mapping[Request, Reader] = field(repr=False)
    _days: str = field(repr=False)

    @cached_property
    def query(self) -> exp.Query:
        """The query, put together when it is asked for: who looks for mistakes alone needs none."""
        return self._steps.query()

    @cached_property
    def shape(self) -> str:
        """The text of its steps without literals: equal for plans that differ in moments and numbers alone."""
        return re.sub(r"'[^']*'|\d+", "?", str(self._steps))

    def read(self, answer: pa.Table) -> dict[Request, pa.Table]:
        """The answer as one table per request: schema `OBSERVED` and a last column `people`.

        A flow has all its grains, a state only its own (`rollup` makes the longer ones). Totals have a row for each
        period the source can speak of; cells only where they are not empty. `people` (int64) is how many distinct
        people are behind a cell's number: null for totals, and where nobody is to be protected.
        """
        return {request: reader.read(answer) for request, reader in self._readers.items()}

    @property
    def days(self) -> exp.Query:
        """The query that says of each local day how many rows it has, and which: `dated`, day, n and said.

        `dated` is the column of time that KPIs declare for themselves, '' without one.
        """
        return self._steps.asked(self._days)

    def timeline(self, request: Request) -> Timeline:
        """Everything that a request asks for."""
        return self._readers[request].asked.timeline

    def own(self, answer: pa.Table) -> dict[Request, pa.Table]:
        """Each request's rows of the answer, as `made` of any plan that has the request can read them."""
        return {request: reader.own(answer) for request, reader in self._readers.items()}

    def made(self, own: Mapping[Request, pa.Table]) -> dict[Request, pa.Table]:
        """What `read` gives, of such rows."""
        return {request: self._readers[request].made(rows) for request, rows in own.items()}

    def left_out(self, answer: pa.Table) -> dict[str, int]:
        """KPI -> how many entities it had to leave out, because they end before they begin."""
        found = {request.kpi: reader.left_out(answer) for request, reader in self._readers.items()}
        return {kpi: count for kpi, count in found.items() if count}


def compile(  # noqa: A001 - the room's verb; inside this package nothing needs the builtin
    catalog: Catalog,
    schemas: Schemas,
    coverage: Mapping[str, Coverage],
    requests: Sequence[Request],
    now: datetime,
    left: Mapping[Request, Timeline] = MappingProxyType({}),
) -> list[Plan]:
    """One plan per source for the requests that read its rows; of spans that are `left` of a request, these alone.

    Raises CatalogError `unknown-column` or `ambiguous-column`, with place and suggestion, naming every such mistake
    among the requests: compile the requests one by one to know which KPI fails.
    """
    by_source: dict[str, list[Request]] = {}
    for request in dict.fromkeys(requests):
        source = catalog.kpis[request.kpi].source
        assert source, f"{request.kpi} reads no rows"
        by_source.setdefault(source, []).append(request)
    plans: list[Plan] = []
    mistakes: dict[Mistake, None] = {}
    for source, several in by_source.items():
        try:
            plans.append(_Fusion(catalog, schemas, coverage, now, source, left).plan(several))
        except CatalogError as error:
            mistakes.update(dict.fromkeys(error.mistakes))
    if mistakes:
        raise CatalogError(list(mistakes))
    return plans


_Family = TypeVar("_Family", bound=Kind)

#: Which family makes a kind.
_FAMILIES: Mapping[type[RowMeasure], Callable[[Rows], Kind]] = {
    Aggregate: Additive,
    Share: Additive,
    Nps: Additive,
    Quantile: Quantiles,
    Distinct: Distincts,
    Retention: Cohorts,
    Open: Lasting,
    Concurrency: Concurrent,
    Balance: Additive,
    Availability: Availabilities,
    Accrue: Accruals,
    Recurring: Movements,
    Duration: Durations,
}
#: Which family knows the people behind a cell, where that is not simply everybody with a row that counts.
_BEHIND: Mapping[type[RowMeasure], Callable[[Rows], Counting]] = {
    Open: Lasting,
    Concurrency: Lasting,
    Balance: Additive,
    Availability: Lasting,
    Accrue: Accruals,
    Retention: Cohorts,
    Recurring: Movements,
    Duration: Durations,
}
#: Who reads the answer of a kind that needs more than reading.
_READERS: Mapping[type, type[Reader]] = {Duration: Watching}


class _Kinds:
    """The kinds that read one `rows`: KPIs of a source that are dated by the same column, and look the same way."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        #: The first day that they ask for, where not for all, and what a day reaches.
        self.since = date.max
        self.reaches: set[Reach | None] = set()
        self._families: dict[Callable[[Rows], Kind], Kind] = {}

    def add(self, asked: Asked, *, people: bool) -> None:
        """Give a request to its kind; `people`: count who is behind its cells, too."""
        measure = asked.kpi.measure
        assert isinstance(measure, RowMeasure)
        kind, behind = _FAMILIES[type(measure)], _BEHIND.get(type(measure), Distincts)
        if isinstance(measure, Balance) and (measure.per or asked.kpi.total is not Total.COMPUTED):
            kind = behind = Lasting if measure.per else Counted
        elif isinstance(measure, Retention) and measure.compares:
            kind = behind = Distincts
        elif isinstance(measure, Aggregate) and asked.kpi.looks_ahead:
            kind = behind = Ahead
        self._family(kind).add(asked)
        if people:
            self._family(behind).people(asked)

    def cells(self, kpi: Kpi) -> tuple[tuple[str, ...], ...]:
        """The KPI's breakdowns: columns of these rows, or of those in which its people joined."""
        followed = isinstance(kpi.measure, Retention) and not kpi.measure.compares
        return (self._family(Cohorts) if followed else self.rows).cells(kpi)

    def _family(self, family: Callable[[Rows], _Family]) -> _Family:
        if family not in self._families:
            self._families[family] = family(self.rows)
        return self._families[family]  # type: ignore[return-value]  # what its maker made

    def write(self, draft: Draft) -> None:
        """Add `rows` and all steps behind it."""
        if len(self.reaches) == 1 and self.since > date.min:
            self.rows.since, self.rows.under_way = self.since, Reach.ONWARDS in self.reaches
        self.rows.write(draft.now, draft.steps, draft.referred)
        for family in self._families.values():
            family.write(draft)


@dataclass
class _Fusion:
    """Fuses the requests on one source."""

    catalog: Catalog
    schemas: Schemas
    coverage: Mapping[str, Coverage]
    now: datetime
    source: str
    left: Mapping[Request, Timeline]

    def plan(self, requests: Sequence[Request]) -> Plan:
        """The plan of all requests; CatalogError with the mistakes of all of them."""
        draft = Draft(sql.Steps(self.catalog.sources), self.now, self.coverage)
        kinds: dict[tuple[str | None, bool, bool], _Kinds] = {}
        readers: dict[Request, Reader] = {}
        mistakes: dict[Mistake, None] = {}
        labels = sql.Names()
        for request in requests:
            kpi = request.resolve(self.catalog)
            try:
                read = kpi.time, kpi.looks_ahead, _is_dated(kpi)
                if read not in kinds:
                    kinds[read] = _Kinds(self._rows(kpi))
                readers[request] = self._add(kinds[read], request, kpi, labels.free(kpi.name))
            except CatalogError as error:
                mistakes.update(dict.fromkeys(error.mistakes))
        if mistakes:
            raise CatalogError(list(mistakes))
        draft.cells = sorted({cell for reader in readers.values() for cell in columns_of(reader.asked.cells)})
        for several in kinds.values():
            several.write(draft)
        days = (
            several.rows.days(f"{sql.text(time or '')} AS dated")
            for (time, ahead, dated), several in kinds.items()
            if dated and not ahead
        )
        return Plan(
            self.source,
            tuple(requests),
            draft.tables,
            tuple(draft.gaps),
            draft.steps,
            readers,
            " UNION ALL ".join(days),
        )

    def _rows(self, kpi: Kpi) -> Rows:
        source = self.catalog.sources[self.source]
        return Rows(
            self.catalog,
            self.schemas,
            source,
            kpi.time,
            kpi.at("time"),
            ahead=kpi.looks_ahead,
            dated=_is_dated(kpi),
        )

    def _add(self, kinds: _Kinds, request: Request, kpi: Kpi, label: str) -> Reader:
        assert kpi.dated_by
        times = timeline(self.catalog, kpi, self.coverage[kpi.dated_by[0]], self.now, self._since(kpi))
        asked = Asked(request, kpi, label, times, kinds.cells(kpi))
        left = self.left.get(request, times)
        source = self.catalog.sources[self.source]
        counts_people = isinstance(kpi.measure, Distinct) and kpi.measure.column in source.people[:1]
        protected = bool(kpi.breakdowns and self._people(kpi)) and self.catalog.min_group_size > 1
        kinds.add(replace(asked, timeline=left), people=protected and not counts_people)
        kinds.since = min(kinds.since, first_day(left)) if request in self.left else date.min
        kinds.reaches.add(reach_of(kpi))
        return _READERS.get(type(kpi.measure), Reader)(asked, counts_people=counts_people)

    def _since(self, kpi: Kpi) -> list[date]:
        """The first days of the sources that it reads, and of the columns in which its time begins and ends."""
        columns: list[tuple[str, str | None]] = [(name, None) for name in kpi.sources]
        if isinstance(kpi.measure, Duration):
            columns += [(mark.source, mark.column) for mark in (kpi.measure.begin, kpi.measure.end)]
        return [days[0] for name, column in columns if (days := self.coverage[name].days(column))]

    def _people(self, kpi: Kpi) -> bool:
        """True if people are behind the KPI's cells: its source's, or of a retention those who are followed."""
        source = self.catalog.sources[self.source]
        if not isinstance(kpi.measure, Retention):
            return bool(source.people)
        refers = source.refers.get(kpi.measure.column)
        target = self.catalog.sources[refers.source] if refers else None
        return kpi.measure.column in source.people or bool(target and {*target.key} & {*target.people})


def _is_dated(kpi: Kpi) -> bool:
    """True for kinds that read rows up to now, by their time; entities of durations have marks instead."""
    return not isinstance(kpi.measure, Duration)

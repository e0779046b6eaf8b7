"""`python`: numbers that a function of the project computes, by the SELECT that it writes.

Formula. The function's own.

Unit: the KPI's `unit`.

Edge cases. The function is asked once for all periods. It finds its sources as they are for every other kind (newest
versions, derived columns, nothing excluded, nothing of the future), and its KPIs as they are shown. The first source
dates the periods. A period for which the SELECT has no row has no data. A period twice, one that was not asked for, a
column that means nothing and a value that is no number are errors. Where a source names people, cells need the column
`people`, or nobody could tell which are too small to be shown. If a check fails on a source, all periods are withheld,
because nobody knows which rows the function read.

    sessions_rows    for each source: its rows, and the local day of each
    computed         what the function wrote

Parts. None.

Source: the project.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp
from sqlglot.errors import SqlglotError

from headway.errors import Mistake, QueryError
from headway.model import Aggregate, Catalog, Kpi, Open, Python, Schemas, read_cell
from headway.periods import Calendar, Grain, day_of, epoch_day
from headway.plan import sql
from headway.plan.answer import Reader
from headway.plan.coverage import Coverage
from headway.plan.draft import Asked
from headway.plan.members import Tables
from headway.plan.requests import Request
from headway.plan.rows import columns_of, excluded, joined, latest, time_of
from headway.plan.scope import Scope
from headway.plan.spans import Role, Series, Span, Timeline, is_cut, is_tracked, period_of_key, timeline

#: What a SELECT may give beside `period`, `value` and breakdowns.
_MORE = ("n", "numerator", "denominator", "people")


@dataclass(frozen=True)
class Asking:
    """What a function is asked: under which names it finds its inputs and the periods, and how its answer is read."""

    catalog: Catalog
    asked: Asked
    steps: sql.Steps
    #: Source or KPI -> the relation, as it is written in SQL.
    names: Mapping[str, str]
    periods: str
    #: The tables that are registered beside the query.
    tables: Mapping[str, pa.Table]

    def query(self, text: str) -> exp.Query:
        """The whole query around what the function wrote; QueryError `function-failed` if that is no SELECT."""
        try:
            tree = sql.query(text)
        except (SqlglotError, AssertionError) as error:
            raise self._wrong(f"what it wrote is no SELECT: {text.strip()[:60]!r}") from error
        own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if table.name in self.catalog.sources and table.name not in own:
                known = f"tables['{table.name}']"
                raise self._wrong(
                    f"it reads {table.name} itself, with rows that are excluded and of the future",
                    f"Write {{{known}}}."
                    if table.name in self.names
                    else f"Add {table.name} to 'of', and write {known}.",
                )
        computed = self.steps.add("computed", text)
        self.steps.output(f"SELECT * FROM {sql.name(computed)}")
        return self.steps.query()

    def read(self, answer: pa.Table) -> pa.Table:
        """The numbers (schema `NUMBERS`); QueryError `function-failed` for an answer that is not what was asked for."""
        asked, kpi = self.asked, self.asked.kpi
        cells = columns_of(kpi.by)
        self._columns(answer, cells)
        spans = _names(asked.timeline)
        period = answer["period"].combine_chunks().cast(pa.string())
        if strange := [text for text in pc.unique(period).to_pylist() if text not in spans]:
            raise self._wrong(f"it gives {strange[0]!r}, a period that it was not asked for", "Copy 'period' as it is.")
        try:
            floats = {
                name: answer[name].combine_chunks().cast(pa.float64())
                if name in answer.column_names
                else pa.nulls(len(answer), pa.float64())
                for name in ("value", *_MORE)
            }
        except pa.ArrowInvalid as error:
            raise self._wrong("one of its columns holds something that is no number") from error
        texts = {name: answer[name].combine_chunks().cast(pa.string()) for name in cells}
        self._once([period, *texts.values()])
        self._broken_down(texts)
        rows = pa.table(
            {
                "kpi": pa.array([asked.label] * len(answer), pa.string()),
                "what": pa.array(["value"] * len(answer), pa.string()),
                "series": pa.array([spans[text][0] for text in period.to_pylist()], pa.string()),
                "period": pa.array([spans[text][1] for text in period.to_pylist()], pa.int64()),
                **texts,
                **floats,
            }
        )
        people = rows.set_column(1, "what", pa.array(["people"] * len(rows), pa.string()))
        people = people.set_column(people.schema.get_field_index("value"), "value", people["people"])
        behind = [people] if self._protected() else []
        # A row without a value is none; people of 0 are nobody.
        shown = rows.filter(pc.is_valid(rows["value"]))
        return Reader(asked, counts_people=False).read(pa.concat_tables([shown, *behind]))

    def _columns(self, answer: pa.Table, cells: list[str]) -> None:
        """Complain about columns that are missing, or that nothing speaks of."""
        needed = ["period", "value", *cells, *(["people"] if cells and self._protected() else [])]
        if missing := [name for name in needed if name not in answer.column_names]:
            why = ", because a source names people, and cells of few are withheld" if missing == ["people"] else ""
            raise self._wrong(f"its SELECT has no column '{missing[0]}'{why}")
        if unknown := [name for name in answer.column_names if name not in (*needed, *_MORE)]:
            raise self._wrong(
                f"its SELECT has a column '{unknown[0]}', which means nothing here",
                f"Leave it out, or add it to 'by' of {self.asked.kpi.name}.",
            )

    def _protected(self) -> bool:
        measure = self.asked.kpi.measure
        assert isinstance(measure, Python)
        some = any(self.catalog.sources[source].people for source in measure.sources)
        return some and self.catalog.min_group_size > 1

    def _once(self, columns: list[pa.Array]) -> None:
        seen: set[tuple[object, ...]] = set()
        for row in zip(*(column.to_pylist() for column in columns), strict=True):
            if row in seen:
                shown = ", ".join(str(part) for part in row if part is not None)
                raise self._wrong(f"it gives two values for {shown}", "GROUP BY period, and by every breakdown.")
            seen.add(row)

    def _broken_down(self, texts: Mapping[str, pa.Array]) -> None:
        """Complain about rows whose cells belong to no breakdown."""
        known = {frozenset[str](), *(frozenset(cross) for cross in self.asked.kpi.by)}
        for row in zip(*(column.to_pylist() for column in texts.values()), strict=True):
            given = frozenset(name for name, text in zip(texts, row, strict=True) if text is not None)
            if given not in known:
                raise self._wrong(
                    f"it gives a cell of {' x '.join(sorted(given))}, which is no breakdown of {self.asked.kpi.name}",
                    "A row has the columns of one breakdown; the others are null, and all of them in a total.",
                )

    def _wrong(self, message: str, remedy: str | None = None) -> QueryError:
        measure = self.asked.kpi.measure
        assert isinstance(measure, Python)
        return QueryError(
            Mistake(f"{measure.function}: {message}", "function-failed", self.asked.kpi.at("python"), remedy)
        )


def asking(
    catalog: Catalog,
    schemas: Schemas,
    coverage: Mapping[str, Coverage],
    kpi: Kpi,
    numbers: Tables,
    now: datetime,
) -> Asking:
    """What the function of a KPI is to be asked; `numbers` are the tables of its KPIs, as they are shown."""
    measure = kpi.measure
    assert isinstance(measure, Python)
    request = Request.of(kpi)
    if measure.sources:
        source = measure.sources[0]
        times = timeline(catalog, replace(kpi, measure=_like(measure, source)), coverage[source], now)
    else:
        times = _timeline(catalog, kpi, numbers[Request.of(catalog.kpis[measure.inputs[0]])], now)
    steps = sql.Steps(catalog.sources)
    names = {source: sql.name(_rows(catalog, schemas, source, steps, now)) for source in measure.sources}
    periods = steps.reserve("periods")
    tables = {periods: _periods(catalog.calendar, times)}
    for name in measure.inputs:
        relation = steps.reserve(name)
        names[name] = sql.name(relation)
        tables[relation] = _numbers(catalog, catalog.kpis[name], numbers, _names(times))
    asked = Asked(request, kpi, kpi.name, times, kpi.by)
    return Asking(catalog, asked, steps, names, sql.name(periods), tables)


def _like(measure: Python, source: str) -> Aggregate | Open:
    """A kind over the rows of the source that is asked for the same periods."""
    return Open(source) if measure.is_state else Aggregate("count", source)


def _timeline(catalog: Catalog, kpi: Kpi, table: pa.Table, now: datetime) -> Timeline:
    """The periods of a KPI that reads KPIs alone: those of the first of them."""
    calendar, late = catalog.calendar, catalog.settles_after(kpi.name)
    through = calendar.last_complete_day(now)
    series = []
    for grain in (kpi.grain,) if kpi.is_state else kpi.grains():
        keys = sorted(set(table.filter(pc.equal(table["grain"], grain))["period"].to_pylist()))
        periods = [period_of_key(calendar, grain, key) for key in keys]
        spans: dict[Role, list[Span]] = {role: [] for role in Role}
        for period in periods:
            running = calendar.is_partial(period, now, late)
            days = {Role.VALUE: (period.first, period.last)}
            if running and (pair := calendar.same_span(period, through)):
                days |= {Role.SO_FAR: pair[0], Role.BEFORE: pair[1]}
            for role, (first, last) in days.items() if is_tracked(kpi, period) else ():
                asked = calendar.span(kpi.window, replace(period, first=first, last=last), periods[0].first)
                partial = running or is_cut(kpi, period)
                span = Span(period, epoch_day(asked[0]), epoch_day(asked[1]), partial)
                spans[role].append(span)
        cells = kpi.is_state or grain in kpi.grains(cell=True)
        series += [Series(grain, role, tuple(found), cells) for role, found in spans.items()]
    firsts = [span.first for one in series for span in one.spans]
    return Timeline(tuple(series), min(firsts, default=0), max(firsts, default=0), (), min(firsts, default=0))


def _names(times: Timeline) -> dict[str, tuple[str, int]]:
    """What each span is called, `2026-01` or `2026-01 so far`, and its series and period."""
    return {
        f"{span.period.name}{series.role}": (series.name, span.period.key)
        for series in times.series
        for span in series.spans
    }


def _periods(calendar: Calendar, times: Timeline) -> pa.Table:
    """The table `periods`."""
    flat = [(series, span) for series in times.series for span in series.spans]
    days = [(day_of(span.first), day_of(span.last)) for _, span in flat]
    return pa.table(
        {
            "period": pa.array([f"{span.period.name}{series.role}" for series, span in flat], pa.string()),
            "grain": pa.array([str(series.grain) for series, _ in flat], pa.string()),
            "first_day": pa.array([first for first, _ in days], pa.date32()),
            "last_day": pa.array([last for _, last in days], pa.date32()),
            "begins": pa.array([calendar.moment(first) for first, _ in days], pa.timestamp("us", "UTC")),
            "ends": pa.array(
                [calendar.moment(last + timedelta(days=1)) for _, last in days], pa.timestamp("us", "UTC")
            ),
        }
    )


def _rows(catalog: Catalog, schemas: Schemas, name: str, steps: sql.Steps, now: datetime) -> str:
    """The step that holds a source's rows: its own and derived columns, and `day`, the local day of each."""
    source = catalog.sources[name]
    scope = Scope(catalog, schemas, name)
    base = latest(source, schemas, steps)
    columns = {column: scope.column(column).text for column in (*schemas[name], *source.derive)}
    conditions = [f"NOT {condition}" for condition in excluded(scope, source)]
    if source.time:
        time = time_of(scope, source.time, source.places.get("time"))
        conditions.append(time.not_after(now, catalog))
        columns.setdefault("day", time.day())
    select = ", ".join(f"{text} AS {sql.name(column)}" for column, text in columns.items())
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return steps.add(f"{name}_rows", f"SELECT {select} {joined(scope, base, steps, {})}{where}")


def _numbers(catalog: Catalog, kpi: Kpi, numbers: Tables, asked: Collection[str]) -> pa.Table:
    """A KPI as a table: `period` as in `periods`, a column for each of its breakdowns, and `value`."""
    table = numbers[Request.of(kpi)]
    table = table.filter(pc.equal(table["part"], ""))
    rows = table.select(["grain", "period", "cell", "value", "so_far", "so_far_before"]).to_pylist()
    columns = columns_of(kpi.by)
    found: dict[str, list[object]] = {name: [] for name in ("period", *columns, "value")}
    for row in rows:
        name = period_of_key(catalog.calendar, Grain(row["grain"]), row["period"]).name
        cell = dict(read_cell(row["cell"]))
        for role, value in zip(Role, (row["value"], row["so_far"], row["so_far_before"]), strict=True):
            if value is not None and f"{name}{role}" in asked:
                found["period"].append(f"{name}{role}")
                found["value"].append(value)
                for column in columns:
                    found[column].append(cell.get(column))
    types: Iterable[tuple[str, pa.DataType]] = (
        ("period", pa.string()),
        *((column, pa.string()) for column in columns),
        ("value", pa.float64()),
    )
    return pa.table({name: pa.array(found[name], kind) for name, kind in types})

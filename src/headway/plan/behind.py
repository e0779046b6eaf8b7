"""The rows behind one number: those of a KPI's source that it reads for one cell, within some days.

They pass the same gates as in a plan (newest versions, exclusions, up to now, the KPI's `where`), and come as they
stand in the source, in the order of their time.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlglot import exp

from headway.model import NONE_CELL, Balance, Catalog, Cell, Kpi, RowMeasure, Schemas, Total
from headway.plan import sql
from headway.plan.rows import excluded, joined, latest, text_of_cell, time_of
from headway.plan.scope import Scope


def behind(
    catalog: Catalog, schemas: Schemas, kpi: Kpi, cell: Cell, first: date, last: date, now: datetime
) -> exp.Query:
    """The rows with a day from `first` to `last`, with all columns of the source's data."""
    assert kpi.source, f"{kpi.name} reads no rows"
    source = catalog.sources[kpi.source]
    column = kpi.time or source.time
    assert column, "the catalogue refuses a KPI whose rows have no time"
    scope = Scope(catalog, schemas, source.name)
    steps = sql.Steps(catalog.sources)
    base = latest(source, schemas, steps)
    time = time_of(scope, column, kpi.at("time"))
    conditions = [f"NOT {condition}" for condition in excluded(scope, source)]
    gate = time
    if kpi.looks_ahead:
        assert source.known_on, "the catalogue refuses to look ahead without it"
        gate = time_of(scope, source.known_on, source.places.get("known_on"))
    conditions.append(gate.not_after(now, catalog))
    conditions.append(f"{time.day()} BETWEEN {sql.day(first)} AND {sql.day(last)}")
    assert isinstance(kpi.measure, RowMeasure)
    of_these = kpi.measure.picks == source.name  # else they say whose rows count, in another source
    if kpi.where and of_these:
        conditions.append(scope.condition(kpi.where))
    wanted = list(cell)
    if (
        isinstance(kpi.measure, Balance) and kpi.total is not Total.COMPUTED
    ):  # a row belongs to the columns that it fills, and to no others
        wanted += [(name, NONE_CELL) for cross in kpi.by for name in cross if name not in dict(cell)]
    wanted = [one for one in wanted if one[0] not in kpi.measure.built_in]
    for name, value in wanted if of_these else ():
        found = scope.column(name, kpi.at("by"))
        text = text_of_cell(found)
        conditions.append(
            f"LIST_CONTAINS({text}, {sql.text(value)})" if found.type == "list" else f"{text} = {sql.text(value)}"
        )
    columns = ", ".join(f"{sql.name(source.name)}.{sql.name(name)}" for name in schemas[source.name])
    steps.output(
        f"SELECT {columns} {joined(scope, base, steps, {})} WHERE {' AND '.join(conditions)} ORDER BY {time.column}"
    )
    return steps.query()

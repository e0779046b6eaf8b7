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
    assert kpi.dated_by
    dated, column = kpi.dated_by
    column = column or source.time
    scope = Scope(catalog, schemas, source.name)
    steps = sql.Steps(catalog.sources)
    base = latest(source, schemas, steps)
    conditions = [f"NOT {condition}" for condition in excluded(scope, source)]
    order = ""
    # Rows whose days stand in another source may be of any day.
    if dated == source.name and column:
        time = gate = time_of(scope, column, kpi.at("time"))
        if kpi.looks_ahead:
            assert source.known_on, "the catalogue refuses to look ahead without it"
            gate = time_of(scope, source.known_on, source.places.get("known_on"))
        conditions.append(gate.not_after(now, catalog))
        conditions.append(f"{time.day()} BETWEEN {sql.day(first)} AND {sql.day(last)}")
        order = f" ORDER BY {time.column}"
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
        text = text_of_cell(found, kpi.revalued.get(name, {}))
        conditions.append(
            f"LIST_CONTAINS({text}, {sql.text(value)})" if found.type == "list" else f"{text} = {sql.text(value)}"
        )
    columns = ", ".join(f"{sql.name(source.name)}.{sql.name(name)}" for name in schemas[source.name])
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    steps.output(f"SELECT {columns} {joined(scope, base, steps, {})}{where}{order}")
    return steps.query()

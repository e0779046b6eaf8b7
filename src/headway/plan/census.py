"""Which cells the breakdowns of a source have, and how many people are in them: one scan, without filters.

`headway check` asks it, for the estimate of what a run will store and for the linter. The people of a cell are counted
about, which a rule of thumb may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from headway.model import Catalog, Cells, Recurring, RowMeasure, Schemas
from headway.plan import sql
from headway.plan.rows import RESERVED, Rows
from headway.plan.scope import Scope

#: Of so many cells the values are told.
MOST = 200


def breakdowns(catalog: Catalog) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each source whose rows are broken down, with the breakdown; of built-in ones the rest is left."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for kpi in catalog.kpis.values():
        if isinstance(kpi.measure, RowMeasure):
            sources = [kpi.measure.picks]
            if isinstance(kpi.measure, Recurring) and kpi.measure.plus:
                sources.append(kpi.measure.plus[0])
            for breakdown in kpi.breakdowns:
                columns = tuple(name for name in breakdown if name not in kpi.measure.built_in)
                for source in sources:
                    # Events have no reason to end.
                    if columns and not (source != sources[0] and breakdown not in kpi.by):
                        found[source, columns] = None
    yield from found


def census(
    catalog: Catalog, schemas: Schemas, source: str, asked: Iterable[tuple[str, ...]], now: datetime
) -> exp.Query:
    """One row per breakdown of a source: how many cells it has, the first of them, and how many people are in them."""
    declared = catalog.sources[source]
    steps = sql.Steps([*catalog.sources, *RESERVED])
    rows = Rows(catalog, schemas, declared, None, declared.place, dated=False)
    rows.unfiltered()
    sets = [[rows.cell(column, declared.place) for column in breakdown] for breakdown in asked]
    people = "CAST(NULL AS BIGINT)"
    if declared.people:
        person = rows.value(declared.people[0], declared.places.get("people", declared.place))
        people = f"APPROX_COUNT_DISTINCT({sql.name(person)})"
    rows.write(now, steps, {})
    counted = steps.add("counted", rows.grouped(f"{people} AS people", [], sets))
    columns = list(dict.fromkeys(column for one in sets for column in one))
    for number, one in enumerate(sets):
        here = " AND ".join(f"{sql.name(column)} IS {'NOT ' if column in one else ''}NULL" for column in columns)
        values = ", ".join(f"CAST({sql.name(column)} AS TEXT)" for column in one)
        steps.output(
            f"SELECT {number} AS breakdown, COUNT(*) AS cells, SUM(people) AS people, MIN([{values}], {MOST}) AS some "
            f"FROM {sql.name(counted)} WHERE {here}"
        )
    return steps.query()


def read_census(
    catalog: Catalog, schemas: Schemas, source: str, asked: list[tuple[str, ...]], answer: pa.Table
) -> dict[tuple[str, ...], Cells]:
    """Read the answer of `census`."""
    found = {}
    for row in answer.to_pylist():
        breakdown = asked[row["breakdown"]]
        origins = tuple(Scope(catalog, schemas, source).origin(column) for column in breakdown)
        some = tuple(tuple(values) for values in row["some"] or ())
        people = None if row["people"] is None else int(row["people"])
        found[breakdown] = Cells(int(row["cells"]), some, people, origins)
    return found

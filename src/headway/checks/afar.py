"""On which days the rows of a KPI read rows of another source that fail a check: only there they are touched.

A failing hub has no part in the days of the sessions that refer to it. So the source of the KPI is asked on which days
it has rows that refer, in any number of steps, to a row that fails a rule over rows. What fails otherwise (a key, a
reference, periods) touches every day, or those since: rows may be missing, or have met several of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
from sqlglot import exp

from headway.checks.declared import Rows
from headway.checks.touching import Failing, paths
from headway.model import Catalog, Kpi, Schemas
from headway.periods import stretches
from headway.plan import sql
from headway.plan.rows import time_of
from headway.plan.scope import Path
from headway.quality import Touch

#: A source that is referred to, and which of its checks it is.
Which = tuple[str, int]


def reading(
    catalog: Catalog, schemas: Schemas, kpi: Kpi, failing: Mapping[str, Sequence[Failing]]
) -> dict[Which, list[Path]]:
    """The checks of which the KPI reads failing rows through references alone: by which references."""
    if kpi.source is None or kpi.dated_by is None or kpi.dated_by[0] != kpi.source:
        return {}
    if not (kpi.dated_by[1] or catalog.sources[kpi.source].time):
        return {}
    through, picked = paths(catalog, schemas, kpi)
    elsewhere = {*picked.values(), *kpi.sources}
    found: dict[Which, list[Path]] = {}
    for path, source in through.items():
        for number in dict.fromkeys(one.number for one in failing.get(source, ()) if one.number is not None):
            if source not in elsewhere:
                found.setdefault((source, number), []).append(path)
    return found


def ask(catalog: Catalog, schemas: Schemas, kpi: Kpi, wanted: Mapping[Which, Sequence[Path]]) -> exp.Query:
    """The days on which rows of the KPI's source refer to rows that fail: `which` of `wanted`, `day`."""
    assert kpi.source is not None
    assert kpi.dated_by is not None
    source = catalog.sources[kpi.source]
    time = kpi.dated_by[1] or source.time
    assert time is not None
    rows = Rows(catalog, schemas, source)
    rows.need(time_of(rows.scope, time, kpi.at("time")).day(), "day")
    for which, ((name, number), ways) in enumerate(wanted.items()):
        target = catalog.sources[name]
        other = Rows(catalog, schemas, target, within=rows.steps)
        key = other.scope.column(target.key[0], target.places.get("key")).text
        other.need(key, "key")
        fails = other.fails(number, target.checks[number])
        keys = rows.steps.add("failing", f"SELECT DISTINCT key FROM {sql.name(other.write())} AS rows WHERE {fails}")
        reads = (f"{rows.scope.column('.'.join(way)).text} IN (SELECT key FROM {keys})" for way in ways)
        rows.need(" OR ".join(f"COALESCE({read}, FALSE)" for read in reads), f"reads_{which}")
    base = rows.write()
    dated = " AND day IS NOT NULL" if time != source.time else ""
    for which in range(len(wanted)):
        rows.steps.output(
            f"SELECT DISTINCT {which} AS which, day FROM {sql.name(base)} AS rows WHERE reads_{which}{dated}"
        )
    return rows.steps.query()


def read(catalog: Catalog, wanted: Mapping[Which, Sequence[Path]], answer: pa.Table) -> list[Touch]:
    """The answer of `ask`."""
    days: dict[int, set[date | None]] = {}
    for row in answer.to_pylist():
        days.setdefault(row["which"], set()).add(row["day"])
    found = []
    for which, (name, number) in enumerate(wanted):
        address = f"{name}.{catalog.sources[name].checks[number].name}"
        found += [Touch(address, first, last) for first, last in stretches(days.get(which, ()))]
    return found

"""The footprint of a source: one scan that adds up its rows by day and by the cells of a sketch (`model.footprint`).

Rows are those that `latest_by` leaves, before anything is derived or excluded, with all of their columns. They are
taken as they were known before a day: rows of that day and of later ones are left out, and what another column dates
by then (an end, a closing) is null, because it changes nothing of what was there before. What speaks of the future
(`known_on`, `accrue`) is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import blake2b

import pyarrow as pa
from sqlglot import exp

from headway.model import LINES, Accrue, Catalog, Footprint, Schemas, Source
from headway.model.footprint import THIRD, places, proof
from headway.periods import Calendar, Grain, epoch_day
from headway.plan import sql
from headway.plan.coverage import times_of
from headway.plan.rows import joined, latest, time_of
from headway.plan.scope import Scope


def footprint(catalog: Catalog, schemas: Schemas, source: str, columns: Mapping[str, str], before: date) -> exp.Query:
    """The lines of a source's footprint over these columns. CatalogError if its time has no such column."""
    declared, steps = catalog.sources[source], sql.Steps([*catalog.sources, source])
    scope = Scope(catalog, schemas, source)
    base = latest(declared, schemas, steps)
    day, conditions = "CAST(NULL AS DATE)", []
    if declared.time:
        day = time_of(scope, declared.time, declared.places.get("time")).day()
        known = time_of(scope, declared.known_on, None).day() if declared.known_on else day
        conditions = [f"{day} IS NULL", *(f"{one} < {sql.day(before)}" for one in dict.fromkeys([day, known]))]
    read = ", ".join(_as_known(catalog, scope, declared, column, before) for column in sorted(columns))
    keys = ", ".join(_own(declared, column) for column in declared.key)
    where = f" WHERE {' OR '.join(conditions)}" if conditions else ""
    rows = steps.add(
        "hashes",
        f"SELECT {day} AS day, CAST(HASH({read}) >> 2 AS BIGINT) AS hash{f', HASH({keys}) AS key' if keys else ''}"
        f" {joined(scope, base, steps, {})}{where}",
    )
    cells = steps.add(
        "placed",
        f"SELECT *, hash & {THIRD - 1} AS a, {THIRD} + ((hash >> 20) & {THIRD - 1}) AS b,"
        f" {2 * THIRD} + ((hash >> 40) & {THIRD - 1}) AS c,"
        f" (hash >> 31) * (hash >> 31) + (hash & {2**31 - 1}) * (hash & {2**31 - 1}) AS proof,"
        f" DATE_DIFF('day', CAST('1970-01-01' AS DATE), day) AS number FROM {rows}",
    )
    steps.output(
        "SELECT day, COALESCE(a, b, c) AS cell, COUNT(*) AS rows, SUM(hash) AS hashes,"
        f" {'SUM(key)' if keys else 'CAST(0 AS HUGEINT)'} AS keys, SUM(proof) AS proofs,"
        " COALESCE(SUM(number), 0) AS days"
        f" FROM {cells} GROUP BY GROUPING SETS ((day), (a), (b), (c))"
    )
    return steps.query()


def waits(catalog: Catalog, source: Source) -> bool:
    """True if rows of a source come to something else as days go by: what is dated by a later day is not known yet."""
    return not (_plans(catalog, source) or source.known_on) and bool(_dating(catalog, source))


def add_lines(some: pa.Table, others: pa.Table) -> pa.Table:
    """The lines of a footprint of all rows, from those of some of them and of the others."""
    keys, sums = LINES.names[:2], LINES.names[2:]
    found = pa.concat_tables([some, others]).group_by(keys).aggregate([(name, "sum") for name in sums])
    return found.rename_columns([*keys, *sums]).cast(LINES)


def read_footprint(
    source: Source, columns: Mapping[str, str], before: date, engine: str, answer: pa.Table
) -> Footprint:
    """The footprint that the answer of `footprint` holds."""
    return Footprint(
        source.name, engine, dict(columns), bool(source.key), before, answer.select(LINES.names).cast(LINES)
    )


def _own(source: Source, column: str) -> str:
    return f"{sql.name(source.name)}.{sql.name(column)}"


def _as_known(catalog: Catalog, scope: Scope, source: Source, column: str, before: date) -> str:
    """SQL of a column as it was known before a day."""
    if _plans(catalog, source) or source.known_on or column not in _dating(catalog, source):
        return _own(source, column)
    return f"CASE WHEN {time_of(scope, column, None).day()} < {sql.day(before)} THEN {_own(source, column)} END"


def _plans(catalog: Catalog, source: Source) -> bool:
    return any(isinstance(kpi.measure, Accrue) and kpi.source == source.name for kpi in catalog.kpis.values())


def _dating(catalog: Catalog, source: Source) -> set[str]:
    """The columns by which rows are dated beside their time."""
    return {one for one in (*times_of(catalog, source.name), source.until, source.through) if one} - {source.time or ""}


#: What a number that somebody typed is known by, and what of it can change others.
_TYPED_KEY, _TYPED = ("grain", "period", "cell"), ("grain", "period", "cell", "value")


def typed_footprint(path: str, table: pa.Table, calendar: Calendar, before: date) -> Footprint:
    """The footprint of numbers that people typed, by the last days of their periods."""
    lines: dict[tuple[date | None, int | None], list[int]] = {}
    for row in table.select(_TYPED).to_pylist():
        last = calendar.from_key(Grain(row["grain"]), row["period"]).last
        if last >= before:
            continue
        key, one = (_hash([row[name] for name in names]) for names in (_TYPED_KEY, _TYPED))
        sums = (1, one, key, proof(one), epoch_day(last))
        for at in ((last, None), *((None, cell) for cell in places(one))):
            lines[at] = [a + b for a, b in zip(lines.get(at, [0] * len(sums)), sums, strict=True)]
    names = LINES.names
    rows = [dict(zip(names, (*at, *sums), strict=True)) for at, sums in lines.items()]
    decimals = [row | {name: Decimal(row[name]) for name in names[3:]} for row in rows]
    columns = dict.fromkeys(_TYPED, "typed")
    found = pa.Table.from_pylist(decimals, LINES)
    return Footprint(path, engine="", columns=columns, keyed=True, before=before, lines=found)


def _hash(values: Sequence[object]) -> int:
    return int.from_bytes(blake2b(repr(values).encode(), digest_size=8).digest()) >> 2

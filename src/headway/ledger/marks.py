"""Say of each KPI whether its numbers are as before, without reading them: for what is made again if they are not."""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from headway.ledger import schema


def marks(connection: sa.Connection) -> dict[str, str]:
    """See `Ledger.marks`."""
    series, d = schema.series.c, schema.digest.c
    names = {name[0]: name for name in _rows(connection, sa.select(series.id, *_name(series)).order_by(series.id))}
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in _rows(connection, sa.select(d.series, d.log, d.block, d.value).order_by(*schema.digest.primary_key)):
        found[names[row[0]][1]].append(row)
    for log in (schema.observation, schema.verdict):
        c = log.c
        # Of each series how many rows there are, of how many revisions, and the newest run that wrote one.
        counts = (sa.func.count(), sa.func.sum(c.revision), sa.func.max(c.run))
        for row in _rows(connection, sa.select(c.series, *counts).group_by(c.series).order_by(c.series)):
            name = names[row[0]]
            found[name[1]].append((log.name, *row, *name))
    return {kpi: blake2b(repr(rows).encode(), digest_size=16).hexdigest() for kpi, rows in found.items()}


def _name(series: Any) -> tuple[Any, ...]:
    return (series.kpi, series.part, series.grain, series.cell)


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    """The driver's own tuples: there are a hundred thousand of them."""
    with connection.execute(query) as result:
        assert result.cursor is not None
        return [tuple(row) for row in result.cursor.fetchall()]

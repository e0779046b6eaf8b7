"""Say of each KPI whether its numbers are as before, without reading them: for what is made again if they are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from headway.ledger import schema


def marks(connection: sa.Connection) -> dict[str, str]:
    """See `Ledger.marks`."""
    series = schema.series.c
    names = {
        row[0]: tuple(row)
        for row in connection.execute(sa.select(series.id, series.kpi, series.part, series.grain, series.cell))
    }
    found: defaultdict[str, Any] = defaultdict(lambda: blake2b(digest_size=16))
    for row in _rows(connection):
        name = names[row[1]]
        found[name[1]].update(repr((*row, *name)).encode())
    return {kpi: mark.hexdigest() for kpi, mark in found.items()}


def _rows(connection: sa.Connection) -> Iterable[tuple[Any, ...]]:
    """Of each series: what its newest rows add up to, and how many there are, of how many revisions, of which run."""
    d = schema.digest.c
    yield from map(
        tuple, connection.execute(sa.select(d.log, d.series, d.block, d.value).order_by(*schema.digest.primary_key))
    )
    for log in (schema.observation, schema.verdict):
        c = log.c
        counts = (sa.func.count(), sa.func.sum(c.revision), sa.func.max(c.run))
        query = sa.select(c.series, *counts).group_by(c.series).order_by(c.series)
        yield from ((log.name, *row) for row in connection.execute(query))

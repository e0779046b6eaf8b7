"""What reviews of targets decided, KPI by KPI: an append-only log, a row of `run` for each time a sheet is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headway.ledger import schema
from headway.ledger.encode import next_id
from headway.ledger.read import DECISION, ends, last_run, newest_row, reached
from headway.ledger.records import AsOf, Run


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was decided for a KPI: its new targets as written into the YAML, or None where nothing changes.

    `run` and `when` are of the row of `run` with which it was recorded; before that they are 0 and None.
    """

    period: str
    kpi: str
    targets: tuple[dict[str, Any], ...] | None
    context: str
    why: str
    who: str
    run: int = 0
    when: datetime | None = None


def reviews(
    connection: sa.Connection, kpi: str | None = None, period: str | None = None, as_of: AsOf | None = None
) -> list[Reviewed]:
    """See `Ledger.reviews`."""
    v, r = schema.review.c, schema.run.c
    query = sa.select(schema.review, r.now).join(schema.run, r.id == v.run).order_by(v.run, v.period, v.kpi)
    for column, wanted in ((v.kpi, kpi), (v.period, period)):
        if wanted is not None:
            query = query.where(column == wanted)
    if (until := reached(connection, as_of)) is not None:
        query = query.where(v.run <= until)
    return [
        Reviewed(
            row.period,
            row.kpi,
            None if row.target is None else tuple(row.target),
            row.context,
            row.why,
            row.who,
            row.run,
            row.now,
        )
        for row in connection.execute(query)
    ]


def record(connection: sa.Connection, decided: Sequence[Reviewed], now: datetime, version: str) -> int:
    """Keep what was decided as one decision; its row of `run`. What was decided just so before is not kept again.

    0 if there is nothing new. The ledger must hold a run: what is reviewed are its numbers.
    """
    newest = {(one.period, one.kpi): one for one in reviews(connection)}
    new = [one for one in decided if not _same(one, newest.get((one.period, one.kpi)))]
    before = last_run(connection, None, decisions=False)
    if not new or before is None:
        return 0
    number = next_id(connection, schema.run)
    finished = ends(now, newest_row(connection))
    run = Run(now, now, before.fingerprint, "", finished, DECISION, version, number)
    connection.execute(schema.run.insert(), {c.name: getattr(run, c.name) for c in schema.run.c})
    rows = [
        {
            "run": number,
            "period": one.period,
            "kpi": one.kpi,
            "target": sa.null() if one.targets is None else list(one.targets),
            "context": one.context,
            "why": one.why,
            "who": one.who,
        }
        for one in new
    ]
    for row in rows:
        connection.execute(schema.review.insert().values(row))
    return number


def _same(one: Reviewed, before: Reviewed | None) -> bool:
    """True if it was recorded already, whoever says it again."""
    if before is None:
        return False
    return (one.targets, one.context, one.why) == (before.targets, before.context, before.why)

"""What the ledger keeps of reports that go out by themselves: their editions, and what came of sending them.

Both are only added to. Of an edition the newest row counts; of postings every attempt is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headway.ledger import alerting, schema
from headway.ledger.records import Run
from headway.model import Edition, EditionState, Posting, PostingState


@dataclass(frozen=True, slots=True)
class Editions:
    """How editions stand, or what is added to that. Postings are every attempt, oldest first."""

    editions: tuple[Edition, ...] = ()
    postings: tuple[Posting, ...] = ()


def read(connection: sa.Connection) -> Editions:
    """How all stand."""
    return Editions(
        tuple(Edition(**_plain(row, Edition) | {"state": EditionState(row["state"])}) for row in _newest(connection)),
        tuple(
            Posting(**_plain(row, Posting) | {"state": PostingState(row["state"])})
            for row in connection.execute(sa.select(schema.posting).order_by(schema.posting.c.run)).mappings()
        ),
    )


def record(connection: sa.Connection, run: Run, added: Editions) -> None:
    """Add rows, with a row of `run` for them."""
    kept = alerting.begin(connection, run)
    for table, rows in ((schema.edition, added.editions), (schema.posting, added.postings)):
        if rows:
            connection.execute(table.insert(), [_row(one, kept.id) for one in rows])


def _newest(connection: sa.Connection) -> Iterable[Mapping[Any, Any]]:
    """The newest row of each edition."""
    rows = connection.execute(sa.select(schema.edition).order_by(schema.edition.c.run)).mappings()
    return {(row["report"], row["period"], row["own"]): row for row in rows}.values()


def _plain(row: Mapping[Any, Any], kind: Any) -> dict[str, Any]:
    return {
        one.name: datetime.fromisoformat(row[one.name]) if one.name in ("at", "due") else row[one.name]
        for one in fields(kind)
    }


def _row(one: Edition | Posting, run: int) -> dict[str, Any]:
    told = {field.name: getattr(one, field.name) for field in fields(one)}
    said = {
        name: schema.moment_text(value) if isinstance(value, datetime) else str(value) for name, value in told.items()
    }
    return said | {"run": run}

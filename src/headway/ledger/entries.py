"""What people entered, in words: an append-only log beside the numbers, written and read here.

A row is one entry of one KPI, keyed (kpi, cell, grain, period, revision). An entry that is as before writes nothing;
one that changed gets the next revision; one that is no longer there gets a revision that says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headway.ledger import renames, schema
from headway.ledger.read import reached
from headway.ledger.records import AsOf
from headway.model import Entry

_WORDS = ("text", "evidence", "entered_by", "entered_on", "note")
_KEY = ("cell", "grain", "period")


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry as the ledger holds it: its revision (from 1) and the run that first had it."""

    entry: Entry
    revision: int
    run: int


def keep(connection: sa.Connection, run: int, kpi: str, given: Iterable[Entry]) -> None:
    """Make `given` the newest entries of a KPI."""
    table = schema.entry
    known = {_key(row): row for row in _newest(connection, kpi, None)}
    rows = []
    for one in given:
        fields = {name: getattr(one, name) for name in (*_KEY, *_WORDS)}
        before = known.pop((one.cell, one.grain, one.period), None)
        if before is not None and not before.gone and all(getattr(before, name) == fields[name] for name in _WORDS):
            continue
        rows.append({**fields, "revision": before.revision + 1 if before else 1, "gone": False})
    for before in known.values():
        if not before.gone:
            key = {name: getattr(before, name) for name in _KEY}
            rows.append({**key, **dict.fromkeys(_WORDS), "revision": before.revision + 1, "gone": True})
    if rows:
        connection.execute(table.insert(), [{**row, "kpi": kpi, "run": run} for row in rows])


def entries(connection: sa.Connection, kpi: str, as_of: AsOf | None) -> list[Entered]:
    """See `Ledger.entries`."""
    until = reached(connection, as_of)
    return [
        Entered(Entry(**{name: getattr(row, name) for name in (*_KEY, *_WORDS)}), row.revision, row.run)
        for row in _newest(connection, renames.today(connection, kpi, until), until)
        if not row.gone
    ]


def _newest(connection: sa.Connection, kpi: str, until: int | None) -> list[sa.Row[Any]]:
    """The newest revision of each entry of a KPI, up to a run."""
    table = schema.entry
    query = sa.select(table).where(table.c.kpi == kpi).order_by(table.c.period, table.c.cell, table.c.revision)
    if until is not None:
        query = query.where(table.c.run <= until)
    return list({_key(row): row for row in connection.execute(query)}.values())


def _key(row: sa.Row[Any]) -> tuple[str, str, int]:
    return row.cell, row.grain, row.period

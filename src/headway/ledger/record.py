"""Write one run into the ledger: the only module that adds to it.

Everything happens on one connection in one transaction, which the caller begins and ends. Each KPI's numbers become
rows (`encode`), are compared with the stored ones (`diff`), and only what differs is written (`logs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

import sqlalchemy as sa

from headway.ledger import catalogues, checked, entries, footprints, renames, schema
from headway.ledger import unchanged as again
from headway.ledger.encode import Encoder, next_id
from headway.ledger.gate import Gate
from headway.ledger.logs import Counts, Logs
from headway.ledger.read import ends, newest_row
from headway.ledger.records import Recorded, Run
from headway.model import JUDGED, Closing, Computed, Load, Unchanged


def record(
    connection: sa.Connection,
    run: Run,
    computed: Iterable[Computed],
    loads: Iterable[Load],
    closing: Closing | None,
    unchanged: Unchanged | None = None,
) -> Recorded:
    """Write a run within the caller's transaction. See `Ledger.record`."""
    catalogues.keep(connection, run)
    newest = newest_row(connection)
    # The row comes first, because all others name it; its end is written last.
    kept = replace(run, id=next_id(connection, schema.run), finished=run.finished or run.started)
    connection.execute(schema.run.insert(), {c.name: getattr(kept, c.name) for c in schema.run.c})

    writer = _Writer(connection, kept.id, closing)
    failed = False
    for one in computed:
        writer.kpi(one)
        failed |= one.failed is not None
    counts = writer.finish()
    for load in loads:
        writer.load(load)
        failed |= load.failed is not None
    if closing is not None:
        footprints.keep(connection, kept.id, closing)
    if unchanged is not None:
        counts += again.keep(connection, kept.id, unchanged)

    state: Literal["ok", "failures"] = "failures" if failed else "ok"
    kept = replace(kept, finished=ends(run.finished, newest), state=state, catalogue="", files={})
    connection.execute(
        schema.run.update().where(schema.run.c.id == kept.id).values(finished=kept.finished, state=kept.state)
    )
    return Recorded(kept, **asdict(counts), held=writer.gate.held)


class _Writer:
    """One run being written."""

    def __init__(self, connection: sa.Connection, run: int, closing: Closing | None) -> None:
        self.connection = connection
        self.run = run
        self.encoder = Encoder(connection)
        self.logs = Logs(connection, run, self.encoder)
        self.gate = Gate(connection, self.logs, self.encoder, closing)
        self.attempts: dict[str, dict[str, object]] = {}
        self.counts: dict[str, Counts] = {}

    def load(self, load: Load) -> None:
        """Write what one source gave."""
        row = {c.name: getattr(load, c.name) for c in schema.load.c if c.name != "run"}
        exclusions = [
            asdict(one) | {"first": one.first and one.first.isoformat(), "last": one.last and one.last.isoformat()}
            for one in load.exclusions
        ]
        row |= {"run": self.run, "removed": dict(load.removed), "notes": list(load.notes), "exclusions": exclusions}
        self.connection.execute(schema.load.insert(), row)
        checked.keep(self.connection, self.run, "source", load.source, load.checks)

    def kpi(self, computed: Computed) -> None:
        """Write what a run made of one KPI. One that failed keeps all that it had."""
        renames.follow(self.connection, self.run, computed)
        counts, definition = Counts(), None
        if computed.failed is None and computed.observed is not None:
            definition = self._definition(computed)
            rows = self.encoder.observations(computed.kpi, computed.observed)
            # Numbers without verdicts take back the verdicts on those before.
            judged = JUDGED.empty_table() if computed.judged is None else computed.judged
            verdicts = self.encoder.verdicts(computed.kpi, judged)
            logs, lines, run = self.logs, self.encoder.lines(computed.kpi), {"run": self.run}
            change = self.gate.of(computed.kpi, lines, definition, computed.observed["part"].unique().to_pylist())
            wrote = run | {"definition": definition}
            counts = logs.keep(logs.observations, computed.kpi, lines, rows, wrote, change.hold)
            logs.keep(logs.verdicts, computed.kpi, lines, verdicts, run, change.hold_verdicts, change.held)
            change.settle(verdicts)
            entries.keep(self.connection, self.run, computed.kpi, computed.entries)
            checked.keep(self.connection, self.run, "kpi", computed.kpi, computed.checks)
        self.attempts[computed.kpi] = {"definition": definition, "failed": computed.failed}
        self.counts[computed.kpi] = counts

    def finish(self) -> Counts:
        """Settle what of the changes of closed numbers is published, and write what came of each KPI."""
        for kpi, passed in self.gate.finish().items():
            self.counts[kpi] += Counts(changed=passed)
        rows = [{"run": self.run, "kpi": kpi, **row, **asdict(self.counts[kpi])} for kpi, row in self.attempts.items()]
        if rows:
            self.connection.execute(schema.attempt.insert(), rows)
        return sum(self.counts.values(), Counts())

    def _definition(self, computed: Computed) -> int:
        """The id of a KPI's definition: another fingerprint or other SQL than the newest one's is a new one.

        Moments and other literals in the SQL move with the run, and what the catalogue says of them is in the
        fingerprint: a query that differs in these alone is no new one, or every run would store every query.
        """
        table = schema.definition
        newest = self.connection.execute(
            sa.select(table).where(table.c.kpi == computed.kpi).order_by(table.c.id.desc()).limit(1)
        ).first()
        if newest and newest.fingerprint == computed.fingerprint and _shape(newest.sql) == _shape(computed.sql):
            if newest.lineage is None and computed.lineage is not None:  # an earlier release did not say
                known = table.update().where(table.c.id == newest.id).values(lineage=_plain(computed.lineage))
                self.connection.execute(known)
            return int(newest.id)
        number = next_id(self.connection, table)
        row = {"id": number, "kpi": computed.kpi, "fingerprint": computed.fingerprint, "sql": computed.sql}
        row["lineage"] = _plain(computed.lineage)
        self.connection.execute(table.insert(), row)
        return number


def _shape(sql: str) -> str:
    """A query without its literals."""
    return re.sub(r"'[^']*'|\d+", "?", sql)


def _plain(lineage: Mapping[str, Mapping[str, Sequence[str]]] | None) -> Any:
    """What a query reads, as JSON has it; without anything, the column stays null."""
    if lineage is None:
        return sa.null()
    return {source: {column: list(uses) for column, uses in columns.items()} for source, columns in lineage.items()}

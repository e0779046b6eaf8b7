"""Write one run into the ledger: the only module that adds to it.

Everything happens on one connection in one transaction, which the caller begins and ends. Each KPI's numbers become
rows (`encode`), are compared with the stored ones (`diff`), and only what differs is written, by the driver's own
`executemany`: millions of rows must not each become an object of SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Literal

import numpy as np
import sqlalchemy as sa

from headway.ledger import catalogues, entries, schema
from headway.ledger.diff import BLOCK, Bools, Changes, Digests, Floats, Ints, Rows, Stored, compare, digests, match
from headway.ledger.encode import OBSERVATION, VERDICT, WHOLE, Encoder, next_id
from headway.ledger.records import Recorded, Run
from headway.model import JUDGED, Computed, Flag, Load, Reason, Status
from headway.periods import Grain

#: Rows handed to the driver at once: enough to be fast, few enough that their Python objects stay small.
CHUNK = 50_000
#: Rows inserted by one statement.
ROWS = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How many observations were new, changed, unchanged and gone."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.gone + other.gone,
        )


def record(connection: sa.Connection, run: Run, computed: Iterable[Computed], loads: Iterable[Load]) -> Recorded:
    """Write a run within the caller's transaction. See `Ledger.record`."""
    catalogues.keep(connection, run)
    # The row comes first, because all others name it; its end is written last.
    kept = replace(run, id=next_id(connection, schema.run), finished=run.finished or run.started)
    connection.execute(schema.run.insert(), {c.name: getattr(kept, c.name) for c in schema.run.c})

    writer = _Writer(connection, kept.id)
    counts = Counts()
    failed = False
    for one in computed:
        counts += writer.kpi(one)
        failed |= one.failed is not None
    for load in loads:
        writer.load(load)
        failed |= load.failed is not None

    state: Literal["ok", "failures"] = "failures" if failed else "ok"
    kept = replace(kept, finished=run.finished or datetime.now(UTC), state=state, catalogue="", files={})
    connection.execute(
        schema.run.update().where(schema.run.c.id == kept.id).values(finished=kept.finished, state=kept.state)
    )
    return Recorded(kept, **asdict(counts))


@dataclass(frozen=True, slots=True)
class _Log:
    """One of the two tables of revisions, and how its rows say that they run or are gone."""

    table: sa.Table
    #: Its numbers beside the key, in the order of `Rows.values`.
    columns: tuple[str, ...]
    #: The numbers of a row that is gone.
    withdrawn: Floats
    #: Which of them says so, and how it is read.
    mark: str
    running: Callable[[Ints], Bools]
    gone: Callable[[Ints], Bools]

    def stored(self, found: Floats) -> Stored:
        """The newest revision of each row, from rows (series, period, revision, numbers ...) in this order."""
        rows = Rows(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 3:])
        key = rows.key
        newest = np.ones(len(rows), dtype=bool)
        newest[:-1] = key[1:] != key[:-1]
        rows = rows.take(newest)
        mark = rows.values[:, self.columns.index(self.mark)].astype(np.int64)
        return Stored(rows, found[newest, 2].astype(np.int64), self.running(mark), self.gone(mark))


class _Writer:
    """One run being written."""

    def __init__(self, connection: sa.Connection, run: int) -> None:
        self.connection = connection
        driver = connection.connection.driver_connection
        assert driver is not None
        self.cursor = driver.cursor()
        self.run = run
        self.encoder = Encoder(connection)
        gone = {"reason": self.encoder.word(Reason.NO_ROWS), "flags": Flag.GONE}
        self.observations = _Log(
            schema.observation,
            OBSERVATION,
            withdrawn=np.array([gone.get(name, np.nan) for name in OBSERVATION]),
            mark="flags",
            running=lambda flags: (flags & (Flag.PARTIAL | Flag.OPEN_ENDED)) != 0,
            gone=lambda flags: (flags & Flag.GONE) != 0,
        )
        partial = self.encoder.word(Status.PARTIAL)
        self.verdicts = _Log(
            schema.verdict,
            VERDICT,
            withdrawn=np.array([0.0, *([np.nan] * (len(VERDICT) - 1))]),
            mark="status",
            running=lambda status: status == partial,
            gone=lambda status: status == 0,
        )

    def load(self, load: Load) -> None:
        """Write what one source gave."""
        row = {c.name: getattr(load, c.name) for c in schema.load.c if c.name != "run"}
        exclusions = [
            asdict(one) | {"first": one.first and one.first.isoformat(), "last": one.last and one.last.isoformat()}
            for one in load.exclusions
        ]
        row |= {"run": self.run, "removed": dict(load.removed), "notes": list(load.notes), "exclusions": exclusions}
        self.connection.execute(schema.load.insert(), row)

    def kpi(self, computed: Computed) -> Counts:
        """Write what a run made of one KPI. One that failed keeps all that it had."""
        counts, definition = Counts(), None
        if computed.failed is None and computed.observed is not None:
            definition = self._definition(computed)
            rows, width = self.encoder.observations(computed.kpi, computed.observed)
            counts = self._keep(
                self.observations, computed.kpi, rows, width, {"run": self.run, "definition": definition}
            )
            # Numbers without verdicts take back the verdicts on those before.
            judged = JUDGED.empty_table() if computed.judged is None else computed.judged
            rows, width = self.encoder.verdicts(computed.kpi, judged)
            self._keep(self.verdicts, computed.kpi, rows, width, {"run": self.run})
            entries.keep(self.connection, self.run, computed.kpi, computed.entries)
        row = {"run": self.run, "kpi": computed.kpi, "definition": definition, "failed": computed.failed}
        self.connection.execute(schema.attempt.insert(), row | asdict(counts))
        return counts

    def _definition(self, computed: Computed) -> int:
        """The id of a KPI's definition: another fingerprint or other SQL than the newest one's is a new one."""
        table = schema.definition
        newest = self.connection.execute(
            sa.select(table).where(table.c.kpi == computed.kpi).order_by(table.c.id.desc()).limit(1)
        ).first()
        if newest and (newest.fingerprint, newest.sql) == (computed.fingerprint, computed.sql):
            if newest.lineage is None and computed.lineage is not None:  # an earlier release did not say
                known = table.update().where(table.c.id == newest.id).values(lineage=_plain(computed.lineage))
                self.connection.execute(known)
            return int(newest.id)
        number = next_id(self.connection, table)
        row = {"id": number, "kpi": computed.kpi, "fingerprint": computed.fingerprint, "sql": computed.sql}
        row["lineage"] = _plain(computed.lineage)
        self.connection.execute(table.insert(), row)
        return number

    # -- one log of one KPI --------------------------------------------------------------------------------------

    def _keep(self, log: _Log, kpi: str, given: Rows, width: Ints, common: dict[str, int]) -> Counts:
        """Make `given` the newest rows of a KPI, touching only the blocks that differ from the stored ones."""
        made, lengths = digests(given, width)
        kept, kept_width = self._digests(log, kpi)
        known, at = match(kept.key, made.key)
        differs = ~known
        differs[known] = kept.value[at] != made.value[known]
        emptied = kept.value != 0
        emptied[at] = False
        touched = emptied.copy()
        touched[at] = differs[known]

        chosen = given.take(np.repeat(differs, lengths))
        stored = self._stored(log, kept.take(touched), kept_width[touched])
        changes = compare(stored, chosen, log.withdrawn)
        self._write(log, changes, common)
        self._write_digests(log, kept.take(touched), made.take(differs), kept.take(emptied))
        same = changes.unchanged + len(given) - len(chosen)
        return Counts(changes.new, changes.changed, same, changes.gone)

    def _digests(self, log: _Log, kpi: str) -> tuple[Digests, Ints]:
        """The digests of a KPI's blocks, and the width of each block."""
        d, s = schema.digest, schema.series
        found = self.connection.execute(
            sa.select(d.c.series, d.c.block, d.c.value, s.c.grain)
            .join(s, s.c.id == d.c.series)
            .where(s.c.kpi == kpi, d.c.log == log.table.name)
            .order_by(d.c.series, d.c.block)
        ).all()
        widths = np.array([BLOCK[Grain(row.grain)] for row in found], dtype=np.int64)
        numbers = np.array([tuple(row[:3]) for row in found], dtype=np.int64).reshape(-1, 3)
        return Digests(numbers[:, 0], numbers[:, 1], numbers[:, 2]), widths

    def _stored(self, log: _Log, blocks: Digests, width: Ints) -> Stored:
        """The newest revision of each row of these blocks."""
        table = log.table
        query = (
            sa.select(table.c.series, table.c.period, table.c.revision, *(table.c[name] for name in log.columns))
            .where(table.c.series == sa.bindparam("s"), table.c.period.between(sa.bindparam("a"), sa.bindparam("b")))
            .order_by(table.c.series, table.c.period, table.c.revision)
        )
        text = self._text(query)
        parts = [np.empty((0, 3 + len(log.columns)))]
        waiting: list[tuple[float | None, ...]] = []
        for series, first, keys in zip(blocks.series.tolist(), blocks.block.tolist(), width.tolist(), strict=True):
            waiting += self.cursor.execute(text, (series, first, first + keys - 1)).fetchall()
            if len(waiting) > CHUNK:
                parts.append(np.array(waiting, dtype=np.float64))  # None becomes NaN
                waiting = []
        if waiting:
            parts.append(np.array(waiting, dtype=np.float64))
        return log.stored(np.concatenate(parts))

    def _write(self, log: _Log, changes: Changes, common: dict[str, int]) -> None:
        """Delete and insert the rows of a log. `common` are the run, and for observations the definition."""
        table = log.table
        old, new = changes.deleted, changes.inserted
        if len(old):
            self._delete(table, [old.series.tolist(), old.period.tolist(), changes.deleted_revision.tolist()])
        # A column that is null throughout is left to be null: counts have no numerator, closed periods no `so_far`.
        filled = [(name, at) for at, name in enumerate(log.columns) if not np.isnan(new.values[:, at]).all()]
        for start in range(0, len(new), CHUNK):
            part = slice(start, start + CHUNK)
            columns: dict[str, list[Any]] = {
                "series": new.series[part].tolist(),
                "period": new.period[part].tolist(),
                "revision": changes.inserted_revision[part].tolist(),
            }
            for name, number in common.items():
                columns[name] = [number] * len(columns["series"])
            for name, at in filled:
                numbers = new.values[part, at]
                columns[name] = (numbers.astype(np.int64) if name in WHOLE else numbers).tolist()  # SQLite: NaN is null
            self._insert(table, columns)

    def _write_digests(self, log: _Log, old: Digests, new: Digests, emptied: Digests) -> None:
        """Replace the digests of blocks; those without rows keep a 0, which says that marks of rows are there."""
        table, name = schema.digest, log.table.name
        self._delete(table, [[name] * len(old.series), old.series.tolist(), old.block.tolist()])
        series, block = np.append(new.series, emptied.series), np.append(new.block, emptied.block)
        value = np.append(new.value, np.zeros_like(emptied.value))
        columns: dict[str, list[Any]] = {
            "log": [name] * len(series),
            "series": series.tolist(),
            "block": block.tolist(),
        }
        self._insert(table, columns | {"value": value.tolist()})

    # -- many rows -----------------------------------------------------------------------------------------------

    def _delete(self, table: sa.Table, keys: list[list[Any]]) -> None:
        """Delete the rows with these primary keys, given column by column."""
        at = [c == sa.bindparam(c.name) for c in table.primary_key]
        self.cursor.executemany(self._text(sa.delete(table).where(*at)), zip(*keys, strict=True))

    def _insert(self, table: sa.Table, columns: dict[str, list[Any]]) -> None:
        """Insert rows, given column by column."""
        names = [c.name for c in table.c if c.name in columns]
        one = self._text(table.insert(), names)
        head, row = one.split(" VALUES ")
        many = f"{head} VALUES {', '.join([row] * ROWS)}"
        # A statement for several rows at once saves SQLite two fifths of the time.
        lists = [columns[name] for name in names]
        whole = len(lists[0]) // ROWS * ROWS
        flat = chain.from_iterable(zip(*lists, strict=True))
        self.cursor.executemany(many, zip(*[flat] * (ROWS * len(lists)), strict=False))  # leaves an incomplete one
        self.cursor.executemany(one, zip(*(values[whole:] for values in lists), strict=True))

    def _text(self, statement: sa.ClauseElement, columns: list[str] | None = None) -> str:
        """A statement as the driver takes it; its parameters are positional, in the order of the text."""
        return str(statement.compile(dialect=self.connection.dialect, column_keys=columns))


def _plain(lineage: Mapping[str, Mapping[str, Sequence[str]]] | None) -> Any:
    """What a query reads, as JSON has it; without anything, the column stays null."""
    if lineage is None:
        return sa.null()
    return {source: {column: list(uses) for column, uses in columns.items()} for source, columns in lineage.items()}

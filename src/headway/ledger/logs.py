"""The two logs of revisions, `observation` and `verdict`, being written: what differs, and what is no longer in force.

`keep` compares all that a run made of a KPI with the stored rows (`diff`) and touches only the blocks that differ;
`put` makes single rows the newest ones. Rows that are replaced in place go into `replaced`, so that what was published
at any time can be read. Many rows are written by the driver's own `executemany`: millions must not each become an
object of SQLAlchemy's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import sqlalchemy as sa

from headway.ledger import archive, schema
from headway.ledger.diff import (
    Bools,
    Changes,
    Digests,
    Floats,
    Ints,
    Rows,
    Stored,
    blocks,
    compare,
    concatenate,
    digests,
    match,
    newest,
    same,
)
from headway.ledger.encode import OBSERVATION, VERDICT, WHOLE, Encoder, Lines
from headway.model import Flag, Reason, Status

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


@dataclass(frozen=True, slots=True)
class Log:
    """One of the two tables of revisions, and how its rows say that they run or are gone."""

    table: sa.Table
    #: Who wrote a row: its run, and for observations the definition and the restatement.
    about: tuple[str, ...]
    #: Its numbers beside the key, in the order of `Rows.values`.
    columns: tuple[str, ...]
    #: The numbers of a row that is gone.
    withdrawn: Floats
    #: Which of them says so, and how it is read.
    mark: str
    running: Callable[[Ints], Bools]
    gone: Callable[[Ints], Bools]

    def stored(self, found: Floats) -> Stored:
        """The newest revision of each row, from rows (series, period, revision, about ..., numbers ...) in order."""
        first = 3 + len(self.about)
        rows = Rows(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, first:])
        last = newest(rows.key)
        rows = rows.take(last)
        mark = rows.values[:, self.columns.index(self.mark)].astype(np.int64)
        about = found[last, 3:first]
        return Stored(rows, found[last, 2].astype(np.int64), about, self.running(mark), self.gone(mark))


#: Gets every revision of the blocks that differ, their newest ones, and what a run made of them; answers with the keys
#: of those rows that stay as they are.
Holding = Callable[[Floats, Stored, Rows], Ints]


class Logs:
    """The logs, as one run or decision writes them."""

    def __init__(self, connection: sa.Connection, run: int, encoder: Encoder) -> None:
        self.connection = connection
        self.run = run
        gone = {"reason": encoder.word(Reason.NO_ROWS), "flags": Flag.GONE}
        self.observations = Log(
            schema.observation,
            ("run", "definition", "restatement"),
            OBSERVATION,
            withdrawn=np.array([gone.get(name, np.nan) for name in OBSERVATION]),
            mark="flags",
            running=lambda flags: (flags & (Flag.PARTIAL | Flag.OPEN_ENDED)) != 0,
            gone=lambda flags: (flags & Flag.GONE) != 0,
        )
        partial = encoder.word(Status.PARTIAL)
        self.verdicts = Log(
            schema.verdict,
            ("run",),
            VERDICT,
            withdrawn=np.array([0.0, *([np.nan] * (len(VERDICT) - 1))]),
            mark="status",
            running=lambda status: status == partial,
            gone=lambda status: status == 0,
        )

    @property
    def cursor(self) -> sqlite3.Cursor:
        """A cursor of the driver's for one statement. One that is kept would keep the file open after its ledger."""
        driver: sqlite3.Connection | None = self.connection.connection.driver_connection
        assert driver is not None
        return driver.cursor()

    def keep(
        self,
        log: Log,
        kpi: str,
        lines: Lines,
        given: Rows,
        common: Mapping[str, int],
        hold: Holding | None = None,
        touch: Rows | None = None,
    ) -> Counts:
        """Make `given` the newest rows of a KPI, but for those that `hold` holds back.

        Only the blocks that differ from the stored ones are read, and those in which rows of `touch` lie.
        """
        made, lengths = digests(given, lines.width(given.series))
        kept = self._digests(log, kpi)
        known, at = match(kept.key, made.key)
        differs = ~known
        differs[known] = kept.value[at] != made.value[known]
        touched = kept.value != 0
        touched[at] = differs[known]
        if touch is not None and len(touch):
            wanted = blocks(touch, lines.width(touch.series))
            touched |= np.isin(kept.key, wanted)
            differs |= np.isin(made.key, wanted)

        chosen = given.take(np.repeat(differs, lengths))
        old, new = kept.take(touched), made.take(differs)
        found = self._revisions(log, old, lines.width(old.series))
        stored = log.stored(found)
        if hold is not None and len(held := hold(found, stored, chosen)):
            chosen = merged(chosen, stored.rows.take(~stored.gone), held)
            new, _ = digests(chosen, lines.width(chosen.series))
        changes = self._apply(log, kpi, stored, chosen, (old, new), common)
        same = changes.unchanged + len(given) - len(chosen)
        return Counts(changes.new, changes.changed, max(0, same), changes.gone)

    def put(self, log: Log, kpi: str, lines: Lines, rows: Rows, common: Mapping[str, int]) -> None:
        """Make these rows of a KPI the newest ones; those that say that they are gone, go."""
        kept = self._digests(log, kpi)
        old = kept.take(np.isin(kept.key, blocks(rows, lines.width(rows.series))))
        stored = log.stored(self._revisions(log, old, lines.width(old.series)))
        mark = rows.values[:, log.columns.index(log.mark)].astype(np.int64)
        chosen = merged(stored.rows.take(~stored.gone), rows.take(~log.gone(mark)), rows.key)
        new, _ = digests(chosen, lines.width(chosen.series))
        self._apply(log, kpi, stored, chosen, (old, new), common)

    def revisions(self, log: Log, kpi: str, lines: Lines, rows: Rows) -> Floats:
        """Every revision in the blocks in which these rows lie, as `Log.stored` takes them."""
        kept = self._digests(log, kpi)
        old = kept.take(np.isin(kept.key, blocks(rows, lines.width(rows.series))))
        return self._revisions(log, old, lines.width(old.series))

    def _apply(
        self,
        log: Log,
        kpi: str,
        stored: Stored,
        chosen: Rows,
        digest: tuple[Digests, Digests],
        common: Mapping[str, int],
    ) -> Changes:
        """Make `chosen` the newest rows of blocks, whose rows are `stored`; `digest` is theirs, before and after."""
        changes = compare(stored, chosen, log.withdrawn)
        if len(changes.deleted):
            archive.keep(self.connection, self.run, kpi, log, changes)
        self._write(log, changes, _carried(log, stored, changes.inserted), common)
        old, new = digest
        self._write_digests(log, old, new, old.take(~np.isin(old.key, new.key)))
        return changes

    # -- reading blocks ------------------------------------------------------------------------------------------

    def _digests(self, log: Log, kpi: str) -> Digests:
        """The digests of a KPI's blocks."""
        d, s = schema.digest, schema.series
        found = self.connection.execute(
            sa.select(d.c.series, d.c.block, d.c.value)
            .join(s, s.c.id == d.c.series)
            .where(s.c.kpi == kpi, d.c.log == log.table.name)
            .order_by(d.c.series, d.c.block)
        ).all()
        numbers = np.array([tuple(row) for row in found], dtype=np.int64).reshape(-1, 3)
        return Digests(numbers[:, 0], numbers[:, 1], numbers[:, 2])

    def _revisions(self, log: Log, blocks: Digests, width: Ints) -> Floats:
        """Every revision in these blocks: series, period, revision, who wrote it, its numbers."""
        table = log.table
        names = ("series", "period", "revision", *log.about, *log.columns)
        query = (
            sa.select(*(table.c[name] for name in names))
            .where(table.c.series == sa.bindparam("s"), table.c.period.between(sa.bindparam("a"), sa.bindparam("b")))
            .order_by(table.c.series, table.c.period, table.c.revision)
        )
        text = self._text(query)
        parts = [np.empty((0, len(names)))]
        waiting: list[tuple[float | None, ...]] = []
        for series, first, keys in zip(blocks.series.tolist(), blocks.block.tolist(), width.tolist(), strict=True):
            waiting += self.cursor.execute(text, (series, first, first + keys - 1)).fetchall()
            if len(waiting) > CHUNK:
                parts.append(np.array(waiting, dtype=np.float64))  # None becomes NaN
                waiting = []
        if waiting:
            parts.append(np.array(waiting, dtype=np.float64))
        return np.concatenate(parts)

    # -- many rows -----------------------------------------------------------------------------------------------

    def _write(self, log: Log, changes: Changes, carried: Floats, common: Mapping[str, int]) -> None:
        """Delete and insert the rows of a log. `common` are the run, for observations also what else is known."""
        table = log.table
        old, new = changes.deleted, changes.inserted
        if len(old):
            self.delete(table, [old.series.tolist(), old.period.tolist(), changes.deleted_revision.tolist()])
        columns = {
            "series": new.series,
            "period": new.period,
            "revision": changes.inserted_revision,
            "restatement": carried,
            **{name: np.full(len(new), number) for name, number in common.items()},
            **{name: new.values[:, at] for at, name in enumerate(log.columns)},
        }
        self.insert(table, columns)

    def _write_digests(self, log: Log, old: Digests, new: Digests, emptied: Digests) -> None:
        """Replace the digests of blocks; those without rows keep a 0, which says that marks of rows are there."""
        table, name = schema.digest, log.table.name
        self.delete(table, [[name] * len(old.series), old.series.tolist(), old.block.tolist()])
        series, block = np.append(new.series, emptied.series), np.append(new.block, emptied.block)
        value = np.append(new.value, np.zeros_like(emptied.value))
        columns: dict[str, list[Any]] = {
            "log": [name] * len(series),
            "series": series.tolist(),
            "block": block.tolist(),
        }
        self._insert(table, columns | {"value": value.tolist()})

    def insert(self, table: sa.Table, columns: Mapping[str, Ints | Floats]) -> None:
        """Insert rows of numbers, given column by column; NaN is null.

        A column that is null throughout is left to be null: counts have no numerator, closed periods no `so_far`.
        """
        filled = {name: c for name, c in columns.items() if c.dtype.kind == "i" or not np.isnan(c).all()}
        for start in range(0, len(columns["series"]), CHUNK):
            part: dict[str, list[Any]] = {}
            for name, column in filled.items():
                numbers = column[start : start + CHUNK]
                part[name] = (numbers.astype(np.int64) if name in WHOLE else numbers).tolist()  # SQLite: NaN is null
            self._insert(table, part)

    def delete(self, table: sa.Table, keys: list[list[Any]]) -> None:
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


def merged(rows: Rows, others: Rows, keys: Ints) -> Rows:
    """`rows`, with those of `keys` taken from `others` instead, or left out where these have none."""
    both = concatenate(rows.take(~np.isin(rows.key, keys)), others.take(np.isin(others.key, keys)))
    return both.take(np.argsort(both.key, kind="stable"))


def _carried(log: Log, stored: Stored, inserted: Rows) -> Floats:
    """The restatement that made each value: a revision that leaves the value as it was keeps naming it."""
    carried = np.full(len(inserted), np.nan)
    if "restatement" in log.about:
        known, at = match(stored.rows.key, inserted.key)
        alike = same(stored.rows.values[at, :2], inserted.values[known, :2]) & ~stored.gone[at]
        carried[known] = np.where(alike, stored.about[at, log.about.index("restatement")], np.nan)
    return carried

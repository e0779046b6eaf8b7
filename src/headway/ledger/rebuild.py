"""Make a ledger from journals: the runs of one ledger, or of several that went apart, in the order of their end.

Each run's rows are applied to what the runs before it left, by the rule of `diff.compare`: a closed number gets the
next revision, a running one is replaced in place and kept aside. So one ledger's journals give that ledger again, and
those of two that went apart give the same whichever is brought to the other.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import archive, schema
from headway.ledger.diff import BLOCK, Bools, Floats, Ints, Rows, digests, same
from headway.ledger.encode import Encoder
from headway.ledger.journal import ADDED, SERIES, STANDING, WORDS, Catalogue, Journal, State, adder, by_todays_names
from headway.ledger.logs import Log, Logs
from headway.periods import Grain


def rebuild(
    connection: sa.Connection,
    journals: Iterable[Journal],
    states: Iterable[State],
    catalogues: Mapping[str, Catalogue],
) -> None:
    """Fill an empty ledger, within the caller's transaction."""
    told = by_todays_names(sorted(journals, key=lambda one: one.order))
    _Builder(connection, told, catalogues).build(sorted(states, key=lambda one: one.order))


@dataclass(frozen=True)
class _Events:
    """The rows that all runs wrote into a log, sorted by series, period and run."""

    series: Ints
    period: Ints
    run: Ints
    about: dict[str, Floats]
    values: Floats
    running: Bools
    gone: Bools


class _Builder:
    """One ledger being made."""

    def __init__(
        self, connection: sa.Connection, journals: Sequence[Journal], catalogues: Mapping[str, Catalogue]
    ) -> None:
        self.connection = connection
        self.journals = journals
        self.catalogues = catalogues
        self.encoder = Encoder(connection)
        self.logs = Logs(connection, 0, self.encoder)
        self.runs = {journal.uuid: number for number, journal in enumerate(journals, start=1)}
        self.known: dict[str, dict[str, Any]] = {}
        self.definitions: dict[tuple[str, str], int] = {}
        self.restatements: dict[str, int] = {}
        self.series: dict[tuple[str, ...], int] = {}

    def build(self, states: Sequence[State]) -> None:
        """Every table."""
        self._insert(
            schema.catalogue,
            [{"fingerprint": name, "text": one.text, "files": one.files} for name, one in self.catalogues.items()],
        )
        for journal in self.journals:
            times = {name: datetime.fromisoformat(journal.run[name]) for name in _TIMES}
            self._insert(schema.run, [{**journal.run, **times, "id": self.runs[journal.uuid]}])
        self._define()
        self._number_restatements()
        for table in ADDED:
            self._add(table)
        for log in (self.logs.observations, self.logs.verdicts):
            self._log(log)
        for table in STANDING:
            self._insert(table, [self._row(table, row) for row in _newest(table, states, self.runs)])

    def _insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.connection.execute(table.insert(), list(rows))

    def _define(self) -> None:
        """Number the definitions of each KPI in the order in which runs first used them."""
        for journal in self.journals:
            for name, told in journal.definitions.items():
                found = self.known.setdefault(name, dict(told))
                found["lineage"] = found["lineage"] or told["lineage"]
        for journal in self.journals:
            for row in journal.added.get(schema.attempt.name, ()):
                if row["definition"] is not None:
                    self._definition(row["kpi"], row["definition"])

    def _definition(self, kpi: str, name: str) -> int:
        """The number of a definition of a KPI."""
        if (kpi, name) not in self.definitions:
            told = self.known[name]
            lineage = sa.null() if told["lineage"] is None else told["lineage"]
            self.definitions[kpi, name] = len(self.definitions) + 1
            made = {**told, "id": self.definitions[kpi, name], "kpi": kpi, "lineage": lineage}
            self.connection.execute(schema.definition.insert(), made)
        return self.definitions[kpi, name]

    def _number_restatements(self) -> None:
        """Number the restatements in the order of the runs that saw them first."""

        def order(name: str) -> tuple[int, int]:
            run, _, number = name.partition("/")
            return self.runs[run], int(number)

        told = (row["id"] for journal in self.journals for row in journal.added.get(schema.restatement.name, ()))
        self.restatements = {name: number for number, name in enumerate(sorted(set(told), key=order), start=1)}

    def _add(self, table: sa.Table) -> None:
        """What runs added to a table. Of an entry, each is the next revision, where it says something else.

        Of a notice that was made in two copies of a ledger, the first one is it.
        """
        newest: dict[tuple[Any, ...], dict[str, Any]] = {}
        rows = []
        for journal in self.journals:
            for told in journal.added.get(table.name, ()):
                row = self._row(table, {**told, adder(table): journal.uuid})
                if table is schema.entry:
                    key = tuple(row[name] for name in ("kpi", "cell", "grain", "period"))
                    before = newest.get(key)
                    if before and all(before[name] == row[name] for name in row.keys() - {"run", "revision"}):
                        continue
                    if before is None and row["gone"]:
                        continue
                    row["revision"] = before["revision"] + 1 if before else 1
                    newest[key] = row
                if table is schema.notice:
                    if (row["id"],) in newest:
                        continue
                    newest[row["id"],] = row
                rows.append(row)
        for row in rows:
            self.connection.execute(table.insert(), row)

    def _row(self, table: sa.Table, told: Mapping[str, Any]) -> dict[str, Any]:
        """A row under names as a row of numbers: the inverse of `Names.told`."""
        row: dict[str, Any] = {}
        for column in table.c:
            name = column.name
            if name == "series":
                row[name] = self._series([tuple(told[part] for part in SERIES)])[0]
                continue
            value = told.get(name)
            if name in WORDS and isinstance(column.type, sa.SmallInteger):
                row[name] = self.encoder.word(value) if value else 0
            elif value is None and name == "restatement":
                row[name] = None if column.nullable else 0
            elif value is None:
                row[name] = sa.null() if isinstance(column.type, sa.JSON) else None
            elif name in ("run", "latest"):
                row[name] = self.runs[value]
            elif name == "definition":
                row[name] = self._definition(told["kpi"], value)
            elif name == "restatement" or (table is schema.restatement and name == "id"):
                row[name] = self.restatements[value]
            else:
                row[name] = base64.b64decode(value) if isinstance(column.type, sa.LargeBinary) else value
        return row

    def _series(self, names: Sequence[tuple[str, ...]]) -> list[int]:
        """The number of each series; new ones follow those that there are."""
        new = [name for name in dict.fromkeys(names) if name not in self.series]
        self.series |= {name: number for number, name in enumerate(new, start=len(self.series) + 1)}
        rows = [{"id": self.series[name], **dict(zip(SERIES, name, strict=True))} for name in new]
        self._insert(schema.series, rows)
        return [self.series[name] for name in names]

    # -- a log -----------------------------------------------------------------------------------------------------

    def _log(self, log: Log) -> None:
        """Apply every row that was written into a log, one after the other."""
        events = self._events(log)
        kept, revision, taken, until = _replayed(events)
        series, period = events.series[kept], events.period[kept]
        columns: dict[str, Ints | Floats] = {"series": series, "period": period, "revision": revision}
        columns |= {"run": events.run[kept], **{name: column[kept] for name, column in events.about.items()}}
        columns |= {name: events.values[kept, at] for at, name in enumerate(log.columns)}
        if len(kept):
            self.logs.insert(log.table, columns)
        self._archive(log, events, taken, until)

        newest = np.ones(len(kept), dtype=bool)
        newest[:-1] = (series[1:] != series[:-1]) | (period[1:] != period[:-1])
        block = {number: BLOCK[Grain(name[2])] for name, number in self.series.items()}
        width = np.array([block[number] for number in series.tolist()], dtype=np.int64)
        some, _ = digests(Rows(series, period, np.empty((len(kept), 0))), width)
        there = newest & ~events.gone[kept]
        full, _ = digests(Rows(series[there], period[there], events.values[kept][there]), width[there])
        value = np.zeros(len(some.series), dtype=np.int64)
        value[np.isin(some.key, full.key)] = full.value
        rows = zip(some.series.tolist(), some.block.tolist(), value.tolist(), strict=True)
        name = log.table.name
        self._insert(schema.digest, [{"log": name, "series": s, "block": b, "value": v} for s, b, v in rows])

    def _events(self, log: Log) -> _Events:
        """The rows of all journals, in numbers."""
        name = log.table.name
        tables = [(self.runs[one.uuid], one.logs[name]) for one in self.journals if name in one.logs]
        run = np.repeat(
            np.array([number for number, _ in tables], dtype=np.int64),
            np.array([len(table) for _, table in tables], dtype=np.int64),
        )
        whole = pa.concat_tables([table for _, table in tables]) if tables else None
        if whole is None:
            nothing = np.empty(0, dtype=np.int64)
            about = {one: np.empty(0) for one in log.about if one != "run"}
            none = np.empty(0, dtype=bool)
            return _Events(nothing, nothing, nothing, about, np.empty((0, len(log.columns))), none, none)
        whole = whole.unify_dictionaries()
        values = np.column_stack(
            [
                np.nan_to_num(self._numbers(whole[one], self.encoder.word)) if one in WORDS else _floats(whole[one])
                for one in log.columns
            ]
        )
        about = {}
        if "definition" in log.about:
            about["definition"] = self._defined(whole)
            about["restatement"] = self._numbers(whole["restatement"], self.restatements.__getitem__)
        mark = values[:, log.columns.index(log.mark)].astype(np.int64)
        gone = log.gone(mark)
        values[gone] = log.withdrawn
        series, period = self._numbered(whole), whole["period"].to_numpy()
        order = np.lexsort((run, period, series))
        return _Events(
            series[order],
            period[order],
            run[order],
            {one: column[order] for one, column in about.items()},
            values[order],
            log.running(mark)[order] & ~gone[order],
            gone[order],
        )

    def _numbers(self, column: pa.ChunkedArray, number: Any) -> Floats:
        """The number of each word; NaN for null."""
        coded = column.combine_chunks()
        coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        used = set(np.unique(codes).tolist())
        words = coded.dictionary.to_pylist()
        numbers = np.array([*(number(word) if at in used else 0 for at, word in enumerate(words)), np.nan], np.float64)
        of_rows: Floats = numbers[codes]  # the last one stands at -1
        return of_rows

    def _defined(self, whole: pa.Table) -> Floats:
        """The definition of each row; NaN where a row only went."""
        kpis: dict[str, int] = {}
        names: dict[str, int] = {}
        of = self._numbers(whole["kpi"], lambda word: kpis.setdefault(word, len(kpis)))
        by = self._numbers(whole["definition"], lambda word: names.setdefault(word, len(names)))
        unique, place = np.unique(of * max(1, len(names)) + by, return_inverse=True)
        numbers = np.full(len(unique), np.nan)
        for at, code in enumerate(unique.tolist()):
            if not np.isnan(code):
                kpi, name = divmod(int(code), max(1, len(names)))
                numbers[at] = self._definition(list(kpis)[kpi], list(names)[name])
        return numbers[place]

    def _numbered(self, whole: pa.Table) -> Ints:
        """The series of each row."""
        met: list[dict[str, int]] = []
        mixed = np.zeros(len(whole), dtype=np.int64)
        for part in SERIES:
            words: dict[str, int] = {}
            codes = self._numbers(whole[part], lambda word, words=words: words.setdefault(word, len(words)))
            mixed = mixed * max(1, len(words)) + codes.astype(np.int64)
            met.append(words)
        unique, place = np.unique(mixed, return_inverse=True)
        names = []
        for code in unique.tolist():
            name: list[str] = []
            rest = code
            for words in reversed(met):
                rest, at = divmod(rest, max(1, len(words)))
                name.insert(0, list(words)[at])
            names.append(tuple(name))
        ordered = sorted(names)
        numbers = dict(zip(ordered, self._series(ordered), strict=True))
        return np.array([numbers[name] for name in names], dtype=np.int64)[place]

    def _archive(self, log: Log, events: _Events, taken: list[tuple[int, int]], until: Ints) -> None:
        """Keep aside what runs replaced in place: `taken` are rows and their revisions, `until` the runs."""
        if not taken:
            return
        kpis = {number: name[0] for name, number in self.series.items()}
        rows, revision = (np.array(column, dtype=np.int64) for column in zip(*taken, strict=True))
        of = np.array([kpis[number] for number in events.series[rows].tolist()])
        order = np.lexsort((events.period[rows], events.series[rows], of, until))
        rows, revision, of, until = rows[order], revision[order], of[order], until[order]
        edges = np.flatnonzero((until[1:] != until[:-1]) | (of[1:] != of[:-1])) + 1
        found = []
        for group in np.split(np.arange(len(rows)), edges):
            at = rows[group]
            columns: dict[str, Ints | Floats] = {"series": events.series[at], "period": events.period[at]}
            columns |= {"revision": revision[group], "run": events.run[at]}
            columns |= {name: column[at] for name, column in events.about.items()}
            columns |= {name: events.values[at, index] for index, name in enumerate(log.columns)}
            first = group[0]
            found.append(
                {
                    "run": int(until[first]),
                    "kpi": str(of[first]),
                    "log": log.table.name,
                    "since": int(events.run[at].min()),
                    "rows": archive.pack(columns),
                }
            )
        self._insert(schema.replaced, found)


_TIMES = ("started", "finished", "now")


def _floats(column: pa.ChunkedArray) -> Floats:
    numbers: Floats = column.to_numpy()
    return numbers.astype(np.float64)


def _replayed(events: _Events) -> tuple[Ints, Ints, list[tuple[int, int]], Ints]:
    """What is kept of the rows that runs wrote, and its revisions; what was replaced, its revisions, and by which runs.

    The rule is that of `diff.compare`. Most periods were written once, which needs no look at all.
    """
    total = len(events.series)
    opens = np.ones(total, dtype=bool)
    opens[1:] = (events.series[1:] != events.series[:-1]) | (events.period[1:] != events.period[:-1])
    start = np.flatnonzero(opens)
    size = np.diff(np.append(start, total))
    revision = np.zeros(total, dtype=np.int64)  # 0: not kept
    once = start[size == 1]
    revision[once[~events.gone[once]]] = 1
    alike = np.zeros(total, dtype=bool)
    alike[1:] = same(events.values[:-1], events.values[1:])

    definition = events.about.get("definition")
    taken: list[tuple[int, int]] = []
    until: list[int] = []
    many = size > 1
    for first, count in zip(start[many].tolist(), size[many].tolist(), strict=True):
        newest = -1
        for at in range(first, first + count):
            if newest < 0:
                if not events.gone[at]:
                    newest, revision[at] = at, 1
                continue
            before = int(revision[newest])
            if events.gone[at] and events.gone[newest]:
                continue
            if alike[at] if newest == at - 1 else _same(events.values, newest, at):
                continue
            if definition is not None and np.isnan(definition[at]):  # a row that went, and left no mark of its own
                definition[at] = definition[newest]
            if not events.running[newest]:
                newest, revision[at] = at, before + 1
                continue
            taken.append((newest, before))
            until.append(int(events.run[at]))
            revision[newest] = 0
            newest = -1 if events.gone[at] and before == 1 else at
            if newest == at:
                revision[at] = before
    kept = np.flatnonzero(revision)
    return kept, revision[kept], taken, np.array(until, dtype=np.int64)


def _same(values: Floats, one: int, other: int) -> bool:
    return bool(same(values[one : one + 1], values[other : other + 1])[0])


def _newest(table: sa.Table, states: Sequence[State], runs: Mapping[str, int]) -> list[Mapping[str, Any]]:
    """How things stand, of what several ledgers say: of each source, or rule-cell, who looked at it last is right."""
    keys = [column.name for column in table.primary_key if column.name != "run"]
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for state in states:
        for row in state.rows.get(table.name, ()):
            known = found.get(key := tuple(row[name] for name in keys))
            if known is None or runs[known["run"]] <= runs[row["run"]]:
                found[key] = row
    return list(found.values())

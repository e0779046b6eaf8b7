"""What each run did, under names instead of this ledger's numbers: the form in which a ledger travels.

A `Journal` is one run, or one decision: its row, how it calculated, what it added to each table, and every row that it
wrote into the logs, also those that later runs replaced in place. From the journals of all runs, in order, the ledger
follows (`rebuild`). How far sources were read has no history; a `State` holds it as it stood after one run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import archive, schema
from headway.ledger.diff import Floats, Ints, Rows
from headway.ledger.encode import OBSERVATION, VERDICT
from headway.ledger.renames import parts_called
from headway.model import Flag, Reason

#: The logs, and the numbers of their rows.
LOGS: Mapping[str, tuple[str, ...]] = {"observation": OBSERVATION, "verdict": VERDICT}
#: Tables to which a run adds rows, besides the logs.
ADDED = (
    *(schema.attempt, schema.load, schema.checked, schema.entry, schema.renamed),
    *(schema.restatement, schema.proposed, schema.decision),
    *(schema.notice, schema.delivery, schema.acknowledgement, schema.silence, schema.event, schema.review),
    *(schema.edition, schema.posting),
)
#: Tables that tell how things stand now.
STANDING = (schema.footprint, schema.alerting)
#: Tables that follow from the others, or only number names.
FOLLOWING = (schema.series, schema.word, schema.digest, schema.replaced)

#: What names a series.
SERIES = ("kpi", "part", "grain", "cell")
#: Columns of words, in rows of numbers.
WORDS = frozenset({"reason", "status"})
#: Rows fetched at once.
CHUNK = 20_000

_WORD = pa.dictionary(pa.int32(), pa.string())


def log_schema(log: str) -> pa.Schema:
    """The rows that a run wrote into a log. One without a value that is flagged `Flag.GONE`, or has no status, went."""
    about = ("definition", "restatement") if log == "observation" else ()
    fields = [pa.field(name, _WORD) for name in SERIES] + [pa.field("period", pa.int64())]
    fields += [pa.field(name, _WORD) for name in about]
    return pa.schema(fields + [pa.field(name, _WORD if name in WORDS else pa.float64()) for name in LOGS[log]])


@dataclass(frozen=True)
class Journal:
    """One run: its row, the run that it followed, and what it added. `definitions` are those that it used first."""

    run: Mapping[str, Any]
    after: str | None
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    added: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    logs: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        """Its name in every copy of the ledger."""
        return str(self.run["uuid"])

    @property
    def order(self) -> tuple[str, str]:
        """Runs follow each other by the moment at which they ended, in every copy alike."""
        return str(self.run["finished"]), self.uuid


@dataclass(frozen=True)
class State:
    """How things stood after a run: the rows of the tables `STANDING`."""

    order: tuple[str, str]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Catalogue:
    """A catalogue, and the files that it was read from, packed as they are stored."""

    text: str
    files: bytes | None = None


class Names:
    """The names of what a ledger has numbered: runs, series, definitions, restatements, words."""

    def __init__(self, connection: sa.Connection) -> None:
        t = schema
        self.runs: dict[int, str] = dict(
            connection.execute(sa.select(t.run.c.id, t.run.c.uuid).order_by(t.run.c.id)).all()
        )
        self.series = {row[0]: tuple(row[1:]) for row in connection.execute(sa.select(t.series))}
        self.words: dict[int, str] = dict(connection.execute(sa.select(t.word.c.id, t.word.c.text)).all())
        self.definitions = {row.id: definition_name(row) for row in connection.execute(sa.select(t.definition))}
        self.restatements: dict[int, str] = {}
        count: dict[int, int] = defaultdict(int)
        r = t.restatement.c
        for number, run in connection.execute(sa.select(r.id, r.run).distinct().order_by(r.id)):
            count[run] += 1
            self.restatements[number] = f"{self.runs[run]}/{count[run]}"

    def told(self, table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a table, under names, as JSON can say it."""
        said: dict[str, Any] = {}
        for column in table.c:
            value = row[column.name]
            if column.name == "series":
                said |= dict(zip(SERIES, self.series[value], strict=True))
            elif value is None:
                said[column.name] = None
            elif column.name in ("run", "latest"):
                said[column.name] = self.runs[value]
            elif column.name == "definition":
                said["definition"] = self.definitions[value]
            elif column.name == "restatement" or (table is schema.restatement and column.name == "id"):
                said[column.name] = self.restatements.get(value)  # 0 is none
            elif column.name in WORDS and isinstance(column.type, sa.SmallInteger):
                said[column.name] = self.words.get(value)
            else:
                said[column.name] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        return said


def definition_name(row: Any) -> str:
    """A definition's name in every copy of the ledger, whatever its KPI is called there."""
    return hashlib.sha256(f"{row.fingerprint}\n{row.sql}".encode()).hexdigest()[:32]


def read(connection: sa.Connection, wanted: set[str] | None = None) -> list[Journal]:
    """The journals of runs, by their uuids, or of all; in the order of the ledger."""
    names = Names(connection)
    chosen = [number for number, uuid in names.runs.items() if wanted is None or uuid in wanted]
    if not chosen:
        return []
    before = dict(zip(list(names.runs)[1:], names.runs.values(), strict=False))
    definitions = _definitions(connection, names)
    added = {table.name: _added(connection, table, names, chosen) for table in ADDED}
    logs = {log: _written(connection, log, names, chosen) for log in LOGS}
    runs = {row.id: row._asdict() for row in connection.execute(sa.select(schema.run))}
    return [
        Journal(
            {name: _json(value) for name, value in runs[number].items() if name != "id"},
            before.get(number),
            definitions[number],
            {name: rows[number] for name, rows in added.items() if number in rows},
            {log: tables[number] for log, tables in logs.items() if number in tables},
        )
        for number in chosen
    ]


def state(connection: sa.Connection) -> State | None:
    """How things stand now; None if there was no run yet."""
    names = Names(connection)
    last = connection.execute(sa.select(schema.run).order_by(schema.run.c.id.desc()).limit(1)).first()
    if last is None:
        return None
    rows = {
        table.name: [
            names.told(table, row._asdict())
            for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        ]
        for table in STANDING
    }
    return State((_json(last.finished), last.uuid), {name: found for name, found in rows.items() if found})


def by_todays_names(journals: Sequence[Journal]) -> list[Journal]:
    """The same, in order, under the names that the last one knows: `formerly` carries names back to earlier runs.

    Who exported a run after a rename has told it under the new name already.
    """
    later = list(journals)
    for at, one in enumerate(journals):
        for row in one.added.get(schema.renamed.name, ()):
            later[:at] = [_renamed(journal, row) for journal in later[:at]]
    return later


def _renamed(one: Journal, rename: Mapping[str, Any]) -> Journal:
    """A journal, after a KPI or a value of its breakdown was called otherwise."""
    added = dict(one.added)
    alerts = (schema.notice, schema.acknowledgement)
    of_kpi = (schema.attempt, schema.entry, schema.checked, schema.proposed, schema.review, *alerts)
    for table in (schema.proposed, *alerts) if rename["column"] else of_kpi:
        if table.name in added:
            added[table.name] = _unique(table, [_called(row, rename) for row in added[table.name]])
    if not rename["column"] and (told := schema.restatement.name) in added:
        old, new = rename["old"], rename["new"]
        added[told] = [dict(row) | {"kpis": parts_called(row["kpis"], old, new)} for row in added[told]]
    logs = {log: _rows_called(table, rename) for log, table in one.logs.items()}
    return Journal(one.run, one.after, one.definitions, added, logs)


def _called(row: Mapping[str, Any], rename: Mapping[str, Any]) -> dict[str, Any]:
    """A row under today's names."""
    old, new, column = rename["old"], rename["new"], rename["column"]
    found = dict(row)
    if not column:
        for name in ("kpi", "subject"):
            if found.get(name) == old and (name == "kpi" or found.get("of") == "kpi"):
                found[name] = new
        if found.get("subject") == f"kpi {old}":  # of a rule-cell
            found["subject"] = f"kpi {new}"
    elif rename["kpi"] == found.get("kpi") or found.get("subject") == f"kpi {rename['kpi']}":
        found["cell"] = _cell(found["cell"], column, old, new)
    return found


def _unique(table: sa.Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with different keys: where a run knew both names, the row of the new one stands last, and is right."""
    keys = [key for column in table.primary_key if column.name != "run" for key in _names_of(column.name)]
    return list({tuple(row[key] for key in keys): row for row in rows}.values())


def _names_of(column: str) -> tuple[str, ...]:
    return SERIES if column == "series" else (column,)


def _rows_called(table: pa.Table, rename: Mapping[str, Any]) -> pa.Table:
    """Rows of a log under today's names."""
    old, new, column = rename["old"], rename["new"], rename["column"]
    name = "cell" if column else "kpi"
    words: list[str] = table[name].cast(pa.string()).to_pylist()
    if column:
        kpis = table["kpi"].cast(pa.string()).to_pylist()
        met = {word: _cell(word, column, old, new) for word in set(words)}
        told = [met[word] if kpi == rename["kpi"] else word for word, kpi in zip(words, kpis, strict=True)]
    else:
        told = [new if word == old else word for word in words]
    if told == words:
        return table
    return table.set_column(table.column_names.index(name), name, pa.array(told, pa.string()).cast(_WORD))


def _cell(cell: str, column: str, old: str, new: str) -> str:
    values = json.loads(cell) if cell else {}
    return json.dumps(values | {column: new}, ensure_ascii=False) if values.get(column) == old else cell


def catalogues(connection: sa.Connection, fingerprints: set[str]) -> dict[str, Catalogue]:
    """The catalogues with these fingerprints."""
    rows = connection.execute(sa.select(schema.catalogue))
    return {row.fingerprint: Catalogue(row.text, row.files) for row in rows if row.fingerprint in fingerprints}


def _json(value: Any) -> Any:
    return schema.moment_text(value) if isinstance(value, datetime) else value


def _definitions(connection: sa.Connection, names: Names) -> dict[int, dict[str, dict[str, Any]]]:
    """The definitions that each run was the first to use."""
    a, d = schema.attempt.c, schema.definition
    first: dict[int, int] = dict(
        connection.execute(sa.select(a.definition, sa.func.min(a.run)).group_by(a.definition)).all()
    )
    found: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in connection.execute(sa.select(d).order_by(d.c.id)):
        told = {name: getattr(row, name) for name in ("fingerprint", "sql", "lineage")}
        found[first.get(row.id, next(iter(names.runs)))][names.definitions[row.id]] = told
    return found


def _added(
    connection: sa.Connection, table: sa.Table, names: Names, chosen: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    """The rows that each run added to a table."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    wanted, by = set(chosen), adder(table)
    query = sa.select(table).where(table.c[by] >= min(chosen)).order_by(*table.primary_key.columns)
    for row in connection.execute(query):
        run = getattr(row, by)
        if run in wanted:
            told = names.told(table, row._asdict())
            del told[by]
            found[run].append(told)
    return found


def adder(table: sa.Table) -> str:
    """The column that says which run added a row."""
    return "latest" if table is schema.restatement else "run"


# -- what was written into a log ---------------------------------------------------------------------------------------


def _written(connection: sa.Connection, log: str, names: Names, chosen: Sequence[int]) -> dict[int, pa.Table]:
    """The rows that each run wrote into a log, sorted by name and period."""
    table = schema.metadata.tables[log]
    about = tuple(name for name in ("definition", "restatement") if name in table.c)
    columns = ("run", "series", "period", *about, *LOGS[log])
    runs = np.array(chosen, dtype=np.int64)
    parts = [np.empty((0, len(columns)))]
    query = sa.select(*(table.c[name] for name in columns)).where(table.c.run >= min(chosen))
    with connection.execute(query) as result:
        assert result.cursor is not None
        while fetched := result.cursor.fetchmany(CHUNK):
            parts.append(np.array(fetched, dtype=np.float64))  # None becomes NaN
    taken: list[tuple[int, Floats]] = []
    t = schema.replaced.c
    for run, packed in connection.execute(sa.select(t.run, t.rows).where(t.log == log, t.run >= min(chosen))):
        old = archive.unpack(packed)
        size = len(old["run"])
        rows = np.column_stack([old.get(name, np.full(size, np.nan)) for name in columns])
        parts.append(rows)
        taken.append((run, rows))
    found = np.concatenate(parts)
    found = found[np.isin(found[:, 0], runs)]
    found = np.concatenate([found, _gone(columns, names, found, taken, set(chosen))])

    place = {number: at for at, number in enumerate(names.series)}
    at = np.array([place[number] for number in found[:, 1].astype(np.int64).tolist()], dtype=np.int64)
    by_name = np.argsort(np.array(sorted(range(len(place)), key=list(names.series.values()).__getitem__), np.int64))
    order = np.lexsort((found[:, 2], by_name[at] if len(at) else at, found[:, 0]))
    found, at = found[order], at[order]
    whole = _named(log, columns, names, found, at)
    edges = np.searchsorted(found[:, 0], runs), np.searchsorted(found[:, 0], runs, side="right")
    return {
        number: whole.slice(first, last - first)
        for number, first, last in zip(chosen, *(edge.tolist() for edge in edges), strict=True)
        if last > first
    }


def _gone(
    columns: tuple[str, ...], names: Names, written: Floats, taken: list[tuple[int, Floats]], chosen: set[int]
) -> Floats:
    """Rows that say so where a run took away a row of a running period and wrote none in its place."""
    by_run = np.argsort(written[:, 0], kind="stable")
    runs = written[by_run, 0]
    word = next((number for number, text in names.words.items() if text == Reason.NO_ROWS), 0)
    mark = {"flags": float(Flag.GONE), "reason": float(word), "status": 0.0}
    found = [np.empty((0, len(columns)))]
    for run, rows in taken:
        if run not in chosen:
            continue
        of_run = written[by_run[slice(*np.searchsorted(runs, [run, run + 1]))]]
        lost = rows[~np.isin(_key(rows), _key(of_run))]
        gone = np.column_stack([np.full(len(lost), mark.get(name, np.nan)) for name in columns])
        gone[:, 0], gone[:, 1:3] = run, lost[:, 1:3]
        found.append(gone)
    return np.concatenate(found)


def _key(rows: Floats) -> Ints:
    series, period = rows[:, 1].astype(np.int64), rows[:, 2].astype(np.int64)
    return Rows(series, period, np.empty((len(rows), 0))).key


def _named(log: str, columns: tuple[str, ...], names: Names, found: Floats, at: Ints) -> pa.Table:
    """Rows of numbers as a table of names, schema `log_schema`."""
    arrays: dict[str, pa.Array] = {"period": pa.array(found[:, 2].astype(np.int64))}
    for index, name in enumerate(SERIES):
        arrays[name] = _coded(at, [series[index] for series in names.series.values()])
    known: dict[str, Mapping[int, str]] = {
        "definition": names.definitions,
        "restatement": names.restatements,
        **dict.fromkeys(WORDS, names.words),
    }
    for index, name in enumerate(columns[3:], start=3):
        column = np.ascontiguousarray(found[:, index])
        if name in known:
            arrays[name] = _words(column, known[name])
        else:
            arrays[name] = pa.array(column, from_pandas=True)  # NaN becomes null
    wanted = log_schema(log)
    return pa.table([arrays[name] for name in wanted.names], schema=wanted)


def _words(column: Floats, names: Mapping[int, str]) -> pa.Array:
    """Numbers as what they stand for; null and 0 are nothing."""
    numbers = np.nan_to_num(column).astype(np.int64)
    ids = np.array([0, *sorted(names)], dtype=np.int64)
    return _coded(np.searchsorted(ids, numbers), [None, *(names[number] for number in ids[1:].tolist())])


def _coded(at: Ints, words: Sequence[str | None]) -> pa.Array:
    """A dictionary array, in which each word stands once."""
    met: dict[str, int] = {}
    codes = np.array([-1 if word is None else met.setdefault(word, len(met)) for word in words], dtype=np.int32)
    chosen = codes[at] if len(codes) else np.empty(0, dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(chosen, mask=chosen < 0), pa.array(list(met), pa.string()))

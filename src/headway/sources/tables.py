"""Sources that are tables of a SQLite database, opened for reading only and streamed into Arrow.

SQLite knows no types of columns, only of values: one pass asks which occur, and a column of several kinds is of texts.
An address `env:NAME` stands in the environment and is told to nobody.
"""

from __future__ import annotations

import difflib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from headway import timed
from headway.errors import Mistake, SourceError
from headway.model import Located, Source, TableReader

_BATCH = 50_000
_ENVIRONMENT = "env:"
#: What SQLite says (a part of it), what we say, and the remedy.
_TROUBLE = (
    ("locked", "is locked by another program", "Try again when it is free."),
    ("busy", "is locked by another program", "Try again when it is free."),
    ("Could not decode", "holds a text that is not UTF-8", "Mend the text; bytes that are no text belong in a BLOB."),
    ("no such", "has a view of something that is not there", "Mend the view, or read a table."),
)
_DAMAGED = ("is no SQLite database, or a damaged one", "Check 'database' in the source's 'read'.")


def locate(source: Source, reader: TableReader, root: Path) -> Located:
    """All rows of a table or view. SourceError if the database or the table is not there, or is damaged."""
    place = source.places.get("read", source.place)
    path, shown = address(source, reader, root)
    if not path.is_file():
        message = f"source {source.name}: there is no database {shown}"
        raise SourceError(Mistake(message, "missing-file", place, "Check 'database' in the source's 'read'."))
    if not os.access(path, os.R_OK):
        message = f"source {source.name}: {shown} may not be read by this user"
        raise SourceError(Mistake(message, "unreadable-file", place, "Allow the user who runs Headway to read it."))
    stat = path.stat()
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as database,
            timed.stopped_by(database.interrupt),
        ):
            database.execute("BEGIN")  # what it holds now, whoever writes to it meanwhile
            names = [
                name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            ]
            if reader.table not in names:
                near = difflib.get_close_matches(reader.table, names, n=1)
                remedy = f"Did you mean '{near[0]}'?" if near else f"It has: {', '.join(sorted(names)) or 'no tables'}."
                message = f"source {source.name}: {shown} has no table '{reader.table}'"
                raise SourceError(Mistake(message, "missing-file", place, remedy))
            table, notes = _read(database, reader.table)
    except sqlite3.DatabaseError as error:
        why, remedy = next(((why, remedy) for said, why, remedy in _TROUBLE if said in str(error)), _DAMAGED)
        raise SourceError(Mistake(f"source {source.name}: {shown} {why}", "broken-file", place, remedy)) from error
    stamps = ((shown, stat.st_size, stat.st_mtime_ns),)
    return Located(source.name, "arrow", (), table=table, stamps=stamps, notes=notes)


def address(source: Source, reader: TableReader, root: Path) -> tuple[Path, str]:
    """Where the database is, and what to call it in front of people."""
    if not reader.database.startswith(_ENVIRONMENT):
        return root / reader.database, reader.database
    name = reader.database.removeprefix(_ENVIRONMENT)
    if not os.environ.get(name):
        message = f"source {source.name}: the environment variable {name} is not set"
        place = source.places.get("read", source.place)
        raise SourceError(Mistake(message, "missing-environment", place, f"Set {name} to the path of the database."))
    return root / os.environ[name], reader.database


def _read(database: sqlite3.Connection, table: str) -> tuple[pa.Table, tuple[str, ...]]:
    quoted = _identifier(table)
    names = [row[1] for row in database.execute(f"PRAGMA table_info({quoted})")]
    kinds = ", ".join(f"group_concat(DISTINCT typeof({_identifier(name)}))" for name in names)
    found = database.execute(f"SELECT {kinds} FROM {quoted}").fetchone()  # noqa: S608  # names are quoted
    types: dict[str, pa.DataType] = {}
    left_out = []
    for name, kinds_of_one in zip(names, found, strict=True):
        kinds_found = set((kinds_of_one or "null").split(",")) - {"null"}
        if "blob" in kinds_found:
            left_out.append(name)
        elif kinds_found == {"integer"}:
            types[name] = pa.int64()
        elif kinds_found and kinds_found <= {"integer", "real"}:
            types[name] = pa.float64()
        else:
            types[name] = pa.string()
    schema = pa.schema(list(types.items()))
    picked = ", ".join(
        f"CAST({_identifier(name)} AS TEXT)" if type_ == pa.string() else _identifier(name)
        for name, type_ in types.items()
    )
    rows = database.execute(f"SELECT {picked} FROM {quoted}")  # noqa: S608  # names are quoted
    notes = (f"left out, as they hold binary data: {', '.join(left_out)}",) if left_out else ()
    return pa.Table.from_batches(_batches(rows, schema), schema), notes


def _batches(rows: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while batch := rows.fetchmany(_BATCH):
        columns = zip(*batch, strict=True)
        yield pa.record_batch([pa.array(c, t) for c, t in zip(columns, schema.types, strict=True)], schema=schema)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

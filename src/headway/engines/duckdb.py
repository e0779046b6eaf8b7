"""The default engine: DuckDB in this process. It makes a relation of each source and answers a plan's query in Arrow.

Parquet is read in place, through a view. Text files are parsed once, into a table of exact types: what does not fit
its column's type is an error with file, line and value. Everything stays on this machine: no extension is fetched, and
a query can read the attached sources and the tables given with it, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import duckdb
import pyarrow as pa
from sqlglot import exp

from headway.engines import columns, delimited
from headway.engines.columns import identifier, literal
from headway.errors import Mistake, QueryError, SourceError
from headway.model import ColumnType, Located, Source, SqlType

_NO_TABLES: Mapping[str, pa.Table] = MappingProxyType({})
#: Types of files that know their types which may stand for a declared one without loss.
_STANDS_FOR: Mapping[SqlType, frozenset[str]] = {
    "text": frozenset({"text"}),
    "integer": frozenset({"integer", "number"}),
    "number": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp"}),
    "timestamptz": frozenset({"timestamp"}),
    "list": frozenset({"list"}),
    "other": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Attached:
    """What attaching a source found: its columns, its rows, what reading left out, and sentences for people."""

    columns: Mapping[str, SqlType]
    rows: int
    removed: Mapping[str, int]
    notes: tuple[str, ...]


class DuckDB:
    """One in-memory DuckDB. Use it as a context manager; one thread at a time.

    `temporary` is the folder for what does not fit into memory (default: beside the system's temporary files).
    """

    def __init__(self, temporary: Path | None = None, memory: str = "70%") -> None:
        self._con = duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        self._con.execute("SET TimeZone = 'UTC'")
        self._con.execute("SET preserve_insertion_order = false")
        self._con.execute(f"SET memory_limit = {literal(memory)}")
        if temporary is not None:
            temporary.mkdir(parents=True, exist_ok=True)
            self._con.execute(f"SET temp_directory = {literal(str(temporary))}")
        self.attached: dict[str, Attached] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the memory and the temporary files."""
        self._con.close()

    # -- sources -------------------------------------------------------------------------------------------------

    def attach(self, source: Source, located: Located) -> Mapping[str, SqlType]:
        """Make a relation named like the source, and say what its columns are.

        `attached[source.name]` keeps the rows counted, what was left out and the notes. SourceError lists every
        column that is missing, of another type, or holds a value that cannot be read.
        """
        with _as_source_error(source, located):
            match located.kind:
                case "parquet":
                    files = ", ".join(literal(str(path)) for path in located.files)
                    found = self._con.sql(f"FROM read_parquet([{files}], union_by_name = true)")
                    found.create_view(source.name)
                case "csv":
                    self._read_text(source, located)
                case _:
                    raise NotImplementedError(located.kind)
            relation = self._con.table(source.name) if located.kind != "parquet" else self._con.view(source.name)
            types = {
                name: columns.sql_type(str(type_)) for name, type_ in zip(relation.columns, relation.types, strict=True)
            }
            rows = self._count(source.name)
        self.attached[source.name] = Attached(types, rows, dict(located.removed), located.notes)
        return types

    def _count(self, name: str) -> int:
        return int(self._con.sql(f"FROM {identifier(name)}").aggregate("count(*)").fetchall()[0][0])

    def _read_text(self, source: Source, located: Located) -> None:
        heads = {path: delimited.header(path, located.format) for path in located.files}
        texts = f"{source.name} as text"
        relation: duckdb.DuckDBPyRelation | None = None
        for path, head in heads.items():
            assert head is not None
            names = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in head.names)
            rows = self._con.sql(
                f"FROM read_csv({literal(str(path))}, auto_detect = false, header = false, skip = {head.skip},"
                f" columns = {{{names}}}, delim = {literal(head.separator)}, quote = '\"', escape = '\"',"
                " strict_mode = true, max_line_size = 16777216)"
            )
            relation = rows if relation is None else relation.union(rows)
        assert relation is not None
        relation.create(texts)
        form = located.format
        wanted = {name: source.columns.get(name) or self._guess(texts, name, located) for name in relation.columns}
        typed = []
        for name, type_ in wanted.items():
            reading = columns.read(name, type_, form, source.times_in, self._any(texts, columns.zoned(name, form)))
            typed.append(f"{reading.value} AS {identifier(name)}")
        self._con.table(texts).project(", ".join(typed)).create(source.name)
        self._con.execute(f"DROP TABLE {identifier(texts)}")

    def _any(self, table: str, condition: str) -> bool:
        return bool(self._con.table(table).aggregate(f"coalesce(bool_or({condition}), false)").fetchall()[0][0])

    def _guess(self, table: str, name: str, located: Located) -> ColumnType:
        form = located.format
        if not self._any(table, f"{columns.present(name, form)} IS NOT NULL"):
            return "text"
        zoned = self._any(table, columns.zoned(name, form))
        for guess in columns.GUESSES:
            reading = columns.read(name, guess, form, "UTC", zoned)
            if not self._any(table, f"({reading.bad}) OR ({columns.unlike(name, guess, form)})"):
                return guess
        return "text"

    # -- queries -------------------------------------------------------------------------------------------------

    def sql(self, query: exp.Query) -> str:
        """The text of a query as it runs: indented, the same each time."""
        return query.sql(dialect="duckdb", pretty=True)

    def execute(self, query: exp.Query, tables: Mapping[str, pa.Table] = _NO_TABLES) -> pa.Table:
        """Answer a query. `tables` are small Arrow tables that it names beside the sources; they are forgotten after.

        QueryError if DuckDB refuses it, or runs out of memory or disk.
        """
        for name, table in tables.items():
            self._con.register(name, table)
        try:
            with _as_query_error():
                return self._con.sql(self.sql(query)).to_arrow_table()
        finally:
            for name in tables:
                self._con.unregister(name)


@contextmanager
def _as_query_error() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(Mistake(str(error).splitlines()[0], "query-failed")) from error


@contextmanager
def _as_source_error(source: Source, located: Located) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise SourceError(Mistake(str(error).splitlines()[0], "broken-file", source.place)) from error

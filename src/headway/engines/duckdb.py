"""The default engine: DuckDB in this process. It makes a relation of each source and answers a plan's query in Arrow.

Parquet is read in place, through a view. Text files are parsed once, into a table of exact types: what does not fit
its column's type is an error with file, line and value. Everything stays on this machine: no extension is fetched, and
a query reads the attached sources and the tables given with it, nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

import duckdb
import pyarrow as pa
from sqlglot import exp

from headway import timed
from headway.engines import columns, keyed, stored
from headway.engines.columns import identifier, literal
from headway.engines.intake import Settled, settle
from headway.engines.kept import Kept
from headway.errors import Mistake, Place, QueryError, SourceError, UsageError
from headway.model import Gaps, Located, Source, SqlType, Sweep

T = TypeVar("T")
_NO_TABLES: Mapping[str, pa.Table] = MappingProxyType({})
_NONE_KEPT: Mapping[str, Kept] = MappingProxyType({})
#: Functions that a query may read rows from; all others could open files.
_ROW_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})

#: The variable of the environment that says how much memory may be used.
_MEMORY = "HEADWAY_MEMORY"
#: Unless somebody says how much, memory is one of so many parts of what DuckDB would take, and so many bytes at least.
_OF_ALL, _LEAST = 6, 10**9

#: What the readers of Parquet and its packed pages say of bytes that make no sense.
_DAMAGED = r"failed to read file|don't know what type|protocol|magic bytes|thrift|decompress|corrupt|out of buffer"


#: So many rows come at a time where an answer is taken while it comes: what is made of them stays in the cache.
_BATCH = 1 << 16

#: What stands in a query at a step that has another way.
_BY_KEYS = " DuckDB counts this by sorted keys, from the rows on: the same rows, without the steps between "


@dataclass(frozen=True, slots=True)
class Attached:
    """What attaching a source found: its columns, its rows, what reading left out, and sentences for people."""

    columns: Mapping[str, SqlType]
    rows: int
    removed: Mapping[str, int]
    notes: tuple[str, ...]
    #: How its columns are read from what is stored.
    reads: str = ""


class DuckDB:
    """One in-memory DuckDB; a context manager. Not for several threads at a time: DuckDB itself uses all cores.

    `temporary` is the folder for what does not fit into `memory`; without it, or if it cannot be made, DuckDB keeps to
    memory alone. `memory` is else what HEADWAY_MEMORY says, else with such a folder an eighth of the machine's, or 1 GB
    where that is more: given all, DuckDB would take gigabytes to save a second. UsageError if HEADWAY_MEMORY says no
    amount.
    """

    def __init__(self, temporary: Path | None = None, memory: str | None = None) -> None:
        self.attached: dict[str, Attached] = {}
        #: Relations with rows of some files of a source, and how many there are.
        self._some: dict[str, int] = {}
        self._settled: dict[str, Settled] = {}
        self._in_place: list[str] = []
        #: Sources that name people: no message quotes a value of theirs.
        self._named: set[str] = set()
        self._con = duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                # A name in a query is never a variable of this program.
                "python_enable_replacements": False,
            }
        )
        if temporary is not None:
            try:
                temporary.mkdir(parents=True, exist_ok=True)
            except OSError:  # a folder that may only be read can be checked all the same
                temporary = None
        told = memory or os.environ.get(_MEMORY)
        memory = told or (f"{max(_LEAST, self._memory() // _OF_ALL)}B" if temporary else "70%")
        # For the connection of `renew`, too. Zones are named wherever they matter; the machine's own must not.
        self._con.execute("SET GLOBAL TimeZone = 'UTC'")
        self._con.execute("SET GLOBAL preserve_insertion_order = false")
        # A quotient by 0 is no value, rather than an infinity that a mean would carry on or an error for all rows.
        self._con.execute("SET GLOBAL ieee_floating_point_ops = false")
        self._con.execute("SET GLOBAL error_on_division_by_zero = false")
        # Counted, and told by `progress`; nothing is printed.
        self._con.execute("SET enable_progress_bar = true")
        self._con.execute("SET enable_progress_bar_print = false")
        self._con.execute(f"SET temp_directory = {literal(str(temporary) if temporary else '')}")
        try:
            self._con.execute(f"SET memory_limit = {literal(memory)}")
        except duckdb.Error as error:
            wrong = Mistake(f"{_MEMORY} is no amount of memory: {memory}", "bad-value", None, "Write 4GB, or 50%.")
            raise UsageError(wrong) from error
        #: Rows that are counted outside of DuckDB have as much memory, in bytes.
        self._room = self._memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _memory(self) -> int:
        """How many bytes DuckDB takes at most: most of what there is, as long as nothing else is set."""
        return int(self._con.sql("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()[0][0])

    def close(self) -> None:
        """Free the memory and the temporary files."""
        self._con.close()

    # -- sources -------------------------------------------------------------------------------------------------

    def attach(self, source: Source, located: Located) -> Mapping[str, SqlType]:
        """Make a relation named like the source, and say what its columns are.

        `attached[source.name]` keeps the number of rows, what was left out, and notes. SourceError lists every column
        that is missing, is of another type, or holds a value that cannot be read, and says where.
        """
        self.detach(source.name)
        try:
            attached = self._run(lambda: self._attach(source, located))
        except duckdb.Error as error:
            lead = f"source {source.name}: "
            raise SourceError(_mistake(error, "broken-file", lead, source.place, masked=bool(source.people))) from error
        if located.kind == "parquet":
            self._in_place += [str(path) for path in located.files]
        self.attached[source.name] = attached
        if source.people:
            self._named.add(source.name)
        return attached.columns

    def attach_some(self, source: Source, located: Located, files: Sequence[Path]) -> str:
        """Make a relation of some Parquet files of an attached source, with rows as they are there.

        Gives its name; '' if the rows of these files alone are others than among all of them.
        """
        relation = f"{source.name} of some files"
        try:
            self._run(lambda: self._attach_some(source, located, files, relation))
        except (duckdb.Error, SourceError):
            return ""
        return relation if relation in self._some else ""

    def _attach_some(self, source: Source, located: Located, files: Sequence[Path], relation: str) -> None:
        whole, settled = self._con.sql(f"FROM {identifier(source.name)}"), self._settled[source.name]
        rows = whole.filter("FALSE")
        if files:
            with stored.opened(self._con, source, replace(located, files=tuple(files))) as raw:
                rows = raw.relation.filter(settled.keep) if settled.keep else raw.relation
                rows = rows.project(", ".join(settled.columns))
        if dict(_typed(rows)) == dict(_typed(whole)):
            self._con.execute(f"CREATE VIEW {identifier(relation)} AS {rows.sql_query()}")
            self._some[relation] = int(rows.aggregate("count(*)").fetchall()[0][0])

    def _attach(self, source: Source, located: Located) -> Attached:
        name = identifier(source.name)
        with stored.opened(self._con, source, located) as raw:
            settled = settle(source, raw)
            rows = raw.relation.filter(settled.keep) if settled.keep else raw.relation
            rows = rows.project(", ".join(settled.columns))
            kind = "VIEW" if located.kind == "parquet" else "TABLE"
            self._con.execute(f"CREATE {kind} {name} AS {rows.sql_query()}")
        relation = self._con.sql(f"FROM {name}")
        types = dict(zip(relation.columns, (columns.sql_type(str(kind)) for kind in relation.types), strict=True))
        count = int(relation.aggregate("count(*)").fetchall()[0][0])
        removed = {**located.removed, **settled.removed}
        reads = f"{raw.types}\n{settled.columns}\n{settled.keep}\n{dict(_typed(relation))}"
        self._settled[source.name] = settled
        return Attached(types, count, removed, (*located.notes, *settled.notes), reads)

    def detach(self, source: str) -> None:
        """Forget a source, if it is attached."""
        if self.attached.pop(source, None):
            kind = self._con.sql(f"FROM duckdb_views() WHERE view_name = {literal(source)}").fetchall()
            self._con.execute(f"DROP {'VIEW' if kind else 'TABLE'} {identifier(source)}")

    def seal(self) -> None:
        """Shut DuckDB off from every file but the attached ones, for the rest of its life. Nothing can be attached
        afterwards. Queries are checked in any case; this is the second lock."""
        paths = ", ".join(map(literal, self._in_place))
        for setting in (f"allowed_paths = [{paths}]", "enable_external_access = false", "lock_configuration = true"):
            self._con.execute(f"SET {setting}")

    @property
    def version(self) -> str:
        """The engine and its version: another one may round otherwise, and hash."""
        return f"duckdb {duckdb.__version__}"

    @property
    def progress(self) -> float:
        """About which share of the query that runs is done; asked from another thread. 0 where nobody knows."""
        return max(0.0, self._con.query_progress()) / 100

    # -- queries -------------------------------------------------------------------------------------------------

    def sql(self, query: exp.Query, gaps: Sequence[Gaps | Sweep] = ()) -> str:
        """The text of a query: indented, and the same each time. It says which steps are counted another way."""
        steps = {step for one in gaps for step in one.counted}
        if steps:
            query = query.copy()
        for step in query.ctes:
            if step.alias in steps:
                step.this.add_comments([_BY_KEYS])
        # sqlglot would copy the whole tree first, which takes longer than all else that it does.
        return query.sql(dialect="duckdb", pretty=True, copy=False)

    def execute(
        self,
        query: exp.Query,
        tables: Mapping[str, pa.Table] = _NO_TABLES,
        gaps: Sequence[Gaps | Sweep] = (),
        kept: Mapping[str, Kept] = _NONE_KEPT,
    ) -> pa.Table:
        """Answer a query. `tables` are small Arrow tables that it names beside the sources; they are forgotten after.

        The steps in `gaps` are counted by sorted keys, on top of what is `kept` by source. QueryError if the query
        names anything else, if DuckDB refuses it, or if memory or disk run out.
        """

        def work() -> pa.Table:
            if not gaps:
                return self._ask(query, tables)
            counts = {source: attached.rows for source, attached in self.attached.items()} | self._some
            rest, made = keyed.counted(
                query,
                gaps,
                lambda one, more, take: self._take(one, {**tables, **more}, take),
                counts,
                tables,
                self._room,
                kept,
            )
            return self._ask(rest, {**tables, **made})

        try:
            return self._run(work)
        except (duckdb.Error, MemoryError) as error:
            masked = any(table.name in self._named for table in query.find_all(exp.Table))
            raise QueryError(_mistake(error, "query-failed", masked=masked)) from error

    def _ask(self, query: exp.Query, tables: Mapping[str, pa.Table]) -> pa.Table:
        with self._rows(query, tables) as rows:
            return rows.to_arrow_table()

    def _take(self, query: exp.Query, tables: Mapping[str, pa.Table], take: Callable[[pa.RecordBatchReader], T]) -> T:
        """What `take` makes of the answer while it comes; it is never there as a whole."""
        with self._rows(query, tables) as rows, rows.to_arrow_reader(_BATCH) as batches:
            try:
                return take(batches)
            except OSError as error:
                raise _named(error) from error

    @contextmanager
    def _rows(self, query: exp.Query, tables: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyRelation]:
        """The rows of a query, which are computed when somebody asks for them, within the context."""
        self._guard(query, tables)
        for name, table in tables.items():
            self._con.register(name, table)
        try:
            yield self._con.sql(self.sql(query))
        finally:
            for name in tables:
                self._con.unregister(name)

    def _run(self, work: Callable[[], T]) -> T:
        """Let DuckDB work in a thread while this one waits, so that Ctrl-C is heard at once and ends the work."""

        def stoppable() -> T:
            with timed.stopped_by(self._con.interrupt):
                return work()

        return timed.run(stoppable)

    def renew(self) -> None:
        """Leave behind a connection that hangs in its work, and go on with another one to the same rows."""
        self._con = self._con.cursor()

    def _guard(self, query: exp.Query, tables: Mapping[str, pa.Table]) -> None:
        """Refuse a query that reads anything but attached sources, its tables and its own CTEs."""
        known = {name.lower() for name in (*self.attached, *self._some, *tables)}
        # A CTE's name is known in its own scope only; as no file's name is a plain word, none is reached by one.
        known |= {name.lower() for cte in query.find_all(exp.CTE) if (name := cte.alias_or_name).isidentifier()}
        for table in query.find_all(exp.Table):
            if isinstance(table.this, exp.Func):
                allowed = table.this.name.lower() in _ROW_FUNCTIONS or isinstance(
                    table.this, exp.Unnest | exp.GenerateSeries
                )
            else:
                allowed = not table.db and table.name.lower() in known
            if not allowed:
                name = table.sql("duckdb")
                raise QueryError(
                    Mistake(f"the query reads {name}, which is no source", "query-failed", remedy="Name a source.")
                )


def _typed(rows: duckdb.DuckDBPyRelation) -> Iterator[tuple[str, str]]:
    return zip(rows.columns, map(str, rows.types), strict=True)


def _named(error: OSError) -> duckdb.Error:
    """What DuckDB says while rows come, which Arrow tells as an error of its own, as the error that it is."""
    kind, colon, _ = str(error).partition(" Error: ")
    named = getattr(duckdb, f"{kind.title().replace(' ', '')}Exception", duckdb.Error) if colon else duckdb.Error
    return named(str(error))


def _mistake(
    error: duckdb.Error | MemoryError, slug: str, lead: str = "", place: Place | None = None, *, masked: bool = False
) -> Mistake:
    """What DuckDB refused, in the user's words; `masked` without the values of rows that it tells."""
    text = str(error)
    if "No space left" in text or "max_temp_directory_size" in text:
        return Mistake(
            f"{lead}the disk is full: rows that do not fit into memory have no place",
            "disk-full",
            place,
            "Free space on the disk that holds the project's .headway/tmp.",
        )
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return Mistake(
            f"{lead}the rows do not fit into the memory that may be used",
            "out-of-memory",
            place,
            f"Give it more ({_MEMORY}=4GB), or use fewer breakdowns or a longer grain.",
        )
    if re.search(_DAMAGED, text, re.IGNORECASE):
        named = re.search(r'file "([^"]+)"', text)
        file = f"the Parquet file {Path(named[1]).name}" if named else "a Parquet file"
        return Mistake(f"{lead}{file} is damaged", "broken-file", place, "Copy or write the file again.")
    # DuckDB's first line says what it could not do; its kind of error and its advice speak of another language.
    first = re.sub(r"^([A-Z][A-Za-z]* )+Error: ", "", text.splitlines()[0])
    if masked and isinstance(error, duckdb.InvalidInputException):
        first = "a value does not fit what is done with it; it is not told, for its source names people"
    elif masked and isinstance(error, duckdb.DataError):
        first = re.sub(r"(['\"]).*(\1|$)|(?<![\w.])\d[\d.]*", "…", first)
    return Mistake(f"{lead}{first[:1].lower()}{first[1:]}", slug, place)

"""Rows as they are stored: what DuckDB is told so that it reads a source's files without guessing, one way per kind.

Where DuckDB refuses a file, Python looks at the file itself to say what is wrong with it, and on which line.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from headway.engines import columns, delimited, documents
from headway.engines.columns import identifier, literal
from headway.engines.delimited import BrokenError, Header
from headway.engines.intake import Finder, Raw
from headway.errors import Mistake, SourceError
from headway.model import ColumnType, Located, Source

#: DuckDB reads JSON documents up to this size in bytes unless told otherwise.
_DOCUMENT = 16 * 2**20
#: Texts of files that know numbers and truths may still be times, which those files do not know.
_TIMES: tuple[ColumnType, ...] = ("date", "timestamp")


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, source: Source, located: Located) -> Iterator[Raw]:
    """The rows of a source as they are stored, as long as the context lasts. SourceError if a file is broken."""
    name = f"{source.name} as stored"
    quoted = identifier(name)
    lacking: Mapping[str, tuple[str, ...]] = {}
    find: Finder = _nowhere
    guesses: tuple[ColumnType, ...] = _TIMES
    try:
        match located.kind:
            case "parquet":
                rows, guesses = _parquet(con, source, located), ()
                lacking = _lacking(_parquet_columns(con, located))
            case "csv":
                heads = _headers(source, located)
                _delimited(con, source, located, heads, quoted)
                rows, guesses = con.sql(f"FROM {quoted}"), columns.GUESSES
                lacking = _lacking({shown(located, path): head.names for path, head in heads.items()})
                find = _in_lines(located, heads)
            case "json":
                _json(con, source, located).create(quoted)
                rows, find = con.sql(f"FROM {quoted}"), _in_documents(located)
            case "arrow":
                con.register(name, located.table)
                rows, find = con.sql(f"FROM {quoted}"), _in_blocks(located)
        rows = rows.project(", ".join(map(columns.plain, rows.columns, map(str, rows.types))))
        yield Raw(
            relation=rows,
            types=dict(zip(rows.columns, (columns.sql_type(str(kind)) for kind in rows.types), strict=True)),
            guesses=guesses,
            tidy=located.kind == "csv" or bool(located.blocks),
            form=located.format,
            find=find,
            files=_files(located),
            lacking=lacking,
        )
    finally:
        if located.kind == "arrow":
            con.unregister(name)
        else:
            con.execute(f"DROP TABLE IF EXISTS {quoted}")


def shown(located: Located, path: Path) -> str:
    """The name of a file for people: as the project names it, not where this machine keeps it."""
    names = dict(zip(located.files, (name for name, _, _ in located.stamps), strict=False))
    return names.get(path, path.name)


def _files(located: Located) -> str:
    """What is read, for messages about all of it."""
    names = [name for name, _, _ in located.stamps] or [path.name for path in located.files]
    if len(names) < 2:
        return names[0] if names else "its data"
    return f"{names[0]} and {len(names) - 1} more"


def _list(files: Sequence[Path]) -> str:
    return "[" + ", ".join(literal(str(path)) for path in files) + "]"


def _lacking(found: Mapping[str, Collection[str]]) -> Mapping[str, tuple[str, ...]]:
    """For each column that some files have, the files that have it not."""
    everywhere = dict.fromkeys(name for names in found.values() for name in names)
    lacking = {name: tuple(file for file, names in found.items() if name not in names) for name in everywhere}
    return {name: files for name, files in lacking.items() if files}


# -- Parquet -------------------------------------------------------------------------------------------------------


def _parquet(con: duckdb.DuckDBPyConnection, source: Source, located: Located) -> duckdb.DuckDBPyRelation:
    # Columns come from the files alone; folders named like `year=2026` say nothing.
    text = "FROM read_parquet({}, union_by_name = true, hive_partitioning = false)"
    try:
        return con.sql(text.format(_list(located.files)))
    except duckdb.Error as error:
        for path in located.files:
            try:
                con.sql(text.format(_list([path])))
            except duckdb.Error as reason:
                raise _broken(source, shown(located, path), "is no Parquet file, or one cut short") from reason
        raise SourceError(
            Mistake(
                f"source {source.name}: {_files(located)} do not have the same columns and types",
                "column-type",
                source.place,
                "Write the files with one schema.",
            )
        ) from error


def _parquet_columns(con: duckdb.DuckDBPyConnection, located: Located) -> Mapping[str, Collection[str]]:
    if len(located.files) == 1:
        return {}
    rows = con.sql(f"FROM parquet_schema({_list(located.files)})").project("file_name, name").fetchall()
    found: dict[str, list[str]] = {str(path): [] for path in located.files}
    for file, name in rows[0:]:
        found[file].append(name)
    # The first entry of each file is the root of its tree, not a column.
    return {shown(located, Path(file)): names[1:] for file, names in found.items()}


# -- text with separators ------------------------------------------------------------------------------------------


def _headers(source: Source, located: Located) -> Mapping[Path, Header]:
    heads = {}
    for path in located.files:
        try:
            head = delimited.header(path, located.format)
        except BrokenError as error:
            raise _broken_row(source, shown(located, path), error) from error
        if head is None:
            message = f"source {source.name}: {shown(located, path)} has no line of column names"
            remedy = "Write the file again, or take it out of the source; a file without rows still names its columns."
            raise SourceError(Mistake(message, "empty-file", source.places.get("read", source.place), remedy))
        heads[path] = head
    return heads


def _delimited(
    con: duckdb.DuckDBPyConnection, source: Source, located: Located, heads: Mapping[Path, Header], table: str
) -> None:
    """Make a table of all rows as texts."""
    alike: dict[Header, list[Path]] = {}
    for path, head in heads.items():
        alike.setdefault(head, []).append(path)
    parts = []
    for head, paths in alike.items():
        types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in head.names)
        parts.append(
            f"FROM read_csv({_list(paths)}, columns = {{{types}}}, delim = {literal(head.separator)},"
            f" skip = {head.skip}, header = false, quote = '\"', escape = '\"',"
            " auto_detect = false, strict_mode = true, hive_partitioning = false)"
        )
    if any(head.separator == delimited.SPACES for head in alike):
        _by_hand(con, source, located, heads, table)
        return
    try:
        con.sql(" UNION ALL BY NAME ".join(parts)).create(table)
    except duckdb.Error:
        # Either a row is broken, or DuckDB is too particular (line ends of two kinds, a line of megabytes).
        _by_hand(con, source, located, heads, table)


def _by_hand(
    con: duckdb.DuckDBPyConnection, source: Source, located: Located, heads: Mapping[Path, Header], table: str
) -> None:
    """Make the table of rows that Python reads."""
    tables = []
    for path, head in heads.items():
        try:
            tables.append(delimited.read(path, head))
        except BrokenError as error:
            raise _broken_row(source, shown(located, path), error) from error
    con.register("rows read by hand", pa.concat_tables(tables, promote_options="default"))
    try:
        con.sql('FROM "rows read by hand"').create(table)
    finally:
        con.unregister("rows read by hand")


def _broken_row(source: Source, file: str, error: BrokenError) -> SourceError:
    remedies = {
        "the text is not UTF-8": "Save the file as UTF-8.",
        "the compressed file is cut short or damaged": "Copy the file again.",
    }
    remedy = remedies.get(str(error), "Correct the line; a text that holds a separator or a line end stands in quotes.")
    if "header names" in str(error):
        remedy += " If the names stand on another line, or the separator is another: 'header', 'separator' in 'format'."
    place = source.places.get("read", source.place)
    return SourceError(Mistake(f"{file}:{error.line}: {error} (source {source.name})", "broken-row", place, remedy))


def _in_lines(located: Located, heads: Mapping[Path, Header]) -> Finder:
    def find(column: str, values: Collection[str]) -> tuple[str, str] | None:
        for path, head in heads.items():
            if found := delimited.find(path, head, column, values):
                return f"{shown(located, path)}:{found[0]}", found[1]
        return None

    return find


# -- JSON ----------------------------------------------------------------------------------------------------------


def _json(con: duckdb.DuckDBPyConnection, source: Source, located: Located) -> duckdb.DuckDBPyRelation:
    inner = located.format.path
    largest = max(path.stat().st_size for path in located.files)
    # Objects stay objects, texts stay texts (no text has the form '%%'), and types are those of all rows.
    text = (
        f"FROM read_json({_list(located.files)}, sample_size = -1, map_inference_threshold = -1, union_by_name = true,"
        f" dateformat = '%%', timestampformat = '%%', hive_partitioning = false,"
        f" maximum_object_size = {max(_DOCUMENT, largest + 1)})"
    )
    try:
        rows = con.sql(text)
        if inner is None:
            rows.limit(0).fetchall()
        else:
            rows = _within(rows, inner.split("."))
        # What is no object, DuckDB puts into one column called json.
        if rows.columns == ["json"] and not any(documents.has_objects(path) for path in located.files):
            raise _broken(source, _files(located), "has no rows: rows are objects, in a list or one on each line")
        # DuckDB looks at each document only when rows are made.
        return con.sql(f"FROM ({rows.sql_query()})")
    except duckdb.BinderException as error:
        message = f"source {source.name}: {_files(located)} has no list of rows at '{inner}'"
        near = difflib.get_close_matches(inner or "", con.sql(text).columns, n=1, cutoff=0.5)
        remedy = f"Did you mean '{near[0]}'?" if near else f"At the top it has: {', '.join(con.sql(text).columns)}."
        raise SourceError(
            Mistake(message, "column-missing", source.places.get("read", source.place), remedy)
        ) from error
    except duckdb.Error as error:
        for path in located.files:
            if wrong := documents.flaw(path):
                place = source.places.get("read", source.place)
                message = f"{shown(located, path)}:{wrong[0]}: no JSON: {wrong[1]} (source {source.name})"
                raise SourceError(
                    Mistake(message, "broken-row", place, "Correct the line or write the file again.")
                ) from error
        raise


def _within(rows: duckdb.DuckDBPyRelation, steps: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """The rows at the end of a path. Each list on it becomes rows, which keep what stands beside them in theirs."""
    in_list = False
    for step in steps:
        kind: Any = dict(zip(rows.columns, rows.types, strict=True)).get(step)
        kept = [name for name in rows.columns if name != step] if in_list else []
        # max_depth 2: the list becomes rows, and each row's object becomes columns.
        is_list = kind is not None and kind.id == "list"
        in_list = in_list or is_list
        inner: Any = dict(kind.children)["child"] if is_list else kind
        fields = {name.lower() for name, _ in inner.children} if getattr(inner, "id", "") == "struct" else set()
        kept = [name for name in kept if name.lower() not in fields]
        name = "" if fields else f" AS {identifier(step)}"
        columns = [*map(identifier, kept), f"unnest({identifier(step)}, max_depth := {2 if is_list else 1}){name}"]
        rows = rows.project(", ".join(columns))
    return rows


def _in_documents(located: Located) -> Finder:
    def find(column: str, values: Collection[str]) -> tuple[str, str] | None:
        for path in located.files:
            if found := documents.find(path, located.format.path, column, values):
                return f"{shown(located, path)}, record {found[0]}", found[1]
        return None

    return find


# -- rows already in Arrow -----------------------------------------------------------------------------------------


def _in_blocks(located: Located) -> Finder:
    def find(column: str, values: Collection[str]) -> tuple[str, str] | None:
        assert located.table is not None
        index = pc.index(pc.is_in(located.table[column].cast(pa.string()), pa.array(list(values))), True).as_py()
        if index < 0 or not located.blocks:
            return None
        value = located.table[column][index].as_py()
        for path, (first, count) in zip(located.files, located.blocks, strict=True):
            if index < count:
                return f"{shown(located, path)}, row {first + index}", str(value)
            index -= count
        return None

    return find


def _nowhere(column: str, values: Collection[str]) -> tuple[str, str] | None:
    return None


def _broken(source: Source, file: str, why: str) -> SourceError:
    return SourceError(
        Mistake(
            f"source {source.name}: {file} {why}",
            "broken-file",
            source.places.get("read", source.place),
            "Copy or write the file again; if it is being written while it is read, write it elsewhere and move it.",
        )
    )

"""How the simulators write rows: a mapping of columns to a CSV or Parquet file or a database, always the same bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

#: A NumPy array, an Arrow array, or a list that Arrow understands.
Column = Any


def table(columns: Mapping[str, Column]) -> pa.Table:
    """An Arrow table; NumPy days become dates, NaT and None become null."""
    return pa.table({name: _array(values) for name, values in columns.items()})


def _array(values: Column) -> pa.Array:
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        return pa.array(values.tolist(), pa.string())
    return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)


def csv(path: Path, rows: pa.Table) -> None:
    """Write a CSV file with a header; times as ISO text, missing values as nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(_printable(rows, "T"), path, options)


def parquet(path: Path, rows: pa.Table) -> None:
    """Write a Parquet file whose plain schema any reader understands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Only texts repeat: a dictionary of numbers or times costs more than it saves.
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    pyarrow.parquet.write_table(rows, path, compression="zstd", store_schema=False, use_dictionary=texts)


class Files(AbstractContextManager["Files"]):
    """Parquet and CSV files that grow batch by batch, so that memory does not grow with them."""

    def __init__(self) -> None:
        self._open: dict[Path, Any] = {}

    def add(self, path: Path, columns: Mapping[str, Column]) -> None:
        """Append rows to a file, which the first batch makes; it is whole when the context ends."""
        rows = table(columns)
        if path.suffix == ".csv":
            rows = _printable(rows)
        if path not in self._open:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[path] = _csv_writer(path, rows) if path.suffix == ".csv" else _parquet_writer(path, rows)
        self._open[path].write_table(rows)

    def close_month(self, month: str) -> None:
        """Finish the files that are named after a month."""
        for path in [path for path in self._open if path.stem == month]:
            self._open.pop(path).close()

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()


class Database(AbstractContextManager["Database"]):
    """A new SQLite file, as a copy of a system's database would be: times as text in UTC, truths as 0 and 1."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        # Nobody reads it before it is whole, so it needs no journal.
        self._connection.execute("PRAGMA journal_mode = off")
        self._connection.execute("PRAGMA synchronous = off")
        self._connection.execute("BEGIN")

    def insert(self, name: str, columns: Mapping[str, Column]) -> None:
        """Append rows to a table, which the first call makes."""
        rows = _printable(table(columns))
        typed = ", ".join(f"{field.name} {_sql_type(field.type)}" for field in rows.schema)
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({typed})")
        marks = ", ".join("?" * rows.num_columns)
        self._connection.executemany(
            f"INSERT INTO {name} VALUES ({marks})",  # noqa: S608  # names are ours
            zip(*(column.to_pylist() for column in rows.columns), strict=True),
        )

    def __exit__(self, *_: object) -> None:
        self._connection.execute("COMMIT")
        self._connection.close()


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"


def _printable(rows: pa.Table, between: str = " ") -> pa.Table:
    """The same rows, their times as ISO text, to the second."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            # Arrow prints whole seconds only from a column that holds whole seconds.
            whole = rows[field.name].cast(pa.timestamp("s"), safe=False)
            rows = rows.set_column(index, field.name, pc.strftime(whole, f"%Y-%m-%d{between}%H:%M:%S"))
        elif pa.types.is_date(field.type):
            rows = rows.set_column(index, field.name, rows[field.name].cast(pa.string()))
    return rows


def _csv_writer(path: Path, rows: pa.Table) -> Any:
    return pyarrow.csv.CSVWriter(path, rows.schema, write_options=pyarrow.csv.WriteOptions(quoting_style="needed"))


def _parquet_writer(path: Path, rows: pa.Table) -> Any:
    # Texts repeat, but for the key, which is the first column if it is an identifier.
    first = rows.column_names[0]
    texts = [
        field.name
        for field in rows.schema
        if pa.types.is_string(field.type) and not (field.name == first and first.endswith("_id"))
    ]
    return pyarrow.parquet.ParquetWriter(
        path, rows.schema, compression="zstd", store_schema=False, use_dictionary=texts
    )


def serial(prefix: str, numbers: npt.NDArray[np.integer]) -> pa.Array:
    """Text identifiers of fourteen digits, such as `s-20260300000017`, thrice as fast as `named`."""
    # Four digits at a time, from a table of them all.
    digits = np.empty((len(numbers), 4), "<u4")
    rest = numbers
    for group in (3, 2, 1, 0):
        quotient = rest // 10_000
        digits[:, group] = _FOUR_DIGITS[rest - quotient * 10_000]
        rest = quotient
    start = np.frombuffer(f"{prefix}-".encode(), np.uint8)
    text = np.empty((len(numbers), len(start) + 14), np.uint8)
    text[:, : len(start)] = start
    text[:, len(start) :] = digits.view(np.uint8)[:, 2:]
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * text.shape[1]
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(text))


#: "0000" to "9999", each as one number of four bytes.
_FOUR_DIGITS = np.frombuffer("".join(f"{number:04d}" for number in range(10_000)).encode(), "<u4")


def named(prefix: str, numbers: npt.NDArray[np.integer]) -> pa.Array:
    """Text identifiers such as `s-1024`, made in one go."""
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "-")


def pick(words: Sequence[str | None], index: np.ndarray[Any, Any]) -> pa.Array:
    """The words at these positions, as text."""
    indices = pa.array(index.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string())).cast(pa.string())


def blank(values: pa.Array, where: np.ndarray[Any, Any]) -> pa.Array:
    """The same texts, but nothing at these positions."""
    return pc.if_else(pa.array(where), None, values)


def days(dates: Sequence[date | None]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Dates as NumPy days, NaT for None."""
    return np.array([np.datetime64("NaT") if day is None else np.datetime64(day) for day in dates], "datetime64[D]")

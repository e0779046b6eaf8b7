"""How the simulators write rows: a mapping of columns to one CSV or Parquet file, always the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
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
    # Arrow prints whole seconds only from a column that holds whole seconds.
    for index, name in enumerate(rows.column_names):
        if pa.types.is_timestamp(rows.schema.field(name).type):
            rows = rows.set_column(index, name, pc.strftime(rows[name], "%Y-%m-%dT%H:%M:%S"))
    pyarrow.csv.write_csv(rows, path, options)


def parquet(path: Path, rows: pa.Table) -> None:
    """Write a Parquet file whose plain schema any reader understands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Only texts repeat: a dictionary of numbers or times costs more than it saves.
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    pyarrow.parquet.write_table(rows, path, compression="zstd", store_schema=False, use_dictionary=texts)


def named(prefix: str, numbers: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array:
    """Text identifiers such as `s-1024`, made in one go."""
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "-")


def pick(words: Sequence[str], index: np.ndarray[Any, Any]) -> pa.Array:
    """The words at these positions, as text."""
    indices = pa.array(index.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string())).cast(pa.string())


def days(dates: Sequence[date | None]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Dates as NumPy days, NaT for None."""
    return np.array([np.datetime64("NaT") if day is None else np.datetime64(day) for day in dates], "datetime64[D]")

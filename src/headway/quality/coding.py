"""Words as numbers, so that rows can be grouped and compared as whole columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def coded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Each value as an index into the list of different values."""
    found = column.combine_chunks().dictionary_encode()
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int64), found.dictionary.to_pylist()


def grouped(*columns: pa.ChunkedArray) -> Ints:
    """One number for each different combination of the columns."""
    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        found = joined(found, coded(column)[0])
    return found


def joined(a: Ints, b: Ints) -> Ints:
    """One number, from 0 without gaps, for each different pair."""
    _, place = np.unique(a * (int(b.max(initial=0)) + 1) + b, return_inverse=True)
    found: Ints = place.astype(np.int64)
    return found


def numbered(names: Sequence[object]) -> Ints:
    """The same number for the same name."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)

"""What was counted before, by the numbers that cells have now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.engines.asked import Cells, Texts
from headway.engines.inorder import Ints
from headway.engines.kept import Tables
from headway.engines.keys import Tail


def joined(several: Sequence[Tail | None]) -> Tail | None:
    """Several as one; None if one of them is not there."""
    tails = [tail for tail in several if tail]
    if len(tails) < len(several):
        return None
    columns = zip(*((tail.cell, tail.person, tail.day) for tail in tails), strict=True)
    return Tail(*map(np.concatenate, columns))


def known(cells: Cells, tables: Tables, texts: Texts) -> tuple[Mapping[str, pa.Table], Tail]:
    """What was counted before, with the numbers that cells have by these texts."""
    before = {column: tables[f"text of {column}"]["text"].combine_chunks() for column in cells}
    counts = {
        what: table.set_column(0, "cell", pa.array(renumbered(table["cell"].to_numpy(), before, texts)))
        for what, table in tables.items()
        if "cell" in table.column_names and what != "tail"
    }
    tail = tables["tail"]
    cell = renumbered(tail["cell"].to_numpy(), before, texts)
    return counts, Tail(cell, tail["person"].to_numpy(), tail["day"].to_numpy())


def renumbered(cell: Ints, before: Mapping[str, pa.Array], texts: Texts) -> Ints:
    """The numbers that cells have by `texts`, of those that they had before."""
    if all(column.equals(texts[name]) for name, column in before.items()):
        return cell
    digits: list[tuple[Ints, int]] = []
    for name, column in reversed(list(before.items())):
        cell, digit = np.divmod(cell, len(column))
        places = pc.index_in(column, value_set=texts[name]).to_numpy()
        digits.append((places[digit].astype(np.int64), len(texts[name])))
    found = np.zeros_like(cell)
    for digit, several in reversed(digits):
        found = found * several + digit
    return found


def union(some: pa.Array, others: pa.ChunkedArray) -> pa.Array:
    """Texts of both, in order."""
    found = pc.unique(pa.concat_arrays([some, *others.cast(some.type).chunks]))
    return found.take(pc.sort_indices(found))

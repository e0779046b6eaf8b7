"""What the rows of a source come to: small enough to keep, and enough to tell later which rows were changed.

A footprint is a table of sums over rows, each row standing for itself by a hash. It has two kinds of lines: one for
each local day, and one for each cell of a *sketch*, into three cells of which every row is added. What two sketches
differ by are the rows that differ, because equal rows cancel out; where these are few, some cell holds one of them
alone, which can be read from it and taken out of its other two cells, and so on until nothing is left. (Invertible
Bloom lookup tables: Eppstein, Goodrich, Uyeda, Varghese, "What's the Difference?", SIGCOMM 2011.) Where they are many,
the days still tell at least how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

#: A third of the cells of a sketch: each row is added to one cell of each third.
THIRD = 1024

#: The lines of a footprint, each a sum over rows. `cell` is null in the line of a day, `day` is null in a cell's line
#: and for rows without a day. `rows` counts, `hashes` and `keys` add up the rows' hashes and those of their keys,
#: `proofs` add up `proof(hash)`, and `days` the days' numbers since 1970.
LINES = pa.schema(
    [
        pa.field("day", pa.date32()),
        pa.field("cell", pa.int64()),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("hashes", pa.decimal128(38, 0), nullable=False),
        pa.field("keys", pa.decimal128(38, 0), nullable=False),
        pa.field("proofs", pa.decimal128(38, 0), nullable=False),
        pa.field("days", pa.decimal128(38, 0), nullable=False),
    ]
)


def proof(value: int) -> int:
    """The squares of the halves of a hash of 62 bits.

    By it a cell shows that it holds one row alone, or equal ones: the proofs of several that differ add up to more than
    as many times that of their mean.
    """
    return (value >> 31) ** 2 + (value % 2**31) ** 2


def places(value: int) -> tuple[int, int, int]:
    """The three cells to which a row with this hash is added."""
    return value % THIRD, THIRD + (value >> 20) % THIRD, 2 * THIRD + (value >> 40) % THIRD


@dataclass(frozen=True)
class Footprint:
    """What the rows of a source come to, as far as they are known before the local day `before`.

    Rows of that day and of later ones are not in it, and in the others what is dated by then is not yet known.
    `columns` are those that were read, each with its type. Footprints of different engines, or of different columns,
    can be compared by their numbers of rows alone.
    """

    source: str
    engine: str
    columns: Mapping[str, str]
    keyed: bool
    before: date
    lines: pa.Table

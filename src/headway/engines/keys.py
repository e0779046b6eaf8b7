"""Rows as integers, `person | day`, from the highest bits to the lowest; and the days that were known before them.

A key has 64 bits, or 32 where they do: these are sorted twice as fast. Persons and days count from the least that
occurs. What still does not fit has no key.

Cost, for n rows: O(n), and 4 or 8 bytes a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.engines.inorder import Ints, Unsigned, blocks, each


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as integers: `person | day` as the lower bits of a key, and the number of its value in each column."""

    keys: Unsigned
    #: How many bits are the person's and the day's, and how many of these the day's.
    bits: int
    day: int
    #: The person that is 0.
    person: int
    #: The day that is 0, counted from 1970, and how many there are to the last.
    first: int
    days: int
    codes: dict[str, Unsigned]

    def where(self, column: str) -> Rows:
        """The rows that have 1 in a column."""
        kept = self.codes[column] == 1
        codes = {name: code[kept] for name, code in self.codes.items() if name != column}
        return replace(self, keys=self.keys[kept], codes=codes)

    def fits(self, cells: int) -> bool:
        """Whether so many cells can be numbered above a key."""
        return self.bits + (cells - 1).bit_length() <= 64

    def apart(self, cell: Unsigned, cells: int) -> list[Rows]:
        """The rows of each cell, in no order, beside each other in a copy; cells have numbers from 0 on.

        Blocks are sorted by cell, which costs less than to sort all rows by it, and moved to where each cell has its
        place. The numbers have to fit above the keys.
        """
        several = blocks(self.keys)
        sizes = each(lambda block: np.bincount(cell[block], minlength=cells), several)
        counts = np.array(sizes, np.int64).reshape(-1, cells)
        ends = np.cumsum(counts.sum(axis=0))
        starts = ends - counts.sum(axis=0) + np.cumsum(counts, axis=0) - counts
        keys, place = np.empty_like(self.keys), np.uint64(self.bits)

        def move(at: int) -> None:
            here = cell[several[at]].astype(np.uint64) << place
            here |= self.keys[several[at]]
            here.sort()
            here &= np.uint64((1 << self.bits) - 1)
            own, begin = here.astype(keys.dtype), 0
            for start, count in zip(starts[at].tolist(), counts[at].tolist(), strict=True):
                keys[start : start + count] = own[begin : begin + count]
                begin += count

        each(move, range(len(several)))
        return [replace(self, keys=one, codes={}) for one in np.split(keys, ends[:-1])]


@dataclass(frozen=True, slots=True)
class Tail:
    """Of persons in cells the days that those to come are compared with. Days are counted from 1970."""

    cell: Ints
    person: Ints
    day: Ints

    @property
    def spans(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """The least and the greatest person, and day; None if there is nobody."""
        if not len(self.day):
            return None
        people, days = ((int(column.min()), int(column.max())) for column in (self.person, self.day))
        return people, days


def gather(batches: list[pa.RecordBatch], codes: Sequence[str], tails: Sequence[Tail] = ()) -> Rows | None:
    """Rows with `person` (integers), `day` and the columns `codes`, no nulls; None if 64 bits do not do.

    They can be compared with the `tails`. The list is emptied on the way, so that memory is not needed twice.
    """
    known = [spans for tail in tails if (spans := tail.spans)]
    people = _span(batches, "person", [of for of, _ in known])
    days = _span(batches, "day", [of for _, of in known])
    day, bits = _bits(days), _bits(days) + _bits(people)
    if bits > 64:
        return None
    starts = np.cumsum([0, *(batch.num_rows for batch in batches)]).tolist()
    keys = np.empty(starts[-1], fitting(bits))
    columns: dict[str, Unsigned] = {
        code: np.empty(len(keys), np.min_scalar_type(_span(batches, code)[1])) for code in codes
    }

    def fill(at: int) -> None:
        batch, batches[at] = batches[at], None
        here = slice(starts[at], starts[at + 1])
        key = keys[here]
        key[:] = _numpy(batch, "person")
        key -= keys.dtype.type(people[0] % 2 ** (8 * key.itemsize))
        key <<= keys.dtype.type(day)
        key |= above(_numpy(batch, "day"), days[0], keys.dtype)
        for code, column in columns.items():
            column[here] = _numpy(batch, code)

    each(fill, range(len(batches)))
    batches.clear()
    return Rows(keys, bits, day, people[0], days[0], days[1] - days[0] + 1, columns)


def above(numbers: npt.NDArray[np.integer], least: int, kind: np.dtype[np.unsignedinteger]) -> Unsigned:
    """How far numbers are from the least of them: unsigned differences go around, so they come out right of any."""
    far = numbers.astype(kind)
    far -= kind.type(least % 2 ** (8 * kind.itemsize))
    return far


def _numpy(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.integer]:
    column = batch.column(name)
    found: npt.NDArray[np.integer] = (column.view(pa.int32()) if pa.types.is_date32(column.type) else column).to_numpy()
    return found


def _span(batches: Iterable[pa.RecordBatch], name: str, more: Iterable[tuple[int, int]] = ()) -> tuple[int, int]:
    """The least and the greatest number of a column, and of `more`."""
    columns = [_numpy(batch, name) for batch in batches if batch.num_rows]
    ends = [*more, *each(lambda column: (int(column.min()), int(column.max())), columns)]
    return min((low for low, _ in ends), default=0), max((high for _, high in ends), default=0)


def _bits(span: tuple[int, int]) -> int:
    return (span[1] - span[0]).bit_length()


def fitting(bits: int) -> type[np.unsignedinteger]:
    """The integers that hold so many bits: of 32, or of 64."""
    return np.uint32 if bits <= 32 else np.uint64

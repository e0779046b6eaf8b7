"""Rows as integers, `person | day`, from the highest bits to the lowest; and the days that were known before them.

A key has 64 bits, or 32 where they do: these are sorted twice as fast. Persons and days count from the least that
occurs. What still does not fit has no key.

Cost, for n rows: O(n), and 4 or 8 bytes a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.engines.inorder import Ints, Unsigned, blocks, each

#: The least and the greatest of some numbers.
_Span = tuple[int, int]


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

    def where(self, column: str, wanted: Sequence[str]) -> Rows:
        """The rows that have 1 in a column, with these of the others."""
        kept = np.flatnonzero(self.codes[column] == 1)
        keys, *codes = each(lambda one: one.take(kept), [self.keys, *(self.codes[name] for name in wanted)])
        return replace(self, keys=keys, codes=dict(zip(wanted, codes, strict=True)))

    def apart(self, cell: Unsigned, cells: int) -> list[Rows]:
        """The rows of each cell, in no order, beside each other in a copy; cells have numbers from 0 on.

        Block by block: the places of few numbers are sorted faster, by their digits, than keys are.
        """
        several, kind = blocks(self.keys), np.min_scalar_type(max(cells - 1, 0))
        sizes = each(lambda block: np.bincount(cell[block], minlength=cells), several)
        counts = np.array(sizes, np.int64).reshape(-1, cells)
        ends = np.cumsum(counts.sum(axis=0))
        starts = ends - counts.sum(axis=0) + np.cumsum(counts, axis=0) - counts
        keys = np.empty_like(self.keys)

        def move(at: int) -> None:
            order = np.argsort(cell[several[at]].astype(kind, copy=False), kind="stable")
            own, begin = self.keys[several[at]][order], 0
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
    def spans(self) -> tuple[_Span, _Span] | None:
        """The least and the greatest person, and day; None if there is nobody."""
        return (_span(self.person), _span(self.day)) if len(self.day) else None


def gather(
    batches: Iterable[pa.RecordBatch], codes: Sequence[str], tails: Sequence[Tail] = (), expected: int = 0
) -> Rows | None:
    """Rows with `person` (integers), `day` and the columns `codes`, no nulls; None if 64 bits do not do.

    They can be compared with the `tails`. Batches are taken one after the other, and not kept; there is room for as
    many rows as are `expected`, and for more if they come.
    """
    growing = _Growing(codes, expected)
    spans = [found for tail in tails if (found := tail.spans)]
    fits = all(growing.reach(*both) for both in spans) and all(growing.add(batch) for batch in batches)
    return growing.rows() if fits else None


class _Growing:
    """Keys of rows as they come, before the least person and day are known, and how many bits all need.

    Until then keys count from any person and day, and go around below these; one difference brings all back. Where days
    need another bit, or keys another width, those before are made again.
    """

    def __init__(self, codes: Sequence[str], expected: int) -> None:
        # Memory that is reserved is not there before it is written.
        self._keys: Unsigned = np.empty(expected, np.uint32)
        self._codes: dict[str, Unsigned] = {code: np.empty(expected, np.uint8) for code in codes}
        self._rows = 0
        self._spans: tuple[_Span, _Span] | None = None
        #: The person and the day that are 0, and how many bits are the day's.
        self._zero, self._day = (0, 0), 0

    def reach(self, people: _Span, days: _Span) -> bool:
        """Have bits for these, too; False if 64 do not do."""
        before = self._spans or (people, days)
        self._zero = self._zero if self._spans else (people[0], days[0])
        people, days = _both(before[0], people), _both(before[1], days)
        bits = _bits(people) + _bits(days)
        kind = np.dtype(np.uint64) if bits > 32 else self._keys.dtype
        if bits > 64:
            return False
        if _bits(days) > self._day or kind != self._keys.dtype:
            self._from(before)
            self._again(_bits(days), kind)
        self._spans = people, days
        return True

    def add(self, batch: pa.RecordBatch) -> bool:
        """Take rows; False if 64 bits do not do."""
        if not batch.num_rows:
            return True
        person, day = _numpy(batch, "person"), _numpy(batch, "day")
        if not self.reach(_span(person), _span(day)):
            return False
        here, kind = slice(self._rows, self._rows + batch.num_rows), self._keys.dtype
        self._keys = with_room(self._keys, here, kind)
        key = self._keys[here]
        key[:] = above(person, self._zero[0], kind)
        key <<= kind.type(self._day)
        key += above(day, self._zero[1], kind)
        for name, codes in self._codes.items():
            code = _numpy(batch, name)
            self._codes[name] = with_room(codes, here, code.dtype)
            self._codes[name][here] = code
        self._rows = here.stop
        return True

    def rows(self) -> Rows:
        """All of them."""
        people, days = self._spans or ((0, 0), (0, 0))
        self._from((people, days))
        codes = {name: codes[: self._rows] for name, codes in self._codes.items()}
        bits, several = self._day + _bits(people), days[1] - days[0] + 1
        return Rows(self._keys[: self._rows], bits, self._day, people[0], days[0], several, codes)

    def _from(self, spans: tuple[_Span, _Span]) -> None:
        """Count from the least."""
        (person, _), (day, _) = spans
        keys, far = self._keys[: self._rows], ((person - self._zero[0]) << self._day) + day - self._zero[1]
        less = keys.dtype.type(far % 2 ** (8 * keys.itemsize))

        def move(block: slice) -> None:
            keys[block] -= less

        each(move, blocks(keys) if less else [])
        self._zero = person, day

    def _again(self, day: int, kind: np.dtype[np.unsignedinteger]) -> None:
        """Make keys with so many bits of the day, of those that count from the least."""
        keys, made = self._keys, self._keys if kind == self._keys.dtype else np.empty(len(self._keys), kind)
        before, mask = keys.dtype.type(self._day), keys.dtype.type((1 << self._day) - 1)

        def make(block: slice) -> None:
            person = (keys[block] >> before).astype(kind) << kind.type(day)
            made[block] = person | (keys[block] & mask)

        each(make, blocks(keys[: self._rows]))
        self._keys, self._day = made, day


def with_room(numbers: Unsigned, here: slice, kind: np.dtype[np.integer]) -> npt.NDArray[Any]:
    """An array of this kind with room for more numbers `here`, behind the same numbers as before."""
    if here.stop <= len(numbers) and kind == numbers.dtype:
        return numbers
    longer = np.empty(len(numbers) if here.stop <= len(numbers) else 2 * here.stop, kind)
    longer[: here.start] = numbers[: here.start]
    return longer


def above(numbers: npt.NDArray[np.integer], least: int, kind: np.dtype[np.unsignedinteger]) -> Unsigned:
    """How far numbers are from the least of them: unsigned differences go around, so they come out right of any."""
    far = numbers.astype(kind)
    far -= kind.type(least % 2 ** (8 * kind.itemsize))
    return far


def _numpy(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.integer]:
    column = batch.column(name)
    found: npt.NDArray[np.integer] = (column.view(pa.int32()) if pa.types.is_date32(column.type) else column).to_numpy()
    return found


def _span(numbers: npt.NDArray[np.integer]) -> _Span:
    return int(numbers.min()), int(numbers.max())


def _both(one: _Span, other: _Span) -> _Span:
    return min(one[0], other[0]), max(one[1], other[1])


def _bits(span: _Span) -> int:
    return (span[1] - span[0]).bit_length()


def fitting(bits: int) -> type[np.unsignedinteger]:
    """The integers that hold so many bits: of 32, or of 64."""
    return np.uint32 if bits <= 32 else np.uint64

"""The gap rollup by sorted keys: how many persons by cell, day, and the day on which each was seen before; and cohorts.

What the steps `person_days`, `gaps` and `gap_rollup` of a plan say in SQL, for any engine, is here arithmetic on one
array of integers. Each row becomes a key: `cell | person | day`, from its highest bits to its lowest. Sorted, the rows
of one person in one cell stand together, in order of their days:

    equal keys                            rows of the same person-day: one of them stays
    key - the key before > the key's day  the key before is another person's: nobody was seen before
    else                                  that difference is the gap

so that no person is ever looked at. `cell | day | gap`, sorted again, stands in runs: their lengths are the rollup.
With `days` k > 1, the key k - 1 places before says on which day the k days began, and the one before that what lay
before them.

The first key of a person tells when they joined: `cell | joined | age`, where an age is new to them, sorted and counted
in the same way, are the cohorts.

Of rows that come later only the last days of each person are asked, and the first for cohorts: the `Tail`. Sorted among
the new keys, they are passed over when these are counted; what is counted so is what there is more of, as long as no
person comes on a day before the last that is known of them.

A key has 64 bits, or 32 where they do: these are sorted twice as fast. Persons and days count from the least that
occurs. What still does not fit has no key, and is left to SQL.

Cost, for n rows: O(n log n) for two sorts, by the vector instructions of the processor, and O(n) for all else, on two
threads; 4 or 8 bytes a row for the keys, and as much again while one set of cells is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

T = TypeVar("T")

Unsigned = npt.NDArray[np.unsignedinteger]
Ints = npt.NDArray[np.int64]

#: So many keys are worked on at a time: what is made of them on the way stays in the processor's cache.
_BLOCK = 1 << 18
#: Halves are sorted at once; more threads would wait for memory.
_THREADS = 2


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


@dataclass(frozen=True, slots=True)
class Rollup:
    """Rows of the rollup, each unlike all others. Days are counted from 1970; `previous` holds where `seen` is true."""

    cell: Ints
    day: Ints
    #: Of more than one day: the day on which they began.
    begun: Ints | None
    previous: Ints
    seen: npt.NDArray[np.bool_]
    people: Ints


@dataclass(frozen=True, slots=True)
class Cohorts:
    """How many persons by cell, the day on which they were first seen there, and an age at which they were seen."""

    cell: Ints
    joined: Ints
    age: Ints
    people: Ints


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


# -- from rows to keys -------------------------------------------------------------------------------------------------


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
    keys = np.empty(starts[-1], _kind(bits))
    columns: dict[str, Unsigned] = {
        code: np.empty(len(keys), np.min_scalar_type(_span(batches, code)[1])) for code in codes
    }

    def fill(at: int) -> None:
        batch, batches[at] = batches[at], None
        here = slice(starts[at], starts[at + 1])
        key = _from(_numpy(batch, "person"), people[0], keys.dtype)
        key <<= keys.dtype.type(day)
        key |= _from(_numpy(batch, "day"), days[0], keys.dtype)
        keys[here] = key
        for code, column in columns.items():
            column[here] = _numpy(batch, code)

    each(fill, range(len(batches)))
    batches.clear()
    return Rows(keys, bits, day, people[0], days[0], days[1] - days[0] + 1, columns)


def _from(numbers: npt.NDArray[np.integer], least: int, kind: np.dtype[np.unsignedinteger]) -> Unsigned:
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


def _kind(bits: int) -> type[np.unsignedinteger]:
    return np.uint32 if bits <= 32 else np.uint64


# -- from keys to the rollup -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonDays:
    """The different person-days in each cell: keys in order, none of them twice."""

    rows: Rows
    keys: Unsigned
    #: How many bits are the cell's.
    cells: int
    #: Which of them were counted before.
    old: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, rows: Rows, cell: Unsigned | None = None, tail: Tail | None = None) -> PersonDays | None:
        """Of all rows together, or by the number of each row's cell; those of the tail count no more.

        None if 64 bits do not do, or if a row is of a day before the last one that the tail has of its person.
        """
        several = [one for one in (cell, None if tail is None else tail.cell) if one is not None and len(one)]
        cells = max((int(one.max()) for one in several), default=0).bit_length()
        if rows.bits + cells > 64:
            return None
        keys = rows.keys.astype(_kind(rows.bits + cells))
        if cell is not None and cells:
            place = keys.dtype.type(rows.bits)

            def prefix(block: slice) -> None:
                keys[block] |= cell[block].astype(keys.dtype) << place

            each(prefix, _blocks(keys))
        if tail is None:
            return cls(rows, _distinct(_sorted(keys)), cells)
        known = _from(tail.person, rows.person, keys.dtype) << keys.dtype.type(rows.day)
        known |= _from(tail.day, rows.first, keys.dtype)
        if cells:
            known |= tail.cell.astype(keys.dtype) << keys.dtype.type(rows.bits)
        keys = _distinct(_sorted(np.concatenate([keys, known])))
        old = np.zeros(len(keys), bool)
        old[np.searchsorted(keys, known)] = True
        person = keys >> keys.dtype.type(rows.day)
        late = ~old[:-1] & old[1:] & (person[:-1] == person[1:])
        return None if late.any() else cls(rows, keys, cells, old)

    def tail(self, days: int, *, first: bool) -> Tail | None:
        """So many last days of each person, with `first` also the first; None if persons need more than 63 bits."""
        bits = self.rows.bits - self.rows.day
        move, lasts = self.keys.dtype.type(self.rows.day), np.ones(len(self.keys), bool)

        def compare(block: slice) -> None:
            person = self.keys[block.start : block.stop + 1] >> move
            np.not_equal(person[:-1], person[1:], out=lasts[block.start : block.start + len(person) - 1])

        each(compare, _blocks(self.keys))
        kept = lasts.copy()
        for lag in range(1, days):
            kept[:-lag] |= lasts[lag:]
        if first:
            kept[:1] = True
            kept[1:] |= lasts[:-1]
        keys = self.keys[kept]
        day = (keys & keys.dtype.type((1 << self.rows.day) - 1)).astype(np.int64) + self.rows.first
        keys >>= move
        far = keys & keys.dtype.type((1 << bits) - 1)
        if self.rows.person < -(1 << 63) or self.rows.person + int(far.max(initial=0)) >= 1 << 63:
            return None
        # Where the sum goes around, so does what it is made of.
        person = (far.astype(np.uint64) + np.uint64(self.rows.person % (1 << 64))).view(np.int64)
        cell = (keys >> keys.dtype.type(bits)).astype(np.int64) if self.cells else np.zeros(len(keys), np.int64)
        return Tail(cell, person, day)

    def rollup(self, days: int = 1) -> Rollup | None:
        """How many persons by cell, day and the days that lie `days` and `days - 1` of their own days before it."""
        lags = (days,) if days == 1 else (days - 1, days)
        day = self.rows.day
        bits = self.cells + day * (1 + len(lags))
        if bits > 64:
            return None
        keys, codes = self.keys, np.empty(len(self.keys), _kind(bits))
        wide = np.result_type(keys, codes)
        move, mask, place = wide.type(day), wide.type((1 << day) - 1), wide.type(self.rows.bits)

        def fill(block: slice) -> None:
            here = keys[block].astype(wide, copy=False)
            at = here & mask
            code = ((here >> place) << move) | at if self.cells else at
            for lag in lags:
                gap = np.zeros_like(here)
                begin = max(block.start, lag)
                if begin < block.stop:
                    late, early = keys[begin : block.stop], keys[begin - lag : block.stop - lag]
                    np.subtract(late, early, out=gap[begin - block.start :])
                gap[gap > at] = 0
                code = (code << move) | gap
            codes[block] = code

        each(fill, _blocks(keys))
        found, people = _runs(_sorted(codes if self.old is None else codes[~self.old]))
        fields = []
        for _ in range(1 + len(lags)):
            fields.append((found & found.dtype.type((1 << day) - 1)).astype(np.int64))
            found = found >> found.dtype.type(day)
        gap, at = fields[0], fields[-1] + self.rows.first
        if days == 1:
            return Rollup(found.astype(np.int64), at, None, at - gap, gap > 0, people)
        begun = fields[1] > 0
        cell, at, gap, people = found.astype(np.int64)[begun], at[begun], gap[begun], people[begun]
        return Rollup(cell, at, at - fields[1][begun], at - gap, gap > 0, people)

    def cohorts(self, ages: npt.NDArray[np.unsignedinteger]) -> Cohorts | None:
        """How many persons were seen at which age; `ages` has that of each day, by the day on which somebody joined.

        Days count from the first. An age never falls from day to day, so each is new where the day before had another.
        """
        keys, day, width = self.keys, self.rows.day, int(ages.max(initial=0)).bit_length()
        if self.cells + day + width > 64:
            return None
        mask, move = keys.dtype.type((1 << day) - 1), keys.dtype.type(day)
        kind, table = _kind(self.cells + day + width), ages.ravel()

        def fill(block: slice) -> Unsigned:
            """From the last key of the block before on, whose age is known to have been counted."""
            here = keys[max(block.start - 1, 0) : block.stop]
            at = here & mask
            joins = np.empty(len(here), bool)
            joins[0] = True
            np.greater(here[1:] - here[:-1], at[1:], out=joins[1:])
            starts = np.flatnonzero(joins)
            firsts = at[starts]
            # The first key of a person is the first that is not below any of theirs.
            firsts[0] = keys[np.searchsorted(keys, (here[0] >> move) << move)] & mask
            joined = np.repeat(firsts, np.diff(starts, append=len(here)))
            age = table.take(joined.astype(np.int32) * np.int32(ages.shape[1]) + at.astype(np.int32))
            fresh = joins
            fresh[1:] |= age[1:] != age[:-1]
            fresh[0] = block.start == 0
            if self.old is not None:
                fresh &= ~self.old[max(block.start - 1, 0) : block.stop]
            code = joined.astype(kind)
            if self.cells:
                code |= (here >> keys.dtype.type(self.rows.bits)).astype(kind) << kind(day)
            found: Unsigned = ((code << kind(width)) | age.astype(kind))[fresh]
            return found

        found, people = _runs(_sorted(np.concatenate([np.empty(0, kind), *each(fill, _blocks(keys))])))
        joined = (found >> kind(width)) & kind((1 << day) - 1)
        cell = (found >> kind(width + day)).astype(np.int64) if self.cells else np.zeros(len(found), np.int64)
        age = found & kind((1 << width) - 1)
        return Cohorts(cell, joined.astype(np.int64) + self.rows.first, age.astype(np.int64), people)


def _sorted(keys: Unsigned) -> Unsigned:
    """The same array, in order."""
    half = len(keys) // 2
    if len(keys) > _BLOCK:
        keys.partition(half)
        each(np.ndarray.sort, [keys[:half], keys[half:]])
    else:
        keys.sort()
    return keys


def _distinct(keys: Unsigned) -> Unsigned:
    """Of keys in order each once, at the beginning of the same array."""
    kept, before = 0, None
    for block in _blocks(keys):
        here = keys[block]
        fresh = np.empty(len(here), bool)
        fresh[0] = here[0] != before
        np.not_equal(here[1:], here[:-1], out=fresh[1:])
        before, few = here[-1], here[fresh]
        keys[kept : kept + len(few)] = few
        kept += len(few)
    return keys[:kept]


def _runs(codes: Unsigned) -> tuple[Unsigned, Ints]:
    """Of numbers in order each once, and how often it stands there."""
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
    return codes[starts], np.diff(starts, append=len(codes))


def _blocks(keys: Unsigned) -> list[slice]:
    return [slice(start, min(start + _BLOCK, len(keys))) for start in range(0, len(keys), _BLOCK)]


def each(work: Callable[..., T], several: Iterable[object]) -> list[T]:
    """The work on each of several; NumPy lets threads work side by side."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, several))

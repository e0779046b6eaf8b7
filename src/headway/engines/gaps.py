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

The first key of a person tells when they joined: `cell | joined | age`, where an age is asked for and new to them,
sorted and counted in the same way, are the cohorts.

Of rows that come later only the last days of each person are asked, and the first for cohorts: the `Tail`. Sorted among
the new keys, they are passed over when these are counted; what is counted so is what there is more of, as long as no
person comes on a day before the last that is known of them.

`keys` makes the lower bits of a key of each row, `inorder` sorts and counts. What does not fit into 64 bits is left to
SQL.

Cost, for n rows: O(n log n) for two sorts, by the vector instructions of the processor, and O(n) for all else, on two
threads; 4 or 8 bytes a row for the keys, and as much again while one set of cells is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headway.engines.inorder import Ints, Unsigned, blocks, distinct, each, runs, sort
from headway.engines.keys import Rows, Tail, above, fitting


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
    #: Of rows that last: the day up to which they do.
    final: Ints | None = None


@dataclass(frozen=True, slots=True)
class Cohorts:
    """How many persons by cell, the day on which they were first seen there, and an age at which they were seen."""

    cell: Ints
    joined: Ints
    age: Ints
    people: Ints


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages at which people are counted, in order, and which of them is that of each day, by the day of joining."""

    wanted: Sequence[int]
    #: For each day of joining all days: 1 for the first of these ages, 0 for any other.
    numbers: Unsigned

    @classmethod
    def of(cls, wanted: Sequence[int], ages: Ints) -> Ages:
        """Out of the ages themselves, by the day of joining and the day; on days before it they may be any."""
        places = np.searchsorted(wanted, ages)
        found = np.take(wanted, places, mode="clip") == ages
        return cls(wanted, np.where(found, places + 1, 0).astype(np.min_scalar_type(len(wanted))).ravel())


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
    def of(
        cls, rows: Rows, cell: Unsigned | None = None, tail: Tail | None = None, *, spent: bool = False
    ) -> PersonDays | None:
        """Of all rows together, or by the number of each row's cell; those of the tail count no more.

        Rows that are `spent` are asked by nobody afterwards: their keys are sorted where they are. None if 64 bits do
        not do, or if a row is of a day before the last one that the tail has of its person.
        """
        several = [one for one in (cell, None if tail is None else tail.cell) if one is not None and len(one)]
        cells = max((int(one.max()) for one in several), default=0).bit_length()
        if rows.bits + cells > 64:
            return None
        keys = rows.keys.astype(fitting(rows.bits + cells), copy=not spent)
        if cell is not None and cells:
            place = keys.dtype.type(rows.bits)

            def prefix(block: slice) -> None:
                keys[block] |= cell[block].astype(keys.dtype) << place

            each(prefix, blocks(keys))
        if tail is None:
            return cls(rows, distinct(sort(keys)), cells)
        known = above(tail.person, rows.person, keys.dtype) << keys.dtype.type(rows.day)
        known |= above(tail.day, rows.first, keys.dtype)
        if cells:
            known |= tail.cell.astype(keys.dtype) << keys.dtype.type(rows.bits)
        keys = distinct(sort(np.concatenate([keys, known])))
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

        each(compare, blocks(self.keys))
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

    def rollup(self, days: int = 1, *, spent: bool = False) -> Rollup | None:
        """How many persons by cell, day and the days that lie `days` and `days - 1` of their own days before it.

        If person-days are `spent`, asked by nobody afterwards, it is made where they are.
        """
        lags = (days,) if days == 1 else (days - 1, days)
        day = self.rows.day
        bits = self.cells + day * (1 + len(lags))
        if bits > 64:
            return None
        keys, kind, several = self.keys, np.dtype(fitting(bits)), blocks(self.keys)
        in_place = spent and kind.itemsize <= keys.itemsize
        codes = keys.view(kind) if in_place else np.empty(len(keys), kind)
        wide = np.result_type(keys, codes)
        move, mask, place = wide.type(day), wide.type((1 << day) - 1), wide.type(self.rows.bits)
        # What a block looks back to may be another one's, and gone by then.
        behind = [keys[max(block.start - days, 0) : block.start].copy() for block in several]

        def fill(at: int) -> None:
            block = several[at]
            here = np.concatenate([behind[at], keys[block]]).astype(wide, copy=False)
            known, own = len(behind[at]), here[len(behind[at]) :]
            on = own & mask
            code = ((own >> place) << move) | on if self.cells else on
            for lag in lags:
                gap = np.zeros_like(own)
                begin = max(lag - known, 0)
                if begin < len(own):
                    np.subtract(own[begin:], here[known + begin - lag : len(here) - lag], out=gap[begin:])
                gap *= gap <= on
                code = (code << move) | gap
            # Narrower than keys, codes of a block begin where its keys did, and are moved together afterwards.
            (keys[block].view(kind) if in_place else codes[block])[: len(code)] = code

        each(fill, range(len(several)))
        if in_place and kind != keys.dtype:
            for block in several:
                codes[block] = keys[block].view(kind)[: block.stop - block.start]
        codes = codes[: len(keys)]
        found, people = runs(sort(codes if self.old is None else codes[~self.old]))
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

    def cohorts(self, several: Sequence[Ages]) -> list[Cohorts] | None:
        """How many persons were seen at which age; `several` have that of each day, by the day of joining.

        An age never falls from day to day, so each is new where the day before had another.
        """
        keys, day, size = self.keys, self.rows.day, self.rows.days
        widths = [len(ages.wanted).bit_length() for ages in several]
        if self.cells + day + max(widths, default=0) > 64:
            return None
        kinds = [np.dtype(fitting(self.cells + day + width)).type for width in widths]
        mask, move, place = (keys.dtype.type(bits) for bits in ((1 << day) - 1, day, self.rows.bits))

        def fill(block: slice) -> list[Unsigned]:
            """From the last key of the block before on, whose age is known to have been counted."""
            here = keys[max(block.start - 1, 0) : block.stop]
            on = here & mask
            joins = np.empty(len(here), bool)
            joins[0] = True
            np.greater(here[1:] - here[:-1], on[1:], out=joins[1:])
            starts = np.flatnonzero(joins)
            joined = on[starts].astype(np.int64)
            # The first key of a person is the first that is not below any of theirs.
            joined[0] = keys[np.searchsorted(keys, (here[0] >> move) << move)] & mask
            since = np.repeat(joined * size, np.diff(starts, append=len(here)))
            since += on.astype(np.int64)
            joins[0] = block.start == 0
            found: list[Unsigned] = []
            for ages, width, kind in zip(several, widths, kinds, strict=True):
                number = ages.numbers.take(since, mode="clip")
                fresh = joins.copy()
                fresh[1:] |= number[1:] != number[:-1]
                fresh &= number > 0
                if self.old is not None:
                    fresh &= ~self.old[max(block.start - 1, 0) : block.stop]
                some = np.flatnonzero(fresh)
                code = ((since[some] // size).astype(kind) << kind(width)) | number[some]
                if self.cells:
                    code |= (here[some] >> place).astype(kind) << kind(day + width)
                found.append(code)
            return found

        made, counts = each(fill, blocks(keys)), []
        for at, (ages, width, kind) in enumerate(zip(several, widths, kinds, strict=True)):
            found, people = runs(sort(np.concatenate([np.empty(0, kind), *(codes[at] for codes in made)])))
            age = np.array(ages.wanted, np.int64)[(found & kind((1 << width) - 1)).astype(np.int64) - 1]
            joined = ((found >> kind(width)) & kind((1 << day) - 1)).astype(np.int64) + self.rows.first
            cell = (found >> kind(width + day)).astype(np.int64) if self.cells else np.zeros(len(found), np.int64)
            counts.append(Cohorts(cell, joined, age, people))
        return counts

"""Withhold what few people are behind, and as few other numbers as keep it from being worked out.

A cell is *small* if it is built from fewer than `min_group_size` people, but from some. What somebody could subtract
says `sums`. Then, until nothing changes:

1. *A single gap.* Of each equation in which one number alone is withheld, the one of fewest people goes with it.
2. *A small group.* The numbers withheld in one equation have a sum that everybody can work out. If those behind it may
   be fewer than `min_group_size`, the next smallest goes with them. Behind different cells are taken to be different
   people; the same ones come on many days, so of days only the largest is sure to count.
3. *A way around.* Several equations together may tell what none tells alone. Of a withheld number, whether all of them
   determine it is decided by elimination: exactly, up to `LARGEST` numbers that hang together in more than one way.

Where a value is withheld, so are its parts. The total is always shown, so where somebody is in one cell alone and
nobody in another, it tells the cell; such a number is withheld and counts as known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.model import Kpi, read_cell
from headway.periods import Calendar
from headway.quality.coding import Bools, Floats, Ints, coded, grouped, joined, numbered
from headway.quality.sums import Overlaps, Sums, sums

#: More numbers that hang together are not eliminated: the first two rules stand for them.
LARGEST = 1000
#: So many numbers of matrices are eliminated at once.
_AT_ONCE = 4_000_000


def small(kpi: Kpi, observed: pa.Table, smallest: int, unfit: Bools, calendar: Calendar, overlaps: Overlaps) -> Bools:
    """Which rows are too small to be shown, or would give away one that is; `unfit` are withheld for a check."""
    every, place = _pooled([observed, *overlaps.beside])
    place = place[: len(observed)]
    people = every["people"].cast(pa.float64()).to_numpy()
    codes, words = coded(every["cell"])
    is_cell = np.array([word != "" for word in words], dtype=bool)[codes]
    with np.errstate(invalid="ignore"):  # people unknown
        some = is_cell & (people > 0)
        held: Bools = some & (people < smallest)
    if not held.any():
        return held[place]
    candidates = some.copy()
    candidates[place[unfit]] = False
    with_parts = joined(grouped(every["grain"], every["period"]), codes)
    is_value = pc.equal(every["part"], "").combine_chunks().to_numpy(zero_copy_only=False)
    search = _Search(sums(kpi, every, calendar, overlaps), people, candidates, smallest, with_parts, is_value, some)
    found: Bools = search.close(held)[place]
    return found


def _pooled(tables: Sequence[pa.Table]) -> tuple[pa.Table, Ints]:
    """The numbers of KPIs that show the same ones, each number once; and where each row of the tables is among them."""
    names = ["part", "grain", "cell", "period", "people"]
    every = pa.concat_tables([table.select(names) for table in tables])
    if len(tables) == 1:
        return every, np.arange(len(every))
    codes, words = coded(every["cell"])
    cells = numbered([frozenset(read_cell(word)) for word in words])[codes]  # whatever the order of its columns
    when = grouped(every["part"], every["grain"], every["period"])
    _, first, place = np.unique(joined(when, cells), return_index=True, return_inverse=True)
    return every.take(pa.array(first)), place.astype(np.int64)


class _Search:
    """What is withheld so far, and what still gives it away."""

    def __init__(
        self,
        equations: Sums,
        people: Floats,
        candidates: Bools,
        smallest: int,
        with_parts: Ints,
        is_value: Bools,
        some: Bools,
    ) -> None:
        self.people, self.candidates, self.smallest = people, candidates, smallest
        self.with_parts, self.is_value, self.some = with_parts, is_value, some
        # The fewest people first, so that the first term of an equation that may be chosen is the one to choose.
        order = np.lexsort((people[equations.row], equations.of))
        self.of, self.row, self.sign = equations.of[order], equations.row[order], equations.sign[order]
        self.apart, self.elsewhere, self.count = equations.apart, equations.elsewhere, equations.count
        #: Withheld, and told by the total all the same.
        self.told = np.zeros(len(people), bool)

    def close(self, held: Bools) -> Bools:
        """`held` and all that must go with it."""
        while True:
            before = held.sum(), self.told.sum()
            held = held | (self.some & np.isin(self.with_parts, self.with_parts[held & self.is_value]))
            held = self._companions(held)
            if (held.sum(), self.told.sum()) != before:
                continue
            held = self._ways_around(held)
            if (held.sum(), self.told.sum()) == before:
                return held

    def _companions(self, held: Bools) -> Bools:
        """Rules 1 and 2, once for every equation."""
        gap = (held & ~self.told)[self.row]
        gaps = np.bincount(self.of[gap], minlength=self.count)
        lonely = gaps == 1
        chosen = self._smallest((lonely | ((gaps > 1) & self._few(gap)))[self.of] & ~held[self.row])
        answered = np.zeros(self.count, bool)
        answered[self.of[chosen]] = True
        alone = gap & (lonely & ~answered)[self.of]
        # What is shown elsewhere is judged there, so a small number alone is withheld there, too.
        alone &= ~self.elsewhere[self.of] | (self.people[self.row] >= self.smallest)
        self.told[self.row[alone]] = True
        held = held.copy()
        held[self.row[chosen]] = True
        return held

    def _few(self, gap: Bools) -> Bools:
        """The equations in which fewer people than that may be behind all that is withheld."""
        people = np.nan_to_num(self.people[self.row])
        least = np.zeros(self.count)
        np.maximum.at(least, self.of[gap], people[gap])
        # Whoever is behind the sum, and behind no term that is shown, is behind one that is withheld.
        shown = np.bincount(self.of, weights=np.where(gap, 0.0, -self.sign * people), minlength=self.count)
        rest = ~np.isin(np.arange(self.count), self.of[gap & (self.sign < 0)])
        least = np.where(rest, np.maximum(least, shown), least)
        together = np.bincount(self.of[gap], weights=people[gap], minlength=self.count)
        few: Bools = np.where(self.apart, np.maximum(least, together), least) < self.smallest
        return few

    def _smallest(self, terms: Bools) -> Ints:
        """The first of these terms of each equation that may be withheld."""
        found = np.flatnonzero(terms & self.candidates[self.row])
        _, first = np.unique(self.of[found], return_index=True)
        chosen: Ints = found[first]
        return chosen

    def _ways_around(self, held: Bools) -> Bools:
        """Rule 3: for each number that is determined, one more of an equation that helps to tell it."""
        unknown = held & ~self.told
        gap = unknown[self.row]
        known = determined(self.of[gap], self.row[gap], self.sign[gap], len(held))
        near = known
        while near.any():
            equations = np.zeros(self.count, bool)
            equations[self.of[near[self.row]]] = True
            chosen = self._smallest(equations[self.of] & ~held[self.row])
            if len(chosen):
                held = held.copy()
                held[self.row[chosen]] = True
                return held
            # All of these are withheld as it is, so one of an equation farther away.
            before, near = near, near.copy()
            near[self.row[gap & equations[self.of]]] = True
            if (near == before).all():
                self.told |= known
                break
        return held


def determined(of: Ints, row: Ints, sign: Ints, size: int) -> Bools:
    """Which unknown numbers equations determine; each term is `sign` times the unknown `row` in equation `of`.

    An unknown that stands in one equation alone takes up whatever that equation says; so the equation says nothing of
    the others, and tells this one only if it tells all of them. Such equations are taken away until every unknown
    stands in two, and what is left is eliminated.
    """
    found = np.zeros(size, bool)
    rounds: list[tuple[Ints, Ints, Bools]] = []
    left = np.ones(len(of), bool)
    while left.any():
        degree = np.bincount(row[left], minlength=size)
        private = left & (degree[row] == 1)
        if not private.any():
            break
        gone = left & np.isin(of, of[private])
        rounds.append((of[gone], row[gone], private[gone]))
        left &= ~gone
    found[_eliminated(of[left], row[left], sign[left])] = True
    for of_, row_, private_ in reversed(rounds):
        open_ = np.bincount(of_[~found[row_]], minlength=int(of_.max()) + 1)
        # One unknown is left, and it is the equation's own.
        found[row_[private_ & (open_[of_] == 1)]] = True
    return found


def _eliminated(of: Ints, row: Ints, sign: Ints) -> Ints:
    """The unknowns that elimination determines; those that hang together are one matrix, like matrices one array."""
    together = _together(of, row)
    (line, high), (column, wide) = (_within(one, together) for one in (of, row))
    determined = np.zeros(len(of), bool)
    for lines, columns in np.unique(np.stack([high, wide]), axis=1).T.tolist():
        if columns > LARGEST:
            continue
        alike = np.flatnonzero((high == lines) & (wide == columns))
        for some in np.array_split(alike, len(alike) * columns**2 // _AT_ONCE + 1):
            terms = np.flatnonzero(np.isin(together, some))
            at = np.searchsorted(some, together[terms]), line[terms], column[terms]
            matrices = np.zeros((len(some), lines, columns))
            np.add.at(matrices, at, sign[terms].astype(np.float64))
            determined[terms] = _fixed(matrices)[at[0], at[2]]
    return np.unique(row[determined])


def _within(item: Ints, group: Ints) -> tuple[Ints, Ints]:
    """The place of each term's item among those of its group, and how many items each group has."""
    items, item = np.unique(item, return_inverse=True)
    of_item = np.empty(len(items), np.int64)
    of_item[item] = group
    count = np.bincount(of_item)
    order = np.argsort(of_item, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    return place[item], count


def _fixed(matrices: Floats) -> Bools:
    """The columns whose unknown has one solution: those whose unit vector lies in the space of the rows."""
    weights, directions = np.linalg.eigh(matrices.swapaxes(1, 2) @ matrices)
    space = (weights > 1e-9 * max(matrices.shape[1:]))[:, np.newaxis, :]
    fixed: Bools = (directions**2 * space).sum(axis=2) > 1 - 1e-9
    return fixed


def _together(of: Ints, row: Ints) -> Ints:
    """Which terms hang together, by the unknowns that they share: the same number from 0 for each that do."""
    if not len(of):
        return of
    _, equation = np.unique(of, return_inverse=True)
    label = np.arange(int(equation.max()) + 1)
    _, unknown = np.unique(row, return_inverse=True)
    while True:
        least = np.full(int(unknown.max()) + 1, len(label))
        np.minimum.at(least, unknown, label[equation])
        new = label.copy()
        np.minimum.at(new, equation, least[unknown])
        new = new[new]
        if (new == label).all():
            break
        label = new
    return np.unique(label[equation], return_inverse=True)[1].astype(np.int64)

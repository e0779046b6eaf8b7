"""Which published numbers of a KPI add up to which others: what somebody could subtract.

- The cells of a breakdown make the total; those of a cross make the cells of every breakdown whose columns it has, or
  whose values follow from its own: a hub lies in one cluster, so the hubs of a cluster make the cluster.
- Where rows are counted or added up over time, the days of a week or month make it, months a quarter, quarters a year.
- Parts make their value, or what it changed by since the period before.

Numbers that only nearly add up, as people do who were on two hubs, count as if they did: their difference says nearly
as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa

from headway.model import (
    Accrue,
    Aggregate,
    Availability,
    Distinct,
    Duration,
    Kpi,
    Nps,
    Quantile,
    Recurring,
    Share,
    Total,
    read_cell,
)
from headway.periods import Calendar, Grain, epoch_day
from headway.quality.coding import Bools, Ints, coded, grouped, joined

#: Of a breakdown's column and one that is coarser: in which value of the second each value of the first lies.
Nests = Mapping[tuple[str, str], Mapping[str, str]]

#: Flows whose value, or the rows behind it, are added up over time. `sums` of its parts add up as well.
_ADDED = (Aggregate, Share, Nps, Quantile, Duration, Recurring, Availability, Accrue)
#: So many periods are remembered with what they lie in: all KPIs ask for those of the same years.
_PERIODS = 1 << 15
#: Which periods make a longer one, the longest first.
_MADE_OF = {
    Grain.DAY: (Grain.HOUR,),
    Grain.WEEK: (Grain.DAY, Grain.HOUR),
    Grain.MONTH: (Grain.DAY, Grain.HOUR),
    Grain.QUARTER: (Grain.MONTH,),
    Grain.YEAR: (Grain.QUARTER,),
}


@dataclass(frozen=True, slots=True)
class Overlaps:
    """What is shown of the same rows beside a table of numbers.

    `nests` say which columns' values lie within another's, `elsewhere` in which breakdowns other KPIs show sums of its
    cells, and `beside` are the tables of KPIs that show the same numbers in other breakdowns.
    """

    nests: Nests = field(default_factory=dict)
    elsewhere: Sequence[tuple[str, ...]] = ()
    beside: Sequence[pa.Table] = ()


@dataclass(frozen=True, slots=True)
class Sums:
    """Equations among the rows of a table of numbers: each says that its terms, each with its sign, add up to 0.

    A term is `sign` times the number in `row`, in equation `of`; the total, which is always shown, is not among the
    terms. `apart` says of an equation that different people stand behind what is added, as in cells and unlike days;
    `elsewhere`, that another KPI shows what they add up to.
    """

    of: Ints
    row: Ints
    sign: Ints
    apart: Bools
    elsewhere: Bools
    count: int


def sums(kpi: Kpi, observed: pa.Table, calendar: Calendar, overlaps: Overlaps) -> Sums:
    """Every equation among the cells of a KPI's numbers."""
    found = _Found()
    codes, words = coded(observed["cell"])
    cells = [read_cell(word) for word in words]
    _cells(kpi, observed, codes, cells, overlaps, found)
    _periods(kpi, observed, codes, calendar, found)
    _parts(kpi, observed, codes, calendar, found)
    return found.sums()


class _Found:
    """Equations so far."""

    def __init__(self) -> None:
        self._terms: list[tuple[Ints, Ints, int]] = []
        self._apart: list[Bools] = []
        self._elsewhere: list[Bools] = []
        self.count = 0

    def add(self, terms: Sequence[tuple[Ints, Ints, int]], *, apart: bool, elsewhere: bool = False) -> None:
        """Terms as (equation, row, sign), equations named by any numbers that are the same in all terms."""
        names, place = np.unique(np.concatenate([of for of, _, _ in terms]), return_inverse=True)
        start = 0
        for of, row, sign in terms:
            self._terms.append((place[start : start + len(of)] + self.count, row, sign))
            start += len(of)
        self.count += len(names)
        self._apart.append(np.full(len(names), apart))
        self._elsewhere.append(np.full(len(names), elsewhere))

    def sums(self) -> Sums:
        """All of them."""
        nothing = np.zeros(0, np.int64)
        of = np.concatenate([nothing, *(of for of, _, _ in self._terms)])
        row = np.concatenate([nothing, *(row for _, row, _ in self._terms)])
        sign = np.concatenate([nothing, *(np.full(len(row), sign) for _, row, sign in self._terms)])
        no = np.zeros(0, bool)
        apart, elsewhere = np.concatenate([no, *self._apart]), np.concatenate([no, *self._elsewhere])
        return Sums(of, row, sign, apart, elsewhere, self.count)


# -- cells -----------------------------------------------------------------------------------------------------------


def _cells(
    kpi: Kpi,
    observed: pa.Table,
    codes: Ints,
    cells: Sequence[tuple[tuple[str, str], ...]],
    overlaps: Overlaps,
    found: _Found,
) -> None:
    """Cells that make a cell of a coarser breakdown, or the total."""
    when = grouped(observed["part"], observed["grain"], observed["period"])
    known = {frozenset(cell): code for code, cell in enumerate(cells)}
    total = known.setdefault(frozenset(), len(known))  # stands for it whether or not it has a row
    breakdowns = list(dict.fromkeys(frozenset(column for column, _ in cell) for cell in cells if cell))
    coarser = [
        *breakdowns,
        *map(frozenset, overlaps.elsewhere),
        *([] if kpi.total is Total.NONE else [frozenset[str]()]),
    ]
    for coarse in dict.fromkeys(coarser):
        for fine in breakdowns:
            if fine == coarse:
                continue
            upper = np.full(len(cells), -1, np.int64)
            for code, cell in enumerate(cells):
                values = dict(cell)
                if values.keys() == fine and (above := _above(values, coarse, overlaps.nests)) is not None:
                    upper[code] = known.setdefault(frozenset(above.items()), len(known)) if coarse else total
            rows = np.flatnonzero(upper[codes] >= 0)
            if not len(rows):
                continue
            terms = [(joined_key(when[rows], upper[codes[rows]]), rows, 1)]
            if coarse:
                parents = np.flatnonzero(np.isin(codes, np.unique(upper[upper >= 0])))
                keys = joined_key(when[parents], codes[parents])
                used = np.isin(keys, terms[0][0])
                terms.append((keys[used], parents[used], -1))
            found.add(terms, apart=True, elsewhere=bool(coarse) and coarse not in breakdowns)


def _above(values: Mapping[str, str], coarse: frozenset[str], nests: Nests) -> dict[str, str] | None:
    """The cell of a coarser breakdown in which a cell lies; None if it does not say."""
    found = {}
    for column in coarse:
        if column in values:
            found[column] = values[column]
            continue
        lies = (nests[fine, column].get(value) for fine, value in values.items() if (fine, column) in nests)
        value = next((one for one in lies if one is not None), None)
        if value is None:
            return None
        found[column] = value
    return found


# -- time ------------------------------------------------------------------------------------------------------------


def _periods(kpi: Kpi, observed: pa.Table, codes: Ints, calendar: Calendar, found: _Found) -> None:
    """Periods that make a longer one, cell by cell."""
    series = joined(grouped(observed["part"]), codes)
    grains, words = coded(observed["grain"])
    parts, part_words = coded(observed["part"])
    adds = np.array([is_added(kpi, part) for part in part_words], bool)[parts]
    periods = observed["period"].to_numpy()
    kept = [Grain(word) for word in words]
    for longer in kept:
        shorter = next((grain for grain in _MADE_OF.get(longer, ()) if grain in kept), None)
        if shorter is None:
            continue
        below = np.flatnonzero(adds & (grains == words.index(shorter.value)))
        above = np.flatnonzero(adds & (grains == words.index(longer.value)))
        into = mapped(periods[below], partial(_holding, calendar, shorter, longer))
        keys = joined_key(series[below], into), joined_key(series[above], periods[above])
        both = np.isin(keys[0], keys[1]), np.isin(keys[1], keys[0])
        if both[0].any():
            found.add([(keys[0][both[0]], below[both[0]], 1), (keys[1][both[1]], above[both[1]], -1)], apart=False)


def split(kpi: Kpi, observed: pa.Table, held: Bools, calendar: Calendar) -> Bools:
    """The cells of running periods whose numbers by today's date would cut in two what was withheld of shorter ones.

    What a month has so far is the sum of its days but one, and what it is compared with, that of the first days of the
    month before: so much more than the months alone tell of days.
    """
    found = np.zeros(len(held), bool)
    words = observed["part"].unique().to_pylist()
    if not held.any() or not any(is_added(kpi, part) for part in words):
        return found
    running = observed["so_far"].is_valid().to_numpy() | observed["so_far_before"].is_valid().to_numpy()
    series = grouped(observed["part"], observed["cell"])
    running = np.flatnonzero(running & np.isin(series, np.unique(series[held])))
    grains, names = coded(observed["grain"])
    ranks = np.array([Grain(name).rank for name in names])[grains]
    periods = observed["period"].to_numpy()
    days = np.empty(len(held), np.int64)
    for code, name in enumerate(names):
        rows = np.flatnonzero(held & (grains == code))
        days[rows] = mapped(periods[rows], partial(_first_day, calendar, Grain(name)))
    for row in running.tolist():
        period = calendar.from_key(Grain(names[grains[row]]), int(periods[row]))
        inside = held & (series == series[row]) & (ranks < ranks[row])
        inside[inside] = days[inside] >= epoch_day(calendar.previous(period).first)
        found[row] = inside.any()
    return found


@lru_cache(maxsize=_PERIODS)
def _first_day(calendar: Calendar, grain: Grain, key: int) -> int:
    return epoch_day(calendar.from_key(grain, key).first)


def is_added(kpi: Kpi, part: str) -> bool:
    """True if the numbers of days make those of a month."""
    if kpi.is_state_of(part):
        return False
    return part in ("days", "new") if isinstance(kpi.measure, Distinct) else isinstance(kpi.measure, _ADDED)


@lru_cache(maxsize=_PERIODS)
def _holding(calendar: Calendar, grain: Grain, longer: Grain, key: int) -> int:
    return calendar.period(longer, calendar.from_key(grain, key).first).key


# -- parts -----------------------------------------------------------------------------------------------------------


def _parts(kpi: Kpi, observed: pa.Table, codes: Ints, calendar: Calendar, found: _Found) -> None:
    """Parts that make their value, or its change since the period before."""
    words = set(observed["part"].unique().to_pylist())
    parts = np.array(observed["part"].to_pylist(), object)
    place = joined(grouped(observed["grain"]), codes)
    periods = observed["period"].to_numpy()
    after: Ints | None = None
    for terms in _equations(kpi):
        if not {part for part, _, _ in terms} <= words:
            continue
        if after is None:
            grains, names = coded(observed["grain"])
            after = np.empty(len(periods), np.int64)
            for code, name in enumerate(names):
                rows = np.flatnonzero(grains == code)
                after[rows] = mapped(periods[rows], partial(_next, calendar, Grain(name)))
        made = []
        for part, sign, before in terms:
            rows = np.flatnonzero(parts == part)
            made.append((joined_key(place[rows], (after if before else periods)[rows]), rows, sign))
        value = made[0][0]
        made = [(of[kept], row[kept], sign) for of, row, sign in made for kept in [np.isin(of, value)]]
        found.add(made, apart=True)


def _equations(kpi: Kpi) -> Iterator[list[tuple[str, int, bool]]]:
    """What adds up to 0: (part, sign, True for that of the period before); the first says of which period it is."""
    measure = kpi.measure
    if isinstance(measure, Distinct):
        yield [("", -1, False), *((part, 1, False) for part in ("new", "returning", "resurrected"))]
        if kpi.window is None:
            yield [("returning", 1, False), ("dormant", 1, False), ("", -1, True)]
    if isinstance(measure, Recurring):
        yield [("", -1, False), ("", 1, True), *((part, 1, False) for part in Recurring.MOVEMENTS)]
        won, lost = ("new_customers", "returned_customers"), "lost_customers"
        yield [("customers", -1, False), ("customers", 1, True), *((part, 1, False) for part in won), (lost, -1, False)]
        yield [("kept_customers", -1, False), ("customers", 1, True), (lost, -1, False)]


@lru_cache(maxsize=_PERIODS)
def _next(calendar: Calendar, grain: Grain, key: int) -> int:
    return calendar.next(calendar.from_key(grain, key)).key


# -- plumbing --------------------------------------------------------------------------------------------------------


def mapped(keys: Ints, function: Callable[[int], int]) -> Ints:
    """A function of each key, asked once for each that is different."""
    different, place = np.unique(keys, return_inverse=True)
    values: Ints = np.array([function(key) for key in different.tolist()], np.int64)[place] if len(keys) else keys
    return values


def joined_key(group: Ints, number: Ints) -> Ints:
    """One number for a pair of which the second may be any period's key."""
    key: Ints = (group << 36) + number + (1 << 35)
    return key


__all__ = ["Nests", "Overlaps", "Sums", "is_added", "split", "sums"]

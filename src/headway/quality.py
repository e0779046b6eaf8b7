"""Judge whether numbers are fit to publish: withhold those of failed checks and of small groups (pure).

**Checks.** A number is withheld with the reason `CHECK_FAILED` if a row that it may have read fails a check: if a
failing row's day lies in the span of days that the number stands for. The span is the period, or what the KPI's
window reaches from it. Kinds over rows that last, and `balance ... per`, may read every row up to the span's end.
A check whose failing rows have no day touches every number. Imported numbers were not computed, so no check of ours
touches them.

**Parts.** Where what fails lies in some cells alone, or rows of some cells are missing, those cells are withheld for it
and the others are shown. A total of them lacks a part, and so does a cell of another breakdown that may hold rows of
it: these are withheld as `INCOMPLETE`.

**Small groups.** A cell that is built from fewer than `min_group_size` people, but from some, is withheld with the
reason `GROUP_TOO_SMALL`; so is, where a subtraction from the total would give it away, the smallest other cell that is
built from somebody. That is: where exactly one cell of a breakdown, grain and period was withheld. In a cross of
breakdowns the same holds along each line of it, because a line adds up to a cell of the breakdown that it crosses, and
this is repeated until no line has a single gap. Where the value of a cell is withheld, so are its parts: some of them
add up to it, or are as large. A number built from nobody is shown, and so is the total, always.

What is not seen yet, and later work adds: two withheld cells of one person each, whose sum is a group of two; lines of
a cross where breakdowns lie within each other (a hub in one cluster alone); cells of one period that are the
difference of two others (a month less its days, an amount less its movements); one part that is withheld, of a value
that is shown and the others that add up to it; and the group behind a running period's `so_far`, which counts as large
as that of the period itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headway.model import (
    OBSERVED,
    Accrue,
    Availability,
    Balance,
    Concurrency,
    Distinct,
    Flag,
    Kpi,
    Open,
    Reason,
    Recurring,
    Retention,
    Take,
    read_cell,
)
from headway.periods import Calendar, Grain, Period


@dataclass(frozen=True, slots=True)
class Touch:
    """The local days, both inclusive, on which a failed check (`source.check`) touches the rows of a KPI.

    None is open: a check whose rows have no day (a key of a source without time) touches every period. Of a check by
    parts, `part` is the column and value of the rows that fail; '' names none of the KPI's columns.
    """

    check: str
    first: date | None
    last: date | None
    part: tuple[str, str] | None = None


@dataclass(frozen=True)
class Touches:
    """The failed checks that touch one KPI: `all` its numbers, those of single `cells`, those that lack `parts`.

    By cell ('' is the total); `beginning` is the first local day that its source speaks of.
    """

    beginning: date
    all: Sequence[Touch] = ()
    cells: Mapping[str, Sequence[Touch]] = field(default_factory=dict)
    parts: Mapping[str, Sequence[Touch]] = field(default_factory=dict)

    def checks(self) -> dict[str, Touches]:
        """The same for each of the checks alone."""
        every = [*self.all, *chain.from_iterable([*self.cells.values(), *self.parts.values()])]
        return {name: self._only(name) for name in dict.fromkeys(one.check for one in every)}

    def _only(self, name: str) -> Touches:
        def mine(some: Sequence[Touch]) -> list[Touch]:
            return [one for one in some if one.check == name]

        cells = {cell: mine(some) for cell, some in self.cells.items()}
        return Touches(self.beginning, mine(self.all), cells, {cell: mine(some) for cell, some in self.parts.items()})


Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Kinds over rows that last: those that began long before may count.
_LASTING = (Open, Concurrency, Availability, Accrue, Recurring)

#: The columns that tell a withheld number, or let it be worked out.
_TELLING = ("value", "n", "numerator", "denominator", "so_far", "so_far_before")


def judge(kpi: Kpi, observed: pa.Table, min_group_size: int, touches: Touches, calendar: Calendar) -> pa.Table:
    """A KPI's numbers with what must not be shown taken out; schema `OBSERVED`, same rows in the same order.

    `observed` may have one column more, `people` (integer): how many different people are behind each number, null
    where that is unknown or the source has no people.

    A withheld row keeps its place, grain, cell, period and flags; its value and everything that tells it are null.
    """
    failed, incomplete = held(kpi, observed, touches, calendar)
    unfit = failed | incomplete
    small = _small(observed, min_group_size, unfit) if "people" in observed.column_names else np.zeros_like(failed)
    observed = withhold(observed.select(OBSERVED.names).cast(OBSERVED), small, Reason.GROUP_TOO_SMALL, calendar)
    observed = withhold(observed, incomplete, Reason.INCOMPLETE, calendar)
    return withhold(observed, failed, Reason.CHECK_FAILED, calendar)


def held(kpi: Kpi, observed: pa.Table, touches: Touches, calendar: Calendar) -> tuple[Bools, Bools]:
    """Which numbers are withheld for checks: those that fail, and those that only lack a part which does."""
    failed = touched(kpi, observed, touches.all, calendar, touches.beginning)
    incomplete = np.zeros_like(failed)
    if not touches.cells and not touches.parts:
        return failed, incomplete
    coded, words = _coded(observed["cell"])
    rows_of = {word: np.flatnonzero(coded == code) for code, word in enumerate(words)}

    def mark(found: Bools, cells: Mapping[str, Sequence[Touch]], *, total: bool) -> None:
        for cell, some in cells.items():
            if cell in rows_of and (cell == "") is total:
                rows = rows_of[cell]
                found[rows] |= touched(kpi, observed.take(pa.array(rows)), some, calendar, touches.beginning)

    mark(failed, touches.cells, total=False)
    for total in (True, False):
        mark(incomplete, touches.parts, total=total)
    whole = failed.copy()
    mark(whole, touches.cells, total=True)
    whole &= ~failed
    shown = _beside_shown(observed, coded != (words.index("") if "" in words else -1), failed, touches)
    return failed | (whole & ~shown), (incomplete | (whole & shown)) & ~failed


def _beside_shown(observed: pa.Table, is_cell: Bools, failed: Bools, touches: Touches) -> Bools:
    """Which numbers stand beside a cell that is not touched: of the same period, or at all where it has no cells."""
    period = _group(observed["part"], observed["grain"], observed["period"])
    size = int(period.max(initial=0)) + 1
    with_cells = np.bincount(period[is_cell], minlength=size) > 0
    with_shown = np.bincount(period[is_cell & ~failed], minlength=size) > 0
    elsewhere = any(cell and cell not in touches.cells for cell in observed["cell"].unique().to_pylist())
    return np.where(with_cells, with_shown, elsewhere)[period].astype(np.bool_)


def withhold(observed: pa.Table, held: Bools, reason: Reason, calendar: Calendar) -> pa.Table:
    """Numbers with the rows `held` taken out, and what running periods are compared with, if that is among them."""
    if not held.any():
        return observed
    hide = pa.array(held)
    stale = pa.array(_compared_with(observed, held, calendar))
    columns = {}
    for name in observed.column_names:
        column = observed[name].combine_chunks()
        if name in _TELLING:
            column = pc.if_else(hide, None, column)
        if name == "so_far_before":
            column = pc.if_else(stale, None, column)
        columns[name] = column
    columns["reason"] = pc.if_else(hide, reason.value, columns["reason"])
    return pa.table(columns, schema=observed.schema)


# -- checks ----------------------------------------------------------------------------------------------------------


def touched(kpi: Kpi, observed: pa.Table, failing: Sequence[Touch], calendar: Calendar, beginning: date) -> Bools:
    """Which numbers may have read a failing row."""
    found = np.zeros(len(observed), dtype=bool)
    if not failing:
        return found
    flags = observed["flags"].to_numpy()
    cells, cell_words = _coded(observed["cell"])
    total = np.array([cell == "" for cell in cell_words], dtype=bool)[cells]
    running = (flags & Flag.PARTIAL) != 0
    grains, grain_words = _coded(observed["grain"])
    periods = observed["period"].to_numpy()
    parts, part_words = _coded(observed["part"])
    groups = product(range(len(part_words)), range(len(grain_words)), (True, False), (True, False))
    for part, code, is_total, runs in groups:
        rows = np.flatnonzero((parts == part) & (grains == code) & (total == is_total) & (running == runs))
        own = kpi.grain if is_total else kpi.by_grain
        keys, place = np.unique(periods[rows], return_inverse=True)
        spans = [
            span(kpi, period, own, runs, calendar, beginning, part_words[part])
            for period in (calendar.from_key(Grain(grain_words[code]), key) for key in keys.tolist())
        ]
        found[rows] = np.array([_meets(span, failing) for span in spans], dtype=bool)[place]
    found &= (flags & Flag.IMPORTED) == 0
    return found


def span(
    kpi: Kpi, period: Period, own: Grain, runs: bool, calendar: Calendar, beginning: date, part: str = ""
) -> tuple[date, date]:
    """The local days whose rows a number may have read."""
    measure = kpi.measure
    if isinstance(measure, _LASTING) or (isinstance(measure, Balance) and measure.per is not None):
        return date.min, max(calendar.span(kpi.window, period, beginning)[1], period.last)
    if isinstance(measure, Retention) and not measure.compares:
        # Who joined when may be said by any earlier row; who came back, by later ones.
        closed = measure.ages is None and not measure.unbounded
        return date.min, period.last if closed else date.max
    if isinstance(measure, Distinct) and part in measure.EVER:
        return date.min, period.last
    compares = isinstance(measure, Retention) or (isinstance(measure, Distinct) and part in measure.COMPARED)
    begin = calendar.span_before if compares else calendar.span
    first, last = begin(kpi.window, period, beginning)[0], calendar.span(kpi.window, period, beginning)[1]
    if kpi.window is not None and (runs or kpi.take is not Take.LAST):
        # Any of the period's own values may be in it; the first one's window begins earliest.
        earliest = calendar.period(Grain.DAY if own is Grain.HOUR else own, period.first)
        first = min(first, begin(kpi.window, earliest, beginning)[0])
    return first, last


def _meets(span: tuple[date, date], failing: Sequence[Touch]) -> bool:
    """True if the days of a failing check lie in the span."""
    return any((one.first or date.min) <= span[1] and span[0] <= (one.last or date.max) for one in failing)


# -- small groups ----------------------------------------------------------------------------------------------------


def _small(observed: pa.Table, min_group_size: int, already: Bools) -> Bools:
    """Which cells are too small to be shown, or would give away one that is. `already` are withheld for a check."""
    people = observed["people"].cast(pa.float64()).to_numpy()
    codes, words = _coded(observed["cell"])
    cells = [read_cell(word) for word in words]
    is_cell = np.array([cell != () for cell in cells], dtype=bool)[codes]
    with np.errstate(invalid="ignore"):  # people unknown
        some = people > 0
        held: Bools = is_cell & some & (people < min_group_size)
    if not held.any():
        return held

    period = _group(observed["part"], observed["grain"], observed["period"])
    lines = [_joined(period, line[codes]) for line in _lines(cells)]
    with_its_parts = _joined(_group(observed["grain"], observed["period"]), codes)
    is_value = pc.equal(observed["part"], "").combine_chunks().to_numpy(zero_copy_only=False)
    while True:
        before = int(held.sum())
        held |= some & np.isin(with_its_parts, with_its_parts[held & is_value])
        for line in lines:
            held |= _companions(line, held, candidates=is_cell & some & ~held & ~already, people=people)
        if int(held.sum()) == before:
            return held


def _lines(cells: Sequence[tuple[tuple[str, str], ...]]) -> Iterator[Ints]:
    """The sets of cells that add up to a number which is shown, as one code per cell; each pass cuts them anew.

    First all cells of a breakdown: they make the total. Then, for crosses, the cells that differ in one column alone:
    they make a cell of the breakdown without it.
    """
    yield _numbered([tuple(column for column, _ in cell) for cell in cells])
    for free in range(max((len(cell) for cell in cells), default=0)):
        if any(len(cell) > 1 for cell in cells):
            yield _numbered(
                [
                    (tuple(column for column, _ in cell), *(pair for at, pair in enumerate(cell) if at != free))
                    for cell in cells
                ]
            )


def _companions(line: Ints, held: Bools, candidates: Bools, people: Floats) -> Bools:
    """The smallest candidate of every line in which exactly one number is withheld."""
    single = np.bincount(line[held], minlength=int(line.max()) + 1) == 1
    rows = np.flatnonzero(candidates & single[line])
    rows = rows[np.lexsort((people[rows], line[rows]))]
    _, first = np.unique(line[rows], return_index=True)
    chosen = np.zeros(len(held), dtype=bool)
    chosen[rows[first]] = True
    return chosen


# -- plumbing --------------------------------------------------------------------------------------------------------


def _compared_with(observed: pa.Table, held: Bools, calendar: Calendar) -> Bools:
    """Which running periods are compared with a number that is withheld."""
    found = np.zeros(len(held), dtype=bool)
    compared = np.flatnonzero(observed["so_far_before"].is_valid().to_numpy())
    hidden = set(_names(observed, np.flatnonzero(held)))
    for row, (part, grain, cell, key) in zip(compared.tolist(), _names(observed, compared), strict=True):
        before = calendar.previous(calendar.from_key(Grain(grain), key)).key
        found[row] = (part, grain, cell, before) in hidden
    return found


def _names(observed: pa.Table, rows: Ints) -> Iterator[tuple[str, str, str, int]]:
    """Part, grain, cell and period of some rows."""
    chosen = observed.select(["part", "grain", "cell", "period"]).take(pa.array(rows))
    return zip(*(column.to_pylist() for column in chosen.columns), strict=True)


def _group(*columns: pa.ChunkedArray) -> Ints:
    """One number for each different combination of the columns."""
    grouped = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        grouped = _joined(grouped, _coded(column)[0])
    return grouped


def _joined(a: Ints, b: Ints) -> Ints:
    """One number, from 0 without gaps, for each different pair."""
    _, place = np.unique(a * (int(b.max(initial=0)) + 1) + b, return_inverse=True)
    joined: Ints = place.astype(np.int64)
    return joined


def _numbered(names: Sequence[object]) -> Ints:
    """The same number for the same name."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _coded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Each value as an index into the list of different values."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()

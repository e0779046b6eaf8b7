"""What a failing check touches: numbers that may have read one of the rows that fail.

A number is touched if a failing row's day lies in the span of days that the number stands for. The span is the period,
or what the KPI's window reaches from it. Kinds over rows that last, and `balance ... per`, may read every row up to the
span's end. A check whose failing rows have no day touches every number. Imported numbers were not computed, so no check
of ours touches them.

Where what fails lies in some cells alone, or rows of some cells are missing, those cells are withheld for it and the
others are shown. A total of them lacks a part, and so does a cell of another breakdown that may hold rows of it: these
are `INCOMPLETE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, product

import numpy as np
import pyarrow as pa

from headway.model import (
    Accrue,
    Availability,
    Balance,
    Concurrency,
    Distinct,
    Flag,
    Kpi,
    Open,
    Recurring,
    Retention,
    Take,
)
from headway.periods import Calendar, Grain, Period
from headway.quality.coding import Bools, coded, grouped


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


#: Kinds over rows that last: those that began long before may count.
_LASTING = (Open, Concurrency, Availability, Accrue, Recurring)


def held(kpi: Kpi, observed: pa.Table, touches: Touches, calendar: Calendar) -> tuple[Bools, Bools]:
    """Which numbers are withheld for checks: those that fail, and those that only lack a part which does."""
    failed = touched(kpi, observed, touches.all, calendar, touches.beginning)
    incomplete = np.zeros_like(failed)
    if not touches.cells and not touches.parts:
        return failed, incomplete
    codes, words = coded(observed["cell"])
    rows_of = {word: np.flatnonzero(codes == code) for code, word in enumerate(words)}

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
    shown = _beside_shown(observed, codes != (words.index("") if "" in words else -1), failed, touches)
    return failed | (whole & ~shown), (incomplete | (whole & shown)) & ~failed


def _beside_shown(observed: pa.Table, is_cell: Bools, failed: Bools, touches: Touches) -> Bools:
    """Which numbers stand beside a cell that is not touched: of the same period, or at all where it has no cells."""
    period = grouped(observed["part"], observed["grain"], observed["period"])
    size = int(period.max(initial=0)) + 1
    with_cells = np.bincount(period[is_cell], minlength=size) > 0
    with_shown = np.bincount(period[is_cell & ~failed], minlength=size) > 0
    elsewhere = any(cell and cell not in touches.cells for cell in observed["cell"].unique().to_pylist())
    return np.where(with_cells, with_shown, elsewhere)[period].astype(np.bool_)


def touched(kpi: Kpi, observed: pa.Table, failing: Sequence[Touch], calendar: Calendar, beginning: date) -> Bools:
    """Which numbers may have read a failing row."""
    found = np.zeros(len(observed), dtype=bool)
    if not failing:
        return found
    flags = observed["flags"].to_numpy()
    cells, cell_words = coded(observed["cell"])
    total = np.array([cell == "" for cell in cell_words], dtype=bool)[cells]
    running = (flags & Flag.PARTIAL) != 0
    grains, grain_words = coded(observed["grain"])
    periods = observed["period"].to_numpy()
    parts, part_words = coded(observed["part"])
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

"""What a formula reads, dated by the formula's own periods: as it is, in another period, at a moment, over a span.

Every reading becomes a table of numbers whose periods are those of the formula, so that the formula (`formula.py`)
looks up one row per period and cell, whatever is read. With p a period of the formula, and S its span (p itself, or
the formula's window at the end of p):

    x           x in p, or of a windowed formula a flow over S. A state of a longer grain gives its last complete value
    prior(x)    the same of the period before p, or of the one that length earlier, by the calendar
    opening(x)  x in the period that ends where S begins
    mean(x)     over x's own periods that end in S and are over; so do max and min

Edge cases. A part is never compared with a whole: where a formula reads earlier periods, and p still runs, `x` is what
p has through its last complete day, and `prior(x)` what the period before had through that day of its own. Where that
is not kept there is no data until p is over. While no own period in p is over, `mean` takes the one that runs. A cell
that is not stored in an own period counts as 0 where that is what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from math import nan

import numpy as np
import pyarrow as pa

from headway.catalog.formula import Input, is_state
from headway.model import Catalog, Flag, Formula, Kpi, Reason, Take
from headway.periods import Grain, Length, Period, WindowKind
from headway.plan.numbers import CODE, SPREADING, WITHHELD, Bools, Floats, Ints, Numbers, find, key
from headway.plan.requests import Request
from headway.plan.spans import period_of_key, periods_between

#: No period begins then.
_NEVER = (1 << 34) - 1
#: No moment is that late.
_NO_MOMENT = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _Table:
    """The numbers of an input, or a part of it, at one of its grains."""

    kpi: Kpi
    part: str
    grain: Grain
    numbers: Numbers

    @property
    def zero(self) -> bool:
        """True if a cell that is not stored is 0."""
        return self.kpi.zero_when_absent(self.part)


@dataclass
class Readings:
    """What one formula reads, at one of its grains. `cells`: its cells are wanted, else its totals."""

    catalog: Catalog
    kpi: Kpi
    reads: tuple[Input, ...]
    inputs: Mapping[Request, pa.Table]
    grain: Grain
    now: datetime
    cells: bool
    #: Gives the numbers of a formula that is read under this one's window.
    evaluate: Callable[[Kpi], pa.Table]

    @cached_property
    def periods(self) -> list[Period]:
        """Every period that an input has numbers of."""
        tables = [self._table(read) for read in self.reads]
        dated = [table.numbers.period for table in tables if table.grain is self.grain]
        if dated:
            found: Iterable[int] = np.unique(np.concatenate(dated)).tolist()
            return [self._period(self.grain, number) for number in found]
        ends = [
            (self._period(table.grain, int(table.numbers.period.min())), int(table.numbers.period.max()), table.grain)
            for table in tables
            if len(table.numbers)
        ]
        if not ends:
            return []
        first = min(period.first for period, _, _ in ends)
        last = max(self._period(grain, number).last for _, number, grain in ends)
        between = periods_between(self.catalog.calendar, self.grain, first, last)
        return [period for period in between if period.start <= self.now]

    @cached_property
    def keys(self) -> Ints:
        """The keys of `periods`, rising."""
        return np.array([period.key for period in self.periods], np.int64)

    @cached_property
    def running(self) -> Bools:
        """Which of `periods` are not over, or wait for late rows."""
        late, calendar = self.catalog.settles_after(self.kpi.name), self.catalog.calendar
        return np.array([calendar.is_partial(period, self.now, late) for period in self.periods], np.bool_)

    def of(self, read: Input) -> Numbers:
        """One reading, by cell and period of the formula."""
        table = self._table(read)
        if read.over == "opening":
            return self._opening(read, table)
        if read.over:
            return self._over(read, table)
        if table.grain is not self.grain:
            return self._latest(read, table)
        return self._earlier(read, table) if self._compares else table.numbers

    # -- inputs --------------------------------------------------------------------------------------------------

    @cached_property
    def _compares(self) -> bool:
        return any(read.back for read in self.reads)

    def _table(self, read: Input) -> _Table:
        """An input's numbers: a flow over the formula's window, else as declared, at the formula's grain or its own."""
        if (read.kpi, read.part, read.over) not in self._tables:
            self._tables[read.kpi, read.part, read.over] = self._found(read)
        return self._tables[read.kpi, read.part, read.over]

    @cached_property
    def _tables(self) -> dict[tuple[str, str, str], _Table]:
        return {}

    def _found(self, read: Input) -> _Table:
        kpi = self.catalog.kpis[read.kpi]
        if self.kpi.window and not read.over and not kpi.is_state_of(read.part):
            table = self.inputs.get(Request(kpi.name, self.kpi.window, self.kpi.grain))
            if isinstance(kpi.measure, Formula):
                # A formula without a window inside one with a window is evaluated over the same span.
                table = self.evaluate(
                    replace(kpi, window=self.kpi.window, grain=self.kpi.grain, by_grain=self.kpi.grain)
                )
            return _Table(kpi, read.part, self.grain, _numbers(table, self.grain, read.part))
        own = kpi.by_grain if read.cell or (self.cells and not read.total) else kpi.grain
        grain = self.grain
        if read.over or (grain not in kpi.grains() and is_state(self.catalog.kpis, kpi, read.part)):
            grain = own
        return _Table(kpi, read.part, grain, self._declared(kpi, read.part, grain))

    def _declared(self, kpi: Kpi, part: str, grain: Grain) -> Numbers:
        return _numbers(self.inputs.get(Request.of(kpi)), grain, part)

    # -- periods -------------------------------------------------------------------------------------------------

    def _period(self, grain: Grain, number: int) -> Period:
        return period_of_key(self.catalog.calendar, grain, number)

    def _back(self, period: Period, back: tuple[str, ...]) -> Period | None:
        """The period that is read for one of the formula's: earlier by each of these lengths."""
        calendar, found = self.catalog.calendar, period
        for length in back:
            earlier = calendar.earlier(found, Length.parse(length)) if length else calendar.previous(found)
            if earlier is None:
                return None
            found = earlier
        return found

    def _spans(self, back: tuple[str, ...], *, before: bool = False) -> tuple[Ints, Ints]:
        """The spans that are read, from and to which moment; `before`: the one to compare a running period with."""
        spans = [
            self._span(period, bool(running), back, before)
            for period, running in zip(self.periods, self.running.tolist(), strict=True)
        ]
        moments = [tuple(int(m.timestamp()) for m in span) if span else (_NO_MOMENT, _NO_MOMENT) for span in spans]
        both = np.array(moments, np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def _span(
        self, period: Period, running: bool, back: tuple[str, ...], before: bool
    ) -> tuple[datetime, datetime] | None:
        calendar = self.catalog.calendar
        through = calendar.last_complete_day(self.now)
        if before and (back or not running):
            return None
        read = calendar.previous(period) if before else self._back(period, back)
        if read is None:
            return None
        first, last = read.first, read.last
        if running and (back or before):
            pair = calendar.same_span(period, through, read)
            if pair is None:
                return None
            first, last = pair[1]
        elif self.kpi.window is None:
            return read.start, read.end
        elif running:
            last = min(last, through)
        if self.kpi.window:
            cut = last
            first, last = calendar.span(self.kpi.window, replace(read, last=last), date(1, 1, 2))
            if self.kpi.window.kind is WindowKind.CALENDAR:
                last = min(last, cut)
        return calendar.moment(max(first, date(2, 1, 1))), calendar.moment(last + timedelta(days=1))

    def _ends(self, table: _Table, periods: Ints) -> Ints:
        ends = [int(self._period(table.grain, number).end.timestamp()) for number in periods.tolist()]
        return np.array(ends, np.int64)

    # -- in one period -------------------------------------------------------------------------------------------

    def _dated(self, numbers: Numbers, wanted: Ints) -> Numbers:
        """The rows of the wanted period for each of the formula's, dated by the formula's."""
        order = np.argsort(numbers.period, kind="stable")
        periods = numbers.period[order]
        low, high = np.searchsorted(periods, wanted, "left"), np.searchsorted(periods, wanted, "right")
        count = high - low
        skipped = np.repeat(low - (np.cumsum(count) - count), count)
        rows = numbers.take(order[skipped + np.arange(count.sum())])
        return replace(rows, period=np.repeat(self.keys, count))

    def _latest(self, read: Input, table: _Table) -> Numbers:
        """A state of a longer grain: its last complete period that ends no later than the formula's."""
        asked = [self._back(period, read.back) for period in self.periods]
        moments = np.array([int(p.end.timestamp()) if p else -_NO_MOMENT for p in asked], np.int64)
        return _whole(self._dated(table.numbers, self._complete(table, moments)))

    def _complete(self, table: _Table, moments: Ints) -> Ints:
        """The last complete period of a table that ends by each moment."""
        numbers = table.numbers
        complete = np.unique(numbers.period[(numbers.flags & Flag.PARTIAL) == 0])
        at = np.searchsorted(self._ends(table, complete), moments, "right") - 1
        found: Ints = np.where(at >= 0, complete[at], _NEVER) if len(complete) else np.full(len(moments), _NEVER)
        return found

    def _earlier(self, read: Input, table: _Table) -> Numbers:
        """A reading of a formula that compares periods; of running ones only as far as they can be compared."""
        numbers = table.numbers
        partial = np.isin(self.keys, numbers.period[(numbers.flags & Flag.PARTIAL) != 0])
        partial |= self.running & ~np.isin(self.keys, numbers.period)
        if not read.back:
            return replace(numbers, value=np.where(_flagged(numbers), numbers.so_far, numbers.value))
        asked = [self._back(period, read.back) for period in self.periods]
        keys = np.array([period.key if period else _NEVER for period in asked], np.int64)
        then = self._dated(numbers, keys)
        whole = then.take(~np.isin(then.period, self.keys[partial]))
        if not is_state(self.catalog.kpis, table.kpi, table.part):
            # What is itself a part, such as the month in which tracking began, is nothing to compare with.
            whole = replace(whole, value=np.where(_flagged(whole), nan, whole.value))
        return _stacked(whole, self._running_before(numbers, then, keys, partial))

    def _running_before(self, numbers: Numbers, then: Numbers, keys: Ints, partial: Bools) -> Numbers:
        """What earlier periods had by the day that running ones have reached: no data where that is not kept."""
        calendar = self.catalog.calendar
        previous = np.array([calendar.previous(period).key for period in self.periods], np.int64)
        known = numbers.take(np.isin(numbers.period, self.keys[partial & (keys == previous)]))
        whole = then.take(np.isin(then.period, self.keys[partial]))
        at, found = find(key(whole.cell, whole.period), key(known.cell, known.period))
        withheld = found & (whole.reason[at] >= WITHHELD) if len(whole) else found
        known = replace(
            known,
            value=known.so_far_before,
            so_far=known.so_far_before,
            so_far_before=np.full(len(known), nan),
            reason=np.where(withheld, whole.reason[at] if len(whole) else 0, known.reason),
        )
        # A cell that is there only in the earlier period is not 0 by then: it is not known.
        _, also = find(key(known.cell, known.period), key(whole.cell, whole.period))
        unknown = np.full(int((~also).sum()), nan)
        rest = replace(whole.take(~also), value=unknown, so_far=unknown, so_far_before=unknown)
        both = _stacked(known, rest)
        return replace(both, flags=both.flags | Flag.PARTIAL)

    # -- at a moment ---------------------------------------------------------------------------------------------

    def _opening(self, read: Input, table: _Table) -> Numbers:
        """A state where the span begins, beside the same for the span that a running period is compared with."""
        numbers = self._at(table, self._spans(read.back)[0])
        earlier = self._at(table, self._spans(read.back, before=True)[0])
        at, found = find(key(*_coded(numbers, earlier)), key(numbers.cell, numbers.period))
        absent = 0.0 if table.zero else nan
        before = np.where(found, earlier.value[at] if len(earlier) else nan, absent)
        return replace(_whole(numbers), so_far_before=np.where(np.isin(numbers.period, earlier.period), before, nan))

    def _at(self, table: _Table, moments: Ints) -> Numbers:
        """A state at moments: the period of the formula's grain that ends then, else its own last one."""
        if table.grain.rank > self.grain.rank:
            return self._dated(table.numbers, self._complete(table, moments))
        grains = table.kpi.grains(cell=table.grain is not table.kpi.grain)
        coarse = self.grain in grains and table.kpi.take is Take.LAST
        asked = [self._ending(self.grain, moment) if coarse else None for moment in moments.tolist()]
        own = [
            None if found else self._ending(table.grain, moment, last=True)
            for found, moment in zip(asked, moments.tolist(), strict=True)
        ]
        exact, rest = (np.array([p.key if p else _NEVER for p in some], np.int64) for some in (asked, own))
        if not coarse:
            return self._dated(table.numbers, rest)
        closing = self._declared(table.kpi, table.part, self.grain)
        return _stacked(self._dated(closing, exact), self._dated(table.numbers, rest))

    def _ending(self, grain: Grain, moment: int, *, last: bool = False) -> Period | None:
        """The period that ends at a moment; with `last` else the last one that ended before."""
        if moment == _NO_MOMENT:
            return None
        calendar = self.catalog.calendar
        end = datetime.fromtimestamp(moment, UTC)
        period = calendar.at(grain, end - timedelta(seconds=1))
        if period.end == end:
            return period
        return calendar.previous(period) if last else None

    # -- over a span ---------------------------------------------------------------------------------------------

    def _over(self, read: Input, table: _Table) -> Numbers:
        """A mean, maximum or minimum of own values, beside that of the span that a running period is compared with."""
        numbers = table.numbers
        own, column = np.unique(numbers.period, return_inverse=True)
        ends = self._ends(table, own)
        over = int(np.searchsorted(ends, int(self.now.timestamp()), "right"))
        grid = _Grid(numbers, column, len(own), zero=table.zero)
        first, last = self._spans(read.back)
        low, high = np.searchsorted(ends, first, "right"), np.searchsorted(ends, last, "right")
        alone = self.running & (low >= over) & (high > low) & (not self._compares)
        usable = np.minimum(high, over + alone)
        value, reason, stored, flags = grid.over(read.over, low, usable)
        then_first, then_last = self._spans(read.back, before=True)
        low, high = np.searchsorted(ends, then_first, "right"), np.searchsorted(ends, then_last, "right")
        before, _, _, _ = grid.over(read.over, low, high)
        cell, period = np.nonzero(stored)
        return Numbers.make(
            list(numbers.cells),
            cell.astype(np.int64),
            self.keys[period],
            value=value[cell, period],
            reason=reason[cell, period],
            flags=flags[cell, period],
            so_far=np.where(alone[period], nan, value[cell, period]),
            so_far_before=before[cell, period],
        )


class _Grid:
    """Own values as matrices, a row per cell and a column per own period, to be put together over spans of columns."""

    def __init__(self, numbers: Numbers, column: Ints, columns: int, *, zero: bool) -> None:
        shape = len(numbers.cells), columns + 1  # no span holds the last column: there it ends

        def matrix(values: np.ndarray, nothing: float) -> np.ndarray:
            found = np.full(shape, nothing, values.dtype)
            found[numbers.cell, column] = values
            return found

        has = matrix(numbers.reason == 0, 0)
        self.value: Floats = matrix(np.where(numbers.reason == 0, numbers.value, nan), nan)
        self.held: Ints = matrix(np.where(numbers.reason >= WITHHELD, numbers.reason, 0), 0)
        self.stored: Bools = matrix(np.ones(len(numbers), np.bool_), 0)
        self.flags: Ints = matrix(numbers.flags & SPREADING, 0)
        if zero and "" in numbers.cells:
            total = list(numbers.cells).index("")
            self.value[~self.stored & has[total]] = 0.0

    def over(self, function: str, low: Ints, high: Ints) -> tuple[Floats, Ints, Bools, Ints]:
        """Value, reason, whether anything is stored, and its flags, by cell and span of own periods."""
        some = np.isfinite(self.value)
        reason = _each(np.maximum, self.held, low, high, 0)
        count = _each(np.add, some.astype(np.int64), low, high, 0)
        if function == "mean":
            total = _each(np.add, np.where(some, self.value, 0.0), low, high, 0)
            value = np.divide(total, count, out=np.full(total.shape, nan), where=count > 0)
        else:
            value = _each(np.fmax if function == "max" else np.fmin, self.value, low, high, nan)
        reason = np.where((reason == 0) & (count == 0), CODE[Reason.NO_ROWS], reason)
        value = np.where(reason > 0, nan, value)
        stored = _each(np.maximum, self.stored.astype(np.int64), low, high, 0) > 0
        return value, reason, stored, _each(np.bitwise_or, self.flags, low, high, 0)


def _each(function: np.ufunc, grid: np.ndarray, low: Ints, high: Ints, nothing: float) -> np.ndarray:
    """A function over the columns from `low` up to `high`, for each row and span."""
    found = np.full((len(grid), len(low)), nothing, grid.dtype)
    some = np.flatnonzero(low < high)
    if len(some) and len(grid):
        # `reduceat` goes from each place of a list up to the next: every second one is a span.
        places = np.column_stack([low[some], high[some]]).ravel()
        with np.errstate(invalid="ignore"):
            found[:, some] = function.reduceat(grid, places, axis=1)[:, ::2]
    return found


def _numbers(table: pa.Table | None, grain: Grain, part: str) -> Numbers:
    return Numbers.empty() if table is None else Numbers.of(table, grain, part)


def _flagged(numbers: Numbers) -> Bools:
    """Which rows are partial."""
    flagged: Bools = (numbers.flags & Flag.PARTIAL) != 0
    return flagged


def _whole(numbers: Numbers) -> Numbers:
    """Values that stay what they are while the formula's period runs."""
    flags = numbers.flags & np.int64(Flag.OPEN_ENDED)
    return replace(numbers, flags=flags, so_far=numbers.value, so_far_before=numbers.value)


def _coded(into: Numbers, numbers: Numbers) -> tuple[Ints, Ints]:
    """The cells of rows by the codes that other rows use for them, -1 for those they lack; and their periods."""
    codes = {text: number for number, text in enumerate(into.cells)}
    own = np.array([codes.get(text, -1) for text in numbers.cells], np.int64)
    return own[numbers.cell] if len(numbers) else numbers.cell, numbers.period


def _stacked(first: Numbers, second: Numbers) -> Numbers:
    """Rows under each other."""
    cells = [*first.cells, *second.cells]
    columns = {
        name: np.concatenate([value, vars(second)[name]]) for name, value in vars(first).items() if name != "cells"
    }
    columns["cell"] = np.concatenate([first.cell, second.cell + len(first.cells)])
    return Numbers(cells=cells, **columns)

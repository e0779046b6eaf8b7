"""States: a longer period takes one of the KPI's own values within it, or their mean.

With `take: last` it is the value of the last own period within the longer one. Which one that is, the total says, so
that a cell that is empty by then is empty, and not what it was some time before; but of typed numbers each cell has its
own last one, because a cell that nobody typed is not empty. A week belongs to the month in which it ends. The running
period so far is compared with the period before at the same day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from math import nan

import numpy as np
import pyarrow as pa

from headway.model import Balance, Catalog, Entered, Flag, Kpi, Take
from headway.periods import Grain, Period, epoch_day
from headway.plan.numbers import WITHHELD, Bools, Floats, Ints, Numbers, find, key, together
from headway.plan.spans import is_compared, is_cut, period_of_day, period_of_key


def rollup(catalog: Catalog, kpi: Kpi, own: pa.Table, now: datetime) -> pa.Table:
    """A state's values at its own grain -> at every grain that is kept, cells from `by_grain` on.

    Takes and gives the schema `OBSERVED`, with or without the column `people`. Parts that are flows have their longer
    grains already. A mean, maximum, minimum or sum over a withheld value is withheld.
    """
    tables = []
    for part in ("", *kpi.parts):
        numbers = Numbers.of(own, kpi.grain, part)
        for grain in kpi.grains():
            keeps_cells = grain in kpi.grains(cell=True)
            if grain is kpi.grain:
                rows = numbers
            elif kpi.is_state_of(part):
                rows = _Longer(catalog, kpi, numbers, grain, now, part).rows()
            else:
                rows = Numbers.of(own, grain, part)
            if not keeps_cells:
                rows = rows.take(np.array([text == "" for text in rows.cells], bool)[rows.cell])
            tables.append(rows.table(grain, part))
    return together(tables).select(own.column_names)


@dataclass
class _Longer:
    """One longer grain of one state."""

    catalog: Catalog
    kpi: Kpi
    own: Numbers
    grain: Grain
    now: datetime
    part: str = ""

    def rows(self) -> Numbers:
        """The state at this grain."""
        own = self.own
        if not len(own):
            return own
        keys, self._at = np.unique(own.period, return_inverse=True)
        calendar = self.catalog.calendar
        self._own = [period_of_key(calendar, self.kpi.grain, k) for k in keys.tolist()]
        longer = [period_of_day(calendar, self.grain, p.last) for p in self._own]
        # A week that still runs may end in a month that has not begun: it says nothing of that month.
        periods = {p.key: p for p in longer if p.start <= self.now}
        holds = np.array([p.key if p.key in periods else _NONE for p in longer], np.int64)
        rows = self._take(holds, self._known())
        late = self.catalog.settles_after(self.kpi.name)
        running = {k: p for k, p in periods.items() if calendar.is_partial(p, self.now, late)}
        partial = [k for k, p in periods.items() if k in running or is_cut(self.kpi, p)]
        flags = (rows.flags & ~np.int64(Flag.PARTIAL)) | np.isin(rows.period, partial) * np.int64(Flag.PARTIAL)
        so_far, before = self._running(rows, list(running.values()))
        return replace(rows, flags=flags, so_far=so_far, so_far_before=before)

    def _known(self) -> Bools:
        """Which of the own periods have something to be taken: a value, or one that is withheld."""
        own = self.own
        known = np.zeros(len(self._own), np.bool_)
        if _is_carried(self.kpi):
            known[:] = True
        else:
            known[self._at[(own.reason == 0) | (own.reason >= WITHHELD)]] = True
        return known

    def _take(self, holds: Ints, usable: Bools) -> Numbers:
        """Own values -> one row per cell and longer period; `holds` is the longer period of each own one, or -1."""
        if self.kpi.take is Take.LAST:
            return self._last(holds, usable)
        return self._combined(holds)

    def _last(self, holds: Ints, usable: Bools) -> Numbers:
        if isinstance(self.kpi.measure, Entered):
            return self._last_of_each(holds)
        last: dict[int, int] = {}
        for i, longer in enumerate(holds.tolist()):
            if longer != _NONE and (usable[i] or longer not in last):
                last[longer] = i
        chosen = np.zeros(len(holds), np.bool_)
        chosen[list(last.values())] = True
        rows = self.own.take(chosen[self._at])
        return replace(rows, period=holds[self._at][chosen[self._at]])

    def _last_of_each(self, holds: Ints) -> Numbers:
        """The last number of each cell on its own."""
        at = np.flatnonzero(holds[self._at] != _NONE)
        has = (self.own.reason[at] == 0).astype(np.int64)  # a period without a number hides no earlier one
        at = at[np.lexsort((self.own.period[at], has, holds[self._at][at], self.own.cell[at]))]
        rows, longer = self.own.take(at), holds[self._at][at]
        same = key(rows.cell, longer)
        last = np.ones(len(same), np.bool_)
        last[:-1] = same[1:] != same[:-1]
        return replace(rows.take(last), period=longer[last])

    def _combined(self, holds: Ints) -> Numbers:
        """Mean, maximum, minimum or sum of own values; of a period that still runs only where nothing else is there."""
        own = self.own
        over = np.array([p.end <= self.now for p in self._own], np.bool_)
        finished = {longer for longer, done in zip(holds.tolist(), over, strict=True) if done}
        alone = np.array([longer not in finished for longer in holds.tolist()], np.bool_)
        counted = ((over | alone | (self.kpi.take is Take.SUM)) & (holds != _NONE))[self._at]
        rows = own.take(counted)
        longer = holds[self._at][counted]
        groups, first, group = np.unique(key(rows.cell, longer), return_index=True, return_inverse=True)
        size = len(groups)
        has = rows.reason == 0
        number = np.bincount(group[has], minlength=size).astype(np.float64)
        total = np.bincount(group[has], weights=rows.value[has], minlength=size)
        absent = self._absent(rows, longer, groups, first, number)
        with np.errstate(invalid="ignore", divide="ignore"):
            match self.kpi.take:
                case Take.MEAN:
                    value = total / (number + absent)
                case Take.SUM:
                    value = np.where(number > 0, total, nan)
                case _:
                    value = _extreme(np.fmax if self.kpi.take is Take.MAX else np.fmin, group, rows.value, size, has)
                    if self.kpi.take is Take.MIN:
                        value = np.where(absent > 0, np.fmin(value, 0.0), value)
        # The strongest reason of those that hold a number back, else the reason of the first row.
        held = np.zeros(size, np.int64)
        np.maximum.at(held, group, np.where(rows.reason >= WITHHELD, rows.reason, 0))
        why = np.where(held > 0, held, np.where(np.isfinite(value), 0, rows.reason[first]))
        flags = np.zeros(size, np.int64)
        np.bitwise_or.at(flags, group, rows.flags & np.int64(Flag.AT_LEAST | Flag.OPEN_ENDED))
        people = _extreme(np.fmin, group, np.where(rows.people > 0, rows.people, nan), size, has)
        return Numbers.make(
            own.cells,
            rows.cell[first],
            longer[first],
            value=np.where(why == 0, value, nan),
            reason=why,
            flags=flags,
            people=people,
        )

    def _absent(self, rows: Numbers, longer: Ints, groups: Ints, first: Ints, number: Floats) -> Floats:
        """How many own values of a cell are not stored because they are 0: those that only the total has."""
        if not self.kpi.zero_when_absent(self.part) or "" not in rows.cells:
            return np.zeros(len(groups))
        total = rows.cell == list(rows.cells).index("")
        periods, counts = np.unique(longer[total & (rows.reason == 0)], return_counts=True)
        at, found = find(periods, longer[first])
        whole = np.where(found, counts[at] if len(counts) else 0, 0)
        is_cell = rows.cell[first] != list(rows.cells).index("")
        # A cell's withheld values are there, too, though they have no number.
        stored = np.bincount(np.searchsorted(groups, key(rows.cell, longer)), minlength=len(groups))
        return np.where(is_cell, np.maximum(0, whole - np.maximum(stored, number)), 0).astype(np.float64)

    def _running(self, rows: Numbers, running: list[Period]) -> tuple[Floats, Floats]:
        """What running periods have at their last complete day, and the period before had at the same day."""
        so_far, before = np.full(len(rows), nan), np.full(len(rows), nan)
        if self.kpi.grain.rank > Grain.DAY.rank or not is_compared(self.kpi):
            # Own periods longer than a day do not end on the day that is compared.
            return so_far, before
        calendar = self.catalog.calendar
        days = np.array([epoch_day(p.last) for p in self._own], np.int64)
        over = [p.last for p in self._own if p.end <= self.now]
        for period in running:
            through = min(over[-1], calendar.last_complete_day(self.now)) if over else date.min
            if (pair := calendar.same_span(period, through)) is None:
                continue
            for (first, last), column in zip(pair, (so_far, before), strict=True):
                inside = (days >= epoch_day(first)) & (days <= epoch_day(last))
                if not inside.any() or days[inside].max() != epoch_day(last):
                    continue
                then = self._take(np.where(inside, period.key, _NONE), np.ones(len(days), np.bool_))
                self._fill(rows, period, then, column)
        return so_far, before

    def _fill(self, rows: Numbers, period: Period, then: Numbers, column: Floats) -> None:
        """Write the values of `then` into a column of `rows`; a cell that it lacks is 0 where that is what it means."""
        mine = np.flatnonzero(rows.period == period.key)
        at, found = find(then.cell, rows.cell[mine])
        absent = 0.0 if self.kpi.zero_when_absent(self.part) else nan
        values = np.where(found, then.value[at] if len(then) else nan, absent)
        column[mine] = values


#: Stands for "no longer period" where own periods are mapped to longer ones.
_NONE = np.iinfo(np.int64).min


def _is_carried(kpi: Kpi) -> bool:
    """True if the last own period counts even without a value; copies and typed numbers count where they exist."""
    return not isinstance(kpi.measure, Entered) and not (isinstance(kpi.measure, Balance) and kpi.measure.per is None)


def _extreme(function: np.ufunc, group: Ints, values: Floats, size: int, has: Bools) -> Floats:
    """The largest (`fmax`) or smallest (`fmin`) value of each group; NaN for a group without one."""
    found = np.full(size, nan)
    function.at(found, group[has], values[has])
    return found

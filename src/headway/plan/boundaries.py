"""Own periods over the whole history of a source, and which of them the asked-for spans add up.

What is compared from one own period to the next (`recurring.py`) needs every own period since the first row, whatever
is asked for: "never before" looks at all of it. They are numbered 0, 1, 2 ... by their `position`. The last one ends
with the last complete day.

A span closes at the end of an own period, or within one, as the days of a period before that a running period is
compared with. Each such day is a *cut*: two positions of their own, for the own period before and for the days up to
the cut. So every span is the sum of neighbouring positions, and at most one cut.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa

from headway.model import Catalog
from headway.periods import Grain, WindowKind, day_of, epoch_day
from headway.plan.draft import Asked
from headway.plan.spans import Span, periods_between

#: No position: nothing is there.
_NONE = -1


@dataclass
class Boundaries:
    """The own periods of one KPI, and the cuts that its requests need."""

    catalog: Catalog
    own: Sequence[tuple[int, int]]
    #: The days that can have rows.
    first: int
    last: int
    _cuts: dict[tuple[int, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog, grain: Grain, asked: Sequence[Asked], now: datetime) -> Boundaries:
        """The own periods of this grain from the first row to the last complete day."""
        first = min(a.timeline.first for a in asked)
        last = max(a.timeline.last for a in asked)
        complete = epoch_day(catalog.calendar.last_complete_day(now))
        periods = periods_between(catalog.calendar, grain, day_of(first), day_of(complete))
        return cls(catalog, [(epoch_day(p.first), min(epoch_day(p.last), complete)) for p in periods], first, last)

    def spans(self, asked: Asked) -> tuple[pa.Table, pa.Table]:
        """What a request's spans read. Call it for every request before the other tables are made.

        `moments`: series, period, cells, and the positions `opening` and `closing` at whose ends a span begins and
        ends. `stretches`: series, period, cells, and the positions `first_position` to `last_position` that a
        span adds up, with `alone` if that is a single one.
        """
        moments, stretches = [], []
        for series in asked.timeline.series:
            for span in series.spans:
                of_span = (series.name, span.period.key, series.cells)
                begin, whole, cut = self._positions(asked, span)
                moments.append((*of_span, begin - 1, whole if cut == _NONE else cut))
                parts = [(begin, whole)] if begin <= whole else []
                parts += [(cut, cut)] if cut != _NONE else []
                alone = len(parts) == 1 and parts[0][0] == parts[0][1]
                stretches += [(*of_span, *part, alone) for part in parts]
        return _table(moments, _OF_MOMENTS), _table(stretches, _OF_STRETCHES)

    def _positions(self, asked: Asked, span: Span) -> tuple[int, int, int]:
        """The first and last own period that is whole in a span, and the cut after them."""
        window = asked.kpi.window
        # A window of months that ends within an own period begins with the own period that begins in it.
        begin = 0 if window and window.kind is WindowKind.ALL_TIME else bisect_left(self.own, span.first, key=_first)
        holds = bisect_right(self.own, span.last, key=_first) - 1
        if holds == _NONE or span.last >= self.own[holds][1]:
            return begin, holds, _NONE
        return begin, holds - 1, self._cut(holds, span.last)

    def _cut(self, period: int, day: int) -> int:
        """The position of the days of an own period up to one within it."""
        # Behind the own periods, and behind each cut, one place stays empty: `reach` ends a series there.
        position = len(self.own) + 2 + 3 * len(self._cuts)
        return self._cuts.setdefault((period, day), position)

    def reach(self) -> pa.Table:
        """`reach` over the own periods, and over each cut: the own period before it, and the days up to it.

        As that of a `Timeline`: on each day, the positions `lo` to before `after` hold it, and `stop` ends the series.
        """
        days = np.arange(self.first, self.last + 1)
        series: list[tuple[str, Sequence[tuple[int, int]]]] = [("own", self.own)]
        for period, day in self._cuts:
            first = self.own[period][0]
            before = self.own[period - 1][0] if period else first - 1
            series.append((f"to {day_of(day)}", [(before, first - 1), (first, day)]))
        tables, base = [], 0
        for name, periods in series:
            firsts, lasts = (np.array([period[end] for period in periods], np.int64) for end in (0, 1))
            columns = {
                "series": pa.array([name] * len(days), pa.string()),
                "day": pa.array(days.astype(np.int32)).cast(pa.date32()),
                "lo": pa.array(base + np.searchsorted(lasts, days, "left")),
                "after": pa.array(base + np.searchsorted(firsts, days, "right")),
                "stop": pa.array(np.full(len(days), base + len(periods), np.int64)),
            }
            tables.append(pa.table(columns))
            base += len(periods) + 1
        return pa.concat_tables(tables)

    def positions(self) -> pa.Table:
        """`position` and `own`, the number of the own period in which it lies."""
        positions = [*range(len(self.own)), *self._cuts.values()]
        own = [*range(len(self.own)), *(period for period, _ in self._cuts)]
        return pa.table({"position": pa.array(positions, pa.int64()), "own": pa.array(own, pa.int64())})


def _first(period: tuple[int, int]) -> int:
    return period[0]


_OF_SPAN = {"series": pa.string(), "period": pa.int64(), "cells": pa.bool_()}
_OF_MOMENTS = {**_OF_SPAN, "opening": pa.int64(), "closing": pa.int64()}
_OF_STRETCHES = {**_OF_SPAN, "first_position": pa.int64(), "last_position": pa.int64(), "alone": pa.bool_()}


def _table(rows: Sequence[tuple[object, ...]], columns: Mapping[str, pa.DataType]) -> pa.Table:
    found: list[Sequence[object]] = list(zip(*rows, strict=True)) or [[] for _ in columns]
    return pa.table({name: pa.array(c, columns[name]) for name, c in zip(columns, found, strict=True)})

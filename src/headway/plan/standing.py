"""Which periods of a KPI stand although rows of its source changed: the reach of a day, by kind.

A number of most kinds follows from the rows of certain days alone: those of its span and, where it compares spans, of
the span before. If all rows of these days are as they were, so is the number; `Rows.days` tells whether they are, of
rows as they are prepared, so that whatever happens to a source that is referred to is seen, too. What is under way
follows from rows that began however long ago, and are not over: a day reaches all spans from it on. All else asks for
rows however far back: who is new, who joined when, what was there last.

What stands is put beside what is computed in the form of the engine's answer. Everything behind it, such as periods
without rows, flags and withheld cells, is made of all rows of the answer, as if all had been computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.model import Aggregate, Balance, Concurrency, Distinct, Kpi, Nps, Open, Quantile, Retention, Share
from headway.periods import EPOCH, epoch_day
from headway.plan.numbers import Bools, Ints
from headway.plan.spans import Series, Span, Timeline

_HOUR, _DAY = 3600, 86400


class Reach(StrEnum):
    """Which numbers the rows of a day can change: those whose span, or span before, holds it; or all from it on."""

    SPANS = "spans"
    ONWARDS = "onwards"


def reach_of(kpi: Kpi) -> Reach | None:
    """The reach of a day on a KPI; None if it may be any number."""
    match kpi.measure:
        case Aggregate():
            return None if kpi.looks_ahead else Reach.SPANS
        case Share() | Nps() | Quantile():
            return Reach.SPANS
        case Balance(per=per):
            return Reach.SPANS if per is None else None
        case Distinct(named=named):
            return Reach.SPANS if Distinct.EVER.isdisjoint(named) else None
        case Retention(compares=compares):
            return Reach.SPANS if compares else None
        case Open() | Concurrency():
            return Reach.ONWARDS
    return None


@dataclass(frozen=True)
class Answer:
    """What a request came to when it was computed: the spans that it asked for, and its rows of the engine's answer."""

    #: A row per span: series, period, first, last, earlier. Requests that ask for the same share it.
    spans: pa.Table
    rows: pa.Table


def spans_of(timeline: Timeline) -> pa.Table:
    """The spans of a timeline."""
    flat = [(series.name, span) for series in timeline.series for span in series.spans]
    return pa.table(
        {
            "series": pa.array([name for name, _ in flat], pa.string()),
            "period": pa.array([span.period.key for _, span in flat], pa.int64()),
            "first": pa.array([span.first for _, span in flat], pa.int64()),
            "last": pa.array([span.last for _, span in flat], pa.int64()),
            "earlier": pa.array([span.earlier for _, span in flat], pa.int64()),
        }
    )


def changed(before: pa.Table, now: pa.Table) -> Ints:
    """The days, in order, whose rows are others than before. Both tables are answers of `Rows.days`."""
    (one, other) = ({day: (n, said) for day, n, said in zip(*_columns(table), strict=True)} for table in (before, now))
    days = sorted(day for day in one.keys() | other.keys() if one.get(day) != other.get(day))
    return np.array([(day - EPOCH).days for day in days], np.int64)


def _columns(table: pa.Table) -> list[list[object]]:
    return [table[name].to_pylist() for name in ("day", "n", "said")]


@dataclass
class Touched:
    """What is left to be computed of requests: of each timeline the spans that changed days touch, and new ones."""

    days: Ints
    reach: Reach
    _stands: dict[tuple[Timeline, int], frozenset[tuple[str, int]]] = field(default_factory=dict)
    _left: dict[tuple[Timeline, frozenset[tuple[str, int]]], Timeline | None] = field(default_factory=dict)

    def stands(self, timeline: Timeline, known: Answer) -> frozenset[tuple[str, int]]:
        """The spans, by series and period, that were asked for alike, and of whose days none changed."""
        key = timeline, id(known.spans)
        if key not in self._stands:
            names = ("series", "period", "first", "last", "earlier")
            asked = set(zip(*(known.spans[name].to_pylist() for name in names), strict=True))
            self._stands[key] = frozenset(
                (series.name, span.period.key)
                for series in timeline.series
                for span in series.spans
                if (series.name, span.period.key, span.first, span.last, span.earlier) in asked
                and not self._is_touched(series, span)
            )
        return self._stands[key]

    def _is_touched(self, series: Series, span: Span) -> bool:
        low, high = _days(series, span)
        if self.reach is Reach.ONWARDS:
            return bool((self.days <= high).any())
        return bool(np.searchsorted(self.days, low, "left") < np.searchsorted(self.days, high, "right"))

    def left(self, timeline: Timeline, stands: frozenset[tuple[str, int]]) -> Timeline | None:
        """A timeline of the spans that do not stand; None if all do. KPIs that share one share what is left of it."""
        if (timeline, stands) not in self._left:
            series = [
                replace(one, spans=tuple(span for span in one.spans if (one.name, span.period.key) not in stands))
                for one in timeline.series
            ]
            left = replace(timeline, series=tuple(one for one in series if one.spans))
            if left.series and self.reach is Reach.ONWARDS:
                # What is under way is swept from there.
                left = replace(left, begin=max(timeline.begin, epoch_day(first_day(left))))
            self._left[timeline, stands] = left if left.series else None
        return self._left[timeline, stands]


def first_day(timeline: Timeline) -> date:
    """The first day that any of its spans, or spans before, asks for."""
    return EPOCH + timedelta(days=min(_days(series, span)[0] for series in timeline.series for span in series.spans))


def _days(series: Series, span: Span) -> tuple[int, int]:
    """From which to which day rows can count, as days since 1970; of hours a day more on either side, for zones."""
    if series.hours:
        return span.first // _DAY - 1, (span.last + _HOUR) // _DAY + 1
    return span.first if span.earlier is None else min(span.first, span.earlier), span.last


def standing(known: Answer, stands: frozenset[tuple[str, int]]) -> pa.Table:
    """The known rows of the spans that stand."""
    by_series: dict[str, list[int]] = {}
    for name, period in stands:
        by_series.setdefault(name, []).append(period)
    periods, kept = known.rows["period"].to_numpy(), np.zeros(known.rows.num_rows, np.bool_)
    for name, some in by_series.items():
        mine: Bools = pc.equal(known.rows["series"], name).to_numpy()
        kept |= mine & np.isin(periods, np.array(some, np.int64))
    return known.rows.filter(pa.array(kept))


__all__ = ["Answer", "Reach", "Touched", "changed", "first_day", "reach_of", "spans_of", "standing"]

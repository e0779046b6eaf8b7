"""The small tables of time that plans join: which local days (or hours) each period asks for.

A *series* is one grain of one request: its periods in order. `spans` has a row per period: `first` to `last` is what
the period asks for, which without a window is the period itself. A running period has up to two further series of one
row each, ` so far` and ` before`: its days up to the last complete one, and the same days of the period before.

Positions number all spans of a table, series after series, with one empty place between two series. Within a series
`first` and `last` never go back, so the spans that hold a day are neighbours: `reach` says, per series and day, that
they are the positions from `lo` up to and without `after`. That makes every kind of span (calendar periods, rolling
days, clamped months, to date, all time) one equality join away; `distinct.py` shows what it is good for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import numpy as np
import pyarrow as pa

from headway.model import Balance, Catalog, Distinct, Duration, Kpi, Retention
from headway.periods import Calendar, Grain, Period, Window, WindowKind, epoch_day
from headway.plan.coverage import Coverage


class Role(StrEnum):
    """What a span is for; the value is what stands behind the grain in the name of its series."""

    VALUE = ""
    SO_FAR = " so far"
    BEFORE = " before"


@dataclass(frozen=True, slots=True)
class Span:
    """What one period asks for: local days `first` to `last`, or for hours the epoch seconds at which they begin.

    `earlier` is the first day of the span before, which ends where this one begins; None if the KPI compares no spans.
    """

    period: Period
    first: int
    last: int
    partial: bool
    earlier: int | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """The spans of one grain and role, in order. `cells`: cells are kept, too. `hours`: cut in hours, not in days."""

    grain: Grain
    role: Role
    spans: tuple[Span, ...]
    cells: bool
    hours: bool = False

    @property
    def name(self) -> str:
        """`month`, `month so far`, `month before`."""
        return f"{self.grain}{self.role}"


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """All series of one request. Days are counted from 1970-01-01. KPIs that ask for the same share one."""

    series: tuple[Series, ...]
    #: The first and last day that rows can have, and the hours between them if the KPI is kept by the hour.
    first: int
    last: int
    hours: tuple[int, ...]
    #: The first day that the source can speak of.
    begin: int
    #: Each span knows where the span before begins.
    compares: bool = False

    def of(self, hours: bool) -> tuple[Series, ...]:
        """The series cut in hours, or those cut in days."""
        return tuple(s for s in self.series if s.hours == hours)

    def spans(self, hours: bool = False) -> pa.Table:
        """The table `spans`: series, position, period (its key), first_day, last_day (or hour), cells, partial."""
        chosen = self.of(hours)
        flat = [(s, span) for s in chosen for span in s.spans]
        first, last = ("hour", "last_hour") if hours else ("first_day", "last_day")
        return pa.table(
            {
                "series": pa.array([s.name for s, _ in flat], pa.string()),
                "position": pa.array(_positions(chosen), pa.int64()),
                "period": pa.array([span.period.key for _, span in flat], pa.int64()),
                first: _slots([span.first for _, span in flat], hours),
                last: _slots([span.last for _, span in flat], hours),
                "cells": pa.array([s.cells for s, _ in flat], pa.bool_()),
                "partial": pa.array([span.partial for _, span in flat], pa.bool_()),
            }
        )

    def reach(self, hours: bool = False) -> pa.Table:
        """The table `reach`: series, day (or hour), and the positions `lo` to before `after` whose spans hold it.

        From `after` to before `beyond` are those whose span *before* holds it, where a KPI compares spans. `stop` is
        the empty place behind the series.
        """
        chosen = self.of(hours)
        slots = np.array(self.hours if hours else range(self.first, self.last + 1), np.int64)
        names: list[str] = []
        lo, after, beyond, stop = [_NOTHING], [_NOTHING], [_NOTHING], [_NOTHING]
        base = 0
        for series in chosen:
            firsts = np.array([span.first for span in series.spans], np.int64)
            lasts = np.array([span.last for span in series.spans], np.int64)
            names += [series.name] * len(slots)
            # lo: the first span that ends no earlier. after: the first that begins later.
            lo.append(base + np.searchsorted(lasts, slots, "left"))
            after.append(base + np.searchsorted(firsts, slots, "right"))
            if self.compares:
                earliest = np.array([span.earlier for span in series.spans], np.int64)
                beyond.append(base + np.searchsorted(earliest, slots, "right"))
            stop.append(np.full(len(slots), base + len(firsts), np.int64))
            base += len(firsts) + 1
        return pa.table(
            {
                "series": pa.array(names, pa.string()),
                "hour" if hours else "day": _slots(np.tile(slots, len(chosen)), hours),
                "lo": pa.array(np.concatenate(lo), pa.int64()),
                "after": pa.array(np.concatenate(after), pa.int64()),
                **({"beyond": pa.array(np.concatenate(beyond), pa.int64())} if self.compares else {}),
                "stop": pa.array(np.concatenate(stop), pa.int64()),
            }
        )


def _positions(chosen: Sequence[Series]) -> list[int]:
    """One position per span; between two series one place stays empty."""
    found: list[int] = []
    base = 0
    for series in chosen:
        found += range(base, base + len(series.spans))
        base += len(series.spans) + 1
    return found


_NOTHING = np.zeros(0, np.int64)


def _slots(values: Sequence[int] | np.ndarray, hours: bool) -> pa.Array:
    """Epoch days as dates, or epoch seconds of hours as they are."""
    if hours:
        return pa.array(values, pa.int64())
    return pa.array(np.asarray(values, np.int32), pa.int32()).cast(pa.date32())


# -- making them ---------------------------------------------------------------------------------------------------


def timeline(catalog: Catalog, kpi: Kpi, coverage: Coverage, now: datetime, since: Sequence[date] = ()) -> Timeline:
    """Everything that a KPI is asked for: every period its source can speak of, at every grain that is computed.

    `coverage` is that of the source that dates it, and `since` are days on which further rows begin: they may be older.

    A flow has its own grain and all longer ones; a state only its own, unless a part of it is a flow. Of a state's
    running period it is the last complete day that is asked for, or for hours the last complete hour.
    """
    assert kpi.dated_by
    name, column = kpi.dated_by
    source = catalog.sources[name]
    # A row that is still to come counts from the day on which it is known.
    column = source.known_on if kpi.looks_ahead else column
    is_state = kpi.is_state
    only_own = is_state and all(kpi.is_state_of(part) for part in kpi.parts)
    grains = (kpi.grain,) if only_own else kpi.grains()
    cut = _Cut(
        calendar=catalog.calendar,
        now=now,
        days=coverage.days(column),
        moments=coverage.moments(column),
        sparse=source.sparse,
        late=catalog.settles_after(kpi.name),
        grains=tuple((grain, is_state or grain in kpi.grains(cell=True)) for grain in grains),
        window=kpi.window,
        tracked_from=kpi.tracked_from,
        retired_on=kpi.retired_on,
        is_state=is_state,
        looks_ahead=kpi.looks_ahead,
        is_copied=is_copied(kpi),
        is_compared=is_compared(kpi),
        compares=compares(kpi),
    )
    return _timeline(cut, min(since, default=None))


@dataclass(frozen=True)
class _Cut:
    """Cuts time into spans, by all that decides it: KPIs that agree on that are cut once."""

    calendar: Calendar
    now: datetime
    #: What the source can speak of, as days and as moments; of a sparse one, up to now.
    days: tuple[date, date] | None
    moments: tuple[datetime, datetime] | None
    sparse: bool
    late: timedelta
    #: The grains that are computed, and whether cells are kept.
    grains: tuple[tuple[Grain, bool], ...]
    window: Window | None
    tracked_from: date | None
    retired_on: date | None
    is_state: bool
    looks_ahead: bool
    is_copied: bool
    is_compared: bool
    compares: bool

    def edges(self) -> tuple[date, date] | None:
        """The first and last day that can be spoken of."""
        begin, horizon = self.days or (None, None)
        if self.sparse:
            horizon = self.calendar.day(self.now)
            begin = min(filter(None, (begin, self.tracked_from)), default=None)
        return (begin, horizon) if begin is not None and horizon is not None else None

    def series(self, grain: Grain, cells: bool, begin: date, horizon: date) -> list[Series]:
        """The series of one grain: its values, and for periods that still run, so far and before."""
        calendar = self.calendar
        through = min(calendar.last_complete_day(self.now), horizon)
        # Hours before the first row and after the newest one are silent.
        earliest, newest = self.moments or (self.now, self.now)
        if begin < calendar.day(earliest):
            earliest = calendar.moment(begin)
        newest = self.now if self.sparse else newest
        values, so_far, before = [], [], []
        for period in periods_between(calendar, grain, begin, horizon):
            if period.start > self.now or not is_tracked(self, period):
                continue
            if grain is Grain.HOUR and (period.end <= earliest or period.start > newest):
                continue
            running = calendar.is_partial(period, self.now, self.late)
            partial = running or is_cut(self, period)
            if span := self._asked(period, begin):
                values.append(Span(period, *span[:2], partial, span[2]))
            if running and self.is_compared and (pair := calendar.same_span(period, through)):
                now_span, then_span = (self._through(replace(period, first=a, last=b), begin) for a, b in pair)
                so_far.append(Span(period, *now_span[:2], partial, now_span[2]))
                before.append(Span(period, *then_span[:2], partial, then_span[2]))
        found = [Series(grain, Role.VALUE, tuple(values), cells, self._in_hours(grain))]
        if so_far:
            found.append(Series(grain, Role.SO_FAR, tuple(so_far), cells))
            found.append(Series(grain, Role.BEFORE, tuple(before), cells))
        return found

    def _asked(self, period: Period, begin: date) -> _Days | None:
        """The span of a period's value, in days or for hours in seconds; None if there is no moment to speak of."""
        if self._in_hours(period.grain):
            running = self.is_state and period.end > self.now
            hour = self.calendar.previous(period) if running else period
            return hour.key, hour.key, None
        if not self.is_state:
            return self._days(period, begin)
        # A running period's state is that of the last complete day.
        last = min(period.last, self.calendar.last_complete_day(self.now))
        if last < begin:
            return None
        if self.is_copied and last < period.first:
            # No day of it is over, and a copy is never carried over: a span without a day, so no data.
            return epoch_day(period.first), epoch_day(last), None
        return self._days(replace(period, last=last), begin)

    def _in_hours(self, grain: Grain) -> bool:
        """True for spans of single hours. Windows and balances are cut in days, also where each hour asks for one."""
        return grain is Grain.HOUR and self.window is None and not self.is_copied

    def _through(self, period: Period, begin: date) -> _Days:
        """The days that a period cut at a day asks for: a calendar window, which is whole otherwise, ends there too."""
        first, last, earlier = self._days(period, begin)
        is_whole = self.window is not None and self.window.kind is WindowKind.CALENDAR
        return first, min(last, epoch_day(period.last)) if is_whole else last, earlier

    def _days(self, period: Period, begin: date) -> _Days:
        first, last = self.calendar.span(self.window, period, begin)
        earlier = None
        if self.compares:
            earlier = epoch_day(self.calendar.span_before(self.window, period, begin)[0])
        return epoch_day(first), epoch_day(last), earlier


@lru_cache(maxsize=128)
def _timeline(cut: _Cut, since: date | None) -> Timeline:
    """Every span; `since` is a day on which further rows begin: it may be older."""
    calendar, today = cut.calendar, cut.calendar.day(cut.now)
    if (edges := cut.edges()) is None:
        return Timeline((), epoch_day(today), epoch_day(today), (), epoch_day(today), cut.compares)
    begin, horizon = edges
    series = [one for grain, cells in cut.grains for one in cut.series(grain, cells, begin, horizon)]
    first = min(filter(None, [begin, cut.days and cut.days[0], since]))
    low = min([epoch_day(first), *(s.spans[0].first for s in series if s.spans and not s.hours)])
    hours: tuple[int, ...] = ()
    if cut.grains[0][0] is Grain.HOUR:
        hours = tuple(hour.key for hour in periods_between(calendar, Grain.HOUR, first, today))
    high = epoch_day(today)
    if cut.looks_ahead:
        high = max([high, *(s.spans[-1].last for s in series if s.spans)])
    return Timeline(tuple(series), low, high, hours, epoch_day(begin), cut.compares)


#: The first and last day of a span, and the first one of the span before.
_Days = tuple[int, int, int | None]


def compares(kpi: Kpi) -> bool:
    """True if a KPI asks who was there in the span before."""
    return isinstance(kpi.measure, Distinct | Retention) and kpi.measure.compares


def is_copied(kpi: Kpi) -> bool:
    """True for a balance over whole copies, which never looks further back than its period."""
    return isinstance(kpi.measure, Balance) and kpi.measure.per is None


# -- periods, made once --------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def periods_between(calendar: Calendar, grain: Grain, first: date, last: date) -> tuple[Period, ...]:
    """All periods that touch the days `first` to `last`. KPIs of one source ask for the same ones again and again."""
    return tuple(calendar.between(grain, first, last))


@lru_cache(maxsize=1 << 17)
def period_of_key(calendar: Calendar, grain: Grain, number: int) -> Period:
    """The period that a key names."""
    return calendar.from_key(grain, number)


@lru_cache(maxsize=1 << 17)
def period_of_day(calendar: Calendar, grain: Grain, day: date) -> Period:
    """The period that holds a day."""
    return calendar.period(grain, day)


# -- rules of periods that other steps share -------------------------------------------------------------------------


def is_compared(kpi: Kpi) -> bool:
    """False where a running period cannot be compared with the one before, whose people were watched for longer.

    That is so of durations by start, and of a retention by ages, whose cohort is compared with itself.
    """
    match kpi.measure:
        case Duration(by_start=by_start):
            return not by_start
        case Retention(ages=ages):
            return ages is None
    return True


class Tracked(Protocol):
    """What begins and ends to be measured."""

    @property
    def tracked_from(self) -> date | None:
        """The first day."""

    @property
    def retired_on(self) -> date | None:
        """The last day."""


def is_tracked(kpi: Tracked, period: Period) -> bool:
    """True if any day of a period lies between `tracked_from` and `retired_on`."""
    tracked, retired = kpi.tracked_from, kpi.retired_on
    return not (tracked and period.last < tracked) and not (retired and period.first > retired)


def is_cut(kpi: Tracked, period: Period) -> bool:
    """True for the period in which tracking began or ended: it is partial for ever."""
    tracked, retired = kpi.tracked_from, kpi.retired_on
    return bool((tracked and period.first < tracked) or (retired and period.last > retired))

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
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

import numpy as np
import pyarrow as pa

from headway.model import Balance, Catalog, Distinct, Duration, Kpi, Retention
from headway.periods import Calendar, Grain, Period, WindowKind, epoch_day
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


@dataclass(frozen=True, slots=True)
class Timeline:
    """All series of one request. Days are counted from 1970-01-01."""

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
    calendar = catalog.calendar
    today = calendar.day(now)
    # A row that is still to come counts from the day on which it is known.
    column = source.known_on if kpi.looks_ahead else column
    days = coverage.days(column)
    begin, horizon = days or (None, None)
    if source.sparse:
        horizon = today
        begin = min(filter(None, (begin, kpi.tracked_from)), default=None)
    if begin is None or horizon is None:
        return Timeline((), epoch_day(today), epoch_day(today), (), epoch_day(today), compares(kpi))
    earliest, newest = coverage.moments(column) or (now, now)
    if begin < calendar.day(earliest):
        earliest = calendar.moment(begin)
    cut = _Cut(catalog, kpi, now, begin, horizon, earliest, now if source.sparse else newest)
    series: list[Series] = []
    for grain in kpi.grains():
        if grain is kpi.grain or not all(kpi.is_state_of(part) for part in ("", *kpi.parts)):
            series += cut.series(grain, cells=kpi.is_state or grain in kpi.grains(cell=True))
    first = min([begin, *(days[:1] if days else ()), *since])
    low = min([epoch_day(first), *(s.spans[0].first for s in series if s.spans and not s.hours)])
    hours: tuple[int, ...] = ()
    if kpi.grain is Grain.HOUR:
        hours = tuple(hour.key for hour in periods_between(calendar, Grain.HOUR, first, today))
    high = epoch_day(today)
    if kpi.looks_ahead:
        high = max([high, *(s.spans[-1].last for s in series if s.spans)])
    return Timeline(tuple(series), low, high, hours, epoch_day(begin), compares(kpi))


@dataclass(frozen=True)
class _Cut:
    """Cuts the periods of one KPI into spans."""

    catalog: Catalog
    kpi: Kpi
    now: datetime
    begin: date
    horizon: date
    #: The same as moments, for hours: those before the first row and after the newest one are silent.
    earliest: datetime
    newest: datetime

    def series(self, grain: Grain, *, cells: bool) -> list[Series]:
        """The series of one grain: its values, and for periods that still run, so far and before."""
        calendar = self.catalog.calendar
        late = self.catalog.settles_after(self.kpi.name)
        through = min(calendar.last_complete_day(self.now), self.horizon)
        values, so_far, before = [], [], []
        for period in periods_between(calendar, grain, self.begin, self.horizon):
            if period.start > self.now or not is_tracked(self.kpi, period):
                continue
            if grain is Grain.HOUR and (period.end <= self.earliest or period.start > self.newest):
                continue
            running = calendar.is_partial(period, self.now, late)
            partial = running or is_cut(self.kpi, period)
            if span := self._asked(period):
                values.append(Span(period, *span[:2], partial, span[2]))
            if running and is_compared(self.kpi) and (pair := calendar.same_span(period, through)):
                now_span, then_span = (self._through(replace(period, first=a, last=b)) for a, b in pair)
                so_far.append(Span(period, *now_span[:2], partial, now_span[2]))
                before.append(Span(period, *then_span[:2], partial, then_span[2]))
        found = [Series(grain, Role.VALUE, tuple(values), cells, self._in_hours(grain))]
        if so_far:
            found.append(Series(grain, Role.SO_FAR, tuple(so_far), cells))
            found.append(Series(grain, Role.BEFORE, tuple(before), cells))
        return found

    def _asked(self, period: Period) -> _Days | None:
        """The span of a period's value, in days or for hours in seconds; None if there is no moment to speak of."""
        if self._in_hours(period.grain):
            running = self.kpi.is_state and period.end > self.now
            hour = self.catalog.calendar.previous(period) if running else period
            return hour.key, hour.key, None
        if not self.kpi.is_state:
            return self._days(period)
        # A running period's state is that of the last complete day.
        last = min(period.last, self.catalog.calendar.last_complete_day(self.now))
        if last < self.begin:
            return None
        if is_copied(self.kpi) and last < period.first:
            # No day of it is over, and a copy is never carried over: a span without a day, so no data.
            return epoch_day(period.first), epoch_day(last), None
        return self._days(replace(period, last=last))

    def _in_hours(self, grain: Grain) -> bool:
        """True for spans of single hours. Windows and balances are cut in days, also where each hour asks for one."""
        return grain is Grain.HOUR and self.kpi.window is None and not is_copied(self.kpi)

    def _through(self, period: Period) -> _Days:
        """The days that a period cut at a day asks for: a calendar window, which is whole otherwise, ends there too."""
        first, last, earlier = self._days(period)
        is_whole = self.kpi.window is not None and self.kpi.window.kind is WindowKind.CALENDAR
        return first, min(last, epoch_day(period.last)) if is_whole else last, earlier

    def _days(self, period: Period) -> _Days:
        first, last = self.catalog.calendar.span(self.kpi.window, period, self.begin)
        earlier = None
        if compares(self.kpi):
            earlier = epoch_day(self.catalog.calendar.span_before(self.kpi.window, period, self.begin)[0])
        return epoch_day(first), epoch_day(last), earlier


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


def is_tracked(kpi: Kpi, period: Period) -> bool:
    """True if any day of a period lies between `tracked_from` and `retired_on`."""
    tracked, retired = kpi.tracked_from, kpi.retired_on
    return not (tracked and period.last < tracked) and not (retired and period.first > retired)


def is_cut(kpi: Kpi, period: Period) -> bool:
    """True for the period in which tracking began or ended: it is partial for ever."""
    tracked, retired = kpi.tracked_from, kpi.retired_on
    return bool((tracked and period.first < tracked) or (retired and period.last > retired))

"""Estimates what a run stores of each KPI: periods x cells x parts, and about 40 bytes for each number.

It is what the ledger would hold if every cell had a number in every period since the KPI's first day. Zeros are not
stored and cells come and go, so the truth is mostly less. A revised number is one more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from headway.model import Catalog, Entered, Kpi, Narrative, Recurring, Rehearsed, Retention, RowMeasure
from headway.periods import Calendar, Grain

#: What a number takes in the ledger, with its keys.
BYTES = 40


@dataclass(frozen=True, slots=True)
class Stored:
    """What a KPI is estimated to take. What cannot be known without the data is None: then `series` counts the rest."""

    kpi: str
    grain: Grain
    #: The KPI's breakdowns, and how many cells they have together.
    by: tuple[tuple[str, ...], ...]
    cells: int | None
    #: A number of its own, by output, grain and cell.
    series: int
    numbers: int | None

    @property
    def size(self) -> int | None:
        """In bytes."""
        return None if self.numbers is None else BYTES * self.numbers

    def plain(self) -> dict[str, object]:
        """The estimate as JSON's values."""
        return {
            "kpi": self.kpi,
            "cells": self.cells,
            "series": self.series,
            "numbers": self.numbers,
            "bytes": self.size,
        }


def estimate(catalog: Catalog, told: Rehearsed, today: date) -> list[Stored]:
    """Every KPI that has numbers, largest first; those of which less is known at the end."""
    estimates = _Estimates(catalog, told, today)
    found = [
        estimates.of(kpi) for kpi in catalog.kpis.values() if kpi.measure and not isinstance(kpi.measure, Narrative)
    ]
    return sorted(found, key=lambda one: (-(one.numbers or 0), -one.series))


class _Estimates:
    """The estimates of one catalogue."""

    def __init__(self, catalog: Catalog, told: Rehearsed, today: date) -> None:
        self._catalog, self._told, self._today = catalog, told, today
        #: Most KPIs are kept by the same grains over the same days.
        self._periods = cache(partial(periods, catalog.calendar))

    def of(self, kpi: Kpi) -> Stored:
        """The estimate of one KPI."""
        first = self.first(kpi.name)
        last = min(filter(None, (self._today, kpi.retired_on)))
        growth = {target.part: target for target in kpi.targets if target.growth}
        series, numbers, unknown = 0, 0, first is None
        cells: dict[tuple[str, ...], int | None] = {
            breakdown: self.cells(kpi, breakdown) for breakdown in kpi.breakdowns
        }
        for part in ("", *kpi.parts, *growth):
            own = part if part in kpi.parts else ""
            sets: list[tuple[int | None, tuple[Grain, ...]]] = []
            if kpi.has_total(own):
                sets.append((1, kpi.grains()))
            sets += [(cells[breakdown], kpi.grains(cell=True)) for breakdown in kpi.by_of(own)]
            if part in growth:  # kept for what is judged alone
                judged = growth[part]
                count = cells.get(tuple(sorted(judged.columns))) if judged.each else 1
                sets = [(count, (judged.grain,))]
            for count, grains in sets:
                unknown = unknown or count is None
                series += (count or 0) * len(grains)
                if first is not None:
                    numbers += (count or 0) * sum(self._periods(g, first, last) for g in grains)
        known = [count for count in cells.values() if count is not None]
        counted = sum(known) if len(known) == len(cells) else None
        return Stored(kpi.name, kpi.grain, kpi.by, counted, series, None if unknown else numbers)

    def first(self, name: str) -> date | None:
        """The first day of a KPI: its own, or that of the inputs that it reads."""
        kpi = self._catalog.kpis[name]
        if name in self._told.first:
            return self._told.first[name]
        inputs = [day for read in kpi.inputs if (day := self.first(read))]
        begun = max(inputs, default=None)
        return max(filter(None, (begun, kpi.tracked_from)), default=None) if begun else kpi.tracked_from

    def cells(self, kpi: Kpi, breakdown: tuple[str, ...]) -> int | None:
        """How many cells a breakdown has; None if the data would have to say."""
        measure = kpi.measure
        columns = breakdown
        times = 1
        if isinstance(measure, Retention) and measure.ages and Retention.AGE in breakdown:
            columns = tuple(column for column in breakdown if column != Retention.AGE)
            times = measure.ages.count + 1
        if not columns:
            return times
        if isinstance(measure, RowMeasure):
            sources = [measure.picks]
            if isinstance(measure, Recurring) and measure.plus and breakdown in kpi.by:
                sources.append(measure.plus[0])
            counts = [
                self._told.cells[source, columns].count for source in sources if (source, columns) in self._told.cells
            ]
            return times * sum(counts) if len(counts) == len(sources) else None
        if isinstance(measure, Entered):
            typed = self._told.cells.get((measure.path, breakdown))
            return typed.count if typed else None
        found = [count for read in kpi.inputs for count in self._alike(self._catalog.kpis[read], breakdown) if count]
        return max(found, default=None)

    def _alike(self, kpi: Kpi, breakdown: tuple[str, ...]) -> Iterator[int | None]:
        """The cells of an input's breakdown by the same columns, in whatever order."""
        return (self.cells(kpi, own) for own in kpi.breakdowns if {*own} == {*breakdown})


def periods(calendar: Calendar, grain: Grain, first: date, last: date) -> int:
    """How many periods of a grain touch the days from `first` to `last`."""
    if last < first:
        return 0
    days = (last - first).days + 1
    match grain:
        case Grain.HOUR:
            return 24 * days
        case Grain.DAY:
            return days
        case Grain.WEEK:
            return (calendar.first_day(grain, last) - calendar.first_day(grain, first)).days // 7 + 1
    begin, end = calendar.first_day(grain, first), calendar.first_day(grain, last)
    months = 12 * (end.year - begin.year) + end.month - begin.month
    return months // {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain] + 1

"""Amounts spread over their months, and windows that look forward, equal loops over days and rows."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import cell_text, cell_value
from headway.periods import Calendar, WindowKind, add_months

CALENDARS = (Calendar("UTC"), Calendar("Pacific/Auckland", week_start=6, fiscal_start=7))
STARTS = tuple(map(datetime.fromisoformat, ("2023-12-20", "2024-08-25")))

PROJECT = """
    project: oracle
    min_group_size: 1
    sources:
      contracts:
        read: {files: unused.csv}
        columns: {at: timestamp, ended: timestamp, known: timestamp, plan: text, x: integer, usd: number}
        time: at
        until: ended
        known_on: known
        sparse: true
      terms:
        read: {files: unused.csv}
        columns: {at: timestamp, last: date, plan: text, x: integer, usd: number}
        time: at
        through: last
        sparse: true
    kpis:
      spread:        {accrue: contracts.usd, by: [plan]}
      spread_terms:  {accrue: terms.usd, grain: quarter, where: x > 1, by: [plan]}
      spread_recent: {accrue: contracts.usd, window: 45 days, by: [plan]}
      spread_ahead:  {accrue: contracts.usd, window: next 6 months, by: [plan]}
      sum_ahead:     {sum: contracts.usd, window: next 2 months, by: [plan]}
      count_ahead:   {count: contracts, window: next 10 days, grain: week, where: x > 1}
      total:         {sum: contracts.usd}
      of_formula:    {formula: total + spread, window: next 1 quarter, grain: month}
"""

Row = dict[str, Any]
#: What the rows are worth in the days of a span.
Measure = Callable[[Sequence[Row], date, date], float]


class Books:
    """The definitions, as loops."""

    def __init__(self, calendar: Calendar, now: datetime) -> None:
        self.calendar, self.now = calendar, now

    def day(self, moment: datetime) -> date:
        return self.calendar.day(moment.replace(tzinfo=UTC))

    def covered(self, row: Row) -> list[date]:
        """The days that a row covers: at whose end it is under way, or the one on which it begins and ends."""
        first = self.day(row["at"])
        if row.get("last"):
            last = row["last"]
        elif row.get("ended") and row["ended"] > row["at"]:
            last = max(first, self.day(row["ended"]) - timedelta(days=1))
        else:
            return []
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def spread(self, rows: Sequence[Row], first: date, last: date) -> float:
        found = 0.0
        for row in rows:
            weights = {day: 1 / monthrange(day.year, day.month)[1] for day in self.covered(row)}
            inside = sum(weight for day, weight in weights.items() if first <= day <= last)
            found += row["usd"] * inside / sum(weights.values()) if inside else 0.0
        return found

    def total(self, rows: Sequence[Row], first: date, last: date) -> float:
        return float(sum(r["usd"] for r in rows if first <= self.day(r["at"]) <= last))

    def count(self, rows: Sequence[Row], first: date, last: date) -> float:
        return float(sum(first <= self.day(r["at"]) <= last for r in rows))

    def numbers(self, kpi: Any, rows: Sequence[Row], measure: Measure) -> dict[tuple[str, str, str], float]:
        """The KPI's numbers: of a flow at every grain, of a state at its own."""
        calendar, now = self.calendar, self.now
        ahead = kpi.window is not None and kpi.window.kind is WindowKind.NEXT
        dated = [r for r in rows if r["at"] is not None]
        begun = [r for r in dated if r["at"].replace(tzinfo=UTC) <= now]
        known = [r for r in dated if r.get("known") and r["known"].replace(tzinfo=UTC) <= now]
        days = [self.day(r["at"]) for r in begun]
        if ahead:
            days += [self.day(r["known"]) for r in rows if r["known"] and r["known"].replace(tzinfo=UTC) <= now]
        read = [r for r in (known if ahead else begun) if not kpi.where or r["x"] > 1]
        cells = {"": read}
        for plan in {cell_value(r["plan"]) for r in read} if kpi.by else ():
            cells[cell_text((("plan", plan),))] = [r for r in read if cell_value(r["plan"]) == plan]
        found = {}
        for grain in (kpi.grain,) if kpi.window else kpi.grains():
            for period in calendar.between(grain, min(days), calendar.day(now)) if days else ():
                asked = period
                if kpi.window:
                    asked = replace(period, last=min(period.last, calendar.last_complete_day(now)))
                    if asked.last < min(days):
                        continue
                first, last = calendar.span(kpi.window, asked, min(days))
                for cell, some in cells.items():
                    seen = [r for r in some if self.day(r["known"]) < first] if ahead else some
                    found[grain, cell, period.name] = measure(seen, first, last)
        return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], datetime]:
    start = draw(st.sampled_from(STARTS))
    hours = st.integers(0, 250 * 24).map(lambda hour: start + timedelta(hours=hour))
    midnights = st.integers(0, 8).map(
        lambda months: datetime.combine(add_months(start.date().replace(day=1), months), time())
    )
    times = st.one_of(hours, midnights)
    row = st.fixed_dictionaries(
        {
            "plan": st.sampled_from(["free", "paid", None]),
            "x": st.sampled_from([1, 2]),
            "usd": st.sampled_from([100.0, 0.1, 12.0, -7.5, 1e9]),
            "at": st.one_of(st.none(), times, times, times),
            "ended": st.one_of(st.none(), times, times, times),
            "known": st.one_of(st.none(), times, times),
            "last": st.one_of(st.none(), times.map(lambda moment: moment.date())),
        }
    )
    now = start + timedelta(hours=draw(st.integers(24, 200 * 24)))
    rows = draw(st.lists(row, max_size=12))
    for within, found in zip(draw(st.lists(st.booleans(), min_size=12, max_size=12)), rows, strict=False):
        if within and found["at"]:
            found["ended"] = found["at"] + timedelta(hours=3)
    return rows, now.replace(tzinfo=UTC)


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_amounts_are_spread_by_days(workbench: Any, check: Any, calendar: Calendar) -> None:
    """What a span gets of each amount equals a loop over the days; what nobody knew yet is not seen."""
    catalog = replace(workbench.project(PROJECT), calendar=calendar)

    @settings(
        max_examples=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def holds(case: tuple[list[Row], datetime]) -> None:
        rows, now = case
        books = Books(calendar, now)
        terms = [{**r, "ended": None} for r in rows]
        contracts = [{**r, "last": None} for r in rows]
        numbers = workbench.numbers(catalog, {"contracts": contracts, "terms": terms}, now)
        measures: dict[str, tuple[Measure, list[Row]]] = {
            "spread": (books.spread, contracts),
            "spread_terms": (books.spread, terms),
            "spread_recent": (books.spread, contracts),
            "spread_ahead": (books.spread, contracts),
            "sum_ahead": (books.total, contracts),
            "count_ahead": (books.count, contracts),
            "total": (books.total, contracts),
        }
        of_formula = [catalog.kpis["of_formula"], contracts]
        expected = {name: books.numbers(catalog.kpis[name], some, m) for name, (m, some) in measures.items()}
        expected["of_formula"] = books.numbers(
            *of_formula, lambda rows, first, last: books.total(rows, first, last) + books.spread(rows, first, last)
        )
        assert set(expected) == set(numbers)
        for name, them in expected.items():
            kpi = catalog.kpis[name]
            found = {key: row for key, row in numbers[name].items() if not kpi.window or key[0] == kpi.grain}
            try:
                check(them, found)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    holds()

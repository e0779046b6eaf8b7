"""Kinds over the cells of a KPI equal their definitions: spreads and prices, cell by cell and period by period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import cell_text, read_cell
from headway.periods import Calendar, Grain

STARTS = tuple(map(datetime.fromisoformat, ("2024-03-30", "2023-12-24", "2024-02-20")))
CALENDARS = (Calendar("UTC"), Calendar("Pacific/Auckland", week_start=6, fiscal_start=7))

PROJECT = """
    project: oracle
    min_group_size: 1
    sources:
      sessions:
        read: {files: unused.csv}
        columns: {person: text, hub: text, plan: text, x: integer, at: timestamp}
        time: at
    kpis:
      users:     {distinct: sessions.person, by: [hub, [plan, hub]]}
      users_7:   {distinct: sessions.person, window: 7 days, by: [hub]}
      monthly:   {distinct: sessions.person, by: [hub], grain: week, by_grain: month}
      total:     {sum: sessions.x, by: [hub, [plan, hub]]}
      average:   {mean: sessions.x, by: [hub]}
      of_users:  {spread: users, across: hub, quantiles: [p10, median, p99.9], bins: [1, 2, 3]}
      with_zero: {spread: users, across: hub, zeros: true}
      of_users_7: {spread: users_7, across: hub, zeros: true, bins: [2]}
      of_monthly: {spread: monthly, across: hub}
      of_totals: {spread: total, across: hub, bins: [-2.5, 0, 4]}
      of_means:  {spread: average, across: hub, zeros: true}
      by_plan:   {spread: users, across: [hub, plan], by: [plan]}
      fees:      {tiered: users, across: hub, tiers: [{up_to: 1, each: 3}, {up_to: 2, each: 2}, {each: 0.5}], by: [hub]}
      monthly_7: {tiered: users_7, across: hub, grain: month, tiers: [{up_to: 2, each: 1}, {each: 7}], by: [hub]}
      of_total:
        {tiered: total, across: [plan, hub], grain: month, by: [plan, hub, [plan, hub]],
         tiers: [{up_to: 3, each: 2}, {each: -1}]}
      per_mean:  {tiered: average, across: hub, grain: month, tiers: [{each: 1}], by: [hub]}
"""


def people(rows: Sequence[Any]) -> float | None:
    return float(len({row["person"] for row in rows if row["person"] is not None}))


def total(rows: Sequence[Any]) -> float | None:
    return float(sum(row["x"] for row in rows if row["x"] is not None))


def mean(rows: Sequence[Any]) -> float | None:
    found = [row["x"] for row in rows if row["x"] is not None]
    return sum(found) / len(found) if found else None


MEASURES: Mapping[str, tuple[Callable[[Sequence[Any]], float | None], str]] = {
    "users": (people, "person"),
    "users_7": (people, "person"),
    "monthly": (people, "person"),
    "total": (total, "x"),
    "average": (mean, "x"),
}


def quantile(values: Sequence[float], level: Fraction) -> float | None:
    found = sorted(values)
    if not found:
        return None
    place = level * (len(found) - 1)
    below, above = found[floor(place)], found[ceil(place)]
    return float(below + (place - floor(place)) * (above - below))


class Brute:
    """The cells of one KPI, by brute force over the rows."""

    def __init__(self, oracle: Any, name: str) -> None:
        kpi, (measure, column) = oracle.catalog.kpis[name], MEASURES[name]
        self.calendar, self.kpi = oracle.catalog.calendar, kpi
        self.numbers = oracle.flow(kpi, measure, lambda row: row[column] is not None)

    def periods(self, grain: Grain) -> Iterator[str]:
        """Every period of a grain that the total has."""
        return (name for g, cell, name in self.numbers if g == grain and not cell)

    def cells(self, grain: Grain, period: str, across: set[str]) -> dict[str, float | None]:
        """What each cell is in a period, if it is anything."""
        return {
            cell: value
            for (g, cell, name), value in self.numbers.items()
            if (g, name) == (grain, period) and {column for column, _ in read_cell(cell)} == across
        }

    def begun(self, period: str, across: set[str]) -> set[str]:
        """The cells that have been anything by the end of a period."""
        end = self.calendar.parse(period).last
        return {
            cell
            for (g, cell, name) in self.numbers
            if g == self.kpi.by_grain and self.calendar.parse(name).first <= end
            if {column for column, _ in read_cell(cell)} == across
        }


def grouped(cells: Mapping[str, Any], by: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Cells by the cell of another breakdown that they lie in."""
    found: dict[str, dict[str, Any]] = {}
    for cell, value in cells.items():
        outer = cell_text(tuple((column, dict(read_cell(cell))[column]) for column in by))
        found.setdefault(outer, {})[cell] = value
    return found


def spread(kpi: Any, brute: Brute, part: str, level: Fraction | None) -> dict[tuple[str, str, str], float | None]:
    """What a part of a spread is, for every period."""
    measure, expected = kpi.measure, {}
    for grain in kpi.grains():
        for period in brute.periods(grain):
            cells = brute.cells(grain, period, {*measure.across})
            if measure.zeros and brute.numbers[grain, "", period] is not None and brute.kpi.empty == "zero":
                cells = dict.fromkeys(brute.begun(period, {*measure.across}), 0.0) | cells
            for by in ((), *kpi.by):
                groups = grouped(cells, by) if by else {"": cells}
                for outer, inner in groups.items():
                    values = [v for v in inner.values() if v is not None and (v or measure.zeros)]
                    if brute.numbers[grain, "", period] is None and not values:
                        expected[grain, outer, period] = None
                    elif level is not None:
                        expected[grain, outer, period] = quantile(values, level)
                    elif part == "mean":
                        expected[grain, outer, period] = sum(values) / len(values) if values else None
                    elif part == "groups":
                        expected[grain, outer, period] = float(len(values))
                    else:
                        low, high = measure.bounds[part]
                        inside = [v for v in values if (low is None or v >= low) and (high is None or v < high)]
                        expected[grain, outer, period] = float(len(inside))
    return expected


def price(value: float, tiers: Sequence[tuple[float | None, float]]) -> float:
    """What each whole one costs, one after the other; the last may be a broken one."""
    cost, one = 0.0, 0
    while one < value:
        each = next(each for up_to, each in tiers if up_to is None or one < up_to)
        cost += each * min(1.0, value - one)
        one += 1
    return cost


def tiered(kpi: Any, brute: Brute) -> dict[tuple[str, str, str], float | None]:
    """What is to be paid for every period: own ones cell by cell, longer ones the sum of these."""
    measure, calendar = kpi.measure, brute.calendar
    own: dict[tuple[str, str], float | None] = {}
    for period in brute.periods(kpi.grain):
        cells = brute.cells(kpi.grain, period, {*measure.across})
        priced = {cell: price(value, measure.tiers) for cell, value in cells.items() if value is not None}
        nothing = brute.numbers[kpi.grain, "", period] is None and not priced
        own["", period] = None if nothing else sum(priced.values())
        for by in kpi.by:
            for outer, inner in grouped(priced, by).items():
                own[outer, period] = sum(inner.values())
    expected: dict[tuple[str, str, str], float | None] = {}
    for grain in kpi.grains():
        for (cell, period), value in own.items():
            key = (grain, cell, calendar.period(grain, calendar.parse(period).last).name)
            before = expected.get(key, 0.0)
            expected[key] = None if before is None or value is None else before + value
    return expected


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[dict[str, Any]], datetime]:
    """Rows over some weeks, with repeats, nulls and rows of the future; and the moment of the run."""
    start = draw(st.sampled_from(STARTS))
    row = st.fixed_dictionaries(
        {
            "person": st.sampled_from(["ann", "bob", "cid", "dee", None]),
            "hub": st.sampled_from(["h1", "h2", "h3", "h4", None]),
            "plan": st.sampled_from(["free", "paid"]),
            "x": st.sampled_from([None, 0, 1, 2, 3, 5, -4]),
            "at": st.integers(0, 55 * 24).map(lambda hour: start + timedelta(hours=hour)),
        }
    )
    rows = draw(st.lists(row, max_size=40))
    now = start + timedelta(hours=draw(st.integers(10 * 24, 70 * 24)))
    return rows, now.replace(tzinfo=UTC)


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_spreads_and_prices_equal_their_definitions(
    workbench: Any, oracle: Any, check: Any, calendar: Calendar
) -> None:
    """Every stored number equals what a loop over the cells gives, and nothing else is stored."""
    catalog = replace(workbench.project(PROJECT), calendar=calendar)

    @settings(
        max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(sessions())
    def holds(case: tuple[list[dict[str, Any]], datetime]) -> None:
        rows, now = case
        numbers = workbench.numbers(catalog, {"sessions": rows}, now)
        brute = {name: Brute(oracle(catalog, rows, now), name) for name in MEASURES}
        for name, kpi in catalog.kpis.items():
            if name in MEASURES:
                continue
            over = brute[kpi.measure.kpi]
            wanted = {name: tiered(kpi, over)} if name in PRICES else {}
            for part in ("", *kpi.parts) if name not in PRICES else ():
                level = Fraction(LEVELS.get(part, "0.5")) if part in ("", *LEVELS) else None
                wanted[f"{name}.{part}" if part else name] = spread(kpi, over, part, level)
            for key, expected in wanted.items():
                try:
                    check(expected, numbers[key])
                except AssertionError as error:
                    raise AssertionError(f"{key}: {error}") from None

    holds()


PRICES = ("fees", "monthly_7", "of_total", "per_mean")
LEVELS = {"p10": "0.1", "median": "0.5", "p90": "0.9", "p99_9": "0.999"}

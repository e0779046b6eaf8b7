"""Kinds that are flows equal their definitions, on any rows, calendar and window: sums, quantiles, distincts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor, sqrt
from statistics import fmean, pstdev
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.periods import Calendar

#: Around the two days on which Auckland changes its clocks, and around the turn of a leap year.
STARTS = tuple(map(datetime.fromisoformat, ("2024-03-30", "2024-09-20", "2023-12-24", "2024-02-20")))
CALENDARS = (
    Calendar("UTC"),
    Calendar("Pacific/Auckland"),
    Calendar("Pacific/Auckland", week_start=6, fiscal_start=7),
    Calendar("America/New_York", week_start=6, fiscal_start=4),
)

Z = 1.959963984540054

PROJECT = """
    project: oracle
    min_group_size: 1
    sources:
      sessions:
        read: {files: unused.csv}
        columns: {person: text, hub: text, plan: text, labels: list, x: integer, ok: boolean, at: timestamp}
        time: at
        people: person
    kpis:
      users:        {distinct: sessions.person, by: [hub, plan, [plan, hub]]}
      users_where:  {distinct: sessions.person, by: [hub], where: x > 2 or ok}
      users_tagged: {distinct: sessions.person, by: [labels, [labels, hub]]}
      hubs_monthly: {distinct: sessions.hub, grain: month, by: [plan]}
      users_1:      {distinct: sessions.person, window: 1 day, by: [hub]}
      users_7:      {distinct: sessions.person, window: 7 days, by: [hub, plan], by_grain: month}
      users_30:     {distinct: sessions.person, window: 30 days, where: x > 2 or ok}
      users_month:  {distinct: sessions.person, window: 1 month, by: [hub]}
      users_cal:    {distinct: sessions.person, window: calendar month, by: [hub]}
      users_ytd:    {distinct: sessions.person, window: year to date, by: [plan]}
      users_wtd:    {distinct: sessions.person, window: week to date}
      users_ever:   {distinct: sessions.person, window: all time, by: [hub]}
      users_month_2: {distinct: sessions.person, window: 2 months, grain: month, by: [hub]}
      events:       {count: sessions, by: [hub, labels]}
      events_where: {count: sessions, where: hub = 'h1', by: [plan], by_grain: month}
      total:        {sum: sessions.x, by: [hub, plan, [hub, plan]]}
      total_7:      {sum: sessions.x, window: 7 days, by: [hub]}
      total_all:    {sum: sessions.x, window: all time}
      average:      {mean: sessions.x, by: [hub]}
      average_30:   {mean: sessions.x, window: 30 days, by: [plan]}
      lowest:       {min: sessions.x, by: [hub]}
      highest:      {max: sessions.x, window: 7 days, where: ok}
      good:         {share: sessions.ok, by: [hub]}
      score:        {nps: sessions.x, promoters: 3, detractors: 1.5, by: [hub, labels]}
      score_30:     {nps: sessions.x, promoters: 2, detractors: -1, window: 30 days, where: ok, by: [plan]}
      score_hourly: {nps: sessions.x, promoters: 3, detractors: 1, grain: hour}
      good_week:    {share: sessions.ok, grain: week, window: calendar week}
      hourly:       {count: sessions, grain: hour, by: [hub]}
      middle:       {median: sessions.x, by: [hub, labels, [plan, hub]]}
      middle_7:     {median: sessions.x, window: 7 days, where: ok, by: [hub], by_grain: month}
      upper:        {p95: sessions.x, by: [plan]}
      upper_month:  {p99.9: sessions.x, window: calendar month, by: [hub]}
      lower:        {p2.5: sessions.x, window: all time}
      hourly_p80:   {p80: sessions.x, grain: hour, by: [hub, labels]}
"""


def distinct(column: str) -> Callable[[Sequence[Any]], float | None]:
    return lambda rows: float(len({r[column] for r in rows if r[column] is not None}))


def values(rows: Sequence[Any], column: str) -> list[Any]:
    return [r[column] for r in rows if r[column] is not None]


def mean(rows: Sequence[Any], column: str) -> float | None:
    found = values(rows, column)
    return sum(found) / len(found) if found else None


def quantile(level: Fraction) -> Callable[[Sequence[Any]], float | None]:
    """Between the two neighbours of the place that lies `level` of the way from the least to the greatest value."""

    def measure(rows: Sequence[Any]) -> float | None:
        found = sorted(values(rows, "x"))
        if not found:
            return None
        place = level * (len(found) - 1)
        below, above = found[floor(place)], found[ceil(place)]
        return float(below + (place - floor(place)) * (above - below))

    return measure


def nps(promoters: float, detractors: float) -> Callable[[Sequence[Any]], float | None]:
    """A promoter counts 100, a detractor -100, anybody else 0: the mean."""
    return lambda rows: mean(
        [{"x": 100 if x >= promoters else -100 if x <= detractors else 0} for x in values(rows, "x")], "x"
    )


def counted(is_one: Callable[[float], bool]) -> Callable[[Sequence[Any]], float | None]:
    return lambda rows: float(sum(is_one(x) for x in values(rows, "x")))


def share_bound(side: int) -> Callable[[Sequence[Any]], float | None]:
    """Where a true share is so far off that what was seen lies just 1.96 of its standard deviations from it."""

    def measure(rows: Sequence[Any]) -> float | None:
        found = values(rows, "ok")
        if not found:
            return None
        seen, n = sum(found) / len(found), len(found)
        near, far = seen, (1.0 if side > 0 else 0.0)
        for _ in range(80):
            true = (near + far) / 2
            if abs(true - seen) <= Z * sqrt(true * (1 - true) / n):
                near = true
            else:
                far = true
        return near

    return measure


def nps_bound(promoters: float, detractors: float, side: int) -> Callable[[Sequence[Any]], float | None]:
    """With one promoter and one detractor more: the mean and 1.96 of its standard errors, within -100 and 100."""

    def measure(rows: Sequence[Any]) -> float | None:
        if not values(rows, "x"):
            return None
        votes = [100.0 * ((x >= promoters) - (x <= detractors)) for x in values(rows, "x")] + [100.0, -100.0]
        return max(-100.0, min(100.0, fmean(votes) + side * Z * pstdev(votes) / sqrt(len(votes))))

    return measure


def someone(row: Any) -> bool:
    return row["person"] is not None


def someone_where(row: Any) -> bool:
    return someone(row) and (bool(row["x"] is not None and row["x"] > 2) or bool(row["ok"]))


def has(column: str) -> Callable[[Any], bool]:
    return lambda row: row[column] is not None


def total(rows: Sequence[Any]) -> float | None:
    return float(sum(values(rows, "x")))


def count(rows: Sequence[Any]) -> float | None:
    return float(len(rows))


#: KPI -> what it makes of rows, and which rows it counts.
MEASURES: dict[str, tuple[Callable[[Sequence[Any]], float | None], Callable[[Any], bool]]] = {
    "users": (distinct("person"), someone),
    "users_where": (distinct("person"), someone_where),
    "users_tagged": (distinct("person"), someone),
    "hubs_monthly": (distinct("hub"), has("hub")),
    "users_1": (distinct("person"), someone),
    "users_7": (distinct("person"), someone),
    "users_30": (distinct("person"), someone_where),
    "users_month": (distinct("person"), someone),
    "users_cal": (distinct("person"), someone),
    "users_ytd": (distinct("person"), someone),
    "users_wtd": (distinct("person"), someone),
    "users_ever": (distinct("person"), someone),
    "users_month_2": (distinct("person"), someone),
    "events": (count, lambda row: True),
    "events_where": (count, lambda row: row["hub"] == "h1"),
    "hourly": (count, lambda row: True),
    "total": (total, has("x")),
    "total_7": (total, has("x")),
    "total_all": (total, has("x")),
    "average": (lambda rows: mean(rows, "x"), has("x")),
    "average_30": (lambda rows: mean(rows, "x"), has("x")),
    "lowest": (lambda rows: min(values(rows, "x"), default=None), has("x")),
    "highest": (lambda rows: max(values(rows, "x"), default=None), lambda row: bool(row["ok"])),
    "middle": (quantile(Fraction(1, 2)), has("x")),
    "middle_7": (quantile(Fraction(1, 2)), lambda row: bool(row["ok"])),
    "upper": (quantile(Fraction("0.95")), has("x")),
    "upper_month": (quantile(Fraction("0.999")), has("x")),
    "lower": (quantile(Fraction("0.025")), has("x")),
    "hourly_p80": (quantile(Fraction("0.8")), has("x")),
    "score": (nps(3, 1.5), has("x")),
    "score_30": (nps(2, -1), lambda row: bool(row["ok"])),
    "score_hourly": (nps(3, 1), has("x")),
    "good": (lambda rows: mean(rows, "ok"), has("ok")),
    "good_week": (lambda rows: mean(rows, "ok"), has("ok")),
    "good.low": (share_bound(-1), has("ok")),
    "good.high": (share_bound(1), has("ok")),
    "score.promoters": (counted(lambda x: x >= 3), has("x")),
    "score.passives": (counted(lambda x: 1.5 < x < 3), has("x")),
    "score.detractors": (counted(lambda x: x <= 1.5), has("x")),
    "score.low": (nps_bound(3, 1.5, -1), has("x")),
    "score.high": (nps_bound(3, 1.5, 1), has("x")),
    "score_30.promoters": (counted(lambda x: x >= 2), lambda row: row["x"] is not None and bool(row["ok"])),
    "score_30.low": (nps_bound(2, -1, -1), lambda row: bool(row["ok"])),
}


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[dict[str, Any]], datetime]:
    """Rows over some weeks, with repeats, nulls and rows of the future; and the moment of the run."""
    start = draw(st.sampled_from(STARTS))
    row = st.fixed_dictionaries(
        {
            "person": st.sampled_from(["ann", "bob", "cid", "dee", None]),
            "hub": st.sampled_from(["h1", "h2", None]),
            "plan": st.sampled_from(["free", "paid"]),
            "labels": st.sampled_from([None, [], ["a"], ["a", "b"], ["b", "b"], ["a", None]]),
            "x": st.sampled_from([None, 0, 1, 2, 3, 5, -4]),
            "ok": st.sampled_from([True, False, None]),
            "at": st.one_of(
                st.none(), st.integers(0, 55 * 24 * 4).map(lambda quarter: start + timedelta(minutes=15 * quarter))
            ),
        }
    )
    rows = draw(st.lists(row, max_size=40))
    now = start + timedelta(hours=draw(st.integers(10 * 24, 70 * 24)))
    return rows, now.replace(tzinfo=UTC)


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: f"{c.zone} {c.week_start} {c.fiscal_start}")
def test_flows_equal_their_definitions(workbench: Any, oracle: Any, check: Any, calendar: Calendar) -> None:
    """Every stored value of every flow and window equals a loop over the rows, and nothing else is stored."""
    catalog = replace(workbench.project(PROJECT), calendar=calendar)
    assert {name.partition(".")[0] for name in MEASURES} == set(catalog.kpis)

    @settings(
        max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(sessions())
    def holds(case: tuple[list[dict[str, Any]], datetime]) -> None:
        rows, now = case
        numbers = workbench.numbers(catalog, {"sessions": rows}, now)
        brute = oracle(catalog, rows, now)
        for name, (measure, keep) in MEASURES.items():
            try:
                check(brute.flow(catalog.kpis[name.partition(".")[0]], measure, keep), numbers[name])
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    holds()


def test_alone_or_together_the_numbers_are_the_same(workbench: Any) -> None:
    """A KPI compiled by itself, as pages show it, gives the numbers, and the people behind, that it gives among all."""
    catalog = replace(workbench.project(PROJECT), min_group_size=5)

    @settings(
        max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(sessions())
    def holds(case: tuple[list[dict[str, Any]], datetime]) -> None:
        rows, now = case
        together = workbench.numbers(catalog, {"sessions": rows}, now)
        assert workbench.numbers(catalog, {"sessions": rows}, now, alone=True) == together

    holds()

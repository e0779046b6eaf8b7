"""Declared checks against a judge in plain Python, on generated rows: what fails, of how much, and on which days."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway import checks
from headway.model import Checked, Take
from headway.periods import Calendar, Grain
from headway.plan import Request

FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
ZONE = ZoneInfo("Pacific/Auckland")  # clocks go back on 5 April 2026, and forward on 27 September
NOW = datetime(2026, 4, 20, 3, 30, tzinfo=UTC)
TOLERATED = 0.25

PROJECT = """
    project: oracle
    timezone: Pacific/Auckland
    sources:
      rows:
        read: {files: unused.csv}
        columns: {id: integer, at: timestamp, done: timestamp, hub: text, x: integer, good: boolean}
        key: id
        time: at
        times_in: Pacific/Auckland
        refers: {hub: {source: hubs, optional: true}}
        checks:
          - {not_null: [x, hub], tolerate: 25 %}
          - {between: {x: [-1, 2]}, where: good, tolerate: 25 %}
          - {rule: x > 0 or good, tolerate: 25 %}
          - {latency: {from: at, to: done, at_most: 25 hours}, tolerate: 25 %}
          - {one_of: {hub: [a, b]}, where: x <> 1, tolerate: 25 %}
          - {matches: {hub: "^[ab]"}, tolerate: 25 %}
          - {unique: [hub, x], where: good, tolerate: 25 %}
          - {fresh: 10 days, where: good}
          - {deadline: {grain: week, within: 36 hours}, where: good}
          - {coverage: {of: days, grain: week, at_least: 50 %}, where: good}
          - {coverage: {of: hubs, grain: week, at_least: 50 %}, where: good}
          - {outliers: {above: 1}, where: good}
      hubs:
        read: {files: unused.csv}
        columns: {hub: text, born: date, gone: date}
        key: hub
        time: born
        until: gone
        sparse: true
    kpis:
      rows: {count: rows}
"""

Row = Mapping[str, Any]
DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(60)]
HUBS = [
    {"hub": "a", "born": date(2026, 3, 2), "gone": None},
    {"hub": "b", "born": date(2026, 3, 10), "gone": date(2026, 4, 6)},
    {"hub": "c", "born": date(2026, 4, 5), "gone": date(2026, 4, 5)},
]


def wall(day: date, hour: int) -> datetime:
    """What a clock on the wall shows; two in the morning is there twice on 5 April, so it is left out."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).replace(tzinfo=None)


times = st.builds(wall, st.sampled_from(DAYS), st.sampled_from([0, 1, 9, 23]))
rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.one_of(times, times, times, st.none()),
            "done": st.one_of(times, st.none()),
            "hub": st.sampled_from(["a", "b", "c", "bb", None]),
            "x": st.sampled_from([-2, -1, 1, 2, 3, None]),
            "good": st.sampled_from([True, True, False, None]),
        }
    ),
    max_size=30,
)


def moment(value: datetime) -> datetime:
    return value.replace(tzinfo=ZONE).astimezone(UTC)


def is_past(row: Row) -> bool:
    return row["at"] is not None and moment(row["at"]) <= NOW


def looks(row: Row) -> bool:
    return row["good"] is True


#: Check -> which rows it looks at, and which of them fail.
BY_ROW: Mapping[str, tuple[Callable[[Row], bool], Callable[[Row], bool]]] = {
    "not_null": (lambda r: True, lambda r: r["x"] is None or r["hub"] is None),
    "between": (looks, lambda r: r["x"] is not None and not -1 <= r["x"] <= 2),
    "rule": (lambda r: True, lambda r: not r["good"] and r["x"] is not None and r["x"] <= 0 and r["good"] is not None),
    "latency": (
        lambda r: True,
        lambda r: None not in (r["at"], r["done"]) and moment(r["done"]) - moment(r["at"]) > timedelta(hours=25),
    ),
    "one_of": (lambda r: r["x"] is not None and r["x"] != 1, lambda r: r["hub"] not in ("a", "b", None)),
    "matches": (lambda r: True, lambda r: r["hub"] is not None and re.search("^[ab]", r["hub"]) is None),
}


def judge_rows(name: str, rows: list[Row]) -> tuple[bool, int, int, set[date | None]]:
    """Whether it passes, how many fail of how many, and the days of those that fail."""
    if name == "unique":
        seen = [r for r in rows if looks(r)]
        whole = [r for r in seen if r["hub"] is not None and r["x"] is not None]
        often = Counter((r["hub"], r["x"]) for r in whole)
        failed = [r for r in whole if often[r["hub"], r["x"]] > 1]
    else:
        chosen, fails = BY_ROW[name]
        seen = [r for r in rows if chosen(r)]
        failed = [r for r in seen if fails(r)]
    passed = not failed or len(failed) / len(seen) <= TOLERATED
    days = set() if passed else {r["at"].date() if r["at"] else None for r in failed}
    return passed, len(failed), len(seen), days


def weeks(rows: list[Row], *, until: date) -> list[date]:
    """The Mondays from the week of the first row up to now to that of a day."""
    first = min((r["at"].date() for r in rows if is_past(r)), default=None)
    if first is None:
        return []
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range(20) if monday + timedelta(weeks=n) <= until]


def begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def judge_periods(name: str, rows: list[Row]) -> tuple[int, int, set[date]]:
    """How many periods fail of how many, and their days; of `fresh`, the day from which nothing is vouched for."""
    here = [r for r in rows if is_past(r) and looks(r)]
    counts = Counter(r["at"].date() for r in here)
    if name == "fresh":
        newest = max((moment(r["at"]) for r in here), default=None)
        if newest is None:
            return 1, 1, set()
        stale = NOW - newest > timedelta(days=10)
        return int(stale), 1, {newest.astimezone(ZONE).date()} if stale else set()
    newest_day = max((r["at"].date() for r in rows if is_past(r)), default=None)
    today = NOW.astimezone(ZONE).date()
    week = timedelta(days=7)
    if name == "deadline":
        due = [m for m in weeks(rows, until=today) if begin(m + week) + timedelta(hours=36) <= NOW]
        late = [m for m in due if not any(counts[m + timedelta(days=n)] for n in range(7))]
        return len(late), len(due), {m + timedelta(days=n) for m in late for n in range(7)}
    over = [m for m in weeks(rows, until=newest_day or today) if begin(m + week) <= NOW] if newest_day else []
    first = min((r["at"].date() for r in rows if is_past(r)), default=today)
    if name == "coverage_days":
        shares = {}
        for monday in over:
            days = [d for n in range(7) if (d := monday + timedelta(days=n)) >= first]
            shares[monday] = sum(bool(counts[d]) for d in days) / len(days)
    elif name == "coverage_hubs":
        shares = {}
        for monday in over:
            alive = {h["hub"] for h in HUBS if h["born"] < monday + week and (h["gone"] is None or h["gone"] > monday)}
            referred = {r["hub"] for r in here if monday <= r["at"].date() < monday + week}
            if alive:
                shares[monday] = len(alive & referred) / len(alive)
    else:
        return judge_outliers(counts, first, newest_day)
    low = [monday for monday, share in shares.items() if share < 0.5]
    return len(low), len(shares), {m + timedelta(days=n) for m in low for n in range(7)}


def judge_outliers(counts: Counter[date], first: date, last: date | None) -> tuple[int, int, set[date]]:
    today = NOW.astimezone(ZONE).date()
    failed, seen = set(), 0
    for n in range((min(last, today - timedelta(days=1)) - first).days + 1 if last else 0):
        day = first + timedelta(days=n)
        alike = [counts[d] for back in range(1, 91) if (d := day - timedelta(days=back)) >= first and back % 7 == 0]
        if len(alike) >= 5:
            seen += 1
            middle = median(alike)
            spread = max(1.4826 * median(abs(a - middle) for a in alike), sqrt(middle), 1)
            if abs(counts[day] - middle) / spread > 1:
                failed.add(day)
    return len(failed), seen, failed


def days_of(found: checks.Found, checked: Checked) -> set[date | None]:
    """Every day that a check fails on; None where it is every day."""
    days: set[date | None] = set()
    for one in found.failing:
        if one.check == f"rows.{checked.check}" and one.time == "at":
            if one.first is None or one.last is None:
                days.add(one.first)
            else:
                days |= {one.first + timedelta(days=n) for n in range((one.last - one.first).days + 1)}
    return days


@FEW
@given(rows=rows_of)
def test_declared_checks_say_what_a_plain_judge_says(workbench: Any, rows: list[Row]) -> None:
    """Rules over rows, days and periods, in a zone whose clocks change, with rows of the future and without time."""
    catalog = workbench.project(PROJECT)
    numbered = [{"id": n, **row} for n, row in enumerate(rows)]
    schemas = workbench.attach(catalog, {"rows": numbered, "hubs": HUBS})
    covered = workbench.coverage(catalog, schemas, NOW)["rows"]
    answer = workbench.engine.execute(*checks.ask(catalog, schemas, "rows", covered, NOW))
    found = checks.judge(catalog, "rows", covered, NOW, answer)
    for one in found.checked:
        if one.check in BY_ROW or one.check == "unique":
            passed, failed, seen, days = judge_rows(one.check, rows)
            assert (one.check, one.passed, one.failed, one.seen) == (one.check, passed, failed, seen)
            assert (one.check, days_of(found, one)) == (one.check, days)
        else:
            failed, seen, periods = judge_periods(one.check, rows)
            assert (one.check, one.passed, one.failed, one.seen) == (one.check, not failed, failed, seen)
            assert (one.check, days_of(found, one) - {None}) == (one.check, periods)


# -- checks of numbers -------------------------------------------------------------------------------------------------

NUMBERS = """
    project: oracle
    sources:
      rows:
        read: {files: unused.csv}
        columns: {id: integer, on: date, x: integer}
        time: on
    kpis:
      flow:  {sum: rows.x, grain: month, checks: [{between: [-3, 4]}, {outliers: {above: 2}}]}
      state: {sum: rows.x, grain: month, window: 2 months, checks: [{between: [-3, 4]}, {outliers: {above: 2}}]}
      tops:  {sum: rows.x, grain: month, window: 2 months, take: max, checks: [{between: [-3, 4]}]}
"""
MONTHS = Calendar().between(Grain.MONTH, date(2024, 1, 1), date(2025, 12, 31))


def strange(values: list[float], above: float) -> set[int]:
    """Which values come by a change unlike the 24 before it."""
    changes = [b - a for a, b in pairwise(values)]
    found = set()
    for n, change in enumerate(changes):
        before = changes[max(0, n - 24) : n]
        if len(before) >= 6:
            middle = median(before)
            away = [abs(one - middle) for one in before]
            spread = 1.4826 * median(away) or 1.2533 * fmean(away)
            if spread and abs(change - middle) / spread > above:
                found.add(n + 1)
    return found


@FEW
@given(numbers=st.lists(st.integers(-3, 5), min_size=24, max_size=24))
@pytest.mark.parametrize("name", ["flow", "state", "tops"])
def test_checks_of_numbers_withhold_what_a_plain_judge_withholds(workbench: Any, name: str, numbers: list[int]) -> None:
    """A flow's longer periods go with the shorter, a state's only where they show the very same number."""
    catalog = workbench.project(NUMBERS)
    rows = [{"id": n, "on": period.first, "x": x} for n, (period, x) in enumerate(zip(MONTHS, numbers, strict=True))]
    rows.append({"id": 99, "on": date(2026, 1, 5), "x": 0})
    now = datetime(2026, 1, 20, tzinfo=UTC)
    kpi = catalog.kpis[name]
    tables = {Request.of(k): t for k, t in zip(
        catalog.kpis.values(), workbench.tables(catalog, {"rows": rows}, now).values(), strict=True
    )}  # fmt: skip
    found = checks.look(catalog, kpi, tables, now)
    own = [float(x) for x in numbers]
    if name != "flow":
        own = [a + b for a, b in zip([0.0, *own], own, strict=False)]
    bad = {n for n, value in enumerate(own) if not -3 <= value <= 4}
    unlike = strange(own, 2) if len(kpi.checks) > 1 else set()
    assert [one.failed for one in found.checked] == [len(bad), len(unlike)][: len(kpi.checks)]
    failing = [period for some in found.failing.values() for period in some]
    table = checks.withhold(catalog, Request.of(kpi), tables[Request.of(kpi)], failing, date(2024, 1, 1))
    held = {
        catalog.calendar.from_key(Grain(row["grain"]), row["period"]).name
        for row in table.to_pylist()
        if row["reason"] == "check failed"
    }
    assert held == expected(kpi.take, bad | unlike, is_flow=name == "flow")


def expected(take: Take, failing: Iterable[int], *, is_flow: bool) -> set[str]:
    """The months that fail, and the quarters and years that go with them."""
    held = set()
    for n in failing:
        period = MONTHS[n]
        held.add(period.name)
        for grain in (Grain.QUARTER, Grain.YEAR):
            longer = Calendar().period(grain, period.first)
            if is_flow or take is Take.MAX or longer.last == period.last:
                held.add(longer.name)
    return held

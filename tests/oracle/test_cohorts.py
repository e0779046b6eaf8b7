"""Who was there before: the parts of `distinct` and every form of `retention` equal their definitions, on any rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import Distinct, Reason, cell_text
from headway.periods import Calendar, Grain, Length, Period, Window, WindowKind, add_months

#: Around a change of clocks, the end of February in a leap year and in another, and the turn of a year.
STARTS = tuple(map(datetime.fromisoformat, ("2024-03-25", "2024-01-28", "2025-01-28", "2023-12-20")))
CALENDARS = (
    Calendar("UTC"),
    Calendar("Pacific/Auckland", week_start=6, fiscal_start=7),
    Calendar("America/New_York"),
)
PARTS = ("new", "returning", "resurrected", "dormant", "days")

SOURCES = """
    project: oracle
    min_group_size: 1
    sources:
      sessions:
        read: {files: unused.csv}
        columns: {person: text, hub: text, labels: list, x: integer, at: timestamp}
        time: at
        people: person
        refers: {person: users}
      users:
        read: {files: unused.csv}
        columns: {person: text, team: text, tags: list, level: integer, joined_at: timestamp}
        key: person
        people: person
"""

Row = dict[str, Any]
Days = set[date]
#: (grain, cell, name of the period) -> value
Expected = dict[tuple[str, str, str], Any]
TOO_EARLY, NO_TOTAL = Reason.TOO_EARLY.value, Reason.NO_TOTAL.value


def spans(calendar: Calendar, window: Window | None, period: Period, begin: date) -> tuple[Days, Days]:
    """The days of the span that ends with a period, and those of the span before."""
    first, last = calendar.span(window, period, begin)
    if window and window.kind is WindowKind.ALL_TIME:
        return days(first, last), set()
    before = first - timedelta(days=1)
    grain = period.grain if window is None else window.grain
    if grain:
        return days(first, last), days(calendar.period(grain, before).first, before)
    assert window
    return days(first, last), days(calendar.span(window, calendar.period(Grain.DAY, before), begin)[0], before)


def days(first: date, last: date) -> Days:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def classes(seen: Days, span: Days, before: Days, k: int) -> dict[str, int]:
    """What one person counts for each number, given all their days."""
    now, then = bool(seen & span), bool(seen & before)
    ever = any(day < min(span) for day in seen)
    enough = len(seen & span) >= k
    return {
        "": int(enough),
        "new": now and not ever,
        "returning": now and then,
        "resurrected": now and not then and ever,
        "dormant": then and not now,
        "days": len(seen & span) if enough else 0,
        "cohort": then,
        "active": then and now,
    }


def share(active: Any, cohort: int) -> float | None:
    return active / cohort if cohort else None


def compare(check: Any, kpi: Any, part: str, expected: Expected, stored: Any) -> None:
    """What is stored is what is expected; cells that are null are left out, but those that say why they are."""
    expected = {key: value for key, value in expected.items() if not (key[1] and value is None)}
    stored = {
        key: {"value": row["reason"] if row["reason"] in (TOO_EARLY, NO_TOTAL) else row["value"]}
        for key, row in stored.items()
    }
    if kpi.is_state:  # longer periods take one of these
        stored = {key: row for key, row in stored.items() if key[0] == kpi.grain}
        expected = {key: value for key, value in expected.items() if not key[1] or kpi.by_grain is kpi.grain}
    try:
        check(expected, stored)
    except AssertionError as error:
        raise AssertionError(f"{kpi.name}.{part}: {error}") from None


class Brute:
    """Loops over periods, cells and people."""

    def __init__(self, calendar: Calendar, rows: Sequence[Row], now: datetime) -> None:
        self.calendar, self.now = calendar, now
        self.rows = [r for r in rows if r["at"] is not None and r["at"].replace(tzinfo=UTC) <= now]
        self.begin = min((self.day(r["at"]) for r in self.rows), default=date.max)
        self.end = max((self.day(r["at"]) for r in self.rows), default=date.min)

    def day(self, moment: datetime) -> date:
        return self.calendar.day(moment.replace(tzinfo=UTC))

    @property
    def over(self) -> date:
        """The last day that is over."""
        return self.calendar.last_complete_day(self.now)

    def cells(self, kpi: Any, rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
        yield "", list(rows)
        for by in kpi.by:
            names = [c for c in by if c != "age"]
            found: dict[str, list[Row]] = {}
            for row in rows:
                for values in product([members(row[c]) for c in names]):
                    found.setdefault(cell_text(tuple(zip(names, values, strict=True))), []).append(row)
            yield from (item for item in found.items() if names)

    def people(self, rows: Sequence[Row]) -> dict[str, Days]:
        found: dict[str, Days] = {}
        for row in rows:
            if row["person"] is not None:
                found.setdefault(row["person"], set()).add(self.day(row["at"]))
        return found

    def asked(self, kpi: Any, cell: str) -> Iterator[tuple[Period, date]]:
        """Every own period, and of a flow every longer one; each with the day at whose end it is looked at."""
        for grain in (kpi.grain,) if kpi.is_state else kpi.grains(cell=cell != ""):
            for period in self.calendar.between(grain, self.begin, self.end) if self.rows else ():
                last = min(period.last, self.over) if kpi.is_state else period.last
                if last >= self.begin:
                    yield period, last


def members(value: Any) -> list[str]:
    if isinstance(value, list):
        return sorted({v for v in value if v is not None}) or ["(none)"]
    return ["(none)" if value is None else str(value)]


def product(lists: list[list[str]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for values in lists:
        found = [(*f, v) for f in found for v in values]
    return found


MOMENTS = st.integers(0, 100 * 12).map(lambda n: timedelta(hours=2 * n))
PEOPLE = ("ann", "bob", "cid", "dee", None)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Row], list[Row], datetime]:
    """Sessions over some months, who joined when, and the moment of the run."""
    start = draw(st.sampled_from(STARTS))
    when = st.one_of(MOMENTS, MOMENTS, MOMENTS.map(lambda d: timedelta(days=d.days // 20)))
    session = st.fixed_dictionaries(
        {
            "person": st.sampled_from(PEOPLE),
            "hub": st.sampled_from(["h1", "h2", None]),
            "labels": st.sampled_from([None, [], ["a"], ["a", "b"], ["b", "b"]]),
            "x": st.sampled_from([None, 1, 3]),
            "at": st.one_of(when.map(lambda d: start + d), when.map(lambda d: start + d), st.none()),
        }
    )
    user = st.fixed_dictionaries(
        {
            "team": st.sampled_from(["red", "blue", None]),
            "tags": st.sampled_from([None, ["s"], ["s", "t"]]),
            "level": st.sampled_from([None, 1, 3]),
            "joined_at": st.one_of(when.map(lambda d: start + d - timedelta(days=3)), st.none()),
        }
    )
    rows = draw(st.lists(session, max_size=40))
    users = [{**draw(user), "person": person} for person in (*PEOPLE[:4], "eve")]
    newest = max((r["at"] for r in rows if r["at"]), default=start)
    now = draw(
        st.one_of(
            st.integers(10 * 24, 130 * 24).map(lambda hours: start + timedelta(hours=hours)),
            st.integers(0, 48).map(lambda hours: newest + timedelta(hours=hours)),
        )
    )
    return rows, users, now.replace(tzinfo=UTC)


def everywhere(examples: int) -> Callable[[Any], Any]:
    def decorate(test: Any) -> Any:
        return settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(histories())(test))

    return decorate


@pytest.fixture(autouse=True)
def _both(workbench: Any) -> None:
    """The definition holds for the SQL, too."""
    workbench.both = True


# -- against the span before ---------------------------------------------------------------------------------------

SPANS = """
    kpis:
      users:   {distinct: sessions.person, by: [hub, [labels, hub]]}
      picked:  {distinct: sessions.person, where: x > 1, by: [hub]}
      monthly: {distinct: sessions.person, grain: month}
      week:    {distinct: sessions.person, window: 7 days, by: [hub]}
      month:   {distinct: sessions.person, window: 1 month}
      calendar: {distinct: sessions.person, window: calendar month, by: [labels]}
      to_date: {distinct: sessions.person, window: month to date}
      ever:    {distinct: sessions.person, window: all time, by: [hub]}
      often:   {distinct: sessions.person, min_days: 2, by: [hub]}
      power:   {distinct: sessions.person, min_days: 3, window: 30 days, by: [labels], by_grain: month}
      hubs:    {distinct: sessions.hub, by: [x]}
      back:          {retention: sessions.person, by: [hub, [labels, hub]]}
      back_weekly:   {retention: sessions.person, grain: week, where: x > 1}
      back_30:       {retention: sessions.person, window: 30 days, grain: day, by: [hub]}
      back_calendar: {retention: sessions.person, window: calendar month, by: [hub]}
      back_quarter:  {retention: sessions.hub, window: calendar quarter}
"""


def against_the_span_before(brute: Brute, kpi: Any) -> Iterator[tuple[tuple[str, str, str], dict[str, int]]]:
    """How many people are what, by grain, cell and period."""
    k = getattr(kpi.measure, "min_days", 1)
    rows = [{**r, "person": r[kpi.measure.column]} for r in brute.rows if not kpi.where or (r["x"] or 0) > 1]
    for cell, some in brute.cells(kpi, rows):
        people = brute.people(some)
        for period, last in brute.asked(kpi, cell):
            both = spans(brute.calendar, kpi.window, replace(period, last=last), brute.begin)
            each = [classes(seen, *both, k) for seen in people.values()]
            names = classes(set(), *both, 1)
            yield (period.grain, cell, period.name), {name: sum(one[name] for one in each) for name in names}


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_parts_and_retention_equal_their_definitions(workbench: Any, check: Any, calendar: Calendar) -> None:
    """Each person is classed by their own days, in every span and cell: nothing is added up from shorter ones."""
    catalog = workbench.project(SOURCES + SPANS)
    kpis = {
        name: replace(kpi, measure=replace(kpi.measure, named=tuple(kpi.offered)))
        if isinstance(kpi.measure, Distinct)
        else kpi
        for name, kpi in catalog.kpis.items()
    }
    catalog = replace(catalog, calendar=calendar, kpis=kpis)

    @everywhere(5)
    def holds(case: tuple[list[Row], list[Row], datetime]) -> None:
        rows, users, now = case
        numbers = workbench.numbers(catalog, {"sessions": rows, "users": users}, now)
        brute = Brute(calendar, rows, now)
        for name, kpi in catalog.kpis.items():
            found = dict(against_the_span_before(brute, kpi))
            for part in ("", *kpi.parts):
                if part or isinstance(kpi.measure, Distinct):
                    expected: Expected = {key: number[part] for key, number in found.items()}
                else:
                    expected = {key: share(n["active"], n["cohort"]) for key, n in found.items()}
                compare(check, kpi, part, expected, numbers[f"{name}.{part}" if part else name])

    holds()


# -- from joining on -----------------------------------------------------------------------------------------------

AGES = """
    kpis:
      day_1:     {retention: sessions.person, after: 1 day, by: [hub, [labels, hub]], grain: day}
      day_30:    {retention: sessions.person, after: 30 days, by: [hub]}
      week_1:    {retention: sessions.person, after: 1 week, where: x > 1, grain: week}
      month_1:   {retention: sessions.person, after: 1 month, unbounded: true, by: [hub]}
      month_2:   {retention: sessions.person, after: 2 months, window: 30 days, grain: day}
      quarter_1: {retention: sessions.person, after: 1 quarter}
      signed_0:  {retention: sessions.person, since: users.joined_at, after: 0 days, grain: week, by: [tags]}
      signed_7:  {retention: sessions.person, since: users.joined_at, after: 7 days, where: level > 1, by: [team]}
      signed_m:  {retention: sessions.person, since: users.joined_at, after: 1 month, by: [team, [tags, team]]}
      signed_on: {retention: sessions.person, since: users.joined_at, after: 2 weeks, unbounded: true}
      by_day:    {retention: sessions.person, ages: 9 days, by: [hub], grain: day}
      by_week:   {retention: sessions.person, ages: 5 weeks, where: x > 1}
      by_month:  {retention: sessions.person, since: users.joined_at, ages: 3 months, by: [team, [tags, team]]}
      picked:    {retention: sessions.person, since: users.joined_at, ages: 1 quarter, where: level > 1}
"""


def later(day: date, count: int, unit: str) -> date:
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months:
        return add_months(day, count * months)
    return day + timedelta(days=count * (7 if unit == "week" else 1))


def came(joined: date, seen: Days, length: Length, *, unbounded: bool) -> tuple[date, bool]:
    """The last day of the interval of an age, and whether somebody was seen in it."""
    first = later(joined, length.count, length.unit)
    last = later(joined, length.count + 1, length.unit) - timedelta(days=1)
    return last, any(first <= day and (unbounded or day <= last) for day in seen)


def followed(brute: Brute, kpi: Any, users: Sequence[Row]) -> Iterator[tuple[str, list[tuple[date, Days]]]]:
    """For each cell: who joined when, and the days on which they were seen."""
    if not kpi.measure.since:
        rows = [r for r in brute.rows if not kpi.where or (r["x"] or 0) > 1]
        for cell, some in brute.cells(kpi, rows):
            yield cell, [(min(seen), seen) for seen in brute.people(some).values()]
        return
    seen = brute.people(brute.rows)
    joined = [u for u in users if u["joined_at"] and u["joined_at"].replace(tzinfo=UTC) <= brute.now]
    for cell, some in brute.cells(kpi, [u for u in joined if not kpi.where or (u["level"] or 0) > 1]):
        yield cell, [(brute.day(u["joined_at"]), seen.get(u["person"], set())) for u in some]


def at_one_age(brute: Brute, kpi: Any, users: Sequence[Row]) -> tuple[Expected, Expected, Expected]:
    """Value, cohort and active of `after`."""
    value: Expected = {}
    cohort: Expected = {}
    active: Expected = {}
    for cell, people in followed(brute, kpi, users):
        found = [came(*one, kpi.measure.after, unbounded=kpi.measure.unbounded) for one in people]
        for period, last_day in brute.asked(kpi, cell):
            first, last = brute.calendar.span(kpi.window, replace(period, last=last_day), brute.begin)
            back = [seen for end, seen in found if first <= end <= min(last, brute.over)]
            key = (period.grain, cell, period.name)
            value[key], cohort[key], active[key] = share(sum(back), len(back)), len(back), sum(back)
    return value, cohort, active


def at_every_age(brute: Brute, kpi: Any, users: Sequence[Row]) -> tuple[Expected, Expected, Expected]:
    """Value, cohort and active of `ages`; a value too early to say is `TOO_EARLY`."""
    value: Expected = {}
    cohort: Expected = {}
    active: Expected = {}
    for cell, people in followed(brute, kpi, users):
        for period, _ in brute.asked(kpi, cell):
            some = [one for one in people if period.first <= one[0] <= period.last]
            if not cell:
                cohort[period.grain, "", period.name] = len(some)
                value[period.grain, "", period.name] = active[period.grain, "", period.name] = NO_TOTAL
            for age in range(kpi.measure.ages.count + 1) if some else ():
                found = [came(*one, Length(age, kpi.measure.ages.unit), unbounded=False) for one in some]
                key = (period.grain, with_age(cell, age), period.name)
                ripe = all(end <= brute.over for end, _ in found)
                cohort[key] = len(some)
                active[key] = sum(back for _, back in found) if ripe else TOO_EARLY
                value[key] = share(active[key], len(some)) if ripe else TOO_EARLY
    return value, cohort, active


def with_age(cell: str, age: int) -> str:
    return f'{{"age": "{age}"}}' if cell == "" else f'{cell[:-1]}, "age": "{age}"}}'


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_retention_from_joining_on_equals_its_definition(workbench: Any, check: Any, calendar: Calendar) -> None:
    """Everybody is followed by their own days since joining; who is not yet that old is not in it."""
    catalog = replace(workbench.project(SOURCES + AGES), calendar=calendar)

    @everywhere(6)
    def holds(case: tuple[list[Row], list[Row], datetime]) -> None:
        rows, users, now = case
        numbers = workbench.numbers(catalog, {"sessions": rows, "users": users}, now)
        brute = Brute(calendar, rows, now)
        for name, kpi in catalog.kpis.items():
            define = at_every_age if kpi.measure.ages else at_one_age
            for part, expected in zip(("", "cohort", "active"), define(brute, kpi, users), strict=True):
                compare(check, kpi, part, expected, numbers[f"{name}.{part}" if part else name])

    holds()

"""What goes on at every moment equals a loop over quarters of hours: concurrency, and availability with its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import cell_text, cell_value
from headway.periods import Calendar, Grain, Period, Window

CALENDARS = (Calendar("UTC"), Calendar("Pacific/Auckland", week_start=6, fiscal_start=7))
#: Days on which Auckland's clocks change are near, and the turn of a year.
STARTS = tuple(map(datetime.fromisoformat, ("2024-04-05", "2024-09-27", "2023-12-30")))

PROJECT = """
    project: oracle
    min_group_size: 1
    sources:
      spells:
        read: {files: unused.csv}
        columns: {at: timestamp, ended: timestamp, person: text, plan: text, sort: text, x: integer}
        time: at
        until: ended
        sparse: true
      days:
        read: {files: unused.csv}
        columns: {at: timestamp, last: date, person: text, plan: text, sort: text, x: integer}
        time: at
        through: last
        sparse: true
      halting:
        read: {files: unused.csv}
        columns: {at: timestamp, ended: timestamp, person: text, plan: text, sort: text, x: integer}
        time: at
        until: ended
    kpis:
      rows_most:     {open: spells, take: max, by: [plan]}
      rows_fewest:   {open: spells, take: min, by: [plan], where: x > 1}
      rows_mean:     {open: spells, take: mean, by: [plan], tracked_from: TRACKED}
      rows_hourly:   {open: spells, take: mean, grain: hour, by: [plan]}
      people_most:   {open: spells.person, take: max, grain: hour, by: [plan]}
      people_mean:   {open: spells.person, take: mean, by: [plan], where: x > 1}
      days_most:     {open: days, take: max}
      halting_mean:  {open: halting, take: mean, by: [plan]}
      up:            {availability: spells, planned: sort = 'planned', degraded: sort = 'slow', by: [plan]}
      up_tracked:    {availability: spells, where: x > 1, by: [plan], tracked_from: TRACKED, retired_on: RETIRED}
      up_hourly:
        availability: spells
        planned: sort in ('planned', 'both')
        degraded: sort in ('slow', 'both')
        grain: hour
      up_days:       {availability: days, degraded: sort = 'slow', grain: week}
      recent_most:   {formula: rows_most, window: 3 days, by: [plan]}
      recent_down:   {formula: up.downtime, window: 3 days, by: [plan]}
      recent_failed: {formula: up.failures, window: 1 month}
"""

Row = dict[str, Any]
#: What is measured of the rows under way at each quarter of an hour of a span.
Measure = Callable[["Quarters", range], float | None]


#: Quarters in a quarter of an hour: every time of the rows, and every change of clocks, is a whole one.
QUARTER = 15


def quarter(moment: datetime) -> int:
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() // 60 // QUARTER)


class Quarters:
    """Which rows are under way in each quarter of an hour."""

    def __init__(self, rows: Sequence[Row], calendar: Calendar, now: datetime) -> None:
        self.under_way: dict[int, list[Row]] = {}
        for row in rows:
            end = quarter(row["ended"]) if row.get("ended") else quarter(now)
            if row.get("last"):
                end = quarter(calendar.moment(row["last"] + timedelta(days=1)))
            for at in range(quarter(row["at"]), min(end, quarter(now))):
                self.under_way.setdefault(at, []).append(row)

    def at(self, at: int) -> list[Row]:
        return self.under_way.get(at, [])


def concurrency(how: str, column: str | None) -> Measure:
    def level(rows: list[Row]) -> int:
        return len(rows) if column is None else len({r[column] for r in rows if r[column] is not None})

    def measure(time: Quarters, span: range) -> float | None:
        levels = [level(time.at(at)) for at in span] or [0]
        return float({"max": max, "min": min, "mean": lambda them: sum(them) / len(them)}[how](levels))

    return measure


def availability(part: str, planned: Sequence[str], degraded: Sequence[str]) -> Measure:
    def state(time: Quarters, at: int) -> str:
        sorts = [r["sort"] for r in time.at(at)]
        if any(s in planned for s in sorts):
            return "planned"
        if any(s not in planned and s not in degraded for s in sorts):
            return "downtime"
        return "degraded" if sorts else "up"

    def measure(time: Quarters, span: range) -> float | None:
        states = [state(time, at) for at in span]
        if part == "failures":
            return float(sum(s == "downtime" != state(time, at - 1) for at, s in zip(span, states, strict=True)))
        uptime = len(span) - states.count("downtime")
        if part:
            if part == "uptime" and not span:
                return None  # no time has passed yet
            return float(QUARTER * (uptime if part == "uptime" else states.count(part)))
        return uptime / len(span) if span else None

    return measure


def behind(time: Quarters, span: range) -> float:
    """How many rows are under way at any moment of a span."""
    return float(len({id(row) for at in span for row in time.at(at)}))


def stretches(time: Quarters, span: range) -> float:
    """How many separate stretches of people are under way: of one person, rows that touch are one."""
    found = 0
    for at in span:
        before = {r["person"] for r in time.at(at - 1)} if at > span.start else set()
        found += len({r["person"] for r in time.at(at) if r["person"] is not None} - before)
    return float(found)


@dataclass
class Watcher:
    """Looks at every quarter of an hour of every period of one KPI."""

    catalog: Any
    kpi: Any
    rows: Sequence[Row]
    now: datetime
    sparse: bool

    def __post_init__(self) -> None:
        self.calendar: Calendar = self.catalog.calendar
        self.past = [r for r in self.rows if r["at"] is not None and r["at"].replace(tzinfo=UTC) <= self.now]
        kept = [r for r in self.past if r["x"] > 1] if self.kpi.where else self.past
        self.cells = {"": kept}
        for plan in {cell_value(r["plan"]) for r in kept} if self.kpi.by else ():
            self.cells[cell_text((("plan", plan),))] = [r for r in kept if cell_value(r["plan"]) == plan]
        moments = [r["at"].replace(tzinfo=UTC) for r in self.past]
        tracked = self.kpi.tracked_from
        self.begin = min(
            [*map(self.calendar.day, moments), *([tracked] if tracked and self.sparse else [])], default=None
        )
        if self.begin is not None:
            self.earliest = min([*moments, self.calendar.moment(self.begin)]) if tracked else min(moments)
            self.newest = self.now if self.sparse else max(moments)

    def clock(self, start: datetime, end: datetime) -> range:
        """The part of a span that the KPI looks at."""
        first = max(self.begin, self.kpi.tracked_from or self.begin)
        start, end = max(start, self.calendar.moment(first)), min(end, self.now)
        if self.kpi.retired_on:
            end = min(end, self.calendar.moment(self.kpi.retired_on + timedelta(days=1)))
        return range(quarter(start), max(quarter(start), quarter(end)))

    def periods(self, grain: Grain) -> Iterator[Period]:
        if self.begin is None:
            return
        for period in self.calendar.between(grain, self.begin, self.calendar.day(self.newest)):
            tracked, retired = self.kpi.tracked_from, self.kpi.retired_on
            if period.start > self.now or (tracked and period.last < tracked) or (retired and period.first > retired):
                continue
            if grain is Grain.HOUR and (period.end <= self.earliest or period.start > self.newest):
                continue
            yield period

    def flow(self, measure: Measure, *, implied: bool) -> dict[tuple[str, str, str], float | None]:
        """Every number; `implied`: a cell's zero is not stored."""
        found: dict[tuple[str, str, str], float | None] = {}
        for cell, rows in self.cells.items():
            time = Quarters(rows, self.calendar, self.now)
            for grain in self.kpi.grains(cell=bool(cell)):
                for period in self.periods(grain):
                    value = measure(time, self.clock(period.start, period.end))
                    if not cell or (value is not None and (value or not implied)):
                        found[grain, cell, period.name] = value
        return found

    def window(self, measure: Measure, window: str) -> dict[tuple[str, str, str], float | None]:
        """The totals by day of a window over a flow."""
        found = {}
        time = Quarters(self.cells[""], self.calendar, self.now)
        for period in self.periods(Grain.DAY):
            last = min(period.last, self.calendar.last_complete_day(self.now))
            if last >= self.begin:
                days = self.calendar.span(Window.parse(window), replace(period, last=last), self.begin)
                start, end = self.calendar.moment(days[0]), self.calendar.moment(days[1] + timedelta(days=1))
                found["day", "", period.name] = measure(time, self.clock(start, end))
        return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], datetime]:
    start = draw(st.sampled_from(STARTS))
    anywhere = st.integers(0, 4 * 24 * 4).map(lambda at: QUARTER * at)
    times = st.one_of(anywhere, anywhere.map(lambda at: at // 240 * 240)).map(lambda at: start + timedelta(minutes=at))
    row = st.fixed_dictionaries(
        {
            "person": st.sampled_from(["ann", "bob", None]),
            "plan": st.sampled_from(["free", "paid", None]),
            "sort": st.sampled_from(["planned", "slow", "both", "down", None]),
            "x": st.sampled_from([1, 2]),
            "at": st.one_of(st.none(), times, times, times),
            "ended": st.one_of(st.none(), times, times, times),
            "last": st.one_of(st.none(), times.map(lambda moment: moment.date())),
        }
    )
    now = start + timedelta(
        minutes=QUARTER * draw(st.one_of(st.integers(4, 6 * 24 * 4), st.sampled_from([96, 384, 480])))
    )
    return draw(st.lists(row, max_size=10)), now.replace(tzinfo=UTC)


PARTS = ("", "uptime", "downtime", "planned", "degraded", "failures")


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_every_moment_counts(workbench: Any, check: Any, calendar: Calendar) -> None:
    """Concurrency and availability, over calendar periods and windows, equal a loop over quarters of an hour."""
    workbench.both = True  # what is swept by sorted keys equals the SQL

    @settings(
        max_examples=10,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def holds(case: tuple[list[Row], datetime]) -> None:
        rows, now = case
        start = min((r["at"] for r in rows if r["at"]), default=now).date()
        tracked, retired = start + timedelta(days=1), start + timedelta(days=2)
        text = PROJECT.replace("TRACKED", str(tracked)).replace("RETIRED", str(retired))
        catalog = replace(workbench.project(text), calendar=calendar)
        numbers = workbench.numbers(catalog, dict.fromkeys(("spells", "days", "halting"), rows), now)
        spells = [{**r, "last": None} for r in rows]
        days = [{**r, "ended": None} for r in rows]
        flows = {
            "rows_most": (concurrency("max", None), spells, True),
            "rows_fewest": (concurrency("min", None), spells, True),
            "rows_mean": (concurrency("mean", None), spells, True),
            "rows_hourly": (concurrency("mean", None), spells, True),
            "people_most": (concurrency("max", "person"), spells, True),
            "people_mean": (concurrency("mean", "person"), spells, True),
            "days_most": (concurrency("max", None), days, True),
            "halting_mean": (concurrency("mean", None), spells, True),
        }
        for part in PARTS:
            name = f".{part}" if part else ""
            flows[f"up{name}"] = (availability(part, ["planned"], ["slow"]), spells, False)
            flows[f"up_tracked{name}"] = (availability(part, [], []), spells, False)
            flows[f"up_hourly{name}"] = (availability(part, ["planned", "both"], ["slow", "both"]), spells, False)
            flows[f"up_days{name}"] = (availability(part, [], ["slow"]), days, False)
        windows = {
            "recent_most": (concurrency("max", None), "3 days", "rows_most"),
            "recent_down": (availability("downtime", ["planned"], ["slow"]), "3 days", "up"),
            "recent_failed": (availability("failures", ["planned"], ["slow"]), "1 month", "up"),
        }
        assert {*flows, *windows} == set(numbers)
        for name, (measure, some, implied) in flows.items():
            watcher = Watcher(catalog, catalog.kpis[name.split(".")[0]], some, now, name != "halting_mean")
            stored = numbers[name]
            counted = watcher.flow(stretches if name.startswith("people") else behind, implied=False)
            try:
                check(watcher.flow(measure, implied=implied), stored)
                check({key: counted[key] for key in stored}, {k: {"value": row["n"]} for k, row in stored.items()})
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None
        for name, (measure, window, read) in windows.items():
            watcher = Watcher(catalog, catalog.kpis[read], spells, now, sparse=True)
            found = {key: row for key, row in numbers[name].items() if key[:2] == ("day", "")}
            try:
                check(watcher.window(measure, window), found)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    holds()

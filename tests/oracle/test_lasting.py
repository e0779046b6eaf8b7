"""Rows under way, and balances, equal their definitions at the end of every period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import cell_text, cell_value
from headway.periods import Calendar

CALENDARS = (Calendar("UTC"), Calendar("Pacific/Auckland", week_start=6, fiscal_start=7))
STARTS = tuple(map(datetime.fromisoformat, ("2024-03-30", "2024-09-20", "2023-12-24")))

PROJECT = """
    project: oracle
    min_group_size: 1
    sources:
      spells:
        read: {files: unused.csv}
        columns: {at: timestamp, ended: timestamp, person: text, plan: text, x: integer}
        time: at
        until: ended
        sparse: true
      days:
        read: {files: unused.csv}
        columns: {at: timestamp, last: date, person: text, plan: text, x: integer}
        time: at
        through: last
        sparse: true
      changes:
        read: {files: unused.csv}
        columns: {id: integer, at: timestamp, person: text, plan: text, x: integer}
        key: id
        time: at
        sparse: true
      copies:
        read: {files: unused.csv}
        columns: {at: timestamp, person: text, plan: text, x: integer}
        time: at
    kpis:
      rows_open:      {open: spells, by: [plan]}
      people_open:    {open: spells.person, by: [plan], where: x > 1}
      monthly_open:   {open: spells.person, grain: month, by: [plan]}
      hourly_open:    {open: spells, grain: hour}
      days_open:      {open: days, by: [plan]}
      days_people:    {open: days.person}
      level:          {balance: changes.x, per: person, by: [plan]}
      heads:          {balance: changes, per: person, grain: month, where: x > 1}
      copied:         {balance: copies.x, by: [plan]}
      copied_monthly: {balance: copies.x, grain: month, by: [plan], where: x > 1}
      copied_rows:    {balance: copies, grain: week}
"""

Row = dict[str, Any]
Measure = Callable[[Sequence[Row], datetime, date, date], float | None]


def aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def under_way(rows: Sequence[Row], calendar: Calendar, at: datetime) -> list[Row]:
    """`time < t` and (no end or `end >= t`); a row of no length never counts."""
    found = []
    for row in rows:
        begin, end = aware(row["at"]), aware(row.get("ended"))
        if row.get("last") is not None:
            end = calendar.moment(row["last"] + timedelta(days=1))
        if begin is not None and begin < at and (end is None or (end >= at and end > begin)):
            found.append(row)
    return found


def number(rows: Sequence[Row], column: str | None) -> float:
    return float(len(rows) if column is None else len({r[column] for r in rows if r[column] is not None}))


def newest(rows: Sequence[Row], at: datetime) -> list[Row]:
    """Each person's last row before a moment; of several at one moment, the one with the highest key."""
    last: dict[str, Row] = {}
    for row in sorted((r for r in rows if r["at"] is not None), key=lambda r: (r["at"], r["id"])):
        if row["person"] is not None and row["at"].replace(tzinfo=UTC) < at:
            last[row["person"]] = row
    return [row for row in last.values() if row["x"] is not None]


class Looker:
    """Looks at rows at the end of each period of one KPI."""

    def __init__(self, catalog: Any, kpi: Any, rows: Sequence[Row], now: datetime) -> None:
        self.catalog, self.kpi, self.now, self.calendar = catalog, kpi, now, catalog.calendar
        self.rows = [r for r in rows if r["at"] is not None and r["at"].replace(tzinfo=UTC) <= now]
        if kpi.where:
            self.kept = [r for r in self.rows if r["x"] is not None and r["x"] > 1]
        else:
            self.kept = self.rows

    def cells(self) -> Iterator[tuple[str, list[Row]]]:
        yield "", self.kept
        for plan in sorted({cell_value(r["plan"]) for r in self.kept}) if self.kpi.by else []:
            yield cell_text((("plan", plan),)), [r for r in self.kept if cell_value(r["plan"]) == plan]

    def own(self, measure: Measure, *, sparse: bool) -> dict[tuple[str, str, str], float | None]:
        found: dict[tuple[str, str, str], float | None] = {}
        if not self.rows:
            return found
        moments = [r["at"].replace(tzinfo=UTC) for r in self.rows]
        days = [self.calendar.day(moment) for moment in moments]
        begin, end = min(days), self.calendar.day(self.now) if sparse else max(days)
        for period in self.calendar.between(self.kpi.grain, begin, end):
            if period.start > self.now:
                continue
            if self.kpi.grain == "hour" and (
                period.end <= min(moments) or (not sparse and period.start > max(moments))
            ):
                continue
            last = min(period.last, self.calendar.last_complete_day(self.now))
            if self.kpi.grain == "hour":
                at = period.end if period.end <= self.now else period.start
            elif last < begin:
                continue
            else:
                at = self.calendar.moment(last + timedelta(days=1))
            for cell, rows in self.cells():
                value = measure(rows, at, period.first, last)
                if cell == "" or value:
                    found[self.kpi.grain, cell, period.name] = value
        return found

    def rolled(self, own: dict[tuple[str, str, str], float | None], *, carried: bool) -> Any:
        """The last own period within each longer one; copies count where they exist."""
        found = dict(own)
        names = {name: self.calendar.parse(name) for _, cell, name in own if cell == ""}
        for grain in self.kpi.grains()[1:]:
            chosen: dict[str, str] = {}
            for name, period in names.items():
                later = self.calendar.period(grain, period.last)
                longer = later.name
                if later.start > self.now:
                    continue
                if carried or own[self.kpi.grain, "", name] is not None or longer not in chosen:
                    chosen[longer] = name
            for longer, name in chosen.items():
                for (_, cell, at), value in own.items():
                    if at == name:
                        found[grain, cell, longer] = value
        return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], datetime]:
    start = draw(st.sampled_from(STARTS))
    hours = st.integers(0, 40 * 24 * 2).map(lambda half: start + timedelta(minutes=30 * half))
    midnight = st.integers(0, 40).map(lambda day: start + timedelta(days=day))
    times = st.one_of(hours, hours, midnight)
    row = st.fixed_dictionaries(
        {
            "person": st.sampled_from(["ann", "bob", "cid", None]),
            "plan": st.sampled_from(["free", "paid", None]),
            "x": st.sampled_from([0, 1, 2, 3, 7]),
            "at": st.one_of(st.none(), times, times, times),
            "ended": st.one_of(st.none(), times, times),
            "last": st.one_of(st.none(), times.map(lambda moment: moment.date())),
        }
    )
    rows = draw(st.lists(row, max_size=25))
    now = start + timedelta(hours=draw(st.integers(24, 50 * 24)))
    return [{**r, "id": i} for i, r in enumerate(rows)], now.replace(tzinfo=UTC)


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_states_equal_their_definitions(workbench: Any, check: Any, calendar: Calendar) -> None:
    """Open rows, open values, balances of copies and balances per person equal a loop over the rows."""
    catalog = replace(workbench.project(PROJECT), calendar=calendar)

    def opened(column: str | None) -> Measure:
        return lambda rows, at, first, last: number(under_way(rows, calendar, at), column)

    def copied(column: str | None, everything: Sequence[Row]) -> Measure:
        def measure(rows: Sequence[Row], at: datetime, first: date, last: date) -> float | None:
            days = {calendar.day(r["at"].replace(tzinfo=UTC)) for r in everything}
            copies = [day for day in days if first <= day <= last]
            if not copies:
                return None
            newest = [r for r in rows if calendar.day(r["at"].replace(tzinfo=UTC)) == max(copies)]
            return float(sum(r[column] for r in newest) if column else len(newest))

        return measure

    def per(column: str | None) -> Measure:
        def measure(rows: Sequence[Row], at: datetime, first: date, last: date) -> float | None:
            known = newest(rows, at)
            if not known:
                return None
            return float(sum(r[column] for r in known) if column else len(known))

        return measure

    @settings(
        max_examples=10,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def holds(case: tuple[list[Row], datetime]) -> None:
        rows, now = case
        numbers = workbench.numbers(catalog, dict.fromkeys(("spells", "days", "changes", "copies"), rows), now)
        past = [r for r in rows if r["at"] is not None and r["at"].replace(tzinfo=UTC) <= now]
        spells = [{**r, "last": None} for r in rows]
        days = [{**r, "ended": None} for r in rows]
        measures: dict[str, tuple[Measure, list[Row], bool, bool]] = {
            "rows_open": (opened(None), spells, True, True),
            "people_open": (opened("person"), spells, True, True),
            "monthly_open": (opened("person"), spells, True, True),
            "hourly_open": (opened(None), spells, True, True),
            "days_open": (opened(None), days, True, True),
            "days_people": (opened("person"), days, True, True),
            "level": (per("x"), rows, True, True),
            "heads": (per(None), rows, True, True),
            "copied": (copied("x", past), rows, False, False),
            "copied_monthly": (copied("x", past), rows, False, False),
            "copied_rows": (copied(None, past), rows, False, False),
        }
        assert set(measures) == set(catalog.kpis)
        for name, (measure, some, sparse, carried) in measures.items():
            looker = Looker(catalog, catalog.kpis[name], some, now)
            try:
                own = looker.own(measure, sparse=sparse)
                check(looker.rolled(own, carried=carried), numbers[name])
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    holds()

"""Durations equal their definition: each entity's begin, end and length found by hand, then a loop per period."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import Duration, Kpi, Mark, cell_text, cell_value
from headway.periods import Calendar, Period, WorkingDays

CALENDARS = (Calendar("UTC"), Calendar("Pacific/Auckland", week_start=6, fiscal_start=7))
#: Around the two nights on which Auckland changes its clocks, and a leap day.
STARTS = tuple(map(datetime.fromisoformat, ("2024-03-30", "2024-09-20", "2024-02-20")))
HOLIDAYS = tuple(map(date.fromisoformat, ("2024-04-01", "2024-04-25", "2024-02-29", "2024-10-28", "2024-09-28")))
WORKING = WorkingDays((0, 1, 2, 3, 5), HOLIDAYS)

SOURCES = """
    project: oracle
    min_group_size: 1
    sources:
      accounts:
        read: {files: unused.csv}
        columns:
         {id: integer, at: timestamp, done: timestamp, opened: date, closed: date, plan: text, person: text, tags: list}
        key: id
        time: at
        people: person
      users:
        read: {files: unused.csv}
        columns: {user: integer, account: integer}
        key: user
        refers: {account: {source: accounts, optional: true}}
      events:
        read: {files: unused.csv}
        columns: {user: integer, at: timestamp, x: integer}
        time: at
        refers: {user: {source: users, optional: true}}
"""
#: Kinds of lengths by end, and by start.
ENDED = """
    kpis:
      took: {duration: {from: accounts.at, to: accounts.done}, unit: hours, by: [plan, tags, [tags, plan]]}
      took_most: {duration: {from: accounts.at, to: accounts.done}, statistic: max, unit: seconds, by: [plan]}
      took_min: {duration: {from: accounts.at, to: accounts.done}, statistic: min, unit: weeks, where: plan = 'free'}
      middle:
        duration: {from: accounts.at, to: accounts.done}
        statistic: median
        unit: minutes
        by: [plan]
        by_grain: month
      upper: {duration: {from: accounts.at, to: accounts.done}, statistic: p90, unit: days, by: [tags]}
      hourly: {duration: {from: accounts.at, to: accounts.done}, unit: days, grain: hour, by: [plan], by_grain: hour}
      weekly: {duration: {from: accounts.at, to: accounts.done}, unit: days, window: 7 days, by: [plan]}
      in_time: {duration: {from: accounts.at, to: accounts.done}, within: 3 days, by: [plan]}
      worked: {duration: {from: accounts.at, to: accounts.done}, unit: working days, by: [plan]}
      of_dates: {duration: {from: accounts.opened, to: accounts.closed}, unit: days, by: [plan]}
      of_both: {duration: {from: accounts.at, to: accounts.closed}, unit: days, statistic: median}
      to_first: {duration: {from: accounts.at, to: events.at}, unit: hours, by: [plan]}
      to_x: {duration: {from: accounts.at, to: {first: events.at, where: x > 1}}, unit: hours, by: [plan, tags]}
      to_last: {duration: {from: accounts.at, to: {last: events.at}}, unit: hours, where: plan is not null}
      from_x: {duration: {from: {first: events.at, where: x > 1}, to: accounts.done, per: accounts}, unit: hours}
      from_last: {duration: {from: {last: events.at, where: x > 1}, to: accounts.done, per: accounts}, unit: days}
      x_after: {duration: {from: events.at, to: {first: events.at, where: x > 1}, per: accounts}, unit: working days}
      if_free: {duration: {from: accounts.at, to: {first: accounts.done, where: plan = 'free'}}, unit: hours}
"""
STARTED = """
    kpis:
      started:
        duration: {from: accounts.at, to: accounts.done}
        dated: from
        follow: 5 days
        unit: hours
        by: [plan, tags]
      most:
        duration: {from: accounts.at, to: accounts.done}
        dated: from
        follow: 5 days
        statistic: max
        unit: days
      half:
        duration: {from: accounts.at, to: accounts.done}
        dated: from
        follow: 5 days
        statistic: median
        unit: hours
        by: [plan, tags]
      three:
        duration: {from: accounts.at, to: {first: events.at, where: x > 1}}
        dated: from
        follow: 1 week
        statistic: p75
        unit: hours
        grain: week
      worked_by:
        duration: {from: accounts.at, to: accounts.done}
        dated: from
        follow: 5 days
        statistic: median
        unit: working days
        grain: month
        by: [plan]
      of_days:
        duration: {from: accounts.opened, to: accounts.closed}
        dated: from
        follow: 3 days
        statistic: p25
        unit: days
      soon: {duration: {from: accounts.at, to: accounts.done}, dated: from, within: 3 days, by: [plan]}
      sooner: {duration: {from: accounts.at, to: events.at}, dated: from, within: 2 days, follow: 4 days, by: [plan]}
"""

Row = dict[str, Any]
Data = Mapping[str, Sequence[Row]]
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 7 * 86400}


# -- the definition --------------------------------------------------------------------------------------------------


def aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


def holds(where: Any, row: Row) -> bool:
    """The conditions that the catalogue above has."""
    if where is None:
        return True
    match where.text:
        case "x > 1":
            return row["x"] is not None and row["x"] > 1
        case "plan = 'free'":
            return bool(row["plan"] == "free")
        case "plan is not null":
            return row["plan"] is not None
    raise AssertionError(where.text)


@dataclass(frozen=True)
class Definition:
    """What one KPI makes of the rows."""

    calendar: Calendar
    kpi: Kpi
    data: Data
    now: datetime

    @property
    def measure(self) -> Duration:
        assert isinstance(self.kpi.measure, Duration)
        return self.kpi.measure

    @property
    def in_days(self) -> bool:
        return bool({"opened", "closed"} & {self.measure.begin.column, self.measure.end.column})

    def mark(self, value: Any) -> Any:
        """A moment, or a local day if either mark is a date; None for the future."""
        if isinstance(value, datetime):
            moment = aware(value)
            assert moment
            if moment > self.now:
                return None
            return self.calendar.day(moment) if self.in_days else moment
        return None if value is None or value > self.calendar.day(self.now) else value

    def marks(self, mark: Mark, account: Row) -> list[Any]:
        """Where a mark stands in the rows of an account, in order."""
        if mark.source == "accounts":
            rows: Sequence[Row] = [account]
        else:
            users = {u["user"] for u in self.data["users"] if u["account"] == account["id"]}
            rows = [e for e in self.data["events"] if e["user"] in users]
        found = [self.mark(row[mark.column]) for row in rows if holds(mark.where, row)]
        return sorted(m for m in found if m is not None)

    def spells(self) -> list[Row]:
        """Each entity's begin and end (None is open), its length and how long it could be watched, in seconds."""
        found = []
        for account in self.data["accounts"]:
            if not holds(self.kpi.where, account):
                continue
            begins, ends = self.marks(self.measure.begin, account), self.marks(self.measure.end, account)
            if not begins:
                continue
            begin = begins[-1 if self.measure.begin.which == "last" else 0]
            if self.measure.end.source == "accounts" and ends and ends[0] < begin:
                continue
            after = [end for end in ends if end >= begin]
            end = after[-1 if self.measure.end.which == "last" else 0] if after else None
            today = self.calendar.day(self.now) if self.in_days else self.now
            found.append(
                {
                    "plan": account["plan"],
                    "tags": account["tags"],
                    "begin": begin,
                    "end": end,
                    "seconds": (end - begin).total_seconds() if end else None,
                    "length": self.length(begin, end) if end else None,
                    "watched": (today - begin).total_seconds(),
                    "so_far": self.length(begin, today),
                }
            )
        return found

    def day(self, mark: Any) -> date:
        return self.calendar.day(mark) if isinstance(mark, datetime) else mark

    def length(self, begin: Any, end: Any) -> float:
        if self.measure.in_unit == "working days":
            first, last = self.day(begin), self.day(end)
            days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
            return float(sum(d.weekday() in WORKING.week and d not in WORKING.holidays for d in days))
        seconds: float = (end - begin).total_seconds()
        return seconds / SECONDS[self.measure.in_unit or "days"]

    def dated(self) -> list[Row]:
        """The entities as rows at the moment that dates them, and markers of what the source can speak of."""
        rows = []
        for spell in self.spells():
            mark = spell["begin" if self.measure.by_start else "end"]
            if mark is not None:
                rows.append({**spell, "at": self.naive(mark)})
        source, column = self.measure.dated_by
        known = [row[name] for row in self.data[source] for name in ("at", column)]
        moments = [self.naive(aware(m) if isinstance(m, datetime) else m) for m in known if m is not None]
        return rows + [{"at": m, "marker": True} for m in moments if m.replace(tzinfo=UTC) <= self.now]

    def naive(self, mark: Any) -> datetime:
        moment = mark if isinstance(mark, datetime) else self.calendar.moment(mark)
        return moment.astimezone(UTC).replace(tzinfo=None)


def quantile(values: Sequence[float], level: Fraction) -> float | None:
    place = level * (len(values) - 1)
    below, above = sorted(values)[floor(place)], sorted(values)[ceil(place)]
    between = float(place - floor(place))
    return None if max(below, above if between else below) == float("inf") else below + between * (above - below)


LEVELS = {"median": Fraction(1, 2), "p90": Fraction(9, 10), "p75": Fraction(3, 4), "p25": Fraction(1, 4)}


def statistic(measure: Duration, lengths: Sequence[float]) -> float | None:
    if not lengths:
        return None
    match measure.statistic:
        case "mean":
            return sum(lengths) / len(lengths)
        case "min":
            return min(lengths)
        case "max":
            return max(lengths)
        case word:
            return quantile(lengths, LEVELS[word])


def ended(measure: Duration) -> Callable[[Sequence[Any]], float | None]:
    """The value of the entities that end in a period."""
    if measure.within:
        limit = measure.within.elapsed.total_seconds()
        return lambda rows: sum(r["seconds"] <= limit for r in rows) / len(rows) if rows else None
    return lambda rows: statistic(measure, [r["length"] for r in rows])


def product_limit(spells: Sequence[tuple[Fraction | float, bool]]) -> list[tuple[float, Fraction]]:
    """Kaplan and Meier: (length, share that has not got there) after each length at which somebody got there."""
    staying, steps = Fraction(1), []
    for at in sorted({length for length, reached in spells if reached}):
        risk = sum(length >= at for length, _ in spells)
        staying *= 1 - Fraction(sum(length == at and reached for length, reached in spells), risk)
        steps.append((float(at), staying))
    return steps


def begun(measure: Duration, rows: Sequence[Row], *, partial: bool) -> tuple[bool, float | None]:
    """Whether there is a number to store, and the value of the entities that begin in a period."""
    assert measure.follow
    follow = measure.follow.elapsed.total_seconds()
    got = [r["seconds"] is not None and r["seconds"] <= follow for r in rows]
    reached = [r["length"] for r, there in zip(rows, got, strict=True) if there]
    if not measure.within and measure.statistic in ("mean", "min", "max"):
        return bool(reached), statistic(measure, reached)
    if not rows:
        return False, None
    if not partial:
        if measure.within:
            limit = measure.within.elapsed.total_seconds()
            return True, sum(r["seconds"] is not None and r["seconds"] <= limit for r in rows) / len(rows)
        return True, statistic(measure, reached + [float("inf")] * (len(rows) - len(reached)))
    infinity = float("inf")
    spells = [
        (r["length"], True) if there else (r["so_far"] if r["watched"] < follow else infinity, False)
        for r, there in zip(rows, got, strict=True)
    ]
    curve = product_limit(spells)
    if measure.within:
        limit = measure.within.elapsed.total_seconds() / 86400
        if max(length for length, _ in spells) < limit and (not curve or curve[-1][1] > 0):
            return True, None
        return True, float(1 - min((staying for at, staying in curve if at <= limit), default=Fraction(1)))
    level = LEVELS[measure.statistic]
    return True, next((at for at, staying in curve if staying <= 1 - level), None)


# -- cases -------------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw: st.DrawFn) -> tuple[Data, datetime]:
    start = draw(st.sampled_from(STARTS))
    times = st.integers(0, 24 * 24 * 2).map(lambda half: start + timedelta(minutes=30 * half))
    lasting = st.integers(-12, 9 * 24).map(lambda hours: timedelta(hours=hours))
    days = times.map(lambda moment: moment.date())
    account = st.fixed_dictionaries(
        {
            "at": st.one_of(st.none(), times, times, times, times),
            "lasting": st.one_of(st.none(), lasting, lasting),
            "opened": st.one_of(st.none(), days, days),
            "lasted": st.one_of(st.none(), st.integers(-1, 5), st.integers(0, 5)),
            "plan": st.sampled_from(["free", "paid", None]),
            "tags": st.sampled_from([None, ["a"], ["a", "b"], ["b", "b"]]),
            "person": st.sampled_from(["ann", "bob", None]),
        }
    )
    accounts: list[Row] = []
    for number, row in enumerate(draw(st.lists(account, max_size=14))):
        at, lasting_, opened, lasted = row["at"], row.pop("lasting"), row["opened"], row.pop("lasted")
        done = at + lasting_ if at is not None and lasting_ is not None else None
        closed = opened + timedelta(days=lasted) if opened is not None and lasted is not None else None
        accounts.append({**row, "id": number, "done": done, "closed": closed})
    account_ids = st.sampled_from([*(row["id"] for row in accounts), 99, None])
    users = [{"user": n, "account": draw(account_ids)} for n in range(draw(st.integers(0, 8)))]
    user_ids = st.sampled_from([*(row["user"] for row in users), None])
    event = st.fixed_dictionaries(
        {"user": user_ids, "at": st.one_of(st.none(), times, times), "x": st.sampled_from([None, 1, 2, 3])}
    )
    now = start + timedelta(hours=draw(st.integers(5 * 24, 40 * 24)))
    data = {"accounts": accounts, "users": users, "events": draw(st.lists(event, max_size=16))}
    return data, now.replace(tzinfo=UTC)


@pytest.mark.parametrize("kpis", [ENDED, STARTED], ids=["ended", "started"])
@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_durations_equal_their_definition(
    workbench: Any, oracle: Any, check: Any, calendar: Calendar, kpis: str
) -> None:
    """Every stored length equals that of a loop: by end and by start, of several rows, dates, working days, windows."""
    catalog = replace(workbench.project(SOURCES + kpis), calendar=calendar, working=WORKING)

    @settings(
        max_examples=3,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def holds_for(case: tuple[Data, datetime]) -> None:
        data, now = case
        numbers = workbench.numbers(catalog, data, now)
        for name, kpi in catalog.kpis.items():
            definition = Definition(calendar, kpi, data, now)
            brute = oracle(catalog, definition.dated(), now)
            try:
                if definition.measure.by_start:
                    check(_by_start(brute, definition), numbers[name])
                else:
                    check(brute.flow(kpi, ended(definition.measure), lambda row: "marker" not in row), numbers[name])
                _parts(check, brute, definition, numbers)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    holds_for()


def _cells(brute: Any, kpi: Kpi, rows: Sequence[Row]) -> list[tuple[Any, str, list[Row], bool]]:
    """(grain, cell, its rows, whether it is a cell) for each that is kept."""
    found = [(grain, "", list(rows), False) for grain in kpi.grains()]
    for breakdown in kpi.by:
        for cell, some in brute.cells(breakdown, rows).items():
            found += [(grain, cell, some, True) for grain in kpi.grains(cell=True)]
    return found


def _in(brute: Any, period: Period, rows: Sequence[Row]) -> list[Row]:
    if period.grain == "hour":
        return [r for r in rows if period.start <= r["at"].replace(tzinfo=UTC) < period.end]
    return [r for r in rows if period.first <= brute.day(r) <= period.last]


def _by_start(brute: Any, definition: Definition) -> dict[tuple[str, str, str], float | None]:
    kpi, measure, expected = definition.kpi, definition.measure, {}
    assert measure.follow
    rows = [r for r in brute.past if "marker" not in r]
    for grain, cell, some, of_cell in _cells(brute, kpi, rows):
        for period in brute.periods(grain):
            partial = period.end + measure.follow.elapsed > definition.now
            stored, value = begun(measure, _in(brute, period, some), partial=partial)
            if stored or not of_cell:
                expected[grain, cell, period.name] = value
    return expected


def _parts(check: Any, brute: Any, definition: Definition, numbers: Any) -> None:
    """How many finished, how many are open, and the share of the two."""
    kpi, measure = definition.kpi, definition.measure
    if kpi.window:
        return
    spells = definition.spells()
    expected: dict[str, dict[tuple[str, str, str], float | None]] = {"finished": {}, "open": {}, "reached": {}}
    for grain, cell, some, of_cell in _cells(brute, kpi, spells):
        for period in brute.periods(grain):
            if measure.by_start:
                assert measure.follow
                follow = measure.follow.elapsed.total_seconds()
                mine = _in(brute, period, [{**r, "at": definition.naive(r["begin"])} for r in some])
                there = [r for r in mine if r["seconds"] is not None and r["seconds"] <= follow]
                finished, opened = len(there), len(mine) - len(there)
            else:
                ends = [{**r, "at": definition.naive(r["end"])} for r in some if r["end"] is not None]
                finished = len(_in(brute, period, ends))
                opened = sum(_begun_by(definition, r, period) and not _ended_by(definition, r, period) for r in some)
            key = (grain, cell, period.name)
            expected["finished"][key], expected["open"][key] = finished, opened
            if finished + opened or not of_cell:
                expected["reached"][key] = finished / (finished + opened) if finished + opened else None
    for part, values in expected.items():
        check({k: v for k, v in values.items() if v or not k[1] or part == "reached"}, numbers[f"{kpi.name}.{part}"])


def _begun_by(definition: Definition, spell: Row, period: Period) -> bool:
    if period.grain == "hour":
        return bool(definition.naive(spell["begin"]).replace(tzinfo=UTC) < period.end)
    return definition.day(spell["begin"]) <= period.last


def _ended_by(definition: Definition, spell: Row, period: Period) -> bool:
    if spell["end"] is None:
        return False
    if period.grain == "hour":
        return bool(definition.naive(spell["end"]).replace(tzinfo=UTC) < period.end)
    return definition.day(spell["end"]) <= period.last


def test_alone_or_together_durations_are_the_same(workbench: Any) -> None:
    """A duration compiled by itself has the numbers, and the people behind, that it has among all."""
    catalog = replace(workbench.project(SOURCES + ENDED + STARTED.replace("kpis:", "")), min_group_size=5)

    @settings(
        max_examples=1, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(cases())
    def holds_for(case: tuple[Data, datetime]) -> None:
        data, now = case
        assert workbench.numbers(catalog, data, now, alone=True) == workbench.numbers(catalog, data, now)

    holds_for()


def test_people_behind_durations(workbench: Any) -> None:
    """Behind a mean are those who got there, behind a quantile all who began, and behind `open` those who are open."""
    catalog = replace(workbench.project(SOURCES + ENDED + STARTED.replace("kpis:", "")), min_group_size=5)
    start = datetime.fromisoformat("2024-03-01")
    accounts = [
        {"id": n, "person": f"p{n}", "plan": "free", "at": start, "done": start + timedelta(hours=1) if n < 2 else None}
        for n in range(7)
    ]
    numbers = workbench.numbers(catalog, {"accounts": accounts}, datetime(2024, 4, 1, tzinfo=UTC))
    march = ("month", cell_text((("plan", cell_value("free")),)), "2024-03")
    behind = {name: numbers[name][march]["people"] for name in ("took", "took.open", "took.reached", "started", "half")}
    assert behind == {"took": 2, "took.open": 5, "took.reached": 5, "started": 2, "half": 7}
    assert {numbers[f"started.{part}"][march]["people"] for part in ("finished", "open", "reached")} == {7}

"""Recurring amounts, movements and customers equal their definitions: one loop over customers per own period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.model import Catalog, Kpi, cell_text, cell_value, read_cell
from headway.periods import Calendar, Grain, Period, add_months

CALENDARS = (Calendar("UTC"), Calendar("Pacific/Auckland", week_start=6, fiscal_start=6))
STARTS = tuple(map(datetime.fromisoformat, ("2024-03-20", "2023-12-24", "2024-08-20")))
MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation")
COUNTS = {"new_customers": "new", "lost_customers": "churn", "returned_customers": "reactivation"}
SPANS = ("retained", "kept", "kept_customers")

PROJECT = """
    project: oracle
    min_group_size: 1
    sources:
      subs:
        read: {files: unused.csv}
        columns: {at: timestamp, ended: timestamp, who: text, plan: text, labels: list, usd: number, why: text}
        time: at
        until: ended
        sparse: true
      days:
        read: {files: unused.csv}
        columns: {at: timestamp, last: date, who: text, plan: text, usd: number}
        time: at
        through: last
        sparse: true
      fees:
        read: {files: unused.csv}
        columns: {at: timestamp, who: text, plan: text, labels: list, usd: number}
        time: at
    kpis:
      monthly:
        {recurring: subs.usd, customer: who, plus: fees.usd, reason: why, by: [plan, labels, [plan, labels]]}
      quarterly: {recurring: subs.usd, customer: who, plus: fees.usd, by: [plan], grain: quarter, where: usd > 2}
      plain:     {recurring: days.usd, customer: who, by: [plan], tracked_from: 2024-04-10, by_grain: quarter}
      daily:     {recurring: subs.usd, customer: who, by: [plan], grain: day, reason: why}
      net:       {formula: monthly.retained, window: 3 months, by: [plan]}
      gross:     {formula: monthly.kept, window: 1 month, by: [plan]}
      lost:      {formula: monthly.lost_customers, window: calendar month, by: [plan]}
      won:       {formula: monthly.new, window: all time}
      days_net:  {formula: daily.retained, window: 45 days, by: [plan]}
"""

Row = dict[str, Any]
#: (grain, cell, name of the period) -> value
Expected = dict[tuple[str, str, str], float | None]
EVERYTHING: Callable[[Row], bool] = lambda row: True  # noqa: E731 - the filter that is none


@dataclass
class Book:
    """What every customer paid, read off the rows one by one."""

    catalog: Catalog
    kpi: Kpi
    source: Sequence[Row]
    charged: Sequence[Row]
    now: datetime

    def __post_init__(self) -> None:
        self.calendar = self.catalog.calendar
        self.lasting, self.events = ([r for r in rows if self._counts(r)] for rows in (self.source, self.charged))
        self._amounts: dict[Any, Decimal] = {}
        self._movements: dict[Any, str] = {}
        self.complete = self.calendar.last_complete_day(self.now)
        self.customers = sorted({r["who"] or "(none)" for r in (*self.lasting, *self.events)})
        self.beginning = min((self.day(r) for r in (*self.lasting, *self.events)), default=self.complete)

    def _counts(self, row: Row) -> bool:
        past = row["at"] is not None and row["at"].replace(tzinfo=UTC) <= self.now
        return past and row["usd"] is not None and (self.kpi.where is None or row["usd"] > 2)

    def day(self, row: Row) -> date:
        return self.calendar.day(row["at"].replace(tzinfo=UTC))

    def amount(self, customer: str, last: date, keep: Callable[[Row], bool] = EVERYTHING) -> Decimal:
        """What a customer pays at the end of a day: rows under way, and events of the own period up to that day."""
        key = (customer, last, keep)
        if key not in self._amounts:
            self._amounts[key] = self._amount(*key)
        return self._amounts[key]

    def _amount(self, customer: str, last: date, keep: Callable[[Row], bool]) -> Decimal:
        end = self.calendar.moment(last + timedelta(days=1))
        first = self.calendar.first_day(self.kpi.grain, last)
        rows = [r for r in self.lasting if self.under_way(r, end)]
        rows += [r for r in self.events if first <= self.day(r) <= last]
        mine = (r for r in rows if (r["who"] or "(none)") == customer and keep(r))
        return sum((Decimal(str(r["usd"])) for r in mine), Decimal())

    def under_way(self, row: Row, end: datetime) -> bool:
        begins = row["at"].replace(tzinfo=UTC)
        ends = row["ended"].replace(tzinfo=UTC) if row.get("ended") else None
        if row.get("last"):
            ends = self.calendar.moment(row["last"] + timedelta(days=1))
        return bool(begins < end and (ends is None or (ends >= end and ends > begins)))

    def pieces(self, first: date, last: date) -> list[tuple[date, date]]:
        """The own periods that begin in a span, the last one up to its end."""
        periods = self.calendar.between(self.kpi.grain, first, last) if first <= last else []
        return [(p.first, min(p.last, last)) for p in periods if p.first >= first]

    def movement(self, customer: str, first: date, last: date) -> str:
        """The class of a customer's movement in (a part of) an own period."""
        key = (customer, first, last)
        if key not in self._movements:
            self._movements[key] = self._movement(*key)
        return self._movements[key]

    def _movement(self, customer: str, first: date, last: date) -> str:
        a, b = self.amount(customer, first - timedelta(days=1)), self.amount(customer, last)
        if a <= 0 < b:
            before = self.calendar.between(self.kpi.grain, self.beginning, first - timedelta(days=1))
            return "reactivation" if any(self.amount(customer, p.last) > 0 for p in before) else "new"
        if b <= 0 < a:
            return "churn"
        return "contraction" if b < a else "expansion"

    def span(self, first: date, last: date, keep: Callable[[Row], bool]) -> dict[str, Decimal]:
        """The value and every part over one span, of some rows."""
        found = dict.fromkeys(("", "customers", *MOVEMENTS, *COUNTS, *SPANS), Decimal())
        for customer in self.customers:
            b = self.amount(customer, last, keep)
            found[""] += b
            found["customers"] += b > 0
            # Before a first day is over, the span is empty: what was paid at its start is what is paid.
            a = self.amount(customer, min(first - timedelta(days=1), last), keep)
            if a > 0:
                found["retained"] += b
                found["kept"] += min(a, b)
                found["kept_customers"] += b > 0
            for start, end in self.pieces(first, last):
                before, after = (self.amount(customer, d, keep) for d in (start - timedelta(days=1), end))
                movement = self.movement(customer, start, end)
                found[movement] += after - before
                for count, counted in COUNTS.items():
                    changed = movement == counted and before != after
                    found[count] += changed and (before if counted == "churn" else after) > 0
        return found

    def cells(self, breakdowns: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], dict[str, Callable[[Row], bool]]]:
        """Of each breakdown, its cells and which rows are in them."""
        found: dict[tuple[str, ...], dict[str, Callable[[Row], bool]]] = {(): {"": EVERYTHING}}
        for breakdown in breakdowns:
            names = {name for r in (*self.lasting, *self.events) for name in _cells(breakdown, r)}
            found[breakdown] = {n: lambda r, n=n, b=breakdown: n in _cells(b, r) for n in names}  # type: ignore[misc]
        return found

    def asked(self, grain: Grain) -> Iterator[Period]:
        """The periods that the source can speak of."""
        past = [self.day(r) for r in self.source if r["at"] and r["at"].replace(tzinfo=UTC) <= self.now]
        tracked = self.kpi.tracked_from
        begin = min(filter(None, (min(past), tracked))) if past else tracked
        for period in self.calendar.between(grain, begin, self.calendar.day(self.now)) if begin else ():
            is_tracked = tracked is None or period.last >= tracked
            if period.start <= self.now and is_tracked and min(period.last, self.complete) >= begin:
                yield period

    def first_of(self, window: Callable[[date], date]) -> Callable[[Period], date]:
        """The first own period that begins in a window; `window` says when it begins, from the day after its end."""

        def first(period: Period) -> date:
            begin = window(min(period.last, self.complete) + timedelta(days=1))
            own = self.calendar.period(self.kpi.grain, max(begin, self.beginning))
            return own.first if begin <= own.first else own.last + timedelta(days=1)

        return first

    def expected(self, first: Callable[[Period], date] | None = None) -> dict[str, Expected]:
        """Every number by part; `first` says where a window begins."""
        found: dict[str, Expected] = {part: {} for part in PARTS}
        for breakdown, cells in self.cells(self.kpi.breakdowns).items():
            for grain in (self.kpi.grain,) if first else self.kpi.grains():
                if breakdown and grain not in self.kpi.grains(cell=True) and grain is not self.kpi.grain:
                    continue
                for period in self.asked(grain):
                    begin = first(period) if first else period.first
                    for cell, keep in cells.items():
                        for part, value in self.span(begin, min(period.last, self.complete), keep).items():
                            if breakdown == () or breakdown in self.kpi.by_of(part):
                                found[part][grain, cell, period.name] = float(value)
        return {part: self.kept(part, numbers) for part, numbers in found.items()}

    def kept(self, part: str, numbers: Expected) -> Expected:
        """What is stored: of a state's longer periods the last own value, of cells those from `by_grain` on."""
        if part in ("", "customers"):
            own = {key: value for key, value in numbers.items() if key[0] == self.kpi.grain}
            periods = list(self.asked(self.kpi.grain))
            for grain in self.kpi.grains()[1:]:
                pairs = [(self.calendar.period(grain, p.last), p.name) for p in periods]
                last = {longer.name: name for longer, name in pairs if longer.start <= self.now}
                own |= {
                    (grain, cell, longer): own[self.kpi.grain, cell, name]
                    for longer, name in last.items()
                    for _, cell, at in list(own)
                    if at == name and (self.kpi.grain, cell, name) in own
                }
            numbers = own
        cells = self.kpi.grains(cell=True)
        return {key: value for key, value in numbers.items() if key[1] == "" or key[0] in cells}


PARTS = ("", "customers", *MOVEMENTS, *COUNTS, *SPANS)


def _cells(breakdown: Sequence[str], row: Row) -> list[str]:
    """The cells of a breakdown that a row is in."""
    found: list[tuple[str, ...]] = [()]
    for column in breakdown:
        value = row.get(column)
        texts = [cell_value(value)]
        if isinstance(value, list) or column == "labels":
            texts = sorted({v for v in value or () if v is not None}) or ["(none)"]
        found = [(*f, text) for f in found for text in texts]
    return [cell_text(tuple(zip(breakdown, values, strict=True))) for values in found]


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], list[Row], datetime]:
    start = draw(st.sampled_from(STARTS))
    times = st.one_of(
        st.integers(0, 150 * 48).map(lambda half: start + timedelta(minutes=30 * half)),
        # Around the ends of months, by the clocks of both zones.
        st.tuples(st.integers(0, 4), st.sampled_from([-13, -12, -1, 0, 1])).map(
            lambda at: start.replace(day=1) + timedelta(days=31 * at[0], hours=at[1])
        ),
    )
    common = {
        "who": st.sampled_from(["ann", "bob", "bob", None]),
        "plan": st.sampled_from(["basic", "pro", None]),
        "labels": st.sampled_from([None, [], ["x"], ["x", "y"]]),
        "usd": st.sampled_from([0, 0.1, 0.2, 2.5, 5, 10, 10, -3, None]),
        "at": st.one_of(times, times, times, st.none()),
    }
    ends = {
        "ended": st.one_of(st.none(), times, times),
        "last": st.one_of(st.none(), times.map(lambda moment: moment.date())),
        "why": st.sampled_from(["price", "gone", None]),
    }
    subs = draw(st.lists(st.fixed_dictionaries({**common, **ends}), max_size=9))
    fees = draw(st.lists(st.fixed_dictionaries(common), max_size=4))
    now = start + timedelta(hours=draw(st.integers(24, 24 * 160)))
    return subs, fees, now.replace(tzinfo=UTC)


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda c: c.zone)
def test_recurring_equals_its_definition(workbench: Any, check: Any, calendar: Calendar) -> None:
    """Values, movements, customers, what was kept, and formulas over windows of them, equal a loop over customers."""
    catalog = replace(workbench.project(PROJECT), calendar=calendar)

    @settings(
        max_examples=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def holds(case: tuple[list[Row], list[Row], datetime]) -> None:
        subs, fees, now = case
        subs, days = [{**r, "last": None} for r in subs], [{**r, "ended": None} for r in subs]
        numbers = workbench.numbers(catalog, {"subs": subs, "days": days, "fees": fees}, now)
        books = {
            "monthly": Book(catalog, catalog.kpis["monthly"], subs, fees, now),
            "quarterly": Book(catalog, catalog.kpis["quarterly"], subs, fees, now),
            "plain": Book(catalog, catalog.kpis["plain"], days, [], now),
            "daily": Book(catalog, catalog.kpis["daily"], subs, [], now),
        }
        for name, book in books.items():
            for part, expected in book.expected().items():
                try:
                    check(expected, numbers[f"{name}.{part}" if part else name])
                except AssertionError as error:
                    raise AssertionError(f"{name}.{part}: {error}") from None
        monthly, daily = books["monthly"], books["daily"]
        windows: dict[str, tuple[Book, str, Callable[[date], date]]] = {
            "net": (monthly, "retained", lambda after: add_months(after, -3)),
            "gross": (monthly, "kept", lambda after: add_months(after, -1)),
            "lost": (monthly, "lost_customers", lambda after: (after - timedelta(days=1)).replace(day=1)),
            "won": (monthly, "new", lambda after: date.min),
            "days_net": (daily, "retained", lambda after: after - timedelta(days=45)),
        }
        for name, (book, part, window) in windows.items():
            own = {k: v for k, v in book.expected(book.first_of(window))[part].items() if k[0] == book.kpi.grain}
            found = {k: v for k, v in numbers[name].items() if k[0] == book.kpi.grain}
            try:
                breakdowns = {(), *catalog.kpis[name].by}
                check({k: v for k, v in own.items() if tuple(dict(read_cell(k[1]))) in breakdowns}, found)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    holds()

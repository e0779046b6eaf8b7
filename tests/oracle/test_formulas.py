"""Formulas equal the language's rules, worked out one period and cell at a time over dictionaries.

The numbers of the inputs are invented, with holes; the formulas are random trees. The definition below knows nothing of
the normal form of a formula: it follows the words of the language from the outside in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway import plan
from headway.model import Catalog, Kpi, cell_text
from headway.periods import Calendar, Grain, Length, Period
from headway.plan import Request
from headway.plan.numbers import NUMBERS

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST, LAST = date(2023, 12, 11), date(2025, 2, 20)
#: Of daily numbers half a year is enough.
LAST_DAILY = date(2024, 5, 20)
GRAINS = tuple(Grain)[1:]
CELLS: tuple[dict[str, str], ...] = ({"team": "a"}, {"team": "b"})
CROSSES = tuple({"team": team, "kind": kind} for team in "ab" for kind in "xy")
KINDS = ({"kind": "x"}, {"kind": "y"})

PROJECT = """
    project: oracle
    min_group_size: 1
    timezone: {zone}
    week_start: {week}
    fiscal_year_start: {month}
    sources:
      rows:
        read: {{files: unused.csv}}
        columns: {{at: timestamp, ended: timestamp, team: text, kind: text, x: number}}
        time: at
        until: ended
    kpis:
      counted:  {{count: rows, grain: {fine}, by: [team, kind, [team, kind]]}}
      averaged: {{mean: rows.x, grain: {fine}, by: [team, kind, [team, kind]]}}
      yearly:   {{sum: rows.x, window: 1 year, grain: {fine}, by: [team, kind, [team, kind]]}}
      open_:    {{open: rows, grain: {slow}, by: [team, kind, [team, kind]]}}
      formula_: {{formula: "{formula}", grain: {grain}{by}{window}}}
"""
#: Those that are 0 where a cell is not there, and those that are functions of a moment.
ZERO = {"counted", "yearly", "open_"}
STATES = {"yearly", "open_"}

Node = tuple[Any, ...]
Cell = tuple[tuple[str, str], ...]
#: Whether a flow is read under the formula's window, and in which period.
Place = tuple[bool, Period]
#: (grain, cell, name of the period) -> the value, None for no data; what is not there is not stored.
Stored = dict[tuple[Grain, Cell, str], float | None]


# -- random formulas ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def between(calendar: Calendar, grain: Grain, last: date = LAST) -> tuple[Period, ...]:
    """The periods of which there may be numbers."""
    return tuple(calendar.between(grain, FIRST, last))


@lru_cache(maxsize=1 << 16)
def holding(calendar: Calendar, grain: Grain, day: date) -> Period:
    """The period that holds a day."""
    return calendar.period(grain, day)


def readings() -> st.SearchStrategy[Node]:
    """One KPI, in a cell or not."""
    kpi = st.sampled_from(["counted", "averaged", "yearly", "open_"]).map(lambda name: ("kpi", name))
    return kpi | st.tuples(st.just("cell"), kpi, st.sampled_from(KINDS))


def trees(lengths: Sequence[str]) -> st.SearchStrategy[Node]:
    """Formulas of the language."""
    reading = readings()
    of_state = reading.filter(lambda node: str(node[1][1] if node[0] == "cell" else node[1]) in STATES)
    over = st.tuples(st.sampled_from(["mean", "max", "min"]), reading) | st.tuples(st.just("opening"), of_state)
    length = st.sampled_from(["", *lengths])
    number = st.integers(0, 3).map(lambda n: ("number", n))

    def larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return (
            st.tuples(st.sampled_from("+-*/"), inner, inner)
            | st.tuples(st.sampled_from(["least", "greatest", "coalesce"]), inner, inner | number)
            | st.tuples(st.just("case"), inner, inner, inner)
            | st.tuples(st.just("total"), inner)
            | st.tuples(st.just("prior"), inner, length)
            | st.tuples(st.just("growth"), inner.filter(lambda node: "growth" not in str(node)), length)
        )

    return over | st.recursive(reading | over, larger, max_leaves=4)


def text(node: Node) -> str:
    """A tree as it is written."""
    match node:
        case ("number", value):
            return str(value)
        case ("kpi", name):
            return str(name)
        case ("cell", kpi, cell):
            return f"{text(kpi)}[" + ", ".join(f"{k} = '{v}'" for k, v in cell.items()) + "]"
        case ("case", a, b, c):
            return f"case when {text(a)} > 1 then {text(b)} else {text(c)} end"
        case ("prior" | "growth" as word, inner, length):
            return f"{word}({text(inner)}" + (f", '{length}')" if length else ")")
        case ("+" | "-" | "*" | "/" as word, a, b):
            return f"({text(a)} {word} {text(b)})"
        case (word, *inner):
            return f"{word}(" + ", ".join(text(each) for each in inner) + ")"
    raise AssertionError(node)


def has_cells(node: Node) -> bool:
    """True if anything is read for each row's own cell."""
    return node[0] == "kpi" or (node[0] != "total" and any(has_cells(each) for each in node if isinstance(each, tuple)))


def parts(node: Node) -> tuple[str, str, dict[str, str]]:
    """Of a reading the function, the KPI, and the columns of the cell that are given."""
    word, given, inner = "", {}, node
    if inner[0] in ("mean", "max", "min", "opening"):
        word, inner = inner
    if inner[0] == "cell":
        _, inner, given = inner
    return word, inner[1], given


def with_columns(cell: Cell, given: Mapping[str, str]) -> Cell:
    """A cell with some columns given."""
    return tuple(sorted({**dict(cell), **given}.items()))


def leaves(node: Node, back: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Each reading, and by which lengths it is read earlier, outermost first; `total` is among them if it is in one."""
    match node:
        case ("kpi" | "cell" | "mean" | "max" | "min" | "opening", *_):
            yield node, back
        case ("total", inner):
            yield from ((leaf, ("total", *lengths)) for leaf, lengths in leaves(inner, back))
        case ("prior", inner, length):
            yield from leaves(inner, (*back, length))
        case ("growth", inner, length):
            yield from leaves(inner, back)
            yield from leaves(inner, (*back, length))
        case (_, *inner):
            for each in inner:
                if isinstance(each, tuple):
                    yield from leaves(each, back)


# -- the definition ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """The language's rules for one formula at one grain."""

    calendar: Calendar
    kpis: Mapping[str, Kpi]
    formula: Kpi
    grain: Grain
    #: By KPI and whether it is read under the formula's window.
    stored: Mapping[tuple[str, bool], Stored]
    #: Found once: the periods of which anything is stored.
    kept: dict[tuple[str, Grain, bool], list[Period]] = field(default_factory=dict)

    def value(self, node: Node, cell: Cell, period: Period | None) -> float | None:
        """The formula in one cell and period; None is no data."""
        if node[0] == "number":
            return float(node[1])
        if period is None:
            return None
        match node:
            case ("kpi" | "cell" | "mean" | "max" | "min" | "opening", *_):
                return self.read(node, cell, period)
            case ("total", inner):
                return self.value(inner, (), period)
            case ("prior", inner, length):
                return self.value(inner, cell, self.earlier(period, length))
            case ("growth", inner, length):
                now, then = (self.value(inner, cell, p) for p in (period, self.earlier(period, length)))
                return None if now is None or then is None or then <= 0 else (now - then) / then
            case ("case", a, b, c):
                condition = self.value(a, cell, period)
                return None if condition is None else self.value(b if condition > 1 else c, cell, period)
            case (word, *inner):
                values = [self.value(each, cell, period) for each in inner]
                if word == "coalesce":
                    return next((v for v in values if v is not None), None)
                a, b = values
                if a is None or b is None or (word == "/" and b == 0):
                    return None
                return {"+": a + b, "-": a - b, "*": a * b, "least": min(a, b), "greatest": max(a, b)}.get(
                    word, a / b if b else None
                )
        raise AssertionError(node)

    def read(self, node: Node, cell: Cell, period: Period) -> float | None:
        """One KPI, as it is or over moments and own periods."""
        word, name, given = parts(node)
        cell = with_columns(cell, given)
        values = [self.stored_value(name, cell, place) for place in self.places(word, name, period)]
        known = [value for value in values if value is not None]
        if not known:
            return None
        return sum(known) / len(known) if word == "mean" else min(known) if word == "min" else max(known)

    def places(self, word: str, name: str, period: Period) -> list[Place]:
        """Where a KPI is read: under the window or as declared, and in which periods."""
        own = self.kpis[name].grain
        if word in ("mean", "max", "min"):
            first, last = self.span(period)
            return [(False, p) for p in self.periods(name, own) if first <= p.last <= last]
        if word == "opening":
            before = self.span(period)[0] - timedelta(days=1)
            exact = holding(self.calendar, self.grain, before)
            if self.grain in own.longer() and exact.last == before:
                return [(False, exact)]
            return self.at(name, before)
        if name in STATES and self.grain not in own.longer():
            return self.at(name, period.last)
        return [(self.formula.window is not None and name not in STATES, period)]

    def at(self, name: str, day: date) -> list[Place]:
        """A state at the end of a day, by its own periods: the last one that is over; of long ones the last stored."""
        own = self.kpis[name].grain
        if own.rank > self.grain.rank:
            return [(False, p) for p in self.periods(name, own) if p.last <= day][-1:]
        period = holding(self.calendar, own, day)
        return [(False, period if period.last == day else self.calendar.previous(period))]

    def stored_value(self, name: str, cell: Cell, place: Place) -> float | None:
        """What is stored; a cell that is not is 0 if that is what nothing means, and the total has a value."""
        under_window, period = place
        numbers = self.stored[name, under_window]
        if (period.grain, cell, period.name) in numbers:
            return numbers[period.grain, cell, period.name]
        whole = numbers.get((period.grain, (), period.name))
        return 0.0 if cell and name in ZERO and whole is not None else None

    def periods(self, name: str, grain: Grain, *, under_window: bool = False) -> list[Period]:
        """The periods of which anything is stored."""
        numbers = self.stored[name, under_window]
        kept = self.kept.setdefault((name, grain, under_window), [])
        if not kept:
            names = {period for g, _, period in numbers if g is grain}
            kept += [p for p in between(self.calendar, grain) if p.name in names]
        return kept

    def earlier(self, period: Period, length: str) -> Period | None:
        return self.calendar.earlier(period, Length.parse(length)) if length else self.calendar.previous(period)

    def rows(self, tree: Node, cells: Sequence[Cell]) -> set[tuple[Cell, str]]:
        """Of each period that an input has the total, and the cells that an input has where it is read."""
        tables = []
        for node, _ in leaves(tree, ()):
            word, name, _ = parts(node)
            own = self.kpis[name].grain
            if word or (name in STATES and self.grain not in own.longer()):
                tables.append((own, self.periods(name, own)))
            else:
                windowed = self.formula.window is not None and name not in STATES
                tables.append((self.grain, self.periods(name, self.grain, under_window=windowed)))
        periods = {p for grain, several in tables for p in several if grain is self.grain}
        if all(grain is not self.grain for grain, _ in tables) and (every := [p for _, some in tables for p in some]):
            first, last = min(p.first for p in every), max(p.last for p in every)
            periods = set(self.calendar.between(self.grain, first, last))
        return {(cell, p.name) for p in periods for cell in cells if not cell or self.is_stored(tree, cell, p)}

    def is_stored(self, tree: Node, cell: Cell, period: Period) -> bool:
        """True if a reading that is not of the total finds its cell somewhere."""
        for node, back in leaves(tree, ()):
            moved: Period | None = period
            for length in back:
                moved = self.earlier(moved, length) if moved and length != "total" else moved
            word, name, given = parts(node)
            asked = with_columns(cell, given)
            if "total" not in back and moved is not None:
                for under_window, p in self.places(word, name, moved):
                    if (p.grain, asked, p.name) in self.stored[name, under_window]:
                        return True
        return False

    def span(self, period: Period) -> tuple[date, date]:
        return self.calendar.span(self.formula.window, period, FIRST - timedelta(days=900))


# -- invented numbers --------------------------------------------------------------------------------------------------


def numbers(draw: st.DrawFn, calendar: Calendar, grains: Sequence[Grain], *, state: bool) -> Stored:
    """Values of every period and cell, with holes. A state's longer periods have the last own one's."""
    holes = draw(st.integers(0, 4))
    seed = draw(st.integers(0, 10_000))
    random = (((seed + n) * 2654435761 >> 7) % 97 for n in count())
    found: Stored = {}
    last = LAST_DAILY if Grain.DAY in grains else LAST
    for grain in grains:
        for period in between(calendar, grain, last):
            if state and grain is not grains[0]:
                inside = [p for p in between(calendar, grains[0], last) if holding(calendar, grain, p.last) == period]
                stored = {c: inside[-1].name for g, c, n in found if inside and g is grains[0] and n == inside[-1].name}
                found |= {(grain, cell, period.name): found[grains[0], cell, name] for cell, name in stored.items()}
                continue
            if next(random) < 3 * holes:
                continue
            total = None if next(random) < 3 * holes else float(next(random) % 7 - 1)
            found[grain, (), period.name] = total
            for cell in (*CELLS, *KINDS, *CROSSES):
                if total is not None and next(random) > 12 * holes:
                    found[grain, tuple(sorted(cell.items())), period.name] = float(next(random) % 5)
    return found


def table(calendar: Calendar, stored: Stored) -> pa.Table:
    """The same as a table that a formula reads."""
    names = {(g, p.name): p.key for g in GRAINS for p in between(calendar, g)}
    rows = [
        {"part": "", "grain": grain, "cell": cell_text(cell), "period": names[grain, name], "value": value,
         "reason": "no data" if value is None else None, "flags": 0}
        for (grain, cell, name), value in stored.items()
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, NUMBERS)


@pytest.fixture(scope="module")
def calendars() -> dict[tuple[str, int, int], Calendar]:
    """Calendars, so that their periods are made once."""
    return {}


WEEK_STARTS, MONTHS = ("monday", "sunday"), ("january", "july", "february")
LENGTHS = {
    Grain.DAY: ("1 year", "1 month", "7 days"),
    Grain.WEEK: ("1 year", "2 weeks"),
    Grain.MONTH: ("1 year", "3 months"),
    Grain.QUARTER: ("1 year", "6 months"),
    Grain.YEAR: ("1 year",),
}


@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_a_formula_equals_its_definition(workbench: Any, data: st.DataObject) -> None:
    """In every grain, period and cell that an input has, with windows, fiscal years, weeks and holes."""
    draw = data.draw
    calendar = Calendar("Europe/Berlin", draw(st.sampled_from((0, 6))), draw(st.sampled_from((1, 7, 2))))
    grain = draw(st.sampled_from(GRAINS), label="grain")
    fine = draw(st.sampled_from([g for g in GRAINS if grain in g.longer()]), label="flows by")
    slow = draw(st.sampled_from([g for g in GRAINS if g is not Grain.YEAR]), label="state by")
    tree = draw(trees(LENGTHS[grain]), label="tree")
    window = draw(st.sampled_from([None, "3 months", "30 days", "calendar month"]), label="window")
    if window == "calendar month" and grain.rank < Grain.MONTH.rank:
        window = None
    words = text(tree)
    if window is None and any(f"{word}({name}" in words for word in ("mean", "max", "min") for name in ("open_",)):
        slow = fine
    by = draw(st.sampled_from((True, True, False)), label="by") and has_cells(tree)
    catalog = workbench.project(
        PROJECT.format(
            zone=calendar.zone,
            week={0: "monday", 6: "sunday"}[calendar.week_start],
            month={1: "january", 7: "july", 2: "february"}[calendar.fiscal_start],
            fine=fine,
            slow=slow,
            formula=words,
            grain=grain,
            by=", by: [team]" if by else "",
            window=f", window: {window}" if window else "",
        )
    )
    inputs, stored = {}, {}
    for name in ("counted", "averaged", "yearly", "open_"):
        kpi = catalog.kpis[name]
        stored[name, False] = numbers(draw, calendar, kpi.grains(), state=name in STATES)
        inputs[Request.of(kpi)] = table(calendar, stored[name, False])
        if window and name not in STATES:
            stored[name, True] = numbers(draw, calendar, [grain], state=False)
            inputs[Request(name, catalog.kpis["formula_"].window, grain)] = table(calendar, stored[name, True])
    compare(catalog, tree, inputs, stored)


def compare(
    catalog: Catalog, tree: Node, inputs: Mapping[Request, pa.Table], stored: Mapping[tuple[str, bool], Stored]
) -> None:
    """What is computed is what the definition says: the same rows, and the same values."""
    kpi = catalog.kpis["formula_"]
    found = {
        (row["grain"], row["cell"], row["period"]): row["value"]
        for row in plan.evaluate(catalog, kpi, inputs, NOW).to_pylist()
    }
    cells: list[Cell] = [(), *(tuple(cell.items()) for cell in (CELLS if kpi.by else ()))]
    expected = {}
    for grain in [kpi.grain] if kpi.window else kpi.grains():
        definition = Definition(catalog.calendar, catalog.kpis, kpi, grain, stored)
        rows = definition.rows(tree, cells)
        year = timedelta(days=366)  # a year of an input may begin before the first of its days
        for period in catalog.calendar.between(grain, FIRST - year, LAST + year):
            for cell in cells:
                if (cell, period.name) in rows:
                    expected[grain, cell_text(cell), period.key] = definition.value(tree, cell, period)
    absent = object()
    wrong = {
        key: (expected.get(key, "absent"), found.get(key, "absent"))
        for key in {*expected, *found}
        if not same(expected.get(key, absent), found.get(key, absent))
    }
    assert not wrong, f"(expected, found): {dict(list(wrong.items())[:4])}"


def same(a: object, b: object) -> bool:
    """Equal up to rounding."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))
    return a == b

"""Verdicts against a definition in plain Python: one number, one target, one day at a time."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import targets
from headway.errors import Place
from headway.model import (
    OBSERVED,
    Aggregate,
    Audience,
    Bands,
    Better,
    Bound,
    Cell,
    Expression,
    Flag,
    Formula,
    Kpi,
    Line,
    Pace,
    Status,
    Target,
    Unit,
    UnitKind,
    cell_text,
)
from headway.periods import Calendar, Grain, Length, epoch_day

CALENDAR = Calendar("Pacific/Auckland", week_start=6, fiscal_start=7)
NEAR_WITHIN = 0.05
PARTS = ("", "growth 1 month", "growth 1 year")
LENGTHS = {"growth 1 month": Length.parse("1 month"), "growth 1 year": Length.parse("1 year")}
CELLS: list[Cell] = [(), (("hub", "a"),), (("hub", "b"),), (("hub", "a"), ("kind", "x")), (("hub", "b"), ("kind", "x"))]
FIRST = date(2025, 6, 1)

#: Quarters: exact as floats, and often equal to each other.
number = st.integers(-40, 40).map(lambda n: n / 4)
day = st.integers(0, 400).map(lambda n: FIRST + timedelta(days=n))
line = st.builds(
    lambda start, rise, first, length: Line(start, first, start + rise, first + timedelta(days=length)),
    number, number.filter(bool), day, st.integers(1, 300),
)  # fmt: skip
formula = st.sampled_from("pq").map(lambda name: Formula(Expression(name), (name,)))
bound = st.one_of(number, line, formula)


@st.composite
def bands(draw: st.DrawFn) -> Bands:
    """Bands in any order, with `on` once."""
    others = st.sampled_from([Status.OFF, Status.NEAR, Status.OVER])
    statuses = draw(st.lists(others, max_size=3))
    statuses.insert(draw(st.integers(0, len(statuses))), Status.ON)
    if len(statuses) == 1:
        statuses.append(Status.OFF)
    cuts = draw(st.lists(number, min_size=len(statuses) - 1, max_size=len(statuses) - 1, unique=True))
    return Bands(tuple(statuses), tuple(sorted(cuts)))


@st.composite
def target(draw: st.DrawFn) -> Target:
    """A target of any form."""
    grain = draw(st.sampled_from([Grain.MONTH, Grain.WEEK]))
    cell, each = draw(
        st.sampled_from(
            [
                ((), ()),
                ((("hub", "a"),), ()),
                ((), ("hub",)),
                ((), ("hub", "kind")),
                ((("kind", "x"),), ("hub",)),
                ((("hub", "a"), ("kind", "x")), ()),
            ]
        )
    )
    first = draw(st.none() | day)
    common: dict[str, Any] = {
        "grain": grain, "cell": cell, "each": each, "first": first, "through": draw(st.none() | day),
        "growth": LENGTHS.get(draw(st.sampled_from(PARTS))),
    }  # fmt: skip
    if draw(st.booleans()) and draw(st.booleans()):
        made = draw(bands())
        return Target(*made.on, bands=made, **common)
    low, high = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
    return Target(
        draw(bound) if low else None,
        draw(bound) if high else None,
        near_low=draw(st.none() | bound) if low else None,
        near_high=draw(st.none() | bound) if high else None,
        pace=draw(st.sampled_from(Pace)) if low and not high else Pace.NONE,
        **common,
    )


def at(bound: Bound | None, last: date, numbers: dict[str, float | None]) -> tuple[bool, Fraction | None]:
    """Whether a bound is known, and its number on a day."""
    if bound is None:
        return True, None
    if isinstance(bound, Formula):
        found = numbers[bound.expression.text]
        return found is not None, None if found is None else Fraction(found)
    if isinstance(bound, Line):
        if last >= bound.due:
            return True, Fraction(bound.reach)
        gone = Fraction((last - bound.first).days, (bound.due - bound.first).days)
        return True, Fraction(bound.start) + (Fraction(bound.reach) - Fraction(bound.start)) * max(gone, Fraction(0))
    return True, Fraction(bound)


def side(value: Fraction, bound: Fraction | None, near: Fraction | None) -> str:
    """On, near or off, for a bound from below."""
    if bound is None or value >= bound:
        return "on"
    return "near" if value >= (bound - Fraction(1, 20) * abs(bound) if near is None else near) else "off"


def verdict(goal: Target, better: Better, value: float, last: date, numbers: dict[str, float | None]) -> str:
    """The status of one value."""
    exact = Fraction(value)
    if goal.bands:
        status = goal.bands.statuses[0]
        for cut, after in zip(goal.bands.cuts, goal.bands.statuses[1:], strict=True):
            if exact >= Fraction(cut):
                status = after
        return status.value
    found = [at(b, last, numbers) for b in (goal.low, goal.high, goal.near_low, goal.near_high)]
    if not all(known for known, _ in found):
        return "no target"
    low, high, near_low, near_high = (n for _, n in found)
    below = side(exact, low, near_low)
    above = side(-exact, None if high is None else -high, None if near_high is None else -near_high)
    both = low is not None and high is not None
    if both and below != "on" and better is Better.LOWER:
        below = "over"
    if both and above != "on" and better is Better.HIGHER:
        above = "over"
    return max((below, above), key=["on", "near", "off", "over"].index)


def rules(goals: list[Target], part: str, grain: Grain, cell: Cell, last: date) -> Target | None:
    """The target in force: the fewest `each` first; among those the newest that has begun, if it is not over."""
    speaking = [g for g in goals if (g.part, g.grain) == (part, grain)]
    speaking = [
        g for g in speaking
        if {c for c, _ in g.cell} | set(g.each) == {c for c, _ in cell} and set(g.cell) <= set(cell)
    ]  # fmt: skip
    for each in range(3):
        begun = [g for g in speaking if len(g.each) == each and (g.first is None or g.first <= last)]
        if begun:
            newest = max(begun, key=lambda g: g.first or date.min)
            if newest.through is None or last <= newest.through:
                return newest
    return None


def distinct(goals: list[Target]) -> list[Target]:
    """Without those that come into force on one day for what another one speaks of."""
    kept: list[Target] = []
    for goal in goals:
        same = [(k.grain, k.part, k.first, k.columns, len(k.each)) for k in kept]
        if (goal.grain, goal.part, goal.first, goal.columns, len(goal.each)) not in same:
            kept.append(goal)
    return kept


@settings(max_examples=40)
@given(
    goals=st.lists(target(), min_size=1, max_size=6).map(distinct),
    better=st.sampled_from(Better),
    rows=st.lists(
        st.tuples(
            st.sampled_from(PARTS), st.sampled_from([Grain.MONTH, Grain.WEEK]), st.sampled_from(CELLS), day,
            st.none() | number, st.sampled_from([0, 0, 0, int(Flag.PARTIAL)]), st.none() | number,
            st.none() | number, st.booleans(), st.none() | st.sampled_from([0.25, 0.5, 1.0]),
        ),
        min_size=1, max_size=30, unique_by=lambda r: (r[0], r[1], r[2], CALENDAR.period(r[1], r[3]).key),
    ),
)  # fmt: skip
def test_every_verdict_is_that_of_the_definition(goals: list[Target], better: Better, rows: list[Any]) -> None:
    """Levels, lines, bands, growth, formulas; cells, `each`, crosses; dates, paces, missing and running values."""
    kpi = Kpi(
        "a", "A", Aggregate("count", "rows"), Unit(UnitKind.NONE), Grain.MONTH, Audience.PUBLIC, Place("a.yml", 1), "",
        better=better, targets=tuple(goals),
    )  # fmt: skip
    table, bounds, shares, wanted = [], {}, {}, []
    for part, grain, cell, some_day, value, flags, p, q, moving, share in rows:
        period, text = CALENDAR.period(grain, some_day), cell_text(cell)
        table.append(
            {
                "part": part, "grain": grain.value, "cell": text, "period": period.key, "value": value,
                "reason": None if value is not None else "no data", "n": None, "numerator": None, "denominator": None,
                "flags": flags, "so_far": value, "so_far_before": None,
            }
        )  # fmt: skip
        key = (text, epoch_day(period.first))
        numbers = {"p": p, "q": q}
        for name, found in numbers.items():
            here = bounds.setdefault((name, grain), {})
            # The same formula has one number for a period, whatever part of the KPI it bounds.
            numbers[name] = here.setdefault(key, (found, moving))[0]
        for pace in (Pace.LINEAR, Pace.LAST_YEAR):
            share = shares.setdefault((pace, grain), {}).setdefault(key, share)
        goal = rules(goals, part, grain, cell, period.last)
        eligible = [g for g in goals if (g.part, g.grain) == (part, grain) and g.speaks_of(cell)]
        if not eligible and (part, grain, cell) != ("", Grain.MONTH, ()):
            continue
        runs = bool(flags) or (
            goal is not None
            and any(
                bounds[f.expression.text, grain][key][1] and numbers[f.expression.text] is not None
                for f in goal.formulas
            )
        )
        status = "no target" if goal is None else verdict(goal, better, value or 0, period.last, numbers)
        status = "partial" if runs else "no data" if value is None else status
        expected = None
        if goal is not None and runs and goal.pace is not Pace.NONE and value is not None and share is not None:
            known, low = at(goal.low, period.last, numbers)
            known &= at(goal.near_low, period.last, numbers)[0]
            expected = float(low) * share if known and low is not None else None
        wanted.append((part, grain.value, text, period.key, status, expected))
    made = targets.Given(
        {of: {k: (v, m) for k, (v, m) in found.items() if v is not None} for of, found in bounds.items()},
        {of: {k: v for k, v in found.items() if v is not None} for of, found in shares.items()},
    )
    judged = targets.judge(kpi, pa.Table.from_pylist(table, OBSERVED), CALENDAR, NEAR_WITHIN, made).to_pylist()
    got = [(r["part"], r["grain"], r["cell"], r["period"], r["status"]) for r in judged]
    assert got == [row[:5] for row in wanted]
    for row, (*_, expected) in zip(judged, wanted, strict=True):
        assert (row["expected"] is None) == (expected is None)
        assert expected is None or abs(row["expected"] - expected) < 1e-9

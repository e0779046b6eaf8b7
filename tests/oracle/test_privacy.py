"""Nobody works out a withheld number: generated people, a whole run, and an attack on all that it published.

The attacker knows the catalogue and every number, and adds and subtracts. What adds up is written down here from the
language's reference and the raw rows, not from the code that withholds: cells make a total, crosses make lines, hubs
make their cluster, days make weeks and months, and the parts of a number make it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.engines import DuckDB
from headway.model import Catalog, Located, Reason, Source, read_cell
from headway.periods import Grain, Period
from headway.plan import Request

PROJECT = """
    project: attack
    min_group_size: 3
    sources:
      visits:
        read: {files: unused.csv}
        columns: {person: text, hub: text, plan: text, x: integer, at: timestamp}
        derive: {cluster: "left(hub, 1)"}
        time: at
        people: person
    kpis:
      rows:        {count: visits, by: [hub, cluster, plan, [hub, plan], [cluster, plan]]}
      spent:       {sum: visits.x, by: [hub, plan]}
      by_cluster:  {count: visits, by: [cluster], where: x > 2}
      by_hub:      {count: visits, by: [hub, [hub, plan]], where: x > 2}
      average:     {mean: visits.x, by: [plan, hub]}
      users:       {distinct: visits.person, by: [hub, cluster], grain: week}
      newcomers:   {formula: users.new, by: [hub]}
      stayed:      {formula: users.returning, by: [hub]}
      back:        {formula: users.resurrected, by: [hub]}
      per_head:    {formula: rows / users, by: [hub, cluster], grain: month}
"""
#: KPIs that count the same rows, and the column of their numbers that adds up.
FAMILIES = {("rows",): "value", ("spent",): "value", ("by_cluster", "by_hub"): "value", ("average",): "n"}
GRAINS = {"week": "day", "month": "day", "quarter": "month", "year": "quarter"}
TELLING = ("value", "n", "numerator", "denominator", "so_far", "so_far_before")
SMALLEST = 3
FIRST, NOW = datetime.fromisoformat("2025-12-27"), datetime(2026, 2, 12, 15, tzinfo=UTC)

Row = dict[str, Any]
#: A cell, whatever the order of its columns: {("hub", "a1"), ("plan", "free")}.
Cell = frozenset[tuple[str, str]]
#: Grain, cell and period of a number.
Name = tuple[str, Cell, int]


@dataclass(frozen=True)
class Given(Data):
    """The generated rows in place of files."""

    rows: tuple[Row, ...]

    def locate(self, source: Source) -> Located:
        """All rows."""
        schema = pa.schema(
            [(name, pa.string()) for name in ("person", "hub", "plan")]
            + [("x", pa.int64()), ("at", pa.timestamp("us"))]
        )
        return Located(source.name, "arrow", table=pa.Table.from_pylist(list(self.rows), schema))


@dataclass(frozen=True)
class Equation:
    """`whole` is the sum of `terms`; a whole of None is a number that is shown, such as a total."""

    whole: Name | None
    terms: tuple[Name, ...]


class World:
    """What is true: who is behind each number, and what adds up."""

    def __init__(self, catalog: Catalog, rows: tuple[Row, ...]) -> None:
        self.calendar = catalog.calendar
        self.rows = [{**row, "cluster": row["hub"][0]} for row in rows if row["at"].replace(tzinfo=UTC) <= NOW]

    def day(self, row: Row) -> date:
        """The local day of a row."""
        day: date = row["at"].date()
        return day

    def period(self, grain: str, row: Row) -> Period:
        """The period of a row."""
        return self.calendar.period(Grain(grain), self.day(row))

    def people(self, rows: list[Row], breakdowns: list[tuple[str, ...]], grains: list[str]) -> dict[Name, set[str]]:
        """Who is behind each number."""
        found: dict[Name, set[str]] = {}
        for row in rows:
            for grain in grains:
                for breakdown in breakdowns:
                    name = (grain, self.cell(row, breakdown), self.period(grain, row).key)
                    found.setdefault(name, set()).add(row["person"])
        return found

    @staticmethod
    def cell(row: Row, breakdown: tuple[str, ...]) -> Cell:
        """The cell of a row."""
        return frozenset((column, row[column]) for column in breakdown)

    def equations(self, rows: list[Row], breakdowns: list[tuple[str, ...]], grains: list[str]) -> Iterator[Equation]:
        """Everything that adds up among these rows' numbers."""
        for grain in grains:
            for fine in breakdowns:
                for coarse in [(), *breakdowns]:
                    within = set(fine) | ({"cluster"} if "hub" in fine else set())
                    if set(coarse) < within and coarse != fine:
                        yield from self._of(rows, lambda row, g=grain, c=coarse: self._name(g, c, row), grain, fine)
        for longer, shorter in GRAINS.items():
            for breakdown in breakdowns if {longer, shorter} <= {*grains} else ():
                yield from self._of(rows, lambda row, g=longer, b=breakdown: self._name(g, b, row), shorter, breakdown)

    def _name(self, grain: str, breakdown: tuple[str, ...], row: Row) -> Name:
        return grain, self.cell(row, breakdown), self.period(grain, row).key

    def _of(self, rows: list[Row], whole: Any, grain: str, breakdown: tuple[str, ...]) -> Iterator[Equation]:
        found: dict[Name, dict[Name, None]] = {}
        for row in rows:
            found.setdefault(whole(row), {})[self._name(grain, breakdown, row)] = None
        for name, terms in found.items():
            yield Equation(name if name[1] else None, tuple(terms))

    def so_far(self, name: Name, breakdown: tuple[str, ...], before: bool, rows: list[Row]) -> tuple[Name, ...]:
        """The days that make up what a running period has so far, or the one before it had by then."""
        period = self.calendar.from_key(Grain(name[0]), name[2])
        pair = self.calendar.same_span(period, self.calendar.last_complete_day(NOW))
        if pair is None:
            return ()
        first, last = pair[1] if before else pair[0]
        days = [row for row in rows if self.cell(row, breakdown) == name[1] and first <= self.day(row) <= last]
        return tuple({self._name("day", breakdown, row): None for row in days})


def solved(equations: list[Equation], unknown: set[Name]) -> set[Name]:
    """The unknowns that a system of linear equations determines: those that do not vary over its solutions."""
    at = {name: i for i, name in enumerate(sorted(unknown, key=repr))}
    lines = []
    for one in equations:
        line = np.zeros(len(at))
        for name, sign in [*((term, 1.0) for term in one.terms), *([(one.whole, -1.0)] if one.whole else [])]:
            if name in at:
                line[at[name]] += sign
        if line.any():
            lines.append(line)
    if not lines:
        return set()
    matrix = np.array(lines)
    weights, directions = np.linalg.eigh(matrix.T @ matrix)
    free = np.abs(directions[:, weights < 1e-9]).max(axis=1, initial=0.0)
    return {name for name, i in at.items() if free[i] < 1e-6}


def published(attempt: Attempt, kpi: str, part: str = "") -> dict[Name, Row]:
    """The cells of a KPI as they are shown."""
    table = attempt.numbers[Request.of(attempt.catalog.kpis[kpi])]
    return {
        (row["grain"], frozenset(read_cell(row["cell"])), row["period"]): row
        for row in table.to_pylist()
        if row["cell"] and row["part"] == part
    }


def attack(world: World, attempt: Attempt, kpis: tuple[str, ...], column: str) -> None:
    """Work out what is withheld of KPIs that count the same rows."""
    catalog = attempt.catalog
    breakdowns = list(dict.fromkeys(b for name in kpis for b in catalog.kpis[name].by))
    grains = [str(grain) for grain in catalog.kpis[kpis[0]].grains(cell=True)]
    rows = [row for row in world.rows if not catalog.kpis[kpis[0]].where or row["x"] > 2]
    people = world.people(rows, breakdowns, grains)
    tables = [published(attempt, name) for name in kpis]
    for table in tables:
        for name, row in table.items():
            few = len(people[name]) < SMALLEST
            assert not few or row["reason"] == Reason.GROUP_TOO_SMALL, f"{kpis} {name} shows {people[name]}"
            if row["reason"]:
                assert [row[told] for told in TELLING] == [None] * len(TELLING)
    shown = {name for table in tables for name, row in table.items() if row[column] is not None}
    unknown = set(people) - shown
    system = list(world.equations(rows, breakdowns, grains))
    for table in tables:
        for name, row in table.items():
            for told in ("so_far", "so_far_before"):
                if row[told] is not None and "day" in grains:
                    breakdown = tuple(dict(name[1]))
                    system.append(Equation(None, world.so_far(name, breakdown, told == "so_far_before", rows)))
    given_away = solved(system, unknown)
    if given_away:
        given_away -= solved(system, set(people))  # what the totals alone tell
    assert not given_away, f"{kpis} by {column}: {given_away}"
    for one in system:
        terms = [*one.terms, *([one.whole] if one.whole else [])]
        held = [term for term in terms if term in unknown]
        if held and any(term not in unknown for term in terms if one.whole or term not in held):
            behind = set().union(*(people[term] for term in held))
            together = sum(len(people[term]) for term in held)
            days = len({term[0] for term in terms}) > 1
            every = one.whole is None and set(held) == set(one.terms)
            assert every or (len(behind) if days else together) >= SMALLEST


def attack_parts(attempt: Attempt) -> None:
    """New, returning and resurrected people make a value: one of them withheld alone would be told by the others."""
    parts = [published(attempt, "users", part) for part in ("new", "returning", "resurrected")]
    for name, row in published(attempt, "users").items():
        held = [part[name]["value"] for part in parts if name in part and part[name]["reason"]]
        assert row["reason"] or len(held) != 1, name
        assert not row["reason"] or len(held) == sum(name in part and part[name]["value"] != 0 for part in parts)


def attack_ratio(attempt: Attempt) -> None:
    """A ratio of what is withheld is withheld, with both of its sides."""
    above, below = published(attempt, "rows"), published(attempt, "users")
    for name, row in published(attempt, "per_head").items():
        if above[name]["reason"] or below[name]["reason"]:
            assert [row[told] for told in ("value", "numerator", "denominator")] == [None] * 3, name


@st.composite
def visits(draw: st.DrawFn) -> tuple[Row, ...]:
    """Few people, who keep to some hubs; small hubs beside large ones."""
    row = st.fixed_dictionaries(
        {
            "person": st.integers(0, 7).map(lambda n: f"p{n}"),
            "hub": st.sampled_from(["a1", "a1", "a2", "a3", "b1", "b1", "b2", "c1"]),
            "plan": st.sampled_from(["free", "free", "paid"]),
            "x": st.integers(1, 5),
            "at": st.integers(0, 48 * 24).map(lambda hours: FIRST + timedelta(hours=hours)),
        }
    )
    rows = draw(st.lists(row, min_size=40, max_size=90))
    # A day on which most of them came.
    rows += [{**row, "at": FIRST + timedelta(days=draw(st.integers(0, 40)))} for row in rows[::2]]
    return tuple(rows)


def test_nothing_that_is_withheld_can_be_worked_out(workbench: Any) -> None:
    """By sums over cells, crosses, nested breakdowns, days, weeks, months and running periods, whatever the data."""
    catalog = workbench.project(PROJECT)

    @settings(max_examples=5, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
    @given(visits())
    def holds(rows: tuple[Row, ...]) -> None:
        with DuckDB() as engine:
            attempt = Attempt(catalog, engine, NOW, Given(catalog, rows))
            attempt.compute(closure(catalog, ()))
        # Of few rows a cross may be one person to a cell, which is refused.
        refused = ("would rank people", "which could not be computed")
        assert all(any(text in why for text in refused) for why in attempt.failed_kpis.values()), attempt.failed_kpis
        world = World(catalog, rows)
        for kpis, column in FAMILIES.items():
            if not {*kpis} & {*attempt.failed_kpis}:
                attack(world, attempt, kpis, column)
        attack_parts(attempt)
        if "per_head" not in attempt.failed_kpis:
            attack_ratio(attempt)

    holds()

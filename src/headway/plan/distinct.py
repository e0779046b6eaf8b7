"""`distinct`: different values among the rows of any span, by the gap rollup; no row ever meets a series of dates.

    people       the different values, numbered: numbers are compared and sorted several times faster than texts
    person_days  the distinct (person, cell, local day): many rows of a day become one
    cells        the different cells, numbered; left out where there is only the total
    gaps         for each person-day, the day on which the same person was last seen in the same cell before
    gap_rollup   how many persons by cell, day and that earlier day: as small as the calendar, whatever the data
    steps        where along the spans they begin and cease to count
    levels       the running sum of steps: the distinct persons of each span

Why it is right. A person is in the span [s, e] if they have a day in it; let d be their *first* day in it, and p the
day before d on which they were seen, if any. Then s <= d <= e, and p < s, and exactly one of their days is like that.
So the distinct persons of a span are the rows of `gaps` with s <= d <= e and (p is null or p < s): no person is looked
at any more, and counting them by (d, p) loses nothing.

The spans of one series never go back: s and e only grow with the position i. So s_i <= d <= e_i holds for
neighbours, from lo(d), the first i with e_i >= d, to before after(d), the first i with s_i > d; and p < s_i holds from
after(p) on. The row counts at the positions from max(lo(d), after(p)) to before after(d): +n at the first, -n behind
the last, and a running sum over the positions makes every span's number. `spans.py` tabulates lo and after for each
day. The same steps serve rolling days, clamped months, calendar periods, to date and all time. A breakdown is more
columns beside the person: a person counts in each of their cells, and once in the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headway.model import Aggregate, Distinct, Nps, Quantile, Share
from headway.plan import sql
from headway.plan.draft import Asked, Draft, Sets, only, union_of
from headway.plan.levels import level
from headway.plan.rows import Rows, columns_of


@dataclass
class _Counted:
    """Requests that count the same values of the same rows: they share everything up to the rollup."""

    value: str
    #: Further conditions on the rows, beside the KPI's filter.
    where: tuple[str, ...]
    asked: list[tuple[Asked, str]] = field(default_factory=list)


class Distincts:
    """The numbers of one `rows` that count distinct values: KPIs, and the people behind others' cells."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[tuple[Asked, str, str, str]] = []
        self._numbered: dict[str, str] = {}

    def add(self, asked: Asked) -> None:
        """A `distinct` KPI."""
        measure = asked.kpi.measure
        assert isinstance(measure, Distinct)
        self._add(asked, self._rows.value(measure.column, asked.kpi.at("distinct")), "value", "")

    def people(self, asked: Asked) -> None:
        """The people behind the cells of a KPI that adds up: everybody with a row that it counts."""
        source = self._rows.source
        measure = asked.kpi.measure
        assert isinstance(measure, Aggregate | Quantile | Share | Nps | Distinct)
        value = self._rows.value(source.people[0], source.places.get("people", source.place))
        counted = measure.column and self._rows.value(measure.column, asked.kpi.place)
        self._add(asked, value, "people", counted if counted and counted != value else "")

    def _add(self, asked: Asked, value: str, what: str, counted: str) -> None:
        self._rows.need("day", self._rows.time.day(), reserved=True)
        self._rows.filter(asked.kpi)
        self._asked.append((asked, value, what, counted))

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        groups: dict[tuple[str, ...], _Counted] = {}
        for asked, value, what, counted in self._asked:
            flag = self._rows.flag(asked.kpi)
            where = (
                sql.name(flag) if flag else "",
                f"{sql.name(counted)} IS NOT NULL" if counted else "",
            )
            groups.setdefault((value, *where), _Counted(value, where)).asked.append((asked, what))
        for group in groups.values():
            self._count(draft, group)

    def _count(self, draft: Draft, group: _Counted) -> None:
        sets = union_of([_sets(asked, what) for asked, what in group.asked])
        columns = columns_of(sets)
        people = self._people(draft, group.value)
        person_days = draft.steps.add(
            "person_days",
            self._rows.grouped(
                "person, day",
                ["person", "day"],
                sets,
                group.where,
                join=f"JOIN {sql.name(people)} USING ({sql.name(group.value)})",
            ),
        )
        cells = _cells(draft, person_days, columns)
        cell = "cell, " if cells else ""
        joined = f" JOIN {sql.name(cells)} ON {_same(person_days, cells, columns)}" if cells else ""
        gaps = draft.steps.add(
            "gaps",
            f"SELECT {cell}day, LAG(day) OVER (PARTITION BY {cell}person ORDER BY day) AS previous "
            f"FROM {sql.name(person_days)}{joined}",
        )
        rollup = draft.steps.add(
            "gap_rollup",
            f"SELECT {cell}day, previous, COUNT(*) AS people FROM {sql.name(gaps)} GROUP BY {cell}day, previous",
        )
        by_timeline: dict[str, list[tuple[Asked, str]]] = {}
        for asked, what in group.asked:
            by_timeline.setdefault(draft.reach(asked), []).append((asked, what))
        for reach, several in by_timeline.items():
            wanted = union_of([_sets(asked, what) for asked, what in several])
            where = only(wanted, sets)
            picked = f"cell IN (SELECT cell FROM {sql.name(cells)} WHERE {' AND '.join(where)})" if where else ""
            steps = draft.steps.add("steps", _steps(rollup, reach, cell, picked))
            found = level(draft, several[0][0], steps, columns, cells=cells)
            for asked, what in several:
                draft.answer(
                    asked, found, columns, "people", "people", what=what, where=only(_sets(asked, what), wanted)
                )

    def _people(self, draft: Draft, value: str) -> str:
        """The step that numbers the values of a column; KPIs that count the same column share it."""
        if value not in self._numbered:
            column = sql.name(value)
            self._numbered[value] = draft.steps.add(
                "people",
                f"SELECT {column}, CAST(ROW_NUMBER() OVER () AS INT) AS person "
                f"FROM (SELECT DISTINCT {column} FROM {sql.name(self._rows.relation)} WHERE {column} IS NOT NULL)",
            )
        return self._numbered[value]


def _cells(draft: Draft, person_days: str, columns: Sequence[str]) -> str:
    """The step that numbers cells; '' if there is only the total."""
    if not columns:
        return ""
    listed = ", ".join(map(sql.name, columns))
    return draft.steps.add(
        "cells",
        f"SELECT {listed}, CAST(ROW_NUMBER() OVER () AS INT) AS cell "
        f"FROM (SELECT DISTINCT {listed} FROM {sql.name(person_days)})",
    )


def _same(person_days: str, cells: str, columns: Sequence[str]) -> str:
    """The cell of a person-day; a column that it is not grouped by is null on both sides."""
    return " AND ".join(f"{sql.name(cells, c)} IS NOT DISTINCT FROM {sql.name(person_days, c)}" for c in columns)


def _sets(asked: Asked, what: str) -> Sets:
    """People are counted behind cells only: a total gives nobody away."""
    return asked.sets if what == "value" else asked.sets[1:]


def _steps(rollup: str, reach: str, cell: str, picked: str) -> str:
    """+people where a row of the rollup begins to count, -people where it ceases; `picked` leaves out cells."""
    at, seen = sql.name(reach), sql.name(rollup)
    where = f" WHERE {picked}" if picked else ""
    return (
        f"SELECT {cell}GREATEST(held.lo, COALESCE(before.after, 0)) AS position, people AS change "
        f"FROM {seen} JOIN {at} AS held ON held.day = {seen}.day "
        f"LEFT JOIN {at} AS before ON before.day = {seen}.previous AND before.series = held.series{where} "
        f"UNION ALL SELECT {cell}held.after AS position, -people AS change "
        f"FROM {seen} JOIN {at} AS held ON held.day = {seen}.day{where}"
    )

"""`distinct`: different values among the rows of any span, by the gap rollup; no row ever meets a series of dates.

    person_days  the distinct (person, cell, local day): many rows of a day become one
    gaps         for each of them, the day on which the same person was last seen in the same cell before
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

from headway.model import Aggregate, Distinct, Share
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

    def add(self, asked: Asked) -> None:
        """A `distinct` KPI."""
        measure = asked.kpi.measure
        assert isinstance(measure, Distinct)
        self._add(asked, self._rows.value(measure.column, asked.kpi.at("distinct")), "value", "")

    def people(self, asked: Asked) -> None:
        """The people behind the cells of a KPI that adds up: everybody with a row that it counts."""
        source = self._rows.source
        measure = asked.kpi.measure
        assert isinstance(measure, Aggregate | Share | Distinct)
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
                f"{sql.name(value)} IS NOT NULL",
                sql.name(flag) if flag else "",
                f"{sql.name(counted)} IS NOT NULL" if counted else "",
            )
            groups.setdefault((value, *where), _Counted(value, where)).asked.append((asked, what))
        for group in groups.values():
            self._count(draft, group)

    def _count(self, draft: Draft, group: _Counted) -> None:
        sets = union_of([_sets(asked, what) for asked, what in group.asked])
        cells = columns_of(sets)
        value, listed = sql.name(group.value), sql.column_list(cells)
        # One word for what is counted, because a column of the data may be called like a step's own.
        person_days = draft.steps.add(
            "person_days", self._rows.grouped(f"{value} AS person, day", [group.value, "day"], sets, group.where)
        )
        gaps = draft.steps.add(
            "gaps",
            f"SELECT {listed}day, LAG(day) OVER (PARTITION BY {listed}person ORDER BY day) AS previous "
            f"FROM {sql.name(person_days)}",
        )
        rollup = draft.steps.add(
            "gap_rollup",
            f"SELECT {listed}day, previous, COUNT(*) AS people FROM {sql.name(gaps)} GROUP BY {listed}day, previous",
        )
        by_timeline: dict[str, list[tuple[Asked, str]]] = {}
        for asked, what in group.asked:
            by_timeline.setdefault(draft.reach(asked), []).append((asked, what))
        for reach, several in by_timeline.items():
            steps = draft.steps.add("steps", _steps(rollup, reach, cells, listed))
            found = level(draft, several[0][0], steps, cells)
            for asked, what in several:
                where = only(_sets(asked, what), sets)
                draft.answer(asked, found, cells, "people", "people", what=what, where=where)


def _sets(asked: Asked, what: str) -> Sets:
    """People are counted behind cells only: a total gives nobody away."""
    return asked.sets if what == "value" else asked.sets[1:]


def _steps(rollup: str, reach: str, cells: Sequence[str], listed: str) -> str:
    """+people where a row of the rollup begins to count, -people where it ceases."""
    at, seen = sql.name(reach), sql.name(rollup)
    return (
        f"SELECT {listed}GREATEST(held.lo, COALESCE(before.after, 0)) AS position, people AS change "
        f"FROM {seen} JOIN {at} AS held ON held.day = {seen}.day "
        f"LEFT JOIN {at} AS before ON before.day = {seen}.previous AND before.series = held.series "
        f"UNION ALL SELECT {listed}held.after AS position, -people AS change "
        f"FROM {seen} JOIN {at} AS held ON held.day = {seen}.day"
    )

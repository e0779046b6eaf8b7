"""`distinct`: different values among the rows of any span, by the gap rollup; no row ever meets a series of dates.

Formula. The number of different values of the rows whose local day lies in the span; with `min_days`, of those that
have rows on at least so many days of it.

Parts. With the span before (the calendar period before, or one of the same length that ends where this one begins):
`new` first seen ever in the span, `returning` seen in both, `resurrected` seen in the span and earlier than the span
before, `dormant` seen in the span before and not in this one; `days` counts (value, day) pairs. new + returning +
resurrected = value, exactly.

Unit: people, or whatever the column names.

Edge cases. Nulls are not counted; no rows are 0. "Ever" looks back to the source's first row, also where tracking
began later; at the beginning of a source everybody is new. Before `all time` there is no span: nobody returns.

    people       the different values, numbered: numbers are compared and sorted several times faster than texts
    person_days  the distinct (person, cell, local day): many rows of a day become one
    cells        the different cells, numbered; left out where there is only the total
    gaps         for each person-day, the day on which the same person was last seen in the same cell before
    gap_rollup   how many persons by cell, day and that earlier day: as small as the calendar, whatever the data
    reached      where these days lie among the spans
    steps        where along the spans they begin and cease to count
    levels       the running sum of steps: the distinct persons of each span

Source: the classes of growth accounting (new, retained, resurrected and churned users); the rollup is our own.

Why it is right. A person is in the span [s, e] if they have a day in it; let d be their *first* day in it, and p the
day before d on which they were seen, if any. Then s <= d <= e, and p < s, and exactly one of their days is like that.
So the distinct persons of a span are the rows of `gaps` with s <= d <= e and (p is null or p < s): no person is looked
at any more, and counting them by (d, p) loses nothing.

The spans of one series never go back: s and e only grow with the position i. So s_i <= d <= e_i holds for
neighbours, from lo(d), the first i with e_i >= d, to before after(d), the first i with s_i > d; and p < s_i holds from
after(p) on. The row counts at the positions from max(lo(d), after(p)) to before after(d): +n at the first, -n behind
the last, and a running sum over the positions makes every span's number. `spans.py` tabulates lo and after for each
day. The same steps serve rolling days, clamped months, calendar periods, to date and all time. A breakdown is more
columns beside the person: a person counts in each of their cells, and once in the total. The parts, and `retention`
against the span before, are other conditions on the same rows: `stretches.py` has them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from headway.model import Aggregate, Distinct, Levels, Nps, Quantile, Retention, Share
from headway.plan import numbered, retention, sql, stretches
from headway.plan.draft import Asked, Draft, Sets, only, union_of
from headway.plan.levels import by_period, fill
from headway.plan.rows import Rows, columns_of


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One number of a request: which stretches of the rollup it adds up, and what it is called in the answer."""

    asked: Asked
    number: str
    what: str

    @property
    def sets(self) -> Sets:
        """People are counted behind cells only: a total gives nobody away."""
        return self.asked.sets[1:] if self.what == "people" else self.asked.sets

    @property
    def min_days(self) -> int:
        """On how many days of the span a value must be seen."""
        measure = self.asked.kpi.measure
        return measure.min_days if isinstance(measure, Distinct) and self.what != "people" else 1


@dataclass
class _Counted:
    """Numbers of the same values of the same rows: they share everything up to the person-days."""

    value: str
    #: Further conditions on the rows, beside the KPI's filter.
    where: tuple[str, ...]
    wanted: list[_Wanted] = field(default_factory=list)


class Distincts:
    """The numbers of one `rows` that count distinct values: KPIs, and the people behind others' cells."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._wanted: list[tuple[_Wanted, str, str]] = []
        #: Retentions whose cells say how many people are behind them.
        self._guarded: set[str] = set()

    def add(self, asked: Asked) -> None:
        """A `distinct` KPI and its parts, or a `retention` against the span before."""
        measure = asked.kpi.measure
        assert isinstance(measure, Distinct | Retention)
        if isinstance(measure, Retention):
            self._add(_Wanted(asked, "kept", "value"), self._rows.value(measure.column, asked.kpi.at("retention")))
            return
        value = self._rows.value(measure.column, asked.kpi.at("distinct"))
        for number in ("value", *measure.named):
            self._add(_Wanted(asked, number, number), value)

    def people(self, asked: Asked) -> None:
        """The people behind the cells of a KPI that adds up: everybody with a row that it counts."""
        source = self._rows.source
        measure = asked.kpi.measure
        if isinstance(measure, Retention):
            self._guarded.add(asked.label)
            return
        assert isinstance(measure, Aggregate | Quantile | Share | Nps | Distinct)
        value = self._rows.value(source.people[0], source.places.get("people", source.place))
        counted = measure.column and self._rows.value(measure.column, asked.kpi.place)
        self._add(_Wanted(asked, "value", "people"), value, counted if counted and counted != value else "")

    def _add(self, wanted: _Wanted, value: str, counted: str = "") -> None:
        self._rows.need("day", self._rows.time.day(), reserved=True)
        self._rows.filter(wanted.asked.kpi)
        self._wanted.append((wanted, value, counted))

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        groups: dict[tuple[str, ...], _Counted] = {}
        for wanted, value, counted in self._wanted:
            flag = self._rows.flag(wanted.asked.kpi)
            where = (
                sql.name(flag) if flag else "",
                f"{sql.name(counted)} IS NOT NULL" if counted else "",
            )
            groups.setdefault((value, *where), _Counted(value, where)).wanted.append(wanted)
        for group in groups.values():
            self._count(draft, group)

    def _count(self, draft: Draft, group: _Counted) -> None:
        sets = union_of([wanted.sets for wanted in group.wanted])
        columns = columns_of(sets)
        people = numbered.people(draft, self._rows.relation, group.value)
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
        cells = numbered.cells(draft, person_days, columns)
        by_days: dict[int, list[_Wanted]] = {}
        for wanted in group.wanted:
            by_days.setdefault(wanted.min_days, []).append(wanted)
        rollups: dict[str, int] = {}
        levels: list[Levels] = []
        for k, several in by_days.items():
            rollup = _rollup(draft, person_days, cells, columns, k)
            rollups[rollup] = k
            by_number: dict[tuple[str, str], list[_Wanted]] = {}
            for wanted in several:
                by_number.setdefault((wanted.number, draft.reach(wanted.asked)), []).append(wanted)
            cell, reached = "cell, " if cells else "", dict[str, str]()
            for (number, reach), same in by_number.items():
                asked = union_of([wanted.sets for wanted in same])
                where = only(asked, sets)
                picked = f"cell IN (SELECT cell FROM {sql.name(cells)} WHERE {' AND '.join(where)})" if where else ""
                if reach not in reached:
                    numbers = [other for other, at in by_number if at == reach]
                    reached[reach] = stretches.reached(draft, numbers, k, rollup, reach, cell)
                steps = stretches.steps(draft, number, k, reached[reach], cell, picked)
                amount = number == "kept"
                filled = fill(draft, steps, columns, cells=cells, amount=amount)
                levels.append(Levels(filled, rollup, reach, stretches.of(number, k), tuple(asked)))
                found = by_period(draft, same[0].asked, filled, columns, cells=cells, amount=amount)
                for wanted in same:
                    self._answer(draft, wanted, found, columns, only(wanted.sets, asked))
        read = numbered.gaps(draft, self._rows, group.value, sets, group.where, cells)
        draft.gaps.append(replace(read, rollups=tuple(rollups.items()), levels=tuple(levels)))

    def _answer(self, draft: Draft, wanted: _Wanted, found: str, columns: list[str], where: list[str]) -> None:
        if wanted.number != "kept":
            draft.answer(wanted.asked, found, columns, "people", "people", what=wanted.what, where=where)
            return
        guarded = wanted.asked.label in self._guarded
        retention.answer(draft, wanted.asked, found, columns, where, guarded=guarded)


def _rollup(draft: Draft, person_days: str, cells: str, columns: list[str], k: int) -> str:
    """The gaps and their rollup; for values seen on at least k days also the day on which the k days began."""
    cell = "cell, " if cells else ""
    joined = numbered.to_cells(person_days, cells, columns)
    window = f"OVER (PARTITION BY {cell}person ORDER BY day)"
    begun = f"LAG(day, {k - 1}) {window} AS begun, " if k > 1 else ""
    back = "day" if k == 1 else f"day, {k}"
    gaps = draft.steps.add(
        "gaps",
        f"SELECT {cell}day, {begun}LAG({back}) {window} AS previous FROM {sql.name(person_days)}{joined}",
    )
    keys = f"{cell}day, {'begun, ' if k > 1 else ''}previous"
    where = " WHERE begun IS NOT NULL" if k > 1 else ""
    return draft.steps.add(
        "gap_rollup", f"SELECT {keys}, COUNT(*) AS people FROM {sql.name(gaps)}{where} GROUP BY {keys}"
    )

"""All that adds up from days: counts, sums, means, extremes, shares, scores, and balances over whole copies.

The rows are added up once per local day and cell, for all KPIs together; every period is then put together from days:
a sum is a sum of sums, a mean is a sum over a count (never a mean of means), a share keeps its two counts.

    daily      day, cells, and for each KPI what adds up: revenue = SUM(usd), revenue_n = COUNT(usd)
    by_period  the same for each period: days joined to the spans that hold them
    copies     for a balance, the last day within each period that has rows: only that day's sum is its value
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from headway.model import Aggregate, Balance, Kpi, Nps, Share
from headway.plan import aggregate, balance, nps, share, sql
from headway.plan.draft import Asked, Draft, only, totals_or_kept, union_of
from headway.plan.measured import Measured, Reads
from headway.plan.rows import Rows, columns_of


class Additive:
    """The KPIs of one `rows` that add up from days."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[Asked] = []
        self._people: set[str] = set()
        self._whole: set[str] = set()
        self._columns: dict[str, str] = {}

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi, measure = asked.kpi, asked.kpi.measure
        self._rows.need("day", self._rows.time.day(), reserved=True)
        if any(series.hours for series in asked.timeline.series):
            self._rows.need("hour", self._rows.time.hour(), reserved=True)
        self._rows.filter(kpi)
        if isinstance(measure, Balance):
            # A day has a copy if it has any row, whether or not the KPI counts it.
            self._rows.unfiltered()
        assert isinstance(measure, Aggregate | Share | Nps | Balance)
        if measure.column:
            column = self._rows.value if _takes_anything(kpi) else self._rows.number
            self._columns[kpi.name] = column(measure.column, kpi.at(_kind(kpi)))
            if self._rows.scope.column(measure.column).type in ("integer", "boolean"):
                self._whole.add(kpi.name)
        self._asked.append(asked)

    def people(self, asked: Asked) -> None:
        """The people behind the cells of a balance over copies: everybody in the copy that counts."""
        source = self._rows.source
        self._rows.value(source.people[0], source.places.get("people", source.place))
        self._people.add(asked.kpi.name)

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        if not self._asked:
            return
        names = sql.Names([*draft.cells, "day", "hour", "series", "period"])
        measured = {asked.kpi.name: self._measure(asked.kpi, names) for asked in _once(self._asked)}
        # A source without rows has no series at all; its plan is an ordinary one that finds nothing.
        in_days = [a for a in self._asked if not a.timeline.series or any(not s.hours for s in a.timeline.series)]
        in_hours = [a for a in self._asked if any(s.hours for s in a.timeline.series)]
        if in_days:
            self._periods(draft, in_days, measured, hours=False)
        if in_hours:
            self._periods(draft, in_hours, measured, hours=True)

    def _periods(self, draft: Draft, asked: Sequence[Asked], measured: dict[str, Measured], *, hours: bool) -> None:
        """From rows to days (or hours) to periods to answers."""
        key = "hour" if hours else "day"
        sets = union_of([_sets(a, hours=hours) for a in asked])
        columns = [column for a in _once(asked) for column in measured[a.kpi.name].columns]
        select = ", ".join([key, *(f"{column.of_rows} AS {column.name}" for column in columns)])
        daily = draft.steps.add("hourly" if hours else "daily", self._rows.grouped(select, [key], sets))
        by_timeline: dict[str, list[Asked]] = {}
        for a in asked:
            if not isinstance(a.kpi.measure, Balance):
                by_timeline.setdefault(draft.spans(a, hours=hours), []).append(a)
        for spans, group in by_timeline.items():
            self._by_period(draft, daily, spans, group, measured, hours=hours)
        for a in asked:
            if isinstance(a.kpi.measure, Balance):
                self._balance(draft, daily, a, measured[a.kpi.name], sets)

    def _by_period(
        self,
        draft: Draft,
        daily: str,
        spans: str,
        asked: Sequence[Asked],
        measured: dict[str, Measured],
        *,
        hours: bool,
    ) -> None:
        sets = union_of([_sets(a, hours=hours) for a in asked])
        computed = union_of([_sets(a, hours=hours) for a in self._asked])
        cells = columns_of(sets)
        at = sql.name(spans)
        held = (
            f"{sql.name(daily)}.hour = {at}.hour"
            if hours
            else (f"{sql.name(daily)}.day BETWEEN {at}.first_day AND {at}.last_day")
        )
        columns = [column for a in _once(asked) for column in measured[a.kpi.name].columns]
        where = only(sets, computed)
        if kept := totals_or_kept(asked[0], spans, cells):
            where.append(kept)
        by_period = draft.steps.add(
            "by_hour" if hours else "by_period",
            f"SELECT series, period, {sql.column_list(cells)}"
            + ", ".join(f"{column.of_days} AS {column.name}" for column in columns)
            + f" FROM {sql.name(daily)} JOIN {at} ON {held}"
            + (f" WHERE {' AND '.join(where)}" if where else "")
            + f" GROUP BY {', '.join(['series', 'period', *map(sql.name, cells)])}",
        )
        for a in asked:
            m = measured[a.kpi.name]
            counted = [*only(_sets(a, hours=hours), sets), f"{m.n} > 0"]
            draft.answer(
                a, by_period, cells, m.value, m.n, numerator=m.numerator, denominator=m.denominator, where=counted
            )
            for part, number in m.parts.items():
                draft.answer(a, by_period, cells, number, m.n, what=part, where=counted)

    def _balance(
        self, draft: Draft, daily: str, asked: Asked, m: Measured, computed: Sequence[tuple[str, ...]]
    ) -> None:
        spans = draft.spans(asked)
        cells = columns_of(computed)
        total = " AND ".join(f"{sql.name(c)} IS NULL" for c in cells) or "TRUE"
        copies = draft.steps.add(
            "copies",
            f"SELECT series, period, MAX(day) AS day FROM {sql.name(daily)} "
            f"JOIN {sql.name(spans)} ON {sql.name(daily)}.day BETWEEN first_day AND last_day "
            f"WHERE {total} GROUP BY series, period",
        )
        balance = draft.steps.add("copied", f"SELECT * FROM {sql.name(copies)} JOIN {sql.name(daily)} USING (day)")
        draft.answer(
            asked, balance, cells, m.value, m.n, where=[*only(asked.sets, computed), f"({m.n} > 0 OR ({total}))"]
        )
        if asked.kpi.name in self._people:
            self._behind(draft, asked, copies)

    def _behind(self, draft: Draft, asked: Asked, copies: str) -> None:
        """How many people are in the copy that counts, by cell."""
        source, flag = self._rows.source, self._rows.flag(asked.kpi)
        person = self._rows.value(source.people[0], source.place)
        sets = asked.sets[1:]
        cells = columns_of(sets)
        where = [f"{sql.name(person)} IS NOT NULL", sql.name(flag) if flag else ""]
        days = draft.steps.add(
            "person_days", self._rows.grouped(f"{sql.name(person)} AS person, day", [person, "day"], sets, where)
        )
        listed = sql.column_list(cells)
        behind = draft.steps.add(
            "people_by_period",
            f"SELECT series, period, {listed}COUNT(*) AS people FROM {sql.name(copies)} "
            f"JOIN {sql.name(days)} USING (day) GROUP BY {listed}series, period",
        )
        draft.answer(asked, behind, cells, "people", "people", what="people")

    def _measure(self, kpi: Kpi, names: sql.Names) -> Measured:
        """The columns that a KPI needs in `daily`."""
        flag = self._rows.flag(kpi)
        where = f" FILTER (WHERE {sql.name(flag)})" if flag else ""
        column = sql.name(self._columns[kpi.name]) if kpi.name in self._columns else ""
        reads = Reads(kpi, column, where, names, kpi.name in self._whole)
        return _MEASURED[type(kpi.measure)](reads)


#: What each kind adds up.
_MEASURED: Mapping[type, Callable[[Reads], Measured]] = {
    Aggregate: aggregate.measured,
    Share: share.measured,
    Nps: nps.measured,
    Balance: balance.measured,
}


def _sets(asked: Asked, *, hours: bool) -> tuple[tuple[str, ...], ...]:
    """The sets of cells that are needed: by the hour only the total, unless cells are kept by the hour, too."""
    return asked.sets if any(s.cells for s in asked.timeline.series if s.hours == hours) else ((),)


def _once(asked: Sequence[Asked]) -> list[Asked]:
    """One per KPI: two windows of one KPI share their days."""
    return list({a.kpi.name: a for a in asked}.values())


def _takes_anything(kpi: Kpi) -> bool:
    return isinstance(kpi.measure, Share)


def _kind(kpi: Kpi) -> str:
    """The key that names the kind, where the measure's column is written."""
    if isinstance(kpi.measure, Aggregate):
        return kpi.measure.function
    return type(kpi.measure).__name__.lower()

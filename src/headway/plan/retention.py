"""`retention`: of those who were there before, the share who came back. Three forms of one question.

Formula. *Nothing more*: those with a row in the span and in the span before it, over those with one in the span
before; the classes of `distinct` give both (`stretches.py`), so it shares their steps. *`after: N units`*: somebody who
joined on day j has the interval from j + N units to the day before j + (N + 1) units; of those whose interval ends in
the span, the share with a row in it, or with `unbounded` since it began. *`ages: N units`*: of those who joined in the
period, the share with a row in the interval of each age from 0 to N.

Parts. `cohort`, how many there were, and `active`, how many of them came back.

Unit: a fraction, shown as percent.

Edge cases. Days are local. Months are clamped: who joined on 31 January is one month old from 28 (or 29) February on,
and two from 31 March. With `since` everybody in that source is in the cohort, also who was never seen, and rows from
before the day of joining say nothing. Without it, one joins with the first row ever, in each cell on its own. An
interval counts once its last day is over: nobody is lost who still has time to come back. Of `ages` a cell has no value
until the interval of its last member is over ("too early to say"), and there is no single value of all ages. An empty
cohort is no data.

    joined       who joined when, by cell: the rows of `since`, or each person's first day
    seen         the days on which they were seen, with the day on which they joined
    joiners      how many joined, by cell and day
    came_back    how many of them were seen in the interval, by cell and day of joining
    due          both, by the last day of the interval
    steps        where along the spans they count: from there on as in `distinct`
    aged         how many were seen at each age, by cell and day of joining
    cohorts      how many joined in each period, and who of them joined last
    returned     how many of them were seen, by period and age
    matrix       both together, for each age

Source: N-day, unbounded and bracket retention, as product analytics calls them; the matrix is the cohort table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pyarrow as pa

from headway.model import Aged, Kpi, Retention
from headway.periods import Length, Unit, add_months
from headway.plan import numbered, sql
from headway.plan.draft import Asked, Draft, Sets, only, union_of
from headway.plan.levels import level
from headway.plan.rows import Rows, columns_of


@dataclass
class _Cohort:
    """Requests about the same people who joined on the same days: they share who was seen when."""

    value: str
    flag: str
    since: tuple[str, str] | None
    asked: list[Asked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Made:
    """The steps that requests of one cohort share."""

    seen: str
    joiners: str
    cells: str
    columns: list[str]
    sets: Sets
    #: The steps that say how many were seen at which age, by the unit of ages; without them, `seen` is asked.
    by_age: Mapping[Unit, str] = field(default_factory=dict)

    @property
    def cell(self) -> str:
        """The key of a cell in lists of columns."""
        return "cell, " if self.cells else ""


class Cohorts:
    """The retentions of one `rows` that follow people from the day on which they joined."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[tuple[Asked, str]] = []
        self._since: dict[tuple[str, str], Rows] = {}
        #: Retentions whose cells say how many people are behind them.
        self._guarded: set[str] = set()

    # -- what is needed --------------------------------------------------------------------------------------------

    def cells(self, kpi: Kpi) -> tuple[tuple[str, ...], ...]:
        """The KPI's breakdowns as columns: of the rows, or of those who joined; and the age, which is no column."""
        assert isinstance(kpi.measure, Retention)
        built_in = kpi.measure.built_in
        columns = tuple(tuple(c for c in breakdown if c not in built_in) for breakdown in kpi.by)
        return tuple((*cells, *built_in) for cells in self._picked(kpi).cells(replace(kpi, by=columns)))

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi, measure = asked.kpi, asked.kpi.measure
        assert isinstance(measure, Retention)
        self._rows.need("day", self._rows.time.day(), reserved=True)
        if measure.since:
            self._rows.unfiltered()
        self._picked(kpi).filter(kpi)
        self._asked.append((asked, self._rows.value(measure.column, kpi.at("retention"))))

    def people(self, asked: Asked) -> None:
        """The people behind a cell are its cohort."""
        self._guarded.add(asked.label)

    def _picked(self, kpi: Kpi) -> Rows:
        """The rows that `where` and `by` are about: those of `since`, else the KPI's own."""
        measure = kpi.measure
        assert isinstance(measure, Retention)
        if not measure.since:
            return self._rows
        if measure.since not in self._since:
            name, column = measure.since
            catalog = self._rows.catalog
            source = catalog.sources[name]
            rows = Rows(catalog, self._rows.scope.schemas, source, column, kpi.at("since"))
            rows.need("day", rows.time.day(), reserved=True)
            rows.value(source.key[0], source.places.get("key", source.place))
            self._since[measure.since] = rows
        return self._since[measure.since]

    # -- the steps -------------------------------------------------------------------------------------------------

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for rows in self._since.values():
            rows.write(draft.now, draft.steps, draft.referred)
        groups: dict[tuple[str, str, tuple[str, str] | None], _Cohort] = {}
        for asked, value in self._asked:
            measure = asked.kpi.measure
            assert isinstance(measure, Retention)
            key = (value, self._picked(asked.kpi).flag(asked.kpi), measure.since)
            groups.setdefault(key, _Cohort(*key)).asked.append(asked)
        for group in groups.values():
            made = self._of_first_rows(draft, group) if group.since is None else self._of_since(draft, group)
            for asked in group.asked:
                measure = asked.kpi.measure
                assert isinstance(measure, Retention)
                if measure.ages:
                    self._ages(draft, asked, measure.ages, made)
                else:
                    self._after(draft, asked, measure, made)

    def _of_first_rows(self, draft: Draft, group: _Cohort) -> _Made:
        """Everybody joins with their first row, in each cell on its own."""
        sets = union_of([_base(asked) for asked in group.asked])
        columns = columns_of(sets)
        people = numbered.people(draft, self._rows.relation, group.value)
        person_days = draft.steps.add(
            "person_days",
            self._rows.grouped(
                "person, day",
                ["person", "day"],
                sets,
                [sql.name(group.flag) if group.flag else ""],
                join=f"JOIN {sql.name(people)} USING ({sql.name(group.value)})",
            ),
        )
        cells = numbered.cells(draft, person_days, columns)
        cell = "cell, " if cells else ""
        seen = draft.steps.add(
            "seen",
            f"SELECT {cell}person, day, MIN(day) OVER (PARTITION BY {cell}person) AS joined "
            f"FROM {sql.name(person_days)}{numbered.to_cells(person_days, cells, columns)}",
        )
        # Who joins is seen on that day.
        wanted = _wanted(group.asked, 0)
        by_age = {unit: _by_age(draft, aged, seen, cell) for unit, aged in wanted.items()}
        if by_age:
            where = [sql.name(group.flag)] if group.flag else []
            read = numbered.gaps(draft, self._rows, group.value, sets, where, cells)
            draft.gaps.append(replace(read, ages=tuple((step, wanted[unit]) for unit, step in by_age.items())))
        there = (
            f"people FROM {sql.name(next(iter(by_age.values())))} WHERE age = 0"
            if by_age
            else (f"COUNT(*) AS people FROM {sql.name(seen)} WHERE day = joined GROUP BY {cell}joined")
        )
        joiners = draft.steps.add("joiners", f"SELECT {cell}joined, {there}")
        return _Made(seen, joiners, cells, columns, sets, by_age)

    def _of_since(self, draft: Draft, group: _Cohort) -> _Made:
        """Another source says who joined when; one key is one person, also where rows repeat it."""
        assert group.since
        other = self._since[group.since]
        key = other.value(other.source.key[0], other.source.place)
        sets = union_of([_base(asked) for asked in group.asked])
        columns = columns_of(sets)
        people = sql.name(numbered.people(draft, other.relation, key))
        by_cell = draft.steps.add(
            "joined_on",
            other.grouped(
                "person, MIN(day) AS joined",
                ["person"],
                sets,
                [sql.name(group.flag) if group.flag else ""],
                join=f"JOIN {people} USING ({sql.name(key)})",
            ),
        )
        cells = numbered.cells(draft, by_cell, columns)
        cell = "cell, " if cells else ""
        joined = draft.steps.add(
            "joined",
            f"SELECT {cell}person, joined FROM {sql.name(by_cell)}{numbered.to_cells(by_cell, cells, columns)}",
        )
        rows = sql.name(self._rows.relation)
        # Whoever counts these counts each person once: the same day twice does no harm.
        seen = draft.steps.add(
            "seen",
            f"SELECT {cell}person, day, joined FROM {rows} JOIN {people} "
            f"ON {people}.{sql.name(key)} = {rows}.{sql.name(group.value)} JOIN {sql.name(joined)} USING (person) "
            "WHERE day >= joined",
        )
        by_age = {unit: _by_age(draft, aged, seen, cell) for unit, aged in _wanted(group.asked).items()}
        joiners = draft.steps.add(
            "joiners", f"SELECT {cell}joined, COUNT(*) AS people FROM {sql.name(joined)} GROUP BY {cell}joined"
        )
        return _Made(seen, joiners, cells, columns, sets, by_age)

    # -- one age, by the day on which its interval ends ------------------------------------------------------------

    def _after(self, draft: Draft, asked: Asked, measure: Retention, made: _Made) -> None:
        assert measure.after
        cell, begins, ends = made.cell, _later(measure.after), _later(_next(measure.after))
        until = "" if measure.unbounded else f" AND day < {ends}"
        by_age = None if measure.unbounded else made.by_age.get(measure.after.unit)
        came_back = draft.steps.add(
            "came_back",
            f"SELECT {cell}joined, people AS active FROM {sql.name(by_age)} WHERE age = {measure.after.count}"
            if by_age
            else f"SELECT {cell}joined, COUNT(DISTINCT person) AS active FROM {sql.name(made.seen)} "
            f"WHERE day >= {begins}{until} GROUP BY {cell}joined",
        )
        today = sql.day(self._rows.catalog.calendar.day(draft.now))
        due = draft.steps.add(
            "due",
            f"SELECT {cell}CAST({ends} - INTERVAL 1 DAY AS DATE) AS day, people AS change, "
            f"COALESCE(active, 0) AS amount FROM {sql.name(made.joiners)} "
            f"LEFT JOIN {sql.name(came_back)} USING ({cell}joined) WHERE {ends} <= {today}",
        )
        reach = sql.name(draft.reach(asked))
        held = f"FROM {sql.name(due)} JOIN {reach} AS held USING (day)"
        steps = draft.steps.add(
            "steps",
            f"SELECT {cell}held.lo AS position, change, amount {held} "
            f"UNION ALL SELECT {cell}held.after AS position, -change AS change, -amount AS amount {held}",
        )
        found = level(draft, asked, steps, made.columns, cells=made.cells, amount=True)
        self._answer(draft, asked, found, made.columns, only(asked.sets, made.sets))

    # -- all ages, by the period of joining ------------------------------------------------------------------------

    def _ages(self, draft: Draft, asked: Asked, ages: Length, made: _Made) -> None:
        cell = made.cell
        by_age = made.by_age.get(ages.unit)
        by_age = by_age or _by_age(draft, Aged(_age(ages.unit), tuple(range(ages.count + 1))), made.seen, cell)
        spans, reach = sql.name(draft.spans(asked)), sql.name(draft.reach(asked))
        # Calendar periods do not overlap, so a day is held by one position of each series.
        held = f"JOIN {reach} AS held ON held.day = joined JOIN {spans} AS span ON span.position = held.lo"
        key = f"span.series, period, {cell}"
        cohorts = draft.steps.add(
            "cohorts",
            f"SELECT {key}SUM(people) AS people, MAX(joined) AS newest "
            f"FROM {sql.name(made.joiners)} {held} WHERE held.lo < held.after GROUP BY {key[:-2]}",
        )
        returned = draft.steps.add(
            "returned",
            f"SELECT {key}age, SUM({sql.name(by_age)}.people) AS active "
            f"FROM {sql.name(by_age)} {held} WHERE held.lo < held.after AND age <= {ages.count} GROUP BY {key}age",
        )
        today = self._rows.catalog.calendar.day(draft.now)
        table = draft.steps.reserve("ages")
        draft.tables[table] = _ripe(ages, today)
        listed = sql.column_list(made.columns)
        matrix = draft.steps.add(
            "matrix",
            f"SELECT series, period, {listed}CAST(age AS TEXT) AS age, people, "
            f"CASE WHEN newest <= ripe THEN COALESCE(active, 0) END AS amount "
            f"FROM {sql.name(cohorts)} CROSS JOIN {sql.name(table)} "
            f"LEFT JOIN {sql.name(returned)} USING (series, period, {cell}age)"
            + (f" JOIN {sql.name(made.cells)} USING (cell)" if made.cells else ""),
        )
        where = only(_base(asked), made.sets)
        self._answer(draft, asked, matrix, [*made.columns, Retention.AGE], where)
        total = f"cell IN (SELECT cell FROM {sql.name(made.cells)} WHERE {_none(made.columns)})" if made.cells else ""
        draft.answer(asked, cohorts, [], "people", "people", what="cohort", where=[total] if total else [])

    def _answer(self, draft: Draft, asked: Asked, found: str, columns: list[str], where: list[str]) -> None:
        answer(draft, asked, found, columns, where, guarded=asked.label in self._guarded)


def answer(
    draft: Draft, asked: Asked, found: str, columns: Sequence[str], where: Sequence[str], *, guarded: bool
) -> None:
    """The share, its parts and who is behind its cells, from `people` in the cohort and the `amount` that came back."""
    share = "amount / CAST(people AS DOUBLE)"
    draft.answer(asked, found, columns, share, "people", numerator="amount", denominator="people", where=where)
    numbers = {"cohort": "people", "active": "amount"} | ({"people": "people"} if guarded else {})
    for what, number in numbers.items():
        draft.answer(asked, found, columns, number, "people", what=what, where=where)


def _by_age(draft: Draft, aged: Aged, seen: str, cell: str) -> str:
    """Add the step that says how many were seen at each of these ages, by cell and day of joining."""
    several = f"IN ({', '.join(map(str, aged.wanted))})"
    wanted = f"<= {aged.wanted[-1]}" if aged.wanted[-1] < len(aged.wanted) else several
    by_person = f"(SELECT {cell}person, joined, {aged.age} AS age FROM {sql.name(seen)})"
    return draft.steps.add(
        "aged",
        f"SELECT {cell}joined, age, COUNT(DISTINCT person) AS people FROM {by_person} "
        f"WHERE age {wanted} GROUP BY {cell}joined, age",
    )


def _wanted(several: Iterable[Asked], *more: int) -> Mapping[Unit, Aged]:
    """The ages that are asked for, by their unit, and some more of each."""
    found: dict[Unit, set[int]] = {}
    for measure in map(_retention, several):
        length = measure.ages or measure.after
        if length and not measure.unbounded:
            counts = range(length.count + 1) if measure.ages else [length.count]
            found.setdefault(length.unit, set(more)).update(counts)
    return {unit: Aged(_age(unit), tuple(sorted(counts))) for unit, counts in found.items()}


def _retention(asked: Asked) -> Retention:
    measure = asked.kpi.measure
    assert isinstance(measure, Retention)
    return measure


def _base(asked: Asked) -> list[tuple[str, ...]]:
    """The sets of cells that people stand in; an age is added to them."""
    return list(dict.fromkeys(tuple(c for c in cells if c != Retention.AGE) for cells in asked.sets))


def _none(columns: Sequence[str]) -> str:
    """The total among numbered cells."""
    return " AND ".join(f"{sql.name(c)} IS NULL" for c in columns)


# -- intervals -------------------------------------------------------------------------------------------------------


def _next(length: Length) -> Length:
    """The age one unit older."""
    return Length(length.count + 1, length.unit)


def _later(length: Length) -> str:
    """SQL of the day on which somebody reaches an age; months are clamped."""
    count, unit = (length.months, "MONTH") if length.months is not None else (length.days, "DAY")
    return f"CAST(joined + INTERVAL {count} {unit} AS DATE)"


def _age(unit: Unit) -> str:
    """SQL of the age on a day, in whole units, for days from that of joining on."""
    one = Length(1, unit)
    if one.months is None:
        days = "DATE_DIFF('day', joined, day)"
        return days if one.days == 1 else f"{days} // {one.days}"
    # A month is over on the day of joining, or on the last day of a month that has no such day.
    short = "DAY(day) < LEAST(DAY(joined), DAY(LAST_DAY(day)))"
    months = f"DATE_DIFF('month', joined, day) - CASE WHEN {short} THEN 1 ELSE 0 END"
    return months if one.months == 1 else f"({months}) // {one.months}"


def _ripe(ages: Length, today: date) -> pa.Table:
    """The table `ages`: each age, and the last day of joining whose interval of that age is over."""
    counts = range(ages.count + 1)
    ripe = [_joined_by(Length(age + 1, ages.unit), today) for age in counts]
    return pa.table({"age": pa.array(counts, pa.int64()), "ripe": pa.array(ripe, pa.date32())})


def _joined_by(length: Length, today: date) -> date:
    """The last day on which somebody can have joined who is that old today."""
    if length.months is None:
        assert length.days is not None
        return today - timedelta(days=length.days)
    day = add_months(today, -length.months)
    while add_months(day + timedelta(days=1), length.months) <= today:
        day += timedelta(days=1)
    return day

"""Compile the checks that a source declares: one query that counts by day, whatever there is to check.

The rows are those that `latest_by` and `exclude` leave, each with its local day. What is asked of single rows becomes a
column that is true where a row fails; what is asked of days and periods needs no more than the rows of each day. So one
aggregate by day answers nearly everything, and what it means is for `findings` to judge: the answer has a row per
column of time and local day (`time`, `day`).

    all_rows     rows of the day
    looked_N     those that check N looks at; for a rule over days, those up to now
    failed_N     those that fail it
    newest_N     until when the newest row up to now speaks, for `fresh`: its moment, of a day its end (microseconds
                 since 1970)

A check `by` a column has a row more for each day and value of it (`number`, `day`, `part`), and coverage of another
source one for each period (`number`, `period`, `alive`, `covered`). What a row does not speak of is null there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp

from headway.errors import CatalogError, Mistake, Place
from headway.model import (
    OF_ROWS,
    Between,
    Catalog,
    Check,
    Covers,
    Fresh,
    Holds,
    Latency,
    Limit,
    Matches,
    NotNull,
    OneOf,
    Schemas,
    Source,
    SourceRule,
    SqlType,
    Unique,
    cell_value,
)
from headway.periods import Period
from headway.plan import sql
from headway.plan.coverage import times_of
from headway.plan.rows import Moment, end_of, excluded, joined, latest, referred, text_of_cell, time_of
from headway.plan.scope import Found, Scope

_NUMBERS: tuple[SqlType, ...] = ("integer", "number")
_TIMES: tuple[SqlType, ...] = ("date", "timestamp", "timestamptz")
_NOTHING: Mapping[int, Sequence[Period]] = {}


def by_day(
    catalog: Catalog, schemas: Schemas, source: str, now: datetime, covering: Mapping[int, Sequence[Period]] = _NOTHING
) -> tuple[exp.Query, dict[str, pa.Table]]:
    """The query, and its tables. CatalogError for a name, or a type, that the data do not have.

    `covering` says which periods each check `coverage` of another source looks at, by the number of the check.
    """
    declared = catalog.sources[source]
    rows = Rows(catalog, schemas, declared)
    times = {column: f"day_{i}" for i, column in enumerate(times_of(catalog, source), 1)}
    for dating, day in times.items():
        rows.need(time_of(rows.scope, dating, declared.places.get("time")).day(), day)
    asked = {"all_rows": "COUNT(*)"}
    parted = {}
    for n, check in enumerate(declared.checks):
        counted = _counted(rows, n, check, now)
        asked |= counted
        if check.by:
            rows.need(_part(rows, check), f"part_{n}")
            parted[n] = counted
    covering = {n: periods for n, periods in covering.items() if periods}
    _needed_to_cover(rows, covering, now)
    base = f"FROM {sql.name(rows.write())} AS rows"
    own = next(iter(times), None)
    dates: list[tuple[str | None, str]] = [*times.items()] or [(None, "CAST(NULL AS DATE)")]
    answers = []
    for column, day in dates:
        # By its second column of time a row may have no day yet.
        dated = f" WHERE {day} IS NOT NULL" if column != own else ""
        about = {"time": sql.text(column) if column else _nothing("time"), "day": day}
        answers.append((about | asked, f"{base}{dated} GROUP BY {day}"))
    for n, counted in parted.items():
        day, part = times[own or ""], f"part_{n}"
        answers.append(({"number": str(n), "day": day, "part": part} | counted, f"{base} GROUP BY {day}, {part}"))
    tables = _covered(rows, covering, answers)
    present = dict.fromkeys(name for columns, _ in answers for name in columns)
    for columns, source_text in answers:
        listed = (f"{columns.get(name) or _nothing(name)} AS {name}" for name in present)
        rows.steps.output(f"SELECT {', '.join(listed)} {source_text}")
    return rows.steps.query(), tables


def _nothing(name: str) -> str:
    """Null, for what a row of the answer does not speak of."""
    kind = {"day": "DATE", "time": "TEXT", "part": "TEXT"}.get(name, "BIGINT")
    return f"CAST(NULL AS {kind})"


def _part(rows: Rows, check: Check) -> str:
    """The value of a check's `by`; of no row there are several."""
    assert check.by
    found = rows.scope.column(check.by, check.place)
    if found.type == "list":
        message = f"'{check.by}' of {rows.source.name} is a list, and 'by' puts each row into one cell"
        raise CatalogError(Mistake(message, "wrong-type", check.place, "Derive a column of that kind."))
    return text_of_cell(found)


def failing_rows(
    catalog: Catalog,
    schemas: Schemas,
    source: str,
    numbers: Sequence[int],
    time: str | None,
    columns: Sequence[str],
    place: Place,
) -> exp.Query:
    """Where the rows lie that fail these rules over rows: `number`, `day`, and `cell_0` ... of each of the columns.

    Rows without a day by another column of time than the source's own are not dated yet, and left out.
    """
    declared = catalog.sources[source]
    rows = Rows(catalog, schemas, declared)
    rows.need(time_of(rows.scope, time, place).day() if time else "CAST(NULL AS DATE)", "day")
    for i, column in enumerate(columns):
        rows.need(text_of_cell(rows.scope.column(column, place)), f"cell_{i}")
    for n in numbers:
        rows.fails(n, declared.checks[n])
    base = rows.write()
    dated = " AND day IS NOT NULL" if time != declared.time else ""
    cells = "".join(f", cell_{i}" for i in range(len(columns)))
    for n in numbers:
        rows.steps.output(
            f"SELECT DISTINCT {n} AS number, day{cells} FROM {sql.name(base)} AS rows WHERE fails_{n}{dated}"
        )
    return rows.steps.query()


def _counted(rows: Rows, n: int, check: Check, now: datetime) -> dict[str, str]:
    """What is counted for a check, as columns of the answer."""
    rule = check.rule
    if isinstance(rule, Covers) and rule.of is not None:
        return {}  # counted by period
    if isinstance(rule, OF_ROWS):
        looked = f"COUNT_IF({rows.looks(n, check)})" if check.where else "COUNT(*)"
        return {f"looked_{n}": looked, f"failed_{n}": f"COUNT_IF({rows.fails(n, check)})"}
    looks = rows.looks(n, check, now)
    found = {f"looked_{n}": f"COUNT_IF({looks})"}
    if isinstance(rule, Fresh):
        rows.need(f"EPOCH_US({_through(rows.time)})", "moment")
        found[f"newest_{n}"] = f"MAX(moment) FILTER (WHERE {looks})"
    return found


def _through(time: Moment) -> str:
    """The moment through which a row speaks: a day's is its end."""
    return (
        replace(time, column=f"CAST({time.column} + INTERVAL 1 DAY AS DATE)").moment()
        if time.kind == "date"
        else time.moment()
    )


@dataclass
class Rows:
    """The rows of one source, in the making: every column that a check needs, in one SELECT."""

    catalog: Catalog
    schemas: Schemas
    source: Source
    columns: dict[str, str] = field(default_factory=dict)
    relation: str = ""
    #: The query of which these rows are a step; one of their own if left out.
    within: sql.Steps | None = None

    def __post_init__(self) -> None:
        self.scope = Scope(self.catalog, self.schemas, self.source.name)
        self.steps = self.within or sql.Steps(self.catalog.sources)
        self.kept: dict[str, str] = {}

    @property
    def time(self) -> Moment:
        """What dates its rows."""
        assert self.source.time, "rules over days are refused where rows have none"
        return time_of(self.scope, self.source.time, self.source.places.get("time"))

    def need(self, text: str, name: str) -> None:
        """A column of the rows."""
        self.columns.setdefault(name, text)

    def looks(self, n: int, check: Check, now: datetime | None = None) -> str:
        """The column that says which rows a check looks at: those of its `where`, up to `now`."""
        conditions = [self.scope.condition(check.where)] if check.where else []
        if now is not None:
            conditions.append(f"COALESCE({self.time.not_after(now, self.catalog)}, FALSE)")
        self.need(" AND ".join(conditions), f"looks_{n}")
        return f"looks_{n}"

    def fails(self, n: int, check: Check) -> str:
        """The column that says which rows fail a rule over rows."""
        looked = [self.scope.condition(check.where)] if check.where else []
        rule = f"COALESCE({_FAILS[type(check.rule)](self, check, check.rule)}, FALSE)"
        self.need(" AND ".join([*looked, rule]), f"fails_{n}")
        return f"fails_{n}"

    def found(self, check: Check, column: str, kinds: Sequence[SqlType] = (), what: str = "") -> Found:
        """A column; CatalogError `wrong-type` if the data have it in no type that the check can look at."""
        found = self.scope.column(column, check.place)
        if kinds and found.type not in (*kinds, "other"):
            message = f"'{column}' of {self.source.name} is {_MEANING[found.type]}, and '{check.rule.kind}' {what}"
            raise CatalogError(Mistake(message, "wrong-type", check.place, "Derive a column of that type."))
        return found

    def write(self) -> str:
        """The step that holds the rows; its name."""
        conditions = [f"NOT {condition}" for condition in excluded(self.scope, self.source)]
        base = latest(self.source, self.schemas, self.steps)
        columns = ", ".join(f"{text} AS {name}" for name, text in self.columns.items()) or "1 AS one"
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        self.relation = self.steps.add(
            "rows", f"SELECT {columns} {joined(self.scope, base, self.steps, self.kept)}{where}"
        )
        return self.relation


_MEANING: Mapping[SqlType, str] = {
    "text": "text",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a time",
    "timestamptz": "a time",
    "list": "a list",
    "other": "something else",
}


# -- rules over rows: SQL that is true for rows that fail --------------------------------------------------------------


def _not_null(rows: Rows, check: Check, rule: NotNull) -> str:
    return _any(f"{_text(rows.found(check, column))} IS NULL" for column in rule.columns)


def _unique(rows: Rows, check: Check, rule: Unique) -> str:
    columns = [_text(rows.found(check, column)) for column in rule.columns]
    looked = rows.scope.condition(check.where) if check.where else "TRUE"
    there = " AND ".join([looked, *(f"{column} IS NOT NULL" for column in columns)])
    # Rows that are not looked at are no copies of those that are.
    return f"{there} AND COUNT_IF({there}) OVER (PARTITION BY {', '.join(columns)}) > 1"


def _holds(rows: Rows, check: Check, rule: Holds) -> str:
    found = rows.scope.expression(rule.expression)
    text = _text(found)
    return f"NOT ({text})" if found.type == "boolean" else f"NOT CAST(({text}) AS BOOLEAN)"


def _between(rows: Rows, check: Check, rule: Between) -> str:
    return _any(_outside(rows, check, column, low, high) for column, (low, high) in rule.limits.items())


def _outside(rows: Rows, check: Check, column: str, low: Limit, high: Limit) -> str:
    is_day = isinstance(low, date) or isinstance(high, date)
    kinds, what = (_TIMES, "has days for limits") if is_day else (_NUMBERS, "has numbers for limits")
    found = rows.found(check, column, kinds, what)
    text = _text(found)
    if is_day:
        zone = rows.catalog.calendar.zone
        kind: SqlType = found.type if found.type != "other" else "timestamptz"
        moment = sql.as_moment_of_any(text, rows.source.times_in, zone) if found.type == "other" else text
        text = sql.as_day(moment, kind, rows.source.times_in, zone)
    sides = [f"{text} {sign} {_limit(limit)}" for sign, limit in (("<", low), (">", high)) if limit is not None]
    if found.type in ("number", "other") and not is_day:
        sides.append(f"ISNAN(CAST({text} AS DOUBLE))")  # no number lies nowhere
    return _any(sides)


def _limit(limit: float | date) -> str:
    return sql.day(limit) if isinstance(limit, date) else _number(limit)


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _latency(rows: Rows, check: Check, rule: Latency) -> str:
    begin, end = (_moment(rows, check, column) for column in (rule.begin, rule.end))
    most = int(rule.at_most.elapsed.total_seconds() * 1_000_000)
    return f"EPOCH_US({end}) - EPOCH_US({begin}) > {most}"


def _moment(rows: Rows, check: Check, column: str) -> str:
    """The moment that a column stands for; a day's is its beginning."""
    found = rows.found(check, column, _TIMES, "needs times")
    zone = rows.catalog.calendar.zone
    if found.type == "other":
        return sql.as_moment_of_any(_text(found), rows.source.times_in, zone)
    return sql.as_moment(_text(found), found.type, rows.source.times_in, zone)


def _one_of(rows: Rows, check: Check, rule: OneOf) -> str:
    return _any(_other(rows, check, column, values) for column, values in rule.values.items())


def _other(rows: Rows, check: Check, column: str, values: Sequence[str | float | bool]) -> str:
    found = rows.found(check, column)
    text = _text(found)
    if found.type in _NUMBERS:
        numbers = [v for v in values if not isinstance(v, str | bool)]
        if len(numbers) < len(values):
            message = f"'{column}' of {rows.source.name} is a number, and not all of these values are"
            raise CatalogError(Mistake(message, "wrong-type", check.place))
        return f"{text} NOT IN ({', '.join(map(_number, numbers))})"
    texts = ", ".join(sql.text(cell_value(value)) for value in values)
    if found.type == "list":
        return f"NOT LIST_HAS_ALL([{texts}], LIST_FILTER(CAST({text} AS TEXT[]), item -> item IS NOT NULL))"
    return f"{text if found.type == 'text' else f'CAST({text} AS TEXT)'} NOT IN ({texts})"


def _matches(rows: Rows, check: Check, rule: Matches) -> str:
    found = {column: rows.found(check, column, ("text",), "needs texts") for column in rule.patterns}
    return _any(
        f"NOT REGEXP_MATCHES({_text(found[column])}, {sql.text(pattern)})" for column, pattern in rule.patterns.items()
    )


def _text(found: Found) -> str:
    return found.text


def _any(conditions: Any) -> str:
    """True where one of them is; a null one says nothing of the others."""
    return " OR ".join(f"COALESCE({condition}, FALSE)" for condition in conditions)


_FAILS: Mapping[type[SourceRule], Callable[[Rows, Check, Any], str]] = {
    NotNull: _not_null,
    Unique: _unique,
    Holds: _holds,
    Between: _between,
    Latency: _latency,
    OneOf: _one_of,
    Matches: _matches,
}


# -- coverage of another source ----------------------------------------------------------------------------------------


def _needed_to_cover(rows: Rows, covering: Mapping[int, Sequence[Period]], now: datetime) -> None:
    """The columns of rows that say what they refer to."""
    if not covering:
        return
    rows.need(rows.time.day(), "day")
    past = f"COALESCE({rows.time.not_after(now, rows.catalog)}, FALSE)"
    for n in covering:
        check = rows.source.checks[n]
        assert isinstance(check.rule, Covers)
        looked = f"{past} AND {rows.scope.condition(check.where)}" if check.where else past
        key = _text(rows.scope.column(".".join(check.rule.way), check.place))
        rows.need(f"CASE WHEN {looked} THEN {key} END", f"key_{n}")


def _covered(
    rows: Rows, covering: Mapping[int, Sequence[Period]], answers: list[tuple[dict[str, str], str]]
) -> dict[str, pa.Table]:
    """Add to the answers how much of what is alive in each period is referred to; the tables that this reads."""
    if not covering:
        return {}
    # Rows of a day that say the same are one, long before they meet periods.
    keys = ", ".join(f"key_{n}" for n in covering)
    seen = rows.steps.add("seen", f"SELECT DISTINCT day, {keys} FROM {sql.name(rows.relation)} AS rows")
    tables = {}
    for n, periods in covering.items():
        rule = rows.source.checks[n].rule
        assert isinstance(rule, Covers)
        table = rows.steps.reserve(f"periods_{n}")
        tables[table] = _periods(periods)
        alive = _alive(rows, rule, table, n)
        met = rows.steps.add(
            f"referred_{n}",
            f"SELECT DISTINCT periods.period AS period, seen.key_{n} AS found FROM {seen} AS seen "
            f"JOIN {table} AS periods ON seen.day BETWEEN periods.first_day AND periods.last_day "
            f"WHERE seen.key_{n} IS NOT NULL",
        )
        counted = {"period": "alive.period", "alive": "COUNT(*)", "covered": "COUNT(met.found)"}
        source = (
            f"FROM {alive} AS alive LEFT JOIN {met} AS met ON met.period = alive.period AND met.found = alive.found "
            "GROUP BY alive.period"
        )
        answers.append(({"number": str(n)} | counted, source))
    return tables


def _alive(rows: Rows, rule: Covers, table: str, n: int) -> str:
    """The step with the keys of the covered source that are alive in each period."""
    assert rule.of is not None
    declared = rows.catalog.sources[rule.of]
    target = referred(rows.scope, rule.of, rows.steps, rows.kept)
    scope = Scope(rows.catalog, rows.schemas, rule.of)
    key = _text(scope.column(declared.key[0], declared.places.get("key")))
    conditions = []
    if declared.time:
        conditions.append(f"{time_of(scope, declared.time, declared.places.get('time')).moment()} < periods.ends")
    if (end := end_of(scope)) is not None:
        conditions.append(f"({end.column} IS NULL OR {end.moment()} > periods.begins)")
    source = joined(scope, target, rows.steps, rows.kept)
    on = f"ON {' AND '.join(conditions)}" if conditions else "ON TRUE"
    return rows.steps.add(
        f"alive_{n}", f"SELECT DISTINCT periods.period AS period, {key} AS found {source} JOIN {table} AS periods {on}"
    )


def _periods(periods: Sequence[Period]) -> pa.Table:
    """Periods as a table: their key, their days, their moments."""
    moment = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "period": pa.array([p.key for p in periods], pa.int64()),
            "first_day": pa.array([p.first for p in periods], pa.date32()),
            "last_day": pa.array([p.last for p in periods], pa.date32()),
            "begins": pa.array([p.start for p in periods], moment),
            "ends": pa.array([p.end for p in periods], moment),
        }
    )

"""The first step of every plan, `rows`: the rows that count, each with its local day, and no column that is not needed.

In the language's order: the latest version of each key stays, derived columns are computed, excluded rows go, then
rows without time and rows of the future. Filters of KPIs come last: one that all KPIs of the query share stands in
WHERE, others become columns of true and false, so that KPIs with different filters still share the scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

from headway.errors import CatalogError, Mistake, Place
from headway.model import NONE_CELL, Catalog, Expression, Kpi, Schemas, Source, SqlType
from headway.plan import sql
from headway.plan.scope import Found, Scope

#: Names that steps and answers use themselves; a column of the data by such a name gets another one in the plan.
RESERVED = (
    *("kpi", "what", "series", "period", "position", "value", "n", "numerator", "denominator", "people"),
    *("day", "hour", "end_day", "end_hour", "until", "lo", "after", "stop", "change", "amount", "previous"),
    *("person", "cell", "text", "moment", "lasts", "under_way", "first_day", "last_day", "cells"),
    *("begun", "begins", "ends", "joined", "age", "active", "newest", "ripe"),
    *("end_moment", "final_day", "covered_to", "spreads", "known_day", "starts", "length", "ended"),
    *("most", "least", "area", "failures"),
    *("down", "planned", "degraded", "is_down", "is_planned", "is_degraded", "was_down"),
    *("customer", "movement", "own", "opening", "closing", "first_position", "last_position"),
    *("new", "expansion", "contraction", "churn", "reactivation", "customers", "above", "retained", "kept"),
    *("new_customers", "lost_customers", "returned_customers", "kept_customers"),
)


#: In place of now, where a text is not to depend on it.
_NO_MOMENT = datetime.fromtimestamp(0, UTC)

#: No value of a breakdown has another name.
_AS_IT_IS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Moment:
    """A column of time, and how to read it."""

    column: str
    kind: SqlType
    times_in: str
    zone: str

    def moment(self) -> str:
        """SQL of the moment."""
        return sql.as_moment(self.column, self.kind, self.times_in, self.zone)

    def day(self) -> str:
        """SQL of the local day."""
        return sql.as_day(self.column, self.kind, self.times_in, self.zone)

    def hour(self) -> str:
        """SQL of the local clock hour: the epoch second at which it begins."""
        return sql.as_hour(self.column, self.kind, self.times_in, self.zone)

    def about_from(self, day: date) -> str:
        """SQL that is true for all rows from a local day on, and for some from just before."""
        return sql.about_from(self.column, self.kind, day)

    def not_after(self, now: datetime, catalog: Catalog) -> str:
        """SQL that is true for rows up to now, false or null for rows of the future and rows without time."""
        return sql.not_after(self.column, self.kind, self.times_in, self.zone, now, catalog.calendar.day(now))


def time_of(scope: Scope, column: str, place: Place | None) -> Moment:
    """A column of time of the scope's source; CatalogError `wrong-type` if it is neither date nor timestamp."""
    found = scope.column(column, place)
    text = found.text
    source = scope.catalog.sources[scope.source]
    if found.type in ("text", "integer", "number", "boolean", "list"):
        raise CatalogError(
            Mistake(
                f"'{column}' puts rows of '{source.name}' into periods, but it is {_KINDS[found.type]}",
                "wrong-type",
                place or source.place,
                f"Declare it, columns: {{{column}: date}} or timestamp, or derive a date from it.",
            )
        )
    if found.type == "other":
        moment = sql.as_moment_of_any(text, source.times_in, scope.catalog.calendar.zone)
        return Moment(moment, "timestamptz", source.times_in, scope.catalog.calendar.zone)
    return Moment(text, found.type, source.times_in, scope.catalog.calendar.zone)


def end_of(scope: Scope) -> Moment | None:
    """The moment at which a row of the scope's source ends, null for one that goes on; None if its rows have no end."""
    source = scope.catalog.sources[scope.source]
    if source.until:
        return time_of(scope, source.until, source.places.get("until"))
    if source.through:
        last = time_of(scope, source.through, source.places.get("through"))
        # To the end of that day: the moment at which the next one begins.
        after = f"CAST({last.day()} + INTERVAL 1 DAY AS DATE)"
        return Moment(after, "date", source.times_in, scope.catalog.calendar.zone)
    return None


def lasts(scope: Scope, time: Moment) -> str:
    """SQL that is true for rows of some length, false for the others, and null for those that go on."""
    end = end_of(scope)
    if end is None:
        return "CAST(NULL AS BOOLEAN)"
    if scope.catalog.sources[scope.source].through:
        return f"{end.day()} > {time.day()}"
    return f"{end.column} > {time.column}" if end.kind == time.kind else f"{end.moment()} > {time.moment()}"


_KINDS = {"text": "text", "integer": "a number", "number": "a number", "boolean": "true or false", "list": "a list"}


def latest(source: Source, schemas: Schemas, steps: sql.Steps) -> str:
    """The relation that holds the latest version of each key: the source itself if it has no versions."""
    if not source.latest_by or not source.key:
        return source.name
    known = schemas.get(source.name, {})
    named = [(column, "latest_by") for column in source.latest_by] + [(column, "key") for column in source.key]
    for column, key in named:
        if column not in known:
            raise CatalogError(
                Mistake(
                    f"source '{source.name}' has no column '{column}'",
                    "unknown-column",
                    source.places.get(key, source.place),
                    f"It has {', '.join(known) or 'no columns'}.",
                )
            )
    by = ", ".join(map(sql.name, source.key))
    return steps.add(
        f"{source.name}_latest",
        f"SELECT * FROM {sql.name(source.name)} QUALIFY {without_key(source)} OR "
        f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {newest_first(source)}) = 1",
    )


def newest_first(source: Source) -> str:
    """SQL of the order of versions: by the first column of `latest_by`, ties by the next."""
    return ", ".join(f"{sql.name(column)} DESC" for column in source.latest_by)


def without_key(source: Source) -> str:
    """SQL that is true for rows whose key is missing: they are no versions of each other, and all of them stay."""
    return " OR ".join(f"{sql.name(column)} IS NULL" for column in source.key)


def excluded(scope: Scope, source: Source) -> list[str]:
    """One SQL condition per exclusion of the scope's source: true for the rows that it takes out."""
    conditions = []
    for exclusion in source.exclude:
        condition = scope.condition(exclusion.where)
        if exclusion.first or exclusion.through:
            assert source.time, "an exclusion with dates needs the source's time"
            day = time_of(scope, source.time, source.places.get("time")).day()
            if exclusion.first:
                condition += f" AND {day} >= {sql.day(exclusion.first)}"
            if exclusion.through:
                condition += f" AND {day} <= {sql.day(exclusion.through)}"
            condition = f"COALESCE({condition}, FALSE)"
        conditions.append(condition)
    return conditions


def joined(scope: Scope, base: str, steps: sql.Steps, kept: dict[str, str]) -> str:
    """FROM with the joins that the scope has needed so far. `base` is the relation of the scope's own source.

    `kept` remembers which step holds the prepared rows of each referred source. A referred source whose exclusions
    look back through its own references is read by its conditions alone.
    """
    text = f"FROM {_aliased(base, scope.source)}"
    for source, alias, on in scope.joins():
        text += f" LEFT JOIN {_aliased(referred(scope, source, steps, kept), alias)} ON {on}"
    return text


def referred(scope: Scope, name: str, steps: sql.Steps, kept: dict[str, str]) -> str:
    """The relation that holds a referred source's rows: latest versions, without what is excluded."""
    if name not in kept:
        source = scope.catalog.sources[name]
        kept[name] = latest(source, scope.schemas, steps)
        if source.exclude:
            inner = Scope(scope.catalog, scope.schemas, name)
            conditions = excluded(inner, source)
            where = " AND ".join(f"NOT {condition}" for condition in conditions)
            kept[name] = steps.add(
                f"{name}_kept",
                f"SELECT {sql.name(name)}.* {joined(inner, kept[name], steps, kept)} WHERE {where}",
            )
    return kept[name]


def _aliased(relation: str, alias: str) -> str:
    return sql.name(relation) if relation == alias else f"{sql.name(relation)} AS {sql.name(alias)}"


class Rows:
    """The step `rows` of one source and one column of time, in the making.

    First every KPI says what it needs (`need`, `value`, `cells`, `filter`), then `write` adds the step, and only then
    can `flag` say how a KPI's filter is written.
    """

    def __init__(
        self,
        catalog: Catalog,
        schemas: Schemas,
        source: Source,
        time: str | None,
        place: Place,
        *,
        ahead: bool = False,
        dated: bool = True,
    ) -> None:
        """`ahead`: read rows of the future, too, as far as they are known by now.

        With `dated` false all rows are read, whatever their time: other columns say when they count.
        """
        self.catalog = catalog
        self.source = source
        self.scope = Scope(catalog, schemas, source.name)
        self._time = self._dated(time, place) if dated else None
        self.known = None
        if ahead:
            assert source.known_on, "only a source that says when its rows became known is looked at ahead"
            self.known = time_of(self.scope, source.known_on, source.places.get("known_on", source.place))
        #: The first local day of which a number is asked for; None: they are asked for of all days. Of numbers of what
        #: is under way, rows that were not over by then count.
        self.since: date | None = None
        self.under_way = False
        self.relation = ""
        #: What the step says, but for the moment up to which it reads.
        self.said = ""
        self._schemas = schemas
        self._names = sql.Names(RESERVED)
        #: By its SQL, and by its word if that is reserved: a step counts on it.
        self._columns: dict[tuple[str, str], str] = {}
        self._lists: set[str] = set()
        self._filters: dict[str, str] = {}
        self._shared = False

    def _dated(self, time: str | None, place: Place) -> Moment:
        column = time or self.source.time
        if column is None:
            raise CatalogError(
                Mistake(
                    f"source '{self.source.name}' has no time, so nothing says which period its rows belong to",
                    "missing-key",
                    self.source.place,
                    "Add time: with the column that dates a row.",
                )
            )
        return time_of(self.scope, column, place if time else self.source.places.get("time", self.source.place))

    @property
    def time(self) -> Moment:
        """What dates its rows."""
        assert self._time, "these rows are read whatever their time"
        return self._time

    # -- first: what is needed -----------------------------------------------------------------------------------

    def need(self, word: str, text: str, *, reserved: bool = False) -> str:
        """A column of `rows` with this SQL; returns its name, which is `word` if that is free."""
        key = (text, word if reserved else "")
        if key not in self._columns:
            self._columns[key] = word if reserved else self._names.free(word)
        return self._columns[key]

    def value(self, column: str, place: Place) -> str:
        """A column as it is in the data, or derived; returns its name in `rows`."""
        found = self.scope.column(column, place)
        return self.need(column, found.text)

    def number(self, column: str, place: Place) -> str:
        """A column that is added up; CatalogError `wrong-type` for text and times."""
        found = self.scope.column(column, place)
        if found.type in ("text", "date", "timestamp", "timestamptz", "list"):
            what = "a list" if found.type == "list" else "text" if found.type == "text" else "a time"
            raise CatalogError(
                Mistake(
                    f"'{column}' of '{self.source.name}' is {what}, and a number is needed",
                    "wrong-type",
                    place,
                    "Declare its type under columns, or derive a number from it.",
                )
            )
        text = found.text
        return self.need(column, f"CAST({text} AS INT)" if found.type == "boolean" else text)

    def cells(self, kpi: Kpi) -> tuple[tuple[str, ...], ...]:
        """The KPI's breakdowns, each as names of columns of `rows` that hold the text of the cell."""
        return tuple(tuple(self.cell_of(kpi, column) for column in breakdown) for breakdown in kpi.breakdowns)

    def cell_of(self, kpi: Kpi, column: str, word: str = "") -> str:
        """A column of a KPI's breakdown, as `cell` does; a value that has another name today goes by that."""
        return self.cell(column, kpi.at("by"), word, kpi.revalued.get(column, {}))

    def carry(self, cells: Iterable[str], origin: Rows) -> None:
        """Take cells as they are from a relation that was made of other rows, and has them under the same names."""
        for name in cells:
            self.need(name, sql.name(self.source.name, name))
            self._lists |= {name} & origin._lists

    def cell(self, column: str, place: Place, word: str = "", renamed: Mapping[str, str] = _AS_IT_IS) -> str:
        """A column as the text of a cell; returns its name in `rows`, which is `word` or like the column's own."""
        found = self.scope.column(column, place)
        name = self.need(word or column, text_of_cell(found, renamed))
        if found.type == "list":
            self._lists.add(name)
        return name

    def filter(self, kpi: Kpi) -> None:
        """Say that a KPI reads the rows that its `where` lets through."""
        self._filters.setdefault(self._condition(kpi.where), kpi.name)

    def unfiltered(self) -> None:
        """Say that somebody must see every row."""
        self._filters.setdefault("", "")

    def _condition(self, where: Expression | None) -> str:
        return self.scope.condition(where) if where else ""

    def end(self) -> Moment | None:
        """The moment at which a row ends, null for one that goes on; None if the source's rows have no end."""
        return end_of(self.scope)

    def lasts(self) -> str:
        """SQL that is true for rows of some length, false for the others, and null for those that go on."""
        return lasts(self.scope, self.time)

    # -- then: the step --------------------------------------------------------------------------------------------

    def write(self, now: datetime, steps: sql.Steps, kept: dict[str, str], word: str = "rows") -> None:
        """Add the step, called `word`."""
        base = latest(self.source, self._schemas, steps)
        conditions = [f"NOT {condition}" for condition in excluded(self.scope, self.source)]
        filters: list[str] = []
        self._shared = len(self._filters) == 1
        if self._shared:
            filters = [condition for condition in self._filters if condition]
        else:
            for condition, kpi in self._filters.items():
                if condition:
                    self.need(f"in_{kpi}", condition)
        columns = ", ".join(f"{text} AS {sql.name(name)}" for (text, _), name in self._columns.items())
        recent = self._recent()
        # Conditions were resolved, so their joins are known by now.
        source = joined(self.scope, base, steps, kept)

        def select(moment: datetime) -> str:
            gate = self.known or self._time
            every = [*conditions, *([gate.not_after(moment, self.catalog)] if gate else []), *filters]
            every += recent
            return f"SELECT {columns} {source}" + (f" WHERE {' AND '.join(every)}" if every else "")

        self.relation = steps.add(word, select(now))
        self.said = select(_NO_MOMENT)
        self._spread: dict[tuple[str, ...], str] = {}
        self._steps = steps

    def _recent(self) -> list[str]:
        """The condition of rows that can count from `since` on."""
        if self.since is None:
            return []
        if not self.under_way:
            return [self.time.about_from(self.since)]
        end = self.end()
        return [f"({end.column} IS NULL OR {end.about_from(self.since)})"] if end else []

    def days(self, which: str) -> str:
        """SELECT `which`, each local day, how many rows it has, and a hash of what was needed of them in any order."""
        named = [name for name in self._columns.values() if name != "day"]
        said = sql.hashed(named) if named else "''"
        day = "day"
        if "day" not in self._columns.values():
            day = f"{sql.as_day('moment', 'timestamptz', 'UTC', self.catalog.calendar.zone)} AS day"
        return f"SELECT {which}, {day}, COUNT(*) AS n, {said} AS said FROM {sql.name(self.relation)} GROUP BY ALL"

    def flag(self, kpi: Kpi) -> str:
        """The name of the column that says which rows a KPI reads; '' if it reads them all."""
        condition = self._condition(kpi.where)
        return "" if self._shared or not condition else self._columns[condition, ""]

    def grouped(
        self,
        select: str,
        keys: Sequence[str],
        sets: Sequence[Sequence[str]],
        where: Iterable[str] = (),
        join: str = "",
    ) -> str:
        """SELECT the cells and `select` from the rows, grouped by `keys` and each of the sets of cells.

        A cell that a set does not group by is null there: nulls of the data have become `(none)`, so a row's cells
        that are not null say which set it belongs to. A list-valued column puts a row into several cells, so each set
        that has one is read from rows spread over its values.
        """
        every = columns_of(sets)
        conditions = " AND ".join(filter(None, where))
        texts = []
        for source, groups in self.readings(sets):
            present = columns_of(groups)
            cells = "".join(
                f"{sql.name(c)}, " if c in present else f"CAST(NULL AS TEXT) AS {sql.name(c)}, " for c in every
            )
            where_text = f" WHERE {conditions}" if conditions else ""
            texts.append(
                f"SELECT {cells}{select} FROM {sql.name(source)} {join}{where_text} {sql.grouping(keys, groups)}"
            )
        return " UNION ALL ".join(texts)

    def each(self, select: str, sets: Sequence[Sequence[str]], where: Iterable[str] = ()) -> str:
        """SELECT the cells and `select` of each row as it is, once for each of the sets of cells."""
        conditions = " AND ".join(filter(None, where))
        where_text = f" WHERE {conditions}" if conditions else ""
        texts = []
        for source, groups in self.readings(sets):
            for group in groups:
                cells = "".join(
                    f"{sql.name(c)}, " if c in group else f"CAST(NULL AS TEXT) AS {sql.name(c)}, "
                    for c in columns_of(sets)
                )
                texts.append(f"SELECT {cells}{select} FROM {sql.name(source)}{where_text}")
        return " UNION ALL ".join(texts)

    def readings(self, sets: Sequence[Sequence[str]]) -> list[tuple[str, list[Sequence[str]]]]:
        """The relations that hold the rows, and for which sets of cells each of them is read."""
        plain = [s for s in sets if not self._lists & set(s)]
        spread = [(self.over(s), [s]) for s in sets if self._lists & set(s)]
        return [(self.relation, plain), *spread] if plain else spread

    def over(self, cells: Sequence[str]) -> str:
        """The relation to read for one set of cells: `rows`, or rows spread over its list-valued cells."""
        lists = tuple(c for c in cells if c in self._lists)
        if not lists:
            return self.relation
        if lists not in self._spread:
            replaced = ", ".join(f"UNNEST({sql.name(c)}) AS {sql.name(c)}" for c in lists)
            self._spread[lists] = self._steps.add(
                f"{self.relation}_by_{'_'.join(lists)}", f"SELECT * REPLACE ({replaced}) FROM {sql.name(self.relation)}"
            )
        return self._spread[lists]


def _named_anew(text: str, renamed: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN {sql.text(old)} THEN {sql.text(new)}" for old, new in sorted(renamed.items()))
    return f"CASE {text} {cases} ELSE {text} END"


def columns_of(sets: Iterable[Iterable[str]]) -> list[str]:
    """Every column of some sets of cells, once, in order."""
    return list(dict.fromkeys(column for cells in sets for column in cells))


def text_of_cell(found: Found, renamed: Mapping[str, str] = _AS_IT_IS) -> str:
    """SQL of what `model.cell_value` would write; values that were `renamed` go by their new name."""
    text = found.text
    none = sql.text(NONE_CELL)
    if renamed and found.type == "list":
        text = f"LIST_TRANSFORM(CAST({text} AS TEXT[]), value -> {_named_anew('value', renamed)})"
    elif renamed:
        return _named_anew(text_of_cell(found), renamed)
    match found.type:
        case "list":
            return f"COALESCE(NULLIF(LIST_DISTINCT(CAST({text} AS TEXT[])), []), [{none}])"
        case "text":
            return f"COALESCE({text}, {none})"
        case "number":
            # 3.0 is written 3, as people do.
            return f"COALESCE(REGEXP_REPLACE(CAST({text} AS TEXT), '\\.0$', ''), {none})"
        case _:
            return f"COALESCE(CAST({text} AS TEXT), {none})"

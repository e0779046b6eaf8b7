"""The small vocabulary of SQL that plans are written in, and the only place where engines differ.

A plan's CTEs are written as SQL text, so that the module reads like the query that it makes; `query` parses them.
Fragments are always read in DuckDB's dialect (any other reading loses arguments of `date_diff`). sqlglot carries the
result to other dialects; the functions below are those where it needs help.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from sqlglot import exp, parse_one
from sqlglot.optimizer.annotate_types import annotate_types

from headway.model import SqlType

DIALECT = "duckdb"
#: Words that sqlglot writes bare as names, and then cannot read as such everywhere: `tests/pins` has them all.
_UNREAD = frozenset(
    ["alter", "between", "drop", "force", "insert", "install", "recursive", "revoke", "rollback", "values"]
)


def query(text: str) -> exp.Query:
    """Parse a SELECT."""
    parsed = parse_one(text, read=DIALECT)
    assert isinstance(parsed, exp.Query), text
    return parsed


def name(*parts: str) -> str:
    """An identifier, quoted where it must be: `user_id`, `"order"`, `hubs."is staging"`."""
    return ".".join(map(_name, parts))


@lru_cache(maxsize=1 << 14)
def _name(part: str) -> str:
    """One identifier: a plan of many KPIs writes the same few names thousands of times."""
    return _identifier(part).sql(DIALECT)


def column(name: str, table: str) -> exp.Column:
    """A column of a table, as an expression."""
    return exp.column(_identifier(name), table=_identifier(table))


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=name in _UNREAD or None)


@lru_cache(maxsize=1 << 12)
def text(value: str) -> str:
    """A string literal."""
    return exp.Literal.string(value).sql(DIALECT)


def day(value: date) -> str:
    """A date literal."""
    return f"CAST('{value.isoformat()}' AS DATE)"


def moment(value: datetime) -> str:
    """A literal for a moment."""
    return f"CAST('{value.astimezone(UTC).replace(tzinfo=None).isoformat(' ')}+00' AS TIMESTAMPTZ)"


def column_list(names: Iterable[str], *, lead: str = "") -> str:
    """`a, b, ` : identifiers with a comma after each, so that a list may be empty. `lead` is a table."""
    return "".join(f"{name(lead, n) if lead else name(n)}, " for n in names)


# -- time ----------------------------------------------------------------------------------------------------------


def as_moment(column: str, kind: SqlType, times_in: str, zone: str) -> str:
    """The moment that a date, a timestamp without a zone (read in `times_in`) or one with a zone stands for.

    A local time that the autumn's clock change repeats means its first occurrence; engines take the last one, so an
    hour is tried off. One that spring skips moves forward.
    """
    if kind == "timestamptz":
        return column
    if kind == "date":
        # A local day begins at its first midnight; where clocks go back across midnight (Havana) there are two.
        return as_moment(f"CAST({column} AS TIMESTAMP)", "timestamp", zone, zone)
    if times_in == "UTC":
        # The same as AT TIME ZONE 'UTC', thirty times as fast.
        return f"MAKE_TIMESTAMPTZ(EPOCH_US({column}))"
    at = f"{column} AT TIME ZONE {text(times_in)}"
    if is_fixed(times_in):
        return at
    earlier = f"({at}) - INTERVAL 1 HOUR"
    return f"CASE WHEN ({earlier}) AT TIME ZONE {text(times_in)} = {column} THEN {earlier} ELSE {at} END"


def as_moment_of_any(column: str, times_in: str, zone: str) -> str:
    """The moment that an expression stands for whose type only the engine knows: `strptime` may name a zone or not."""
    of_type = f"CASE TYPEOF({column}) WHEN 'TIMESTAMP WITH TIME ZONE' THEN CAST({column} AS TIMESTAMPTZ)"
    of_day = as_moment(f"CAST({column} AS DATE)", "date", times_in, zone)
    naive = as_moment(f"CAST({column} AS TIMESTAMP)", "timestamp", times_in, zone)
    return f"{of_type} WHEN 'DATE' THEN {of_day} ELSE {naive} END"


def as_wall(column: str, kind: SqlType, times_in: str, zone: str) -> str:
    """What a clock on the wall in `zone` shows: a timestamp without a zone."""
    if kind == "date":
        return f"CAST({column} AS TIMESTAMP)"
    if kind == "timestamp":
        if times_in == zone:
            return column
        return f"({as_moment(column, kind, times_in, zone)}) AT TIME ZONE {text(zone)}"
    if zone == "UTC":
        # The same as AT TIME ZONE 'UTC', ten times as fast.
        return f"MAKE_TIMESTAMP(EPOCH_US({column}))"
    return f"{column} AT TIME ZONE {text(zone)}"


def as_day(column: str, kind: SqlType, times_in: str, zone: str) -> str:
    """The local day."""
    return column if kind == "date" else f"CAST({as_wall(column, kind, times_in, zone)} AS DATE)"


def as_hour(column: str, kind: SqlType, times_in: str, zone: str) -> str:
    """The local clock hour, as the epoch second at which it begins: cut on moments, so autumn's hours are two."""
    wall = as_wall(column, kind, times_in, zone)
    at = as_moment(column, kind, times_in, zone)
    return f"CAST(FLOOR(EPOCH({at}) - (EPOCH({wall}) - EPOCH(DATE_TRUNC('hour', {wall})))) AS BIGINT)"


def not_after(column: str, kind: SqlType, times_in: str, zone: str, now: datetime, today: date) -> str:
    """True for rows up to now; false or null for rows of the future and rows without time."""
    if kind == "date":
        return f"{column} <= {day(today)}"
    if kind == "timestamp" and times_in == "UTC":
        return f"{column} <= CAST('{now.astimezone(UTC).replace(tzinfo=None).isoformat(' ')}' AS TIMESTAMP)"
    return f"{as_moment(column, kind, times_in, zone)} <= {moment(now)}"


def about_from(column: str, kind: SqlType, first: date) -> str:
    """True for every row of a local day from `first` on, in whatever zones, and for some from just before.

    It compares the column as it is stored, so that an engine can skip what is older without reading it.
    """
    earlier = first - timedelta(days=2)
    if kind == "date":
        return f"{column} >= {day(earlier)}"
    if kind == "timestamp":
        return f"{column} >= CAST('{earlier.isoformat()} 00:00:00' AS TIMESTAMP)"
    return f"{column} >= {moment(datetime.combine(earlier, time(), UTC))}"


def is_fixed(zone: str) -> bool:
    """True for zones that never change their clocks, as far as the name says so."""
    return zone in ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu") or zone.startswith("Etc/GMT")


#: The sum that keeps count of what rounding loses (Kahan, Communications of the ACM 8, 1965).
SUMMED = "FSUM"


def summed(column: str) -> str:
    """The sum of floats, right to the last digits whatever their number and order."""
    return f"{SUMMED}({column})"


def hashed(columns: Iterable[str]) -> str:
    """A sum over rows that is the same for the same rows in any order, as text; of other rows it is another one."""
    return f"CAST(SUM(CAST(HASH({', '.join(map(name, columns))}) AS HUGEINT)) AS TEXT)"


# -- types ---------------------------------------------------------------------------------------------------------

_TYPES: dict[SqlType, str] = {
    "text": "TEXT",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "list": "TEXT[]",
}


_OF_LISTS = (
    *(exp.Split, exp.RegexpExtractAll, exp.ArrayAppend, exp.ArrayPrepend, exp.ArrayConcat, exp.ArrayDistinct),
    *(exp.ArrayFilter, exp.ArraySort, exp.Flatten, exp.Transform, exp.RegexpSplit, exp.JSONKeys, exp.MapKeys),
)
#: Those that sqlglot knows by name alone.
_NAMED_OF_LISTS = {
    *("regexp_split_to_array", "str_split_regex", "string_split_regex", "list_apply", "array_apply", "list_slice"),
    *("array_slice", "list_intersect", "array_intersect", "list_reverse", "array_reverse", "list_reverse_sort"),
    *("array_reverse_sort", "list_transform", "array_transform", "list_where", "list_select", "list_resize"),
    *("list_grade_up", "map_values", "list_cat", "list_distinct", "list_filter", "list_sort", "list_prepend"),
}


@lru_cache(maxsize=len(_TYPES))
def _null(kind: str) -> exp.Cast:
    """A null of a type."""
    return exp.cast(exp.null(), kind, dialect=DIALECT)


def type_of(expression: exp.Expr, columns: dict[str, SqlType]) -> SqlType:
    """The type of an expression whose columns (by their SQL) have these types; `other` where it cannot be told."""

    def typed(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            kind = _TYPES.get(columns.get(node.sql(DIALECT), "other"))
            return _null(kind).copy() if kind else node
        return node

    tree = _with_differences(exp.paren(expression.copy().transform(typed))).this
    if _is_list(tree):
        return "list"
    annotated = annotate_types(tree, dialect=DIALECT)
    if _is_whole_days(annotated):
        return "date"
    kind = _kind(annotated.type)
    return "other" if kind in ("timestamp", "timestamptz") and any(map(_is_moment_or_clock, tree.walk())) else kind


def _is_moment_or_clock(node: exp.Expr) -> bool:
    """True for functions whose answer is a moment, or what a clock shows, as their name and arguments have it."""
    if isinstance(node, exp.StrToTime):
        written = node.args.get("format")
        return not (isinstance(written, exp.Literal) and "%z" not in written.name.lower())
    return isinstance(node, exp.UnixToTime | exp.Anonymous)


def _with_differences(tree: exp.Expr) -> exp.Expr:
    """Differences of two days, which are whole numbers, and of two times, innermost first: sqlglot calls them times."""
    for node in reversed(list(tree.find_all(exp.Sub))):
        kinds = {_kind(annotate_types(side.copy(), dialect=DIALECT).type) for side in (node.this, node.expression)}
        if kinds == {"date"}:
            node.replace(exp.cast(exp.null(), "BIGINT", dialect=DIALECT))
        elif kinds <= {"date", "timestamp", "timestamptz"}:
            node.replace(exp.cast(exp.null(), "INTERVAL", dialect=DIALECT))
    return tree


def _is_list(tree: exp.Expr) -> bool:
    """True for expressions whose answer is a list; sqlglot cannot say so of all of them."""
    if isinstance(tree, exp.Paren):
        return _is_list(tree.this)
    if isinstance(tree, exp.DPipe):
        return _is_list(tree.this) or _is_list(tree.expression)
    if isinstance(tree, exp.Coalesce):
        return _is_list(tree.this)
    if isinstance(tree, exp.Anonymous):
        return tree.name.lower() in _NAMED_OF_LISTS
    is_cast_or_literal = isinstance(tree, exp.Cast | exp.Array | exp.Bracket)
    return isinstance(tree, _OF_LISTS) or (
        is_cast_or_literal and _kind(annotate_types(tree.copy(), dialect=DIALECT).type) == "list"
    )


_DAYS = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}


def _is_whole_days(tree: exp.Expr) -> bool:
    """True for a date moved or cut by whole days: DuckDB makes a timestamp of it, but it means a day."""
    if isinstance(tree, exp.Paren):
        return _is_whole_days(tree.this)
    if isinstance(tree, exp.DateTrunc | exp.TimestampTrunc):
        return tree.this.is_type("date") and tree.text("unit").upper() in _DAYS
    if isinstance(tree, exp.Add | exp.Sub) and isinstance(tree.expression, exp.Interval):
        moved = tree.this.is_type("date") or _is_whole_days(tree.this)
        return moved and tree.expression.text("unit").upper().rstrip("S") in _DAYS
    return False


def _kind(kind: exp.DataType | None) -> SqlType:
    if kind is None:
        return "other"
    this = kind.this
    if this in (exp.DataType.Type.ARRAY, exp.DataType.Type.LIST):
        return "list"
    if this in exp.DataType.TEXT_TYPES:
        return "text"
    if this in exp.DataType.INTEGER_TYPES:
        return "integer"
    if this in exp.DataType.REAL_TYPES:
        return "number"
    if this == exp.DataType.Type.BOOLEAN:
        return "boolean"
    if this in (exp.DataType.Type.DATE, exp.DataType.Type.DATE32):
        return "date"
    if this in (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ):
        return "timestamptz"
    if this in exp.DataType.TEMPORAL_TYPES:
        return "timestamp"
    return "other"


# -- names and steps -----------------------------------------------------------------------------------------------


class Names:
    """Names that are free: the first to ask gets the plain word, the next one `word_2`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {word.lower() for word in taken}

    def free(self, word: str) -> str:
        """A name like `word` that nobody has, now taken."""
        found, number = word, 2
        while found.lower() in self._taken:
            found, number = f"{word}_{number}", number + 1
        self._taken.add(found.lower())
        return found


class Steps:
    """A query in the making: named CTEs in order, and the SELECTs whose rows together are the answer."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._names = Names(taken)
        self._steps: list[tuple[str, str]] = []
        self._outputs: list[str] = []
        self._kept: set[str] = set()

    def reserve(self, word: str) -> str:
        """A free name for a table that is registered beside the query."""
        return self._names.free(word)

    def add(self, word: str, select: str, *, keep: bool = False) -> str:
        """Add a CTE called `word`, or as near as it is free, kept if asked, though one step reads it; its name."""
        free = self._names.free(word)
        self._steps.append((free, select))
        if keep:
            self._kept.add(free)
        return free

    def output(self, select: str) -> None:
        """Add rows to the answer."""
        self._outputs.append(select)

    def __str__(self) -> str:
        """The whole as it was added, a line each."""
        return "\n".join([*(f"{free}: {select}" for free, select in self._steps), *self._outputs])

    def asked(self, select: str) -> exp.Query:
        """Another query over these steps, with those alone that it needs."""
        whole, needed = query(select), list[tuple[str, exp.Query]]()
        read = Counter(table.name for table in whole.find_all(exp.Table))
        for free, text in reversed(self._steps):
            if read[free]:
                needed.append((free, query(text)))
                read.update(table.name for table in needed[-1][1].find_all(exp.Table))
        for free, tree in reversed(needed):
            whole = whole.with_(_identifier(free), as_=tree, materialized=read[free] > 1 or None, copy=False)
        return whole

    def query(self) -> exp.Query:
        """The whole. A step that several others read is computed once, and kept."""
        whole = query(" UNION ALL ".join(self._outputs))
        steps = [(free, query(select)) for free, select in self._steps]
        read = Counter(table.name for tree in (whole, *(s for _, s in steps)) for table in tree.find_all(exp.Table))
        for free, select in steps:
            kept = True if read[free] > 1 or free in self._kept else None
            whole = whole.with_(_identifier(free), as_=select, materialized=kept, copy=False)
        return whole


def grouping(columns: Sequence[str], sets: Sequence[Sequence[str]]) -> str:
    """GROUP BY `columns`, once alone and once with each further set: `GROUP BY GROUPING SETS ((day), (day, hub))`."""
    if list(map(list, sets)) == [[]]:
        return "GROUP BY " + ", ".join(map(name, columns))
    groups = ("(" + ", ".join(map(name, [*columns, *extra])) + ")" for extra in sets)
    return f"GROUP BY GROUPING SETS ({', '.join(groups)})"

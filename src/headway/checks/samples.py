"""Some of the rows that fail a check, for those who mend them: asked only where one fails, and without people.

A sample has the key, the time, and the columns that the rule is about. Whatever tells who somebody is never leaves the
engine: columns under `people`, the keys of people and whatever refers to these, in any number of steps and either way;
all columns of a source whose rows are people; and what is derived from any of these. A text with an @ is masked, too,
wherever it stands: people write addresses into any column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
from sqlglot import exp, parse_one

from headway.checks.declared import Rows
from headway.model import (
    KEY,
    OF_ROWS,
    REFERS,
    Between,
    Catalog,
    Check,
    Checked,
    Holds,
    Latency,
    Matches,
    NotNull,
    OneOf,
    Schemas,
    Source,
    Unique,
)
from headway.plan import sql
from headway.plan.rows import referred
from headway.plan.scope import Scope

#: How many rows are kept of each check, how long a value may be, and what stands in the place of a person.
ROWS = 5
_LONGEST = 80
MASKED = "•••"

Sample = tuple[Mapping[str, str | None], ...]


def ask(catalog: Catalog, schemas: Schemas, source: str, checked: Sequence[Checked]) -> exp.Query | None:
    """Some rows that fail each of these checks, or None if none is about rows that fail.

    The answer has a row for each: `number` of the check in `checked`, and `value_0` ... as texts.
    """
    found = _Sampled(catalog, schemas, catalog.sources[source])
    failing = {n: one for n, one in enumerate(checked) if one.failed}
    wanted = {n: way for n, one in failing.items() if (way := found.fails(n, one)) is not None}
    if not wanted:
        return None
    width = max(len(found.columns(checked[n].check)) for n in wanted)
    people = people_columns(catalog, schemas)
    for n in wanted:
        for i, name in enumerate(found.columns(checked[n].check)):
            found.rows.need(found.text(name, people), f"shown_{n}_{i}")
    order = found.order()
    base = found.rows.write()
    for n in wanted:
        count = len(found.columns(checked[n].check))
        shown = [f"shown_{n}_{i}" if i < count else "CAST(NULL AS TEXT)" for i in range(width)]
        listed = ", ".join(f"{text} AS value_{i}" for i, text in enumerate(shown))
        found.rows.steps.output(
            f"SELECT * FROM (SELECT {n} AS number, {listed} FROM {sql.name(base)} AS rows WHERE fails_{n} "
            f"ORDER BY {order} LIMIT {ROWS}) AS failing_{n}"
        )
    return found.rows.steps.query()


def read(catalog: Catalog, source: str, checked: Sequence[Checked], answer: pa.Table) -> dict[str, Sample]:
    """The answer of `ask`: by the name of the check, the rows as texts by column."""
    found: dict[str, list[Mapping[str, str | None]]] = {}
    for row in answer.to_pylist():
        name = checked[row["number"]].check
        columns = _columns(catalog.sources[source], name)
        found.setdefault(name, []).append({c: _shown(row[f"value_{i}"]) for i, c in enumerate(columns)})
    return {name: tuple(rows) for name, rows in found.items()}


def _shown(value: str | None) -> str | None:
    if value is None:
        return None
    if "@" in value:
        return MASKED
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


class _Sampled:
    """The rows of a source with a column that says which fail each check, those included that nobody declares."""

    def __init__(self, catalog: Catalog, schemas: Schemas, source: Source) -> None:
        self.source = source
        self.rows = Rows(catalog, schemas, source)

    def columns(self, check: str) -> list[str]:
        """The columns that a sample of a check shows."""
        return _columns(self.source, check)

    def fails(self, n: int, one: Checked) -> str | None:
        """Add the column that says which rows fail; None for a rule that is not about rows."""
        rows, name = self.rows, one.check
        if name == KEY:
            key = [rows.scope.column(column).text for column in self.source.key]
            missing = " OR ".join(f"{column} IS NULL" for column in key)
            rows.need(f"{missing} OR COUNT(*) OVER (PARTITION BY {', '.join(key)}) > 1", f"fails_{n}")
        elif name.startswith(REFERS):
            reference = self.source.refers[name.removeprefix(REFERS)]
            target = rows.catalog.sources[reference.source]
            inner = Scope(rows.catalog, rows.schemas, target.name)
            key_text = inner.column(target.key[0]).text
            relation = referred(rows.scope, target.name, rows.steps, rows.kept)
            keys = rows.steps.add(
                f"{target.name}_keys",
                f"SELECT {key_text} AS found FROM {sql.name(relation)} AS {sql.name(target.name)}",
            )
            own = rows.scope.column(reference.column).text
            rows.need(
                f"{own} IS NOT NULL AND {own} NOT IN (SELECT found FROM {keys} WHERE found IS NOT NULL)", f"fails_{n}"
            )
        else:
            check = next(check for check in self.source.checks if check.name == name)
            if not isinstance(check.rule, OF_ROWS):
                return None
            rows.fails(n, check)
        return f"fails_{n}"

    def text(self, name: str, people: Collection[tuple[str, str]]) -> str:
        """A column as text; one that tells of people says only whether there is a value."""
        text = self.rows.scope.column(name).text
        if tells(self.rows.scope, name, people):
            return f"CASE WHEN {text} IS NOT NULL THEN {sql.text(MASKED)} END"
        return f"CAST({text} AS TEXT)"

    def order(self) -> str:
        """The newest rows first, and always the same ones."""
        names = [*([self.source.time] if self.source.time else []), *self.source.key]
        for i, name in enumerate(names):
            self.rows.need(self.rows.scope.column(name).text, f"order_{i}")
        ordered = [f"order_{i} DESC NULLS LAST" for i in range(len(names))]
        return ", ".join(ordered) or "ALL"


def _columns(source: Source, check: str) -> list[str]:
    """The key, the time, and what the check is about, each once."""
    if check == KEY:
        about: Sequence[str] = ()
    elif check.startswith(REFERS):
        about = [check.removeprefix(REFERS)]
    else:
        about = _about(next(one for one in source.checks if one.name == check))
    return list(dict.fromkeys([*source.key, *([source.time] if source.time else []), *about]))


def _about(check: Check) -> Sequence[str]:
    """The columns that a rule over rows names."""
    match check.rule:
        case NotNull(columns=columns) | Unique(columns=columns):
            return columns
        case Between(limits=by_column) | OneOf(values=by_column) | Matches(patterns=by_column):
            return list(by_column)
        case Latency(begin=begin, end=end):
            return [begin, end]
        case Holds(expression=expression):
            tree: exp.Expr = parse_one(expression.text, read=sql.DIALECT, into=exp.Condition)
            arguments = {parameter.name for node in tree.find_all(exp.Lambda) for parameter in node.expressions}
            paths = (".".join(part.name for part in node.parts) for node in tree.find_all(exp.Column))
            return [path for path in dict.fromkeys(paths) if path not in arguments]
    return []


# -- people ------------------------------------------------------------------------------------------------------------


def people_columns(catalog: Catalog, schemas: Schemas) -> frozenset[tuple[str, str]]:
    """Every column of the data, with its source, that tells who somebody is."""
    told = {
        found
        for source in catalog.sources.values()
        for column in source.people
        for found in _origins(catalog, schemas, source.name, column)
    }
    while True:
        before = len(told)
        for source in catalog.sources.values():
            for reference in source.refers.values():
                target = catalog.sources[reference.source]
                ends = [
                    _origins(catalog, schemas, source.name, reference.column),
                    {found for key in target.key for found in _origins(catalog, schemas, target.name, key)},
                ]
                if any(end & told for end in ends):
                    told |= ends[0] | ends[1]
            if any(_origins(catalog, schemas, source.name, key) & told for key in source.key):
                told |= {(source.name, column) for column in schemas.get(source.name, {})}
        if len(told) == before:
            return frozenset(told)


def tells(scope: Scope, column: str, people: Collection[tuple[str, str]]) -> bool:
    """True if a column, as the rows of a source name it, tells who somebody is."""
    return bool(_read(scope, column) & set(people))


def _origins(catalog: Catalog, schemas: Schemas, source: str, column: str) -> set[tuple[str, str]]:
    """The columns of the data that one is made of, each with its source."""
    if source not in schemas:
        return {(source, column)}
    return _read(Scope(catalog, schemas, source), column)


def _read(scope: Scope, column: str) -> set[tuple[str, str]]:
    found = scope.column(column)
    sources = {scope.alias(()): scope.source} | {alias: source for source, alias, _ in scope.joins()}
    return {(sources[node.table], node.name) for node in found.sql.find_all(exp.Column) if node.table in sources}

"""In which cells the rows lie that fail a check, so that other cells of the same periods are shown.

A cell is what the total would be if the source held that cell's rows alone. So a row that fails says nothing of the
cells that it is not in, but for these: kinds that class people or customers by all of their rows; a breakdown that is
read from a column which the check is about, because the row may belong elsewhere; totals that are rows of their own.
There, whole periods are withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

import pyarrow as pa
from sqlglot import exp, parse_one

from headway.checks.declared import failing_rows
from headway.checks.touching import Failing
from headway.model import (
    Accrue,
    Aggregate,
    Availability,
    Balance,
    Between,
    Catalog,
    Check,
    Concurrency,
    Distinct,
    Holds,
    Kpi,
    Latency,
    Matches,
    NotNull,
    Nps,
    OneOf,
    Open,
    Quantile,
    Schemas,
    Share,
    Total,
    Unique,
    cell_text,
    read_cell,
)
from headway.periods import stretches
from headway.plan import sql
from headway.plan.scope import Scope
from headway.quality import Touch

#: Kinds whose cells are made of their own rows alone.
_OF_OWN_ROWS = (Accrue, Aggregate, Availability, Balance, Concurrency, Distinct, Nps, Open, Quantile, Share)
#: Of more rows than this nobody asks where each of them lies.
MOST = 100_000


def apart(catalog: Catalog, schemas: Schemas, kpi: Kpi, failing: Collection[Failing]) -> list[int]:
    """The checks of the KPI's source, by their numbers, of which failing rows touch no more than their own cells."""
    is_own = isinstance(kpi.measure, _OF_OWN_ROWS) and kpi.dated_by == (kpi.source, kpi.time)
    if not kpi.by or not is_own or kpi.total is not Total.COMPUTED:
        return []
    assert kpi.source is not None
    by = {column for cross in kpi.by for column in cross}
    shown = set().union(*(_read(catalog, schemas, kpi.source, column) for column in by))
    checks = catalog.sources[kpi.source].checks
    numbers = {one.number for one in failing if one.number is not None and one.rows <= MOST}
    return [n for n in sorted(numbers) if not shown & _looked_at(catalog, schemas, kpi.source, checks[n])]


def ask(catalog: Catalog, schemas: Schemas, kpi: Kpi, numbers: Sequence[int]) -> exp.Query:
    """The days and cells of the rows that fail some checks of the KPI's source."""
    assert kpi.source is not None
    columns = list(dict.fromkeys(column for cross in kpi.by for column in cross))
    time = kpi.time or catalog.sources[kpi.source].time
    return failing_rows(catalog, schemas, kpi.source, numbers, time, columns, kpi.at("by"))


def read(catalog: Catalog, kpi: Kpi, answer: pa.Table) -> Cells:
    """The answer of `ask`: by cell, the stretches of days on which rows of it fail. '' is the total."""
    assert kpi.source is not None
    checks = catalog.sources[kpi.source].checks
    columns = list(dict.fromkeys(column for cross in kpi.by for column in cross))
    days: dict[str, dict[int, set[date | None]]] = {"": {}}
    for row in answer.to_pylist():
        days[""].setdefault(row["number"], set()).add(row["day"])
        values = {column: _named_today(kpi, column, row[f"cell_{n}"]) for n, column in enumerate(columns)}
        for cross in kpi.by:
            # A list puts a row into several cells.
            sets = [value if isinstance(value, list) else [value] for value in (values[column] for column in cross)]
            for found in product(*sets):
                cell = cell_text(tuple(zip(cross, found, strict=True)))
                days.setdefault(cell, {}).setdefault(row["number"], set()).add(row["day"])
    return {
        cell: [
            Touch(f"{kpi.source}.{checks[number].name}", first, last)
            for number, some in sorted(by_check.items())
            for first, last in stretches(some)
        ]
        for cell, by_check in days.items()
    }


def _named_today(kpi: Kpi, column: str, value: Any) -> Any:
    """A value of a breakdown, or a list of them, by the names that they have today."""
    renamed = kpi.revalued.get(column, {})
    return [renamed.get(one, one) for one in value] if isinstance(value, list) else renamed.get(value, value)


def parted(
    catalog: Catalog, schemas: Schemas, kpi: Kpi, touches: Sequence[Touch], cells: Iterable[str]
) -> tuple[Cells, Cells]:
    """What fails of parts of the rows: by cell, what touches the part itself, and what touches more than that part.

    Of a KPI broken down by the same column, a part touches the cells that are its own, and leaves the other ones; the
    total holds them all. Any other cell may have rows of the part.
    """
    own: dict[str, list[Touch]] = {}
    more: dict[str, list[Touch]] = {}
    same = {}
    for touch in touches:
        assert touch.part
        column = touch.part[0]
        if column not in same:
            same[column] = _same(catalog, schemas, kpi, column)
    for cell in cells:
        values = dict(read_cell(cell))
        for touch in touches:
            assert touch.part
            column, value = touch.part
            mine = [values[name] == _named_today(kpi, name, value) for name in same[column] if name in values]
            if any(mine):
                own.setdefault(cell, []).append(touch)
            elif not mine:
                more.setdefault(cell, []).append(touch)
    return own, more


def _same(catalog: Catalog, schemas: Schemas, kpi: Kpi, column: str) -> list[str]:
    """The columns of a KPI's breakdowns that say what a column of its source does, if its cells are their own rows."""
    is_own = isinstance(kpi.measure, _OF_OWN_ROWS) and kpi.dated_by == (kpi.source, kpi.time)
    if not column or not is_own or kpi.total is not Total.COMPUTED or kpi.source is None:
        return []
    scope = Scope(catalog, schemas, kpi.source)
    wanted = scope.column(column).sql
    names = dict.fromkeys(name for cross in kpi.by for name in cross)
    return [name for name in names if scope.column(name, kpi.at("by")).sql == wanted]


def _looked_at(catalog: Catalog, schemas: Schemas, source: str, check: Check) -> set[str]:
    """The columns of the data that a rule over rows is about; which rows it looks at is not asked."""
    match check.rule:
        case NotNull(columns=columns) | Unique(columns=columns):
            names: Sequence[str] = columns
        case Between(limits=by_column) | OneOf(values=by_column) | Matches(patterns=by_column):
            names = list(by_column)
        case Latency(begin=begin, end=end):
            names = [begin, end]
        case Holds(expression=expression):
            scope = Scope(catalog, schemas, source)
            return _columns(scope, scope.expression(expression).sql)
        case _:
            raise AssertionError(check.rule)
    return set().union(*(_read(catalog, schemas, source, name) for name in names))


def _read(catalog: Catalog, schemas: Schemas, source: str, column: str) -> set[str]:
    """The columns of the data that a column is read from, those of the references that lead there among them."""
    scope = Scope(catalog, schemas, source)
    return _columns(scope, scope.column(column).sql)


def _columns(scope: Scope, tree: exp.Expr) -> set[str]:
    trees = [tree, *(parse_one(on, read=sql.DIALECT) for _, _, on in scope.joins())]
    return {column.sql(sql.DIALECT) for one in trees for column in one.find_all(exp.Column)}


#: What touches each cell.
Cells = Mapping[str, Sequence[Touch]]

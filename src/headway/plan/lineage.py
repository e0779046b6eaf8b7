"""What a KPI's numbers are made of: each column of each source that its query reads, and what it is read for.

The query itself is asked, not the catalogue: a column counts if what the query answers depends on it, through joins,
derived columns, exclusions and versions alike. What each is for is then looked up in the catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope as Step
from sqlglot.optimizer.scope import build_scope, walk_in_scope

from headway.errors import CatalogError
from headway.model import Catalog, Duration, Expression, Kpi, RowMeasure, Schemas
from headway.plan.scope import Scope

#: Source -> column -> what it is read for.
Lineage = Mapping[str, Mapping[str, tuple[str, ...]]]


class Use(StrEnum):
    """What a column is read for. The words stand on the page as they are."""

    VALUE = "value"
    FILTER = "filter"
    BREAKDOWN = "breakdown"
    TIME = "time"
    REFERENCE = "reference"  # a key, or the column that holds one
    EXCLUSION = "exclusion"
    VERSION = "version"  # which of the rows with one key is the latest
    PEOPLE = "people"  # who stands behind a cell, so that small groups are withheld
    OTHER = "also read"


def lineage(catalog: Catalog, schemas: Schemas, kpi: Kpi, query: exp.Query) -> Lineage | None:
    """The columns that `query`, which is of this KPI alone, reads of each source.

    None if that cannot be told: a function of the project may write what is beyond sqlglot, and still runs.
    """
    reading = _Reading(schemas)
    try:
        step = build_scope(query)
        assert step, "a plan is a SELECT"
        reading.whole(step)
    except SqlglotError:
        return None
    uses = _uses(catalog, schemas, kpi, reading.found)

    def some(at: tuple[str, str]) -> set[Use]:
        source, column = catalog.sources[at[0]], at[1]
        versions = {*source.key, *source.latest_by} if source.latest_by else set()
        rest = Use.PEOPLE if column in source.people else Use.VERSION if column in versions else Use.OTHER
        return uses.get(at, {rest})

    told = {
        source: {column: tuple(use for use in Use if use in some((source, column))) for column in read}
        for source, read in reading.found.items()
    }
    rank: dict[str, int] = {use: number for number, use in enumerate(Use)}

    def first(column: tuple[str, tuple[str, ...]]) -> list[int]:
        return [rank[use] for use in column[1]]

    return {source: dict(sorted(read.items(), key=first)) for source, read in told.items()}


class _Reading:
    """A walk from what a query answers back to the columns of sources: what nobody asks for is not followed."""

    def __init__(self, schemas: Schemas) -> None:
        self.found: dict[str, dict[str, None]] = {}
        self._schemas = schemas
        self._seen: set[tuple[int, object]] = set()

    def whole(self, step: Step) -> None:
        """All that a step selects."""
        if self._first(step, "whole"):
            self._rows(step)
            for part in step.set_operation_scopes:
                self.whole(part)
            for column in _columns(step.expression):
                self._column(step, column.table, column.name)
            for source in _sources(step).values() if _has_star(step) else ():
                if isinstance(source, Step):
                    self.whole(source)

    def _named(self, step: Step, name: str) -> None:
        """One column that a step selects, by its name."""
        names = [one.alias_or_name for one in _selects(step)]
        if name in names:
            self._selected(step, names.index(name))
        elif _has_star(step) and not step.set_operation_scopes:
            self._rows(step)
            self._column(step, "", name)
        else:
            self.whole(step)

    def _selected(self, step: Step, position: int) -> None:
        """One column that a step selects, by its position: that is how the parts of a union go together."""
        if not self._first(step, position):
            return
        if (_has_star(step) and step.set_operation_scopes) or step.expression.args.get("distinct"):
            self.whole(step)
            return
        self._rows(step)
        for part in step.set_operation_scopes:
            self._selected(part, position)
        if not step.set_operation_scopes:
            for column in _columns(_selects(step)[position]):
                self._column(step, column.table, column.name)

    def _rows(self, step: Step) -> None:
        """What decides which rows a step has, whatever is asked of them."""
        if not self._first(step, "rows"):
            return
        for part in step.set_operation_scopes:
            self._rows(part)
        for source in _sources(step).values():
            if isinstance(source, Step):
                self._rows(source)
            elif source.name in self._schemas:
                self.found.setdefault(source.name, {})
        for inner in step.subquery_scopes:
            self.whole(inner)
        if step.set_operation_scopes:  # its parts are steps of their own
            return
        names = {one.alias_or_name for one in _selects(step)}
        for column in _around(step.expression):
            if not column.table and column.name in names:
                self._named(step, column.name)
            else:
                self._column(step, column.table, column.name)
        for join in step.expression.args.get("joins") or ():
            for shared in join.args.get("using") or ():
                self._column(step, "", shared.name)

    def _column(self, step: Step, table: str, name: str) -> None:
        """A column as a step names it: of a source, or of a step before."""
        sources = _sources(step)
        for source in [sources[table]] if table in sources else sources.values():
            if isinstance(source, Step):
                self._named(source, name)
            elif name in self._schemas.get(source.name, {}):
                self.found.setdefault(source.name, {})[name] = None

    def _first(self, step: Step, what: object) -> bool:
        """True the first time that this is asked."""
        first = (id(step), what) not in self._seen
        self._seen.add((id(step), what))
        return first


def _columns(tree: exp.Expr) -> Iterator[exp.Column]:
    """The columns in a part of a step, but for those of the steps inside it and the arguments of lambdas."""
    for node in walk_in_scope(tree):
        if isinstance(node, exp.Column):
            around = node.find_ancestor(exp.Lambda)
            if node.table or around is None or node.name not in [one.name for one in around.expressions]:
                yield node


def _around(select: exp.Expr) -> Iterator[exp.Column]:
    """The columns beside those that are selected: in conditions, groups and orders."""
    for key, parts in select.args.items():
        for part in parts if isinstance(parts, list) else [parts]:
            if key not in ("expressions", "with_") and isinstance(part, exp.Expr):
                yield from _columns(part)


def _sources(step: Step) -> dict[str, exp.Expr | Step]:
    """What a step reads, by the name that it has there."""
    return {name: source for name, (_, source) in step.selected_sources.items()}


def _selects(step: Step) -> list[exp.Expr]:
    """What a step selects, in order; of a union, what its first part does."""
    return step.expression.selects if isinstance(step.expression, exp.Query) else []


def _has_star(step: Step) -> bool:
    return any(one.is_star for one in _selects(step))


def _uses(catalog: Catalog, schemas: Schemas, kpi: Kpi, read: Collection[str]) -> dict[tuple[str, str], set[Use]]:
    """What the catalogue says the columns of the sources that are read are for."""
    found: dict[tuple[str, str], set[Use]] = {}
    for use, source, name in (*_declared(catalog, kpi), *_implied(catalog, read)):
        scope = Scope(catalog, schemas, source)
        with suppress(CatalogError):  # what cannot be resolved is not read
            one = scope.column(name) if isinstance(name, str) else scope.expression(name)
            at = {source: source} | {scope.alias(path): end for path, end in scope.paths().items()}
            for column in one.sql.find_all(exp.Column):
                found.setdefault((at.get(column.table, ""), column.name), set()).add(use)
    return found


_Named = tuple[Use, str, str | Expression]


def _declared(catalog: Catalog, kpi: Kpi) -> Iterator[_Named]:
    """The names and expressions of a KPI, each with the source that it is about."""
    measure = kpi.measure
    if not isinstance(measure, RowMeasure):
        return
    named: list[_Named] = [(Use.VALUE, measure.source, column) for column in measure.columns]
    named += [(Use.VALUE, measure.source, condition) for condition in measure.conditions]
    named += [(Use.FILTER, measure.picks, kpi.where)] if kpi.where else []
    by = dict.fromkeys(column for cross in kpi.by for column in cross if column not in measure.built_in)
    named += [(Use.BREAKDOWN, measure.picks, column) for column in by]
    for mark in (measure.begin, measure.end) if isinstance(measure, Duration) else ():
        named += [(Use.VALUE, mark.source, mark.column)]
        named += [(Use.FILTER, mark.source, mark.where)] if mark.where else []
    beside = (getattr(measure, "since", None), getattr(measure, "plus", None))
    named += [(Use.VALUE, *one) for one in beside if one]
    yield from named
    dated, column = kpi.dated_by or (measure.source, None)
    for source in (catalog.sources[name] for name in measure.sources):
        times = (source.until, source.through, column if source.name == dated and column else source.time)
        yield from ((Use.TIME, source.name, time) for time in times if time)


def _implied(catalog: Catalog, read: Collection[str]) -> Iterator[_Named]:
    """What the sources that are read declare themselves: references to each other, and exclusions."""
    for source in (catalog.sources[name] for name in read):
        for column, reference in source.refers.items():
            if reference.source in read:
                yield Use.REFERENCE, source.name, column
                yield from ((Use.REFERENCE, reference.source, key) for key in catalog.sources[reference.source].key)
        for exclusion in source.exclude:
            yield Use.EXCLUSION, source.name, exclusion.where
            if source.time and (exclusion.first or exclusion.through):
                yield Use.EXCLUSION, source.name, source.time

"""Names: what a column means in the rows of a source, through derived columns and references, nearest first.

`hub_type` on sessions may be a column of sessions, one that its `derive` makes, or one of hubs, because sessions refer
to hubs. A reference is a LEFT JOIN many to one, so rows never multiply and never vanish. A path (`author.joined_on`)
says which way to go where two ways lead to the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property

from sqlglot import exp, parse_one

from headway.catalog.sqltext import span
from headway.errors import CatalogError, Mistake, Place
from headway.model import Catalog, Expression, Schemas, SqlType
from headway.plan import sql

#: The columns of references that lead from a source to another: () is the source itself.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A name, resolved: SQL over the source and its joins, its type, and the paths of the joins it needs.

    All that ask for a name share what was found: copy the tree before you change it.
    """

    sql: exp.Expr
    type: SqlType
    joins: tuple[Path, ...] = ()

    @cached_property
    def text(self) -> str:
        """Its SQL as text."""
        return self.sql.sql(sql.DIALECT)


@dataclass
class Scope:
    """What the rows of one source can see. Resolving a name remembers the joins that it needs, in order."""

    catalog: Catalog
    schemas: Schemas
    source: str
    _joins: dict[Path, None] = field(default_factory=dict)
    _aliases: dict[Path, str] = field(default_factory=dict)
    _deriving: list[tuple[Path, str]] = field(default_factory=list)
    #: What names and expressions came to, by where they are read: many KPIs have the same breakdowns and filters.
    _named: dict[str, Found] = field(default_factory=dict)
    _known: dict[tuple[Path, str], Found] = field(default_factory=dict)

    # -- asking --------------------------------------------------------------------------------------------------

    def column(self, name: str, place: Place | None = None) -> Found:
        """Resolve a column or path as written in `by`, `time` or after a source's dot."""
        if (found := self._named.get(name)) is None:
            found = self._named[name] = self._resolve((), name.split("."), place)
        self._joins.update(dict.fromkeys(found.joins))
        return found

    def origin(self, name: str) -> tuple[str, str]:
        """The source and column that a name means in the end: of a reference, the key that it holds."""
        *steps, last = name.split(".")
        path = self._nearest(tuple(steps), last, None, name)
        source = self._source(path)
        while (reference := self.catalog.sources[source].refers.get(last)) is not None:
            source, last = reference.source, self.catalog.sources[reference.source].key[0]
        return source, last

    def expression(self, expression: Expression) -> Found:
        """Resolve every name in a row expression of this source."""
        found = self._expression((), expression)
        self._joins.update(dict.fromkeys(found.joins))
        return found

    def condition(self, expression: Expression) -> str:
        """A row expression as a condition in which null counts as false."""
        found = self.expression(expression)
        return f"COALESCE({found.text if found.type == 'boolean' else f'CAST({found.text} AS BOOLEAN)'}, FALSE)"

    def joins(self) -> Iterator[tuple[str, str, str]]:
        """The joins needed so far: (source, alias, condition)."""
        for path in list(self._joins):
            yield self._source(path), self.alias(path), self._on(path)

    def paths(self) -> dict[Path, str]:
        """The joins needed so far: each path of references, and the source at its end."""
        return {path: self._source(path) for path in self._joins}

    def alias(self, path: Path) -> str:
        """What the source at the end of a path is called in the SQL: its name, or `users_of_author`."""
        if path not in self._aliases:
            source = self._source(path)
            taken = set(self._aliases.values()) | {self.source}
            self._aliases[path] = source if not path or source not in taken else f"{source}_of_{'_'.join(path)}"
        return self._aliases[path]

    # -- resolving -----------------------------------------------------------------------------------------------

    def _source(self, path: Path) -> str:
        source = self.source
        for step in path:
            source = self.catalog.sources[source].refers[step].source
        return source

    def _names(self, source: str) -> dict[str, None]:
        """Every name of one source: columns of its data, then derived ones."""
        return dict.fromkeys([*self.schemas.get(source, {}), *self.catalog.sources[source].derive])

    def _resolve(self, base: Path, parts: Sequence[str], place: Place | None) -> Found:
        """Look a name up from the source at `base`: each part but the last is a reference to follow."""
        path = base
        for number, step in enumerate(parts[:-1]):
            if step not in self.catalog.sources[self._source(path)].refers:
                raise self._unknown(path, ".".join(parts), ".".join(parts[: number + 1]), place)
            path = (*path, step)
        at = self._nearest(path, parts[-1], place, ".".join(parts))
        return self._take(at, parts[-1], place)

    def _nearest(self, base: Path, name: str, place: Place | None, written: str) -> Path:
        """The path, from `base`, of the nearest source that has `name`."""
        level: list[Path] = [base]
        while level:
            found = [path for path in level if name in self._names(self._source(path))]
            if len(found) == 1:
                return found[0]
            if found:
                ways = " or ".join(f"'{'.'.join((*path[len(base) :], name))}'" for path in found)
                raise CatalogError(
                    Mistake(
                        f"'{written}' can mean columns of {self._sources_of(found)}",
                        "ambiguous-column",
                        place,
                        f"Say which way to go: {ways}.",
                    )
                )
            level = [
                (*path, column)
                for path in level
                for column, reference in self.catalog.sources[self._source(path)].refers.items()
                # A source that refers to itself (employee, manager) is only followed by name.
                if reference.source not in self._passed(path)
            ]
        raise self._unknown(base, written, name, place)

    def _passed(self, path: Path) -> set[str]:
        return {self._source(path[:i]) for i in range(len(path) + 1)}

    def _sources_of(self, paths: Sequence[Path]) -> str:
        return " and ".join(
            f"'{self._source(path)}' (through {'.'.join(path)})" if path else f"'{self._source(path)}'"
            for path in paths
        )

    def _take(self, path: Path, name: str, place: Place | None) -> Found:
        """A name of the source at `path`: a column of its data, or what its `derive` says."""
        source = self.catalog.sources[self._source(path)]
        joins = self._joins_to(path)
        derived = source.derive.get(name)
        if derived is None:
            kind = self.schemas.get(source.name, {}).get(name)
            if kind is None:
                raise self._unknown(path, name, name, place)
            return Found(sql.column(name, self.alias(path)), kind, joins)
        if (path, name) in self._deriving:
            circle = [step for _, step in self._deriving[self._deriving.index((path, name)) :]] + [name]
            raise CatalogError(
                Mistake(
                    f"derived columns of '{source.name}' go round in a circle: {' -> '.join(circle)}",
                    "bad-expression",
                    derived.place or place,
                    "Let one of them use columns of the data only.",
                )
            )
        self._deriving.append((path, name))
        try:
            found = self._expression(path, derived)
        finally:
            self._deriving.pop()
        whole = exp.paren(found.sql) if _is_compound(found.sql) else found.sql
        return Found(whole, found.type, tuple(dict.fromkeys((*joins, *found.joins))))

    def _joins_to(self, path: Path) -> tuple[Path, ...]:
        """The joins that lead to the source at `path`, in order; a derived reference may need others first."""
        joins: dict[Path, None] = {}
        for i, step in enumerate(path):
            joins.update(dict.fromkeys(self._take(path[:i], step, None).joins))
            joins[path[: i + 1]] = None
        return tuple(joins)

    def _expression(self, base: Path, expression: Expression) -> Found:
        if (known := self._known.get((base, expression.text))) is not None:
            return known
        tree: exp.Expr = parse_one(expression.text, read=sql.DIALECT, into=exp.Condition)
        joins: dict[Path, None] = {}
        kinds: dict[str, SqlType] = {}
        arguments = {parameter.name for node in tree.find_all(exp.Lambda) for parameter in node.expressions}
        for node in list(tree.find_all(exp.Column)):
            if not node.table and node.name in arguments:
                continue
            found = self._resolve(base, [part.name for part in node.parts], _within(expression, node))
            joins.update(dict.fromkeys(found.joins))
            kinds[found.text] = found.type
            replaced = found.sql.copy()
            tree = replaced if node is tree else tree
            node.replace(replaced)
        kind = kinds.get(tree.sql(sql.DIALECT)) or sql.type_of(tree, kinds)
        if kind == "date" and not isinstance(tree, exp.Column | exp.Cast):
            # DuckDB makes a timestamp of `date_trunc('month', day)`, which would then be moved between zones.
            tree = exp.cast(tree, "date", dialect=sql.DIALECT)
        found = self._known[base, expression.text] = Found(tree, kind, tuple(joins))
        return found

    def _on(self, path: Path) -> str:
        """`hubs.hub = sessions.hub`."""
        target = self._source(path)
        key = self.catalog.sources[target].key[0]
        left = self._take(path, key, self.catalog.sources[target].places.get("key")).text
        return f"{left} = {self._take(path[:-1], path[-1], None).text}"

    def _unknown(self, path: Path, written: str, name: str, place: Place | None) -> CatalogError:
        source = self._source(path)
        near = self._names(source)
        for column, reference in self.catalog.sources[source].refers.items():
            near.update(dict.fromkeys(self._names(reference.source)))
            near[column] = None
        close = get_close_matches(name, near, 1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"It has {_some(list(self._names(source)))}."
        return CatalogError(
            Mistake(f"{source} has no column '{written}', nor has what it refers to", "unknown-column", place, remedy)
        )


def _within(expression: Expression, node: exp.Expr) -> Place | None:
    """Where a node of an expression stands in the file, if the text stands there as it was parsed."""
    place = expression.place
    start, end = span(node)
    if place is None or place.text[place.column - 1 + start : place.column - 1 + end] != expression.text[start:end]:
        return place
    return replace(place, column=place.column + start, length=end - start)


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "") if names else "no columns"


def _is_compound(tree: exp.Expr) -> bool:
    """True if an expression must stand in parentheses inside another one."""
    return isinstance(tree, exp.Binary | exp.Unary | exp.Between | exp.In) and not isinstance(tree, exp.Paren)

"""Looks up column names through references, as far as the catalogue alone can tell.

A name is looked up in its source, then in what that refers to, nearest first; a path such as `hub.community.name`
says the way. What the data hold is known here only of sources that declare `columns`; of the others a name is left
to the plan, which sees the data. So a lookup ends in a column, in a complaint, or in *cannot tell* (None).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from headway.catalog import expression, values
from headway.catalog.sqltext import Wrong
from headway.model import GitReader, Source

#: What the git reader gives of each commit.
GIT_COLUMNS = (
    "commit",
    "repository",
    "author",
    "committed_at",
    "authored_at",
    "is_merge",
    "pull_request",
    "is_bot",
)


@dataclass(frozen=True, slots=True)
class Found:
    """A column of a source. `certain` is False if a nearer source, which declares no columns, may have one too."""

    source: str
    column: str
    certain: bool = True


class Columns:
    """The columns of all sources. Sources that could not be resolved are absent, and nothing is said about them."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def known(self, source: str) -> dict[str, None]:
        """Every column of a source that the catalogue names, in the order it does."""
        it = self._sources[source]
        if it.columns:
            return dict.fromkeys([*it.columns, *it.derive])
        found = dict.fromkeys([*it.columns, *it.derive, *it.key, *it.people, *it.refers])
        found |= dict.fromkeys(name for name in (it.time, it.until, it.through, *it.latest_by) if name)
        return found | dict.fromkeys(GIT_COLUMNS if isinstance(it.reader, GitReader) else ())

    def complete(self, source: str) -> bool:
        """True if the catalogue names all columns that the source is used by."""
        return bool(self._sources[source].columns) or isinstance(self._sources[source].reader, GitReader)

    def find(self, source: str, path: tuple[str, ...]) -> Found | None:
        """The column that `path` means in `source`; None if only the data can tell; `Wrong` if there is none."""
        if source not in self._sources:
            return None
        at = source
        for step, name in enumerate(path[:-1]):
            reference = self._sources[at].refers.get(name)
            if reference is None:
                if name in self.known(at) or not self.complete(at):
                    return None  # a field of a structured column, or a column that the data may have
                before = ".".join(path[:step])
                raise Wrong(
                    f"{at} refers to nothing by '{name}'",
                    len(before),
                    len(".".join(path[: step + 1])),
                    "unknown-column",
                    values.near(name, self._sources[at].refers),
                )
            if reference.source not in self._sources:
                return None
            at = reference.source
        return self._nearest(at, path[-1], ".".join(path))

    def _nearest(self, source: str, name: str, text: str) -> Found | None:
        level: list[tuple[str, tuple[str, ...]]] = [(source, ())]  # a source, and the references that lead to it
        seen: dict[str, None] = {}
        certain = True
        asked: set[str] = set()
        while level:
            matches = [(at, way) for at, way in level if name in self.known(at)]
            if len(matches) > 1:
                ways = values.among(f"'{'.'.join((*way, name))}'" for _, way in matches)
                raise Wrong(f"'{name}' could be {ways}", 0, len(text), "ambiguous-column", "Write the one you mean.")
            certain = certain and all(self.complete(at) for at, _ in level)
            if matches:
                return Found(matches[0][0], name, certain)
            asked |= {at for at, _ in level}
            for at, _ in level:
                seen |= self.known(at)
                # a source that is itself broken may have the column
                certain = certain and all(r.source in self._sources for r in self._sources[at].refers.values())
            level = [
                (reference.source, (*way, column))
                for at, way in level
                for column, reference in self._sources[at].refers.items()
                # a nearer source has been asked already, and references may go in a circle
                if reference.source in self._sources and reference.source not in asked
            ]
        if not certain:
            return None
        raise Wrong(
            f"{source} has no column '{name}', nor has what it refers to",
            0,
            len(text),
            "unknown-column",
            values.near(name, seen) or f"{source} has {', '.join(self.known(source))}.",
        )

    def vet(self, source: str, text: str) -> None:
        """Look up every column that a row expression names; `Wrong`, placed in `text`, for the first one amiss."""
        for mention in expression.mentions(expression.parse(text)):
            try:
                self.find(source, mention.path)
            except Wrong as wrong:
                remedy = wrong.remedy
                compared = mention.end - mention.start < len(text)
                if wrong.slug == "unknown-column" and compared and remedy and remedy.startswith(source):
                    remedy = f"{remedy} If a text is meant: '{mention.path[0]}', in single quotes."
                raise Wrong(wrong.message, mention.start, mention.end, wrong.slug, remedy) from None

    def person(self, source: str, path: tuple[str, ...]) -> str | None:
        """How a column tells who somebody is ("sessions.user_id names a person"), or None if it does not.

        A key of people tells it, and so does a derived column that carries one; one that only asks a question about
        a person (`author.joined_on is not null`, `user_id = owner_id`) does not.
        """
        found = self._person(source, path, set())
        return None if found is None else f"{found[0]}, and {found[1]}" if found[0] else found[1]

    def alone(self, source: str, text: str, seen: frozenset[str] = frozenset()) -> str | None:
        """The comparison by which a condition picks people one by one, and fewer than a team; None without one."""
        try:
            tree = expression.parse(text)
        except Wrong:
            return None
        for node in tree.find_all(exp.EQ, exp.In, exp.Like, exp.ILike, exp.Column):
            if sum(isinstance(above, exp.Not) for above in _above(node)) % 2:
                continue  # turned around it leaves them out
            if isinstance(node, exp.Column):
                found = self._derived(source, tuple(part.name for part in node.parts))
                if found and found[1] not in seen and (one := self.alone(*found, seen | {found[1]})):
                    return one
                continue
            who, named = (node.this, node.expressions) if isinstance(node, exp.In) else (node.this, [node.expression])
            if isinstance(who, exp.Literal) and len(named) == 1:
                who, named = named[0], [who]
            are_named = 0 < len(named) < _TEAM and all(isinstance(one, exp.Literal) for one in named)
            if are_named and any(self.person(source, path) for path in _carried(who)):
                return node.sql("duckdb")
        return None

    def _derived(self, source: str, path: tuple[str, ...]) -> tuple[str, str] | None:
        """The source and text of the expression that a column is derived by, if it is."""
        try:
            found = self.find(source, path)
        except Wrong:
            return None
        derived = self._sources[found.source].derive.get(found.column) if found else None
        return (found.source, derived.text) if found and derived else None

    def _person(self, source: str, path: tuple[str, ...], seen: set[tuple[str, str]]) -> tuple[str, str] | None:
        """Which derived column carries a person (or ''), and who names or is one."""
        try:
            found = self.find(source, path)
        except Wrong:
            return None
        if found is None or (found.source, found.column) in seen:
            return None
        seen.add((found.source, found.column))
        it = self._sources[found.source]
        name = f"{found.source}.{found.column}"
        if found.column in it.people:
            return "", f"{name} names a person"
        reference = it.refers.get(found.column)
        if reference is not None and reference.source in self._sources:
            target = self._sources[reference.source]
            if set(target.key) & set(target.people):
                return "", f"{name} is a key of {target.name}, who are people"
        derived = it.derive.get(found.column)
        if derived is None:
            return None
        for mention in _carried(expression.parse(derived.text)):
            if who := self._person(found.source, mention, seen):
                return f"{name} is derived from one", who[1]
        return None


#: So many people, named one by one, are a team.
_TEAM = 5


def _above(node: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None:
        node = node.parent
        yield node


def _carried(tree: exp.Expr) -> list[tuple[str, ...]]:
    """The columns whose value an expression may hand on, which those inside of conditions are not."""
    if expression.is_condition(tree):
        return []
    if isinstance(tree, exp.Column):
        return [tuple(part.name for part in tree.parts)]
    return [path for child in tree.iter_expressions() for path in _carried(child)]

"""What a KPI says about the rows of its sources: names looked up, filters vetted, persons kept out of breakdowns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from headway.catalog import values
from headway.catalog.columns import Columns
from headway.catalog.complaints import Complaints
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.kpispec import QuantileSpec
from headway.catalog.sqltext import Wrong
from headway.model import Expression, RowMeasure, Source

_NUMBERS_ONLY = {"sum", "mean", "min", "max", "nps", "balance", "accrue", "recurring"}

#: Whether a name in a KPI has a column behind its source.
Columned = Literal["needed", "may", "none"]


class Reading:
    """Resolves what a KPI says about the rows of its sources."""

    def __init__(
        self, draft: Draft, sources: Mapping[str, Source], declared: Collection[str], complaints: Complaints
    ) -> None:
        self.draft, self.sources, self.declared, self.complaints = draft, sources, declared, complaints
        self.columns = Columns(sources)

    def say(self, key: str, message: str, slug: str, remedy: str | None = None) -> None:
        """Complain about a key of the KPI, or about the KPI itself if it is not written."""
        here = self.draft.at(key)
        here = here if self.draft.document.has(here) else self.draft.path
        self.complaints.say(self.draft.document.place(here), message, slug, remedy)

    def named(self, text: str, *keys: str | int, columns: Columned = "needed") -> tuple[str, str] | None:
        """The source and column that a text such as `sessions.user_id` names; the column is '' for `sessions`.

        `keys` lead to the text. None after telling what is wrong with it, and also if the source is itself broken.
        """
        name, dot, column = text.partition(".")
        document, here, what = self.draft.document, self.draft.at(*keys), str(keys[-1])
        if name not in self.declared:
            wrong = Wrong(f"there is no source '{name}'", 0, len(name), "unknown-name", self._sources_near(name))
            self.complaints.wrong(document, here, wrong)
            return None
        if columns == "none" and dot:
            remedy = f"Write '{what}: {name}'" + (
                f", or 'distinct: {text}' for different values." if what == "count" else "."
            )
            message = f"{what} counts rows, so it names a source alone"
            self.complaints.wrong(document, here, Wrong(message, 0, len(text), "bad-value", remedy))
            return None
        if columns == "needed" and not column:
            known = list(self.columns.known(name)) if name in self.sources else []
            has = f"{name} has {', '.join(known)}." if known else None
            message = f"{what} needs a column: {name}.column"
            self.complaints.wrong(document, here, Wrong(message, 0, len(text), "bad-value", has))
            return None
        if name not in self.sources:
            return None
        if column:
            self.column(name, column, here, len(name) + 1)
        return name, column

    def condition(self, source: str, text: str, *keys: str | int) -> Expression:
        """A row expression of a source, with its columns looked up as far as they are known."""
        here = self.draft.at(*keys)
        try:
            self.columns.vet(source, text)
        except Wrong as wrong:
            self.complaints.wrong(self.draft.document, here, wrong)
        return self.draft.document.expression(here, text)

    def where(self, source: str) -> Expression | None:
        """The filter."""
        text = getattr(self.draft.spec, "where", None)
        if text is None:
            return None
        if (alone := self.columns.alone(source, text)) is not None:
            self.complaints.say(
                self.draft.document.place(self.draft.at("where")),
                f"a person is never measured alone: {alone} picks few people by who they are",
                "person-alone",
                "Pick people by what they have in common; to leave some out, write 'not in'.",
            )
        return self.condition(source, text, "where")

    def times(self, measure: RowMeasure) -> None:
        """Complain if nothing says when a row happened."""
        if measure.dated_by:
            return
        time = getattr(self.draft.spec, "time", None)
        source = self.sources[measure.source]
        if time:
            self.column(source.name, time, self.draft.at("time"), 0)
        elif not source.time:
            self.complaints.say(
                self.draft.document.place(self.draft.at(self.draft.kind)),
                f"{source.name} has no 'time', so its rows belong to no period",
                "missing-key",
                f"Add 'time: column' to {source.name} (line {source.place.line} of {source.place.path}).",
            )

    def breakdowns(self, source: str) -> None:
        """Complain about breakdowns that do not exist, or that show a person."""
        for n, cross in enumerate(self.draft.spec.by):
            for m, column in enumerate(cross):
                here = self.draft.at("by", n, m)
                here = here if self.draft.document.has(here) else self.draft.at("by", n)
                if self.column(source, column, here, 0):
                    self.no_person(source, column, here)

    def no_person(self, source: str, column: str, here: Steps) -> None:
        """Complain about a column that shows a person, where a breakdown would."""
        if who := self.columns.person(source, tuple(column.split("."))):
            self.complaints.say(
                self.draft.document.place(here),
                f"a person is never {'a breakdown' if here[-1] != self.draft.kind else 'a number'}: {who}",
                "person-breakdown",
                "People are counted, with distinct, and never shown.",
            )

    def column(self, source: str, column: str, here: Steps, offset: int) -> bool:
        """Look a column up; False after telling that it does not exist."""
        try:
            found = self.columns.find(source, tuple(column.split(".")))
        except Wrong as wrong:
            wrong.start, wrong.end = wrong.start + offset, wrong.end + offset
            self.complaints.wrong(self.draft.document, here, wrong)
            return False
        if found and found.certain and offset:
            self._type(found.source, found.column, here, offset)
        if found and offset and self._of_numbers and found.column not in self.sources[found.source].derive:
            self.no_person(source, column, here)
        return True

    @property
    def _of_numbers(self) -> bool:
        """True if the kind shows one of the values that it reads, or what they add up to."""
        return self.draft.kind in _NUMBERS_ONLY or isinstance(self.draft.spec, QuantileSpec)

    def _type(self, source: str, column: str, here: Steps, offset: int) -> None:
        declared = self.sources[source].columns.get(column)
        kind = self.draft.kind
        if declared is None:
            return
        if self._of_numbers and declared not in ("integer", "number"):
            remedy = f"Derive a number from it in {source}, or choose another column."
            message = f"{kind} needs numbers, and {source}.{column} is declared as {declared}"
        elif kind == "share" and declared != "boolean":
            remedy = f"Derive it in {source}: derive: {{is_good: {column} >= 4}}, and share that."
            message = f"share needs true or false, and {source}.{column} is declared as {declared}"
        else:
            return
        wrong = Wrong(message, offset, offset + len(column), "wrong-type", remedy)
        self.complaints.wrong(self.draft.document, here, wrong)

    def _sources_near(self, name: str) -> str:
        if not self.declared:
            return "There is no source yet: add one in sources/, or under 'sources' in headway.yml."
        return values.near(name, self.declared) or f"The sources are {', '.join(sorted(self.declared))}."

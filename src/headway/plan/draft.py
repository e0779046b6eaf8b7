"""A plan in the making: the steps of its query, the tables of time that it joins, and the rows of its answer.

Every kind adds its steps here and ends with `answer`: rows of one shape, so that the answers of many KPIs fit under
each other. A row's cells that are not null say which breakdown it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Protocol

import pyarrow as pa

from headway.model import Gaps, Kpi, Sweep
from headway.plan import sql
from headway.plan.coverage import Coverage
from headway.plan.requests import Request
from headway.plan.spans import Timeline

#: Sets of cells, as names of columns: the total is ().
Sets = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Asked:
    """One request as the kinds see it: the KPI with the request's window and grain, and its name in the answer."""

    request: Request
    kpi: Kpi
    label: str
    timeline: Timeline
    #: Its breakdowns, as names of columns of `rows`.
    cells: tuple[tuple[str, ...], ...]
    #: Which part of the KPI is asked for here, where a kind leaves a part to another kind: '' is the value itself.
    part: str = ""

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The total, then its breakdowns; columns in one order, so that [a, b] and [b, a] are computed once."""
        return ((), *dict.fromkeys(tuple(sorted(cells)) for cells in self.cells))


@dataclass
class Draft:
    """Collects what the kinds add."""

    steps: sql.Steps
    now: datetime
    #: What each source can speak of.
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    #: Columns of cells that stand in the answer, over all KPIs of the plan.
    cells: list[str] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    #: Which step holds the prepared rows of each source that is referred to.
    referred: dict[str, str] = field(default_factory=dict)
    #: Which step numbers the values of a column, by relation and column.
    people: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Steps that an engine may take its own way.
    gaps: list[Gaps | Sweep] = field(default_factory=list)
    _spans: dict[tuple[Timeline, bool], str] = field(default_factory=dict)
    _reach: dict[tuple[Timeline, bool], str] = field(default_factory=dict)

    def spans(self, asked: Asked, *, hours: bool = False) -> str:
        """The name under which the spans of a request are registered beside the query."""
        return self._register("spans", self._spans, asked, hours)

    def reach(self, asked: Asked, *, hours: bool = False) -> str:
        """The name under which the reach of a request is registered beside the query."""
        return self._register("reach", self._reach, asked, hours)

    def _register(self, word: str, known: dict[tuple[Timeline, bool], str], asked: Asked, hours: bool) -> str:
        key = (asked.timeline, hours)
        if key not in known:
            suffix = "_hours" if hours else ""
            if asked.kpi.window:
                suffix += "_" + str(asked.kpi.window).replace(" ", "_")
            known[key] = self.steps.reserve(word + suffix)
            timeline = asked.timeline
            self.tables[known[key]] = _table(timeline, word, hours)
        return known[key]

    def answer(
        self,
        asked: Asked,
        relation: str,
        present: Sequence[str],
        value: str,
        n: str,
        *,
        what: str = "value",
        numerator: str = "NULL",
        denominator: str = "NULL",
        where: Sequence[str] = (),
    ) -> None:
        """Add a request's rows to the answer: `value` and the others are SQL over `relation`.

        `present` are the columns of cells that the relation has; rows of breakdowns that are not the request's own
        are left out. A score, with all its parts, that comes from fewer than `min_n` answers stays in the engine.
        Where a part is asked for, `value` is its value, and the people are those behind it.
        """
        if asked.kpi.min_n and what != "people":
            value, numerator, denominator = (
                f"CASE WHEN {n} >= {asked.kpi.min_n} THEN {number} END" for number in (value, numerator, denominator)
            )
        if asked.part:
            what = {"value": asked.part, "people": people_of(asked.part)}.get(what, what)
        cells = "".join(
            f"{sql.name(c)}, " if c in present else f"CAST(NULL AS TEXT) AS {sql.name(c)}, " for c in self.cells
        )
        conditions = " AND ".join(where)
        self.steps.output(
            f"SELECT {sql.text(asked.label)} AS kpi, {sql.text(what)} AS what, series, period, {cells}"
            f"CAST({value} AS DOUBLE) AS value, CAST({n} AS DOUBLE) AS n, "
            f"CAST({numerator} AS DOUBLE) AS numerator, CAST({denominator} AS DOUBLE) AS denominator "
            f"FROM {sql.name(relation)}" + (f" WHERE {conditions}" if conditions else "")
        )


def people_of(part: str) -> str:
    """What a row of an answer tells: the people behind one part's cells, where they are others than the value's."""
    return f"people of {part}" if part else "people"


class Kind(Protocol):
    """A kind, or a family of kinds, over the rows of one source."""

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written. Rows of other sources are written here."""


class Counting(Kind, Protocol):
    """A family that can also say how many people are behind the cells of a KPI."""

    def people(self, asked: Asked) -> None:
        """Say that they are to be counted, before `rows` is written."""


def union_of(sets: Sequence[Sets]) -> list[tuple[str, ...]]:
    """Every set of cells among several, once, the total first."""
    return list(dict.fromkeys(cells for several in sets for cells in several))


def only(wanted: Sets, computed: Sets) -> list[str]:
    """Conditions that keep the rows of some sets of cells out of those that were computed together."""
    if set(computed) <= set(wanted):
        return []
    columns = list(dict.fromkeys(c for cells in computed for c in cells))
    used = {c for cells in wanted for c in cells}
    if all(set(cells) - used for cells in computed if cells not in wanted):
        return [f"{sql.name(c)} IS NULL" for c in columns if c not in used]
    patterns = (
        " AND ".join(f"{sql.name(c)} IS {'NOT ' if c in cells else ''}NULL" for c in columns) for cells in wanted
    )
    return ["(" + " OR ".join(f"({pattern})" for pattern in patterns) + ")"]


def totals_or_kept(asked: Asked, spans: str, columns: Sequence[str]) -> str:
    """A condition on joined spans: cells only at the grains where they are kept; '' if that is everywhere."""
    if not columns or all(series.cells for series in asked.timeline.series):
        return ""
    total = " AND ".join(f"{sql.name(c)} IS NULL" for c in columns)
    return f"({sql.name(spans)}.cells OR ({total}))"


@lru_cache(maxsize=512)
def _table(timeline: Timeline, word: str, hours: bool) -> pa.Table:
    """The spans of a timeline, or their reach: made once for the plan of a KPI alone, and for that of all together."""
    return timeline.spans(hours) if word == "spans" else timeline.reach(hours)

"""Resolves KPIs that read other KPIs, each after those that it reads; what goes in a circle is refused, and drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from headway.catalog import formulas, lasts, overs, python
from headway.catalog.circles import circle
from headway.catalog.complaints import Complaints
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.sqltext import Wrong
from headway.model import Catalog, Kpi


class Waiting(Protocol):
    """A KPI over KPIs that is well-formed: it can be resolved once those that it names are."""

    @property
    def draft(self) -> Draft:
        """The KPI as it is written."""

    @property
    def names(self) -> Collection[str]:
        """The KPIs that it reads."""

    def mark(self, name: str) -> tuple[Steps, int, int]:
        """Where it names one of them: the path of the value, and the first and last character in it."""

    def kpi(self, kpis: Mapping[str, Kpi], project: Catalog, complaints: Complaints) -> Kpi | None:
        """The KPI; None after telling what is wrong with its measure."""


#: What reads a draft: given the names of all KPIs and of all sources; None after telling what is wrong.
Reader = Callable[[Draft, Collection[str], Collection[str], Complaints], Waiting | None]

#: The kinds that read KPIs.
KINDS: Mapping[str, Reader] = {
    "formula": formulas.read,
    "spread": overs.read,
    "tiered": overs.read,
    "lasts": lasts.read,
    "python": python.read,
}


def resolve(
    drafts: Collection[Draft],
    kpis: Mapping[str, Kpi],
    project: Catalog,
    declared: Collection[str],
    sources: Collection[str],
    complaints: Complaints,
) -> dict[str, Kpi]:
    """Every KPI over KPIs that can be resolved, and those over rows of which one of them reads a part.

    `kpis` are those over rows, `project` has the sources, `declared` are the names of all KPIs. Of one whose input is
    itself wrong nothing is said: the input's own mistake is enough.
    """
    waiting: dict[str, Waiting] = {}
    for draft in drafts:
        if (it := KINDS[draft.kind](draft, declared, sources, complaints)) is not None:
            waiting[draft.name] = it
    _refuse_circles(waiting, complaints)
    mentions = [mention for it in waiting.values() if isinstance(it, formulas.Parsed) for mention in it.inputs]
    done = {**kpis, **formulas.with_parts(kpis, mentions)}
    while ready := [name for name, it in waiting.items() if all(read in done for read in it.names)]:
        for name in ready:
            if (kpi := waiting.pop(name).kpi(done, project, complaints)) is not None:
                done[name] = kpi
    return {name: kpi for name, kpi in done.items() if kpis.get(name) is not kpi}


def _refuse_circles(waiting: dict[str, Waiting], complaints: Complaints) -> None:
    """Draw each circle once, and take the KPIs on it out of `waiting`."""
    while drawn := circle({name: it.names for name, it in waiting.items()}):
        first = waiting[drawn[0]]
        here, start, end = first.mark(drawn[1])
        wrong = Wrong(
            f"KPIs go in a circle: {' -> '.join(drawn)}",
            start,
            end,
            "formula-circle",
            "One of them has to measure something itself.",
        )
        complaints.wrong(first.draft.document, here, wrong)
        for name in drawn[:-1]:
            waiting.pop(name, None)

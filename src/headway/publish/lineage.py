"""Where a KPI stands between the data and those who look: what it reads, and who reads it, as far as a reader may know.

The columns behind a KPI were told by the run that computed it; KPIs, boards and alerts are the catalogue's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from headway.model import Alert, Audience, Board, Catalog, Kpi, WatchedNumbers
from headway.publish import measures
from headway.publish.kpipages import Lineage, Read, ReadColumn, ReadSource
from headway.publish.pages import Link

#: What the columns of one KPI are read for: source -> column -> uses; None where no run has told.
Columns = Mapping[str, Mapping[str, Sequence[str]]] | None
#: In the order in which they are told.
_USES = ("value", "filter", "breakdown", "time", "reference", "exclusion", "version", "people", "also read")
_UNKNOWN = "Which columns are read was not told by the run that computed this."


def lineage(
    kpi: Kpi,
    catalog: Catalog,
    names: Sequence[str],
    audience: Audience,
    columns: Callable[[str], Columns],
    boards: Iterable[Board],
) -> Lineage:
    """The lineage of a KPI for a reader who may see the KPIs `names`, and these boards.

    A KPI that is made from KPIs has the sources of those; if one of them is hidden, so is what lies behind it.
    """
    inputs = [read for read in kpi.inputs if read in names]
    sources: dict[str, dict[str, dict[str, None]]] = {}
    through: dict[str, dict[str, None]] = {}
    unknown = False
    for own, read in _reads(kpi, catalog, names):
        found = columns(read)
        measure = catalog.kpis[read].measure
        unknown |= found is None and bool(measure and measure.sources)
        for source in (*(found or ()), *(measure.sources if measure else ())):
            sources.setdefault(source, {})
            through.setdefault(source, {}).update({own: None} if own else {})
        for source, some in (found or {}).items():
            for column, uses in some.items():
                sources[source].setdefault(column, {}).update(dict.fromkeys(uses))
    return Lineage(
        sources=tuple(
            ReadSource(
                name,
                catalog.sources[name].about if name in catalog.sources else "",
                # A formula reads numbers; what its inputs read columns for is on their pages.
                tuple(ReadColumn(column, () if inputs else tuple(uses)) for column, uses in some.items()),
                tuple(through[name]),
            )
            for name, some in sources.items()
        ),
        uses=() if inputs else tuple(_uses(kpi, sources)),
        made_from=tuple(link(catalog.kpis[read]) for read in inputs),
        feeds=tuple(_feeds(kpi, catalog, names)),
        boards=tuple(Link(one.name, one.title) for one in boards if _shows(one, kpi)),
        alerts=tuple(
            Link(one.name, one.title, f"Level {one.level}")
            for one in catalog.alerts.values()
            if audience is not Audience.PUBLIC and _watches(one, kpi, names)
        ),
        note=_UNKNOWN if unknown else "",
    )


def link(kpi: Kpi) -> Link:
    """A KPI as others name it: with its kind."""
    return Link(kpi.name, kpi.title, measures.kind(kpi))


def _reads(kpi: Kpi, catalog: Catalog, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each KPI whose rows it comes from, with the one of its own inputs through which it does; itself with ''."""
    yield "", kpi.name
    for own in kpi.inputs:
        waiting, seen = [own], set()
        while waiting:
            read = waiting.pop()
            if read not in names:
                break  # and nothing of what lies behind the others of this input either
            if read not in seen:
                seen.add(read)
                waiting += catalog.kpis[read].inputs
        else:
            yield from ((own, read) for read in catalog.kpis if read in seen)


def _uses(kpi: Kpi, sources: Mapping[str, Mapping[str, Mapping[str, None]]]) -> Iterator[Read]:
    """What a KPI over rows reads columns for."""
    for use in _USES:
        read = [column for some in sources.values() for column, uses in some.items() if use in uses]
        if read:
            written = kpi.where.text if use == "filter" and kpi.where else ", ".join(dict.fromkeys(read))
            yield Read(use, written)


def _feeds(kpi: Kpi, catalog: Catalog, names: Sequence[str]) -> Iterator[Link]:
    """The KPIs that read it: for their value, or for a target or a check of theirs."""
    for other in (catalog.kpis[name] for name in names):
        if kpi.name in other.inputs:
            yield link(other)
        elif kpi.name in other.compared:
            yield Link(other.name, other.title, "For its target")
        elif kpi.name in other.reconciled:
            yield Link(other.name, other.title, "For a check")


def _shows(board: Board, kpi: Kpi) -> bool:
    return any(shown.kpi == kpi.name for tile in board.tiles for shown in tile.of)


def _watches(alert: Alert, kpi: Kpi, names: Sequence[str]) -> bool:
    """True for an alert on this KPI; one that also watches a KPI that is hidden may name it."""
    if not isinstance(alert.watches, WatchedNumbers):
        return False
    watched = {one.kpi for one in alert.watches.of}
    return kpi.name in watched and watched <= set(names)

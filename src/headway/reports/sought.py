"""What a snapshot must hold so that typed figures can be judged: the KPIs and cells that a document speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from headway.model import Kpi, Narrative, Shown
from headway.periods import Grain
from headway.publish.shelf import Shelf
from headway.publish.view import View
from headway.reports import judged, matched
from headway.reports.asked import Address, Request


def requests(view: View, text: str) -> list[Request]:
    """A request for every line of numbers that the prose of a document may mean, as if it had asked for it."""
    kpis = view.catalog.kpis
    counted = [name for name in view.names if kpis[name].measure and not isinstance(kpis[name].measure, Narrative)]
    some = matched.subjects((name, kpis[name].title, kpis[name].unit.name) for name in counted)
    words = set(matched.stems(text))
    today = view.catalog.calendar.day(view.now)
    named = judged.days(text, today)
    shelf = Shelf(view.published, view.boards.page_of)
    found = []
    for one in judged.speaks_of(text, some):
        kpi = kpis[one.kpi]
        found += [Address(one.kpi, grain=grain) for grain in view.grains(one.kpi)]
        if Grain.DAY in view.grains(one.kpi):
            found += [Address(one.kpi, period=day) for day in sorted(named)]
        found += _cells(kpi, view, shelf, words)
    return [Request("kpi", (address,)) for address in found]


def _cells(kpi: Kpi, view: View, shelf: Shelf, words: set[str]) -> Iterator[Address]:
    """The cells of a KPI whose names stand in the text."""
    for grain in view.grains(kpi.name, cell=True):
        for by in kpi.by:
            for cell in shelf.cells(Shown(kpi.name, "", Grain(grain)), by):
                own = {word for _, value in cell for word in matched.stems(value)}
                if own and own <= words:
                    yield Address(kpi.name, grain=grain, cell=tuple(sorted(cell)))

"""What a report lacks: numbers that its period should have, and that are late, withheld, or were not computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from headway.errors import Mistake
from headway.ledger import Run
from headway.model import TOTAL, Catalog, Cell, Reason, Shown
from headway.periods import Period
from headway.publish.shelf import Shelf, title
from headway.publish.view import View
from headway.reports.documents import Document
from headway.schedules import Slot
from headway.sphinx.asking import LACKING

#: Why a number is held back that may be published once somebody has looked: no group grows by waiting.
_PASSES = (Reason.CHECK_FAILED, Reason.INPUT_WITHHELD, Reason.INCOMPLETE, Reason.CHANGE_WAITS)


def split(wrong: Sequence[Mistake]) -> tuple[list[Mistake], list[str]]:
    """What somebody has to mend in a document, and which numbers are not there."""
    amiss = [one for one in wrong if one.slug not in LACKING]
    return amiss, [one.message.rstrip(".") for one in wrong if one.slug in LACKING]


def of_run(run: Run, period: Period, catalog: Catalog) -> Iterator[str]:
    """Nothing can be known of a period before numbers are computed after its end."""
    if run.now < catalog.calendar.moment(catalog.calendar.next(period).first):
        yield f"No numbers were computed since {period} ended"


def of_numbers(one: Document, slot: Slot, view: View, run: Run, said: Sequence[str]) -> Iterator[str]:
    """Of the KPIs that a document asks for: those that could not be computed, or have no number of the period.

    A template asks for the newest number that there is, so if that is of an earlier period, this one's is late. What is
    not settled by the deadline, as what follows people for ninety days, nobody waits for. Of what is `said` already
    nothing is said twice.
    """
    period, over = slot.period, view.catalog.calendar.moment(view.catalog.calendar.next(slot.period).first)
    failed = {one.kpi for one in view.ledger.failures(run.id)}
    shelf = Shelf(view.published, view.boards.page_of)
    seen: dict[tuple[str, str, Cell], set[str]] = defaultdict(set)
    for request in one.requests:
        for of in request.of:
            if of.kpi in view.names:
                seen[of.kpi, of.part, of.cell].add(of.period)
    for (name, part, cell), asked in seen.items():
        kpi = view.catalog.kpis[name]
        if name in failed:
            yield f"{kpi.title} could not be computed"
            continue
        line = shelf.line(Shown(name, part, period.grain), cell) if period.grain in kpi.grains(cell=bool(cell)) else ()
        newest = next((row.period.name for row in reversed(line) if not row.partial), "")
        # A document about one cell does not name it each time.
        named = title(kpi, part, TOTAL if dict(cell) == dict(one.cell) else cell)
        if not asked & {"", period.name, newest} or any(what.startswith(f"{named} ") for what in said):
            continue
        row = next((row for row in line if row.period == period), None)
        if row is None and (not line or line[-1].period.key >= period.key):
            continue
        if (row is None or row.partial) and over + view.catalog.settles_after(name) <= slot.deadline:
            # Whether rows of a cell are late, or nobody was there, the others do not tell.
            yield f"{named} has no number for {period} yet" if cell else f"{named} for {period} is late"
        elif row is not None and row.reason in _PASSES:
            yield f"{named} for {period} is withheld"

"""What a report lacks: numbers that its period should have, and that are late, withheld, or were not computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from headway.errors import Mistake
from headway.ledger import Ledger, Run
from headway.model import Catalog
from headway.periods import Period
from headway.reports.asked import Request
from headway.reports.snapshot import Snapshot
from headway.sphinx.asking import LACKING


def split(wrong: Sequence[Mistake]) -> tuple[list[Mistake], list[str]]:
    """What somebody has to mend in a document, and which numbers are not there."""
    amiss = [one for one in wrong if one.slug not in LACKING]
    return amiss, [one.message.rstrip(".") for one in wrong if one.slug in LACKING]


def of_run(run: Run, period: Period, catalog: Catalog) -> Iterator[str]:
    """Nothing can be known of a period before numbers are computed after its end."""
    if run.now < catalog.calendar.moment(catalog.calendar.next(period).first):
        yield f"No numbers were computed since {period} ended"


def of_numbers(
    requests: Iterable[Request],
    taken: Snapshot,
    period: Period,
    catalog: Catalog,
    ledger: Ledger,
    run: Run,
    said: Sequence[str],
) -> Iterator[str]:
    """Of the KPIs that a document asks for: those that could not be computed, or have no number of the period.

    Of what is `said` already nothing is said twice.
    """
    failed = {one.kpi for one in ledger.failures(run.id)}
    seen: dict[tuple[object, ...], None] = {}
    for request in requests:
        for of in request.of:
            if of.period in ("", period.name) and of.kpi in catalog.kpis:
                seen[of.kpi, of.part, of.cell] = None
    for kpi, part, cell in seen:
        title = catalog.kpis[str(kpi)].title
        if kpi in failed:
            yield f"{title} could not be computed"
            continue
        for line in taken.lines(str(kpi), str(part), cell):  # type: ignore[arg-type]  # as the address has it
            named = (f"{title} ", f"{line.title} ")  # of a document about one cell, that is not named each time
            if line.grain != period.grain or not line.points or any(one.startswith(named) for one in said):
                continue
            point = next((one for one in line.points if one.period == period.name), None)
            if point is None and line.points[-1].period >= period.name:
                continue
            if point is None or point.running:
                yield f"{line.title} for {period} is late"
            elif point.status == "withheld":
                yield f"{line.title} for {period} is withheld"

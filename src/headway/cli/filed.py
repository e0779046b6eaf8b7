"""The editions of reports as `headway report list` prints them."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table

from headway import schedules
from headway.formats import dates
from headway.ledger import Editions
from headway.model import Catalog, Edition, EditionState

_COLUMNS = ("Report", "Period", "For", "Due", "State", "Routes")


def table(catalog: Catalog, known: Editions, now: datetime) -> Table:
    """The newest edition of each report last, and when the next one is due."""
    found = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        found.add_column(column)
    built = {(one.report, one.period) for one in known.editions if one.state is EditionState.BUILT}
    for one in known.editions:
        if one.state is EditionState.BUILT or (one.report, one.period) not in built:
            state = f"{one.state}: {one.lacks}" if one.lacks else str(one.state)
            due = dates.moment(one.due, catalog.calendar.tz)
            found.add_row(one.report, one.period, one.own, due, state, _routes(one, known))
    for report in catalog.reports.values():
        slot = schedules.following(report, catalog.calendar, catalog.working, now)
        if slot is not None:
            due = dates.moment(slot.due, catalog.calendar.tz)
            found.add_row(report.name, slot.period.name, ", ".join(report.for_each), due, "next", "")
    return found


def _routes(edition: Edition, known: Editions) -> str:
    """What each route did last."""
    last = {one.route: one for one in known.postings if one.key == edition.key}
    return ", ".join(f"{route} ({one.state})" for route, one in last.items())

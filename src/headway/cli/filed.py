"""The editions of reports on the command line: what is new of them, in sentences, and all of them, as a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from rich.table import Table

from headway import schedules
from headway.formats import dates, plurals
from headway.ledger import Editions
from headway.model import Catalog, Edition, EditionState, Posting, PostingState

#: More cells, or more of what is missing, are counted, not named.
_NAMED = 3
_SAID = {
    EditionState.WAITING: "waits: {}",
    EditionState.FAILED: "cannot be made: {}",
    EditionState.BUILT: "was built without all numbers: {}",
}


@dataclass(frozen=True, slots=True)
class Filed:
    """An edition, and what each of its routes did last."""

    edition: Edition
    routes: Mapping[str, Posting]


def filed(known: Editions, *, everything: bool) -> list[Filed]:
    """The editions, oldest first: of each report those of its newest period, or everything."""
    shown = [one for one in known.editions if one.state is not EditionState.LOOKED]
    newest: dict[str, datetime] = {}
    for one in shown:
        newest[one.report] = max(one.due, newest.get(one.report, one.due))
    routes: dict[tuple[str, str, str], dict[str, Posting]] = {}
    for posting in known.postings:
        routes.setdefault(posting.key, {})[posting.route] = posting
    return [Filed(one, routes.get(one.key, {})) for one in shown if everything or one.due == newest[one.report]]


def table(catalog: Catalog, found: Sequence[Filed], now: datetime) -> Table:
    """One row each, and when the next is due; why something did not work stands in `sentences`."""
    made = Table(box=None, pad_edge=False)
    for column in ("Report", "Period", "Of", f"Due, {now.astimezone(catalog.calendar.tz).tzname()}", "State", "Routes"):
        made.add_column(column, no_wrap=column not in ("Of", "Routes"), overflow="fold")

    def due(when: datetime) -> str:
        local = when.astimezone(catalog.calendar.tz)
        return f"{dates.day(local.date())}, {dates.clock(local)}"

    for one in found:
        edition = one.edition
        routes = ", ".join(f"{name} ({posting.state})" for name, posting in one.routes.items())
        state = "incomplete" if edition.state is EditionState.BUILT and edition.lacks else str(edition.state)
        made.add_row(edition.report, edition.period, edition.own, due(edition.due), state, routes)
    for name, slot in _next(catalog, now):
        own = f"each {' and '.join(catalog.reports[name].for_each)}" if catalog.reports[name].for_each else ""
        made.add_row(name, slot.period.name, own, due(slot.due), "next", "")
    return made


def plain(catalog: Catalog, found: Sequence[Filed], now: datetime) -> dict[str, Any]:
    """The same as JSON."""
    editions = [
        {
            "report": one.edition.report,
            "period": one.edition.period,
            "of": one.edition.own,
            "due": one.edition.due.isoformat(),
            "state": str(one.edition.state),
            "lacks": one.edition.lacks,
            "folder": one.edition.folder,
            "sha256": one.edition.digest,
            "routes": [
                {"route": name, "state": str(posting.state), "at": posting.at.isoformat(), "error": posting.error}
                for name, posting in one.routes.items()
            ],
        }
        for one in found
    ]
    coming = [
        {"report": name, "period": slot.period.name, "due": slot.due.isoformat()} for name, slot in _next(catalog, now)
    ]
    return {"editions": editions, "next": coming}


def _next(catalog: Catalog, now: datetime) -> Iterator[tuple[str, schedules.Slot]]:
    for report in catalog.reports.values():
        slot = schedules.following(report, catalog.calendar, catalog.working, now)
        if slot is not None:
            yield report.name, slot


def sentences(editions: Iterable[Edition], postings: Iterable[Posting]) -> Iterator[tuple[str, bool]]:
    """What became of editions, and what routes made of them, cells of one fate together; whether that is bad news."""
    fates = sorted(
        (one for one in editions if one.state is not EditionState.SKIPPED),
        key=lambda one: (one.report, one.period, one.state, one.lacks),
    )
    for (report, period, state, lacks), some in groupby(
        fates, lambda one: (one.report, one.period, one.state, one.lacks)
    ):
        became = _SAID[state].format(_short(lacks)) if lacks else "was built"
        yield f"{_named(report, period, some)} {became}.", state is EditionState.FAILED
    tries = sorted(postings, key=lambda one: (one.report, one.period, one.route, one.state, one.error))
    for (report, period, route, outcome, error), sent in groupby(
        tries, lambda one: (one.report, one.period, one.route, one.state, one.error)
    ):
        name = _named(report, period, sent)
        again = ", to be tried again" if outcome is PostingState.FAILED else ""
        why = error.removeprefix(f"route {route}, ")
        went = f"sent to {route}" if outcome is PostingState.SENT else f"not delivered to {route}{again}: {why}"
        yield f"{name} {went}.", outcome is not PostingState.SENT


def _short(lacks: str) -> str:
    """The first of what is missing, and how much more there is: the report itself lists everything."""
    several = lacks.split("; ")
    more = [f"{plurals.whole(len(several) - _NAMED)} more"] if len(several) > _NAMED + 1 else []
    return "; ".join([*several[:_NAMED], *more] if more else several)


def _named(report: str, period: str, some: Iterable[Edition | Posting]) -> str:
    """`Report mine 2026-W47 of a, b and 3 more`."""
    own = [one.own for one in some if one.own]
    if not own:
        return f"Report {report} {period}"
    named = own if len(own) <= _NAMED + 1 else [*own[:_NAMED], f"{plurals.whole(len(own) - _NAMED)} more"]
    return f"Report {report} {period} of {plurals.listed(named)}"


__all__ = ["Filed", "filed", "plain", "sentences", "table"]

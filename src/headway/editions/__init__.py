"""Editions: reports that go out by themselves, built once, kept, and sent once to each route.

    schedules.newest -> waits, or is built -> one transaction -> begun -> route -> what came of it

Of a report for each cell every cell has an edition of its own: one whose numbers come later is built later.

`keep` is the one verb, called by every tick while it is the only clock. An edition is recorded when its files lie on
the disk, and from then on these files are what is sent. That it is handed to a route is recorded before and after: one
that was begun by a process that ended may have arrived, so it is not sent again, and somebody is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from headway import __version__, schedules
from headway.editions import sending
from headway.ledger import Editions, Ledger, Run
from headway.model import Catalog, Edition, EditionState, Posting, Report
from headway.schedules import Slot

#: What an edition stays, whatever is computed later.
_DONE = (EditionState.BUILT, EditionState.SKIPPED)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of reports in one tick: editions that stand otherwise than before, and what routes took."""

    editions: tuple[Edition, ...] = ()
    postings: tuple[Posting, ...] = ()


def keep(catalog: Catalog, ledger: Ledger, now: datetime, environ: Mapping[str, str]) -> Kept:
    """Build what is due at `now`, and send what was built. Nothing before the first run."""
    if not catalog.reports or (run := ledger.last_run()) is None:
        return Kept()
    known = ledger.editions().editions
    told: list[Edition] = []
    for report in catalog.reports.values():
        slot = schedules.newest(report, catalog.calendar, catalog.working, now)
        if slot is None:
            continue
        own = [one for one in known if one.report == report.name and one.grain == report.every]
        if found := _step(report, slot, own, run, (catalog, ledger, now)):
            record(ledger, now, Editions(editions=found))
            told += _news(found, own)
    return Kept(tuple(told), sending.send(catalog, ledger, now, environ))


def record(ledger: Ledger, now: datetime, added: Editions) -> None:
    """Keep rows; as deliveries, they say nothing of numbers."""
    ledger.record_editions(Run(now, now, "", state="delivery", version=__version__), added)


def _step(
    report: Report, slot: Slot, own: Sequence[Edition], run: Run, around: tuple[Catalog, Ledger, datetime]
) -> tuple[Edition, ...]:
    """How the editions of a report that are not done stand now; nothing if nobody has to look at them."""
    catalog, ledger, now = around
    blank = Edition(
        report.name, report.every, slot.period.name, "", slot.due, now, EditionState.SKIPPED, subject=report.title
    )
    blank = replace(blank, numbers=f"{run.uuid} {catalog.fingerprint}")
    if not own:
        return (blank,)
    before = [one for one in own if one.period == slot.period.name]
    if any(not one.own and one.state in _DONE for one in before):
        return ()
    late = now >= slot.deadline
    # The same run and the same catalogue would find the same: what waits then waits for its deadline alone.
    if any(one.numbers == blank.numbers and (not late or one.at >= slot.deadline) for one in before):
        return ()
    try:
        from headway.editions import building  # Sphinx takes longer to import than most ticks last
    except ImportError as error:
        lacks = f'reports need {error.name}: pip install "headway[reports]"'
        return (replace(blank, state=EditionState.FAILED, lacks=lacks),)
    done = [one for one in before if one.state in _DONE]
    return building.build(report, slot, blank, catalog, ledger, done, late=late)


def _news(found: Sequence[Edition], before: Sequence[Edition]) -> list[Edition]:
    """Those that stand otherwise than before."""
    known = {one.key: (one.state, one.lacks) for one in before}
    return [
        one for one in found if one.state is not EditionState.LOOKED and known.get(one.key) != (one.state, one.lacks)
    ]


__all__ = ["Kept", "keep", "record"]

"""The command of the clock: `tick` does what is due, and a run ends with it."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from headway.cli.app import app
from headway.cli.project import catalog_at, ledger_of, now_of, root_of
from headway.errors import CatalogError
from headway.formats import plurals
from headway.options import NowOption, ProjectOption

if TYPE_CHECKING:
    from headway.clock import Ticked
    from headway.ledger import Ledger
    from headway.model import Catalog

#: Where a ledger is unless the catalogue says otherwise; one that is wrong cannot be asked.
_LEDGER = Path(".headway", "ledger.db")
#: What is new, in words, by what is told.
_NEW = {
    "start": "started",
    "worse": "became worse",
    "end": "ended",
    "repeat": "told again",
    "escalation": "taken by nobody in time",
}


@app.command()
def tick(project: ProjectOption = Path(), now: NowOption = None) -> None:
    """Do what is due: tell of alerts, try again, call others, end silences; build and send reports.

    For cron, every minute. It computes nothing, and prints nothing if there is nothing to do.
    """
    try:
        catalog, wrong = catalog_at(project), None
    except CatalogError as error:
        catalog, wrong = _of_last_run(project, error), error
    with ledger_of(catalog, create=False) as ledger:
        told(catalog, ledger, now_of(now))
    if wrong is not None:
        typer.echo("The clock went by the catalogue of the last run, because the present one is wrong:", err=True)
        raise wrong


def _of_last_run(project: Path, error: CatalogError) -> Catalog:
    """The catalogue of the last run: a slip in a file must not keep people from being told. Else the error itself."""
    from headway import catalog
    from headway.ledger import Ledger

    root = root_of(project)
    place = root / _LEDGER
    if not place.exists():
        raise error
    with Ledger.open(place, create=False) as ledger:
        run = ledger.last_run()
        files = ledger.files(run.fingerprint) if run else None
    if files is None:
        raise error
    return catalog.restore(files, root)


def told(catalog: Catalog, ledger: Ledger, now: datetime) -> Ticked:
    """Tick, and print what came of it."""
    from headway import clock

    ticked = clock.tick(catalog, ledger, now, os.environ)
    if ticked.busy:
        typer.echo(f"Alerts and reports are in the hands of another clock, {ticked.busy}.", err=True)
    if said := _said(ticked):
        typer.echo(said)
    for one in ticked.sent:
        if one.error:
            count = plurals.count(len(one.parcel.notices), "notice")
            typer.echo(f"{count} not delivered, to be tried again: {one.error}.", err=True)
    for remark in ticked.remarks:
        typer.echo(f"{remark}.", err=True)
    _told_reports(ticked)
    return ticked


def _told_reports(ticked: Ticked) -> None:
    """What became of reports, and what routes took of them."""
    if not ticked.reports.editions and not ticked.reports.postings:
        return
    from headway.cli import filed  # brings tables

    for sentence, bad in filed.sentences(ticked.reports.editions, ticked.reports.postings):
        typer.echo(sentence, err=bad)


def _said(ticked: Ticked) -> str:
    """`Alerts: 2 started, 1 ended. Told team and pager.`"""
    counts = Counter(one.tells.value for one in ticked.made)
    new = [f"{counts[tells]} {word}" for tells, word in _NEW.items() if counts[tells]]
    routes = list(dict.fromkeys(one.parcel.route for one in ticked.sent if not one.error))
    said = [f"Alerts: {', '.join(new)}."] if new else []
    if routes:
        *most, last = routes
        said.append(f"Told {', '.join(most)} and {last}." if most else f"Told {last}.")
    return " ".join(said)

"""The pages of then: what a reader saw at a moment of the past, or after a run, by the catalogue of then."""

from __future__ import annotations

from datetime import datetime

from headway import catalog as catalogue
from headway.errors import CatalogError, Mistake, UsageError
from headway.formats import dates
from headway.ledger import AsOf, Ledger, Run
from headway.model import Audience, Catalog
from headway.publish.view import View

_BY_NOW = "Words and targets are those of today's catalogue, not of the one of then"


def open(ledger: Ledger, catalog: Catalog, audience: Audience, as_of: AsOf) -> View:  # noqa: A001  # `past.open(...)`
    """The ledger as a reader of `audience` saw it then.

    `catalog` is that of now: it tells the time zone, and stands in where the ledger cannot give the other one, which
    every page then says. UsageError `nothing-computed` if nothing was published by then, `unknown-run` for a run that
    there is not.
    """
    last, run = reached(ledger, catalog, as_of)
    past, remark = catalogue_of(ledger, catalog, run)
    when = moment(last) if isinstance(as_of, int) else as_of
    return View(ledger, past, audience, when, when, last.id, remark)


def reached(ledger: Ledger, catalog: Catalog, as_of: AsOf) -> tuple[Run, Run]:
    """The newest run or decision by then, and the newest run. UsageError as of `open`."""
    last = ledger.last_run(as_of, decisions=True)
    if isinstance(as_of, int) and (last is None or last.id != as_of):
        raise UsageError(_unknown(ledger, as_of))
    run = None if last is None else ledger.last_run(last.id)
    if last is None or run is None:
        raise UsageError(_too_early(ledger, catalog, as_of))
    return last, run


def moment(run: Run) -> datetime:
    """When a run was published."""
    assert run.finished is not None, "a run that was recorded has finished"
    return run.finished


def catalogue_of(ledger: Ledger, catalog: Catalog, run: Run) -> tuple[Catalog, str]:
    """The catalogue that a run read; or that of now, with a sentence that says why it stands in."""
    files = ledger.files(run.fingerprint)
    try:
        if files is not None:
            return catalogue.restore(files, catalog.root), ""
        why = f"run {run.id} is of an earlier version, which kept none"
    except CatalogError as error:
        why = f"this version cannot read it: {error.mistakes[0].message}"
    return catalog, "" if run.fingerprint == catalog.fingerprint else f"{_BY_NOW} ({why})."


def _unknown(ledger: Ledger, number: int) -> Mistake:
    newest = ledger.last_run(decisions=True)
    remedy = f"They are numbered from 1 to {newest.id}." if newest else "Compute the numbers first: headway run."
    return Mistake(f"there is no run {number}", "unknown-run", None, remedy)


def _too_early(ledger: Ledger, catalog: Catalog, as_of: AsOf) -> Mistake:
    zone = catalog.calendar.tz
    first = ledger.last_run(1, decisions=True)
    when = f"by run {as_of}" if isinstance(as_of, int) else f"at {dates.moment(as_of, zone)}"
    begun = f"The first run finished at {dates.moment(moment(first), zone)}." if first else None
    remedy = begun or "Compute the numbers first: headway run."
    return Mistake(f"nothing was published yet {when}", "nothing-computed", None, remedy)

"""Puts sheets and letters into files, and does not overwrite what people wrote there."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headway import catalog as catalogue
from headway.catalog import values
from headway.errors import Mistake, UsageError
from headway.ledger import Ledger
from headway.model import Catalog
from headway.periods import Grain, Period
from headway.review import apply, edit, facts, sheet
from headway.review.facts import Selection
from headway.review.sheet import Frame

_LETTER = re.compile(r"\n<!-- headway letter, sum ([0-9a-f]+) -->\n*$")


@dataclass(frozen=True, slots=True)
class Written:
    """A sheet in its file: how many KPIs it asks about, and of how many something was filled in before."""

    file: Path
    kpis: int
    kept: int


def latest(catalog: Catalog, now: datetime) -> Period:
    """The newest quarter that is over."""
    calendar = catalog.calendar
    return calendar.previous(calendar.period(Grain.QUARTER, calendar.day(now)))


def write(
    catalog: Catalog,
    ledger: Ledger,
    quarter: Period,
    chosen: Selection,
    file: Path,
    now: datetime,
    *,
    force: bool = False,
) -> Written:
    """Write the sheet of a quarter; what was filled in before stays.

    UsageError `review-edited` if somebody changed more than that, unless `force`; `unknown-kpi`, `unknown-name`,
    `bad-period`, `nothing-computed`.
    """
    for name in chosen.kpis:
        if name not in catalog.kpis:
            raise UsageError(catalogue.unknown_kpi(name, catalog))
    for what, one, known in (("owner", chosen.owner, catalog.owners), ("area", chosen.area, catalog.areas)):
        if one and one not in known and one not in {getattr(kpi, what) for kpi in catalog.kpis.values()}:
            there = values.near(one, known) or (f"There is {values.among(known)}." if known else None)
            raise UsageError(Mistake(f"there is no {what} '{one}'", "unknown-name", None, there))
    if quarter.grain is not Grain.QUARTER or quarter.start > now:
        what = "has not begun" if quarter.grain is Grain.QUARTER else "is no quarter"
        remedy = f"The last one that is over is {latest(catalog, now)}."
        raise UsageError(Mistake(f"{quarter} {what}", "bad-period", None, remedy))
    names = chosen.names(catalog)
    if not names:
        remedy = "Give KPIs targets or benchmarks, or say --all."
        raise UsageError(Mistake("there is nothing to review", "unknown-kpi", None, remedy))
    run = ledger.last_run()
    if run is None:
        raise UsageError(Mistake("nothing is computed yet", "nothing-computed", None, "Run 'headway run' first."))
    earlier = _earlier(file, quarter, force=force)
    paths = {name: catalog.kpis[name].place.path for name in names}
    files = {path: edit.read((catalog.root / path).read_bytes(), path) for path in set(paths.values())}
    written = {name: edit.targets_of(files[path], name) for name, path in paths.items()}
    found = list(facts.gather(catalog, ledger, quarter, names))
    text = sheet.write(Frame(catalog, quarter, run.now, written), found, earlier)
    apply.replace_all({file: text.encode()}, [])
    return Written(file, len(found), sheet.filled(earlier.answers) if earlier else 0)


def _earlier(file: Path, quarter: Period, *, force: bool) -> sheet.Sheet | None:
    """The sheet that stands in the file, if there is one."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        remedy = "Name another file with --file."
        raise UsageError(Mistake(f"{file.name} cannot be read", "unreadable-file", None, remedy)) from error
    try:
        found = sheet.read(text, file.name)
    except UsageError as error:
        if error.slug == "not-a-review" and not force:
            message = f"{file.name} is there, and is no sheet of a review"
            remedy = "Name another file with --file, or overwrite it with --force."
            raise UsageError(Mistake(message, "review-edited", None, remedy)) from error
        if error.slug == "not-a-review":
            return None
        raise
    if not force and (found.edited or found.quarter != quarter.name):
        what = "was edited outside of its boxes" if found.edited else f"is the sheet of {found.quarter}"
        remedy = "With --force it is written again: what stands in its boxes stays, the rest is new."
        raise UsageError(Mistake(f"{file.name} {what}", "review-edited", None, remedy))
    return found


def keep(file: Path, text: str, *, force: bool = False) -> bool:
    """Write a letter, unless somebody edited the one that stands there; True if it was written."""
    try:
        known = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        known = ""
    marked = _LETTER.search(known)
    if known and not force and (marked is None or _sum(known[: marked.start()]) != marked[1]):
        return False
    apply.replace_all({file: f"{text}\n<!-- headway letter, sum {_sum(text)} -->\n".encode()}, [])
    return True


def _sum(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:10]


__all__ = ["Written", "keep", "latest", "write"]

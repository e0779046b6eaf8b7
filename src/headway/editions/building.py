"""Builds one edition: the files of a report about one period, or what it lacks and has to wait for."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headway.editions import lacking
from headway.errors import HeadwayError, UsageError
from headway.formats import dates
from headway.ledger import Ledger
from headway.model import Catalog, Edition, EditionState, Report, SentAs
from headway.publish import view as views
from headway.publish.view import View
from headway.reports import answered, each, rendering
from headway.reports.documents import Document
from headway.reports.snapshot import Snapshot
from headway.schedules import Slot
from headway.sphinx import building

#: Where editions are kept, in the project.
FOLDER = ".headway/reports"
_BUILDERS = {SentAs.HTML: "singlehtml", SentAs.PDF: "typst"}
#: What goes into a mail stands in this folder of an edition.
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class _Page:
    """One document with what it may say, and what it lacks."""

    document: Document
    taken: Snapshot
    lacks: tuple[str, ...]


def build(
    report: Report, slot: Slot, blank: Edition, catalog: Catalog, ledger: Ledger, *, late: bool
) -> tuple[Edition, ...]:
    """The editions, one for each cell: built, or one alone that waits or failed. Files are there before they return."""
    try:
        with ledger.still():
            view = views.open(ledger, catalog, report.audience, blank.at)
            pages = list(_pages(report, slot, view, catalog, ledger))
        if not late and (lacks := dict.fromkeys(what for page in pages for what in page.lacks)):
            return (replace(blank, state=EditionState.WAITING, lacks="; ".join(lacks)),)
        return tuple(_built(report, page, blank, catalog) for page in pages)
    except HeadwayError as error:
        return (replace(blank, state=EditionState.FAILED, lacks=str(error.mistakes[0]).splitlines()[0]),)
    except Exception as error:  # whatever one document does to Sphinx, the other reports go out
        why = f"it cannot be built: {type(error).__name__}: {error}"
        return (replace(blank, state=EditionState.FAILED, lacks=why.splitlines()[0]),)


def _pages(report: Report, slot: Slot, view: View, catalog: Catalog, ledger: Ledger) -> Iterator[_Page]:
    """The documents of an edition."""
    path = catalog.root / report.document if report.document.endswith((".md", ".jinja")) else Path(report.document)
    run = ledger.last_run()
    assert run is not None  # an edition is built after it
    cells = each.cells(view, report.for_each, slot.period) if report.for_each else [()]
    for document in rendering.render_each(path, view, slot.period, cells):
        taken, wrong = answered.tried(view, [document])
        amiss, absent = lacking.split(wrong)
        if amiss:
            raise UsageError(amiss)
        found = [
            *lacking.of_run(run, slot.period, catalog),
            *absent,
            *lacking.of_numbers(document.requests, taken, slot.period, catalog, ledger, run, absent),
        ]
        yield _Page(document, taken, tuple(dict.fromkeys(found)))


def _built(report: Report, page: _Page, blank: Edition, catalog: Catalog) -> Edition:
    """Write the files of one page, all or nothing."""
    one = page.document
    own = ", ".join(value for _, value in one.cell)
    folder = Path(FOLDER, report.name, blank.period, *([one.name] if own else []))
    place = catalog.root / folder
    text = _noticed(one.text, page.lacks) if page.lacks else one.text
    taken = Snapshot({**page.taken.data, "lacks": list(page.lacks)}) if page.lacks else page.taken
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as made:
        fresh = Path(made)
        snapshot = fresh / "snapshot.json"
        snapshot.write_text(taken.text(), "utf-8")
        for kind in report.formats:
            building.build(one.path, snapshot, fresh, _BUILDERS[kind], "", text, one.name)
        building.build(one.path, snapshot, fresh / MAIL, "mail", "", text, MAIL)
        digest = _digest(fresh)
        shutil.rmtree(place, ignore_errors=True)  # of a process that ended before it could record them
        shutil.copytree(fresh, place)
    when = dates.period(catalog.calendar.parse(blank.period))
    subject = f"{report.title}: {own}, {when}" if own else f"{report.title}, {when}"
    told = (folder.as_posix(), subject, "; ".join(page.lacks), digest)
    return replace(
        blank, state=EditionState.BUILT, own=own, folder=told[0], subject=told[1], lacks=told[2], digest=told[3]
    )


def _noticed(text: str, lacks: Sequence[str]) -> str:
    """The document with a notice below its title that says what is missing."""
    listed = "\n".join(f"- {what}." for what in lacks)
    said = "This report waited until its deadline for what is still missing:"
    notice = f"\n:::{{warning}}\n{said}\n\n{listed}\n:::\n"
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), -1) if lines[0] == "---" else -1
    head = next((n for n, line in enumerate(lines) if n > end and line.startswith("# ")), end)
    return "\n".join([*lines[: head + 1], notice, *lines[head + 1 :], ""])


def _digest(folder: Path) -> str:
    """One hash over all files, by their names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    told = "\n".join(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    return hashlib.sha256(told.encode()).hexdigest()


__all__ = ["FOLDER", "MAIL", "build"]

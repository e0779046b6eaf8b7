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
from headway.ledger import Ledger, Run
from headway.model import TOTAL, Catalog, Cell, Edition, EditionState, Report, SentAs
from headway.periods import Period
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
    report: Report,
    slot: Slot,
    blank: Edition,
    catalog: Catalog,
    ledger: Ledger,
    done: Sequence[Edition] = (),
    *,
    late: bool,
) -> tuple[Edition, ...]:
    """The edition; or that cells were looked at, and the edition of each cell that has none of `done` yet.

    Whatever waits for numbers does so until it is `late`. The files of what is built are there before they return.
    """
    try:
        with ledger.still():
            run = ledger.last_run()
            assert run is not None  # an edition is built after it
            early = tuple(lacking.of_run(run, slot.period, catalog))
            if early and not late:
                return (replace(blank, state=EditionState.WAITING, lacks=early[0]),)
            view = views.open(ledger, catalog, report.audience, blank.at)
            cells = _cells(report, slot.period, view, done)
            pages = [_page(one, early, slot, view, run) for one in _documents(report, slot, view, cells, done)]
    except Exception as error:  # whatever one report does, the others go out
        return (replace(blank, state=EditionState.FAILED, lacks=_why(error)),)
    if not report.for_each:
        return (_settled(report, pages[0], blank, catalog, late=late),)
    if not pages and not done:
        state = EditionState.FAILED if late else EditionState.WAITING
        before = catalog.calendar.previous(slot.period)
        none = f"no {' and '.join(report.for_each)} has a number in {slot.period}, or had one in {before}"
        return (replace(blank, state=state, lacks=none),)
    looked = replace(blank, state=EditionState.LOOKED)
    return (looked, *(_settled(report, page, blank, catalog, late=late) for page in pages))


def _cells(report: Report, period: Period, view: View, done: Sequence[Edition]) -> list[Cell]:
    """What there is a document for: those cells that have a number of the period, or had one before it."""
    if not report.for_each:
        return [TOTAL]
    known = {one.own for one in done}
    found = each.found(view, report.for_each, view.catalog.calendar.previous(period), period)
    return [cell for cell in found if _own(cell) not in known]


def _own(cell: Cell) -> str:
    return ", ".join(value for _, value in cell)


def _documents(
    report: Report, slot: Slot, view: View, cells: Sequence[Cell], done: Sequence[Edition]
) -> Iterator[Document]:
    """The documents of an edition, none named as one that is done."""
    own = report.document.endswith((".md", ".jinja"))
    path = view.catalog.root / report.document if own else Path(report.document)
    some = (
        rendering.render_board(view, report.board, slot.period, cell)
        if report.board
        else rendering.render(path, view, slot.period, cell)
        for cell in cells
    )
    return rendering.named_apart(some, [Path(one.folder).name for one in done])


def _page(one: Document, early: Sequence[str], slot: Slot, view: View, run: Run) -> _Page:
    """A document with what it may say; UsageError with what somebody has to mend in it."""
    taken, wrong = answered.tried(view, [one])
    amiss, absent = lacking.split(wrong)
    if amiss:
        raise UsageError(amiss)
    found = [*early, *absent, *lacking.of_numbers(one, slot, view, run, absent)]
    return _Page(one, taken, tuple(dict.fromkeys(found)))


def _settled(report: Report, page: _Page, blank: Edition, catalog: Catalog, *, late: bool) -> Edition:
    """The edition of a page: built, or waiting for what it lacks."""
    mine = replace(blank, own=_own(page.document.cell))
    if page.lacks and not late:
        return replace(mine, state=EditionState.WAITING, lacks="; ".join(page.lacks))
    try:
        return _built(report, page, mine, catalog)
    except Exception as error:  # whatever one document does to Sphinx, the others go out
        return replace(mine, state=EditionState.FAILED, lacks=_why(error))


def _why(error: Exception) -> str:
    """The first line of what went wrong."""
    if isinstance(error, HeadwayError):
        return str(error.mistakes[0]).splitlines()[0]
    return f"it cannot be built: {type(error).__name__}: {error}".splitlines()[0]


def _built(report: Report, page: _Page, mine: Edition, catalog: Catalog) -> Edition:
    """Write the files of one page, all or nothing."""
    one = page.document
    folder = Path(FOLDER, report.name, mine.period, *([one.name] if mine.own else []))
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
    named = (mine.own, dates.period(catalog.calendar.parse(mine.period)))
    subject = f"{report.title}: {', '.join(named)}" if mine.own else f"{report.title}, {named[1]}"
    return replace(
        mine,
        state=EditionState.BUILT,
        folder=folder.as_posix(),
        subject=subject,
        lacks="; ".join(page.lacks),
        digest=digest,
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

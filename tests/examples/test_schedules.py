"""The reports that the examples send: each can be built for its newest period, with the files that it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headway import schedules
from headway.catalog.reports import sent
from headway.editions import building
from headway.model import Edition, EditionState, Send
from headway.periods import Grain

BOARDS = [
    *(("saas", board) for board in ("executive", "growth", "health", "adoption", "daily", "weekly", "quarterly")),
    *(("hubs", board) for board in ("cloud", "finances", "upstream", "product")),
]
BUILT = [
    *(("saas", report) for report in ("daily", "weekly", "monthly", "letter", "quarterly")),
    *(("hubs", report) for report in ("weekly", "grant", "community")),
]


@pytest.mark.parametrize(("name", "report"), BUILT)
def test_every_report_can_be_built(name: str, report: str, example: Callable[[str], Any]) -> None:
    """Whatever its document asks for is there, or named as late; of reports for each cell there is one for each."""
    found = example(name)
    declared = found.catalog.reports[report]
    slot = schedules.newest(declared, found.catalog.calendar, found.catalog.working, found.now)
    assert slot is not None
    assert slot.due <= found.now < slot.due + timedelta(days=100)
    blank = Edition(
        report, declared.every, slot.period.name, "", slot.due, found.now, EditionState.SKIPPED, subject=declared.title
    )
    looked = building.build(declared, slot, blank, found.catalog, found.ledger, late=True)
    made = [one for one in looked if one.state is not EditionState.LOOKED]
    assert {(one.state, one.lacks if one.state is EditionState.FAILED else "") for one in made} == {
        (EditionState.BUILT, "")
    }
    assert len({one.folder for one in made}) == len({one.own for one in made}) == len(made)
    assert (len(made) > 5) is bool(declared.for_each)
    for one in made:
        folder = found.catalog.root / one.folder
        kinds = {path.suffix for path in folder.iterdir() if path.suffix in (".html", ".pdf")}
        assert kinds == {f".{kind}" for kind in declared.formats}
        same_numbers(found, folder)


def same_numbers(found: Any, folder: Path) -> None:
    """The mail says the numbers of the page, and the PDF each of them as often."""
    said = found.traced((folder / building.MAIL / "mail.html").read_text("utf-8"))
    assert said
    for page in folder.glob("*.html"):
        assert found.traced(page.read_text("utf-8")) == said
    for pdf in folder.glob("*.pdf"):
        assert not found.absent(pdf, said)


@pytest.mark.parametrize("name", ["saas", "hubs"])
def test_none_is_left_out_here(name: str, example: Callable[[str], Any]) -> None:
    """Every report that an example declares is built here, and every board that is one page."""
    catalog = example(name).catalog
    reports = {(name, report.name) for report in catalog.reports.values() if not report.board}
    boards = {(name, board.name) for board in catalog.boards.values() if not board.for_each}
    assert reports | boards == {one for one in (*BUILT, *BOARDS) if one[0] == name}


@pytest.mark.parametrize(("name", "board"), BOARDS)
def test_every_board_can_go_out(name: str, board: str, example: Callable[[str], Any]) -> None:
    """Its cards, tables and lists as a page, a PDF and a mail; every number of the page is the ledger's."""
    found = example(name)
    declared = replace(found.catalog.boards[board], send=(Send(Grain.MONTH, "team"),))
    (report,) = sent(declared)
    slot = schedules.newest(report, found.catalog.calendar, found.catalog.working, found.now)
    assert slot is not None
    blank = Edition(report.name, "month", slot.period.name, "", slot.due, found.now, EditionState.SKIPPED)
    (made,) = building.build(report, slot, blank, found.catalog, found.ledger, late=True)
    assert (made.state, made.lacks) == (EditionState.BUILT, "")
    folder = found.catalog.root / made.folder
    page = (folder / f"board-{board}.html").read_text("utf-8")
    numbers = found.traced(page)
    assert sum(found.agrees(told, text) for told, text in numbers if "says" not in told and text != "\N{EN DASH}") > 3
    same_numbers(found, folder)

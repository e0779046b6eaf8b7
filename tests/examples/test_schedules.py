"""The reports that the examples send: each can be built for its newest period, with the files that it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from headway import schedules
from headway.editions import building
from headway.model import Edition, EditionState

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
    made = building.build(declared, slot, blank, found.catalog, found.ledger, late=True)
    assert {(one.state, one.lacks if one.state is EditionState.FAILED else "") for one in made} == {
        (EditionState.BUILT, "")
    }
    assert len({one.folder for one in made}) == len({one.own for one in made}) == len(made)
    assert (len(made) > 5) is bool(declared.for_each)
    for one in made:
        folder = found.catalog.root / one.folder
        kinds = {path.suffix for path in folder.iterdir() if path.suffix in (".html", ".pdf")}
        assert kinds == {f".{kind}" for kind in declared.formats}
        assert (folder / building.MAIL / "mail.html").stat().st_size > 1000


@pytest.mark.parametrize("name", ["saas", "hubs"])
def test_none_is_left_out_here(name: str, example: Callable[[str], Any]) -> None:
    """Every report that an example declares is built above."""
    assert {(name, report) for report in example(name).catalog.reports} == {one for one in BUILT if one[0] == name}

"""`headway enter`: what it writes, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headway import catalog as catalogue
from headway import decide
from headway.errors import UsageError
from headway.ledger import Ledger
from headway.run import observe

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
PROJECT = """
project: offices
sources:
  events: {read: {files: none.csv}, columns: {at: date}, time: at}
kpis:
  desks:   {entered: desks.csv, grain: month, by: [office, [office, floor]], unit: desks}
  cells:   {entered: cells.csv, grain: month, by: [office], total: none}
  happy:   {entered: happy.csv, grain: quarter, unit: percent}
  stories: {narrative: words/stories.csv, by: [office]}
  active:  {count: events, history: old.csv}
  opened:  {count: events}
  planned: {tracked_from: 2027-01-01}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project without any entries."""
    (tmp_path / "headway.yml").write_text(PROJECT)
    return tmp_path


def enter(root: Path, kpi: str, period: str, value: str, **others: Any) -> decide.Written:
    """Enter something."""
    entry = decide.Entry(kpi, period, value, **{"who": "Ana", "why": "counted", **others})
    return decide.enter(catalogue.load(root), entry, NOW)


def refused(root: Path, *arguments: str, **others: Any) -> str:
    """Why something cannot be entered; nothing is written then."""
    before = {path: path.read_bytes() for path in root.rglob("*.csv")}
    with pytest.raises(UsageError) as caught:
        enter(root, *arguments, **others)
    assert {path: path.read_bytes() for path in root.rglob("*.csv")} == before
    return str(caught.value)


def test_a_new_file_has_every_column(root: Path) -> None:
    """Who, when and why stand beside the number, without its unit."""
    enter(root, "desks", "2026-01", "12 desks", cell={"office": "north"})
    assert (root / "desks.csv").read_text() == (
        "period,office,floor,value,evidence,entered_by,entered_on,note\n2026-01,north,,12,,Ana,2026-03-10,counted\n"
    )


def test_a_file_keeps_its_columns_and_its_lines(root: Path) -> None:
    """A line is added as the file is written, and nothing else changes: not its order, its quotes, its line ends."""
    before = 'value,period,entered_by,entered_on,note\r\n"3","2026-01",Ben,,"a, b"\r\n'
    (root / "happy.csv").write_bytes(before.replace('"3"', '"3 %"').encode())
    enter(root, "happy", "2026-Q1", "85 %")
    added = "85 %,2026-Q1,Ana,2026-03-10,counted\r\n"
    assert (root / "happy.csv").read_bytes().decode() == before.replace('"3"', '"3 %"') + added


def test_missing_columns_are_added_at_the_end(root: Path) -> None:
    """Lines that were there have nothing in them. A last line without an end gets one."""
    (root / "desks.csv").write_text("period,value\n2025-12,7")
    enter(root, "desks", "2026-01", "12", cell={"office": "north"})
    assert (root / "desks.csv").read_text().splitlines() == [
        "period,value,office,entered_by,entered_on,note",
        "2025-12,7,,,,",
        "2026-01,12,north,Ana,2026-03-10,counted",
    ]


def test_a_value_that_is_there_is_replaced_on_request_alone(root: Path) -> None:
    """The note keeps what it was, who entered it, when and why. Other cells are other values."""
    enter(root, "desks", "2026-01", "12")
    enter(root, "desks", "2026-01", "5", cell={"office": "north"})
    assert "desks.csv has 12 for 2026-01 already, entered by Ana" in refused(root, "desks", "2026-01", "13")
    done = enter(root, "desks", "2026-01", "13", who="Ben", why="two were hidden", replace=True)
    assert done.was == "12"
    first, second = (root / "desks.csv").read_text().splitlines()[1:]
    assert first == ('2026-01,,,13,,Ben,2026-03-10,"two were hidden (was 12, entered by Ana on 2026-03-10: counted)"')
    assert second.startswith("2026-01,north,,5,")
    assert "desks.csv has nothing for 2026-02" in refused(root, "desks", "2026-02", "1", replace=True)


def test_a_text_needs_no_reason_and_may_have_evidence(root: Path) -> None:
    """A file of the project, or an address; quotes and commas are the text's own."""
    (root / "letter.pdf").write_text("x")
    enter(root, "stories", "2026-03-01", 'They said, "it works".', why="", evidence="letter.pdf")
    enter(root, "stories", "2026-03-02", "More.", why="", evidence="https://example.org/a", cell={"office": "north"})
    assert (root / "words" / "stories.csv").read_text().splitlines()[1:] == [
        '2026-03-01,,"They said, ""it works"".",letter.pdf,Ana,2026-03-10,',
        "2026-03-02,north,More.,https://example.org/a,Ana,2026-03-10,",
    ]
    assert "there is no file nothing.pdf" in refused(root, "stories", "2026-03-03", "x", evidence="nothing.pdf")
    assert "there is no file javascript:" in refused(root, "stories", "2026-03-03", "x", evidence="javascript:a()")


@pytest.mark.parametrize(
    ("arguments", "others", "says"),
    [
        (("desk", "2026-01", "1"), {}, "there is no KPI 'desk' [unknown-kpi]\n  Did you mean 'desks'?"),
        (("opened", "2026-01", "1"), {}, "opened is computed, and not entered by people"),
        (("active", "2026-01", "1"), {}, "active is computed; its history is from before Headway"),
        (("planned", "2026-01", "1"), {}, "planned is planned, and has no file yet"),
        (("desks", "January", "1"), {}, "'January' is no period"),
        (("desks", "2026-04", "1"), {}, "2026-04 has not begun"),
        (("desks", "2026-01", "1,000"), {}, "a number is written without separators"),
        (("desks", "2026-01", "3 chairs"), {}, "desks is in desks, not in 'chairs'"),
        (("desks", "2026-01", "nan"), {}, "a number, with its unit or without, must stand here"),
        (("happy", "2026-Q1", "85"), {}, "Did you mean '85 %'?"),
        (("desks", "2026-01", "1"), {"cell": {"team": "a"}}, "It has --for office=... or --for office=... --for floor"),
        (("desks", "2026-01", "1"), {"cell": {"floor": "1"}}, "desks has no breakdown 'floor'"),
        (("cells", "2026-01", "1"), {}, "cells has no total"),
        (("desks", "2026-01", "1"), {"why": " "}, "why is it so?"),
        (("stories", "2026-03-01", " "), {}, "there is no text"),
    ],
)
def test_what_a_run_would_refuse_is_not_written(
    root: Path, arguments: tuple[str, ...], others: dict[str, Any], says: str
) -> None:
    """In plain words, and nothing is written."""
    assert says in refused(root, *arguments, **others)


def test_a_file_that_cannot_be_read_is_mended_first(root: Path) -> None:
    """Its mistakes are told with their lines."""
    (root / "desks.csv").write_text("period,value,colour\n2026-01,7,red\n")
    assert "desks.csv:1:14: unknown column 'colour'" in refused(root, "desks", "2026-02", "1")


def test_what_is_entered_is_published(root: Path) -> None:
    """The next run computes it, and the ledger keeps the words: each as it was published."""
    for file in ("none.csv", "old.csv"):
        (root / file).write_text("at\n" if file == "none.csv" else "period,value\n")
    for kpi, period in (("cells", "2026-01"), ("happy", "2026-Q1")):
        enter(root, kpi, period, "5 %" if kpi == "happy" else "5", cell={"office": "a"} if kpi == "cells" else None)
    enter(root, "desks", "2026-01", "12")
    enter(root, "stories", "2026-03-01", "First.", why="")
    with Ledger.open(root / "ledger.db") as ledger:
        assert observe(catalogue.load(root), ledger, NOW).whole
        (told,) = ledger.entries("stories")
        assert (told.entry.text, told.entry.entered_by, told.revision) == ("First.", "Ana", 1)
        assert [one.entry.note for one in ledger.entries("desks")] == ["counted"]
        enter(root, "stories", "2026-03-01", "First, mended.", why="a slip", replace=True)
        observe(catalogue.load(root), ledger, NOW)
        observe(catalogue.load(root), ledger, NOW)
        (told,) = ledger.entries("stories")
        assert (told.entry.text, told.revision, told.run) == ("First, mended.", 2, 2)
        before = ledger.runs()[-1].finished
        assert [one.entry.text for one in ledger.entries("stories", before)] == ["First."]
        (root / "words" / "stories.csv").write_text("period,text\n")
        observe(catalogue.load(root), ledger, NOW)
        assert ledger.entries("stories") == []

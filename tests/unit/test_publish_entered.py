"""Pages of what people entered, of imported values and of too few answers: HTML, JSON, CSV and the terminal agree."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from headway import catalog as catalogue
from headway.errors import UsageError
from headway.ledger import Ledger
from headway.model import Audience
from headway.periods import Grain
from headway.publish import terminal, twin, view
from headway.publish.html import Pages
from headway.reports import answers, asked, taking
from headway.reports.records import Number
from headway.run import Outcome, observe

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
PROJECT = """
project: offices
audience: public
sources:
  answers: {read: {files: answers.csv}, columns: {at: date, good: boolean, team: text}, time: at}
kpis:
  desks:   {entered: desks.csv, grain: month, by: [office], total: none}
  stories: {narrative: stories.csv, title: What changed}
  good:    {share: answers.good, min_n: 3, by: [team], grain: month, history: old.csv}
  since:   {share: answers.good, grain: month, history: old.csv, tracked_from: 2026-02-01}
"""
FILES = {
    "headway.yml": PROJECT,
    "desks.csv": (
        "period,office,value,entered_by,entered_on,note\n2026-01,north,3,Ana,2026-02-03,counted at the door.\n"
    ),
    "stories.csv": (
        "period,text,evidence,entered_by\n"
        "2026-01-05,It <b>works</b>.,https://example.org/a,Ana\n"
        "2026-02-05,=1+1,javascript:alert(1),\n"
    ),
    "old.csv": "period,value\n2025-11,40 %\n2026-01,50 %\n",
    "answers.csv": "at,good,team\n2026-01-05,true,red\n2026-01-06,false,red\n2026-02-05,true,red\n2026-02-05,true,red\n"
    "2026-02-05,false,red\n2026-03-01,true,red\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project's files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def ran(root: Path) -> tuple[Ledger, Outcome]:
    """A ledger after a run."""
    ledger = Ledger.open(root / "ledger.db")
    return ledger, observe(catalogue.load(root), ledger, NOW)


def test_too_few_answers_are_said_and_told_nowhere(root: Path) -> None:
    """January's two answers: their number stands there, their share in no form."""
    (root / "old.csv").write_text("period,value\n2025-11,40 %\n")
    ledger, _ = ran(root)
    with ledger:
        seen = view.open(ledger, catalogue.load(root), Audience.PUBLIC, NOW)
        page = seen.kpi("good")
        january = next(row for row in page.rows if row.period == "2026-01")
        assert (january.value, january.full, january.n, january.note) == (None, "Withheld", 2, "Too few answers: 2")
        assert (january.numerator, january.denominator) == (None, None)
        csv = seen.csv("good", Grain.MONTH).splitlines()
        assert "2026-01,2026-01-01,2026-01-31,,withheld,,,false,false,too few answers,2.0,,,1" in csv
        html = Pages(seen).get("kpi/good.html")
        assert html is not None
        assert b"Too few answers: 2" in html.content
        cell = seen.csv("good", Grain.MONTH, cells=True)
        assert "red,2026-01,2026-01-01,2026-01-31,,withheld,,,false,false,too few answers,2.0,,,1" in cell
        out = StringIO()
        terminal.kpi(Console(file=out, width=150), page, 12)
        assert "Too few answers: 2" in out.getvalue()
        # The newest complete period has enough; the running one has not.
        assert page.tile.shown.text == "66.7\u202f%"
        assert page.tile.running is None


def test_a_card_says_that_there_were_too_few_answers(root: Path) -> None:
    """In place of the number, and not that a check failed."""
    (root / "answers.csv").write_text("at,good,team\n2026-02-05,true,red\n2026-03-05,true,red\n")
    (root / "old.csv").write_text("period,value\n")
    ledger, _ = ran(root)
    with ledger:
        tile = view.open(ledger, catalogue.load(root), Audience.PUBLIC, NOW).tile("good")
    assert (tile.shown.value, tile.shown.text, tile.reason) == (None, "Withheld", "Too few answers: 1.")
    assert tile.note == "Too few answers: 1"


def test_imported_values_are_marked_everywhere(root: Path) -> None:
    """On the page, in its JSON and in CSV; a computed value is not."""
    ledger, _ = ran(root)
    with ledger:
        seen = view.open(ledger, catalogue.load(root), Audience.PUBLIC, NOW)
        rows = {row.period: row for row in seen.kpi("since").rows}
        told = twin.plain(seen.kpi("since"))
        imported = {row["period"]: row["imported"] for row in told["rows"]}
        csv = seen.csv("since", Grain.MONTH).splitlines()
        html = Pages(seen).get("kpi/since.html")
    assert [(rows[name].value, rows[name].imported, rows[name].note) for name in ("2026-01", "2026-02")] == [
        (0.5, True, "Imported"),
        (pytest.approx(2 / 3), False, ""),
    ]
    assert imported == {"2025-11": True, "2026-01": True, "2026-02": False, "2026-03": False}
    header = csv[0].split(",")
    assert [line.split(",")[header.index("imported")] for line in csv[1:3]] == ["true", "true"]
    assert html is not None
    assert b"Imported" in html.content


def test_a_trend_is_of_one_method(root: Path) -> None:
    """What was imported is no part of it, as nothing compares the two; a dot stands in its place."""
    (root / "answers.csv").write_text(FILES["answers.csv"] + "2026-04-01,false,red\n")
    with Ledger.open(root / "ledger.db") as ledger:
        later = datetime(2026, 5, 10, tzinfo=UTC)
        observe(catalogue.load(root), ledger, later)
        seen = view.open(ledger, catalogue.load(root), Audience.PUBLIC, later)

        def drawn(text: str) -> str:
            request = asked.role("kpi-trend", text)
            found = answers.answer(request, taking.take(seen, [request]))
            assert isinstance(found, Number)
            return found.text

        assert drawn("since 2026-04") == "···▆█▁"  # November, January, then those that are computed
        with pytest.raises(UsageError, match="no number before 2026-02 that was made as it is: it has no trend yet"):
            drawn("since 2026-02")


def test_history_gives_way_and_says_so(root: Path) -> None:
    """January is computed, too few answers or not; with `tracked_from` nothing gives way."""
    ledger, outcome = ran(root)
    with ledger:
        january = ledger.read("good", grain=Grain.MONTH, cells=False).to_pylist()[1]
    assert january["reason"] == "too few answers"
    assert outcome.notes == {
        "good": "1 value of its history gives way to computed ones (2026-01); with 'tracked_from' it is said where"
        " history ends"
    }


def test_texts_stand_newest_first_with_their_evidence(root: Path) -> None:
    """Escaped; an address is linked and nothing else is; the public is not told who wrote."""
    ledger, _ = ran(root)
    with ledger:
        catalog = catalogue.load(root)
        seen = view.open(ledger, catalog, Audience.INTERNAL, NOW)
        page = seen.kpi("stories")
        html = Pages(seen).get("kpi/stories.html")
        csv = seen.csv("stories", Grain.DAY)
        public = view.open(ledger, catalog, Audience.PUBLIC, NOW).kpi("stories")
    assert [(e.period, e.text, e.link, e.said) for e in page.entries] == [
        ("2026-02-05", "=1+1", "", ""),
        ("2026-01-05", "It <b>works</b>.", "https://example.org/a", "Entered by Ana."),
    ]
    assert (page.tile.shown.value, page.tile.shown.text, page.tile.verdict.word) == (None, "2 entries", "In words")
    assert [e.entered_by for e in public.entries] == ["", ""]
    assert "Ana" not in json.dumps(twin.plain(public))
    assert html is not None
    assert b"It &lt;b&gt;works&lt;/b&gt;." in html.content
    assert b'href="https://example.org/a"' in html.content
    assert b'href="javascript' not in html.content
    assert csv.splitlines()[1] == "2026-02-05,'=1+1,javascript:alert(1),,,"
    out = StringIO()
    terminal.kpi(Console(file=out, width=150), page, 12)
    assert "It <b>works</b>." in out.getvalue()


def test_who_entered_a_number_and_why_stands_on_its_page(root: Path) -> None:
    """Also where there is no total, which is said; cells are shown all the same."""
    ledger, _ = ran(root)
    with ledger:
        page = view.open(ledger, catalogue.load(root), Audience.INTERNAL, NOW).kpi("desks")
    (entry,) = page.entries
    assert entry.label == "January 2026, north"
    assert entry.said == "Entered by Ana on 3 Feb 2026, because: counted at the door."
    assert (page.tile.shown.text, page.tile.reason) == (
        "No total",
        "There is no total: the cells do not add up.",
    )
    (breakdown,) = page.breakdowns
    assert [(cell.label, cell.shown.value) for cell in breakdown.cells] == [("north", 3)]
    assert not breakdown.adds_up

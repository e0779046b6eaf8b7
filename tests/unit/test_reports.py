"""Reports: what a document asks, what a snapshot holds, and what stands in the text, or why nothing may."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from headway.cli import report
from headway.errors import Mistake, UsageError
from headway.ledger import Ledger
from headway.model import Audience, Catalog
from headway.publish import view
from headway.publish.view import View
from headway.reports import answers, asked, documents, taking
from headway.reports.asked import Address, Request
from headway.reports.records import Answer, Card, Figure, Listing, Number, Table
from headway.reports.snapshot import Snapshot, edition, edition_of

Published = tuple[Ledger, Catalog]
Asks = Callable[..., Snapshot]


@pytest.fixture
def internal(published: Published, northlane: SimpleNamespace) -> View:
    """Northlane as its own people see it."""
    return view.open(*published, Audience.INTERNAL, northlane.NOW)


def mistakes(reads: Callable[[], object]) -> list[Mistake]:
    """What is wrong, all of it."""
    with pytest.raises(UsageError) as caught:
        reads()
    return list(caught.value.mistakes)


def told(request: Request, seen: View) -> Answer:
    """What stands in a report for a request, by a snapshot that went through its file."""
    taken = Snapshot(json.loads(taking.take(seen, [request]).text()))
    return answers.answer(request, taken)


# -- the grammar ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address", "options"),
    [
        ("mau", Address("mau"), {}),
        ("mau 2026-01", Address("mau", period="2026-01"), {}),
        ("mau FY2026-Q1", Address("mau", period="FY2026-Q1"), {}),
        ("mau month", Address("mau", grain="month"), {}),
        ("mrr.new 2026-Q1", Address("mrr", "new", "2026-Q1"), {}),
        (
            'mau 2026-01 hub="New York" plan=a',
            Address("mau", "", "2026-01", "", (("hub", "New York"), ("plan", "a"))),
            {},
        ),
        ('mau format=exact or="not published"', Address("mau"), {"format": "exact", "or": "not published"}),
        ("mau\n  2026-01", Address("mau", period="2026-01"), {}),
    ],
)
def test_a_role_names_a_number(text: str, address: Address, options: dict[str, str]) -> None:
    """A KPI or a part of it, a period or a length of period, a cell, and options."""
    found = asked.role("kpi", text)
    assert (found.of, found.options) == ((address,), options)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("kpi", "", "{kpi} names no KPI"),
        ("kpi", "mau wau", "{kpi} names 2 KPIs, and shows one"),
        ("kpi", "MAU", "{kpi} cannot read 'MAU'"),
        ("kpi", "mau format=long", "format must be one of short, exact, unit, not 'long'"),
        ("kpi", 'mau compare="1 year"', "{kpi} has no option 'compare'"),
        ("kpi", 'mau or="', 'a quote is not closed in {kpi} mau or="'),
        ("kpi-change", "mau compare=yesterday", "compare is a length of time, not 'yesterday'"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, text: str, message: str) -> None:
    """In the words of the document."""
    assert [one.message for one in mistakes(lambda: asked.role(name, text))] == [message]


def test_a_document_is_read_as_a_host_reads_it() -> None:
    """Roles may break over lines; code, front matter and other directives' literal text ask for nothing."""
    text = (
        "---\nx: '{kpi}`no`'\n---\n"
        "We serve {kpi}`communities\n2025` people, `{kpi}` is a role, `` {kpi}`no` `` too.\n\n"
        "```python\n{kpi}`no`\n```\n"
        ":::{note}\n{kpi-status}`mau`\n:::\n"
        "```{kpi-chart} funding\n:by: category\n---\nCaption {kpi}`funding 2025`.\n```\n"
        ":::{kpi-cards}\n:columns: 2\nmau\nwau 2025\n:::\n"
        ":::{kpi-table} mau\n:bye: hub\n:::\n"
    )
    found, wrong = asked.scan(text, "report.md")
    assert [(one.key, one.place.line if one.place else 0) for one in found] == [
        ("kpi communities 2025", 4),
        ("kpi-status mau", 11),
        ("kpi-chart funding by=category", 13),
        ("kpi funding 2025", 16),
        ("kpi-cards mau wau 2025 columns=2", 18),
    ]
    assert [(str(one.place), one.message, one.remedy) for one in wrong] == [
        ("report.md:23:4", "{kpi-table} has no option 'bye'", "Did you mean 'by'?")
    ]


def test_a_front_matter_pins_an_edition(tmp_path: Path) -> None:
    """Besides, it says whom the report is for; another word is no word."""
    path = tmp_path / "report.md"
    path.write_text("---\nheadway: {edition: 2026-q3, audience: internal}\n---\n", "utf-8")
    assert (documents.read(path).edition, documents.read(path).audience) == ("2026-q3", "internal")
    path.write_text("---\nheadway: {editions: 1}\n---\n", "utf-8")
    assert mistakes(lambda: documents.read(path))[0].slug == "unknown-key"
    path.write_text("---\nheadway: {cover: maybe}\n---\n", "utf-8")
    wrong = mistakes(lambda: documents.read(path))[0]
    assert (wrong.slug, wrong.remedy) == ("wrong-type", "As in headway: {cover: false}")


@pytest.mark.parametrize(
    ("matter", "place", "slug", "remedy"),
    [
        ("title: A\nheadway:\n  audiance: internal", "4:3", "unknown-key", "Did you mean 'audience'?"),
        ("headway: {audience: internl}", "2:11", "bad-value", "Did you mean 'internal'?"),
        ("headway: {every: fortnight}", "2:11", "bad-value", "As in headway: {every: hour}"),
        ("headway: [internal]", "2:10", "wrong-type", "As in headway: {edition: 2026-q3}"),
        ('title: "A', "2:10", "yaml-syntax", "It stands between two lines of three dashes."),
    ],
)
@pytest.mark.parametrize("name", ["report.md", "report.md.jinja"])
def test_what_front_matter_cannot_mean_is_told_with_its_line(
    matter: str, place: str, slug: str, remedy: str, name: str, tmp_path: Path
) -> None:
    """Of a template as well, whose front matter is read alone where it speaks to us."""
    path = tmp_path / name
    path.write_text(f"---\n{matter}\n---\n# A\n", "utf-8")
    if slug == "yaml-syntax" and documents.is_template(path):
        assert documents.header(path, path.read_text("utf-8")) == documents.Header()
        return
    (one,) = mistakes(lambda: documents.header(path, path.read_text("utf-8")))
    assert (str(one.place), one.slug, one.remedy) == (f"{path}:{place}", slug, remedy)


def test_an_option_that_is_misspelled_is_no_cell(internal: View) -> None:
    """What looks like a column, and is near to a word that is known."""
    (one,) = mistakes(lambda: told(asked.role("kpi-change", 'mau comparee="1 year"'), internal))
    assert (one.slug, one.remedy) == ("unknown-cell", "Did you mean 'compare'?")


# -- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("kpi", "mau", "7,077"),
        ("kpi", "mau format=unit", "7,077\u00a0people"),
        ("kpi", "revenue", "$1.24M"),
        ("kpi-target", "mau", "≥\u00a07,000"),
        ("kpi-status", "retention", "Below target"),
        ("kpi-period", "revenue", "October 2026"),
        ("kpi", 'satisfaction or="not published"', "not published"),
        ("kpi", 'mau 1999-01-01 or="none"', "none"),
    ],
)
def test_a_sentence_says_what_the_page_says(name: str, text: str, said: str, internal: View) -> None:
    """The newest number of a period that is over, in the form of the card without its noun."""
    found = told(asked.role(name, text), internal)
    assert isinstance(found, Number)
    assert found.text == said


def test_a_number_can_be_traced(internal: View) -> None:
    """It carries its KPI, period and revision, which an author's own words do not."""
    found = told(asked.role("kpi", "revenue 2026-10"), internal)
    assert isinstance(found, Number)
    assert found.attributes == {"kpi": "revenue", "period": "2026-10", "revision": "1"}
    row = next(one for one in internal.kpi("revenue").rows if one.period == "2026-10")
    assert found.value == row.value
    exact = told(asked.role("kpi", "revenue 2026-10 format=exact"), internal)
    assert isinstance(exact, Number)
    assert exact.text == row.full


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        ("nothing", "unknown-kpi", "there is no KPI 'nothing'"),
        (
            "satisfaction",
            "no-number",
            "Satisfaction after support has no number for October 2026: Withheld. A data check failed.",
        ),
        ("revenue 2026-11", "no-number", "is partial: its period is not over"),
        ("revenue 1999-01", "unknown-period", "has no number for 1999-01"),
        ("revenue 2026-13", "bad-period", "'2026-13' is no period"),
        ("revenue.new", "unknown-part", "revenue has no part 'new'"),
        ("revenue planet=mars", "unknown-cell", "is not broken down by planet"),
        ("peak_users", "no-number", "is not tracked yet"),
    ],
)
def test_what_is_not_there_is_an_error(text: str, slug: str, message: str, internal: View) -> None:
    """With its place in the document; a report is never blank and never silently wrong."""
    found, _ = asked.scan(f"Text\n\nand {{kpi}}`{text}`.", "report.md")
    (one,) = mistakes(lambda: told(found[0], internal))
    assert (one.slug, str(one.place)) == (slug, "report.md:3:5")
    assert message in one.message


def test_a_report_is_for_its_readers(published: Published, northlane: SimpleNamespace) -> None:
    """What they may not see is told to the author, and the snapshot does not hold it."""
    ledger, catalog = published
    kpis = {**catalog.kpis, "mau": replace(catalog.kpis["mau"], audience=Audience.INTERNAL)}
    public = view.open(ledger, replace(catalog, kpis=kpis), Audience.PUBLIC, northlane.NOW)
    assert mistakes(lambda: told(asked.role("kpi", "mau"), public))[0].slug == "not-for-readers"
    assert "7,077" not in taking.take(public, [asked.role("kpi", "mau")]).text()
    assert "mau" not in taking.take(public, None).kpis


def test_a_snapshot_tells_what_it_does_not_hold(internal: View) -> None:
    """A number that was added to a document after the snapshot was taken."""
    taken = taking.take(internal, [asked.role("kpi", "mau")])
    (one,) = mistakes(lambda: answers.answer(asked.role("kpi", "revenue"), taken))
    assert (one.slug, one.remedy) == ("not-in-snapshot", "Take it again with this document: headway snapshot DOCUMENT")


def test_the_same_data_are_the_same_file(internal: View, tmp_path: Path) -> None:
    """A snapshot that was read is written as it was; one of another format is refused."""
    text = taking.take(internal, [asked.role("kpi", "mau"), asked.directive("kpi-chart", "revenue", {})]).text()
    path = tmp_path / "snapshot.json"
    path.write_text(text, "utf-8")
    assert Snapshot.read(path).text() == text
    path.write_text('{"format": 99}', "utf-8")
    assert mistakes(lambda: Snapshot.read(path))[0].slug == "not-a-snapshot"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"format": 1, "about": {}}'])
def test_a_file_that_is_no_snapshot_is_told(text: str, tmp_path: Path) -> None:
    """Of one that was filed, where to get it again; never as what Python stumbled over."""
    path = tmp_path / "editions" / "2026-q3.json"
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    (one,) = mistakes(lambda: Snapshot.read(path))
    assert one.slug == "not-a-snapshot"
    assert "Restore it from your version control" in (one.remedy or "")


@pytest.mark.parametrize("name", ["", "../x", "q 3", "a/b", ".hidden"])
def test_an_edition_is_a_file_beside_its_document(name: str) -> None:
    """And nothing that leads elsewhere."""
    (one,) = mistakes(lambda: edition_of(Path("grant.md"), name))
    assert one.slug == "bad-value"


def test_a_document_says_no_numbers_that_its_readers_may_not_see(internal: View, tmp_path: Path) -> None:
    """What was filed for fewer readers is refused; for more, it is taken."""
    path = edition_of(tmp_path / "grant.md", "old")
    path.parent.mkdir()
    path.write_text(taking.take(internal, [asked.role("kpi", "mau")]).text(), "utf-8")
    assert edition(tmp_path / "grant.md", "old", "restricted").about["audience"] == "internal"
    for readers in ("public", ""):
        (one,) = mistakes(partial(edition, tmp_path / "grant.md", "old", readers))
        assert one.slug == "not-for-readers"


@pytest.mark.parametrize(
    ("text", "slug"),
    [("moo", "unknown-kpi"), ("mau 2026-13", "bad-period"), ("mau planet=mars", "unknown-cell")],
)
def test_words_for_a_number_do_not_hide_a_mistake(text: str, slug: str, internal: View) -> None:
    """They stand for a number that there is not, not for a name that nothing has."""
    (one,) = mistakes(lambda: told(asked.role("kpi", f'{text} or="none"'), internal))
    assert one.slug == slug
    absent = told(asked.role("kpi", 'mau 1999-01-01 or="none"'), internal)
    assert isinstance(absent, Number)
    assert absent.text == "none"


def test_what_was_meant_to_be_ours_is_told() -> None:
    """A role or a directive whose name is misspelled would else be somebody else's."""
    found, wrong = asked.scan("# A\n\nSo {kpii}`mau` is, {other}`mau`.\n\n:::{kpi-chrt} mau\n:::\n\n`{kpis}`x", "a.md")
    assert found == []
    assert [(str(one.place), one.message, one.remedy) for one in wrong] == [
        ("a.md:3:4", "there is no {kpii}", "Did you mean {kpi}?"),
        ("a.md:5:4", "there is no {kpi-chrt}", "Did you mean {kpi-chart}?"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It was {kpi} `mau`.", "a.md:1:8: {kpi} would be printed as it stands"),
        ("It was\n{kpi}`mau.", "a.md:2:1: {kpi} would be printed as it stands"),
        ('It was {kpi-change}"mau".', "a.md:1:8: {kpi-change} would be printed as it stands"),
        ("::{kpi-card} mau", "a.md:1:3: {kpi-card} would be printed as it stands"),
        ("Write `{kpi}` or \\{kpi}, or {cite} it.\n% {kpi} later", ""),
        ("```text\n{kpi} here\n```", ""),
    ],
)
def test_a_role_that_markdown_takes_for_text_is_told(text: str, told: str) -> None:
    """A space too many or a backtick too few would else be printed, in the place of a number."""
    found, wrong = asked.scan(text, "a.md")
    assert found == []
    assert [f"{one.place}: {one.message}" for one in wrong] == ([told] if told else [])


# -- more than one -------------------------------------------------------------------------------------------------


def test_a_card_among_several_has_a_comparison_of_its_own(internal: View) -> None:
    """Beside the number; where there is nothing to compare with, it has none, and that is no mistake."""
    cards = told(
        asked.directive("kpi-cards", "", {}, ['mau compare="1 year"', "mau", 'mau compare="9 years"']), internal
    )
    assert isinstance(cards, tuple)
    than = [one.change.period if one.change else "" for one in cards]
    assert (than[0][:4], than[1] != than[0], than[2]) == ("2025", True, "")
    (wrong,) = mistakes(lambda: asked.directive("kpi-cards", "", {}, ["mau compare=lately"]))
    assert wrong.message == "compare is a length of time, not 'lately'"


def test_a_card_says_what_the_page_of_cards_says(internal: View) -> None:
    """Value, period, status, target, change and with what it is compared."""
    found = told(asked.directive("kpi-card", "retention", {}), internal)
    tile = internal.tile("retention")
    assert isinstance(found, Card)
    assert tile.compared is not None
    assert found.change is not None
    assert (found.number.text + found.unit, found.word, found.target) == (
        tile.shown.text,
        tile.verdict.word,
        tile.target,
    )
    assert found.change.amount == tile.compared.change.amount


def test_a_table_has_the_numbers_of_the_pages(internal: View) -> None:
    """Periods that are over, the oldest first, with all digits; turned, they stand side by side."""
    options = {"from": "2026-07", "through": "2026-12"}
    found = told(asked.directive("kpi-table", "revenue margin", options), internal)
    assert isinstance(found, Table)
    assert (found.first, found.columns) == ("Month", ("Revenue", "Gross margin"))
    assert [row.name for row in found.rows] == ["July 2026", "August 2026", "September 2026", "October 2026"]
    full = {row.period: row.full for row in internal.kpi("revenue").rows}
    assert [row.numbers[0].text for row in found.rows] == [full[f"2026-{month:02}"] for month in (7, 8, 9, 10)]
    turned = told(asked.directive("kpi-table", "revenue margin", {**options, "transpose": ""}), internal)
    assert isinstance(turned, Table)
    assert [row.numbers[1].text for row in turned.rows] == [number.text for number in found.rows[1].numbers]


def test_a_table_can_say_how_its_numbers_changed(internal: View) -> None:
    """Each has its change beside it, which says from which period; without an earlier number there is a dash."""
    options = {"from": "2026-09", "through": "2026-10", "compare": "1 year"}
    found = told(asked.directive("kpi-table", "revenue", options), internal)
    assert isinstance(found, Table)
    assert found.columns == ("Revenue", "Revenue, in 1 year")
    for row, period in zip(found.rows, ("2026-09", "2026-10"), strict=True):
        number, change = row.numbers
        alone = told(asked.role("kpi-change", f'revenue {period} compare="1 year" or="\u2013"'), internal)
        assert isinstance(alone, Number)
        assert (number.period, change.text) == (period, alone.text)
        assert change == alone or change.text == "\u2013"
    turned = told(asked.directive("kpi-table", "revenue", {**options, "transpose": ""}), internal)
    assert isinstance(turned, Table)
    assert [row.name for row in turned.rows] == list(found.columns)


@pytest.mark.parametrize("periods", ["1", "30", "300"])
def test_columns_of_cells_stand_by_the_size_of_what_is_shown(periods: str, internal: View) -> None:
    """The largest first, over all rows of the table, whatever the newest of them says; the total is last."""
    found = told(asked.directive("kpi-table", "mau", {"by": "cluster", "grain": "day", "periods": periods}), internal)
    assert isinstance(found, Table)
    sums = [sum(row.numbers[n].value or 0 for row in found.rows) for n in range(len(found.columns) - 1)]
    assert len(sums) > 2
    assert sums == sorted(sums, reverse=True)
    assert found.columns[-1] == "Total"


def test_a_card_can_have_all_digits(internal: View) -> None:
    """As in a table, with its noun behind it still."""
    short, exact = (told(asked.directive("kpi-card", "revenue", o), internal) for o in ({}, {"format": "exact"}))
    alone = told(asked.role("kpi", "revenue format=exact"), internal)
    assert isinstance(short, Card)
    assert isinstance(exact, Card)
    assert isinstance(alone, Number)
    assert exact.number.text == alone.text != short.number.text
    assert (exact.unit, exact.number.value) == (short.unit, short.number.value)


def test_a_chart_can_have_the_year_before(internal: View) -> None:
    """The same line so long before stands behind it, and its sentence names both numbers."""
    found = told(asked.directive("kpi-chart", "mau", {"compare": "1 month", "grain": "day"}), internal)
    alone = told(asked.directive("kpi-chart", "mau", {"grain": "day"}), internal)
    assert isinstance(found, Figure)
    assert isinstance(alone, Figure)
    assert "1 month before" in found.svg
    assert "1 month before" in found.says
    assert "1 month before" not in alone.svg
    for options in ({"by": "hub"}, {"as": "bar"}):
        with pytest.raises(UsageError, match="compares"):
            asked.directive("kpi-chart", "mau", {"compare": "1 year", **options})


def test_of_days_a_snapshot_has_those_that_are_named_and_the_newest(internal: View) -> None:
    """Of longer periods it has all."""
    taken = taking.take(internal, [asked.role("kpi", "mau 2026-11-10"), asked.role("kpi", "revenue")])
    days, months = taken.series("mau", "", "day"), taken.series("revenue", "", "month")
    assert days is not None
    assert months is not None
    assert [point.period for point in days.points] == ["2026-11-10", "2026-11-20"]
    assert len(months.points) > 10


def test_a_figure_is_drawn_and_says_what_it_shows(internal: View) -> None:
    """Its sentence is what those are told who do not see it; a file of its own needs no stylesheet."""
    found = told(asked.directive("kpi-chart", "revenue", {"through": "2026-06", "name": "fig-revenue"}), internal)
    assert isinstance(found, Figure)
    assert found.name == "fig-revenue"
    assert "June 2026" in found.says
    assert found.svg.startswith("<svg xmlns=")
    assert "var(--" not in found.svg


@pytest.mark.parametrize(
    ("argument", "options", "message"),
    [
        ("revenue", {"from": "2026", "through": "2025"}, "from is later than through: 2026, 2025"),
        ("mau revenue planet=mars", {}, "Revenue is not broken down by planet"),
        ("mau", {"by": "planet"}, "Monthly active users is not broken down by planet"),
        ("mau", {"from": "1999", "through": "1999"}, "there is nothing to draw"),
    ],
)
def test_what_cannot_be_drawn_is_told(argument: str, options: dict[str, str], message: str, internal: View) -> None:
    """Nothing else is drawn in its place."""
    (one,) = mistakes(lambda: told(asked.directive("kpi-chart", argument, options), internal))
    assert one.message.startswith(message)


def test_an_area_lists_its_kpis_with_words_for_numbers(internal: View) -> None:
    """What has no number has its word in the place of one."""
    area = next(kpi.area for kpi in internal.catalog.kpis.values() if kpi.area)
    found = told(asked.directive("kpi-list", area, {}), internal)
    assert isinstance(found, Listing)
    assert all(card.number.text for card in found.cards)
    assert mistakes(lambda: told(asked.directive("kpi-list", "nowhere", {}), internal))[0].slug == "unknown-name"


def test_a_host_that_is_started_for_each_directive_reads_little() -> None:
    """What answers from a snapshot is the standard library, and the errors."""
    code = (
        "import sys; from headway.reports import answers; print(*(m for m in sys.modules if m.startswith('headway')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {
        "headway",
        "headway.errors",
        *(f"headway.reports{name}" for name in ("", ".answers", ".asked", ".records", ".snapshot")),
    }
    assert set(run.stdout.split()) == ours


def test_a_report_needs_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who lacks Sphinx is told what to install; nothing else of Headway needs it."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "sphinx" or one.startswith("headway.sphinx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sphinx", None)
    (one,) = mistakes(lambda: report.build(tmp_path / "report.md"))
    assert (one.message, one.slug) == ("reports need sphinx, which is not installed", "missing-extra")
    assert one.remedy == 'Install them: pip install "headway[reports]"'

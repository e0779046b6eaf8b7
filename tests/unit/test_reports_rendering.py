"""Templates: what they are given, what they make, and how they are told what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from headway.errors import Mistake, UsageError
from headway.ledger import Ledger
from headway.model import TOTAL, Audience, Catalog, Cell
from headway.publish import view
from headway.publish.view import View
from headway.reports import answered, answers, documents, each, rendering
from headway.reports.names import address, file_name, plain
from headway.reports.records import Card

Published = tuple[Ledger, Catalog]
HEAD = "---\ntitle: {{ period.label }}\nheadway: {audience: internal, every: month}\n---\n"


@pytest.fixture
def internal(published: Published, northlane: SimpleNamespace) -> View:
    """Northlane as its own people see it."""
    return view.open(*published, Audience.INTERNAL, northlane.NOW)


def mistake(reads: Callable[[], object]) -> Mistake:
    """The one thing that is wrong."""
    with pytest.raises(UsageError) as caught:
        reads()
    (one,) = caught.value.mistakes
    return one


def written(folder: Path, text: str, name: str = "own.md.jinja") -> Path:
    """A template in a file."""
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_a_template_is_about_the_newest_period_that_is_over(internal: View, tmp_path: Path) -> None:
    """Of the length that its front matter names, whatever stands around that; another one may be asked for."""
    path = written(tmp_path, HEAD + "{{ period }} {{ period.label }}\n")
    assert rendering.render(path, internal).text.splitlines()[-1] == "2026-10 October 2026"
    parse = internal.catalog.calendar.parse
    assert rendering.render(path, internal, parse("2026-06")).text.splitlines()[-1] == "2026-06 June 2026"
    for text, said in (
        ("2026-Q2", "own is about a month, and 2026-Q2 is a quarter"),
        ("2026-11", "2026-11 is not over"),
    ):
        one = mistake(partial(rendering.render, path, internal, parse(text)))
        assert (one.slug, one.message) == ("unknown-period", said)
    bare = written(tmp_path, "{{ period }}\n")
    assert mistake(lambda: rendering.render(bare, internal)).slug == "unknown-period"


def test_a_template_asks_for_numbers_as_a_document_does(internal: View, tmp_path: Path) -> None:
    """A fact written out is the address of its number."""
    path = written(tmp_path, HEAD + "{% for kpi in kpis if kpi.name == 'revenue' %}{kpi}`{{ kpi }}`{% endfor %}\n")
    one = rendering.render(path, internal)
    assert [str(request.of[0]) for request in one.requests] == ["revenue 2026-10"]
    assert one.name == "own"
    assert answered.take(internal, [one]).kpis.keys() == {"revenue"}


def test_the_week_has_the_trend_of_every_kpi(internal: View) -> None:
    """Of all that have a number, beside it; one of which there is no other number yet has a dash."""
    text = rendering.render("weekly", internal).text
    assert text is not None
    rows = [line for line in text.splitlines() if line.startswith("| ") and "{kpi}`" in line]
    assert len(rows) > 5
    assert all(re.search(r"\| \{kpi-trend\}`\w+ [\w-]+ or=", row) for row in rows)


@pytest.mark.parametrize("name", ["weekly", "monthly", "quarterly"])
def test_a_single_area_has_no_heading(name: str, published: Published, northlane: SimpleNamespace) -> None:
    """Of a catalogue without areas, everything would else stand below the heading "Other"."""
    ledger, catalog = published
    single = replace(catalog, areas={}, kpis={key: replace(kpi, area=None) for key, kpi in catalog.kpis.items()})
    seen = view.open(ledger, single, Audience.INTERNAL, northlane.NOW)
    text = rendering.render(name, seen).text
    assert text is not None
    assert "| KPI |" in text
    assert "### Other" not in text


def test_a_template_says_only_what_its_readers_may_see(published: Published, northlane: SimpleNamespace) -> None:
    """The same template for outsiders names fewer KPIs, no alert, and none of what is internal."""
    path = rendering.find("daily")
    seen = view.open(*published, Audience.PUBLIC, northlane.NOW)
    hidden = set(published[1].kpis) - set(seen.names)
    text = rendering.render(path, seen).text
    assert hidden
    assert not [name for name in hidden if f"`{name} " in text]


@pytest.mark.parametrize(
    ("body", "message", "line"),
    [
        ("\n{{ kpi.title }}", "there is no 'kpi'; did you mean 'kpis'?", 6),
        ("{% for kpi in kpis %}\n", "Unexpected end of template", 5),
        ("\n\n{{ kpis.title }}", "a list has no 'title'", 7),
        ("{{ 1 / 0 }}", "division by zero", 5),
        ("{% include 'no.md.jinja' %}", "there is no template no.md.jinja", 5),
        ("{{ kpis.__class__.__mro__ }}", "access to attribute '__class__' of 'tuple' object is unsafe", 5),
    ],
)
def test_a_mistake_in_a_template_has_its_place(
    body: str, message: str, line: int, internal: View, tmp_path: Path
) -> None:
    """File and line of the template, not of what it makes; out of the sandbox there is no way."""
    path = written(tmp_path, HEAD + body)
    one = mistake(lambda: rendering.render(path, internal))
    assert one.place is not None
    assert (one.slug, one.message.startswith(message), one.place.path, one.place.line) == (
        "template",
        True,
        str(path),
        line,
    ), one


def test_a_template_for_a_cell_says_so(internal: View, tmp_path: Path) -> None:
    """Where it is asked for everything."""
    path = written(tmp_path, HEAD + "{% if cell %}one{% endif %}\n{{ cell.label }}\n")
    assert mistake(lambda: rendering.render(path, internal)).message.startswith("it is made for one cell: --for-each")


def test_a_template_reads_no_other_files(internal: View, tmp_path: Path) -> None:
    """Whatever lies beside it."""
    (tmp_path / "secret.yml").write_text("password: 1\n", "utf-8")
    path = written(tmp_path, HEAD + "{% include 'secret.yml' %}\n")
    assert mistake(lambda: rendering.render(path, internal)).message == "there is no template secret.yml"


def test_what_fires_now_is_not_told_of_an_earlier_period(internal: View, tmp_path: Path) -> None:
    """Nor what fails."""
    path = written(tmp_path, HEAD + "{{ alerts | length }} {{ checks | length }} {{ held | length }}\n")
    earlier = internal.catalog.calendar.parse("2026-02")
    assert rendering.render(path, internal, earlier).text.splitlines()[-1] == "0 0 0"


def test_a_template_cannot_be_pinned(internal: View, tmp_path: Path) -> None:
    """What it makes follows the data; the document that it made can be."""
    path = written(tmp_path, "---\nheadway: {edition: a, every: month}\n---\n# {{ period }}\n")
    assert mistake(lambda: rendering.render(path, internal)).slug == "pinned-template"
    assert mistake(lambda: documents.read(path)).slug == "unreadable-file"


def test_a_name_that_is_no_template_is_told(tmp_path: Path) -> None:
    """With those that there are."""
    one = mistake(lambda: rendering.find("zebra"))
    assert (one.slug, "daily" in (one.remedy or "")) == ("missing-file", True)
    assert mistake(lambda: rendering.find("weekley")).remedy == "Did you mean 'weekly'?"


def test_a_mistake_in_what_a_template_made_is_in_that(internal: View, tmp_path: Path) -> None:
    """Its line is that of the document which was made, as `--markdown` writes it; the template is named, too."""
    path = written(tmp_path, HEAD + "{% for n in range(3) %}\n{kpi}`nothing`\n{% endfor %}\n")
    with pytest.raises(UsageError) as caught:
        answered.take(internal, [rendering.render(path, internal)])
    assert [str(one.place) for one in caught.value.mistakes] == [
        f"own.md (made of {path.name}):{n}:1" for n in (5, 6, 7)
    ]


def test_a_cell_that_no_document_can_name_is_told() -> None:
    """A quote would end it."""
    assert mistake(lambda: address((("hub", 'the "good" one'),))).slug == "unknown-cell"


def test_a_text_of_the_catalogue_reads_as_it_stands() -> None:
    """What Markdown would take for its own is escaped; values of cells become names of files."""
    assert plain("a *b* [c](d)\n<e> {f}") == r"a \*b\* \[c\](d) \<e\> \{f\}"
    assert address((("hub", "New York"), ("plan", "a"))) == 'hub="New York" plan=a'
    assert file_name("community", (("community", "Zürich / Süd"),)) == "community-zurich-sud"


# -- one cell ------------------------------------------------------------------------------------------------------


def test_each_cell_with_a_number_gets_its_report(internal: View) -> None:
    """A breakdown that nothing has is told with those that there are."""
    known = each.cells(internal, ["cluster"])
    assert (("cluster", "Earthlab"),) in known
    assert each.one(internal, (("cluster", "Earthlab"),)) == (("cluster", "Earthlab"),)
    assert mistake(lambda: each.one(internal, (("cluster", "nowhere"),))).slug == "unknown-cell"
    assert mistake(lambda: each.cells(internal, ["colour"])).slug == "unknown-cell"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{kpi}`mau`", "Monthly active users is asked for the total"),
        ("{kpi}`mau cluster=Ocean`", "Monthly active users is asked for another cell"),
        ('{kpi}`mau or="none"`', "Monthly active users is asked for the total"),
        (":::{kpi-card} mau\n:::", "Monthly active users is asked for the total"),
        (":::{kpi-table} mau\n:by: cluster\n:::", "Monthly active users is asked for the total"),
        (":::{kpi-chart} mau\n:::", "Monthly active users is asked for the total"),
        (":::{kpi-list} usage\n:::", "{kpi-list} shows totals"),
    ],
)
def test_a_report_for_one_cell_asks_for_nothing_else(body: str, message: str, internal: View, tmp_path: Path) -> None:
    """Neither the total nor another cell, by whatever role or directive; words in place of a number do not help."""
    path = written(tmp_path, f"# One\n\n{body}\n", "one.md")
    one = rendering.render(path, internal, None, (("cluster", "Earthlab"),))
    found = mistake(lambda: answered.take(internal, [one]))
    assert (found.slug, found.message.startswith(message)) == ("outside-the-cell", True), found


def test_a_report_for_one_cell_names_it_once(internal: View, tmp_path: Path) -> None:
    """Its title says whose it is; its cards need not, unlike those of a report about several."""
    path = written(tmp_path, "# One\n\n:::{kpi-card} mau cluster=Earthlab\n:::\n", "one.md")

    def card(cell: Cell) -> Card:
        one = rendering.render(path, internal, None, cell)
        found = answers.answer(one.requests[0], answered.take(internal, [one]))
        assert isinstance(found, Card)
        return found

    assert card((("cluster", "Earthlab"),)).title == "Monthly active users"
    assert card(TOTAL).title == "Monthly active users, Earthlab"


def test_no_note_stands_on_the_chart_of_a_cell(internal: View, tmp_path: Path) -> None:
    """What happened may have happened to others, and is for all who see the whole."""
    body = ":::{{kpi-chart}} mau{}\n:grain: day\n:from: 2026-08-20\n:::\n"
    path = written(tmp_path, f"# A\n\n{body.format('')}", "all.md")
    (whole,) = answered.take(internal, [rendering.render(path, internal)]).charts.values()
    assert whole["notes"]
    path = written(tmp_path, f"# A\n\n{body.format(' cluster=Earthlab')}", "one.md")
    one = rendering.render(path, internal, None, (("cluster", "Earthlab"),))
    (own,) = answered.take(internal, [one]).charts.values()
    assert own["notes"] == []
    assert "The term begins" in str(whole)
    assert "The term begins" not in str(own)


def test_a_template_stands_on_others(internal: View, tmp_path: Path) -> None:
    """On those beside it, and on those that come with Headway."""
    written(tmp_path, "{% macro named(kpi) %}{{ kpi.title }}{% endmacro %}", "names.md.jinja")
    body = (
        '{% import "names.md.jinja" as names %}{% import "_parts.md.jinja" as parts %}'
        "{{ names.named(kpis[0]) }}\n{{ parts.table(kpis[:1]) }}"
    )
    text = rendering.render(written(tmp_path, HEAD + body), internal).text
    assert "\nMonthly active users\n" in text
    assert "| Monthly active users | {kpi}`mau 2026-10 format=unit` |" in text

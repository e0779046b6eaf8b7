"""The templates that come with Headway, for both examples: each number is the ledger's, and a cell's are its own."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from headway.ledger import Ledger
from headway.model import Audience
from headway.publish import goals, view
from headway.reports import answered, each, facts, rendering
from headway.reports.documents import Document
from headway.sphinx import building

TEMPLATES = {
    "daily": Audience.INTERNAL,
    "weekly": Audience.INTERNAL,
    "monthly": Audience.INTERNAL,
    "quarterly": Audience.INTERNAL,
    "letter": Audience.PUBLIC,
}
COMMUNITY = Path("reports") / "community.md.jinja"
_DATES = re.compile(
    r"\b(?:\d{1,2}[\u2013 -])?(?:\d{1,2} )?(?:[A-Z][a-z]{2,8} )?20\d\d\b|\bQ[1-4] 20\d\d\b|\b\d{1,2} [A-Z][a-z]{2}\b"
)


def built(
    example: Any, named: str | Path, audience: Audience, out: Path, *cell: tuple[str, str]
) -> tuple[Document, str]:
    """What a template makes, and the page of it; a PDF stands beside it. A warning of Sphinx is an error."""
    seen = view.open(example.ledger, example.catalog, audience, example.now)
    one = rendering.render(named, seen, None, cell)
    snapshot = out / "snapshot.json"
    snapshot.write_text(answered.take(seen, [one]).text(), "utf-8")
    for builder in ("singlehtml", "typst"):
        building.build(one.path, snapshot, out, builder, text=one.text, name=one.name)
    return one, (out / f"{one.name}.html").read_text("utf-8")


@pytest.fixture(scope="module", params=["hubs", "saas"])
def computed(request: pytest.FixtureRequest, example: Callable[[str], Any]) -> Any:
    """Each example, computed."""
    return example(request.param)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_number_of_a_template_is_the_ledgers(name: str, computed: Any, tmp_path: Path) -> None:
    """For every organisation, whatever its KPIs are called; nothing is left of roles or of Jinja."""
    audience = Audience.INTERNAL if computed.name == "saas" else TEMPLATES[name]
    one, page = built(computed, name, audience, tmp_path)
    assert not re.search(r"\{kpi|\{\{|\{%", page)
    compared = 0
    for told, text in computed.traced(page):
        kpi = computed.catalog.kpis[told["kpi"]]
        value, _ = computed.stored(told["kpi"], told["period"])
        if told.get("says", "so-far") == "so-far":
            shown, half = computed.written(text, kpi.unit.name)
            assert abs(shown - value) <= half * 1.001 + 1e-9, (told, text, value)
            compared += 1
        elif told["says"] == "change" and re.match("up|down", text) and text.endswith(("%", "pts")):
            then, _ = computed.stored(told["kpi"], told["than"])
            size = abs(value - then) * 100 if text.endswith("pts") else abs(value / then - 1) * 100
            digits = re.search(r"(<.)?([\d.,]+)", text)
            assert digits
            shown = float(digits[2].replace(",", ""))
            half = 0.5 * 10.0 ** -len(digits[2].partition(".")[2])
            assert size < shown if digits[1] else abs(size - shown) <= half * 1.001, (told, text)
            assert text.startswith("up") == (value > then), (told, text)
            compared += 1
    assert compared > {"daily": 8, "letter": 8}.get(name, 40), compared
    assert len(pypdfium2.PdfDocument(tmp_path / f"{name}.pdf")) <= {"daily": 2, "letter": 2, "weekly": 7}.get(name, 12)
    assert typed(one, computed) == []


def test_what_a_letter_says_went_well_did_not_go_the_other_way(computed: Any) -> None:
    """Revenue that dropped is worked on, whether or not it has a target; each KPI is told of once."""
    seen = view.open(computed.ledger, computed.catalog, Audience.INTERNAL, computed.now)
    text = rendering.render("letter", seen).text
    assert text is not None
    told = {head: names(body) for head, body in re.findall(r"^## (.*)\n([^#]*)", text, re.MULTILINE)}
    month = rendering.newest(rendering.find("letter"), seen)
    assert month is not None
    facts_of = {one.name: one for one in facts.of(seen, month)["kpis"]}
    assert told["What went well"]
    assert told["What we work on"]
    assert all(facts_of[name].went != "worse" for name in told["What went well"])
    assert all(
        facts_of[name].status in ("off", "near") or facts_of[name].went == "worse" for name in told["What we work on"]
    )
    every = [name for some in told.values() for name in some]
    assert len(every) == len(set(every))


def names(body: str) -> list[str]:
    """The KPIs of which a text has sentences."""
    return re.findall(r"\{kpi-sentence\}`(\w+)", body)


def typed(one: Document, example: Any) -> list[str]:
    """Digits that a template wrote itself: without roles, directives, what alerts and checks said, names and dates."""
    text = re.sub(r"\{[\w-]+\}`[^`]*`", "", one.text.partition("---\n")[2].partition("---\n")[2])
    text = re.sub(r":::\{kpi-(?:chart|cards)\}.*?:::", "", text, flags=re.DOTALL)
    text = re.sub(r":::\{div\} kpi-told.*?:::", "", text, flags=re.DOTALL).replace("\\", "")
    kpis = example.catalog.kpis.values()
    known = [" ".join(said.split()) for kpi in kpis for said in (kpi.title, kpi.about, kpi.why) if said]
    known += [goals.benchmark(one, kpi) for kpi in kpis for one in kpi.benchmarks]
    known += [" ".join(note.text.split()) for note in example.catalog.notes]
    for said in sorted(known, key=len, reverse=True):
        text = text.replace(said, "")
    for _ in range(3):
        text = _DATES.sub("", text)
    return re.findall(r".*\d.*", text)


# -- one cell ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hubs(example: Callable[[str], Any]) -> Any:
    """The hubs, computed."""
    return example("hubs")


def test_a_report_for_a_cell_depends_on_no_other_number(hubs: Any, tmp_path: Path) -> None:
    """Whatever the other cells and the totals are, and whatever they are called: the files are the same, byte for byte.

    So nothing of them is in the page, the PDF or the snapshot: not as a number, in a chart, a sentence or a status.
    """
    cell = (("cluster", "bayberry-college"),)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    path = hubs.root / COMMUNITY
    one, page = built(hubs, path, Audience.INTERNAL, tmp_path / "a", *cell)
    assert one.name == "community-bayberry-college"
    assert len(hubs.traced(page)) > 12
    assert {told["cell"] for told, _ in hubs.traced(page)} == {"cluster=bayberry-college"}
    copy = tmp_path / "other.db"
    shutil.copy(hubs.root / "ledger.db", copy)
    with sqlite3.connect(copy) as database:
        others = '(SELECT id FROM series WHERE cell NOT LIKE \'%"cluster": "bayberry-college"%\')'
        database.execute(f"UPDATE observation SET value = value * 7.3 + 11 WHERE series IN {others}")
        off = "(SELECT id FROM word WHERE text = 'off')"
        database.execute(f"UPDATE verdict SET status = {off}, low = 1, high = 2 WHERE series IN {others}")
        renamed = database.execute(
            "UPDATE series SET cell = replace(cell, '\": \"', '\": \"a-') WHERE cell LIKE '{\"cluster\"%'"
            " AND cell NOT LIKE '%bayberry-college%'"
        )
        assert renamed.rowcount > 100
    database.close()
    with Ledger.open(copy) as ledger:
        other = type(hubs).__new__(type(hubs))
        other.ledger, other.catalog, other.now = ledger, hubs.catalog, hubs.now
        again, _ = built(other, path, Audience.INTERNAL, tmp_path / "b", *cell)
        assert each.cells(view.open(ledger, hubs.catalog, Audience.INTERNAL, hubs.now), ["cluster"])[0] != cell
    assert again.text == one.text
    for name in ("snapshot.json", f"{one.name}.html", f"{one.name}.pdf"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_report_for_a_cell_names_no_other(hubs: Any, tmp_path: Path) -> None:
    """Of all clusters there are, one stands in the page and in the snapshot."""
    seen = view.open(hubs.ledger, hubs.catalog, Audience.INTERNAL, hubs.now)
    known = [cell[0][1] for cell in each.cells(seen, ["cluster"])]
    assert len(known) > 20
    for cell in (("cluster", known[0]), ("cluster", "bayberry-college")):
        _, page = built(hubs, hubs.root / COMMUNITY, Audience.INTERNAL, tmp_path, cell)
        told = page + (tmp_path / "snapshot.json").read_text("utf-8")
        assert [name for name in known if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told)] == [cell[1]]


def test_a_page_for_a_community_is_one_page(hubs: Any, tmp_path: Path) -> None:
    """On paper, too."""
    one, _ = built(hubs, hubs.root / COMMUNITY, Audience.INTERNAL, tmp_path, ("cluster", "bayberry-college"))
    assert len(pypdfium2.PdfDocument(tmp_path / f"{one.name}.pdf")) == 1

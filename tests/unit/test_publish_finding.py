"""How readers find a KPI: the catalogue and its filters, areas, notes, and what is listed and not shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from headway.errors import Place
from headway.ledger import Ledger
from headway.model import Audience, Catalog, Note
from headway.publish import view
from headway.publish.html import Pages
from headway.publish.view import View

Published = tuple[Ledger, Catalog]


@pytest.fixture(scope="module")
def internal(published: Published, northlane: SimpleNamespace) -> View:
    """What colleagues see."""
    return view.open(*published, Audience.INTERNAL, northlane.NOW)


def listing(published: Published, northlane: SimpleNamespace, audience: Audience = Audience.PUBLIC) -> View:
    """The same project, which lists what it does not show."""
    ledger, catalog = published
    secret = replace(catalog.kpis["secret_cost"], listed=True, about="What nobody may read", area="board")
    return view.open(ledger, replace(catalog, kpis={**catalog.kpis, "secret_cost": secret}), audience, northlane.NOW)


def html(made: View, path: str, query: dict[str, str] | None = None, *, served: bool = True) -> str:
    """A page as it is sent."""
    document = Pages(made, served=served).get(path, urlencode(query or {}))
    assert document is not None
    return document.content.decode()


def shown(page: str) -> list[str]:
    """The KPIs of a list that are not hidden."""
    rows = re.findall(r'<tr role="row" data-text="[^"]*"([^>]*)>\s*<td[^>]*><(?:a|span)[^>]*>([^<]*)<', page)
    return [title for attributes, title in rows if "hidden" not in attributes]


def test_a_query_narrows_the_catalogue(internal: View) -> None:
    """Words and filters are all asked for at once; what they leave is what the page and its twin have."""
    page = internal.catalogue({"area": "money", "status": "off"})
    assert [tile.name for tile in page.tiles] == ["acquisition_cost"]
    assert page.of == len(internal.names)
    assert [(one.name, one.chosen and one.chosen.title) for one in page.filters if one.chosen] == [
        ("area", "Sustainability"),
        ("status", "Off target"),
    ]
    assert [tile.name for tile in internal.catalogue({"q": "SERVER each"}).tiles] == ["mau"]
    assert internal.catalogue({"maturity": "planned"}).tiles[0].name == "peak_users"
    assert {tile.maturity for tile in internal.catalogue({"maturity": "retired"}).tiles} == {"retired"}
    assert [tile.name for tile in internal.catalogue({"audience": "internal"}).tiles] == ["secret_cost"]
    assert internal.catalogue({"q": "no such thing"}).tiles == ()


def test_what_is_asked_and_unknown_is_left_out_of_account(internal: View) -> None:
    """An old address with a value that is no longer there shows everything, and not nothing."""
    assert len(internal.catalogue({"area": "gone", "colour": "red"}).tiles) == len(internal.names)


def test_filters_say_what_they_would_leave(internal: View) -> None:
    """Each value of a filter is there with its number of KPIs; a filter with one value is none."""
    for one in internal.catalogue().filters:
        for choice in one.choices:
            assert len(internal.catalogue({one.name: choice.value}).tiles) == choice.number, (one.name, choice.value)
    ledger, catalog = internal.ledger, internal.catalog
    public = view.open(ledger, catalog, Audience.PUBLIC, internal.now).catalogue()
    assert "audience" not in [one.name for one in public.filters]


def test_the_server_filters_without_script(internal: View) -> None:
    """A served page hides what does not fit, says how many do, and leads back; the twin has what fits alone."""
    page = html(internal, "kpis.html", {"area": "money", "status": "off"})
    assert shown(page) == ["Acquisition cost"]
    assert "1 of 15 KPIs shown" in page
    assert 'href="kpis.html?area=money" data-key="status"' in page
    assert 'id="area-service" hidden' in page
    assert '<option value="money" selected>' in page
    assert ">Apply</button>" in page
    twin = json.loads(html(internal, "kpis.json", {"area": "money", "status": "off"}))
    assert [tile["name"] for group in twin["groups"] for tile in group["tiles"]] == ["acquisition_cost"]
    assert "No KPI fits" in html(internal, "kpis.html", {"q": "no such thing"})


def test_a_query_is_escaped(internal: View) -> None:
    """What somebody put into an address is text."""
    page = html(internal, "kpis.html", {"q": '"><script>alert(2)</script>'})
    assert "<script>alert(2)" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_files_list_everything_without_script(internal: View) -> None:
    """A file cannot filter: it has no form until the script shows it, and links to each area instead."""
    page = html(internal, "kpis.html", served=False)
    assert 'data-filter hidden action="kpis.html"' in page
    assert len(shown(page)) == len(internal.names)
    assert '<noscript><p class="chips"><a href="#area-impact">Impact</a>' in page
    assert 'id="area-impact"' in page


def test_an_area(internal: View) -> None:
    """An area has its owner, what needs someone, its cards, all its KPIs, its objectives and the other areas."""
    page = internal.area("money")
    assert (page.title, page.owner, page.contact) == ("Sustainability", "Finance", "finance@northlane.example")
    assert {tile.area for tile in page.tiles} == {"money"}
    assert [tile.name for tile in page.cards] == ["revenue", "acquisition_cost"]
    assert [said.name for said in page.brief] == ["acquisition_cost"]
    assert [(area.name, area.note) for area in page.areas][1] == ("money", f"{len(page.tiles)} KPIs")
    assert sum(count.number for count in page.counts) == len(page.tiles)
    assert 'href="mailto:finance@northlane.example"' in html(internal, "area/money.html")
    for objective in page.objectives:
        assert {result.kpi for result in objective.expects} & {tile.name for tile in page.tiles}


def test_an_area_of_the_public(published: Published, northlane: SimpleNamespace) -> None:
    """The public reads of an area what it may see of its KPIs, and no address; no other area has a page."""
    public = view.open(*published, Audience.PUBLIC, northlane.NOW)
    assert "secret_cost" not in [tile.name for tile in public.area("money").tiles]
    assert public.area("money").contact == ""
    assert Pages(public).get("area/board.html") is None
    assert "area/money.json" in Pages(public).paths()


def test_notes(published: Published, northlane: SimpleNamespace) -> None:
    """Notes stand by year, newest first, with the KPIs that a reader may see; one on none of these is left out."""
    ledger, catalog = published
    place = Place("notes.yml", 1)
    days = [
        northlane.date(2025, 3, 1),
        northlane.date(2026, 1, 5),
        northlane.date(2026, 2, 1),
        northlane.date(2026, 3, 1),
    ]
    kinds: list[tuple[str, tuple[str, ...]]] = [
        ("Everybody was away.", ()),
        ("Prices rose.", ("revenue", "secret_cost")),
        ("The board was paid.", ("secret_cost",)),
        ("A new cluster.", ("mau",)),
    ]
    notes = tuple(Note(on, text, place, None, kpis) for on, (text, kpis) in zip(days, kinds, strict=True))
    public = view.open(ledger, replace(catalog, notes=notes), Audience.PUBLIC, northlane.NOW)
    page = public.notes()
    assert [(year.title, [note.text for note in year.notes]) for year in page.years] == [
        ("2026", ["A new cluster.", "Prices rose."]),
        ("2025", ["Everybody was away."]),
    ]
    assert [link.name for link in page.years[0].notes[1].kpis] == ["revenue"]
    assert "On all KPIs" in html(public, "notes.html")
    none = view.open(ledger, replace(catalog, notes=notes[2:3]), Audience.PUBLIC, northlane.NOW)
    assert not none.happened
    assert Pages(none).get("notes.html") is None
    assert "notes.html" not in html(none, "index.html")


def test_a_listed_kpi_is_named_and_not_shown(published: Published, northlane: SimpleNamespace) -> None:
    """Its title, area and owner stand in the catalogue of readers who may not see it, and nothing else of it does."""
    public = listing(published, northlane)
    tile = next(tile for tile in public.catalogue().tiles if tile.verdict.key == "restricted")
    assert (tile.title, tile.owner, tile.area_title, tile.shown.text, tile.maturity) == (
        "Payroll of the board",
        "Finance",
        "Board",
        "Not shown",
        "tracked",
    )
    for told in (tile.name, tile.about, tile.target, tile.points, tile.sources, tile.kind, tile.contact):
        assert not told
    page = html(public, "kpis.html")
    assert page.count("Payroll of the board") == 1
    assert "1 restricted" in page
    assert shown(html(public, "kpis.html", {"status": "restricted"})) == ["Payroll of the board"]
    site = Pages(public)
    for path in site.paths():
        document = site.get(path)
        assert document is not None
        text = document.content.decode()
        assert not re.search(r"secret_cost|What nobody may read|77,?136|77\.1k", text), path
        assert "Payroll" not in text or path.startswith(("kpis.", "area/board.")), path
    assert site.get("kpi/secret_cost.html") is None


def test_who_may_see_it_sees_it(published: Published, northlane: SimpleNamespace) -> None:
    """For a reader of its audience, a listed KPI is one as all others."""
    tile = next(t for t in listing(published, northlane, Audience.INTERNAL).catalogue().tiles if t.area == "board")
    assert (tile.name, tile.verdict.key, tile.has_value) == ("secret_cost", "no target", True)

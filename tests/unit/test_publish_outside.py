"""What leaves the pages: charts as files, cards in frames of other sites, badges; and what a server says of them."""

from __future__ import annotations

import re
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from tests.unit.test_serve import Client

from headway import serve
from headway.ledger import Ledger
from headway.model import Audience, Catalog
from headway.publish import view
from headway.publish.html import Document, Pages

Published = tuple[Ledger, Catalog]


@pytest.fixture(scope="module")
def served(published: Published, northlane: SimpleNamespace) -> Pages:
    """Northlane on a server for its own people."""
    return Pages(view.open(*published, Audience.INTERNAL, northlane.NOW), served=True)


def get(pages: Pages, path: str, query: str = "") -> Document:
    """A document that there is."""
    document = pages.get(path, query)
    assert document is not None, path
    return document


def words(svg: str) -> str:
    """The text of a drawing, in order."""
    texts = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # drawn by us
    return " ".join(" ".join(one.itertext()) for one in texts).replace("\u00a0", " ")


def test_a_chart_is_a_file_of_its_own(served: Pages) -> None:
    """The SVG needs no stylesheet and loads nothing; it has title, notes and where it comes from, on white."""
    document = get(served, "kpi/mau.svg")
    file = document.content.decode()
    assert document.media_type == "image/svg+xml"
    assert "var(--" not in file
    assert "href" not in file
    assert '<rect width="1184"' in file
    said = words(file)
    assert said.startswith("Monthly active users")
    assert "The hub <highmem> is left out." in said
    assert "Northlane, computed 21 Nov 2026, 06:10 UTC" in said


def test_what_is_asked_for_is_a_file_too(served: Pages) -> None:
    """The file has the cells that the page shows together, or the other time beside it."""
    said = words(get(served, "kpi/mau.svg", "by=cluster&last=90+days").content.decode())
    assert said.startswith("Monthly active users by cluster")
    assert "Campus West" in said
    assert "1 year before" in words(get(served, "kpi/mau.svg", "compare=1+year").content.decode())
    assert words(get(served, "kpi/mau.svg", "for=cluster%3DOcean").content.decode()).startswith(
        "Monthly active users, Ocean"
    )


def test_a_chart_is_a_picture(served: Pages) -> None:
    """The PNG is twice as large as the drawing, and shows what was asked for."""
    document = get(served, "kpi/revenue.quarter.png")
    assert document.content.startswith(b"\x89PNG")
    assert int.from_bytes(document.content[16:20]) == 2 * 1184
    assert get(served, "kpi/mau.svg", "last=90+days").content != get(served, "kpi/mau.svg").content


def test_a_site_draws_a_chart_wherever_a_page_has_one(served: Pages) -> None:
    """Of all paths, each page of a KPI with a chart has its file beside it, and no other page has."""
    paths = set(served.paths())
    for path in paths:
        if path.startswith("kpi/") and path.endswith(".html") and not path.endswith(".card.html"):
            drawn = b'<svg class="chart' in get(served, path).content
            file = f"{path.removesuffix('.html')}.svg"
            assert (file in paths) == drawn, path
            assert (served.get(file) is not None) == drawn, path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mau", "Monthly active users 7,077 people On target · 20 November"),
        ("satisfaction", "Satisfaction after support Withheld · October"),
        ("peak_users", "Peak concurrent users Not tracked yet · Due 31 Jan 2027"),
        ("api_time", "API response"),
        ("old_logins", "Logins <script>alert(1)</script>"),
    ],
)
def test_a_badge(served: Pages, name: str, said: str) -> None:
    """A badge says title, value, status and period; without a value, the word stands in its place."""
    badge = get(served, f"kpi/{name}.badge.svg").content.decode()
    assert words(badge).startswith(said)
    assert "<script" not in badge
    assert "prefers-color-scheme" in badge
    assert "None" not in badge


def test_a_card(served: Pages) -> None:
    """A card is a page of its own: the card as everywhere, whose links open beside the page that frames it."""
    card = get(served, "kpi/mau.card.html").content.decode()
    assert '<base target="_blank">' in card
    assert "http-equiv" in card
    assert "Northlane, computed 21 Nov 2026, 06:10 UTC" in card
    assert 'href="../kpi/mau.html"' in card
    assert "<script" not in card
    assert re.search(r"7,077.*people", card)


def test_the_way_to_embed(served: Pages) -> None:
    """A KPI's page shows what to write for its card and its badge, with nothing that a title could smuggle in."""
    page = get(served, "kpi/old_logins.html").content.decode()
    assert "&lt;iframe src=&#34;YOUR-SITE/kpi/old_logins.card.html&#34;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("path", "hosts", "framed"),
    [
        ("/kpi/mau.card.html", ("127.0.0.1",), True),
        ("/kpi/mau.badge.svg", ("127.0.0.1",), True),
        ("/kpi/secret_cost.card.html", ("127.0.0.1",), False),
        ("/kpi/secret_cost.badge.svg", ("127.0.0.1",), False),
        ("/kpi/secret_cost.card.html", (), True),
        ("/kpi/mau.html", (), False),
        ("/kpi/mau.svg", (), False),
        ("/index.html", (), False),
    ],
)
def test_only_cards_and_badges_may_be_framed(
    published: Published, northlane: SimpleNamespace, path: str, hosts: tuple[str, ...], framed: bool
) -> None:
    """Other sites may show what is public; what is not, only from a server that was told whom it is for."""
    application = serve.app(lambda: view.open(*published, Audience.INTERNAL, northlane.NOW), hosts=hosts)
    answer = Client(application).get(path)
    assert answer.status_code == 200
    headers = answer.headers
    assert (headers.get("x-frame-options") is None) == framed
    assert ("frame-ancestors 'none'" not in headers["content-security-policy"]) == framed
    assert (headers["cross-origin-resource-policy"] == "cross-origin") == framed
    assert "default-src 'none'" in headers["content-security-policy"]


def test_hidden_kpis_have_neither(published: Published, northlane: SimpleNamespace) -> None:
    """What a reader may not see has no card, badge or chart for them."""
    public = Pages(view.open(*published, Audience.PUBLIC, northlane.NOW), served=True)
    for path in ("card.html", "badge.svg", "svg", "png"):
        assert public.get(f"kpi/secret_cost.{path}") is None
    assert not [path for path in public.paths() if "secret_cost" in path]


def test_a_phone_shows_a_year_of_days_and_the_numbers_of_its_notes(served: Pages) -> None:
    """Of three years of days a phone has one; a note that is numbered 2 below the chart is so in both drawings."""
    page = get(served, "kpi/mau.html").content.decode()
    wide, narrow = re.findall(r'<svg class="chart (?:wide|narrow) .*?</svg></svg>', page, re.DOTALL)
    assert ">1</text>" in wide
    assert ">2</text>" in wide
    assert ">1</text>" not in narrow
    assert ">2</text>" in narrow

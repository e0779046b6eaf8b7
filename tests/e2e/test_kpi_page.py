"""The page of a KPI in a real browser without script: every field, every mistake, and what other sites show of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Locator, Page
from tests.e2e.conftest import KPIS, PROJECT, SOURCES, Shop, _rows


@dataclass(frozen=True)
class Served:
    """A project that was computed, and where it is served."""

    shop: Shop
    address: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The corner shop on this machine; one KPI of it is public."""
    shop = Shop(tmp_path_factory.mktemp("asked") / "shop")
    shop.write("headway.yml", PROJECT)
    shop.write("sources/visits.yml", SOURCES)
    shop.write("kpis/shop.yml", KPIS.replace("visits: {count: visits,", "visits: {count: visits, audience: public,"))
    shop.write("data/visits.csv", _rows())
    assert shop.run().code == 0
    server = subprocess.Popen(shop.command("serve", "--port", "0"), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield Served(shop, server.stdout.readline().split(" at ")[1].split("/ ")[0])
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without script."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_field(served: Served, page: Page, width: int, follow: Callable[[Locator], None]) -> None:
    """Range, grain, breakdown and comparison go into the address, and the page shows them; nothing needs a script."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{served.address}/kpi/visitors.html")
    page.select_option("#ask-grain", "week")
    page.select_option("#ask-by", "shelf")
    follow(page.get_by_role("button", name="Show"))
    assert "grain=week" in page.url
    assert "by=shelf" in page.url
    assert page.input_value("#ask-by") == "shelf"
    assert page.locator("#chart figure h3").inner_text() == "Visitors by shelf"
    page.locator("#chart summary").click()
    follow(page.locator("#chart table a", has_text="books"))
    assert "for=shelf%3Dbooks" in page.url
    assert "grain=week" in page.url
    assert page.locator("#chart .controls .tag").inner_text().strip().startswith("books")
    page.select_option("#ask-compare", "1 week")
    follow(page.get_by_role("button", name="Show"))
    assert "for=shelf%3Dbooks" in page.url
    assert page.locator("#table th", has_text="1 week before").count() == 1
    follow(page.locator("#chart .controls .tag"))
    assert "for=" not in page.url


def test_ranges(served: Served, page: Page, follow: Callable[[Locator], None]) -> None:
    """A range keeps what else was asked for, is marked, and its rows are all in the table."""
    page.goto(f"{served.address}/kpi/visits.html?last=30+days&compare=1+week")
    assert page.locator("#table tbody tr").count() == 30
    assert page.input_value("#ask-compare") == "1 week"
    page.goto(f"{served.address}/kpi/visits.html?from=2026-02-01&to=2026-02")
    assert page.locator("#table tbody tr").count() == 28
    assert page.locator("#table tbody th").first.inner_text() == "28 Feb 2026"
    page.select_option("#ask-grain", "week")
    follow(page.get_by_role("button", name="Show"))
    assert "from=2026-02-01" in page.url


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("grain=fortnight", "Visitors is not kept by fortnight. It is kept by day, week, month, quarter, year."),
        ("by=colour", "Visitors is not broken down by colour. It is broken down by shelf."),
        ("for=shelf%3Dtoys", "Visitors has no shelf toys by day. It has"),
        ("last=ages&compare=soon", "'compare' is no length of time: soon."),
        ("from=2026-03&to=2026-01", "'from' is later than 'to'"),
        ("by=%3Cscript%3E", "Visitors is not broken down by <script>"),
    ],
)
def test_what_there_is_not(served: Served, page: Page, query: str, said: str) -> None:
    """A wrong value is told in the page, with a way out, and the page stands below it."""
    answer = page.goto(f"{served.address}/kpi/visitors.html?{query}")
    assert answer is not None
    assert answer.status == 400
    assert said in page.locator("#chart .notice").inner_text()
    assert page.locator("#chart figure svg").count() >= 1
    assert page.locator("#table tbody tr").count() > 0


def test_from_disk_no_field_is_dead(served: Served, page: Page, tmp_path: Path) -> None:
    """A built site has no field that nobody answers: grains are links to pages that were drawn beforehand."""
    folder = tmp_path / "site"
    assert served.shop.headway("build", str(folder), "--audience", "internal").code == 0
    page.goto(f"file://{folder}/kpi/visitors.html")
    assert page.locator("#chart form").count() == 0
    assert page.get_by_role("button", name="Show").count() == 0
    for link in page.locator("a[href]").all():
        target = (link.get_attribute("href") or "").split("#")[0]
        assert "?" not in target
        assert not target or (folder / "kpi" / target).resolve().is_file(), target


@pytest.fixture
def elsewhere(served: Served, tmp_path: Path) -> Iterator[str]:
    """Another site, on another port, that shows a card and a badge: of what is public, and of what is not."""
    names = ("visits", "visitors")
    frames = "".join(f'<iframe id="{n}" src="{served.address}/kpi/{n}.card.html"></iframe>' for n in names)
    images = "".join(f'<img id="b-{n}" src="{served.address}/kpi/{n}.badge.svg">' for n in names)
    whole = f'<iframe id="page" src="{served.address}/kpi/visits.html"></iframe>'
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Blog</title>{frames}{images}{whole}", encoding="utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()
        thread.join()


def test_other_sites(served: Served, browser: Browser, elsewhere: str) -> None:
    """Another origin shows the card and the badge of a public KPI, and neither those of another one nor a page."""
    page = browser.new_page()
    page.goto(elsewhere)
    page.wait_for_load_state("networkidle")
    card = page.frame_locator("#visits")
    assert card.locator(".tile h3").inner_text() == "Visits"
    assert card.locator(".tile .num").inner_text() == "12"
    for hidden in ("#visitors", "#page"):
        assert page.frame_locator(hidden).locator(".tile, .hero").count() == 0
    widths = {
        name: page.eval_on_selector(f"#b-{name}", "image => image.naturalWidth") for name in ("visits", "visitors")
    }
    assert widths["visits"] > 100
    assert widths["visitors"] == 0
    with page.context.expect_page() as opened:
        card.locator(".tile h3 a").click()
    assert opened.value.url == f"{served.address}/kpi/visits.html"
    page.context.close()

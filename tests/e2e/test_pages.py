"""The pages in a real browser: the same number everywhere, on a phone too, with and without script."""

from __future__ import annotations

import functools
import http.server
import json
import socketserver
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

PROJECT = """\
project: shop
title: The corner shop
areas:
  floor: {title: The shop floor}
sources:
  visits:
    read: {files: visits.csv}
    columns: {visit: integer, person: text, at: timestamp, spent: number, shelf: text}
    key: visit
    time: at
    people: person
kpis:
  visitors: {distinct: visits.person, window: 7 days, by: [shelf], unit: people, rank: headline, area: floor}
  visits: {count: visits, by: [shelf], targets: [{at_least: 10}], area: floor}
  spent: {sum: visits.spent, grain: month, unit: EUR, rank: headline}
  per_visit: {formula: spent / visits, grain: month, unit: EUR, targets: [{at_least: 7}]}
owners: {floor: The floor <floor@shop.example>}
objectives:
  more:
    title: More is read
    about: A shop that is visited lives.
    owner: floor
    from: 2026-01-31
    due: 2026-12-31
    expects:
      - {kpi: spent, grow: 25 %}
      - {kpi: visits, for: {shelf: books}, reach: 6}
      - {kpi: per_visit, reach: 9, due: 2026-06-30}
notes:
  - {on: 2026-02-14, text: The shop was painted., kpis: [visits]}
"""
NAMES = ("visitors", "visits", "spent", "per_visit")
pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Site:
    """A project that was computed and built for its own people."""

    project: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        """`headway` in the project."""
        return [sys.executable, "-m", "headway", *arguments, "--project", str(self.project)]

    def headway(self, *arguments: str) -> str:
        """What a command prints; it must end well."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A corner shop with 69 days of visits."""
    root = tmp_path_factory.mktemp("shop")
    (root / "headway.yml").write_text(PROJECT, encoding="utf-8")
    lines = ["visit,person,at,spent,shelf"]
    for number in range(69 * 12):
        when = datetime(2026, 1, 1, 10) + timedelta(days=number // 12, minutes=number % 12)  # noqa: DTZ001  # as a till writes it
        person = number % 12
        lines.append(f"{number},p{person},{when.isoformat()},{person + 0.5},{'books' if person < 6 else 'maps'}")
    (root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = Site(root, root / "site")
    made.headway("run", "--now", "2026-03-10T06:00Z")
    made.headway("build", str(made.folder), "--audience", "internal")
    return made


def spaces(text: str) -> str:
    """With ordinary spaces alone."""
    return " ".join(text.split())


def test_one_number_everywhere(site: Site, browser: Browser) -> None:
    """The page from disk, the page from the server, both twins and the terminal show the same value of each KPI."""
    catalogue = json.loads(site.headway("show", "--json"))
    said = {tile["name"]: tile["shown"] for group in catalogue["groups"] for tile in group["tiles"]}
    assert set(said) == set(NAMES)
    server = subprocess.Popen(site.command("serve", "--port", "0"), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        address = server.stdout.readline().split(" at ")[1].split("/ ")[0]
        assert address.startswith("http://127.0.0.1:")
        page = browser.new_page()
        for name in NAMES:
            disk = json.loads((site.folder / f"kpi/{name}.json").read_text(encoding="utf-8"))["tile"]["shown"]
            with urllib.request.urlopen(f"{address}/kpi/{name}.json") as answer:
                served = json.load(answer)["tile"]["shown"]
            assert said[name] == disk == served
            for where in (f"file://{site.folder}/kpi/{name}.html", f"{address}/kpi/{name}.html"):
                page.goto(where)
                assert spaces(page.inner_text(".hero .num")) == spaces(disk["text"])
        page.close()
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def visit(page: Page, site: Site, path: str) -> list[str]:
    """Open a page from disk; what the browser complained of, and what it asked of others."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith("file://") else complaints.append(r.url))
    page.goto(f"file://{site.folder}/{path}")
    return complaints


@pytest.mark.parametrize("width", [1280, 800, 390, 320])
def test_nothing_runs_over(site: Site, browser: Browser, width: int) -> None:
    """No page scrolls sideways, complains, or asks for anything from elsewhere; no text is under 12 px."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    others = ("kpi/visits.month.html", "objectives.html", "objective/more.html")
    for path in ("index.html", "kpis.html", *(f"kpi/{name}.html" for name in NAMES), *others):
        assert visit(page, site, path) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        small = page.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => e.childNodes.length && e.innerText?.trim() "
            "&& parseFloat(getComputedStyle(e).fontSize) < 11.9).map(e => e.outerHTML.slice(0, 80))"
        )
        assert small == [], path
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_objectives(site: Site, browser: Browser, width: int, follow: Callable[[Locator], None]) -> None:
    """From any page to the objectives, to one of them, to its KPI and back; page, twin and terminal say the same."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    assert visit(page, site, "index.html") == []
    if width < 900:
        page.locator(".menu summary").click()
    follow(page.locator("nav:visible a", has_text="Objectives"))
    assert spaces(page.inner_text("h1")) == "Objectives"
    assert page.locator(".aims > li").count() == 3
    ways = page.locator(".aims svg.way")
    assert ways.count() == 2, "what is held has no way to go"
    filled = page.evaluate("document.querySelector('.way-m').getBoundingClientRect().width")
    whole = page.evaluate("document.querySelector('.way-g').getBoundingClientRect().width")
    assert 0 <= filled < whole > 150
    follow(page.locator("h2 a"))
    assert page.url.endswith("/objective/more.html")
    said = site.headway("objectives", "more")
    (twin,) = json.loads(site.headway("objectives", "--json"))["objectives"]
    disk = json.loads((site.folder / "objective/more.json").read_text(encoding="utf-8"))["objective"]
    assert [one["verdict"] for one in twin["expects"]] == [one["verdict"] for one in disk["expects"]]
    for one in disk["expects"]:
        section = page.locator(f"#{'-'.join([one['kpi'], *one['cell'].values()])}")
        assert spaces(section.locator(".st").inner_text()) == one["verdict"]["word"]
        assert spaces(section.locator("figcaption").inner_text()) == spaces(one["says"])
        assert section.locator("svg.chart:visible").count() == 1
        assert spaces(one["says"]) in spaces(said)
    assert page.locator("ol.notes li").all_inner_texts() == ["1\n14 Feb 2026. The shop was painted."]
    follow(page.locator("h2 a").nth(1))
    assert page.url.endswith("/kpi/visits.html")
    assert page.locator("ol.notes li").count() == 1
    follow(page.locator("aside a", has_text="More is read"))
    assert page.url.endswith("/objective/more.html")
    page.close()


def test_objectives_of_then(site: Site) -> None:
    """As of a run the terminal says what was published then; a name that is not there is told."""
    wrong = subprocess.run(site.command("objectives", "mroe"), capture_output=True, text=True, check=False, timeout=60)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "there is no objective 'mroe' [unknown-name]\n  Did you mean 'more'?" in wrong.stderr
    then = site.headway("objectives", "more", "--as-of", "1")
    assert then.startswith("As published at ")
    assert "● Held  Visits, books" in then


def test_without_script(site: Site, browser: Browser) -> None:
    """Everything that matters is there without JavaScript: values, charts, tables, definitions on demand."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{site.folder}/index.html")
    page.locator(".tile-h button").first.click()
    assert page.locator(".pop:popover-open").count() == 1
    page.goto(f"file://{site.folder}/kpi/visits.html")
    assert page.locator("svg.chart:visible").count() == 1
    assert page.locator("#table tbody tr").count() > 10
    assert not page.locator("[data-theme-toggle]").first.is_visible()
    context.close()


def test_dark_is_a_choice(site: Site, browser: Browser) -> None:
    """Pages follow the system; the button overrules it, and the choice holds on the next page. No cookie is set."""
    context = browser.new_context(color_scheme="dark", viewport={"width": 1280, "height": 800})
    # Pages from disk may share no storage: a plain file server stands in for any host.
    handler = functools.partial(_Quiet, directory=str(site.folder))
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = context.new_page()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        ground = "getComputedStyle(document.body).backgroundColor"
        page.goto(f"{address}/index.html")
        assert page.evaluate(ground) == "rgb(14, 16, 19)"
        page.locator(".end [data-theme-toggle]").click()
        assert page.evaluate(ground) == "rgb(251, 251, 252)"
        page.goto(f"{address}/kpis.html")
        assert page.evaluate(ground) == "rgb(251, 251, 252)"
        assert context.cookies() == []
        server.shutdown()
    context.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        del args


def test_search(site: Site, browser: Browser) -> None:
    """The catalogue filters as one types, says how many it shows, and takes a search from any page."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    assert visit(page, site, "index.html") == []
    page.keyboard.press("/")
    page.keyboard.type("spent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kpis.html?q=spent")
    shown = page.locator("[data-text]:visible")
    assert {spaces(text) for text in shown.locator(".name a").all_inner_texts()} >= {"Spent"}
    page.locator(".filters input[type=search]").fill("no such thing")
    assert shown.count() == 0
    assert page.locator("[data-none]").is_visible()
    page.locator(".filters input[type=search]").fill("")
    assert spaces(page.inner_text("[data-said]")) == "4 KPIs"
    page.close()


def test_keyboard(site: Site, browser: Browser) -> None:
    """The first stop of the tab key skips to the content, and focus is always to be seen."""
    page = browser.new_page()
    visit(page, site, "kpi/visits.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        inside = page.evaluate("!!document.activeElement.closest('.find')")
        assert style != "none" or inside
    page.close()


def test_paper(site: Site, browser: Browser) -> None:
    """On paper a dark page is ink on white, and controls are gone."""
    page = browser.new_page(color_scheme="dark")
    visit(page, site, "kpi/visits.html")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".nav").is_visible()
    assert page.locator("svg.chart:visible").count() == 1
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 within its margins
    for path in ("index.html", "kpis.html", "kpi/visits.html"):
        visit(page, site, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 688, path
    page.close()

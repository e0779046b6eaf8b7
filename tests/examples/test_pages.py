"""Every kind of page of both examples in a real browser: from disk and served, wide and narrow, light and dark.

Whatever path there is, is opened: of pages by the hundred (one for each KPI, or for each cell of a board) one of each
kind. A page is loaded once and looked at in four ways; what is wrong is told for all pages at once.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from headway import serve
from headway.model import Audience
from headway.publish import view
from headway.publish.html import Pages

pytestmark = pytest.mark.browser
EXAMPLES = ("hubs", "saas")
WIDE, NARROW = 1280, 390
AXE = Path(sys.prefix) / "node/node_modules/axe-core/axe.min.js"

#: Text that is smaller than twelve pixels.
SMALL = """() => [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(
    n => n.nodeType == 3 && n.data.trim()) && e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 11.9)
    .map(e => e.outerHTML.slice(0, 90))"""

#: What leads somewhere and is not forty pixels high under a finger, edges included; links in sentences need not be.
HITS = """() => {
    const alone = e => ![...e.parentElement.childNodes].some(n => n != e && n.textContent.trim().length > 1
        && (n.nodeType == 3 || getComputedStyle(n).display == 'inline' && !n.matches('a, .sub, .sr, .n, .meta')));
    const hit = (e, x, y) => { const found = document.elementFromPoint(x, y); return found && (e.contains(found)
        || found.contains(e) && found.closest('label, summary') || found.closest('label')?.control == e); };
    return [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
        .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('svg, pre, .skip, [popover]'))
        .filter(e => {
            // What a table's frame cuts off is reached by scrolling the frame.
            if (e.closest('.scroll')) e.scrollIntoView({block: 'nearest', inline: 'center', behavior: 'instant'});
            const r = e.getBoundingClientRect(), x = r.x + Math.min(r.width / 2, 40), y = r.y + r.height / 2;
            return alone(e) && r.width && x > 0 && x < innerWidth && !(hit(e, x, y - 18) && hit(e, x, y + 18)); })
        .map(e => e.parentElement.tagName + '.' + e.parentElement.className + ' > ' + e.outerHTML.slice(0, 90));
}"""

#: Words of programs, where no program is quoted.
WORDS = """() => {
    const words = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n; n = walk.nextNode();) if (!n.parentElement.closest('pre, code, script, style')
        && /(?<!is |is not )\\b(null|NaN|None|undefined|Infinity)\\b(?! yet)/.test(n.data))
        words.push(n.data.trim().slice(0, 90));
    return words;
}"""

#: What a reader sees of a page's own part and where its links lead, without what the script adds: filters, how many
#: KPIs they leave, the choice of a scale, what a pointer tells of a chart.
SEEN = """() => {
    const main = document.querySelector('main');
    main.querySelectorAll('form[data-filter], [data-said], [data-chips], noscript, .seg.scale, .tip-over')
        .forEach(e => e.remove());
    return [...main.innerText.split('\\n').map(line => line.trim()).filter(Boolean),
        ...[...main.querySelectorAll('a[href]')].map(a => a.textContent.trim() + ' -> ' + a.getAttribute('href'))];
}"""

#: The numbers of each table, matrix and health list of a board, by where it stands.
TABLES = """() => Object.fromEntries([...document.querySelectorAll('.board [id]:has(table)')].map(
    e => [e.id, [...e.querySelectorAll('table.lines td[data-l=Latest], table.sticky td')].map(
        td => td.textContent)]))"""


@dataclass(frozen=True)
class Site:
    """An example as its own people see it: some of its pages on disk as `build` writes them, and all of them served."""

    pages: Pages
    folder: Path
    paths: tuple[str, ...]
    address: str

    def twin(self, path: str) -> dict[str, Any]:
        """The JSON of a page."""
        found: dict[str, Any] = json.loads((self.folder / path.replace(".html", ".json")).read_text("utf-8"))
        return found


def chosen(pages: Pages) -> Iterator[str]:
    """Every page there is, but of many of one kind one: of KPIs, of objectives, of areas, of the cells of a board."""
    seen: set[object] = set()
    for path in pages.paths():
        room, _, rest = path.partition("/")
        if not path.endswith(".html"):
            continue
        kind: object = path
        if room == "kpi":
            kpi = pages.view.catalog.kpis[rest.split(".")[0]]
            kind = type(kpi.measure) if rest.count(".") == 1 else rest.split(".", 1)[1]
        elif room in ("objective", "area"):
            kind = room
        elif room == "board" and "/" in rest:
            kind = rest.split("/")[0] + "/"
        if kind not in seen:
            seen.add(kind)
            yield path


#: Seconds of each unit of time as it is read and as it is stored.
SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
SECONDS |= {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
LARGE = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}


def reads(text: str, value: float, unit: str) -> bool:
    """Whether a text says a stored value, to within one of its last digit. Knows nothing of how it was written."""
    text = text.translate({0x202F: " ", 0xA0: " ", 0x2212: "-", ord(","): None})
    if below := re.search(r"< ([\d.]+)", text):
        return 0 < abs(value) < float(below[1]) * (0.01 if unit == "percent" else 1)
    spans = re.findall(r"([\d.]+) (ms|s|min|h|d)\b", text)
    if spans and unit in SECONDS:
        said = sum(float(number) * SECONDS[name] for number, name in spans)
        number, scale = spans[-1][0], SECONDS[spans[-1][1]]
        value = abs(value) * SECONDS[unit]
    else:
        found = re.search(r"([\d.]+)([kMB]?)\b", text)
        assert found is not None, text
        number, scale = found[1], LARGE[found[2]] * (0.01 if unit == "percent" else 1)
        said, value = float(number) * scale, (-value if "-" in text[: found.start()] else value)
    last = 10.0 ** -len(number.partition(".")[2]) * scale
    return abs(said - value) <= last * 1.000001


@pytest.fixture(scope="module")
def site(example: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """An example's pages, written and served when they are first asked for."""
    made: dict[str, Site] = {}
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def get(name: str) -> Site:
        if name not in made:
            one = example(name)
            pages = Pages(view.open(one.ledger, one.catalog, Audience.INTERNAL, one.now))
            folder = tmp_path_factory.mktemp(f"{name}-site")
            paths, known = tuple(chosen(pages)), set(pages.paths())
            pictures = (p for p in pages.paths() if p.startswith("assets/") or p.endswith(".badge.svg"))
            for path in (*pictures, *paths):
                for twin in {path, path.replace(".html", ".json")} & known:
                    target = folder / twin
                    target.parent.mkdir(parents=True, exist_ok=True)
                    document = pages.get(twin)
                    assert document is not None, twin
                    target.write_bytes(document.content)
            listener = socket.create_server(("127.0.0.1", 0))
            served = serve.app(lambda: view.open(one.ledger, one.catalog, Audience.INTERNAL, one.now))
            server = uvicorn.Server(uvicorn.Config(served, log_level="warning"))
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            thread.start()
            servers.append((server, thread))
            made[name] = Site(pages, folder, paths, f"http://127.0.0.1:{listener.getsockname()[1]}")
        return made[name]

    yield get
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


def watched(page: Page, origin: str) -> list[str]:
    """What the browser complains of from now on, and what it asks of others."""
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(origin) else heard.append(f"asks for {r.url}"))
    return heard


def plain(text: str) -> str:
    """With ordinary spaces alone."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", EXAMPLES)
def test_everybody_can_use_every_page(name: str, site: Callable[[str], Site], browser: Browser) -> None:
    """No page complains, asks others, runs over, writes under 12 px or a program's words, or is hard to hit."""
    here, wrong = site(name), []
    page = browser.new_page()
    heard = watched(page, "file://")
    for path in here.paths:
        page.goto(f"file://{here.folder}/{path}")
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
                wrong.append(f"{path}, {width} px: scrolls sideways to {found}")
            wrong += [f"{path}, {width} px: under 12 px: {one}" for one in page.evaluate(SMALL)]
        page.set_viewport_size({"width": NARROW, "height": page.evaluate("document.documentElement.scrollHeight")})
        wrong += [f"{path}: hard to hit: {one}" for one in page.evaluate(HITS)]
        wrong += [f"{path}: a program's word: {one}" for one in page.evaluate(WORDS)]
        wrong += [f"{path}: {one}" for one in heard]
        heard.clear()
    page.close()
    assert not wrong, "\n" + "\n".join(wrong)


def cards(page: Page) -> dict[str, str]:
    """The values that a page shows of whole KPIs, as they are read: at the head of a page, on cards, in lists."""
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([
            ...[...document.querySelectorAll('.hero .num')].map(
                e => [location.pathname.match(/(\\w+)[.][^/]*$/)[1], e]),
            ...[...document.querySelectorAll('.tile[id^=k-]')].map(e => [e.id.slice(2), e.querySelector('.num')]),
            ...[...document.querySelectorAll('table.list tr[data-text]:has(td.name a)')].map(
                e => [e.querySelector('td.name a').pathname.match(/(\\w+)[.]html$/)[1],
                    e.querySelector('.value').firstChild]),
        ].map(([name, e]) => [name, e.textContent]))"""
    )
    return {name: plain(text) for name, text in found.items()}


def tiles(twin: object) -> Iterator[dict[str, Any]]:
    """The tiles of whole KPIs in a page's JSON, however deep; not those of a cell of one."""
    if isinstance(twin, dict) and twin.get("cell") and ("tile" in twin or "sections" in twin):
        return
    if isinstance(twin, dict):
        if {"name", "shown", "period", "unit"} <= twin.keys():
            yield twin
        for key, inner in twin.items():
            if key != "cell":
                yield from tiles(inner)
    elif isinstance(twin, list):
        for inner in twin:
            yield from tiles(inner)


def tables(twin: dict[str, Any]) -> dict[str, list[str]]:
    """The numbers of each table, matrix and health list of a board, as its JSON reads them."""
    found = {}
    for tile in (tile for section in twin.get("sections", ()) for tile in section["tiles"]):
        if "lines" in tile:
            shown = (line["shown"] for line in tile["lines"])
            found[tile["anchor"]] = ["No value" if one["value"] is None else one["text"] for one in shown]
        elif tile.get("values") and tile.get("plot", True):
            found[tile["anchor"]] = [text for row in tile["values"]["rows"] for text in row["texts"]]
    return {anchor: [plain(text) for text in texts] for anchor, texts in found.items() if texts}


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_number_everywhere(
    name: str, site: Callable[[str], Site], example: Callable[[str], Any], browser: Browser
) -> None:
    """From disk, served, and without script a page shows the numbers of its twin, which are the ledger's.

    Without script it has the same words and links. That the numbers of charts, tables, matrices and health lists in a
    twin are the ledger's is another test.
    """
    here, one, wrong, compared = site(name), example(name), [], 0
    ways = [(f"file://{here.folder}", True), (here.address, True), (here.address, False)]
    contexts = [(where, browser.new_context(java_script_enabled=script)) for where, script in ways]
    pages = [(where, context.new_page()) for where, context in contexts]
    heard = watched(pages[1][1], here.address)
    for path in here.paths:
        if not (here.folder / path.replace(".html", ".json")).is_file():
            continue  # a page for other sites, or one that says there is none
        said = {tile["name"]: tile for tile in tiles(here.twin(path))}
        with urllib.request.urlopen(f"{here.address}/{path.replace('.html', '.json')}") as answer:
            twin = json.load(answer)
            assert {tile["name"]: tile for tile in tiles(twin)} == said, path
            assert twin.get("sections") == here.twin(path).get("sections"), path
        for tile in said.values():
            value = tile["shown"]["value"]
            if value is None or not tile["shown"]["text"]:
                continue
            compared += 1
            if (kept := one.stored(tile["name"], tile["period"])[0]) != value:
                wrong.append(f"{path}: {tile['name']} is {value}, the ledger has {kept}")
            if not reads(tile["shown"]["text"], value, tile["unit"]):
                wrong.append(f"{path}: {tile['name']} reads {tile['shown']['text']}, and is {value} {tile['unit']}")
        seen = []
        for where, page in pages:
            page.goto(f"{where}/{path}")
            found = {at: [plain(text) for text in texts] for at, texts in page.evaluate(TABLES).items()}
            if path.startswith("board/") and found != tables(twin):
                wrong.append(f"{where}/{path}: tables show other numbers than the twin: {found} {tables(twin)}"[:2000])
            for shown, text in cards(page).items():
                if (
                    shown in said
                    and text != plain(said[shown]["shown"]["text"])
                    and said[shown]["maturity"] != "planned"
                ):
                    wrong.append(f"{where}/{path}: {shown} shows {text}, its twin {said[shown]['shown']['text']}")
            seen.append(page.evaluate(SEEN))
        lost, more = ([one for one in a if one not in b] for a, b in (seen[1:], seen[:0:-1]))
        wrong += [f"{path}: only with script: {one}" for one in lost]
        wrong += [f"{path}: only without script: {one}" for one in more]
        wrong += [f"{path}, served: {one}" for one in heard]
        heard.clear()
    for _, context in contexts:
        context.close()
    assert not wrong, "\n" + "\n".join(wrong)
    assert compared > 100


@pytest.mark.parametrize("name", EXAMPLES)
def test_axe_finds_nothing(name: str, site: Callable[[str], Site], browser: Browser) -> None:
    """axe-core has nothing against any page, wide or narrow, light or dark."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make test installs it where there is npm")
    here, wrong, script = site(name), [], AXE.read_text("utf-8")
    page = browser.new_page()
    several = [path for path in here.paths if path.startswith("kpi/")][6:]  # drawn by one template
    for path in (path for path in here.paths if path not in several):
        page.goto(f"file://{here.folder}/{path}")
        page.evaluate(script)
        for width, mode in ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if mode == "dark" else "light")
            # Of all that it asks, only contrast depends on the mode. Preloading would fetch what the page may not.
            asked = {"resultTypes": ["violations"], "preload": False}
            asked |= {"runOnly": ["color-contrast"]} if mode == "dark" else {}
            for rule in page.evaluate("asked => axe.run(document, asked)", asked)["violations"]:
                first = rule["nodes"][0]
                wrong.append(f"{path}, {width} px, {mode}: {rule['id']} x{len(rule['nodes'])}: {first['html'][:160]}")
    page.close()
    assert not wrong, "\n" + "\n".join(wrong)

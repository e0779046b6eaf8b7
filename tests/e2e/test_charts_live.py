"""What a script adds to charts, in a real browser and from disk: values at a place, and lines on another scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from headway import charts
from headway.charts import Figure, Mark, Plot, Series, Slot
from headway.publish.bundle import bundle
from headway.publish.html import POLICY

if TYPE_CHECKING:
    from conftest import Shop

ASSETS = Path(charts.__file__).parents[1] / "publish" / "assets"
COUNT = 24


@dataclass
class Open:
    """A page, what its console said, and which files it asked for."""

    page: Page
    said: list[str]
    asked: list[str]

    def at(self, share: float) -> Locator:
        """The tip at a share of the width of the first chart's plot."""
        box = self.page.locator(".plot svg.chart >> visible=true").first.bounding_box()
        assert box
        self.page.mouse.move(box["x"] + box["width"] * share, box["y"] + 90)
        return self.page.locator(".tip")


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["desk", "phone"])
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """An empty page that keeps what went wrong in it."""
    width, mode = request.param
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=mode) as context:
        page = context.new_page()
        found = Open(page, [], [])
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        page.on("request", lambda asked: found.asked.append(asked.url))
        yield found
        assert found.said == []


def test_values_are_those_of_the_table(shop: Shop, opened: Open, tmp_path: Path) -> None:
    """By pointer and by keys, each period says what its row of the table says; nothing is loaded for that."""
    assert shop.run().code == 0
    assert shop.headway("build", str(tmp_path / "site"), "--audience", "internal").code == 0
    opened.page.goto((tmp_path / "site" / "kpi" / "visits.html").as_uri())
    rows = opened.page.locator("#table tbody tr:not(.partial)")
    newest, value = rows.first.locator("th").inner_text(), rows.first.locator("td").first.inner_text()
    before, earlier = rows.nth(1).locator("th").inner_text(), rows.nth(1).locator("td").first.inner_text()

    tip = opened.at(0.999)
    expect(tip.locator("p").first).to_have_text(newest)
    expect(tip.locator("li")).to_have_text(value)
    expect(tip).to_contain_text("Target ≥ 10")
    opened.page.mouse.move(5, 5)
    expect(tip).to_have_count(0)

    plot = opened.page.get_by_role("group", name="Values of the chart, by the arrow keys")
    plot.focus()
    for _ in range(2):
        opened.page.keyboard.press("ArrowLeft")
    expect(opened.page.get_by_role("status").last).to_have_text(f"{before}. {earlier}. Target ≥ 10")
    opened.page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    assert not [url for url in opened.asked if "vega" in url]


def _stack() -> Plot:
    slots = tuple(Slot(20000 + 30 * n, str(n), f"Month {n}") for n in range(COUNT))

    def series(name: str, values: list[float], role: charts.Role = "category") -> Series:
        running = tuple(n == COUNT - 1 for n in range(COUNT))
        return Series(name, tuple(values), tuple(f"{value:,.0f} people" for value in values), "", role, running)

    parts = [[size * math.exp(grows * n) for n in range(COUNT)] for size, grows in ((4000, 0.03), (60, 0.1))]
    whole = [sum(part[n] for part in parts) * 0.9 for n in range(COUNT)]
    every = (series("europe", parts[0]), series("asia", parts[1]), series("Total", whole, "total"))
    logs = ((10, "10"), (100, "100"), (1000, "1,000"), (10000, "10k"))
    return Plot("stacked area", slots, every, 0, 10000, ((0, "0"), (5000, "5k")), "says", "people", logs)


@pytest.fixture
def stack(tmp_path: Path) -> str:
    """A page with a stack, under the policy of all pages: its address."""
    plot = _stack()
    assets = tmp_path / "assets"
    assets.mkdir()
    style = "".join((ASSETS / name).read_text() for name in ("tokens.css", "headway.css", "chart.css"))
    (assets / "headway.css").write_text(style)
    for name in ("headway.js", "chart.js"):
        (assets / name).write_text((ASSETS / name).read_text())
    (assets / "vega.js").write_bytes(bundle(tmp_path))
    marks = tuple(Mark(slot.at, value) for slot, value in zip(plot.slots, plot.series[2].values, strict=True))
    drawn = charts.svg(Figure("line", marks, (), plot.low, plot.high, plot.ticks, "says"))
    (tmp_path / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="assets/headway.css"><script src="assets/headway.js"></script>'
        '<script src="assets/chart.js" defer></script><main class="wrap"><figure class="panel">'
        f'<button data-theme-toggle hidden>Dark</button><div class="plot">{drawn}{charts.block(plot)}</div></figure>'
    )
    return (tmp_path / "page.html").as_uri()


def test_another_scale_is_drawn_in_the_same_place(stack: str, opened: Open) -> None:
    """Log unstacks into lines over the same labels of time and follows the width; Linear brings the page's own back."""
    page = opened.page
    page.goto(stack)
    tip = opened.at(12 / 23)
    assert tip.locator("li").all_inner_texts() == [
        f"{one.name}\n{one.texts[12]}" for one in (_stack().series[1], _stack().series[0], _stack().series[2])
    ]
    expect(page.locator(".tip-dot")).to_have_count(1)  # the layers of a stack have edges, not points
    before = page.locator(".plot").bounding_box()

    page.get_by_role("button", name="Log").click()
    lines = page.locator(".vega svg .mark-line path")
    expect(lines.first).to_be_visible()
    assert {line.get_attribute("stroke") for line in lines.all()} == {"var(--c1)", "var(--c2)", "var(--ink)"}
    for name in ("10", "100", "1,000", "10k"):
        expect(page.locator(".vega svg text", has_text=name).first).to_be_visible()
    expect(page.locator(".marks").first).not_to_be_visible()
    assert page.locator(".plot").bounding_box() == before
    tip = opened.at(12 / 23)
    expect(page.locator(".tip-dot")).to_have_count(3)
    assert tip.locator("li").first.inner_text().startswith("europe")
    # The points stand on Vega's lines: 10 at the bottom, 11,500 or so at the top.
    plot = _stack()
    told = charts.live(plot)["log"]
    box = page.locator(".tip-rule").bounding_box()
    dot = page.locator(".tip-dot").first.bounding_box()
    assert box
    assert dot
    share = math.log(told["high"] / plot.series[0].values[12]) / math.log(told["high"] / told["low"])  # type: ignore[operator]  # has one
    assert dot["y"] + dot["height"] / 2 == pytest.approx(box["y"] + share * box["height"], abs=1)

    page.get_by_role("button", name="Dark").click()
    ink = page.evaluate("getComputedStyle(document.querySelector('.vega .mark-line path:last-of-type')).stroke")
    page.get_by_role("button", name="Dark").click()
    assert ink != page.evaluate("getComputedStyle(document.querySelector('.vega .mark-line path:last-of-type')).stroke")

    page.set_viewport_size({"width": 700, "height": 800})
    inner = page.locator("svg.chart").bounding_box()
    assert inner
    expect(page.locator(".vega svg")).to_have_attribute("width", str(round(inner["width"])))
    page.get_by_role("button", name="Linear").click()
    expect(page.locator(".marks").first).to_be_visible()
    expect(page.locator(".vega")).to_have_count(0)


def test_a_finger_chooses_a_place(stack: str, browser: Browser) -> None:
    """A tap tells the values there, and a tap elsewhere hides them."""
    with browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True) as context:
        page = context.new_page()
        page.goto(stack)
        box = page.locator("svg.chart").bounding_box()
        assert box
        page.touchscreen.tap(box["x"] + box["width"] * 12 / 23, box["y"] + 90)
        expect(page.locator(".tip")).to_contain_text("Month 12")
        page.touchscreen.tap(5, 700)
        expect(page.locator(".tip")).to_have_count(0)

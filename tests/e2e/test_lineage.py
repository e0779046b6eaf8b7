"""The drawn lineage in a real browser: edges end at what they join, links lead there, and a phone has a list."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator

PROJECT = """\
project: shop
sources:
  visits:
    read: {files: visits.csv}
    columns: {visit: integer, person: text, at: timestamp, spent: number, shelf: text}
    key: visit
    time: at
    people: person
    refers: {shelf: shelves}
  shelves: {read: {files: shelves.csv}, key: shelf}
kpis:
  visits: {count: visits, by: [room], where: spent > 1}
  spent: {sum: visits.spent, grain: month, unit: EUR}
  per_visit: {formula: spent / visits, grain: month, unit: EUR, targets: [{at_least: 7}]}
boards:
  floor: {title: The floor, sections: [{tiles: [{number: visits}]}]}
"""
pytestmark = pytest.mark.browser
#: The ends of each curve, and the middles of the boxes and lines that it may meet, on the page.
ENDS = """
[...document.querySelectorAll('.lin .edges')].map(svg => {
  const at = svg.getBoundingClientRect();
  const middles = column => [...column.querySelectorAll('.box, .box > ul > li')].map(e => {
    const r = e.getBoundingClientRect();
    return e.matches('.box') ? r.top + 23 : r.top + r.height / 2;
  });
  const [left, right] = [middles(svg.previousElementSibling), middles(svg.nextElementSibling)];
  const d = svg.querySelector('path').getAttribute('d');
  return [...d.matchAll(/M0 ([\\d.]+)C.*? ([\\d.]+)(?=M|$)/g)].map(m => [
    Math.min(...left.map(y => Math.abs(y - at.top - m[1]))),
    Math.min(...right.map(y => Math.abs(y - at.top - m[2]))),
  ]);
})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a shop for its own people."""
    root = tmp_path_factory.mktemp("shop")
    (root / "headway.yml").write_text(PROJECT, encoding="utf-8")
    (root / "shelves.csv").write_text("shelf,room\nbooks,front\nmaps,back\n", encoding="utf-8")
    lines = [
        f"{n},p{n % 12},2026-01-{n % 28 + 1:02}T10:00:00,{n % 7},{'books' if n % 2 else 'maps'}" for n in range(99)
    ]
    (root / "visits.csv").write_text("\n".join(["visit,person,at,spent,shelf", *lines]) + "\n", encoding="utf-8")
    for command in (["run", "--now", "2026-03-10T06:00Z"], ["build", str(root / "site"), "--audience", "internal"]):
        program = [sys.executable, "-m", "headway", *command, "--project", str(root)]
        subprocess.run(program, check=True, capture_output=True, timeout=120)
    return root / "site"


def test_edges_meet_what_they_join(folder: Path, browser: Browser) -> None:
    """Each curve begins and ends in the middle of a box, or of a column in it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    for name, most in (("visits", 4), ("per_visit", 3)):
        page.goto(f"file://{folder}/kpi/{name}.html")
        found = page.evaluate(ENDS)
        assert len(found) == 3 if name == "visits" else len(found) == 2
        assert sum(map(len, found)) > most
        assert max(distance for svg in found for pair in svg for distance in pair) < 2.5
    page.close()


def test_names_lead_somewhere(folder: Path, browser: Browser, follow: Callable[[Locator], None]) -> None:
    """From a KPI to the one that reads it, and back to what it is made from."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"file://{folder}/kpi/visits.html")
    assert set(page.locator(".lin code").all_inner_texts()) == {"at", "shelf", "spent", "room", "person", "spent > 1"}
    assert page.locator(".lin li li", has_text="person").inner_text().split() == ["person", "people"]
    assert page.locator(".lin", has_text="The floor").count() == 1
    follow(page.locator(".lin a", has_text="Per visit"))
    assert page.url.endswith("/kpi/per_visit.html")
    follow(page.locator(".lin a", has_text="Visits"))
    assert page.url.endswith("/kpi/visits.html")
    page.close()


def test_a_phone_has_a_nested_list(folder: Path, browser: Browser) -> None:
    """No edges, nothing that scrolls sideways; each source has its columns below it."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(f"file://{folder}/kpi/visits.html")
    assert page.locator(".lin .edges:visible").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tops = page.evaluate("[...document.querySelectorAll('.lin .box')].map(e => e.getBoundingClientRect().top)")
    assert tops == sorted(tops)
    page.close()

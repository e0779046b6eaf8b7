"""The page of alerts in a real browser, of a shop where alerts fire: on a phone, on paper, with and without script."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

PROJECT = """\
project: shop
title: The corner shop
sources:
  visits:
    read: {files: visits.csv}
    columns: {visit: integer, person: text, at: timestamp, shelf: text}
    key: visit
    time: at
    people: person
kpis:
  visits: {count: visits, by: [shelf]}
  visitors: {distinct: visits.person}
routes: {owner: {apprise: env:SHOP_OWNER}, team: {apprise: env:SHOP_TEAM}}
levels:
  critical: {respond: 15 minutes, to: owner}
  warning: {respond: 4 hours, to: team}
alerts:
  empty: {level: critical, kpi: visits, below: 100, title: The shop is empty, why: Somebody may have locked the door.}
  few: {level: warning, kpi: visits, for: {shelf: each}, below: 50, title: Few at a shelf}
  crowded: {level: warning, kpi: visits, above: 100}
  burglary: {level: critical, event: a burglary}
"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the real commands, for colleagues."""
    root = tmp_path_factory.mktemp("alarmed")
    (root / "headway.yml").write_text(PROJECT, encoding="utf-8")
    lines = ["visit,person,at,shelf"]
    for number in range(20 * 12):
        when = datetime(2026, 3, 1, 10) + timedelta(days=number // 12, minutes=number % 12)  # noqa: DTZ001  # as a till writes it
        lines.append(f"{number},p{number % 12},{when.isoformat()},{'books' if number % 12 < 6 else 'maps'}")
    (root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for command in (["run", "--now", "2026-03-21T06:00Z"], ["build", str(root / "site"), "--audience", "internal"]):
        whole = [sys.executable, "-m", "headway", *command, "--project", str(root)]
        subprocess.run(whole, check=True, capture_output=True, timeout=300)
    return root / "site"


def opened(page: Page, site: Path, path: str = "alerts.html") -> list[str]:
    """What the browser complained of."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.goto(f"file://{site}/{path}")
    return complaints


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_runs_over(site: Path, browser: Browser, width: int) -> None:
    """Also with everything open: commands are long."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in ("alerts.html", "kpi/visits.html", "index.html"):
        assert opened(page, site, path) == []
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.close()


def test_without_script_everything_is_there(site: Path, browser: Browser) -> None:
    """What fires, the commands that answer it, and every rule; the count stands in the navigation of each page."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    opened(page, site)
    assert page.locator(".alert").count() == 3
    first = page.locator(".alert").first
    assert first.locator("h3").inner_text() == "The shop is empty"
    assert "now" in (first.get_attribute("class") or "")
    first.get_by_text("What to do").click()
    name = first.get_attribute("id")
    assert first.locator("code").first.inner_text() == f"headway alerts ack {name} --why '...'"
    assert page.locator("#rules li[id]").count() == 4
    assert not page.locator("[data-filter]").is_visible()
    page.goto(f"file://{site}/index.html")
    assert page.locator(".nav .n").inner_text().startswith("3")
    page.goto(f"file://{site}/kpi/visits.html")
    assert page.locator("#alerts .watch > li").count() == 3
    context.close()


def test_a_filter_narrows_what_is_listed(site: Path, browser: Browser) -> None:
    """By level, state, or as one types; how many are left is said."""
    page = browser.new_page()
    assert opened(page, site) == []
    page.select_option("[name=level]", "warning")
    assert page.locator(".alert:visible").count() == 2
    page.fill("[data-filter] [name=q]", "maps")
    assert page.locator(".alert:visible").count() == 1
    assert page.locator("[data-said]").inner_text() == "1 of 3 alerts shown"
    page.close()


def test_a_link_leads_to_what_it_names(site: Path, browser: Browser, follow: Callable[[Locator], None]) -> None:
    """From the front page to the rule-cell, and from there to its rule."""
    page = browser.new_page()
    opened(page, site, "index.html")
    follow(page.get_by_role("link", name="The shop is empty"))
    assert page.locator(".alert:target h3").inner_text() == "The shop is empty"
    follow(page.locator(".alert:target h3 a"))
    assert "Somebody may have locked the door." in page.locator("li:target").inner_text()
    page.close()

"""Who writes a catalogue sees it in the browser: pages follow its files, and a mistake stands on the page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from conftest import Shop

Edit = Callable[["Shop", str, str, str], None]
#: A page loads again within this time of a change, on a machine that does much else.
SOON = 15_000


@pytest.fixture
def served(shop: Shop) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The computed shop on a port of its own: its address and the process."""
    assert shop.run().code == 0
    command = shop.command("serve", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stdout.readline())
        assert found
        yield found[0], process
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def page(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what its console said."""
    said: list[str] = []
    with browser.new_context() as context:
        made = context.new_page()
        made.on("console", lambda message: said.append(f"{message.text} {message.location}"))
        made.on("pageerror", lambda error: said.append(str(error)))
        yield made, said


def test_a_page_follows_the_files(
    served: tuple[str, subprocess.Popen[str]], shop: Shop, edit: Edit, page: tuple[Page, list[str]]
) -> None:
    """A title that is written into the YAML stands on the open page without a hand on it."""
    shown, said = page
    shown.goto(f"{served[0]}kpi/visits.html")
    edit(shop, "kpis/shop.yml", "{count: visits,", "{count: visits, title: All visits,")
    expect(shown.get_by_role("heading", level=1)).to_have_text("All visits", timeout=SOON)
    shown.goto(f"{served[0]}kpis.html")
    edit(shop, "kpis/shop.yml", "kpis:\n", "kpis:\n  shelves: {distinct: visits.shelf, unit: shelves}\n")
    expect(shown.get_by_role("row", name="Shelves")).to_contain_text("No data", timeout=SOON)
    shown.goto(f"{served[0]}kpi/shelves.html")
    expect(shown.get_by_role("region", name="Latest value")).to_contain_text("No run has computed it yet.")
    assert said == []


def test_a_mistake_stands_on_the_page(
    served: tuple[str, subprocess.Popen[str]], shop: Shop, edit: Edit, page: tuple[Page, list[str]]
) -> None:
    """File, line, what is wrong, the line itself and the remedy, above the page of before; it goes when mended."""
    shown, said = page
    shown.goto(f"{served[0]}kpis.html")
    edit(shop, "kpis/shop.yml", "window: 7 days", "windov: 7 <b>days</b>")
    panel = shown.get_by_role("region", name="kpis/shop.yml has a mistake")
    expect(panel).to_contain_text("Did you mean 'window'?", timeout=SOON)
    expect(panel).to_contain_text("kpis/shop.yml:2:39")
    expect(panel.locator("pre")).to_contain_text("windov: 7 <b>days</b>")
    expect(shown.get_by_role("row", name="Visitors")).to_be_visible()

    twin = httpx.get(f"{served[0]}kpis.json")
    assert (twin.status_code, twin.json()["error"]) == (500, "unknown-key")
    assert "kpis/shop.yml:2:39" in twin.json()["errors"][0]

    edit(shop, "kpis/shop.yml", "windov: 7 <b>days</b>", "window: 7 days")
    expect(panel).to_have_count(0, timeout=SOON)
    assert httpx.get(f"{served[0]}kpis.json").status_code == 200
    assert said == []


def test_a_page_that_waits_does_not_keep_the_server(
    served: tuple[str, subprocess.Popen[str]], page: tuple[Page, list[str]]
) -> None:
    """The server ends within seconds although an open page waits for a change."""
    shown, _ = page
    with shown.expect_request("**/changes?since=*"):
        shown.goto(served[0])
    begun = time.monotonic()
    served[1].send_signal(signal.SIGTERM)
    assert served[1].wait(10) in (0, -signal.SIGTERM)
    assert time.monotonic() - begun < 5

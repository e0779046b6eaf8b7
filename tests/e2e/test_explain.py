"""Why a number is not what it was: page, JSON and terminal tell the same story, in a real browser too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

LATER = "2026-03-11T06:00Z"
WHY = "12 deleted rows of visits, 10 January 2026"
if TYPE_CHECKING:
    from conftest import Shop

pytestmark = pytest.mark.browser


def lose_a_day(shop: Shop) -> None:
    """Take the rows of 10 January out of the data, as a faulty export would."""
    path = shop.root / "data/visits.csv"
    kept = [line for line in path.read_text("utf-8").splitlines() if "2026-01-10T" not in line]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def explained(shop: Shop, *arguments: str) -> dict[str, object]:
    """What `explain --json` says of one number."""
    answer = shop.headway("explain", *arguments, "--json")
    assert answer.code == 0, answer.err
    found: dict[str, object] = json.loads(answer.out)["number"]
    return found


def test_a_change_that_waits_and_is_accepted(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    """It is marked with its cause wherever the number stands; once accepted, the earlier value is told with who did."""
    assert shop.run().code == 0
    lose_a_day(shop)
    assert shop.headway("run", "--now", LATER).code == 0

    number = explained(shop, "spent", "2026-01")
    waits = number["row"]["waits"]  # type: ignore[index]
    assert (number["row"]["value"], waits["value"], waits["state"]) == (31 * 72, 30 * 72, "waiting")  # type: ignore[index]
    assert waits["why"] == WHY
    told = shop.headway("explain", "spent", "2026-01").out
    assert "January 2026: €2,232" in told
    assert f"€2,160, since {waits['since']}. {WHY} (#{waits['restatement']})." in " ".join(told.split())

    page = browser.new_page(viewport={"width": 1280, "height": 900})
    site = tmp_path / "site"
    assert shop.headway("build", str(site), "--audience", "internal").code == 0
    page.goto(f"file://{site}/kpi/spent.html")
    row = page.locator("#table tr", has_text="January 2026")
    assert "€2,232" in row.inner_text()
    assert f"A change waits: €2,160. {WHY}." in " ".join(row.inner_text().split())
    twin = json.loads((site / "kpi/spent.json").read_text("utf-8"))
    assert next(r for r in twin["rows"] if r["period"] == "2026-01") == number["row"]

    outside = tmp_path / "outside"
    text = (shop.root / "headway.yml").read_text("utf-8")
    shop.write("headway.yml", text + "audience: public\n")
    assert shop.headway("build", str(outside)).code == 0
    assert "2,160" not in (outside / "kpi/spent.html").read_text("utf-8")
    assert "2160" not in (outside / "kpi/spent.json").read_text("utf-8")
    assert "A change waits" in (outside / "kpi/spent.html").read_text("utf-8")
    shop.write("headway.yml", text)

    answer = shop.headway("accept", "1", "--why", "The shop was closed", "--who", "Ana")
    assert answer.code == 0, answer.err
    number = explained(shop, "spent", "2026-01")
    now, before = number["row"]["values"]  # type: ignore[index]
    assert (now["value"], before["value"], before["why"], now["why"]) == (30 * 72, 31 * 72, "First published", WHY)
    assert now["decided"].startswith("Accepted by Ana on ")
    assert now["decided"].endswith(", because: The shop was closed.")
    told = " ".join(shop.headway("explain", "spent", "2026-01").out.split())
    assert f"{WHY} (#1). {now['decided']}" in told
    assert shop.headway("build", str(site), "--audience", "internal").code == 0
    page.goto(f"file://{site}/kpi/spent.html")
    history = " ".join(page.inner_text("#history").split())
    assert f"January 2026 €2,232 €2,160 #1: {WHY}. {now['decided']}" in history
    assert "Restated was €2,232 until" in " ".join(page.inner_text("#table").split())
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator("#table th .only-s:visible", has_text="Restated").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_cells_and_parts_are_explained(shop: Shop) -> None:
    """A cell has its own past; one that is not there, and a part that is not there, are told with what there is."""
    assert shop.run().code == 0
    lose_a_day(shop)
    assert shop.headway("run", "--now", LATER).code == 0
    number = explained(shop, "visits", "2026-01-10", "--for", "shelf=maps")
    assert number["label"] == "10 Jan 2026, maps"
    assert number["row"]["value"] == 6  # type: ignore[index]
    assert number["row"]["waits"]["why"] == WHY  # type: ignore[index]
    wrong = shop.headway("explain", "visits", "2026-01-10", "--for", "shelf=mapps")
    assert wrong.code == 2
    assert "[unknown-cell]" in wrong.err
    assert "Visits has no shelf mapps by day" in wrong.err
    assert "Did you mean maps?" in wrong.err
    wrong = shop.headway("explain", "visits", "--part", "p95")
    assert "[unknown-part]" in wrong.err
    assert shop.headway("explain", "visits", "--sql").out.startswith("WITH rows")


def test_where_the_method_changes(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    """Between values from before and computed ones stand a line and a word, in the table and in the chart."""
    past = "".join(f"2025-{month:02},{1000 + month}\n" for month in range(1, 13))
    shop.write("spent.csv", f"period,value\n{past}")
    kpis = (shop.root / "kpis/shop.yml").read_text("utf-8")
    old = "spent: {sum: visits.spent, grain: month, unit: EUR"
    shop.write("kpis/shop.yml", kpis.replace(old, f"{old}, history: spent.csv, tracked_from: 2026-01-01"))
    assert shop.run().code == 0
    site = tmp_path / "site"
    assert shop.headway("build", str(site), "--audience", "internal").code == 0
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"file://{site}/kpi/spent.html")
    line = page.locator("tr.break")
    assert line.count() == 1
    assert "Values before this were taken over from a file." in line.inner_text()
    assert "January 2026" in line.evaluate("e => e.previousElementSibling.innerText")
    assert "Not comparable" in line.evaluate("e => e.previousElementSibling.innerText")
    assert page.locator("svg.chart.wide text", has_text="New method").count() == 1
    page.close()

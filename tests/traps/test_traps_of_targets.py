"""Traps of judging numbers, each with its name: a status that somebody acts upon without need, or does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from headway import catalog as catalogue
from headway.cli import app
from headway.errors import CatalogError
from headway.ledger import Ledger
from headway.model import Reason
from headway.run import observe

SALES = """
    project: traps
    sources:
      sales:
        read: {files: sales.csv}
        columns: {on: date, usd: number, cost: number, eur: number}
        time: on
    kpis:
      revenue: {sum: sales.usd, grain: month, unit: USD}
      costs: {sum: sales.cost, grain: month, unit: USD}
"""
ROWS = """on,usd,cost,eur
2025-01-05,100,10,1
2025-02-05,80,8,1
2025-03-05,20,0,1
2025-04-05,0,5,1
2025-05-05,60,6,1
"""
NOW = datetime(2025, 5, 20, tzinfo=UTC)


def project(root: Path, *kpis: str) -> Path:
    """A project of some sales and these KPIs."""
    (root / "headway.yml").write_text(dedent(SALES) + "".join(f"  {kpi}\n" for kpi in kpis))
    (root / "sales.csv").write_text(ROWS)
    return root


def found(root: Path, kpi: str) -> list[tuple[float | None, str | None, str]]:
    """Value, reason and status of each month that is over, after a run."""
    catalog = catalogue.load(root)
    with Ledger.open(root / "ledger.db") as ledger:
        assert observe(catalog, ledger, NOW).whole
        rows = [row for row in ledger.read(kpi).to_pylist() if row["grain"] == "month" and not row["cell"]]
    return [(row["value"], row["reason"], row["status"]) for row in rows][:4]


def test_on_target_is_never_red_because_it_fell(tmp_path: Path) -> None:
    """80 after 100 is a fall, and on target where 50 are asked for: the status looks at the target alone."""
    root = project(tmp_path, "sold: {sum: sales.usd, grain: month, targets: [{at_least: 50}]}")
    assert [status for _, _, status in found(root, "sold")] == ["on", "on", "off", "off"]


def test_rising_is_never_green_above_a_limit(tmp_path: Path) -> None:
    """More is not better where a limit says `at_most`."""
    root = project(tmp_path, "spent: {sum: sales.usd, grain: month, targets: [{at_most: 90}]}")
    assert [status for _, _, status in found(root, "spent")] == ["off", "on", "on", "on"]


def test_bands_have_no_gaps(tmp_path: Path) -> None:
    """A value between two whole numbers, on a cut, and beyond either end has one status: no band ends at 79."""
    bands = "{bands: [off, 2, near, 8, on, 10, over]}"
    root = project(
        tmp_path,
        f"tenth: {{formula: revenue / 10, targets: [{bands}]}}",
        f"hair: {{formula: revenue / 10 - 0.001, targets: [{bands}]}}",
    )
    assert [(value, status) for value, _, status in found(root, "tenth")] == [
        (10, "over"),
        (8, "on"),
        (2, "near"),
        (0, "off"),
    ]
    assert [status for _, _, status in found(root, "hair")] == ["on", "near", "off", "off"]


def test_a_goal_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    """Where no target is in force nobody reads `null`, `None` or `nan`, neither on the terminal nor on a page."""
    root = project(
        tmp_path,
        "sold: {sum: sales.usd, grain: month, targets: [{at_least: 50, from: 2026-01-01}]}",
        "rate: {formula: costs / revenue, unit: percent, targets: [{at_most: 3 * costs / revenue}]}",
    )
    run = CliRunner().invoke
    assert run(app, ["run", "-p", str(root), "--now", NOW.isoformat()]).exit_code == 0
    shown = [run(app, ["show", "-p", str(root), *kpi]) for kpi in ([], ["sold"], ["rate"])]
    assert [result.exit_code for result in shown] == [0, 0, 0]
    assert run(app, ["build", str(root / "site"), "-p", str(root), "--audience", "internal"]).exit_code == 0
    pages = [page.read_text("utf-8") for page in (root / "site").rglob("*.html")]
    assert len(pages) > 3
    for text in [*(result.output for result in shown), *pages]:
        words = set(text.replace(">", " ").replace("<", " ").split())
        assert not words & {"null", "None", "nan", "NaN", "inf", "undefined"}


def test_a_ratio_of_a_quarter_is_that_of_its_sums_and_division_by_zero_says_so(tmp_path: Path) -> None:
    """10 of 100, 8 of 80 and 0 of 20 are 9 %, not the mean of 10, 10 and 0; a month that sold nothing has no rate."""
    root = project(tmp_path, "rate: {formula: costs / revenue, unit: percent}")
    assert [(value, reason) for value, reason, _ in found(root, "rate")] == [
        (0.1, None),
        (0.1, None),
        (0, None),
        (None, Reason.ZERO_DENOMINATOR.value),
    ]
    with Ledger.open(root / "ledger.db") as ledger:
        first = next(row for row in ledger.read("rate").to_pylist() if row["grain"] == "quarter")
    assert first["value"] == 0.09


def test_two_currencies_never_add(tmp_path: Path) -> None:
    """Dollars and euros have no sum before somebody converts them."""
    root = project(
        tmp_path, "euros: {sum: sales.eur, grain: month, unit: EUR}", "all: {formula: revenue + euros, unit: USD}"
    )
    with pytest.raises(CatalogError, match="two-currencies"):
        catalogue.load(root)

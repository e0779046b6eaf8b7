"""`headway run --profile` names where the time went; a terminal is told how far a run is, and nothing else is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headway import timed
from headway.cli import app
from headway.cli.console import progress_line

PROJECT = """\
project: slow
sources:
  orders: {read: {files: orders.csv}, time: at}
  visits: {read: {files: visits.csv}, time: at, people: who}
kpis:
  revenue: {sum: orders.usd, unit: USD}
  orders: {count: orders, unit: orders}
  mau: {distinct: visits.who, window: 30 days, unit: people}
  per_person: {formula: revenue / mau, unit: USD}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of two sources, of which a formula reads both."""
    (tmp_path / "headway.yml").write_text(PROJECT, "utf-8")
    (tmp_path / "orders.csv").write_text("at,usd\n2025-05-01,3\n2025-05-02,4\n", "utf-8")
    (tmp_path / "visits.csv").write_text("at,who\n2025-05-01,a\n", "utf-8")
    return tmp_path


def test_a_profile_as_json_is_all_of_the_output_and_adds_up(root: Path) -> None:
    """Every source, every query with all its KPIs, every KPI; stages and what is left make the whole."""
    done = CliRunner().invoke(app, ["run", "--project", str(root), "--now", "2025-06-15", "--profile", "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert "Run 1: 4 KPIs" in done.stderr
    assert {one["source"]: one["rows"] for one in told["sources"]} == {"orders": 2, "visits": 1}
    assert sorted((one["source"], *one["kpis"]) for one in told["queries"]) == [
        ("orders", "revenue", "orders"),
        ("visits", "mau"),
    ]
    assert {one["kpi"] for one in told["kpis"]} == {"revenue", "orders", "mau", "per_person"}
    assert all(took > 0 for took in told["stages"].values())
    assert sum(told["stages"].values()) + told["else"] == pytest.approx(told["seconds"])
    stages = told["stages"]
    assert sum(one["seconds"] for one in told["sources"]) == pytest.approx(
        stages["reading sources"] + stages["checking sources"] + stages["queries"] + stages["footprints of sources"]
    )
    assert sum(one["seconds"] for one in told["kpis"]) == pytest.approx(stages["KPIs, beside the queries"])


def test_a_profile_is_tables_behind_what_a_run_says(root: Path) -> None:
    """The slowest are named; without --profile nobody is told."""
    said = CliRunner().invoke(app, ["run", "--project", str(root), "--now", "2025-06-15", "--profile"]).stdout
    for words in ("Where the time went", "All together", "Footprint", "revenue, orders", "per_person"):
        assert words in said
    assert said.index("Run 1: 4 KPIs") < said.index("Where the time went")
    again = CliRunner().invoke(app, ["run", "--project", str(root), "--now", "2025-06-15"]).stdout
    assert "time went" not in again


def test_progress_is_told_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows that were computed, of how many, and about what is left of a while."""
    for terminal in ("", "1"):
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setenv("TTY_COMPATIBLE", terminal)
        with progress_line() as tell:
            tell("Reading sources", 1, 2)
            for number in range(5):
                tell("Computing", 1_000 * number, 50_000)
                time.sleep(0.12)
        said = capsys.readouterr().err
        if terminal:
            assert "of 50,000 rows" in said
            assert "left" in said
        else:
            assert said == ""


def test_meanwhile_tells_until_the_work_is_over() -> None:
    """And never behind it."""
    told: list[float] = []
    with timed.meanwhile(lambda: told.append(time.monotonic()), every=0.01):
        time.sleep(0.1)
    over = time.monotonic()
    time.sleep(0.05)
    assert 1 <= len(told) <= 10
    assert all(one <= over for one in told)

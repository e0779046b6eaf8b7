"""Queries of KPIs alone are kept from run to run, and written again exactly where they changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import run
from headway.ledger import Ledger
from headway.queries import FILE

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)
PROJECT = """\
project: kept
sources:
  orders:
    read: {files: orders.csv}
    time: at
kpis:
  revenue: {sum: orders.usd, where: region = 'north', by: [shop], unit: USD}
"""
ROWS = "at,usd,region,shop\n2025-05-01 10:00,3,north,a\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one KPI."""
    (tmp_path / "headway.yml").write_text(PROJECT, "utf-8")
    (tmp_path / "orders.csv").write_text(ROWS, "utf-8")
    return tmp_path


def sql(root: Path, now: datetime) -> str:
    """The SQL that the ledger has of revenue after one more run."""
    catalog = catalogue.load(root)
    with Ledger.open(root / ".headway" / "ledger.db", create=True) as ledger:
        assert run.observe(catalog, ledger, now).whole
        found = ledger.definitions().get("revenue")
        assert found
        read = {"usd": ["value"], "region": ["filter"], "shop": ["breakdown"], "at": ["time"]}
        assert found.lineage == {"orders": read}
        return found.sql


def mark(root: Path) -> None:
    """Change what is kept, so that one can see whether it is taken."""
    text = (root / FILE).read_text("utf-8")
    assert "FROM rows" in text
    (root / FILE).write_text(text.replace("FROM rows", "FROM kept.rows"), "utf-8")


def test_a_query_is_kept_though_the_clock_moved(root: Path) -> None:
    """Only moments differ in the steps of tomorrow's query."""
    assert "kept.rows" not in sql(root, NOW)
    mark(root)
    assert "kept.rows" in sql(root, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("yaml", "rows"),
    [
        (PROJECT.replace("'north'", "'south'"), ROWS),  # a literal
        (PROJECT.replace("= 'north'", "<> 'north'"), ROWS),
        (PROJECT, ROWS.replace(",a", ",1")),  # a shop is a number now, and of no other type by anybody's word
    ],
)
def test_a_query_is_written_again_where_it_changed(root: Path, yaml: str, rows: str) -> None:
    """Be it in a literal, in its steps, or by the types of the columns that it finds."""
    sql(root, NOW)
    mark(root)
    (root / "headway.yml").write_text(yaml, "utf-8")
    (root / "orders.csv").write_text(rows, "utf-8")
    assert "kept.rows" not in sql(root, NOW)


@pytest.mark.parametrize("text", ["{", "[1]", '{"revenue": 1}', '{"revenue": ["a", "b"]}'])
def test_a_damaged_file_is_none(root: Path, text: str) -> None:
    """Everything is written again."""
    whole = sql(root, NOW)
    (root / FILE).write_text(text, "utf-8")
    assert sql(root, NOW) == whole


def test_a_run_of_one_kpi_keeps_the_others_and_forgets_those_that_went(root: Path) -> None:
    """The file has the queries of the catalogue's KPIs, and no others."""
    more = PROJECT + "  orders: {count: orders, unit: rows}\n  gone: {count: orders, unit: rows}\n"
    (root / "headway.yml").write_text(more, "utf-8")
    sql(root, NOW)
    (root / "headway.yml").write_text(more.replace("  gone:", "  came:"), "utf-8")
    catalog = catalogue.load(root)
    with Ledger.open(root / ".headway" / "ledger.db", create=True) as ledger:
        run.observe(catalog, ledger, NOW, ["came"])
    kept = (root / FILE).read_text("utf-8")
    assert [name in kept for name in ('"revenue"', '"orders": [', '"came"', '"gone"')] == [True, True, True, False]

"""Real public data, declared once in `catalogue/` as their users would, computed once, and asked by every test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headway import catalog as catalogue
from headway.ledger import Ledger
from headway.model import cell_text, read_cell
from headway.periods import Grain
from headway.run import Outcome, observe

DATA = Path(os.environ.get("HEADWAY_DATA", Path(__file__).parents[3] / "shared" / "data"))
HERE = Path(__file__).parent
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole catalogue is computed once: its tests stay with one worker."""
    for item in items:
        if HERE in item.path.parents and "real" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("real"))


class Real:
    """The answers of one run over all data sets."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.catalog = catalogue.load(root)
        self.ledger = Ledger.open(root / "ledger.db")
        self.outcome: Outcome = observe(self.catalog, self.ledger, NOW)

    def rows(self, kpi: str, grain: str | None = None, part: str = "") -> list[Mapping[str, Any]]:
        """Everything stored of a KPI or a part, at its own grain unless another is asked for."""
        table = self.ledger.read(kpi, part=part, grain=Grain(grain or self.catalog.kpis[kpi].grain))
        return table.to_pylist()

    def all(self, kpi: str, grain: str | None = None, part: str = "") -> dict[tuple[str, ...], Any]:
        """(period, *values of the cell) -> value, or the reason why there is none; zeros are left out."""
        found = {}
        for row in self.rows(kpi, grain, part):
            period = self.catalog.calendar.from_key(Grain(row["grain"]), row["period"]).name
            cell = tuple(value for _, value in read_cell(row["cell"]))
            found[period, *cell] = row["reason"] if row["value"] is None else row["value"]
        return {key: value for key, value in found.items() if value != 0}

    def of(self, kpi: str, by: str, grain: str | None = None, part: str = "") -> dict[tuple[str, ...], Any]:
        """The same for the cells of one breakdown: (period, value) -> value."""
        return {
            (self.catalog.calendar.from_key(Grain(row["grain"]), row["period"]).name, cell[by]): row["value"]
            for row in self.rows(kpi, grain, part)
            if set(cell := dict(read_cell(row["cell"]))) == {by} and row["value"] != 0
        }

    def total(self, kpi: str, grain: str | None = None, part: str = "") -> dict[str, Any]:
        """The totals: period -> value, or the reason why there is none."""
        return {
            self.catalog.calendar.from_key(Grain(row["grain"]), row["period"]).name: row["reason"]
            if row["value"] is None
            else row["value"]
            for row in self.rows(kpi, grain, part)
            if row["cell"] == ""
        }

    def one(self, kpi: str, period: str, part: str = "", **cell: str) -> Mapping[str, Any]:
        """One stored row; the period's form says which grain."""
        asked = self.catalog.calendar.parse(period)
        text = cell_text(tuple(cell.items()))
        (row,) = (r for r in self.rows(kpi, asked.grain, part) if (r["period"], r["cell"]) == (asked.key, text))
        return row


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """The whole catalogue, computed once."""
    if not DATA.is_dir():
        pytest.skip(f"real data are not at {DATA}")
    root = tmp_path_factory.mktemp("real")
    shutil.copytree(HERE / "catalogue", root, dirs_exist_ok=True)
    (root / "data").symlink_to(DATA)
    found = Real(root)
    yield found
    found.ledger.close()


class BySql:
    """Hand-written SQL over the raw files, as an analyst would check a number: nothing of ours takes part."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")

    def __call__(self, sql: str) -> dict[Any, Any]:
        """Rows as key -> value: the last column is the value, those before it are the key."""
        rows = self.make(sql).fetchall()
        return {(row[:-1] if len(row) > 2 else row[0]): row[-1] for row in rows}

    def make(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run a statement; `data/` is where the files are."""
        return self.connection.execute(sql.replace("data/", f"{DATA}/"))


@pytest.fixture(scope="session")
def by_sql() -> Iterator[BySql]:
    """Answers of hand-written SQL."""
    found = BySql()
    yield found
    found.connection.close()

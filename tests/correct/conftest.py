"""A whole project for tests of numbers: YAML and CSV files go in, a real run computes, the ledger holds the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from headway import catalog as catalogue
from headway.ledger import Ledger
from headway.model import read_cell
from headway.periods import Grain
from headway.run import Outcome, observe


class Project:
    """A folder of YAML and data, its runs and its ledger."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **files: str) -> Project:
        """Write files: `headway="..."` is headway.yml, any other name a CSV file."""
        for name, text in files.items():
            path = self.root / ("headway.yml" if name == "headway" else f"{name}.csv")
            path.write_text(dedent(text).lstrip(), encoding="utf-8")
        return self

    def run(self, now: str, names: Sequence[str] = ()) -> Outcome:
        """Compute everything, or some KPIs, as of a moment."""
        with Ledger.open(self.root / "ledger.db") as ledger:
            return observe(catalogue.load(self.root), ledger, datetime.fromisoformat(now), names)

    def rows(self, kpi: str, grain: str, *, part: str = "", **cell: str) -> dict[str, Mapping[str, Any]]:
        """What the ledger holds of one grain and cell, by the name of the period."""
        calendar = catalogue.load(self.root).calendar
        with Ledger.open(self.root / "ledger.db") as ledger:
            table = ledger.read(kpi, part=part, grain=Grain(grain))
        return {
            calendar.from_key(Grain(grain), row["period"]).name: row
            for row in table.to_pylist()
            if dict(read_cell(row["cell"])) == cell
        }

    def values(self, kpi: str, grain: str, *, part: str = "", **cell: str) -> dict[str, Any]:
        """The same, as values; where there is none, the reason."""
        return {
            name: row["reason"] if row["value"] is None else row["value"]
            for name, row in self.rows(kpi, grain, part=part, **cell).items()
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path)

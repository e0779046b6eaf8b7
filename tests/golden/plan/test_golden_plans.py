"""Small YAML -> the SQL that answers it, side by side in one file each: read them to see what a plan looks like.

`HEADWAY_GOLDEN=write` writes the files anew; what changed is then read in review.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import plan
from headway.engines import DuckDB

HERE = Path(__file__).parent
NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)
COVERED = plan.Coverage(date(2025, 1, 1), date(2025, 6, 14), 1000)
LINE = "-" * 60


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_yaml_gives_this_sql(path: Path, tmp_path: Path, engine: DuckDB) -> None:
    """The SQL of a plan is the one that was read in review."""
    text = path.read_text(encoding="utf-8")
    yaml = text.split(LINE)[0].rstrip()
    (tmp_path / "headway.yml").write_text(yaml, encoding="utf-8")
    catalog = catalogue.load(tmp_path)
    schemas = {name: dict(source.columns) for name, source in catalog.sources.items()}
    coverage = dict.fromkeys(catalog.sources, COVERED)
    plans = plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW)
    found = f"{yaml}\n{LINE}\n" + f"\n{LINE}\n".join(engine.sql(one.query) for one in plans) + "\n"
    if os.environ.get("HEADWAY_GOLDEN") == "write":
        path.write_text(found, encoding="utf-8")
    assert found == text, "HEADWAY_GOLDEN=write writes it anew"


def test_there_are_golden_plans() -> None:
    """The folder holds a file per kind."""
    assert {path.stem for path in HERE.glob("*.txt")} >= {
        "distinct",
        "nps",
        "quantile",
        "sum",
        "open",
        "balance",
        "together",
    }

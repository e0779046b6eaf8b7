"""The answers of a survey give the net promoter score that its publishers give."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

from headway import catalog as catalogue
from headway import plan, sources
from headway.engines import DuckDB
from headway.plan import Request

DATA = Path(os.environ.get("HEADWAY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "survey_nps"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data are not at {DATA}")

NOW = datetime(2026, 11, 1, tzinfo=UTC)

PROJECT = """
project: survey
sources:
  answers:
    read: {{files: "{file}"}}
    time: submitted_at
kpis:
  recommended: {{nps: answers.score_recommend_r_1_10, grain: year}}
  enjoyed:     {{median: answers.enjoyment_1_5, grain: year}}
"""


def test_a_survey_has_its_published_score(tmp_path: Path) -> None:
    """63.85 from 260 of 295 answers; blanks are none."""
    (file,) = DATA.glob("*.csv")
    (tmp_path / "headway.yml").write_text(PROJECT.format(file=file), encoding="utf-8")
    catalog = catalogue.load(tmp_path)
    with DuckDB() as engine:
        source = catalog.sources["answers"]
        schemas = {"answers": engine.attach(source, sources.locate(source, tmp_path))}
        coverage = {
            "answers": plan.coverage(
                catalog, "answers", engine.execute(plan.probe(catalog, schemas, "answers", NOW)), NOW
            )
        }
        (one,) = plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW)
        answers = one.read(engine.execute(one.query, one.tables))
    parts = {row["part"]: row for row in answers[Request.of(catalog.kpis["recommended"])].to_pylist()}
    score = parts[""]
    (enjoyed,) = answers[Request.of(catalog.kpis["enjoyed"])].to_pylist()
    assert (round(score["value"], 2), score["n"]) == (63.85, 260)
    assert parts["promoters"]["value"] - parts["detractors"]["value"] == score["numerator"] == 166
    assert sum(parts[part]["value"] for part in ("promoters", "passives", "detractors")) == 260
    assert 55 < parts["low"]["value"] < 63.85 < parts["high"]["value"] < 71
    with file.open(encoding="utf-8", newline="") as opened:
        given = [float(row["enjoyment_1_5"]) for row in csv.DictReader(opened) if row["enjoyment_1_5"]]
    assert (enjoyed["value"], enjoyed["n"]) == (median(given), len(given))

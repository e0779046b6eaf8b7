"""Every hub at 72 month ends: non-staging hubs, in total and by cluster, equal a plain count."""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import plan, sources
from headway.engines import DuckDB
from headway.model import read_cell
from headway.periods import Grain
from headway.plan import Request

DATA = Path(os.environ.get("HEADWAY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "hubs"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data are not at {DATA}")

NOW = datetime(2026, 11, 1, tzinfo=UTC)

PROJECT = """
project: hubs
sources:
  hubs:
    read: {{files: "{file}"}}
    columns: {{month: text, cluster: text, hub: text, is_staging: boolean}}
    time: copied_on
    derive: {{copied_on: last_day(cast(month || '-01' as date)), place: "cluster || '/' || hub"}}
kpis:
  hubs_running:     {{balance: hubs, where: not is_staging, grain: month, by: [cluster], unit: hubs}}
  hubs_seen:        {{distinct: hubs.place, where: not is_staging, grain: month, by: [cluster], unit: hubs}}
  clusters_running: {{distinct: hubs.cluster, where: not is_staging, grain: month, unit: clusters}}
"""


def test_hubs_at_month_ends_equal_a_plain_count(tmp_path: Path) -> None:
    """Balances and distincts of 72 copies; the published counts of 2021-08, 2022-09 and 2023-12 among them."""
    file = DATA / "hubs_month_end.csv"
    (tmp_path / "headway.yml").write_text(PROJECT.format(file=file), encoding="utf-8")
    catalog = catalogue.load(tmp_path)
    with DuckDB() as engine:
        schemas = {"hubs": engine.attach(catalog.sources["hubs"], sources.locate(catalog.sources["hubs"], tmp_path))}
        probed = engine.execute(plan.probe(catalog, schemas, "hubs", NOW))
        coverage = {"hubs": plan.coverage(catalog, "hubs", probed, NOW)}
        requests = plan.requests(catalog, catalog.kpis)
        (one,) = plan.compile(catalog, schemas, coverage, requests, NOW)
        answers = one.read(engine.execute(one.query, one.tables))

    rows: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[str]] = defaultdict(set)
    clusters: dict[str, set[str]] = defaultdict(set)
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            if row["is_staging"] == "0":
                for cluster in ("", row["cluster"]):
                    rows[row["month"], cluster] += 1
                    places[row["month"], cluster].add(f"{row['cluster']}/{row['hub']}")
                clusters[row["month"]].add(row["cluster"])

    def by_month(name: str) -> dict[tuple[str, str], float]:
        table = answers[Request.of(catalog.kpis[name])].to_pylist()
        found = {}
        for row in table:
            if row["grain"] == "month":
                month = catalog.calendar.from_key(Grain.MONTH, row["period"]).name
                found[month, dict(read_cell(row["cell"])).get("cluster", "")] = row["value"]
        return found

    assert len(clusters) == 72
    assert by_month("hubs_running") == {key: float(count) for key, count in rows.items()}
    assert by_month("hubs_seen") == {key: float(len(found)) for key, found in places.items()}
    assert by_month("clusters_running") == {(month, ""): float(len(found)) for month, found in clusters.items()}
    published = [by_month("hubs_seen")[month, ""] for month in ("2021-08", "2022-09", "2023-12")]
    assert published == [26, 44, 73]

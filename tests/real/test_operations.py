"""Hubs, incidents and cloud costs: KPIs equal hand-written SQL on the raw files, and the published figures."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

HUBS = "read_csv('data/hubs/hubs_month_end.csv', all_varchar = true) WHERE is_staging = '0'"


def test_hubs_at_72_month_ends(real: Any, by_sql: Any) -> None:
    """Balances and distincts of 72 copies; the published counts of 2021-08, 2022-09 and 2023-12 among them."""
    assert real.of("hubs_running", "cluster") == by_sql(f"SELECT month, cluster, COUNT(*) FROM {HUBS} GROUP BY ALL")
    seen = real.total("hubs_seen")
    assert seen == by_sql(f"SELECT month, COUNT(DISTINCT cluster || '/' || hub) FROM {HUBS} GROUP BY ALL")
    assert real.total("clusters_running") == by_sql(f"SELECT month, COUNT(DISTINCT cluster) FROM {HUBS} GROUP BY ALL")
    assert len(seen) == 72
    assert [seen[month] for month in ("2021-08", "2022-09", "2023-12")] == [26, 44, 73]


def test_incidents_by_component(real: Any, by_sql: Any) -> None:
    """An incident of three components stands in three cells, and once in the total."""
    incidents = "read_csv('data/status_incidents/*.csv', all_varchar = true)"
    month = "left(downtime_start, 7)"
    each = "SELECT *, UNNEST(CASE WHEN components IS NULL THEN ['(none)'] ELSE list_distinct(list_transform("
    each += "string_split(components, '|'), lambda c: trim(c))) END) AS component FROM "
    each += incidents
    expected = by_sql(f"SELECT {month}, component, COUNT(*) FROM ({each}) GROUP BY ALL")
    assert real.of("incidents", "component") == expected
    total = real.total("incidents")
    assert {k: v for k, v in total.items() if v} == by_sql(f"SELECT {month}, COUNT(*) FROM {incidents} GROUP BY ALL")
    assert sum(total.values()) == 399
    assert sum(real.total("outages").values()) == 21


@pytest.mark.parametrize(("kpi", "usd"), [("cost_compute", 8.85), ("cost_home_storage", 7.22), ("cost_core", 11.13)])
def test_cloud_costs_of_a_day(real: Any, kpi: str, usd: float) -> None:
    """What the nested answers of a billing service come to on 2025-09-01, as published."""
    assert round(real.one(kpi, "2025-09-01")["value"], 2) == usd


def test_use_by_hub_and_component(real: Any, by_sql: Any) -> None:
    """A person's use is a ratio of sums."""
    usage = "read_json('data/cloud_costs/test_data_usage.json')"
    day = "strftime(CAST(date AS DATE), '%Y-%m-%d')"
    assert real.of("used", "component") == by_sql(f"SELECT {day}, component, SUM(value) FROM {usage} GROUP BY ALL")
    each = by_sql(f'SELECT {day}, hub, SUM(value) / COUNT(DISTINCT "user") FROM {usage} GROUP BY ALL')
    assert real.of("used_each", "hub") == pytest.approx(each)


def test_hubs_that_went(real: Any, by_sql: Any) -> None:
    """Hubs of the month before that are gone; the distribution of hubs over clusters is that of NumPy's definition."""
    hubs = f"(SELECT DISTINCT month, cluster || '/' || hub AS hub FROM {HUBS})"
    lost = by_sql(
        f"""SELECT strftime(CAST(a.month || '-01' AS DATE) + INTERVAL 1 MONTH, '%Y-%m') AS next,
              COUNT(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM {hubs} b WHERE b.hub = a.hub
                AND b.month = strftime(CAST(a.month || '-01' AS DATE) + INTERVAL 1 MONTH, '%Y-%m')))
            FROM {hubs} a WHERE a.month < '2026-08' GROUP BY ALL"""
    )
    found = real.total("hubs_lost")
    assert {month: found[month] for month in lost} == lost
    counts = f"(SELECT month, cluster, COUNT(*) AS n FROM {HUBS} GROUP BY ALL)"
    assert real.total("hubs_of_clusters") == by_sql(f"SELECT month, median(n) FROM {counts} GROUP BY ALL")
    tenth = by_sql(f"SELECT month, quantile_cont(n, 0.1) FROM {counts} GROUP BY ALL")
    assert real.total("hubs_of_clusters", part="p10") == pytest.approx(tenth)
    large = by_sql(f"SELECT month, COUNT(*) FILTER (WHERE n >= 10) FROM {counts} GROUP BY ALL")
    assert real.total("hubs_of_clusters", part="from_10") == large


def test_availability_of_a_hosting_service(real: Any) -> None:
    """Every minute of three years looked at one by one: down, planned, separate failures, by component."""
    rows = []
    (file,) = (real.root / "data" / "status_incidents").glob("*.csv")
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            began, ended = (datetime.fromisoformat(row[f"downtime_{end}"]) for end in ("start", "end"))
            names = {name.strip() for name in row["components"].split("|")} if row["components"] else {"(none)"}
            rows.append((began, ended, names, row["impact"] == "maintenance"))
    first = datetime(2022, 3, 1, tzinfo=UTC)
    total = int((datetime(2025, 1, 1, tzinfo=UTC) - first).total_seconds()) // 60
    for component in ("", "Actions", "Codespaces", "(none)"):
        down, planned = np.zeros(total + 1, bool), np.zeros(total + 1, bool)
        under_way = np.zeros(total + 1, int)
        for began, ended, names, is_planned in rows:
            if not component or component in names:
                minutes = slice(*(max(0, int((at - first).total_seconds()) // 60) for at in (began, ended)))
                (planned if is_planned else down)[minutes] = True
                under_way[minutes] += 1
        down &= ~planned
        begins = down & ~np.concatenate([[False], down[:-1]])
        for month in (real.catalog.calendar.parse(f"2023-{m:02}") for m in range(1, 13)):
            cell = {"component": component} if component else {}
            minutes = slice(*(int((at - first).total_seconds()) // 60 for at in (month.start, month.end)))
            value = real.one("availability", month.name, **cell)["value"]
            assert value == pytest.approx(1 - down[minutes].mean()), (component, month.name)
            for part, expected in (("downtime", down), ("planned", planned), ("failures", begins)):
                found = real.one("availability", month.name, part, **cell)["value"]
                assert found == pytest.approx(expected[minutes].sum()), (component, month.name, part)
            most = real.one("most_incidents", month.name, **cell) if under_way[minutes].any() else {"value": 0}
            assert most["value"] == under_way[minutes].max()
            if not component:
                assert real.one("mean_incidents", month.name)["value"] == pytest.approx(under_way[minutes].mean())


def test_outages_of_hubs(real: Any) -> None:
    """Downtime of a year is that of its outages, which do not overlap but for what is told."""
    (file,) = (real.root / "data" / "hub_incidents").glob("*.csv")
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    spans = [tuple(datetime.fromisoformat(row[f"{end}_utc"]) for end in ("start", "end")) for row in rows]
    minutes = set()
    for began, ended in spans:
        minutes |= set(range(int(began.timestamp()) // 60, int(ended.timestamp()) // 60))
    years = Counter(datetime.fromtimestamp(minute * 60, UTC).year for minute in minutes)
    assert {int(year): value for year, value in real.total("hub_uptime", part="downtime").items() if value} == years


def test_time_to_restore_as_published(real: Any) -> None:
    """46,643 s in the mean and 8,002 s in the median, of the seconds that the incident tool gives."""
    mean, median = (real.rows(kpi)[-1] for kpi in ("mttr_published", "mttr_published_typical"))
    assert (mean["value"], mean["n"], median["value"]) == (46_643, 21, 8_002)

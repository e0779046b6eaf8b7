"""Hubs, incidents and cloud costs: KPIs equal hand-written SQL on the raw files, and the published figures."""

from __future__ import annotations

from typing import Any

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

"""Times to repair and to resolve: as published, and as hand-written SQL has them."""

from __future__ import annotations

from typing import Any

import pytest

#: The newest state of each ticket, and how long it took.
DESK = """
    (SELECT *, EPOCH(resolved - opened) AS seconds FROM (
        SELECT priority,
               STRPTIME(opened_at, '%d-%m-%Y %H:%M') AS opened,
               TRY_STRPTIME(resolved_at, '%d-%m-%Y %H:%M') AS resolved
        FROM read_csv('data/support_tickets/*.csv', all_varchar = true)
        QUALIFY ROW_NUMBER() OVER (PARTITION BY number ORDER BY STRPTIME(sys_updated_at, '%d-%m-%Y %H:%M') DESC,
                                   CAST(sys_mod_count AS INT) DESC) = 1))
"""
MONTH = "STRFTIME(resolved, '%Y-%m')"


def numbers(found: dict[Any, Any]) -> dict[Any, float]:
    """Those that are there."""
    return {key: value for key, value in found.items() if isinstance(value, int | float)}


def test_outages_take_as_long_as_published(real: Any, by_sql: Any) -> None:
    """21 outages in four time zones, some over midnight; published to the second, marked to the minute."""
    last = max(real.total("outage_mean_ever"))
    mean, middle = (real.one(kpi, last) for kpi in ("outage_mean_ever", "outage_median_ever"))
    outages = "FROM read_csv('data/hub_incidents/incidents.csv', all_varchar = true)"
    marked = "EPOCH(CAST(end_utc AS TIMESTAMPTZ) - CAST(start_utc AS TIMESTAMPTZ))"
    published = "CAST(duration_published_s AS INT)"
    of_marks = by_sql(f"SELECT 'mean', AVG({marked}) {outages} UNION ALL SELECT 'median', MEDIAN({marked}) {outages}")
    assert (mean["value"], middle["value"]) == (of_marks["mean"], of_marks["median"])
    assert (mean["n"], middle["n"]) == (21, 21)
    said = by_sql(f"SELECT 'mean', AVG({published}) {outages} UNION ALL SELECT 'median', MEDIAN({published}) {outages}")
    assert (round(said["mean"]), said["median"]) == (46_643, 8_002)
    assert mean["value"] == pytest.approx(said["mean"], abs=60)
    assert middle["value"] == pytest.approx(said["median"], abs=60)
    by_year = by_sql(f"SELECT left(end_utc, 4), AVG({marked}) {outages} GROUP BY ALL")
    assert numbers(real.total("outage_mean")) == pytest.approx(by_year)


def test_tickets_of_a_service_desk(real: Any, by_sql: Any) -> None:
    """Median, 90th percentile and the share in five days of 890 tickets, by month and priority."""
    ended = f"FROM {DESK} WHERE seconds >= 0 GROUP BY ALL"
    median = by_sql(f"SELECT {MONTH}, QUANTILE_CONT(seconds, 0.5) / 3600 {ended}")
    assert numbers(real.total("desk_resolution")) == pytest.approx(median)
    cells = by_sql(f"SELECT {MONTH}, priority, QUANTILE_CONT(seconds, 0.5) / 3600 {ended}")
    assert real.of("desk_resolution", "priority") == pytest.approx({k: v for k, v in cells.items() if v})
    upper = by_sql(f"SELECT {MONTH}, QUANTILE_CONT(seconds, 0.9) / 3600 {ended}")
    assert numbers(real.total("desk_resolution_p90")) == pytest.approx(upper)
    in_time = by_sql(f"SELECT {MONTH}, AVG(CAST(seconds <= 5 * 86400 AS INT)) {ended}")
    assert numbers(real.total("desk_in_5_days")) == pytest.approx(in_time)


def test_tickets_in_working_days(real: Any, by_sql: Any) -> None:
    """Working days between two days, counted one by one."""
    days = "RANGE(CAST(opened AS DATE) + 1, CAST(resolved AS DATE) + 1, INTERVAL 1 DAY)"
    working = f"LEN(LIST_FILTER({days}, lambda d: ISODOW(d) <= 5))"
    expected = by_sql(f"SELECT {MONTH}, AVG({working}) FROM {DESK} WHERE seconds >= 0 GROUP BY ALL")
    assert numbers(real.total("desk_resolution_days")) == pytest.approx(expected)


def test_tickets_by_when_they_were_opened(real: Any, by_sql: Any) -> None:
    """Of all that were opened in a month, also those without an end, the share in five days."""
    expected = by_sql(
        "SELECT STRFTIME(opened, '%Y-%m'), AVG(CAST(COALESCE(seconds <= 5 * 86400, FALSE) AS INT)) "
        f"FROM {DESK} WHERE seconds IS NULL OR seconds >= 0 GROUP BY ALL"
    )
    assert numbers(real.total("desk_in_5_days_of_opened")) == pytest.approx(expected)

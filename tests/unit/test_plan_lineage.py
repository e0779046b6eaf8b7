"""Lineage: which columns of which sources a KPI's query depends on, and what each is for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from headway import plan
from headway.model import Schemas
from headway.plan import Request, sql
from headway.plan.lineage import lineage

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)
COVERED = plan.Coverage(date(2025, 1, 1), date(2025, 6, 1), 1)

PROJECT = """
project: names
sources:
  sessions:
    read: {files: unused.csv}
    time: on
    refers: {hub: hubs, host: hubs}
    derive: {long: hours > 2, place: "hub.cluster || '/' || note"}
    exclude: [{where: person = 'robot', from: 2025-02-01, why: A robot}]
  hubs:
    read: {files: unused.csv}
    key: id
    latest_by: seen
kpis:
"""
SCHEMAS: Schemas = {
    "sessions": {"on": "date", "person": "text", "hub": "text", "host": "text", "hours": "number", "note": "text"},
    "hubs": {"id": "text", "cluster": "text", "staging": "boolean", "seen": "date"},
}
ALWAYS = {"on": ("time", "exclusion"), "person": ("exclusion",)}
HUBS = {"id": ("reference",), "seen": ("version",)}


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("n: {count: sessions}", {"sessions": ALWAYS}),
        ("n: {sum: sessions.hours}", {"sessions": ALWAYS | {"hours": ("value",)}}),
        (
            "n: {distinct: sessions.person, where: long}",
            {"sessions": ALWAYS | {"person": ("value", "exclusion"), "hours": ("filter",)}},
        ),
        (
            "n: {count: sessions, by: [hub.cluster], where: not host.staging}",
            {
                "sessions": ALWAYS | {"hub": ("reference",), "host": ("reference",)},
                "hubs": HUBS | {"cluster": ("breakdown",), "staging": ("filter",)},
            },
        ),
        (
            "n: {distinct: sessions.place, by: [note]}",
            {
                "sessions": ALWAYS | {"hub": ("reference",), "note": ("value", "breakdown")},
                "hubs": HUBS | {"cluster": ("value",)},
            },
        ),
    ],
)
def test_a_kpi_reads_what_its_query_depends_on(workbench: Any, line: str, read: dict[str, Any]) -> None:
    """Through references, derived columns, versions and exclusions; a column that nothing asks for is not read."""
    catalog = workbench.project(PROJECT + f"  {line}\n")
    kpi = catalog.kpis["n"]
    (one,) = plan.compile(catalog, SCHEMAS, dict.fromkeys(catalog.sources, COVERED), [Request.of(kpi)], NOW)
    assert lineage(catalog, SCHEMAS, kpi, one.query) == read


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("WITH a AS (SELECT id, cluster FROM hubs) SELECT id FROM a", "id"),
        ("WITH a AS (SELECT id, cluster FROM hubs) SELECT COUNT(*) FROM a", ""),
        ("WITH a AS (SELECT DISTINCT id, cluster FROM hubs) SELECT id FROM a", "id cluster"),
        ("WITH a AS (SELECT id, cluster AS c FROM hubs) SELECT id FROM a WHERE c = 'x'", "id cluster"),
        (
            "WITH a AS (SELECT id, seen FROM hubs UNION ALL SELECT cluster, seen FROM hubs) SELECT id FROM a",
            "id cluster",
        ),
        (
            "WITH a AS (SELECT id, 1 FROM hubs UNION ALL SELECT MAX(cluster), 2 FROM hubs) SELECT id FROM a",
            "id cluster",
        ),
        ("WITH a AS (SELECT * FROM hubs) SELECT id FROM a", "id"),
        ("WITH a AS (SELECT h.* FROM hubs AS h), b AS (SELECT * FROM a) SELECT id FROM b", "id"),
        ("SELECT h.id FROM hubs AS h JOIN hubs AS g USING (cluster)", "id cluster"),
        ("SELECT id FROM hubs WHERE id IN (SELECT cluster FROM hubs WHERE staging)", "id cluster staging"),
        ("SELECT id FROM (SELECT id, RANK() OVER (ORDER BY seen) AS r FROM hubs) WHERE r = 1", "id seen"),
        ("SELECT id, cluster AS c FROM hubs GROUP BY 1, c HAVING MAX(seen) > '2025-01-01'", "id cluster seen"),
        ("SELECT LIST_TRANSFORM(STR_SPLIT(cluster, '/'), seen -> seen || 'x') AS parts FROM hubs", "cluster"),
    ],
)
def test_what_a_query_does_not_use_is_not_followed(workbench: Any, query: str, read: str) -> None:
    """A column that only a step before selects is no part of the answer; one that decides about its rows is."""
    catalog = workbench.project(PROJECT + "  n: {count: sessions}\n")
    found = lineage(catalog, SCHEMAS, catalog.kpis["n"], sql.query(query))
    assert found is not None
    assert set(found["hubs"]) == set(read.split())


def test_what_sqlglot_cannot_follow_is_not_known(workbench: Any) -> None:
    """A function of the project may write such a query; its number stands, and no lineage is claimed for it."""
    catalog = workbench.project(PROJECT + "  n: {count: sessions}\n")
    assert lineage(catalog, SCHEMAS, catalog.kpis["n"], sql.query("SELECT 1 FROM hubs AS a, hubs AS a")) is None

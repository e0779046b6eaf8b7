"""Which cells are withheld and which totals are incomplete, against a plain judge of generated rows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway import catalog as catalogue
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.engines import DuckDB
from headway.model import cell_text
from headway.plan import Request

NOW = datetime(2026, 4, 5, 6, tzinfo=UTC)
STALE = timedelta(days=20)
PROJECT = """
project: oracle
min_group_size: 1
sources:
  rows:
    read: {files: rows.csv}
    columns: {id: integer, on: date, hub: text, x: integer}
    key: id
    time: on
    checks:
      - {between: {x: [0, null]}}
      - {fresh: 20 days, by: hub}
kpis:
  by_hub: {count: rows, by: [hub], grain: month}
  plain:  {count: rows, grain: month}
  double: {formula: 2 * by_hub, by: [hub], grain: month}
"""
DAYS = [date(2026, 2, 1) + timedelta(days=n) for n in range(0, 62, 3)]
MONTHS = [date(2026, 2, 1), date(2026, 3, 1)]

rows_of = st.lists(
    st.tuples(st.sampled_from(DAYS), st.sampled_from("abc"), st.sampled_from([-1, 1, 1, 1, 1, 1])),
    min_size=1,
    max_size=14,
)
Row = tuple[date, str, int]


def judged(rows: list[Row]) -> dict[tuple[str, date, str], int | str]:
    """By KPI, month and hub ('' is the total): the number, or why it is withheld."""
    ends = {hub: max(on for on, other, _ in rows if other == hub) for hub in {hub for _, hub, _ in rows}}
    # A day speaks through its end.
    stale = {
        hub: end
        for hub, end in ends.items()
        if NOW - datetime(end.year, end.month, end.day, tzinfo=UTC) > STALE + timedelta(1)
    }
    found: dict[tuple[str, date, str], int | str] = {}
    for month in MONTHS:
        last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        mine = [(hub, x) for on, hub, x in rows if on.replace(day=1) == month]
        counts = Counter(hub for hub, _ in mine)
        broken = {hub for hub, x in mine if x < 0}
        # From the day of its newest row on, nothing vouches for a hub.
        missing = {hub for hub, end in stale.items() if last >= end + timedelta(days=1)}
        failed = broken | (missing & set(counts))
        for hub, count in counts.items():
            found["by_hub", month, hub] = "check failed" if hub in failed else count
        whole = "check failed" if broken and failed == set(counts) else "incomplete" if broken or missing else len(mine)
        # Of what is after the newest row, or before the first, nothing is said.
        if min(on for on, _, _ in rows) <= last and max(on for on, _, _ in rows) >= month:
            found["by_hub", month, ""] = whole
            found["plain", month, ""] = "check failed" if broken else "incomplete" if missing else len(mine)
    for (name, month, hub), number in list(found.items()):
        if name == "by_hub":
            made = 2 * number if isinstance(number, int) else "input withheld" if number == "check failed" else number
            found["double", month, hub] = made
    return found


def computed(root: Path, rows: list[Row]) -> dict[tuple[str, date, str], Any]:
    """The same of a run."""
    lines = [f"{n},{on},{hub},{x}" for n, (on, hub, x) in enumerate(rows)]
    (root / "rows.csv").write_text("\n".join(["id,on,hub,x", *lines, ""]))
    catalog = catalogue.load(root)
    with DuckDB(root / "tmp") as engine:
        attempt = Attempt(catalog, engine, NOW, Data(catalog))
        attempt.compute(closure(catalog, ()))
    cells = {cell_text((("hub", hub),)): hub for hub in "abc"} | {"": ""}
    keys = {catalog.calendar.parse(f"{month:%Y-%m}").key: month for month in MONTHS}
    return {
        (name, keys[row["period"]], cells[row["cell"]]): row["reason"] if row["value"] is None else row["value"]
        for name, kpi in catalog.kpis.items()
        for row in attempt.numbers[Request.of(kpi)].to_pylist()
        if row["grain"] == "month" and row["period"] in keys and not row["part"]
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose rows change."""
    folder = tmp_path_factory.mktemp("incomplete")
    (folder / "headway.yml").write_text(PROJECT)
    return folder


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of)
def test_a_total_is_incomplete_where_a_plain_judge_says_so(root: Path, rows: list[Row]) -> None:
    """Rows that fail withhold their cell, a hub that stopped coming its cells since; the total lacks them."""
    wanted, found = judged(rows), computed(root, rows)
    # Where a hub has no rows in a month it has no row of numbers either: the total says whether it is known to be 0.
    assert {key: found.get(key) for key in wanted} == wanted

"""Which checks touch single cells, and which cells failing rows lie in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from headway import checks

NOW = datetime(2026, 3, 10, tzinfo=UTC)
PROJECT = """
    project: cells
    sources:
      rows:
        read: {files: unused.csv}
        columns: {id: integer, at: date, done: date, hub: text, tags: list, x: integer, y: integer}
        key: id
        time: at
        people: id
        refers: {hub: {source: hubs, optional: true}}
        derive: {loud: upper(hub)}
        checks:
          - {between: {x: [0, null]}}
          - {one_of: {hub: [a, b]}}
          - {rule: loud <> 'C'}
          - {rule: y > 0, name: y, where: hub = 'a'}
          - {not_null: [x], then: warn}
      hubs:
        read: {files: unused.csv}
        columns: {hub: text, cluster: text}
        key: hub
    kpis:
      by_hub:     {count: rows, by: [hub]}
      by_loud:    {count: rows, by: [loud]}
      by_cluster: {count: rows, by: [hub.cluster]}
      by_tags:    {sum: rows.x, by: [tags, [tags, hub]]}
      by_y:       {count: rows, by: [y], time: done}
      plain:      {count: rows}
      back:       {retention: rows.id, by: [tags]}
      given:      {balance: rows.x, total: given, by: [hub]}
"""
ROWS = [
    {"id": 1, "at": date(2026, 3, 1), "hub": "a", "tags": ["t", "u"], "x": -1, "y": 0, "done": date(2026, 3, 5)},
    {"id": 2, "at": date(2026, 3, 2), "hub": "c", "tags": [], "x": -1, "y": 1},
    {"id": 3, "at": date(2026, 3, 2), "hub": "b", "tags": ["t"], "x": 1, "y": 0},
]


def days(found: checks.cells.Cells) -> dict[str, list[tuple[str, date | None, date | None]]]:
    """By cell, the checks with their first and last day."""
    return {cell: [(one.check, one.first, one.last) for one in some] for cell, some in found.items()}


@pytest.fixture
def failing(workbench: Any) -> tuple[Any, Any, list[checks.Failing]]:
    """The catalogue, its schemas, and what fails."""
    catalog = workbench.project(PROJECT)
    schemas = workbench.attach(catalog, {"rows": ROWS})
    covered = workbench.coverage(catalog, schemas, NOW)["rows"]
    answer = workbench.engine.execute(*checks.ask(catalog, schemas, "rows", covered, NOW))
    return catalog, schemas, checks.judge(catalog, "rows", covered, NOW, answer).failing


@pytest.mark.parametrize(
    ("kpi", "expected"),
    [
        ("by_hub", [0, 3]),  # where a check looks is not what it is about
        ("by_loud", [0, 3]),
        ("by_cluster", [0, 3]),  # whose cluster it is depends on its hub
        ("by_tags", [0, 3]),  # one of its breakdowns has the hub
        ("by_y", [0, 1, 2]),
        ("plain", []),
        ("back", []),
        ("given", []),
    ],
)
def test_a_check_touches_single_cells_unless_it_is_about_what_makes_them(
    failing: tuple[Any, Any, list[checks.Failing]], kpi: str, expected: list[int]
) -> None:
    """Through derived columns and references too; and never of kinds that class people by all of their rows."""
    catalog, schemas, found = failing
    assert checks.cells.apart(catalog, schemas, catalog.kpis[kpi], found) == expected


def test_rows_lie_in_each_cell_of_a_list_and_in_the_total(
    workbench: Any, failing: tuple[Any, Any, list[checks.Failing]]
) -> None:
    """Neighbouring days are one stretch; a row without a tag is in the cell of none."""
    catalog, schemas, _ = failing
    kpi = catalog.kpis["by_tags"]
    answer = workbench.engine.execute(checks.cells.ask(catalog, schemas, kpi, [0]))
    first, second = date(2026, 3, 1), date(2026, 3, 2)
    assert days(checks.cells.read(catalog, kpi, answer)) == {
        "": [("rows.between", first, second)],
        '{"tags": "t"}': [("rows.between", first, first)],
        '{"tags": "u"}': [("rows.between", first, first)],
        '{"tags": "t", "hub": "a"}': [("rows.between", first, first)],
        '{"tags": "u", "hub": "a"}': [("rows.between", first, first)],
        '{"tags": "(none)"}': [("rows.between", second, second)],
        '{"tags": "(none)", "hub": "c"}': [("rows.between", second, second)],
    }


def test_rows_are_dated_by_the_column_of_the_kpi(
    workbench: Any, failing: tuple[Any, Any, list[checks.Failing]]
) -> None:
    """Those that have no such day yet are in no period."""
    catalog, schemas, _ = failing
    kpi = catalog.kpis["by_y"]
    answer = workbench.engine.execute(checks.cells.ask(catalog, schemas, kpi, [0, 2]))
    fifth = date(2026, 3, 5)
    touched = [("rows.between", fifth, fifth)]
    assert days(checks.cells.read(catalog, kpi, answer)) == {"": touched, '{"y": "0"}': touched}

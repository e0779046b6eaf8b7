"""Numbers typed by people: from a file to the ledger."""

from __future__ import annotations

from typing import Any

from headway.model import Flag

HISTORY = """
    project: old_numbers
    sources:
      events: {read: {files: events.csv}, columns: {at: date}, time: at, sparse: true}
    kpis:
      active:
        count: events
        window: 1 day
        take: mean
        tracked_from: 2025-12-01
        history: old.csv
"""


def test_each_typed_cell_has_its_own_last_number(project: Any) -> None:
    """Nobody typed the second office in December: the quarter still shows its last number, November's."""
    project.write(
        headway="""
            project: offices
            kpis: {desks: {entered: desks.csv, grain: month, by: [office]}}
        """,
        desks="""
            period,office,value
            2025-11,north,3
            2025-11,south,4
            2025-12,north,5
        """,
    )
    project.run("2026-01-14T00:00+00:00")
    assert project.values("desks", "quarter", office="north") == {"2025-Q4": 5}
    assert project.values("desks", "quarter", office="south") == {"2025-Q4": 4}


def test_longer_periods_of_history_are_imported_and_whole(project: Any) -> None:
    """November lies before tracking began: it is the mean of what was typed, imported, and nothing cut it short."""
    project.write(headway=HISTORY, events="at\n2025-12-01\n", old="period,value\n2025-11-29,4\n2025-11-30,6\n")
    project.run("2026-02-03T12:00+00:00")
    rows = project.rows("active", "month")
    assert [(name, row["value"], row["flags"]) for name, row in rows.items()][:2] == [
        ("2025-11", 5, Flag.IMPORTED),
        ("2025-12", 1 / 31, 0),
    ]


def test_history_ends_before_tracking_begins(project: Any) -> None:
    """Two numbers for one day are a mistake in the files, and are said to be one."""
    project.write(headway=HISTORY, events="at\n2025-12-01\n", old="period,value\n2025-11-30,4\n2025-12-01,6\n")
    outcome = project.run("2026-02-03T12:00+00:00")
    assert "does not end before 2025-12-01: it holds 2025-12-01" in outcome.failed_kpis["active"]

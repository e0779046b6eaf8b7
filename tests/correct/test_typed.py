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

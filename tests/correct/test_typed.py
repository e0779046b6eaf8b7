"""Numbers typed by people: from a file to the ledger."""

from __future__ import annotations

from typing import Any


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

"""A kind of this project's own."""

from __future__ import annotations

from collections.abc import Mapping

from headway.kinds import flow
from headway.model import Kpi


@flow
def evenness(tables: Mapping[str, str], kpi: Kpi, periods: str) -> str:
    """1 less the share of whoever made the most changes."""
    return f"""
        WITH by_person AS (
            SELECT period, author, COUNT(*) AS changes
            FROM {tables["changes"]} JOIN {periods} ON day BETWEEN first_day AND last_day
            GROUP BY period, author
        )
        SELECT period, 1 - MAX(changes) / SUM(changes) AS value, SUM(changes) AS n FROM by_person GROUP BY period
    """

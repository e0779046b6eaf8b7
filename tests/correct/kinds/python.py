"""How evenly work is shared: one minus the share of whoever did most."""

from headway.kinds import flow


@flow
def evenness(tables, kpi, periods):
    """0 if one person did everything, near 1 if many did the same."""
    return f"""
        WITH by_person AS (
            SELECT period, author, COUNT(*) AS changes
            FROM {tables["changes"]} JOIN {periods} ON day BETWEEN first_day AND last_day
            GROUP BY period, author
        )
        SELECT period, 1 - MAX(changes) / SUM(changes) AS value, SUM(changes) AS n FROM by_person GROUP BY period
    """

"""How two measures move together, which no kind of KPI says: Pearson's correlation, by the database's own `corr`."""

from __future__ import annotations

from collections.abc import Mapping

from headway.kinds import flow
from headway.model import Kpi


@flow
def retention_and_features(tables: Mapping[str, str], kpi: Kpi, periods: str) -> str:
    """Of the people active in the period before: how many features each used then, against whether each is here now.

    Active is here who used a feature at all. `n` is how many people that are.
    """
    return f"""
        -- Once for each period, and as a date: rows are compared with it.
        WITH spans AS (
            SELECT *, CAST(first_day - INTERVAL 1 MONTH
                * CASE grain WHEN 'year' THEN 12 WHEN 'quarter' THEN 3 ELSE 1 END AS DATE) AS since
            FROM {periods}
        ),
        before AS (
            SELECT period, user_id, COUNT(DISTINCT feature) AS features
            FROM spans JOIN {tables["feature_uses"]} ON day >= since AND day < first_day
            GROUP BY period, user_id
        ),
        now AS (
            SELECT DISTINCT period, user_id
            FROM {periods} JOIN {tables["feature_uses"]} ON day BETWEEN first_day AND last_day
        )
        SELECT period, corr(before.features, CASE WHEN now.user_id IS NULL THEN 0 ELSE 1 END) AS value, COUNT(*) AS n
        FROM before LEFT JOIN now USING (period, user_id)
        GROUP BY period
        HAVING isfinite(corr(before.features, CASE WHEN now.user_id IS NULL THEN 0 ELSE 1 END))
    """


@flow
def concurrency_and_cpu(tables: Mapping[str, str], kpi: Kpi, periods: str) -> str:
    """Over the hours of the period: sessions that were open in the middle of each, against the mean CPU of all hosts.

    `n` is how many hours that are.
    """
    return f"""
        WITH used AS (
            SELECT date_trunc('hour', at) AS hour, any_value(day) AS day, AVG(value) AS cpu
            FROM {tables["resources"]} WHERE metric = 'cpu' GROUP BY hour
        ),
        -- A session adds one when it begins and takes one when it ends: their sum so far is how many are open.
        changes AS (
            SELECT started_at AS moment, 1 AS change FROM {tables["sessions"]}
            UNION ALL SELECT ended, -1 FROM {tables["sessions"]}
            UNION ALL SELECT hour + INTERVAL 30 MINUTE, 0 FROM used
        ),
        levels AS (
            SELECT moment, change, SUM(change) OVER (ORDER BY moment RANGE UNBOUNDED PRECEDING) AS open FROM changes
        )
        SELECT period, corr(open, cpu) AS value, COUNT(*) AS n
        FROM levels JOIN used ON change = 0 AND moment = hour + INTERVAL 30 MINUTE
        JOIN {periods} ON used.day BETWEEN first_day AND last_day
        GROUP BY period
        HAVING isfinite(corr(open, cpu))
    """

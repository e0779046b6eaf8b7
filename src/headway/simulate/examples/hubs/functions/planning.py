"""What no kind of Headway says, for the planning of the next six months: draws of the pipeline, and the gap to fill.

Each function writes a SELECT over the relations that it is given, with one row for each period.
"""

from __future__ import annotations

from collections.abc import Mapping

from headway.kinds import state
from headway.model import Kpi


@state
def drawn(tables: Mapping[str, str], kpi: Kpi, periods: str, level: float, draws: int = 1000) -> str:
    """A quantile of what the deals in the pipeline bring, when each one closes with its own probability.

    A draw is decided by the checksum of its number and the deal's name. So the same data give the same number for
    ever, on every machine, and a deal has the same luck in both quantiles: the optimistic one is never below.
    """
    return f"""
        WITH deals AS (
            SELECT period, deal_id, stage_probability, coalesce(next_6_months_usd, 0) AS usd
            FROM {tables["pipeline"]} JOIN {periods} ON day = last_day
            WHERE stage <> 'won'
        ),
        draws AS (
            SELECT period, draw, sum(CASE WHEN luck < stage_probability THEN usd ELSE 0 END) AS usd
            FROM (
                SELECT period, draw, usd, stage_probability,
                       md5_number_lower(draw || ' ' || deal_id) / 18446744073709551616.0 AS luck
                FROM deals CROSS JOIN (SELECT unnest(range({draws})) AS draw)
            )
            GROUP BY period, draw
        )
        SELECT period, quantile_cont(usd, {level}) AS value, count(*) AS n FROM draws GROUP BY period
    """


@state
def gap(tables: Mapping[str, str], kpi: Kpi, periods: str, months: int = 6) -> str:
    """What is missing in each of the coming months, at the usual costs and with what is signed by now, added up.

    A month with more than enough does not help a month with too little. Contracts here cover whole months, which a
    check of the source holds them to.
    """
    return f"""
        WITH coming AS (
            SELECT period, last_day, month,
                   CAST(date_trunc('month', last_day) AS DATE) + to_months(CAST(month AS INTEGER)) AS begins
            FROM {periods} CROSS JOIN (SELECT unnest(range(1, {months} + 1)) AS month)
        ),
        signed AS (
            SELECT period, month, sum(monthly_usd) AS usd
            FROM coming JOIN {tables["contracts"]} ON signed_on <= last_day AND begins BETWEEN starts_on AND ends_on
            GROUP BY period, month
        )
        SELECT period, sum(greatest(0, costs.value - (1 - fee.value) * coalesce(signed.usd, 0))) AS value
        FROM coming
        JOIN {tables["usual_costs"]} AS costs USING (period)
        JOIN {tables["sponsor_fee"]} AS fee USING (period)
        LEFT JOIN signed USING (period, month)
        WHERE costs.value IS NOT NULL AND fee.value IS NOT NULL
        GROUP BY period
    """

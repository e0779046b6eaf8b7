"""Rolling people by a join: person-days meet a series of dates in SQL, as analysts write it. Run by DuckDB."""

from __future__ import annotations

from datetime import date

import duckdb

Numbers = dict[int, float]


def people(con: duckdb.DuckDBPyConnection, file: str, first: date, last: date, days: int) -> Numbers:
    """How many people were active in the days that end on each day; by epoch day."""
    rows = con.sql(f"""
        WITH person_days AS (SELECT DISTINCT person, CAST(seen_at AS DATE) AS day FROM read_parquet('{file}')),
        dates AS (SELECT CAST(range AS DATE) AS date FROM range(DATE '{first}', DATE '{last}' + 1, INTERVAL 1 DAY))
        SELECT date - DATE '1970-01-01', count(DISTINCT person)
        FROM dates JOIN person_days ON day BETWEEN date - {days - 1} AND date
        GROUP BY date""").fetchall()
    return {int(day): float(number) for day, number in rows}

"""Plain counting: each span by itself, each by the definition. Too slow to use, too simple to be wrong."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from bench.activity.projects import AFTER, CALENDAR, PARTED, PARTS, ROLLING

Numbers = dict[int, float]
_EPOCH = date(1970, 1, 1)


def answer(con: duckdb.DuckDBPyConnection, file: str, first: date, last: date, *, later: bool) -> dict[str, Numbers]:
    """Numbers of active people under the names of the KPIs; with `later` also those of who came back.

    All months, quarters and weeks that are over and lie in the data; of the rolling windows every 37th day.
    """
    con.execute(f"""
        CREATE TEMP TABLE person_days AS
        SELECT DISTINCT person, CAST(seen_at AS DATE) AS day FROM read_parquet('{file}') ORDER BY day""")
    con.execute("CREATE TEMP TABLE firsts AS SELECT person, min(day) AS joined FROM person_days GROUP BY person")
    found: dict[str, Numbers] = {}
    for name, days in ROLLING.items():
        for end in (last - timedelta(days=back) for back in range(0, (last - first).days, 37)):
            counted = _span(con, end - timedelta(days=days - 1), end)
            found.setdefault(name, {})[(end - _EPOCH).days] = counted["value"]
    for name, grain in CALENDAR.items():
        spans = con.sql(f"""
            SELECT DISTINCT CAST(date_trunc('{grain}', day) AS DATE) AS begins,
                   CAST(date_trunc('{grain}', day) + INTERVAL 1 {grain} AS DATE) - 1 AS ends,
                   CAST(date_trunc('{grain}', day) - INTERVAL 1 {grain} AS DATE) AS before
            FROM (SELECT DISTINCT day FROM person_days)
            WHERE begins >= DATE '{first}' AND ends <= DATE '{last}' ORDER BY begins""").fetchall()
        for begins, ends, before in spans:
            period = (begins - _EPOCH).days
            counted = _span(con, begins, ends, before)
            found.setdefault(name, {})[period] = counted["value"]
            if name in PARTED:
                for part in PARTS:
                    found.setdefault(f"{name}_{part}", {})[period] = counted[part]
            if name == "monthly" and before >= first:
                found.setdefault("kept/active", {})[period] = counted["returning"]
                found.setdefault("kept/cohort", {})[period] = counted["before"]
    return found | (_came_back(con, first, last) if later else {})


def _span(con: duckdb.DuckDBPyConnection, begins: date, ends: date, before: date | None = None) -> dict[str, float]:
    """People of one span by their class; the span before it begins on the day `before`."""
    before = before or begins
    row = con.sql(f"""
        SELECT count(*) FILTER (now > 0), count(*) FILTER (now > 0 AND joined >= DATE '{begins}'),
               count(*) FILTER (now > 0 AND earlier > 0),
               count(*) FILTER (now > 0 AND earlier = 0 AND joined < DATE '{begins}'),
               count(*) FILTER (now = 0 AND earlier > 0), count(*) FILTER (earlier > 0)
        FROM (SELECT person, count_if(day >= DATE '{begins}') AS now, count_if(day < DATE '{begins}') AS earlier
              FROM person_days WHERE day BETWEEN DATE '{before}' AND DATE '{ends}' GROUP BY person)
        JOIN firsts USING (person)""").fetchall()[0]
    return dict(zip(("value", *PARTS, "before"), map(float, row), strict=True))


def _came_back(con: duckdb.DuckDBPyConnection, first: date, last: date) -> dict[str, Numbers]:
    """Who came back on the n-th day after joining, by that day; and in the n-th month, by the month of joining."""
    found: dict[str, Numbers] = {}
    for n in AFTER:
        rows = con.sql(f"""
            SELECT joined + {n} - DATE '1970-01-01', count(DISTINCT firsts.person), count(DISTINCT person_days.person)
            FROM firsts LEFT JOIN person_days ON person_days.person = firsts.person AND day = joined + {n}
            WHERE joined + {n} BETWEEN DATE '{first}' AND DATE '{last}' GROUP BY joined""").fetchall()
        found[f"day_{n}/cohort"] = {int(day): float(cohort) for day, cohort, _ in rows}
        found[f"day_{n}/active"] = {int(day): float(active) for day, _, active in rows}
    rows = con.sql(f"""
        SELECT CAST(date_trunc('month', joined) AS DATE) - DATE '1970-01-01' AS period, age, count(DISTINCT person)
        FROM person_days JOIN firsts USING (person), range(13) AS ages(age)
        WHERE day >= joined + age * INTERVAL 1 MONTH AND day < joined + (age + 1) * INTERVAL 1 MONTH
        AND last_day(joined) + (age + 1) * INTERVAL 1 MONTH <= DATE '{last}'
        GROUP BY period, age""").fetchall()
    for period, age, number in rows:
        found.setdefault(f'cohorts/active{{"age": "{age}"}}', {})[int(period)] = float(number)
    return found

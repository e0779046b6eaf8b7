"""The vocabulary of time in SQL agrees with Python's zones, and types of expressions are told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import sqlglot

from headway.engines import DuckDB
from headway.model import SqlType
from headway.periods import Calendar
from headway.plan import sql

ZONES = ("UTC", "Pacific/Auckland", "America/New_York", "America/Havana", "Asia/Kolkata", "America/Santiago")


def ask(engine: DuckDB, expressions: list[str], table: pa.Table) -> list[dict[str, object]]:
    """The values of expressions over a table `t`."""
    listed = ", ".join(f"{e} AS e{i}" for i, e in enumerate(expressions))
    found: list[dict[str, object]] = engine.execute(
        sql.query(f"SELECT {listed} FROM t ORDER BY i"), {"t": table}
    ).to_pylist()
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_moments_days_and_hours_are_those_of_the_calendar(engine: DuckDB, zone: str) -> None:
    """Every half hour of 2024 in UTC falls into the local day and clock hour that the calendar says."""
    calendar = Calendar(zone)
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * i) for i in range(366 * 48)]
    table = pa.table({"i": range(len(moments)), "at": pa.array(moments, pa.timestamp("us", "UTC"))})
    expressions = [sql.as_day("at", "timestamptz", "UTC", zone), sql.as_hour("at", "timestamptz", "UTC", zone)]
    for moment, row in zip(moments, ask(engine, expressions, table), strict=True):
        assert row["e0"] == calendar.day(moment)
        assert row["e1"] == calendar.hour(moment).key


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_without_a_zone_are_read_as_python_reads_them(engine: DuckDB, zone: str) -> None:
    """A repeated local time is its first occurrence and a skipped one moves forward, as with fold=0."""
    walls = [datetime(2024, 1, 1) + timedelta(minutes=30 * i) for i in range(366 * 48)]  # noqa: DTZ001 - a clock's face
    table = pa.table({"i": range(len(walls)), "at": pa.array(walls, pa.timestamp("us"))})
    (moment,) = [f"EPOCH({sql.as_moment('at', 'timestamp', zone, 'UTC')})"]
    for wall, row in zip(walls, ask(engine, [moment], table), strict=True):
        assert row["e0"] == wall.replace(tzinfo=ZoneInfo(zone)).timestamp(), wall


@pytest.mark.parametrize("zone", ZONES)
def test_a_date_begins_where_the_calendar_says(engine: DuckDB, zone: str) -> None:
    """Havana has two midnights on the day its clocks go back: the first begins the day."""
    calendar = Calendar(zone)
    days = [(datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i)).date() for i in range(366)]
    table = pa.table({"i": range(len(days)), "day": pa.array(days, pa.date32())})
    begins = f"EPOCH({sql.as_moment('day', 'date', 'UTC', zone)})"
    for day, row in zip(days, ask(engine, [begins], table), strict=True):
        assert row["e0"] == calendar.moment(day).timestamp(), day


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("n + 1", "integer"),
        ("n / 2", "number"),
        ("n > 1 and d is null", "boolean"),
        ("lower(t)", "text"),
        ("cast(t as date)", "date"),
        ("date_trunc('month', d)", "date"),
        ("date_trunc('month', s)", "timestamp"),
        ("d + interval 1 month", "date"),
        ("date_trunc('month', d) - interval 2 days", "date"),
        ("d + interval 6 hours", "timestamp"),
        ("cast(t as timestamp)", "timestamp"),
        ("strptime(t, '%Y')", "timestamp"),
        ("string_split(t, ',')", "list"),
        ("case when b then 1.5 else 2 end", "number"),
        ("coalesce(b, false)", "boolean"),
    ],
)
def test_types_of_expressions(engine: DuckDB, text: str, kind: SqlType) -> None:
    """What a derived column is can be told from its columns' types. DuckDB makes the same of it, but for days."""
    columns: dict[str, SqlType] = {"n": "integer", "t": "text", "d": "date", "s": "timestamp", "b": "boolean"}
    assert sql.type_of(sqlglot.parse_one(text, read="duckdb"), columns) == kind
    values = "CAST(1 AS BIGINT) AS n, '2024' AS t, DATE '2024-01-01' AS d, TIMESTAMP '2024-01-01' AS s, TRUE AS b"
    if text.startswith("cast"):
        values = values.replace("'2024' AS t", "'2024-01-01' AS t")
    query = sql.query(f"SELECT TYPEOF({text}) AS kind FROM (SELECT {values})")
    (row,) = engine.execute(query).to_pylist()
    families = {"BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "VARCHAR": "text", "DATE": "date"}
    families |= {"TIMESTAMP": "timestamp", "VARCHAR[]": "list", "DECIMAL(11,1)": "number", "DECIMAL(2,1)": "number"}
    # A date moved or cut by whole days is a timestamp to DuckDB, and still a day to us.
    assert families[row["kind"]] == ("timestamp" if kind == "date" and "month" in text else kind)


def test_names_are_free_or_numbered() -> None:
    """The first to ask gets the word; case does not tell names apart in SQL."""
    names = sql.Names(["Rows"])
    assert [names.free(word) for word in ("rows", "daily", "DAILY", "daily")] == [
        "rows_2",
        "daily",
        "DAILY_2",
        "daily_3",
    ]


def test_identifiers_are_quoted_where_they_must_be() -> None:
    """A keyword or a space needs quotes, an ordinary name does not."""
    assert [sql.name("hub"), sql.name("order"), sql.name("a b"), sql.name("hubs", "group")] == [
        "hub",
        '"order"',
        '"a b"',
        'hubs."group"',
    ]

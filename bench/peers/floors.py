"""Floors: DuckDB reads the columns that are needed, and makes person-days distinct. Less work gives no number."""

from __future__ import annotations

import duckdb

#: What is read for active people, all of it: statistics of the file do not answer this.
_READ = "bit_xor(hash(seen_at)), bit_xor(hash(person))"


def scan(con: duckdb.DuckDBPyConnection, file: str) -> None:
    """Read the time and the person of each row."""
    con.sql(f"SELECT {_READ} FROM read_parquet('{file}')").fetchall()


def distinct(con: duckdb.DuckDBPyConnection, file: str, by: str = "") -> int:
    """How many different persons and days (and values of a breakdown) there are."""
    columns = f"person, CAST(seen_at AS DATE) AS day{', ' if by else ''}{by}"
    rows = con.sql(f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM read_parquet('{file}'))").fetchall()
    return int(rows[0][0])

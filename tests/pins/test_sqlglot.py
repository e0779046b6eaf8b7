"""Traps of sqlglot that our code steps around. A test that turns red says that a way around may go."""

from __future__ import annotations

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from headway.plan.sql import _UNREAD, name


def test_fragments_are_parsed_with_the_dialect_named() -> None:
    """Without `read="duckdb"`, DATE_DIFF's first argument, the unit, is taken for a time."""
    text = "DATE_DIFF('DAY', a, b)"
    assert sqlglot.parse_one(text, read="duckdb").sql("duckdb") == text
    assert sqlglot.parse_one(text).sql("duckdb") != text


def test_timezone_as_a_function_is_carried_to_no_other_dialect() -> None:
    """`TIMEZONE(zone, t)` stays a call of a function that others do not have; `AT TIME ZONE` is translated."""
    assert "TIMEZONE(" in sqlglot.transpile("SELECT TIMEZONE('UTC', t)", read="duckdb", write="spark")[0]
    assert "AT TIME ZONE" not in sqlglot.transpile("SELECT t AT TIME ZONE 'UTC'", read="duckdb", write="spark")[0]


def test_some_words_are_written_bare_and_not_read_again() -> None:
    """A word of DuckDB's that sqlglot writes without quotes as a name is a name again in each place, but for ten."""
    words = [word for (word,) in duckdb.sql("SELECT keyword_name FROM duckdb_keywords()").fetchall()]
    unread = {word for word in words if not _is_read_again(exp.to_identifier(word).sql("duckdb"))}
    assert unread == _UNREAD
    assert all(_is_read_again(name(word)) for word in words)


def _is_read_again(written: str) -> bool:
    query = f"WITH {written} AS (SELECT t.{written}, 1 AS {written} FROM t) SELECT {written}.{written} FROM {written}"
    try:
        sqlglot.parse_one(query, read="duckdb")
    except ParseError:
        return False
    return True

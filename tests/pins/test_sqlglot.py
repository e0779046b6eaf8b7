"""Traps of sqlglot that our code steps around. A test that turns red says that a way around may go."""

from __future__ import annotations

import sqlglot


def test_fragments_are_parsed_with_the_dialect_named() -> None:
    """Without `read="duckdb"`, DATE_DIFF's first argument, the unit, is taken for a time."""
    text = "DATE_DIFF('DAY', a, b)"
    assert sqlglot.parse_one(text, read="duckdb").sql("duckdb") == text
    assert sqlglot.parse_one(text).sql("duckdb") != text


def test_timezone_as_a_function_is_carried_to_no_other_dialect() -> None:
    """`TIMEZONE(zone, t)` stays a call of a function that others do not have; `AT TIME ZONE` is translated."""
    assert "TIMEZONE(" in sqlglot.transpile("SELECT TIMEZONE('UTC', t)", read="duckdb", write="spark")[0]
    assert "AT TIME ZONE" not in sqlglot.transpile("SELECT t AT TIME ZONE 'UTC'", read="duckdb", write="spark")[0]

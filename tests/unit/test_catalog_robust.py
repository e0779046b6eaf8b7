"""Nothing that is written in YAML reaches beyond a row, ends in a library's error, or takes long to read."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headway import catalog
from headway.catalog import expression, formula
from headway.catalog.circles import circle
from headway.catalog.sqltext import Wrong
from headway.errors import CatalogError


@pytest.mark.parametrize(
    "text",
    ["status >= 400 and is_api", "split_part(account, ':', 1) = 'Income'", "date_diff('month', a, b + 1)",
     "case when a then -b else c end", "list_contains(tags, 'x')", "list_filter(tags, t -> t > n)",
     "a at time zone 'UTC'", "cast(a as decimal(10, 2))", "d + interval (n) days", "author.joined_on is not null",
     "a not in ('x', 'y')", "extract(year from d)", "uuid = today"],
)  # fmt: skip
def test_row_expressions_may_do_what_one_row_allows(text: str) -> None:
    """Operators, casts and functions from one row to one value pass; columns may be named like functions."""
    assert expression.mentions(expression.parse(text))


def test_every_allowed_function_is_one_of_duckdbs() -> None:
    """The allow-list names functions that the engine has, of one row; the others are words of its grammar."""
    known = duckdb.sql("select function_name from duckdb_functions() where function_type in ('scalar', 'macro')")
    grammar = {
        "coalesce",
        "extract",
        "ifnull",
        "iff",
        "if",
        "nullif",
        "row",
        "map",
        "struct_pack",
        "position",
        "overlay",
    }
    assert expression.FUNCTIONS - {name for (name,) in known.fetchall()} - grammar == set()


def test_no_function_that_duckdb_has_can_reach_beyond_the_row() -> None:
    """Whatever reads files, settings, logs or the clock is not on the list."""
    reach = {
        "read_csv", "read_text", "read_blob", "read_parquet", "glob", "getenv", "getvariable", "current_setting",
        "query", "query_table", "nextval", "setseed", "write_log", "sleep_ms", "pg_sleep", "now", "random", "uuid",
        "duckdb_secrets", "which_secret", "parse_duckdb_log_message", "json_execute_serialized_sql", "range", "unnest",
    }  # fmt: skip
    assert not reach & expression.FUNCTIONS


GOOD = """
project: hubs
sources:
  sessions:
    read: {files: data/sessions/*.parquet}
    time: started_at
    refers: {hub: hubs}
    derive: {long: minutes > 60}
  hubs: {read: {files: hubs.csv}, key: hub}
kpis:
  a: {count: sessions, by: [hub], targets: [{at_least: 5, from: 2026-01-01}]}
  b: {formula: a / 2}
"""
PIECES = st.sampled_from([
    "kpis:", "sources:", "\n", "\n  ", "\n    ", "a", "mau", ": ", ", ", "{", "}", "[", "]", "- ", "'", "\"",
    "#", "&x ", "*x ", "!t ", "%", "\t", "|", ">-", "count", "formula", "read", "files", "sessions",
    "targets", "at_least", "by", "0.85", "85 %", "30 days", "2026-01-31", "null", "true", "a / b", "(", ")",
    "\u2028", "\u0007", "é", "<<", "? ", "---",
])  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_yaml_holds_the_answer_is_a_catalogue_or_a_catalogue_error(
    tmp_path: Path, data: st.DataObject
) -> None:
    """No mutation of a good file, and no heap of pieces, ends in an error of a library."""
    if data.draw(st.booleans()):
        start = data.draw(st.integers(0, len(GOOD)))
        end = data.draw(st.integers(start, min(len(GOOD), start + 12)))
        text = GOOD[:start] + "".join(data.draw(st.lists(PIECES, max_size=3))) + GOOD[end:]
    else:
        text = "".join(data.draw(st.lists(PIECES, max_size=25)))
    (tmp_path / "headway.yml").write_text(text)
    told = ()
    try:
        catalog.load(tmp_path)
    except CatalogError as error:
        told = error.mistakes
    assert all(mistake.message and mistake.place and str(mistake) for mistake in told)


AROUND = {
    "project": "hubs",
    "restatement": {"tolerance": "1 %", "after": "3 days"},
    "sources": {"sessions": {"read": {"files": "a.csv"}, "time": "at", "checks": [{"fresh": "2 days"}]}},
    "kpis": {
        "a": {"count": "sessions", "by": ["hub", ["hub", "kind"]], "targets": [{"at_least": 5}]},
        "b": {"formula": "a / 2", "unit": "percent", "better": "higher"},
        "c": {"spread": "a", "across": "hub", "bins": [1, 2]},
    },
    "routes": {"team": {"apprise": "env:TEAM"}, "board": {"apprise": "env:BOARD"}},
    "levels": {"low": {"respond": "1 day", "to": "team", "escalate": "board", "digest": "daily"}},
    "alerts": {
        "one": {"level": "low", "kpi": "a", "for": {"hub": "each"}, "below": 5, "clear": 6, "after": 2, "to": "team"},
        "two": {"level": "low", "kpi": ["a", "b"], "growth": "1 month", "outside": ["-5 %", "5 %"]},
        "three": {"level": "low", "kpi": "all", "trend": "worse", "periods": 6},
        "four": {"level": "low", "source": "sessions", "stale": "2 days"},
        "five": {"level": "low", "check": "sessions.fresh"},
        "six": {"level": "low", "kpi": "a", "below": "80 % of target"},
        "seven": {"level": "low", "kpi": "a", "above": "2 * b"},
    },
    "boards": {
        "one": {
            "for_each": "hub",
            "send": [{"every": "week", "to": "team"}],
            "sections": [{"title": "A", "tiles": ["a", {"chart": ["a"], "by": "kind", "as": "stacked area"}]}],
        },
        "two": {
            "sections": [
                {"tiles": [{"chart": "c", "as": "histogram"}, {"health": "all"}, {"text": "words"}]},
                {
                    "tiles": [
                        {"number": "c.p10", "compare": "1 year"},
                        {"matrix": "a", "by": "hub", "for": {"kind": "x"}},
                    ]
                },
            ]
        },
    },
    "objectives": {
        "one": {
            "from": "2026-01-01",
            "due": "2026-12-31",
            "expects": [{"kpi": "b", "reach": "5 %"}, {"kpi": "a", "grow": "5 %", "for": {"hub": "x"}}],
        }
    },
    "notes": [{"on": "2026-01-01", "text": "words", "kpis": ["a"]}],
}
ODD = [
    3, -1, 0.5, 1e300, True, "", " ", "x", "a", "all", "a.b", ".", "2 * a", "target", "80 % of target", "0 days",
    "1 month", "2026-02-30", [], [[]], ["a", 3], {}, {"each": "each"}, {"hub": ["x"]}, {"a": {"b": {}}}, "env:", "a..b",
]  # fmt: skip


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value within a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in paths(item, (*path, key)))]


def test_the_catalogue_that_is_changed_below_is_a_good_one(tmp_path: Path) -> None:
    """Else every change of it would only be told that."""
    (tmp_path / "headway.yml").write_text(json.dumps(AROUND))
    assert len(catalog.load(tmp_path).alerts) == 7


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(paths(AROUND)[1:]), odd=st.sampled_from(ODD))
def test_whatever_stands_in_place_of_a_value_is_told(tmp_path: Path, path: tuple[str | int, ...], odd: object) -> None:
    """Each value of a good catalogue, replaced by an odd one, leaves a catalogue or a complaint with its place."""
    changed = copy.deepcopy(AROUND)
    within: Any = changed
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = odd
    (tmp_path / "headway.yml").write_text(json.dumps(changed, indent=1))
    told = ()
    try:
        catalog.load(tmp_path)
    except CatalogError as error:
        told = error.mistakes
    assert all(mistake.message and mistake.place and str(mistake) for mistake in told)


SQL = st.sampled_from([
    "a", "mau", " ", " + ", "/", "(", ")", "[", "]", " = ", "'x'", "'", "\"", "case ", "when ", "then ",
    "end", "not ", ",", " and ", "least(", "total(", "coalesce(", "cast(", " as ", "int", "1", "0.5", "1e9",
    ".", "::", "->", "*", "is null", "in ", "between ", "interval ", "date ", "-", "--", "/*", "*/", ";",
    "$", "?", "@", "#", "{", "}", ":", "|", "select ", "x ", "over ", "distinct ", "sum(", "extract(",
    "year from ", "é", "\u0000", "\\", "%",
])  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(pieces=st.lists(SQL, max_size=12))
@example(pieces=["->"])
def test_whatever_an_expression_holds_the_answer_is_a_tree_or_a_complaint(pieces: list[str]) -> None:
    """No heap of pieces of SQL ends in an error of the parser, and every complaint lies within the text."""
    text = "".join(pieces)
    for parse in (expression.parse, formula.parse):
        try:
            parse(text)
        except Wrong as wrong:
            start, end = wrong.start, wrong.end
        else:
            start, end = 0, 1
        assert 0 <= start < end <= max(len(text), 1)


@pytest.mark.parametrize(
    ("reads", "drawn"),
    [
        ({}, None),
        ({"a": ["b"], "b": ["c"], "c": []}, None),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["outside"]}, None),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}, ["b", "c", "d", "b"]),
    ],
)
def test_circles_are_found_and_closed(reads: dict[str, list[str]], drawn: list[str] | None) -> None:
    """Shared inputs are no circle; a circle is drawn from where it closes."""
    assert circle(reads) == drawn


def test_a_long_chain_of_formulas_is_no_trouble(tmp_path: Path) -> None:
    """Two hundred formulas, each over the two before, resolve, whatever their order."""
    lines = [f"  k{n}: {{formula: k{n - 1} + k{max(n - 2, 0)}}}" for n in range(200, 0, -1)]
    (tmp_path / "headway.yml").write_text(GOOD + "\n".join([*lines, "  k0: {count: sessions, grain: month}"]))
    found = catalog.load(tmp_path)
    assert catalog.fingerprint(found.kpis["k200"], found) != catalog.fingerprint(found.kpis["k199"], found)
    assert found.upstream("k200") == ("sessions", "hubs")
    assert found.kpis["k200"].grain.value == "month"
    assert [kpi.name for kpi in found.in_order()][-1] == "k200"


def test_a_catalogue_of_500_kpis_loads_while_one_waits(tmp_path: Path) -> None:
    """510 KPIs, a third of them formulas, load in under two seconds."""
    lines = [GOOD]
    for n in range(170):
        lines += [
            f"  users_{n}: {{distinct: sessions.user, window: 30 days, where: hub = 'h{n}', by: [hub], unit: people}}",
            f"  sessions_{n}:",
            f"    title: Sessions {n}",
            "    count: sessions",
            f"    targets: [{{at_least: {n}, from: 2026-01-01}}]",
            f"  ratio_{n}: {{formula: users_{n} / (sessions_{n} + 1)}}",
        ]
    (tmp_path / "headway.yml").write_text("\n".join(lines))
    began = time.process_time()  # of this process alone: a busy machine is no slow catalogue
    assert len(catalog.load(tmp_path).kpis) == 512
    assert time.process_time() - began < 2


def test_a_character_in_two_escapes_is_one(tmp_path: Path) -> None:
    """JSON, which is YAML, writes some characters as a pair of escapes; half a pair alone is a lost character."""
    text = 'project: hubs\ntitle: "\\ud83d\\ude00 \\ud83d!"\nsources: {s: {read: {files: a.csv}, time: at}}\n'
    (tmp_path / "headway.yml").write_text(text + "kpis: {a: {count: s}}\n")
    assert catalog.load(tmp_path).title == "\U0001f600 \ufffd!"

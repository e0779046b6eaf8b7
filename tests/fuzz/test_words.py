"""Whatever a person writes for a period, a window, an expression or a number is understood, or refused, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import sources
from headway.catalog import expression, formula, values
from headway.catalog.sqltext import Wrong
from headway.errors import HeadwayError
from headway.periods import Calendar, Length, Window

PATIENCE = 5.0
CALENDARS = [Calendar(), Calendar("America/Sao_Paulo", week_start=6, fiscal_start=7)]

WORDS = st.one_of(
    st.text(max_size=12),
    st.lists(
        st.sampled_from([
            "2026", "9999", "0000", "0001", "10000", "-", "W", "53", "54", "Q", "5", "FY", "T", "24", "25", "13",
            "-02-30", "week of ", "today", "yesterday", " ", "1", "30", "99999999999", "days", "day", "months",
            "year", "calendar ", "to date", "all time", "next ", "٣", "0", ".", "e9", "%", "minutes", "\u0000", "+",
        ]),
        max_size=7,
    ).map("".join),
)  # fmt: skip
SQL = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.sampled_from([
            "a", "mau.new", " + ", "/", "(", ")", "[", "]", " = ", "'x'", "'", '"', "case ", "when ", "then ",
            "else ", " end", "not ", ",", " and ", "least(", "total(", "prior(", "'1 year'", "cast(", " as ", "int",
            "decimal(99,99)", "1", "1e999", "0x", "1_0", ".", "::", "->", "*", " is null", " in (", " between ",
            "interval ", "date '2026-02-30'", "-", "--", "/*", ";", "$", "?", "@", "#", "{", "}", ":", "select ",
            "over (", "distinct ", "sum(", "extract(year from ", "é", "\u0000", "\\", "%", "regexp_matches(a, '",
            "(a+)+$", "list_filter(a, x -> ", "struct_pack(", "E'\\x'", "$$", "(" * 300, ")" * 300, "-" * 1000,
            "not " * 1000, "a + " * 1000, "case when a then ", "least(" * 200, "[" * 300, "a." * 500, "1," * 1000,
            "filter (where ", "try_cast(", "at time zone ", "collate ", "x'00'", "b'1'", "ilike ",
        ]),
        max_size=10,
    ).map("".join),
)  # fmt: skip


def _soon(work: Callable[[], object], *refusals: type[Exception]) -> None:
    began = time.process_time()
    with suppress(*refusals):
        work()
    assert time.process_time() - began < PATIENCE


@settings(settings.get_profile("fuzz"))
@given(WORDS)
def test_lengths_windows_and_periods(text: str) -> None:
    """ValueError or what was meant; a value of YAML is refused with a remedy."""
    for calendar in CALENDARS:
        _soon(lambda calendar=calendar: calendar.parse(text), ValueError)
    _soon(lambda: Length.parse(text), ValueError)
    _soon(lambda: Window.parse(text), ValueError)
    for vet in (values.length, values.window, values.day):
        _soon(lambda vet=vet: vet(text), Wrong)


@settings(settings.get_profile("fuzz"))
@given(SQL)
def test_expressions_and_formulas(text: str) -> None:
    """A tree or a complaint that lies within the text."""
    for parse in (expression.parse, formula.parse):
        began = time.process_time()
        try:
            parse(text)
        except Wrong as wrong:
            start, end = wrong.start, wrong.end
        else:
            start, end = 0, 1
        assert 0 <= start < end <= max(len(text), 1)
        assert time.process_time() - began < PATIENCE


CELLS = st.one_of(
    WORDS,
    st.sampled_from(
        ["", "period", "value", "hub", "note", "1e999", "nan", "1,2", '"', '""', "\n", "\r", "2026-01", "n/a"]
    ),
)


@settings(settings.get_profile("fuzz"))
@given(st.lists(st.lists(CELLS, max_size=5), max_size=5), st.sampled_from([",", ";", "\t"]), st.binary(max_size=6))
def test_files_of_typed_numbers(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], mark: str, more: bytes
) -> None:
    """Rows with their period, or every mistake with its line."""
    path = tmp_path_factory.mktemp("typed") / "typed.csv"
    text = "\n".join(mark.join(row) for row in [["period", "value", "hub"], *rows])
    path.write_bytes(text.encode("utf-8", "surrogatepass") + more)
    for texts in (False, True):
        _soon(
            lambda texts=texts: sources.typed(
                path, CALENDARS[0], (("hub",),), shown="typed.csv", total=True, texts=texts
            ),
            HeadwayError,
        )

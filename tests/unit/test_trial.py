"""`headway test`: what a failing test tells, and the exit codes of the command."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from headway import catalog as catalogue
from headway import trial
from headway.cli import app
from headway.errors import UsageError

PROJECT = """
    project: shop
    min_group_size: 1
    sources:
      sales:
        read: {files: none.csv}
        columns: {sold_on: date, amount: number, shop: text, buyer: text}
        time: sold_on
        people: buyer
      staff: {read: {files: none.csv}, columns: {since: date, left: date, name: text}, time: since, until: left}
      loose: {read: {files: none.csv}, time: on}
    kpis:
      revenue:   {sum: sales.amount, where: amount > 0, by: [shop], grain: month, unit: EUR}
      buyers:    {distinct: sales.buyer, by: [shop], grain: month}
      per_buyer: {formula: revenue / buyers, by: [shop], unit: EUR}
      recent:    {sum: sales.amount, window: 7 days, unit: EUR}
      staff:     {open: staff, grain: month}
      loose:     {sum: loose.amount}
      desks:     {entered: desks.csv, grain: month}
    tests:
"""


def told(tmp_path: Path, test: str) -> list[str]:
    """What the failures of one test say."""
    lines = "".join(f"    {line}\n" for line in dedent(test).splitlines())
    text = f"{dedent(PROJECT)}  wrong:\n    now: 2026-03-01\n{lines}"
    (tmp_path / "headway.yml").write_text(text)
    catalog = catalogue.load(tmp_path)
    return [str(failure).partition(": ")[2] for failure in trial.try_(catalog, catalog.tests["wrong"])]


SALES = """
    given:
      sales:
        - {sold_on: 2026-01-05, amount: 10, shop: north, buyer: a}
        - {sold_on: 2026-01-06, amount: 5.5, shop: south, buyer: b}
        - {sold_on: 2026-01-06, amount: -1, shop: north, buyer: b}
        - {sold_on: 2026-02-01, amount: 7, shop: north, buyer: c}
"""


def test_a_failure_shows_the_rows_that_made_the_number(tmp_path: Path) -> None:
    """Those of the period and the cell that pass `where`, and no others."""
    (failure,) = told(tmp_path, SALES + "    expect: [{kpi: revenue, period: 2026-01, for: {shop: north}, value: 9}]")
    assert failure.splitlines() == [
        'wrong: revenue 2026-01 {"shop": "north"}',
        "    expected  9",
        "    got       10",
        "    from this row of sales from 2026-01-01 to 2026-01-31:",
        "      sold_on     amount  shop   buyer",
        "      2026-01-05  10      north  a",
    ]


def test_a_failure_of_a_window_shows_the_rows_of_its_span(tmp_path: Path) -> None:
    """The rows of seven days, also where a month is asked for."""
    (failure,) = told(tmp_path, SALES + "    expect: [{kpi: recent, period: 2026-02-01, value: 0}]")
    assert "of sales from 2026-01-26 to 2026-02-01:" in failure
    assert "2026-01-06" not in failure


def test_a_failure_of_a_formula_shows_its_inputs(tmp_path: Path) -> None:
    """What they are in that period and cell."""
    (failure,) = told(tmp_path, SALES + "    expect: [{kpi: per_buyer, period: 2026-01, for: {shop: south}, value: 1}]")
    assert failure.splitlines()[2:] == [
        "    got       5.5",
        "    from",
        '      revenue {"shop": "south"} = 5.5',
        '      buyers {"shop": "south"} = 1',
    ]


def test_ten_rows_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    """A test of many rows stays readable."""
    rows = "\n".join("        - {sold_on: 2026-01-05, amount: 1}" for _ in range(22))
    (failure,) = told(
        tmp_path, f"    given:\n      sales:\n{rows}\n    expect: [{{kpi: revenue, period: 2026-01, value: 1}}]"
    )
    assert failure.count("2026-01-05  1") == 10
    assert failure.endswith("and 12 more")


def test_rows_that_last_are_shown_from_their_beginning(tmp_path: Path) -> None:
    """Somebody who came last year is among the staff of January."""
    (failure,) = told(
        tmp_path,
        """
        given: {staff: [{since: 2025-01-05, name: a}, {since: 2026-02-05, name: b}]}
        expect: [{kpi: staff, period: 2026-01, value: 2}]
        """,
    )
    assert "2025-01-05  a" in failure
    assert "2026-02-05" not in failure


def test_typed_lines_and_nothing_at_all_are_said_too(tmp_path: Path) -> None:
    """A number of no rows, or of typed lines, says that."""
    none, typed = told(
        tmp_path,
        """
        given: {desks: [{period: 2026-01, value: 3, note: guessed}]}
        expect: [{kpi: revenue, period: 2026-01, value: 2}, {kpi: desks, period: 2026-01, withheld: no data}]
        """,
    )
    assert none.splitlines()[2:] == [
        "    got       no number: no data",
        "    from no rows of sales from 2026-01-01 to 2026-01-31",
    ]
    assert "expected  no number: no data" in typed
    assert "2026-01  3      guessed" in typed


def test_a_source_of_unknown_columns_is_named(tmp_path: Path) -> None:
    """Without rows and without declared columns nobody can know them."""
    (failure,) = told(tmp_path, "\n    expect: [{kpi: loose, period: 2026-01, value: 0}]")
    assert "not computed: loose has no column 'amount'" in failure
    assert "loose has no rows here, and declares no 'columns'" in failure


def test_undeclared_columns_have_the_types_of_their_values(tmp_path: Path) -> None:
    """Dates put rows into periods, numbers add up."""
    assert not told(
        tmp_path,
        """
        given: {loose: [{on: 2026-01-05, amount: 1}, {on: 2026-01-05, amount: 2.5}]}
        expect: [{kpi: loose, period: 2026-01-05, value: 3.5}]
        """,
    )


def test_a_value_may_be_off_by_what_within_says(tmp_path: Path) -> None:
    """And by no more."""
    assert not told(tmp_path, SALES + "    expect: [{kpi: revenue, period: 2026-01, value: 15.4, within: 1 %}]")
    assert told(tmp_path, SALES + "    expect: [{kpi: revenue, period: 2026-01, value: 15, within: 1 %}]")


def test_the_command_ends_with_3_if_a_test_fails(tmp_path: Path) -> None:
    """0 if all is as expected or nothing is to be tested, 2 for a name that there is not."""
    assert told(tmp_path, SALES + "    expect: [{kpi: revenue, period: 2026-01, value: 9}]")
    runner = CliRunner()
    wrong = runner.invoke(app, ["test", "--project", str(tmp_path)])
    assert wrong.exit_code == 3
    assert "1 of 1 test failed." in wrong.output
    right = (tmp_path / "headway.yml").read_text().replace("value: 9", "value: 15.5")
    (tmp_path / "headway.yml").write_text(right)
    fine = runner.invoke(app, ["test", "wrong", "--project", str(tmp_path)])
    assert (fine.exit_code, fine.output) == (0, "1 test: every number as expected.\n")
    (tmp_path / "headway.yml").write_text("project: p")
    assert "has no tests" in runner.invoke(app, ["test", "--project", str(tmp_path)]).output
    with pytest.raises(UsageError, match="there is no test 'other'"):
        trial.choose(catalogue.load(tmp_path), ["other"])


def test_tests_change_no_fingerprint(tmp_path: Path) -> None:
    """They say nothing of the numbers that a run makes."""
    (tmp_path / "headway.yml").write_text("project: p\nkpis: {a: {entered: a.csv}}")
    before = catalogue.load(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.yml").write_text(
        "tests: {t: {now: 2026-01-01, expect: [{kpi: a, period: 2026-01-01, withheld: no data}]}}"
    )
    after = catalogue.load(tmp_path)
    assert after.tests
    assert (before.fingerprint, catalogue.text(before)) == (after.fingerprint, catalogue.text(after))

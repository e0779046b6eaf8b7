"""Formulas become one small normal form, or an error that marks the very words that are wrong."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from headway import catalog
from headway.catalog import formula
from headway.catalog.formulas import with_parts
from headway.catalog.sqltext import Wrong
from headway.model import Distinct


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("12 * mrr + fees", "12 * mrr + fees"),
        ("(a)", "a"),
        ("communities[marginalised = true]", "CELL(communities, 'marginalised', 'true')"),
        ("mau[hub = 'a', cluster = 3]", "CELL(mau, 'hub', 'a', 'cluster', '3')"),
        ("mau[hub = 'a' and level = -3]", "CELL(mau, 'hub', 'a', 'level', '-3')"),
        ("x / total(x)", "x / TOTAL(x)"),
        ("total(a / b)", "TOTAL(a) / TOTAL(b)"),
        ("total(x[a = 'b'])", "TOTAL(CELL(x, 'a', 'b'))"),
        ("total(opening(m.customers))", "TOTAL(OPENING(m.customers))"),
        ("opening(total(m.customers))", "TOTAL(OPENING(m.customers))"),
        ("total(total(x))", "TOTAL(x)"),
        ("max(x)", "MAX(x)"),
        ("mean(x[a = 'b'])", "MEAN(CELL(x, 'a', 'b'))"),
        ("prior(2 * x, '1 years')", "2 * PRIOR(x, '1 year')"),
        ("prior(prior(x, '1 month'), '1 year')", "PRIOR(PRIOR(x, '1 month'), '1 year')"),
        ("mean(prior(x))", "PRIOR(MEAN(x))"),
        ("growth(x)", "x - PRIOR(x) / CASE WHEN PRIOR(x) >= 0 THEN PRIOR(x) END"),
        ("coalesce(a, 0) + abs(-b)", "COALESCE(a, 0) + ABS(-b)"),
        ("a ** 2", "POWER(a, 2)"),
        ("case when a > 3 and not b < 2 then b else -c end", "CASE WHEN a > 3 AND NOT b < 2 THEN b ELSE -c END"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    """Each form of the language has one normal form."""
    assert formula.parse(text).sql("duckdb") == normal


def test_the_tree_keeps_what_parentheses_said() -> None:
    """Parentheses are gone, and the tree still divides the difference."""
    tree = formula.parse("(revenue - costs) / revenue")
    assert type(tree).__name__ == "Div"
    assert type(tree.this).__name__ == "Sub"


def test_inputs_come_in_the_order_of_the_text() -> None:
    """Each mention of a KPI tells its place, its cell and whether it is the total."""
    text = "least(60, b[hub = 'x']) / total(a) + c"
    found = formula.inputs(formula.parse(text))
    assert [(i.kpi, i.cell, i.total) for i in found] == [
        ("b", (("hub", "x"),), False),
        ("a", (), True),
        ("c", (), False),
    ]
    assert [text[i.start : i.end] for i in found] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "marked", "said"),
    [
        ("mrr.new.more / 2", "mrr.new.more", "'mrr.new.more' has too many dots"),
        ("growth(x, 'year')", "'year'", "a length is written in quotes, such as '1 year' or '28 days'"),
        ("prior(x, 1)", "1", "a length is written in quotes, such as '1 year' or '28 days'"),
        ("prior(x, '0 days')", "'0 days'", "a length is written in quotes, such as '1 year' or '28 days'"),
        ("prior(x, '1 year', 2)", "prior(x, '1 year', 2)", "prior(...) takes a number, and optionally a length"),
        ("a + growth(growth(x))", "growth(growth(x))", "a growth of a growth is more than a formula says at once"),
        ("growth(3)", "growth(3)", "growth(...) takes a number that changes: a KPI"),
        ("mean(x + y)", "mean(x + y)", "mean(...) takes one KPI"),
        ("mean(opening(x))", "mean(opening(x))", "mean(...) takes one KPI"),
        ("opening(x, 2)", "opening(x, 2)", "opening(...) takes one KPI"),
        ("2 * lest(a, b)", "lest(a, b)", "a formula has no function 'lest'"),
        ("a > 3", "a > 3", "a number must stand here, and this is a condition"),
        ("case when a then b end", "a", "a condition must stand here, and this is a number"),
        ("a / 'x'", "'x'", "a number must stand here, and 'x' is text"),
        ("a b", "b", "'b' was not expected here"),
        ("a +", "+", "the expression ends after '+', where something is missing"),
        ("(a", "(", "a parenthesis is opened and not closed"),
        ("a)", ")", "a parenthesis is closed that was not opened"),
        ("a + 'x", "'", "a quote is opened and not closed"),
        ("a; b", ";", "an expression has no semicolon"),
        ("a --b", " --b", "an expression has no comments; two minus signs begin one"),
        ("a[b]", "b", "a cell is written breakdown = 'value'"),
        ("a[b = c]", "c", "a cell's value is text in single quotes, a number, true or false"),
        ("a[b = 'x', b = 'y']", "b", "a cell names the breakdown 'b' twice"),
        ("${x}", "${", "there is no templating in the catalogue"),
        ("1e999", "1e999", "the number is too large"),
    ],
)
def test_errors_mark_the_words_that_are_wrong(text: str, marked: str, said: str) -> None:
    """A mistake says what is wrong and points at it, and at nothing else."""
    with pytest.raises(Wrong) as caught:
        formula.parse(text)
    assert caught.value.message == said
    assert text[caught.value.start : caught.value.end] == marked


def test_a_formula_nested_beyond_reason_is_an_error_of_ours() -> None:
    """Neither a very long chain nor very deep parentheses end in a library's error."""
    for text in ("+".join(["a"] * 20_000), "(" * 5_000 + "a" + ")" * 5_000):
        with pytest.raises(Wrong):
            formula.parse(text)


def test_parts_that_somebody_reads_are_computed(tmp_path: Path) -> None:
    """A distinct computes those of its parts that a formula names; it is defined as before, and so is any other KPI."""
    (tmp_path / "headway.yml").write_text(
        dedent("""
            project: parts
            sources: {sessions: {read: {files: sessions.csv}, time: at}}
            kpis:
              mau: {distinct: sessions.user_id}
              dau: {distinct: sessions.user_id}
        """)
    )
    loaded = catalog.load(tmp_path)
    kpis = loaded.kpis
    changed = with_parts(kpis, formula.inputs(formula.parse("mau.resurrected / prior(mau.new) + mau + dau")))
    assert list(changed) == ["mau"]
    measure = changed["mau"].measure
    assert isinstance(measure, Distinct)
    assert measure.named == ("new", "resurrected")
    assert catalog.fingerprint(changed["mau"], loaded) == catalog.fingerprint(kpis["mau"], loaded)


@pytest.mark.parametrize(
    "reads",
    [
        "alerts: {one: {level: low, kpi: mau.new, below: 5}}",
        "alerts: {one: {level: low, kpi: mau.new, growth: 1 month, below: 5 %}}",
        "alerts: {one: {level: low, kpi: dau, grain: month, below: 2 * mau.new}}",
        "objectives: {more: {from: 2026-01-01, due: 2026-12-31, expects: [{kpi: mau.new, reach: 5}]}}",
        "",
    ],
)
def test_what_stands_around_kpis_reads_their_parts(tmp_path: Path, reads: str) -> None:
    """Alerts, objectives and targets read parts as formulas do: they would never have a number otherwise."""
    target = "" if reads else ", targets: [{grain: month, at_least: 2 * mau.new}]"
    (tmp_path / "headway.yml").write_text(
        dedent(f"""
            project: parts
            sources: {{sessions: {{read: {{files: sessions.csv}}, time: at}}}}
            kpis:
              mau: {{distinct: sessions.user_id, grain: month}}
              dau: {{count: sessions{target}}}
            routes: {{team: {{apprise: env:TEAM}}}}
            levels: {{low: {{respond: 1 day, to: team}}}}
            {reads}
        """)
    )
    measure = catalog.load(tmp_path).kpis["mau"].measure
    assert isinstance(measure, Distinct)
    assert measure.named == ("new",)

"""What the linter finds, and what it leaves in peace: `tests/golden/lint/SLUG/*.yml`, told in `.txt` beside it.

A folder of the same name holds its data. A catalogue without a `.txt` is the twin of one that is told of: nothing is
found. `HEADWAY_WRITE_GOLDEN=1 pytest tests/unit/test_lint.py` writes the texts anew, to be read in review.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import catalog
from headway.catalog import lint
from headway.catalog.lint import conditions
from headway.catalog.lint.definition import Definitions
from headway.model import Cells, Rehearsed
from headway.rehearsal import rehearse

GOLDEN = Path(__file__).parents[1] / "golden" / "lint"
CASES = sorted(str(file.relative_to(GOLDEN).with_suffix("")) for file in GOLDEN.glob("*/*.yml"))
TODAY = date(2026, 3, 15)


def told(file: Path, folder: Path) -> str:
    """What the linter says of a catalogue in one file; with a folder of its name, of its data too."""
    shutil.copy(file, folder / "headway.yml")
    data = file.with_suffix("")
    if data.is_dir():
        shutil.copytree(data, folder, dirs_exist_ok=True)
    found = catalog.load(folder)
    read = rehearse(found, datetime(2026, 3, 15, 6, tzinfo=UTC)).told if data.is_dir() else None
    return "\n".join(f"{finding}\n" for finding in lint.check(found, TODAY, read))


@pytest.mark.parametrize("case", CASES)
def test_what_is_found_and_what_is_left_in_peace(case: str, tmp_path: Path) -> None:
    """A finding has its place, arithmetic and remedy; the twin without one is silent."""
    said = told(GOLDEN / f"{case}.yml", tmp_path)
    expected = GOLDEN / f"{case}.txt"
    if os.environ.get("HEADWAY_WRITE_GOLDEN") and expected.exists():
        expected.write_text(said)
    assert said == (expected.read_text() if expected.exists() else "")


def test_every_rule_has_a_catalogue_that_it_finds() -> None:
    """Each slug is told of in a catalogue of its folder, and of nothing else there."""
    for slug in lint.SLUGS:
        texts = [file.read_text() for file in GOLDEN.glob(f"{slug}/*.txt")]
        assert texts, slug
        assert all(f"[{slug}]" in text for text in texts), slug


PAGE = (Path(__file__).parents[2] / "docs" / "linter.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^### `([a-z-]+)`\n(.*?)(?=^##|\Z)", PAGE))


def test_every_rule_has_a_section_and_every_section_a_rule() -> None:
    """The slugs that the linter can tell and the sections of docs/linter.md are the same set, in the same order."""
    assert list(SECTIONS) == list(lint.RULES)


def test_every_section_shows_a_finding_that_is_told() -> None:
    """The examples of docs/linter.md are in the golden files, word by word."""
    told = "".join(file.read_text() for file in GOLDEN.glob("*/*.txt"))
    for slug, text in SECTIONS.items():
        examples = re.findall(r"(?ms)^```text\n(.*?)```", text)
        assert examples, slug
        for example in examples:
            assert f"[{slug}]" in example
            assert example in told


# -- arithmetic ----------------------------------------------------------------------------------------------------

LOSSES = """
project: example
sources:
  subscriptions: {{read: {{files: subscriptions.csv}}, key: line, time: started_on, until: ended_on, sparse: true}}
kpis:
  mrr: {{recurring: subscriptions.monthly_usd, customer: account, unit: USD}}
  month: {{formula: -mrr.churn / opening(mrr), window: calendar month, unit: percent, targets: [{{at_most: {m} %}}]}}
  year: {{formula: -mrr.churn / opening(mrr), window: {window}, unit: percent, targets: [{{at_most: {y} %}}]}}
"""
GROWTH = """
project: example
sources:
  sales: {{read: {{files: sales.csv}}, time: sold_on}}
kpis:
  revenue:
    sum: sales.usd
    grain: month
    unit: USD
    targets:
      - {{growth: 1 month, between: [{a} %, {b} %]}}
      - {{growth: 1 year, between: [{c} %, {d} %]}}
"""


def blamed(text: str, folder: Path) -> list[str]:
    """The slugs of what is found in a catalogue."""
    (folder / "headway.yml").write_text(text)
    return [finding.slug for finding in lint.check(catalog.load(folder), TODAY)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every example writes anew."""
    return tmp_path_factory.mktemp("lint")


@settings(max_examples=40, deadline=None)
@given(m=st.integers(1, 400), y=st.integers(1, 900), months=st.sampled_from([3, 6, 12]))
def test_losses_contradict_exactly_if_kept_for_so_long_they_are_more(folder: Path, m: int, y: int, months: int) -> None:
    """A customer base that loses its monthly bound every month keeps the longer bound, or the pair is blamed."""
    left = 1.0
    for _ in range(months):
        left *= 1 - m / 1000
    contradict = 1 - left > y / 1000 + 1e-9
    text = LOSSES.format(m=m / 10, y=y / 10, window=f"{months} months")
    assert (blamed(text, folder) == ["compounding"]) is contradict


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_growth_contradicts_exactly_if_no_monthly_rate_keeps_both(folder: Path, data: st.DataObject) -> None:
    """Some rate a month lies in both ranges (with more than a point in common), or the pair is blamed."""
    a, b = sorted(data.draw(st.tuples(st.integers(-50, 300), st.integers(-50, 300)).filter(lambda x: x[0] != x[1])))
    c, d = sorted(data.draw(st.tuples(st.integers(-500, 9000), st.integers(-500, 9000)).filter(lambda x: x[0] != x[1])))
    monthly = [(1 + rate / 1000) ** (1 / 12) - 1 for rate in (c, d)]
    common = max(a / 1000, monthly[0]) < min(b / 1000, monthly[1]) - 1e-9
    text = GROWTH.format(a=a / 10, b=b / 10, c=c / 10, d=d / 10)
    assert (blamed(text, folder) == []) is common


@pytest.mark.parametrize(
    ("one", "other", "follows"),
    [
        ("status >= 500", "status >= 400", True),
        ("status >= 400", "status >= 500", False),
        ("outcome = '4xx'", "status >= 400", True),
        ("outcome = '4xx'", "status < 500", True),
        ("outcome = 'ok'", "status < 400", False),  # or there is no status
        ("outcome = 'ok' and status is not null", "status < 400", True),
        ("status between 404 and 410", "status in (404, 405, 406, 407, 408, 409, 410)", False),  # 404.5
        ("status in (404, 410)", "status between 404 and 410", True),
        ("kind = 'a'", "kind <> 'b'", True),
        ("kind <> 'b'", "kind = 'a'", False),
        ("not is_staging", "is_staging", False),
        ("not is_staging and paid", "not is_staging", True),
        ("not is_staging", "coalesce(is_staging, false) = false", True),
        ("coalesce(region, 'eu') = 'us'", "region = 'us'", True),
        ("coalesce(region, 'eu') = 'eu'", "region = 'eu'", False),  # or there is no region
        ("starts_with(path, '/api/') and status = 1", "starts_with(path, '/api/')", True),
        ("starts_with(path, '/api/')", "starts_with(path, '/a')", False),  # not understood, so not claimed
        ("low < high", "low < high", True),
        ("low < high and low > 5", "high > 5", False),  # true, and not understood
        ("amount > -1", "amount > -2", True),
        ("amount > 'a'", "amount > 1", False),  # a text against a number
        ("amount = '5'", "amount <> 5", False),  # the engine casts one of them
        ("amount = '5'", "amount not in (5, 6)", False),
        ("if(status = 1, paid, false)", "status = 1", True),
        ("kind = 'b'", "kind not in ('a', null)", False),  # which no row fulfils
        ("not (status between 5 and null)", "status < 5", True),
    ],
)
def test_one_condition_implies_another(folder: Path, one: str, other: str, follows: bool) -> None:
    """Whatever a row holds, nulls included; derived columns are written out; what is not understood is not claimed."""
    (folder / "headway.yml").write_text(
        "project: example\nsources:\n  requests:\n    read: {files: requests.csv}\n    time: at\n    derive:\n"
        "      outcome: case when status >= 500 then '5xx' when status >= 400 then '4xx' else 'ok' end\n"
    )
    found = catalog.load(folder)
    trees = [conditions.condition(found, "requests", text) for text in (one, other)]
    assert conditions.implies(*trees) is follows


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a / b", "a * (1 / b)"),
        ("(a - b) / a", "(-b + a) / a"),
        ("a + b + a", "2 * a + b"),
        ("c / 2", "0.5 * (a + b)"),
        ("total(a / b)", "total(a) / total(b)"),
        ("least(a, c)", "least(a, b + a)"),
        ("twin / b", "a / b"),
    ],
)
def test_formulas_that_come_to_the_same_are_the_same(folder: Path, one: str, other: str) -> None:
    """Formulas are written out, and the order of factors and terms does not matter."""
    assert len(subjects(folder, one, other)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a / b", "b / a"),
        ("a - b", "b - a"),
        ("a", "total(a)"),
        ("a", "prior(a)"),
        ("mean(a)", "max(a)"),
        ("a", "some"),
    ],
)
def test_formulas_that_differ_are_not_the_same(folder: Path, one: str, other: str) -> None:
    """Another reading, another filter or the inverse is another number."""
    assert len(subjects(folder, one, other)) == 2


def subjects(folder: Path, *formulas: str) -> set[str]:
    """What formulas come down to, constants included."""
    written = "".join(f'  f{n}: {{formula: "{text}"}}\n' for n, text in enumerate(formulas))
    (folder / "headway.yml").write_text(
        "project: example\nsources: {rows: {read: {files: rows.csv}, time: at}}\nkpis:\n"
        "  a: {sum: rows.a}\n  twin: {title: The same, sum: rows.a}\n  some: {sum: rows.a, where: b > 1}\n"
        f"  b: {{count: rows}}\n  c: {{formula: a + b}}\n{written}"
    )
    found = catalog.load(folder)
    definitions = Definitions(found)
    return {str(definitions.product(found.kpis[f"f{n}"])) for n in range(len(formulas))}


def test_what_no_longer_holds_is_left_in_peace(tmp_path: Path) -> None:
    """A pair of which one target is over, or was followed by another, is not told."""
    text = (GOLDEN / "same-measure" / "contradict.yml").read_text()
    for change in (
        "{at_most: 500, through: 2026-03-14}",
        "{at_most: 500}, {at_most: 5000, from: 2026-01-01}",
    ):
        assert blamed(text.replace("{at_most: 500}", change), tmp_path) == []
    assert blamed(text.replace("{at_most: 500}", "{at_most: 500, from: 2027-01-01}"), tmp_path) == ["same-measure"]


def test_of_cells_that_were_not_all_told_nothing_is_claimed(tmp_path: Path) -> None:
    """Ceilings of two cells say nothing of a total that has a third, whose name nobody told."""
    shutil.copy(GOLDEN / "parts" / "ceilings.yml", tmp_path / "headway.yml")
    found = catalog.load(tmp_path)
    for count, slugs in ((2, ["parts"]), (3, [])):
        told = Rehearsed(cells={("answers", ("topic",)): Cells(count, (("product",), ("support",)))})
        assert [finding.slug for finding in lint.check(found, TODAY, told)] == slugs


NUMBERS = st.integers(-1, 3).map(str)
TEXTS = st.sampled_from(["'a'", "'b'", "'c'"])
COMPARED = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
ATOMS = st.one_of(
    st.builds("n {} {}".format, COMPARED, NUMBERS),
    st.builds("t {} {}".format, COMPARED, TEXTS),
    st.builds("n between {} and {}".format, NUMBERS, NUMBERS),
    st.builds("n between {} and null".format, NUMBERS),
    st.builds("t in ({}, {})".format, TEXTS, TEXTS),
    st.builds("t in ({}, null)".format, TEXTS),
    st.builds("if(n > {}, {}, t) = {}".format, NUMBERS, TEXTS, TEXTS),
    st.builds("coalesce(t, {}) = {}".format, TEXTS, TEXTS),
    st.builds("case when n > {} then {} when n > {} then {} end = {}".format, NUMBERS, TEXTS, NUMBERS, TEXTS, TEXTS),
    st.sampled_from(["b", "b is null", "n is not null", "coalesce(b, false) = false", "b is true", "t <> 'a' is null"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(one=CONDITIONS, other=CONDITIONS)
def test_implied_is_what_no_row_of_the_engine_contradicts(folder: Path, one: str, other: str) -> None:
    """Over every combination of values that matters, DuckDB has a row for one and not the other, or it is implied."""
    (folder / "headway.yml").write_text("project: example\nsources: {rows: {read: {files: rows.csv}, time: at}}\n")
    found = catalog.load(folder)
    claimed = conditions.implies(*(conditions.condition(found, "rows", text) for text in (one, other)))
    (against,) = GRID.execute(  # type: ignore[misc]  # a count has a row
        f"SELECT count(*) FROM grid WHERE coalesce({one}, false) AND NOT coalesce({other}, false)"
    ).fetchone()
    assert claimed is (against == 0)


GRID = duckdb.connect()
GRID.execute(
    "CREATE TABLE grid AS SELECT * FROM (SELECT unnest([NULL, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4]) AS n), "
    "(SELECT unnest([NULL, '', 'a', 'a ', 'b', 'b ', 'c', 'c ']) AS t), (SELECT unnest([NULL, true, false]) AS b)"
)

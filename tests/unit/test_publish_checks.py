"""The quality page, and what checks say on cards and pages of KPIs: real runs, over a folder that gets worse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import run
from headway.ledger import Ledger
from headway.model import Audience
from headway.publish import twin
from headway.publish.checkpages import CheckRow
from headway.publish.html import Pages
from headway.publish.view import View

START = datetime(2026, 4, 1, 6, tzinfo=UTC)
PROJECT = """
project: quality
sources:
  sales:
    read: {files: sales.csv}
    columns: {id: integer, on: date, shop: text, buyer: text, usd: number}
    key: id
    time: on
    people: buyer
    exclude:
      - {where: usd = 999, from: 2026-02-01, through: 2026-02-28, why: A test., link: "https://example.org/1"}
    checks:
      - {between: {usd: [0, 100]}, name: sane amounts}
      - {one_of: {shop: [north, south]}, then: warn}
      - {not_null: [buyer], tolerate: 50 %}
  secret:
    read: {files: secret.csv}
    columns: {id: integer, on: date}
    key: id
    time: on
kpis:
  revenue: {sum: sales.usd, by: [shop], grain: month, unit: USD, rank: headline, audience: public}
  double:  {formula: 2 * revenue, unit: USD, audience: internal}
  hidden:  {count: secret, grain: month, audience: restricted, checks: [{between: [0, 5]}]}
"""
GOOD = "id,on,shop,buyer,usd\n1,2026-02-10,north,p-ann,5\n2,2026-02-11,north,p-bob,999\n3,2026-03-10,south,p-bob,7\n"
BAD = f"{GOOD}4,2026-03-11,west,,-5\n5,2026-03-12,north,p-cyd,8\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose first run finds nothing amiss."""
    (tmp_path / "headway.yml").write_text(PROJECT)
    (tmp_path / "sales.csv").write_text(GOOD)
    (tmp_path / "secret.csv").write_text("id,on\n1,2026-02-10\n1,2026-03-10\n")
    return tmp_path


@pytest.fixture
def ledger(root: Path) -> Iterator[Ledger]:
    """Its ledger."""
    with Ledger.open(root / "ledger.db") as opened:
        yield opened


def ran(root: Path, ledger: Ledger, day: int, sales: str | None) -> None:
    """A run with these sales; without any, the file is gone."""
    if sales is None:
        (root / "sales.csv").unlink()
    else:
        (root / "sales.csv").write_text(sales)
    run.observe(catalogue.load(root), ledger, START + timedelta(days=day))


def seen(root: Path, ledger: Ledger, audience: Audience = Audience.RESTRICTED, until: int | None = None) -> View:
    """What a reader sees a while after the last run."""
    now = START + timedelta(days=3, hours=1)
    return View(ledger, catalogue.load(root), audience, now, until=until)


def check(shown: View, name: str) -> CheckRow:
    """A check by its name."""
    return next(row for group in shown.quality().groups for row in group.rows if row.name == name)


def test_a_check_says_how_it_stands_run_by_run_and_what_it_holds_back(root: Path, ledger: Ledger) -> None:
    """It passed, then failed twice: March, its quarter and its year lack the shop; and so does the formula."""
    for day, sales in enumerate((GOOD, BAD, BAD)):
        ran(root, ledger, day, sales)
    row = check(seen(root, ledger), "sane amounts")
    assert (row.verdict.key, row.verdict.word, row.family) == ("withheld", "Withholds", "accuracy")
    assert row.found.startswith(
        "Check 'sane amounts' failed, what they touch is withheld: usd is from 0 to 100; 1 of 4"
    )
    assert [(look.passed, look.failed, look.seen) for look in row.looks] == [(True, 0, 2), (False, 1, 4), (False, 1, 4)]
    assert row.said == "Failed in 2 of the last 3 runs"
    assert [(link.name, link.note) for link in row.holds] == [("revenue", "6 numbers"), ("double", "3 numbers")]
    assert check(seen(root, ledger, until=1), "sane amounts").verdict.key == "pass"
    tolerated = check(seen(root, ledger), "not_null")
    assert (tolerated.verdict.key, tolerated.verdict.word) == ("near", "Passed, some tolerated")
    (first, *_) = seen(root, ledger).quality().groups
    assert [one.verdict.key for one in first.rows] == ["withheld", "warn", "near", "pass"]


def test_families_count_their_checks(root: Path, ledger: Ledger) -> None:
    """Each of the four, those without a check too."""
    ran(root, ledger, 0, BAD)
    counts = {one.name: [count.word for count in one.counts] for one in seen(root, ledger).quality().families}
    assert counts == {
        "completeness": ["1 tolerated"],
        "accuracy": ["1 withholds", "1 passed"],
        "timeliness": [],
        "consistency": ["1 withholds", "1 warns", "1 passed"],
    }


def test_the_card_and_the_page_say_which_check_and_what_is_lacking(root: Path, ledger: Ledger) -> None:
    """In place of the number; where a check only warns the number stands, with a badge."""
    ran(root, ledger, 0, BAD)
    shown = seen(root, ledger)
    tile = shown.tile("revenue")
    assert (tile.verdict.key, tile.note) == ("withheld", "Held back")
    assert tile.reason == "It lacks shop west, withheld by sales.sane amounts."
    assert shown.tile("double").reason == "It lacks rows that are withheld, or have stopped coming: sales.sane amounts."
    assert [row.name for row in shown.kpi("double").checks][:2] == ["sane amounts", "one_of"]
    ran(root, ledger, 1, BAD.replace("-5", "6"))
    warned = seen(root, ledger).tile("revenue")
    assert (warned.shown.value, warned.note, warned.news) == (21, "Check sales.one_of warns", True)


def test_the_front_page_says_in_one_line_what_is_held_back(root: Path, ledger: Ledger) -> None:
    """And nothing where nothing is."""
    ran(root, ledger, 0, GOOD)
    assert seen(root, ledger, Audience.INTERNAL).front().held == ""
    ran(root, ledger, 1, BAD)
    assert seen(root, ledger, Audience.INTERNAL).front().held == "Checks of the data hold back numbers of 2 KPIs."
    assert seen(root, ledger, Audience.PUBLIC).front().held == "Checks of the data hold back numbers of 1 KPI."


def test_readers_see_the_checks_behind_what_they_may_see_and_rows_only_if_restricted(
    root: Path, ledger: Ledger
) -> None:
    """The public learns neither of hidden KPIs nor of their sources; nobody sees a buyer."""
    ran(root, ledger, 0, BAD)
    by_reader = {audience: seen(root, ledger, audience) for audience in Audience}
    names = {audience: [group.name for group in one.quality().groups] for audience, one in by_reader.items()}
    assert names[Audience.PUBLIC] == names[Audience.INTERNAL] == ["sales"]
    assert names[Audience.RESTRICTED] == ["sales", "secret", "hidden"]
    samples = {audience: check(one, "one_of").sample for audience, one in by_reader.items()}
    assert samples[Audience.RESTRICTED] == ({"id": "4", "on": "2026-03-11", "shop": "west"},)
    assert samples[Audience.PUBLIC] == samples[Audience.INTERNAL] == ()
    assert [link.name for link in check(by_reader[Audience.PUBLIC], "sane amounts").holds] == ["revenue"]
    for audience, one in by_reader.items():
        written = Pages(one)
        for path in written.paths():
            document = written.get(path)
            assert document is not None
            for person in (b"p-ann", b"p-bob", b"p-cyd"):
                assert person not in document.content, (audience, path)


def test_the_page_and_its_twin_say_the_same(root: Path, ledger: Ledger) -> None:
    """Each check has its name, verdict and strip on the page; names become fragments of an address."""
    ran(root, ledger, 0, BAD)
    shown = seen(root, ledger)
    written = Pages(shown)
    html = written.get("quality.html")
    beside = written.get("quality.json")
    assert html is not None
    assert beside is not None
    text = html.content.decode()
    assert json.loads(beside.content)["groups"] == twin.plain(shown.quality().groups)
    assert 'id="sales.sane-amounts"' in text
    assert 'aria-label="Failed in the last run"' in text
    assert "Holds back" in text


def test_a_source_that_is_gone_leaves_the_last_values_stale_since_the_first_run_without_it(
    root: Path, ledger: Ledger
) -> None:
    """On the card of the formula, too. Its checks could not look; what they held back before stays so."""
    for day, sales in enumerate((GOOD, GOOD, None)):
        ran(root, ledger, day, sales)
    run.observe(catalogue.load(root), ledger, START + timedelta(days=3))
    shown = seen(root, ledger, Audience.INTERNAL)
    for name, value in (("revenue", 7), ("double", 14)):
        tile = shown.tile(name)
        assert (tile.shown.value, tile.verdict.key) == (value, "stale")
        assert tile.note.startswith("Stale since ")
    assert {row.verdict.word for row in shown.quality().groups[0].rows} == {"Source not read"}
    page = shown.kpi("revenue")
    assert [one.rows for one in page.sources[0].exclusions] == [None]


def test_what_is_taken_out_on_the_record_stands_with_its_rows_and_on_its_periods(root: Path, ledger: Ledger) -> None:
    """On each KPI that reads the source."""
    ran(root, ledger, 0, GOOD)
    for name in ("revenue", "double"):
        page = seen(root, ledger).kpi(name)
        (one,) = page.sources[0].exclusions
        assert (one.where, one.span, one.why, one.link, one.rows) == (
            "usd = 999", "1 Feb 2026 to 28 Feb 2026", "A test.", "https://example.org/1", 1,
        )  # fmt: skip
        notes = {row.period: row.note for row in page.rows}
        assert (notes["2026-02"], notes["2026-03"]) == ("Rows left out: A test", "")

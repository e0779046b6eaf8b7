"""A run computes again what something changed for, and nothing else. That its ledger is the same is for the oracle."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from tests.correct.conftest import Project

from headway import catalog as catalogue
from headway import decide
from headway.ledger import Ledger
from headway.run import Outcome, observe
from headway.sources import digests

SHOP = """
    project: shop
    timezone: Europe/Berlin
    sources:
      sales:
        read: {files: sales.csv}
        columns: {id: integer, at: timestamp, usd: number}
        key: id
        time: at
        times_in: Europe/Berlin
      staff: {read: {files: staff.csv}, columns: {on: date, people: integer}, time: on}
    kpis:
      revenue:    {sum: sales.usd, unit: USD}
      orders:     {count: sales}
      per_order:  {formula: revenue / orders, unit: USD}
      people:     {max: staff.people}
"""
SALES = "id,at,usd\n1,2026-03-02 10:00:00,10\n2,2026-03-03 11:00:00,20\n"
OF_SALES, ALL = {"revenue", "orders", "per_order"}, {"revenue", "orders", "per_order", "people"}
NOON = "2026-03-04T12:00+01:00"


@pytest.fixture
def shop(project: Project) -> Project:
    """A shop whose numbers are computed."""
    project.write(headway=SHOP, sales=SALES, staff="on,people\n2026-03-03,4\n")
    assert project.run(NOON).whole
    return project


def computed(outcome: Outcome) -> set[str]:
    """What was computed."""
    assert outcome.whole
    return set(outcome.computed) - set(outcome.unchanged)


def edited(shop: Project, old: str, new: str) -> None:
    """A catalogue that says something else."""
    text = (shop.root / "headway.yml").read_text()
    assert old in text
    (shop.root / "headway.yml").write_text(text.replace(old, new))


def test_nothing_new(shop: Project) -> None:
    """Nothing is computed, everything is recorded, and the sources are what they were."""
    first = shop.run(NOON)
    assert (computed(first), set(first.unchanged)) == (set(), ALL)
    assert first.recorded.unchanged > 0
    assert {load.source: load.rows for load in first.loads} == {"sales": 2, "staff": 1}
    assert computed(shop.run("2026-03-04T23:59+01:00")) == set(), "no day has ended"


def test_time_passes(shop: Project) -> None:
    """At midnight of the project a day ends, for all."""
    assert computed(shop.run("2026-03-05T00:00+01:00")) == ALL


def test_what_may_be_late_is_awaited(shop: Project) -> None:
    """Rows may come until five: by then the day before is over."""
    edited(shop, "key: id", "key: id\n    late_after: 5 hours")
    assert computed(shop.run("2026-03-05T04:00+01:00")) == ALL
    assert computed(shop.run("2026-03-05T04:59+01:00")) == set()
    assert computed(shop.run("2026-03-05T05:00+01:00")) == OF_SALES


def test_hours_end(shop: Project) -> None:
    """A KPI that is kept by the hour is computed every hour, with those that read its source."""
    edited(shop, "{count: sales}", "{count: sales, grain: hour}")
    shop.run("2026-03-04T12:10+01:00")
    assert computed(shop.run("2026-03-04T12:59+01:00")) == set()
    assert computed(shop.run("2026-03-04T13:00+01:00")) == OF_SALES


def test_it_is_time(shop: Project) -> None:
    """At twenty past midnight rows of the day before should be there."""
    due = "{deadline: {grain: day, within: 20 minutes}, name: due, then: warn}"
    edited(shop, "time: on}", f"time: on, checks: [{due}]}}")
    shop.run("2026-03-05T00:10+01:00")
    assert computed(shop.run("2026-03-05T00:19+01:00")) == set()
    assert computed(shop.run("2026-03-05T00:20+01:00")) == {"people"}


def test_a_row_of_the_future_comes(shop: Project) -> None:
    """As long as there is one, any moment may be its own."""
    shop.write(sales=SALES + "3,2026-03-04 14:00:00,5\n")
    shop.run(NOON)
    assert computed(shop.run(NOON)) == set()
    assert computed(shop.run("2026-03-04T14:00+01:00")) == OF_SALES
    assert computed(shop.run("2026-03-04T14:01+01:00")) == set()
    assert shop.values("revenue", "day")["2026-03-04"] == 5


def test_what_is_under_way_goes_on(shop: Project) -> None:
    """Durations are computed at every other moment: some may not be over."""
    edited(shop, "people:     {max: staff.people}", "stay: {duration: {from: staff.on, to: staff.left}, unit: days}")
    edited(shop, "people: integer}, time: on", "left: date, name: text}, time: on, key: name")
    shop.write(staff="on,left,name\n2026-03-01,2026-03-03,a\n2026-03-01,,b\n")
    shop.run(NOON)
    assert computed(shop.run(NOON)) == set()
    assert computed(shop.run("2026-03-04T12:01+01:00")) == {"stay"}


def test_data_grow_old(shop: Project) -> None:
    """A check that the newest row is no older than a length fails when it is, though nothing else happens."""
    edited(shop, "key: id", "key: id\n    checks: [{fresh: 30 hours, name: fresh}]")
    shop.run(NOON)
    assert computed(shop.run("2026-03-04T17:00+01:00")) == set(), "thirty hours"
    assert computed(shop.run("2026-03-04T17:00:01+01:00")) == OF_SALES
    assert computed(shop.run("2026-03-04T18:00+01:00")) == set()
    assert shop.values("revenue", "day")["2026-03-03"] == "check failed"


def test_rows_change(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the file is computed again; a file that is touched or written again as it was changed nothing."""
    monkeypatch.setattr(digests, "_REST", 0)  # as if files had rested for long
    file = shop.root / "sales.csv"
    for text in (SALES, SALES):
        file.write_text(text)
        assert computed(shop.run(NOON)) == set()
    os.utime(file)
    assert computed(shop.run(NOON)) == set()
    stat = file.stat()
    file.write_text(SALES.replace(",20\n", ",30\n"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert computed(shop.run(NOON)) == OF_SALES, "same name, size and time"
    assert shop.values("revenue", "month")["2026-03"] == 40


def test_a_file_more(shop: Project) -> None:
    """A pattern means another file than before."""
    edited(shop, "sales.csv", "sales*.csv")
    shop.run(NOON)
    shop.write(sales_more="id,at,usd\n3,2026-03-03 12:00:00,1\n")
    assert computed(shop.run(NOON)) == OF_SALES
    (shop.root / "sales_more.csv").unlink()
    assert computed(shop.run(NOON)) == OF_SALES


def test_a_file_is_another_while_it_is_read(shop: Project) -> None:
    """What was computed of it is not taken for what it holds before and after."""
    file = shop.root / "sales.csv"
    file.write_text(SALES + "3,2026-03-04 09:00:00,1\n")

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage in ("Reading sources", "Recording") and not done:
            file.write_text(SALES + f"3,2026-03-04 09:00:00,{7 if stage == 'Reading sources' else 1}\n")

    with Ledger.open(shop.root / "ledger.db") as ledger:
        observe(catalogue.load(shop.root), ledger, datetime.fromisoformat(NOON), progress=meanwhile)
    assert shop.values("revenue", "month")["2026-03"] == 37
    assert computed(shop.run(NOON)) == OF_SALES
    assert shop.values("revenue", "month")["2026-03"] == 31


def test_definitions_change(shop: Project) -> None:
    """Only what is computed with the KPI is computed again; what no number is made of changes nothing."""
    edited(shop, "{max: staff.people}", "{max: staff.people, targets: [{at_least: 3}]}")
    assert computed(shop.run(NOON)) == {"people"}
    edited(shop, "project: shop", "project: shop\ntitle: The shop")
    assert computed(shop.run(NOON)) == set()
    edited(shop, "timezone: Europe/Berlin", "timezone: Asia/Tokyo")
    assert computed(shop.run(NOON)) == ALL


def test_a_function_of_the_project_changes(shop: Project) -> None:
    """Its text is part of the definition, and what it reads beside its tables nobody knows: it is called again."""
    function = (
        '"""One."""\nfrom headway.kinds import flow\n\n@flow\ndef one(tables, kpi, periods):\n    return f"SELECT'
    )
    text = function + ' period, 1 AS value FROM {periods}"\n'
    (shop.root / "one.py").write_text(text)
    edited(shop, "people:     {max: staff.people}", 'one: {python: "one.py:one", of: [staff]}')
    shop.run(NOON)
    assert computed(shop.run(NOON)) == set()
    assert computed(shop.run("2026-03-04T12:01+01:00")) == {"one"}
    (shop.root / "one.py").write_text(text.replace("1 AS", "2 AS"))
    assert computed(shop.run("2026-03-04T12:01+01:00")) == {"one"}
    assert shop.values("one", "month")["2026-03"] == 2


def test_typed_numbers_change(shop: Project) -> None:
    """A file that people keep is one that numbers are made of."""
    edited(shop, "people:     {max: staff.people}", "trained: {entered: people.csv, grain: month}")
    shop.write(people="period,value\n2026-01,3\n")
    shop.run(NOON)
    assert computed(shop.run(NOON)) == set()
    shop.write(people="period,value\n2026-01,4\n")
    assert computed(shop.run(NOON)) == {"trained"}


def test_what_failed_is_tried_again(shop: Project) -> None:
    """Every time; the others stand."""
    (shop.root / "staff.csv").rename(shop.root / "gone.csv")
    for _ in range(2):
        outcome = shop.run(NOON)
        assert (set(outcome.failed_kpis), set(outcome.unchanged)) == ({"people"}, OF_SALES)
    (shop.root / "gone.csv").rename(shop.root / "staff.csv")
    assert computed(shop.run(NOON)) == {"people"}


def test_what_waits_is_computed(shop: Project) -> None:
    """A closed number that came out different is computed until somebody decides; a rejected one, while it is there."""
    shop.run("2026-03-10T12:00+01:00")
    shop.write(sales=SALES.replace(",20\n", ",30\n"))
    for _ in range(2):
        assert computed(shop.run("2026-03-10T12:00+01:00")) == OF_SALES
    with Ledger.open(shop.root / "ledger.db") as ledger:
        (waiting,) = ledger.restatements("waiting")
        decision = decide.Decision((waiting.id,), accept=True, who="somebody", why="counted")
        decide.settle(catalogue.load(shop.root), ledger, decision, datetime.fromisoformat("2026-03-10T12:00+01:00"))
    assert computed(shop.run("2026-03-10T12:00+01:00")) == set()


def test_a_run_of_a_part(shop: Project) -> None:
    """It computes what it is told to, and the next run of all computes what belongs to it."""
    assert set(shop.run(NOON, ["revenue"]).unchanged) == set()
    assert computed(shop.run(NOON)) == OF_SALES


def test_everything_on_demand(shop: Project) -> None:
    """`--full`."""
    with Ledger.open(shop.root / "ledger.db") as ledger:
        outcome = observe(catalogue.load(shop.root), ledger, datetime.fromisoformat(NOON), full=True)
    assert computed(outcome) == ALL


def test_other_software(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another release may compute otherwise."""
    monkeypatch.setattr("headway.__version__", "0.0.1.other")
    assert computed(shop.run(NOON)) == ALL


def test_another_ledger(shop: Project, tmp_path: Path) -> None:
    """What one ledger holds says nothing of another, nor of a copy that was taken before."""
    copy = tmp_path / "copy.db"
    shutil.copy(shop.root / "ledger.db", copy)
    shop.run("2026-03-05T12:00+01:00")
    shutil.copy(copy, shop.root / "ledger.db")
    assert computed(shop.run("2026-03-05T12:00+01:00")) == ALL
    (shop.root / "ledger.db").unlink()
    assert computed(shop.run("2026-03-05T12:00+01:00")) == ALL


def test_what_is_remembered_may_be_lost(shop: Project) -> None:
    """It costs time."""
    file = shop.root / ".headway" / "unchanged.json"
    for text in (None, "", "{}", '{"run": 1, "files": [], "groups": 3}', file.read_text()[:-9]):
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        assert computed(shop.run(NOON)) == ALL

"""Closed numbers that change: what a run says, what is listed, and what accepting or rejecting does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Shop

    Edit = Callable[[Shop, str, str, str], None]


@pytest.fixture
def changed(shop: Shop, edit: Edit) -> Shop:
    """The corner shop, computed twice; two visits of January were deleted between."""
    assert shop.headway("run", "--now", "2026-03-08T06:00Z").code == 0
    edit(shop, "data/visits.csv", "7,p7,2026-01-01T17:00:00,7.5,maps\n", "")
    edit(shop, "data/visits.csv", "19,p7,2026-01-02T17:00:00,7.5,maps\n", "")
    return shop


def january(shop: Shop, kpi: str = "spent") -> float:
    """What is published of January."""
    rows = json.loads(shop.headway("show", kpi, "--grain", "month", "--json").out)["rows"]
    return next(float(row["value"]) for row in rows if row["period"] == "2026-01")


def plain(text: str) -> str:
    """Without the spaces that do not break."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_a_deleted_row_waits_in_one_line(changed: Shop) -> None:
    """The run says so and is no failure; one restatement holds every number of every KPI, and the old ones stay."""
    run = changed.run()
    assert run.code == 0
    assert "came out different, and the published ones stay until you decide" in run.out
    assert january(changed) == 2232
    listed = plain(changed.headway("restatements").out)
    assert listed.startswith("#1 waits: 2 deleted rows of visits, 1\N{EN DASH}2 January 2026. Would change ")
    assert listed.count("#") == 1
    one = plain(changed.headway("restatements", "1").out)
    assert "€2,232" in one
    assert "€2,217" in one
    said = json.loads(changed.headway("restatements", "#1", "--json").out)
    assert (said["state"], said["rows"]["deleted"], len(said["changes"])) == ("waiting", 2, said["numbers"])
    assert {"kpi": "spent", "old": 2232.0, "new": 2217.0}.items() <= next(
        one for one in said["changes"] if one["kpi"] == "spent" and one["grain"] == "month"
    ).items()
    again = changed.run()
    assert "came out different" in again.out
    assert json.loads(changed.headway("restatements", "--json").out)[0]["run"] == 2


def test_what_waits_is_told_where_readers_look_first(changed: Shop, edit: Edit) -> None:
    """On the front page, boards and the terminal, in place of 'nothing needs anyone'; each reader has theirs."""
    edit(changed, "kpis/shop.yml", "  spent: {", "  spent: {audience: internal, ")
    edit(changed, "kpis/shop.yml", "targets: [{at_least: 10}]", "audience: public")
    day, people = "{title: Day, audience: public, sections: [{tiles: [visits]}]}", "{sections: [{tiles: [visitors]}]}"
    changed.write("boards/all.yml", f"boards:\n  day: {day}\n  people: {people}\n")
    changed.run()
    waiting = json.loads(changed.headway("restatements", "--json").out)
    by_kpi = {
        name: sum(one["kpis"].get(name, 0) for one in waiting) for name in ("visits", "spent", "visitors", "per_visit")
    }
    assert all(by_kpi.values())
    for audience, names in (("public", ["visits"]), ("internal", [*by_kpi])):
        site = changed.root / audience
        assert changed.headway("build", str(site), "--audience", audience).code == 0
        whole, own = sum(by_kpi[name] for name in names), by_kpi["visits"]
        front = (site / "index.html").read_text("utf-8")
        assert f"{whole} closed numbers of {len(names)} KPI" in front
        assert 'href="quality.html#undecided"' in front
        assert "Nothing needs anyone" not in front
        board = (site / "board/day.html").read_text("utf-8")
        assert f"{own} closed numbers of 1 KPI came out different" in board
        assert "Nothing here needs anyone" not in board
        listed = (site / "quality.html").read_text("utf-8").partition('id="undecided"')[2].partition("</section>")[0]
        assert {name for name in by_kpi if f"kpi/{name}.html#history" in listed} == {*names}
    shown = plain(changed.headway("show").out)
    said = f"{sum(by_kpi.values())} closed numbers of 4 KPIs came out different"
    assert said in shown
    assert json.loads(changed.headway("show", "--json").out)["undecided"].startswith(said)
    changed.headway("reject", "--all", "--why", "the export was cut short")
    assert "came out different" not in changed.headway("show").out


def test_accepted_numbers_are_published_with_who_and_why(changed: Shop) -> None:
    """At once, on every page; the earlier ones are there as of then."""
    changed.run()
    refused = changed.headway("accept", "1")
    assert refused.code == 2
    assert "why are the new numbers right? [no-reason]" in refused.err
    assert "[unknown-restatement]" in changed.headway("accept", "9", "--why", "x").err
    assert "which restatement is to be accepted?" in changed.headway("accept", "--why", "x").err
    done = changed.headway("accept", "1", "--why", "entered twice", "--who", "Ada")
    assert done.out.startswith("Accepted #1: ")
    assert january(changed) == 2217
    listed = plain(changed.headway("restatements", "--all").out)
    assert "#1 accepted: " in listed
    assert "Accepted by Ada on " in listed
    assert ": entered twice" in listed
    assert changed.headway("restatements").out == "Nothing waits.\n"
    assert "[already-decided]" in changed.headway("reject", "1", "--why", "x").err
    assert "came out different" not in changed.run().out


def test_rejected_numbers_stay_away(changed: Shop) -> None:
    """The next run does not ask again."""
    changed.run()
    done = changed.headway("reject", "--all", "--why", "the export was cut short")
    assert done.out.startswith("Rejected #1: ")
    assert "came out different" not in changed.run().out
    assert january(changed) == 2232


def test_a_tolerance_lets_small_changes_pass(changed: Shop, edit: Edit) -> None:
    """Late rows of a day or two are everyday life: 'after' keeps the period open, 'tolerance' lets them pass."""
    edit(changed, "headway.yml", "project: shop\n", "project: shop\nrestatement: {tolerance: 20 %}\n")
    assert "came out different" not in changed.run().out
    assert january(changed) == 2217
    assert "#1 published at once: " in changed.headway("restatements", "--all").out


RATIO = """
project: shop
sources:
  orders: {read: {files: orders.csv}, columns: {day: date, eur: number}, time: day}
  visits: {read: {files: visits.csv}, columns: {day: date, n: integer}, time: day}
kpis:
  spent: {sum: orders.eur, grain: month}
  visits: {sum: visits.n, grain: month}
  each: {formula: spent / visits, grain: month}
"""


def test_what_holds_two_changes_is_accepted_with_both(shop: Shop) -> None:
    """A ratio that changed for one source and then for the other shows both changes, or neither: also if one of
    them was rejected."""
    (shop.root / "headway.yml").write_text(RATIO)
    (shop.root / "kpis/shop.yml").unlink()
    (shop.root / "sources/visits.yml").unlink()

    def rows(name: str, column: str, number: int) -> None:
        (shop.root / f"{name}.csv").write_text(f"day,{column}\n2026-01-05,{number}\n2026-02-05,100\n")

    rows("orders", "eur", 100)
    rows("visits", "n", 50)
    shop.headway("run", "--now", "2026-03-05T06:00Z")
    rows("visits", "n", 40)
    shop.headway("run", "--now", "2026-03-06T06:00Z")
    rows("orders", "eur", 120)
    shop.headway("run", "--now", "2026-03-07T06:00Z")
    refused = shop.headway("accept", "2", "--why", "mended")
    assert refused.code == 2
    assert "#2 cannot be accepted without #1: some numbers hold both changes [decided-together]" in refused.err
    assert "headway accept 1 2 --why TEXT" in refused.err
    assert shop.headway("accept", "1", "--why", "mended").code == 2
    assert (january(shop), january(shop, "each")) == (100, 2)
    shop.headway("reject", "1", "--why", "counted wrongly")
    assert "without #1, which was rejected: some" in shop.headway("accept", "--all", "--why", "mended").err
    rows("visits", "n", 50)  # what was rejected is mended at its source
    shop.headway("run", "--now", "2026-03-08T06:00Z")
    assert shop.headway("accept", "--all", "--why", "mended").code == 0
    assert (january(shop), january(shop, "each")) == (120, 2.4)


def test_what_waits_follows_a_kpi_that_is_renamed(changed: Shop, edit: Edit) -> None:
    """Under the new name it still waits, is accepted and published; as of before, it has its old name."""
    changed.run()
    edit(changed, "kpis/shop.yml", "  spent: {", "  turnover: {formerly: spent, ")
    edit(changed, "kpis/shop.yml", "spent / visits", "turnover / visits")
    changed.run()
    assert "turnover" in changed.headway("restatements").out
    assert "#1" in changed.headway("explain", "turnover", "2026-01").out
    assert "#1" in changed.headway("explain", "spent", "2026-01", "--as-of", "2").out
    assert changed.headway("accept", "1", "--why", "entered twice").code == 0
    assert january(changed, "turnover") == 2217

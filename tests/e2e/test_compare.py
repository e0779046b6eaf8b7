"""`headway diff`: what is published differently than before. `headway plan`: what a change of the YAML would do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Shop

    Edit = Callable[[Shop, str, str, str], None]


@pytest.fixture
def changed(shop: Shop, edit: Edit) -> Shop:
    """The corner shop, computed twice: two days later, with two visits of January gone and a KPI more, and less."""
    edit(shop, "headway.yml", "project: shop\n", "project: shop\nrestatement: {tolerance: 100 %}\n")
    assert shop.headway("run", "--now", "2026-03-08T06:00Z").code == 0
    edit(shop, "data/visits.csv", "7,p7,2026-01-01T17:00:00,7.5,maps\n", "")
    edit(shop, "data/visits.csv", "19,p7,2026-01-02T17:00:00,7.5,maps\n", "")
    edit(shop, "kpis/shop.yml", "  per_visit: {formula: spent / visits, ", "  each: {formula: 2 * spent / visits, ")
    assert shop.run().code == 0
    return shop


def test_what_is_published_differently_is_one_line_for_each_kpi(changed: Shop) -> None:
    """How many closed numbers changed, the largest change, what is new; the verdicts; KPIs that came and went."""
    said = changed.headway("diff", "1").out.replace("\u202f", " ").replace("\xa0", " ")
    assert said.startswith("From run 1 (")
    lines = {line.split()[0]: " ".join(line.split()) for line in said.splitlines() if line.strip()}
    assert lines["visits"].endswith("2 Jan 2026: 12 → 11 (\N{MINUS SIGN}8.3 %)")
    assert lines["visits"].split()[1] == "8"
    assert lines["spent"].endswith("January 2026: €2,232 → €2,217 (\N{MINUS SIGN}0.7 %)")
    assert lines["each"].endswith("added: Each")
    assert lines["per_visit"].endswith("removed: Per visit")


def test_json_and_all_say_each_number(changed: Shop) -> None:
    """Every closed number that changed, as stored and in words; Markdown is a table."""
    page = json.loads(changed.headway("diff", "run 1", "run 2", "--kpi", "spent", "--json").out)
    (spent,) = page["kpis"]
    assert [(one["period"], one["old"], one["new"]) for one in spent["numbers"]] == [("2026-01", 2232, 2217)]
    assert (page["before"]["run"], page["after"]["run"]) == (1, 2)
    assert json.loads(changed.headway("diff", "2", "1", "--kpi", "spent", "--json").out) == page
    everything = changed.headway("diff", "1", "--kpi", "visits", "--all").out
    assert "January 2026, shelf maps" in everything
    table = changed.headway("diff", "1", "--markdown").out
    assert "| KPI | Closed |" in table
    assert "\n| `visits` | 8 |" in table


def test_two_times_without_a_run_between_do_not_differ(changed: Shop) -> None:
    """A run and itself: nothing changed, in a sentence."""
    assert "No closed number changed." in changed.headway("diff", "2", "now").out


def test_what_cannot_be_compared_is_told(changed: Shop) -> None:
    """A time without a meaning, a run and a KPI that there are not."""
    for arguments, says in (
        (("now",), "Name the earlier time first"),
        (("2026-13-01",), "'2026-13-01' is no time and no run [bad-date]"),
        (("1", "7"), "there is no run 7 [unknown-run]"),
        (("1", "--kpi", "vists"), "there is no KPI 'vists' [unknown-kpi]"),
        ((), "missing argument 'TIME'"),
    ):
        answer = changed.headway("diff", *arguments)
        assert answer.code == 2, arguments
        assert says in answer.err


# -- before a change is merged ---------------------------------------------------------------------------------------


def _git(shop: Shop, *arguments: str) -> None:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", "-C", str(shop.root), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def edited(shop: Shop, edit: Edit) -> Shop:
    """The corner shop, computed once and committed, with a change of its YAML that nobody has computed yet."""
    shop.write(".gitignore", ".headway\n")
    assert shop.run().code == 0
    _git(shop, "init", "--quiet")
    _git(shop, "add", ".")
    _git(shop, "commit", "--quiet", "--message", "one")
    edit(shop, "kpis/shop.yml", "spent: {sum: visits.spent,", "spent: {sum: visits.spent, where: shelf = 'maps',")
    edit(shop, "kpis/shop.yml", "{at_least: 10}", "{at_least: 13}")
    edit(shop, "kpis/shop.yml", "window: 7 days, by: [shelf]", "window: 7 days, title: Guests")
    edit(shop, "kpis/shop.yml", "per_visit: {formula: spent / visits, ", "each: {formula: spent / visits, ")
    shop.write("kpis/more.yml", "kpis: {most: {max: visits.spent, grain: month, unit: EUR}}\n")
    return shop


def test_a_plan_says_what_a_change_of_the_yaml_does(edited: Shop) -> None:
    """Numbers that would wait, verdicts that flip, KPIs and cells that come and go, words; nothing is recorded."""
    now = ("--now", "2026-03-10T06:00Z")
    page = json.loads(edited.headway("plan", "--json", *now).out)
    kpis = {one["name"]: one for one in page["kpis"]}
    assert [(name, one["sort"]) for name, one in kpis.items()] == [
        ("most", "added"),
        ("visitors", "changed"),
        ("visits", "changed"),
        ("spent", "changed"),
        ("each", "added"),
        ("per_visit", "removed"),
    ]
    numbers = [(one["period"], one["old"], one["new"]) for one in kpis["spent"]["differing"]["numbers"]]
    assert numbers == [("2026-01", 2232, 1674), ("2026-02", 2016, 1512)]
    assert kpis["spent"]["waiting"] == 2
    assert kpis["spent"]["differing"]["days"] == "1 Jan to 28 Feb 2026"
    assert kpis["visits"]["retold"] == ["targets"]
    assert kpis["visits"]["differing"]["flipped"] == kpis["visits"]["differing"]["judged"] > 60
    assert kpis["visitors"]["differing"]["cells_gone"] == ["shelf books", "shelf maps"]
    assert kpis["visitors"]["retold"] == ["title"]
    assert kpis["visitors"]["waiting"] > 100
    assert len(json.loads(edited.headway("show", "spent", "--json").out)["rows"]) == 3
    assert "to run 1 (" in edited.headway("diff", "1").out


def test_a_plan_against_a_commit_is_a_table_for_a_pull_request(edited: Shop) -> None:
    """The catalogue of the commit needs no ledger; Markdown says the same."""
    now = ("--now", "2026-03-10T06:00Z")
    against_run = edited.headway("plan", "--markdown", *now).out.replace("\xa0", " ")
    for file in (edited.root / ".headway").iterdir():
        if file.is_file():
            file.unlink()
    against_commit = edited.headway("plan", "--against", "HEAD", "--markdown", *now).out.replace("\xa0", " ")
    assert against_commit.splitlines()[3:] == against_run.splitlines()[3:]
    assert "| `spent` | 2 |  | 3 |  |  | 1 Jan to 28 Feb 2026 | February 2026: €2,016 → €1,512 (" in against_commit
    assert "| `per_visit` |" in against_commit
    assert "closed numbers of 2 KPIs would change by more than the tolerance of 0" in against_commit


def test_a_plan_without_a_change_says_so(shop: Shop) -> None:
    """Another comment is no change."""
    assert shop.run().code == 0
    shop.write("headway.yml", (shop.root / "headway.yml").read_text("utf-8") + "# a comment\n")
    assert "No KPI changes." in shop.headway("plan").out


def test_a_rename_is_no_change_of_numbers(shop: Shop, edit: Edit) -> None:
    """A KPI that was called otherwise is compared with what it was, before a run and after it."""
    assert shop.run().code == 0
    edit(shop, "kpis/shop.yml", "  per_visit: {formula: spent", "  each: {formerly: per_visit, formula: spent")
    planned = shop.headway("plan", "--now", "2026-03-10T06:00Z").out
    assert "Renamed, with the same numbers: per_visit is each." in planned
    assert "per_visit    " not in planned
    assert shop.run().code == 0
    (each,) = json.loads(shop.headway("diff", "1", "--json").out)["kpis"]
    assert (each["name"], each["was"], each["sort"]) == ("each", "per_visit", "renamed")
    assert (each["closed"], each["new"], each["gone"]) == (0, 0, 0)
    assert "renamed, was per_visit" in shop.headway("diff", "1").out
    assert "Per visit  per_visit\n" in shop.headway("show", "per_visit", "--as-of", "1").out


def test_what_cannot_be_planned_is_told(shop: Shop, edit: Edit) -> None:
    """No run, no repository, no such commit, a commit without a catalogue or with a broken one, a broken one now."""

    def fails(says: str, *arguments: str) -> None:
        answer = shop.headway("plan", *arguments)
        assert answer.code == 2, answer.err
        assert says in answer.err

    fails("there is no ledger")
    fails("lies in no git repository that git reads [not-a-repository]", "--against", "main")
    _git(shop, "init", "--quiet")
    _git(shop, "commit", "--quiet", "--allow-empty", "--message", "nothing")
    fails("there is no headway.yml in HEAD [not-a-project]", "--against", "HEAD")
    fails("there is no branch, tag or commit 'mian' [unknown-commit]", "--against", "mian")
    edit(shop, "kpis/shop.yml", "count: visits", "count: vists")
    _git(shop, "add", "kpis", "headway.yml", "sources")
    _git(shop, "commit", "--quiet", "--message", "broken")
    fails("kpis/shop.yml:3:19: there is no source 'vists'", "--against", "HEAD")
    edit(shop, "kpis/shop.yml", "count: vists", "count: visits")
    fails("the catalogue of HEAD has a mistake: kpis/shop.yml:3", "--against", "HEAD")

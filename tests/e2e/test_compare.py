"""`headway diff`: what is published differently than before, and why nobody has to look for it."""

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

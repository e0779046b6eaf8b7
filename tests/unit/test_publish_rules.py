"""How alerts read: the rule, when it ends, and what a rule-cell saw."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headway import catalog as catalogue
from headway.formats import numbers
from headway.model import Catalog, RuleCell, cell_text
from headway.publish import rules

PROJECT = """
project: words
sources:
  orders:
    read: {files: orders.csv}
    columns: {id: integer, at: timestamp, took: number, region: text, ok: boolean}
    key: id
    time: at
    checks: [{between: {took: [0, 900]}}]
kpis:
  slow: {p95: orders.took, grain: hour, by_grain: hour, by: [region], unit: ms, title: Response time}
  failed: {share: orders.ok, grain: hour, better: lower, targets: [{at_most: 1 %}]}
  secret: {count: orders, grain: month, audience: restricted}
  orders: {count: orders, grain: month}
routes: {team: {apprise: env:TEAM}}
levels:
  critical: {respond: 15 minutes, to: team}
alerts:
  too_slow: {level: critical, kpi: slow, for: {region: each}, above: 500, after: 2, clear_after: 3}
  one_region: {level: critical, kpi: slow, for: {region: eu}, above: 500}
  errors: {level: critical, kpi: failed, above: 80 % of target, clear: 0.5 %, partial: true}
  narrow: {level: critical, kpi: orders, outside: [10, 20]}
  shrinking: {level: critical, kpi: orders, growth: 1 year, below: -10 %}
  formula: {level: critical, kpi: orders, above: 2 * secret}
  trending: {level: critical, kpi: all, trend: up, periods: 7}
  both: {level: critical, kpi: [orders, failed], stale: 2 months}
  changed: {level: critical, kpi: orders, restated: true}
  silent: {level: critical, source: orders, stale: 2 days}
  gone: {level: critical, source: orders}
  odd: {level: critical, check: orders.between}
  any_check: {level: critical, check: all}
  breach: {level: critical, event: data breach}
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """One of each kind of alert."""
    root = tmp_path_factory.mktemp("words")
    (root / "headway.yml").write_text(PROJECT, encoding="utf-8")
    return catalogue.load(root)


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("too_slow", "Fires when Response time of each region by hour is above 500 ms for 2 hours in a row. "
         "It ends at or below 500 ms for 3 hours in a row."),
        ("one_region", "Fires when Response time of eu by hour is above 500 ms."),
        ("errors", "Fires when Failed by hour is above 80 % of the target. It ends at or below 0.5 %. "
         "The running period may fire too."),
        ("narrow", "Fires when Orders by month is outside 10 to 20."),
        ("shrinking", f"Fires when the growth of Orders by month over 1 year is below {numbers.MINUS}10 %."),
        ("formula", "Fires when Orders by month is above a number made from other KPIs."),
        ("trending", "Fires when any of 4 KPIs went up over the last 7 periods."),
        ("both", "Fires when Orders and Failed by month has no new value for 2 months."),
        ("changed", "Fires when Orders by month has a closed number that changed, or a change that waits."),
        ("silent", "Fires when source orders has no new row for 2 days."),
        ("gone", "Fires when source orders cannot be read."),
        ("odd", "Fires when check orders.between fails."),
        ("any_check", "Fires when any check fails."),
        ("breach", "Fires when “data breach” is posted. It ends when that is closed."),
    ],
)  # fmt: skip
def test_a_rule_reads_aloud(catalog: Catalog, name: str, said: str) -> None:
    """A formula over a KPI that the reader may not see keeps its name; one who may see it reads the formula."""
    visible = {"slow", "failed", "orders"} | ({"secret"} if name == "trending" else set())
    assert plain(rules.declared(catalog.alerts[name], catalog, visible)) == said
    assert "2 * secret" in rules.declared(catalog.alerts["formula"], catalog, catalog.kpis)


@pytest.mark.parametrize(
    ("of", "heading", "number", "period", "said"),
    [
        (RuleCell("too_slow", "kpi slow", "", "hour", cell_text((("region", "eu"),))), "Too slow: eu", 1120.0,
         "2026-11-21T05", "1.12 s in the hour of 21 Nov 2026, 05:00"),
        (RuleCell("shrinking", "kpi orders", "", "month"), "Shrinking", -0.123, "2026-10",
         "12.3 % less in October 2026 than 1 year before"),
        (RuleCell("errors", "kpi failed", "", "hour"), "Errors", 0.01001, "2026-11-21T05",
         "1.001 % in the hour of 21 Nov 2026, 05:00"),
        (RuleCell("trending", "kpi orders", "", "month"), "Trending: Orders", None, "2026-10", ""),
        (RuleCell("breach", "event"), "Breach", None, None, "Somebody got in"),
        (RuleCell("any_check", "check orders.between"), "Any check: orders.between", None, None, "Somebody got in"),
        (RuleCell("went", "kpi nothing", "", "day"), "went", 3.0, "2026-10-01", "Somebody got in"),
    ],
)  # fmt: skip
def test_what_was_seen_reads_aloud(
    catalog: Catalog, of: RuleCell, heading: str, number: float | None, period: str | None, said: str
) -> None:
    """A value in its unit, with digits enough for its side of the bound; else what the text says."""
    which = catalog.calendar.parse(period) if period else None
    text = "Somebody got in." if said.startswith("Some") else ""
    bound = 0.01 if of.alert == "errors" else None
    seen = rules.seen(of, number, bound, which, text, catalog)
    assert (plain(rules.heading(of, catalog)), plain(seen.text)) == (heading, said)
    assert seen.value in seen.text


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "less than a minute"),
        (19, "19 min"),
        (180, "3 h"),
        (205, "3 h 25 min"),
        (1500, "1 d 1 h"),
        (9 * 1440, "9 d"),
    ],
)
def test_how_long_it_lasted(minutes: int, said: str) -> None:
    """In its two largest units."""
    assert plain(rules.lasted(timedelta(minutes=minutes))) == said

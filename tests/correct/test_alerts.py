"""Alerts watch what was published: real files are run day by day, and each rule-cell sees what it should."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import watching
from headway.ledger import Ledger
from headway.model import Alerting, AlertState, Phase, RuleCell, Sight, cell_text
from headway.run import observe

PROJECT = """
project: shop
sources:
  orders:
    read: {files: orders.csv}
    columns: {at: date, shop: text, usd: number}
    time: at
    checks: [{between: {usd: [0, 1000]}, name: positive}]
kpis:
  sales: {sum: orders.usd, grain: day, by: [shop], by_grain: day, unit: USD, targets: [{at_least: 100}]}
  orders_made: {count: orders, grain: day, by: [shop], by_grain: day}
routes: {team: {apprise: env:TEAM}}
levels:
  warning: {respond: 4 hours, to: team}
alerts:
  fell: {level: warning, kpi: sales, for: {shop: each}, growth: 7 days, below: -50 %}
  total_fell: {level: warning, kpi: sales, growth: 7 days, below: -50 %}
  small: {level: warning, kpi: sales, for: {shop: each}, below: 20 * orders_made}
  off: {level: warning, kpi: sales, below: 90 % of target}
  wrong: {level: warning, check: all}
  unread: {level: warning, source: orders}
  silent: {level: warning, source: orders, stale: 3 days}
  changed: {level: warning, kpi: sales, restated: true}
"""


class Shop:
    """A project that runs on mornings of March, and what its alerts came to."""

    def __init__(self, root: Path) -> None:
        self.root, self.states, self.yaml = root, {}, PROJECT
        self.states: dict[RuleCell, AlertState] = {}

    def rows(self, rows: Iterable[tuple[int, str, float]]) -> None:
        """Write orders: day, shop, dollars."""
        lines = [f"2026-03-{day:02},{shop},{usd}" for day, shop, usd in rows]
        (self.root / "orders.csv").write_text("\n".join(["at,shop,usd", *lines, ""]))

    def run(self, day: int, *, compute: bool = True) -> list[tuple[str, str, str]]:
        """Run on a morning, and judge: what is told of which cell by which alert."""
        (self.root / "headway.yml").write_text(self.yaml)
        now = datetime.fromisoformat(f"2026-03-{day:02}T06:00:00+00:00")
        catalog = catalogue.load(self.root)
        with Ledger.open(self.root / "ledger.db") as ledger:
            if compute:
                observe(catalog, ledger, now)
            steps = watching.judged(catalog, ledger, Alerting(tuple(self.states.values())), now)
            self.states |= {step.state.of: step.state for step in steps}
            assert watching.judged(catalog, ledger, Alerting(tuple(self.states.values())), now) == []
        return [
            (one.of.alert, one.of.cell.partition(": ")[2].strip('"}'), one.tells.value)
            for step in steps
            for one in step.notices
        ]

    def state(self, alert: str, cell: str = "") -> AlertState:
        """The state of one rule-cell."""
        [found] = [one for of, one in self.states.items() if of.alert == alert and of.cell == cell]
        return found


LYON, PARIS = cell_text((("shop", "Lyon"),)), cell_text((("shop", "Paris"),))
STEADY = [(day, shop, 60.0) for day in range(1, 10) for shop in ("Lyon", "Paris")]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project that ran on the 10th, with nothing to tell."""
    made = Shop(tmp_path)
    made.rows(STEADY)
    assert made.run(10) == []
    return made


def test_growth_is_kept_for_what_watches_it(shop: Shop) -> None:
    """A shop that went quiet fell by all it had; the total fell by half, which is not more than half."""
    shop.rows([*STEADY, (10, "Paris", 60.0)])
    assert shop.run(11) == [("fell", "Lyon", "start"), ("off", "", "start")]
    fell = shop.state("fell", LYON)
    assert (fell.of.part, fell.value, fell.bound) == ("growth 7 days", -1.0, -0.5)
    assert shop.state("total_fell").value == -0.5
    assert (shop.state("off").value, shop.state("off").bound) == (60, 90)


def test_growth_of_a_part(shop: Shop) -> None:
    """It is kept beside that of the value, under a name of its own."""
    shop.yaml = PROJECT.replace("shop: text", "shop: text, who: text").replace(
        "    time: at\n", "    time: at\n    people: who\n"
    )
    shop.yaml = shop.yaml.replace("  orders_made", "  buyers: {distinct: orders.who, grain: day}\n  orders_made")
    shop.yaml += "  fewer_new: {level: warning, kpi: buyers.new, growth: 7 days, below: -50 %}\n"
    days = [f"2026-03-{day:02},Lyon,60,p{day}-{n}" for day in range(1, 10) for n in range(4)]
    seen_before = [f"2026-03-10,Lyon,60,{who}" for who in ("p1-0", "p1-1", "p1-2", "new")]
    (shop.root / "orders.csv").write_text("\n".join(["at,shop,usd,who", *days, *seen_before, ""]))
    assert ("fewer_new", "", "start") in shop.run(11)
    state = shop.state("fewer_new")
    assert (state.of.part, state.value, state.bound) == ("growth 7 days of new", -0.75, -0.5)


def test_a_formula_in_a_bound_is_made_of_published_numbers(shop: Shop) -> None:
    """Each shop is held against its own orders."""
    shop.rows([*STEADY, (10, "Paris", 60.0), (10, "Lyon", 60.0), *[(10, "Lyon", 1.0)] * 4])
    assert ("small", "Lyon", "start") in shop.run(11)
    assert (shop.state("small", LYON).value, shop.state("small", LYON).bound) == (64, 100)
    assert (shop.state("small", PARIS).phase, shop.state("small", PARIS).bound) == (Phase.OK, 20)


def test_what_a_failed_check_withholds_fires_nothing(shop: Shop) -> None:
    """The check fires instead, and the number's alert sees when the rows are mended."""
    shop.rows([*STEADY, (10, "Paris", -1.0), (10, "Lyon", 60.0)])
    assert shop.run(11) == [("wrong", "", "start")]
    assert (shop.state("off").sight, shop.state("off").text) == (Sight.WITHHELD, "incomplete")
    shop.rows([*STEADY, (10, "Paris", 1.0), (10, "Lyon", 60.0)])
    told = shop.run(12)
    assert ("wrong", "", "end") in told
    assert ("off", "", "start") in told


def test_a_check_of_a_kpi_is_watched(shop: Shop) -> None:
    """By its name, and by whoever watches all: also where a source of that name has a check of that name."""
    checks = "checks: [{between: [0, 9], then: warn}, {between: [0, 5], then: warn, name: positive}]"
    shop.yaml = shop.yaml.replace(
        "  orders_made:", f"  orders: {{count: orders, grain: day, {checks}}}\n  orders_made:"
    )
    shop.yaml += "  crowded: {level: warning, check: orders.between}\n"
    assert shop.run(11) == []
    shop.rows([*STEADY, *[(10, "Lyon", 60.0)] * 7, (10, "Paris", 60.0)])
    assert shop.run(12) == [("wrong", "", "start")]  # 8 orders are more than 5
    assert shop.states[RuleCell("wrong", "check orders.positive")].phase is Phase.FIRING
    shop.rows([*STEADY, *[(10, "Lyon", 60.0)] * 9, (10, "Paris", 60.0)])
    assert {("wrong", "", "start"), ("crowded", "", "start")} <= set(shop.run(13))
    shop.rows(STEADY)
    assert {("wrong", "", "end"), ("crowded", "", "end")} <= set(shop.run(14))


def test_a_source_that_cannot_be_read(shop: Shop) -> None:
    """It is told once, numbers stay as they were, and being read again ends it."""
    (shop.root / "orders.csv").unlink()
    assert shop.run(11) == [("unread", "", "start")]
    assert shop.state("off").sight is Sight.ERROR
    assert shop.run(11) == []
    shop.rows([*STEADY, (10, "Paris", 120.0), (11, "Paris", 120.0), (11, "Lyon", 60)])
    assert ("unread", "", "end") in shop.run(12)
    assert shop.state("off").sight is Sight.FINE


def test_time_alone_makes_a_source_stale(shop: Shop) -> None:
    """No run is needed to see that nothing came."""
    assert shop.run(12, compute=False) == [("silent", "", "start")]
    assert shop.run(13, compute=False) == []


def test_a_restatement_is_told_while_it_waits(shop: Shop) -> None:
    """It ends when somebody decides."""
    shop.rows([*STEADY, (5, "Paris", 5.0), (10, "Paris", 60.0), (10, "Lyon", 60.0)])
    assert shop.run(11) == [("changed", "", "start")]
    assert shop.state("changed").text.startswith("#1 waits: ")
    with Ledger.open(shop.root / "ledger.db") as ledger:
        now = datetime.fromisoformat("2026-03-11T07:00:00+00:00")
        ledger.decide([1], accept=True, who="somebody", why="it came late", now=now)
    assert shop.run(11, compute=False) == [("changed", "", "end")]


def test_an_alert_of_growth_that_is_removed_changes_no_number(shop: Shop) -> None:
    """The part that was kept for it is no longer made, which is no restatement; and what fired ends."""
    shop.rows([*STEADY, (10, "Paris", 60.0)])
    shop.run(11)
    shop.yaml = "\n".join(line for line in PROJECT.splitlines() if "growth" not in line) + "\n"
    shop.rows([*STEADY, (10, "Paris", 60.0), (11, "Paris", 60.0)])
    assert ("fell", "Lyon", "end") in shop.run(12)
    with Ledger.open(shop.root / "ledger.db") as ledger:
        assert ledger.restatements() == []


def test_what_was_told_to_begin_names_who_is_told_of_the_end(shop: Shop) -> None:
    """The level and route of an alert that is gone are those of its start."""
    shop.rows([*STEADY, (10, "Paris", 60.0)])
    shop.run(11)
    catalog = catalogue.load(shop.root)
    with Ledger.open(shop.root / "ledger.db") as ledger:
        now = datetime.fromisoformat("2026-03-11T07:00:00+00:00")
        first = watching.judged(catalog, ledger, Alerting(), now)
        alerting = Alerting(tuple(step.state for step in first), tuple(one for step in first for one in step.notices))
        steps = watching.judged(replace(catalog, alerts={}), ledger, alerting, now)
    ends = [(one.of.alert, one.level, one.route) for step in steps for one in step.notices]
    assert ends == [("fell", "warning", "team"), ("off", "warning", "team")]

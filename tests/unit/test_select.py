"""Selectors choose KPIs by name, by pattern and by what they have; the clock of a project is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from headway import catalog
from headway.catalog import select
from headway.cli import app
from headway.errors import UsageError
from headway.model import Catalog, Clock, Group, Rhythm
from headway.periods import Length, Unit

CATALOGUE = """
project: shop
site_url: https://kpis.example.org/shop/
clock:
  tick: 1 minute
  runs: [{every: 1 hour, select: [grain:hour, "visits*"]}, {every: 15 minutes, select: level:urgent}, {every: 1 day}]
areas: {money: {title: Money, owner: finance}, people: {title: People}}
owners: {finance: Finance, shop: Shop}
sources:
  sales: {read: {files: sales.csv}, time: at, columns: {at: timestamp, usd: number, shop: text}, refers: {shop: shops}}
  shops: {read: {files: shops.csv}, key: shop, columns: {shop: text, town: text}}
  log: {read: {files: log.csv}, time: at, columns: {at: timestamp}, checks: [{fresh: 2 days}]}
kpis:
  revenue: {sum: sales.usd, unit: USD, area: money, rank: headline}
  costs:
    {sum: sales.usd, where: usd < 0, unit: USD, area: money, owner: shop, checks: [{between: [-9, 0], then: warn}]}
  margin: {formula: revenue - costs, unit: USD, area: money, rank: headline}
  margin_rate: {formula: margin / revenue, unit: percent, area: money}
  visits: {count: log, grain: hour, area: people, targets: [{at_least: 10}]}
  visits_by_day: {count: log, area: people}
  later: {tracked_from: 2027-01-01, area: people, rank: headline}
routes: {team: {apprise: env:TEAM}}
levels: {urgent: {respond: 15 minutes, to: team, group: level}, calm: {respond: 1 day, to: team}}
alerts:
  few: {level: urgent, kpi: visits, below: target}
  no_sales: {level: calm, source: sales, stale: 2 days}
  old_log: {level: calm, check: log.fresh}
  unknown_shop: {level: calm, check: sales.refers.shop}
  dear: {level: calm, check: costs.between}
  breach: {level: urgent, event: data breach}
boards: {money: {sections: [{tiles: [revenue, {chart: [margin, margin_rate.growth]}]}]}}
objectives: {grow: {from: 2026-01-01, due: 2026-12-31, expects: [{kpi: revenue, grow: 10 %}]}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A small catalogue with something of each sort."""
    root = tmp_path_factory.mktemp("shop")
    (root / "headway.yml").write_text(CATALOGUE.replace("margin_rate.growth", "margin_rate"))
    return catalog.load(root)


MONEY = ["revenue", "costs", "margin", "margin_rate"]


@pytest.mark.parametrize(
    ("selectors", "chosen"),
    [
        ("revenue", ["revenue"]),
        ("m*", ["margin", "margin_rate"]),
        ("visits?by*", ["visits_by_day"]),
        ("margin revenue", ["revenue", "margin"]),
        ("grain:hour", ["visits"]),
        ("area:money", MONEY),
        ("area:*", [*MONEY, "visits", "visits_by_day"]),
        ("owner:shop", ["costs"]),
        ("rank:headline", ["revenue", "margin"]),  # what is planned has no numbers
        ("source:shops", MONEY),  # through a reference, and through formulas
        ("board:money", ["revenue", "margin", "margin_rate"]),
        ("objective:grow", ["revenue"]),
        ("alert:few", ["visits"]),
        ("alert:no_sales", MONEY),
        ("alert:old_log", ["visits", "visits_by_day"]),
        ("alert:unknown_shop", MONEY),
        ("alert:dear", ["costs"]),
        ("level:urgent", ["visits"]),
        ("margin+", ["margin", "margin_rate"]),
        ("revenue+", ["revenue", "margin", "margin_rate"]),
        ("area:money,rank:headline", ["revenue", "margin"]),
        ("source:sales,m*,rank:headline", ["margin"]),
    ],
)
def test_selectors_choose(shop: Catalog, selectors: str, chosen: list[str]) -> None:
    """KPIs come in the order of the catalogue, each once."""
    assert select.kpis(shop, selectors.split()) == chosen


def test_without_a_selector_everything_is_chosen(shop: Catalog) -> None:
    """So it is with `headway run` alone."""
    assert select.kpis(shop, []) == list(shop.kpis)


def test_every_selector_that_chooses_nothing_is_told(shop: Catalog) -> None:
    """All of them at once, with what is close."""
    with pytest.raises(UsageError) as caught:
        select.kpis(shop, ["revenu", "margin", "alert:breach", "grain:houer", "later"])
    assert [m.message for m in caught.value.mistakes] == [
        "there is no KPI 'revenu'",
        "alert 'breach' watches no KPI",
        "there is no grain 'houer'",
        "'later' is planned and has no numbers yet",
    ]
    assert caught.value.mistakes[0].slug == "unknown-kpi"
    assert caught.value.mistakes[2].remedy == "Did you mean 'hour'?"


def test_a_run_can_be_listed(shop: Catalog) -> None:
    """Names go to the output, a line each, inputs first; why others come along goes to the other one."""
    done = CliRunner().invoke(app, ["run", "margin_rate", "--list", "--project", str(shop.root)])
    assert done.exit_code == 0
    assert done.stdout.split() == ["revenue", "costs", "margin", "margin_rate"]
    assert done.stderr == "4 KPIs, 3 of them because the others read them.\n"
    assert not (shop.root / ".headway").exists()


def test_the_clock_is_resolved(shop: Catalog, tmp_path: Path) -> None:
    """Lengths and selectors, as written; levels say how their notices come together."""
    assert shop.site_url == "https://kpis.example.org/shop"
    assert isinstance(shop.clock, Clock)
    assert shop.clock.tick == Length(1, Unit.MINUTE)
    assert [(str(run.every), run.selectors) for run in shop.clock.runs] == [
        ("1 hour", ("grain:hour", "visits*")),
        ("15 minutes", ("level:urgent",)),
        ("1 day", ()),
    ]
    assert isinstance(shop.clock.runs[0], Rhythm)
    assert (shop.levels["urgent"].group, shop.levels["calm"].group) == (Group.LEVEL, Group.ALERT)
    (tmp_path / "headway.yml").write_text("project: shop\nclock: {runs: [{every: 1 day}]}\n")
    clock = catalog.load(tmp_path).clock
    assert clock is not None
    assert clock.tick is None

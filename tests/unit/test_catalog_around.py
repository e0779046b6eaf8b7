"""What stands around the KPIs resolves to one model: alerts and whom they reach, boards, objectives, notes, closing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from headway import catalog
from headway.errors import CatalogError
from headway.model import (
    Alert,
    Audience,
    Beyond,
    Catalog,
    Digest,
    Direction,
    Formula,
    Look,
    OfTarget,
    Restated,
    Restatement,
    Scale,
    Send,
    Service,
    Shows,
    Stale,
    Tile,
    Trend,
    Watched,
    WatchedChecks,
    WatchedEvent,
    WatchedNumbers,
    WatchedSource,
)
from headway.periods import Grain, Length

Load = Callable[..., Catalog]

HEAD = """
project: shop
audience: public
restatement: {tolerance: 0.5 %, after: 3 days}
sources:
  sales:
    read: {files: sales.csv}
    key: sale
    time: day
    people: user
    refers: {shop: shops}
    checks: [{fresh: 2 days}]
  shops: {read: {files: shops.csv}, key: shop}
  rents: {read: {files: rents.csv}, time: begins, until: ends}
kpis:
  revenue:
    sum: sales.usd
    by: [shop, [shop, kind]]
    by_grain: month
    unit: USD
    targets: [{grain: month, for: {shop: a}, at_least: 500}, {at_least: 20}]
  margin: {formula: costs / revenue, unit: percent, better: higher, grain: month}
  costs: {sum: sales.cost, unit: USD, checks: [{between: [0, 900]}]}
  buyers: {distinct: sales.user, window: 30 days, unit: people, audience: internal}
  peaks: {count: sales, grain: hour}
  cohorts: {retention: sales.user, ages: 6 months}
  rent: {recurring: rents.usd, customer: tenant, unit: USD}
  by_shop: {spread: revenue, across: shop, bins: [1, 10]}
  stays: {duration: {from: rents.begins, to: rents.ends}, dated: from, follow: 90 days, unit: days}
  planned: {tracked_from: 2027-01-01}
  told: {narrative: told.csv}
"""

ALERTS = """
routes:
  team: {apprise: env:TEAM_ADDRESS}
  pager: {alertmanager: env:PAGER}
levels:
  critical: {respond: 15 minutes, to: pager, repeat: 1 hour, escalate: team}
  information: {respond: 1 day, to: team, digest: daily}
alerts:
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write the project with more files (path -> YAML) and load it."""

    def write(**files: str) -> Catalog:
        (tmp_path / "headway.yml").write_text(HEAD)
        for name, text in files.items():
            file = tmp_path / f"{name.replace('__', '/')}.yml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return catalog.load(tmp_path)

    return write


@pytest.fixture
def alert(load: Load) -> Callable[[str], Alert]:
    """One alert, as it stands in the file after its name."""
    return lambda written: load(alerts=f"{ALERTS}  one: {written}\n").alerts["one"]


@pytest.fixture
def tile(load: Load) -> Callable[..., Tile]:
    """One tile of a board, which may have more keys."""

    def write(written: str, more: str = "") -> Tile:
        text = f"boards:\n  one:\n    {more or 'title: One'}\n    sections: [{{tiles: [{written}]}}]\n"
        return next(load(boards__one=text).boards["one"].tiles)

    return write


def one(alert: Alert) -> tuple[Watched, Beyond]:
    """The only number that an alert watches, and its bounds."""
    assert isinstance(alert.watches, WatchedNumbers)
    (watched,) = alert.watches.of
    assert isinstance(alert.watches.when, Beyond)
    return watched, alert.watches.when


# -- alerts --------------------------------------------------------------------------------------------------------


def test_routes_and_levels(load: Load) -> None:
    """A route keeps the name of its variable and not its content; a level names routes."""
    found = load(alerts=ALERTS)
    assert [(r.service, r.variable) for r in found.routes.values()] == [
        (Service.APPRISE, "TEAM_ADDRESS"),
        (Service.ALERTMANAGER, "PAGER"),
    ]
    critical, information = found.levels.values()
    assert (str(critical.respond), str(critical.repeat), critical.escalate) == ("15 minutes", "1 hour", "team")
    assert (information.to, information.digest) == ("team", Digest.DAILY)


@pytest.mark.parametrize(
    ("project", "route", "readers"),
    [
        ("public", "{apprise: env:TEAM}", Audience.INTERNAL),
        ("internal", "{apprise: env:TEAM}", Audience.INTERNAL),
        ("restricted", "{apprise: env:TEAM}", Audience.RESTRICTED),
        ("restricted", "{apprise: env:TEAM, audience: internal}", Audience.INTERNAL),
        ("public", "{alertmanager: env:TEAM, audience: restricted}", Audience.RESTRICTED),
    ],
)
def test_who_reads_a_route(tmp_path: Path, project: str, route: str, readers: Audience) -> None:
    """People of the organisation read a route that says nothing: no others, and not what is kept from most of them."""
    (tmp_path / "headway.yml").write_text(f"project: shop\naudience: {project}\nroutes: {{team: {route}}}\n")
    assert catalog.load(tmp_path).routes["team"].audience is readers


def test_a_secret_is_never_read(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the variable holds stands nowhere in the catalogue."""
    monkeypatch.setenv("TEAM_ADDRESS", "mailto://hush")
    assert "hush" not in repr(load(alerts=ALERTS))


def test_an_alert_takes_the_route_of_its_level(alert: Callable[[str], Alert]) -> None:
    """Unless it names its own."""
    assert alert("{level: critical, event: fire}").to == "pager"
    assert alert("{level: critical, event: fire, to: team}").to == "team"


def test_a_bound_is_in_the_unit_of_its_kpi(alert: Callable[[str], Alert]) -> None:
    """Numbers, percentages and formulas."""
    watched, beyond = one(alert("{level: critical, kpi: margin, below: 20 %, clear: 25 %, after: 2, partial: true}"))
    assert watched == Watched("margin", "", Grain.MONTH)
    assert beyond == Beyond(0.2, None, clear_low=0.25, partial=True)
    _, beyond = one(alert("{level: critical, kpi: costs, above: 0.8 * revenue}"))
    assert isinstance(beyond.high, Formula)
    assert beyond.high.inputs == ("revenue",)
    _, beyond = one(alert("{level: critical, kpi: costs, outside: [5, 90 USD], clear: [10, 80]}"))
    assert beyond == Beyond(5, 90, clear_low=10, clear_high=80)


def test_a_share_of_the_target_needs_one_of_that_cell(alert: Callable[[str], Alert]) -> None:
    """`each` meets the target of any cell of the breakdown."""
    watched, beyond = one(alert("{level: critical, kpi: revenue, for: {shop: each}, below: 80 % of target}"))
    assert watched == Watched("revenue", "", Grain.MONTH, (), ("shop",))
    assert beyond.low == OfTarget(0.8)
    watched, beyond = one(alert("{level: critical, kpi: revenue, below: target}"))
    assert (watched.grain, beyond.low) == (Grain.DAY, OfTarget(1.0))


def test_growth_trends_and_silence(alert: Callable[[str], Alert]) -> None:
    """Growth is a percentage, whatever the KPI is; other conditions have no bounds."""
    _, beyond = one(alert("{level: critical, kpi: revenue, grain: month, growth: 1 year, below: -10 %}"))
    assert beyond == Beyond(-0.1, None, growth=Length.parse("1 year"))
    trend = alert("{level: critical, kpi: [margin, revenue], trend: worse, periods: 12}").watches
    assert isinstance(trend, WatchedNumbers)
    assert ([w.kpi for w in trend.of], trend.when) == (["margin", "revenue"], Trend(Direction.WORSE, 12))
    stale = alert("{level: critical, kpi: cohorts.cohort, stale: 40 days}").watches
    assert isinstance(stale, WatchedNumbers)
    assert stale.of[0].part == "cohort"
    assert stale.when == Stale(Length.parse("40 days"))


def test_all_kpis_are_those_of_which_it_makes_sense(alert: Callable[[str], Alert]) -> None:
    """Every KPI with numbers can be restated; a trend for the worse needs `better`, a target a target."""

    def names(written: str) -> list[str]:
        watches = alert(f"{{level: information, kpi: all, {written}}}").watches
        assert isinstance(watches, WatchedNumbers)
        return [watched.kpi for watched in watches.of]

    with_numbers = ["revenue", "costs", "buyers", "peaks", "rent", "stays", "by_shop", "margin"]
    assert sorted(names("restated: true")) == sorted(with_numbers)
    assert sorted(names("trend: worse")) == ["margin", "revenue"]
    assert names("below: 50 % of target") == ["revenue"]
    assert sorted(names("growth: 1 week, grain: week, below: -50 %")) == sorted(
        {*with_numbers} - {"rent", "margin", "by_shop"}
    )


def test_what_is_no_number_is_watched_too(alert: Callable[[str], Alert]) -> None:
    """Sources, their checks with the implied ones, and events."""
    assert alert("{level: critical, source: sales}").watches == WatchedSource("sales")
    stale = WatchedSource("sales", Stale(Length.parse("2 days")))
    assert alert("{level: critical, source: sales, stale: 2 days}").watches == stale
    for check in ("fresh", "key", "refers.shop"):
        assert alert(f"{{level: critical, check: sales.{check}}}").watches == WatchedChecks("sales", check)
    assert alert("{level: critical, check: costs.between}").watches == WatchedChecks("costs", "between", of_kpi=True)
    assert alert("{level: critical, check: all}").watches == WatchedChecks()
    assert alert("{level: critical, event: data breach}").watches == WatchedEvent("data breach")


# -- boards --------------------------------------------------------------------------------------------------------


def test_a_kpi_alone_is_a_number(tile: Callable[..., Tile]) -> None:
    """It is shown by its own grain, to the readers of its board."""
    found = tile("revenue")
    assert (found.shows, found.audience) == (Shows.NUMBER, Audience.PUBLIC)
    assert [(s.kpi, s.grain) for s in found.of] == [("revenue", Grain.DAY)]
    assert found.periods == 90
    assert tile("rent.new").of[0].part == "new"


def test_charts_side_by_side_have_the_longest_grain(tile: Callable[..., Tile]) -> None:
    """So that every line has a point for each period."""
    found = tile("{chart: [revenue, margin], as: stacked bar, scale: log}")
    assert {shown.grain for shown in found.of} == {Grain.MONTH}
    assert (found.periods, found.look, found.scale) == (24, Look.STACKED_BAR, Scale.LOG)


@pytest.mark.parametrize(
    "written",
    [
        "{chart: rent, as: waterfall}",
        "{chart: cohorts, as: heat map}",
        "{chart: peaks, as: heat map, periods: 672}",
        "{chart: by_shop, as: histogram}",
        "{chart: stays, as: survival curve}",
        "{chart: planned, as: histogram}",
        "{chart: revenue, by: shop, as: stacked area}",
        "{matrix: revenue, by: [shop, kind]}",
        "{table: [revenue, margin, planned], grain: year, periods: 3}",
        "{number: margin, compare: 1 year}",
        "{number: told}",
        "{health: [revenue, planned]}",
    ],
)
def test_a_look_that_fits(tile: Callable[..., Tile], written: str) -> None:
    """Each look has kinds of KPIs that it is for; of a planned KPI nobody knows yet."""
    assert tile(written).of


def test_a_page_for_each_cell(tile: Callable[..., Tile], load: Load) -> None:
    """Its tiles need the breakdown, and the cross with what they show side by side."""
    assert tile("{chart: revenue, by: kind}", "for_each: shop").by == ("kind",)
    with pytest.raises(CatalogError, match="costs has no breakdown 'shop', and the board has a page for each shop"):
        tile("costs", "for_each: shop")


def test_all_of_health_is_every_kpi_with_numbers_or_to_come(tile: Callable[..., Tile]) -> None:
    """By a breakdown, those that have it."""
    everything = {"revenue", "margin", "costs", "buyers", "peaks", "rent", "by_shop", "stays", "planned"}
    assert {shown.kpi for shown in tile("{health: all}").of} == everything
    assert {shown.kpi for shown in tile("{health: all, by: shop}").of} == {"revenue"}


def test_a_tile_may_be_for_fewer_readers_than_its_board(tile: Callable[..., Tile], load: Load) -> None:
    """Never for more than its KPI is."""
    assert tile("{number: revenue, audience: restricted}").audience is Audience.RESTRICTED
    with pytest.raises(CatalogError, match="buyers is for internal readers"):
        tile("{number: buyers, audience: public}")


def test_boards_are_sent_by_routes(load: Load) -> None:
    """A route of alerts.yml serves."""
    text = "boards: {one: {send: [{every: week, to: team}], sections: [{tiles: [revenue]}]}}"
    found = load(alerts=ALERTS, boards__one=text).boards["one"]
    assert (found.title, found.send) == ("One", (Send(Grain.WEEK, "team"),))


def test_a_board_that_is_sent_is_a_report(load: Load) -> None:
    """One for each length of period, by all its routes; who reads there may see it."""
    routes = "routes: {team: {apprise: env:A}, all: {apprise: env:B, audience: public}, pager: {alertmanager: env:C}}"
    send = "send: [{every: week, to: team}, {every: week, to: all}, {every: month, to: team}]"
    found = load(alerts=routes, boards__one=f"boards: {{one: {{{send}, sections: [{{tiles: [revenue]}}]}}}}").reports
    assert {name: (one.board, one.title, one.to) for name, one in found.items()} == {
        "one-week": ("one", "One", ("team", "all")),
        "one-month": ("one", "One", ("team",)),
    }
    for route, slug in (("all", "not-for-readers"), ("pager", "bad-value")):
        sent = f"send: [{{every: day, to: {route}}}], sections: [{{tiles: [buyers]}}]"
        text = f"boards: {{one: {{audience: internal, {sent}}}}}"
        with pytest.raises(CatalogError) as caught:
            load(alerts=routes, boards__one=text)
        assert [(one.slug, one.place.path if one.place else "") for one in caught.value.mistakes] == [
            (slug, "boards/one.yml")
        ]


@pytest.mark.parametrize(
    ("board", "more", "slug"),
    [
        ("one", "", ""),
        ("each", "for_each: shop", ""),
        ("each", "", "bad-value"),
        ("one", "for_each: shop", "bad-value"),
        ("two", "", "unknown-name"),
        ("secret", "", "not-for-readers"),
        ("one", "template: weekly", "bad-value"),
    ],
)
def test_a_report_may_be_of_a_board(board: str, more: str, slug: str, load: Load) -> None:
    """Of one that its readers may see, and for each cell if that has a page for each."""
    boards = """
boards:
  one: {sections: [{tiles: [revenue]}]}
  each: {for_each: shop, sections: [{tiles: [revenue]}]}
  secret: {audience: restricted, sections: [{tiles: [revenue]}]}
"""
    text = f"reports: {{mine: {{{', '.join(filter(None, (f'board: {board}', more)))}, every: month, to: team}}}}"
    if not slug:
        assert load(alerts=ALERTS, boards__one=boards, reports=text).reports["mine"].board == board
        return
    with pytest.raises(CatalogError) as caught:
        load(alerts=ALERTS, boards__one=boards, reports=text)
    assert [one.slug for one in caught.value.mistakes] == [slug]


# -- objectives, notes, closing ------------------------------------------------------------------------------------


def test_objectives_and_their_key_results(load: Load) -> None:
    """A value in the KPI's unit, or growth; due with the objective unless sooner."""
    found = load(
        objectives="""
objectives:
  grow:
    from: 2026-01-01
    due: 2026-12-31
    expects:
      - {kpi: margin, reach: 60 %}
      - {kpi: revenue, for: {shop: a}, grow: 25 %, due: 2026-06-30}
"""
    ).objectives["grow"]
    margin, revenue = found.expects
    assert (margin.reach, margin.grow, margin.due) == (0.6, None, date(2026, 12, 31))
    assert (revenue.cell, revenue.grow, revenue.due) == ((("shop", "a"),), 0.25, date(2026, 6, 30))


def test_notes_are_in_the_order_of_their_days(load: Load) -> None:
    """Of some KPIs, or of all."""
    found = load(notes="notes: [{on: 2026-02-01, text: Later}, {on: 2026-01-01, text: Sooner, kpis: revenue}]").notes
    assert [(note.text, note.kpis) for note in found] == [("Sooner", ("revenue",)), ("Later", ())]


def test_restatement_is_part_of_the_project(load: Load) -> None:
    """When periods close, and what may still change."""
    assert load().restatement == Restatement(0.005, Length.parse("3 days"))


def test_a_small_project_may_keep_all_of_it_in_one_file(tmp_path: Path) -> None:
    """Every key of every file may stand in headway.yml."""
    rest = "  one: {level: critical, kpi: revenue, restated: true}\n"
    rest += "boards: {one: {sections: [{tiles: [revenue]}]}}\nnotes: [{on: 2026-01-01, text: Begun}]\nobjectives: {}\n"
    (tmp_path / "headway.yml").write_text(HEAD + ALERTS.lstrip() + rest)
    found = catalog.load(tmp_path)
    watches = found.alerts["one"].watches
    assert isinstance(watches, WatchedNumbers)
    assert watches.when == Restated()
    assert (list(found.boards), len(found.notes)) == (["one"], 1)


# -- identity and honesty ------------------------------------------------------------------------------------------


def test_what_stands_around_kpis_changes_no_number(load: Load) -> None:
    """Neither the numbers' definitions, nor their plans; the catalogue that a run refers to is another one."""
    before = load()
    after = load(
        alerts=f"{ALERTS}  one: {{level: critical, kpi: all, restated: true}}\n",
        boards__one="boards: {one: {sections: [{tiles: [revenue, buyers.new]}]}}",
        objectives="objectives: {o: {from: 2026-01-01, due: 2027-01-01, expects: [{kpi: costs, reach: 5}]}}",
        notes="notes: [{on: 2026-01-01, text: Begun}]",
    )
    assert (len(after.alerts), len(after.boards), len(after.objectives), len(after.notes)) == (1, 1, 1, 1)
    assert after.kpis | {"buyers": before.kpis["buyers"]} == before.kpis
    assert after.kpis["buyers"].measure == replace(before.kpis["buyers"].measure, named=("new",))  # a board shows it
    for name, kpi in after.kpis.items():
        assert catalog.fingerprint(kpi, after) == catalog.fingerprint(before.kpis[name], before)
    assert after.fingerprint != before.fingerprint
    assert catalog.text(after) != catalog.text(before)


def test_what_a_file_declares_that_cannot_be_read_is_not_called_unknown(tmp_path: Path) -> None:
    """A slip in the YAML of one file is told alone: a board that shows its KPIs is right."""
    (tmp_path / "kpis").mkdir()
    (tmp_path / "boards").mkdir()
    (tmp_path / "headway.yml").write_text("project: shop\n")
    (tmp_path / "kpis" / "shop.yml").write_text("kpis:\n\tmau: {count: visits}\n")
    (tmp_path / "boards" / "front.yml").write_text("boards:\n  front: {sections: [{tiles: [mau]}]}\n")
    with pytest.raises(CatalogError) as caught:
        catalog.load(tmp_path)
    assert [mistake.slug for mistake in caught.value.mistakes] == ["yaml-syntax"]

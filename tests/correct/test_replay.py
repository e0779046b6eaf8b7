"""A replay of alerts tells what real days told: files that grow, a run and a tick each morning."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import clock, watching
from headway.alerts.replay import mornings, replay
from headway.cli import app
from headway.errors import UsageError
from headway.ledger import Ledger
from headway.model import Alerting, Tells
from headway.run import observe

PROJECT = """
project: shop
sources:
  orders:
    read: {files: orders.csv}
    columns: {at: date, shop: text, usd: number}
    time: at
    late_after: 1 day
kpis:
  sales: {sum: orders.usd, grain: day, by: [shop], by_grain: day, unit: USD, better: higher, targets: [{at_least: 100}]}
routes: {team: {apprise: env:TEAM}}
levels:
  warning: {respond: 4 hours, to: team}
  information: {respond: 1 day, to: team}
alerts:
  low: {level: warning, kpi: sales, for: {shop: each}, below: 30, clear: 40, after: 2}
  off: {level: information, kpi: sales, below: 90 % of target, clear_after: 2}
  fell: {level: information, kpi: sales, growth: 3 days, below: -20 %}
  slipping: {level: information, kpi: sales, trend: worse, periods: 6}
"""
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 25


@pytest.fixture
def lines() -> list[list[str]]:
    """What was sold on each day; one shop opens late, and both go up and down."""
    made, chance = [], random.Random(6)
    for n in range(DAYS):
        day = f"{FIRST + timedelta(days=n):%Y-%m-%d}"
        shops = ["Lyon", "Paris"] if n > 4 else ["Lyon"]
        made.append([f"{day},{shop},{50 + 40 * chance.uniform(-1, 1) - n / 2:.1f}" for shop in shops])
    return made


def test_it_is_what_real_days_told(tmp_path: Path, lines: list[list[str]]) -> None:
    """Each episode began and ended in the replay when it did in the ledger that a clock had kept."""
    (tmp_path / "headway.yml").write_text(PROJECT)
    catalog = catalogue.load(tmp_path)
    first = FIRST + timedelta(days=4, hours=8)
    moments = mornings(catalog.calendar, first, FIRST + timedelta(days=DAYS, hours=9))
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        for now in moments:
            sold = [line for some in lines[: (now - FIRST).days] for line in some]
            (tmp_path / "orders.csv").write_text("\n".join(["at,shop,usd", *sold, ""]))
            observe(catalog, ledger, now)
            clock.tick(catalog, ledger, now, {})
        kept = ledger.alerting(since=FIRST).notices
        found = replay(catalog, watching.watch(catalog, ledger, Alerting(), moments[-1]), moments)
    really = sorted((one.of, one.tells.value, one.at, one.began, one.value) for one in kept if one.made > first)
    starts = [(one.of, "start", one.start.at, one.start.began, one.start.value) for one in found.fired]
    assert sorted(one for one in really if one[1] == "start") == sorted(
        one for one, fired in zip(starts, found.fired, strict=True) if not fired.began_before
    )
    ended = sorted((one.of, one.ended) for one in found.fired if one.ended)
    assert sorted((one[0], one[2]) for one in really if one[1] == "end") == ended
    worse = sum(one.tells is Tells.WORSE for one in kept if one.made > first)
    assert sum(one.worse for one in found.fired) == worse
    alerts = {one.of.alert for one in found.fired}
    assert {"low", "off", "fell"} <= alerts, "days in which nothing happens prove nothing"
    assert len(ended) > 4


def test_the_command_counts_it(tmp_path: Path, lines: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed and the JSON say the same of one ledger; nothing is written to it."""
    (tmp_path / "headway.yml").write_text(PROJECT)
    (tmp_path / "orders.csv").write_text("\n".join(["at,shop,usd", *(line for some in lines for line in some), ""]))
    catalog, now = catalogue.load(tmp_path), FIRST + timedelta(days=DAYS, hours=9)
    with Ledger.open(tmp_path / catalog.ledger) as ledger:
        observe(catalog, ledger, now)
    before = (tmp_path / catalog.ledger).read_bytes()
    asked = ["alerts", "replay", "--project", str(tmp_path), "--from", "2026-03-05"]
    app([*asked, "--json"], standalone_mode=False)
    said = json.loads(capsys.readouterr().out)
    app([*asked, "--episodes"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert (tmp_path / catalog.ledger).read_bytes() == before
    assert said["from"].startswith("2026-03-05T08:00")
    started = sum(one["started"] for one in said["alerts"].values())
    assert f"{started} starts, {started / said['weeks']:.2f} a week" in printed
    assert started == sum(not one["fired_before"] and not one["kept_back"] for one in said["episodes"]) > 4
    assert sum(line.count("2026, ") for line in printed.splitlines()[1:]) == len(said["episodes"])
    with pytest.raises(UsageError, match="no day from --from to --to"):
        app([*asked, "--to", "2026-03-01"], standalone_mode=False)

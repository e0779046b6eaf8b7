"""The page of alerts, and what KPIs and the front page say of them: real runs, and states as the clock leaves them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import run
from headway.errors import UsageError
from headway.ledger import Ledger, Run
from headway.model import (
    Acknowledgement,
    Alerting,
    AlertState,
    Audience,
    Delivery,
    Event,
    Notice,
    Phase,
    RuleCell,
    Sight,
    Silence,
    Tells,
    cell_text,
)
from headway.periods import Calendar
from headway.publish import past
from headway.publish.alertpages import AlertRow, AlertsPage
from headway.publish.html import Pages
from headway.publish.view import View

RAN = datetime(2026, 11, 21, 6, tzinfo=UTC)
NOW = RAN + timedelta(minutes=10)
PROJECT = """
project: northlane
title: Northlane
audience: internal
sources:
  orders:
    read: {files: orders.csv}
    columns: {id: integer, at: timestamp, took: number, region: text, ok: boolean}
    key: id
    time: at
    checks: [{between: {took: [0, 900]}, name: sane}]
kpis:
  slow: {p95: orders.took, grain: hour, by_grain: hour, by: [region], unit: ms, title: API response, audience: public}
  failed: {share: orders.ok, grain: month, title: Customer churn}
  disk: {mean: orders.took, grain: month, title: Disk used, unit: ms}
  secret: {count: orders, grain: month, audience: restricted}
routes: {on_call: {apprise: env:ON_CALL}, team: {apprise: env:TEAM}}
levels:
  critical: {respond: 15 minutes, to: on_call, escalate: team}
  warning: {respond: 4 hours, to: team}
  information: {respond: 1 day, to: team, digest: daily}
alerts:
  feed_stopped: {level: critical, source: orders, stale: 2 days, title: Revenue feed stopped}
  too_slow: {level: warning, kpi: slow, for: {region: each}, above: 500, after: 3, clear_after: 2, title: API response}
  churn: {level: warning, kpi: failed, above: 3 %, after: 2, title: Customer churn}
  disk_full: {level: information, kpi: disk, above: 80, clear_after: 3, title: Disk above 80}
  hidden: {level: warning, kpi: secret, above: 3, title: The secret}
  two: {level: warning, kpi: [disk, secret], restated: true, title: Disk and the secret}
  odd: {level: warning, check: all, title: Data blocked}
  breach: {level: critical, event: data breach}
"""
FEED = RuleCell("feed_stopped", "source orders")
SLOW = RuleCell("too_slow", "kpi slow", "", "hour", cell_text((("region", "eu"),)))
CALM = RuleCell("too_slow", "kpi slow", "", "hour", cell_text((("region", "us west"),)))
CHURN = RuleCell("churn", "kpi failed", "", "month")
DISK = RuleCell("disk_full", "kpi disk", "", "month")
TWO = RuleCell("two", "kpi disk", "", "month")
HIDDEN = RuleCell("hidden", "kpi secret", "", "month")
CHECK = RuleCell("odd", "check orders.sane")
NOT_SET = "the environment variable ON_CALL is not set"


def hours(count: float) -> datetime:
    """So many hours ago."""
    return NOW - timedelta(hours=count)


def told(
    of: RuleCell, tells: Tells, made: datetime, value: float | None = None, text: str = "", **more: object
) -> Notice:
    """A notice of the first episode."""
    level = {"feed_stopped": "critical", "disk_full": "information"}.get(of.alert, "warning")
    base = Notice(
        f"{of.id}-{tells}-{made:%d%H}", of, 1, tells, 1, made, made, level, "team", hours(3), None, value, None, text
    )
    return replace(base, **more)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A run, and alerts as a clock may have left them since."""
    (tmp_path / "headway.yml").write_text(PROJECT, encoding="utf-8")
    rows = [
        f"{n},2026-11-{10 + n // 4:02}T0{n % 4}:30:00,{100 + n},{'eu' if n % 2 else 'us west'},true" for n in range(40)
    ]
    (tmp_path / "orders.csv").write_text("\n".join(["id,at,took,region,ok", *rows]) + "\n", encoding="utf-8")
    with Ledger.open(tmp_path / "ledger.db") as opened:
        run.observe(catalogue.load(tmp_path), opened, RAN)
        opened.record_alerting(Run(NOW, NOW, "", state="tick"), standing())
        failed = Delivery(standing().notices[0].id, "on_call", hours(2), sent=False, error=NOT_SET)
        opened.record_alerting(Run(NOW, NOW, "", state="delivery"), Alerting(deliveries=(failed,)))
        yield opened


def standing() -> Alerting:
    """One of each state."""
    calendar = Calendar()
    hour, month = calendar.parse("2026-11-21T05").key, calendar.parse("2026-10").key
    common = {"rule": "r", "since": hours(3), "began": hours(3), "episode": 1}
    states = (
        AlertState(FEED, phase=Phase.FIRING, text="No new row for 3 days, the newest is of 18 Nov.", **common),
        AlertState(SLOW, phase=Phase.FIRING, value=1120.4, bound=500.0, period=hour, **common),
        AlertState(CALM, phase=Phase.FIRING, sight=Sight.NO_DATA, value=610.0, bound=500.0, period=hour, **common),
        AlertState(CHURN, "r", Phase.PENDING, count=1, value=0.032, bound=0.03, period=month, since=hours(500)),
        AlertState(DISK, phase=Phase.RECOVERING, count=1, value=76.0, bound=80.0, period=month, **common),
        AlertState(HIDDEN, phase=Phase.FIRING, value=5.0, bound=3.0, period=month, **common),
        AlertState(TWO, phase=Phase.FIRING, period=month, text="A closed number changed.", **common),
        AlertState(CHECK, "r", Phase.OK, Sight.ERROR, text="orders could not be read"),
        AlertState(RuleCell("gone", "source x"), phase=Phase.FIRING, **common),
    )
    notices = (
        told(FEED, Tells.START, hours(3), text="No new row for 2 days.", route="on_call"),
        told(SLOW, Tells.START, hours(3), 1091.0, bound=500.0, period=hour - 3600),
        told(SLOW, Tells.WORSE, hours(1), 1120.4, bound=500.0, period=hour),
        told(CALM, Tells.START, hours(3), 610.0, bound=500.0, period=hour),
        told(DISK, Tells.START, hours(3), 85.0, bound=80.0, period=month),
        told(CHECK, Tells.START, hours(80), text="2 of 40 rows fail.", began=hours(81)),
        told(CHECK, Tells.END, hours(78), text="", began=hours(81)),
    )
    feed, start, worse, calm, _, check, ended = (one.id for one in notices)
    deliveries = (
        Delivery(feed, "on_call", hours(3), sent=False, error=NOT_SET),
        Delivery(start, "team", hours(3), sent=True),
        Delivery(worse, "team", hours(1), sent=True),
        Delivery(calm, "team", hours(3), sent=True),
        Delivery(check, "team", hours(80), sent=True),
        Delivery(ended, "team", hours(78), sent=True),
    )
    return Alerting(states, notices, deliveries)


def seen(root: Path, ledger: Ledger, audience: Audience = Audience.INTERNAL, now: datetime = NOW) -> View:
    """What a reader sees."""
    return View(ledger, catalogue.load(root), audience, now)


def row(page: AlertsPage, of: RuleCell) -> AlertRow:
    """The row of a rule-cell."""
    return next(one for one in (*page.active, *page.handled, *page.blind) if one.id == of.id)


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_what_fires_says_what_it_saw_since_when_and_who_knows(tmp_path: Path, ledger: Ledger) -> None:
    """The most severe first; who could not be reached, and why; no data while it fires."""
    page = seen(tmp_path, ledger).alerts()
    assert [one.id for one in page.active][:1] == [FEED.id]
    assert {one.id for one in page.active} == {FEED.id, SLOW.id, CALM.id, CHURN.id, DISK.id}
    feed = row(page, FEED)
    assert (feed.urgency.bars, feed.urgent, feed.state.key, feed.rule) == (3, True, "firing", "no new row for 2 days")
    assert feed.text == "No new row for 3 days, the newest is of 18 Nov"
    assert plain(feed.told) == (
        "on_call could not be reached since 21 Nov, 03:10: the environment variable ON_CALL is not set"
    )
    slow = row(page, SLOW)
    assert (slow.title, slow.urgency.bars, slow.urgent) == ("API response: eu", 2, False)
    assert plain(slow.text) == "1.12 s in the hour of 21 Nov 2026, 05:00"
    assert plain(slow.value) == "1.12 s"
    assert plain(slow.rule) == "above 500 ms for 3 hours in a row"
    assert plain(slow.since) == "Since 21 Nov, 03:10, 3 h"
    assert slow.told == "Told: team"
    assert [plain(one.text) for one in slow.log] == [
        "1.09 s in the hour of 21 Nov 2026, 04:00. Firing; told team",
        "1.12 s in the hour of 21 Nov 2026, 05:00. Worse; told team",
    ]
    assert [one.line for one in slow.commands] == [
        f"headway alerts ack {SLOW.id} --why '...'",
        "headway alerts silence --alert too_slow --kpi slow --for-cell region=eu --for 4h --why '...'",
    ]
    assert plain(row(page, CALM).since) == "Since 21 Nov, 03:10, 3 h. There are no data now"
    assert "--for-cell 'region=us west'" in row(page, CALM).commands[1].line
    churn, disk = row(page, CHURN), row(page, DISK)
    assert (churn.state.word, churn.told, churn.fires) == ("Pending, 1 of 2", "Nobody is told yet", False)
    assert (disk.state.word, disk.told, disk.fires) == (
        "Recovering, 1 of 3",
        "Waits for the digest of 21 Nov, 08:00",
        True,
    )
    assert [one.id for one in page.blind] == [CHECK.id]


def test_what_somebody_took_or_silenced_stands_apart(tmp_path: Path, ledger: Ledger) -> None:
    """With who, why and until when; once handed back, or over, it stands where it was."""
    silence = Silence("s1", {"kpi": "slow", "region": "eu"}, hours(1), NOW + timedelta(days=3), "Bo", "rebuild")
    took = Acknowledgement(FEED, 1, "Ada", "calling them", hours(1))
    added = Alerting(
        acknowledgements=(took,), silences=(silence,), events=(Event("e", "data breach", hours(1), "Ada"),)
    )
    ledger.record_alerting(Run(NOW, NOW, "", state="decision"), added)
    view = seen(tmp_path, ledger)
    page = view.alerts()
    assert [one.id for one in page.handled] == [FEED.id, SLOW.id]
    feed, slow = row(page, FEED), row(page, SLOW)
    assert (feed.state.word, feed.said) == ("Acknowledged", "Ada took it on 21 Nov, 05:10: “calling them”")
    assert plain(slow.state.word) == "Silenced, 3 d left"
    assert slow.said == "Bo silenced it until 24 Nov, 06:10: “rebuild”"
    assert [one.does for one in feed.commands] == ["Hand back", "Silence"]
    assert [one.line for one in slow.commands][1] == "headway alerts unsilence s1"
    assert [(one.what, one.why) for one in page.silences] == [("kpi slow, region eu", "rebuild")]
    assert [(one.text, one.commands[0].line) for one in page.events] == [
        ("data breach", "headway event --close 'data breach'")
    ]
    assert view.stamp.firing == 2
    ledger.record_alerting(
        Run(NOW, NOW, "", state="decision"), Alerting(acknowledgements=(replace(took, taken=False),))
    )
    after = seen(tmp_path, ledger, now=NOW + timedelta(days=3)).alerts()
    assert after.handled == ()
    assert {FEED.id, SLOW.id} < {one.id for one in after.active}


def test_what_ended_stays_for_thirty_days(tmp_path: Path, ledger: Ledger) -> None:
    """With how long it lasted and who looked after it."""
    [ended] = seen(tmp_path, ledger).alerts().resolved
    assert (ended.title, plain(ended.lasted), ended.taken, ended.worst) == (
        "Data blocked: orders.sane",
        "3 h",
        "Nobody",
        "",
    )
    assert seen(tmp_path, ledger, now=NOW + timedelta(days=28)).alerts().resolved == ()


def test_a_route_that_is_down_says_since_when_and_why(tmp_path: Path, ledger: Ledger) -> None:
    """And how much waits for it."""
    found = {one.name: one for one in seen(tmp_path, ledger).alerts().routes}
    assert (found["on_call"].state.key, found["on_call"].waiting) == ("failed", 1)
    assert found["on_call"].text == (
        "Could not be reached since 21 Nov, 03:10: the environment variable ON_CALL is not set. 1 message waits, "
        "and nothing is lost"
    )
    assert (found["team"].state.key, found["team"].text) == ("pass", "Last told 21 Nov, 05:10")


def test_rules_are_listed_with_how_their_cells_stand(tmp_path: Path, ledger: Ledger) -> None:
    """The most severe first; an event that was never posted is fine."""
    found = {one.name: one for one in seen(tmp_path, ledger).alerts().rules}
    assert list(found)[:2] == ["feed_stopped", "breach"]
    assert [(one.number, one.verdict.word) for one in found["too_slow"].counts] == [(2, "firing")]
    assert [(one.number, one.verdict.word) for one in found["breach"].counts] == [(1, "OK")]
    assert len(found["too_slow"].cells) == 2
    assert found["churn"].declared_at.startswith("headway.yml line ")


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.INTERNAL, Audience.RESTRICTED])
def test_a_reader_sees_alerts_of_what_is_for_them(tmp_path: Path, ledger: Ledger, audience: Audience) -> None:
    """The public sees none, nowhere; colleagues none of a restricted KPI, not even its alert."""
    view = seen(tmp_path, ledger, audience)
    pages = Pages(view)
    written = {path: document.content for path in pages.paths() if (document := pages.get(path))}
    if audience is Audience.PUBLIC:
        assert b"API response" in written["kpi/slow.html"]
        for word in (b"alerts.html", b"too_slow", b"feed_stopped", b"data breach", b"Who is woken"):
            assert not [path for path, content in written.items() if word in content], word
        with pytest.raises(UsageError, match="the public has no page of alerts"):
            view.alerts()
        return
    restricted = audience is Audience.RESTRICTED
    assert (b"The secret" in written["alerts.html"]) is restricted
    assert (b"secret" in written["alerts.json"]) is restricted
    assert (b"Disk and the" in written["kpi/disk.html"]) is restricted
    assert view.stamp.firing == (6 if restricted else 4)


def test_alerts_stand_on_the_front_page_and_on_their_kpi(tmp_path: Path, ledger: Ledger) -> None:
    """A KPI lists what watches it, with what is not fine; one that nothing watches has no such section."""
    view = seen(tmp_path, ledger, Audience.RESTRICTED)
    front = view.front()
    assert front.alerts[0].id == FEED.id
    [watching] = view.kpi("slow").alerts
    assert (watching.alert, watching.state.key, len(watching.cells)) == ("too_slow", "firing", 2)
    pages = Pages(view)
    front_page, kpi_page = pages.get("index.html"), pages.get("kpi/slow.html")
    assert front_page is not None
    assert kpi_page is not None
    assert f"alerts.html#{FEED.id}" in front_page.content.decode()
    assert "Who is woken" in kpi_page.content.decode()
    assert 'class="n">6<' in kpi_page.content.decode()


def test_the_page_and_its_twin_say_the_same(tmp_path: Path, ledger: Ledger) -> None:
    """Everything on the page is in the JSON."""
    pages = Pages(seen(tmp_path, ledger))
    page, twin = pages.get("alerts.html"), pages.get("alerts.json")
    assert page is not None
    assert twin is not None
    said = json.loads(twin.content)
    for one in (*said["active"], *said["blind"]):
        assert one["id"] in page.content.decode()
    assert {one["name"] for one in said["rules"]} >= {"breach", "churn"}


def test_pages_of_then_say_what_fired_then(tmp_path: Path, ledger: Ledger) -> None:
    """Told from the messages, for states are replaced: before the first nothing fired, and what ended since fires."""
    ended = told(SLOW, Tells.END, NOW + timedelta(hours=5), 90.0, bound=500.0)
    fine = AlertState(SLOW, "r", episode=1, since=NOW + timedelta(hours=5))
    later = NOW + timedelta(hours=5)
    before = ledger.newest()
    ledger.record_alerting(Run(later, later, "", state="tick"), Alerting((fine,), (ended,)))
    now = seen(tmp_path, ledger, now=later).alerts()
    assert SLOW.id not in {one.id for one in now.active}
    catalog = catalogue.load(tmp_path)
    assert before is not None
    then = past.open(ledger, catalog, Audience.INTERNAL, before.id).alerts()
    assert {one.id for one in then.active} == {FEED.id, SLOW.id, CALM.id, DISK.id}
    assert then.note
    assert row(then, SLOW).commands == ()

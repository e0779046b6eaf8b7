"""Messages, word by word: `tests/golden/messages/*.txt` is what people read in each case.

`HEADWAY_WRITE_GOLDEN=1 pytest tests/unit/test_publish_message.py` writes them anew, to be read in review.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import typer

from headway import catalog as catalogue
from headway import run
from headway.cli import app
from headway.ledger import Ledger
from headway.model import (
    Alerting,
    Audience,
    Delivery,
    Message,
    Notice,
    RuleCell,
    Service,
    Tells,
    Withdrawn,
    cell_text,
)
from headway.publish import lately, message, view
from headway.publish.view import View

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
NOW = datetime(2026, 11, 22, 6, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)

PROJECT = """
project: northlane
title: Northlane
site_url: https://kpis.northlane.example
sources:
  requests:
    read: {files: requests.csv}
    columns: {id: integer, at: timestamp, region: text, failed: boolean, ms: number}
    key: id
    time: at
    checks: [{between: {ms: [0, 900]}, then: warn, why: A slower answer is a clock that ran backwards.}]
  orders:
    read: {files: orders.csv}
    columns: {id: integer, on: date, plan: text, usd: number}
    key: id
    time: on
kpis:
  error_rate:
    title: API error rate
    share: requests.failed
    grain: hour
    by_grain: hour
    by: [region]
    better: lower
    targets: [{at_most: 0.5 %, grain: hour}]
  response_time: {title: Response time, p95: requests.ms, grain: hour, by_grain: hour, by: [region], unit: ms}
  orders: {title: Orders, count: orders, grain: month, by_grain: month, by: [plan], unit: orders, better: higher}
  margin: {title: Margin per order, sum: orders.usd, grain: month, unit: USD, audience: restricted}
routes:
  on_call: {apprise: env:ON_CALL}
  team: {apprise: env:TEAM}
levels:
  critical: {respond: 15 minutes, to: on_call, repeat: 1 hour, escalate: team}
  warning: {respond: 4 hours, to: team}
  information: {respond: 1 day, to: team, digest: daily}
alerts:
  api_errors_high: {level: critical, kpi: error_rate, above: 1 %, clear: 0.5 %, after: 2, why: Customers see it first.}
  api_slow: {level: warning, kpi: response_time, for: {region: each}, above: 500}
  orders_fell: {level: warning, kpi: orders, growth: 1 month, below: -10 %}
  slipping: {level: information, kpi: [orders, error_rate], trend: worse, periods: 6}
  orders_stale: {level: information, kpi: orders, stale: 40 days}
  margin_low: {level: warning, kpi: margin, below: 1000}
  restated: {level: information, kpi: orders, restated: true}
  requests_gone: {level: critical, source: requests}
  requests_silent: {level: critical, source: requests, stale: 2 days}
  odd_times: {level: information, check: requests.between}
  breach: {level: critical, event: data breach}
"""


def _requests() -> str:
    """Two regions, 100 requests an hour each; in the last two hours the European one fails."""
    first = datetime(2026, 11, 20, 6, tzinfo=UTC)
    lines, number = ["id,at,region,failed,ms"], 0
    for hour in range(48):
        for region, each in (("eu", 100), ("us", 100)):
            failing = (3, 7)[hour - 46] if hour >= 46 and region == "eu" else hour % 2
            for one in range(each):
                number += 1
                at = first + timedelta(hours=hour, seconds=one)
                ms = 120 + (hour * 7) % 50 + one + (600 if hour == 47 and region == "eu" else 0)
                lines.append(f"{number},{at:%Y-%m-%dT%H:%M:%S},{region},{'true' if one < failing else 'false'},{ms}")
    lines.append(f"{number + 1},2026-11-22T05:59:00,us,false,950")
    return "\n".join(lines) + "\n"


def _orders() -> str:
    """Orders of fourteen months; in October 2026 those of the free plan fall away."""
    lines, number = ["id,on,plan,usd"], 0
    for month in range(14):
        year, of_year = divmod(8 + month, 12)
        for plan, count in (("free", 60 if month == 13 else 160), ("pro", 100 + month), ("team", 40)):
            for one in range(count):
                number += 1
                lines.append(f"{number},{2025 + year}-{of_year + 1:02}-{one % 28 + 1:02},{plan},{4}")
    lines.append(f"{number + 1},2026-11-20,pro,4")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def northlane(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Audience], View]:
    """The project, computed once, as readers of an audience see it."""
    return _computed(tmp_path_factory.mktemp("northlane"), PROJECT)


def _computed(root: Path, project: str) -> Callable[[Audience], View]:
    """A project on these requests and orders, computed once."""
    (root / "headway.yml").write_text(dedent(project), encoding="utf-8")
    (root / "requests.csv").write_text(_requests(), encoding="utf-8")
    (root / "orders.csv").write_text(_orders(), encoding="utf-8")
    catalog = catalogue.load(root)
    ledger = Ledger.open(root / "ledger.db")
    run.observe(catalog, ledger, NOW)
    return lambda audience: view.open(ledger, catalog, audience, NOW)


@pytest.fixture(scope="module")
def internal(northlane: Callable[[Audience], View]) -> View:
    """As its own people see it."""
    return northlane(Audience.INTERNAL)


def of(alert: str, subject: str = "event", grain: str = "", **cell: str) -> RuleCell:
    """A rule-cell."""
    return RuleCell(alert, subject, "", grain, cell_text(tuple(cell.items())))


def notice(rule_cell: RuleCell, tells: Tells = Tells.START, **more: object) -> Notice:
    """A notice; of what fires since five o'clock, if nothing else is said."""
    levels = {"api_errors_high": "critical", "requests_gone": "critical", "breach": "critical"}
    level = levels.get(rule_cell.alert, "warning")
    known = {"at": NOW - 10 * timedelta(minutes=1), "made": NOW, "level": level, "route": "team"}
    known |= {"began": datetime(2026, 11, 22, 5, tzinfo=UTC), "number": 1, "episode": 1}
    return Notice(id=f"{rule_cell.id}-{tells}", of=rule_cell, tells=tells, **(known | more))  # type: ignore[arg-type]


def again(one: Notice, tells: Tells, **more: object) -> Notice:
    """Another notice of the same episode."""
    return replace(one, id=f"{one.of.id}-{tells}", tells=tells, **more)  # type: ignore[arg-type]


def hour(of_day: int, day: int = 22) -> int:
    """The key of an hour of November."""
    return int(datetime(2026, 11, day, of_day, tzinfo=UTC).timestamp())


def month(number: int) -> int:
    """The key of a month of 2026."""
    return (datetime(2026, number, 1) - datetime(1970, 1, 1)).days  # noqa: DTZ001  # a day


ERRORS = of("api_errors_high", "kpi error_rate", "hour")
SLOW = {region: of("api_slow", "kpi response_time", "hour", region=region) for region in ("eu", "us", "asia", "africa")}
HIGH = notice(ERRORS, period=hour(5), value=0.04, bound=0.01)
FELL = notice(of("orders_fell", "kpi orders", "month"), period=month(10), value=-0.31, bound=-0.1,
              began=datetime(2026, 11, 1, tzinfo=UTC))  # fmt: skip
END = notice(ERRORS, Tells.END, period=hour(5), value=0.004, bound=0.005, at=datetime(2026, 11, 22, 8, tzinfo=UTC))
SLOW_EU = notice(SLOW["eu"], period=hour(5), value=818.05, bound=500.0)

#: The first message of the episode reached somebody an hour ago.
SENT = (Delivery(HIGH.id, "on_call", NOW - HOUR, sent=True),)

CASES: dict[str, tuple[list[Notice], list[Notice]]] = {
    "start": ([HIGH], []),
    "start-of-a-cell": ([SLOW_EU], []),
    "start-of-growth": ([FELL], []),
    "start-of-a-trend": (
        [notice(of("slipping", "kpi orders", "month"), level="information", period=month(10), value=205.0,
                text="down over 6 months (tau -0.87, p 0.017)")], []),
    "worse": ([again(HIGH, Tells.WORSE, value=0.08)], []),
    "repeat": ([again(HIGH, Tells.REPEAT)], []),
    "escalation": ([again(HIGH, Tells.ESCALATION)], [replace(HIGH, made=NOW - HOUR)]),
    "end": ([END], [HIGH]),
    "end-by-the-catalogue": ([replace(END, text=Withdrawn.CHANGED)], [HIGH]),
    "end-of-what-is-gone": (
        [notice(of("no_more", "kpi no_more", "day"), Tells.END, text=Withdrawn.GONE)], []),
    "over": ([HIGH, END], []),
    "stale": ([notice(of("orders_stale", "kpi orders", "month"), level="information",
                      text="its newest complete month is 2026-10")], []),
    "restated": ([notice(of("restated", "kpi orders", "month"), level="information", period=month(9), value=313.0,
                         text="300 orders became 313 orders")], []),
    "unreadable": ([notice(of("requests_gone", "source requests"), text="no file matches 'requests.csv'")], []),
    "silent": ([notice(of("requests_silent", "source requests"), level="critical",
                       text="its newest row is of 2026-11-19 04:10 UTC")], []),
    "readable-again": ([notice(of("requests_gone", "source requests"), Tells.END, at=NOW)], []),
    "check": ([notice(of("odd_times", "check requests.between"), level="information",
                      text="1 row of requests breaks the check between")], []),
    "event": ([notice(replace(of("breach"), part="b1"), text="a laptop was lost, disk not encrypted")], []),
    "event-without-reason": ([notice(replace(of("breach"), part="b1"), text="Data breach")], []),
    "event-closed": ([notice(replace(of("breach"), part="b1"), Tells.END, text="data breach")], []),
    "hidden": ([notice(of("margin_low", "kpi margin", "month"), period=month(10), value=820.0, bound=1000.0)], []),
    "two": ([HIGH, SLOW_EU], []),
    "many-of-one-alert": ([replace(SLOW_EU, of=one) for one in SLOW.values()], []),
    "digest": (
        [replace(one, level="information") for one in (HIGH, SLOW_EU, FELL)]
        + [notice(of("orders_stale", "kpi orders", "month"), Tells.END, level="information")], []),
}  # fmt: skip


def written(one: Message) -> str:
    """A message as people read it, with ordinary spaces."""
    return f"{one.title}\n\n{one.text}".replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize("case", CASES)
def test_messages_read_as_reviewed(case: str, internal: View) -> None:
    """The line and the text of a message, in every case there is."""
    notices, story = CASES[case]
    said = written(message.message(notices, internal, Alerting(notices=tuple(story), deliveries=SENT)))
    expected = GOLDEN / f"{case}.txt"
    if os.environ.get("HEADWAY_WRITE_GOLDEN"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def test_an_hour_without_cells_is_explained_by_its_day(tmp_path: Path) -> None:
    """Cells are kept by the day if nobody says otherwise; the hour that wakes people has its cell all the same."""
    by_day = PROJECT.replace("    by_grain: hour\n", "")
    assert by_day != PROJECT
    internal = _computed(tmp_path, by_day)(Audience.INTERNAL)
    text = message.message([HIGH], internal).text
    assert "Where:   eu, from 0.50 % to 2.0 %: most of the change of the day since 21 Nov 2026\n" in text.replace(
        "\u202f", " "
    ).replace("\xa0", " ")
    # An hour that got better than the day before is not explained by a day that got worse.
    fine = notice(ERRORS, period=hour(0), value=0.0, bound=0.01)
    assert "Where:" not in message.message([fine], internal).text


def test_the_documentation_shows_a_message_as_it_is() -> None:
    """The example of docs/alerts.md is one of the cases, word by word."""
    docs = (GOLDEN.parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
    assert (GOLDEN / "start.txt").read_text(encoding="utf-8") in docs


def test_every_command_in_a_message_is_one() -> None:
    """What stands in messages to be copied has the names and options that the command line has."""
    texts = [path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.txt")]
    found = {line for text in texts for line in re.findall(r"(?m):  +(headway .*)$", text)}
    assert len(found) > 8
    for line in found:
        _, *words = shlex.split(line)
        command: Any = typer.main.get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        command.make_context("headway", words)


def test_no_case_is_left_over() -> None:
    """Each golden file belongs to a case."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


def test_a_digit_is_added_where_rounding_would_contradict_the_rule(internal: View) -> None:
    """What is above 1 % never reads 1 %."""
    said = message.message([replace(HIGH, value=0.01004)], internal)
    assert "at 1.004 %, above 1 %" in written(said).splitlines()[0]


def test_a_message_to_a_route_tells_nothing_of_what_its_readers_may_not_see(
    northlane: Callable[[Audience], View],
) -> None:
    """Neither the number nor the name of a restricted KPI, in no form of the message; those who may see it are told."""
    [secret], _ = CASES["hidden"]
    said = message.message([secret], northlane(Audience.INTERNAL))
    everything = repr((said.title, said.text, said.html, said.signals))
    assert not said.picture
    assert "margin_low" in everything
    for word in ("Margin per order", "kpi margin", "820", "1,000", "kpi/margin"):
        assert word not in everything
    assert "$820" in message.message([secret], northlane(Audience.RESTRICTED)).title


def test_html_loads_nothing_and_says_what_the_text_says(internal: View) -> None:
    """A mail has no script, no style sheet and no picture from elsewhere, and every sentence and fact of the text."""
    said = message.message([HIGH], internal)
    assert not re.search(r"<script|<link|@import|url\(|\son\w+=", said.html)
    assert set(re.findall(r'src="([^"]*)"', said.html)) == {"cid:last-values.png"}
    shown = " ".join(unescape(re.sub(r"<(?!img)[^>]+>", " ", said.html)).split())
    for line in said.text.splitlines():
        for part in re.split(r"[:;] +", line):
            assert " ".join(part.split()) in shown


def test_what_stands_in_data_is_no_markup(internal: View) -> None:
    """A cell that is called like a tag is shown as it is called, and one with quotes cannot leave its command."""
    odd = of("api_slow", "kpi response_time", "hour", region="<img src=x>'; rm -rf")
    said = message.message([replace(SLOW_EU, of=odd)], internal)
    assert "<img src=x>" not in said.html
    assert "&lt;img src=x&gt;" in said.html
    assert """--for-cell 'region=<img src=x>'"'"'; rm -rf'""" in said.text


def test_the_picture_is_small_and_of_the_last_values(internal: View) -> None:
    """A PNG of 440 pixels at twice their number; none where there is a list."""
    picture = message.message([HIGH], internal).picture
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20], "big") == 880
    assert len(picture) < 100_000
    assert message.message([HIGH, SLOW_EU], internal).picture == b""


def test_an_alertmanager_is_told_the_same_by_labels(internal: View) -> None:
    """What is watched stands in labels, what is known in annotations; the end lies ahead until there is one."""
    [one] = message.message([SLOW_EU], internal).signals
    assert one.labels == {
        "alertname": "api_slow", "kpi": "response_time", "part": "", "level": "warning", "severity": "warning",
        "project": "northlane", "region": "eu", "route": "",
    }  # fmt: skip
    assert one.annotations["summary"] == "Response time, eu at 818\u00a0ms, above 500\u00a0ms"
    assert one.annotations["take"].startswith("headway alerts ack ")
    assert (one.starts, one.ends) == (SLOW_EU.began, NOW + message.AHEAD)
    assert one.url == "https://kpis.northlane.example/kpi/response_time.html"
    [ended] = message.message([replace(SLOW_EU, tells=Tells.END, value=300.0)], internal).signals
    assert (ended.labels, ended.starts, ended.ends) == (one.labels, SLOW_EU.began, SLOW_EU.at)


def test_each_alert_has_its_own_words(internal: View) -> None:
    """Whatever comes first in a message, labels and summary of an alert speak of the same."""
    ended = notice(SLOW["us"], Tells.END, period=hour(5), value=300.0, bound=500.0)
    signals = message.message([ended, SLOW_EU, HIGH], internal).signals
    said = {one.labels.get("region", ""): one.annotations["summary"].replace("\u202f", " ") for one in signals}
    assert said["us"].startswith("Response time, us back at 300")
    assert said["eu"].startswith("Response time, eu at 818")
    assert said[""].startswith("API error rate at 4.0 %")


def test_a_message_about_a_thousand_cells_is_made_at_once(internal: View) -> None:
    """Stored numbers are read once for all of them, and the text names as many as somebody may read."""
    some = [
        notice(of("api_slow", "kpi response_time", "hour", region=f"r{n}"), tells, period=hour(5), value=n, bound=500.0)
        for n in range(1000)
        for tells in (Tells.START, Tells.END)
    ]
    began = time.process_time()
    said = message.message(some, internal, Alerting(notices=tuple(some)))
    assert time.process_time() - began < 3
    assert said.title == "Warning: Api slow, 1,000 started and ended"
    assert "... and 970 more." in said.text
    assert len(said.signals) == 1000


def test_what_fires_is_told_to_an_alertmanager_again_by_the_same_labels(internal: View) -> None:
    """The newest notice gives the labels that the first one had, and the numbers of now."""
    [again] = message.standing([replace(SLOW_EU, tells=Tells.WORSE, value=900.0)], internal).signals
    [first] = message.message([SLOW_EU], internal).signals
    assert again.annotations["summary"].startswith("Response time, eu at 900\u00a0ms")
    assert (again.labels, again.starts, again.ends) == (first.labels, first.starts, first.ends)


def test_a_test_says_that_nothing_is_wrong(internal: View) -> None:
    """It names the levels that come this way; an Alertmanager gets an alert that ends by itself."""
    route = internal.catalog.routes["team"]
    said = message.test(route, internal, NOW)
    assert said.title == "Test: Northlane reaches team"
    assert said.text == (
        "Somebody tried this route at 22 Nov 2026, 06:10 UTC. Nothing is wrong. "
        "Alerts of critical, warning and information come this way.\n"
    )
    [signal] = message.test(replace(route, service=Service.ALERTMANAGER), internal, NOW).signals
    assert signal.ends == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([1.0, 2.0, 8.0], "▁▂█"),
        ([3.0, 3.0], "▄▄"),
        ([0.0, None, -7.0], "█·▁"),
    ],
)
def test_values_as_characters(values: list[float | None], drawn: str) -> None:
    """From the lowest to the highest; level where all are equal; a dot where there is none."""
    assert lately.bars(values) == drawn

"""What people say to alerts on the command line, and what they read there: real processes over one ledger."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from headway.model import RuleCell, cell_text

if TYPE_CHECKING:
    from conftest import Shop

ALERTS = """\
routes: {on_call: {apprise: env:SHOP_ON_CALL}, team: {apprise: env:SHOP_TEAM}}
levels:
  critical: {respond: 15 minutes, to: on_call}
  warning: {respond: 4 hours, to: team}
alerts:
  empty_shop: {level: critical, kpi: visits, below: 100, title: The shop is empty}
  few_on_shelf: {level: warning, kpi: visits, for: {shelf: maps}, below: 50, title: Few at the maps}
  burglary: {level: critical, event: a burglary}
"""
EMPTY = RuleCell("empty_shop", "kpi visits", "", "day")
MAPS = RuleCell("few_on_shelf", "kpi visits", "", "day", cell_text((("shelf", "maps"),)))


@pytest.fixture
def alarmed(shop: Shop) -> Shop:
    """The corner shop, where nobody comes any more, and whose routes have no address."""
    shop.write("alerts.yml", ALERTS)
    ran = shop.run()
    assert ran.code == 0
    assert "Alerts: 2 started." in ran.out
    return shop


def test_a_list_says_what_fires_and_who_knows(alarmed: Shop) -> None:
    """The most severe first, with ids to act by; JSON has the same."""
    said = alarmed.headway("alerts")
    assert (said.code, said.err) == (0, "")
    assert said.out.index("The shop is empty") < said.out.index("Few at the maps")
    assert f"● Firing  The shop is empty  ▮▮▮ Critical  {EMPTY.id}" in said.out
    assert "12 on 9 Mar 2026; below 100." in said.out
    assert "on_call could not be reached since 10 Mar, 06:00: the environment variable SHOP_ON_CALL is not" in said.out
    assert "headway alerts ack ID" in said.out
    listed = json.loads(alarmed.headway("alerts", "--json").out)
    assert [row["id"] for row in listed["active"]] == [EMPTY.id, MAPS.id]


def test_what_somebody_takes_is_in_their_hands(alarmed: Shop) -> None:
    """Until it is handed back; what happened stands in its history, with the commands that go on from there."""
    assert (
        f"Ada looks after The shop is empty ({EMPTY.id})"
        in alarmed.headway("alerts", "ack", EMPTY.id, "--who", "Ada", "--why", "on my way").out
    )
    said = alarmed.headway("alerts").out
    assert said.index("Few at the maps") < said.index("Acknowledged and silenced") < said.index("The shop is empty")
    whole = alarmed.headway("alerts", "show", EMPTY.id[:4]).out
    assert "Ada took it: “on my way”" in whole
    assert f"headway alerts ack {EMPTY.id} --back" in whole
    assert "in nobody's hands again" in alarmed.headway("alerts", "ack", EMPTY.id, "--back").out
    assert "Acknowledged" not in alarmed.headway("alerts").out


def test_a_silence_names_what_it_is_about_and_can_be_ended(alarmed: Shop) -> None:
    """Its end is shown in the project's zone."""
    made = alarmed.headway("alerts", "silence", "--for-cell", "shelf=maps", "--for", "4h", "--why", "shelves move")
    assert made.code == 0
    assert ": Few at the maps: maps." in made.out
    number = made.out.split("unsilence ")[1].strip()
    said = alarmed.headway("alerts").out
    assert f"{number}  shelf maps" in said
    assert re.search("Silenced, (4\xa0h|3\xa0h 5\\d\xa0min) left", said), said
    assert f"The silence {number} (shelf maps) is over" in alarmed.headway("alerts", "unsilence", number).out
    assert number not in alarmed.headway("alerts").out


def test_an_event_is_posted_and_closed(alarmed: Shop) -> None:
    """Twice posted is one."""
    posted = alarmed.headway("event", "a burglary", "--why", "the door is open")
    assert posted.out == "'a burglary' is open.\nAlerts: 1 started.\n"
    assert "SHOP_ON_CALL is not set" in posted.err
    assert "nobody is told twice" in alarmed.headway("event", "A burglary").out
    assert "Happening: a burglary" in alarmed.headway("alerts").out
    assert "'a burglary' is closed" in alarmed.headway("event", "a burglary", "--close").out
    assert "Happening" not in alarmed.headway("alerts").out


WRONG = (
    ("alerts ack nothing", "unknown-alert"),
    ("alerts show nothing", "unknown-alert"),
    ("alerts silence --kpi visits --why x", "unknown-option"),
    ("alerts silence --kpi visits --why x --for 4x", "bad-length"),
    ("alerts silence --kpi visits --why x --until 25:00", "bad-date"),
    ("alerts silence --kpi visits --for 4h", "no-reason"),
    ("alerts silence --level critical --for-cell shelf=maps --for 4h --why x", "matches-nothing"),
    ("alerts unsilence nothing", "unknown-silence"),
    ("alerts test tem", "unknown-name"),
    ("event burglary", "unknown-event"),
)


def test_a_wrong_command_says_what_is_right(alarmed: Shop) -> None:
    """In a sentence with a remedy, and nothing is written."""
    for line, slug in WRONG:
        said = alarmed.headway(*line.split())
        assert (said.code, said.out) == (2, ""), line
        assert f"[{slug}]\n  " in said.err, line


def test_a_test_goes_through_the_real_door(alarmed: Shop) -> None:
    """A route without an address says which variable is missing; the exit code is that of delivery."""
    said = alarmed.headway("alerts", "test", "team", SHOP_TEAM="")
    assert said.code == 6
    assert "route team: the environment variable SHOP_TEAM is not set" in said.err


def test_without_alerts_there_is_a_sentence(shop: Shop) -> None:
    """Nothing declared, then nothing computed, then nothing looked at."""
    assert shop.run().code == 0
    assert "no alert is declared [unknown-alert]" in shop.headway("alerts").err
    shop.write("alerts.yml", ALERTS)
    said = shop.headway("alerts", "--all").out
    assert "Nothing fires." in said
    (shop.root / ".headway/ledger.db").unlink()
    assert "[nothing-computed]" in shop.headway("alerts").err

"""What people say to alerts: who looks after one, when nobody is told, and what happened; each a row of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog as catalogue
from headway import decide
from headway.decide import Saying
from headway.errors import UsageError
from headway.ledger import Ledger, Run
from headway.model import Alerting, AlertState, Catalog, Notice, Phase, RuleCell, Tells, cell_text

NOW = datetime(2026, 11, 21, 6, 10, tzinfo=UTC)
ADA = Saying("Ada", "because", NOW)
PROJECT = """
project: said
sources:
  orders:
    read: {files: orders.csv}
    columns: {id: integer, at: timestamp, took: number, region: text, level: text}
    key: id
    time: at
kpis:
  slow: {p95: orders.took, by: [region, level], unit: ms, title: Response time}
  sum: {sum: orders.took}
routes: {on_call: {apprise: env:ON_CALL}, team: {apprise: env:TEAM}}
levels:
  critical: {respond: 15 minutes, to: on_call}
  warning: {respond: 4 hours, to: team}
alerts:
  too_slow: {level: warning, kpi: slow, for: {region: each}, above: 500}
  by_plan: {level: warning, kpi: slow, for: {level: each}, above: 500}
  too_much: {level: warning, kpi: sum, above: 500, title: Too much}
  breach: {level: critical, event: data breach}
  failure: {level: critical, event: revenue system failure}
"""
EU = RuleCell("too_slow", "kpi slow", "", "day", cell_text((("region", "eu"),)))
US = RuleCell("too_slow", "kpi slow", "", "day", cell_text((("region", "us"),)))
GOLD = RuleCell("by_plan", "kpi slow", "", "day", cell_text((("level", "gold"),)))
MUCH = RuleCell("too_much", "kpi sum", "", "day")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Alerts on cells, on a total, and on events."""
    (tmp_path / "headway.yml").write_text(PROJECT, encoding="utf-8")
    return catalogue.load(tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Two regions fire; the rest is fine."""
    with Ledger.open(tmp_path / "ledger.db") as opened:
        opened.record(Run(NOW, NOW, "c", "{}", NOW), [])
        fires = [AlertState(of, "r", Phase.FIRING, episode=3, since=NOW, began=NOW) for of in (EU, US)]
        fine = [AlertState(of, "r") for of in (GOLD, MUCH)]
        starts = [Notice(of.id, of, 3, Tells.START, 1, NOW, NOW, "warning", "team") for of in (EU, US)]
        opened.record_alerting(Run(NOW, NOW, "", state="tick"), Alerting((*fires, *fine), tuple(starts)))
        yield opened


def refused(slug: str, match: str) -> pytest.RaisesContext[UsageError]:
    """A UsageError of this slug."""
    return pytest.raises(UsageError, match=rf"{match}(.|\n)*\[{slug}\]|\[{slug}\](.|\n)*{match}")


# -- acknowledging ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "taken"),
    [([EU.id], {EU}), ([EU.id[:3].upper()], {EU}), (["too_slow"], {EU, US}), ([EU.id, "too_slow"], {EU, US})],
)
def test_who_looks_after_it_is_kept(catalog: Catalog, ledger: Ledger, names: list[str], taken: set[RuleCell]) -> None:
    """By an id, its first letters, or the alert for all that fires of it; once each, as a decision."""
    done = decide.acknowledge(catalog, ledger, names, ADA)
    assert {state.of for state in done} == taken
    kept = ledger.alerting().acknowledgements
    assert {(one.of, one.episode, one.who, one.why, one.at, one.taken) for one in kept} == {
        (of, 3, "Ada", "because", NOW, True) for of in taken
    }
    newest = ledger.newest()
    assert newest is not None
    assert newest.state == "decision"


def test_what_was_taken_can_be_handed_back(catalog: Catalog, ledger: Ledger) -> None:
    """By anybody, and once."""
    decide.acknowledge(catalog, ledger, [EU.id], ADA)
    decide.acknowledge(catalog, ledger, [EU.id], replace(ADA, who="Bo"), back=True)
    [kept] = ledger.alerting().acknowledgements
    assert (kept.who, kept.taken) == ("Bo", False)
    with refused("already-decided", "nobody has taken Too slow: eu"):
        decide.acknowledge(catalog, ledger, [EU.id], ADA, back=True)


@pytest.mark.parametrize(
    ("name", "slug", "said"),
    [
        ("too_slw", "unknown-alert", "Did you mean 'too_slow'"),
        ("nothing", "unknown-alert", f"What fires: {EU.id} .Too slow: eu., {US.id}"),
        (EU.id[:1], "unknown-alert", "there is no alert"),
        ("too_much", "not-firing", "'Too much' does not fire"),
        (MUCH.id, "not-firing", "Only what fires can be acknowledged"),
    ],
)
def test_what_does_not_fire_cannot_be_taken(catalog: Catalog, ledger: Ledger, name: str, slug: str, said: str) -> None:
    """The error says what fires, or what was meant; nothing is written."""
    before = ledger.newest()
    with refused(slug, said):
        decide.acknowledge(catalog, ledger, [EU.id, name], ADA)
    assert ledger.newest() == before
    assert ledger.alerting().acknowledgements == ()


# -- silences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ({"alert": "too_slow"}, {EU, US}),
        ({"kpi": "slow", "region": "eu"}, {EU}),
        ({"cell_level": "gold"}, {GOLD}),
        ({"route": "on_call"}, {RuleCell("breach", "event"), RuleCell("failure", "event")}),
        ({"alert": "breach", "level": "critical"}, {RuleCell("breach", "event")}),
    ],
)
def test_a_silence_says_what_it_speaks_of(
    catalog: Catalog, ledger: Ledger, matchers: dict[str, str], found: set[RuleCell]
) -> None:
    """Also of what no clock has looked at yet; it is kept with who and why."""
    until = NOW + timedelta(hours=4)
    made, of = decide.silence(catalog, ledger, matchers, until, ADA)
    assert found <= set(of)
    assert all(one.cell for one in found if one.grain) or found == set(of)
    [kept] = ledger.alerting().silences
    assert kept == made
    assert (kept.starts, kept.until, kept.who, kept.why) == (NOW, until, "Ada", "because")


@pytest.mark.parametrize(
    ("matchers", "slug", "said"),
    [
        ({}, "unknown-option", "what is to be silent"),
        ({"alert": "too_slw"}, "unknown-name", "Did you mean 'too_slow'"),
        ({"level": "warnings"}, "unknown-name", "there is no level 'warnings'"),
        ({"kpi": "orders"}, "unknown-name", "There is slow, sum"),
        ({"source": "orders"}, "unknown-name", "No alert watches a source"),
        ({"region": "ue"}, "unknown-name", "no alert watches region 'ue'"),
        ({"plan": "gold"}, "unknown-name", "There is cell_level, region"),
        ({"kpi": "slow", "level": "critical"}, "matches-nothing", "With kpi slow there is by_plan, too_slow"),
        ({"alert": "too_much", "region": "eu"}, "matches-nothing", "alert too_much and region eu"),
    ],
)
def test_a_silence_must_speak_of_something(
    catalog: Catalog, ledger: Ledger, matchers: dict[str, str], slug: str, said: str
) -> None:
    """Or whoever asked for it would wait in vain; the error says what there is."""
    with refused(slug, said):
        decide.silence(catalog, ledger, matchers, NOW + timedelta(hours=4), ADA)
    assert ledger.alerting().silences == ()


def test_a_silence_needs_a_reason_and_an_end_to_come(catalog: Catalog, ledger: Ledger) -> None:
    """Whoever was not told will ask why."""
    with refused("no-reason", "why is nobody to be told"):
        decide.silence(catalog, ledger, {"kpi": "sum"}, NOW + timedelta(hours=4), replace(ADA, why=" "))
    with refused("bad-date", "over already"):
        decide.silence(catalog, ledger, {"kpi": "sum"}, NOW, ADA)


def test_a_silence_can_be_ended(catalog: Catalog, ledger: Ledger) -> None:
    """Once, and now; it stays on record."""
    made, _ = decide.silence(catalog, ledger, {"kpi": "sum"}, NOW + timedelta(hours=4), ADA)
    with refused("unknown-silence", f"In force: {made.id}"):
        decide.unsilence(ledger, ["a"], ADA)
    later = replace(ADA, now=NOW + timedelta(hours=1))
    [ended] = decide.unsilence(ledger, [made.id[:4]], later)
    assert (ended.starts, ended.until) == (NOW, later.now)
    assert ledger.alerting().silences == (ended,)
    assert not ended.holds(later.now)
    with refused("already-decided", "is over"):
        decide.unsilence(ledger, [made.id], later)


# -- events ----------------------------------------------------------------------------------------------------------


def test_an_event_is_posted_once_and_closed_once(catalog: Catalog, ledger: Ledger) -> None:
    """However its letters are typed; after it was closed, the next one is another."""
    first, new = decide.post(catalog, ledger, "Data  BREACH", ADA)
    assert (first.text, first.opened, new) == ("data breach", NOW, True)
    again, new = decide.post(catalog, ledger, "data breach", replace(ADA, who="Bo"))
    assert (again, new) == (first, False)
    later = replace(ADA, who="Bo", why="", now=NOW + timedelta(hours=1))
    closed = decide.close(catalog, ledger, "data breach", later)
    assert (closed.id, closed.closed, closed.why) == (first.id, later.now, "because")
    assert ledger.alerting().events == (closed,)
    with refused("unknown-event", "'data breach' is not open"):
        decide.close(catalog, ledger, "data breach", later)
    second, new = decide.post(catalog, ledger, "data breach", later)
    assert new
    assert second.id != first.id


@pytest.mark.parametrize(
    ("text", "said"),
    [("data breech", "Did you mean 'data breach'"), ("fire", "Alerts watch 'data breach', 'revenue system failure'")],
)
def test_an_event_that_nobody_watches_is_refused(catalog: Catalog, ledger: Ledger, text: str, said: str) -> None:
    """It would reach nobody."""
    with refused("unknown-event", said):
        decide.post(catalog, ledger, text, ADA)
    with refused("unknown-event", said):
        decide.close(catalog, ledger, text, ADA)
    assert ledger.alerting().events == ()


def test_before_the_first_run_there_is_nothing_to_say(catalog: Catalog, tmp_path: Path) -> None:
    """What is said has a place among what was computed."""
    with Ledger.open(tmp_path / "empty.db") as empty, refused("nothing-computed", "headway run"):
        decide.post(catalog, empty, "data breach", ADA)

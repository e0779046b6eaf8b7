"""What the ledger keeps of alerts: read as it was written, as of then, and the same wherever it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headway.errors import UsageError
from headway.ledger import Ledger, Run, bring, export
from headway.model import (
    Acknowledgement,
    Alerting,
    AlertState,
    Delivery,
    Event,
    Notice,
    Phase,
    RuleCell,
    Sight,
    Silence,
    Tells,
)

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
CELL = RuleCell("api_slow", "kpi api_time", "p95", "hour", '{"route":"/a"}')


def at(minute: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minute)


def row(minute: float, state: str = "ok") -> Run:
    """A row of `run` of that minute."""
    finished, text = at(minute), "{}" if state == "ok" else ""
    return Run(finished, finished, "c" if text else "", text, finished, state)  # type: ignore[arg-type]


def notice(tells: Tells = Tells.START, of: RuleCell = CELL, episode: int = 1, minute: float = 1) -> Notice:
    """What is to be told of an episode."""
    name = f"{of.alert} {of.cell} {episode} {tells}"
    made = at(minute)
    return Notice(name, of, episode, tells, 1, made, made, "warning", "team", at(0), 480000, 612.5, 500.0, "slow")


def state(phase: Phase, of: RuleCell = CELL, episode: int = 1) -> AlertState:
    """How a rule-cell stands."""
    return AlertState(
        of, "r1", phase, Sight.BEYOND, 2, 480000, episode, at(1), at(0), 480000, 612.5, 500.0, 600.0, "slow"
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with one run."""
    with Ledger.open(tmp_path / "ledger.db") as opened:
        opened.record(row(0), [], [])
        yield opened


EVERYTHING = Alerting(
    (state(Phase.FIRING),),
    (notice(),),
    (Delivery('api_slow {"route":"/a"} 1 start', "team", at(1), error="refused"),),
    (Acknowledgement(CELL, 1, "Ada", "I look at it", at(2)),),
    (Silence("s1", {"kpi": "api_time", "route": "/a"}, at(0), at(60), "Ada", "deploying"),),
    (Event("e1", "data breach", at(0), "Ada", "a laptop"),),
)


def test_what_is_written_is_read(ledger: Ledger) -> None:
    """Each of them, with every field; and the row of `run` that it came with is no run."""
    tick = ledger.record_alerting(row(1, "tick"), EVERYTHING)
    assert tick is not None
    assert (tick.id, tick.state, tick.fingerprint) == (2, "tick", "c")
    assert ledger.alerting() == EVERYTHING
    assert ledger.newest() == tick
    assert [run.id for run in ledger.runs()] == [1]
    last = ledger.last_run()
    assert last is not None
    assert last.id == 1
    assert ledger.last_run(decisions=True) == tick
    assert ledger.newest("ok", "failures", "decision") == last


def test_a_state_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    """All else is added, and the newest silence, event and acknowledgement of each counts."""
    ledger.record_alerting(row(1, "tick"), EVERYTHING)
    [silence], [event], [ack] = EVERYTHING.silences, EVERYTHING.events, EVERYTHING.acknowledgements
    later = Alerting(
        states=(state(Phase.RECOVERING),),
        acknowledgements=(replace(ack, taken=False, at=at(3)),),
        silences=(replace(silence, until=at(5)),),
        events=(replace(event, closed=at(9)),),
    )
    ledger.record_alerting(row(2, "decision"), later)
    now = ledger.alerting()
    assert (now.states, now.silences, now.events) == (later.states, later.silences, later.events)
    assert now.acknowledgements == later.acknowledgements
    assert now.notices == EVERYTHING.notices


def test_what_is_over_and_told_is_not_read(ledger: Ledger) -> None:
    """But on demand: what fires, or was not told yet, is what a tick needs."""
    other = replace(CELL, cell="")
    over = (notice(of=other), notice(Tells.END, other, minute=4))
    ledger.record_alerting(row(1, "tick"), Alerting((state(Phase.FIRING), state(Phase.OK, other)), (notice(), *over)))
    ledger.record_alerting(row(2, "delivery"), Alerting(deliveries=(Delivery(notice().id, "team", at(2), sent=True),)))
    assert set(ledger.alerting().notices) == {notice(), *over}
    sent = Delivery(over[0].id, "team", at(3), sent=True)
    ledger.record_alerting(row(3, "delivery"), Alerting(deliveries=(sent,)))
    found = ledger.alerting()
    assert set(found.notices) == {notice(), *over}, "the end of the other one is still to be told"
    assert sent in found.deliveries
    dropped = Delivery(over[1].id, "team", at(4), dropped="it came to nothing")
    ledger.record_alerting(row(4, "delivery"), Alerting(deliveries=(dropped,)))
    assert ledger.alerting().notices == (notice(),)
    assert set(ledger.alerting(since=at(4)).notices) == {notice(), *over}
    assert ledger.last_sent() == {"team": at(3)}


def test_as_of_then(ledger: Ledger) -> None:
    """What was not there yet is not told; a state that advanced since is not known any more."""
    ledger.record_alerting(row(1, "tick"), EVERYTHING)
    [event] = EVERYTHING.events
    ledger.record_alerting(row(2, "decision"), Alerting(events=(replace(event, closed=at(2)),)))
    ledger.record_alerting(row(3, "tick"), Alerting((state(Phase.OK),), (notice(Tells.END, minute=3),)))
    assert ledger.alerting(as_of=at(0.5)) == Alerting()
    assert ledger.alerting(as_of=2) == replace(EVERYTHING, states=())
    assert ledger.alerting(as_of=at(2.5)).events == (replace(event, closed=at(2)),)
    assert {one.tells for one in ledger.alerting(as_of=4).notices} == {Tells.START, Tells.END}


def test_a_notice_is_made_once(ledger: Ledger) -> None:
    """Whoever advances from an older state again tells nobody twice."""
    ledger.record_alerting(row(1, "tick"), Alerting(notices=(notice(),)))
    ledger.record_alerting(row(2, "tick"), Alerting(notices=(notice(), notice(Tells.END))))
    assert [one.tells for one in ledger.alerting().notices] == [Tells.START, Tells.END]


def test_news_that_came_meanwhile_are_not_passed_over(ledger: Ledger) -> None:
    """Whoever read the ledger before a run ended writes nothing."""
    ledger.record(row(1), [], [])
    assert ledger.record_alerting(row(2, "tick"), EVERYTHING, seen=1) is None
    assert ledger.alerting() == Alerting()
    assert ledger.record_alerting(row(2, "tick"), EVERYTHING, seen=2) is not None
    assert ledger.record_alerting(row(3, "tick"), Alerting(), seen=2) is not None, "a tick is no news"


def test_rows_follow_each_other_whatever_the_clock_says(ledger: Ledger) -> None:
    """An export puts them in order by when they finished."""
    ledger.record_alerting(row(9, "tick"), Alerting())
    before = ledger.newest()
    after = ledger.record_alerting(row(5, "tick"), Alerting())
    assert before is not None
    assert after is not None
    assert after.finished == at(9) + timedelta(microseconds=1)


def test_there_are_no_alerts_before_numbers(tmp_path: Path) -> None:
    """Whoever says something of alerts before the first run is told what to do."""
    with Ledger.open(tmp_path / "ledger.db") as ledger, pytest.raises(UsageError, match="headway run"):
        ledger.record_alerting(row(1, "decision"), EVERYTHING)


def test_alerts_come_with_an_export(ledger: Ledger, tmp_path: Path) -> None:
    """Every table of them, as of each row; a second import adds nothing."""
    ledger.record_alerting(row(1, "tick"), EVERYTHING)
    [event] = EVERYTHING.events
    ledger.record_alerting(row(2, "decision"), Alerting(events=(replace(event, closed=at(2)),)))
    ledger.record_alerting(row(3, "tick"), Alerting((state(Phase.OK),), (notice(Tells.END, minute=3),)))
    export(ledger, tmp_path / "out")
    bring(tmp_path / "out", tmp_path / "copy.db")
    with Ledger.open(tmp_path / "copy.db") as copy:
        assert bring(tmp_path / "out", tmp_path / "copy.db").new == 0
        for then in (None, 2, 3, 4):
            assert copy.alerting(as_of=then) == ledger.alerting(as_of=then)
        assert copy.newest() == ledger.newest()


def test_ledgers_that_went_apart_tell_once(ledger: Ledger, tmp_path: Path) -> None:
    """Both made the same notice: there is one, and it was told if either had told it."""
    export(ledger, tmp_path / "base")
    bring(tmp_path / "base", tmp_path / "other.db")
    ledger.record_alerting(row(1, "tick"), Alerting((state(Phase.FIRING),), (notice(),)))
    with Ledger.open(tmp_path / "other.db") as other:
        other.record_alerting(row(2, "tick"), Alerting((state(Phase.FIRING),), (notice(),)))
        other.record_alerting(
            row(3, "delivery"), Alerting(deliveries=(Delivery(notice().id, "team", at(3), sent=True),))
        )
        export(other, tmp_path / "out")
    bring(tmp_path / "out", tmp_path / "ledger.db")
    with Ledger.open(tmp_path / "ledger.db") as both:
        found = both.alerting()
        assert found.notices == (notice(),)
        assert [one.sent for one in found.deliveries] == [True]


def test_states_of_some_alerts(ledger: Ledger) -> None:
    """A tick that only time brings reads no more; what fires is always there."""
    cells = [replace(CELL, alert=name) for name in ("one", "two", "three")]
    phases = (Phase.OK, Phase.FIRING, Phase.PENDING)
    states = tuple(state(phase, of) for phase, of in zip(phases, cells, strict=True))
    ledger.record_alerting(row(1, "tick"), Alerting(states))
    assert {one.of.alert for one in ledger.alerting(of={"three"}).states} == {"two", "three"}
    assert {one.of.alert for one in ledger.alerting(of=()).states} == {"two"}
    assert set(ledger.alerting().states) == set(states)

"""What becomes of closed numbers that come out different: published, withheld, or waiting until somebody decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headway.errors import UsageError
from headway.ledger import Ledger, Recorded, Run
from headway.model import JUDGED, OBSERVED, Because, Cause, Closing, Computed, Flag, Reason
from headway.periods import Calendar, Grain

CALENDAR = Calendar("UTC")
START = datetime(2026, 1, 1, 6, tzinfo=UTC)
LATE = Cause(Because.LATE, "sessions", late=2, first=date(2026, 1, 1), last=date(2026, 1, 2))
CHECK = Cause(Because.CHECK, "sessions")
WITHHELD = Reason.CHECK_FAILED.value
FIRST = CALENDAR.parse("2026-01-01").key

Causes = Callable[[str, pa.Table], Sequence[Cause]]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in a new folder."""
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def row(day: int, value: float | str | None, **more: object) -> dict[str, object]:
    """The number of a day of January, counted from 0; a text is the reason why there is none."""
    said = {"reason": value} if isinstance(value, str) else {"value": value}
    key = {"part": "", "grain": "day", "cell": "", "period": FIRST + day, "flags": 0}
    return {**dict.fromkeys(OBSERVED.names), **key, **said, **more}


def computed(rows: Sequence[dict[str, object]], kpi: str = "a", fingerprint: str = "f") -> Computed:
    """What a run made of a KPI, with a verdict on each number."""
    judged = [
        {name: one[name] for name in ("part", "grain", "cell", "period")}
        | {"status": status(one["value"], one["reason"]), "low": 10.0, "high": None, "expected": None}
        for one in rows
    ]
    table = pa.Table.from_pylist(list(rows), OBSERVED)
    return Computed(kpi, fingerprint, "SELECT 1", table, pa.Table.from_pylist(judged, JUDGED))


def status(value: object, reason: object) -> str:
    """The verdict on a number: 10 is the target."""
    if isinstance(value, float):
        return "on" if value >= 10 else "off"
    return "withheld" if Reason(str(reason)).withheld else "no data"


def moment(run: int) -> datetime:
    """The morning of a run: the first is on the third of January, so that two days are closed."""
    return START + timedelta(days=2 + run)


def closing(
    cause: Cause | Causes = LATE, *, tolerance: float = 0.0, settles: timedelta = timedelta(), kpis: str = "ab"
) -> Closing:
    """Closed at the end of the period; one cause for all."""
    causes = (lambda kpi, table: [cause] * len(table)) if isinstance(cause, Cause) else cause
    return Closing(CALENDAR, dict.fromkeys(kpis, settles), causes, tolerance)


def record(ledger: Ledger, run: int, *made: Computed, by: Closing | None = None) -> Recorded:
    """Record a run of a morning; run 0 is the first."""
    at = moment(run)
    return ledger.record(Run(at, at, "c", "{}", at), made, closing=by or closing())


def asking(asked: list[str]) -> Causes:
    """Late rows, with the KPI of each number that was asked about."""

    def causes(kpi: str, table: pa.Table) -> Sequence[Cause]:
        asked.extend([kpi] * len(table))
        return [LATE] * len(table)

    return causes


def days(ledger: Ledger, kpi: str = "a", **more: Any) -> dict[int, object]:
    """What is published of each day: the value, or the reason why there is none."""
    table = ledger.read(kpi, **more).to_pylist()
    return {one["period"] - FIRST: one["reason"] if one["value"] is None else one["value"] for one in table}


def listed(ledger: Ledger, **more: Any) -> list[tuple[int, str, int]]:
    """Number, state and how many numbers of each restatement."""
    return [(one.id, one.state, one.numbers) for one in ledger.restatements(**more)]


def decide(ledger: Ledger, number: int, run: float, *, accept: bool) -> None:
    """Decide between two runs."""
    at = moment(0) + timedelta(days=run)
    ledger.decide([number], accept=accept, who="Ada", why="because", now=at)


# -- what is held back -----------------------------------------------------------------------------------------------


def test_a_closed_number_that_changes_waits(ledger: Ledger) -> None:
    """The old one stays published, with its verdict and its revision; the change is on record."""
    record(ledger, 0, computed([row(0, 12.0), row(1, 20.0)]))
    again = record(ledger, 1, computed([row(0, 8.0), row(1, 20.0), row(2, 3.0)]))
    assert (again.new, again.changed, again.unchanged, again.gone, again.held) == (1, 0, 2, 0, 1)
    assert days(ledger) == {0: 12.0, 1: 20.0, 2: 3.0}
    first = ledger.read("a").to_pylist()[0]
    assert (first["status"], first["revision"], first["run"]) == ("on", 1, 1)
    [found] = ledger.restatements("waiting")
    assert (found.id, found.cause, found.run, found.numbers, found.decision) == (1, LATE, 2, 1, None)
    [part] = found.kpis
    assert (part.kpi, part.cells, part.first, part.last) == ("a", 1, date(2026, 1, 1), date(2026, 1, 1))
    assert (part.largest.old, part.largest.new) == (12.0, 8.0)
    [proposed] = ledger.proposals("a")
    assert (proposed.restatement, proposed.period, proposed.value, proposed.status) == (1, FIRST, 8.0, "off")


def test_the_same_change_again_says_nothing_new(ledger: Ledger) -> None:
    """However often it runs, and although the cause is asked of the newest change alone."""
    record(ledger, 0, computed([row(0, 12.0)]))
    for run in (1, 2, 3):
        asked: list[str] = []
        record(ledger, run, computed([row(0, 8.0 + 1e-12 * run)]), by=closing(asking(asked)))
        assert asked == (["a"] if run == 1 else [])
    assert listed(ledger) == [(1, "waiting", 1)]
    assert ledger.restatements()[0].latest == 2
    assert len(ledger.revisions("a", "", Grain.DAY, "", FIRST)) == 1


def test_a_running_number_that_closes_is_no_restatement(ledger: Ledger) -> None:
    """Nor is what changes while rows may still come, or a period that is new."""
    record(ledger, 0, computed([row(2, 5.0, flags=Flag.PARTIAL)]))
    record(ledger, 1, computed([row(2, 7.0), row(0, 1.0)]))
    assert days(ledger) == {0: 1.0, 2: 7.0}
    late = closing(settles=timedelta(days=3))
    record(ledger, 2, computed([row(2, 9.0), row(0, 1.0)]), by=late)
    record(ledger, 3, computed([row(2, 9.5), row(0, 2.0)]), by=late)
    assert days(ledger) == {0: 1.0, 2: 9.5}
    assert listed(ledger) == [(1, "waiting", 1)]


def test_what_never_had_a_value_gets_one(ledger: Ledger) -> None:
    """No data, and a group that was too small, are no published number: nothing that anybody read changes."""
    record(ledger, 0, computed([row(0, "no data"), row(1, Reason.GROUP_TOO_SMALL.value)]))
    record(ledger, 1, computed([row(0, 1.0), row(1, 2.0)]))
    assert days(ledger) == {0: 1.0, 1: 2.0}
    assert listed(ledger) == []


def test_a_number_that_goes_waits_too(ledger: Ledger) -> None:
    """A closed value that has no data any more, or is no longer there, stays until somebody accepts that."""
    record(ledger, 0, computed([row(0, 1.0), row(1, 2.0)]))
    record(ledger, 1, computed([row(0, "no data")]))
    assert days(ledger) == {0: 1.0, 1: 2.0}
    assert [(one.period - FIRST, one.old, one.new, one.reason) for one in ledger.changes(1)] == [
        (0, 1.0, None, "no data"),
        (1, 2.0, None, "no data"),
    ]
    assert [one.gone for one in ledger.proposals("a")] == [False, True]
    decide(ledger, 1, 1.5, accept=True)
    assert days(ledger) == {0: "no data"}
    record(ledger, 2, computed([row(0, "no data")]))
    assert listed(ledger) == [(1, "accepted", 2)]


def test_what_becomes_withheld_is_so_at_once(ledger: Ledger) -> None:
    """Beside other changes of the same cause, which wait; and it comes back as it was without asking."""
    record(ledger, 0, computed([row(0, 1.0), row(1, 2.0)]))
    record(ledger, 1, computed([row(0, WITHHELD), row(1, 3.0)]))
    assert days(ledger) == {0: WITHHELD, 1: 2.0}
    assert listed(ledger) == [(1, "waiting", 1), (2, "published", 1)]
    record(ledger, 2, computed([row(0, 1.0), row(1, 2.0)]))
    assert days(ledger) == {0: 1.0, 1: 2.0}
    assert listed(ledger) == [(1, "withdrawn", 1), (2, "published", 1), (3, "published", 1)]
    history = ledger.revisions("a", "", Grain.DAY, "", FIRST)
    assert [(one.value, one.reason, one.restatement) for one in history] == [
        (1.0, None, None), (None, WITHHELD, 2), (1.0, None, 3),
    ]  # fmt: skip


def test_what_was_withheld_and_comes_back_otherwise_waits(ledger: Ledger) -> None:
    """Neither the old nor the new number is shown meanwhile; who rejects the new one gets the old one back."""
    record(ledger, 0, computed([row(0, 12.0), row(1, 2.0)]))
    record(ledger, 1, computed([row(0, WITHHELD), row(1, Reason.GROUP_TOO_SMALL.value)]), by=closing(CHECK))
    record(ledger, 2, computed([row(0, 8.0), row(1, 3.0)]), by=closing(CHECK))
    assert days(ledger) == {0: "change waits", 1: "change waits"}
    record(ledger, 3, computed([row(0, 8.0), row(1, 3.0)]))
    assert listed(ledger, state="waiting") == [(2, "waiting", 2)]
    decide(ledger, 2, 3.5, accept=False)
    # What too few people made is not shown again for that.
    assert days(ledger) == {0: 12.0, 1: "group too small"}
    assert ledger.read("a")["status"].to_pylist() == ["on", "withheld"]
    record(ledger, 4, computed([row(0, 8.0), row(1, 3.0)]))
    assert days(ledger) == {0: 12.0, 1: "group too small"}
    assert listed(ledger)[1:] == [(2, "rejected", 2)]


# -- the tolerance ---------------------------------------------------------------------------------------------------


def test_small_changes_pass_but_never_drift(ledger: Ledger) -> None:
    """They are measured by the value from when the period closed, or that somebody accepted."""
    by = closing(tolerance=0.01)
    for run, value in enumerate([100.0, 100.9, 101.0]):
        record(ledger, run, computed([row(0, value)]), by=by)
    assert days(ledger) == {0: 101.0}
    assert listed(ledger) == [(1, "published", 1), (2, "published", 1)]
    record(ledger, 3, computed([row(0, 101.1)]), by=by)
    assert days(ledger) == {0: 101.0}
    decide(ledger, 3, 3.5, accept=True)
    record(ledger, 4, computed([row(0, 102.1)]), by=by)
    assert days(ledger) == {0: 102.1}


def test_rows_that_change_beside_the_value_do_not_reset_the_measure(ledger: Ledger) -> None:
    """Another count of rows is published as it comes, and the revision still names the restatement of the value."""
    by = closing(tolerance=0.01)
    for run, (value, n) in enumerate([(100.0, 1), (100.9, 1), (100.9, 2)]):
        record(ledger, run, computed([row(0, value, n=float(n))]), by=by)
    history = ledger.revisions("a", "", Grain.DAY, "", FIRST)
    assert [(one.n, one.restatement) for one in history] == [(1, None), (1, 1), (2, 1)]
    record(ledger, 3, computed([row(0, 101.5, n=2.0)]), by=by)
    assert days(ledger) == {0: 100.9}


def test_a_restatement_is_decided_as_a_whole(ledger: Ledger) -> None:
    """One number beyond the tolerance holds the others of its cause, of all KPIs; another cause goes its own way."""
    by = closing(lambda kpi, table: [CHECK if kpi == "c" else LATE] * len(table), tolerance=0.1, kpis="abc")
    record(ledger, 0, *(computed([row(0, 100.0)], kpi) for kpi in "abc"), by=by)
    record(
        ledger, 1, computed([row(0, 101.0)], "a"), computed([row(0, 150.0)], "b"), computed([row(0, 101.0)], "c"), by=by
    )
    assert [days(ledger, kpi)[0] for kpi in "abc"] == [100.0, 100.0, 101.0]
    assert listed(ledger) == [(1, "waiting", 2), (2, "published", 1)]
    # The one beyond comes back; what is left lies within.
    record(
        ledger, 2, computed([row(0, 101.0)], "a"), computed([row(0, 100.0)], "b"), computed([row(0, 101.0)], "c"), by=by
    )
    assert [days(ledger, kpi)[0] for kpi in "abc"] == [101.0, 100.0, 101.0]
    assert listed(ledger)[0] == (1, "published", 1)


def test_nothing_is_within_a_share_of_zero(ledger: Ledger) -> None:
    """From 0 every change waits."""
    record(ledger, 0, computed([row(0, 0.0)]))
    record(ledger, 1, computed([row(0, 1e-9)]), by=closing(tolerance=0.5))
    assert days(ledger) == {0: 0.0}


def test_what_cancels_out_is_nothing_however_its_last_digits_fall(ledger: Ledger) -> None:
    """A correlation of 0 comes out as 3e-16, then as another speck, then as 0; a trillionth of a unit is a change."""
    record(ledger, 0, computed([row(0, 3e-16)]))
    for run, value in enumerate([1e-16, -2e-13, 0.0], start=1):
        assert record(ledger, run, computed([row(0, value)])).unchanged == 1
    assert (days(ledger), listed(ledger)) == ({0: 3e-16}, [])
    record(ledger, 4, computed([row(0, 2e-12)]))
    assert listed(ledger) == [(1, "waiting", 1)]


# -- one restatement, or another -------------------------------------------------------------------------------------


def test_a_change_that_goes_on_stays_one_restatement(ledger: Ledger) -> None:
    """More late rows of the source change the number once more: their counts add up."""
    record(ledger, 0, computed([row(0, 1.0), row(1, 2.0)]))
    record(ledger, 1, computed([row(0, 3.0), row(1, 2.0)]))
    more = Cause(Because.LATE, "sessions", late=5, first=date(2025, 12, 1), last=date(2026, 1, 1))
    record(ledger, 2, computed([row(0, 4.0), row(1, 5.0)]), by=closing(more))
    [found] = ledger.restatements()
    assert (found.state, found.numbers, found.cause.late) == ("waiting", 2, 7)
    assert (found.cause.first, found.cause.last) == (date(2025, 12, 1), date(2026, 1, 2))
    assert [(one.old, one.new) for one in ledger.changes(1)] == [(1.0, 4.0), (2.0, 5.0)]
    # As of the run before, it was smaller.
    assert [one.cause.late for one in ledger.restatements(as_of=moment(1))] == [2]
    assert [one.new for one in ledger.changes(1, as_of=moment(1))] == [3.0]


def test_another_cause_takes_the_number_over(ledger: Ledger) -> None:
    """A number waits in one restatement at a time; one that has none left is withdrawn."""
    record(ledger, 0, computed([row(0, 1.0), row(1, 2.0)]))
    record(ledger, 1, computed([row(0, 3.0), row(1, 3.0)]))
    record(ledger, 2, computed([row(0, 4.0), row(1, 3.0)]), by=closing(CHECK))
    assert listed(ledger) == [(1, "waiting", 1), (2, "waiting", 1)]
    record(ledger, 3, computed([row(0, 4.0), row(1, 4.0)]), by=closing(CHECK))
    assert listed(ledger) == [(1, "withdrawn", 1), (2, "waiting", 1), (3, "waiting", 1)]


def test_a_change_that_comes_undone_is_withdrawn(ledger: Ledger) -> None:
    """The published number is computed again, and nothing waits."""
    record(ledger, 0, computed([row(0, 1.0)]))
    record(ledger, 1, computed([row(0, 3.0)]))
    record(ledger, 2, computed([row(0, 1.0)]))
    assert listed(ledger) == [(1, "withdrawn", 1)]
    assert ledger.proposals("a") == []
    assert [(one.old, one.new) for one in ledger.changes(1)] == [(1.0, 3.0)]


# -- decisions -------------------------------------------------------------------------------------------------------


def test_an_accepted_restatement_is_published(ledger: Ledger) -> None:
    """With who and why, as a revision of its own, in force from then on."""
    record(ledger, 0, computed([row(0, 12.0)]))
    record(ledger, 1, computed([row(0, 8.0)]))
    ledger.decide([1], accept=True, who="Ada", why="counted again", now=moment(1) + timedelta(hours=1))
    assert days(ledger) == {0: 8.0}
    assert ledger.read("a")["status"].to_pylist() == ["off"]
    old, new = ledger.revisions("a", "", Grain.DAY, "", FIRST)
    assert (old.restatement, old.decision, new.restatement) == (None, None, 1)
    assert new.decision is not None
    assert (new.run, new.decision.who, new.decision.why, new.decision.verdict) == (
        3,
        "Ada",
        "counted again",
        "accepted",
    )
    assert [days(ledger, as_of=moment(1) + timedelta(hours=at)) for at in (0, 1)] == [{0: 12.0}, {0: 8.0}]
    assert [run.state for run in ledger.runs()] == ["decision", "ok", "ok"]
    last = ledger.last_run()
    assert last is not None
    assert last.id == 2
    again = record(ledger, 2, computed([row(0, 8.0)]))
    assert (again.changed, again.unchanged, again.held) == (0, 1, 0)
    assert listed(ledger) == [(1, "accepted", 1)]


def test_a_rejected_restatement_is_not_proposed_again(ledger: Ledger) -> None:
    """Another number is, which holds both changes: they are accepted together, or not at all."""
    record(ledger, 0, computed([row(0, 12.0), row(1, 12.0)]))
    record(ledger, 1, computed([row(0, 8.0), row(1, 9.0)]))
    decide(ledger, 1, 1.5, accept=False)
    record(ledger, 2, computed([row(0, 8.0), row(1, 9.0)]))
    assert days(ledger) == {0: 12.0, 1: 12.0}
    assert listed(ledger, state="waiting") == []
    record(ledger, 3, computed([row(0, 7.0), row(1, 9.0)]))
    assert listed(ledger) == [(1, "rejected", 2), (2, "waiting", 1)]
    with pytest.raises(UsageError, match="#1 cannot be accepted without #2"):
        decide(ledger, 1, 3.5, accept=True)
    ledger.decide([1, 2], accept=True, who="Ada", why="because", now=moment(3) + timedelta(hours=12))
    assert days(ledger) == {0: 7.0, 1: 9.0}
    assert listed(ledger, as_of=moment(2)) == [(1, "rejected", 2)]


def test_a_decision_ends_after_the_run_whatever_a_clock_says(ledger: Ledger) -> None:
    """Copies of the ledger put runs and decisions in the order of their end: a clock of whole seconds may be behind."""
    record(ledger, 0, computed([row(0, 12.0)]))
    record(ledger, 1, computed([row(0, 8.0)]))
    decide(ledger, 1, 0.5, accept=True)
    run, decision = ledger.last_run(), ledger.last_run(decisions=True)
    assert run
    assert run.finished
    assert decision
    assert decision.finished
    assert (decision.id, decision.now) == (run.id + 1, moment(0) + timedelta(days=0.5))
    assert decision.finished > run.finished


def test_who_rejected_may_still_accept(ledger: Ledger) -> None:
    """As long as runs come to the same."""
    record(ledger, 0, computed([row(0, 12.0)]))
    record(ledger, 1, computed([row(0, 8.0)]))
    decide(ledger, 1, 1.5, accept=False)
    record(ledger, 2, computed([row(0, 8.0)]))
    decide(ledger, 1, 2.5, accept=True)
    assert days(ledger) == {0: 8.0}


def test_what_cannot_be_decided_is_refused(ledger: Ledger) -> None:
    """All mistakes at once, and then nothing is decided."""
    record(ledger, 0, computed([row(0, 12.0)]))
    record(ledger, 1, computed([row(0, 8.0)]))
    with pytest.raises(UsageError, match="there is no restatement #7"):
        ledger.decide([1, 7], accept=True, who="", why="x", now=moment(1))
    assert listed(ledger) == [(1, "waiting", 1)]
    decide(ledger, 1, 1.5, accept=True)
    for accept in (True, False):
        with pytest.raises(UsageError, match="restatement #1 was accepted already"):
            decide(ledger, 1, 1.5, accept=accept)
    with pytest.raises(UsageError, match="there is no restatement #7"):
        ledger.changes(7)


# -- what else is closed ---------------------------------------------------------------------------------------------


def test_imported_numbers_are_not_overwritten_unasked(ledger: Ledger) -> None:
    """What was published before Headway waits as everything does that was published."""
    record(ledger, 0, computed([row(0, 12.0, flags=Flag.IMPORTED)]))
    record(ledger, 1, computed([row(0, 8.0)]))
    assert days(ledger) == {0: 12.0}
    assert ledger.read("a")["flags"].to_pylist() == [Flag.IMPORTED]


def test_open_ended_numbers_are_replaced(ledger: Ledger) -> None:
    """They say "so far": a change of them is no restatement."""
    for run, value in enumerate([1.0, 2.0]):
        record(ledger, run, computed([row(0, value, flags=Flag.OPEN_ENDED)]))
    assert days(ledger) == {0: 2.0}
    assert days(ledger, as_of=moment(0)) == {0: 1.0}
    assert listed(ledger) == []


def test_a_clock_that_goes_back_overwrites_nothing(ledger: Ledger) -> None:
    """Closed days that it takes for running ones, or does not know yet, stay as they were published."""
    record(ledger, 3, computed([row(day, 1.0) for day in range(4)]))
    record(ledger, 1, computed([row(0, 1.0), row(1, 1.0), row(2, 0.5, flags=Flag.PARTIAL)]))
    assert days(ledger) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}
    record(ledger, 4, computed([row(day, 1.0) for day in range(5)]))
    assert days(ledger) == dict.fromkeys(range(5), 1.0)
    assert listed(ledger, state="waiting") == []


def test_a_kpi_that_fails_keeps_what_waits(ledger: Ledger) -> None:
    """So does one that a run does not compute."""
    record(ledger, 0, computed([row(0, 1.0)]), computed([row(0, 1.0)], "b"))
    record(ledger, 1, computed([row(0, 2.0)]), computed([row(0, 2.0)], "b"))
    record(ledger, 2, Computed("a", "f", failed="no"), computed([row(0, 1.0)], "b"))
    assert listed(ledger) == [(1, "waiting", 1)]
    record(ledger, 3, computed([row(0, 1.0)], "b"))
    assert listed(ledger) == [(1, "waiting", 1)]
    assert [one.kpi for one in ledger.restatements()[0].kpis] == ["a"]


def test_without_a_closing_everything_is_published(ledger: Ledger) -> None:
    """And nothing waits any more."""
    record(ledger, 0, computed([row(0, 1.0)]))
    record(ledger, 1, computed([row(0, 2.0)]))
    at = moment(2)
    ledger.record(Run(at, at, "c", "{}", at), [computed([row(0, 3.0)])])
    assert days(ledger) == {0: 3.0}
    assert listed(ledger) == [(1, "withdrawn", 1)]

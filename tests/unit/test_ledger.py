"""What the ledger keeps of each run, and what it says was published at any time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.ledger import PUBLISHED, Definition, Failure, Ledger, Recorded, Run
from headway.model import JUDGED, OBSERVED, Cell, Computed, Flag, Load, Reason, cell_text
from headway.periods import Calendar, Grain

CALENDAR = Calendar("UTC")
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
HUB: Cell = (("hub", "été"),)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in a new folder."""
    with Ledger.open(tmp_path / ".headway" / "ledger.db") as opened:
        yield opened


def row(period: str, value: float | None = None, **more: object) -> dict[str, object]:
    """One observation of the total, or of `cell`."""
    at = CALENDAR.parse(period)
    nothing = dict.fromkeys(OBSERVED.names)
    cell = cell_text(more.pop("cell", ()))  # type: ignore[arg-type]  # a keyword of any type
    key = {"part": "", "grain": at.grain.value, "cell": cell, "period": at.key}
    return {**nothing, **key, "value": value, "flags": 0, **more}


def verdict(period: str, status: str, low: float | None = None, high: float | None = None) -> dict[str, object]:
    """One verdict on the total."""
    at = CALENDAR.parse(period)
    return {
        "part": "",
        "grain": at.grain.value,
        "cell": "",
        "period": at.key,
        "status": status,
        "low": low,
        "high": high,
    }


def computed(*rows: dict[str, object], kpi: str = "a", fingerprint: str = "f", **more: object) -> Computed:
    """What a run made of a KPI. `judged` are verdicts."""
    judged = more.pop("judged", None)
    verdicts = None if judged is None else pa.Table.from_pylist(judged, JUDGED)
    observed = pa.Table.from_pylist(list(rows), OBSERVED)
    return Computed(kpi, fingerprint, "SELECT 1", observed, verdicts, **more)


def day(number: int) -> datetime:
    """The morning of a run."""
    return START + timedelta(days=number)


def record(ledger: Ledger, number: int, *made: Computed, loads: tuple[Load, ...] = ()) -> Recorded:
    """Record the run of a day."""
    run = Run(started=day(number), now=day(number), fingerprint="c", catalogue="{}", finished=day(number))
    return ledger.record(run, made, loads)


def values(ledger: Ledger, kpi: str = "a", **more: object) -> list[tuple[object, ...]]:
    """Period key, value and revision of what is published."""
    table = ledger.read(kpi, **more)
    assert table.schema == PUBLISHED
    return [(r["period"], r["value"], r["revision"]) for r in table.to_pylist()]


def counts(recorded: Recorded) -> tuple[int, int, int, int]:
    """New, changed, unchanged, gone."""
    return recorded.new, recorded.changed, recorded.unchanged, recorded.gone


JAN, FEB = (CALENDAR.parse(name).key for name in ("2026-01", "2026-02"))


# -- what comes back -------------------------------------------------------------------------------------------------


def test_an_observation_comes_back_as_it_was_given(ledger: Ledger) -> None:
    """Every column, null or not, with the verdict beside it."""
    full = row(
        "2026-01", 0.5, n=4, numerator=2, denominator=4, flags=Flag.PARTIAL, so_far=0.25, so_far_before=0.75, cell=HUB
    )  # fmt: skip
    empty = row("2026-01", None, reason=Reason.ZERO_DENOMINATOR.value, flags=Flag.IMPORTED)
    record(ledger, 0, computed(full, empty, judged=[verdict("2026-01", "no data", 1, None)]))
    first, second = ledger.read("a").to_pylist()
    said = {"status": "no data", "low": 1, "high": None, "expected": None, "revision": 1, "run": 1}
    assert first == empty | said
    assert second == full | said | dict.fromkeys(("status", "low"))


def test_rows_are_ordered_by_grain_cell_and_period(ledger: Ledger) -> None:
    """Shorter grains before longer ones, the total before cells, whatever order they came in."""
    rows = [row(p, 1, cell=cell) for p in ("2026", "2026-02", "2026-01") for cell in ((("hub", "b"),), HUB, ())]
    record(ledger, 0, computed(*rows))
    table = ledger.read("a").to_pylist()
    b, hub = cell_text((("hub", "b"),)), cell_text(HUB)
    assert [(r["grain"], r["cell"], r["period"]) for r in table] == [
        *(("month", cell, month) for cell in ("", b, hub) for month in (JAN, FEB)),
        *(("year", cell, JAN) for cell in ("", b, hub)),
    ]


def test_a_reader_picks_part_grain_and_cells(ledger: Ledger) -> None:
    """By default the value itself, all grains, with cells."""
    rows = [row("2026-01", 1), row("2026", 2), row("2026-01", 3, cell=HUB), row("2026-01", 4, part="new")]
    record(ledger, 0, computed(*rows))

    def read(**more: object) -> list[object]:
        return [r["value"] for r in ledger.read("a", **more).to_pylist()]

    assert read() == [1, 3, 2]
    assert read(part=None) == [1, 3, 2, 4]
    assert read(part="new") == [4]
    assert read(grain=Grain.MONTH) == [1, 3]
    assert read(grain=Grain.MONTH, cells=False) == [1]
    assert ledger.read("nothing").num_rows == 0
    assert [(s.part, s.grain, s.cell) for s in ledger.series("a")] == [
        ("", Grain.MONTH, ""),
        ("", Grain.MONTH, cell_text(HUB)),
        ("", Grain.YEAR, ""),
        ("new", Grain.MONTH, ""),
    ]


def test_hours_are_kept_beside_days(ledger: Ledger) -> None:
    """An hour's key counts seconds, a day's counts days; both before 1970 too."""
    names = ["1969-12-31T22", "1969-12-31T23", "2026-01-01T00", "1969-12-31", "2026-01-01"]
    record(ledger, 0, computed(*(row(name, at) for at, name in enumerate(names))))
    assert values(ledger) == [(CALENDAR.parse(name).key, at, 1) for at, name in enumerate(names)]


def test_a_period_that_stands_twice_is_refused(ledger: Ledger) -> None:
    """It would be a mistake of a plan; nothing of the run is kept."""
    with pytest.raises(ValueError, match="two numbers"):
        record(ledger, 0, computed(row("2026-01", 1)), computed(row("2026-01", 1), row("2026-01", 2), kpi="b"))
    assert ledger.last_run() is None
    assert values(ledger) == []


# -- revisions -------------------------------------------------------------------------------------------------------


def test_the_same_run_again_writes_nothing(ledger: Ledger) -> None:
    """Not even where the last digits of a floating sum differ."""
    made = [row("2026-01", 0.1 + 0.2, n=3), row("2026-02", None, reason="no data")]
    assert counts(record(ledger, 0, computed(*made))) == (2, 0, 0, 0)
    assert counts(record(ledger, 1, computed(*made))) == (0, 0, 2, 0)
    assert counts(record(ledger, 2, computed(made[1], made[0] | {"value": 0.3}))) == (0, 0, 2, 0)
    assert [(r["value"], r["revision"], r["run"]) for r in ledger.read("a").to_pylist()] == [
        (0.1 + 0.2, 1, 1),
        (None, 1, 1),
    ]


@pytest.mark.parametrize("column", ["value", "n", "numerator", "denominator"])
def test_a_closed_number_that_changed_gets_a_revision(ledger: Ledger, column: str) -> None:
    """A millionth more is a change, and so is a null; each earlier value stays, with its run."""
    record(ledger, 0, computed(row("2026-01", 1, n=1, numerator=1, denominator=1)))
    for number, value in enumerate([1 + 1e-6, None, 0.0], start=1):
        changed = row("2026-01", 1, n=1, numerator=1, denominator=1) | {column: value}
        assert counts(record(ledger, number, computed(changed))) == (0, 1, 0, 0)
    history = ledger.revisions("a", "", Grain.MONTH, "", JAN)
    assert [getattr(one, column) for one in history] == [1, 1 + 1e-6, None, 0]
    assert [(one.revision, one.run, one.published) for one in history] == [(n, n, day(n - 1)) for n in (1, 2, 3, 4)]


def test_another_reason_is_a_revision(ledger: Ledger) -> None:
    """A withheld number says why, and its history remembers."""
    record(ledger, 0, computed(row("2026-01", 1)))
    for number, reason in enumerate([Reason.CHECK_FAILED, Reason.NO_ROWS], start=1):
        record(ledger, number, computed(row("2026-01", None, reason=reason.value)))
    history = ledger.revisions("a", "", Grain.MONTH, "", JAN)
    assert [one.reason for one in history] == [None, "check failed", "no data"]


def test_a_running_period_keeps_its_latest_value_alone(ledger: Ledger) -> None:
    """It is replaced in place; when it closes, that is its first revision, and what it had reached is forgotten."""
    for number in (1, 2):
        running = row("2026-02", number, flags=Flag.PARTIAL, so_far=number, so_far_before=9)
        record(ledger, number, computed(running))
        assert values(ledger) == [(FEB, number, 1)]
    again = record(ledger, 3, computed(running))
    assert counts(again) == (0, 0, 1, 0)
    assert counts(record(ledger, 4, computed(row("2026-02", 2, so_far=2)))) == (0, 1, 0, 0)
    [closed] = ledger.revisions("a", "", Grain.MONTH, "", FEB)
    assert (closed.value, closed.revision, closed.run, closed.flags) == (2, 1, 4, 0)
    assert ledger.read("a")["so_far"].to_pylist() == [None]
    record(ledger, 5, computed(row("2026-02", 3)))
    assert values(ledger) == [(FEB, 3, 2)]


def test_a_closed_period_that_runs_again_keeps_what_was_published(ledger: Ledger) -> None:
    """Late rows were allowed after all: the running value stands beside the closed one, and then closes."""
    record(ledger, 0, computed(row("2026-01", 1)))
    for number in (2, 3):
        record(ledger, number, computed(row("2026-01", number, flags=Flag.PARTIAL)))
    assert values(ledger) == [(JAN, 3, 2)]
    record(ledger, 4, computed())
    history = ledger.revisions("a", "", Grain.MONTH, "", JAN)
    assert [(one.value, one.flags) for one in history] == [(1, 0), (None, Flag.GONE)]


def test_a_number_that_is_no_longer_there_is_marked(ledger: Ledger) -> None:
    """A closed one leaves a revision without a value, a running one leaves nothing; neither is read any more."""
    both = [row("2026-01", 1, cell=HUB), row("2026-02", 2, cell=HUB, flags=Flag.PARTIAL)]
    record(ledger, 0, computed(row("2026-01", 5), *both))
    assert counts(record(ledger, 1, computed(row("2026-01", 5)))) == (0, 0, 1, 2)
    assert values(ledger) == [(JAN, 5, 1)]
    cell = cell_text(HUB)
    history = ledger.revisions("a", "", Grain.MONTH, cell, JAN)
    assert [(one.value, one.reason, one.flags) for one in history] == [(1, None, 0), (None, "no data", Flag.GONE)]
    assert ledger.revisions("a", "", Grain.MONTH, cell, FEB) == []
    assert counts(record(ledger, 2, computed(row("2026-01", 5)))) == (0, 0, 1, 0)
    assert counts(record(ledger, 3, computed(row("2026-01", 5), *both))) == (1, 1, 1, 0)
    assert values(ledger) == [(JAN, 5, 1), (JAN, 1, 3), (FEB, 2, 1)]


def test_verdicts_have_their_own_revisions(ledger: Ledger) -> None:
    """A target that moved changes the verdict, not the number; one that went away takes its verdict with it."""
    number = row("2026-01", 5)
    for at, judged in enumerate(
        [[verdict("2026-01", "on", 5)], [verdict("2026-01", "on", 5)], [verdict("2026-01", "off", 9)], []]
    ):
        assert record(ledger, at, computed(number, judged=judged)).changed == 0
    said = [
        [(r["status"], r["low"], r["revision"]) for r in ledger.read("a", as_of=day(at)).to_pylist()] for at in range(4)
    ]
    assert said == [[("on", 5, 1)], [("on", 5, 1)], [("off", 9, 1)], [(None, None, 1)]]


def test_a_kpi_that_failed_or_was_not_computed_keeps_what_it_had(ledger: Ledger) -> None:
    """The run says so, and names the KPI."""
    record(ledger, 0, computed(row("2026-01", 1)), computed(row("2026-01", 2), kpi="b"))
    failed = record(ledger, 1, Computed("a", "f", failed="the disk melted"))
    assert failed.run.state == "failures"
    assert values(ledger) == [(JAN, 1, 1)]
    assert values(ledger, "b") == [(JAN, 2, 1)]
    assert ledger.failures(2) == [Failure("a", "the disk melted", day(1))]
    assert ledger.failures(1) == []


def test_a_kpi_fails_since_the_first_of_the_runs_in_a_row_that_could_not_compute_it(ledger: Ledger) -> None:
    """A run of other KPIs changes nothing; what is computed again no longer fails."""
    failed = Computed("a", "f", failed="melted")
    made = [failed, computed(row("2026-01", 1)), failed, failed, computed(row("2026-01", 2), kpi="b"), failed]
    for number, one in enumerate(made):
        record(ledger, number, one)
    assert [one.since for one in ledger.failures(1)] == [day(0)]
    assert ledger.failures(2) == []
    assert [[one.since for one in ledger.failures(run)] for run in (3, 5, 6)] == [[day(2)]] * 3
    record(ledger, 6, computed(row("2026-01", 1)))
    assert ledger.failures(7) == []


# -- as of a time ----------------------------------------------------------------------------------------------------


def test_reading_as_of_a_time_gives_what_was_published_then(ledger: Ledger) -> None:
    """A run counts from the moment it finished."""
    for number, value in enumerate([1.0, 2.0, 3.0]):
        record(ledger, number, computed(row("2026-01", value)))
    moments = [day(0) - timedelta(microseconds=1), day(0), day(1), day(2), day(9)]
    assert [[v for _, v, _ in values(ledger, as_of=moment)] for moment in moments] == [[], [1], [2], [3], [3]]
    found = [ledger.last_run(moment) for moment in moments]
    assert [run and run.id for run in found] == [None, 1, 2, 3, 3]
    assert [run.id for run in ledger.runs(limit=2)] == [3, 2]


def test_what_a_running_period_had_reached_is_read_as_of_then(ledger: Ledger) -> None:
    """With every column and its verdict, though the log has one row for it; also where the period is no more."""
    said = []
    for number, value in enumerate([1.0, 2.5, 2.5]):
        running = row("2026-02", value, flags=Flag.PARTIAL, so_far=value, so_far_before=9)
        judged = verdict("2026-02", "partial", 5) | {"expected": value}
        record(ledger, number, computed(running, judged=[judged]))
        said.append(ledger.read("a").to_pylist())
    record(ledger, 3, computed())
    assert ledger.read("a").num_rows == 0
    assert [ledger.read("a", as_of=day(number)).to_pylist() for number in range(3)] == said
    assert [len(ledger.read("a", as_of=day(0), **only)) for only in ({"cells": False}, {"part": "x"})] == [1, 0]


def test_a_number_that_went_away_is_read_as_of_before(ledger: Ledger) -> None:
    """Nothing that was published is lost."""
    record(ledger, 0, computed(row("2026-01", 1)))
    record(ledger, 1, computed())
    assert values(ledger, as_of=day(0)) == [(JAN, 1, 1)]
    assert values(ledger, as_of=day(1)) == []


def test_a_run_comes_back_with_its_catalogue_and_loads(ledger: Ledger) -> None:
    """Moments in UTC, whatever zone they were given in; a catalogue once."""
    loads = (
        Load("hubs", 10, {"excluded: test": 2}, "2020-01-01", "2026-01-01T00:00:00Z", notes=("2 new columns: a, é",)),
        Load("users", failed="missing file users.csv"),
    )
    recorded = record(ledger, 0, loads=loads)
    assert recorded.run.state == "failures"
    assert ledger.last_run() == recorded.run
    assert recorded.run == Run(day(0), day(0), "c", "", day(0), "failures", "", 1, uuid=recorded.run.uuid)
    assert ledger.loads(1) == list(loads)
    assert ledger.loads(2) == []
    record(ledger, 1)
    assert ledger.catalogue("c") == "{}"
    assert ledger.catalogue("d") is None


def test_the_moment_of_the_commit_ends_a_run(ledger: Ledger) -> None:
    """Unless the caller says when it finished."""
    before = datetime.now(UTC)
    run = ledger.record(Run(started=before, now=START, fingerprint="c"), []).run
    assert run.finished is not None
    assert before <= run.finished <= datetime.now(UTC)
    assert ledger.last_run(before) is None


def test_a_query_that_moves_with_the_run_alone_is_stored_once(ledger: Ledger) -> None:
    """Its moments say when it ran, not how; another step, or another fingerprint, is another definition."""
    queries = ("SELECT a FROM t WHERE d < '2026-01-01'", "SELECT a FROM t WHERE d < '2026-01-02'", "SELECT b FROM t")
    for number, sql in enumerate(queries):
        record(ledger, number, replace(computed(row("2026-01", 1)), sql=sql))
    assert [ledger.definitions(day(number))["a"].sql for number in range(3)] == [queries[0], queries[0], queries[2]]


def test_a_definition_is_that_of_the_run(ledger: Ledger) -> None:
    """A number keeps the definition that wrote it; a failed run has none."""
    record(ledger, 0, computed(row("2026-01", 1)))
    record(ledger, 1, computed(row("2026-01", 1), row("2026-02", 2), fingerprint="g"))
    record(ledger, 2, Computed("a", "h", failed="no"))
    assert ledger.definitions().get("a") == Definition("a", "g", "SELECT 1")
    assert ledger.definitions(day(0)).get("a") == Definition("a", "f", "SELECT 1")
    assert ledger.definitions(day(0) - timedelta(1)).get("a") is None
    assert ledger.definitions().get("b") is None
    prints = [ledger.revisions("a", "", Grain.MONTH, "", key)[0].fingerprint for key in (JAN, FEB)]
    assert prints == ["f", "g"]


# -- other readers ---------------------------------------------------------------------------------------------------


def test_any_sql_tool_reads_the_view(ledger: Ledger, tmp_path: Path) -> None:
    """`observations` names series, dates and words, and says which revision is current."""
    record(ledger, 0, computed(row("2026-01", 1), row("2026-02-03T04", None, reason="no data", flags=Flag.PARTIAL)))
    record(ledger, 1, computed(row("2026-01", 2), judged=[verdict("2026-01", "on", 1)]))
    connection = sqlite3.connect(tmp_path / ".headway" / "ledger.db")
    found = connection.execute(
        "SELECT kpi, grain, period, revision, value, reason, partial, current, status, run FROM observations"
    ).fetchall()
    connection.close()
    assert found == [
        ("a", "month", "2026-01-01", 1, 1.0, None, 0, 0, None, 1),
        ("a", "month", "2026-01-01", 2, 2.0, None, 0, 1, "on", 2),
    ]


def test_an_hour_in_the_view_is_a_moment(ledger: Ledger, tmp_path: Path) -> None:
    """Days are dates, hours are moments in UTC."""
    record(ledger, 0, computed(row("2026-02-03T04", 1)))
    connection = sqlite3.connect(tmp_path / ".headway" / "ledger.db")
    assert connection.execute("SELECT period FROM observations").fetchall() == [("2026-02-03T04:00:00Z",)]
    connection.close()


def test_threads_read_while_a_run_is_being_written(ledger: Ledger) -> None:
    """They see the runs that are whole; a writer does not make them wait."""
    record(ledger, 0, computed(row("2026-01", 1), row("2026-02", 1)))
    seen: list[object] = []

    def slow() -> Iterator[Computed]:
        yield computed(row("2026-01", 2), row("2026-02", 2))
        threads = [threading.Thread(target=lambda: seen.append(values(ledger))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    ledger.record(Run(started=day(1), now=day(1), fingerprint="c"), slow())
    assert seen == [[(JAN, 1, 1), (FEB, 1, 1)]] * 4
    assert values(ledger) == [(JAN, 2, 2), (FEB, 2, 2)]


# -- a property ------------------------------------------------------------------------------------------------------

CELLS: list[Cell] = [(), HUB]
NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 1 + 1e-12, 1.5, -3.0, float("inf")]))
RUNS = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from(CELLS), st.integers(0, 400)),
        st.tuples(NUMBERS, st.sampled_from([0, Flag.PARTIAL])),
        max_size=12,
    ),
    min_size=1,
    max_size=6,
)


@given(runs=RUNS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_holds_the_newest_run_and_forgets_no_number(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[tuple[Cell, int], tuple[float | None, int]]]
) -> None:
    """Against plain dictionaries, for any sequence of runs: what is read now, and as of each run."""
    same = {None: None, 0.0: 0.0, 1.0: 1.0, 1 + 1e-12: 1.0}
    with Ledger.open(tmp_path_factory.mktemp("ledger") / "l.db") as ledger:
        for number, made in enumerate(runs):
            rows = [
                row("2026-01-01", value, cell=cell, flags=flags) | {"period": day}
                for (cell, day), (value, flags) in made.items()
            ]
            record(ledger, number, computed(*rows))

            def read(as_of: datetime | None = None, *, ledger: Ledger = ledger) -> dict[object, object]:
                return {
                    (r["cell"], r["period"]): (same.get(r["value"], r["value"]), r["flags"])
                    for r in ledger.read("a", as_of=as_of).to_pylist()
                }

            def expected(made: dict[tuple[Cell, int], tuple[float | None, int]]) -> dict[object, object]:
                return {
                    (cell_text(cell), day): (same.get(value, value), flags)
                    for (cell, day), (value, flags) in made.items()
                }

            assert read() == expected(made)
        for number, made in enumerate(runs):
            assert read(day(number)) == expected(made)

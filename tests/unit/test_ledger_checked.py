"""What the ledger keeps of checks, run by run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from headway.ledger import Ledger, Run, Standing
from headway.model import OBSERVED, Checked, Computed, Family, Load, Then

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
SAMPLE = ({"id": "1", "person": None}, {"id": "2", "person": "é"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in a new folder."""
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def day(number: int) -> datetime:
    """The morning of a run."""
    return START + timedelta(days=number)


def check(failed: int = 0, name: str = "between", **more: object) -> Checked:
    """What came of a check that tolerates nothing."""
    return Checked(name, Family.ACCURACY, Then.WITHHOLD, not failed, failed, 10, f"{failed} failed", **more)


def record(ledger: Ledger, number: int, *of_sales: Checked, revenue: tuple[Checked, ...] = ()) -> None:
    """The run of a day."""
    run = Run(day(number), day(number), "c", "{}", day(number))
    computed = Computed("revenue", "f", observed=pa.Table.from_pylist([], OBSERVED), checks=revenue)
    ledger.record(run, [computed], [Load("sales", 10, checks=of_sales)] if of_sales else [])


def looks(kept: Standing) -> list[tuple[int, bool, int]]:
    """Run, passed, failed."""
    return [(look.run, look.passed, look.failed) for look in kept.looks]


def test_a_check_comes_back_as_it_was_given(ledger: Ledger) -> None:
    """Sample and what it holds included; checks of sources and KPIs side by side."""
    of_source = check(2, sample=SAMPLE, holds={"revenue": 3})
    record(ledger, 0, of_source, revenue=(check(name="equals"),))
    kpi, source = ledger.checks()
    assert (source.of, source.subject, source.found) == ("source", "sales", of_source)
    assert (kpi.of, kpi.subject, kpi.found) == ("kpi", "revenue", check(name="equals"))


def test_what_the_newest_run_said_that_looked_at_it_holds(ledger: Ledger) -> None:
    """A run of other KPIs leaves it; its looks are those of the last runs."""
    for number, failed in enumerate((1, 0, 2, 3)):
        record(ledger, number, check(failed))
    record(ledger, 4, revenue=(check(name="equals"),))
    source = ledger.checks()[1]
    assert source.found == check(3)
    assert looks(source) == [(1, False, 1), (2, True, 0), (3, False, 2), (4, False, 3)]
    assert looks(ledger.checks(looks=2)[1]) == [(4, False, 3)]


def test_it_says_when_it_last_passed_and_since_when_it_fails(ledger: Ledger) -> None:
    """Of a check that never passed, since its first run; of one that passes, nothing."""
    for number, failed in enumerate((0, 2, 3)):
        record(ledger, number, check(failed), check(1, name="never"), check(name="fine"))
    found = {kept.found.check: (kept.last_passed, kept.failing_since) for kept in ledger.checks()}
    assert found == {
        "between": (day(0), day(1)),
        "never": (None, day(0)),
        "fine": (day(2), None),
    }


def test_checks_as_of_a_time_are_those_of_the_runs_before(ledger: Ledger) -> None:
    """Nothing before the first run."""
    for number, failed in enumerate((1, 0, 2)):
        record(ledger, number, check(failed))
    (then,) = ledger.checks(as_of=day(1))
    assert (then.found, then.last_passed, then.failing_since) == (check(), day(1), None)
    assert looks(then) == [(1, False, 1), (2, True, 0)]
    assert ledger.checks(as_of=day(0) - timedelta(hours=1)) == []

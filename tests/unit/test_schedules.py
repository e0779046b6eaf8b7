"""Reports are due on days of their calendar, at hours of their clocks, and one that was missed is made up for once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from headway import schedules
from headway.catalog import due
from headway.errors import Place
from headway.model import TEMPLATES, Audience, Report, SentAs
from headway.periods import Calendar, Grain, Length, WorkingDays
from headway.reports import rendering

BERLIN = Calendar("Europe/Berlin")
FISCAL = Calendar("UTC", fiscal_start=2)
WORKING = WorkingDays(holidays=(date(2026, 12, 31), date(2027, 1, 1)))


def report(every: str, on: str = "day 1", at: str = "08:00") -> Report:
    """A report that waits for four hours."""
    wait, kinds = Length.parse("4 hours"), tuple(SentAs)
    when = (Grain(every), due.on(on), time.fromisoformat(at), wait)
    return Report("one", "One", "weekly", *when, ("team",), kinds, Audience.INTERNAL, Place("reports.yml", 1))


def newest(one: Report, now: datetime, calendar: Calendar = BERLIN) -> tuple[str, str]:
    """The newest edition, and when it was due on the clocks there."""
    slot = schedules.newest(one, calendar, WORKING, now)
    assert slot is not None
    return slot.period.name, f"{slot.due.astimezone(calendar.tz):%Y-%m-%d %H:%M}"


def local(text: str, zone: str = "Europe/Berlin") -> datetime:
    """A time there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("every", "on", "now", "period", "due_at"),
    [
        ("week", "monday", "2026-11-23 08:00", "2026-W47", "2026-11-23 08:00"),
        ("week", "monday", "2026-11-23 07:59", "2026-W46", "2026-11-16 08:00"),
        ("week", "thursday", "2026-11-23 08:00", "2026-W46", "2026-11-19 08:00"),
        ("month", "day 3", "2026-11-03 09:00", "2026-10", "2026-11-03 08:00"),
        ("month", "last day", "2026-02-28 09:00", "2026-01", "2026-02-28 08:00"),
        ("month", "day 31", "2026-11-30 09:00", "2026-10", "2026-11-30 08:00"),
        ("month", "last working day", "2026-12-30 09:00", "2026-11", "2026-12-30 08:00"),
        ("month", "working day 1", "2027-01-04 09:00", "2026-12", "2027-01-04 08:00"),
        ("month", "last friday", "2026-11-27 09:00", "2026-10", "2026-11-27 08:00"),
        ("day", "working day", "2026-11-22 12:00", "2026-11-19", "2026-11-20 08:00"),
        ("quarter", "day 1", "2026-10-01 09:00", "2026-Q3", "2026-10-01 08:00"),
        ("year", "working day 1", "2027-01-04 09:00", "2026", "2027-01-04 08:00"),
    ],
)
def test_the_newest_edition(every: str, on: str, now: str, period: str, due_at: str) -> None:
    """It is due on its day of the period, and about the period before; month ends and holidays are those there."""
    assert newest(report(every, on), local(now)) == (period, due_at)


def test_quarters_are_fiscal() -> None:
    """A quarter of a year that begins in February ends with April."""
    period, due_at = newest(report("quarter"), datetime(2026, 5, 1, 9, tzinfo=UTC), FISCAL)
    assert (period, due_at) == (FISCAL.at(Grain.QUARTER, datetime(2026, 4, 30, tzinfo=UTC)).name, "2026-05-01 08:00")


def test_an_hour_that_is_skipped_is_an_hour_later() -> None:
    """On 29 March 2026 Berlin has no 02:30."""
    slot = schedules.newest(report("day", at="02:30"), BERLIN, WORKING, local("2026-03-29 12:00"))
    assert slot is not None
    assert slot.due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_counts_once() -> None:
    """On 25 October 2026 Berlin has 02:30 twice: the first is meant, and the second makes nothing due again."""
    one = report("day", at="02:30")
    slots = [schedules.newest(one, BERLIN, WORKING, datetime(2026, 10, 25, h, 45, tzinfo=UTC)) for h in (0, 1, 2)]
    assert {slot.due for slot in slots if slot} == {datetime(2026, 10, 25, 0, 30, tzinfo=UTC)}


def test_a_machine_that_slept_makes_up_for_the_newest_alone() -> None:
    """After three weeks there is one edition, about the last week that is over, and its deadline is over as well."""
    now = local("2026-11-25 03:00")
    slot = schedules.newest(report("week", "monday"), BERLIN, WORKING, now)
    assert slot is not None
    assert (slot.period.name, slot.deadline < now) == ("2026-W47", True)


def test_the_next_one_comes_after_the_newest() -> None:
    """At the moment itself an edition is due; the next one is a week later, on the same hour of the clocks."""
    now = local("2026-03-23 08:00")  # in the week after it, clocks go forward
    slot = schedules.following(report("week", "monday"), BERLIN, WORKING, now)
    assert slot is not None
    assert (slot.period.name, slot.due) == ("2026-W13", local("2026-03-30 08:00"))


def test_templates_are_those_that_there_are() -> None:
    """The catalogue knows the templates by name."""
    assert rendering.shipped() == TEMPLATES

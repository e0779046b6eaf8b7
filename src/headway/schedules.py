"""When reports are due. Pure: what is due follows from the catalogue, its calendar and the time, and from nothing else.

A report goes out once in every period, on a day of it, about the period before. So of several that were missed, by a
machine that slept, the newest alone is due: the others would tell what is known better by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from dateutil.rrule import DAILY, rrule, rruleset
from dateutil.tz import resolve_imaginary

from headway.model import On, Report
from headway.periods import Calendar, Period, WorkingDays

#: How many periods back one is looked for that has such a day: longer than any holidays.
_BACK = 60


@dataclass(frozen=True, slots=True)
class Slot:
    """One edition's place in time: the period that it is about, and from when it is due until when it waits."""

    period: Period
    due: datetime
    deadline: datetime


def newest(report: Report, calendar: Calendar, working: WorkingDays, now: datetime) -> Slot | None:
    """The newest edition that is due at `now`."""
    return _near(report, calendar, working, now, -1)


def following(report: Report, calendar: Calendar, working: WorkingDays, now: datetime) -> Slot | None:
    """The next edition that will be due after `now`."""
    return _near(report, calendar, working, now, 1)


def _near(report: Report, calendar: Calendar, working: WorkingDays, now: datetime, step: int) -> Slot | None:
    which = calendar.at(report.every, now)
    for _ in range(_BACK):
        day = day_of(report.on, which, working)
        due = moment(day, report.at, calendar) if day else None
        if due is not None and (due <= now if step < 0 else due > now):
            return Slot(calendar.previous(which), due, due + report.deadline.elapsed)
        which = calendar.previous(which) if step < 0 else calendar.next(which)
    return None


def day_of(on: On, period: Period, working: WorkingDays) -> date | None:
    """The day of a period that is meant; of a short one the last, where it has no such; None where no day counts."""
    weekdays = working.week if on.working else None if on.weekday is None else (on.weekday,)
    days = rruleset()
    first, last = (datetime.combine(day, time()) for day in (period.first, period.last))
    days.rrule(rrule(DAILY, dtstart=first, until=last, byweekday=weekdays))
    if on.working:
        for day in working.holidays:
            days.exdate(datetime.combine(day, time()))
    found = list(days)
    if not found:
        return None
    chosen: datetime = found[-1] if on.nth < 0 else found[min(on.nth, len(found)) - 1]
    return chosen.date()


def moment(day: date, at: time, calendar: Calendar) -> datetime:
    """A time of day there: where the clocks skip it, as much later; where it comes twice, the first."""
    local = datetime.combine(day, at, calendar.tz)
    found: datetime = resolve_imaginary(local)
    return found.astimezone(UTC)

"""How days, moments and periods read: 21 Nov 2026, 06:10, October, 16-22 Nov 2026."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from functools import lru_cache

from headway.periods import Grain, Period


def day(when: date) -> str:
    """21 Nov 2026."""
    return f"{when.day} {when:%b %Y}"


def near_day(when: date, today: date) -> str:
    """31 Oct, with the year only where it is not plain: more than ten months ago, or in a year to come."""
    return f"{when.day} {when:%b}" if (today - when).days <= 300 and when.year <= today.year else day(when)


def weekday(when: date) -> str:
    """Mon 3 Nov 2026."""
    return f"{when:%a} {day(when)}"


def month(when: date) -> str:
    """Nov."""
    return f"{when:%b}"


def clock(when: datetime) -> str:
    """06:10."""
    return f"{when:%H:%M}"


def through(first: date, last: date) -> str:
    """What is the same of two days is said once: 3 to 9 Jan 2026, 28 Feb to 3 Mar 2026, 1 Jan 2026."""
    if first == last or first.year != last.year:
        return day(first) if first == last else f"{day(first)} to {day(last)}"
    begin = f"{first.day}" if first.month == last.month else f"{first.day} {month(first)}"
    return f"{begin} to {day(last)}"


def moment(when: datetime, zone: tzinfo) -> str:
    """21 Nov 2026, 06:10 UTC."""
    local = when.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M %Z}"


def stamped(text: str, zone: tzinfo) -> str:
    """A moment or day that a source gave as ISO text: 20 Nov 2026, 23:58."""
    if len(text) <= 10:
        return day(date.fromisoformat(text))
    when = datetime.fromisoformat(text)
    if when.time() == time():  # a day that was stored as a moment
        return day(when.date())
    # Without a zone it is what the source wrote, which is not ours to move.
    return moment(when, zone) if when.tzinfo else f"{day(when.date())}, {when:%H:%M}"


def span(first: date, last: date) -> str:
    """1 to 20 October, 28 Oct to 3 Nov 2026, 1 October."""
    if first == last:
        return f"{first.day} {first:%B}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}\u2013{last.day} {last:%B}"
    start = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return f"{start} \u2013 {last.day} {last:%b}"


def days(first: date, last: date) -> str:
    """One day, or the first and the last of several: 21 Nov 2026, 6 Feb 2025 - 2 Apr 2025."""
    return day(first) if first == last else f"{day(first)} \u2013 {day(last)}"


def between(first: date | None, through: date | None) -> str:
    """When something holds: 1 Jan 2026 to 31 Dec 2026, from 1 Jan 2026, until 31 Dec 2026, always."""
    if first and through:
        return f"{day(first)} to {day(through)}"
    if first:
        return f"from {day(first)}"
    return f"until {day(through)}" if through else "always"


@lru_cache(maxsize=50_000)
def period(which: Period) -> str:
    """A period's whole name: October 2026, Q3 2026, 20 Nov 2026, 16-22 Nov 2026."""
    match which.grain:
        case Grain.HOUR:
            return f"{day(which.first)}, {which.name[-2:] if not which.name.endswith('b') else which.name[-3:-1]}:00"
        case Grain.DAY:
            return day(which.first)
        case Grain.WEEK:
            if which.first.month == which.last.month:
                return f"{which.first.day}\u2013{day(which.last)}"
            return f"{which.first.day} {which.first:%b} \u2013 {day(which.last)}"
        case Grain.MONTH:
            return f"{which.first:%B %Y}"
        case Grain.QUARTER:
            year, quarter = which.name.split("-")
            return f"{quarter} {year}"
        case Grain.YEAR:
            return which.name


def short_period(which: Period) -> str:
    """A period where there is little room: Oct 2026, Q3 2026, and 16 Nov 2026 for the week that begins then."""
    match which.grain:
        case Grain.WEEK:
            return day(which.first)
        case Grain.MONTH:
            return f"{which.first:%b %Y}"
        case _:
            return period(which)


def near_period(which: Period, today: date) -> str:
    """A period beside others: October, Q3, 20 November; with its year where it is more than ten months ago."""
    if abs((today - which.last).days) > 300:
        return period(which)
    match which.grain:
        case Grain.HOUR:
            return f"{near_day(which.first, today)}, {period(which)[-5:]}"
        case Grain.DAY:
            return f"{which.first.day} {which.first:%B}"
        case Grain.WEEK:
            return span(which.first, which.last)
        case Grain.MONTH:
            return f"{which.first:%B}"
        case _:
            return period(which).split(" ")[0]


def bar_name(which: Period, *, first: bool) -> str:
    """What stands under a bar: Nov, Q3, 16 Nov; January, the first quarter and the first bar name their year."""
    match which.grain:
        case Grain.MONTH:
            return f"{which.first:%Y}" if which.first.month == 1 else f"{which.first:%b}"
        case Grain.QUARTER:
            year, quarter = which.name.split("-")
            return f"{quarter} {year}" if quarter == "Q1" or first else quarter
        case Grain.YEAR:
            return which.name
        case _:
            return f"{which.first.day} {which.first:%b}"

"""How days, moments, periods and counts read; numbers have a file of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from headway.formats import dates, plurals
from headway.periods import Calendar

CALENDAR = Calendar("UTC")
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("name", "whole", "near", "short"),
    [
        ("2026-11-20", "20 Nov 2026", "20 November", "20 Nov 2026"),
        ("2026-W47", "16\u201322 Nov 2026", "16\u201322 November", "16 Nov 2026"),
        ("2026-10", "October 2026", "October", "Oct 2026"),
        ("2025-10", "October 2025", "October 2025", "Oct 2025"),
        ("2026-Q3", "Q3 2026", "Q3", "Q3 2026"),
        ("2025", "2025", "2025", "2025"),
    ],
)
def test_periods(name: str, whole: str, near: str, short: str) -> None:
    """Whole; beside others, where the year stands only if it is not plain; and where there is little room."""
    which = CALENDAR.parse(name)
    assert (dates.period(which), dates.near_period(which, TODAY), dates.short_period(which)) == (whole, near, short)


@pytest.mark.parametrize(
    ("first", "last", "through", "span"),
    [
        (date(2026, 1, 3), date(2026, 1, 9), "3 to 9 Jan 2026", "3\u20139 January"),
        (date(2026, 2, 28), date(2026, 3, 3), "28 Feb to 3 Mar 2026", "28 Feb \u2013 3 Mar"),
        (date(2025, 12, 29), date(2026, 1, 4), "29 Dec 2025 to 4 Jan 2026", "29 Dec 2025 \u2013 4 Jan"),
        (date(2026, 1, 1), date(2026, 1, 1), "1 Jan 2026", "1 January"),
    ],
)
def test_spans(first: date, last: date, through: str, span: str) -> None:
    """What is the same of two days is said once."""
    assert (dates.through(first, last), dates.span(first, last)) == (through, span)


def test_moments() -> None:
    """In the project's zone, with its name; what a source wrote without one is not moved."""
    when = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert dates.moment(when, ZoneInfo("Europe/Paris")) == "2 Jul 2026, 00:30 CEST"
    assert dates.stamped("2026-07-01T22:30:00", ZoneInfo("Europe/Paris")) == "1 Jul 2026, 22:30"
    assert dates.stamped("2026-07-01", UTC) == "1 Jul 2026"


@pytest.mark.parametrize(("number", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1204, "1,204 rows")])
def test_counts(number: int, text: str) -> None:
    """One is one, and thousands stand apart."""
    assert plurals.count(number, "row") == text


def test_lists() -> None:
    """The last two are joined by a word."""
    assert [plurals.listed(items) for items in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]

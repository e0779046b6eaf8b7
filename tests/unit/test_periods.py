"""Periods are cut in the project's zone, through daylight saving, leap years, odd weeks and fiscal years."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.periods import Calendar, Grain, Length, Period, Window, add_months, day_of, epoch_day

ZONES = ["UTC", "Pacific/Auckland", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
DAY_GRAINS = [g for g in Grain if g is not Grain.HOUR]
calendars = st.builds(
    Calendar, zone=st.sampled_from(ZONES), week_start=st.integers(0, 6), fiscal_start=st.integers(1, 12)
)
days = st.dates(date(1999, 1, 1), date(2040, 12, 31))


@given(calendars, days, st.sampled_from(DAY_GRAINS))
def test_periods_of_a_grain_tile_time(calendar: Calendar, day: date, grain: Grain) -> None:
    """Each day is in exactly one period of a grain, and the next period begins where this one ends."""
    period = calendar.period(grain, day)
    assert period.first <= day <= period.last
    after = calendar.next(period)
    assert after.start == period.end
    assert after.first == period.last + timedelta(days=1)
    assert calendar.previous(after) == period


@given(calendars, days, st.sampled_from(DAY_GRAINS))
def test_a_period_survives_its_name_and_its_key(calendar: Calendar, day: date, grain: Grain) -> None:
    """What the ledger and the user write of a period leads back to it."""
    period = calendar.period(grain, day)
    assert calendar.parse(period.name) == period
    assert calendar.from_key(grain, period.key) == period


@given(calendars, days)
def test_hours_tile_their_day(calendar: Calendar, day: date) -> None:
    """A day is its hours: 23, 24 or 25 of them (and a half, where a zone moves by half an hour)."""
    hours = calendar.between(Grain.HOUR, day, day)
    whole = calendar.period(Grain.DAY, day)
    assert len({h.key for h in hours}) == len(hours)
    assert hours == [calendar.hour(hour.start) for hour in hours]
    assert len(hours) in (23, 24, 25)
    assert hours[0].start <= whole.start
    assert hours[-1].end >= whole.end
    assert all(b.start >= a.start for a, b in pairwise(hours))


@pytest.mark.parametrize(("day", "hours"), [("2025-04-06", 25), ("2025-09-28", 23), ("2025-06-01", 24)])
def test_daylight_saving_makes_days_of_23_and_25_hours(day: str, hours: int) -> None:
    """Auckland leaves summer time on 6 April 2025 and enters it on 28 September."""
    period = Calendar("Pacific/Auckland").period(Grain.DAY, date.fromisoformat(day))
    assert (period.end - period.start) == timedelta(hours=hours)


def test_the_repeated_hour_of_autumn_is_two_periods() -> None:
    """Both are named, the second with a b, and each name leads back to its own hour."""
    calendar = Calendar("Pacific/Auckland")
    names = [h.name for h in calendar.between(Grain.HOUR, date(2025, 4, 6), date(2025, 4, 6))]
    assert names[2:4] == ["2025-04-06T02", "2025-04-06T02b"]
    first, second = (calendar.parse(n) for n in names[2:4])
    assert second.start - first.start == timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "week"), [("2020-12-31", "2020-W53"), ("2021-01-03", "2020-W53"), ("2021-01-04", "2021-W01")]
)
def test_week_53_belongs_to_the_year_that_has_it(day: str, week: str) -> None:
    """ISO weeks: 1 January 2021 is still in week 53 of 2020."""
    assert Calendar().period(Grain.WEEK, date.fromisoformat(day)).name == week


def test_a_fiscal_year_is_named_by_the_year_in_which_it_ends() -> None:
    """With a year from July, August 2025 is in FY2026."""
    calendar = Calendar(fiscal_start=7)
    assert calendar.period(Grain.YEAR, date(2025, 8, 1)).name == "FY2026"
    assert calendar.period(Grain.QUARTER, date(2025, 8, 1)).name == "FY2026-Q1"
    assert calendar.parse("FY2026").first == date(2025, 7, 1)
    with pytest.raises(ValueError, match="2026"):
        calendar.parse("2026")


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-W54", "2026-Q5", "yesterday", "", "2026-1-1", "FY2026", "2026-02-30"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    """A period is written in one of the language's forms."""
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is right, its text is the library's
        Calendar().parse(text)


@pytest.mark.parametrize(
    ("window", "day", "first", "last"),
    [
        ("30 days", "2025-01-30", "2025-01-01", "2025-01-30"),
        ("7 days", "2025-01-07", "2025-01-01", "2025-01-07"),
        ("1 day", "2025-01-07", "2025-01-07", "2025-01-07"),
        ("6 months", "2025-08-31", "2025-03-01", "2025-08-31"),
        ("6 months", "2025-08-30", "2025-02-28", "2025-08-30"),
        ("1 year", "2024-02-29", "2023-03-01", "2024-02-29"),
        ("calendar month", "2025-02-11", "2025-02-01", "2025-02-28"),
        ("year to date", "2025-02-11", "2025-01-01", "2025-02-11"),
        ("all time", "2025-02-11", "2020-05-05", "2025-02-11"),
        ("next 6 months", "2025-08-31", "2025-09-01", "2026-02-28"),
    ],
)
def test_a_window_spans_whole_local_days(window: str, day: str, first: str, last: str) -> None:
    """A 7-day window spans 7 days, not 8; months are clamped at their ends."""
    calendar = Calendar()
    period = calendar.period(Grain.DAY, date.fromisoformat(day))
    span = calendar.span(Window.parse(window), period, date(2020, 5, 5))
    assert span == (date.fromisoformat(first), date.fromisoformat(last))


@given(days, st.sampled_from(["30 days", "6 months", "calendar month", "year to date", "all time", "2 quarters"]))
def test_spans_never_move_backwards(day: date, text: str) -> None:
    """A later day's span begins and ends no earlier: the gap rollup leans on it."""
    calendar, window, beginning = Calendar(), Window.parse(text), date(1998, 1, 1)
    a = calendar.span(window, calendar.period(Grain.DAY, day), beginning)
    b = calendar.span(window, calendar.period(Grain.DAY, day + timedelta(days=1)), beginning)
    assert a[0] <= b[0]
    assert a[1] <= b[1]


@pytest.mark.parametrize("text", ["30d", "30", "days", "30  fortnights", "-1 days", "calendar hour", "next"])
def test_what_is_no_window_is_refused(text: str) -> None:
    """`30d` is a guess, so it is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is right, its text is the library's
        Window.parse(text)


@pytest.mark.parametrize("text", ["30 days", "1 year", "calendar month", "year to date", "all time", "next 6 months"])
def test_a_window_is_written_as_it_is_read(text: str) -> None:
    """The page shows the user's own words."""
    assert str(Window.parse(text)) == text


@pytest.mark.parametrize(
    ("grain", "day", "through", "mine", "before"),
    [
        (Grain.MONTH, "2025-11-20", "2025-11-20", ("2025-11-01", "2025-11-20"), ("2025-10-01", "2025-10-20")),
        (Grain.MONTH, "2025-03-31", "2025-03-30", ("2025-03-01", "2025-03-30"), ("2025-02-01", "2025-02-28")),
        (Grain.MONTH, "2025-02-10", "2025-02-28", ("2025-02-01", "2025-02-28"), ("2025-01-01", "2025-01-31")),
        (Grain.YEAR, "2024-03-01", "2024-02-29", ("2024-01-01", "2024-02-29"), ("2023-01-01", "2023-02-28")),
        (Grain.QUARTER, "2025-05-15", "2025-05-15", ("2025-04-01", "2025-05-15"), ("2025-01-01", "2025-02-15")),
        (Grain.WEEK, "2025-11-20", "2025-11-19", ("2025-11-17", "2025-11-19"), ("2025-11-10", "2025-11-12")),
    ],
)
def test_a_running_period_meets_the_same_span_of_the_one_before(
    grain: Grain, day: str, through: str, mine: tuple[str, str], before: tuple[str, str]
) -> None:
    """1-20 November against 1-20 October, by the calendar, clamped."""
    calendar = Calendar()
    found = calendar.same_span(calendar.period(grain, date.fromisoformat(day)), date.fromisoformat(through))
    assert found is not None
    assert [tuple(map(str, span)) for span in found] == [mine, before]


def test_nothing_is_compared_before_a_day_is_over() -> None:
    """On the first day of a month there is no whole day yet."""
    month = Calendar().period(Grain.MONTH, date(2025, 11, 1))
    assert Calendar().same_span(month, date(2025, 10, 31)) is None


def test_a_period_is_partial_until_its_late_rows_are_in() -> None:
    """`late_after` keeps a period open past its end."""
    calendar = Calendar("Pacific/Auckland")
    day = calendar.period(Grain.DAY, date(2025, 6, 1))
    assert day.end == datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert calendar.is_partial(day, day.end - timedelta(seconds=1))
    assert not calendar.is_partial(day, day.end)
    assert calendar.is_partial(day, day.end, late_after=timedelta(days=1))


@given(days, st.integers(-400, 400))
def test_months_are_clamped_never_skipped(day: date, months: int) -> None:
    """A month later is in the following month, whatever the day."""
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day <= day.day


@given(days)
def test_epoch_days_count_from_1970(day: date) -> None:
    """The ledger's integer leads back to the day."""
    assert day_of(epoch_day(day)) == day


def test_longer_grains() -> None:
    """A week is kept beside months, but a month has no weeks."""
    assert Grain.DAY.longer() == (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
    assert Grain.MONTH.longer() == (Grain.MONTH, Grain.QUARTER, Grain.YEAR)


def test_lengths() -> None:
    """Calendar lengths have months, fixed ones elapsed time."""
    assert Length.parse("2 quarters").months == 6
    assert Length.parse("2 weeks").days == 14
    assert Length.parse("90 minutes").elapsed == timedelta(minutes=90)


def test_periods_are_in_order_of_time() -> None:
    """Sorting periods sorts them by their start."""
    made: list[Period] = Calendar().between(Grain.MONTH, date(2024, 11, 3), date(2025, 2, 1))
    assert [p.name for p in sorted(made, reverse=True)] == ["2025-02", "2025-01", "2024-12", "2024-11"]


def _earlier(calendar: Calendar, name: str, length: str) -> str | None:
    found = calendar.earlier(calendar.parse(name), Length.parse(length))
    return found.name if found else None


@pytest.mark.parametrize(
    ("name", "length", "earlier"),
    [
        ("2026-03-31", "1 month", "2026-02-28"),  # clamped
        ("2024-02-29", "1 year", "2023-02-28"),
        ("2024-03-01", "30 days", "2024-01-31"),  # days are exact
        ("2026-03", "1 month", "2026-02"),
        ("2026-03", "1 year", "2025-03"),
        ("2026-Q1", "1 quarter", "2025-Q4"),
        ("2026-Q1", "12 months", "2025-Q1"),
        ("2026", "2 years", "2024"),
        ("2026-W53", "1 year", "2026-W01"),  # 52 weeks, though 2026 has 53
        ("2026-W14", "1 quarter", "2026-W01"),
        ("2026-W14", "14 days", "2026-W12"),
        ("2026-W14", "1 month", None),  # a month is no whole number of weeks
        ("2026-03", "30 days", None),
        ("2026-Q1", "1 month", None),
        ("2026-03-31", "24 hours", None),
        ("2026-03-31", "0 days", None),
    ],
)
def test_a_length_leads_to_an_earlier_period_of_the_same_grain(name: str, length: str, earlier: str | None) -> None:
    """By the calendar, months clamped, a year of weeks as 52 weeks; or there is none."""
    assert _earlier(Calendar(), name, length) == earlier


def test_an_hour_goes_back_to_the_same_hour_of_an_earlier_day() -> None:
    """Through daylight saving, while hours are counted as they pass; an hour that was skipped is none."""
    calendar = Calendar("Pacific/Auckland")  # 2 o'clock of 28 September 2025 was skipped
    assert _earlier(calendar, "2025-09-28T04", "1 day") == "2025-09-27T04"
    assert _earlier(calendar, "2025-09-28T04", "24 hours") == "2025-09-27T03"
    assert _earlier(calendar, "2025-09-29T02", "1 day") is None
    assert _earlier(calendar, "2025-10-05T02", "1 week") is None
    assert _earlier(calendar, "2025-04-13T02", "7 days") == "2025-04-06T02"


@given(calendars, days, st.sampled_from(DAY_GRAINS), st.integers(1, 5))
def test_an_earlier_period_by_its_own_grain_is_the_previous_one(
    calendar: Calendar, day: date, grain: Grain, count: int
) -> None:
    """So many of its own lengths before a period is as many steps back."""
    period = before = calendar.period(grain, day)
    for _ in range(count):
        before = calendar.previous(before)
    assert calendar.earlier(period, Length.parse(f"{count} {grain}")) == before

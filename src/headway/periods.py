"""The only place that knows what an hour, a day, a month, a fiscal year or a rolling window is.

A `Period` is half open: `[start, end)` in moments, and at the same time the local days `first` to `last`, both
inclusive. A `Calendar` cuts periods in the project's time zone, through daylight saving, so a day has 23, 24 or 25
hours. Everything here is pure; `now` is always an argument. The ledger stores a period as one integer, its `key`:
the epoch day of `first`, or for an hour the epoch second of `start`.
"""

from __future__ import annotations

import calendar as _gregorian
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = tuple(name.lower() for name in _gregorian.month_name[1:])


class Grain(StrEnum):
    """How long a period is, shortest first."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def rank(self) -> int:
        """0 for the hour, 5 for the year."""
        return _ORDER.index(self)

    def longer(self) -> tuple[Grain, ...]:
        """The grains kept for a KPI of this grain: itself and every longer one.

        A week is no part of a month, so weeks stand beside months: a monthly KPI has no weeks.
        """
        return tuple(g for g in _ORDER[self.rank :] if g is self or g is not Grain.WEEK or self.rank < g.rank)

    def steps(self, length: Length) -> bool:
        """True if a length of time leads from a period of this grain to another one: `Calendar.earlier`.

        A year is four quarters and twelve months. Weeks count 13 to a quarter and 52 to a year, and none to a month.
        """
        if not length.count:
            return False
        months, days = length.months, length.days
        match self:
            case Grain.HOUR:
                return length.unit is not Unit.MINUTE
            case Grain.DAY:
                return months is not None or days is not None
            case Grain.WEEK:
                return months % 3 == 0 if months is not None else days is not None and days % 7 == 0
            case _:
                return months is not None and months % _IN_MONTHS[Unit(self.value)] == 0


_ORDER = (Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)


class Unit(StrEnum):
    """Units of a length of time."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_SECONDS = {Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86400, Unit.WEEK: 7 * 86400}
_IN_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time such as `30 days` or `6 months`. Months, quarters and years are calendar lengths."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Length:
        """Read `30 days`; ValueError for anything else, `30d` included."""
        match = re.fullmatch(r"\s*(\d+) +(minute|hour|day|week|month|quarter|year)s?\s*", text)
        if not match:
            raise ValueError(text)
        return cls(int(match[1]), Unit(match[2]))

    @property
    def months(self) -> int | None:
        """The length in months, or None if it is not a calendar length."""
        factor = _IN_MONTHS.get(self.unit)
        return None if factor is None else factor * self.count

    @property
    def days(self) -> int | None:
        """The length in whole days, or None if it is a calendar length or shorter than a day."""
        if self.unit is Unit.DAY:
            return self.count
        if self.unit is Unit.WEEK:
            return 7 * self.count
        return None

    @property
    def elapsed(self) -> timedelta:
        """A fixed length as elapsed time; months count 31 days, the longest they can be."""
        if self.months is not None:
            return timedelta(days=31 * self.months)
        return timedelta(seconds=_SECONDS[self.unit] * self.count)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


class WindowKind(StrEnum):
    """The five forms of `window` in the language."""

    TRAILING = "trailing"  # 30 days, 6 months: ends at the moment asked for
    CALENDAR = "calendar"  # calendar month: the whole calendar period that holds the moment
    TO_DATE = "to date"  # year to date
    ALL_TIME = "all time"
    NEXT = "next"  # next 6 months


@dataclass(frozen=True, slots=True)
class Window:
    """A span that ends at a moment; it turns a flow into a state."""

    kind: WindowKind
    length: Length | None = None
    grain: Grain | None = None

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read the forms of docs/language.md, "Windows"; ValueError for anything else."""
        text = " ".join(text.split())
        if text == "all time":
            return cls(WindowKind.ALL_TIME)
        if match := re.fullmatch(r"calendar (day|week|month|quarter|year)", text):
            return cls(WindowKind.CALENDAR, grain=Grain(match[1]))
        if match := re.fullmatch(r"(week|month|quarter|year) to date", text):
            return cls(WindowKind.TO_DATE, grain=Grain(match[1]))
        if match := re.fullmatch(r"next (.+)", text):
            return cls(WindowKind.NEXT, length=Length.parse(match[1]))
        return cls(WindowKind.TRAILING, length=Length.parse(text))

    def __str__(self) -> str:
        match self.kind:
            case WindowKind.ALL_TIME:
                return "all time"
            case WindowKind.CALENDAR:
                return f"calendar {self.grain}"
            case WindowKind.TO_DATE:
                return f"{self.grain} to date"
            case WindowKind.NEXT:
                return f"next {self.length}"
            case _:
                return str(self.length)


@dataclass(frozen=True, order=True)
class Period:
    """One period: `[start, end)` as moments in UTC, `first` to `last` as local days, both inclusive.

    `name` is the canonical text: 2026-01-31, 2026-W05, 2026-01, 2026-Q1, 2026, FY2026-Q1, 2026-01-31T14.
    """

    start: datetime
    end: datetime
    grain: Grain
    first: date
    last: date
    name: str

    @cached_property
    def key(self) -> int:
        """What the ledger stores: epoch day of `first`, or epoch second of `start` for an hour."""
        return int(self.start.timestamp()) if self.grain is Grain.HOUR else epoch_day(self.first)

    @property
    def days(self) -> int:
        """How many local days it covers."""
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return self.name


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date that many days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, clamped to the month's end."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, _month_days(year, month + 1)))


@lru_cache(maxsize=4096)
def _month_days(year: int, month: int) -> int:
    return _gregorian.monthrange(year, month)[1]


@dataclass(frozen=True)
class Calendar:
    """How one project cuts time: its zone, the first day of its weeks, the first month of its fiscal year."""

    zone: str = "UTC"
    week_start: int = 0
    fiscal_start: int = 1

    @cached_property
    def tz(self) -> ZoneInfo:
        """The zone's rules."""
        return ZoneInfo(self.zone)

    def moment(self, day: date) -> datetime:
        """The moment at which a local day begins. Where midnight is skipped, the first moment after it."""
        return datetime.combine(day, time(), self.tz).astimezone(UTC)

    def day(self, moment: datetime) -> date:
        """The local day that holds a moment."""
        return moment.astimezone(self.tz).date()

    # -- making periods ------------------------------------------------------------------------------------------

    def first_day(self, grain: Grain, day: date) -> date:
        """The first day of the week, month, quarter or (fiscal) year that holds `day`."""
        match grain:
            case Grain.HOUR | Grain.DAY:
                return day
            case Grain.WEEK:
                return day - timedelta(days=(day.weekday() - self.week_start) % 7)
            case Grain.MONTH:
                return day.replace(day=1)
            case Grain.QUARTER:
                return add_months(day.replace(day=1), -((day.month - self.fiscal_start) % 3))
            case Grain.YEAR:
                return add_months(day.replace(day=1), -((day.month - self.fiscal_start) % 12))

    def next_first_day(self, grain: Grain, first: date) -> date:
        """The first day of the following period."""
        months = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}.get(grain)
        if months is not None:
            return add_months(first, months)
        return first + timedelta(days=7 if grain is Grain.WEEK else 1)

    def period(self, grain: Grain, day: date) -> Period:
        """The period of days that holds a local day. Hours are made by `hour`."""
        assert grain is not Grain.HOUR
        first = self.first_day(grain, day)
        after = self.next_first_day(grain, first)
        return Period(
            self.moment(first), self.moment(after), grain, first, after - timedelta(days=1), self._name(grain, first)
        )

    def hour(self, moment: datetime) -> Period:
        """The local clock hour that holds a moment: cut on moments, so the repeated hour of autumn is two periods."""
        local = moment.astimezone(self.tz)
        start = (
            moment - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        ).replace(tzinfo=UTC)
        wall = start.astimezone(self.tz)
        name = f"{wall:%Y-%m-%dT%H}" + ("b" if wall.fold else "")
        return Period(start, start + timedelta(hours=1), Grain.HOUR, wall.date(), wall.date(), name)

    def at(self, grain: Grain, moment: datetime) -> Period:
        """The period of any grain that holds a moment."""
        return self.hour(moment) if grain is Grain.HOUR else self.period(grain, self.day(moment))

    def from_key(self, grain: Grain, key: int) -> Period:
        """The period that a ledger key names."""
        if grain is Grain.HOUR:
            return _hour(self, key)
        return self.period(grain, day_of(key))

    def next(self, period: Period) -> Period:
        """The period that follows."""
        return self.at(period.grain, period.end)

    def previous(self, period: Period) -> Period:
        """The period before."""
        return self.at(period.grain, period.start - timedelta(microseconds=1))

    def earlier(self, period: Period, length: Length) -> Period | None:
        """The period of the same grain one length earlier, by the calendar; None if there is none.

        Months are clamped: 28 February is a month before 31 March. A week goes back by 13 weeks for a quarter and 52
        for a year. An hour goes back to the same hour of an earlier day, unless that day's clocks skipped it. There is
        none where a length is no whole number of periods (`Grain.steps`): a month before a week, a day before a month.
        """
        if not period.grain.steps(length):
            return None
        months = length.months
        if period.grain is Grain.HOUR:
            if length.unit is Unit.HOUR:
                return self.hour(period.start - length.elapsed)
            wall = period.start.astimezone(self.tz)
            back = datetime.combine(self._shift(period.first, length, -1), wall.time(), self.tz).replace(fold=wall.fold)
            hour = self.hour(back.astimezone(UTC))
            return hour if hour.start.astimezone(self.tz).hour == wall.hour else None
        if period.grain is Grain.WEEK and months is not None:
            return self.period(Grain.WEEK, period.first - timedelta(weeks=13 * months // 3))
        return self.period(period.grain, self._shift(period.first, length, -1))

    def between(self, grain: Grain, first: date, last: date) -> list[Period]:
        """All periods that touch the local days `first` to `last`, in order."""
        if last < first:
            return []
        if grain is Grain.HOUR:
            days = (first + timedelta(days=n) for n in range((last - first).days + 1))
            return [hour for day in days for hour in _hours(self, day)]
        found = [self.period(grain, first)]
        while found[-1].last < last:
            found.append(self.period(grain, found[-1].last + timedelta(days=1)))
        return found

    def _name(self, grain: Grain, first: date) -> str:
        match grain:
            case Grain.DAY | Grain.HOUR:
                return first.isoformat()
            case Grain.WEEK:
                if self.week_start == 0:
                    year, week, _ = first.isocalendar()
                    return f"{year}-W{week:02}"
                return f"week of {first.isoformat()}"
            case Grain.MONTH:
                return f"{first:%Y-%m}"
            case Grain.QUARTER:
                prefix, year = self._fiscal(first)
                return f"{prefix}{year}-Q{(first.month - self.fiscal_start) % 12 // 3 + 1}"
            case Grain.YEAR:
                prefix, year = self._fiscal(first)
                return f"{prefix}{year}"

    def _fiscal(self, day: date) -> tuple[str, int]:
        """The fiscal year of a day is named by the calendar year in which it ends."""
        if self.fiscal_start == 1:
            return "", day.year
        return "FY", day.year + (1 if day.month >= self.fiscal_start else 0)

    def parse(self, text: str) -> Period:
        """Read a period's name in any of the language's forms; ValueError for anything else."""
        text = text.strip()
        if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d)(b?)", text):
            wall = datetime.combine(date.fromisoformat(match[1]), time(int(match[2])), self.tz)
            return self.hour(wall.replace(fold=1 if match[3] else 0).astimezone(UTC))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return self.period(Grain.DAY, date.fromisoformat(text))
        if match := re.fullmatch(r"(\d{4})-W(\d\d)", text):
            if self.week_start != 0:
                raise ValueError(text)
            return self.period(Grain.WEEK, date.fromisocalendar(int(match[1]), int(match[2]), 1))
        if match := re.fullmatch(r"week of (\d{4}-\d\d-\d\d)", text):
            return self.period(Grain.WEEK, date.fromisoformat(match[1]))
        if match := re.fullmatch(r"(\d{4})-(\d\d)", text):
            return self.period(Grain.MONTH, date(int(match[1]), int(match[2]), 1))
        if match := re.fullmatch(r"(FY)?(\d{4})(?:-Q([1-4]))?", text):
            if bool(match[1]) != (self.fiscal_start != 1):
                raise ValueError(text)
            start = date(int(match[2]) - (1 if match[1] else 0), self.fiscal_start, 1)
            if match[3]:
                return self.period(Grain.QUARTER, add_months(start, 3 * (int(match[3]) - 1)))
            return self.period(Grain.YEAR, start)
        raise ValueError(text)

    # -- spans ---------------------------------------------------------------------------------------------------

    def span(self, window: Window | None, period: Period, beginning: date) -> tuple[date, date]:
        """The local days, both inclusive, whose rows a flow needs for `period` under `window`.

        Without a window it is the period itself. `beginning` is the first day there are rows, for `all time`.
        """
        if window is None:
            return period.first, period.last
        last = period.last
        match window.kind:
            case WindowKind.ALL_TIME:
                return min(beginning, last), last
            case WindowKind.CALENDAR:
                assert window.grain is not None
                whole = self.period(window.grain, last)
                return whole.first, whole.last
            case WindowKind.TO_DATE:
                assert window.grain is not None
                return self.first_day(window.grain, last), last
            case WindowKind.NEXT:
                assert window.length is not None
                after = last + timedelta(days=1)
                return after, self._shift(after, window.length, 1) - timedelta(days=1)
            case WindowKind.TRAILING:
                assert window.length is not None
                return self._shift(last + timedelta(days=1), window.length, -1), last

    def span_before(self, window: Window | None, period: Period, beginning: date) -> tuple[date, date]:
        """The span just before that of `period`: the calendar period before it, or the same length of days or months.

        It ends the day before the other begins; before `all time` there is nothing, and it is empty.
        """
        first, _ = self.span(window, period, beginning)
        last = first - timedelta(days=1)
        if window is None:
            return self.first_day(period.grain, last), last
        if window.grain is not None:
            return self.first_day(window.grain, last), last
        return (self._shift(first, window.length, -1) if window.length else first), last

    @staticmethod
    def _shift(day: date, length: Length, sign: int) -> date:
        if length.months is not None:
            return add_months(day, sign * length.months)
        assert length.days is not None, "windows are cut in days"
        return day + timedelta(days=sign * length.days)

    # -- running periods -----------------------------------------------------------------------------------------

    def is_partial(self, period: Period, now: datetime, late_after: timedelta = timedelta()) -> bool:
        """True until the period's end plus `late_after`: it has a value, but is not judged."""
        return period.end + late_after > now

    def last_complete_day(self, now: datetime) -> date:
        """The newest local day that is over at `now`."""
        return self.day(now) - timedelta(days=1)

    def same_span(
        self, period: Period, through: date, before: Period | None = None
    ) -> tuple[tuple[date, date], tuple[date, date]] | None:
        """The days of a running period up to `through`, and the days of the period before to compare them with.

        `before` is the previous period, or any of the same grain. By the calendar: 1-20 November against 1-20 October,
        clamped (1-31 March against 1-28 February); weeks by weekday. None if no whole day of the period is over yet.
        """
        if period.grain in (Grain.HOUR, Grain.DAY) or through < period.first:
            return None
        through = min(through, period.last)
        before = before or self.previous(period)
        if period.grain is Grain.WEEK:
            mate = before.first + (through - period.first)
        else:
            months = (period.first.year - before.first.year) * 12 + period.first.month - before.first.month
            # The last day of a month stands for the whole month, so a whole period meets a whole one.
            ends_month = (through + timedelta(days=1)).day == 1
            mate = add_months(through + timedelta(days=1), -months) - timedelta(days=1)
            if not ends_month:
                mate = add_months(through, -months)
        return (period.first, through), (before.first, min(mate, before.last))


@dataclass(frozen=True)
class WorkingDays:
    """On which days a project works: the days of its week, Monday being 0, without its holidays."""

    week: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()

    def so_far(self, first: date, last: date) -> list[int]:
        """For each of the days `first` to `last`, how many working days there are from `first` up to and with it."""
        free = set(self.holidays)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return list(accumulate(int(day.weekday() in self.week and day not in free) for day in days))


def stretches(days: Iterable[date | None]) -> Iterator[tuple[date | None, date | None]]:
    """Days as stretches of neighbouring days; a missing day is open at both ends."""
    different = set(days)
    known = sorted(day for day in different if day is not None)
    if None in different:
        yield None, None
    start = 0
    for i, day in enumerate(known):
        if i + 1 == len(known) or known[i + 1] - day > timedelta(days=1):
            yield known[start], day
            start = i + 1


@lru_cache(maxsize=1 << 13)
def _hours(calendar: Calendar, day: date) -> tuple[Period, ...]:
    """The clock hours of a local day, made once: whatever is kept by the hour asks for the same ones."""
    begin, end = calendar.moment(day), calendar.moment(day + timedelta(days=1))
    length = timedelta(hours=1)
    offsets = {one.astimezone(calendar.tz).utcoffset() for one in (begin, end - length)}
    if end - begin == 24 * length and len(offsets) == 1:
        starts = [begin + n * length for n in range(24)]
        name = day.isoformat()
        return tuple(Period(s, s + length, Grain.HOUR, day, day, f"{name}T{n:02}") for n, s in enumerate(starts))
    found = [calendar.hour(begin)]
    while found[-1].end < end:
        found.append(calendar.hour(found[-1].end))
    return tuple(found)


@lru_cache(maxsize=1 << 16)
def _hour(calendar: Calendar, key: int) -> Period:
    """The hour that a key names: a year has 8,760, and every KPI that is kept by the hour asks for each again."""
    moment = datetime.fromtimestamp(key, UTC)
    # A day makes its hours in a quarter of the time that each of them takes alone.
    hours = _hours(calendar, calendar.day(moment))
    place = (key - hours[0].key) // 3600
    known = place < len(hours) and hours[place].start == moment
    return hours[place] if known else calendar.hour(moment)

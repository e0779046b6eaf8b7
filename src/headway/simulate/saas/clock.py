"""Months, days and hours of the company, which lives in New York, as moments in UTC; and how busy each day is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Moments = npt.NDArray[np.datetime64]

ZONE = ZoneInfo("America/New_York")
#: The first day with data: the product left its beta.
BEGINNING = date(2024, 1, 1)
#: How busy a day of the week is, Monday first.
WEEK = (1.0, 1.06, 1.06, 1.02, 0.9, 0.17, 0.15)
#: How busy a month is, January first: summer and December are quiet.
YEAR = (0.98, 1.0, 1.02, 1.02, 1.01, 0.99, 0.95, 0.94, 1.01, 1.03, 1.0, 0.93)


@dataclass(frozen=True)
class Month:
    """One month in New York: its days, the moments at which they begin (and the last one ends), how busy they are."""

    first: date
    days: Moments
    starts: Moments
    busy: Floats

    @property
    def code(self) -> int:
        """A number such as 202603, for streams and identifiers."""
        return self.first.year * 100 + self.first.month

    @cached_property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=len(self.days) - 1)

    def moments(self, day: Ints, fraction: Floats) -> Moments:
        """The moment at which a fraction of a day (its position in the month) has passed; days have 23 to 25 hours."""
        length = np.diff(self.starts).astype(np.int64)
        passed = (fraction * length[day]).astype("timedelta64[s]")
        found: Moments = self.starts[day] + passed
        return found

    def random_days(self, rng: np.random.Generator, count: int) -> Ints:
        """Positions of that many days, busy ones more often."""
        edges = np.cumsum(self.busy / self.busy.sum())
        return np.minimum(np.searchsorted(edges, rng.random(count)), len(self.days) - 1)


def months(through: date, since: date = BEGINNING) -> Iterator[Month]:
    """Every month from `since` to the one that holds the day `through`."""
    first = since.replace(day=1)
    while first <= through:
        after = (first + timedelta(days=32)).replace(day=1)
        days = np.arange(np.datetime64(first), np.datetime64(after))
        starts = np.array([midnight(first + timedelta(days=n)) for n in range(len(days) + 1)], "datetime64[s]")
        yield Month(first, days, starts, np.array([_busy(first + timedelta(days=n)) for n in range(len(days))]))
        first = after


def midnight(day: date) -> datetime:
    """The moment at which a day begins in New York, in UTC and without a zone."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC).replace(tzinfo=None)


def end_of_data(today: date) -> np.datetime64:
    """The first moment that is not in the data."""
    return np.datetime64(midnight(today), "s")


def local(moments: Moments, known: list[Month]) -> Moments:
    """What a clock in New York showed; in autumn an hour is shown twice."""
    starts = np.concatenate([month.starts[:-1] for month in known])
    days = np.concatenate([month.days for month in known])
    offset = (starts - days.astype("datetime64[s]")).astype(np.int64)
    # Clocks change two hours into the day, both in spring and in autumn.
    changes = np.flatnonzero(np.diff(offset))
    since = np.concatenate(([starts[0]], starts[changes] + np.timedelta64(2, "h")))
    behind = np.concatenate(([offset[0]], offset[changes + 1]))
    place = np.searchsorted(since, moments, side="right") - 1
    shown: Moments = moments - behind[np.maximum(place, 0)].astype("timedelta64[s]")
    return shown


def _busy(day: date) -> float:
    return WEEK[day.weekday()] * YEAR[day.month - 1] * (0.3 if _is_quiet(day) else 1.0)


def _is_quiet(day: date) -> bool:
    """True on days that most customers take off."""
    thanksgiving = date(day.year, 11, 22) + timedelta(days=(3 - date(day.year, 11, 22).weekday()) % 7)
    return (
        (day.month, day.day) in {(1, 1), (7, 4), (12, 24), (12, 25), (12, 26), (12, 31)}
        or day in (thanksgiving, thanksgiving + timedelta(days=1))
        or (day.month == 12 and day.day > 26)
    )

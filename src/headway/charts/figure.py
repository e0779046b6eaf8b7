"""What a chart shows, before it is drawn: points, targets, the ends of its scale, and the labels of time."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from headway.formats.dates import month

Form = Literal["line", "bar"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a figure. `at` counts days (with a fraction for hours), `name` is what stands under it.

    A line whose points have no names gets labels of time instead. `title` and `text` are the period and the value as
    the table has them, for a reader who points at it.
    """

    at: float
    value: float | None
    partial: bool = False
    name: str = ""
    label: str = ""
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A bound that holds from one point of time to another, both on the scale of `Mark.at`."""

    first: float
    last: float
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Slope:
    """A bound that moves: the straight line between two points of time, named at its end."""

    first: float
    start: float
    last: float
    reach: float
    label: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A number in a circle over a day, or a span of days; beneath the chart stand the same number, when, and words."""

    first: float
    last: float
    number: str
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything that one chart shows. `ticks` are the labelled values of its scale, `low` and `high` its ends."""

    form: Form
    marks: tuple[Mark, ...]
    steps: tuple[Step, ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    #: The sentence that says what the chart shows, for those who do not see it.
    says: str
    #: Where the method changes: the `at` of each mark that is the first of another one.
    breaks: tuple[float, ...] = ()
    slope: Slope | None = None
    remarks: tuple[Remark, ...] = ()


def extent(values: Sequence[float], bounds: Sequence[float], form: Form) -> tuple[float, float]:
    """The lowest and highest value a scale must hold: bars and areas start at 0.

    A line may leave 0 where its span is less than a fifth of its level, if it has one.
    """
    every = [*values, *bounds] or [0.0]
    low, high = min(every), max(every)
    if form == "line" and 0 < high - low < high / 5 and low > 0:
        air = (high - low) * 0.25
        return low - air, high + air
    low, high = min(0.0, low), max(0.0, high)
    if low == high:
        high = 1.0
    return low - (0.06 * (high - low) if low < 0 else 0), high + (0.1 * (high - low) if high > 0 else 0)


def thinned(names: Sequence[str], every: int, fewer: int) -> dict[int, bool]:
    """The places of the names that stay when only each n-th has room, and whether `fewer` have room for them too.

    The newest stays, unless some names tell a year (Q1 2026 among Q2, Q3): then those do, and what lies evenly between.
    """
    years = [n for n, name in enumerate(names) if re.search(r"\d{4}", name)]
    told = len(years) < len(names) and len(years) > 2  # the first is named for being first
    last, apart = (years[-1], years[-1] - years[-2]) if told else (len(names) - 1, 0)
    steps: list[int] = []
    for least in (every, fewer):
        step = max([least, *steps])
        while (apart % step and step % apart if apart else False) or any(step % one for one in steps):
            step += 1
        steps.append(step)
    wide, narrow = steps
    return {n: (n - last) % narrow == 0 for n in range(len(names)) if (n - last) % wide == 0 and names[n]}


def dates(first: float, last: float, most: int) -> list[tuple[float, str]]:
    """Labels of a time axis, at most `most`: years, quarters' first months, months or days, as the span allows.

    January reads as its year.
    """
    start, end = _day(first), _day(last)
    span = (end - start).days + 1
    if span <= 45:
        step = max(1, math.ceil(span / most))
        days = [start + timedelta(n) for n in range(0, span, step)]
        return [(float(_number(d)), f"{d.day} {month(d)}") for d in days]
    months = [
        date(y, m, 1) for y in range(start.year, end.year + 1) for m in range(1, 13) if start <= date(y, m, 1) <= end
    ]
    for every in (1, 3, 6, 12, 24, 60, 120):
        chosen = [d for d in months if ((d.year * 12 + d.month - 1) % every) == 0]
        if len(chosen) <= most:
            return [(float(_number(d)), str(d.year) if d.month == 1 else month(d)) for d in chosen]
    return []


def _day(number: float) -> date:
    return date(1970, 1, 1) + timedelta(days=math.floor(number))


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days

"""Rows of the ledger as a page needs them: one `Stored` per period, with its `Period`, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import groupby, takewhile
from operator import itemgetter
from typing import NamedTuple

import pyarrow as pa

from headway.model import Cell, Flag, Kpi, Reason, Status, read_cell
from headway.periods import Calendar, Grain, Period, WindowKind, add_months, epoch_day
from headway.publish import words
from headway.publish.pages import Verdict


class Stored(NamedTuple):
    """One number as the ledger holds it, with the verdict on it; a tuple, because pages are made of a million."""

    period: Period
    value: float | None
    reason: str | None
    n: float | None
    numerator: float | None
    denominator: float | None
    partial: bool
    imported: bool
    so_far: float | None
    so_far_before: float | None
    status: str | None
    low: float | None
    high: float | None
    expected: float | None
    revision: int
    #: The value is this or more.
    at_least: bool = False
    #: The verdict, where the bounds that it comes from are not for this reader.
    veiled: Verdict | None = None

    @property
    def withheld(self) -> bool:
        """True if there is a number, and it is held back."""
        return self.value is None and self.reason is not None and Reason(self.reason).withheld

    @property
    def verdict(self) -> Verdict:
        """The status in words, also for periods that no target speaks of and that were therefore never judged."""
        if self.veiled is not None:
            return self.veiled
        status = self.status
        if self.reason == Reason.NO_TOTAL:
            return Verdict(Status.NO_DATA.value, "No total")
        if self.reason == Reason.INCOMPLETE:
            return Verdict(Status.WITHHELD.value, "Incomplete")
        if status is None:
            if self.value is None:
                status = (Status.WITHHELD if self.withheld else Status.NO_DATA).value
            elif self.partial:
                status = Status.PARTIAL.value
        return words.verdict(status, self.value, self.low, self.high)


class Periods:
    """Makes periods from the ledger's keys, each of them once: cutting days in a zone is not free."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._made: dict[tuple[Grain, int], Period] = {}

    def get(self, grain: Grain, key: int) -> Period:
        """The period of that grain and key."""
        found = self._made.get((grain, key))
        if found is None:
            found = self._made[grain, key] = self.calendar.from_key(grain, key)
        return found


#: As plain values: an enum's own look-up, for each of a million rows, takes longer than all the rest.
_GRAINS = {grain.value: grain for grain in Grain}
_GONE, _PARTIAL, _IMPORTED, _AT_LEAST = (int(flag) for flag in (Flag.GONE, Flag.PARTIAL, Flag.IMPORTED, Flag.AT_LEAST))
#: A tuple of all fields as a `Stored`, without the look at each of them that its own constructor takes.
_stored: Callable[[tuple[object, ...]], Stored] = partial(tuple.__new__, Stored)


def rows(table: pa.Table, periods: Periods) -> dict[tuple[Grain, Cell], list[Stored]]:
    """The rows of a ledger table (schema `PUBLISHED`) by grain and cell, in order of time, without what is gone.

    They stand in the table in that order.
    """
    grains, cells, keys, flags = (table.column(name).to_pylist() for name in ("grain", "cell", "period", "flags"))
    get = periods.get
    columns = {
        "period": [get(_GRAINS[grain], key) for grain, key in zip(grains, keys, strict=True)],
        "partial": [flag & _PARTIAL != 0 for flag in flags],
        "imported": [flag & _IMPORTED != 0 for flag in flags],
        "at_least": [flag & _AT_LEAST != 0 for flag in flags],
        "veiled": [None] * len(flags),
    }
    every = (columns[name] if name in columns else table.column(name).to_pylist() for name in Stored._fields)
    made = map(_stored, zip(*every, strict=True))
    found: dict[tuple[str, str], list[Stored]] = {}
    for where, run in groupby(zip(grains, cells, flags, made, strict=True), itemgetter(0, 1)):
        found.setdefault(where, []).extend([row for _, _, flag, row in run if not flag & _GONE])
    return {(_GRAINS[grain], read_cell(cell)): line for (grain, cell), line in found.items() if line}


def veiled(line: Iterable[Stored], *, inputs: bool, bounds: bool) -> list[Stored]:
    """Rows for a reader who may not see the KPIs that they are made of (`inputs`), or that they are judged by.

    A share of hidden numbers has a value, and neither of the two; a bound that a hidden number makes tells it.
    """
    found = []
    for row in line:
        if inputs:
            row = row._replace(n=None, numerator=None, denominator=None)
        if bounds and (row.low, row.high, row.expected) != (None, None, None):
            row = row._replace(veiled=row.verdict, low=None, high=None, expected=None)
        found.append(row)
    return found


def of_grain(table: pa.Table, grain: Grain) -> pa.Table:
    """The rows of a ledger table of one grain: they stand together."""
    names = table.column("grain").to_pylist()
    return (
        table.slice(names.index(grain.value), names.count(grain.value)) if grain.value in names else table.slice(0, 0)
    )


def by_key(line: Iterable[Stored]) -> dict[int, Stored]:
    """A line's rows by the key of their period."""
    return {row.period.key: row for row in line}


def compared_period(kpi: Kpi, which: Period, calendar: Calendar) -> Period:
    """The period with which a card compares one: the one before, except where the day before says nothing.

    A day of a window is compared with the day one window before (no row counts in both), of another state with the day
    a month before, of a flow, or a window of a few days, with the same weekday; an hour with that of the day before.
    """
    if which.grain is Grain.HOUR:
        return calendar.hour(which.start - timedelta(days=1))
    if which.grain is not Grain.DAY:
        return calendar.previous(which)
    if kpi.window is not None and kpi.window.kind is WindowKind.TRAILING and kpi.window.length is not None:
        length = kpi.window.length
        if length.months is not None:
            return calendar.period(Grain.DAY, add_months(which.first, -length.months))
        return calendar.period(Grain.DAY, which.first - timedelta(days=max(7, length.days or 7)))
    if kpi.is_state:
        return calendar.period(Grain.DAY, add_months(which.first, -1))
    return calendar.period(Grain.DAY, which.first - timedelta(days=7))


def year_before(which: Period, known: Mapping[int, Stored]) -> Stored | None:
    """The row of the same period a year ago; weeks by 52 weeks, and None for hours and years."""
    match which.grain:
        case Grain.HOUR | Grain.YEAR:
            return None
        case Grain.WEEK:
            return known.get(which.key - 52 * 7)
        case _:
            return known.get(epoch_day(add_months(which.first, -12)))


def before(line: Sequence[Stored], index: int) -> Stored | None:
    """The row of the period just before that of `line[index]`, if it has one."""
    if index == 0 or line[index - 1].period.end != line[index].period.start:
        return None
    return line[index - 1]


def window(line: Sequence[Stored], count: int, calendar: Calendar) -> list[tuple[Period, Stored | None]]:
    """The newest `count` periods up to the line's last one; a period without a row stands as a gap."""
    if not line:
        return []
    known = by_key(line)
    found: list[tuple[Period, Stored | None]] = []
    which = line[-1].period
    first = line[0].period.key
    while len(found) < count and which.key >= first:
        found.append((which, known.get(which.key)))
        which = calendar.previous(which)
    return found[::-1]


#: More periods in a row than these are told by the first of them, not by how many they are.
MANY = 12


def complete(line: Sequence[Stored]) -> list[Stored]:
    """The rows whose period is over."""
    return [row for row in line if not row.partial]


def streak(line: Sequence[Stored], key: str) -> int:
    """How many complete periods in a row, the newest first, have that verdict."""
    return len(list(takewhile(lambda row: row.verdict.key == key, reversed(complete(line)))))


def without_total(cells: Mapping[tuple[Grain, Cell], list[Stored]], grain: Grain) -> dict[Cell, list[Stored]]:
    """The lines of one grain by cell, the total left out."""
    return {cell: line for (at, cell), line in cells.items() if at is grain and cell}

"""Words and places that charts and tables of boards share: what is counted over which span, and slots along an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from headway.charts import Slot
from headway.formats import dates, numbers
from headway.model import Kpi, Take, Unit, UnitKind
from headway.periods import Grain, Period, WindowKind, epoch_day

#: Between the least and the most a scale grows by factors where it must tell them apart.
_FACTOR = 10.0
#: Beside an amount of this much cents say nothing, unless one is smaller than the other number.
_THOUSAND, _ONE = 1000, 1


def slots_of(axis: Sequence[Period], *, bars: bool) -> tuple[Slot, ...]:
    """Periods along an axis: a bar stands where its period begins, a point where it ends."""
    return tuple(
        Slot(_place(which, bars=bars), dates.bar_name(which, first=n == 0), dates.period(which))
        for n, which in enumerate(axis)
    )


def _place(which: Period, *, bars: bool) -> float:
    if which.grain is Grain.HOUR:
        return which.key / 86_400
    return float(epoch_day(which.first if bars else which.last))


def factors(values: Sequence[float], unit: Unit) -> tuple[tuple[float, str], ...]:
    """The labelled values of a scale that grows by factors; none where it would tell nothing apart."""
    least, most = min(values, default=0.0), max(values, default=0.0)
    if least <= 0 or most / least < _FACTOR:
        return ()
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return tuple((10.0**power, numbers.axis(10.0**power, unit)) for power in range(first, last + 1))


def depth(values: Iterable[float | None], unit: Unit, decimals: int | None) -> int:
    """How many digits behind the point numbers have that stand side by side: the same for all of one unit."""
    found = list(values)
    present = [abs(value) for value in found if value]
    money = decimals is None and unit.kind is UnitKind.CURRENCY and present
    if money and max(present) >= _THOUSAND and min(present) >= _ONE:
        return 0
    return numbers.places(found, unit, decimals)


def said(value: float | None, kpi: Kpi) -> str:
    """A value in a sentence."""
    return str(numbers.tile(value, kpi.unit, decimals=kpi.decimals))


def by_words(by: Sequence[str]) -> str:
    """The columns of a breakdown in words."""
    return " and ".join(column.replace("_", " ") for column in by)


def titled(name: str, by: Sequence[str]) -> str:
    """A name with the breakdown that is shown of it, unless it says so itself."""
    columns = by_words(by)
    return f"{name} by {columns}" if by and not name.lower().endswith(f" by {columns}") else name


def inner(name: str) -> str:
    """A name within a sentence: issues closed, and MRR."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def span(axis: Sequence[Period]) -> str:
    """From the first to the last period."""
    first, last = dates.period(axis[0]), dates.period(axis[-1])
    return first if first == last else f"{first} to {last}"


def unit_word(unit: Unit) -> str:
    """What is counted, as it opens a line: People, USD, Share."""
    known = {UnitKind.PERCENT: "Share", UnitKind.ELAPSED: "Time", UnitKind.BYTES: "Size", UnitKind.NONE: "Number"}
    if unit.kind in known:
        return known[unit.kind]
    return unit.name if unit.kind is UnitKind.CURRENCY else unit.name[:1].upper() + unit.name[1:]


def counted(kpi: Kpi, grain: Grain) -> str:
    """What each value covers: People in the 30 days to the end of each month, USD in each month."""
    window = kpi.window
    if kpi.unit.kind is UnitKind.COUNTED:  # months in each month would be read twice
        return f"In {kpi.unit.name}, by {grain}"
    if window is not None and window.kind is WindowKind.TRAILING and str(window) != "1 day":
        covers = f"in the {window} to the end of each {grain}"
    elif window is not None and window.kind is WindowKind.TO_DATE:
        covers = f"in the {window.grain} up to the end of each {grain}"
    elif window is not None and window.kind is WindowKind.ALL_TIME:
        covers = f"up to the end of each {grain}"
    elif window is not None and window.kind is WindowKind.NEXT:
        covers = f"in the {window.length} after each {grain}"
    elif kpi.is_state and grain.rank >= Grain.DAY.rank and kpi.take is Take.LAST:
        covers = f"at the end of each {grain}"
    else:
        covers = f"in each {grain}"
    return f"{unit_word(kpi.unit)} {covers}"

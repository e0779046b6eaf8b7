"""The last values up to one period, small enough for a message: as characters, as numbers, and as a picture (PNG)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headway import charts
from headway.charts import Figure, Mark, Step
from headway.formats import dates, numbers, plurals
from headway.model import Kpi, Unit, UnitKind
from headway.periods import Calendar, Grain, Period
from headway.publish import tokens
from headway.publish.stored import Stored, window

#: How many values are drawn, by grain: a day of hours, else about a year, or two weeks.
DRAWN = {Grain.HOUR: 24, Grain.DAY: 28, Grain.WEEK: 26, Grain.MONTH: 13, Grain.QUARTER: 8, Grain.YEAR: 8}
#: How many of them are written out.
WRITTEN = 6
_BARS = "▁▂▃▄▅▆▇█"
#: Where there is no value.
_GAP = "·"
#: Pixels of the picture; it is drawn at twice that.
_WIDTH, _HEIGHT = 440, 170


@dataclass(frozen=True, slots=True)
class Lately:
    """The last values: what they cover, as characters, and the newest of them in words, oldest first."""

    title: str
    bars: str
    values: tuple[str, ...]


def lately(line: Sequence[Stored], kpi: Kpi, part: str, bound: float | None, calendar: Calendar) -> Lately | None:
    """The last values of a line; None where there are fewer than two."""
    shown = window(line, DRAWN[line[-1].period.grain], calendar) if line else []
    values = [row.value if row else None for _, row in shown]
    if sum(value is not None for value in values) < 2:
        return None
    counts, grain = kpi.unit_of(part), shown[0][0].grain
    written = tuple(
        _said(row, counts, bound, None if part else kpi.decimals) for _, row in shown[-WRITTEN:]
    )  # each as exact as its side of the bound needs
    return Lately(f"The last {plurals.count(len(shown), str(grain))}", bars(values), written)


def bars(values: Sequence[float | None]) -> str:
    """A line of block characters from the lowest value to the highest; a dot where there is none."""
    present = [value for value in values if value is not None]
    low, high = min(present), max(present)
    step = (high - low) / (len(_BARS) - 1)
    return "".join(
        _GAP if value is None else _BARS[round((value - low) / step)] if step else _BARS[3] for value in values
    )


def picture(line: Sequence[Stored], kpi: Kpi, part: str, bound: float | None, says: str, calendar: Calendar) -> bytes:
    """The last values as a small PNG on white, with the bound as a line; b'' where there are fewer than two.

    Of an hour or a day that is not over, the point is hollow.
    """
    shown = window(line, DRAWN[line[-1].period.grain], calendar) if line else []
    while shown and (shown[0][1] is None or shown[0][1].value is None):
        shown.pop(0)
    values = [row.value for _, row in shown if row is not None and row.value is not None]
    if len(values) < 2:
        return b""
    counts = kpi.unit_of(part)
    limits = [bound] if bound is not None else []
    low, high = charts.extent(values, limits, "line")
    newest = max(at for at, (_, row) in enumerate(shown) if row is not None and row.value is not None)
    bare = Unit(UnitKind.NONE) if counts.kind is UnitKind.NOUN else counts
    marks = tuple(
        Mark(
            float(at),
            row.value if row else None,
            row.partial if row else False,
            _name(which, first=at == 0),
            _said(row, bare, bound, None if part else kpi.decimals) if row and at == newest else "",
        )
        for at, (which, row) in enumerate(shown)
    )
    steps = tuple(Step(0.0, float(len(shown) - 1), limit, f"Alert {numbers.axis(limit, counts)}") for limit in limits)
    ticks = tuple((value, numbers.axis(value, counts)) for value in numbers.ticks(low, high, counts, most=3))
    return charts.png(Figure("line", marks, steps, low, high, ticks, says), tokens.light(), _WIDTH, _HEIGHT)


def _said(row: Stored | None, counts: Unit, bound: float | None, decimals: int | None) -> str:
    if row is None or row.value is None:
        return row.verdict.word.lower() if row is not None else numbers.NO_DATA.lower()
    sides = {"low": bound, "high": bound} if bound is not None else {}
    return str(numbers.tile(row.value, counts, decimals=decimals, **sides))


def _name(which: Period, *, first: bool) -> str:
    """What stands under a point: 05:00, or the name of a bar."""
    return dates.period(which)[-5:] if which.grain is Grain.HOUR else dates.bar_name(which, first=first)

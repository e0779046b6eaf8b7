"""What the page of a KPI shows because its reader asked for it: a span, its cells together, another time beside it.

Everything is taken from rows that are stored; only what "n others" come to is added up, and only where cells may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from headway import charts
from headway.charts import Plot, Series, Shape, Slot, Step
from headway.errors import Mistake, UsageError
from headway.model import Cell, Empty, Kpi, Unit, UnitKind
from headway.periods import Calendar, Grain, Length, Period, add_months, epoch_day
from headway.publish import cells, figures, numbers, tiles, words
from headway.publish.asked import Asked
from headway.publish.pages import Row
from headway.publish.stored import Stored, by_key

#: More points than this are no chart, and too heavy a page.
MOST = 4000
#: Cells that a chart tells apart; of more than one more, the rest is one series, if they add up.
NAMED = 7


@dataclass(frozen=True, slots=True)
class Together:
    """Cells in one chart and one table, the largest first; `names` says which cell each name is."""

    plot: Plot | None = None
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    names: Mapping[str, Cell] = field(default_factory=dict)
    note: str = ""


def within(rows: Sequence[Row], asked: Asked, calendar: Calendar) -> tuple[Row, ...]:
    """The rows of the span that is asked for, newest first as they are given; all if none is.

    UsageError if there are too many to be drawn.
    """
    found = tuple(rows)
    if asked.last and rows:
        first = since(calendar.parse(rows[0].period), asked.last)
        found = tuple(row for row in rows if row.first >= first)
    if asked.first or asked.through:
        begins, ends = asked.first or date.min, asked.through or date.max
        found = tuple(row for row in rows if begins <= row.first <= ends)
    if len(found) > MOST and asked.spans:
        said = f"{words.count(len(found), asked.grain.value)} are too many to draw"
        raise UsageError(Mistake(said, "bad-value", None, f"Ask for at most {MOST:,}, or for longer periods."))
    return found


def by_cell(
    asked: Asked,
    kpi: Kpi,
    rows: Sequence[Row],
    lines: Mapping[Cell, Sequence[Stored]],
    calendar: Calendar,
) -> Together:
    """The cells of a breakdown, of which the largest have a series each."""
    axis = _axis(rows if asked.spans else rows[: figures.back(kpi, asked.grain)], kpi, asked.grain, calendar)
    found = {cell: by_key(line) for cell, line in lines.items() if tuple(c for c, _ in cell) == asked.by}
    held = {epoch_day(row.first) for row in rows if row.value is None and row.verdict.key == "withheld"}

    def value(known: Mapping[int, Stored], which: Period) -> float | None:
        row = known.get(which.key)
        if row is not None:
            return row.value
        # The ledger keeps no zeros of cells: after its first row, a cell without one is empty.
        nothing = kpi.empty is Empty.ZERO and which.key not in held and bool(known) and which.key >= min(known)
        return 0.0 if nothing else None

    values = {cell: [value(known, which) for which in axis] for cell, known in found.items()}
    values = {cell: line for cell, line in values.items() if any(line)}
    if not values or not axis:
        return Together()
    order = sorted(values, key=lambda cell: (values[cell][-1] is None, -(values[cell][-1] or 0), cells.label(cell)))
    named = order if len(order) <= NAMED + 1 else order[:NAMED]
    rest = order[len(named) :]
    adds_up = cells.sums(kpi)
    every = [v for line in values.values() for v in line if v is not None]
    depth = numbers.places(every, kpi.unit, kpi.decimals)
    lines_of = [(cells.label(cell), values[cell]) for cell in named]
    note = ""
    if rest and adds_up:
        totals = [sum(v for cell in rest if (v := values[cell][at]) is not None) for at in range(len(axis))]
        lines_of.append((f"{len(rest)} others", list[float | None](totals)))
    elif rest:
        note = f"The largest {len(named)} of {len(order)}; the download has all of them."
    names = {cells.label(cell): cell for cell in named}
    partial = tuple(which.key == epoch_day(rows[0].first) and rows[0].partial for which in axis)
    series = tuple(
        Series(
            name,
            tuple(line),
            tuple(numbers.full(v, kpi.unit, depth) for v in line),
            _end(line, kpi),
            "category" if name in names else "others",
            partial,
        )
        for name, line in lines_of
    )
    stacked = adds_up and all(v >= 0 for v in every)
    bars = stacked and asked.grain.rank >= Grain.MONTH.rank and len(axis) <= figures.BARS
    shape: Shape = "stacked bar" if bars else "stacked area" if stacked else "line"
    tops = (
        [sum(v or 0 for v in column) for column in zip(*(s.values for s in series), strict=True)] if stacked else every
    )
    plot = _plot(shape, axis, series, tops, kpi, _led(order, values, axis[-1], kpi, depth))
    head = (asked.grain.value.capitalize(), *(name for name, _ in lines_of))
    table = tuple(
        (words.period(which), *(numbers.full(line[at], kpi.unit, depth, with_unit=False) for _, line in lines_of))
        for at, which in reversed(list(enumerate(axis)))
    )
    return Together(plot, head, table, names, note)


def against(
    asked: Asked, kpi: Kpi, rows: Sequence[Row], line: Sequence[Stored], calendar: Calendar, steps: Sequence[Step]
) -> Plot | None:
    """A line and the same one so long before, which stands back in grey."""
    assert asked.compare is not None
    axis = _axis(rows if asked.spans else rows[: figures.back(kpi, asked.grain)], kpi, asked.grain, calendar)
    known = by_key(line)
    now = [known[which.key].value if which.key in known else None for which in axis]
    befores = [calendar.earlier(which, asked.compare) for which in axis]
    then = [known[b.key].value if b is not None and b.key in known else None for b in befores]
    every = [v for v in (*now, *then) if v is not None]
    if not every:
        return None
    depth = numbers.places(every, kpi.unit, kpi.decimals)
    partial = tuple(which.key in known and known[which.key].partial for which in axis)

    def texts(values: Sequence[float | None]) -> tuple[str, ...]:
        return tuple(numbers.full(value, kpi.unit, depth) for value in values)

    series = (
        Series(kpi.title, tuple(now), texts(now), _end(now, kpi), partial=partial),
        Series(before(asked.compare), tuple(then), texts(then), _end(then, kpi), "others"),
    )
    return _plot("line", axis, series, every, kpi, "", steps)


def extremes(kpi: Kpi, rows: Sequence[Row]) -> str:
    """The newest, lowest and highest number of a span, in a sentence."""
    present = [row for row in rows if row.value is not None and not row.partial]
    if not present:
        return "There is no number in this span."
    low, high = (pick(present, key=lambda row: row.value or 0) for pick in (min, max))
    if len(present) == 1 or low.value == high.value:
        return f"{_whole(low, kpi)} in {low.label}." if len(present) == 1 else f"{_whole(low, kpi)} all the time."
    return (
        f"{_whole(present[0], kpi)} in {present[0].label}; the lowest is {low.full} in {low.label}, "
        f"the highest {high.full} in {high.label}."
    )


def before(length: Length) -> str:
    """What a number that is that much older is called: "1 year before"."""
    return f"{length} before"


def _whole(row: Row, kpi: Kpi) -> str:
    noun = kpi.unit.kind is UnitKind.NOUN
    return f"{row.full}{numbers.NBSP}{kpi.unit.name}" if noun and kpi.unit.name not in row.full else row.full


def since(newest: Period, length: Length) -> date:
    """The first day of a span of that length which ends with the newest period."""
    end = newest.last + timedelta(days=1)
    if length.months is not None:
        return add_months(end, -length.months)
    return end - timedelta(days=length.days or max(1, length.elapsed.days))


def _axis(rows: Sequence[Row], kpi: Kpi, grain: Grain, calendar: Calendar) -> list[Period]:
    """The periods from the oldest row to the newest, without gaps; one that has just begun is no point of a line."""
    chosen = list(reversed(rows))
    unripe = grain.rank <= Grain.DAY.rank or tiles.accumulates(kpi)
    while unripe and len(chosen) > 1 and chosen[-1].partial:
        chosen.pop()
    while chosen and chosen[0].value is None:
        chosen.pop(0)
    if not chosen:
        return []
    which, last = calendar.parse(chosen[0].period), calendar.parse(chosen[-1].period)
    found = [which]
    while which.key < last.key:
        which = calendar.next(which)
        found.append(which)
    return found


def _plot(
    shape: Shape,
    axis: Sequence[Period],
    series: tuple[Series, ...],
    values: Sequence[float],
    kpi: Kpi,
    says: str,
    steps: Sequence[Step] = (),
) -> Plot:
    bar = shape == "stacked bar"
    low, high = charts.extent(values, [step.value for step in steps], "line" if shape == "line" else "bar")
    ticks = tuple((value, numbers.axis(value, kpi.unit)) for value in numbers.ticks(low, high, kpi.unit))
    slots = tuple(
        Slot(_place(which, bar=bar), words.bar_name(which, first=at == 0), words.period(which))
        for at, which in enumerate(axis)
    )
    return Plot(shape, slots, series, low, high, ticks, says, kpi.unit.name, steps=tuple(steps))


def _place(which: Period, *, bar: bool) -> float:
    if which.grain is Grain.HOUR:
        return which.key / 86_400
    return float(which.key + (0 if bar else (which.last - which.first).days))


def _end(line: Sequence[float | None], kpi: Kpi) -> str:
    """The newest value as it stands at the end of its line."""
    bare = Unit(UnitKind.NONE) if kpi.unit.kind is UnitKind.NOUN else kpi.unit
    newest = next((v for v in reversed(line) if v is not None), None)
    return "" if newest is None else str(numbers.tile(newest, bare, decimals=kpi.decimals))


def _led(
    order: Sequence[Cell], values: Mapping[Cell, Sequence[float | None]], which: Period, kpi: Kpi, depth: int
) -> str:
    """Which cells are the largest, in a sentence."""
    first = [cell for cell in order[:2] if values[cell][-1] is not None]
    if not first:
        return f"No cell has a number in {words.period(which)}."
    said = [f"{cells.label(cell)} with {numbers.full(values[cell][-1], kpi.unit, depth)}" for cell in first]
    return f"In {words.period(which)} the largest is {said[0]}{f', then {said[1]}' if len(said) > 1 else ''}."

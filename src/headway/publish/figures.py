"""From a page's rows to its figures: which form, which scale, which labels. `charts` then only places ink."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby

from headway import charts
from headway.charts import Figure, Form, Mark, Remark, Slope, Step
from headway.formats import dates, numbers
from headway.model import Kpi, Unit, UnitKind
from headway.periods import Calendar, Grain, Period, epoch_day
from headway.publish.kpipages import Breakdown, CellRow, KpiPage, Row
from headway.publish.objectivepages import KeyResultRow
from headway.publish.pages import NoteRow, Point
from headway.publish.stored import Periods, Stored
from headway.publish.tiles import accumulates

#: How many periods a chart goes back: three years of days, two of weeks ... and of hours a week.
BACK = {
    Grain.HOUR: 24 * 7,
    Grain.DAY: 3 * 366,
    Grain.WEEK: 156,
    Grain.MONTH: 37,
    Grain.QUARTER: 24,
    Grain.YEAR: 24,
}
#: More bars than these stand too close for their names.
BARS = 24
#: More levels of a target than this are a bound that moves.
_FEW = 6
#: On a phone, so that a bar keeps its name.
_NARROW_BARS = 12
#: On a phone, so that a line is one: a year of days.
NARROW_POINTS = 366
#: At most so many small charts stand side by side; the table has the rest.
MULTIPLES = 8


def main(page: KpiPage, kpi: Kpi, periods: Periods, *, narrow: bool = False) -> Figure | None:
    """The chart of one KPI at one grain; None without a single value."""
    grain = Grain(page.grain)
    form = _form(kpi, grain)
    most = (_NARROW_BARS if narrow else BARS) if form == "bar" else BACK[grain]
    if page.chosen is not None and page.chosen.spans:
        form, most = "line" if len(page.rows) > most else form, len(page.rows)
    if narrow and form == "line":
        most = min(most, NARROW_POINTS)
    chosen = list(reversed(page.rows[:most]))
    unripe = grain.rank <= Grain.DAY.rank or (form == "line" and accumulates(kpi))
    while unripe and len(chosen) > 1 and chosen[-1].partial:
        chosen.pop()  # a day that has just begun is no point of a line, nor is a sum that still grows
    while chosen and chosen[0].value is None:
        chosen.pop(0)
    if not chosen:
        return None
    placed = _placed(chosen, grain, periods, form)
    values = [row.value for row in chosen if row.value is not None]
    bounds = [bound for row in chosen for bound in (row.low, row.high) if bound is not None]
    low, high = charts.extent(values, bounds, form)
    newest = max(number for number, (_, _, row) in enumerate(placed) if row is not None and row.value is not None)
    marks = tuple(
        Mark(at, None, name=_name(which, first=number == 0))
        if row is None
        else _mark(row, which, at, kpi, first=number == 0)
        if form == "bar"
        else _point(row, which, at, kpi, last=number == newest, first=number == 0)
        for number, (which, at, row) in enumerate(placed)
    )
    ticks = tuple((value, numbers.axis(value, kpi.unit)) for value in numbers.ticks(low, high, kpi.unit))
    breaks = tuple(at for _, at, row in placed[1:] if row is not None and row.break_before)
    # A bar stands where its period begins, a point where it ends.
    since = placed[0][0].first if form == "bar" else placed[0][0].last
    remarks = remarks_on(page.notes, since, placed[-1][0].last)
    return Figure(
        form, marks, tuple(_steps(placed, kpi, form)), low, high, ticks, page.finding, breaks, remarks=remarks
    )


def remarks_on(notes: Sequence[NoteRow], first: date, last: date) -> tuple[Remark, ...]:
    """The notes on days of a chart, numbered."""
    within = (note for note in notes if note.through >= first and note.on <= last)
    return tuple(
        Remark(
            float(epoch_day(max(note.on, first))),
            float(epoch_day(min(note.through, last))),
            str(number),
            note.when,
            note.text,
        )
        for number, note in enumerate(within, 1)
    )


def course(result: KeyResultRow, first: date, kpi: Kpi, calendar: Calendar) -> Figure | None:
    """A key result: the straight line that is expected, and the numbers; None without a single one."""
    unit = kpi.unit_of(result.part)
    decimals = None if result.part else kpi.decimals
    points = list(result.points)
    while points and points[0].value is None:
        points.pop(0)
    if not points:
        return None
    present = [point.value for point in points if point.value is not None]
    slope = None
    if result.start is not None and result.reach is not None:
        days = float(epoch_day(first)), float(epoch_day(result.due))
        # Without a way to go, what is to be held is level.
        start = result.reach if result.expected == result.reach and not result.over else result.start
        slope = Slope(days[0], start, days[1], result.reach, numbers.axis(result.reach, unit))
    low, high = charts.extent(present, [slope.start, slope.reach] if slope else [], "line")
    newest = max(number for number, point in enumerate(points) if point.value is not None)
    placed = [(calendar.parse(point.period), point) for point in points]
    depth = numbers.places(present, unit, decimals)
    marks = tuple(
        Mark(
            _place(which, "line"),
            point.value,
            label=str(numbers.tile(point.value, bare(unit), decimals=decimals)) if number == newest else "",
            title=dates.period(which),
            text=numbers.full(point.value, unit, depth),
        )
        for number, (which, point) in enumerate(placed)
    )
    ticks = tuple((value, numbers.axis(value, unit)) for value in numbers.ticks(low, high, unit))
    remarks = remarks_on(result.notes, placed[0][0].last, result.due)
    return Figure("line", marks, (), low, high, ticks, result.says or result.reason, slope=slope, remarks=remarks)


def has_main(line: Sequence[Stored], kpi: Kpi, grain: Grain) -> bool:
    """True if the chart of a line, oldest first, has a single number: `main` draws it then."""
    form = _form(kpi, grain)
    chosen = list(line[-(BARS if form == "bar" else BACK[grain]) :])
    unripe = grain.rank <= Grain.DAY.rank or (form == "line" and accumulates(kpi))
    while unripe and len(chosen) > 1 and chosen[-1].partial:
        chosen.pop()
    return any(row.value is not None for row in chosen)


def back(kpi: Kpi, grain: Grain) -> int:
    """How many periods a chart goes back by itself."""
    return BARS if _form(kpi, grain) == "bar" else BACK[grain]


def targets(rows: Sequence[Row], kpi: Kpi, grain: Grain, periods: Periods) -> tuple[Step, ...]:
    """The bounds in force over a line of rows, newest first as on their page."""
    return tuple(_steps(_placed(list(reversed(rows)), grain, periods, "line"), kpi, "line")) if rows else ()


def _form(kpi: Kpi, grain: Grain) -> Form:
    """Bars for amounts of months and longer; a line for everything that is a level or a rate, and for many periods."""
    rate = kpi.unit.kind in (UnitKind.PERCENT, UnitKind.POINTS, UnitKind.ELAPSED, UnitKind.COUNTED)
    return "line" if rate or grain.rank < Grain.MONTH.rank else "bar"


_Placed = tuple[Period, float, Row | None]


def _placed(chosen: Sequence[Row], grain: Grain, periods: Periods, form: Form) -> list[_Placed]:
    """Rows with their place in time; a missing period stands as a gap. A line's point is where its period ends."""
    found: list[_Placed] = []
    for row in chosen:
        hourly = grain is Grain.HOUR
        which = periods.calendar.parse(row.period) if hourly else periods.get(grain, epoch_day(row.first))
        while found and found[-1][0].end < which.start:
            gap = periods.calendar.next(found[-1][0])
            found.append((gap, _place(gap, form), None))
        found.append((which, _place(which, form), row))
    return found


def _place(which: Period, form: Form) -> float:
    if which.grain is Grain.HOUR:
        return which.key / 86_400
    day = which.first if form == "bar" else which.last
    return float((day - which.first).days + which.key)


def _mark(row: Row, which: Period, at: float, kpi: Kpi, *, first: bool) -> Mark:
    """A bar with its name and value."""
    label = numbers.axis(row.value, kpi.unit) if row.value is not None else ""
    return Mark(at, row.value, row.partial, dates.bar_name(which, first=first), label, row.label, row.full)


def _point(row: Row, which: Period, at: float, kpi: Kpi, *, last: bool, first: bool) -> Mark:
    """A point of a line: only the last one says its value."""
    label = str(numbers.tile(row.value, bare(kpi.unit), decimals=kpi.decimals)) if last else ""
    return Mark(at, row.value, row.partial, _name(which, first=first), label, row.label, row.full)


def _name(which: Period, *, first: bool) -> str:
    """What stands under a line's point: quarters and years are few and have names, the rest are days in time."""
    return dates.bar_name(which, first=first) if which.grain.rank > Grain.MONTH.rank else ""


def bare(unit: Unit) -> Unit:
    """The unit where its noun goes without saying."""
    return Unit(UnitKind.NONE) if unit.kind is UnitKind.NOUN else unit


def _steps(placed: Sequence[_Placed], kpi: Kpi, form: Form) -> list[Step]:
    """Each stretch of time with the same bound: lower bounds first, then upper ones."""
    lows = [row.low if row else None for _, _, row in placed]
    highs = [row.high if row else None for _, _, row in placed]
    places = [at for _, at, _ in placed]
    return [*stretches(places, lows, "≥", kpi, form), *stretches(places, highs, "≤", kpi, form)]


def stretches(
    places: Sequence[float], levels: Sequence[float | None], sign: str, kpi: Kpi, form: Form
) -> Iterator[Step]:
    """Each stretch of time with the same bound; `sign` says on which side of it what is good enough lies."""
    start = 0
    moves = sum(level is not None for level, _ in groupby(levels)) > _FEW
    for level, run in groupby(levels):
        end = start + len(list(run)) - 1
        if level is not None:
            # A line's level holds until the next one begins; bars have room of their own.
            last = places[end] if form == "bar" else places[min(end + 1, len(places) - 1)]
            # A bound that moves says by its place what it is: a name at every step would be in the way.
            named = not moves or (form == "line" and end == len(levels) - 1)
            yield Step(places[start], last, level, f"Target {sign} {numbers.axis(level, kpi.unit)}" if named else "")
        start = end + 1


def multiples(breakdown: Breakdown, kpi: Kpi, calendar: Calendar) -> list[tuple[int, str]]:
    """Small charts of the largest cells on one scale: (index of the cell, its SVG)."""
    chosen = [
        (index, cell)
        for index, cell in enumerate(breakdown.cells)
        if sum(point.value is not None for point in cell.points) > 1
    ][:MULTIPLES]
    values = [point.value for _, cell in chosen for point in cell.points if point.value is not None]
    if not values:
        return []
    low, high = charts.extent(values, (), "bar")
    ticks = [(value, numbers.axis(value, kpi.unit)) for value in numbers.ticks(low, high, kpi.unit, most=2)]
    return [
        (
            index,
            charts.small(
                [point.value for point in cell.points],
                low,
                high,
                ticks,
                _names(cell.points, calendar),
                f"{cell.label}: {cell.shown.text}",
            ),
        )
        for index, cell in chosen
    ]


def short(kpi: Kpi) -> Callable[[CellRow], str]:
    """A cell's value as it stands above its small chart: without the noun, which the page says once."""
    noun = kpi.unit.kind is UnitKind.NOUN

    def said(cell: CellRow) -> str:
        whole = cell.shown.value is None or not noun
        return cell.shown.text if whole else "".join(p.text for p in cell.shown.pieces if not p.small).strip()

    return said


def _names(points: Sequence[Point], calendar: Calendar) -> list[tuple[int, str]]:
    """Two or three labels under a small chart: years where they begin, else months."""
    periods = [calendar.parse(point.period) for point in points]
    years = [i for i, p in enumerate(periods) if i and p.first.year != periods[i - 1].first.year]
    if len(years) >= 2:
        return [(i, str(periods[i].first.year)) for i in years[-3:]]
    months = [i for i, p in enumerate(periods) if i and p.first.month != periods[i - 1].first.month]
    every = max(1, -(-len(months) // 3))
    return [
        (i, str(periods[i].first.year) if periods[i].first.month == 1 else dates.month(periods[i].first))
        for i in months[::-every][::-1]
        if i < len(points) * 0.92
    ]


def spark(points: Sequence[Point], *, hollow: bool = False) -> str:
    """A card's line with the target as a step; a running period at its end is dashed."""
    partial = 1 if points and points[-1].partial else 0
    bounds = [point.low if point.low is not None else point.high for point in points]
    return charts.spark([point.value for point in points], bounds, partial=partial, hollow=hollow)

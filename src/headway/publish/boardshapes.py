"""Charts of boards whose axis is not time alone: movements, cohorts by age, days by hour, sizes, and times taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from headway import charts
from headway.charts import Grid, Patch, Plot, Series, Slot
from headway.formats import dates, numbers, plurals
from headway.model import Cell, Duration, Kpi, Look, Reason, Recurring, Retention, Shown, Spread, Unit, UnitKind
from headway.model import Tile as Declared
from headway.periods import Period
from headway.publish import boardlines, cells, figures, words
from headway.publish.boardpages import ChartTile, Heading, ValueRow, Values
from headway.publish.boardwords import depth, said, slots_of, span, unit_word
from headway.publish.shelf import Shelf, alone, part_name, title
from headway.publish.stored import Stored, by_key

#: Draws one tile for the cell of its page, under that anchor.
Shape = Callable[[Declared, Cell, Shelf, str], ChartTile]
#: More rows of a grid, or hours of a day, are no picture.
_ROWS = 28


def _tile(
    tile: Declared,
    shelf: Shelf,
    anchor: str,
    subtitle: str = "",
    plot: Plot | Grid | None = None,
    finding: str = "",
    values: Values | None = None,
) -> ChartTile:
    """A tile of one KPI; without a plot it says why."""
    kpi = shelf.kpi(tile.of[0])
    return ChartTile(
        anchor,
        tile.title or title(kpi, tile.of[0].part, tile.cell),
        subtitle,
        plot,
        finding or boardlines.nothing(kpi, shelf),
        values or Values("", (), ()),
        (kpi.name,),
    )


# -- waterfall -------------------------------------------------------------------------------------------------------


def waterfall(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    """The movements of a recurring amount by period, from its level before the first one to that of the last."""
    shown, cell = tile.of[0], (*of, *tile.cell)
    kpi = alone(shelf.kpi(shown), shown, cell)
    level = shelf.line(shown, cell)
    known = by_key(level)
    axis = [which for which in shelf.axis([level], tile.periods + 1) if which.key in known]
    if len(axis) < 2 or any(known[which.key].value is None for which in axis[:1]):
        return _tile(tile, shelf, anchor)
    opening, axis = known[axis[0].key].value, axis[1:]
    running = {which.key for which in axis if known[which.key].partial}
    moves = []
    for part in Recurring.MOVEMENTS:
        moved = by_key(shelf.line(Shown(shown.kpi, part, shown.grain), cell))
        # No movement is 0 while the level is known.
        values = [
            moved[which.key].value if which.key in moved else (None if known[which.key].value is None else 0.0)
            for which in axis
        ]
        if any(values):
            moves.append((part_name(part).capitalize(), values))
    levels = [known[which.key].value for which in axis]
    digits = depth([*levels, *(value for _, values in moves for value in values)], kpi.unit, kpi.decimals)
    series = [_series(name, kpi, digits, values, axis, running) for name, values in moves]
    series.append(_series("At the end", kpi, digits, levels, axis, running, total=True))
    reached = [value for value in (opening, *levels) if value is not None]
    tops = [
        (before or 0.0) + sum(one.values[n] or 0.0 for one in series[:-1] if (one.values[n] or 0.0) > 0)
        for n, before in enumerate([opening, *levels[:-1]])
    ]
    low, high = _floating([*reached, *tops], kpi)
    finding = _moved(kpi, opening, axis, series, running)
    plot = Plot(
        "waterfall",
        slots_of(axis, bars=True),
        tuple(series),
        low,
        high,
        tuple((value, numbers.axis(value, kpi.unit)) for value in numbers.ticks(low, high, kpi.unit)),
        finding,
        unit_word(kpi.unit),
        opening=opening,
    )
    begins = f" The scale begins at {numbers.axis(low, kpi.unit)}." if low else ""
    subtitle = f"{unit_word(kpi.unit)} by {shown.grain}, {span(axis)}. What came, and what went.{begins}"
    table = _table(shown.grain.value.capitalize(), axis, series, running)
    return _tile(tile, shelf, anchor, subtitle, plot, finding, table)


def _floating(levels: Sequence[float], kpi: Kpi) -> tuple[float, float]:
    """The ends of a scale on which movements can be seen: bars that float say nothing by their distance from 0."""
    least, most = min(levels, default=0.0), max(levels, default=1.0)
    air = (most - least) * 0.1 or abs(most) * 0.1 or 1.0
    ticks = numbers.ticks(least - air, most + air, kpi.unit)
    low = least - air
    if ticks and least > 0:  # it begins at a round number
        low = max(0.0, ticks[0] - (ticks[1] - ticks[0]) if len(ticks) > 1 and ticks[0] > least else ticks[0])
    return min(low, least), most + air


def _moved(kpi: Kpi, opening: float | None, axis: Sequence[Period], series: Sequence[Series], running: set[int]) -> str:
    """What moved most in the newest period that is over."""
    newest = max((n for n, which in enumerate(axis) if which.key not in running), default=len(axis) - 1)
    before = series[-1].values[newest - 1] if newest else opening
    after = series[-1].values[newest]
    moves = [(one.name, one.values[newest] or 0.0) for one in series[:-1]]
    came, went = sum(v for _, v in moves if v > 0), -sum(v for _, v in moves if v < 0)
    if before is None or after is None:
        return f"There is no number {words.covered(kpi, axis[newest])}."
    return (
        f"In {dates.period(axis[newest])} {said(came, kpi)} came{_most(moves, kpi, 1)}, and {said(went, kpi)} went"
        f"{_most(moves, kpi, -1)}: from {said(before, kpi)} to {said(after, kpi)}."
    )


def _most(moves: Sequence[tuple[str, float]], kpi: Kpi, sign: int) -> str:
    """The largest movement in a direction, where there are several."""
    found = [(name, abs(value)) for name, value in moves if value * sign > 0]
    if len(found) < 2:
        return ""
    name, value = max(found, key=lambda move: move[1])
    return f", most of it {name.lower()} ({said(value, kpi)})"


# -- heat maps -------------------------------------------------------------------------------------------------------


def heat_map(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    """Cohorts by age, or days by hour."""
    kpi = shelf.kpi(tile.of[0])
    if isinstance(kpi.measure, Retention) and kpi.measure.ages is not None:
        return _cohorts(tile, of, shelf, anchor)
    return _hours(tile, of, shelf, anchor)


def _cohorts(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    shown = tile.of[0]
    kpi = alone(shelf.kpi(shown), shown, ())
    ages = shelf.cells(shown, (Retention.AGE,), (*of, *tile.cell))
    ordered = sorted(ages.items(), key=lambda one: int(one[0][0][1]))
    axis = shelf.axis([line for _, line in ordered], min(tile.periods, _ROWS))
    known = [(int(cell[0][1]), by_key(line)) for cell, line in ordered]
    # A cohort of which nothing can be said yet is no row.
    axis = [which for which in axis if any(_ripe(rows.get(which.key)) for _, rows in known)]
    if not axis:
        return _tile(tile, shelf, anchor)
    first = known[0][1]
    sizes = [first[which.key].n if which.key in first else None for which in axis]
    patches = [tuple(_patch(rows.get(which.key), kpi) for _, rows in known) for which in axis]
    unit = _unit_of_age(shelf.kpi(shown))
    finding = _retained(axis, known, kpi, unit)
    names = tuple(
        f"{dates.short_period(which)} ({plurals.whole(size)})" if size is not None else dates.short_period(which)
        for which, size in zip(axis, sizes, strict=True)
    )
    grid = Grid(
        names,
        tuple(str(age) for age, _ in known),
        tuple(patches),
        0.0,
        1.0,
        tuple((value, numbers.axis(value, kpi.unit)) for value in (0.0, 0.25, 0.5, 0.75, 1.0)),
        finding,
        f"{unit.capitalize()}s since",
    )
    values = Values(
        "Joined in",
        tuple(Heading(f"{unit.capitalize()} {age}") for age, _ in known),
        tuple(
            ValueRow(Heading(name), tuple(p.value for p in row), tuple(p.text or p.missing.capitalize() for p in row))
            for name, row in zip(reversed(names), reversed(patches), strict=True)
        ),
    )
    subtitle = f"Share of those who joined in a {shown.grain}, by {unit}s since."
    return _tile(tile, shelf, anchor, subtitle, grid, finding, values)


def _ripe(row: Stored | None) -> bool:
    return row is not None and (row.value is not None or row.withheld)


def _patch(row: Stored | None, kpi: Kpi) -> Patch:
    if row is None or row.reason in (Reason.TOO_EARLY, Reason.STILL_WATCHED):
        return Patch(None, "", "not yet")
    if row.value is None:
        return Patch(None, "", row.verdict.word.lower(), row.withheld)
    return Patch(row.value, numbers.full(row.value, kpi.unit, 0))


def _unit_of_age(kpi: Kpi) -> str:
    measure = kpi.measure
    assert isinstance(measure, Retention)
    assert measure.ages is not None
    return measure.ages.unit.value


def _retained(axis: Sequence[Period], known: Sequence[tuple[int, Mapping[int, Stored]]], kpi: Kpi, unit: str) -> str:
    """How the newest and the oldest cohort compare at the highest age that the newest ones have."""
    for age, rows in reversed(known):
        filled = [(which, row.value) for which in axis if (row := rows.get(which.key)) and row.value is not None]
        if len(filled) > len(axis) // 2 or (len(filled) > 1 and age <= 1):
            (old, then), (new, now) = filled[0], filled[-1]
            return (
                f"After {plurals.count(age, unit)}, {said(now, kpi)} of those who joined in {dates.period(new)} were "
                f"there; of those of {dates.period(old)}, {said(then, kpi)}."
            )
    return "There are too few cohorts to compare yet."


def _hours(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    """Days by hour: the newest first, as a diary would have them."""
    shown, cell = tile.of[0], (*of, *tile.cell)
    kpi = alone(shelf.kpi(shown), shown, cell)
    zone = shelf.at.calendar.tz
    over = [row for row in shelf.line(shown, cell) if not row.partial]
    # Whole days: an hour that is left out of the first one would look as if it had no data.
    shown_days = set(sorted({row.period.first for row in over})[-min(math.ceil(tile.periods / 24), _ROWS) :])
    line = [row for row in over if row.period.first in shown_days]
    if not any(row.value is not None for row in line):
        return _tile(tile, shelf, anchor)
    days: dict[str, dict[int, Stored]] = {}
    for row in line:
        local = row.period.start.astimezone(zone)
        days.setdefault(dates.weekday(local.date()), {}).setdefault(local.hour, row)
    digits = depth([row.value for row in line], kpi.unit, kpi.decimals)
    present = [row.value for row in line if row.value is not None]
    patches = tuple(tuple(_field(rows.get(hour), kpi, digits) for hour in range(24)) for rows in days.values())
    low, high = min(0.0, *present), max(present)
    top = max(line, key=lambda row: row.value if row.value is not None else float("-inf"))
    finding = f"The most was {said(top.value, kpi)}, {dates.period(top.period)}."
    ticks = tuple((value, numbers.axis(value, kpi.unit)) for value in (low, high))
    names, hours = tuple(days), tuple(f"{hour:02}" for hour in range(24))
    grid = Grid(names, hours, patches, low, high, ticks, finding, "Hour")
    values = Values(
        "Day",
        tuple(Heading(hour) for hour in hours),
        tuple(
            ValueRow(Heading(name), tuple(p.value for p in row), tuple(p.text or p.missing.capitalize() for p in row))
            for name, row in reversed(list(zip(names, patches, strict=True)))
        ),
    )
    zone_name = shelf.at.calendar.zone
    subtitle = f"{unit_word(kpi.unit)} in each hour, {names[0]} to {names[-1]}. Hours are those of {zone_name}."
    return _tile(tile, shelf, anchor, subtitle, grid, finding, values)


def _field(row: Stored | None, kpi: Kpi, digits: int) -> Patch:
    if row is None or row.value is None:
        return (
            Patch(None, "", row.verdict.word.lower(), row.withheld) if row is not None else Patch(None, "", "no data")
        )
    return Patch(row.value, numbers.full(row.value, kpi.unit, digits))


# -- histogram -------------------------------------------------------------------------------------------------------


def histogram(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    """How many cells have how much, at the newest period that is over and has all bins."""
    shown, cell = tile.of[0], (*of, *tile.cell)
    whole = shelf.kpi(shown)
    measure = whole.measure
    if not isinstance(measure, Spread):
        return _tile(tile, shelf, anchor)
    kpi = alone(whole, shown, cell)
    read = {name: by_key(shelf.line(Shown(shown.kpi, name, shown.grain), cell)) for name in measure.bounds}
    middle = [row for row in shelf.line(shown, cell) if not row.partial]
    newest = next((row for row in reversed(middle) if all(_has(rows, row) for rows in read.values())), None)
    if newest is None:
        return _tile(tile, shelf, anchor)
    whole_numbers = all(float(cut).is_integer() for cut in measure.bins) and kpi.unit.kind is UnitKind.NOUN
    bins = [
        (_bin(bounds, kpi, whole=whole_numbers), read[name][newest.period.key].value or 0.0)
        for name, bounds in measure.bounds.items()
    ]
    if not measure.zeros and not bins[0][1]:
        bins = bins[1:]  # nothing lies below the first cut where nothing is not counted
    groups = plurals.count(round(sum(value for _, value in bins)), _noun(measure))
    finding = f"The middle one of {groups} has {said(newest.value, kpi)} {words.covered(kpi, newest.period)}."
    low, high = charts.extent([value for _, value in bins], (), "bar")
    number = Unit(UnitKind.NONE)
    plot = Plot(
        "histogram",
        tuple(Slot(float(n), name, f"{name} {kpi.unit.name}".strip()) for n, (name, _) in enumerate(bins)),
        (
            Series(
                f"Number of {_noun(measure)}s",
                tuple(value for _, value in bins),
                tuple(plurals.whole(value) for _, value in bins),
            ),
        ),
        low,
        high,
        tuple((value, numbers.axis(value, number)) for value in numbers.ticks(low, high, number)),
        finding,
        f"{_noun(measure).capitalize()}s",
    )
    column = f"{_noun(measure).capitalize()}s"
    values = Values(
        unit_word(kpi.unit),
        (Heading(column),),
        tuple(ValueRow(Heading(name), (value,), (plurals.whole(value),)) for name, value in bins),
    )
    subtitle = f"Number of {_noun(measure)}s by {unit_word(kpi.unit).lower()}, {words.covered(kpi, newest.period)}"
    return _tile(tile, shelf, anchor, subtitle, plot, finding, values)


def _has(rows: Mapping[int, Stored], row: Stored) -> bool:
    found = rows.get(row.period.key)
    return found is not None and found.value is not None


def _noun(measure: Spread) -> str:
    """What is spread: the last column names the smallest groups."""
    return measure.across[-1].replace("_", " ")


def _bin(bounds: tuple[float | None, float | None], kpi: Kpi, *, whole: bool) -> str:
    """A bin's name: 0, 1-9, 1,000 and more; of what is no count: below 0.5, 0.5 to 1."""
    low, high = bounds

    def number(value: float) -> str:
        return plurals.whole(value) if whole else numbers.axis(value, kpi.unit)

    if low is None:
        assert high is not None
        return ("0" if high == 1 else f"below {number(high)}") if whole else f"below {number(high)}"
    if high is None:
        return f"{number(low)}+" if whole else f"{number(low)} and more"
    if whole:
        return number(low) if high - low == 1 else f"{number(low)}\u2013{number(high - 1)}"
    return f"{number(low)} to {number(high)}"


# -- small parts -----------------------------------------------------------------------------------------------------


def _series(
    name: str,
    kpi: Kpi,
    digits: int,
    values: Sequence[float | None],
    axis: Sequence[Period],
    running: set[int],
    *,
    total: bool = False,
) -> Series:
    last = next((value for value in reversed(values) if value is not None), None)
    return Series(
        name,
        tuple(values),
        tuple(numbers.full(value, kpi.unit, digits) for value in values),
        str(numbers.tile(last, figures.bare(kpi.unit), decimals=kpi.decimals)) if last is not None else "",
        "total" if total else "category",
        tuple(which.key in running for which in axis),
    )


def _table(first: str, axis: Sequence[Period], series: Sequence[Series], running: set[int]) -> Values:
    """The table behind series over time, the newest period first."""
    return Values(
        first,
        tuple(Heading(one.name) for one in series),
        tuple(
            ValueRow(
                Heading(f"{dates.period(which)} so far" if which.key in running else dates.period(which)),
                tuple(one.values[n] for one in series),
                tuple(one.texts[n] for one in series),
                which.key in running,
            )
            for n, which in reversed(list(enumerate(axis)))
        ),
    )


def survival(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    """How many have not got there yet, by the time since they began: of those who began in the newest whole period."""
    shown, cell = tile.of[0], (*of, *tile.cell)
    measure = shelf.kpi(shown).measure
    if not isinstance(measure, Duration) or not measure.cuts:
        return _tile(tile, shelf, anchor)
    read = {name: _strands(Shown(shown.kpi, name, shown.grain), tile.by, cell, shelf) for name in measure.cuts}
    first, last = next(iter(read.values())), list(read.values())[-1]
    # Everybody has been watched for as long in a period that is over.
    over = [row.period for line in last.values() for row in line if not row.partial and row.value is not None]
    if not over:
        return _tile(tile, shelf, anchor)
    newest = max(over, key=lambda which: which.key)
    places = [cut.total_seconds() / 86_400 for cut in measure.cuts.values()]
    series, sizes = [], {}
    for name in first:
        found = [by_key(lines.get(name, ())).get(newest.key) for lines in read.values()]
        if any(row is not None and row.value is not None for row in found):
            values = (1.0, *(row.value if row is not None else None for row in found))
            texts = tuple(numbers.full(value, _SHARE, 1) for value in values)
            label = str(numbers.tile(values[-1], _SHARE)) if values[-1] is not None else ""
            series.append(Series(name or "All", values, texts, label))
            sizes[name] = next((row.denominator or row.n for row in found if row is not None), None)
    series.sort(key=lambda one: one.values[-1] if one.values[-1] is not None else 2.0)
    names = ["0", *(_until(cut) for cut in measure.cuts.values())]
    slots = tuple(
        Slot(at, name, "At the start" if not at else f"After {name}")
        for at, name in zip([0.0, *places], names, strict=True)
    )
    finding = _stayed(series, sizes, names[-1], newest)
    ticks = tuple((value, numbers.axis(value, _SHARE)) for value in (0.0, 0.25, 0.5, 0.75, 1.0))
    plot = Plot("survival curve", slots, tuple(series[:MOST]), 0.0, 1.0, ticks, finding, "Share")
    values_behind = Values(
        "Time",
        tuple(Heading(one.name) for one in series),
        tuple(
            ValueRow(Heading(slot.label), tuple(one.values[n] for one in series), tuple(one.texts[n] for one in series))
            for n, slot in enumerate(slots)
        ),
    )
    subtitle = f"Share of those who began in {dates.period(newest)} and have not got there yet, by the time since."
    return _tile(tile, shelf, anchor, subtitle, plot, finding, values_behind)


_SHARE = Unit(UnitKind.PERCENT, "percent")
#: So many curves can be told apart.
MOST = 8


def _strands(shown: Shown, by: Sequence[str], cell: Cell, shelf: Shelf) -> Mapping[str, Sequence[Stored]]:
    """The lines that are drawn, by name: the total, or the cells."""
    if not by:
        return {"": shelf.line(shown, cell)}
    return {cells.label(one): line for one, line in shelf.cells(shown, by, cell).items()}


def _until(cut: timedelta) -> str:
    """A length of time as a label: 14 d, 6 h."""
    return numbers.axis(cut.total_seconds(), Unit(UnitKind.ELAPSED, "seconds"))


def _stayed(series: Sequence[Series], sizes: Mapping[str, float | None], end: str, which: Period) -> str:
    """Who got there fastest, and slowest."""

    def of(curve: Series) -> str:
        name = "" if curve.name == "All" else curve.name
        size = sizes.get(name)
        began = f"{plurals.whole(size)} began" if size else ""
        return f"{name} ({began})" if name and began else name or f"the {began.replace(' began', '')} who began"

    known = [curve for curve in series if curve.values[-1] is not None]
    if not known:
        return f"Nobody who began in {dates.period(which)} has been watched for {end} yet."
    first, last = known[0], known[-1]
    said = f"After {end}, {first.texts[-1]} of {of(first)} had not got there"
    return f"{said}; of {of(last)}, {last.texts[-1]}." if len(known) > 1 else f"{said}."


SHAPES: Mapping[Look, Shape] = {
    Look.WATERFALL: waterfall,
    Look.HEAT_MAP: heat_map,
    Look.HISTOGRAM: histogram,
    Look.SURVIVAL_CURVE: survival,
}

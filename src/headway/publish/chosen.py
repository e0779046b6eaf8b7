"""What the page of a KPI shows because its reader asked for it: a span, its cells together, another time beside it.

Everything is taken from rows that are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from headway import charts
from headway.charts import Plot, Series, Step
from headway.errors import Mistake, UsageError
from headway.formats import numbers, plurals
from headway.model import TOTAL, Kpi, Look, Retention, Shown, Shows, Unit, UnitKind
from headway.model import Tile as Declared
from headway.periods import Calendar, Grain, Length, Period, add_months
from headway.publish import boardcharts, boardwords, cells, figures, tiles
from headway.publish.asked import Asked
from headway.publish.boardpages import ChartTile, Values
from headway.publish.kpipages import Row
from headway.publish.published import Published, Until
from headway.publish.shelf import Shelf
from headway.publish.stored import Stored, by_key

#: More points than this are no chart, and too heavy a page.
MOST = 4000


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
        said = f"{plurals.count(len(found), asked.grain.value)} are too many to draw"
        raise UsageError(
            Mistake(said, "bad-value", None, f"Ask for at most {plurals.whole(MOST)}, or for longer periods.")
        )
    return found


def by_cell(wanted: Asked, kpi: Kpi, rows: Sequence[Row], published: Published) -> ChartTile:
    """The cells of a breakdown together, as a board shows them, over the span of the rows."""
    calendar, grain = published.at.calendar, wanted.grain
    shown = rows if wanted.spans else rows[: figures.back(kpi, grain)]
    first, last = (shown[-1].first, shown[0].first) if shown else (date.max, date.min)
    periods = len(calendar.between(grain, first, last))
    adds_up, bars = cells.sums(kpi), grain.rank >= Grain.MONTH.rank and periods <= figures.BARS
    look = Look.LINE if not adds_up else Look.STACKED_BAR if bars else Look.STACKED_AREA
    of = (Shown(kpi.name, "", grain),)
    declared = Declared(Shows.CHART, of, kpi.audience, kpi.place, by=wanted.by, periods=periods, look=look)
    if wanted.by == (Retention.AGE,) and _by_age(kpi):
        declared = replace(declared, by=(), look=Look.HEAT_MAP)
    return boardcharts.draw(declared, TOTAL, Shelf(Until(published, last), lambda _: ""), "by")


def apart(kpi: Kpi, grain: Grain, rows: Sequence[Row], published: Published, *, spans: bool) -> Iterator[ChartTile]:
    """What is drawn in place of a total that there is none of: the cells together, or cohorts by their age.

    Cohorts that are broken down have such a drawing for each of the largest cells too.
    """
    kept = published.grains(kpi.name, cell=True)
    if kpi.has_total() or not rows or not kept:
        return
    grain = grain if grain in kept else kept[0]
    of = (Shown(kpi.name, "", grain),)
    periods, last = (len(rows), rows[0].first) if spans else (figures.back(kpi, grain), date.max)
    shelf = Shelf(Until(published, last), lambda _: "")
    declared = Declared(Shows.CHART, of, kpi.audience, kpi.place, by=kpi.by[0], periods=periods)
    if not _by_age(kpi):
        yield boardcharts.draw(declared, TOTAL, shelf, "cells")
        return
    declared = replace(declared, by=(), look=Look.HEAT_MAP)
    yield boardcharts.draw(declared, TOTAL, shelf, "cohorts")
    sizes = {
        tuple(part for part in cell if part[0] != Retention.AGE): sum(row.n or 0 for row in line)
        for cell, line in published.cells(kpi.name, grain).items()
        if len(cell) > 1 and (Retention.AGE, "0") in cell
    }
    for number, cell in enumerate(sorted(sizes, key=lambda one: (-sizes[one], one))[: figures.MULTIPLES]):
        yield boardcharts.draw(replace(declared, cell=cell), TOTAL, shelf, f"cohorts-{number}")


def _by_age(kpi: Kpi) -> bool:
    return isinstance(kpi.measure, Retention) and kpi.measure.ages is not None


def against(
    wanted: Asked,
    kpi: Kpi,
    rows: Sequence[Row],
    line: Sequence[Stored],
    calendar: Calendar,
    steps: Sequence[Step],
    says: str,
) -> ChartTile | None:
    """A line and the same one so long before, which stands back in grey."""
    assert wanted.compare is not None
    axis = _axis(rows if wanted.spans else rows[: figures.back(kpi, wanted.grain)], kpi, wanted.grain, calendar)
    known = by_key(line)
    now = [known[which.key].value if which.key in known else None for which in axis]
    befores = [calendar.earlier(which, wanted.compare) for which in axis]
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
        Series(before(wanted.compare), tuple(then), texts(then), _end(then, kpi), "others"),
    )
    low, high = charts.extent(every, [step.value for step in steps], "line")
    ticks = tuple((value, numbers.axis(value, kpi.unit)) for value in numbers.ticks(low, high, kpi.unit))
    slots = boardwords.slots_of(axis, bars=False)
    plot = Plot("line", slots, series, low, high, ticks, says, boardwords.unit_word(kpi.unit), steps=tuple(steps))
    subtitle = f"{boardwords.counted(kpi, wanted.grain)}, {boardwords.span(axis)}."
    return ChartTile("against", kpi.title, subtitle, plot, says, Values("", (), ()), (kpi.name,))


def then_and_now(kpi: Kpi, rows: Sequence[Row], length: Length) -> str:
    """The newest number and the one so long before it, in a sentence."""
    newest = next((row for row in rows if row.value is not None and not row.partial), None)
    if newest is None or newest.year_before is None:
        return extremes(kpi, rows)
    change = f", {newest.compared}" if newest.compared else ""
    return f"{_whole(newest, kpi)} in {newest.label}, {newest.year_before} {before(length)}{change}."


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


def _end(line: Sequence[float | None], kpi: Kpi) -> str:
    """The newest value as it stands at the end of its line."""
    bare = Unit(UnitKind.NONE) if kpi.unit.kind is UnitKind.NOUN else kpi.unit
    newest = next((v for v in reversed(line) if v is not None), None)
    return "" if newest is None else str(numbers.tile(newest, bare, decimals=kpi.decimals))

"""A KPI by its breakdowns: each cell with its newest complete value, its verdict and its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from headway.formats import dates, numbers
from headway.model import (
    Accrue,
    Aggregate,
    Balance,
    Cell,
    Empty,
    Kpi,
    Open,
    Recurring,
    Retention,
    Total,
)
from headway.periods import Calendar, Grain
from headway.publish import goals, tiles, words
from headway.publish.kpipages import Breakdown, CellRow
from headway.publish.pages import Point, Shown
from headway.publish.stored import Stored, by_key, window


def breakdowns(
    kpi: Kpi, grain: Grain, total: Sequence[Stored], lines: Mapping[Cell, Sequence[Stored]], calendar: Calendar
) -> Iterator[Breakdown]:
    """Each breakdown at the newest complete period: cells by size, with their lines."""
    complete = [row for row in total if not row.partial]
    if not complete:
        return
    shown = window(complete, tiles.POINTS.get(grain, 24), calendar)
    axis = [which for which, _ in shown]
    held = {which.key for which, row in shown if row is not None and row.withheld}
    for columns in kpi.by:
        cells = []
        for cell, line in lines.items():
            if tuple(column for column, _ in cell) != columns:
                continue
            known = by_key(line)
            points = tuple(
                _point(which.name, known.get(which.key), line, which.key, kpi, empty=which.key not in held)
                for which in axis
            )
            newest = known.get(axis[-1].key)
            if newest is None and all(not point.value for point in points):
                continue  # gone long ago
            cells.append(row(kpi, cell, newest, points, held=axis[-1].key in held))
        if isinstance(kpi.measure, Retention) and Retention.AGE in columns:  # 2 comes before 10
            cells.sort(key=lambda c: ([v for k, v in c.cell.items() if k != Retention.AGE], int(c.cell[Retention.AGE])))
        else:
            cells.sort(key=lambda c: (c.shown.value is None, -(c.shown.value or 0), c.label))
        yield Breakdown(
            "-".join(columns),
            " and ".join(column.replace("_", " ") for column in columns),
            grain.value,
            dates.period(axis[-1]),
            sums(kpi),
            tuple(cells),
        )


def _point(name: str, row: Stored | None, line: Sequence[Stored], key: int, kpi: Kpi, *, empty: bool) -> Point:
    if row is not None:
        return Point(name, row.value, row.low, row.high, row.partial)
    # The ledger keeps no zeros of cells: between its first row and now, a cell without a row is empty, which is 0;
    # but where the total is withheld, rows may be missing.
    return Point(name, 0.0 if empty and kpi.empty is Empty.ZERO and key >= line[0].period.key else None)


def _word(column: str, value: str) -> str:
    """What a cell is called: yes and no by the column's name (marginalised, not marginalised)."""
    if value in ("true", "false"):
        name = column.removeprefix("is_").replace("_", " ")
        return name if value == "true" else f"not {name}"
    return value


def label(cell: Cell, kpi: Kpi | None = None) -> str:
    """What a cell is called among others: `pro, eu`; of a KPI by age, `month 3`."""
    unit = kpi.measure.ages.unit if kpi and isinstance(kpi.measure, Retention) and kpi.measure.ages else None
    return ", ".join(
        f"{unit} {value}" if unit and column == Retention.AGE else _word(column, value) for column, value in cell
    )


def row(
    kpi: Kpi, cell: Cell, newest: Stored | None, points: tuple[Point, ...], part: str = "", *, held: bool = False
) -> CellRow:
    """One cell; `held` if the total is withheld where the cell has no number of its own."""
    name = label(cell, kpi)
    if newest is None:
        value = points[-1].value
        number = numbers.tile(value, tiles.line_unit(kpi), decimals=kpi.decimals)
        verdict = words.verdict("withheld" if held else "no data" if value is None else "no target", value, None, None)
        text = verdict.word if held else str(number)
        return CellRow(name, dict(cell), Shown(value, text, number.pieces), verdict, "No target", points)
    shown = tiles.shown(kpi, newest) if newest.value is not None else Shown(None, newest.verdict.word)
    bounded = newest.low is not None or newest.high is not None
    goal = goals.judged(kpi, newest, part, cell) if bounded else "No target"
    return CellRow(name, dict(cell), shown, newest.verdict, goal, points)


def sums(kpi: Kpi) -> bool:
    """True if the cells of its value add up to the total."""
    if kpi.total is not Total.COMPUTED:
        return False
    match kpi.measure:
        case Aggregate(function=function):
            return function in ("count", "sum") and kpi.window is None
        case Open(column=column):
            return column is None
        case _:
            return isinstance(kpi.measure, Balance | Recurring | Accrue)

"""Tables of boards: periods by KPI, or by cell of one, the newest first; of many cells, a line for each instead."""

from __future__ import annotations

from collections.abc import Sequence

from headway.formats import dates, numbers
from headway.model import Cell, Unit, UnitKind
from headway.model import Tile as Declared
from headway.periods import Period
from headway.publish import boardlines, cells
from headway.publish.boardpages import Heading, TableTile, ValueRow, Values
from headway.publish.boardwords import by_words, counted, depth, span, titled
from headway.publish.shelf import Shelf, alone, title, value_at
from headway.publish.stored import Stored, by_key

#: More cells than this stand below each other, and periods side by side.
_COLUMNS = 8
#: So few periods stand side by side too.
_FEW = 2
#: More lines are nothing for a board; the KPI's page and its CSV have all of them.
_LINES = 15

_Column = tuple[Heading, list[float | None], list[str]]


def draw(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> TableTile:
    """The tile of a board's page for the cell `of`."""
    cell = (*of, *tile.cell)
    columns, axis, running = (_by_cell if tile.by else _by_kpi)(tile, cell, shelf)
    first = tile.of[0]
    kpi = shelf.kpi(first)
    kpis = tuple(dict.fromkeys(shown.kpi for shown in tile.of))
    name = tile.title or (_title(tile, shelf))
    if not columns:
        return TableTile(anchor, name, "", Values("", (), ()), kpis, boardlines.nothing(kpi, shelf))
    lines, notes = columns, tuple[str, ...]()
    if len(columns) > _LINES + 1:  # the total is none of them
        lines = columns[: _LINES + 1]
        notes = (f"The {_LINES} largest of {len(columns) - 1}.",)
    names = [f"{dates.period(which)} so far" if which.key in running else dates.period(which) for which in axis]
    if tile.by and (len(columns) - 1 > _COLUMNS or len(axis) <= _FEW < len(columns)):
        values = Values(
            by_words(tile.by).capitalize(),
            tuple(Heading(name) for name in reversed(names)),
            tuple(ValueRow(head, tuple(reversed(value)), tuple(reversed(text))) for head, value, text in lines),
            notes,
        )
    else:
        values = Values(
            first.grain.value.capitalize(),
            tuple(head for head, _, _ in lines),
            tuple(
                ValueRow(
                    Heading(names[n]),
                    tuple(value[n] for _, value, _ in lines),
                    tuple(text[n] for _, _, text in lines),
                    which.key in running,
                )
                for n, which in reversed(list(enumerate(axis)))
            ),
            notes,
        )
    subtitle = f"{counted(alone(kpi, first, cell), first.grain)}, {span(axis)}" if len(kpis) == 1 else span(axis)
    return TableTile(anchor, name, subtitle, values, kpis)


def _title(tile: Declared, shelf: Shelf) -> str:
    first = tile.of[0]
    if tile.by or len(tile.of) == 1:
        return titled(title(shelf.kpi(first), first.part, tile.cell), tile.by)
    return f"By {first.grain}"


def _by_kpi(tile: Declared, cell: Cell, shelf: Shelf) -> tuple[list[_Column], list[Period], set[int]]:
    """A column for each KPI."""
    lines = [shelf.line(shown, cell) for shown in tile.of]
    running = _running(lines)
    axis = shelf.axis(lines, tile.periods + bool(running))  # what still runs stands beside what is over
    kpis = [alone(shelf.kpi(shown), shown, cell) for shown in tile.of]
    rows = [by_key(line) for line in lines]
    columns = [[known[which.key].value if which.key in known else None for which in axis] for known in rows]
    alike: dict[tuple[Unit, int | None], list[float | None]] = {}
    for kpi, values in zip(kpis, columns, strict=True):
        alike.setdefault((kpi.unit, kpi.decimals), []).extend(values)
    found: list[_Column] = []
    for shown, kpi, known, values in zip(tile.of, kpis, rows, columns, strict=True):
        digits = depth(alike[kpi.unit, kpi.decimals], kpi.unit, kpi.decimals)
        # The head of a column says what is counted. A KPI that is kept by other periods, or began later, says so.
        texts = [
            numbers.full(value, kpi.unit, digits, with_unit=kpi.unit.kind is not UnitKind.NOUN)
            if value is not None
            else _missing(known.get(which.key))
            for value, which in zip(values, axis, strict=True)
        ]
        found.append((Heading(title(shelf.kpi(shown), shown.part), f"kpi/{kpi.name}"), values, texts))
    return (found if axis else []), axis, running


def _by_cell(tile: Declared, cell: Cell, shelf: Shelf) -> tuple[list[_Column], list[Period], set[int]]:
    """The total, then a column for each cell that has a number, by size at the newest period that is over."""
    shown = tile.of[0]
    kpi = alone(shelf.kpi(shown), shown, cell)
    total = shelf.line(shown, cell)
    lines = shelf.cells(shown, tile.by, cell)
    running = _running([*lines.values(), total])
    axis = shelf.axis([*lines.values(), total], tile.periods + bool(running))
    held = {row.period.key for row in total if row.withheld}
    found: list[tuple[Heading, list[float | None], list[Stored | None]]] = []
    for one, line in lines.items():
        known = by_key(line)
        rows = [known.get(which.key) for which in axis]
        values = [
            value_at(row, which, line, kpi, shown.part, held=which.key in held)
            for row, which in zip(rows, axis, strict=True)
        ]
        if any(values) or any(row is not None and row.withheld for row in rows):
            found.append((Heading(cells.label(one), shelf.page_of((*cell, *one))), values, rows))
    newest = max((n for n, which in enumerate(axis) if which.key not in running), default=len(axis) - 1)
    found.sort(key=lambda one: (one[1][newest] is None, -(one[1][newest] or 0.0), one[0].text))
    known = by_key(total)
    whole = [known.get(which.key) for which in axis]
    if any(row is not None and row.value is not None for row in whole):
        found.insert(0, (Heading("Total"), [row.value if row else None for row in whole], whole))
    digits = depth([value for _, values, _ in found for value in values], kpi.unit, kpi.decimals)
    columns: list[_Column] = [
        (
            name,
            values,
            [
                numbers.full(value, kpi.unit, digits, with_unit=False) if value is not None else _missing(row)
                for value, row in zip(values, rows, strict=True)
            ],
        )
        for name, values, rows in found
    ]
    return columns, axis, running


def _running(lines: Sequence[Sequence[Stored]]) -> set[int]:
    return {row.period.key for line in lines for row in line[-2:] if row.partial}


def _missing(row: Stored | None) -> str:
    return row.verdict.word if row is not None and not row.partial else "No data" if row is None else "Not yet"

"""Tables on paper: which columns are figures, how wide each may be, and when a table lies on a page of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from docutils import nodes

from headway.sphinx.typst import markup

#: Letter sizes of tables in points, from what reads best to what can still be read; the widths of both pages.
SIZES = (9.5, 9, 8.5, 8, 7.5)
UPRIGHT, LYING = 440, 685
#: A letter is half as wide as it is high, and a cell has air at both sides.
_LETTER, _AIR = 0.52, 12
#: From so many letters on, a column is prose: it takes what the others leave, and breaks into lines.
_PROSE = 30
#: A head that is longer breaks, where its column could do with less.
_HEAD = 18
#: Where a line may end.
_BREAKS = re.compile(r"\s+|(?<=[/-])")
_Kind = TypeVar("_Kind", bound=nodes.Element)
_CLASSES = {"kpi-n": "right", "text-left": "left", "text-right": "right", "text-center": "center"}


@dataclass(frozen=True, slots=True)
class Cell:
    """An entry of the table, and the column that it begins in."""

    node: nodes.entry
    column: int
    head: bool

    @property
    def text(self) -> str:
        """What it says, without markup."""
        return str(self.node.astext()).strip()

    @property
    def spans(self) -> tuple[int, int]:
        """How many columns and rows it takes."""
        return self.node.get("morecols", 0) + 1, self.node.get("morerows", 0) + 1

    @property
    def aligned(self) -> str | None:
        """Left, right or center, where the document says so."""
        return next((_CLASSES[one] for one in listed(self.node, "classes") if one in _CLASSES), None)


class Table:
    """A table of a document, measured."""

    def __init__(self, group: nodes.tgroup, given: bool) -> None:
        self._widths = [spec.get("colwidth", 1) for spec in group.findall(nodes.colspec)]
        self._given = given
        self.cells = list(_cells(group, len(self._widths)))
        self._columns = [self._column(number) for number in range(len(self._widths))]
        self.aligned = [self._alignment(number) for number in range(len(self._widths))]

    def _column(self, number: int) -> list[Cell]:
        return [cell for cell in self.cells if cell.column == number and cell.spans[0] == 1]

    def _alignment(self, number: int) -> str:
        """What the document says; else figures stand right. Names of rows stay left, also those that are years."""
        body = [cell for cell in self._columns[number] if not cell.head]
        said = [cell.aligned for cell in self._columns[number] if cell.aligned]
        if said:
            return said[-1]
        return "right" if number and markup.numeric([cell.text for cell in body]) else "left"

    @property
    def widths(self) -> list[str]:
        """How wide each column is: as the document gives it, as wide as what it holds, or a share of the rest.

        The long head of narrow figures breaks into lines.
        """
        if self._given:
            return [f"{width}fr" for width in self._widths]
        return [self._width(number) for number in range(len(self._columns))]

    def _width(self, number: int) -> str:
        head, body = (
            [len(cell.text) for cell in self._columns[number] if cell.head is which] for which in (True, False)
        )
        if max(body, default=0) > _PROSE:
            return f"{round(max(body) ** 0.5)}fr"
        if max(head, default=0) > _HEAD:
            letters = max(_HEAD - 4, *body, self._unbroken(number))
            return f"{letters * _LETTER:g}em + {_AIR}pt"
        return "auto"

    def fitting(self, room: float) -> float | None:
        """The largest size of letters at which nothing that may not break is wider than the room; or None."""
        needed = sum(self._unbroken(number) for number in range(len(self._columns)))
        around = _AIR * len(self._columns)
        return next((size for size in SIZES if needed * _LETTER * size + around <= room), None)

    def _unbroken(self, number: int) -> int:
        """The letters of the widest thing in a column that stays on one line: a figure, or a word."""
        whole = self.aligned[number] == "right"
        parts = (
            [cell.text] if whole and markup.is_number(cell.text) and not cell.head else _BREAKS.split(cell.text)
            for cell in self._columns[number]
        )
        return max((len(part) for some in parts for part in some), default=0)

    def write(self, content: Callable[[nodes.Node], str], size: float) -> str:
        """The call that draws it. `content` writes what stands in a cell."""
        head, body = (
            markup.array(self._cell(cell, content) for cell in self.cells if cell.head is which)
            for which in (True, False)
        )
        return markup.call(
            "listing",
            columns=markup.array(self.widths),
            align=markup.array(self.aligned),
            size=f"{size:g}pt",
            head=head,
            body=body,
        )

    def _cell(self, cell: Cell, content: Callable[[nodes.Node], str]) -> str:
        inside = content(cell.node)
        if cell.head:
            inside = markup.call("head", inside)
        elif self.aligned[cell.column] == "right" and markup.is_number(cell.text):
            inside = markup.call("figures", inside)
        columns, rows = cell.spans
        options = {
            "colspan": str(columns) if columns > 1 else None,
            "rowspan": str(rows) if rows > 1 else None,
            "align": cell.aligned if cell.aligned not in (None, self.aligned[cell.column]) else None,
        }
        if not any(options.values()):
            return f"[{inside}]"
        return markup.call("table.cell", inside, **options).removeprefix("#")


def _cells(group: nodes.tgroup, columns: int) -> Iterator[Cell]:
    """The entries of head and body. What spans rows takes its place in those below it."""
    for part in group.children:
        if not isinstance(part, nodes.thead | nodes.tbody):
            continue
        taken: Sequence[int] = [0] * columns
        for row in _kind(part, nodes.row):
            taken, free = [max(rows - 1, 0) for rows in taken], taken
            column = 0
            for entry in _kind(row, nodes.entry):
                while column < columns - 1 and free[column] > 1:
                    column += 1
                cell = Cell(entry, column, isinstance(part, nodes.thead))
                wide, tall = cell.spans
                for one in range(column, min(column + wide, columns)):
                    taken[one] = tall
                yield cell
                column += wide


def _kind(node: nodes.Element, kind: type[_Kind]) -> list[_Kind]:
    return [child for child in node.children if isinstance(child, kind)]


def listed(node: nodes.Node, attribute: str) -> list[str]:
    """An attribute of a node that is a list: its ids, its classes. Empty where it has none."""
    return list(node.get(attribute) or ()) if isinstance(node, nodes.Element) else []

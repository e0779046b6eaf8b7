"""What a board's page says, as frozen data: sections of tiles, each of them numbers of the ledger in words."""

from __future__ import annotations

from dataclasses import dataclass

from headway.charts import Grid, Plot
from headway.publish.pages import Count, Point, Sentence, Shown, Stamp, Tile, Verdict


@dataclass(frozen=True, slots=True)
class BoardLink:
    """A board in a list of boards: the path of its page below `board/`, without an ending, and its title."""

    name: str
    path: str
    title: str
    about: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class NumberTile:
    """One number as a card. `cell` is the cell that it is of, in words, or ''."""

    anchor: str
    tile: Tile
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table, or a row: its name, and the path of the KPI or page that it leads to, or ''."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A row of numbers, as stored and as read. Those of a period that still runs are `partial`."""

    name: Heading
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Values:
    """The numbers behind a chart, or of a table. `first` heads the names of the rows; `notes` stand beneath."""

    first: str
    columns: tuple[Heading, ...]
    rows: tuple[ValueRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartTile:
    """A chart: its subject, what is counted over which span, one sentence of finding, and the table behind it.

    `plot` is None where there is nothing to draw, which `finding` then says.
    """

    anchor: str
    title: str
    subtitle: str
    plot: Plot | Grid | None
    finding: str
    values: Values
    kpis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableTile:
    """Periods by KPI, or by cell of one; the newest period first. `finding` says why there is none."""

    anchor: str
    title: str
    subtitle: str
    values: Values
    kpis: tuple[str, ...]
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A value as a bar in a cell, and its target as a tick on it, both as shares of the bar's whole length."""

    made: float
    tick: float | None
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a matrix or a health list: a KPI, or a cell of it. `note` is what stands under its name.

    `path` leads to its page. Without a value, `shown.text` is the word in its place, and `reason` says why.
    """

    title: str
    note: str
    path: str
    kpi: str
    shown: Shown
    verdict: Verdict
    target: str
    bar: Bar | None
    change: str
    points: tuple[Point, ...]
    period: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LinesTile:
    """A matrix, a line for each cell of a KPI, or a health list, a line for each KPI or each cell of one.

    `column` heads the names, `scale` says how long the bars are.
    """

    anchor: str
    shows: str
    title: str
    subtitle: str
    column: str
    lines: tuple[Line, ...]
    counts: tuple[Count, ...]
    scale: str
    finding: str = ""


@dataclass(frozen=True, slots=True)
class TextTile:
    """Words that somebody wrote for the board, as HTML that was made from Markdown and is safe to show."""

    anchor: str
    html: str


AnyTile = NumberTile | ChartTile | TableTile | LinesTile | TextTile


@dataclass(frozen=True, slots=True)
class BoardSection:
    """Tiles under one heading, which may be ''."""

    anchor: str
    title: str
    tiles: tuple[AnyTile, ...]


@dataclass(frozen=True, slots=True)
class BoardPage:
    """One board, or one cell's page of it, whose name is then `cell`. `cells` are all pages of such a board.

    `more` counts what needs someone and finds no room in `brief`.
    """

    stamp: Stamp
    name: str
    title: str
    about: str
    audience: str
    cell: str
    counts: tuple[Count, ...]
    brief: tuple[Sentence, ...]
    more: int
    notices: tuple[str, ...]
    #: How many closed numbers of its KPIs wait for a decision, in a sentence, or ''.
    undecided: str
    sections: tuple[BoardSection, ...]
    boards: tuple[BoardLink, ...]
    cells: tuple[BoardLink, ...] = ()

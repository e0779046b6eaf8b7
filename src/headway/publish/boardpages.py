"""What a board's page says, as frozen data: sections of tiles, each of them numbers of the ledger in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headway.charts import Grid, Plot
from headway.publish.pages import CellRow, Count, Sentence, Stamp, Tile


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

    tile: Tile
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """The numbers behind a chart or table: a column of `head` and `rows` of texts, each with the name of its row.

    `links` leads from the text of a row or column to the path of a KPI or board, where it has one.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    links: Mapping[str, str] | None = None


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
    """Periods by KPI, or by cell of one; the newest period first."""

    anchor: str
    title: str
    subtitle: str
    values: Values
    kpis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixTile:
    """One row for each cell of a KPI: value, target, status; `most` is the value at the end of its bar."""

    anchor: str
    title: str
    subtitle: str
    kpi: str
    column: str
    rows: tuple[CellRow, ...]
    counts: tuple[Count, ...]
    most: float


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One line of a health list: a KPI, or a cell of it."""

    title: str
    kpi: str
    tile: Tile


@dataclass(frozen=True, slots=True)
class HealthTile:
    """One line for each KPI, or for each cell of one: value, status and since when."""

    anchor: str
    title: str
    rows: tuple[HealthRow, ...]
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class TextTile:
    """Words that somebody wrote for the board, as HTML that was made from Markdown and is safe to show."""

    html: str


AnyTile = NumberTile | ChartTile | TableTile | MatrixTile | HealthTile | TextTile


@dataclass(frozen=True, slots=True)
class BoardSection:
    """Tiles under one heading."""

    title: str
    tiles: tuple[AnyTile, ...]


@dataclass(frozen=True, slots=True)
class BoardPage:
    """One board, or one cell's page of it. `cells` are all pages of a board that has one for each cell."""

    stamp: Stamp
    name: str
    title: str
    about: str
    cell: str
    counts: tuple[Count, ...]
    brief: tuple[Sentence, ...]
    notices: tuple[str, ...]
    sections: tuple[BoardSection, ...]
    boards: tuple[BoardLink, ...]
    cells: tuple[BoardLink, ...] = ()

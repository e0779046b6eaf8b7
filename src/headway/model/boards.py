"""What people look at: boards of tiles, and the notes that are drawn on charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from headway.errors import Place
from headway.model.cells import TOTAL, Cell
from headway.model.words import Audience
from headway.periods import Grain, Length


class Shows(StrEnum):
    """What a tile shows; the key that names it."""

    NUMBER = "number"
    CHART = "chart"
    TABLE = "table"
    MATRIX = "matrix"
    HEALTH = "health"
    TEXT = "text"


class Look(StrEnum):
    """How a chart is drawn."""

    LINE = "line"
    AREA = "area"
    STACKED_AREA = "stacked area"
    BAR = "bar"
    STACKED_BAR = "stacked bar"
    WATERFALL = "waterfall"
    HEAT_MAP = "heat map"
    HISTOGRAM = "histogram"
    SURVIVAL_CURVE = "survival curve"


class Scale(StrEnum):
    """How a chart's axis of values grows."""

    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Shown:
    """A KPI, or a part of it, on a tile, by the grain that the tile shows of it."""

    kpi: str
    part: str
    grain: Grain


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a board: numbers of KPIs, or a text."""

    shows: Shows
    of: tuple[Shown, ...]
    #: Readers below it do not see the tile; nor do readers below a KPI's own audience.
    audience: Audience
    place: Place
    title: str = ""
    text: str = ""
    #: The columns of the cells that are shown side by side; without any, the total (of the board's cell).
    by: tuple[str, ...] = ()
    #: The cell that is shown alone.
    cell: Cell = TOTAL
    #: How many periods are shown.
    periods: int = 24
    #: How far back the period is that a number is compared with; None is the period before.
    compare: Length | None = None
    look: Look = Look.LINE
    scale: Scale = Scale.LINEAR


@dataclass(frozen=True, slots=True)
class Section:
    """Tiles under one heading."""

    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """A board goes out by itself by a route, once in each such period."""

    every: Grain
    to: str


@dataclass(frozen=True, slots=True)
class Board:
    """A page that somebody put together; with `for_each`, one page for each cell of that breakdown."""

    name: str
    title: str
    audience: Audience
    sections: tuple[Section, ...]
    place: Place
    about: str = ""
    for_each: str | None = None
    send: tuple[Send, ...] = ()

    @property
    def tiles(self) -> Iterator[Tile]:
        """Every tile, in the order of the page."""
        return (tile for section in self.sections for tile in section.tiles)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened, drawn on the charts of some KPIs, or of all. Both days are inclusive."""

    on: date
    text: str
    place: Place
    through: date | None = None
    kpis: tuple[str, ...] = ()

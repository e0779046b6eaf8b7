"""A board as a document says it: each tile as the directive that shows the same number, line or table.

A chart or table of a report has only periods that are over; a card has the newest that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from headway.model import Board, Cell, Scale, Section, Shown, Shows, Tile
from headway.publish.view import View
from headway.reports.facts import KpiFact
from headway.reports.names import address, plain

#: So many columns of figures a page is wide enough for.
_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class TileFact:
    """One tile, or several numbers side by side: `text` is Markdown; of a list of health, `kpis` are its lines."""

    title: str
    text: str
    kpis: tuple[KpiFact, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionFact:
    """Tiles under one heading, which may be ''."""

    title: str
    tiles: tuple[TileFact, ...]


@dataclass(frozen=True, slots=True)
class BoardFact:
    """A board as these readers see it. `link` leads to its page, or is '' where no site is known."""

    title: str
    about: str
    link: str
    sections: tuple[SectionFact, ...]


def of(view: View, name: str, cell: Cell, kpis: Sequence[KpiFact]) -> BoardFact:
    """A board, for one cell where it has a page for each; UsageError `unknown-name` if there is none for them."""
    board = view.boards.board(name)
    path = view.boards.page_of(cell) if cell else f"board/{name}"
    link = f"{view.catalog.site_url.rstrip('/')}/{path}.html" if view.catalog.site_url and path else ""
    reader = _Reader(view, board, cell, {one.name: one for one in kpis})
    sections = tuple(SectionFact(plain(one.title), tuple(reader.tiles(one))) for one in board.sections)
    return BoardFact(plain(board.title), plain(board.about), link, sections)


class _Reader:
    """Says the tiles of a board, for one cell."""

    def __init__(self, view: View, board: Board, cell: Cell, known: Mapping[str, KpiFact]) -> None:
        self.view, self.board, self.cell, self.known = view, board, cell, known

    def tiles(self, section: Section) -> Iterator[TileFact]:
        """Those of a section; numbers stand side by side."""
        for shows, some in groupby(section.tiles, lambda tile: tile.shows):
            together = list(some)
            yield from [self._cards(together)] if shows is Shows.NUMBER else map(self._tile, together)

    def _cards(self, some: Sequence[Tile]) -> TileFact:
        """Cards of the numbers there are; the others are listed."""
        there = [tile for tile in some if self._told(tile)]
        away = [shown.kpi for tile in some if tile not in there for shown in tile.of]
        lines = [
            self._address(tile, shown) + (f' compare="{tile.compare}"' if tile.compare else "")
            for tile in there
            for shown in tile.of
        ]
        kpis = tuple(self.known[name] for name in away if name in self.known)
        return TileFact("", _directive("kpi-cards", "", {}, lines) if lines else "", kpis)

    def _told(self, tile: Tile) -> bool:
        """True if all its numbers are there; of another cell nobody knows before."""
        return all(tile.cell or (shown.kpi in self.known and self.known[shown.kpi].has_number) for shown in tile.of)

    def _tile(self, tile: Tile) -> TileFact:
        if tile.shows is Shows.TEXT:
            return TileFact(plain(tile.title), tile.text)
        of = [shown for shown in tile.of if not self.view.published.planned(shown.kpi)]
        by = [column for column in tile.by if column != self.board.for_each]
        if tile.shows is Shows.HEALTH and not by:
            return TileFact(plain(tile.title), "", tuple(self.known[one.kpi] for one in of if one.kpi in self.known))
        asked = " ".join(self._address(tile, shown) for shown in of)
        options = {"by": ", ".join(by)} if by else {}
        if tile.shows is Shows.CHART:
            options |= {"as": tile.look.value, "periods": str(tile.periods), "grain": of[0].grain.value} if of else {}
            options |= {"scale": tile.scale.value} if tile.scale is not Scale.LINEAR else {}
            return TileFact(plain(tile.title), _directive("kpi-chart", asked, options) if of else "")
        if tile.shows is Shows.TABLE:
            turned = bool(by) or len(of) > _COLUMNS
            options |= {"periods": str(min(tile.periods, _COLUMNS) if turned else tile.periods)}
            options |= {"transpose": ""} if turned else {}
            return TileFact(plain(tile.title), _directive("kpi-table", asked, options) if of else "")
        options |= {"periods": "1", "transpose": ""}
        return TileFact(
            plain(tile.title), "\n\n".join(_directive("kpi-table", self._address(tile, one), options) for one in of)
        )

    def _address(self, tile: Tile, shown: Shown) -> str:
        """A number as directives take it, by the length of period that the tile shows."""
        name = f"{shown.kpi}.{shown.part}" if shown.part else shown.kpi
        return " ".join(filter(None, (name, shown.grain.value, address((*self.cell, *tile.cell)))))


def _directive(name: str, argument: str, options: Mapping[str, str], body: Sequence[str] = ()) -> str:
    said = [f":{key}: {value}".rstrip() for key, value in options.items()]
    return "\n".join([f":::{{{name}}} {argument}".rstrip(), *said, *body, ":::"])

"""Boards: which of them a reader has, and what stands on each of their pages.

A tile is left out for readers below its own audience, or below that of a KPI that it shows; so is a section without
tiles, and a board without sections. Of several KPIs that a tile shows, only those that are hidden are left out, unless
a title was written that may speak of all of them.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

from markdown_it import MarkdownIt

from headway.errors import Mistake, UsageError
from headway.model import TOTAL, Audience, Board, Catalog, Cell, Kpi, Shown, Shows
from headway.model import Section as DeclaredSection
from headway.model import Tile as Declared
from headway.periods import Grain
from headway.publish import boardcharts, boardlines, boardtables, cells, front, shelf
from headway.publish.boardpages import AnyTile, BoardLink, BoardPage, BoardSection, NumberTile, TextTile
from headway.publish.pages import Count, Sentence, Stamp, Tile
from headway.publish.published import Published
from headway.publish.shelf import Shelf
from headway.publish.stored import Stored

_SLUG = 60
#: What Windows takes for a device and not for a file; `index` is what a web server shows of a folder.
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d|index")
#: The rows whose verdicts are on a KPI's card.
Leading = Callable[[Kpi], Sequence[Stored]]


class Boards:
    """The boards of one reader. `pages` are made when they are asked for."""

    def __init__(self, published: Published, names: Sequence[str], stamp: Stamp, leading: Leading) -> None:
        self.published = published
        self.at = published.at
        self.names = frozenset(names)
        self.stamp = stamp
        self.leading = leading
        self._shelf: tuple[str, Shelf] | None = None
        self._slugs: dict[str, dict[str, str]] = {}

    @cached_property
    def visible(self) -> Mapping[str, Board]:
        """The boards that have something for this reader, without what is not for them."""
        return visible(self.at.catalog, self.at.audience, self.names)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The boards that are not for this reader: for the one who builds a site, never for a page."""
        return tuple(name for name in self.at.catalog.boards if name not in self.visible)

    def links(self, here: str = "") -> tuple[BoardLink, ...]:
        """All of them, in the order of the catalogue."""
        return tuple(
            BoardLink(board.name, board.name, board.title, board.about, board.name == here)
            for board in self.visible.values()
        )

    def paths(self) -> Iterator[str]:
        """The path of each page, without its ending."""
        for board in self.visible.values():
            yield f"board/{board.name}"
            yield from (f"board/{board.name}/{slug}" for slug in self.slugs(board.name))

    def slugs(self, name: str) -> Mapping[str, str]:
        """The pages of a board for each cell: the end of their paths -> the cell's value."""
        if name not in self._slugs:
            values = sorted(self._values(self.visible[name]), key=lambda value: (value.casefold(), value))
            self._slugs[name] = {slug_of(value): value for value in values}
        return self._slugs[name]

    def board(self, name: str) -> Board:
        """A board, without what is not for this reader; UsageError `unknown-name` if nothing of it is."""
        board = self.visible.get(name)
        if board is None:
            close = difflib.get_close_matches(name, self.visible, 1)
            remedy = f"Did you mean '{close[0]}'?" if close else None
            raise UsageError(Mistake(f"there is no board '{name}'", "unknown-name", None, remedy))
        return board

    def page(self, name: str, slug: str = "") -> BoardPage:
        """A board, or its page for one cell; UsageError `unknown-name` if there is none that this reader may see."""
        board = self.board(name)
        if slug and slug not in self.slugs(name):
            raise UsageError(Mistake(f"the board {name} has no page '{slug}'", "unknown-name", None, None))
        return _Drawn(self, board, self._on(name), slug).page()

    def page_of(self, cell: Cell) -> str:
        """The page that a board has for a cell, without its ending; '' if none has one."""
        for board in self.visible.values() if len(cell) == 1 else ():
            if board.for_each == cell[0][0]:
                name = slug_of(cell[0][1])
                return f"board/{board.name}/{name}" if name in self.slugs(board.name) else ""
        return ""

    def _on(self, name: str) -> Shelf:
        """The numbers of a board; its pages are made one after the other."""
        if self._shelf is None or self._shelf[0] != name:
            self._shelf = (name, Shelf(self.published, self.page_of))
        return self._shelf[1]

    # -- cells -----------------------------------------------------------------------------------------------------

    def _values(self, board: Board) -> set[str]:
        """The values of the column of a board that has a page for each: those that its first number has lately."""
        if board.for_each is None:
            return set()
        return {cell[0][1] for cell in self._on(board.name).alive(lead(board).of[0], (board.for_each,))}


def lead(board: Board) -> Declared:
    """The tile of a board that has a page for each cell by which the cells are listed."""
    of_cell = (tile for tile in board.tiles if tile.of and not tile.by and not tile.cell)
    return next(of_cell, next(tile for tile in board.tiles if tile.of))


def visible(catalog: Catalog, audience: Audience, names: Container[str]) -> dict[str, Board]:
    """The boards of readers who may see the KPIs `names`, without what is not for them."""
    found = {}
    for name, board in catalog.boards.items():
        kept = (replace(section, tiles=tuple(_kept(section.tiles, audience, names))) for section in board.sections)
        sections = tuple(section for section in kept if section.tiles)
        if audience.may_see(board.audience) and any(tile.of for section in sections for tile in section.tiles):
            found[name] = replace(board, sections=sections)
    return found


def _kept(declared: Iterable[Declared], audience: Audience, names: Container[str]) -> Iterator[Declared]:
    for tile in declared:
        of = tuple(shown for shown in tile.of if shown.kpi in names)
        whole = len(of) == len(tile.of)
        # A title may speak of all of them.
        if audience.may_see(tile.audience) and (whole or (of and (tile.shows is Shows.HEALTH or not tile.title))):
            yield replace(tile, of=of)


def slug_of(value: str) -> str:
    """The name of a cell's file, made of its value alone: whatever other cells come and go, an address stays its own.

    A value of small letters, digits and single hyphens is its own name. Any other is what can be read of it and, after
    two hyphens, which no such value has, a mark of the whole.
    """
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_SLUG].strip("-") or "cell"
    if readable == value and not _RESERVED.fullmatch(readable):
        return readable
    return f"{readable}--{blake2b(value.encode(), digest_size=5).hexdigest()}"


@dataclass(frozen=True, slots=True)
class _Needy:
    """What a board counts, and may need someone: a card, the KPI as if it were this number alone, and its line."""

    tile: Tile
    kpi: Kpi
    line: Sequence[Stored]
    path: str


class _Drawn:
    """One page of a board while it is made."""

    def __init__(self, boards: Boards, board: Board, numbers: Shelf, slug: str) -> None:
        self.boards = boards
        self.board = board
        self.shelf = numbers
        self.slug = slug
        self.value = boards.slugs(board.name)[slug] if slug else ""
        self.cell: Cell = ((board.for_each, self.value),) if slug and board.for_each else TOTAL
        self.counted: dict[tuple[str, str, Grain], _Needy] = {}
        self._anchors: dict[str, int] = {}

    def page(self) -> BoardPage:
        board, boards = self.board, self.boards
        listed = board.for_each is not None and not self.slug
        sections = (self._list_of_cells(),) if listed else tuple(self._section(one) for one in board.sections)
        brief = self._brief()
        shown = {shown.kpi for tile in board.tiles for shown in tile.of}
        label = cells.label(self.cell)
        return BoardPage(
            stamp=boards.stamp,
            name=board.name,
            title=board.title,
            about=board.about,
            audience=board.audience.value.capitalize(),
            cell=label[:1].upper() + label[1:] if self.value in ("true", "false") else label,
            counts=self._counts(),
            brief=brief[: front.BRIEF],
            more=max(0, len(brief) - front.BRIEF),
            notices=front.notices(boards.at, boards.stamp.computed, shown),
            undecided=boards.published.undecided(shown),
            sections=tuple(section for section in sections if section.tiles),
            boards=boards.links(board.name),
            cells=tuple(
                BoardLink(board.name, f"{board.name}/{slug}", value, here=slug == self.slug)
                for slug, value in boards.slugs(board.name).items()
            ),
        )

    # -- the head ----------------------------------------------------------------------------------------------------

    def count(self, tile: Tile, kpi: Kpi, line: Sequence[Stored], cell: Cell = TOTAL) -> None:
        """Take a number into the counts of the page; once, however often it is shown, and by each length of period."""
        leading = self.boards.leading(kpi) if kpi is self.boards.at.catalog.kpis[kpi.name] and kpi.measure else line
        self.counted.setdefault((tile.name, kpi.title, kpi.front), _Needy(tile, kpi, leading, tile.name))

    def _counts(self) -> tuple[Count, ...]:
        return front.counts([one.tile for one in self.counted.values()])

    def _brief(self) -> tuple[Sentence, ...]:
        lines = {id(one.tile): one for one in self.counted.values()}
        return front.brief(
            [one.tile for one in self.counted.values()],
            lambda tile: (lines[id(tile)].kpi, lines[id(tile)].line),
        )

    # -- sections and tiles ------------------------------------------------------------------------------------------

    def _section(self, section: DeclaredSection) -> BoardSection:
        anchor = self.anchor(section.title or "first")
        return BoardSection(anchor, section.title, tuple(self._tile(tile) for tile in section.tiles))

    def _tile(self, tile: Declared) -> AnyTile:
        match tile.shows:
            case Shows.NUMBER:
                return self._number(tile, tile.of[0])
            case Shows.MATRIX | Shows.HEALTH:
                return boardlines.draw(tile, self.cell, self.shelf, self.anchor(self._name(tile)), self.count)
            case Shows.TEXT:
                return TextTile(self.anchor("text"), prose(tile.text))
            case Shows.CHART:
                self._counted_with(tile)
                return boardcharts.draw(tile, self.cell, self.shelf, self.anchor(self._name(tile)))
            case Shows.TABLE:
                self._counted_with(tile)
                return boardtables.draw(tile, self.cell, self.shelf, self.anchor(self._name(tile)))

    def _counted_with(self, tile: Declared) -> None:
        """Take the KPIs of a chart or table into the counts, as their cards stand."""
        for shown in tile.of if not self.cell and not tile.cell else ():
            kpi = self.shelf.kpi(shown)
            if kpi.has_total() and not shown.part:
                self.count(self.boards.published.tile(kpi.name), kpi, ())

    def _name(self, tile: Declared) -> str:
        return "-".join(filter(None, (tile.shows.value, *(tile.of[0].kpi, tile.of[0].part)[:2], *tile.by)))

    def _number(self, tile: Declared, shown: Shown) -> NumberTile:
        whole = (*self.cell, *tile.cell)
        card, kpi, line = self.shelf.card(shown, whole)
        label = cells.label(tile.cell)
        named = self.shelf.kpi(shown)
        card = replace(card, title=tile.title or self._title(named, shown, tile.cell))
        if tile.compare is not None and card.compared is not None and card.period is not None:
            card = replace(card, compared=boardlines.against(kpi, line, card.period, tile.compare, self.boards.at))
        self.count(card, kpi, line, whole)
        return NumberTile(self.anchor(f"k-{shown.kpi}-{shown.part}"), card, label)

    @staticmethod
    def _title(kpi: Kpi, shown: Shown, cell: Cell) -> str:
        return shelf.title(kpi, shown.part, cell)

    def _list_of_cells(self) -> BoardSection:
        """The first page of a board that has one for each cell: a line for each, of the number that leads."""
        board = self.board
        first = lead(board)
        listed = replace(first, shows=Shows.MATRIX, of=first.of[:1], by=(board.for_each or "",), cell=TOTAL, title="")
        tile = boardlines.draw(listed, TOTAL, self.shelf, "cells", self.count)
        return BoardSection("pages", "", (tile,))

    def anchor(self, name: str) -> str:
        """A name for a place on the page, each of them once."""
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "part"
        number = self._anchors[stem] = self._anchors.get(stem, 0) + 1
        return stem if number == 1 else f"{stem}-{number}"


def prose(text: str) -> str:
    """Markdown as HTML: no HTML of its own, no pictures from anywhere, headings below those of the page."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = made.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3"
    rendered: str = made.renderer.render(tokens, made.options, {})
    return rendered

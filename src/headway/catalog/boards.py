"""Resolves boards: every tile names KPIs that have what it shows, the cells, the periods and the kind of numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from headway.catalog import readers, values
from headway.catalog.boardspec import BoardSpec, SectionSpec, SendSpec, TileSpec
from headway.catalog.bound import Scene
from headway.catalog.checking import check
from headway.catalog.entry import Declared, Entry, cell_of
from headway.catalog.formula import Input
from headway.model import (
    Audience,
    Board,
    Duration,
    Kpi,
    Look,
    Narrative,
    Recurring,
    Retention,
    Route,
    Scale,
    Section,
    Send,
    Shown,
    Shows,
    Spread,
    Tile,
)
from headway.periods import Grain

_ALL = "all"
_CELLS = ("chart", "table", "matrix", "health")
_SERIES = ("number", "chart", "table")
#: Key -> the tiles of which it says something.
GOES_WITH: Mapping[str, Collection[str]] = {
    "as": ("chart",),
    "scale": ("chart",),
    "by": _CELLS,
    "for": ("number", *_CELLS),
    "grain": ("number", *_CELLS),
    "periods": _SERIES,
    "compare": ("number",),
}
#: How many periods are shown, unless a tile says so.
_PERIODS, _DAYS = 24, 90
_STACKED = (Look.STACKED_AREA, Look.STACKED_BAR)
#: What a chart of numbers of one sort shows.
_WANTED: Mapping[Look, str] = {
    Look.WATERFALL: "the movements of a recurring amount",
    Look.HEAT_MAP: "the 'ages' of a retention, or hours",
    Look.HISTOGRAM: "the 'bins' of a spread",
    Look.SURVIVAL_CURVE: "a duration that is 'dated: from'",
}


def boards(declared: Declared, routes: Mapping[str, Route], known: Collection[str], scene: Scene) -> dict[str, Board]:
    """The boards; `known` are the names of all routes, `routes` those that are fine.

    Those of KPIs that are amiss themselves are left for later.
    """
    found = {}
    for name, (value, document, path) in declared.items():
        spec = check(BoardSpec, document, path, value, scene.complaints)
        if spec is not None and (board := _Board(document, path, scene).resolve(name, spec, routes, known)):
            found[name] = board
    return found


def mentions(found: Iterable[Board]) -> Iterator[Input]:
    """The parts of KPIs that boards show: a part is computed if anybody reads it."""
    for board in found:
        for tile in board.tiles:
            yield from (Input(shown.kpi, 0, 0, part=shown.part) for shown in tile.of)


def with_curves(kpis: Mapping[str, Kpi], found: Iterable[Board]) -> dict[str, Kpi]:
    """Those of the KPIs whose survival curve a board draws, so that they keep its points."""
    tiles = [tile for board in found for tile in board.tiles if tile.look is Look.SURVIVAL_CURVE]
    drawn = {}
    for name in dict.fromkeys(shown.kpi for tile in tiles for shown in tile.of):
        kpi = kpis.get(name)
        if kpi is not None and isinstance(kpi.measure, Duration):
            drawn[name] = replace(kpi, measure=replace(kpi.measure, drawn=True))
    return drawn


@dataclass
class _Board(Entry):
    """Resolves one board."""

    def resolve(self, name: str, spec: BoardSpec, routes: Mapping[str, Route], names: Collection[str]) -> Board | None:
        audience = spec.audience or self.scene.project.audience
        send = [self.send(n, value, names) for n, value in enumerate(spec.send)]
        for n, one in enumerate(send):
            if one is not None:
                readers.check(self, "board", audience, routes.get(one.to), "send", n, "to")
        if not spec.sections:
            remedy = "Write for example [{tiles: [mau]}]."
            self.say("a board has sections with tiles", "bad-value", remedy, "sections")
        page = _Page(audience, spec.for_each)
        sections = [self.section(n, value, page) for n, value in enumerate(spec.sections)]
        known = tuple(section for section in sections if section is not None)
        sent = tuple(one for one in send if one is not None)
        if not self.fine or len(known) < len(sections) or len(sent) < len(send):
            return None
        return Board(
            name=name,
            title=self.title(spec.title),
            audience=audience,
            sections=known,
            place=self.document.key_place(self.path),
            about=spec.about,
            for_each=spec.for_each,
            send=sent,
        )

    def send(self, n: int, value: Any, known: Collection[str]) -> Send | None:
        """When it goes out, and whereto."""
        entry = self.at("send", n)
        spec = check(SendSpec, self.document, entry.path, value, self.scene.complaints)
        if spec is None:
            return None
        entry.known(spec.to, "route", known, "to")
        return Send(spec.every, spec.to) if entry.fine else None

    def section(self, n: int, value: Any, page: _Page) -> Section | None:
        """Tiles under one heading."""
        entry = self.at("sections", n)
        spec = check(SectionSpec, self.document, entry.path, value, self.scene.complaints)
        if spec is None:
            return None
        if not spec.tiles:
            entry.say("a section has tiles", "bad-value", "Write for example [mau].", "tiles")
        tiles = []
        for m, item in enumerate(spec.tiles):
            path = (*entry.path, "tiles", m)
            tiles.append(_Tile(self.document, path, self.scene, page=page).resolve(item))
        known = tuple(tile for tile in tiles if tile is not None)
        return Section(spec.title, known) if entry.fine and len(known) == len(tiles) else None


@dataclass(frozen=True, slots=True)
class _Page:
    """What a board says of all its tiles."""

    audience: Audience
    for_each: str | None


@dataclass
class _Tile(Entry):
    """Resolves one tile."""

    page: _Page = _Page(Audience.INTERNAL, None)

    def resolve(self, value: Any) -> Tile | None:
        plain = isinstance(value, str)  # `mau` alone is {number: mau}
        given = {"number": value} if plain else value
        spec = check(TileSpec, self.document, self.path, given, self.scene.complaints)
        if spec is None:
            return None
        shows = self.one_of(spec, tuple(Shows), f"a tile shows one thing, {values.among(Shows)}")
        if shows is None:
            return None
        self.only_with(GOES_WITH, (shows,))
        tile = Tile(
            shows=Shows(shows),
            of=(),
            audience=spec.audience or self.page.audience,
            place=self.document.place(self.path),
            title=spec.title,
            text=spec.text or "",
            by=tuple(spec.by),
            compare=spec.compare,
            look=spec.as_ or Look.LINE,
            scale=spec.scale or Scale.LINEAR,
        )
        if shows == Shows.TEXT:
            return tile if self.fine else None
        if shows == Shows.MATRIX and not spec.by:
            self.say("a matrix has a row for each cell, so it needs 'by'", "missing-key", "Add 'by: column'.")
        return self.with_numbers(tile, spec, plain)

    def with_numbers(self, tile: Tile, spec: TileSpec, plain: bool) -> Tile | None:
        """The tile with the KPIs that it shows, or None after telling what is wrong."""
        named: str | list[str] = getattr(spec, tile.shows)
        names = [named] if isinstance(named, str) else named
        columns = self.columns(spec.for_, each="Write 'by: column' for each of them.")
        for column in (*columns, *spec.by):
            if column == self.page.for_each:
                key = "for" if column in columns else "by"
                self.say(f"the board has a page for each {column} already", "bad-value", "Remove it here.", key)
        cells = (*((self.page.for_each,) if self.page.for_each else ()), *columns, *spec.by)
        found = []
        every = names == [_ALL] and tile.shows is Shows.HEALTH
        if every:  # what has such cells; who knows what a planned KPI will have
            names = [name for name, kpi in self.scene.kpis.items() if kpi.measure is not None or not cells]
        for n, text in enumerate(names):
            here: tuple[str | int, ...] = () if plain else (tile.shows.value, n)
            entry = self.trial() if every else self
            one = entry.one(text, cells, tile, here)
            if one is not None and (entry.fine or not every):
                found.append(one)
        if not found and every:
            self.say("there is no KPI that this tile could show", "bad-value", None, tile.shows)
        if not found or (len(found) < len(names) and not every):
            return None
        of = self.grains(tile, spec, found)
        self.look(tile, found[0][0], of)
        longest = max((shown.grain for shown in of), key=lambda grain: grain.rank)
        if tile.compare is not None and not longest.steps(tile.compare):
            message = f"a {longest} has none that is {tile.compare} earlier"
            self.say(message, "grain-not-possible", f"Write for example 'compare: 1 {longest}'.", "compare")
        if not self.fine:
            return None
        periods = spec.periods or (_DAYS if longest is Grain.DAY else _PERIODS)
        cell, _ = cell_of(columns, tuple(columns))
        return replace(tile, of=of, cell=cell, periods=periods)

    def one(
        self, text: str, cells: tuple[str, ...], tile: Tile, here: tuple[str | int, ...]
    ) -> tuple[Kpi, str, tuple[str, ...]] | None:
        """A KPI that has what the tile shows of it, the part, and its breakdown."""
        found = self.kpi(text, *here)
        if found is None:
            return None
        kpi, part = found
        if isinstance(kpi.measure, Narrative) and tile.shows is not Shows.NUMBER:
            self.has_numbers(kpi, *here)
            return None
        why = f", and the board has a page for each {self.page.for_each}" if self.page.for_each else ""
        breakdown = self.breakdown(kpi, part, cells, *here, why=why)
        if self.document.has((*self.path, "audience")) and not tile.audience.may_see(kpi.audience):
            message = f"{kpi.name} is for {kpi.audience} readers, and a tile does not widen that"
            self.say(message, "bad-value", f"Change 'audience' of {kpi.name}, or remove it here.", "audience")
        if breakdown is None:
            return None
        shown_by_age = tile.look is Look.HEAT_MAP and isinstance(kpi.measure, Retention) and kpi.measure.ages
        if not cells and not shown_by_age:
            self.total(kpi, part, "a tile", *here)
        return kpi, part, breakdown

    def grains(self, tile: Tile, spec: TileSpec, found: list[tuple[Kpi, str, tuple[str, ...]]]) -> tuple[Shown, ...]:
        """Each KPI with the periods that are shown of it: those written, else its own; side by side the longest.

        A number alone stands as on the KPI's own card, which may be judged by longer periods.
        """
        together = tile.shows in (Shows.CHART, Shows.TABLE)
        own = [
            kpi.by_grain if breakdown else kpi.grain if together or part else kpi.front
            for kpi, part, breakdown in found
        ]
        longest = max(own, key=lambda grain: grain.rank)
        shown = []
        for (kpi, part, breakdown), mine in zip(found, own, strict=True):
            grain = spec.grain or (longest if together else mine)
            kept = kpi.grains(cell=bool(breakdown))
            if grain not in kept and kpi.measure is not None:
                what = f"the cells of {kpi.name} are" if breakdown else f"{kpi.name} is"
                message = f"{what} kept by {values.among(kept)}, not by {grain}"
                self.say(message, "grain-not-possible", None, "grain" if spec.grain else tile.shows.value)
            shown.append(Shown(kpi.name, part, grain))
        return tuple(shown)

    # -- the look ----------------------------------------------------------------------------------------------------

    def look(self, tile: Tile, kpi: Kpi, of: tuple[Shown, ...]) -> None:
        """Complain about a look that needs other numbers than those of its KPI, the only or the first one."""
        look = tile.look
        if look in _STACKED and not tile.by and len(of) == 1:
            self.say(f"{look} needs something to stack", "bad-value", "Add 'by: column', or more KPIs.", "as")
        wanted = _WANTED.get(look)
        if wanted is None:
            return
        if len(of) > 1:
            self.say(f"a {look} shows one KPI", "bad-value", "Make a tile for each.", "as")
            return
        if kpi.measure is None:
            return  # planned: nobody knows yet
        part = of[0].part
        match look:
            case Look.WATERFALL:
                fits = isinstance(kpi.measure, Recurring) and not part
            case Look.HEAT_MAP:
                of_ages = isinstance(kpi.measure, Retention) and kpi.measure.ages is not None and part != "cohort"
                fits = of_ages or of[0].grain is Grain.HOUR
            case Look.HISTOGRAM:
                fits = isinstance(kpi.measure, Spread) and bool(kpi.measure.bins) and not part
            case _:
                fits = isinstance(kpi.measure, Duration) and kpi.measure.by_start and not part
        if not fits:
            name = f"{kpi.name}.{part}" if part else kpi.name
            self.say(f"a {look} shows {wanted}, and {name} has none", "bad-value", "Choose another look.", "as")
        elif tile.by and look is not Look.SURVIVAL_CURVE:
            self.say(f"a {look} shows one cell", "bad-value", "Write 'for: {column: value}' instead of 'by'.", "by")

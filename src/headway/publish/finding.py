"""How readers find a KPI: the catalogue and what it can be narrowed by, the areas, and what happened, by date.

A KPI that is `listed` stands in the catalogue of readers who may not see it: by its title, its area and its owner,
and by nothing else of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from headway.formats import dates, plurals
from headway.model import Audience, Board, Catalog, Kpi
from headway.publish import front, tiles, words
from headway.publish.alertpages import Watching
from headway.publish.findingpages import AreaPage, CataloguePage, Choice, Filter, NoteLine, NotesPage, Year
from headway.publish.objectives import Objectives
from headway.publish.pages import Group, Link, Shown, Stamp, Tile, Verdict
from headway.publish.published import Published

#: What the catalogue can be narrowed by, as its address names it, and as the page does.
FILTERS = {"area": "Area", "status": "Status", "owner": "Owner", "maturity": "Maturity", "audience": "Seen by"}
_MATURITY = ("tracked", "planned", "retired")
_AUDIENCES = tuple(one.value.capitalize() for one in Audience)
#: Notes that are on more KPIs than this do not name them all.
NAMED = 6
RESTRICTED = Verdict("restricted", "Restricted")


def catalogue(
    every: Sequence[Tile], catalog: Catalog, stamp: Stamp, query: Mapping[str, str] | None = None
) -> CataloguePage:
    """All KPIs by area, or those that fit a query: words under `q`, and values of filters."""
    query = query or {}
    counts, groups = front.counts(every), front.groups(every, catalog)
    filters = tuple(_filters(every, groups, query))
    words_of = query.get("q", "").lower().split()
    chosen = [(one.name, found.value) for one in filters if (found := one.chosen)]

    def fits(tile: Tile) -> bool:
        text = searched(tile)
        return all(word in text for word in words_of) and all(has(tile, name) == value for name, value in chosen)

    shown = [replace(group, tiles=tuple(tile for tile in group.tiles if fits(tile))) for group in groups]
    return CataloguePage(
        stamp, counts, tuple(group for group in shown if group.tiles), filters, query.get("q", "").strip(), len(every)
    )


def searched(tile: Tile) -> str:
    """The text in which the words of a search are looked for."""
    return " ".join((tile.title, tile.name, tile.about, tile.owner, tile.kind, tile.area_title)).lower()


def has(tile: Tile, name: str) -> str:
    """What a KPI has of a filter: the value that stands in the address."""
    found = {"status": tile.verdict.key, "audience": tile.audience.lower()}.get(name)
    return str(getattr(tile, name)) if found is None else found


def listed(kpi: Kpi, at: tiles.Situation) -> Tile:
    """A KPI that a reader may know of and not see. Nothing of what it is, or was, may be added here."""
    owner = at.catalog.owners.get(kpi.owner or "", kpi.owner or "").partition("<")[0].strip()
    planned = kpi.measure is None or (kpi.tracked_from is not None and kpi.tracked_from > at.today)
    over = kpi.retired_on is not None and kpi.retired_on < at.today
    return Tile(
        name="",
        title=kpi.title,
        area=kpi.area or "",
        area_title=tiles.area_title(at.catalog, kpi.area),
        about="",
        unit="",
        shown=Shown(None, "Not shown"),
        period=None,
        period_label="",
        verdict=RESTRICTED,
        owner=owner,
        audience=kpi.audience.value.capitalize(),
        maturity="retired" if over else "planned" if planned else "tracked",
    )


def area(
    name: str,
    every: Sequence[Tile],
    at: tiles.Situation,
    stamp: Stamp,
    behind: front.Behind,
    boards: Mapping[str, Board],
    aims: Objectives,
    published: Published,
    watching: Mapping[str, Sequence[Watching]],
) -> AreaPage:
    """One area, for a reader with the cards `every` and these boards; what is of other areas is left out."""
    own = tuple(tile for tile in every if tile.area == name)
    known = at.catalog.areas.get(name)
    owner, _, address = at.catalog.owners.get(said := (known.owner if known else "") or "", said).partition("<")
    seen = frozenset(tile.name for tile in own if tile.name)
    shown = [tile for tile in own if tile.name]
    return AreaPage(
        stamp=stamp,
        name=name,
        title=tiles.area_title(at.catalog, name),
        owner=owner.strip(),
        contact="" if at.audience is Audience.PUBLIC else address.strip(" >"),
        counts=front.counts(own),
        brief=front.brief(shown, behind),
        cards=_cards(shown),
        tiles=own,
        boards=tuple(Link(one.name, one.title, one.about) for one in boards.values() if _shows(one, seen)),
        objectives=tuple(aims.of(seen)),
        alerts=tuple({one.alert: one for tile in shown for one in watching.get(tile.name, ())}.values()),
        areas=areas(every, at.catalog),
        undecided=published.undecided(seen),
    )


def areas(every: Sequence[Tile], catalog: Catalog) -> tuple[Link, ...]:
    """The areas that a reader has a page of, in their order, with how many KPIs they have."""
    named = (group for group in front.groups(every, catalog) if group.tiles[0].area)
    return tuple(Link(group.name, group.title, plurals.count(len(group.tiles), "KPI")) for group in named)


def notes(catalog: Catalog, names: Sequence[str], stamp: Stamp) -> NotesPage:
    """What happened, newest first, as far as it is drawn on the chart of a KPI that the reader may see."""
    lines = []
    for one in catalog.notes:
        on = tuple(Link(name, catalog.kpis[name].title) for name in names if name in one.kpis)
        if on or not one.kpis:
            last = one.through or one.on
            lines.append(NoteLine(one.on, last, dates.days(one.on, last), one.text, on))
    lines.sort(key=lambda line: (line.on, line.through), reverse=True)
    years = dict.fromkeys(line.on.year for line in lines)
    return NotesPage(stamp, tuple(Year(str(y), tuple(line for line in lines if line.on.year == y)) for y in years))


# -- inside --------------------------------------------------------------------------------------------------------


def _filters(every: Sequence[Tile], groups: Sequence[Group], query: Mapping[str, str]) -> Iterator[Filter]:
    """Each filter that would tell KPIs apart, with its values in the order in which the page has them."""
    titles = {
        "area": {group.name: group.title for group in groups},
        "status": {key: word.capitalize() for key, word in words.COUNTED.items()},
        "owner": {owner: owner for owner in sorted({tile.owner for tile in every if tile.owner})},
        "maturity": {key: key.capitalize() for key in _MATURITY},
        "audience": {word.lower(): word for word in _AUDIENCES},
    }
    for name, title in FILTERS.items():
        found = Counter(has(tile, name) for tile in every)
        choices = tuple(
            Choice(value, said, found[value], query.get(name) == value)
            for value, said in titles[name].items()
            if found[value]
        )
        if len(choices) > 1:
            yield Filter(name, title, choices)


def _cards(own: Sequence[Tile]) -> tuple[Tile, ...]:
    """The cards of an area: its headlines and what comes next to them; without any, all that it tracks, if few."""
    ranked = [tile for tile in own if tile.rank in ("headline", "primary") and tile.maturity != "retired"]
    return tuple(sorted(ranked, key=lambda tile: tile.rank != "headline")) or front.headlines(own)


def _shows(board: Board, names: frozenset[str]) -> bool:
    """True for a board on which a reader meets one of these KPIs."""
    return any(one.kpi in names for tile in board.tiles for one in tile.of)

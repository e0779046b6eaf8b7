"""The drawing of a lineage: columns of boxes whose heights are known, so that the edges between them can be drawn.

The boxes are lists of links, which a phone shows one below the other and a reader of the screen reads aloud; only the
edges are a picture. So heights here and in the stylesheet (`.lin`) are the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headway import charts
from headway.formats import plurals
from headway.publish.kpipages import KpiPage, Lineage
from headway.publish.pages import Link

#: Pixels: a box, a line within one, what stands above the first line and below the last, the heading of a group.
BOX, LINE, FOOT, GAP, GROUP = 46, 22, 6, 8, 26
#: So many boxes of a group, and lines of a box, are drawn; the others open on demand.
MOST_BOXES, MOST_LINES = 8, 12


@dataclass(frozen=True, slots=True)
class Line:
    """One column of a source, and what it is read for."""

    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """Something that others read or that reads others. `rest` are lines beyond those that are drawn.

    `code` is true where the note is columns or a condition, and no words.
    """

    key: str
    title: str
    note: str = ""
    href: str = ""
    lines: tuple[Line, ...] = ()
    rest: tuple[Line, ...] = ()
    here: bool = False
    code: bool = False

    @property
    def height(self) -> int:
        """In pixels."""
        some = len(self.lines) + bool(self.rest)
        return BOX + (some * LINE + FOOT if some else 0)


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes of one kind; `rest` are those beyond what is drawn."""

    title: str
    boxes: tuple[Box, ...]
    rest: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """Boxes one below the other, and the edges to the column at the right."""

    title: str
    groups: tuple[Group, ...]
    edges: str = ""

    @property
    def places(self) -> dict[str, float]:
        """Where edges meet each box and line: pixels from the top. What is not drawn is where it opens."""
        found: dict[str, float] = {}
        y = 0.0
        for group in self.groups:
            y += GROUP if group.title else 0
            for box in group.boxes:
                found[box.key] = y + BOX / 2
                for number, line in enumerate((*box.lines, *box.rest)):
                    found[f"{box.key}.{line.name}"] = y + BOX + (min(number, len(box.lines)) + 0.5) * LINE
                y += box.height + GAP
            found.update((box.key, y + BOX / 2) for box in group.rest)
            y += BOX + GAP if group.rest else 0
        return found


def columns(page: KpiPage) -> tuple[Column, ...]:
    """The lineage of a page, from the data at the left to who looks at the right."""
    lineage, tile = page.lineage, page.tile
    here = Box(tile.name, tile.title, tile.kind, here=True)
    inputs = [
        *(Box(f"use {one.use}", one.use.capitalize(), one.what, code=True) for one in lineage.uses),
        *_kpis(lineage.made_from),
    ]
    sources = [_source(one.name, page, lineage) for one in lineage.sources]
    if not inputs and not sources:
        inputs = [Box("", _nothing(page))]
    readers = (("KPIs", _kpis(lineage.feeds)), ("Boards", _boards(lineage.boards)), ("Alerts", _others(lineage.alerts)))
    groups = tuple(_group(title, boxes) for title, boxes in readers if boxes)
    made = [
        Column("Sources", (_group("", sources),)),
        Column("Made from" if lineage.made_from or not lineage.uses else "Read for", (_group("", inputs),)),
        Column("This KPI", (Group("", (here,)),)),
        Column("Read by", groups or (Group("", (Box("", "No other KPI"),)),)),
    ]
    made = [column for column in made if any(group.boxes for group in column.groups)]
    pairs = [*_edges(lineage, tile.name)]
    drawn = []
    for number, column in enumerate(made):
        left, right = column.places, made[number + 1].places if number + 1 < len(made) else {}
        ends = [(left[a], right[b]) for a, b in pairs if a in left and b in right]
        drawn.append(Column(column.title, column.groups, charts.edges(ends)))
    return tuple(drawn)


def _edges(lineage: Lineage, here: str) -> Iterator[tuple[str, str]]:
    """What leads to what, by keys."""
    for source in lineage.sources:
        for column in source.columns:
            yield from ((f"source {source.name}.{column.name}", f"use {use}") for use in column.uses)
        yield from ((f"source {source.name}", name) for name in source.through)
        if not lineage.uses and not lineage.made_from:
            yield f"source {source.name}", here
    yield from ((f"use {one.use}", here) for one in lineage.uses)
    yield from ((one.name, here) for one in lineage.made_from)
    yield from ((here, one.name) for one in lineage.feeds)
    yield from ((here, f"other {one.name}") for one in (*lineage.boards, *lineage.alerts))


def _source(name: str, page: KpiPage, lineage: Lineage) -> Box:
    load = next((one for one in page.sources if one.name == name), None)
    rows = plurals.count(load.rows, "row") if load is not None and load.rows is not None else ""
    (read,) = (one for one in lineage.sources if one.name == name)
    lines = tuple(Line(column.name, ", ".join(column.uses)) for column in read.columns)
    most = MOST_LINES if len(lines) > MOST_LINES + 1 else len(lines)
    return Box(f"source {name}", name, rows, lines=lines[:most], rest=lines[most:])


def _kpis(links: Sequence[Link]) -> list[Box]:
    return [Box(one.name, one.title, one.note, f"{one.name}.html") for one in links]


def _boards(links: Sequence[Link]) -> list[Box]:
    return [Box(f"other {one.name}", one.title, one.note, f"../board/{one.name}.html") for one in links]


def _others(links: Sequence[Link]) -> list[Box]:
    return [Box(f"other {one.name}", one.title, one.note) for one in links]


def _group(title: str, boxes: Sequence[Box]) -> Group:
    most = MOST_BOXES if len(boxes) > MOST_BOXES + 1 else len(boxes)
    return Group(title, tuple(boxes[:most]), tuple(boxes[most:]))


def _nothing(page: KpiPage) -> str:
    """What stands where nothing is read, or nothing that this reader may know of."""
    if page.tile.maturity == "planned":
        return "Nothing yet"
    return "Entered by people" if page.written else "Not shown"

"""What the pages say by which readers find a KPI, as frozen data: the catalogue, areas, and notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from headway.publish.alertpages import Watching
from headway.publish.objectivepages import ObjectiveRow
from headway.publish.pages import Count, Group, Link, Sentence, Stamp, Tile


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, in words, and how many KPIs of the whole catalogue have it."""

    value: str
    title: str
    number: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """By what the catalogue can be narrowed: `name` stands in the address, `title` on the page."""

    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> Choice | None:
        """The value that was asked for, if any was."""
        return next((one for one in self.choices if one.chosen), None)


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """Everything that is measured, was measured, or is promised, by area, as far as it fits what was asked.

    `counts` and `filters` are of the whole catalogue, which has `of` KPIs; `q` are the words that were searched for.
    A KPI that is listed and not shown has a title, an area and an owner, and neither a name nor a number.
    """

    stamp: Stamp
    counts: tuple[Count, ...]
    groups: tuple[Group, ...]
    filters: tuple[Filter, ...]
    q: str
    of: int
    #: How many closed numbers wait for a decision, in a sentence, or ''.
    undecided: str = ""

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """What fits, in the order of the page."""
        return tuple(tile for group in self.groups for tile in group.tiles)


@dataclass(frozen=True, slots=True)
class AreaPage:
    """One area: who answers for it, what needs someone, its KPIs, and the boards, objectives and alerts they are in.

    `cards` are the KPIs that stand first; `tiles` are all of them.
    """

    stamp: Stamp
    name: str
    title: str
    owner: str
    contact: str
    counts: tuple[Count, ...]
    brief: tuple[Sentence, ...]
    cards: tuple[Tile, ...]
    tiles: tuple[Tile, ...]
    boards: tuple[Link, ...]
    objectives: tuple[ObjectiveRow, ...]
    alerts: tuple[Watching, ...]
    #: All areas that this reader has a page of.
    areas: tuple[Link, ...]
    #: How many closed numbers of its KPIs wait for a decision, in a sentence, or ''.
    undecided: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """Something that happened, `when` in words, and the KPIs on whose charts it is drawn; without any, on all."""

    on: date
    through: date
    when: str
    text: str
    kpis: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """The notes of one year, newest first."""

    title: str
    notes: tuple[NoteLine, ...]


@dataclass(frozen=True, slots=True)
class NotesPage:
    """What people have to know to read the curves right, newest first."""

    stamp: Stamp
    years: tuple[Year, ...]

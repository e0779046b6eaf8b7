"""Every number on every board of both examples is the ledger's: that of the KPI, part, period and cell that it names.

Which number a place names is worked out here from its headings and from what the catalogue declares, and looked up in
the ledger's own table: charts, matrices, health lists, tables, waterfalls, heat maps, histograms and survival curves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from headway.formats import dates
from headway.model import Audience, Cell, Look, Shown, Shows, Tile, read_cell
from headway.periods import Period
from headway.publish import cells, view
from headway.publish.boards import lead
from headway.publish.html import Pages
from headway.publish.shelf import part_name

#: Of one series: by cell, by period.
Lines = dict[Cell, dict[int, tuple[Period, float | None]]]


@dataclass
class Kept:
    """What the ledger holds, each KPI read once."""

    one: Any
    read: dict[tuple[str, str, str], Lines] = field(default_factory=dict)

    def lines(self, shown: Shown, part: str | None = None) -> Lines:
        """The numbers of what a tile shows, or of another part of it."""
        name, grain = shown.kpi, shown.grain
        key = (name, shown.part if part is None else part, grain.value)
        if key not in self.read:
            found = self.read[key] = {}
            for row in self.one.ledger.read(name, part=key[1], grain=grain).to_pylist():
                which = self.one.catalog.calendar.from_key(grain, row["period"])
                found.setdefault(read_cell(row["cell"]), {})[which.key] = (which, row["value"])
        return self.read[key]

    def of(self, shown: Shown, cell: Cell, part: str | None = None) -> dict[int, tuple[Period, float | None]]:
        """The numbers of one cell, however its columns are ordered."""
        return next((line for one, line in self.lines(shown, part).items() if dict(one) == dict(cell)), {})

    def by(self, shown: Shown, by: tuple[str, ...], within: Cell) -> dict[str, Cell]:
        """The cells of a breakdown, by what they are called."""
        wanted = {*by, *dict(within)}
        found = (dict(one) for one in self.lines(shown) if {c for c, _ in one} == wanted)
        return {
            cells.label(tuple((column, one[column]) for column in by)): tuple(one.items())
            for one in found
            if dict(within).items() <= one.items()
        }


def named(which: Period, text: str) -> bool:
    """Whether a heading is that of a period: "so far" says that it runs, a size may follow in brackets."""
    return text.removesuffix(" so far").partition(" (")[0] in (dates.period(which), dates.short_period(which))


def value_of(line: dict[int, tuple[Period, float | None]], heading: str) -> tuple[bool, float | None]:
    """Whether the ledger has a number for a heading, and which."""
    return next(((True, value) for which, value in line.values() if named(which, heading)), (False, None))


def fields(values: dict[str, Any]) -> Iterator[tuple[str, str, float | None]]:
    """Each number of a table with the names of its row and column."""
    for row in values["rows"]:
        for column, value in zip(values["columns"], row["values"], strict=True):
            yield row["name"]["text"], column["text"], value


class Judge:
    """Looks up what one tile of a board's page says; `wrong` is what the ledger does not have so."""

    def __init__(self, kept: Kept, declared: Tile, page_cell: Cell, where: str) -> None:
        self.kept, self.declared, self.where = kept, declared, where
        self.cell: Cell = (*page_cell, *declared.cell)
        self.wrong: list[str] = []
        self.seen = 0

    def same(self, place: str, said: float | None, known: tuple[bool, float | None], *, zero: bool = False) -> None:
        """A number is the ledger's; where that has no row, there is none, or 0 of a cell that can be empty."""
        has, value = known
        self.seen += said is not None
        fine = said == value if has else said is None or (zero and said == 0)
        if not fine:
            self.wrong.append(f"{self.where}, {place}: says {said}, the ledger has {value if has else 'no row'}")

    def card(self, tile: dict[str, Any]) -> None:
        """A number with its period."""
        card, shown = tile["tile"], self.declared.of[0]
        if card["shown"]["value"] is not None:
            which = self.kept.one.catalog.calendar.parse(card["period"])
            line = self.kept.of(Shown(shown.kpi, shown.part, which.grain), self.cell)
            self.same(card["title"], card["shown"]["value"], (which.key in line, line.get(which.key, (0, None))[1]))

    def lines(self, tile: dict[str, Any]) -> None:
        """Lines of a matrix or health list: each the newest number of a cell, or of a KPI."""
        of = {shown.kpi: shown for shown in self.declared.of}
        for n, line in enumerate(tile["lines"]):
            shown = self.declared.of[n] if not self.declared.by else of[line["kpi"]]
            cell = self.cell
            if self.declared.by:
                found = self.kept.by(shown, self.declared.by, self.cell)
                cell = next(
                    one for label, one in found.items() if line["title"] in (label, f"{label}, {self.title(shown)}")
                )
            if line["shown"]["value"] is not None:
                known = self.lately(self.kept.of(shown, cell), line["period"])
                self.same(line["title"], line["shown"]["value"], known)

    def lately(self, line: dict[int, tuple[Period, float | None]], label: str) -> tuple[bool, float | None]:
        """The number of a period as a card names it: October, or October and how much of it is over."""
        today = self.kept.one.catalog.calendar.day(self.kept.one.now)
        found = [(dates.near_period(which, today), value) for which, value in line.values()]
        found = [(name, value) for name, value in found if label.startswith(name)]
        return (True, max(found, key=lambda one: len(one[0]))[1]) if found else (False, None)

    def title(self, shown: Shown) -> str:
        """What a KPI is called."""
        return str(self.kept.one.catalog.kpis[shown.kpi].title)

    def series(self, values: dict[str, Any]) -> None:
        """Periods by cells, parts or KPIs, whichever stand beside the other."""
        shown = self.declared.of[0]
        by = self.kept.by(shown, self.declared.by, self.cell) if self.declared.by else {}
        turned = any(column["text"] in by for column in values["columns"]) or not self.declared.by
        names = {text if turned else row for row, text, _ in fields(values)}
        others = {label: cell for label, cell in by.items() if label not in names}
        for row, column, value in fields(values):
            period, name = (row, column) if turned else (column, row)
            place = f"{name}, {period}"
            if name in by:
                self.same(place, value, value_of(self.kept.of(shown, by[name]), period), zero=True)
            elif name == "Total" and self.declared.by:
                self.same(place, value, value_of(self.kept.of(shown, self.cell), period))
            elif name.endswith(" others"):
                parts = [value_of(self.kept.of(shown, cell), period)[1] or 0.0 for cell in others.values()]
                if not math.isclose(sum(parts), value or 0.0, rel_tol=1e-9, abs_tol=1e-9):
                    self.wrong.append(f"{self.where}, {place}: says {value}, the ledger's others are {sum(parts)}")
            elif self.declared.by:  # cells of several KPIs
                label, _, title = name.rpartition(", ")
                one = next(shown for shown in self.declared.of if self.title(shown) == title)
                cell = self.kept.by(one, self.declared.by, self.cell)[label]
                self.same(place, value, value_of(self.kept.of(one, cell), period), zero=True)
            else:
                one = next(one for one in self.declared.of if self.called(one, name))
                self.same(place, value, value_of(self.kept.of(one, self.cell), period), zero=bool(self.cell))

    def called(self, shown: Shown, name: str) -> bool:
        """Whether a column of several numbers is that of one of them."""
        part = part_name(shown.part)
        return name in {", ".join(filter(None, (self.title(shown), part))), part.capitalize()}

    def waterfall(self, values: dict[str, Any]) -> None:
        """Movements by period, and what it comes to."""
        shown = self.declared.of[0]
        for row, column, value in fields(values):
            parts = ("new", "reactivation", "expansion", "contraction", "churn")
            part = next((part for part in parts if part_name(part).capitalize() == column), "")
            assert part or column == "At the end", column
            self.same(f"{column}, {row}", value, value_of(self.kept.of(shown, self.cell, part), row), zero=bool(part))

    def heat_map(self, values: dict[str, Any]) -> None:
        """Cohorts by age, or days by hour."""
        shown, zone = self.declared.of[0], self.kept.one.catalog.calendar.tz
        ages = self.kept.by(shown, ("age",), self.cell)
        hours: dict[tuple[str, str], float | None] = {}
        for which, value in () if ages else self.kept.of(shown, self.cell).values():
            local: datetime = which.start.astimezone(zone)
            hours.setdefault((dates.weekday(local.date()), f"{local:%H}"), value)
        for row, column, value in fields(values):
            if ages:
                known = value_of(self.kept.of(shown, ages[column.split()[-1]]), row)
            else:
                known = ((row, column) in hours, hours.get((row, column)))
            self.same(f"{row}, {column}", value, known)

    def parts(self, values: dict[str, Any]) -> None:
        """A histogram or a survival curve: parts of one period, in their order."""
        shown = self.declared.of[0]
        measure = self.kept.one.catalog.kpis[shown.kpi].measure
        own = list(measure.bounds if self.declared.look is Look.HISTOGRAM else measure.cuts)
        rows = values["rows"][1:] if self.declared.look is Look.SURVIVAL_CURVE else values["rows"]
        named_cells = self.kept.by(shown, self.declared.by, self.cell) if self.declared.by else {}
        for n, column in enumerate(values["columns"]):
            cell = named_cells.get(column["text"], self.cell)
            said = [row["values"][n] for row in rows]
            lines = [self.kept.of(shown, cell, part) for part in own[-len(said) :]]
            periods = [which for which in lines[-1] if all(which in line for line in lines[-1:])]
            found = [[line[which][1] if which in line else None for line in lines] for which in periods]
            self.seen += len([value for value in said if value is not None])
            if said not in found:
                self.wrong.append(f"{self.where}, {column['text']}: says {said}, which the ledger has in no period")

    def look(self, tile: dict[str, Any]) -> None:
        """Any tile."""
        match self.declared.shows:
            case Shows.NUMBER:
                self.card(tile)
            case Shows.MATRIX | Shows.HEALTH:
                self.lines(tile)
            case Shows.TABLE:
                self.series(tile["values"])
            case Shows.CHART:
                kinds: dict[Look, Callable[[dict[str, Any]], None]] = {
                    Look.WATERFALL: self.waterfall,
                    Look.HEAT_MAP: self.heat_map,
                    Look.HISTOGRAM: self.parts,
                    Look.SURVIVAL_CURVE: self.parts,
                }
                kinds.get(self.declared.look, self.series)(tile["values"])


@pytest.mark.parametrize("name", ["hubs", "saas"])
def test_every_number_of_a_board_is_the_ledgers(name: str, example: Callable[[str], Any]) -> None:
    """Of every tile on every page of every board; and of each kind of tile there are some."""
    one = example(name)
    pages = Pages(view.open(one.ledger, one.catalog, Audience.RESTRICTED, one.now))
    boards, kept = pages.view.boards, Kept(one)
    wrong, seen = [], dict[str, int]()
    for path in boards.paths():
        _, board_name, *slug = path.split("/")
        board = boards.visible[board_name]
        document = pages.get(f"{path}.json")
        assert document is not None, path
        said = json.loads(document.content)
        cell: Cell = ((board.for_each, boards.slugs(board_name)[slug[0]]),) if slug and board.for_each else ()
        tiles = [tile for section in said["sections"] for tile in section["tiles"]]
        declared = list(board.tiles)
        if board.for_each and not slug:
            first = lead(board)
            declared = [Tile(Shows.MATRIX, first.of[:1], first.audience, first.place, by=(board.for_each,))]
        assert len(tiles) == len(declared), path
        for tile, what in zip(tiles, declared, strict=True):
            judge = Judge(kept, what, cell, f"{path}#{tile['anchor']}")
            judge.look(tile)
            wrong += judge.wrong
            kind = what.look.value if what.shows is Shows.CHART else what.shows.value
            seen[kind] = seen.get(kind, 0) + judge.seen
    assert not wrong, "\n" + "\n".join(wrong)
    few = {kind: count for kind, count in seen.items() if kind != "text" and not count}
    assert not few, seen
    assert sum(seen.values()) > 1000, seen

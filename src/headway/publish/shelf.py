"""The numbers behind the tiles of boards: each KPI is read once for all tiles, and all pages, of a board."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from headway.formats import dates
from headway.model import TOTAL, Cell, Kpi, Narrative, Shown, Target, cell_text
from headway.periods import Grain, Period
from headway.publish import cells, measures, tiles
from headway.publish.pages import Tile
from headway.publish.published import Published
from headway.publish.stored import Stored, by_key

Lines = Mapping[Cell, Sequence[Stored]]


@dataclass(frozen=True)
class Shelf:
    """What is published of the KPIs of one board."""

    published: Published
    #: The path of a page that some board has for a cell, below `board/`, or ''.
    page_of: Callable[[Cell], str]
    _cells: dict[tuple[str, str, Grain], Lines] = field(default_factory=dict)

    @property
    def at(self) -> tiles.Situation:
        """The reader's moment, and what happened by then."""
        return self.published.at

    def kpi(self, shown: Shown) -> Kpi:
        """The KPI that a tile shows."""
        return self.at.catalog.kpis[shown.kpi]

    def line(self, shown: Shown, cell: Cell = TOTAL) -> Sequence[Stored]:
        """The numbers of a total, or of one cell, oldest first."""
        if not cell:
            return self.published.total(shown.kpi, shown.grain, shown.part)
        wanted = dict(cell)
        found = next((line for one, line in self._all(shown).items() if dict(one) == wanted), ())
        return self._filled(shown, found) if found and self.kpi(shown).zero_when_absent(shown.part) else found

    def _filled(self, shown: Shown, line: Sequence[Stored]) -> Sequence[Stored]:
        """A line with its zeros, which the ledger does not keep: not where the total is withheld, and rows may lack."""
        known, first = by_key(line), line[0].period.key
        return [
            known.get(row.period.key) or _zero(row)
            for row in self.published.total(shown.kpi, shown.grain, shown.part)
            if row.period.key in known or (row.period.key >= first and row.value is not None)
        ] or line

    def alive(self, shown: Shown, by: Sequence[str], of: Cell = TOTAL) -> list[Cell]:
        """The cells that have had a number lately: within as many periods as a card's line has."""
        lines = self.cells(shown, by, of)
        axis = self.axis(list(lines.values()), tiles.POINTS.get(shown.grain, 13))
        since = axis[0].key if axis else 0
        return [
            cell
            for cell, line in lines.items()
            if any(row.value is not None or row.withheld for row in line if row.period.key >= since)
        ]

    def cells(self, shown: Shown, by: Sequence[str], of: Cell = TOTAL) -> dict[Cell, Sequence[Stored]]:
        """The lines of the cells of `by` within `of`, named by the columns of `by` alone."""
        wanted, columns = dict(of), {*by, *(column for column, _ in of)}
        return {
            tuple((column, known[column]) for column in by): line
            for known, line in ((dict(one), line) for one, line in self._all(shown).items())
            if set(known) == columns and all(known[column] == value for column, value in wanted.items())
        }

    def _all(self, shown: Shown) -> Lines:
        key = (shown.kpi, shown.part, shown.grain)
        if key not in self._cells:
            self._cells[key] = self.published.cells(shown.kpi, shown.grain, shown.part)
        return self._cells[key]

    # -- one number ----------------------------------------------------------------------------------------------------

    def card(self, shown: Shown, cell: Cell = TOTAL) -> tuple[Tile, Kpi, Sequence[Stored]]:
        """The card of a number, the KPI as if it were this number alone, and its line."""
        kpi = self.kpi(shown)
        if not cell and not shown.part and (shown.grain is kpi.front or isinstance(kpi.measure, Narrative)):
            return self.published.tile(kpi.name), kpi, self.line(shown)
        own = alone(kpi, shown, cell)
        line = self.line(shown, cell) if kpi.measure is not None else ()
        tile = tiles.tile(own, line, line, self.at)
        newest = next((row for row in line if row.period.name == tile.period), None)
        restated = self._restated(shown, cell, newest) if tile.restated and newest else None
        return replace(tile, title=own.title, restated=restated), own, line

    def _restated(self, shown: Shown, cell: Cell, row: Stored) -> str | None:
        """When the number last changed after its period was over."""
        known = next((one for one in self._all(shown) if dict(one) == dict(cell)), TOTAL) if cell else TOTAL
        where = (shown.kpi, shown.part, shown.grain, cell_text(known), row.period.key)
        history = self.at.ledger.revisions(*where, self.at.until)
        when = self.at.calendar.day(history[-1].published) if len(history) > 1 else None
        return dates.near_day(when, self.at.today) if when else None

    # -- lines along one axis ------------------------------------------------------------------------------------------

    def axis(self, lines: Sequence[Sequence[Stored]], count: int) -> list[Period]:
        """The newest `count` periods up to the last that any line has, from where the first begins."""
        filled = [line for line in lines if line]
        if not filled:
            return []
        longest = max(filled, key=lambda line: line[-1].period.key)
        first = min(line[0].period.key for line in filled)
        found = [longest[-1].period]
        while len(found) < count and found[-1].key > first:
            found.append(self.at.calendar.previous(found[-1]))
        return found[::-1]


def _zero(row: Stored) -> Stored:
    """A cell that has no row, in the period of a row of the total."""
    return row._replace(
        value=0.0,
        reason=None,
        n=None,
        numerator=None,
        denominator=None,
        so_far=None,
        so_far_before=None,
        status=None,
        low=None,
        high=None,
        expected=None,
        revision=1,
        veiled=None,
    )


def alone(kpi: Kpi, shown: Shown, cell: Cell) -> Kpi:
    """A KPI as if a part of it, or one of its cells, at a grain of its own, were all that it is."""
    speaking = [one for one in kpi.targets if one.part == shown.part and one.grain is shown.grain and _of(one, cell)]
    named = [one for one in speaking if not one.each] or speaking  # what names the cell counts before each
    return replace(
        kpi,
        title=title(kpi, shown.part, cell),
        unit=kpi.unit_of(shown.part),
        decimals=None if shown.part else kpi.decimals,
        grain=shown.grain,
        targets=tuple(replace(one, cell=TOTAL, each=()) for one in named),
    )


def _of(target: Target, cell: Cell) -> bool:
    return target.speaks_of(cell) if cell else not target.columns


def title(kpi: Kpi, part: str = "", cell: Cell = TOTAL) -> str:
    """What a number is called: MRR, new, enterprise."""
    return ", ".join(filter(None, (kpi.title, part_name(part), cells.label(cell, kpi))))


def part_name(part: str) -> str:
    """A part of a KPI in words."""
    if found := re.fullmatch(r"p([0-9]+(?:_[0-9]+)?)", part):
        return (
            f"{measures.nth(int(found[1]))} percentile"
            if found[1].isdigit()
            else f"percentile {found[1].replace('_', '.')}"
        )
    return _PARTS.get(part, part.replace("_", " "))


_PARTS = {"churn": "churned", "reactivation": "reactivated", "low": "lower bound", "high": "upper bound"}


def value_at(
    row: Stored | None, which: Period, line: Sequence[Stored], kpi: Kpi, part: str, *, held: bool
) -> float | None:
    """A cell's value in a period. The ledger keeps no zeros of cells, and `held` says that rows may be missing."""
    if row is not None:
        return row.value
    zero = kpi.zero_when_absent(part) and bool(line) and which.key >= line[0].period.key
    return 0.0 if zero and not held else None

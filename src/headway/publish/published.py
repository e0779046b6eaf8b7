"""What one reader sees of the ledger's numbers: lines of totals and cells, cards, and what each KPI had before.

Everything is read once, when it is first asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property

import pyarrow as pa

from headway.errors import Mistake, UsageError
from headway.formats import dates, numbers
from headway.ledger import Entered, Restatement
from headway.model import TOTAL, Audience, Cell, Kpi, Narrative, read_cell
from headway.periods import Grain, Period
from headway.publish import goals, history, tiles, words
from headway.publish.history import Past
from headway.publish.kpipages import EntryRow
from headway.publish.pages import Sentence, Tile
from headway.publish.stored import Periods, Stored, compared_period, of_grain, rows, veiled, without_total


class Published:
    """The numbers of the KPIs `names`, as far as their reader may know them."""

    def __init__(self, at: tiles.Situation, names: Sequence[str], periods: Periods) -> None:
        self.at = at
        self.names = names
        self.periods = periods
        self._tiles: dict[str, Tile] = {}
        self._pasts: dict[str, Past] = {}
        self._tables: dict[tuple[str, str], pa.Table] = {}
        self._ahead: dict[tuple[str, str, Grain], pa.Table] = {}
        self._totals: dict[tuple[str, str, Grain], list[Stored]] = {}
        self._last_cells: dict[tuple[str, str, Grain], dict[Cell, list[Stored]]] = {}

    def tile(self, name: str) -> Tile:
        """The card of one KPI."""
        if name not in self._tiles:
            kpi = self.kpi(name)
            if isinstance(kpi.measure, Narrative):
                self._tiles[name] = tiles.told(kpi, list(self.entries(kpi)), self.at.of(name))
                return self._tiles[name]
            line = self.total(name, kpi.front) if kpi.measure else []
            leading = self.leading(kpi) if kpi.measure else []
            self._tiles[name] = self._marked(kpi, tiles.tile(kpi, line, leading, self.at.of(name)), line)
        return self._tiles[name]

    def tiles(self) -> tuple[Tile, ...]:
        """The cards of all KPIs. To ask for the numbers of each takes longer than to read those of all at once."""
        kpis = [self.at.catalog.kpis[name] for name in self.names if name not in self._tiles]
        tracked = [kpi for kpi in kpis if kpi.measure is not None and not isinstance(kpi.measure, Narrative)]
        asked = {(kpi.name, part, kpi.front) for kpi in tracked for part in ("", goals.lead(kpi))}
        if asked := asked - self._totals.keys():
            self._ahead = self.at.ledger.totals(asked, self.at.until)
        return tuple(self.tile(name) for name in self.names)

    def _marked(self, kpi: Kpi, tile: Tile, line: Sequence[Stored]) -> Tile:
        """A card that says if a change of its number waits, and if it compares numbers of two methods."""
        past = self.past(kpi.name)
        newest = next((row for row in reversed(line) if row.period.name == tile.period), None)
        if newest is None or not (past.proposals or any(row.imported for row in line)):
            return tile
        waits = history.waits(newest, past, kpi, "", TOTAL, numbers.places([newest.value], kpi.unit), self.at)
        if waits is not None and waits.state == "waiting":
            tile = replace(tile, waits=waits.text if waits.value is None else f"{waits.text} waits")
        then = compared_period(kpi, newest.period, self.at.calendar)
        if tile.compared and history.apart(history.breaks(line, past), then.key, newest.period.key):
            versus = f"{tile.compared.versus}, by another method"
            tile = replace(tile, compared=replace(tile.compared, versus=versus))
        return tile

    def kpi(self, name: str) -> Kpi:
        """A KPI that this reader may see; UsageError `unknown-kpi` if there is none."""
        if name not in self.names:
            close = difflib.get_close_matches(name, self.names, 1)
            remedy = f"Did you mean '{close[0]}'?" if close else "headway show lists them all."
            raise UsageError(Mistake(f"there is no KPI '{name}'", "unknown-kpi", None, remedy))
        return self.at.catalog.kpis[name]

    def grains(self, name: str, *, cell: bool = False) -> tuple[Grain, ...]:
        """The grains of a KPI's pages, or of its cells; one that is only planned has one page and no cells."""
        kpi = self.kpi(name)
        if self.planned(name) or isinstance(kpi.measure, Narrative):
            return () if cell else (kpi.front,)
        return tuple(kpi.grains(cell=cell)) if kpi.by or not cell else ()

    def planned(self, name: str) -> bool:
        """True for a KPI that is promised and not tracked yet."""
        return self.tile(name).maturity == "planned"

    def total(self, name: str, grain: Grain, part: str = "") -> list[Stored]:
        """The rows of a KPI's total at one grain, oldest first, or of its growth."""
        if (name, part, grain) not in self._totals:
            table = self._ahead.pop((name, part, grain), None)
            if table is None:
                table = self._tables.get((name, part))
            if table is None:
                # A card asks for one grain and needs no other; a page asks for all of them.
                only = grain if grain is self.at.catalog.kpis[name].front else None
                table = self.at.ledger.read(name, part=part, grain=only, cells=False, as_of=self.at.until)
                if only is None:
                    self._tables[name, part] = table
            line = rows(of_grain(table, grain), self.periods).get((grain, TOTAL), [])
            self._totals[name, part, grain] = self._for_reader(name, line)
        return self._totals[name, part, grain]

    def _for_reader(self, name: str, line: list[Stored]) -> list[Stored]:
        """A line without what KPIs that are hidden from the reader would be known by."""
        kpi = self.at.catalog.kpis[name]
        inputs = any(read not in self.names for read in tiles.inputs(self.at.catalog, kpi))
        bounds = any(read not in self.names for read in kpi.compared)
        return veiled(line, inputs=inputs, bounds=bounds) if inputs or bounds else line

    def line(self, name: str, grain: Grain, cell: Cell, part: str = "") -> list[Stored]:
        """The rows of a total, or of one cell, oldest first."""
        return self.cells(name, grain, part).get(cell, []) if cell else self.total(name, grain, part)

    def leading(self, kpi: Kpi) -> list[Stored]:
        """The rows whose verdicts are on the card."""
        return self.total(kpi.name, kpi.front, goals.lead(kpi))

    def cells(self, name: str, grain: Grain, part: str = "") -> dict[Cell, list[Stored]]:
        """The rows of a KPI's cells at one grain. Pages of one KPI are made together: the last one is kept."""
        if (name, part, grain) not in self._last_cells:
            table = self.at.ledger.read(name, part=part, grain=grain, as_of=self.at.until)
            kept = {at: lines for at, lines in self._last_cells.items() if at[0] == name}
            lines = without_total(rows(table, self.periods), grain)
            own = {cell: self._for_reader(name, line) for cell, line in lines.items()}
            self._last_cells = kept | {(name, part, grain): own}
        return self._last_cells[name, part, grain]

    def entries(self, kpi: Kpi) -> Iterator[EntryRow]:
        """What people entered, newest period first. Who did is for colleagues, and no business of the public."""
        public = self.at.audience is Audience.PUBLIC
        kept = [(one, self._period_of(one)) for one in self._entered(kpi)]
        for one, which in sorted(kept, key=lambda pair: (pair[1].last, pair[1].first), reverse=True):
            entry, who = one.entry, "" if public else one.entry.entered_by or ""
            cell = read_cell(entry.cell)
            label = ", ".join([dates.period(which), *(value for _, value in cell)])
            evidence = entry.evidence or ""
            yield EntryRow(
                period=which.name,
                label=label,
                cell=dict(cell),
                text=entry.text or "",
                evidence=evidence,
                link=evidence if evidence.startswith(("https://", "http://")) else "",
                said=words.entered(who, entry.entered_on, entry.note),
                entered_by=who,
                entered_on=entry.entered_on or "",
                note=entry.note or "",
                revision=one.revision,
            )

    def _entered(self, kpi: Kpi) -> list[Entered]:
        """The entries of a KPI whose file people keep; nobody keeps words about the others."""
        return self.at.ledger.entries(kpi.name, self.at.until) if tiles.is_entered(kpi) else []

    def _period_of(self, one: Entered) -> Period:
        return self.periods.get(Grain(one.entry.grain), one.entry.period)

    @cached_property
    def _restatements(self) -> list[Restatement]:
        return self.at.ledger.restatements(as_of=self.at.until)

    def undecided(self, names: Container[str]) -> str:
        """How many closed numbers of these KPIs wait for a decision, in a sentence; '' if none does."""
        return history.undecided(self._restatements, [name for name in self.names if name in names])

    def waiting(self) -> Iterator[Sentence]:
        """What waits, KPI by KPI."""
        waits = {part.kpi for one in self._restatements if one.state == "waiting" for part in one.kpis}
        for name in (name for name in self.names if name in waits):
            yield from history.waiting(self.past(name), self.at.catalog.kpis[name], self.at)

    def past(self, name: str) -> Past:
        """What changed of a KPI's closed numbers, and what is proposed in their place."""
        if name not in self._pasts:
            own = [one for one in self._restatements if any(part.kpi == name for part in one.kpis)]
            proposed = any(one.state in ("waiting", "rejected") for one in own)
            proposals = self.at.ledger.proposals(name, self.at.until) if proposed else []
            self._pasts[name] = Past.of(own, proposals)
        return self._pasts[name]


class Until(Published):
    """The same without periods that begin after a day."""

    def __init__(self, whole: Published, last: date) -> None:
        super().__init__(whole.at, whole.names, whole.periods)
        self._whole, self._last = whole, last

    def total(self, name: str, grain: Grain, part: str = "") -> list[Stored]:
        """The rows of a KPI's total at one grain, oldest first, or of its growth."""
        return [row for row in self._whole.total(name, grain, part) if row.period.first <= self._last]

    def cells(self, name: str, grain: Grain, part: str = "") -> dict[Cell, list[Stored]]:
        """The rows of a KPI's cells at one grain."""
        lines = self._whole.cells(name, grain, part).items()
        cut = {cell: [row for row in line if row.period.first <= self._last] for cell, line in lines}
        return {cell: line for cell, line in cut.items() if line}

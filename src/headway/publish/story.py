"""What messages of one moment look up besides their notices: what was told before, and the stored lines of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from headway.model import Alerting, Cell, Notice, RuleCell, Tells
from headway.periods import Grain
from headway.publish.stored import Stored, by_key, rows
from headway.publish.view import View


class Story:
    """Each thing is looked up once, however many cells one message speaks of."""

    def __init__(self, view: View, before: Alerting, notices: Iterable[Notice]) -> None:
        self.view = view
        self._starts: dict[tuple[RuleCell, int], Notice] = {
            (one.of, one.episode): one for one in (*before.notices, *notices) if one.tells is Tells.START
        }
        self._first: dict[str, datetime] = {}
        for one in before.deliveries:
            if not one.dropped:
                self._first[one.notice] = min(one.at, self._first.get(one.notice, one.at))
        self._lines: dict[tuple[str, str, Grain], dict[Cell, list[Stored]]] = {}
        self._known: dict[tuple[str, str, Grain], dict[Cell, dict[int, Stored]]] = {}

    def start(self, notice: Notice) -> Notice | None:
        """The first notice of an episode."""
        return self._starts.get((notice.of, notice.episode))

    def since(self, notice: Notice) -> datetime:
        """When somebody was first told of an episode, or was to be."""
        start = self.start(notice) or notice
        return self._first.get(start.id, start.made)

    def line(self, kpi: str, part: str, grain: Grain, cell: Cell) -> list[Stored]:
        """The stored rows of a cell, oldest first."""
        lines = self._read(kpi, part, grain)
        wanted = dict(cell)
        return lines.get(cell) or next((line for at, line in lines.items() if dict(at) == wanted), [])

    def period(self, kpi: str, part: str, grain: Grain, key: int) -> Mapping[Cell, Stored]:
        """The stored rows of one period, by cell."""
        if (kpi, part, grain) not in self._known:
            lines = self._read(kpi, part, grain)
            self._known[kpi, part, grain] = {cell: by_key(line) for cell, line in lines.items()}
        return {cell: known[key] for cell, known in self._known[kpi, part, grain].items() if key in known}

    def _read(self, kpi: str, part: str, grain: Grain) -> dict[Cell, list[Stored]]:
        if (kpi, part, grain) not in self._lines:
            table = self.view.ledger.read(kpi, part=part, grain=grain, as_of=self.view.until)
            found = rows(table, self.view.periods)
            self._lines[kpi, part, grain] = {cell: line for (_, cell), line in found.items()}
        return self._lines[kpi, part, grain]

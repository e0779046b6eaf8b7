"""What a catalogue says of cells that the data do not have: a target of `segment: enterprize` judges nothing, for ever.

Only what reading the data tells is looked at (`Scene.told`): a cell may come with the next row, so nobody is blamed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from headway.catalog.lint.data import few_people
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.errors import Place
from headway.model import Cell, Cells, Kpi, Recurring, RowMeasure, WatchedNumbers

#: So many values are listed; of more, only one that is nearly the same is named.
_LISTED = 8


def no_such_cell(scene: Scene) -> Iterator[Finding]:
    """Each target, alert, objective and tile of a cell that no row has."""
    for kpi, cell, what, place in _spoken_of(scene):
        for column, value in cell:
            known = _values(scene, kpi, column)
            if not known or value in known:
                continue
            yield Finding(
                "no-such-cell",
                Relation.NOTE,
                f"{what} is about {column} '{value}', and no row has that",
                (kpi.name,),
                (place,),
                _there(scene, kpi, column, known),
                f"{_near(value, known)}{allowing('no-such-cell', kpi.name)}",
            )


def _spoken_of(scene: Scene) -> Iterator[tuple[Kpi, Cell, str, Place]]:
    """Every cell that is named, with what names it and where."""
    catalog = scene.catalog
    for kpi in catalog.kpis.values():
        for target in kpi.targets:
            yield kpi, target.cell, f"a target of {kpi.name}", target.place or kpi.at("targets")
    for alert in catalog.alerts.values():
        if isinstance(alert.watches, WatchedNumbers):
            for watched in alert.watches.of:
                yield catalog.kpis[watched.kpi], watched.cell, f"alert {alert.name}", alert.place
    for objective in catalog.objectives.values():
        for result in objective.expects:
            yield catalog.kpis[result.kpi], result.cell, f"objective {objective.name}", result.place
    for board in catalog.boards.values():
        for tile in board.tiles:
            for shown in tile.of:
                yield catalog.kpis[shown.kpi], tile.cell, f"a tile of board {board.name}", tile.place


def _values(scene: Scene, kpi: Kpi, column: str) -> frozenset[str]:
    """Every value that a column has in the rows behind a KPI; none where that is not known whole."""
    found: set[str] = set()
    for one in _behind(scene, kpi):
        for breakdown, cells in _counted(scene, one):
            if column in breakdown:
                if not cells.whole:
                    return frozenset()
                at = breakdown.index(column)
                found |= {_written(values[at]) for values in cells.some}
    return frozenset(found)


def _behind(scene: Scene, kpi: Kpi) -> Iterator[Kpi]:
    """The KPI and those that it reads, however far away."""
    waiting, seen = [kpi.name], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield scene.catalog.kpis[name]
            waiting += scene.catalog.kpis[name].inputs


def _counted(scene: Scene, kpi: Kpi) -> Iterator[tuple[tuple[str, ...], Cells]]:
    """The breakdowns of a KPI over rows, with their cells in each of its sources; built-in columns have none."""
    if not isinstance(kpi.measure, RowMeasure):
        return
    sources = [kpi.measure.picks]
    if isinstance(kpi.measure, Recurring) and kpi.measure.plus:
        sources.append(kpi.measure.plus[0])
    for breakdown in kpi.breakdowns:
        columns = tuple(name for name in breakdown if name not in kpi.measure.built_in)
        for source in sources:
            if cells := scene.told.cells.get((source, columns)):
                yield columns, cells


def _written(value: str) -> str:
    """A value as it stands in a cell: 3, not 3.0."""
    return value.removesuffix(".0")


def _there(scene: Scene, kpi: Kpi, column: str, known: frozenset[str]) -> str:
    """Which values there are. Where nearly each is a person, none is told."""
    cells = [c for one in _behind(scene, kpi) for columns, c in _counted(scene, one) if columns == (column,)]
    if any(few_people(one) for one in cells) or len(known) > _LISTED:
        return f"There are {len(known):,} others."
    return f"There {'is' if len(known) == 1 else 'are'} {', '.join(sorted(known))}."


def _near(value: str, known: frozenset[str]) -> str:
    plain = {one.lower(): one for one in sorted(known)}
    close = difflib.get_close_matches(value.lower(), plain, 1)
    return f"Did you mean '{plain[close[0]]}'? " if close else ""

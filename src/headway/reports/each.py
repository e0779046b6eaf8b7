"""For which cells there is a report: those of a breakdown of which its readers may see a number."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from headway.errors import Mistake, UsageError
from headway.model import Cell, Kpi, Shown
from headway.periods import Period
from headway.publish.shelf import Shelf
from headway.publish.view import View


def cells(view: View, columns: Sequence[str], period: Period | None = None) -> list[Cell]:
    """The cells of these columns with a number in a period, or lately; UsageError `unknown-cell` if there is none."""
    known = found(view, columns, period)
    if not known:
        message = f"no {' and '.join(columns)} has a number {f'in {period}' if period else 'lately'}"
        raise UsageError(Mistake(message, "unknown-cell", None, "Compute it: headway run"))
    return known


def found(view: View, columns: Sequence[str], *periods: Period | None) -> list[Cell]:
    """The cells of these columns with a number in one of some periods, or, for None, lately.

    UsageError `unknown-cell` if nothing is broken down by these columns.
    """
    kpis = [view.catalog.kpis[name] for name in view.names]
    broken = [(kpi, by) for kpi in kpis for by in kpi.by if set(by) == set(columns)]
    if not broken:
        known = dict.fromkeys(" and ".join(by) for kpi in kpis for by in kpi.by)
        remedy = f"They are broken down by {', '.join(known)}." if known else "None of them is broken down."
        message = f"no KPI that these readers may see is broken down by {' and '.join(columns)}"
        raise UsageError(Mistake(message, "unknown-cell", None, remedy))
    shelf = Shelf(view.published, view.boards.page_of)
    some = {
        tuple(sorted(cell)): cell
        for kpi, by in broken
        for period in periods
        for cell in _with_numbers(shelf, kpi, by, period)
    }
    return [some[cell] for cell in sorted(some)]


def one(view: View, cell: Cell, period: Period | None = None) -> Cell:
    """A cell as it was named, in the order of its columns; UsageError `unknown-cell` if it has no number."""
    known = cells(view, [column for column, _ in cell], period)
    same = next((one for one in known if dict(one) == dict(cell)), None)
    if same is None:
        values = [", ".join(value for _, value in one) for one in known]
        named = ", ".join(value for _, value in cell)
        close = difflib.get_close_matches(named, values, 1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"There is {', '.join(values[:12])}."
        said = " and ".join(column for column, _ in cell)
        raise UsageError(Mistake(f"there is no {said} '{named}' with a number", "unknown-cell", None, remedy))
    return same


def _with_numbers(shelf: Shelf, kpi: Kpi, by: Sequence[str], period: Period | None) -> Iterator[Cell]:
    """The cells of a KPI that have a number of a period which ends in this one, or that had one lately."""
    if not (kept := kpi.grains(cell=True)) or kpi.measure is None:
        return
    shown = Shown(kpi.name, "", kept[0])
    if period is None:
        yield from shelf.alive(shown, by)
        return
    grain = next((one for one in kept if one.rank >= period.grain.rank), kept[-1])
    for cell, line in shelf.cells(Shown(kpi.name, "", grain), by).items():
        if any(row.value is not None and period.first <= row.period.last <= period.last for row in line):
            yield cell

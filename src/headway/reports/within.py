"""Keeps a report for one cell to it: what asks for the total, or for another cell, is an error and never a number.

What goes to one community, customer or team must not tell of the others, and a total tells of them: who knows their own
number and the sum of two knows the other one.
"""

from __future__ import annotations

from headway.errors import Mistake, UsageError
from headway.model import Catalog, Cell
from headway.reports.asked import Address, Request
from headway.reports.names import address


def keep(request: Request, cell: Cell, catalog: Catalog) -> None:
    """UsageError `outside-the-cell` for a request that asks for more than a cell; any may ask what a KPI is."""
    if not cell or request.name in ("kpi-definition", "kpi-why"):
        return
    if request.area:
        message = f"{{kpi-list}} shows totals, and the report is for {address(cell)} alone"
        raise UsageError(Mistake(message, "outside-the-cell", None, "Name the KPIs: :::{kpi-cards}"))
    for of in request.of:
        if not set(cell) <= set(of.cell):
            raise _outside(of, cell, catalog)


def _outside(of: Address, cell: Cell, catalog: Catalog) -> UsageError:
    kpi = catalog.kpis.get(of.kpi)
    title, columns = kpi.title if kpi else of.kpi, {column for column, _ in cell}
    asked = "another cell" if columns <= {column for column, _ in of.cell} else "the total"
    message = f"{title} is asked for {asked}, and the report is for {address(cell)} alone"
    if kpi is not None and not any(columns <= set(by) for by in kpi.by):
        remedy = f"It is not broken down by {', '.join(sorted(columns))}: leave it out."
    else:
        remedy = f"Write {of.kpi} {of.period} {{{{ cell }}}}".replace("  ", " ")
    return UsageError(Mistake(message, "outside-the-cell", None, remedy))

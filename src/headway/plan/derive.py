"""Numbers made of numbers: one function for each kind that reads KPIs and no rows.

Every KPI has two tables: its numbers as they are shown, and the same as if no group were too small. They differ only
where cells of few people are withheld. Kinds that look into such cells (`spread`, `tiered`) compute with the second and
show what gives nothing away; so what is made of them is made twice, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from headway.model import Catalog, Formula, Kpi, Lasts, Spread, Tiered
from headway.plan.formula import evaluate
from headway.plan.lasts import lasts
from headway.plan.members import Tables
from headway.plan.requests import Request
from headway.plan.rollup import rollup
from headway.plan.spread import spread
from headway.plan.tiered import tiered


@dataclass
class Shelf:
    """Every table of numbers so far: as shown, and whole."""

    shown: dict[Request, pa.Table] = field(default_factory=dict)
    whole: dict[Request, pa.Table] = field(default_factory=dict)
    #: Entered numbers, those for periods to come as well.
    ahead: dict[Request, pa.Table] = field(default_factory=dict)

    def put(self, request: Request, shown: pa.Table, whole: pa.Table | None = None) -> None:
        """Keep a table; without the second one nothing of it is withheld for a small group."""
        self.shown[request] = shown
        self.whole[request] = shown if whole is None else whole

    def make(self, request: Request, make: Callable[[Tables], pa.Table], inputs: Iterable[Request]) -> None:
        """Keep what `make` gives for either table of the inputs; only once where they are the same."""
        differ = any(self.shown.get(read) is not self.whole.get(read) for read in inputs)
        shown = make(self.shown)
        self.put(request, shown, make(self.whole) if differ else None)


def derive(catalog: Catalog, kpi: Kpi, shelf: Shelf, now: datetime) -> None:
    """Compute a KPI that reads KPIs alone, if it is one; its inputs are on the shelf."""
    function = _DERIVED.get(type(kpi.measure))
    if function is None:
        return
    # The flows of a windowed formula stand under requests of their own.
    inputs = [request for request in shelf.shown if request.kpi in kpi.inputs or kpi.window]
    shelf.make(Request.of(kpi), lambda tables: function(catalog, kpi, tables, shelf, now), inputs)


def looked_into(catalog: Catalog, names: Iterable[str]) -> set[str]:
    """The KPIs whose cells others look into, also where these are withheld, and all that they are made of."""
    ahead = [
        read
        for name in names
        if isinstance(catalog.kpis[name].measure, Spread | Tiered)
        for read in catalog.kpis[name].inputs
    ]
    found: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += catalog.kpis[name].inputs
    return found


def _formula(catalog: Catalog, kpi: Kpi, shown: Tables, shelf: Shelf, now: datetime) -> pa.Table:
    numbers = evaluate(catalog, kpi, shown, now)
    return rollup(catalog, kpi, numbers, now) if kpi.is_state else numbers


def _spread(catalog: Catalog, kpi: Kpi, shown: Tables, shelf: Shelf, now: datetime) -> pa.Table:
    return spread(catalog, kpi, shown, shelf.whole)


def _tiered(catalog: Catalog, kpi: Kpi, shown: Tables, shelf: Shelf, now: datetime) -> pa.Table:
    return tiered(catalog, kpi, shown, shelf.whole, now)


def _lasts(catalog: Catalog, kpi: Kpi, shown: Tables, shelf: Shelf, now: datetime) -> pa.Table:
    return rollup(catalog, kpi, lasts(catalog, kpi, shown, shelf.ahead, now), now)


#: The kinds, each a function of the catalogue, the KPI, the tables to compute with, all there is so far, and now.
_DERIVED: Mapping[type, Callable[[Catalog, Kpi, Tables, Shelf, datetime], pa.Table]] = {
    Formula: _formula,
    Spread: _spread,
    Tiered: _tiered,
    Lasts: _lasts,
}

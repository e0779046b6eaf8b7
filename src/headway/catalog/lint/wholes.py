"""`parts`: targets for the cells of a breakdown that cannot make up what is asked of the total.

Counts add up, so floors of cells that are more than the total's ceiling cannot be kept. A mean lies between its cells,
so neither can ceilings of all cells that are below the floor of the total. What all cells are, only the data tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from headway.catalog.lint.demands import Demand, quantity
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.catalog.lint.sizes import counts
from headway.model import Aggregate, Formula, Kpi, Nps, Share

_TINY = 1e-9


@dataclass(frozen=True)
class _Day:
    """What is asked of a KPI, its cells by one column and its total, on one day and by one grain."""

    total: Demand | None
    cells: Mapping[str, Demand]
    each: Demand | None
    #: All values of the column; None where the data were not read.
    values: frozenset[str] | None

    @property
    def floors(self) -> dict[str, Demand]:
        """The cells of which something is asked from below."""
        return {value: demand for value, demand in self.cells.items() if demand.low is not None}

    @property
    def ceilings(self) -> dict[str, Demand]:
        """The demand from above on every cell there is; nothing unless all have one."""
        return self._every(lambda demand: demand.high is not None)

    @property
    def grounds(self) -> dict[str, Demand]:
        """The demand from below on every cell there is; nothing unless all have one."""
        return self._every(lambda demand: demand.low is not None)

    def _every(self, bounded: Callable[[Demand], bool]) -> dict[str, Demand]:
        found = {}
        for value in sorted(self.values or ()):
            demand = self.cells.get(value, self.each)
            if demand is None or not bounded(demand):
                return {}
            found[value] = demand
        return found


def cells(scene: Scene) -> Iterator[Finding]:
    """Each KPI whose cells cannot make up its total, told for the first day on which that is so."""
    for kpi in scene.catalog.kpis.values():
        share = _of_total(scene, kpi)
        adds_up = share is not None or (counts(kpi) and kpi.window is None)
        if adds_up or _is_mean(kpi):
            for breakdown in kpi.by:
                if len(breakdown) == 1 and not _is_list(scene, kpi, breakdown[0]):
                    days = _days(scene, kpi, share or kpi, breakdown[0])
                    told = (found for day in days if (found := _judged(kpi, day, share is not None, adds_up)))
                    yield from list(told)[:1]


def _days(scene: Scene, kpi: Kpi, rows: Kpi, column: str) -> Iterator[_Day]:
    """What is asked on today, and on each later day on which something changes, by grain."""
    told = scene.told.cells.get((rows.source or "", (column,)))
    values = frozenset(value for (value,) in told.some) if told and told.whole else None
    levels = [d for d in scene.demands if d.kpi is kpi and not d.target.growth and d.target.columns <= {column}]
    for grain in dict.fromkeys(demand.target.grain for demand in levels):
        asked = [demand for demand in levels if demand.target.grain is grain]
        for day in sorted({scene.today, *(d.first for d in asked if d.first and d.first > scene.today)}):
            now = [d for d in asked if (d.first or date.min) <= day <= (d.last or date.max)]
            yield _Day(
                next((d for d in now if d.of_total), None),
                {dict(d.cell)[column]: d for d in now if d.cell},
                next((d for d in now if d.target.each), None),
                values,
            )


def _judged(kpi: Kpi, day: _Day, is_share: bool, adds_up: bool) -> Finding | None:
    """What cannot be on one day, if anything."""
    total = day.total
    high = 1.0 if is_share else total.high if total else None
    low = 1.0 if is_share else total.low if total else None
    whole = (
        f"the whole is {quantity(1, kpi.unit)}" if is_share else f"the total is to be {total.words}" if total else ""
    )
    if adds_up:
        floors, ceilings = day.floors, day.ceilings
        lows, highs = [d.low or 0.0 for d in floors.values()], [d.high or 0.0 for d in ceilings.values()]
        if high is not None and sum(lows) > high + _TINY:
            return _found(kpi, total, floors.values(), f"{_sum(lows, kpi)}, and {whole}")
        if low is not None and highs and sum(highs) < low - _TINY:
            return _found(kpi, total, ceilings.values(), f"at most {_sum(highs, kpi)}, and {whole}")
        return None
    grounds, ceilings = day.grounds, day.ceilings
    if ceilings and low is not None and (top := max(d.high or 0.0 for d in ceilings.values())) < low - _TINY:
        said = f"no cell may be more than {quantity(top, kpi.unit)}, a mean lies between its cells, and {whole}"
        return _found(kpi, total, ceilings.values(), said)
    if grounds and high is not None and (bottom := min(d.low or 0.0 for d in grounds.values())) > high + _TINY:
        said = f"every cell is to be at least {quantity(bottom, kpi.unit)}, a mean lies between its cells, and {whole}"
        return _found(kpi, total, grounds.values(), said)
    return None


def _sum(bounds: list[float], kpi: Kpi) -> str:
    """`600 + 500 = 1,100`."""
    shown = " + ".join(quantity(bound, kpi.unit) for bound in bounds)
    return f"{shown} = {quantity(sum(bounds), kpi.unit)}" if len(bounds) > 1 else shown


def _found(kpi: Kpi, total: Demand | None, asked: Iterable[Demand], why: str) -> Finding:
    places = [demand.place for demand in (*([total] if total else []), *asked)]
    return Finding(
        "parts",
        Relation.CONTRADICTS,
        f"{kpi.name}: what is asked of its cells does not fit what is asked of the whole",
        (kpi.name,),
        tuple(dict.fromkeys(places)),
        f"{why[:1].upper()}{why[1:]}.",
        f"Change what is asked of the cells, or of the total. {allowing('parts', kpi.name)}",
    )


# -- what adds up --------------------------------------------------------------------------------------------------


def _is_mean(kpi: Kpi) -> bool:
    """True for a number that lies between its cells': each row counts in one of them."""
    mean = isinstance(kpi.measure, Aggregate) and kpi.measure.function == "mean"
    return mean or isinstance(kpi.measure, Share | Nps)


def _of_total(scene: Scene, kpi: Kpi) -> Kpi | None:
    """The count of which a KPI is the share of the total, `x / total(x)`."""
    if not isinstance(kpi.measure, Formula):  # it comes down to itself
        return None
    product = scene.definitions.product(kpi)
    reads = {power: leaf.read for leaf, power in product.factors.items()}
    if len(product.factors) != 2 or set(reads) != {1, -1}:
        return None
    above, below = reads[1], reads[-1]
    if above is None or below is None or above.kpi != below.kpi or above.total or not below.total or above.cell:
        return None
    counted = scene.catalog.kpis[above.kpi]
    return counted if counts(counted) else None


def _is_list(scene: Scene, kpi: Kpi, column: str) -> bool:
    """True if a row may be in several cells."""
    sources = scene.catalog.upstream(kpi.name)
    return any(scene.catalog.sources[name].columns.get(column) == "list" for name in sources)

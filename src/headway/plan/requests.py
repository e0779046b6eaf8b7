"""Which evaluations of row KPIs a run needs: each KPI's own, and inputs of windowed formulas under that window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from headway.catalog.formula import read_inputs
from headway.model import Accrue, Aggregate, Catalog, Formula, Kpi, Lasts, Pace
from headway.periods import Grain, Length, Unit, Window, WindowKind


@dataclass(frozen=True, slots=True)
class Request:
    """One KPI asked for under one window, at one shortest grain. Hashable: the key of every table of numbers.

    `Request.of(kpi)` is the KPI as declared. Any other window or grain is that of a formula that reads it.
    """

    kpi: str
    window: Window | None
    grain: Grain

    @classmethod
    def of(cls, kpi: Kpi) -> Request:
        """The KPI as it is declared."""
        return cls(kpi.name, kpi.window, kpi.grain)

    def resolve(self, catalog: Catalog) -> Kpi:
        """The KPI with this request's window and grain in place of its own."""
        kpi = catalog.kpis[self.kpi]
        if self == Request.of(kpi):
            return kpi
        return replace(kpi, window=self.window, grain=self.grain, by_grain=self.grain)

    def __str__(self) -> str:
        return f"{self.kpi} over {self.window} by {self.grain}" if self.window else f"{self.kpi} by {self.grain}"


def requests(catalog: Catalog, names: Iterable[str]) -> list[Request]:
    """Every evaluation of a KPI that reads rows, needed to compute `names` and all that their formulas read.

    A formula's window sets the span for the flows in it, through formulas without a window of their own; states and
    KPIs with their own window are read as they are.
    """
    found: dict[Request, None] = {}
    visited: set[str] = set()

    def visit(name: str) -> None:
        if name in visited:
            return
        visited.add(name)
        kpi = catalog.kpis[name]
        if kpi.source:
            found[Request.of(kpi)] = None
            if any(target.pace is Pace.LAST_YEAR for target in kpi.targets):
                found[days_of(kpi)] = None
        if isinstance(kpi.measure, Formula) and kpi.window:
            found.update(dict.fromkeys(flows_under(catalog, kpi)))
        if isinstance(kpi.measure, Lasts):
            for read in kpi.measure.reads:
                found.update(dict.fromkeys(months_ahead(catalog, catalog.kpis[read])))
        for read in kpi.inputs:
            visit(read)

    for name in names:
        visit(name)
    return list(found)


#: After so many months nobody counts any more.
MONTHS_AHEAD = 60


def months_ahead(catalog: Catalog, kpi: Kpi) -> list[Request]:
    """What is known by the end of each month of the next month, the next two, and so on, of a KPI that can tell."""
    knows = kpi.source is not None and catalog.sources[kpi.source].known_on is not None
    adds_up = isinstance(kpi.measure, Accrue | Aggregate) and not kpi.is_state
    lengths = range(1, MONTHS_AHEAD + 1 if knows and adds_up else 1)
    return [Request(kpi.name, Window(WindowKind.NEXT, Length(n, Unit.MONTH)), Grain.MONTH) for n in lengths]


def days_of(kpi: Kpi) -> Request:
    """The request that has a flow's days."""
    return Request.of(kpi) if kpi.grain.rank <= Grain.DAY.rank else Request(kpi.name, None, Grain.DAY)


def flows_under(catalog: Catalog, formula: Kpi) -> Iterator[Request]:
    """The flows that a windowed formula reads, each under the formula's window at the formula's grain."""

    def visit(kpi: Kpi) -> Iterator[Request]:
        for mention in read_inputs(kpi):
            if mention.over:  # over its own values
                continue
            read = catalog.kpis[mention.kpi]
            if isinstance(read.measure, Formula) and not read.window:
                yield from visit(read)
            elif read.source and not read.is_state_of(mention.part):
                yield Request(read.name, formula.window, formula.grain)

    yield from visit(formula)

"""What the formulas in a KPI's targets come down to, for every period and cell that the KPI has.

`at_least: 3 * cac` bounds each period by three times the CAC of that period. It is evaluated like a formula of a KPI
of that grain and breakdown, once all KPIs are computed, so that two KPIs may bound each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from headway.model import Catalog, Empty, Expression, Flag, Formula, Kpi, Take, Watched, WatchedNumbers
from headway.periods import Grain
from headway.plan.formula import evaluate
from headway.plan.requests import Request

#: By text of the formula and grain, then text of the cell and key of the period: the number, and whether it may change.
Bounds = Mapping[tuple[str, Grain], Mapping[tuple[str, int], tuple[float, bool]]]


def bounds(catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], now: datetime) -> Bounds:
    """Every formula in the KPI's targets. `inputs` holds the numbers of every KPI, its own too. No data is no entry."""
    return _together(
        _bound(catalog, kpi, formula, target.grain, target.columns, inputs, now)
        for target in kpi.targets
        for formula in target.formulas
    )


def thresholds(
    catalog: Catalog, watches: WatchedNumbers, watched: Watched, inputs: Mapping[Request, pa.Table], now: datetime
) -> Bounds:
    """The same for the formulas that bound what an alert watches of one KPI; `inputs` are published numbers."""
    kpi = catalog.kpis[watched.kpi]
    return _together(
        _bound(catalog, kpi, formula, watched.grain, watched.columns, inputs, now) for formula in watches.formulas
    )


def _bound(
    catalog: Catalog,
    kpi: Kpi,
    formula: Formula,
    grain: Grain,
    columns: frozenset[str],
    inputs: Mapping[Request, pa.Table],
    now: datetime,
) -> tuple[tuple[str, Grain], dict[tuple[str, int], tuple[float, bool]]]:
    """One formula, for the periods of a grain and the cells of a breakdown."""
    bounded = replace(
        kpi,
        measure=Formula(_for_each_cell(formula, kpi), (*formula.inputs, kpi.name)),
        grain=grain,
        by=tuple(breakdown for breakdown in kpi.by if frozenset(breakdown) == columns),
        by_grain=grain,
        window=None,
        take=Take.LAST,
        empty=Empty.NO_DATA,
    )
    table = evaluate(catalog, bounded, inputs, now)
    table = table.filter(pc.and_(pc.equal(table["grain"], grain), pc.is_valid(table["value"])))
    rows = zip(*(table[name].to_pylist() for name in ("cell", "period", "value", "flags")), strict=True)
    numbers = {(cell, period): (value, bool(flags & Flag.PARTIAL)) for cell, period, value, flags in rows}
    return (formula.expression.text, grain), numbers


def _together(
    found: Iterable[tuple[tuple[str, Grain], Mapping[tuple[str, int], tuple[float, bool]]]],
) -> Bounds:
    numbers: dict[tuple[str, Grain], dict[tuple[str, int], tuple[float, bool]]] = {}
    for of, here in found:
        numbers.setdefault(of, {}).update(here)
    return numbers


def _for_each_cell(formula: Formula, kpi: Kpi) -> Expression:
    """The formula plus nothing of the KPI: its cells are then the KPI's, also those that no input has."""
    return Expression(f"({formula.expression.text}) + coalesce(0 * {kpi.name}, 0)")

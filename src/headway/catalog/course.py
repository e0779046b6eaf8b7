"""How a KPI grows while a period runs: as the counts and sums in it do, so that a share of its target can be expected.

A count or sum without a window has about a third of what it will have when a third of its days are over. So has a
formula of *degree* 1 in them: twice as much of each makes twice the formula, and what they are scaled or divided by, a
state such as the mean number of staff, does not grow with the days. `leave / mean(staff)` and `revenue - costs` are of
degree 1; `revenue / costs` is of degree 0, it stays what it is; `revenue * visits` and `revenue - 5` follow no straight
line.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from headway.catalog import formula
from headway.catalog.formula import Input
from headway.model import Aggregate, Formula, Kpi, Quantile, Share
from headway.periods import WindowKind

#: What grows with the days that are over although it is a function of a moment.
_GROWING_WINDOWS = (WindowKind.TO_DATE, WindowKind.ALL_TIME)


def flows(kpi: Kpi, kpis: Mapping[str, Kpi]) -> tuple[str, ...]:
    """The counts and sums with which a KPI grows evenly while a period runs; none if it does not."""
    if _adds_up(kpi):
        return (kpi.name,)
    if not isinstance(kpi.measure, Formula) or kpi.window is not None:
        return ()
    found: dict[str, None] = {}
    tree = formula.parse(kpi.measure.expression.text)
    return tuple(found) if _degree(tree, kpis, found) == 1 else ()


def _adds_up(kpi: Kpi) -> bool:
    return isinstance(kpi.measure, Aggregate) and kpi.measure.function in ("count", "sum") and kpi.window is None


def _degree(node: exp.Expr, kpis: Mapping[str, Kpi], found: dict[str, None]) -> int | None:
    """The degree of an expression (its normal form) in the counts and sums of it, which are noted; None if it has
    none, or nobody knows."""
    match node:
        case exp.Literal():
            return 0
        case exp.Column() | exp.Anonymous():
            return _degree_of(formula.reading(node), kpis, found)
        case exp.Neg() | exp.Abs() | exp.Round():
            return _degree(node.this, kpis, found)
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            left, right = (_degree(side, kpis, found) for side in (node.this, node.expression))
            if left is None or right is None:
                return None
            if isinstance(node, exp.Mul | exp.Div):
                return left + right if isinstance(node, exp.Mul) else left - right
            return left if left == right else None
    return None


def _degree_of(read: Input, kpis: Mapping[str, Kpi], found: dict[str, None]) -> int | None:
    """1 for what grows with the days, 0 for what does not."""
    kpi = kpis[read.kpi]
    if read.back or (kpi.window is not None and kpi.window.kind in _GROWING_WINDOWS):
        return None
    if read.over:
        return 0 if read.over in ("mean", "opening") else None
    if formula.is_state(kpis, kpi, read.part):
        return 0
    if read.part:
        return None
    if _adds_up(kpi):
        found[kpi.name] = None
        return 1
    if isinstance(kpi.measure, Formula) and kpi.window is None:
        return _degree(formula.parse(kpi.measure.expression.text), kpis, found)
    is_rate = isinstance(kpi.measure, Share | Quantile)
    is_rate |= isinstance(kpi.measure, Aggregate) and kpi.measure.function == "mean"
    return 0 if is_rate else None

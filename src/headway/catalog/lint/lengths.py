"""`length-dependent`: ratios whose size depends on how long the period is, because one side grows with it.

Orders of a quarter are three times those of a month; the staff at its end is not. A mean, a share, a state and a ratio
of two flows do not depend on the length, and a window fixes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from headway.catalog.formula import Input, parse, reading
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.errors import Place
from headway.model import (
    Accrue,
    Aggregate,
    Availability,
    Catalog,
    Distinct,
    Entered,
    Formula,
    Kpi,
    Python,
    Recurring,
    Spread,
    Take,
    Tiered,
)

#: Parts of `distinct` that add up over time, while its value does not: the same people come again.
_ADDS = "days"


def length_dependent(scene: Scene) -> Iterator[Finding]:
    """Each formula without a window that divides what grows with the period by what does not."""
    for kpi in scene.catalog.kpis.values():
        if not isinstance(kpi.measure, Formula) or kpi.window is not None or len(kpi.grains()) == 1:
            continue
        for division in parse(kpi.measure.expression.text).find_all(exp.Div):
            above, below = (_grows(scene.catalog, side) for side in (division.this, division.expression))
            per_something = any(_reads(division.expression))
            if above is not None and below is not None and above > below and per_something:
                yield _found(kpi, _why(scene.catalog, division, below))
                break


def _found(kpi: Kpi, why: str) -> Finding:
    place: Place = kpi.places.get("formula", kpi.place)
    return Finding(
        "length-dependent",
        Relation.NOTE,
        f"{kpi.name}: its size depends on how long the period is",
        (kpi.name,),
        (place,),
        why,
        f"Give it a window, such as 'window: calendar {kpi.grain}', so that every period shows the same. "
        f"{allowing('length-dependent', kpi.name)}",
    )


def _why(catalog: Catalog, division: exp.Expr, slower: float) -> str:
    """Which numbers grow with the period, and which do not, or more slowly."""
    grow = {_name(read) for read in _reads(division.this) if (_exponent(catalog, read) or 0) > 0}
    rest = {_name(read) for read in _reads(division.expression)}
    how = "more slowly" if slower else "does not" if len(rest) == 1 else "do not"
    return f"{_listed(grow)} grow{'s' if len(grow) == 1 else ''} with the period, and {_listed(rest)} {how}."


def _listed(names: set[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last


def _name(read: Input) -> str:
    name = f"{read.kpi}.{read.part}" if read.part else read.kpi
    return f"{read.over}({name})" if read.over else name


def _reads(node: exp.Expr) -> Iterator[Input]:
    if isinstance(node, exp.Column | exp.Anonymous):
        yield reading(node)
    else:
        for child in node.iter_expressions():
            yield from _reads(child)


def _grows(catalog: Catalog, node: exp.Expr) -> float | None:
    """With which power of the period's length a number grows: 1 a sum, 0 a state, None where that is not plain.

    Distinct people grow more slowly than their days: 0.5 stands for that.
    """
    match node:
        case exp.Literal():
            return 0.0
        case exp.Column() | exp.Anonymous():
            return _exponent(catalog, reading(node))
        case exp.Mul() | exp.Div():
            left, right = _grows(catalog, node.this), _grows(catalog, node.expression)
            if left is None or right is None:
                return None
            return left + right if isinstance(node, exp.Mul) else left - right
        case exp.Add() | exp.Sub():
            both = [_grows(catalog, side) for side in (node.this, node.expression) if not isinstance(side, exp.Literal)]
            return both[0] if len(set(both)) == 1 else None
        case exp.Neg() | exp.Abs() | exp.Round():
            return _grows(catalog, node.this)
    return None


def _exponent(catalog: Catalog, read: Input) -> float | None:
    kpi = catalog.kpis[read.kpi]
    if read.over or kpi.window is not None or kpi.is_state_of(read.part):
        return 0.0
    match kpi.measure:
        case Aggregate(function="count" | "sum") | Accrue() | Tiered():
            return 1.0
        case Distinct():
            return 1.0 if read.part == _ADDS else 0.5
        case Recurring() | Availability():
            return 1.0 if read.part else 0.0
        case Formula():
            return _grows(catalog, parse(kpi.measure.expression.text))
        case Entered() if kpi.take is Take.SUM:
            return 1.0
        case None | Entered() | Python() | Spread():
            return None
    return 0.0 if not read.part else None

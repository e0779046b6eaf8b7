"""What a KPI comes down to, so that two can be compared whatever they are called and however they are written.

A KPI is a product of *leaves*, each a number that is read off rows (a KPI over rows, or one of its parts) in one way:
`12 * mrr / mrr.customers` is 12 x mrr^1 x mrr.customers^-1. Formulas are written out through other formulas, and the
order of factors and terms does not matter. A sum of several products is a leaf of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from headway.catalog.formula import Input, parse, reading
from headway.catalog.identity import definition
from headway.model import Catalog, Expression, Formula, Kpi
from headway.periods import Window

#: What of a KPI's definition says which number it is; grain and breakdowns say where it is kept.
_SAID = ("measure", "where", "time", "window", "take", "empty", "min_n", "total")


@dataclass(frozen=True, order=True)
class Leaf:
    """A number that is not made of others. Two are equal if they are the same number; `key` says which."""

    key: str
    #: The KPI that is read, how, and the window that a formula around it gives. None for what is no single reading.
    read: Input | None = field(default=None, compare=False)
    window: Window | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Product:
    """A constant times leaves to whole powers."""

    constant: float
    factors: Mapping[Leaf, int]

    @property
    def subject(self) -> frozenset[tuple[Leaf, int]]:
        """What it is a multiple of."""
        return frozenset(self.factors.items())

    def times(self, other: Product, power: int = 1) -> Product:
        """The product with another one, or with its inverse."""
        factors = dict(self.factors)
        for leaf, exponent in other.factors.items():
            factors[leaf] = factors.get(leaf, 0) + power * exponent
        constant = self.constant * other.constant**power if other.constant or power > 0 else 0.0
        return Product(constant, {leaf: exponent for leaf, exponent in factors.items() if exponent})

    @property
    def powers(self) -> str:
        """Its factors as text, in an order of their own."""
        return " ".join(f"{leaf.key}^{exponent}" for leaf, exponent in sorted(self.factors.items()))

    def __str__(self) -> str:
        return f"{self.constant:.12g} {self.powers}"


#: A sum of products.
Sum = list[Product]


class Definitions:
    """The definitions of one catalogue's KPIs, each worked out once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._rows: dict[str, str] = {}
        self._sums: dict[str, Sum] = {}

    def product(self, kpi: Kpi) -> Product:
        """What a KPI comes down to."""
        return _one(self.sum(kpi))

    def sum(self, kpi: Kpi) -> Sum:
        """A KPI as the terms that it adds up; one for all that are no sums."""
        if kpi.name not in self._sums:
            if isinstance(kpi.measure, Formula):
                terms = self._sum(parse(kpi.measure.expression.text), kpi.window, total=False)
            else:
                terms = [Product(1.0, {self._leaf(Input(kpi.name, 0, 0), None): 1})]
            self._sums[kpi.name] = terms
        return self._sums[kpi.name]

    def of_bound(self, bound: Formula) -> Product:
        """What the formula of a bound comes down to."""
        return _one(self._sum(parse(bound.expression.text), None, total=False))

    def kpi(self, leaf: Leaf) -> Kpi | None:
        """The KPI that a leaf reads."""
        return self._catalog.kpis[leaf.read.kpi] if leaf.read else None

    def rows(self, kpi: Kpi) -> str:
        """The definition of a KPI that is no formula, as text: equal for equal definitions."""
        if kpi.name not in self._rows:
            said = {key: value for key, value in definition(kpi).items() if key in _SAID}
            if kpi.where is not None:
                said["where"] = plain(kpi.where)
            self._rows[kpi.name] = json.dumps(said, sort_keys=True)
        return self._rows[kpi.name]

    # -- writing out -----------------------------------------------------------------------------------------------

    def _sum(self, node: exp.Expr, window: Window | None, *, total: bool) -> Sum:
        if isinstance(node, exp.Add | exp.Sub):
            right = self._sum(node.expression, window, total=total)
            if isinstance(node, exp.Sub):
                right = [replace(product, constant=-product.constant) for product in right]
            return _added(self._sum(node.this, window, total=total) + right)
        if isinstance(node, exp.Neg):
            return [replace(one, constant=-one.constant) for one in self._sum(node.this, window, total=total)]
        if isinstance(node, exp.Column | exp.Anonymous):
            return self._read(reading(node), window, total=total)
        return [self._product(node, window, total=total)]

    def _product(self, node: exp.Expr, window: Window | None, *, total: bool) -> Product:
        match node:
            case exp.Literal():
                return Product(float(node.name), {})
            case exp.Mul() | exp.Div():
                left = _one(self._sum(node.this, window, total=total))
                right = _one(self._sum(node.expression, window, total=total))
                return left.times(right, -1 if isinstance(node, exp.Div) else 1)
            case exp.Column() | exp.Anonymous() | exp.Add() | exp.Sub() | exp.Neg():
                return _one(self._sum(node, window, total=total))
        # Functions, cases and conditions are leaves; what stands within them is written out all the same.
        within = [str(self._product(child, window, total=total)) for child in node.iter_expressions()]
        return Product(1.0, {Leaf(f"{node.key}({', '.join(within)})"): 1})

    def _read(self, read: Input, window: Window | None, *, total: bool) -> Sum:
        kpi = self._catalog.kpis[read.kpi]
        total = total or read.total
        plainly = not (read.part or read.over or read.back or read.cell)
        if isinstance(kpi.measure, Formula) and plainly:
            return self._sum(parse(kpi.measure.expression.text), kpi.window or window, total=total)
        return [Product(1.0, {self._leaf(replace(read, total=total), window): 1})]

    def _leaf(self, read: Input, window: Window | None) -> Leaf:
        kpi = self._catalog.kpis[read.kpi]
        rows = self.rows(kpi) if not isinstance(kpi.measure, Formula) else str(self.product(kpi))
        # A state is read at the end of the window; what is a flow, or read over the window, depends on it.
        spans = window is not None and (read.over or (kpi.window is None and not kpi.is_state_of(read.part)))
        how = [read.part, read.over, str(read.cell or ""), str(read.back or ""), "total" if read.total else ""]
        key = json.dumps([rows, *how, str(window) if spans else ""])
        return Leaf(key, read, window if spans else kpi.window)


def plain(expression: Expression) -> str:
    """An expression without the accidents of writing."""
    from_text = exp.maybe_parse(expression.text, into=exp.Condition, dialect="duckdb")
    return from_text.sql("duckdb")


def _one(terms: Sum) -> Product:
    """A sum as one product: of several terms a leaf is made, with the size of the first one's constant taken out."""
    if len(terms) == 1:
        return terms[0]
    if not terms:
        return Product(0.0, {})
    ordered = sorted(terms, key=lambda term: term.powers)
    constant = abs(ordered[0].constant)  # its sign stays within: it says nothing of the sign of the sum
    rest = [replace(term, constant=term.constant / constant) for term in ordered]
    return Product(constant, {Leaf(f"sum({'; '.join(map(str, rest))})"): 1})


def _added(terms: Sum) -> Sum:
    """Terms of one subject put together."""
    found: dict[frozenset[tuple[Leaf, int]], Product] = {}
    for term in terms:
        other = found.get(term.subject)
        found[term.subject] = replace(term, constant=term.constant + other.constant) if other else term
    return [term for term in found.values() if term.constant]

"""`same-measure` and `scope`: bounds of one number in two places, and of numbers that differ in what they count.

A bound that is a formula says something of a ratio: `clv` at least `3 * cac` asks that clv / cac is at least 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from headway.catalog.lint.conditions import condition, implies
from headway.catalog.lint.definition import Leaf, Product
from headway.catalog.lint.demands import Demand, bounds, formula, quantity, same_length, span
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.rates import loss
from headway.catalog.lint.scene import Scene
from headway.model import (
    Aggregate,
    Availability,
    Duration,
    Formula,
    Kpi,
    Nps,
    Quantile,
    Retention,
    RowMeasure,
    Share,
    Unit,
    UnitKind,
)

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Claim:
    """What a demand says of a number, whatever the KPI is called: its bounds, for `subject` without its constant."""

    demand: Demand
    subject: frozenset[tuple[Leaf, int]]
    low: float | None
    high: float | None
    #: By how much the demand's own number is larger.
    constant: float = 1.0
    #: What it bounds, in words, where that is not the KPI itself: `clv / cac`.
    of: str = ""

    def said(self, other: Claim | None = None) -> str:
        """The demand in words; where the other's number is larger by a constant, as it would read there."""
        if not self.of:
            return self.demand.words
        scale = other.constant if other is not None else 1.0
        low, high = (None if bound is None else bound * scale for bound in (self.low, self.high))
        return f"{self.of} {bounds(low, high, Unit(UnitKind.NONE))}"


def claims(scene: Scene) -> Iterator[Claim]:
    """Everything that levels (not growth, bands or lines) say of numbers."""
    for demand in scene.demands:
        if demand.target.growth is not None or demand.kpi.measure is None:
            continue
        product = scene.definitions.product(demand.kpi)
        if demand.low is not None or demand.high is not None:
            yield from _claim(demand, product, demand.low, demand.high, "")
        for bound, at_least in zip(formula(demand), (True, False), strict=True):
            if bound is not None and demand.kpi.window is None:
                yield from _of_formula(scene, demand, product, bound, at_least=at_least)


def _claim(demand: Demand, product: Product, low: float | None, high: float | None, of: str) -> Iterator[Claim]:
    constant = product.constant
    if constant <= 0 or not product.factors:
        return
    low, high = (None if bound is None else bound / constant for bound in (low, high))
    yield Claim(demand, product.subject, low, high, constant, of)


def _of_formula(scene: Scene, demand: Demand, product: Product, bound: Formula, *, at_least: bool) -> Iterator[Claim]:
    """`clv at_least 3 * cac` as a claim on clv / cac, if the bound is a multiple of a KPI."""
    against = scene.definitions.of_bound(bound)
    if against.constant <= 0 or not against.factors or len(bound.inputs) != 1:
        return
    ratio = product.times(against, -1)
    low, high = (1.0, None) if at_least else (None, 1.0)
    yield from _claim(demand, ratio, low, high, f"{demand.kpi.name} / {bound.inputs[0]}")


def same_measure(scene: Scene) -> Iterator[Finding]:
    """Two KPIs of one definition, or a bound that restates one, with bounds that differ."""
    for one, other in combinations(claims(scene), 2):
        if one.subject != other.subject or one.demand.kpi is other.demand.kpi or not one.demand.meets(other.demand):
            continue
        if not same_length(span(one.demand), span(other.demand)):
            continue
        if one.demand.speaks_of(other.demand):
            yield from _of_one_cell(one, other)
        elif one.demand.of_total != other.demand.of_total:
            whole, cell = (one, other) if one.demand.of_total else (other, one)
            yield from _of_a_segment(whole, cell)


def _of_one_cell(one: Claim, other: Claim) -> Iterator[Finding]:
    names = (one.demand.kpi.name, other.demand.kpi.name)
    for first, second in ((one, other), (other, one)):
        if first.low is not None and second.high is not None and first.low > second.high + _TINY:
            yield Finding(
                "same-measure",
                Relation.CONTRADICTS,
                f"{first.demand.name} contradicts {second.demand.name}: they are one number by definition, with "
                f"{first.said(second)} and {second.said(first)}",
                names,
                (first.demand.place, second.demand.place),
                _defined(first, second),
                f"Keep one of the two KPIs, or one of the bounds. {allowing('same-measure', *names)}",
            )
            return
        low = first.low is not None and second.low is not None and first.low > second.low + _TINY
        high = first.high is not None and second.high is not None and first.high < second.high - _TINY
        if low or high:
            yield Finding(
                "same-measure",
                Relation.IMPLIES,
                f"{first.demand.name} implies {second.demand.name}: they are one number by definition, and "
                f"{first.said(second)} makes {second.said(first)} redundant",
                names,
                (second.demand.place, first.demand.place),
                _defined(first, second),
                f"Keep one of the two KPIs, or one of the bounds. {allowing('same-measure', *names)}",
            )
            return


def _of_a_segment(whole: Claim, cell: Claim) -> Iterator[Finding]:
    """A cell of which less is asked than another KPI asks of the same number in all."""
    below = cell.low is not None and whole.low is not None and cell.low < whole.low - _TINY
    above = cell.high is not None and whole.high is not None and cell.high > whole.high + _TINY
    if below or above:
        names = (cell.demand.kpi.name, whole.demand.kpi.name)
        yield Finding(
            "same-measure",
            Relation.LOOSER,
            f"{cell.demand.name}, {cell.said(whole)}, is looser than {whole.demand.name}, {whole.said(cell)}",
            names,
            (cell.demand.place, whole.demand.place),
            f"{_defined(cell, whole)} The total is held against one bound, this segment of it against a looser one.",
            f"Say that the segment is meant to differ. {allowing('same-measure', *names)}",
        )


def _defined(one: Claim, other: Claim) -> str:
    """Why both are one number."""
    for claim, against in ((one, other), (other, one)):
        if claim.of:
            low, high = (None if bound is None else bound * against.constant for bound in (claim.low, claim.high))
            ask = bounds(low, high, Unit(UnitKind.NONE))
            return f"{claim.demand.kpi.name}'s bound asks that {claim.of} is {ask}; {against.demand.kpi.name} is that."
    written = {claim.demand.kpi.name: _text(claim.demand.kpi) for claim in (one, other)}
    texts = [text for text in written.values() if text]
    if not texts:
        return "Both measure the same rows in the same way."
    if len(set(texts)) == 1 and len(texts) == 2:
        return f"Both are {texts[0]}."
    said = " and ".join(f"{name} = {text}" for name, text in written.items() if text)
    return f"{said}: written out, the same."


def _text(kpi: Kpi) -> str:
    return kpi.measure.expression.text if isinstance(kpi.measure, Formula) else ""


# -- scopes and units ----------------------------------------------------------------------------------------------


def scope(scene: Scene) -> Iterator[Finding]:
    """Numbers that are alike but for which rows count, or what is counted, with bounds that differ: a note."""
    for one, other in scene.pairs():
        if one.kpi is other.kpi or one.target.growth or other.target.growth or not one.speaks_of(other):
            continue
        if not same_length(span(one), span(other)) or not _differ(one, other):
            continue
        for narrow, wide in ((one, other), (other, one)):
            if _narrower(scene, narrow.kpi, wide.kpi):
                yield _scopes(narrow, wide)
                break
        else:
            yield from _units(scene, one, other)


def _differ(one: Demand, other: Demand) -> bool:
    """True if both have a bound on one side, and these differ."""
    sides = ((one.low, other.low), (one.high, other.high))
    return any(a is not None and b is not None and abs(a - b) > _TINY for a, b in sides)


def _narrower(scene: Scene, narrow: Kpi, wide: Kpi) -> bool:
    """True if two rates are the same but for their rows, and the first counts some of those of the second."""
    if narrow.measure != wide.measure or narrow.where == wide.where or not _is_rate(narrow):
        return False
    assert isinstance(narrow.measure, RowMeasure)
    if (narrow.time, narrow.window, narrow.take) != (wide.time, wide.window, wide.take):
        return False
    source = narrow.measure.picks
    rows = [condition(scene.catalog, source, kpi.where) for kpi in (narrow, wide)]
    return implies(rows[0], rows[1]) and not implies(rows[1], rows[0])


def _is_rate(kpi: Kpi) -> bool:
    """True for what does not grow with the rows that it counts; of counts, the fewer rows the less is asked anyway."""
    mean = isinstance(kpi.measure, Aggregate) and kpi.measure.function == "mean"
    return mean or isinstance(kpi.measure, Share | Quantile | Nps | Availability | Duration | Retention)


def _scopes(narrow: Demand, wide: Demand) -> Finding:
    names = (narrow.kpi.name, wide.kpi.name)
    rest = f"where {wide.kpi.where}" if wide.kpi.where else "all rows"
    return Finding(
        "scope",
        Relation.NOTE,
        f"{narrow.name}, {narrow.words}, and {wide.name}, {wide.words}, have different scopes: both may be meant",
        names,
        (narrow.place, wide.place),
        f"They are the same but for their rows: {narrow.kpi.name} counts those where {narrow.kpi.where}, "
        f"{wide.kpi.name} {rest}.",
        allowing("scope", *names),
    )


def _units(scene: Scene, one: Demand, other: Demand) -> Iterator[Finding]:
    """Two loss rates over the same rows and span, one of an amount and one of customers."""
    first, second = loss(scene, one.kpi), loss(scene, other.kpi)
    if first is None or second is None or first.of != second.of or first.counts == second.counts:
        return
    m, y = first.most(one), second.most(other)
    if m is None or y is None:
        return
    yield Finding(
        "scope",
        Relation.NOTE,
        f"{one.name}, {one.words}, and {other.name}, {other.words}, are in different units: both may be meant",
        (one.kpi.name, other.kpi.name),
        (one.place, other.place),
        f"One is {quantity(m, one.unit)} of {first.counts}, the other {quantity(y, other.unit)} of {second.counts}: "
        "both hold if those who leave pay "
        + ("less" if (m < y) == (first.counts != "customers") else "more")
        + " than others do.",
        allowing("scope", one.kpi.name, other.kpi.name),
    )

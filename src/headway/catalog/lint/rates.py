"""`compounding`: rates of a short span that, kept for long, miss what is asked of the long one.

A loss of m in a month, every month, leaves (1 - m)^12 of those who were there; growth of g multiplies by (1 + g)^12.
Availability does not compound: the year's is the mean of its months', so it is the allowed downtime that is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headway.catalog.lint.definition import Leaf, Product
from headway.catalog.lint.demands import Demand, bounds, length, per, percent, quantity, span, years
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.catalog.lint.sizes import never_more
from headway.model import Aggregate, Availability, Distinct, Formula, Kpi, Open, Recurring
from headway.periods import Length

#: Two bounds that differ by less than this are the same.
TINY = 1e-9
_HOURS_A_YEAR = 365 * 24


def compounding(scene: Scene) -> Iterator[Finding]:
    """Losses, availability and growth over two lengths of time, and growth of numbers that move together."""
    for one, other in scene.pairs():
        if one.cell != other.cell or one.target.each != other.target.each:
            continue
        if one.target.growth and other.target.growth:
            yield from _growths(scene, one, other)
        elif not one.target.growth and not other.target.growth:
            spans = span(one), span(other)
            if spans[0] is not None and spans[1] is not None:
                short, long = sorted(((one, spans[0]), (other, spans[1])), key=lambda it: years(it[1]))
                if round(years(long[1]) / years(short[1]), 3) >= 2:
                    yield from _losses(scene, *short, *long)
                    yield from _availabilities(scene, *short, *long)


# -- losses --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loss:
    """A rate at which something is lost: of what (equal for the same), and whether the KPI says what is kept of it."""

    of: tuple[str, ...]
    #: `customers`, or the unit of the amount that is lost.
    counts: str
    kept: bool = False

    def most(self, demand: Demand) -> float | None:
        """The loss that a demand allows."""
        if self.kept:
            return None if demand.low is None else 1 - demand.low
        return demand.high


def loss(scene: Scene, kpi: Kpi) -> Loss | None:
    """The loss that a KPI is the rate of, or None. `lost / opening` is one, and so is `1 - lost / opening`."""
    terms = scene.definitions.sum(kpi)
    if len(terms) == 1:
        return _lost(scene, terms[0])
    constant = [term for term in terms if not term.factors]
    rest = [term for term in terms if term.factors]
    if len(rest) == 1 and len(constant) == 1 and abs(constant[0].constant - 1) < TINY:
        turned = Product(-rest[0].constant, rest[0].factors)
        found = _lost(scene, turned)
        return Loss(found.of, found.counts, kept=True) if found else None
    return None


def _lost(scene: Scene, product: Product) -> Loss | None:
    """A loss over what there was: one leaf over another, as a share."""
    above = [leaf for leaf, exponent in product.factors.items() if exponent == 1]
    below = [leaf for leaf, exponent in product.factors.items() if exponent == -1]
    if len(above) != 1 or len(below) != 1 or len(product.factors) != 2:
        return None
    lost, base = above[0], below[0]
    one, other = scene.definitions.kpi(lost), scene.definitions.kpi(base)
    if one is None or other is None or lost.read is None or base.read is None:
        return None
    if lost.read.over or base.read.over not in ("", "opening", "mean") or lost.read.cell != base.read.cell:
        return None
    rows = scene.definitions.rows
    if isinstance(one.measure, Recurring) and isinstance(other.measure, Recurring) and rows(one) == rows(other):
        return _of_recurring(scene, one, lost, base, product.constant)
    if _ends(scene, one) and isinstance(other.measure, Open) and abs(product.constant - 1) < TINY:
        assert isinstance(one.measure, Aggregate | Distinct)
        same = (one.measure.source, one.measure.column) == (other.measure.source, other.measure.column)
        if same and (one.where and one.where.text) == (other.where and other.where.text):
            return Loss((rows(other), str(lost.read.cell)), "rows")
    return None


def _of_recurring(scene: Scene, kpi: Kpi, lost: Leaf, base: Leaf, constant: float) -> Loss | None:
    """What leaves is signed as an amount, and counted as customers."""
    assert lost.read is not None
    assert base.read is not None
    parts = lost.read.part, base.read.part
    of = scene.definitions.rows(kpi), str(lost.read.cell)
    if parts == ("churn", "") and abs(constant + 1) < TINY:
        return Loss(of, str(kpi.unit) or "the amount")
    if parts == ("lost_customers", "customers") and abs(constant - 1) < TINY:
        return Loss(of, "customers")
    return None


def _ends(scene: Scene, kpi: Kpi) -> bool:
    """True for a count of rows, or of distinct values, that is dated by their end."""
    if not isinstance(kpi.measure, Aggregate | Distinct) or kpi.time is None or kpi.window is not None:
        return False
    counts = isinstance(kpi.measure, Distinct) or kpi.measure.function == "count"
    source = scene.catalog.sources[kpi.measure.source]
    return counts and kpi.time in (source.until, source.through)


def _losses(scene: Scene, short: Demand, brief: Length, long: Demand, whole: Length) -> Iterator[Finding]:
    first, second = loss(scene, short.kpi), loss(scene, long.kpi)
    if first is None or second is None or (first.of, first.counts) != (second.of, second.counts):
        return
    m, y = first.most(short), second.most(long)
    if m is None or y is None or not 0 < m < 1:
        return
    times = round(years(whole) / years(brief), 3)
    compound = 1 - (1 - m) ** times
    if compound <= y + TINY:
        return
    rate = percent(m)
    summed = f", and {percent(times * m)} if those who go are replaced ({times:g} x {rate})"
    yield Finding(
        "compounding",
        Relation.CONTRADICTS,
        f"{short.name} contradicts {long.name}: losing {rate} {per(brief)} for {length(whole)} is losing "
        f"more than {percent(y)}",
        (short.kpi.name, long.kpi.name),
        (short.place, long.place),
        f"{rate} {per(brief)} is 1 - {1 - m:.6g}^{times:g} = {percent(compound)} {per(whole)} of those who were there "
        f"when it began{summed if times * m < 1 else ''}; {long.name} allows {percent(y)}, which is "
        f"{percent(1 - (1 - y) ** (1 / times))} {per(brief)}.",
        f"Change one of them. {allowing('compounding', long.kpi.name)}",
    )


# -- availability --------------------------------------------------------------------------------------------------


def _availabilities(scene: Scene, short: Demand, brief: Length, long: Demand, whole: Length) -> Iterator[Finding]:
    one, other = short.kpi, long.kpi
    if not (isinstance(one.measure, Availability) and isinstance(other.measure, Availability)):
        return
    if (one.measure, str(one.where)) != (other.measure, str(other.where)):
        return
    if short.low is None or long.low is None or short.low >= long.low - TINY:
        return
    hours = [_HOURS_A_YEAR * years(whole) * (1 - low) for low in (short.low, long.low)]
    yield Finding(
        "compounding",
        Relation.LOOSER,
        f"{short.name}, {short.words}, is looser than {long.name}, {long.words}: each {brief.unit} can be on target "
        f"while the {whole.unit} is not",
        tuple(dict.fromkeys((one.name, other.name))),
        (short.place, long.place),
        f"{quantity(short.low, one.unit)} allows {hours[0]:.1f} hours of downtime in {length(whole)}, "
        f"{quantity(long.low, other.unit)} only {hours[1]:.1f}.",
        f"Ask as much of {length(brief)} as of {length(whole)}. {allowing('compounding', other.name)}",
    )


# -- growth --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """Why two numbers grow alike: `why` in words, and whether the second may grow faster for another reason."""

    why: str
    one_sided: bool = False


def _growths(scene: Scene, one: Demand, other: Demand) -> Iterator[Finding]:
    """Growth of two numbers that cannot drift apart, or of one over two lengths."""
    for first, second in ((one, other), (other, one)):
        bound = _bound(scene, first.kpi, second.kpi)
        if bound is None:
            continue
        mine, theirs = _yearly(first), _yearly(second)
        if mine is None or theirs is None:
            return
        apart = _above(mine, theirs) or (not bound.one_sided and _above(theirs, mine))
        if apart:
            yield _grown(first, mine, second, theirs, bound)
        return


def _grown(
    one: Demand,
    mine: tuple[float | None, float | None],
    other: Demand,
    theirs: tuple[float | None, float | None],
    bound: Bound,
) -> Finding:
    touches = next((d for d, a, b in ((one, mine[0], theirs[1]), (other, theirs[0], mine[1])) if a == b), None)
    only = f" They meet at {percent(touches.low or 0.0)} {per(_length(touches))} alone." if touches is not None else ""
    said = "; ".join(_compounded(demand, of) for demand, of in ((one, mine), (other, theirs)))
    return Finding(
        "compounding",
        Relation.CONTRADICTS,
        f"growth of {one.name} contradicts that of {other.name}: {_grows(one)} against {_grows(other)}",
        tuple(dict.fromkeys((one.kpi.name, other.kpi.name))),
        (one.place, other.place),
        f"{said}.{only}{' ' if bound.why else ''}{bound.why}",
        f"Change one of them. {allowing('compounding', other.kpi.name)}",
    )


def _grows(demand: Demand) -> str:
    return f"{demand.words} {per(_length(demand))}"


def _length(demand: Demand) -> Length:
    assert demand.target.growth is not None
    return demand.target.growth


def _compounded(demand: Demand, yearly: tuple[float | None, float | None]) -> str:
    """`mrr: 15 % a month is 1.15^12 - 1 = 435 % a year, 20 % is 792 %`; of a year nothing is worked out."""
    growth = _length(demand)
    times = 1 / years(growth)
    if abs(times - 1) < TINY:
        return f"{demand.name}: {bounds(*yearly, demand.unit)} a year"
    first = True
    said = []
    for rate, year in zip((demand.low, demand.high), yearly, strict=True):
        if rate is not None and year is not None:
            written = f" {per(growth)} is {1 + rate:.6g}^{times:.4g} - 1 = {percent(year)} a year"
            said.append(f"{percent(rate)}{written}" if first else f"{percent(rate)} is {percent(year)}")
            first = False
    return f"{demand.name}: {', '.join(said)}"


def _yearly(demand: Demand) -> tuple[float | None, float | None] | None:
    """The growth of a year that a demand asks for."""
    growth = demand.target.growth
    if growth is None or any(rate is not None and rate <= -1 for rate in (demand.low, demand.high)):
        return None
    times = 1 / years(growth)
    low, high = (None if rate is None else (1 + rate) ** times - 1 for rate in (demand.low, demand.high))
    return low, high


def _above(one: tuple[float | None, float | None], other: tuple[float | None, float | None]) -> bool:
    """True if the first range lies above the second, or two ranges touch in one point alone."""
    if one[0] is None or other[1] is None:
        return False
    return one[0] > other[1] + TINY or (abs(one[0] - other[1]) <= TINY and _wide(one) and _wide(other))


def _wide(span: tuple[float | None, float | None]) -> bool:
    """True for a range that is meant as one: both ends are written, and they differ."""
    low, high = span
    return low is not None and high is not None and high - low > TINY


def _bound(scene: Scene, one: Kpi, other: Kpi) -> Bound | None:
    """Why the first cannot outgrow the second for long, or None if it can."""
    if one is other:
        return Bound("")
    product = scene.definitions.product(one)
    terms = scene.definitions.sum(other)
    part = next((term for term in terms if term.factors and term.subject == product.subject), None)
    if part is not None and part.constant / product.constant > 0:
        rest = [term for term in terms if term is not part]
        if not rest:
            return Bound(f"{other.name} is a multiple of {one.name}, so they grow alike.")
        if all(term.constant > 0 for term in rest):
            return Bound(
                f"{other.name} is {_written(other)}, so in the long run it cannot grow slower than {one.name}.",
                one_sided=True,
            )
    if isinstance(one.measure, Distinct) and (why := never_more(scene, one, other)) and _seen_alike(one, other):
        return Bound(
            f"{one.name} counts the same as {other.name} ({why}), so it is never more, nor less than a fixed part of "
            "it: neither can grow faster for long."
        )
    return None


def _written(kpi: Kpi) -> str:
    assert isinstance(kpi.measure, Formula)
    return kpi.measure.expression.text


def _seen_alike(one: Kpi, other: Kpi) -> bool:
    """True if two distincts count the same things in spans that differ: many short ones make a long one."""
    same = isinstance(one.measure, Distinct) and isinstance(other.measure, Distinct)
    return same and str(one.where) == str(other.where) and not isinstance(other.measure, Formula)

"""`nested` and, of shares, `parts`: bounds of two numbers of which one is never more than the other.

It is so by definition: fewer things are seen in a shorter window, a mean is not above the greatest, and what is a part
of something is not more than the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from headway.catalog.lint.conditions import condition, implies
from headway.catalog.lint.demands import Demand, quantity, same_length, span
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.model import Aggregate, Cell, Concurrency, Distinct, Kpi, Open, Quantile, Share, Take
from headway.periods import Grain, Window, WindowKind

_TINY = 1e-9


# -- one is never more than the other ------------------------------------------------------------------------------


def never_more(scene: Scene, one: Kpi, other: Kpi, grain: Grain | None = None) -> str | None:
    """Why the first is never more than the second, in words; None if it may be. `grain`: that of the periods."""
    if one is other or one.time != other.time:
        return None
    if isinstance(one.measure, Distinct) and isinstance(other.measure, Distinct):
        return _fewer(scene, one, other, one.measure, other.measure, grain)
    if one.measure == other.measure and _tallies(one) and (one.window, one.take) == (other.window, other.take):
        return "it counts some of the same rows" if _some_rows(scene, one, other) else None
    ranks = _rank(one), _rank(other)
    if ranks[0] is not None and ranks[1] is not None and one.window == other.window and one.take == other.take:
        (of, low), (wholly, high) = ranks[0], ranks[1]
        if of == wholly and str(one.where) == str(other.where) and _ordered(low, high):
            return f"a {low} is not above the {high} of the same rows"
    return None


def _fewer(scene: Scene, one: Kpi, other: Kpi, narrow: Distinct, wide: Distinct, grain: Grain | None) -> str | None:
    """Why one distinct is never more than another: the same values, in a part of the time, on more days."""
    if (narrow.source, narrow.column) != (wide.source, wide.column) or narrow.min_days < wide.min_days:
        return None
    within = _within(one, other, grain)
    if within is None:
        return None
    return within if str(one.where) == str(other.where) or _some_rows(scene, one, other) else None


def _tallies(kpi: Kpi) -> bool:
    """True for numbers of rows or values, which are fewer where fewer rows count."""
    return counts(kpi) or isinstance(kpi.measure, Open | Concurrency)


def _some_rows(scene: Scene, one: Kpi, other: Kpi) -> bool:
    """True if every row that counts for the first counts for the second."""
    assert one.source is not None
    return implies(*(condition(scene.catalog, one.source, kpi.where) for kpi in (one, other)))


def _within(one: Kpi, other: Kpi, grain: Grain | None) -> str | None:
    """Why the first window lies in the second, whenever both end."""
    if one.window == other.window and one.take == other.take:
        return "the same window"
    brief, long = one.window, other.window
    if brief is None or brief.kind is not WindowKind.TRAILING or brief.length is None:
        return None
    if long is None and grain is not None:
        long = Window(WindowKind.CALENDAR, grain=grain)
    if long is None:
        return None
    article = "a " if long.kind is WindowKind.CALENDAR else ""
    days, inside = brief.length.days, f"{brief} lies in {article}{long}"
    if long.kind is WindowKind.TRAILING and long.length is not None:
        if one.take != other.take and days != 1:
            return None
        whole = long.length.days or 28 * (long.length.months or 0)  # the shortest month
        return inside if days is not None and days <= whole else None
    if long.kind is WindowKind.CALENDAR and long.grain is not None:
        shortest = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 28, Grain.QUARTER: 90, Grain.YEAR: 365}[long.grain]
        ends_alike = one.take is Take.LAST and other.take is Take.LAST
        return inside if days is not None and (days == 1 or (ends_alike and days <= shortest)) else None
    return inside if long.kind is WindowKind.ALL_TIME and one.take == other.take else None


#: Statistics by how they are ordered; a mean lies between the ends alone.
_Statistic = str


def _rank(kpi: Kpi) -> tuple[tuple[str, str | None], _Statistic] | None:
    """Of which rows a KPI is a statistic, and which one."""
    measure = kpi.measure
    if isinstance(measure, Quantile):
        return (measure.source, measure.column), measure.function
    if isinstance(measure, Aggregate) and measure.function in ("mean", "min", "max"):
        return (measure.source, measure.column), measure.function
    if isinstance(measure, Concurrency):
        return (f"open {measure.source}", measure.column), measure.take.value
    return None


def _ordered(low: _Statistic, high: _Statistic) -> bool:
    """True if the first statistic of any rows is at most the second."""
    if low == high:
        return False
    if low == "min" or high == "max":
        return True
    levels = [_level(one) for one in (low, high)]
    return levels[0] is not None and levels[1] is not None and levels[0] < levels[1]


def _level(statistic: _Statistic) -> float | None:
    if statistic == "median":
        return 50.0
    return float(statistic[1:]) if statistic[:1] == "p" else None


def nested(scene: Scene) -> Iterator[Finding]:
    """Bounds of two measures of which one is never more than the other."""
    for pair in scene.pairs():
        for small, large in (pair, pair[::-1]):
            if small.kpi is large.kpi or small.target.growth or large.target.growth or not small.speaks_of(large):
                continue
            if small.target.grain is not large.target.grain or small.unit != large.unit:
                continue
            if why := never_more(scene, small.kpi, large.kpi, small.target.grain):
                yield from _held(small, large, f"{small.kpi.name} is never more than {large.kpi.name}: {why}")
                break


def _held(small: Demand, large: Demand, why: str) -> Iterator[Finding]:
    """What the bounds of a number and of one that is never less say of each other."""
    names = (small.kpi.name, large.kpi.name)
    if small.low is not None and large.high is not None and small.low > large.high + _TINY:
        yield Finding(
            "nested",
            Relation.CONTRADICTS,
            f"{small.name} contradicts {large.name}: {small.words} against {large.words}",
            names,
            (small.place, large.place),
            f"{why}, so {large.kpi.name} is at least {quantity(small.low, small.unit)}, too.",
            f"Change one of them. {allowing('nested', large.kpi.name)}",
        )
    elif small.low is not None and large.low is not None and small.low > large.low + _TINY:
        yield _redundant(small, large, names, why)
    elif small.high is not None and large.high is not None and large.high < small.high - _TINY:
        yield _redundant(large, small, names, why)


def _redundant(strong: Demand, weak: Demand, names: tuple[str, ...], why: str) -> Finding:
    return Finding(
        "nested",
        Relation.IMPLIES,
        f"{strong.name} implies {weak.name}: {strong.words} makes {weak.words} redundant",
        names,
        (weak.place, strong.place),
        f"{why}.",
        f"Ask for more of {weak.kpi.name}, or leave its target out. {allowing('nested', weak.kpi.name)}",
    )


# -- parts of a whole ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Portion:
    """A share of rows: those of `base` for which `part` holds, too."""

    source: str
    time: str | None
    base: exp.Expr
    part: exp.Expr


def portion(scene: Scene, demand: Demand) -> Portion | None:
    """The share of rows that a demand is about, or None: `share`, `x / total(x)` of a cell, and `x / y` of counts."""
    kpi, catalog = demand.kpi, scene.catalog
    if demand.target.each or demand.target.growth:
        return None
    if isinstance(kpi.measure, Share):
        source = kpi.measure.source
        base = condition(catalog, source, kpi.where, cell=demand.cell)
        return Portion(source, kpi.time, base, condition(catalog, source, kpi.measure.column))
    product = scene.definitions.product(kpi)
    by_power = {power: leaf for leaf, power in product.factors.items()}
    if len(product.factors) != 2 or set(by_power) != {1, -1} or abs(product.constant - 1) > _TINY:
        return None
    above, below = by_power[1], by_power[-1]
    counted, of = scene.definitions.kpi(above), scene.definitions.kpi(below)
    if counted is None or of is None or above.read is None or below.read is None or above.window != below.window:
        return None
    if not (counts(counted) and counts(of) and counted.time == of.time):
        return None
    if above.read.over or above.read.back or below.read.over or below.read.back:
        return None
    assert isinstance(counted.measure, Aggregate)
    assert isinstance(of.measure, Aggregate)
    if counted.measure.source != of.measure.source:
        return None
    source = counted.measure.source

    def rows(kpi: Kpi, cell: Cell, *, total: bool) -> exp.Expr:
        return condition(catalog, source, kpi.where, cell=(*cell, *(() if total else demand.cell)))

    base = rows(of, below.read.cell, total=below.read.total)
    part = rows(counted, above.read.cell, total=above.read.total)
    return Portion(source, counted.time, base, part) if implies(part, base) else None


def counts(kpi: Kpi) -> bool:
    """True for a number of rows."""
    return isinstance(kpi.measure, Aggregate) and kpi.measure.function == "count"


def portions(scene: Scene) -> Iterator[Finding]:
    """A share of some rows that may be more than the share of more of the same rows."""
    found = [(demand, portion(scene, demand)) for demand in scene.demands]
    for n, (one, its) in enumerate(found):
        for other, theirs in found[n + 1 :]:
            if its is None or theirs is None or one.kpi is other.kpi or not one.meets(other):
                continue
            if (its.source, its.time) != (theirs.source, theirs.time) or not same_length(span(one), span(other)):
                continue
            if not (implies(its.base, theirs.base) and implies(theirs.base, its.base)):
                continue
            inner, outer = (implies(a.part, b.part) for a, b in ((its, theirs), (theirs, its)))
            if inner != outer:
                yield from _compared(*((one, other) if inner else (other, one)))


def _compared(part: Demand, whole: Demand) -> Iterator[Finding]:
    """What the bounds of a share of rows and of a larger share of the same rows say of each other."""
    names, places = (part.kpi.name, whole.kpi.name), (part.place, whole.place)
    why = f"every row that counts for {part.name} counts for {whole.name}, of the same rows"
    if part.high is not None and whole.high is not None and part.high > whole.high + _TINY:
        allowed, all_of_it = quantity(part.high, part.unit), quantity(whole.high, whole.unit)
        yield Finding(
            "parts",
            Relation.LOOSER,
            f"{part.name}, {part.words}, is looser than {whole.name}, {whole.words}, of which it is a part",
            names,
            places,
            f"{why[0].upper()}{why[1:]}: at {all_of_it} in all, the part cannot be {allowed}.",
            f"Ask for less than {all_of_it} of the part. {allowing('parts', *names)}",
        )
    elif part.low is not None and whole.high is not None and part.low > whole.high + _TINY:
        yield Finding(
            "parts",
            Relation.CONTRADICTS,
            f"{part.name}, {part.words}, contradicts {whole.name}, {whole.words}, of which it is a part",
            names,
            places,
            f"{why[0].upper()}{why[1:]}.",
            f"Change one of them. {allowing('parts', *names)}",
        )
    elif part.low is not None and whole.low is not None and part.low > whole.low + _TINY:
        yield Finding(
            "parts",
            Relation.IMPLIES,
            f"{part.name}, {part.words}, implies {whole.name}, {whole.words}: it is a part of it",
            names,
            places[::-1],
            f"{why[0].upper()}{why[1:]}.",
            f"Ask for more of {whole.name}, or leave its target out. {allowing('parts', *names)}",
        )

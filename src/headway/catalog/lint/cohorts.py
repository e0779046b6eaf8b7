"""`retention-rises`: of those who joined, a later age that asks for more than an earlier one.

Who is active "on that day or later" at six months was so at one month, too. Of exact days that is no law: somebody may
be away on day 30 and back in month 6. So of these it is said, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from headway.catalog.lint.demands import Demand, quantity
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.model import Retention


def retention_rises(scene: Scene) -> Iterator[Finding]:
    """Each later age that asks for more, with all the earlier ones that ask for less."""
    for late in scene.demands:
        floor = late.low
        if floor is None or late.target.growth or not isinstance(late.kpi.measure, Retention):
            continue
        early = [d for d in scene.demands if d.low is not None and d.low < floor and _earlier(d, late)]
        if early:
            yield _found(sorted(early, key=_age), late, floor)


def _age(demand: Demand) -> float:
    """How long after joining, in days; of a matrix the age that the target is for."""
    measure = demand.kpi.measure
    assert isinstance(measure, Retention)
    if measure.after is not None:
        return measure.after.elapsed.total_seconds() / 86400
    age = dict(demand.cell).get(Retention.AGE)
    if measure.ages is None or age is None or not age.isdigit():
        return 0.0
    return measure.ages.elapsed.total_seconds() / 86400 / measure.ages.count * int(age)


def _earlier(early: Demand, late: Demand) -> bool:
    """True if both follow the same people, and the first is about an earlier age."""
    one, other = early.kpi.measure, late.kpi.measure
    if not isinstance(one, Retention) or not isinstance(other, Retention) or early.target.growth:
        return False
    alike = (one.source, one.column, one.since) == (other.source, other.column, other.since)
    alike = alike and str(early.kpi.where) == str(late.kpi.where) and early.kpi.time == late.kpi.time
    cells = [tuple(pair for pair in d.cell if pair[0] != Retention.AGE) for d in (early, late)]
    ages = _age(early), _age(late)
    # Nobody joins anew, so those who came back later and ever since are a part of those who came back.
    return alike and cells[0] == cells[1] and 0 < ages[0] < ages[1] and early.meets(late)


def _found(early: list[Demand], late: Demand, floor: float) -> Finding:
    measures = [demand.kpi.measure for demand in (*early, late)]
    strict = all(isinstance(measure, Retention) and measure.unbounded for measure in measures)
    asked = " and ".join(f"{_named(d)} {quantity(d.low or 0.0, d.unit)}" for d in early)
    arithmetic = f"{_named(late)} asks for {quantity(floor, late.unit)}, {asked}. "
    arithmetic += (
        "Whoever is seen at the later age, or after it, counts for the earlier one, too."
        if strict
        else "Most who are seen at the later age were seen at the earlier. It is no law for exact intervals: somebody "
        "may be away in the one and back in the other, and a longer interval finds more people."
    )
    names = tuple(dict.fromkeys(d.kpi.name for d in (late, *early)))
    weak = " and ".join(dict.fromkeys(d.kpi.name for d in early))
    return Finding(
        "retention-rises",
        Relation.IMPLIES,
        f"{late.name} implies {weak}: of the same people, a later age asks for more",
        names,
        (late.place, *(d.place for d in early)),
        arithmetic,
        f"Ask for more at the earlier age, or for less at the later. {allowing('retention-rises', late.kpi.name)}",
    )


def _named(demand: Demand) -> str:
    measure = demand.kpi.measure
    assert isinstance(measure, Retention)
    if measure.after is not None:
        return f"{measure.after.unit} {measure.after.count}"
    return f"{measure.ages.unit if measure.ages else 'age'} {dict(demand.cell)[Retention.AGE]}"

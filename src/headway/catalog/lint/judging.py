"""How a KPI is judged and shown: `better` against targets and objectives, near bands beyond sense, many headlines."""

from __future__ import annotations

from collections.abc import Iterator

from headway.catalog.lint.demands import Demand, bounds, of_kpi, percent, quantity
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.model import Availability, Bands, Better, Formula, Kpi, Rank, Retention, Share, Status, UnitKind

#: A share whose bound is as near to all as this leaves little room below it.
_NEAR_ALL = 0.98
#: A near band may reach half as far again as the bound, and no further.
_MOST = 0.5
#: So many numbers are read at a glance.
MOST_HEADLINES = 4


def direction(scene: Scene) -> Iterator[Finding]:
    """A target that asks for what `better` says is worse."""
    for kpi in scene.catalog.kpis.values():
        if kpi.better is Better.NONE or "better" not in kpi.places:
            continue
        for demand in of_kpi(kpi, scene.today):
            wanted = _wanted(demand)
            if wanted is not None and wanted is not kpi.better:
                asks = bounds(demand.low, demand.high, demand.unit) if demand.target.bands is None else "bands"
                yield Finding(
                    "direction",
                    Relation.CONTRADICTS,
                    f"{demand.name}: '{kpi.better}' is said to be better, and its target, {asks}, wants it {wanted}",
                    (kpi.name,),
                    (demand.place, kpi.at("better")),
                    "A rise would be coloured as good while it leads away from the target."
                    if kpi.better is Better.HIGHER
                    else "A fall would be coloured as good while it leads away from the target.",
                    f"Write 'better: {wanted}', or turn the target. {allowing('direction', kpi.name)}",
                )


def grown_worse(scene: Scene) -> Iterator[Finding]:
    """A key result that grows towards what `better` says is worse: it is met on the day that it begins."""
    for objective in scene.catalog.objectives.values():
        for result in objective.expects:
            kpi = scene.catalog.kpis[result.kpi]
            if result.part or not result.grow or kpi.better is Better.NONE or "better" not in kpi.places:
                continue
            wanted = Better.HIGHER if result.grow > 0 else Better.LOWER
            if wanted is not kpi.better:
                yield Finding(
                    "direction",
                    Relation.CONTRADICTS,
                    f"{kpi.name}: '{kpi.better}' is said to be better, "
                    f"and objective {objective.name} wants it {wanted}",
                    (kpi.name,),
                    (result.place, kpi.at("better")),
                    "It is met on the day that the objective begins.",
                    f"Turn the sign of 'grow', or write 'better: {wanted}'. {allowing('direction', kpi.name)}",
                )


def _wanted(demand: Demand) -> Better | None:
    """The side that a target wants, if it wants one. Growth is left out: more of it is not more of the number."""
    target = demand.target
    if target.growth is not None:
        return None
    if target.bands is not None:
        return _risen(target.bands)
    if (target.low is None) == (target.high is None):
        return None
    return Better.LOWER if target.low is None else Better.HIGHER


def _risen(bands: Bands) -> Better | None:
    """The side on which bands are on or over, if they are worse on the other side alone."""
    fine = [status in (Status.ON, Status.OVER) for status in bands.statuses]
    if fine[0] == fine[-1]:
        return None
    return Better.HIGHER if fine[-1] else Better.LOWER


def near_too_wide(scene: Scene) -> Iterator[Finding]:
    """A near band within which hardly anything is off."""
    for kpi in scene.catalog.kpis.values():
        for demand in of_kpi(kpi, scene.today):
            if demand.target.bands is None:
                yield from _default_near(scene, demand)
                yield from _written_near(demand)


def _default_near(scene: Scene, demand: Demand) -> Iterator[Finding]:
    """A share close to all whose near band is the project's."""
    bound, within = demand.low, scene.catalog.near_within
    if bound is None or demand.target.near_low is not None or demand.target.growth or not within:
        return
    if not (_is_share(demand.kpi) and _NEAR_ALL <= bound < 1):
        return
    near = bound * (1 - within)
    yield Finding(
        "near-too-wide",
        Relation.NOTE,
        f"{demand.name} is near its target down to {percent(near)}: of a bound of 98 % or more, say what is near",
        (demand.kpi.name,),
        (demand.place,),
        f"{percent(within)} off {quantity(bound, demand.unit)} is {percent(near)}: "
        f"{(1 - near) / (1 - bound):,.0f} times as much is missing as the target leaves room for.",
        f"Write for example 'near: {quantity(2 * bound - 1, demand.unit)}' beside it. "
        f"{allowing('near-too-wide', demand.kpi.name)}",
    )


def _is_share(kpi: Kpi) -> bool:
    """True for what can never be more than all of it."""
    return kpi.unit.kind is UnitKind.PERCENT and isinstance(kpi.measure, Share | Availability | Retention | Formula)


def _written_near(demand: Demand) -> Iterator[Finding]:
    """A near that was written, and reaches too far."""
    target, unit = demand.target, demand.unit
    for near, bound, below in ((target.near_low, demand.low, True), (target.near_high, demand.high, False)):
        if not isinstance(near, int | float) or not bound:
            continue
        off = abs(near - bound) / abs(bound)
        never = unit.kind is UnitKind.PERCENT and not target.growth and near <= 0 and below and _is_share(demand.kpi)
        if not never and off <= _MOST:
            continue
        arithmetic = (
            "No share is below 0 %, so nothing is ever off."
            if never
            else f"{quantity(near, unit)} is {percent(off)} off {quantity(bound, unit)}."
        )
        yield Finding(
            "near-too-wide",
            Relation.NOTE,
            f"{demand.name}: its target is {bounds(demand.low, demand.high, unit)}, and values "
            f"{'down' if below else 'up'} to {quantity(near, unit)} are called near",
            (demand.kpi.name,),
            (demand.place,),
            arithmetic,
            f"Bring 'near' closer to the bound. {allowing('near-too-wide', demand.kpi.name)}",
        )


def headlines(scene: Scene) -> Iterator[Finding]:
    """More headlines than a reader takes in at a glance."""
    found = [kpi for kpi in scene.catalog.kpis.values() if kpi.rank is Rank.HEADLINE]
    if len(found) > MOST_HEADLINES:
        names = tuple(kpi.name for kpi in found)
        yield Finding(
            "headlines",
            Relation.NOTE,
            f"{len(found)} KPIs are headlines, and a front page is read for three or four",
            names,
            (found[MOST_HEADLINES].at("rank"),),
            f"They are {', '.join(names)}.",
            f"Give some of them 'rank: primary'. {allowing('headlines', found[MOST_HEADLINES].name)}",
        )

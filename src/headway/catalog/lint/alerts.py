"""`looser-alert`: an alert that fires on target, or only long after its KPI is off; and the margin of every alert.

An alert that fires a little beyond the target is as it should be: that is its margin. Over a shorter period than the
target's it may well fire earlier, or much later: an hour is worse than its month. So what is told of such an alert is
only that it fires just where the target wants its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headway.catalog.lint.demands import Demand, percent, quantity
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.model import Alert, Beyond, OfTarget, UnitKind, Watched, WatchedNumbers

_TINY = 1e-9
#: An alert at so many times the bound fires long after its KPI is off.
_LONG_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Margin:
    """An alert on numbers beside the target that it goes with: below and above which number it fires."""

    alert: Alert
    watched: Watched
    demand: Demand
    low: float | None
    high: float | None

    @property
    def fires(self) -> str:
        """When it fires: `below 85 %`, `above 1 % by hour`."""
        unit = self.demand.unit
        said = [f"below {quantity(self.low, unit)}"] if self.low is not None else []
        said += [f"above {quantity(self.high, unit)}"] if self.high is not None else []
        grain = f" by {self.watched.grain}" if self.watched.grain is not self.demand.target.grain else ""
        return " or ".join(said) + grain

    @property
    def beyond(self) -> float | None:
        """How many times as far as the bound the alert fires: 2 for 1 % of at most 0.5 %; below 1 it fires before."""
        found = [
            ratio
            for near, far, down in ((self.demand.low, self.low, True), (self.demand.high, self.high, False))
            if near is not None and far is not None and (ratio := _times(near, far, down=down, share=self._is_share))
        ]
        return max(found, default=None)

    @property
    def _is_share(self) -> bool:
        return self.demand.unit.kind is UnitKind.PERCENT and self.demand.target.growth is None

    @property
    def words(self) -> str:
        """The margin: `2 times the bound`, `at the bound`, `20 % below it`."""
        for near, far, side in ((self.demand.low, self.low, "below"), (self.demand.high, self.high, "above")):
            if near is not None and far is not None:
                if abs(near - far) <= _TINY:
                    return "at the bound"
                way = side if (far < near) == (side == "below") else ("above" if side == "below" else "below")
                return f"{_off(near, far, self._is_share)} {way} the bound"
        return "on the other side"

    def plain(self) -> dict[str, str]:
        """The margin as JSON's values."""
        demand = self.demand
        return {
            "alert": self.alert.name,
            "target_of": demand.name,
            "fires": self.fires,
            "target": demand.words,
            "margin": self.words,
        }


def _off(near: float, far: float, share: bool) -> str:
    """How far apart two numbers are: of shares in percentage points, else relative to the bound."""
    if share:
        points = f"{abs(far - near) * 100:.3g}"
        return f"{points} point{'' if points == '1' else 's'}"
    return percent(abs(far - near) / abs(near)) if near else f"{abs(far):g}"


def _times(near: float, far: float, *, down: bool, share: bool) -> float | None:
    """How many times the bound an alert lies away; of shares close to all, what is missing of them counts."""
    if down and share and 0.9 <= near < 1:
        near, far, down = 1 - near, 1 - far, False
    if near <= 0 or far <= 0:
        return None
    return near / far if down else far / near


def margins(scene: Scene) -> Iterator[Margin]:
    """Every alert on numbers, beside each target of the same number."""
    for alert in scene.catalog.alerts.values():
        if not isinstance(alert.watches, WatchedNumbers) or not isinstance(alert.watches.when, Beyond):
            continue
        for watched in alert.watches.of:
            for demand in scene.demands:
                if _goes_with(watched, alert.watches.when, demand):
                    low = _number(alert.watches.when.low, demand, demand.low)
                    high = _number(alert.watches.when.high, demand, demand.high)
                    if low is not None or high is not None:
                        yield Margin(alert, watched, demand, low, high)


def _goes_with(watched: Watched, when: Beyond, demand: Demand) -> bool:
    """True if an alert watches the number that a demand is about: the same cell, or each of its breakdown."""
    if watched.kpi != demand.kpi.name or watched.part or when.growth != demand.target.growth:
        return False
    columns = {*(column for column, _ in watched.cell), *watched.each}
    given = dict(demand.cell)
    return columns == demand.target.columns and all(given.get(name) == value for name, value in watched.cell)


def _number(threshold: object, demand: Demand, bound: float | None) -> float | None:
    if isinstance(threshold, OfTarget):
        only = bound if bound is not None else demand.high if demand.low is None else demand.low
        return None if only is None else threshold.share * only
    return threshold if isinstance(threshold, int | float) else None


def looser_alert(scene: Scene) -> Iterator[Finding]:
    """Alerts that fire on target, or long after off."""
    every = list(margins(scene))
    for margin in every:
        demand, alert = margin.demand, margin.alert
        same_grain = margin.watched.grain is demand.target.grain
        if _always(margin):
            rest = [m for m in every if m.alert is alert and m.demand.kpi is not demand.kpi and not _always(m)]
            also = f" {_listed(rest)}, which it watches too." if rest else ""
            yield _found(
                margin,
                Relation.CONTRADICTS,
                f"alert {alert.name} contradicts the target of {demand.name}: it fires {margin.fires}, "
                f"and the target is {demand.words}",
                f"Whenever the number is well on target, somebody is woken.{also}",
                "Turn the alert, or the target, or give it an alert of its own.",
                rest,
            )
        elif same_grain and (early := _early(margin)):
            yield _found(
                margin,
                Relation.LOOSER,
                f"the target of {demand.name}, {demand.words}, is looser than alert {alert.name}, "
                f"which fires {margin.fires}",
                f"It fires while on target: {early}.",
                "Let it fire at the bound or beyond it: 'target' stands for the bound in force.",
            )
        elif same_grain and (margin.beyond or 0) > _LONG_AFTER:
            yield _found(
                margin,
                Relation.LOOSER,
                f"alert {alert.name}, which fires {margin.fires}, is much looser than the target of {demand.name}, "
                f"{demand.words}",
                f"It fires {margin.beyond:.3g} times as far out as the bound, long after the number is off.",
                "Let it fire closer to the bound: '120 % of target' follows it.",
            )


def _listed(others: Sequence[Margin]) -> str:
    """`The targets are at most 70 % of cpu and at most 75 % of disk`."""
    *most, last = (f"{margin.demand.words} of {margin.demand.name}" for margin in others)
    return f"The target{'s are' if most else ' is'} {', '.join(most)}{' and ' if most else ''}{last}"


def _found(
    margin: Margin, relation: Relation, sentence: str, arithmetic: str, remedy: str, others: Sequence[Margin] = ()
) -> Finding:
    name = margin.demand.kpi.name
    places = (margin.alert.place, *(one.demand.place for one in (margin, *others)))
    return Finding(
        "looser-alert", relation, sentence, (name,), places, arithmetic, f"{remedy} {allowing('looser-alert', name)}"
    )


def _always(margin: Margin) -> bool:
    """True if it fires wherever the target is met, but for its very bounds."""
    demand = margin.demand
    if margin.high is not None and demand.low is not None and margin.high <= demand.low + _TINY:
        return True
    return margin.low is not None and demand.high is not None and margin.low >= demand.high - _TINY


def _early(margin: Margin) -> str:
    """Between which numbers it fires while on target, in words; '' if nowhere."""
    demand, unit = margin.demand, margin.demand.unit
    low, high = margin.low, margin.high
    if low is not None and demand.low is not None and low > demand.low + _TINY:
        return f"from {quantity(demand.low, unit)} up to {quantity(low, unit)}"
    if high is not None and demand.high is not None and high < demand.high - _TINY:
        return f"from {quantity(high, unit)} up to {quantity(demand.high, unit)}"
    return ""

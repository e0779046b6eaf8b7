"""Resolves the declared checks of KPIs, once all KPIs are known: a formula in one may read any of them.

A check may withhold a number, and what is withheld spreads. So KPIs are judged in an order, and one that is checked
against what is made of it has none: such a circle is refused, and drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from headway.catalog import checkspec as specs
from headway.catalog import formula, formulas, values
from headway.catalog.bound import Reader, Scene
from headway.catalog.cases import period_of
from headway.catalog.checking import check
from headway.catalog.checkspec import KpiCheckSpec
from headway.catalog.circles import circle
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.sourcechecks import one_of
from headway.catalog.sqltext import Wrong
from headway.errors import Place
from headway.model import Equals, Kpi, KpiCheck, KpiRule, Limits, Outliers, Reconcile, Total
from headway.periods import Period


def resolve(drafts: Mapping[str, Draft], kpis: Mapping[str, Kpi], scene: Scene) -> dict[str, Kpi]:
    """The KPIs with their checks. A part that a check or a target reads is computed like one of a formula."""
    scene = replace(scene, kpis=kpis)
    found = {name: replace(kpi, checks=tuple(_checks(drafts[name], kpi, scene))) for name, kpi in kpis.items()}
    _refuse_circles(found, scene)
    texts = [c.rule.formula.expression.text for k in found.values() for c in k.checks if isinstance(c.rule, Reconcile)]
    texts += [bound.expression.text for k in found.values() for target in k.targets for bound in target.formulas]
    mentions = [mention for text in texts for mention in formula.inputs(formula.parse(text))]
    return {**found, **formulas.with_parts(found, mentions)}


def _checks(draft: Draft, kpi: Kpi, scene: Scene) -> Iterator[KpiCheck]:
    """The checks of one KPI, each with a name."""
    found = []
    for n, value in enumerate(draft.spec.checks):
        if (one := _Reading(draft, kpi, draft.at("checks", n), scene).check(value)) is not None:
            found.append(one)
    first: dict[str, Place | None] = {}
    for one in found:
        name = one.name or one.rule.kind
        if name in first:
            line = getattr(first[name], "line", 0)
            message = f"{kpi.name} has two checks '{name}'; the first is in line {line}"
            scene.complaints.say(one.place, message, "duplicate-name", "Give one of them a 'name' of its own.")
        first.setdefault(name, one.place)
        yield replace(one, name=name)


@dataclass
class _Reading:
    """Reads one check of a KPI."""

    draft: Draft
    kpi: Kpi
    path: Steps
    scene: Scene
    fine: bool = True

    def check(self, value: Any) -> KpiCheck | None:
        """The check, still without a name if none is written."""
        document, complaints = self.draft.document, self.scene.complaints
        spec = check(KpiCheckSpec, document, self.path, value, complaints)
        kind = one_of(spec, specs.KPI_KINDS, document, self.path, complaints, "a check of a KPI") if spec else None
        if spec is None or kind is None:
            return None
        if spec.within is not None and kind not in ("equals", "reconcile"):
            self.say(f"'within' is how far two numbers may differ, and '{kind}' compares with none", "within")
        if kind != "between" and self.kpi.total is Total.NONE:
            self.say(f"{self.kpi.name} has no total, and '{kind}' looks at it", kind)
        rule = _RULES[kind](self, getattr(spec, kind), spec.within or 0.0)
        if rule is None or not self.fine:
            return None
        return KpiCheck(spec.name or "", rule, spec.then, spec.why, document.key_place((*self.path, kind)))

    def say(self, message: str, *keys: str | int, slug: str = "bad-value", remedy: str | None = None) -> None:
        """Complain about the value at `keys`."""
        self.fine = False
        self.scene.complaints.say(self.draft.document.place((*self.path, *keys)), message, slug, remedy)

    @property
    def reader(self) -> Reader:
        """Reads numbers in the KPI's unit, and formulas for its total."""
        kpi = self.kpi
        return Reader(kpi, kpi.unit, kpi.name, kpi.grain, (), self.draft.document, self.path, self.scene, "check")

    def quantity(self, value: Any, *keys: str | int) -> float | None:
        """A number in the KPI's unit."""
        found = self.reader.quantity(value, *keys)
        self.fine = self.fine and found is not None
        return found


def _between(reading: _Reading, value: Any, within: float) -> KpiRule | None:
    if not isinstance(value, list) or len(value) != 2:
        message = f"between is two numbers in brackets, [0, 100], not {values.shown(value)}"
        reading.say(message, "between", slug="wrong-type", remedy="null is open: [0, null].")
        return None
    low, high = (None if one is None else reading.quantity(one, "between", n) for n, one in enumerate(value))
    if value == [None, None]:
        reading.say("both limits are open", "between")
    if low is not None and high is not None and low > high:
        message = "between: the lower limit comes first"
        reading.say(message, "between", remedy=f"Write [{value[1]}, {value[0]}].")
    return Limits(low, high)


def _equals(reading: _Reading, value: Any, within: float) -> KpiRule | None:
    if not isinstance(value, dict) or not value:
        message = f"equals is a map of periods, {{2023-12: 72}}, not {values.shown(value)}"
        reading.say(message, "equals", slug="wrong-type")
        return None
    found: dict[Period, float] = {}
    for written, item in value.items():
        period = _period(reading, written)
        number = reading.quantity(item, "equals", written)
        if period is not None and number is not None:
            found[period] = number
    return Equals(found, within)


def _period(reading: _Reading, written: str) -> Period | None:
    """A period by which the KPI is kept."""
    place = reading.draft.document.key_place((*reading.path, "equals", written))
    try:
        period = period_of(written, reading.scene.project.calendar)
    except Wrong as wrong:
        reading.fine = False
        reading.scene.complaints.say(place, wrong.message, wrong.slug, wrong.remedy)
        return None
    kept = reading.kpi.grains()
    if period.grain not in kept:
        reading.fine = False
        message = f"{reading.kpi.name} is kept by {values.among(kept)}, not by {period.grain}"
        reading.scene.complaints.say(place, message, "grain-not-possible")
        return None
    return period


def _reconcile(reading: _Reading, value: str, within: float) -> KpiRule | None:
    formula = reading.reader.computed(value, "reconcile")
    return Reconcile(formula, within) if formula else None


def _outliers(reading: _Reading, value: Any, within: float) -> KpiRule | None:
    here = (*reading.path, "outliers")
    spec = check(specs.OutliersSpec, reading.draft.document, here, value, reading.scene.complaints)
    if spec is not None and spec.above <= 0:
        reading.say("'above' is above 0", "outliers", "above", remedy="6 is a good one to begin with.")
    return Outliers(spec.above) if spec else None


_RULES: Mapping[str, Callable[[_Reading, Any, float], KpiRule | None]] = {
    "between": _between,
    "equals": _equals,
    "reconcile": _reconcile,
    "outliers": _outliers,
}


def _refuse_circles(kpis: Mapping[str, Kpi], scene: Scene) -> None:
    """Draw the circles that checks close; formulas alone make none any more."""
    reads: dict[str, Sequence[str]] = {name: (*kpi.inputs, *kpi.reconciled) for name, kpi in kpis.items()}
    while drawn := circle(reads):
        by, read = next((a, b) for a, b in pairwise(drawn) if b not in kpis[a].inputs)
        place = next(check.place for check in kpis[by].checks if read in check.inputs)
        message = f"a KPI is checked against what is made of it: {' -> '.join(drawn)}"
        scene.complaints.say(place, message, "formula-circle", "Reconcile it with a KPI that does not read it.")
        reads[by] = [name for name in reads[by] if name != read]

"""Reads one bound of a target, check or alert: a quantity in the KPI's unit, or a formula for its period and cell."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from headway.catalog import formula, formulas, values
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.draft import Draft
from headway.catalog.kpispec import FormulaSpec
from headway.catalog.spec import DefaultsSpec
from headway.catalog.sqltext import Wrong
from headway.model import Catalog, Formula, Kpi, Unit, UnitKind
from headway.periods import Grain


@dataclass(frozen=True, slots=True)
class Scene:
    """What a target may speak of: the project, its KPIs as far as they are resolved, and all names."""

    project: Catalog
    kpis: Mapping[str, Kpi]
    declared: Collection[str]
    sources: Collection[str]
    complaints: Complaints


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the bounds of one target or alert: of this KPI, grain and breakdown (none is the total), in this unit."""

    kpi: Kpi
    unit: Unit
    #: How messages call what is compared.
    of: str
    grain: Grain
    breakdown: tuple[str, ...]
    document: Document
    path: Steps
    scene: Scene
    #: What is bounded, and where a formula may bound it.
    what: str = "target"
    formulas: str = "Formulas bound a value by at_least, at_most or between: not growth, lines, bands or benchmarks."

    def quantity(self, value: Any, *keys: str | int) -> float | None:
        """A number in the unit, or None after telling what is wrong with it."""
        try:
            return values.quantity(value, self.unit, self.of)
        except Wrong as wrong:
            said = wrong
            if isinstance(value, str) and self._is_formula(value):
                message = f"'{keys[0]}' takes a number here, not a formula"
                said = values.wrong(value, message, "bad-value", self.formulas)
            self.scene.complaints.wrong(self.document, (*self.path, *keys), said)
            return None

    def bound(self, value: Any, *keys: str | int) -> float | Formula | None:
        """A number in the unit or a formula, or None after telling what is wrong with it."""
        if isinstance(value, str) and self._is_formula(value):
            try:
                return values.quantity(value, self.unit, self.of)  # `100 sessions`, where sessions is a KPI too
            except Wrong:
                return self.computed(value, *keys)
        return self.quantity(value, *keys)

    def _is_formula(self, text: str) -> bool:
        """True for what means to be a formula: it names KPIs, or parses as one that names what may have been meant."""
        if any(word in self.scene.declared for word in re.findall(r"[a-z_]\w*", text)):
            return True
        try:
            named = [mention.kpi for mention in formula.inputs(formula.parse(text))]
        except Wrong:
            return False
        return bool(named) and (not text.strip().isidentifier() or values.near(text, self.scene.declared) is not None)

    def computed(self, text: str, *keys: str | int) -> Formula | None:
        """The formula, checked as that of a KPI with this grain and breakdown would be; None after telling."""
        here = (*self.path, *keys)
        said = Complaints()
        try:
            mentions = formula.inputs(formula.parse(text))
        except Wrong as wrong:
            self.scene.complaints.wrong(self.document, here, wrong)
            return None
        planned = [m for m in mentions if m.kpi in self.scene.kpis and self.scene.kpis[m.kpi].measure is None]
        for mention in planned:
            message, remedy = f"'{mention.kpi}' is planned and has no numbers yet", f"Add this {self.what} once it has."
            said.wrong(self.document, here, Wrong(message, mention.start, mention.end, formula.SLUG, remedy))
        if planned:
            self.scene.complaints.take(said)
            return None
        by_cell = [m for m in mentions if not m.total and not m.cell]
        spec = FormulaSpec(
            formula=text, grain=self.grain, by=[list(self.breakdown)] if self.breakdown and by_cell else []
        )
        name = f"{'an' if self.what[0] in 'aeiou' else 'a'} {self.what} of {self.kpi.name}"
        draft = _Draft(name, "formula", spec, DefaultsSpec(), self.document, self.path, here)
        scene = self.scene
        made = None
        parsed = formulas.read(draft, scene.declared, scene.sources, said)
        # Of a bound whose input is itself wrong nothing is said: the input's own mistake is enough.
        if parsed is not None and all(name in scene.kpis for name in parsed.names):
            made = parsed.kpi(scene.kpis, scene.project, said)
        if made is not None and not said:
            if self.breakdown:
                self._cells(by_cell, here, said)
            self._units(text, here, said)
        scene.complaints.take(said)
        return made.measure if made is not None and not said and isinstance(made.measure, Formula) else None

    def _cells(self, mentions: list[formula.Input], here: Steps, said: Complaints) -> None:
        """Complain about inputs whose cells are kept for longer periods alone."""
        for mention in mentions:
            kept = self.scene.kpis[mention.kpi].grains(cell=True)
            if self.grain not in kept:
                cells = f"the cells of {mention.kpi} are kept by {values.among(kept)}"
                message = f"{cells}, and this {self.what} is for {self.grain}s"
                wrong = Wrong(message, mention.start, mention.end, "grain-not-possible", f"Write 'grain: {kept[0]}'.")
                said.wrong(self.document, here, wrong)

    def _units(self, text: str, here: Steps, said: Complaints) -> None:
        """Complain about a bound that is plainly in another unit than what it bounds."""
        unit = unit_of(formula.parse(text), self.scene.kpis)
        if unit is not None and unit != self.unit and UnitKind.NONE not in (unit.kind, self.unit.kind):
            two = {unit.kind, self.unit.kind} == {UnitKind.CURRENCY}
            message = f"{_BOUND[self.what]} is in {unit}, and {self.of} in {self.unit}; nothing is converted"
            said.wrong(
                self.document, here, Wrong(message, 0, len(text), "two-currencies" if two else "target-unit", None)
            )


@dataclass(frozen=True, slots=True)
class _Draft(Draft):
    """A bound as if it were a KPI: its formula is written where the bound stands."""

    written: Steps

    def at(self, *keys: str | int) -> Steps:
        """The path of a key of the target."""
        return self.written if keys == ("formula",) else Draft.at(self, *keys)


_BOUND = {"alert": "this bound", "target": "this bound", "check": "this formula"}

#: What keeps the unit of its arguments.
_KEEPS = (exp.Add, exp.Sub, exp.Neg, exp.Abs, exp.Round, exp.Least, exp.Greatest, exp.Coalesce, exp.Case, exp.If)


def unit_of(node: exp.Expr, kpis: Mapping[str, Kpi]) -> Unit | None:
    """The unit of a formula (its normal form) as far as that is plain: of 3 * cac that of cac, of a / b none."""
    if isinstance(node, exp.Column | exp.Anonymous):
        read = formula.reading(node)
        return kpis[read.kpi].unit_of(read.part)
    if isinstance(node, exp.Mul):
        left, right = unit_of(node.this, kpis), unit_of(node.expression, kpis)
        return left if _is_plain(node.expression) else right if _is_plain(node.this) else None
    if isinstance(node, exp.Div):
        return unit_of(node.this, kpis) if _is_plain(node.expression) else None
    if isinstance(node, _KEEPS):
        children = [child for child in node.iter_expressions() if not (isinstance(node, exp.If) and child is node.this)]
        found = {unit_of(child, kpis) for child in children if not _is_plain(child)}
        return found.pop() if len(found) == 1 else None
    return None


def _is_plain(node: exp.Expr) -> bool:
    """True for a number without KPIs in it, which has no unit of its own."""
    return node.find(exp.Column) is None

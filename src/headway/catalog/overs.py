"""Resolves KPIs over the cells of another KPI: `spread` and `tiered`.

They promise what formulas do: the KPI exists and is measured, it has the breakdown, and keeps its cells for the period.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from headway.catalog import formula, values
from headway.catalog.checking import check
from headway.catalog.complaints import Complaints
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.kpi import by_grain, common
from headway.catalog.kpispec import SpreadSpec, TieredSpec, TierSpec
from headway.catalog.sqltext import Wrong
from headway.model import Catalog, Empty, Formula, Kpi, Measure, Spread, Tiered, UnitKind
from headway.periods import Grain


@dataclass(frozen=True, slots=True)
class _Over:
    """A KPI over the cells of one other."""

    draft: Draft
    over: str

    @property
    def names(self) -> tuple[str, ...]:
        """The KPI that it reads."""
        return (self.over,)

    def mark(self, name: str) -> tuple[Steps, int, int]:
        """Where it is named."""
        return self.draft.at(self.draft.kind), 0, len(name)

    def kpi(self, kpis: Mapping[str, Kpi], project: Catalog, complaints: Complaints) -> Kpi | None:
        """The KPI; None after telling what is wrong with its measure."""
        return _Resolving(self.draft, kpis[self.over], kpis, complaints).kpi(project)


def read(draft: Draft, declared: Collection[str], sources: Collection[str], complaints: Complaints) -> _Over | None:
    """A spread, or prices, of a KPI that there is; None after telling what is wrong."""
    name = str(getattr(draft.spec, draft.kind))
    if name in declared:
        return _Over(draft, name)
    message, remedy = f"there is no KPI '{name}'", values.near(name, declared)
    if name.partition(".")[0] in declared:
        message = f"{draft.kind} reads the cells of a whole KPI, and '{name}' is a part of one"
        remedy = f"Make a KPI of it, {{formula: {name}, by: [...]}}, and name that."
    elif name.partition(".")[0] in sources:
        remedy = f"'{name}' is in a source; {draft.kind} reads the cells of a KPI."
    complaints.wrong(draft.document, draft.at(draft.kind), Wrong(message, 0, len(name), "unknown-name", remedy))
    return None


@dataclass
class _Resolving:
    """Resolves one KPI whose input is known."""

    draft: Draft
    read: Kpi
    kpis: Mapping[str, Kpi]
    complaints: Complaints

    def kpi(self, project: Catalog) -> Kpi | None:
        draft, spec, read = self.draft, self.draft.spec, self.read
        assert isinstance(spec, SpreadSpec | TieredSpec)
        if read.measure is None:
            self.say(
                draft.kind,
                f"'{read.name}' is planned and has no numbers yet",
                "bad-value",
                f"Leave out '{draft.kind}' until it has: {draft.name} is planned too.",
            )
            return None
        across = tuple(spec.across)
        if not any({*across} == {*breakdown} for breakdown in read.by):
            self.lacks(across)
            return None
        self.no_window()
        self.breakdowns(across)
        measure = self.spread(spec, across) if isinstance(spec, SpreadSpec) else self.tiered(spec, across)
        if measure is None:
            return None
        grain = self.grain()
        kpi = common(
            draft,
            project,
            self.complaints,
            measure=measure,
            grain=grain,
            by_grain=by_grain(draft, grain, grain, self.complaints),
            empty=Empty.NO_DATA,
        )
        return kpi if spec.unit or draft.kind == "tiered" else replace(kpi, unit=read.unit)

    def say(self, key: str | int, message: str, slug: str, remedy: str | None = None, *more: str | int) -> None:
        """Complain about a key of the KPI."""
        self.complaints.say(self.draft.document.place(self.draft.at(key, *more)), message, slug, remedy)

    def lacks(self, across: tuple[str, ...]) -> None:
        """Complain about a breakdown that the KPI does not have."""
        shown = " x ".join(across)
        written = across[0] if len(across) == 1 else f"[{', '.join(across)}]"
        close = values.near(shown, [" x ".join(breakdown) for breakdown in self.read.by])
        self.say(
            "across",
            f"{self.read.name} has no breakdown '{shown}'",
            "formula-breakdown",
            close or f"Add {written} to 'by' of {self.read.name}.",
        )

    def no_window(self) -> None:
        """Complain about what says how periods are put together: that is up to the KPI that is read."""
        kind, read = self.draft.kind, self.read.name
        if self.draft.spec.window is not None:
            self.say(
                "window",
                f"{kind} looks at the cells of each period, so a window has no meaning",
                "bad-window",
                f"Give the window to {read}.",
            )
        if self.draft.spec.take is not None:
            self.say(
                "take",
                f"{kind} is computed anew for each period, so 'take' has no meaning",
                "bad-value",
                f"Give it to {read}: a longer period of {kind} looks at what {read} takes.",
            )

    def breakdowns(self, across: tuple[str, ...]) -> None:
        """Complain about breakdowns that do not hold the cells together."""
        for n, breakdown in enumerate(self.draft.spec.by):
            inside = {*breakdown} <= {*across}
            if inside and (self.draft.kind == "tiered" or {*breakdown} != {*across}):
                continue
            shown = " x ".join(breakdown)
            message = f"the cells across {' x '.join(across)} do not lie within '{shown}'"
            if inside:
                message = f"within one {shown} there is one cell, and nothing to spread"
            remedy = f"Remove it, or go across a cross: across: [{', '.join(dict.fromkeys((*breakdown, *across)))}]."
            self.say("by", message, "formula-breakdown", "Remove it." if inside else remedy, n)

    def grain(self) -> Grain:
        """The own period: as written, else the shortest for which the KPI keeps its cells."""
        kept = self.read.by_grain.longer()
        grain, default = self.draft.spec.grain, self.draft.defaults.grain
        if grain is None:
            grain = default if default in kept and default is not None else kept[0]
        elif grain not in kept:
            self.say(
                "grain",
                f"cells of {self.read.name} are kept by {values.among(kept)}, and this by {grain}",
                "grain-not-possible",
                f"Write 'grain: {kept[0]}', or let {self.read.name} keep its cells by {grain}.",
            )
            grain = kept[0]
        if grain is Grain.WEEK and self.draft.kind == "tiered":
            self.complaints.say(
                self.draft.document.place(self.draft.at("grain"))
                if self.draft.spec.grain
                else self.draft.document.key_place(self.draft.path),
                "prices of weeks do not add up to those of months, so tiered is not kept by week",
                "grain-not-possible",
                "Write 'grain: day' or 'grain: month'.",
            )
        return grain

    # -- measures --------------------------------------------------------------------------------------------------

    def spread(self, spec: SpreadSpec, across: tuple[str, ...]) -> Measure:
        """The measure of a spread."""
        unit, own = spec.unit, self.read.unit
        if unit is not None and unit.kind is UnitKind.CURRENCY and own.kind is UnitKind.CURRENCY and unit != own:
            self.say(
                "unit",
                f"{self.read.name} is in {own}, and 'unit' says {unit}",
                "two-currencies",
                "Nothing is converted by itself: convert in the source, in a derived column.",
            )
        is_state = _is_state(self.kpis, self.read)
        return Spread(self.read.name, across, tuple(spec.quantiles), tuple(spec.bins), spec.zeros, is_state=is_state)

    def tiered(self, spec: TieredSpec, across: tuple[str, ...]) -> Measure | None:
        """The measure of a price; None after telling what is wrong with its tiers."""
        found: list[tuple[float | None, float]] = []
        below = 0.0
        last = len(spec.tiers) - 1
        for n, value in enumerate(spec.tiers):
            tier = check(TierSpec, self.draft.document, self.draft.at("tiers", n), value, self.complaints)
            if tier is None:
                return None
            if wrong := _tier(tier, below, last=n == last):
                self.say("tiers", *wrong, n)
                return None
            found.append((tier.up_to, tier.each))
            below = tier.up_to or below
        if not found:
            self.say("tiers", "there is no tier", "bad-value", "Write for example tiers: [{each: 10}].")
            return None
        return Tiered(self.read.name, across, tuple(found))


def _tier(tier: TierSpec, below: float, *, last: bool) -> tuple[str, str, str] | None:
    """What is wrong with a tier that begins at `below`."""
    if last and tier.up_to is not None:
        return (
            f"nothing says what is beyond {tier.up_to:g}: the last tier has no 'up_to'",
            "bad-value",
            "Add a last tier: {each: 0} if the rest is free.",
        )
    if not last and tier.up_to is None:
        return "a tier without 'up_to' goes on for ever, and others follow", "bad-value", "Add 'up_to'."
    if tier.up_to is not None and tier.up_to <= below:
        return f"tiers rise: {tier.up_to:g} does not come after {below:g}", "bad-value", "Put them in order."
    return None


def _is_state(kpis: Mapping[str, Kpi], kpi: Kpi) -> bool:
    """True for a state, and for a formula without a window all of whose inputs are states."""
    if kpi.window is None and isinstance(kpi.measure, Formula):
        read = formula.inputs(formula.parse(kpi.measure.expression.text))
        return all(kpis[it.kpi].is_state_of(it.part) for it in read)
    return kpi.is_state

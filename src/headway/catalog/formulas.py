"""Resolves KPIs that are formulas over other KPIs: their inputs, grain, breakdowns and currency.

Each check answers one promise of the language: names exist, nothing goes in a circle, an input is kept for the period
and the cell that is asked for, and two currencies are never added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from headway.catalog import formula, recurring, values
from headway.catalog.complaints import Complaints
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.formula import Input
from headway.catalog.kpi import by_grain, check_grain, common, least_grain, options
from headway.catalog.sqltext import Wrong, span
from headway.model import (
    Catalog,
    Distinct,
    Empty,
    Formula,
    Kpi,
    Narrative,
    Python,
    Retention,
    Spread,
    Tiered,
    UnitKind,
)
from headway.periods import Grain, Length


@dataclass(frozen=True, slots=True)
class Parsed:
    """A formula that parses, and the KPIs it mentions."""

    draft: Draft
    tree: exp.Expr
    inputs: list[Input]

    @property
    def names(self) -> tuple[str, ...]:
        """The KPIs that it reads."""
        return tuple(dict.fromkeys(i.kpi for i in self.inputs))

    def mark(self, name: str) -> tuple[Steps, int, int]:
        """Where it names one of them first."""
        mention = next(i for i in self.inputs if i.kpi == name)
        return self.draft.at("formula"), mention.start, mention.end

    def kpi(self, kpis: Mapping[str, Kpi], project: Catalog, complaints: Complaints) -> Kpi:
        """The KPI, whatever is wrong with it."""
        return _Formula(self, kpis, complaints).kpi(project)


def with_parts(kpis: Mapping[str, Kpi], mentions: Iterable[Input]) -> dict[str, Kpi]:
    """Those of the KPIs that compute a part only if somebody reads it, with the parts that these mentions read."""
    named: dict[str, set[str]] = {}
    for mention in mentions:
        named.setdefault(mention.kpi, set()).add(mention.part)
    found = {}
    for name, parts in named.items():
        kpi = kpis.get(name)
        if kpi is not None and isinstance(kpi.measure, Distinct):
            every = tuple(part for part in kpi.offered if part in {*parts, *kpi.measure.named})
            if every != kpi.measure.named:
                found[name] = replace(kpi, measure=replace(kpi.measure, named=every))
    return found


def read(draft: Draft, declared: Collection[str], sources: Collection[str], complaints: Complaints) -> Parsed | None:
    """A formula whose text parses and whose names exist; None after telling what is wrong."""
    text = str(getattr(draft.spec, "formula", ""))
    here = draft.at("formula")
    try:
        tree = formula.parse(text)
    except Wrong as wrong:
        complaints.wrong(draft.document, here, wrong)
        return None
    parsed = Parsed(draft, tree, formula.inputs(tree))
    unknown = False
    for mention in parsed.inputs:
        if mention.kpi not in declared:
            unknown = True
            message, remedy = f"there is no KPI '{mention.kpi}'", values.near(mention.kpi, declared)
            if mention.kpi in sources:
                remedy = f"'{mention.kpi}' is a source; a formula reads KPIs, such as {{count: {mention.kpi}}}."
            complaints.wrong(draft.document, here, Wrong(message, mention.start, mention.end, "unknown-name", remedy))
    if not parsed.inputs:
        complaints.wrong(draft.document, here, Wrong("a formula reads at least one KPI", 0, len(text), formula.SLUG))
        return None
    return None if unknown else parsed


class _Formula:
    """Resolves one formula whose inputs are known."""

    def __init__(self, parsed: Parsed, kpis: Mapping[str, Kpi], complaints: Complaints) -> None:
        self.draft, self.tree, self.inputs = parsed.draft, parsed.tree, parsed.inputs
        self.names = parsed.names
        self.kpis, self.complaints = kpis, complaints

    def kpi(self, project: Catalog) -> Kpi:
        draft = self.draft
        options(draft, self.complaints)
        self.measured()
        self.parts()
        self.windows()
        grain = self.grain()
        self.cells()
        for n, breakdown in enumerate(draft.spec.by):
            self.breakdown(tuple(breakdown), n)
        self.currencies()
        least = max([grain, *(self.kpis[i.kpi].by_grain for i in self.by_period(grain))], key=lambda g: g.rank)
        text = str(getattr(draft.spec, "formula", ""))
        expression = draft.document.expression(draft.at("formula"), text)
        return common(
            draft,
            project,
            self.complaints,
            measure=Formula(expression, self.names),
            grain=grain,
            by_grain=by_grain(draft, grain, least if draft.spec.by else grain, self.complaints),
            empty=Empty.ZERO if self.zero_of_zeros(self.tree) else Empty.NO_DATA,
        )

    def zero_of_zeros(self, node: exp.Expr) -> bool:
        """True if it is 0 in a cell in which nothing is there: what adds, subtracts and scales what is 0 then."""
        match node:
            case exp.Column() | exp.Anonymous():
                read = formula.reading(node)
                kpi = self.kpis[read.kpi]
                known = not read.part or read.part in kpi.parts
                return known and not read.total and kpi.zero_when_absent(read.part)
            case exp.Neg() | exp.Abs():
                return self.zero_of_zeros(node.this)
            case exp.Add() | exp.Sub():
                return self.zero_of_zeros(node.this) and self.zero_of_zeros(node.expression)
            case exp.Mul():
                scale, scaled = sorted((node.this, node.expression), key=lambda n: not isinstance(n, exp.Literal))
                return self.zero_of_zeros(scaled) and (isinstance(scale, exp.Literal) or self.zero_of_zeros(scale))
            case exp.Div():
                by = node.expression
                return self.zero_of_zeros(node.this) and isinstance(by, exp.Literal) and float(by.name) != 0
        return False

    def by_period(self, grain: Grain) -> list[Input]:
        """The inputs of which each cell has a number for each of the formula's periods, and no latest one."""
        cells = (i for i in self.inputs if not i.total and not i.over)
        return [i for i in cells if grain in self.kpis[i.kpi].grain.longer() or not self.is_state(i)]

    def say(self, start: int, end: int, message: str, slug: str, remedy: str | None = None) -> None:
        wrong = Wrong(message, start, end, slug, remedy)
        self.complaints.wrong(self.draft.document, self.draft.at("formula"), wrong)

    def measured(self) -> None:
        """Complain about inputs that have no numbers: planned ones, and those told in words."""
        for mention in self.inputs:
            if isinstance(self.kpis[mention.kpi].measure, Narrative):
                message = f"'{mention.kpi}' is told in words and has no numbers"
                self.say(mention.start, mention.end, message, formula.SLUG, None)
            if self.kpis[mention.kpi].measure is None:
                self.say(
                    mention.start,
                    mention.end,
                    f"'{mention.kpi}' is planned and has no numbers yet",
                    formula.SLUG,
                    f"Leave out 'formula' until it has: {self.draft.name} is planned too.",
                )

    def parts(self) -> None:
        """Complain about parts that their KPI does not give."""
        for mention in self.inputs:
            kpi = self.kpis[mention.kpi]
            of_total = not mention.cell and not (self.draft.spec.by and not mention.total)
            if of_total and isinstance(kpi.measure, Retention) and not kpi.has_total(mention.part):
                self.say(
                    mention.start,
                    mention.end,
                    f"{mention.kpi} has a value for each age, and none for all of them",
                    formula.SLUG,
                    f"Name an age: {mention.kpi}[{Retention.AGE} = '1'].",
                )
            if not mention.part or kpi.measure is None or mention.part in kpi.offered:
                continue
            offered = f"Its parts are {', '.join(kpi.offered)}." if kpi.offered else "Its kind gives none."
            message, remedy = f"{mention.kpi} has no part '{mention.part}'", values.near(mention.part, kpi.offered)
            if isinstance(kpi.measure, Distinct) and kpi.measure.min_days > 1:
                message += f" with 'min_days: {kpi.measure.min_days}'"
            self.say(mention.start, mention.end, message, "unknown-name", remedy or offered)

    def windows(self) -> None:
        """Complain about a window over flows that have numbers for whole periods alone, or add up own periods."""
        window = self.draft.spec.window
        for mention in self.inputs if window else ():
            assert window is not None
            kpi = self.kpis[mention.kpi]
            for read in recurring.moving(self.kpis, mention):
                if wrong := recurring.window_complaint(read, window):
                    self.say(mention.start, mention.end, wrong[0], "bad-window", wrong[1])
            of_periods = isinstance(kpi.measure, Spread | Tiered | Python) and not mention.over
            if of_periods and not kpi.is_state_of(mention.part):
                self.say(
                    mention.start,
                    mention.end,
                    f"{kpi.name} has numbers for periods, and none for a window",
                    "not-supported-yet",
                    f"Leave out 'window', or give it to {kpi.inputs[0] if kpi.inputs else kpi.name}.",
                )
            if isinstance(kpi.measure, Retention) and kpi.measure.ages:
                self.say(
                    mention.start,
                    mention.end,
                    f"{kpi.name} follows those who joined in each period, and knows no window",
                    "bad-window",
                    "Leave out 'window'.",
                )

    def grain(self) -> Grain:
        """The formula's own period: as written, else the longest of its inputs'."""
        kept = [(i, self.kpis[i.kpi].by_grain if i.cell else self.kpis[i.kpi].grain) for i in self.inputs]
        window = least_grain(self.draft.spec.window)
        longest = max([grain for _, grain in kept] + ([window] if window else []), key=lambda g: g.rank)
        grain = self.draft.spec.grain
        if grain is None:
            default = self.draft.defaults.grain
            grain = default if default is not None and default in longest.longer() else longest
        check_grain(self.draft, grain, self.complaints)
        for mention, own in kept:
            kpi = self.kpis[mention.kpi]
            if kpi.measure is None or grain in own.longer():
                continue
            # A window may hold several own periods that are longer than the formula's.
            in_window = mention.over and self.draft.spec.window is not None
            if not in_window and (mention.over in ("mean", "max", "min") or not self.is_state(mention)):
                self.say(
                    mention.start,
                    mention.end,
                    f"{mention.kpi} is kept by {values.among(own.longer())}, and this formula by {grain}",
                    "grain-not-possible",
                    f"Write 'grain: {longest}', or keep {mention.kpi} by {grain}.",
                )
        self.periods(grain)
        return grain

    def is_state(self, mention: Input) -> bool:
        """True if what is read is a function of a moment."""
        return formula.is_state(self.kpis, self.kpis[mention.kpi], mention.part)

    def periods(self, grain: Grain) -> None:
        """Complain about other periods, or moments, of which an input has no numbers."""
        for mention in self.inputs:
            kpi = self.kpis[mention.kpi]
            written = f"{mention.kpi}.{mention.part}" if mention.part else mention.kpi
            if kpi.measure is not None and mention.over == "opening" and not self.is_state(mention):
                self.say(
                    mention.start,
                    mention.end,
                    f"{written} is a flow: it has no value at the moment when a period opens",
                    formula.SLUG,
                    f"Write prior({written}) for that of the period before.",
                )
            for length in filter(None, mention.back):
                if not grain.steps(Length.parse(length)):
                    self.say(
                        mention.start,
                        mention.end,
                        f"{length} is no whole number of {grain}s, by which this formula is kept",
                        "grain-not-possible",
                        f"Without a length it is the {grain} before.",
                    )

    def cells(self) -> None:
        """Complain about cells of breakdowns that their KPI does not have, or does not keep for every own period."""
        for mention in self.inputs:
            kpi = self.kpis[mention.kpi]
            if mention.cell and (lack := self._lacks(mention, tuple(name for name, _ in mention.cell))):
                self.say(mention.start, mention.end, *lack)
            of_cells = mention.cell or (self.draft.spec.by and not mention.total)
            if of_cells and mention.over in ("mean", "max", "min") and kpi.by_grain is not kpi.grain:
                message = f"cells of {mention.kpi} are kept by {kpi.by_grain}, its total by {kpi.grain}"
                remedy = f"Write 'by_grain: {kpi.grain}' there"
                if kpi.grain is Grain.HOUR:
                    remedy = "Give the KPI 'grain: day'"
                if not mention.cell:
                    remedy += f", or write total({mention.over}({mention.kpi}))"
                self.say(mention.start, mention.end, message, "grain-not-possible", f"{remedy}.")

    def breakdown(self, wanted: tuple[str, ...], n: int) -> None:
        """Complain about a breakdown that an input does not have."""
        by_cell = [i for i in self.inputs if not i.total and not {*wanted} <= {name for name, _ in i.cell}]
        if not by_cell:
            self.complaints.say(
                self.draft.document.place(self.draft.at("by", n)),
                "every input is a total or one cell, so the formula has no breakdowns",
                "formula-breakdown",
                "Remove 'by'.",
            )
        for mention in by_cell:
            given = tuple(name for name, _ in mention.cell if name not in wanted)
            if lack := self._lacks(mention, (*wanted, *given)):
                message, slug, remedy = lack
                total = f"total({mention.kpi}[...])" if mention.cell else f"total({mention.kpi})"
                self.say(
                    mention.start, mention.end, message, slug, f"{remedy} Or write {total}, if its total is meant."
                )

    def _lacks(self, mention: Input, wanted: tuple[str, ...]) -> tuple[str, str, str] | None:
        """What to say if an input has no breakdown of these columns, in whatever order."""
        kpi = self.kpis[mention.kpi]
        offered = kpi.by_of(mention.part)
        if kpi.measure is None or any({*wanted} == {*breakdown} for breakdown in offered):
            return None
        shown = " x ".join(wanted)
        written = wanted[0] if len(wanted) == 1 else f"[{', '.join(wanted)}]"
        remedy = values.near(shown, [" x ".join(b) for b in offered]) or f"Add {written} to 'by' of {kpi.name}."
        return f"{kpi.name} has no breakdown '{shown}'", "formula-breakdown", remedy

    # -- currencies ------------------------------------------------------------------------------------------------

    def currencies(self) -> None:
        """Complain about two currencies that are added or compared, and about a unit that contradicts the inputs'."""
        result = self._currency(self.tree)
        unit = self.draft.spec.unit
        if result and unit is not None and unit.kind is UnitKind.CURRENCY and unit.name != result:
            start, end = span(self.tree)
            self.say(
                start,
                end,
                f"the formula is in {result}, and 'unit' says {unit.name}",
                "two-currencies",
                "Nothing is converted by itself: convert in the source, in a derived column.",
            )

    def _currency(self, node: exp.Expr) -> str | None:
        """The currency of a number, or None if it is in none."""
        if isinstance(node, exp.Column | exp.Anonymous):
            read = formula.reading(node)
            unit = self.kpis[read.kpi].unit_of(read.part)
            return unit.name if unit.kind is UnitKind.CURRENCY else None
        if isinstance(node, exp.Mul | exp.Div):
            left, right = self._currency(node.this), self._currency(node.expression)
            if isinstance(node, exp.Div):
                return None if right else left
            return None if left and right else left or right
        if isinstance(node, exp.Pow | exp.Sqrt | exp.Ln | exp.Exp | exp.Not):
            for child in node.iter_expressions():
                self._currency(child)
            return None
        found = dict.fromkeys(c for child in node.iter_expressions() if (c := self._of_branch(child)))
        if len(found) > 1:
            first, second = list(found)[:2]
            self.say(
                *span(node),
                f"{first} and {second} cannot be added or compared",
                "two-currencies",
                "Convert one in its source, in a derived column.",
            )
        return next(iter(found), None)

    def _of_branch(self, node: exp.Expr) -> str | None:
        """The currency that a child hands on: of a case's branch its value, of a condition none."""
        if isinstance(node, exp.If):
            self._currency(node.this)
            return self._currency(node.args["true"])
        found = self._currency(node)
        return (
            None
            if isinstance(node, exp.And | exp.Or | exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE)
            else found
        )

"""Resolves `lasts`: a balance, and the formulas of what each coming month adds to it and takes from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from headway.catalog import formula, values
from headway.catalog.ahead import adds_up
from headway.catalog.complaints import Complaints
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.formula import Input
from headway.catalog.kpi import common
from headway.catalog.kpispec import LastsSpec
from headway.catalog.sqltext import Wrong
from headway.model import Catalog, Empty, Entered, Kpi, Lasts, Take, Unit, UnitKind
from headway.periods import Grain, WindowKind

_FLOWS = ("less", "plus", "fee")


@dataclass(frozen=True, slots=True)
class Lasting:
    """A `lasts` whose formulas parse, and whose names exist."""

    draft: Draft
    balance: str
    reads: Mapping[str, list[Input]]

    @property
    def names(self) -> tuple[str, ...]:
        """The balance, and the KPIs in the formulas."""
        return tuple(dict.fromkeys((self.balance, *(read.kpi for reads in self.reads.values() for read in reads))))

    def mark(self, name: str) -> tuple[Steps, int, int]:
        """Where it names one of them first."""
        for key, reads in self.reads.items():
            for read in reads:
                if read.kpi == name:
                    return self.draft.at(key), read.start, read.end
        return self.draft.at("lasts"), 0, len(name)

    def kpi(self, kpis: Mapping[str, Kpi], project: Catalog, complaints: Complaints) -> Kpi | None:
        """The KPI; None after telling what is wrong with the balance."""
        draft, spec = self.draft, self.draft.spec
        assert isinstance(spec, LastsSpec)
        for key, found in self.reads.items():
            for read in found:
                if wrong := _wrong(read, kpis[read.kpi], [it.kpi for it in found if it.over or it.back]):
                    complaints.wrong(draft.document, draft.at(key), wrong)
        self._shape(kpis, complaints)
        self._currencies(kpis, complaints)
        written = {key: getattr(spec, key) for key in _FLOWS}
        expressions = {
            key: None if text is None else draft.document.expression(draft.at(key), text)
            for key, text in written.items()
        }
        less = expressions["less"]
        assert less is not None
        reads = tuple(dict.fromkeys(read.kpi for found in self.reads.values() for read in found))
        kpi = common(
            draft,
            project,
            complaints,
            measure=Lasts(self.balance, less, expressions["plus"], expressions["fee"], reads),
            grain=Grain.MONTH,
            by_grain=Grain.MONTH,
            empty=Empty.NO_DATA,
        )
        return kpi if spec.unit else replace(kpi, unit=Unit(UnitKind.COUNTED, "months"))

    def _shape(self, kpis: Mapping[str, Kpi], complaints: Complaints) -> None:
        """Complain about what is no balance by month, and about options that mean nothing here."""
        draft, document, balance = self.draft, self.draft.document, kpis[self.balance]
        if balance.measure is None:
            message, remedy = f"'{balance.name}' is planned and has no numbers yet", "Wait until it has."
        elif not formula.is_state(kpis, balance):
            message = f"'{balance.name}' is a flow of a span of time, and a balance is what there is at a moment"
            remedy = "Name a balance, or give it a window: all time."
        elif Grain.MONTH not in balance.grains():
            message, remedy = f"'{balance.name}' is kept by {balance.grain}, and lasts counts months", ""
        else:
            message = remedy = ""
        if message:
            complaints.say(document.place(draft.at("lasts")), message, "bad-value", remedy or None)
        if draft.spec.by:
            complaints.say(
                document.place(draft.at("by")),
                "lasts says how long one balance lasts, and has no breakdowns",
                "formula-breakdown",
                "Remove 'by', or make one KPI for each cell.",
            )
        if draft.spec.grain not in (None, Grain.MONTH):
            complaints.say(
                document.place(draft.at("grain")),
                f"lasts counts months, so it is kept by month, not by {draft.spec.grain}",
                "grain-not-possible",
                "Remove 'grain'.",
            )
        if draft.spec.take is Take.SUM:
            complaints.say(
                document.place(draft.at("take")),
                "'take: sum' is only for entered numbers",
                "bad-value",
                "It is last, mean, max or min.",
            )
        window = draft.spec.window
        if window is not None and window.kind is WindowKind.NEXT:
            complaints.say(
                document.place(draft.at("window")),
                "a window of lasts says over which past functions such as mean() go",
                "bad-window",
                "Write for example 'window: 6 months'.",
            )

    def _currencies(self, kpis: Mapping[str, Kpi], complaints: Complaints) -> None:
        """Complain about amounts in another currency than the balance's."""
        own = kpis[self.balance].unit
        for key, reads in self.reads.items():
            for read in reads if key != "fee" else ():
                unit = kpis[read.kpi].unit_of(read.part) if read.part in ("", *kpis[read.kpi].parts) else own
                if unit.kind is own.kind is UnitKind.CURRENCY and unit != own:
                    message = f"{own} and {unit} cannot be added or compared"
                    wrong = Wrong(message, read.start, read.end, "two-currencies", "Convert one in its source.")
                    complaints.wrong(self.draft.document, self.draft.at(key), wrong)


def read(draft: Draft, declared: Collection[str], sources: Collection[str], complaints: Complaints) -> Lasting | None:
    """A `lasts` whose formulas parse and whose names exist; None after telling what is wrong."""
    spec = draft.spec
    assert isinstance(spec, LastsSpec)
    whole = True
    reads: dict[str, list[Input]] = {}
    if spec.lasts not in declared:
        remedy = values.near(spec.lasts, declared)
        wrong = Wrong(f"there is no KPI '{spec.lasts}'", 0, len(spec.lasts), "unknown-name", remedy)
        complaints.wrong(draft.document, draft.at("lasts"), wrong)
        whole = False
    for key in _FLOWS:
        text = getattr(spec, key)
        if text is None:
            continue
        try:
            tree = formula.parse(text)
            reads[key] = formula.inputs(tree)
            if not reads[key] and not isinstance(tree, exp.Literal):
                raise Wrong("a formula reads at least one KPI, or is one number", 0, len(text), formula.SLUG)
            for it in reads[key]:
                if it.kpi not in declared:
                    remedy = values.near(it.kpi, declared)
                    raise Wrong(f"there is no KPI '{it.kpi}'", it.start, it.end, "unknown-name", remedy)
        except Wrong as wrong:
            complaints.wrong(draft.document, draft.at(key), wrong)
            whole = False
    return Lasting(draft, spec.lasts, reads) if whole else None


def _wrong(read: Input, kpi: Kpi, constant: Collection[str]) -> Wrong | None:
    """What is wrong with one KPI in a formula of coming months."""
    slug, remedy = formula.SLUG, None
    if kpi.measure is None:
        message = f"'{kpi.name}' is planned and has no numbers yet"
    elif read.part and read.part not in kpi.parts:
        message, slug = f"{kpi.name} has no part '{read.part}'", "unknown-name"
        remedy = values.near(read.part, kpi.parts)
    elif read.over or read.back:
        if kpi.grain is Grain.MONTH or not read.over:
            return None
        message = f"{kpi.name} is kept by {kpi.grain}, and what a month adds or takes is a number by month"
        slug, remedy = "grain-not-possible", f"Write 'grain: month' at {kpi.name}, or make a KPI of it that has it."
    elif adds_up(kpi.measure) and not kpi.is_state:
        return None
    elif not isinstance(kpi.measure, Entered) or read.part:
        message = f"nobody knows {kpi.name} of coming months: it is computed from what has happened"
        remedy = f"Write mean({kpi.name}) to hold the past constant, or name an accrue, or entered numbers."
    elif kpi.grain is not Grain.MONTH:
        message = f"{kpi.name} is kept by {kpi.grain}, and what a month adds or takes is a number by month"
        slug, remedy = "grain-not-possible", f"Write 'grain: month' at {kpi.name}."
    elif kpi.name in constant:
        message = f"{kpi.name} is read in coming months, and its past is held constant as well"
        remedy = "Make a KPI of one of them."
    else:
        return None
    return Wrong(message, read.start, read.end, slug, remedy)

"""Resolves `recurring`: amounts of lasting rows, their customer, and what may come with them.

The events of `plus` come from a second source, in which the customer, the filter and the breakdowns must be found too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headway.catalog import formula
from headway.catalog.draft import Draft
from headway.catalog.formula import Input
from headway.catalog.kpispec import RecurringSpec
from headway.catalog.reading import Reading
from headway.model import Kpi, Recurring, Source
from headway.periods import Grain, Window, WindowKind

#: How many months an own period has.
_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
#: A length that is a whole number of them.
_LENGTHS = {Grain.DAY: "30 days", Grain.MONTH: "12 months", Grain.QUARTER: "4 quarters", Grain.YEAR: "1 year"}


def measure(reading: Reading) -> Recurring | None:
    """The measure; None if one of its sources does not exist, or is itself broken."""
    spec = reading.draft.spec
    assert isinstance(spec, RecurringSpec)
    found = reading.named(spec.recurring, "recurring")
    plus = reading.named(spec.plus, "plus") if spec.plus else None
    if found is None:
        return None
    source, column = found
    _lasting(reading, reading.sources[source])
    reading.column(source, spec.customer, reading.draft.at("customer"), 0)
    if spec.reason:
        _reason(reading, source, spec.reason)
    if spec.plus:
        if plus is None:
            return None
        _plus(reading, plus[0], spec.customer)
    return Recurring(source, column, spec.customer, plus, spec.reason)


def _lasting(reading: Reading, source: Source) -> None:
    """Complain about rows that never end: nobody would ever be lost."""
    if not source.until and not source.through:
        reading.say(
            "recurring",
            f"{source.name} has neither 'until' nor 'through', so its rows never end",
            "missing-key",
            f"Add 'until: column' to {source.name} (line {source.place.line} of {source.place.path}).",
        )


def _reason(reading: Reading, source: str, reason: str) -> None:
    """Complain about a reason that does not exist, that shows a person, or that is a breakdown of the whole KPI."""
    if reading.column(source, reason, reading.draft.at("reason"), 0):
        reading.no_person(source, reason, reading.draft.at("reason"))
    for n, cross in enumerate(reading.draft.spec.by):
        if reason in cross:
            reading.complaints.say(
                reading.draft.document.place(reading.draft.at("by", n)),
                f"'{reason}' says why a row ended: as a breakdown it would tell the past what happened later",
                "bad-value",
                "Remove it here: 'reason' breaks down churn and lost_customers by it.",
            )


def _plus(reading: Reading, source: str, customer: str) -> None:
    """Complain about what the events of `plus` lack."""
    if not reading.sources[source].time:
        place = reading.sources[source].place
        reading.say(
            "plus",
            f"{source} has no 'time', so its rows belong to no period",
            "missing-key",
            f"Add 'time: column' to {source} (line {place.line} of {place.path}).",
        )
    reading.column(source, customer, reading.draft.at("customer"), 0)
    reading.where(source)
    reading.breakdowns(source)


# -- periods -----------------------------------------------------------------------------------------------------------


def grain_complaint(draft: Draft, grain: Grain) -> tuple[str, str] | None:
    """Why own periods cannot be so long, and what to write instead."""
    if grain is Grain.HOUR:
        return "recurring is not kept by the hour", "Write 'grain: month'."
    if grain is Grain.WEEK:
        return (
            "movements of longer periods add up own periods, and weeks do not add up to months",
            "Write 'grain: month', or 'grain: day'.",
        )
    if grain is Grain.DAY and getattr(draft.spec, "plus", None):
        return (
            "amounts are per month, and 'plus' adds what was charged in an own period: that is no day",
            "Write 'grain: month'.",
        )
    return None


def moving(kpis: Mapping[str, Kpi], mention: Input) -> Iterator[Kpi]:
    """The KPIs whose movements a window on a formula adds up, through formulas without a window of their own."""
    kpi = kpis[mention.kpi]
    if isinstance(kpi.measure, Recurring) and not mention.over and not kpi.is_state_of(mention.part):
        yield kpi
    if not kpi.window:
        for inner in formula.read_inputs(kpi):
            yield from moving(kpis, inner)


def window_complaint(kpi: Kpi, window: Window) -> tuple[str, str] | None:
    """Why the movements of a KPI cannot be added up over a window, and what to write instead."""
    own = kpi.grain
    match window.kind:
        case WindowKind.ALL_TIME:
            fits = True
        case WindowKind.CALENDAR | WindowKind.TO_DATE:
            fits = window.grain in own.longer()
        case WindowKind.TRAILING:
            assert window.length is not None
            months = window.length.months
            fits = months % _MONTHS[own] == 0 if months and own in _MONTHS else own is Grain.DAY
        case _:
            fits = False
    if fits:
        return None
    return (
        f"{kpi.name} compares one {own} with the next, and '{window}' is no whole number of {own}s",
        f"Write '{_LENGTHS[own]}', 'calendar {own}' or 'all time'.",
    )

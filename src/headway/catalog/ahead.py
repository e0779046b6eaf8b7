"""Windows that look forward, `next 6 months`: which KPIs may have one.

They count rows that are still to come, as far as they were known; so the source must say since when each one is known,
and the kind must be one that adds rows up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from headway.catalog import formula
from headway.catalog.complaints import Complaints
from headway.catalog.draft import Draft
from headway.catalog.formula import Input
from headway.catalog.reading import Reading
from headway.catalog.sqltext import Wrong
from headway.model import Accrue, Aggregate, Formula, Kpi, Lasts, RowMeasure, Source
from headway.periods import Window, WindowKind


def of_rows(reading: Reading, measure: RowMeasure) -> None:
    """Complain about a KPI over rows that looks forward and cannot."""
    window = reading.draft.spec.window
    if not _is_ahead(window):
        return
    source = reading.sources[measure.source]
    if not adds_up(measure):
        reading.say(
            "window",
            f"{reading.draft.kind} does not look forward: '{window}' is for sum, count and accrue",
            "bad-window",
            "Write a window that ends with the period, or another kind.",
        )
    elif not source.known_on:
        reading.say("window", *_unknown(source, window))


def of_formulas(
    drafts: Collection[Draft], kpis: Mapping[str, Kpi], sources: Mapping[str, Source], complaints: Complaints
) -> None:
    """Complain about formulas that look forward and read a KPI that cannot."""
    for draft in drafts:
        kpi, window = kpis.get(draft.name), draft.spec.window
        if kpi is None or not isinstance(kpi.measure, Formula) or not _is_ahead(window):
            continue
        for mention in formula.inputs(formula.parse(kpi.measure.expression.text)):
            for flow in _flows(mention, kpis):
                source = sources.get(flow.source or "")
                if source is None or (adds_up(flow.measure) and source.known_on):
                    continue
                message, slug, remedy = (
                    _unknown(source, window)
                    if adds_up(flow.measure)
                    else (
                        f"{flow.name} does not look forward: '{window}' is for sum, count and accrue",
                        "bad-window",
                        f"Give {flow.name} a window of its own, or leave it out.",
                    )
                )
                wrong = Wrong(message, mention.start, mention.end, slug, remedy)
                complaints.wrong(draft.document, draft.at("formula"), wrong)


def of_balances(
    drafts: Collection[Draft], kpis: Mapping[str, Kpi], sources: Mapping[str, Source], complaints: Complaints
) -> None:
    """Complain about flows of coming months, in `lasts`, of which nobody can say since when they were known."""
    for draft in drafts:
        kpi = kpis.get(draft.name)
        if kpi is None or not isinstance(kpi.measure, Lasts):
            continue
        for key, expression in kpi.measure.flows.items():
            for mention in formula.inputs(formula.parse(expression.text)):
                flow = kpis[mention.kpi]
                source = sources.get(flow.source or "")
                if mention.over or mention.back or source is None or source.known_on:
                    continue
                message = f"nobody knows {flow.name} of coming months: {source.name} does not say what was known when"
                remedy = (
                    f"Write mean({flow.name}) to hold the past constant, or add 'known_on: column' to {source.name}."
                )
                wrong = Wrong(message, mention.start, mention.end, formula.SLUG, remedy)
                complaints.wrong(draft.document, draft.at(key), wrong)


def _flows(mention: Input, kpis: Mapping[str, Kpi]) -> Iterator[Kpi]:
    """The KPIs over rows to which a formula hands its window, through formulas without one."""
    kpi = kpis.get(mention.kpi)
    if kpi is None:
        return
    if isinstance(kpi.measure, Formula):
        if kpi.window is None:
            for inner in formula.inputs(formula.parse(kpi.measure.expression.text)):
                yield from _flows(inner, kpis)
    elif kpi.source and not kpi.is_state_of(mention.part):
        yield kpi


def _is_ahead(window: Window | None) -> bool:
    return window is not None and window.kind is WindowKind.NEXT


def adds_up(measure: object) -> bool:
    """True for the kinds that add rows up, which may therefore be rows to come."""
    return isinstance(measure, Accrue) or (isinstance(measure, Aggregate) and measure.function in ("sum", "count"))


def _unknown(source: Source, window: Window | None) -> tuple[str, str, str]:
    return (
        f"{source.name} does not say since when its rows are known, so '{window}' would know what nobody knew then",
        "missing-key",
        f"Add 'known_on: column' to {source.name} (line {source.place.line} of {source.place.path}).",
    )

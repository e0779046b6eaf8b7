"""Resolves `clock`: when an organisation has its commands run. What a run selects is judged once all KPIs are known."""

from __future__ import annotations

from typing import Any

from headway.catalog import select
from headway.catalog import spec as specs
from headway.catalog.checking import check
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document
from headway.catalog.sqltext import Wrong
from headway.model import Catalog, Clock, Rhythm


def resolve(written: object, document: Document, complaints: Complaints) -> Clock | None:
    """The clock of a project, if it has one."""
    path = ("clock",)
    spec = None if written is None else check(specs.ClockSpec, document, path, written, complaints)
    if spec is None:
        return None
    if spec.tick is None and not spec.runs:
        complaints.say(document.key_place(path), "a clock has a tick, runs, or both", "missing-key")
    if spec.tick is not None and not spec.tick.count:
        _above_0("tick", "1 minute", document, (*path, "tick"), complaints)
    runs = (_rhythm(run, document, (*path, "runs", n), complaints) for n, run in enumerate(spec.runs))
    return Clock(spec.tick, tuple(run for run in runs if run), document.key_place(path))


def _rhythm(written: Any, document: Document, path: tuple[str | int, ...], complaints: Complaints) -> Rhythm | None:
    spec = check(specs.RhythmSpec, document, path, written, complaints)
    if spec is None:
        return None
    if not spec.every.count:
        _above_0("every", "1 day", document, (*path, "every"), complaints)
    return Rhythm(spec.every, tuple(spec.select), document.place(path))


def _above_0(key: str, example: str, document: Document, path: tuple[str | int, ...], complaints: Complaints) -> None:
    complaints.say(document.place(path), f"'{key}' is above 0", "bad-value", f"Write for example {example}.")


def finish(catalog: Catalog, document: Document, complaints: Complaints) -> None:
    """Tell of runs that select nothing."""
    runs = catalog.clock.runs if catalog.clock else ()
    if len(runs) < len(document.names(("clock", "runs"))):
        return  # one of them is amiss itself
    for n, run in enumerate(runs):
        for m, selector in enumerate(run.selectors):
            try:
                select.chosen(catalog, selector)
            except Wrong as wrong:
                complaints.wrong(document, ("clock", "runs", n, "select", m), wrong)

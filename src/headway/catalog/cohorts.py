"""Resolves `distinct` and `retention`: who was seen, on how many days, and who came back."""

from __future__ import annotations

from dataclasses import replace

from headway.catalog.complaints import Complaints
from headway.catalog.draft import Draft
from headway.catalog.kpispec import DistinctSpec, RetentionSpec
from headway.catalog.reading import Reading
from headway.model import Distinct, Kpi, Retention, Total
from headway.periods import Length, Unit, WindowKind

_TOO_SHORT = (Unit.MINUTE, Unit.HOUR)
#: The most days that a calendar period has.
_MOST_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def distinct(reading: Reading) -> Distinct | None:
    """Different values; complain about more days than the window has."""
    spec = reading.draft.spec
    assert isinstance(spec, DistinctSpec)
    window = spec.window
    most: int | None = None
    if window and window.grain:
        most = _MOST_DAYS[window.grain]
    elif window and window.kind is WindowKind.TRAILING and window.length:
        most = window.length.elapsed.days
    if most is not None and spec.min_days > most:
        reading.say(
            "min_days",
            f"a window of {window} has no {spec.min_days} days, so nobody would ever be counted",
            "bad-value",
            "Write fewer days, or a longer window.",
        )
    found = reading.named(spec.distinct, "distinct")
    return found and Distinct(*found, min_days=spec.min_days)


def retention(reading: Reading) -> Retention | None:
    """Who came back; complain about options that do not go with its form."""
    spec = reading.draft.spec
    assert isinstance(spec, RetentionSpec)
    _form(reading, spec)
    for key in ("after", "ages"):
        _length(reading, key, getattr(spec, key))
    found = reading.named(spec.retention, "retention")
    since = reading.named(spec.since, "since") if spec.since else None
    if found is None or (spec.since and since is None):
        return None
    if since:
        _referred(reading, found, since)
    return Retention(*found, since, spec.after, spec.unbounded, spec.ages)


def _form(reading: Reading, spec: RetentionSpec) -> None:
    """Complain about options that mean nothing together."""
    if spec.after and spec.ages:
        message = "'after' asks for one age, and 'ages' for all of them"
        reading.say("ages", message, "bad-value", "Keep one, and make another KPI of the other.")
    if spec.unbounded and not spec.after:
        message = "'unbounded' goes with 'after': seen at that age or later"
        reading.say("unbounded", message, "bad-value", "Add 'after: 30 days', or remove 'unbounded'.")
    if spec.since and not (spec.after or spec.ages):
        message = "'since' says when somebody joined, and a retention against the period before does not ask"
        reading.say("since", message, "bad-value", "Add 'after: 30 days' or 'ages: 12 months', or remove 'since'.")
    if spec.ages and spec.window:
        message = "'ages' follows those who joined in each period, so a window has no meaning"
        reading.say("window", message, "bad-window", "Remove 'window'.")
    if spec.take is not None and spec.window:
        message = "'take' is not for retention: a mean of shares is no share"
        reading.say("take", message, "bad-value", "Remove 'take': a longer period shows its last value.")


def _length(reading: Reading, key: str, length: Length | None) -> None:
    if length is None:
        return
    if length.unit in _TOO_SHORT:
        message = f"an age is counted in days, weeks, months, quarters or years, not in {length.unit}s"
        reading.say(key, message, "bad-length", f"Write '{key}: 1 day'.")
    elif not length.count and (key == "ages" or not getattr(reading.draft.spec, "since", None)):
        message = "everybody is seen on the day on which they join" if key == "after" else "'ages' begins at 1"
        reading.say(key, message, "bad-length", f"Write '{key}: 1 {length.unit}', or more.")


def _referred(reading: Reading, found: tuple[str, str], since: tuple[str, str]) -> None:
    """Complain if the source of `since` is not the one that holds those who are followed."""
    source, column = found
    reference = reading.sources[source].refers.get(column)
    if reference is None or reference.source != since[0]:
        named = f"which refers to {reference.source}" if reference else "which refers to nothing"
        reading.say(
            "since",
            f"'since' is about those who are followed: {source}.{column}, {named}",
            "bad-reference",
            f"Add refers: {{{column}: {since[0]}}} to {source}."
            if reference is None
            else f"Write a column of {reference.source}.",
        )


def by_age(kpi: Kpi, draft: Draft, max_cells: int, complaints: Complaints) -> Kpi:
    """A retention by ages with its built-in breakdown `age`, alone and crossed with each of its own, and no total."""
    measure = kpi.measure
    if not (isinstance(measure, Retention) and measure.ages):
        return kpi
    if measure.ages.count >= max_cells:
        complaints.say(
            draft.document.place(draft.at("ages")),
            f"{measure.ages} make {measure.ages.count + 1} cells, more than max_cells ({max_cells})",
            "bad-value",
            "Count in a longer unit, such as 'ages: 12 months'.",
        )
    for n, breakdown in enumerate(kpi.by):
        if Retention.AGE in breakdown:
            complaints.say(
                draft.document.place(draft.at("by", n)),
                "'age' is built in: 'ages' crosses it with every breakdown",
                "duplicate-name",
                "Remove it, or derive a column by another name.",
            )
    by = ((Retention.AGE,), *((*breakdown, Retention.AGE) for breakdown in kpi.by))
    return replace(kpi, by=by, total=Total.NONE)

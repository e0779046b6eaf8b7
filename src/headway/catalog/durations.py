"""Resolves `duration`: its two marks, whose time it is, in what unit, and which entities a period has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headway.catalog import values
from headway.catalog.checking import check
from headway.catalog.kpispec import DurationSpec, EndsSpec, MarkSpec
from headway.catalog.reading import Reading
from headway.model import Duration, Mark, Unit, UnitKind, ways
from headway.periods import Length

#: The units in which a duration is counted.
UNITS = ("seconds", "minutes", "hours", "days", "weeks", "working days")
#: Statistics that those alone make who got there.
_OF_THOSE_WHO_GOT_THERE = ("mean", "min", "max")


def duration(reading: Reading) -> Duration | None:
    """The measure; None after telling what is wrong with its marks."""
    draft, spec = reading.draft, reading.draft.spec
    assert isinstance(spec, DurationSpec)
    _options(reading, spec)
    ends = check(EndsSpec, draft.document, draft.at("duration"), spec.duration, reading.complaints)
    if ends is None:
        return None
    begin, end = _mark(reading, ends.from_, "from"), _mark(reading, ends.to, "to")
    source = _entity(reading, ends.per) if ends.per is not None else begin.source if begin else None
    if begin is None or end is None or source is None:
        return None
    found = [_owned(reading, mark, source, key) for mark, key in ((begin, "from"), (end, "to"))]
    if not all(found):
        return None
    (begin, end) = (mark for mark in found if mark)
    return Duration(
        source=source,
        begin=begin,
        end=end,
        in_unit=_unit(reading, spec),
        statistic=spec.statistic or "mean",
        within=spec.within,
        by_start=spec.dated == "from",
        follow=(spec.follow or spec.within) if spec.dated == "from" else None,
    )


def _entity(reading: Reading, per: str) -> str | None:
    """The source whose rows have the marks; None after telling that there is none such."""
    name, dot, _ = per.partition(".")
    if dot:
        here = reading.draft.document.place(reading.draft.at("duration", "per"))
        message = "'per' names the source whose rows begin and end, without a column"
        reading.complaints.say(here, message, "bad-value", f"Write 'per: {name}'.")
        return None
    found = reading.named(per, "duration", "per", columns="none")
    return found and found[0]


# -- marks -----------------------------------------------------------------------------------------------------------


def _mark(reading: Reading, written: Any, key: str) -> Mark | None:
    """One end: `source.column`, or `{first: source.column, where: ...}`; None after telling what is wrong with it."""
    draft = reading.draft
    if isinstance(written, str):
        found = reading.named(written, "duration", key)
        return Mark(*found) if found else None
    if not isinstance(written, dict):
        reading.complaints.say(
            draft.document.place(draft.at("duration", key)),
            f"'{key}' is source.column, or {{first: source.column, where: ...}}, not {values.shown(written)}",
            "wrong-type",
        )
        return None
    spec = check(MarkSpec, draft.document, draft.at("duration", key), written, reading.complaints)
    if spec is None:
        return None
    if (spec.first is None) == (spec.last is None):
        which = "both 'first' and 'last'" if spec.first else "neither 'first' nor 'last'"
        reading.complaints.say(
            draft.document.place(draft.at("duration", key)),
            f"'{key}' has {which}",
            "bad-value" if spec.first else "missing-key",
            "Of several rows one counts: write for example {first: source.column, where: ...}.",
        )
        return None
    which = "first" if spec.first else "last"
    found = reading.named(spec.first or spec.last or "", "duration", key, which)
    if not found:
        return None
    where = reading.condition(found[0], spec.where, "duration", key, "where") if spec.where else None
    return Mark(*found, which="first" if spec.first else "last", where=where)


def _owned(reading: Reading, mark: Mark, source: str, key: str) -> Mark | None:
    """The mark with the way from its rows to the entities; None after telling that there is none, or more than one."""
    if mark.source == source:
        return mark
    found = ways(reading.sources, mark.source, source)
    if len(found) == 1:
        return replace(mark, way=found[0])
    place = reading.draft.document.place(reading.draft.at("duration", key))
    if found:
        by = values.among(f"'{'.'.join(way)}'" for way in found)
        message = f"a row of {mark.source} can belong to one of {source} by {by}"
        remedy = "Read the rows as one more source, which refers by the one that is meant alone."
        reading.complaints.say(place, message, "ambiguous-column", remedy)
    elif ways(reading.sources, source, mark.source):
        message = f"{mark.source} does not refer to {source}, so nothing says to which of its rows this belongs"
        remedy = f"{source} refers to {mark.source}: write 'per: {mark.source}' beside from and to."
        reading.complaints.say(place, message, "bad-reference", remedy)
    else:
        message = f"{mark.source} does not refer to {source}, so nothing says to which of its rows this belongs"
        remedy = f"Add to {mark.source}: refers: {{column: {source}}}."
        reading.complaints.say(place, message, "bad-reference", remedy)
    return None


# -- options ---------------------------------------------------------------------------------------------------------


def _unit(reading: Reading, spec: DurationSpec) -> str:
    """In what the time is counted; '' for a share, which is a percentage. Complains about any other unit."""
    unit = spec.unit
    if spec.within is not None:
        if unit is not None and unit.kind is not UnitKind.PERCENT:
            reading.say(
                "unit", f"the share within {spec.within} is a percentage, not in {unit.name}", "unknown-unit",
                "Remove 'unit', or write unit: percent.",
            )  # fmt: skip
        return ""
    if unit is None:
        reading.say(
            "duration", "a duration needs a unit, because nothing else says in what it is counted", "missing-key",
            f"Add 'unit: days', or one of {', '.join(UNITS)}.",
        )  # fmt: skip
        return ""
    if unit.name not in UNITS:
        remedy = f"It is {values.among(UNITS)}."
        reading.say("unit", f"a duration is not counted in {unit.name}", "unknown-unit", remedy)
    return unit.name


def _options(reading: Reading, spec: DurationSpec) -> None:
    """Complain about options that exclude each other, or that mean nothing without another."""
    if spec.time is not None:
        remedy = "Write 'dated: from', or leave it out: by when it ended."
        reading.say("time", "the marks of a duration date it, so 'time' has no meaning", "bad-value", remedy)
    if spec.within is not None and spec.statistic is not None:
        message = f"the share within {spec.within} is taken instead of a statistic"
        reading.say("statistic", message, "bad-value", "Keep one of the two.")
    by_start = spec.dated == "from"
    for key, length in (("within", spec.within), ("follow", spec.follow)):
        _watched(reading, key, length)
    if spec.follow is not None and not by_start:
        message = "'follow' needs 'dated: from': who is dated by the end has been followed to it"
        reading.say("follow", message, "bad-value", "Add 'dated: from', or remove 'follow'.")
    if by_start and spec.follow is None and spec.within is None:
        message = "'dated: from' needs to know how long everybody is watched"
        reading.say("dated", message, "missing-key", "Add for example 'follow: 90 days'.")
    if by_start and spec.follow and spec.within and spec.follow.elapsed < spec.within.elapsed:
        message = f"who is followed for {spec.follow} cannot be seen to take up to {spec.within}"
        reading.say("follow", message, "bad-value", f"Follow for {spec.within} or longer.")


def _watched(reading: Reading, key: str, length: Length | None) -> None:
    """Complain about lengths that are not the same for everybody, or none at all."""
    if length is None:
        return
    if length.months is not None:
        message = f"{length}: a {length.unit} is not equally long for everybody"
        reading.say(key, message, "bad-length", "Write it in days or weeks.")
    elif not length.count:
        reading.say(key, "nobody gets anywhere in no time", "bad-length", "Write for example '90 days'.")


def default_unit(spec: object) -> Unit | None:
    """The unit of a duration that says none: a share's."""
    return values.PERCENT if isinstance(spec, DurationSpec) and spec.within is not None else None

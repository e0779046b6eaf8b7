"""Resolves the kinds over rows that last: `open`, `availability` and `accrue`."""

from __future__ import annotations

from headway.catalog.kpispec import AccrueSpec, AvailabilitySpec, OpenSpec
from headway.catalog.reading import Reading
from headway.model import Accrue, Availability, Concurrency, Open, Take


def opened(reading: Reading) -> Open | Concurrency | None:
    """Rows under way at the end of a period, or with `take` over every moment of it."""
    spec = reading.draft.spec
    assert isinstance(spec, OpenSpec)
    found = reading.named(spec.open, "open", columns="may")
    if found is None:
        return None
    if spec.take in (Take.MAX, Take.MIN, Take.MEAN):
        return Concurrency(spec.take, found[0], found[1] or None)
    return Open(found[0], found[1] or None)


def availability(reading: Reading) -> Availability | None:
    """The share of time in which nothing was down."""
    spec = reading.draft.spec
    assert isinstance(spec, AvailabilitySpec)
    if spec.empty is not None:
        reading.say("empty", "a period in which nothing was down is 100 % available", "bad-value", "Remove 'empty'.")
    found = reading.named(spec.availability, "availability", columns="none")
    if found is None:
        return None
    source = found[0]
    _ends(reading, source, "an outage would never be over")
    planned, degraded = (
        reading.condition(source, text, key) if text else None
        for key, text in (("planned", spec.planned), ("degraded", spec.degraded))
    )
    return Availability(source, planned, degraded)


def accrue(reading: Reading) -> Accrue | None:
    """Amounts, each spread evenly over its months."""
    spec = reading.draft.spec
    assert isinstance(spec, AccrueSpec)
    found = reading.named(spec.accrue, "accrue")
    if found is None:
        return None
    _ends(reading, found[0], "there is nothing to spread an amount over")
    return Accrue(*found)


def _ends(reading: Reading, name: str, otherwise: str) -> None:
    """Complain about a source whose rows do not say when they end."""
    source = reading.sources[name]
    if not source.until and not source.through:
        reading.say(
            reading.draft.kind,
            f"the rows of {name} have no end, so {otherwise}",
            "missing-key",
            f"Add 'until: column', or 'through: column', to {name} (line {source.place.line} of {source.place.path}).",
        )

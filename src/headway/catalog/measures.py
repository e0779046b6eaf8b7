"""From what is written to what is measured: one function per kind over rows.

A function takes the `Reading` of a KPI, and gives its measure, or None after telling what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, cast

from headway.catalog import cohorts, durations, lasting, recurring
from headway.catalog.kpispec import BalanceSpec, NpsSpec, QuantileSpec
from headway.catalog.reading import Columned, Reading
from headway.model import Aggregate, Balance, Nps, Quantile, RowMeasure, Share


def measure(reading: Reading) -> RowMeasure | None:
    """The measure of a KPI over rows; None if its source does not exist, or is itself broken."""
    kind = reading.draft.kind
    return MEASURES.get(kind, _quantile)(reading)


def subject(reading: Reading, columns: Columned = "needed") -> tuple[str, str] | None:
    """The source and column that stand behind the kind's own key."""
    kind = reading.draft.kind
    return reading.named(str(getattr(reading.draft.spec, kind)), kind, columns=columns)


def _aggregate(reading: Reading) -> Aggregate | None:
    kind = cast('Literal["count", "sum", "mean", "min", "max"]', reading.draft.kind)
    found = subject(reading, "none" if kind == "count" else "needed")
    return found and Aggregate(kind, found[0], found[1] or None)


def _quantile(reading: Reading) -> Quantile | None:
    spec, kind = reading.draft.spec, reading.draft.kind
    assert isinstance(spec, QuantileSpec)
    found = reading.named(spec.column, kind)
    return found and Quantile(kind, *found)


def _share(reading: Reading) -> Share | None:
    found = subject(reading)
    return found and Share(*found)


def _nps(reading: Reading) -> Nps | None:
    """A net promoter score; complain about cuts between which a score would be both."""
    spec = reading.draft.spec
    assert isinstance(spec, NpsSpec)
    if spec.promoters <= spec.detractors:
        reading.say(
            "promoters" if "promoters" in spec.model_fields_set else "detractors",
            f"promoters from {spec.promoters:g} and detractors up to {spec.detractors:g} overlap",
            "bad-value",
            "A score is one or the other, or neither: by custom promoters are 9 and more, detractors 6 and less.",
        )
    found = subject(reading)
    return found and Nps(*found, spec.promoters, spec.detractors)


def _balance(reading: Reading) -> Balance | None:
    spec = reading.draft.spec
    assert isinstance(spec, BalanceSpec)
    found = subject(reading, "may")
    if found and spec.per:
        reading.column(found[0], spec.per, reading.draft.at("per"), 0)
    return found and Balance(found[0], found[1] or None, spec.per)


#: Kind -> what makes its measure. Quantiles have as many names as there are levels.
MEASURES: Mapping[str, Callable[[Reading], RowMeasure | None]] = {
    "count": _aggregate,
    "sum": _aggregate,
    "mean": _aggregate,
    "min": _aggregate,
    "max": _aggregate,
    "share": _share,
    "nps": _nps,
    "distinct": cohorts.distinct,
    "retention": cohorts.retention,
    "open": lasting.opened,
    "balance": _balance,
    "availability": lasting.availability,
    "accrue": lasting.accrue,
    "recurring": recurring.measure,
    "duration": durations.duration,
}

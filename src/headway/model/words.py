"""Words that the catalogue knows: audiences, ranks, units, and text that is an expression."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from headway.errors import Place


class Audience(StrEnum):
    """Who may see a KPI or board, widest first."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"

    def may_see(self, wanted: Audience) -> bool:
        """True if a reader of this audience may see something meant for `wanted`."""
        order = list(Audience)
        return order.index(self) >= order.index(wanted)


class Rank(StrEnum):
    """How prominent a KPI is."""

    HEADLINE = "headline"
    PRIMARY = "primary"
    SECONDARY = "secondary"


class Better(StrEnum):
    """Which direction is good. It colours nothing by itself; a status comes from a target."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


class Take(StrEnum):
    """How a state is shown for a longer period: from its own values within it."""

    LAST = "last"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    SUM = "sum"  # `entered` only: typed flows


class Total(StrEnum):
    """Where the total of a KPI with breakdowns comes from."""

    COMPUTED = "computed"  # from rows
    GIVEN = "given"  # a row, or a line, of its own
    NONE = "none"  # there is none: cells that somebody else counted do not add up


class Empty(StrEnum):
    """What no rows mean within what a source can speak of."""

    ZERO = "zero"
    NO_DATA = "no data"


class UnitKind(StrEnum):
    """The families of units; each has its way of being shown."""

    PERCENT = "percent"  # stored as a fraction
    CURRENCY = "currency"
    ELAPSED = "elapsed"  # ms seconds minutes hours days weeks
    COUNTED = "counted"  # working days, months
    BYTES = "bytes"
    POINTS = "points"  # signed
    NOUN = "noun"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts: `percent`, `USD`, `ms`, `people`, or nothing. `name` is as written."""

    kind: UnitKind
    name: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Expression:
    """A row-level SQL expression in DuckDB's dialect, or a formula, as written; `place` is where its text begins."""

    text: str
    place: Place | None = None

    def __str__(self) -> str:
        return self.text

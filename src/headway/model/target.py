"""What a KPI's number is held against: its targets, and the benchmarks of others.

A target's bounds are numbers, straight lines through time, or formulas over KPIs. The judge sees none of this as text:
`plan` computes what a formula comes down to, and a target of growth judges a part of the KPI of its own, `growth 1
month`, whose numbers are stored like any others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from headway.errors import Place
from headway.model.cells import TOTAL, Cell
from headway.model.measures import Formula
from headway.model.observed import Status
from headway.periods import Grain, Length


class Pace(StrEnum):
    """With what a running period is compared: the share of its days that are over, or last year's course."""

    LINEAR = "linear"
    LAST_YEAR = "last year"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """A bound that moves: the straight line from `start` on `first` to `reach` on `due`; afterwards `reach` holds."""

    start: float
    first: date
    reach: float
    due: date


#: A number, a line, or a formula over KPIs that is taken for the same period and cell.
Bound = float | Line | Formula


@dataclass(frozen=True, slots=True)
class Bands:
    """Statuses and the cuts between them, one fewer, upwards; a cut belongs to the status after it."""

    statuses: tuple[Status, ...]
    cuts: tuple[float, ...]

    @property
    def on(self) -> tuple[float | None, float | None]:
        """The cuts below and above *on*; None at an end."""
        at = self.statuses.index(Status.ON)
        return self.cuts[at - 1] if at else None, self.cuts[at] if at < len(self.cuts) else None


@dataclass(frozen=True, slots=True)
class Target:
    """A dated bound on a KPI's value, or on its growth. `at_least` has only `low`, `at_most` only `high`; inclusive.

    `near` is the value from which a miss is near; `between` may have one on each side. With `bands`, which say it all,
    `low` and `high` are those of *on*.
    """

    low: Bound | None
    high: Bound | None
    grain: Grain
    cell: Cell = TOTAL
    #: The columns whose every value is judged (`for: {segment: each}`); `cell` has the others of a cross.
    each: tuple[str, ...] = ()
    first: date | None = None
    through: date | None = None
    near_low: Bound | None = None
    near_high: Bound | None = None
    bands: Bands | None = None
    #: The length over which growth is judged, or None for the value itself.
    growth: Length | None = None
    pace: Pace = Pace.NONE
    owner: str | None = None
    why: str | None = None
    place: Place | None = None

    @property
    def part(self) -> str:
        """The part of the KPI that is judged: '' is its value."""
        return f"growth {self.growth}" if self.growth else ""

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the breakdown whose cells are judged; none for the total."""
        return frozenset((*(column for column, _ in self.cell), *self.each))

    @property
    def formulas(self) -> Iterator[Formula]:
        """The bounds that have to be computed."""
        for bound in (self.low, self.high, self.near_low, self.near_high):
            if isinstance(bound, Formula):
                yield bound

    def speaks_of(self, cell: Cell) -> bool:
        """True if the target is for this cell, or for each cell of its breakdown."""
        rest = tuple((column, value) for column, value in cell if column not in self.each)
        return len(cell) - len(rest) == len(self.each) and dict(rest) == dict(self.cell)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What others reach. It is shown and never judges."""

    low: float | None
    high: float | None
    who: str
    link: str | None = None

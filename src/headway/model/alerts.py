"""When somebody is woken: alerts, the levels that say how soon to answer, and the routes that reach people.

An alert watches the numbers of KPIs, the rows of a source, checks, or an event that somebody posts. What becomes of it
stands in `model.alerted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from headway.errors import Place
from headway.model.cells import TOTAL, Cell
from headway.model.measures import Formula
from headway.model.words import Audience
from headway.periods import Grain, Length


class Service(StrEnum):
    """What delivers a notice."""

    APPRISE = "apprise"
    ALERTMANAGER = "alertmanager"


class Digest(StrEnum):
    """How often the notices of a level come together in one."""

    DAILY = "daily"
    WEEKLY = "weekly"


class Group(StrEnum):
    """Which notices, ready at the same time for the same route, come together in one message."""

    #: Those of one alert, all its cells.
    ALERT = "alert"
    #: Those of all alerts of the level.
    LEVEL = "level"
    #: None: each cell by itself.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Route:
    """A way to people. Its address stands in the environment, under the name `variable`; nothing here reads it.

    `audience` is who reads there: a message says nothing of what they may not see, but that it fires.
    """

    name: str
    service: Service
    variable: str
    audience: Audience = Audience.INTERNAL
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """How urgent an alert is: whom it reaches, and what happens while nobody answers within `respond`.

    Of two levels, the one with the shorter time to respond is the more severe.
    """

    name: str
    respond: Length
    to: str
    repeat: Length | None = None
    escalate: str | None = None
    digest: Digest | None = None
    group: Group = Group.ALERT
    place: Place | None = None


def by_severity(levels: Mapping[str, Level]) -> dict[str, int]:
    """How severe each level is: 0 for the one that leaves the least time to respond; equal ones share a number."""
    times = sorted({level.respond.elapsed for level in levels.values()})
    return {name: times.index(level.respond.elapsed) for name, level in levels.items()}


# -- when anything happens -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a part of the catalogue is computed: the selectors of `headway run`; without any, all of it."""

    every: Length
    selectors: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """When an organisation has its commands run. Headway starts neither by itself: it says what cannot be kept.

    Without a `tick`, nothing happens between two runs: each of them ticks when it ends.
    """

    tick: Length | None
    runs: tuple[Rhythm, ...] = ()
    place: Place | None = None


# -- what numbers do -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfTarget:
    """A share of the bound that the target in force asks for: `80 % of target`."""

    share: float = 1.0


#: A number in the KPI's unit, a share of the target in force, or a formula for the same period and cell.
Threshold = float | OfTarget | Formula


@dataclass(frozen=True, slots=True)
class Beyond:
    """A number lies below `low` or above `high`, both strict: the complement of a target's inclusive bounds.

    It ends at `clear_low` and `clear_high`, where these are given, instead of at the bound itself. `growth` is the
    length over which growth is watched, or None for the value; `partial` says that a running period may fire too.
    """

    low: Threshold | None
    high: Threshold | None
    growth: Length | None = None
    clear_low: Threshold | None = None
    clear_high: Threshold | None = None
    partial: bool = False

    @property
    def bounds(self) -> tuple[Threshold, ...]:
        """Every bound that there is."""
        some = (self.low, self.high, self.clear_low, self.clear_high)
        return tuple(bound for bound in some if bound is not None)


class Direction(StrEnum):
    """Whither a trend goes; which way `worse` is, the KPI's `better` says."""

    WORSE = "worse"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Trend:
    """The last `periods` complete periods go one way (Mann and Kendall's test)."""

    direction: Direction
    periods: int


@dataclass(frozen=True, slots=True)
class Stale:
    """Nothing new came for this long: no complete value of a KPI, or no row of a source."""

    after: Length


@dataclass(frozen=True, slots=True)
class Restated:
    """A value of a closed period changed, or a change of it waits to be accepted."""


# -- what is watched -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watched:
    """The numbers of one KPI, or part, by one grain: of the total, of one cell, or of each cell of a breakdown."""

    kpi: str
    part: str
    grain: Grain
    cell: Cell = TOTAL
    #: The columns whose every value is watched by itself; `cell` has the others of a cross.
    each: tuple[str, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the breakdown whose cells are watched; none for the total."""
        return frozenset((*(column for column, _ in self.cell), *self.each))

    def speaks_of(self, cell: Cell) -> bool:
        """True if the numbers of this cell are watched."""
        values = dict(cell)
        return values.keys() == self.columns and all(values[column] == value for column, value in self.cell)


@dataclass(frozen=True, slots=True)
class WatchedNumbers:
    """Numbers of KPIs, each with a state of its own."""

    of: tuple[Watched, ...]
    when: Beyond | Trend | Stale | Restated

    def part(self, watched: Watched) -> str:
        """The part of the KPI whose numbers are looked at: its growth is one of its own, as for a target."""
        if not isinstance(self.when, Beyond) or self.when.growth is None:
            return watched.part
        return f"growth {self.when.growth}" + (f" of {watched.part}" if watched.part else "")

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """The bounds that have to be computed."""
        bounds = self.when.bounds if isinstance(self.when, Beyond) else ()
        return tuple(dict.fromkeys(bound for bound in bounds if isinstance(bound, Formula)))


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """The rows of a source: nothing new for as long as `stale` says, or without it, it cannot be read."""

    source: str
    stale: Stale | None = None


@dataclass(frozen=True, slots=True)
class WatchedChecks:
    """A check of a source, or of a KPI, that fails; without names, every check there is."""

    subject: str | None = None
    check: str | None = None
    of_kpi: bool = False


@dataclass(frozen=True, slots=True)
class WatchedEvent:
    """Something that is posted from outside, and closed."""

    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of alerts.yml. `to` is its own route, or its level's.

    It fires after as many complete periods in a row as `after` says, and ends after `clear_after` of them.
    """

    name: str
    title: str
    level: str
    to: str
    watches: WatchedNumbers | WatchedSource | WatchedChecks | WatchedEvent
    place: Place
    after: int = 1
    clear_after: int = 1
    why: str = ""

"""What pages say of alerts, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from headway.publish.pages import Count, Link, Stamp, Verdict


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody may do, and the command line that does it, to be copied."""

    does: str
    line: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened in an episode: when, and what."""

    at: datetime
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Urgency:
    """A level: its name, and one to three bars, three for the one that leaves the least time to respond."""

    level: str
    bars: int

    @property
    def word(self) -> str:
        """The name with a capital."""
        return f"{self.level[:1].upper()}{self.level[1:]}".replace("_", " ")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One rule-cell that is not simply fine: what it saw, since when, who knows, and what can be done.

    Keys of its state: firing, recovering, pending, acknowledged, silenced; and where nothing can be judged, no data,
    stale, withheld, failed. `value` is the number within `text` that a page may set in bold; `rule` is '' where `text`
    says it. `told` says who knows of it, or why nobody does; `said` what somebody said to it. `urgent` marks what is
    most severe and in nobody's hands.
    """

    id: str
    alert: str
    title: str
    kpi: str
    subject: str
    cell: Mapping[str, str]
    urgency: Urgency
    state: Verdict
    fires: bool
    urgent: bool
    text: str
    value: str
    rule: str
    since: str
    since_at: datetime | None
    told: str
    said: str
    commands: tuple[Command, ...] = ()
    log: tuple[Happened, ...] = ()

    @property
    def blind(self) -> bool:
        """True where there is nothing to judge."""
        return self.state.key in ("no data", "stale", "withheld", "failed")


@dataclass(frozen=True, slots=True)
class Resolved:
    """An episode that ended: from when to when, its worst value, and who looked after it."""

    id: str
    alert: str
    title: str
    urgency: Urgency
    fired: str
    ended: str
    lasted: str
    worst: str
    taken: str
    fired_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A way to people: whether it takes what it is given, and how much waits.

    Keys of its state: pass, failed, and no data where nothing was to be told lately.
    """

    name: str
    state: Verdict
    text: str
    waiting: int


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """Whom nobody is told of, until when, and why."""

    id: str
    what: str
    until: str
    left: str
    who: str
    why: str
    until_at: datetime
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that was posted and is not closed."""

    text: str
    since: str
    who: str
    why: str
    since_at: datetime
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRow:
    """An alert as it is declared, and how many of its rule-cells stand how."""

    name: str
    title: str
    urgency: Urgency
    route: str
    text: str
    why: str
    respond: str
    kpis: tuple[Link, ...]
    counts: tuple[Count, ...]
    #: Its rule-cells by name, as far as they are not fine.
    cells: tuple[AlertRow, ...]
    declared_at: str


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """What fires, what is in somebody's hands or silent, what cannot be judged, what ended, and every rule.

    `note` says what of a page of then is not known; `ended` sums up what was resolved.
    """

    stamp: Stamp
    active: tuple[AlertRow, ...]
    handled: tuple[AlertRow, ...]
    blind: tuple[AlertRow, ...]
    resolved: tuple[Resolved, ...]
    ended: str
    routes: tuple[RouteRow, ...]
    silences: tuple[SilenceRow, ...]
    events: tuple[EventRow, ...]
    rules: tuple[RuleRow, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Watching:
    """An alert on a KPI's page: its rule, and how it stands there at worst."""

    alert: str
    title: str
    urgency: Urgency
    text: str
    state: Verdict
    #: What is not fine, with what it saw.
    cells: tuple[AlertRow, ...]

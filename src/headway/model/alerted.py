"""What becomes of alerts: the state of each rule-cell, what is to be told of it, and what people said to that.

A *rule-cell* is what one alert watches at one place: a KPI's part by a grain in one cell, a source, a check, or an
event. It has one state, and that state has one history: *episodes*, each from the moment it fires until it ends.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from headway.model.cells import read_cell


class Phase(StrEnum):
    """Where a rule-cell stands. It fires in the last two."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"

    @property
    def fires(self) -> bool:
        """True from the start of an episode until its end."""
        return self in (Phase.FIRING, Phase.RECOVERING)


class Sight(StrEnum):
    """What a rule-cell saw. Only the first three say anything of the bound; the others never fire it, nor end it."""

    FINE = "fine"
    #: Past the bound that fires.
    BEYOND = "beyond"
    #: Between the bound that fires and the one that ends it: what it was, it stays.
    BETWEEN = "between"
    NO_DATA = "no data"
    STALE = "stale"
    WITHHELD = "withheld"
    ERROR = "error"

    @property
    def blind(self) -> bool:
        """True where there is nothing to compare with the bound."""
        return self not in (Sight.FINE, Sight.BEYOND, Sight.BETWEEN)


@dataclass(frozen=True, slots=True, order=True)
class RuleCell:
    """What has one state: an alert, and what it watches there.

    `subject` says of what kind it is: `kpi mau`, `source invoices`, `check invoices.fresh`, `event`. `part`, `grain`
    and `cell` (a `cell_text`) are empty where there are none. Each event is one by itself: its `id` is the `part`.
    """

    alert: str
    subject: str
    part: str = ""
    grain: str = ""
    cell: str = ""

    @property
    def id(self) -> str:
        """What people call it on a command line: eight letters and digits, the same in every copy of the ledger."""
        said = "\x1f".join((self.alert, self.subject, self.part, self.grain, self.cell)).encode()
        return base64.b32encode(hashlib.blake2b(said, digest_size=5).digest()).decode().lower()

    @property
    def kind(self) -> str:
        """`kpi`, `source`, `check` or `event`."""
        return self.subject.partition(" ")[0]

    @property
    def name(self) -> str:
        """Which KPI, source or check it is; '' for an event."""
        return self.subject.partition(" ")[2]

    def labels(self, level: str, route: str) -> dict[str, str]:
        """What silences, and other programs, may pick it by: `LABELS` as far as it has them, and the cell's columns.

        A column with the name of a label is called `cell_...`.
        """
        said = {"alert": self.alert, "level": level, "route": route}
        if self.name:
            said[self.kind] = self.name
        return said | {column_label(column): value for column, value in read_cell(self.cell)}


#: What every rule-cell can be picked by, besides the columns of its cell.
LABELS = ("alert", "kpi", "source", "check", "level", "route")


def column_label(column: str) -> str:
    """What the column of a cell is called among labels."""
    return f"cell_{column}" if column in LABELS else column


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a rule-cell saw at one time.

    `period` is a `Period.key`, or of what has none, its moment as a number that grows; without either it is how things
    are now, and what came before is not known. `at` is the moment from which it holds: the end of the period. `value`
    and `bound` are in the unit of what is watched (a growth and a share as a fraction). `complete` is False for a
    period that may still change. `text` says what no number can: why a source could not be read, or what a check found.
    """

    period: int | None
    at: datetime
    sight: Sight
    value: float | None = None
    bound: float | None = None
    complete: bool = True
    text: str = ""


@dataclass(frozen=True, slots=True)
class AlertState:
    """The state of a rule-cell.

    `rule` is the fingerprint of the alert with which it was advanced. `count` is how many complete periods in a row
    lead towards the start, or towards the end; `through` is the newest complete period that has been counted (a period
    without a number never is: its number may come yet). `episode` numbers the episodes of this rule-cell, 0 before the
    first; `began` is the moment from which the current one holds, and `since` that of the phase. `value`, `bound` and
    `period` are those of the last number seen, `text` of the last sight. `told` is how far past the bound the number
    of the last message about this episode was, and `worse` how many messages said that it became worse.
    """

    of: RuleCell
    rule: str
    phase: Phase = Phase.OK
    sight: Sight = Sight.FINE
    count: int = 0
    through: int | None = None
    episode: int = 0
    since: datetime | None = None
    began: datetime | None = None
    period: int | None = None
    value: float | None = None
    bound: float | None = None
    told: float | None = None
    worse: int = 0
    text: str = ""


class Tells(StrEnum):
    """What a notice tells. The first three come from the state, the others from the clock."""

    START = "start"
    WORSE = "worse"
    END = "end"
    REPEAT = "repeat"
    ESCALATION = "escalation"
    TEST = "test"


class Withdrawn(StrEnum):
    """Why an episode ends although nothing was seen that ends it, as people are told."""

    CHANGED = "The rule changed."
    GONE = "It is not watched any more."
    REMOVED = "The alert was removed."


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell of one rule-cell: made once, delivered to its route at least once.

    `id` names it in every copy of the ledger, and follows from the rule-cell, the episode, what it tells and its
    `number` (the how-manieth of its kind in the episode), so that it cannot be made twice. `at` is the moment to
    which it belongs, `made` the moment when it was made, `began` that since which it fires.
    """

    id: str
    of: RuleCell
    episode: int
    tells: Tells
    number: int
    at: datetime
    made: datetime
    level: str
    route: str
    began: datetime | None = None
    period: int | None = None
    value: float | None = None
    bound: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of handing a notice to a route: it was `sent`, or why not (`error`), at a moment.

    `dropped` says why it never will be: it was muted, silenced, or came to nothing before an outlet could take it.
    """

    notice: str
    route: str
    at: datetime
    sent: bool = False
    error: str = ""
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody looks after an episode: nothing is repeated or escalated any more, unless it is handed back."""

    of: RuleCell
    episode: int
    who: str
    why: str
    at: datetime
    #: False where it was handed back.
    taken: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told, until a moment, of what matches: rule-cells go on to be judged.

    `matchers` are exact values of `RuleCell.labels`; all of them hold. What still fires when it ends is told then.
    """

    id: str
    matchers: Mapping[str, str]
    starts: datetime
    until: datetime
    who: str
    why: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """True if it speaks of what has these labels (`RuleCell.labels`)."""
        return all(labels.get(name) == value for name, value in self.matchers.items())

    def holds(self, now: datetime) -> bool:
        """True from its start until its end."""
        return self.starts <= now < self.until


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened outside: posted by a person or a program, and closed."""

    id: str
    text: str
    opened: datetime
    who: str
    why: str = ""
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One alert as an Alertmanager takes it. It fires from `starts` until `ends`, which lies ahead while it fires.

    Its `labels` name it; `annotations` are for people. `url` leads to the page of what it watches.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts: datetime
    ends: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What one route is told at once, for people to read: one line, plain text, HTML for mail, and a picture (PNG).

    `signals` says the same to an Alertmanager, an alert for each rule-cell. A report has more `pictures`, which its
    HTML shows by their names, and `files` beside it.
    """

    title: str
    text: str
    html: str = ""
    picture: bytes = b""
    signals: tuple[Signal, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alerting:
    """How alerts stand, as the ledger keeps it; or what is added to that.

    Of silences, events and acknowledgements the newest counts for each, and only that is read.
    """

    states: tuple[AlertState, ...] = ()
    notices: tuple[Notice, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    silences: tuple[Silence, ...] = ()
    events: tuple[Event, ...] = ()

"""Reports that go out by themselves: what the catalogue says of them, and what became of each edition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from headway.errors import Place
from headway.model.words import Audience
from headway.periods import Grain, Length

#: The templates that come with Headway.
TEMPLATES = ("daily", "letter", "monthly", "quarterly", "weekly")


class SentAs(StrEnum):
    """What kind of file a report is sent as."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class On:
    """The day of a period on which something is due: the `nth` of those that count, -1 being the last.

    All days count, or working days, or those of one weekday (Monday is 0).
    """

    nth: int = 1
    working: bool = False
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report that goes out once in every period, about the newest one that is over by then.

    `document` is a path in the project, or the name of a template that comes with Headway; '' for one that says what a
    `board` shows. `deadline` is how long it waits for numbers that it lacks. With `for_each` there is one for each cell
    of these columns.
    """

    name: str
    title: str
    document: str
    every: Grain
    on: On
    at: time
    deadline: Length
    to: tuple[str, ...]
    formats: tuple[SentAs, ...]
    audience: Audience
    place: Place
    for_each: tuple[str, ...] = ()
    board: str = ""


class EditionState(StrEnum):
    """What became of an edition."""

    SKIPPED = "skipped"  #: it was due before anybody looked: what is new begins in silence
    WAITING = "waiting"  #: numbers are late or withheld, and the deadline is not over
    FAILED = "failed"  #: its document says something that cannot be
    LOOKED = "looked"  #: it is made for each cell, and these stand for themselves; others may still come
    BUILT = "built"


@dataclass(frozen=True, slots=True)
class Edition:
    """A report about one period as it stood at a moment: which cell is its `own` ('' where it is about everything).

    `lacks` says what is missing, or what failed. `numbers` is the uuid of the run whose numbers were looked at,
    `digest` the SHA-256 of its files, which stand in `folder`, a path in the project.
    """

    report: str
    grain: str
    period: str
    own: str
    due: datetime
    at: datetime
    state: EditionState
    lacks: str = ""
    numbers: str = ""
    digest: str = ""
    folder: str = ""
    subject: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.report, self.period, self.own


class PostingState(StrEnum):
    """What came of handing an edition to a route."""

    BEGUN = "begun"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"  #: it was begun, and nobody lived to say how it ended: it is not sent again


@dataclass(frozen=True, slots=True)
class Posting:
    """What came of handing an edition to a route, at a moment; `error` says why it was not taken."""

    report: str
    period: str
    own: str
    route: str
    at: datetime
    state: PostingState
    error: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The edition."""
        return self.report, self.period, self.own

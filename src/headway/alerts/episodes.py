"""What was told so far: the notices of each episode, and what came of handing them out (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from headway.model import Notice, RuleCell, Tells

#: The longest wait between two attempts at an outlet.
LONGEST = timedelta(minutes=60)


@dataclass(slots=True)
class Tried:
    """What came of a notice so far."""

    sent: datetime | None = None
    dropped: str = ""
    failed: list[datetime] = field(default_factory=list)
    error: str = ""

    @property
    def settled(self) -> bool:
        """True once nothing is to be done with it any more."""
        return self.sent is not None or bool(self.dropped)

    @property
    def first(self) -> datetime | None:
        """When anybody was first to be told."""
        return min([*self.failed, *([self.sent] if self.sent else [])], default=None)


@dataclass(slots=True)
class Episode:
    """What there is to tell of one episode."""

    of: RuleCell
    number: int
    start: Notice | None = None
    end: Notice | None = None
    #: WORSE, REPEAT, ESCALATION, and ends for others than the route of the start.
    others: list[Notice] = field(default_factory=list)

    @property
    def notices(self) -> Iterator[Notice]:
        """All of them."""
        yield from (one for one in (self.start, *self.others, self.end) if one is not None)

    @property
    def first(self) -> Notice:
        """Its start, where that is known."""
        return next(self.notices)

    def of_kind(self, tells: Tells) -> list[Notice]:
        """Those of `others` that tell this, in the order in which they were made."""
        return [one for one in self.others if one.tells is tells]


def episodes(notices: Iterable[Notice]) -> list[Episode]:
    """The episodes that notices speak of; a test has none."""
    found: dict[tuple[RuleCell, int], Episode] = {}
    for one in notices:
        if one.tells is Tells.TEST:
            continue
        episode = found.setdefault((one.of, one.episode), Episode(one.of, one.episode))
        if one.tells is Tells.START:
            episode.start = one
        elif one.tells is Tells.END and one.number == 1:
            episode.end = one
        else:
            episode.others.append(one)
    return list(found.values())


def pause(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(timedelta(minutes=2 ** min(failures - 1, 10)), LONGEST)

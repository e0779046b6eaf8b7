"""What the front page says, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from headway.publish.alertpages import AlertRow
from headway.publish.pages import Count, Group, Sentence, Stamp, Tile


@dataclass(frozen=True, slots=True)
class Front:
    """The front page: counts by status, what needs someone, the headlines, then everything else by area."""

    stamp: Stamp
    counts: tuple[Count, ...]
    brief: tuple[Sentence, ...]
    #: How many more need someone than `brief` has room for.
    more: int
    notices: tuple[str, ...]
    #: What checks hold back, in a sentence, or ''.
    held: str
    #: How many closed numbers wait for a decision, in a sentence, or ''.
    undecided: str
    #: What fires and is in nobody's hands, the most severe first.
    alerts: tuple[AlertRow, ...]
    headlines: tuple[Tile, ...]
    groups: tuple[Group, ...]

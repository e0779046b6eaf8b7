"""What stands on more than one page, as frozen data: a card, a status, a number, what every page comes from.

Numbers stand twice: as stored (`value`) and as read (`text`), so that no reader has to format, and none can disagree.
`None` stands only where a field does not apply; a page never shows it. The pages made of these are shapes as well, in
`frontpage`, `kpipages`, `boardpages`, `findingpages`, `checkpages`, `objectivepages` and `alertpages`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from headway.formats.numbers import Change, Piece


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status for people. `key` is the stored word, or `stale` or `failed`; `word` depends on the target's side.

    Keys: on near off over · no target, no data, partial, withheld, not tracked yet, retired, stale, failed, restricted.
    """

    key: str
    word: str

    @property
    def slug(self) -> str:
        """The key as a CSS class and the name of its icon."""
        return self.key.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Shown:
    """One number: as stored, as read on a tile, and in pieces of two sizes."""

    value: float | None
    text: str
    pieces: tuple[Piece, ...] = ()
    #: The value is this or more: nobody knows farther ahead.
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A change with what it is compared with, in words: "vs September", "vs 1 to 20 October"."""

    change: Change
    versus: str


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: the value, the bounds in force, and whether it may still change."""

    period: str
    value: float | None
    low: float | None = None
    high: float | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How a running period stands against its target: in a word, and whole."""

    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Running:
    """The period that still runs, beside the last complete one."""

    label: str
    shown: Shown
    compared: Compared | None = None
    judged: str | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One KPI on a board, top to bottom as it stands there.

    `shown` is the value of `period`; without one, `shown.text` is the status word, `last_good` the newest value
    there is with its period, and `reason` says why. `until` is the newest day whose data it holds; `note` is the
    word on the data ("Data passed"), `news` is true if that word needs reading.
    """

    name: str
    title: str
    area: str
    area_title: str
    about: str
    unit: str
    shown: Shown
    period: str | None
    period_label: str
    verdict: Verdict
    #: What the value covers, in full: "in the 30 days to 20 Nov 2026".
    when: str = ""
    compared: Compared | None = None
    running: Running | None = None
    target: str | None = None
    judged: str | None = None
    pace: Pace | None = None
    last_good: str | None = None
    reason: str | None = None
    points: tuple[Point, ...] = ()
    until: str = ""
    note: str = ""
    news: bool = False
    restated: str | None = None
    #: What waits for a decision in place of the number.
    waits: str | None = None
    owner: str = ""
    contact: str = ""
    audience: str = ""
    rank: str | None = None
    kind: str = ""
    maturity: str = "tracked"
    sources: tuple[str, ...] = ()

    @property
    def has_value(self) -> bool:
        """True if a number stands on the tile, and not a word in its place."""
        return self.shown.value is not None


@dataclass(frozen=True, slots=True)
class Group:
    """KPIs that belong to one area, under its title."""

    name: str
    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many KPIs have a status: "2 off target"."""

    verdict: Verdict
    number: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that needs someone. `title` opens the sentence and links to the KPI `name`; `text` goes on.

    `value` is the number within `text` that a page may set in bold, or ''.
    """

    verdict: Verdict
    name: str
    title: str
    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where every page comes from: the run, its time, the zone in which days are cut, the reader."""

    project: str
    title: str
    audience: str
    zone: str
    run: int | None
    computed: str
    computed_at: datetime | None
    as_of: datetime | None
    #: Of the catalogue, on pages made of all of it; '' on others, which a change elsewhere leaves as they are.
    fingerprint: str
    #: Of pages of the past: since when they are, and what of them is not; else ''.
    then: str = ""
    #: How many alerts fire and nobody looks after; None for readers without a page of alerts.
    firing: int | None = None


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Something that a reader has to know to read a curve right: the days, `when` in words, and the text."""

    on: date
    through: date
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Another KPI, for the lists of what this one is made from and what it feeds."""

    name: str
    title: str
    note: str = ""

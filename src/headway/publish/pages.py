"""What each page says, as frozen data: the one shape behind HTML, the JSON twins, the server and the terminal.

Numbers stand twice: as stored (`value`) and as read (`text`), so that no reader has to format, and none can disagree.
`None` stands only where a field does not apply; a page never shows it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from headway.publish.alertpages import AlertRow, AlertsPage, Watching
from headway.publish.findingpages import AreaPage, CataloguePage, NotesPage
from headway.publish.numbers import Change, Piece
from headway.publish.objectivepages import ObjectivePage, ObjectivesPage

if TYPE_CHECKING:
    from headway.publish.chosenpages import Chosen

#: Raised when a field of the JSON twins changes its meaning or goes.
FORMAT = 1


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
    #: What fires and is in nobody's hands, the most severe first.
    alerts: tuple[AlertRow, ...]
    headlines: tuple[Tile, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Was:
    """One value that a number had: from when to when it was published, why it came, and who decided so.

    `until` is '' for the one that stands. `restatement` changed a closed number to it; `fingerprint` is that of the
    definition that made it.
    """

    value: float | None
    text: str
    since: str
    until: str
    published: datetime
    run: int
    fingerprint: str
    restatement: int | None
    why: str
    decided: str


@dataclass(frozen=True, slots=True)
class Waits:
    """A number that a run computed where another one stays published: `state` is waiting or rejected."""

    restatement: int
    state: str
    value: float | None
    text: str
    why: str
    since: str
    decided: str


@dataclass(frozen=True, slots=True)
class Row:
    """One period in the table of values. `full` is the value with all its digits.

    `values` are all that it had, the newest first, if it ever changed; `waits` is what is proposed in its place.
    `break_before` says what changed in how numbers are made between the period before and this one.
    """

    period: str
    label: str
    first: date
    value: float | None
    full: str
    verdict: Verdict
    target: str
    low: float | None
    high: float | None
    partial: bool
    imported: bool = False
    compared: str | None = None
    year_before: str | None = None
    n: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    note: str = ""
    at_least: bool = False
    values: tuple[Was, ...] = ()
    waits: Waits | None = None
    break_before: str = ""


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell of a breakdown: its newest complete value and its line. `label` is the cell's value in words."""

    label: str
    cell: Mapping[str, str]
    shown: Shown
    verdict: Verdict
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A KPI by one or more columns. `adds_up` is true only where the cells are parts of the total."""

    name: str
    title: str
    grain: str
    period_label: str
    adds_up: bool
    cells: tuple[CellRow, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """A target as written: when it holds, for which cell, why. `current` is the one in force today.

    `detail` is what the bound does not say: where a line begins, how bands follow each other. `decided` names the
    review of targets that it comes from.
    """

    span: str
    bound: str
    cell: str
    grain: str
    current: bool
    why: str = ""
    detail: str = ""
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """A KPI's growth over one length, judged: the total by period, newest first, and its newest cells."""

    name: str
    title: str
    period_label: str
    rows: tuple[Row, ...]
    cells: tuple[CellRow, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """What others reach."""

    who: str
    bound: str
    link: str | None


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """Rows that are taken out on the record: which, of which days, why, and how many the newest run met."""

    where: str
    span: str
    why: str
    link: str | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class SourceRows:
    """What one source gave when it was last read: rows read, rows that each step left out, and those on the record."""

    name: str
    about: str
    rows: int | None
    removed: Mapping[str, int]
    through: str
    failed: str | None = None
    notes: tuple[str, ...] = ()
    #: Rows taken out on the record.
    exclusions: tuple[ExclusionRow, ...] = ()
    #: When it was read, in words.
    read: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A number that was published and then changed: by which restatement, why, and who decided so."""

    restated: str
    period: str
    was: str
    now: str
    restatement: int | None
    why: str
    decided: str


@dataclass(frozen=True, slots=True)
class RestatedLine:
    """A change of closed numbers by one cause: how many numbers of this KPI it changes, or would, and most of all."""

    id: int
    state: str
    why: str
    numbers: int
    largest: str
    seen: str
    decided: str


@dataclass(frozen=True, slots=True)
class DefinitionVersion:
    """A definition: its fingerprint, the run and moment with which it came into force, and how many there were before.

    `since` is '' for a KPI that was never computed.
    """

    fingerprint: str
    since: str
    run: int | None
    before: int


@dataclass(frozen=True, slots=True)
class Explained:
    """One number whole: what it is, every value that it had, what waits, and the target in force for its period."""

    kpi: str
    title: str
    part: str
    cell: Mapping[str, str]
    label: str
    row: Row
    target: Promise | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What somebody entered, in words. `said` is who did, when and why, in a sentence; `link` is evidence to open."""

    period: str
    label: str
    cell: Mapping[str, str]
    text: str
    evidence: str
    link: str
    said: str
    entered_by: str
    entered_on: str
    note: str
    revision: int


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Something that a reader has to know to read a curve right: the days, `when` in words, and the text."""

    on: date
    through: date
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Aim:
    """An objective that expects something of a KPI: of which number, and how that stands."""

    name: str
    title: str
    label: str
    verdict: Verdict
    says: str


@dataclass(frozen=True, slots=True)
class Link:
    """Another KPI, for the lists of what this one is made from and what it feeds."""

    name: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column behind a KPI, and what it is read for; a KPI that is made from KPIs leaves that to their pages."""

    name: str
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source behind a KPI: the columns that are read, and the inputs of the KPI that read them, if it does not."""

    name: str
    about: str
    columns: tuple[ReadColumn, ...]
    through: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One input of a KPI over rows: `use` is what it is for, `what` the columns or the condition."""

    use: str
    what: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """From the data to those who look: sources with columns, this KPI's inputs, and who reads, shows and watches it.

    A KPI has `uses` if it reads rows, and `made_from` if it reads KPIs. `note` says what is not known.
    """

    sources: tuple[ReadSource, ...]
    uses: tuple[Read, ...]
    made_from: tuple[Link, ...]
    feeds: tuple[Link, ...]
    boards: tuple[Link, ...]
    alerts: tuple[Link, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one run came to of one check."""

    run: int
    day: str
    passed: bool
    failed: int
    seen: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of a source or KPI (`subject`): what it asks for, how it stands, and what it holds back.

    Keys of its verdict: withheld, warn, failed (its source was not read), no data (no run has looked), near (some
    failures are tolerated), pass. `found` says what was found where anything fails; `looks` are the last runs, oldest
    first, and `said` the same in words. `sample` are some of the rows that fail, people masked, for readers who may see
    rows.
    """

    subject: str
    name: str
    family: str
    then: str
    verdict: Verdict
    asks: str
    why: str
    found: str
    failed: int | None
    seen: int | None
    looks: tuple[Looked, ...]
    said: str
    failing_since: str
    last_passed: str
    holds: tuple[Link, ...]
    sample: tuple[Mapping[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """The checks of one source or KPI, those that fail first."""

    of: str
    name: str
    title: str
    about: str
    rows: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """One of the four qualities of data: how many checks look after it, and how they stand."""

    name: str
    checks: int
    counts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class QualityPage:
    """Every check: by family how many stand how, which KPIs have numbers held back, then all by source and KPI."""

    stamp: Stamp
    families: tuple[FamilyRow, ...]
    held: tuple[Sentence, ...]
    groups: tuple[CheckGroup, ...]


@dataclass(frozen=True, slots=True)
class KpiPage:
    """One KPI whole, with its values at one grain; `rows` are newest first.

    `written_at` is the file without a line: a line added above a definition changes nothing of it.
    `written` and `sql` are None where showing them would tell a reader of KPIs that are not for them.
    """

    stamp: Stamp
    tile: Tile
    grain: str
    grains: tuple[str, ...]
    finding: str
    why: str
    rows: tuple[Row, ...]
    breakdowns: tuple[Breakdown, ...]
    targets: tuple[Promise, ...]
    near: str
    growths: tuple[Growth, ...]
    benchmarks: tuple[Others, ...]
    definition: tuple[str, ...]
    written: str | None
    written_at: str
    sql: str | None
    fingerprint: str
    sources: tuple[SourceRows, ...]
    #: The checks on which its numbers stand, those that fail first.
    checks: tuple[CheckRow, ...]
    earlier: tuple[Earlier, ...]
    restatements: tuple[RestatedLine, ...]
    version: DefinitionVersion
    #: What people entered, newest first: texts of a KPI that is told in words, and who typed numbers, when and why.
    entries: tuple[EntryRow, ...]
    lineage: Lineage
    #: What happened, the oldest first: charts mark those within their span.
    notes: tuple[NoteRow, ...]
    #: What objectives expect of it.
    aims: tuple[Aim, ...]
    #: What watches it.
    alerts: tuple[Watching, ...] = ()
    #: What its reader asked for, where somebody can be asked.
    chosen: Chosen | None = None


Page = (
    Front | KpiPage | CataloguePage | AreaPage | NotesPage | QualityPage | AlertsPage | ObjectivesPage | ObjectivePage
)


def plain(thing: object) -> Any:
    """The JSON twin of a page: dicts, lists, text and numbers, in the order of the fields."""
    if thing is None or type(thing) in (str, float, int, bool):  # nearly everything, in pages of a thousand rows
        return thing
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {name: plain(getattr(thing, name)) for name in fields(type(thing))}
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(item) for item in thing]
    if isinstance(thing, date | datetime):
        return thing.isoformat()
    return thing.value if isinstance(thing, Enum) else thing


@cache
def fields(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields, but for `pieces`: sizes of type are the page's business."""
    return tuple(field.name for field in dataclasses.fields(kind) if field.name != "pieces")

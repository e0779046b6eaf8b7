"""What the page of one KPI says, as frozen data: its numbers and all they had, its definition, what is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from headway.publish.alertpages import Watching
from headway.publish.boardpages import ChartTile
from headway.publish.checkpages import CheckRow
from headway.publish.chosenpages import Chosen
from headway.publish.pages import Link, NoteRow, Point, Shown, Stamp, Tile, Verdict


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
class Aim:
    """An objective that expects something of a KPI: of which number, and how that stands."""

    name: str
    title: str
    label: str
    verdict: Verdict
    says: str


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
    #: What is drawn of a KPI that has no total: its cells together, or its cohorts, whole and by cell.
    apart: tuple[ChartTile, ...] = ()

"""The nouns of Headway, resolved and frozen: what the catalogue says (Source, Kpi, Target) and what a run makes of it.

Nothing here reads a file, runs SQL or knows a library. Expressions stay text with their place; `plan` gives them
meaning. A KPI's numbers travel as one Arrow table of the schema `OBSERVED`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Literal

import pyarrow as pa

from headway.errors import Place
from headway.periods import Calendar, Grain, Length, Window

# -- words ---------------------------------------------------------------------------------------------------------


class Audience(StrEnum):
    """Who may see a KPI or board, widest first."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"

    def may_see(self, wanted: Audience) -> bool:
        """True if a reader of this audience may see something meant for `wanted`."""
        order = list(Audience)
        return order.index(self) >= order.index(wanted)


class Rank(StrEnum):
    """How prominent a KPI is."""

    HEADLINE = "headline"
    PRIMARY = "primary"
    SECONDARY = "secondary"


class Better(StrEnum):
    """Which direction is good. It colours nothing by itself; a status comes from a target."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


class Take(StrEnum):
    """How a state is shown for a longer period: from its own values within it."""

    LAST = "last"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    SUM = "sum"  # `entered` only: typed flows


class Empty(StrEnum):
    """What no rows mean within what a source can speak of."""

    ZERO = "zero"
    NO_DATA = "no data"


class UnitKind(StrEnum):
    """The families of units; each has its way of being shown."""

    PERCENT = "percent"  # stored as a fraction
    CURRENCY = "currency"
    ELAPSED = "elapsed"  # ms seconds minutes hours days weeks
    COUNTED = "counted"  # working days, months
    BYTES = "bytes"
    POINTS = "points"  # signed
    NOUN = "noun"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts: `percent`, `USD`, `ms`, `people`, or nothing. `name` is as written."""

    kind: UnitKind
    name: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Expression:
    """A row-level SQL expression in DuckDB's dialect, or a formula, as written; `place` is where its text begins."""

    text: str
    place: Place | None = None

    def __str__(self) -> str:
        return self.text


# -- cells ---------------------------------------------------------------------------------------------------------

#: One cell of a breakdown: ((column, value), ...) in the order of the breakdown. The total is ().
Cell = tuple[tuple[str, str], ...]
TOTAL: Cell = ()
#: What a missing value is called, as a cell.
NONE_CELL = "(none)"


def cell_text(cell: Cell) -> str:
    """The stored form of a cell: a JSON object, or '' for the total."""
    return json.dumps(dict(cell), ensure_ascii=False) if cell else ""


def read_cell(text: str) -> Cell:
    """The cell that `cell_text` wrote."""
    return tuple((k, str(v)) for k, v in json.loads(text).items()) if text else TOTAL


def cell_value(value: object) -> str:
    """The text of a breakdown's value as it stands in a cell: true, false, 3, education, (none)."""
    if value is None:
        return NONE_CELL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# -- sources -------------------------------------------------------------------------------------------------------

ColumnType = Literal["text", "integer", "number", "boolean", "date", "timestamp", "list"]


@dataclass(frozen=True, slots=True)
class Format:
    """How text files and spreadsheets are to be read; every key may be left out.

    `header` is the row number (from 1) that holds the names; rows above it are skipped. `missing` are texts that mean
    no value. `currency`, `thousands` and `decimal` say how numbers are written ("$1,234.50"). `totals` are texts that,
    standing in a row's first filled cell, mark it as a totals row: it is left out, and counted. `dates` is a strftime
    pattern. `path` is where the rows are inside a JSON document ("data.items").
    """

    separator: str | None = None
    header: int | None = None
    dates: str | None = None
    missing: tuple[str, ...] = ()
    thousands: str | None = None
    decimal: str | None = None
    currency: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    sheet: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class FilesReader:
    """Parquet, CSV, TSV, JSON, JSON lines or XLSX files, by suffix; patterns are relative to the project."""

    patterns: tuple[str, ...]
    format: Format = Format()


@dataclass(frozen=True, slots=True)
class TableReader:
    """A table of a database. `database` is a SQLite file, or `env:NAME` that holds its path."""

    table: str
    database: str


@dataclass(frozen=True, slots=True)
class GitReader:
    """The commits of local git repositories, as `git log` tells them."""

    paths: tuple[str, ...]


Reader = FilesReader | TableReader | GitReader


@dataclass(frozen=True, slots=True)
class Reference:
    """`column` holds a key of `source`: many to one."""

    column: str
    source: str
    optional: bool = False
    tolerate: float = 0.0
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows taken out on the record, dated by the source's time; both days inclusive."""

    where: Expression
    why: str
    first: date | None = None
    through: date | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from and what they mean. See docs/language.md, "Sources"."""

    name: str
    reader: Reader
    place: Place
    about: str = ""
    columns: Mapping[str, ColumnType] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    latest_by: str | None = None
    time: str | None = None
    until: str | None = None  # a moment, exclusive
    through: str | None = None  # a day, inclusive
    known_on: str | None = None
    times_in: str = "UTC"
    sparse: bool = False
    late_after: Length | None = None
    people: tuple[str, ...] = ()
    refers: Mapping[str, Reference] = field(default_factory=dict)
    derive: Mapping[str, Expression] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    #: Places of the things a later room may complain about, by path: "time", "people", "derive.usd", "refers.hub".
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Located:
    """Where the rows of a source are: files that an engine reads in place, or rows already read into Arrow.

    `stamps` name each file with its size and modification time, so that a later run can tell what changed.
    """

    source: str
    kind: Literal["parquet", "csv", "json", "arrow"]
    files: tuple[Path, ...] = ()
    format: Format = Format()
    table: pa.Table | None = None
    stamps: tuple[tuple[str, int, int], ...] = ()
    #: For rows read out of files (spreadsheets): how many each file gave, and the row number (from 1) of its first.
    blocks: tuple[tuple[int, int], ...] = ()
    #: Rows that reading itself left out, by reason ("totals row"), and sentences for people.
    removed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


#: What an engine says of a column it attached. `timestamp` names no zone, `timestamptz` is a moment.
SqlType = Literal["text", "integer", "number", "boolean", "date", "timestamp", "timestamptz", "list", "other"]
#: Source -> column -> type, in the order of the columns.
Schemas = Mapping[str, Mapping[str, SqlType]]


# -- what a KPI measures -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count: source`, or `sum mean min max: source.column`. A flow."""

    function: Literal["count", "sum", "mean", "min", "max"]
    source: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """`share: source.boolean_column`: rows that are true over rows that are not null. A flow."""

    source: str
    column: str


@dataclass(frozen=True, slots=True)
class Quantile:
    """`median: source.column`, or `p95`, `p99.9`: the value that this many percent of the rows stay under. A flow."""

    function: str  # as written
    source: str
    column: str

    @property
    def level(self) -> float:
        """0.5 for `median`, 0.95 for `p95`."""
        return 0.5 if self.function == "median" else float(Decimal(self.function[1:]) / 100)


@dataclass(frozen=True, slots=True)
class Nps:
    """`nps: source.score`: 100 x (share of scores >= `promoters` - share <= `detractors`), nulls left out. A flow."""

    source: str
    column: str
    promoters: float = 9.0
    detractors: float = 6.0


@dataclass(frozen=True, slots=True)
class Distinct:
    """`distinct: source.column`: different values among the rows of the span. A flow."""

    source: str
    column: str


@dataclass(frozen=True, slots=True)
class Open:
    """`open: source[.column]`: rows, or distinct values, under way at the end of the period. A state."""

    source: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """`balance: source[.column]`: the sum over the newest copy in the period, or with `per` each one's last row."""

    source: str
    column: str | None = None
    per: str | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression over KPIs. `inputs` are the names of the KPIs it reads, in order of appearance."""

    expression: Expression
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """Numbers typed by people into a CSV file of the project."""

    path: str


Measure = Aggregate | Quantile | Share | Nps | Distinct | Open | Balance | Formula | Entered
#: Kinds that read rows of one source.
RowMeasure = Aggregate | Quantile | Share | Nps | Distinct | Open | Balance


#: What kinds give beside their value: counts of nothing are 0, bounds of nothing are no data.
_PARTS: Mapping[type, Mapping[str, Empty]] = {
    Share: {"low": Empty.NO_DATA, "high": Empty.NO_DATA},
    Nps: {
        "promoters": Empty.ZERO,
        "passives": Empty.ZERO,
        "detractors": Empty.ZERO,
        "low": Empty.NO_DATA,
        "high": Empty.NO_DATA,
    },
}


@dataclass(frozen=True, slots=True)
class Target:
    """A dated bound on a KPI's value. `at_least` has only `low`, `at_most` only `high`, `between` both; inclusive.

    `near` is the value from which a miss is near; `between` may have one on each side.
    """

    low: float | None
    high: float | None
    grain: Grain
    cell: Cell = TOTAL
    #: The breakdown whose every cell is judged (`for: {segment: each}`), else None.
    each: str | None = None
    first: date | None = None
    through: date | None = None
    near_low: float | None = None
    near_high: float | None = None
    owner: str | None = None
    why: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI, resolved: every default filled in. `measure` is None for a KPI that is planned but not measured yet."""

    name: str
    title: str
    measure: Measure | None
    unit: Unit
    grain: Grain
    audience: Audience
    place: Place
    #: The YAML as written, shown under "How this is calculated".
    written: str
    about: str = ""
    why: str = ""
    area: str | None = None
    owner: str | None = None
    rank: Rank | None = None
    decimals: int | None = None
    better: Better = Better.NONE
    by: tuple[tuple[str, ...], ...] = ()
    by_grain: Grain = Grain.DAY
    where: Expression | None = None
    time: str | None = None
    window: Window | None = None
    take: Take = Take.LAST
    empty: Empty = Empty.NO_DATA
    tracked_from: date | None = None
    retired_on: date | None = None
    history: str | None = None
    targets: tuple[Target, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def source(self) -> str | None:
        """The source whose rows it reads, or None for kinds over KPIs and files of numbers."""
        return self.measure.source if isinstance(self.measure, RowMeasure) else None

    @property
    def is_state(self) -> bool:
        """True if it is a function of a moment, so that a longer period takes one of its own values."""
        return self.window is not None or isinstance(self.measure, Open | Balance | Entered)

    @property
    def parts(self) -> Mapping[str, Empty]:
        """The numbers that come with the value, `csat.low`, and what no rows mean for each."""
        return _PARTS.get(type(self.measure), {})

    def nothing(self, part: str = "") -> Empty:
        """What no rows mean for the value, or for a part."""
        return self.parts[part] if part else self.empty

    def grains(self, cell: bool = False) -> tuple[Grain, ...]:
        """The grains kept for the total, or for cells."""
        return (self.by_grain if cell else self.grain).longer()

    def at(self, key: str) -> Place:
        """Where `key` is written, or the KPI itself."""
        return self.places.get(key, self.place)


# -- the project ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the organisation that owns KPIs."""

    name: str
    title: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """The organisation's name, logo (path in the project) and accent colour (light, dark)."""

    name: str = ""
    logo: str | None = None
    accent: str | None = None
    accent_dark: str | None = None


@dataclass(frozen=True)
class Catalog:
    """Everything a project declares, resolved. `fingerprint` changes when anything that it says changes."""

    root: Path
    name: str
    title: str
    calendar: Calendar
    sources: Mapping[str, Source]
    kpis: Mapping[str, Kpi]
    fingerprint: str
    audience: Audience = Audience.INTERNAL
    min_group_size: int = 5
    max_cells: int = 200
    near_within: float = 0.05
    ledger: str = ".headway/ledger.db"
    brand: Brand = Brand()
    owners: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, Area] = field(default_factory=dict)

    def in_order(self) -> Iterator[Kpi]:
        """KPIs so that each comes after those that its formula reads."""
        done: set[str] = set()

        def visit(name: str) -> Iterator[Kpi]:
            if name in done:
                return
            done.add(name)
            kpi = self.kpis[name]
            if isinstance(kpi.measure, Formula):
                for read in kpi.measure.inputs:
                    yield from visit(read)
            yield kpi

        for name in self.kpis:
            yield from visit(name)

    def upstream(self, name: str) -> tuple[str, ...]:
        """The sources that a KPI reads, through formulas and references, nearest first."""
        found: dict[str, None] = {}

        def source(name: str) -> None:
            if name not in found:
                found[name] = None
                for reference in self.sources[name].refers.values():
                    source(reference.source)

        def kpi(name: str) -> None:
            if name not in seen:
                seen.add(name)
                it = self.kpis[name]
                if it.source:
                    source(it.source)
                elif isinstance(it.measure, Formula):
                    for read in it.measure.inputs:
                        kpi(read)

        seen: set[str] = set()  # formulas share inputs
        kpi(name)
        return tuple(found)


# -- what a run makes ----------------------------------------------------------------------------------------------


class Reason(StrEnum):
    """Why there is no value. The words stand on the page as they are."""

    NO_ROWS = "no data"
    ZERO_DENOMINATOR = "no data: the denominator is 0"
    INPUT_MISSING = "no data in an input"
    CHECK_FAILED = "check failed"
    GROUP_TOO_SMALL = "group too small"
    INPUT_WITHHELD = "input withheld"

    @property
    def withheld(self) -> bool:
        """True if there is a number, and it is held back."""
        return self in (Reason.CHECK_FAILED, Reason.GROUP_TOO_SMALL, Reason.INPUT_WITHHELD)


class Status(StrEnum):
    """The verdict on one period, or why there is none. The first four judge the number."""

    ON = "on"
    NEAR = "near"
    OFF = "off"
    OVER = "over"
    NO_TARGET = "no target"
    NO_DATA = "no data"
    PARTIAL = "partial"
    WITHHELD = "withheld"
    NOT_TRACKED = "not tracked yet"
    RETIRED = "retired"


class Flag(IntEnum):
    """Bits of an observation's `flags`."""

    PARTIAL = 1  # the period still runs, or rows may still come
    IMPORTED = 2  # from a `history` file: published before the tool existed
    GONE = 4  # set by the ledger alone: a later run no longer had this observation


#: The numbers of one KPI, one row per (part, grain, cell, period). `part` is '' for the value itself; `cell` is
#: `cell_text`; `period` is `Period.key`; `value` is null with a `reason` (a `Reason`'s text); `n` counts rows, or
#: entities for distinct; `so_far` and `so_far_before` are a running period's value through its last complete day
#: and the same span of the period before.
OBSERVED = pa.schema(
    [
        pa.field("part", pa.string(), nullable=False),
        pa.field("grain", pa.string(), nullable=False),
        pa.field("cell", pa.string(), nullable=False),
        pa.field("period", pa.int64(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("reason", pa.string()),
        pa.field("n", pa.float64()),
        pa.field("numerator", pa.float64()),
        pa.field("denominator", pa.float64()),
        pa.field("flags", pa.int8(), nullable=False),
        pa.field("so_far", pa.float64()),
        pa.field("so_far_before", pa.float64()),
    ]
)

#: The verdicts of one KPI, one row per judged (part, grain, cell, period): a `Status`'s text and the bounds in force.
JUDGED = pa.schema(
    [
        pa.field("part", pa.string(), nullable=False),
        pa.field("grain", pa.string(), nullable=False),
        pa.field("cell", pa.string(), nullable=False),
        pa.field("period", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Load:
    """What one source gave in one run: rows read, and what each step took out, by the step's name.

    `first` and `newest` are the moments of its first and newest row as ISO text; `failed` says why it could not be
    read. `notes` are sentences for people ("2 new columns: a, b").
    """

    source: str
    rows: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)
    first: str | None = None
    newest: str | None = None
    failed: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """What a run made of one KPI: its numbers and verdicts, the SQL that reads for it alone, or why it failed."""

    kpi: str
    fingerprint: str
    sql: str = ""
    observed: pa.Table | None = None
    judged: pa.Table | None = None
    failed: str | None = None

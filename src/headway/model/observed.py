"""What a run makes of KPIs: numbers, verdicts, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum, unique

import pyarrow as pa

from headway.model.checks import Checked


class Reason(StrEnum):
    """Why there is no value. The words stand on the page as they are."""

    NO_ROWS = "no data"
    TOO_EARLY = "too early to say"
    ZERO_DENOMINATOR = "no data: the denominator is 0"
    INPUT_MISSING = "no data in an input"
    NO_TOTAL = "no total"
    TOO_FEW_REACHED = "no data: too few got there in time"
    STILL_WATCHED = "no data: not watched long enough yet"
    CHECK_FAILED = "check failed"
    GROUP_TOO_SMALL = "group too small"
    INPUT_WITHHELD = "input withheld"
    TOO_FEW = "too few answers"
    INCOMPLETE = "incomplete"  # a total, some of whose cells are withheld or stale
    CHANGE_WAITS = "change waits"  # nothing is published any more, and what would be waits for a decision

    @property
    def withheld(self) -> bool:
        """True if there is a number, and it is held back."""
        return self in _WITHHELD


_WITHHELD = frozenset(
    {
        Reason.CHECK_FAILED,
        Reason.GROUP_TOO_SMALL,
        Reason.INPUT_WITHHELD,
        Reason.TOO_FEW,
        Reason.INCOMPLETE,
        Reason.CHANGE_WAITS,
    }
)


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


@unique
class Flag(IntEnum):
    """Bits of an observation's `flags`."""

    PARTIAL = 1  # the period still runs, or rows may still come
    IMPORTED = 2  # from a `history` file: published before the tool existed
    GONE = 4  # set by the ledger alone: a later run no longer had this observation
    AT_LEAST = 8  # as large as the value, or larger: nobody knows farther ahead
    OPEN_ENDED = 16  # it may still rise, however long its period is over; a change of it is no restatement


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

#: The verdicts of one KPI, one row per judged (part, grain, cell, period): a `Status`'s text, the bounds in force, and
#: what a running period should have by its last complete day to be on pace.
JUDGED = pa.schema(
    [
        pa.field("part", pa.string(), nullable=False),
        pa.field("grain", pa.string(), nullable=False),
        pa.field("cell", pa.string(), nullable=False),
        pa.field("period", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("expected", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Excluded:
    """Rows of a source taken out on the record: which, of which days, why, and how many in this run."""

    where: str
    first: date | None = None
    last: date | None = None
    why: str = ""
    link: str | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What one source gave in one run: rows read, and what each step took out, by the step's name.

    `first` and `newest` are the moments of its first and newest row as ISO text; `failed` says why it could not be
    read. `notes` are sentences for people ("2 new columns: a, b"); `checks` is what came of each check.
    """

    source: str
    rows: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)
    first: str | None = None
    newest: str | None = None
    failed: str | None = None
    notes: tuple[str, ...] = ()
    checks: tuple[Checked, ...] = ()
    exclusions: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody entered, in words: a text of its own, or who typed a number, when and why.

    `grain` and `period` are as written in the file, `cell` is a `cell_text`; `evidence` is a link, or a file of the
    project; `entered_on` is an ISO date, `note` the reason.
    """

    cell: str
    grain: str
    period: int
    text: str | None = None
    evidence: str | None = None
    entered_by: str | None = None
    entered_on: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """What a run made of one KPI: its numbers and verdicts, the SQL that reads for it alone, or why it failed.

    `formerly` are names that it had, `revalued` values of its breakdowns that have others: column -> old -> new.
    `lineage` are the columns that this SQL reads, source -> column -> what each is for; None without SQL.
    """

    kpi: str
    fingerprint: str
    sql: str = ""
    observed: pa.Table | None = None
    judged: pa.Table | None = None
    failed: str | None = None
    entries: tuple[Entry, ...] = ()
    checks: tuple[Checked, ...] = ()
    lineage: Mapping[str, Mapping[str, Sequence[str]]] | None = None
    formerly: tuple[str, ...] = ()
    revalued: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

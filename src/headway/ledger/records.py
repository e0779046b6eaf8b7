"""What the ledger takes and gives besides Arrow tables: a run, a series, an earlier value, a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import uuid4

import pyarrow as pa

from headway.model import OBSERVED, Load
from headway.model.restated import Cause
from headway.periods import Grain

#: What was published at a moment, or once the run (or decision) of this number was there.
AsOf = datetime | int

#: What `Ledger.read` gives: an observation, the verdict on it (null where it was never judged), its revision (from 1)
#: and the run that wrote it.
PUBLISHED = pa.schema(
    [
        *OBSERVED,
        pa.field("status", pa.string()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("expected", pa.float64()),
        pa.field("revision", pa.int64(), nullable=False),
        pa.field("run", pa.int64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run. A caller says when it `started`, the `now` that it computed for, and the catalogue that it read.

    `catalogue` is the resolved catalogue as JSON text, and `files` what it was read from (path -> contents), stored
    once per `fingerprint`; a run that was read back has neither (ask `Ledger.catalogue` and `Ledger.files`). `id`,
    `finished` and `state` are the ledger's to say: `finished` is the moment of the commit unless the caller sets it,
    and `state` is "failures" if a KPI or a source failed, "decision" where people and not a run changed something;
    the clock advances alerts in a "tick" and hands out notices in a "delivery". `uuid` names it in every copy of the
    ledger. Moments are aware.
    """

    started: datetime
    now: datetime
    fingerprint: str
    catalogue: str = ""
    finished: datetime | None = None
    state: Literal["ok", "failures", "decision", "tick", "delivery"] = "ok"
    version: str = ""
    id: int = 0
    engine: str = ""
    uuid: str = field(default_factory=lambda: str(uuid4()))
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one `record` wrote: the run as stored, and how many observations were new, changed, unchanged, gone.

    `held` were computed otherwise than published, and wait for a decision since this run.
    """

    run: Run
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """One line of numbers: a part ('' for the value itself) of a KPI, at a grain, in a cell (`cell_text`)."""

    id: int
    kpi: str
    part: str
    grain: Grain
    cell: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a restatement: `accepted` or `rejected`, by the row of `run` that it is."""

    run: int
    verdict: str
    who: str
    why: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One number that a restatement changes: the last value published before it, and what it becomes.

    `reason` says why there is no new value; it is "no data" also where the number is no longer there.
    """

    kpi: str
    part: str
    grain: Grain
    cell: str
    period: int
    old: float | None
    new: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Restated:
    """What a restatement changes of one KPI: how many numbers in how many cells, of which periods, and the most.

    `first` and `last` are the days on which the earliest and the latest of the periods begin.
    """

    kpi: str
    numbers: int
    cells: int
    first: date
    last: date
    largest: Change


@dataclass(frozen=True, slots=True)
class Restatement:
    """A change of closed numbers by one cause, over all KPIs, periods and cells.

    `state` is "waiting", "accepted", "rejected", "published" (at once: within the tolerance, or it withholds) or
    "withdrawn" (a later run no longer had it). `run` saw it first, at `seen`; `latest` is the last run or decision that
    changed it.
    """

    id: int
    state: str
    cause: Cause
    run: int
    seen: datetime
    latest: int
    numbers: int
    kpis: tuple[Restated, ...]
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A number as a run computed it, where another one stays published: it waits, or was rejected."""

    restatement: int
    kpi: str
    part: str
    grain: Grain
    cell: str
    period: int
    value: float | None
    reason: str | None
    n: float | None
    numerator: float | None
    denominator: float | None
    gone: bool
    status: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One value that a period had: from the run that wrote it (`published`) until the next revision.

    `restatement` changed a closed period to it, and `decision` is that of the person who accepted it.
    """

    revision: int
    run: int
    published: datetime
    fingerprint: str
    value: float | None
    reason: str | None
    n: float | None
    numerator: float | None
    denominator: float | None
    flags: int
    restatement: int | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """How a KPI was calculated: the fingerprint of its definition and the SQL that reads for it alone.

    `lineage` are the columns that this reads, source -> column -> what it is for; None where that is not known.
    """

    kpi: str
    fingerprint: str
    sql: str
    lineage: Mapping[str, Mapping[str, Sequence[str]]] | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A KPI's definition, by its fingerprint, and the run with which it came into force."""

    fingerprint: str
    run: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What a source gave when it was last read, for the moment `at`; or why it could not be."""

    load: Load
    at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """A KPI that a run could not compute, and why in words. Its earlier numbers stand.

    `since` is when the first of the runs in a row finished that could not.
    """

    kpi: str
    message: str
    since: datetime

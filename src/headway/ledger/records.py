"""What the ledger takes and gives besides Arrow tables: a run, a series, an earlier value, a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import uuid4

import pyarrow as pa

from headway.model import OBSERVED
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
    and `state` is "failures" if a KPI or a source failed, or "decision" where people and not a run changed what is
    published. `uuid` names it in every copy of the ledger. Moments are aware.
    """

    started: datetime
    now: datetime
    fingerprint: str
    catalogue: str = ""
    finished: datetime | None = None
    state: Literal["ok", "failures", "decision"] = "ok"
    version: str = ""
    id: int = 0
    engine: str = ""
    uuid: str = field(default_factory=lambda: str(uuid4()))
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one `record` wrote: the run as stored, and how many observations were new, changed, unchanged, gone."""

    run: Run
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """One line of numbers: a part ('' for the value itself) of a KPI, at a grain, in a cell (`cell_text`)."""

    id: int
    kpi: str
    part: str
    grain: Grain
    cell: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One value that a period had: from the run that wrote it (`published`) until the next revision."""

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
class Failure:
    """A KPI that a run could not compute, and why in words. Its earlier numbers stand.

    `since` is when the first of the runs in a row finished that could not.
    """

    kpi: str
    message: str
    since: datetime

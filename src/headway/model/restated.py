"""Why a closed number changed: the cause, as the run that saw it tells the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import pyarrow as pa

from headway.model.footprint import Footprint
from headway.periods import Calendar, Grain


class Because(StrEnum):
    """The kinds of causes. The words stand on the page as they are."""

    LATE = "late rows"
    CHANGED = "changed rows"
    DELETED = "deleted rows"
    DEFINITION = "definition"
    EXCLUSION = "exclusion"
    CALENDAR = "calendar"
    CHECK = "check"  # a check failed, or no longer does
    TYPED = "typed numbers"  # a file that people keep says something else
    SOFTWARE = "software"  # another version of Headway or of its engine, and nothing else
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of changed numbers. Equal causes of one run are one restatement.

    `source` is whose rows, file or exclusion it is; None for a definition or the calendar. `late`, `changed` and
    `deleted` count the source's rows, `first` and `last` are the local days on which they lie. `note` says more.
    """

    reason: Because
    source: str | None = None
    late: int = 0
    changed: int = 0
    deleted: int = 0
    first: date | None = None
    last: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed of all that a KPI's numbers rest on, in words.

    `calendar` has the keys of the project, each with the grains that it moves (None: all). `exclusions` has for each
    source those that are new and those that are no more, as the ledger keeps them. `definition` names the KPI or the
    source and its keys: "mau: where, window".
    """

    calendar: Mapping[str, tuple[Grain, ...] | None] = field(default_factory=dict)
    exclusions: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    definition: str = ""


@dataclass(frozen=True)
class Closing:
    """When numbers close, by how much they may then change by themselves, and why they did.

    `settles` says for each KPI how long after its end a period closes; a number is closed if its period was when its
    KPI was last computed. `causes` gets a KPI and the closed numbers of it that changed (part, grain, cell, period, and
    why there is, and was, none: reason, was), and answers with the cause of each.
    """

    calendar: Calendar
    settles: Mapping[str, timedelta]
    causes: Callable[[str, pa.Table], Sequence[Cause]]
    #: A share of the number that was published when the period closed, or last accepted.
    tolerance: float = 0.0
    #: What the rows of each source came to in this run; and by source the runs whose footprints are still needed,
    #: because they were the last to compute some KPI.
    footprints: Sequence[Footprint] = ()
    needed: Mapping[str, Collection[int]] = field(default_factory=dict)
    #: The run is for an earlier moment than the last, which was wrong: what had not ended by then never closed.
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What an earlier `run` made and what a later one would make once more, because nothing changed that it rests on.

    `kpis` says of each how many numbers it has; `read` are the sources and files whose footprints stand with them.
    """

    run: int
    kpis: Mapping[str, int]
    sources: Collection[str]
    read: Collection[str]

"""What the ledger holds of everything that alerts watch, at one moment: what `judge` looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from headway.model import Event, RuleCell
from headway.periods import Grain

#: By text of the formula and grain, then text of the cell and key of the period: the number, and whether it may change.
Bounds = Mapping[tuple[str, Grain], Mapping[tuple[str, int], tuple[float, bool]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of the newest attempt to read a source, at a moment: its newest row, or why it `failed`.

    `newest` is that of the last time that it could be read.
    """

    at: datetime
    newest: datetime | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one run came to of one check, and when. `failed` counts what fails: rows, days, periods or numbers."""

    at: datetime
    passed: bool
    text: str = ""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of closed numbers: since when there is one, and until when: a decision, or the run after it.

    Without an end it waits to be decided, or nothing was computed since.
    """

    seen: datetime
    over: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class Outlook:
    """What there is to see. What a table lacks cannot be judged, and stays as it was.

    `numbers` are tables of schema `PUBLISHED` with every part, grain and cell that alerts watch, by KPI; `failed` says
    of a KPI why it could not be computed last. `bounds` are what the formulas of an alert come down to for a KPI.
    `checks` are the last looks at each, oldest first, by "source.check". `events` are all there ever were. `told` is
    the level and route of the START of what fires, for what is no longer in the catalogue.
    """

    numbers: Mapping[str, pa.Table] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    bounds: Mapping[tuple[str, str], Bounds] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    checks: Mapping[str, Sequence[Looked]] = field(default_factory=dict)
    restated: Mapping[str, Sequence[Changed]] = field(default_factory=dict)
    events: Sequence[Event] = ()
    told: Mapping[RuleCell, tuple[str, str]] = field(default_factory=dict)

"""What the organisation wants to reach, and the numbers by which it would know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from headway.errors import Place
from headway.model.cells import TOTAL, Cell


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A number that an objective expects by `due`: the value `reach`, or the value at the start and `grow` of it."""

    kpi: str
    part: str
    due: date
    place: Place
    cell: Cell = TOTAL
    reach: float | None = None
    grow: float | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """A goal with its key results; expected of each is the straight line from the day `first` to when it is due."""

    name: str
    title: str
    first: date
    due: date
    expects: tuple[KeyResult, ...]
    place: Place
    about: str = ""
    owner: str | None = None

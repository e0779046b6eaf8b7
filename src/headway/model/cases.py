"""A catalogue's own tests: rows that are given, a moment, and the numbers that must come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from headway.errors import Place
from headway.model.cells import TOTAL, Cell, cell_text
from headway.model.sources import ColumnType
from headway.periods import Period

#: What one field of a given row holds; moments without a zone are those of the source's `times_in`.
Value = str | int | float | bool | date | datetime | list[object] | None


@dataclass(frozen=True, slots=True)
class Given:
    """The rows of one source, or the lines of one KPI's file of numbers: every row has every column."""

    columns: Mapping[str, ColumnType] = field(default_factory=dict)
    rows: tuple[Mapping[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """One number, or why there is none: `withheld` is the reason's text. `within` is a share of the value."""

    kpi: str
    part: str
    period: Period
    cell: Cell
    value: float | None
    withheld: str | None
    within: float
    place: Place

    def __str__(self) -> str:
        """`mrr.new 2026-01 {"plan": "team"}`."""
        name = f"{self.kpi}.{self.part}" if self.part else self.kpi
        return f"{name} {self.period.name}{f' {cell_text(self.cell)}' if self.cell != TOTAL else ''}"


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a catalogue. `typed` are the lines of files of numbers, by KPI; a source not given is empty."""

    name: str
    now: datetime
    place: Place
    about: str = ""
    given: Mapping[str, Given] = field(default_factory=dict)
    typed: Mapping[str, Given] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()

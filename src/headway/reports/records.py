"""What stands in a report, as small records that each host turns into its own nodes. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from headway.reports.snapshot import Cell, Change


@dataclass(frozen=True, slots=True)
class Number:
    """What stands in a sentence, and which number of the ledger it is. `status` is '' but where a word tells it.

    `revision` is 0 for what the author wrote in the place of a number.
    """

    text: str
    kpi: str
    part: str = ""
    period: str = ""
    cell: Cell = ()
    revision: int = 0
    value: float | None = None
    status: str = ""
    #: What of the number is told, where it is not the number itself: change, status, period, target.
    says: str = ""
    #: Of a change: the period that it is compared with.
    than: str = ""
    #: Of a share in a sentence: the cells whose share it is.
    of: tuple[Cell, ...] = ()
    #: Of a sentence about the number: its words, and its figures, each of which says which number it is of.
    parts: tuple[str | Number, ...] = ()

    @property
    def attributes(self) -> dict[str, str]:
        """By which tests and readers trace it."""
        told = {"kpi": self.kpi, "part": self.part, "period": self.period, "revision": str(self.revision or "")}
        told |= {"says": self.says, "than": self.than}
        told["cell"] = _named(self.cell)
        told["of"] = "; ".join(map(_named, self.of))
        return {key: value for key, value in told.items() if value}


def _named(cell: Cell) -> str:
    return " ".join(f"{column}={value}" for column, value in cell)


@dataclass(frozen=True, slots=True)
class Card:
    """One number as a card; `change` may be None. `target` is '' without one, and `unit` follows the number."""

    title: str
    number: Number
    unit: str
    period: str
    status: str
    word: str
    target: str
    change: Change | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    name: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Periods by KPI or by cell, or the other way round. Columns of numbers follow the one that `first` heads."""

    first: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: `says` is what it shows in a sentence, `drawn` is for a page with our styles, `svg` a file by itself.

    `notes` are what its numbered marks stand for, in order: when, and what happened.
    """

    title: str
    subtitle: str
    says: str
    drawn: str
    svg: str
    kpis: tuple[str, ...]
    name: str = ""
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """How a number comes about, sentence by sentence, and why it was chosen."""

    kpi: str
    title: str
    sentences: tuple[str, ...]
    why: str
    owner: str
    unit: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The KPIs of an area. A card whose number has no value shows the word in its place."""

    title: str
    cards: tuple[Card, ...]


Answer = Number | Card | tuple[Card, ...] | Table | Figure | Definition | Listing

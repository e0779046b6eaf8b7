"""What one KPI adds up by day, and how its value is read from the sums of a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headway.model import Kpi
from headway.plan import sql
from headway.plan.numbers import ROUNDING


@dataclass(frozen=True)
class Reads:
    """What a KPI reads of `rows`: its column ('' for rows alone), the filter of its own, and free names for sums."""

    kpi: Kpi
    column: str
    where: str
    names: sql.Names
    #: The column holds whole numbers.
    whole: bool = False

    def sum_of(self, word: str, of_rows: str) -> Column:
        """A column that days and periods add up."""
        return self.column_of(word, of_rows, "SUM")

    def column_of(self, word: str, of_rows: str, of_days: str) -> Column:
        """A column of `daily`, put together by the function `of_days`."""
        name = sql.name(self.names.free(f"{self.kpi.name}{word}"))
        return Column(name, f"{of_rows}{self.where}", f"{of_days}({name})")

    def total(self) -> tuple[tuple[Column, ...], str]:
        """The columns of a sum, and SQL of its value: a sum that is less than the rounding of its summands is 0.

        Cents are no binary fractions, so 0.1 + 0.2 - 0.3 leaves a hair, which would be a number, and have a growth.
        """
        if self.whole:
            plain = self.sum_of("", f"SUM({self.column})")
            return (plain,), plain.name
        total = self.column_of("", sql.summed(self.column), sql.SUMMED)
        size = self.sum_of("_size", f"SUM(ABS({self.column}))")
        return (total, size), f"CASE WHEN ABS({total.name}) <= {ROUNDING} * {size.name} THEN 0 ELSE {total.name} END"

    def count(self) -> Column:
        """How many rows count: of a column, those that have a value."""
        return self.sum_of("_n", f"COUNT({self.column or '*'})")


@dataclass(frozen=True)
class Column:
    """A column of `daily`: its name as it stands in SQL, how rows make it, and how days are put together."""

    name: str
    of_rows: str
    of_days: str


@dataclass(frozen=True)
class Measured:
    """What one KPI adds to `daily`, and how its value is read from a period's row."""

    kpi: Kpi
    columns: tuple[Column, ...]
    value: str
    n: str
    numerator: str = "NULL"
    denominator: str = "NULL"
    #: What comes with the value, by the part's name.
    parts: Mapping[str, str] = field(default_factory=dict)


def divided(above: str, below: str) -> str:
    """A quotient of counts or sums, as a number with digits."""
    return f"{above} / CAST({below} AS DOUBLE)"

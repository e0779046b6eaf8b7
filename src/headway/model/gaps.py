"""Steps of a query that an engine may take its own way: from rows to the gap rollups and cohorts of persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Stretch:
    """People of a rollup's row count from one position to before another: `change` times, and `amount` times as amount.

    Both are columns of a table `reach`: of the row's own day (`lo`, `after`, `beyond`), of the one on which its days
    began (`begun_after`), of the one before (`before_lo`, `before_after`, `before_beyond`; null where there is none),
    and of the last one of a row that lasts (`final_lo`, `final_after`). It begins at the greatest and ends at the least
    of those named. `seen`: only rows with a day before, or only those without.
    """

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    change: int = 1
    amount: int = 0
    seen: bool | None = None


@dataclass(frozen=True, slots=True)
class Levels:
    """A number along the positions of spans, which a step holds: position, people (and amount), by cell.

    Only positions have a row where there are people.
    """

    step: str
    #: The rollup that it is made of, and the table that says where days lie.
    rollup: str
    reach: str
    stretches: tuple[Stretch, ...]
    #: The sets of cells that it is asked for.
    sets: tuple[tuple[str, ...], ...]


class Aged(NamedTuple):
    """Ages at which people are counted: SQL of `joined` and `day`, and those that are asked for, in order."""

    age: str
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """What the steps between rows and their counts come to, in a query whose SQL says the same for any engine.

    Every row of `readings` has the columns `day` and `person`, and the cells that it is read for.
    """

    #: The steps that hold the rows, and for which sets of cells each of them is read; the total is ().
    readings: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    #: The column whose values are counted, and the step that numbers them in the column `person`.
    value: str
    people: str
    #: Conditions on the rows, as SQL.
    where: tuple[str, ...]
    #: The step that numbers cells, by their columns, in the column `cell`; '' where there is only the total.
    cells: str
    #: The source that these rows are rows of, and what it comes to but for the moment up to which they are read.
    source: str
    rows: str
    #: The column of the day up to which rows last, null if for ever; '' where each is of its day alone.
    lasts: str = ""
    #: The rollup for values seen on so many days, by step: cell, day, (begun,) previous, people. Of rows that last, the
    #: stretches: cell, day, the day up to which it lasts, the latest such day before, change.
    rollups: tuple[tuple[str, int], ...] = ()
    #: All that is made of these rollups, if that is known.
    levels: tuple[Levels, ...] = ()
    #: By step, how many were seen at each of these ages: cell, joined, age, people.
    ages: tuple[tuple[str, Aged], ...] = ()

    @property
    def counted(self) -> tuple[str, ...]:
        """The steps from which on a query is needed."""
        rollups = () if self.levels else tuple(step for step, _ in self.rollups)
        return (*rollups, *(level.step for level in self.levels), *(step for step, _ in self.ages))

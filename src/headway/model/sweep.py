"""Steps of a query that an engine may take its own way: from changes to how many rows are under way in each piece."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the steps between changes and a step of pieces of time come to, in a query whose SQL says the same.

    Each change has the columns of the cells, its `moment`, and `ended`: 1 where a row ends, 0 where one begins.
    """

    #: The step with a row for each cell and piece: most, least, area, length, begun, ended.
    step: str
    changes: str
    #: The step that holds every cell, by these columns; '' where there is only the total.
    every: str
    cells: tuple[str, ...]
    #: The table of the pieces, with the column that names them, and the moment at which the last of them ends.
    clock: str
    piece: str
    end: datetime

    @property
    def counted(self) -> tuple[str, ...]:
        """The step from which on a query is needed."""
        return (self.step,)

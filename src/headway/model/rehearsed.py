"""What reading the data tells before anything is computed: types of columns, cells of breakdowns, first days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from headway.model.sources import Schemas


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one breakdown in the rows of one source, whatever a KPI's filter leaves of them."""

    count: int
    #: The first of them in the order of their text, each as its values; all of them if they are not too many.
    some: tuple[tuple[str, ...], ...] = ()
    #: How many people there are in them, each counted in every cell, about; None where a source names nobody.
    people: int | None = None
    #: The source and column that each value comes from, through references and to the key that it is.
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def whole(self) -> bool:
        """True if `some` are all of them."""
        return len(self.some) == self.count


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What `headway check` reads of the data, for the linter and for the estimate of what a run will store."""

    schemas: Schemas = field(default_factory=dict)
    #: (source, or file of typed numbers; breakdown) -> its cells.
    cells: Mapping[tuple[str, tuple[str, ...]], Cells] = field(default_factory=dict)
    #: KPI -> the first local day of which it can speak. Those of which nothing is known are absent.
    first: Mapping[str, date] = field(default_factory=dict)

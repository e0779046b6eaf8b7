"""What the linter looks at: a catalogue, today, and what was measured of its data, if anything was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import combinations

from headway.catalog.lint.definition import Definitions
from headway.catalog.lint.demands import Demand, demands
from headway.model import Catalog, Rehearsed


@dataclass(frozen=True)
class Scene:
    """A catalogue as it stands on `today`."""

    catalog: Catalog
    today: date
    told: Rehearsed = field(default_factory=Rehearsed)

    @cached_property
    def demands(self) -> list[Demand]:
        """Every target that is in force, or will be."""
        return demands(self.catalog, self.today)

    @cached_property
    def definitions(self) -> Definitions:
        """What each KPI comes down to."""
        return Definitions(self.catalog)

    def pairs(self) -> Iterator[tuple[Demand, Demand]]:
        """Every two demands that are in force on one day, each pair once."""
        return ((one, other) for one, other in combinations(self.demands, 2) if one.meets(other))

"""Judge whether a number is good enough: on, near, off, over, or why there is no verdict (pure).

See docs/language.md, "Targets". A period is judged by the target in force on its last local day.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from headway.model import Cell, Kpi, Status, Target
from headway.periods import Calendar, Grain


def judge(kpi: Kpi, observed: pa.Table, calendar: Calendar, near_within: float) -> pa.Table:
    """The verdicts (schema `JUDGED`) on a KPI's numbers (schema `OBSERVED`), in the order of the numbers.

    There is a verdict on every period of the value (part '') for each grain and cell that a target speaks of at any
    time, and always for the total at the KPI's grain. `near_within` is the project's share of |bound| that still counts
    as near. Bounds are inclusive, up to the last digits of a float.
    """
    raise NotImplementedError


def in_force(kpi: Kpi, grain: Grain, cell: Cell, day: date) -> Target | None:
    """The target that judges a period of this grain and cell whose last local day is `day`, or None."""
    raise NotImplementedError


def standing(kpi: Kpi, today: date) -> Status | None:
    """`NOT_TRACKED` or `RETIRED` if the KPI's own dates say so on that local day, else None."""
    raise NotImplementedError

"""Judge whether numbers are fit to publish: withhold those of small groups and of failed checks (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from headway.model import Kpi
from headway.periods import Calendar

#: A failing check: its text, and the first and last local day of the rows that fail it. None is open: a check
#: whose rows have no day (a key of a source without time) touches every period as (text, None, None).
Failing = tuple[str, date | None, date | None]


def judge(
    kpi: Kpi,
    observed: pa.Table,
    min_group_size: int,
    failing: Sequence[Failing],
    calendar: Calendar,
    beginning: date,
) -> pa.Table:
    """A KPI's numbers with what must not be shown taken out; schema `OBSERVED`, same rows in the same order.

    `observed` may have one column more, `people` (integer): how many different people are behind each number, null
    where that is unknown or the source has no people. `failing` are the checks that failed on what this KPI reads.
    `beginning` is the first local day that its source speaks of.
    """
    raise NotImplementedError

"""Judge whether numbers are fit to publish: withhold those of failed checks and of small groups (pure).

`checks` says which numbers a failing check touches; they are withheld as `CHECK_FAILED`, or as
`INCOMPLETE` where they only lack a part that fails. `groups` says
which are built from too few people, and which others would give one of those away, as `sums` says what adds up to what;
they are withheld with the reason `GROUP_TOO_SMALL`. A number built from nobody is shown, and so is the total, always.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.model import OBSERVED, Kpi, Reason
from headway.periods import Calendar, Grain
from headway.quality.checks import Touch, Touches, held, span, touched
from headway.quality.coding import Bools, Ints
from headway.quality.groups import small
from headway.quality.sums import Overlaps, split

#: The columns that tell a withheld number, or let it be worked out.
_TELLING = ("value", "n", "numerator", "denominator", "so_far", "so_far_before")


def judge(
    kpi: Kpi,
    observed: pa.Table,
    min_group_size: int,
    touches: Touches,
    calendar: Calendar,
    overlaps: Overlaps | None = None,
) -> pa.Table:
    """A KPI's numbers with what must not be shown taken out; schema `OBSERVED`, same rows in the same order.

    `observed` may have one column more, `people` (integer): how many different people are behind each number, null
    where that is unknown or the source has no people. `overlaps` says what else is shown of the same rows.

    A withheld row keeps its place, grain, cell, period and flags; its value and everything that tells it are null.
    """
    failed, incomplete = held(kpi, observed, touches, calendar)
    few = cut = np.zeros_like(failed)
    if "people" in observed.column_names:
        few = small(kpi, observed, min_group_size, failed | incomplete, calendar, overlaps or Overlaps())
        cut = split(kpi, observed, few, calendar)
    observed = observed.select(OBSERVED.names).cast(OBSERVED)
    for name in ("so_far", "so_far_before") if cut.any() else ():
        column = pc.if_else(pa.array(cut), None, observed[name])
        observed = observed.set_column(OBSERVED.get_field_index(name), OBSERVED.field(name), column)
    observed = withhold(observed, few, Reason.GROUP_TOO_SMALL, calendar)
    observed = withhold(observed, incomplete, Reason.INCOMPLETE, calendar)
    return withhold(observed, failed, Reason.CHECK_FAILED, calendar)


def withhold(observed: pa.Table, held: Bools, reason: Reason, calendar: Calendar) -> pa.Table:
    """Numbers with the rows `held` taken out, and what running periods are compared with, if that is among them."""
    if not held.any():
        return observed
    hide = pa.array(held)
    stale = pa.array(_compared_with(observed, held, calendar))
    columns = {}
    for name in observed.column_names:
        column = observed[name].combine_chunks()
        if name in _TELLING:
            column = pc.if_else(hide, None, column)
        if name == "so_far_before":
            column = pc.if_else(stale, None, column)
        columns[name] = column
    columns["reason"] = pc.if_else(hide, reason.value, columns["reason"])
    return pa.table(columns, schema=observed.schema)


def _compared_with(observed: pa.Table, held: Bools, calendar: Calendar) -> Bools:
    """Which running periods are compared with a number that is withheld."""
    found = np.zeros(len(held), dtype=bool)
    compared = np.flatnonzero(observed["so_far_before"].is_valid().to_numpy())
    hidden = set(_names(observed, np.flatnonzero(held)))
    for row, (part, grain, cell, key) in zip(compared.tolist(), _names(observed, compared), strict=True):
        before = calendar.previous(calendar.from_key(Grain(grain), key)).key
        found[row] = (part, grain, cell, before) in hidden
    return found


def _names(observed: pa.Table, rows: Ints) -> Iterator[tuple[str, str, str, int]]:
    """Part, grain, cell and period of some rows."""
    chosen = observed.select(["part", "grain", "cell", "period"]).take(pa.array(rows))
    return zip(*(column.to_pylist() for column in chosen.columns), strict=True)


__all__ = ["Overlaps", "Touch", "Touches", "held", "judge", "span", "touched", "withhold"]

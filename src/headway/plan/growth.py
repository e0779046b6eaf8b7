"""The growth of a KPI, where a target judges it: how much larger a value is than the one a length of time earlier.

Formula. (value - earlier) / earlier, for the same grain and cell. The earlier period is found by the calendar, never by
row: months are clamped, a week goes back by 52 weeks for a year (`periods.Calendar.earlier`).

Unit: a fraction, shown as a percentage.

Edge cases. *No data* if the earlier value is absent, 0 or negative: from nothing, nothing grows by a percentage. What
reads a withheld value is withheld, what reads a partial one is partial. A cell that is not stored is 0, and has no
growth to store.

Source: the same as `growth(x, '1 month')` in a formula. It is kept as the part `growth 1 month` of the KPI.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from headway.model import Catalog, Flag, Kpi, Reason, Target, read_cell
from headway.plan.numbers import CODE, WITHHELD, Numbers, find, key, together
from headway.plan.spans import period_of_key


def growth(catalog: Catalog, kpi: Kpi, numbers: pa.Table) -> pa.Table:
    """The growth of everything that a target of growth speaks of: rows of schema `OBSERVED` and `people`, by part."""
    wanted: dict[tuple[str, str], list[Target]] = {}
    for target in kpi.targets:
        if target.growth:
            wanted.setdefault((target.part, target.grain), []).append(target)
    return together([_grown(catalog, numbers, targets).table(grain, part) for (part, grain), targets in wanted.items()])


def _grown(catalog: Catalog, numbers: pa.Table, targets: list[Target]) -> Numbers:
    """The growth of one grain over one length, for the cells that these targets speak of."""
    grain, length = targets[0].grain, targets[0].growth
    assert length is not None
    own = Numbers.of(numbers, grain)
    cells = [read_cell(text) for text in own.cells]
    spoken = np.array([any(target.speaks_of(cell) for target in targets) for cell in cells], np.bool_)
    own = own.take(spoken[own.cell])
    keys, place = np.unique(own.period, return_inverse=True)
    earlier = np.zeros(len(keys), np.int64)
    for index, number in enumerate(keys.tolist()):
        period = catalog.calendar.earlier(period_of_key(catalog.calendar, grain, number), length)
        earlier[index] = period.key if period else number  # a period has no growth over itself
    at, found = find(key(own.cell, own.period), key(own.cell, earlier[place]))
    found &= earlier[place] != own.period
    prior = own.take(at) if len(own) else own
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(found & (prior.value > 0), (own.value - prior.value) / prior.value, np.nan)
    held = (own.reason >= WITHHELD) | (found & (prior.reason >= WITHHELD))
    zero = found & (prior.value == 0) & np.isfinite(own.value)
    why = np.select(
        [held, np.isfinite(value), zero],
        [CODE[Reason.INPUT_WITHHELD], 0, CODE[Reason.ZERO_DENOMINATOR]],
        CODE[Reason.NO_ROWS],
    )
    flags = own.flags | np.where(found, prior.flags, 0)
    return Numbers.make(
        own.cells,
        own.cell,
        own.period,
        value=np.where(why == 0, value, np.nan),
        reason=why,
        flags=flags & np.int64(Flag.PARTIAL | Flag.IMPORTED),
        numerator=np.where(why == 0, own.value - prior.value, np.nan),
        denominator=np.where(why == 0, prior.value, np.nan),
    )

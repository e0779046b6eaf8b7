"""Judge whether a number is good enough: on, near, off, over, or why there is no verdict (pure).

A period is judged by the target in force on its last local day, so the past is judged by the past. A bound cuts the
line of numbers once, and *near* is cut at one more place, so the statuses have no gaps and no overlaps:

    at_least 60       ... off ... | 57 near | 60 on ...             near_within 5 %
    between 40 and 60 ... off | 38 near | 40 on 60 | near 63 | off ...
    between 40 and 60, better: higher                  | over ...

See docs/language.md, "Targets".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headway.model import JUDGED, OBSERVED, TOTAL, Better, Cell, Flag, Kpi, Reason, Status, Target, read_cell
from headway.periods import Calendar, Grain, epoch_day

#: A number that misses a bound by less than this share of the bound meets it: 0.1 + 0.2 is at least and at most 0.3.
TOLERANCE = 1e-9

_WITHHELD = [reason.value for reason in Reason if reason.withheld]


def judge(kpi: Kpi, observed: pa.Table, calendar: Calendar, near_within: float) -> pa.Table:
    """The verdicts (schema `JUDGED`) on a KPI's numbers (schema `OBSERVED`), in the order of the numbers.

    There is a verdict on every period of the value (part '') for each grain and cell that a target speaks of at any
    time, and always for the total at the KPI's grain. `near_within` is the project's share of |bound| that still counts
    as near. Bounds are inclusive, up to the last digits of a float. `low` and `high` are the bounds of the target in
    force, also where there is no number to judge. A running period is never judged.
    """
    observed = observed.select(OBSERVED.names)
    observed = observed.filter(pc.equal(observed["part"], ""))
    grains, grain_words = _coded(observed["grain"])
    cells, cell_words = _coded(observed["cell"])
    line = grains * max(1, len(cell_words)) + cells

    periods = observed["period"].to_numpy()
    value = observed["value"].to_numpy()
    flags = observed["flags"].to_numpy()
    withheld = pc.is_in(observed["reason"], pa.array(_WITHHELD)).to_numpy()
    low, high = np.full(len(observed), np.nan), np.full(len(observed), np.nan)
    status = np.full(len(observed), None, dtype=object)
    for code in np.unique(line).tolist():
        grain, cell = Grain(grain_words[code // len(cell_words)]), read_cell(cell_words[code % len(cell_words)])
        eligible = _eligible(kpi, grain, cell)
        if not eligible and not (grain is kpi.grain and cell == TOTAL):
            continue
        rows = np.flatnonzero(line == code)
        status[rows] = Status.NO_TARGET.value
        for target, chosen in _ruled(eligible, _last_days(periods[rows], grain, calendar)):
            at = rows[chosen]
            low[at] = np.nan if target.low is None else target.low
            high[at] = np.nan if target.high is None else target.high
            status[at] = _verdicts(value[at], target, kpi.better, near_within)
    said = np.array([s is not None for s in status], dtype=bool)
    # What says why there is no verdict, weakest first.
    for reason, where in (
        (Status.NO_DATA, np.isnan(value)),
        (Status.PARTIAL, (flags & Flag.PARTIAL) != 0),
        (Status.WITHHELD, withheld),
    ):
        status[said & where] = reason.value
    table = observed.select(["part", "grain", "cell", "period"])
    table = table.append_column("status", pa.array(status, pa.string()))
    table = table.append_column("low", pa.array(low, from_pandas=True))
    table = table.append_column("high", pa.array(high, from_pandas=True))
    return table.filter(pa.array(said)).cast(JUDGED)


def in_force(kpi: Kpi, grain: Grain, cell: Cell, day: date) -> Target | None:
    """The target that judges a period of this grain and cell whose last local day is `day`, or None.

    A target holds from its `first` day until its `through`, or until a later one of the same grain and cell begins.
    One written for the cell itself goes before one for `each` cell.
    """
    ruled = _ruled(_eligible(kpi, grain, cell), np.array([epoch_day(day)]))
    return ruled[0][0] if ruled else None


def standing(kpi: Kpi, today: date) -> Status | None:
    """`NOT_TRACKED` or `RETIRED` if the KPI's own dates say so on that local day, else None.

    A KPI that is not measured yet is not tracked, whatever its date; on `retired_on` itself it is still tracked.
    """
    if kpi.measure is None or (kpi.tracked_from is not None and today < kpi.tracked_from):
        return Status.NOT_TRACKED
    if kpi.retired_on is not None and today > kpi.retired_on:
        return Status.RETIRED
    return None


# -- which target ----------------------------------------------------------------------------------------------------


def _eligible(kpi: Kpi, grain: Grain, cell: Cell) -> list[Target]:
    """The targets that speak of a grain and cell, weakest first: of `each` before of the cell, earlier before later."""
    speaking = [t for t in kpi.targets if t.grain is grain and _speaks_of(t, cell)]
    return sorted(speaking, key=lambda t: (t.each is None, t.first or date.min))


def _speaks_of(target: Target, cell: Cell) -> bool:
    """True if the target is for this cell, or for each cell of its breakdown."""
    if target.each is None:
        return dict(target.cell) == dict(cell)
    rest = {column: value for column, value in cell if column != target.each}
    return len(rest) < len(cell) and rest == dict(target.cell)


def _ruled(eligible: Sequence[Target], days: NDArray[np.int64]) -> list[tuple[Target, NDArray[np.int64]]]:
    """Which of these days (epoch days) each target rules, by index; days without a target are in none.

    `eligible` is in the order of `_eligible`. Within the targets of `each`, or of the cell, the newest that has begun
    rules a day, or nobody if it is over: a target that has been superseded does not come back.
    """
    ruler = np.full(len(days), -1)
    for each in (True, False):
        newest = np.full(len(days), -1)
        for index, target in enumerate(eligible):
            if (target.each is not None) is each:
                newest[days >= (epoch_day(target.first) if target.first else np.iinfo(np.int64).min)] = index
        for index, target in enumerate(eligible):
            if target.through is not None:
                newest[(newest == index) & (days > epoch_day(target.through))] = -1
        ruler = np.where(newest >= 0, newest, ruler)
    return [(target, at) for index, target in enumerate(eligible) if len(at := np.flatnonzero(ruler == index))]


def _last_days(periods: NDArray[np.int64], grain: Grain, calendar: Calendar) -> NDArray[np.int64]:
    """The last local day of each period, as an epoch day."""
    if grain is Grain.DAY:
        return periods
    keys, place = np.unique(periods, return_inverse=True)
    last = np.array([epoch_day(calendar.from_key(grain, key).last) for key in keys.tolist()], dtype=np.int64)
    return last[place]


# -- how good --------------------------------------------------------------------------------------------------------


def _verdicts(value: NDArray[np.float64], target: Target, better: Better, near_within: float) -> NDArray[np.object_]:
    """The status of each value under one target. NaN is off; the caller knows better."""
    with np.errstate(invalid="ignore"):
        below = _below(value, target.low, target.near_low, near_within)
        above = _below(-value, _minus(target.high), _minus(target.near_high), near_within)
    if target.low is not None and target.high is not None:
        # A miss on the better side of a range is no failure.
        above = np.where((above > 0) & (better is Better.HIGHER), _OVER, above)
        below = np.where((below > 0) & (better is Better.LOWER), _OVER, below)
    words = np.array([Status.ON.value, Status.NEAR.value, Status.OFF.value, Status.OVER.value], dtype=object)
    chosen: NDArray[np.object_] = words[np.maximum(above, below)]
    return chosen


_ON, _NEAR, _OFF, _OVER = range(4)


def _below(
    value: NDArray[np.float64], bound: float | None, near: float | None, near_within: float
) -> NDArray[np.int64]:
    """How far values fall below a bound: on, near or off. The mirror image serves for a bound from above."""
    if bound is None:
        return np.full(len(value), _ON)
    cut = bound - TOLERANCE * abs(bound)
    near = bound - near_within * abs(bound) if near is None else near
    near_cut = near - TOLERANCE * abs(near)
    return np.where(value >= cut, _ON, np.where(value >= near_cut, _NEAR, _OFF))


def _minus(number: float | None) -> float | None:
    return None if number is None else -number


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Each text as an index into the list of different texts."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()

"""The numbers of one part and grain of a KPI as a table: a row for each cell, a column for each period.

A cell that a period has no row of is empty. That is 0 or no data, as the KPI's kind says, where the total has a number;
so a cell that goes quiet is seen to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headway.model import Flag, Reason, Sight, Watched, read_cell

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_T = TypeVar("_T", bound=np.generic)

#: A number that passes a bound by less than this share of the bound meets it, as for a target.
TOLERANCE = 1e-9

#: Sights by code; the first three say something of the bound.
SIGHTS = (Sight.FINE, Sight.BEYOND, Sight.BETWEEN, Sight.NO_DATA, Sight.WITHHELD)
FINE, BEYOND, BETWEEN, NO_DATA, WITHHELD = range(len(SIGHTS))
_WITHHELD = pa.array([reason.value for reason in Reason if reason.withheld])


@dataclass(frozen=True)
class Grid:
    """Numbers by cell and period. `value` is NaN where there is none, for the reason in `reason` if that is known.

    `low` and `high` are the bounds of the target in force; an empty cell has those that it had last. `there` is False
    before the first row of a cell.
    """

    cells: tuple[str, ...]
    periods: Ints
    value: Floats
    low: Floats
    high: Floats
    complete: Bools
    there: Bools
    withheld: Bools
    reason: NDArray[np.object_]


def grid(table: pa.Table, watched: Watched, part: str, since: int | None, *, empty_is_zero: bool) -> Grid:
    """The cells that are watched, in rows of schema `PUBLISHED` from the period `since` on.

    An empty cell is 0 if `empty_is_zero` and its total has a number.
    """
    table = table.filter(pc.and_(pc.equal(table["part"], part), pc.equal(table["grain"], watched.grain.value)))
    coded = table["cell"].combine_chunks().dictionary_encode()
    words: list[str] = coded.dictionary.to_pylist()
    cell = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    wanted = [n for n, text in enumerate(words) if watched.speaks_of(read_cell(text))]
    last = _last_bounds(table, cell, len(words))
    if since is not None:
        kept = np.flatnonzero(table["period"].to_numpy() >= since)
        table, cell = table.take(pa.array(kept)), cell[kept]
    periods, column = np.unique(table["period"].to_numpy(), return_inverse=True)

    row_of = np.full(len(words), -1)
    row_of[wanted] = np.arange(len(wanted))
    total = words.index("") if "" in words else -1
    shape = (len(wanted), len(periods))
    mine = row_of[cell] >= 0
    at = (row_of[cell[mine]], column[mine])

    def spread(values: NDArray[_T], nothing: object) -> NDArray[_T]:
        found: NDArray[_T] = np.full(shape, nothing, dtype=values.dtype)
        found[at] = values[mine]
        return found

    flags = table["flags"].to_numpy()
    closed = (flags & Flag.PARTIAL) == 0
    held = pc.is_in(table["reason"], _WITHHELD).to_numpy()
    has_row = spread(np.ones(len(table), np.bool_), nothing=False)
    value = spread(table["value"].to_numpy(), np.nan)
    # An empty cell is as complete as the rest of its period.
    complete = np.ones(len(periods), bool)
    complete[column[~closed]] = False
    known = np.zeros(len(periods), bool)
    of_total = np.flatnonzero(cell == total)
    known[column[of_total]] = np.isfinite(table["value"].to_numpy()[of_total])
    there = np.ones(shape, bool) if since is not None else np.maximum.accumulate(has_row, axis=1)
    if empty_is_zero:
        value[~has_row & there & known] = 0.0
    bounds = []
    for name, latest in zip(("low", "high"), last, strict=True):
        bound = spread(table[name].to_numpy(), np.nan)
        bounds.append(np.where(has_row, bound, latest[wanted][:, None]))
    return Grid(
        cells=tuple(words[n] for n in wanted),
        periods=periods,
        value=value,
        low=bounds[0],
        high=bounds[1],
        complete=np.where(has_row, spread(closed, nothing=True), complete),
        there=there,
        withheld=spread(held, nothing=False),
        reason=spread(np.array(table["reason"].to_pylist(), dtype=object), None),
    )


def beyond(value: Floats, low: Floats, high: Floats, clear_low: Floats, clear_high: Floats) -> tuple[Ints, Floats]:
    """How values lie to their bounds, as codes of `SIGHTS`, and the bound that is passed or nearest. NaN is none."""
    with np.errstate(invalid="ignore"):
        below, above = _below(value, low), _below(-value, -high)
        still = _below(value, clear_low) | _below(-value, -clear_high)
        to_low, to_high = np.abs(value - low), np.abs(high - value)
    code = np.where(below | above, BEYOND, np.where(still, BETWEEN, FINE))
    unknown = np.isnan(value) | (np.isnan(low) & np.isnan(high))
    nearest = np.where(np.isnan(high) | (to_low <= to_high), low, high)
    return np.where(unknown, NO_DATA, code), np.where(above, high, np.where(below, low, nearest))


def _below(value: Floats, bound: Floats) -> Bools:
    found: Bools = value < bound - TOLERANCE * np.abs(bound)
    return found


def _last_bounds(table: pa.Table, cell: Ints, cells: int) -> tuple[Floats, Floats]:
    """The bounds of each cell's newest row."""
    order = np.lexsort((table["period"].to_numpy(), cell))
    newest = np.zeros(cells, np.int64)
    newest[cell[order]] = order  # the last one stays
    low, high = (table[name].to_numpy() for name in ("low", "high"))
    return low[newest], high[newest]


def of_formula(
    numbers: Mapping[tuple[str, int], tuple[float, bool]], cells: Collection[str], periods: Collection[int]
) -> Floats:
    """What a formula comes down to for each cell and period; NaN where it has no data, or may still change."""
    nothing = (np.nan, False)
    rows = [[numbers.get((cell, period), nothing) for period in periods] for cell in cells]
    found = [[np.nan if running else number for number, running in row] for row in rows]
    return np.array(found, dtype=np.float64).reshape(len(cells), len(periods))

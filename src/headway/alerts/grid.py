"""The numbers of one part and grain of a KPI as a table: a row for each cell, a column for each period.

A cell that a period has no row of is empty. That is 0 or no data, as the KPI's kind says, where the total has a number;
so a cell that goes quiet is seen to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

#: The reasons that withhold.
_WITHHELD = pa.array([reason.value for reason in Reason if reason.withheld])

#: Sights by code; the first three say something of the bound.
SIGHTS = (Sight.FINE, Sight.BEYOND, Sight.BETWEEN, Sight.NO_DATA, Sight.WITHHELD)
FINE, BEYOND, BETWEEN, NO_DATA, WITHHELD = range(len(SIGHTS))


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


def grid(
    table: pa.Table,
    watched: Watched,
    part: str,
    since: int | None,
    known: Collection[str],
    *,
    empty_is_zero: bool,
    bounded: bool,
) -> Grid:
    """The cells that are watched, in rows of schema `PUBLISHED` from the period `since` on.

    `known` are cells that were watched before; those that have no rows since then are there still if they ever had.
    An empty cell is 0 if `empty_is_zero` and its total has a number. The bounds of targets are read if `bounded`.
    """
    whole = table
    if since is not None:  # numbers are compared faster than words
        table = table.filter(pc.greater_equal(table["period"], since))
    table = _of_series(table, watched, part)
    coded = table["cell"].combine_chunks().dictionary_encode()
    words: list[str] = coded.dictionary.to_pylist()
    cell = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    quiet = sorted(set(known) - set(words)) if since is not None else []
    if quiet:
        quiet = sorted(set(quiet) & set(_of_series(whole, watched, part)["cell"].unique().to_pylist()))
    total = words.index("") if "" in words else -1
    words += quiet
    wanted = [n for n, text in enumerate(words) if watched.speaks_of(read_cell(text))]
    periods, column = np.unique(table["period"].to_numpy(), return_inverse=True)

    row_of = np.full(len(words), -1)
    row_of[wanted] = np.arange(len(wanted))
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
    speaks = np.zeros(len(periods), bool)
    of_total = np.flatnonzero(cell == total)
    speaks[column[of_total]] = np.isfinite(table["value"].to_numpy()[of_total])
    there = np.maximum.accumulate(has_row, axis=1)
    if since is not None and len(periods) and not there[:, 0].all():
        names = [words[n] for n in wanted]
        there |= periods >= _first_periods(_of_series(whole, watched, part), names)
    if empty_is_zero:
        value[~has_row & there & speaks] = 0.0
    low, high = np.full((2, *shape), np.nan)
    if bounded:
        low, high = (spread(table[name].to_numpy(), np.nan) for name in ("low", "high"))
        if not has_row.all():
            names = [words[n] for n in wanted]
            last = _last_bounds(_of_series(whole, watched, part), names)
            low, high = (np.where(has_row, *both) for both in zip((low, high), last, strict=True))
    return Grid(
        cells=tuple(words[n] for n in wanted),
        periods=periods,
        value=value,
        low=low,
        high=high,
        complete=np.where(has_row, spread(closed, nothing=True), complete),
        there=there,
        withheld=spread(held, nothing=False),
        reason=spread(np.array(table["reason"].to_pylist(), dtype=object), None),
    )


def _of_series(table: pa.Table, watched: Watched, part: str) -> pa.Table:
    """The rows of one part and grain."""
    return table.filter(pc.and_(pc.equal(table["part"], part), pc.equal(table["grain"], watched.grain.value)))


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


def _first_periods(table: pa.Table, cells: Sequence[str]) -> Ints:
    """The period of each cell's first row, as a column."""
    cell, period = _places(table, cells)
    first = np.full(len(cells), np.iinfo(np.int64).max)
    np.minimum.at(first, cell[cell >= 0], period[cell >= 0])
    return first[:, None]


def _last_bounds(table: pa.Table, cells: Sequence[str]) -> tuple[Floats, Floats]:
    """The bounds of each cell's newest row, as columns."""
    cell, period = _places(table, cells)
    order = np.lexsort((period, cell))
    order = order[cell[order] >= 0]
    newest = np.zeros(len(cells), np.int64)
    newest[cell[order]] = order  # the last one stays
    low, high = (table[name].to_numpy()[newest][:, None] for name in ("low", "high"))
    return low, high


def _places(table: pa.Table, cells: Sequence[str]) -> tuple[Ints, Ints]:
    """The place of each row's cell among these, or -1; and its period."""
    place = {text: n for n, text in enumerate(cells)}
    coded = table["cell"].combine_chunks().dictionary_encode()
    rows = np.array([place.get(text, -1) for text in coded.dictionary.to_pylist()], np.int64)
    return rows[coded.indices.to_numpy(zero_copy_only=False)], table["period"].to_numpy()


def of_formula(
    numbers: Mapping[tuple[str, int], tuple[float, bool]], cells: Collection[str], periods: Collection[int]
) -> Floats:
    """What a formula comes down to for each cell and period; NaN where it has no data, or may still change."""
    nothing = (np.nan, False)
    rows = [[numbers.get((cell, period), nothing) for period in periods] for cell in cells]
    found = [[np.nan if running else number for number, running in row] for row in rows]
    return np.array(found, dtype=np.float64).reshape(len(cells), len(periods))

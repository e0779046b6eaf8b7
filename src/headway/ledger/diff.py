"""What changed between the rows that a run made and those that the ledger holds (pure, NumPy).

Both sides are `Rows`, sorted by (series, period). `compare` tells new, changed and vanished rows apart. `digests` adds
up stretches of rows (*blocks*) to one number each, so that a run reads back only the blocks that differ: the same run
again reads no rows at all, and tomorrow's run reads the end of each series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.periods import Grain

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Two floats are the same number if they differ by less than this share of the larger: the last digits of a
#: floating sum depend on the order in which an engine's threads finish.
TOLERANCE = 1e-9
#: So they are if they differ by less than this of their unit, however small they are. Where parts cancel out, as in a
#: correlation of what has nothing in common, the last digits of the parts are all that is left, and not 0.
NOTHING = 1e-12

#: How many period keys make one block: some hundred periods, so that a block is read in one go. A day's key counts
#: days, an hour's counts seconds (see `Period.key`).
BLOCK: Mapping[Grain, int] = {
    Grain.HOUR: 10 * 86400,
    Grain.DAY: 128,
    Grain.WEEK: 1024,
    Grain.MONTH: 4096,
    Grain.QUARTER: 4096,
    Grain.YEAR: 4096,
}


def _key(series: Ints, period: Ints) -> Ints:
    """Two numbers as one, in the same order: moments of the years 1697 to 2242, and half a billion series."""
    return series * (1 << 34) + (period + (1 << 33))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows sorted by series and period, each pair once; `values` has one column per number, NaN for null."""

    series: Ints
    period: Ints
    values: Floats

    @classmethod
    def none(cls, columns: int) -> Rows:
        """No rows, of so many columns."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, np.zeros((0, columns)))

    def __len__(self) -> int:
        return len(self.series)

    @property
    def key(self) -> Ints:
        """Series and period as one number, in the same order."""
        return _key(self.series, self.period)

    def take(self, chosen: Ints | Bools) -> Rows:
        """The chosen rows, by index or mask."""
        return Rows(self.series[chosen], self.period[chosen], self.values[chosen])


@dataclass(frozen=True, slots=True)
class Stored:
    """The newest revision of each row that the ledger holds. `running` may be replaced, `gone` are without value.

    `about` has what is known of it besides its numbers, one column each.
    """

    rows: Rows
    revision: Ints
    about: Floats
    running: Bools
    gone: Bools


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write: first delete `deleted` at `deleted_revision`, then insert `inserted` at `inserted_revision`."""

    deleted: Rows
    deleted_revision: Ints
    deleted_about: Floats
    inserted: Rows
    inserted_revision: Ints
    new: int
    changed: int
    unchanged: int
    gone: int


def compare(stored: Stored, given: Rows, withdrawn: Floats) -> Changes:
    """Tell what to write so that the newest rows are `given`; `withdrawn` are the values of a row that is gone.

    A changed row gets the next revision, unless the newest one is running: that is replaced at the same revision. A
    vanished row gets a revision that says so, or disappears if it ran and nothing was ever published before it.
    """
    found, mate = match(stored.rows.key, given.key)
    met = np.zeros(len(stored.rows), dtype=bool)
    met[mate] = True
    fresh = np.flatnonzero(~found)

    differs = ~same(stored.rows.values[mate], given.values[found])
    changed, mate = np.flatnonzero(found)[differs], mate[differs]
    replaced = stored.running[mate]

    vanished = np.flatnonzero(~met & ~stored.gone)
    forgotten = stored.running[vanished] & (stored.revision[vanished] == 1)
    marked = vanished[~forgotten]
    marks = Rows(stored.rows.series[marked], stored.rows.period[marked], np.tile(withdrawn, (len(marked), 1)))

    deleted = np.concatenate([mate[replaced], vanished[stored.running[vanished]]])
    return Changes(
        deleted=stored.rows.take(deleted),
        deleted_revision=stored.revision[deleted],
        deleted_about=stored.about[deleted],
        inserted=concatenate(given.take(fresh), given.take(changed), marks),
        inserted_revision=np.concatenate(
            [
                np.ones(len(fresh), dtype=np.int64),
                stored.revision[mate] + ~replaced,
                stored.revision[marked] + ~stored.running[marked],
            ]
        ),
        new=len(fresh),
        changed=len(changed),
        unchanged=int(found.sum()) - len(changed),
        gone=len(vanished),
    )


def match(old: Ints, new: Ints) -> tuple[Bools, Ints]:
    """Which of `new` are in `old` (sorted, each once), and where those are."""
    at = np.searchsorted(old, new)
    found = at < len(old)
    found[found] = old[at[found]] == new[found]
    return found, at[found]


def same(a: Floats, b: Floats) -> Bools:
    """Row by row: every number is the same, or both are null."""
    with np.errstate(invalid="ignore"):  # infinity less infinity
        apart = np.abs(a - b)
        close = np.isfinite(apart) & (apart <= np.maximum(TOLERANCE * np.maximum(np.abs(a), np.abs(b)), NOTHING))
    alike: Bools = np.all((a == b) | close | (np.isnan(a) & np.isnan(b)), axis=1)
    return alike


def newest(key: Ints) -> Bools:
    """The last of each run of equal keys."""
    last = np.ones(len(key), dtype=bool)
    last[:-1] = key[1:] != key[:-1]
    return last


def concatenate(*parts: Rows) -> Rows:
    """All rows, one part after the other."""
    return Rows(
        np.concatenate([p.series for p in parts]),
        np.concatenate([p.period for p in parts]),
        np.concatenate([p.values for p in parts]),
    )


@dataclass(frozen=True, slots=True)
class Digests:
    """One number for each block of rows, sorted by series and block. `block` is the lowest period key it may hold."""

    series: Ints
    block: Ints
    value: Ints

    @property
    def key(self) -> Ints:
        """Series and block as one number, in the same order."""
        return _key(self.series, self.block)

    def take(self, chosen: Bools) -> Digests:
        """The chosen blocks."""
        return Digests(self.series[chosen], self.block[chosen], self.value[chosen])


def blocks(rows: Rows, width: Ints) -> Ints:
    """The keys of the blocks in which rows lie; `width` is how many period keys a block has, per row."""
    return _key(rows.series, rows.period // width * width)


def digests(rows: Rows, width: Ints) -> tuple[Digests, Ints]:
    """Add up each block of rows, and count its rows; `width` is how many period keys a block has, per row.

    A row's part is a hash of its period and numbers, rounded to 32 binary digits (closer than `TOLERANCE`): equal
    rows give equal digests. Rows that differ in their last digits may not; they are then read and compared.
    """
    block = rows.period // width * width
    opens = np.ones(len(rows), dtype=bool)
    opens[1:] = (rows.series[1:] != rows.series[:-1]) | (block[1:] != block[:-1])
    start = np.flatnonzero(opens)
    mixed = _mix(rows.period.view(np.uint64) + np.uint64(0x9E3779B97F4A7C15))  # so that no row adds nothing
    for column in rows.values.T:
        mixed = _mix(mixed ^ _rounded(column))
    value = np.add.reduceat(mixed, start).view(np.int64) if len(start) else np.zeros(0, dtype=np.int64)
    return Digests(rows.series[start], block[start], value), np.diff(np.append(start, len(rows)))


def _rounded(column: Floats) -> NDArray[np.uint64]:
    """The bits of each float without its last 20 digits; one pattern for every NaN, and for both zeros."""
    bits = (column + 0.0).view(np.uint64)
    bits = (bits + np.uint64(1 << 19)) & ~np.uint64((1 << 20) - 1)
    return np.where(np.isnan(column), np.uint64(1), bits)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over the whole word (the finaliser of SplitMix64; multiplication wraps on purpose)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

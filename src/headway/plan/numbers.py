"""Numbers as NumPy columns: the form in which tables of `OBSERVED` are put together, and the way to and from Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headway.model import OBSERVED, Flag, Reason

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Some four times the distance between two floats that are neighbours, as a share of them: what is less is rounding.
ROUNDING = 1e-15

#: Flags of an input that hold for what is made of it, too.
SPREADING = np.int64(Flag.PARTIAL | Flag.OPEN_ENDED)

#: What this room's tables have: `OBSERVED` and how many people are behind a number.
NUMBERS = OBSERVED.append(pa.field("people", pa.int64()))

#: Reasons as codes: 0 is a value, then by how strongly one overrules another where several meet.
REASONS: tuple[Reason | None, ...] = (
    None,
    Reason.NO_ROWS,
    Reason.NO_TOTAL,
    Reason.TOO_EARLY,
    Reason.STILL_WATCHED,
    Reason.TOO_FEW_REACHED,
    Reason.INPUT_MISSING,
    Reason.ZERO_DENOMINATOR,
    Reason.INPUT_WITHHELD,
    Reason.INCOMPLETE,
    Reason.TOO_FEW,
    Reason.GROUP_TOO_SMALL,
    Reason.CHECK_FAILED,
)
CODE = {reason: code for code, reason in enumerate(REASONS)}
#: From here on there is a number, and it is held back.
WITHHELD = CODE[Reason.INPUT_WITHHELD]


@dataclass(frozen=True)
class Numbers:
    """Rows of one grain. `cell` indexes `cells`, the texts; `reason` is a code of `REASONS`; NaN is null."""

    cells: Sequence[str]
    cell: Ints
    period: Ints
    value: Floats
    reason: Ints
    n: Floats
    numerator: Floats
    denominator: Floats
    flags: Ints
    so_far: Floats
    so_far_before: Floats
    people: Floats

    def __len__(self) -> int:
        return len(self.period)

    @classmethod
    def make(
        cls,
        cells: Sequence[str],
        cell: Ints,
        period: Ints,
        *,
        value: Floats,
        reason: Ints | None = None,
        flags: Ints | None = None,
        **others: Floats,
    ) -> Numbers:
        """Rows with these columns. Of the others, what is left out is null; no value and no reason means no rows."""
        # NaN and infinity are no numbers to publish.
        value = np.where(np.isfinite(value), value, np.nan)
        if reason is None:
            reason = np.where(np.isnan(value), CODE[Reason.NO_ROWS], 0)
        if flags is None:
            flags = np.zeros(len(period), np.int64)
        nothing = np.full(len(period), np.nan)
        floats = {name: others.get(name, nothing) for name in _FLOATS if name != "value"}
        return cls(cells, cell, period, value, reason, flags=flags, **floats)

    @classmethod
    def empty(cls) -> Numbers:
        """No rows."""
        return cls.make([], np.zeros(0, np.int64), np.zeros(0, np.int64), value=np.zeros(0))

    @classmethod
    def of(cls, table: pa.Table, grain: str, part: str = "") -> Numbers:
        """The rows of one grain and part of a table of `OBSERVED`, with or without `people`."""
        chosen = pa.compute.and_(pa.compute.equal(table["grain"], grain), pa.compute.equal(table["part"], part))
        table = table.filter(chosen).combine_chunks()
        coded = _dictionary(table["cell"])
        reasons = _dictionary(table["reason"])
        of_reason = np.array([*(CODE[Reason(text)] for text in reasons.dictionary.to_pylist()), 0], np.int64)
        floats = {name: floats_of(table[name]) for name in _FLOATS if name in table.column_names}
        floats.setdefault("people", np.full(len(table), np.nan))
        return cls(
            cells=coded.dictionary.to_pylist(),
            cell=codes_of(coded),
            period=table["period"].to_numpy(),
            reason=of_reason[codes_of(reasons)],
            flags=table["flags"].to_numpy().astype(np.int64),
            **floats,
        )

    def take(self, rows: Ints | Bools) -> Numbers:
        """Some of the rows: a mask or indices."""
        taken = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "cells"}
        return Numbers(cells=self.cells, **taken)

    def table(self, grain: str, part: str = "") -> pa.Table:
        """The rows as Arrow (schema `NUMBERS`), by period and cell."""
        rank = np.argsort(np.argsort(np.array(self.cells, str))) if self.cells else np.zeros(0, np.int64)
        order = np.lexsort((rank[self.cell] if len(self) else self.cell, self.period))
        rows = self.take(order)
        texts = pa.array(list(self.cells), pa.string())
        reasons = pa.array([reason.value if reason else None for reason in REASONS], pa.string())
        columns = {name: nullable(getattr(rows, name)) for name in _FLOATS}
        return (
            pa.table(
                {
                    "part": pa.array([part], pa.string()).take(pa.array(np.zeros(len(rows), np.int64))),
                    "grain": pa.array([grain], pa.string()).take(pa.array(np.zeros(len(rows), np.int64))),
                    "cell": texts.take(pa.array(rows.cell, pa.int64())),
                    "period": pa.array(rows.period, pa.int64()),
                    "reason": reasons.take(pa.array(rows.reason, pa.int64())),
                    "flags": pa.array(rows.flags, pa.int8()),
                    **columns,
                    "people": columns["people"].cast(pa.int64()),
                }
            )
            .select(NUMBERS.names)
            .cast(NUMBERS)
        )


_FLOATS = ("value", "n", "numerator", "denominator", "so_far", "so_far_before", "people")


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of `NUMBERS` under each other."""
    return pa.concat_tables(tables).combine_chunks() if tables else NUMBERS.empty_table()


def floats_of(column: pa.ChunkedArray) -> Floats:
    """Numbers with NaN for null."""
    floats: Floats = column.cast(pa.float64()).combine_chunks().fill_null(np.nan).to_numpy(zero_copy_only=False)
    return floats


def nullable(values: Floats) -> pa.Array:
    """Numbers with null for NaN and infinity."""
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))


def codes_of(dictionary: pa.DictionaryArray) -> Ints:
    """The codes of a dictionary; null is -1."""
    codes: Ints = dictionary.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.combine_chunks().dictionary_encode()


def find(have: Ints, want: Ints) -> tuple[Ints, Bools]:
    """For each wanted key, where it is among those that are there (0 if it is not), and whether it is."""
    if not len(have):
        return np.zeros(len(want), np.int64), np.zeros(len(want), np.bool_)
    order = np.argsort(have, kind="stable")
    at = order[np.minimum(np.searchsorted(have, want, sorter=order), len(order) - 1)]
    return at, have[at] == want


def look_up(have: Ints, values: Floats, want: Ints, default: float) -> Floats:
    """The value of each wanted key, `default` where there is none."""
    if not len(have):
        return np.full(len(want), default)
    at, found = find(have, want)
    return np.where(found, values[at], default)


def key(cells: Ints, periods: Ints) -> Ints:
    """One number per (cell, period); `parts_of` takes it apart. Periods may lie before 1970."""
    keys: Ints = (cells << 36) + periods + (1 << 35)
    return keys


def parts_of(keys: Ints) -> tuple[Ints, Ints]:
    """The cells and periods of keys."""
    return keys >> 36, (keys & ((1 << 36) - 1)) - (1 << 35)

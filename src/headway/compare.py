"""Compares two states of a KPI's numbers: as published at two times, or as two catalogues make them (pure).

Numbers are the same if they differ by the last digits of a float. A number is *closed* if it was final in the earlier
state: that it differs needs a reason. One of a running period was bound to move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.model import JUDGED, OBSERVED, Flag, cell_text, read_cell
from headway.periods import Grain

#: Numbers that differ by less, as a share, are the same: adding up in another order rounds differently.
SAME = 1e-9
#: And so are those that differ by less than this of their unit: what cancels out leaves its last digits, not 0.
NOTHING = 1e-12

_KEY = ("part", "grain", "cell", "period")
_SAID = ("value", "reason", "status", "low", "high")
#: What both states must have for each number.
FIELDS = (*_KEY, *_SAID, "flags")


@dataclass(frozen=True, slots=True)
class Said:
    """What one state says of a number: its value or the reason why there is none, and the verdict."""

    value: float | None
    reason: str | None
    status: str | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that two states tell differently. `cell` is a `cell_text`."""

    part: str
    grain: Grain
    cell: str
    period: int
    old: Said
    new: Said

    @property
    def flipped(self) -> bool:
        """True if the verdict is another one."""
        return self.old.status != self.new.status

    @property
    def share(self) -> float:
        """How far the value moved, as a share of the larger one; a value that came or went moved farthest."""
        if self.old.value is None or self.new.value is None:
            return 2.0
        largest = max(abs(self.old.value), abs(self.new.value))
        return abs(self.new.value - self.old.value) / largest if largest else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """The differences between two states of one KPI, in the order of grains, cells and periods.

    `closed` and `running` are numbers that changed, `judged` are closed numbers that stayed and got another verdict.
    `new` and `gone` count numbers that one state has alone, `lost` those gone that were closed and had a value;
    `cells_new` and `cells_gone` name the cells that one state has alone.
    """

    kpi: str
    closed: tuple[Difference, ...] = ()
    running: tuple[Difference, ...] = ()
    judged: tuple[Difference, ...] = ()
    new: int = 0
    gone: int = 0
    lost: int = 0
    cells_new: tuple[str, ...] = ()
    cells_gone: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """True if nothing differs."""
        return not (self.closed or self.running or self.judged or self.new or self.gone)

    @property
    def flipped(self) -> tuple[Difference, ...]:
        """Closed numbers with another verdict."""
        return tuple(one for one in (*self.closed, *self.judged) if one.flipped)

    @property
    def largest(self) -> Difference | None:
        """The closed number that moved farthest: of the total if that changed, of the longest grain, the newest."""
        return largest(self.closed) or largest(self.running)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a change of the catalogue does to one KPI.

    `sort` is "added", "removed", "renamed" (it `was` called so) or "changed". `redefined` is true if its numbers are
    calculated otherwise, `rejudged` if its verdicts may be others; `retold` are the keys that differ and change no
    number. `failed` says why its numbers could not be compared.
    """

    kpi: str
    sort: str
    redefined: bool = False
    rejudged: bool = False
    retold: tuple[str, ...] = ()
    compared: Compared | None = None
    failed: str | None = None
    was: str = ""


def largest(differences: Sequence[Difference]) -> Difference | None:
    """The one that stands for all: of the total rather than of a cell, and then the one that moved farthest."""
    return max(
        differences,
        key=lambda one: (not one.cell, not one.part, round(one.share, 9), one.grain.rank, one.period),
        default=None,
    )


def nothing() -> pa.Table:
    """The numbers of a KPI that one state does not have."""
    kinds = {field.name: field.type for field in (*OBSERVED, *JUDGED)}
    return pa.schema([(name, kinds[name]) for name in FIELDS]).empty_table()


#: Values of breakdowns that are called otherwise now: column -> old -> new.
Revalued = Mapping[str, Mapping[str, str]]


def numbers(kpi: str, old: pa.Table, new: pa.Table, revalued: Revalued | None = None) -> Compared:
    """What differs between two tables of one KPI's numbers, each with the columns `FIELDS`."""
    old = _called_now(old, revalued or {})
    before, after = (_marked(table) for table in (old, new))
    both = before.join(after, keys=list(_KEY), join_type="full outer", right_suffix=" now")
    there, now = (both[name].is_valid().to_numpy() for name in ("there", "there now"))
    stay = there & now
    running = (_ints(both["flags"]) & (Flag.PARTIAL | Flag.OPEN_ENDED)) != 0
    moved = stay & ~(_close(both["value"], both["value now"]) & _equal(both["reason"], both["reason now"]))
    judged = stay & ~moved & ~running & ~_equal(both["status"], both["status now"])
    cells = set(old["cell"].unique().to_pylist()), set(new["cell"].unique().to_pylist())
    return Compared(
        kpi,
        closed=_differences(both, moved & ~running),
        running=_differences(both, moved & running),
        judged=_differences(both, judged),
        new=int((now & ~there).sum()),
        gone=int((there & ~now).sum()),
        lost=int((there & ~now & ~running & both["value"].is_valid().to_numpy()).sum()),
        cells_new=tuple(sorted(cells[1] - cells[0] - {""})),
        cells_gone=tuple(sorted(cells[0] - cells[1] - {""})),
    )


def _called_now(table: pa.Table, revalued: Revalued) -> pa.Table:
    """The same numbers, their cells as they are called now."""
    if not revalued:
        return table
    column = pa.chunked_array(table["cell"]).combine_chunks().dictionary_encode()
    cells = [
        cell_text(tuple((name, revalued.get(name, {}).get(value, value)) for name, value in read_cell(text)))
        for text in column.dictionary.to_pylist()
    ]
    names = pa.array(cells, pa.string()).take(column.indices)
    return table.set_column(table.schema.get_field_index("cell"), "cell", names)


def _marked(table: pa.Table) -> pa.Table:
    """The columns that are compared, with a mark by which a join tells where a row comes from."""
    return table.select(FIELDS).append_column("there", pa.array([True] * len(table), pa.bool_()))


def _differences(both: pa.Table, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[Difference, ...]:
    found = [
        Difference(
            row["part"],
            Grain(row["grain"]),
            row["cell"],
            row["period"],
            Said(*(row[name] for name in _SAID)),
            Said(*(row[f"{name} now"] for name in _SAID)),
        )
        for row in both.filter(pa.array(chosen)).to_pylist()
    ]
    return tuple(sorted(found, key=lambda one: (one.part, one.grain.rank, one.cell, one.period)))


def _close(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where two columns have the same number, or none."""
    one, other = (column.to_numpy() for column in (old, new))
    near: np.ndarray[Any, np.dtype[np.bool_]] = np.isclose(one, other, rtol=SAME, atol=NOTHING, equal_nan=True)
    return near


def _equal(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where two columns have the same word, or none."""
    same: np.ndarray[Any, np.dtype[np.bool_]] = pc.equal(old.fill_null(""), new.fill_null("")).to_numpy()
    return same


def _ints(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    numbers: np.ndarray[Any, np.dtype[np.int64]] = column.cast(pa.int64()).fill_null(0).to_numpy()
    return numbers

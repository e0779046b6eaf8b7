"""Numbers along the positions of spans from a gap rollup: what the steps between the rollup and `filled` say in SQL.

A row of the rollup counts from one position to before another (`Stretch`), which depend on its days alone. So tables of
the days are made, once; each row looks up where it begins and where it ends, `+people` and `-people` are added up there
by cell, and a running sum is the number. Days that lie alike in all series, such as those of a week, are one for all
that follows, and rows with such days are one row.

Cost, for n rows, c cells and p positions: O(n + c p) for each number and series; memory is that of some cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headway.engines.inorder import Ints, bundles, each
from headway.model import Stretch

#: So many places, of a cell and a position, and so many rows are worked on at a time: they stay in the cache.
_PLACES, _ROWS = 1 << 18, 1 << 16
#: Where a day lies that there is not: before all positions if a number begins there, behind them if it ends. Days after
#: all those of the table lie in the empty place behind a series.
_NONE, _BEHIND = -1, np.iinfo(np.int64).max

#: Days from 1970 on.
_Days = npt.NDArray[np.int32]


class Reach:
    """The table `reach`, by days that lie alike."""

    def __init__(self, table: pa.Table) -> None:
        days = table["day"].cast(pa.int32()).to_numpy()
        self.first, last = (int(days.min()), int(days.max())) if len(days) else (0, -1)
        size = last - self.first + 1
        #: How many positions there are, with the empty ones.
        self.positions = int(table["stop"].to_numpy().max(initial=0)) + 1
        names = [name for name in table.column_names if name not in ("series", "day", "stop")]
        series = table["series"].unique()
        # A place for all days before, one for each day, and one for all days after.
        found = np.full((len(series), len(names), size + 2), _NONE, np.int64)
        for one, word in zip(found, series, strict=True):
            rows = pc.equal(table["series"], word).to_numpy()
            one[:, -1] = table["stop"].to_numpy()[rows][-1]
            for column, name in zip(one, names, strict=True):
                column[days[rows] - self.first + 1] = table[name].to_numpy()[rows]
        flat = found.reshape(len(series) * len(names), size + 2)
        alike, self._alike = np.unique(flat, axis=1, return_inverse=True)
        #: For each series the columns, each by number of a day.
        self.series = [
            dict(zip(names, one, strict=True)) for one in alike.reshape(len(series), len(names), alike.shape[1])
        ]
        self.size = alike.shape[1]

    def number(self, days: _Days) -> Ints:
        """The number of each day, the same for those that lie alike."""
        found: Ints = self._alike.take(days - np.int32(self.first - 1), mode="clip")
        return found


@dataclass(frozen=True, slots=True)
class _Raw:
    """Rows of a rollup, by cells counted from 0 in their order."""

    cell: Ints
    day: _Days
    begun: _Days | None
    #: Of rows that last.
    final: _Days | None
    #: Any day where nobody was `seen` before.
    previous: _Days
    seen: npt.NDArray[np.bool_]
    people: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The same by the numbers of their days in a `Reach`; its size stands for no day before."""

    cell: Ints
    day: Ints
    begun: Ints | None
    final: Ints | None
    previous: Ints
    people: npt.NDArray[np.float64]

    def take(self, chosen: npt.NDArray[np.bool_]) -> _Rows:
        """Some of them."""
        begun, final = (None if days is None else days[chosen] for days in (self.begun, self.final))
        return _Rows(self.cell[chosen], self.day[chosen], begun, final, self.previous[chosen], self.people[chosen])


def filled(rollup: pa.Table, several: Sequence[tuple[Reach, Sequence[Sequence[Stretch]]]]) -> list[list[pa.Table]]:
    """For each reach each number, told by its stretches: cell, position, people (and amount), where there are any."""
    cell = rollup["cell"].to_numpy()
    if (cell[1:] < cell[:-1]).any():  # of several parts, or added to what was known
        rollup = rollup.take(np.argsort(cell, kind="stable"))
        cell = rollup["cell"].to_numpy()
    starts = np.flatnonzero(np.append(True, cell[1:] != cell[:-1])[: len(cell)])
    ends = np.append(starts, len(cell))
    most = max((reach.positions for reach, _ in several), default=1)

    def work(block: slice) -> list[list[pa.Table]]:
        some = ends[block.start : block.stop + 1]
        raw = _raw(rollup.slice(some[0], some[-1] - some[0]), np.diff(some))
        found = []
        for reach, numbers in several:
            rows = _rows(raw, reach, len(some) - 1)
            found.append([_filled(rows, cell[some[:-1]], reach, number) for number in numbers])
        return found

    # The first block may be of no cells: it says what columns there are.
    blocks = each(work, bundles(ends, _ROWS, max(1, _PLACES // most)) or [slice(0, 0)])
    return [
        [pa.concat_tables(parts) for parts in zip(*of_reach, strict=True)] for of_reach in zip(*blocks, strict=True)
    ]


def _raw(rollup: pa.Table, sizes: Ints) -> _Raw:
    """The rows of some cells that have so many each."""

    def days(name: str) -> _Days:
        found: _Days = rollup[name].cast(pa.int32()).fill_null(0).to_numpy()
        return found

    return _Raw(
        np.repeat(np.arange(len(sizes)), sizes),
        days("day"),
        days("begun") if "begun" in rollup.column_names else None,
        days("final") if "final" in rollup.column_names else None,
        days("previous"),
        rollup["previous"].is_valid().to_numpy(),
        rollup["people"].to_numpy().astype(np.float64),
    )


def _rows(raw: _Raw, reach: Reach, cells: int) -> _Rows:
    """The rows of so many cells; alike ones as one where that leaves fewer."""
    day, previous = reach.number(raw.day), np.where(raw.seen, reach.number(raw.previous), reach.size)
    begun, final = (None if days is None else reach.number(days) for days in (raw.begun, raw.final))
    size = cells * reach.size * (reach.size + 1)
    if begun is not None or final is not None or size > 4 * len(raw.cell):
        return _Rows(raw.cell, day, begun, final, previous, raw.people)
    alike = np.bincount((raw.cell * reach.size + day) * (reach.size + 1) + previous, raw.people, size)
    some = np.flatnonzero(alike)
    rest, previous = np.divmod(some, reach.size + 1)
    cell, day = np.divmod(rest, reach.size)
    return _Rows(cell, day, None, None, previous, alike[some].astype(np.float64, copy=False))


def _filled(rows: _Rows, cells: Ints, reach: Reach, number: Sequence[Stretch]) -> pa.Table:
    """One number of some cells."""
    size = len(cells) * reach.positions
    changes, amounts = np.zeros(size), np.zeros(size) if _has_amount(number) else None
    for columns in reach.series:
        # What no span holds, nor one before, counts nowhere, unless it lasts.
        upper = columns.get("beyond", columns["after"])
        held = (columns["lo"] < upper if rows.final is None else columns["lo"] != _NONE)[rows.day]
        some = rows if held.all() else rows.take(held)
        if not len(some.cell):
            continue
        base = some.cell * reach.positions
        for stretch in number:
            begins, ends = _place(some, columns, stretch.begins, least=False), _place(some, columns, stretch.ends)
            counted = (begins < ends) & (ends < _BEHIND)
            if stretch.seen is not None:
                counted &= (some.previous < reach.size) == stretch.seen
            at, until, people = base + begins, base + ends, some.people
            if not counted.all():
                at, until, people = at[counted], until[counted], people[counted]
            change = np.bincount(at, people, size) - np.bincount(until, people, size)
            if stretch.change:
                changes += stretch.change * change
            if amounts is not None and stretch.amount:
                amounts += stretch.amount * change
    # Whatever begins ends in the same cell: no sum goes over into the next.
    people = np.cumsum(changes)
    there = np.flatnonzero(people > 0)
    cell, position = np.divmod(there, reach.positions)
    found = {"cell": cells[cell], "position": position, "people": people[there].astype(np.int64)}
    if amounts is not None:
        found["amount"] = np.cumsum(amounts)[there].astype(np.int64)
    return pa.table(found)


def _place(rows: _Rows, columns: dict[str, Ints], names: Sequence[str], *, least: bool = True) -> Ints:
    """The least or the greatest position among these columns, without those of days before that are not there."""
    none = _BEHIND if least else _NONE
    found: Ints | None = None
    for name in names:
        whose, _, column = name.rpartition("_")
        days = {"before": rows.previous, "begun": rows.begun, "final": rows.final}.get(whose, rows.day)
        assert days is not None, "a number that asks for another day is made of a rollup that has it"
        places = columns[column]
        if whose == "before":
            places = np.append(np.where(places == _NONE, none, places), none)
        at = places.take(days)
        found = at if found is None else (np.minimum if least else np.maximum)(found, at)
    assert found is not None
    return found


def _has_amount(number: Sequence[Stretch]) -> bool:
    return any(stretch.amount for stretch in number)

"""Which rows differ between two footprints of a source: how many came late, were changed or went, and on which days.

Rows of the one and not of the other are read out of the difference of the sketches. Where both have a row of the same
key it was changed, else it came or went; without a key, a row that went and one that came on one day are one that was
changed. Where too many rows differ, or the footprints are of different columns or engines, the days tell how many rows
there were at least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from headway.model import Footprint
from headway.model.footprint import places, proof
from headway.periods import EPOCH

#: The numbers of a line: rows, hashes, keys, proofs, days.
_Sums = tuple[int, int, int, int, int]
_NOTHING: _Sums = (0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Differing:
    """How many rows differ, and the days on which they lie; None among them are rows without a day.

    If not `exact`, there may be more of each.
    """

    late: int = 0
    changed: int = 0
    deleted: int = 0
    days: frozenset[date | None] = field(default_factory=frozenset)
    exact: bool = True

    def __bool__(self) -> bool:
        """True if any row is known to differ."""
        return bool(self.days)


@dataclass(frozen=True, slots=True)
class _Row:
    """Equal rows that one of two footprints has more of: `count` is above 0 for those that came."""

    key: int
    day: date | None
    count: int


def differ(old: Footprint, new: Footprint) -> Differing:
    """The rows of `new` that are not in `old`, and the other way round. Both are of the same source and day."""
    if (old.engine, old.columns) != (new.engine, new.columns):
        return _by_day(old, new, hashes=False)
    rows = _peeled(_difference(old, new, "cell"))
    return _by_day(old, new, hashes=True) if rows is None else _matched(rows, keyed=old.keyed and new.keyed)


def _difference(old: Footprint, new: Footprint, by: str) -> dict[object, _Sums]:
    """What lines of the new footprint have more than those of the old one; lines that are equal are left out."""
    sums: dict[object, _Sums] = {}
    for footprint, sign in ((new, 1), (old, -1)):
        of_cells = footprint.lines["cell"].is_valid()
        lines = footprint.lines.filter(of_cells if by == "cell" else pa.compute.invert(of_cells))
        names = (by, "rows", "hashes", "keys", "proofs", "days")
        for at, *numbers in zip(*(lines[name].to_pylist() for name in names), strict=True):
            sums[at] = _plus(sums.get(at, _NOTHING), [sign * int(number) for number in numbers])
    return {at: line for at, line in sums.items() if line != _NOTHING}


def _plus(line: _Sums, numbers: Iterable[int]) -> _Sums:
    rows, hashes, keys, proofs, days = (a + b for a, b in zip(line, numbers, strict=True))
    return rows, hashes, keys, proofs, days


def _peeled(cells: dict[object, _Sums]) -> list[_Row] | None:
    """The rows that two sketches differ by, from the cells that differ; None if they are too many to be told apart."""
    found, ahead = [], list(cells)
    while ahead:
        at = ahead.pop()
        rows, hashes, keys, proofs, days = line = cells.get(at, _NOTHING)
        if not rows or hashes % rows:
            continue
        one = hashes // rows
        if one < 0 or at not in places(one) or proofs != rows * proof(one):
            continue
        found.append(_Row(keys // rows, _day(days // rows), rows))
        for cell in places(one):
            left = _plus(cells.get(cell, _NOTHING), [-number for number in line])
            cells.pop(cell, None)
            if left != _NOTHING:
                cells[cell] = left
                ahead.append(cell)
    return None if cells else found


def _day(number: int) -> date | None:
    return EPOCH + timedelta(days=number) if number else None


def _matched(rows: Iterable[_Row], *, keyed: bool) -> Differing:
    """Rows that came and rows that went, as late, changed and deleted ones."""
    came: Counter[object] = Counter()
    went: Counter[object] = Counter()
    days = set()
    for row in rows:
        (came if row.count > 0 else went)[row.key if keyed else row.day] += abs(row.count)
        days.add(row.day)
    changed = (came & went).total()
    return Differing(came.total() - changed, changed, went.total() - changed, frozenset(days))


def _by_day(old: Footprint, new: Footprint, *, hashes: bool) -> Differing:
    """At least how many rows differ, as far as each day's sums tell."""
    late = changed = deleted = 0
    days: set[date | None] = set()
    for day, (rows, _, keys, _, _) in _difference(old, new, "day").items():
        assert day is None or isinstance(day, date)
        if rows or hashes:
            days.add(day)
        late, deleted = late + max(rows, 0), deleted + max(-rows, 0)
        if not rows and hashes:
            if keys:
                late, deleted = late + 1, deleted + 1
            else:
                changed += 1
    return Differing(late, changed, deleted, frozenset(days), exact=False)

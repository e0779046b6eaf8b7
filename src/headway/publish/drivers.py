"""Which cells explain a change, from stored numbers alone: the first thing that who is woken wants to know.

Where cells add up, it is the one whose own change is largest. A ratio is asked what it would be if one cell had its
numerator and denominator of before, and all others theirs of now. Of every other number, the cell that changed most is
named, and called no more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from headway.formats import numbers
from headway.model import Aggregate, Cell, Kpi, Nps, Share
from headway.publish import cells
from headway.publish.stored import Stored

#: A cell that has less of a change than this explains nothing.
_LEAST = 0.25


@dataclass(frozen=True, slots=True)
class Contribution:
    """A cell, and how much of the whole's change came with its rows: 0.5 is half of it, less than 0 went against it."""

    cell: Cell
    share: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Driver:
    """A cell, and its value before and after; `explains` is False where it is only the one that changed most."""

    cell: Cell
    before: float
    after: float
    explains: bool


def driver(
    kpi: Kpi,
    part: str,
    of: Cell,
    before: Mapping[Cell, Stored],
    after: Mapping[Cell, Stored],
) -> Driver | None:
    """The cell within `of` that explains most of its change, or None if none stands out.

    `before` and `after` are the rows of two periods by cell, with that of `of` itself; what is withheld has no value,
    and is never named.
    """
    then, now = before.get(of), after.get(of)
    if then is None or now is None or then.value is None or now.value is None or then.value == now.value:
        return None
    shares = contributions(kpi, part, of, before, after)
    if shares is None:
        change, within = now.value - then.value, _within(kpi, part, of, before, after)
        moved = [(abs(b - a), cell, a, b) for cell, a, b in within if (b - a) * change > 0]
        found = max(moved, key=lambda one: one[0], default=None)
        return Driver(*found[1:], explains=False) if found else None
    most = max(shares, key=lambda one: one.share, default=None)
    return Driver(most.cell, most.before, most.after, explains=True) if most and most.share >= _LEAST else None


def contributions(
    kpi: Kpi, part: str, of: Cell, before: Mapping[Cell, Stored], after: Mapping[Cell, Stored]
) -> list[Contribution] | None:
    """How much of a change each cell within `of` explains; None where that cannot be said exactly.

    Those of one breakdown add up to the whole change where `cells.sums`, and else do not.
    """
    then, now = before.get(of), after.get(of)
    if then is None or now is None or then.value is None or now.value is None or then.value == now.value:
        return None
    share, change = _share(kpi, part, then, now), now.value - then.value
    if share is None:
        return None
    return [
        Contribution(cell, share(before.get(cell), after.get(cell)) / change, a, b)
        for cell, a, b in _within(kpi, part, of, before, after)
    ]


def said(found: Driver, kpi: Kpi, part: str) -> str:
    """`pro, from 1,200 people to 780 people`."""
    counts, decimals = kpi.unit_of(part), kpi.decimals if not part else None
    shown = [str(numbers.tile(value, counts, decimals=decimals)) for value in (found.before, found.after)]
    if shown[0] == shown[1]:  # a change that rounding hides
        depth = numbers.places([found.before, found.after], counts) + 2
        shown = [numbers.full(value, counts, depth) for value in (found.before, found.after)]
    return f"{cells.label(found.cell)}, from {shown[0]} to {shown[1]}"


def _within(
    kpi: Kpi, part: str, of: Cell, before: Mapping[Cell, Stored], after: Mapping[Cell, Stored]
) -> Iterator[tuple[Cell, float, float]]:
    """The cells that break `of` down by one more column, of which there are several, with both their values."""
    held, fixed = dict(of), set(of)
    for columns in kpi.by_of(part):
        if not set(held) < set(columns) or len(columns) != len(held) + 1:
            continue
        inside = [
            cell
            for cell in dict.fromkeys([*before, *after])
            if tuple(column for column, _ in cell) == columns and fixed <= set(cell)
        ]
        if len(inside) < 2:
            continue
        for cell in inside:
            first, second = (_value(kpi, part, rows.get(cell), rows.get(of)) for rows in (before, after))
            if first is not None and second is not None:
                yield cell, first, second


def _value(kpi: Kpi, part: str, row: Stored | None, whole: Stored | None) -> float | None:
    """A cell's value; one without a row is 0 where that says so, and the whole has a number."""
    if row is not None:
        return row.value
    return 0.0 if kpi.zero_when_absent(part) and whole is not None and whole.value is not None else None


def _share(kpi: Kpi, part: str, then: Stored, now: Stored) -> Callable[[Stored | None, Stored | None], float] | None:
    """How much of the whole's change comes with one cell's rows; None where that cannot be said exactly."""
    if not part and cells.sums(kpi):
        return lambda a, b: _number(b, "value") - _number(a, "value")
    ratio = isinstance(kpi.measure, Share | Nps) or (
        isinstance(kpi.measure, Aggregate) and kpi.measure.function == "mean" and kpi.window is None
    )
    if part or not ratio or then.denominator is None or not now.denominator:
        return None
    top, bottom, value = _number(now, "numerator"), now.denominator, _number(now, "value")
    # A score counts in hundredths; where its numerator is 0, the other period says so.
    known = next((one for one in (now, then) if one.numerator and one.value and one.denominator), None)
    if known is None:
        return None
    scale = _number(known, "value") / (_number(known, "numerator") / _number(known, "denominator"))

    def replaced(a: Stored | None, b: Stored | None) -> float:
        rest = bottom - _number(b, "denominator") + _number(a, "denominator")
        if rest <= 0:
            return value
        return value - scale * (top - _number(b, "numerator") + _number(a, "numerator")) / rest

    return replaced


def _number(row: Stored | None, name: str) -> float:
    found = getattr(row, name) if row is not None else None
    return float(found) if found is not None else 0.0

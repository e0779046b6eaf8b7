"""Which cells are named as what explains a change, and how a share of it reads: half, two thirds, almost all."""

from __future__ import annotations

from collections.abc import Sequence

from headway.model import Cell
from headway.model.cells import NONE_CELL
from headway.publish.drivers import Contribution

#: So many cells are named at most, and together they explain at least so much.
_MOST, _LEAST = 3, 0.5
ALL = 1.0
#: A share that lies so near to a fraction is that fraction.
EXACT = 0.015
_FRACTIONS = (
    (1 / 2, "half"),
    (3 / 5, "three fifths"),
    (2 / 3, "two thirds"),
    (3 / 4, "three quarters"),
    (4 / 5, "four fifths"),
    (9 / 10, "nine tenths"),
    (ALL, "all"),
)


def chosen(found: Sequence[Contribution], of: Cell, *, adds_up: bool) -> list[Contribution] | None:
    """The fewest cells of one breakdown that explain most of a change; None if it takes many, or one has no name.

    Only shares that add up are added: of others, a single cell must do.
    """
    best: list[Contribution] | None = None
    for column in dict.fromkeys(_column(one.cell, of) for one in found):
        own = [one for one in found if _column(one.cell, of) == column]
        some = _fewest(own, _MOST if adds_up else 1)
        if some and len(some) < len(own) and all(_named(one.cell, column) for one in some):
            best = some if best is None or len(some) < len(best) else best
    return best


def _fewest(own: Sequence[Contribution], most: int) -> list[Contribution]:
    """The largest shares, until they come to enough; nothing if they do not."""
    ranked = sorted(own, key=lambda one: (-one.share, one.cell))
    for count in range(1, most + 1):
        if sum(one.share for one in ranked[:count]) >= _LEAST:
            return ranked[:count]
    return []


def _column(cell: Cell, of: Cell) -> str:
    """The column by which a cell breaks the whole down further."""
    return next(column for column, value in cell if (column, value) not in of)


def _named(cell: Cell, column: str) -> bool:
    """False for values that are no name: yes, no, or nothing at all."""
    return dict(cell)[column] not in ("true", "false", NONE_CELL)


def words_for(share: float) -> str:
    """A share of at least a half in words, true to within a hundredth or two: almost two thirds, more than half."""
    nearest, name = min(_FRACTIONS, key=lambda one: abs(one[0] - share))
    if abs(nearest - share) <= EXACT:
        return name
    return f"almost {name}" if share < nearest else f"more than {name}"

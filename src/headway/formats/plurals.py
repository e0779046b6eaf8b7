"""How many of what there are, and how several are named: 1 row, 1,204 rows; a, b and c."""

from __future__ import annotations

from collections.abc import Sequence


def whole(number: float) -> str:
    """How many there are, in full: 1,204."""
    return f"{number:,.0f}"


def count(number: int, noun: str) -> str:
    """`1 number`, `1,204 numbers`."""
    return f"{whole(number)} {noun}{'' if number == 1 else 's'}"


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"

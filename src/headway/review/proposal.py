"""A target to begin the talk with: the baseline that history gives, and a stretch of 10 to 20 % above it (pure).

The baseline is the median of what was reached in the quarter. A share that has never been above 100 % is stretched by
10 to 20 % of its value as long as that stays below 100 %; closer to it, what is *lacking* becomes less by 10 to 20 %:
from 95 % it is a stretch to 95.5 to 96 %. Of the numbers in that range the roundest one is proposed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from headway.model import Better, Unit, UnitKind

LEAST, MOST = 0.1, 0.2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A bound as it is written in YAML (`6600`, `95.5 %`), what it is made from, and whether it was ever reached."""

    bound: str
    written: str
    value: float
    baseline: float
    beyond: bool
    #: What was lacking to the most there can be has become less, instead of the value more.
    lacking: bool


def propose(reached: Sequence[float], seen: Sequence[float], better: Better, unit: Unit) -> Proposal | str:
    """A stretch over what was reached in the quarter, or why there is none. `seen` is all that ever was."""
    if not reached:
        return "there is no number in the quarter to begin with"
    if better is Better.NONE:
        return "whether more or less of it is better is not declared (`better`)"
    baseline = median(reached)
    if baseline <= 0:
        return "10 % more than a number that is not above 0 means nothing"
    most = _most(unit, seen)
    higher = better is Better.HIGHER
    low, high = (
        (baseline * (1 + LEAST), baseline * (1 + MOST)) if higher else (baseline * (1 - MOST), baseline * (1 - LEAST))
    )
    lacking = higher and most is not None and high >= most
    if lacking and most is not None:
        if baseline >= most:
            return "there is nothing above what was reached"
        low, high = (most - (most - baseline) * (1 - share) for share in (LEAST, MOST))
    value, written = _roundest(low, high, unit)
    beyond = bool(seen) and (value > max(seen) if higher else value < min(seen))
    return Proposal("at_least" if higher else "at_most", written, value, baseline, beyond, lacking)


def _most(unit: Unit, seen: Sequence[float]) -> float | None:
    """The most there can be: a share that was never above 100 % is taken for one that cannot be."""
    if unit.kind is UnitKind.PERCENT:
        return 1.0 if all(value <= 1 for value in seen) else None
    return 100.0 if unit.kind is UnitKind.POINTS else None


def _roundest(low: float, high: float, unit: Unit) -> tuple[float, str]:
    """The number with the fewest digits in a range, near its middle; as a value and as it is written."""
    percent = unit.kind is UnitKind.PERCENT
    scale = 100 if percent else 1
    first, last = low * scale, high * scale
    middle = (first + last) / 2
    for exponent in range(math.floor(math.log10(last)), -12, -1):
        for step in (Decimal(10) ** exponent, Decimal(5) * Decimal(10) ** (exponent - 1)):
            nearest = step * round(Decimal(middle) / step)
            if first <= nearest <= last:
                text = f"{nearest.normalize():f}"
                return float(Decimal(text) / scale), f"{text} %" if percent else text
    return middle / scale, f"{middle:.12g}{' %' if percent else ''}"

"""A target to begin the talk with: the baseline that history gives, and a stretch of 10 to 20 % above it (pure).

The baseline is the median of what was reached in the quarter. A share that has never been above 100 % is stretched by
10 to 20 % of its value as long as that stays below 100 %; closer to it, what is *lacking* becomes less by 10 to 20 %:
from 95 % it is a stretch to 95.5 to 96 %. Of the numbers in that range the roundest one is proposed; of durations the
one that is round as people read it: 46 days, and not 1100 hours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from headway.model import Better, Unit, UnitKind

LEAST, MOST = 0.1, 0.2
#: How many of a unit of time make a longer one, in which more than two of it are read.
_LONGER = {"seconds": (86_400, 3_600, 60), "minutes": (1_440, 60), "hours": (24,)}


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
    for step in _steps(last, unit):
        nearest = step * round(Decimal(middle) / step)
        if first <= nearest <= last:
            text = f"{nearest.normalize():f}"
            return float(Decimal(text) / scale), f"{text} %" if percent else text
    return middle / scale, f"{middle:.12g}{' %' if percent else ''}"


def _steps(last: float, unit: Unit) -> Iterator[Decimal]:
    """Of what a round number up to `last` is a multiple, the roundest first."""
    for longer in _LONGER.get(unit.name, ()) if unit.kind is UnitKind.ELAPSED else ():
        if last >= 2 * longer:
            for exponent in range(math.floor(math.log10(last / longer)), -1, -1):
                yield longer * Decimal(10) ** exponent
                yield from [longer * Decimal(5) * Decimal(10) ** (exponent - 1)] if exponent else []
    for exponent in range(math.floor(math.log10(last)), -12, -1):
        yield Decimal(10) ** exponent
        yield Decimal(5) * Decimal(10) ** (exponent - 1)
        if not exponent and unit.name in ("minutes", "hours", "days"):
            yield Decimal("0.25")  # 2 d 6 h, and not 2 d 2 h 24 min

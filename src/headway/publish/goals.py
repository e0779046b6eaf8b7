"""How targets read: what is asked for, which of several is on the card, and how a running period stands.

A KPI may have a target for its value and others for its growth. The first that is listed for the total at the KPI's own
grain *leads*: its verdict is the card's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator
from datetime import date

from headway.formats import dates, numbers
from headway.model import TOTAL, Bands, Benchmark, Bound, Cell, Formula, Kpi, Line, Target, Unit, UnitKind
from headway.periods import Grain, Period
from headway.publish.kpipages import Promise
from headway.publish.pages import Pace
from headway.publish.stored import Stored

#: A bound that comes of KPIs which are not for the reader.
UNSEEN = "a number made from other KPIs"
PERCENT = Unit(UnitKind.PERCENT, "percent")
#: So_far may miss what is expected by the last digits of a float.
_TOLERANCE = 1e-9


def lead(kpi: Kpi) -> str:
    """The part whose verdict is on the card: '' is the value."""
    return next((t.part for t in kpi.targets if not t.columns and t.grain is kpi.front), "")


def unit_of(kpi: Kpi, part: str) -> Unit:
    """The unit of the value, of a part, or of growth."""
    return PERCENT if part.startswith("growth ") else kpi.unit_of(part)


def in_force(kpi: Kpi, day: date, part: str = "", grain: Grain | None = None) -> Target | None:
    """The target of the total in force on a day, by default at the grain of its card: for periods not judged yet."""
    found: Target | None = None
    for target in kpi.targets:
        if target.cell != TOTAL or target.each or target.grain is not (grain or kpi.front) or target.part != part:
            continue
        starts = target.first or date.min
        if starts <= day and (found is None or starts >= (found.first or date.min)):
            found = target
    return None if found is None or (found.through is not None and day > found.through) else found


def speaking(kpi: Kpi, which: Period, part: str = "", cell: Cell = TOTAL) -> Target | None:
    """The target in force on the last day of a period, of the total or a cell."""
    if not cell:
        return in_force(kpi, which.last, part, which.grain)
    own = [t for t in kpi.targets if t.part == part and t.grain is which.grain and t.speaks_of(cell)]
    held = [t for t in own if (t.first or date.min) <= which.last <= (t.through or date.max)]
    # What names the cell counts before what is for each one.
    return max(held, key=lambda t: (len(t.cell), t.first or date.min), default=None)


def declared(target: Target, kpi: Kpi, visible: Container[str]) -> str:
    """A target as it was declared: ≥ 7,200 · ≥ 3 * cac · ≥ 500 by 31 Dec 2026 · Growth over 1 month 15 % to 20 %."""
    unit = unit_of(kpi, target.part)
    said = _bounds(target.low, target.high, unit, visible)
    return grown(said, target.part)


def grown(said: str, part: str) -> str:
    """A bound in words, with what it bounds if that is not the value."""
    return f"{title(part)} {said}" if part else said


def title(part: str) -> str:
    """Growth over 1 month."""
    return part.capitalize().replace(" ", " over ", 1)


def _bounds(low: Bound | None, high: Bound | None, unit: Unit, visible: Container[str]) -> str:
    match low, high:
        case (Line() as line, None) | (None, Line() as line):
            edge = (line.reach, None) if low else (None, line.reach)
            return f"{numbers.bound(*edge, unit)} by {dates.day(line.due)}"
        case (float() | int() | None, float() | int() | None):
            return numbers.bound(low, high, unit)
        case (bound, None):
            return f"≥ {_text(bound, unit, visible)}"
        case (None, bound):
            return f"≤ {_text(bound, unit, visible)}"
        case _:
            return f"{_text(low, unit, visible)} to {_text(high, unit, visible)}"


def _text(bound: Bound | None, unit: Unit, visible: Container[str]) -> str:
    match bound:
        case Formula(expression=expression, inputs=inputs):
            hidden = any(name not in visible for name in inputs)
            return UNSEEN if hidden else " ".join(expression.text.split())
        case float() | int():
            return numbers.exact(bound, unit)
        case _:
            return ""


def judged(kpi: Kpi, row: Stored, part: str = "", cell: Cell = TOTAL) -> str:
    """The bound that judged a period: as declared, or, where it moves from period to period, without odd decimals."""
    if row.veiled:
        return UNSEEN
    unit = unit_of(kpi, part)
    speaking = [t for t in kpi.targets if t.part == part and t.grain is row.period.grain and t.speaks_of(cell)]
    if all(isinstance(bound, float | int | None) for t in speaking for bound in (t.low, t.high)):
        return numbers.bound(row.low, row.high, unit)
    low, high = _short(row.low, row, kpi, unit, math.ceil), _short(row.high, row, kpi, unit, math.floor)
    if low and high:
        return f"{low} to {high}"
    return f"≥{numbers.NBSP}{low}" if low else f"≤{numbers.NBSP}{high}" if high else "No target"


def _short(value: float | None, row: Stored, kpi: Kpi, unit: Unit, rounded: Callable[[float], int]) -> str:
    """A computed bound with the digits of its value, rounded towards what meets it: what reads as good enough is."""
    if value is None:
        return ""
    if unit.kind in (UnitKind.ELAPSED, UnitKind.BYTES):
        return str(numbers.tile(value, unit))
    depth = numbers.places(
        [value if row.value is None else row.value], unit, kpi.decimals if unit is kpi.unit else None
    )
    hundred = 2 * (unit.kind is UnitKind.PERCENT)
    if round(value * 10**hundred, 9).is_integer():
        depth = 0
    scale = 10 ** (depth + hundred)
    return numbers.full(rounded(round(value * scale, 6)) / scale, unit, depth, with_unit=unit.kind is not UnitKind.NOUN)


def detail(target: Target, kpi: Kpi) -> str:
    """What a bound alone does not say: where a line begins, how bands follow each other."""
    unit = unit_of(kpi, target.part)
    if target.bands:
        return _bands(target.bands, unit)
    for bound in (target.low, target.high):
        if isinstance(bound, Line):
            return f"A straight line from {numbers.exact(bound.start, unit)} on {dates.day(bound.first)}"
    return ""


def _bands(bands: Bands, unit: Unit) -> str:
    """Off, near from 6, on from 12, over from 24."""
    rest = (f"{s.value} from {numbers.exact(cut, unit)}" for s, cut in zip(bands.statuses[1:], bands.cuts, strict=True))
    return ", ".join((bands.statuses[0].value.capitalize(), *rest))


#: Who decided a target, and when.
Said = Callable[[Kpi, Target], str]


def promises(kpi: Kpi, today: date, visible: Container[str], said: Said) -> Iterator[Promise]:
    """Targets as written, newest first."""
    for target in sorted(kpi.targets, key=lambda t: t.first or date.min, reverse=True):
        yield promise(kpi, target, today, visible, said)


def promise(kpi: Kpi, target: Target, today: date, visible: Container[str], said: Said) -> Promise:
    """One target as written."""
    cell = ", ".join((*(value for _, value in target.cell), *(f"each {column}" for column in target.each)))
    holds = (target.first or date.min) <= today <= (target.through or date.max)
    current = target is in_force(kpi, today, target.part, target.grain) or (bool(cell) and holds)
    return Promise(
        dates.between(target.first, target.through),
        declared(target, kpi, visible),
        cell,
        target.grain.value,
        current,
        target.why or "",
        detail(target, kpi),
        said(kpi, target),
    )


def near(kpi: Kpi, near_within: float) -> str:
    """What is near to the targets of a KPI, in a sentence."""
    if not kpi.targets:
        return ""
    if any(t.near_low is not None or t.near_high is not None or t.bands for t in kpi.targets):
        return "Near is as declared."
    return f"Near is within {numbers.exact(near_within, PERCENT)} of the target."


def judged_by(target: Target | None) -> str:
    """Why a period with a target has no bound."""
    return "" if target is None or not any(target.formulas) else "Its target has no number for this period"


def benchmark(one: Benchmark, kpi: Kpi) -> str:
    """What others reach: ≥ 98 %."""
    return numbers.bound(one.low, one.high, kpi.unit)


def pace(kpi: Kpi, so_far: float | None, expected: float | None, by: str) -> Pace | None:
    """How a running period stands: On pace: 4,900 of 4,800 expected by 21 Nov."""
    if so_far is None or expected is None:
        return None
    word = "On pace" if so_far >= expected - _TOLERANCE * abs(expected) else "Behind pace"
    depth = numbers.places([so_far], kpi.unit, kpi.decimals)
    # What is expected is rounded up: whoever reads that 10 of 10 are there would not be behind.
    least = math.ceil(round(expected * 10**depth, 6)) / 10**depth
    have, want = (numbers.full(value, kpi.unit, depth, with_unit=False) for value in (so_far, least))
    return Pace(word, f"{word}: {have} of {want} expected by {by}")

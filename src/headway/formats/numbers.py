"""How a value reads: 84.2 %, $1.24M, 2 d 4 h, 17.6k people. Pages, JSON twins and the terminal all ask here.

A tile shows three significant digits and shortens from 10,000; a table shows values in full, one precision per
column; an axis shortens from 1,000. Three rules bind every form: rounding never contradicts the verdict, a share
below 100 % never reads 100 %, and what is not 0 never reads 0. Values are as stored (a percentage is a fraction);
a missing one reads "No data". Spaces inside a number do not break: U+202F before %, U+00A0 before other units.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal

from headway.model import Unit, UnitKind

NO_DATA = "No data"
MINUS = "\u2212"
NBSP = "\u00a0"
#: The narrow space before a percent sign.
THIN = "\u202f"

#: Symbols that name one currency beyond doubt; every other currency is written by its code.
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_SCALES = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))
_SECONDS = {"ms": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_SPLIT = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_BYTES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
#: The last resort when two numbers differ only far behind the point.
_DEEPEST = 9


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters of one size: figures are large, units small."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A value, formatted. `str()` is its plain text; `pieces` are for a page that sets units smaller."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Change:
    """The way from one value to another. `amount` has no sign ("3.9 %"), for use beside an arrow; `signed` has one."""

    direction: Literal["up", "down", "same"]
    amount: str
    signed: str

    def __str__(self) -> str:
        return self.signed


# -- the forms -----------------------------------------------------------------------------------------------------


def tile(
    value: float | None,
    unit: Unit,
    *,
    decimals: int | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Number:
    """The short form of cards and headings: 7,240 people, 17.6k people, $1.24M, 84.2 %, 2 d 4 h.

    `low` and `high` are the bounds by which the value was judged: digits are added until the value as shown stands
    on the same side of them as the value itself.
    """
    if value is None or math.isnan(value):
        return Number((Piece(NO_DATA),))
    last = Number((Piece(NO_DATA),))
    for number, shown in _forms(value, unit, decimals):
        last = number
        if _is_true(shown, value, unit) and _stands(shown, value, low, high):
            return number
    return last


def full(value: float | None, unit: Unit, places: int, *, with_unit: bool = True) -> str:
    """The form of tables: every digit before the point and `places` behind it, as `places()` chose for the column.

    Durations read as they do on tiles. With `with_unit=False` a noun is left out, because the column's head has it.
    """
    if value is None or math.isnan(value):
        return NO_DATA
    if unit.kind is UnitKind.ELAPSED:
        return str(tile(value, unit))
    if unit.kind is UnitKind.PERCENT:
        return _percent(value, places)
    if unit.kind is UnitKind.CURRENCY:
        return _money(_grouped(abs(value), places), value, unit)
    sign = "+" if unit.kind is UnitKind.POINTS and value > 0 else ""
    text = sign + _signed(_grouped(abs(value), places), value)
    if not with_unit or unit.kind in (UnitKind.NONE, UnitKind.POINTS):
        return text
    return f"{text}{NBSP}{_noun(unit, value)}"


def at_least(number: Number) -> Number:
    """The same for a value that is this or more: ≥ 24 months."""
    return Number((Piece(f"≥{NBSP}"), *number.pieces))


def places(values: Iterable[float | None], unit: Unit, decimals: int | None = None) -> int:
    """How many digits behind the point a column of these values needs, the same for all its rows.

    What `decimals` declares; else none if all are whole, otherwise enough for three significant digits of the
    smallest, at most 3 (shares: one more than on a tile if any lies within one point of 0 or 100 %).
    """
    if decimals is not None:
        return decimals
    present = [abs(v) for v in values if v is not None and not math.isnan(v)]
    match unit.kind:
        case UnitKind.PERCENT:
            return 2 if any(0 < v < 0.01 or 0.99 < v < 1 for v in present) else 1
        case UnitKind.POINTS | UnitKind.COUNTED:
            return 0 if all(v.is_integer() for v in map(float, present)) else 1
        case _:
            if all(float(v).is_integer() for v in present):
                return 0
            smallest = min(v for v in present if v > 0)
            if smallest >= 1000:
                return 0
            if unit.kind is UnitKind.CURRENCY and max(present) >= 1:
                return 2
            return max(1, min(3, 2 - math.floor(math.log10(smallest))))


@lru_cache(maxsize=1024)
def bound(low: float | None, high: float | None, unit: Unit) -> str:
    """A target as it stands on a card, without a noun: ≥ 20k, ≤ 500 ms, 12 to 24 months. No declared digit is lost."""
    if low is not None and high is not None:
        first, second = _bare(low, unit), _bare(high, unit)
        # 12 to 24 months, not 12 months to 24 months.
        tail = f"{NBSP}{_noun(unit, high)}" if unit.kind is UnitKind.COUNTED else ""
        return f"{first.removesuffix(f'{NBSP}{_noun(unit, low)}') if tail else first} to {second}"
    if low is not None:
        return f"≥{NBSP}{_bare(low, unit)}"
    if high is not None:
        return f"≤{NBSP}{_bare(high, unit)}"
    return "No target"


def exact(value: float, unit: Unit) -> str:
    """A declared number: short where nothing is lost (20k, $1.20M, 85 %), else in full (12,345); points unsigned."""
    text = ""
    for number, shown in _forms(value, unit, None, declared=True):
        text = str(number)
        if math.isclose(shown, value, rel_tol=1e-9, abs_tol=1e-12):
            break
    return text.removeprefix("+")


def axis(value: float, unit: Unit) -> str:
    """A label on an axis or a mark: shortened from 1,000 (7.2k), no noun, no digit that says nothing."""
    match unit.kind:
        case UnitKind.ELAPSED:
            return _duration_text(value * _SECONDS[unit.name], 2)
        case UnitKind.PERCENT:
            return f"{_signed(_trim(_grouped(abs(value) * 100, 2)), value)}{THIN}%"
        case UnitKind.BYTES:
            return str(tile(value, unit))
        case _:
            size = abs(value)
            for index, (factor, suffix) in enumerate(_SCALES):
                if size >= factor:
                    digits = _trim(_grouped(size / factor, _digits(size / factor, 3)))
                    if digits == "1,000" and index:  # 999,999 is 1M, not 1,000k
                        digits, suffix = "1", _SCALES[index - 1][1]
                    break
            else:
                # Ticks can be fine; three significant digits keep neighbours apart.
                digits, suffix = _trim(_grouped(size, _fine(size))), ""
                if unit.kind is UnitKind.CURRENCY and re.fullmatch(r"\d+\.\d", digits):
                    digits += "0"  # $2.60: half a price looks cut off
            text = digits + suffix
            return _money(text, value, unit) if unit.kind is UnitKind.CURRENCY else _signed(text, value)


def change(new: float | None, old: float | None, unit: Unit) -> Change | None:
    """From `old` to `new`: shares and scores in points, everything else in percent; from or across 0 in the unit.

    None if either is missing. A percentage of 0 is no number, and of a negative one it would mislead.
    """
    if new is None or old is None or math.isnan(new) or math.isnan(old):
        return None
    if math.isclose(new, old, rel_tol=1e-12, abs_tol=1e-15):
        return Change("same", "No change", "No change")
    step = new - old
    direction: Literal["up", "down"] = "up" if step > 0 else "down"
    if unit.kind is UnitKind.PERCENT:
        near_edge = any(0 < v < 0.01 or 0.99 < v < 1 for v in (new, old))
        amount = _tiny(abs(step) * 100, 2 if near_edge or abs(step) < 0.0005 else 1) + f"{NBSP}pts"
    elif unit.kind is UnitKind.POINTS:
        amount = _trim(_tiny(abs(step), 1)) + f"{NBSP}{'point' if abs(step) == 1 else 'points'}"
    elif old == 0 or new == 0 or (old < 0) != (new < 0) or old < 0:
        amount = str(tile(abs(step), unit))
    else:
        ratio = abs(step / old) * 100
        amount = _tiny(ratio, 0 if ratio >= 100 else 1 if ratio >= 0.05 else 2) + f"{THIN}%"
    sign = "+" if step > 0 else MINUS
    under = f"<{NBSP}"
    signed = (
        f"{_comparison(step)}{NBSP}{sign}{amount.removeprefix(under)}" if amount.startswith(under) else sign + amount
    )
    return Change(direction, amount, signed)


def plain(value: float) -> str:
    """A number that stands for itself, with the digits it has, at most four behind the point: 1,234.5."""
    return f"{round(value, 4):,.15g}"


def ticks(low: float, high: float, unit: Unit, most: int = 4) -> tuple[float, ...]:
    """Round values between `low` and `high` for at most `most` lines above the lowest, in steps people count in.

    The steps are 1, 2, 2.5 and 5 times a power of ten; for durations whole seconds, minutes, hours or days.
    """
    if not high > low:
        return (low,)
    scale = 1.0
    if unit.kind is UnitKind.ELAPSED:
        scale = 1 / _SECONDS[unit.name]
        step = next(s for s in _duration_steps() if (high - low) / (s * scale) <= most) * scale
    else:
        step = _nice_step((high - low) / most, whole=unit.kind is UnitKind.NOUN and high - low >= most)
    first = math.ceil(round(low / step, 9))
    count = math.floor(round(high / step, 9)) - first + 1
    return tuple(round((first + i) * step, 12) for i in range(count))


# -- inside --------------------------------------------------------------------------------------------------------


def _forms(value: float, unit: Unit, decimals: int | None, *, declared: bool = False) -> Iterator[tuple[Number, float]]:
    """Ever more exact ways to write a value, each with the number that a reader takes it for."""
    match unit.kind:
        case UnitKind.PERCENT:
            yield from _percents(value, decimals, declared=declared)
        case UnitKind.ELAPSED:
            yield from _durations(value, unit)
        case UnitKind.BYTES:
            yield from _sizes(value, unit, decimals)
        case _:
            yield from _plain(value, unit, decimals, declared=declared)


def _percents(value: float, decimals: int | None, *, declared: bool) -> Iterator[tuple[Number, float]]:
    size = abs(value)
    least = decimals if decimals is not None else (2 if 0 < size < 0.01 or 0.99 < size < 1 else 1)
    if declared or size == 1 or size == 0:
        least = 0
    for depth in range(least, _DEEPEST):
        shown = _round(value * 100, depth) / 100
        # 99.996 % must not read 100 %; it is cut, once two digits are there.
        if size < 1 <= abs(shown) and depth >= 2:
            shown = float(Decimal(repr(value * 100)).quantize(Decimal(1).scaleb(-depth), ROUND_DOWN)) / 100
            yield _percent_number(shown, depth), shown
        elif size > 0 == shown and depth >= 2:
            smallest = 10.0**-depth
            yield _less(f"{smallest:.{depth}f}", f"{THIN}%", value), math.copysign(smallest / 200, value)
        yield _percent_number(shown, depth), shown


def _plain(value: float, unit: Unit, decimals: int | None, *, declared: bool) -> Iterator[tuple[Number, float]]:
    """Counts, money, points, nouns: whole up to 9,999, then three digits with k, M, B, then in full."""
    size = abs(value)
    if decimals is None and _round(size, 0) >= 10_000:
        for extra in (0, 1):
            short, shown = _scaled(size, extra)
            yield _number(short, math.copysign(shown, value), value, unit), math.copysign(shown, value)
    least = decimals if decimals is not None else _decimals(size, unit, declared=declared)
    for depth in range(least, max(_DEEPEST, least + 1)):
        shown = math.copysign(_round(size, depth), value)
        if shown == 0 != value and depth >= 2:
            smallest = 10.0**-depth
            text = f"{smallest:.{depth}f}"
            yield _wrap_less(text, value, unit), math.copysign(smallest / 2, value)
        yield _number(_grouped(size, depth), shown, value, unit), shown


def _decimals(size: float, unit: Unit, *, declared: bool) -> int:
    """Digits behind the point on a tile, for what is not shortened."""
    if float(size).is_integer():
        return 0
    if unit.kind in (UnitKind.POINTS, UnitKind.COUNTED):
        return 1
    if unit.kind is UnitKind.CURRENCY:
        return 2 if size < 100 else 0
    wanted = _digits(size, 3, deepest=2)
    # 6.5 is 6.5, not 6.50: a final 0 says something only where digits were cut.
    while wanted > 0 and math.isclose(_round(size, wanted - 1), size, rel_tol=1e-12):
        wanted -= 1
    return min(wanted, 1) if declared else wanted


def _scaled(size: float, extra: int) -> tuple[str, float]:
    """`17.6k` and 17,600: three significant digits (and `extra` more) with a suffix; 20k without a point."""
    index = next(i for i, (factor, _) in enumerate(_SCALES) if size >= factor or i == len(_SCALES) - 1)
    factor, suffix = _SCALES[index]
    depth = _digits(size / factor, 3) + extra
    rounded = _round(size / factor, depth)
    if rounded >= 1000 and index:  # 999,960 is 1.00M, not 1,000k
        factor, suffix = _SCALES[index - 1]
        depth = _digits(size / factor, 3) + extra
        rounded = _round(size / factor, depth)
    elif rounded >= 10 ** (3 - _digits(size / factor, 3)) and depth:  # 99.96k is 100k
        depth -= 1
    if rounded.is_integer() and math.isclose(rounded * factor, size, rel_tol=1e-12):
        depth = 0
    return f"{_fixed(rounded, depth)}{suffix}", rounded * factor


def _durations(value: float, unit: Unit) -> Iterator[tuple[Number, float]]:
    word = {"seconds": "s", "minutes": "min", "hours": "h", "days": "d"}.get(unit.name, unit.name)
    if not value:  # nothing is nothing of the unit itself: 0 min of downtime
        yield Number((Piece("0"), Piece(NBSP + word, small=True))), 0.0
    seconds = value * _SECONDS[unit.name]
    for units in (2, 3, 4):
        pieces, shown = _duration(seconds, units)
        yield Number(pieces), shown / _SECONDS[unit.name]
    for depth in range(1, _DEEPEST):  # the same instant but for a hair: say it in the unit itself
        shown = _round(value, depth)
        yield Number((Piece(_signed(_grouped(abs(value), depth), value)), Piece(NBSP + word, small=True))), shown


def _duration(seconds: float, units: int) -> tuple[tuple[Piece, ...], float]:
    """The pieces of a duration in its `units` largest units, and the seconds that they add up to."""
    size = abs(seconds)
    sign = MINUS if seconds < 0 else ""
    if size < 60:
        # Below a second in ms; up to a minute in seconds with a point, for "4 s 200 ms" reads badly.
        in_ms = size < 0.9995
        amount, word = (size * 1000, "ms") if in_ms else (size, "s")
        depth = _digits(amount, units + 1, deepest=units)
        shown = _round(amount, depth)
        if not in_ms and shown >= 60:
            return _duration(math.copysign(60, seconds), units)
        if shown == 0 < size:
            return (Piece(f"<{NBSP}{10.0**-depth:.{depth}f}"), Piece(f"{NBSP}ms", small=True)), 10.0**-depth / 2000
        text = sign + _trim(_fixed(shown, depth)) if size else "0"
        return (Piece(text), Piece(NBSP + word, small=True)), math.copysign(shown / (1000 if in_ms else 1), seconds)
    top = next(i for i, (length, _) in enumerate(_SPLIT) if size >= length)
    fewest = 1 if units == 2 and size >= 100 * 86_400 else units
    finest = _SPLIT[min(top + fewest - 1, len(_SPLIT) - 1)][0]
    rest = shown = round(_round(size / finest, 0) * finest)
    parts: list[Piece] = []
    for length, word in _SPLIT[max(top - 1, 0) :]:  # 23 h 59.8 min is 1 d
        count, rest = divmod(rest, length)
        if count:
            parts += [Piece((NBSP if parts else sign) + f"{count:,}"), Piece(NBSP + word, small=True)]
    return tuple(parts), math.copysign(shown, seconds)


def _duration_text(seconds: float, units: int) -> str:
    return "".join(piece.text for piece in _duration(seconds, units)[0]) if seconds else "0"


def _sizes(value: float, unit: Unit, decimals: int | None) -> Iterator[tuple[Number, float]]:
    start = _BYTES.index(unit.name)
    size = abs(value) * 1000.0**start
    power = 0
    while power < len(_BYTES) - 1 and _round(size / 1000.0**power, _digits(size / 1000.0**power, 3)) >= 1000:
        power += 1
    amount = size / 1000.0**power
    least = _digits(amount, 3) if decimals is None else decimals
    for depth in range(0 if power == 0 else least, _DEEPEST):
        shown = _round(amount, depth)
        text = _fixed(shown, depth) if decimals is not None else _trim(_fixed(shown, depth))
        yield (
            Number((Piece(_signed(text, value)), Piece(NBSP + _BYTES[power], small=True))),
            math.copysign(shown * 1000.0 ** (power - start), value),
        )


def _is_true(shown: float, value: float, unit: Unit) -> bool:
    """False where rounding would say 0 of something, or 100 % of what is less."""
    if shown == 0 != value:
        return False
    return not (unit.kind is UnitKind.PERCENT and abs(value) < 1 <= abs(shown))


def _stands(shown: float, value: float, low: float | None, high: float | None) -> bool:
    """True if the number as shown meets and misses the same bounds as the value."""
    return (low is None or (shown >= _near(low, shown)) == (value >= _near(low, value))) and (
        high is None or (shown <= _near(high, shown)) == (value <= _near(high, value))
    )


def _near(limit: float, value: float) -> float:
    """The bound itself, but the value where only floating point tells them apart."""
    return value if math.isclose(limit, value, rel_tol=1e-12, abs_tol=1e-15) else limit


def _number(text: str, shown: float, value: float, unit: Unit) -> Number:
    if unit.kind is UnitKind.CURRENCY:
        return Number((Piece(_money(text, shown, unit)),))
    sign = "+" if unit.kind is UnitKind.POINTS and shown > 0 else ""
    figure = Piece(sign + _signed(text, shown))
    if unit.kind in (UnitKind.NONE, UnitKind.POINTS) or not unit.name:
        return Number((figure,))
    return Number((figure, Piece(NBSP + _noun(unit, value), small=True)))


def _bare(value: float, unit: Unit) -> str:
    """A declared number without its noun, which the value beside it already has."""
    return exact(value, Unit(UnitKind.NONE) if unit.kind is UnitKind.NOUN else unit)


def _wrap_less(text: str, value: float, unit: Unit) -> Number:
    if unit.kind is UnitKind.CURRENCY:
        return Number((Piece(f"{_comparison(value)}{NBSP}{_money(text, value, unit)}"),))
    tail = "" if unit.kind in (UnitKind.NONE, UnitKind.POINTS) or not unit.name else NBSP + unit.name
    return _less(text, tail, value)


def _less(text: str, tail: str, value: float) -> Number:
    figure = Piece(f"{_comparison(value)}{NBSP}{_signed(text, value)}")
    return Number((figure, Piece(tail, small=True)) if tail else (figure,))


def _comparison(value: float) -> str:
    """A number that vanishes in rounding lies between 0 and the smallest that can be shown."""
    return "<" if value > 0 else ">"


def _percent(value: float, depth: int) -> str:
    for number, shown in _percents(value, depth, declared=False):
        if _is_true(shown, value, Unit(UnitKind.PERCENT, "percent")):
            text = str(number)
            break
    whole = text.removesuffix(f"{THIN}%")
    # A column has one precision: 0 and 100 keep their zeros.
    return f"{_signed(_grouped(abs(value) * 100, depth), value)}{THIN}%" if abs(value) in (0, 1) else f"{whole}{THIN}%"


def _percent_number(shown: float, depth: int) -> Number:
    return Number((Piece(_signed(_grouped(abs(shown) * 100, depth), shown)), Piece(f"{THIN}%", small=True)))


def _money(text: str, value: float, unit: Unit) -> str:
    symbol = SYMBOLS.get(unit.name, unit.name + NBSP)
    return _signed(symbol + text, value)


def _signed(text: str, value: float) -> str:
    return MINUS + text if value < 0 else text


def _noun(unit: Unit, value: float) -> str:
    """The unit's word, in the singular for exactly 1: 1 person, 1 hub, 1 month."""
    name = unit.name
    if abs(value) != 1:
        return name
    if name == "people":
        return "person"
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("ches", "shes", "sses", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _tiny(size: float, depth: int) -> str:
    """A size that does not vanish: `< 0.1` instead of 0.0."""
    if _round(size, depth) == 0:
        return f"<{NBSP}{10.0**-depth:.{depth}f}"
    return _grouped(size, depth)


def _round(value: float, depth: int) -> float:
    """Half away from zero, on the decimal that the value prints as: people check with pen and paper."""
    if abs(value) >= 1e15 or float(value).is_integer():
        return float(value)
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-depth), ROUND_HALF_UP))


def _fixed(value: float, depth: int) -> str:
    return f"{value:,.{depth}f}"


def _grouped(size: float, depth: int) -> str:
    return _fixed(_round(size, depth), depth)


def _digits(size: float, significant: int, deepest: int = 9) -> int:
    """Digits behind the point that give so many significant ones, for sizes from 1; smaller ones get as for 0.x."""
    before = max(1, math.floor(math.log10(size)) + 1) if size > 0 else 1
    return max(0, min(deepest, significant - before))


def _fine(size: float) -> int:
    return 0 if size == 0 else max(0, min(_DEEPEST, 2 - math.floor(math.log10(size))))


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _nice_step(least: float, *, whole: bool) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    for factor in (1, 2, 2.5, 5, 10):
        step = factor * power
        if step >= least * (1 - 1e-9) and (not whole or float(step).is_integer()):
            return step
    return 10 * power


def _duration_steps() -> Iterator[float]:
    """Steps of a time axis in seconds, from a microsecond to as many days as it takes."""
    for power in range(-6, 0):
        yield from (factor * 10.0**power for factor in (1, 2, 5))
    yield from (1, 2, 5, 10, 15, 30)
    yield from (minutes * 60 for minutes in (1, 2, 5, 10, 15, 30))
    yield from (hours * 3600 for hours in (1, 2, 3, 6, 12))
    power = 0
    while True:
        yield from (factor * 10.0**power * 86_400 for factor in (1, 2, 5))
        power += 1

"""Figures that somebody typed into prose: what stands there, how precisely, and whether a number bears it out.

    more than 70, 7,200, 5.5 million USD, $1.24M, 12.3 %, 2 d 4 h, nearly 6k

A figure has the precision that it is written with: 5.5 million is everything that rounds to it. What looks like a
figure and counts nothing is passed over: dates, versions, "Figure 3", "30-day", ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from headway.formats.numbers import SYMBOLS


class Bound(StrEnum):
    """What the words before a figure make of it."""

    EXACT = "exact"
    MORE = "more than"
    AT_LEAST = "at least"
    LESS = "less than"
    AT_MOST = "at most"
    NEARLY = "nearly"
    ABOUT = "about"


class Verdict(StrEnum):
    """What a number of the ledger makes of a figure."""

    MATCHES = "matches"
    HOLDS = "holds"
    CONTRADICTS = "contradicts"


class Sort(StrEnum):
    """What a figure is written with. A plain one may be a count, or of any unit that was left out."""

    PLAIN = "plain"
    PERCENT = "percent"
    POINTS = "points"
    MONEY = "money"
    TIME = "time"
    SIZE = "size"


#: Lengths of time in seconds, and sizes in bytes, by how they are written.
_TIMES = {
    **dict.fromkeys(("ms", "millisecond"), "0.001"),
    **dict.fromkeys(("s", "sec", "second"), "1"),
    **dict.fromkeys(("min", "minute"), "60"),
    **dict.fromkeys(("h", "hr", "hour"), "3600"),
    **dict.fromkeys(("d", "day"), "86400"),
    "week": "604800",
}
_SIZES = {name: Decimal(1000) ** power for power, name in enumerate(("B", "kB", "MB", "GB", "TB", "PB", "EB"))}
_SCALES = {
    **dict.fromkeys(("k", "K", "thousand"), Decimal(1000)),
    **dict.fromkeys(("M", "m", "mn", "million"), Decimal(10**6)),
    **dict.fromkeys(("B", "bn", "billion"), Decimal(10**9)),
}
_CURRENCIES = {"US$": "USD", **{sign: code for code, sign in SYMBOLS.items()}}
_CURRENCIES |= {"dollars": "USD", "dollar": "USD", "euros": "EUR", "euro": "EUR"}
_CODES = r"(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|CNY|BRL|ZAR|KRW|MXN|SGD|HKD)"

_GAP = r"[\s\u00a0\u202f]?"
_DIGITS = r"(?:\d{1,3}(?:[,'\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?"
_SHORT = r"(?:ms|s|sec|min|h|hr|d)\b"
_FIGURE = re.compile(
    rf"(?P<sign>(?<![\w)])[-+\u2212])?"
    rf"(?P<before>(?:US\$|[$€£¥]){_GAP}|\b{_CODES}\b{_GAP})?"
    rf"(?P<sign2>[-\u2212])?(?P<digits>{_DIGITS})"
    rf"(?:(?P<times>{_GAP}{_SHORT}(?:\s?{_DIGITS}\s?{_SHORT})*)"
    rf"|{_GAP}(?P<percent>%|percent\b|per cent\b)"
    rf"|{_GAP}(?P<points>pts?\b|(?:percentage )?points?\b)"
    rf"|{_GAP}(?P<size>[kMGTPE]?B\b(?<!\dB))"
    rf"|{_GAP}(?P<span>(?:millisecond|second|minute|hour|day|week)s?\b)"
    rf"|(?:{_GAP}(?P<scale>thousand|million|billion|mn|bn|[kKMBm])(?![\w%]))?"
    rf"(?:{_GAP}(?P<after>[€£]|(?:US )?dollars?|euros?|{_CODES})(?!\w))?)"
    rf"(?P<plus>\+)?"
)
#: A word that a number counts off, and what is no figure at all: links, times of day, ordinals, versions, ranges.
_LABEL = re.compile(
    r"\b(?:fig(?:ure)?|tab(?:le)?|sec(?:tion)?|chap(?:ter)?|page|p|pp|no|nr|number|phase|step|part|version|release|v"
    r"|appendix|annex|item|line|row|column|level|goal|objective|task|note|issue|pull request|question|year|week|day"
    r"|sprint|round|python|objectives?|aims?|milestones?|deliverables?|equation|eq|adr|iso|rfc)s?\.?[\s\u00a0]*#?$",
    re.IGNORECASE,
)
_JOINED_BEFORE = re.compile(r"(?:[\w\]./:#@&=^_~*-]|\d[,.])$")
_JOINED_AFTER = re.compile(r"^(?:[\w/:@=_~^]|-\w|[.,]\d|\u2013\d|(?:st|nd|rd|th)\b)")
_RANGE = re.compile(rf"(?:\bbetween\s+|{_DIGITS}{_GAP}[\w%]*\s*(?:\u2013|-|\bto\b)\s*)$", re.IGNORECASE)
_RANGE_ON = re.compile(rf"^\s*(?:\u2013|-|to\b)\s*[$€£]?{_DIGITS}")
_BETWEEN = re.compile(rf"\bbetween\s+[$€£]?{_DIGITS}{_GAP}[\w%]*\s+and\s+[$€£]?$", re.IGNORECASE)

#: Words before a figure that say on which side of it the truth lies; the longest first.
_BOUNDS = (
    (Bound.AT_LEAST, r"at least|no (?:fewer|less) than|not (?:fewer|less) than|a minimum of|≥|>="),
    (Bound.AT_MOST, r"at most|up to|(?:no|not) more than|a maximum of|≤|<="),
    (Bound.NEARLY, r"almost|nearly|close to|just (?:under|below|short of)|approaching"),
    (Bound.MORE, r"more than|(?:just |well )?over|(?:just |well )?above|exceed(?:s|ed|ing)?|upwards of|in excess of|>"),
    (Bound.LESS, r"(?:fewer|less) than|under|below|<"),
    (Bound.ABOUT, r"about|around|approximately|approx\.?|roughly|some|circa|ca?\.|an estimated|[~≈]"),
)
_BEFORE = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<{bound.name}>{words})" for bound, words in _BOUNDS) + ")$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A figure. `amount` is in full: a share as a fraction, time in seconds, a size in bytes; `half` of its last digit.

    `start` and `end` are where it stands in its text, with its unit and the words that bound it.
    """

    start: int
    end: int
    words: str
    bound: Bound
    sort: Sort
    amount: Decimal
    half: Decimal
    currency: str = ""
    #: Where its digits begin, after the words that bound it.
    digits: int = 0

    def speaks_of(self, unit: str) -> bool:
        """False where its unit tells that it counts something else."""
        match self.sort:
            case Sort.PERCENT:
                return unit == "percent"
            case Sort.POINTS:
                return unit == "points"
            case Sort.MONEY:
                return unit == self.currency
            case Sort.TIME:
                return _seconds(unit) is not None
            case Sort.SIZE:
                return unit in _SIZES
            case Sort.PLAIN:
                return unit != "percent"

    def judged(self, value: float, unit: str) -> Verdict:
        """What a value, in its KPI's unit, makes of the figure."""
        true = _in_full(value, unit, self.sort)
        if self._rounds(true):
            exact = self.bound in (Bound.EXACT, Bound.ABOUT)
            return Verdict.MATCHES if exact else Verdict.HOLDS if self._bears(true) else Verdict.CONTRADICTS
        return Verdict.HOLDS if self._bears(true) else Verdict.CONTRADICTS

    def off(self, value: float, unit: str) -> Decimal:
        """How far a value is from it."""
        return abs(_in_full(value, unit, self.sort) - self.amount)

    def near(self, value: float, unit: str) -> bool:
        """True if it lies between half and twice a value: further off, it is taken for the count of something else."""
        true = _in_full(value, unit, self.sort)
        return abs(true) <= 2 * abs(self.amount) and abs(self.amount) <= 2 * abs(true)

    def differs(self, other: Typed) -> bool:
        """True if both cannot be said of one number, whichever it is."""
        if self.bound is not Bound.EXACT or other.bound is not Bound.EXACT:
            return False
        return abs(self.amount - other.amount) >= max(self.half, self._coarse(2)) + max(other.half, other._coarse(2))

    def _rounds(self, true: Decimal) -> bool:
        """True if a value, rounded to the digits that were typed, is the figure: half of the last one rounds up."""
        low, high = abs(self.amount) - self.half, abs(self.amount) + self.half
        if self.sort is Sort.PERCENT and abs(self.amount) < 1 <= high + self.half:
            high += self.half  # what is less than 100 % is cut, not rounded up to it
        if true and self.amount and (true < 0) != (self.amount < 0):
            return False
        # What floating point makes of a share or of hours may lie a hair beside the half.
        hair = Decimal(0) if self.sort in (Sort.PLAIN, Sort.MONEY) else max(self.half / 10**6, abs(true) / 10**12)
        return low - hair <= abs(true) < high + hair

    def _bears(self, true: Decimal) -> bool:
        """True if the figure can be said of a value, though it is not the value rounded."""
        match self.bound:
            case Bound.MORE:
                return true > self.amount
            case Bound.AT_LEAST:
                return true >= self.amount
            case Bound.LESS:
                return true < self.amount
            case Bound.AT_MOST:
                return true <= self.amount
            case Bound.NEARLY:
                return self.amount * Decimal("0.9") <= true < self.amount + self.half
            case Bound.ABOUT:
                return abs(true - self.amount) <= max(abs(self.amount) / 20, self._coarse(1))
            case Bound.EXACT:
                return self.sort is not Sort.PERCENT and abs(true - self.amount) < self._coarse(2)

    def _coarse(self, digits: int) -> Decimal:
        """Half of the last place that is no final zero, but never of the first `digits` places: 7,200 may be 7,244."""
        _, places, exponent = self.amount.normalize().as_tuple()
        if not isinstance(exponent, int) or self.half < Decimal("0.5"):
            return self.half
        return max(Decimal(5).scaleb(exponent - 1 - max(digits - len(places), 0)), self.half)


def _in_full(value: float, unit: str, sort: Sort) -> Decimal:
    """A value of a KPI in what its figures are read in."""
    true = Decimal(repr(float(value)))
    if sort is Sort.TIME:
        return true * (_seconds(unit) or 1)
    return true * _SIZES[unit] if sort is Sort.SIZE else true


def _seconds(unit: str) -> Decimal | None:
    known = _TIMES.get(unit) or _TIMES.get(unit.removesuffix("s"))
    return Decimal(known) if known else None


def figures(text: str) -> Iterator[Typed]:
    """The figures of a text, in order. What is masked in it, such as dates, stands there as spaces."""
    for found in _FIGURE.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if not _counts_nothing(found, before, after):
            yield _read(found, before)


def _counts_nothing(found: re.Match[str], before: str, after: str) -> bool:
    """True for labels, ordinals, versions, ranges, and what is joined to a word."""
    if _JOINED_BEFORE.search(before) or _JOINED_AFTER.search(after) or _LABEL.search(before):
        return True
    if _RANGE.search(before) or _RANGE_ON.search(after) or _BETWEEN.search(before):
        return True
    digits = found["digits"]
    return len(digits) > 1 and digits[0] == "0" and digits[1] != "."


def _read(found: re.Match[str], before: str) -> Typed:
    """A figure as it is meant."""
    amount, half = _amount(found["digits"])
    sort, currency = Sort.PLAIN, ""
    if found["times"]:
        sort, amount, half = Sort.TIME, *_duration(found["digits"] + found["times"])
    elif found["percent"]:
        sort, amount, half = Sort.PERCENT, amount / 100, half / 100
    elif found["points"]:
        sort = Sort.POINTS
    elif found["size"]:
        sort, amount, half = Sort.SIZE, amount * _SIZES[found["size"]], half * _SIZES[found["size"]]
    elif found["span"]:
        factor = Decimal(_TIMES[found["span"].removesuffix("s")])
        sort, amount, half = Sort.TIME, amount * factor, half * factor
    else:
        scale = _SCALES[found["scale"]] if found["scale"] else Decimal(1)
        amount, half = amount * scale, half * scale
        if money := (found["before"] or found["after"] or "").strip().removeprefix("US "):
            sort, currency = Sort.MONEY, _CURRENCIES.get(money, money)
    if (found["sign"] or found["sign2"] or "+") != "+":
        amount = -amount
    bound, start = _bound(before, found.start())
    if found["plus"]:
        bound = Bound.AT_LEAST
    words = re.sub(r" {2,}", " ", before[start:] + found[0])  # where marks of Markdown stood
    return Typed(start, found.end(), words.strip(), bound, sort, amount, half, currency, found.start())


def _bound(before: str, start: int) -> tuple[Bound, int]:
    """The words before a figure that bound it, and where they begin."""
    told = _BEFORE.search(before.rstrip())
    if told is None or told.lastgroup is None:
        return Bound.EXACT, start
    return Bound[told.lastgroup], told.start()


def _amount(digits: str) -> tuple[Decimal, Decimal]:
    """A number as it is written, and half of what its last digit stands for."""
    plain = re.sub(r"[^\d.]", "", digits)
    return Decimal(plain), Decimal(5).scaleb(-1 - len(plain.partition(".")[2]))


def _duration(text: str) -> tuple[Decimal, Decimal]:
    """`2 d 4 h` in seconds, with half of its last digit."""
    total = half = Decimal(0)
    for digits, unit in re.findall(rf"({_DIGITS})[\s\u00a0\u202f]?({_SHORT})", text):
        amount, half = _amount(digits)
        total, half = total + amount * Decimal(_TIMES[unit]), half * Decimal(_TIMES[unit])
    return total, half

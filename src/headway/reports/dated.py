"""Times that prose names, and which periods they may mean: in 2025, Q3 2025, in March, last quarter.

A reading is the name of a period, or the length of one, which means the newest that is over. A time that no number of a
single period answers, such as "since 2020" or "from 2023 to 2025", has no reading.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = {name[:3]: n for n, name in enumerate(calendar.month_name) if n}
_MONTH = r"(?P<month>" + "|".join(rf"{name[:3]}(?:{name[3:]})?\.?" for name in calendar.month_name[1:]) + r")(?!\w)"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?![\d,.]\d|[-\w])"
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "final": 4}
_NAMED = r"(?:FY)?(?:19|20)\d\d-(?:Q[1-4]|W\d\d|\d\d-\d\d|\d\d)(?![-\w])|FY(?:19|20)\d\d(?![-\w])"
_ONE = (
    rf"(?P<named>{_NAMED})"
    rf"|(?P<dayfirst>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH.replace('<month>', '<month1>')},?\s+"
    rf"{_YEAR.replace('<year>', '<year1>')}"
    rf"|{_MONTH.replace('<month>', '<month2>')}\s+(?P<daylast>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
    rf"{_YEAR.replace('<year>', '<year2>')}"
    rf"|(?P<quarter>Q[1-4]|(?:first|second|third|fourth|last|final) quarter)(?:\s+of)?\s+"
    rf"{_YEAR.replace('<year>', '<year3>')}"
    rf"|{_YEAR.replace('<year>', '<year4>')}\s*(?P<quarter2>Q[1-4])\b"
    rf"|week\s+(?P<week>\d{{1,2}})(?:\s+of)?,?\s+{_YEAR.replace('<year>', '<year5>')}"
    rf"|{_MONTH.replace('<month>', '<month3>')}\s+(?:of\s+)?{_YEAR.replace('<year>', '<year6>')}"
    rf"|(?:(?:fiscal|financial) year|FY)\s*{_YEAR.replace('<year>', '<fiscal>')}"
    rf"|{_YEAR.replace('<year>', '<year7>')}"
)
_PLAIN = re.sub(r"\?P<\w+>", "?:", _ONE)
_END = (
    r"(?P<end>(?:(?:by|at|until|through|to)\s+)?(?:the\s+)?(?:very\s+)?(?:end|close)\s+of\s+|by\s+|as\s+of\s+"
    r"|through\s+|year-end\s+)?(?:(?:in|on|at|during|for|of)\s+)?"
)
#: No single period: where they begin, end or go on, and lengths of time.
_OPEN = re.compile(
    rf"\b(?:between|from)\s+(?:{_PLAIN})\s*(?:and|to|until|through|\u2013|-)\s*(?:{_PLAIN})"
    rf"|(?<![\w-])(?:{_PLAIN})\s*(?:\u2013|-|to)\s*(?:{_PLAIN})"
    rf"|\b(?:since|before|after|until|from|start of|beginning of|half of|earlier than|later than|prior to)\s+"
    rf"(?:the\s+)?(?:(?:end|start|beginning|close)\s+of\s+)?(?:{_PLAIN})"
    r"|\b(?:over|in|within|during|for|of|after|every|each)\s+(?:the\s+)?(?:first|past|last|next|coming|these|those|all)?\s*"
    r"(?:\w+|\d+)\s+(?:years|months|weeks|days|quarters|hours)\b"
    r"|\b(?:this|each|every|per|a|next|coming)\s+(?:fiscal\s+)?(?:year|month|week|day|quarter|term|hour|minute)\b"
    r"|\bso far\b|(?<![-\d])(?<!\d )\bQ[1-4]\b(?!\s*(?:of\s+)?(?:19|20)\d\d)|\b(?:first|second) half\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    rf"\b{_END}(?:{_ONE})|\b(?:in|of|during)\s+{_MONTH.replace('<month>', '<alone>')}(?!\s+(?:of\s+)?(?:19|20)\d\d)"
    r"|\b(?:last|past|previous)\s+(?P<last>year|month|week|quarter)\b|\byesterday\b"
    r"|\b(?P<now>now|today|currently|at present|at the moment|to this day)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Time:
    """A time in a text. `means` are names or lengths of periods, '' for the newest number; none for an open span."""

    start: int
    end: int
    words: str
    means: tuple[str, ...] = ()


def times(text: str, today: date) -> list[Time]:
    """The times that a text names, in order; `today` is that of the report, for months without a year."""
    found = [Time(one.start(), one.end(), one[0]) for one in _OPEN.finditer(text)]
    taken = [(one.start, one.end) for one in found]
    found += [
        Time(one.start(), one.end(), one[0], tuple(dict.fromkeys(_means(one, today))))
        for one in _CLOSED.finditer(text)
        if not any(start < one.end() and one.start() < end for start, end in taken)
    ]
    return sorted(found, key=lambda one: one.start)


def masked(text: str, some: list[Time]) -> str:
    """A text with spaces where its times stand: no figure of them is a number."""
    for one in some:
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text


def _means(found: re.Match[str], today: date) -> Iterator[str]:
    """The names of the periods that a time may mean, the likeliest first."""
    had = {key: value for key, value in found.groupdict().items() if value}
    if "now" in had:
        yield ""
    elif "last" in had:
        yield had["last"].lower()
    elif found[0].lower() == "yesterday":
        yield "day"
    elif "alone" in had:
        month = _month(had["alone"])
        yield f"{today.year - (month > today.month)}-{month:02}"
    elif "named" in had:
        yield had["named"]
        if "end" in had:
            yield from _ends(had["named"])
    elif "dayfirst" in had or "daylast" in had:
        day = int(had.get("dayfirst") or had["daylast"])
        month, year = _month(had.get("month1") or had["month2"]), int(had.get("year1") or had["year2"])
        yield f"{year}-{month:02}-{day:02}"
        yield from _ending(year, month, day)
    else:
        yield from _longer(had)


def _longer(had: dict[str, str]) -> Iterator[str]:
    """A week, a month, a quarter or a year; a fiscal one may be meant where none is told."""
    year = next(value for key, value in had.items() if key.startswith("year") or key == "fiscal")
    quarter = had.get("quarter") or had.get("quarter2")
    if quarter:
        name = quarter.upper() if quarter[0] in "Qq" and len(quarter) == 2 else f"Q{_ORDER[quarter.split()[0].lower()]}"
        yield from (f"{year}-{name}", f"FY{year}-{name}")
    elif "week" in had:
        yield f"{year}-W{int(had['week']):02}"
    elif "month3" in had:
        yield f"{year}-{_month(had['month3']):02}"
    elif "fiscal" in had:
        yield f"FY{year}"
    else:
        yield from (year, f"FY{year}")
    if "end" in had and (quarter or "month3" in had or "year7" in had):
        month = f"{year}-{_month(had['month3']):02}" if "month3" in had else year
        yield from _ends(f"{year}-{name}" if quarter else month)


def _ends(name: str) -> Iterator[str]:
    """The shorter periods that end with one, which hold its last number of a state."""
    year, _, rest = name.partition("-")
    if not year.isdigit():
        return
    month = 12 if not rest else int(rest[1:]) * 3 if rest[0] == "Q" else int(rest[:2]) if rest[:2].isdigit() else 0
    if month in range(1, 13) and len(rest) < 5:
        yield f"{year}-{month:02}-{calendar.monthrange(int(year), month)[1]:02}"
        yield f"{year}-{month:02}"
        if month % 3 == 0:
            yield f"{year}-Q{month // 3}"


def _ending(year: int, month: int, day: int) -> Iterator[str]:
    """The longer periods that end on a day."""
    if month in range(1, 13) and day == calendar.monthrange(year, month)[1]:
        yield f"{year}-{month:02}"
        if month % 3 == 0:
            yield f"{year}-Q{month // 3}"
        if month == 12:
            yield str(year)


def _month(text: str) -> int:
    return _MONTHS[text[:3].capitalize()]

r"""What the small values of the language look like, as JSON Schema: what an editor checks while somebody types.

One shape stands beside one function of `values`, and takes no less than that does; what a schema cannot say (that a
day exists, that numbers rise) `headway check` says. Patterns keep to what Python and JavaScript read alike, and
keywords to those that mean the same in draft 7, which editors know, and in 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headway.catalog import values

#: A JSON Schema.
Shape = dict[str, Any]

_LENGTH = r"\d+ +(minute|hour|day|week|month|quarter|year)s?"
_SPAN = r"0*[1-9]\d*\s+(day|week|month|quarter|year)s?"


def text(pattern: str, said: str, **more: Any) -> Shape:
    """A text that fits a pattern; `said` is what editors that know the keyword say of one that does not."""
    return {"type": "string", "pattern": pattern, "patternErrorMessage": said, **more}


def words(known: Iterable[str]) -> Shape:
    """One of a few words."""
    return {"enum": [str(word) for word in known]}


def whole(low: int, high: int) -> Shape:
    """A whole number."""
    return {"type": "integer", "minimum": low, "maximum": high}


def either(*options: Shape) -> Shape:
    """One of several shapes."""
    return {"anyOf": list(options)}


def listed(item: Shape, least: int = 0) -> Shape:
    """A list."""
    return {"type": "array", "items": item, **({"minItems": least} if least else {})}


def named(item: Shape, names: Shape | None = None) -> Shape:
    """A map of names."""
    return {"type": "object", "additionalProperties": item, **({"propertyNames": names} if names else {})}


def needs(key: str, *others: str) -> Shape:
    """A map that has all of `others` if it has `key`."""
    return {"if": {"required": [key]}, "then": {"required": list(others)}}


def one_of(*keys: str | tuple[str, ...]) -> Shape:
    """A map that has exactly one of these keys, or groups of keys."""
    groups = [[key] if isinstance(key, str) else list(key) for key in keys]
    return {"oneOf": [{"required": group} for group in groups]}


def offered(offers: Iterable[str], shape: Shape) -> Shape:
    """A shape for which an editor has offers, beside all else that fits."""
    return either(shape, {"enum": list(offers)})


def some_of(*keys: str) -> Shape:
    """A map that has at least one of these keys."""
    return {"anyOf": [{"required": [key]} for key in keys]}


TEXT = text(r"\S", "the text is empty")
NAME = text(
    r"^[a-z][a-z0-9_]*$", "a name has lower-case letters, digits and _, and begins with a letter: monthly_revenue"
)
#: Earlier names of a KPI, and of values of its breakdowns.
_RENAMED = named(named(either(TEXT, {"type": ["number", "boolean"]})))
FORMERLY = either(NAME, _RENAMED, listed(either(NAME, _RENAMED), least=1))
PROJECT_NAME = text(r"^[a-z][a-z0-9_-]*$", "a project's name has lower-case letters, digits, - and _")
FLAG: Shape = {"type": "boolean"}
DAY = text(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", "a date is written year-month-day: 2026-01-31")
LENGTH = text(
    rf"^\s*{_LENGTH}\s*$",
    "a length is a number, a space and minutes, hours, days, weeks, months, quarters or years: 30 days",
)
TIME_LIMIT = text(
    r"^\s*(?=0*[1-9])\d{1,6} +(second|minute|hour)s?\s*$",
    "a time limit is a number of seconds, minutes or hours, up to 24 hours: 5 minutes",
)
#: A length that is not nothing.
SOME_LENGTH = text(rf"^\s*(?=0*[1-9]){_LENGTH}\s*$", "a length above 0 must stand here: 15 minutes")
WINDOW = offered(
    ("30 days", "12 months", "calendar month", "year to date", "all time", "next 6 months"),
    text(
        rf"^\s*((next\s+)?{_SPAN}|all\s+time|calendar\s+(day|week|month|quarter|year)"
        r"|(week|month|quarter|year)\s+to\s+date)\s*$",
        "a window is written 30 days, 6 months, calendar month, year to date, all time or next 6 months",
    ),
)
ZONE = text(r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", "a time zone is written Europe/Berlin")
NULL: Shape = {"type": "null"}
NUMBER: Shape = {"type": "number"}
PERCENT = text(
    r"^\s*[-+]?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?\s*(%|percent)\s*$", "a percentage is written with its sign: 5 %"
)
#: A quantity, with its unit or without.
QUANTITY = either(
    NUMBER,
    text(
        r"^\s*[-+]?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?\s*([^\d\s,_'].*)?$",
        "a number, with its unit or without, must stand here: 7200, 85 %, 15 minutes",
    ),
)
#: A quantity, or a formula.
BOUND = either(
    NUMBER,
    text(
        r"^(?!\s*[$€£¥])(?!\s*[-+]?\d{1,3}[,_' ]\d).*\S",
        "a number is written without separators and signs of currency: 7200; or a formula over KPIs stands here",
    ),
)
UNIT = offered(
    values.UNITS,
    text(
        r"^[^\s\d!-/:-@\[-`{-~€£¥][^!-,:-@\[-^`{-~]*$",
        "a unit is percent, a currency such as USD, a length of time, bytes, points, or a noun",
    ),
)
COLOUR = text(r"^#[0-9a-fA-F]{6}$", "a colour is written '#1b6ca8', in quotes")
ADDRESS = text(
    r"^env:[A-Za-z_][A-Za-z0-9_]*$", "an address is a secret, so it stands in the environment: env:NAME_OF_A_VARIABLE"
)
SITE = text(r"^https?://[^\s@?#]+$", "a site's address is https://, a name and a path")
LINK = text(r"^https?://\S+$", "a link begins with https://")
CSV = text(r"\.[cC][sS][vV]\s*$", "the name of a CSV file must stand here")
_QUANTILE = r"p(?!50$)([1-9]\d?|(0|[1-9]\d?)\.\d*[1-9])"
STATISTIC = offered(
    ("mean", "median", "min", "max", "p90", "p95"),
    text(rf"^{_QUANTILE}$", "mean, median, min, max or a quantile such as p95 must stand here"),
)
QUANTILES = listed(either({"enum": ["median"]}, text(rf"^{_QUANTILE}$", "a quantile is written median or p95")), 1)
RISING = listed(NUMBER, 1)
FORMULA = BOUND
SIGN: Shape = {"type": "string", "minLength": 1, "maxLength": 1}
PATTERN = text("%", 'a pattern has %d for the day, %m for the month, %Y for the year: "%d.%m.%Y"')
#: A breakdown's column -> the value that names a cell.
CELL: Shape = {"type": "object", "minProperties": 1, "additionalProperties": {"type": ["string", "number", "boolean"]}}
#: The same, where `each` is none.
ONE_CELL: Shape = {**CELL, "additionalProperties": {**CELL["additionalProperties"], "not": {"enum": ["each"]}}}
PERIOD = either(TEXT, {"type": "integer"})
MOMENT = text(r"^\d{4}-\d\d-\d\d([T ]|$)", "a moment is written 2026-01-31T06:00Z, or 2026-01-31")
#: What kinds over rows read.
SOURCE = text(r"^\s*[a-z][a-z0-9_]*\s*$", "it names a source alone: sessions")
COLUMN = text(r"^\s*[a-z][a-z0-9_]*\.", "it names a column of a source: sessions.user_id")
#: The key that is meant to make a KPI a quantile of a column, and the one that does.
QUANTILE_LIKE = r"^p\d+(\.\d+)?$"
QUANTILE_KEY = rf"^{_QUANTILE}$"

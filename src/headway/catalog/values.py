"""Reads the small values of the language: lengths, windows, dates, units, quantities. One function for each.

Every function takes what YAML gave and returns what the model holds, or raises `Wrong` in the user's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from headway.catalog.sqltext import Wrong
from headway.model import Unit, UnitKind
from headway.periods import Grain, Length, Window

#: What a name is: of sources, KPIs, columns in `derive`, areas and owners.
_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: `p95`, `p99.9`.
QUANTILE = re.compile(r"p\d+(\.\d+)?")
_QUANTITY = re.compile(r"([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)")

_ELAPSED = ("ms", "seconds", "minutes", "hours", "days", "weeks")
_COUNTED = ("working days", "months")
_BYTES = ("B", "kB", "MB", "GB", "TB")
#: The unit of a number that counts nothing in particular.
NO_UNIT = Unit(UnitKind.NONE)
PERCENT = Unit(UnitKind.PERCENT, "percent")
POINTS = Unit(UnitKind.POINTS, "points")
#: What people write for a unit of the language.
_MEANT = {
    "%": "percent", "percentage": "percent", "pct": "percent", "per cent": "percent",
    "millisecond": "ms", "milliseconds": "ms", "s": "seconds", "sec": "seconds", "secs": "seconds",
    "second": "seconds", "min": "minutes", "mins": "minutes", "minute": "minutes", "h": "hours", "hr": "hours",
    "hrs": "hours", "hour": "hours", "day": "days", "d": "days", "week": "weeks", "month": "months",
    "working day": "working days", "workdays": "working days", "business days": "working days",
    "bytes": "B", "byte": "B", "kb": "kB", "KB": "kB", "mb": "MB", "gb": "GB", "tb": "TB", "point": "points",
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR",
}  # fmt: skip
#: ISO 4217, without funds and metals.
_CURRENCIES = frozenset(
    str.split("""
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """)
)


#: Every unit that the language knows by name; a noun may be one too.
UNITS = ("percent", "points", *_ELAPSED, *_COUNTED, *_BYTES, *sorted(_CURRENCIES))


def wrong(value: Any, message: str, slug: str, remedy: str | None = None) -> Wrong:
    """A complaint about a whole value."""
    return Wrong(message, 0, len(str(value)), slug, remedy)


def shown(value: Any) -> str:
    """A value as it is quoted in a message: 'month', 3, true, or the kind of thing it is."""
    if isinstance(value, str):
        return f"'{value if len(value) <= 60 else value[:57] + '...'}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return {"dict": "a map", "list": "a list", "NoneType": "nothing"}.get(type(value).__name__, "something else")


def near(word: str, words: Iterable[str]) -> str | None:
    """'Did you mean ...?' if one of `words` is close to `word`."""
    known = sorted(words)
    by_lower = {w.lower(): w for w in known}
    close = get_close_matches(word.lower(), by_lower, 1, 0.6)
    return f"Did you mean '{by_lower[close[0]]}'?" if close else None


def among(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def text(value: Any) -> str:
    """A text that says something."""
    if not isinstance(value, str):
        remedy = "Put it in quotes." if isinstance(value, bool | int | float) else None
        raise wrong(value, f"a text must stand here, not {shown(value)}", "wrong-type", remedy)
    if not value.strip():
        raise wrong(value, "the text is empty", "bad-value", "Write something, or remove the key.")
    return value.rstrip()


def sign(value: Any) -> str:
    """One character, which may be a space or a tab."""
    if not isinstance(value, str) or len(value) != 1:
        remedy = 'A tab is written "\\t", in double quotes.' if value in ("\\t", "tab", "TAB") else None
        raise wrong(value, f"one character must stand here, not {shown(value)}", "bad-value", remedy)
    return value


def name(value: Any) -> str:
    """A `lower_snake_case` name."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        made = re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_")
        remedy = f"Write '{made}'." if _NAME.fullmatch(made) else None
        raise wrong(
            value,
            f"a name has lower-case letters, digits and _, and begins with a letter: not {shown(value)}",
            "bad-name",
            remedy,
        )
    return value


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false", "1": "true", "0": "false"}
        word = meant.get(str(value).lower())
        raise wrong(
            value,
            f"true or false must stand here, not {shown(value)}",
            "wrong-type",
            f"Did you mean '{word}'?" if word else None,
        )
    return value


def whole(low: int, high: int) -> Any:
    """A reader of whole numbers from `low` to `high`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise wrong(value, f"a whole number from {low} to {high} must stand here, not {shown(value)}", "bad-value")
        return value

    return read


def number(value: Any) -> float:
    """A number without a unit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise wrong(value, f"a number must stand here, not {shown(value)}", "bad-value")
    return float(value)


def formula(value: Any) -> str:
    """A formula, or one number: 12000, 15 %."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", value.strip())):
        return repr(float(Decimal(found[1]) / 100))
    return text(value)


def quantile(word: str) -> str:
    """The one way to write a quantile: `p95` for `p95.0`, `median` for `p50`, `min` and `max` for the ends."""
    level = Decimal(word[1:])
    if not 0 < level < 100:
        return "max" if level else "min"
    return "median" if level == 50 else f"p{level.normalize():f}"


def quantiles(value: Any) -> list[str]:
    """Names of quantiles, `[p10, median, p90]`, each once."""
    if not isinstance(value, list) or not value:
        raise wrong(value, f"quantiles are a list such as [p10, median, p90], not {shown(value)}", "wrong-type")
    for word in value:
        if word != "median" and not (isinstance(word, str) and QUANTILE.fullmatch(word)):
            raise wrong(value, f"a quantile is written median or p95, not {shown(word)}", "bad-value")
        if word != "median" and word != (meant := quantile(word)):
            remedy = "The ends say more about single cells than about all of them." if meant in ("min", "max") else None
            raise wrong(value, f"'{word}' is no quantile here", "bad-value", remedy or f"Write {meant}.")
        if value.count(word) > 1:
            raise wrong(value, f"'{word}' is given twice", "duplicate-name", "Remove one.")
    return value


def rising(value: Any) -> list[float]:
    """Numbers, each larger than the one before: `[1, 10, 100]`."""
    if not isinstance(value, list) or not value:
        raise wrong(
            value, f"a list of rising numbers such as [1, 10, 100] must stand here, not {shown(value)}", "wrong-type"
        )
    numbers = [number(item) for item in value]
    for low, high in pairwise(numbers):
        if high <= low:
            raise wrong(value, f"the numbers must rise, and {high:g} comes after {low:g}", "bad-value")
    return numbers


def choice(words: Iterable[str], slug: str = "bad-value") -> Any:
    """A reader of one of a few words."""
    known = tuple(words)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            remedy = near(value, known) if isinstance(value, str) else None
            raise wrong(value, f"{among(known)} must stand here, not {shown(value)}", slug, remedy)
        return value

    return read


#: What databases and programming languages call the types of columns.
_TYPES_MEANT = {
    **dict.fromkeys(("string", "str", "varchar", "char", "category"), "text"),
    **dict.fromkeys(("int", "bigint", "long"), "integer"),
    **dict.fromkeys(("decimal", "float", "double", "real", "numeric", "money", "currency"), "number"),
    "bool": "boolean",
    **dict.fromkeys(("datetime", "time", "timestamptz"), "timestamp"),
    "array": "list",
}


def column_type(words: Iterable[str]) -> Any:
    """A reader of a column's type, one of `words`."""
    read = choice(words, "wrong-type")

    def told(value: Any) -> str:
        try:
            found: str = read(value)
        except Wrong as said:
            meant = _TYPES_MEANT.get(str(value).lower())
            raise wrong(value, said.message, said.slug, f"Did you mean '{meant}'?" if meant else said.remedy) from None
        return found

    return told


def pattern(value: Any) -> str:
    """How dates are written: `%d.%m.%Y`."""
    found = text(value)
    if "%" not in found:
        meant = re.sub("d+", "%d", re.sub("y+", "%Y", re.sub("M+", "%m", found.replace("D", "d").replace("Y", "y"))))
        remedy = f'Did you mean "{meant}"?' if "%" in meant else 'Write for example "%d.%m.%Y".'
        message = f"a pattern has %d for the day, %m for the month, %Y for the year: not {shown(value)}"
        raise wrong(value, message, "bad-value", remedy)
    return found


def grain(value: Any) -> Grain:
    """A period's length: hour, day, week, month, quarter, year."""
    if isinstance(value, str) and value in list(Grain):
        return Grain(value)
    meant = {
        "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year",
        "annual": "year", "annually": "year", "hourly": "hour",
    }  # fmt: skip
    remedy = None
    if isinstance(value, str):
        remedy = f"Did you mean '{meant[value]}'?" if value in meant else near(value, list(Grain))
    raise wrong(value, f"grain must be {among(list(Grain))}, not {shown(value)}", "unknown-grain", remedy)


def length(value: Any) -> Length:
    """A length of time such as `30 days`."""
    try:
        return Length.parse(value) if isinstance(value, str) else _not_a_length(value)
    except ValueError:
        raise wrong(
            value,
            f"a length is a number, a space and minutes, hours, days, weeks, months, quarters or years: "
            f"not {shown(value)}",
            "bad-length",
            _length_meant(value),
        ) from None


_CLOCK = {"second": 1, "minute": 60, "hour": 3600}


def time_limit(value: Any) -> int:
    """How long something may take, as `5 minutes`, in seconds."""
    match = re.fullmatch(r"\s*(\d{1,6}) +(second|minute|hour)s?\s*", value) if isinstance(value, str) else None
    seconds = int(match[1]) * _CLOCK[match[2]] if match else 0
    if not 1 <= seconds <= 86_400:
        message = f"a time limit is a number of seconds, minutes or hours, up to 24 hours: not {shown(value)}"
        raise wrong(value, message, "bad-length", None if match else "Write for example '5 minutes'.")
    return seconds


def _not_a_length(value: Any) -> Length:
    raise ValueError(value)


_SHORT = {
    "m": "minutes",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "w": "weeks",
    "mo": "months",
    "q": "quarters",
    "y": "years",
    "yr": "years",
}


def _length_meant(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"Write for example '{value} days'."
    match = re.fullmatch(r"\s*(\d+)\s*([A-Za-z]+)\s*", str(value))
    if not match:
        return "Write for example '30 days'."
    unit = _SHORT.get(match[2].lower()) or next(
        iter(
            get_close_matches(match[2].lower(), ["minutes", "hours", "days", "weeks", "months", "quarters", "years"], 1)
        ),
        None,
    )
    if match[1] == "1" and unit:
        unit = unit.removesuffix("s")
    return f"Did you mean '{match[1]} {unit}'?" if unit else "Write for example '30 days'."


def window(value: Any) -> Window:
    """A span that ends at a moment: `30 days`, `calendar month`, `year to date`, `all time`."""
    try:
        found = Window.parse(value) if isinstance(value, str) else _no_window(value)
    except ValueError:
        remedy = _length_meant(value)
        if isinstance(value, str) and value.startswith("calendar"):
            remedy = f"Calendar windows are calendar {among(['day', 'week', 'month', 'quarter', 'year'])}."
        elif isinstance(value, str) and value.endswith("to date"):
            remedy = f"It is {among(['week', 'month', 'quarter', 'year'])} to date."
        elif value in ("month", "week", "year", "quarter", "day"):
            remedy = f"Did you mean 'calendar {value}', or '1 {value}'?"
        raise wrong(
            value,
            f"a window is written '30 days', '6 months', 'calendar month', 'year to date' or 'all time': "
            f"not {shown(value)}",
            "bad-window",
            remedy,
        ) from None
    if found.length is not None and found.length.months is None and found.length.days is None:
        raise wrong(value, f"a window is counted in days or longer, not in {found.length.unit}s", "bad-window")
    if found.length is not None and found.length.count == 0:
        raise wrong(value, "a window of no length holds nothing", "bad-window")
    return found


def _no_window(value: Any) -> Window:
    raise ValueError(value)


def day(value: Any) -> date:
    """A local day, 2026-01-31."""
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        raise wrong(value, f"there is no day {value}", "bad-date") from None
    raise wrong(value, f"a date is written year-month-day, such as 2026-01-31: not {shown(value)}", "bad-date")


def link(value: Any) -> str:
    """An address that a page may link to."""
    if not isinstance(value, str) or not re.fullmatch(r"https?://\S+", value):
        raise wrong(value, f"a link begins with https://, not {shown(value)}", "bad-value")
    return value


def many_periods(value: Any) -> int:
    """In how many periods a trend is looked for."""
    if isinstance(value, int) and not isinstance(value, bool) and value < 6:
        message = f"a trend is looked for in 6 periods or more, not in {value}: so few go one way by chance"
        raise wrong(value, message, "bad-value")
    found: int = whole(6, 1000)(value)
    return found


def site(value: Any) -> str:
    """The address of a site, without a slash at its end."""
    found = link(value)
    if re.search(r"//[^/]*@|[?#]", found):
        message = f"a site's address is https://, a name and a path, and nothing secret: not {shown(value)}"
        raise wrong(value, message, "bad-value", "Write for example https://kpis.example.org.")
    return found.rstrip("/")


def address(value: Any) -> str:
    """The name of the variable that holds a secret or an address: `env:NAME`. It is never read here."""
    if not isinstance(value, str) or not (found := re.fullmatch(r"env:([A-Za-z_][A-Za-z0-9_]*)", value)):
        raise wrong(
            value,
            "an address is a secret, so it stands in the environment: env:NAME, where NAME is the variable's",
            "bad-value",
            _variable_meant(str(value)),
        )
    return found[1]


def _variable_meant(text: str) -> str | None:
    """What somebody meant who wrote no `env:NAME`: the name alone, or as a shell has it."""
    if text.startswith("env:"):
        return "'env:' is followed by letters, digits and _."
    named = re.fullmatch(r"\$?\{?([A-Za-z_][A-Za-z0-9_]*)\}?", text)
    return f"Write env:{named[1]}, if that is the variable." if named else None


def statistic(value: Any) -> str:
    """A statistic of many numbers: mean, median, min, max or a quantile such as p95."""
    if isinstance(value, str) and re.fullmatch(r"p\d+(\.\d+)?", value):
        if (meant := quantile(value)) != value:
            raise wrong(value, f"'{value}' is not how this statistic is written", "bad-value", f"Write {meant}.")
        return value
    words = ("mean", "median", "min", "max")
    if not isinstance(value, str) or value not in words:
        meant = {"average": "mean", "avg": "mean", "minimum": "min", "maximum": "max"}.get(str(value).lower(), "")
        remedy = f"Did you mean '{meant}'?" if meant else near(str(value), words)
        raise wrong(
            value,
            f"{among((*words, 'a quantile such as p95'))} must stand here, not {shown(value)}",
            "bad-value",
            remedy,
        )
    return value


def zone(value: Any) -> str:
    """A time zone such as Europe/Berlin."""
    try:
        if isinstance(value, str):
            ZoneInfo(value)
            return value
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    remedy = near(value, available_timezones()) if isinstance(value, str) else None
    raise wrong(
        value, f"there is no time zone {shown(value)}", "bad-value", remedy or "Write for example Europe/Berlin."
    )


def unit(value: Any) -> Unit:
    """What a KPI counts: percent, a currency, a length of time, bytes, points or a noun."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(value, f"a unit is a word, such as percent, USD, ms or people: not {shown(value)}", "unknown-unit")
    kinds = {"percent": UnitKind.PERCENT, "points": UnitKind.POINTS}
    kinds |= dict.fromkeys(_ELAPSED, UnitKind.ELAPSED) | dict.fromkeys(_COUNTED, UnitKind.COUNTED)
    kinds |= dict.fromkeys(_BYTES, UnitKind.BYTES)
    if value in kinds:
        return Unit(kinds[value], value)
    if value in _CURRENCIES:
        return Unit(UnitKind.CURRENCY, value)
    meant = _MEANT.get(value) or (value.upper() if value.upper() in _CURRENCIES and value.islower() else None)
    if meant is None and re.fullmatch(r"[A-Z]{3}", value):
        close = get_close_matches(
            value, sorted(_CURRENCIES & {"USD", "EUR", "GBP", "CHF", "NZD", "AUD", "CAD", "JPY"}), 1
        )
        raise wrong(
            value,
            f"'{value}' is no currency",
            "unknown-unit",
            f"Did you mean '{close[0]}'?" if close else "A unit that is a noun is written in lower case.",
        )
    if meant is None and not re.fullmatch(r"[^\W\d_][\w /·²³°.-]*", value):
        raise wrong(
            value,
            f"a unit is percent, a currency such as USD, {', '.join((*_ELAPSED, *_COUNTED, *_BYTES))}, points, "
            f"or a noun: not {shown(value)}",
            "unknown-unit",
            near(value, kinds),
        )
    if meant is None and (close := get_close_matches(value.lower(), kinds, 1, 0.85)):
        meant = close[0]
    if meant is not None and meant != value:
        raise wrong(value, f"'{value}' is not how this unit is written", "unknown-unit", f"Did you mean '{meant}'?")
    return Unit(UnitKind.NOUN, value)


def percent(value: Any) -> float:
    """A share, written `5 %`; the value is the fraction."""
    return quantity(value, PERCENT, "this")


def quantity(value: Any, unit: Unit, of: str = "the KPI") -> float:
    """A number in `unit`: `6000`, `85 %`, `15 minutes`. A percentage becomes its fraction.

    A written unit must be the KPI's own, nothing is converted; of a percentage the sign is compulsory.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong(value, f"a number must stand here, not {shown(value)}", "bad-quantity")
    match = _QUANTITY.fullmatch(str(value).strip())
    if not match:
        remedy = "Write for example 7200."
        if re.search(r"\d[,_' ]\d", str(value)):
            remedy = "Write it without separators."
        elif signed := re.fullmatch(r"[$€£¥]\s*(\d+(?:\.\d+)?)", str(value).strip()):
            remedy = f"Write {signed[1]}."
        raise wrong(
            value, f"a number, with its unit or without, must stand here, not {shown(value)}", "bad-quantity", remedy
        )
    number, written = float(match[1]), match[2].strip()
    if not isfinite(number):
        raise wrong(value, "the number is too large", "bad-quantity")
    if unit.kind is UnitKind.PERCENT:
        if written not in ("%", "percent"):
            raise wrong(
                value,
                f"{of} is a percentage: {shown(value)} could mean two things",
                "target-unit",
                _percents(number, written),
            )
        return float(match[1] + "e-2") if "e" not in match[1].lower() else number / 100
    if written and written not in (unit.name, unit.name.removesuffix("s")):
        if not unit.name and re.fullmatch(r"[A-Za-z% ]+", written):
            raise wrong(
                value,
                f"{of} has no unit, so it cannot be compared with {shown(value)}",
                "target-unit",
                "Give the KPI a unit, or write the number alone.",
            )
        if re.match(r"[\d,_']", written):
            raise wrong(
                value,
                f"a number is written without separators, not {shown(value)}",
                "bad-quantity",
                "Write for example 7200.",
            )
        raise wrong(
            value,
            f"{of} is in {unit.name or 'no unit'}, not in {shown(written)}; nothing is converted",
            "target-unit",
            f"Write the number in {unit.name}." if unit.name else None,
        )
    return number


def _percents(number: float, written: str) -> str:
    if written:
        return "Write it with '%'."
    if 0 < abs(number) <= 1:
        return f"Did you mean '{number * 100:g} %', or '{number:g} %'?"
    return f"Did you mean '{number:g} %'?"

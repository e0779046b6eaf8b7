"""What the text of a column means: the SQL that reads `$1,234.50` as a number or `25/08/2020` as a day, and no more.

A cast alone is too kind for KPIs: in DuckDB `'1.5'::BIGINT` is 2 and `'2020-08-25T14:17:08+05:30'::TIMESTAMP` forgets
its offset. So each type has a pattern that the whole text must match; a text that does not is an error with its line,
never a null and never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headway.model import ColumnType, Format, SqlType

#: Types tried, in this order, for a column of a text file that declares none; text always fits.
GUESSES: tuple[ColumnType, ...] = ("integer", "number", "boolean", "date", "timestamp")

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_ZONE = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
#: Integers of more digits than a double holds exactly are names of things, not amounts.
_EXACT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Reading:
    """How one text column is read: `value` is SQL of the typed value (null if unreadable), `bad` is SQL that is true
    for a text that is present and unreadable."""

    type: SqlType
    value: str
    bad: str


def identifier(name: str) -> str:
    """The name quoted for SQL, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def sql_type(name: str) -> SqlType:
    """Headway's word for a DuckDB type's name."""
    name = name.upper()
    if name.endswith("]"):
        return "list"
    if re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", name):
        return "integer"
    if re.fullmatch(r"(DECIMAL|NUMERIC)(\(.*\))?|FLOAT|DOUBLE|REAL", name):
        return "number"
    if name.startswith("TIMESTAMP") and "ZONE" in name:
        return "timestamptz"
    if name.startswith("TIMESTAMP"):
        return "timestamp"
    if name in ("VARCHAR", "UUID") or name.startswith("ENUM"):
        return "text"
    if name in ("BOOLEAN", "DATE"):
        return "boolean" if name == "BOOLEAN" else "date"
    return "other"


def present(column: str, form: Format) -> str:
    """SQL of a column's text without the blanks around it; null where it is blank or a word for missing."""
    text = f"trim({identifier(column)})"
    words = ", ".join(literal(word.strip()) for word in ("", *form.missing))
    return f"CASE WHEN {text} NOT IN ({words}) THEN {text} END"


def read(column: str, wanted: ColumnType, form: Format, times_in: str = "UTC", zoned: bool = False) -> Reading:
    """How to read a text column as the type wanted.

    `zoned` says that some of its texts name an offset: then the column is of moments, and texts that name none are
    read in `times_in`.
    """
    text = present(column, form)
    match wanted:
        case "text":
            # Blanks within a text are the text's own business; only wholly blank ones are missing.
            value, type_ = f"CASE WHEN {text} IS NOT NULL THEN {identifier(column)} END", "text"
        case "integer" | "number":
            value, type_ = _number(text, wanted, form), wanted
        case "boolean":
            words = [f"WHEN lower({text}) IN ({_words(_TRUE)}) THEN true"]
            words += [f"WHEN lower({text}) IN ({_words(_FALSE)}) THEN false"]
            value, type_ = f"CASE {' '.join(words)} END", "boolean"
        case "date":
            value, type_ = _date(text, form), "date"
        case "timestamp":
            value, type_ = _timestamp(text, form, times_in, zoned), "timestamptz" if zoned else "timestamp"
        case "list":
            value, type_ = f"CASE WHEN {text} LIKE '[%]' THEN TRY_CAST({text} AS VARCHAR[]) END", "list"
    return Reading(type_, value, f"{text} IS NOT NULL AND ({value}) IS NULL")  # type: ignore[arg-type]


def unlike(column: str, guess: ColumnType, form: Format) -> str:
    """SQL that is true for a text that can be read as `guess` but rather is something else: 007, yes, a long id."""
    text = present(column, form)
    match guess:
        case "integer" | "number":
            return f"regexp_matches({text}, '^[+-]?0[0-9]|^[+-]?[0-9]{{{_EXACT_DIGITS + 1},}}$')"
        case "boolean":
            return f"lower({text}) NOT IN ('true', 'false')"
        case _:
            return "false"


def zoned(column: str, form: Format) -> str:
    """SQL that is true for a text that ends in an offset or Z."""
    if form.dates:
        return "true" if "%z" in form.dates else "false"
    return f"regexp_matches({present(column, form)}, ':[0-9.]+{_ZONE}$')"


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words)


def _number(text: str, wanted: str, form: Format) -> str:
    point = form.decimal or "."
    digits = r"\d+"
    for sign in form.currency:
        text = f"replace({text}, {literal(sign)}, '')"
    if form.currency or form.thousands or form.decimal:
        # As bookkeepers write: (1,234) is negative, and signs may stand apart from digits.
        text = rf"regexp_replace(replace({text}, ' ', ''), '^\((.*)\)$', '-\1')"
    if form.thousands:
        # Groups must be groups, or 1,5 with a decimal comma would be read as 15. The inner ones may be pairs (lakh).
        sign = re.escape(form.thousands)
        digits = rf"\d{{1,3}}({sign}\d{{2,3}})*{sign}\d{{3}}|\d+"
    fraction = rf"{re.escape(point)}0*" if wanted == "integer" else rf"{re.escape(point)}\d*"
    power = "" if wanted == "integer" else rf"|[+-]?{re.escape(point)}\d+|[+-]?\d({re.escape(point)}\d*)?[eE][+-]?\d+"
    pattern = rf"^([+-]?({digits})({fraction})?{power})$"
    plain = f"replace({text}, {literal(form.thousands)}, '')" if form.thousands else text
    plain = f"replace({plain}, {literal(point)}, '.')" if point != "." else plain
    kind = "BIGINT" if wanted == "integer" else "DOUBLE"
    return f"CASE WHEN regexp_matches({text}, {literal(pattern)}) THEN TRY_CAST({plain} AS {kind}) END"


def _patterns(dates: str) -> str:
    """The patterns that a declared one stands for: a pattern of days alone also reads a clock behind it."""
    forms = [dates]
    if not re.search(r"%[HIMSTXcsf]", dates):
        forms += [f"{dates} %H:%M", f"{dates} %H:%M:%S"]
    return "[" + ", ".join(literal(form) for form in forms) + "]"


def _date(text: str, form: Format) -> str:
    if form.dates:
        moment = f"TRY_STRPTIME({text}, {_patterns(form.dates)})"
        return f"CASE WHEN date_trunc('day', {moment}) = {moment} THEN CAST({moment} AS DATE) END"
    # Programs write days as midnight; another clock time would be lost, so it is not a day.
    midnight = rf"^{_DAY}([T ]00:00(:00(\.0+)?)?)?$"
    return f"CASE WHEN regexp_matches({text}, {literal(midnight)}) THEN TRY_CAST({text}[1:10] AS DATE) END"


def _timestamp(text: str, form: Format, times_in: str, zoned: bool) -> str:
    if form.dates:
        return f"TRY_STRPTIME({text}, {_patterns(form.dates)})"
    plain = f"CASE WHEN regexp_matches({text}, {literal(rf'^{_DAY}([T ]{_CLOCK})?$')}) THEN TRY_CAST({text} AS TIMESTAMP) END"
    if not zoned:
        return plain
    whole = rf"^{_DAY}[T ]{_CLOCK}{_ZONE}$"
    moment = f"CASE WHEN regexp_matches({text}, {literal(whole)}) THEN TRY_CAST({text} AS TIMESTAMPTZ) END"
    return f"coalesce({moment}, ({plain}) AT TIME ZONE {literal(times_in)})"

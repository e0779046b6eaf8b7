r"""What the text of a column means: the SQL that reads `$1,234.50` as a number or `25/08/2020` as a day, and no more.

A cast alone is too kind for KPIs: in DuckDB `'1.5'::BIGINT` is 2 and `'2020-08-25T14:17:08+05:30'::TIMESTAMP` forgets
its offset. So each type has a pattern that the whole text must match; a text that does not is an error with its line,
never a null and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headway.model import ColumnType, Format, SqlType

#: Types tried, in this order, for a column of a text file that declares none; text always fits.
GUESSES: tuple[ColumnType, ...] = ("integer", "number", "boolean", "date", "timestamp")

#: What a person would call a value of each type.
MEANING: Mapping[ColumnType, str] = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a day such as 2026-01-31",
    "timestamp": "a time such as 2026-01-31 14:00",
    "list": "a list such as [a, b]",
}

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_ZONE = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_TRUE = "'true', 't', 'yes', 'y', '1'"
_FALSE = "'false', 'f', 'no', 'n', '0'"
#: Integers of more digits than a double holds exactly are names of things, not amounts.
_EXACT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column is read: `value` is SQL of the typed value; `bad` is SQL that is true for a value that does not
    fit the type, or None if every value must."""

    value: str
    bad: str | None = None


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
    if name.startswith("TIMESTAMP"):
        return "timestamptz" if "ZONE" in name or "TZ" in name else "timestamp"
    if name in ("VARCHAR", "UUID", "JSON", '"NULL"', "NULL") or name.startswith("ENUM"):
        return "text"
    if name in ("BOOLEAN", "DATE"):
        return "boolean" if name == "BOOLEAN" else "date"
    return "other"


def plain(column: str, name: str) -> str:
    """SQL of a column of the DuckDB type `name` in the one form that plans reckon with: text is VARCHAR, a timestamp
    has microseconds, and a number is one. Programs write NaN for what is missing, and an infinity is no amount."""
    quoted = identifier(column)
    match sql_type(name), name.upper():
        case "number", "FLOAT" | "REAL" | "DOUBLE":
            return f"CASE WHEN isfinite({quoted}) THEN {quoted} END AS {quoted}"
        case "text", "JSON":
            return f"({quoted} ->> '$') AS {quoted}"
        case "text", other if other != "VARCHAR":
            return f"CAST({quoted} AS VARCHAR) AS {quoted}"
        case "timestamp", other if other != "TIMESTAMP":
            return f"CAST({quoted} AS TIMESTAMP) AS {quoted}"
        case "timestamptz", other if other != "TIMESTAMP WITH TIME ZONE":
            return f"CAST({quoted} AS TIMESTAMPTZ) AS {quoted}"
        case _:
            return quoted


def convert(column: str, found: SqlType, wanted: ColumnType) -> Reading | None:
    """How a column whose file knows its type serves as the type declared, or None if it cannot without loss."""
    quoted = identifier(column)
    match found, wanted:
        case ("timestamptz", "timestamp"):
            return Reading(quoted)
        case ("integer", "integer"):
            return Reading(f"CAST({quoted} AS BIGINT)")
        case ("integer", "number"):
            return Reading(f"CAST({quoted} AS DOUBLE)")
        case ("integer", "text"):
            return Reading(f"CAST({quoted} AS VARCHAR)")
        case ("integer", "boolean"):
            return Reading(f"{quoted} = 1", f"{quoted} NOT IN (0, 1)")
        case ("number", "integer"):
            # Programs that know no missing integers write 3.0.
            return Reading(
                f"TRY_CAST({quoted} AS BIGINT)",
                f"{quoted} IS NOT NULL AND coalesce({quoted} <> TRY_CAST({quoted} AS BIGINT), true)",
            )
        case ("timestamp", "date"):
            # Programs that know no days write midnight; another clock time would be lost.
            return Reading(f"CAST({quoted} AS DATE)", f"{quoted} <> date_trunc('day', {quoted})")
        case ("date", "timestamp"):
            return Reading(f"CAST({quoted} AS TIMESTAMP)")
        case _:
            return Reading(quoted) if found == wanted else None


def present(column: str, form: Format) -> str:
    """SQL of a column's text without the blanks around it; null where it is blank or a word for missing."""
    text = f"trim({identifier(column)})"
    if not form.missing:
        return f"nullif({text}, '')"
    words = ", ".join(literal(word.strip()) for word in ("", *form.missing))
    return f"CASE WHEN {text} NOT IN ({words}) THEN {text} END"


def read(column: str, wanted: ColumnType, form: Format, zoned: str | None = None) -> Reading:
    """How to read a text column as the type wanted.

    `zoned` is given if some of its texts name an offset: then the column is of moments, and texts that name none are
    read in the zone `zoned`.
    """
    text = present(column, form)
    match wanted:
        case "text":
            # Blanks within a text are the text's own business; only wholly blank ones are missing.
            return Reading(f"CASE WHEN {text} IS NOT NULL THEN {identifier(column)} END")
        case "integer" | "number":
            value = _number(text, wanted, form)
        case "boolean":
            value = f"CASE WHEN lower({text}) IN ({_TRUE}) THEN true WHEN lower({text}) IN ({_FALSE}) THEN false END"
        case "date":
            value = _date(text, form)
        case "timestamp":
            value = _timestamp(text, form, zoned)
        case "list":
            value = f"CASE WHEN {text} LIKE '[%]' THEN TRY_CAST({text} AS VARCHAR[]) END"
    return Reading(value, f"{text} IS NOT NULL AND ({value}) IS NULL")


def unlike(column: str, guess: ColumnType, form: Format) -> str:
    """SQL that is true for a text that can be read as `guess` but rather is something else: 007, yes, a long id."""
    text = present(column, form)
    match guess:
        case "integer" | "number":
            return f"regexp_matches({text}, '^[+-]?0[0-9]|^[+-]?[0-9]{{{_EXACT_DIGITS + 1},}}$')"
        case "boolean":
            return f"lower({text}) NOT IN ('true', 'false')"
        case "date":
            return f"{text} LIKE '%:%'"
        case _:
            return "false"


def zoned(column: str, form: Format) -> str:
    """SQL that is true for a text that ends in an offset or Z."""
    if form.dates:
        return "true" if "%z" in form.dates else "false"
    return f"regexp_matches({present(column, form)}, ':[0-9.]+{_ZONE}$')"


def _number(text: str, wanted: ColumnType, form: Format) -> str:
    for sign in form.currency:
        text = f"replace({text}, {literal(sign)}, '')"
    if form.currency or form.thousands or form.decimal:
        # As bookkeepers write: (1,234) is negative, and a sign may stand apart from the digits.
        text = rf"regexp_replace(trim({text}), '^\((.*)\)$', '-\1')"
        text = rf"trim(regexp_replace({text}, '^([+-]) +', '\1'))"
    point = re.escape(form.decimal or ".")
    whole = r"\d+"
    group = re.escape(form.thousands or "")
    if form.thousands and not form.thousands.strip():
        group = "[ \u00a0\u202f]"  # the spaces that programs put between groups
    if group:
        # Groups must be groups, or 1,5 with a decimal comma would be read as 15. The inner ones may be pairs (lakh).
        whole = rf"(\d{{1,3}}({group}\d{{2,3}})*{group}\d{{3}}|\d+)"
    if wanted == "integer":
        pattern = rf"^[+-]?{whole}({point}0*)?$"
    else:
        pattern = rf"^[+-]?({whole}({point}\d*)?|{point}\d+|\d+({point}\d*)?[eE][+-]?\d+)$"
    digits = f"regexp_replace({text}, {literal(group)}, '', 'g')" if group else text
    digits = f"replace({digits}, {literal(form.decimal)}, '.')" if form.decimal and form.decimal != "." else digits
    kind = "BIGINT" if wanted == "integer" else "DOUBLE"
    return f"CASE WHEN regexp_matches({text}, {literal(pattern)}) THEN TRY_CAST({digits} AS {kind}) END"


def _patterns(dates: str) -> str:
    """The patterns that a declared one stands for: one of days alone also reads a clock behind the day."""
    forms = [dates]
    if not re.search(r"%[-]?[HIMSTXcsf]", dates):
        forms += [f"{dates} %H:%M", f"{dates} %H:%M:%S"]
    return "[" + ", ".join(literal(form) for form in forms) + "]"


def _date(text: str, form: Format) -> str:
    if form.dates:
        moment = f"TRY_STRPTIME({text}, {_patterns(form.dates)})"
        return f"CASE WHEN date_trunc('day', {moment}) = {moment} THEN CAST({moment} AS DATE) END"
    midnight = literal(rf"^{_DAY}([T ]00:00(:00(\.0+)?)?)?$")
    return f"CASE WHEN regexp_matches({text}, {midnight}) THEN TRY_CAST({text}[1:10] AS DATE) END"


def _timestamp(text: str, form: Format, zoned: str | None) -> str:
    if form.dates:
        return f"TRY_STRPTIME({text}, {_patterns(form.dates)})"
    local = literal(rf"^{_DAY}([T ]{_CLOCK})?$")
    plain = f"CASE WHEN regexp_matches({text}, {local}) THEN TRY_CAST({text} AS TIMESTAMP) END"
    if zoned is None:
        return plain
    whole = literal(rf"^{_DAY}[T ]{_CLOCK}{_ZONE}$")
    moment = f"CASE WHEN regexp_matches({text}, {whole}) THEN TRY_CAST({text} AS TIMESTAMPTZ) END"
    return f"coalesce({moment}, ({plain}) AT TIME ZONE {literal(zoned)})"

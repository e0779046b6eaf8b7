"""Chooses what a first catalogue says of a table: when, what is added up, by what, and who must not be shown.

Each choice comes with its reason in words, which stands in the YAML as a comment. What somebody said (`Wanted`) is
taken as it is, if the table has it and it can be so used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from headway.catalog.values import near
from headway.errors import Mistake, UsageError
from headway.periods import Grain
from headway.propose.look import Column, Seen

#: Said in the place of a column: none at all.
NONE = "none"

# Words of names of columns, in the order of their weight where that matters.
_TIME = str.split("date datum day tag when time zeit timestamp created ordered started sold on at")
_NOT_FIRST = str.split("birth born geburt updated changed modified due end ended until closed paid delivered expires")
_PERSON = frozenset(
    str.split("""
    email mail user username customer client patient member student pupil employee person author phone telefon kunde
    kundin nutzer mitglied donor attendee participant subscriber visitor contact surname lastname firstname
    teilnehmer buyer guest
    """)
)
_PERSON_TOO = ({"first", "name"}, {"last", "name"}, {"full", "name"}, {"e", "mail"})
#: What is said of people without naming one.
_OF_MANY = frozenset(
    str.split("""
    type segment group count category status country region plan age number new land art rating score satisfaction tier
    level
    """)
)
_NAMES_A_ROW = frozenset(str.split("id nr no number num nummer key code uuid ref reference invoice"))
_NO_AMOUNT = _NAMES_A_ROW | frozenset(
    str.split("zip plz postcode year jahr month monat week day lat lon latitude longitude index phone hour")
)
_AMOUNT = str.split("""
    amount betrag total revenue umsatz summe usd eur gbp chf sales value net gross paid cost costs donation spent hours
    minutes quantity menge qty units price preis
    """)
_NO_SUM = frozenset(str.split("rate percent pct score rating share ratio average avg mean temperature age"))
_BREAKDOWN = str.split("""
    country land region category kategorie type typ art status plan segment channel product produkt shop site location
    ort department abteilung team city stadt
    """)
_UNITS = {
    "usd": "USD", "eur": "EUR", "gbp": "GBP", "chf": "CHF", "euro": "EUR", "hours": "hours", "minutes": "minutes",
    "seconds": "seconds", "days": "days", "stunden": "hours", "minuten": "minutes",
}  # fmt: skip
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "EUR": "EUR", "USD": "USD", "GBP": "GBP", "CHF": "CHF"}
#: More cells than this are no overview.
_MOST_CELLS = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody said, each by the name of a column or `none`; None where nothing was said."""

    time: str | None = None
    amount: str | None = None
    by: str | None = None
    people: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the catalogue says of a table. `why` gives the reason of each choice, by its key."""

    seen: Seen
    time: Column
    key: Column | None
    amount: Column | None
    adds_up: bool
    by: Column | None
    people: tuple[Column, ...]
    unit: str
    grain: Grain
    why: dict[str, str] = field(default_factory=dict)


def choose(seen: Seen, wanted: Wanted) -> Choices:
    """The choices for a table; UsageError if a column that was named is not there or cannot be what it was named for,
    or if no column says when."""
    why: dict[str, str] = {}
    people = _people(seen, wanted, why)
    time = _time(seen, wanted, why)
    key = _key(seen, {*people, time}, why)
    amount = _amount(seen, wanted, {*people, *([key] if key else ())}, why)
    by = _by(seen, wanted, {*people, time, *([key] if key else ()), *([amount] if amount else ())}, why)
    adds_up = amount is not None and not _is_mean(amount)
    unit = _unit(amount, seen) if amount else ""
    return Choices(seen, time, key, amount, adds_up, by, people, unit, _grain(time, why), why)


def times(seen: Seen) -> list[Column]:
    """The columns that say when, the likeliest first."""
    found = [column for column in seen.columns if column.is_time and column.filled]

    def likely(column: Column) -> tuple[bool, bool, int]:
        is_later = _ranked(column, _NOT_FIRST) < len(_NOT_FIRST)
        return is_later, column.filled < seen.rows, _ranked(column, _TIME)

    return sorted(found, key=likely)


def amounts(seen: Seen, taken: Collection[Column] = ()) -> list[Column]:
    """The columns of numbers that may be added up, or averaged, the likeliest first."""
    found = [
        column
        for column in seen.columns
        if column.is_number and column.filled and column not in taken and not set(column.words) & _NO_AMOUNT
    ]

    def likely(column: Column) -> tuple[int, bool, bool]:
        return _ranked(column, _AMOUNT), _is_mean(column), column.type != "number"

    return sorted(found, key=likely)


def breakdowns(seen: Seen, taken: Collection[Column] = ()) -> list[Column]:
    """The columns with few different values, none of them a person, the likeliest first."""
    found = [
        column
        for column in seen.columns
        if column.type in ("text", "boolean")
        and column not in taken
        and not _is_person(column)
        and column.words != ("name",)  # of whom or what, nobody knows
        and 2 <= column.distinct <= _MOST_CELLS
        and column.distinct * 2 <= column.filled
    ]
    return sorted(found, key=lambda column: (_ranked(column, _BREAKDOWN), column.distinct))


# -- one by one ------------------------------------------------------------------------------------------------------


def _time(seen: Seen, wanted: Wanted, why: dict[str, str]) -> Column:
    found = times(seen)
    if wanted.time is not None:
        column = _wanted(seen, wanted.time, "--time")
        if column not in found:
            what = "has no value" if not column.filled else "holds no dates"
            remedy = "Name a column of dates" + (f", such as {found[0].name}" if found else "")
            remedy += "; or say how its dates are written: --dates %d.%m.%Y."
            raise UsageError(Mistake(f"column '{column.name}' {what}", "nothing-to-measure", remedy=remedy))
        why["time"] = "Says when: puts a row into a day, a month, a year."
        return column
    if not found:
        names = ", ".join(column.name for column in seen.columns)
        message = f"no column of {seen.files[0].name} says when: there are no dates in {names}"
        remedy = (
            "A KPI is a number of each month: add a column with the day of each row; "
            "or say how dates are written: --dates %d.%m.%Y."
        )
        raise UsageError(Mistake(message, "nothing-to-measure", remedy=remedy))
    others = [column.name for column in found[1:]]
    why["time"] = "Says when: puts a row into a day, a month, a year."
    if others:
        why["time"] += f" {_many(others)} {'says' if len(others) == 1 else 'say'} when, too: is this the one?"
    if found[0].filled < seen.rows:
        why["time"] += f" {seen.rows - found[0].filled} of {seen.rows} rows have none, and belong to no period."
    return found[0]


def _people(seen: Seen, wanted: Wanted, why: dict[str, str]) -> tuple[Column, ...]:
    found = [column for column in seen.columns if _is_person(column)]
    if wanted.people is not None and wanted.people != NONE:
        first = _wanted(seen, wanted.people, "--people")
        found = [first, *(column for column in found if column != first)]
    elif wanted.people == NONE:
        # Addresses are people, whatever is said.
        found = [column for column in found if _has_addresses(column)]
    # The first one is counted: who is told apart best, and in the most rows.
    elif len(found) > 1:
        found.sort(key=lambda column: (-column.distinct, -column.filled))
    if found:
        names = _many([column.name for column in found])
        looks = "holds e-mail addresses" if _has_addresses(found[0]) else "names people"
        why["people"] = f"{names} {looks if len(found) == 1 else 'name people'}: they are counted, and never shown."
    return tuple(found)


def _key(seen: Seen, taken: Collection[Column], why: dict[str, str]) -> Column | None:
    unique = [
        column for column in seen.columns if column.distinct == column.filled == seen.rows and column not in taken
    ]
    unique = [column for column in unique if column.type in ("integer", "text")]
    likely = [column for column in unique if set(column.words) & _NAMES_A_ROW]
    first = [column for column in unique if column is seen.columns[0]]
    for column in (*likely, *first):
        why["key"] = "Is in every row and never repeats. A row that comes twice is told on every run."
        return column
    return None


def _amount(seen: Seen, wanted: Wanted, taken: Collection[Column], why: dict[str, str]) -> Column | None:
    if wanted.amount == NONE:
        return None
    if wanted.amount is not None:
        column = _wanted(seen, wanted.amount, "--amount")
        if not column.is_number:
            remedy = "Name a column of numbers, or 'none'."
            message = f"column '{column.name}' holds no numbers, so it cannot be added up"
            raise UsageError(Mistake(message, "nothing-to-measure", remedy=remedy))
        return column
    found = amounts(seen, taken)
    if found[1:]:
        why["amount"] = f"{_many([column.name for column in found[1:]])} could be measured, too."
    return found[0] if found else None


def _by(seen: Seen, wanted: Wanted, taken: Collection[Column], why: dict[str, str]) -> Column | None:
    if wanted.by == NONE:
        return None
    if wanted.by is not None:
        column = _wanted(seen, wanted.by, "--by")
        if _is_person(column):
            message = f"column '{column.name}' names people, and a person is never a breakdown"
            raise UsageError(Mistake(message, "person-breakdown", remedy="Name another column, or 'none'."))
        if column.distinct > 200:
            message = f"column '{column.name}' has {column.distinct} different values, and a breakdown at most 200"
            raise UsageError(Mistake(message, "too-many-cells", remedy="Name another column, or 'none'."))
        return column
    found = breakdowns(seen, taken)
    if found[1:]:
        why["by"] = f"{_many([column.name for column in found[1:]])} would do as well."
    return found[0] if found else None


def _grain(time: Column, why: dict[str, str]) -> Grain:
    span = (time.most - time.least).days + 1 if isinstance(time.most, date) and isinstance(time.least, date) else 0
    if span > 62:
        return Grain.MONTH
    why["grain"] = f"The rows are of {span} days; with more of them, a month."
    return Grain.WEEK if span > 14 else Grain.DAY


def _unit(amount: Column, seen: Seen) -> str:
    for sign, unit in _SIGNS.items():
        if sign in amount.name:
            return unit
    for word in amount.words:
        if word in _UNITS:
            return _UNITS[word]
    # The sign stood beside the numbers, and of which column nobody knows if there are several.
    return _SIGNS[seen.form.currency[0]] if len(seen.form.currency) == 1 else ""


# -- small steps -----------------------------------------------------------------------------------------------------


def _wanted(seen: Seen, name: str, option: str) -> Column:
    column = seen.column(name) or next((c for c in seen.columns if c.name.lower() == name.lower()), None)
    if column is None:
        names = [column.name for column in seen.columns]
        message = f"{option}: {seen.files[0].name} has no column '{name}'"
        raise UsageError(Mistake(message, "unknown-column", remedy=near(name, names) or f"It has {', '.join(names)}."))
    return column


def _is_person(column: Column) -> bool:
    if _has_addresses(column):
        return True
    words = set(column.words)
    if column.type not in ("text", "integer") or words & _OF_MANY:
        return False
    return bool(words & _PERSON) or any(two <= words for two in _PERSON_TOO)


def _is_mean(column: Column) -> bool:
    """True if adding up its numbers says nothing."""
    return bool(set(column.words) & _NO_SUM)


def _has_addresses(column: Column) -> bool:
    return column.filled > 0 and column.addresses * 2 > column.filled


def _ranked(column: Column, words: Sequence[str]) -> int:
    return min((words.index(word) for word in column.words if word in words), default=len(words))


def _many(names: Iterable[str]) -> str:
    *most, last = (f"'{name}'" for name in names)
    return f"{', '.join(most)} and {last}" if most else last

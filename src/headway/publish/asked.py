"""What the reader of a KPI's page asks for in its address: `?grain=week&by=cluster&last=1+year&compare=1+year`.

The words are those of the language. An empty one is as good as none, so that a form may send all its fields; every
mistake is told at once, and words that are not ours, such as those that mail programs add, are nobody's business.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from headway.errors import Mistake, UsageError
from headway.model import TOTAL, Cell, Kpi
from headway.periods import Calendar, Grain, Length, Period

#: Every word of a query, in the order in which an address has them.
WORDS = ("grain", "by", "for", "last", "from", "to", "compare")
#: `last=all`: from the first number on.
ALL = "all"
_EXAMPLE = {"last": "90 days", "compare": "1 year"}
#: No length is longer: nobody has measured that long.
_CENTURY = timedelta(days=36_600)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to show of a KPI: periods of which length, from when to when, of which cell, by what, against when."""

    grain: Grain
    by: tuple[str, ...] = ()
    cell: Cell = TOTAL
    #: How far back; None is as far as a page shows by itself, unless `first` or `all` says otherwise.
    last: Length | None = None
    all: bool = False
    first: date | None = None
    through: date | None = None
    compare: Length | None = None

    @property
    def spans(self) -> bool:
        """True if the reader chose from when to when."""
        return bool(self.last or self.all or self.first or self.through)


def normal(query: str) -> str:
    """A query as everybody would write it who asks for the same: our words alone, in order, without empty ones."""
    given = [(word, value.strip()) for word, value in parse_qsl(query) if value.strip()]
    known = sorted((pair for pair in given if _ours(pair[0])), key=lambda pair: (_order(pair[0]), pair))
    return urlencode(known)


def read(
    query: str, kpi: Kpi, grain: Grain, grains: Sequence[Grain], cells: Sequence[Grain], calendar: Calendar
) -> Asked:
    """What a query asks for, of a KPI that is kept by these `grains` and whose cells are kept by those.

    Without a word on it, by `grain`. UsageError with everything that is wrong.
    """
    wrong: list[Mistake] = []
    one, texts = _given(query, wrong)

    def told(word: str, reads: Callable[[str], _T]) -> _T | None:
        try:
            return reads(one[word]) if word in one else None
        except UsageError as error:
            wrong.extend(error.mistakes)
            return None

    every = one.get("last") == ALL
    first = told("from", lambda text: _period("from", text, calendar))
    through = told("to", lambda text: _period("to", text, calendar))
    found = Asked(
        told("grain", lambda text: _grain(text, kpi, grains)) or grain,
        told("by", lambda text: _by(text, kpi)) or (),
        _cell(texts, kpi, wrong),
        None if every else told("last", lambda text: _length("last", text)),
        every,
        first.first if first else None,
        through.last if through else None,
        told("compare", lambda text: _length("compare", text)),
    )
    if (found.by or found.cell) and "grain" not in one and cells and found.grain not in cells:
        found = replace(found, grain=next((kept for kept in cells if kept.rank >= found.grain.rank), cells[-1]))
    wrong += _at_odds(found, kpi, cells)
    if wrong:
        raise UsageError(wrong)
    return found


def _given(query: str, wrong: list[Mistake]) -> tuple[dict[str, str], list[str]]:
    """Each word with its value, and the values of `for`, which may be several."""
    given: dict[str, list[str]] = {}
    for word, value in parse_qsl(normal(query)):
        given.setdefault(word, []).append(value)
    for word, values in given.items():
        if word not in WORDS:
            wrong.append(_mistake(f"there is nothing called '{word}' to ask for", f"Did you mean '{_close(word)}'?"))
        elif word != "for" and len(values) > 1:
            wrong.append(_mistake(f"'{word}' is given {len(values)} times", "Ask for one of them."))
    return {word: values[0] for word, values in given.items()}, given.get("for", [])


def _at_odds(found: Asked, kpi: Kpi, cells: Sequence[Grain]) -> Iterator[Mistake]:
    """What does not go together."""
    if (found.by or found.cell) and found.grain not in cells:
        yield _mistake(
            f"the cells of {kpi.title} are not kept by {found.grain}", f"They are kept by {', '.join(cells)}."
        )
    if found.compare and not found.grain.steps(found.compare):
        yield _mistake(f"{found.compare} is no whole number of {found.grain}s to compare with", "Try 1 year.")
    if (found.last or found.all) and (found.first or found.through):
        yield _mistake("'last' counts back from the newest number", "Give it, or 'from' and 'to'.")
    if found.first and found.through and found.first > found.through:
        yield _mistake(f"'from' is later than 'to': {found.first}, {found.through}", "Exchange them.")
    if found.by and found.cell:
        yield _mistake("'by' shows all cells and 'for' a single one", "Ask for one of them.")


def query(asked: Asked, kpi: Kpi) -> str:
    """The query that asks for this, without what goes without saying."""
    pairs: list[tuple[str, str]] = []
    if asked.grain is not kpi.front:
        pairs.append(("grain", asked.grain.value))
    if asked.by:
        pairs.append(("by", ",".join(asked.by)))
    pairs += [("for", f"{column}={value}") for column, value in asked.cell]
    if asked.all or asked.last:
        pairs.append(("last", ALL if asked.all else str(asked.last)))
    pairs += [(word, day.isoformat()) for word, day in (("from", asked.first), ("to", asked.through)) if day]
    if asked.compare:
        pairs.append(("compare", str(asked.compare)))
    return urlencode(pairs)


def _mistake(message: str, remedy: str | None, slug: str = "bad-value") -> Mistake:
    return Mistake(message, slug, None, remedy)


def _close(word: str) -> str:
    return next(iter(difflib.get_close_matches(word.lower(), WORDS, 1, 0.7)), "")


def _ours(word: str) -> bool:
    """True for our words, and for those that are nearly one: a slip of the pen is told, a stranger passes by."""
    return bool(_close(word))


def _order(word: str) -> int:
    return WORDS.index(_close(word))


def _grain(text: str, kpi: Kpi, grains: Sequence[Grain]) -> Grain:
    found = next((grain for grain in grains if grain.value == text), None)
    if found is None:
        known = ", ".join(grains)
        raise UsageError(
            _mistake(f"{kpi.title} is not kept by {text[:40]}", f"It is kept by {known}.", "unknown-period")
        )
    return found


def _by(text: str, kpi: Kpi) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in text.split(","))
    if wanted not in kpi.by:
        known = "; ".join(", ".join(columns) for columns in kpi.by)
        remedy = f"It is broken down by {known}." if known else "It is not broken down."
        raise UsageError(_mistake(f"{kpi.title} is not broken down by {text[:60]}", remedy, "unknown-cell"))
    return wanted


def _cell(texts: Sequence[str], kpi: Kpi, wrong: list[Mistake]) -> Cell:
    """A cell of one of the KPI's breakdowns, in the order of its columns; whether it has numbers is not known here."""
    if not texts:
        return TOTAL
    given = {column.strip(): value.strip() for column, _, value in (text.partition("=") for text in texts)}
    columns = next((by for by in kpi.by if set(by) == set(given)), None)
    if columns is None or not all(given.values()):
        known = "; ".join(" and ".join(f"for={column}=..." for column in by) for by in kpi.by)
        said = " and ".join(text[:60] for text in texts)
        remedy = f"A cell is named by {known}." if known else "It is not broken down."
        wrong.append(_mistake(f"{kpi.title} has no cell {said}", remedy, "unknown-cell"))
        return TOTAL
    return tuple((column, given[column]) for column in columns)


def _length(word: str, text: str) -> Length:
    try:
        found = Length.parse(text)
    except ValueError:
        found = None
    if found is None or not 0 < found.count < 1_000_000 or found.elapsed > _CENTURY:
        more = ", or 'all'" if word == "last" else ""
        remedy = f"Write a number and a unit of time, such as '{_EXAMPLE[word]}'{more}."
        raise UsageError(_mistake(f"'{word}' is no length of time: {text[:40]}", remedy, "bad-length"))
    return found


def _period(word: str, text: str, calendar: Calendar) -> Period:
    try:
        return calendar.parse(text)
    except (ValueError, OverflowError):
        remedy = "Write a day, a month, a quarter or a year: 2026-03-31, 2026-03, 2026-Q1, 2026."
        raise UsageError(_mistake(f"'{word}' is no day or period: {text[:40]}", remedy, "bad-period")) from None

"""From what a file holds to columns of exact types, or to the values that do not fit and the line they stand on.

`settle` looks at all rows before it decides: what a column is never depends on a sample. It asks DuckDB a few
aggregates over the raw rows and gives back SQL; making the relation is the engine's part.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from headway.engines import columns
from headway.engines.columns import Reading, identifier, literal
from headway.errors import Mistake, Place, SourceError
from headway.model import ColumnType, Format, Source, SqlType

#: Says where one of the values stands first ("data/x.csv:17"), and which it is.
Finder = Callable[[str, Collection[str]], tuple[str, str] | None]

#: Rows that need not be read twice to find that a column of words is no number.
_SAMPLE = 2048
_SHOWN = 1000
#: So much of a value's form is told.
_LONGEST = 40
_TIMES: tuple[ColumnType, ...] = ("date", "timestamp")


@dataclass(frozen=True, slots=True)
class Raw:
    """Rows as they are stored.

    `types` are the columns with their types as stored. `guesses` are the types that an undeclared column of texts may
    turn out to be. `tidy` says that blank and totals rows may stand among them, as people write tables. `files` names
    what is read, for messages; `lacking` are the files, if any, that do not have a column which others have.
    """

    relation: duckdb.DuckDBPyRelation
    types: Mapping[str, SqlType]
    guesses: tuple[ColumnType, ...]
    tidy: bool
    form: Format
    find: Finder
    files: str
    lacking: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Settled:
    """SQL that makes the relation of exact types: `columns` to project, `keep` to filter (None: all rows)."""

    columns: tuple[str, ...]
    keep: str | None
    removed: Mapping[str, int]
    notes: tuple[str, ...]


def settle(source: Source, raw: Raw) -> Settled:
    """Decide what every column is. SourceError lists each column that is missing, of another type, or has a value
    that cannot be read, with the first such value and its line."""
    mistakes = _missing(source, raw)
    rows, keep, removed = _tidy(raw)
    likely = _likely(source, raw, rows)
    zones = _zones(source, raw, rows, likely)
    proven = _proven(raw, rows, likely, zones)
    wanted = {**source.columns, **{name: types[-1] for name, types in likely.items()}, **proven}
    readings: dict[str, Reading] = {}
    for name, found in raw.types.items():
        reading = _reading(raw, name, found, wanted.get(name), zones.get(name))
        if reading is None:
            mistakes.append(_other_type(source, raw, name, found))
        else:
            readings[name] = reading
    doubtful = {name: reading.bad for name, reading in readings.items() if reading.bad and name not in proven}
    mistakes += _unreadable(source, raw, rows, wanted, doubtful)
    if mistakes:
        raise SourceError(mistakes)
    return Settled(
        tuple(f"{reading.value} AS {identifier(name)}" for name, reading in readings.items()),
        keep,
        removed,
        _notes(source, raw),
    )


# -- rows ----------------------------------------------------------------------------------------------------------


def _tidy(raw: Raw) -> tuple[duckdb.DuckDBPyRelation, str | None, Mapping[str, int]]:
    """Rows without blank and totals rows; how many of each there were."""
    if not raw.tidy:
        return raw.relation, None, {}
    cells = [f"coalesce(trim(CAST({identifier(name)} AS VARCHAR)), '')" for name in raw.types]
    reasons = {"blank row": " AND ".join(f"{cell} = ''" for cell in cells)}
    if raw.form.totals:
        words = ", ".join(literal(word.strip().lower()) for word in raw.form.totals)
        first = ", ".join(f"nullif({cell}, '')" for cell in cells)
        reasons["totals row"] = f"lower(coalesce({first}, '')) IN ({words})"
    # As filters and not as aggregates: then DuckDB leaves a row alone at its first filled cell.
    counts = [_ask(raw.relation.filter(condition), ["count(*)"])[0] for condition in reasons.values()]
    removed = {reason: count for reason, count in zip(reasons, counts, strict=True) if count}
    if not removed:
        return raw.relation, None, {}
    keep = " AND ".join(f"NOT ({reasons[reason]})" for reason in removed)
    return raw.relation.filter(keep), keep, removed


# -- types ---------------------------------------------------------------------------------------------------------


#: For each undeclared column of texts, the types it may have, best first; the last one is taken if none fits.
_Likely = Mapping[str, Sequence[ColumnType]]


def _likely(source: Source, raw: Raw, rows: duckdb.DuckDBPyRelation) -> _Likely:
    """What the columns of texts may be, judged by a sample: it can only rule out."""
    likely: dict[str, list[ColumnType]] = {}
    for name, found in raw.types.items():
        if found == "text" and name not in source.columns:
            # A source's time is a time: a text that is none is an error, not a reason to call the column a text.
            is_time = name in (source.time, source.until, source.through, source.known_on)
            likely[name] = list(_TIMES) if is_time else [*raw.guesses, "text"]
    tries = [(name, guess) for name, guesses in likely.items() for guess in guesses[:-1]]
    tests = [_misfit(raw, name, guess, source.times_in) for name, guess in tries]
    for (name, guess), misfit in zip(tries, _ask(rows.limit(_SAMPLE), tests), strict=True):
        if misfit:
            likely[name].remove(guess)
    return likely


def _zones(source: Source, raw: Raw, rows: duckdb.DuckDBPyRelation, likely: _Likely) -> Mapping[str, str]:
    """The zone to read texts in that name none, for each column of texts of which some name an offset."""
    names = [
        name
        for name, found in raw.types.items()
        if found == "text" and "timestamp" in likely.get(name, [source.columns.get(name)])
    ]
    answers = _ask(rows, [f"coalesce(bool_or({columns.zoned(name, raw.form)}), false)" for name in names])
    return {name: source.times_in for name, yes in zip(names, answers, strict=True) if yes}


def _proven(
    raw: Raw, rows: duckdb.DuckDBPyRelation, likely: _Likely, zones: Mapping[str, str]
) -> Mapping[str, ColumnType]:
    """The first type of those likely that every value fits; not for columns without a value or without a fit."""
    proven: dict[str, ColumnType] = {}
    open_ = {name: [guess for guess in guesses if guess != "text"] for name, guesses in likely.items()}
    open_ = {name: guesses for name, guesses in open_.items() if guesses}
    open_ = {name: guesses for name, guesses in open_.items() if _is_filled(raw, rows, name)}
    while open_:
        tests = [_misfit(raw, name, guesses[0], zones.get(name)) for name, guesses in open_.items()]
        for (name, guesses), misfit in zip(tuple(open_.items()), _ask(rows, tests), strict=True):
            guess = guesses.pop(0)
            if not misfit:
                proven[name] = guess
            if not misfit or not guesses:
                del open_[name]
    return proven


def _is_filled(raw: Raw, rows: duckdb.DuckDBPyRelation, name: str) -> bool:
    """True if the column has any value to go by."""
    return bool(rows.filter(f"{columns.present(name, raw.form)} IS NOT NULL").limit(1).project("1").fetchall())


def _misfit(raw: Raw, name: str, guess: ColumnType, zone: str | None) -> str:
    """SQL of whether any value is not of the type guessed."""
    bad = columns.read(name, guess, raw.form, zone).bad
    return f"coalesce(bool_or(({bad}) OR ({columns.unlike(name, guess, raw.form)})), false)"


def _reading(raw: Raw, name: str, found: SqlType, wanted: ColumnType | None, zone: str | None) -> Reading | None:
    if wanted is None:
        return Reading(identifier(name))
    if found != "text":
        return columns.convert(name, found, wanted)
    if wanted == "text" and not raw.tidy and not raw.form.missing:
        return Reading(identifier(name))
    return columns.read(name, wanted, raw.form, zone)


# -- what people are told ------------------------------------------------------------------------------------------


def _missing(source: Source, raw: Raw) -> list[Mistake]:
    found = []
    for name in source.columns:
        if name not in raw.types:
            near = difflib.get_close_matches(name, raw.types, n=1, cutoff=0.6)
            remedy = f"Did you mean '{near[0]}'?" if near else f"It has: {_listed(list(raw.types))}."
            message = f"source {source.name}: {raw.files} has no column '{name}'"
            found.append(Mistake(message, "column-missing", _place(source, name), remedy))
        elif name in raw.lacking:
            message = f"source {source.name}: {_listed(raw.lacking[name])} has no column '{name}'; other files have it"
            found.append(Mistake(message, "column-missing", _place(source, name), "Write the file with that column."))
    return found


def _other_type(source: Source, raw: Raw, name: str, found: SqlType) -> Mistake:
    words = {"timestamptz": "timestamp", "other": "another type"}
    declared = source.columns[name]
    message = f"source {source.name}: column {name} is declared {declared}, but in {raw.files} it is"
    return Mistake(
        f"{message} {words.get(found, found)}",
        "column-type",
        _place(source, name),
        "Declare the type that the file has, or write the file with the type declared.",
    )


def _unreadable(
    source: Source,
    raw: Raw,
    rows: duckdb.DuckDBPyRelation,
    wanted: Mapping[str, ColumnType],
    tests: Mapping[str, str],
) -> list[Mistake]:
    """One mistake for each column that has values which fail its test, with the first of them."""
    counts = _ask(rows, [f"count(*) FILTER (WHERE {bad})" for bad in tests.values()])
    mistakes = []
    for (name, bad), count in zip(tests.items(), counts, strict=True):
        if not count:
            continue
        text = f"CAST({identifier(name)} AS VARCHAR) AS value"
        values = [value for (value,) in rows.filter(bad).project(text).distinct().limit(_SHOWN).fetchall()]
        where, value = raw.find(name, set(values)) or (raw.files, values[0])
        type_ = wanted[name]
        is_time = type_ in ("date", "timestamp")
        meaning = f"a time in the pattern '{raw.form.dates}'" if is_time and raw.form.dates else columns.MEANING[type_]
        more = f" ({count} such rows)" if count > 1 else ""
        mistakes.append(
            Mistake(
                f"{where}: {_quoted(source, value)} in column {name} of source {source.name} is not {meaning}{more}",
                "bad-time" if is_time else "column-type",
                _place(source, name),
                _remedy(type_, "it" if source.people else f"'{value}'"),
            )
        )
    return mistakes


def _quoted(source: Source, value: str) -> str:
    """A value for people; of a source that names persons its form alone, which may be one where another is expected."""
    if not source.people:
        return f"'{value}'"
    form = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", value))
    return f"a value of the form '{form[:_LONGEST]}'"


def _remedy(type_: ColumnType, value: str) -> str:
    missing = f"if {value} means no value, list it under 'missing' in the source's 'format'"
    match type_:
        case "date" | "timestamp":
            return f"Correct it; or give the pattern of times as 'dates' in the source's 'format'; {missing}."
        case "integer" | "number":
            return (
                f"Correct it; or say in the source's 'format' how numbers are written (thousands, decimal, currency);"
                f" {missing}."
            )
        case _:
            return f"Correct it, or declare the column as text; {missing}."


def _notes(source: Source, raw: Raw) -> tuple[str, ...]:
    notes = []
    new = [name for name in raw.types if name not in source.columns] if source.columns else []
    if new:
        notes.append(f"{len(new)} new column{'s' if len(new) > 1 else ''}: {_listed(new)}")
    notes += [f"column {name} is missing in {_listed(files, 3)}" for name, files in raw.lacking.items()]
    return tuple(notes)


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _place(source: Source, name: str) -> Place:
    """Where the catalogue speaks of a column: its declaration, or the key that names it."""
    keys = [
        f"columns.{name}",
        *(key for key in ("time", "until", "through", "known_on") if getattr(source, key) == name),
    ]
    return next((source.places[key] for key in keys if key in source.places), source.place)


def _ask(rows: duckdb.DuckDBPyRelation, expressions: Sequence[str]) -> Sequence[int]:
    """The values of aggregates over the rows, in one scan."""
    if not expressions:
        return ()
    return rows.aggregate(", ".join(f"{text} AS a{i}" for i, text in enumerate(expressions))).fetchall()[0]

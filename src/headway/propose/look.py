"""Looks at data that somebody brings: where the names stand, how days and numbers are written, what each column holds.

The rows are read by the same readers as in a run, so what is seen here is what a run will see. Only what those cannot
know is found out first: on which row a spreadsheet begins, and the `format` of texts that mean days and numbers. What
could mean two things is not guessed: `Seen.dates` then holds both.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from headway import sources
from headway.engines import DuckDB
from headway.errors import HeadwayError, Mistake, Place, SourceError, UsageError
from headway.model import FilesReader, Format, Source, SqlType

#: How many different texts of a column are looked at, to find out how it writes days and numbers.
_SAMPLE = 2000
#: How many lines or rows are looked at, to find the one with the names.
_TOP = 20
#: What people write where there is no value.
_MISSING = ("-", "n/a", "N/A", "na", "NA", "null", "NULL", "none", "None", "?", "#N/A", "k.A.")
#: What people write before a sum at the end of a table.
_TOTALS = ("total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme")
_CURRENCIES = ("€", "$", "£", "EUR", "USD", "GBP", "CHF")
#: (decimal, thousands), the plainest first.
_NUMBERS: tuple[tuple[str | None, str | None], ...] = (
    (None, None), (",", "."), (None, ","), (",", " "), (None, " "), (None, "'"),
)  # fmt: skip
_DATES = (
    "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d",
    "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%m/%d/%Y %I:%M %p", "%Y-%m", "%m/%Y",
    "%b %Y", "%B %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_TIMES = ("date", "timestamp", "timestamptz")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: of how many rows it has a value, how many different ones, and from which to which."""

    name: str
    type: SqlType
    filled: int
    distinct: int
    #: How many values look like e-mail addresses.
    addresses: int
    least: date | float | None = None
    most: date | float | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name, in small letters without accents."""
        return tuple(word for word in named(self.name).split("_") if word)

    @property
    def is_time(self) -> bool:
        """True if it says when."""
        return self.type in _TIMES

    @property
    def is_number(self) -> bool:
        """True if it can be added up."""
        return self.type in ("integer", "number")


@dataclass(frozen=True, slots=True)
class Seen:
    """Data as they were found. `dates` are the patterns that their days may be in: two where nothing tells."""

    name: str
    files: tuple[Path, ...]
    form: Format
    rows: int
    columns: tuple[Column, ...]
    #: All sheets of a spreadsheet that have rows.
    sheets: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    #: A value that is a day in both of two patterns.
    doubtful: str = ""

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)


def named(text: str) -> str:
    """A name of the language made of any text: `Umsatz (€)` -> `umsatz`. Empty if nothing is left."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return found if not found or found[0].isalpha() else f"n_{found}"


def look(name: str, files: Sequence[Path], given: Format) -> Seen:
    """What the files hold, as one source called `name`; `given` is what somebody said of how they are written.

    SourceError if they cannot be read; UsageError if there is nothing in them.
    """
    form, sheets = _sheet(files[0], given) if files[0].suffix.lower() == ".xlsx" else (given, ())
    if form.header is None:
        form = replace(form, header=_header(files[0], form))
    with DuckDB() as engine:
        source = Source(name, FilesReader(tuple(str(path) for path in files), form), Place("", 1))
        types = _attach(engine, source)
        if not engine.attached[name].rows:
            raise _nothing(files, "has no rows below its names")
        _vet_names(files[0], types, form)
        form, dates, doubtful = _written(engine, name, types, form, given)
        if len(dates) == 1:
            form = replace(form, dates=dates[0])
        if form != source.reader.format:  # type: ignore[union-attr]  # read again, as it is written
            source = replace(source, reader=FilesReader(source.reader.patterns, form))  # type: ignore[union-attr]  # as above
            types = _attach(engine, source)
        columns = tuple(_columns(engine, name, types))
        return Seen(name, tuple(files), form, engine.attached[name].rows, columns, sheets, dates, doubtful)


def _attach(engine: DuckDB, source: Source) -> Mapping[str, SqlType]:
    try:
        return engine.attach(source, sources.locate(source, Path()))
    except SourceError as error:
        # There is no catalogue yet whose lines could be named.
        raise SourceError([replace(mistake, place=None) for mistake in error.mistakes]) from error


def _nothing(files: Sequence[Path], what: str) -> HeadwayError:
    remedy = (
        "A KPI needs a table: names of columns in the first row, and below them one row for each thing that happened."
    )
    return UsageError(Mistake(f"{files[0].name} {what}", "nothing-to-measure", remedy=remedy))


def _ask(engine: DuckDB, sql: str) -> list[dict[str, object]]:
    query = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(query, exp.Query)
    return list(engine.execute(query).to_pylist())


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


# -- where the rows begin --------------------------------------------------------------------------------------------


def _sheet(path: Path, given: Format) -> tuple[Format, tuple[str, ...]]:
    """The sheet to read, and all that have rows: the one that is named, else the one with the most rows."""
    found = {name: rows for name, rows in sources.outline(path).items() if len(rows) > 1}
    if not found:
        raise _nothing([path], "has no sheet with rows")
    if given.sheet is not None:
        return given, tuple(found)
    sheet = max(found, key=lambda name: len(found[name]))
    return replace(given, sheet=sheet if len(found) > 1 else None), tuple(found)


def _header(path: Path, form: Format) -> int | None:
    """The row with the names, if it is not the first that says anything: titles above a table are narrower."""
    if path.suffix.lower() == ".xlsx":
        sheets = sources.outline(path)
        rows = sheets.get(form.sheet) if form.sheet else next((rows for rows in sheets.values() if len(rows) > 1), None)
        lines = [(n, sum(bool(cell) for cell in row)) for n, row in enumerate(rows or (), 1)][:_TOP]
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        lines = [(n, len(row)) for n, row in _lines(path, form)]
    else:
        return None
    filled = [(n, width) for n, width in lines if width]
    if not filled:
        return None
    # A table is at least two wide, and its names are no fewer than half of its widest row.
    widest = max(width for _, width in filled)
    first = next(n for n, width in filled if width > widest / 2)
    return first if first != filled[0][0] else None


def _lines(path: Path, form: Format) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            top = [line for _, line in zip(range(_TOP), text, strict=False)]
    except (OSError, UnicodeDecodeError):
        return  # reading will say what is wrong
    separator = form.separator or max(",;\t|", key="".join(top).count)
    for number, line in enumerate(top, 1):
        yield number, next(csv.reader([line.strip("\r\n")], delimiter=separator), []) if line.strip() else []


def _vet_names(path: Path, types: Mapping[str, SqlType], form: Format) -> None:
    """Refuse a first row of values: then the names are missing."""
    values = [name for name in types if re.fullmatch(r"[-+]?\d+([.,]\d+)?|\d{4}-\d\d-\d\d.*", name)]
    if values:
        where = f"row {form.header or 1}"
        message = f"{where} of {path.name} holds values, not names of columns: {', '.join(values[:3])}"
        remedy = "Put a row of names above the rows."
        raise UsageError(Mistake(message, "nothing-to-measure", remedy=remedy))


# -- how days and numbers are written --------------------------------------------------------------------------------


def _written(
    engine: DuckDB, name: str, types: Mapping[str, SqlType], form: Format, given: Format
) -> tuple[Format, tuple[str, ...], str]:
    """The format of the texts, the patterns of days that fit, and a value that fits two of them."""
    texts = {column: kind for column, kind in types.items() if kind == "text"}
    form = replace(form, totals=_totals(engine, name, types)) if not form.totals else form
    skipped = {word.lower() for word in form.totals}
    samples = {column: _sample(engine, name, column, skipped) for column in texts}
    if form.decimal is None and form.thousands is None:
        form = _numbers(samples, form)
    dates: tuple[str, ...] = (form.dates,) if form.dates else ()
    doubtful = ""
    if not dates and not any(kind in _TIMES for kind in types.values()):
        dates, doubtful = _days(samples)
    if not given.missing:
        words = [
            word for values in samples.values() for word in values if word in _MISSING and _means(values, form, dates)
        ]
        form = replace(form, missing=tuple(dict.fromkeys(words)))
    return form, dates, doubtful


def _sample(engine: DuckDB, name: str, column: str, skipped: set[str]) -> list[str]:
    quoted = _quoted(column)
    sql = f"SELECT DISTINCT trim({quoted}) AS v FROM {_quoted(name)} WHERE trim({quoted}) <> '' LIMIT {_SAMPLE}"  # noqa: S608  # names are quoted
    values = sorted(str(row["v"]) for row in _ask(engine, sql))
    return [value for value in values if value.lower() not in skipped]


def _totals(engine: DuckDB, name: str, types: Mapping[str, SqlType]) -> tuple[str, ...]:
    """The words that stand first in rows of totals."""
    cells = ", ".join(f"nullif(trim(CAST({_quoted(column)} AS VARCHAR)), '')" for column in types)
    words = ", ".join(f"'{word}'" for word in _TOTALS)
    sql = f"SELECT DISTINCT coalesce({cells}) AS v FROM {_quoted(name)} WHERE lower(coalesce({cells})) IN ({words})"  # noqa: S608  # names are quoted
    return tuple(sorted(str(row["v"]) for row in _ask(engine, sql)))


def _bare(values: Sequence[str]) -> list[str]:
    return [value for value in values if value not in _MISSING]


def _numbers(samples: Mapping[str, Sequence[str]], form: Format) -> Format:
    """How numbers are written, by the columns that can be read in one way only."""
    votes: Counter[tuple[str | None, str | None]] = Counter()
    signs: dict[str, None] = {}
    for values in samples.values():
        bare = _bare(values)
        used = [sign for sign in _CURRENCIES if any(sign in value for value in bare)]
        plain = [_without(value, used) for value in bare]
        fits = [style for style in _NUMBERS if plain and all(_is_number(value, style) for value in plain)]
        if not fits or (fits[0] == (None, None) and not used):
            continue
        # 1,234 is a thousand or little more than one: nothing tells.
        if {decimal for decimal, _ in fits} == {",", None} and fits[0] != (None, None):
            continue
        votes[fits[0]] += 1
        signs |= dict.fromkeys(used)
    if not votes:
        return form
    decimal, thousands = max(votes, key=lambda style: votes[style])
    return replace(form, decimal=decimal, thousands=thousands, currency=tuple(signs))


def _without(value: str, signs: Sequence[str]) -> str:
    for sign in signs:
        value = value.replace(sign, "")
    return re.sub(r"^\((.*)\)$", r"-\1", value.strip()).replace("- ", "-")


def _is_number(value: str, style: tuple[str | None, str | None]) -> bool:
    decimal, thousands = re.escape(style[0] or "."), style[1]
    group = "[ \u00a0\u202f]" if thousands == " " else re.escape(thousands or "")
    whole = rf"(\d{{1,3}}({group}\d{{3}})+|\d+)" if thousands else r"\d+"
    return bool(re.fullmatch(rf"[+-]?{whole}({decimal}\d*)?", value)) and not re.match(r"[+-]?0\d", value)


def _days(samples: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], str]:
    """The patterns of days that fit the column that fits one best; and a value of it that fits two."""
    for values in samples.values():
        bare = _bare(values)
        meant: dict[tuple[datetime, ...], str] = {}  # patterns that read the same are one
        for pattern in _DATES if bare else ():
            if (read := _read(bare, pattern)) is not None:
                meant.setdefault(read, pattern)
        if meant:
            first, *others = meant
            doubtful = [value for n, value in enumerate(bare) if others and others[0][n] != first[n]]
            return tuple(meant.values())[:2], doubtful[0] if doubtful else ""
    return (), ""


def _read(values: Sequence[str], pattern: str) -> tuple[datetime, ...] | None:
    """The moments that texts mean in a pattern; None if one of them means none."""
    clocks = ("",) if "%M" in pattern else _CLOCKS
    found = []
    for value in values:
        moment = next((read for clock in clocks if (read := _moment(value, pattern + clock))), None)
        if moment is None:
            return None
        found.append(moment)
    return tuple(found)


def _moment(value: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(value, pattern)  # noqa: DTZ007  # texts name no zone
    except ValueError:
        return None


def _means(values: Sequence[str], form: Format, dates: Sequence[str]) -> bool:
    """True if the texts of a column mean numbers or days."""
    bare = [_without(value, form.currency) for value in _bare(values)]
    style = (form.decimal, form.thousands)
    iso = r"\d{4}-\d\d-\d\d([T ].*)?"
    return bool(bare) and (
        all(_is_number(value, style) for value in bare)
        or all(re.fullmatch(iso, value) for value in bare)
        or any(_read(bare, pattern) for pattern in dates)
    )


# -- what the columns hold -------------------------------------------------------------------------------------------


def _columns(engine: DuckDB, name: str, types: Mapping[str, SqlType]) -> Iterator[Column]:
    asked = []
    for n, (column, kind) in enumerate(types.items()):
        quoted = _quoted(column)
        text = f"CAST({quoted} AS VARCHAR)"
        asked += [
            f"count({quoted}) AS f{n}",
            f"count(DISTINCT {text}) AS d{n}",
            f"count(*) FILTER (WHERE regexp_matches({text}, '{_ADDRESS}')) AS a{n}",
        ]
        if kind in _TIMES or kind in ("integer", "number"):
            made = f"CAST({quoted} AS DATE)" if kind in _TIMES else quoted
            asked += [f"min({made}) AS l{n}", f"max({made}) AS m{n}"]
    (found,) = _ask(engine, f"SELECT {', '.join(asked)} FROM {_quoted(name)}")  # noqa: S608  # names are quoted
    for n, (column, kind) in enumerate(types.items()):
        filled, distinct, addresses = (int(str(found[f"{letter}{n}"])) for letter in "fda")
        ends: list[Any] = [found.get(f"{letter}{n}") for letter in "lm"]
        yield Column(column, kind, filled, distinct, addresses, *ends)

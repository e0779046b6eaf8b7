"""Numbers typed by people: the CSV files that `entered` and `history` name, read into periods, cells and values.

They are part of the project, edited by hand and kept in git, so every mistake is reported at once, with its line.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa

from headway.errors import Mistake, Place, SourceError
from headway.model import cell_text
from headway.periods import Calendar

#: One row per entry: a `Grain`'s text, a `Period.key`, a `cell_text`, the value or the text, and the words beside it.
TYPED = pa.schema(
    [
        pa.field("grain", pa.string(), nullable=False),
        pa.field("period", pa.int64(), nullable=False),
        pa.field("cell", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("evidence", pa.string()),
        pa.field("entered_by", pa.string()),
        pa.field("entered_on", pa.string()),
        pa.field("note", pa.string()),
    ]
)
#: The KPI's breakdowns, each as its columns.
Breakdowns = Sequence[Sequence[str]]
_OPTIONAL = ("evidence", "entered_by", "entered_on", "note")


def typed(
    path: Path,
    calendar: Calendar,
    by: Breakdowns = (),
    shown: str | None = None,
    *,
    total: bool = True,
    texts: bool = False,
) -> pa.Table:
    """The rows of a file as a table of the schema `TYPED`, in the order of the file.

    A breakdown's column that is blank in a row is no part of its cell: a row with none filled is the total, which is
    refused unless there is one (`total`). With `texts` there is a column `text` in place of `value`. `shown` is the
    file's name for people. SourceError lists every row that cannot be read.
    """
    reading = _Reading(shown or path.name, calendar, by, total=total, texts=texts)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*")], n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else "Make it, with the columns period and value."
        raise SourceError(Mistake(f"there is no file {reading.shown}", "missing-file", remedy=remedy)) from error
    except UnicodeDecodeError as error:
        message = f"{reading.shown}: the text is not UTF-8"
        raise SourceError(Mistake(message, "broken-row", remedy="Save the file as UTF-8.")) from error
    except OSError as error:
        message = f"{reading.shown} cannot be read: {(error.strerror or 'unknown reason').lower()}"
        raise SourceError(Mistake(message, "unreadable-file", remedy="Name a file that this user may read.")) from error
    return reading.table(text)


def typed_text(text: str, calendar: Calendar, by: Breakdowns, shown: str, *, total: bool = True) -> pa.Table:
    """The same from the text of a file of numbers that `shown` names."""
    return _Reading(shown, calendar, by, total=total, texts=False).table(text)


def period_forms(calendar: Calendar) -> str:
    """How periods are written, for somebody who wrote one otherwise."""
    if calendar.fiscal_start != 1:
        return "Periods are written 2026-01-31, 2026-W05, 2026-01, FY2026-Q1 or FY2026."
    return "Periods are written 2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026."


def is_link(text: str) -> bool:
    """True for an address that a page may link to: a scheme such as javascript: is none."""
    return text.startswith(("https://", "http://"))


class _Reading:
    """One pass over one file, gathering rows and mistakes."""

    def __init__(self, shown: str, calendar: Calendar, by: Breakdowns, *, total: bool, texts: bool) -> None:
        self.shown = shown
        self.calendar = calendar
        self.by = by
        self.total = total
        self.word = "text" if texts else "value"
        self.compulsory = ("period", self.word)
        self.breakdowns = tuple(dict.fromkeys(column for cross in by for column in cross))
        self.mistakes: list[Mistake] = []
        self.rows: list[dict[str, object]] = []
        self.first_line: dict[tuple[str, int, str], int] = {}
        self.lines: list[str] = []

    def table(self, text: str) -> pa.Table:
        self.lines = text.splitlines()
        records = csv.reader(text.splitlines(keepends=True), strict=True)
        header: list[str] | None = None
        line = 1
        try:
            for record in records:
                if any(field.strip() for field in record):
                    if header is None:
                        header = [name.strip() for name in record]
                        self._check_header(header, line)
                        if self.mistakes:
                            break
                    else:
                        self._row(header, [field.strip() for field in record], line)
                line = records.line_num + 1
        except csv.Error:
            self._wrong(line, "a quote is opened and never closed", "broken-row", "Close it.")
        if header is None:
            message = f"{self.shown} is empty"
            raise SourceError(Mistake(message, "empty-file", remedy=f"Its first line is: period,{self.word}"))
        if self.mistakes:
            raise SourceError(self.mistakes)
        return pa.Table.from_pylist(self.rows, TYPED)

    def _check_header(self, header: Sequence[str], line: int) -> None:
        known = (*self.compulsory, *self.breakdowns, *_OPTIONAL)
        for name in header:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"Did you mean '{near[0]}'?" if near else f"Columns are {', '.join(known)}."
                self._wrong(line, f"unknown column '{name}'", "unknown-column", remedy, name)
            elif header.count(name) > 1:
                self._wrong(line, f"two columns are named '{name}'", "duplicate-name", "Keep one of them.", name)
        for name in self.compulsory:
            if name not in header:
                remedy = f"The file needs {' and '.join(self.compulsory)}."
                self._wrong(line, f"there is no column '{name}'", "column-missing", remedy)

    def _row(self, header: Sequence[str], record: Sequence[str], line: int) -> None:
        if len(record) != len(header):
            message = f"{len(record)} fields, but the header names {len(header)}"
            self._wrong(line, message, "broken-row", "A text that holds a comma stands in quotes.")
            return
        fields = dict(zip(header, record, strict=True))
        try:
            period = self.calendar.parse(fields["period"])
        except ValueError:
            forms = period_forms(self.calendar)
            self._wrong(line, f"'{fields['period']}' is no period", "bad-period", forms, fields["period"])
            return
        entered: float | str | None = fields["text"] if self.word == "text" else self._value(fields["value"], line)
        if self.word == "text" and not entered:
            self._wrong(line, "there is no text", "bad-value", "Write it, or leave the line out.")
        if entered is None or entered == "" or not self._is_day(fields.get("entered_on", ""), line):
            return
        names = self._cell(fields, line)
        if names is None:
            return
        cell = cell_text(tuple((name, fields[name]) for name in names))
        key = (period.grain.value, period.key, cell)
        if key in self.first_line:
            what = f"{fields['period']}{f' and {cell}' if cell else ''}"
            message = f"{what} stands on line {self.first_line[key]} already"
            self._wrong(line, message, "key-not-unique", "Keep one of the two lines.")
            return
        self.first_line[key] = line
        words = {name: fields.get(name) or None for name in _OPTIONAL}
        self.rows.append({"grain": key[0], "period": key[1], "cell": cell, self.word: entered, **words})

    def _cell(self, fields: Mapping[str, str], line: int) -> tuple[str, ...] | None:
        """The columns of the line's cell, in the order of its breakdown; None after telling that there is no such."""
        names = [name for name in self.breakdowns if fields.get(name)]
        if not names:
            if not self.total:
                remedy = "Name its cell, or give the KPI 'total: given'."
                self._wrong(line, "this is a total, and the KPI says 'total: none'", "bad-value", remedy)
                return None
            return ()
        breakdown = next((cross for cross in self.by if set(cross) == set(names)), None)
        if breakdown is None:
            message = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} filled, and that is no breakdown"
            remedy = f"Fill {' or '.join(' and '.join(cross) for cross in self.by)}; or add it to 'by'."
            self._wrong(line, message, "bad-value", remedy)
            return None
        return tuple(breakdown)

    def _is_day(self, text: str, line: int) -> bool:
        """True for a day, or nothing."""
        with suppress(ValueError):
            return not text or bool(date.fromisoformat(text))
        self._wrong(line, f"'{text}' is no day", "bad-date", "Days are written 2026-01-31.", text)
        return False

    def _value(self, text: str, line: int) -> float | None:
        try:
            value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            value = math.nan
        # Python also reads 1_000, nan and infinity, which no person means by a number.
        if not math.isfinite(value) or "_" in text:
            what = f"'{text}' is no number" if text else "there is no value"
            remedy = "Numbers are written 1234.5 or 85 %." if text else "Write it, or leave the line out."
            self._wrong(line, what, "bad-value", remedy, text)
            return None
        return value

    def _wrong(self, line: int, message: str, slug: str, remedy: str, mark: str = "") -> None:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        column = text.find(mark) + 1 if mark and mark in text else 1
        place = Place(self.shown, line, column, max(1, len(mark)), text)
        self.mistakes.append(Mistake(message, slug, place, remedy))

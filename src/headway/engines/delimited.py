"""Text files with separators, as a person reads them: where the names stand, and on which line something is wrong.

DuckDB reads the rows; this module reads the header, and goes through a file line by line only when DuckDB has already
refused it, to say where. DuckDB's own sniffer is not asked: on a row with a field too few it decides that the whole
file has one column, and says nothing.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headway.model import Format

_SEPARATORS = (",", ";", "\t", "|")
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a file's columns, the separator, and how many records stand before the first row of data."""

    names: tuple[str, ...]
    separator: str
    skip: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong in a file, and on which line (from 1)."""

    line: int
    message: str


def header(path: Path, form: Format) -> Header | None:
    """The header of a file, or None if the file ends before it. UnicodeDecodeError if it is no UTF-8."""
    wanted = form.header or 1
    with _text(path) as text:
        lines = []
        for _ in range(wanted):
            lines.append(text.readline())
        separator = form.separator or _separator(lines[-1])
        text.seek(0)
        records = csv.reader(text, delimiter=separator)
        for count, record in enumerate(records, start=1):
            # A declared header is a line number; without one the first line that says anything is the header.
            if records.line_num >= wanted and any(field.strip() for field in record):
                names = [field.strip() for field in record]
                while names and not names[-1]:
                    names.pop()  # a separator at the end of each line, as some programs write it
                return Header(tuple(name or f"column {i}" for i, name in enumerate(names, 1)), separator, count)
    return None


def flaw(path: Path, head: Header) -> Flaw | None:
    """The first row that has not as many fields as the header, or whose quote is never closed."""
    width = len(head.names)
    line = 1
    try:
        for line, record in _records(path, head):
            if len(record) < width:
                return Flaw(line, f"{len(record)} fields, but the header names {width}")
            if any(field for field in record[width:]):
                return Flaw(line, f"{len(record)} fields, but the header names {width}")
    except csv.Error:
        return Flaw(_after(path, head, line), "a quote is opened and never closed")
    except UnicodeDecodeError as error:
        return Flaw(_line_of_byte(path, error), "text that is not UTF-8")
    return None


def find(path: Path, head: Header, column: str, values: Collection[str]) -> Flaw | None:
    """The first row whose `column` holds one of the values; the message is that value."""
    index = head.names.index(column)
    for line, record in _records(path, head):
        if index < len(record) and record[index] in values:
            return Flaw(line, record[index])
    return None


@contextmanager
def _text(path: Path) -> Iterator[io.TextIOBase]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as text:
            yield text
    else:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield text


def _records(path: Path, head: Header) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the line on which it begins."""
    with _text(path) as text:
        records = csv.reader(text, delimiter=head.separator, strict=True)
        begin = 1
        for count, record in enumerate(records, start=1):
            if count > head.skip and record:
                yield begin, record
            begin = records.line_num + 1


def _after(path: Path, head: Header, line: int) -> int:
    """The line on which the row after the one at `line` begins."""
    last = line
    try:
        for begin, _ in _records(path, head):
            last = begin
    except csv.Error:
        pass
    with _text(path) as text:
        records = csv.reader(text, delimiter=head.separator, strict=True)
        begin = 1
        try:
            for _ in records:
                begin = records.line_num + 1
        except csv.Error:
            return begin
    return last


def _line_of_byte(path: Path, error: UnicodeDecodeError) -> int:
    """The line of the first byte that is no UTF-8."""
    raw = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
    with raw as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _separator(line: str) -> str:
    """The separator that occurs most often in the header; a comma if none does."""
    return max(_SEPARATORS, key=line.count) if any(s in line for s in _SEPARATORS) else ","

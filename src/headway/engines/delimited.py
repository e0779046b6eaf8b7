"""Text files with separators, as a person reads them: where the names stand, and on which line something is wrong.

DuckDB reads the rows. This module reads the header, and goes through a file line by line only when DuckDB has already
refused it, to say where. DuckDB's own sniffer is not asked: on a row with a field too few it decides that the whole
file is one column, and says nothing.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from headway.formats import plurals
from headway.model import Format

_SEPARATORS = (",", ";", "\t", "|")
#: Any number of spaces, which DuckDB does not read.
SPACES = " "
csv.field_size_limit(2**31 - 1)  # a long text is no flaw


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a file's columns, the separator, and how many records stand before the first row of data."""

    names: tuple[str, ...]
    separator: str
    skip: int


class BrokenError(Exception):
    """A file cannot be read from this line (from 1) on; the text of the exception says why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def header(path: Path, form: Format) -> Header | None:
    """The header of a file, or None if the file ends before it.

    BrokenError if it is no UTF-8 or names a column twice.
    """
    wanted = form.header or 1
    separator = form.separator or _separator(path, wanted)
    # A declared header is a line number; without one the first line that says anything is the header.
    for count, (line, record) in enumerate(_records(path, separator), start=1):
        if line >= wanted and any(field.strip() for field in record):
            names = [field.strip() for field in record]
            while not names[-1]:
                names.pop()  # a separator at the end of each line, as some programs write it
            names = [name or f"column {number}" for number, name in enumerate(names, start=1)]
            seen: dict[str, str] = {}
            for name in names:
                if name.lower() in seen:
                    raise BrokenError(line, f"two columns are named '{name}'")
                seen[name.lower()] = name
            return Header(tuple(names), separator, count)
    return None


def rows(path: Path, head: Header) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the line on which it begins, as long as they are whole. Else BrokenError."""
    width = len(head.names)
    for count, (line, record) in enumerate(_records(path, head.separator), start=1):
        if count <= head.skip or not record:
            continue
        if len(record) < width or any(record[width:]):
            fields = plurals.count(len(record), "field")
            raise BrokenError(line, f"{fields}, but the header names {width}")
        yield line, record[:width]


def read(path: Path, head: Header) -> pa.Table:
    """All rows as texts: slower than DuckDB and less particular, for instance about line ends of two kinds."""
    records = [record for _, record in rows(path, head)]
    values = zip(*records, strict=True) if records else [()] * len(head.names)
    # An empty field is no value, as in DuckDB.
    arrays = [pa.array([value or None for value in column], pa.string()) for column in values]
    return pa.table(dict(zip(head.names, arrays, strict=True)))


def find(path: Path, head: Header, column: str, values: Collection[str]) -> tuple[int, str] | None:
    """The line of the first row whose `column` holds one of the values, and that value."""
    if column not in head.names:
        return None
    index = head.names.index(column)
    return next(((line, record[index]) for line, record in rows(path, head) if record[index] in values), None)


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Every record and the line on which it begins; an empty line is an empty record. BrokenError if one cannot end."""
    with _text(path) as text:
        # Columns set with spaces have as many between them as look well.
        records = csv.reader(text, delimiter=separator, skipinitialspace=separator == SPACES, strict=True)
        begin = 1
        try:
            for record in records:
                yield begin, record
                begin = records.line_num + 1
        except csv.Error as error:
            open_quote = "unexpected end" in str(error)
            why = "a quote is opened and never closed" if open_quote else "text stands behind a closing quote"
            raise BrokenError(begin, why) from error
        except UnicodeDecodeError as error:
            raise BrokenError(_undecodable(path), "the text is not UTF-8") from error
        except (gzip.BadGzipFile, EOFError) as error:
            raise BrokenError(begin, "the compressed file is cut short or damaged") from error


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
        yield text


def _undecodable(path: Path) -> int:
    """The first line that is no UTF-8."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _separator(path: Path, line: int) -> str:
    """The separator that occurs most often in the line of the header; a comma if none does."""
    with _text(path) as text:
        try:
            for number, words in enumerate(text, start=1):
                if number >= line and words.strip():
                    return max(_SEPARATORS, key=words.count)
        except UnicodeDecodeError as error:
            raise BrokenError(_undecodable(path), "the text is not UTF-8") from error
    return ","

"""Where rows come from: what the catalogue says of a source, and what reading it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa

from headway.errors import Place
from headway.model.checks import KEY, REFERS, Check
from headway.model.words import Expression
from headway.periods import Length

ColumnType = Literal["text", "integer", "number", "boolean", "date", "timestamp", "list"]


@dataclass(frozen=True, slots=True)
class Format:
    """How text files and spreadsheets are to be read; every key may be left out.

    `header` is the row number (from 1) that holds the names; rows above it are skipped. `missing` are texts that mean
    no value. `currency`, `thousands` and `decimal` say how numbers are written ("$1,234.50"). `totals` are texts that,
    standing in a row's first filled cell, mark it as a totals row: it is left out, and counted. `dates` is a strftime
    pattern. `path` is where the rows are inside a JSON document ("data.items").
    """

    separator: str | None = None
    header: int | None = None
    dates: str | None = None
    missing: tuple[str, ...] = ()
    thousands: str | None = None
    decimal: str | None = None
    currency: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    sheet: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class FilesReader:
    """Parquet, CSV, TSV, JSON, JSON lines or XLSX files, by suffix; patterns are relative to the project."""

    patterns: tuple[str, ...]
    format: Format = Format()


@dataclass(frozen=True, slots=True)
class TableReader:
    """A table of a database. `database` is a SQLite file, or `env:NAME` that holds its path."""

    table: str
    database: str


@dataclass(frozen=True, slots=True)
class GitReader:
    """The commits of local git repositories, as `git log` tells them."""

    paths: tuple[str, ...]


Reader = FilesReader | TableReader | GitReader


@dataclass(frozen=True, slots=True)
class Reference:
    """`column` holds a key of `source`: many to one."""

    column: str
    source: str
    optional: bool = False
    tolerate: float = 0.0
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows taken out on the record, dated by the source's time; both days inclusive."""

    where: Expression
    why: str
    first: date | None = None
    through: date | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from and what they mean. See docs/language.md, "Sources"."""

    name: str
    reader: Reader
    place: Place
    about: str = ""
    columns: Mapping[str, ColumnType] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    latest_by: tuple[str, ...] = ()
    time: str | None = None
    until: str | None = None  # a moment, exclusive
    through: str | None = None  # a day, inclusive
    known_on: str | None = None
    times_in: str = "UTC"
    sparse: bool = False
    late_after: Length | None = None
    #: Seconds that reading it, and each of its queries, may take; None: what the project says.
    time_limit: int | None = None
    #: Whether it may lose all its rows from one run to the next.
    may_be_empty: bool = False
    people: tuple[str, ...] = ()
    refers: Mapping[str, Reference] = field(default_factory=dict)
    derive: Mapping[str, Expression] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    checks: tuple[Check, ...] = ()
    #: Places of the things a later room may complain about, by path: "time", "people", "derive.usd", "refers.hub".
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def implied(self) -> tuple[str, ...]:
        """The names of the checks that nobody declares: its key, and the references that must find something."""
        referring = (f"{REFERS}{reference.column}" for reference in self.refers.values() if not reference.optional)
        return (*((KEY,) if self.key else ()), *referring)

    @property
    def check_names(self) -> tuple[str, ...]:
        """The names of all its checks: an alert watches `source.name`."""
        return (*self.implied, *(check.name for check in self.checks))


def ways(sources: Mapping[str, Source], start: str, end: str) -> list[tuple[str, ...]]:
    """The shortest ways of references from one source to another, each as the columns to follow; two are ambiguous."""
    ahead: list[tuple[str, tuple[str, ...]]] = [(start, ())]
    passed = {start}
    while ahead:
        ahead = [
            (reference.source, (*way, column))
            for at, way in ahead
            if at in sources
            for column, reference in sources[at].refers.items()
            if reference.source not in passed
        ]
        if found := [way for at, way in ahead if at == end]:
            return found
        passed |= {at for at, _ in ahead}
    return []


@dataclass(frozen=True, slots=True)
class Located:
    """Where the rows of a source are: files that an engine reads in place, or rows already read into Arrow.

    `stamps` name each file with its size and modification time, so that a later run can tell what changed.
    """

    source: str
    kind: Literal["parquet", "csv", "json", "arrow"]
    files: tuple[Path, ...] = ()
    format: Format = Format()
    table: pa.Table | None = None
    stamps: tuple[tuple[str, int, int], ...] = ()
    #: For rows read out of files (spreadsheets): how many each file gave, and the row number (from 1) of its first.
    blocks: tuple[tuple[int, int], ...] = ()
    #: Rows that reading itself left out, by reason ("totals row"), and sentences for people.
    removed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


#: What an engine says of a column it attached. `timestamp` names no zone, `timestamptz` is a moment.
SqlType = Literal["text", "integer", "number", "boolean", "date", "timestamp", "timestamptz", "list", "other"]
#: Source -> column -> type, in the order of the columns.
Schemas = Mapping[str, Mapping[str, SqlType]]

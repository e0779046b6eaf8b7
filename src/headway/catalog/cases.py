"""Resolves the catalogue's own tests: given rows become columns of exact types, expectations name numbers that exist.

A column's type is the declared one, else what its values are: numbers, truths, lists, days, moments, or text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from headway.catalog import values
from headway.catalog.checking import check
from headway.catalog.columns import GIT_COLUMNS
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.spec import CaseSpec, ExpectationSpec
from headway.catalog.sqltext import Wrong
from headway.model import (
    TOTAL,
    Case,
    Catalog,
    Cell,
    ColumnType,
    Entered,
    Expectation,
    GitReader,
    Given,
    Kpi,
    Narrative,
    Reason,
    Source,
    Status,
    cell_value,
)
from headway.model.cases import Value
from headway.periods import Calendar, Period

#: What `withheld` may say.
REASONS = (*dict.fromkeys([*(reason.value for reason in Reason), Status.NOT_TRACKED.value, Status.RETIRED.value]),)
#: Columns of a file of numbers, beside its breakdowns.
_TYPED: Mapping[str, ColumnType] = dict.fromkeys(
    ("period", "value", "evidence", "entered_by", "entered_on", "note"), "text"
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::\d\d(?::\d\d(?:\.\d{1,6})?)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True)
class Known:
    """What a test can speak of: the catalogue as far as it is resolved, and every name that is declared."""

    catalog: Catalog
    sources: Collection[str]
    kpis: Collection[str]


def resolve(
    name: str, spec: CaseSpec, known: Known, document: Document, path: Steps, complaints: Complaints
) -> Case | None:
    """One test; None after telling what is wrong with it, or if what it tests is amiss itself."""
    return _Resolving(name, known, document, path, complaints).case(spec)


@dataclass
class _Resolving:
    """Resolves one test, and remembers whether all was well."""

    name: str
    known: Known
    document: Document
    path: Steps
    complaints: Complaints
    fine: bool = True

    def case(self, spec: CaseSpec) -> Case | None:
        """The test."""
        now = self.read(lambda: _moment(spec.now, self.known.catalog.calendar), "now")
        given: dict[str, Given] = {}
        typed: dict[str, Given] = {}
        for name, rows in spec.given.items():
            self.give(name, rows, given, typed)
        if not spec.expect:
            self.say("a test expects something", "bad-value", "Write for example [{kpi: ..., period: ...}].", "expect")
        expect = [self.expectation(n, item) for n, item in enumerate(spec.expect)]
        if not self.fine or now is None:
            return None
        return Case(
            name=self.name,
            now=now,
            place=self.document.key_place(self.path),
            about=spec.about,
            given=given,
            typed=typed,
            expect=tuple(one for one in expect if one is not None),
        )

    # -- complaining -----------------------------------------------------------------------------------------------

    def say(self, message: str, slug: str, remedy: str | None, *keys: str | int, key: bool = False) -> None:
        """Complain about the value (or the key) at `keys`."""
        self.fine = False
        here = (*self.path, *keys)
        self.complaints.say(self.document.key_place(here) if key else self.document.place(here), message, slug, remedy)

    def read(self, reader: Any, *keys: str | int) -> Any:
        """What `reader` gives; None after telling what is wrong."""
        try:
            return reader()
        except Wrong as wrong:
            self.fine = False
            self.complaints.wrong(self.document, (*self.path, *keys), wrong)
            return None

    # -- given rows ------------------------------------------------------------------------------------------------

    def give(self, name: str, rows: Any, given: dict[str, Given], typed: dict[str, Given]) -> None:
        """The rows of a source, or the lines of a KPI's file of numbers."""
        catalog = self.known.catalog
        kpi = catalog.kpis.get(name)
        typed_file = kpi is not None and (isinstance(kpi.measure, Entered) or kpi.history is not None)
        if name not in self.known.sources and not typed_file:
            if name in self.known.kpis:
                if kpi is not None:
                    remedy = "Give rows to the sources that it reads."
                    self.say(
                        f"'{name}' is a KPI without a file of numbers", "unknown-name", remedy, "given", name, key=True
                    )
                self.fine = False
                return
            remedy = values.near(name, self.known.sources) or "Rows are given by source, or by KPI with typed numbers."
            self.say(f"there is no source '{name}'", "unknown-name", remedy, "given", name, key=True)
            return
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.say(
                f"the rows of {name} are a list of maps, not {values.shown(rows)}"
                if not isinstance(rows, list)
                else f"each row of {name} is a map of columns: {{column: value, ...}}",
                "wrong-type",
                "Write for example [{id: 1}, {id: 2}].",
                *("given", name),
            )
            return
        if name in self.known.sources:
            if name in catalog.sources:
                given[name] = self.rows_of(catalog.sources[name], rows)
            else:
                self.fine = False  # the source itself is amiss, and that is told already
        elif kpi is not None:
            typed[name] = self.lines_of(kpi, rows)

    def rows_of(self, source: Source, rows: Sequence[Mapping[str, Any]]) -> Given:
        """Rows of a source; every column that any of them names."""
        if source.columns:
            allowed: tuple[str, ...] = tuple(source.columns)
        else:
            allowed = GIT_COLUMNS if isinstance(source.reader, GitReader) else ()
        columns: dict[str, ColumnType] = {}
        for column in dict.fromkeys(column for row in rows for column in row):
            where = next(n for n, row in enumerate(rows) if column in row)
            if column in source.derive:
                remedy = "Give the columns that it is derived from."
                self.say(
                    f"'{column}' of {source.name} is derived, so it cannot be given",
                    "unknown-column",
                    remedy,
                    "given",
                    source.name,
                    where,
                    column,
                    key=True,
                )
            elif allowed and column not in allowed:
                remedy = values.near(column, allowed) or f"{source.name} has {', '.join(allowed)}."
                self.say(
                    f"{source.name} has no column '{column}'",
                    "unknown-column",
                    remedy,
                    "given",
                    source.name,
                    where,
                    column,
                    key=True,
                )
            else:
                columns[column] = source.columns.get(column) or _kind([row.get(column) for row in rows])
        found = []
        zoned: dict[str, bool] = {}
        for n, row in enumerate(rows):
            values_of = {}
            for column, kind in columns.items():
                keys = ("given", source.name, n, column)
                value = self.read(lambda: _value(row.get(column), kind), *keys)  # noqa: B023 - called at once
                if isinstance(value, datetime) and zoned.setdefault(column, value.tzinfo is not None) != (
                    value.tzinfo is not None
                ):
                    self.say(
                        "some times of this column name a zone, and some do not",
                        "bad-date",
                        "Write all of them in one way.",
                        *keys,
                    )
                values_of[column] = value
            found.append(values_of)
        return Given(columns, tuple(found))

    def lines_of(self, kpi: Kpi, rows: Sequence[Mapping[str, Any]]) -> Given:
        """Lines of a file of numbers: texts, as they would stand in it."""
        breakdowns = dict.fromkeys(column for cross in kpi.by for column in cross)
        columns: dict[str, ColumnType] = {**_TYPED, **dict.fromkeys(breakdowns, "text")}
        for n, row in enumerate(rows):
            for column in row:
                if column not in columns:
                    remedy = values.near(column, columns) or f"Its columns are {', '.join(columns)}."
                    self.say(
                        f"a file of numbers of {kpi.name} has no column '{column}'",
                        "unknown-column",
                        remedy,
                        "given",
                        kpi.name,
                        n,
                        column,
                        key=True,
                    )
            for column in ("period", "value"):
                if row.get(column) is None:
                    self.say(
                        f"a line of {kpi.name} needs '{column}'",
                        "missing-key",
                        f"Add '{column}: ...'.",
                        "given",
                        kpi.name,
                        n,
                    )
            if row.get("period") is not None:
                self.read(lambda: period_of(row["period"], self.known.catalog.calendar), "given", kpi.name, n, "period")  # noqa: B023 - called at once
        lines = tuple(
            {column: None if row.get(column) is None else cell_value(row[column]) for column in columns} for row in rows
        )
        return Given(columns, lines)

    # -- expected numbers ------------------------------------------------------------------------------------------

    def expectation(self, n: int, value: Any) -> Expectation | None:
        """One expected number."""
        here = ("expect", n)
        spec = check(ExpectationSpec, self.document, (*self.path, *here), value, self.complaints)
        if spec is None:
            self.fine = False
            return None
        name, _, part = spec.kpi.partition(".")
        kpi = self.kpi(name, part, n)
        period = self.read(lambda: period_of(spec.period, self.known.catalog.calendar), *here, "period")
        if kpi is None or period is None:
            return None
        cell = self.cell(kpi, part, spec.for_, n)
        if period.grain not in kpi.grains(cell=bool(cell)):
            kept = (
                f"its cells are kept by {values.among(kpi.grains(cell=True))}"
                if cell
                else f"it is kept by {values.among(kpi.grains())}"
            )
            self.say(f"{name} has no number for a {period.grain}: {kept}", "grain-not-possible", None, *here, "period")
        if (spec.value is None) == (spec.withheld is None):
            both = spec.value is not None
            self.say(
                "an expectation has one of value and withheld" + (", not both" if both else ""),
                "bad-value" if both else "missing-key",
                "Remove one of them." if both else "'withheld: no data' says that there is no number.",
                *here,
                *(("withheld",) if both else ()),
            )
            return None
        number = None
        if spec.value is not None:
            number = self.read(lambda: values.quantity(spec.value, kpi.unit_of(part), spec.kpi), *here, "value")
        elif spec.within:
            self.say("'within' is of a value", "bad-value", "Remove it.", *here, "within")
        if spec.withheld is not None and spec.withheld not in REASONS:
            remedy = values.near(spec.withheld, REASONS) or f"Reasons are {', '.join(REASONS)}."
            self.say(f"there is no reason '{spec.withheld}'", "bad-value", remedy, *here, "withheld")
        place = self.document.place((*self.path, *here, "value" if spec.value is not None else "withheld"))
        return Expectation(name, part, period, cell, number, spec.withheld, spec.within, place)

    def kpi(self, name: str, part: str, n: int) -> Kpi | None:
        """The KPI, if it has that part."""
        here = ("expect", n, "kpi")
        kpi = self.known.catalog.kpis.get(name)
        if kpi is None:
            if name in self.known.kpis:
                self.fine = False  # the KPI itself is amiss, and that is told already
            else:
                self.say(f"there is no KPI '{name}'", "unknown-name", values.near(name, self.known.kpis), *here)
            return None
        if kpi.measure is None:
            self.say(f"'{name}' is planned, and not measured yet", "bad-value", "Give it a kind first.", *here)
            return None
        if isinstance(kpi.measure, Narrative):
            self.say(f"'{name}' is told in words, and has no number", "bad-value", None, *here)
            return None
        # A distinct computes only the parts that somebody reads; a test is somebody.
        if part and part not in kpi.offered:
            remedy = values.near(part, kpi.offered) or (
                f"Its parts are {', '.join(kpi.offered)}." if kpi.offered else None
            )
            self.say(f"{name} has no part '{part}'", "unknown-name", remedy, *here)
            return None
        return kpi

    def cell(self, kpi: Kpi, part: str, value: Any, n: int) -> Cell:
        """The cell that `for` names."""
        here = ("expect", n, "for")
        if value is None:
            return TOTAL
        if not isinstance(value, dict) or not value:
            self.say(f"for names a cell, {{hub: a}}, not {values.shown(value)}", "wrong-type", None, *here)
            return TOTAL
        breakdown = next((b for b in kpi.by_of(part) if set(b) == set(value)), None)
        if breakdown is None:
            known = [" x ".join(b) for b in kpi.by_of(part)]
            remedy = values.near(" x ".join(value), known) or (
                f"It is broken down by {values.among(known)}." if known else "It has no breakdown."
            )
            self.say(f"{kpi.name} has no breakdown '{' x '.join(value)}'", "unknown-name", remedy, *here)
            return TOTAL
        for column, wanted in value.items():
            if not isinstance(wanted, str | int | float) or wanted == "each":
                self.say(
                    f"a test expects one cell, so '{column}' is one text, number, true or false",
                    "wrong-type",
                    None,
                    *here,
                    column,
                )
        return tuple((column, cell_value(value[column])) for column in breakdown)


# -- values --------------------------------------------------------------------------------------------------------


def _moment(text: str, calendar: Calendar) -> datetime:
    """A moment; one without a zone is on the project's clocks."""
    if not _MOMENT.fullmatch(text):
        raise values.wrong(
            text, f"a moment is written 2026-01-31T06:00Z, or 2026-01-31: not {values.shown(text)}", "bad-date"
        )
    found = _time(text)
    return found if found.tzinfo else found.replace(tzinfo=calendar.tz)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise values.wrong(text, f"there is no moment {text}", "bad-date") from None


def period_of(value: Any, calendar: Calendar) -> Period:
    """A period by its name; `Wrong` for anything else."""
    try:
        return calendar.parse(str(value))
    except ValueError:
        forms = "Periods are written 2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026."
        if calendar.fiscal_start != 1:
            forms = "Periods are written 2026-01-31, 2026-W05, 2026-01, FY2026-Q1 or FY2026."
        raise values.wrong(value, f"'{value}' is no period", "bad-period", forms) from None


def _kind(found: Sequence[Any]) -> ColumnType:
    """The type of a column that nobody declared, from all its values."""
    known = [value for value in found if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return "boolean"
    if known and all(isinstance(value, int) and not isinstance(value, bool) for value in known):
        return "integer"
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "number"
    if any(isinstance(value, list) for value in known):
        return "list"
    if known and all(isinstance(value, str) and _MOMENT.fullmatch(value) for value in known):
        return "date" if all(len(value) == 10 for value in known) else "timestamp"
    return "text"


def _value(value: Any, kind: ColumnType) -> Value:
    """A value as its column holds it."""
    if value is None:
        return None
    match kind:
        case "boolean" if isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
        case "list" if isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
            return [cell_value(v) for v in value]
        case "text" if isinstance(value, str | int | float):
            return cell_value(value)
        case "date" if isinstance(value, str) and len(value) == 10:
            return values.day(value)
        case "timestamp" if isinstance(value, str) and _MOMENT.fullmatch(value):
            return _time(value)
    remedy = {"date": "Write it like 2026-01-31.", "timestamp": "Write it like 2026-01-31T09:30, or with Z or +02:00."}
    raise values.wrong(
        value,
        f"{_MEANING[kind]} must stand here, not {values.shown(value)}",
        "bad-date" if kind in remedy else "wrong-type",
        remedy.get(kind),
    )


_MEANING: Mapping[ColumnType, str] = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "list": "a list",
    "text": "a text",
    "date": "a date",
    "timestamp": "a date and time",
}

"""Puts a catalogue on trial: `try_` computes each of its tests from the rows that the test gives, and compares.

What is tested is what runs: the same attempt as a run's, in a real DuckDB, with checks, withholding, longer periods and
formulas. Only the files are left out: given rows take their place. Nothing is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import StringIO
from math import isclose
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headway import catalog as catalogue
from headway import plan, quality, sources
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.engines.duckdb import DuckDB
from headway.errors import CheckError, HeadwayError, UsageError
from headway.model import (
    Case,
    Catalog,
    ColumnType,
    Distinct,
    Expectation,
    GitReader,
    Given,
    Kpi,
    Located,
    Reason,
    Source,
    Status,
    Total,
    Unit,
    UnitKind,
    cell_text,
    cell_value,
)
from headway.model.cases import Value
from headway.plan import Request

#: How many of the rows behind a number are shown.
_SHOWN = 10
#: Two numbers that differ by less, as a share, are the same: adding up in another order rounds differently.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Failure:
    """A number that came out otherwise. `behind` are lines that say what it was made of."""

    case: Case
    expectation: Expectation
    expected: str
    got: str
    behind: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Drawn as on the terminal."""
        lines = [
            f"{self.expectation.place}: {self.case.name}: {self.expectation}",
            f"    expected  {self.expected}",
            f"    got       {self.got}",
            *(f"    {line}".rstrip() for line in self.behind),
        ]
        return "\n".join(lines)


def choose(catalog: Catalog, names: Sequence[str]) -> list[Case]:
    """The tests by these names, or all; UsageError for a name that the catalogue does not have."""
    if unknown := [name for name in names if name not in catalog.tests]:
        raise UsageError([catalogue.unknown_test(name, catalog) for name in unknown])
    return [case for name, case in catalog.tests.items() if not names or name in names]


def try_(catalog: Catalog, case: Case) -> list[Failure]:
    """Compute what a test expects; what came out otherwise, in the order of the test."""
    catalog = _reading(catalog, case.expect)
    wanted = closure(catalog, list(dict.fromkeys(one.kpi for one in case.expect)))
    with DuckDB() as engine:
        attempt = Attempt(catalog, engine, case.now, _GivenData(catalog, case))
        try:
            attempt.compute(wanted)
        except CheckError as stopped:
            attempt.failed_kpis |= dict.fromkeys(wanted, stopped.mistakes[0].message)
        failures = []
        for expectation in case.expect:
            found = _found(attempt, expectation)
            if not _agrees(expectation, found):
                failures.append(_failure(attempt, case, expectation, found))
        return failures


def _reading(catalog: Catalog, expect: Iterable[Expectation]) -> Catalog:
    """The catalogue, in which somebody reads the parts of `distinct` that are expected: only these are computed."""
    kpis = dict(catalog.kpis)
    for one in expect:
        measure = kpis[one.kpi].measure
        if one.part and isinstance(measure, Distinct) and one.part not in measure.named:
            kpis[one.kpi] = replace(kpis[one.kpi], measure=replace(measure, named=(*measure.named, one.part)))
    return replace(catalog, kpis=kpis)


# -- given rows ------------------------------------------------------------------------------------------------------

_ARROW: Mapping[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "list": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class _GivenData(Data):
    """What a test gives, in place of the project's files."""

    case: Case

    def locate(self, source: Source) -> Located:
        """The given rows of a source; none if it is not given."""
        given = self.case.given.get(source.name, Given())
        types = {**_declared(source), **given.columns}
        for name in types if not source.columns else ():
            if name in (source.time, source.until, source.through) and _is_blank(given, name):
                types[name] = "date"  # nothing says so, and it must be a time
        columns = {name: _array(kind, [row.get(name) for row in given.rows]) for name, kind in types.items()}
        # An Arrow table without columns has no rows, and DuckDB no relation of it.
        return Located(source.name, "arrow", table=pa.table(columns or {"nothing": pa.array([], pa.string())}))

    def typed(self, kpi: Kpi, path: str) -> pa.Table:
        """The given lines of a KPI's file of numbers."""
        given = self.case.typed.get(kpi.name, Given({"period": "text", "value": "text"}))
        text = StringIO()
        writer = csv.DictWriter(text, list(given.columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(given.rows)
        shown = f"given.{kpi.name} of {self.case.name}"
        total = kpi.total is not Total.NONE
        return sources.typed_text(text.getvalue(), self.catalog.calendar, kpi.by, shown, total=total)


def _declared(source: Source) -> Mapping[str, ColumnType]:
    """The columns that the catalogue names, with their types; those without a declared one are texts."""
    if source.columns:
        return source.columns
    named = [*source.key, *source.people, *source.refers, *source.latest_by, source.time, source.until, source.through]
    found: dict[str, ColumnType] = {name: "text" for name in named if name and name not in source.derive}
    if isinstance(source.reader, GitReader):
        times = dict.fromkeys(("committed_at", "authored_at"), "timestamp")
        found |= {**dict.fromkeys(("commit", "repository", "author"), "text"), **times}  # type: ignore[dict-item]
        found |= {"is_merge": "boolean", "pull_request": "integer", "is_bot": "boolean"}
    return found


def _is_blank(given: Given, column: str) -> bool:
    return all(row.get(column) is None for row in given.rows)


def _array(kind: ColumnType, values: Sequence[Value]) -> pa.Array:
    zoned = kind == "timestamp" and any(getattr(value, "tzinfo", None) for value in values)
    return pa.array(values, pa.timestamp("us", tz="UTC") if zoned else _ARROW[kind])


# -- what came out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """A number, or the words why there is none; `failed` says that it was not computed at all."""

    value: float | None = None
    reason: str = ""
    failed: bool = False


def _found(attempt: Attempt, wanted: Expectation) -> _Found:
    kpi = attempt.catalog.kpis[wanted.kpi]
    if kpi.name in attempt.failed_kpis:
        return _Found(reason=f"not computed: {attempt.failed_kpis[kpi.name]}", failed=True)
    return _looked_up(attempt.numbers[Request.of(kpi)], kpi, wanted, cell_text(wanted.cell))


def _looked_up(numbers: pa.Table, kpi: Kpi, wanted: Expectation, cell: str) -> _Found:
    """The number of one period and cell. A cell that is not stored is what its kind says of nothing."""
    rows = numbers
    for column, value in (
        ("part", wanted.part),
        ("grain", str(wanted.period.grain)),
        ("cell", cell),
        ("period", wanted.period.key),
    ):
        rows = rows.filter(pc.equal(rows[column], value))
    if len(rows):
        row = rows.to_pylist()[0]
        return _Found(row["value"], row["reason"] or "")
    if cell:
        total = _looked_up(numbers, kpi, wanted, "")
        if total.value is not None and kpi.zero_when_absent(wanted.part):
            return _Found(0.0)
        return total if total.value is None else _Found(reason=Reason.NO_ROWS)
    if kpi.tracked_from and wanted.period.last < kpi.tracked_from:
        return _Found(reason=Status.NOT_TRACKED)
    if kpi.retired_on and wanted.period.first > kpi.retired_on:
        return _Found(reason=Status.RETIRED)
    return _Found(reason=Reason.NO_ROWS)


def _agrees(wanted: Expectation, found: _Found) -> bool:
    if found.failed:
        return False
    if wanted.withheld is not None:
        # 'no data' is any of its kinds: 'no data in an input', 'no data: the denominator is 0'.
        same = found.reason == wanted.withheld
        return found.value is None and (same or (wanted.withheld == "no data" and found.reason.startswith("no data")))
    assert wanted.value is not None
    return found.value is not None and isclose(
        found.value, wanted.value, rel_tol=max(_SAME, wanted.within), abs_tol=_SAME if wanted.value == 0 else 0
    )


# -- telling it ------------------------------------------------------------------------------------------------------


def _failure(attempt: Attempt, case: Case, wanted: Expectation, found: _Found) -> Failure:
    kpi = attempt.catalog.kpis[wanted.kpi]
    unit = kpi.unit_of(wanted.part)
    expected = _number(wanted.value, unit) if wanted.value is not None else f"no number: {wanted.withheld}"
    if wanted.within:
        expected += f", within {_number(wanted.within, _PERCENT)}"
    got = _number(found.value, unit) if found.value is not None else found.reason
    if found.value is None and not found.failed:
        got = f"no number: {got}"
    behind = _bare(attempt, kpi, case) if found.failed else _behind(attempt, kpi, wanted)
    return Failure(case, wanted, expected, got, tuple(behind))


def _bare(attempt: Attempt, kpi: Kpi, case: Case) -> Iterable[str]:
    """Say of which sources nobody told the columns."""
    for name in attempt.catalog.upstream(kpi.name):
        if not attempt.catalog.sources[name].columns and not (name in case.given and case.given[name].rows):
            yield f"{name} has no rows here, and declares no 'columns': nothing says which columns it has"


_PERCENT = Unit(UnitKind.PERCENT, "percent")


def _number(value: float, unit: Unit) -> str:
    """As it is written in the catalogue."""
    return f"{value * 100:.10g} %" if unit.kind is UnitKind.PERCENT else f"{value:.12g}"


def _behind(attempt: Attempt, kpi: Kpi, wanted: Expectation) -> Iterable[str]:
    """What a number was made of: its rows, its typed lines, or its inputs."""
    if kpi.source:
        try:
            rows, which = _rows(attempt, kpi, wanted)
        except HeadwayError as error:
            return [f"its rows cannot be shown: {error.mistakes[0].message}"]
        if not rows:
            return [f"from no rows of {kpi.source}{which}"]
        return [f"from {'this row' if len(rows) == 1 else 'these rows'} of {kpi.source}{which}:", *_table(rows)]
    if kpi.inputs:
        return ["from", *_inputs(attempt, kpi, wanted)]
    if (lines := attempt.data.case.typed.get(kpi.name)) and lines.rows:  # type: ignore[attr-defined]  # it is ours
        return ["from these lines:", *_table([{k: v for k, v in row.items() if v is not None} for row in lines.rows])]
    return ["from no lines"]


def _rows(attempt: Attempt, kpi: Kpi, wanted: Expectation) -> tuple[list[dict[str, Any]], str]:
    """The rows that the number reads, and of which days they are."""
    assert kpi.source
    covered = attempt.coverage[kpi.source]
    runs = wanted.period.end > attempt.now
    own = kpi.by_grain if wanted.cell else kpi.grain
    beginning = covered.first or date.min
    if kpi.is_state and kpi.window is None and not plan.is_copied(kpi):
        first, last = date.min, wanted.period.last  # what lasts may have begun at any time before
    else:
        first, last = quality.span(kpi, wanted.period, own, runs, attempt.catalog.calendar, beginning)
    query = plan.behind(attempt.catalog, attempt.schemas, kpi, wanted.cell, first, last, attempt.now)
    days = f" of {first}" if first == last else f" from {first} to {last}"
    if first == date.min:
        days = "" if last == date.max else f" up to {last}"
    return attempt.engine.execute(query).to_pylist(), days


def _inputs(attempt: Attempt, kpi: Kpi, wanted: Expectation) -> Iterable[str]:
    """What a formula's inputs are in that period and cell."""
    for name in kpi.inputs:
        read = attempt.catalog.kpis[name]
        windowed = Request(name, kpi.window, kpi.grain)
        numbers = attempt.numbers.get(
            windowed if kpi.window else Request.of(read), attempt.numbers.get(Request.of(read))
        )
        if numbers is None:
            continue
        cell = wanted.cell if set(dict(wanted.cell)) in [set(b) for b in read.by] else ()
        found = _looked_up(numbers, read, replace(wanted, kpi=name, part=""), cell_text(cell))
        value = _number(found.value, read.unit) if found.value is not None else found.reason
        yield f"  {name}{f' {cell_text(cell)}' if cell else ''} = {value}"


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Rows under the names of their columns; columns without any value are left out."""
    columns = [
        name for name in dict.fromkeys(k for row in rows for k in row) if any(row.get(name) is not None for row in rows)
    ]
    texts = [[("" if row.get(name) is None else _text(row[name])) for name in columns] for row in rows[:_SHOWN]]
    widths = [max(len(line[i]) for line in [columns, *texts]) for i in range(len(columns))]
    for line in [columns, *texts]:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
    if len(rows) > _SHOWN:
        yield f"  and {len(rows) - _SHOWN:,} more"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    return cell_value(value)


__all__ = ["Failure", "choose", "try_"]

"""Compile data checks to one SELECT per source, read its answer, and say which KPIs a failed check touches (pure).

So far there are the implied checks: a key is unique and never missing, and each reference finds what it refers to. A
repeated key in a source that others refer to would multiply their rows, so it touches everything that reads through
it; a reference that finds nothing touches what reads through that reference, on the days of the failing rows. A row
has a day for each column that dates a KPI (`time: closed_at`), and touches the KPI on that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from sqlglot import exp

from headway.errors import Place
from headway.model import Catalog, Kpi, Reference, RowMeasure, Schemas, Source
from headway.plan import sql
from headway.plan.coverage import times_of
from headway.plan.rows import excluded, joined, newest_first, referred, time_of, without_key
from headway.plan.scope import Path, Scope


@dataclass(frozen=True, slots=True)
class Failing:
    """A check that failed on the rows of some neighbouring days; None is open: rows without time touch every period.

    `reference` is the column that refers, or None if the key itself failed. `text` says it in words. `time` is the
    column by which the days are told: KPIs of one source may be dated differently. None for a source without time.
    """

    text: str
    time: str | None
    reference: str | None
    first: date | None
    last: date | None


def compile(catalog: Catalog, schemas: Schemas, source: str) -> exp.Query | None:  # noqa: A001 - the room's verb
    """The implied checks of a source, over the rows that are left by `latest_by` and `exclude`.

    The answer has a row per check and local day on which rows failed, and none if all is well: `subject` (`key`, or
    the referring column), `problem` (`repeated`, `missing`, `not found`), `time` (the column that says the day), `day`
    (null for rows without time), `failed` rows, `all_rows` of the source, and an `example`. None if there is nothing
    to check. CatalogError for a name that the data do not have.
    """
    declared = catalog.sources[source]
    references = [reference for reference in declared.refers.values() if not reference.optional]
    if not declared.key and not references:
        return None
    scope = Scope(catalog, schemas, source)
    steps = sql.Steps(catalog.sources)
    kept: dict[str, str] = {}
    keys = {f"key_{i}": column for i, column in enumerate(declared.key, 1)}
    referring = {f"to_{i}": reference for i, reference in enumerate(references, 1)}
    times = {column: f"day_{i}" for i, column in enumerate(times_of(catalog, source), 1)}
    days = [f"{_day(scope, declared, column)} AS {name}" for column, name in times.items()]
    columns = [f"{_sql(scope, column, declared.places.get('key'))} AS {name}" for name, column in keys.items()]
    columns += [f"{_sql(scope, r.column, r.place)} AS {name}" for name, r in referring.items()]
    conditions = [f"NOT {condition}" for condition in excluded(scope, declared)]
    base = _newest(declared, schemas, steps)
    rows = steps.add(
        "rows",
        f"SELECT {', '.join([*days, *columns])} {joined(scope, base, steps, kept)}"
        + (f" WHERE {' AND '.join(conditions)}" if conditions else ""),
    )
    report = _Report(steps, rows, times)
    if keys:
        _key(report, list(keys))
    for name, reference in referring.items():
        _reference(scope, report, kept, name, reference)
    return steps.query()


def _newest(source: Source, schemas: Schemas, steps: sql.Steps) -> str:
    """The newest versions of each key. Equal rows are one; different rows that are equally new stay, and fail."""
    if not source.latest_by or not source.key:
        return source.name
    by = ", ".join(map(sql.name, source.key))
    return steps.add(
        f"{source.name}_newest",
        f"SELECT DISTINCT * FROM {sql.name(source.name)} "
        f"QUALIFY {without_key(source)} "
        f"OR RANK() OVER (PARTITION BY {by} ORDER BY {newest_first(source)}) = 1",
    )


def _day(scope: Scope, source: Source, column: str) -> str:
    return time_of(scope, column, source.places.get("time")).day()


def _sql(scope: Scope, column: str, place: Place | None) -> str:
    return scope.column(column, place).sql.sql(sql.DIALECT)


@dataclass(frozen=True)
class _Report:
    """Adds what fails to the answer: by day, once for each column of time."""

    steps: sql.Steps
    rows: str
    #: The columns that date rows, and what they are called in `rows`.
    times: Mapping[str, str]

    def add(self, subject: str, problem: str, example: str, fails: str) -> None:
        """The rows for which the condition `fails` holds. By its second column of time a row may have no day yet."""
        first = next(iter(self.times), None)
        for time, day in self.times.items() or [(None, "CAST(NULL AS DATE)")]:
            dated = f" AND {day} IS NOT NULL" if time != first else ""
            self.steps.output(
                f"SELECT {sql.text(subject)} AS subject, {sql.text(problem)} AS problem, "
                f"{sql.text(time) if time else 'NULL'} AS time, {day} AS day, COUNT(*) AS failed, "
                f"(SELECT COUNT(*) FROM {sql.name(self.rows)}) AS all_rows, MIN({example}) AS example "
                f"FROM {sql.name(self.rows)} AS rows WHERE ({fails}){dated} GROUP BY day"
            )


def _key(report: _Report, names: Sequence[str]) -> None:
    """A key is there, and it is there once."""
    listed, steps, rows = ", ".join(names), report.steps, report.rows
    example = " || ', ' || ".join(f"CAST({name} AS TEXT)" for name in names)
    repeated = steps.add("repeated", f"SELECT {listed} FROM {sql.name(rows)} GROUP BY {listed} HAVING COUNT(*) > 1")
    same = " AND ".join(f"other.{name} = rows.{name}" for name in names)
    report.add("key", "repeated", example, f"EXISTS (SELECT 1 FROM {repeated} AS other WHERE {same})")
    report.add("key", "missing", "NULL", " OR ".join(f"{name} IS NULL" for name in names))


def _reference(scope: Scope, report: _Report, kept: dict[str, str], name: str, reference: Reference) -> None:
    """Each value that is there is a key of the source that it refers to."""
    target = referred(scope, reference.source, report.steps, kept)
    inner = Scope(scope.catalog, scope.schemas, reference.source)
    declared = scope.catalog.sources[reference.source]
    found = _sql(inner, declared.key[0], declared.places.get("key"))
    keys = report.steps.add(
        f"{reference.source}_keys",
        f"SELECT DISTINCT {found} AS found FROM {sql.name(target)} AS {sql.name(reference.source)}",
    )
    lost = f"NOT EXISTS (SELECT 1 FROM {sql.name(keys)} AS keys WHERE keys.found = rows.{name})"
    report.add(reference.column, "not found", f"CAST({name} AS TEXT)", f"{name} IS NOT NULL AND {lost}")


# -- what failed -------------------------------------------------------------------------------------------------------


def read(catalog: Catalog, source: str, answer: pa.Table) -> tuple[list[Failing], list[str]]:
    """The answer of `compile`: what fails, and sentences for people, also about what is tolerated."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in answer.to_pylist():
        found.setdefault((row["subject"], row["problem"]), []).append(row)
    failing: list[Failing] = []
    notes = []
    own = next(iter(times_of(catalog, source)), None)
    for (subject, problem), rows in sorted(found.items()):
        by_time: dict[str | None, list[date | None]] = {}
        for row in rows:
            by_time.setdefault(row["time"], []).append(row["day"])
        # Other columns of time tell of the same rows once more.
        failed = sum(int(row["failed"]) for row in rows if row["time"] == own)
        share = failed / int(rows[0]["all_rows"])
        example = min((row["example"] for row in rows if row["example"] is not None), default=None)
        text = _words(catalog.sources[source], subject, problem, failed, example)
        reference = catalog.sources[source].refers[subject] if problem == "not found" else None
        if reference and share <= reference.tolerate:
            notes.append(f"{text}; up to {reference.tolerate * 100:g} % are tolerated.")
            continue
        notes.append(f"{text}.")
        for time, days in by_time.items():
            for first, last in _stretches(days):
                failing.append(Failing(text, time, reference.column if reference else None, first, last))
    return failing, notes


def _words(source: Source, subject: str, problem: str, failed: int, example: str | None) -> str:
    rows = "1 row" if failed == 1 else f"{failed:,} rows"
    such = f" (for example {example})" if example is not None else ""
    if problem == "not found":
        target = source.refers[subject].source
        return f"{rows} of {source.name} with a {subject} that {target} do not have{such}"
    key = ", ".join(source.key)
    if problem == "missing":
        return f"{rows} of {source.name} without {key}, the key"
    return f"{rows} of {source.name} with a repeated {key}, the key{such}"


def _stretches(days: Iterable[date | None]) -> Iterator[tuple[date | None, date | None]]:
    """Days as stretches of neighbouring days; a missing day is open at both ends."""
    different = set(days)
    known = sorted(day for day in different if day is not None)
    if None in different:
        yield None, None
    start = 0
    for i, day in enumerate(known):
        if i + 1 == len(known) or known[i + 1] - day > timedelta(days=1):
            yield known[start], day
            start = i + 1


def touching(
    catalog: Catalog, schemas: Schemas, kpi: Kpi, failing: Mapping[str, Sequence[Failing]]
) -> list[tuple[str, date | None, date | None]]:
    """The failing checks that touch a KPI's rows: (text, first day, last day), both inclusive, None for open.

    `failing` holds what fails by source. What fails in a source that is only referred to, or read beside the first,
    touches every day, because its rows have no part in the days of those that refer to them.
    """
    if kpi.source is None or kpi.dated_by is None:
        # A function of the project may read every row of its sources.
        return [(one.text, None, None) for source in kpi.sources for one in failing.get(source, ())]
    paths, picked = _paths(catalog, schemas, kpi)
    dated, column = kpi.dated_by
    own_time = catalog.sources[kpi.source].time
    # Rows whose days are those of another source may be in any period.
    time = column or own_time if dated == kpi.source else own_time
    own = [
        (one.text, one.first, one.last) if dated == kpi.source else (one.text, None, None)
        for one in failing.get(kpi.source, ())
        if one.time == time and (one.reference is None or (one.reference,) in paths)
    ]
    referred_to = [
        (one.text, None, None)
        for through in (paths, picked)
        for path, source in through.items()
        for one in failing.get(source, ())
        if one.reference is None or (*path, one.reference) in through
    ]
    others = [(one.text, None, None) for source in kpi.sources[1:] for one in failing.get(source, ())]
    return list(dict.fromkeys([*own, *referred_to, *others]))


def is_multiplied(catalog: Catalog, schemas: Schemas, kpi: Kpi, failing: Mapping[str, Sequence[Failing]]) -> bool:
    """True if a KPI reads through a reference to a source whose key fails: its rows may have met several of them."""
    return kpi.source is not None and any(
        one.reference is None
        for through in _paths(catalog, schemas, kpi)
        for source in through.values()
        for one in failing.get(source, ())
    )


def _paths(catalog: Catalog, schemas: Schemas, kpi: Kpi) -> tuple[dict[Path, str], dict[Path, str]]:
    """The references that a KPI reads through, each with the source that it leads to.

    Those of its own source, and those of another source that its `where` and `by` are about.
    """
    assert isinstance(kpi.measure, RowMeasure)
    source = catalog.sources[kpi.measure.source]
    scope = Scope(catalog, schemas, source.name)
    picks = scope if kpi.measure.picks == source.name else Scope(catalog, schemas, kpi.measure.picks)
    for one in {id(scope): scope, id(picks): picks}.values():
        excluded(one, catalog.sources[one.source])
    for column in (*kpi.measure.columns, kpi.time or source.time, source.until, source.through):
        if column:
            scope.column(column, kpi.place)
    for column in (c for cross in kpi.by for c in cross if c not in kpi.measure.built_in):
        picks.column(column, kpi.place)
    for condition in kpi.measure.conditions:
        scope.expression(condition)
    if kpi.where:
        picks.expression(kpi.where)
    return scope.paths(), {} if picks is scope else picks.paths()

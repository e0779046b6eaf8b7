"""The checks that every source has: its key is unique and never missing, each reference finds what it refers to.

A repeated key in a source that others refer to would multiply their rows, so it touches everything that reads through
it; a reference that finds nothing touches what reads through that reference, on the days of the failing rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from sqlglot import exp

from headway.checks.touching import Failing, Found, What
from headway.errors import Place
from headway.formats import plurals
from headway.model import KEY, REFERS, Catalog, Checked, Family, Reference, Schemas, Source, Then
from headway.periods import stretches
from headway.plan import sql
from headway.plan.coverage import times_of
from headway.plan.rows import excluded, joined, newest_first, referred, time_of, without_key
from headway.plan.scope import Scope


def compile(catalog: Catalog, schemas: Schemas, source: str) -> exp.Query | None:  # noqa: A001 - the room's verb
    """The implied checks of a source, over the rows that are left by `latest_by` and `exclude`.

    The answer has a row per check and local day on which rows failed, and none if all is well: `subject` (`key`, or
    the referring column), `problem` (`repeated`, `missing`, `not found`), `time` (the column that says the day), `day`
    (null for rows without time), `failed` rows, and `all_rows` of the source. None if there is nothing to check.
    CatalogError for a name that the data do not have.
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
    return scope.column(column, place).text


@dataclass(frozen=True)
class _Report:
    """Adds what fails to the answer: by day, once for each column of time."""

    steps: sql.Steps
    rows: str
    #: The columns that date rows, and what they are called in `rows`.
    times: Mapping[str, str]

    def add(self, subject: str, problem: str, fails: str) -> None:
        """The rows for which the condition `fails` holds. By its second column of time a row may have no day yet."""
        first = next(iter(self.times), None)
        for time, day in self.times.items() or [(None, "CAST(NULL AS DATE)")]:
            dated = f" AND {day} IS NOT NULL" if time != first else ""
            self.steps.output(
                f"SELECT {sql.text(subject)} AS subject, {sql.text(problem)} AS problem, "
                f"{sql.text(time) if time else 'NULL'} AS time, {day} AS day, COUNT(*) AS failed, "
                f"(SELECT COUNT(*) FROM {sql.name(self.rows)}) AS all_rows "
                f"FROM {sql.name(self.rows)} AS rows WHERE ({fails}){dated} GROUP BY day"
            )


def _key(report: _Report, names: Sequence[str]) -> None:
    """A key is there, and it is there once."""
    listed, steps, rows = ", ".join(names), report.steps, report.rows
    repeated = steps.add("repeated", f"SELECT {listed} FROM {sql.name(rows)} GROUP BY {listed} HAVING COUNT(*) > 1")
    same = " AND ".join(f"other.{name} = rows.{name}" for name in names)
    report.add("key", "repeated", f"EXISTS (SELECT 1 FROM {repeated} AS other WHERE {same})")
    report.add("key", "missing", " OR ".join(f"{name} IS NULL" for name in names))


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
    report.add(reference.column, "not found", f"{name} IS NOT NULL AND {lost}")


# -- what failed -------------------------------------------------------------------------------------------------------


def read(catalog: Catalog, source: str, answer: pa.Table) -> Found:
    """The answer of `compile`: what fails, and sentences for people, also about what is tolerated."""
    problems: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in answer.to_pylist():
        problems.setdefault((row["subject"], row["problem"]), []).append(row)
    declared = catalog.sources[source]
    found = Found()
    checked = {name: Checked(name, Family.CONSISTENCY, Then.WITHHOLD, passed=True) for name in declared.implied}
    own = next(iter(times_of(catalog, source)), None)
    for (subject, problem), rows in sorted(problems.items()):
        by_time: dict[str | None, list[date | None]] = {}
        for row in rows:
            by_time.setdefault(row["time"], []).append(row["day"])
        # Other columns of time tell of the same rows once more.
        failed, seen = sum(int(row["failed"]) for row in rows if row["time"] == own), int(rows[0]["all_rows"])
        text = _words(declared, subject, problem, failed)
        reference = declared.refers[subject] if problem == "not found" else None
        tolerated = reference is not None and failed / seen <= reference.tolerate
        note = f"{text}; up to {reference.tolerate * 100:g} % are tolerated." if reference and tolerated else f"{text}."
        found.notes.append(note)
        name = f"{REFERS}{subject}" if reference else KEY
        said = f"{checked[name].text} {note}".strip()
        checked[name] = Checked(name, Family.CONSISTENCY, Then.WITHHOLD, tolerated, failed, seen, said)
        for time, days in by_time.items() if not tolerated else ():
            for first, last in stretches(days):
                what: What = "reference" if reference else "key"
                column = reference.column if reference else None
                found.failing.append(Failing(f"{source}.{name}", what, time, first, last, column))
    found.checked.extend(checked.values())
    return found


def _words(source: Source, subject: str, problem: str, failed: int) -> str:
    rows = plurals.count(failed, "row")
    if problem == "not found":
        target = source.refers[subject].source
        article = "an" if subject[0].lower() in "aeiou" else "a"
        return f"{rows} of {source.name} with {article} {subject} that {target} do not have"
    key = ", ".join(source.key)
    if problem == "missing":
        return f"{rows} of {source.name} without {key}, the key"
    return f"{rows} of {source.name} with a repeated {key}, the key"

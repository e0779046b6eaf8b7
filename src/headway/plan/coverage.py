"""What a source can speak of: one scan that counts its rows and finds its first and newest time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa
from sqlglot import exp

from headway.model import Accrue, Catalog, Duration, Schemas
from headway.plan import sql
from headway.plan.rows import excluded, joined, lasts, latest, time_of
from headway.plan.scope import Scope


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one source can speak of: from the local day `first` to the local day `horizon`, both inclusive.

    Both are None for a source without a row in the past, unless it is sparse (then only `first` is None). `rows` were
    read; `removed` says how many of them each step left out, by the step's name; `earliest` and `newest` are the
    moments of the first and newest row up to now.
    """

    first: date | None
    horizon: date | None
    rows: int
    removed: Mapping[str, int] = field(default_factory=dict)
    #: How many times of rows are still to come, by whichever column: they will count one day.
    to_come: int = 0
    #: How many rows each exclusion of the source takes out, in their order.
    excluded: tuple[int, ...] = ()
    earliest: datetime | None = None
    newest: datetime | None = None
    #: First and last local day up to now of other columns that date a KPI's rows (`time: closed_at`).
    others: Mapping[str, tuple[date, date]] = field(default_factory=dict)
    #: The same as moments.
    other_moments: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def days(self, time: str | None) -> tuple[date, date] | None:
        """The first day and the horizon for a KPI with its own column of time; None if there is no row."""
        own = (self.first, self.horizon) if self.first and self.horizon else None
        return _both(own, self.others.get(time or ""))

    def moments(self, time: str | None) -> tuple[datetime, datetime] | None:
        """The same as moments, for KPIs that are kept by the hour."""
        own = (self.earliest, self.newest) if self.earliest and self.newest else None
        return _both(own, self.other_moments.get(time or ""))


_Time = TypeVar("_Time", date, datetime)


def _both(own: tuple[_Time, _Time] | None, other: tuple[_Time, _Time] | None) -> tuple[_Time, _Time] | None:
    """From the earlier of two beginnings to the later of two ends; either may be unknown."""
    if own is None or other is None:
        return own or other
    return min(own[0], other[0]), max(own[1], other[1])


def probe(catalog: Catalog, schemas: Schemas, source: str, now: datetime) -> exp.Select:
    """One row about a source: how many rows it has, what each step removes, and its first and newest time.

    Raises CatalogError for a name in its `time`, `derive` or `exclude` that the data do not have.
    """
    declared = catalog.sources[source]
    scope = Scope(catalog, schemas, source)
    steps = sql.Steps([*catalog.sources, source])
    base = latest(declared, schemas, steps)
    excluding = [f"WHEN {condition} THEN {i}" for i, condition in enumerate(excluded(scope, declared), 1)]
    columns = [f"CASE {' '.join(excluding)} ELSE 0 END AS excluded" if excluding else "0 AS excluded"]
    asked = [
        "COUNT(*) AS versions",
        f"(SELECT COUNT(*) FROM {sql.name(source)}) AS row_count",
        *(f"COUNT_IF(excluded = {i}) AS excluded_{i}" for i in range(1, len(excluding) + 1)),
    ]
    for i, column in enumerate(times_of(catalog, source)):
        time = time_of(scope, column, declared.places.get("time", declared.place))
        columns += [f"{time.column} AS time_{i}", f"{time.not_after(now, catalog)} AS past_{i}"]
        past = f"FILTER (WHERE excluded = 0 AND past_{i})"
        # Zones keep the order of times. What they make of each row's time would take most of the scan.
        least, most = (replace(time, column=f"{end}(time_{i}) {past}") for end in ("MIN", "MAX"))
        asked += [
            f"COUNT_IF(excluded = 0 AND time_{i} IS NULL) AS without_time_{i}",
            f"COUNT_IF(excluded = 0 AND NOT past_{i}) AS future_{i}",
            f"{least.day()} AS first_{i}",
            f"{most.day()} AS last_{i}",
            f"EPOCH_US({least.moment()}) AS earliest_{i}",
            f"EPOCH_US({most.moment()}) AS newest_{i}",
        ]
    for word, lost in _left_out(catalog, scope).items():
        columns.append(f"{lost} AS {word}")
        asked.append(f"COUNT_IF(excluded = 0 AND {word}) AS {word}")
    rows = steps.add("rows", f"SELECT {', '.join(columns)} {joined(scope, base, steps, {})}")
    steps.output(f"SELECT {', '.join(asked)} FROM {rows}")
    query = steps.query()
    assert isinstance(query, exp.Select)
    return query


def coverage(catalog: Catalog, source: str, answer: pa.Table, now: datetime) -> Coverage:
    """Read the answer of `probe`. `removed` names what was left out, and is silent about steps that removed nothing."""
    declared = catalog.sources[source]
    # Engines count in integers of any width: some come back as decimals.
    row: dict[str, Any] = {
        name: int(value) if isinstance(value, Decimal) else value for name, value in answer.to_pylist()[0].items()
    }
    removed = {"earlier version": row["row_count"] - row["versions"]}
    excluded = tuple(int(row[f"excluded_{i}"]) for i in range(1, len(declared.exclude) + 1))
    for exclusion, count in zip(declared.exclude, excluded, strict=True):
        step = f"excluded: {exclusion.why}"
        removed[step] = removed.get(step, 0) + count
    times = times_of(catalog, source)
    others: dict[str, tuple[date, date]] = {}
    other_moments: dict[str, tuple[datetime, datetime]] = {}
    for i, column in enumerate(times):
        if column == declared.time:
            removed["without time"] = row[f"without_time_{i}"]
            removed["in the future"] = row[f"future_{i}"]
        elif row[f"first_{i}"] is not None:
            others[column] = (row[f"first_{i}"], row[f"last_{i}"])
            other_moments[column] = (_moment(row[f"earliest_{i}"]), _moment(row[f"newest_{i}"]))
    removed |= {words: row[word] for word, words in _LEFT_OUT.items() if word in row}
    own = times.index(declared.time) if declared.time in times else None
    first = None if own is None else row[f"first_{own}"]
    return Coverage(
        first=first,
        horizon=None if own is None else row[f"last_{own}"],
        rows=row["row_count"],
        to_come=sum(row[f"future_{i}"] or 0 for i in range(len(times))),  # of no rows there is no count
        removed={step: count for step, count in removed.items() if count},
        excluded=excluded,
        earliest=_moment(row[f"earliest_{own}"]) if first else None,
        newest=_moment(row[f"newest_{own}"]) if first else None,
        others=others,
        other_moments=other_moments,
    )


def add_probes(some: pa.Table, others: pa.Table) -> pa.Table:
    """The answer of `probe` for all rows, from its answers for some of them and for the others."""
    columns = {}
    for name in others.column_names:
        found = [one for one in (some[name][0].as_py(), others[name][0].as_py()) if one is not None]
        of = min if name.startswith(("first_", "earliest_")) else max if name.startswith(("last_", "newest_")) else sum
        columns[name] = pa.array([of(found) if found else None], others.schema.field(name).type)
    return pa.table(columns)


#: What some kinds leave out, by the column of the probe that counts it.
_LEFT_OUT = {
    "endless": "not accrued: without an end after its beginning",
    "unknown": "not seen ahead: without known_on",
}


def _left_out(catalog: Catalog, scope: Scope) -> dict[str, str]:
    """Conditions of the rows of a source that some of its KPIs cannot use, by their word in `_LEFT_OUT`."""
    source = catalog.sources[scope.source]
    found = {}
    if any(isinstance(kpi.measure, Accrue) and kpi.source == source.name for kpi in catalog.kpis.values()):
        found["endless"] = f"NOT COALESCE({lasts(scope, time_of(scope, source.time or '', source.place))}, FALSE)"
    if source.known_on:
        found["unknown"] = f"{time_of(scope, source.known_on, source.places.get('known_on')).column} IS NULL"
    return found


def times_of(catalog: Catalog, source: str) -> list[str]:
    """The columns that date rows of a source: its own, those that KPIs choose, and when rows became known.

    Durations are dated by where they begin and end.
    """
    declared = catalog.sources[source]
    found = [declared.time]
    for kpi in catalog.kpis.values():
        if isinstance(kpi.measure, Duration):
            found += [mark.column for mark in (kpi.measure.begin, kpi.measure.end) if mark.source == source]
        elif kpi.source == source:
            found.append(kpi.time)
    return [column for column in dict.fromkeys([*found, declared.known_on]) if column]


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)

"""Answer what the ledger holds: the newest numbers of a KPI, also as of a time, as Arrow.

Two queries give the rows of a KPI in the order of the tables' keys, all revisions; the newest of each period is then
picked with NumPy. That is one plain range scan in any database, and revisions are few.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import archive, renames, schema
from headway.ledger.diff import Floats, Ints, Rows, match, newest
from headway.ledger.encode import OBSERVATION, VERDICT
from headway.ledger.records import PUBLISHED, AsOf, Decision, Definition, Failure, Revision, Run, Series, Tried, Version
from headway.model import Excluded, Flag, Load
from headway.periods import Grain

#: The state of a row of `run` that people made.
DECISION: Literal["decision"] = "decision"
#: Those of rows that no run made: of people, and of the clock.
NO_RUN = (DECISION, "tick", "delivery")
#: Those of rows that alerts may have something to learn from.
NEWS = ("ok", "failures", DECISION)
#: Rows fetched at once; their Python objects are gone before the next ones come.
CHUNK = 20_000


def numbers(
    connection: sa.Connection, kpi: str, part: str | None, grain: Grain | None, cells: bool, as_of: AsOf | None
) -> pa.Table:
    """See `Ledger.read`."""
    until = reached(connection, as_of)
    kpi = renames.today(connection, kpi, until)
    wanted = [s for s in all_series(connection, kpi) if part in (None, s.part) and grain in (None, s.grain)]
    values = renames.cells_then(connection, kpi, until)
    wanted = [replace(s, cell=renames.cell_then(s.cell, values)) for s in wanted if cells or not s.cell]
    wanted.sort(key=lambda s: (s.part, s.grain.rank, s.cell))

    s = schema.series.c
    where = [s.kpi == kpi]
    if part is not None:
        where.append(s.part == part)
    if grain is not None:
        where.append(s.grain == grain.value)
    if not cells:
        where.append(s.cell == "")
    return _published(connection, kpi, wanted, sa.select(s.id).where(*where), until)[0]


def totals(
    connection: sa.Connection, asked: Collection[tuple[str, str, Grain]], as_of: AsOf | None
) -> dict[tuple[str, str, Grain], pa.Table]:
    """See `Ledger.totals`."""
    if as_of is not None:  # each under its name of then
        return {
            (kpi, part, grain): numbers(connection, kpi, part, grain, cells=False, as_of=as_of)
            for kpi, part, grain in asked
        }
    s = schema.series.c
    query = sa.select(schema.series).where(s.cell == "").order_by(s.id)
    every = [Series(r.id, r.kpi, r.part, Grain(r.grain), r.cell) for r in connection.execute(query)]
    wanted = [one for one in every if (one.kpi, one.part, one.grain) in asked]
    table, counts = _published(connection, "", wanted, sa.select(s.id).where(s.id.in_([w.id for w in wanted])), None)
    ends = np.cumsum(counts)
    return dict.fromkeys(asked, table.slice(0, 0)) | {
        (one.kpi, one.part, one.grain): table.slice(end - count, count)
        for one, end, count in zip(wanted, ends.tolist(), counts.tolist(), strict=True)
    }


def _published(
    connection: sa.Connection, kpi: str, wanted: Sequence[Series], chosen: sa.Select[tuple[int]], until: int | None
) -> tuple[pa.Table, Ints]:
    """The newest rows of these series, which a query chooses, in their order; and how many each has."""
    ids = np.array([one.id for one in wanted], dtype=np.int64)
    observed, about = _newest(connection, kpi, schema.observation, OBSERVATION, (chosen, ids), until)
    judged, _ = _newest(connection, kpi, schema.verdict, VERDICT, (chosen, ids), until)

    present = (observed.values[:, OBSERVATION.index("flags")].astype(np.int64) & Flag.GONE) == 0
    observed, about = observed.take(present), about[present]
    verdicts = np.full((len(observed), len(VERDICT)), np.nan)
    verdicts[:, 0] = 0
    found, at = match(judged.key, observed.key)
    verdicts[found] = judged.values[at]

    # Series in the order of `wanted`, periods in their own.
    by_id = np.argsort(ids)
    place = by_id[np.searchsorted(ids, observed.series, sorter=by_id)]
    order = np.argsort(place, kind="stable")
    place, observed, about, verdicts = place[order], observed.take(order), about[order], verdicts[order]
    return _table(connection, wanted, place, observed, verdicts, about), np.bincount(place, minlength=len(wanted))


def stored(connection: sa.Connection) -> dict[str, tuple[int, int, int]]:
    """See `Ledger.stored`."""
    s, o = schema.series.c, schema.observation.c
    of_cells = sa.func.count(sa.distinct(sa.case((s.cell != "", s.cell))))
    cells = sa.select(s.kpi, of_cells, sa.func.count()).group_by(s.kpi)
    numbers = sa.select(s.kpi, sa.func.count()).join_from(schema.observation, schema.series, o.series == s.id)
    counts = {kpi: int(count) for kpi, count in connection.execute(numbers.group_by(s.kpi))}
    return {kpi: (int(some), int(series), counts.get(kpi, 0)) for kpi, some, series in connection.execute(cells)}


def _newest(
    connection: sa.Connection,
    kpi: str,
    table: sa.Table,
    columns: tuple[str, ...],
    series: tuple[sa.Select[tuple[int]], Ints],
    until: int | None,
) -> tuple[Rows, Ints]:
    """The newest row of each period of these series of a KPI, up to a run; and its (revision, run)."""
    names = ("series", "period", "revision", "run", *columns)
    chosen, ids = series
    query = (
        sa.select(*(table.c[name] for name in names))
        .where(table.c.series.in_(chosen))
        .order_by(table.c.series, table.c.period, table.c.revision)
    )
    if until is not None:
        query = query.where(table.c.run <= until)
    parts = [np.empty((0, len(names)))]
    with connection.execute(query) as result:
        assert result.cursor is not None
        while fetched := result.cursor.fetchmany(CHUNK):  # the driver's own tuples: a Row for each costs as much again
            parts.append(np.array(fetched, dtype=np.float64))  # None becomes NaN
    found = np.concatenate(parts)
    if until is not None and len(old := archive.read(connection, table.name, kpi, names, until)):
        found = np.concatenate([found, old[np.isin(old[:, 0], ids)]])
        found = found[np.lexsort(found[:, 3::-1].T)]  # by series, period, revision, run
    rows = Rows(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 4:])
    last = newest(rows.key)
    return rows.take(last), found[last, 2:4].astype(np.int64)


def _table(
    connection: sa.Connection, names: Sequence[Series], place: Ints, observed: Rows, verdicts: Floats, about: Ints
) -> pa.Table:
    """Rows with their names, schema `PUBLISHED`."""
    words = connection.execute(sa.select(schema.word.c.text).order_by(schema.word.c.id)).scalars()
    lookup = pa.array([None, *words], pa.string())  # words are numbered from 1, without gaps

    def text(values: list[str]) -> pa.Array:
        return pa.array(values, pa.string()).take(pa.array(place))

    columns: dict[str, pa.Array] = {
        "part": text([s.part for s in names]),
        "grain": text([s.grain.value for s in names]),
        "cell": text([s.cell for s in names]),
        "period": pa.array(observed.period),
    }
    for block, fields in ((observed.values, OBSERVATION), (verdicts, VERDICT)):
        for index, name in enumerate(fields):
            column = np.ascontiguousarray(block[:, index])
            if name in ("reason", "status"):
                columns[name] = lookup.take(pa.array(column.astype(np.int64)))
            elif name == "flags":
                columns[name] = pa.array(column.astype(np.int8))
            else:
                columns[name] = pa.array(column, from_pandas=True)  # NaN becomes null
    columns["revision"], columns["run"] = pa.array(about[:, 0]), pa.array(about[:, 1])
    return pa.table([columns[name] for name in PUBLISHED.names], schema=PUBLISHED)


def all_series(connection: sa.Connection, kpi: str | None) -> list[Series]:
    """See `Ledger.series`."""
    query = sa.select(schema.series).order_by(schema.series.c.id)
    if kpi is not None:
        query = query.where(schema.series.c.kpi == kpi)
    return [Series(r.id, r.kpi, r.part, Grain(r.grain), r.cell) for r in connection.execute(query)]


def decisions(connection: sa.Connection, until: int | None = None) -> dict[int, Decision]:
    """The last decision on each restatement (up to run `until`)."""
    d, r = schema.decision, schema.run
    query = sa.select(d, r.c.finished).join(r, r.c.id == d.c.run).order_by(d.c.run)
    if until is not None:
        query = query.where(d.c.run <= until)
    return {
        row.restatement: Decision(row.run, row.verdict, row.who, row.why, row.finished)
        for row in connection.execute(query)
    }


def revisions(
    connection: sa.Connection, kpi: str, part: str, grain: Grain, cell: str, period: int, as_of: AsOf | None
) -> list[Revision]:
    """See `Ledger.revisions`."""
    return _revisions(connection, kpi, part, grain, cell, period, as_of).get(period, [])


def revised(
    connection: sa.Connection, kpi: str, part: str, grain: Grain, cell: str, as_of: AsOf | None
) -> dict[int, list[Revision]]:
    """See `Ledger.revised`."""
    return _revisions(connection, kpi, part, grain, cell, None, as_of)


def _revisions(
    connection: sa.Connection, kpi: str, part: str, grain: Grain, cell: str, period: int | None, as_of: AsOf | None
) -> dict[int, list[Revision]]:
    """The revisions of a period of a series, or of all that have several, by the period's key, oldest first."""
    until = reached(connection, as_of)
    kpi = renames.today(connection, kpi, until)
    decided = decisions(connection, until)
    o, s, r, d, w = schema.observation, schema.series, schema.run, schema.definition, schema.word
    query = (
        sa.select(o, r.c.finished, d.c.fingerprint, w.c.text)
        .join(s, s.c.id == o.c.series)
        .join(r, r.c.id == o.c.run)
        .join(d, d.c.id == o.c.definition)
        .outerjoin(w, w.c.id == o.c.reason)
        .where(s.c.kpi == kpi, s.c.part == part, s.c.grain == grain.value, s.c.cell == cell)
        .order_by(o.c.period, o.c.revision)
    )
    if period is not None:
        query = query.where(o.c.period == period)
    else:
        again = o.alias()
        several = sa.exists().where(again.c.series == s.c.id, again.c.period == o.c.period, again.c.revision > 1)
        query = query.where(several if until is None else several.where(again.c.run <= until))
    if until is not None:
        query = query.where(o.c.run <= until)
    found: dict[int, list[Revision]] = {}
    for row in connection.execute(query):
        one = Revision(
            revision=row.revision,
            run=row.run,
            published=row.finished,
            fingerprint=row.fingerprint,
            value=row.value,
            reason=row.text,
            n=row.n,
            numerator=row.numerator,
            denominator=row.denominator,
            flags=row.flags,
            restatement=row.restatement,
            decision=decided.get(row.restatement) if row.restatement else None,
        )
        found.setdefault(row.period, []).append(one)
    return found


def runs(connection: sa.Connection, limit: int) -> list[Run]:
    """See `Ledger.runs`."""
    r = schema.run.c
    query = sa.select(schema.run).where(r.state.in_(NEWS)).order_by(r.id.desc()).limit(limit)
    return [_run(row) for row in connection.execute(query)]


def last_id(connection: sa.Connection, as_of: AsOf) -> int:
    """The newest run or decision that was in force then; 0 if none was.

    They follow each other by number, whatever the machine's clock did.
    """
    r = schema.run.c
    there = r.id <= as_of if isinstance(as_of, int) else r.finished <= as_of
    return int(connection.scalar(sa.select(sa.func.max(r.id)).where(there)) or 0)


def reached(connection: sa.Connection, as_of: AsOf | None) -> int | None:
    """The run up to which rows count as of a time; None is no limit."""
    return None if as_of is None else last_id(connection, as_of)


def last_run(connection: sa.Connection, as_of: AsOf | None, *, decisions: bool) -> Run | None:
    """See `Ledger.last_run`."""
    r = schema.run.c
    query = sa.select(schema.run).order_by(r.id.desc()).limit(1)
    if not decisions:
        query = query.where(r.state.not_in(NO_RUN))
    if as_of is not None:
        query = query.where(r.id <= last_id(connection, as_of))
    row = connection.execute(query).first()
    return None if row is None else _run(row)


def newest_row(connection: sa.Connection, states: Sequence[str] = ()) -> Run | None:
    """The newest row of `run`, or of those in one of these states."""
    query = sa.select(schema.run).order_by(schema.run.c.id.desc()).limit(1)
    if states:
        query = query.where(schema.run.c.state.in_(states))
    row = connection.execute(query).first()
    return None if row is None else _run(row)


def ends(finished: datetime | None, newest: Run | None) -> datetime:
    """When a row finished: then or now, but later than the one before it, in every copy, whatever a clock says."""
    at = finished or datetime.now(UTC)
    return at if newest is None or newest.finished is None else max(at, newest.finished + timedelta(microseconds=1))


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        started=row.started,
        now=row.now,
        fingerprint=row.fingerprint,
        finished=row.finished,
        state=row.state,
        version=row.version,
        engine=row.engine,
        id=row.id,
        uuid=row.uuid,
    )


def loads(connection: sa.Connection, run: int) -> list[Load]:
    """See `Ledger.loads`."""
    query = sa.select(schema.load).where(schema.load.c.run == run).order_by(schema.load.c.source)
    return [_load(row) for row in connection.execute(query)]


def last_loads(connection: sa.Connection) -> dict[str, Load]:
    """See `Ledger.last_loads`."""
    c = schema.load.c
    last = sa.select(c.source, sa.func.max(c.run).label("run")).where(c.failed.is_(None)).group_by(c.source).subquery()
    query = sa.select(schema.load).join(last, sa.and_(c.source == last.c.source, c.run == last.c.run))
    return {row.source: _load(row) for row in connection.execute(query)}


def last_tried(connection: sa.Connection, until: int) -> tuple[dict[str, Tried], dict[str, Run]]:
    """See `Ledger.last_tried`."""
    c, r = schema.load.c, schema.run.c
    last = sa.select(c.source, sa.func.max(c.run).label("run")).where(c.run <= until).group_by(c.source).subquery()
    reading = (
        sa.select(schema.load, r.now)
        .join(last, sa.and_(c.source == last.c.source, c.run == last.c.run))
        .join(schema.run, r.id == c.run)
    )
    a = schema.attempt.c
    newest = sa.select(a.kpi, sa.func.max(a.run).label("run")).where(a.run <= until).group_by(a.kpi).subquery()
    computing = sa.select(newest.c.kpi, schema.run).join(schema.run, r.id == newest.c.run)
    sources = {row.source: Tried(_load(row), row.now) for row in connection.execute(reading)}
    then = renames.names_then(connection, until)
    kpis = {then(row.kpi): _run(row) for row in connection.execute(computing)}
    return sources, kpis


def _load(r: sa.Row[Any]) -> Load:
    return Load(
        r.source,
        r.rows,
        r.removed,
        r.first,
        r.newest,
        r.failed,
        tuple(r.notes),
        exclusions=tuple(_excluded(one) for one in r.exclusions or ()),
    )


def _excluded(said: dict[str, Any]) -> Excluded:
    days = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("first", "last")}
    return Excluded(**said | days)


def last_computed(connection: sa.Connection) -> dict[str, Run]:
    """See `Ledger.last_computed`."""
    a = schema.attempt.c
    newest = sa.select(a.kpi, sa.func.max(a.run).label("run")).where(a.failed.is_(None)).group_by(a.kpi).subquery()
    query = sa.select(newest.c.kpi, schema.run).join_from(newest, schema.run, schema.run.c.id == newest.c.run)
    return {row.kpi: _run(row) for row in connection.execute(query)}


def failures(connection: sa.Connection, until: int) -> list[Failure]:
    """See `Ledger.failures`."""
    a, earlier, r = schema.attempt, schema.attempt.alias(), schema.run.c
    done = sa.func.max(sa.case((a.c.failed.is_(None), a.c.run)))
    newest = sa.select(a.c.kpi, sa.func.max(a.c.run).label("run"), done.label("done"))
    last = newest.where(a.c.run <= until).group_by(a.c.kpi).subquery()
    in_a_row = sa.and_(earlier.c.kpi == a.c.kpi, earlier.c.run > sa.func.coalesce(last.c.done, 0))
    since = sa.select(sa.func.min(earlier.c.run)).where(in_a_row).scalar_subquery()
    query = (
        sa.select(a.c.kpi, a.c.failed, r.finished)
        .join(last, sa.and_(a.c.kpi == last.c.kpi, a.c.run == last.c.run))
        .join(schema.run, r.id == since)
        .where(a.c.failed.is_not(None))
        .order_by(a.c.kpi)
    )
    failed = connection.execute(query).all()
    return [Failure(renames.then(connection, kpi, until), message or "", finished) for kpi, message, finished in failed]


def definitions(connection: sa.Connection, as_of: AsOf | None) -> dict[str, Definition]:
    """See `Ledger.definitions`."""
    until = reached(connection, as_of)
    a, d = schema.attempt.c, schema.definition.c
    newest = sa.select(a.kpi, sa.func.max(a.run).label("run")).where(a.definition.is_not(None)).group_by(a.kpi)
    if until is not None:
        newest = newest.where(a.run <= until)
    last = newest.subquery()
    query = (
        sa.select(last.c.kpi, schema.definition)
        .join(schema.attempt, sa.and_(a.kpi == last.c.kpi, a.run == last.c.run))
        .join(schema.definition, a.definition == d.id)
    )
    then = renames.names_then(connection, until)
    return {
        then(kpi): Definition(row.kpi, row.fingerprint, row.sql, row.lineage)
        for kpi, row in ((row[0], row) for row in connection.execute(query))
    }


def versions(connection: sa.Connection, as_of: AsOf | None) -> dict[str, list[Version]]:
    """See `Ledger.versions`."""
    until = reached(connection, as_of)
    a, d, r = schema.attempt.c, schema.definition, schema.run
    query = (
        sa.select(a.kpi, d.c.fingerprint, r.c.id, r.c.finished)
        .join(schema.attempt, a.definition == d.c.id)
        .join(r, r.c.id == a.run)
        .order_by(r.c.id)
    )
    if until is not None:
        query = query.where(a.run <= until)
    then = renames.names_then(connection, until)
    found: dict[str, list[Version]] = {}
    for kpi, fingerprint, run, finished in connection.execute(query):
        known = found.setdefault(then(kpi), [])
        if not known or known[-1].fingerprint != fingerprint:
            known.append(Version(fingerprint, run, finished))
    return found

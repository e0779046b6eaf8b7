"""The sweep: from rows that last to what goes on at every moment, exact and without samples.

Rows begin to count at one moment and cease to at another. Sorted by time, these changes and a running sum give the
stretches of time within which nothing changes. Each stretch is cut where a piece of time ends, a local day or an hour;
every span is put together from whole pieces, so rows meet no series of periods, however many spans hold them. What is
measured of a piece must therefore add up (minutes, failures that begin) or be a largest or smallest value.

    changes      by cell, the moments at which rows begin and end, and what each changes in the counters
    every_cell   the total, and each cell that has a row
    moments      the changes, and the starts of all pieces, at which nothing changes
    swept        running sums up to each moment, with all that changes at it, and the time to the next one
    levels       one for each moment: `begun` and `ended` count all rows up to here, each counter those under way, from
                 this moment on for `length` microseconds

Where rows are counted, an engine may come to the pieces its own way (`Sweep`).

A day of 23 or 25 hours is as long as it is. Rows of no length change nothing. The clock of a KPI runs from
`tracked_from`, if it is later than the first day that the source can speak of, to the end of `retired_on` or to now:
rows are cut to it, and so are periods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from headway.model import Kpi
from headway.periods import Calendar, Grain, day_of, epoch_day
from headway.plan import sql
from headway.plan.draft import Asked, Draft, Sets, totals_or_kept
from headway.plan.rows import Rows, columns_of
from headway.plan.spans import periods_between

#: A minute as a divisor of lengths, which are in microseconds.
MINUTE = "60000000.0"


@dataclass(frozen=True)
class Clock:
    """The time that a KPI looks at: its pieces, in a table beside the query, and the moment at which it ends.

    The table has `day`, `hour` if these are the pieces, and `starts`: the moment at which the piece begins, of which
    `begin` is the first, as SQL.
    """

    table: str
    piece: str
    begin: str
    end: datetime


@dataclass(frozen=True)
class Swept:
    """The steps of a sweep: its changes, all cells ('' where there is only the total), and the levels."""

    changes: str
    every: str
    levels: str


def clock(draft: Draft, calendar: Calendar, asked: Asked, *, hours: bool) -> Clock:
    """Register the pieces of time that a KPI looks at."""
    kpi, timeline = asked.kpi, asked.timeline
    first, end = day_of(timeline.begin), draft.now
    if kpi.tracked_from:
        first = max(first, kpi.tracked_from)
    if kpi.retired_on:
        end = min(end, calendar.moment(kpi.retired_on + timedelta(days=1)))
    begin = calendar.moment(first)
    days = periods_between(calendar, Grain.DAY, first, calendar.day(end)) if first <= calendar.day(end) else ()
    pieces = [hour for day in days for hour in calendar.between(Grain.HOUR, day.first, day.first)] if hours else days
    columns = {
        "day": pa.array(np.array([epoch_day(piece.first) for piece in pieces], np.int32), pa.int32()).cast(pa.date32()),
        "starts": pa.array([piece.start for piece in pieces], pa.timestamp("us", tz="UTC")),
    }
    if hours:
        columns["hour"] = pa.array([piece.key for piece in pieces], pa.int64())
    table = draft.steps.reserve("clock")
    draft.tables[table] = pa.table(columns)
    return Clock(table, "hour" if hours else "day", sql.moment(begin), end)


def need(rows: Rows, kpi: Kpi) -> None:
    """Say which columns a sweep needs, before `rows` is written."""
    end = rows.end()
    rows.filter(kpi)
    rows.need("moment", rows.time.moment(), reserved=True)
    rows.need("end_moment", end.moment() if end else "CAST(NULL AS TIMESTAMPTZ)", reserved=True)
    rows.need("lasts", f"COALESCE({rows.lasts()}, TRUE)" if end else "TRUE", reserved=True)


def changes(rows: Rows, kpi: Kpi, sets: Sets, counters: Mapping[str, str], since: str = "") -> str:
    """SQL of the changes that rows make; `counters` are named, each with the condition of the rows that it counts.

    With `since`, a moment, rows that ended by then are left out, and those under way begin there. Nobody adds up what
    changes at the same moment: running sums do, and most moments are those of one row.
    """
    flag = rows.flag(kpi)
    where = [sql.name(flag) if flag else "", "lasts", f"(end_moment IS NULL OR end_moment > {since})" if since else ""]
    begun = "".join(f", CASE WHEN {condition} THEN 1 ELSE 0 END AS {name}" for name, condition in counters.items())
    ended = "".join(f", CASE WHEN {condition} THEN -1 ELSE 0 END AS {name}" for name, condition in counters.items())
    moment = f"GREATEST(moment, {since}) AS moment" if since else "moment"
    begins = rows.each(f"{moment}, 1 AS begun, 0 AS ended{begun}", sets, where)
    ends = rows.each(f"end_moment, 0, 1{ended}", sets, [*where, "end_moment IS NOT NULL"])
    return f"{begins} UNION ALL {ends}"


def levels(
    draft: Draft, rows: Rows, kpi: Kpi, changes: str, sets: Sets, counters: Sequence[str], clock: Clock
) -> Swept:
    """Add the steps from `changes` (SQL) to `levels`; their rows before the clock begins have no day (or hour)."""
    cells, piece = columns_of(sets), clock.piece
    listed = sql.column_list(cells)
    summed = ["begun", "ended", *counters]
    changed, every = draft.steps.add("changes", changes), ""
    pieces, end = sql.name(clock.table), sql.moment(clock.end)
    if cells:
        flag = rows.flag(kpi)
        found = rows.grouped("COUNT(*) AS n", [], [one for one in sets if one], [sql.name(flag)] if flag else [])
        total = ", ".join(f"CAST(NULL AS TEXT) AS {sql.name(c)}" for c in cells)
        every = draft.steps.add("every_cell", f"SELECT {total} UNION SELECT {listed[:-2]} FROM ({found}) AS found")
        pieces += f" CROSS JOIN {sql.name(every)}"
    kind = "BIGINT" if piece == "hour" else "DATE"
    # Kept: DuckDB takes windows over a union of filtered rows for small ones, and is seven times slower on large ones.
    moments = draft.steps.add(
        "moments",
        f"SELECT {listed}moment, CAST(NULL AS {kind}) AS {piece}, {', '.join(summed)} FROM {sql.name(changed)} "
        f"UNION ALL SELECT {listed}starts AS moment, {piece}, {', '.join('0 AS ' + c for c in summed)} FROM {pieces}",
        keep=True,
    )
    # Rows of one moment are peers: each has the sums of all of them, and only the last is followed by some time.
    window = f"OVER ({f'PARTITION BY {listed[:-2]} ' if cells else ''}ORDER BY moment)"
    until = f"LEAST(LEAD(moment, 1, {end}) {window}, {end})"
    swept = draft.steps.add(
        "swept",
        f"SELECT {listed}moment, MAX({piece}) {window} AS {piece}, EPOCH_US({until}) - EPOCH_US(moment) AS length, "
        + ", ".join(f"SUM({c}) {window} AS {c}" for c in summed)
        + f" FROM {sql.name(moments)}",
    )
    found = draft.steps.add(
        "levels", f"SELECT {listed}moment, {piece}, length, {', '.join(summed)} FROM {sql.name(swept)} WHERE length > 0"
    )
    return Swept(changed, every, found)


def by_piece(draft: Draft, stretches: str, sets: Sets, measured: Mapping[str, str], clock: Clock) -> str:
    """Add the step that measures each day (or hour): `measured` are aggregates over its stretches, by name."""
    cells = columns_of(sets)
    listed = sql.column_list(cells)
    return draft.steps.add(
        "hourly" if clock.piece == "hour" else "daily",
        f"SELECT {listed}{clock.piece}, {', '.join(f'{text} AS {name}' for name, text in measured.items())} "
        f"FROM {sql.name(stretches)} WHERE {clock.piece} IS NOT NULL GROUP BY {listed}{clock.piece}",
    )


def by_day(draft: Draft, hourly: str, sets: Sets, measured: Mapping[str, str], clock: Clock) -> str:
    """Add the step that puts each day together from its hours; `measured` are aggregates over hours, by name."""
    listed = sql.column_list(columns_of(sets))
    return draft.steps.add(
        "daily",
        f"SELECT {listed}day, {', '.join(f'{text} AS {name}' for name, text in measured.items())} "
        f"FROM {sql.name(hourly)} JOIN {sql.name(clock.table)} USING (hour) GROUP BY {listed}day",
    )


def by_period(draft: Draft, asked: Asked, pieces: str, sets: Sets, measured: Mapping[str, str], clock: Clock) -> str:
    """Add the step that puts each span together from its pieces; `measured` are aggregates over pieces, by name."""
    hours = clock.piece == "hour"
    cells = columns_of(sets)
    listed = sql.column_list(cells)
    spans = draft.spans(asked, hours=hours)
    at, kept = sql.name(spans), totals_or_kept(asked, spans, cells)
    held = f"{sql.name(pieces)}.hour = {at}.hour" if hours else f"day BETWEEN {at}.first_day AND {at}.last_day"
    return draft.steps.add(
        "by_hour" if hours else "by_period",
        f"SELECT series, period, {listed}{', '.join(f'{text} AS {name}' for name, text in measured.items())} "
        f"FROM {sql.name(pieces)} JOIN {at} ON {held}"
        + (f" WHERE {kept}" if kept else "")
        + f" GROUP BY {listed}series, period",
    )


def sets_of(asked: Sequence[Asked]) -> Sets:
    """The sets of cells that requests of one KPI need: only the total where cells are not kept."""
    kept = any(series.cells for a in asked for series in a.timeline.series)
    return asked[0].sets if kept else ((),)


def total_of(sets: Sets) -> str:
    """A condition that holds for rows of the total."""
    return " AND ".join(f"{sql.name(c)} IS NULL" for c in columns_of(sets)) or "TRUE"


def by_kpi(asked: Sequence[Asked], *, hours: bool) -> list[list[Asked]]:
    """Requests that ask for spans of days (or of hours), those of one KPI together: they share their pieces.

    A source without rows has no series at all; its plan is an ordinary one, cut in days, that finds nothing.
    """
    found: dict[str, list[Asked]] = {}
    for a in asked:
        if a.timeline.of(hours) or not (hours or a.timeline.series):
            found.setdefault(a.kpi.name, []).append(a)
    return list(found.values())

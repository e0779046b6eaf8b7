"""The sweep: from rows that last to what goes on at every moment, exact and without samples.

Rows begin to count at one moment and cease to at another. Sorted by time, these changes and a running sum give the
stretches of time within which nothing changes. Each stretch is cut where a piece of time ends, a local day or an hour;
every span is put together from whole pieces, so rows meet no series of periods, however many spans hold them. What is
measured of a piece must therefore add up (minutes, failures that begin) or be a largest or smallest value.

    changes      at each moment, by cell, how many rows have begun and ended, and what that changes in each counter
    every_cell   the total, and each cell that has a row
    moments      the changes, and the starts of all pieces, at which nothing changes
    levels       running sums: `begun` and `ended` count all rows up to here, each counter those under way, from this
                 moment on for `length` microseconds

A day of 23 or 25 hours is as long as it is. Rows of no length change nothing. The clock of a KPI runs from
`tracked_from`, if it is later than the first day that the source can speak of, to the end of `retired_on` or to now:
rows are cut to it, and so are periods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    """The time that a KPI looks at: its pieces, in a table beside the query, and the moment at which it ends, as SQL.

    The table has `day` (or `hour`), and `starts`: the moment at which the piece begins.
    """

    table: str
    piece: str
    end: str


def clock(draft: Draft, calendar: Calendar, asked: Asked, *, hours: bool) -> Clock:
    """Register the pieces of time that a KPI looks at."""
    kpi, timeline = asked.kpi, asked.timeline
    first, end = day_of(timeline.begin), draft.now
    if kpi.tracked_from:
        first = max(first, kpi.tracked_from)
    if kpi.retired_on:
        end = min(end, calendar.moment(kpi.retired_on + timedelta(days=1)))
    if hours:
        begin = calendar.moment(first).timestamp()
        keys = [hour for hour in timeline.hours if hour >= begin]
        starts = [datetime.fromtimestamp(hour, UTC) for hour in keys]
    else:
        days = periods_between(calendar, Grain.DAY, first, calendar.day(end)) if first <= calendar.day(end) else ()
        keys, starts = [epoch_day(day.first) for day in days], [day.start for day in days]
    piece = "hour" if hours else "day"
    values = pa.array(keys, pa.int64()) if hours else pa.array(np.array(keys, np.int32), pa.int32()).cast(pa.date32())
    table = draft.steps.reserve("clock")
    draft.tables[table] = pa.table({piece: values, "starts": pa.array(starts, pa.timestamp("us", tz="UTC"))})
    return Clock(table, piece, sql.moment(end))


def need(rows: Rows, kpi: Kpi) -> None:
    """Say which columns a sweep needs, before `rows` is written."""
    end = rows.end()
    rows.filter(kpi)
    rows.need("moment", rows.time.moment(), reserved=True)
    rows.need("end_moment", end.moment() if end else "CAST(NULL AS TIMESTAMPTZ)", reserved=True)
    rows.need("lasts", f"COALESCE({rows.lasts()}, TRUE)" if end else "TRUE", reserved=True)


def changes(rows: Rows, kpi: Kpi, sets: Sets, counters: Mapping[str, str]) -> str:
    """SQL of the changes that rows make; `counters` are named, each with the condition of the rows that it counts."""
    flag = rows.flag(kpi)
    where = [sql.name(flag) if flag else ""]
    begun = "".join(f", COUNT_IF(lasts AND {condition}) AS {name}" for name, condition in counters.items())
    ended = "".join(f", -COUNT_IF(lasts AND {condition}) AS {name}" for name, condition in counters.items())
    begins = rows.grouped(f"moment, COUNT_IF(lasts) AS begun, 0 AS ended{begun}", ["moment"], sets, where)
    ends = rows.grouped(
        f"end_moment AS moment, 0 AS begun, COUNT_IF(lasts) AS ended{ended}",
        ["end_moment"],
        sets,
        [*where, "end_moment IS NOT NULL"],
    )
    return f"{begins} UNION ALL {ends}"


def levels(draft: Draft, changes: str, sets: Sets, counters: Sequence[str], clock: Clock) -> str:
    """Add the steps from `changes` (SQL) to `levels`; their rows before the clock begins have no day (or hour)."""
    cells, piece = columns_of(sets), clock.piece
    listed = sql.column_list(cells)
    summed = ["begun", "ended", *counters]
    changed = sql.name(draft.steps.add("changes", changes))
    pieces = sql.name(clock.table)
    if cells:
        total = ", ".join(f"CAST(NULL AS TEXT) AS {sql.name(c)}" for c in cells)
        every = draft.steps.add("every_cell", f"SELECT {total} UNION SELECT {listed[:-2]} FROM {changed}")
        pieces += f" CROSS JOIN {sql.name(every)}"
    kind = "BIGINT" if piece == "hour" else "DATE"
    moments = draft.steps.add(
        "moments",
        f"SELECT {listed}moment, CAST(NULL AS {kind}) AS {piece}, {', '.join(summed)} FROM {changed} UNION ALL "
        f"SELECT {listed}starts AS moment, {piece}, {', '.join('0 AS ' + c for c in summed)} FROM {pieces}",
    )
    window = f"OVER ({f'PARTITION BY {listed[:-2]} ' if cells else ''}ORDER BY moment)"
    until = f"LEAST(LEAD(moment, 1, {clock.end}) {window}, {clock.end})"
    return draft.steps.add(
        "levels",
        f"SELECT {listed}moment, MAX(MAX({piece})) {window} AS {piece}, "
        f"EPOCH_US({until}) - EPOCH_US(moment) AS length, "
        + ", ".join(f"SUM(SUM({c})) {window} AS {c}" for c in summed)
        + f" FROM {sql.name(moments)} GROUP BY {listed}moment",
    )


def by_piece(draft: Draft, stretches: str, sets: Sets, measured: Mapping[str, str], clock: Clock) -> str:
    """Add the step that measures each day (or hour): `measured` are aggregates over its stretches, by name."""
    cells = columns_of(sets)
    listed = sql.column_list(cells)
    return draft.steps.add(
        "hourly" if clock.piece == "hour" else "daily",
        f"SELECT {listed}{clock.piece}, {', '.join(f'{text} AS {name}' for name, text in measured.items())} "
        f"FROM {sql.name(stretches)} WHERE {clock.piece} IS NOT NULL AND length > 0 GROUP BY {listed}{clock.piece}",
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


def sets_of(asked: Sequence[Asked], *, hours: bool) -> Sets:
    """The sets of cells that requests of one KPI need: only the total where cells are not kept."""
    kept = any(series.cells for a in asked for series in a.timeline.of(hours))
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

"""`availability`: the share of time in which nothing was down, from rows that say what was, and until when.

Formula. Let P be the time covered by rows that are `planned`, G by those that are `degraded`, and D by all others, each
a union of intervals cut to the period:

    downtime  = |D \\ P|          planned  = |P|          uptime = length - downtime
    degraded  = |G \\ (D u P)|    value    = uptime / length
    failures  = how many separate intervals of D \\ P begin in the period

Unit: a fraction, shown as a percentage; the four times are in minutes, `failures` are a number. The numerator is
`uptime`, the denominator `length`; `n` counts the rows under way at any moment of the period.

Edge cases. Overlaps count once, and the total is down when anything is. Planned time is no downtime, also while
something is down; planned time in the middle of an outage cuts it into two failures. A failure belongs to the period
in which it begins. A row without an end lasts until now, and a row that ends later, too. Rows of no length count for
nothing. A period without rows is 100 % available: the total always, a cell if it has any row, ever. A period's length
begins at `tracked_from`, else with the first day that the source can speak of, and ends at now if it still runs.

Parts. `uptime`, `downtime`, `planned`, `degraded`, `failures`: enough for a mean time between failures over 12 months,
`{formula: kpi.uptime / 60 / kpi.failures, window: 12 months, unit: hours}`.

    states       for each stretch of time and cell: whether it is planned, down or degraded, and was down before
    daily        microseconds of each for each day (or hour), and the failures that begin in it
    by_period    the same for each span

The steps before these are those of `sweep.py`.

Source: steady-state availability as uptime over total time: IEC 60050-192 (2015), 192-08; planned maintenance left out
of downtime, as service level agreements have it.
"""

from __future__ import annotations

from collections.abc import Sequence

from headway.model import Availability
from headway.plan import sql, sweep
from headway.plan.draft import Asked, Draft
from headway.plan.rows import Rows, columns_of
from headway.plan.sweep import MINUTE

_COUNTERS = ("down", "planned", "degraded")
_DAILY = {
    "length": "SUM(length)",
    **{name: f"COALESCE(SUM(length) FILTER (WHERE is_{name}), 0)" for name in _COUNTERS},
    "failures": "COUNT_IF(is_down AND NOT was_down)",
    "begun": "MAX(begun)",
    "ended": "MIN(ended)",
}
_BY_PERIOD = {
    **{name: f"SUM({name})" for name in ("length", *_COUNTERS, "failures")},
    # All that had begun before the span's end, less all that had ended by its start.
    "n": "MAX(begun) - MIN(ended)",
}
_PARTS = {
    "uptime": f"(length - down) / {MINUTE}",
    "downtime": f"down / {MINUTE}",
    "planned": f"planned / {MINUTE}",
    "degraded": f"degraded / {MINUTE}",
    "failures": "failures",
}


class Availabilities:
    """The availabilities of one `rows`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[Asked] = []
        self._classes: dict[str, dict[str, str]] = {}

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi, measure = asked.kpi, asked.kpi.measure
        assert isinstance(measure, Availability)
        sweep.need(self._rows, kpi)
        classes = {"planned": measure.planned, "degraded": measure.degraded}
        self._classes[kpi.name] = {
            name: sql.name(self._rows.need(f"is_{name}_row", self._rows.scope.condition(condition)))
            for name, condition in classes.items()
            if condition
        }
        self._asked.append(asked)

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for hours in (False, True):
            for several in sweep.by_kpi(self._asked, hours=hours):
                self._write(draft, several, hours=hours)

    def _write(self, draft: Draft, several: Sequence[Asked], *, hours: bool) -> None:
        kpi, sets = several[0].kpi, sweep.sets_of(several)
        classes, cells = self._classes[kpi.name], columns_of(sets)
        others = f"NOT ({' OR '.join(classes.values())})" if classes else "TRUE"
        counters = {"down": others, **{name: classes.get(name, "FALSE") for name in ("planned", "degraded")}}
        clock = sweep.clock(draft, self._rows.catalog.calendar, several[0], hours=hours)
        changes = sweep.changes(self._rows, kpi, sets, counters)
        swept = sweep.levels(draft, self._rows, kpi, changes, sets, _COUNTERS, clock)
        listed = sql.column_list(cells)
        window = f"OVER ({f'PARTITION BY {listed[:-2]} ' if cells else ''}ORDER BY moment)"
        is_down = "planned = 0 AND down > 0"
        states = draft.steps.add(
            "states",
            f"SELECT {listed}{clock.piece}, length, begun, ended, planned > 0 AS is_planned, {is_down} AS is_down, "
            f"planned = 0 AND down = 0 AND degraded > 0 AS is_degraded, "
            f"LAG({is_down}, 1, FALSE) {window} AS was_down FROM {sql.name(swept.levels)}",
        )
        daily = sweep.by_piece(draft, states, sets, _DAILY, clock)
        uptime, length = "(length - down)", f"length / {MINUTE}"
        for asked in several:
            found = sweep.by_period(draft, asked, daily, sets, _BY_PERIOD, clock)
            draft.answer(
                asked,
                found,
                cells,
                f"{uptime} / CAST(length AS DOUBLE)",
                "n",
                numerator=_PARTS["uptime"],
                denominator=length,
            )
            for part, number in _PARTS.items():
                draft.answer(asked, found, cells, number, "n", what=part)

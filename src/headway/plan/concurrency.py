"""The most, the fewest or the mean number of rows under way over every moment of a period: `open` with `take`.

Formula. A row is under way at the moment t if its time < t and (it has no end or its end >= t); let L(t) be how many
rows, or different values among them, are. Over the moments t of a span, start < t <= end: `max` is the largest L(t),
`min` the smallest, `mean` the integral of L over the span divided by the length of the span.

Unit: rows, or values. `n` counts the rows that are under way at any moment of the span; of values, their separate
stretches. Of a mean, the numerator is in minutes of use and the denominator in minutes.

Edge cases. A row that ends at the moment at which another begins is never under way together with it. Rows of no
length never are. Overlapping rows of one value are one. A running period counts up to now. Without rows it is 0. Every
longer period looks at all its own moments: the mean of a month is no mean of the means of its days, some of which have
25 hours. A cell's mean is over the same time as the total's.

    daily        for each day (or hour) and cell: the largest and smallest level, and its integral over time
    by_period    the same for each span

The steps before these are those of `sweep.py`; `edges`, `running` and `steps` make one stretch of the overlapping rows
of one value.

Source: the sweep over sorted endpoints: Bentley, "Algorithms for Klee's Rectangle Problems", Carnegie-Mellon
University (1977); the time average is L of Little, "A Proof for the Queuing Formula L = lambda W", Operations Research
9 (1961).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from headway.model import Concurrency, Sweep, Take
from headway.plan import sql, sweep
from headway.plan.draft import Asked, Draft, Sets
from headway.plan.lasting import merged
from headway.plan.rows import Rows, columns_of
from headway.plan.spans import Timeline
from headway.plan.sweep import MINUTE, Clock

_LEVEL = "begun - ended"
_DAILY = {
    "most": f"MAX({_LEVEL})",
    "least": f"MIN({_LEVEL})",
    "area": f"SUM(({_LEVEL}) * length)",
    "length": "SUM(length)",
    "begun": "MAX(begun)",
    "ended": "MIN(ended)",
}
#: A day from its hours.
_BY_DAY = {
    name: f"{fold}({name})" for name, fold in zip(_DAILY, ("MAX", "MIN", "SUM", "SUM", "MAX", "MIN"), strict=True)
}
_BY_PERIOD = {
    "most": "MAX(most)",
    "least": "MIN(least)",
    "area": "SUM(area)",
    "length": "SUM(length)",
    # All that had begun before the span's end, less all that had ended by its start.
    "n": "MAX(begun) - MIN(ended)",
}
_VALUE = {Take.MAX: "most", Take.MIN: "least", Take.MEAN: "area / CAST(length AS DOUBLE)"}


class Concurrent:
    """The KPIs of one `rows` that look at how many are under way at every moment."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[Asked] = []
        self._values: dict[str, str] = {}
        self._by_piece: dict[tuple[Hashable, ...], tuple[str, Clock]] = {}
        self._by_period: dict[tuple[str, Timeline], str] = {}

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi, measure = asked.kpi, asked.kpi.measure
        assert isinstance(measure, Concurrency)
        sweep.need(self._rows, kpi)
        if measure.column:
            self._values[kpi.name] = self._rows.value(measure.column, kpi.at("open"))
        self._asked.append(asked)

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for hours in (False, True):
            for several in sweep.by_kpi(self._asked, hours=hours):
                self._write(draft, several, hours=hours)

    def _write(self, draft: Draft, several: Sequence[Asked], *, hours: bool) -> None:
        kpi, sets = several[0].kpi, sweep.sets_of(several)
        measure, cells = kpi.measure, columns_of(sets)
        assert isinstance(measure, Concurrency)
        daily, clock = self._pieces(draft, several[0], sets, hours=hours)
        number = _VALUE[measure.take]
        is_mean = measure.take is Take.MEAN
        parts = (f"area / {MINUTE}", f"length / {MINUTE}") if is_mean else ("NULL", "NULL")
        for asked in several:
            key = daily, asked.timeline
            if key not in self._by_period:
                self._by_period[key] = sweep.by_period(draft, asked, daily, sets, _BY_PERIOD, clock)
            found = self._by_period[key]
            where = [f"({number} > 0 OR ({sweep.total_of(sets)}))"] if cells else []
            draft.answer(asked, found, cells, number, "n", numerator=parts[0], denominator=parts[1], where=where)

    def _pieces(self, draft: Draft, asked: Asked, sets: Sets, *, hours: bool) -> tuple[str, Clock]:
        """The step that measures each day (or hour). Peak and mean of the same rows share it."""
        kpi, value = asked.kpi, self._values.get(asked.kpi.name)
        key = (self._rows.flag(kpi), value, sets, asked.timeline, kpi.tracked_from, kpi.retired_on, hours)
        if key not in self._by_piece and not hours and asked.timeline.of(hours=True):
            hourly, clock = self._pieces(draft, asked, sets, hours=True)
            self._by_piece[key] = sweep.by_day(draft, hourly, sets, _BY_DAY, clock), replace(clock, piece="day")
        elif key not in self._by_piece:
            clock = sweep.clock(draft, self._rows.catalog.calendar, asked, hours=hours)
            changes = self._of_values(draft, asked, sets, value) if value else self._of_rows(asked, sets, clock)
            swept = sweep.levels(draft, self._rows, kpi, changes, sets, (), clock)
            pieces = sweep.by_piece(draft, swept.levels, sets, _DAILY, clock)
            self._by_piece[key] = pieces, clock
            if not value:  # of values, more than one may begin with one change
                cells = tuple(columns_of(sets))
                noted = Sweep(pieces, swept.changes, swept.every, cells, clock.table, clock.piece, clock.end)
                draft.gaps.append(noted)
        return self._by_piece[key]

    def _of_rows(self, asked: Asked, sets: Sets, clock: Clock) -> str:
        return sweep.changes(self._rows, asked.kpi, sets, {}, clock.begin)

    def _of_values(self, draft: Draft, asked: Asked, sets: Sets, value: str) -> str:
        """The changes of different values: where the stretches begin and end that the rows of one value make."""
        flag = self._rows.flag(asked.kpi)
        column = sql.name(value)
        where = ["lasts", f"{column} IS NOT NULL", sql.name(flag) if flag else ""]
        begins = self._rows.grouped(f"{column} AS person, moment, COUNT(*) AS change", [value, "moment"], sets, where)
        ends = self._rows.grouped(
            f"{column} AS person, end_moment AS moment, -COUNT(*) AS change",
            [value, "end_moment"],
            sets,
            [*where, "end_moment IS NOT NULL"],
        )
        steps = merged(draft, f"{begins} UNION ALL {ends}", columns_of(sets), along="moment")
        return (
            f"SELECT {sql.column_list(columns_of(sets))}moment, COUNT_IF(change > 0) AS begun, "
            f"COUNT_IF(change < 0) AS ended FROM {sql.name(steps)} "
            f"GROUP BY {sql.column_list(columns_of(sets))}moment"
        )

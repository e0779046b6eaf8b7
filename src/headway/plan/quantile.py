"""`median`, `p95`, `p99.9`: the value that so many percent of a span's rows stay under, exact and interpolated.

Formula. With the n values that are not null in order, x[0] <= ... <= x[n-1], and the level p between 0 and 1, let
h = p * (n - 1), i = floor(h): the quantile is x[i] + (h - i) * (x[i+1] - x[i]).

Unit: the column's own. `n` counts the values.

Edge cases. Without a value there is no data; of one value every quantile is that value; equal values count as often
as they occur. A quantile of a longer period, of a window or of the total is that of all its rows: quantiles of days or
of cells are never averaged, which makes this the one kind that reads its rows anew for each span.

    quantiles    for each period: the rows whose day its span holds, and their quantile
    of_cells     the same by cell, for the periods in which cells are kept

Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), definition 7:
what `percentile_cont` of SQL, NumPy, R and spreadsheets give.
"""

from __future__ import annotations

from collections.abc import Sequence

from headway.model import Kpi, Quantile
from headway.plan import sql
from headway.plan.draft import Asked, Draft, Sets, only, union_of
from headway.plan.rows import Rows, columns_of


class Quantiles:
    """The quantiles of one `rows`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[Asked] = []
        self._columns: dict[str, str] = {}

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi, measure = asked.kpi, asked.kpi.measure
        assert isinstance(measure, Quantile)
        self._rows.need("day", self._rows.time.day(), reserved=True)
        if asked.timeline.of(hours=True):
            self._rows.need("hour", self._rows.time.hour(), reserved=True)
        self._rows.filter(kpi)
        self._columns[kpi.name] = self._rows.number(measure.column, kpi.at(measure.function))
        self._asked.append(asked)

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        names = sql.Names([*draft.cells, "series", "period"])
        columns = {a.kpi.name: (names.free(a.kpi.name), names.free(f"{a.kpi.name}_n")) for a in _once(self._asked)}
        together: dict[tuple[str, bool], list[Asked]] = {}
        for asked in self._asked:
            for hours in (False, True):
                # A source without rows has no series at all; its plan is an ordinary one that finds nothing.
                if asked.timeline.of(hours) or not (hours or asked.timeline.series):
                    together.setdefault((draft.spans(asked, hours=hours), hours), []).append(asked)
        for (spans, hours), several in together.items():
            self._write(draft, spans, several, columns, hours=hours)

    def _write(
        self, draft: Draft, spans: str, several: Sequence[Asked], columns: dict[str, tuple[str, str]], *, hours: bool
    ) -> None:
        """The quantiles of KPIs that ask for the same spans: the totals, then the cells where they are kept."""
        series = several[0].timeline.of(hours)
        in_all = all(s.cells for s in series)
        cells = union_of([a.sets[1:] for a in several]) if any(s.cells for s in series) else []
        steps: list[tuple[str, Sets, str]] = [("quantiles", [(), *cells] if in_all else [()], "")]
        if cells and not in_all:
            steps.append(("of_cells", cells, "cells"))
        held = "USING (hour)" if hours else "ON day BETWEEN first_day AND last_day"
        select = ", ".join(["series", "period", *(self._of_rows(a.kpi, *columns[a.kpi.name]) for a in _once(several))])
        for word, sets, where in steps:
            found = draft.steps.add(
                word,
                self._rows.grouped(select, ["series", "period"], sets, [where], join=f"JOIN {sql.name(spans)} {held}"),
            )
            for asked in several:
                value, n = map(sql.name, columns[asked.kpi.name])
                mine = [s for s in asked.sets if s in sets]
                if mine:
                    where_found = [*only(mine, sets), f"{n} > 0"]
                    draft.answer(asked, found, columns_of(sets), value, n, where=where_found)

    def _of_rows(self, kpi: Kpi, value: str, n: str) -> str:
        """SQL of a KPI's quantile and how many values there are."""
        assert isinstance(kpi.measure, Quantile)
        column, flag = sql.name(self._columns[kpi.name]), self._rows.flag(kpi)
        where = f" FILTER (WHERE {sql.name(flag)})" if flag else ""
        # A quantile of decimals would be rounded to their digits: the median of 0.01 and 0.02 is 0.015.
        quantile = f"QUANTILE_CONT(CAST({column} AS DOUBLE), {kpi.measure.level})"
        return f"{quantile}{where} AS {sql.name(value)}, COUNT({column}){where} AS {sql.name(n)}"


def _once(asked: Sequence[Asked]) -> list[Asked]:
    """One per KPI, whatever its windows."""
    return list({a.kpi.name: a for a in asked}.values())

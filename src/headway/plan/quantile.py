"""`median`, `p95`, `p99.9`: the value that so many percent of a span's rows stay under, exact and interpolated.

Formula. With the n values that are not null in order, x[0] <= ... <= x[n-1], and the level p between 0 and 1, let
h = p * (n - 1), i = floor(h): the quantile is x[i] + (h - i) * (x[i+1] - x[i]).

Unit: the column's own. `n` counts the values.

Edge cases. Without a value there is no data; of one value every quantile is that value; equal values count as often
as they occur. A quantile of a longer period, of a window or of the total is that of all its rows: quantiles of days or
of cells are never averaged, which makes this the one kind that reads its rows anew for each span.

    held         the days (or hours) on which there are rows, each with the spans that hold it
    of_spans     for each span: its rows, and their quantile
    of_cells     the same by cell, for the spans in which cells are kept
    quantiles    the same, with the period of each span

Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), definition 7:
what `percentile_cont` of SQL, NumPy, R and spreadsheets give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        by_values: dict[_Values, list[Kpi]] = {}
        for kpi in _once(self._asked):
            by_values.setdefault(self._values(kpi), []).append(kpi)
        columns = {
            kpi.name: one
            for one in (_Several(values, kpis, names) for values, kpis in by_values.items())
            for kpi in one.kpis
        }
        together: dict[tuple[str, bool], list[Asked]] = {}
        for asked in self._asked:
            for hours in (False, True):
                # A source without rows has no series at all; its plan is an ordinary one that finds nothing.
                if asked.timeline.of(hours) or not (hours or asked.timeline.series):
                    together.setdefault((draft.spans(asked, hours=hours), hours), []).append(asked)
        for (spans, hours), several in together.items():
            self._write(draft, spans, several, columns, hours=hours)

    def _write(
        self, draft: Draft, spans: str, several: Sequence[Asked], columns: Mapping[str, _Several], *, hours: bool
    ) -> None:
        """The quantiles of KPIs that ask for the same spans: the totals, then the cells where they are kept."""
        series = several[0].timeline.of(hours)
        in_all = all(s.cells for s in series)
        cells = union_of([a.sets[1:] for a in several]) if any(s.cells for s in series) else []
        slot = "hour" if hours else "day"
        steps: list[tuple[str, Sets, str]] = [("of_spans", [(), *cells] if in_all else [()], "")]
        if cells and not in_all:
            steps.append(("of_cells", cells, " WHERE cells"))
        read = dict.fromkeys(columns[asked.kpi.name] for asked in several)
        for word, sets, where in steps:
            listed = sql.column_list(columns_of(sets))
            aggregates = ", ".join(["position", *(one.aggregates for one in read)])
            held = self._held(draft, spans, where, hours=hours)
            grouped = draft.steps.add(
                word,
                self._rows.grouped(aggregates, ["position"], sets, join=f"JOIN {sql.name(held)} USING ({slot})"),
            )
            numbers = sql.column_list([name for one in read for name in one.names])
            found = draft.steps.add(
                "quantiles",
                f"SELECT series, period, {listed}{numbers[:-2]} FROM {sql.name(grouped)} "
                f"JOIN {sql.name(spans)} USING (position)",
            )
            for asked in several:
                value, n = columns[asked.kpi.name].answer(asked.kpi)
                mine = [s for s in asked.sets if s in sets]
                if mine:
                    where_found = [*only(mine, sets), f"{n} > 0"]
                    draft.answer(asked, found, columns_of(sets), value, n, where=where_found)

    def _held(self, draft: Draft, spans: str, kept: str, *, hours: bool) -> str:
        """Add the step that says which spans hold a day: one lookup for each row, which is compared with no span."""
        if hours:
            return draft.steps.add("held", f"SELECT hour, position FROM {sql.name(spans)}{kept}")
        # Kept: DuckDB would otherwise compare rows with spans, and look at their days after that.
        days = f"(SELECT DISTINCT day FROM {sql.name(self._rows.relation)}) AS days"
        held = f"ON day BETWEEN first_day AND last_day{kept}"
        return draft.steps.add("held", f"SELECT day, position FROM {days} JOIN {sql.name(spans)} {held}", keep=True)

    def _values(self, kpi: Kpi) -> _Values:
        return self._columns[kpi.name], self._rows.flag(kpi)


#: What quantiles are of: a column, and the flag of the rows that count.
_Values = tuple[str, str | None]


class _Several:
    """Quantiles of the same values, which are put in order once."""

    def __init__(self, values: _Values, kpis: Sequence[Kpi], names: sql.Names) -> None:
        self.kpis = kpis
        self._column, self._flag = values
        self._levels = sorted({_level(kpi) for kpi in kpis})
        self._name, self._n = (names.free(kpis[0].name + tail) for tail in ("", "_n"))

    @property
    def names(self) -> tuple[str, str]:
        """The columns of its aggregates."""
        return self._name, self._n

    @property
    def aggregates(self) -> str:
        """SQL of the quantiles, in order of their levels if there are several, and how many values there are."""
        where = f" FILTER (WHERE {sql.name(self._flag)})" if self._flag else ""
        levels = ", ".join(map(str, self._levels))
        # A quantile of decimals would be rounded to their digits: the median of 0.01 and 0.02 is 0.015.
        found = f"QUANTILE_CONT(CAST({sql.name(self._column)} AS DOUBLE), {levels if self._alone else f'[{levels}]'})"
        n = f"COUNT({sql.name(self._column)}){where} AS {sql.name(self._n)}"
        return f"{found}{where} AS {sql.name(self._name)}, {n}"

    def answer(self, kpi: Kpi) -> tuple[str, str]:
        """SQL of a KPI's number and of its `n`, where the aggregates are columns."""
        at = "" if self._alone else f"[{self._levels.index(_level(kpi)) + 1}]"
        return f"{sql.name(self._name)}{at}", sql.name(self._n)

    @property
    def _alone(self) -> bool:
        return len(self._levels) == 1


def _level(kpi: Kpi) -> float:
    assert isinstance(kpi.measure, Quantile)
    return kpi.measure.level


def _once(asked: Sequence[Asked]) -> list[Kpi]:
    """One per KPI, whatever its windows."""
    return list({a.kpi.name: a.kpi for a in asked}.values())

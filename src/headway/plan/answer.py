"""Read the answer of a plan: rows of (kpi, series, period, cells, value) become tables of the schema `OBSERVED`.

SQL gives only what is there. Here every total gets a row for each period that its source can speak of: 0 or *no data*,
as the KPI's `empty` says; running periods get what they have so far, and partial ones their flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.model import OBSERVED, Empty, Flag, Reason, cell_text
from headway.plan.draft import Asked
from headway.plan.rows import columns_of
from headway.plan.spans import Role, Series

#: What this room's tables have beside `OBSERVED`.
NUMBERS = OBSERVED.append(pa.field("people", pa.int64()))


@dataclass(frozen=True)
class Reader:
    """Reads one request's rows out of a plan's answer."""

    asked: Asked
    #: The KPI itself counts people, so its value says how many are behind it.
    counts_people: bool

    def read(self, answer: pa.Table) -> pa.Table:
        """The numbers of the request (schema `NUMBERS`), by grain, breakdown, period and cell."""
        rows = _Rows.of(answer.filter(pc.equal(answer["kpi"], self.asked.label)), columns_of(self.asked.cells))
        by_role = {(s.grain, s.role): s for s in self.asked.timeline.series}
        parts = []
        for series in self.asked.timeline.series:
            if series.role is Role.VALUE:
                running = tuple(by_role.get((series.grain, role)) for role in (Role.SO_FAR, Role.BEFORE))
                parts.append(self._total(series, running, rows))
                if series.cells:
                    parts += [self._breakdown(series, running, rows, cells) for cells in self._breakdowns()]
        return pa.concat_tables(parts).combine_chunks() if parts else NUMBERS.empty_table()

    def _breakdowns(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Each breakdown as written, with its columns in the answer."""
        return list(zip(self.asked.kpi.by, self.asked.cells, strict=True))

    def _total(self, series: Series, running: _Running, rows: _Rows) -> pa.Table:
        """One row per period, whether or not the answer has one."""
        found = rows.where(series.name, ())
        periods = np.array([span.period.key for span in series.spans], np.int64)
        at = _Lookup(found.period, periods)
        empty = 0.0 if self.asked.kpi.empty is Empty.ZERO else np.nan
        value = at.take(found.value, empty)
        return self._table(
            series,
            np.full(len(periods), "", object),
            periods,
            value,
            at.take(found.n, 0.0),
            at.take(found.numerator, np.nan),
            at.take(found.denominator, np.nan),
            [self._running(other, rows, (), periods, np.zeros(len(periods), np.int64)) for other in running],
            np.full(len(periods), np.nan),
        )

    def _breakdown(
        self,
        series: Series,
        running: _Running,
        rows: _Rows,
        breakdown: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> pa.Table:
        """The rows of one breakdown: cells that are not empty."""
        names, cells = breakdown
        found = rows.where(series.name, cells)
        behind = rows.where(series.name, cells, people=True)
        codes, texts = found.cells(names, cells)
        people = found.value if self.asked.kpi.by and self.counts_people else np.full(len(codes), np.nan)
        if len(behind.period):
            keys = rows.key(found.period, codes)
            people = _Lookup(rows.key(behind.period, behind.codes(cells)), keys).take(behind.value, 0.0)
        return self._table(
            series,
            texts[codes] if len(codes) else np.zeros(0, object),
            found.period,
            found.value,
            found.n,
            found.numerator,
            found.denominator,
            [self._running(other, rows, cells, found.period, codes) for other in running],
            people,
        )

    def _running(
        self,
        series: Series | None,
        rows: _Rows,
        cells: tuple[str, ...],
        periods: np.ndarray,
        codes: np.ndarray,
    ) -> np.ndarray:
        """What running periods have so far, or had by then in the period before; NaN for all others."""
        if series is None:
            return np.full(len(periods), np.nan)
        found = rows.where(series.name, cells)
        spoken = [
            span.period.key
            for span in series.spans
            if (span.last if self.asked.kpi.window else span.first) >= self.asked.timeline.begin
        ]
        empty = 0.0 if self.asked.kpi.empty is Empty.ZERO else np.nan
        keys = rows.key(periods, codes)
        values = _Lookup(rows.key(found.period, found.codes(cells)), keys).take(found.value, empty)
        return np.where(np.isin(periods, spoken), values, np.nan)

    def _table(
        self,
        series: Series,
        cells: np.ndarray,
        periods: np.ndarray,
        value: np.ndarray,
        n: np.ndarray,
        numerator: np.ndarray,
        denominator: np.ndarray,
        running: list[np.ndarray],
        people: np.ndarray,
    ) -> pa.Table:
        partial = [span.period.key for span in series.spans if span.partial]
        missing = ~np.isfinite(value)
        order = np.lexsort((cells.astype(str), periods)) if len(cells) else np.zeros(0, np.int64)
        table = pa.table(
            {
                "part": pa.array([""] * len(periods), pa.string()),
                "grain": pa.array([str(series.grain)] * len(periods), pa.string()),
                "cell": pa.array(cells, pa.string()),
                "period": pa.array(periods, pa.int64()),
                "value": _nullable(value),
                "reason": pa.array([Reason.NO_ROWS.value] * len(periods), pa.string(), mask=~missing),
                "n": _nullable(n),
                "numerator": _nullable(numerator),
                "denominator": _nullable(denominator),
                "flags": pa.array(np.isin(periods, partial) * int(Flag.PARTIAL), pa.int8()),
                "so_far": _nullable(running[0]),
                "so_far_before": _nullable(running[1]),
                "people": _nullable(people).cast(pa.int64()),
            },
            schema=NUMBERS,
        )
        return table.take(order)


_Running = tuple[Series | None, ...]


@dataclass(frozen=True)
class _Rows:
    """One request's rows of an answer as NumPy columns; cells as codes into their texts (-1: not grouped by)."""

    series: np.ndarray
    people: np.ndarray
    period: np.ndarray
    value: np.ndarray
    n: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    coded: Mapping[str, np.ndarray]
    texts: Mapping[str, list[str]]

    @classmethod
    def of(cls, rows: pa.Table, cells: list[str]) -> _Rows:
        """Read an answer; `cells` are the columns of the request's breakdowns."""
        coded, texts = {}, {}
        for cell in cells:
            column = rows[cell].combine_chunks().dictionary_encode()
            coded[cell] = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
            texts[cell] = column.dictionary.to_pylist()
        numbers = {c: _floats(rows[c]) for c in ("value", "n", "numerator", "denominator")}
        return cls(
            series=np.array(rows["series"].to_pylist(), object),
            people=rows["what"].to_numpy() == "people",
            period=rows["period"].to_numpy(),
            coded=coded,
            texts=texts,
            **numbers,
        )

    def where(self, series: str, cells: tuple[str, ...], *, people: bool = False) -> _Rows:
        """The rows of one series and one set of cells."""
        mask = (self.series == series) & (self.people == people)
        for cell, codes in self.coded.items():
            mask &= (codes >= 0) == (cell in cells)
        return _Rows(
            self.series[mask],
            self.people[mask],
            self.period[mask],
            self.value[mask],
            self.n[mask],
            self.numerator[mask],
            self.denominator[mask],
            {cell: codes[mask] for cell, codes in self.coded.items()},
            self.texts,
        )

    def codes(self, cells: tuple[str, ...]) -> np.ndarray:
        """One number per row that says which cell it is: the same number for the same cell in every `where`."""
        code = np.zeros(len(self.period), np.int64)
        for cell in cells:
            code = code * max(1, len(self.texts[cell])) + self.coded[cell]
        return code

    def cells(self, names: tuple[str, ...], cells: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """The rows' codes, and for each code the text of the cell."""
        code = self.codes(cells)
        size = int(np.prod([max(1, len(self.texts[cell])) for cell in cells]))
        texts = np.full(size, "", object)
        for number in np.unique(code):
            rest, values = int(number), []
            for cell in reversed(cells):
                rest, index = divmod(rest, max(1, len(self.texts[cell])))
                values.append(self.texts[cell][index])
            texts[number] = cell_text(tuple(zip(names, reversed(values), strict=True)))
        return code, texts

    def key(self, periods: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """One number per (period, cell)."""
        keys: np.ndarray = codes * (1 << 34) + periods
        return keys


@dataclass(frozen=True)
class _Lookup:
    """Finds wanted keys among those that are there."""

    have: np.ndarray
    want: np.ndarray

    def take(self, values: np.ndarray, default: float) -> np.ndarray:
        """The values of the wanted keys, `default` where there is none."""
        if not len(self.have):
            return np.full(len(self.want), default)
        order = np.argsort(self.have, kind="stable")
        at = np.minimum(np.searchsorted(self.have, self.want, sorter=order), len(order) - 1)
        found = order[at]
        return np.where(self.have[found] == self.want, values[found], default)


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    floats: np.ndarray = column.cast(pa.float64()).combine_chunks().fill_null(np.nan).to_numpy(zero_copy_only=False)
    return floats


def _nullable(values: np.ndarray) -> pa.Array:
    """NaN and infinity are no numbers to publish: null."""
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))

"""Read the answer of a plan: rows of (kpi, series, period, cells, value) become tables of the schema `OBSERVED`.

SQL gives only what is there. Here every total gets a row for each period that its source can speak of: 0 or *no data*,
as the KPI's `empty` says; running periods get what they have so far, and partial ones their flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import nan

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.model import Empty, Flag, Reason, Retention, cell_text
from headway.plan.draft import Asked, people_of
from headway.plan.numbers import CODE, Bools, Floats, Ints, Numbers, codes_of, floats_of, key, look_up, together
from headway.plan.rows import columns_of
from headway.plan.spans import Role, Series

#: Under which name an answer says how many entities a KPI had to leave out.
LEFT_OUT = "left out"

#: A breakdown: its columns as written, and as they are called in the answer.
_Breakdown = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Reader:
    """Reads one request's rows out of a plan's answer."""

    asked: Asked
    #: The KPI itself counts people, so its value says how many are behind it.
    counts_people: bool

    def read(self, answer: pa.Table) -> pa.Table:
        """The numbers of the request (schema `NUMBERS`), by grain, breakdown, period and cell."""
        return self.made(self.own(answer))

    def own(self, answer: pa.Table) -> pa.Table:
        """The request's rows of an answer, in columns that are called the same in the answer of every plan."""
        mine, cells = answer.filter(pc.equal(answer["kpi"], self.asked.label)), columns_of(self.asked.cells)
        return mine.select([*_OWN, *cells]).rename_columns([*_OWN, *_numbered(cells)])

    def made(self, own: pa.Table) -> pa.Table:
        """The numbers of the request from its rows."""
        cells = columns_of(self.asked.cells)
        rows = Answered.of(own.rename_columns([*_OWN, *cells]), cells)
        tables = []
        kpi = self.asked.kpi
        for part, series in product(("", *kpi.parts), self.asked.timeline.series):
            is_rolled = kpi.is_state_of(part) and series.grain is not kpi.grain
            if series.role is Role.VALUE and not is_rolled:
                tables.append(self._total(part, series, rows).table(series.grain, part))
                breakdowns = zip(kpi.breakdowns, self.asked.cells, strict=True) if series.cells else ()
                kept = [b for b in breakdowns if b[0] in kpi.by_of(part)]
                tables += [self._cells(part, series, rows, b).table(series.grain, part) for b in kept]
        return together(tables)

    def left_out(self, answer: pa.Table) -> int:
        """How many entities the KPI had to leave out."""
        mine = pc.and_(pc.equal(answer["kpi"], self.asked.label), pc.equal(answer["what"], LEFT_OUT))
        return int(pc.sum(answer.filter(mine)["value"]).as_py() or 0)

    def _total(self, part: str, series: Series, rows: Answered) -> Numbers:
        """One row per period, whether or not the answer has one."""
        found = self._found(part, series, rows, ())
        periods = np.array([span.period.key for span in series.spans], np.int64)
        cell = np.zeros(len(periods), np.int64)
        value = look_up(found.period, found.value, periods, self._empty(part))
        no_total = not self.asked.kpi.has_total(part)
        n = look_up(found.period, found.n, periods, nan if no_total else 0.0)
        return Numbers.make(
            [""],
            cell,
            periods,
            value=value,
            reason=np.full(len(periods), CODE[Reason.NO_TOTAL])
            if no_total
            else self._reason(part, series, periods, value, n),
            n=n,
            numerator=look_up(found.period, found.numerator, periods, nan),
            denominator=look_up(found.period, found.denominator, periods, nan),
            flags=self._flags(series, periods),
            so_far=self._running(part, series, Role.SO_FAR, rows, (), periods, cell),
            so_far_before=self._running(part, series, Role.BEFORE, rows, (), periods, cell),
        )

    def _cells(self, part: str, series: Series, rows: Answered, breakdown: _Breakdown) -> Numbers:
        """The rows of one breakdown: cells that are not empty."""
        names, cells = breakdown
        found = self._found(part, series, rows, cells)
        behind = self._behind(part, series, rows, cells)
        codes = found.codes(cells)
        people = found.value if self.counts_people else np.full(len(codes), nan)
        if len(behind.period):
            have, want = key(behind.codes(cells), behind.period), key(codes, found.period)
            people = look_up(have, behind.value, want, 0.0)
        different, cell = np.unique(codes, return_inverse=True)
        return Numbers.make(
            [rows.text(code, names, cells) for code in different.tolist()],
            cell.astype(np.int64),
            found.period,
            value=found.value,
            reason=self._reason(part, series, found.period, found.value, found.n),
            n=found.n,
            numerator=found.numerator,
            denominator=found.denominator,
            flags=self._flags(series, found.period),
            so_far=self._running(part, series, Role.SO_FAR, rows, cells, found.period, codes),
            so_far_before=self._running(part, series, Role.BEFORE, rows, cells, found.period, codes),
            people=people,
        )

    def _found(self, part: str, series: Series, rows: Answered, cells: tuple[str, ...]) -> Answered:
        """The rows of the value, or of a part, in one series and one set of cells."""
        return rows.where(series.name, cells, part or "value")

    def _behind(self, part: str, series: Series, rows: Answered, cells: tuple[str, ...]) -> Answered:
        """The people behind the cells of the value, or of a part."""
        if self.counts_people and part == "days":
            # Of people who are counted themselves, their days are no people.
            return rows.where(series.name, cells, "value")
        return rows.where(series.name, cells, people_of(part) if people_of(part) in rows.whats else "people")

    def _running(
        self, part: str, series: Series, role: Role, rows: Answered, cells: tuple[str, ...], periods: Ints, codes: Ints
    ) -> Floats:
        """What running periods have so far, or the period before had by then; NaN for all others."""
        timeline = self.asked.timeline
        other = next((s for s in timeline.series if s.grain is series.grain and s.role is role), None)
        if other is None:
            return np.full(len(periods), nan)
        found = self._found(part, other, rows, cells)
        values = look_up(key(found.codes(cells), found.period), found.value, key(codes, periods), self._empty(part))
        # Days before the source's first row would make the period before look small.
        whole = [s.period.key for s in other.spans if (s.last if self.asked.kpi.window else s.first) >= timeline.begin]
        return np.where(np.isin(periods, whole), values, nan)

    def _reason(self, part: str, series: Series, periods: Ints, value: Floats, n: Floats) -> Ints:
        """Why there is no value: nobody answered, or too few did; or those who are there have not been so for long."""
        few = (n > 0) & (n < self.asked.kpi.min_n)
        measure = self.asked.kpi.measure
        none = Reason.TOO_EARLY if isinstance(measure, Retention) and measure.ages else Reason.NO_ROWS
        reason: Ints = np.where(np.isfinite(value), 0, np.where(few, CODE[Reason.TOO_FEW], CODE[none]))
        return reason

    def _empty(self, part: str) -> float:
        """The value of no rows."""
        return 0.0 if self.asked.kpi.nothing(part) is Empty.ZERO else nan

    def _flags(self, series: Series, periods: Ints) -> Ints:
        partial = [span.period.key for span in series.spans if span.partial]
        flags = np.isin(periods, partial) * np.int64(Flag.PARTIAL)
        measure = self.asked.kpi.measure
        return flags | np.int64(Flag.OPEN_ENDED) if isinstance(measure, Retention) and measure.unbounded else flags


@dataclass(frozen=True)
class Answered:
    """One request's rows of an answer as NumPy columns; cells as codes into their texts (-1: not grouped by)."""

    series: Ints
    what: Ints
    period: Ints
    value: Floats
    n: Floats
    numerator: Floats
    denominator: Floats
    coded: Mapping[str, Ints]
    texts: Mapping[str, list[str]]
    names: Mapping[str, int]
    whats: Mapping[str, int]

    @classmethod
    def of(cls, rows: pa.Table, cells: list[str]) -> Answered:
        """Read an answer; `cells` are the columns of the request's breakdowns."""
        coded, texts = {}, {}
        for cell in cells:
            column = rows[cell].combine_chunks().dictionary_encode()
            coded[cell] = codes_of(column)
            texts[cell] = column.dictionary.to_pylist()
        series = rows["series"].combine_chunks().dictionary_encode()
        what = rows["what"].combine_chunks().dictionary_encode()
        return cls(
            series=codes_of(series),
            what=codes_of(what),
            period=rows["period"].to_numpy(),
            value=floats_of(rows["value"]),
            n=floats_of(rows["n"]),
            numerator=floats_of(rows["numerator"]),
            denominator=floats_of(rows["denominator"]),
            coded=coded,
            texts=texts,
            names={name: code for code, name in enumerate(series.dictionary.to_pylist())},
            whats={word: code for code, word in enumerate(what.dictionary.to_pylist())},
        )

    def where(self, series: str, cells: tuple[str, ...], what: str) -> Answered:
        """The rows of one series and one set of cells: those of the value, of a part, or of the people behind."""
        mask = (self.series == self.names.get(series, -1)) & (self.what == self.whats.get(what, -1))
        for cell, codes in self.coded.items():
            mask &= (codes >= 0) == (cell in cells)
        return self.take(mask)

    def take(self, rows: Ints | Bools) -> Answered:
        """Some of the rows: a mask or indices."""
        taken = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return Answered(**{**vars(self), **taken, "coded": {c: codes[rows] for c, codes in self.coded.items()}})

    def and_(self, other: Answered) -> Answered:
        """These rows and those of another part of the same answer."""
        joined = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in _COLUMNS}
        coded = {cell: np.concatenate([codes, other.coded[cell]]) for cell, codes in self.coded.items()}
        return Answered(**{**vars(self), **joined, "coded": coded})

    def codes(self, cells: tuple[str, ...]) -> Ints:
        """One number per row that says which cell it is: the same number for the same cell in every `where`."""
        code = np.zeros(len(self.period), np.int64)
        for cell in cells:
            code = code * max(1, len(self.texts[cell])) + self.coded[cell]
        return code

    def text(self, code: int, names: tuple[str, ...], cells: tuple[str, ...]) -> str:
        """The cell that a code stands for."""
        rest, values = code, []
        for cell in reversed(cells):
            rest, index = divmod(rest, max(1, len(self.texts[cell])))
            values.append(self.texts[cell][index])
        return cell_text(tuple(zip(names, reversed(values), strict=True)))


def _numbered(cells: list[str]) -> list[str]:
    return [f"cell {number}" for number in range(len(cells))]


#: The columns of a request's rows beside the cells.
_OWN = ("what", "series", "period", "value", "n", "numerator", "denominator")
#: The columns of `Answered` beside the cells.
_COLUMNS = ("series", "what", "period", "value", "n", "numerator", "denominator")

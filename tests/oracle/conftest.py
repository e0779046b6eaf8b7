"""The definitions of the kinds, written as plainly as Python can: one loop over rows per period. Slow and obvious."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from headway.model import Catalog, Kpi, Take, cell_text, cell_value
from headway.periods import Grain, Period

Row = Mapping[str, Any]
#: What a kind makes of some rows: None is no data.
Measure = Callable[[Sequence[Row]], float | None]
#: (grain, cell, name of the period) -> value
Expected = dict[tuple[str, str, str], float | None]


@dataclass(frozen=True)
class Oracle:
    """Brute force over the rows of one source whose column `at` is a UTC time without a zone."""

    catalog: Catalog
    rows: Sequence[Row]
    now: datetime

    def day(self, row: Row) -> date:
        """The local day of a row."""
        return self.catalog.calendar.day(row["at"].replace(tzinfo=UTC))

    @property
    def past(self) -> list[Row]:
        """Rows that have a time, up to now."""
        return [r for r in self.rows if r["at"] is not None and r["at"].replace(tzinfo=UTC) <= self.now]

    def cells(self, breakdown: Sequence[str], rows: Iterable[Row]) -> dict[str, list[Row]]:
        """The rows of each cell of a breakdown; a list puts a row into several cells."""
        found: dict[str, list[Row]] = {}
        for row in rows:
            for values in _product([_values(row[column]) for column in breakdown]):
                found.setdefault(cell_text(tuple(zip(breakdown, values, strict=True))), []).append(row)
        return found

    def periods(self, grain: Grain) -> list[Period]:
        """Every period the rows can speak of: of the last day's hours those that have begun."""
        if not self.past:
            return []
        days = [self.day(r) for r in self.past]
        periods = self.catalog.calendar.between(grain, min(days), max(days))
        if grain is not Grain.HOUR:
            return periods
        moments = [r["at"].replace(tzinfo=UTC) for r in self.past]
        return [p for p in periods if p.end > min(moments) and p.start <= max(moments)]

    def own_last(self, period: Period, *, state: bool) -> date:
        """The day at whose end a period is looked at."""
        return min(period.last, self.catalog.calendar.last_complete_day(self.now)) if state else period.last

    def flow(self, kpi: Kpi, measure: Measure, keep: Callable[[Row], bool] = lambda row: True) -> Expected:
        """A flow, or with a window a state, in every grain and cell that is stored."""
        expected: Expected = {}
        rows = [r for r in self.past if keep(r)]
        for cells, grain, of_cell in self._tables(kpi, rows):
            for cell, some in cells.items():
                for period in self.periods(grain):
                    if (span := self._span(kpi, period)) is None:
                        continue
                    if grain is Grain.HOUR:
                        inside = [r for r in some if period.start <= r["at"].replace(tzinfo=UTC) < period.end]
                    else:
                        inside = [r for r in some if span[0] <= self.day(r) <= span[1]]
                    value = measure(inside)
                    # A cell is stored where there is something to measure; what is kept by `keep` can be measured.
                    if not of_cell or (inside and value is not None):
                        expected[grain, cell, period.name] = value
        return self.rolled(kpi, expected) if kpi.is_state else expected

    def _tables(self, kpi: Kpi, rows: list[Row]) -> Iterator[tuple[dict[str, list[Row]], Grain, bool]]:
        for grain in (kpi.grain,) if kpi.is_state else kpi.grains():
            yield {"": rows}, grain, False
        for breakdown in kpi.by:
            for grain in (kpi.grain,) if kpi.is_state else kpi.grains(cell=True):
                yield self.cells(breakdown, rows), grain, True

    def _span(self, kpi: Kpi, period: Period) -> tuple[date, date] | None:
        beginning = min(self.day(r) for r in self.past)
        last = self.own_last(period, state=kpi.is_state)
        if last < beginning:
            return None
        return self.catalog.calendar.span(kpi.window, replace(period, last=last), beginning)

    def rolled(self, kpi: Kpi, own: Expected) -> Expected:
        """A state's longer periods from its own values, `take: last`."""
        assert kpi.take is Take.LAST
        expected = {k: v for k, v in own.items() if k[1] == "" or kpi.grain in kpi.grains(cell=True)}
        for grain in kpi.grains()[1:]:
            last: dict[str, Period] = {}
            for period in self.periods(kpi.grain):
                longer = self.catalog.calendar.period(grain, period.last)
                if (kpi.grain, "", period.name) in own and longer.start <= self.now:
                    last[longer.name] = period
            for (_, cell, name), value in own.items():
                if cell and grain not in kpi.grains(cell=True):
                    continue
                for taken, period in last.items():
                    if period.name == name:
                        expected[grain, cell, taken] = value
        return expected


def _values(value: Any) -> list[str]:
    if isinstance(value, list):
        return sorted({cell_value(v) for v in value if v is not None}) or ["(none)"]
    return [cell_value(value)]


def _product(lists: list[list[str]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for values in lists:
        found = [(*f, v) for f in found for v in values]
    return found


def agree(expected: Expected, numbers: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> None:
    """Stored numbers are the expected ones: none more, none less, none else."""
    found = {key: row["value"] for key, row in numbers.items()}
    wrong = {
        key: (expected.get(key, "absent"), found.get(key, "absent"))
        for key in {*expected, *found}
        # A cell that is 0 may be stored or implied.
        if not (key[1] and {expected.get(key, 0), found.get(key, 0)} == {0})
        and not _same(expected.get(key, "absent"), found.get(key, "absent"))
    }
    assert not wrong, f"(expected, found): {dict(sorted(wrong.items())[:5])}"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-9 * max(1.0, abs(a))
    return bool(a == b)


@pytest.fixture
def oracle() -> type[Oracle]:
    """Brute force."""
    return Oracle


@pytest.fixture
def check() -> Callable[..., None]:
    """Compares what was expected with what is stored."""
    return agree

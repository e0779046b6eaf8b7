"""`spread`: the cells of a KPI seen as a distribution, such as monthly active users across hubs.

Formula. With the values of a period's n cells in order, x[0] <= ... <= x[n-1], and the level p between 0 and 1, let
h = p * (n - 1), i = floor(h): the quantile is x[i] + (h - i) * (x[i+1] - x[i]). The value is that at 0.5, the median.

Unit: the KPI's own; `groups` and the bins count cells.

Edge cases. Cells at 0 are left out, unless `zeros: true`, which also counts a cell that has been there and is empty
now; cells without data, or with too few answers, are left out always. Every period, also a longer one, looks at the
cells of that period, so nothing is rolled up. A running period is compared with the cells of the same span of the
period before. A bin holds what is at its lower bound or above, and below its upper one. Without cells there is no
median, and 0 groups.

A cell that is withheld for its small group takes part with its true value. What would give it away is withheld as well:
all but `groups` where there are fewer than `min_group_size` cells, or only one is withheld; and where fewer than
`min_group_size` of them are, the quantiles that fall on one of them, and the bins. If a failed check withholds a cell,
nobody knows its value, and the spread is withheld.

Parts. The quantiles that are asked for, `mean`, `groups`, and one count per bin: `below_1`, `from_1`, `from_10`.

Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), definition 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np
import pyarrow as pa

from headway.model import Catalog, Flag, Kpi, Reason, Spread
from headway.plan.members import Members, Tables, add, count, members, standing
from headway.plan.numbers import CODE, WITHHELD, Bools, Floats, Ints, Numbers, key, parts_of, together


def spread(catalog: Catalog, kpi: Kpi, shown: Tables, whole: Tables) -> pa.Table:
    """A spread's numbers at every grain (schema `OBSERVED` + `people`, which is null).

    `shown` and `whole` hold the tables of all KPIs: as they are shown, and as if no group were too small.
    """
    measure = kpi.measure
    assert isinstance(measure, Spread)
    tables = []
    for grain in kpi.grains():
        cells = members(catalog, kpi, measure.across, grain, shown, whole, zeros=measure.zeros)
        for by in ((), *(kpi.by if grain in kpi.grains(cell=True) else ())):
            groups = _Groups(measure, cells, by, catalog.min_group_size)
            tables += [numbers.table(grain, part) for part, numbers in groups.numbers()]
    return together(tables)


@dataclass(frozen=True)
class _Lens:
    """One column of the members, computed for every group: each part's value, and where it would tell too much."""

    values: dict[str, Floats]
    telling: dict[str, Bools]
    n: Ints


class _Groups:
    """The members of each cell of one breakdown, and period by period. Groups are numbered."""

    def __init__(self, measure: Spread, cells: Members, by: tuple[str, ...], least: int) -> None:
        self.measure, self.cells, self.least = measure, cells, least
        self.names, cell = cells.grouped(by)
        rows = key(cell, cells.numbers.period)
        self.keys = np.unique(rows) if by else key(np.zeros(len(cells.periods), np.int64), cells.periods)
        self.group = np.searchsorted(self.keys, rows).astype(np.int64)
        self.cell, self.period = parts_of(self.keys)
        self.by = by

    def numbers(self) -> Iterator[tuple[str, Numbers]]:
        """The value, and every part."""
        rows, size = self.cells.numbers, len(self.keys)
        at = np.searchsorted(self.cells.periods, self.period)
        total = np.zeros(size, np.int64) if self.by else self.cells.reason[at]
        partial = self.cells.partial[at]
        now = self._lens(rows.value, self.cells.hidden)
        so_far = self._lens(rows.so_far, self.cells.hidden)
        before = self._lens(rows.so_far_before, self.cells.hidden_before)
        why = standing(total, count(self.group, size, rows.reason >= WITHHELD) > 0)
        why = np.where((why < WITHHELD) & (now.n > 0), 0, why)
        for part in ("", *self.measure.parts):
            telling = now.telling[part]
            reason = np.where((why == 0) & telling, CODE[Reason.GROUP_TOO_SMALL], why)
            reason = np.where((reason == 0) & np.isnan(now.values[part]), CODE[Reason.NO_ROWS], reason)
            told = reason < WITHHELD
            yield (
                part,
                Numbers.make(
                    self.names,
                    self.cell,
                    self.period,
                    value=np.where(reason == 0, now.values[part], nan),
                    reason=reason,
                    n=np.where(told, now.n, nan),
                    flags=partial * np.int64(Flag.PARTIAL),
                    so_far=np.where(told & partial & ~so_far.telling[part], so_far.values[part], nan),
                    so_far_before=np.where(told & partial & ~before.telling[part], before.values[part], nan),
                ),
            )

    def _lens(self, values: Floats, hidden: Bools) -> _Lens:
        size = len(self.keys)
        counted = np.flatnonzero(np.isfinite(values) & ((values != 0) | self.measure.zeros))
        counted = counted[np.lexsort((values[counted], self.group[counted]))]
        value, group, hidden = values[counted], self.group[counted], hidden[counted]
        n, secret = count(group, size, np.ones(len(group), np.bool_)), count(group, size, hidden)
        start = np.cumsum(n) - n
        alone = (secret > 0) & ((n < self.least) | (secret == 1))
        few = (secret > 0) & (secret < self.least)
        found = {"groups": n.astype(np.float64)}
        telling = {"groups": np.zeros(size, np.bool_), "mean": alone}
        with np.errstate(invalid="ignore"):
            found["mean"] = add(group, size, value) / np.where(n > 0, n, nan)
        for name, level in {"": 0.5, **self.measure.levels}.items():
            found[name], touches = _quantile(level, value, hidden, start, n)
            telling[name] = alone | (few & touches)
        into = np.searchsorted(self.measure.bins, value, "right")
        for number, name in enumerate(self.measure.bounds):
            found[name] = count(group, size, into == number).astype(np.float64)
            telling[name] = alone | few
        return _Lens(found, telling, n)


def _quantile(level: float, values: Floats, hidden: Bools, start: Ints, n: Ints) -> tuple[Floats, Bools]:
    """The quantile of each group of sorted values, and whether a hidden one is part of it."""
    some = n > 0
    if not len(values):
        return np.full(len(n), nan), np.zeros(len(n), np.bool_)
    place = level * np.maximum(n - 1, 0)
    low = np.floor(place).astype(np.int64)
    first = np.where(some, start + low, 0)
    second = np.where(some, start + np.minimum(low + 1, np.maximum(n - 1, 0)), 0)
    share = place - low
    value = values[first] + share * (values[second] - values[first])
    return np.where(some, value, nan), some & (hidden[first] | ((share > 0) & hidden[second]))

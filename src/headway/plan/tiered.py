"""`tiered`: each cell of a KPI priced by marginal tiers, and added up, such as the fees of clusters for their users.

Formula. With tiers that end at u[1] < u[2] < ... (the last one at infinity), u[0] = 0, and the price e[i] of each one
within tier i, a cell at v costs the sum over i of e[i] * (min(v, u[i]) - u[i-1]) where v > u[i-1].

Unit: money by rights, so that of `unit`.

Edge cases. The v of a cell is the KPI's value for an own period of this one: `grain: month` prices each month's
value, and a quarter or year is the sum of its months. A cell below 0 costs nothing. A cell without a row, or without
data, adds nothing; an own period in which the KPI itself has no data has no price, nor have the longer ones that hold
it. A running period's price is that of the cells' values so far.

A cell that is withheld for its small group is part of the total with its true value; its own price is withheld, and the
smallest other price with it if subtraction would give it away. If a failed check withholds a cell, nobody knows its
value, and the total is withheld.

Parts. None.

Source: marginal tiers, as of income taxes; also called graduated pricing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import nan
from typing import Any

import numpy as np
import pyarrow as pa

from headway.model import Catalog, Flag, Kpi, Reason, Tiered
from headway.periods import Grain
from headway.plan.members import Members, Tables, add, count, members, standing
from headway.plan.numbers import CODE, WITHHELD, Bools, Floats, Ints, Numbers, find, key, parts_of, together
from headway.plan.spans import is_cut, period_of_day, period_of_key, periods_between


def tiered(catalog: Catalog, kpi: Kpi, shown: Tables, whole: Tables, now: datetime) -> pa.Table:
    """The prices at every grain (schema `OBSERVED` + `people`, which is null).

    `shown` and `whole` hold the tables of all KPIs: as they are shown, and as if no group were too small.
    """
    measure = kpi.measure
    assert isinstance(measure, Tiered)
    cells = members(catalog, kpi, measure.across, kpi.grain, shown, whole)
    tables = []
    for by in ((), *kpi.by):
        own = _of_cells(measure, cells, by) if by else _of_total(catalog, kpi, measure, cells)
        for grain in kpi.grains(cell=bool(by)):
            rows = own if grain is kpi.grain else _longer(catalog, kpi, own, grain, now)
            tables.append((_with_companions(rows) if by else rows).table(grain))
    return together(tables)


def price(values: Floats, tiers: tuple[tuple[float | None, float], ...]) -> Floats:
    """What each value costs."""
    cost, low = np.zeros(len(values)), 0.0
    for up_to, each in tiers:
        high = np.inf if up_to is None else up_to
        cost += each * np.clip(values - low, 0.0, high - low)
        low = high
    return cost


def _of_total(catalog: Catalog, kpi: Kpi, measure: Tiered, cells: Members) -> Numbers:
    """The price of all cells together, for every own period from the KPI's first to its last."""
    calendar, rows = catalog.calendar, cells.numbers
    if not len(cells.periods):
        return Numbers.empty()
    ends = [period_of_key(calendar, kpi.grain, int(cells.periods[at])).first for at in (0, -1)]
    periods = np.array([p.key for p in periods_between(calendar, kpi.grain, *ends)], np.int64)
    at, known = find(cells.periods, periods)
    size, group = len(periods), np.searchsorted(periods, rows.period)
    has = count(group, size, np.isfinite(rows.value)) > 0
    reason = np.where(known, cells.reason[at], CODE[Reason.NO_ROWS])
    why = standing(np.where(has & (reason < WITHHELD), 0, reason), count(group, size, rows.reason >= WITHHELD) > 0)
    partial = known & cells.partial[at]
    return _priced(measure, [""], np.zeros(size, np.int64), periods, rows, group, why, partial)


def _of_cells(measure: Tiered, cells: Members, by: tuple[str, ...]) -> Numbers:
    """The price of each cell of a breakdown, in the periods in which one of its members has a value."""
    rows = cells.numbers
    names, cell = cells.grouped(by)
    keys, group = np.unique(key(cell, rows.period), return_inverse=True)
    size = len(keys)
    has = count(group, size, np.isfinite(rows.value)) > 0
    held = count(group, size, rows.reason >= WITHHELD) > 0
    # A hidden member alone could be worked out from the sum.
    small = count(group, size, cells.hidden) == 1
    why = np.where(held, CODE[Reason.INPUT_WITHHELD], np.where(small, CODE[Reason.GROUP_TOO_SMALL], 0))
    of, period = parts_of(keys)
    partial = cells.partial[np.searchsorted(cells.periods, period)]
    priced = _priced(measure, names, of, period, rows, group, why, partial)
    was_small = count(group, size, cells.hidden_before) > 0
    shown = replace(priced, so_far_before=np.where(was_small, nan, priced.so_far_before))
    return shown.take(has | held)


def _priced(
    measure: Tiered,
    names: list[str],
    cell: Ints,
    period: Ints,
    rows: Numbers,
    group: Ints,
    why: Ints,
    partial: Bools,
) -> Numbers:
    value = add(group, len(period), price(rows.value, measure.tiers))
    running = {}
    for name in ("so_far", "so_far_before"):
        column = getattr(rows, name)
        known = partial & (why == 0) & (count(group, len(period), np.isfinite(column)) > 0)
        running[name] = np.where(known, add(group, len(period), price(column, measure.tiers)), nan)
    return Numbers.make(
        names,
        cell,
        period,
        value=np.where(why == 0, value, nan),
        reason=why,
        flags=partial * np.int64(Flag.PARTIAL),
        **running,
    )


def _longer(catalog: Catalog, kpi: Kpi, own: Numbers, grain: Grain, now: datetime) -> Numbers:
    """The sums of own periods. One of them that is withheld, or has no price, leaves the longer one without."""
    calendar, late = catalog.calendar, catalog.settles_after(kpi.name)
    own_periods, at = np.unique(own.period, return_inverse=True)
    longer = [period_of_day(calendar, grain, period_of_key(calendar, kpi.grain, k).last) for k in own_periods.tolist()]
    holds = np.array([period.key for period in longer], np.int64)[at]
    partial = [p.key for p in longer if calendar.is_partial(p, now, late) or is_cut(kpi, p)]
    keys, group = np.unique(key(own.cell, holds), return_inverse=True)
    cell, period = parts_of(keys)
    why = np.zeros(len(keys), np.int64)
    np.maximum.at(why, group, own.reason)
    runs = np.isin(period, partial) | (count(group, len(keys), (own.flags & Flag.PARTIAL) != 0) > 0)
    return Numbers.make(
        own.cells,
        cell,
        period,
        value=np.where(why == 0, add(group, len(keys), own.value), nan),
        reason=why,
        flags=runs * np.int64(Flag.PARTIAL),
    )


def _with_companions(rows: Numbers) -> Numbers:
    """Where a small group's price is the only one withheld in a period, withhold the smallest other one, too."""
    small = rows.reason == CODE[Reason.GROUP_TOO_SMALL]
    periods, at = np.unique(rows.period, return_inverse=True)
    single = count(at, len(periods), small) == 1
    others = np.flatnonzero(single[at] & (rows.reason == 0) & (rows.value > 0))
    others = others[np.lexsort((rows.value[others], at[others]))]
    _, first = np.unique(at[others], return_index=True)
    chosen = np.zeros(len(rows), np.bool_)
    chosen[others[first]] = True
    hidden: dict[str, Any] = {
        name: np.where(chosen, nan, getattr(rows, name)) for name in ("value", "so_far", "so_far_before")
    }
    return replace(rows, reason=np.where(chosen, CODE[Reason.GROUP_TOO_SMALL], rows.reason), **hidden)

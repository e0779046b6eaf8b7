"""The cells of one KPI as members of groups: what `spread` looks at, and `tiered` prices.

A cell that is withheld because few people are behind it takes part with its true value. So these kinds read two tables
of one KPI: its numbers as they are shown, and the same as if no group were too small. What is made of them is shown
only where it does not give such a cell away; `hidden` says which members are such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from headway.model import Catalog, Cell, Flag, Kpi, Reason, cell_text, read_cell
from headway.periods import Calendar, Grain, Period
from headway.plan.numbers import CODE, WITHHELD, Bools, Floats, Ints, Numbers, find, key
from headway.plan.requests import Request
from headway.plan.spans import is_cut, is_tracked, period_of_key

#: Tables of numbers by request.
Tables = Mapping[Request, pa.Table]


@dataclass(frozen=True)
class Members:
    """The cells of one breakdown of a KPI at one grain, and the periods that it speaks of."""

    cells: Sequence[Cell]
    #: One row per cell and period; `cell` indexes `cells`. Values are the true ones.
    numbers: Numbers
    #: Which rows are withheld because their group is too small, and which were in the period before.
    hidden: Bools
    hidden_before: Bools
    #: The periods, which of them are partial, and why the KPI's total has no value there (0 where it has one).
    periods: Ints
    partial: Bools
    reason: Ints

    def grouped(self, by: Sequence[str]) -> tuple[list[str], Ints]:
        """The cells of a breakdown that the rows belong to, as texts, and which of them each row is in."""
        names: dict[str, int] = {} if by else {"": 0}
        group = [
            names.setdefault(cell_text(tuple((column, dict(cell)[column]) for column in by)), len(names))
            for cell in self.cells
        ]
        return list(names), np.array(group, np.int64)[self.numbers.cell]


def members(
    catalog: Catalog,
    kpi: Kpi,
    across: Sequence[str],
    grain: Grain,
    shown: Tables,
    whole: Tables,
    *,
    zeros: bool = False,
) -> Members:
    """What a KPI over the cells of another one reads at one grain.

    `shown` and `whole` are the tables of all KPIs: as they are shown, and as if no group were too small. With `zeros` a
    cell that has been there and is empty now is a member, too, if no rows mean 0.
    """
    read = catalog.kpis[kpi.inputs[0]]
    true = Numbers.of(whole[Request.of(read)], grain)
    public = Numbers.of(shown[Request.of(read)], grain)
    calendar = catalog.calendar
    kept = [k for k in np.unique(true.period).tolist() if is_tracked(kpi, period_of_key(calendar, grain, k))]
    periods = np.array(kept, np.int64)
    true = true.take(np.isin(true.period, periods))
    # A score from too few answers says nothing of its cell, for whomever: it is as if there were none.
    true = replace(true, reason=np.where(true.reason == CODE[Reason.TOO_FEW], CODE[Reason.NO_ROWS], true.reason))
    totals = true.take(np.isin(true.cell, [n for n, text in enumerate(true.cells) if not text]))
    rows = _across(true, across)
    at, found = find(totals.period, periods)
    reason = np.where(found, totals.reason[at], 0) if len(totals) else np.zeros(len(periods), np.int64)
    if zeros and read.zero_when_absent():
        spoken = [period_of_key(calendar, grain, k) for k in periods[(reason == 0) & found].tolist()]
        shortest = _across(Numbers.of(whole[Request.of(read)], read.by_grain), across)
        rows = _filled(rows, spoken, _begun(calendar, shortest, read.by_grain))
    hidden = _hidden(rows.cells, key(rows.cell, rows.period), true, public)
    before = np.array([calendar.previous(period_of_key(calendar, grain, k)).key for k in kept], np.int64)
    previous = before[np.searchsorted(periods, rows.period)] if len(rows) else rows.period
    cut = [k for k in kept if is_cut(kpi, period_of_key(calendar, grain, k))]
    running = true.period[(true.flags & Flag.PARTIAL) != 0]
    return Members(
        [read_cell(text) for text in rows.cells],
        rows,
        hidden=hidden,
        hidden_before=_hidden(rows.cells, key(rows.cell, previous), true, public),
        periods=periods,
        partial=np.isin(periods, [*running.tolist(), *cut]),
        reason=reason,
    )


def _across(rows: Numbers, across: Sequence[str]) -> Numbers:
    """The rows of one breakdown, and no other cells."""
    mine = [n for n, text in enumerate(rows.cells) if {column for column, _ in read_cell(text)} == {*across}]
    rows = rows.take(np.isin(rows.cell, mine))
    return replace(rows, cells=[rows.cells[n] for n in mine], cell=np.searchsorted(mine, rows.cell))


def _begun(calendar: Calendar, rows: Numbers, grain: Grain) -> dict[str, date]:
    """The first day of the first period in which each cell has a row."""
    first = np.full(len(rows.cells), np.iinfo(np.int64).max)
    np.minimum.at(first, rows.cell, rows.period)
    return {text: period_of_key(calendar, grain, k).first for text, k in zip(rows.cells, first.tolist(), strict=True)}


def _filled(rows: Numbers, periods: Sequence[Period], begun: Mapping[str, date]) -> Numbers:
    """The rows, and a 0 for each cell that has begun by the end of a period, and has no row in it."""
    cells = list(dict.fromkeys([*rows.cells, *begun]))
    there = set(zip(rows.cell.tolist(), rows.period.tolist(), strict=True))
    absent = [
        (cell, period.key)
        for cell, text in enumerate(cells)
        for period in periods
        if begun.get(text, date.max) <= period.last and (cell, period.key) not in there
    ]
    cell, period = (np.array([pair[side] for pair in absent], np.int64) for side in (0, 1))
    zero = np.zeros(len(absent))
    empty = Numbers.make(cells, cell, period, value=zero, so_far=zero, so_far_before=zero)
    columns: dict[str, Any] = {
        f.name: np.concatenate([getattr(rows, f.name), getattr(empty, f.name)])
        for f in fields(rows)
        if f.name != "cells"
    }
    return replace(rows, cells=cells, **columns)


def _hidden(cells: Sequence[str], wanted: Ints, true: Numbers, public: Numbers) -> Bools:
    """Which keys (cell of `cells`, period) have a value that is not shown."""
    numbers = {text: number for number, text in enumerate(cells)}
    renamed = np.array([numbers.get(text, len(numbers)) for text in public.cells], np.int64)
    held = public.reason >= WITHHELD
    secret = key(renamed[public.cell[held]], public.period[held])
    known = key(true.cell, true.period)[true.reason == 0]
    hidden: Bools = np.isin(wanted, np.intersect1d(secret, known))
    return hidden


def standing(reason: Ints, held: Bools) -> Ints:
    """Why what is made of an input has no value: the input is withheld (or `held`), or has no data. Else 0."""
    missing = np.where(reason > 0, CODE[Reason.INPUT_MISSING], 0)
    return np.where(held | (reason >= WITHHELD), CODE[Reason.INPUT_WITHHELD], missing)


def count(group: Ints, size: int, rows: Bools) -> Ints:
    """How many rows of each group something holds for."""
    return np.bincount(group[rows], minlength=size).astype(np.int64)


def add(group: Ints, size: int, values: Floats) -> Floats:
    """The sum of each group's values, those that are missing left out."""
    has = np.isfinite(values)
    return np.bincount(group[has], weights=values[has], minlength=size).astype(np.float64)

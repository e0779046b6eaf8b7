"""`lasts`: for how many coming months a balance stays at or above zero, such as the runway of an organisation.

Formula. With the balance b at the end of a month t, and of each coming month t + k what it adds, plus[k], takes,
less[k], and pays of what it adds, fee[k]: left[0] = b, left[k] = left[k-1] + plus[k] - less[k] - fee[k] * plus[k].
The value is the number of months before the first k with left[k] < 0.

Unit: months.

Edge cases. Each of the three is a formula. A function of the past in it, such as `mean(costs)`, is read at t and held
constant. A KPI by itself is read in the month t + k: numbers that are entered for it, also ahead of time, or what an
`accrue`, `sum` or `count` over a source with `known_on` knows of that month at t. Where the first of the entered ones
is not known any more the known horizon ends: if the balance has lasted until then, the value is that number of
months, flagged as *at least*; so it is after 60 months. If not even the first month is known there is no data. A
balance below zero lasts 0 months. A billionth of what has flowed is nothing: sums of cents must not run out for a
hair. The running month begins with the balance of the last complete day.

Parts. None.

Source: the usual runway of cash, month by month instead of by division; with constant flows it is the whole part of
balance / (less - plus).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from math import nan

import numpy as np
import pyarrow as pa

from headway.catalog.formula import inputs, parse
from headway.model import Catalog, Expression, Flag, Formula, Kpi, Lasts, Reason
from headway.periods import Grain, add_months, day_of, epoch_day
from headway.plan.formula import evaluate
from headway.plan.members import Tables
from headway.plan.numbers import CODE, WITHHELD, Bools, Floats, Ints, Numbers, find
from headway.plan.requests import MONTHS_AHEAD, Request, months_ahead


def lasts(catalog: Catalog, kpi: Kpi, tables: Tables, ahead: Tables, now: datetime) -> pa.Table:
    """The months that a balance lasts, at the end of every month (schema `OBSERVED` + `people`, which is null).

    `tables` are the numbers of all KPIs, `ahead` those that are entered, for periods to come as well.
    """
    measure = kpi.measure
    assert isinstance(measure, Lasts)
    balance = _total(tables[Request.of(catalog.kpis[measure.balance])])
    if not len(balance):
        return balance.table(Grain.MONTH)
    flows = _Flows(catalog, kpi, tables, ahead, now, balance.period)
    left, spent = balance.value.copy(), np.abs(balance.value)
    lasted = np.zeros(len(left))
    reason = balance.reason.copy()
    going = (reason == 0) & (left >= 0)
    unknown = np.zeros(len(left), np.bool_)
    for month in range(1, MONTHS_AHEAD + 1):
        if not going.any():
            break
        less, plus, fee = (flows.of(text, month) for text in (measure.less, measure.plus, measure.fee))
        known = less.known & plus.known & fee.known
        if month == 1:
            missing = np.maximum.reduce([less.reason, plus.reason, fee.reason])
            why = np.where(missing >= WITHHELD, CODE[Reason.INPUT_WITHHELD], CODE[Reason.INPUT_MISSING])
            reason = np.where(going & ~known, why, reason)
            going &= known
        unknown |= going & ~known
        going &= known
        left = np.where(going, left + plus.value - less.value - fee.value * plus.value, left)
        spent = np.where(going, spent + np.abs(plus.value) + np.abs(less.value), spent)
        going &= left >= -1e-9 * spent
        lasted += going
    withheld = balance.reason >= WITHHELD
    reason = np.where(withheld, CODE[Reason.INPUT_WITHHELD], np.where(reason > 0, reason, 0))
    flags = (balance.flags & Flag.PARTIAL) | (going | unknown) * np.int64(Flag.AT_LEAST)
    return Numbers.make(
        [""],
        np.zeros(len(lasted), np.int64),
        balance.period,
        value=np.where(reason == 0, lasted, nan),
        reason=reason,
        flags=flags,
    ).table(Grain.MONTH)


@dataclass(frozen=True)
class _Flow:
    """What one formula is in one coming month, for every month in which it is asked."""

    value: Floats
    reason: Ints

    @property
    def known(self) -> Bools:
        """Where it has a value."""
        known: Bools = self.reason == 0
        return known


@dataclass(frozen=True)
class _Flows:
    """Evaluates the formulas, month by month ahead."""

    catalog: Catalog
    kpi: Kpi
    tables: Tables
    ahead: Tables
    now: datetime
    periods: Ints
    #: Formulas of the past alone are the same in every coming month.
    _constant: dict[str, _Flow] = field(default_factory=dict)

    def of(self, text: Expression | None, month: int) -> _Flow:
        """A formula's value, `month` months after each of the periods."""
        if text is None:
            return _Flow(np.zeros(len(self.periods)), np.zeros(len(self.periods), np.int64))
        if text.text in self._constant:
            return self._constant[text.text]
        tree = parse(text.text)
        reads = inputs(tree)
        if not reads:
            return _Flow(np.full(len(self.periods), float(tree.name)), np.zeros(len(self.periods), np.int64))
        assert isinstance(self.kpi.measure, Lasts)
        # A formula is asked for the periods of its inputs. With the balance among them that is every month of it.
        dated = Expression(f"({text.text}) + 0 * {self.kpi.measure.balance}", text.place)
        formula = replace(
            self.kpi, measure=Formula(dated, self.kpi.inputs), by=(), grain=Grain.MONTH, by_grain=Grain.MONTH
        )
        shifted: dict[Request, pa.Table] = {}
        for read in reads:
            if not read.over and not read.back:
                later = self._later(self.catalog.kpis[read.kpi], month)
                # The window is that of functions of the past: what is read ahead is a month's, also where it is a flow.
                shifted[Request.of(self.catalog.kpis[read.kpi])] = later
                shifted[Request(read.kpi, self.kpi.window, Grain.MONTH)] = later
        found = Numbers.of(evaluate(self.catalog, formula, {**self.tables, **shifted}, self.now), Grain.MONTH)
        at, there = find(found.period, self.periods)
        if not len(found):
            return _Flow(np.full(len(self.periods), nan), np.full(len(self.periods), CODE[Reason.INPUT_MISSING]))
        reason = np.where(there, found.reason[at], CODE[Reason.INPUT_MISSING])
        flow = _Flow(np.where(there, found.value[at], nan), reason)
        if not shifted:
            self._constant[text.text] = flow
        return flow

    def _later(self, kpi: Kpi, month: int) -> pa.Table:
        """A KPI's numbers of so many months later, dated by the month in which they are asked for."""
        if known := months_ahead(self.catalog, kpi):
            return self._added(known[month - 1], known[month - 2] if month > 1 else None)
        numbers = Numbers.of(self.ahead[Request.of(kpi)], Grain.MONTH)
        first = [epoch_day(add_months(day_of(period), -month)) for period in numbers.period.tolist()]
        return replace(numbers, period=np.array(first, np.int64), flags=np.zeros(len(first), np.int64)).table(
            Grain.MONTH
        )

    def _added(self, longer: Request, shorter: Request | None) -> pa.Table:
        """What the last month of a longer look ahead adds to a shorter one."""
        table = self.tables[longer]
        if shorter is None:
            return table
        whole, less = _total(table), _total(self.tables[shorter])
        at, found = find(less.period, whole.period)
        value = np.where(found, whole.value - less.value[at], nan)
        return replace(whole, value=value, reason=np.maximum(whole.reason, less.reason[at])).table(Grain.MONTH)


def _total(table: pa.Table) -> Numbers:
    """The months of the total."""
    numbers = Numbers.of(table, Grain.MONTH)
    return numbers.take(np.array([text == "" for text in numbers.cells], np.bool_)[numbers.cell])

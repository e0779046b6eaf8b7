"""`formula: (revenue - costs) / revenue`: arithmetic over KPIs and their parts, for each period and cell.

Formula. The expression itself, over its inputs for the same period and cell. A longer period's is that of its inputs
for the longer period: a ratio of sums, never a mean of ratios.

Unit. None, unless `unit` says; a growth is a fraction, so `unit: percent` fits it.

Edge cases. No data in any input makes no data, also inside `least`, `greatest` and `case`; only `coalesce` catches it.
A division by 0 is no data, with its own reason. Withheld in, withheld out. Only the branch that is taken counts. A cell
that an input lacks is what that input's kind says of nothing: 0, or no data; so a formula that adds, subtracts and
scales such zeros is 0 itself where it has no row.

Source: [language](language.md#formulas).

It is evaluated for whole columns of periods and cells at once, from stored numbers and never in SQL, where
`least(60, NULL)` is 60; up to three times: over its inputs' values, over what running periods have so far, and over
what the periods before had by then. What each input is in a period, `reading.py` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import nan

import numpy as np
import pyarrow as pa
from sqlglot import exp

from headway.catalog.formula import Input, parse, reading
from headway.catalog.formula import inputs as mentions
from headway.model import TOTAL, Catalog, Cell, Flag, Formula, Kpi, Reason, cell_text, read_cell
from headway.plan.numbers import (
    CODE,
    ROUNDING,
    SPREADING,
    WITHHELD,
    Bools,
    Floats,
    Ints,
    Numbers,
    find,
    key,
    parts_of,
    together,
)
from headway.plan.reading import Readings
from headway.plan.requests import Request
from headway.plan.spans import is_cut, is_tracked


def evaluate(catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], now: datetime) -> pa.Table:
    """The numbers of a formula (schema `OBSERVED` + `people`, which is null).

    `inputs` holds everything computed so far, formulas and typed numbers included, each under `Request.of(kpi)`, and
    the flows of windowed formulas under their own request; states already rolled up. A formula with a window gives
    its own grain only: it is a state, so `rollup` makes the rest.
    """
    assert isinstance(kpi.measure, Formula)
    tree = parse(kpi.measure.expression.text)
    reads = tuple(dict.fromkeys(mentions(tree)))
    parts = []
    for grain in (kpi.grain,) if kpi.window else kpi.grains():
        keeps_cells = kpi.window is not None or grain in kpi.grains(cell=True)
        for breakdowns in ([()], list(kpi.by) if keeps_cells else []):
            cells = breakdowns != [()]
            readings = Readings(
                catalog, kpi, reads, inputs, grain, now, cells, lambda k: evaluate(catalog, k, inputs, now)
            )
            shelf = {read: readings.of(read) for read in (reads if breakdowns else ())}
            parts += [
                _Evaluation(kpi, tree, readings, shelf, breakdown).numbers().table(grain) for breakdown in breakdowns
            ]
    return together(parts)


# -- evaluation --------------------------------------------------------------------------------------------------------


class _Lens(Enum):
    """Which of its inputs' columns a formula is evaluated over."""

    VALUE = "value"
    SO_FAR = "so_far"
    BEFORE = "so_far_before"


@dataclass(frozen=True)
class _Column:
    """Numbers in the middle of an evaluation: each a value, or the code of the reason why there is none."""

    value: Floats
    reason: Ints

    @property
    def ok(self) -> Bools:
        """Where there is a value."""
        has: Bools = self.reason == 0
        return has

    @property
    def missing(self) -> Bools:
        """Where there is no data, and nothing is withheld."""
        missing: Bools = (self.reason > 0) & (self.reason < WITHHELD)
        return missing


@dataclass
class _Evaluation:
    """One formula at one grain, for its total or one breakdown. Rows are (cell, period); cells are numbered."""

    kpi: Kpi
    tree: exp.Expr
    readings: Readings
    shelf: Mapping[Input, Numbers]
    breakdown: tuple[str, ...]

    def __post_init__(self) -> None:
        self._cells: dict[Cell, int] = {TOTAL: 0}
        self._keys = {read: self._keys_of(numbers) for read, numbers in self.shelf.items()}
        self._make_rows()
        running = self.readings.keys[self.readings.running]
        self._flags = np.isin(self.period, running) * np.int64(Flag.PARTIAL)
        self._lens = _Lens.VALUE
        # What is at least so much says nothing certain of a difference or a ratio, only of itself.
        is_one_reading = isinstance(self.tree, exp.Column | exp.Anonymous)
        self._spreading = SPREADING | (Flag.AT_LEAST if is_one_reading else 0)

    def numbers(self) -> Numbers:
        """The formula's numbers: totals for every period that an input has, cells for those that an input has."""
        whole = self._number(self.tree)
        shown = whole.ok | (whole.reason == CODE[Reason.ZERO_DENOMINATOR])
        numerator = denominator = np.full(len(self.period), nan)
        if isinstance(self.tree, exp.Div):
            numerator, denominator = (
                np.where(shown & side.ok, side.value, nan)
                for side in (self._number(self.tree.this), self._number(self.tree.expression))
            )
        flags = self._flags.copy()
        partial = (flags & Flag.PARTIAL) != 0
        cut = [period.key for period in self.readings.periods if is_cut(self.kpi, period)]
        running = {}
        for self._lens in (_Lens.SO_FAR, _Lens.BEFORE):
            column = self._number(self.tree)
            running[self._lens.value] = np.where(partial & column.ok, column.value, nan)
        different, cell = np.unique(self.cell, return_inverse=True)
        names = {number: self._text(written) for written, number in self._cells.items()}
        return Numbers.make(
            [names[number] for number in different.tolist()],
            cell.astype(np.int64),
            self.period,
            value=np.where(whole.ok, whole.value, nan),
            reason=whole.reason,
            numerator=numerator,
            denominator=denominator,
            flags=flags | np.isin(self.period, cut) * np.int64(Flag.PARTIAL),
            **running,
        )

    # -- rows ----------------------------------------------------------------------------------------------------

    def _cell_number(self, cell: Cell) -> int:
        """The number of a cell; the order in which its columns are written does not matter."""
        return self._cells.setdefault(tuple(sorted(cell)), len(self._cells))

    def _text(self, cell: Cell) -> str:
        """The cell's text, its columns in the order of the breakdown."""
        values = dict(cell)
        return cell_text(tuple((column, values[column]) for column in self.breakdown if column in values))

    def _keys_of(self, numbers: Numbers) -> Ints:
        """(cell, period) of each row of an input, as one number."""
        known = np.array([self._cell_number(read_cell(text)) for text in numbers.cells], np.int64)
        return key(known[numbers.cell] if len(known) else numbers.cell, numbers.period)

    def _make_rows(self) -> None:
        """The total of every period that any input has, or the cells of this breakdown that any input has."""
        if self.breakdown:
            by_cell = [self._rows_of(read) for read in self.shelf if not read.total]
            rows = np.unique(np.concatenate([np.zeros(0, np.int64), *by_cell]))
        else:
            rows = key(np.zeros(len(self.readings.keys), np.int64), self.readings.keys)
        tracked = [period.key for period in self.readings.periods if is_tracked(self.kpi, period)]
        cell, period = parts_of(rows)
        kept = np.isin(period, tracked)
        self.cell, self.period = cell[kept], period[kept]

    def _rows_of(self, read: Input) -> Ints:
        """The rows of this breakdown that an input has: of the cells that it gives, without what it gives itself."""
        given = dict(read.cell)
        if set(self.breakdown) <= set(given):
            return np.zeros(0, np.int64)
        mine = {}
        for written, number in list(self._cells.items()):
            values = dict(written)
            if set(values) == {*self.breakdown, *given} and values == {**values, **given}:
                mine[number] = self._cell_number(tuple((column, values[column]) for column in self.breakdown))
        cell, period = parts_of(self._keys[read])
        rows = np.isin(cell, list(mine))
        own = np.zeros(len(self._cells), np.int64)
        own[list(mine)] = list(mine.values())
        return key(own[cell[rows]], period[rows])

    # -- inputs --------------------------------------------------------------------------------------------------

    def _read(self, read: Input) -> _Column:
        """An input for every row; a cell that it lacks is what the input's kind says of nothing."""
        wanted = self._wanted(read)
        column, flags = self._found(read, key(wanted, self.period))
        total, total_flags = self._found(read, key(np.zeros(len(wanted), np.int64), self.period))
        self._flags |= flags | total_flags
        # A cell that is not stored is empty. That is 0 or no data, where the total says that there was anything to say.
        zero = self.readings.catalog.kpis[read.kpi].zero_when_absent(read.part)
        absent = (column.reason == _ABSENT) & (wanted != 0)
        value = np.where(absent & total.ok & zero, 0.0, column.value)
        reason = np.where(absent, np.where(total.ok & (not zero), _NO_DATA, total.reason), column.reason)
        return _Column(value, np.where(reason == _ABSENT, _NO_DATA, reason))

    def _wanted(self, read: Input) -> Ints:
        """The number of the cell that is read for each row."""
        different, at = np.unique(self.cell, return_inverse=True)
        names = {number: cell for cell, number in self._cells.items()}
        wanted = [
            self._cell_number(tuple({**({} if read.total else dict(names[number])), **dict(read.cell)}.items()))
            for number in different.tolist()
        ]
        found: Ints = np.array(wanted, np.int64)[at] if wanted else self.cell
        return found

    def _found(self, read: Input, wanted: Ints) -> tuple[_Column, Ints]:
        """The rows of an input with these keys, and those of their flags that hold for what is made of them."""
        numbers = self.shelf[read]
        if not len(numbers):
            return _Column(np.full(len(wanted), nan), np.full(len(wanted), _ABSENT)), np.zeros(len(wanted), np.int64)
        at, found = find(self._keys[read], wanted)
        value = np.where(found, getattr(numbers, self._lens.value)[at], nan)
        # What is made of a total that lacks a part lacks it, too.
        held = np.where(numbers.reason[at] == _INCOMPLETE, _INCOMPLETE, _WITHHELD)
        reason = np.where(numbers.reason[at] >= WITHHELD, held, np.where(np.isnan(value), _NO_DATA, 0))
        return _Column(value, np.where(found, reason, _ABSENT)), found * (numbers.flags[at] & self._spreading)

    # -- numbers -------------------------------------------------------------------------------------------------

    def _number(self, node: exp.Expr) -> _Column:
        match node:
            case exp.Literal():
                return self._constant(float(node.name))
            case exp.Column() | exp.Anonymous():
                return self._read(reading(node))
            case exp.Case():
                return self._case(node)
            case exp.Coalesce():
                return self._coalesce([self._number(n) for n in (node.this, *node.expressions)])
            case exp.Div():
                return self._divide(self._number(node.this), self._number(node.expression))
            case exp.Least() | exp.Greatest():
                function = np.minimum if isinstance(node, exp.Least) else np.maximum
                columns = [self._number(n) for n in (node.this, *node.expressions)]
                return _result(function.reduce([c.value for c in columns]), columns)
            case exp.Round():
                decimals = node.args.get("decimals")
                column = self._number(node.this)
                return _result(_rounded(column.value, int(decimals.name) if decimals else 0), [column])
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Pow():
                left, right = self._number(node.this), self._number(node.expression)
                with np.errstate(all="ignore"):
                    return _result(_OF_TWO[type(node)](left.value, right.value), [left, right])
            case _:
                column = self._number(node.this)
                with np.errstate(all="ignore"):
                    return _result(_OF_ONE[type(node)](column.value), [column])

    def _constant(self, value: float) -> _Column:
        return _Column(np.full(len(self.period), value), np.zeros(len(self.period), np.int64))

    @staticmethod
    def _divide(above: _Column, below: _Column) -> _Column:
        with np.errstate(all="ignore"):
            found = _result(above.value / below.value, [above, below])
        by_zero = above.ok & below.ok & (below.value == 0)
        return _Column(found.value, np.where(by_zero, CODE[Reason.ZERO_DENOMINATOR], found.reason))

    def _coalesce(self, columns: Sequence[_Column]) -> _Column:
        """The first that has data. What is withheld is no missing data: it withholds the whole."""
        value, reason = columns[-1].value, columns[-1].reason
        for column in reversed(columns[:-1]):
            value = np.where(column.missing, value, column.value)
            reason = np.where(column.missing, reason, column.reason)
        return _Column(value, reason)

    def _case(self, node: exp.Case) -> _Column:
        """Branches from the last to the first, so that the first whose condition holds is the one that stays."""
        default = node.args.get("default")
        result = self._number(default) if default else _Column(*self._nothing())
        for branch in reversed(node.args["ifs"]):
            condition, then = self._condition(branch.this), self._number(branch.args["true"])
            holds = condition.ok & (condition.value != 0)
            value = np.where(holds, then.value, np.where(condition.ok, result.value, nan))
            reason = np.where(holds, then.reason, np.where(condition.ok, result.reason, condition.reason))
            result = _Column(value, reason)
        return result

    def _nothing(self) -> tuple[Floats, Ints]:
        return np.full(len(self.period), nan), np.full(len(self.period), CODE[Reason.NO_ROWS], np.int64)

    def _condition(self, node: exp.Expr) -> _Column:
        """1 where a condition holds, 0 where it does not; no data in it is no data."""
        if isinstance(node, exp.Not):
            column = self._condition(node.this)
            return _result(1.0 - column.value, [column])
        if isinstance(node, exp.And | exp.Or):
            left, right = self._condition(node.this), self._condition(node.expression)
            function = np.minimum if isinstance(node, exp.And) else np.maximum
            return _result(function(left.value, right.value), [left, right])
        left, right = self._number(node.this), self._number(node.expression)
        with np.errstate(invalid="ignore"):
            return _result(_COMPARISONS[type(node)](left.value, right.value).astype(np.float64), [left, right])


_NO_DATA = CODE[Reason.INPUT_MISSING]
_WITHHELD = CODE[Reason.INPUT_WITHHELD]
_INCOMPLETE = CODE[Reason.INCOMPLETE]
#: While an input is read: there is no such row.
_ABSENT = -1


def _added(left: Floats, right: Floats) -> Floats:
    """A sum; of what cancels it is 0, and not the hair that rounding leaves."""
    total = left + right
    return np.where(np.abs(total) <= ROUNDING * (np.abs(left) + np.abs(right)), 0.0, total)


_OF_TWO: Mapping[type[exp.Expr], Callable[[Floats, Floats], Floats]] = {
    exp.Add: _added,
    exp.Sub: lambda left, right: _added(left, -right),
    exp.Mul: np.multiply,
    exp.Pow: np.power,
}
_OF_ONE: Mapping[type[exp.Expr], np.ufunc] = {
    exp.Neg: np.negative,
    exp.Abs: np.abs,
    exp.Sqrt: np.sqrt,
    exp.Ln: np.log,
    exp.Exp: np.exp,
}
_COMPARISONS: Mapping[type[exp.Expr], np.ufunc] = {
    exp.EQ: np.equal,
    exp.NEQ: np.not_equal,
    exp.GT: np.greater,
    exp.GTE: np.greater_equal,
    exp.LT: np.less,
    exp.LTE: np.less_equal,
}


def _result(value: Floats, columns: Sequence[_Column]) -> _Column:
    """A value that needs all these columns: the strongest of their reasons wins. What is no number is no data."""
    reason: Ints = np.maximum.reduce([column.reason for column in columns])
    return _Column(value, np.where((reason == 0) & ~np.isfinite(value), CODE[Reason.NO_ROWS], reason))


def _rounded(values: Floats, decimals: int) -> Floats:
    """Half away from zero, as people and SQL round; NumPy would round 2.5 to 2."""
    scale = 10.0**decimals
    rounded: Floats = np.sign(values) * np.floor(np.abs(values) * scale + 0.5) / scale
    return rounded

"""Formulas over KPIs, evaluated for whole columns of periods and cells at once.

The rules are the language's: no data in any input makes no data, also inside `least`, `greatest` and `case`, and only
`coalesce` catches it; a division by 0 is no data, with its own reason; withheld in, withheld out; only the branch that
is taken counts. Everything is computed here from stored numbers, never in SQL, where `least(60, NULL)` is 60.

A formula is evaluated up to three times: over its inputs' values, over what running periods have so far, and over what
the periods before had by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from math import nan

import numpy as np
import pyarrow as pa
from sqlglot import exp

from headway.catalog.formula import inputs as mentions
from headway.catalog.formula import named, parse
from headway.model import TOTAL, Catalog, Cell, Flag, Formula, Kpi, Reason, cell_text, read_cell
from headway.periods import Grain, Period, epoch_day
from headway.plan.numbers import CODE, WITHHELD, Bools, Floats, Ints, Numbers, find, key, parts_of, together
from headway.plan.requests import Request
from headway.plan.rollup import zero_when_absent
from headway.plan.spans import is_cut, is_tracked, period_of_key


def evaluate(catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], now: datetime) -> pa.Table:
    """The numbers of a formula (schema `OBSERVED` + `people`, which is null).

    `inputs` holds everything computed so far, formulas and typed numbers included, each under `Request.of(kpi)`, and
    the flows of windowed formulas under their own request; states already rolled up. A formula with a window gives
    its own grain only: it is a state, so `rollup` makes the rest.
    """
    assert isinstance(kpi.measure, Formula)
    tree = parse(kpi.measure.expression.text)
    parts = []
    for grain in (kpi.grain,) if kpi.window else kpi.grains():
        shelf = {
            read: _source(catalog, kpi, catalog.kpis[read[0]], read[1], inputs, grain, now)
            for read in dict.fromkeys((mention.kpi, mention.part) for mention in mentions(tree))
        }
        keeps_cells = kpi.window is not None or grain in kpi.grains(cell=True)
        parts += [
            _Evaluation(catalog, kpi, tree, shelf, grain, breakdown).numbers().table(grain)
            for breakdown in ((), *(kpi.by if keeps_cells else ()))
        ]
    return together(parts)


# -- inputs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """One input, or a part of it, at the grain of the formula.

    `latest`: a state of a longer grain, read at its last complete period.
    """

    kpi: Kpi
    part: str
    numbers: Numbers
    grain: Grain
    latest: bool


def _source(
    catalog: Catalog,
    formula: Kpi,
    read: Kpi,
    part: str,
    inputs: Mapping[Request, pa.Table],
    grain: Grain,
    now: datetime,
) -> _Source:
    """Where a formula finds an input: under its own window if the input is a flow, else as the input is declared."""
    if formula.window and not read.is_state_of(part):
        request = Request(read.name, formula.window, formula.grain)
        table = inputs.get(request)
        if isinstance(read.measure, Formula):
            # A formula without a window inside one with a window is evaluated over the same span.
            inner = replace(read, window=formula.window, grain=formula.grain, by_grain=formula.grain)
            table = evaluate(catalog, inner, inputs, now)
        return _Source(read, part, _numbers(table, grain, part), grain, latest=False)
    table = inputs.get(Request.of(read))
    if grain not in read.grains() and _is_state(catalog, read, part):
        return _Source(read, part, _numbers(table, read.grain, part), read.grain, latest=True)
    return _Source(read, part, _numbers(table, grain, part), grain, latest=False)


def _numbers(table: pa.Table | None, grain: Grain, part: str) -> Numbers:
    return Numbers.empty() if table is None else Numbers.of(table, grain, part)


def _is_state(catalog: Catalog, kpi: Kpi, part: str) -> bool:
    """True for a state, and for a formula all of whose inputs are states."""
    if kpi.window is None and isinstance(kpi.measure, Formula):
        read = mentions(parse(kpi.measure.expression.text))
        return all(_is_state(catalog, catalog.kpis[mention.kpi], mention.part) for mention in read)
    return kpi.is_state_of(part)


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

    catalog: Catalog
    kpi: Kpi
    tree: exp.Expr
    #: By KPI and part.
    shelf: Mapping[tuple[str, str], _Source]
    grain: Grain
    breakdown: tuple[str, ...]

    def __post_init__(self) -> None:
        self._cells: dict[Cell, int] = {}
        self._keys = {name: self._keys_of(source) for name, source in self.shelf.items()}
        self._make_rows()
        self._partial = np.zeros(len(self.period), np.bool_)
        self._lens = _Lens.VALUE

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
        partial = self._partial.copy()
        cut = [k for k in np.unique(self.period).tolist() if is_cut(self.kpi, self._period(k))]
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
            flags=(partial | np.isin(self.period, cut)) * np.int64(Flag.PARTIAL),
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

    def _keys_of(self, source: _Source) -> Ints:
        """(cell, period) of each row of an input, as one number."""
        numbers = np.array([self._cell_number(read_cell(text)) for text in source.numbers.cells], np.int64)
        return key(numbers[source.numbers.cell] if len(numbers) else source.numbers.cell, source.numbers.period)

    def _make_rows(self) -> None:
        """The total of every period that any input has, or the cells of this breakdown that any input has."""
        total = self._cell_number(TOTAL)
        mine = {number for cell, number in self._cells.items() if {column for column, _ in cell} == set(self.breakdown)}
        plain = {named(column) for column in self.tree.find_all(exp.Column) if not _is_inside(column)}
        found: list[Ints] = [np.zeros(0, np.int64)]
        for name, source in self.shelf.items():
            if source.latest:
                continue
            if not self.breakdown:
                found.append(key(np.full(len(source.numbers), total, np.int64), source.numbers.period))
            elif name in plain:
                of_cell = np.isin(parts_of(self._keys[name])[0], list(mine))
                found.append(self._keys[name][of_cell])
        self.cell, self.period = parts_of(np.unique(np.concatenate(found)))
        tracked = [k for k in np.unique(self.period).tolist() if is_tracked(self.kpi, self._period(k))]
        kept = np.isin(self.period, tracked)
        self.cell, self.period = self.cell[kept], self.period[kept]

    def _period(self, number: int) -> Period:
        return period_of_key(self.catalog.calendar, self.grain, number)

    # -- inputs --------------------------------------------------------------------------------------------------

    def _read(self, name: tuple[str, str], cell: Ints) -> _Column:
        """An input for every row; a cell that it lacks is what the input's kind says of nothing."""
        source = self.shelf[name]
        periods = self._latest(source) if source.latest else self.period
        column, partial = self._found(name, key(cell, periods))
        total, total_partial = self._found(name, key(np.full(len(cell), self._cell_number(TOTAL)), periods))
        self._partial |= partial | total_partial
        # A cell that is not stored is empty. That is 0 or no data, where the total says that there was anything to say.
        zero = zero_when_absent(source.kpi, source.part)
        absent = (column.reason == _ABSENT) & (cell != self._cell_number(TOTAL))
        value = np.where(absent & total.ok & zero, 0.0, column.value)
        reason = np.where(absent, np.where(total.ok & (not zero), _NO_DATA, total.reason), column.reason)
        return _Column(value, np.where(reason == _ABSENT, _NO_DATA, reason))

    def _found(self, name: tuple[str, str], wanted: Ints) -> tuple[_Column, Bools]:
        """The rows of an input with these keys, and whether they are partial."""
        numbers = self.shelf[name].numbers
        if not len(numbers):
            return _Column(np.full(len(wanted), nan), np.full(len(wanted), _ABSENT)), np.zeros(len(wanted), np.bool_)
        at, found = find(self._keys[name], wanted)
        lens = _Lens.VALUE if self.shelf[name].latest else self._lens
        value = np.where(found, getattr(numbers, lens.value)[at], nan)
        reason = np.where(numbers.reason[at] >= WITHHELD, _WITHHELD, np.where(np.isnan(value), _NO_DATA, 0))
        partial = found & ((numbers.flags[at] & Flag.PARTIAL) != 0) & (not self.shelf[name].latest)
        return _Column(value, np.where(found, reason, _ABSENT)), partial

    def _latest(self, source: _Source) -> Ints:
        """For each row, the input's last complete period that ends no later than the row's period."""
        numbers = source.numbers
        complete = np.unique(numbers.period[(numbers.flags & Flag.PARTIAL) == 0])
        ends = np.array(
            [epoch_day(period_of_key(self.catalog.calendar, source.grain, k).last) for k in complete.tolist()], np.int64
        )
        wanted, place = np.unique(self.period, return_inverse=True)
        lasts = np.array([epoch_day(self._period(k).last) for k in wanted.tolist()], np.int64)
        at = np.searchsorted(ends, lasts, "right") - 1
        found = np.where(at >= 0, complete[at] if len(complete) else 0, _NEVER)
        latest: Ints = found[place]
        return latest

    # -- numbers -------------------------------------------------------------------------------------------------

    def _number(self, node: exp.Expr) -> _Column:
        match node:
            case exp.Literal():
                return self._constant(float(node.name))
            case exp.Column():
                return self._read(named(node), self.cell)
            case exp.Anonymous():
                return self._elsewhere(node)
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

    def _elsewhere(self, node: exp.Anonymous) -> _Column:
        """`total(x)`, or one cell `x[b = 'v']`, whatever the row's own cell."""
        column, *rest = node.expressions
        texts = [literal.name for literal in rest]
        cell = tuple(zip(texts[::2], texts[1::2], strict=True))
        return self._read(named(column), np.full(len(self.period), self._cell_number(cell), np.int64))

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


#: No period begins then.
_NEVER = (1 << 34) - 1
_NO_DATA = CODE[Reason.INPUT_MISSING]
_WITHHELD = CODE[Reason.INPUT_WITHHELD]
#: While an input is read: there is no such row.
_ABSENT = -1

_OF_TWO: Mapping[type[exp.Expr], np.ufunc] = {
    exp.Add: np.add,
    exp.Sub: np.subtract,
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


def _is_inside(column: exp.Expr) -> bool:
    """True inside total(...) or a named cell, where a KPI is not read for the row's own cell."""
    return isinstance(column.parent, exp.Anonymous)

"""What a check asks for, in words: they stand in the terminal and on pages, and never tell what a row holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from headway.model.cells import cell_value
from headway.model.checks import (
    OF_ROWS,
    Between,
    Check,
    Covers,
    Deadline,
    Equals,
    Fresh,
    Holds,
    KpiCheck,
    KpiRule,
    Latency,
    Limit,
    Limits,
    Matches,
    NotNull,
    OneOf,
    Outliers,
    Reconcile,
    SourceRule,
    Unique,
)
from headway.model.words import Unit, UnitKind


def asks(check: Check | KpiCheck, unit: Unit | None = None) -> str:
    """`minutes is from 0 to 600`; of a KPI in its unit."""
    if isinstance(check, KpiCheck):
        return _of_numbers(check.rule, unit)
    said = _of_rows(check.rule) if isinstance(check.rule, OF_ROWS) else _of_periods(check.rule)
    if check.by:
        said = f"for each {check.by}, {said}"
    return f"{said}, where {check.where.text}" if check.where else said


def _of_rows(rule: SourceRule) -> str:
    match rule:
        case NotNull(columns=columns):
            return f"{_and(columns)} {_are(columns)} there"
        case Between(limits=limits):
            return _and([f"{column} is {_range(low, high)}" for column, (low, high) in limits.items()])
        case Holds(expression=expression):
            return expression.text
        case Latency(begin=begin, end=end, at_most=most):
            return f"from {begin} to {end} it takes at most {most}"
        case OneOf(values=values):
            return _and([f"{column} is {_or([cell_value(v) for v in some])}" for column, some in values.items()])
        case Matches(patterns=patterns):
            return _and([f"{column} matches {pattern}" for column, pattern in patterns.items()])
        case Unique(columns=columns):
            return f"no two rows have the same {_and(columns)}"
    raise AssertionError(rule)


def _of_periods(rule: SourceRule) -> str:
    match rule:
        case Covers(of=None, grain=grain, at_least=share):
            return f"{share * 100:g} % of the days of each {grain} have rows"
        case Covers(of=of, grain=grain, at_least=share):
            return f"{share * 100:g} % of {of} are referred to in each {grain}"
        case Outliers(above=above):
            return f"the rows of a day are within {above:g} spreads of days like it"
        case Fresh(length=length):
            return f"the newest row is no older than {length}"
        case Deadline(grain=grain, within=within):
            return f"each {grain} has rows {within} after its end"
    raise AssertionError(rule)


def _of_numbers(rule: KpiRule, unit: Unit | None) -> str:
    match rule:
        case Limits(low=low, high=high):
            return f"it is {_range(low, high, unit)}"
        case Equals(values=known, within=within):
            return _and([f"{period} is {_limit(value, unit)}" for period, value in known.items()]) + _give(within)
        case Reconcile(formula=formula, within=within):
            return f"it is {formula.expression.text}" + _give(within)
        case Outliers(above=above):
            return f"its change from period to period is within {above:g} spreads of the 24 before"


def _are(words: Sequence[str]) -> str:
    return "is" if len(words) == 1 else "are"


def _range(low: Limit, high: Limit, unit: Unit | None = None) -> str:
    if high is None:
        return f"{_limit(low, unit)} or {'later' if isinstance(low, date) else 'more'}"
    if low is None:
        return f"{_limit(high, unit)} or {'earlier' if isinstance(high, date) else 'less'}"
    return f"from {_limit(low, unit)} to {_limit(high, unit)}"


def _limit(limit: Limit, unit: Unit | None) -> str:
    if not isinstance(limit, float):
        return str(limit)
    return f"{limit * 100:.10g} %" if unit and unit.kind is UnitKind.PERCENT else f"{limit:.10g}"


def _give(within: float) -> str:
    return f", give or take {within * 100:g} %" if within else ""


def _and(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _or(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last

"""Reads a formula over KPIs, `(revenue - costs) / revenue`, into one small normal form.

`parse` gives a sqlglot expression made of these nodes and no others, without parentheses (the tree says it all):

    number     Column(name)                         a KPI, for the same period and cell
               Column(name, table=KPI)              `csat.low`: a part of a KPI; `named` tells both of either
               Anonymous("cell", [Column, Literal breakdown, Literal value, ...])
                                                    `mau[hub = 'a', cluster = 'b']`: breakdown and value in turn;
                                                    all are strings, values as `model.cell_value` writes them
               Anonymous("total", [Column])         `total(mau)`: of the total, not of this cell
               Literal (number) · Neg · Add Sub Mul Div · Abs Sqrt Ln Exp · Round(this, decimals or None) · Pow
               Least, Greatest, Coalesce            (this, expressions): two numbers or more
               Case(ifs=[If(this=condition, true=number)], default=number or None)
    condition  EQ NEQ GT GTE LT LTE of two numbers · And Or Not of conditions

Whoever evaluates it needs a function per node and nothing else. Numbers and conditions never mix: a formula is a
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from math import isfinite

from sqlglot import exp

from headway.catalog import sqltext
from headway.catalog.sqltext import Wrong, span

SLUG = "bad-formula"

#: Functions of the language that read other periods; they come later.
_OTHER_PERIODS = {"opening", "mean", "max", "min", "prior", "growth"}
#: Words before a parenthesis that are no functions.
_WORDS = {"and", "or", "not", "case", "when", "then", "else"}
_FUNCTIONS = ("least", "greatest", "abs", "round", "sqrt", "ln", "exp", "power", "coalesce", "total")

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_OF_ONE = (exp.Abs, exp.Sqrt, exp.Ln, exp.Exp)
_OF_SEVERAL = (exp.Least, exp.Greatest, exp.Coalesce)


@dataclass(frozen=True, slots=True)
class Input:
    """One mention of a KPI in a formula: by itself, one cell of it (`cell` not empty), or its total.

    `part` is the part of it that is meant, '' for its value.

    `start` and `end` are offsets in the formula's text.
    """

    kpi: str
    start: int
    end: int
    cell: tuple[tuple[str, str], ...] = ()
    total: bool = False
    part: str = ""


def parse(text: str) -> exp.Expr:
    """The normal form of a formula (see above); `Wrong` with the place in `text` for anything else."""
    try:
        _functions(text)
        return _number(sqltext.parse(text, SLUG))
    except Wrong as wrong:
        raise sqltext.fitted(text, wrong) from None
    except RecursionError:
        raise Wrong("the formula is too long", 0, len(text), SLUG, "Split it into several KPIs.") from None


def _functions(text: str) -> None:
    """Check each name before a parenthesis, where it is written."""
    for token, after in pairwise(sqltext.tokens(text, SLUG)):
        word = token.text.lower()
        if after.text != "(" or not word[:1].isalpha() or word in _FUNCTIONS or word in _WORDS:
            continue
        start, end = token.start, text.find(")", after.end) + 1 or len(text)
        if word in _OTHER_PERIODS:
            message = f"{word}(...) in a formula is not supported yet"
            raise Wrong(
                message, start, end, "not-supported-yet", "Give the KPI itself a window or take, and name it here."
            )
        close = get_close_matches(word, _FUNCTIONS, 1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"A formula knows {', '.join(_FUNCTIONS)}."
        raise Wrong(f"a formula has no function '{word}'", start, end, SLUG, remedy)


def inputs(formula: exp.Expr) -> list[Input]:
    """Every mention of a KPI in a formula's normal form, in the order of the text."""
    return sorted(_mentions(formula), key=lambda mention: mention.start)


def named(column: exp.Column) -> tuple[str, str]:
    """The KPI that a column of the normal form reads, and the part of it ('' is its value)."""
    return (column.table, column.name) if column.table else (column.name, "")


def _mentions(node: exp.Expr) -> Iterator[Input]:
    if isinstance(node, exp.Column):
        kpi, part = named(node)
        yield Input(kpi, *span(node), part=part)
    elif isinstance(node, exp.Anonymous):
        column, *rest = node.expressions
        texts = [literal.name for literal in rest]
        cell = tuple(zip(texts[::2], texts[1::2], strict=True))
        kpi, part = named(column)
        yield Input(kpi, *span(column), cell, node.name == "total", part)
    else:
        for child in node.iter_expressions():
            yield from _mentions(child)


# -- numbers -------------------------------------------------------------------------------------------------------


def _number(node: exp.Expr) -> exp.Expr:
    """The normal form of something that must be a number."""
    for kinds, normal in _NUMBERS:
        if isinstance(node, kinds):
            return normal(node)
    if isinstance(node, (*_COMPARISONS, exp.And, exp.Or, exp.Not)):
        raise _wrong(
            node, "a number must stand here, and this is a condition", "Write: case when ... then 1 else 0 end."
        )
    raise _unknown(node)


def _literal(node: exp.Literal) -> exp.Expr:
    if node.is_string:
        raise _wrong(node, f"a number must stand here, and '{node.name}' is text")
    if not isfinite(float(node.name)):
        raise _wrong(node, "the number is too large")
    return node


def _kpi(node: exp.Column) -> exp.Expr:
    if len(node.parts) > 2:
        whole = ".".join(part.name for part in node.parts)
        raise _wrong(node, f"'{whole}' has too many dots", "A part of a KPI is written kpi.part.")
    return node


def _of_two(node: exp.Binary) -> exp.Expr:
    return _like(node, type(node)(this=_number(node.this), expression=_number(node.expression)))


def _of_one(node: exp.Unary | exp.Func) -> exp.Expr:
    return _like(node, type(node)(this=_number(node.this)))


def _round(node: exp.Round) -> exp.Expr:
    decimals = node.args.get("decimals")
    if decimals is not None and not (isinstance(decimals, exp.Literal) and decimals.is_int):
        raise _wrong(decimals, "round(x, n): n must be a whole number")
    return _like(node, exp.Round(this=_number(node.this), decimals=decimals))


def _of_several(node: exp.Func) -> exp.Expr:
    if not node.expressions:
        raise _wrong(node, f"{node.key}(...) needs two values or more")
    return _like(node, type(node)(this=_number(node.this), expressions=[_number(e) for e in node.expressions]))


def _case(node: exp.Case) -> exp.Expr:
    if node.this:
        raise _wrong(node.this, "write the condition after 'when'", "case when x = 1 then ... end")
    default = node.args.get("default")
    return exp.Case(
        ifs=[exp.If(this=_condition(branch.this), true=_number(branch.args["true"])) for branch in node.args["ifs"]],
        default=_number(default) if default else None,
    )


def _cell(node: exp.Bracket) -> exp.Expr:
    """`mau[hub = 'a']` becomes cell(mau, 'hub', 'a')."""
    if not isinstance(node.this, exp.Column):
        raise _wrong(node.this, "a cell belongs to one KPI", "Write for example mau[hub = 'a'].")
    literals: list[exp.Expr] = []
    seen: set[str] = set()
    for pair in _pairs(node.expressions):
        if not (isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Column) and not pair.this.table):
            raise _wrong(pair if span(pair)[1] else node, "a cell is written breakdown = 'value'", "mau[hub = 'a']")
        name = pair.this.name
        if name in seen:
            raise _wrong(pair.this, f"a cell names the breakdown '{name}' twice")
        seen.add(name)
        literals += [exp.Literal.string(name), exp.Literal.string(_cell_value(pair.expression))]
    return _like(node, exp.Anonymous(this="cell", expressions=[_kpi(node.this), *literals]))


def _pairs(nodes: list[exp.Expr]) -> Iterator[exp.Expr]:
    for node in nodes:
        if isinstance(node, exp.And):
            yield from _pairs([node.this, node.expression])
        else:
            yield node


def _cell_value(node: exp.Expr) -> str:
    """The text of a value as it stands in a stored cell."""
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    if isinstance(node, exp.Literal):
        return node.name
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.name}"
    raise _wrong(node, "a cell's value is text in single quotes, a number, true or false", "mau[hub = 'a']")


def _total(node: exp.Anonymous) -> exp.Expr:
    name = str(node.name).lower()
    if name != "total":
        raise _unknown(node)
    arguments = node.expressions
    if len(arguments) != 1 or not isinstance(arguments[0], exp.Column):
        raise _wrong(node, "total(...) takes the name of one KPI")
    return _like(node, exp.Anonymous(this="total", expressions=[_kpi(arguments[0])]))


_NUMBERS: tuple[tuple[type | tuple[type, ...], Callable[..., exp.Expr]], ...] = (
    (exp.Literal, _literal),
    (exp.Column, _kpi),
    (exp.Paren, lambda node: _number(node.this)),
    ((*_ARITHMETIC, exp.Pow), _of_two),
    ((exp.Neg, *_OF_ONE), _of_one),
    (exp.Round, _round),
    (_OF_SEVERAL, _of_several),
    (exp.Case, _case),
    (exp.Bracket, _cell),
    (exp.Anonymous, _total),
)


# -- conditions ----------------------------------------------------------------------------------------------------


def _condition(node: exp.Expr) -> exp.Expr:
    """The normal form of something that must be true or false."""
    if isinstance(node, exp.Paren):
        return _condition(node.this)
    if isinstance(node, _COMPARISONS):
        return _of_two(node)
    if isinstance(node, exp.And | exp.Or):
        return type(node)(this=_condition(node.this), expression=_condition(node.expression))
    if isinstance(node, exp.Not):
        return exp.Not(this=_condition(node.this))
    if isinstance(node, (exp.Column, exp.Literal, *_ARITHMETIC)):
        raise _wrong(node, "a condition must stand here, and this is a number", "Compare it, for example: x > 0.")
    raise _unknown(node)


# -- words ---------------------------------------------------------------------------------------------------------


def _like(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    """Keep where a rewritten node stood, for carets."""
    new.meta.update({k: old.meta[k] for k in ("start", "end") if k in old.meta})
    return new


def _wrong(node: exp.Expr, message: str, remedy: str | None = None, slug: str = SLUG) -> Wrong:
    return Wrong(message, *span(node), slug, remedy)


def _unknown(node: exp.Expr) -> Wrong:
    if isinstance(node, exp.Null | exp.Is):
        return _wrong(node, "a formula has no null: no data spreads by itself", "coalesce(x, 0) catches it.")
    return _wrong(
        node,
        "a formula has only KPIs, numbers, + - * / ( ), comparisons, and, or, not, case, and functions",
        f"The functions are {', '.join(_FUNCTIONS)}.",
    )

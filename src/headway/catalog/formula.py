"""Reads a formula over KPIs, `(revenue - costs) / revenue`, into one small normal form.

`parse` gives a sqlglot expression made of these nodes and no others, without parentheses (the tree says it all):

    number     Column(name)                         a KPI, for the same period and cell
               Column(name, table=KPI)              `csat.low`: a part of a KPI
               Anonymous(function, [reading, Literal, ...])
                                                    the same, read elsewhere (below)
               Literal (number) · Neg · Add Sub Mul Div · Abs Sqrt Ln Exp · Round(this, decimals or None) · Pow
               Least, Greatest, Coalesce            (this, expressions): two numbers or more
               Case(ifs=[If(this=condition, true=number)], default=number or None)
    condition  EQ NEQ GT GTE LT LTE of two numbers · And Or Not of conditions

A *reading* is one Column, in functions that say where it is read; `reading` tells all of it. From the inside out, and
at most one of each but `prior`:

    cell(x, breakdown, value, ...)      `mau[hub = 'a', cluster = 'b']`: in that cell, values as `cell_value` writes
    opening mean max min (x)            at the start of the span, or over the own periods that end in it
    prior(x), prior(x, '1 year')        one period of the formula, or that length, earlier
    total(x)                            in the total, not in the row's cell

Around anything larger they are handed on to the readings inside: `total(a / b)` is `total(a) / total(b)`. `growth` is
written out: `growth(x)` is `(x - prior(x)) / case when prior(x) >= 0 then prior(x) end`.

Whoever evaluates it needs a function per node and nothing else. Numbers and conditions never mix: a formula is a
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import pairwise
from math import isfinite

from sqlglot import exp

from headway.catalog import sqltext
from headway.catalog.sqltext import Wrong, span
from headway.model import Formula, Kpi
from headway.periods import Length

SLUG = "bad-formula"

#: Functions over the moments or own periods of one KPI.
OVER = ("opening", "mean", "max", "min")
#: Words before a parenthesis that are no functions.
_WORDS = {"and", "or", "not", "case", "when", "then", "else"}
_FUNCTIONS = ("least", "greatest", "abs", "round", "sqrt", "ln", "exp", "power", "coalesce")
_ELSEWHERE = ("total", *OVER, "prior", "growth")

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_OF_ONE = (exp.Abs, exp.Sqrt, exp.Ln, exp.Exp)
_OF_SEVERAL = (exp.Least, exp.Greatest, exp.Coalesce)


@dataclass(frozen=True, slots=True)
class Input:
    """One reading of a KPI in a formula. Two are equal if they read the same, wherever they are written.

    `part` is the part of it that is meant, '' for its value. `cell` are columns of the cell that are given; the others
    are those of the row, or with `total` none. `over` is `opening mean max min` or ''. `back` are the lengths by which
    it is read earlier, the outermost first, '' for one period. `start` and `end` are offsets in the formula's text.
    """

    kpi: str
    start: int = field(compare=False)
    end: int = field(compare=False)
    cell: tuple[tuple[str, str], ...] = ()
    total: bool = False
    part: str = ""
    over: str = ""
    back: tuple[str, ...] = ()


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
    known = (*_FUNCTIONS, *_ELSEWHERE)
    for token, after in pairwise(sqltext.tokens(text, SLUG)):
        word = token.text.lower()
        if after.text != "(" or not word[:1].isalpha() or word in known or word in _WORDS:
            continue
        close = get_close_matches(word, known, 1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"A formula knows {', '.join(known)}."
        end = text.find(")", after.end) + 1 or len(text)
        raise Wrong(f"a formula has no function '{word}'", token.start, end, SLUG, remedy)


def inputs(formula: exp.Expr) -> list[Input]:
    """Every reading of a KPI in a formula's normal form, in the order of the text."""
    return sorted((reading(node) for node in _readings(formula)), key=lambda mention: mention.start)


def reading(node: exp.Expr) -> Input:
    """What a Column or Anonymous of the normal form reads."""
    if isinstance(node, exp.Column):
        return Input(node.table or node.name, *span(node), part=node.name if node.table else "")
    inner, *rest = node.expressions
    read, texts = reading(inner), [literal.name for literal in rest]
    match node.name:
        case "total":
            return replace(read, total=True)
        case "prior":
            return replace(read, back=(*texts, *([] if texts else [""]), *read.back))
        case "cell":
            return replace(read, cell=tuple(zip(texts[::2], texts[1::2], strict=True)))
        case over:
            return replace(read, over=over)


def read_inputs(kpi: Kpi) -> list[Input]:
    """Every reading of a formula; none of any other KPI."""
    return inputs(parse(kpi.measure.expression.text)) if isinstance(kpi.measure, Formula) else []


def is_state(kpis: Mapping[str, Kpi], kpi: Kpi, part: str = "") -> bool:
    """True for what is a function of a moment: a state, or a formula without a window that reads nothing else."""
    if kpi.window is None and isinstance(kpi.measure, Formula):
        return all(not it.over and is_state(kpis, kpis[it.kpi], it.part) for it in read_inputs(kpi))
    return kpi.is_state_of(part)


def _readings(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Column | exp.Anonymous):
        yield node
    else:
        for child in node.iter_expressions():
            yield from _readings(child)


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
    return exp.Anonymous(this="cell", expressions=[_kpi(node.this), *literals])


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


# -- readings elsewhere --------------------------------------------------------------------------------------------


def _elsewhere(node: exp.Func) -> exp.Expr:
    """`total opening mean max min prior growth` of a number, handed on to the readings in it."""
    word = str(node.name if isinstance(node, exp.Anonymous) else node.key).lower()
    if word not in _ELSEWHERE:
        raise _unknown(node)
    if isinstance(node, exp.Anonymous):
        given, *rest = node.expressions or [None]
    else:  # max and min are words of SQL, too
        given, rest = node.this, [e for e in (node.args.get("count"), *node.expressions) if e is not None]
    earlier = word in ("prior", "growth")
    if given is None or len(rest) > earlier:
        remedy = f"Write {'greatest' if word == 'max' else 'least'}(...)." if word in ("max", "min") and rest else None
        takes = "a number, and optionally a length" if earlier else "one number" if word == "total" else "one KPI"
        raise _wrong(node, f"{word}(...) takes {takes}", remedy)
    number = _number(given)
    if word in OVER:
        return _over(word, number, node)
    if word == "total":
        return _handed(number, lambda read: replace(read, total=True))
    length = _length(rest[0]) if rest else ""
    before = _handed(number.copy(), lambda read: replace(read, back=(length, *read.back)))
    return before if word == "prior" else _growth(node, number, before)


def _over(word: str, number: exp.Expr, node: exp.Expr) -> exp.Expr:
    if not isinstance(number, exp.Column | exp.Anonymous) or reading(number).over:
        raise _wrong(node, f"{word}(...) takes one KPI", "Make a KPI of what stands within, and name it here.")
    return _handed(number, lambda read: replace(read, over=word))


def _growth(node: exp.Expr, number: exp.Expr, before: exp.Expr) -> exp.Expr:
    """(x - prior) / prior; no data where prior is below 0, and where it is 0 a zero denominator."""
    within = (inner for inner in node.find_all(exp.Anonymous) if inner is not node)
    if any(inner.name.lower() == "growth" for inner in within):
        raise _wrong(node, "a growth of a growth is more than a formula says at once", "Make a KPI of the inner one.")
    if not any(_readings(number)):
        raise _wrong(node, "growth(...) takes a number that changes: a KPI")
    positive = exp.If(this=exp.GTE(this=before.copy(), expression=exp.Literal.number(0)), true=before.copy())
    return exp.Div(this=exp.Sub(this=number, expression=before), expression=exp.Case(ifs=[positive]))


def _length(node: exp.Expr) -> str:
    """A length as it is written everywhere, `1 year`."""
    try:
        if isinstance(node, exp.Literal) and node.is_string and (length := Length.parse(node.name)).count:
            return str(length)
    except ValueError:
        pass
    raise _wrong(node, "a length is written in quotes, such as '1 year' or '28 days'")


def _handed(number: exp.Expr, change: Callable[[Input], Input]) -> exp.Expr:
    """A number with each of its readings changed."""
    if isinstance(number, exp.Column | exp.Anonymous):
        return _written(number, change(reading(number)))
    for node in list(_readings(number)):
        node.replace(_written(node, change(reading(node))))
    return number


def _written(node: exp.Expr, read: Input) -> exp.Expr:
    """The normal form of what `reading` tells; the column itself is taken from `node`."""
    column = node.find(exp.Column)
    assert column is not None
    found: exp.Expr = column.copy()
    cell = [exp.Literal.string(text) for pair in read.cell for text in pair]
    functions: list[tuple[str, list[exp.Literal]]] = [("cell", cell)] if cell else []
    functions += [(read.over, [])] if read.over else []
    functions += [("prior", [exp.Literal.string(length)] if length else []) for length in reversed(read.back)]
    functions += [("total", [])] if read.total else []
    for name, literals in functions:
        found = exp.Anonymous(this=name, expressions=[found, *literals])
    return found


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
    ((exp.Anonymous, exp.Max, exp.Min), _elsewhere),
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
        f"The functions are {', '.join((*_FUNCTIONS, *_ELSEWHERE))}.",
    )

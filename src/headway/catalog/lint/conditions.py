"""Whether one condition on a row implies another: by trying every combination of values that could tell them apart.

A condition compares columns with constants, so between two neighbouring constants nothing changes: one value from each
gap, the constants themselves, and null decide it. What is not understood (a function, a column of another source)
counts as a variable of its own, equal wherever it is written alike. So *implies* is never claimed wrongly; at worst it
is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, product
from typing import Any

from sqlglot import exp, parse_one

from headway.model import Catalog, Cell, Expression

#: So many combinations are tried; a condition that needs more is not understood.
_MOST = 50_000
_COMPARISONS: Mapping[type, Callable[[Any, Any], bool]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
}
TRUE: exp.Expr = exp.true()


def condition(catalog: Catalog, source: str, *written: Expression | str | None, cell: Cell = ()) -> exp.Expr:
    """All of these hold, and the row is in this cell; derived columns of the source are written out."""
    parts = [_parsed(str(one)) for one in written if one is not None]
    parts += [_of_cell(column, value) for column, value in cell]
    whole = exp.and_(*parts) if parts else TRUE
    return _underived(catalog, source, whole, frozenset())


def implies(one: exp.Expr, other: exp.Expr) -> bool:
    """True if every row for which the first holds is one for which the second holds; False if that is not plain."""
    names = _variables([one, other])
    values = [_values(name, (one, other)) for name in names]
    count = 1
    for some in values:
        count *= len(some)
    if count > _MOST:
        return False
    try:
        rows = (dict(zip(names, row, strict=True)) for row in product(*values))
        return all(_value(other, row) is True for row in rows if _value(one, row) is True)
    except TypeError:  # a text against a number, which the engine will refuse, or cast
        return False


def _parsed(text: str) -> exp.Expr:
    tree: exp.Expr = parse_one(text, read="duckdb", into=exp.Condition)
    return exp.paren(tree)


def _of_cell(column: str, value: str) -> exp.Expr:
    """`segment = 'enterprise'`. Of true, false and numbers a cell has the text, so they are not told apart here."""
    name = exp.column(column)
    if value in ("true", "false"):
        return name if value == "true" else exp.not_(name)
    return exp.EQ(this=name, expression=exp.Literal.string(value))


def _underived(catalog: Catalog, source: str, tree: exp.Expr, within: frozenset[str]) -> exp.Expr:
    derive = catalog.sources[source].derive if source in catalog.sources else {}

    def written(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in derive and node.name not in within:
            inner = _parsed(derive[node.name].text)
            return _underived(catalog, source, inner, within | {node.name})
        return node

    return tree.transform(written)


# -- variables and the values that tell them apart -----------------------------------------------------------------

_LOGIC = (exp.And, exp.Or, exp.Not, exp.Paren, exp.Literal, exp.Boolean, exp.Null, exp.If, exp.Coalesce)
_WITH_CONSTANTS = (*_COMPARISONS, exp.In, exp.Between)


def _understood(node: exp.Expr) -> bool:
    """True if `_value` knows what to make of a node. Of a comparison one side has to be a constant."""
    match node:
        case exp.Neg():
            return isinstance(node.this, exp.Literal)
        case exp.In():
            return bool(node.expressions) and all(_constant(one) for one in node.expressions)
        case exp.Between():
            return _constant(node.args["low"]) and _constant(node.args["high"])
        case exp.Is():
            return isinstance(node.expression, exp.Null | exp.Boolean)
        case exp.Case():
            return not node.this
    if isinstance(node, tuple(_COMPARISONS)):
        return _constant(node.this) or _constant(node.expression)
    return isinstance(node, _LOGIC)


def _constant(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal | exp.Boolean | exp.Null) or (
        isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal)
    )


def _name(node: exp.Expr) -> str:
    return node.sql("duckdb")


def _variables(trees: Iterable[exp.Expr]) -> list[str]:
    found: dict[str, None] = {}

    def visit(node: exp.Expr) -> None:
        if not _understood(node):
            found[_name(node)] = None
        elif not isinstance(node, exp.Neg):
            for child in node.iter_expressions():
                visit(child)

    for tree in trees:
        visit(tree)
    return list(found)


def _values(name: str, trees: Iterable[exp.Expr]) -> list[Any]:
    """Null, true and false, or what decides every comparison that the variable, or anything with it, stands in."""
    numbers: set[float] = set()
    texts: set[str] = set()
    compared = False
    for node in chain.from_iterable(tree.walk() for tree in trees):
        if isinstance(node, _WITH_CONSTANTS) and _understood(node):
            handed = [one for side in node.iter_expressions() for one in _handed(side)]
            if any(_name(one) == name for one in handed):
                compared = True
                for one in handed:
                    if isinstance(one, exp.Literal) and one.is_string:
                        texts.add(one.name)
                    elif _constant(one) and isinstance(one, exp.Literal | exp.Neg):
                        numbers.add(float(_value(one, {})))
    found: list[Any] = [None]
    if not compared or not (numbers or texts):
        return [None, True, False]
    if numbers:
        ordered = sorted(numbers)
        found += [ordered[0] - 1, *ordered, ordered[-1] + 1]
        found += [(low + high) / 2 for low, high in pairwise(ordered)]
    for text in sorted(texts):
        found += [text, f"{text} "]  # the text itself, and the first one after it
    return [*found, ""] if texts else found


def _handed(node: exp.Expr) -> Iterator[exp.Expr]:
    """The constants and variables whose value an expression may hand on, which those inside of conditions are not."""
    match node:
        case exp.Paren():
            yield from _handed(node.this)
        case exp.Coalesce():
            for one in (node.this, *node.expressions):
                yield from _handed(one)
        case exp.Case() | exp.If() if _understood(node):
            branches, default = _branches(node)
            for branch in branches:
                yield from _handed(branch.args["true"])
            if default:
                yield from _handed(default)
        case _:
            yield node


# -- what a condition comes to -------------------------------------------------------------------------------------


def _value(node: exp.Expr, row: Mapping[str, Any]) -> Any:
    """The value of an expression on one row, null spreading as in SQL."""
    if not _understood(node):
        return row[_name(node)]
    match node:
        case exp.Paren():
            return _value(node.this, row)
        case exp.Literal():
            return node.name if node.is_string else float(node.name)
        case exp.Neg():
            return -float(node.this.name)
        case exp.Boolean():
            return bool(node.this)
        case exp.Null():
            return None
        case exp.Coalesce():
            given = (_value(one, row) for one in (node.this, *node.expressions))
            return next((one for one in given if one is not None), None)
        case exp.Case() | exp.If():
            branches, default = _branches(node)
            for branch in branches:
                if _value(branch.this, row) is True:
                    return _value(branch.args["true"], row)
            return _value(default, row) if default else None
    return _holds(node, row)


def _branches(node: exp.Expr) -> tuple[list[exp.Expr], exp.Expr | None]:
    """The branches of `CASE`, or of `if(condition, one, other)`, and what is left if none is taken."""
    if isinstance(node, exp.If):
        return [node], node.args.get("false")
    return node.args["ifs"], node.args.get("default")


def _holds(node: exp.Expr, row: Mapping[str, Any]) -> bool | None:
    """True, false or null: what a condition comes to."""
    match node:
        case exp.And() | exp.Or():
            return _joined((_value(node.this, row), _value(node.expression, row)), decides=isinstance(node, exp.Or))
        case exp.Not():
            inner = _value(node.this, row)
            return None if inner is None else not inner
        case exp.Is():
            return _value(node.this, row) is _value(node.expression, row)
        case exp.In():
            one = _value(node.this, row)
            return _joined([_compared(exp.EQ, one, _value(other, row)) for other in node.expressions], decides=True)
        case exp.Between():
            one, low, high = (_value(part, row) for part in (node.this, node.args["low"], node.args["high"]))
            return _joined((_compared(exp.GTE, one, low), _compared(exp.LTE, one, high)), decides=False)
    return _compared(type(node), _value(node.this, row), _value(node.expression, row))


def _compared(how: type, one: Any, other: Any) -> bool | None:
    """What a comparison comes to. TypeError for a text and a number: an engine casts one of them."""
    if one is None or other is None:
        return None
    if isinstance(one, str) != isinstance(other, str):
        raise TypeError
    return _COMPARISONS[how](one, other)


def _joined(sides: Sequence[bool | None], *, decides: bool) -> bool | None:
    """All of these hold, or where true `decides` any of them."""
    if decides in sides:
        return decides
    return None if None in sides else not decides

"""The steps of a query, taken apart and put together again: a part of it that is asked for by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from sqlglot import exp, parse_one


def select(text: str) -> exp.Query:
    """A query of steps, out of its text."""
    found = parse_one(text, read="duckdb")
    assert isinstance(found, exp.Query)
    return found


def names(query: exp.Query) -> Iterator[str]:
    """The columns that a query names."""
    return (column.name for column in query.find_all(exp.Column))


def narrow(step: exp.CTE, needed: Collection[str]) -> exp.CTE:
    """A step with those of its columns alone that are needed; as it is if it does not say what its columns are."""
    select = step.this
    if not isinstance(select, exp.Select) or not all(isinstance(one, exp.Alias) for one in select.selects):
        return step
    columns = [one for one in select.selects if one.alias in needed]
    return exp.CTE(this=exp.Select(**{**select.args, "expressions": columns}), alias=step.args["alias"])


def with_steps(body: exp.Query, steps: Mapping[str, exp.CTE], *, keep: bool, once: str = "") -> exp.Query:
    """A query and those of the steps that it needs; with `keep` what several read is computed once, and kept.

    So is what was kept before, though only one reads it; without `keep`, of all steps that of the name `once`.
    """
    waiting: list[exp.Expr] = [body]
    read: Counter[str] = Counter()
    while waiting:
        found = Counter(table.name for table in waiting.pop().find_all(exp.Table))
        waiting += [steps[name].this for name in found if name in steps and not read[name]]
        read += found
    kept = {name: True if read[name] > 1 or step.args.get("materialized") else None for name, step in steps.items()}
    needed = [
        exp.CTE(this=step.this, alias=step.args["alias"], materialized=kept[name] if keep else name == once)
        for name, step in steps.items()
        if read[name]
    ]
    # Nodes are shared with the query that they come from: copying a large one takes longer than it runs.
    return body.__class__(**{**body.args, "with_": exp.With(expressions=needed) if needed else None})

"""The floors of a whole catalogue, as queries: what any engine has to do at the very least for the numbers it asks for.

One DISTINCT for each people and breakdown, one GROUP BY for each source and grain. They read the rows that the plans
read, references and filters included, and no more columns than they need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlglot import exp

from headway import plan
from headway.attempt import Attempt
from headway.model import Catalog
from headway.plan import Plan, Request


def queries(catalog: Catalog, attempt: Attempt, requests: Sequence[Request], now: datetime) -> list[exp.Query]:
    """Every floor once."""
    found: dict[str, exp.Query] = {}
    for one in plan.compile(catalog, attempt.schemas, attempt.coverage, requests, now):
        for query in (*_distincts(one), *_groups(one)):
            found.setdefault(query.sql(dialect="duckdb"), query)
    return list(found.values())


def _distincts(one: Plan) -> Iterator[exp.Query]:
    """A DISTINCT for each set of columns that person-days are grouped by."""
    for step in one.query.ctes:
        if not step.alias.startswith("person_days"):
            continue
        select = step.this
        rows, join = select.args["from_"].this.name, select.args["joins"][0]
        if not rows.startswith("rows"):
            continue
        using = join.args.get("using")
        person = using[0].name if using else join.args["on"].find(exp.Column).name
        for columns in _sets(select):
            named = [person if column == "person" else column for column in columns]
            yield _over(one, rows, exp.select(*map(_quoted, named)).distinct())


def _sets(select: exp.Select) -> Iterator[list[str]]:
    """The sets of columns, by name."""
    group = select.args.get("group")
    several = group.find(exp.GroupingSets) if group else None
    if several:
        for one in several.expressions:
            yield [column.name for column in one.find_all(exp.Column)]
    else:
        yield [column.name for column in (group.expressions if group else select.selects)]


def _groups(one: Plan) -> Iterator[exp.Query]:
    """A GROUP BY for each grain that is asked for; without a day, the rows are counted."""
    rows = next(step for step in one.query.ctes if step.alias.startswith("rows"))
    columns = {column.alias_or_name for column in rows.this.selects}
    for grain in sorted({request.grain.value for request in one.requests}):
        by = "hour" if grain == "hour" and "hour" in columns else "day"
        if by not in columns:
            yield _over(one, rows.alias, exp.select("1"))
            continue
        period = by if by == "hour" else f"DATE_TRUNC('{grain}', {by})"
        yield _over(one, rows.alias, exp.select(f"{period} AS period", "COUNT(*) AS n").group_by(period))


def _over(one: Plan, rows: str, select: exp.Select) -> exp.Query:
    """A query over the step `rows` of a plan, and the steps before it; its rows are counted, not carried anywhere."""
    steps = []
    for step in one.query.ctes:
        copy = step.copy()
        # Read once: DuckDB is free to leave out whatever is not asked for.
        copy.set("materialized", None)
        steps.append(copy)
        if step.alias == rows:
            break
    counted = exp.select("COUNT(*) AS n").from_(select.from_(_quoted(rows)).subquery("floor"))
    for step in steps:
        counted = counted.with_(step.args["alias"], as_=step.this, copy=False)
    return counted


def _quoted(name: str) -> exp.Expression:
    return exp.to_identifier(name, quoted=True)

"""From changes to levels: `+3` here and `-3` there, along the positions of spans, become the number of each period.

This is the last part of `distinct`, `open` and `balance` with `per`: a running sum over positions, held until the next
change. Every row that begins to count also ceases to, at the latest in the empty place behind its series, so a sum
never leaks from one series into the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from headway.plan import sql
from headway.plan.draft import Asked, Draft, totals_or_kept


def level(
    draft: Draft,
    asked: Asked,
    steps: str,
    columns: Sequence[str],
    *,
    cells: str = "",
    amount: bool = False,
    hours: bool = False,
) -> str:
    """Add the steps that turn `position` and `change` (and `amount`), by cell, into numbers by period.

    `columns` are those of the cells; if the step `cells` numbers them, `steps` has its `cell` in their place. The
    result has series, period, the columns and `people` (and `amount`), without rows where nobody counts.
    """
    filled = fill(draft, steps, columns, cells=cells, amount=amount)
    return by_period(draft, asked, filled, columns, cells=cells, amount=amount, hours=hours)


def fill(draft: Draft, steps: str, columns: Sequence[str], *, cells: str = "", amount: bool = False) -> str:
    """Add the steps that turn changes into numbers by position."""
    key = "cell, " if cells else sql.column_list(columns)
    window = f"OVER ({f'PARTITION BY {key[:-2]} ' if columns else ''}ORDER BY position)"
    amounts = f", SUM(SUM(amount)) {window} AS amount" if amount else ""
    also = ", amount" if amount else ""
    levels = draft.steps.add(
        "levels",
        f"SELECT {key}position, LEAD(position) {window} AS until, SUM(SUM(change)) {window} AS people{amounts} "
        f"FROM {sql.name(steps)} GROUP BY {key}position",
    )
    return draft.steps.add(
        "filled",
        f"SELECT {key}people{also}, UNNEST(RANGE(position, until)) AS position "
        f"FROM {sql.name(levels)} WHERE people > 0",
    )


def by_period(
    draft: Draft,
    asked: Asked,
    filled: str,
    columns: Sequence[str],
    *,
    cells: str = "",
    amount: bool = False,
    hours: bool = False,
) -> str:
    """Add the step that turns numbers by position into those of periods."""
    listed, also = sql.column_list(columns), ", amount" if amount else ""
    spans = draft.spans(asked, hours=hours)
    kept = totals_or_kept(asked, spans, columns)
    return draft.steps.add(
        "by_period",
        f"SELECT series, period, {listed}people{also} FROM {sql.name(filled)} JOIN {sql.name(spans)} USING (position)"
        + (f" JOIN {sql.name(cells)} USING (cell)" if cells else "")
        + (f" WHERE {kept}" if kept else ""),
    )

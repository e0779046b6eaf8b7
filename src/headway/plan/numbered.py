"""Numbers in place of texts: people and cells are compared and sorted several times faster as numbers.

people    the different values of a column, numbered
cells     the different cells, numbered; left out where there is only the total
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headway.model import Gaps
from headway.plan import sql
from headway.plan.draft import Draft, Sets
from headway.plan.rows import Rows


def people(draft: Draft, relation: str, column: str) -> str:
    """The step that numbers the values of a column as `person`; all that count the same column share it."""
    if (relation, column) not in draft.people:
        value = sql.name(column)
        draft.people[relation, column] = draft.steps.add(
            "people",
            f"SELECT {value}, CAST(ROW_NUMBER() OVER () AS INT) AS person "
            f"FROM (SELECT DISTINCT {value} FROM {sql.name(relation)} WHERE {value} IS NOT NULL)",
        )
    return draft.people[relation, column]


def cells(draft: Draft, relation: str, columns: Sequence[str]) -> str:
    """The step that numbers the cells of a relation as `cell`; '' if there is only the total."""
    if not columns:
        return ""
    listed = ", ".join(map(sql.name, columns))
    return draft.steps.add(
        "cells",
        f"SELECT {listed}, CAST(ROW_NUMBER() OVER () AS INT) AS cell "
        f"FROM (SELECT DISTINCT {listed} FROM {sql.name(relation)})",
    )


def gaps(draft: Draft, rows: Rows, value: str, sets: Sets, where: Iterable[str], step: str) -> Gaps:
    """Which rows a count of these values reads, for these sets of cells, which a step numbers; not yet what for."""
    return Gaps(
        readings=tuple((relation, tuple(map(tuple, some))) for relation, some in rows.readings(sets)),
        value=value,
        people=people(draft, rows.relation, value),
        where=tuple(filter(None, where)),
        cells=step,
        source=rows.source.name,
        rows=rows.said,
    )


def to_cells(relation: str, step: str, columns: Sequence[str]) -> str:
    """The JOIN from a relation to its numbered cells; a column that a row is not grouped by is null on both sides."""
    if not step:
        return ""
    same = (f"{sql.name(step, c)} IS NOT DISTINCT FROM {sql.name(relation, c)}" for c in columns)
    return f" JOIN {sql.name(step)} ON {' AND '.join(same)}"

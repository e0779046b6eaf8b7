"""Write into a run what stands of an earlier one, as if it had been computed once more.

Numbers and verdicts are where they were. What tells of a run (that a KPI was computed, what its sources gave, what came
of checks) is told of this one, too, so that nothing that reads the ledger has to know of runs that computed less.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from headway.ledger import schema
from headway.ledger.logs import Counts
from headway.model import Unchanged


def keep(connection: sa.Connection, run: int, unchanged: Unchanged) -> Counts:
    """Add the rows of a run of which an earlier one has the like. Gives how many numbers are unchanged."""
    attempt, load, checked, footprint = schema.attempt, schema.load, schema.checked, schema.footprint
    for table, key, names in (
        (attempt, attempt.c.kpi, unchanged.kpis),
        (load, load.c.source, unchanged.sources),
    ):
        _again(connection, table, run, unchanged.run, key.in_(list(names)))
    for of, names in (("kpi", unchanged.kpis), ("source", unchanged.sources)):
        _again(connection, checked, run, unchanged.run, checked.c.of == of, checked.c.subject.in_(list(names)))
    for kpi, count in unchanged.kpis.items():
        mine = sa.and_(attempt.c.run == run, attempt.c.kpi == kpi)
        connection.execute(attempt.update().where(mine).values(new=0, changed=0, unchanged=count, gone=0))
    read = footprint.c.source.in_(list(unchanged.read))
    connection.execute(footprint.delete().where(read, footprint.c.run != unchanged.run))
    connection.execute(footprint.update().where(read).values(run=run))
    return Counts(unchanged=sum(unchanged.kpis.values()))


def _again(connection: sa.Connection, table: sa.Table, run: int, earlier: int, *which: Any) -> None:
    """Add the rows of an earlier run once more, as those of this run."""
    others: Collection[sa.Column[Any]] = [column for column in table.c if column.name != "run"]
    rows = sa.select(sa.literal(run).label("run"), *others).where(table.c.run == earlier, *which)
    connection.execute(table.insert().from_select(["run", *(column.name for column in others)], rows))

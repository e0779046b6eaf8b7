"""The growth of a KPI, where a target judges it: `growth(x, '1 month')`, evaluated as the formula that it is.

It is kept as the part `growth 1 month` of the KPI, for the cells that a target of growth speaks of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from headway.model import Catalog, Empty, Expression, Formula, Kpi, Take, Target, read_cell
from headway.periods import Grain
from headway.plan.formula import evaluate
from headway.plan.numbers import together
from headway.plan.requests import Request


def growth(catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], now: datetime) -> pa.Table:
    """The growth of everything that a target of growth speaks of: rows of schema `OBSERVED` and `people`, by part.

    `inputs` holds the numbers of every KPI, its own too.
    """
    wanted: dict[tuple[str, Grain], list[Target]] = {}
    for target in kpi.targets:
        if target.growth:
            wanted.setdefault((target.part, target.grain), []).append(target)
    found = []
    for (part, grain), targets in wanted.items():
        spoken = {target.columns for target in targets}
        grown = replace(
            kpi,
            measure=Formula(Expression(f"growth({kpi.name}, '{targets[0].growth}')"), (kpi.name,)),
            grain=grain,
            by=tuple(breakdown for breakdown in kpi.by if frozenset(breakdown) in spoken),
            by_grain=grain,
            window=None,
            take=Take.LAST,
            empty=Empty.NO_DATA,
        )
        table = evaluate(catalog, grown, inputs, now)
        table = table.filter(pc.equal(table["grain"], grain))
        of_cell = {
            text: any(t.speaks_of(read_cell(text)) for t in targets) for text in pc.unique(table["cell"]).to_pylist()
        }
        table = table.filter(pa.array([of_cell[text] for text in table["cell"].to_pylist()], pa.bool_()))
        found.append(table.set_column(0, table.schema.field("part"), pa.array([part] * len(table), pa.string())))
    return together(found)

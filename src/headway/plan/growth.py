"""The growth of a KPI, where a target judges it or an alert watches it: `growth(x, '1 month')`, the formula that it is.

It is kept as the part `growth 1 month` of the KPI, for the cells that a target or an alert of growth speaks of; that of
a part is `growth 1 month of new`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from headway.model import (
    Beyond,
    Catalog,
    Empty,
    Expression,
    Formula,
    Kpi,
    Take,
    Target,
    Watched,
    WatchedNumbers,
    read_cell,
)
from headway.periods import Grain
from headway.plan.formula import evaluate
from headway.plan.numbers import together
from headway.plan.requests import Request


def growth(catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], now: datetime) -> pa.Table:
    """All growth that a target or an alert speaks of: rows of schema `OBSERVED` and `people`, by part.

    `inputs` holds the numbers of every KPI, its own too.
    """
    wanted: dict[tuple[str, str, Grain], list[Target | Watched]] = {}
    for part, expression, grain, speaking in _asked(catalog, kpi):
        wanted.setdefault((part, expression, grain), []).append(speaking)
    found = []
    for (part, expression, grain), asking in wanted.items():
        spoken = {one.columns for one in asking}
        grown = replace(
            kpi,
            measure=Formula(Expression(expression), (kpi.name,)),
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
            text: any(one.speaks_of(read_cell(text)) for one in asking) for text in pc.unique(table["cell"]).to_pylist()
        }
        table = table.filter(pa.array([of_cell[text] for text in table["cell"].to_pylist()], pa.bool_()))
        found.append(table.set_column(0, table.schema.field("part"), pa.array([part] * len(table), pa.string())))
    return together(found)


def _asked(catalog: Catalog, kpi: Kpi) -> Iterator[tuple[str, str, Grain, Target | Watched]]:
    """Each growth that is spoken of: the part as which it is kept, the formula, the grain, and who speaks of it."""
    for target in kpi.targets:
        if target.growth:
            yield target.part, f"growth({kpi.name}, '{target.growth}')", target.grain, target
    for alert in catalog.alerts.values():
        watches = alert.watches
        if isinstance(watches, WatchedNumbers) and isinstance(watches.when, Beyond) and watches.when.growth:
            for watched in watches.of:
                if watched.kpi == kpi.name:
                    of = f"{kpi.name}.{watched.part}" if watched.part else kpi.name
                    yield watches.part(watched), f"growth({of}, '{watches.when.growth}')", watched.grain, watched

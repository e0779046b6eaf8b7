"""Numbers typed by people: the `entered` kind, and the `history` of a KPI from before the tool."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from headway.model import Catalog, Kpi


def entered(catalog: Catalog, kpi: Kpi, table: pa.Table, now: datetime) -> pa.Table:
    """Typed rows (grain, period, cell, value, from `sources.typed`) -> own-grain numbers; `rollup` makes the rest."""
    raise NotImplementedError


def imported(catalog: Catalog, kpi: Kpi, table: pa.Table, computed: pa.Table | None, now: datetime) -> pa.Table:
    """A KPI's numbers with its `history` in front: history is flagged IMPORTED, and gives way to what is computed."""
    raise NotImplementedError

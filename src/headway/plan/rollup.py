"""States: a longer period takes one of the KPI's own values within it, or their mean."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from headway.model import Catalog, Kpi


def rollup(catalog: Catalog, kpi: Kpi, own: pa.Table, now: datetime) -> pa.Table:
    """A state's values at its own grain -> at every grain that is kept (schema `OBSERVED` + `people`, as in)."""
    raise NotImplementedError

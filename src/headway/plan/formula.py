"""Formulas over KPIs, evaluated for whole columns of periods and cells at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from headway.model import Catalog, Kpi
from headway.plan.requests import Request


def evaluate(catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], now: datetime) -> pa.Table:
    """The numbers of a formula (schema `OBSERVED` + `people`, which is null).

    `inputs` holds everything computed so far, formulas and typed numbers included, each under `Request.of(kpi)`, and
    the flows of windowed formulas under their own request; states already rolled up. A formula with a window gives
    its own grain only: it is a state, so `rollup` makes the rest.
    """
    raise NotImplementedError

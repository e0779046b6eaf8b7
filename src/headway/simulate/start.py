"""A few months of orders of an invented shop: what `headway init` puts beside a first catalogue."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from headway.simulate import tables

COUNTRIES = ("Chile", "Kenya", "Norway", "Vietnam")
DAYS = 400


def write(folder: Path, seed: int, today: date) -> None:
    """Orders of the 400 days before `today`."""
    rng = np.random.default_rng([seed, 20])
    first = np.datetime64(today) - DAYS
    day = np.repeat(np.arange(DAYS), rng.poisson(np.linspace(5, 7.5, DAYS)))
    ordered = (first + day).astype("datetime64[s]") + rng.integers(8 * 3600, 22 * 3600, len(day))
    customer = (rng.pareto(1.6, len(day)) * 40).astype(np.int64) % 900
    rows = {
        "order_id": tables.named("order", np.arange(len(day)) + 1),
        "customer": tables.named("c", customer),
        "country": tables.pick(COUNTRIES, customer % 7 % len(COUNTRIES)),
        "ordered_at": np.sort(ordered),
        "usd": np.round(rng.lognormal(3.75, 0.45, len(day)), 2),
    }
    tables.csv(folder / "orders.csv", tables.table(rows))

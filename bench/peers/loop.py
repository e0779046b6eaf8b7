"""Rolling people by a loop: for each day, pandas takes the rows of the window and counts who is in them."""

from __future__ import annotations

from datetime import date

import pandas as pd

Numbers = dict[int, float]


def people(file: str, first: date, last: date, days: int) -> Numbers:
    """How many people were active in the days that end on each day; by epoch day."""
    rows = pd.read_parquet(file, columns=["seen_at", "person"])
    day = rows["seen_at"].dt.floor("D")
    found = {}
    for end in pd.date_range(first, last):
        inside = rows[(day > end - pd.Timedelta(days=days)) & (day <= end)]
        found[(end - pd.Timestamp(0)).days] = float(inside["person"].nunique())
    return found

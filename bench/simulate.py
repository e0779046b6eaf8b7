"""The simulator: ten million events of the example company, and what Arrow alone takes to write their rows again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from bench.measure import Measured, timed
from headway.simulate import saas

TODAY = date(2026, 11, 22)
#: A bit more than ten million events.
SCALE = 10.0


def measure() -> Iterator[Measured]:
    """Make the raw data, then read and write the same Parquet rows: the least that any simulator would take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with timed(f"the company's data at scale {SCALE:g}", limit=20) as measured:
            saas.write(folder, scale=SCALE, today=TODAY)
        files = sorted(folder.rglob("*.parquet"))
        rows = sum(pq.read_metadata(path).num_rows for path in files)
        assert rows > 10_000_000
        measured.what += f", {rows:,} rows"
        yield measured
        with timed("the same Parquet rows by Arrow alone") as measured:
            for path in files:
                pq.write_table(pq.read_table(path), folder / "again.parquet", compression="zstd")
        yield measured

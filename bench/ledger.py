"""The ledger: writing 2.5 million observations, the same run again, the next day's run, and reading a KPI."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.measure import Measured, timed
from headway.ledger import Ledger, Run
from headway.model import OBSERVED, Computed, Flag, cell_text
from headway.periods import Grain

KPIS, CELLS, DAYS = 50, 50, 1000
FIRST = 19_000


def measure() -> Iterator[Measured]:
    """Write, write again, write a day later, and read."""
    observations = KPIS * CELLS * DAYS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        today = [computed(kpi, DAYS) for kpi in range(KPIS)]
        with Ledger.open(path) as ledger:
            with timed(f"write {observations:,} observations", limit=8) as measured:
                recorded = ledger.record(run(0), today)
            assert recorded.new == observations
            yield measured
            with timed("the same run again", limit=4) as measured:
                recorded = ledger.record(run(1), today)
            assert recorded.unchanged == observations
            yield measured
            tomorrow = [computed(kpi, DAYS + 1) for kpi in range(KPIS)]
            with timed("the next day's run", limit=8) as measured:
                recorded = ledger.record(run(2), tomorrow)
            assert (recorded.new, recorded.changed) == (KPIS * CELLS, KPIS * CELLS)
            yield measured
            with timed(f"read one KPI, {CELLS * DAYS:,} observations", limit=1) as measured:
                assert len(ledger.read("kpi_7")) == CELLS * (DAYS + 1)
            yield measured
            with timed("read the totals of 50 KPIs", limit=1) as measured:
                for kpi in range(KPIS):
                    assert len(ledger.read(f"kpi_{kpi}", cells=False)) == DAYS + 1
            yield measured


def run(day: int) -> Run:
    """A run of the day after so many others."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return Run(started=moment, now=moment, fingerprint="catalogue", catalogue="{}")


def computed(kpi: int, days: int) -> Computed:
    """Daily numbers of a KPI in so many cells; the newest day is still running. Half are counts, half are ratios."""
    random = np.random.default_rng(kpi)
    n = np.floor(random.gamma(2.0, 100.0, (CELLS, DAYS + 1)))[:, :days].ravel()
    denominator = n + 7.0
    counts = kpi % 2 == 0
    size = CELLS * days
    flags = np.zeros((CELLS, days), dtype=np.int8)
    flags[:, -1] = Flag.PARTIAL
    cells = pa.array([""] + [cell_text((("hub", f"hub {c}"),)) for c in range(1, CELLS)])
    nothing = pa.nulls(size, pa.float64())
    observed = pa.table(
        {
            "part": pa.repeat("", size),
            "grain": pa.repeat(Grain.DAY.value, size),
            "cell": cells.take(pa.array(np.repeat(np.arange(CELLS), days))),
            "period": np.tile(np.arange(FIRST, FIRST + days), CELLS),
            "value": n if counts else n / denominator,
            "reason": pa.nulls(size, pa.string()),
            "n": n,
            "numerator": nothing if counts else n,
            "denominator": nothing if counts else denominator,
            "flags": flags.ravel(),
            "so_far": nothing,
            "so_far_before": nothing,
        },
        schema=OBSERVED,
    )
    return Computed(f"kpi_{kpi}", "definition", "SELECT 1", observed)

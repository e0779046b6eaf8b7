"""Alerts: ten thousand rule-cells that see one new day, nothing new, or a hundred days for the first time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.measure import Measured, timed
from headway.alerts import Outlook, judge
from headway.catalog import load
from headway.ledger.records import PUBLISHED
from headway.model import AlertState, Catalog, RuleCell, cell_text
from headway.periods import Grain

KPIS, CELLS, DAYS = 50, 200, 100
FIRST = 20_454
RULE_CELLS = KPIS * CELLS


def measure() -> Iterator[Measured]:
    """A first look, the next day, and a look at nothing new; with bounds, and with trends."""
    before, after = Outlook(numbers(DAYS)), Outlook(numbers(DAYS + 1))
    for what, rule in (("bounds", "above: 900, clear: 800, after: 2"), ("trends", "trend: up, periods: 6")):
        catalog = project(rule)
        states: dict[RuleCell, AlertState] = {}
        with timed(f"{what}: first look at {RULE_CELLS:,} rule-cells of {DAYS} days") as measured:
            advance(catalog, before, states, DAYS)
        assert len(states) == RULE_CELLS
        yield measured
        with timed(f"{what}: the next day of {RULE_CELLS:,} rule-cells", limit=1) as measured:
            changed = advance(catalog, after, states, DAYS + 1)
        assert changed == RULE_CELLS
        yield measured
        with timed(f"{what}: nothing new for {RULE_CELLS:,} rule-cells", limit=1) as measured:
            changed = advance(catalog, after, states, DAYS + 1)
        assert changed == 0
        yield measured


def advance(catalog: Catalog, outlook: Outlook, states: dict[RuleCell, AlertState], day: int) -> int:
    """Judge on the morning after a day; how many states changed."""
    now = datetime(1970, 1, 1, 6, tzinfo=UTC) + timedelta(days=FIRST + day)
    steps = list(judge(catalog, outlook, states, now))
    states |= {step.state.of: step.state for step in steps}
    return len(steps)


def project(rule: str) -> Catalog:
    """A catalogue with so many KPIs by hub, and an alert on each hub of all of them."""
    kpis = "".join(f"  kpi_{n}: {{count: visits, grain: day, by: [hub], by_grain: day}}\n" for n in range(KPIS))
    names = ", ".join(f"kpi_{n}" for n in range(KPIS))
    text = f"""
project: bench
sources: {{visits: {{read: {{files: visits.csv}}, columns: {{at: date, hub: text}}, time: at}}}}
kpis:
{kpis}
routes: {{team: {{apprise: env:TEAM}}}}
levels: {{warning: {{respond: 4 hours, to: team}}}}
alerts: {{watch: {{level: warning, kpi: [{names}], for: {{hub: each}}, {rule}}}}}
"""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "headway.yml").write_text(text)
        return replace(load(Path(folder)), root=Path())


def numbers(days: int) -> Mapping[str, pa.Table]:
    """Daily numbers of every KPI, of the total and of each hub; one in ten lies past the bound."""
    return {f"kpi_{kpi}": table(kpi, days) for kpi in range(KPIS)}


def table(kpi: int, days: int) -> pa.Table:
    """The numbers of one KPI, schema `PUBLISHED`."""
    values = np.random.default_rng(kpi).uniform(0, 1000, (DAYS + 1, CELLS + 1))[:days].T
    size = values.size
    cells = pa.array(["", *(cell_text((("hub", f"hub {n}"),)) for n in range(CELLS))])
    columns = {
        "part": pa.repeat("", size),
        "grain": pa.repeat(Grain.DAY.value, size),
        "cell": cells.take(pa.array(np.repeat(np.arange(CELLS + 1), days))),
        "period": np.tile(np.arange(FIRST, FIRST + days), CELLS + 1),
        "value": values.ravel(),
        "flags": np.zeros(size, np.int8),
        "revision": np.ones(size, np.int64),
        "run": np.ones(size, np.int64),
    }
    nothing = {f.name: pa.nulls(size, f.type) for f in PUBLISHED if f.name not in columns}
    return pa.table({name: (columns | nothing)[name] for name in PUBLISHED.names}, schema=PUBLISHED)

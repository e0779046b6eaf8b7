"""The table of docs/alerts.md is what the machine does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from headway.alerts import Outlook, judge
from headway.catalog import load
from headway.ledger.records import PUBLISHED
from headway.periods import epoch_day

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
PROJECT = """
project: shop
sources: {{orders: {{read: {{files: orders.csv}}, columns: {{at: date, usd: number}}, time: at}}}}
kpis: {{sales: {{sum: orders.usd, grain: day}}}}
routes: {{team: {{apprise: env:TEAM}}}}
levels: {{warning: {{respond: 4 hours, to: team}}}}
alerts: {{one: {{level: warning, kpi: sales, {rule}}}}}
"""
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_table_of_days_is_what_happens(tmp_path: Path) -> None:
    """Its alert, judged on each morning, has these states and tells this."""
    [said] = re.findall(r"an alert with (`above:.*?`):", PAGE, re.DOTALL)
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (\w+) \| ?(\w*) ?\|$", PAGE, re.MULTILINE)
    assert len(rows) == 11
    (tmp_path / "headway.yml").write_text(PROJECT.format(rule=", ".join(re.findall("`(.*?)`", said))))
    catalog, states, numbers, found = load(tmp_path), {}, [], []
    for day, value, _, _ in rows:
        missing = value == "no data"
        row = {"part": "", "grain": "day", "cell": "", "flags": 0, "revision": 1, "run": 1}
        row |= {"period": epoch_day(FIRST.date()) + int(day) - 1, "value": None if missing else float(value)}
        numbers.append(row | {"reason": value if missing else None})
        outlook = Outlook({"sales": pa.Table.from_pylist(numbers, schema=PUBLISHED)})
        steps = list(judge(catalog, outlook, states, FIRST + timedelta(days=int(day), hours=6)))
        states |= {step.state.of: step.state for step in steps}
        [state] = states.values()
        found.append((day, value, state.phase.value, " ".join(one.tells for step in steps for one in step.notices)))
    assert found == rows

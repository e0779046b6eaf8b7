"""A value that is only known to be so large, or larger, says so wherever it is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from headway import catalog as catalogue
from headway.ledger import Ledger
from headway.model import Audience, Flag
from headway.periods import Grain
from headway.publish.view import View

NOW = "2026-04-02T00:00+00:00"


def test_at_least_is_shown_stored_and_judged(project: Any) -> None:
    """Nothing is known after May: two months or more, on the page and its rows, and below a target of three."""
    project.write(
        headway="""
            project: runway
            kpis:
              cash:   {entered: cash.csv, grain: month, unit: USD}
              costs:  {entered: costs.csv, grain: month, unit: USD}
              runway: {lasts: cash, less: costs, targets: [{at_least: 3}]}
        """,
        cash="period,value\n2026-02,30\n2026-03,100\n",
        costs="period,value\n2026-03,20\n2026-04,20\n2026-05,20\n",
    )
    assert project.run(NOW).whole
    with Ledger.open(project.root / "ledger.db") as ledger:
        catalog = catalogue.load(project.root)
        page = View(ledger, catalog, Audience.INTERNAL, datetime.fromisoformat(NOW), None).kpi("runway", None)
        row = ledger.read("runway", grain=Grain.MONTH).to_pylist()[-1]
    assert (row["value"], bool(row["flags"] & Flag.AT_LEAST), row["status"]) == (2.0, True, "off")
    assert (page.tile.shown.text, page.tile.shown.at_least) == ("≥\u00a02\u00a0months", True)
    assert [(shown.full, shown.at_least) for shown in page.rows] == [
        ("≥\u00a02\u00a0months", True),
        ("1\u00a0month", False),
    ]

"""KPIs of the hubs before they are tracked and after they are retired: the terminal and the page say when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from headway import catalog as catalogs
from headway import simulate
from headway.ledger import Ledger
from headway.model import Audience
from headway.publish import terminal, view
from headway.publish.html import Pages
from headway.run import observe

TODAY = date(2026, 3, 1)
KPIS = ("user_satisfaction", "engagement", "communities_on_their_own", "hours_per_user", "stories")


def told(root: Path, year: int) -> dict[str, tuple[str, str]]:
    """What the terminal and the page say of each KPI to a reader of `TODAY`, after a run of this year's February."""
    catalog = catalogs.load(root)
    reader = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    with Ledger.open(root / f"{year}.db") as ledger:
        observe(catalog, ledger, datetime(year, 2, 20, 6, tzinfo=UTC), KPIS)
        seen = view.open(ledger, catalog, Audience.INTERNAL, reader)
        found = {}
        for name in KPIS:
            printed = StringIO()
            terminal.kpi(Console(file=printed, width=150), seen.kpi(name), 12)
            page = Pages(seen).get(f"kpi/{name}.html")
            assert page is not None
            found[name] = (printed.getvalue(), page.content.decode())
        return found


def test_a_kpi_is_planned_then_tracked_then_retired(tmp_path: Path) -> None:
    """Before its day a KPI is not tracked yet and says when it is due, afterwards it is retired; a text waits, too."""
    simulate.write("hubs", tmp_path, today=TODAY, scale=0.02)
    early = told(tmp_path, 2025)
    for name, due in (
        ("user_satisfaction", "30 May 2025"),
        ("engagement", "31 Jul 2025"),
        ("communities_on_their_own", "1 Apr 2027"),
    ):
        for text in early[name]:
            assert "Not tracked yet" in text, name
            assert f"Due {due}" in text, name
    for terminal_text, page in (early["hours_per_user"], early["stories"]):
        assert "Retired" not in terminal_text + page
    for text in early["stories"]:
        assert "statistics" in text
        assert "Two colleges" not in text  # told in June

    late = told(tmp_path, 2026)
    for name in ("user_satisfaction", "engagement"):
        assert "Not tracked yet" not in "".join(late[name])
    for text in late["communities_on_their_own"]:
        assert "Due 1 Apr 2027" in text
    for text in late["hours_per_user"]:
        assert "Retired" in text
        assert "July 2025" in text
    assert "Retired on 31 Jul 2025" in late["hours_per_user"][1]
    for text in late["stories"]:
        assert "Two colleges" in text

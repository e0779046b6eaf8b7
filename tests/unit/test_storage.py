"""The estimate of what a run stores, held against what runs store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog, run
from headway.catalog import storage
from headway.ledger import Ledger
from headway.model import Rehearsed
from headway.periods import Calendar, Grain
from headway.rehearsal import rehearse

NOW = datetime(2026, 3, 15, 6, tzinfo=UTC)
PROJECT = """
project: example
sources:
  visits:
    read: {files: visits.csv}
    columns: {person: text, page: text, shop: text, spent: number, at: timestamp}
    time: at
    people: person
kpis:
  visitors: {distinct: visits.person, window: 7 days, by: [page, shop, [page, shop]], unit: people}
  visits: {count: visits, by: [page], grain: month}
  spent:
    sum: visits.spent
    by: [page]
    by_grain: month
    unit: EUR
    targets: [{grain: month, growth: 1 month, at_least: 1 %}]
  spent_per_visit: {formula: spent / visits, by: [page], grain: month, unit: EUR}
  came_back: {retention: visits.person, ages: 2 months}
  pleased: {share: visits.pleased, grain: month}
  people_trained: {entered: trained.csv, grain: month, by: [page]}
  planned: {tracked_from: 2027-01-01}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three months in which everything has a number in every period."""
    rows = ["person,page,shop,spent,at,pleased"]
    day = date(2026, 1, 1)
    while day < date(2026, 3, 15):
        rows += [f"p{n},page {n % 3},shop {n % 2},1.5,{day} 09:00:00Z,true" for n in range(36)]
        day += timedelta(days=1)
    (tmp_path / "visits.csv").write_text("\n".join(rows))
    (tmp_path / "trained.csv").write_text("period,value,page\n2026-01,3,\n2026-02,4,\n2026-02,1,a\n")
    written = PROJECT.replace("spent: number,", "spent: number, pleased: boolean,")
    (tmp_path / "headway.yml").write_text(written)
    return tmp_path


def test_an_estimate_is_what_is_stored_where_every_cell_has_numbers(project: Path) -> None:
    """Series and numbers of each KPI are those that the ledger holds afterwards."""
    found = catalog.load(project)
    told = rehearse(found, NOW).told
    estimated = {one.kpi: one for one in storage.estimate(found, told, NOW.date())}
    with Ledger.open(project / found.ledger) as ledger:
        run.observe(found, ledger, NOW)
        stored = ledger.stored()
    assert set(estimated) == set(stored)
    for name in ("visitors", "visits", "spent", "spent_per_visit", "pleased"):
        one = estimated[name]
        assert one.numbers is not None
        assert (one.cells, one.series) == stored[name][:2], name
        assert 0 <= one.numbers - stored[name][2] <= 0.1 * one.numbers, name
    assert (estimated["visitors"].cells, estimated["visits"].cells) == (11, 3)
    assert estimated["came_back"].cells == 3
    assert estimated["people_trained"].cells == stored["people_trained"][0] == 1


def test_without_the_data_nothing_is_made_up(project: Path) -> None:
    """Cells that nobody counted are not known, and neither are numbers without a first day."""
    found = catalog.load(project)
    for one in storage.estimate(found, Rehearsed(), NOW.date()):
        assert one.numbers is None, one.kpi
        assert one.size is None


@pytest.mark.parametrize("grain", Grain)
@pytest.mark.parametrize(("first", "last"), [("2024-02-29", "2026-03-15"), ("2026-01-01", "2026-01-01")])
def test_periods_are_counted_without_making_them(grain: Grain, first: str, last: str) -> None:
    """As many as the calendar makes."""
    calendar = Calendar("UTC", fiscal_start=4)
    days = date.fromisoformat(first), date.fromisoformat(last)
    assert storage.periods(calendar, grain, *days) == len(calendar.between(grain, *days))
    assert storage.periods(calendar, grain, days[1], days[0] - timedelta(days=1)) == 0

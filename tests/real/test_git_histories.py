"""33,251 real commits: active authors over rolling and calendar windows equal a plain count for every day."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headway import catalog as catalogue
from headway import plan, sources
from headway.engines import DuckDB
from headway.model import Catalog
from headway.periods import Grain

DATA = Path(os.environ.get("HEADWAY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "git_histories"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data are not at {DATA}")

NOW = datetime(2026, 11, 1, tzinfo=UTC)

PROJECT = """
project: histories
timezone: {zone}
min_group_size: 1
sources:
  commits:
    read: {{files: "{files}"}}
    columns: {{author_hash: text, commit_date: timestamp, repo: text, is_merge: integer}}
    time: commit_date
    people: author_hash
kpis:
  active_7:     {{distinct: commits.author_hash, window: 7 days, by: [repo]}}
  active_30:    {{distinct: commits.author_hash, window: 30 days, by: [repo]}}
  active_month: {{distinct: commits.author_hash, window: calendar month, by: [repo]}}
  active:       {{distinct: commits.author_hash, by: [repo]}}
"""


@pytest.fixture(scope="module")
def commits() -> list[tuple[datetime, str, str]]:
    """(moment, repository, author) of every commit, read by nothing but Python's csv."""
    found = []
    for path in sorted(DATA.glob("*.commits.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [
                (datetime.fromisoformat(row["commit_date"]), row["repo"], row["author_hash"])
                for row in csv.DictReader(file)
            ]
    assert len(found) == 33_251
    return found


class Authors:
    """Who was active on which local day, by repository; '' is everybody."""

    def __init__(self, catalog: Catalog, commits: list[tuple[datetime, str, str]]) -> None:
        self.days: dict[str, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
        for moment, repository, author in commits:
            day = moment.astimezone(catalog.calendar.tz).date()
            self.days[""][day].add(author)
            self.days[f'{{"repo": "{repository}"}}'][day].add(author)
        self.first, self.last = min(self.days[""]), max(self.days[""])

    def every_day(self) -> Iterator[date]:
        day = self.first
        while day <= self.last:
            yield day
            day += timedelta(days=1)

    def between(self, cell: str, first: date, last: date) -> float:
        """Distinct authors of the days `first` to `last`."""
        found: set[str] = set()
        for n in range((last - first).days + 1):
            found |= self.days[cell].get(first + timedelta(days=n), set())
        return float(len(found))


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_active_authors_equal_a_plain_count_on_every_day(
    tmp_path: Path, commits: list[tuple[datetime, str, str]], zone: str
) -> None:
    """Rolling 7 and 30 days for each of some 4,400 days, and every calendar period, in total and by repository."""
    (tmp_path / "headway.yml").write_text(PROJECT.format(zone=zone, files=DATA / "*.commits.csv"), encoding="utf-8")
    catalog = catalogue.load(tmp_path)
    numbers = _compute(catalog)
    authors = Authors(catalog, commits)
    assert len(list(authors.every_day())) > 4_000
    expected: dict[str, dict[tuple[str, str, int], float]] = {name: {} for name in catalog.kpis}
    for cell in authors.days:
        for day in authors.every_day():
            key = ("day", cell, (day - date(1970, 1, 1)).days)
            month = catalog.calendar.period(Grain.MONTH, day)
            expected["active_7"][key] = authors.between(cell, day - timedelta(days=6), day)
            expected["active_30"][key] = authors.between(cell, day - timedelta(days=29), day)
            expected["active_month"]["month", cell, month.key] = authors.between(cell, month.first, month.last)
            for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR):
                period = catalog.calendar.period(grain, day)
                of_period = (str(grain), cell, period.key)
                if of_period not in expected["active"]:
                    expected["active"][of_period] = authors.between(cell, period.first, period.last)
    for name, values in expected.items():
        # Cells at 0 are implied.
        assert numbers[name] == {k: v for k, v in values.items() if v or k[1] == ""}, name


def _compute(catalog: Catalog) -> dict[str, dict[tuple[str, str, int], Any]]:
    """The numbers of every KPI: (grain, cell, period) -> value."""
    with DuckDB() as engine:
        source = catalog.sources["commits"]
        schemas = {"commits": engine.attach(source, sources.locate(source, catalog.root))}
        probed = engine.execute(plan.probe(catalog, schemas, "commits", NOW))
        coverage = {"commits": plan.coverage(catalog, "commits", probed, NOW)}
        assert coverage["commits"].rows == 33_251
        found = {}
        for one in plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW):
            for request, table in one.read(engine.execute(one.query, one.tables)).items():
                columns = (table[c].to_pylist() for c in ("grain", "cell", "period", "value"))
                found[request.kpi] = {(g, c, p): v for g, c, p, v in zip(*columns, strict=True)}
    return found

"""States in longer periods, typed numbers and imported history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headway import catalog as catalogue
from headway import plan, sources
from headway.model import Catalog, Flag, Kpi, Reason, Take
from headway.periods import Grain

NOW = datetime(2025, 3, 15, 12, tzinfo=UTC)

PROJECT = """
    project: states
    min_group_size: 1
    sources:
      spells:
        read: {files: unused.csv}
        columns: {from: date, until: date, team: text}
        time: from
        until: until
        sparse: true
    kpis:
      heads: {open: spells, by: [team], by_grain: month}
"""

#: Two people from 1 January; one leaves after the 21st; a third comes on 11 February, in another team.
SPELLS = [
    {"from": date(2025, 1, 1), "team": "a"},
    {"from": date(2025, 1, 1), "until": date(2025, 1, 22), "team": "a"},
    {"from": date(2025, 2, 11), "team": "b"},
]


def rolled(workbench: Any, take: Take, now: datetime = NOW) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The state's numbers when longer periods take something else than the last."""
    catalog = workbench.project(PROJECT)
    kpi = replace(catalog.kpis["heads"], take=take)
    catalog = replace(catalog, kpis={"heads": kpi})
    found: dict[tuple[str, str, str], dict[str, Any]] = workbench.numbers(catalog, {"spells": SPELLS}, now)["heads"]
    return found


def test_take_last_is_the_end_of_the_period(workbench: Any) -> None:
    """January ends with one, February with two; the quarter so far has yesterday's."""
    heads = rolled(workbench, Take.LAST)
    assert heads["month", "", "2025-01"]["value"] == 1
    assert heads["month", "", "2025-02"]["value"] == 2
    assert heads["quarter", "", "2025-Q1"]["value"] == 2
    assert heads["quarter", "", "2025-Q1"]["flags"] == Flag.PARTIAL


def test_a_cell_that_is_empty_by_the_end_is_empty(workbench: Any) -> None:
    """Team b has nobody in January, and cells are kept by month only."""
    heads = rolled(workbench, Take.LAST)
    assert ("month", '{"team": "b"}', "2025-01") not in heads
    assert heads["month", '{"team": "b"}', "2025-02"]["value"] == 1
    assert {grain for grain, cell, _ in heads if cell} == {"month", "quarter", "year"}


def test_only_what_counts_the_same_rows_over_the_same_time_is_counted_once(workbench: Any) -> None:
    """KPIs of one source that differ in their rows, their values or their time have numbers of their own."""
    kpis = """
      others: {open: spells, where: team <> 'a', by: [team], by_grain: month}
      teams:  {open: spells.team, by: [team], by_grain: month}
      since:  {open: spells, by: [team], by_grain: month, tracked_from: 2025-02-01}
      in_use: {open: spells.team, where: team <> 'a', by: [team], by_grain: month}
      later:  {open: spells.team, by: [team], by_grain: month, tracked_from: 2025-03-01}
      months: {open: spells, by: [team], grain: month}
    """
    catalog = workbench.project(PROJECT + kpis)
    numbers = workbench.numbers(catalog, {"spells": [*SPELLS, SPELLS[0]]}, NOW)
    found = {
        name: [of.get(("month", "", f"2025-0{month}"), {}).get("value") for month in (1, 2, 3)]
        for name, of in numbers.items()
    }
    assert found == {
        "heads": [2, 3, 3],
        "others": [0, 1, 1],
        "teams": [1, 2, 2],
        "since": [None, 3, 3],
        "in_use": [0, 1, 1],
        "later": [None, None, 2],
        "months": [2, 3, 3],
    }


@pytest.mark.parametrize(
    ("take", "january", "february", "team_b"),
    [
        (Take.MEAN, (21 * 2 + 10) / 31, (10 * 1 + 18 * 2) / 28, 18 / 28),
        (Take.MAX, 2, 2, 1),
        (Take.MIN, 1, 1, 0),
    ],
)
def test_mean_and_extremes_are_over_own_values(
    workbench: Any, take: Take, january: float, february: float, team_b: float
) -> None:
    """Days on which a cell is not stored are 0, and take part."""
    heads = rolled(workbench, take)
    assert heads["month", "", "2025-01"]["value"] == pytest.approx(january)
    assert heads["month", "", "2025-02"]["value"] == pytest.approx(february)
    assert heads["month", '{"team": "b"}', "2025-02"]["value"] == pytest.approx(team_b)


def test_the_mean_of_a_running_month_is_over_days_that_are_over(workbench: Any) -> None:
    """On 12 February at noon: 10 days with one and one with two; so far is the same, January's first 11 days beside."""
    heads = rolled(workbench, Take.MEAN, datetime(2025, 2, 12, 12, tzinfo=UTC))
    february = heads["month", "", "2025-02"]
    assert february["value"] == pytest.approx(12 / 11)
    assert february["so_far"] == pytest.approx(12 / 11)
    assert february["so_far_before"] == 2


def test_a_withheld_own_value_withholds_what_is_taken_from_it(workbench: Any) -> None:
    """The last day's reason is the month's; a mean over it is withheld, too."""
    catalog = workbench.project(PROJECT)
    kpi = catalog.kpis["heads"]
    day = workbench.tables(catalog, {"spells": SPELLS}, NOW)["heads"]
    own = day.filter(pa.compute.equal(day["grain"], "day"))
    last = (date(2025, 1, 31) - date(1970, 1, 1)).days
    held = pa.array([r == last for r in own["period"].to_pylist()])
    own = own.set_column(4, "value", pa.compute.if_else(held, None, own["value"]))
    own = own.set_column(5, "reason", pa.compute.if_else(held, Reason.CHECK_FAILED.value, own["reason"]))
    for take in (Take.LAST, Take.MEAN, Take.MAX):
        found = _by_period(catalog, plan.rollup(catalog, replace(kpi, take=take), own, NOW))
        assert found["month", "", "2025-01"]["reason"] == Reason.CHECK_FAILED, take
        assert found["month", "", "2025-02"]["reason"] is None


def _by_period(catalog: Catalog, table: pa.Table) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {
        (r["grain"], r["cell"], catalog.calendar.from_key(Grain(r["grain"]), r["period"]).name): r
        for r in table.to_pylist()
    }


# -- typed numbers -------------------------------------------------------------------------------------------------


def typed(tmp_path: Path, kpi: str, csv: str) -> tuple[Catalog, Kpi, pa.Table]:
    """A catalogue of one KPI and what its file says."""
    (tmp_path / "headway.yml").write_text(f"project: typed\nkpis:\n  x: {kpi}\n", encoding="utf-8")
    (tmp_path / "x.csv").write_text(csv, encoding="utf-8")
    catalog = catalogue.load(tmp_path)
    return catalog, catalog.kpis["x"], sources.typed(tmp_path / "x.csv", catalog.calendar, [["team"]])


def test_typed_numbers_are_dated_at_the_end_of_their_period(tmp_path: Path) -> None:
    """A year's number is its December's; a quarter takes its last month that has one."""
    catalog, kpi, table = typed(
        tmp_path, "{entered: x.csv, grain: month}", "period,value\n2023,7\n2024-01,8\n2024-02,9\n2025-03,1\n"
    )
    own = plan.entered(catalog, kpi, table, NOW)
    found = _by_period(catalog, plan.rollup(catalog, kpi, own, NOW))
    assert {name: r["value"] for (g, _, name), r in found.items() if g == "month"} == {
        "2023-12": 7,
        "2024-01": 8,
        "2024-02": 9,
        "2025-03": 1,
    }
    assert {name: r["value"] for (g, _, name), r in found.items() if g == "quarter"} == {
        "2023-Q4": 7,
        "2024-Q1": 9,
        "2025-Q1": 1,
    }
    assert found["month", "", "2025-03"]["flags"] == Flag.PARTIAL
    assert found["quarter", "", "2024-Q1"]["flags"] == 0


def test_typed_flows_are_added_up(tmp_path: Path) -> None:
    """With `take: sum` a year is the sum of its months, by cell, too."""
    catalog, kpi, table = typed(
        tmp_path,
        "{entered: x.csv, grain: month, take: sum, by: [team]}",
        "period,team,value\n2024-01,,8\n2024-02,,9\n2024-01,a,3\n2024-02,a,4\n",
    )
    found = _by_period(catalog, plan.rollup(catalog, kpi, plan.entered(catalog, kpi, table, NOW), NOW))
    assert found["year", "", "2024"]["value"] == 17
    assert found["year", '{"team": "a"}', "2024"]["value"] == 7


def test_history_is_flagged_and_gives_way_to_what_is_computed(workbench: Any, tmp_path: Path) -> None:
    """Imported values fill the past, also of longer periods, and never replace a computed number."""
    catalog = workbench.project(PROJECT)
    computed = workbench.tables(catalog, {"spells": SPELLS}, NOW)["heads"]
    (tmp_path / "h.csv").write_text("period,value\n2024-12-30,5\n2024-12-31,6\n2025-01-01,99\n", encoding="utf-8")
    table = sources.typed(tmp_path / "h.csv", catalog.calendar)
    found = _by_period(catalog, plan.imported(catalog, catalog.kpis["heads"], table, computed, NOW))
    assert found["day", "", "2024-12-31"]["value"] == 6
    assert found["day", "", "2024-12-31"]["flags"] == Flag.IMPORTED
    assert found["month", "", "2024-12"]["value"] == 6
    assert found["month", "", "2024-12"]["flags"] == Flag.IMPORTED
    assert found["day", "", "2025-01-01"]["value"] == 2
    assert found["month", "", "2025-01"]["value"] == 1

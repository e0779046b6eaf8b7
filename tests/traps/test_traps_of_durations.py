"""Traps of lengths of time: where those who are still waiting, weekends and repeated rows make a number too good."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from headway import catalog as catalogue
from headway.ledger import Ledger
from headway.model import Flag, Reason, cell_text
from headway.run import observe

NOW = datetime(2026, 3, 1, tzinfo=UTC)

PROJECT = """
    project: traps
    min_group_size: 1
    {project}
    sources:
      accounts:
        read: {{files: unused.csv}}
        columns: {{account: text, plan: text, created_at: timestamp, closed_at: timestamp}}
        key: account
        time: created_at
      steps:
        read: {{files: unused.csv}}
        columns: {{account: text, at: timestamp}}
        time: at
        refers: {{account: accounts}}
"""


def project(kpis: str, more: str = "") -> str:
    """A catalogue of accounts and what they do, with these KPIs."""
    return PROJECT.format(project=more) + "    kpis:\n" + "".join(f"      {line}\n" for line in kpis.splitlines())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def month(numbers: Any, name: str, kpi: str) -> Any:
    return numbers[kpi]["month", "", name]


def test_customers_who_have_not_got_there_are_not_dropped(workbench: Any) -> None:
    """Nine of ten never get there: a median over those who did would be 2 days; there is none, and it says why."""
    catalog = workbench.project(
        project(
            "got: {duration: {from: accounts.created_at, to: steps.at}, dated: from, follow: 30 days, unit: days, "
            "statistic: median, grain: month}"
        )
    )
    accounts = [{"account": f"a{n}", "created_at": at("2025-11-03T00:00")} for n in range(10)]
    steps = [{"account": "a0", "at": at("2025-11-05T00:00")}]
    november = month(workbench.numbers(catalog, {"accounts": accounts, "steps": steps}, NOW), "2025-11", "got")
    assert (november["value"], november["reason"], november["n"]) == (None, Reason.TOO_FEW_REACHED, 10)
    assert not november["flags"] & Flag.PARTIAL


def test_a_young_cohort_does_not_look_quick(workbench: Any) -> None:
    """Who began yesterday can only have got there quickly. The estimate counts them as long as they were watched."""
    kpi = "got: {duration: {from: accounts.created_at, to: steps.at}, dated: from, follow: 30 days, unit: days, "
    catalog = workbench.project(project(kpi + "statistic: median, grain: month}"))
    takes = [3 if n % 3 == 0 else 15 for n in range(27)]  # days: one of three is quick
    accounts = [{"account": f"a{n}", "created_at": at("2026-02-01") + timedelta(days=n)} for n in range(27)]
    steps = [
        {"account": row["account"], "at": row["created_at"] + timedelta(days=days)}
        for row, days in zip(accounts, takes, strict=True)
    ]
    seen = [days for step, days in zip(steps, takes, strict=True) if step["at"].replace(tzinfo=UTC) < NOW]
    numbers = workbench.numbers(catalog, {"accounts": accounts, "steps": steps}, NOW)
    february = month(numbers, "2026-02", "got")
    assert median(seen) == 3
    assert february["value"] == 15
    assert february["flags"] & Flag.PARTIAL
    assert february["so_far"] is None


def test_a_second_assignment_restarts_no_clock(workbench: Any) -> None:
    """It is counted from the first of several rows; those that come later change nothing."""
    catalog = workbench.project(
        project("took: {duration: {from: {first: steps.at}, to: accounts.closed_at, per: accounts}, unit: hours}")
    )
    rows = {
        "accounts": [{"account": "a", "created_at": at("2026-01-01T00:00"), "closed_at": at("2026-01-05T10:00")}],
        "steps": [{"account": "a", "at": at(f"2026-01-05T0{hour}:00")} for hour in (4, 8, 9)],
    }
    assert workbench.numbers(catalog, rows, NOW)["took"]["day", "", "2026-01-05"]["value"] == 6


@pytest.mark.parametrize(
    ("begin", "end", "days"),
    [
        ("2026-01-09T09:00", "2026-01-12T17:00", 1),  # Friday to Monday
        ("2026-01-10T09:00", "2026-01-12T17:00", 1),  # Saturday to Monday
        ("2026-01-12T00:00", "2026-01-12T23:59", 0),  # within Monday
        ("2026-01-05T09:00", "2026-01-12T09:00", 5),  # a week
        ("2025-12-31T09:00", "2026-01-02T09:00", 1),  # over a holiday
        ("2025-12-24T23:30", "2025-12-29T00:30", 3),  # 25 December is a working day in this project
    ],
)
def test_a_weekend_is_no_working_time(workbench: Any, begin: str, end: str, days: int) -> None:
    """Working days are those after the first, up to and with the last: no weekends, no holidays, no hours."""
    (workbench.root / "holidays.csv").write_text("name,day\nNew Year,2026-01-01\n", encoding="utf-8")
    kpi = "took: {duration: {from: accounts.created_at, to: accounts.closed_at}, unit: working days, window: all time}"
    catalog = workbench.project(project(kpi, "holidays: holidays.csv"))
    rows = {"accounts": [{"account": "a", "created_at": at(begin), "closed_at": at(end)}]}
    numbers = workbench.numbers(catalog, rows, NOW)["took"]
    assert numbers["day", "", end[:10]]["value"] == days


def test_a_customer_who_changes_plan_is_in_one_cell(workbench: Any) -> None:
    """Cells are those of the entity, however many rows of others belong to it: no row counts twice."""
    catalog = workbench.project(
        project("took: {duration: {from: accounts.created_at, to: {last: steps.at}}, unit: days, by: [plan]}")
    )
    rows = {
        "accounts": [{"account": "a", "plan": "pro", "created_at": at("2026-01-01T00:00")}],
        "steps": [{"account": "a", "at": at(f"2026-01-0{day}T00:00")} for day in (2, 3, 4)],
    }
    numbers = workbench.numbers(catalog, rows, NOW)["took"]
    assert {(cell, row["value"], row["n"]) for (_, cell, _), row in numbers.items() if row["n"]} == {
        ("", 3, 1),
        (cell_text((("plan", "pro"),)), 3, 1),
    }


def test_a_holiday_more_is_another_definition(tmp_path: Path) -> None:
    """What the file of holidays says is part of what KPIs in working days are, and of no other."""
    (tmp_path / "headway.yml").write_text(
        project(
            "worked: {duration: {from: accounts.created_at, to: accounts.closed_at}, unit: working days}\n"
            "elapsed: {duration: {from: accounts.created_at, to: accounts.closed_at}, unit: days}\n"
            "slow: {formula: worked / 2, unit: working days}",
            "holidays: holidays.csv",
        ),
        encoding="utf-8",
    )
    found = []
    for days in ("2026-01-01", "2026-01-01\n2026-01-06"):
        (tmp_path / "holidays.csv").write_text(f"day\n{days}\n", encoding="utf-8")
        catalog = catalogue.load(tmp_path)
        found.append((catalog.fingerprint, *(catalogue.fingerprint(kpi, catalog) for kpi in catalog.kpis.values())))
        assert date(2026, 1, 1) in catalog.working.holidays
    before, after = found
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True, False]


def test_what_ends_before_it_begins_is_counted_with_its_source(tmp_path: Path) -> None:
    """A run says how many rows no length was made of."""
    (tmp_path / "headway.yml").write_text(
        """
project: backwards
sources:
  tickets: {read: {files: tickets.csv}, time: opened_at}
kpis:
  took: {duration: {from: tickets.opened_at, to: tickets.closed_at}, unit: days, grain: month}
  slow: {duration: {from: tickets.opened_at, to: tickets.closed_at}, unit: days, grain: month, window: 1 year}
""",
        encoding="utf-8",
    )
    (tmp_path / "tickets.csv").write_text(
        "opened_at,closed_at\n2026-01-05,2026-01-07\n2026-01-05,2026-01-04\n2026-01-06,\n", encoding="utf-8"
    )
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        outcome = observe(catalogue.load(tmp_path), ledger, NOW)
    (load,) = outcome.loads
    assert load.removed == {"closed_at before opened_at": 1}
    assert not outcome.failed_kpis


def test_an_end_at_the_very_moment_of_the_begin_is_no_time_and_no_miss(workbench: Any) -> None:
    """Who does the first step while signing up took 0 days; who took exactly 7 days was there within 7 days."""
    catalog = workbench.project(
        project(
            "took: {duration: {from: accounts.created_at, to: steps.at}, unit: days, grain: month}\n"
            "soon: {duration: {from: accounts.created_at, to: steps.at}, dated: from, within: 7 days, grain: month}"
        )
    )
    accounts = [{"account": name, "created_at": at("2025-11-03T10:00")} for name in ("at once", "in time", "late")]
    steps = [
        {"account": "at once", "at": at("2025-11-03T10:00")},
        {"account": "at once", "at": at("2025-11-09T10:00")},
        {"account": "in time", "at": at("2025-11-10T10:00")},
        {"account": "late", "at": at("2025-11-10T10:01")},
    ]
    numbers = workbench.numbers(catalog, {"accounts": accounts, "steps": steps}, NOW)
    took = month(numbers, "2025-11", "took")
    assert took["n"] == 3
    assert abs(took["value"] - (14 + 1 / 1440) / 3) < 1e-12
    assert abs(month(numbers, "2025-11", "soon")["value"] - 2 / 3) < 1e-12

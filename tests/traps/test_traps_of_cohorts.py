"""Traps of counting who came back: a wrong number here is a wrong number for somebody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

from headway import catalog as catalogue
from headway import quality
from headway.ledger import Ledger
from headway.model import Flag, Reason
from headway.periods import Grain
from headway.run import observe

PROJECT = """
    project: traps
    min_group_size: {group}
    sources:
      visits:
        read: {{files: visits.csv}}
        columns: {{on: date, person: text, hub: text}}
        time: on
        people: person
    kpis:
"""


def visits(*kpis: str, group: int = 1) -> str:
    """A catalogue of one source with some KPIs."""
    return PROJECT.format(group=group) + "".join(f"      {kpi}\n" for kpi in kpis)


def rows(**seen: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of people, each on the days of one month that are given, `ann="1 5 31"`."""
    return {
        "visits": [
            {"on": date(2025, 1, 1) + timedelta(days=int(day) - 1), "person": person, "hub": "a"}
            for person, days in seen.items()
            for day in days.split()
        ]
    }


def values(numbers: Any, grain: str, cell: str = "") -> dict[str, Any]:
    """Name of the period -> value."""
    return {name: row["value"] for (g, c, name), row in numbers.items() if (g, c) == (grain, cell)}


def test_immature_cohorts_are_not_shown_as_loss(workbench: Any) -> None:
    """Who joined last week had no time to come back after a month: their cells are empty, and not 0 %."""
    catalog = workbench.project(visits("cohorts: {retention: visits.person, ages: 2 weeks, grain: week}"))
    now = datetime(2025, 1, 27, tzinfo=UTC)
    cohorts = workbench.numbers(catalog, rows(ann="6 13 20", bob="13"), now)["cohorts"]
    joined_on_6th = [cohorts["week", f'{{"age": "{age}"}}', "2025-W02"] for age in range(3)]
    joined_on_13th = [cohorts["week", f'{{"age": "{age}"}}', "2025-W03"] for age in range(3)]
    assert [row["value"] for row in joined_on_6th] == [1, 1, 1]
    assert [row["value"] for row in joined_on_13th] == [1, 0, None]
    assert joined_on_13th[2]["reason"] == Reason.TOO_EARLY.value


def test_a_running_period_counts_nobody_who_may_still_come(workbench: Any) -> None:
    """Of those whose seventh day is today or later nobody is in the month so far."""
    catalog = workbench.project(visits("week_later: {retention: visits.person, after: 7 days}"))
    now = datetime(2025, 1, 10, 12, tzinfo=UTC)
    numbers = workbench.numbers(catalog, rows(ann="1 8", bob="2", cid="3", dee="4"), now)
    assert values(numbers["week_later.cohort"], "month") == {"2025-01": 2}
    assert values(numbers["week_later"], "month") == {"2025-01": 0.5}


def test_distincts_of_days_are_never_added_up(workbench: Any) -> None:
    """A month's new, returning and dormant people are the month's own: they are no sums over its days."""
    catalog = workbench.project(
        visits("people: {distinct: visits.person}", "new: {formula: people.new}", "back: {formula: people.returning}")
    )
    numbers = workbench.numbers(catalog, rows(ann="1 2 3 40 41", bob="2 40"), datetime(2025, 3, 5, tzinfo=UTC))
    assert values(numbers["people"], "month") == {"2025-01": 2, "2025-02": 2}
    assert values(numbers["new"], "month") == {"2025-01": 2, "2025-02": 0}
    assert values(numbers["back"], "month") == {"2025-01": 0, "2025-02": 2}
    assert sum(values(numbers["back"], "day").values()) == 3


def test_the_span_before_seven_days_has_seven_days(workbench: Any) -> None:
    """Seven days are compared with the seven before them: 8 to 14 January with 1 to 7 January."""
    catalog = workbench.project(visits("weekly: {retention: visits.person, window: 7 days, grain: day}"))
    numbers = workbench.numbers(catalog, rows(ann="1 14", bob="7", cid="15"), datetime(2025, 2, 1, tzinfo=UTC))
    cohort = values(numbers["weekly.cohort"], "day")
    assert [cohort[f"2025-01-{day}"] for day in ("07", "08", "14", "15")] == [0, 1, 2, 1]


def test_everybody_is_not_new_where_tracking_begins(workbench: Any) -> None:
    """New means never seen before in the source, also before the KPI was tracked."""
    catalog = workbench.project(
        visits(
            "people: {distinct: visits.person, grain: month, tracked_from: 2025-02-01}", "new: {formula: people.new}"
        )
    )
    numbers = workbench.numbers(catalog, rows(ann="5 40", bob="41"), datetime(2025, 3, 5, tzinfo=UTC))
    assert values(numbers["new"], "month") == {"2025-02": 1}


def test_leap_days_and_month_ends_are_clamped(workbench: Any) -> None:
    """Who joined on 31 January was back a month later on 28 February, and not on 27 February or 31 March."""
    catalog = workbench.project(visits("month_1: {retention: visits.person, after: 1 month}"))
    seen = rows(ann="31 58", bob="31 59", cid="31 90")  # 27 and 28 February, 31 March
    numbers = workbench.numbers(catalog, seen, datetime(2025, 5, 1, tzinfo=UTC))["month_1"]
    assert values(numbers, "month")["2025-03"] == 1 / 3
    leap = workbench.project(visits("year_1: {retention: visits.person, after: 1 year}"))
    data = {"visits": [{"on": date(2024, 2, 29), "person": "ann"}, {"on": date(2025, 2, 28), "person": "ann"}]}
    data["visits"].append({"on": date(2026, 3, 1), "person": "bob"})
    numbers = workbench.numbers(leap, data, datetime(2026, 4, 1, tzinfo=UTC))["year_1"]
    assert values(numbers, "month")["2026-02"] == 1


def test_a_small_cohort_is_withheld_at_every_age(workbench: Any) -> None:
    """A cell that follows fewer people than the project shows says nothing of them, also where all came back."""
    catalog = workbench.project(
        visits(
            "cohorts: {retention: visits.person, ages: 1 week, by: [hub]}",
            "day_1: {retention: visits.person, after: 1 day, by: [hub]}",
            "month: {retention: visits.person, by: [hub]}",
            group=3,
        )
    )
    now = datetime(2025, 4, 1, tzinfo=UTC)
    found = workbench.tables(catalog, rows(ann="1 2 40", bob="1 2 40"), now)
    for name, kpi in catalog.kpis.items():
        judged = quality.judge(kpi, found[name], 3, quality.Touches(date(2025, 1, 1)), catalog.calendar).to_pylist()
        of_hub = [row for row in judged if '"hub"' in row["cell"] and row["n"] != 0]
        assert of_hub
        assert {row["reason"] for row in of_hub} == {Reason.GROUP_TOO_SMALL.value}


def test_an_open_end_is_no_restatement(tmp_path: Path) -> None:
    """With `unbounded` somebody may come back after years: the past rises, and the ledger counts no revision."""
    text = visits("later: {retention: visits.person, after: 7 days, unbounded: true}")
    (tmp_path / "headway.yml").write_text(dedent(text))
    catalog = catalogue.load(tmp_path)
    seen = "on,person,hub\n2025-01-01,ann,a\n2025-01-02,bob,a\n2025-01-20,ann,a\n"
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        for day, more in ((20, ""), (21, "2025-03-20,bob,a\n")):
            (tmp_path / "visits.csv").write_text(seen + more)
            outcome = observe(catalog, ledger, datetime(2025, 3, day, 12, tzinfo=UTC))
            assert outcome.whole, outcome
        month = ledger.read("later", grain=Grain.MONTH).to_pylist()[0]
    assert (month["value"], month["revision"]) == (1.0, 1)
    assert month["flags"] & Flag.OPEN_ENDED


def test_rows_from_before_joining_say_nothing(workbench: Any) -> None:
    """A visitor who signs up later was not seen at age 0, however often they came before."""
    catalog = workbench.project(
        """
        project: traps
        min_group_size: 1
        sources:
          visits:
            read: {files: visits.csv}
            columns: {on: date, person: text}
            time: on
            refers: {person: people}
          people:
            read: {files: people.csv}
            columns: {person: text, joined_on: date}
            key: person
        kpis:
          weeks:    {retention: visits.person, since: people.joined_on, ages: 1 week}
          quarters: {retention: visits.person, since: people.joined_on, ages: 1 quarter}
          week_0:   {retention: visits.person, since: people.joined_on, after: 0 weeks}
        """
    )
    data = {"people": [{"person": "ann", "joined_on": date(2025, 1, 6)}]}
    data["visits"] = [{"person": "ann", "on": date(2025, 1, day)} for day in (3, 4, 5)] + [{"on": date(2025, 9, 1)}]
    numbers = workbench.numbers(catalog, data, datetime(2025, 9, 2, tzinfo=UTC))
    for name in ("weeks", "quarters"):
        assert [numbers[name]["month", f'{{"age": "{age}"}}', "2025-01"]["value"] for age in range(2)] == [0, 0]
    assert values(numbers["week_0"], "month")["2025-01"] == 0


def test_what_is_made_of_an_open_ended_number_is_open_ended(workbench: Any) -> None:
    """A formula over who came back so far may rise as long as that may, and says so; it is no "at least"."""
    catalog = workbench.project(
        visits(
            "back: {retention: visits.person, after: 7 days, unbounded: true, grain: week}",
            "lost: {formula: 1 - back}",
            "usual: {formula: mean(lost), grain: month, window: 3 months, take: max}",
        )
    )
    numbers = workbench.numbers(catalog, rows(ann="1 8", bob="2"), datetime(2025, 7, 1, tzinfo=UTC))
    for kpi in ("back", "lost", "usual"):
        shown = [row for row in numbers[kpi].values() if row["value"] is not None]
        assert shown
        assert {row["flags"] & ~Flag.PARTIAL for row in shown} == {Flag.OPEN_ENDED}, kpi

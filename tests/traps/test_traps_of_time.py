"""Traps of what lasts, and of what is still to come."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from headway import quality
from headway.model import Reason, cell_text

PROJECT = """
    project: traps
    timezone: {zone}
    min_group_size: {group}
    sources:
      spells:
        read: {{files: unused.csv}}
        columns: {{at: timestamp, ended: timestamp, known: timestamp, person: text, plan: text, usd: number}}
        time: at
        until: ended
        known_on: known
        people: person
        sparse: true
    kpis:
"""


def project(*kpis: str, zone: str = "UTC", group: int = 1) -> str:
    """A catalogue of rows that last, and these KPIs."""
    return PROJECT.format(zone=zone, group=group) + "\n".join(f"      {kpi}" for kpi in kpis)


def row(begin: str, end: str | None = None, **more: Any) -> dict[str, Any]:
    return {"at": datetime.fromisoformat(begin), "ended": datetime.fromisoformat(end) if end else None, **more}


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)


def test_the_peak_between_two_samples_is_seen(workbench: Any) -> None:
    """Two calls that overlap for one minute are a peak of 2, though none is under way at any full hour."""
    catalog = workbench.project(project("peak: {open: spells, take: max}"))
    rows = [row("2025-06-01T10:01", "2025-06-01T10:31"), row("2025-06-01T10:30", "2025-06-01T10:59")]
    assert (
        workbench.numbers(catalog, {"spells": rows}, noon("2025-06-02"))["peak"]["day", "", "2025-06-01"]["value"] == 2
    )


def test_the_peak_of_a_month_is_no_sum_and_its_mean_no_mean_of_days(workbench: Any) -> None:
    """A month with a day of 25 hours weighs each hour alike; its peak is the highest moment, not the sum of cells."""
    catalog = workbench.project(
        project("peak: {open: spells, take: max, by: [plan]}", "mean: {open: spells, take: mean}", zone="Europe/Berlin")
    )
    # The whole of 26 October, on which clocks go back, and one hour on another plan some other day.
    rows = [
        row("2025-10-25T22:00", "2025-10-26T23:00", plan="a"),
        row("2025-10-20T10:00", "2025-10-20T11:00", plan="b"),
    ]
    numbers = workbench.numbers(catalog, {"spells": rows}, noon("2025-11-03"))
    assert numbers["mean"]["day", "", "2025-10-26"]["value"] == 1
    assert numbers["mean"]["day", "", "2025-10-26"]["denominator"] == 25 * 60
    hours = 12 * 24 + 1  # from the source's first day on, 20 October
    assert abs(numbers["mean"]["month", "", "2025-10"]["value"] - 26 / hours) < 1e-12
    assert numbers["peak"]["month", "", "2025-10"]["value"] == 1


def test_overlapping_outages_are_down_once(workbench: Any) -> None:
    """Two services that are down for the same hour make an hour of downtime, and one failure."""
    catalog = workbench.project(project("up: {availability: spells, by: [plan]}"))
    rows = [
        row("2025-06-01T10:00", "2025-06-01T11:00", plan="a"),
        row("2025-06-01T10:00", "2025-06-01T11:00", plan="b"),
    ]
    numbers = workbench.numbers(catalog, {"spells": rows}, noon("2025-06-02"))
    assert numbers["up.downtime"]["day", "", "2025-06-01"]["value"] == 60
    assert numbers["up.failures"]["day", "", "2025-06-01"]["value"] == 1
    assert numbers["up.downtime"]["day", cell_text((("plan", "a"),)), "2025-06-01"]["value"] == 60


def test_an_outage_over_midnight_is_one_failure(workbench: Any) -> None:
    """It is down on both days, and it failed on the first; the month has one failure, too."""
    catalog = workbench.project(project("up: {availability: spells}"))
    numbers = workbench.numbers(catalog, {"spells": [row("2025-06-01T23:00", "2025-06-02T01:00")]}, noon("2025-06-03"))
    failures, downtime = numbers["up.failures"], numbers["up.downtime"]
    assert [failures["day", "", f"2025-06-0{day}"]["value"] for day in (1, 2)] == [1, 0]
    assert [downtime["day", "", f"2025-06-0{day}"]["value"] for day in (1, 2)] == [60, 60]
    assert failures["month", "", "2025-06"]["value"] == 1


def test_no_incident_is_no_missing_number(workbench: Any) -> None:
    """A month without rows is 100 % available, and so is a component that failed in another one."""
    catalog = workbench.project(project("up: {availability: spells, by: [plan], tracked_from: 2025-03-01}"))
    numbers = workbench.numbers(
        catalog, {"spells": [row("2025-05-01T10:00", "2025-05-01T11:00", plan="a")]}, noon("2025-06-02")
    )
    assert numbers["up"]["month", "", "2025-03"]["value"] == 1
    assert numbers["up"]["month", cell_text((("plan", "a"),)), "2025-04"]["value"] == 1
    assert workbench.numbers(catalog, {}, noon("2025-06-02"))["up"]["month", "", "2025-04"]["value"] == 1


def test_what_never_failed_was_not_down_all_the_time(workbench: Any) -> None:
    """Of a component without any row nothing is stored: its uptime is not known from there, and it is not 0 minutes."""
    catalog = workbench.project(
        project(
            "up: {availability: spells, by: [plan], grain: month}",
            "time: {formula: \"up.uptime[plan = 'b']\"}",
            "failures: {formula: \"up.failures[plan = 'b']\"}",
        )
    )
    rows = [row("2025-05-01T10:00", "2025-05-01T11:00", plan="a")]
    numbers = workbench.numbers(catalog, {"spells": rows}, noon("2025-06-02"))
    assert numbers["time"]["month", "", "2025-05"]["value"] is None
    assert numbers["failures"]["month", "", "2025-05"]["value"] == 0


def test_planned_maintenance_still_to_come_is_not_counted(workbench: Any) -> None:
    """A window of maintenance that goes on is cut at now, and so is the day that still runs."""
    catalog = workbench.project(project("up: {availability: spells, planned: plan = 'planned'}"))
    rows = [row("2025-06-01T11:00", "2025-06-01T14:00", plan="planned")]
    numbers = workbench.numbers(catalog, {"spells": rows}, noon("2025-06-01"))
    assert numbers["up.planned"]["day", "", "2025-06-01"]["value"] == 60
    assert numbers["up.uptime"]["day", "", "2025-06-01"]["value"] == 12 * 60


def test_a_running_month_is_compared_at_the_same_day(workbench: Any) -> None:
    """What a running month has so far stands beside the same days of the month before."""
    catalog = workbench.project(project("up: {availability: spells}"))
    rows = [row("2025-05-01T00:00", "2025-05-01T01:00"), row("2025-05-31T00:00", "2025-05-31T05:00")]
    june = workbench.numbers(catalog, {"spells": rows}, noon("2025-06-11"))["up.downtime"]["month", "", "2025-06"]
    assert (june["value"], june["so_far"], june["so_far_before"]) == (0, 0, 60)


def test_an_outage_of_few_people_is_withheld_while_it_lasts(workbench: Any) -> None:
    """A row that began long before still has its person behind it: the cell of a month in its middle is withheld."""
    catalog = workbench.project(project("mean: {open: spells, take: mean, grain: month, by: [plan]}", group=2))
    rows = [row("2025-01-10T00:00", "2025-06-01T00:00", plan="a", person="ann")] + [
        row("2025-01-10T00:00", "2025-06-01T00:00", plan="b", person=person) for person in ("bob", "cid", "dan")
    ]
    table = workbench.tables(catalog, {"spells": rows}, noon("2025-06-10"))["mean"]
    touches = quality.Touches(catalog.calendar.day(noon("2025-01-10")))
    shown = quality.judge(catalog.kpis["mean"], table, 2, touches, catalog.calendar)
    reasons = {(r["cell"], r["period"]): r["reason"] for r in shown.to_pylist() if r["grain"] == "month"}
    march = (datetime(2025, 3, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    june = (datetime(2025, 6, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    assert reasons[cell_text((("plan", "a"),)), march] == Reason.GROUP_TOO_SMALL
    assert (cell_text((("plan", "a"),)), june) not in reasons  # it ended with May


def test_a_year_by_month_is_twelve_equal_parts(workbench: Any) -> None:
    """A contract of a year gives each month a twelfth, February too, and all of them sum to the amount."""
    catalog = workbench.project(project("spread: {accrue: spells.usd}"))
    rows = [row("2024-01-01T00:00", "2025-01-01T00:00", usd=1200.0)]
    spread = workbench.numbers(catalog, {"spells": rows}, noon("2025-02-02"))["spread"]
    assert [spread["month", "", f"2024-{month:02}"]["value"] for month in range(1, 13)] == [100.0] * 12
    assert spread["year", "", "2024"]["value"] == 1200


def test_what_nobody_knew_then_changes_no_past(workbench: Any) -> None:
    """A renewal signed in April is not in what March could expect, whenever one asks."""
    catalog = workbench.project(project("ahead: {sum: spells.usd, window: next 6 months, grain: month, by: [plan]}"))
    rows = [
        row("2025-06-01T00:00", usd=5.0, plan="a", known=datetime(2025, 1, 31, 23)),  # noqa: DTZ001 - read as UTC
        row("2025-07-01T00:00", usd=70.0, plan="a", known=datetime(2025, 4, 1)),  # noqa: DTZ001
        row("2025-05-01T00:00", usd=900.0, plan="a"),
    ]
    for now in ("2025-04-02", "2025-05-02"):
        ahead = workbench.numbers(catalog, {"spells": rows}, noon(now))["ahead"]
        assert [ahead["month", "", f"2025-{month:02}"]["value"] for month in (1, 2, 3)] == [5, 5, 5]
    assert ahead["month", "", "2025-04"]["value"] == 75
    assert ahead["month", cell_text((("plan", "a"),)), "2025-04"]["value"] == 75


def test_what_cannot_be_spread_is_counted(workbench: Any) -> None:
    """A row without an end, or that ends before it begins, is told among the rows that its source removed."""
    catalog = workbench.project(project("spread: {accrue: spells.usd}"))
    rows = [row("2025-01-01T00:00", usd=1.0), row("2025-02-01T00:00", "2025-01-01T00:00", usd=1.0)]
    schemas = workbench.attach(catalog, {"spells": rows})
    removed = workbench.coverage(catalog, schemas, noon("2025-06-01"))["spells"].removed
    assert removed["not accrued: without an end after its beginning"] == 2
    assert removed["not seen ahead: without known_on"] == 2


def test_who_left_with_the_last_day_is_behind_no_later_one(workbench: Any) -> None:
    """Rows that last through a day have their person behind that day, and not behind the next."""
    catalog = workbench.project("""
        project: traps
        min_group_size: 2
        sources:
          stays:
            read: {files: unused.csv}
            columns: {at: date, last: date, person: text, plan: text}
            time: at
            through: last
            people: person
            sparse: true
        kpis:
          mean: {open: stays, take: mean, by: [plan]}
    """)
    rows = [
        {"at": date(2025, 6, 1), "last": date(2025, 6, last), "person": person, "plan": "a"}
        for last, person in ((2, "ann"), (3, "bob"), (3, "cid"))
    ]
    mean = workbench.numbers(catalog, {"stays": rows}, noon("2025-06-10"))["mean"]
    behind = {name: row["people"] for (grain, cell, name), row in mean.items() if cell and grain == "day"}
    assert behind == {"2025-06-01": 3, "2025-06-02": 3, "2025-06-03": 2}


def test_who_left_at_midnight_is_behind_no_later_day(workbench: Any) -> None:
    """A row that ends as a day begins has its person behind the day before, and not behind that one."""
    catalog = workbench.project(project("mean: {open: spells, take: mean, by: [plan]}", group=2))
    rows = [
        row("2025-06-01T00:00", end, person=person, plan="a")
        for end, person in (("2025-06-02T00:00", "ann"), ("2025-06-02T12:00", "bob"))
    ]
    mean = workbench.numbers(catalog, {"spells": rows}, noon("2025-06-10"))["mean"]
    behind = {name: row["people"] for (grain, cell, name), row in mean.items() if cell and grain == "day"}
    assert behind == {"2025-06-01": 2, "2025-06-02": 1}


def test_an_amount_that_is_missing_is_no_row_of_what_is_to_come(workbench: Any) -> None:
    """The sum of what was signed counts the contracts that have an amount."""
    catalog = workbench.project(project("ahead: {sum: spells.usd, window: next 6 months, grain: month}"))
    known = datetime(2025, 1, 5)  # noqa: DTZ001 - read as UTC
    rows = [row("2025-03-01T00:00", usd=usd, known=known) for usd in (5.0, None)]
    ahead = workbench.numbers(catalog, {"spells": rows}, noon("2025-02-10"))["ahead"]["month", "", "2025-01"]
    assert (ahead["value"], ahead["n"]) == (5, 1)

"""When a row happened, and which periods a source can speak of: from files to the ledger."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
@pytest.mark.parametrize("times_in", ["UTC", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "derived",
    [
        "to_timestamp(seconds)",
        "epoch_ms(seconds * 1000) at time zone 'UTC'",
        "timezone('UTC', make_timestamp(seconds * 1000000))",
        "strptime(written, '%Y-%m-%d %H:%M %Z')",
        "try_strptime(written, '%Y-%m-%d %H:%M %Z')",
        "cast(written as timestamptz)",
    ],
)
def test_a_derived_moment_is_a_moment(project: Any, zone: str, times_in: str, derived: str) -> None:
    """An expression whose answer names its zone is not moved once more, wherever the project and its clocks are."""
    project.write(
        headway=f"""
            project: moments
            timezone: {zone}
            sources:
              events:
                read: {{files: events.csv}}
                columns: {{seconds: integer, written: text}}
                derive:
                  at: {derived}
                time: at
                times_in: {times_in}
            kpis:
              hours: {{count: events, grain: hour}}
              days: {{count: events}}
        """,
        events="seconds,written\n1767616200,2026-01-05 12:30 UTC\n",
    )
    project.run("2026-01-08T00:00+00:00")
    counted = {name: value for name, value in project.values("hours", "hour").items() if value}
    assert counted == {"2026-01-05T12" if zone == "UTC" else "2026-01-06T01": 1}
    assert project.values("days", "day") == {"2026-01-05" if zone == "UTC" else "2026-01-06": 1}


@pytest.mark.parametrize("derived", ["strptime(written, '%Y-%m-%d %H:%M')", "try_strptime(written, '%Y-%m-%d %H:%M')"])
def test_a_derived_time_without_a_zone_is_read_in_times_in(project: Any, derived: str) -> None:
    """12:30 on Auckland's clocks is 23:30 UTC of the day before."""
    project.write(
        headway=f"""
            project: clocks
            sources:
              events:
                read: {{files: events.csv}}
                columns: {{written: text}}
                derive:
                  at: {derived}
                time: at
                times_in: Pacific/Auckland
            kpis: {{hours: {{count: events, grain: hour}}}}
        """,
        events="written\n2026-01-05 12:30\n",
    )
    project.run("2026-01-08T00:00+00:00")
    counted = {name: value for name, value in project.values("hours", "hour").items() if value}
    assert counted == {"2026-01-04T23": 1}


def test_a_month_that_has_not_begun_has_no_value(project: Any) -> None:
    """The week of 26 January ends in February; on the 30th it says nothing of February yet."""
    project.write(
        headway="""
            project: weeks
            sources:
              events: {read: {files: events.csv}, columns: {at: date}, time: at, sparse: true}
            kpis: {active: {count: events, window: 7 days, grain: week}}
        """,
        events="at\n2026-01-12\n2026-01-27\n",
    )
    project.run("2026-01-30T12:00+00:00")
    assert project.values("active", "week") == {"2026-W03": 1, "2026-W04": 0, "2026-W05": 1}
    assert project.values("active", "month") == {"2026-01": 0}


@pytest.mark.parametrize(
    "derived",
    [
        "regexp_split_to_array(tags, '[|]')",
        "string_split_regex(tags, '[|]')",
        "list_distinct(string_split(tags, '|'))",
        "list_transform(string_split(tags, '|'), lambda x: lower(x))",
        "string_split(tags, '|') || ['a']",
        "list_reverse(string_split(tags, '|'))",
    ],
)
def test_a_derived_list_puts_a_row_into_each_of_its_cells(project: Any, derived: str) -> None:
    """However a list is made, its values are the cells, and not its text."""
    project.write(
        headway=f"""
            project: lists
            sources:
              posts:
                read: {{files: posts.csv}}
                columns: {{on: date, tags: text}}
                time: on
                derive:
                  tag: >-
                    {derived}
            kpis:
              posts: {{count: posts, by: [tag]}}
        """,
        posts="on,tags\n2026-01-05,a|b|a\n2026-01-05,a\n",
    )
    project.run("2026-01-08T00:00+00:00")
    assert [project.values("posts", "day", tag=tag) for tag in "ab"] == [{"2026-01-05": 2}, {"2026-01-05": 1}]
    assert project.values("posts", "day") == {"2026-01-05": 2}

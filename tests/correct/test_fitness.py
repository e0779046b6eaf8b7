"""What a failed check withholds, and what it leaves alone: from files to the ledger."""

from __future__ import annotations

from typing import Any


def test_a_check_touches_a_kpi_on_the_days_that_date_it(project: Any) -> None:
    """A repeated ticket is opened in January and closed in March: each KPI is withheld in its own month."""
    project.write(
        headway="""
            project: tickets
            sources:
              tickets:
                read: {files: tickets.csv}
                columns: {id: integer, opened: date, closed: date}
                key: id
                time: opened
            kpis:
              opened: {count: tickets, grain: month}
              closed: {count: tickets, time: closed, grain: month}
        """,
        tickets="""
            id,opened,closed
            1,2026-01-05,2026-03-05
            1,2026-01-05,
            2,2026-01-07,2026-01-08
            3,2026-02-07,2026-02-08
            4,2026-03-07,2026-03-08
        """,
    )
    project.run("2026-04-07T00:00+00:00")
    assert project.values("opened", "month") == {"2026-01": "check failed", "2026-02": 1, "2026-03": 1}
    assert project.values("closed", "month") == {"2026-01": 1, "2026-02": 1, "2026-03": "check failed"}


def test_rows_without_a_key_are_no_versions_of_each_other(project: Any) -> None:
    """Each of them stays and fails the check on its own day; none is taken for an earlier version of another."""
    project.write(
        headway="""
            project: versions
            sources:
              tickets:
                read: {files: tickets.csv}
                columns: {id: integer, opened: date, changed: integer}
                key: id
                latest_by: changed
                time: opened
            kpis: {opened: {count: tickets}}
        """,
        tickets="""
            id,opened,changed
            ,2026-01-05,1
            ,2026-01-06,2
            2,2026-01-07,1
            2,2026-01-08,2
        """,
    )
    outcome = project.run("2026-01-10T00:00+00:00")
    assert [load.removed for load in outcome.loads] == [{"earlier version": 1}]
    assert project.values("opened", "day") == {
        "2026-01-05": "check failed",
        "2026-01-06": "check failed",
        "2026-01-07": 0,
        "2026-01-08": 1,
    }


def test_a_repeated_key_multiplies_no_rows_of_others(project: Any) -> None:
    """What reads through the broken reference is withheld; a KPI of the same source that does not is untouched."""
    project.write(
        headway="""
            project: joins
            sources:
              visits:
                read: {files: visits.csv}
                columns: {on: date, site: text}
                time: on
                refers: {site: sites}
              sites:
                read: {files: sites.csv}
                columns: {site: text, country: text}
                key: site
            kpis:
              visits: {count: visits}
              by_country: {count: visits, by: [country]}
              in_a: {count: visits, where: country = 'a'}
        """,
        visits="""
            on,site
            2026-01-05,1
            2026-01-06,2
        """,
        sites="""
            site,country
            1,a
            1,b
            2,c
        """,
    )
    project.run("2026-01-10T00:00+00:00")
    assert project.values("visits", "day") == {"2026-01-05": 1, "2026-01-06": 1}
    for kpi in ("by_country", "in_a"):
        assert set(project.values(kpi, "day").values()) == {"check failed"}

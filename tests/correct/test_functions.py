"""Numbers that a function of the project computes: right like any other, and an error of their own KPI alone."""

from __future__ import annotations

from typing import Any

import pytest

from headway import catalog as catalogue

PROJECT = """
    project: own_kinds
    min_group_size: 3
    sources:
      visits:
        read: {{files: visits.csv}}
        columns: {{on: date, person: text, hub: text, minutes: number, is_test: boolean}}
        time: on
        {people}
        derive: {{hours: minutes / 60}}
        exclude: [{{where: is_test, why: not real}}]
    kpis:
      hours:  {{sum: visits.hours, by: [hub], grain: month}}
      ours:   {{python: "ours.py:ours", of: {of}, grain: month{more}}}
      double: {{formula: 2 * ours}}
"""

VISITS = """
    on,person,hub,minutes,is_test
    2026-01-05,ana,one,60,false
    2026-01-06,ana,one,120,false
    2026-01-06,ben,two,30,false
    2026-01-07,ben,two,6000,true
    2026-02-03,ana,one,90,false
    2026-03-02,cai,two,12,false
    2026-03-05,ana,one,12,false
    2026-05-01,cai,two,600,false
"""

HEAD = "from headway.kinds import flow, state\n\n\n"

LONGEST = '''@flow
def ours(tables, kpi, periods, at_least=0):
    """The longest visit of a period, in hours."""
    return f"""
        SELECT period, hub, MAX(hours) AS value, COUNT(*) AS n, COUNT(DISTINCT person) AS people
        FROM {tables['visits']} JOIN {periods} ON day BETWEEN first_day AND last_day
        WHERE hours >= {at_least}
        GROUP BY GROUPING SETS ((period), (period, hub))
    """
'''


@pytest.fixture
def ours(project: Any) -> Any:
    """Writes a project with a function, runs it, and gives the project and what happened."""

    def write(
        code: str, *, of: str = "[visits]", people: str = "", more: str = "", now: str = "2026-03-11T00:00+00:00"
    ) -> Any:
        project.write(headway=PROJECT.format(of=of, people=people, more=more), visits=VISITS)
        (project.root / "ours.py").write_text(HEAD + code, encoding="utf-8")
        return project.run(now)

    return write


def test_a_flow_is_asked_for_every_period(project: Any, ours: Any) -> None:
    """Months and the quarter have their own longest visit; excluded rows and those of the future do not count."""
    assert ours(LONGEST, more=", by: [hub]").whole
    assert project.values("ours", "month") == {"2026-01": 2.0, "2026-02": 1.5, "2026-03": 0.2}
    assert project.values("ours", "quarter") == {"2026-Q1": 2.0}
    assert project.values("ours", "month", hub="two") == {"2026-01": 0.5, "2026-03": 0.2}
    assert project.values("double", "month")["2026-01"] == 4.0
    assert project.rows("ours", "month")["2026-01"]["n"] == 3


def test_running_periods_are_compared_by_the_same_days(project: Any, ours: Any) -> None:
    """The function is asked for March so far and for as much of February, without knowing of it."""
    ours(LONGEST, more=", by: [hub]")
    march = project.rows("ours", "month")["2026-03"]
    assert (march["so_far"], march["so_far_before"]) == (0.2, 1.5)


def test_arguments_come_by_name(project: Any, ours: Any) -> None:
    """What stands under `with` are the function's keyword arguments; a period without a row has no data."""
    ours(LONGEST, more=", by: [hub], with: {at_least: 1}")
    assert project.values("ours", "month") == {"2026-01": 2.0, "2026-02": 1.5, "2026-03": "no data"}


def test_a_state_is_asked_for_own_periods_alone(project: Any, ours: Any) -> None:
    """A quarter shows its last month, here of people seen so far; the running month is that of yesterday."""
    code = '''@state
def ours(tables, kpi, periods):
    return f"""SELECT period, COUNT(DISTINCT person) AS value
               FROM {tables['visits']} JOIN {periods} ON day <= last_day GROUP BY ALL"""
'''
    ours(code, now="2026-03-02T12:00+00:00")
    assert project.values("ours", "month") == {"2026-01": 2.0, "2026-02": 2.0, "2026-03": 2.0}
    ours(code)
    assert project.values("ours", "month") == {"2026-01": 2.0, "2026-02": 2.0, "2026-03": 3.0}
    assert project.values("ours", "quarter") == {"2026-Q1": 3.0}


def test_a_flow_with_a_window_is_a_state(project: Any, ours: Any) -> None:
    """The spans that the function joins are those of the window: two months to the end of each."""
    ours(LONGEST, more=", by: [hub], window: 2 months")
    assert project.values("ours", "month") == {"2026-01": 2.0, "2026-02": 2.0, "2026-03": 1.5}


def test_kpis_are_tables_of_what_is_shown(project: Any, ours: Any) -> None:
    """A KPI has the columns period, value and its breakdowns; a query of sqlglot is as good as text."""
    code = """import sqlglot


@flow
def ours(tables, kpi, periods):
    return sqlglot.parse_one(f"SELECT period, MAX(value) AS value FROM {tables['hours']} WHERE hub <> '' GROUP BY 1")
"""
    assert ours(code, of="[hours]").failed_kpis == {}
    assert project.values("ours", "month") == {"2026-01": 3.0, "2026-02": 1.5, "2026-03": 0.2}
    assert project.values("ours", "quarter") == {"2026-Q1": 4.7}


def test_cells_of_few_people_are_withheld(project: Any, ours: Any) -> None:
    """The function says how many people are behind a cell, and the project's limit holds as for any kind."""
    ours(LONGEST, more=", by: [hub]", people="people: person")
    assert project.values("ours", "month", hub="one")["2026-01"] == "group too small"
    assert project.values("ours", "month")["2026-01"] == 2.0


def test_a_failed_check_of_a_source_withholds_every_period(project: Any, ours: Any) -> None:
    """Nobody knows which rows the function read, so a repeated key on any day touches all of them."""
    ours(LONGEST, more=", by: [hub]", people="key: person")
    assert set(project.values("ours", "month").values()) == {"check failed"}


def test_cells_of_people_need_their_number(project: Any, ours: Any) -> None:
    """Without it nobody could tell which cells are too small: the KPI fails, and others do not."""
    outcome = ours(
        LONGEST.replace(", COUNT(DISTINCT person) AS people", ""), more=", by: [hub]", people="people: person"
    )
    assert "has no column 'people'" in outcome.failed_kpis["ours"]
    assert project.values("hours", "month")["2026-01"] == 3.5


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    return tables['sessions']", "ours.py:6: KeyError: 'sessions'"),
        ("    raise SystemExit", "ours.py:6: SystemExit"),
        ("    return 3", "gave int"),
        ("    return 'DROP TABLE visits'", "no SELECT"),
        ("    return 'SELECT * FROM visits'", "reads visits itself"),
        ("    return 'SELECT * FROM nowhere'", "which is no source"),
        ("    return f'SELECT period FROM {periods}'", "no column 'value'"),
        ("    return f'SELECT period, 1 AS value, 2 AS hub FROM {periods}'", "a column 'hub', which means nothing"),
        ("    return \"SELECT '2031-01' AS period, 1 AS value\"", "'2031-01', a period that it was not asked for"),
        ("    return f\"SELECT period, 'much' AS value FROM {periods}\"", "no number"),
        (
            "    return f'SELECT period, 1 AS value FROM {periods} UNION ALL SELECT period, 2 FROM {periods}'",
            "two values for 2026-01",
        ),
    ],
)
def test_what_goes_wrong_is_said_and_stops_nobody_else(project: Any, ours: Any, body: str, said: str) -> None:
    """The error names the function or its line; other KPIs are computed."""
    outcome = ours(f"@flow\ndef ours(tables, kpi, periods):\n{body}\n")
    assert said in outcome.failed_kpis["ours"]
    assert "could not be computed" in outcome.failed_kpis["double"]
    assert project.values("hours", "month")["2026-02"] == 1.5


def test_loading_a_catalogue_runs_nothing(project: Any, ours: Any) -> None:
    """A project whose function's file ends the process when it is imported can be loaded, and checked."""
    (project.root / "ours.py").write_text("raise SystemExit\n")
    project.write(headway=PROJECT.format(of="[visits]", people="", more=""), visits=VISITS)
    (project.root / "ours.py").write_text(f"{HEAD}raise SystemExit\n\n\n{LONGEST}")
    assert catalogue.load(project.root).kpis["ours"].measure is not None


def test_a_change_of_the_file_is_a_change_of_the_definition(project: Any, ours: Any) -> None:
    """The fingerprint of the KPI follows its function."""
    ours(LONGEST, more=", by: [hub]")
    before = catalogue.load(project.root)
    (project.root / "ours.py").write_text(HEAD + LONGEST.replace("MAX", "MIN"))
    after = catalogue.load(project.root)
    told = [catalogue.fingerprint(found.kpis["ours"], found) for found in (before, after)]
    assert told[0] != told[1]

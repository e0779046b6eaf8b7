"""Gap rollups are the same by sorted keys and by SQL: the workbench asks for both and compares, row by row.

Here are the rows and catalogues on which they might not be: no rows, one day, no person, persons of any kind, cells of
several sets, filters that share rows. What they are is held elsewhere, by definition (`tests/oracle`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway import plan
from headway.engines import keyed
from headway.plan import sql

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

CATALOGUE = """
    project: keys
    min_group_size: 3
    sources:
      visits:
        read: {{files: visits.csv}}
        columns: {{at: timestamp, left: timestamp, who: {kind}, hub: text, tags: list, staff: boolean}}
        time: at
        people: who
    kpis:
      wau: {{distinct: visits.who, window: 7 days, unit: people, by: [hub, tags, [hub, tags]]}}
      outside: {{distinct: visits.who, window: calendar month, where: not staff, unit: people, by: [hub]}}
      often: {{distinct: visits.who, window: 28 days, min_days: 2, unit: people, by: [hub]}}
      hubs: {{distinct: visits.hub, window: calendar week, unit: hubs}}
      came_back: {{retention: visits.who, window: calendar month, by: [tags]}}
      next_day: {{retention: visits.who, after: 1 day, grain: day, by: [hub]}}
      ever: {{retention: visits.who, after: 1 week, unbounded: true}}
      cohorts: {{retention: visits.who, ages: 3 months, grain: month, by: [hub]}}
      stay: {{duration: {{from: visits.at, to: visits.left}}, unit: hours, by: [hub]}}
      visited: {{count: visits, unit: visits, by: [hub]}}
"""

PERSONS: Mapping[str, st.SearchStrategy[Any]] = {
    "integer": st.sampled_from([1, 2, 3, -1, 0, 2**63 - 1, -(2**63)]) | st.integers(1, 12),
    "text": st.sampled_from(["a", "A", "ä", "a\u0308", "", " ", "\U0001f600", "o'clock", '"', "1", "01"]),
}


pytestmark = pytest.mark.usefixtures("both_forms")


def rows_of(kind: str, most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of few persons on close days, and some that have no person, no time, or a time to come."""
    first = datetime(2026, 1, 20, 9)  # noqa: DTZ001  # as files have it
    at = st.integers(0, 70).map(lambda days: first + timedelta(days=days)) | st.just(first) | st.none()
    return st.lists(
        st.fixed_dictionaries(
            {
                "at": at,
                "left": at,
                "who": PERSONS[kind] | st.none(),
                "hub": st.sampled_from(["north", "south", "süd", None]),
                "tags": st.sampled_from([None, [], ["a"], ["a", "b"], ["b", None]]),
                "staff": st.sampled_from([True, False, None]),
            }
        ),
        max_size=most,
    )


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({}, id="few rows"),
        pytest.param({"keyed._APART": 1, "asked._NUMBERED": -1}, id="many"),
        pytest.param({"asked._NUMBERED": -1, "asked.MOST_DAYS": 1 << 59}, id="hashes that are alike"),
    ],
)
@pytest.mark.parametrize("kind", ["integer", "text"])
@given(data=st.data())
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_forms_are_equal(
    kind: str, limits: dict[str, int], workbench: Any, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Persons as integers are read as they are; texts, and integers that lie far apart, are hashed or numbered.

    Many rows of few cells are counted cell by cell.
    """
    for name, limit in limits.items():
        monkeypatch.setattr(f"headway.engines.{name}", limit)
    catalog = workbench.project(CATALOGUE.format(kind=kind))
    workbench.tables(catalog, {"visits": data.draw(rows_of(kind, 40))}, NOW)


def counted(workbench: Any, rows: list[dict[str, Any]], kind: str = "integer") -> list[bool]:
    """For each gap rollup of the catalogue whether sorted keys gave it."""
    catalog = workbench.project(CATALOGUE.format(kind=kind))
    schemas = workbench.attach(catalog, {"visits": rows})
    coverage = workbench.coverage(catalog, schemas, NOW)
    (one,) = plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW)
    rest, made = keyed.counted(one.query, one.gaps, workbench.engine._take, {"visits": len(rows)}, one.tables, 1 << 30)
    left = {step.alias for step in rest.ctes}
    assert left.isdisjoint(made)
    return [all(step in made for step in gaps.counted) for gaps in one.gaps]


def visit(who: Any, day: int) -> dict[str, Any]:
    """A row."""
    at = datetime(2026, 3, day, 9)  # noqa: DTZ001  # as files have it
    return {"at": at, "left": at, "who": who, "hub": "north", "tags": ["a"], "staff": False}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="none"),
        pytest.param([visit(1, 3)], id="one day"),
        pytest.param([visit(-(2**63), 3), visit(2**63 - 1, 4)], id="far apart"),
    ],
)
def test_every_rollup_of_these_is_counted_by_keys(workbench: Any, rows: list[dict[str, Any]]) -> None:
    """None is left to SQL."""
    assert set(counted(workbench, rows)) == {True}


SWEPT = """
    project: swept
    min_group_size: 1
    sources:
      stays:
        read: {files: unused.csv}
        columns: {at: timestamp, left: timestamp, hub: text}
        time: at
        until: left
    kpis:
      most: {open: stays, take: max, by: [hub], unit: people}
"""


@pytest.mark.parametrize(("room", "by_keys"), [(1 << 30, True), (1000, False)])
def test_changes_are_swept_where_there_is_room_for_them(
    workbench: Any, monkeypatch: pytest.MonkeyPatch, asked: list[str], room: int, by_keys: bool
) -> None:
    """Beyond that, what is under way is left to SQL."""
    monkeypatch.setattr(workbench.engine, "_room", room)
    at = datetime(2026, 1, 20, 9)  # noqa: DTZ001  # as files have it
    rows = [{"at": at, "left": at + timedelta(hours=n), "hub": "north"} for n in range(1, 21)]
    workbench.tables(workbench.project(SWEPT), {"stays": rows}, NOW)
    assert any("last moment" in text for text in asked) == by_keys


def test_persons_are_read_in_parts(workbench: Any, monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    """Where rows would take more room than there is, some of the persons are read at a time."""
    monkeypatch.setattr(workbench.engine, "_room", 100)
    rows = [visit(who, day) for who in (-3, 0, 1, 2, 3, 4, 5, 2**62) for day in (1, 2, 9)]
    catalog = workbench.project(CATALOGUE.format(kind="integer"))
    workbench.tables(catalog, {"visits": rows}, NOW)
    assert sum(" % " in text for text in asked) > 10


@pytest.mark.parametrize(("bits", "hashed"), [(4096, True), (1 << 59, False)])
def test_texts_of_many_rows_are_hashed(
    workbench: Any, monkeypatch: pytest.MonkeyPatch, asked: list[str], bits: int, hashed: bool
) -> None:
    """Unless two of these have the same hash, in as many bits as there are: then they are numbered."""
    monkeypatch.setattr("headway.engines.asked._NUMBERED", -1)
    monkeypatch.setattr("headway.engines.asked.MOST_DAYS", bits)
    rows = [visit(f"p{who}", day) for who in range(40) for day in (1, 2, 9)]
    assert set(counted(workbench, rows, "text")) == {True}
    # Those of rows that last are numbered in any case.
    reads = [text for text in asked if "AS person, day" in text and "length by" not in text]
    assert reads
    assert any(" USING " in text for text in reads) is not hashed  # joined with the numbers


def test_what_does_not_fit_is_left_to_sql(workbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its steps stay, and the numbers are the same."""
    monkeypatch.setattr("headway.engines.asked.gather", lambda *_: None)
    rows = [visit(who, day) for who in (1, 2) for day in (1, 2, 9)]
    assert set(counted(workbench, rows)) == {False}
    workbench.tables(workbench.project(CATALOGUE.format(kind="integer")), {"visits": rows}, NOW)


def test_the_query_that_is_shown_says_what_is_counted_another_way(workbench: Any) -> None:
    """Beside each rollup stands that it is not counted as it is written; the text is a query all the same."""
    catalog = workbench.project(CATALOGUE.format(kind="integer"))
    schemas = workbench.attach(catalog, {"visits": [visit(1, 3)]})
    coverage = workbench.coverage(catalog, schemas, NOW)
    (one,) = plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW)
    text = workbench.engine.sql(one.query, one.gaps)
    assert text.count("by sorted keys") == sum(len(gaps.counted) for gaps in one.gaps)
    assert workbench.engine.sql(sql.query(text)).count("by sorted keys") >= 1
    assert "sorted keys" not in workbench.engine.sql(one.query)


def test_filters_share_one_pass(workbench: Any, asked: list[str]) -> None:
    """All that asks for the same persons of the same rows reads them once; spread cells have rows of their own."""
    counted(workbench, [visit(who, day) for who in (1, 2) for day in (1, 2)])
    # Persons by hub, and hubs; persons by tags, those who left, and those who were there, which are rows of their own.
    assert len([text for text in asked if "AS person, day" in text]) == 5

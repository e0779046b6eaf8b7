"""Stretches of rows that last are the same by sorted keys and by SQL: the workbench asks for both and compares.

What they mean is held elsewhere, by definition (`tests/oracle`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from headway import plan
from headway.engines import keyed
from headway.engines.keys import gather
from headway.engines.spells import stretches
from headway.model import Gaps

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
FIRST = datetime(2026, 1, 20, 9)  # noqa: DTZ001  # as files have it

CATALOGUE = """
    project: spells
    min_group_size: 2
    timezone: Europe/Berlin
    sources:
      stays:
        read: {{files: stays.csv}}
        columns: {{at: timestamp, left: timestamp, who: {kind}, hub: text, tags: list, staff: boolean}}
        time: at
        until: left
        people: who
      contracts:
        read: {{files: contracts.csv}}
        columns: {{at: timestamp, last: date, who: {kind}, hub: text}}
        time: at
        through: last
        people: who
    kpis:
      there:     {{open: stays.who, unit: people, by: [hub, tags, [hub, tags]]}}
      guests:    {{open: stays.who, where: not staff, grain: week, unit: people, by: [hub]}}
      hourly:    {{open: stays.who, grain: hour, unit: people}}
      most:      {{open: stays, take: max, grain: day, unit: stays, by: [hub, tags]}}
      mean:      {{open: stays, take: mean, where: not staff, unit: stays, by: [hub]}}
      recently:  {{open: stays, take: max, unit: stays, by: [hub], tracked_from: 2026-02-10, retired_on: 2026-03-10}}
      wau:       {{distinct: stays.who, window: 7 days, unit: people, by: [hub]}}
      employed:  {{open: contracts.who, unit: people, by: [hub]}}
      busiest:   {{open: contracts, take: max, unit: contracts, by: [hub]}}
"""


pytestmark = pytest.mark.usefixtures("both_forms")


def rows_of(kind: str, end: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of few persons that meet, follow or hold each other, and some that end before they begin, or never."""
    who = st.integers(-2, 4) if kind == "integer" else st.sampled_from(["a", "ä", "", "b", "c"])
    at = st.integers(0, 70 * 24).map(lambda hours: FIRST + timedelta(hours=hours))
    until = at | st.just(datetime(9999, 12, 31)) | st.none()  # noqa: DTZ001
    return st.lists(
        st.fixed_dictionaries(
            {
                "at": at | st.none(),
                end: until if end == "left" else until.map(lambda moment: moment and moment.date()),
                "who": who | st.none(),
                "hub": st.sampled_from(["north", "süd", None]),
                "tags": st.sampled_from([None, [], ["a"], ["a", "b"]]),
                "staff": st.sampled_from([True, False, None]),
            }
        ),
        max_size=40,
    )


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({}, id="one reading"),
        pytest.param(
            {"keyed._APART": 1, "spells.BLOCK": 1, "asked._NUMBERED": -1}, id="readings and pieces of their own"
        ),
    ],
)
@pytest.mark.parametrize("kind", ["integer", "text"])
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_forms_are_equal(
    kind: str, limits: dict[str, int], workbench: Any, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lasts, and whoever it is."""
    for name, limit in limits.items():
        monkeypatch.setattr(f"headway.engines.{name}", limit)
    contracts = data.draw(rows_of(kind, "last"))
    rows = {
        "stays": data.draw(rows_of(kind, "left")),
        "contracts": [{name: row[name] for name in ("at", "last", "who", "hub")} for row in contracts],
    }
    workbench.tables(workbench.project(CATALOGUE.format(kind=kind)), rows, NOW)


def counted(workbench: Any, whos: list[int]) -> list[tuple[str, bool]]:
    """For each rollup of stays whether rows of it last, and whether sorted keys gave it."""
    catalog = workbench.project(CATALOGUE.format(kind="integer"))
    rows = [
        {"at": FIRST, "left": FIRST + timedelta(days=n + 1), "who": who, "hub": "h", "tags": ["a"], "staff": False}
        for n, who in enumerate(whos)
    ]
    schemas = workbench.attach(catalog, {"stays": rows, "contracts": []})
    coverage = workbench.coverage(catalog, schemas, NOW)
    compiled = plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW)
    found = []
    for one in compiled:
        if any(table.name == "stays" for table in one.query.find_all(exp.Table)):
            sizes = {"stays": len(rows), "contracts": 0}
            gaps = [gaps for gaps in one.gaps if isinstance(gaps, Gaps)]
            _, made = keyed.counted(one.query, gaps, workbench.engine._take, sizes, one.tables, 1 << 30)
            found += [(each.lasts, all(step in made for step in each.counted)) for each in gaps]
    return found


def test_all_of_these_are_counted_by_keys(workbench: Any) -> None:
    """By the end of periods and at every moment of them, also if persons have to be numbered for it."""
    for whos in [1, 2, 3, 1], [-(2**62), 2**62], []:
        assert set(counted(workbench, whos)) == {("", True), ("end_day", True), ("final_day", True)}


def test_what_does_not_fit_leaves_the_others_alone(workbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was seen is counted by keys where who was there is not."""
    monkeypatch.setattr("headway.engines.keyed.stretches", lambda *_: None)
    assert set(counted(workbench, [1, 2, 3, 1])) == {("", True), ("end_day", False), ("final_day", False)}


def test_one_pass_reads_both_days_and_stretches(workbench: Any, asked: list[str]) -> None:
    """Who was seen and who was there are the same persons of the same rows."""
    counted(workbench, [1, 2, 3, 1])
    reads = [text for text in asked if "AS person, day" in text]
    # One of the rows, and one of those that are spread over tags.
    assert ["length by" in text for text in reads] == [True, True]


def test_persons_who_lie_too_far_apart_are_not_hashed(
    workbench: Any, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    """Beside a length there is no room for a hash, so none is proved; who was seen has a pass of its own."""
    monkeypatch.setattr("headway.engines.asked._NUMBERED", -1)
    assert {("", True), ("end_day", True), ("final_day", True)} == set(counted(workbench, [-(2**62), 2**62]))
    reads = [text for text in asked if "AS person, day" in text and "people" in text]
    assert reads
    assert all("length by" in text for text in reads)
    assert all("length by" not in text for text in asked if "HASH(" in text)


@pytest.mark.parametrize("block", [1, 3, 1 << 18])
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(-1, 3), st.integers(100, 112), st.integers(0, 9) | st.just(65535)),
        max_size=30,
    )
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_stretches_say_how_many_persons_are_there_on_each_day(
    block: int, rows: list[tuple[int, int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By cell; no matter in how many pieces they are counted."""
    monkeypatch.setattr("headway.engines.spells.BLOCK", block)
    cells, persons, days, lengths = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    batch = pa.record_batch({"person": pa.array(persons, pa.int64()), "day": pa.array(days, pa.int32())})
    read = gather([batch], [])
    assert read is not None
    found = stretches(read, np.array(lengths, np.uint16), np.array(cells, np.uint8))
    assert found is not None
    assert found.final is not None
    begins = np.where(found.seen, np.maximum(found.day, found.previous + 1), found.day)
    for cell in range(3):
        for day in range(98, 130):
            there = {who for of, who, first, more in rows if of == cell and first <= day <= first + more}
            mine = (found.cell == cell) & (begins <= day) & (day <= found.final)
            assert int(found.people[mine].sum()) == len(there)
    # None adds nothing.
    assert (begins <= found.final).all()


def test_what_does_not_fit_has_no_keys() -> None:
    """A person of 48 bits, with rows that last for ever: 64 do not do."""
    batch = pa.record_batch({"person": pa.array([0, 1 << 47]), "day": pa.array([1, 100], pa.int32())})
    read = gather([batch], [])
    assert read is not None
    assert stretches(read, np.array([1, 2], np.uint16)) is not None
    assert stretches(read, np.array([1, 65535], np.uint16)) is None

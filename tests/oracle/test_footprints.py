"""Which rows differ between two readings of a source: footprints against a plain comparison of the rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway import causes, plan
from headway.causes import Differing
from headway.engines import DuckDB
from headway.model import Catalog, Footprint

SEVERAL = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
TODAY = date(2026, 4, 1)
DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(60)]

PROJECT = """
    project: footprints
    sources:
      keyed:
        read: {files: unused.csv}
        columns: {id: integer, day: date, hub: text, x: number, done: date}
        key: id
        time: day
        until: done
      plain:
        read: {files: unused.csv}
        columns: {id: integer, day: date, hub: text, x: number, done: date}
        time: day
    kpis:
      keyed: {open: keyed}
      plain: {count: plain}
"""

Row = Mapping[str, Any]
rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.one_of(st.none(), st.sampled_from(DAYS)),
            "hub": st.sampled_from(["a", "b", None]),
            "x": st.sampled_from([None, 0.0, 1.5]),
            "done": st.none(),
        }
    ),
    max_size=60,
)
#: What happens to a row: it stays (mostly), it goes, or one of its columns changes; and which rows are new.
changes_of = st.lists(st.sampled_from(["", "", "", "go", "hub", "x"]), min_size=60, max_size=60)


def footprint(
    workbench: Any, catalog: Catalog, source: str, rows: Sequence[Row], before: date = TODAY, **columns: str
) -> Footprint:
    """The footprint of rows, as a run would take it."""
    schemas = workbench.attach(catalog, {source: rows})
    engine: DuckDB = workbench.engine
    read = columns or schemas[source]
    answer = engine.execute(plan.footprint(catalog, schemas, source, read, before))
    return plan.read_footprint(catalog.sources[source], read, before, engine.version, answer)


def differing(old: Sequence[Row], new: Sequence[Row], *, keyed: bool) -> Differing:
    """The same by looking at each row. Rows of today and later are nobody's concern."""
    then, now = (
        Counter((r["id"], r["day"], r["hub"], r["x"]) for r in rows if not r["day"] or r["day"] < TODAY)
        for rows in (old, new)
    )
    went, came = then - now, now - then
    by = 0 if keyed else 1
    gone, new_ = (Counter(row[by] for row in some.elements()) for some in (went, came))
    changed = sum((gone & new_).values())
    days = frozenset(row[1] for row in (went + came))
    return Differing(new_.total() - changed, changed, gone.total() - changed, days)


@pytest.mark.parametrize("source", ["keyed", "plain"])
@SEVERAL
@given(rows=rows_of, fates=changes_of, new=rows_of)
def test_a_few_rows_that_came_changed_or_went_are_counted_exactly(
    workbench: Any, source: str, rows: list[dict[str, Any]], fates: list[str], new: list[dict[str, Any]]
) -> None:
    """Each row that differs is told apart, with its day; a row of a later day is not there yet."""
    catalog = workbench.project(PROJECT)
    number = {"keyed": lambda n: n, "plain": lambda n: n % 5}[source]  # without a key, equal rows may stand twice
    old = [row | {"id": number(n)} for n, row in enumerate(rows)]
    changed = {"hub": "c", "x": 7.25}
    kept = [
        row | ({fate: changed[fate]} if fate else {}) for row, fate in zip(old, fates, strict=False) if fate != "go"
    ]
    now = [*kept, *(row | {"id": number(1000 + n)} for n, row in enumerate(new))]
    found = causes.differ(footprint(workbench, catalog, source, old), footprint(workbench, catalog, source, now))
    assert found == differing(old, now, keyed=source == "keyed")


def many(count: int) -> list[dict[str, Any]]:
    """Rows of sixty days."""
    chosen = random.Random(7)
    return [{"id": n, "day": chosen.choice(DAYS[:31]), "hub": "a", "x": float(n), "done": None} for n in range(count)]


def test_a_thousand_rows_that_were_changed_are_still_told_apart(workbench: Any) -> None:
    """A row that was changed is two that differ: a sketch of three thousand cells has room for some two thousand."""
    catalog = workbench.project(PROJECT)
    old = many(20_000)
    new = [row | ({"x": -1.0} if row["id"] < 1000 else {}) for row in old]
    found = causes.differ(footprint(workbench, catalog, "keyed", old), footprint(workbench, catalog, "keyed", new))
    assert (found.late, found.changed, found.deleted, found.exact) == (0, 1000, 0, True)


def test_of_more_rows_each_day_tells_at_least_how_many(workbench: Any) -> None:
    """What cannot be told apart is said to be a lower bound, and the days are all there."""
    catalog = workbench.project(PROJECT)
    old = many(20_000)
    new = [row | {"x": -1.0} for row in old if row["id"] % 4 or row["day"] > date(2026, 3, 5)]
    found = causes.differ(footprint(workbench, catalog, "keyed", old), footprint(workbench, catalog, "keyed", new))
    went = len(old) - len(new)
    assert (found.late, found.changed, found.deleted, found.exact) == (0, 26, went, False)
    assert found.days == frozenset(DAYS[:31])


def test_what_ends_later_changes_nothing_of_what_was_there(workbench: Any) -> None:
    """A row that ends is another row from that day on, and not before: only what was already so is compared."""
    catalog = workbench.project(PROJECT)
    old = [{"id": 1, "day": date(2026, 3, 1), "done": None}, {"id": 2, "day": date(2026, 3, 1), "done": None}]
    new = [old[0] | {"done": date(2026, 4, 2)}, old[1] | {"done": date(2026, 3, 20)}]
    found = causes.differ(footprint(workbench, catalog, "keyed", old), footprint(workbench, catalog, "keyed", new))
    assert found == Differing(0, 1, 0, frozenset([date(2026, 3, 1)]))


def test_rows_are_compared_by_the_columns_of_then(workbench: Any) -> None:
    """A column that is new makes no row a changed one, as long as the old ones are read."""
    catalog = workbench.project(PROJECT)
    rows = [{"id": n, "day": date(2026, 3, 1), "hub": "a", "x": 1.0} for n in range(5)]
    columns = {"id": "integer", "day": "date", "hub": "text"}
    old = footprint(workbench, catalog, "keyed", rows, **columns)
    new = footprint(workbench, catalog, "keyed", [row | {"x": 2.0} for row in rows[1:]], **columns)
    assert causes.differ(old, new) == Differing(0, 0, 1, frozenset([date(2026, 3, 1)]))


def test_by_another_engine_only_numbers_of_rows_are_compared(workbench: Any) -> None:
    """Another engine hashes otherwise: that every sum differs says nothing."""
    catalog = workbench.project(PROJECT)
    rows = [{"id": n, "day": DAYS[n], "hub": "a", "x": 1.0} for n in range(5)]
    now = footprint(workbench, catalog, "keyed", rows)
    then = Footprint("keyed", "another", now.columns, now.keyed, now.before, now.lines)
    assert not causes.differ(then, now)
    more = footprint(workbench, catalog, "keyed", [*rows, rows[0] | {"id": 9}])
    assert causes.differ(then, more) == Differing(1, 0, 0, frozenset([DAYS[0]]), exact=False)


def test_a_source_without_time_has_rows_without_a_day(workbench: Any) -> None:
    """They may touch anything."""
    catalog = workbench.project(
        PROJECT.replace(
            "kpis:", "  hubs: {read: {files: u.csv}, columns: {hub: text, size: integer}, key: hub}\n    kpis:"
        )
    )
    old, new = (footprint(workbench, catalog, "hubs", [{"hub": "a", "size": size}]) for size in (1, 2))
    assert causes.differ(old, new) == Differing(0, 1, 0, frozenset([None]))


@SEVERAL
@given(rows=st.lists(st.tuples(st.sampled_from(DAYS), st.integers(0, 2)), max_size=20, unique_by=lambda row: row[0]))
def test_typed_numbers_are_compared_like_rows(workbench: Any, rows: list[tuple[date, int]]) -> None:
    """By the last days of their periods, key by key."""
    catalog = workbench.project(PROJECT)

    def typed(value: int) -> pa.Table:
        written = [
            {"grain": "day", "period": (day - date(1970, 1, 1)).days, "cell": "", "value": float(kind * value)}
            for day, kind in rows
        ]
        schema = pa.schema({"grain": pa.string(), "period": pa.int64(), "cell": pa.string(), "value": pa.float64()})
        return pa.Table.from_pylist(written, schema)

    old, new = (plan.typed_footprint("a.csv", typed(value), catalog.calendar, TODAY) for value in (1, 2))
    days = frozenset(day for day, kind in rows if kind and day < TODAY)
    assert causes.differ(old, new) == Differing(0, len(days), 0, days)

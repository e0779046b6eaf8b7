"""Names in plans: what the data do not have is refused with its place and a remedy, in the user's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from headway import plan
from headway.errors import CatalogError
from headway.model import Expression, Schemas
from headway.plan.scope import Scope

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)
COVERED = plan.Coverage(date(2025, 1, 1), date(2025, 6, 1), 1)

#: Sources that do not declare their columns, so that only the data can tell.
PROJECT = """
project: names
sources:
  sessions:
    read: {files: unused.csv}
    time: on
    refers: {hub: hubs, host: hubs}
    derive: {long: hours > 2, twice: hours * 2, more: twice + 1}
  hubs:
    read: {files: unused.csv}
    key: id
kpis:
"""
SCHEMAS: Schemas = {
    "sessions": {"on": "date", "person": "text", "hub": "text", "host": "text", "hours": "number", "note": "text"},
    "hubs": {"id": "text", "cluster": "text", "staging": "boolean"},
}


def refusal(workbench: Any, line: str, schemas: Schemas = SCHEMAS) -> str:
    """What is said of a KPI, without the line of YAML that follows."""
    catalog = workbench.project(PROJECT + f"  {line}\n")
    coverage = dict.fromkeys(catalog.sources, COVERED)
    with pytest.raises(CatalogError) as caught:
        plan.compile(catalog, schemas, coverage, plan.requests(catalog, catalog.kpis), NOW)
    return str(caught.value)


def test_an_unknown_column_comes_with_a_suggestion(workbench: Any) -> None:
    """The nearest name of the source, or of what it refers to, is offered; the caret stands under the name."""
    said = refusal(workbench, "n: {count: sessions, where: persn = 'ann' and hours > 1}")
    assert said.startswith("headway.yml:13:31: sessions has no column 'persn', nor has what it refers to ")
    assert "^^^^^\n" in said
    assert said.endswith("Did you mean 'person'?")


def test_an_unknown_breakdown_or_measure_is_refused(workbench: Any) -> None:
    """`by` and the column behind the kind are looked up in the same way."""
    assert "has no column 'clster'" in refusal(workbench, "n: {count: sessions, by: [clster]}")
    assert "Did you mean 'hours'?" in refusal(workbench, "n: {sum: sessions.hour}")
    assert "has no column 'hub.clusters'" in refusal(workbench, "n: {count: sessions, by: [hub.clusters]}")


def test_a_name_found_two_ways_is_refused_with_both(workbench: Any) -> None:
    """`cluster` may be the hub's or the host's."""
    said = refusal(workbench, "n: {count: sessions, by: [cluster]}")
    assert "[ambiguous-column]" in said
    assert "Say which way to go: 'hub.cluster' or 'host.cluster'." in said


def test_derived_columns_that_need_each_other_are_refused(workbench: Any) -> None:
    """The circle is drawn; the loader sees most of them before."""
    catalog = workbench.project(PROJECT + "  n: {count: sessions}\n")
    circle = {"a": Expression("b + 1"), "b": Expression("a + 1")}
    hubs = replace(catalog.sources["hubs"], derive=circle)
    catalog = replace(catalog, sources={**catalog.sources, "hubs": hubs})
    with pytest.raises(CatalogError, match="a -> b -> a"):
        Scope(catalog, SCHEMAS, "sessions").column("hub.a")


def test_text_is_no_number_and_no_time(workbench: Any) -> None:
    """A sum of text, and periods cut by text, are refused with what to write instead."""
    assert "'note' of 'sessions' is text, and a number is needed" in refusal(workbench, "n: {sum: sessions.note}")
    said = refusal(workbench, "n: {count: sessions, time: note}")
    assert "'note' puts rows of 'sessions' into periods, but it is text" in said
    assert "columns: {note: date}" in said


def test_all_mistakes_of_all_kpis_come_at_once(workbench: Any) -> None:
    """Two KPIs with a mistake each make two mistakes."""
    said = refusal(workbench, "a: {count: sessions, where: x1 > 1}\n  b: {count: sessions, where: x2 > 1}")
    assert "'x1'" in said
    assert "'x2'" in said


def test_derived_columns_may_build_on_each_other(workbench: Any) -> None:
    """`more` is `twice + 1` is `hours * 2 + 1`, in parentheses where they are needed."""
    catalog = workbench.project(PROJECT + "  n: {sum: sessions.more}\n")
    (one,) = plan.compile(catalog, SCHEMAS, {"sessions": COVERED}, plan.requests(catalog, ["n"]), NOW)
    assert "(\n      (\n        sessions.hours * 2\n      ) + 1\n    )" in one.query.sql("duckdb", pretty=True)

"""The implied checks: what fails, on which days, in which words, and which KPIs it touches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from headway import checks
from headway.checks import Failing
from headway.model import Catalog

PROJECT = """
    project: checks
    sources:
      sessions:
        read: {files: unused.csv}
        columns: {id: integer, on: date, hub: text, host: text, x: integer, changed: integer}
        key: id
        time: on
        refers: {hub: hubs, host: {source: hubs, optional: true}}
      hubs:
        read: {files: unused.csv}
        columns: {hub: text, cluster: text, created: date}
        key: hub
        time: created
        refers: {cluster: {source: clusters, tolerate: 40 %}}
      clusters:
        read: {files: unused.csv}
        columns: {cluster: text, provider: text}
        key: cluster
    kpis:
      plain:     {count: sessions}
      by_hub:    {count: sessions, by: [hub]}
      by_cluster: {count: sessions, by: [hub.cluster]}
      provider:  {count: sessions, where: "hub.cluster.provider = 'aws'"}
      hosted:    {count: sessions, by: [host.cluster]}
      hubs:      {count: hubs}
"""

GOOD = {
    "sessions": [
        {"id": 1, "on": date(2025, 6, 1), "hub": "a", "host": "nobody knows"},
        {"id": 2, "on": date(2025, 6, 2), "hub": None},
    ],
    "hubs": [{"hub": "a", "cluster": "x", "created": date(2025, 1, 1)}],
    "clusters": [{"cluster": "x", "provider": "aws"}],
}


def look(workbench: Any, rows: Mapping[str, Any], text: str = PROJECT) -> tuple[Catalog, Any, Any, list[str]]:
    """The catalogue, the schemas, what fails by source, and the sentences."""
    catalog = workbench.project(text)
    schemas = workbench.attach(catalog, rows)
    failing: dict[str, list[Failing]] = {}
    sentences: list[str] = []
    for name in catalog.sources:
        query = checks.compile(catalog, schemas, name)
        assert query is not None
        found = checks.read(catalog, name, workbench.engine.execute(query))
        failing[name] = found.failing
        sentences += found.notes
    return catalog, schemas, failing, sentences


def test_good_data_pass(workbench: Any) -> None:
    """Missing references and optional ones that lead nowhere are no failures."""
    _, _, failing, notes = look(workbench, GOOD)
    assert not any(failing.values())
    assert notes == []


def test_a_repeated_or_missing_key_fails_on_its_days(workbench: Any) -> None:
    """Neighbouring days are one stretch; the sentence names the key and an example."""
    rows = [{"id": i, "on": date(2025, 6, day), "hub": "a"} for i, day in ((1, 1), (1, 2), (1, 5), (2, 9), (None, 7))]
    catalog, schemas, failing, notes = look(workbench, {**GOOD, "sessions": rows})
    assert sorted((f.first, f.last) for f in failing["sessions"]) == [
        (date(2025, 6, 1), date(2025, 6, 2)),
        (date(2025, 6, 5), date(2025, 6, 5)),
        (date(2025, 6, 7), date(2025, 6, 7)),
    ]
    assert notes == [
        "1 row of sessions without id, the key.",
        "3 rows of sessions with a repeated id, the key.",
    ]
    touched = checks.touching(catalog, schemas, catalog.kpis["plain"], failing)
    assert len(touched) == 3


def test_a_reference_that_finds_nothing_touches_what_reads_through_it(workbench: Any) -> None:
    """Only KPIs that look something up in hubs, on the days of the failing rows."""
    rows = [*GOOD["sessions"], {"id": 3, "on": date(2025, 6, 4), "hub": "gone"}]
    catalog, schemas, failing, notes = look(workbench, {**GOOD, "sessions": rows})
    assert notes == ["1 row of sessions with a hub that hubs do not have."]
    touched = {
        name: [(one.first, one.last) for one in checks.touching(catalog, schemas, kpi, failing)]
        for name, kpi in catalog.kpis.items()
    }
    day = date(2025, 6, 4)
    assert touched == {
        "plain": [],
        "by_hub": [],
        "by_cluster": [(day, day)],
        "provider": [(day, day)],
        "hosted": [],
        "hubs": [],
    }


def test_a_repeated_key_of_a_referred_source_touches_every_day(workbench: Any) -> None:
    """It would multiply rows, so whatever reads through it has no number that can be trusted."""
    catalog, schemas, failing, _ = look(workbench, {**GOOD, "hubs": [*GOOD["hubs"], *GOOD["hubs"]]})
    for name, days in (("by_cluster", [(None, None)]), ("hosted", [(None, None)]), ("plain", [])):
        found = checks.touching(catalog, schemas, catalog.kpis[name], failing)
        assert [(one.first, one.last) for one in found] == days, name
    (one,) = checks.touching(catalog, schemas, catalog.kpis["hubs"], failing)
    assert one.first == one.last == date(2025, 1, 1)


def test_what_is_tolerated_is_said_and_fails_nothing(workbench: Any) -> None:
    """One hub of three without a cluster is below 40 %; two of three are above."""
    hubs = [{"hub": h, "cluster": c, "created": date(2025, 1, 1)} for h, c in (("a", "x"), ("b", "x"), ("c", "?"))]
    _, _, failing, notes = look(workbench, {**GOOD, "hubs": hubs})
    assert failing["hubs"] == []
    assert notes == ["1 row of hubs with a cluster that clusters do not have; up to 40 % are tolerated."]
    hubs[1]["cluster"] = "??"
    _, _, failing, _ = look(workbench, {**GOOD, "hubs": hubs})
    assert [f.reference for f in failing["hubs"]] == ["cluster"]


def test_versions_of_a_key_are_no_repetition_but_ties_are(workbench: Any) -> None:
    """With latest_by, equal rows collapse, and different rows that are equally new fail."""
    text = PROJECT.replace("key: id\n", "key: id\n        latest_by: changed\n")
    first = {"id": 1, "on": date(2025, 6, 1), "hub": "a", "x": 1, "changed": 1}
    same = [first, {**first, "x": 2, "changed": 2}, {**first, "x": 2, "changed": 2}]
    _, _, failing, _ = look(workbench, {**GOOD, "sessions": same}, text)
    assert failing["sessions"] == []
    tie = [*same, {**first, "x": 3, "changed": 2}]
    _, _, failing, notes = look(workbench, {**GOOD, "sessions": tie}, text)
    assert len(failing["sessions"]) == 1
    assert notes == ["2 rows of sessions with a repeated id, the key."]
    # A second column tells equally new ones apart.
    text = text.replace("latest_by: changed\n", "latest_by: [changed, x]\n")
    _, _, failing, _ = look(workbench, {**GOOD, "sessions": tie}, text)
    assert failing["sessions"] == []

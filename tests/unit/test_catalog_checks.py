"""Declared checks as the catalogue resolves them: names, defaults, order, and what changes a definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from headway import catalog
from headway.model import Between, Covers, Equals, Family, Latency, Limits, OneOf, Outliers, Reconcile, Then
from headway.periods import Grain, Length

PROJECT = """
project: checks
fiscal_year_start: july
sources:
  sessions:
    read: {files: sessions.csv}
    key: id
    time: at
    refers: {hub: hubs}
    checks:
      - {between: {minutes: [0, null]}}
      - {between: {at: [2020-01-01, null], ended_at: [null, 2030-12-31]}, then: warn}
      - {one_of: {kind: [a, 2, true]}, where: minutes > 5, tolerate: 0.1 %}
      - {rule: minutes < 600, name: not too long, then: stop, why: The server ends them.}
      - {rule: minutes <> 13}
      - {coverage: {of: days, grain: month, at_least: 100 %}}
      - {coverage: {of: clusters, grain: day, at_least: 90 %}}
      - {deadline: {grain: month, within: 0 days}}
      - {latency: {from: at, to: loaded_at, at_most: 1 hour}}
  hubs:     {read: {files: hubs.csv}, key: hub, refers: {cluster: clusters}}
  clusters: {read: {files: clusters.csv}, key: cluster}
kpis:
  revenue:
    sum: sessions.usd
    unit: USD
    checks:
      - {reconcile: invoiced + active.new, within: 2 %}
      - {equals: {FY2023-Q1: 72, 2023-12: 12 USD}, then: warn}
      - {between: [0, null]}
      - {outliers: {above: 6}, name: jumps}
  invoiced: {sum: sessions.invoiced, unit: USD}
  active:   {distinct: sessions.user_id}
"""


def load(root: Path, text: str = PROJECT) -> catalog.Catalog:
    (root / "headway.yml").write_text(text)
    return catalog.load(root)


def test_checks_are_called_by_their_kind_and_where_there_are_several_by_their_columns(tmp_path: Path) -> None:
    """A written name stays; a name is what an alert watches, so it is one of its source alone."""
    found = load(tmp_path)
    assert [check.name for check in found.sources["sessions"].checks] == [
        "between_minutes",
        "between_at_ended_at",
        "one_of",
        "not too long",
        "rule",
        "coverage_days",
        "coverage_clusters",
        "deadline",
        "latency",
    ]
    assert [check.name for check in found.kpis["revenue"].checks] == ["reconcile", "equals", "between", "jumps"]


def test_rules_are_nouns_with_their_values_read(tmp_path: Path) -> None:
    """Days are dates, lengths are lengths, and the way to what is covered is found."""
    rules = {check.name: check.rule for check in load(tmp_path).sources["sessions"].checks}
    assert rules["between_minutes"] == Between({"minutes": (0.0, None)})
    assert rules["between_at_ended_at"] == Between(
        {"at": (date(2020, 1, 1), None), "ended_at": (None, date(2030, 12, 31))}
    )
    assert rules["one_of"] == OneOf({"kind": ("a", 2, True)})
    assert rules["coverage_days"] == Covers(Grain.MONTH, 1.0)
    assert rules["coverage_clusters"] == Covers(Grain.DAY, 0.9, "clusters", ("hub", "cluster"))
    assert rules["latency"] == Latency("at", "loaded_at", Length.parse("1 hour"))


def test_a_check_withholds_unless_it_says_otherwise(tmp_path: Path) -> None:
    """And looks at all rows, of which none may fail."""
    plain, warns, some, stops, *_ = load(tmp_path).sources["sessions"].checks
    assert (plain.then, plain.tolerate, plain.where, plain.family) == (Then.WITHHOLD, 0.0, None, Family.ACCURACY)
    assert (warns.then, stops.then, stops.why) == (Then.WARN, Then.STOP, "The server ends them.")
    assert (some.tolerate, str(some.where), some.family) == (0.001, "minutes > 5", Family.CONSISTENCY)
    assert plain.place is not None
    assert plain.place.line == 11


def test_checks_of_kpis_are_in_the_unit_and_by_the_periods_of_the_kpi(tmp_path: Path) -> None:
    """The form of a period says its grain."""
    found = load(tmp_path)
    reconcile, equals, between, jumps = (check.rule for check in found.kpis["revenue"].checks)
    assert isinstance(reconcile, Reconcile)
    assert (reconcile.formula.inputs, reconcile.within) == (("invoiced", "active"), 0.02)
    assert isinstance(equals, Equals)
    assert {str(period): value for period, value in equals.values.items()} == {"FY2023-Q1": 72.0, "2023-12": 12.0}
    assert (between, jumps) == (Limits(0.0, None), Outliers(6.0))


def test_what_a_check_reads_is_computed_first_and_whole(tmp_path: Path) -> None:
    """KPIs come after those that they are checked against, and a part that a check reads is computed."""
    found = load(tmp_path)
    assert [kpi.name for kpi in found.in_order()] == ["invoiced", "active", "revenue"]
    assert found.kpis["revenue"].reconciled == ("invoiced", "active")
    assert "new" in found.kpis["active"].parts


def test_what_withholds_is_a_part_of_the_definition_and_what_warns_is_none(tmp_path: Path) -> None:
    """A definition's fingerprint changes when what is shown could; words and names change nothing."""
    found = load(tmp_path)

    def fingerprint(old: str = "", new: str = "") -> str:
        changed = load(tmp_path, PROJECT.replace(old, new) if old else PROJECT)
        return catalog.fingerprint(changed.kpis["revenue"], replace(changed, root=found.root))

    same = fingerprint()
    assert fingerprint("name: not too long", "name: renamed") == same
    assert fingerprint("2030-12-31]}, then: warn", "2040-12-31]}, then: warn") == same
    assert fingerprint("{minutes: [0, null]}", "{minutes: [1, null]}") != same
    assert fingerprint("- {between: [0, null]}", "- {between: [1, null]}") != same

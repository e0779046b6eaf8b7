"""What checks do to the numbers of a run: real files, a real engine and a real ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from headway import catalog as catalogue
from headway import run, trial
from headway.attempt import Attempt, Data
from headway.engines import DuckDB
from headway.errors import CheckError
from headway.ledger import Ledger
from headway.model import cell_text
from headway.periods import Grain
from headway.rehearsal import rehearse

NOW = datetime(2026, 4, 10, 6, tzinfo=UTC)

#: What was sold in each of four months, and what was entered elsewhere.
SALES = """\
id,day,shop,usd
1,2026-01-10,north,100
2,2026-01-20,south,50
3,2026-02-10,north,110
4,2026-02-20,south,-5
5,2026-03-10,north,120
6,2026-03-20,south,60
"""

PROJECT = """
project: checks
sources:
  sales:
    read: {{files: sales.csv}}
    columns: {{id: integer, day: date, shop: text, usd: number}}
    key: id
    time: day
    checks: [{of_sales}]
kpis:
  revenue: {{sum: sales.usd, by: [shop], grain: month, unit: USD, checks: [{of_revenue}]}}
  to_date: {{sum: sales.usd, window: all time, grain: month, unit: USD, checks: [{of_state}]}}
  invoiced: {{count: sales, grain: month, unit: USD}}
  doubled: {{formula: 2 * revenue, unit: USD}}
  usual:   {{formula: revenue, window: 2 months, unit: USD}}
  none:    {{formula: doubled / to_date}}
tests:
  sales:
    now: 2026-04-10
    given: {{sales: [{{id: 1, day: 2026-01-10, usd: -1}}]}}
    expect: [{{kpi: revenue, period: 2026-01, value: -1}}]
"""


def compute(
    root: Path,
    of_sales: str = "",
    of_revenue: str = "",
    of_state: str = "",
    sales: str = SALES,
    project: str = PROJECT,
) -> tuple[run.Outcome, Mapping[str, dict[tuple[str, str], Any]]]:
    """The outcome of a run, and the totals by KPI: by grain and period the number, or why there is none."""
    (root / "sales.csv").write_text(sales)
    text = project.format(of_sales=of_sales, of_revenue=of_revenue, of_state=of_state)
    (root / "headway.yml").write_text(text)
    catalog = catalogue.load(root)
    with Ledger.open(root / "ledger.db") as ledger:
        outcome = run.observe(catalog, ledger, NOW)
        found = {}
        for name in catalog.kpis:
            rows = ledger.read(name).to_pylist()
            found[name] = {
                (row["cell"], catalog.calendar.from_key(Grain(row["grain"]), row["period"]).name): (
                    row["reason"] if row["value"] is None else row["value"]
                )
                for row in rows
                if not row["part"]
            }
    return outcome, found


def totals(numbers: Mapping[tuple[str, str], Any], *periods: str) -> list[Any]:
    """The totals of some periods."""
    return [numbers.get(("", period)) for period in periods]


MONTHS = ("2026-01", "2026-02", "2026-03", "2026-Q1", "2026")
HELD, INPUT, LACKS = "check failed", "input withheld", "incomplete"
NORTH, SOUTH = (cell_text((("shop", shop),)) for shop in ("north", "south"))


def test_a_failing_row_withholds_its_periods_and_what_is_made_of_them(tmp_path: Path) -> None:
    """February and what holds it; formulas have no input there; the other months are as they were."""
    _, whole = compute(tmp_path)
    assert totals(whole["revenue"], *MONTHS[:4]) == [150, 105, 180, 435]
    outcome, found = compute(tmp_path, of_sales="{between: {usd: [0, null]}}")
    assert totals(found["revenue"], *MONTHS) == [150, LACKS, 180, LACKS, LACKS]
    assert totals(found["doubled"], *MONTHS[:4]) == [300, LACKS, 360, LACKS]
    assert totals(found["usual"], *MONTHS[:3]) == [150, LACKS, LACKS]
    assert totals(found["to_date"], *MONTHS[:4]) == [150, HELD, HELD, HELD]
    assert outcome.whole  # nothing failed to compute
    (load,) = outcome.loads
    assert load.notes == (
        "Check 'between' failed, what they touch is withheld: usd is 0 or more; 1 of 6 rows does not.",
    )
    assert [(one.check, one.passed, one.failed, one.seen) for one in load.checks] == [
        ("key", True, 0, 0),
        ("between", False, 1, 6),
    ]


def test_cells_without_a_failing_row_are_shown(tmp_path: Path) -> None:
    """The row of the south says nothing of the north; the total holds both."""
    _, found = compute(tmp_path, of_sales="{between: {usd: [0, null]}}")
    assert [found["revenue"][NORTH, period] for period in MONTHS] == [100, 110, 120, 330, 330]
    assert [found["revenue"][SOUTH, period] for period in MONTHS] == [50, HELD, 60, HELD, HELD]


def test_a_row_that_may_belong_elsewhere_withholds_every_cell(tmp_path: Path) -> None:
    """If the check is about the column that the cells are made of, nobody knows whose row it is."""
    for check in ("{one_of: {shop: [north]}}", "{rule: region <> 'southern'}"):
        text = PROJECT.replace(
            "    checks: [{of_sales}]", "    derive: {{region: shop || 'ern'}}\n    checks: [{of_sales}]"
        )
        _, found = compute(tmp_path, of_sales=check, project=text)
        assert found["revenue"][NORTH, "2026-01"] == HELD
        assert totals(found["revenue"], *MONTHS) == [HELD] * 5


def test_a_warning_keeps_the_number_and_is_said(tmp_path: Path) -> None:
    """The ledger keeps the sentence with the run, so that pages show it."""
    outcome, found = compute(tmp_path, of_sales="{between: {usd: [0, null]}, then: warn}")
    assert totals(found["revenue"], *MONTHS[:4]) == [150, 105, 180, 435]
    assert "it only warns" in outcome.loads[0].notes[0]
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert ledger.loads(outcome.recorded.run.id)[0].notes == outcome.loads[0].notes


def test_a_check_that_stops_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    """The error names the check, its place and every other one that stops; the exit code is that of a failed source."""
    compute(tmp_path)
    checks = "{between: {usd: [0, null]}, then: stop}, {fresh: 7 days, then: stop}"
    with pytest.raises(CheckError) as caught:
        compute(tmp_path, of_sales=checks, of_revenue="{between: [0, 100], then: stop}")
    assert [mistake.message.partition(",")[0] for mistake in caught.value.mistakes] == [
        "source sales: Check 'between' failed",
        "source sales: Check 'fresh' failed",
    ]
    assert caught.value.exit_code == 3
    assert caught.value.mistakes[0].place is not None
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert len(ledger.runs(10)) == 1
    with pytest.raises(CheckError, match="KPI revenue: Check 'between' failed, the run stops: it is from 0 to 100"):
        compute(tmp_path, of_revenue="{between: [0, 100], then: stop}")


def test_headway_check_says_what_would_stop_a_run(tmp_path: Path) -> None:
    """Beside everything else that it finds."""
    with pytest.raises(CheckError):
        compute(tmp_path, of_sales="{between: {usd: [0, null]}, then: stop}")
    found = rehearse(catalogue.load(tmp_path), NOW)
    assert [error.slug for error in found.errors] == ["check-failed"]
    assert len(found.loads) == 1


def test_a_stopped_test_of_the_catalogue_fails_and_says_why(tmp_path: Path) -> None:
    """The other tests go on."""
    with pytest.raises(CheckError):
        compute(tmp_path, of_sales="{between: {usd: [0, null]}, then: stop}")
    catalog = catalogue.load(tmp_path)
    (failure,) = trial.try_(catalog, catalog.tests["sales"])
    assert "Check 'between' failed" in failure.got


def test_stale_rows_withhold_what_they_cannot_vouch_for(tmp_path: Path) -> None:
    """The data end with 20 March: March is not whole, February is."""
    _, found = compute(tmp_path, of_sales="{fresh: 7 days}")
    assert totals(found["revenue"], *MONTHS) == [150, 105, HELD, HELD, HELD]


# -- checks of KPIs ----------------------------------------------------------------------------------------------------


def test_a_number_out_of_its_limits_withholds_the_period_with_its_cells(tmp_path: Path) -> None:
    """And what is made of the same rows. That a cell is below 0 says as much as that the total is."""
    outcome, found = compute(tmp_path, of_revenue="{between: [0, null]}")
    assert totals(found["revenue"], *MONTHS) == [150, HELD, 180, HELD, HELD]
    assert found["revenue"][NORTH, "2026-02"] == HELD
    assert found["revenue"][NORTH, "2026-03"] == 120
    assert totals(found["doubled"], *MONTHS[:4]) == [300, INPUT, 360, INPUT]
    assert totals(found["usual"], *MONTHS[:3]) == [150, INPUT, INPUT]
    assert totals(found["to_date"], *MONTHS[:3]) == [150, 255, 435]  # another KPI of the same rows
    assert outcome.notes["revenue"] == (
        "Check 'between' failed, what they touch is withheld: it is 0 or more; not in 2026-02"
    )
    (checked,) = outcome.checked["revenue"]
    assert (checked.passed, checked.failed, checked.seen) == (False, 1, 9)


def test_limits_are_those_of_own_periods(tmp_path: Path) -> None:
    """A quarter's sum is larger than any of its months may be."""
    outcome, found = compute(tmp_path, of_revenue="{between: [-10, 200]}")
    assert totals(found["revenue"], *MONTHS) == [150, 105, 180, 435, 435]
    assert outcome.checked["revenue"][0].passed


def test_known_values_are_held_against_the_periods_that_their_form_says(tmp_path: Path) -> None:
    """At the border of `within` they agree. A period without a number says nothing."""
    _, found = compute(tmp_path, of_revenue="{equals: {2026-01: 150, 2026-Q1: 435, 2020-01: 7}}")
    assert totals(found["revenue"], *MONTHS[:4]) == [150, 105, 180, 435]
    _, found = compute(tmp_path, of_revenue="{equals: {2026-02: 100, 2026-03: 150}, within: 5 %}")
    assert totals(found["revenue"], *MONTHS[:4]) == [150, 105, HELD, HELD]
    _, found = compute(tmp_path, of_revenue="{equals: {2026-Q1: 400}, then: warn}")
    assert totals(found["revenue"], *MONTHS[:4]) == [150, 105, 180, 435]


def test_a_known_quarter_that_is_missed_withholds_its_months(tmp_path: Path) -> None:
    """A flow's quarter is the sum of its months, so not all of these can be right."""
    _, found = compute(tmp_path, of_revenue="{equals: {2026-Q1: 400}}")
    assert totals(found["revenue"], *MONTHS) == [HELD, HELD, HELD, HELD, HELD]


def test_a_state_that_fails_withholds_the_very_same_number_elsewhere(tmp_path: Path) -> None:
    """The first quarter's is that of March; other months, and the year that runs, are other numbers."""
    _, found = compute(tmp_path, of_state="{equals: {2026-03: 436}}")
    assert totals(found["to_date"], *MONTHS[:4]) == [150, 255, HELD, HELD]
    _, found = compute(tmp_path, of_state="{equals: {2026-Q1: 436}}")
    assert totals(found["to_date"], *MONTHS[:4]) == [150, 255, HELD, HELD]
    _, found = compute(tmp_path, of_state="{equals: {2026-02: 1}}")
    assert totals(found["to_date"], *MONTHS[:4]) == [150, HELD, 435, 435]


def test_numbers_are_reconciled_with_another_way_to_compute_them(tmp_path: Path) -> None:
    """For every period that both have, and before others read them."""
    agrees = "{reconcile: to_date - prior(to_date), within: 0 %}"
    _, found = compute(tmp_path, of_revenue=agrees)
    assert totals(found["revenue"], *MONTHS[:3]) == [150, 105, 180]
    outcome, found = compute(tmp_path, of_revenue="{reconcile: invoiced * 60, within: 15 %}")
    assert totals(found["revenue"], *MONTHS[:3]) == [HELD, 105, HELD]
    assert totals(found["doubled"], *MONTHS[:3]) == [INPUT, 210, INPUT]
    assert outcome.checked["revenue"][0].failed == 2


def test_a_change_unlike_those_before_withholds_its_period(tmp_path: Path) -> None:
    """Ten months of some growth, and then thirty times that."""
    rows = [f"{n},{2025 + n // 12}-{n % 12 + 1:02}-10,north,{100 + 10 * n + n % 3}" for n in range(14)]
    rows.append("14,2026-03-10,north,900")
    _, found = compute(tmp_path, of_revenue="{outliers: {above: 6}}", sales="\n".join(["id,day,shop,usd", *rows, ""]))
    assert totals(found["revenue"], "2026-01", "2026-02", "2026-03") == [220, 231, HELD]


class Counting(DuckDB):
    """An engine that remembers what it was asked."""

    asked: list[exp.Query]

    def execute(self, query: exp.Query, *more: Any) -> Any:
        """Remember, and answer."""
        self.asked = [*getattr(self, "asked", []), query]
        return super().execute(query, *more)


SCANS = """
project: scans
sources:
  rows:
    read: {files: rows.csv}
    columns: {id: integer, at: date, hub: text, other: text, x: integer}
    key: id
    time: at
    refers: {hub: hubs, other: hubs}
    checks:
      - {between: {x: [0, null]}}
      - {unique: [x, at]}
      - {one_of: {hub: [a, zz]}}
      - {fresh: 10 days}
      - {fresh: 10 days, by: hub}
      - {deadline: {grain: week, within: 1 day}, by: hub}
      - {outliers: {above: 6}}
      - {coverage: {of: days, grain: month, at_least: 5 %}}
  hubs:
    read: {files: hubs.csv}
    columns: {hub: text}
    key: hub
kpis:
  n: {count: rows}
"""


@pytest.mark.parametrize("fails", [False, True])
def test_all_checks_of_a_source_read_it_twice_whatever_there_is_to_check(tmp_path: Path, *, fails: bool) -> None:
    """Once for what nobody declares, once for the rest; only where rows fail, once more for some of them."""
    hub = "zz" if fails else "a"
    (tmp_path / "rows.csv").write_text(f"id,at,hub,other,x\n1,2026-04-08,{hub},a,1\n2,2026-04-09,a,a,2\n")
    (tmp_path / "hubs.csv").write_text("hub\na\n")
    (tmp_path / "headway.yml").write_text(SCANS)
    catalog = catalogue.load(tmp_path)
    with Counting(tmp_path / "tmp") as engine:
        Attempt(catalog, engine, NOW, Data(catalog)).read_sources(["n"])
        # The first one asks for the span of the rows; of hubs there is one for their key.
        checking = [query for query in engine.asked[1:] if "hubs.hub AS key_1" not in query.sql()]
    scans = [sum(table.name == "rows" for table in query.find_all(exp.Table)) for query in checking]
    assert [count for count in scans if count] == [1, 1, *([1] if fails else [])]

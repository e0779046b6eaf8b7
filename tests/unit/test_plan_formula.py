"""Formulas over KPIs: no data, withheld, zero denominators, cells, windows, running periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from headway import plan
from headway.model import Flag, Reason
from headway.plan import Request
from headway.plan.numbers import NUMBERS

NOW = datetime(2025, 3, 15, 12, tzinfo=UTC)

PROJECT = """
    project: money
    min_group_size: 1
    sources:
      postings:
        read: {files: unused.csv}
        columns: {on: date, side: text, category: text, usd: number}
        time: on
      staff:
        read: {files: unused.csv}
        columns: {from: date, until: date, team: text}
        time: from
        until: until
        sparse: true
    kpis:
      revenue: {sum: postings.usd, where: side = 'in', by: [category], grain: month, unit: USD}
      costs:   {sum: postings.usd, where: side = 'out', by: [category], grain: month, unit: USD}
      largest: {max: postings.usd, where: side = 'in', by: [category], grain: month, unit: USD}
      heads:   {open: staff, grain: month}
      days:    {count: postings, by: [category]}
"""

ROWS: Mapping[str, Any] = {
    "postings": [
        {"on": date(2025, 1, 10), "side": "in", "category": "grants", "usd": 100.0},
        {"on": date(2025, 1, 20), "side": "in", "category": "services", "usd": 50.0},
        {"on": date(2025, 1, 25), "side": "out", "category": "grants", "usd": 30.0},
        {"on": date(2025, 2, 3), "side": "out", "category": "services", "usd": 45.0},
        {"on": date(2025, 3, 1), "side": "in", "category": "grants", "usd": 60.0},
        {"on": date(2025, 3, 14), "side": "out", "category": "services", "usd": 20.0},
    ],
    "staff": [{"from": date(2025, 1, 1)}, {"from": date(2025, 2, 10)}],
}


def compute(workbench: Any, formulas: str, now: datetime = NOW) -> dict[str, Any]:
    """The numbers of formulas over the KPIs above."""
    catalog = workbench.project(PROJECT + "".join(f"      {line.strip()}\n" for line in formulas.strip().splitlines()))
    numbers: dict[str, Any] = workbench.numbers(catalog, ROWS, now)
    return numbers


def test_a_longer_period_is_a_ratio_of_sums(workbench: Any) -> None:
    """The quarter's margin is its own revenue and costs divided, and keeps both."""
    margin = compute(workbench, "margin: {formula: (revenue - costs) / revenue, unit: percent}")["margin"]
    quarter = margin["quarter", "", "2025-Q1"]
    assert quarter["value"] == pytest.approx((210 - 95) / 210)
    assert (quarter["numerator"], quarter["denominator"]) == (115.0, 210.0)
    assert margin["month", "", "2025-01"]["value"] == pytest.approx(120 / 150)


def test_division_by_zero_is_no_data_with_its_reason(workbench: Any) -> None:
    """February has no revenue: no margin, and the page can say why."""
    margin = compute(workbench, "margin: {formula: costs / revenue, unit: percent}")["margin"]
    february = margin["month", "", "2025-02"]
    assert february["value"] is None
    assert february["reason"] == Reason.ZERO_DENOMINATOR
    assert (february["numerator"], february["denominator"]) == (45.0, 0.0)


def test_no_data_spreads_and_only_coalesce_catches_it(workbench: Any) -> None:
    """`least`, `greatest` and `case` give no data where an input has none, unlike SQL."""
    numbers = compute(
        workbench,
        """
        low: {formula: "least(60, largest)"}
        high: {formula: "greatest(60, largest)"}
        plus: {formula: largest + 1}
        chosen: {formula: case when largest > 0 then 1 else 2 end}
        caught: {formula: "coalesce(largest, -1)"}
        """,
    )
    for name in ("low", "high", "plus", "chosen"):
        february = numbers[name]["month", "", "2025-02"]
        assert (february["value"], february["reason"]) == (None, Reason.INPUT_MISSING), name
    assert numbers["caught"]["month", "", "2025-02"]["value"] == -1
    assert numbers["low"]["month", "", "2025-01"]["value"] == 60


def test_only_the_branch_that_is_taken_counts(workbench: Any) -> None:
    """A division by zero in the branch that is not taken does no harm; case goes from the first branch on."""
    numbers = compute(
        workbench,
        """
        safe: {formula: case when revenue = 0 then 0 else costs / revenue end}
        first: {formula: case when revenue > 100 then 1 when revenue > 10 then 2 else 3 end}
        none: {formula: case when revenue > 100 then 1 end}
        """,
    )
    assert numbers["safe"]["month", "", "2025-02"]["value"] == 0
    assert [numbers["first"]["month", "", m]["value"] for m in ("2025-01", "2025-02", "2025-03")] == [1, 3, 2]
    assert numbers["none"]["month", "", "2025-02"]["reason"] == Reason.NO_ROWS


def test_conditions_and_functions(workbench: Any) -> None:
    """Arithmetic, rounding half away from zero, and conditions mean what they say."""
    numbers = compute(
        workbench,
        """
        a: {formula: "round(revenue / 60, 0)"}
        b: {formula: abs(costs - revenue)}
        c: {formula: "power(sqrt(revenue), 2)"}
        d: {formula: "case when revenue > 0 and not costs > 40 or revenue = 60 then 1 else 0 end"}
        e: {formula: ln(revenue)}
        f: {formula: -revenue}
        """,
    )
    january = {name: numbers[name]["month", "", "2025-01"]["value"] for name in "abcdf"}
    assert january == {"a": 3, "b": 120, "c": pytest.approx(150), "d": 1, "f": -150}
    assert numbers["e"]["month", "", "2025-02"]["reason"] == Reason.NO_ROWS


def test_cells_are_those_that_any_input_has(workbench: Any) -> None:
    """A cell that one input lacks counts as 0 where the input is a sum, and as no data where it is a maximum."""
    numbers = compute(
        workbench,
        """
        net: {formula: revenue - costs, by: [category], unit: USD}
        headroom: {formula: largest - costs, by: [category], unit: USD}
        """,
    )
    net, headroom = numbers["net"], numbers["headroom"]
    services = '{"category": "services"}'
    assert net["month", services, "2025-02"]["value"] == -45
    assert net["month", '{"category": "grants"}', "2025-01"]["value"] == 70
    assert ("month", '{"category": "grants"}', "2025-02") not in net
    assert headroom["month", services, "2025-02"]["reason"] == Reason.INPUT_MISSING


def test_one_cell_and_the_total_are_read_whatever_the_row_is(workbench: Any) -> None:
    """`x[b = 'v']` is one cell, 0 where it has no rows; `total(x)` is the total beside every cell."""
    numbers = compute(
        workbench,
        """
        grants_share: {formula: "revenue[category = 'grants'] / revenue", unit: percent}
        share: {formula: revenue / total(revenue), by: [category], unit: percent}
        absent: {formula: "revenue[category = 'gifts']", unit: USD}
        """,
    )
    assert numbers["grants_share"]["month", "", "2025-01"]["value"] == pytest.approx(2 / 3)
    assert numbers["share"]["month", '{"category": "services"}', "2025-01"]["value"] == pytest.approx(1 / 3)
    assert numbers["share"]["month", "", "2025-01"]["value"] == 1
    assert numbers["absent"]["month", "", "2025-01"]["value"] == 0


def test_a_window_on_a_formula_reaches_the_flows_in_it(workbench: Any) -> None:
    """Flows are taken over the window, also through another formula; states are read at its end."""
    numbers = compute(
        workbench,
        """
        margin: {formula: (revenue - costs) / revenue, unit: percent}
        margin_2: {formula: margin, window: 2 months, unit: percent}
        revenue_per_head: {formula: revenue / heads, window: 3 months, unit: USD}
        """,
    )
    assert numbers["margin_2"]["month", "", "2025-02"]["value"] == pytest.approx((150 - 75) / 150)
    assert numbers["revenue_per_head"]["month", "", "2025-02"]["value"] == pytest.approx(150 / 2)
    assert numbers["revenue_per_head"]["quarter", "", "2025-Q1"]["value"] == pytest.approx(
        numbers["revenue_per_head"]["month", "", "2025-03"]["value"]
    )


def test_a_state_of_a_longer_grain_gives_its_latest_complete_value(workbench: Any) -> None:
    """Daily postings per head read the heads of the last complete month; before the first there is no data."""
    numbers = compute(workbench, "per_head: {formula: days / heads, grain: day}")["per_head"]
    assert numbers["day", "", "2025-02-03"]["value"] == 1
    assert numbers["day", "", "2025-03-01"]["value"] == 1 / 2
    assert numbers["day", "", "2025-01-20"]["reason"] == Reason.INPUT_MISSING
    assert numbers["month", "", "2025-01"]["value"] == 3


def test_running_periods_are_partial_and_compared_with_the_same_span(workbench: Any) -> None:
    """March so far (through the 14th) stands beside 1 to 14 February."""
    costs = compute(workbench, "double: {formula: 2 * costs, unit: USD}")["double"]
    march = costs["month", "", "2025-03"]
    assert march["flags"] == Flag.PARTIAL
    assert (march["value"], march["so_far"], march["so_far_before"]) == (40, 40, 90)
    assert costs["month", "", "2025-02"]["flags"] == 0
    assert costs["month", "", "2025-02"]["so_far"] is None


def test_withheld_in_withheld_out(workbench: Any) -> None:
    """What is withheld withholds the result, also through coalesce and beside no data."""
    catalog = workbench.project(PROJECT + "      sum_: {formula: 'coalesce(revenue, 0) + largest'}\n")
    table = pa.Table.from_pylist(
        [
            {
                "part": "",
                "grain": "month",
                "cell": "",
                "period": 20089,
                "value": None,
                "reason": reason,
                "flags": 0,
            }
            for reason in (Reason.CHECK_FAILED,)
        ],
        NUMBERS,
    )
    missing = table.set_column(5, "reason", pa.array([Reason.NO_ROWS.value], pa.string()))
    inputs = {Request.of(catalog.kpis["revenue"]): table, Request.of(catalog.kpis["largest"]): missing}
    (row,) = plan.evaluate(catalog, catalog.kpis["sum_"], inputs, NOW).to_pylist()
    assert (row["value"], row["reason"]) == (None, Reason.INPUT_WITHHELD)


def test_an_input_that_was_not_computed_is_no_data(workbench: Any) -> None:
    """Nothing is invented for a KPI that failed."""
    catalog = workbench.project(PROJECT + "      net: {formula: revenue - costs, unit: USD}\n")
    assert plan.evaluate(catalog, catalog.kpis["net"], {}, NOW).num_rows == 0


def test_withheld_goes_along_to_other_periods(workbench: Any) -> None:
    """A month that is withheld is withheld as the prior of the next, and as a part of a mean."""
    catalog = workbench.project(
        PROJECT + "      before: {formula: prior(revenue)}\n      usual: {formula: mean(revenue), window: 3 months}\n"
    )
    months = {20089: None, 20120: 5.0, 20148: 7.0}  # January to March
    rows = [
        {"part": "", "grain": "month", "cell": "", "period": month, "value": value, "flags": 0}
        | {"reason": None if value else Reason.CHECK_FAILED}
        | ({"flags": 1, "so_far": 4.0, "so_far_before": 3.0} if month == 20148 else {})
        for month, value in months.items()
    ]
    inputs = {Request.of(catalog.kpis["revenue"]): pa.Table.from_pylist(rows, NUMBERS)}

    def numbers(kpi: str) -> dict[int, Any]:
        table = plan.evaluate(catalog, catalog.kpis[kpi], inputs, NOW)
        return {r["period"]: r["reason"] or r["value"] for r in table.to_pylist() if r["grain"] == "month"}

    assert numbers("before") == {20089: Reason.INPUT_MISSING, 20120: Reason.INPUT_WITHHELD, 20148: 3.0}
    # The three months before the 14th of March, of which two are over; one of them is withheld.
    assert numbers("usual") == {
        20089: Reason.INPUT_WITHHELD,
        20120: Reason.INPUT_WITHHELD,
        20148: Reason.INPUT_WITHHELD,
    }


def test_a_formula_of_states_grows_through_the_same_day(workbench: Any) -> None:
    """The people of 14 March stand against those of 14 February, and the quarter waits until it is over."""
    numbers = compute(workbench, "grown: {formula: growth(heads), unit: percent}")["grown"]
    # The second came on 10 February, so by 14 February there were two already.
    assert numbers["month", "", "2025-03"]["value"] == 0
    assert numbers["month", "", "2025-02"]["value"] == 1
    assert numbers["quarter", "", "2025-Q1"]["value"] is None

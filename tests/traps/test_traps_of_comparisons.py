"""Traps of numbers that are compared with earlier ones, each with its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from headway.model import Flag, Reason

PROJECT = """
    project: comparisons
    min_group_size: 1
    sources:
      sales:
        read: {files: unused.csv}
        columns: {at: date, shop: text, usd: number}
        time: at
      staff:
        read: {files: unused.csv}
        columns: {from: date, until: date, shop: text}
        time: from
        until: until
        sparse: true
    kpis:
      sold:    {sum: sales.usd, by: [shop], unit: USD}
      monthly: {sum: sales.usd, grain: month, by: [shop], unit: USD}
      basket:  {mean: sales.usd, grain: month, by: [shop], unit: USD}
      heads:   {open: staff, grain: month, by: [shop]}
"""
A, B = '{"shop": "a"}', '{"shop": "b"}'


def sale(on: str, usd: float, shop: str = "a") -> dict[str, Any]:
    return {"at": date.fromisoformat(on), "usd": usd, "shop": shop}


def compute(workbench: Any, formulas: str, rows: Sequence[Mapping[str, Any]], now: str, **others: Any) -> Any:
    """The numbers of formulas over these sales, with the rows of other sources."""
    lines = "".join(f"      {line.strip()}\n" for line in formulas.strip().splitlines())
    catalog = workbench.project(PROJECT + lines)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    return workbench.numbers(catalog, {"sales": rows, **others}, moment)


def test_a_missing_month_shifts_nothing(workbench: Any) -> None:
    """Period over period by row `LAG` compares March with January where February has no rows; the calendar does not."""
    rows = [sale("2025-01-05", 100), sale("2025-03-05", 150), sale("2025-04-05", 300)]
    grown = compute(workbench, "grown: {formula: growth(basket), unit: percent}", rows, "2025-06-01")["grown"]
    assert grown["month", "", "2025-03"]["reason"] == Reason.INPUT_MISSING
    assert grown["month", "", "2025-04"]["value"] == 1
    # A month without sales is a sum of 0, and a growth from 0 has no size.
    summed = compute(workbench, "grown: {formula: growth(monthly), unit: percent}", rows, "2025-06-01")["grown"]
    assert summed["month", "", "2025-02"]["value"] == -1
    assert summed["month", "", "2025-03"]["reason"] == Reason.ZERO_DENOMINATOR


def test_ends_of_months_are_clamped(workbench: Any) -> None:
    """A month before 31, 30 and 29 March lies 28 February; in a leap year 29 February is there."""
    rows = [sale(f"2025-02-{day}", day) for day in (27, 28)] + [sale("2025-03-31", 1)]
    before = compute(workbench, "before: {formula: \"prior(sold, '1 month')\"}", rows, "2025-04-10")["before"]
    assert [before["day", "", f"2025-03-{day}"]["value"] for day in (27, 28, 29, 30, 31)] == [27, 28, 28, 28, 28]
    rows = [sale("2024-02-01", 2), sale("2024-02-29", 7), sale("2025-02-28", 1)]
    before = compute(workbench, "before: {formula: \"prior(sold, '1 year')\"}", rows, "2025-04-10")["before"]
    assert before["day", "", "2025-02-28"]["value"] == 0
    assert before["month", "", "2025-02"]["value"] == 9


def test_a_week_is_compared_with_the_one_52_weeks_before(workbench: Any) -> None:
    """A year before a week is the week of the same weekdays, also around a 53rd week."""
    rows = [sale("2020-01-01", 1), sale("2020-12-30", 53), sale("2021-12-29", 9)]
    before = compute(workbench, "before: {formula: \"prior(sold, '1 year')\", grain: week}", rows, "2022-02-10")
    # 2021-W52 begins on 27 December; 52 weeks before begins 28 December 2020, which is 2020-W53.
    assert before["before"]["week", "", "2021-W52"]["value"] == 53
    assert before["before"]["week", "", "2020-W53"]["value"] == 1


def test_growth_from_nothing_or_from_a_loss_is_no_number(workbench: Any) -> None:
    """From 0 there is no growth in percent, and from -50 to 100 it would be -300 %."""
    rows = [sale("2025-01-05", -50), sale("2025-02-05", 100), sale("2025-04-05", 5)]
    grown = compute(workbench, "grown: {formula: growth(monthly), unit: percent}", rows, "2025-06-01")["grown"]
    assert grown["month", "", "2025-02"]["reason"] == Reason.NO_ROWS
    assert grown["month", "", "2025-03"]["value"] == -1
    assert grown["month", "", "2025-04"]["reason"] == Reason.ZERO_DENOMINATOR


def test_growth_of_a_ratio_is_that_of_the_ratio_of_sums(workbench: Any) -> None:
    """A quarter's growth is not the mean of its months' growths, nor is its ratio a mean of ratios."""
    rows = [
        *(sale(f"2024-1{m}-05", usd) for m, usd in ((0, 100.0), (1, 10.0), (2, 10.0))),
        *(sale(f"2025-0{m}-05", usd) for m, usd in ((1, 200.0), (2, 20.0), (3, 20.0))),
        sale("2025-01-06", 40, "b"),
    ]
    numbers = compute(
        workbench,
        "share: {formula: \"monthly[shop = 'a'] / monthly\"}\ngrown: {formula: growth(monthly)}",
        rows,
        "2025-06-01",
    )
    assert numbers["share"]["quarter", "", "2025-Q1"]["value"] == pytest.approx(240 / 280)
    assert numbers["grown"]["quarter", "", "2025-Q1"]["value"] == pytest.approx(280 / 120 - 1)


def test_a_running_month_is_not_compared_with_a_whole_one(workbench: Any) -> None:
    """On the 11th, ten days of March stand against ten days of February; today's sales wait for tomorrow."""
    rows = [
        sale("2025-01-31", 50),
        sale("2025-02-03", 100),
        sale("2025-02-11", 1000),
        sale("2025-03-02", 120),
        sale("2025-03-11", 500),
    ]
    numbers = compute(
        workbench,
        """
        grown: {formula: growth(monthly), unit: percent}
        more: {formula: monthly - prior(monthly)}
        weeks: {formula: growth(sold), grain: week}
        yearly: {formula: "growth(monthly, '1 year')"}
        daily: {formula: growth(sold)}
        """,
        rows,
        "2025-03-11T12:00",
    )
    march = numbers["grown"]["month", "", "2025-03"]
    assert march["value"] == pytest.approx(0.2)
    assert march["flags"] == Flag.PARTIAL
    assert numbers["more"]["month", "", "2025-03"]["value"] == 20
    # The quarter so far has 70 days, and the quarter before has no numbers at all.
    assert numbers["grown"]["quarter", "", "2025-Q1"]["reason"] == Reason.INPUT_MISSING
    assert numbers["yearly"]["month", "", "2025-03"]["reason"] == Reason.INPUT_MISSING
    assert numbers["daily"]["day", "", "2025-03-11"]["value"] is None


def test_a_cell_that_is_not_there_yet_or_any_more_is_compared_all_the_same(workbench: Any) -> None:
    """A shop that sold nothing this month fell by all it had; of a running month it is not known by how much."""
    rows = [sale("2025-01-05", 10), sale("2025-01-05", 5, "b"), sale("2025-02-05", 20), sale("2025-03-05", 30)]
    formula = "grown: {formula: growth(monthly), by: [shop], unit: percent}"
    grown = compute(workbench, formula, rows, "2025-03-11T12:00")["grown"]
    assert grown["month", B, "2025-02"]["value"] == -1
    assert grown["month", A, "2025-02"]["value"] == 1
    assert ("month", B, "2025-03") not in grown
    running = compute(workbench, formula, rows[:3], "2025-02-11T12:00")["grown"]
    assert running["month", B, "2025-02"]["value"] is None


def test_the_month_in_which_tracking_began_is_nothing_to_compare_with(workbench: Any) -> None:
    """Half a January makes February look twice as good."""
    rows = [sale("2025-01-05", 100), sale("2025-01-20", 100), sale("2025-02-05", 100), sale("2025-03-05", 110)]
    numbers = compute(
        workbench,
        """
        tracked: {sum: sales.usd, grain: month, tracked_from: 2025-01-15}
        grown: {formula: growth(tracked), unit: percent}
        """,
        rows,
        "2025-06-01",
    )
    assert numbers["grown"]["month", "", "2025-02"]["reason"] == Reason.INPUT_MISSING
    assert numbers["grown"]["month", "", "2025-03"]["value"] == pytest.approx(0.1)


def test_the_mean_of_a_running_year_leaves_the_running_month_out(workbench: Any) -> None:
    """Half a month would pull the mean down; only where nothing else is over it is all there is."""
    rows = [sale("2025-01-05", 100), sale("2025-02-05", 300), sale("2025-03-05", 1)]
    formulas = """
        usual: {formula: mean(monthly), grain: year}
        rolling: {formula: mean(monthly), window: 2 months}
        best: {formula: max(monthly), grain: quarter}
        """
    numbers = compute(workbench, formulas, rows, "2025-03-11T12:00")
    year = numbers["usual"]["year", "", "2025"]
    assert (year["value"], year["flags"]) == (200, Flag.PARTIAL)
    assert numbers["rolling"]["month", "", "2025-03"]["value"] == 200
    assert numbers["rolling"]["month", "", "2025-02"]["value"] == 200
    assert numbers["best"]["quarter", "", "2025-Q1"]["value"] == 300
    january = compute(workbench, formulas, [sale("2025-01-05", 7)], "2025-01-11T12:00")
    assert january["usual"]["year", "", "2025"]["value"] == 7


def test_opening_is_the_closing_of_before(workbench: Any) -> None:
    """A state at the start of a month is that at the end of the month before, also of a quarter and a window."""
    staff = [
        {"from": date(2024, 12, 1), "shop": "a"},
        {"from": date(2025, 1, 15), "shop": "a"},
        {"from": date(2025, 3, 1), "shop": "b"},
    ]
    rows = [sale("2025-01-05", 1), sale("2025-04-02", 1)]
    numbers = compute(
        workbench,
        """
        first: {formula: opening(heads), by: [shop]}
        first_3: {formula: opening(heads), window: 3 months}
        joined: {formula: heads - opening(heads)}
        usual: {formula: total(mean(heads)) - opening(total(heads))}
        """,
        rows,
        "2025-05-01T12:00",
        staff=staff,
    )
    months = ("2025-01", "2025-02", "2025-03", "2025-04")
    assert [numbers["first"]["month", "", m]["value"] for m in months] == [1, 2, 2, 3]
    assert numbers["first"]["month", A, "2025-02"]["value"] == 2
    assert numbers["first"]["quarter", "", "2025-Q1"]["value"] == 1
    assert numbers["first_3"]["month", "", "2025-03"]["value"] == 1
    assert numbers["first_3"]["month", "", "2025-04"]["value"] == 2
    assert numbers["joined"]["quarter", "", "2025-Q1"]["value"] == 2
    assert numbers["usual"]["quarter", "", "2025-Q1"]["value"] == pytest.approx((2 + 2 + 3) / 3 - 1)


def test_a_calendar_window_that_runs_is_compared_with_as_much_of_the_one_before(workbench: Any) -> None:
    """This month so far stands against the same days of last month, not against all of it."""
    rows = [sale("2025-02-03", 100), sale("2025-02-25", 1000), sale("2025-03-02", 120), sale("2025-03-10", 1)]
    numbers = compute(
        workbench,
        """
        window: {sum: sales.usd, window: calendar month, grain: month}
        grown: {formula: growth(window), unit: percent}
        inner: {formula: growth(sold), window: calendar month, grain: month, unit: percent}
        """,
        rows,
        "2025-03-11T12:00",
    )
    assert numbers["window"]["month", "", "2025-03"]["so_far_before"] == 100
    assert numbers["grown"]["month", "", "2025-03"]["value"] == pytest.approx(0.21)
    assert numbers["inner"]["month", "", "2025-03"]["value"] == pytest.approx(0.21)


def test_least_of_no_data_is_no_data(workbench: Any) -> None:
    """SQL's `least(60, null)` is 60; also a prior that is absent must not read as 60."""
    rows = [sale("2025-01-05", 10), sale("2025-02-05", 20)]
    low = compute(workbench, "low: {formula: 'least(60, prior(basket))'}", rows, "2025-06-01")["low"]
    assert (low["month", "", "2025-01"]["value"], low["month", "", "2025-01"]["reason"]) == (None, Reason.INPUT_MISSING)
    assert low["month", "", "2025-02"]["value"] == 10


def test_the_last_day_of_a_month_reads_that_month(workbench: Any) -> None:
    """A state kept by month is, on each day, the latest month that is over: on 28 February that is February."""
    rows = [sale("2025-01-31", 10), sale("2025-02-27", 20), sale("2025-02-28", 20)]
    staff = [{"from": date(2025, 1, 1), "until": None, "shop": "a"}, {"from": date(2025, 2, 10), "until": None}]
    each = compute(workbench, "each: {formula: sold / heads, grain: day}", rows, "2025-04-01", staff=staff)["each"]
    assert [each["day", "", day]["value"] for day in ("2025-01-31", "2025-02-27", "2025-02-28")] == [10, 20, 10]

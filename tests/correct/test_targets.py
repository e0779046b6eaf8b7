"""Targets of every form in whole projects: dated rows in, verdicts out of the ledger."""

from __future__ import annotations

from typing import Any

import pytest

#: As it stands in a project's YAML below.
SALES = """
            sources:
              sales:
                read: {files: sales.csv}
                columns: {day: date, usd: number, shop: text, kind: text}
                time: day
                sparse: true
"""


def judged(project: Any, kpi: str, grain: str, *, part: str = "", **cell: str) -> dict[str, tuple[Any, ...]]:
    """Status, lower and upper bound of each period."""
    rows = project.rows(kpi, grain, part=part, **cell)
    return {name: (row["status"], row["low"], row["high"]) for name, row in rows.items()}


def statuses(project: Any, kpi: str, grain: str, *, part: str = "", **cell: str) -> dict[str, str]:
    """The status of each period."""
    return {name: found[0] for name, found in judged(project, kpi, grain, part=part, **cell).items()}


def test_a_line_is_read_at_each_periods_last_day_over_years(project: Any) -> None:
    """From 100 at the end of 2024 to 465 at the end of 2025 it rises by one a day; then 465 holds."""
    project.write(
        headway="""
            project: line
            sources:
              sales: {read: {files: sales.csv}, columns: {day: date, usd: number}, time: day, sparse: true}
            kpis:
              revenue:
                sum: sales.usd
                grain: month
                targets: [{reach: 465, from: 2024-12-31, start: 100, due: 2025-12-31}]
        """,
        sales="""
            day,usd
            2024-11-05,1000
            2024-12-05,100
            2025-01-05,130
            2025-02-05,155
            2025-03-05,1
            2025-12-05,465
            2026-03-05,465
            2026-04-05,464
            2026-05-05,1
        """,
    )
    project.run("2026-06-01T00:00+00:00")
    found = judged(project, "revenue", "month")
    assert found["2024-11"] == ("no target", None, None)
    assert found["2024-12"] == ("on", 100, None)
    assert found["2025-01"] == ("near", 131, None)
    assert found["2025-02"] == ("near", 159, None)
    assert found["2025-03"] == ("off", 190, None)
    assert found["2025-12"] == ("on", 465, None)
    assert found["2026-03"] == ("on", 465, None)
    assert found["2026-04"] == ("near", 465, None)
    assert found["2026-05"] == ("off", 465, None)


def test_growth_is_by_the_calendar_and_a_missing_month_is_no_data(project: Any) -> None:
    """March has no value: neither March nor April grows, though a row for February stands just before April's."""
    project.write(
        headway="""
            project: growing
            sources:
              answers: {read: {files: answers.csv}, columns: {day: date, score: number}, time: day, sparse: true}
            kpis:
              score:
                mean: answers.score
                grain: month
                targets:
                  - {growth: 1 month, at_least: 10 %}
                  - {at_least: 100}
                  - {growth: 1 year, at_most: 50 %}
        """,
        answers="""
            day,score
            2025-05-05,50
            2026-01-05,100
            2026-02-05,110
            2026-04-05,121
            2026-05-05,127
            2026-06-05,0
            2026-07-05,9
        """,
    )
    project.run("2026-08-01T00:00+00:00")
    monthly = project.values("score", "month", part="growth 1 month")
    assert monthly["2026-02"] == pytest.approx(0.1)
    assert monthly["2026-03"] == monthly["2026-04"] == "no data in an input"
    assert monthly["2026-05"] == pytest.approx(6 / 121)
    assert monthly["2026-06"] == -1
    assert monthly["2026-07"] == "no data: the denominator is 0"
    found = statuses(project, "score", "month", part="growth 1 month")
    assert [found[f"2026-0{n}"] for n in range(1, 8)] == [
        "no data",
        "on",
        "no data",
        "no data",
        "off",
        "off",
        "no data",
    ]
    levels = statuses(project, "score", "month")
    assert [levels[f"2026-0{n}"] for n in range(1, 8)] == ["on", "on", "no data", "on", "on", "off", "off"]
    yearly = statuses(project, "score", "month", part="growth 1 year")
    assert (yearly["2026-05"], yearly["2026-04"]) == ("off", "no data")
    assert set(project.rows("score", "quarter", part="growth 1 month")) == set()


SHOPS = """
    day,usd,shop,kind
    2026-01-05,90,a,new
    2026-01-06,30,a,old
    2026-01-05,10,b,new
    2026-01-06,10,b,old
    2026-02-05,10,a,new
    2026-02-06,40,b,old
    2026-02-07,30,c,new
    2026-03-05,5,a,new
"""


def test_a_formula_bounds_each_cell_by_its_own_numbers(project: Any) -> None:
    """Three times the shop's own fees; `total(...)` is the same for all; a KPI may bound another back."""
    project.write(
        headway=f"""
            project: bounds
{SALES}
            kpis:
              revenue:
                sum: sales.usd
                grain: month
                by: [shop]
                unit: USD
                targets:
                  - {{at_least: 3 * fees}}
                  - {{for: {{shop: each}}, at_least: 3 * fees}}
                  - {{for: {{shop: b}}, between: [fees, total(fees)]}}
              fees:
                sum: sales.usd
                where: kind = 'old'
                grain: month
                by: [shop]
                unit: USD
                targets: [{{at_most: revenue / 2, near: revenue}}]
        """,
        sales=SHOPS,
    )
    project.run("2026-03-01T12:00+00:00")
    assert judged(project, "revenue", "month") == {
        "2026-01": ("on", 120, None),
        "2026-02": ("off", 120, None),
        "2026-03": ("partial", None, None),
    }
    assert judged(project, "revenue", "month", shop="a") == {"2026-01": ("on", 90, None), "2026-02": ("on", 0, None)}
    assert judged(project, "revenue", "month", shop="b") == {"2026-01": ("on", 10, 40), "2026-02": ("on", 40, 40)}
    assert judged(project, "revenue", "month", shop="c") == {"2026-02": ("on", 0, None)}
    assert judged(project, "fees", "month")["2026-01"] == ("on", None, 70)
    assert judged(project, "fees", "month")["2026-02"] == ("on", None, 40)


def test_a_bound_without_data_is_no_target(project: Any) -> None:
    """Nothing was asked in February: there is nothing to hold revenue against, and nothing is made up."""
    project.write(
        headway=f"""
            project: nothing
{SALES}
              asked: {{read: {{files: asked.csv}}, columns: {{day: date, goal: number}}, time: day, sparse: true}}
            kpis:
              goal: {{mean: asked.goal, grain: month}}
              revenue: {{sum: sales.usd, grain: month, targets: [{{at_least: goal}}]}}
        """,
        sales=SHOPS,
        asked="""
            day,goal
            2026-01-01,150
        """,
    )
    project.run("2026-03-10T00:00+00:00")
    assert judged(project, "revenue", "month") == {
        "2026-01": ("off", 150, None),
        "2026-02": ("no target", None, None),
        "2026-03": ("partial", None, None),
    }


def test_one_kpi_alone_is_judged_by_the_kpis_in_its_bounds(project: Any) -> None:
    """Asking for revenue computes what its target reads, too."""
    project.write(
        headway=f"""
            project: alone
{SALES}
            kpis:
              revenue: {{sum: sales.usd, grain: month, targets: [{{at_least: 5 * orders}}]}}
              orders: {{count: sales, grain: month}}
              other: {{count: sales, grain: month}}
        """,
        sales=SHOPS,
    )
    outcome = project.run("2026-02-10T00:00+00:00", names=["revenue"])
    assert set(outcome.computed) == {"revenue", "orders"}
    assert judged(project, "revenue", "month")["2026-01"] == ("on", 20, None)


def test_each_cell_of_a_cross_and_of_one_side_of_it(project: Any) -> None:
    """The more exact target judges: one cell before one row of the cross before all of it."""
    project.write(
        headway=f"""
            project: cross
{SALES}
            kpis:
              revenue:
                sum: sales.usd
                grain: month
                by: [[shop, kind]]
                targets:
                  - {{for: {{shop: each, kind: each}}, at_least: 1}}
                  - {{for: {{shop: each, kind: new}}, at_least: 50}}
                  - {{for: {{shop: b, kind: new}}, at_least: 7}}
        """,
        sales=SHOPS,
    )
    project.run("2026-02-01T00:00+00:00")
    found = {
        (shop, kind): judged(project, "revenue", "month", shop=shop, kind=kind)["2026-01"][:2]
        for shop in "ab"
        for kind in ("new", "old")
    }
    assert found == {
        ("a", "new"): ("on", 50),
        ("a", "old"): ("on", 1),
        ("b", "new"): ("on", 7),
        ("b", "old"): ("on", 1),
    }


def test_bands_give_a_cut_to_the_status_after_it(project: Any) -> None:
    """Off below 6, near from 6, on from 12, over from 24."""
    project.write(
        headway=f"""
            project: bands
{SALES}
            kpis:
              revenue:
                sum: sales.usd
                grain: month
                targets: [{{bands: [off, 6, near, 12, on, 24, over]}}]
        """,
        sales="""
            day,usd,shop,kind
            2026-01-01,5.9,a,new
            2026-02-01,6,a,new
            2026-03-01,11.9,a,new
            2026-04-01,12,a,new
            2026-05-01,23.9,a,new
            2026-06-01,24,a,new
        """,
    )
    project.run("2026-07-01T00:00+00:00")
    assert list(statuses(project, "revenue", "month").values()) == [
        "off",
        "near",
        "near",
        "on",
        "on",
        "over",
        "partial",
    ]
    assert judged(project, "revenue", "month")["2026-01"][1:] == (12, 24)


def expected(project: Any, kpi: str, grain: str, period: str, **cell: str) -> Any:
    """What a running period should have by now."""
    return project.rows(kpi, grain, **cell)[period]["expected"]


def test_a_running_period_has_a_pace(project: Any) -> None:
    """Ten of February's 28 days are over: 10/28 of the target by days, and what last February had by its 10th."""
    project.write(
        headway=f"""
            project: pace
{SALES}
            kpis:
              linear: {{sum: sales.usd, grain: month, targets: [{{at_least: 280}}]}}
              seasonal:
                sum: sales.usd
                grain: month
                by: [shop]
                targets: [{{at_least: 280, pace: last year}}, {{at_least: 100, for: {{shop: each}}, pace: last year}}]
              silent: {{sum: sales.usd, grain: month, targets: [{{at_least: 280, pace: none}}]}}
              daily: {{sum: sales.usd, targets: [{{grain: month, at_least: 280}}]}}
              rising:
                sum: sales.usd
                grain: month
                targets: [{{reach: 590, from: 2026-01-31, start: 310, due: 2026-02-28}}]
              mean: {{mean: sales.usd, grain: month, targets: [{{at_least: 280}}]}}
        """,
        sales="""
            day,usd,shop,kind
            2024-12-31,1,a,new
            2025-02-10,30,a,new
            2025-02-11,60,a,new
            2025-02-10,10,b,new
            2026-02-03,90,a,new
            2026-02-04,5,b,new
            2026-02-04,5,c,new
        """,
    )
    project.run("2026-02-11T09:00+00:00")
    assert expected(project, "linear", "month", "2026-02") == pytest.approx(100)
    assert expected(project, "linear", "month", "2026-01") is None
    assert expected(project, "daily", "month", "2026-02") == pytest.approx(100)
    assert expected(project, "seasonal", "month", "2026-02") == pytest.approx(280 * 40 / 100)
    assert expected(project, "seasonal", "month", "2026-02", shop="a") == pytest.approx(100 / 3)
    assert expected(project, "seasonal", "month", "2026-02", shop="b") == pytest.approx(100)
    assert expected(project, "seasonal", "month", "2026-02", shop="c") is None
    assert expected(project, "silent", "month", "2026-02") is None
    assert expected(project, "rising", "month", "2026-02") == pytest.approx(590 * 10 / 28)
    assert expected(project, "mean", "month", "2026-02") is None
    project.run("2026-03-01T00:00+00:00")
    assert expected(project, "linear", "month", "2026-02") is None


def test_there_is_no_pace_while_rows_of_yesterday_are_missing(project: Any) -> None:
    """Of a source that is not sparse, what is there is not yet what happened."""
    project.write(
        headway="""
            project: late
            sources:
              sales: {read: {files: sales.csv}, columns: {day: date}, time: day}
            kpis: {sold: {count: sales, grain: month, targets: [{at_least: 28}]}}
        """,
        sales="day\n2026-02-01\n2026-02-09\n",
    )
    project.run("2026-02-10T09:00+00:00")
    assert expected(project, "sold", "month", "2026-02") == pytest.approx(9)
    project.run("2026-02-12T09:00+00:00")
    assert expected(project, "sold", "month", "2026-02") is None


def test_a_formula_that_grows_like_its_sums_has_a_pace_if_asked(project: Any) -> None:
    """Leave for each of the staff: of 40 days in the year 24 are expected by 7 August, the 219th of 365 days."""
    project.write(
        headway="""
            project: leave
            sources:
              leave:
                read: {files: leave.csv}
                columns: {day: date, share: number, team: text}
                time: day
                sparse: true
              staff:
                read: {files: staff.csv}
                columns: {since: date, until: date, team: text}
                time: since
                until: until
                sparse: true
            kpis:
              taken: {sum: leave.share, by: [team], unit: days}
              staff: {open: staff, by: [team], unit: people}
              days_off:
                formula: taken / mean(staff)
                grain: year
                by: [team]
                unit: days
                targets: [{at_least: 40, pace: linear}, {for: {team: each}, at_least: 40, pace: linear}]
              unasked: {formula: taken / mean(staff), grain: year, unit: days, targets: [{at_least: 40}]}
              twice_removed: {formula: 2 * days_off, unit: days, targets: [{at_least: 80, pace: linear}]}
        """,
        leave="""
            day,share,team
            2024-12-31,1,b
            2026-02-02,1,a
            2026-08-07,1,a
            2026-08-07,0.5,b
        """,
        staff="""
            since,until,team
            2025-01-01,,a
            2025-01-01,,b
        """,
    )
    project.run("2026-08-08T09:00+00:00")
    rows = project.rows("days_off", "year")
    assert rows["2026"]["so_far"] == pytest.approx(1.25)
    assert rows["2026"]["expected"] == pytest.approx(40 * 219 / 365)
    assert expected(project, "days_off", "year", "2026", team="b") == pytest.approx(40 * 219 / 365)
    assert expected(project, "twice_removed", "year", "2026") == pytest.approx(80 * 219 / 365)
    assert expected(project, "unasked", "year", "2026") is None
    assert rows["2025"]["expected"] is None
    project.run("2027-01-01T00:00+00:00")
    assert expected(project, "days_off", "year", "2026") is None


def test_the_pace_of_a_formula_waits_for_every_sum_in_it(project: Any) -> None:
    """Sales of yesterday are there, costs are not: the profit so far is not what it was."""
    project.write(
        headway="""
            project: late
            sources:
              sales: {read: {files: sales.csv}, columns: {day: date, usd: number}, time: day}
              bills: {read: {files: bills.csv}, columns: {day: date, usd: number}, time: day}
            kpis:
              revenue: {sum: sales.usd, unit: USD}
              costs: {sum: bills.usd, unit: USD}
              profit: {formula: revenue - costs, grain: month, unit: USD, targets: [{at_least: 28, pace: linear}]}
        """,
        sales="day,usd\n2026-02-01,1\n2026-02-10,9\n",
        bills="day,usd\n2026-02-01,1\n2026-02-09,9\n",
    )
    project.run("2026-02-10T09:00+00:00")
    assert expected(project, "profit", "month", "2026-02") == pytest.approx(9)
    project.run("2026-02-11T09:00+00:00")
    assert expected(project, "profit", "month", "2026-02") is None

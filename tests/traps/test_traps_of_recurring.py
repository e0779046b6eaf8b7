"""Traps of recurring revenue: what a wrong design would tell, or would not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from headway import quality
from headway.model import Reason, Recurring

NOW = datetime(2025, 6, 20, 12, tzinfo=UTC)

PROJECT = """
    project: traps
    min_group_size: {group}
    sources:
      plans:
        read: {{files: unused.csv}}
        columns: {{member: text, plan: text, usd: number, began: date, ended: date, why: text}}
        time: began
        until: ended
        sparse: true
        people: member
    kpis:
      dues: {{recurring: plans.usd, customer: member, reason: why, by: [plan]{more}}}
"""


def row(member: str, plan: str, usd: float, began: str, ended: str | None = None) -> dict[str, Any]:
    last = date.fromisoformat(ended) if ended else None
    return {
        "member": member,
        "plan": plan,
        "usd": usd,
        "began": date.fromisoformat(began),
        "ended": last,
        "why": "moved",
    }


def test_movements_of_cents_sum_to_the_change(workbench: Any) -> None:
    """0.1 + 0.2 is 0.3, and what is added and taken away again leaves nothing: amounts are decimals."""
    catalog = workbench.project(PROJECT.format(group=1, more=""))
    rows = [
        row(f"m{n}", "a", 0.1 * (n % 7) + 0.01, f"2025-0{n % 4 + 1}-03", f"2025-0{n % 3 + 4}-07") for n in range(200)
    ]
    numbers = workbench.numbers(catalog, {"plans": rows}, NOW)
    months = [f"2025-0{n}" for n in range(1, 7)]

    def exact(part: str, month: str) -> Decimal:
        return Decimal(str(numbers[part]["month", "", month]["value"]))

    for before, month in pairwise(months):
        change = exact("dues", month) - exact("dues", before)
        assert sum(exact(f"dues.{part}", month) for part in Recurring.MOVEMENTS) == change
    assert exact("dues", "2025-06") == 0
    assert numbers["dues"]["month", '{"plan": "a"}', "2025-05"]["value"] > 0


def test_one_persons_payment_is_not_told_by_a_movement(workbench: Any) -> None:
    """Six members are in plan a, and one of them pays more: neither the expansion is shown, nor what it made of 60."""
    catalog = workbench.project(PROJECT.format(group=5, more=""))
    rows = [row(f"m{n}", plan, 10, "2025-01-10", "2025-03-05" if n == 0 else None) for plan in "ab" for n in range(6)]
    rows = [{**r, "member": r["plan"] + r["member"]} for r in rows]
    rows.append(row("am0", "a", 25, "2025-03-05"))
    table = workbench.tables(catalog, {"plans": rows}, NOW)["dues"]
    judged = quality.judge(catalog.kpis["dues"], table, 5, quality.Touches(date(2025, 1, 10)), catalog.calendar)
    march = catalog.calendar.parse("2025-03").key
    shown = {
        (r["part"], r["cell"]): r["reason"] if r["value"] is None else r["value"]
        for r in judged.to_pylist()
        if (r["grain"], r["period"]) == ("month", march)
    }
    assert shown["", '{"plan": "a"}'] == Reason.GROUP_TOO_SMALL
    assert shown["expansion", '{"plan": "a"}'] == Reason.GROUP_TOO_SMALL
    assert shown["expansion", ""] == 15
    assert shown["churn", '{"plan": "b"}'] == Reason.GROUP_TOO_SMALL


def test_before_tracking_began_is_not_never(workbench: Any) -> None:
    """A member of January who comes back in May is no new one, though tracking began in April."""
    catalog = workbench.project(PROJECT.format(group=1, more=", tracked_from: 2025-04-01"))
    rows = [row("ann", "a", 10, "2025-01-10", "2025-02-10"), row("ann", "a", 12, "2025-05-10")]
    numbers = workbench.numbers(catalog, {"plans": rows}, NOW)
    assert ("month", "", "2025-03") not in numbers["dues.new"]
    assert numbers["dues.new"]["month", "", "2025-05"]["value"] == 0
    assert numbers["dues.reactivation"]["month", "", "2025-05"]["value"] == 12


def test_a_running_month_is_compared_with_the_same_days(workbench: Any) -> None:
    """By 19 June one member is new; by 19 May one was, and by the end of May two were. The quarter says the same."""
    catalog = workbench.project(PROJECT.format(group=1, more=""))
    rows = [
        row("ann", "a", 1, "2024-12-10"),
        row("bob", "a", 2, "2025-02-10"),
        row("cid", "a", 4, "2025-05-10"),
        row("dan", "a", 8, "2025-05-25"),
        row("eve", "a", 16, "2025-06-19"),
        row("fay", "a", 32, "2025-06-20"),
    ]
    numbers = workbench.numbers(catalog, {"plans": rows}, NOW)

    def told(part: str, grain: str, name: str) -> tuple[float, ...]:
        found = numbers[part][grain, "", name]
        return found["value"], found["so_far"], found["so_far_before"]

    assert told("dues.new", "month", "2025-06") == (16, 16, 4)
    assert told("dues", "month", "2025-06") == (31, 31, 7)
    assert told("dues.customers", "month", "2025-06") == (5, 5, 3)
    assert told("dues.new", "quarter", "2025-Q2") == (28, 28, 2)
    assert told("dues.retained", "month", "2025-06") == (15, 15, 3)


def test_on_the_first_day_of_a_month_nothing_has_moved(workbench: Any) -> None:
    """The last complete day is the month's before: its value stands, without a movement."""
    catalog = workbench.project(PROJECT.format(group=1, more=""))
    rows = [row("ann", "a", 10, "2025-04-10"), row("bob", "a", 5, "2025-06-01")]
    numbers = workbench.numbers(catalog, {"plans": rows}, datetime(2025, 6, 1, 9, tzinfo=UTC))
    assert numbers["dues"]["month", "", "2025-06"]["value"] == 10
    assert numbers["dues.new"]["month", "", "2025-06"]["value"] == 0
    assert numbers["dues.kept"]["month", "", "2025-06"]["value"] == 10

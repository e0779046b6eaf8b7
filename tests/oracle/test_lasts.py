"""How long a balance lasts equals a walk through the months, on any balance and any plans."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headway import plan
from headway.model import Flag
from headway.periods import Calendar, Grain
from headway.plan import Request
from headway.sources.typed import TYPED

MONTHS = [f"{2024 + n // 12}-{n % 12 + 1:02}" for n in range(40)]
NOW = datetime(2025, 6, 17, tzinfo=UTC)
#: The running month is the last that a balance can be of.
THEN = MONTHS.index("2025-06")

PROJECT = """
    project: oracle
    kpis:
      cash:   {entered: a.csv, grain: month, unit: USD}
      costs:  {entered: b.csv, grain: month, unit: USD}
      income: {entered: c.csv, grain: month, unit: USD}
      planned: {lasts: cash, less: costs, plus: income, fee: 25 %}
      steady:  {lasts: cash, less: mean(costs), window: 3 months}
      mixed:   {lasts: cash, less: "greatest(mean(costs), 1)", plus: income, fee: income / 100, window: 2 months}
"""


def typed(values: dict[str, int]) -> pa.Table:
    """Numbers as they stand in a file."""
    calendar = Calendar()
    rows = [
        {"grain": "month", "period": calendar.parse(month).key, "cell": "", "value": float(value)}
        for month, value in values.items()
    ]
    return pa.Table.from_pylist([{name: row.get(name) for name in TYPED.names} for row in rows], TYPED)


def mean(values: dict[str, int], last: int, months: int) -> Fraction | None:
    """Of the months that end in a window; that of the running month ends yesterday, so it begins a month earlier."""
    end = min(last, THEN - 1)
    inside = [n for n in range(end - months + 1, end + 1) if n >= 0 and MONTHS[n] in values]
    return Fraction(sum(values[MONTHS[n]] for n in inside), len(inside)) if inside else None


def walk(balance: int, flows: Any) -> tuple[int, bool] | None:
    """How many months it lasts, and whether that is only as far as anybody knows; None if nobody knows anything."""
    left, month = Fraction(balance), 0
    if left < 0:
        return 0, False
    while month < 60:
        found = flows(month + 1)
        if any(flow is None for flow in found):
            return (month, True) if month else None
        less, plus, fee = found
        left += plus - less - fee * plus
        if left < 0:
            return month, False
        month += 1
    return month, True


amounts = st.dictionaries(st.sampled_from(MONTHS), st.integers(-5, 60), max_size=40)


def test_months_are_walked_one_by_one(workbench: Any) -> None:
    """Plans, a steady past and both together; what is not known ends the walk."""
    catalog = workbench.project(PROJECT)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @example({"2025-06": 0}, {"2025-03": 0}, {})
    @example({"2025-06": 9}, {"2025-06": 1}, {})
    @given(amounts, st.one_of(amounts, st.just(dict.fromkeys(MONTHS, 7))), amounts)
    def holds(cash: dict[str, int], costs: dict[str, int], income: dict[str, int]) -> None:
        shelf = plan.Shelf()
        for name, values in (("cash", {m: 9 * v for m, v in cash.items()}), ("costs", costs), ("income", income)):
            kpi = catalog.kpis[name]
            entered = plan.entered(catalog, kpi, typed(values), NOW)
            shelf.put(Request.of(kpi), plan.rollup(catalog, kpi, entered, NOW))
            shelf.ahead[Request.of(kpi)] = plan.entered(catalog, kpi, typed(values), NOW, ahead=True)
        for name in ("planned", "steady", "mixed"):
            plan.derive(catalog, catalog.kpis[name], shelf, NOW)

        def of(values: dict[str, int], at: int) -> Any:
            return Fraction(values[MONTHS[at]]) if at < len(MONTHS) and MONTHS[at] in values else None

        for name in ("planned", "steady", "mixed"):
            table = shelf.shown[Request.of(catalog.kpis[name])].to_pylist()
            found = {row["period"]: row for row in table if row["grain"] == Grain.MONTH}
            for n, month in enumerate(MONTHS[: THEN + 1]):
                if month not in cash:
                    continue

                def flows(k: int, name: str = name, n: int = n) -> tuple[Any, Any, Any]:
                    if name == "planned":
                        return of(costs, n + k), of(income, n + k), Fraction(1, 4)
                    held = mean(costs, n, 3 if name == "steady" else 2)
                    if name == "steady":
                        return held, Fraction(0), Fraction(0)
                    least = None if held is None else max(held, Fraction(1))
                    income_then = of(income, n + k)
                    return least, income_then, None if income_then is None else income_then / 100

                row = found[Calendar().parse(month).key]
                wanted = walk(9 * cash[month], flows)
                seen = None if row["value"] is None else (int(row["value"]), bool(row["flags"] & Flag.AT_LEAST))
                assert seen == wanted, (name, month)

    holds()

"""The facts that such an organisation published come out of the hubs' KPIs, as they do of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headway.model.cells import cell_value

#: KPI, its cell, and what was published of it.
FACTS: tuple[tuple[str, dict[str, Any], dict[str, float]], ...] = (
    ("communities", {}, {"2021-08": 26, "2022-09": 40, "2023-12": 72}),
    ("communities", {"marginalised": True}, {"2021-08": 12, "2022-09": 19, "2023-12": 40}),
    ("staff", {}, {"2020": 2, "2021": 4, "2022": 5, "2023": 10}),
    ("funding_to_date", {}, {"2023-12": 5_600_000}),
    ("funding_to_date", {"category": "grants"}, {"2023-12": 4_600_000}),
    ("funding_to_date", {"category": "cloud service contracts"}, {"2023-12": 600_000}),
    ("funding_to_date", {"category": "development contracts"}, {"2023-12": 400_000}),
    (
        "new_service_contracts",
        {},
        {
            f"{2021 + number // 4}-Q{number % 4 + 1}": signed
            for number, signed in enumerate((1, 2, 2, 2, 3, 7, 9, 4, 7, 8, 5, 1))
        },
    ),
)


@pytest.mark.parametrize(("kpi", "cell", "published"), FACTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_fact_comes_out(
    example: Callable[[str], Any], kpi: str, cell: dict[str, Any], published: dict[str, float]
) -> None:
    """Exactly, also in a smaller example: its people are fewer, its communities and contracts are not."""
    hubs = example("hubs")
    named = {column: cell_value(value) for column, value in cell.items()}
    assert {period: hubs.stored(kpi, period, **named)[0] for period in published} == published

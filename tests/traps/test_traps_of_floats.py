"""Cents are no binary fractions: 0.10 + 0.20 - 0.30 leaves a hair, and the books must balance all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest

NOW = datetime(2026, 2, 10, tzinfo=UTC)
BOOKS = """
    project: books
    sources:
      postings:
        read: {files: unused.csv}
        columns: {on: date, usd: number, side: text}
        time: on
    kpis:
      books:   {sum: postings.usd, by: [side], unit: USD}
      typical: {mean: postings.usd, unit: USD}
      cash:    {balance: postings.usd, grain: month, unit: USD}
      left:    {sum: postings.usd, where: side = 'left', unit: USD}
      right:   {sum: postings.usd, where: side = 'right', unit: USD}
      net:     {formula: left + 1.1 - right, unit: USD}
"""


@pytest.mark.parametrize("amounts", list(permutations([1.1, 2.2, -3.3])))
def test_amounts_that_cancel_sum_to_0(workbench: Any, amounts: tuple[float, ...]) -> None:
    """Exactly 0, in any order: a hair would be shown as an amount, and have a growth of thousands of percent."""
    rows = [{"on": date(2026, 1, 5), "usd": usd, "side": "left"} for usd in amounts]
    numbers = workbench.numbers(workbench.project(BOOKS), {"postings": rows}, NOW)
    assert numbers["books"]["day", "", "2026-01-05"]["value"] == 0
    assert numbers["books"]["month", '{"side": "left"}', "2026-01"]["value"] == 0
    assert numbers["typical"]["month", "", "2026-01"]["value"] == 0
    assert numbers["cash"]["month", "", "2026-01"]["value"] == 0


def test_a_small_amount_that_is_left_stays(workbench: Any) -> None:
    """A cent beside millions is a cent."""
    rows = [{"on": date(2026, 1, 5), "usd": usd, "side": "left"} for usd in (1e6, -999_999.99)]
    numbers = workbench.numbers(workbench.project(BOOKS), {"postings": rows}, NOW)
    assert numbers["books"]["month", "", "2026-01"]["value"] == pytest.approx(0.01)


def test_a_formula_whose_inputs_cancel_is_0(workbench: Any) -> None:
    """2.2 + 1.1 - 3.3."""
    rows = [{"on": date(2026, 1, 5), "usd": usd, "side": side} for usd, side in ((2.2, "left"), (3.3, "right"))]
    numbers = workbench.numbers(workbench.project(BOOKS), {"postings": rows}, NOW)
    assert numbers["net"]["day", "", "2026-01-05"]["value"] == 0

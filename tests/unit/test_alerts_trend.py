"""Mann and Kendall's test, against scipy's and against every order of the same values."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from headway.alerts.trend import LEVEL, mann_kendall


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=6, max_size=30, unique=True))
def test_without_ties_it_is_scipys_exact_test(values: list[int]) -> None:
    """The p-value is that of Kendall's tau against time."""
    _, [p] = mann_kendall(np.array([values], float))
    assert p == pytest.approx(kendalltau(range(len(values)), values, method="exact").pvalue, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=6, max_size=7))
def test_with_ties_it_counts_every_order(values: list[int]) -> None:
    """The p-value is the share of all orders of the same values whose sum is as large."""
    orders = np.array(list(permutations(values)), float)
    sums, _ = mann_kendall(orders)
    [s], [p] = mann_kendall(np.array([values], float))
    assert p == pytest.approx(np.mean(np.abs(sums) >= abs(s)))


def test_how_many_of_six_have_to_go_one_way() -> None:
    """Of fifteen pairs fourteen must agree; two that do not are too many, and six equal values are no trend."""
    rows = np.array([[1, 2, 3, 4, 5, 6], [2, 1, 3, 4, 5, 6], [2, 1, 3, 4, 6, 5], [3] * 6, [6, 5, 4, 3, 2, 1]], float)
    s, p = mann_kendall(rows)
    assert s.tolist() == [15, 13, 11, 0, -15]
    assert (p < LEVEL).tolist() == [True, True, False, False, True]
    assert p[3] == 1

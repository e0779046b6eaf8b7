"""Which cell explains most of a change: exactly where that can be said, never one that is withheld."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import Place
from headway.model import TOTAL, Aggregate, Audience, Cell, Distinct, Empty, Kpi, Measure, Nps, Share, Unit, UnitKind
from headway.periods import Calendar, Grain
from headway.publish.drivers import Driver, driver, said
from headway.publish.stored import Stored

DAY = Calendar("UTC").parse("2026-11-20")
COUNT = Aggregate("count", "orders")
MEAN = Aggregate("mean", "orders", "usd")
SHARE = Share("orders", "late")
PEOPLE = Distinct("orders", "person")


def kpi(measure: Measure, *by: tuple[str, ...]) -> Kpi:
    """A KPI by plan and by region, or by what is said."""
    percent = isinstance(measure, Share)
    unit = Unit(UnitKind.PERCENT, "percent") if percent else Unit(UnitKind.NONE)
    return Kpi(
        "a", "A", measure, unit, Grain.DAY, Audience.PUBLIC, Place("a.yml", 1), "",
        by=by or (("plan",), ("region",)), empty=Empty.ZERO if measure == COUNT else Empty.NO_DATA,
    )  # fmt: skip


def row(value: float | None, top: float | None = None, bottom: float | None = None) -> Stored:
    """What is stored of one period."""
    reason = None if value is not None else "group too small"
    return Stored(
        DAY, value, reason, None, top, bottom, partial=False, imported=False, so_far=None, so_far_before=None,
        status=None, low=None, high=None, expected=None, revision=1,
    )  # fmt: skip


def ratio(top: float, bottom: float) -> Stored:
    """A share or mean."""
    return row(top / bottom, top, bottom)


def plan(name: str) -> Cell:
    """A cell of the plans."""
    return (("plan", name),)


def test_where_cells_add_up_the_largest_change_of_one_explains_most() -> None:
    """Not the largest cell, nor one that moved the other way."""
    before = {TOTAL: row(300), plan("free"): row(100), plan("pro"): row(150), plan("team"): row(50)}
    after = {TOTAL: row(230), plan("free"): row(20), plan("pro"): row(140), plan("team"): row(70)}
    found = driver(kpi(COUNT), "", TOTAL, before, after)
    assert found == Driver(plan("free"), 100, 20, explains=True)
    assert said(found, kpi(COUNT), "") == "free, from 100 to 20"


def test_a_cell_that_is_gone_is_0() -> None:
    """A count keeps no zeros of cells; of a mean, a cell without rows has no value."""
    before = {TOTAL: row(300), plan("free"): row(200), plan("pro"): row(100)}
    after = {TOTAL: row(110), plan("pro"): row(110)}
    assert driver(kpi(COUNT), "", TOTAL, before, after) == Driver(plan("free"), 200, 0, explains=True)
    assert driver(kpi(PEOPLE), "", TOTAL, before, after) is None


def test_what_is_withheld_is_never_named() -> None:
    """Neither before nor after, even if it explains all."""
    before = {TOTAL: row(300), plan("free"): row(200), plan("pro"): row(100)}
    after = {TOTAL: row(110), plan("free"): row(None), plan("pro"): row(100)}
    assert driver(kpi(COUNT), "", TOTAL, before, after) is None


def test_nothing_stands_out_where_all_move_alike() -> None:
    """A cell with less than a quarter of a change explains nothing."""
    cells = [plan(f"p{n}") for n in range(8)]
    before = {TOTAL: row(800)} | {cell: row(100) for cell in cells}
    after = {TOTAL: row(720)} | {cell: row(90) for cell in cells}
    assert driver(kpi(COUNT), "", TOTAL, before, after) is None


def test_a_breakdown_of_one_cell_explains_nothing() -> None:
    """It is the whole again."""
    before, after = {TOTAL: row(100), plan("free"): row(100)}, {TOTAL: row(50), plan("free"): row(50)}
    assert driver(kpi(COUNT), "", TOTAL, before, after) is None


def test_a_share_may_change_because_its_rows_move() -> None:
    """Both cells keep their shares; the worse one has more rows, and that is the change."""
    before = {TOTAL: ratio(110, 1100), plan("good"): ratio(10, 1000), plan("bad"): ratio(100, 100)}
    after = {TOTAL: ratio(510, 1500), plan("good"): ratio(10, 1000), plan("bad"): ratio(500, 500)}
    found = driver(kpi(SHARE), "", TOTAL, before, after)
    assert found is not None
    assert (found.cell, found.explains) == (plan("bad"), True)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(50, 99)), min_size=3, max_size=6),
    st.lists(st.tuples(st.integers(0, 50), st.integers(50, 99)), min_size=3, max_size=6),
    st.sampled_from([SHARE, MEAN, Nps("orders", "score")]),
)
@settings(max_examples=100)
def test_of_a_ratio_it_is_the_cell_without_whose_change_it_would_have_moved_least(
    first: list[tuple[int, int]], second: list[tuple[int, int]], measure: Measure
) -> None:
    """Put back the numerator and denominator of one cell after the other, and look."""
    scale = 100 if isinstance(measure, Nps) else 1
    count = min(len(first), len(second))

    def told(parts: list[tuple[int, int]]) -> dict[Cell, Stored]:
        whole = (sum(top for top, _ in parts), sum(bottom for _, bottom in parts))
        named = {TOTAL: whole} | {plan(str(n)): part for n, part in enumerate(parts)}
        return {cell: ratio(*part)._replace(value=scale * part[0] / part[1]) for cell, part in named.items()}

    first, second = first[:count], second[:count]
    before, after = told(first), told(second)
    found = driver(kpi(measure), "", TOTAL, before, after)
    change = (after[TOTAL].value or 0) - (before[TOTAL].value or 0)
    if not change:
        assert found is None
        return
    moved = {}
    for n in range(count):
        mixed = [*second[:n], first[n], *second[n + 1 :]]
        without = scale * sum(top for top, _ in mixed) / sum(bottom for _, bottom in mixed)
        moved[plan(str(n))] = ((after[TOTAL].value or 0) - without) / change
    best = max(moved.values())
    if best < 0.25 - 1e-9:
        assert found is None
    elif best > 0.25 + 1e-9:
        assert found is not None
        assert moved[found.cell] == pytest.approx(best)


def test_of_other_numbers_the_cell_that_changed_most_is_only_called_that() -> None:
    """People count in several cells, so no cell's part of a change is known."""
    before = {TOTAL: row(100), plan("free"): row(80), plan("pro"): row(60)}
    after = {TOTAL: row(80), plan("free"): row(55), plan("pro"): row(70)}
    assert driver(kpi(PEOPLE), "", TOTAL, before, after) == Driver(plan("free"), 80, 55, explains=False)


def test_within_a_cell_only_what_breaks_it_down_further_counts() -> None:
    """Of the region eu, the plans within eu."""
    cross = (("plan",), ("region",), ("region", "plan"))
    eu: Cell = (("region", "eu"),)

    def both(free: float, pro: float, us: float) -> dict[Cell, Stored]:
        return {
            TOTAL: row(free + pro + us), eu: row(free + pro), (("region", "us"),): row(us), plan("free"): row(us),
            (*eu, ("plan", "free")): row(free), (*eu, ("plan", "pro")): row(pro),
        }  # fmt: skip

    found = driver(kpi(COUNT, *cross), "", eu, both(10, 90, 500), both(10, 30, 100))
    assert found == Driver((*eu, ("plan", "pro")), 90, 30, explains=True)


def test_a_change_that_rounding_hides_gets_more_digits() -> None:
    """Nothing goes from 10.0 % to 10.0 %."""
    found = Driver(plan("free"), 0.10001, 0.10004, explains=True)
    before, after = said(found, kpi(SHARE), "").removeprefix("free, from ").split(" to ")
    assert before != after

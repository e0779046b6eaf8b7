"""What a target says of a number."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway import targets
from headway.errors import Place
from headway.model import (
    JUDGED,
    OBSERVED,
    TOTAL,
    Aggregate,
    Audience,
    Better,
    Cell,
    Flag,
    Kpi,
    Reason,
    Status,
    Target,
    Unit,
    UnitKind,
    cell_text,
)
from headway.periods import Calendar, Grain

CALENDAR = Calendar("UTC")
PRO: Cell = (("plan", "pro"),)
FREE: Cell = (("plan", "free"),)


def kpi(*goals: Target, better: Better = Better.NONE, grain: Grain = Grain.MONTH, **more: object) -> Kpi:
    """A KPI with these targets."""
    place = Place("kpis/a.yml", 1)
    measure = more.pop("measure", Aggregate("count", "rows"))
    return Kpi(
        "a", "A", measure, Unit(UnitKind.NONE), grain, Audience.PUBLIC, place, "",
        better=better, targets=goals, **more,
    )  # fmt: skip


def goal(low: float | None = None, high: float | None = None, grain: Grain = Grain.MONTH, **more: object) -> Target:
    """A target by the month."""
    return Target(low, high, grain, **more)


def row(
    period: str,
    value: float | None,
    *,
    reason: Reason | None = None,
    flags: int = 0,
    grain: Grain = Grain.MONTH,
    cell: Cell = TOTAL,
    part: str = "",
) -> dict[str, object]:
    """One observation."""
    key = CALENDAR.parse(period).key if isinstance(period, str) else period
    return {
        "part": part, "grain": grain.value, "cell": cell_text(cell), "period": key, "value": value,
        "reason": reason.value if reason else None, "n": None, "numerator": None, "denominator": None,
        "flags": flags, "so_far": None, "so_far_before": None,
    }  # fmt: skip


def judge(kpi: Kpi, *rows: dict[str, object], calendar: Calendar = CALENDAR) -> list[dict[str, object]]:
    """The verdicts on these observations."""
    judged = targets.judge(kpi, pa.Table.from_pylist(list(rows), OBSERVED), calendar, 0.05)
    assert judged.schema == JUDGED
    found: list[dict[str, object]] = judged.to_pylist()
    return found


def status(value: float | None, target: Target, better: Better = Better.NONE) -> object:
    """The status of one value of one month."""
    [verdict] = judge(kpi(target, better=better), row("2026-01", value))
    return verdict["status"]


@pytest.mark.parametrize(
    ("value", "low", "expected"),
    [(58, 60, "near"), (57, 60, "near"), (56.9, 60, "off"), (35, 40, "off"), (60, 60, "on"), (61, 60, "on")],
)
def test_at_least(value: float, low: float, expected: str) -> None:
    """A value on the bound is on; within 5 % below it is near; below that it is off."""
    assert status(value, goal(low)) == expected


def test_35_of_40_and_28_of_30_are_off_and_58_of_60_is_near() -> None:
    """The three examples of the language reference."""
    assert [status(35, goal(40)), status(28, goal(30)), status(58, goal(60))] == ["off", "off", "near"]


@pytest.mark.parametrize(("value", "expected"), [(30, "on"), (31.5, "near"), (31.6, "off"), (-5, "on")])
def test_at_most_is_the_mirror_image(value: float, expected: str) -> None:
    """A value above the bound by at most 5 % is near."""
    assert status(value, goal(high=30)) == expected


def test_a_negative_bound_has_its_near_band_on_the_failing_side() -> None:
    """At least -100: -105 is near and -106 is off."""
    assert [status(v, goal(-100)) for v in (-100, -105, -106)] == ["on", "near", "off"]


def test_a_bound_of_0_has_no_near_band_unless_near_is_given() -> None:
    """Five percent of nothing is nothing."""
    assert status(-1e-6, goal(0)) == "off"
    assert status(1e-6, goal(high=0)) == "off"
    assert status(-1, goal(0, near_low=-2)) == "near"
    assert status(-3, goal(0, near_low=-2)) == "off"


def test_near_replaces_the_projects_band() -> None:
    """At least 99.95 % with near 99.9 %: 99.92 % is near, 99.8 % is off."""
    tight = goal(0.9995, near_low=0.999)
    assert [status(v, tight) for v in (0.9995, 0.9992, 0.999, 0.998)] == ["on", "near", "near", "off"]


@pytest.mark.parametrize(
    ("better", "below", "above"),
    [(Better.NONE, "off", "off"), (Better.HIGHER, "off", "over"), (Better.LOWER, "over", "off")],
)
def test_between_is_over_on_the_better_side(better: Better, below: str, above: str) -> None:
    """Outside a range a value is off, but over where more (or less) is better."""
    band = goal(40, 60)
    assert [status(v, band, better) for v in (20, 40, 50, 60, 80)] == [below, "on", "on", "on", above]


def test_between_is_near_just_outside() -> None:
    """Each side has its own near band; with a better side there is none on it."""
    band = goal(40, 60)
    assert [status(v, band) for v in (38, 63)] == ["near", "near"]
    assert [status(v, band, Better.HIGHER) for v in (38, 63)] == ["near", "over"]
    wide = goal(40, 60, near_low=20, near_high=100)
    assert [status(v, wide) for v in (19, 20, 100, 101)] == ["off", "near", "near", "off"]


@pytest.mark.parametrize(("value", "target"), [(0.1 + 0.2, goal(high=0.3)), (0.3, goal(0.1 + 0.2)), (0.285, goal(0.3))])
def test_the_last_digits_of_a_float_do_not_decide(value: float, target: Target) -> None:
    """0.1 + 0.2 is at most 0.3, 0.3 is at least 0.1 + 0.2, and 0.285 is exactly 5 % off 0.3."""
    assert status(value, target) == ("near" if value == 0.285 else "on")


# -- why there is no verdict -----------------------------------------------------------------------------------------


def test_a_number_that_is_not_there_says_why() -> None:
    """Withheld, running and missing numbers are not judged; the bounds are given all the same."""
    verdicts = judge(
        kpi(goal(10)),
        row("2026-01", None, reason=Reason.NO_ROWS),
        row("2026-02", None, reason=Reason.ZERO_DENOMINATOR),
        row("2026-03", None, reason=Reason.GROUP_TOO_SMALL),
        row("2026-04", None, reason=Reason.CHECK_FAILED, flags=Flag.PARTIAL),
        row("2026-05", 3, flags=Flag.PARTIAL),
        row("2026-06", 3, flags=Flag.IMPORTED),
    )
    assert [v["status"] for v in verdicts] == ["no data", "no data", "withheld", "withheld", "partial", "off"]
    assert {v["low"] for v in verdicts} == {10}
    assert {v["high"] for v in verdicts} == {None}


def test_without_targets_the_total_at_the_kpis_grain_says_so() -> None:
    """Longer grains, cells and parts are silent if no target speaks of them."""
    verdicts = judge(
        kpi(),
        row("2026-01", 1),
        row("2026", 1, grain=Grain.YEAR),
        row("2026-01", 1, cell=PRO),
        row("2026-01", 1, part="new"),
    )
    assert [(v["grain"], v["cell"], v["status"]) for v in verdicts] == [("month", "", "no target")]


def test_a_kpi_without_numbers_has_no_verdicts() -> None:
    """An empty table in, an empty table out."""
    assert judge(kpi(goal(1))) == []


def test_another_grain_is_judged_by_its_own_target_alone() -> None:
    """A yearly target does not judge months."""
    verdicts = judge(kpi(goal(10, grain=Grain.YEAR)), row("2026-01", 1), row("2026", 12, grain=Grain.YEAR))
    assert [(v["grain"], v["status"]) for v in verdicts] == [("month", "no target"), ("year", "on")]


# -- which target ----------------------------------------------------------------------------------------------------


def test_the_past_is_judged_by_the_past() -> None:
    """Each month is judged by the target in force on its last day; before the first one there is none."""
    dated = kpi(goal(10, first=date(2026, 2, 1)), goal(20, first=date(2026, 3, 31)))
    verdicts = judge(dated, *(row(f"2026-0{month}", 15) for month in (1, 2, 3, 4)))
    assert [(v["status"], v["low"]) for v in verdicts] == [("no target", None), ("on", 10), ("off", 20), ("off", 20)]


def test_the_last_day_is_a_local_day() -> None:
    """In Auckland the last hour of a New Year's Eve belongs to the old year's target, the next to the new one's."""
    auckland = Calendar("Pacific/Auckland")
    evening = auckland.parse("2025-12-31T23")
    yearly = kpi(goal(5, grain=Grain.HOUR), goal(9, grain=Grain.HOUR, first=date(2026, 1, 1)), grain=Grain.HOUR)
    verdicts = judge(
        yearly,
        row(evening.key, 7, grain=Grain.HOUR),
        row(auckland.next(evening).key, 7, grain=Grain.HOUR),
        calendar=auckland,
    )
    assert [v["status"] for v in verdicts] == ["on", "off"]


def test_a_target_ends_with_its_last_day_and_does_not_come_back() -> None:
    """`through` is inclusive; when the newest target is over, the one that it replaced stays replaced."""
    dated = kpi(goal(10), goal(20, first=date(2026, 2, 1), through=date(2026, 3, 31)))
    verdicts = judge(dated, *(row(f"2026-0{month}", 15) for month in (1, 2, 3, 4)))
    assert [v["status"] for v in verdicts] == ["on", "off", "off", "no target"]


def test_a_target_for_each_cell_gives_way_to_one_for_the_cell() -> None:
    """Every cell of the breakdown is judged; the total and other breakdowns are not."""
    by_plan = kpi(goal(10, each=("plan",)), goal(3, cell=PRO, first=date(2026, 2, 1)))
    verdicts = judge(
        by_plan,
        row("2026-01", 5, cell=PRO),
        row("2026-02", 5, cell=PRO),
        row("2026-02", 5, cell=FREE),
        row("2026-02", 5, cell=(("hub", "x"),)),
        row("2026-02", 5, cell=(("plan", "pro"), ("hub", "x"))),
        row("2026-02", 5),
    )
    assert [(v["cell"], v["status"]) for v in verdicts] == [
        (cell_text(PRO), "off"),
        (cell_text(PRO), "on"),
        (cell_text(FREE), "off"),
        ("", "no target"),
    ]


def test_a_cell_of_a_cross_is_the_same_in_any_order() -> None:
    """A target names columns, not their order."""
    crossed = kpi(goal(10, cell=(("hub", "x"), ("plan", "pro"))))
    [verdict] = judge(crossed, row("2026-01", 5, cell=(("plan", "pro"), ("hub", "x"))))
    assert verdict["status"] == "off"


def test_in_force_names_the_target_that_judges() -> None:
    """The same rule for a page as for a verdict."""
    early, late = goal(10), goal(20, first=date(2026, 2, 1))
    dated = kpi(late, early)
    assert targets.in_force(dated, Grain.MONTH, TOTAL, date(2026, 1, 31)) is early
    assert targets.in_force(dated, Grain.MONTH, TOTAL, date(2026, 2, 1)) is late
    assert targets.in_force(dated, Grain.YEAR, TOTAL, date(2026, 2, 1)) is None
    assert targets.in_force(dated, Grain.MONTH, PRO, date(2026, 2, 1)) is None


def test_standing_follows_the_kpis_own_dates() -> None:
    """Not tracked before `tracked_from`, retired after `retired_on`; both days themselves are tracked."""
    dated = kpi(tracked_from=date(2026, 1, 1), retired_on=date(2026, 6, 30))
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [targets.standing(dated, day) for day in days] == [Status.NOT_TRACKED, None, None, Status.RETIRED]
    assert targets.standing(kpi(measure=None), date(2026, 1, 1)) is Status.NOT_TRACKED
    assert targets.standing(kpi(), date(2026, 1, 1)) is None


# -- properties ------------------------------------------------------------------------------------------------------

NUMBERS = st.floats(-1e6, 1e6)
ORDER = ["off", "near", "on"]


@given(bound=NUMBERS, values=st.lists(NUMBERS, min_size=2, max_size=20), lower=st.booleans())
def test_a_better_value_never_has_a_worse_status(bound: float, values: list[float], lower: bool) -> None:
    """Along the line of numbers the bands follow each other without gap, overlap or return."""
    near_the_bound = [bound, bound * 0.95, bound * 1.05, bound * (1 + 1e-12), bound * (1 - 1e-12)]
    ordered = sorted([*values, *near_the_bound], reverse=not lower)
    target = goal(bound) if lower else goal(high=bound)
    found = judge(kpi(target), *(row(str(2000 + at), v) | {"grain": "month"} for at, v in enumerate(ordered)))
    ranks = [ORDER.index(str(v["status"])) for v in found]
    assert ranks == sorted(ranks)


@given(a=NUMBERS, b=NUMBERS, value=NUMBERS, better=st.sampled_from(Better))
def test_a_range_is_on_exactly_within_its_bounds(a: float, b: float, value: float, better: Better) -> None:
    """On within, and outside one of near, off and (with a better side) over; never more than one."""
    low, high = sorted((a, b))
    found = status(value, goal(low, high), better)
    if low <= value <= high:
        assert found == "on"
    elif value < low - abs(low) * 1e-8 or value > high + abs(high) * 1e-8:
        best = (better is Better.HIGHER and value > high) or (better is Better.LOWER and value < low)
        assert found == "over" if best else found in ("near", "off")

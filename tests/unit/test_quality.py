"""What is withheld: small groups, those next to them, and numbers that a failing check touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway import quality
from headway.errors import Place
from headway.model import (
    OBSERVED,
    TOTAL,
    Aggregate,
    Audience,
    Balance,
    Cell,
    Distinct,
    Flag,
    Kpi,
    Measure,
    Open,
    Take,
    Unit,
    UnitKind,
    cell_text,
)
from headway.periods import Calendar, Grain, Window

CALENDAR = Calendar("UTC")
BEGINNING = date(2020, 1, 1)
SCHEMA = OBSERVED.append(pa.field("people", pa.int64()))
NUMBERS = ("value", "n", "numerator", "denominator", "so_far", "so_far_before")


def kpi(measure: Measure | None = None, grain: Grain = Grain.MONTH, **more: object) -> Kpi:
    """A monthly KPI."""
    place = Place("kpis/a.yml", 1)
    kind = measure or Aggregate("sum", "rows", "usd")
    more.setdefault("by_grain", grain)
    return Kpi("a", "A", kind, Unit(UnitKind.NONE), grain, Audience.PUBLIC, place, "", **more)


def row(
    cell: Cell | str = TOTAL, people: int | None = None, period: str = "2026-01", **more: object
) -> dict[str, object]:
    """One observation with all its numbers; a text is a hub."""
    cell = (("hub", cell),) if isinstance(cell, str) else cell
    at = CALENDAR.parse(period)
    return {
        "part": "", "grain": at.grain.value, "cell": cell_text(cell), "period": at.key, "reason": None, "flags": 0,
        **dict.fromkeys(NUMBERS, 7.0), "people": people, **more,
    }  # fmt: skip


def judge(
    rows: list[dict[str, object]],
    *,
    of: Kpi | None = None,
    failing: tuple[quality.Touch, ...] = (),
    cells: Mapping[str, tuple[quality.Touch, ...]] | None = None,
    parts: Mapping[str, tuple[quality.Touch, ...]] | None = None,
    smallest: int = 5,
) -> list[dict[str, object]]:
    """The observations as they may be published."""
    table = pa.Table.from_pylist(rows, SCHEMA)
    touches = quality.Touches(BEGINNING, failing, cells or {}, parts or {})
    judged = quality.judge(of or kpi(), table, smallest, touches, CALENDAR)
    assert judged.schema == OBSERVED
    found: list[dict[str, object]] = judged.to_pylist()
    return found


def reasons(rows: list[dict[str, object]], **more: object) -> list[object]:
    """Why each is withheld, or None."""
    return [one["reason"] for one in judge(rows, **more)]


SMALL = "group too small"


def test_a_number_without_people_is_published_as_it_is() -> None:
    """A source without people has no limit; with or without the column nothing changes but its loss."""
    rows = [row(), row("a")]
    expected = [{name: value for name, value in one.items() if name != "people"} for one in rows]
    assert judge(rows) == [{name: one[name] for name in OBSERVED.names} for one in expected]
    without = pa.Table.from_pylist(rows, OBSERVED)
    assert quality.judge(kpi(), without, 5, quality.Touches(BEGINNING), CALENDAR) == without


def test_a_withheld_number_tells_nothing() -> None:
    """Its value and everything that it could be worked out from are null; where and when it stands stays."""
    [_, held, _] = judge([row(people=30), row("a", 3, flags=Flag.PARTIAL), row("b", 10)])
    assert held["reason"] == SMALL
    assert [held[name] for name in NUMBERS] == [None] * 6
    assert (held["cell"], held["period"], held["flags"]) == (
        cell_text((("hub", "a"),)),
        CALENDAR.parse("2026-01").key,
        1,
    )


def test_the_limit_itself_is_shown_and_so_is_nobody() -> None:
    """With a limit of 5, five people are shown, four are not, and a cell of nobody is 0 for all to see."""
    assert reasons([row("a", 5), row("b", 4), row("c", 3), row("d", 0), row("e")]) == [None, SMALL, SMALL, None, None]


def test_a_single_small_cell_takes_the_smallest_other_with_it() -> None:
    """Or the total less the others would give it away. A cell of nobody would not help."""
    assert reasons([row(people=60), row("a", 3), row("b", 40), row("c", 17), row("d", 0)]) == [
        None,
        SMALL,
        None,
        SMALL,
        None,
    ]


def test_the_total_is_always_shown() -> None:
    """Also where it is built from few people."""
    assert reasons([row(people=2), row("a", 1), row("b", 1)]) == [None, SMALL, SMALL]


def test_a_limit_of_1_withholds_nothing() -> None:
    """Commits in public repositories are public."""
    assert reasons([row(people=1), row("a", 1)], smallest=1) == [None, None]


def test_each_period_grain_and_breakdown_is_taken_by_itself() -> None:
    """A small cell draws companions from its own breakdown and period alone."""
    plan: Cell = (("plan", "pro"),)
    rows = [
        row("a", 3), row("b", 9),
        row("a", 8, "2026-02"), row("b", 9, "2026-02"),
        row("a", 8, "2026"), row("b", 9, "2026"),
        row("a", 8, "2026-03", part="new"), row("b", 9, "2026-03", part="new"),
        row(plan, 6),
    ]  # fmt: skip
    assert reasons(rows) == [SMALL, SMALL, *[None] * 7]


def test_a_cell_that_is_withheld_is_withheld_with_its_parts() -> None:
    """New and returning people make the value, so they tell it; a part of few people leaves the value as it is."""
    sizes = {"": {"a": 3, "b": 10, "c": 12}, "new": {"b": 6, "c": 1}, "returning": {"a": 3, "b": 5, "c": 11}}
    rows = [row(cell, people, part=part) for part, cells in sizes.items() for cell, people in cells.items()]
    held = {(one["part"], one["cell"]) for one in judge(rows) if one["reason"]}
    few, next_to, many = (cell_text((("hub", hub),)) for hub in "abc")
    assert held == {("", few), ("returning", few), *((part, next_to) for part in sizes), ("new", many)}


def cross(plan: str, hub: str) -> Cell:
    """A cell of the breakdown [plan, hub]."""
    return (("plan", plan), ("hub", hub))


def crossed(plans: Sequence[str], people: Sequence[Sequence[int]]) -> list[dict[str, object]]:
    """A cross, then each of its breakdowns, and the total."""
    hubs = [sum(line[hub] for line in people) for hub in range(len(people[0]))]
    return [
        *(row(cross(p, str(h)), n) for p, line in zip(plans, people, strict=True) for h, n in enumerate(line)),
        *(row((("plan", plan),), sum(line)) for plan, line in zip(plans, people, strict=True)),
        *(row(str(hub), count) for hub, count in enumerate(hubs)),
        row(people=sum(hubs)),
    ]


def test_in_a_cross_no_line_has_a_single_gap() -> None:
    """A line adds up to a cell that is shown, so one small cell of a 3 by 3 cross takes three others with it."""
    people = {"a": (2, 10, 20), "b": (11, 12, 30), "c": (40, 50, 60)}
    rows = crossed(list(people), list(people.values()))
    held = {one["cell"] for one in judge(rows) if one["reason"]}
    assert held == {cell_text(cross(p, h)) for p in "ab" for h in "01"}


@given(
    people=st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=1, max_size=4),
    smallest=st.integers(1, 8),
)
def test_what_is_withheld_cannot_be_worked_out(people: list[list[int]], smallest: int) -> None:
    """In any cross: small cells are held, and a line with one gap has nobody else, or what it makes is held too."""
    rows = crossed([str(i) for i in range(len(people))], people)
    judged = judge(rows, smallest=smallest)
    held = [[judged[3 * i + j]["reason"] == SMALL for j in range(3)] for i in range(len(people))]
    for i, line in enumerate(people):
        for j, count in enumerate(line):
            if 0 < count < smallest:
                assert held[i][j]
            if count == 0:
                assert not held[i][j]
    wholes = [one["reason"] == SMALL for one in judged[3 * len(people) : -1]]  # each plan, then each hub
    lines = [*zip(people, held, strict=True), *zip(zip(*people, strict=True), zip(*held, strict=True), strict=True)]
    for (counts, gaps), whole in zip(lines, wholes, strict=True):
        if sum(gaps) == 1:
            assert whole or sum(count > 0 for count in counts) == 1


# -- checks ----------------------------------------------------------------------------------------------------------


def failing(first: str | None, last: str | None = None) -> tuple[quality.Touch, ...]:
    """A check that fails for rows of these days."""
    days = [None if day is None else date.fromisoformat(day) for day in (first, last or first)]
    return (quality.Touch("rows.key", days[0], days[1]),)


MONTHS = [row(period=f"2026-0{month}") for month in (1, 2, 3, 4)]
FAILED = "check failed"


def months(of: Kpi, checks: tuple[quality.Touch, ...], rows: list[dict[str, object]] | None = None) -> str:
    """Which of four months are withheld, one letter each."""
    return "".join("x" if reason == FAILED else "." for reason in reasons(rows or MONTHS, of=of, failing=checks))


@pytest.mark.parametrize(
    ("days", "held"),
    [
        (("2026-02-01", None), ".x.."),
        (("2026-02-28", "2026-03-01"), ".xx."),
        (("2025-12-31", None), "...."),
        ((None, None), "xxxx"),
    ],
)
def test_a_flow_is_withheld_in_the_periods_of_the_failing_rows(days: tuple[str, str | None], held: str) -> None:
    """Failing rows without a day touch every period."""
    assert months(kpi(), failing(*days)) == held


def test_a_window_reaches_back() -> None:
    """A row of 15 January is in the 30 days before the end of January only, and in 3 months before that of March."""
    rows = failing("2026-01-15")
    assert months(kpi(window=Window.parse("30 days")), rows) == "x..."
    assert months(kpi(window=Window.parse("3 months")), rows) == "xxx."
    assert months(kpi(window=Window.parse("all time")), rows) == "xxxx"


def test_a_month_of_daily_windows_reads_them_all_unless_it_takes_the_last() -> None:
    """The mean of a month's rolling weeks begins a week before the month."""
    weekly = {"window": Window.parse("7 days"), "grain": Grain.DAY}
    assert months(kpi(**weekly), failing("2026-02-20")) == "...."
    assert months(kpi(**weekly, take=Take.MEAN), failing("2026-02-26")) == ".xx."


def test_a_running_state_is_of_some_day_within_its_period() -> None:
    """On 10 April the 30 days reach back to 12 March, though those before the end of April do not."""
    running = [*MONTHS[:3], row(period="2026-04", flags=Flag.PARTIAL)]
    thirty = kpi(window=Window.parse("30 days"), grain=Grain.DAY)
    assert months(thirty, failing("2026-03-25")) == "..x."
    assert months(thirty, failing("2026-03-25"), running) == "..xx"


@pytest.mark.parametrize("measure", [Open("rows"), Balance("rows", "usd", per="account")])
def test_a_state_that_reads_every_earlier_row_is_withheld_from_then_on(measure: Measure) -> None:
    """A broken row that began in February may be under way ever since."""
    assert months(kpi(measure), failing("2026-02-10")) == ".xxx"
    assert months(kpi(Balance("rows", "usd")), failing("2026-02-10")) == ".x.."


def test_hours_and_cells_follow_their_own_grains() -> None:
    """An hour is touched by rows of its local day; a cell kept by month reads the whole month."""
    hourly = kpi(Distinct("rows", "user"), Grain.HOUR, by_grain=Grain.MONTH, window=Window.parse("1 day"))
    rows = [row(period="2026-01-05T03"), row(period="2026-01-06T03"), row("a", 9, "2026-01")]
    assert reasons(rows, of=hourly, failing=failing("2026-01-05")) == [FAILED, None, None]
    assert reasons(rows, of=hourly, failing=failing("2026-01-31")) == [None, None, FAILED]


def test_imported_numbers_are_not_ours_to_check() -> None:
    """They were published before the tool existed, from other rows."""
    assert months(kpi(), failing(None), [row(flags=Flag.IMPORTED)]) == "."


def test_a_failed_check_goes_before_a_small_group() -> None:
    """Both withhold; the one that somebody can mend is named."""
    assert reasons([row("a", 3), row("b", 9)], failing=failing("2026-01-01")) == [FAILED, FAILED]


def test_a_running_period_is_not_compared_with_a_withheld_one() -> None:
    """What the period before had reached by then would tell of it."""
    rows = [row(period="2026-01"), row(period="2026-02", flags=Flag.PARTIAL), row("a", None, "2026-02")]
    _, running, other = judge(rows, failing=failing("2026-01-05"))
    assert (running["value"], running["so_far"], running["so_far_before"]) == (7, 7, None)
    assert other["so_far_before"] == 7

"""What a review forecasts and proposes: known series, and a brute force that says it in other words."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.model import Better, Unit, UnitKind
from headway.review.forecast import Forecast, ahead, forecast
from headway.review.proposal import Proposal, propose

PEOPLE, PERCENT, POINTS = Unit(UnitKind.NOUN, "people"), Unit(UnitKind.PERCENT, "percent"), Unit(UnitKind.POINTS, "p")
HOURS, DAYS = Unit(UnitKind.ELAPSED, "hours"), Unit(UnitKind.ELAPSED, "days")
SEASON = [10.0, 20.0, 30.0, 40.0]


def test_a_season_that_repeats_is_forecast_without_error() -> None:
    """Each quarter is as a year before."""
    assert ahead(SEASON * 3, 4, 6, drift=False) == [10, 20, 30, 40, 10, 20]
    assert forecast(SEASON * 4, 4, 3) == Forecast(30, None, 0, 8)


def test_a_season_that_rises_is_forecast_with_drift() -> None:
    """A straight rise of 8 a year: the plain form is 8 off, with drift nothing."""
    rising = [value + 8 * year for year in range(4) for value in SEASON]
    assert ahead(rising, 4, 5, drift=True) == [42, 52, 62, 72, 50]
    assert forecast(rising, 4, 2) == Forecast(52, 8, 0, 8)


def test_a_year_is_what_is_over_and_what_is_to_come() -> None:
    """Two quarters are over, the others are as the year before. That was 270 and 90 off, and six times 0."""
    assert forecast([*SEASON * 3, 100, 200], 4, 2, year=2) == Forecast(370, None, 45, 8)


def test_short_history_has_no_forecast() -> None:
    """Less than a year, or a gap where a number is needed; a year alone has no error."""
    assert forecast(SEASON[:3], 4, 1) is None
    assert forecast([None, *SEASON[1:]], 4, 1) is None
    assert forecast(SEASON, 4, 1) == Forecast(10, None, None, 0)
    assert forecast([*SEASON, None, 20], 4, 2, year=2) is None


def test_zeros_have_an_error() -> None:
    """An error in percent would divide by 0."""
    assert forecast([0.0] * 11 + [4.0], 4, 1) == Forecast(0, None, 0.5, 8)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.none() | st.integers(-50, 50).map(float), max_size=40), st.sampled_from([4, 12]), st.data())
def test_forecasts_are_those_of_a_brute_force(history: list[float | None], season: int, data: st.DataObject) -> None:
    """The formula of the book, read literally: by index from 1, one forecast at a time, and errors by trying it out."""
    steps = data.draw(st.integers(1, season))
    year = data.draw(st.none() | st.integers(0, season - steps))

    def plain(known: int, h: int, drift: bool) -> float | None:
        y = dict(enumerate(history[:known], 1))
        k = (h - 1) // season
        was = y.get(known + h - season * (k + 1))
        if was is None or not drift:
            return was
        changes = [
            y[t] - y[t - season]  # type: ignore[operator]
            for t in range(known - season + 1, known + 1)
            if y.get(t) is not None and y.get(t - season) is not None
        ]
        return None if len(changes) < season / 4 else was + (k + 1) * fmean(changes)

    def aimed(known: int, *, drift: bool) -> float | None:
        found = [plain(known, h, drift) for h in range(1, steps + 1)]
        if None in found:
            return None
        if year is None:
            return found[-1]
        over = history[max(0, known - year) : known]
        return sum(over) + sum(found) if None not in over and len(over) == year else None  # type: ignore[arg-type]

    def errors(*, drift: bool) -> dict[int, float]:
        ends = [n for n in range(len(history), 0, -1) if (len(history) - n) % (season // 4) == 0 and n < len(history)]
        found = {}
        for known in ends:
            made = [plain(known, h, drift) for h in range(1, steps + 1)]
            then = history[known : known + steps]
            if None not in made and None not in then and len(then) == steps:
                a, b = (made[-1], then[-1]) if year is None else (sum(made), sum(then))  # type: ignore[arg-type]
                found[known] = abs(a - b)  # type: ignore[operator]
        return dict(list(found.items())[:8])

    simple, drifting = aimed(len(history), drift=False), aimed(len(history), drift=True)
    found = forecast(history, season, steps, year)
    if simple is None:
        assert found is None
        return
    assert found is not None
    of_plain, of_drift = errors(drift=False), errors(drift=True)
    both = of_plain.keys() & of_drift.keys()
    better = (
        drifting is not None and len(both) >= 2 and fmean(of_drift[n] for n in both) < fmean(of_plain[n] for n in both)
    )
    chosen = of_drift if better else of_plain
    assert found.value == pytest.approx(drifting if better else simple)
    assert (found.drift is not None) is better
    assert found.error == (pytest.approx(fmean(chosen.values())) if len(chosen) >= 2 else None)


@pytest.mark.parametrize(
    ("reached", "seen", "better", "unit", "wanted"),
    [
        ([6000, 6420, 7000], [7100], Better.HIGHER, PEOPLE, ("at_least", "7500", True, False)),
        ([6000, 6420, 7000], [8000], Better.HIGHER, PEOPLE, ("at_least", "7500", False, False)),
        ([100], [40], Better.LOWER, PEOPLE, ("at_most", "80", False, False)),
        ([100], [90], Better.LOWER, PEOPLE, ("at_most", "80", True, False)),
        ([0.6], [0.8], Better.HIGHER, PERCENT, ("at_least", "70 %", False, False)),
        ([0.95], [0.96], Better.HIGHER, PERCENT, ("at_least", "96 %", False, True)),
        ([0.9985], [0.999], Better.HIGHER, PERCENT, ("at_least", "99.87 %", False, True)),
        ([0.95], [1.2], Better.HIGHER, PERCENT, ("at_least", "110 %", False, False)),
        ([0.021], [0.03], Better.LOWER, PERCENT, ("at_most", "1.8 %", True, False)),
        ([92.0], [95.0], Better.HIGHER, POINTS, ("at_least", "93", False, True)),
        ([3.0], [3.0], Better.HIGHER, PEOPLE, ("at_least", "3.5", True, False)),
        ([1_234_567.0], [0], Better.HIGHER, PEOPLE, ("at_least", "1400000", True, False)),
        ([973.0], [0], Better.HIGHER, HOURS, ("at_least", "1080", True, False)),  # 45 days
        ([59.0], [90], Better.LOWER, HOURS, ("at_most", "48", True, False)),  # 2 days
        ([40.0], [90], Better.LOWER, HOURS, ("at_most", "35", True, False)),
        ([2.6], [2.0], Better.LOWER, DAYS, ("at_most", "2.25", False, False)),  # 2 d 6 h
    ],
)
def test_proposals_are_round_and_ten_to_twenty_per_cent_better(
    reached: list[float], seen: list[float], better: Better, unit: Unit, wanted: tuple[str, str, bool, bool]
) -> None:
    """In the direction of `better`, in the unit, a share below 100 %; said when nobody ever reached it."""
    found = propose(reached, [*reached, *seen], better, unit)
    assert isinstance(found, Proposal)
    assert (found.bound, found.written, found.beyond, found.lacking) == wanted


@pytest.mark.parametrize(
    ("reached", "better", "unit", "why"),
    [
        ([], Better.HIGHER, PEOPLE, "no number in the quarter"),
        ([5.0], Better.NONE, PEOPLE, "not declared"),
        ([-5.0], Better.HIGHER, PEOPLE, "not above 0"),
        ([0.0], Better.LOWER, PEOPLE, "not above 0"),
        ([1.0], Better.HIGHER, PERCENT, "nothing above"),
    ],
)
def test_what_says_nothing_is_not_proposed(reached: list[float], better: Better, unit: Unit, why: str) -> None:
    """The reason is said instead."""
    found = propose(reached, reached, better, unit)
    assert isinstance(found, str)
    assert why in found


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1e9), st.sampled_from([Better.HIGHER, Better.LOWER]), st.sampled_from([PEOPLE, PERCENT, HOURS]))
def test_every_proposal_is_a_stretch(baseline: float, better: Better, unit: Unit) -> None:
    """It lies 10 to 20 % from the baseline, or from what is lacking; what is written is what is meant."""
    found = propose([baseline], [baseline], better, unit)
    if isinstance(found, str):
        return
    step = abs(found.value - baseline) / ((1 - baseline) if found.lacking else baseline)
    assert 0.0999 < step < 0.2001
    assert found.value > baseline if better is Better.HIGHER else found.value < baseline
    assert float(found.written.removesuffix(" %")) == pytest.approx(found.value * (100 if unit is PERCENT else 1))

"""How key results stand, against a definition in plain Python with exact fractions: one day, one number at a time."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from headway import objectives
from headway.errors import Place
from headway.model import Better, KeyResult
from headway.objectives import Actual, Stand

FIRST = date(2026, 1, 10)
PLACE = Place("objectives.yml", 4)
#: Eighths: exact as floats, and often equal to each other.
number = st.integers(-24, 24).map(lambda n: n / 8)
actual = st.one_of(number.map(lambda n: (n, False)), st.sampled_from([(None, False), (None, True)]))


@st.composite
def situations(draw: st.DrawFn) -> tuple[KeyResult, list[Actual], date, date, Better]:
    """Periods of any one length around an objective's days, some of them missing, withheld or without data."""
    length, begins = draw(st.integers(1, 40)), draw(st.integers(-60, 30))
    due = FIRST + timedelta(draw(st.integers(1, 90)))
    ends = [FIRST + timedelta(begins + length * n) for n in range(draw(st.integers(0, 8)))]
    numbers = [Actual(end, *draw(actual)) for end in ends if draw(st.integers(0, 5))]
    ended = [end for n in range(200) if (end := FIRST + timedelta(begins + length * (n - 50))) <= due]
    grows = draw(st.booleans())
    amount = draw(number.filter(bool) if grows else number)
    result = KeyResult("mau", "", due, PLACE, reach=None if grows else amount, grow=amount if grows else None)
    today = FIRST + timedelta(draw(st.integers(-20, 140)))
    return result, numbers, ended[-1], today, draw(st.sampled_from(Better))


def by_hand(result: KeyResult, numbers: list[Actual], final: date, today: date, better: Better) -> tuple[str, bool]:
    """How it stands and whether that is the outcome, rule by rule as docs/language.md has them."""
    start = None
    for one in numbers:
        if one.last <= FIRST and (one.value is not None or one.withheld):
            start = one
    now = None
    for one in numbers:
        if FIRST < one.last <= result.due:
            now = one
    if today < FIRST:
        return "not started", False
    if start is None or (result.grow is not None and start.value == 0):
        return "no start", False
    if start.value is None or (now is not None and now.withheld):
        return "withheld", False
    if now is None:
        return ("no data" if today > result.due else "too early"), False
    over = today > result.due and now.last >= final
    if now.value is None:
        return "no data", over
    first = Fraction(start.value)
    reach = Fraction(result.reach) if result.grow is None else first + Fraction(result.grow) * abs(first)
    days = Fraction((now.last - FIRST).days, (result.due - FIRST).days)
    sign = 1 if better is Better.HIGHER or (better is Better.NONE and reach >= first) else -1
    holds = sign * (reach - first) <= 0
    bound = reach if over or holds else first + (reach - first) * days
    value = Fraction(now.value)
    if sign * (value - bound) >= 0:
        return "on", over
    band = abs(bound) / 20
    if not holds:
        band = min(band, sign * (reach - first) / 2)
    return ("near" if sign * (bound - value) <= band else "off"), over


@settings(max_examples=200, deadline=None)
@given(situations())
def test_standing(situation: tuple[KeyResult, list[Actual], date, date, Better]) -> None:
    """A key result stands as the definition says, also where numbers are missing and after it was due."""
    result, numbers, final, today, better = situation
    found = objectives.judge(result, FIRST, numbers, final, today, better, 0.05)
    assert (found.stand.value, found.over) == by_hand(result, numbers, final, today, better)
    if found.stand in (Stand.ON, Stand.NEAR, Stand.OFF):
        assert found.to_go is not None
        assert (found.to_go == 0) == found.met
        assert found.expected is not None


@settings(max_examples=100, deadline=None)
@given(situations())
def test_what_comes_later_changes_no_outcome(situation: tuple[KeyResult, list[Actual], date, date, Better]) -> None:
    """Once it is over, later numbers and later days change nothing; before its start, nothing is judged."""
    result, numbers, final, today, better = situation
    found = objectives.judge(result, FIRST, numbers, final, today, better, 0.05)
    if found.over:
        later = [*numbers, Actual(result.due + timedelta(1), 99.0)]
        assert objectives.judge(result, FIRST, later, final, today + timedelta(50), better, 0.05) == found

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
valued = number.map(lambda n: (n, False))
missing = st.sampled_from([(None, False), (None, True)])

Situation = tuple[KeyResult, list[Actual], date, date, Better, float]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Periods of any one length around an objective's days, some of them missing, withheld or without data."""
    length, begins = draw(st.integers(1, 40)), draw(st.integers(-60, 0))
    ends = [FIRST + timedelta(begins + length * n) for n in range(160)]
    days = st.integers(20, 90).map(lambda n: FIRST + timedelta(n))
    due = draw(st.one_of(days, st.sampled_from([end for end in ends if end > FIRST][:6])))
    told = draw(st.integers(0, 8)) or draw(st.integers(0, 160))
    # One in eight is missing; one in eight has no value.
    numbers = [
        Actual(end, *draw(missing if luck == 1 else valued)) for end in ends[:told] if (luck := draw(st.integers(0, 7)))
    ]
    final = max(end for n in range(-90, 90) if (end := FIRST + timedelta(begins + length * n)) <= due)
    grows = draw(st.booleans())
    amount = draw(number.filter(bool) if grows else number)
    result = KeyResult("mau", "", due, PLACE, reach=None if grows else amount, grow=amount if grows else None)
    today = FIRST + timedelta(draw(st.integers(-4, 120)))
    return result, numbers, final, today, draw(st.sampled_from(Better)), draw(st.sampled_from([0.0, 0.05, 0.5, 2.0]))


def by_hand(
    result: KeyResult, numbers: list[Actual], final: date, today: date, better: Better, near: float
) -> tuple[str, bool]:
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
    band = abs(bound) * Fraction(near)
    if not holds:
        band = min(band, sign * (reach - first) / 2)
    return ("near" if sign * (bound - value) <= band else "off"), over


@settings(max_examples=200, deadline=None)
@given(situations())
def test_standing(situation: Situation) -> None:
    """A key result stands as the definition says, also where numbers are missing and after it was due."""
    result, numbers, final, today, better, near = situation
    found = objectives.judge(result, FIRST, numbers, final, today, better, near)
    assert (found.stand.value, found.over) == by_hand(*situation)
    if found.stand in (Stand.ON, Stand.NEAR, Stand.OFF):
        assert found.to_go is not None
        assert (found.to_go == 0) == found.met
        assert found.expected is not None


@settings(max_examples=100, deadline=None)
@given(situations())
def test_what_comes_later_changes_no_outcome(situation: Situation) -> None:
    """Once it is over, later numbers and later days change nothing; before its start, nothing is judged."""
    result, numbers, final, today, better, near = situation
    found = objectives.judge(result, FIRST, numbers, final, today, better, near)
    if found.over:
        later = [*numbers, Actual(result.due + timedelta(1), 99.0)]
        assert objectives.judge(result, FIRST, later, final, today + timedelta(50), better, near) == found

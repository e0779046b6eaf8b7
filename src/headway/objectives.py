"""Judge whether what an objective expects is under way: reached, on the way, behind, or why nobody can say (pure).

Expected of a key result is the straight line from the value at the objective's start to what it is to reach when it is
due. The newest complete period is held against the line at its last day, as a target that is a path judges it:

    start ──────────────────── reach
      |            |             |
    `first`   last complete     `due`
    (the last number by then)

What was as good as that already when it began is to be held: expected is `reach` all along. After the due day the last
number by that day is held against `reach` itself: the outcome, which later numbers do not change. A key result is
judged when it is looked at, from what is published: docs/adr/0029 says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from headway.model import Better, KeyResult

#: A number that misses what is expected by less than this share of it meets it, as with targets.
TOLERANCE = 1e-9
#: A miss is near by no more than this share of the whole way: half the way is not made by standing still.
_OF_THE_WAY = 0.5


class Stand(StrEnum):
    """How a key result stands: the first three judge it, the others say why it is not judged."""

    ON = "on"
    NEAR = "near"
    OFF = "off"
    NOT_STARTED = "not started"  # its objective begins later
    TOO_EARLY = "too early"  # no period is complete since it began
    NO_START = "no start"  # there is no number by the day it began, or none that can grow
    NO_DATA = "no data"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Actual:
    """One complete period of a number: its last day, and its value, which may be withheld."""

    last: date
    value: float | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a key result stands, and the numbers of that. Those that are not known are None.

    `start` and `now` are the numbers at both ends, `reach` what is to be reached, `expected` what the line has at the
    last day of `now`. `over` is true once the outcome is known, and `met` if `now` is as good as `reach`.
    """

    stand: Stand
    start: Actual | None = None
    now: Actual | None = None
    reach: float | None = None
    expected: float | None = None
    rising: bool = True
    met: bool = False
    over: bool = False

    @property
    def made(self) -> float | None:
        """The share of the way that is made: 0 at the start, 1 when it is reached; less than 0 for the other way.

        None where nobody knows, or where there is no way to go: the start was as good as what is to be reached.
        """
        return None if self.now is None else self._along(self.now.value)

    @property
    def planned(self) -> float | None:
        """The share of the way that should be made by the last day of `now`."""
        return self._along(self.expected)

    @property
    def to_go(self) -> float | None:
        """How much is missing of `reach`, never less than 0; None if nobody knows."""
        if self.now is None or self.now.value is None or self.reach is None:
            return None
        missing = self.reach - self.now.value if self.rising else self.now.value - self.reach
        return 0.0 if self.met else max(0.0, missing)

    def _along(self, value: float | None) -> float | None:
        if value is None or self.start is None or self.start.value is None or self.reach is None:
            return None
        way = _misses(self.start.value, self.reach, rising=self.rising)
        gone = value - self.start.value if self.rising else self.start.value - value
        return gone / way if way > 0 else None


def expected(start: float, first: date, reach: float, due: date, day: date) -> float:
    """What the straight line from `start` on `first` to `reach` on `due` has on a day; before and after it is level."""
    along = (day - first).days / (due - first).days
    return start + (reach - start) * min(1.0, max(0.0, along))


def judge(
    result: KeyResult,
    first: date,
    numbers: Sequence[Actual],
    final: date,
    today: date,
    better: Better,
    near_within: float,
) -> Standing:
    """How a key result of an objective that began on `first` stands on `today`.

    `numbers` are its complete periods in order of time, and `final` is the last day of the last period that ends by the
    due day. What is better decides from which side it is judged; where that is not said, the way to `reach` does.
    """
    begun = [number for number in numbers if number.last <= first and (number.value is not None or number.withheld)]
    start = begun[-1] if begun else None
    reach = _reach(result, None if start is None else start.value)
    since = [number for number in numbers if first < number.last <= result.due]
    now = since[-1] if since else None
    rising = better is Better.HIGHER or (
        better is Better.NONE and (reach is None or start is None or start.value is None or reach >= start.value)
    )
    whole = Standing(Stand.NO_DATA, start, now, reach, rising=rising)
    if today < first:
        return _with(whole, Stand.NOT_STARTED)
    if start is None or (not start.withheld and reach is None):
        return _with(whole, Stand.NO_START)
    if start.withheld or (now is not None and now.withheld):
        return _with(whole, Stand.WITHHELD)
    if now is None:
        return _with(whole, Stand.NO_DATA if today > result.due else Stand.TOO_EARLY)
    assert start.value is not None, "a start that is not withheld has a value"
    assert reach is not None, "a key result without a start was told apart"
    over = today > result.due and now.last >= final
    way = _misses(start.value, reach, rising=rising)
    # What was as good already when it began is to be held.
    bound = reach if over or way <= 0 else expected(start.value, first, reach, result.due, now.last)
    if now.value is None:
        return Standing(Stand.NO_DATA, start, now, reach, bound, rising, over=over)
    met, miss = _misses(now.value, reach, rising=rising) <= 0, _misses(now.value, bound, rising=rising)
    near = near_within * abs(bound)
    near = min(near, _OF_THE_WAY * way) if way > 0 else near
    stand = Stand.ON if miss <= 0 else Stand.NEAR if miss <= near * (1 + TOLERANCE) else Stand.OFF
    return Standing(stand, start, now, reach, bound, rising, met, over)


def _reach(result: KeyResult, start: float | None) -> float | None:
    """What is to be reached: as written, or the value at the start and its growth; None where nothing can grow."""
    if result.reach is not None:
        return result.reach
    if start is None or start == 0 or result.grow is None:
        return None
    return start + result.grow * abs(start)


def _misses(value: float, bound: float, *, rising: bool) -> float:
    """By how much a value misses a bound; 0 or less if it meets it, but for the last digits of a float."""
    miss = bound - value if rising else value - bound
    return 0.0 if abs(miss) <= TOLERANCE * abs(bound) else miss


def _with(known: Standing, stand: Stand) -> Standing:
    return Standing(stand, known.start, known.now, known.reach, rising=known.rising)

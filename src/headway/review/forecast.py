"""What is to be expected by the end of a year, and how far such a forecast was off in past quarters (pure).

*Seasonal naive* (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, section 5.2): each
period to come is what the same period was a year before,

    f(T + h) = y(T + h - m (k + 1)),    k = (h - 1) div m,    m periods in a year,

or that *with drift*: moved by (k + 1) d, where d is the mean of y(t) - y(t - m) over the newest m periods that have
both. Of the two, the one that was less wrong in past quarters is used, and the plain one if that is not known.

The error is the mean absolute error of the very number that is forecast (the value of the last period, or the sum of a
year), made at the ends of up to eight past quarters over the same span. It is in the unit of the KPI and survives
zeros, which an error in percent does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

#: So many past quarters are looked at, and so many there must be before an error is told.
MOST, LEAST = 8, 2

Numbers = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The number expected, how it was made, and how far off that was: on average, in `tested` past quarters."""

    value: float
    drift: float | None
    error: float | None
    tested: int


def ahead(history: Numbers, season: int, steps: int, *, drift: bool) -> list[float] | None:
    """The next `steps` values of a series without gaps in time; None if a number that is needed is not there."""
    total = len(history)
    moved = _drift(history, season) if drift else 0.0
    if moved is None:
        return None
    found = []
    for step in range(1, steps + 1):
        years = (step - 1) // season + 1
        at = total - 1 + step - season * years
        value = history[at] if at >= 0 else None
        if value is None:
            return None
        found.append(value + moved * years)
    return found


def _drift(history: Numbers, season: int) -> float | None:
    """By how much the newest periods lie above those of a year before, on average."""
    pairs = zip(history[season:][-season:], history[:-season][-season:], strict=True)
    changes = [new - old for new, old in pairs if new is not None and old is not None]
    # A few periods say little of a year.
    return fmean(changes) if 4 * len(changes) >= season else None


def forecast(history: Numbers, season: int, steps: int, year: int | None = None) -> Forecast | None:
    """The value `steps` periods ahead, or with `year` the sum of the year, of which so many periods are over.

    None if history is too short, or lacks a number that is needed.
    """
    tried = {}
    for moving in (False, True):
        aimed = _aimed(history, season, steps, year, drift=moving)
        if aimed is not None:
            tried[moving] = aimed, _errors(history, season, steps, year, drift=moving)
    if False not in tried:
        return None
    value, misses = tried[False]
    drift = None
    if True in tried:
        both = misses.keys() & tried[True][1].keys()
        plain, moved = (fmean(tried[way][1][at] for at in both) if both else 0.0 for way in (False, True))
        if len(both) >= LEAST and moved < plain:
            value, misses = tried[True]
            drift = _drift(history, season)
    known = len(misses) >= LEAST
    return Forecast(value, drift, fmean(misses.values()) if known else None, len(misses) if known else 0)


def _aimed(history: Numbers, season: int, steps: int, year: int | None, *, drift: bool) -> float | None:
    """The one number that is forecast."""
    values = ahead(history, season, steps, drift=drift)
    if values is None or year is None:
        return None if values is None else values[-1]
    so_far = [value for value in history[len(history) - year :] if value is not None]
    return sum(so_far) + sum(values) if len(so_far) == year else None


def _errors(history: Numbers, season: int, steps: int, year: int | None, *, drift: bool) -> dict[int, float]:
    """How far off the same forecast was at the ends of past quarters, by how many periods were known then."""
    quarter = season // 4
    found: dict[int, float] = {}
    for known in range(len(history) - quarter, season - 1, -quarter):
        actual = history[known : known + steps]
        if len(actual) < steps or len(found) == MOST:
            continue
        values = ahead(history[:known], season, steps, drift=drift)
        if values is None or any(value is None for value in actual):
            continue
        made = [value for value in actual if value is not None]
        # of a year's sum, what was over by then was known
        found[known] = abs(values[-1] - made[-1]) if year is None else abs(sum(values) - sum(made))
    return found

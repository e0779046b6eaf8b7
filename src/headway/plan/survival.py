"""Reads the answers of durations: Kaplan and Meier's estimate while entities are still being watched, and why none.

Formula. At each length t at which d of the n who were watched for at least so long got there, the share of those who
have not got there falls by the factor 1 - d / n; S(t) is the product so far. The quantile at level p is the first
length at which S is no more than 1 - p; the share within a length w is 1 - S(w).

Unit: that of the lengths. Edge cases: who is watched for t and gets there after t counts among the n of t. A quantile
that S never comes down to, and a share within a length for which nobody has been watched, is no data: not watched long
enough yet. Once everybody was watched nothing is estimated: the answer's own value stands.

Source: Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", Journal of the American Statistical
Association 53 (1958), as lifelines computes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import nan
from typing import Any

import numpy as np

from headway.model import Duration, Kpi, Reason
from headway.model.measures import level
from headway.plan.answer import Answered, Reader
from headway.plan.draft import people_of
from headway.plan.numbers import CODE, Floats, Ints, key, look_up
from headway.plan.spans import Series

#: Under which name an answer says how many got there after each length (numerator), of how many watched so long (n).
LENGTHS = "lengths"
#: Products of fractions are a hair off.
_HAIR = 1e-9


def is_over_all(kpi: Kpi) -> bool:
    """True for durations by start whose value is over all who began, so that it is estimated while they are watched."""
    measure = kpi.measure
    assert isinstance(measure, Duration)
    return measure.by_start and bool(measure.within or measure.statistic not in ("mean", "min", "max"))


@dataclass(frozen=True)
class Curve:
    """Who has not got there yet: `staying` from each of `lengths` on. Everybody has been seen for `watched` at most."""

    lengths: Floats
    staying: Floats
    watched: float

    @classmethod
    def of(cls, lengths: Floats, entities: Floats, reached: Floats) -> Curve:
        """The estimate from how many entities there are at each length, and how many of them got there.

        A length that is NaN is that of entities that were watched to the end, and have not got there.
        """
        last = np.nanmax(lengths, initial=0.0)
        known = np.where(np.isnan(lengths), last + 1, lengths)
        at = np.concatenate([known, known])
        count = np.concatenate([reached, entities - reached])
        seen = np.arange(len(at)) < len(known)
        fitted = _fitter()().fit(at[count > 0], seen[count > 0], weights=count[count > 0].astype(np.int64))
        curve = fitted.survival_function_.iloc[:, 0]
        unseen = bool(np.isnan(lengths).any())
        return cls(curve.index.to_numpy(np.float64), curve.to_numpy(np.float64), np.inf if unseen else float(last))

    def quantile(self, share: float) -> float:
        """The first length by which that share has got there; NaN if it has not."""
        there = np.flatnonzero(self.staying <= 1 - share + _HAIR)
        return float(self.lengths[there[0]]) if len(there) else nan

    def within(self, length: float) -> float:
        """The share that takes no longer; NaN if that cannot be said yet."""
        if length > self.watched and self.staying[-1] > _HAIR:
            return nan
        return 1 - float(self.staying[np.searchsorted(self.lengths, length, "right") - 1])


@lru_cache(maxsize=1)
def _fitter() -> Any:
    """lifelines' estimator. This is its door: it brings pandas, SciPy and Matplotlib, which few runs need."""
    from lifelines import KaplanMeierFitter

    return KaplanMeierFitter


class Watching(Reader):
    """Reads a duration: parts of two counts, estimates for periods that still run, and why a quantile is none."""

    @property
    def _measure(self) -> Duration:
        measure = self.asked.kpi.measure
        assert isinstance(measure, Duration)
        return measure

    def _found(self, part: str, series: Series, rows: Answered, cells: tuple[str, ...]) -> Answered:
        """The rows of the value, or of a part, in one series and one set of cells."""
        if part == "reached" and not self._measure.by_start:
            finished, open_ = (rows.where(series.name, cells, what) for what in ("finished", "open"))
            both, there, not_there = _side_by_side(finished, open_, cells)
            total = there + not_there
            return replace(both, value=there / total, n=total, numerator=there, denominator=total)
        found = super()._found(part, series, rows, cells)
        if part == "" and is_over_all(self.asked.kpi):
            return replace(found, value=self._estimated(found, rows.where(series.name, cells, LENGTHS), series, cells))
        return found

    def _behind(self, part: str, series: Series, rows: Answered, cells: tuple[str, ...]) -> Answered:
        """The people behind the cells. Parts by start are about all who began."""
        if part and self._measure.by_start:
            return super()._behind("open", series, rows, cells)
        if part == "reached":
            finished, open_ = (rows.where(series.name, cells, what) for what in ("people", people_of("open")))
            both, some, others = _side_by_side(finished, open_, cells)
            # Some may be among both, so there are at least as many as in the larger group.
            return replace(both, value=np.maximum(some, others))
        return super()._behind(part, series, rows, cells)

    def _estimated(self, found: Answered, watched: Answered, series: Series, cells: tuple[str, ...]) -> Floats:
        """The values, those of periods that still run estimated."""
        value = np.array(found.value)
        runs = {span.period.key for span in series.spans if span.partial}
        at, have = key(watched.codes(cells), watched.period), key(found.codes(cells), found.period)
        order = np.argsort(at, kind="stable")
        first, after = np.searchsorted(at[order], have, "left"), np.searchsorted(at[order], have, "right")
        for row in np.flatnonzero(np.isin(found.period, list(runs))).tolist():
            mine = order[first[row] : after[row]]
            value[row] = self._estimate(watched.value[mine], watched.n[mine], watched.numerator[mine])
        return value

    def _estimate(self, lengths: Floats, entities: Floats, reached: Floats) -> float:
        measure = self._measure
        if not len(lengths):
            return nan
        curve = Curve.of(lengths, entities, reached)
        if measure.within:
            return curve.within(measure.within.elapsed.total_seconds() / 86400)
        return curve.quantile(level(measure.statistic))

    def _reason(self, part: str, series: Series, periods: Ints, value: Floats, n: Floats) -> Ints:
        """Why there is no value: nobody began, or too few have got there."""
        if part or not is_over_all(self.asked.kpi):
            return super()._reason(part, series, periods, value, n)
        partial = [span.period.key for span in series.spans if span.partial]
        short = np.where(np.isin(periods, partial), CODE[Reason.STILL_WATCHED], CODE[Reason.TOO_FEW_REACHED])
        return np.where(np.isfinite(value), 0, np.where(n > 0, short, CODE[Reason.NO_ROWS])).astype(np.int64)


def _side_by_side(a: Answered, b: Answered, cells: tuple[str, ...]) -> tuple[Answered, Floats, Floats]:
    """The rows of two parts, each cell and period once, and the two values there: 0 where a part has no row."""
    both = a.and_(b)
    keys, first = np.unique(key(both.codes(cells), both.period), return_index=True)
    of_a, of_b = (look_up(key(side.codes(cells), side.period), side.value, keys, 0.0) for side in (a, b))
    return both.take(first), of_a, of_b

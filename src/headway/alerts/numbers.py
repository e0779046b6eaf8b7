"""What a rule-cell sees of the numbers of a KPI: past a bound, a trend, nothing new, a restatement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from headway.alerts import grid as grids
from headway.alerts.grid import Bools, Floats, Grid, Ints
from headway.alerts.machine import Rule, is_new
from headway.alerts.outlook import Bounds, Changed, Outlook
from headway.alerts.trend import LEVEL, mann_kendall
from headway.model import (
    Alert,
    AlertState,
    Better,
    Beyond,
    Catalog,
    Direction,
    Formula,
    Kpi,
    OfTarget,
    Restated,
    RuleCell,
    Sight,
    Sighting,
    Stale,
    Threshold,
    Trend,
    Watched,
    WatchedNumbers,
)
from headway.periods import Grain

States = Mapping[RuleCell, AlertState]
#: A rule-cell, and what it saw.
Seen = tuple[RuleCell, list[Sighting]]
#: A formula that has no data, or may still change, is no bound either.
_NO_TARGET = "no bound is in force"
#: How far the keys of neighbouring periods are apart at most.
_KEYS = {Grain.HOUR: 3600, Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 31, Grain.QUARTER: 92, Grain.YEAR: 366}


def look(
    catalog: Catalog, alert: Alert, watched: Watched, rule: Rule, outlook: Outlook, states: States, now: datetime
) -> tuple[set[RuleCell], Iterator[Seen]] | None:
    """The cells there are, and what each saw since it was last advanced; None if the KPI has no such numbers at all.

    `states` are those of this alert on this KPI. A cell that saw nothing new may be passed over.
    """
    assert isinstance(alert.watches, WatchedNumbers)
    kpi, when, part = catalog.kpis[watched.kpi], alert.watches.when, alert.watches.part(watched)
    table = outlook.numbers.get(kpi.name)
    if table is None:
        return None
    mine = {of: state for of, state in states.items() if (of.part, of.grain) == (part, watched.grain.value)}
    since = _since(mine.values(), rule, when, watched.grain)
    # A growth is no data where one of its periods is, and the formula has said so.
    zero = not (isinstance(when, Beyond) and when.growth) and kpi.zero_when_absent(part)
    bounded = isinstance(when, Beyond) and any(isinstance(one, OfTarget) for one in when.bounds)
    known = [of.cell for of in mine]
    numbers = grids.grid(table, watched, part, since, known, empty_is_zero=zero, bounded=bounded)
    if not numbers.cells or not len(numbers.periods):
        return None
    scene = _Scene(catalog, alert, kpi, watched, part, rule, numbers, states, now, outlook.failed.get(kpi.name, ""))
    match when:
        case Beyond():
            seen = scene.beyond(when, outlook.bounds.get((alert.name, kpi.name), {}))
        case Trend():
            seen = scene.trend(when)
        case Stale():
            seen = scene.stale(when)
        case Restated():
            seen = scene.restated(outlook.restated.get(kpi.name, ()))
    return {scene.of(cell) for cell in numbers.cells}, seen


def _since(
    states: Iterable[AlertState], rule: Rule, when: Beyond | Trend | Stale | Restated, grain: Grain
) -> int | None:
    """From which period on numbers are needed; None if a cell needs its whole history.

    Those are what was not counted yet, and of a trend what went before.
    """
    if not rule.periodic:
        return None
    oldest = None
    for state in states:
        if state.rule and state.rule != rule.fingerprint:
            return None
        if state.through is not None:
            oldest = state.through if oldest is None else min(oldest, state.through)
    if oldest is None or isinstance(when, Beyond):
        return oldest
    assert isinstance(when, Trend)
    return oldest - _reach(when, grain)


def _reach(when: Trend, grain: Grain) -> int:
    """Over how many keys the numbers of a trend may lie: half of their periods may be without one."""
    return 2 * when.periods * _KEYS[grain]


@dataclass(frozen=True)
class _Scene:
    """The numbers of one KPI, as one alert looks at them."""

    catalog: Catalog
    alert: Alert
    kpi: Kpi
    watched: Watched
    part: str
    rule: Rule
    numbers: Grid
    states: States
    now: datetime
    failed: str

    def of(self, cell: str) -> RuleCell:
        """The rule-cell of one cell."""
        return RuleCell(self.alert.name, f"kpi {self.kpi.name}", self.part, self.watched.grain.value, cell)

    # -- bounds --------------------------------------------------------------------------------------------------------

    def beyond(self, when: Beyond, bounds: Bounds) -> Iterator[Seen]:
        """Numbers against their bounds."""
        low, high = self._bound(when.low, "low", bounds), self._bound(when.high, "high", bounds)
        clear_low = low if when.clear_low is None else self._bound(when.clear_low, "low", bounds)
        clear_high = high if when.clear_high is None else self._bound(when.clear_high, "high", bounds)
        code, bound = grids.beyond(self.numbers.value, low, high, clear_low, clear_high)
        return self._seen(code, bound, [], _NO_TARGET, partial=when.partial)

    def _bound(self, threshold: Threshold | None, side: str, bounds: Bounds) -> Floats:
        """One bound for each cell and period; NaN where there is none."""
        numbers = self.numbers
        match threshold:
            case None:
                return np.full(numbers.value.shape, np.nan)
            case OfTarget():
                return threshold.share * (numbers.low if side == "low" else numbers.high)
            case Formula():
                found = bounds.get((threshold.expression.text, self.watched.grain), {})
                return grids.of_formula(found, numbers.cells, numbers.periods.tolist())
            case _:
                return np.full(numbers.value.shape, float(threshold))

    # -- trends --------------------------------------------------------------------------------------------------------

    def trend(self, when: Trend) -> Iterator[Seen]:
        """Whether the last complete numbers of each cell go one way.

        Periods without a number are passed over; numbers that lie farther apart than twice as many periods are none.
        """
        up = when.direction is Direction.UP
        if when.direction is Direction.WORSE:
            up = self.kpi.better is Better.LOWER
        numbers = self.numbers
        code = np.full(numbers.value.shape, grids.NO_DATA)
        text = np.full(numbers.value.shape, "", dtype=object)
        usable = numbers.complete & np.isfinite(numbers.value)
        windows, ends = [], []
        for rows, columns in _alike(usable):
            if len(columns) < when.periods:
                continue
            last = columns[when.periods - 1 :]
            first = columns[: len(last)]
            near = numbers.periods[last] - numbers.periods[first] < _reach(when, self.watched.grain)
            found = sliding_window_view(numbers.value[np.ix_(rows, columns)], when.periods, axis=1)[:, near]
            windows.append(found.reshape(-1, when.periods))
            ends.append((np.repeat(rows, near.sum()), np.tile(last[near], len(rows))))
        if windows:
            s, p = mann_kendall(np.concatenate(windows))
            rows, columns = (np.concatenate(some) for some in zip(*ends, strict=True))
            goes = (p < LEVEL) & ((s > 0) if up else (s < 0))
            code[rows, columns] = np.where(goes, grids.BEYOND, grids.FINE)
            word, pairs = "up" if up else "down", when.periods * (when.periods - 1) / 2
            for at in np.flatnonzero(goes).tolist():
                said = f"{word} over {when.periods} {self.watched.grain}s (tau {s[at] / pairs:.2f}, p {p[at]:.2g})"
                text[rows[at], columns[at]] = said
        few = f"there are fewer than {when.periods} numbers"
        return self._seen(code, np.full(code.shape, np.nan), text.tolist(), few, partial=False)

    # -- from codes to sightings ---------------------------------------------------------------------------------------

    def _seen(
        self, code: Ints, bound: Floats, text: Sequence[Sequence[str]], unknown: str, *, partial: bool
    ) -> Iterator[Seen]:
        """What each cell saw, of what it has not counted yet. `unknown` says why a number could not be judged."""
        numbers = self.numbers
        code = np.where(numbers.withheld & np.isnan(numbers.value), grids.WITHHELD, code)
        periods = numbers.periods.tolist()
        ends = _Ends(self.catalog, self.watched.grain)
        blind = self._blind(ends, periods)
        for row, cell in enumerate(numbers.cells):
            of = self.of(cell)
            state = self.states.get(of)
            columns = np.flatnonzero(numbers.there[row] & (numbers.complete[row] | partial))
            codes = code[row, columns].tolist()
            if state is None or is_new(state, self.rule):
                first = _settled(codes, numbers.complete[row, columns].tolist(), self.rule.clear_after)
            else:
                # Where nothing could be seen, what was counted last shows that it can be again.
                side: Literal["left", "right"] = "left" if state.sight.blind else "right"
                first = int(np.searchsorted(numbers.periods[columns], state.through or 0, side))
            found = []
            for at in range(first, len(columns)):
                column = int(columns[at])
                sight = grids.SIGHTS[codes[at]]
                if sight.blind and at < len(columns) - 1:
                    continue
                value, limit = float(numbers.value[row, column]), float(bound[row, column])
                if sight.blind:
                    said = numbers.reason[row, column] or ("" if isnan(value) else unknown)
                else:
                    said = text[row][column] if text else ""
                complete = bool(numbers.complete[row, column])
                found.append(
                    Sighting(
                        period=periods[column],
                        at=ends.of(periods[column]) if complete else self.now,
                        sight=sight,
                        value=None if isnan(value) else value,
                        bound=None if isnan(limit) else limit,
                        complete=complete,
                        text=said,
                    )
                )
            if blind and (state is None or (state.sight, state.text) != (blind.sight, blind.text) or found):
                found.append(blind)
            if found or state is None or state.rule != self.rule.fingerprint:
                yield of, found

    def _blind(self, ends: _Ends, periods: Sequence[int]) -> Sighting | None:
        """Why nobody can see how things are now: the KPI could not be computed, or was not for some time."""
        if self.failed:
            return Sighting(None, self.now, Sight.ERROR, text=self.failed)
        complete = np.flatnonzero(self.numbers.complete.any(axis=0))
        if len(complete):
            newest = self.catalog.calendar.from_key(self.watched.grain, periods[int(complete[-1])])
            following = self.catalog.calendar.next(newest)
            due = self.catalog.calendar.next(following).end + self.catalog.settles_after(self.kpi.name)
            if due <= self.now:
                return Sighting(None, self.now, Sight.STALE, text=f"its newest complete {newest.grain} is {newest}")
        return None

    # -- nothing new, and restatements ---------------------------------------------------------------------------------

    def stale(self, when: Stale) -> Iterator[Seen]:
        """Whether each cell's newest complete value is too old."""
        ends = _Ends(self.catalog, self.watched.grain)
        has: Bools = self.numbers.complete & np.isfinite(self.numbers.value)
        for row, cell in enumerate(self.numbers.cells):
            columns = np.flatnonzero(has[row])
            if not len(columns):
                yield self.of(cell), [Sighting(None, self.now, Sight.NO_DATA, text="it never had a value")]
                continue
            key = int(self.numbers.periods[columns[-1]])
            name = self.catalog.calendar.from_key(self.watched.grain, key).name
            yield self.of(cell), [nothing_new(ends.of(key), when, self.now, f"its newest complete value is of {name}")]

    def restated(self, changes: Sequence[Changed]) -> Iterator[Seen]:
        """Whether numbers that were closed changed, or would."""
        found = restatements(changes)
        for cell in self.numbers.cells:
            yield self.of(cell), found


def nothing_new(newest: datetime, when: Stale, now: datetime, text: str) -> Sighting:
    """Whether the newest there is came too long ago."""
    due = newest + when.after.elapsed
    if due <= now:
        return Sighting(None, due, Sight.BEYOND, text=text)
    return Sighting(None, newest, Sight.FINE, text="")


def restatements(changes: Sequence[Changed]) -> list[Sighting]:
    """Beyond from the first change on, fine once the last of them is over; of one second what came last."""
    happened: list[tuple[datetime, int, str]] = []
    for change in changes:
        happened.append((change.seen, 1, change.text))
        if change.over is not None:
            happened.append((change.over, -1, ""))
    found: dict[int, Sighting] = {}
    there = 0
    for at, more, text in sorted(happened, key=lambda one: one[0]):
        there += more
        sight = Sight.BEYOND if there else Sight.FINE
        if sight is Sight.BEYOND and more < 0:
            continue
        period = int(at.timestamp())
        found[period] = Sighting(period, at, sight, text=text)
    return list(found.values())


def _alike(usable: Bools) -> Iterator[tuple[Ints, Ints]]:
    """Rows that have numbers in the same columns, and these columns."""
    whole = usable.all(axis=1)
    if whole.any():
        yield np.flatnonzero(whole), np.arange(usable.shape[1])
    for row in np.flatnonzero(~whole).tolist():
        yield np.array([row]), np.flatnonzero(usable[row])


class _Ends:
    """The end of each period, worked out once."""

    def __init__(self, catalog: Catalog, grain: Grain) -> None:
        self._calendar, self._grain = catalog.calendar, grain
        self._known: dict[int, datetime] = {}

    def of(self, key: int) -> datetime:
        """The moment at which the period ends."""
        if key not in self._known:
            self._known[key] = self._calendar.from_key(self._grain, key).end
        return self._known[key]


def _settled(codes: Sequence[int], complete: Sequence[bool], clear_after: int) -> int:
    """From where on a history has to be walked: nothing fires after so many fine periods in a row."""
    fine = 0
    for at in range(len(codes) - 1, -1, -1):
        if not complete[at]:
            continue
        if codes[at] == grids.FINE:
            fine += 1
            if fine == clear_after:
                return at
        elif codes[at] in (grids.BEYOND, grids.BETWEEN):
            fine = 0
    return 0

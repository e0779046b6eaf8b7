"""What a review looks at, KPI by KPI: what was reached, where it is going, how others stand, and what could be asked.

Everything is read from the ledger, as published; a number that is withheld stays withheld. What is worked out here is
no KPI: how often a target was met, a trend, a forecast, a proposal. Nothing after the quarter is looked at, so that
the same review can be written again later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isclose
from statistics import median

import numpy as np

from headway import targets
from headway.alerts.trend import LEVEL, mann_kendall
from headway.formats import dates
from headway.ledger import Ledger
from headway.model import TOTAL, Benchmark, Better, Catalog, Cell, Kpi, Line, Narrative, Status, Take, Target, UnitKind
from headway.periods import Grain, Period
from headway.publish import goals
from headway.publish.stored import Periods, Stored, by_key, rows, year_before
from headway.review.forecast import Forecast, forecast
from headway.review.proposal import Proposal, propose

#: A trend is looked for in so many periods, and in no fewer.
_MOST, _LEAST = 12, 6
_REACHED = (Status.ON, Status.OVER)


@dataclass(frozen=True, slots=True)
class Tally:
    """How complete periods were judged: how many there are, and how many of them met each status."""

    judged: int
    reached: int
    near: int
    #: Why the others have no verdict: withheld, no data.
    silent: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[Stored]) -> Tally:
        """Counts verdicts."""
        counts = Counter(row.verdict.key for row in found if not row.partial)
        reached = sum(counts.pop(status, 0) for status in _REACHED)
        near, off = counts.pop(Status.NEAR, 0), counts.pop(Status.OFF, 0)
        counts.pop(Status.NO_TARGET, None)
        return cls(reached + near + off, reached, near, dict(counts))


@dataclass(frozen=True, slots=True)
class Judged:
    """One line of targets: of the value or its growth, at a grain, for the total, a cell or each cell."""

    target: Target
    #: The bound in force at the quarter's end, as on pages; '' if none is.
    bound: str
    quarter: Tally
    year: Tally


@dataclass(frozen=True, slots=True)
class Trend:
    """Mann and Kendall's test over so many periods; `direction` is +1, -1, or 0 where nothing is certain."""

    direction: int
    p: float
    periods: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast: of the whole year, or of its last period."""

    of: Period
    forecast: Forecast
    #: The periods of which it is made.
    each: Grain
    #: The target that will judge that number, as on pages, and whether the forecast meets it; '' if none does.
    bound: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A benchmark, the quarter's median, and how far it is from the benchmark: above 0 it is met with so much room."""

    benchmark: Benchmark
    typical: float | None
    room: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All of this of one KPI. Where something cannot be said, a sentence says why."""

    kpi: Kpi
    #: Why there is nothing to look at, or ''.
    silent: str
    lines: tuple[Judged, ...] = ()
    #: The quarter's periods by month (or quarter), the quarter, the same one a year before, the year so far.
    months: tuple[Stored, ...] = ()
    quarter: Stored | None = None
    before: Stored | None = None
    year: float | None = None
    trend: Trend | str = ""
    outlook: Outlook | str = ""
    benchmarks: tuple[Compared, ...] = ()
    proposal: Proposal | str = ""
    #: What is asked for now on the line that the proposal is for.
    leading: Target | None = None
    #: The cell that all of this is about.
    cell: Cell = TOTAL
    #: The growth in the quarter, where that is what is asked for.
    growth: tuple[Stored, ...] = ()
    #: True if a longer period's number is the sum of its parts.
    adds_up: bool = False


@dataclass(frozen=True)
class Selection:
    """Which KPIs are reviewed."""

    kpis: tuple[str, ...] = ()
    owner: str | None = None
    area: str | None = None
    everything: bool = False

    def names(self, catalog: Catalog) -> list[str]:
        """In the order of the catalogue; without names, those with a target or a benchmark."""
        return [name for name, kpi in catalog.kpis.items() if self._takes(kpi)]

    def _takes(self, kpi: Kpi) -> bool:
        if isinstance(kpi.measure, Narrative):
            return False
        if (self.owner and kpi.owner != self.owner) or (self.area and kpi.area != self.area):
            return False
        if self.kpis:
            return kpi.name in self.kpis
        return bool(kpi.targets or kpi.benchmarks) or (self.everything and kpi.measure is not None)


def gather(catalog: Catalog, ledger: Ledger, quarter: Period, names: Sequence[str]) -> Iterator[Facts]:
    """The facts of some KPIs."""
    periods = Periods(catalog.calendar)
    for name in names:
        yield _Looking(catalog, ledger, quarter, catalog.kpis[name], periods).facts()


@dataclass
class _Looking:
    catalog: Catalog
    ledger: Ledger
    quarter: Period
    kpi: Kpi
    periods: Periods

    @cached_property
    def year(self) -> Period:
        """The year that the quarter lies in."""
        return self.catalog.calendar.period(Grain.YEAR, self.quarter.first)

    @cached_property
    def cell(self) -> Cell:
        """The cell that is looked at: of a KPI whose targets are all for cells, the first of these; else the total."""
        told = [target for target in self.kpi.targets if not target.each]
        return told[0].cell if told and all(target.columns for target in self.kpi.targets) else TOTAL

    @cached_property
    def grains(self) -> tuple[Grain, ...]:
        """The grains kept of it."""
        return self.kpi.grains(cell=bool(self.cell))

    @cached_property
    def _rows(self) -> dict[str, dict[tuple[Grain, Cell], list[Stored]]]:
        """What was published by the quarter's end, by part, grain and cell; days only where they are judged."""
        kpi = self.kpi
        cells = any(target.columns for target in kpi.targets)
        looked_at = {grain for grain in self.grains if grain.rank >= Grain.MONTH.rank} | {self.grains[0]}
        wanted = {("", grain) for grain in looked_at} | {(target.part, target.grain) for target in kpi.targets}
        found: dict[str, dict[tuple[Grain, Cell], list[Stored]]] = {}
        for part, grain in sorted(wanted):
            table = self.ledger.read(kpi.name, part=part, grain=grain, cells=cells)
            lines = found.setdefault(part, {})
            for line, held in rows(table, self.periods).items():
                lines[line] = [row for row in held if row.period.last <= self.quarter.last]
        return found

    def line(self, grain: Grain, part: str = "", cell: Cell | None = None) -> list[Stored]:
        """The complete periods of a line, in order; of the cell that is looked at, unless another one is named."""
        held = self._rows.get(part, {})
        return [row for row in held.get((grain, self.cell if cell is None else cell), ()) if not row.partial]

    def within(self, span: Period, found: Iterable[Stored]) -> list[Stored]:
        """Those whose last day lies in a span and in the quarter or before it: by that day they are judged."""
        return [row for row in found if span.first <= row.period.last <= span.last]

    def facts(self) -> Facts:
        """Everything that can be said of the KPI."""
        kpi = self.kpi
        silent = self._silent()
        lines = tuple(self._judged())
        leading = next((one.target for one in lines if not one.target.columns), lines[0].target if lines else None)
        if silent:
            return Facts(kpi, silent, lines, leading=leading)
        known = by_key(self.line(Grain.QUARTER))
        own = known.get(self.quarter.key)
        return Facts(
            kpi,
            "",
            lines,
            tuple(self._months()),
            own,
            year_before(self.quarter, known),
            self._so_far(own),
            self._trend(),
            self._outlook(),
            tuple(self._benchmarks()),
            self._proposal(leading),
            leading,
            self.cell,
            tuple(self.within(self.quarter, self.line(leading.grain, leading.part)))
            if leading and leading.part
            else (),
            self._adds_up,
        )

    def _silent(self) -> str:
        """Why there is nothing to look at."""
        standing = targets.standing(self.kpi, self.quarter.last)
        if standing is Status.NOT_TRACKED:
            since = self.kpi.tracked_from
            return f"It is tracked from {since} on." if since and self.kpi.measure else "It is planned, not measured."
        if standing is Status.RETIRED:
            return f"It was retired on {self.kpi.retired_on}."
        if not any(held for lines in self._rows.values() for held in lines.values()):
            return "It has no numbers up to the quarter's end."
        return ""

    # -- what was reached ------------------------------------------------------------------------------------------

    def _judged(self) -> Iterator[Judged]:
        """Each line of targets once, in the order of the targets."""
        by_line: dict[tuple[str, Grain, Cell, tuple[str, ...]], Target] = {}
        for target in self.kpi.targets:
            by_line.setdefault((target.part, target.grain, target.cell, target.each), target)
        for (part, grain, _, _), any_of in by_line.items():
            held = self._rows.get(part, {})
            found = [row for (g, cell), some in held.items() if g is grain and any_of.speaks_of(cell) for row in some]
            last = self.catalog.calendar.period(grain, self.quarter.last) if grain is not Grain.HOUR else None
            held_to = self._in_force(any_of, last) if last else any_of
            yield Judged(
                held_to or any_of,
                goals.declared(held_to, self.kpi, self.catalog.kpis) if held_to else "",
                Tally.of(self.within(self.quarter, found)),
                Tally.of(self.within(self.year, found)),
            )

    def _in_force(self, like: Target, which: Period) -> Target | None:
        """The target of the same line in force on a period's last day."""
        day = min(which.last, self.quarter.last) if which.grain is Grain.YEAR else which.last
        if like.each:
            same = [t for t in self.kpi.targets if (t.part, t.grain, t.cell, t.each) == _line_of(like)]
            held = [t for t in same if (t.first is None or t.first <= day) and (t.through is None or day <= t.through)]
            return held[-1] if held else None
        return targets.in_force(self.kpi, like.grain, like.cell, day, like.part)

    def _months(self) -> list[Stored]:
        """The quarter's months, or what else it is made of that fits on a line."""
        for grain in (self.grains[0] if self.cell else self.kpi.front, Grain.MONTH):
            if grain in self.grains and 0 < len(found := self.within(self.quarter, self.line(grain))) <= 3:
                return found if grain is not Grain.QUARTER else []
        return []

    def _so_far(self, own: Stored | None) -> float | None:
        """The year's number by the quarter's end, where the published numbers give it."""
        if self.kpi.is_state and self.kpi.take is Take.LAST:
            return own.value if own else None
        if self._adds_up:
            every = self.catalog.calendar.between(self._grain, self.year.first, self.quarter.last)
            over = self.within(self.year, self.line(self._grain))
            values = [row.value for row in over if row.value is not None]
            return sum(values) if len(values) == len(every) else None
        held = self.line(Grain.YEAR)
        return next((row.value for row in held if row.period.key == self.year.key), None)

    # -- where it is going -----------------------------------------------------------------------------------------

    @property
    def _grain(self) -> Grain:
        """The periods in which trends and forecasts are told: months, or longer ones for a KPI that has no months."""
        return self.grains[0] if self.grains[0].rank > Grain.MONTH.rank else Grain.MONTH

    @cached_property
    def _adds_up(self) -> bool:
        """True if the number of every year that is over was the sum of its periods; shares do not, not even zeros."""
        if self.kpi.is_state or self.kpi.unit.kind is UnitKind.PERCENT:
            return False
        held = self.line(self._grain)
        years = [row for row in self.line(Grain.YEAR) if row.value is not None]
        for year in years:
            parts = [row.value for row in self.within(year.period, held)]
            if None in parts or not isclose(sum(v for v in parts if v is not None), year.value or 0, rel_tol=1e-9):
                return False
        return any(year.value for year in years)

    @cached_property
    def _valued(self) -> list[Stored]:
        """The complete periods from the first one that has a number."""
        held = self.line(self._grain)
        first = next((n for n, row in enumerate(held) if row.value is not None), len(held))
        return held[first:]

    @cached_property
    def _history(self) -> list[float | None]:
        """Their values without a gap in time: None where there is no number."""
        if not self._valued:
            return []
        known = {row.period.key: row.value for row in self._valued}
        first, last = self._valued[0].period.first, self._valued[-1].period.last
        return [known.get(which.key) for which in self.catalog.calendar.between(self._grain, first, last)]

    def _trend(self) -> Trend | str:
        values = [value for value in self._history if value is not None][-_MOST:]
        if len(values) < _LEAST:
            return f"fewer than {_LEAST} {self._grain}s have a number"
        [s], [p] = mann_kendall(np.array([values]))
        return Trend(int(np.sign(s)) if p < LEVEL else 0, float(p), len(values))

    def _outlook(self) -> Outlook | str:
        """A forecast of the year where its periods add up, else of its last period."""
        calendar, grain = self.catalog.calendar, self._grain
        if grain is Grain.YEAR:
            return "it has one number a year"
        if not self._valued:
            return "it has no total to forecast"
        newest = self._valued[-1].period
        if newest.last < calendar.previous(self.year).last:
            return f"it has had no number since {dates.period(newest)}"
        every = calendar.between(grain, self.year.first, self.year.last)
        steps = sum(which.first > newest.last for which in every)
        over = len(every) - steps
        if not steps:
            return "the year is over"
        season = 12 if grain is Grain.MONTH else 4
        found = forecast(self._history, season, steps, over if self._adds_up else None)
        if found is None:
            if len(self._history) < season:
                return "there is less than a year of history"
            return "a number that it would be made from is missing"
        of = self.year if self._adds_up else every[-1]
        target = targets.in_force(self.kpi, of.grain, self.cell, of.last)
        if target is None and self.kpi.is_state:  # the value of a moment is the same whatever the period is called
            target = targets.in_force(self.kpi, self.grains[0] if self.cell else self.kpi.front, self.cell, of.last)
        if target is None:
            return Outlook(of, found, grain)
        low, high = (_number(bound, of) for bound in (target.low, target.high))
        met = None
        if (low is None) is (target.low is None) and (high is None) is (target.high is None):
            met = (low is None or found.value >= low) and (high is None or found.value <= high)
        return Outlook(of, found, grain, goals.declared(target, self.kpi, self.catalog.kpis), met)

    def _benchmarks(self) -> Iterator[Compared]:
        """Each benchmark beside what is typical of the quarter, at the KPI's own grain: it is written for that."""
        reached = [row.value for row in self.within(self.quarter, self.line(self.grains[0])) if row.value is not None]
        typical = median(reached) if reached else None
        for one in self.kpi.benchmarks:
            room = []
            if typical is not None:
                room += [typical - one.low] if one.low is not None else []
                room += [one.high - typical] if one.high is not None else []
            yield Compared(one, typical, min(room) if room else None)

    # -- what could be asked ---------------------------------------------------------------------------------------

    def _proposal(self, leading: Target | None) -> Proposal | str:
        kpi = self.kpi
        if leading is None:
            grain, part, cell = kpi.front, "", TOTAL
        else:
            grain, part, cell = leading.grain, leading.part, leading.cell
            if (why := _by_hand(leading, self.quarter)) is not None:
                return why
            if not part and kpi.better is (Better.LOWER if leading.high is None else Better.HIGHER):
                return f"its target and `better: {kpi.better}` ask for different things"
        held = self.line(grain, part, cell)
        seen = [row.value for row in held if row.value is not None]
        reached = [row.value for row in self.within(self.quarter, held) if row.value is not None]
        if held and not reached and grain is Grain.YEAR:
            return "its target is for years, and none ends in the quarter"
        better = kpi.better
        if part and leading is not None:  # growth has a side of its own
            better = Better.HIGHER if leading.high is None else Better.LOWER
        return propose(reached, seen, better, goals.unit_of(kpi, part))


def _line_of(target: Target) -> tuple[str, Grain, Cell, tuple[str, ...]]:
    return target.part, target.grain, target.cell, target.each


def _number(bound: object, of: Period) -> float | None:
    """A bound as a number at the end of a period; None for a formula."""
    match bound:
        case Line():
            along = (of.last - bound.first).days / (bound.due - bound.first).days
            return bound.start + (bound.reach - bound.start) * min(1.0, max(0.0, along))
        case float() | int():
            return float(bound)
    return None


def _by_hand(target: Target, quarter: Period) -> str | None:
    """Why a target is not to be replaced by a stretch over what was reached."""
    if any(target.formulas):
        return "its bound is a formula, which moves by itself"
    if target.bands:
        return "it has bands, which are set by hand"
    if target.each:
        return "its target is for each cell alike"
    if target.low is not None and target.high is not None:
        return "its target is a range, which is set by hand"
    for bound in (target.low, target.high):
        if isinstance(bound, Line) and bound.due > quarter.last:
            return f"its line runs until {bound.due}"
    return None


__all__ = ["Facts", "Judged", "Outlook", "Selection", "Tally", "Trend", "gather"]

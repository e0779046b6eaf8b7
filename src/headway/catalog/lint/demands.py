"""What targets ask for, one demand for each that is in force today or later, and how demands and numbers read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from headway.errors import Place
from headway.model import Bound, Catalog, Cell, Formula, Kpi, Target, Unit, UnitKind
from headway.periods import Grain, Length, Window, WindowKind
from headway.periods import Unit as TimeUnit


@dataclass(frozen=True, slots=True)
class Demand:
    """One target of a KPI while it is in force: from `first` to `last`, None is open. Lines and formulas bound nothing
    here: `low` and `high` are numbers."""

    kpi: Kpi
    target: Target
    low: float | None
    high: float | None
    first: date | None
    last: date | None

    @property
    def place(self) -> Place:
        """Where its bound is written."""
        return self.target.place or self.kpi.place

    @property
    def cell(self) -> Cell:
        """The cell that it is for."""
        return self.target.cell

    @property
    def of_total(self) -> bool:
        """True if it is for no cell."""
        return not self.target.columns

    @property
    def unit(self) -> Unit:
        """The unit of its bounds."""
        return Unit(UnitKind.PERCENT, "percent") if self.target.growth else self.kpi.unit

    @property
    def name(self) -> str:
        """The KPI as a formula calls it, with the period if its targets judge several: `csat[topic = 'support']`."""
        cells = [f"{column} = '{value}'" for column, value in self.cell]
        cells += [f"each {column}" for column in self.target.each]
        several = len({target.grain for target in self.kpi.targets}) > 1
        grain = f" by {self.target.grain}" if several else ""
        return self.kpi.name + (f"[{', '.join(cells)}]" if cells else "") + grain

    @property
    def words(self) -> str:
        """What it asks for: `at most 2 %`, `between 15 % and 20 %`."""
        return bounds(self.low, self.high, self.unit)

    def meets(self, other: Demand) -> bool:
        """True if there is a day on which both are in force."""
        first = max(self.first or date.min, other.first or date.min)
        return first <= min(self.last or date.max, other.last or date.max)

    def speaks_of(self, other: Demand) -> bool:
        """True if both are for the total, or for the same cell."""
        return (self.cell, self.target.each) == (other.cell, other.target.each)


def demands(catalog: Catalog, today: date) -> list[Demand]:
    """Every target that is in force on `today` or will be, with the days on which it is."""
    return [demand for kpi in catalog.kpis.values() for demand in of_kpi(kpi, today)]


def of_kpi(kpi: Kpi, today: date) -> Iterator[Demand]:
    """The demands of one KPI; a retired KPI has none."""
    if kpi.retired_on is not None and kpi.retired_on < today:
        return
    for target in kpi.targets:
        rivals = [t for t in kpi.targets if t is not target and _subject(t) == _subject(target)]
        begun = target.first or date.min
        after = min((t.first for t in rivals if t.first and t.first > begun), default=None)
        ends = [day for day in (target.through, after and after - timedelta(days=1), kpi.retired_on) if day]
        last = min(ends, default=None)
        if last is None or last >= today:
            yield Demand(kpi, target, number(target.low), number(target.high), target.first, last)


def _subject(target: Target) -> tuple[object, ...]:
    return target.grain, target.cell, target.each, target.growth


def number(bound: Bound | None) -> float | None:
    """A bound that is one number; what moves or has to be computed is none."""
    return bound if isinstance(bound, int | float) else None


def formula(demand: Demand) -> tuple[Formula | None, Formula | None]:
    """The lower and the upper bound that are formulas."""
    low, high = demand.target.low, demand.target.high
    return low if isinstance(low, Formula) else None, high if isinstance(high, Formula) else None


def span(demand: Demand) -> Length | None:
    """The length of time that its number speaks of: of the window, of growth, else of the period; None for a moment."""
    if demand.target.growth is not None:
        return demand.target.growth
    window = demand.kpi.window
    if window is not None:
        return of_window(window)
    return None if demand.kpi.is_state else of_grain(demand.target.grain)


def of_window(window: Window) -> Length | None:
    """How long a window is, if that is fixed."""
    if window.kind is WindowKind.TRAILING:
        return window.length
    return of_grain(window.grain) if window.kind is WindowKind.CALENDAR and window.grain else None


def of_grain(grain: Grain) -> Length:
    """How long a period is."""
    return Length(1, TimeUnit(grain.value))


def years(length: Length) -> float:
    """A length in years: exact for months, a 365th for each day."""
    if length.months is not None:
        return length.months / 12
    return length.elapsed.total_seconds() / 86400 / 365


def same_length(one: Length | None, other: Length | None) -> bool:
    """True for two lengths that are as long, or two moments."""
    if one is None or other is None:
        return one is other
    return abs(years(one) - years(other)) < 1e-9


# -- words ---------------------------------------------------------------------------------------------------------


def bounds(low: float | None, high: float | None, unit: Unit) -> str:
    """`at most 2 %`, `at least 5`, `between 15 % and 20 %`."""
    if low is not None and high is not None:
        return f"between {quantity(low, unit)} and {quantity(high, unit)}"
    if low is not None:
        return f"at least {quantity(low, unit)}"
    return f"at most {quantity(high, unit)}" if high is not None else "a bound that moves"


def quantity(value: float, unit: Unit) -> str:
    """A bound as it is written: 99.95 %, 500 ms, 5,000 USD."""
    if unit.kind is UnitKind.PERCENT:
        return f"{_plain(value * 100)} %"
    return f"{_plain(value)} {unit}".rstrip()


def percent(share: float) -> str:
    """A share that was worked out: 21.5 %, 792 %, 1,435 %."""
    value = share * 100
    return f"{value:,.0f} %" if abs(value) >= 1000 else f"{value:.3g} %"


def _plain(value: float) -> str:
    shown = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if shown in ("-0", "") else shown


def per(span: Length) -> str:
    """`a month`, `in 6 months`: what follows a rate."""
    return length(span) if span.count == 1 else f"in {span}"


def length(span: Length) -> str:
    """`a month`, `6 months`."""
    return f"a{'n' if span.unit is TimeUnit.HOUR else ''} {span.unit}" if span.count == 1 else str(span)

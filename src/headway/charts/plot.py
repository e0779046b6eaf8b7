"""What a chart of several series shows, before it is drawn: lines, layers, bars, movements, a grid or a curve.

Values arrive judged, ordered, named and as text; a plot only says what stands where. `Figure` is the chart of a single
KPI; a `Plot` is every other one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headway.charts.figure import Remark, Step

Shape = Literal["line", "area", "stacked area", "bar", "stacked bar", "waterfall", "histogram", "survival curve"]
#: What a series is among the others: one of up to eight categories, the rest of them, or what they are parts of.
Role = Literal["category", "others", "total"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One place along the axis: `at` counts days (with a fraction for hours), or is a number in its own order.

    `name` is what may stand under it, `label` names it whole: "Oct", and "October 2026".
    """

    at: float
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line, layer or set of bars with a value for each slot; None is a gap.

    `texts` are the values as they are read ("1,243 people"); `label` stands at its end beside its name. A value that
    is not final is `partial`. Of a waterfall, each series is a movement, below zero where it takes away.
    """

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    label: str = ""
    role: Role = "category"
    partial: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything that one chart of series shows. `ticks` are the labelled values of its scale, `low`, `high` its ends.

    `log_ticks` are those of a scale that grows by factors, for a reader who may choose; empty where it makes no sense.
    `log` is true if it is drawn so at first. `totals` say for each slot what the parts of a stack come to, where no
    series does. `opening` is where a waterfall begins. `says` is its sentence of finding
    for those who do not see it, `unit` what is counted, in words.
    """

    shape: Shape
    slots: tuple[Slot, ...]
    series: tuple[Series, ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    says: str
    unit: str = ""
    log_ticks: tuple[tuple[float, str], ...] = ()
    log: bool = False
    opening: float | None = None
    steps: tuple[Step, ...] = ()
    remarks: tuple[Remark, ...] = ()
    totals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """One field of a grid: its value, as text, and what stands in its place where there is none ("not yet").

    A number that is `held` back is hatched: there is one, which others may not see.
    """

    value: float | None
    text: str
    missing: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A heat map: patches by row and column, darker the more; `rows` and `columns` are their names.

    `low` and `high` are the ends of the scale of seven shades; the first and last of `ticks` name them.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    patches: tuple[tuple[Patch, ...], ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    says: str
    column_title: str = ""

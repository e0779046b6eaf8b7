"""One KPI, every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from headway.errors import Place
from headway.model.checks import KpiCheck
from headway.model.measures import Balance, Measure, Parts, Recurring, Retention, RowMeasure
from headway.model.target import Benchmark, Target
from headway.model.words import Audience, Better, Empty, Expression, Rank, Take, Total, Unit
from headway.periods import Grain, Window, WindowKind


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI, resolved: every default filled in. `measure` is None for a KPI that is planned but not measured yet."""

    name: str
    title: str
    measure: Measure | None
    unit: Unit
    grain: Grain
    audience: Audience
    place: Place
    #: The YAML as written, shown under "How this is calculated".
    written: str
    about: str = ""
    why: str = ""
    area: str | None = None
    owner: str | None = None
    #: Readers who may not see it learn that there is such a KPI: its title, area and owner.
    listed: bool = False
    rank: Rank | None = None
    decimals: int | None = None
    better: Better = Better.NONE
    by: tuple[tuple[str, ...], ...] = ()
    by_grain: Grain = Grain.DAY
    where: Expression | None = None
    time: str | None = None
    window: Window | None = None
    take: Take = Take.LAST
    empty: Empty = Empty.NO_DATA
    total: Total = Total.COMPUTED
    #: The fewest answers from which a score is shown; `n` counts them.
    min_n: int = 0
    tracked_from: date | None = None
    retired_on: date | None = None
    history: str | None = None
    #: Names that it had earlier, and those of values of its breakdowns: column -> old -> new, as texts of cells.
    formerly: tuple[str, ...] = ()
    revalued: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    checks: tuple[KpiCheck, ...] = ()
    #: Findings of the linter that are meant: slug -> reason.
    allow: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def source(self) -> str | None:
        """The source whose rows date its periods, or None for kinds over KPIs and files of numbers."""
        return self.measure.source if isinstance(self.measure, RowMeasure) else None

    @property
    def dated_by(self) -> tuple[str, str | None] | None:
        """The source and column whose days put its rows into periods; without a column, the source's own time."""
        if not isinstance(self.measure, RowMeasure):
            return None
        return self.measure.dated_by or (self.measure.source, self.time)

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources whose rows it reads."""
        return self.measure.sources if self.measure else ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The KPIs that it reads."""
        return self.measure.inputs if self.measure else ()

    @property
    def compared(self) -> tuple[str, ...]:
        """The KPIs that its targets read. They are computed with it, in any order: verdicts come after all numbers."""
        return tuple(
            dict.fromkeys(read for target in self.targets for bound in target.formulas for read in bound.inputs)
        )

    @property
    def reconciled(self) -> tuple[str, ...]:
        """The KPIs that its checks read. It is judged before others read it, so these are computed first."""
        return tuple(dict.fromkeys(read for check in self.checks for read in check.inputs))

    @property
    def is_state(self) -> bool:
        """True if its value is a function of a moment, so that a longer period takes one of its own values."""
        return self.is_state_of("")

    def is_state_of(self, part: str) -> bool:
        """True if the value, or a part, is a function of a moment; a window makes every number one."""
        if self.window is not None:
            return True
        if part:
            return part in self.parts and self.parts[part].state
        return self.measure is not None and self.measure.is_state

    @property
    def looks_ahead(self) -> bool:
        """True if it reads rows that are known already, of days that are still to come."""
        return self.window is not None and self.window.kind is WindowKind.NEXT

    @property
    def parts(self) -> Parts:
        """The numbers that come with the value, `csat.low`."""
        return self.measure.parts if self.measure else {}

    @property
    def offered(self) -> Parts:
        """Every part that may be read, whether or not somebody does."""
        return self.measure.offered if self.measure else {}

    def has_total(self, part: str = "") -> bool:
        """False for a value, or a part, that only cells have. A cohort has one size, and a share for each age."""
        return self.total is not Total.NONE or (isinstance(self.measure, Retention) and part == "cohort")

    def nothing(self, part: str = "") -> Empty:
        """What no rows mean for the value, or for a part."""
        return self.parts[part].empty if part else self.empty

    def zero_when_absent(self, part: str = "") -> bool:
        """True if a cell that is not there stands for 0, where the total has a value.

        Counts, sums and their like say so by `empty`, and what is made of them alone by arithmetic that keeps 0. A
        balance is 0 in a cell that its copy, or anybody, does not have. Who counted elsewhere and did not name a cell
        said nothing of it.
        """
        adds_up = isinstance(self.measure, Balance) and self.total is Total.COMPUTED
        return self.nothing(part) is Empty.ZERO or adds_up

    def unit_of(self, part: str = "") -> Unit:
        """What the value, or a part, counts."""
        own = self.offered[part].unit if part in self.offered else None
        return own or self.unit

    def by_of(self, part: str = "") -> tuple[tuple[str, ...], ...]:
        """The breakdowns of the value, or of a part."""
        if isinstance(self.measure, Recurring) and self.measure.reason and part in Recurring.REASONED:
            return (*self.by, (self.measure.reason,))
        return self.by

    @property
    def breakdowns(self) -> tuple[tuple[str, ...], ...]:
        """Every breakdown that the value or any part has."""
        return tuple(dict.fromkeys(breakdown for part in ("", *self.parts) for breakdown in self.by_of(part)))

    def grains(self, cell: bool = False) -> tuple[Grain, ...]:
        """The grains kept for the total, or for cells."""
        return (self.by_grain if cell else self.grain).longer()

    @property
    def front(self) -> Grain:
        """The grain of its card and of its first page: its own, or the shortest at which the total is judged."""
        judged = {target.grain for target in self.targets if not target.columns}
        return next((grain for grain in self.grains() if grain in judged), self.grain)

    def at(self, key: str) -> Place:
        """Where `key` is written, or the KPI itself."""
        return self.places.get(key, self.place)

"""What a KPI measures: one class per kind, with what it reads and the parts that come with its value.

A kind is a *flow*, a function of a span of time, or a *state*, a function of a moment. So is each of its parts: the
value of `recurring` is a state (the amount under way), its movements are flows. `sources` are those whose rows it
reads, the first of them dates its periods; `inputs` are the KPIs that it reads. Every measure has one or the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from headway.model.words import Empty, Expression, Take, Unit, UnitKind
from headway.periods import Length


@dataclass(frozen=True, slots=True)
class Part:
    """A number that comes with a KPI's value, such as `csat.low`.

    `empty` is what no rows mean for it. `unit` is None for the KPI's own. `state` says that it is a function of a
    moment; all others are functions of a span, also where the value is a state.
    """

    empty: Empty
    unit: Unit | None = None
    state: bool = False


#: Parts by name.
Parts = Mapping[str, Part]

_PERCENT = Unit(UnitKind.PERCENT, "percent")
_COUNT = Part(Empty.ZERO, Unit(UnitKind.NONE))
_AMOUNT = Part(Empty.ZERO)
_NONE: Parts = {}


# -- kinds over the rows of sources ----------------------------------------------------------------------------------


class _OfRows:
    """What the kinds over rows share: unless they say otherwise, one source, no KPIs, no parts, a flow."""

    __slots__ = ()
    source: str
    column: str | None
    is_state: ClassVar[bool] = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources whose rows it reads; the first one dates its periods."""
        return (self.source,)

    @property
    def picks(self) -> str:
        """The source that `where` and `by` are about."""
        return self.source

    @property
    def built_in(self) -> frozenset[str]:
        """Breakdowns that are no columns."""
        return frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `source`, the first one, that it reads."""
        return (self.column,) if self.column else ()

    @property
    def dated_by(self) -> tuple[str, str] | None:
        """The source and column whose days put its rows into periods, where the kind itself says so."""
        return None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The KPIs that it reads."""
        return ()

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """The expressions over rows of `source` that it reads, beside the KPI's filter."""
        return ()

    @property
    def parts(self) -> Parts:
        """The numbers that come with its value."""
        return _NONE

    @property
    def offered(self) -> Parts:
        """Every part that may be read; more than `parts` where one is computed only if somebody reads it."""
        return self.parts


@dataclass(frozen=True)
class Aggregate(_OfRows):
    """`count: source`, or `sum mean min max: source.column`. A flow."""

    function: Literal["count", "sum", "mean", "min", "max"]
    source: str
    column: str | None = None


@dataclass(frozen=True)
class Share(_OfRows):
    """`share: source.boolean_column`: rows that are true over rows that are not null. A flow."""

    source: str
    column: str

    @property
    def parts(self) -> Parts:
        """The 95 % interval."""
        return {"low": Part(Empty.NO_DATA), "high": Part(Empty.NO_DATA)}


@dataclass(frozen=True)
class Quantile(_OfRows):
    """`median: source.column`, or `p95`, `p99.9`: the value that this many percent of the rows stay under. A flow."""

    function: str  # as written
    source: str
    column: str

    @property
    def level(self) -> float:
        """0.5 for `median`, 0.95 for `p95`."""
        return level(self.function)


def level(word: str) -> float:
    """The level of a quantile's name: 0.5 for `median`, 0.95 for `p95`."""
    return 0.5 if word == "median" else float(Decimal(word[1:]) / 100)


@dataclass(frozen=True)
class Nps(_OfRows):
    """`nps: source.score`: 100 x (share of scores >= `promoters` - share <= `detractors`), nulls left out. A flow."""

    source: str
    column: str
    promoters: float = 9.0
    detractors: float = 6.0

    @property
    def parts(self) -> Parts:
        """The three counts, and the 95 % interval."""
        interval = {"low": Part(Empty.NO_DATA), "high": Part(Empty.NO_DATA)}
        return {"promoters": _COUNT, "passives": _COUNT, "detractors": _COUNT, **interval}


@dataclass(frozen=True)
class Distinct(_OfRows):
    """`distinct: source.column`: values seen on at least `min_days` local days of the span. A flow.

    `named` are the parts that somebody reads: each costs a pass over the gaps, so only these are computed.
    """

    source: str
    column: str
    min_days: int = 1
    named: tuple[str, ...] = ()

    #: Parts that ask for the span before, and parts that ask for everything before.
    COMPARED: ClassVar[frozenset[str]] = frozenset({"returning", "resurrected", "dormant"})
    EVER: ClassVar[frozenset[str]] = frozenset({"new", "resurrected"})
    _EVERY: ClassVar[Parts] = {
        **dict.fromkeys(("new", "returning", "resurrected", "dormant"), Part(Empty.ZERO)),
        "days": _COUNT,
    }

    @property
    def offered(self) -> Parts:
        """All of them; with `min_days` only `days`, because the others ask for one day."""
        return self._EVERY if self.min_days == 1 else {"days": self._EVERY["days"]}

    @property
    def parts(self) -> Parts:
        """Those of its parts that somebody reads."""
        return {part: self._EVERY[part] for part in self.named}

    @property
    def compares(self) -> bool:
        """True if a part that is read asks who was there in the span before."""
        return not self.COMPARED.isdisjoint(self.named)


@dataclass(frozen=True)
class Open(_OfRows):
    """`open: source[.column]`: rows, or distinct values, under way at the end of the period. A state."""

    source: str
    column: str | None = None

    is_state = True


@dataclass(frozen=True)
class Concurrency(_OfRows):
    """`open` with `take`: the most, the least or the mean number under way over every moment of the span. A flow."""

    take: Literal[Take.MAX, Take.MIN, Take.MEAN]
    source: str
    column: str | None = None


@dataclass(frozen=True)
class Balance(_OfRows):
    """`balance: source[.column]`: the sum over the newest copy in the period, or with `per` each one's last row."""

    source: str
    column: str | None = None
    per: str | None = None

    is_state = True

    @property
    def columns(self) -> tuple[str, ...]:
        """What is summed, and what each row belongs to."""
        return tuple(filter(None, (self.column, self.per)))


@dataclass(frozen=True)
class Recurring(_OfRows):
    """`recurring: source.monthly_amount`: the amount under way per `customer`. A state; its movements are flows.

    `plus` are events' amounts, (source, column), which count in their own period only. `reason` is the column that
    says why a row ended.
    """

    source: str
    column: str
    customer: str
    plus: tuple[str, str] | None = None
    reason: str | None = None

    is_state = True
    #: Signed movements of the amount: they sum to its change. Those of `REASONED` also have the breakdown `reason`.
    MOVEMENTS: ClassVar[tuple[str, ...]] = ("new", "expansion", "contraction", "churn", "reactivation")
    REASONED: ClassVar[tuple[str, ...]] = ("churn", "lost_customers")

    @property
    def sources(self) -> tuple[str, ...]:
        """Its own source, and that of `plus`."""
        return (self.source, *((self.plus[0],) if self.plus else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """The amount, who pays it, and why it ended."""
        return tuple(filter(None, (self.column, self.customer, self.reason)))

    @property
    def parts(self) -> Parts:
        """Movements, customers and their classes, and what was kept over a span."""
        customers = Unit(UnitKind.NOUN, "customers")
        counts = ("new_customers", "lost_customers", "returned_customers", "kept_customers")
        return {
            **dict.fromkeys(self.MOVEMENTS, _AMOUNT),
            "customers": Part(Empty.ZERO, customers, state=True),
            **dict.fromkeys(counts, Part(Empty.ZERO, customers)),
            "retained": _AMOUNT,
            "kept": _AMOUNT,
        }


@dataclass(frozen=True)
class Retention(_OfRows):
    """`retention: source.column`: the share of those of before who came back. A flow.

    Without more: of those of the span before. `after`: of those whose N-th day (week, month) after joining ends in
    the period, who were seen in it, or with `unbounded` since it began. `ages`: the same for every age up to that, by
    the period of joining, in the built-in breakdown `AGE`. `since` is when somebody joined, (source, column), else
    their first row.
    """

    source: str
    column: str
    since: tuple[str, str] | None = None
    after: Length | None = None
    unbounded: bool = False
    ages: Length | None = None

    #: The breakdown of `ages`: 0, 1, 2 ... units since joining.
    AGE: ClassVar[str] = "age"

    @property
    def compares(self) -> bool:
        """True without more: it asks who was there in the span before."""
        return self.after is None and self.ages is None

    @property
    def built_in(self) -> frozenset[str]:
        """The age."""
        return frozenset({self.AGE}) if self.ages else frozenset()

    @property
    def picks(self) -> str:
        """The source that `where` and `by` are about: of those who joined, or of what they did."""
        return self.since[0] if self.since else self.source

    @property
    def sources(self) -> tuple[str, ...]:
        """Its own source, and the one that says when somebody joined."""
        return tuple(dict.fromkeys((self.source, *((self.since[0],) if self.since else ()))))

    @property
    def parts(self) -> Parts:
        """How many there were, and how many of them came back."""
        return {"cohort": _COUNT, "active": _COUNT}


@dataclass(frozen=True, slots=True)
class Mark:
    """One end of a duration: `source.column` of each row, or the `first` or `last` of the rows where `where` holds."""

    source: str
    column: str
    which: Literal["each", "first", "last"] = "each"
    where: Expression | None = None
    #: The references that lead from its source to the entity's.
    way: tuple[str, ...] = ()


#: Seconds in a unit of the names of `Duration.cuts`, the largest first.
_SIZES = ((86_400, "days"), (3600, "hours"), (60, "minutes"))


@dataclass(frozen=True)
class Duration(_OfRows):
    """`duration: {from, to, per}`: a statistic of the time that entities take from one mark to the next. A flow.

    `source` is the entity's: `per`, else that of `begin`. `in_unit` is a unit of elapsed time, or `working days`; with
    `within` it is '', because a share has none. `by_start` dates an entity by its begin, and has `follow`. `drawn` says
    that a board draws its survival curve: the share of those who take longer is then kept for each of `cuts`.
    """

    source: str
    begin: Mark
    end: Mark
    in_unit: str
    statistic: str = "mean"
    within: Length | None = None
    by_start: bool = False
    follow: Length | None = None
    drawn: bool = False

    #: Seconds between the points of a survival curve, and how many points it has at most.
    _STEPS: ClassVar[tuple[int, ...]] = (
        *(60 * minutes for minutes in (1, 5, 15)),
        *(3600 * hours for hours in (1, 2, 6, 12)),
        *(86_400 * days for days in (1, 2, 7, 14, 30, 90)),
    )
    _POINTS: ClassVar[int] = 15

    @property
    def cuts(self) -> Mapping[str, timedelta]:
        """The points of its survival curve by the name of their part: `beyond_14_days` -> 14 days."""
        if not self.drawn or self.follow is None:
            return {}
        whole = int(self.follow.elapsed.total_seconds())
        step = next((step for step in self._STEPS if whole <= step * self._POINTS), self._STEPS[-1])
        size, unit = next((size, unit) for size, unit in _SIZES if step % size == 0 and whole % size == 0)
        ends = [*range(step, whole, step), whole]
        return {f"beyond_{end // size}_{unit}": timedelta(seconds=end) for end in ends}

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its marks that stand in the entity's source."""
        return tuple(mark.column for mark in (self.begin, self.end) if mark.source == self.source)

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """Those of its marks that stand in the entity's source."""
        return tuple(m.where for m in (self.begin, self.end) if m.where and m.source == self.source)

    @property
    def sources(self) -> tuple[str, ...]:
        """The entity's source, and those of the two marks."""
        return tuple(dict.fromkeys((self.source, self.begin.source, self.end.source)))

    @property
    def dated_by(self) -> tuple[str, str]:
        """The mark that dates it."""
        mark = self.begin if self.by_start else self.end
        return mark.source, mark.column

    @property
    def parts(self) -> Parts:
        """How many finished, how many are still under way, the share that got there, and shares that take longer."""
        share = Part(Empty.NO_DATA, _PERCENT)
        return {"finished": _COUNT, "open": _COUNT, "reached": share, **dict.fromkeys(self.cuts, share)}


@dataclass(frozen=True)
class Availability(_OfRows):
    """`availability: source`: the share of time in which nothing was down. A flow.

    `planned` and `degraded` class rows; all other rows are down.
    """

    source: str
    planned: Expression | None = None
    degraded: Expression | None = None
    column: None = None

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """Those that class rows."""
        return tuple(filter(None, (self.planned, self.degraded)))

    @property
    def parts(self) -> Parts:
        """The four times in minutes, and how many failures began. What never had a row was not down."""
        minutes = Part(Empty.ZERO, Unit(UnitKind.ELAPSED, "minutes"))
        up = replace(minutes, empty=Empty.NO_DATA)
        return {"uptime": up, **dict.fromkeys(("downtime", "planned", "degraded"), minutes), "failures": _COUNT}


@dataclass(frozen=True)
class Accrue(_OfRows):
    """`accrue: source.amount`: amounts of lasting rows, each spread evenly over its months. A flow."""

    source: str
    column: str


# -- kinds over KPIs, and numbers from elsewhere ---------------------------------------------------------------------


class _OfNumbers:
    """What the kinds over KPIs and files share: no rows."""

    __slots__ = ()
    is_state: ClassVar[bool] = False

    @property
    def sources(self) -> tuple[str, ...]:
        """No source."""
        return ()

    @property
    def parts(self) -> Parts:
        """The numbers that come with its value."""
        return _NONE

    @property
    def offered(self) -> Parts:
        """Every part that may be read; more than `parts` where one is computed only if somebody reads it."""
        return self.parts


@dataclass(frozen=True)
class Formula(_OfNumbers):
    """An expression over KPIs. `inputs` are the names of the KPIs it reads, in order of appearance."""

    expression: Expression
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Entered(_OfNumbers):
    """Numbers typed by people into a CSV file of the project."""

    path: str

    is_state = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """No KPI."""
        return ()


@dataclass(frozen=True)
class Narrative(_OfNumbers):
    """Texts with evidence, in a CSV file of the project: a KPI that is told in words, and has no number."""

    path: str

    is_state = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """No KPI."""
        return ()


@dataclass(frozen=True)
class Spread(_OfNumbers):
    """`spread: kpi, across: breakdown`: the KPI's cells as a distribution; the value is their median."""

    kpi: str
    across: tuple[str, ...]
    quantiles: tuple[str, ...] = ("p10", "median", "p90")
    #: The cuts between bins, rising.
    bins: tuple[float, ...] = ()
    zeros: bool = False
    #: As the KPI whose cells it reads.
    is_state: bool = False  # type: ignore[misc]  # a field in place of the class's word

    @property
    def inputs(self) -> tuple[str, ...]:
        """The KPI whose cells it reads."""
        return (self.kpi,)

    @property
    def levels(self) -> Mapping[str, float]:
        """The quantiles by name: 0.1 for `p10`, 0.999 for `p99_9`."""
        return {word.replace(".", "_"): level(word) for word in self.quantiles}

    @property
    def bounds(self) -> Mapping[str, tuple[float | None, float | None]]:
        """The bins by name, each from its first bound up to and without its second: `below_1`, `from_1`, `from_10`."""
        if not self.bins:
            return {}
        found: dict[str, tuple[float | None, float | None]] = {f"below_{_said(self.bins[0])}": (None, self.bins[0])}
        for low, high in zip(self.bins, (*self.bins[1:], None), strict=True):
            found[f"from_{_said(low)}"] = (low, high)
        return found

    @property
    def parts(self) -> Parts:
        """The quantiles, the mean, how many cells there are, and how many of them fall into each bin."""
        own = Part(Empty.NO_DATA, state=self.is_state)
        count = replace(_COUNT, state=self.is_state)
        return {**dict.fromkeys((*self.levels, "mean"), own), "groups": count, **dict.fromkeys(self.bounds, count)}


def _said(number: float) -> str:
    """A number as part of a name: 10, 0_5, minus_3."""
    return f"{number:.15g}".replace("-", "minus_").replace("+", "").replace(".", "_")


@dataclass(frozen=True)
class Tiered(_OfNumbers):
    """`tiered: kpi, across: breakdown, tiers`: each cell's value priced by marginal tiers, and summed. A flow.

    `tiers` are (up to, price of each), the last one without an end.
    """

    kpi: str
    across: tuple[str, ...]
    tiers: tuple[tuple[float | None, float], ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The KPI whose cells it prices."""
        return (self.kpi,)


@dataclass(frozen=True)
class Lasts(_OfNumbers):
    """`lasts: balance, less, plus, fee`: for how many coming periods a balance stays at or above zero. A state.

    `less`, `plus` and `fee` are formulas; `reads` are the KPIs in them.
    """

    balance: str
    less: Expression
    plus: Expression | None = None
    fee: Expression | None = None
    reads: tuple[str, ...] = ()

    is_state = True

    @property
    def flows(self) -> Mapping[str, Expression]:
        """The formulas that are written, by key."""
        written = {"less": self.less, "plus": self.plus, "fee": self.fee}
        return {key: expression for key, expression in written.items() if expression is not None}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The balance, and the KPIs in the three formulas."""
        return tuple(dict.fromkeys((self.balance, *self.reads)))


@dataclass(frozen=True)
class Python(_OfNumbers):
    """`python: file.py:function`: a function of the project that writes the SELECT.

    The first of `sources` dates its periods. `digest` stands for what the function's file says.
    """

    function: str
    sources: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)
    is_state: bool = False  # type: ignore[misc]  # a field in place of the class's word
    digest: str = ""


#: Kinds that read rows in a plan.
RowMeasure = (
    Aggregate
    | Quantile
    | Share
    | Nps
    | Distinct
    | Open
    | Concurrency
    | Balance
    | Recurring
    | Retention
    | Duration
    | Availability
    | Accrue
)
Measure = RowMeasure | Formula | Entered | Narrative | Spread | Tiered | Lasts | Python

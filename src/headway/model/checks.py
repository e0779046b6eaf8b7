"""Declared checks: what must hold of the rows of a source and of the numbers of a KPI, and what follows if it does not.

A rule over a source is about its rows, one by one (`OF_ROWS`), or about its days and periods. Its family says which
quality of the data it looks after. Expressions stay text with their place; `checks` gives them meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from headway.errors import Place
from headway.model.measures import Formula
from headway.model.words import Expression
from headway.periods import Grain, Length, Period


class Then(StrEnum):
    """What follows from a check that fails."""

    WITHHOLD = "withhold"
    WARN = "warn"
    STOP = "stop"


class Family(StrEnum):
    """The four qualities of data."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    TIMELINESS = "timeliness"
    CONSISTENCY = "consistency"


#: Names of the checks that every source has: of its key, and of the reference by a column.
KEY = "key"
REFERS = "refers."

#: A bound of a column; None is open.
Limit = float | date | None


# -- rules over sources ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotNull:
    """`not_null: [columns]`: every row has them."""

    kind: ClassVar[str] = "not_null"
    family: ClassVar[Family] = Family.COMPLETENESS
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Covers:
    """`coverage: {of, grain, at_least}`: that share of the days of a period has rows, or of what is referred to.

    `of` is None for days, else the source of which each row that is alive in the period should be referred to; `way`
    are the references that lead there.
    """

    kind: ClassVar[str] = "coverage"
    family: ClassVar[Family] = Family.COMPLETENESS
    grain: Grain
    at_least: float
    of: str | None = None
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Between:
    """`between: {column: [low, high]}`: inclusive. Null passes."""

    kind: ClassVar[str] = "between"
    family: ClassVar[Family] = Family.ACCURACY
    limits: Mapping[str, tuple[Limit, Limit]]


@dataclass(frozen=True, slots=True)
class Holds:
    """`rule: expression`: true or null for each row."""

    kind: ClassVar[str] = "rule"
    family: ClassVar[Family] = Family.ACCURACY
    expression: Expression


@dataclass(frozen=True, slots=True)
class Outliers:
    """`outliers: {above}`: of a source its rows a day, of a KPI its change from period to period, by robust z-score."""

    kind: ClassVar[str] = "outliers"
    family: ClassVar[Family] = Family.ACCURACY
    above: float


@dataclass(frozen=True, slots=True)
class Fresh:
    """`fresh: length`: the newest row up to now is no older."""

    kind: ClassVar[str] = "fresh"
    family: ClassVar[Family] = Family.TIMELINESS
    length: Length


@dataclass(frozen=True, slots=True)
class Latency:
    """`latency: {from, to, at_most}`: no row takes longer from one time to the other. Null passes."""

    kind: ClassVar[str] = "latency"
    family: ClassVar[Family] = Family.TIMELINESS
    begin: str
    end: str
    at_most: Length


@dataclass(frozen=True, slots=True)
class Deadline:
    """`deadline: {grain, within}`: a period has rows, this long after its end."""

    kind: ClassVar[str] = "deadline"
    family: ClassVar[Family] = Family.TIMELINESS
    grain: Grain
    within: Length


@dataclass(frozen=True, slots=True)
class OneOf:
    """`one_of: {column: [values]}`. Null passes; of a list every item is one."""

    kind: ClassVar[str] = "one_of"
    family: ClassVar[Family] = Family.CONSISTENCY
    values: Mapping[str, tuple[str | float | bool, ...]]


@dataclass(frozen=True, slots=True)
class Matches:
    """`matches: {column: regex}`: found anywhere in the text, unless `^` and `$` say otherwise. Null passes."""

    kind: ClassVar[str] = "matches"
    family: ClassVar[Family] = Family.CONSISTENCY
    patterns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unique:
    """`unique: [columns]`: no two rows have the same. Rows that lack one of them pass."""

    kind: ClassVar[str] = "unique"
    family: ClassVar[Family] = Family.CONSISTENCY
    columns: tuple[str, ...]


#: Rules that are about rows, one by one: `tolerate` is a share of these.
OF_ROWS = (NotNull, Between, Holds, Latency, OneOf, Matches, Unique)

SourceRule = NotNull | Covers | Between | Holds | Outliers | Fresh | Latency | Deadline | OneOf | Matches | Unique


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold of a source's rows. `name` is its own within the source: an alert watches `postings.deadline`.

    With `by`, a rule over days and periods must hold of the rows of each value of that column.
    """

    name: str
    rule: SourceRule
    then: Then = Then.WITHHOLD
    #: The share of the rows looked at that may fail.
    tolerate: float = 0.0
    #: Which rows are looked at.
    where: Expression | None = None
    by: str | None = None
    why: str = ""
    place: Place | None = None

    @property
    def family(self) -> Family:
        """Which quality of the data it looks after."""
        return self.rule.family


# -- rules over KPIs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """`between: [low, high]`: every number of the KPI lies there; inclusive, None is open."""

    kind: ClassVar[str] = "between"
    family: ClassVar[Family] = Family.ACCURACY
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Equals:
    """`equals: {2023-12: 72}`: known totals of some periods. `within` is a share of them."""

    kind: ClassVar[str] = "equals"
    family: ClassVar[Family] = Family.ACCURACY
    values: Mapping[Period, float]
    within: float = 0.0


@dataclass(frozen=True, slots=True)
class Reconcile:
    """`reconcile: formula`: another way to compute the total, for every period. `within` is a share of its value."""

    kind: ClassVar[str] = "reconcile"
    family: ClassVar[Family] = Family.ACCURACY
    formula: Formula
    within: float = 0.0


KpiRule = Limits | Equals | Reconcile | Outliers


@dataclass(frozen=True, slots=True)
class KpiCheck:
    """What must hold of a KPI's numbers. `name` is its own within the KPI."""

    name: str
    rule: KpiRule
    then: Then = Then.WITHHOLD
    why: str = ""
    place: Place | None = None

    @property
    def family(self) -> Family:
        """Which quality of the data it looks after."""
        return self.rule.family

    @property
    def inputs(self) -> tuple[str, ...]:
        """The KPIs that it reads."""
        return self.rule.formula.inputs if isinstance(self.rule, Reconcile) else ()


# -- results ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one check in one run. `text` says what it found, in words, and never what stands in a row.

    `failed` counts rows, days, periods or numbers, of `seen`. `passed` is also true for failures that are tolerated.
    `sample` are some of the rows that fail, as texts by column, in which whatever tells of a person is masked. `holds`
    says by KPI how many numbers are withheld for it.
    """

    check: str
    family: Family
    then: Then
    passed: bool
    failed: int = 0
    seen: int = 0
    text: str = ""
    sample: tuple[Mapping[str, str | None], ...] = ()
    holds: Mapping[str, int] = field(default_factory=dict)

"""The shape of a KPI as it is written, one strict model per kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import Field, create_model

from headway.catalog.formerly import Formerly
from headway.catalog.spec import (
    Answers,
    AudienceOf,
    BetterOf,
    Crosses,
    CsvFile,
    DatedOf,
    Day,
    Days,
    Digits,
    EmptyOf,
    Flag,
    FormerlyOf,
    FormulaText,
    GrainOf,
    LengthOf,
    Name,
    Number,
    Quantiles,
    RankOf,
    Rising,
    Spec,
    StatisticOf,
    TakeOf,
    Text,
    Texts,
    TotalOf,
    UnitOf,
    WindowOf,
)


class KpiSpec(Spec):
    """What all KPIs share. One with nothing more is planned: listed, and not measured yet."""

    what = "a planned KPI"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "target": "Targets are a list under 'targets'.",
        "at_least": "Write it under 'targets': targets: [{at_least: ...}].",
        "at_most": "Write it under 'targets': targets: [{at_most: ...}].",
        "filter": "Rows are chosen by 'where'.",
        "description": "What it counts stands under 'about', what it is for under 'why'.",
        "currency": "A unit is a currency: unit: USD.",
        "total": "It is for balance and entered; every other total is computed from rows.",
        "min_n": "It is for scores of answers: mean, median, p95, min, max, share and nps.",
        "follow": "Only durations that are dated by their start follow somebody.",
        "min_days": "Only distinct asks on how many days a value was seen.",
    }

    title: Text | None = None
    about: Text = ""
    why: Text = ""
    area: Name | None = None
    owner: Name | None = None
    rank: RankOf | None = None
    audience: AudienceOf | None = None
    listed: Flag | None = None
    unit: UnitOf | None = None
    decimals: Digits | None = None
    better: BetterOf | None = None
    grain: GrainOf | None = None
    by: Crosses = Field(default_factory=list)
    by_grain: GrainOf | None = None
    window: WindowOf | None = None
    take: TakeOf | None = None
    tracked_from: Day | None = None
    retired_on: Day | None = None
    history: CsvFile | None = None
    formerly: FormerlyOf = Field(default_factory=Formerly)
    targets: list[Any] = Field(default_factory=list)
    benchmarks: list[Any] = Field(default_factory=list)
    checks: list[Any] = Field(default_factory=list)
    allow: dict[str, Text] = Field(default_factory=dict)


class RowsSpec(KpiSpec):
    """What KPIs over rows share."""

    where: Text | None = None
    time: Text | None = None
    empty: EmptyOf | None = None


class ScoreSpec(RowsSpec):
    """What KPIs share whose value says little if it comes from a few answers."""

    min_n: Answers = 0


class CountSpec(RowsSpec):
    """How many rows."""

    what = "count"
    count: Text


class SumSpec(RowsSpec):
    """The sum of a column."""

    what = "sum"
    sum: Text


class MeanSpec(ScoreSpec):
    """The mean of a column."""

    what = "mean"
    mean: Text


class MinSpec(ScoreSpec):
    """The smallest value of a column."""

    what = "min"
    min: Text


class MaxSpec(ScoreSpec):
    """The largest value of a column."""

    what = "max"
    max: Text


class QuantileSpec(ScoreSpec):
    """A quantile of a column."""

    what = "a quantile"
    column: Text


@cache
def quantile(word: str) -> type[QuantileSpec]:
    """The model of `median`, `p95` or `p99.9`; its key is the word, which may be no name of a field."""
    model = create_model(f"{word} Spec", __base__=QuantileSpec, column=(Text, Field(alias=word)))
    model.what = word
    return model


class ShareSpec(ScoreSpec):
    """The share of rows for which a column is true."""

    what = "share"
    share: Text


class NpsSpec(ScoreSpec):
    """The net promoter score of a column of answers."""

    what = "nps"
    nps: Text
    promoters: Number = 9.0
    detractors: Number = 6.0


class DistinctSpec(RowsSpec):
    """How many different values of a column."""

    what = "distinct"
    distinct: Text
    min_days: Days = 1


class RetentionSpec(RowsSpec):
    """The share of those of before who came back."""

    what = "retention"
    retention: Text
    since: Text | None = None
    after: LengthOf | None = None
    unbounded: Flag = False
    ages: LengthOf | None = None


class OpenSpec(RowsSpec):
    """How many rows are under way at a moment."""

    what = "open"
    open: Text


class BalanceSpec(RowsSpec):
    """The sum of the newest copy."""

    what = "balance"
    balance: Text
    per: Text | None = None
    total: TotalOf | None = None


class AvailabilitySpec(RowsSpec):
    """The share of time in which nothing was down."""

    what = "availability"
    availability: Text
    planned: Text | None = None
    degraded: Text | None = None


class AccrueSpec(RowsSpec):
    """Amounts, each spread evenly over its months."""

    what = "accrue"
    accrue: Text


class RecurringSpec(RowsSpec):
    """The amount under way per customer, and its movements."""

    what = "recurring"
    recurring: Text
    customer: Text
    plus: Text | None = None
    reason: Text | None = None


class DurationSpec(RowsSpec):
    """A statistic of the time from one mark to the next."""

    what = "duration"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **KpiSpec.elsewhere,
        "per": "It stands beside 'from' and 'to': duration: {from: ..., to: ..., per: source}.",
        "from": "It stands in the map: duration: {from: source.column, to: source.column}.",
        "to": "It stands in the map: duration: {from: source.column, to: source.column}.",
        **dict.fromkeys(("median", "mean", "percentile", "quantile"), "Write for example 'statistic: median'."),
    }
    duration: Any
    statistic: StatisticOf | None = None
    within: LengthOf | None = None
    dated: DatedOf | None = None
    follow: LengthOf | None = None


class EndsSpec(Spec):
    """Where the time begins and ends, and whose it is."""

    what = "duration"
    from_: Annotated[Any, Field(alias="from")]
    to: Any
    per: Text | None = None


class MarkSpec(Spec):
    """One of several rows: the first or the last where a condition holds."""

    what = "a mark"
    first: Text | None = None
    last: Text | None = None
    where: Text | None = None


_OVER_KPIS = {
    "where": "A KPI of KPIs filters by naming a cell, x[breakdown = 'value'], or another KPI.",
    "time": "Its inputs say which column dates a row.",
    "empty": "Its inputs say what no rows mean.",
}


class FormulaSpec(KpiSpec):
    """An expression over KPIs."""

    what = "formula"
    elsewhere: ClassVar[Mapping[str, str]] = {**KpiSpec.elsewhere, **_OVER_KPIS}
    formula: Text


class SpreadSpec(KpiSpec):
    """The cells of a KPI as a distribution."""

    what = "spread"
    elsewhere: ClassVar[Mapping[str, str]] = {**KpiSpec.elsewhere, **_OVER_KPIS}
    spread: Text
    across: Texts
    quantiles: Quantiles = Field(default_factory=lambda: ["p10", "median", "p90"])
    bins: Rising = Field(default_factory=list)
    zeros: Flag = False


class TieredSpec(KpiSpec):
    """The cells of a KPI, priced."""

    what = "tiered"
    elsewhere: ClassVar[Mapping[str, str]] = {**KpiSpec.elsewhere, **_OVER_KPIS}
    tiered: Text
    across: Texts
    tiers: list[Any]


class TierSpec(Spec):
    """What each one costs, up to how many."""

    what = "a tier"
    elsewhere: ClassVar[Mapping[str, str]] = {"price": "Write 'each', the price of one.", "to": "Write 'up_to'."}
    up_to: Number | None = None
    each: Number


class LastsSpec(KpiSpec):
    """For how long a balance lasts."""

    what = "lasts"
    elsewhere: ClassVar[Mapping[str, str]] = {**KpiSpec.elsewhere, **_OVER_KPIS, "minus": "Write 'less'."}
    lasts: Text
    less: FormulaText
    plus: FormulaText | None = None
    fee: FormulaText | None = None


class PythonSpec(KpiSpec):
    """Numbers that a function of the project computes."""

    what = "python"
    elsewhere: ClassVar[Mapping[str, str]] = {**KpiSpec.elsewhere, "where": "The function chooses the rows."}
    python: Text
    of: Texts
    with_: Annotated[dict[str, Any], Field(alias="with", default_factory=dict)]


class EnteredSpec(KpiSpec):
    """Numbers typed by people."""

    what = "entered"
    elsewhere: ClassVar[Mapping[str, str]] = {**KpiSpec.elsewhere, "where": "The file holds the numbers themselves."}
    entered: CsvFile
    total: TotalOf | None = None


class NarrativeSpec(KpiSpec):
    """Texts with evidence."""

    what = "narrative"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **KpiSpec.elsewhere,
        **dict.fromkeys(("where", "total"), "The file holds the texts themselves."),
    }
    narrative: CsvFile


#: Kind -> the model of such a KPI.
KINDS: Mapping[str, type[KpiSpec]] = {
    "count": CountSpec,
    "sum": SumSpec,
    "mean": MeanSpec,
    "min": MinSpec,
    "max": MaxSpec,
    "median": quantile("median"),
    "share": ShareSpec,
    "nps": NpsSpec,
    "distinct": DistinctSpec,
    "retention": RetentionSpec,
    "open": OpenSpec,
    "balance": BalanceSpec,
    "availability": AvailabilitySpec,
    "accrue": AccrueSpec,
    "recurring": RecurringSpec,
    "duration": DurationSpec,
    "formula": FormulaSpec,
    "spread": SpreadSpec,
    "tiered": TieredSpec,
    "lasts": LastsSpec,
    "python": PythonSpec,
    "entered": EnteredSpec,
    "narrative": NarrativeSpec,
}

"""The shape of each part of a catalogue as it is written: which keys there are, and what each may hold.

One strict pydantic model per map of the language; `checking.py` holds what is written against it. Nothing refers to
anything here: names are resolved in `project.py`, `source.py` and `kpi.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from headway.catalog import due, formerly, shapes, values
from headway.catalog.shapes import Shape
from headway.catalog.sqltext import Wrong
from headway.model import (
    TEMPLATES,
    Audience,
    Better,
    Digest,
    Direction,
    Empty,
    Group,
    Look,
    On,
    Pace,
    Rank,
    Scale,
    SentAs,
    Take,
    Then,
    Total,
    Unit,
)
from headway.periods import MONTHS, WEEKDAYS, Grain, Length, Window

# -- types ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """A pydantic type made of a function of `values`; what is wrong travels through pydantic unharmed.

    `shape` is what an editor is told of it: no more than what `read` takes, and as little more as a schema can say.
    pydantic's own `PlainValidator` would also work out how to write such a value, for each of a thousand fields, and
    nobody writes specs: it takes half of the time in which they are made.
    """

    read: Callable[[Any], Any]
    shape: Shape

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.shape)

    def _validate(self, value: Any) -> Any:
        try:
            return self.read(value)
        except Wrong as wrong:
            context = {"message": wrong.message, "remedy": wrong.remedy, "start": wrong.start, "end": wrong.end}
            raise PydanticCustomError(wrong.slug, "{message}", context) from None


def _word(words: Iterable[str], made: Callable[[str], Any] = str) -> _Reader:
    """One of a few words, as what `made` makes of it."""
    known = tuple(words)
    read = values.choice(known)
    return _Reader(lambda value: made(read(value)), shapes.words(known))


def _whole(low: int, high: int) -> _Reader:
    return _Reader(values.whole(low, high), shapes.whole(low, high))


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _crosses(value: Any) -> Any:
    return [_one_or_many(item) for item in value] if isinstance(value, list) else value


def _hex(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise values.wrong(
            value,
            f"a colour is written '#1b6ca8', not {values.shown(value)}",
            "bad-value",
            "Keep the quotes: # begins a comment.",
        )
    return value


def _project_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_-]*", value):
        raise values.wrong(
            value, f"a project's name has lower-case letters, digits, - and _: not {values.shown(value)}", "bad-name"
        )
    return value


def _csv(value: Any) -> str:
    text = values.text(value)
    if not text.lower().endswith(".csv"):
        raise values.wrong(value, f"the name of a CSV file must stand here, not {values.shown(value)}", "bad-value")
    return text


_COLUMN_TYPES = ("text", "integer", "number", "boolean", "date", "timestamp", "list")

Text = Annotated[str, _Reader(values.text, shapes.TEXT)]
Name = Annotated[str, _Reader(values.name, shapes.NAME)]
Flag = Annotated[bool, _Reader(values.flag, shapes.FLAG)]
Day = Annotated[date, _Reader(values.day, shapes.DAY)]
LengthOf = Annotated[Length, _Reader(values.length, shapes.LENGTH)]
TimeLimit = Annotated[int, _Reader(values.time_limit, shapes.TIME_LIMIT)]
Zone = Annotated[str, _Reader(values.zone, shapes.ZONE)]
Percent = Annotated[float, _Reader(values.percent, shapes.PERCENT)]
Number = Annotated[float, _Reader(values.number, shapes.NUMBER)]
GrainOf = Annotated[Grain, _Reader(values.grain, shapes.words(Grain))]
AudienceOf = Annotated[Audience, _word(Audience, Audience)]
RankOf = Annotated[Rank, _word(Rank, Rank)]
BetterOf = Annotated[Better, _word(Better, Better)]
PaceOf = Annotated[Pace, _word(Pace, Pace)]
TakeOf = Annotated[Take, _word(Take, Take)]
ThenOf = Annotated[Then, _word(Then, Then)]
EmptyOf = Annotated[Empty, _word(Empty, Empty)]
TotalOf = Annotated[Total, _word(("given", "none"), Total)]
UnitOf = Annotated[Unit, _Reader(values.unit, shapes.UNIT)]
WindowOf = Annotated[Window, _Reader(values.window, shapes.WINDOW)]
Weekday = Annotated[str, _word(WEEKDAYS)]
Month = Annotated[str, _word(MONTHS)]
ColumnTypeOf = Annotated[str, _Reader(values.column_type(_COLUMN_TYPES), shapes.words(_COLUMN_TYPES))]
Colour = Annotated[str, _Reader(_hex, shapes.COLOUR)]
ProjectName = Annotated[str, _Reader(_project_name, shapes.PROJECT_NAME)]
Site = Annotated[str, _Reader(values.site, shapes.SITE)]
Link = Annotated[str, _Reader(values.link, shapes.LINK)]
CsvFile = Annotated[str, _Reader(_csv, shapes.CSV)]
StatisticOf = Annotated[str, _Reader(values.statistic, shapes.STATISTIC)]
DatedOf = Annotated[str, _word(("to", "from"))]
Texts = Annotated[list[Text], BeforeValidator(_one_or_many, json_schema_input_type=Text | list[Text])]
Crosses = Annotated[list[list[Text]], BeforeValidator(_crosses, json_schema_input_type=list[Text | list[Text]])]
FormerlyOf = Annotated[formerly.Formerly, _Reader(formerly.read, shapes.FORMERLY)]
FormulaText = Annotated[str, _Reader(values.formula, shapes.FORMULA)]
Quantiles = Annotated[list[str], _Reader(values.quantiles, shapes.QUANTILES)]
Rising = Annotated[list[float], _Reader(values.rising, shapes.RISING)]
Sign = Annotated[str, _Reader(values.sign, shapes.SIGN)]
Answers = Annotated[int, _whole(2, 1_000_000)]
Days = Annotated[int, _whole(1, 10_000)]
GroupOf = Annotated[Group, _word(Group, Group)]
DigestOf = Annotated[Digest, _word(Digest, Digest)]
EveryOf = Annotated[Grain, _word(("day", "week", "month", "quarter"), Grain)]
ReportEveryOf = Annotated[Grain, _word([grain for grain in Grain if grain is not Grain.HOUR], Grain)]
OnOf = Annotated[On, _Reader(due.on, shapes.text(due.ON, due.ON_SAID))]
TimeOf = Annotated[time, _Reader(due.at, shapes.text(due.AT, due.AT_SAID))]
TemplateOf = Annotated[str, _word(TEMPLATES)]
FormatOf = Annotated[SentAs, _word(SentAs, SentAs)]
Formats = Annotated[list[FormatOf], BeforeValidator(_one_or_many, json_schema_input_type=FormatOf | list[FormatOf])]
DirectionOf = Annotated[Direction, _word(Direction, Direction)]
LookOf = Annotated[Look, _word(Look, Look)]
ScaleOf = Annotated[Scale, _word(Scale, Scale)]
Address = Annotated[str, _Reader(values.address, shapes.ADDRESS)]
Times = Annotated[int, _whole(1, 1000)]
ManyPeriods = Annotated[int, _Reader(values.many_periods, shapes.whole(6, 1000))]
Digits = Annotated[int, _whole(0, 9)]


# -- maps ----------------------------------------------------------------------------------------------------------


class Spec(BaseModel):
    """A map of the language. `later` are keys that the language knows and this version does not act on yet."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)

    #: How messages call such a map.
    what: ClassVar[str] = "this"
    #: Keys that come later -> what to do until then (may be empty).
    later: ClassVar[Mapping[str, str]] = {}
    #: Keys that belong elsewhere -> where.
    elsewhere: ClassVar[Mapping[str, str]] = {}


class ProjectSpec(Spec):
    """`headway.yml`, without the sources, KPIs and more that a small project may keep there too."""

    what = "a project"
    elsewhere = {
        "currency": "A unit is a currency: write unit: USD at the KPI.",
        "kpi": "KPIs stand under 'kpis'.",
        "source": "Sources stand under 'sources'.",
        **{one: f"Did you mean '{one}s'?" for one in ("alert", "route", "level", "board", "objective", "note")},
    }

    project: ProjectName
    title: Text | None = None
    timezone: Zone = "UTC"
    week_start: Weekday = "monday"
    fiscal_year_start: Month = "january"
    working_week: list[Weekday] | None = None
    holidays: CsvFile | None = None
    audience: AudienceOf = Audience.INTERNAL
    min_group_size: Annotated[int, _whole(1, 1_000_000)] = 5
    max_cells: Annotated[int, _whole(1, 1_000_000)] = 200
    near_within: Percent = 0.05
    time_limit: TimeLimit = 900
    restatement: Any = None
    engine: Text = "duckdb"
    ledger: Text = ".headway/ledger.db"
    brand: Any = None
    site_url: Site = ""
    clock: Any = None
    owners: dict[str, Text] = Field(default_factory=dict)
    areas: dict[str, Any] = Field(default_factory=dict)


class RestatementSpec(Spec):
    """When a period closes, and how much a closed value may still change."""

    what = "restatement"
    tolerance: Percent = 0.0
    after: LengthOf | None = None


class ClockSpec(Spec):
    """When commands are run by themselves."""

    what = "clock"
    elsewhere = {
        **dict.fromkeys(("run", "every", "select"), "Runs are a list: runs: [{every: 1 day}]."),
        **dict.fromkeys(("ticks", "interval"), "How often 'headway tick' runs is 'tick': 1 minute."),
    }
    tick: LengthOf | None = None
    runs: list[Any] = Field(default_factory=list)


class RhythmSpec(Spec):
    """How often a part of the catalogue is computed."""

    what = "a run"
    elsewhere = {
        **dict.fromkeys(("kpis", "kpi", "selector", "selectors", "only"), "Which KPIs a run computes is 'select'."),
        **dict.fromkeys(("cron", "schedule", "at"), "How often it runs is 'every': 1 day."),
    }
    every: LengthOf
    select: Texts = Field(default_factory=list)


class BrandSpec(Spec):
    """How pages look."""

    what = "brand"
    name: Text | None = None
    logo: Text | None = None
    accent: Colour | None = None
    accent_dark: Colour | None = None


class AreaSpec(Spec):
    """A part of the organisation."""

    what = "an area"
    title: Text | None = None
    owner: Name | None = None


class DefaultsSpec(Spec):
    """What the KPIs of one file have in common."""

    what = "defaults"
    area: Name | None = None
    owner: Name | None = None
    rank: RankOf | None = None
    audience: AudienceOf | None = None
    listed: Flag | None = None
    grain: GrainOf | None = None
    by_grain: GrainOf | None = None


class SourceSpec(Spec):
    """Where rows come from and what they mean."""

    what = "a source"
    elsewhere = {"where": "A KPI filters with 'where'; rows that are wrong are taken out by 'exclude'."}

    read: Any
    about: Text = ""
    columns: dict[str, ColumnTypeOf] = Field(default_factory=dict)
    key: Texts = Field(default_factory=list)
    latest_by: Texts = Field(default_factory=list)
    time: Text | None = None
    until: Text | None = None
    through: Text | None = None
    known_on: Text | None = None
    times_in: Zone = "UTC"
    sparse: Flag = False
    late_after: LengthOf | None = None
    people: Texts = Field(default_factory=list)
    time_limit: TimeLimit | None = None
    may_be_empty: Flag = False
    refers: dict[str, Any] = Field(default_factory=dict)
    derive: dict[str, Text] = Field(default_factory=dict)
    exclude: list[Any] = Field(default_factory=list)
    checks: list[Any] = Field(default_factory=list)


class ReadSpec(Spec):
    """A source's reader: files, a table of a database, or git repositories."""

    what = "read"
    later = {
        "sql": "Write the query's result to a file, and read that.",
        "prometheus": "Export the series to a file, and read that.",
        "rest": "Export the rows to a file, and read that.",
        "queries": "",
        "step": "",
    }
    files: Texts | None = None
    format: Any = None
    table: Text | None = None
    database: Text | None = None
    git: Texts | None = None


class FormatSpec(Spec):
    """How text files and spreadsheets are to be read."""

    what = "format"
    separator: Sign | None = None
    header: Annotated[int, _whole(1, 10_000)] | None = None
    dates: Annotated[str, _Reader(values.pattern, shapes.PATTERN)] | None = None
    missing: Annotated[list[str], BeforeValidator(_one_or_many, json_schema_input_type=str | list[str])] = Field(
        default_factory=list
    )
    thousands: Sign | None = None
    decimal: Sign | None = None
    currency: Texts = Field(default_factory=list)
    totals: Texts = Field(default_factory=list)
    sheet: Text | None = None
    path: Text | None = None


class ReferSpec(Spec):
    """A column that holds a key of another source."""

    what = "a reference"
    source: Text
    optional: Flag = False
    tolerate: Percent = 0.0


class ExcludeSpec(Spec):
    """Rows taken out on the record."""

    what = "an exclusion"
    where: Text
    why: Text
    from_: Annotated[Day | None, Field(alias="from")] = None
    through: Day | None = None
    link: Text | None = None


class TargetSpec(Spec):
    """A dated bound. Its numbers are read once the KPI's unit is known."""

    what = "a target"
    elsewhere = {
        **dict.fromkeys(("min", "minimum", "above", "over", "more_than"), "Did you mean 'at_least'?"),
        **dict.fromkeys(("max", "maximum", "below", "under", "less_than"), "Did you mean 'at_most'?"),
        **dict.fromkeys(("range", "within"), "Did you mean 'between'?"),
        **dict.fromkeys(("to", "until"), "The last day on which it is in force is 'through'."),
        **dict.fromkeys(("grow", "grows"), "Did you mean 'growth'? It takes a length: growth: 1 month."),
    }
    at_least: Any = None
    at_most: Any = None
    between: Any = None
    reach: Any = None
    start: Any = None
    due: Day | None = None
    bands: Any = None
    growth: LengthOf | None = None
    for_: Annotated[Any, Field(alias="for")] = None
    grain: GrainOf | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    through: Day | None = None
    near: Any = None
    pace: PaceOf | None = None
    owner: Name | None = None
    why: Text | None = None


class BenchmarkSpec(Spec):
    """What others reach. Its numbers are read once the KPI's unit is known."""

    what = "a benchmark"
    elsewhere = {"from": "A benchmark is not dated: name its year in 'who'.", "source": "Who reaches it is 'who'."}
    at_least: Any = None
    at_most: Any = None
    between: Any = None
    who: Text
    link: Link | None = None


class CaseSpec(Spec):
    """A test of the catalogue: rows that are given, and numbers that must come out."""

    what = "a test"
    elsewhere = {
        **dict.fromkeys(("inputs", "rows", "data"), "Rows stand under 'given', by source: given: {sales: [...]}."),
        **dict.fromkeys(("outputs", "expected", "expects", "then"), "Did you mean 'expect'?"),
    }
    now: Text
    about: Text = ""
    given: dict[str, Any] = Field(default_factory=dict)
    expect: list[Any]


class ExpectationSpec(Spec):
    """A number that must come out of a test, or the reason why there is none."""

    what = "an expectation"
    elsewhere = {
        "cell": "A cell is named by 'for': for: {hub: a}.",
        "part": "A part is named with its KPI: kpi: mrr.new.",
        "reason": "Did you mean 'withheld'?",
        "tolerance": "Did you mean 'within'?",
    }
    kpi: Text
    period: Any
    for_: Annotated[Any, Field(alias="for")] = None
    value: Any = None
    withheld: Text | None = None
    within: Percent = 0.0


def keys(model: type[Spec]) -> Iterable[str]:
    """The keys of a map, as written."""
    return [field.alias or name for name, field in model.model_fields.items()]

"""What each key of the language means, in a line or two: what an editor shows beside it. docs/language.md says it all.

A key stands under the map that declares it; maps that share keys share their meaning. A test compares this with the
specs, so none is without its line.
"""

from __future__ import annotations

from collections.abc import Mapping

from headway.catalog import checkspec as checks
from headway.catalog import kpispec as kpis
from headway.catalog import spec as specs

_BOUND = "A quantity in the KPI's unit ('85 %' of a percentage), or a formula over KPIs ('3 * cac'). Inclusive."
_CELL = "The cell, {column: value}; without it the total."
_FIRST = "The first day on which it is in force."
_LAST = "The last day on which it is in force."
_OWNER = "Who answers for it: one of the project's owners, if it lists any."
_COLUMN = "source.column: the column whose values are read."
_LASTING = "The source, whose rows last: it says until or through."
_ACROSS = "The breakdown whose cells are looked at: a column, or a list of them for a cross."
_THEN = "What follows if it fails: withhold the numbers it concerns (if left out), warn, or stop."
_UNUSUAL = "Numbers that differ too much from the usual: {above: 6} times the usual spread."
_NAMED = "What it is called; without it, its kind."
_GRAIN = "The own period: the shortest that is kept, shown first and judged. Every longer one is kept too."

#: Spec -> key -> what it means.
MEANINGS: Mapping[type[specs.Spec], Mapping[str, str]] = {
    specs.ProjectSpec: {
        "project": "The name of the project: lower-case letters, digits, - and _.",
        "title": "What pages call it; without it, the name in words.",
        "timezone": "Where hours, days, weeks, months and years begin: Europe/Berlin. UTC if left out.",
        "week_start": "The day on which weeks begin. monday if left out.",
        "fiscal_year_start": "The month in which fiscal years begin; moves quarters and years. january if left out.",
        "working_week": "The days on which the project works; Monday to Friday if left out. For 'working days'.",
        "holidays": "A CSV file of the project whose column 'day' lists days on which nobody works.",
        "audience": "Who sees a KPI that says nothing else. internal if left out.",
        "min_group_size": "A cell built from fewer people, but some, is withheld. 5 if left out.",
        "max_cells": "How many cells a breakdown may have. 200 if left out.",
        "near_within": "How far off a target still is near it, as a share of it. 5 % if left out.",
        "restatement": "When a period closes, and how much a closed value may still change.",
        "engine": "What computes: duckdb.",
        "ledger": "The file that keeps every number. .headway/ledger.db if left out.",
        "brand": "How pages look: name, logo, accent.",
        "owners": "Who answers for KPIs: name -> words. If given, each 'owner' must be one of them.",
        "areas": "Parts of the organisation: name -> {title, owner}. If given, each 'area' must be one of them.",
    },
    specs.RestatementSpec: {
        "tolerance": "How much a closed value may change unasked, as a percentage of it.",
        "after": "How long after its end a period closes.",
    },
    specs.BrandSpec: {
        "name": "The organisation's name on pages.",
        "logo": "An SVG or PNG file of the project.",
        "accent": "The colour of links: '#1b6ca8', in quotes. It must be readable on a light page.",
        "accent_dark": "The same on dark pages; made from the light one if left out.",
    },
    specs.AreaSpec: {
        "title": "What pages call it; without it, the name in words.",
        "owner": "Who answers for its KPIs, unless they say otherwise.",
    },
    specs.DefaultsSpec: {
        "area": "The area of this file's KPIs.",
        "owner": "Who answers for this file's KPIs.",
        "rank": "How prominent this file's KPIs are.",
        "audience": "Who may see this file's KPIs.",
        "grain": "The own period of this file's KPIs.",
        "by_grain": "The shortest period for which this file's KPIs keep cells.",
    },
    specs.SourceSpec: {
        "about": "What one row is.",
        "read": "Where the rows are: files, a table of a database, or git repositories.",
        "columns": "Name -> type. If given, a missing column or another type is an error; read from the data if not.",
        "key": "The column, or columns, that name a row: unique and not null, checked on every load.",
        "latest_by": "Rows that repeat the key are versions of one; the latest by this column stays.",
        "time": "The column that puts a row into a day, a month ...",
        "until": "The column that says up to which moment a row lasts. Null: still going on.",
        "through": "The column that says through which day a row lasts. Null: still going on.",
        "known_on": "The column that says since when a row is known, for windows that look forward.",
        "times_in": "The zone of timestamps that name none. UTC if left out.",
        "sparse": "true: no new rows means that nothing happened, so absence is 0 up to now.",
        "late_after": "Rows may come this late; until then a period stays partial.",
        "people": "The column, or columns, that name a person: countable, never a breakdown, never shown.",
        "refers": "Column -> the source whose key it holds. Its columns can then be used here.",
        "derive": "Name -> SQL about one row: a column that is computed, usable like any other.",
        "checks": "What must hold of the rows; what fails is withheld, or told.",
        "exclude": "Rows that are taken out on the record, each with the reason why.",
    },
    specs.ReadSpec: {
        "files": "A path or pattern below the project, or a list: data/*.csv. Parquet, CSV, TSV, JSON or XLSX.",
        "format": "How text files and spreadsheets are to be read, where that cannot be seen from them.",
        "table": "A table of the database.",
        "database": "A SQLite file, or env:NAME of a variable that holds its path.",
        "git": "The path of a local clone, or a list of them; its commits are the rows.",
    },
    specs.FormatSpec: {
        "separator": "The sign between columns; ' ' is any number of spaces.",
        "header": "The number of the row with the names of columns; rows above it are skipped.",
        "dates": "How dates are written: '%d.%m.%Y'.",
        "missing": "Texts that mean no value.",
        "thousands": "The sign between thousands.",
        "decimal": "The sign before decimals.",
        "currency": "Signs of currencies to take off.",
        "totals": "Texts that mark a row of totals, which is left out and counted.",
        "sheet": "The sheet of a spreadsheet; the first if left out.",
        "path": "Where the rows are inside a JSON document: data.items.",
    },
    specs.ReferSpec: {
        "source": "The source whose key the column holds.",
        "optional": "true: a value without a match is no mistake.",
        "tolerate": "Which share of the rows may be without a match.",
    },
    specs.ExcludeSpec: {
        "where": "SQL about one row: which rows.",
        "why": "Why they are wrong. Shown on every KPI that reads the source.",
        "from": "The first day of which rows are taken out.",
        "through": "The last day of which rows are taken out.",
        "link": "Where more is written about it.",
    },
    specs.TargetSpec: {
        "at_least": _BOUND,
        "at_most": _BOUND,
        "between": "Two bounds, [low, high], both inclusive.",
        "reach": "The end of a straight line from 'start' on the day 'from' to this on the day 'due'.",
        "start": "Where the line to 'reach' begins.",
        "due": "The day on which 'reach' is to be reached.",
        "bands": "Statuses and the cuts between them: [off, 6, near, 12, on, 24, over]. 'on' is there once.",
        "growth": "The bound is for the growth over this length: 1 month, 1 year.",
        "for": "The cell, {column: value}; 'each' is every cell. Without it the total.",
        "grain": "Which period is judged; the KPI's own if left out.",
        "from": _FIRST,
        "through": _LAST,
        "near": "The value from which a miss is near, instead of the project's near_within.",
        "pace": "What a running period is compared with. linear where it can be, if left out.",
        "owner": _OWNER,
        "why": "Why this much.",
    },
    specs.BenchmarkSpec: {
        "at_least": _BOUND,
        "at_most": _BOUND,
        "between": "Two numbers, [low, high].",
        "who": "Who reaches it.",
        "link": "Where that is written.",
    },
    specs.CaseSpec: {
        "now": "The moment to compute for. Without a zone it is on the project's clocks.",
        "about": "Words for people.",
        "given": "Rows by source, and lines of typed numbers by KPI. What is not given is empty.",
        "expect": "The numbers that must come out.",
    },
    specs.ExpectationSpec: {
        "kpi": "A KPI, or a part of one: satisfaction.low.",
        "period": "2026-01-31, 2026-W05, 2026-01, 2026-Q1, 2026 or 2026-01-31T14.",
        "for": _CELL,
        "value": "The number, with its unit or without; of a percentage the sign is compulsory.",
        "withheld": "Instead of a value: why there is none.",
        "within": "How far off the value may be, as a percentage of it; without it, not at all.",
    },
    checks.CheckSpec: {
        "not_null": "Columns that must have a value.",
        "coverage": "How much of a period's days, or of what is referred to, must have rows.",
        "between": "Column -> [low, high], both inclusive; null is open.",
        "rule": "SQL about one row that must be true.",
        "outliers": "Days with an unusual number of rows: {above: 6} times the usual spread.",
        "fresh": "The newest row is no older than this.",
        "latency": "From which time to which a row may take how long.",
        "deadline": "How long after its end a period must have rows.",
        "one_of": "Column -> the values that there may be.",
        "matches": "Column -> the regular expression that its texts match.",
        "unique": "Columns that together name a row.",
        "then": _THEN,
        "tolerate": "Which share of the rows may fail.",
        "where": "SQL about one row: which rows are looked at.",
        "name": _NAMED,
        "why": "Why it must hold.",
    },
    checks.CoverageSpec: {
        "of": "days, or a source that this one refers to.",
        "grain": "The period that is looked at.",
        "at_least": "Which share of them.",
    },
    checks.OutliersSpec: {"above": "How many times the usual spread is too much; 6 is a good one to begin with."},
    checks.LatencySpec: {
        "from": "The column of the earlier time.",
        "to": "The column of the later time.",
        "at_most": "How long it may take.",
    },
    checks.DeadlineSpec: {
        "grain": "The period that is looked at.",
        "within": "How long after its end it must have rows.",
    },
    checks.KpiCheckSpec: {
        "between": "Two numbers, [low, high], both inclusive; null is open.",
        "equals": "Period -> the number that is known from elsewhere.",
        "reconcile": "A formula over KPIs that must give the same.",
        "outliers": _UNUSUAL,
        "within": "How far the two numbers may differ, as a percentage.",
        "then": _THEN,
        "name": _NAMED,
        "why": "Why it must hold.",
    },
    kpis.KpiSpec: {
        "title": "What it is called; without it, its name in words.",
        "about": "What it counts, in words.",
        "why": "What it is for.",
        "area": "The area it belongs to: one of the project's areas, if it lists any.",
        "owner": _OWNER,
        "rank": "headline: on the front page.",
        "audience": "Who may see it; whom the project says if left out.",
        "unit": "percent, a currency such as USD, a length of time, bytes, points, or a noun such as people.",
        "decimals": "How many are shown; numbers are stored whole.",
        "better": "Which direction of change is good; by the first target if left out.",
        "grain": _GRAIN,
        "by": "Breakdowns: [hub, cluster] makes two, side by side; [[cluster, hub]] crosses them.",
        "by_grain": "The shortest period for which cells are kept; the grain if left out.",
        "window": "Makes it the number of the span that ends there: 30 days, calendar month, year to date, all time.",
        "take": "How a state is shown for a longer period: from its own values within it. last if left out.",
        "tracked_from": "From which day on it is measured. Without a kind: when it is planned to be.",
        "retired_on": "The last day on which it is measured.",
        "history": "A CSV file of values from before: period, value, and one column for each breakdown.",
        "targets": "How good is good enough. Dated: the past is judged by the targets of then.",
        "benchmarks": "What others reach: shown, never a status.",
        "checks": "What must hold of its numbers.",
    },
    kpis.RowsSpec: {
        "where": "SQL about one row: which rows count.",
        "time": "Another column than the source's 'time' that dates a row.",
        "empty": "What no rows mean, within what the source can speak of.",
    },
    kpis.ScoreSpec: {"min_n": "The fewest answers from which it is shown, in each period and cell."},
    kpis.CountSpec: {"count": "A source: how many rows."},
    kpis.SumSpec: {"sum": "source.column: the sum of a column of numbers."},
    kpis.MeanSpec: {"mean": "source.column: the mean; nulls are left out."},
    kpis.MinSpec: {"min": "source.column: the smallest value."},
    kpis.MaxSpec: {"max": "source.column: the largest value."},
    kpis.QuantileSpec: {"column": "source.column: the value that so many percent of the rows stay under, exact."},
    kpis.ShareSpec: {"share": "source.column: rows that are true / rows that are not null."},
    kpis.NpsSpec: {
        "nps": "source.column: 100 x (promoters - detractors) / answers, in points.",
        "promoters": "From which answer on somebody is a promoter. 9 if left out.",
        "detractors": "Up to which answer somebody is a detractor. 6 if left out.",
    },
    kpis.DistinctSpec: {
        "distinct": "source.column: how many different values; nulls are not counted.",
        "min_days": "Only values that are seen on at least so many days of the span.",
    },
    kpis.RetentionSpec: {
        "retention": "source.column: the share of those seen before who came back.",
        "since": "source.column: when somebody joined; with their first row if left out.",
        "after": "How long after joining they are to be seen: 30 days, 1 week, 6 months.",
        "unbounded": "true: seen at that age or later, so far.",
        "ages": "The same for each age up to this: 12 months.",
    },
    kpis.OpenSpec: {"open": "source, or source.column: rows, or different values, under way at the period's end."},
    kpis.BalanceSpec: {
        "balance": "source.column, or source: the sum (or number of rows) of the last day that has rows.",
        "per": "The column that says whose: of each one the last row, however old.",
        "total": "given: the row whose breakdown columns are empty is the total. none: there is no total.",
    },
    kpis.AvailabilitySpec: {
        "availability": f"The share of time in which nothing was down. {_LASTING}",
        "planned": "SQL about one row: rows that are planned maintenance.",
        "degraded": "SQL about one row: rows of poorer service, that are not down.",
    },
    kpis.AccrueSpec: {"accrue": "source.column: amounts, each spread evenly over the months that its row covers."},
    kpis.RecurringSpec: {
        "recurring": "source.column: the amount per month that is under way, and its movements.",
        "customer": "The column that says who pays.",
        "plus": "source.column: amounts of events, such as usage fees, that count in their own period only.",
        "reason": "The column that says why a row ended.",
    },
    kpis.DurationSpec: {
        "duration": "From which mark to which: {from: source.column, to: source.column}.",
        "statistic": "mean, median, min, max or a quantile such as p90. mean if left out.",
        "within": "Instead of a statistic, the share that took no longer than this.",
        "dated": "to: a period has what ended in it. from: what began in it.",
        "follow": "With dated: from, how long everybody is watched.",
    },
    kpis.EndsSpec: {
        "from": "source.column, or {first: source.column, where: ...}: where the time begins.",
        "to": "source.column, or {first: source.column, where: ...}: where the time ends.",
        "per": "The source whose rows begin and end; the one of 'from' if left out.",
    },
    kpis.MarkSpec: {
        "first": "source.column: of several rows, the first.",
        "last": "source.column: of several rows, the last.",
        "where": "SQL about one row: which of them.",
    },
    kpis.FormulaSpec: {
        "formula": "Arithmetic over KPIs, for each period and cell: (revenue - costs) / revenue.",
    },
    kpis.SpreadSpec: {
        "spread": "A KPI: its cells as a distribution.",
        "across": _ACROSS,
        "quantiles": "Which parts to give. [p10, median, p90] if left out.",
        "bins": "Rising cuts, for a histogram: [1, 10, 100].",
        "zeros": "true: cells at 0 take part.",
    },
    kpis.TieredSpec: {
        "tiered": "A KPI: its cells, priced by marginal tiers.",
        "across": _ACROSS,
        "tiers": "Prices of each one, up to how many; they rise, and the last has no 'up_to'.",
    },
    kpis.TierSpec: {
        "up_to": "Up to how many this price holds.",
        "each": "The price of one.",
    },
    kpis.LastsSpec: {
        "lasts": "A KPI, the balance: for how many coming months it lasts.",
        "less": "What each coming month takes: a formula, or one number.",
        "plus": "What each coming month adds: a formula, or one number.",
        "fee": "The share of what a month adds that goes at once.",
    },
    kpis.PythonSpec: {
        "python": "file.py:function in the project, or package.module:function.",
        "of": "The sources and KPIs that it reads; the first source dates the periods.",
        "with": "Its arguments, by name.",
    },
    kpis.EnteredSpec: {
        "entered": "A CSV file of numbers typed by people: period, value, and one column for each breakdown.",
        "total": "given: the line that fills no breakdown is the total. none: there is no total.",
    },
    kpis.NarrativeSpec: {"narrative": "A CSV file of dated texts with their evidence: period, text."},
}


def of(spec: type[specs.Spec], key: str) -> str | None:
    """What a key of a map means; None if nobody said."""
    return next((MEANINGS[kind][key] for kind in spec.__mro__ if key in MEANINGS.get(kind, {})), None)

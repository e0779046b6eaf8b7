"""Makes the JSON Schema of every file of a catalogue, so that an editor completes and checks it while somebody types.

pydantic draws each map of the language as its spec declares it. This module says the rest: what a map holds that is
read in a later step, what each key means, and that a KPI has the keys of one kind. A schema refuses nothing that
`headway check` takes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic.json_schema import models_json_schema

from headway.catalog import alerts, alertspec, boards, boardspec, cases, durations, meanings, reportspec, shapes
from headway.catalog import checkspec as checks
from headway.catalog import kpispec as kpis
from headway.catalog import spec as specs
from headway.catalog.kpi import OF_NUMBERS, STATES
from headway.catalog.lint import RULES as FINDINGS
from headway.catalog.shapes import (
    BOUND,
    CELL,
    COLUMN,
    DAY,
    NAME,
    NULL,
    NUMBER,
    ONE_CELL,
    PERCENT,
    PERIOD,
    QUANTITY,
    SOME_LENGTH,
    SOURCE,
    TEXT,
    Shape,
    either,
    listed,
    named,
    needs,
    one_of,
    some_of,
    words,
)
from headway.model import Shows, Take
from headway.periods import WEEKDAYS, Grain

#: Kind of file -> the files of the project that are of this kind.
FILES: Mapping[str, str] = {
    "project": "headway.yml",
    "sources": "sources/*.yml",
    "kpis": "kpis/*.yml",
    "boards": "boards/*.yml",
    "alerts": "alerts.yml",
    "reports": "reports.yml",
    "objectives": "objectives.yml",
    "notes": "notes.yml",
    "tests": "tests/*.yml",
}
#: Where an editor finds the schemas in a project.
FOLDER = PurePosixPath(".headway/schema")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: What the comment begins with that tells an editor where a file's schema is.
MODELINE = "# yaml-language-server: $schema="


def _ref(spec: type[specs.Spec]) -> Shape:
    return {"$ref": f"#/$defs/{spec.__name__}"}


_KPI: Shape = {"$ref": "#/$defs/Kpi"}
_CASE = named(_ref(specs.CaseSpec), NAME)
_STATUS = {"enum": ["off", "near", "on", "over"]}
_COLUMNS = either(TEXT, listed(TEXT, 1))
_DAYS = words(grain for grain in Grain if grain is not Grain.HOUR)


def _pair(item: Shape) -> Shape:
    return {**listed(item), "minItems": 2, "maxItems": 2}


def _beside(key: str, wanted: Collection[str]) -> Shape:
    return {"if": {"required": [key]}, "then": some_of(*wanted)}


def _some(entries: Shape) -> Shape:
    return {**entries, "minProperties": 1}


#: Spec -> key -> what stands there, where the spec leaves that to a later step.
HELD: Mapping[type[specs.Spec], Mapping[str, Shape]] = {
    specs.ProjectSpec: {
        "restatement": _ref(specs.RestatementSpec),
        "brand": either({"enum": ["none"]}, _ref(specs.BrandSpec)),
        "clock": _ref(specs.ClockSpec),
        "working_week": listed(words(WEEKDAYS), 1),
        "owners": named(TEXT, NAME),
        "areas": named(_ref(specs.AreaSpec), NAME),
    },
    specs.ClockSpec: {"tick": SOME_LENGTH, "runs": listed(_ref(specs.RhythmSpec), 1)},
    specs.RhythmSpec: {"every": SOME_LENGTH},
    specs.SourceSpec: {
        "read": _ref(specs.ReadSpec),
        "refers": named(either(TEXT, _ref(specs.ReferSpec))),
        "derive": named(TEXT, NAME),
        "exclude": listed(_ref(specs.ExcludeSpec)),
        "checks": listed(_ref(checks.CheckSpec)),
    },
    specs.ReadSpec: {"format": _ref(specs.FormatSpec)},
    specs.TargetSpec: {
        "at_least": BOUND,
        "at_most": BOUND,
        "between": _pair(BOUND),
        "reach": QUANTITY,
        "start": QUANTITY,
        "bands": {**listed(either(_STATUS, QUANTITY)), "minItems": 3},
        "for": CELL,
        "near": either(BOUND, _pair(BOUND)),
    },
    specs.BenchmarkSpec: {"at_least": QUANTITY, "at_most": QUANTITY, "between": _pair(QUANTITY)},
    specs.CaseSpec: {
        "now": shapes.MOMENT,
        "given": named(listed({"type": "object"})),
        "expect": listed(_ref(specs.ExpectationSpec), 1),
    },
    specs.ExpectationSpec: {
        "period": PERIOD,
        "for": CELL,
        "value": QUANTITY,
        "withheld": {"enum": list(cases.REASONS)},
    },
    alertspec.LevelSpec: {"respond": SOME_LENGTH, "repeat": SOME_LENGTH},
    alertspec.AlertSpec: {
        "check": shapes.text(
            r"^all$|^[a-z][a-z0-9_]*\.\S", "a check is named with its source or KPI: sessions.fresh; or it is all"
        ),
        "stale": SOME_LENGTH,
        "below": BOUND,
        "above": BOUND,
        "outside": _pair(BOUND),
        "restated": {"enum": [True]},
        "for": CELL,
        "clear": either(BOUND, _pair(BOUND)),
    },
    boardspec.BoardSpec: {
        "send": listed(_ref(boardspec.SendSpec)),
        "sections": listed(_ref(boardspec.SectionSpec), 1),
    },
    boardspec.SectionSpec: {"tiles": listed(either(TEXT, _ref(boardspec.TileSpec)), 1)},
    boardspec.TileSpec: {"for": ONE_CELL},
    boardspec.ObjectiveSpec: {"expects": listed(_ref(boardspec.KeyResultSpec), 1)},
    boardspec.KeyResultSpec: {"for": ONE_CELL, "reach": QUANTITY, "grow": PERCENT},
    kpis.KpiSpec: {
        "targets": listed(_ref(specs.TargetSpec)),
        "benchmarks": listed(_ref(specs.BenchmarkSpec)),
        "checks": listed(_ref(checks.KpiCheckSpec)),
        "allow": named(TEXT, words(FINDINGS)),
        "take": words(take for take in Take if take is not Take.SUM),
    },
    checks.CheckSpec: {
        "not_null": _COLUMNS,
        "unique": _COLUMNS,
        "coverage": _ref(checks.CoverageSpec),
        "between": _some(named(_pair(either(NUMBER, DAY, NULL)))),
        "outliers": _ref(checks.OutliersSpec),
        "latency": _ref(checks.LatencySpec),
        "deadline": _ref(checks.DeadlineSpec),
        "one_of": _some(named(listed({"type": ["string", "number", "boolean"]}, 1))),
        "matches": _some(named(TEXT)),
    },
    checks.OutliersSpec: {"above": {"type": "number", "exclusiveMinimum": 0}},
    checks.DeadlineSpec: {"grain": _DAYS},
    checks.CoverageSpec: {"grain": _DAYS},
    checks.KpiCheckSpec: {
        "between": _pair(either(QUANTITY, NULL)),
        "equals": _some(named(QUANTITY)),
        "outliers": _ref(checks.OutliersSpec),
    },
    kpis.EnteredSpec: {"take": words(Take)},
    kpis.CountSpec: {"count": SOURCE},
    kpis.SumSpec: {"sum": COLUMN},
    kpis.MeanSpec: {"mean": COLUMN},
    kpis.MinSpec: {"min": COLUMN},
    kpis.MaxSpec: {"max": COLUMN},
    kpis.ShareSpec: {"share": COLUMN},
    kpis.NpsSpec: {"nps": COLUMN},
    kpis.DistinctSpec: {"distinct": COLUMN},
    kpis.RetentionSpec: {"retention": COLUMN, "since": COLUMN},
    kpis.AvailabilitySpec: {"availability": SOURCE},
    kpis.AccrueSpec: {"accrue": COLUMN},
    kpis.RecurringSpec: {"recurring": COLUMN},
    kpis.DurationSpec: {
        "duration": _ref(kpis.EndsSpec),
        "unit": {"enum": [*durations.UNITS, "percent"]},
    },
    kpis.EndsSpec: {
        "from": either(COLUMN, _ref(kpis.MarkSpec)),
        "to": either(COLUMN, _ref(kpis.MarkSpec)),
        "per": SOURCE,
    },
    kpis.MarkSpec: {"first": COLUMN, "last": COLUMN},
    kpis.TieredSpec: {"tiers": listed(_ref(kpis.TierSpec), 1)},
    kpis.PythonSpec: {"with": {"type": "object"}},
}

#: Maps of which a rule holds that is about several keys.
RULES: Mapping[type[specs.Spec], Shape] = {
    specs.SourceSpec: {"allOf": [needs("latest_by", "key"), {"not": {"required": ["until", "through"]}}]},
    specs.ReadSpec: one_of("files", ("table", "database"), "git"),
    specs.TargetSpec: {
        **one_of("at_least", "at_most", "between", "reach", "bands"),
        "allOf": [needs("reach", "from", "start", "due"), needs("start", "reach"), needs("due", "reach")],
    },
    specs.BenchmarkSpec: one_of("at_least", "at_most", "between"),
    specs.ExpectationSpec: {**one_of("value", "withheld"), "allOf": [needs("within", "value")]},
    alertspec.RouteSpec: one_of("apprise", "alertmanager"),
    reportspec.ReportSpec: one_of("document", "template"),
    alertspec.AlertSpec: {
        **one_of("kpi", "source", "check", "event"),
        "allOf": [
            {"if": {"required": ["kpi"]}, "then": one_of(*alerts.WHEN)},
            {"if": {"required": ["outside"]}, "then": {"properties": {"clear": {"type": "array"}}}},
            *(_beside(key, wanted) for key, wanted in alerts.GOES_WITH.items()),
        ],
    },
    boardspec.TileSpec: {
        **one_of(*Shows),
        "allOf": [needs("matrix", "by"), *(_beside(key, wanted) for key, wanted in boards.GOES_WITH.items())],
    },
    boardspec.KeyResultSpec: one_of("reach", "grow"),
    kpis.RetentionSpec: {
        "allOf": [
            needs("unbounded", "after"),
            {"if": {"required": ["since"]}, "then": some_of("after", "ages")},
            {"not": {"required": ["after", "ages"]}},
        ]
    },
    kpis.DurationSpec: {
        **some_of("unit", "within"),
        "allOf": [needs("follow", "dated"), {"not": {"required": ["statistic", "within"]}}],
    },
    kpis.MarkSpec: one_of("first", "last"),
    checks.CheckSpec: one_of(*checks.KINDS),
    checks.KpiCheckSpec: {
        **one_of(*checks.KPI_KINDS),
        "allOf": [{"if": {"required": ["within"]}, "then": some_of("equals", "reconcile")}],
    },
}


#: Keys of all KPIs, or of all over rows, that mean nothing for a kind.
WITHOUT: Mapping[type[specs.Spec], Collection[str]] = {
    **{kpis.KINDS[kind]: ("window",) for kind in STATES},
    kpis.NarrativeSpec: ("window", *OF_NUMBERS),
    kpis.RetentionSpec: ("take",),
    kpis.DurationSpec: ("time",),
    kpis.SpreadSpec: ("window", "take"),
    kpis.TieredSpec: ("window", "take"),
}


def of(kind: str) -> Shape:
    """The schema of one kind of file, whole in itself: nothing is fetched from elsewhere."""
    return _of(kind, drawn())


def every() -> dict[str, Shape]:
    """The schemas of all kinds of files, by kind."""
    defs = drawn()
    return {kind: _of(kind, defs) for kind in FILES}


def _of(kind: str, maps: Mapping[str, Shape]) -> Shape:
    defs = dict(maps)
    groups = {
        "sources": named(_ref(specs.SourceSpec), NAME),
        "kpis": named(_KPI, NAME),
        "defaults": _ref(specs.DefaultsSpec),
        "boards": named(_ref(boardspec.BoardSpec), NAME),
        "routes": named(_ref(alertspec.RouteSpec), NAME),
        "levels": named(_ref(alertspec.LevelSpec), NAME),
        "alerts": named(_ref(alertspec.AlertSpec), NAME),
        "reports": named(_ref(reportspec.ReportSpec), NAME),
        "objectives": named(_ref(boardspec.ObjectiveSpec), NAME),
        "notes": listed(_ref(boardspec.NoteSpec)),
        "tests": _CASE,
    }
    own: dict[str, tuple[str, ...]] = {"kpis": ("defaults", "kpis"), "alerts": ("routes", "levels", "alerts")}
    top: Shape = {"$schema": DIALECT, "title": FILES[kind]}
    if kind == "project":
        # A small project keeps everything in this file.
        whole = defs.pop(specs.ProjectSpec.__name__)
        top |= {**whole, "title": FILES[kind], "properties": {**whole["properties"], **_told(groups)}}
    else:
        given = {key: groups[key] for key in own.get(kind, (kind,))}
        top |= {"type": "object", "properties": _told(given), "additionalProperties": False}
    return {**top, "$defs": {name: defs[name] for name in sorted(_reached(top, defs))}}


def text(schema: Shape) -> str:
    """A schema as it is written."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def write(root: Path) -> list[Path]:
    """Write all schemas into a project, where the comments of its files say they are."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, made in every().items():
        path = folder / f"{kind}.json"
        path.write_text(text(made), "utf-8")
        written.append(path)
    return written


def kind_of(path: str) -> str | None:
    """The kind of a file of the catalogue by its path in the project; None for any other file."""
    where = PurePosixPath(path)
    if where.suffix not in (".yml", ".yaml"):
        return None
    if len(where.parts) == 1:
        alone = {"headway.yml": "project"} | {
            f"{kind}{where.suffix}": kind for kind in ("alerts", "reports", "objectives", "notes")
        }
        return alone.get(path)
    return where.parts[0] if FILES.get(where.parts[0], "").endswith("/*.yml") else None


def modeline(path: str) -> str:
    """The comment, a whole line, that tells an editor the schema of a file of the project; '' for any other file."""
    kind = kind_of(path)
    if kind is None:
        return ""
    up = "../" * (len(PurePosixPath(path).parts) - 1)
    return f"{MODELINE}{up}{FOLDER / kind}.json\n"


# -- parts -----------------------------------------------------------------------------------------------------------

_GROUPS = {
    "sources": "Where rows come from, and what they mean.",
    "kpis": "What is measured.",
    "defaults": "What the KPIs of this file have in common.",
    "boards": "What people look at: pages of tiles.",
    "routes": "Ways to people.",
    "levels": "How urgent an alert is: whom it reaches, and how soon somebody is to answer.",
    "alerts": "When somebody is woken.",
    "reports": "What goes out by itself, when, and to whom.",
    "objectives": "What is to be reached, and by which numbers one would know.",
    "notes": "Days that charts should show.",
    "tests": "Given rows, expected numbers: computed by 'headway test'.",
}


def _told(groups: Mapping[str, Shape]) -> dict[str, Shape]:
    return {key: {**shape, "description": _GROUPS[key]} for key, shape in groups.items()}


def models() -> Iterator[type[specs.Spec]]:
    """Every spec of the language, each once; the quantiles together as one."""
    seen: list[type[specs.Spec]] = [specs.Spec]
    for spec in seen:
        for kind in spec.__subclasses__():
            if kind not in seen and (spec is not kpis.QuantileSpec):
                seen.append(kind)
                yield kind


def drawn() -> dict[str, Shape]:
    """Each map of the language by the name of its spec, and `Kpi`, which chooses among the kinds."""
    known = tuple(models())
    _, made = models_json_schema([(model, "validation") for model in known], ref_template="#/$defs/{model}")
    defs = {model.__name__: _finished(model, made["$defs"][model.__name__]) for model in known}
    shared = _shared(defs)
    for model in known:
        if issubclass(model, kpis.KpiSpec) and model is not kpis.KpiSpec:
            own, properties = HELD.get(model, {}), defs[model.__name__]["properties"]
            properties |= {key: ref for key, ref in shared.items() if key not in own}
            for key in WITHOUT.get(model, ()):
                del properties[key]
    quantile = defs[kpis.QuantileSpec.__name__]
    column = {**COLUMN, "description": quantile["properties"].pop("column")["description"]}
    quantile["required"].remove("column")
    quantile["properties"]["median"] = column
    quantile["patternProperties"] = {shapes.QUANTILE_KEY: column}
    defs["Kpi"] = _kpi(defs, column)
    return defs


def _finished(model: type[specs.Spec], made: Shape) -> Shape:
    """A map as an editor needs it: with what its keys hold and mean, without what YAML cannot say."""
    held = HELD.get(model, {})
    properties = {}
    for key in specs.keys(model):
        shape = dict(held.get(key) or _plain(made["properties"][key]))
        if (meaning := meanings.of(model, key)) is not None:
            shape["description"] = meaning
        properties[key] = shape
    found = {
        "title": model.what,
        "description": (model.__doc__ or "").split("\n")[0],
        "type": "object",
        "properties": properties,
        "required": list(made.get("required", [])),
        "additionalProperties": False,
    }
    return found | RULES.get(model, {})


def _plain(shape: Shape) -> Shape:
    """A shape without defaults, titles and null: a key without a value is refused."""
    kept = {key: value for key, value in shape.items() if key not in ("default", "title")}
    options = [option for option in kept.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return _plain(options[0])
    if options:
        kept["anyOf"] = options
    return kept


def _shared(defs: Mapping[str, Shape]) -> dict[str, Shape]:
    """The keys that all kinds share, so that they are said once."""
    name = kpis.KpiSpec.__name__
    return {key: {"$ref": f"#/$defs/{name}/properties/{key}"} for key in defs[name]["properties"]}


def _kpi(defs: Mapping[str, Shape], column: Shape) -> Shape:
    """A KPI: the key of its kind decides which other keys it has, so that an editor speaks of one kind only."""
    kinds = [kind for kind in kpis.KINDS if kind != "median"]
    own = {kind: defs[kpis.KINDS[kind].__name__]["properties"][kind] for kind in kinds}
    of_kind = [{"if": {"required": [kind]}, "then": _ref(kpis.KINDS[kind])} for kind in kinds]
    no_quantile = {"patternProperties": {shapes.QUANTILE_LIKE: False, "^median$": False}}
    any_kind = [{"required": [kind]} for kind in kinds]
    return {
        "title": "a KPI",
        "description": "What is measured: exactly one kind, and what belongs to it. Without a kind it is planned.",
        "type": "object",
        "allOf": [
            *of_kind,
            {"if": no_quantile, "else": _ref(kpis.QuantileSpec)},
            {
                "if": {**no_quantile, "not": {"anyOf": any_kind}},
                "then": {
                    "allOf": [_ref(kpis.KpiSpec), {"required": ["tracked_from"], "not": {"required": ["by"]}}],
                    # What an editor offers as long as there is no kind.
                    "properties": {**own, "median": column, "p95": column},
                },
            },
        ],
    }


def _reached(shape: Any, defs: Mapping[str, Shape]) -> set[str]:
    """The names of all definitions that a schema refers to, in any number of steps."""
    found: set[str] = set()
    waiting = [shape]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            name = str(item.get("$ref", "")).removeprefix("#/$defs/").split("/")[0]
            if name and name not in found:
                found.add(name)
                waiting.append(defs[name])
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found

"""Resolves KPIs that measure something themselves: over the rows of a source, or from a file of typed numbers.

Formulas, which read other KPIs, are resolved in `formulas.py` by the same steps once their inputs are known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from headway.catalog import ahead, cohorts, durations, kinds, measures, recurring, values
from headway.catalog.checking import check, unknown_key
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.draft import Draft
from headway.catalog.kpispec import BalanceSpec, EnteredSpec, KpiSpec, NarrativeSpec, RowsSpec, ScoreSpec
from headway.catalog.lint.finding import SLUGS
from headway.catalog.project import owner_known, titled
from headway.catalog.reading import Reading
from headway.catalog.spec import DefaultsSpec
from headway.errors import Place
from headway.model import (
    Better,
    Catalog,
    Empty,
    Entered,
    Expression,
    Kpi,
    Measure,
    Narrative,
    Source,
    Take,
    Total,
)
from headway.periods import Grain, Window, WindowKind

_EMPTY_IS_ZERO = {"count", "sum", "distinct", "open", "accrue", "recurring"}
#: What a kind is in, unless the KPI says.
_UNITS = {
    "share": values.PERCENT,
    "availability": values.PERCENT,
    "nps": values.POINTS,
    "retention": values.PERCENT,
}
#: The own period of a kind that is not kept by the day, unless the KPI says.
_GRAINS = {"retention": Grain.MONTH, "accrue": Grain.MONTH, "recurring": Grain.MONTH}
STATES = {"open", "balance", "recurring", "entered", "narrative"}


def draft(
    name: str, value: Any, defaults: DefaultsSpec, document: Document, path: Steps, complaints: Complaints
) -> Draft | None:
    """Check the shape of one KPI by its kind; None after telling what is wrong."""
    if not isinstance(value, dict):
        complaints.say(
            document.place(path),
            f"a KPI is a map of keys, such as {{count: source}}, not {values.shown(value)}",
            "wrong-type",
        )
        return None
    kind = kinds.find(value, document, path, complaints)
    if kind is None:
        for key in value:  # the kind is wrong: of the rest only what every KPI may say can be judged
            if key in KpiSpec.later and key not in kinds.INSTEAD:
                unknown_key(KpiSpec, document, (*path, key), complaints)
        return None
    spec = check(kinds.model(kind), document, path, value, complaints)
    return Draft(name, kind, spec, defaults, document, path) if spec else None


def resolve(
    draft: Draft, project: Catalog, sources: Mapping[str, Source], declared: Collection[str], complaints: Complaints
) -> Kpi | None:
    """A KPI over rows or typed numbers, without its targets; None after telling what is wrong with its measure."""
    measure: Measure | None = None
    where: Expression | None = None
    spec = draft.spec
    if isinstance(spec, EnteredSpec):
        measure = Entered(spec.entered)
    elif isinstance(spec, NarrativeSpec):
        measure = Narrative(spec.narrative)
        _wordless(draft, complaints)
    elif isinstance(spec, RowsSpec):
        rows = Reading(draft, sources, declared, complaints)
        measure = measures.measure(rows)
        if measure is None:
            options(draft, complaints)
            _grain(draft, complaints)
            return None
        where = rows.where(measure.picks)
        rows.times(measure)
        ahead.of_rows(rows, measure)
        rows.breakdowns(measure.picks)
    options(draft, complaints)
    grain = _grain(draft, complaints)
    empty = spec.empty if isinstance(spec, RowsSpec) else None
    kpi = common(
        draft,
        project,
        complaints,
        measure=measure,
        where=where,
        time=spec.time if isinstance(spec, RowsSpec) else None,
        grain=grain,
        by_grain=by_grain(draft, grain, grain, complaints),
        total=_total(draft, complaints),
        min_n=spec.min_n if isinstance(spec, ScoreSpec) else 0,
        empty=empty or (Empty.ZERO if draft.kind in _EMPTY_IS_ZERO else Empty.NO_DATA),
    )
    return cohorts.by_age(kpi, draft, project.max_cells, complaints)


def _total(draft: Draft, complaints: Complaints) -> Total:
    """Where the total comes from; complain if that is said of a KPI without breakdowns."""
    spec = draft.spec
    if not isinstance(spec, BalanceSpec | EnteredSpec):
        return Total.COMPUTED
    if spec.total is not None and not spec.by:
        complaints.say(
            draft.document.place(draft.at("total")),
            "'total' says how a total and its cells go together, and this KPI has no breakdown",
            "bad-value",
            "Add 'by', or remove 'total'.",
        )
    # What people type is theirs to add up, so the total is a line of its own.
    return spec.total or (Total.GIVEN if isinstance(spec, EnteredSpec) else Total.COMPUTED)


#: What says something of numbers alone.
OF_NUMBERS = ("unit", "decimals", "better", "take", "by_grain", "history", "targets", "checks")


def _wordless(draft: Draft, complaints: Complaints) -> None:
    """Complain about what a KPI that is told in words cannot have."""
    for key in OF_NUMBERS:
        if draft.document.has(draft.at(key)):
            message = f"a narrative has no number, so '{key}' means nothing"
            complaints.say(draft.document.key_place(draft.at(key)), message, "bad-value", f"Remove '{key}'.")


def common(draft: Draft, project: Catalog, complaints: Complaints, **resolved: Any) -> Kpi:
    """A KPI from what every kind shares, with `resolved` for what differs."""
    spec, document = draft.spec, draft.document
    area = _area(draft, project, complaints)
    owner = spec.owner or draft.defaults.owner
    if owner:
        owner_known(owner, project.owners, document, _written_at(draft, "owner"), complaints)
    elif area and area in project.areas:
        owner = project.areas[area].owner
    if spec.tracked_from and spec.retired_on and spec.retired_on < spec.tracked_from:
        complaints.say(document.place(draft.at("retired_on")), "'retired_on' is before 'tracked_from'", "bad-date")
    unit = spec.unit or durations.default_unit(spec) or _UNITS.get(draft.kind, values.NO_UNIT)
    return Kpi(
        name=draft.name,
        title=spec.title or titled(draft.name),
        unit=unit,
        audience=spec.audience or draft.defaults.audience or project.audience,
        place=document.key_place(draft.path),
        written=document.written(draft.path),
        about=spec.about,
        why=spec.why,
        area=area,
        owner=owner,
        listed=bool(draft.defaults.listed if spec.listed is None else spec.listed),
        rank=spec.rank or draft.defaults.rank,
        decimals=spec.decimals,
        better=spec.better or Better.NONE,
        by=_by(draft, complaints),
        window=spec.window,
        # Of `open` it says what is measured, and not how a state is shown for a longer period.
        take=Take.LAST if spec.take is None or draft.kind == "open" else spec.take,
        tracked_from=spec.tracked_from,
        retired_on=spec.retired_on,
        history=spec.history,
        formerly=spec.formerly.names,
        revalued=spec.formerly.values,
        allow=_allow(draft, complaints),
        places=_places(draft),
        **resolved,
    )


# -- options -------------------------------------------------------------------------------------------------------


def options(draft: Draft, complaints: Complaints) -> None:
    """Complain about options that mean nothing for this kind; an option is never ignored."""
    spec, document = draft.spec, draft.document
    is_state = draft.kind in STATES or spec.window is not None
    if spec.window is not None and draft.kind in STATES:
        message, remedy = f"{draft.kind} is a state of a moment already: a window has no meaning", "Remove 'window'."
        if draft.kind == "open" and spec.take not in (None, Take.LAST):
            message = f"open with 'take: {spec.take}' looks at every moment of its period, and at no others"
            remedy = f"Remove 'window', and read {draft.name} in a formula that has one."
        complaints.say(document.place(draft.at("window")), message, "bad-window", remedy)
    if spec.take is not None:
        place = document.place(draft.at("take"))
        if spec.take is Take.SUM and draft.kind != "entered":
            complaints.say(
                place, "'take: sum' is only for entered numbers", "bad-value", "It is last, mean, max or min."
            )
        elif not is_state and draft.kind:
            complaints.say(
                place,
                f"'take' needs a state, and {draft.kind} without a window is computed anew for each period",
                "bad-value",
                "Add a 'window', or remove 'take'.",
            )
    if spec.by and not draft.kind:
        complaints.say(
            document.place(draft.at("by")), "a planned KPI has no breakdowns yet", "bad-value", "Remove 'by'."
        )


def _grain(draft: Draft, complaints: Complaints) -> Grain:
    """The KPI's own period: as written, by the file's defaults, or its kind's (at least its calendar window's)."""
    usual = [_GRAINS.get(draft.kind, Grain.DAY), least_grain(draft.spec.window) or Grain.DAY]
    grain = draft.spec.grain or draft.defaults.grain or max(usual, key=lambda g: g.rank)
    check_grain(draft, grain, complaints)
    return grain


def least_grain(window: Window | None) -> Grain | None:
    """The shortest grain that a window allows, if it says any."""
    return window.grain if window is not None and window.kind is WindowKind.CALENDAR else None


def check_grain(draft: Draft, grain: Grain, complaints: Complaints) -> None:
    """Complain about a grain that the kind or the window cannot have."""
    place = draft.document.place(_written_at(draft, "grain"))
    least = least_grain(draft.spec.window)
    if draft.kind == "recurring":
        if wrong := recurring.grain_complaint(draft, grain):
            complaints.say(place, wrong[0], "grain-not-possible", wrong[1])
    elif grain is Grain.HOUR and draft.kind in ("distinct", "balance", "retention"):
        complaints.say(place, f"{draft.kind} is not kept by the hour", "grain-not-possible", "Write 'grain: day'.")
    elif draft.kind == "accrue" and grain.rank < Grain.MONTH.rank:
        complaints.say(
            place,
            f"amounts are spread over months, so the grain of accrue is a month or longer, not {grain}",
            "grain-not-possible",
            "Write 'grain: month'.",
        )
    elif grain is Grain.HOUR and draft.spec.window is not None:
        complaints.say(
            place,
            "a window is counted in days, so the grain is not an hour",
            "grain-not-possible",
            "Write 'grain: day'.",
        )
    elif least is not None and grain.rank < least.rank:
        complaints.say(
            place,
            f"the window is a {draft.spec.window}, so the grain is {least} or longer, not {grain}",
            "grain-not-possible",
            f"Write 'grain: {least}'.",
        )


def by_grain(draft: Draft, grain: Grain, least: Grain, complaints: Complaints) -> Grain:
    """The shortest period of cells: as written, or `least`; a day where that is an hour and nobody asked for hours."""
    asked = draft.spec.by_grain
    if asked is not None and (asked not in grain.longer() or asked not in least.longer()):
        complaints.say(
            draft.document.place(draft.at("by_grain")),
            f"{draft.name} is kept by {values.among(least.longer())}, so its cells cannot be by {asked}",
            "grain-not-possible",
        )
    elif asked is not None:
        return asked
    least = Grain.DAY if least is Grain.HOUR else least
    default = draft.defaults.by_grain
    return default if asked is None and default is not None and default in least.longer() else least


def _by(draft: Draft, complaints: Complaints) -> tuple[tuple[str, ...], ...]:
    """The breakdowns, each named once."""
    seen: set[frozenset[str]] = set()
    found = []
    for n, cross in enumerate(draft.spec.by):
        place = draft.document.place(draft.at("by", n))
        if not cross:
            complaints.say(place, "a cross names its columns: [cluster, hub]", "bad-value")
        elif len(set(cross)) < len(cross) or frozenset(cross) in seen:
            complaints.say(
                place, f"the breakdown '{' x '.join(cross)}' is given twice", "duplicate-name", "Remove one."
            )
        else:
            seen.add(frozenset(cross))
            found.append(tuple(cross))
    return tuple(found)


def _area(draft: Draft, project: Catalog, complaints: Complaints) -> str | None:
    area = draft.spec.area or draft.defaults.area
    if area and project.areas and area not in project.areas:
        complaints.say(
            draft.document.place(_written_at(draft, "area")),
            f"there is no area '{area}'",
            "unknown-name",
            values.near(area, project.areas) or f"The areas in headway.yml are {', '.join(project.areas)}.",
        )
    return area


def _allow(draft: Draft, complaints: Complaints) -> Mapping[str, str]:
    """The findings that are meant, each with its reason."""
    for slug in draft.spec.allow.keys() - SLUGS:
        complaints.say(
            draft.document.key_place(draft.at("allow", slug)),
            f"the linter finds nothing called '{slug}'",
            "unknown-name",
            values.near(slug, SLUGS) or "docs/linter.md lists what it finds.",
        )
    return draft.spec.allow


def _written_at(draft: Draft, key: str) -> Steps:
    """Where a key stands that the file's defaults may give; the KPI itself if neither does."""
    if draft.document.has(draft.at(key)):
        return draft.at(key)
    return ("defaults", key) if draft.document.has(("defaults", key)) else draft.path


def _places(draft: Draft) -> dict[str, Place]:
    """Where the KPI's keys stand: "where", "by.0", "targets.1"."""
    document = draft.document
    found = {}
    for key in document.names(draft.path):
        found[str(key)] = document.place(draft.at(key))
    for group in ("by", "targets", "allow"):
        for n in document.names(draft.at(group)):
            found[f"{group}.{n}"] = document.place(draft.at(group, n))
    return found

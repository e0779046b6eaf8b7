"""Resolves `headway.yml`: the calendar, the people and areas, and how strict the project is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headway.catalog import brand, clock, holidays, values
from headway.catalog import spec as specs
from headway.catalog.checking import check
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document
from headway.catalog.spec import ProjectSpec
from headway.catalog.sqltext import Wrong
from headway.model import Area, Catalog, Restatement
from headway.periods import MONTHS, WEEKDAYS, Calendar, WorkingDays


def resolve(spec: ProjectSpec, document: Document, root: Path, complaints: Complaints) -> Catalog:
    """The catalogue of a project, still without sources and KPIs."""
    _not_yet(spec, document, complaints)
    title = spec.title or titled(spec.project)
    return Catalog(
        root=root,
        name=spec.project,
        title=title,
        calendar=Calendar(spec.timezone, WEEKDAYS.index(spec.week_start), MONTHS.index(spec.fiscal_year_start) + 1),
        sources={},
        kpis={},
        fingerprint="",
        audience=spec.audience,
        min_group_size=spec.min_group_size,
        max_cells=spec.max_cells,
        near_within=spec.near_within,
        time_limit=spec.time_limit,
        ledger=spec.ledger.removeprefix("sqlite:///"),
        brand=brand.resolve(spec.brand, title, document, root, complaints),
        site_url=spec.site_url,
        clock=clock.resolve(spec.clock, document, complaints),
        owners=_owners(spec, document, complaints),
        areas=_areas(spec, document, complaints),
        working=_working(spec, document, root, complaints),
        restatement=_restatement(spec, document, complaints),
    )


def titled(name: str) -> str:
    """A title made from a name: `monthly_revenue` -> `Monthly revenue`."""
    words = name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def owner_known(
    owner: str, owners: Mapping[str, str], document: Document, path: tuple[str | int, ...], complaints: Complaints
) -> None:
    """Complain about an owner that the project does not list, if it lists any."""
    if owners and owner not in owners:
        complaints.say(
            document.place(path),
            f"there is no owner '{owner}'",
            "unknown-name",
            values.near(owner, owners) or f"The owners in headway.yml are {', '.join(owners)}.",
        )


def _not_yet(spec: ProjectSpec, document: Document, complaints: Complaints) -> None:
    """Refuse what a project may say and this version does not act on."""
    later = "not-supported-yet"
    if spec.engine != "duckdb":
        complaints.say(
            document.place(("engine",)), f"the engine '{spec.engine}' is not supported yet", later, "Write duckdb."
        )
    if "://" in spec.ledger.removeprefix("sqlite:///") or spec.ledger.startswith(("env:", "postgresql")):
        complaints.say(
            document.place(("ledger",)),
            "a ledger outside of a file is not supported yet",
            later,
            "Write .headway/ledger.db.",
        )


def _restatement(spec: ProjectSpec, document: Document, complaints: Complaints) -> Restatement | None:
    """When periods close, if the project says so."""
    if spec.restatement is None:
        return None
    found = check(specs.RestatementSpec, document, ("restatement",), spec.restatement, complaints)
    return Restatement(found.tolerance, found.after) if found else None


def _working(spec: ProjectSpec, document: Document, root: Path, complaints: Complaints) -> WorkingDays:
    """On which days the project works."""
    week = WorkingDays().week
    if spec.working_week is not None:
        week = tuple(sorted({WEEKDAYS.index(day) for day in spec.working_week}))
        if not week:
            complaints.say(
                document.place(("working_week",)), "a working week has at least one day", "bad-value", "Name its days."
            )
    return WorkingDays(week, holidays.read(spec.holidays, root, document, complaints) if spec.holidays else ())


def _owners(spec: ProjectSpec, document: Document, complaints: Complaints) -> dict[str, str]:
    return {name: text for name, text in spec.owners.items() if _named("owners", name, document, complaints)}


def _areas(spec: ProjectSpec, document: Document, complaints: Complaints) -> dict[str, Area]:
    found = {}
    for name, value in spec.areas.items():
        path = ("areas", name)
        area = check(specs.AreaSpec, document, path, value, complaints)
        if area and _named("areas", name, document, complaints):
            if area.owner:
                owner_known(area.owner, spec.owners, document, (*path, "owner"), complaints)
            found[name] = Area(name, area.title or titled(name), area.owner)
    return found


def _named(group: str, name: str, document: Document, complaints: Complaints) -> bool:
    try:
        values.name(name)
    except Wrong as wrong:
        complaints.say(document.key_place((group, name)), wrong.message, wrong.slug, wrong.remedy)
        return False
    return True

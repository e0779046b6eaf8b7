"""Loads a project's catalogue: finds its files, checks and resolves them all, or tells every mistake at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headway.catalog import (
    ahead,
    alerts,
    boards,
    cases,
    clock,
    derived,
    formerly,
    formulas,
    kpichecks,
    objectives,
    project,
    reports,
    source,
    sourcechecks,
    target,
    values,
    written,
)
from headway.catalog import document as documents
from headway.catalog import kpi as kpis
from headway.catalog.bound import Scene
from headway.catalog.checking import check
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.draft import Draft
from headway.catalog.spec import CaseSpec, DefaultsSpec, ProjectSpec, SourceSpec
from headway.catalog.sqltext import Wrong
from headway.errors import CatalogError, Mistake, UsageError
from headway.model import Case, Catalog, Kpi, Source

PROJECT = "headway.yml"
#: Folder or file -> the keys that it may have at the top. Every key may stand in headway.yml, too.
_FILES: Mapping[str, tuple[str, ...]] = {
    "sources/": ("sources",),
    "kpis/": ("defaults", "kpis"),
    "boards/": ("boards",),
    "alerts.yml": ("routes", "levels", "alerts"),
    "reports.yml": ("reports",),
    "objectives.yml": ("objectives",),
    "notes.yml": ("notes",),
    "tests/": ("tests",),
}
_KEYS = tuple(key for keys in _FILES.values() for key in keys)
#: What a catalogue declares by name.
_GROUPS = tuple(key for key in _KEYS if key not in ("defaults", "notes"))


@dataclass
class _Declared:
    """What the files declare, by name, each with where it stands."""

    groups: dict[str, dict[str, tuple[Any, Document, Steps]]] = field(
        default_factory=lambda: {group: {} for group in _GROUPS}
    )
    #: What the KPIs of a file have in common, by its path.
    defaults: dict[str, DefaultsSpec] = field(default_factory=dict)
    notes: list[tuple[Any, Document, Steps]] = field(default_factory=list)

    @property
    def sources(self) -> dict[str, tuple[Any, Document, Steps]]:
        """The sources."""
        return self.groups["sources"]

    @property
    def kpis(self) -> dict[str, tuple[Any, Document, Steps]]:
        """The KPIs."""
        return self.groups["kpis"]


def find(start: Path) -> Path:
    """The folder of the project that `start` lies in: the nearest one, from there up, with a headway.yml.

    CatalogError `not-a-project` if there is none.
    """
    start = Path(start).absolute()
    for folder in (start, *start.parents):
        if (folder / PROJECT).is_file():
            return folder
    raise CatalogError(
        Mistake(
            f"there is no {PROJECT} in {start}, nor in a folder above it",
            "not-a-project",
            remedy="Run 'headway init' to begin a project, or name one with --project.",
        )
    )


def load(root: Path) -> Catalog:
    """Read and resolve the catalogue of the project in `root`.

    CatalogError with every mistake of every file, in the order of files and lines.
    """
    root = Path(root)
    if not (root / PROJECT).is_file():
        raise CatalogError(
            Mistake(
                f"there is no {PROJECT} in {root}", "not-a-project", remedy="Run 'headway init' to begin a project."
            )
        )
    complaints = Complaints()
    documents = _read(root, complaints)
    declared = _Declared()
    for document in documents.values():
        _declare(document, declared, complaints)
    catalog = _project(documents[PROJECT], root, complaints)
    sources = _sources(declared, complaints)
    resolved = _kpis(declared, catalog, sources, complaints)
    catalog = replace(catalog, sources=sources, kpis=resolved)
    tests = _tests(declared, catalog, complaints)
    catalog = _around(declared, catalog, complaints)
    if all(len(getattr(catalog, group)) == len(known) for group, known in declared.groups.items() if group != "tests"):
        clock.finish(catalog, documents[PROJECT], complaints)  # else what a run selects may be amiss itself
    complaints.raise_any()
    kept = written.gather(catalog, documents)
    return replace(catalog, tests=tests, files=kept, fingerprint=_fingerprint(documents, catalog, kept))


def restore(kept: Mapping[str, bytes], root: Path) -> Catalog:
    """The catalogue that `Catalog.files` were read as, for the project in `root`. CatalogError as of `load`."""
    with written.laid_out(kept) as folder:
        return replace(load(folder), root=root)


def closure(catalog: Catalog, names: Sequence[str]) -> list[str]:
    """The measured KPIs among `names` (or all) and those that their formulas, targets and checks read, inputs first."""
    for name in names:
        if name not in catalog.kpis:
            raise UsageError(unknown_kpi(name, catalog))
    found = catalog.together(names or catalog.kpis)
    return [kpi.name for kpi in catalog.in_order() if kpi.name in found and kpi.measure is not None]


def unknown_kpi(name: str, catalog: Catalog) -> Mistake:
    """What to say to somebody who asks for a KPI that the catalogue does not have."""
    remedy = values.near(name, catalog.kpis) or "'headway show' lists them all."
    return Mistake(f"there is no KPI '{name}'", "unknown-kpi", remedy=remedy)


def unknown_test(name: str, catalog: Catalog) -> Mistake:
    """What to say to somebody who asks for a test that the catalogue does not have."""
    remedy = values.near(name, catalog.tests) or (f"There is {values.among(catalog.tests)}." if catalog.tests else None)
    return Mistake(f"there is no test '{name}'", "unknown-test", remedy=remedy)


def quantity(text: str, kpi: Kpi) -> float:
    """A number in a KPI's unit, as written by hand; UsageError in the user's words for anything else."""
    try:
        return values.quantity(text, kpi.unit, kpi.name)
    except Wrong as wrong:
        raise UsageError(Mistake(wrong.message, wrong.slug, remedy=wrong.remedy)) from None


# -- files ---------------------------------------------------------------------------------------------------------


def _read(root: Path, complaints: Complaints) -> dict[str, Document]:
    """Every file of the catalogue that this version reads, by its path in the project."""
    found = {}
    for file in files(root):
        name = file.relative_to(root).as_posix()
        document = documents.read(file, name)
        complaints.open(document)
        found[name] = document
    return found


def files(root: Path) -> Iterator[Path]:
    """The files of YAML that the catalogue of a project stands in."""
    yield root / PROJECT
    for name in _FILES:
        stem, dot, _ = name.partition(".")
        found = root.glob(f"{stem}.y*ml") if dot else (root / name).rglob("*.y*ml")
        for file in sorted(found):
            if file.is_file() and file.suffix in (".yml", ".yaml"):
                yield file


def _sort(path: str) -> str:
    """Which of `_FILES` a file is one of, by its path in the project; '' for headway.yml."""
    folder, slash, _ = path.partition("/")
    name = f"{folder}/" if slash else f"{path.rsplit('.', 1)[0]}.yml"
    return name if name in _FILES else ""


def _declare(document: Document, declared: _Declared, complaints: Complaints) -> None:
    """Note the sources and KPIs of one file. Names that are given twice are refused."""
    value = document.value
    if value is None:
        return
    if not isinstance(value, dict):
        message = f"a file of the catalogue is a map of keys, not {values.shown(value)}"
        complaints.say(document.place(), message, "wrong-type")
        return
    sort = _sort(document.path)
    for key in value if sort else ():
        _allowed(document, sort, key, complaints)
    if value.get("defaults") is not None:
        spec = check(DefaultsSpec, document, ("defaults",), value["defaults"], complaints)
        declared.defaults[document.path] = spec or DefaultsSpec()
    for group, known in declared.groups.items():
        for name, item, path in _named(document, group, complaints):
            if _first(name, known.get(name), document, path, complaints):
                known[name] = (item, document, path)
    notes = value.get("notes")
    if notes is None:
        return
    if not isinstance(notes, list):
        message = f"'notes' is a list, not {values.shown(notes)}"
        complaints.say(document.place(("notes",)), message, "wrong-type", "Write for example [{on: ..., text: ...}].")
        return
    declared.notes += [(item, document, ("notes", n)) for n, item in enumerate(notes)]


def _allowed(document: Document, sort: str, key: str, complaints: Complaints) -> None:
    if key in _FILES[sort]:
        return
    elsewhere = next((name for name, keys in _FILES.items() if key in keys), None)
    remedy = f"It stands in {elsewhere}, or in {PROJECT}." if elsewhere else values.near(key, _KEYS)
    message = f"{'a file in ' if sort.endswith('/') else ''}{sort} has no key '{key}'"
    complaints.say(
        document.key_place((key,)), message, "unknown-key", remedy or f"Its keys: {', '.join(_FILES[sort])}."
    )


def _named(document: Document, group: str, complaints: Complaints) -> Iterator[tuple[str, Any, Steps]]:
    """The entries of `sources`, `kpis` and the like, with names that are fine."""
    entries = document.value.get(group)
    if entries is None:
        return
    if not isinstance(entries, dict):
        message = f"'{group}' is a map of names, not {values.shown(entries)}"
        complaints.say(
            document.place((group,)), message, "wrong-type", f"Write for example {group}: {{name: {{...}}}}."
        )
        return
    for name, item in entries.items():
        path = (group, name)
        try:
            values.name(name)
        except Wrong as wrong:
            complaints.say(document.key_place(path), wrong.message, wrong.slug, wrong.remedy)
            continue
        yield name, item, path


def _first(name: str, earlier: tuple[Any, ...] | None, document: Document, path: Steps, complaints: Complaints) -> bool:
    if earlier is None:
        return True
    place = earlier[1].key_place(earlier[2])
    message = f"'{name}' is given twice; the first is {place.path}, line {place.line}"
    complaints.say(document.key_place(path), message, "duplicate-name", "Remove one of the two, or rename it.")
    return False


# -- resolving -----------------------------------------------------------------------------------------------------


def _project(document: Document, root: Path, complaints: Complaints) -> Catalog:
    """The project, or a stand-in so that the other files are checked all the same."""
    value = {} if document.value is None and not document.mistakes else document.value
    spec = None
    if isinstance(value, dict):
        own = {key: item for key, item in value.items() if key not in _KEYS}
        spec = check(ProjectSpec, document, (), own, complaints, in_part=True)
        if spec is None:  # the name itself is amiss
            spec = check(ProjectSpec, document, (), {**own, "project": "project"}, Complaints(), in_part=True)
    return project.resolve(spec or ProjectSpec(project="project"), document, root, complaints)


def _sources(declared: _Declared, complaints: Complaints) -> dict[str, Source]:
    found = {}
    written: dict[str, Sequence[Any]] = {}
    for name, (value, document, path) in declared.sources.items():
        spec = check(SourceSpec, document, path, value, complaints)
        if spec is not None and (it := source.resolve(name, spec, document, path, declared.sources, complaints)):
            found[name], written[name] = it, spec.checks
    for name, it in found.items():
        _, document, path = declared.sources[name]
        source.finish(it, found, document, path, complaints)
    # Checks look at other sources, none at their checks.
    return {
        name: sourcechecks.resolve(it, found, declared.sources, written[name], *declared.sources[name][1:], complaints)
        for name, it in found.items()
    }


def _kpis(
    declared: _Declared, catalog: Catalog, sources: Mapping[str, Source], complaints: Complaints
) -> dict[str, Kpi]:
    """Every KPI, in the order of the files."""
    drafts: dict[str, Draft] = {}
    for name, (value, document, path) in declared.kpis.items():
        defaults = declared.defaults.get(document.path, DefaultsSpec())
        draft = kpis.draft(name, value, defaults, document, path, complaints)
        if draft is not None:
            drafts[name] = draft
    resolved: dict[str, Kpi] = {}
    for name, draft in drafts.items():
        if draft.kind not in derived.KINDS and (
            kpi := kpis.resolve(draft, catalog, sources, declared.sources, complaints)
        ):
            resolved[name] = kpi
    waiting = [draft for draft in drafts.values() if draft.kind in derived.KINDS]
    known = replace(catalog, sources=sources)
    resolved |= derived.resolve(waiting, resolved, known, declared.kpis, declared.sources, complaints)
    ahead.of_formulas(waiting, resolved, sources, complaints)
    ahead.of_balances(waiting, resolved, sources, complaints)
    scene = Scene(catalog, resolved, declared.kpis, declared.sources, complaints)
    formerly.resolve({name: draft for name, draft in drafts.items() if name in resolved}, scene)
    judged = {name: target.resolve(draft, scene) for name, draft in drafts.items() if name in resolved}
    return kpichecks.resolve(drafts, judged, scene)


def _tests(declared: _Declared, catalog: Catalog, complaints: Complaints) -> dict[str, Case]:
    """Every test; those of sources and KPIs that are amiss themselves are left for later."""
    found = {}
    for name, (value, document, path) in declared.groups["tests"].items():
        spec = check(CaseSpec, document, path, value, complaints)
        known = cases.Known(catalog, declared.sources, declared.kpis)
        if spec is not None and (case := cases.resolve(name, spec, known, document, path, complaints)):
            found[name] = case
    return found


def _around(declared: _Declared, catalog: Catalog, complaints: Complaints) -> Catalog:
    """The catalogue with what stands around its KPIs: alerts, boards, objectives and notes."""
    groups = declared.groups
    scene = Scene(catalog, catalog.kpis, declared.kpis, declared.sources, complaints)
    routes = alerts.routes(groups["routes"], scene)
    levels = alerts.levels(groups["levels"], groups["routes"], scene)
    around = alerts.Around(catalog.sources, levels, groups["levels"], groups["routes"])
    found = alerts.alerts(groups["alerts"], around, scene)
    goals = objectives.objectives(groups["objectives"], scene)
    shown = boards.boards(groups["boards"], routes, groups["routes"], scene)
    mentions = [
        *alerts.mentions(found.values()),
        *objectives.mentions(goals.values()),
        *boards.mentions(shown.values()),
    ]
    return replace(
        catalog,
        kpis={
            **catalog.kpis,
            **formulas.with_parts(catalog.kpis, mentions),
            **boards.with_curves(catalog.kpis, shown.values()),
        },
        routes=routes,
        levels=levels,
        alerts=found,
        boards=shown,
        objectives=goals,
        notes=objectives.notes(declared.notes, scene),
        reports=reports.reports(
            groups["reports"], reports.Around(routes, shown, groups["routes"], groups["boards"]), scene
        ),
    )


def _fingerprint(documents: Mapping[str, Document], catalog: Catalog, kept: Mapping[str, bytes]) -> str:
    """A hash over what the files say, those that they name included; comments, order, layout and tests are no part."""
    said: dict[str, Any] = {"holidays": [day.isoformat() for day in catalog.working.holidays]}
    for name, document in documents.items():
        value = document.value
        said[name] = {k: v for k, v in value.items() if k != "tests"} if isinstance(value, dict) else value
    said = {name: value for name, value in said.items() if not name.startswith("tests/")}
    said |= {name: hashlib.sha256(kept[name]).hexdigest() for name in written.named(catalog) if name in kept}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

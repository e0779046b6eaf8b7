"""Resolves KPIs that a function of the project computes: `python: file.py:function`.

The function is read here and never run: its text says whether it is marked as a flow or a state, and a hash of its file
stands for what it does. Only a run calls it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from headway.catalog import values
from headway.catalog.columns import Columns
from headway.catalog.complaints import Complaints
from headway.catalog.document import Steps
from headway.catalog.draft import Draft
from headway.catalog.kpi import by_grain, common
from headway.catalog.kpispec import PythonSpec
from headway.catalog.sqltext import Wrong
from headway.kinds import MARKS
from headway.model import Catalog, Empty, Kpi, Python, Source
from headway.periods import Grain

SLUG = "bad-function"


@dataclass(frozen=True, slots=True)
class _Found:
    """A function as its file has it."""

    is_state: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Called:
    """A KPI that a function computes, whose inputs exist."""

    draft: Draft
    sources: tuple[str, ...]
    names: tuple[str, ...]

    def mark(self, name: str) -> tuple[Steps, int, int]:
        """Where it names one of the KPIs that it reads."""
        spec = self.draft.spec
        assert isinstance(spec, PythonSpec)
        one = self.draft.at("of", spec.of.index(name))
        return one if self.draft.document.has(one) else self.draft.at("of"), 0, len(name)

    def kpi(self, kpis: Mapping[str, Kpi], project: Catalog, complaints: Complaints) -> Kpi | None:
        """The KPI; None after telling what is wrong with its function."""
        draft, spec = self.draft, self.draft.spec
        assert isinstance(spec, PythonSpec)
        try:
            found = _find(project.root, spec.python)
        except Wrong as wrong:
            complaints.wrong(draft.document, draft.at("python"), wrong)
            return None
        if any(source not in project.sources for source in self.sources):
            return None
        _options(draft, found, complaints)
        _nobody(draft, project.sources, self.sources, complaints)
        grain = spec.grain or draft.defaults.grain or Grain.DAY
        if grain is Grain.HOUR:
            place = draft.document.place(draft.at("grain") if spec.grain else draft.path)
            complaints.say(place, "python is not kept by the hour", "grain-not-possible", "Write 'grain: day'.")
        measure = Python(spec.python, self.sources, self.names, spec.with_, found.is_state, found.digest)
        return common(
            draft,
            project,
            complaints,
            measure=measure,
            grain=grain,
            by_grain=by_grain(draft, grain, grain, complaints),
            empty=Empty.NO_DATA,
        )


def read(draft: Draft, declared: Collection[str], sources: Collection[str], complaints: Complaints) -> Called | None:
    """A KPI of a function, of sources and KPIs that there are; None after telling what is wrong."""
    spec = draft.spec
    assert isinstance(spec, PythonSpec)
    whole = True
    for n, name in enumerate(spec.of):
        here = draft.at("of", n)
        here = here if draft.document.has(here) else draft.at("of")
        message, slug = f"there is no source and no KPI '{name}'", "unknown-name"
        remedy = values.near(name, [*sources, *declared])
        if name in declared and name in sources:
            message, slug = f"'{name}' is a source and a KPI: which one is meant?", "duplicate-name"
            remedy = "Rename one of them."
        elif name in declared or name in sources:
            continue
        complaints.wrong(draft.document, here, Wrong(message, 0, len(name), slug, remedy))
        whole = False
    if not spec.of:
        complaints.say(draft.document.place(draft.at("of")), "a function reads at least one source or KPI", "bad-value")
        return None
    if not whole:
        return None
    of_sources, of_kpis = (tuple(n for n in spec.of if n in known) for known in (sources, declared))
    return Called(draft, of_sources, of_kpis)


def _options(draft: Draft, found: _Found, complaints: Complaints) -> None:
    """Complain about a window of a state, and about `take` of a flow."""
    spec, document = draft.spec, draft.document
    if found.is_state and spec.window is not None:
        complaints.say(
            document.place(draft.at("window")),
            "the function is a state of a moment already: a window has no meaning",
            "bad-window",
            "Remove 'window', or mark the function with @flow.",
        )
    if spec.take is not None and not found.is_state and spec.window is None:
        complaints.say(
            document.place(draft.at("take")),
            "'take' needs a state, and the function is a flow: it is computed anew for each period",
            "bad-value",
            "Remove 'take', add a 'window', or mark the function with @state.",
        )


def _nobody(draft: Draft, sources: Mapping[str, Source], read: Collection[str], complaints: Complaints) -> None:
    """Complain about a breakdown by what names a person in a source that is read."""
    columns = Columns(sources)
    for n, cross in enumerate(draft.spec.by):
        for column in cross:
            for source in read:
                try:
                    who = columns.find(source, (column,)) and columns.person(source, (column,))
                except Wrong:  # the function may make it
                    continue
                if who:
                    complaints.say(
                        draft.document.place(draft.at("by", n)),
                        f"a person is never a breakdown: {who}",
                        "person-breakdown",
                        "People are counted, with distinct, and never shown.",
                    )


# -- the function --------------------------------------------------------------------------------------------------


def _find(root: Path, text: str) -> _Found:
    """A function that `file.py:function` or `package.module:function` names, read and not run; `Wrong` if it is not."""
    where, _, name = text.partition(":")
    if not name.isidentifier():
        raise Wrong(
            "a function is named file.py:function or package.module:function",
            0,
            len(text),
            SLUG,
            "Write for example ours.py:my_kind.",
        )
    file = _file(root, where)
    try:
        code = file.read_bytes()
        tree = ast.parse(code)
    except OSError as error:
        raise Wrong(f"there is no file {where} in the project", 0, len(where), SLUG) from error
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise Wrong(f"{where}{line}: {error.args[0]}", 0, len(where), SLUG, "Mend the file.") from error
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = next((node for node in functions if node.name == name), None)
    start = len(where) + 1
    if found is None:
        remedy = values.near(name, [node.name for node in functions])
        raise Wrong(f"{where} has no function '{name}'", start, len(text), SLUG, remedy)
    marks = [mark for node in found.decorator_list if (mark := _mark(node))]
    if len(marks) != 1:
        raise Wrong(
            f"{where}, line {found.lineno}: nothing says whether '{name}' is a flow or a state"
            if not marks
            else f"{where}, line {found.lineno}: '{name}' is marked as a flow and as a state",
            start,
            len(text),
            SLUG,
            "Write @flow or @state over it: from headway.kinds import flow, state.",
        )
    return _Found(marks[0] == "state", hashlib.sha256(code).hexdigest())


def _mark(node: ast.expr) -> str | None:
    """`flow` or `state`, of `@flow` or `@kinds.flow`."""
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return word if word in MARKS else None


def _file(root: Path, where: str) -> Path:
    """The file of a function; of a module, without importing anything."""
    if where.endswith(".py"):
        if not (root / where).resolve().is_relative_to(root.resolve()):
            raise Wrong(f"{where} is not in the project", 0, len(where), SLUG, "Name a file below headway.yml.")
        return root / where
    path: list[str] | None = None
    found = None
    for n in range(len(parts := where.split("."))):
        found = PathFinder.find_spec(".".join(parts[: n + 1]), path)
        if found is None:
            break
        path = list(found.submodule_search_locations or ())
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        raise Wrong(
            f"there is no module {where}",
            0,
            len(where),
            SLUG,
            f"Install it, or name a file of the project: {where}.py.",
        )
    return Path(found.origin)

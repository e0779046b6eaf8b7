"""Resolves objectives.yml and notes.yml: numbers that are to be reached, and days that charts should show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from headway.catalog import values
from headway.catalog.boardspec import KeyResultSpec, NoteSpec, ObjectiveSpec
from headway.catalog.bound import Scene
from headway.catalog.checking import check
from headway.catalog.document import Document, Steps
from headway.catalog.entry import Declared, Entry, cell_of
from headway.catalog.formula import Input
from headway.model import KeyResult, Narrative, Note, Objective


def objectives(declared: Declared, scene: Scene) -> dict[str, Objective]:
    """The objectives; those of KPIs that are amiss themselves are left for later."""
    found = {}
    for name, (value, document, path) in declared.items():
        spec = check(ObjectiveSpec, document, path, value, scene.complaints)
        if spec is not None and (objective := _Objective(document, path, scene).resolve(name, spec)):
            found[name] = objective
    return found


def mentions(objectives: Iterable[Objective]) -> Iterator[Input]:
    """The KPIs and parts that objectives expect something of."""
    for objective in objectives:
        for result in objective.expects:
            yield Input(result.kpi, 0, 0, part=result.part)


def notes(declared: Sequence[tuple[Any, Document, Steps]], scene: Scene) -> tuple[Note, ...]:
    """The notes, in the order of their days."""
    found = []
    for value, document, path in declared:
        spec = check(NoteSpec, document, path, value, scene.complaints)
        if spec is None:
            continue
        entry = Entry(document, path, scene)
        if spec.through and spec.through < spec.on:
            entry.say("'through' is before 'on'", "bad-date", None, "through")
        for n, name in enumerate(spec.kpis):
            entry.kpi(name, "kpis", n, parts=False)
        if entry.fine:
            found.append(Note(spec.on, spec.text, document.place(path), spec.through, tuple(spec.kpis)))
    return tuple(sorted(found, key=lambda note: note.on))


@dataclass
class _Objective(Entry):
    """Resolves one objective."""

    def resolve(self, name: str, spec: ObjectiveSpec) -> Objective | None:
        self.owner(spec.owner)
        if spec.due <= spec.from_:
            self.say("'due' is not after 'from'", "bad-date", None, "due")
        if not spec.expects:
            remedy = "Write for example [{kpi: ..., reach: ...}]."
            self.say("an objective expects something", "bad-value", remedy, "expects")
        expects = [self.result(n, value, spec) for n, value in enumerate(spec.expects)]
        known = tuple(result for result in expects if result is not None)
        if not self.fine or len(known) < len(expects):
            return None
        return Objective(
            name=name,
            title=self.title(spec.title),
            first=spec.from_,
            due=spec.due,
            expects=known,
            place=self.document.key_place(self.path),
            about=spec.about,
            owner=spec.owner,
        )

    def result(self, n: int, value: Any, objective: ObjectiveSpec) -> KeyResult | None:
        """One number that is expected."""
        entry = self.at("expects", n)
        spec = check(KeyResultSpec, self.document, entry.path, value, self.scene.complaints)
        if spec is None or (found := entry.kpi(spec.kpi, "kpi")) is None:
            return None
        kpi, part = found
        if isinstance(kpi.measure, Narrative):
            entry.has_numbers(kpi, "kpi")
        columns = entry.columns(spec.for_, each="Write one key result for each.")
        breakdown = entry.breakdown(kpi, part, columns, "for")
        if spec.for_ is None:
            entry.total(kpi, part, "a key result", "kpi")
        due = spec.due or objective.due
        if spec.due and not objective.from_ < spec.due <= objective.due:
            entry.say("a key result is due within the time of its objective", "bad-date", None, "due")
        key = entry.one_of(spec, ("reach", "grow"), "a key result has one of reach and grow")
        if key is None:
            return None
        grows = key == "grow"
        number = entry.quantity(
            getattr(spec, key), values.PERCENT if grows else kpi.unit_of(part), "growth" if grows else spec.kpi, key
        )
        if grows and number == 0:
            entry.say("'grow' is above 0, or below it", "bad-value", "To hold a value, write 'reach'.", "grow")
        if not entry.fine or number is None or breakdown is None:
            return None
        cell, _ = cell_of(columns, breakdown)
        place = self.document.place((*entry.path, key))
        return KeyResult(kpi.name, part, due, place, cell, None if grows else number, number if grows else None)

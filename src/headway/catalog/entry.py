"""One entry of alerts.yml, boards/, objectives.yml or notes.yml: what it may name, and what is said of a slip."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from headway.catalog import values
from headway.catalog.bound import Scene
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.project import owner_known, titled
from headway.catalog.spec import Spec, keys
from headway.catalog.sqltext import Wrong
from headway.model import TOTAL, Cell, Kpi, Narrative, Unit, cell_value

#: What a file declares: the value, and where it is written.
Declared = Mapping[str, tuple[Any, Document, Steps]]


@dataclass
class Entry:
    """Where an entry is written, what it may speak of, and whether all was well so far."""

    document: Document
    path: Steps
    scene: Scene
    fine: bool = True

    def at(self, *more: str | int) -> Entry:
        """An entry within this one."""
        return Entry(self.document, (*self.path, *more), self.scene)

    def trial(self) -> Self:
        """The same entry, to try something without telling of it."""
        return replace(self, scene=replace(self.scene, complaints=Complaints()), fine=True)

    # -- complaining -------------------------------------------------------------------------------------------------

    def say(self, message: str, slug: str, remedy: str | None = None, *keys: str | int, key: bool = False) -> None:
        """Complain about the value (or the key) at `keys`."""
        self.fine = False
        here = (*self.path, *keys)
        place = self.document.key_place(here) if key else self.document.place(here)
        self.scene.complaints.say(place, message, slug, remedy)

    def one_of(self, spec: Spec, wanted: tuple[str, ...], rule: str) -> str | None:
        """The one of these keys that is given, or None after telling that there are none, or two."""
        given = [key for key in wanted if getattr(spec, key) is not None]
        if len(given) == 1:
            return given[0]
        self.fine = False
        if given:
            self.say(f"{rule}: not '{given[0]}' and '{given[1]}'", "bad-value", "Remove one.", given[1], key=True)
        elif not (written := set(self.document.names(self.path))) - set(keys(type(spec))) and not written & {*wanted}:
            # A slip, or a key without a value, was told already.
            self.say(f"{rule}, and this has none", "missing-key")
        return None

    def only_with(self, goes_with: Mapping[str, Collection[str]], given: Collection[str]) -> None:
        """Complain about keys that say something only beside other keys, none of which is `given`."""
        for written in self.document.names(self.path):
            wanted = goes_with.get(str(written))
            if wanted is not None and not set(wanted) & set(given):
                message = f"'{written}' goes with {values.among(wanted)}"
                self.say(message, "bad-value", "Remove it.", written, key=True)

    def quantity(self, value: Any, unit: Unit, of: str, *here: str | int) -> float | None:
        """A number in a unit, or None after telling what is wrong with it."""
        try:
            return values.quantity(value, unit, of)
        except Wrong as wrong:
            self.fine = False
            self.scene.complaints.wrong(self.document, (*self.path, *here), wrong)
            return None

    # -- names -------------------------------------------------------------------------------------------------------

    def title(self, title: str | None) -> str:
        """The title, or one made from the entry's name."""
        return title or titled(str(self.path[-1]))

    def owner(self, owner: str | None) -> None:
        """Complain about an owner that the project does not list."""
        if owner:
            owners = self.scene.project.owners
            owner_known(owner, owners, self.document, (*self.path, "owner"), self.scene.complaints)

    def known(self, name: str, what: str, declared: Collection[str], *here: str | int) -> bool:
        """True if a name is declared; False after telling that it is not."""
        if name in declared:
            return True
        remedy = values.near(name, declared)
        if remedy is None:
            listed = f"The {what}s are {', '.join(declared)}."
            remedy = listed if declared else f"There is no {what} yet: declare one in alerts.yml."
        self.say(f"there is no {what} '{name}'", "unknown-name", remedy, *here)
        return False

    def kpi(self, text: str, *here: str | int, parts: bool = True) -> tuple[Kpi, str] | None:
        """The KPI and the part ('' for its value) that a text names; None after telling that there is none.

        None, too, if the KPI is itself amiss: its own mistake is enough.
        """
        name, dot, part = text.partition(".")
        if name not in self.scene.declared:
            remedy = values.near(name, self.scene.declared)
            if name in self.scene.sources:
                remedy = f"'{name}' is a source; here stands a KPI, such as {{count: {name}}}."
            self._wrong(f"there is no KPI '{name}'", 0, len(name), remedy, *here)
            return None
        if name not in self.scene.kpis:
            self.fine = False
            return None
        kpi = self.scene.kpis[name]
        if dot and not parts:
            self._wrong("a KPI is named here, and no part of it", len(name), len(text), f"Write {name}.", *here)
            return None
        if dot and kpi.measure is not None and part not in kpi.offered:
            remedy = values.near(part, kpi.offered)
            remedy = remedy or (f"Its parts are {', '.join(kpi.offered)}." if kpi.offered else "Its kind gives none.")
            self._wrong(f"{name} has no part '{part}'", len(name) + 1, len(text), remedy, *here)
            return None
        return kpi, part

    def _wrong(self, message: str, start: int, end: int, remedy: str | None, *here: str | int) -> None:
        self.fine = False
        wrong = Wrong(message, start, end, "unknown-name", remedy)
        self.scene.complaints.wrong(self.document, (*self.path, *here), wrong)

    def has_numbers(self, kpi: Kpi, *here: str | int) -> bool:
        """False after telling that the KPI has none."""
        if kpi.measure is None:
            message, remedy = f"'{kpi.name}' is planned and has no numbers yet", "Add this once it has."
        elif isinstance(kpi.measure, Narrative):
            message, remedy = f"'{kpi.name}' is told in words, and has no number", "Remove it here."
        else:
            return True
        self.say(message, "bad-value", remedy, *here)
        return False

    # -- cells -------------------------------------------------------------------------------------------------------

    def columns(self, value: Any, *here: str | int, each: str | None = None) -> dict[str, str]:
        """What `for` names, by column; `each` is what to write instead of it where one cell must be named."""
        if value is None:
            return {}
        if not isinstance(value, dict) or not value:
            self.say(f"for names a cell, {{hub: a}}, not {values.shown(value)}", "wrong-type", None, *here, "for")
            return {}
        found = {}
        for column, wanted in value.items():
            if not isinstance(wanted, str | int | float):
                message = f"the cell of '{column}' is a text, a number, true or false"
                self.say(message, "wrong-type", None, *here, "for", column)
            elif wanted == "each" and each is not None:
                self.say("one cell is named here, not each", "bad-value", each, *here, "for", column)
            else:
                found[column] = cell_value(wanted)
        return found

    def breakdown(
        self, kpi: Kpi, part: str, columns: Iterable[str], *here: str | int, why: str = ""
    ) -> tuple[str, ...] | None:
        """The KPI's breakdown of these columns, in its own order; None after telling that it has none."""
        wanted = tuple(dict.fromkeys(columns))
        if not wanted or kpi.measure is None:
            return wanted
        offered = kpi.by_of(part)
        found = next((breakdown for breakdown in offered if {*breakdown} == {*wanted}), None)
        if found is None:
            shown, added = " x ".join(wanted), wanted[0] if len(wanted) == 1 else f"[{', '.join(wanted)}]"
            remedy = values.near(shown, [" x ".join(b) for b in offered]) or f"Add {added} to 'by' of {kpi.name}."
            self.say(f"{kpi.name} has no breakdown '{shown}'{why}", "unknown-name", remedy, *here)
        return found

    def total(self, kpi: Kpi, part: str, what: str, *here: str | int) -> None:
        """Complain if a total is meant that the KPI does not have."""
        if kpi.measure is not None and not kpi.has_total(part):
            column = kpi.by[0][0] if kpi.by else "column"
            message = f"{kpi.name} has no total, so {what} names its cells"
            self.say(message, "bad-value", f"Add for example 'for: {{{column}: ...}}'.", *here)


def cell_of(columns: Mapping[str, str], breakdown: tuple[str, ...]) -> tuple[Cell, tuple[str, ...]]:
    """The cell, and the columns of which each value is meant, in the order of the breakdown."""
    each = tuple(name for name in breakdown if columns.get(name) == "each")
    cell = tuple((name, columns[name]) for name in breakdown if name in columns and name not in each)
    return cell or TOTAL, each

"""Collects every mistake of a catalogue, so that a reader sees all of them at once, in the order of the files."""

from __future__ import annotations

from collections.abc import Sequence

from headway.catalog.document import Document, Steps
from headway.catalog.sqltext import Wrong
from headway.errors import CatalogError, Mistake, Place


class Complaints:
    """What is wrong so far. Rooms add to it and go on; `raise_any` ends the load if there is anything."""

    def __init__(self) -> None:
        self._mistakes: list[Mistake] = []
        self._order: dict[str, int] = {}

    def open(self, document: Document) -> None:
        """Take over what was wrong with the YAML itself; files are reported in the order of these calls."""
        self._order.setdefault(document.path, len(self._order))
        self._mistakes += document.mistakes

    def say(self, place: Place | None, message: str, slug: str, remedy: str | None = None) -> None:
        """Add one mistake."""
        self._mistakes.append(Mistake(message, slug, place, remedy))

    def wrong(self, document: Document, path: Steps, wrong: Wrong, prefix: str = "") -> None:
        """Add what is wrong with the value at `path`, marked at the very characters."""
        place = document.within(path, wrong.start, wrong.end)
        self.say(place, prefix + wrong.message, wrong.slug, wrong.remedy)

    def take(self, other: Complaints) -> None:
        """Add what another collection holds."""
        self._mistakes += other._mistakes

    def __bool__(self) -> bool:
        """True if anything is wrong so far."""
        return bool(self._mistakes)

    def raise_any(self) -> None:
        """CatalogError with every mistake, once each, in the order of files and lines; nothing if there is none."""
        if self._mistakes:
            raise CatalogError(_once(sorted(self._sure(), key=self._rank)))

    def _sure(self) -> list[Mistake]:
        """Without the names that nobody declares, as long as a file cannot be read: they may stand in that file."""
        if all(mistake.slug != "yaml-syntax" for mistake in self._mistakes):
            return self._mistakes
        return [mistake for mistake in self._mistakes if mistake.slug != "unknown-name"]

    def _rank(self, mistake: Mistake) -> tuple[int, int, int]:
        place = mistake.place
        if place is None:
            return -1, 0, 0
        return self._order.get(place.path, len(self._order)), place.line, place.column


def _once(mistakes: Sequence[Mistake]) -> list[Mistake]:
    return list(dict.fromkeys(mistakes))

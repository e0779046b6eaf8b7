"""What a page says to the one who is writing the catalogue: what is wrong in its files, with the lines themselves."""

from __future__ import annotations

from dataclasses import dataclass

from headway.errors import Mistake

#: A page lists so many mistakes; the first ones are mended first.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Writing:
    """The state of a catalogue that is being written: `since` changes when a page would."""

    since: str
    mistakes: tuple[Mistake, ...] = ()

    @property
    def shown(self) -> tuple[Mistake, ...]:
        """The mistakes that a page lists."""
        return self.mistakes[:_MOST]

    @property
    def more(self) -> int:
        """How many there are besides."""
        return len(self.mistakes) - len(self.shown)

    @property
    def title(self) -> str:
        """One sentence: how much is wrong, and where."""
        files = {mistake.place.path for mistake in self.mistakes if mistake.place}
        where = files.pop() if len(files) == 1 else f"{len(files)} files" if files else "The catalogue"
        verb = "have" if where.endswith(" files") else "has"
        return f"{where} {verb} {'a mistake' if len(self.mistakes) == 1 else f'{len(self.mistakes)} mistakes'}"

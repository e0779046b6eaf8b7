"""Notes what a run spends its time on, for `headway run --profile`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from headway.model import Spent, Stage


@dataclass
class Stopwatch:
    """What was spent so far. No stage lies within another one, so that all of them can be added up."""

    spent: list[Spent] = field(default_factory=list)

    @contextmanager
    def on(self, stage: Stage, name: str = "", kpis: tuple[str, ...] = ()) -> Iterator[None]:
        """The block is work on this, also if it fails."""
        began = monotonic()
        try:
            yield
        finally:
            self.spent.append(Spent(stage, monotonic() - began, name, kpis))


__all__ = ["Stopwatch"]

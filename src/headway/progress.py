"""How work that takes long says how far it is: `progress("Reading sources", 2, 14)`."""

from __future__ import annotations

from collections.abc import Callable

#: Told what is being done, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """No progress at all."""

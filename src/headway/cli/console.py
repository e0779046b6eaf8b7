"""What commands share of the terminal: where they print, and how they say that they are at work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from headway.attempt import Progress


@contextmanager
def progress_line() -> Iterator[Progress]:
    """A progress line on a terminal; nothing at all anywhere else."""
    console = screen(stderr=True)
    if not console.is_terminal:
        yield lambda stage, done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total or None)

        yield tell


def screen(*, stderr: bool = False) -> Console:
    """The terminal; a pipe or a file gets plain text of a width that cuts nothing."""
    from rich.console import Console

    console = Console(stderr=stderr, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=stderr, emoji=False, width=200)
    return console


def me() -> str:
    """How this program is called here: a newcomer has it in `.venv/bin`, which is not on the path."""
    if which("headway"):
        return "headway"
    return f"{sys.executable} -m headway" if Path(sys.argv[0]).name == "__main__.py" else sys.argv[0]


def many(count: int, noun: str) -> str:
    """`1 KPI`, `1,204 KPIs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

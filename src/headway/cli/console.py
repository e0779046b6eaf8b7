"""What commands share of the terminal: where they print, and how they say that they are at work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import TextIOWrapper
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from headway.formats import plurals

if TYPE_CHECKING:
    from rich.console import Console

    from headway.progress import Progress


@contextmanager
def progress_line() -> Iterator[Progress]:
    """A progress line on a terminal; nothing at all anywhere else."""
    here = isinstance(sys.stderr, TextIOWrapper)  # it is None if it is closed
    if not here or not (sys.stderr.isatty() or os.environ.get("TTY_COMPATIBLE") == "1"):
        yield lambda stage, done, total: None
        return
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
    from rich.text import Text

    class Times(ProgressColumn):
        """How long a stage has taken, and about what is left of it where that is a while."""

        def render(self, task: Task) -> Text:
            left = task.time_remaining or 0
            took = str(timedelta(seconds=int(task.elapsed or 0)))
            return Text(f"{took}, about {timedelta(seconds=int(left))} left" if left >= _A_WHILE else took)

    console = screen(stderr=True)
    counted = TextColumn("{task.fields[counted]}")
    with Progress(
        TextColumn("{task.description}"), BarColumn(24), counted, Times(), console=console, transient=True
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            of = f"{plurals.whole(done)} of {plurals.count(total, 'row')}" if stage == _OF_ROWS else f"{done}/{total}"
            if stage not in tasks:  # each has a speed of its own
                for task in tasks.values():
                    bar.update(task, visible=False)
                tasks[stage] = bar.add_task(stage, counted="")
            bar.update(tasks[stage], completed=done, total=total or None, counted=of if total else "")

        yield tell


#: Less than so many seconds are not worth telling.
_A_WHILE = 3
#: The stage that counts rows.
_OF_ROWS = "Computing"


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

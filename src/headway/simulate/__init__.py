"""Make example projects to look at: an invented organisation with seeded data, or the history of git repositories.

`write("hubs", folder)` makes the catalogue of a non-profit that runs JupyterHubs, with about a million rows of raw
data. `write("git", folder, paths)` makes a catalogue that reads local clones. A folder that holds something already
is left alone. Nothing of the organisation is real: names are invented, and numbers follow what such organisations
publish.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from headway.errors import Mistake, UsageError
from headway.simulate import money, usage, work
from headway.simulate.world import build

Example = Literal["hubs", "git"]
#: The first `today` for which every source of the example has rows.
EARLIEST = date(2026, 1, 1)


def write(
    name: Example,
    folder: Path,
    paths: Sequence[Path] = (),
    *,
    today: date,
    seed: int = 1,
    scale: float = 1.0,
) -> None:
    """Write an example project into `folder`, which must be empty or not exist yet.

    `paths` are the repositories that the example `git` reads; `seed` and `scale` shape the data of `hubs`, which end
    on the day before `today`. UsageError if the folder holds anything.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        mistake = Mistake(
            f"{folder} holds files already, and an example would mix with them",
            "folder-not-empty",
            remedy="Give the name of a new folder.",
        )
        raise UsageError(mistake)
    catalogue(name, folder, paths)
    if name == "hubs":
        hubs(folder, seed=seed, scale=scale, today=today)


def catalogue(name: Example, folder: Path, paths: Sequence[Path] = ()) -> None:
    """Write the YAML (and typed numbers) of an example, without its data. Files that exist are replaced."""
    with as_file(files("headway.simulate") / "examples" / name) as example:
        shutil.copytree(example, folder, dirs_exist_ok=True)
    if name == "git":
        source = folder / "sources" / "commits.yml"
        # A JSON list of strings is YAML too, so that any path is quoted right.
        listed = json.dumps([str(path.resolve()) for path in paths] or ["."], ensure_ascii=False)
        source.write_text(source.read_text("utf-8").replace("[REPOSITORIES]", listed), "utf-8")


def hubs(folder: Path, *, seed: int = 1, scale: float = 1.0, today: date) -> None:
    """Write the raw data of the example organisation below `folder/data`, through the day before `today`.

    `scale` multiplies how many people use the hubs. The same arguments give the same rows; a later `today` adds rows
    and changes what was still open, and leaves the rest as it was.
    """
    if today < EARLIEST:
        mistake = Mistake(
            f"the example organisation cannot end before {EARLIEST}, and {today} is earlier",
            "bad-date",
            remedy="Set the clock of this machine, or give a later day.",
        )
        raise UsageError(mistake)
    data = folder / "data"
    world = build(seed, today.year + 1)
    known = usage.pools(world, today.year, scale)
    usage.write_places(data, world, today)
    usage.write_sessions(data, known, seed, today)
    usage.write_clicks(data, known, seed, today)
    usage.write_costs(data, known, seed, today)
    money.write(data, world, seed, today)
    work.write(data, world, known, seed, today)

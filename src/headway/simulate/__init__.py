"""Make projects to look at: an invented organisation with seeded data, local git repositories, or a small start.

`write("hubs", folder)` makes the catalogue of a non-profit that runs JupyterHubs, and `write("saas", folder)` that of a
company with a workflow-automation platform, both with more than a million rows of raw data. `write("git", folder,
paths)` makes a catalogue that reads local clones. `write("start", folder)` makes the one file that `headway init`
begins with. Nothing in them is real: names are invented, and numbers follow what such
organisations publish.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

from headway.catalog import schema
from headway.errors import Mistake, UsageError
from headway.simulate import hubs, saas, start

#: The examples that ship with Headway; each is a folder below `examples`.
EXAMPLES = ("hubs", "saas", "git", "start")


def write(
    name: str,
    folder: Path,
    paths: Sequence[Path] = (),
    *,
    today: date,
    seed: int = 1,
    scale: float = 1.0,
    replace: bool = False,
) -> None:
    """Write one of `EXAMPLES` into `folder`, which must be new or empty but for hidden files.

    `paths` are the repositories that `git` reads; `seed` and `scale` shape the data of `hubs` and `saas`, which end on
    the day before `today`. With `replace` the folder may hold the same example already: it is written anew, a file
    that somebody changed is kept beside it as `FILE.before`, and what the example does not bring, such as the ledger,
    is left alone. UsageError if the folder holds anything else, or cannot be written.
    """
    try:
        _write(name, folder, paths, today, seed, scale, replace)
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> UsageError:
    """What to say of a folder that cannot be written."""
    why = (error.strerror or "unknown reason").lower()
    message = f"{folder} cannot be written: {why}"
    return UsageError(Mistake(message, "not-writable", remedy="Name a folder that you may write to."))


def _write(name: str, folder: Path, paths: Sequence[Path], today: date, seed: int, scale: float, replace: bool) -> None:
    if name not in EXAMPLES:
        remedy = f"There are {', '.join(EXAMPLES)}."
        raise UsageError(Mistake(f"there is no example '{name}'", "unknown-option", remedy=remedy))
    brought = dict(_catalogue(name, paths))
    held = folder.exists() and (not folder.is_dir() or any(not path.name.startswith(".") for path in folder.iterdir()))
    if held and not (replace and _is_same(folder / "headway.yml", brought["headway.yml"])):
        files = "holds files already, and an example would mix with them"
        message = f"{folder} {files if folder.is_dir() else 'is a file'}"
        raise UsageError(Mistake(message, "folder-not-empty", remedy="Give the name of a new folder."))
    for path, text in brought.items():
        _put(folder / path, text)
    schema.write(folder)
    if name == "hubs":
        hubs.write(folder, seed=seed, scale=scale, today=today)
    elif name == "saas":
        saas.write(folder, seed=seed, scale=scale, today=today)
    elif name == "start":
        start.write(folder / "data", seed, today)


def _catalogue(example_name: str, paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Each file that an example brings: its path in the project, and its text, with a word to editors."""
    with as_file(files("headway.simulate") / "examples" / example_name) as example:
        for path in sorted(example.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                # A JSON list of strings is YAML too, so that any path is quoted right.
                listed = json.dumps([str(path.resolve()) for path in paths], ensure_ascii=False)
                text = path.read_text("utf-8").replace("[REPOSITORIES]", listed)
                name = path.relative_to(example).as_posix()
                yield name, schema.modeline(name) + text


def _is_same(project: Path, brought: str) -> bool:
    """True if a project file declares the project that this example does."""

    def declared(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("project:")]

    return project.is_file() and declared(project.read_text("utf-8")) == declared(brought)


def _put(path: Path, text: str) -> None:
    """Write a file; what it said before, if that was different, stays beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and (before := path.read_text("utf-8")) != text:
        path.with_name(f"{path.name}.before").write_text(before, "utf-8")
    path.write_text(text, "utf-8")

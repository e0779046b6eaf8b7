"""Proposes a first catalogue for data that somebody brings: `begin` looks, chooses, tries, and writes a project.

`look` finds out what the data hold, `choose` what a catalogue says of them, `draft` writes it down, `interview` asks a
person. Nothing is written before the catalogue has been read and the data have been tried with it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headway import catalog as catalogue
from headway import simulate
from headway.catalog import schema
from headway.errors import Mistake, UsageError
from headway.model import Format
from headway.propose import draft
from headway.propose.choose import Choices, Wanted, choose
from headway.propose.look import Seen, look, named
from headway.rehearsal import rehearse

#: Files that are tables; of a folder these are taken.
SUFFIXES = (".csv", ".tsv", ".xlsx", ".parquet", ".json", ".jsonl", ".ndjson")

__all__ = [
    "Choices",
    "Seen",
    "Table",
    "Wanted",
    "begin",
    "choose",
    "chosen",
    "repositories",
    "tables",
    "tables_in",
    "vet_folder",
]


@dataclass(frozen=True, slots=True)
class Table:
    """Files of the same columns, and what was found in them. `patterns` are what a project calls them."""

    seen: Seen
    patterns: tuple[str, ...]
    #: True if the project gets copies.
    copied: bool


def is_repository(path: Path) -> bool:
    """True if git keeps its history here."""
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def repositories(paths: Sequence[Path]) -> list[Path]:
    """The repositories that paths mean: themselves, or those in a folder of them. Empty if they mean other data."""
    found = [path for path in paths if is_repository(path)]
    if found:
        return list(paths)
    within = [child for path in paths if path.is_dir() for child in sorted(path.iterdir()) if is_repository(child)]
    return within if within and not any(tables_in(path) for path in paths if path.is_dir()) else []


def vet_folder(folder: Path, paths: Sequence[Path] = ()) -> None:
    """Refuse a folder in which a project would mix with other files. One that holds the data itself is fine."""
    if not folder.exists():
        return
    if folder.is_dir() and (folder / schema.FILES["project"]).exists():
        message = f"{folder} holds a project already"
    elif folder.is_dir() and (
        all(child.name.startswith(".") for child in folder.iterdir())
        or (paths and all(path.resolve().is_relative_to(folder.resolve()) for path in paths))
    ):
        return
    elif not folder.is_dir():
        message = f"{folder} is a file"
    else:
        message = f"{folder} holds files already, and a project would mix with them"
    raise UsageError(Mistake(message, "folder-not-empty", remedy="Give the name of a new folder."))


def tables(folder: Path, paths: Sequence[Path], given: Format) -> list[Table]:
    """What the paths hold: files with the same columns are one table. SourceError or UsageError if nothing is there."""
    found: list[Table] = []
    held: set[Path] = set()
    for path in paths:
        if not path.exists():
            mistake = Mistake(f"there is no file or folder {path}", "missing-file", remedy="Check the path.")
            raise UsageError(mistake)
        files = tables_in(path) if path.is_dir() else [path]
        if not files:
            remedy = f"Name a folder with files that end in {', '.join(SUFFIXES)}, or a file."
            raise UsageError(Mistake(f"there are no tables in {path}", "missing-file", remedy=remedy))
        for group in _alike(files):
            taken = {table.seen.name for table in found}
            stem = path.resolve().name if len(group) > 1 else group[0].name.split(".")[0]
            name = named(stem) or "rows"
            while name in taken:
                name += "_2"
            patterns, copied = _patterns(folder, path, group, all_of_them=len(group) == len(files))
            if copied:
                patterns = _apart(name, patterns, group, held)
            found.append(Table(look(name, group, given), patterns, copied))
    return found


def chosen(
    folder: Path, paths: Sequence[Path], wanted: Wanted, sheet: str | None = None, dates: str | None = None
) -> list[tuple[Table, Choices]]:
    """The tables in the data and what is chosen of each, by what was said and else by what is likeliest.

    SourceError or UsageError if nothing can be made of the data, or two things could.
    """
    found = tables(folder, paths, Format(sheet=sheet, dates=dates))
    for table in found:
        if len(table.seen.dates) > 1:
            one, other = table.seen.dates
            message = f"'{table.seen.doubtful}' in {table.seen.files[0].name} can be read in two ways"
            raise UsageError(Mistake(message, "bad-date", remedy=f"Say which: --dates {one}, or --dates {other}."))
    if len(found) > 1 and wanted != Wanted():
        names = ", ".join(table.seen.name for table in found)
        message = f"the data are {len(found)} tables ({names}), so no single column can be named"
        raise UsageError(Mistake(message, "unknown-option", remedy="Name one file, or change the YAML afterwards."))
    return [(table, choose(table.seen, wanted)) for table in found]


def begin(folder: Path, chosen: Sequence[tuple[Table, Choices]], now: datetime) -> None:
    """Try a catalogue of what was chosen, and write it with the data into `folder`.

    CatalogError or SourceError if it does not work with the data; UsageError if it cannot be written.
    """
    project = named(folder.resolve().name).replace("_", "-") or chosen[0][0].seen.name
    copied = any(table.copied for table, _ in chosen)
    _try(project, chosen, now)
    text = draft.write(project, [(choices, table.patterns) for table, choices in chosen], copied)
    made: list[Path] = []
    is_new = not folder.exists()
    try:
        for table, _ in chosen:
            for file in table.seen.files if table.copied else ():
                target = folder / Path(table.patterns[0]).parent / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                made.append(target)
                shutil.copyfile(file, target)
        folder.mkdir(parents=True, exist_ok=True)
        schema.write(folder)
        made.append(folder / schema.FILES["project"])
        made[-1].write_text(text, "utf-8")
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise simulate.unwritable(folder, error) from error
        raise


def _try(project: str, chosen: Sequence[tuple[Table, Choices]], now: datetime) -> None:
    """Load the catalogue, and read the data with it, where nobody sees it."""
    with tempfile.TemporaryDirectory() as place:
        absolute = []
        for n, (table, choices) in enumerate(chosen):
            # Links keep the names, so that patterns mean the same.
            data = Path(place) / f"data{n}"
            data.mkdir()
            for file in table.seen.files:
                (data / file.name).symlink_to(file.resolve())
            absolute.append((choices, tuple(f"data{n}/{Path(pattern).name}" for pattern in table.patterns)))
        (Path(place) / schema.FILES["project"]).write_text(draft.write(project, absolute, copied=False), "utf-8")
        rehearsal = rehearse(catalogue.load(Path(place)), now)
        if rehearsal.errors:
            raise rehearsal.errors[0]


# -- files -----------------------------------------------------------------------------------------------------------


def tables_in(folder: Path) -> list[Path]:
    """The files in a folder that are tables."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix.lower() in SUFFIXES]


def _alike(files: Sequence[Path]) -> Iterator[list[Path]]:
    """The files in groups of those with the same first line; spreadsheets and Parquet by their kind alone."""
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault(path.suffix.lower() + _first_line(path), []).append(path)
    yield from groups.values()


def _first_line(path: Path) -> str:
    if path.suffix.lower() not in (".csv", ".tsv"):
        return ""
    with path.open("rb") as lines:
        return lines.readline().decode("utf-8", "replace").strip()


def _patterns(folder: Path, path: Path, group: Sequence[Path], *, all_of_them: bool) -> tuple[tuple[str, ...], bool]:
    """What the project calls some files, and whether it gets copies of them."""
    inside = path.resolve().is_relative_to(folder.resolve())
    within = path.resolve() if path.is_dir() else path.resolve().parent
    if inside:
        parent = within.relative_to(folder.resolve()).as_posix()
        lead = "" if parent == "." else f"{parent}/"
    else:
        lead = f"data/{path.resolve().name}/" if path.is_dir() and len(group) > 1 else "data/"
    if len(group) > 1 and all_of_them:
        return (f"{lead}*{group[0].suffix}",), not inside
    return tuple(f"{lead}{file.name}" for file in group), not inside


def _apart(name: str, patterns: tuple[str, ...], group: Sequence[Path], held: set[Path]) -> tuple[str, ...]:
    """The patterns; in a folder of their own where copies would replace, or find, some of those `held` already."""
    folder = Path(patterns[0]).parent
    copies = {folder / file.name for file in group}
    shared = [path for path in held if path.parent == folder]
    if copies & held or (shared and any("*" in pattern for pattern in (*patterns, *(path.name for path in shared)))):
        patterns = tuple(f"data/{name}/{Path(pattern).name}" for pattern in patterns)
        folder = Path(patterns[0]).parent
    held |= {folder / file.name for file in group} | {Path(pattern) for pattern in patterns}
    return patterns

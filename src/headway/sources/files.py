"""Sources that are files: which files a pattern means, and of what kind they are. Spreadsheets are read, others stay.

Parquet, text and JSON are for the engine to read in place. A spreadsheet becomes an Arrow table here, row for row.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa

from headway.errors import Mistake, SourceError
from headway.model import FilesReader, Located, Source
from headway.sources import sheets

Kind = Literal["parquet", "csv", "json", "xlsx"]
_KINDS: dict[str, Kind] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".xlsx": "xlsx",
}
#: Text and JSON may be compressed.
_GZIP = ".gz"


def locate(source: Source, reader: FilesReader, root: Path) -> Located:
    """The files that the patterns mean, each once, in the order of patterns and then of names."""
    files = list(dict.fromkeys(path for pattern in reader.patterns for path in _expand(source, pattern, root)))
    kind = _one_kind(source, files, root)
    for path in files:
        if not os.access(path, os.R_OK):
            raise SourceError(
                Mistake(
                    f"source {source.name}: {shown(path, root)} may not be read by this user",
                    "unreadable-file",
                    source.places.get("read", source.place),
                    "Allow the user who runs Headway to read it.",
                )
            )
        if path.stat().st_size == 0:
            raise SourceError(
                Mistake(
                    f"source {source.name}: {shown(path, root)} is empty",
                    "empty-file",
                    source.places.get("read", source.place),
                    "Write it again, or take it out of the source. A file without rows still names its columns.",
                )
            )
    stamps = tuple((shown(path, root), stat.st_size, stat.st_mtime_ns) for path in files for stat in (path.stat(),))
    if kind != "xlsx":
        return Located(source.name, kind, tuple(files), reader.format, stamps=stamps)
    read = [sheets.read(source, path, shown(path, root), reader.format) for path in files]
    table = pa.concat_tables(sheets.alike([block.table for block in read]), promote_options="default")
    blocks = tuple((block.first_row, block.table.num_rows) for block in read)
    return Located(source.name, "arrow", tuple(files), reader.format, table, stamps, blocks)


def changed(located: Located) -> str | None:
    """The name of the first file that is not any more what it was when it was located; None if all are."""
    for path, (name, size, modified) in zip(located.files, located.stamps, strict=False):
        try:
            stat = path.stat()
        except OSError:
            return name
        if (stat.st_size, stat.st_mtime_ns) != (size, modified):
            return name
    return None


def shown(path: Path, root: Path) -> str:
    """A file's name for people: within the project, or as the catalogue writes it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def expand(pattern: str, root: Path) -> list[Path]:
    """What a path or pattern below `root` means, sorted; `**` stands for any folders. An absolute one is allowed."""
    if (root / pattern).exists():
        return [root / pattern]
    whole = root / pattern
    # pathlib wants the pattern without its anchor.
    return sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))


def _expand(source: Source, pattern: str, root: Path) -> list[Path]:
    found = [path for path in expand(pattern, root) if path.is_file()]
    if not found:
        raise SourceError(_missing(source, pattern, root))
    return found


def _missing(source: Source, pattern: str, root: Path) -> Mistake:
    """No file: say where we looked, and what is there that has a like name."""
    whole = root / pattern
    place = source.places.get("read", source.place)
    if whole.is_dir():
        message = f"source {source.name}: '{pattern}' is a folder, and its files must be named"
        remedy = f"Write for example {pattern.rstrip('/')}/*{_suffix_in(whole)}."
        return Mistake(message, "missing-file", place, remedy)
    folder = next((parent for parent in whole.parents if parent.is_dir()), root)
    wanted = whole.relative_to(folder).parts[0]
    near = difflib.get_close_matches(wanted, [path.name for path in folder.iterdir()], n=3)
    where = shown(folder, root) if folder != root else "the project's folder"
    message = f"source {source.name}: no file matches '{pattern}'; looked in {where}"
    remedy = (
        f"Did you mean {' or '.join(repr(name) for name in near)}?"
        if near
        else "Check the path in the source's 'read'."
    )
    return Mistake(message, "missing-file", place, remedy)


def _suffix_in(folder: Path) -> str:
    """The ending that most of the readable files in a folder have."""
    endings = Counter(path.suffix for path in sorted(folder.iterdir()) if path.suffix in _KINDS)
    return endings.most_common(1)[0][0] if endings else ".csv"


def _one_kind(source: Source, files: Sequence[Path], root: Path) -> Kind:
    kinds: dict[Kind, Path] = {}
    place = source.places.get("read", source.place)
    for path in files:
        suffixes = [suffix.lower() for suffix in path.suffixes]
        packed = suffixes[-1:] == [_GZIP]
        kind = _KINDS.get((suffixes[:-1] if packed else suffixes)[-1:][0] if suffixes[packed:] else "")
        if kind is None or (packed and kind not in ("csv", "json")):
            message = f"source {source.name}: {shown(path, root)} is of no kind that can be read"
            known = ", ".join(_KINDS)
            raise SourceError(
                Mistake(message, "broken-file", place, f"Files end in {known}; text and JSON also in .gz.")
            )
        kinds.setdefault(kind, path)
    if len(kinds) > 1:
        (one, other) = list(kinds.values())[:2]
        message = f"source {source.name}: {shown(one, root)} and {shown(other, root)} are of different kinds"
        raise SourceError(Mistake(message, "broken-file", place, "Make a source of each kind."))
    return next(iter(kinds))

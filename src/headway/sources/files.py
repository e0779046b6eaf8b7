"""Sources that are files: which ones a pattern means, and what kind they are."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

from headway.errors import Mistake, SourceError
from headway.model import FilesReader, Located, Source

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


def locate(source: Source, reader: FilesReader, root: Path) -> Located:
    """The files of a source, in order of their names. Parquet, text and JSON stay where they are."""
    files: dict[Path, None] = {}
    for pattern in reader.patterns:
        found = _expand(pattern, root)
        if not found:
            raise SourceError(_missing(source, pattern, root))
        files.update(dict.fromkeys(found))
    kinds = {kind_of(path) for path in files}
    kind = kinds.pop()
    assert kind in ("parquet", "csv", "json")
    stamps = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return Located(source.name, kind, tuple(files), reader.format, stamps=stamps)


def kind_of(path: Path) -> Kind | None:
    """What a file holds, by its suffix; `.gz` around text is looked through."""
    suffixes = path.suffixes
    if suffixes and suffixes[-1] == ".gz":
        suffixes = suffixes[:-1]
    return _KINDS.get(suffixes[-1].lower()) if suffixes else None


def _expand(pattern: str, root: Path) -> list[Path]:
    base = root / pattern
    if base.is_file():
        return [base]
    anchor = Path(base.anchor)
    return sorted(path for path in anchor.glob(str(base.relative_to(anchor))) if path.is_file())


def _missing(source: Source, pattern: str, root: Path) -> Mistake:
    folder = (root / pattern).parent
    near = difflib.get_close_matches(Path(pattern).name, [p.name for p in folder.glob("*")] if folder.is_dir() else [])
    return Mistake(
        f"source {source.name}: no file matches '{pattern}'",
        "missing-file",
        source.places.get("read", source.place),
        f"Did you mean '{near[0]}'?" if near else f"Looked below {folder}.",
    )

"""Where raw rows live: `locate` finds a source's files for an engine to read in place, or reads its rows into Arrow."""

from __future__ import annotations

from pathlib import Path

from headway.model import FilesReader, Located, Source
from headway.sources import files

__all__ = ["locate"]


def locate(source: Source, root: Path) -> Located:
    """Find the rows of a source; patterns and paths are relative to `root`. SourceError if they cannot be read."""
    match source.reader:
        case FilesReader() as reader:
            return files.locate(source, reader, root)
        case _:
            raise NotImplementedError(source.reader)

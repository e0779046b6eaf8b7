"""Where raw rows live: `locate` finds a source's files for an engine to read in place, or reads its rows into Arrow.

One module per kind of source: files (and the spreadsheets among them), tables of SQLite, git repositories. `typed`
reads the small files of numbers that people keep by hand, `committed` those of the project at a commit.
"""

from __future__ import annotations

from pathlib import Path

from headway.model import FilesReader, GitReader, Located, Source, TableReader
from headway.sources import files, git, tables
from headway.sources.committed import committed
from headway.sources.digests import Digest, Digests, files_of
from headway.sources.files import changed, shown
from headway.sources.git import vet as vet_repositories
from headway.sources.sheets import outline
from headway.sources.typed import TYPED, is_link, period_forms, typed, typed_text

__all__ = [
    "TYPED",
    "Digest",
    "Digests",
    "changed",
    "committed",
    "files_of",
    "is_link",
    "locate",
    "outline",
    "period_forms",
    "shown",
    "typed",
    "typed_text",
    "vet_repositories",
]


def locate(source: Source, root: Path) -> Located:
    """Find the rows of a source; paths are relative to the project's folder `root`. SourceError if it cannot."""
    match source.reader:
        case FilesReader() as reader:
            return files.locate(source, reader, root)
        case TableReader() as reader:
            return tables.locate(source, reader, root)
        case GitReader() as reader:
            return git.locate(source, reader, root)

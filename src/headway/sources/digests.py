"""What the files under a source come to: a digest of their bytes, taken again only of files that were touched.

A file is taken for the same without being read if its size, its times of change and its place on the disk are what they
were when its digest was taken, and it had rested for a while by then: a file can be written twice within one tick of
the disk's clock. Everything else is read through once. No metadata of a format (the footer of Parquet) is trusted: it
can be the same where a value is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from headway.errors import HeadwayError
from headway.model import FilesReader, Source, TableReader
from headway.sources import tables
from headway.sources.files import expand, shown

#: Size, times of the last change of contents and of the file's entry, number on its disk: what a look tells of a file.
Stamp = tuple[int, int, int, int]

#: Nanoseconds for which a file must have rested before its digest was taken: more than a tick of any disk's clock.
_REST = 3_000_000_000
#: What SQLite keeps beside a database while it is written to. Empty ones say nothing.
_BESIDE = ("-wal", "-journal")


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a file's bytes, the stamp that it had, and when it was taken (nanoseconds since 1970)."""

    stamp: Stamp
    taken: int
    text: str


@dataclass
class Digests:
    """Digests of files: `known` since earlier, `taken` in this run at the moment `now` (nanoseconds since 1970)."""

    known: Mapping[str, Digest]
    now: int
    taken: dict[str, Digest] = field(default_factory=dict)

    def of(self, path: Path) -> str:
        """The digest of a file; OSError if it cannot be read, or changes meanwhile."""
        key = str(path)
        if (mine := self.taken.get(key)) is None:
            mine = self.taken[key] = self._take(path, self.known.get(key))
        return mine.text

    def _take(self, path: Path, before: Digest | None) -> Digest:
        stamp = stamp_of(path)
        if before is not None and before.stamp == stamp and max(stamp[1:3]) + _REST <= before.taken:
            return before
        made = sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                made.update(block)
        if stamp_of(path) != stamp:
            raise OSError(f"{path} changes")
        return Digest(stamp, self.now, made.hexdigest())

    def are_still(self, paths: list[Path]) -> bool:
        """True if none of the files was touched since its digest was taken in this run."""
        try:
            return all(self.taken[str(path)].stamp == stamp_of(path) for path in paths)
        except OSError:
            return False


def stamp_of(path: Path) -> Stamp:
    """What a look tells of a file."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def files_of(source: Source, root: Path) -> list[tuple[str, Path]] | None:
    """The files whose bytes are all that the rows of a source follow from, each with its name; None if there is more.

    A git repository is more than files that a look could tell apart.
    """
    match source.reader:
        case FilesReader(patterns=patterns):
            found = dict.fromkeys(path for pattern in patterns for path in expand(pattern, root) if path.is_file())
            return [(shown(path, root), path) for path in found]
        case TableReader() as reader:
            try:
                path, _ = tables.address(source, reader, root)
            except HeadwayError:
                return None
            beside = (path.with_name(path.name + ending) for ending in _BESIDE)
            there = [one for one in beside if one.is_file() and one.stat().st_size]
            return [(str(one), one) for one in (path, *there)]
    return None


__all__ = ["Digest", "Digests", "files_of", "stamp_of"]

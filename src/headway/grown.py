"""Sources that only got more files: what their files came to is kept, so that next time only those that came are read.

That is done for sources of Parquet files of which several are meant, and for what can be added to: what a source can
speak of, its footprint, and people counted by sorted keys. A row of such a source is read for itself alone, beside the
rows of other sources that it refers to. So what its files come to follows from their bytes, from those of the sources
that it refers to, from the definitions, the software and how its columns are read. If all that is the same, and none
of the files that were there is missing or another one, what they came to is taken as it was kept; only a row that was
still to come by then would count differently now, so nothing is kept of a source that has one.

The ledger has no part in this: whoever loses what is kept loses time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from headway.engines import kept
from headway.engines.kept import Kept
from headway.model import Catalog, FilesReader, Located
from headway.sources import Digests, shown

#: Where it is kept, in the folder of the project: what there is, and the tables.
FILE, FOLDER = Path(".headway") / "grown.json", Path(".headway") / "grown"

#: What a pattern of files has where it may mean several.
_WILD = frozenset("*?[")


@dataclass
class Grown:
    """What is kept of the sources of a project, for a run at the moment `now`.

    `basis` gives the hash of all that a source's rows come from beside its own files; None if that cannot be told.
    """

    catalog: Catalog
    now: datetime
    digests: Digests
    basis: Callable[[str], str | None]
    #: False if nothing that was kept is to be used.
    use: bool
    _known: Mapping[str, Any] = field(default_factory=dict)
    _read: dict[str, tuple[str, dict[str, Path], Kept]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, catalog: Catalog, now: datetime, digests: Digests, basis: Callable[[str], str | None], *, use: bool
    ) -> Grown:
        """What is kept; nothing if it cannot be read."""
        known = {}
        with suppress(OSError, ValueError):
            known = dict(json.loads((catalog.root / FILE).read_text("utf-8")))
        return cls(catalog, now, digests, basis, use, known)

    def look(self, source: str, located: Located, reads: str, attach: Callable[[list[Path]], str]) -> Kept | None:
        """What is kept of a source, found in these files and read in such a way; None if none of it can be.

        `attach` makes a relation of the rows of some files.
        """
        try:
            found = self._looked(source, located, reads)
        except OSError:
            return None
        if found is None:
            return None
        key, files = found
        mine, said = Kept(source), self._known.get(source)
        if self.use and said is not None:
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                old = dict(said["files"])
                there = {name: self.digests.of(path) for name, path in files.items()}
                known = {what: self.catalog.root / FOLDER / Path(file).name for what, file in said["kept"].items()}
                if (
                    said["key"] == key
                    and datetime.fromisoformat(said["now"]) <= self.now
                    and old.items() <= there.items()
                ):
                    came = [path for name, path in files.items() if name not in old]
                    mine = Kept(source, attach(came), known)
        self._read[source] = key, files, mine
        return mine

    def _looked(self, source: str, located: Located, reads: str) -> tuple[str, dict[str, Path]] | None:
        declared = self.catalog.sources[source]
        if not isinstance(declared.reader, FilesReader) or located.kind != "parquet" or declared.latest_by:
            return None
        several = len(located.files) > 1 or any(_WILD & set(pattern) for pattern in declared.reader.patterns)
        if not several or (basis := self.basis(source)) is None:
            return None
        files = {shown(path, self.catalog.root): path for path in located.files}
        for path in files.values():
            self.digests.of(path)
        return kept.named(json.dumps([basis, reads])), files

    def keep(self, settled: Callable[[str], bool]) -> None:
        """Keep what was made of sources that are `settled`: no row is still to come. It is no trouble if that fails."""
        said = {source: one for source, one in self._known.items() if source in self.catalog.sources}
        with suppress(OSError):
            for source, (key, files, mine) in self._read.items():
                said.pop(source, None)
                if mine.made and settled(source) and self.digests.are_still(list(files.values())):
                    said[source] = self._write(key, files, mine)
            if said == self._known:
                return
            folder = self.catalog.root / FOLDER
            _replace(self.catalog.root / FILE, lambda beside: beside.write_text(json.dumps(said), "utf-8"))
            used = {file for one in said.values() for file in one["kept"].values()}
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in used:
                    path.unlink(missing_ok=True)

    def _write(self, key: str, files: Mapping[str, Path], mine: Kept) -> dict[str, Any]:
        there = {name: self.digests.of(path) for name, path in files.items()}
        names = {}
        for what, tables in mine.made.items():
            names[what] = f"{kept.named(json.dumps([key, there, what]))}.arrow"
            path = self.catalog.root / FOLDER / names[what]
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                _replace(path, partial(kept.write, tables=tables))
        return {"key": key, "now": self.now.isoformat(), "files": there, "kept": names}


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file at once: whoever reads it finds all of it."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    write(beside)
    beside.replace(path)


__all__ = ["FILE", "FOLDER", "Grown"]

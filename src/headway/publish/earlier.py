"""What an earlier build left: files that a new one takes over where what they are made of is the same (see `keys`).

The keys stand beside the ledger, not in the site: they are made from what its readers may not see.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Self

#: Below a project's folder, beside what else Headway keeps there.
FOLDER = Path(".headway", "built")


@dataclass
class Earlier:
    """The files of an earlier build with their keys, and those of the one that is being made."""

    folder: Path
    record: Path
    known: dict[str, list[object]] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    noted: dict[str, list[object]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, root: Path, *, full: bool = False) -> Self:
        """The earlier build in `folder` of the project at `root`; with `full`, as if there was none."""
        record = root / FOLDER / f"{blake2b(str(folder).encode(), digest_size=8).hexdigest()}.json"
        known = {}
        if not full:
            with suppress(OSError, ValueError):
                known = dict(json.loads(record.read_text("utf-8")))
        return cls(folder, record, known)

    def had(self, path: str, beside: str, key: str) -> bool | None:
        """True if the earlier build had a file; None if `beside`, of the same key, is not the same, and cannot tell."""
        return path in self.known if self.known.get(beside, [None])[0] == key else None

    def take(self, path: str, key: str, target: Path) -> int | None:
        """Put the earlier file into its new place and say how large it is; None if it is not the same, or not there.

        A file that somebody touched since is made again.
        """
        self.made[path] = key
        source = self.folder / path
        try:
            if self.known.get(path) != _signed(key, source):
                return None
            try:
                os.link(source, target)
            except OSError:  # no links here, or not across these folders
                shutil.copy2(source, target)
            if self.known[path] != _signed(key, target):  # another build took its place between the two looks
                target.unlink()
                return None
        except OSError:
            return None
        return target.stat().st_size

    def note(self, fresh: Path) -> None:
        """Note the files of the new build by their keys, while it is nobody else's.

        What stands in the folder later may be another build's, for other readers: its files by these keys would be
        shown to ours.
        """
        self.noted = {path: _signed(key, fresh / path) for path, key in self.made.items()}

    def keep(self) -> None:
        """Keep what was noted for the next build; without it, that one makes all files."""
        with suppress(OSError):
            self.record.parent.mkdir(parents=True, exist_ok=True)
            self.record.write_text(json.dumps(self.noted), "utf-8")


def _signed(key: str, file: Path) -> list[object]:
    """A file as the record knows it: what it is made of, and that nobody touched it since."""
    about = file.stat()
    return [key, about.st_size, about.st_mtime_ns]

"""Copies of a ledger, taken while others read and write it: SQLite's backup, so that a copy holds whole runs only."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def copy(source: Path, target: Path) -> None:
    """Write a copy of the ledger at `source`. Whatever happens meanwhile, `target` is as before, or whole."""
    part = target.with_name(f"{target.name}.part")
    try:
        with closing(_reading(source)) as old, closing(sqlite3.connect(part)) as new:
            old.backup(new)  # in one step, which is one read transaction: nobody waits for it
        shutil.copymode(source, part)
        _synced(part)
        part.replace(target)
        _synced(target.parent)
    finally:
        part.unlink(missing_ok=True)


def replace(source: Path, target: Path, wait: float) -> None:
    """Make the ledger at `target` hold what `source` holds, in one transaction: readers see the old or the new."""
    with closing(_reading(source)) as new, closing(sqlite3.connect(target, timeout=wait)) as old:
        new.backup(old)


def beside(path: Path, what: str) -> Path:
    """A free name beside the ledger for a copy of it: `ledger.db.before-import`, `ledger.db.before-import-2` ..."""
    name = f"{path.name}.{what}"
    taken = {found.name for found in path.parent.iterdir()}
    number = 2
    while name in taken:
        name = f"{path.name}.{what}-{number}"
        number += 1
    return path.with_name(name)


def _reading(path: Path) -> sqlite3.Connection:
    """A connection for reading. Where it may, it takes away again the log that any reader must make beside the file."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        mode = "mode=rw"
    else:  # without a log beside it, the file alone is the ledger
        mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True)


def _synced(path: Path) -> None:
    """Hand a file or a folder to the disk: a copy that is said to be there outlives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

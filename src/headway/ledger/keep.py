"""Keep a ledger safe: a copy of it into a file, and back from there, neither of which ever loses a run unasked."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from headway.errors import LedgerError, Mistake, UsageError
from headway.ledger import connect, snapshot
from headway.ledger.lock import Waiting
from headway.ledger.records import Run
from headway.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Kept:
    """What was copied: the newest run in it, how many there are, and where that stands now which was there before."""

    runs: int
    newest: Run | None
    before: Path | None = None


def backup(ledger: Ledger, file: Path, *, force: bool = False) -> Kept:
    """Copy a ledger into a file, whole runs only, while others read it and write to it.

    An earlier backup there is replaced, unless it holds runs that the ledger does not have (`force` does it then).
    """
    with connect.translated(file, ledger.wait):
        if file.is_dir():
            file /= ledger.path.name
        if file.exists() and not force:
            with _opened(file) as old:
                _loses(old, ledger, f"the backup {file}", f"the ledger {ledger.path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        snapshot.copy(ledger.path, file)
        with _opened(file) as made:
            return _told(made)


def restore(file: Path, ledger: Path | str, waiting: Waiting = lambda holder: None, *, force: bool = False) -> Kept:
    """Put a backup in the place of a ledger, in one transaction; what was there is kept beside it.

    UsageError `would-lose-runs` if the ledger has runs that the backup lacks, unless `force`.
    """
    if not file.exists():
        raise UsageError(Mistake(f"there is no file {file}", "missing-file", None, "Name a file of 'headway backup'."))
    path = connect.location(ledger)
    with _opened(file) as found:
        if not path.exists():
            with connect.translated(path, found.wait):
                path.parent.mkdir(parents=True, exist_ok=True)
                snapshot.copy(found.path, path)
            return _told(found)
        with _replaceable(path, force=force) as old, old.alone(waiting):
            if not force:
                _loses(old, found, f"the ledger {path}", f"the backup {file}")
            before = replace(found.path, old, "before-restore")
            return _told(found, before)


def replace(new: Path, ledger: Ledger, what: str) -> Path:
    """Make a ledger hold what the file `new` holds, after a copy of it beside; the caller keeps runs out."""
    with connect.translated(ledger.path, ledger.wait):
        before = snapshot.beside(ledger.path, what)
        snapshot.copy(ledger.path, before)
        snapshot.replace(new, ledger.path, ledger.wait)
        return before


@contextmanager
def _replaceable(path: Path, *, force: bool) -> Iterator[Ledger]:
    """The ledger that is to be replaced. By force also one that is broken: it is moved aside, and an empty one made."""
    try:
        ledger = Ledger.open(path)
    except LedgerError as error:
        if not force or error.slug != "ledger-broken":
            raise
        path.replace(snapshot.beside(path, "broken"))
        ledger = Ledger.open(path)
    with ledger:
        yield ledger


@contextmanager
def _opened(file: Path) -> Iterator[Ledger]:
    """A backup, opened as a copy of its own, so that one of an earlier release is upgraded without being touched."""
    with tempfile.TemporaryDirectory(prefix="headway-") as folder:
        copy = Path(folder) / "ledger.db"
        try:
            snapshot.copy(file, copy)
            with closing(sqlite3.connect(copy)) as connection:
                (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                whole = found == "ok" and connection.execute("SELECT 1 FROM ledger_version").fetchone() is not None
        except sqlite3.DatabaseError:
            whole = False
        if not whole:
            raise LedgerError(
                Mistake(
                    f"{file} is no ledger, or a damaged one",
                    "ledger-broken",
                    remedy="Name a file that 'headway backup' wrote. Nothing was touched.",
                )
            )
        with Ledger.open(copy, create=False) as opened:
            yield opened


def _loses(old: Ledger, new: Ledger, it: str, instead: str) -> None:
    """UsageError if `new`, in the place of `old`, would lose runs."""
    lost = old.uuids() - new.uuids()
    if lost:
        one = len(lost) == 1
        raise UsageError(
            Mistake(
                f"{it} has {'a run' if one else f'{len(lost)} runs'} that {instead} does not have",
                "would-lose-runs",
                remedy=f"To lose {'it' if one else 'them'} all the same: --force.",
            )
        )


def _told(ledger: Ledger, before: Path | None = None) -> Kept:
    return Kept(len(ledger.uuids()), ledger.last_run(), before)

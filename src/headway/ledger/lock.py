"""One run at a time, and one clock: lock files beside the ledger, which say who holds them.

A lock is the operating system's, so it ends with its holder, however that ends. That of a run covers the whole of it,
from the first row read to the commit: two runs never compute on different states of one ledger. Readers know nothing
of it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from headway.errors import LedgerError, Mistake

#: Told once, in words, who holds the lock that is waited for.
Waiting = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds the lock, as the file says it."""

    process: int
    host: str
    since: str

    def __str__(self) -> str:
        since = datetime.fromisoformat(self.since)
        return f"process {self.process} on {self.host} since {since:%Y-%m-%d %H:%M} UTC"


@contextmanager
def held(path: Path, wait: float, waiting: Waiting) -> Iterator[None]:
    """Hold the lock of the ledger at `path`; LedgerError if somebody else still has it after `wait` seconds."""
    file = Path(f"{path}.lock")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting(_who(file))
        try:
            lock.acquire(timeout=wait, poll_interval=0.1)
        except Timeout:
            raise LedgerError(_taken(path, _who(file), wait)) from None
    with _named(file, lock):
        yield


@contextmanager
def ticking(path: Path) -> Iterator[str | None]:
    """Hold the lock of the clock of the ledger at `path`, or without waiting say who has it.

    It is another one than that of a run: what is due does not wait until a run has ended.
    """
    file = Path(f"{path}.tick.lock")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield _who(file)
        return
    with _named(file, lock):
        yield None


@contextmanager
def _named(file: Path, lock: BaseFileLock) -> Iterator[None]:
    """Say in its file who holds a lock, and let it go in the end."""
    try:
        me = _Holder(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds"))
        _say(file, json.dumps(asdict(me)))
        yield
    finally:
        _say(file, "")
        lock.release()


def _say(file: Path, text: str) -> None:
    """Write who holds the lock. Where that fails, as on a full disk, the lock holds without a name."""
    with suppress(OSError):
        file.write_text(text, encoding="utf-8")


def _who(file: Path) -> str:
    try:
        return str(_Holder(**json.loads(file.read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError):  # just taken, or a system that lets nobody read a locked file
        return "another process"


def _taken(path: Path, who: str, wait: float) -> Mistake:
    return Mistake(
        f"the ledger {path} is locked: a run was still going after {wait:g} seconds ({who})",
        "ledger-locked",
        remedy="Wait for it to end, then run again. Nothing was lost.",
    )

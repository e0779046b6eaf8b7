"""One measurement: how long something took, against what it may take."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Measured:
    """What was measured. `limit` is in seconds, None if it is only for the record; `seconds` is filled at the end."""

    what: str
    limit: float | None = None
    seconds: float = 0.0
    #: What our own process computed; much less than `seconds` on a machine that is busy with something else.
    cpu_seconds: float = 0.0
    #: The largest the process has been so far.
    megabytes: float = 0.0

    @property
    def within(self) -> bool:
        """True if it took no longer than it may."""
        return self.limit is None or self.seconds <= self.limit

    @property
    def limit_text(self) -> str:
        """The limit as it stands in the table."""
        return "" if self.limit is None else f"{self.limit:g}"

    @property
    def verdict(self) -> str:
        """A word for the table."""
        return "" if self.limit is None else "ok" if self.within else "TOO SLOW"


@contextmanager
def timed(what: str, limit: float | None = None) -> Iterator[Measured]:
    """Measure the block."""
    measured = Measured(what, limit)
    start, cpu = time.perf_counter(), time.process_time()
    yield measured
    measured.seconds, measured.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    measured.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

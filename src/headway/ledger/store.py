"""The append-only store of every number Headway ever published: `Ledger`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from headway.ledger.records import Definition, Failure, Recorded, Revision, Run, Series
from headway.model import Computed, Load
from headway.periods import Grain


class Ledger:
    """The store of runs, observations, verdicts, definitions and catalogues.

    Only `record` writes, in one transaction: the ledger holds whole runs or nothing of them. Any number of threads and
    processes may read at the same time, also while a run writes. Use it as a context manager, or call `close`.

    Errors: LedgerError with the slug `ledger-newer`, `ledger-broken`, `ledger-locked`, `disk-full` or `read-only`; what
    the ledger held before is still there after each of them.
    """

    @classmethod
    def open(cls, path: Path | str, *, create: bool = True, wait: float = 30.0) -> Ledger:
        """Open the ledger at a path, or at an address `sqlite:///path`, and bring its tables up to date.

        With `create=False` a ledger that does not exist is a UsageError `nothing-computed`. `wait` is how many seconds
        a run waits for another one that is writing.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Give back every connection."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- writing -------------------------------------------------------------------------------------------------

    def record(self, run: Run, computed: Iterable[Computed], loads: Iterable[Load] = ()) -> Recorded:
        """Keep what a run made, in one transaction, and give back the stored run with its counts.

        An observation that is as before (floats to a relative 1e-9) writes nothing; a closed one that changed gets
        the next revision; a running period is replaced in place until it closes. An observation of a computed KPI
        that is no longer there gets a revision without a value, flagged `Flag.GONE`. A KPI that failed
        (`Computed.failed`) keeps what it had. `computed` is consumed while the ledger is locked: compute first.
        """
        raise NotImplementedError

    # -- reading -------------------------------------------------------------------------------------------------

    def read(
        self,
        kpi: str,
        *,
        part: str | None = "",
        grain: Grain | None = None,
        cells: bool = True,
        as_of: datetime | None = None,
    ) -> pa.Table:
        """The newest numbers of a KPI with their verdicts, schema `PUBLISHED`, ordered by grain, cell, period.

        `part=None` gives every part, `grain=None` every grain, `cells=False` the total alone. With `as_of` the numbers
        are those of the runs that had finished then; a running period keeps only its latest value, so a period that
        ran then is absent if it was replaced since. An unknown KPI gives no rows.
        """
        raise NotImplementedError

    def series(self, kpi: str | None = None) -> list[Series]:
        """Every series of a KPI, or of all KPIs."""
        raise NotImplementedError

    def revisions(self, kpi: str, part: str, grain: Grain, cell: str, period_key: int) -> list[Revision]:
        """Each value that one period had, oldest first; the last one is the value now."""
        raise NotImplementedError

    def runs(self, limit: int = 50) -> list[Run]:
        """The newest runs, newest first."""
        raise NotImplementedError

    def last_run(self, as_of: datetime | None = None) -> Run | None:
        """The newest run (that had finished at `as_of`), or None."""
        raise NotImplementedError

    def loads(self, run: int) -> list[Load]:
        """What each source gave in a run, by its id."""
        raise NotImplementedError

    def failures(self, run: int) -> list[Failure]:
        """The KPIs that a run could not compute."""
        raise NotImplementedError

    def catalogue(self, fingerprint: str) -> str | None:
        """A resolved catalogue as JSON text, or None if no run had that fingerprint."""
        raise NotImplementedError

    def definition(self, kpi: str, as_of: datetime | None = None) -> Definition | None:
        """How the newest run (at `as_of`) that computed the KPI did it, or None."""
        raise NotImplementedError

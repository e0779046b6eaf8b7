"""The append-only store of every number Headway ever published: `Ledger`."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import (
    alerting,
    catalogues,
    checked,
    connect,
    decisions,
    editions,
    entries,
    footprints,
    history,
    lock,
    marks,
    proposals,
    read,
    reviews,
    schema,
)
from headway.ledger.checked import Standing
from headway.ledger.editions import Editions
from headway.ledger.entries import Entered
from headway.ledger.record import record
from headway.ledger.records import (
    AsOf,
    Change,
    Definition,
    Failure,
    Proposal,
    Recorded,
    Restatement,
    Revision,
    Run,
    Series,
    Tried,
    Version,
)
from headway.ledger.reviews import Reviewed
from headway.model import Alerting, Closing, Computed, Footprint, Load, Unchanged
from headway.periods import Grain


class Ledger:
    """The store of runs, observations, verdicts, definitions and catalogues.

    `record` and `decide` write, each in one transaction: the ledger holds whole runs or nothing of them. Any number of
    threads and processes may read at the same time, also while a run writes. Use it in a `with`, or call `close`.

    Errors: LedgerError with the slug `ledger-newer`, `ledger-broken`, `ledger-locked`, `disk-full` or `read-only`; what
    the ledger held before is still there after each of them.
    """

    def __init__(self, engine: sa.Engine, path: Path, wait: float) -> None:
        """Use `Ledger.open`."""
        self._engine = engine
        self._path = path
        self._wait = wait
        self._held = threading.local()

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return self._path

    @property
    def wait(self) -> float:
        """How many seconds this waits for somebody else who is writing."""
        return self._wait

    @classmethod
    def open(cls, path: Path | str, *, create: bool = True, wait: float = 30.0) -> Ledger:
        """Open the ledger at a path, or at an address `sqlite:///path`, and bring its tables up to date.

        With `create=False` a ledger that does not exist is a UsageError `nothing-computed`. `wait` is how many seconds
        a run waits for another one that is writing.
        """
        file = connect.location(path)
        return cls(connect.engine(file, create=create, wait=wait), file, wait)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- writing -------------------------------------------------------------------------------------------------

    def record(
        self,
        run: Run,
        computed: Iterable[Computed],
        loads: Iterable[Load] = (),
        closing: Closing | None = None,
        unchanged: Unchanged | None = None,
    ) -> Recorded:
        """Keep what a run made, in one transaction, and give back the stored run with its counts.

        An observation that is as before (floats to a relative 1e-9) writes nothing; a closed one that changed gets
        the next revision; a running period is replaced in place until it closes. An observation of a computed KPI
        that is no longer there gets a revision without a value, flagged `Flag.GONE`. A KPI that failed
        (`Computed.failed`) keeps what it had. `computed` is consumed while the ledger is locked: compute first.

        `closing` says which numbers are closed. A published one of these that comes out different is part of a
        *restatement*, all that changes for one cause. If each of its changes is within the tolerance, it is published;
        else the old numbers stay and the new ones wait (see `decide`). What becomes withheld is so at once. Without
        `closing` every number is published as it comes. What is `unchanged` since an earlier run counts as computed.
        """
        with (
            connect.translated(self._path, self._wait),
            self._engine.connect().execution_options(**connect.WRITING) as connection,
            connection.begin(),
        ):
            return record(connection, run, computed, loads, closing, unchanged)

    @contextmanager
    def alone(self, waiting: lock.Waiting = lambda holder: None) -> Iterator[None]:
        """Keep every other run out for as long as this lasts; readers are not concerned.

        Whoever has to wait is told once for whom. LedgerError `ledger-locked` names the holder if it takes too long.
        """
        with connect.translated(self._path, self._wait), lock.held(self._path, self._wait, waiting):
            yield

    @contextmanager
    def ticking(self) -> Iterator[str | None]:
        """Be the only clock for as long as this lasts: None; or else who is, at once. Runs are not concerned."""
        with ExitStack() as stack:
            with connect.translated(self._path, self._wait):
                holder = stack.enter_context(lock.ticking(self._path))
            yield holder

    @contextmanager
    def transaction(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        """A connection with one transaction: all of what it writes is kept, or nothing."""
        options = connect.WRITING if writing else {}
        with (
            connect.translated(self._path, self._wait),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    def decide(
        self,
        ids: Sequence[int],
        *,
        accept: bool,
        who: str,
        why: str,
        now: datetime,
        version: str = "",
        reads: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        """Publish the numbers of waiting restatements, or keep the old ones; all of `ids` or, with a mistake, none.

        It comes into force as a row of `run`, after the run or decision before it. The same numbers are not proposed
        again; who rejected a restatement may still accept it. `reads` names what the formula of each KPI reads: what
        is tied by a number that holds both changes is accepted together. UsageError `unknown-restatement`,
        `already-decided`, `decided-together`.
        """
        with self.transaction(writing=True) as connection:
            decisions.decide(connection, ids, accept=accept, who=who, why=why, now=now, version=version, reads=reads)

    @contextmanager
    def reviewing(self, decided: Sequence[Reviewed], now: datetime, version: str = "") -> Iterator[int]:
        """Keep what a review of targets decided, as a row of `run`, if what is done meanwhile comes to an end.

        Gives the number of that row; 0, and nothing is kept, if all of it was decided just so before.
        """
        with self.transaction(writing=True) as connection:
            yield reviews.record(connection, decided, now, version)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """A connection with one transaction: everything read in it is of the same moment."""
        held: sa.Connection | None = getattr(self._held, "connection", None)
        with connect.translated(self._path, self._wait):
            if held is not None:
                yield held
            else:
                with self._engine.begin() as connection:
                    yield connection

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let all that this thread reads within be of one moment, whatever is recorded meanwhile."""
        before = getattr(self._held, "connection", None)
        with self._reading() as connection:
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = before

    # -- reading -------------------------------------------------------------------------------------------------

    def read(
        self,
        kpi: str,
        *,
        part: str | None = "",
        grain: Grain | None = None,
        cells: bool = True,
        as_of: AsOf | None = None,
    ) -> pa.Table:
        """The newest numbers of a KPI with their verdicts, schema `PUBLISHED`, ordered by grain, cell, period.

        `part=None` gives every part, `grain=None` every grain, `cells=False` the total alone. With `as_of` they are
        exactly what was published then, of running periods too. An unknown KPI gives no rows.
        """
        with self._reading() as connection:
            return read.numbers(connection, kpi, part, grain, cells, as_of)

    def totals(
        self, asked: Collection[tuple[str, str, Grain]], as_of: AsOf | None = None
    ) -> dict[tuple[str, str, Grain], pa.Table]:
        """The totals of many KPIs, parts and grains, each as `read` gives it, in a few queries for all of them."""
        with self._reading() as connection:
            return read.totals(connection, asked, as_of)

    def entries(self, kpi: str, as_of: AsOf | None = None) -> list[Entered]:
        """What people entered for a KPI, in words (as of the runs that had finished then), oldest period first."""
        with self._reading() as connection:
            return entries.entries(connection, kpi, as_of)

    def reviews(self, kpi: str | None = None, period: str | None = None, as_of: AsOf | None = None) -> list[Reviewed]:
        """What reviews of targets decided (by then), oldest first: of a KPI, and in the review of a quarter, or all."""
        with self._reading() as connection:
            return reviews.reviews(connection, kpi, period, as_of)

    def marks(self) -> dict[str, str]:
        """A mark of each KPI's numbers and verdicts, with all their revisions: another where any of them is."""
        with self._reading() as connection:
            return marks.marks(connection)

    def series(self, kpi: str | None = None) -> list[Series]:
        """Every series of a KPI, or of all KPIs."""
        with self._reading() as connection:
            return read.all_series(connection, kpi)

    def stored(self) -> dict[str, tuple[int, int, int]]:
        """How much each KPI takes: its cells, its series, and its numbers with all their revisions."""
        with self._reading() as connection:
            return read.stored(connection)

    def revisions(
        self, kpi: str, part: str, grain: Grain, cell: str, period_key: int, as_of: AsOf | None = None
    ) -> list[Revision]:
        """Each value that one period had (by then), oldest first; the last one is the value now."""
        with self._reading() as connection:
            return read.revisions(connection, kpi, part, grain, cell, period_key, as_of)

    def restatements(
        self, state: str | None = None, kpi: str | None = None, as_of: AsOf | None = None
    ) -> list[Restatement]:
        """What changed of closed numbers, oldest first; as of a time, as it stood then."""
        with self._reading() as connection:
            return history.restatements(connection, state, kpi, as_of)

    def changes(self, restatement: int, as_of: AsOf | None = None) -> list[Change]:
        """Every number that a restatement changes, or would; UsageError `unknown-restatement`."""
        with self._reading() as connection:
            return history.changes(connection, restatement, as_of)

    def proposals(self, kpi: str, as_of: AsOf | None = None) -> list[Proposal]:
        """The numbers of a KPI that wait for a decision or were rejected, while others stay published."""
        with self._reading() as connection:
            return history.waiting(connection, kpi, as_of)

    def proposed(self) -> set[str]:
        """The KPIs of which any number waits for a decision or was rejected."""
        with self._reading() as connection:
            return proposals.proposing(connection)

    def revised(
        self, kpi: str, part: str, grain: Grain, cell: str, as_of: AsOf | None = None
    ) -> dict[int, list[Revision]]:
        """Each value that the periods of a series had, by their keys, of those that have a further one."""
        with self._reading() as connection:
            return read.revised(connection, kpi, part, grain, cell, as_of)

    def runs(self, limit: int = 50) -> list[Run]:
        """The newest runs and decisions, newest first; what the clock did is not among them."""
        with self._reading() as connection:
            return read.runs(connection, limit)

    def uuids(self) -> set[str]:
        """The names that the runs and decisions have in every copy of this ledger."""
        with self._reading() as connection:
            return set(connection.execute(sa.select(schema.run.c.uuid)).scalars())

    def last_run(self, as_of: AsOf | None = None, *, decisions: bool = False) -> Run | None:
        """The newest run (that was there at `as_of`), or None; with `decisions` also what was done since."""
        with self._reading() as connection:
            return read.last_run(connection, as_of, decisions=decisions)

    def loads(self, run: int) -> list[Load]:
        """What each source gave in a run, by its id."""
        with self._reading() as connection:
            return read.loads(connection, run)

    def last_loads(self) -> dict[str, Load]:
        """What each source gave when it was last read without an error."""
        with self._reading() as connection:
            return read.last_loads(connection)

    def last_tried(self, until: int) -> tuple[dict[str, Tried], dict[str, Run]]:
        """What each source gave when it was last read, and the run that last computed each KPI, up to a run.

        A run of a part of the catalogue tells nothing of the rest; what was tried and failed counts.
        """
        with self._reading() as connection:
            return read.last_tried(connection, until)

    def failures(self, run: int) -> list[Failure]:
        """The KPIs that could not be computed when a run last tried, up to this one."""
        with self._reading() as connection:
            return read.failures(connection, run)

    def last_computed(self) -> dict[str, Run]:
        """The newest run that computed each KPI: what its numbers come from."""
        with self._reading() as connection:
            return read.last_computed(connection)

    def footprints(self, run: int) -> dict[str, Footprint]:
        """What the rows of each source came to in a run, as far as that is still kept."""
        with self._reading() as connection:
            return footprints.footprints(connection, run)

    def checks(self, as_of: AsOf | None = None, looks: int = 30) -> list[Standing]:
        """What came of every check when it was last looked at, and in how many of the last runs, by source and KPI."""
        with self._reading() as connection:
            until = read.reached(connection, as_of)
            return checked.standing(connection, until, looks)

    # -- alerts --------------------------------------------------------------------------------------------------

    def alerting(
        self, since: datetime | None = None, as_of: AsOf | None = None, of: Collection[str] | None = None
    ) -> Alerting:
        """How alerts stand: every state, and what was told of all episodes that fire or have something to be told.

        With `since` also of those of which anything was told since then. As of a time it is what was there by then, but
        for the states of rule-cells that advanced later, which are not kept. With `of`, states are those of these
        alerts and of what fires alone.
        """
        with self._reading() as connection:
            return alerting.alerting(connection, since, as_of, of)

    def record_alerting(self, run: Run, added: Alerting, *, seen: int | None = None) -> Run | None:
        """Keep what becomes of alerts, in one transaction, with a row of `run` for it, which is given back.

        `run.state` says who did it: a "decision" of people, or by the clock a "tick" or a "delivery". Without a
        `fingerprint` it is that of the newest run. States take the place of those that there were, everything else is
        added; a notice that is there already is not made again. If a run or decision with a later id than `seen` is
        there, nothing is written and None given back. UsageError `nothing-computed` before the first run.
        """
        with self.transaction(writing=True) as connection:
            return alerting.record(connection, run, added, seen)

    def editions(self) -> Editions:
        """How the editions of reports stand, and what came of sending them."""
        with self._reading() as connection:
            return editions.read(connection)

    def record_editions(self, run: Run, added: Editions) -> None:
        """Keep what becomes of editions, in one transaction, with a row of `run` for it.

        UsageError `nothing-computed` before the first run.
        """
        with self.transaction(writing=True) as connection:
            editions.record(connection, run, added)

    def newest(self, *states: str) -> Run | None:
        """The newest row of `run` that has one of these states: any of "ok", "failures", "decision" is news."""
        with self._reading() as connection:
            return read.newest_row(connection, states)

    def last_sent(self) -> dict[str, datetime]:
        """When each route last took a notice."""
        with self._reading() as connection:
            return alerting.last_sent(connection)

    def catalogue(self, fingerprint: str) -> str | None:
        """A resolved catalogue as JSON text, or None if no run had that fingerprint."""
        with self._reading() as connection:
            return catalogues.catalogue(connection, fingerprint)

    def files(self, fingerprint: str) -> dict[str, bytes] | None:
        """What that catalogue was read from, path -> contents; None if an earlier release ran it, which kept none."""
        with self._reading() as connection:
            return catalogues.files(connection, fingerprint)

    def definitions(self, as_of: AsOf | None = None) -> dict[str, Definition]:
        """How the newest run (at `as_of`) that computed each KPI did it."""
        with self._reading() as connection:
            return read.definitions(connection, as_of)

    def versions(self, as_of: AsOf | None = None) -> dict[str, list[Version]]:
        """The definitions that each KPI has had (at `as_of`), oldest first; the last one is in force."""
        with self._reading() as connection:
            return read.versions(connection, as_of)

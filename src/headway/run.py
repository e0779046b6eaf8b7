"""The only module that computes: `observe` makes one run, from the sources to one transaction in the ledger.

    locate -> attach -> probe, check -> compile -> execute -> quality -> rollup, formulas, history -> targets -> ledger

What nothing changed for since the run before (`unchanged`) is not computed again: its numbers stand, and are recorded.
One broken source or KPI never stops the others: it is named in the `Outcome`, keeps its earlier numbers in the ledger,
and the command ends with exit code 3. Nothing is written before everything is computed, so an interrupted run leaves
the ledger as it was. All but the last hop is an `Attempt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from headway import __version__
from headway import catalog as catalogue
from headway.catalog import closure
from headway.errors import HeadwayError, LedgerError, Mistake
from headway.ledger import Ledger, Recorded, Run
from headway.model import Catalog, Checked, Load, Spent, Stage
from headway.progress import Progress, silent
from headway.unchanged import Memory, referred


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: what the ledger recorded, and what failed, by name, in words."""

    recorded: Recorded
    computed: tuple[str, ...]
    loads: tuple[Load, ...]
    failed_sources: dict[str, HeadwayError]
    failed_kpis: dict[str, str]
    #: Sentences about KPIs, for people.
    notes: dict[str, str] = field(default_factory=dict)
    #: What came of the checks that KPIs declare; of those of sources, their loads tell.
    checked: dict[str, tuple[Checked, ...]] = field(default_factory=dict)
    #: Where the time went.
    spent: tuple[Spent, ...] = ()
    #: The KPIs among those computed whose numbers stand, because nothing changed that they rest on.
    unchanged: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """True if nothing failed."""
        return not self.failed_sources and not self.failed_kpis


#: How far clocks of machines that take turns may be apart.
_CLOCKS = timedelta(minutes=5)


def observe(
    catalog: Catalog,
    ledger: Ledger,
    now: datetime,
    names: Sequence[str] = (),
    progress: Progress = silent,
    *,
    earlier: bool = False,
    full: bool = False,
) -> Outcome:
    """Compute KPIs (all, or `names` and what their formulas read) as of `now`, judge them and record them.

    In a run of all, those stand for which nothing changed since the run before; if it is `full`, none does.

    UsageError for a name that the catalogue does not have; LedgerError if nothing could be recorded, if another run of
    this ledger has not ended, or if a run was for a later moment already, unless `earlier` says that this is meant.
    """
    wanted = closure(catalog, names)
    with ledger.alone(lambda holder: progress(f"Waiting for a run: {holder}", 0, 0)):
        now = now if earlier else _forward(ledger, now)
        memory = Memory.of(catalog, now, datetime.now(UTC))
        if not names:
            memory.look(ledger, full=full or earlier)
        return _observed(catalog, ledger, now, wanted, progress, memory, earlier=earlier, whole=not names)


def _forward(ledger: Ledger, now: datetime) -> datetime:
    """A moment that is not before that of the last run: every later period would seem to be gone."""
    last = ledger.last_run()
    if last is None or last.now <= now:
        return now
    if last.now - now <= _CLOCKS:
        return last.now
    raise LedgerError(
        Mistake(
            f"it is {now:%Y-%m-%d %H:%M} UTC here, and the last run was for {last.now:%Y-%m-%d %H:%M} UTC",
            "clock-backwards",
            remedy="Set the clock, or give a later --now. If it was the last run that had the wrong time: --earlier.",
        )
    )


def _observed(
    catalog: Catalog,
    ledger: Ledger,
    now: datetime,
    wanted: Sequence[str],
    progress: Progress,
    memory: Memory,
    *,
    earlier: bool,
    whole: bool,
) -> Outcome:
    """The run itself, alone with the ledger; `whole` if it is one of the whole catalogue."""
    stands = tuple(name for name in wanted if name in memory.stands)
    left = [name for name in wanted if name not in memory.stands]
    run = Run(
        started=memory.started,
        now=now,
        fingerprint=catalog.fingerprint,
        catalogue=catalogue.text(catalog),
        files=catalog.files,
        version=__version__,
    )
    if stands and not left:
        run = replace(run, engine=memory.engine)
        recorded = ledger.record(run, (), unchanged=memory.unchanged)
        memory.keep(recorded.run)
        return Outcome(recorded, stands, memory.loads(ledger), {}, {}, memory.notes, unchanged=stands)
    # Where nothing is new, nothing is computed, and what computes takes longer to import than all that a run does then.
    from headway.attempt import Attempt, Data
    from headway.engines.duckdb import DuckDB
    from headway.queries import Queries

    with DuckDB(catalog.root / ".headway" / "tmp") as engine:
        grown = memory.grown if whole else None
        answers = memory.answers if whole else None
        attempt = Attempt(catalog, engine, now, Data(catalog), progress, ledger.last_loads(), grown, answers)
        attempt.compute(left)
        queries = Queries.of(catalog.root)
        computed = attempt.computed(left, queries)
        progress("Recording", 0, 1)
        failures = attempt.failed_sources or attempt.failed_kpis
        run = replace(run, state="failures" if failures else "ok", engine=engine.version)
        # The engine stays open: where a closed number changed, the rows are asked why.
        closing = replace(attempt.closing(ledger, computed, stands), earlier=earlier)
        with attempt.watch.on(Stage.RECORDING):
            recorded = ledger.record(run, computed, attempt.loads.values(), closing, memory.unchanged)
        queries.keep(catalog.kpis)
        progress("Recording", 1, 1)
    if answers is not None:
        answers.keep(lambda name: not {name, *referred(catalog, name)} & attempt.failed_sources.keys())
    if grown is not None:
        memory.keep(recorded.run, attempt, computed)
        grown.keep(lambda name: name not in attempt.failed_sources and not attempt.coverage[name].to_come)
    return Outcome(
        recorded,
        tuple(wanted),
        (*attempt.loads.values(), *memory.loads(ledger)),
        attempt.failed_sources,
        attempt.failed_kpis,
        memory.notes | attempt.notes,
        attempt.checked,
        tuple(attempt.watch.spent),
        stands,
    )


__all__ = ["Outcome", "observe"]

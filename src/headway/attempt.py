"""One attempt at a catalogue: everything that a run does before it writes.

    locate -> attach -> probe, check -> compile -> execute -> quality -> rollup, formulas, history -> targets

Runs, tests of the catalogue, previews of a change: all of them are attempts, of which a run alone is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from headway import __version__, checks, functions, plan, quality, sources, targets, timed
from headway import catalog as catalogue
from headway.answers import Answers, Part
from headway.closing import Hindsight
from headway.engines.duckdb import DuckDB
from headway.engines.kept import Kept
from headway.errors import CheckError, HeadwayError, Mistake, QueryError
from headway.grown import Grown
from headway.model import (
    OBSERVED,
    Catalog,
    Checked,
    Closing,
    Computed,
    Duration,
    Entered,
    Entry,
    Excluded,
    Gaps,
    Kpi,
    Load,
    Located,
    Narrative,
    Python,
    RowMeasure,
    Source,
    SqlType,
    Stage,
    Sweep,
    Then,
    Total,
)
from headway.periods import Grain, Period
from headway.plan import Coverage, Request
from headway.progress import Progress, silent
from headway.queries import Queries, Written
from headway.sources import trouble
from headway.stopwatch import Stopwatch

if TYPE_CHECKING:  # 'headway check' needs no ledger
    from headway.ledger import Ledger

T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """What an attempt reads: the files of the project. A test of the catalogue puts its own rows in their place."""

    catalog: Catalog

    def locate(self, source: Source) -> Located:
        """The rows of a source."""
        return sources.locate(source, self.catalog.root)

    def typed(self, kpi: Kpi, path: str) -> pa.Table:
        """The numbers of a KPI that stand in the file `path`: schema `sources.TYPED`."""
        file, total = self.catalog.root / path, kpi.total is not Total.NONE
        texts = isinstance(kpi.measure, Narrative)
        return sources.typed(file, self.catalog.calendar, kpi.by, shown=path, total=total, texts=texts)


@dataclass
class Attempt:
    """One attempt at the catalogue: what has been read, computed and failed so far."""

    catalog: Catalog
    engine: DuckDB
    now: datetime
    data: Data
    progress: Progress = silent
    #: By source: what it gave when it was last read.
    known: Mapping[str, Load] = field(default_factory=dict)
    #: What is kept of sources that may only have more files than before; None: nothing is.
    grown: Grown | None = None
    #: What is kept of what queries answered; None: nothing is.
    answers: Answers | None = None
    #: What is kept of grown sources, as far as there is anything.
    kept: dict[str, Kept] = field(default_factory=dict)
    schemas: dict[str, dict[str, SqlType]] = field(default_factory=dict)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    failing: dict[str, list[checks.Failing]] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    shelf: plan.Shelf = field(default_factory=plan.Shelf)
    #: KPIs whose withheld cells others look into.
    looked_into: set[str] = field(default_factory=set)
    failed_sources: dict[str, HeadwayError] = field(default_factory=dict)
    failed_kpis: dict[str, str] = field(default_factory=dict)
    #: What people entered, in words, and sentences about KPIs for people.
    entries: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    #: What came of the checks of KPIs.
    checked: dict[str, tuple[Checked, ...]] = field(default_factory=dict)
    #: What failed checks hold back.
    holding: checks.Holding = field(default_factory=checks.Holding)
    #: What checks found that ends the run.
    stopping: list[Mistake] = field(default_factory=list)
    #: What took how long.
    watch: Stopwatch = field(default_factory=Stopwatch)
    #: By source: which values of its breakdowns' columns lie within which.
    _nested: dict[str, plan.Nests] = field(default_factory=dict)
    #: By KPI: the failed checks that touch single cells, and where.
    _apart: dict[str, tuple[list[int], checks.cells.Cells]] = field(default_factory=dict)
    #: By KPI: the failed checks of other sources whose rows it reads, and when.
    _afar: dict[str, tuple[list[checks.afar.Which], list[quality.Touch]]] = field(default_factory=dict)
    #: By source: the seconds left for reading and checking it.
    _left: dict[str, float] = field(default_factory=dict)
    _located: dict[str, Located] = field(default_factory=dict)
    #: The queries around what functions of the project wrote.
    _functions: dict[str, exp.Query] = field(default_factory=dict)

    def compute(self, wanted: Sequence[str]) -> None:
        """Every number of the KPIs `wanted`, which `catalog.closure` has put in order."""
        self.read_sources(wanted)
        self.execute(wanted)
        self.derive(wanted)
        self._look_again(wanted)

    @property
    def numbers(self) -> dict[Request, pa.Table]:
        """Every table of numbers so far, as it is shown."""
        return self.shelf.shown

    # -- sources ---------------------------------------------------------------------------------------------------

    def read_sources(self, wanted: Iterable[str]) -> None:
        """Attach every source that the KPIs read, ask what it can speak of, and run its checks."""
        needed = dict.fromkeys(source for name in wanted for source in self.catalog.upstream(name))
        for done, name in enumerate(needed):
            self.progress("Reading sources", done, len(needed))
            try:
                with self.watch.on(Stage.READING, name):
                    self._read(name, self._attach)
            except HeadwayError as error:
                self._source_failed(name, error)
        self.engine.seal()
        # A probe follows references, so it waits until everything is attached.
        for done, name in enumerate(needed):
            self.progress("Checking sources", done, len(needed))
            if broken := next((s for s in _reachable(self.catalog, name) if s in self.failed_sources), None):
                if broken != name:
                    self._source_failed(name, self.failed_sources[broken])
                continue
            try:
                with self.watch.on(Stage.CHECKING, name):
                    self._read(name, self._probe)
            except HeadwayError as error:
                self._source_failed(name, error)
        self._stop()

    def _stop(self) -> None:
        """CheckError for every check that failed so far and ends the run."""
        if self.stopping:
            raise CheckError(self.stopping)

    def _source_failed(self, name: str, error: HeadwayError) -> None:
        self.failed_sources[name] = error
        self.loads[name] = Load(name, failed=error.mistakes[0].message)

    def _read(self, name: str, step: Callable[[str], None]) -> None:
        """Do a step of reading a source in what is left of its time; SourceError if that does not do."""
        source = self.catalog.sources[name]
        limit = self.limit(name)
        began = time.monotonic()
        try:
            timed.run(lambda: step(name), self._left.setdefault(name, limit))
        except timed.TooSlow as slow:
            self._leave_behind(slow)
            raise trouble.too_slow(source, limit) from None
        except HeadwayError:
            raise
        except Exception as error:  # what nobody expected of a file must not stop the other sources
            raise trouble.unexpected(source, error) from error
        finally:
            self._left[name] -= time.monotonic() - began

    def limit(self, source: str) -> int:
        """The seconds that reading a source, and each of its queries, may take."""
        return self.catalog.sources[source].time_limit or self.catalog.time_limit

    def _leave_behind(self, slow: timed.TooSlow) -> None:
        if slow.left_behind:
            self.engine.renew()

    def _in_time(self, kpi: str, work: Callable[[], T], seconds: float | None = None) -> T:
        """What work on a KPI gives; QueryError if it takes longer than the sources may that it reads, or `seconds`."""
        limit = max(map(self.limit, self.catalog.upstream(kpi)), default=self.catalog.time_limit)
        try:
            return timed.run(work, limit if seconds is None else seconds)
        except timed.TooSlow as slow:
            self._leave_behind(slow)
            said = trouble.clock(limit) if seconds is None else "what was left of it"
            raise QueryError(Mistake(f"its query took longer than the time limit, {said}", "query-too-slow")) from None

    def _attach(self, name: str) -> None:
        source = self.catalog.sources[name]
        located = self._located[name] = self.data.locate(source)
        self.schemas[name] = dict(self.engine.attach(source, located))
        if changed := sources.changed(located):
            raise trouble.changed(source, changed)
        if self.grown is not None:
            attach = partial(self.engine.attach_some, source, located)
            if kept := self.grown.look(name, located, self.engine.attached[name].reads, attach):
                self.kept[name] = kept

    def _look_again(self, wanted: Sequence[str]) -> None:
        """Drop what was computed from files that changed meanwhile: its queries saw two states of them."""
        for name, located in self._located.items():
            source = self.catalog.sources[name]
            if located.kind != "parquet" or name in self.failed_sources or not (changed := sources.changed(located)):
                continue  # all others were read once, at the beginning
            self._source_failed(name, trouble.changed(source, changed))
            for kpi in wanted:
                if name in self.catalog.upstream(kpi):
                    self.failed_kpis.setdefault(kpi, f"it reads {name}, which changed while it was read")

    def _probe(self, name: str) -> None:
        answer = self._probed(name)
        attached = self.engine.attached[name]
        covered = plan.coverage(self.catalog, name, answer, self.now)
        self.coverage[name] = covered
        source, before, dated = self.catalog.sources[name], self.known.get(name), covered.newest is not None
        if error := trouble.emptied(source, before, covered.rows, dated=dated, excluded=any(covered.excluded)):
            raise error
        found = self._check(name, covered)
        self.failing[name] = found.failing
        self.loads[name] = Load(
            name,
            rows=attached.rows,
            removed={**attached.removed, **covered.removed},
            first=covered.earliest.isoformat() if covered.earliest else None,
            newest=covered.newest.isoformat() if covered.newest else None,
            notes=(*attached.notes, *found.notes),
            checks=self._sampled(name, found.checked),
            exclusions=tuple(
                Excluded(one.where.text, one.first, one.through, one.why, one.link, count)
                for one, count in zip(self.catalog.sources[name].exclude, covered.excluded, strict=True)
            ),
        )

    def _probed(self, name: str) -> pa.Table:
        """What the probe of a source answers, as far as it can of the files that came since it was kept."""
        probe, kept = plan.probe(self.catalog, self.schemas, name, self.now), self.kept.get(name)
        if kept is None:
            return self.engine.execute(probe)
        said = self.engine.sql(plan.probe(self.catalog, self.schemas, name, _NO_MOMENT))
        known = kept.get(said)
        answer = self.engine.execute(probe if known is None else kept.only(probe))
        answer = answer if known is None else plan.add_probes(known["answer"], answer)
        kept.put(said, {"answer": answer})
        return answer

    def _sampled(self, name: str, checked: Sequence[Checked]) -> tuple[Checked, ...]:
        """The results of a source's checks, each that fails with some of the rows that do."""
        query = checks.samples.ask(self.catalog, self.schemas, name, checked)
        if query is None:
            return tuple(checked)
        samples = checks.samples.read(self.catalog, name, checked, self.engine.execute(query))
        return tuple(replace(one, sample=samples.get(one.check, ())) for one in checked)

    def _check(self, name: str, covered: Coverage) -> checks.Found:
        """What comes of the checks of a source: those that it has without a word, and those that it declares."""
        found = checks.Found()
        if (query := checks.compile(self.catalog, self.schemas, name)) is not None:
            found = checks.read(self.catalog, name, self.engine.execute(query))
        declared = self.catalog.sources[name].checks
        if not declared:
            return found
        answer = self.engine.execute(*checks.ask(self.catalog, self.schemas, name, covered, self.now))
        more = checks.judge(self.catalog, name, covered, self.now, answer)
        for check, checked in zip(declared, more.checked, strict=True):
            if check.then is Then.STOP and not checked.passed:
                self.stopping.append(Mistake(f"source {name}: {checked.text}", "check-failed", check.place, _STOPPED))
        return checks.Found(
            [*found.failing, *more.failing], [*found.checked, *more.checked], [*found.notes, *more.notes]
        )

    # -- numbers from rows -----------------------------------------------------------------------------------------

    def execute(self, wanted: Iterable[str]) -> None:
        """Answer every request that reads rows: one query per source, judged as soon as it is read."""
        self.looked_into = plan.looked_into(self.catalog, wanted)
        requests = self.possible(plan.requests(self.catalog, wanted))
        with self.watch.on(Stage.COMPILING):
            plans = self._compile(requests)
        done, total = 0, sum(self.coverage[one.source].rows for one in plans)
        for one in plans:
            rows = self.coverage[one.source].rows
            self.progress("Computing", done, total)
            tell = partial(self._tell, done, rows, total)
            done += rows
            for request, table, beside in plan.beside(self.catalog, self._answers(one, tell)):
                try:
                    with self.watch.on(Stage.KPI, request.kpi):
                        self._settle(request, table, beside)
                except HeadwayError as error:
                    self._kpi_failed(request.kpi, error)

    def _answers(self, one: plan.Plan, tell: Callable[[], None]) -> Iterator[tuple[Request, pa.Table]]:
        """The answers of a plan: of those periods whose rows are what they were, as they were kept."""
        parts = list(self._parts(one))
        standing, rest = [part for part in parts if part.stands], [part for part in parts if not part.stands]
        if not standing:
            yield from self._answer(one, tell, parts=rest)
            return
        found: dict[Request, pa.Table] = {}
        known = {request for part in standing for request in part.whole.requests}
        for other in self._plans([request for request in one.requests if request not in known]):
            found |= dict(self._answer(other, tell, parts=rest))
        for part in standing:
            try:
                part.put(self._asked_of(part, tell))
                found |= part.made()
            except HeadwayError:
                found |= dict(self._answer(part.whole, tell))
        yield from ((request, found[request]) for request in one.requests if request in found)

    def _parts(self, one: plan.Plan) -> Iterator[Part]:
        """What was kept of a plan's answers, and stands; none where nothing is to be kept."""
        came = one.source in self.kept and self.kept[one.source].came
        if self.answers is None or came or any(map(self._is_multiplied, one.requests)):
            return  # of files that came, their rows alone are read
        for reach, requests in self.answers.reached(one.requests).items():
            upstream = sorted({name for request in requests for name in self.catalog.upstream(request.kpi)})
            reads = "\n".join(self.engine.attached[name].reads for name in upstream)
            with self.watch.on(Stage.COMPILING):
                (whole,) = self._plans(requests)
            ask = partial(self._in_time, requests[0].kpi, partial(self.engine.execute, whole.days))
            with self.watch.on(Stage.FOOTPRINT, one.source), suppress(HeadwayError):
                if part := self.answers.look(whole, reach, reads, ask):
                    yield part

    def _asked_of(self, part: Part, tell: Callable[[], None]) -> dict[Request, pa.Table]:
        """The rows of answers for the spans that are left of some requests."""
        found: dict[Request, pa.Table] = {}
        for one in plan.compile(self.catalog, self.schemas, self.coverage, list(part.left), self.now, part.left):
            with self.watch.on(Stage.QUERY, one.source, tuple(request.kpi for request in one.requests)):
                work = partial(self.engine.execute, one.query, one.tables, one.gaps)
                with timed.meanwhile(tell):
                    found |= one.own(self._in_time(one.requests[0].kpi, work))
        return found

    def _answer(
        self, one: plan.Plan, tell: Callable[[], None], seconds: float | None = None, parts: Sequence[Part] = ()
    ) -> Iterator[tuple[Request, pa.Table]]:
        """The answers of a plan, of which `tell` says how far it is.

        If it fails as a whole, each of its requests is tried alone. If it was too slow, all of them together have its
        time once more, and each half of what is left: one slow KPI leaves enough for the others, and many slow ones do
        not add up.
        """
        try:
            with self.watch.on(Stage.QUERY, one.source, tuple(request.kpi for request in one.requests)):
                work = partial(self.engine.execute, one.query, one.tables, one.gaps, self.kept)
                with timed.meanwhile(tell):
                    answer = self._in_time(one.requests[0].kpi, work, seconds)
                answers = one.read(answer)
        except HeadwayError as error:
            if len(one.requests) == 1:
                self._kpi_failed(one.requests[0].kpi, error)
                return
            left = float(self.limit(one.source)) if error.slug == "query-too-slow" else None
            for request in one.requests:
                for alone in self._plans([request]):
                    began = time.monotonic()
                    answered = list(self._answer(alone, tell, left and left / 2))
                    left = left and left - (time.monotonic() - began)
                    yield from answered
        else:
            self._left_out(one, answer)
            for part in parts:
                part.put({request: rows for request, rows in one.own(answer).items() if request in part.whole.requests})
            yield from answers.items()

    def _tell(self, done: int, rows: int, total: int) -> None:
        """Say how many rows were gone through: those of the queries before, and of the one that runs."""
        if gone := round(rows * self.engine.progress):
            self.progress("Computing", done + gone, total)

    def _left_out(self, one: plan.Plan, answer: pa.Table) -> None:
        """Note with the source which entities a duration could not count."""
        for name, count in one.left_out(answer).items():
            measure = self.catalog.kpis[name].measure
            assert isinstance(measure, Duration)
            load = self.loads[one.source]
            # The step does not name the KPI: not every reader may know that there is one.
            step = f"{measure.end.column} before {measure.begin.column}"
            most = max(count, load.removed.get(step, 0))
            self.loads[one.source] = replace(load, removed={**load.removed, step: most})

    def possible(self, requests: Iterable[Request]) -> list[Request]:
        """The requests whose sources could be read; the others fail here."""
        possible = []
        for request in requests:
            broken = next((s for s in self.catalog.upstream(request.kpi) if s in self.failed_sources), None)
            if broken is None:
                possible.append(request)
            else:
                self.failed_kpis[request.kpi] = f"it reads {broken}, which could not be read"
        return possible

    def _compile(self, requests: list[Request]) -> list[plan.Plan]:
        """Compile all requests together; if one is wrong, find it alone, leave it out, and compile the rest."""
        try:
            return self._planned(requests)
        except HeadwayError:
            self._find_wrong(requests)
            return self._planned([request for request in requests if request.kpi not in self.failed_kpis])

    def _planned(self, requests: list[Request]) -> list[plan.Plan]:
        """The plans of all requests together.

        A request that reads through a repeated key stays alone: it is withheld, and must not multiply the others' rows.
        """
        multiplied = [request for request in requests if self._is_multiplied(request)]
        together, alone = [one for one in requests if one not in multiplied], [[one] for one in multiplied]
        return [one for group in (together, *alone) for one in self._plans(group)]

    def _find_wrong(self, requests: list[Request]) -> None:
        """Say of each KPI that cannot be compiled why."""
        seen: set[tuple[str, bool]] = set()
        for request in requests:
            # Under other windows a KPI reads the same columns, unless they look ahead: once tells every mistake.
            reads = request.kpi, request.resolve(self.catalog).looks_ahead
            if reads in seen and request != Request.of(self.catalog.kpis[request.kpi]):
                continue
            seen.add(reads)
            try:
                self._plans([request])
            except HeadwayError as error:
                self._kpi_failed(request.kpi, error)

    def _plans(self, requests: list[Request]) -> list[plan.Plan]:
        return plan.compile(self.catalog, self.schemas, self.coverage, requests, self.now)

    def _written(self, kpi: Kpi, fingerprint: str, queries: Queries) -> Written:
        """The query of a KPI alone, and what it reads; nothing of one that reads numbers only."""

        def write(query: exp.Query, gaps: Sequence[Gaps | Sweep] = ()) -> Written:
            read = plan.lineage(self.catalog, self.schemas, kpi, query)
            return Written(self.engine.sql(query, gaps), read)

        if (asked := self._functions.get(kpi.name)) is not None:
            return write(asked)
        if kpi.source is None:
            return Written()
        (own,) = self._plans([Request.of(kpi)])
        return queries.written(kpi.name, fingerprint, own, lambda: write(own.query, own.gaps))

    def _is_multiplied(self, request: Request) -> bool:
        return checks.is_multiplied(self.catalog, self.schemas, self.catalog.kpis[request.kpi], self.failing)

    def _settle(self, request: Request, table: pa.Table, beside: Sequence[pa.Table] = ()) -> None:
        """Withhold what must not be shown, also beside others with the same numbers; give a state longer periods."""
        kpi = request.resolve(self.catalog)
        plan.bounded(kpi, table, self.catalog.max_cells)
        touches = self._touches(kpi, table)
        overlaps = quality.Overlaps(self._nests(kpi), plan.shown_elsewhere(self.catalog, kpi), beside)

        def settled(min_group_size: int) -> pa.Table:
            judged = quality.judge(kpi, table, min_group_size, touches, self.catalog.calendar, overlaps)
            return plan.rollup(self.catalog, kpi, judged, self.now) if kpi.is_state else judged

        shown = settled(self.catalog.min_group_size)
        self.shelf.put(request, shown, settled(1) if kpi.name in self.looked_into else None)
        if request == Request.of(self.catalog.kpis[kpi.name]):
            self.holding.touched(kpi, shown, touches, self.catalog.calendar)

    def _touches(self, kpi: Kpi, table: pa.Table) -> quality.Touches:
        """Which failed checks touch a KPI's numbers, all of them or those of single cells."""
        apart, cells = self._cells(kpi.name)
        afar, days = self._days_afar(kpi.name)
        touching = checks.touching(self.catalog, self.schemas, kpi, self.failing, apart, afar)
        whole = [*days, *(one for one in touching if one.part is None)]
        parts = [one for one in touching if one.part is not None]
        own, more = checks.cells.parted(self.catalog, self.schemas, kpi, parts, table["cell"].unique().to_pylist())
        both = {cell: [*cells.get(cell, ()), *own.get(cell, ())] for cell in {**cells, **own}}
        return quality.Touches(self._beginning(kpi), whole, both, more)

    def _days_afar(self, name: str) -> tuple[list[checks.afar.Which], list[quality.Touch]]:
        """The checks of which a KPI reads failing rows through references alone, and the days on which it does."""
        if name not in self._afar:
            kpi = self.catalog.kpis[name]
            wanted = checks.afar.reading(self.catalog, self.schemas, kpi, self.failing)
            days: list[quality.Touch] = []
            if wanted:
                query = checks.afar.ask(self.catalog, self.schemas, kpi, wanted)
                answer = self._in_time(name, partial(self.engine.execute, query))
                days = checks.afar.read(self.catalog, wanted, answer)
            self._afar[name] = list(wanted), days
        return self._afar[name]

    def _cells(self, name: str) -> tuple[list[int], checks.cells.Cells]:
        """The failed checks of which rows touch their own cells of a KPI alone, and where these lie."""
        if name not in self._apart:
            kpi = self.catalog.kpis[name]
            failing = self.failing.get(kpi.source or "", [])
            apart = checks.cells.apart(self.catalog, self.schemas, kpi, failing)
            query = checks.cells.ask(self.catalog, self.schemas, kpi, apart) if apart else None
            answer = self._in_time(name, partial(self.engine.execute, query)) if query else None
            read = checks.cells.read(self.catalog, kpi, answer) if answer is not None else {}
            self._apart[name] = apart, read
        return self._apart[name]

    def _nests(self, kpi: Kpi) -> plan.Nests:
        """Which values of a breakdown's columns lie within those of another; asked where people are protected."""
        name = kpi.measure.picks if isinstance(kpi.measure, RowMeasure) else ""
        if not name or not self.catalog.sources[name].people or self.catalog.min_group_size == 1:
            return {}
        if name not in self._nested:
            pairs = plan.overlapping(self.catalog, self.schemas, name)
            query = plan.together(self.catalog, self.schemas, name, pairs, self.now) if pairs else None
            self._nested[name] = plan.nests(pairs, self.engine.execute(query)) if query else {}
        return self._nested[name]

    def _kpi_failed(self, name: str, error: HeadwayError) -> None:
        self.failed_kpis.setdefault(name, "\n".join(m.message for m in error.mistakes))

    # -- numbers from numbers --------------------------------------------------------------------------------------

    def derive(self, wanted: Iterable[str]) -> None:
        """Typed numbers, formulas and histories, inputs first."""
        for name in wanted:
            kpi = self.catalog.kpis[name]
            if name in self.failed_kpis:
                continue
            try:
                with self.watch.on(Stage.KPI, name):
                    self._derive(kpi)
                    if kpi.inputs and (made := self.shelf.shown.get(Request.of(kpi))) is not None:
                        self.holding.read(kpi, made, kpi.inputs)
                    self._look(kpi)
            except HeadwayError as error:
                self._kpi_failed(name, error)
        self._stop()
        for name, load in self.loads.items():
            self.loads[name] = replace(load, checks=self._holds(name, load.checks))
        self.checked = {name: self._holds(f"kpi {name}", found) for name, found in self.checked.items()}

    def _holds(self, subject: str, checked: Sequence[Checked]) -> tuple[Checked, ...]:
        """The results of checks with what each of them holds back."""
        return tuple(replace(one, holds=self.holding.of(f"{subject}.{one.check}")) for one in checked)

    def _look(self, kpi: Kpi) -> None:
        """Judge a KPI by its own checks, before others read it."""
        if not kpi.checks or Request.of(kpi) not in self.shelf.whole:
            return
        found = checks.look(self.catalog, kpi, self.shelf.whole, self.now)
        self.checked[kpi.name] = found.checked
        self._note(kpi, *found.notes)
        for check, checked in zip(kpi.checks, found.checked, strict=True):
            if check.then is Then.STOP and not checked.passed:
                self.stopping.append(Mistake(f"KPI {kpi.name}: {checked.text}", "check-failed", check.place, _STOPPED))
        if found.failing:
            own, beginning = Request.of(kpi), self._beginning(kpi)
            table = self.shelf.shown[own]
            self._withhold(kpi, [period for some in found.failing.values() for period in some])
            for name, periods in found.failing.items():
                held = checks.held(self.catalog, own, table, periods, beginning)
                self.holding.note(f"kpi {kpi.name}.{name}", kpi, self.shelf.shown[own], held)

    def _withhold(self, kpi: Kpi, failing: Sequence[Period]) -> None:
        """Take out what the failing periods touch, also where formulas read the KPI under their own windows."""
        beginning = self._beginning(kpi)
        for request in [one for one in self.shelf.shown if one.kpi == kpi.name]:

            def fit(tables: Mapping[Request, pa.Table], request: Request = request) -> pa.Table:
                return checks.withhold(self.catalog, request, tables[request], failing, beginning)

            self.shelf.make(request, fit, [request])

    def _beginning(self, kpi: Kpi) -> date:
        """The first local day that its source speaks of."""
        first = self.coverage[kpi.sources[0]].first if kpi.sources else None
        return first or date.min

    def _note(self, kpi: Kpi, *sentences: str) -> None:
        """Add sentences about a KPI, for people."""
        said = [self.notes[kpi.name]] if kpi.name in self.notes else []
        if said or sentences:
            self.notes[kpi.name] = ". ".join([*said, *sentences])

    def _derive(self, kpi: Kpi) -> None:
        own = Request.of(kpi)
        if broken := next((read for read in kpi.inputs if read in self.failed_kpis), None):
            self.failed_kpis[kpi.name] = f"it reads {broken}, which could not be computed"
            return
        if isinstance(kpi.measure, Entered):
            table = self.data.typed(kpi, kpi.measure.path)
            self.entries[kpi.name] = _entries(table, kpi)
            entered = plan.entered(self.catalog, kpi, table, self.now)
            self.shelf.put(own, plan.rollup(self.catalog, kpi, entered, self.now))
            self.shelf.ahead[own] = plan.entered(self.catalog, kpi, table, self.now, ahead=True)
        elif isinstance(kpi.measure, Python):
            self._called(kpi)
        elif isinstance(kpi.measure, Narrative):
            texts = _entries(self.data.typed(kpi, kpi.measure.path), kpi)
            self.entries[kpi.name] = tuple(entry for entry in texts if self._has_begun(entry))
            self.shelf.put(own, OBSERVED.empty_table())
        plan.derive(self.catalog, kpi, self.shelf, self.now)
        if kpi.history:
            typed = self.data.typed(kpi, kpi.history)
            self.entries[kpi.name] = _entries(typed, kpi)
            self._note_overlap(kpi, typed)
            self.shelf.make(
                own, lambda tables: plan.imported(self.catalog, kpi, typed, tables.get(own), self.now), [own]
            )

    def _has_begun(self, entry: Entry) -> bool:
        """False for a text of the future, which waits for its day as rows do."""
        calendar = self.catalog.calendar
        return calendar.from_key(Grain(entry.grain), entry.period).first <= calendar.day(self.now)

    def _called(self, kpi: Kpi) -> None:
        """The numbers of a function of the project."""
        if broken := next((s for s in self.catalog.upstream(kpi.name) if s in self.failed_sources), None):
            self.failed_kpis[kpi.name] = f"it reads {broken}, which could not be read"
            return
        asking = plan.asking(self.catalog, self.schemas, self.coverage, kpi, self.numbers, self.now)

        def called() -> pa.Table:
            query = asking.query(functions.call(self.catalog.root, kpi, asking.names, asking.periods))
            self._functions[kpi.name] = query
            return self.engine.execute(query, asking.tables)

        self._settle(Request.of(kpi), asking.read(self._in_time(kpi.name, called)))

    def _note_overlap(self, kpi: Kpi, typed: pa.Table) -> None:
        """Note the typed values that give way to computed ones; with `tracked_from` none can."""
        numbers = self.numbers.get(Request.of(kpi))
        if numbers is None or kpi.tracked_from is not None:
            return
        total = numbers.filter(pc.equal(numbers["part"], ""))
        names = ["grain", "cell", "period"]
        both = typed.select(names).join(total.select(names), keys=names, join_type="inner").to_pylist()
        periods = sorted(self.catalog.calendar.from_key(Grain(row["grain"]), row["period"]).name for row in both)
        if periods:
            self._note(kpi, _gives_way(len(periods), periods))

    # -- what is recorded ------------------------------------------------------------------------------------------

    def computed(self, wanted: Iterable[str], queries: Queries | None = None) -> list[Computed]:
        """Every KPI with its numbers and verdicts, or the reason why it has none; with `queries`, also with its own."""
        found = []
        for name in wanted:
            with self.watch.on(Stage.KPI, name):
                found.append(self._one(self.catalog.kpis[name], queries))
        kpis = self.catalog.kpis
        return [replace(one, formerly=kpis[one.kpi].formerly, revalued=kpis[one.kpi].revalued) for one in found]

    def _one(self, kpi: Kpi, queries: Queries | None) -> Computed:
        name = kpi.name
        fingerprint = catalogue.fingerprint(kpi, self.catalog)
        numbers = self.numbers.get(Request.of(kpi))
        if name in self.failed_kpis or numbers is None:
            return Computed(name, fingerprint, failed=self.failed_kpis.get(name, "it was not computed"))
        numbers = pa.concat_tables(
            table.select(OBSERVED.names) for table in (numbers, plan.growth(self.catalog, kpi, self.numbers, self.now))
        )
        judged = targets.judge(kpi, numbers, self.catalog.calendar, self.catalog.near_within, self._given(kpi))
        entries, came = self.entries.get(name, ()), self.checked.get(name, ())
        own = Written() if queries is None else self._written(kpi, fingerprint, queries)
        return Computed(name, fingerprint, own.sql, numbers, judged, entries=entries, checks=came, lineage=own.lineage)

    def closing(self, ledger: Ledger, computed: Iterable[Computed], unchanged: Iterable[str] = ()) -> Closing:
        """When numbers close, and why a closed one changed. The KPIs `unchanged` are as if they were computed, too."""
        beginnings = {name: covered.first for name, covered in self.coverage.items() if covered.first}
        hindsight = Hindsight(
            self.catalog,
            ledger,
            self._asked_again,
            self.schemas,
            beginnings,
            self.loads,
            self.data.typed,
            self.now,
            __version__,
            self.engine.version,
            self.kept,
        )
        return hindsight.closing([*(one.kpi for one in computed if one.failed is None), *unchanged])

    def _asked_again(self, source: str, query: exp.Query) -> pa.Table:
        """The answer of one more query that reads a source."""
        try:
            with self.watch.on(Stage.FOOTPRINT, source):
                return timed.run(lambda: self.engine.execute(query), self.limit(source))
        except timed.TooSlow as slow:
            self._leave_behind(slow)
            raise QueryError(Mistake(f"reading {source} once more took too long", "query-too-slow")) from None

    def _given(self, kpi: Kpi) -> targets.Given:
        """What the judge cannot know by itself: formulas in targets, and how far a running period should be."""
        return targets.Given(
            plan.bounds(self.catalog, kpi, self.numbers, self.now),
            plan.shares(self.catalog, kpi, self.numbers, self.coverage, self.now),
        )


#: In place of now, where a text is not to depend on it.
_NO_MOMENT = datetime.fromtimestamp(0, UTC)

#: What to do where a check ended the run.
_STOPPED = "Nothing was recorded. Mend the rows or take them out by 'exclude'; or let the check withhold, or warn."


def _gives_way(count: int, periods: Sequence[str]) -> str:
    some = ", ".join(dict.fromkeys(periods[:3])) + (" ..." if count > 3 else "")
    which = "1 value of its history gives" if count == 1 else f"{count} values of its history give"
    return f"{which} way to computed ones ({some}); with 'tracked_from' it is said where history ends"


def _entries(typed: pa.Table, kpi: Kpi) -> tuple[Entry, ...]:
    """The words of a file that people keep; a number without any is no entry."""
    texts = isinstance(kpi.measure, Narrative)
    names = ("cell", "grain", "period", "text", "evidence", "entered_by", "entered_on", "note")
    rows = typed.select(names).to_pylist()
    return tuple(Entry(**row) for row in rows if texts or any(row[name] for name in names[4:]))


def _reachable(catalog: Catalog, source: str) -> list[str]:
    """A source and all that it refers to, in any number of steps."""
    found = [source]
    for name in found:
        found += [r.source for r in catalog.sources[name].refers.values() if r.source not in found]
    return found


__all__ = ["Attempt", "Data"]

"""The read model: what a reader may see of the ledger at a moment, in the words and numbers of every page.

`open` is the only door through which pages, JSON twins, search and the terminal see numbers; the reader's audience
is applied here and nowhere else. It reads the ledger and the catalogue and never computes: a change between two
stored values is formatting.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise

import pyarrow as pa

from headway.errors import Mistake, UsageError
from headway.ledger import Entered, Ledger, Restatement, Run, Tried
from headway.model import (
    TOTAL,
    Audience,
    Catalog,
    Cell,
    Kpi,
    Narrative,
    Objective,
    cell_text,
    read_cell,
)
from headway.periods import Grain, Length, Period
from headway.publish import (
    alerting,
    alertlists,
    asked,
    cells,
    chosen,
    controls,
    download,
    figures,
    finding,
    front,
    goals,
    history,
    lineage,
    numbers,
    objectives,
    reviewed,
    table,
    tiles,
    words,
)
from headway.publish.alertpages import AlertsPage
from headway.publish.asked import Asked
from headway.publish.boards import Boards
from headway.publish.checks import LOOKS, Findings
from headway.publish.chosenpages import Chosen
from headway.publish.controls import Controls
from headway.publish.findingpages import AreaPage, CataloguePage, NotesPage
from headway.publish.history import Past
from headway.publish.objectivepages import ObjectivePage, ObjectivesPage
from headway.publish.pages import (
    Breakdown,
    DefinitionVersion,
    Earlier,
    EntryRow,
    ExclusionRow,
    Explained,
    Front,
    Growth,
    KpiPage,
    Link,
    Others,
    Point,
    QualityPage,
    Row,
    SourceRows,
    Stamp,
    Tile,
)
from headway.publish.stored import (
    Periods,
    Stored,
    by_key,
    compared_period,
    of_grain,
    rows,
    streak,
    veiled,
    without_total,
    year_before,
)

#: How many restated periods a page looks up.
_EARLIER = 12


class View:
    """The ledger as one reader sees it at one moment. Cheap to make; it reads a KPI when a page asks for it.

    Pages of the past say `as_of` when they are, show nothing that came after run `until`, and may need a `remark`.
    """

    def __init__(
        self,
        ledger: Ledger,
        catalog: Catalog,
        audience: Audience,
        now: datetime,
        as_of: datetime | None = None,
        until: int | None = None,
        remark: str = "",
    ) -> None:
        self.ledger = ledger
        self.catalog = catalog
        self.audience = audience
        self.now = now
        self.as_of = as_of
        self.until = until
        self.remark = remark
        self.run: Run | None = ledger.last_run(until)
        self._newest = ledger.last_run(until, decisions=True)
        self.periods = Periods(catalog.calendar)
        self._tiles: dict[str, Tile] = {}
        self._read: dict[str, lineage.Columns] = {}
        self._pasts: dict[str, Past] = {}
        self._tables: dict[tuple[str, str], pa.Table] = {}
        self._totals: dict[tuple[str, str, Grain], list[Stored]] = {}
        self._last_cells: dict[tuple[str, str, Grain], dict[Cell, list[Stored]]] = {}

    @property
    def version(self) -> tuple[object, ...]:
        """Changes when a page may look different: after a run, a change of the catalogue, or an hour."""
        hour = self.catalog.calendar.hour(self.now).key
        return (self._newest.id if self._newest else None, self.catalog.fingerprint, self.audience, hour)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The KPIs that this reader may see, in the order of the catalogue."""
        return tuple(name for name, kpi in self.catalog.kpis.items() if self.audience.may_see(kpi.audience))

    @property
    def left_out(self) -> tuple[str, ...]:
        """The KPIs that are not for this reader: for the one who builds a site, never for a page."""
        return tuple(name for name in self.catalog.kpis if name not in self.names)

    @cached_property
    def stamp(self) -> Stamp:
        """What stands at the foot of every page."""
        catalog, run = self.catalog, self.run
        return Stamp(
            project=catalog.name,
            title=catalog.brand.name or catalog.title,
            audience=self.audience.value.capitalize(),
            zone=catalog.calendar.zone,
            run=run.id if run else None,
            computed=words.moment(run.now, catalog.calendar.tz) if run else "not yet",
            computed_at=run.now if run else None,
            as_of=self.as_of,
            fingerprint=catalog.fingerprint[:7],
            then=self._then,
            firing=self._alerts.firing if self._alerts else None,
        )

    def stamp_of(self, name: str) -> Stamp:
        """The same on a page of one KPI: of the run that computed it, which need not be the newest one."""
        run = self._run_of(name)
        if run is None:
            return replace(self.stamp, fingerprint="")
        when = words.moment(run.now, self.catalog.calendar.tz)
        return replace(self.stamp, run=run.id, computed=when, computed_at=run.now, fingerprint="")

    @property
    def _then(self) -> str:
        """What a reader of the past must know on every page, or ''."""
        if self.as_of is None:
            return ""
        when = words.moment(self.as_of, self.catalog.calendar.tz)
        return f"As published at {when}. {self.remark}".strip()

    @cached_property
    def _at(self) -> tiles.Situation:
        run = self.run
        return tiles.Situation(
            self.catalog,
            self.ledger,
            self.audience,
            self.now,
            self.until,
            run.now if run else None,
            {name: tried.load for name, tried in self._read_last.items()},
            {failure.kpi: failure for failure in self.ledger.failures(run.id)} if run else {},
            frozenset(self.names),
            self._findings,
        )

    def _of(self, name: str) -> tiles.Situation:
        """The same for one KPI, by the run that computed it last: the newest one may have left it out."""
        return replace(self._at, run_now=run.now if (run := self._run_of(name)) else None)

    def _run_of(self, name: str) -> Run | None:
        """The run that computed a KPI last, or tried; under an earlier name if it was renamed since."""
        found = self._tried[1]
        names = (name, *self.catalog.kpis[name].formerly)
        return next((found[one] for one in names if one in found), None)

    @cached_property
    def _tried(self) -> tuple[dict[str, Tried], dict[str, Run]]:
        return self.ledger.last_tried(self.run.id) if self.run else ({}, {})

    @property
    def _read_last(self) -> dict[str, Tried]:
        """What each source of the catalogue gave when it was last read."""
        return {name: tried for name, tried in self._tried[0].items() if name in self.catalog.sources}

    @cached_property
    def _alerts(self) -> alerting.Alerts | None:
        """How alerts stand, for readers who have a page of them."""
        if self.audience is Audience.PUBLIC or not self.catalog.alerts:
            return None
        past, visible = self.as_of is not None, frozenset(self.names)
        since = datetime.min.replace(tzinfo=UTC) if past else self.now - alerting.RESOLVED
        known = (tiles.upstream(self.catalog, self.catalog.kpis[name], visible) for name in self.names)
        return alerting.Alerts(
            self.catalog,
            self.now,
            visible,
            frozenset(source for sources in known for source in sources),
            self.ledger.alerting(since, self.until),
            self.periods,
            self.ledger.last_sent(),
            past,
        )

    @property
    def has_alerts(self) -> bool:
        """True if this reader has a page of alerts."""
        return self._alerts is not None

    @cached_property
    def _findings(self) -> Findings:
        """What checks found, as far as this reader may know."""
        catalog, visible = self.catalog, frozenset(self.names)
        declared = {("source", name, check) for name, one in catalog.sources.items() for check in one.check_names}
        declared |= {("kpi", name, check.name) for name, kpi in catalog.kpis.items() for check in kpi.checks}
        kept = {(one.of, one.subject, one.found.check): one for one in self.ledger.checks(self.until, LOOKS)}
        known = (tiles.upstream(catalog, catalog.kpis[name], visible) for name in self.names)
        return Findings(
            catalog,
            self.audience,
            catalog.calendar.day(self.now),
            {key: one for key, one in kept.items() if key in declared},
            self.names,
            frozenset(source for sources in known for source in sources),
            frozenset(name for name, tried in self._read_last.items() if tried.load.failed),
        )

    # -- pages -----------------------------------------------------------------------------------------------------

    def front(self) -> Front:
        """The front page."""
        every = [self.tile(name) for name in self.names]
        headlines = front.headlines(every)
        rest = [t for t in every if t.maturity == "tracked" and t not in headlines]
        brief = front.brief(every, self._behind)
        return Front(
            self.stamp,
            front.counts(every),
            brief[: front.BRIEF],
            max(0, len(brief) - front.BRIEF),
            front.notices(self._at, self.stamp.computed, self.names),
            front.held(self._at),
            self._alerts.unattended() if self._alerts else (),
            headlines,
            front.groups(rest, self.catalog),
        )

    def catalogue(self, query: Mapping[str, str] | None = None) -> CataloguePage:
        """All KPIs by area, planned and retired ones too; with a query, those that fit it."""
        return finding.catalogue(self.listed, self.catalog, self.stamp, query)

    @cached_property
    def listed(self) -> tuple[Tile, ...]:
        """A card for each KPI of the catalogue that this reader may know of, shown or not, in its order."""
        return tuple(
            self.tile(name) if name in self.names else finding.listed(kpi, self._at)
            for name, kpi in self.catalog.kpis.items()
            if name in self.names or kpi.listed
        )

    @cached_property
    def areas(self) -> tuple[Link, ...]:
        """The areas with a KPI that this reader may know of."""
        return finding.areas(self.listed, self.catalog)

    def area(self, name: str) -> AreaPage:
        """One area of those."""
        known = {tile.name: self._alerts.watching(tile.name) for tile in self.listed} if self._alerts else {}
        return finding.area(
            name,
            self.listed,
            self._at,
            self.stamp,
            self._behind,
            self.boards.visible,
            self.pursued,
            self._published,
            known,
        )

    @property
    def happened(self) -> bool:
        """True if this reader has a page of notes."""
        return any(not note.kpis or set(note.kpis) & set(self.names) for note in self.catalog.notes)

    def notes(self) -> NotesPage:
        """What happened, by date."""
        return finding.notes(self.catalog, self.names, self.stamp)

    def alerts(self) -> AlertsPage:
        """What fires, who knows of it, what ended, and every rule; UsageError for readers who have no such page."""
        if self._alerts is None:
            public = self.audience is Audience.PUBLIC
            said = "the public has no page of alerts" if public else "no alert is declared"
            remedy = "--audience internal has one." if public else "Declare one in alerts.yml, or in any file."
            raise UsageError(Mistake(said, "unknown-alert", None, remedy))
        return alertlists.page(self._alerts, self.stamp)

    def quality(self) -> QualityPage:
        """Every check of the data, and what it holds back."""
        return self._at.findings.page(self.stamp)

    @cached_property
    def pursued(self) -> tuple[Objective, ...]:
        """The objectives that this reader may see, in the order of the catalogue."""
        return objectives.visible(self.catalog, self.names)

    def all_objectives(self) -> ObjectivesPage:
        """Every objective, with what is expected and what is."""
        found = tuple(objectives.row(one, self._published) for one in self.pursued)
        every = [result for one in found for result in one.expects]
        return ObjectivesPage(self.stamp, tuple(objectives.counts(every)), found)

    def objective(self, name: str) -> ObjectivePage:
        """One objective; UsageError `unknown-name` if there is none that this reader may see."""
        one = next((one for one in self.pursued if one.name == name), None)
        if one is None:
            close = difflib.get_close_matches(name, [known.name for known in self.pursued], 1)
            remedy = f"Did you mean '{close[0]}'?" if close else "headway objectives lists them all."
            raise UsageError(Mistake(f"there is no objective '{name}'", "unknown-name", None, remedy))
        return ObjectivePage(replace(self.stamp, fingerprint=""), objectives.row(one, self._published))

    @cached_property
    def boards(self) -> Boards:
        """The boards that this reader may see."""
        return Boards(self._published, self.names, replace(self.stamp, fingerprint=""), self._leading)

    @cached_property
    def _published(self) -> objectives.Published:
        return objectives.Published(self._at, self._total, self._cells, self.tile)

    def asked(self, name: str, query: str, grain: Grain) -> Asked:
        """What a query asks for of a KPI, by `grain` without a word on it; UsageError with everything that is wrong."""
        kpi, grains, kept = self._visible(name), self.grains(name), self.grains(name, cell=True)
        return asked.read(query, kpi, grain, grains, kept, self.catalog.calendar)

    def controls(self, name: str, wanted: Asked) -> Controls:
        """What a reader may ask for next."""
        kept = [row.period for row in self._total(name, wanted.grain)]
        return controls.controls(wanted, self._visible(name), kept, self.grains(name))

    def kpi(self, name: str, grain: Grain | None = None, wanted: Asked | None = None) -> KpiPage:
        """One KPI at the grain of its card, or at another; UsageError if there is none that this reader may see.

        What is `wanted` says the grain too.
        """
        kpi = self._visible(name)
        grains = self.grains(name)
        grain = wanted.grain if wanted else grain or kpi.front
        if grain not in grains:
            known = ", ".join(grains)
            raise UsageError(
                Mistake(f"{name} is not kept by {grain}", "unknown-period", None, f"It is kept by {known}.")
            )
        rows = self._rows(kpi, grain) if wanted is None else self._wanted(kpi, wanted)
        tile = self.tile(name)
        hidden = [read for read in tiles.inputs(self.catalog, kpi) if read not in self.names]
        veiled = hidden or [read for read in (*kpi.compared, *kpi.reconciled) if read not in self.names]
        told = replace(kpi, checks=tuple(c for c in kpi.checks if all(read in self.names for read in c.inputs)))
        definition = self.ledger.definition(name, self.until)
        public = self.audience is Audience.PUBLIC
        people = {column for source in self._at.upstream(kpi) for column in self.catalog.sources[source].people}
        return KpiPage(
            stamp=self.stamp_of(name),
            tile=tile,
            grain=grain.value,
            grains=tuple(g.value for g in grains),
            finding=self._finding(kpi, tile)
            if wanted is None or not (wanted.spans or wanted.cell)
            else chosen.extremes(kpi, rows),
            why=kpi.why,
            rows=rows,
            breakdowns=self._breakdowns(kpi, grain),
            targets=tuple(goals.promises(kpi, self._at.today, self.names, self._decisions.said)),
            near=goals.near(kpi, self.catalog.near_within),
            growths=tuple(self._growths(kpi, grain)),
            benchmarks=tuple(Others(one.who, goals.benchmark(one, kpi), one.link) for one in kpi.benchmarks),
            definition=words.definition(
                _unseen(told) if hidden else told,
                self.catalog.calendar,
                self.catalog.min_group_size,
                counts_people=bool(people),
            ),
            written=None if veiled else words.for_all(kpi.written) if public else kpi.written,
            written_at=kpi.place.path,
            sql=definition.sql if definition and definition.sql and not hidden else None,
            fingerprint=definition.fingerprint[:7] if definition else "",
            sources=tuple(self._source(source) for source in self._at.upstream(kpi)),
            checks=tuple(self._at.findings.behind(kpi, self._at.upstream(kpi))),
            earlier=tuple(self._earlier(rows)),
            restatements=history.lines(self._past(name), kpi, self._at),
            version=self._version(name),
            entries=tuple(self._entries(kpi)),
            lineage=lineage.lineage(
                kpi, self.catalog, self.names, self.audience, self._columns, self.boards.visible.values()
            ),
            notes=objectives.notes(self.catalog, name),
            aims=tuple(objectives.aims(kpi, self.pursued, self._published)),
            alerts=self._alerts.watching(name) if self._alerts else (),
            chosen=self._chosen(kpi, wanted, rows) if wanted else None,
        )

    def _wanted(self, kpi: Kpi, wanted: Asked) -> tuple[Row, ...]:
        """The rows that a reader asked for."""
        cell = self._known_cell(kpi, wanted.grain, wanted.cell, "") if wanted.cell else TOTAL
        return chosen.within(self._rows(kpi, wanted.grain, cell, against=wanted.compare), wanted, self.catalog.calendar)

    def _chosen(self, kpi: Kpi, wanted: Asked, rows: Sequence[Row]) -> Chosen:
        """What comes of what a reader asked for."""
        calendar, grain = self.catalog.calendar, wanted.grain
        found = Chosen(
            asked.query(wanted, kpi),
            wanted.spans,
            cells.label(wanted.cell),
            " and ".join(column.replace("_", " ") for column in wanted.by),
            chosen.before(wanted.compare) if wanted.compare else "",
        )
        if wanted.by:
            together = chosen.by_cell(wanted, kpi, rows, self._published)
            every = {cells.label(cell): cell for cell in self._cells(kpi.name, grain)}
            names = [column.text for column in together.values.columns if column.text in every]
            links = {name: controls.address(replace(wanted, by=(), cell=every[name]), kpi) for name in names}
            return replace(found, chart=together, links=links)
        if wanted.compare:
            line = self._cells(kpi.name, grain).get(wanted.cell, []) if wanted.cell else self._total(kpi.name, grain)
            steps = figures.targets(rows, kpi, grain, self.periods)
            says = chosen.then_and_now(kpi, rows, wanted.compare)
            return replace(found, chart=chosen.against(wanted, kpi, rows, line, calendar, steps, says))
        return found

    def explain(self, name: str, period: Period | None = None, cell: Cell = TOTAL, part: str = "") -> Explained | None:
        """One number whole, of the total or of a cell; without a period, the newest. None if there is none at all.

        UsageError `unknown-period`, `unknown-cell` or `unknown-part` for what the KPI does not have.
        """
        kpi = self._visible(name)
        parts = [*kpi.parts, *dict.fromkeys(target.part for target in kpi.targets if target.part)]
        if part and part not in parts:
            has = f"It has {', '.join(parts)}." if parts else "It has the value alone."
            raise UsageError(Mistake(f"{name} has no part '{part}'", "unknown-part", None, has))
        grains = self.grains(name, cell=bool(cell))
        grain = period.grain if period else next((one for one in grains if one.rank >= kpi.front.rank), kpi.front)
        if cell:
            cell = self._known_cell(kpi, grain, cell, part)
        found = self._rows(kpi, grain, cell, part)
        row = next((one for one in found if period is None or one.period == period.name), None)
        if row is None and period is not None:
            of = f" of {_in_words(cell)}" if cell else ""
            remedy = f"It has numbers from {found[-1].period} to {found[0].period}." if found else None
            raise UsageError(Mistake(f"{name} has no number{of} for {period}", "unknown-period", None, remedy))
        if row is None:
            return None
        which = self.catalog.calendar.parse(row.period)
        target = goals.speaking(kpi, which, part, cell)
        return Explained(
            kpi=name,
            title=kpi.title,
            part=part,
            cell=dict(cell),
            label=", ".join([row.label, *(value for _, value in cell)]),
            row=row,
            target=goals.promise(kpi, target, self._at.today, self.names, self._decisions.said) if target else None,
        )

    def _known_cell(self, kpi: Kpi, grain: Grain, cell: Cell, part: str) -> Cell:
        """A cell as the ledger writes it; UsageError `unknown-cell`."""
        lines = self._cells(kpi.name, grain, part)
        found = next((one for one in lines if dict(one) == dict(cell)), None)
        if found is None:
            columns = [" x ".join(by) for by in kpi.by]
            remedy = f"It is broken down by {', '.join(columns)}." if columns else "It is not broken down."
            values = sorted(v for one in lines if [c for c, _ in one] == [c for c, _ in cell] for _, v in one[:1])
            if len(cell) == 1 and (close := difflib.get_close_matches(cell[0][1], values, 1)):
                remedy = f"Did you mean {cell[0][0]}={close[0]}?"
            mistake = Mistake(f"{kpi.name} has no cell {_in_words(cell)} by {grain}", "unknown-cell", None, remedy)
            raise UsageError(mistake)
        return found

    def csv(self, name: str, grain: Grain, *, cells: bool = False) -> str:
        """All stored values of one KPI and grain as CSV: totals, or cells; of a KPI told in words, its texts."""
        kpi = self._visible(name)
        if isinstance(kpi.measure, Narrative):
            return download.texts(self._entries(kpi), download.columns_of(kpi))
        if cells:
            return download.numbers(self._cells(name, grain), download.columns_of(kpi))
        return download.numbers({TOTAL: self._total(name, grain)}, ())

    def grains(self, name: str, *, cell: bool = False) -> tuple[Grain, ...]:
        """The grains of a KPI's pages, or of its cells; one that is only planned has one page and no cells."""
        kpi = self._visible(name)
        if self.planned(name) or isinstance(kpi.measure, Narrative):
            return () if cell else (kpi.front,)
        return tuple(kpi.grains(cell=cell)) if kpi.by or not cell else ()

    def drawn(self, name: str, grain: Grain) -> bool:
        """True if a KPI's page at a grain has a chart: it does with a single number."""
        kpi = self._visible(name)
        if kpi.measure is None or isinstance(kpi.measure, Narrative):
            return False
        return figures.has_main(self._total(name, grain), kpi, grain)

    def planned(self, name: str) -> bool:
        """True for a KPI that is promised and not tracked yet."""
        return self.tile(name).maturity == "planned"

    # -- parts of pages --------------------------------------------------------------------------------------------

    def tile(self, name: str) -> Tile:
        """The card of one KPI."""
        if name not in self._tiles:
            kpi = self._visible(name)
            if isinstance(kpi.measure, Narrative):
                self._tiles[name] = tiles.told(kpi, list(self._entries(kpi)), self._of(name))
                return self._tiles[name]
            line = self._total(name, kpi.front) if kpi.measure else []
            leading = self._leading(kpi) if kpi.measure else []
            self._tiles[name] = self._marked(kpi, tiles.tile(kpi, line, leading, self._of(name)), line)
        return self._tiles[name]

    def _marked(self, kpi: Kpi, tile: Tile, line: Sequence[Stored]) -> Tile:
        """A card that says if a change of its number waits, and if it compares numbers of two methods."""
        past = self._past(kpi.name)
        newest = next((row for row in reversed(line) if row.period.name == tile.period), None)
        if newest is None or not (past.proposals or any(row.imported for row in line)):
            return tile
        waits = history.waits(newest, past, kpi, "", TOTAL, numbers.places([newest.value], kpi.unit), self._at)
        if waits is not None and waits.state == "waiting":
            tile = replace(tile, waits=waits.text if waits.value is None else f"{waits.text} waits")
        then = compared_period(kpi, newest.period, self.catalog.calendar)
        if tile.compared and history.apart(history.breaks(line, past), then.key, newest.period.key):
            versus = f"{tile.compared.versus}, by another method"
            tile = replace(tile, compared=replace(tile.compared, versus=versus))
        return tile

    def _visible(self, name: str) -> Kpi:
        if name not in self.names:
            close = difflib.get_close_matches(name, self.names, 1)
            remedy = f"Did you mean '{close[0]}'?" if close else "headway show lists them all."
            raise UsageError(Mistake(f"there is no KPI '{name}'", "unknown-kpi", None, remedy))
        return self.catalog.kpis[name]

    def _total(self, name: str, grain: Grain, part: str = "") -> list[Stored]:
        """The rows of a KPI's total at one grain, oldest first, or of its growth."""
        if (name, part, grain) not in self._totals:
            table = self._tables.get((name, part))
            if table is None:
                # A card asks for one grain and needs no other; a page asks for all of them.
                only = grain if grain is self.catalog.kpis[name].front else None
                table = self.ledger.read(name, part=part, grain=only, cells=False, as_of=self.until)
                if only is None:
                    self._tables[name, part] = table
            line = rows(of_grain(table, grain), self.periods).get((grain, TOTAL), [])
            self._totals[name, part, grain] = self._for_reader(name, line)
        return self._totals[name, part, grain]

    def _for_reader(self, name: str, line: list[Stored]) -> list[Stored]:
        """A line without what KPIs that are hidden from the reader would be known by."""
        kpi = self.catalog.kpis[name]
        inputs = any(read not in self.names for read in tiles.inputs(self.catalog, kpi))
        bounds = any(read not in self.names for read in kpi.compared)
        return veiled(line, inputs=inputs, bounds=bounds) if inputs or bounds else line

    def _leading(self, kpi: Kpi) -> list[Stored]:
        """The rows whose verdicts are on the card."""
        return self._total(kpi.name, kpi.front, goals.lead(kpi))

    def _behind(self, tile: Tile) -> tuple[Kpi, Sequence[Stored]]:
        kpi = self.catalog.kpis[tile.name]
        return kpi, self._leading(kpi)

    def _cells(self, name: str, grain: Grain, part: str = "") -> dict[Cell, list[Stored]]:
        """The rows of a KPI's cells at one grain. Pages of one KPI are made together: the last one is kept."""
        if (name, part, grain) not in self._last_cells:
            table = self.ledger.read(name, part=part, grain=grain, as_of=self.until)
            kept = {at: lines for at, lines in self._last_cells.items() if at[0] == name}
            lines = without_total(rows(table, self.periods), grain)
            own = {cell: self._for_reader(name, line) for cell, line in lines.items()}
            self._last_cells = kept | {(name, part, grain): own}
        return self._last_cells[name, part, grain]

    def _growths(self, kpi: Kpi, grain: Grain) -> Iterator[Growth]:
        """Each length over which growth is judged at this grain, in the order of the targets."""
        breaks = history.breaks(self._total(kpi.name, grain), self._past(kpi.name))
        for part in dict.fromkeys(target.part for target in kpi.targets if target.part and target.grain is grain):
            line = self._total(kpi.name, grain, part)
            of_cells = self._cells(kpi.name, grain, part)
            newest = next((row for row in reversed(self._total(kpi.name, grain)) if not row.partial), None)
            found = []
            for cell, own in of_cells.items():
                if newest is not None and (row := by_key(own).get(newest.period.key)) is not None:
                    points = tuple(Point(r.period.name, r.value, r.low, r.high, r.partial) for r in own)
                    found.append(
                        cells.row(replace(kpi, unit=goals.PERCENT, decimals=None), cell, row, points[-13:], part)
                    )
            found.sort(key=lambda c: (c.shown.value is None, -(c.shown.value or 0), c.label))
            label = words.period(newest.period) if newest else ""
            yield Growth(
                part.replace(" ", "-"),
                goals.title(part),
                label,
                table.growth(line, part, breaks, self._at),
                tuple(found),
            )

    def _finding(self, kpi: Kpi, tile: Tile) -> str:
        """The sentence below the chart, which is also what the chart says to those who do not see it."""
        if not tile.has_value:
            return f"{tile.title}: {tile.shown.text}. {tile.reason or ''}".strip()
        line = self._total(kpi.name, kpi.front)
        number = numbers.tile(tile.shown.value, kpi.unit, decimals=kpi.decimals)
        said = f"{number} {tile.when}"
        newest = next(row for row in reversed(line) if row.period.name == tile.period)
        past = year_before(newest.period, by_key(line))
        if past is not None and past.value is not None:
            said += f", {numbers.tile(past.value, kpi.unit, decimals=kpi.decimals)} a year before"
            if history.apart(history.breaks(line, self._past(kpi.name)), past.period.key, newest.period.key):
                said += " by another method"
        again = streak(self._leading(kpi), tile.verdict.key) if tile.verdict.key in ("on", "near", "off", "over") else 0
        if again > 1:
            said += f"; {tile.verdict.word.lower()} for {again} {kpi.front}s in a row"
        elif again == 1:
            said += f"; {tile.verdict.word.lower()}"
        return said + "."

    def _breakdowns(self, kpi: Kpi, grain: Grain) -> tuple[Breakdown, ...]:
        """Each breakdown at this grain, or at the shortest for which cells are kept."""
        if not kpi.by or kpi.measure is None:
            return ()
        kept = kpi.grains(cell=True)
        grain = grain if grain in kept else kept[0]
        lines, total = self._cells(kpi.name, grain), self._total(kpi.name, grain)
        return tuple(cells.breakdowns(kpi, grain, total, lines, self.catalog.calendar))

    @cached_property
    def _decisions(self) -> reviewed.Decisions:
        return reviewed.Decisions(self.ledger.reviews(as_of=self.until), self.catalog.calendar, self.audience)

    def _source(self, name: str) -> SourceRows:
        source, load = self.catalog.sources[name], self._at.loads.get(name)
        removed = dict(load.removed) if load else {}
        exclusions = tuple(
            ExclusionRow(one.where, words.between(one.first, one.last), one.why, one.link, one.rows)
            for one in (load.exclusions if load else ())
        ) or tuple(
            ExclusionRow(one.where.text, words.between(one.first, one.through), one.why, one.link, None)
            for one in source.exclude
        )
        if load is None:
            return SourceRows(name, source.about, None, {}, "Not read yet", exclusions=exclusions)
        newest = f"to {words.stamped(load.newest, self.catalog.calendar.tz)}" if load.newest else "no time given"
        public = self.audience is Audience.PUBLIC
        failed = ("It could not be read." if public else load.failed.strip()) if load.failed else None
        # What checks found stands with the checks.
        notes = tuple(note for note in load.notes if note.rstrip(".") not in self._at.findings.said(name))
        read = words.moment(self._read_last[name].at, self.catalog.calendar.tz)
        return SourceRows(name, source.about, load.rows, removed, newest, failed, notes, exclusions, read)

    def _earlier(self, rows: Sequence[Row]) -> Iterator[Earlier]:
        """Numbers that were published and then changed, newest period first."""
        for row in [row for row in rows if len(row.values) > 1][:_EARLIER]:
            for was, after in pairwise(reversed(row.values)):
                day = words.day(self.catalog.calendar.day(after.published))
                yield Earlier(day, row.label, was.text, after.text, after.restatement, after.why, after.decided)

    def _entries(self, kpi: Kpi) -> Iterator[EntryRow]:
        """What people entered, newest period first. Who did is for colleagues, and no business of the public."""
        public = self.audience is Audience.PUBLIC
        kept = [(one, self._period_of(one)) for one in self._entered(kpi)]
        for one, which in sorted(kept, key=lambda pair: (pair[1].last, pair[1].first), reverse=True):
            entry, who = one.entry, "" if public else one.entry.entered_by or ""
            cell = read_cell(entry.cell)
            label = ", ".join([words.period(which), *(value for _, value in cell)])
            evidence = entry.evidence or ""
            yield EntryRow(
                period=which.name,
                label=label,
                cell=dict(cell),
                text=entry.text or "",
                evidence=evidence,
                link=evidence if evidence.startswith(("https://", "http://")) else "",
                said=words.entered(who, entry.entered_on, entry.note),
                entered_by=who,
                entered_on=entry.entered_on or "",
                note=entry.note or "",
                revision=one.revision,
            )

    def _entered(self, kpi: Kpi) -> list[Entered]:
        """The entries of a KPI whose file people keep; nobody keeps words about the others."""
        return self.ledger.entries(kpi.name, self.until) if tiles.is_entered(kpi) else []

    def _period_of(self, one: Entered) -> Period:
        return self.periods.get(Grain(one.entry.grain), one.entry.period)

    @cached_property
    def _restatements(self) -> list[Restatement]:
        return self.ledger.restatements(as_of=self.until)

    def _past(self, name: str) -> Past:
        """What changed of a KPI's closed numbers, and what is proposed in their place."""
        if name not in self._pasts:
            own = [one for one in self._restatements if any(part.kpi == name for part in one.kpis)]
            proposed = any(one.state in ("waiting", "rejected") for one in own)
            proposals = self.ledger.proposals(name, self.until) if proposed else []
            self._pasts[name] = Past.of(own, proposals)
        return self._pasts[name]

    def _rows(
        self, kpi: Kpi, grain: Grain, cell: Cell = TOTAL, part: str = "", against: Length | None = None
    ) -> tuple[Row, ...]:
        """The table of the total, or of one cell or part."""
        line = self._cells(kpi.name, grain, part).get(cell, []) if cell else self._total(kpi.name, grain, part)
        changed = any(row.revision > 1 for row in line)
        revised = self.ledger.revised(kpi.name, part, grain, cell_text(cell), self.until) if changed else {}
        return table.rows(kpi, line, self._at, self._past(kpi.name), revised, cell, part, against)

    def _version(self, name: str) -> DefinitionVersion:
        """The definition in force, and since when."""
        found = self.ledger.versions(name, self.until)
        if not found:
            return DefinitionVersion("", "", None, 0)
        newest = found[-1]
        since = words.moment(newest.since, self.catalog.calendar.tz)
        return DefinitionVersion(newest.fingerprint[:7], since, newest.run, len(found) - 1)

    def _columns(self, name: str) -> lineage.Columns:
        """The columns that a KPI's query reads."""
        if name not in self._read:
            definition = self.ledger.definition(name, self.until)
            self._read[name] = definition.lineage if definition else None
        return self._read[name]


def open(ledger: Ledger, catalog: Catalog, audience: Audience, now: datetime) -> View:  # noqa: A001  # `view.open(...)`
    """The ledger as a reader of `audience` sees it at `now`."""
    return View(ledger, catalog, audience, now)


# -- small parts ---------------------------------------------------------------------------------------------------


def _unseen(kpi: Kpi) -> Kpi:
    """A KPI without the formula that names KPIs its reader may not see."""
    return replace(kpi, measure=None) if kpi.about else replace(kpi, measure=None, about="Calculated from other KPIs")


def _in_words(cell: Cell) -> str:
    """hub=a, cluster=b: as it is typed."""
    return ", ".join(f"{column}={value}" for column, value in cell)

"""The read model: what a reader may see of the ledger at a moment, in the words and numbers of every page.

`open` is the only door through which pages, JSON twins, search and the terminal see numbers; the reader's audience
is applied here and nowhere else. It reads the ledger and the catalogue and never computes: a change between two
stored values is formatting.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from headway.errors import Mistake, UsageError
from headway.formats import dates
from headway.ledger import Ledger, Run, Tried
from headway.model import TOTAL, Audience, Catalog, Cell, Kpi, Objective
from headway.periods import Grain, Period
from headway.publish import alerting, alertlists, finding, front, objectives, tiles
from headway.publish.alertpages import AlertsPage
from headway.publish.asked import Asked
from headway.publish.boards import Boards
from headway.publish.checkpages import QualityPage
from headway.publish.checks import LOOKS, Findings
from headway.publish.findingpages import AreaPage, CataloguePage, NotesPage
from headway.publish.frontpage import Front
from headway.publish.kpipages import Explained, KpiPage
from headway.publish.kpis import Kpis
from headway.publish.objectivepages import ObjectivePage, ObjectivesPage
from headway.publish.pages import Link, Stamp, Tile
from headway.publish.published import Published
from headway.publish.stored import Periods, Stored


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

    @property
    def version(self) -> tuple[object, ...]:
        """Changes when a page may look different: after a run, a change of the catalogue, or an hour.

        A ledger that was restored goes on from an earlier run: another one may have its number.
        """
        hour, newest = self.catalog.calendar.hour(self.now).key, self._newest
        run = (newest.id, newest.uuid, newest.finished) if newest else None
        return (run, self.catalog.fingerprint, self.audience, hour)

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
            computed=dates.moment(run.now, catalog.calendar.tz) if run else "not yet",
            computed_at=run.now if run else None,
            as_of=self.as_of,
            fingerprint=catalog.fingerprint[:7],
            then=self._then,
            firing=self._alerts.firing if self._alerts else None,
        )

    def stamp_of(self, name: str) -> Stamp:
        """The same on a page of one KPI: of the run that computed it, which need not be the newest one."""
        run = self._at.run_of(name)
        if run is None:
            return replace(self.stamp, fingerprint="")
        when = dates.moment(run.now, self.catalog.calendar.tz)
        return replace(self.stamp, run=run.id, computed=when, computed_at=run.now, fingerprint="")

    @property
    def _then(self) -> str:
        """What a reader of the past must know on every page, or ''."""
        if self.as_of is None:
            return ""
        when = dates.moment(self.as_of, self.catalog.calendar.tz)
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
            self._read_last,
            self._tried[1],
            {failure.kpi: failure for failure in self.ledger.failures(run.id)} if run else {},
            frozenset(self.names),
            self._findings,
        )

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
        every = self.published.tiles()
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
            self.published.undecided(self.names),
            self._alerts.unattended() if self._alerts else (),
            headlines,
            front.groups(rest, self.catalog),
        )

    def catalogue(self, query: Mapping[str, str] | None = None) -> CataloguePage:
        """All KPIs by area, planned and retired ones too; with a query, those that fit it."""
        page = finding.catalogue(self.listed, self.catalog, self.stamp, query)
        return replace(page, undecided=self.published.undecided(self.names))

    @cached_property
    def listed(self) -> tuple[Tile, ...]:
        """A card for each KPI of the catalogue that this reader may know of, shown or not, in its order."""
        shown = {tile.name: tile for tile in self.published.tiles()}
        return tuple(
            shown[name] if name in shown else finding.listed(kpi, self._at)
            for name, kpi in self.catalog.kpis.items()
            if name in shown or kpi.listed
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
            self._objectives,
            self.published,
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
        return self._at.findings.page(self.stamp, self.published.waiting())

    @cached_property
    def _objectives(self) -> objectives.Objectives:
        return objectives.Objectives(self.published)

    @property
    def pursued(self) -> tuple[Objective, ...]:
        """The objectives that this reader may see, in the order of the catalogue."""
        return self._objectives.visible

    def all_objectives(self) -> ObjectivesPage:
        """Every objective, with what is expected and what is."""
        found = tuple(self._objectives.row(one) for one in self.pursued)
        every = [result for one in found for result in one.expects]
        return ObjectivesPage(self.stamp, tuple(objectives.counts(every)), found)

    def objective(self, name: str) -> ObjectivePage:
        """One objective; UsageError `unknown-name` if there is none that this reader may see."""
        one = next((one for one in self.pursued if one.name == name), None)
        if one is None:
            close = difflib.get_close_matches(name, [known.name for known in self.pursued], 1)
            remedy = f"Did you mean '{close[0]}'?" if close else "headway objectives lists them all."
            raise UsageError(Mistake(f"there is no objective '{name}'", "unknown-name", None, remedy))
        return ObjectivePage(replace(self.stamp, fingerprint=""), self._objectives.row(one))

    @cached_property
    def boards(self) -> Boards:
        """The boards that this reader may see."""
        return Boards(self.published, self.names, replace(self.stamp, fingerprint=""), self.published.leading)

    # -- KPIs ------------------------------------------------------------------------------------------------------

    @cached_property
    def published(self) -> Published:
        """The numbers that this reader may see."""
        return Published(self._at, self.names, self.periods)

    @cached_property
    def kpis(self) -> Kpis:
        """What there is of one KPI."""
        return Kpis(self.published, self.stamp_of, self.boards, self._objectives, self._alerts)

    def tile(self, name: str) -> Tile:
        """The card of one KPI."""
        return self.published.tile(name)

    def grains(self, name: str, *, cell: bool = False) -> tuple[Grain, ...]:
        """The grains of a KPI's pages, or of its cells; one that is only planned has one page and no cells."""
        return self.published.grains(name, cell=cell)

    def kpi(self, name: str, grain: Grain | None = None, wanted: Asked | None = None) -> KpiPage:
        """The page of one KPI; UsageError if there is none that this reader may see, or not at that grain."""
        return self.kpis.page(name, grain, wanted)

    def explain(self, name: str, period: Period | None = None, cell: Cell = TOTAL, part: str = "") -> Explained | None:
        """One number whole; None if there is none at all, UsageError for what the KPI does not have."""
        return self.kpis.explain(name, period, cell, part)

    def csv(self, name: str, grain: Grain, *, cells: bool = False) -> str:
        """All stored values of one KPI and grain as CSV: totals, or cells; of a KPI told in words, its texts."""
        return self.kpis.csv(name, grain, cells=cells)

    def _behind(self, tile: Tile) -> tuple[Kpi, Sequence[Stored]]:
        kpi = self.catalog.kpis[tile.name]
        return kpi, self.published.leading(kpi)


def open(ledger: Ledger, catalog: Catalog, audience: Audience, now: datetime) -> View:  # noqa: A001  # `view.open(...)`
    """The ledger as a reader of `audience` sees it at `now`."""
    return View(ledger, catalog, audience, now)

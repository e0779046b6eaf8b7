"""The page of one KPI, whole or as its reader asked for it, one of its numbers with all that it had, and its CSV."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

from headway.errors import Mistake, UsageError
from headway.formats import dates, numbers, plurals
from headway.ledger import Definition, Version
from headway.model import TOTAL, Audience, Cell, Kpi, Narrative, cell_text
from headway.periods import Grain, Length, Period
from headway.publish import (
    asked,
    cells,
    chosen,
    controls,
    download,
    figures,
    goals,
    history,
    lineage,
    objectives,
    reviewed,
    table,
    tiles,
    words,
)
from headway.publish.alerting import Alerts
from headway.publish.asked import Asked
from headway.publish.boardpages import ChartTile
from headway.publish.boards import Boards
from headway.publish.chosenpages import Chosen
from headway.publish.controls import Controls
from headway.publish.kpipages import (
    Breakdown,
    DefinitionVersion,
    Earlier,
    ExclusionRow,
    Explained,
    Growth,
    KpiPage,
    Others,
    Row,
    SourceRows,
)
from headway.publish.objectives import Objectives
from headway.publish.pages import Point, Stamp, Tile
from headway.publish.published import Published
from headway.publish.stored import MANY, by_key, complete, streak, year_before

#: How many restated periods a page looks up.
_EARLIER = 12
#: How many values of a breakdown a sentence names.
_VALUES = 8


class Kpis:
    """The KPIs of one reader: each page is made when it is asked for."""

    def __init__(
        self,
        published: Published,
        stamp_of: Callable[[str], Stamp],
        boards: Boards,
        pursued: Objectives,
        alerts: Alerts | None,
    ) -> None:
        self.published = published
        self.at, self.names = published.at, published.names
        self.catalog, self.ledger = published.at.catalog, published.at.ledger
        self.stamp_of = stamp_of
        self.boards = boards
        self.objectives = pursued
        self.alerts = alerts

    def page(self, name: str, grain: Grain | None = None, wanted: Asked | None = None) -> KpiPage:
        """One KPI at the grain of its card, or at another; UsageError if there is none that this reader may see.

        What is `wanted` says the grain too.
        """
        kpi = self.published.kpi(name)
        grains = self.published.grains(name)
        grain = wanted.grain if wanted else grain or kpi.front
        if grain not in grains:
            known = ", ".join(grains)
            raise UsageError(
                Mistake(f"{name} is not kept by {grain}", "unknown-period", None, f"It is kept by {known}.")
            )
        rows = self.rows(kpi, grain) if wanted is None else self._wanted(kpi, wanted)
        tile = self.published.tile(name)
        hidden = [read for read in tiles.inputs(self.catalog, kpi) if read not in self.names]
        veiled = hidden or [read for read in (*kpi.compared, *kpi.reconciled) if read not in self.names]
        told = replace(kpi, checks=tuple(c for c in kpi.checks if all(read in self.names for read in c.inputs)))
        definition = self._definitions.get(name)
        public = self.at.audience is Audience.PUBLIC
        people = {column for source in self.at.upstream(kpi) for column in self.catalog.sources[source].people}
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
            breakdowns=self.breakdowns(kpi, grain),
            targets=tuple(goals.promises(kpi, self.at.today, self.names, self._decisions.said)),
            near=goals.near(kpi, self.catalog.near_within),
            growths=tuple(self.growths(kpi, grain)),
            benchmarks=tuple(Others(one.who, goals.benchmark(one, kpi), one.link) for one in kpi.benchmarks),
            definition=words.definition(
                _unseen(told) if hidden else told,
                self.at.calendar,
                self.catalog.min_group_size,
                counts_people=bool(people),
            ),
            written=None if veiled else words.for_all(kpi.written) if public else kpi.written,
            written_at=kpi.place.path,
            sql=definition.sql if definition and definition.sql and not hidden else None,
            fingerprint=definition.fingerprint[:7] if definition else "",
            sources=tuple(self._source(source) for source in self.at.upstream(kpi)),
            checks=tuple(self.at.findings.behind(kpi, self.at.upstream(kpi))),
            earlier=tuple(self._earlier(rows)),
            restatements=history.lines(self.published.past(name), kpi, self.at),
            version=self._version(name),
            entries=tuple(self.published.entries(kpi)),
            lineage=lineage.lineage(
                kpi,
                self.catalog,
                self.names,
                self.at.audience,
                self._columns,
                self.boards.visible.values(),
            ),
            notes=objectives.notes(self.catalog, name),
            aims=tuple(self.objectives.aims(name)),
            alerts=self.alerts.watching(name) if self.alerts else (),
            chosen=self._chosen(kpi, wanted, rows) if wanted else None,
            apart=self._apart(kpi, grain, rows, wanted),
        )

    def _apart(self, kpi: Kpi, grain: Grain, rows: Sequence[Row], wanted: Asked | None) -> tuple[ChartTile, ...]:
        """What stands where a total would, unless the reader asked for one cell, or for cells, in its place."""
        if wanted and (wanted.cell or wanted.by):
            return ()
        spans = wanted is not None and wanted.spans
        return tuple(chosen.apart(kpi, grain, rows, self.published, spans=spans))

    def _wanted(self, kpi: Kpi, wanted: Asked) -> tuple[Row, ...]:
        """The rows that a reader asked for."""
        cell = self._known_cell(kpi, wanted.grain, wanted.cell, "") if wanted.cell else TOTAL
        return chosen.within(self.rows(kpi, wanted.grain, cell, against=wanted.compare), wanted, self.at.calendar)

    def _chosen(self, kpi: Kpi, wanted: Asked, rows: Sequence[Row]) -> Chosen:
        """What comes of what a reader asked for."""
        calendar, grain = self.at.calendar, wanted.grain
        found = Chosen(
            asked.query(wanted, kpi),
            wanted.spans,
            cells.label(wanted.cell, kpi),
            " and ".join(column.replace("_", " ") for column in wanted.by),
            chosen.before(wanted.compare) if wanted.compare else "",
        )
        if wanted.by:
            together = chosen.by_cell(wanted, kpi, rows, self.published)
            every = {cells.label(cell, kpi): cell for cell in self.published.cells(kpi.name, grain)}
            names = [column.text for column in together.values.columns if column.text in every]
            links = {name: controls.address(replace(wanted, by=(), cell=every[name]), kpi) for name in names}
            return replace(found, chart=together, links=links)
        if wanted.compare:
            line = self.published.line(kpi.name, grain, wanted.cell)
            steps = figures.targets(rows, kpi, grain, self.published.periods)
            says = chosen.then_and_now(kpi, rows, wanted.compare)
            return replace(found, chart=chosen.against(wanted, kpi, rows, line, calendar, steps, says))
        return found

    def explain(self, name: str, period: Period | None = None, cell: Cell = TOTAL, part: str = "") -> Explained | None:
        """One number whole, of the total or of a cell; without a period, the newest. None if there is none at all.

        UsageError `unknown-period`, `unknown-cell` or `unknown-part` for what the KPI does not have.
        """
        kpi = self.published.kpi(name)
        parts = [*kpi.parts, *dict.fromkeys(target.part for target in kpi.targets if target.part)]
        if part and part not in parts:
            has = f"It has {', '.join(parts)}." if parts else "It has the value alone."
            raise UsageError(Mistake(f"{name} has no part '{part}'", "unknown-part", None, has))
        grains = self.published.grains(name, cell=bool(cell))
        grain = period.grain if period else next((one for one in grains if one.rank >= kpi.front.rank), kpi.front)
        if cell:
            cell = self._known_cell(kpi, grain, cell, part)
        found = self.rows(kpi, grain, cell, part)
        row = next((one for one in found if period is None or one.period == period.name), None)
        if row is None and period is not None:
            of = f" of {_in_words(cell)}" if cell else ""
            remedy = f"It has numbers from {found[-1].period} to {found[0].period}." if found else None
            raise UsageError(Mistake(f"{name} has no number{of} for {period}", "unknown-period", None, remedy))
        if row is None:
            return None
        which = self.at.calendar.parse(row.period)
        target = goals.speaking(kpi, which, part, cell)
        return Explained(
            kpi=name,
            title=kpi.title,
            part=part,
            cell=dict(cell),
            label=", ".join([row.label, *(value for _, value in cell)]),
            row=row,
            target=goals.promise(kpi, target, self.at.today, self.names, self._decisions.said) if target else None,
        )

    def _known_cell(self, kpi: Kpi, grain: Grain, cell: Cell, part: str) -> Cell:
        """A cell as the ledger writes it; UsageError `unknown-cell`."""
        lines = self.published.cells(kpi.name, grain, part)
        found = next((one for one in lines if dict(one) == dict(cell)), None)
        if found is None:
            columns = [" and ".join(by).replace("_", " ") for by in kpi.by]
            remedy = f"It is broken down by {'; '.join(columns)}." if columns else "It is not broken down."
            values = sorted(v for one in lines if [c for c, _ in one] == [c for c, _ in cell] for _, v in one[:1])
            if len(cell) == 1 and values:
                close = difflib.get_close_matches(cell[0][1], values, 1)
                more = [f"{len(values) - _VALUES + 1} more"] if len(values) > _VALUES else []
                known = plurals.listed([*values[: len(values) if not more else _VALUES - 1], *more])
                remedy = f"Did you mean {close[0]}?" if close else f"It has {known}."
            of = " and ".join(f"{column.replace('_', ' ')} {value[:60]}" for column, value in cell)
            mistake = Mistake(f"{kpi.title} has no {of} by {grain}", "unknown-cell", None, remedy)
            raise UsageError(mistake)
        return found

    def asked(self, name: str, query: str, grain: Grain) -> Asked:
        """What a query asks for of a KPI, by `grain` without a word on it; UsageError with everything that is wrong."""
        kpi, grains, kept = (
            self.published.kpi(name),
            self.published.grains(name),
            self.published.grains(name, cell=True),
        )
        return asked.read(query, kpi, grain, grains, kept, self.at.calendar)

    def controls(self, name: str, wanted: Asked) -> Controls:
        """What a reader may ask for next."""
        kept = [row.period for row in self.published.total(name, wanted.grain)]
        return controls.controls(wanted, self.published.kpi(name), kept, self.published.grains(name))

    def csv(self, name: str, grain: Grain, *, cells: bool = False) -> str:
        """All stored values of one KPI and grain as CSV: totals, or cells; of a KPI told in words, its texts."""
        kpi = self.published.kpi(name)
        if isinstance(kpi.measure, Narrative):
            return download.texts(self.published.entries(kpi), download.columns_of(kpi))
        if cells:
            return download.numbers(self.published.cells(name, grain), download.columns_of(kpi))
        return download.numbers({TOTAL: self.published.total(name, grain)}, ())

    def drawn(self, name: str, grain: Grain) -> bool:
        """True if a KPI's page at a grain has a chart: it does with a single number."""
        kpi = self.published.kpi(name)
        if kpi.measure is None or isinstance(kpi.measure, Narrative):
            return False
        if not kpi.has_total():
            return any(tile.plot for tile in self.page(name, grain).apart)
        return figures.has_main(self.published.total(name, grain), kpi, grain)

    def rows(
        self, kpi: Kpi, grain: Grain, cell: Cell = TOTAL, part: str = "", against: Length | None = None
    ) -> tuple[Row, ...]:
        """The table of the total, or of one cell or part."""
        line = self.published.line(kpi.name, grain, cell, part)
        changed = any(row.revision > 1 for row in line)
        revised = self.ledger.revised(kpi.name, part, grain, cell_text(cell), self.at.until) if changed else {}
        return table.rows(kpi, line, self.at, self.published.past(kpi.name), revised, cell, part, against)

    def growths(self, kpi: Kpi, grain: Grain) -> Iterator[Growth]:
        """Each length over which growth is judged at this grain, in the order of the targets."""
        breaks = history.breaks(self.published.total(kpi.name, grain), self.published.past(kpi.name))
        for part in dict.fromkeys(target.part for target in kpi.targets if target.part and target.grain is grain):
            line = self.published.total(kpi.name, grain, part)
            of_cells = self.published.cells(kpi.name, grain, part)
            newest = next((row for row in reversed(self.published.total(kpi.name, grain)) if not row.partial), None)
            found = []
            for cell, own in of_cells.items():
                if newest is not None and (row := by_key(own).get(newest.period.key)) is not None:
                    points = tuple(Point(r.period.name, r.value, r.low, r.high, r.partial) for r in own)
                    found.append(
                        cells.row(replace(kpi, unit=goals.PERCENT, decimals=None), cell, row, points[-13:], part)
                    )
            found.sort(key=lambda c: (c.shown.value is None, -(c.shown.value or 0), c.label))
            label = dates.period(newest.period) if newest else ""
            yield Growth(
                part.replace(" ", "-"),
                goals.title(part),
                label,
                table.growth(line, part, breaks, self.at),
                tuple(found),
            )

    def _finding(self, kpi: Kpi, tile: Tile) -> str:
        """The sentence below the chart, which is also what the chart says to those who do not see it."""
        if not tile.has_value:
            return f"{tile.title}: {tile.shown.text}. {tile.reason or ''}".strip()
        line = self.published.total(kpi.name, kpi.front)
        number = numbers.tile(tile.shown.value, kpi.unit, decimals=kpi.decimals)
        said = f"{number} {tile.when}"
        newest = next(row for row in reversed(line) if row.period.name == tile.period)
        past = year_before(newest.period, by_key(line))
        if past is not None and past.value is not None:
            said += f", {numbers.tile(past.value, kpi.unit, decimals=kpi.decimals)} a year before"
            if history.apart(history.breaks(line, self.published.past(kpi.name)), past.period.key, newest.period.key):
                said += " by another method"
        again = (
            streak(self.published.leading(kpi), tile.verdict.key)
            if tile.verdict.key in ("on", "near", "off", "over")
            else 0
        )
        if again > MANY:
            began = complete(self.published.leading(kpi))[-again].period
            said += f"; {tile.verdict.word.lower()} since {dates.period(began)}"
        elif again > 1:
            said += f"; {tile.verdict.word.lower()} for {again} {kpi.front}s in a row"
        elif again == 1:
            said += f"; {tile.verdict.word.lower()}"
        return said + "."

    def breakdowns(self, kpi: Kpi, grain: Grain) -> tuple[Breakdown, ...]:
        """Each breakdown at this grain, or at the shortest for which cells are kept."""
        if not kpi.by or kpi.measure is None:
            return ()
        kept = kpi.grains(cell=True)
        grain = grain if grain in kept else kept[0]
        lines, total = self.published.cells(kpi.name, grain), self.published.total(kpi.name, grain)
        return tuple(cells.breakdowns(kpi, grain, total, lines, self.at.calendar))

    @cached_property
    def _decisions(self) -> reviewed.Decisions:
        return reviewed.Decisions(self.ledger.reviews(as_of=self.at.until), self.at.calendar, self.at.audience)

    def _source(self, name: str) -> SourceRows:
        source, load = self.catalog.sources[name], self.at.load(name)
        removed = dict(load.removed) if load else {}
        exclusions = tuple(
            ExclusionRow(one.where, dates.between(one.first, one.last), one.why, one.link, one.rows)
            for one in (load.exclusions if load else ())
        ) or tuple(
            ExclusionRow(one.where.text, dates.between(one.first, one.through), one.why, one.link, None)
            for one in source.exclude
        )
        if load is None:
            return SourceRows(name, source.about, None, {}, "Not read yet", exclusions=exclusions)
        newest = f"to {dates.stamped(load.newest, self.at.calendar.tz)}" if load.newest else "no time given"
        public = self.at.audience is Audience.PUBLIC
        failed = ("It could not be read." if public else load.failed.strip()) if load.failed else None
        # What checks found stands with the checks.
        notes = tuple(note for note in load.notes if note.rstrip(".") not in self.at.findings.said(name))
        read = dates.moment(self.at.tried[name].at, self.at.calendar.tz)
        return SourceRows(name, source.about, load.rows, removed, newest, failed, notes, exclusions, read)

    def _earlier(self, rows: Sequence[Row]) -> Iterator[Earlier]:
        """Numbers that were published and then changed, newest period first."""
        for row in [row for row in rows if len(row.values) > 1][:_EARLIER]:
            for was, after in pairwise(reversed(row.values)):
                day = dates.day(self.at.calendar.day(after.published))
                yield Earlier(day, row.label, was.text, after.text, after.restatement, after.why, after.decided)

    @cached_property
    def _definitions(self) -> dict[str, Definition]:
        """How each KPI was computed last."""
        return self.ledger.definitions(self.at.until)

    @cached_property
    def _versions(self) -> dict[str, list[Version]]:
        """The definitions that each KPI has had."""
        return self.ledger.versions(self.at.until)

    def _version(self, name: str) -> DefinitionVersion:
        """The definition in force, and since when."""
        found = self._versions.get(name)
        if not found:
            return DefinitionVersion("", "", None, 0)
        newest = found[-1]
        since = dates.moment(newest.since, self.at.calendar.tz)
        return DefinitionVersion(newest.fingerprint[:7], since, newest.run, len(found) - 1)

    def _columns(self, name: str) -> lineage.Columns:
        """The columns that a KPI's query reads."""
        definition = self._definitions.get(name)
        return definition.lineage if definition else None


def _unseen(kpi: Kpi) -> Kpi:
    """A KPI without the formula that names KPIs its reader may not see."""
    return replace(kpi, measure=None) if kpi.about else replace(kpi, measure=None, about="Calculated from other KPIs")


def _in_words(cell: Cell) -> str:
    """hub=a, cluster=b: as it is typed."""
    return ", ".join(f"{column}={value}" for column, value in cell)

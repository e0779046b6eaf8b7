"""Takes a snapshot: what some documents ask for, as one reader sees the ledger at one moment.

The only part of reports that reads the ledger, and it does so through the read model of the pages: the texts are
theirs, and so is the audience. It never computes.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from headway import charts
from headway.errors import Mistake, UsageError
from headway.model import TOTAL, Audience, Cell, Kpi, Look, Narrative, Scale, Shown, Shows, Tile
from headway.periods import Grain, Length, Period
from headway.publish import boardcharts, cells, chosen, history, lately, tiles, tokens
from headway.publish.asked import Asked
from headway.publish.boardpages import ChartTile
from headway.publish.published import Until
from headway.publish.shelf import Shelf, alone, title
from headway.publish.stored import Stored, compared_period, window
from headway.publish.view import View
from headway.reports import appendix, around, points, sentences, within
from headway.reports.asked import ROLES, Address, Request
from headway.reports.snapshot import FORMAT, Said, Series, Snapshot

#: How many periods a chart shows, without a word on it.
_PERIODS = {Grain.HOUR: 72, Grain.DAY: 400, Grain.WEEK: 104, Grain.MONTH: 36, Grain.QUARTER: 12, Grain.YEAR: 12}
#: How many rows a table has.
_ROWS = 12
#: How many periods a trend has.
_TREND = 13
_Line = tuple[str, str, Grain, Cell]


def take(view: View, requests: Iterable[Request] | None, cell: Cell = TOTAL) -> Snapshot:
    """What these requests need; of everything, without them: each KPI's total, at every length of period.

    With a cell, they may ask for nothing but it.
    """
    return _Taking(view, requests, cell).snapshot()


class _Taking:
    def __init__(self, view: View, requests: Iterable[Request] | None, cell: Cell = TOTAL) -> None:
        self.view = view
        #: The only cell that may be asked for, or the total: everything.
        self.within = cell
        self.shelf = Shelf(view.published, view.boards.page_of)
        self.requests = None if requests is None else list(dict.fromkeys(_Once(one) for one in requests))
        self.lines: dict[_Line, Sequence[Stored]] = {}
        self.listed: set[_Line] = set()
        self.tables: dict[str, dict[str, Any]] = {}
        self.charts: dict[str, dict[str, Any]] = {}
        self.sentences: dict[str, list[sentences.Piece]] = {}
        self.refused: dict[str, dict[str, str]] = {}

    @cached_property
    def compares(self) -> tuple[str, ...]:
        """The lengths of time over which changes are told."""
        asked = (
            length
            for one in self.requests or ()
            for length in (one.request.options.get("compare", ""), *(of.compare for of in one.request.of))
        )
        return tuple(dict.fromkeys(["1 year", *filter(None, asked)]))

    def snapshot(self) -> Snapshot:
        """All of it."""
        if self.requests is None:
            names: list[str] = list(self.view.names)
            for name in names:
                self._totals(name)
        else:
            for one in self.requests:
                self._answer(one.request)
            asked = {of.kpi for one in self.requests for of in one.request.of}
            listed = {one.request.area for one in self.requests}
            catalog = self.view.catalog
            names = [n for n in self.view.names if n in asked or catalog.kpis[n].area in listed]
            for name in names:
                if catalog.kpis[name].area in listed:
                    self._newest(name)
        taken = Snapshot(
            {
                "format": FORMAT,
                "about": around.about(self.view),
                "areas": around.areas(self.view, names),
                "kpis": {name: around.kpi(self.view, name, cell=bool(self.within)) for name in names},
                "series": [one.as_json() for one in self._series()],
                "tables": self.tables,
                "charts": self.charts,
                "sentences": self.sentences,
                "refused": self.refused,
            }
        )
        return self._with_appendix(taken)

    def _with_appendix(self, taken: Snapshot) -> Snapshot:
        """The same, with all numbers of the documents if one of them lists them."""
        asked = [one.request for one in self.requests or ()]
        if all(request.name != "kpi-appendix" for request in asked):
            return taken
        found = appendix.once(appendix.entries(asked, taken))
        rows = [one.as_json() | {"name": one.name, "revision": one.revision} for one in found]
        return Snapshot({**taken.data, "appendix": rows})

    # -- what is asked for ---------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> None:
        """Keep what a request needs, or why it cannot be had."""
        try:
            within.keep(request, self.within, self.view.catalog)
        except UsageError as error:
            for key in (request.key, *map(str, request.of)):
                self._refuse(key, error)
            return
        try:
            if request.name == "kpi-chart":
                self.charts[request.key] = self._chart(request)
            elif request.name == "kpi-table":
                self.tables[request.key] = self._table(request)
            elif request.area:
                self._area(request.area)
        except UsageError as error:
            self._refuse(request.key, error)
        for of in request.of if request.name in (*ROLES, "kpi-card", "kpi-cards") else ():
            try:
                self._number(of)
                self._worded(request)
            except UsageError as error:
                self._refuse(str(of), error)
        for of in request.of if request.name in ("kpi-definition", "kpi-why") else ():
            try:
                self._known(of.kpi)
            except UsageError as error:
                self._refuse(of.kpi, error)

    def _area(self, name: str) -> None:
        """UsageError for an area that has nothing for these readers."""
        areas = dict.fromkeys(area for one in self.view.names if (area := self.view.catalog.kpis[one].area))
        if name not in areas:
            known = f"There is {', '.join(areas)}." if areas else "No KPI names an area."
            message = f"there is no area '{name}' with KPIs for these readers"
            raise UsageError(Mistake(message, "unknown-name", None, known))

    def _refuse(self, key: str, error: UsageError) -> None:
        first = error.mistakes[0]
        own = first.slug == "outside-the-cell" or not self.within
        # A remedy may name what else there is: other cells, above all.
        self.refused[key] = {
            "message": first.message,
            "slug": first.slug,
            "remedy": (first.remedy or "") if own else "",
        }

    def _known(self, name: str) -> Kpi:
        """A KPI that these readers may see; UsageError `unknown-kpi`, or `not-for-readers`."""
        kpi = self.view.catalog.kpis.get(name)
        if kpi is not None and name not in self.view.names:
            audience = self.view.audience
            raise UsageError(
                Mistake(
                    f"{name} is {kpi.audience}, and the report is for {audience} readers",
                    "not-for-readers",
                    None,
                    f"Leave it out, or take the snapshot with --audience {kpi.audience}.",
                )
            )
        return self.view.published.kpi(name)

    def _number(self, of: Address) -> None:
        """Keep the line of a number, and see that it is in it."""
        kpi = self._counted(of.kpi)
        self._part(kpi, of.part)
        cell = self._cell(kpi, of)
        if of.period:
            which = self._period(of.period)
            if which.grain not in self.view.grains(kpi.name, cell=bool(cell)):
                known = ", ".join(self.view.grains(kpi.name, cell=bool(cell)))
                message = f"{kpi.title} is not kept by {which.grain}"
                raise UsageError(Mistake(message, "unknown-period", None, f"It is kept by {known}."))
            line = self._keep(kpi.name, of.part, which.grain, cell)
            if all(row.period.name != of.period for row in line):
                self._none(kpi, of, line, which)
            return
        line = self._keep(kpi.name, of.part, self._grain(kpi, of.grain, cell=bool(cell)), cell)
        if not any(not row.partial for row in line):
            self._none(kpi, of, line, None)

    def _worded(self, request: Request) -> None:
        """Keep what is made of a line of numbers and stands in a sentence."""
        if request.name == "kpi-sentence":
            self._sentence(request)
        elif request.name == "kpi-trend":
            self._trend(request)

    def _sentence(self, request: Request) -> None:
        """Word what happened to a number, if there is one of a period that is over."""
        of, compare = request.of[0], request.options.get("compare", "")
        kpi, calendar = self.view.catalog.kpis[of.kpi], self.view.catalog.calendar
        cell, line = self._line_of(of)
        row = line[-1] if line else None
        if row is None or row.value is None:
            return
        grain = row.period.grain
        own = alone(kpi, Shown(kpi.name, of.part, grain), cell)
        length = Length.parse(compare) if compare else None
        earlier = calendar.earlier(row.period, length) if length else compared_period(own, row.period, calendar)
        named = "" if self.within == cell else f" ({cells.label(cell, kpi)})"
        self.sentences[request.key] = sentences.sentence(
            sentences.Told(
                subject=f"{title(kpi, of.part)}{named if cell else ''}",
                kpi=kpi,
                own=own,
                part=of.part,
                cell=cell,
                line=line,
                row=row,
                past=self.view.published.past(kpi.name),
                length=compare,
                earlier=earlier,
                by_cell=self._by_cell(kpi, of.part, cell, [one for one in line if one.period in (row.period, earlier)]),
            )
        )

    def _trend(self, request: Request) -> None:
        """Draw the last numbers up to one in a word's width, if there is one of a period that is over.

        Those of another method are left out, as a change between the two is.
        """
        of = request.of[0]
        cell, line = self._line_of(of)
        if not line or line[-1].value is None:
            return
        since = max(history.breaks(line, self.view.published.past(of.kpi), of.part, cell), default=line[0].period.key)
        shown = window(line, _TREND, self.view.catalog.calendar)
        values = [row.value if row and row.period.key >= since else None for _, row in shown]
        if sum(value is not None for value in values) < 2:
            before = f"{line[-1].period}{'' if since == line[0].period.key else ' that was made as it is'}"
            message = f"{self.view.catalog.kpis[of.kpi].title} has no number before {before}: it has no trend yet"
            self._refuse(request.key, UsageError(Mistake(message, "no-number", None, "Leave it out for now.")))
            return
        first, last = shown[0][0].name, line[-1]
        drawn = Said(lately.bars(values), "trend", last.period.name, first, last.value, last.revision, ())
        self.sentences[request.key] = [drawn]

    def _line_of(self, of: Address) -> tuple[Cell, Sequence[Stored]]:
        """The cell of an address and its numbers, up to the one that is named or the newest that is over."""
        kpi = self.view.catalog.kpis[of.kpi]
        cell = self._cell(kpi, of)
        grain = self._period(of.period).grain if of.period else self._grain(kpi, of.grain, cell=bool(cell))
        line = self._keep(kpi.name, of.part, grain, cell)
        ends = (n for n, row in enumerate(line, 1) if not row.partial and of.period in ("", row.period.name))
        return cell, line[: max(ends, default=0)]

    def _by_cell(self, kpi: Kpi, part: str, cell: Cell, some: Sequence[Stored]) -> dict[int, dict[Cell, Stored]]:
        """The rows of a few periods by cell, with those of the whole."""
        found = {row.period.key: {cell: row} for row in some}
        if kpi.breakdowns and some:
            lines = self.view.published.cells(kpi.name, some[0].period.grain, part)
            for own, line in lines.items():
                for row in line:
                    if row.period.key in found:
                        found[row.period.key].setdefault(own, row)
        return found

    def _none(self, kpi: Kpi, of: Address, line: Sequence[Stored], which: Period | None) -> None:
        """UsageError for a number that there is not: why, from when to when there are some."""
        if which is None and (tile := self.view.tile(kpi.name)).maturity == "planned":
            raise UsageError(Mistake(f"{kpi.title} is not tracked yet", "no-number", None, f"{tile.period_label}."))
        remedy = f"It has numbers from {line[0].period} to {line[-1].period}." if line else "Compute it: headway run"
        if which is not None and which.name != of.period:
            remedy = f"The period is called {which}."
        message = f"{kpi.title} has no number for {of.period}" if of.period else f"{kpi.title} has no number yet"
        raise UsageError(Mistake(message, "unknown-period" if of.period else "no-number", None, remedy))

    def _counted(self, name: str) -> Kpi:
        """A KPI with numbers."""
        kpi = self._known(name)
        if isinstance(kpi.measure, Narrative):
            raise UsageError(Mistake(f"{kpi.title} is told in words, and has no number", "no-number", None, None))
        return kpi

    def _part(self, kpi: Kpi, part: str) -> None:
        parts = [*kpi.parts, *dict.fromkeys(target.part for target in kpi.targets if target.part)]
        if part and part not in parts:
            has = f"It has {', '.join(parts)}." if parts else "It has the value alone."
            raise UsageError(Mistake(f"{kpi.name} has no part '{part}'", "unknown-part", None, has))

    def _cell(self, kpi: Kpi, of: Address) -> Cell:
        """A cell in the order of its columns; UsageError `unknown-cell` if the ledger has none."""
        if not of.cell:
            return TOTAL
        wanted = dict(of.cell)
        columns = next((by for by in kpi.by if set(by) == set(wanted)), None)
        if columns is None:
            known = "; ".join(" and ".join(by) for by in kpi.by)
            meant = {column for by in kpi.by for column in by} | {one for some in ROLES.values() for one in some}
            close = [one for column in wanted for one in difflib.get_close_matches(column, meant - {column}, 1)]
            remedy = f"It is broken down by {known}." if known else "It is not broken down."
            remedy = f"Did you mean '{close[0]}'?" if close else remedy
            said = " and ".join(wanted)
            raise UsageError(Mistake(f"{kpi.title} is not broken down by {said}", "unknown-cell", None, remedy))
        cell = tuple((column, wanted[column]) for column in columns)
        grain = self._period(of.period).grain if of.period else self._grain(kpi, of.grain, cell=True)
        if grain in self.view.grains(kpi.name, cell=True) and not self._read(kpi.name, of.part, grain, cell):
            self.view.explain(
                kpi.name, self._period(of.period) if of.period else None, cell, of.part
            )  # says what it has
        return cell

    def _period(self, text: str) -> Period:
        try:
            return self.view.catalog.calendar.parse(text)
        except (ValueError, OverflowError):
            remedy = "Write it like 2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026."
            raise UsageError(Mistake(f"'{text}' is no period", "bad-period", None, remedy)) from None

    def _grain(self, kpi: Kpi, wanted: str, *, cell: bool) -> Grain:
        """The length of period that is asked for; else that of the card, or the next longer that is kept."""
        kept = self.view.grains(kpi.name, cell=cell)
        if wanted and wanted not in kept:
            remedy = f"It is kept by {', '.join(kept)}." if kept else "It is not broken down."
            raise UsageError(Mistake(f"{kpi.title} is not kept by {wanted}", "unknown-period", None, remedy))
        if wanted or not kept:
            return Grain(wanted) if wanted else kpi.front
        return next((grain for grain in kept if grain.rank >= kpi.front.rank), kept[-1])

    # -- tables and charts ---------------------------------------------------------------------------------------------

    def _asked(self, request: Request) -> tuple[list[Kpi], Grain]:
        """The KPIs of a table or chart, and the length of period that all of them have."""
        kpis = [self._counted(of.kpi) for of in request.of]
        for kpi, of in zip(kpis, request.of, strict=True):
            self._part(kpi, of.part)
            columns = {*request.by, *(column for column, _ in of.cell)}
            if request.by and all(set(by) != columns for by in kpi.by):
                known = "; ".join(", ".join(by) for by in kpi.by)
                remedy = f"It is broken down by {known}." if known else "It is not broken down."
                message = f"{kpi.title} is not broken down by {', '.join(request.by)}"
                raise UsageError(Mistake(message, "unknown-cell", None, remedy))
            self._cell(kpi, of)
        wanted = request.options.get("grain") or next((of.grain for of in request.of if of.grain), "")
        of_cells = bool(request.by) or any(of.cell for of in request.of)
        found = [self._grain(kpi, wanted, cell=of_cells) for kpi in kpis]
        grain = max(found, key=lambda one: one.rank)
        for kpi in kpis:
            self._grain(kpi, grain.value, cell=of_cells)
        return kpis, grain

    def _span(self, request: Request, grain: Grain) -> tuple[date | None, date | None, int | None]:
        """The first and the last day that are asked for, and how many periods."""
        first, through = (
            self._period(request.options[word]) if word in request.options else None for word in ("from", "through")
        )
        if first and through and first.first > through.last:
            message = f"from is later than through: {first}, {through}"
            raise UsageError(Mistake(message, "bad-period", None, "Exchange them."))
        count = request.options.get("periods")
        return first.first if first else None, through.last if through else None, int(count) if count else None

    def _table(self, request: Request) -> dict[str, Any]:
        kpis, grain = self._asked(request)
        keys: list[_Line] = []
        for kpi, of in zip(kpis, request.of, strict=True):
            own = self._cell(kpi, of)
            if request.by:
                shown = Shown(kpi.name, of.part, grain)
                some = self.shelf.cells(shown, request.by, own)
                keys += [(kpi.name, of.part, grain, self._whole(kpi, (*own, *cell))) for cell in some]
            if not request.by or request.options.get("total") != "no":
                keys.append((kpi.name, of.part, grain, own))
        first, through, count = self._span(request, grain)
        lines = {key: self._keep(*key) for key in keys}
        every = {row.period.key: row.period for line in lines.values() for row in line}
        whole = max((row.period.key for line in lines.values() for row in line if not row.partial), default=0)
        periods = {key: which for key, which in every.items() if key <= whole}  # the last that is over for any of them
        chosen = [
            which
            for _, which in sorted(periods.items())
            if (first is None or which.last >= first) and (through is None or which.first <= through)
        ]
        chosen = chosen[-(count or (len(chosen) if first else _ROWS)) :]
        if not chosen:
            message = f"{kpis[0].title} has no number in the periods of the table"
            raise UsageError(Mistake(message, "unknown-period", None, "Write other :from: and :through:."))
        sized = [key for key in keys if key[3] == TOTAL or not request.by or self._speaks(lines[key], chosen)]
        left = {row.period.key for key in sized for row in lines[key]}
        if request.by:
            # By all that is shown: by the newest number alone, tables of years and of quarters would differ in order.
            span = {which.key for which in chosen}
            sized.sort(
                key=lambda key: (len(key[3]) < len(request.by) or key[3] == TOTAL, -_size(lines[key], span)),
            )
        return {
            "grain": grain.value,
            "periods": [which.name for which in chosen if which.key in left],
            "lines": [[kpi, part, at.value, sorted(cell)] for kpi, part, at, cell in sized],
        }

    def _speaks(self, line: Sequence[Stored], chosen: Sequence[Period]) -> bool:
        """True for a cell with a number, or with one that is held back, in the periods that are shown."""
        shown = {which.key for which in chosen}
        return any(row.value or row.withheld for row in line if row.period.key in shown)

    def _whole(self, kpi: Kpi, cell: Cell) -> Cell:
        """A cell in the order of the KPI's columns."""
        values = dict(cell)
        columns = next((by for by in kpi.by if set(by) == set(values)), tuple(values))
        return tuple((column, values[column]) for column in columns)

    def _chart(self, request: Request) -> dict[str, Any]:
        kpis, grain = self._asked(request)
        first, through, count = self._span(request, grain)
        cell = self._cell(kpis[0], request.of[0])
        if any(of.cell != request.of[0].cell for of in request.of):
            remedy = "Write it after each KPI, or show all cells side by side: :by:"
            raise UsageError(Mistake("a chart shows one cell of all its KPIs", "unknown-cell", None, remedy))
        calendar = self.view.catalog.calendar
        shelf = self.shelf
        if through is not None:
            shelf = Shelf(Until(self.view.published, through), self.view.boards.page_of)
        if first is not None and count is None:
            count = len(calendar.between(grain, first, through or calendar.day(self.view.now)))
        look = request.options.get("as") or ("bar" if tiles.accumulates(kpis[0]) and not request.by else "line")
        declared = Tile(
            shows=Shows.CHART,
            of=tuple(Shown(kpi.name, of.part, grain) for kpi, of in zip(kpis, request.of, strict=True)),
            audience=Audience.PUBLIC,
            place=kpis[0].place,
            by=request.by,
            cell=cell,
            periods=count or _PERIODS[grain],
            look=Look(look),
            scale=Scale(request.options.get("scale", "linear")),
        )
        made = boardcharts.draw(declared, TOTAL, shelf, "chart")
        assert isinstance(made, ChartTile)
        if made.plot is not None and "compare" in request.options:
            asked = Asked(grain, cell=cell, compare=Length.parse(request.options["compare"]))
            made = self._against(kpis[0], asked, through, declared.periods or _PERIODS[grain]) or made
        if made.plot is None:
            raise UsageError(Mistake(f"there is nothing to draw: {made.finding}", "no-number", None, None))
        plot = replace(made.plot, remarks=()) if self.within and isinstance(made.plot, charts.Plot) else made.plot
        svg = charts.printed(charts.svg(plot), tokens.light(), f"{made.title}. {made.finding}")
        return {
            "title": made.title,
            "subtitle": made.subtitle,
            "says": made.finding,
            "drawn": charts.drawn(plot),
            "svg": svg,
            "notes": [[one.when, one.text] for one in plot.remarks] if isinstance(plot, charts.Plot) else [],
        }

    def _against(self, kpi: Kpi, wanted: Asked, through: date | None, periods: int) -> ChartTile | None:
        """A line, and the same one so long before; None if there are no numbers."""
        line = self._read(kpi.name, "", wanted.grain, wanted.cell)
        newest = next((row.period for row in reversed(line) if through is None or row.period.first <= through), None)
        if newest is None:
            return None
        first = chosen.since(newest, Length.parse(f"{periods} {wanted.grain}s"))
        found = self.view.kpi(kpi.name, wanted.grain, replace(wanted, first=first, through=newest.last)).chosen
        return found.chart if found else None

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _read(self, name: str, part: str, grain: Grain, cell: Cell) -> Sequence[Stored]:
        return self.shelf.line(Shown(name, part, grain), cell)

    def _keep(self, name: str, part: str, grain: Grain, cell: Cell) -> Sequence[Stored]:
        """A line, which the snapshot then has."""
        key = (name, part, grain, cell)
        if key not in self.lines:
            self.lines[key] = self._read(*key)
        return self.lines[key]

    def _newest(self, name: str) -> None:
        """Of a KPI in a list, the newest number."""
        kpi = self.view.catalog.kpis[name]
        key = (name, "", kpi.front, TOTAL)
        if kpi.measure is not None and not isinstance(kpi.measure, Narrative) and key not in self.lines:
            self.listed.add(key)
            self._keep(*key)

    @cached_property
    def periods(self) -> frozenset[str]:
        """The names of the periods that are asked for: of days and hours, a snapshot has no others but the newest."""
        named = (of.period for one in self.requests or () for of in one.request.of)
        return frozenset(named) | {period for asked in self.tables.values() for period in asked["periods"]}

    def _totals(self, name: str) -> None:
        kpi = self.view.catalog.kpis[name]
        if kpi.measure is not None and not isinstance(kpi.measure, Narrative):
            for grain in self.view.grains(name):
                self._keep(name, "", grain, TOTAL)

    def _series(self) -> Iterator[Series]:
        for (name, part, grain, cell), line in self.lines.items():
            kpi = self.view.catalog.kpis[name]
            own = alone(kpi, Shown(name, part, grain), cell)
            rows = line
            if self.requests is not None and (grain.rank <= Grain.DAY.rank or (name, part, grain, cell) in self.listed):
                newest = next((row for row in reversed(line) if not row.partial), None)
                rows = [row for row in line if row is newest or row.period.name in self.periods]
            alike = [
                row.value for other, some in self.lines.items() if other[:3] == (name, part, grain) for row in some
            ]
            yield Series(
                name,
                part,
                grain.value,
                tuple(sorted(cell)),
                cells.label(cell),
                title(kpi, part, TOTAL if cell == self.within else cell),  # of a report for a cell, all are of it
                tuple(points.points(self.view, own, part, cell, line, rows, alike, self.compares)),
            )


def _size(line: Sequence[Stored], keys: Collection[int]) -> float:
    """The size of a line over some periods."""
    return sum(row.value or 0.0 for row in line if row.period.key in keys)


class _Once:
    """A request by what it asks for."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def __hash__(self) -> int:
        return hash(self.request.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Once) and other.request.key == self.request.key

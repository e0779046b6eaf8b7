"""What a template is given: facts of one period, as far as its readers may know them, and for one cell only its own.

Texts are as Markdown reads them, so that a title with an asterisk is a title. Numbers are not here: a fact has the
*address* of its number, which roles and directives take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from headway.formats import dates, numbers
from headway.model import (
    TOTAL,
    Aggregate,
    Audience,
    Better,
    Cell,
    Kpi,
    Narrative,
    Nps,
    Rank,
    Share,
    Shown,
    UnitKind,
    WatchedNumbers,
    by_severity,
)
from headway.periods import Grain, Period
from headway.publish import cells, goals, tiles
from headway.publish.shelf import Shelf
from headway.publish.stored import Stored, by_key, compared_period, streak
from headway.publish.view import View
from headway.reports import happenings
from headway.reports.names import address, plain

#: How a share or a mean says that people were asked.
_ANSWERS = re.compile(r"\banswers?\b|satisf|survey|questionnaire")
_RANKS = {Rank.HEADLINE: 0, Rank.PRIMARY: 1, None: 2, Rank.SECONDARY: 3}
#: An alert on more KPIs than this watches all there are, and none in particular.
_NAMED = 12


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """The period of a report: `name` as in 2026-W46, `label` as in 9-15 Nov 2026, and `grain`."""

    name: str
    label: str
    grain: str
    first: date
    last: date

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class CellFact:
    """The cell that a report is for: written out it is its address, community=berlin."""

    label: str
    values: Mapping[str, str]
    address: str

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class KpiFact:
    """A KPI in the period of the report.

    `address` names its number: of that period, or, if it is kept by longer ones alone, of the newest that was over by
    then; `fresh` says that it ended within the report's. `judged` is the address at which its targets speak. Without a
    number, `has_number` is False and `word` stands in its place. `moved` is up, down, same, or '' with nothing to
    compare.
    """

    name: str
    title: str
    about: str
    why: str
    area: str
    owner: str
    rank: str
    by: tuple[str, ...]
    address: str
    period: str
    when: str
    fresh: bool
    has_number: bool
    word: str
    reason: str
    moved: str
    #: better, worse, or '' where the catalogue does not say which way is good, or the number of `judged` did not move.
    went: str
    has_target: bool
    #: on, near, off, over, or '' where nothing was judged.
    status: str
    judged: str
    judged_when: str
    #: How many periods in a row it has had that status.
    streak: int
    #: What others reach, and who they are.
    benchmarks: tuple[tuple[str, str], ...]
    #: people, currency, percent, elapsed, counted, bytes, points, noun, or none.
    unit: str
    #: True for what people said when they were asked: a score, or a share or mean of answers.
    answers: bool
    #: The level of the most severe alert that watches it by name, and whether no other level is more severe.
    watched: str
    critical: bool
    #: The address of the number of the running period that its card shows, where that is longer than the report's.
    so_far: str
    so_far_when: str
    #: The length of the period of `address`.
    grain: str
    #: 0 for a headline, then primary, those without a rank, and secondary: to sort by.
    rank_order: int

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class AreaFact:
    """A part of the organisation with its KPIs."""

    name: str
    title: str
    kpis: tuple[KpiFact, ...]


def of(view: View, period: Period, cell: Cell = TOTAL) -> dict[str, Any]:
    """Everything that every template may name."""
    reader = _Reader(view, period, cell)
    kpis = tuple(reader.fact(kpi) for kpi in reader.spoken())
    return {
        "organisation": plain(view.stamp.title),
        "audience": view.audience.value,
        "period": PeriodFact(period.name, dates.period(period), period.grain.value, period.first, period.last),
        "cell": CellFact(plain(cells.label(cell)), dict(cell), address(cell)) if cell else None,
        "kpis": kpis,
        "areas": tuple(_areas(view, kpis)),
        **happenings.of(view, period, cell),
    }


def _areas(view: View, kpis: Sequence[KpiFact]) -> Iterator[AreaFact]:
    names = dict.fromkeys([*view.catalog.areas, *(one.area for one in kpis)])
    for name in names:
        if own := tuple(one for one in kpis if one.area == name):
            yield AreaFact(name, plain(tiles.area_title(view.catalog, name)) if name else "Other", own)


def _asked_of_people(kpi: Kpi) -> bool:
    """True for a score, and for a share or a mean that says it is one of answers."""
    if isinstance(kpi.measure, Nps):
        return True
    told = kpi.unit.kind in (UnitKind.NONE, UnitKind.POINTS, UnitKind.PERCENT)
    mean = told and isinstance(kpi.measure, Aggregate) and kpi.measure.function == "mean"
    return (mean or isinstance(kpi.measure, Share)) and bool(_ANSWERS.search(f"{kpi.title} {kpi.about}".lower()))


def _went(kpi: Kpi, moved: str) -> str:
    """Whether a number went the way that is good."""
    good = {Better.HIGHER: "up", Better.LOWER: "down"}.get(kpi.better)
    return "" if good is None or moved not in ("up", "down") else "better" if moved == good else "worse"


def _benchmarks(kpi: Kpi) -> tuple[tuple[str, str], ...]:
    return tuple((goals.benchmark(one, kpi), plain(one.who)) for one in kpi.benchmarks)


class _Reader:
    """Reads the lines of numbers, each KPI's once."""

    def __init__(self, view: View, period: Period, cell: Cell) -> None:
        self.view, self.period, self.cell = view, period, cell
        self.shelf = Shelf(view.published, view.boards.page_of)

    def spoken(self) -> Iterator[Kpi]:
        """The KPIs with numbers that the report may be about: those of a cell have it among their breakdowns."""
        columns = {column for column, _ in self.cell}
        for name in self.view.names:
            kpi = self.view.catalog.kpis[name]
            retired = kpi.retired_on is not None and kpi.retired_on < self.period.first
            if (
                kpi.measure is None
                or isinstance(kpi.measure, Narrative)
                or retired
                or self.view.published.planned(name)
            ):
                continue
            if all(columns != set(by) for by in kpi.by) if self.cell else not kpi.has_total():
                continue
            yield kpi

    def fact(self, kpi: Kpi) -> KpiFact:
        """What there is to say of one."""
        kept = self.view.grains(kpi.name, cell=bool(self.cell))
        grain = next((one for one in kept if one.rank >= self.period.grain.rank), kept[-1])
        line = self._line(kpi, grain)
        row = line[-1] if line else None
        front = kpi.front if kpi.front in kept else next((one for one in kept if one.rank >= kpi.front.rank), kept[-1])
        judged = line if front is grain else self._line(kpi, front)
        verdict = judged[-1].verdict.key if judged else ""
        status = verdict if verdict in ("on", "near", "off", "over") else ""
        running = self._running(kpi, kept)
        owner = self.view.catalog.owners.get(kpi.owner or "", kpi.owner or "").partition("<")[0].strip()
        return KpiFact(
            name=kpi.name,
            title=plain(kpi.title),
            about=plain(kpi.about),
            why=plain(kpi.why),
            area=kpi.area or "",
            owner=plain(owner),
            rank=kpi.rank.value if kpi.rank else "",
            by=tuple(by[0] for by in kpi.by if len(by) == 1),
            address=self._address(kpi, row),
            period=row.period.name if row else "",
            when=dates.period(row.period) if row else "",
            fresh=row is not None and row.period.last >= self.period.first,
            has_number=row is not None and row.value is not None,
            word=row.verdict.word if row is not None else "No data",
            reason=plain(tiles.reason_note(kpi, row)) if row is not None and row.value is None and row.reason else "",
            moved=self._moved(kpi, line),
            went=_went(kpi, self._moved(kpi, judged)),
            has_target=bool(status),
            status=status,
            judged=self._address(kpi, judged[-1] if judged else None),
            judged_when=dates.period(judged[-1].period) if judged else "",
            streak=streak(judged, status) if status else 0,
            benchmarks=() if self.cell else _benchmarks(kpi),
            unit="people" if kpi.unit.name == "people" else kpi.unit.kind.value,
            answers=_asked_of_people(kpi),
            watched=self.watched.get(kpi.name, ""),
            critical=self.watched.get(kpi.name, "") in self.severest,
            so_far=f"{kpi.name} {running.period.name}" if running else "",
            so_far_when=dates.period(running.period) if running else "",
            grain=grain.value,
            rank_order=_RANKS[kpi.rank],
        )

    def _running(self, kpi: Kpi, kept: Sequence[Grain]) -> Stored | None:
        """The running number, if it is one that says something: the average of a few days says little of a month."""
        if self.cell or kpi.front.rank <= self.period.grain.rank or kpi.front not in kept:
            return None
        line = self.shelf.line(Shown(kpi.name, "", kpi.front), TOTAL)
        row = line[-1] if line else None
        runs = row is not None and row.partial and row.value is not None and row.period.first <= self.period.last
        return row if runs and tiles.accumulates(kpi) else None

    @cached_property
    def watched(self) -> dict[str, str]:
        """The level of the most severe alert that names each KPI; alerts are no business of the public."""
        if self.view.audience is Audience.PUBLIC:
            return {}
        severe, found = by_severity(self.view.catalog.levels), dict[str, str]()
        for alert in sorted(self.view.catalog.alerts.values(), key=lambda one: -severe[one.level]):
            if isinstance(alert.watches, WatchedNumbers) and len(alert.watches.of) <= _NAMED:
                found |= {watched.kpi: alert.level for watched in alert.watches.of}
        return found

    @cached_property
    def severest(self) -> frozenset[str]:
        """The levels that leave the least time to respond."""
        return frozenset(name for name, order in by_severity(self.view.catalog.levels).items() if order == 0)

    def _line(self, kpi: Kpi, grain: Grain) -> list[Stored]:
        """The numbers of periods that were over when the report's was, oldest first."""
        own = dict(self.cell)
        cell = next((tuple((one, own[one]) for one in by) for by in kpi.by if set(by) == set(own)), TOTAL)
        line = self.shelf.line(Shown(kpi.name, "", grain), cell)
        return [row for row in line if not row.partial and row.period.last <= self.period.last]

    def _address(self, kpi: Kpi, row: Stored | None) -> str:
        return " ".join(filter(None, (kpi.name, row.period.name if row else "", address(self.cell))))

    def _moved(self, kpi: Kpi, line: Sequence[Stored]) -> str:
        if not line or line[-1].value is None:
            return ""
        then = compared_period(kpi, line[-1].period, self.view.catalog.calendar)
        earlier = by_key(line).get(then.key)
        change = numbers.change(line[-1].value, earlier.value if earlier else None, kpi.unit)
        return change.direction if change else ""

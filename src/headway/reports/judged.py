"""Holds the figures that somebody typed into a report against a snapshot: which KPI, which period, and is it true.

A figure is read as generously as its words allow: of the periods and KPIs that it may mean, one that bears it out is
enough. So what is told as a contradiction is one in every reading. Whatever cannot be told for sure is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from headway.reports import dated, matched, prose, typed
from headway.reports.dated import Time
from headway.reports.matched import Fit, Subject
from headway.reports.prose import Passage
from headway.reports.snapshot import Cell, Point, Series, Snapshot
from headway.reports.typed import Typed, Verdict

_SENTENCE = re.compile(r"(?<=[.!?])[\s\u00a0]+(?=[\"'(]?[A-Z0-9$€£])")
#: What ends with a point and no sentence.
_SHORT = re.compile(
    r"\b(?:approx|ca|c|e\.g|i\.e|no|nr|vs|resp|incl|fig|tab|p|pp|st|dr|mr|ms|prof|jan|feb|mar|apr|jun"
    r"|jul|aug|sep|sept|oct|nov|dec)\.$",
    re.IGNORECASE,
)


#: What bounds a figure by a sign is a condition that somebody sets, and tells of no number.
_CONDITION = re.compile("[<>≤≥]")
#: Words of a sentence about the present: the newest number is likelier than one of the time told before.
_PRESENT = re.compile(r"\b(?:is|are|have|has|serves?|stands?|am)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure about a KPI. `says` is the ledger's number as a page shows it, and `role` what stands for it."""

    line: int
    column: int
    words: str
    #: The line of the document, for showing where.
    written: str
    #: How much of that line is the figure.
    length: int
    verdict: Verdict
    kpi: str
    title: str
    cell: Cell
    period: str
    label: str
    says: str
    revision: int
    role: str
    #: Lines of figures of the same number that say something else.
    against: tuple[int, ...] = ()
    figure: Typed | None = None

    @property
    def number(self) -> str:
        """The ledger's number in words: Communities served, 2025: 72."""
        return f"{self.title}, {self.label}: {self.says}"

    def as_json(self) -> dict[str, object]:
        """By its fields."""
        where: dict[str, object] = {"line": self.line, "column": self.column, "words": self.words}
        of = {"verdict": self.verdict.value, "kpi": self.kpi, "title": self.title, "cell": dict(self.cell)}
        says = {"period": self.period, "label": self.label, "says": self.says, "revision": self.revision}
        return where | of | says | {"role": self.role, "against": list(self.against)}


@dataclass(frozen=True, slots=True)
class _Reading:
    """One number that a figure may be."""

    fit: Fit
    series: Series
    point: Point
    verdict: Verdict
    #: How many times stand before the one that means it: the first is the likeliest.
    order: int


def judge(text: str, snapshot: Snapshot) -> list[Judged]:
    """The figures of a document that are about a KPI of the snapshot, in order."""
    lines = text.splitlines()
    judging = _Judging(snapshot)
    found = []
    for passage in prose.passages(text):
        for figure, best in judging.passage(passage):
            found.append(_told(figure, best, passage, lines))
    return _compared(found)


def speaks_of(text: str, some: Iterable[Subject]) -> list[Subject]:
    """The KPIs that the prose of a document may speak of."""
    words = "\n".join(" ".join((one.text, *one.table)) for one in prose.passages(text))
    return matched.mentioned(words, some)


def days(text: str, today: date) -> set[str]:
    """The single days that a document names or means."""
    named = (name for one in prose.passages(text) for time in dated.times(one.text, today) for name in time.means)
    return {name for name in named if re.fullmatch(r"\d{4}-\d\d-\d\d", name)}


class _Judging:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.today = datetime.fromisoformat(snapshot.about["as_of"]).astimezone(ZoneInfo(snapshot.about["zone"])).date()
        self.subjects = matched.subjects((name, kpi["title"], kpi["unit"]) for name, kpi in snapshot.kpis.items())
        self._lines: dict[str, list[Series]] = {}

    def passage(self, passage: Passage) -> Iterator[tuple[Typed, _Reading]]:
        """Each figure of a passage with the number that it is held against."""
        above = [time for head in passage.heads for time in dated.times(head, self.today) if time.means]
        headed = [time for head in passage.table for time in dated.times(head, self.today)]
        table = tuple(dated.masked(head, dated.times(head, self.today)) for head in passage.table)
        said: list[Time] = []
        for begin, end in _sentences(passage.text):
            sentence = passage.text[begin:end].replace("\n", " ")
            times = dated.times(sentence, self.today)
            plain = dated.masked(sentence, times)
            figures = list(typed.figures(plain))
            for figure in figures:
                if _CONDITION.match(figure.words):
                    continue
                own = matched.clause(plain, figure, figures, table)
                if (means := _means(figure, own, times or headed, said, above)) is None:
                    continue
                best = self._best(figure, own, *means)
                if best is not None:
                    yield replace(figure, start=figure.start + begin, end=figure.end + begin), best
            said = [time for time in times if time.means] or said

    def _best(self, figure: Typed, own: matched.Clause, means: Sequence[str], sure: bool) -> _Reading | None:
        """The number that a figure is, or that it cannot be."""
        near = {*matched.stems(own.left), *matched.stems(own.right), *matched.stems(" ".join(own.heads))}
        cells = {one.kpi: {w for line in self._of(one.kpi) for w in _cell_words(line)} for one in self.subjects}
        fits = matched.fits(own, figure, self.subjects, cells)
        if any(fit.narrowed for fit in fits if fit.covers == fits[0].covers):
            return None
        readings = [one for fit in fits for one in self._readings(figure, fit, near, means)]
        for one in readings:
            if one.verdict is Verdict.MATCHES:
                return one
        first = [one for one in readings if fits and one.fit.covers == fits[0].covers]
        if true := [one for one in first if one.verdict is Verdict.HOLDS]:
            return next((one for one in true if self._is_near(figure, one)), None)
        if not first:
            return None
        likeliest: dict[str, _Reading] = {}
        for one in sorted(first, key=_unlikely):
            likeliest.setdefault(one.series.kpi, one)
        told = min(likeliest.values(), key=lambda one: figure.off(one.point.value or 0.0, one.fit.subject.unit))
        certain = told.fit.headed or (told.fit.whole and sure)
        return told if certain or self._is_near(figure, told) else None

    def _is_near(self, figure: Typed, one: _Reading) -> bool:
        return figure.near(one.point.value or 0.0, one.fit.subject.unit)

    def _readings(self, figure: Typed, fit: Fit, near: set[str], means: Sequence[str]) -> Iterator[_Reading]:
        """The numbers of a KPI that a figure may be. Where a cell stands near it, the total contradicts nothing."""
        lines = self._of(fit.subject.kpi)
        named = [one for one in lines if one.cell and _cell_words(one) <= near]
        for series in [*named, *(one for one in lines if not one.cell)]:
            for order, point in _points(series, means):
                if point.value is None:
                    continue
                verdict = figure.judged(point.value, fit.subject.unit)
                if series.cell or not named or verdict is not Verdict.CONTRADICTS:
                    yield _Reading(fit, series, point, verdict, order)

    def _of(self, kpi: str) -> list[Series]:
        if kpi not in self._lines:
            front = self.snapshot.kpis[kpi]["grain"]
            found = [line for cell in self.snapshot.cells(kpi) for line in self.snapshot.lines(kpi, "", cell)]
            self._lines[kpi] = sorted(found, key=lambda line: line.grain != front)  # what a card shows comes first
        return self._lines[kpi]


def _means(
    figure: Typed, own: matched.Clause, times: Sequence[Time], said: Sequence[Time], above: Sequence[Time]
) -> tuple[tuple[str, ...], bool] | None:
    """The periods that a figure may be of, and whether they stand beside it; None if that is no single one."""
    beside = [one for one in times if own.heads or (one.start >= own.start and one.end <= own.end)]
    if any(not one.means for one in beside):
        return None
    if beside:
        nearest = min(beside, key=lambda one: max(one.start - figure.end, figure.start - one.end))
        return nearest.means, True
    earlier = [one for one in times if one.end <= figure.start and one.means][-1:]
    if earlier and earlier[0].means == ("",):
        return ("",), True
    later = [one for one in times if one.start >= figure.end and one.means][:1]
    newest = [Time(0, 0, "", ("",))] if _PRESENT.search(f"{own.left} {own.right}") else []
    found = [*earlier, *later, *newest, *said[-1:], *above]
    return tuple(dict.fromkeys([name for one in found for name in one.means] + [""])), False


def _points(series: Series, means: Sequence[str]) -> Iterator[tuple[int, Point]]:
    """The numbers of a line that are of one of the periods; '' is its newest, and what is running."""
    for order, meant in enumerate(means):
        if meant in ("", series.grain) and series.newest is not None:
            yield order, series.newest
        if meant == "":
            yield from ((order, point) for point in series.points[-1:] if point.running)
        else:
            yield from ((order, point) for point in series.points if point.period == meant)


def _unlikely(one: _Reading) -> tuple[bool, bool, int]:
    """By what readings of one KPI are ordered: a cell that is named, a period that is over, the time told first."""
    return not one.series.cell, one.point.running, one.order


def _cell_words(series: Series) -> set[str]:
    return {word for _, value in series.cell for word in matched.stems(value)}


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of a text begins and ends."""
    begin = 0
    for found in _SENTENCE.finditer(text):
        if not _SHORT.search(text[begin : found.start()]):
            yield begin, found.start()
            begin = found.end()
    yield begin, len(text)


def _told(figure: Typed, best: _Reading, passage: Passage, lines: Sequence[str]) -> Judged:
    line, column = passage.place(figure.start)
    series, point = best.series, best.point
    cell = "".join(f" {column}={_quoted(value)}" for column, value in series.cell)
    return Judged(
        line,
        column,
        figure.words,
        lines[line - 1],
        min(figure.end - figure.start, len(lines[line - 1].rstrip()) - column + 1),
        best.verdict,
        series.kpi,
        series.title,
        series.cell,
        point.period,
        point.label,
        point.whole,
        point.revision,
        f"{{kpi}}`{series.kpi} {point.period}{cell}`",
        figure=figure,
    )


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"\s", value) else value


def _compared(some: Sequence[Judged]) -> list[Judged]:
    """The same, each with the lines of those that say something else of the same number."""
    return [replace(one, against=tuple(dict.fromkeys(_against(one, some)))) for one in some]


def _against(one: Judged, some: Iterable[Judged]) -> Iterator[int]:
    for other in some:
        same = (one.kpi, one.cell, one.says, one.revision) == (other.kpi, other.cell, other.says, other.revision)
        if same and one.figure and other.figure and one.figure.differs(other.figure):
            yield other.line

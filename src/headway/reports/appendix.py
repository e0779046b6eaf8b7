"""Which numbers stand in a report: each with its KPI, period and revision, for the appendix and for whoever checks it.

Standard library only, as all that a host needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headway.errors import UsageError
from headway.reports import answers
from headway.reports.asked import Request
from headway.reports.records import Card, Figure, Listing, Number, Table
from headway.reports.snapshot import Cell, Snapshot

#: What may be told of a number and is one: itself, its change, its target, the share of some cells in a change.
_NUMBERS = ("", "change", "target", "share")
#: What a report shows of numbers, by the role or directive.
_SHOWN = {"kpi-card": "card", "kpi-cards": "card", "kpi-list": "list", "kpi-table": "table", "kpi-chart": "chart"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A number of a report, or the numbers of one line of a table or chart: then `value` says how many.

    There is no revision where the author's words stand in the place of a number, and none is known of a chart's.
    """

    line: int
    shown: str
    kpi: str
    part: str
    title: str
    cell: Cell
    period: str
    label: str
    revisions: tuple[int, ...]
    value: str
    #: As of a `Number`: what of it is told, and than when.
    says: str = ""
    than: str = ""

    def as_json(self) -> dict[str, object]:
        """By its fields."""
        where: dict[str, object] = {"line": self.line, "shown": self.shown, "kpi": self.kpi, "part": self.part}
        named = {"title": self.title, "cell": dict(self.cell), "period": self.period, "label": self.label}
        told = {"revisions": list(self.revisions), "value": self.value, "says": self.says, "than": self.than}
        return where | named | told

    @property
    def name(self) -> str:
        """Which number it is, in words: Monthly active users, change."""
        return f"{self.title}, {self.says}" if self.says else self.title

    @property
    def revision(self) -> str:
        """One, or from which to which."""
        return " to ".join(str(one) for one in dict.fromkeys((*self.revisions[:1], *self.revisions[-1:])))


def entries(requests: Iterable[Request], snapshot: Snapshot) -> list[Entry]:
    """Every number that some requests show, in order; what cannot be told is none."""
    found: list[Entry] = []
    for request in requests:
        try:
            found += _entries(request, snapshot)
        except UsageError:
            continue
    return found


def once(some: Iterable[Entry]) -> list[Entry]:
    """Each number once, wherever else it stands; not the author's words in the place of one."""
    kept: dict[tuple[object, ...], Entry] = {}
    for one in some:
        if one.shown == "text" and not one.revisions:
            continue
        kept.setdefault((one.kpi, one.part, one.cell, one.period, one.value), one)
    return list(kept.values())


def _entries(request: Request, snapshot: Snapshot) -> Iterator[Entry]:
    if request.name == "kpi-appendix":
        return
    line = request.place.line if request.place and request.place.line else 0
    told = answers.answer(request, snapshot)
    shown = _SHOWN.get(request.name, "text")
    match told:
        case Number():
            figures = [part for part in told.parts if isinstance(part, Number)] or [told]  # of a sentence several
            yield from (_entry(line, shown, one, snapshot) for one in figures if one.says in _NUMBERS)
        case Card():
            yield _entry(line, shown, told.number, snapshot)
        case Listing():
            yield from (_entry(line, shown, card.number, snapshot) for card in told.cards if card.number.revision)
        case Table():
            yield from _of_table(line, told, snapshot)
        case Figure():
            for of in request.of:
                title = _title(of.kpi, of.part, of.cell, snapshot)
                yield Entry(line, shown, of.kpi, of.part, title, of.cell, "", _extent(request), (), "chart")
        case tuple():
            yield from (_entry(line, shown, card.number, snapshot) for card in told)


def _entry(line: int, shown: str, number: Number, snapshot: Snapshot) -> Entry:
    title, label = _title(number.kpi, number.part, number.cell, snapshot), _label(number, snapshot)
    of = (number.kpi, number.part, title, number.cell, number.period, label)
    revisions = (number.revision,) if number.revision else ()
    return Entry(line, shown, *of, revisions, number.text, number.says, number.than)


def _of_table(line: int, table: Table, snapshot: Snapshot) -> Iterator[Entry]:
    """The lines of a table: from when to when, and how many numbers."""
    lines: dict[tuple[str, str, Cell], list[Number]] = {}
    for row in table.rows:
        for number in row.numbers:
            lines.setdefault((number.kpi, number.part, number.cell), []).append(number)
    for (kpi, part, cell), some in lines.items():
        known = [one for one in some if one.period]
        revisions = tuple(sorted({one.revision for one in known if one.revision}))
        ends = sorted({one.period for one in known})[:: max(len({one.period for one in known}) - 1, 1)]
        label = " to ".join(dict.fromkeys(_label(one, snapshot) for end in ends for one in known if one.period == end))
        numbers = sum(one.value is not None for one in known)
        title = _title(kpi, part, cell, snapshot)
        said = f"{numbers} number{'' if numbers == 1 else 's'}"
        yield Entry(line, "table", kpi, part, title, cell, " to ".join(ends), label, revisions, said)


def _extent(request: Request) -> str:
    """From when to when a chart goes, as far as the document says it."""
    first, last = request.options.get("from", ""), request.options.get("through", "")
    if first and last:
        return f"{first} to {last}"
    return f"from {first}" if first else f"until {last}" if last else ""


def _title(kpi: str, part: str, cell: Cell, snapshot: Snapshot) -> str:
    """The title of a line of numbers, with its cell; else the KPI's."""
    line = next(snapshot.lines(kpi, part, cell), None)
    known = snapshot.kpis.get(kpi)
    return line.title if line else str(known["title"]) if known else kpi


def _label(number: Number, snapshot: Snapshot) -> str:
    """A period in words."""
    points = (point for line in snapshot.lines(number.kpi, number.part, number.cell) for point in line.points)
    return next((point.label for point in points if point.period == number.period), number.period)

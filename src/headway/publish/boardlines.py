"""Matrices and health lists: one line for each KPI, or each cell of one, with value, bar, target and status."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from headway.formats import dates, numbers, plurals
from headway.model import Cell, Kpi, Shown, Shows, UnitKind
from headway.model import Tile as Declared
from headway.periods import Length
from headway.publish import cells, front, tiles
from headway.publish.boardpages import Bar, Line, LinesTile
from headway.publish.boardwords import by_words, titled
from headway.publish.pages import Compared, Tile
from headway.publish.shelf import Shelf, title
from headway.publish.stored import Stored, by_key

#: Takes a card, its KPI, its line and its cell into the counts of a page.
Counted = Callable[[Tile, Kpi, Sequence[Stored], Cell], None]
#: A share with a bound below this has a bar of its own length: half a percent of a hundred is no bar.
_SMALL = 0.2
#: So far beyond its target ends the bar of what has no natural end.
_BEYOND = 1.2


@dataclass(frozen=True, slots=True)
class _One:
    """A number that gets a line."""

    shown: Shown
    cell: Cell
    label: str
    tile: Tile
    kpi: Kpi
    line: Sequence[Stored]

    @property
    def row(self) -> Stored | None:
        """The row whose value is on the card."""
        return next((row for row in reversed(self.line) if row.period.name == self.tile.period), None)

    @property
    def bounds(self) -> list[float]:
        """What judged it."""
        row = self.row
        return [] if row is None else [bound for bound in (row.low, row.high) if bound is not None]


def draw(tile: Declared, of: Cell, shelf: Shelf, anchor: str, count: Counted) -> LinesTile:
    """The tile of a board's page for the cell `of`."""
    found = list(_every(tile, (*of, *tile.cell), shelf))
    for one in found:
        count(one.tile, one.kpi, one.line, one.cell)
    together = tile.shows is Shows.MATRIX
    most = max((_most(one) for one in found), default=0.0) if together else 0.0
    first = shelf.kpi(tile.of[0])
    periods = list(dict.fromkeys(one.tile.period_label for one in found if one.tile.has_value))
    return LinesTile(
        anchor=anchor,
        shows=tile.shows.value,
        title=tile.title or (_title(tile, first) if tile.by else ""),
        subtitle=_subtitle(periods) if tile.by else "",
        column=by_words(tile.by).capitalize() if tile.by else "KPI",
        lines=tuple(_line(one, most if together else _most(one), tile, of, shelf, periods) for one in found),
        counts=front.counts([one.tile for one in found]),
        scale=_scale(found, most, first) if together else "",
        finding="" if found else nothing(first, shelf),
    )


def nothing(kpi: Kpi, shelf: Shelf) -> str:
    """Why there is nothing to show of a KPI, in a sentence."""
    card = shelf.published.tile(kpi.name)
    if card.maturity == "planned":
        return f"{card.shown.text}. {card.period_label}." if card.period_label else f"{card.shown.text}."
    if card.verdict.key in ("withheld", "failed"):
        return f"{card.shown.text}: {card.reason or ''}".strip()
    return card.reason or "There is no number yet."


def _every(tile: Declared, of: Cell, shelf: Shelf) -> Iterator[_One]:
    """The numbers that get a line: KPIs as they are listed, cells by size."""
    for shown in tile.of:
        if not tile.by:
            card, kpi, line = shelf.card(shown, of)
            name = card.title if of != tile.cell or not of else title(shelf.kpi(shown), shown.part, tile.cell)
            yield _One(shown, of, name, card, kpi, line)
            continue
        found = [
            _One(shown, (*of, *cell), cells.label(cell), *shelf.card(shown, (*of, *cell)))
            for cell in shelf.alive(shown, tile.by, of)
        ]
        found.sort(key=lambda one: (one.tile.shown.value is None, -(one.tile.shown.value or 0), one.label))
        yield from found


def _line(one: _One, most: float, tile: Declared, of: Cell, shelf: Shelf, periods: Sequence[str]) -> Line:
    card, row = one.tile, one.row
    page = shelf.page_of(one.cell) if tile.by and one.cell != of else ""
    note = "" if len(periods) < 2 and tile.by else card.period_label if card.has_value else ""
    if card.has_value and row is not None and one.kpi.unit.kind is UnitKind.PERCENT and _whole(row):
        note = f"{plurals.whole(row.numerator or 0)} of {plurals.whole(row.denominator or 0)}"
    versus = f"{card.compared.change.signed} {card.compared.versus}" if card.compared else ""
    return Line(
        title=_named(tile, one),
        note=note or (card.last_good or card.period_label if not card.has_value else ""),
        path=page or f"kpi/{card.name}",
        kpi=card.name,
        shown=card.shown,
        verdict=card.verdict,
        target=card.target or "",
        bar=_bar(one, most),
        change=versus,
        points=card.points,
        period=card.period_label,
        reason="" if card.has_value else card.reason or "",
    )


def _named(tile: Declared, one: _One) -> str:
    """The name of a line: the cell, and the KPI where there are several."""
    if not tile.by:
        return one.label
    return f"{one.label}, {one.tile.title.split(',')[0]}" if len(tile.of) > 1 else one.label


def _whole(row: Stored) -> bool:
    """True if a share is of so many things of so many, which a page may count."""
    parts = (row.numerator, row.denominator)
    whole = all(part is not None and float(part).is_integer() and part >= 0 for part in parts)
    return whole and (row.denominator or 0) > 1


def _most(one: _One) -> float:
    """The value at the end of a bar."""
    value, bounds = one.tile.shown.value, one.bounds
    high = max([*bounds, 0.0])
    if one.kpi.unit.kind is UnitKind.PERCENT and max(high, value or 0) >= _SMALL:
        return max(1.0, value or 0, high)
    return max(_BEYOND * high, value or 0)


def _bar(one: _One, most: float) -> Bar | None:
    value, bounds = one.tile.shown.value, one.bounds
    if value is None or value < 0 or most <= 0 or not (any(bounds) or one.kpi.unit.kind is UnitKind.PERCENT):
        return None  # of at least 0 there is nothing to fill
    tick = bounds[0] / most if bounds and bounds[0] >= 0 else None
    end = numbers.axis(most, one.kpi.unit)
    says = f"{one.tile.shown.text} of a bar that ends at {end}"
    return Bar(min(1.0, value / most), tick, f"{says}, target {one.tile.target}" if tick is not None else says)


def _scale(found: Sequence[_One], most: float, kpi: Kpi) -> str:
    if not found or most <= 0 or not any(one.bounds or kpi.unit.kind is UnitKind.PERCENT for one in found):
        return ""
    tick = "; the tick is the target" if any(one.bounds for one in found) else ""
    return f"Bars run from 0 to {numbers.axis(most, kpi.unit)}{tick}."


def _title(tile: Declared, kpi: Kpi) -> str:
    return titled(title(kpi, tile.of[0].part, tile.cell), tile.by)


def _subtitle(periods: Sequence[str]) -> str:
    return periods[0] if len(periods) == 1 else ""


def against(kpi: Kpi, line: Sequence[Stored], period: str, length: Length, at: tiles.Situation) -> Compared | None:
    """The change since the period that is so much earlier."""
    known = by_key(line)
    row = next(row for row in line if row.period.name == period)
    earlier = at.calendar.earlier(row.period, length)
    before = known.get(earlier.key) if earlier is not None else None
    if earlier is None or before is None:
        return None
    change = numbers.change(row.value, before.value, kpi.unit)
    return Compared(change, f"vs {dates.near_period(earlier, at.today)}") if change else None

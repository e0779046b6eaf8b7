"""The table of a KPI: one row per period, the newest first, with what it was judged by and what it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from headway.formats import dates, numbers
from headway.ledger import Revision
from headway.model import Cell, Excluded, Kpi, Unit, UnitKind
from headway.periods import Length, Period
from headway.publish import goals, history, tiles
from headway.publish.history import Past
from headway.publish.kpipages import Row
from headway.publish.stored import Stored, before, by_key, year_before
from headway.publish.tiles import Situation

#: By the period's key: every value that a number had, of those that changed.
Revised = Mapping[int, Sequence[Revision]]
_OTHER_METHOD = "Not comparable"


def rows(
    kpi: Kpi,
    line: Sequence[Stored],
    at: Situation,
    past: Past,
    revised: Revised,
    cell: Cell = (),
    part: str = "",
    against: Length | None = None,
) -> tuple[Row, ...]:
    """A line of numbers, newest first, with one precision for the column.

    Each is compared with the one before it and with that of a year before, or with the one that is `against` earlier.
    """
    unit = goals.unit_of(kpi, part)
    decimals = None if part else kpi.decimals
    depth = numbers.places([row.value for row in line], unit, decimals)
    loads = (at.load(source) for source in at.upstream(kpi))
    on_record = [one for load in loads if load for one in load.exclusions if one.rows and (one.first or one.last)]
    known, breaks = by_key(line), history.breaks(line, past, part, cell)
    found = []
    for index, row in enumerate(line):
        then = at.calendar.earlier(row.period, against) if against else None
        past_row = year_before(row.period, known) if not against else known.get(then.key) if then else None
        earlier = past_row if against else before(line, index)
        change = numbers.change(row.value, earlier.value if earlier else None, unit)
        if row.partial and against:
            change = None
        elif row.partial:
            change = numbers.change(row.so_far, row.so_far_before, unit)
        compared = change.signed if change else None
        apart = past_row and history.apart(breaks, past_row.period.key, row.period.key)
        if compared and (apart if against else row.period.key in breaks):
            compared = _OTHER_METHOD
        year = full(past_row.value, unit, depth, past_row if past_row.at_least else None) if past_row else None
        if apart:
            year = f"{year} (other method)"
        label = dates.period(row.period)
        found.append(
            Row(
                period=row.period.name,
                label=f"{label} so far" if row.partial and row.period.first <= at.today else label,
                first=row.period.first,
                value=row.value,
                full=full(row.value, unit, depth, row),
                verdict=row.verdict,
                target=_bound(kpi, row, at, cell, part),
                low=row.low,
                high=row.high,
                partial=row.partial,
                imported=row.imported,
                compared=compared,
                year_before=year,
                n=row.n,
                numerator=row.numerator,
                denominator=row.denominator,
                note=_note(kpi, row) or _unbounded(kpi, row, cell, part) or _left_out(row.period, on_record),
                at_least=row.at_least,
                values=history.values(revised.get(row.period.key, ()), past, row, kpi, part, depth, at),
                waits=history.waits(row, past, kpi, part, cell, depth, at),
                break_before=breaks.get(row.period.key, ""),
            )
        )
    return tuple(reversed(found))


def growth(line: Sequence[Stored], part: str, breaks: Mapping[int, str], at: Situation) -> tuple[Row, ...]:
    """Growth by period, newest first; a period that runs has none to speak of yet.

    `breaks` are those of the values that are compared: growth from before one to after it is of two methods.
    """
    complete = [row for row in line if not row.partial]
    depth = numbers.places([row.value for row in complete], goals.PERCENT)
    length = Length.parse(part.removeprefix("growth "))
    found = []
    for row in reversed(complete):
        earlier = at.calendar.earlier(row.period, length) if breaks else None
        over = history.apart(breaks, earlier.key, row.period.key) if earlier else ""
        found.append(
            Row(
                period=row.period.name,
                label=dates.period(row.period),
                first=row.period.first,
                value=row.value,
                full=full(row.value, goals.PERCENT, depth, row),
                verdict=row.verdict,
                target=numbers.bound(row.low, row.high, goals.PERCENT),
                low=row.low,
                high=row.high,
                partial=False,
                numerator=row.numerator,
                denominator=row.denominator,
                note=f"{_OTHER_METHOD}: the method changed in between" if over else "",
            )
        )
    return tuple(found)


def full(value: float | None, unit: Unit, depth: int, row: Stored | None) -> str:
    """A value with all its digits, or the word in its place."""
    if value is None:
        return row.verdict.word if row is not None and not row.partial else numbers.NO_DATA
    text = numbers.full(value, unit, depth, with_unit=unit.kind is not UnitKind.NOUN)
    return f"≥{numbers.NBSP}{text}" if row is not None and row.at_least else text


def _bound(kpi: Kpi, row: Stored, at: Situation, cell: Cell, part: str) -> str:
    """The bound of a period, or what is declared where a formula has no number yet."""
    target = goals.in_force(kpi, row.period.last, part, row.period.grain) if not cell else None
    if row.low is None and row.high is None and target is not None and any(target.formulas):
        return goals.declared(target, kpi, at.visible)
    return goals.judged(kpi, row, part, cell)


def _unbounded(kpi: Kpi, row: Stored, cell: Cell, part: str) -> str:
    """Why a period that a target speaks of is not judged by it, or ''."""
    if cell or row.partial or row.value is None or row.veiled or row.low is not None or row.high is not None:
        return ""
    return goals.judged_by(goals.in_force(kpi, row.period.last, part, row.period.grain))


def _left_out(period: Period, on_record: Sequence[Excluded]) -> str:
    """Which rows of a period are taken out on the record, by the dated exclusions that meet it; or ''."""
    met = [
        one for one in on_record if (one.first or date.min) <= period.last and period.first <= (one.last or date.max)
    ]
    return f"Rows left out: {'; '.join(dict.fromkeys(one.why.rstrip('.') for one in met))}" if met else ""


def _note(kpi: Kpi, row: Stored) -> str:
    if row.value is None:
        return tiles.reason_note(kpi, row)
    if row.imported:
        return "Imported"
    return "Restated" if row.revision > 1 and not row.partial else ""

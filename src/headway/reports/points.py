"""Numbers of a line as the pages show them, each with its changes from earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from headway.formats import dates, numbers
from headway.model import Cell, Kpi
from headway.periods import Length, Period
from headway.publish import figures, goals, history, table, tiles
from headway.publish.stored import Stored, by_key, compared_period
from headway.publish.view import View
from headway.reports.snapshot import Change, Point


def points(
    view: View,
    own: Kpi,
    part: str,
    cell: Cell,
    line: Sequence[Stored],
    rows: Iterable[Stored],
    alike: Sequence[float | None],
    compares: Sequence[str],
) -> Iterator[Point]:
    """The `rows` of a line. `own` is the KPI as if it were this number alone.

    `alike` are the values that stand beside them, which are as exact; changes are told over the lengths `compares`.
    """
    kpi = view.catalog.kpis[own.name]
    depth = numbers.places(alike, own.unit, own.decimals)
    past = view.published.past(kpi.name)
    known, breaks = by_key(line), history.breaks(line, past, part, cell)
    bare = replace(own, unit=figures.bare(own.unit))
    today = view.catalog.calendar.day(view.now)
    for row in rows:
        label = dates.period(row.period)
        absent = row.verdict.word if row.value is None else ""
        yield Point(
            row.period.name,
            f"{label} so far" if row.partial and row.period.first <= today else label,
            row.value,
            absent or tiles.shown(bare, row).text,
            absent or tiles.shown(own, row).text,
            table.full(row.value, own.unit, depth, row),
            row.verdict.key,
            row.verdict.word,
            goals.judged(kpi, row, part, cell),
            f"{tiles.reason_note(kpi, row)}." if row.value is None and row.reason else "",
            row.revision,
            row.partial,
            {} if row.partial else _changes(view, own, row, known, breaks, compares),
        )


def _changes(
    view: View,
    own: Kpi,
    row: Stored,
    known: Mapping[int, Stored],
    breaks: Mapping[int, str],
    compares: Sequence[str],
) -> dict[str, Change]:
    """The way to a number from earlier ones. Between numbers of two methods there is none."""
    calendar = view.catalog.calendar
    then: dict[str, Period | None] = {"": compared_period(own, row.period, calendar)}
    then |= {length: calendar.earlier(row.period, Length.parse(length)) for length in compares}
    found = {}
    for length, which in then.items():
        earlier = known.get(which.key) if which is not None else None
        if which is None or earlier is None or history.apart(breaks, which.key, row.period.key):
            continue
        if (change := numbers.change(row.value, earlier.value, own.unit)) is not None:
            found[length] = Change(change.direction, change.amount, f"vs {dates.period(which)}", which.name)
    return found

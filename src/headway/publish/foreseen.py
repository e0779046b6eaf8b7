"""What a change of the catalogue would do, in words: `headway plan` on a terminal, in a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headway.compare import Compared, Foreseen, Said
from headway.formats import numbers, plurals
from headway.model import Catalog, Reason
from headway.publish import goals
from headway.publish.differences import Differing, Sheet, details, differing, sheet
from headway.publish.stored import Periods


@dataclass(frozen=True, slots=True)
class Renewed:
    """One KPI that the change touches, and what it was called.

    `retold` are its keys that change no number; `waiting` counts closed numbers that would wait for a decision.
    """

    name: str
    was: str
    sort: str
    redefined: bool
    retold: tuple[str, ...]
    waiting: int
    differing: Differing | None
    failed: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The change as a whole. `against` says of what it is one, `around` what differs beside KPIs."""

    against: str
    tolerance: float
    kpis: tuple[Renewed, ...]
    around: tuple[str, ...]


def plan(against: str, old: Catalog, new: Catalog, foreseen: Sequence[Foreseen], around: tuple[str, ...]) -> Plan:
    """The change from one catalogue to another, as its numbers were foreseen."""
    tolerance = new.restatement.tolerance if new.restatement else 0.0
    periods = Periods(new.calendar)
    kpis = []
    for one in foreseen:
        compared = one.compared
        kpis_of = old.kpis.get(one.was), new.kpis.get(one.kpi) if one.sort != "removed" else None
        shown = differing(compared, *kpis_of, periods) if compared else None
        waiting = _waiting(compared, tolerance) if compared and one.sort in ("changed", "renamed") else 0
        kpis.append(Renewed(one.kpi, one.was, one.sort, one.redefined, one.retold, waiting, shown, one.failed))
    return Plan(against, tolerance, tuple(kpis), around)


def _waiting(compared: Compared, tolerance: float) -> int:
    """How many closed numbers a run would hold back: all but small changes, and what becomes withheld."""

    def waits(old: Said, new: Said) -> bool:
        if old.value is None:
            return False
        if new.value is None:
            return new.reason is None or not Reason(new.reason).withheld
        return abs(new.value - old.value) > tolerance * abs(old.value)

    return compared.lost + sum(waits(one.old, one.new) for one in compared.closed)


def told(change: Plan, *, everything: bool) -> Iterator[str | Sheet]:
    """The change from top to bottom: sentences and tables."""
    yield f"Compared with {change.against}, over the data as they are now:"
    moving = [one for one in change.kpis if one.differing is not None]
    if moving:
        yield sheet([one.differing for one in moving if one.differing is not None])
    yield from _sentences(change)
    if everything:
        for one in moving:
            if one.differing and one.differing.numbers:
                yield f"{one.differing.title} ({one.name}):"
                yield details(one.differing)


def _sentences(change: Plan) -> Iterator[str]:
    kpis = change.kpis
    if waiting := [one for one in kpis if one.waiting]:
        count = plurals.count(sum(one.waiting for one in waiting), "closed number")
        share = numbers.exact(change.tolerance, goals.PERCENT)
        which = (
            f"{count} of {plurals.count(len(waiting), 'KPI')} would change by more than the tolerance of {share}, or go"
        )
        yield f"{which}: the old ones stay published until somebody accepts the new ones."
    if renamed := [f"{one.was} is {one.name}" for one in kpis if one.sort == "renamed" and one.differing is None]:
        yield f"Renamed, with the same numbers: {', '.join(renamed)}."
    same = [one.name for one in kpis if one.redefined and one.differing is None and not one.failed]
    if same:
        yield f"Defined otherwise, with the same numbers: {', '.join(same)}."
    retold = [f"{one.name} ({', '.join(one.retold)})" for one in kpis if one.retold]
    if retold:
        yield f"Other words or targets: {', '.join(retold)}."
    for one in kpis:
        if one.differing and one.sort in ("changed", "renamed"):
            yield from _cells(one.differing)
    for one in kpis:
        if one.failed:
            yield f"Not compared: {one.name}, because {one.failed}."
    if change.around:
        yield f"Beside KPIs: {', '.join(change.around)}."
    if not kpis:
        yield "No KPI changes."
    yield "Nothing was recorded."


def _cells(kpi: Differing) -> Iterator[str]:
    """Which cells a KPI has alone before, or after."""
    for cells, verb in ((kpi.cells_new, "gets"), (kpi.cells_gone, "loses")):
        if cells:
            yield f"{kpi.name} {verb} {plurals.count(len(cells), 'cell')}: {_some(cells)}."


def _some(cells: Sequence[str]) -> str:
    return ", ".join(cells[:5]) + (f" and {len(cells) - 5} more" if len(cells) > 5 else "")

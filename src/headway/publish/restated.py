"""Restatements in words, for the terminal and as JSON: what changed of closed numbers, why, and who decided what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headway.formats import dates, numbers, plurals
from headway.ledger import Change, Restatement
from headway.model import Catalog, Unit, UnitKind, read_cell
from headway.publish import words
from headway.publish.stored import Periods

_PERCENT = Unit(UnitKind.PERCENT, "percent")
#: How many KPIs a line names.
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One number that a restatement changes, as it reads."""

    kpi: str
    place: str
    old: str
    new: str
    change: str


def line(one: Change, catalog: Catalog, periods: Periods) -> Line:
    """One number in words. A KPI that is no longer in the catalogue has lost its unit."""
    kpi = catalog.kpis.get(one.kpi)
    unit = _PERCENT if one.part.startswith("growth ") else kpi.unit if kpi else Unit(UnitKind.NONE, "")
    depth = numbers.places([one.old, one.new], unit, kpi.decimals if kpi else None)
    change = numbers.change(one.new, one.old, unit)
    cell = ", ".join(f"{column.replace('_', ' ')} {value}" for column, value in read_cell(one.cell))
    which = periods.get(one.grain, one.period)

    def said(value: float | None) -> str:
        if value is None:
            return one.reason or numbers.NO_DATA
        return numbers.full(value, unit, depth, with_unit=unit.kind is not UnitKind.NOUN)

    place = ", ".join(part for part in (which.name, cell, one.part) if part)
    return Line(one.kpi, place, said(one.old), said(one.new), change.signed if change else "")


def sentence(one: Restatement, catalog: Catalog, periods: Periods) -> str:
    """#3 waits: 12 late rows of sessions, 3-9 January 2026. Changes 41 numbers of mau and wau, the most: mau ..."""
    state = {"waiting": "waits", "published": "published at once"}.get(one.state, one.state)
    names = [part.kpi for part in one.kpis]
    shown = names if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more KPIs"]
    listed = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    most = line(_largest(one), catalog, periods)
    by = f", {most.change}" if most.change else ""
    verb = {"waiting": "Would change", "rejected": "Would have changed", "withdrawn": "Would have changed"}
    count = plurals.count(one.numbers, "number")
    largest = f"{'the most: ' if one.numbers > 1 else ''}{most.kpi} {most.place}, {most.old} → {most.new}{by}"
    why, changes = words.cause(one.cause), verb.get(one.state, "Changed")
    return f"#{one.id} {state}: {why}. {changes} {count} of {listed} ({largest})."


def _largest(one: Restatement) -> Change:
    """The number that changed most; a total says more than a cell."""

    def share(change: Change) -> tuple[bool, float]:
        if change.old is None or change.new is None or change.old == 0:
            return change.cell == "", float("inf")
        return change.cell == "", abs(change.new / change.old - 1)

    return max((part.largest for part in one.kpis), key=share)


def decided(one: Restatement, catalog: Catalog) -> str:
    """Who decided what, when and why; '' where nobody has."""
    if one.decision is None:
        return ""
    by = f" by {one.decision.who}" if one.decision.who else ""
    when = dates.moment(one.decision.when, catalog.calendar.tz)
    return f"{one.decision.verdict.capitalize()}{by} on {when}: {one.decision.why}"


def print_list(console: Console, found: Sequence[Restatement], catalog: Catalog) -> None:
    """A paragraph for each."""
    periods = Periods(catalog.calendar)
    for one in found:
        console.print(sentence(one, catalog, periods), markup=False, highlight=False, soft_wrap=True)
        if said := decided(one, catalog):
            console.print(f"   {said}", markup=False, highlight=False, soft_wrap=True)


def print_one(console: Console, one: Restatement, changes: Sequence[Change], catalog: Catalog) -> None:
    """Everything about one."""
    print_list(console, [one], catalog)
    seen = dates.moment(one.seen, catalog.calendar.tz)
    console.print(f"   Seen first by run {one.run}, {seen}.", markup=False, highlight=False)
    table = Table(box=box.SIMPLE_HEAD)
    for title, right in (("KPI", False), ("Which", False), ("Published", True), ("New", True), ("Change", True)):
        table.add_column(title, justify="right" if right else "left", no_wrap=title != "Which")
    periods = Periods(catalog.calendar)
    for row in (line(change, catalog, periods) for change in changes):
        table.add_row(row.kpi, escape(row.place), row.old, row.new, row.change)
    console.print(table)


def plain(one: Restatement, catalog: Catalog) -> dict[str, Any]:
    """A restatement as JSON."""
    decision = one.decision
    return {
        "id": one.id,
        "state": one.state,
        "text": sentence(one, catalog, Periods(catalog.calendar)),
        "reason": one.cause.reason.value,
        "source": one.cause.source,
        "rows": {"late": one.cause.late, "changed": one.cause.changed, "deleted": one.cause.deleted},
        "first": one.cause.first and one.cause.first.isoformat(),
        "last": one.cause.last and one.cause.last.isoformat(),
        "note": one.cause.note,
        "run": one.run,
        "seen": one.seen.isoformat(),
        "numbers": one.numbers,
        "kpis": {part.kpi: part.numbers for part in one.kpis},
        "decision": decision
        and {"verdict": decision.verdict, "who": decision.who, "why": decision.why, "when": decision.when.isoformat()},
    }


def plain_change(one: Change, periods: Periods) -> dict[str, Any]:
    """One number of a restatement as JSON."""
    return {
        "kpi": one.kpi,
        "part": one.part,
        "grain": one.grain.value,
        "cell": dict(read_cell(one.cell)),
        "period": periods.get(one.grain, one.period).name,
        "old": one.old,
        "new": one.new,
        "reason": one.reason,
    }

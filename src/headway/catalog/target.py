"""Resolves the targets of one KPI: bounds in its unit, the cell they are for, and no two in force at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headway.catalog import formula, values
from headway.catalog import spec as specs
from headway.catalog.checking import check
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.project import owner_known
from headway.catalog.spec import TargetSpec
from headway.catalog.sqltext import Wrong
from headway.model import TOTAL, Better, Cell, Kpi, Target, Total, cell_value

_BOUNDS = ("at_least", "at_most", "between")


def resolve(
    written: list[Any], kpi: Kpi, owners: Mapping[str, str], document: Document, path: Steps, complaints: Complaints
) -> Kpi:
    """The KPI with its targets, and with `better` taken from the first of them if it says nothing itself."""
    found = []
    for n, value in enumerate(written):
        target = _Reading(kpi, document, (*path, "targets", n), complaints).target(value, owners)
        if target is not None:
            found.append(target)
    _no_overlap(found, complaints)
    better = kpi.better
    if found and not document.has((*path, "better")) and (found[0].low is None or found[0].high is None):
        better = Better.HIGHER if found[0].high is None else Better.LOWER
    return replace(kpi, targets=tuple(found), better=better)


class _Reading:
    """Reads one target of a KPI."""

    def __init__(self, kpi: Kpi, document: Document, path: Steps, complaints: Complaints) -> None:
        self.kpi, self.document, self.path, self.complaints = kpi, document, path, complaints
        self.fine = True

    def say(self, key: str | None, message: str, slug: str, remedy: str | None = None) -> None:
        here = (*self.path, key) if key else self.path
        self.fine = False
        self.complaints.say(self.document.place(here), message, slug, remedy)

    def target(self, value: Any, owners: Mapping[str, str]) -> Target | None:
        spec = check(TargetSpec, self.document, self.path, value, self.complaints)
        if spec is None:
            return None
        given = [key for key in _BOUNDS if getattr(spec, key) is not None]
        if TargetSpec.later.keys() & value.keys():
            return None  # said already, and the rest would mean something else without it
        if not given and value.keys() - set(specs.keys(TargetSpec)):
            return None  # a slip of the pen, said already
        if len(given) != 1:
            what = f"not '{given[0]}' and '{given[1]}'" if given else "and this has none"
            self.say(
                given[1] if given else None,
                f"a target has one bound, at_least, at_most or between: {what}",
                "bad-value" if given else "missing-key",
            )
            return None
        bound = given[0]
        low, high = self.bounds(bound, getattr(spec, bound))
        cell, each = self.cell(spec.for_)
        if self.kpi.total is Total.NONE and spec.for_ is None:
            message = f"{self.kpi.name} has no total, so a target names its cells"
            self.say(bound, message, "bad-value", "Add 'for: {column: value}', or 'for: {column: each}'.")
        grain = spec.grain or (self.kpi.by_grain if cell or each else self.kpi.grain)
        kept = self.kpi.grains(cell=bool(cell or each))
        if grain not in kept:
            self.say("grain", f"{self.kpi.name} is kept by {values.among(kept)}, not by {grain}", "grain-not-possible")
        if spec.from_ and spec.through and spec.through < spec.from_:
            self.say("through", "'through' is before 'from'", "bad-date")
        if spec.owner:
            owner_known(spec.owner, owners, self.document, (*self.path, "owner"), self.complaints)
        near_low, near_high = self.near(spec.near, low, high)
        if not self.fine:
            return None
        return Target(
            low=low,
            high=high,
            grain=grain,
            cell=cell,
            each=each,
            first=spec.from_,
            through=spec.through,
            near_low=near_low,
            near_high=near_high,
            owner=spec.owner,
            why=spec.why,
            place=self.document.place((*self.path, bound)),
        )

    def number(self, value: Any, *keys: str | int) -> float | None:
        """A quantity in the KPI's unit, or None after saying what is wrong with it."""
        here = (*self.path, *keys)
        try:
            return values.quantity(value, self.kpi.unit, self.kpi.name)
        except Wrong as wrong:
            said = wrong
            self.fine = False
            if isinstance(value, str) and _is_formula(value):
                said = values.wrong(
                    value,
                    "a bound that is a formula is not supported yet",
                    "not-supported-yet",
                    "Make a KPI of the difference or the ratio, and give that a target.",
                )
            self.complaints.wrong(self.document, here, said)
            return None

    def bounds(self, bound: str, value: Any) -> tuple[float | None, float | None]:
        if bound != "between":
            number = self.number(value, bound)
            return (number, None) if bound == "at_least" else (None, number)
        if not isinstance(value, list) or len(value) != 2:
            self.say(
                "between", f"between is two numbers in brackets, [70, 80], not {values.shown(value)}", "wrong-type"
            )
            return None, None
        low, high = self.number(value[0], "between", 0), self.number(value[1], "between", 1)
        if low is not None and high is not None and low > high:
            self.say("between", "between: the lower bound comes first", "bad-value", f"Write [{value[1]}, {value[0]}].")
        return low, high

    def near(self, value: Any, low: float | None, high: float | None) -> tuple[float | None, float | None]:
        """The values from which a miss is near, below and above."""
        if value is None or not self.fine:
            return None, None
        if isinstance(value, list):
            if low is None or high is None or len(value) != 2:
                self.say("near", "near is one number, or for between two in brackets: [below, above]", "wrong-type")
                return None, None
            near_low, near_high = self.number(value[0], "near", 0), self.number(value[1], "near", 1)
        else:
            number = self.number(value, "near")
            below = high is None or (low is not None and self.kpi.better is Better.HIGHER)
            if low is not None and high is not None and self.kpi.better is Better.NONE:
                self.say(
                    "near",
                    "near of 'between' is two numbers: [below, above]",
                    "wrong-type",
                    "Or say which side is better, with 'better'.",
                )
            near_low, near_high = (number, None) if below else (None, number)
        if near_low is not None and low is not None and near_low > low:
            self.say("near", "near is where a miss begins to be off, so it lies below the bound", "bad-value")
        if near_high is not None and high is not None and near_high < high:
            self.say("near", "near is where a miss begins to be off, so it lies above the bound", "bad-value")
        return near_low, near_high

    def cell(self, value: Any) -> tuple[Cell, str | None]:
        """The cell that `for` names, or the breakdown whose every cell it means."""
        if value is None:
            return TOTAL, None
        if not isinstance(value, dict) or not value:
            self.say("for", f"for names a cell, {{hub: a}}, not {values.shown(value)}", "wrong-type")
            return TOTAL, None
        names = {frozenset(breakdown): breakdown for breakdown in self.kpi.by}
        breakdown = names.get(frozenset(value))
        if breakdown is None:
            wanted = " x ".join(value)
            remedy = values.near(wanted, [" x ".join(b) for b in self.kpi.by])
            if remedy is None:
                added = next(iter(value)) if len(value) == 1 else f"[{', '.join(value)}]"
                remedy = f"Add {added} to 'by' of {self.kpi.name}."
            self.complaints.say(
                self.document.key_place((*self.path, "for", next(iter(value)))),
                f"{self.kpi.name} has no breakdown '{wanted}'",
                "unknown-name",
                remedy,
            )
            self.fine = False
            return TOTAL, None
        for name, wanted in value.items():
            if not isinstance(wanted, str | int | float):
                self.say("for", f"the cell of '{name}' is a text, a number, true or false", "wrong-type")
                return TOTAL, None
        if "each" in value.values():
            if len(breakdown) > 1:
                self.say("for", "'each' of a cross is not supported yet", "not-supported-yet", "Name its cells.")
            return TOTAL, breakdown[0]
        return tuple((name, cell_value(value[name])) for name in breakdown), None


def _is_formula(text: str) -> bool:
    try:
        return not text.strip().isidentifier() and bool(formula.inputs(formula.parse(text)))
    except Wrong:
        return False


def _no_overlap(targets: list[Target], complaints: Complaints) -> None:
    """Refuse two targets that come into force on one day for one grain and cell."""
    first: dict[tuple[object, ...], Target] = {}
    for target in targets:
        key = (target.grain, target.cell, target.each, target.first)
        if key in first and (other := first[key].place) is not None:
            since = f"from {target.first}" if target.first else "without 'from'"
            complaints.say(
                target.place,
                f"two targets {since} for the same grain and cell; the other is in line {other.line}",
                "target-overlap",
                "Date one of them with 'from', or remove it.",
            )
        first.setdefault(key, target)

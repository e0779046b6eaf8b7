"""Resolves the targets and benchmarks of one KPI: bounds in its unit, the cell they are for, none in force at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from headway.catalog import course, values
from headway.catalog import spec as specs
from headway.catalog.bound import Reader, Scene
from headway.catalog.checking import check
from headway.catalog.document import Document, Steps
from headway.catalog.draft import Draft
from headway.catalog.project import owner_known
from headway.catalog.spec import BenchmarkSpec, TargetSpec
from headway.catalog.sqltext import Wrong
from headway.model import (
    TOTAL,
    Bands,
    Benchmark,
    Better,
    Bound,
    Cell,
    Formula,
    Kpi,
    Line,
    Pace,
    Status,
    Target,
    Total,
    cell_value,
)
from headway.periods import Grain

_BOUNDS = ("at_least", "at_most", "between", "reach", "bands")
_BENCHMARKS = ("at_least", "at_most", "between")
_BANDS = (Status.OFF, Status.NEAR, Status.ON, Status.OVER)


def resolve(draft: Draft, scene: Scene) -> Kpi:
    """The KPI with its targets and benchmarks, and with `better` taken from the first target if it says nothing."""
    kpi = scene.kpis[draft.name]
    found = []
    for n, value in enumerate(draft.spec.targets):
        target = _Reading(kpi, draft.document, draft.at("targets", n), scene).target(value)
        if target is not None:
            found.append(target)
    _no_overlap(found, scene)
    better = kpi.better
    if found and not draft.document.has(draft.at("better")) and (found[0].low is None or found[0].high is None):
        better = Better.HIGHER if found[0].high is None else Better.LOWER
    return replace(kpi, targets=tuple(found), better=better, benchmarks=tuple(_benchmarks(kpi, draft, scene)))


def _benchmarks(kpi: Kpi, draft: Draft, scene: Scene) -> Iterator[Benchmark]:
    for n, value in enumerate(draft.spec.benchmarks):
        path = draft.at("benchmarks", n)
        spec = check(BenchmarkSpec, draft.document, path, value, scene.complaints)
        if spec is None:
            continue
        reading = _Reading(kpi, draft.document, path, scene)
        bound = reading.one_of(spec, _BENCHMARKS, "a benchmark has one bound, at_least, at_most or between")
        if bound is not None:
            low, high = reading.level(bound, getattr(spec, bound), reading.reader(kpi.grain, ()).quantity)
            if reading.fine:
                yield Benchmark(low, high, spec.who, spec.link)  # type: ignore[arg-type]  # a quantity is a number


@dataclass
class _Reading:
    """Reads one target, or one benchmark, of a KPI."""

    kpi: Kpi
    document: Document
    path: Steps
    scene: Scene
    fine: bool = True
    growth: bool = False

    def say(self, key: str | None, message: str, slug: str, remedy: str | None = None, *more: str | int) -> None:
        here = (*self.path, key, *more) if key else self.path
        self.fine = False
        self.scene.complaints.say(self.document.place(here), message, slug, remedy)

    def reader(self, grain: Grain, breakdown: tuple[str, ...]) -> Reader:
        """Reads bounds in the unit of what is judged: the value, or its growth."""
        unit, of = (values.PERCENT, "growth") if self.growth else (self.kpi.unit, self.kpi.name)
        return Reader(self.kpi, unit, of, grain, breakdown, self.document, self.path, self.scene)

    def one_of(self, spec: specs.Spec, keys: tuple[str, ...], rule: str) -> str | None:
        """The one of these keys that is given, or None after telling that there are none, or two."""
        given = [key for key in keys if getattr(spec, key) is not None]
        if len(given) == 1:
            return given[0]
        if given:
            self.say(given[1], f"{rule}: not '{given[0]}' and '{given[1]}'", "bad-value")
        elif not set(self.document.names(self.path)) - set(specs.keys(type(spec))):  # else a slip, said already
            self.say(None, f"{rule}: and this has none", "missing-key")
        return None

    def target(self, value: Any) -> Target | None:
        spec = check(TargetSpec, self.document, self.path, value, self.scene.complaints)
        if spec is None:
            return None
        rule = "a target has one bound, at_least, at_most, between, reach or bands"
        bound = self.one_of(spec, _BOUNDS, rule)
        if bound is None:
            return None
        cell, each, breakdown = self.cell(spec.for_)
        if self.kpi.total is Total.NONE and spec.for_ is None:
            message = f"{self.kpi.name} has no total, so a target names its cells"
            self.say(bound, message, "bad-value", "Add 'for: {column: value}', or 'for: {column: each}'.")
        grain = spec.grain or (self.kpi.by_grain if breakdown else self.kpi.grain)
        kept = self.kpi.grains(cell=bool(breakdown))
        if grain not in kept:
            self.say("grain", f"{self.kpi.name} is kept by {values.among(kept)}, not by {grain}", "grain-not-possible")
        if spec.from_ and spec.through and spec.through < spec.from_:
            self.say("through", "'through' is before 'from'", "bad-date")
        if spec.owner:
            owners = self.scene.project.owners
            owner_known(spec.owner, owners, self.document, (*self.path, "owner"), self.scene.complaints)
        self.growth = spec.growth is not None
        if spec.growth is not None and not grain.steps(spec.growth):
            message = f"a {grain} has none that is {spec.growth} earlier, so its growth over that length is not defined"
            self.say("growth", message, "grain-not-possible", f"Write for example 'growth: 1 {grain}', or '1 year'.")
        reader = self.reader(grain, breakdown)
        low, high, bands = self.bounds(bound, spec, reader)
        near_low, near_high = self.near(spec, low, high, bands, reader)
        pace = self.pace(spec, low, high, grain, bool(breakdown))
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
            bands=bands,
            growth=spec.growth,
            pace=pace,
            owner=spec.owner,
            why=spec.why,
            place=self.document.place((*self.path, bound)),
        )

    # -- bounds ------------------------------------------------------------------------------------------------------

    def read(self, read: Any, value: Any, *keys: str | int) -> Any:
        """What a reader of bounds makes of a value; it is noted if that is nothing."""
        found = read(value, *keys)
        self.fine = self.fine and found is not None
        return found

    def bounds(self, bound: str, spec: TargetSpec, reader: Reader) -> tuple[Bound | None, Bound | None, Bands | None]:
        """The two bounds of any form of target, and its bands."""
        if bound == "reach":
            return *self.line(spec, reader), None
        for key in ("start", "due"):
            if getattr(spec, key) is not None:
                self.say(key, f"'{key}' belongs to a target with 'reach'", "bad-value", "Remove it.")
        if bound == "bands":
            bands = self.bands(spec.bands, reader)
            return *(bands.on if bands else (None, None)), bands
        read = reader.quantity if self.growth else reader.bound
        return *self.level(bound, getattr(spec, bound), read), None

    def level(self, bound: str, value: Any, read: Any) -> tuple[Bound | None, Bound | None]:
        """The two bounds of at_least, at_most or between."""
        if bound != "between":
            found = self.read(read, value, bound)
            return (found, None) if bound == "at_least" else (None, found)
        if not isinstance(value, list) or len(value) != 2:
            message = f"between is two numbers in brackets, [70, 80], not {values.shown(value)}"
            self.say("between", message, "wrong-type")
            return None, None
        low, high = self.read(read, value[0], "between", 0), self.read(read, value[1], "between", 1)
        if isinstance(low, float) and isinstance(high, float) and low > high:
            self.say("between", "between: the lower bound comes first", "bad-value", f"Write [{value[1]}, {value[0]}].")
        return low, high

    def line(self, spec: TargetSpec, reader: Reader) -> tuple[Line | None, Line | None]:
        """The straight line of `reach`: a bound from below if it rises, from above if it falls."""
        given = {"from": spec.from_, "start": spec.start, "due": spec.due}
        if lacking := [key for key, value in given.items() if value is None]:
            *most, last = (f"'{key}'" for key in lacking)
            listed = f"{', '.join(most)} and {last}" if most else last
            message = f"'reach' is the end of a line, which needs {listed} too"
            self.say(
                "reach", message, "missing-key", "Write {reach: 200, from: 2026-01-01, start: 100, due: 2026-12-31}."
            )
            return None, None
        assert spec.from_ is not None
        assert spec.due is not None
        start = self.read(reader.quantity, spec.start, "start")
        reach = self.read(reader.quantity, spec.reach, "reach")
        if spec.due <= spec.from_:
            self.say("due", "'due' is not after 'from'", "bad-date")
        elif start is not None and start == reach:
            self.say("start", "'start' and 'reach' are the same", "bad-value", "Write at_least or at_most instead.")
        if not self.fine:
            return None, None
        line = Line(start, spec.from_, reach, spec.due)
        return (line, None) if reach > start else (None, line)

    def bands(self, value: Any, reader: Reader) -> Bands | None:
        """Statuses and cuts in turn, the cuts rising; *on* is one band."""
        if not isinstance(value, list) or len(value) < 3 or len(value) % 2 == 0:
            message = f"bands are statuses and cuts in turn, [off, 6, near, 12, on], not {values.shown(value)}"
            self.say("bands", message, "wrong-type", "It begins and ends with a status.")
            return None
        statuses = []
        for n in range(0, len(value), 2):
            try:
                statuses.append(Status(values.choice(_BANDS)(value[n])))
            except Wrong as wrong:
                self.fine = False
                self.scene.complaints.wrong(self.document, (*self.path, "bands", n), wrong)
        cuts = [self.read(reader.quantity, value[n], "bands", n) for n in range(1, len(value), 2)]
        if not self.fine:
            return None
        for n, (cut, after) in enumerate(pairwise(cuts)):
            if after <= cut:
                self.say(
                    "bands",
                    f"cuts rise: {value[2 * n + 3]} is not above {value[2 * n + 1]}",
                    "bad-value",
                    None,
                    2 * n + 3,
                )
        for n, (status, after) in enumerate(pairwise(statuses)):
            if status is after:
                self.say(
                    "bands", f"both sides of the cut {value[2 * n + 1]} are {status}", "bad-value", None, 2 * n + 1
                )
        if statuses.count(Status.ON) != 1:
            self.say("bands", "bands have 'on' once: it is what the target asks for", "bad-value")
        return Bands(tuple(statuses), tuple(cuts)) if self.fine else None

    def near(
        self, spec: TargetSpec, low: Bound | None, high: Bound | None, bands: Bands | None, reader: Reader
    ) -> tuple[Bound | None, Bound | None]:
        """The values from which a miss is near, below and above."""
        value = spec.near
        if value is None or not self.fine:
            return None, None
        if bands is not None:
            self.say("near", "bands say themselves what is near", "bad-value", "Remove 'near'.")
            return None, None
        read = reader.quantity if self.growth else reader.bound
        both = low is not None and high is not None
        if isinstance(value, list):
            if not both or len(value) != 2:
                self.say("near", "near is one number, or for between two in brackets: [below, above]", "wrong-type")
                return None, None
            below, above = self.read(read, value[0], "near", 0), self.read(read, value[1], "near", 1)
        else:
            number = self.read(read, value, "near")
            if both and self.kpi.better is Better.NONE:
                remedy = "Or say which side is better, with 'better'."
                self.say("near", "near of 'between' is two numbers: [below, above]", "wrong-type", remedy)
            is_below = high is None or (both and self.kpi.better is Better.HIGHER)
            below, above = (number, None) if is_below else (None, number)
        for near, bound, side, sign in ((below, low, "below", 1), (above, high, "above", -1)):
            if isinstance(near, float) and any(sign * near > sign * cut for cut in _numbers(bound)):
                message = f"near is where a miss begins to be off, so it lies {side} the bound"
                self.say("near", message, "bad-value")
        return below, above

    def pace(self, spec: TargetSpec, low: Bound | None, high: Bound | None, grain: Grain, is_cell: bool) -> Pace:
        """How a running period is compared: by its days, unless the target says otherwise or it makes no sense."""
        if not self.fine:
            return Pace.NONE
        of_formula = isinstance(self.kpi.measure, Formula)
        why = None
        if not course.flows(self.kpi, self.scene.kpis):
            why = "pace is for counts and sums, which grow while a period runs"
            if of_formula:
                why = "pace is for what grows evenly while a period runs: counts and sums, scaled or divided by states"
        elif of_formula and spec.pace is Pace.LAST_YEAR:
            why = "last year's course is that of a count or sum, not of a formula"
        elif self.growth:
            why = "pace compares with a part of the bound, and growth has no parts"
        elif high is not None or spec.bands is not None:
            why = "pace is for a bound that is to be reached: at_least, or a rising line"
        elif not isinstance(low, float | Line):
            why = "pace needs a bound that is known before its period is over, and a formula is not"
        elif grain.rank <= Grain.DAY.rank:
            why = f"pace counts the days of a period that runs, and this target judges {grain}s"
        elif (
            spec.pace is Pace.LAST_YEAR
            and is_cell
            and self.kpi.grain.rank <= Grain.DAY.rank
            and Grain.DAY not in self.kpi.grains(cell=True)
        ):
            why = f"last year's course of a cell needs its days, and cells are kept by {self.kpi.by_grain}"
        if why is None:
            return spec.pace or (Pace.NONE if of_formula else Pace.LINEAR)
        if spec.pace is not None:
            self.say("pace", why, "bad-value", "Remove 'pace'.")
        return Pace.NONE

    # -- the cell ----------------------------------------------------------------------------------------------------

    def cell(self, value: Any) -> tuple[Cell, tuple[str, ...], tuple[str, ...]]:
        """What `for` names: values of columns, columns whose every value is meant, and the breakdown of them all."""
        if value is None:
            return TOTAL, (), ()
        if not isinstance(value, dict) or not value:
            self.say("for", f"for names a cell, {{hub: a}}, not {values.shown(value)}", "wrong-type")
            return TOTAL, (), ()
        names = {frozenset(breakdown): breakdown for breakdown in self.kpi.by}
        breakdown = names.get(frozenset(value))
        if breakdown is None:
            wanted = " x ".join(value)
            remedy = values.near(wanted, [" x ".join(b) for b in self.kpi.by])
            if remedy is None:
                added = next(iter(value)) if len(value) == 1 else f"[{', '.join(value)}]"
                remedy = f"Add {added} to 'by' of {self.kpi.name}."
            self.scene.complaints.say(
                self.document.key_place((*self.path, "for", next(iter(value)))),
                f"{self.kpi.name} has no breakdown '{wanted}'",
                "unknown-name",
                remedy,
            )
            self.fine = False
            return TOTAL, (), ()
        for name, wanted in value.items():
            if not isinstance(wanted, str | int | float):
                self.say("for", f"the cell of '{name}' is a text, a number, true or false", "wrong-type")
                return TOTAL, (), ()
        each = tuple(name for name in breakdown if value[name] == "each")
        cell = tuple((name, cell_value(value[name])) for name in breakdown if name not in each)
        return cell, each, breakdown


def _numbers(bound: Bound | None) -> tuple[float, ...]:
    """The numbers between which a bound moves, as far as they are known."""
    match bound:
        case Line(start=start, reach=reach):
            return start, reach
        case float():
            return (bound,)
        case _:
            return ()


def _no_overlap(targets: list[Target], scene: Scene) -> None:
    """Refuse two targets that come into force on one day for one grain, cell and growth."""
    for n, target in enumerate(targets):
        other = next((earlier for earlier in targets[:n] if _overlap(earlier, target)), None)
        if other is not None and other.place is not None:
            since = f"from {target.first}" if target.first else "without 'from'"
            what = "grain, cell and growth" if target.growth else "grain and cell"
            scene.complaints.say(
                target.place,
                f"two targets {since} for the same {what}; the other is in line {other.place.line}",
                "target-overlap",
                "Date one of them with 'from', or remove it.",
            )


def _overlap(a: Target, b: Target) -> bool:
    """True if there may be a cell of which both speak, from one day on, and neither is the more exact."""
    same = (a.grain, a.part, a.first, a.columns, len(a.each)) == (b.grain, b.part, b.first, b.columns, len(b.each))
    fixed = dict(b.cell)
    return same and all(fixed.get(column, value) == value for column, value in a.cell)

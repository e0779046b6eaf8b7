"""Resolves alerts.yml: the ways to people, the levels of urgency, and what is watched, bounds in each KPI's unit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from headway.catalog import values
from headway.catalog.alertspec import AlertSpec, LevelSpec, RouteSpec
from headway.catalog.bound import Reader, Scene
from headway.catalog.checking import check
from headway.catalog.entry import Declared, Entry, cell_of
from headway.catalog.formula import Input, inputs, parse
from headway.model import (
    Alert,
    Audience,
    Better,
    Beyond,
    Direction,
    Kpi,
    Level,
    Narrative,
    OfTarget,
    Restated,
    Route,
    Service,
    Source,
    Stale,
    Threshold,
    Trend,
    Watched,
    WatchedChecks,
    WatchedEvent,
    WatchedNumbers,
    WatchedSource,
)
from headway.periods import Length, Unit

ALL = "all"
_BOUNDS = ("below", "above", "outside")
WHEN = (*_BOUNDS, "trend", "stale", "restated")
#: Key -> the keys beside one of which it means something.
GOES_WITH: Mapping[str, Collection[str]] = {
    **dict.fromkeys((*_BOUNDS, "trend", "restated", "for", "grain"), ("kpi",)),
    "stale": ("kpi", "source"),
    **dict.fromkeys(("growth", "clear", "partial"), _BOUNDS),
    "periods": ("trend",),
    **dict.fromkeys(("after", "clear_after"), (*_BOUNDS, "trend")),
}
_OF_TARGET = re.compile(r"(?:(\d+(?:\.\d+)?)\s*%\s+of\s+)?target")


def routes(declared: Declared, scene: Scene) -> dict[str, Route]:
    """The ways to people. Addresses stand in the environment, and stay there."""
    found = {}
    for name, (value, document, path) in declared.items():
        spec = check(RouteSpec, document, path, value, scene.complaints)
        entry = Entry(document, path, scene)
        if spec is None:
            continue
        service = entry.one_of(spec, tuple(Service), f"a route leads to one service, {values.among(Service)}")
        if service:
            audience = spec.audience or _readers(scene.project.audience)
            found[name] = Route(name, Service(service), getattr(spec, service), audience, document.key_place(path))
    return found


def _readers(project: Audience) -> Audience:
    """Who reads a route that says nothing: people of the organisation, who see what the project says to all of them."""
    return project if project is Audience.RESTRICTED else Audience.INTERNAL


def levels(declared: Declared, known: Collection[str], scene: Scene) -> dict[str, Level]:
    """The levels; `known` are the names of all routes."""
    found = {}
    for name, (value, document, path) in declared.items():
        spec = check(LevelSpec, document, path, value, scene.complaints)
        if spec is None:
            continue
        entry = Entry(document, path, scene)
        for key in ("respond", "repeat"):
            length = getattr(spec, key)
            if length is not None and not length.count:
                entry.say(f"'{key}' is above 0", "bad-value", "Write for example 15 minutes.", key)
        for key in ("to", "escalate"):
            if getattr(spec, key) is not None:
                entry.known(getattr(spec, key), "route", known, key)
        if spec.escalate == spec.to:
            remedy = "Name somebody else, or leave it out: 'repeat' tells the same people again."
            entry.say(f"'escalate' is another route than 'to', which is '{spec.to}'", "bad-value", remedy, "escalate")
        if entry.fine:
            place = document.key_place(path)
            found[name] = Level(
                name, spec.respond, spec.to, spec.repeat, spec.escalate, spec.digest, spec.group, place=place
            )
    return found


@dataclass(frozen=True, slots=True)
class Around:
    """What alerts may name beside KPIs: sources, routes and levels, as far as resolved, and all names."""

    sources: Mapping[str, Source]
    levels: Mapping[str, Level]
    declared_levels: Collection[str]
    declared_routes: Collection[str]


def alerts(declared: Declared, around: Around, scene: Scene) -> dict[str, Alert]:
    """The alerts; those of KPIs, levels and sources that are amiss themselves are left for later."""
    found: dict[str, Alert] = {}
    for name, (value, document, path) in declared.items():
        spec = check(AlertSpec, document, path, value, scene.complaints)
        if spec is not None and (alert := _Alert(document, path, scene).resolve(name, spec, around)):
            _same(alert, found, Entry(document, path, scene))
            found[name] = alert
    return found


def _same(alert: Alert, earlier: Mapping[str, Alert], entry: Entry) -> None:
    """Complain about an alert that is an earlier one under another name: people would be told twice."""
    for other in earlier.values():
        if replace(other, name=alert.name, title=alert.title, why=alert.why, place=alert.place) == alert:
            where = f"{other.place.path}, line {other.place.line}"
            message = f"'{alert.name}' tells the same people the same as '{other.name}' ({where})"
            entry.say(message, "duplicate-name", "Remove one of the two.", key=True)
            return


def mentions(alerts: Iterable[Alert]) -> Iterator[Input]:
    """What alerts read of KPIs, in so far as they name it: a part is computed if anybody reads it."""
    for alert in alerts:
        if isinstance(alert.watches, WatchedNumbers):
            for watched in alert.watches.of:
                yield Input(watched.kpi, 0, 0, part=watched.part)
            for bound in alert.watches.formulas:
                yield from inputs(parse(bound.expression.text))


@dataclass
class _Alert(Entry):
    """Resolves one alert."""

    def resolve(self, name: str, spec: AlertSpec, around: Around) -> Alert | None:
        self.known(spec.level, "level", around.declared_levels, "level")
        if spec.to is not None:
            self.known(spec.to, "route", around.declared_routes, "to")
        rule = "an alert watches one thing, a kpi, a source, a check or an event"
        watched = self.one_of(spec, ("kpi", "source", "check", "event"), rule)
        if watched is None:
            return None
        when = [key for key in WHEN if getattr(spec, key) is not None]
        self.only_with(GOES_WITH, (watched, *when))
        watches: WatchedNumbers | WatchedSource | WatchedChecks | WatchedEvent | None
        match watched:
            case "kpi":
                watches = self.numbers(spec)
            case "source":
                watches = self.source(spec, around.sources)
            case "check":
                watches = self.checks(str(spec.check), around)
            case _:
                watches = WatchedEvent(str(spec.event))
        level = around.levels.get(spec.level)
        if not self.fine or watches is None or level is None:
            return None
        return Alert(
            name=name,
            title=self.title(spec.title),
            level=spec.level,
            to=spec.to or level.to,
            watches=watches,
            place=self.document.key_place(self.path),
            after=spec.after,
            clear_after=spec.clear_after,
            why=spec.why,
        )

    # -- sources and checks ------------------------------------------------------------------------------------------

    def source(self, spec: AlertSpec, sources: Mapping[str, Source]) -> WatchedSource | None:
        """The rows of a source."""
        assert spec.source is not None
        if not self.of_source(spec.source, "source") or spec.source not in sources:
            return None
        return WatchedSource(spec.source, self.stale(spec.stale) if spec.stale else None)

    def of_source(self, name: str, key: str) -> bool:
        """True if there is a source of that name."""
        if name in self.scene.sources:
            return True
        remedy = values.near(name, self.scene.sources)
        if name in self.scene.declared:
            remedy = f"'{name}' is a KPI: write 'kpi: {name}'."
        self.say(f"there is no source '{name}'", "unknown-name", remedy, key)
        return False

    def checks(self, text: str, around: Around) -> WatchedChecks | None:
        """One check of a source or a KPI, or all checks of all of them."""
        if text == ALL:
            return WatchedChecks()
        name, dot, wanted = text.partition(".")
        if not dot:
            message = "a check is named with its source or KPI, source.check, or it is all"
            self.say(message, "bad-value", None, "check")
            return None
        is_source, is_kpi = name in self.scene.sources, name in self.scene.declared
        if not is_source and not is_kpi:
            remedy = values.near(name, {*self.scene.sources, *self.scene.declared})
            self.say(f"there is no source or KPI '{name}'", "unknown-name", remedy, "check")
            return None
        if (is_source and name not in around.sources) or (is_kpi and name not in self.scene.kpis):
            self.fine = False  # it is amiss itself
            return None
        of_source = around.sources[name].check_names if is_source else ()
        of_kpi = tuple(check.name for check in self.scene.kpis[name].checks) if is_kpi else ()
        known = (*of_source, *of_kpi)
        if wanted not in known:
            remedy = values.near(wanted, known)
            remedy = remedy or (f"It has {', '.join(known)}." if known else "Declare it there, under 'checks'.")
            self.say(f"{name} has no check '{wanted}'", "unknown-name", remedy, "check")
        elif wanted in of_source and wanted in of_kpi:
            remedy = "Give one of the two checks another 'name'."
            self.say(f"the source {name} and the KPI {name} both have a check '{wanted}'", "bad-value", remedy, "check")
        return WatchedChecks(name, wanted, wanted in of_kpi)

    def stale(self, length: Length) -> Stale:
        """For how long nothing new came."""
        if not length.count:
            self.say("'stale' is above 0", "bad-value", "Write for example 2 days.", "stale")
        return Stale(length)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def numbers(self, spec: AlertSpec) -> WatchedNumbers | None:
        """The numbers of one KPI, of several, or of all of which the condition makes sense."""
        rule = f"an alert on a KPI fires on one of {', '.join(WHEN)}"
        when = self.one_of(spec, WHEN, rule)
        if when is None:
            return None
        if spec.restated is False:
            self.say("'restated' is true, or left out", "bad-value", "Remove the alert.", "restated")
        if spec.stale:
            self.stale(spec.stale)
        assert spec.kpi is not None
        found = list(self.every(spec, when) if spec.kpi == [ALL] else self.named(spec, spec.kpi, when))
        if not self.fine or not found:
            return None
        return WatchedNumbers(tuple(watched for watched, _ in found), found[0][1])

    def named(
        self, spec: AlertSpec, names: list[str], when: str
    ) -> Iterator[tuple[Watched, Beyond | Trend | Stale | Restated]]:
        """Those that the alert names."""
        for n, text in enumerate(names):
            found = self.kpi(text, "kpi", n)
            if found and self.has_numbers(found[0], "kpi", n) and (one := self.one(spec, *found, when, n)):
                yield one

    def every(self, spec: AlertSpec, when: str) -> Iterator[tuple[Watched, Beyond | Trend | Stale | Restated]]:
        """Every KPI; those of which the condition makes no sense, a trend for the worse without `better`, are passed
        over."""
        if spec.for_ is not None:
            self.say("KPIs have different breakdowns, so 'for' needs them by name", "bad-value", None, "for", key=True)
            return
        if when in _BOUNDS and spec.growth is None and not self.of_target(getattr(spec, when)):
            message = "KPIs have different units, so all of them are held against their targets, or their growth"
            self.say(message, "bad-value", f"Write for example '{when}: 80 % of target', or name KPIs.", when)
            return
        found = False
        for kpi in self.scene.kpis.values():
            if kpi.measure is None or isinstance(kpi.measure, Narrative) or not kpi.has_total():
                continue
            attempt = self.trial()
            one = attempt.one(spec, kpi, "", when, 0)
            if one and attempt.fine:
                found = True
                yield one
        if not found and len(self.scene.kpis) == len(self.scene.declared):
            self.say("there is no KPI of which this makes sense", "bad-value", "Name one, to learn why.", "kpi")

    def of_target(self, value: Any) -> bool:
        """True if bounds are shares of targets."""
        bounds = value if isinstance(value, list) else [value]
        return all(isinstance(bound, str) and _OF_TARGET.fullmatch(bound.strip()) for bound in bounds)

    def one(
        self, spec: AlertSpec, kpi: Kpi, part: str, when: str, n: int
    ) -> tuple[Watched, Beyond | Trend | Stale | Restated] | None:
        """The numbers of one KPI, and when they wake somebody; None after telling what is wrong."""
        columns = self.columns(spec.for_)
        breakdown = self.breakdown(kpi, part, columns, "for")
        if breakdown is None:
            return None
        if not columns and spec.for_ is None:
            self.total(kpi, part, "an alert", "kpi", n)
        cell, each = cell_of(columns, breakdown)
        grain = spec.grain or (kpi.by_grain if breakdown else kpi.grain)
        kept = kpi.grains(cell=bool(breakdown))
        if grain not in kept:
            what = f"the cells of {kpi.name} are" if breakdown else f"{kpi.name} is"
            self.say(f"{what} kept by {values.among(kept)}, not by {grain}", "grain-not-possible", None, "grain")
            return None
        watched = Watched(kpi.name, part, grain, cell, each)
        match when:
            case "trend":
                assert spec.trend is not None
                if spec.trend is Direction.WORSE and kpi.better is Better.NONE:
                    remedy = "Give it 'better', or write 'trend: up' or 'trend: down'."
                    self.say(f"{kpi.name} does not say which side is better", "bad-value", remedy, "trend")
                return watched, Trend(spec.trend, spec.periods)
            case "stale":
                assert spec.stale is not None
                if spec.stale.count and spec.stale.elapsed <= Length(1, Unit(grain)).elapsed:
                    message = f"{kpi.name} has a new {grain} once a {grain}, so 'stale' is longer than that"
                    self.say(message, "bad-value", f"Write for example {Length(2, Unit(grain))}.", "stale")
                return watched, Stale(spec.stale)
            case "restated":
                return watched, Restated()
        beyond = self.beyond(spec, kpi, watched, breakdown, when)
        return (watched, beyond) if beyond else None

    # -- bounds ------------------------------------------------------------------------------------------------------

    def beyond(
        self, spec: AlertSpec, kpi: Kpi, watched: Watched, breakdown: tuple[str, ...], when: str
    ) -> Beyond | None:
        """The bounds beyond which the alert fires, and those at which it ends."""
        grain = watched.grain
        unit, of = kpi.unit_of(watched.part), f"{kpi.name}.{watched.part}" if watched.part else kpi.name
        if spec.growth is not None:
            unit, of = values.PERCENT, "growth"
            if not grain.steps(spec.growth):
                message = f"a {grain} has none that is {spec.growth} earlier, so its growth over that is not defined"
                self.say(message, "grain-not-possible", f"Write for example 'growth: 1 {grain}'.", "growth")
                return None
        formulas = "Formulas bound a value: not its growth."
        reader = Reader(kpi, unit, of, grain, breakdown, self.document, self.path, self.scene, "alert", formulas)
        bounds = _Limits(self, spec, reader, watched)
        low, high = bounds.pair(when, getattr(spec, when), when)
        clear_low, clear_high = (None, None) if spec.clear is None else bounds.pair("clear", spec.clear, when)
        for clear, bound, side, sign in ((clear_low, low, "above", 1), (clear_high, high, "below", -1)):
            if isinstance(clear, float) and isinstance(bound, float) and sign * clear < sign * bound:
                message = f"an alert ends at its bound or {side} it"
                self.say(message, "bad-value", "Without 'clear' it ends at the bound itself.", "clear")
        return Beyond(low, high, spec.growth, clear_low, clear_high, spec.partial) if self.fine else None


@dataclass(frozen=True, slots=True)
class _Limits:
    """Reads the bounds of one alert for one KPI."""

    alert: _Alert
    spec: AlertSpec
    reader: Reader
    watched: Watched

    def pair(self, key: str, value: Any, when: str) -> tuple[Threshold | None, Threshold | None]:
        """The bounds from below and from above; what `below` and `above` leave open is None."""
        if when != "outside":
            found = self.limit(value, when, key)
            return (found, None) if when == "below" else (None, found)
        if not isinstance(value, list) or len(value) != 2:
            message = f"{key} of two bounds is two numbers in brackets, [70, 80], not {values.shown(value)}"
            self.alert.say(message, "wrong-type", None, key)
            return None, None
        low, high = self.limit(value[0], "below", key, 0), self.limit(value[1], "above", key, 1)
        if isinstance(low, float) and isinstance(high, float) and low > high:
            remedy = f"Write [{value[1]}, {value[0]}]."
            self.alert.say(f"{key}: the lower bound comes first", "bad-value", remedy, key)
        return low, high

    def limit(self, value: Any, side: str, *keys: str | int) -> Threshold | None:
        """One bound: a number, a share of the target, or a formula."""
        if isinstance(value, str) and (match := _OF_TARGET.fullmatch(value.strip())):
            return self.of_target(float(f"{match[1]}e-2") if match[1] else 1.0, side, *keys)
        if isinstance(value, str) and re.search(r"\bof\b", value):
            message = f"a share of the target is written '80 % of target', not {values.shown(value)}"
            self.alert.say(message, "bad-quantity", None, *keys)
            return None
        read = self.reader.bound if self.spec.growth is None else self.reader.quantity
        found = read(value, *keys)
        self.alert.fine = self.alert.fine and found is not None
        return found

    def of_target(self, share: float, side: str, *keys: str | int) -> OfTarget | None:
        """A share of a target, if there is one to take it of."""
        kpi, watched = self.reader.kpi, self.watched
        if not share:
            self.alert.say("a share of the target is above 0", "bad-value", None, *keys)
        cell = dict(watched.cell)
        columns = frozenset((*watched.each, *cell))
        growth = f"growth {self.spec.growth}" if self.spec.growth else ""
        speaking = [
            target
            for target in kpi.targets
            if (target.part, target.grain, target.columns) == (growth, watched.grain, columns)
            and all(cell.get(column, value) == value for column, value in target.cell)
            and not watched.part
        ]
        if any(target.low is not None if side == "below" else target.high is not None for target in speaking):
            return OfTarget(share)
        bound = "at_least" if side == "below" else "at_most"
        of = f" of its growth over {self.spec.growth}" if self.spec.growth else ""
        cells = "" if not columns else " of these cells" if watched.each else " of this cell"
        name = f"{kpi.name}.{watched.part}" if watched.part else kpi.name
        message = f"{name} has no target{of} with {bound} for {watched.grain}s{cells}"
        self.alert.say(message, "unknown-name", "Give it one, or write a number.", *keys)
        return None

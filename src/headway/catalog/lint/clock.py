"""`response-time`, `rarely-computed`: what alerts ask for, against how often the project's commands run.

Whoever is told has as long to answer as the level says. How late they are told is another matter: a number is seen when
it is computed, and who did not answer is noticed when the clock ticks. Nothing here knows how long a run takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from headway.catalog import select
from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.errors import Place
from headway.model import (
    Alert,
    Beyond,
    Catalog,
    Clock,
    Digest,
    Level,
    Stale,
    Watched,
    WatchedChecks,
    WatchedEvent,
    WatchedNumbers,
    WatchedSource,
)
from headway.periods import Length, Unit

_DAY = timedelta(days=1)
#: How long a notice of a digest may wait.
_WAITS = {Digest.DAILY: _DAY, Digest.WEEKLY: timedelta(weeks=1)}
#: How many names a sentence lists.
_NAMED = 3


@dataclass(frozen=True)
class _Rhythms:
    """How often what is computed, by the clock of a catalogue."""

    catalog: Catalog
    clock: Clock

    @cached_property
    def kpis(self) -> dict[str, Length]:
        """Each KPI that some run computes, and how often at the most."""
        found: dict[str, Length] = {}
        for run in sorted(self.clock.runs, key=lambda run: run.every.elapsed):
            for name in self.catalog.together(select.kpis(self.catalog, run.selectors)):
                found.setdefault(name, run.every)
        return found

    @cached_property
    def sources(self) -> dict[str, Length]:
        """Each source that some run reads, and how often at the most."""
        found: dict[str, Length] = {}
        for name, every in sorted(self.kpis.items(), key=lambda item: item[1].elapsed):
            for source in self.catalog.upstream(name):
                found.setdefault(source, every)
        return found

    @property
    def tick(self) -> tuple[Length, str]:
        """How often the clock ticks, and how a sentence says so."""
        if self.clock.tick is not None:
            return self.clock.tick, f"it ticks {_each(self.clock.tick)}"
        often = min((run.every for run in self.clock.runs), key=lambda every: every.elapsed)
        return often, f"it ticks with its runs alone, {_each(often)}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the clock stands."""
        return (self.clock.place,) if self.clock.place else ()


def response_time(scene: Scene) -> Iterator[Finding]:
    """Levels whose time to respond cannot be kept, and alerts on what is computed more rarely than that."""
    catalog = scene.catalog
    used = {alert.level for alert in catalog.alerts.values()}
    levels = [level for name, level in catalog.levels.items() if name in used]
    yield from (found for level in levels if (found := _digest(level)))
    if catalog.clock is None:
        yield from _unsaid(levels)
        return
    rhythms = _Rhythms(catalog, catalog.clock)
    yield from (found for level in levels if (found := _ticks(level, rhythms)))
    for alert in catalog.alerts.values():
        yield from _late(alert, catalog.levels[alert.level], rhythms)


def _unsaid(levels: Sequence[Level]) -> Iterator[Finding]:
    """That it is not known, once: of the most urgent level."""
    level = min(levels, key=lambda level: level.respond.elapsed, default=None)
    if level is not None and level.respond.elapsed < _DAY:
        yield Finding(
            "response-time",
            Relation.NOTE,
            f"level {level.name} asks for an answer within {level.respond}, and no clock says when commands run",
            (),
            (level.place,) if level.place else (),
            "A number is seen when it is computed, and who did not answer is noticed by 'headway tick'.",
            "Say in headway.yml what cron does: clock: {tick: 5 minutes, runs: [{every: 1 day}]}.",
        )


def _digest(level: Level) -> Finding | None:
    if level.digest is None or level.respond.elapsed >= _WAITS[level.digest]:
        return None
    wait = _WAITS[level.digest]
    return Finding(
        "response-time",
        Relation.CONTRADICTS,
        f"level {level.name} contradicts itself: an answer is due within {level.respond}, "
        f"and its notices come together {level.digest}",
        (),
        (level.place,) if level.place else (),
        f"What begins just after a digest went out waits {_said(wait)} for the next one.",
        f"Leave 'digest' out, or give people {_said(wait)}.",
    )


def _ticks(level: Level, rhythms: _Rhythms) -> Finding | None:
    tick, said = rhythms.tick
    if tick.elapsed <= level.respond.elapsed:
        return None
    late = level.respond.elapsed + tick.elapsed
    then = f"; only then it goes to {level.escalate}" if level.escalate else ""
    return Finding(
        "response-time",
        Relation.CONTRADICTS,
        f"level {level.name} contradicts the clock: an answer is due within {level.respond}, and {said}",
        (),
        ((level.place,) if level.place else ()) + rhythms.places,
        f"That nobody answered is noticed up to {level.respond} + {tick} = {_said(late)} after somebody was told"
        f"{then}. What could not be delivered waits {tick} for the next attempt.",
        f"Tick every {level.respond} or more often, or give people more time.",
    )


def _late(alert: Alert, level: Level, rhythms: _Rhythms) -> Iterator[Finding]:
    """An alert on what is computed, or read, more rarely than the level asks for an answer."""
    if isinstance(alert.watches, WatchedEvent) or _ticked(alert):
        return
    often = _rhythms_of(alert, rhythms)
    late = {name: every for name, every in often.items() if every and every.elapsed > level.respond.elapsed}
    if not late:
        return
    slowest = max(late.values(), key=lambda every: every.elapsed)
    names = [name for name in late if late[name] == slowest]
    verb = "computed" if _kpis_of(alert) else "read"
    sum_ = _said(slowest.elapsed + level.respond.elapsed)
    yield Finding(
        "response-time",
        Relation.LOOSER,
        f"the clock is looser than level {level.name}, which asks for an answer within {level.respond}: "
        f"{_listed(names)}, which alert {alert.name} watches, {'is' if len(names) == 1 else 'are'} {verb} "
        f"{_each(slowest)}",
        _kpis_of(alert),
        (alert.place, *rhythms.places),
        f"Somebody is told up to {_said(slowest.elapsed)} after it was there to be seen, and answers "
        f"{level.respond} later: {sum_}.",
        f"Let a run select it, {{every: {level.respond}, select: alert:{alert.name}}}, or give it another level."
        + _allowing("response-time", alert),
    )


def rarely_computed(scene: Scene) -> Iterator[Finding]:
    """Alerts that see too little of what they watch: nothing, nothing while it runs, or too late to call it stale."""
    clock = scene.catalog.clock
    if clock is None or not clock.runs:
        return
    rhythms = _Rhythms(scene.catalog, clock)
    for alert in scene.catalog.alerts.values():
        often = _rhythms_of(alert, rhythms)
        if never := [name for name, every in often.items() if every is None]:
            verb = "computes" if _kpis_of(alert) else "reads"
            yield _rarely(
                alert,
                rhythms,
                Relation.CONTRADICTS,
                f"alert {alert.name} watches {_listed(never)}, which no run of the clock {verb}",
                "",
                "Add a run: {every: 1 day} computes everything.",
            )
        elif isinstance(alert.watches, WatchedNumbers):
            yield from _of_numbers(alert, alert.watches, rhythms)
        elif isinstance(alert.watches, WatchedSource) and alert.watches.stale:
            yield from _of_source(alert, alert.watches.source, alert.watches.stale, rhythms)


def _of_numbers(alert: Alert, watches: WatchedNumbers, rhythms: _Rhythms) -> Iterator[Finding]:
    """The first KPI of an alert that is computed too rarely for what the alert asks."""
    for watched in watches.of:
        every, whole = rhythms.kpis[watched.kpi], _length(watched)
        if isinstance(watches.when, Beyond) and watches.when.partial and every.elapsed >= whole.elapsed:
            yield _rarely(
                alert,
                rhythms,
                Relation.LOOSER,
                f"alert {alert.name} may fire while a {watched.grain} of {watched.kpi} still runs, "
                f"and that is computed {_each(every)}",
                f"A {watched.grain} that runs is looked at once at the most.",
                f"Compute it more often than once a {watched.grain}, or leave 'partial' out.",
            )
            return
        if not isinstance(watches.when, Stale):
            continue
        late = rhythms.catalog.settles_after(watched.kpi)
        old = whole.elapsed + late + every.elapsed
        if watches.when.after.elapsed < old:
            settles = f" + {_said(late)} until it is complete" if late else ""
            yield _rarely(
                alert,
                rhythms,
                Relation.CONTRADICTS,
                f"alert {alert.name} contradicts the clock: it fires when {watched.kpi} has no new {watched.grain} for "
                f"{watches.when.after}, and with all well one may be {_said(old)} old",
                f"1 {watched.grain} until the next one ends{settles} + {every} until it is computed = {_said(old)}.",
                f"Compute it more often, or wait {_said(old)}.",
            )
            return


def _of_source(alert: Alert, source: str, stale: Stale, rhythms: _Rhythms) -> Iterator[Finding]:
    every = rhythms.sources[source]
    if stale.after.elapsed <= every.elapsed:
        yield _rarely(
            alert,
            rhythms,
            Relation.CONTRADICTS,
            f"alert {alert.name} contradicts the clock: it fires when {source} has no new row for {stale.after}, "
            f"and it is read {_each(every)}",
            "Before the next run nobody knows of newer rows, so it fires although they are there.",
            f"Let a run read it more often, {{every: 1 hour, select: alert:{alert.name}}}, or wait longer.",
        )


def _rarely(
    alert: Alert, rhythms: _Rhythms, relation: Relation, sentence: str, arithmetic: str, remedy: str
) -> Finding:
    return Finding(
        "rarely-computed",
        relation,
        sentence,
        _kpis_of(alert),
        (alert.place, *rhythms.places),
        arithmetic,
        remedy + _allowing("rarely-computed", alert),
    )


def _ticked(alert: Alert) -> bool:
    """True of what a tick notices without a run: that nothing new came."""
    return isinstance(getattr(alert.watches, "when", getattr(alert.watches, "stale", None)), Stale)


def _rhythms_of(alert: Alert, rhythms: _Rhythms) -> dict[str, Length | None]:
    """How often each KPI, or source, that an alert watches is computed, or read; None for never."""
    if not rhythms.clock.runs:
        return {}
    match alert.watches:
        case WatchedNumbers(of=of):
            return {one.kpi: rhythms.kpis.get(one.kpi) for one in of}
        case WatchedChecks(subject=str(name), of_kpi=True):
            return {name: rhythms.kpis.get(name)}
        case WatchedSource(source=name) | WatchedChecks(subject=str(name)):
            return {name: rhythms.sources.get(name)}
        case WatchedChecks():
            return {name: rhythms.sources.get(name) for name in rhythms.catalog.sources if _is_read(rhythms, name)}
        case _:
            return {}


def _is_read(rhythms: _Rhythms, source: str) -> bool:
    return bool(select.reading(rhythms.catalog, source))


def _kpis_of(alert: Alert) -> tuple[str, ...]:
    match alert.watches:
        case WatchedNumbers(of=of):
            return tuple(dict.fromkeys(one.kpi for one in of))
        case WatchedChecks(subject=str(name), of_kpi=True):
            return (name,)
        case _:
            return ()


def _allowing(slug: str, alert: Alert) -> str:
    """How it is allowed where it can be: at a KPI."""
    names = _kpis_of(alert)
    return f" {allowing(slug, names[0])}" if len(names) == 1 else ""


def _length(watched: Watched) -> Length:
    return Length(1, Unit(watched.grain.value))


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, c and 4 more`."""
    if len(names) > _NAMED + 1:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _each(every: Length) -> str:
    """`every day`, `every 4 hours`."""
    return f"every {every.unit}" if every.count == 1 else f"every {every}"


def _said(time: timedelta) -> str:
    """`1 day 4 hours`."""
    minutes = int(time.total_seconds()) // 60
    found = []
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        count, minutes = divmod(minutes, size)
        found += [str(Length(count, Unit(unit)))] if count else []
    return " ".join(found)

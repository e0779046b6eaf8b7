"""Every alert of a catalogue, one after the other: what each of its rule-cells saw, and what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

from headway.alerts.machine import Rule, Step, advance, retire
from headway.alerts.outlook import Looked, Outlook, Reading
from headway.model import (
    Alert,
    AlertState,
    Beyond,
    Catalog,
    Event,
    Expression,
    RuleCell,
    Sight,
    Sighting,
    Stale,
    Trend,
    Watched,
    WatchedChecks,
    WatchedEvent,
    WatchedNumbers,
    WatchedSource,
    Withdrawn,
)

Seen = tuple[RuleCell, list[Sighting]]
#: An event that was closed for so long before anybody looked is history: it is not told.
FORGOTTEN = timedelta(days=1)


def judge(
    catalog: Catalog,
    outlook: Outlook,
    states: Mapping[RuleCell, AlertState],
    now: datetime,
    only: Collection[str] | None = None,
) -> Iterator[Step]:
    """Advance the rule-cells of every alert, or of `only` these, and give those of which anything changed.

    What is no longer watched ends: an alert that is gone from the catalogue, a cell that a KPI no longer has. Where
    the outlook has no numbers of a KPI, its rule-cells stay as they are.
    """
    known: dict[tuple[str, str], dict[RuleCell, AlertState]] = {}
    for of, state in states.items():
        known.setdefault((of.alert, of.subject), {})[of] = state
    for alert in catalog.alerts.values():
        if only is None or alert.name in only:
            yield from _judge(catalog, alert, outlook, known, now)
    for (name, _), some in known.items():
        if name not in catalog.alerts:
            yield from _retired(some.values(), ("", ""), Withdrawn.REMOVED, outlook, now)


def by_time(alert: Alert) -> bool:
    """True if time alone changes what an alert sees: it has to be judged at every tick, others after a run."""
    watches = alert.watches
    if isinstance(watches, WatchedNumbers):
        return isinstance(watches.when, Stale)
    return isinstance(watches, WatchedSource) and watches.stale is not None


def rule_of(catalog: Catalog, alert: Alert, watched: Watched | None = None) -> Rule:
    """What the machine needs of an alert, for one KPI of those that it watches."""
    said: list[Any] = [alert.after, alert.clear_after]
    when = alert.watches.when if isinstance(alert.watches, WatchedNumbers) else None
    if watched is not None and isinstance(alert.watches, WatchedNumbers):
        said += [watched.part, watched.grain, watched.cell, watched.each, when]
        said += [catalog.kpis[watched.kpi].better] if isinstance(when, Trend) else []
    else:
        said.append(alert.watches)
    text = repr([_said(one) for one in said])
    return Rule(
        fingerprint=hashlib.sha256(text.encode()).hexdigest()[:16],
        level=alert.level,
        route=alert.to,
        after=alert.after,
        clear_after=alert.clear_after,
        periodic=isinstance(when, Beyond | Trend),
    )


def _said(value: Any) -> Any:
    """A value as it reads, without the place where it is written."""
    if isinstance(value, Expression):
        return value.text
    if is_dataclass(value):
        return [type(value).__name__, *(_said(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, tuple):
        return [_said(one) for one in value]
    return str(value)


def _judge(
    catalog: Catalog,
    alert: Alert,
    outlook: Outlook,
    known: Mapping[tuple[str, str], Mapping[RuleCell, AlertState]],
    now: datetime,
) -> Iterator[Step]:
    """Advance the rule-cells of one alert, and end those that it no longer has."""
    states = {of: state for (name, _), some in known.items() if name == alert.name for of, state in some.items()}
    there: set[RuleCell] = set()
    if isinstance(alert.watches, WatchedNumbers):
        from headway.alerts import numbers  # takes a while to import, and many a tick has no numbers to judge

        for watched in alert.watches.of:
            rule, subject = rule_of(catalog, alert, watched), f"kpi {watched.kpi}"
            mine = known.get((alert.name, subject), {})
            looked = numbers.look(catalog, alert, watched, rule, outlook, mine, now)
            if looked is None:
                there.update(mine)
                continue
            cells, seen = looked
            there |= cells
            yield from _advanced(seen, mine, rule, now)
    else:
        rule = rule_of(catalog, alert)
        found = dict(_others(alert, catalog, outlook, states, now))
        there.update(found)
        if isinstance(alert.watches, WatchedEvent):
            # An event has no history before it was posted: whatever became of it is told.
            posted = {of: AlertState(of, rule.fingerprint) for of in found if of not in states}
            yield from _advanced(found.items(), {**states, **posted}, rule, now)
        else:
            yield from _advanced(found.items(), states, rule, now)
        if isinstance(alert.watches, WatchedSource) and alert.watches.source not in outlook.readings:
            there.update(states)
    gone = (state for of, state in states.items() if of not in there)
    yield from _retired(gone, (alert.level, alert.to), Withdrawn.GONE, outlook, now)


def _advanced(seen: Iterable[Seen], states: Mapping[RuleCell, AlertState], rule: Rule, now: datetime) -> Iterator[Step]:
    """What becomes of rule-cells that saw something, where anything does."""
    for of, sightings in seen:
        state = states.get(of)
        step = advance(state, of, sightings, rule, now)
        if step.notices or step.state != state:
            yield step


def _retired(
    states: Iterable[AlertState], to: tuple[str, str], why: str, outlook: Outlook, now: datetime
) -> Iterator[Step]:
    """The end of what is no longer watched, told to whom its start was told."""
    for state in states:
        step = retire(state, *outlook.told.get(state.of, to), why, now)
        if step.state != state:
            yield step


def _others(
    alert: Alert, catalog: Catalog, outlook: Outlook, states: Mapping[RuleCell, AlertState], now: datetime
) -> Iterator[Seen]:
    """What was seen of a source, of checks, or of events."""
    match alert.watches:
        case WatchedSource(source, stale) if source in outlook.readings:
            reading = outlook.readings[source]
            yield RuleCell(alert.name, f"source {source}"), [_of_source(reading, stale, catalog, now)]
        case WatchedChecks(subject, check):
            for name, looks in outlook.checks.items():
                if subject is None or name == f"{subject}.{check}":
                    yield RuleCell(alert.name, f"check {name}"), _of_check(looks)
        case WatchedEvent(text):
            for event in outlook.events:
                of = RuleCell(alert.name, "event", event.id)
                is_news = event.closed is None or now - event.closed < FORGOTTEN
                if _is_called(event, text) and (is_news or of in states):
                    yield of, _of_event(event)


def _of_source(reading: Reading, stale: Stale | None, catalog: Catalog, now: datetime) -> Sighting:
    """How a source is now. Of one that cannot be read nobody knows whether its rows are stale; they only grow older."""
    if stale is None:
        sight = Sight.BEYOND if reading.failed else Sight.FINE
        return Sighting(None, reading.at, sight, text=reading.failed)
    if reading.newest is None:
        return Sighting(None, now, Sight.NO_DATA, text=reading.failed or "it has no row with a time")
    newest = f"its newest row is of {reading.newest.astimezone(catalog.calendar.tz):%Y-%m-%d %H:%M %Z}"
    from headway.alerts import numbers  # as in `_judge`

    return numbers.nothing_new(reading.newest, stale, now, newest)


def _of_check(looks: Sequence[Looked]) -> list[Sighting]:
    """What each run came to of a check, numbered by its moment in microseconds: two runs may end in one second.

    How much fails is its number, and nothing its bound: so it is worse when twice as much fails. A source and a KPI may
    have one name, and a check of one name each: they are one rule-cell, and of one run what failed counts.
    """
    found: dict[int, Sighting] = {}
    for look in looks:
        at, sight = round(look.at.timestamp() * 1_000_000), Sight.FINE if look.passed else Sight.BEYOND
        if at not in found or found[at].sight is Sight.FINE:
            found[at] = Sighting(at, look.at, sight, float(look.failed), 0.0, text=look.text)
    return list(found.values())


def _of_event(event: Event) -> list[Sighting]:
    """An event from when it was posted until it was closed; whoever looks later is told of both."""
    opened = Sighting(int(event.opened.timestamp()), event.opened, Sight.BEYOND, text=event.why or event.text)
    if event.closed is None:
        return [opened]
    # One that is closed within the second is told as well.
    at = max(int(event.closed.timestamp()), int(event.opened.timestamp()) + 1)
    return [opened, Sighting(at, event.closed, Sight.FINE, text=event.why or event.text)]


def _is_called(event: Event, text: str) -> bool:
    """True if an alert speaks of this event; capitals and spaces make no difference."""
    return " ".join(event.text.split()).casefold() == " ".join(text.split()).casefold()

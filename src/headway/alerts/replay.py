"""Replays alerts over a past: what would have been told, had these rules been there (pure).

The rules are judged at one moment after the other, each time by the numbers whose periods were complete by then, and
what is due then counts as told. Numbers are taken as they are known today: the value that a period had when it was
published first, and what it showed while it ran, are not asked for. What was so before the first moment is told to
nobody. Each start counts as taken by somebody, so that nothing is repeated or escalated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headway.alerts.due import DIGEST_AT, Because, Held, due
from headway.alerts.episodes import Episode, episodes
from headway.alerts.judging import by_time, judge
from headway.alerts.outlook import Looked, Outlook
from headway.model import (
    Acknowledgement,
    Alert,
    Alerting,
    AlertState,
    Beyond,
    Catalog,
    Delivery,
    Event,
    Flag,
    Notice,
    RuleCell,
    Tells,
    WatchedNumbers,
    WatchedSource,
)
from headway.periods import Calendar, Grain

#: An episode that is over so soon had ended before most people could have done anything.
SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fired:
    """One episode of the past: from when it held until when, and what was told of it.

    `ended` is None where it still fired at the last moment. `began_before` says that it fired at the first moment
    already. `start` has the number with which it was told. `messages` counts those about it alone or with others;
    `kept_back` says why nobody was told.
    """

    of: RuleCell
    level: str
    began: datetime
    ended: datetime | None
    start: Notice
    began_before: bool = False
    messages: int = 0
    worse: int = 0
    kept_back: str = ""

    def lasted(self, until: datetime) -> timedelta:
        """For how long it fired, by `until` where it has not ended."""
        return (self.ended or until) - self.began

    def within(self, since: datetime, until: datetime) -> timedelta:
        """For how long it fired between two moments."""
        return max(timedelta(), (self.ended or until) - max(self.began, since))

    @property
    def ended_soon(self) -> bool:
        """True if it ended by itself within a day: alerts that do so often are noise."""
        return self.ended is not None and self.ended - self.began <= SOON


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of alerts from `first` to `last`: episodes by when they began, and how many messages were sent.

    `messages` are counted by level; one may tell of many episodes. `unseen` says of alerts why their past is not known.
    """

    first: datetime
    last: datetime
    fired: tuple[Fired, ...]
    messages: Mapping[str, int]
    unseen: Mapping[str, str]

    def weeks(self) -> float:
        """How long it is, in weeks."""
        return (self.last - self.first) / timedelta(weeks=1)

    def of(self, alert: str | None) -> Noise:
        """What became of one alert, or of all."""
        fired = [one for one in self.fired if alert in (None, one.of.alert)]
        started = [one for one in fired if not one.began_before and not one.kept_back]
        return Noise(
            tuple(fired),
            tuple(started),
            sum(one.ended_soon for one in started),
            sum(one.messages for one in fired),
            sum((one.within(self.first, self.last) for one in fired), timedelta()),
        )


@dataclass(frozen=True, slots=True)
class Noise:
    """How often people were told: all episodes, those that began in this time and were told, and how many of these
    ended by themselves within a day. `messages` counts one for each episode that it tells of.
    """

    fired: tuple[Fired, ...]
    started: tuple[Fired, ...]
    soon: int
    messages: int
    time: timedelta


def mornings(calendar: Calendar, since: datetime, until: datetime, *, hourly: bool = False) -> list[datetime]:
    """The moments from one to another at which to look: each morning at the hour of digests, or every hour."""
    if hourly:
        first = since.replace(minute=0, second=0, microsecond=0)
        count = (until - first) // timedelta(hours=1) + 1
        found = [first + timedelta(hours=n) for n in range(count)]
    else:
        days = range((calendar.day(until) - calendar.day(since)).days + 1)
        first_day = calendar.day(since)
        found = [datetime.combine(first_day + timedelta(days=n), DIGEST_AT, calendar.tz) for n in days]
    return [moment for moment in found if since <= moment <= until]


def replay(catalog: Catalog, outlook: Outlook, moments: Sequence[datetime]) -> Replay:
    """What would have been told at each of these moments, of which the first only says how things were."""
    past = _Past(catalog, outlook)
    desk = _Desk(catalog)
    for moment in moments:
        only, seen = past.at(moment)
        steps = list(judge(catalog, seen, desk.states, moment, only)) if only else []
        desk.take({step.state.of: step.state for step in steps}, [one for step in steps for one in step.notices])
        desk.tell(moment, aloud=moment > moments[0])
    return Replay(moments[0], moments[-1], tuple(desk.fired()), desk.messages, _unseen(catalog, outlook))


def _unseen(catalog: Catalog, outlook: Outlook) -> dict[str, str]:
    """The alerts of whose past nothing, or not everything, is known."""
    found = {}
    for alert in catalog.alerts.values():
        watches = alert.watches
        if isinstance(watches, WatchedSource):
            found[alert.name] = "what runs found of a source is known of the newest run only"
        elif isinstance(watches, WatchedNumbers):
            if not any(one.kpi in outlook.numbers and len(outlook.numbers[one.kpi]) for one in watches.of):
                found[alert.name] = "there are no numbers"
            elif isinstance(watches.when, Beyond) and watches.when.partial:
                found[alert.name] = "what a running period showed is not known: it is seen when it is complete"
    return found


# -- what could be seen ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Shown:
    """Numbers of one KPI in the order in which they became complete, and when each did (epoch seconds)."""

    table: pa.Table
    at: NDArray[np.int64]
    so_far: int = -1

    def by(self, moment: datetime) -> pa.Table | None:
        """Those that were complete by then; None if none of them is new."""
        count = int(np.searchsorted(self.at, int(moment.timestamp()), "right"))
        if count == self.so_far:
            return None
        self.so_far = count
        return self.table.slice(0, count)


class _Past:
    """What there was to see at each moment, asked in order."""

    def __init__(self, catalog: Catalog, outlook: Outlook) -> None:
        self._outlook = outlook
        self._shown = {kpi: _shown(catalog, kpi, table) for kpi, table in outlook.numbers.items()}
        #: Alerts that may see something new because a KPI has, because time passes, or because anything happened.
        self._by_kpi: dict[str, list[str]] = {}
        self._always: set[str] = set()
        for alert in catalog.alerts.values():
            for kpi in _kpis(alert):
                self._by_kpi.setdefault(kpi, []).append(alert.name)
            if by_time(alert) or not _kpis(alert):
                self._always.add(alert.name)
        self._stale = {kpi for alert in catalog.alerts.values() if by_time(alert) for kpi in _kpis(alert)}

    def at(self, moment: datetime) -> tuple[set[str], Outlook]:
        """The alerts that may see something new, and all that they see."""
        numbers = {}
        for kpi, shown in self._shown.items():
            table = shown.by(moment)
            if table is None and kpi in self._stale:
                table = shown.table.slice(0, shown.so_far)
            if table is not None and len(table):
                numbers[kpi] = table
        only = {name for kpi in numbers for name in self._by_kpi.get(kpi, ())} | self._always
        outlook = self._outlook
        return only, Outlook(
            numbers=numbers,
            bounds=outlook.bounds,
            checks={name: seen for name, looks in outlook.checks.items() if (seen := _looked(looks, moment))},
            restated={
                kpi: [
                    replace(one, over=one.over if one.over and one.over <= moment else None)
                    for one in changes
                    if one.seen <= moment
                ]
                for kpi, changes in outlook.restated.items()
            },
            events=[_posted(event, moment) for event in outlook.events if event.opened <= moment],
        )


def _kpis(alert: Alert) -> list[str]:
    return [one.kpi for one in alert.watches.of] if isinstance(alert.watches, WatchedNumbers) else []


def _looked(looks: Sequence[Looked], moment: datetime) -> list[Looked]:
    return [look for look in looks if look.at <= moment]


def _posted(event: Event, moment: datetime) -> Event:
    return event if event.closed is None or event.closed <= moment else replace(event, closed=None)


def _shown(catalog: Catalog, kpi: str, table: pa.Table) -> _Shown:
    """The complete numbers of a KPI, by when they became that: as long after their end as rows may come late."""
    table = table.combine_chunks()
    whole = np.flatnonzero((table["flags"].to_numpy() & Flag.PARTIAL) == 0)
    table = table.take(pa.array(whole))
    late = int(catalog.settles_after(kpi).total_seconds())
    grains, periods = np.array(table["grain"].to_pylist(), dtype=object), table["period"].to_numpy()
    at = np.zeros(len(table), np.int64)
    for grain in set(grains.tolist()):
        rows = np.flatnonzero(grains == grain)
        keys, which = np.unique(periods[rows], return_inverse=True)
        ends = [catalog.calendar.from_key(Grain(grain), key).end.timestamp() for key in keys.tolist()]
        at[rows] = np.array(ends, np.int64)[which] + late
    order = np.argsort(at, kind="stable")
    return _Shown(table.take(pa.array(order)), at[order])


# -- what was told -----------------------------------------------------------------------------------------------------


class _Desk:
    """Tells what is due, and keeps what was told: everything arrives, and somebody takes each at once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.states: dict[RuleCell, AlertState] = {}
        self.messages: dict[str, int] = {}
        self._notices: dict[str, Notice] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._taken: dict[tuple[RuleCell, int], Acknowledgement] = {}
        self._before: set[str] = set()
        self._told: dict[tuple[RuleCell, int], int] = {}
        #: Episodes that are over and told, which no later tick looks at.
        self._done: list[Episode] = []
        self._open: set[str] = set()
        #: Why what is open was not told when it was last looked at.
        self._waits: Mapping[str, Held] = {}

    def take(self, states: Mapping[RuleCell, AlertState], notices: Sequence[Notice]) -> None:
        """Note how rule-cells stand, and what is to be told."""
        self.states |= states
        for one in notices:
            self._notices[one.id] = one
            self._open.add(one.id)
            self._taken[one.of, one.episode] = Acknowledgement(one.of, one.episode, "", "", one.made)

    def tell(self, now: datetime, *, aloud: bool) -> None:
        """Tell what is due; not aloud, everything counts as told before."""
        if not aloud:
            self._before = set(self._notices)
            self._settle(Delivery(name, "", now, sent=True) for name in self._before)
            return
        if not self._open:
            return
        alerting = Alerting(
            tuple(self.states.values()),
            tuple(self._notices.values()),
            tuple(self._deliveries[name] for name in self._notices if name in self._deliveries),
            tuple(self._taken.values()),
        )
        found = due(self.catalog, alerting, {}, now)
        self._waits = found.held
        self._settle(found.dropped)
        for one in found.made:
            self._notices[one.id] = one
            self._open.add(one.id)
        for parcel in found.parcels:
            level = parcel.notices[0].level
            self.messages[level] = self.messages.get(level, 0) + 1
            for key in {(one.of, one.episode) for one in parcel.notices}:
                self._told[key] = self._told.get(key, 0) + 1
            self._settle(Delivery(one.id, parcel.route, now, sent=True) for one in parcel.notices)
        self._forget()

    def _settle(self, deliveries: Iterator[Delivery] | Sequence[Delivery]) -> None:
        for one in deliveries:
            self._deliveries[one.notice] = one
            self._open.discard(one.notice)

    def _forget(self) -> None:
        """Put away the episodes of which nothing is to be told any more."""
        for episode in episodes(self._notices.values()):
            names = [one.id for one in episode.notices]
            if episode.end is not None and not self._open.intersection(names):
                self._done.append(episode)
                for name in names:
                    del self._notices[name]
                self._taken.pop((episode.of, episode.number), None)

    def fired(self) -> Iterator[Fired]:
        """Every episode, by when it began."""
        every = [*self._done, *episodes(self._notices.values())]
        for episode in sorted(every, key=lambda one: (one.first.began or one.first.at, one.of, one.number)):
            start = episode.first
            delivery = self._deliveries.get(start.id)
            yield Fired(
                of=episode.of,
                level=start.level,
                began=start.began or start.at,
                ended=episode.end.at if episode.end else None,
                start=start,
                began_before=start.id in self._before,
                messages=self._told.get((episode.of, episode.number), 0),
                worse=len(episode.of_kind(Tells.WORSE)),
                kept_back=self._why(start) if delivery is None else delivery.dropped,
            )

    def _why(self, start: Notice) -> str:
        """Why a start still waits."""
        held = self._waits.get(start.id)
        if held is None:
            return "it waits"
        return "it waits for the digest" if held.because is Because.DIGEST else f"{held.because} by {held.by}"

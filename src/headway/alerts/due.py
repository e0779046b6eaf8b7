"""Says what is to be told now and to whom, what waits and why, and what will never be told (pure).

What is told once is made by the machine: a START, what became WORSE, an END. What time brings is made here: a REPEAT,
an ESCALATION, and the END for those who were called later. Whatever was made is *settled* when it was sent, or dropped
for a reason; until then each tick looks at it again:

    silenced   nobody is told until the silence ends; then what still fires is told
    muted      a more severe alert on the same KPI tells it already, or a check of what it reads; as with a silence
    digest     it waits for the message of the day, or week
    down       the outlet did not take the last message: it is tried after 1, 2, 4 ... 60 minutes

An alert is muted only by one that is told itself: sent, or sent now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import chain

from headway.alerts.episodes import Episode, Tried, episodes, pause
from headway.alerts.machine import notice_id
from headway.model import (
    Acknowledgement,
    Alerting,
    Catalog,
    Delivery,
    Digest,
    Group,
    Level,
    Notice,
    RuleCell,
    Service,
    Silence,
    Stale,
    Tells,
    WatchedNumbers,
)
from headway.periods import Calendar, Grain, Length, Unit

#: When digests go out, by the project's clock.
DIGEST_AT = time(8)
#: For how long a message is tried.
GIVES_UP = timedelta(days=7)


class Because(StrEnum):
    """Why a notice waits."""

    SILENCED = "silenced"
    MUTED = "muted"
    DIGEST = "digest"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Held:
    """Why a notice waits: `by` is the silence, the alert or the route; `until` a moment, where one is known."""

    because: Because
    by: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one route is told in one message: notices of one alert, or level, oldest first."""

    route: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What is due: `made` and `dropped` are to be kept first, then `parcels` sent, the most severe first.

    `firing` is what an Alertmanager, by route, was told and is to hear again, because it forgets. `held` says of
    notices why they wait, by id.
    """

    made: tuple[Notice, ...] = ()
    dropped: tuple[Delivery, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    firing: Mapping[str, tuple[Notice, ...]] = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict)


def due(catalog: Catalog, alerting: Alerting, last_sent: Mapping[str, datetime], now: datetime) -> Due:
    """What is due at `now`, of all that `alerting` has. `last_sent` is when each route last took a message."""
    desk = _Dispatch(catalog, alerting, last_sent, now)
    desk.look()
    return Due(
        tuple(desk.made),
        tuple(desk.dropped),
        tuple(desk.parcels()),
        {route: tuple(notices) for route, notices in desk.firing.items()},
        desk.held,
    )


# -- what is due -------------------------------------------------------------------------------------------------------


class _Dispatch:
    """One look at all that is not settled."""

    def __init__(self, catalog: Catalog, alerting: Alerting, last_sent: Mapping[str, datetime], now: datetime) -> None:
        self.catalog, self.now, self.silences = catalog, now, alerting.silences
        self.states = {state.of: state for state in alerting.states}
        self.taken: dict[tuple[RuleCell, int], Acknowledgement] = {
            (one.of, one.episode): one for one in alerting.acknowledgements
        }
        self.tried: defaultdict[str, Tried] = defaultdict(Tried)
        failures: dict[str, set[datetime]] = defaultdict(set)
        for one in alerting.deliveries:
            tried = self.tried[one.notice]
            if one.sent:
                tried.sent = tried.sent or one.at
            elif one.dropped:
                tried.dropped = one.dropped
            else:
                tried.failed.append(one.at)
                tried.error = one.error
                if one.route not in last_sent or one.at > last_sent[one.route]:
                    failures[one.route].add(one.at)
        self.down = {route: max(moments) + pause(len(moments)) for route, moments in failures.items()}
        self.down = {route: until for route, until in self.down.items() if not self._may_try(failures[route])}
        self.tests = [one for one in alerting.notices if one.tells is Tells.TEST]
        self.episodes = sorted(episodes(alerting.notices), key=self._rank)
        #: What mutes others, by what it speaks of: kind, name and cell.
        self.muting: dict[tuple[str, str, str], list[Episode]] = defaultdict(list)
        self.behind: dict[str, tuple[str, ...]] = {}
        self.made: list[Notice] = []
        self.dropped: list[Delivery] = []
        self.ready: dict[str, Notice] = {}
        self.firing: dict[str, list[Notice]] = defaultdict(list)
        self.held: dict[str, Held] = {}

    def _may_try(self, failed: Iterable[datetime]) -> bool:
        """True if enough time passed since these failures in a row; or if the clock went back behind them."""
        moments = set(failed)
        last = max(moments, default=self.now)
        return not moments or last > self.now or self.now >= last + pause(len(moments))

    def _rank(self, episode: Episode) -> tuple[bool, timedelta]:
        """What may mute comes before what it mutes: checks and sources, then the more severe."""
        return (episode.of.kind == "kpi", self._severity(episode.first))

    def _level(self, notice: Notice) -> Level:
        """The level of a notice; one that the catalogue no longer has is the least severe."""
        return self.catalog.levels.get(notice.level) or Level(notice.level, _NEVER, notice.route)

    def _severity(self, notice: Notice) -> timedelta:
        return self._level(notice).respond.elapsed

    def look(self) -> None:
        """Sort everything that is not settled."""
        for test in self.tests:
            if not self.tried[test.id].settled:
                self._send(test)
        for episode in self.episodes:
            if episode.start is not None and not self.tried[episode.start.id].settled:
                self._begin(episode, episode.start)
            elif episode.end is not None:
                self._finish(episode, episode.end)
            else:
                self._go_on(episode)
            if self._is_told(episode):
                self._mutes(episode)

    # -- an episode --------------------------------------------------------------------------------------------------

    def _begin(self, episode: Episode, start: Notice) -> None:
        """Its start was not told yet."""
        end, muting = episode.end, self._muted(episode)
        if end is not None and (silence := self._silence(start, end.made)):
            self._come_to_nothing(episode, end, f"silenced ({silence.id}), and it ended meanwhile")
        elif silence := self._silence(start, self.now):
            self._hold(episode.notices, Held(Because.SILENCED, silence.id, silence.until))
        elif end is not None and muting:
            self._come_to_nothing(episode, end, f"muted by {muting}, and it ended meanwhile")
        elif muting:
            self._hold(episode.notices, Held(Because.MUTED, muting))
        else:
            self._send(start, lasting=end is None)
            if self.tried[start.id].dropped and end is not None:
                self._come_to_nothing(episode, end, "its start was not told")
            elif end is not None:
                self._worse(episode)
                self._finish(episode, end)
            else:
                self._worse(episode)
                self._call(episode, start)

    def _come_to_nothing(self, episode: Episode, end: Notice, why: str) -> None:
        """It ended before its own route was told of it; others may have been called."""
        self._drop([one for one in episode.notices if one.tells is not Tells.END or one is end], why)
        self._finish(episode, end)

    def _go_on(self, episode: Episode) -> None:
        """Its start was told."""
        start = episode.first
        if silence := self._silence(start, self.now):
            self._hold(episode.notices, Held(Because.SILENCED, silence.id, silence.until))
        elif muting := self._muted(episode):
            self._hold(episode.notices, Held(Because.MUTED, muting))
        else:
            self._worse(episode)
            self._repeat(episode, start)
            self._call(episode, start)
        self._remind(episode, start)

    def _finish(self, episode: Episode, end: Notice) -> None:
        """It ended: whoever was told of it is told that."""
        if episode.start is not None and self.tried[episode.start.id].dropped:
            self._drop([end], "its start was not told")
        if episode.start is None or self.tried[episode.start.id].settled:
            self._drop(episode.of_kind(Tells.WORSE), "it ended before")
        self._drop([*episode.of_kind(Tells.REPEAT), *episode.of_kind(Tells.ESCALATION)], "it ended before")
        ends = [end, *episode.of_kind(Tells.END)]
        for call in episode.of_kind(Tells.ESCALATION):
            if self.tried[call.id].sent and call.route not in {one.route for one in ends}:
                number = len(ends) + 1
                name = notice_id(end.of, end.episode, Tells.END, number)
                ends.append(self._make(replace(end, id=name, number=number, route=call.route, made=self.now)))
        for one in ends:
            if silence := self._silence(one, self.now):
                self._hold([one], Held(Because.SILENCED, silence.id, silence.until))
            else:
                self._send(one)

    def _is_told(self, episode: Episode) -> bool:
        """True if people know of it: its start was sent, or is sent now for the first time."""
        if episode.start is None:
            return True
        tried = self.tried[episode.start.id]
        return tried.sent is not None or (episode.start.id in self.ready and not tried.failed)

    def _worse(self, episode: Episode) -> None:
        """Tell that it became worse, once."""
        worse = episode.of_kind(Tells.WORSE)
        self._drop(worse[:-1], "a later one says more")
        for one in worse[-1:]:
            self._send(one)

    # -- what time brings --------------------------------------------------------------------------------------------

    def _taken(self, episode: Episode) -> bool:
        found = self.taken.get((episode.of, episode.number))
        return found is not None and found.taken

    def _repeat(self, episode: Episode, start: Notice) -> None:
        """Tell it again; what was missed while nobody ticked is told once. An Alertmanager repeats by itself."""
        made = episode.of_kind(Tells.REPEAT)
        every, told = self._level(start).repeat, self.tried[start.id].sent
        if self._taken(episode):
            self._drop(made, "somebody took it")
        elif every is not None and told is not None and self._service(start) is not Service.ALERTMANAGER:
            count = (self.now - told) // every.elapsed
            if count > max((one.number for one in made), default=0):
                made = [*made, self._make(self._again(episode, start, Tells.REPEAT, count, start.route))]
        self._drop(made[:-1], "a later one says the same")
        for one in made[-1:]:
            self._send(one)

    def _call(self, episode: Episode, start: Notice) -> None:
        """Call somebody else, if nobody took it in time since it was first to be told."""
        calls, level, first = episode.of_kind(Tells.ESCALATION), self._level(start), self.tried[start.id].first
        if self._taken(episode):
            self._drop(calls, "somebody took it")
        elif level.escalate is not None and first is not None and not calls:
            if back := self.taken.get((episode.of, episode.number)):
                first = max(first, back.at)
            if self.now >= first + level.respond.elapsed:
                calls = [self._make(self._again(episode, start, Tells.ESCALATION, 1, level.escalate))]
        for one in calls:
            self._send(one)

    def _again(self, episode: Episode, start: Notice, tells: Tells, number: int, route: str) -> Notice:
        """A notice of an episode as it stands now."""
        made = replace(
            start,
            id=notice_id(episode.of, episode.number, tells, number),
            tells=tells,
            number=number,
            at=self.now,
            made=self.now,
            route=route,
        )
        state = self.states.get(episode.of)
        if state is None or state.episode != episode.number:
            return made
        return replace(made, period=state.period, value=state.value, bound=state.bound, text=state.text)

    def _make(self, notice: Notice) -> Notice:
        self.made.append(notice)
        return notice

    def _remind(self, episode: Episode, start: Notice) -> None:
        """What an Alertmanager is to hear again."""
        newest = [start, *episode.of_kind(Tells.WORSE)][-1]
        for one in (start, *episode.of_kind(Tells.ESCALATION)):
            if self._service(one) is Service.ALERTMANAGER and self.tried[one.id].sent:
                self.firing[self._route(one) or ""].append(newest)

    # -- why something waits -----------------------------------------------------------------------------------------

    def _silence(self, notice: Notice, when: datetime) -> Silence | None:
        labels = notice.of.labels(notice.level, notice.route)
        return next((one for one in self.silences if one.holds(when) and one.matches(labels)), None)

    def _mutes(self, episode: Episode) -> None:
        """Keep in mind what others may be muted by."""
        of = episode.of
        if of.kind == "check":
            self.muting["check", of.name.partition(".")[0], ""].append(episode)
        elif of.kind != "event":
            self.muting[of.kind, of.name, of.cell].append(episode)

    def _muted(self, episode: Episode) -> str | None:
        """The alert that mutes an episode, now or when it ended."""
        of = episode.of
        if of.kind != "kpi":
            return None
        places = [("check", name, "") for name in self._behind(of.name)]
        alert = self.catalog.alerts.get(of.alert)
        if alert is not None and isinstance(alert.watches, WatchedNumbers) and isinstance(alert.watches.when, Stale):
            places += [("source", name, "") for name in self._behind(of.name)]
        found = (one for place in places for one in self.muting.get(place, ()))
        same = (one for cell in {"", of.cell} for one in self.muting.get(("kpi", of.name, cell), ()))
        severe = (one for one in same if self._severity(one.first) < self._severity(episode.first))
        return next((one.of.alert for one in chain(found, severe) if self._outlasts(one, episode)), None)

    def _behind(self, kpi: str) -> Sequence[str]:
        """A KPI, those that it is worked out from, and the sources of all that."""
        if kpi not in self.behind:
            known = kpi in self.catalog.kpis
            more = (*self.catalog.kpis[kpi].inputs, *self.catalog.upstream(kpi)) if known else ()
            self.behind[kpi] = (kpi, *more)
        return self.behind[kpi]

    def _outlasts(self, one: Episode, other: Episode) -> bool:
        """True if `one` fires as long as the other does: both do, or it did not end first."""
        if other.end is None:
            return one.end is None
        return one.first.at <= other.end.at and (one.end is None or other.end.at <= one.end.at)

    def _hold(self, notices: Iterable[Notice], why: Held) -> None:
        for one in notices:
            if not self.tried[one.id].settled:
                self.held[one.id] = why

    def _drop(self, notices: Iterable[Notice], why: str) -> None:
        for one in notices:
            if not self.tried[one.id].settled:
                self.tried[one.id].dropped = why
                self.dropped.append(Delivery(one.id, self._route(one) or one.route, self.now, dropped=why))

    # -- what is sent ------------------------------------------------------------------------------------------------

    def _route(self, notice: Notice) -> str | None:
        """The route of a notice; where the catalogue no longer has it, that which its alert has now."""
        if notice.route in self.catalog.routes:
            return notice.route
        alert = self.catalog.alerts.get(notice.of.alert)
        return None if alert is None or notice.tells is Tells.ESCALATION else alert.to

    def _service(self, notice: Notice) -> Service | None:
        found = self.catalog.routes.get(self._route(notice) or "")
        return None if found is None else found.service

    def _send(self, notice: Notice, *, lasting: bool = False) -> None:
        """Send a notice that is not settled, unless its digest is still to come, or its outlet has to rest.

        What is `lasting` is tried for as long as it is true.
        """
        route, tried = self._route(notice), self.tried[notice.id]
        if tried.settled:
            return
        if route is None:
            self._drop([notice], f"there is no route {notice.route} any more")
        elif tried.failed and self.now - min(tried.failed) >= GIVES_UP and not lasting:
            self._drop([notice], f"not delivered for {GIVES_UP.days} days: {tried.error}")
        elif until := self._digest(notice):
            self._hold([notice], Held(Because.DIGEST, notice.level, until))
        elif route in self.down:
            self._hold([notice], Held(Because.DOWN, route, self.down[route]))
        else:
            self.ready[notice.id] = notice

    def _digest(self, notice: Notice) -> datetime | None:
        """When the digest goes out that a notice waits for; None if it is to go now."""
        every = self._level(notice).digest
        if every is None or notice.tells in (Tells.ESCALATION, Tells.TEST) or self._alertmanager(notice):
            return None
        last, following = _digests(self.catalog.calendar, every, self.now)
        labels = notice.of.labels(notice.level, notice.route)
        released = [one.until for one in self.silences if notice.made < one.until <= self.now and one.matches(labels)]
        return None if max([notice.made, *released]) <= last else following

    def _alertmanager(self, notice: Notice) -> bool:
        return self._service(notice) is Service.ALERTMANAGER

    def parcels(self) -> list[Parcel]:
        """What is sent now, in messages: of each route first what was not tried yet, and the most severe."""
        groups: dict[tuple[str, ...], list[Notice]] = defaultdict(list)
        for one in self.ready.values():
            groups[self._group(one)].append(one)
        found = []
        for (route, *_), notices in groups.items():
            if any(self._may_try(self.tried[one.id].failed) for one in notices):
                found.append((route, sorted(notices, key=_order)))
            else:
                self._hold(notices, Held(Because.DOWN, route))
        found.sort(key=lambda pair: (self._last_tried(pair[1]), min(map(self._severity, pair[1]))))
        return [Parcel(route, tuple(notices)) for route, notices in found]

    def _last_tried(self, notices: Sequence[Notice]) -> float:
        """Whoever was tried longest ago is tried first, so that nobody stands in the way of all others."""
        failed = [moment for one in notices for moment in self.tried[one.id].failed]
        return max(failed).timestamp() if failed else 0.0

    def _group(self, notice: Notice) -> tuple[str, ...]:
        """Notices with the same one come in one message; it begins with the route."""
        route = self._route(notice) or notice.route
        if self._alertmanager(notice):
            return (route,)
        level, of = self._level(notice), notice.of
        if notice.tells is Tells.TEST:
            return route, notice.id
        if notice.tells is Tells.ESCALATION:
            route_and = (route, level.name, "escalation")
        elif level.digest is not None:
            return route, level.name, "digest"
        else:
            route_and = (route, level.name, "")
        match level.group:
            case Group.LEVEL:
                return route_and
            case Group.ALERT:
                return (*route_and, of.alert)
            case Group.NONE:
                return (*route_and, of.alert, of.subject, of.part, of.grain, of.cell)


#: How soon to respond to what has no level any more.
_NEVER = Length(100, Unit.YEAR)

_KINDS = (Tells.TEST, Tells.START, Tells.WORSE, Tells.REPEAT, Tells.ESCALATION, Tells.END)


def _order(notice: Notice) -> tuple[datetime, RuleCell, int, int, int]:
    """Within a message: what was made first, and of a rule-cell its start before its end."""
    return notice.made, notice.of, notice.episode, _KINDS.index(notice.tells), notice.number


def _digests(calendar: Calendar, every: Digest, now: datetime) -> tuple[datetime, datetime]:
    """The moments of the last digest, up to now, and of the next one."""
    grain = Grain.DAY if every is Digest.DAILY else Grain.WEEK
    first = calendar.first_day(grain, calendar.day(now))
    here = datetime.combine(first, DIGEST_AT, calendar.tz)
    if here > now:
        before = calendar.first_day(grain, first - timedelta(days=1))
        return datetime.combine(before, DIGEST_AT, calendar.tz), here
    following = calendar.next_first_day(grain, first)
    return here, datetime.combine(following, DIGEST_AT, calendar.tz)

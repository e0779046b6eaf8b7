"""Advances the state of one rule-cell by what it saw, and says what is to be told (pure).

    ok ── beyond ──> pending ── `after` in a row ──> firing ── fine ──> recovering ── `clear_after` in a row ──> ok
     ^─ fine, between ──┘                  START       ^── beyond, between ──┘                             END

What is counted are complete periods, each once, in their order: `AlertState.through` is how far. So it makes no
difference whether sightings come one by one, all at once after a week without a clock, or twice: nobody is told twice,
and nobody is missed. What has no number neither counts nor breaks the count. See docs/alerts.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from headway.model import AlertState, Notice, Phase, RuleCell, Sight, Sighting, Tells, Withdrawn

#: The names of notices are made in this space.
_NOTICES = UUID("6f0f6a1c-5b0e-4d0e-9a53-0a5b2f6f7c11")
#: How many times as far past the bound as in the last message a number is worth another one.
WORSE = 2.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What the machine needs of an alert.

    `fingerprint` changes when the same sightings could lead elsewhere: then they are walked anew. `periodic` says that
    what is watched has periods, each counted once; other sightings are moments, or how things are now.
    """

    fingerprint: str
    level: str
    route: str
    after: int = 1
    clear_after: int = 1
    periodic: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a rule-cell: its state, and what is to be told of it, oldest first."""

    state: AlertState
    notices: tuple[Notice, ...] = ()


def advance(state: AlertState | None, of: RuleCell, sightings: Iterable[Sighting], rule: Rule, now: datetime) -> Step:
    """The state after all that was seen, oldest first; running periods come last.

    Without a state, where the rule changed, or before its first number, the sightings are a whole history. It is
    walked in silence: what fires at its end is told as one START with the moment since which it does, and an episode
    that the changed rule does not see gets its END. Otherwise each episode that began is told, and each that ended.
    What became worse is told once, and only if it still is: it is at least twice as far past its bound as the last
    message said.
    """
    if is_new(state, rule):
        return _anew(state, of, sightings, rule, now)
    assert state is not None
    walk = _Walk(state, rule)
    for sighting in sightings:
        walk.see(sighting)
    return walk.told(now)


def is_new(state: AlertState | None, rule: Rule) -> bool:
    """True if nothing was counted under this rule yet."""
    if state is None or state.rule != rule.fingerprint:
        return True
    return rule.periodic and state.through is None


def retire(state: AlertState, level: str, route: str, why: str, now: datetime) -> Step:
    """The state of a rule-cell that is no longer watched: what fired ends, and `why` says so.

    If it comes back, its history is walked anew.
    """
    gone = AlertState(state.of, "", episode=state.episode, since=now, text=why)
    if not state.phase.fires:
        return Step(gone if state.rule else state)
    return Step(gone, (_closing(state, Rule("", level, route), why, now),))


def notice_id(of: RuleCell, episode: int, tells: Tells, number: int) -> str:
    """The name of a notice in every copy of the ledger: the same notice cannot be made twice."""
    said = [of.alert, of.subject, of.part, of.grain, of.cell, episode, tells.value, number]
    return str(uuid5(_NOTICES, json.dumps(said, ensure_ascii=False)))


def _anew(state: AlertState | None, of: RuleCell, sightings: Iterable[Sighting], rule: Rule, now: datetime) -> Step:
    """Walk a whole history in silence, and tell what of the present follows from it."""
    walk = _Walk(AlertState(of, rule.fingerprint), rule)
    for sighting in sightings:
        walk.see(sighting)
    episode = state.episode if state else 0
    found = walk.told(now)
    if state is None or not state.phase.fires:
        if not found.state.phase.fires:
            return Step(replace(found.state, episode=episode))
        if found.state.sight is Sight.NO_DATA:
            # Nobody is woken by what ceased to exist before anybody looked: a customer who left years ago.
            rested = replace(found.state, phase=Phase.OK, count=0, since=None, began=None, told=None, worse=0)
            return Step(replace(rested, episode=episode))
        # Episodes of before are not told, so the present one is the next.
        start = found.notices[-1]
        number = notice_id(of, episode + 1, Tells.START, 1)
        return Step(replace(found.state, episode=episode + 1), (replace(start, id=number, episode=episode + 1),))
    if found.state.phase.fires:
        return Step(replace(found.state, episode=episode, began=state.began, worse=state.worse))
    ended = _closing(state, rule, Withdrawn.CHANGED, now)
    return Step(replace(found.state, episode=episode), (ended,))


def _closing(state: AlertState, rule: Rule, why: str, now: datetime) -> Notice:
    """The END of an episode that nothing seen has ended."""
    return Notice(
        id=notice_id(state.of, state.episode, Tells.END, 1),
        of=state.of,
        episode=state.episode,
        tells=Tells.END,
        number=1,
        at=now,
        made=now,
        level=rule.level,
        route=rule.route,
        began=state.began,
        period=state.period,
        value=state.value,
        bound=state.bound,
        text=why,
    )


@dataclass(slots=True)
class _Telling:
    """A message in the making: what it tells of which episode, and from when."""

    tells: Tells
    episode: int
    at: datetime
    began: datetime | None
    seen: Sighting


class _Walk:
    """One rule-cell on its way through what it saw. It holds the state's fields, loose while they change."""

    __slots__ = (
        "before",
        "began",
        "beyond",
        "count",
        "episode",
        "phase",
        "rule",
        "seen",
        "sight",
        "since",
        "text",
        "through",
        "to_tell",
    )

    def __init__(self, state: AlertState, rule: Rule) -> None:
        self.before, self.rule = state, rule
        self.phase, self.sight, self.count, self.through = state.phase, state.sight, state.count, state.through
        self.episode, self.since, self.began, self.text = state.episode, state.since, state.began, state.text
        #: The last number seen, and the last one past the bound.
        self.seen: Sighting | None = None
        self.beyond: Sighting | None = None
        self.to_tell: list[_Telling] = []

    # -- what is seen ------------------------------------------------------------------------------------------------

    def see(self, sighting: Sighting) -> None:
        """Count a sighting, unless it was counted before."""
        if sighting.sight.blind:
            if self.through is None or sighting.period is None or sighting.period > self.through:
                self.sight, self.text = sighting.sight, sighting.text
            return
        period = sighting.period
        # A moment may come twice, to no effect; a second number of a period is a restatement, and tells nothing.
        newest = self.through if self.rule.periodic or self.through is None else self.through - 1
        if period is not None and newest is not None and period <= newest:
            if self.sight.blind and period == self.through:
                self.sight, self.text = sighting.sight, sighting.text
            return
        self.seen, self.sight, self.text = sighting, sighting.sight, sighting.text
        if sighting.sight is Sight.BEYOND:
            self.beyond = sighting
        if not sighting.complete:
            self._running(sighting)
            return
        if period is not None:
            self.through = period
        if sighting.sight is Sight.BEYOND:
            self._towards_start(sighting)
        elif sighting.sight is Sight.FINE:
            self._towards_end(sighting)
        else:
            self._between(sighting)

    def _running(self, sighting: Sighting) -> None:
        """A running period may start an episode, as one more period beyond the bound, and never ends one."""
        if sighting.sight is Sight.BEYOND and not self.phase.fires and self.count + 1 >= self.rule.after:
            self._fire(sighting)
            # Periods before it that complete later must not end what began after them.
            if sighting.period is not None:
                self.through = max(sighting.period - 1, self.through or sighting.period - 1)

    def _towards_start(self, sighting: Sighting) -> None:
        if self.phase.fires:
            if self.phase is Phase.RECOVERING:
                self._enter(Phase.FIRING, sighting.at)
            return
        if self.phase is Phase.OK:
            self._enter(Phase.PENDING, sighting.at)
        self.count += 1
        if self.count >= self.rule.after:
            self._fire(sighting)

    def _towards_end(self, sighting: Sighting) -> None:
        if not self.phase.fires:
            if self.phase is Phase.PENDING:
                self._enter(Phase.OK, sighting.at)
            return
        if self.phase is Phase.FIRING:
            self._enter(Phase.RECOVERING, sighting.at)
        self.count += 1
        if self.count >= self.rule.clear_after:
            self.to_tell.append(_Telling(Tells.END, self.episode, sighting.at, self.began, sighting))
            self._enter(Phase.OK, sighting.at)
            self.began = self.beyond = None

    def _between(self, sighting: Sighting) -> None:
        """Neither past the bound nor back behind the one that ends it: no row of periods goes on."""
        if self.phase in (Phase.PENDING, Phase.RECOVERING):
            self._enter(Phase.FIRING if self.phase.fires else Phase.OK, sighting.at)

    def _fire(self, sighting: Sighting) -> None:
        self.began = self.since if self.phase is Phase.PENDING else sighting.at
        self.episode += 1
        self._enter(Phase.FIRING, sighting.at)
        self.to_tell.append(_Telling(Tells.START, self.episode, sighting.at, self.began, sighting))

    def _enter(self, phase: Phase, at: datetime) -> None:
        self.phase, self.since, self.count = phase, at, 0

    # -- what is told ------------------------------------------------------------------------------------------------

    def told(self, now: datetime) -> Step:
        """The state, and the messages about what happened on the way."""
        told, worse = self.before.told, self.before.worse
        if not self.phase.fires:
            told, worse = None, 0
        elif self.beyond is not None:
            starts = [one for one in self.to_tell if one.tells is Tells.START and one.episode == self.episode]
            distance = _distance(self.beyond)
            if starts:
                # Who is told late is told how it is, not how it was when it began.
                starts[0].seen, told, worse = self.beyond, distance, 0
            elif self.sight is Sight.BEYOND and distance is not None and told and distance >= WORSE * told:
                self.to_tell.append(_Telling(Tells.WORSE, self.episode, self.beyond.at, self.began, self.beyond))
                told, worse = distance, worse + 1
        return Step(self._state(told, worse), tuple(self._notice(one, worse, now) for one in self.to_tell))

    def _state(self, told: float | None, worse: int) -> AlertState:
        before, seen = self.before, self.seen
        return AlertState(
            of=before.of,
            rule=before.rule,
            phase=self.phase,
            sight=self.sight,
            count=self.count,
            through=self.through,
            episode=self.episode,
            since=self.since,
            began=self.began,
            period=before.period if seen is None else seen.period,
            value=before.value if seen is None else seen.value,
            bound=before.bound if seen is None else seen.bound,
            told=told,
            worse=worse,
            text=self.text,
        )

    def _notice(self, one: _Telling, worse: int, now: datetime) -> Notice:
        number = worse if one.tells is Tells.WORSE else 1
        return Notice(
            id=notice_id(self.before.of, one.episode, one.tells, number),
            of=self.before.of,
            episode=one.episode,
            tells=one.tells,
            number=number,
            at=one.at,
            made=now,
            level=self.rule.level,
            route=self.rule.route,
            began=one.began,
            period=one.seen.period,
            value=one.seen.value,
            bound=one.seen.bound,
            text=one.seen.text,
        )


def _distance(sighting: Sighting) -> float | None:
    """How far past its bound a number is; None where nothing is measured."""
    if sighting.value is None or sighting.bound is None:
        return None
    return abs(sighting.value - sighting.bound)

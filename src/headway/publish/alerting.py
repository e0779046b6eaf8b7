"""Alerts as readers see them: what fires and who knows, what nobody is told of, what ended, and every rule.

States come from the ledger, as the clock left them: nothing is judged here. The public has no page of alerts: that
something is wrong is for those who mend it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from headway.alerts import due
from headway.alerts.due import Because, Held
from headway.formats import dates, plurals
from headway.model import (
    Acknowledgement,
    Alert,
    Alerting,
    AlertState,
    Catalog,
    Delivery,
    Notice,
    Phase,
    RuleCell,
    Sight,
    Silence,
    Tells,
    WatchedChecks,
    WatchedNumbers,
    WatchedSource,
    by_severity,
    read_cell,
)
from headway.periods import Grain, Period
from headway.publish import rules
from headway.publish.alertpages import (
    AlertRow,
    Command,
    Happened,
    Urgency,
    Watching,
)
from headway.publish.pages import Verdict
from headway.publish.stored import Periods

#: For so long an episode that ended stays on the page.
RESOLVED = timedelta(days=30)
#: An alert on more KPIs than this names none of them in its title.
_FEW = 3
#: So many things that happened in an episode stand on a page.
_LOG = 12

OK = Verdict("pass", "OK")
_BLIND = {
    Sight.NO_DATA: Verdict("no data", "No data"),
    Sight.STALE: Verdict("stale", "Stale"),
    Sight.WITHHELD: Verdict("withheld", "Withheld"),
    Sight.ERROR: Verdict("failed", "Not computed"),
}
#: The order in which the states of a rule are counted.
ORDER = (
    "firing",
    "recovering",
    "pending",
    "acknowledged",
    "silenced",
    "failed",
    "withheld",
    "stale",
    "no data",
    "pass",
)
#: The phases that somebody may have to do something about, in the order in which they stand.
ACTIVE = ("firing", "recovering", "pending")


@dataclass(frozen=True)
class Alerts:
    """How alerts stand for one reader: `names` are the KPIs that the reader may see, `sources` those behind them."""

    catalog: Catalog
    now: datetime
    names: frozenset[str]
    sources: frozenset[str]
    kept: Alerting
    periods: Periods
    #: When each route last took something.
    last_sent: Mapping[str, datetime] = field(default_factory=dict)
    #: Of a time that is past: states were replaced since, and are told from notices.
    past: bool = False

    # -- what there is -----------------------------------------------------------------------------------------------

    @cached_property
    def states(self) -> tuple[AlertState, ...]:
        """Every state that the reader may know of, of what is still watched."""
        found = self._then() if self.past else [state for state in self.kept.states if state.rule]
        return tuple(state for state in found if state.of.alert in self.catalog.alerts and self.may_know(state.of))

    def _then(self) -> Iterator[AlertState]:
        """What fired at a time that is past: what had been told to start, and not to end."""
        for notices in self.episodes.values():
            if any(one.tells is Tells.END for one in notices):
                continue
            last = notices[-1]
            yield AlertState(
                of=last.of, rule="then", phase=Phase.FIRING, sight=Sight.BEYOND, episode=last.episode,
                since=last.began, began=last.began, period=last.period, value=last.value, bound=last.bound,
                text=last.text,
            )  # fmt: skip

    def may_know(self, of: RuleCell) -> bool:
        """True if the reader may know of a rule-cell, and of its alert."""
        alert = self.catalog.alerts.get(of.alert)
        return self._may_see(of) and (alert is None or self.may_read(alert))

    def _may_see(self, of: RuleCell) -> bool:
        """True if the reader may know of what is watched."""
        if of.kind == "kpi":
            return of.name in self.names
        if of.kind in ("source", "check"):
            subject = of.name.partition(".")[0]
            return subject in self.sources or subject in self.names
        return True

    def may_read(self, alert: Alert) -> bool:
        """True if the reader may know of an alert: one on a few KPIs may name each of them."""
        match alert.watches:
            case WatchedNumbers(of=of):
                watched = {one.kpi for one in of}
                return watched <= self.names or (len(watched) > _FEW and bool(watched & self.names))
            case WatchedSource(source=source):
                return source in self.sources
            case WatchedChecks(subject=str() as subject):
                return subject in self.sources or subject in self.names
        return True

    @cached_property
    def episodes(self) -> dict[tuple[RuleCell, int], list[Notice]]:
        """What is to be told of each episode, oldest first."""
        found: dict[tuple[RuleCell, int], list[Notice]] = defaultdict(list)
        for notice in sorted(self.kept.notices, key=lambda one: (one.made, one.tells is Tells.END)):
            if notice.tells is not Tells.TEST:
                found[notice.of, notice.episode].append(notice)
        return found

    @cached_property
    def _deliveries(self) -> dict[str, list[Delivery]]:
        """What came of each notice, oldest first."""
        found: dict[str, list[Delivery]] = defaultdict(list)
        for one in sorted(self.kept.deliveries, key=lambda one: one.at):
            found[one.notice].append(one)
        return found

    @cached_property
    def taken(self) -> dict[tuple[RuleCell, int], Acknowledgement]:
        """Who looks after each episode."""
        return {(one.of, one.episode): one for one in self.kept.acknowledgements if one.taken}

    @cached_property
    def silences(self) -> tuple[Silence, ...]:
        """Those in force, the last to end first."""
        return tuple(
            sorted((one for one in self.kept.silences if one.holds(self.now)), key=lambda one: one.until, reverse=True)
        )

    @cached_property
    def severity(self) -> dict[str, int]:
        """How severe each level is, 0 the most."""
        return by_severity(self.catalog.levels)

    # -- rows --------------------------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> tuple[AlertRow, ...]:
        """Every rule-cell that is not simply fine, the most severe and the newest first."""
        found = [self._row(state) for state in self.states if state.phase is not Phase.OK or state.sight.blind]
        found.sort(key=lambda row: (-row.urgency.bars, *_newest_first(row)))
        return tuple(found)

    @property
    def firing(self) -> int:
        """How many alerts fire and nobody looks after."""
        return sum(row.fires and row.state.key in ACTIVE for row in self.rows)

    def _row(self, state: AlertState) -> AlertRow:
        of = state.of
        alert = self.catalog.alerts[of.alert]
        seen = rules.seen(of, state.value, state.bound, self._period(of, state.period), state.text, self.catalog)
        shown, urgency = self.state(state), self.urgency(alert)
        said = bool(seen.text) and of.kind in ("check", "event")  # "fails" adds nothing to what failed
        return AlertRow(
            id=of.id,
            alert=of.alert,
            title=rules.heading(of, self.catalog),
            kpi=of.name if of.kind == "kpi" else "",
            subject=rules.subject(of, self.catalog),
            cell=dict(read_cell(of.cell)),
            urgency=urgency,
            state=shown,
            fires=state.phase.fires,
            urgent=shown.key == "firing" and urgency.bars == 3,
            text=seen.text,
            value=seen.value,
            rule="" if said else rules.rule(alert, self.catalog, self.names, rules.watched_by(alert, of)),
            since=self._since(state),
            since_at=state.began if state.phase.fires else state.since,
            told=self._told(state),
            said=self._said(state),
            commands=() if self.past else tuple(self._commands(state, shown)),
            log=tuple(self._log(state.of, state.episode)) if state.phase.fires else (),
        )

    def state(self, state: AlertState) -> Verdict:
        """How a rule-cell stands, for people: what nobody is told of says so first."""
        alert = self.catalog.alerts[state.of.alert]
        if state.phase is Phase.OK:
            return _BLIND.get(state.sight, OK)
        if silence := self._silence(state.of):
            return Verdict("silenced", f"Silenced, {rules.lasted(silence.until - self.now)} left")
        if state.phase.fires and (state.of, state.episode) in self.taken:
            return Verdict("acknowledged", "Acknowledged")
        if state.phase is Phase.FIRING:
            return Verdict("firing", "Firing")
        if state.phase is Phase.PENDING:
            return Verdict("pending", f"Pending, {state.count} of {alert.after}")
        return Verdict("recovering", f"Recovering, {state.count} of {alert.clear_after}")

    def _silence(self, of: RuleCell) -> Silence | None:
        """The silence that holds a rule-cell longest."""
        labels = self._labels(of)
        return next((one for one in self.silences if one.matches(labels)), None)

    def _labels(self, of: RuleCell) -> dict[str, str]:
        alert = self.catalog.alerts[of.alert]
        return of.labels(alert.level, alert.to)

    def urgency(self, alert: Alert) -> Urgency:
        """The level of an alert, with its bars."""
        return self.urgency_of(alert.level)

    def urgency_of(self, level: str) -> Urgency:
        """A level, with its bars."""
        return Urgency(level, rules.bars(self.severity, level))

    def _since(self, state: AlertState) -> str:
        """Since 21 Nov, 03:05, 3 h 5 min; no data since then."""
        start = state.began if state.phase.fires else state.since
        said = []
        if start is not None:
            # A clock that was told another time (`--now`) may have been ahead of that of the reader.
            length = f", {rules.lasted(self.now - start)}" if start <= self.now else ""
            said.append(f"Since {self.at(start)}{length}")
        if state.phase is not Phase.OK and state.sight.blind:
            said.append(_UNSEEN[state.sight])
        return ". ".join(said)

    def _period(self, of: RuleCell, key: int | None) -> Period | None:
        return self.periods.get(Grain(of.grain), key) if of.grain and key is not None else None

    # -- who knows ---------------------------------------------------------------------------------------------------

    @cached_property
    def _held(self) -> Mapping[str, Held]:
        """Why notices wait, by their ids."""
        return {} if self.past else due.due(self.catalog, self.kept, self.last_sent, self.now).held

    def _told(self, state: AlertState) -> str:
        """Who was told of an episode, who could not be reached and why, or why nobody is told."""
        if not state.phase.fires:
            return "Nobody is told yet" if state.phase is Phase.PENDING else ""
        reached: dict[str, None] = {}
        waits = ""
        for notice in self.episodes.get((state.of, state.episode), ()):
            tries = self._deliveries.get(notice.id, [])
            reached.update({one.route: None for one in tries if one.sent})
            if not any(one.sent for one in tries):
                waits = self._waits(notice, tries)
        said = [f"Told: {', '.join(reached)}"] if reached else []
        return ". ".join([*said, *([waits] if waits else [])]) or "Nobody is told yet"

    def _waits(self, notice: Notice, tries: Sequence[Delivery]) -> str:
        """Why a notice was not delivered; '' where another sentence says so."""
        if tries and tries[-1].dropped:
            return f"Not told: {tries[-1].dropped}".rstrip(".")
        held = self._held.get(notice.id)
        match held.because if held else None:
            case Because.SILENCED:
                return ""
            case Because.MUTED:
                assert held is not None, "it is matched"
                by = self.catalog.alerts.get(held.by)
                return f"Nobody is told while {by.title if by and self.may_read(by) else 'another alert'} fires"
            case Because.DIGEST:
                assert held is not None, "it is matched"
                return f"Waits for the digest of {self.at(held.until)}" if held.until else "Waits for the digest"
        failed = next((one for one in reversed(tries) if one.error), None)
        if failed is None:
            return f"Waits for {notice.route}, which could not be reached" if held else ""
        again = f". It is tried again at {self.at(held.until)}" if held and held.until else ""
        why = failed.error.removeprefix(f"route {notice.route}: ").rstrip(".")
        return f"{notice.route} could not be reached since {self.at(tries[0].at)}: {why}{again}"

    def _said(self, state: AlertState) -> str:
        """What somebody said to it, in a sentence."""
        said = []
        if state.phase.fires and (taken := self.taken.get((state.of, state.episode))):
            said.append(f"{taken.who or 'Somebody'} took it on {self.at(taken.at)}{_quoted(taken.why)}")
        if state.phase is not Phase.OK and (silence := self._silence(state.of)):
            said.append(f"{silence.who or 'Somebody'} silenced it until {self.at(silence.until)}{_quoted(silence.why)}")
        return ". ".join(said)

    def _commands(self, state: AlertState, shown: Verdict) -> Iterator[Command]:
        """What can be done about it, as command lines."""
        if state.phase is Phase.OK:
            return
        taken = (state.of, state.episode) in self.taken
        if state.phase.fires:
            if taken:
                yield Command("Hand back", f"headway alerts ack {state.of.id} --back")
            else:
                yield Command("Acknowledge", f"headway alerts ack {state.of.id} --why '...'")
        if shown.key == "silenced" and (silence := self._silence(state.of)):
            yield Command("End silence", f"headway alerts unsilence {silence.id}")
        else:
            yield Command("Silence", f"headway alerts silence {_matching(state.of)} --for 4h --why '...'")

    def _log(self, of: RuleCell, episode: int) -> Iterator[Happened]:
        """What happened in an episode, oldest first: what was told, and what somebody said."""
        alert = self.catalog.alerts.get(of.alert)
        found = []
        for notice in self.episodes.get((of, episode), ()):
            period = self._period(of, notice.period)
            seen = rules.seen(of, notice.value, notice.bound, period, notice.text, self.catalog).text if alert else ""
            sent = [one.route for one in self._deliveries.get(notice.id, ()) if one.sent]
            to = f"; told {plurals.listed(list(dict.fromkeys(sent)))}" if sent else ""
            text = f"{_TELLS[notice.tells]}{to}"
            found.append((notice.made, f"{seen}. {text}" if seen else text))
        for one in self.kept.acknowledgements:
            if (one.of, one.episode) == (of, episode):
                verb = "took it" if one.taken else "handed it back"
                found.append((one.at, f"{one.who or 'Somebody'} {verb}{_quoted(one.why)}"))
        for at, text in sorted(found)[-_LOG:]:
            yield Happened(at, self.at(at), text)

    def at(self, moment: datetime) -> str:
        """21 Nov, 03:05 in the project's zone; a midnight is its day."""
        local = moment.astimezone(self.catalog.calendar.tz)
        day = dates.near_day(local.date(), self.catalog.calendar.day(self.now))
        return day if (local.hour, local.minute) == (0, 0) else f"{day}, {dates.clock(local)}"

    # -- pages -------------------------------------------------------------------------------------------------------

    def unattended(self) -> tuple[AlertRow, ...]:
        """What fires and is in nobody's hands."""
        return tuple(row for row in self.rows if row.fires and row.state.key in ACTIVE)

    @cached_property
    def _by_kpi(self) -> Mapping[tuple[str, str], list[AlertState]]:
        found: dict[tuple[str, str], list[AlertState]] = defaultdict(list)
        for state in self.states:
            found[state.of.alert, state.of.name].append(state)
        return found

    @cached_property
    def _rows_by_kpi(self) -> Mapping[tuple[str, str], list[AlertRow]]:
        found: dict[tuple[str, str], list[AlertRow]] = defaultdict(list)
        for row in self.rows:
            found[row.alert, row.kpi].append(row)
        return found

    def watching(self, kpi: str) -> tuple[Watching, ...]:
        """The alerts on a KPI, or on a check of its numbers, with how they stand there."""
        found = []
        for alert in self.catalog.alerts.values():
            if not isinstance(alert.watches, WatchedNumbers):
                continue
            one = next((one for one in alert.watches.of if one.kpi == kpi), None)
            if one is None or not self.may_read(alert):
                continue
            own = self._by_kpi[alert.name, kpi]
            worst = min((self.state(state) for state in own), key=lambda state: ORDER.index(state.key), default=_NEVER)
            rows = tuple(self._rows_by_kpi[alert.name, kpi])
            text = rules.declared(replace(alert, watches=replace(alert.watches, of=(one,))), self.catalog, self.names)
            found.append(Watching(alert.name, alert.title, self.urgency(alert), text, worst, rows))
        return tuple(found)


_NEVER = Verdict("no data", "Not looked at yet")
_UNSEEN = {
    Sight.NO_DATA: "There are no data now",
    Sight.STALE: "Its data are stale now",
    Sight.WITHHELD: "Its numbers are withheld now",
    Sight.ERROR: "It could not be computed last time",
}
_TELLS = {
    Tells.START: "Firing",
    Tells.WORSE: "Worse",
    Tells.END: "Ended",
    Tells.REPEAT: "Still firing",
    Tells.ESCALATION: "Nobody took it in time",
}


def _newest_first(row: AlertRow) -> tuple[float, str, str]:
    return (-row.since_at.timestamp() if row.since_at else 0.0, row.alert, row.subject)


def _matching(of: RuleCell) -> str:
    """The options that silence one rule-cell."""
    cell = "".join(f" --for-cell {_shell(f'{column}={value}')}" for column, value in read_cell(of.cell))
    kpi = f" --kpi {of.name}" if of.kind == "kpi" else ""
    return f"--alert {of.alert}{kpi}{cell}"


def _shell(text: str) -> str:
    """A word as a shell takes it."""
    quoted = text.replace("'", "'\\''")
    return text if all(c.isalnum() or c in "_=.-" for c in text) else f"'{quoted}'"


def _quoted(why: str) -> str:
    return f": “{why.rstrip('.')}”" if why else ""

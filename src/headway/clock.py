"""What happens by itself as time passes: alerts advance by what the ledger holds, notices and reports reach people.

    ledger -> watching -> alerts.judge -> alerts.due -> one transaction -> message -> route -> what came of it

`tick` is the one verb. It may be called as often as anybody likes, by cron, after a run, or by a server: what the
ledger holds says what was done. States and notices are kept in one transaction before anything is sent, and what came
of each message is kept as soon as it is known. So whatever ends this process, the next tick goes on where it ended; it
sends again only what was sent and could not be recorded any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from headway import __version__, alerts, editions, notify, watching
from headway import catalog as catalogue
from headway.alerts import due
from headway.alerts.due import Due, Parcel
from headway.editions import Kept
from headway.errors import DeliveryError
from headway.ledger import NEWS, Ledger, Run
from headway.model import Alerting, AlertState, Audience, Catalog, Delivery, Message, Notice, RuleCell, Signal, Tells

if TYPE_CHECKING:
    from headway.publish import view

#: How often a tick looks again if a run or a decision came while it looked.
_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """One message: what it told, to which route, and why that did not take it, if so."""

    parcel: Parcel
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did. `busy` says who else ticks: then it did nothing.

    `made` are the notices that are new, `sent` the messages that were tried, and `remarks` what somebody has to mend;
    `reports` is what became of the reports that go out by themselves.
    """

    busy: str = ""
    made: tuple[Notice, ...] = ()
    dropped: tuple[Delivery, ...] = ()
    sent: tuple[Sent, ...] = ()
    remarks: tuple[str, ...] = ()
    reports: Kept = field(default_factory=Kept)

    @property
    def idle(self) -> bool:
        """True if there was nothing to do."""
        return self == Ticked()


def tick(catalog: Catalog, ledger: Ledger, now: datetime, environ: Mapping[str, str]) -> Ticked:
    """Do what is due at `now`; `environ` holds the addresses of the routes.

    Nothing before the first run. An outlet that takes nothing is no error: it is tried again by a later tick.
    LedgerError if what came of it cannot be kept.
    """
    with ledger.ticking() as holder:
        if holder is not None:
            return Ticked(busy=holder)
        looked = _advance(catalog, ledger, now)
        ticked = _Round(catalog, ledger, now, environ, looked).deliver() if looked is not None else Ticked()
        return replace(ticked, reports=editions.keep(catalog, ledger, now, environ))


# -- what is new -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Looked:
    """How alerts stand after the look of a tick, what is due, and which notices are new."""

    alerting: Alerting
    due: Due
    made: tuple[Notice, ...]


def _advance(catalog: Catalog, ledger: Ledger, now: datetime) -> _Looked | None:
    """Advance alerts by all that the ledger holds, and keep that with what is due; None if there is nothing at all.

    Alerts are judged anew after a run or a decision, and where the catalogue changed; others only if time alone changes
    what they see. If a run ends meanwhile, its numbers count as well.
    """
    for _ in range(_LOOKS):
        news, last = ledger.newest(*NEWS), ledger.newest("tick")
        if news is None:
            return None
        whole = last is None or last.id < news.id or last.fingerprint != catalog.fingerprint
        only = None if whole else {name for name, alert in catalog.alerts.items() if alerts.by_time(alert)}
        alerting = ledger.alerting(of=only)
        if not catalog.alerts and not alerting.states and not alerting.notices:
            return None
        steps = [] if only == set() else watching.judged(catalog, ledger, alerting, now, only)
        states = {step.state.of: step.state for step in steps}
        notices = tuple(notice for step in steps for notice in step.notices)
        after = _after(alerting, states, notices)
        found = due.due(catalog, after, _last_sent(ledger, after), now)
        made = (*notices, *found.made)
        added = Alerting(tuple(states.values()), made, found.dropped)
        looked = _Looked(replace(after, notices=(*after.notices, *found.made)), found, made)
        if not whole and added == Alerting():
            return looked
        run = Run(now, now, catalog.fingerprint, state="tick", version=__version__)
        if last is None or last.fingerprint != catalog.fingerprint:
            run = replace(run, catalogue=catalogue.text(catalog), files=catalog.files)
        if ledger.record_alerting(run, added, seen=news.id) is not None:
            return looked
    return None


def _after(alerting: Alerting, states: Mapping[RuleCell, AlertState], notices: tuple[Notice, ...]) -> Alerting:
    """How alerts stand once they have advanced."""
    known = {one.id for one in alerting.notices}
    return replace(
        alerting,
        states=(*(one for one in alerting.states if one.of not in states), *states.values()),
        notices=(*alerting.notices, *(one for one in notices if one.id not in known)),
    )


def _last_sent(ledger: Ledger, alerting: Alerting) -> Mapping[str, datetime]:
    """When each route last took a message, which matters only if one did not."""
    return ledger.last_sent() if any(one.error for one in alerting.deliveries) else {}


# -- what is sent ------------------------------------------------------------------------------------------------------


@dataclass
class _Round:
    """The messages of one tick on their way."""

    catalog: Catalog
    ledger: Ledger
    now: datetime
    environ: Mapping[str, str]
    looked: _Looked
    sent: list[Sent] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    views: dict[Audience, view.View] = field(default_factory=dict)

    def deliver(self) -> Ticked:
        """Send every message, and keep what came of each before the next one.

        After an outlet took none, it is left alone until a later tick: what keeps it down mostly concerns all.
        """
        down: set[str] = set()
        for parcel in self.looked.due.parcels:
            if parcel.route in down:
                continue
            error = self._send(parcel.route, self._message(parcel))
            self._keep(parcel, error)
            self.sent.append(Sent(parcel, error))
            if error:
                down.add(parcel.route)
        self._remind(down)
        dropped = self.looked.due.dropped
        return Ticked("", self.looked.made, dropped, tuple(self.sent), tuple(self.remarks))

    def _send(self, route: str, told: Message) -> str:
        """Hand over a message; why it was not taken, or ''."""
        try:
            notify.send(self.catalog.routes[route], told, self.environ)
        except DeliveryError as error:
            return error.mistakes[0].message
        return ""

    def _keep(self, parcel: Parcel, error: str) -> None:
        deliveries = tuple(
            Delivery(one.id, parcel.route, self.now, sent=not error, error=error) for one in parcel.notices
        )
        run = Run(self.now, self.now, "", state="delivery", version=__version__)
        self.ledger.record_alerting(run, Alerting(deliveries=deliveries))

    def _remind(self, down: set[str]) -> None:
        """Tell each Alertmanager again what fires, because it forgets; nothing of that is kept."""
        for route, notices in self.looked.due.firing.items():
            if route in down:
                continue
            from headway.publish import message

            try:
                told = message.standing(notices, self._view(route))
            except Exception as error:  # it was told before
                self._remark(route, error)
            else:
                self._send(route, told)

    # -- words ---------------------------------------------------------------------------------------------------------

    def _message(self, parcel: Parcel) -> Message:
        """What a message says. Whatever goes wrong with its words and pictures, that it happened is told."""
        from headway.publish import message  # most ticks say nothing, and pages take long to import

        try:
            return message.message(parcel.notices, self._view(parcel.route), self.looked.alerting)
        except Exception as error:  # an alert that is not told is worse than one in few words
            self._remark(parcel.route, error)
            return _plain(parcel, self.now)

    def _remark(self, route: str, error: Exception) -> None:
        """Say that something is wrong with us, without what it was about."""
        said = f"A message to {route} could not be put well ({type(error).__name__}): please report that"
        self.remarks.append(said)

    def _view(self, route: str) -> view.View:
        """The pages as those see them who read a route."""
        from headway.publish import view

        audience = self.catalog.routes[route].audience
        if audience not in self.views:
            self.views[audience] = view.open(self.ledger, self.catalog, audience, self.now)
        return self.views[audience]


def _plain(parcel: Parcel, now: datetime) -> Message:
    """A message of nothing but names that everybody may know, and where to find the rest."""
    from headway.publish import message

    lines = [f"{one.of.alert}: {one.tells}. See headway alerts show {one.of.id}" for one in parcel.notices]
    signals = tuple(
        Signal(
            {"alertname": one.of.alert, "severity": one.level, "rule_cell": one.of.id},
            {"summary": line},
            one.began or one.at,
            one.at if one.tells is Tells.END else now + message.AHEAD,
        )
        for one, line in zip(parcel.notices, lines, strict=True)
    )
    return Message(lines[0], "\n".join(lines) + "\n", signals=signals)

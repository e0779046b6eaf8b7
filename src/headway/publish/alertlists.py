"""The page of alerts, from how they stand: what is active, in hand, silent, not judged, over, and every rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

from headway.formats import plurals
from headway.model import Alert, AlertState, Delivery, Notice, RuleCell, Silence, Tells, WatchedEvent, WatchedNumbers
from headway.publish import rules
from headway.publish.alerting import ACTIVE, OK, ORDER, RESOLVED, Alerts
from headway.publish.alertpages import (
    AlertRow,
    AlertsPage,
    Command,
    EventRow,
    Resolved,
    RouteRow,
    RuleRow,
    SilenceRow,
)
from headway.publish.pages import Count, Link, Stamp, Verdict

#: Beside a number of rule-cells: "2 firing".
_COUNTED = {
    "firing": "firing",
    "recovering": "recovering",
    "pending": "pending",
    "acknowledged": "acknowledged",
    "silenced": "silenced",
    "failed": "not computed",
    "withheld": "withheld",
    "stale": "stale",
    "no data": "without data",
    "pass": "OK",
}
_THEN = "What fired then is told from the messages about it. What was pending, or could not be judged, is not kept."


def page(alerts: Alerts, stamp: Stamp) -> AlertsPage:
    """The page of alerts."""
    resolved = tuple(_resolved(alerts))
    return AlertsPage(
        stamp,
        active=tuple(row for row in alerts.rows if row.state.key in ACTIVE),
        handled=tuple(row for row in alerts.rows if row.state.key in ("acknowledged", "silenced")),
        blind=tuple(row for row in alerts.rows if row.blind),
        resolved=resolved,
        ended=_ended(resolved),
        routes=tuple(_routes(alerts)),
        silences=tuple(_silence_rows(alerts)),
        events=tuple(_events(alerts)),
        rules=tuple(_rules(alerts)),
        note=_THEN if alerts.past else "",
    )


def _resolved(alerts: Alerts) -> Iterator[Resolved]:
    """Episodes that ended lately, the last one first."""
    found = []
    for (of, episode), notices in alerts.episodes.items():
        end = next((one for one in notices if one.tells is Tells.END), None)
        if end is None or alerts.now - end.made > RESOLVED or not alerts.may_know(of):
            continue
        alert, fired = alerts.catalog.alerts.get(of.alert), end.began or notices[0].at
        taken = alerts.taken.get((of, episode))
        found.append(
            Resolved(
                id=of.id,
                alert=of.alert if alert else "",
                title=rules.heading(of, alerts.catalog),
                urgency=alerts.urgency_of(end.level),
                fired=alerts.at(fired),
                ended=alerts.at(end.at),
                lasted=rules.lasted(end.at - fired),
                worst=_worst(alerts, of, [one for one in notices if one.tells is not Tells.END]),
                taken=(taken.who or "Somebody") if taken else "Nobody",
                fired_at=fired,
                ended_at=end.at,
            )
        )
    yield from sorted(found, key=lambda one: one.ended_at, reverse=True)


def _worst(alerts: Alerts, of: RuleCell, notices: Sequence[Notice]) -> str:
    """The value farthest past its bound that was told; '' where there are no numbers."""
    alert, kpi = alerts.catalog.alerts.get(of.alert), alerts.catalog.kpis.get(of.name)
    numbered = [one for one in notices if one.value is not None]
    if alert is None or kpi is None or not numbered:
        return ""
    worst = max(numbered, key=lambda one: abs(one.value - one.bound) if one.bound is not None else 0.0)  # type: ignore[operator]  # filtered above
    return rules.value(worst.value, worst.bound, alert, kpi, of.part)


def _routes(alerts: Alerts) -> Iterator[RouteRow]:
    """Every way to people, and whether it takes what it is given."""
    done = {one.notice for one in alerts.kept.deliveries if one.sent or one.dropped}
    in_order = sorted(alerts.kept.deliveries, key=lambda one: one.at)
    for name in alerts.catalog.routes:
        tries = [one for one in in_order if one.route == name and not one.dropped]
        failed: list[Delivery] = []
        for one in reversed(tries):
            if one.sent:
                break
            failed.append(one)
        waiting = len({one.notice for one in failed} - done)
        sent = next((one for one in reversed(tries) if one.sent), None)
        last = f"Last told {alerts.at(sent.at)}" if sent else "Nothing told in the last 30 days"
        if failed and waiting:
            error = failed[0].error.removeprefix(f"route {name}: ")
            why = f"Could not be reached since {alerts.at(failed[-1].at)}: {error}".rstrip(".")
            text = f"{why}. {plurals.count(waiting, 'message')} wait{'s' if waiting == 1 else ''}, and nothing is lost"
            yield RouteRow(name, Verdict("failed", "Down"), text, waiting)
        else:
            yield RouteRow(name, Verdict("pass", "Working") if sent else Verdict("no data", "Not used"), last, 0)


def _silence_rows(alerts: Alerts) -> Iterator[SilenceRow]:
    for one in alerts.silences:
        if not _may_match(alerts, one):
            continue
        yield SilenceRow(
            id=one.id,
            what=", ".join(f"{label} {value}" for label, value in one.matchers.items()),
            until=alerts.at(one.until),
            left=rules.lasted(one.until - alerts.now),
            who=one.who,
            why=one.why,
            until_at=one.until,
            commands=() if alerts.past else (Command("End silence", f"headway alerts unsilence {one.id}"),),
        )


def _may_match(alerts: Alerts, one: Silence) -> bool:
    """True if what a silence names is nothing that the reader may not know."""
    known = {"kpi": alerts.names, "source": alerts.sources}
    named = all(value in known[label] for label, value in one.matchers.items() if label in known)
    alert = alerts.catalog.alerts.get(one.matchers.get("alert", ""))
    return named and (alert is None or alerts.may_read(alert))


def _events(alerts: Alerts) -> Iterator[EventRow]:
    for one in alerts.kept.events:
        if one.closed is None:
            command = Command("Close", f"headway event --close '{one.text}'")
            commands = () if alerts.past else (command,)
            yield EventRow(one.text, alerts.at(one.opened), one.who, one.why, one.opened, commands)


def _rules(alerts: Alerts) -> Iterator[RuleRow]:
    """Every alert, the most severe first."""
    states: dict[str, list[AlertState]] = defaultdict(list)
    for state in alerts.states:
        states[state.of.alert].append(state)
    rows: dict[str, list[AlertRow]] = defaultdict(list)
    for row in alerts.rows:
        rows[row.alert].append(row)
    for alert in sorted(alerts.catalog.alerts.values(), key=lambda one: alerts.severity.get(one.level, 0)):
        if not alerts.may_read(alert):
            continue
        level = alerts.catalog.levels[alert.level]
        yield RuleRow(
            name=alert.name,
            title=alert.title,
            urgency=alerts.urgency(alert),
            route=alert.to,
            text=rules.declared(alert, alerts.catalog, alerts.names),
            why=alert.why,
            respond=f"within {level.respond}",
            kpis=tuple(_kpis(alerts, alert)),
            counts=_counts([alerts.state(state) for state in states[alert.name]] or _unposted(alerts, alert)),
            cells=tuple(rows[alert.name]),
            declared_at=f"{alert.place.path} line {alert.place.line}",
        )


def _unposted(alerts: Alerts, alert: Alert) -> list[Verdict]:
    """What was never posted has no state, and is as it should be; unless nobody has looked at anything yet."""
    return [OK] if alerts.states and isinstance(alert.watches, WatchedEvent) else []


def _kpis(alerts: Alerts, alert: Alert) -> Iterator[Link]:
    if isinstance(alert.watches, WatchedNumbers):
        watched = dict.fromkeys(one.kpi for one in alert.watches.of if one.kpi in alerts.names)
        yield from (Link(name, alerts.catalog.kpis[name].title) for name in watched)


def _counts(states: Sequence[Verdict]) -> tuple[Count, ...]:
    found = Counter(state.key for state in states)
    return tuple(Count(Verdict(key, _COUNTED[key]), found[key]) for key in ORDER if found[key])


def _ended(resolved: Sequence[Resolved]) -> str:
    """12 alerts, 8 min to 6 d; half within 3 h."""
    if not resolved:
        return ""
    lengths = sorted(one.ended_at - one.fired_at for one in resolved)
    count = plurals.count(len(resolved), "alert")
    if len(lengths) == 1:
        return f"{count}, {rules.lasted(lengths[0])}"
    half = rules.lasted(timedelta(seconds=median(length.total_seconds() for length in lengths)))
    return f"{count}, {rules.lasted(lengths[0])} to {rules.lasted(lengths[-1])}; half within {half}"

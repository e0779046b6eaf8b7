"""What a route is told at once, whole: a line, plain text, mail in HTML with a picture, and alerts for an Alertmanager.

One thing is told in full, a few one after the other, and many in a line each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from headway.formats import dates, plurals
from headway.model import Alerting, Message, Notice, Route, RuleCell, Service, Signal, Tells, by_severity
from headway.publish import told
from headway.publish.rendering import render
from headway.publish.story import Story
from headway.publish.told import Command, Told
from headway.publish.view import View

#: Up to so many are told in full.
FEW = 3
#: Of more than these, the rest is counted.
MANY = 30
#: How long an Alertmanager takes an alert to fire on after it was last told of it. An end is delivered at least once,
#: so this only matters where Headway itself was taken away: an end that nobody saw would be an all-clear too early.
AHEAD = timedelta(days=1)

_TITLES = {
    "start": "{level}: {said}",
    "worse": "{level}, worse: {said}",
    "repeat": "{level}, still: {said}",
    "escalation": "{level}, nobody took it: {said}",
    "end": "Ended: {said}",
    "over": "Over already: {said}",
}
_COUNTED = {
    "escalation": "taken by nobody",
    "start": "started",
    "worse": "got worse",
    "repeat": "still fire",
    "over": "started and ended",
    "end": "ended",
}
_NOTHING = Alerting()
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_]")


def message(notices: Sequence[Notice], view: View, before: Alerting = _NOTHING) -> Message:
    """What a route is told of these notices, as the readers of `view` may know it.

    Several of one episode come to one thing to say. `before` has what was told before of the same episodes: since
    when nobody has taken one is read there.
    """
    for one in notices:
        if one.tells is Tells.TEST:
            return test(view.catalog.routes[one.route], view, one.made)
    groups: dict[tuple[RuleCell, int], list[Notice]] = {}
    for one in notices:
        groups.setdefault((one.of, one.episode), []).append(one)
    few = len(groups) <= FEW
    story = Story(view, before, notices)
    found = [told.told(some, story, short=not few) for some in groups.values()]
    signals = tuple(_signal(some[-1], view, one) for some, one in zip(groups.values(), found, strict=True))
    severity = by_severity(view.catalog.levels)
    found.sort(key=lambda one: (told.KINDS.index(one.kind), severity.get(one.level, len(severity))))
    title = _title(found, view)
    picture = found[0].picture if len(found) == 1 else b""
    return Message(title, _text(found, view), _html(title, found, view, picture), picture, signals)


def standing(notices: Iterable[Notice], view: View) -> Message:
    """What fires, as an Alertmanager wants to hear it again and again: the newest notice of each episode."""
    told_before = list(notices)
    story = Story(view, _NOTHING, told_before)
    found = (_signal(one, view, told.told([one], story, short=True)) for one in told_before)
    return Message("", "", signals=tuple(found))


def test(route: Route, view: View, now: datetime) -> Message:
    """What shows that a route works: it says so, and which levels it serves."""
    catalog = view.catalog
    served = [name for name, level in catalog.levels.items() if route.name in (level.to, level.escalate)]
    levels = f" Alerts of {plurals.listed(served)} come this way." if served else ""
    title = f"Test: {catalog.title} reaches {route.name}"
    said = f"Somebody tried this route at {dates.moment(now, catalog.calendar.tz)}. Nothing is wrong.{levels}"
    one = Told("test", RuleCell("headway_test", "event"), "", title, (said,))
    labels = {"alertname": "HeadwayTest", "project": catalog.name, "route": route.name, "severity": "none"}
    signal = Signal(labels, {"summary": title, "description": said}, now, now + timedelta(minutes=5))
    text = f"{said}\n"
    signals = (signal,) if route.service is Service.ALERTMANAGER else ()
    return Message(title, text, _html(title, [one], view, b""), b"", signals)


# -- one line ------------------------------------------------------------------------------------------------------


def _title(found: Sequence[Told], view: View) -> str:
    """What a locked phone shows."""
    if len(found) <= FEW:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return _TITLES[found[0].kind].format(level=found[0].level.capitalize(), said=found[0].headline) + more
    levels, alerts = {one.level for one in found}, {one.of.alert for one in found}
    counts = Counter(one.kind for one in found)
    said = ", ".join(f"{plurals.whole(counts[kind])} {word}" for kind, word in _COUNTED.items() if counts[kind])
    level = view.catalog.levels.get(next(iter(levels))) if len(levels) == 1 else None
    digest = f", {level.digest}" if level and level.digest else ""
    about = f"{level.name.capitalize()}{digest}: " if level else f"{view.catalog.title}: "
    alert = view.catalog.alerts.get(next(iter(alerts))) if len(alerts) == 1 else None
    return f"{about}{alert.title}, {said}" if alert else f"{about}{said}"


# -- plain text ----------------------------------------------------------------------------------------------------


def _text(found: Sequence[Told], view: View) -> str:
    """What stands below the title, from whose project it comes first: a route may serve several."""
    return f"{view.catalog.title}\n\n{_below(found)}"


def _below(found: Sequence[Told]) -> str:
    if len(found) > FEW:
        lines = [_line(one) for one in found[:MANY]]
        rest = [f"... and {plurals.whole(len(found) - MANY)} more."] if len(found) > MANY else []
        return "\n".join([*lines, *rest, "", *_commands(_of_many(found))]) + "\n"
    parts = [_whole(one, alone=len(found) == 1) for one in found]
    return f"\n{'-' * 60}\n".join(parts)


def _line(one: Told) -> str:
    """`- started: API errors at 1.9 %, above 1 %`"""
    return f"- {_COUNTED[one.kind].replace('still fire', 'still fires')}: {one.headline}"


def _whole(one: Told, *, alone: bool) -> str:
    """All that is said of one rule-cell; its headline stands in the title where it is alone."""
    head = [] if alone else [_TITLES[one.kind].format(level=one.level.capitalize(), said=one.headline)]
    width = max((len(fact.name) for fact in one.facts), default=0) + 2
    blocks = [
        [*head, *one.sentences],
        [f"{fact.name + ':':<{width}} {fact.text}" for fact in one.facts],
        [f"{one.lately.title}: {one.lately.bars}", f"The newest: {', '.join(one.lately.values)}"] if one.lately else [],
        [one.link] if one.link else [],
        _commands(one.commands),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _commands(commands: Sequence[Command]) -> list[str]:
    width = max((len(one.label) for one in commands), default=0) + 2
    return [f"{one.label + ':':<{width}} {one.text}" for one in commands]


def _of_many(found: Sequence[Told]) -> tuple[Command, ...]:
    """What to do about many: see them, and take or silence those of one alert."""
    look = Command("see", "See them", "headway alerts")
    alerts = {one.of.alert for one in found}
    if len(alerts) > 1:
        return (look,)
    alert = next(iter(alerts))
    return (
        look,
        Command("take", "Take them", f"headway alerts ack {alert}"),
        Command("silence", "Silence them for 4 hours", f'headway alerts silence --alert {alert} --for 4h --why "..."'),
    )


# -- mail ----------------------------------------------------------------------------------------------------------


def _html(title: str, found: Sequence[Told], view: View, picture: bytes) -> str:
    few = len(found) <= FEW
    return render(
        "mail.html",
        title=title,
        found=found[: FEW if few else MANY],
        few=few,
        more=max(0, len(found) - MANY),
        counted=_COUNTED,
        titles=_TITLES,
        commands=() if few else _of_many(found),
        picture=bool(picture),
        project=view.catalog.title,
        site=view.catalog.site_url,
    )


# -- an Alertmanager -----------------------------------------------------------------------------------------------


def _signal(notice: Notice, view: View, one: Told) -> Signal:
    """One rule-cell for an Alertmanager: named by its labels, whatever is told of it."""
    of, catalog = notice.of, view.catalog
    labels = of.labels(notice.level, "")
    labels |= {"alertname": labels.pop("alert"), "severity": notice.level, "project": catalog.name, "part": of.part}
    if one.hidden:
        labels = {name: labels[name] for name in ("alertname", "level", "severity", "project")} | {"rule_cell": of.id}
    annotations = {"summary": one.headline, "description": " ".join(one.sentences)}
    annotations |= {fact.name.lower().replace(" ", "_"): fact.text for fact in one.facts}
    annotations |= {command.key: command.text for command in one.commands}
    ends = notice.at if notice.tells is Tells.END else view.now + AHEAD
    return Signal(
        {_label(name): value for name, value in labels.items()},
        annotations,
        notice.began or notice.at,
        ends,
        one.link,
    )


def _label(name: str) -> str:
    """A name as an Alertmanager allows it."""
    allowed = _NOT_ALLOWED.sub("_", name)
    return f"_{allowed}" if allowed[:1].isdigit() else allowed

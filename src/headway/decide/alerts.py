"""What people say to alerts: that they look after one, that nobody is to be told for a while, that something happened.

Each is a row of `run`, so that it has a place in the order of what came into force. The clock acts on it.
"""

from __future__ import annotations

import base64
import difflib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from headway.decide.people import refused
from headway.errors import UsageError
from headway.ledger import Ledger, Run
from headway.model import (
    LABELS,
    Acknowledgement,
    Alert,
    Alerting,
    AlertState,
    Catalog,
    Event,
    RuleCell,
    Silence,
    WatchedEvent,
    WatchedNumbers,
    cell_text,
    read_cell,
)

#: So many names are enough for a remedy.
_NAMED = 8
#: Fewer letters of an id are too few to mean one.
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Saying:
    """Who says something to alerts, why, and when; `version` is that of the program."""

    who: str
    why: str
    now: datetime
    version: str = ""


# -- acknowledging ---------------------------------------------------------------------------------------------------


def acknowledge(
    catalog: Catalog, ledger: Ledger, names: Sequence[str], saying: Saying, *, back: bool = False
) -> list[AlertState]:
    """Look after what fires, so that nothing is repeated or escalated; with `back`, no longer. Gives what that is.

    A name is the id of a rule-cell, its first letters, or an alert: then all that fires of it. UsageError
    `unknown-alert`, `not-firing`, and `already-decided` for handing back what nobody has taken.
    """
    alerting = ledger.alerting()
    chosen = {state.of: state for name in names for state in _firing(catalog, alerting, name)}
    if back:
        taken = {(one.of, one.episode) for one in alerting.acknowledgements if one.taken}
        nobody = [state for state in chosen.values() if (state.of, state.episode) not in taken]
        if nobody:
            said = f"nobody has taken {_called(nobody[0].of, catalog)}"
            raise refused(said, "already-decided", "What nobody has taken cannot be handed back.")
    said_to = tuple(
        Acknowledgement(state.of, state.episode, saying.who, saying.why.strip(), saying.now, not back)
        for state in chosen.values()
    )
    _keep(ledger, saying, Alerting(acknowledgements=said_to))
    return list(chosen.values())


def _firing(catalog: Catalog, alerting: Alerting, name: str) -> list[AlertState]:
    """What fires and is called so."""
    fires = [state for state in _standing(catalog, alerting) if state.phase.fires]
    if name in catalog.alerts:
        if found := [state for state in fires if state.of.alert == name]:
            return found
        raise _still(catalog.alerts[name].title, fires, catalog)
    typed = name.strip().lower()
    known = [state for state in _standing(catalog, alerting) if len(typed) >= _FEWEST and state.of.id.startswith(typed)]
    if not known:
        close = difflib.get_close_matches(name, [*catalog.alerts, *(state.of.id for state in fires)], 1)
        remedy = f"Did you mean '{close[0]}'?" if close else _what_fires(fires, catalog)
        raise refused(f"there is no alert '{name}'", "unknown-alert", remedy)
    if len(known) > 1:
        listed = ", ".join(f"{state.of.id} ({_called(state.of, catalog)})" for state in known[:_NAMED])
        raise refused(f"'{name}' is the beginning of several", "unknown-alert", f"Write one in full: {listed}.")
    if not known[0].phase.fires:
        raise _still(_called(known[0].of, catalog), fires, catalog)
    return known


def _still(title: str, fires: Sequence[AlertState], catalog: Catalog) -> UsageError:
    remedy = f"Only what fires can be acknowledged. {_what_fires(fires, catalog)}"
    return refused(f"'{title}' does not fire", "not-firing", remedy)


def _what_fires(fires: Sequence[AlertState], catalog: Catalog) -> str:
    if not fires:
        return "Nothing fires."
    listed = [f"{state.of.id} ({_called(state.of, catalog)})" for state in fires[:_NAMED]]
    more = f" and {len(fires) - _NAMED} more; 'headway alerts' lists all" if len(fires) > _NAMED else ""
    return f"What fires: {', '.join(listed)}{more}."


def _called(of: RuleCell, catalog: Catalog) -> str:
    """What a rule-cell is called in an error."""
    title = catalog.alerts[of.alert].title if of.alert in catalog.alerts else of.alert
    return ": ".join([title, *([", ".join(value for _, value in read_cell(of.cell))] if of.cell else [])])


# -- silences --------------------------------------------------------------------------------------------------------


def silence(
    catalog: Catalog, ledger: Ledger, matchers: Mapping[str, str], until: datetime, saying: Saying
) -> tuple[Silence, list[RuleCell]]:
    """Tell nobody of what matches until a moment. Gives the silence, and what it speaks of now.

    UsageError `no-reason` without one, `unknown-option` without matchers, `unknown-name` for what there is not,
    `matches-nothing` if nothing that is watched has all of them, `bad-date` for an end that is over.
    """
    if not saying.why.strip():
        remedy = "Say it: --why 'index rebuild, done by 10:00'. Whoever misses the message reads it."
        raise refused("why is nobody to be told?", "no-reason", remedy)
    if not matchers:
        remedy = "Name it: --alert, --kpi, --source, --check, --level, --route or --for-cell column=value."
        raise refused("what is to be silent?", "unknown-option", remedy)
    if until <= saying.now:
        raise refused("the silence would be over already", "bad-date", "Name a moment that is to come.")
    every = dict(_watched(catalog, ledger.alerting()))
    for label, value in matchers.items():
        _check_matcher(catalog, every.values(), label, value)
    made = Silence(_token(), dict(matchers), saying.now, until, saying.who, saying.why.strip())
    found = [of for of, labels in every.items() if made.matches(labels)]
    if not found:
        said = " and ".join(f"{label} {value}" for label, value in matchers.items())
        few = _narrower(matchers, every.values())
        raise refused(f"nothing that is watched has {said}", "matches-nothing", few)
    _keep(ledger, saying, Alerting(silences=(made,)))
    return made, found


def unsilence(ledger: Ledger, names: Sequence[str], saying: Saying) -> list[Silence]:
    """End silences now. UsageError `unknown-silence`, and `already-decided` for one that is over."""
    every = {one.id: one for one in ledger.alerting().silences}
    ended = []
    for name in dict.fromkeys(names):
        typed = name.strip().lower()
        known = [one for one in every.values() if len(typed) >= _FEWEST and one.id.startswith(typed)]
        if len(known) != 1:
            now = [f"{one.id} ({', '.join(one.matchers.values())})" for one in every.values() if one.holds(saying.now)]
            remedy = f"In force: {', '.join(now[:_NAMED])}." if now else "None is in force."
            raise refused(f"there is no silence '{name}'", "unknown-silence", remedy)
        if saying.now >= known[0].until:
            raise refused(f"the silence {known[0].id} is over", "already-decided", None)
        ended.append(replace(known[0], until=max(saying.now, known[0].starts)))
    _keep(ledger, saying, Alerting(silences=tuple(ended)))
    return ended


def _watched(catalog: Catalog, alerting: Alerting) -> Iterable[tuple[RuleCell, dict[str, str]]]:
    """Every rule-cell with its labels: those that have a state, and those that the catalogue names before they do."""
    for state in _standing(catalog, alerting):
        yield state.of, _labels(catalog, state.of)
    for alert in catalog.alerts.values():
        for of in _declared(alert):
            yield of, _labels(catalog, of)


def _declared(alert: Alert) -> Iterable[RuleCell]:
    """What an alert names by itself; which cells there are, data say."""
    if isinstance(alert.watches, WatchedNumbers):
        for one in alert.watches.of:
            cell = cell_text(one.cell) if not one.each else ""
            yield RuleCell(alert.name, f"kpi {one.kpi}", one.part, one.grain.value, cell)
    else:
        yield RuleCell(alert.name, "event" if isinstance(alert.watches, WatchedEvent) else "")


def _labels(catalog: Catalog, of: RuleCell) -> dict[str, str]:
    alert = catalog.alerts[of.alert]
    return of.labels(alert.level, alert.to)


def _check_matcher(catalog: Catalog, every: Iterable[Mapping[str, str]], label: str, value: str) -> None:
    """Refuse a value that nothing has, with what there is."""
    every = list(every)
    known = sorted({labels[label] for labels in every if label in labels})
    declared: Mapping[str, Iterable[str]] = {
        "alert": catalog.alerts,
        "level": catalog.levels,
        "route": catalog.routes,
    }
    if value in known or value in declared.get(label, ()):
        return
    if label not in LABELS and not known:
        columns = sorted({column for labels in every for column in labels if column not in LABELS})
        remedy = f"There is {', '.join(columns)}." if columns else "No alert watches single cells."
        raise refused(f"no alert watches cells by '{label}'", "unknown-name", remedy)
    among = known or sorted(declared.get(label, ()))
    close = difflib.get_close_matches(value, among, 1)
    more = ", ..." if len(among) > _NAMED else ""
    listed = f"There is {', '.join(among[:_NAMED])}{more}." if among else f"No alert watches a {label}."
    what = f"no alert watches {label} '{value}'" if label not in declared else f"there is no {label} '{value}'"
    raise refused(what, "unknown-name", f"Did you mean '{close[0]}'?" if close else listed)


def _narrower(matchers: Mapping[str, str], every: Iterable[Mapping[str, str]]) -> str:
    """What the first of the matchers fits, to choose from."""
    label, value = next(iter(matchers.items()))
    fits = [labels for labels in every if labels.get(label) == value]
    names = sorted({labels["alert"] for labels in fits})
    more = ", ..." if len(names) > _NAMED else ""
    return f"With {label} {value} there is {', '.join(names[:_NAMED])}{more}; all that is named must fit."


# -- events ----------------------------------------------------------------------------------------------------------


def post(catalog: Catalog, ledger: Ledger, text: str, saying: Saying) -> tuple[Event, bool]:
    """Say that something happened that an alert watches. Gives the event, and whether it is new: twice posted is one.

    UsageError `unknown-event` for a text that no alert watches.
    """
    text = _known_event(catalog, text)
    for event in ledger.alerting().events:
        if event.text == text and event.closed is None:
            return event, False
    made = Event(_token(), text, saying.now, saying.who, saying.why.strip())
    _keep(ledger, saying, Alerting(events=(made,)))
    return made, True


def close(catalog: Catalog, ledger: Ledger, text: str, saying: Saying) -> Event:
    """Say that it is over. UsageError `unknown-event` for what no alert watches, or is not open."""
    text = _known_event(catalog, text)
    is_open = [event for event in ledger.alerting().events if event.closed is None]
    found = next((event for event in is_open if event.text == text), None)
    if found is None:
        now = ", ".join(f"'{event.text}'" for event in is_open)
        raise refused(f"'{text}' is not open", "unknown-event", f"Open: {now}." if now else "No event is open.")
    why = saying.why.strip()
    made = replace(found, closed=saying.now, who=saying.who, why=why or found.why)
    _keep(ledger, saying, Alerting(events=(made,)))
    return made


def _known_event(catalog: Catalog, text: str) -> str:
    """The text as an alert has it, however its letters and spaces were typed."""
    known = {
        _folded(alert.watches.text): alert.watches.text
        for alert in catalog.alerts.values()
        if isinstance(alert.watches, WatchedEvent)
    }
    if (found := known.get(_folded(text))) is not None:
        return found
    close_to = difflib.get_close_matches(_folded(text), known, 1)
    listed = ", ".join(f"'{one}'" for one in known.values())
    remedy = (
        f"Did you mean '{known[close_to[0]]}'?"
        if close_to
        else f"Alerts watch {listed}."
        if known
        else "Declare one in alerts.yml: breach: {level: critical, event: data breach}."
    )
    raise refused(f"no alert watches the event '{text}'", "unknown-event", remedy)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


# -- common ----------------------------------------------------------------------------------------------------------


def _standing(catalog: Catalog, alerting: Alerting) -> list[AlertState]:
    """The states of what is still watched."""
    return [state for state in alerting.states if state.rule and state.of.alert in catalog.alerts]


def _token() -> str:
    """A new name: eight letters and digits."""
    return base64.b32encode(uuid.uuid4().bytes[:5]).decode().lower()


def _keep(ledger: Ledger, saying: Saying, added: Alerting) -> None:
    run = Run(saying.now, saying.now, "", state="decision", version=saying.version)
    ledger.record_alerting(run, added)

"""What a template is told beside numbers: alerts, checks, what is held back or waits, objectives, notes, targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headway.formats import dates
from headway.model import TOTAL, Cell
from headway.periods import Period
from headway.publish import goals, words
from headway.publish.alertpages import AlertRow
from headway.publish.pages import Sentence
from headway.publish.view import View
from headway.reports.names import plain


@dataclass(frozen=True, slots=True)
class AlertFact:
    """Something that fires: what it saw, since when, how urgent it is, and who knows of it."""

    title: str
    subject: str
    kpi: str
    level: str
    urgent: bool
    state: str
    text: str
    since: str
    told: str
    said: str


@dataclass(frozen=True, slots=True)
class EndedFact:
    """An alert that ended within the period."""

    title: str
    level: str
    lasted: str
    worst: str
    taken: str


@dataclass(frozen=True, slots=True)
class CheckFact:
    """A check of the data that fails: of what, what it asks for, what was found, and what happens with the numbers."""

    of: str
    asks: str
    found: str
    then: str
    since: str


@dataclass(frozen=True, slots=True)
class SentenceFact:
    """Something that needs somebody: the KPI's title, and the rest of the sentence."""

    kpi: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ResultFact:
    """What an objective expects of a number: `word` is Reached, On track, Behind ...; `says` tells how far it is."""

    kpi: str
    title: str
    status: str
    word: str
    goal: str
    due: str
    says: str


@dataclass(frozen=True, slots=True)
class ObjectiveFact:
    """An objective with what it expects."""

    name: str
    title: str
    about: str
    owner: str
    due: str
    results: tuple[ResultFact, ...]


@dataclass(frozen=True, slots=True)
class NoteFact:
    """Something that happened in the period."""

    when: str
    text: str


@dataclass(frozen=True, slots=True)
class TargetFact:
    """A target that began in the period, or will begin after it: for which KPI, since when, what it is, and why."""

    kpi: str
    title: str
    area: str
    when: str
    target: str
    of: str
    why: str
    ahead: bool


def of(view: View, period: Period, cell: Cell = TOTAL) -> dict[str, Any]:
    """All of it, by the names that a template knows; of a report for one cell, the alerts of that cell alone.

    What fires and fails does so now: a report on an earlier period says nothing of it.
    """
    calendar = view.catalog.calendar
    is_newest = period.key >= calendar.previous(calendar.at(period.grain, view.now)).key
    page = view.alerts() if view.has_alerts else None
    active = [row for row in page.active if set(cell) <= set(row.cell.items())] if page else []
    handled = [row for row in page.handled if set(cell) <= set(row.cell.items())] if page else []
    alerts = {
        "alerts": tuple(map(_alert, active)) if is_newest else (),
        "handled": tuple(map(_alert, handled)) if is_newest else (),
    }
    if cell:
        empty = ("ended", "checks", "held", "waiting", "objectives", "notes", "targets")
        return alerts | dict.fromkeys(empty, ())
    quality = view.quality()
    ended = [one for one in page.resolved if period.first <= calendar.day(one.ended_at) <= period.last] if page else []
    return alerts | {
        "ended": tuple(
            EndedFact(plain(one.title), one.urgency.word, plain(one.lasted), plain(one.worst), plain(one.taken))
            for one in ended
        ),
        "checks": tuple(
            CheckFact(
                plain(group.title),
                plain(row.asks),
                plain(words.sentence(row.found)),
                plain(row.then),
                plain(row.failing_since),
            )
            for group in quality.groups
            for row in group.rows
            if is_newest and row.verdict.key in ("withheld", "warn", "failed")
        ),
        "held": tuple(SentenceFact(one.name, plain(one.title), plain(one.text)) for one in quality.held if is_newest),
        "waiting": tuple(
            SentenceFact(one.name, plain(one.title), plain(one.text)) for one in quality.undecided if is_newest
        ),
        "objectives": tuple(_objectives(view)),
        "notes": tuple(_notes(view, period)),
        "targets": tuple(_targets(view, period)),
    }


def _alert(row: AlertRow) -> AlertFact:
    return AlertFact(
        title=plain(row.title),
        subject=plain(row.subject),
        kpi=row.kpi,
        level=plain(row.urgency.word),
        urgent=row.urgent,
        state=row.state.word,
        text=plain(words.sentence(row.text)),
        since=plain(words.sentence(row.since)),
        told=plain(words.sentence(row.told)),
        said=plain(words.sentence(row.said)),
    )


def _sentence(one: Sentence) -> SentenceFact:
    return SentenceFact(one.name, plain(one.title), plain(one.text))


def _objectives(view: View) -> Iterator[ObjectiveFact]:
    for one in view.all_objectives().objectives:
        results = (
            ResultFact(
                kpi=row.kpi,
                title=plain(row.title),
                status=row.verdict.key,
                word=row.verdict.word,
                goal=plain(row.goal),
                due=row.due_when,
                says=plain(row.says or row.reason),
            )
            for row in one.expects
        )
        yield ObjectiveFact(
            one.name, plain(one.title), plain(one.about), plain(one.owner), one.due_when, tuple(results)
        )


def _notes(view: View, period: Period) -> Iterator[NoteFact]:
    """The oldest first, as far as it is drawn on the chart of a KPI that the reader may see."""
    for year in reversed(view.notes().years):
        for line in reversed(year.notes):
            if line.on <= period.last and line.through >= period.first:
                yield NoteFact(line.when, plain(line.text))


def _targets(view: View, period: Period) -> Iterator[TargetFact]:
    """Targets that begin in the period or after it, in the order of the days on which they do."""
    begun = [
        (target.first, view.catalog.kpis[name], target)
        for name in view.names
        for target in view.catalog.kpis[name].targets
        if target.first is not None and target.first >= period.first
    ]
    for first, kpi, target in sorted(begun, key=lambda one: (one[0], one[1].name)):
        of = ", ".join((*(value for _, value in target.cell), *(f"each {column}" for column in target.each)))
        yield TargetFact(
            kpi=kpi.name,
            title=plain(kpi.title),
            area=kpi.area or "",
            when=dates.day(first),
            target=plain(goals.declared(target, kpi, view.names)),
            of=plain(of),
            why=plain(words.sentence(target.why or "")),
            ahead=first > period.last,
        )

"""How alerts read, on pages and in messages: what they watch, when they fire and end, and what a rule-cell saw."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import timedelta

from headway.formats import dates, numbers, plurals
from headway.formats.numbers import NBSP
from headway.model import (
    Alert,
    Beyond,
    Catalog,
    Direction,
    Formula,
    Kpi,
    OfTarget,
    Restated,
    RuleCell,
    Stale,
    Threshold,
    Trend,
    Unit,
    Watched,
    WatchedChecks,
    WatchedEvent,
    WatchedNumbers,
    WatchedSource,
    read_cell,
)
from headway.periods import Grain, Length, Period
from headway.publish import words
from headway.publish.goals import PERCENT

#: How many KPIs the words on an alert name.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule-cell saw, in words: `value` is the number within `text` that a page may set in bold, or ''."""

    text: str
    value: str = ""


def watched_by(alert: Alert, of: RuleCell) -> Watched | None:
    """The numbers that a rule-cell of this alert watches; None for what has no numbers, or is no longer watched."""
    if not isinstance(alert.watches, WatchedNumbers):
        return None
    return next((one for one in alert.watches.of if _is_of(one, of)), None)


def _is_of(watched: Watched, of: RuleCell) -> bool:
    cell = dict(read_cell(of.cell))
    return (
        (watched.kpi, watched.part, watched.grain.value) == (of.name, of.part, of.grain)
        and set(cell) == {*watched.each, *dict(watched.cell)}
        and all(cell[column] == value for column, value in watched.cell)
    )


def subject(of: RuleCell, catalog: Catalog) -> str:
    """What is watched, as people call it: `API response time, p95, eu`, `source invoices`, `check invoices.fresh`."""
    if of.kind == "kpi":
        kpi = catalog.kpis.get(of.name)
        return ", ".join([kpi.title if kpi else of.name, *([of.part] if of.part else []), *_values(of)])
    if of.kind == "event" and (alert := catalog.alerts.get(of.alert)) and isinstance(alert.watches, WatchedEvent):
        return alert.watches.text
    return of.subject


def heading(of: RuleCell, catalog: Catalog) -> str:
    """What a rule-cell is called in a list: the alert's title, and which it is of the things that this watches."""
    alert = catalog.alerts.get(of.alert)
    title = alert.title if alert else of.alert
    if alert is None or not isinstance(alert.watches, WatchedNumbers):
        several = alert is not None and isinstance(alert.watches, WatchedChecks) and alert.watches.check is None
        return f"{title}: {of.name}" if several else title
    if len({one.kpi for one in alert.watches.of}) > 1:
        return f"{title}: {subject(of, catalog)}"
    more = [*([of.part] if of.part and len(alert.watches.of) > 1 else []), *_values(of)]
    return f"{title}: {', '.join(more)}" if more else title


def _values(of: RuleCell) -> list[str]:
    return [value for _, value in read_cell(of.cell)]


def unit(alert: Alert, kpi: Kpi, part: str) -> Unit:
    """What the value and the bound of a rule-cell count: a growth is a percentage."""
    when = alert.watches.when if isinstance(alert.watches, WatchedNumbers) else None
    return PERCENT if isinstance(when, Beyond) and when.growth else kpi.unit_of(part)


# -- the rule --------------------------------------------------------------------------------------------------------


def rule(alert: Alert, catalog: Catalog, visible: Container[str], watched: Watched | None = None) -> str:
    """When it fires, to stand behind a value: `above 500 ms for 2 hours in a row`, `no new row for 2 days`.

    `watched` says of which of several KPIs, in whose unit; without it, of the first.
    """
    match alert.watches:
        case WatchedNumbers(of=of, when=when):
            one = watched or of[0]
            own = one.grain if watched or len({each.grain for each in of}) == 1 else None
            said = _condition(when, catalog.kpis[one.kpi], one.part, own, visible)
            return f"{said}{_in_a_row(alert.after, own)}"
        case WatchedSource(stale=None):
            return "cannot be read"
        case WatchedSource(stale=Stale(after=after)):
            return f"no new row for {after}"
        case WatchedChecks():
            return "fails"
        case _:
            return "posted, and not closed"


def ends(alert: Alert, catalog: Catalog, visible: Container[str], watched: Watched | None = None) -> str:
    """When it ends, as a sentence: `It ends at or below 0.5 % for 2 hours in a row.`; '' where that needs no words."""
    if isinstance(alert.watches, WatchedEvent):
        return "It ends when that is closed."
    if not isinstance(alert.watches, WatchedNumbers) or not isinstance(alert.watches.when, Beyond):
        return ""
    when, one = alert.watches.when, watched or alert.watches.of[0]
    cleared = when.clear_low is not None or when.clear_high is not None
    if not cleared and alert.clear_after == 1:
        return ""
    counts = PERCENT if when.growth else catalog.kpis[one.kpi].unit_of(one.part)
    limits = (
        ("at or above", when.low if when.clear_low is None else when.clear_low),
        ("at or below", when.high if when.clear_high is None else when.clear_high),
    )
    said = " and ".join(f"{word} {_limit(limit, counts, visible)}" for word, limit in limits if limit is not None)
    own = one.grain if watched or len({each.grain for each in alert.watches.of}) == 1 else None
    return f"It ends {said}{_in_a_row(alert.clear_after, own)}."


def declared(alert: Alert, catalog: Catalog, visible: Container[str]) -> str:
    """The whole rule as sentences: `Fires when API response time, p95 by hour is above 500 ms for 2 hours in a row.`"""
    what, said, running = _what(alert, catalog, visible), rule(alert, catalog, visible), ""
    match alert.watches:
        case WatchedNumbers(when=Beyond(growth=growth, partial=partial)):
            of = f"the growth of {what} over {growth}" if growth else what
            said = f"{of} is {said.removeprefix(f'growth over {growth} ')}"
            running = "The running period may fire too." if partial else ""
        case WatchedNumbers(when=Trend()) | WatchedChecks() | WatchedSource(stale=None):
            said = f"{what} {said}"
        case WatchedEvent():
            said = f"{what} is posted"
        case _:
            said = f"{what} has {said}"
    return " ".join(part for part in (f"Fires when {said}.", ends(alert, catalog, visible), running) if part)


def _what(alert: Alert, catalog: Catalog, visible: Container[str]) -> str:
    match alert.watches:
        case WatchedNumbers(of=of):
            shown = [one for one in of if one.kpi in visible]
            titles = list(dict.fromkeys(_part(catalog.kpis[one.kpi].title, one) for one in shown))
            if len(titles) > _NAMED:
                return f"any of {len(titles)} KPIs"
            one = of[0]
            each = f" of each {plurals.listed(one.each)}" if one.each else ""
            cell = f" of {', '.join(value for _, value in one.cell)}" if one.cell else ""
            return f"{plurals.listed(titles) if titles else 'it'}{each}{cell} by {one.grain}"
        case WatchedSource(source=source):
            return f"source {source}"
        case WatchedChecks(subject=None):
            return "any check"
        case WatchedChecks(subject=subject, check=check):
            return f"check {subject}.{check}"
        case WatchedEvent(text=text):
            return f"“{text}”"
    raise AssertionError(alert.watches)


def _part(title: str, one: Watched) -> str:
    return f"{title}, {one.part}" if one.part else title


def _condition(
    when: Beyond | Trend | Stale | Restated, kpi: Kpi, part: str, grain: Grain | None, visible: Container[str]
) -> str:
    match when:
        case Beyond(low=low, high=high, growth=growth):
            counts = PERCENT if growth else kpi.unit_of(part)
            over = f"growth over {growth} " if growth else ""
            if low is not None and high is not None:
                return f"{over}outside {_limit(low, counts, visible)} to {_limit(high, counts, visible)}"
            if low is not None:
                return f"{over}below {_limit(low, counts, visible)}"
            assert high is not None, "bounds have a side"
            return f"{over}above {_limit(high, counts, visible)}"
        case Trend(direction=direction, periods=periods):
            way = {Direction.WORSE: "got worse", Direction.UP: "went up", Direction.DOWN: "went down"}[direction]
            return f"{way} over the last {periods} {grain or 'period'}s"
        case Stale(after=after):
            return f"no new value for {after}"
        case Restated():
            return "a closed number that changed, or a change that waits"
    raise AssertionError(when)


def _limit(bound: Threshold, counts: Unit, visible: Container[str]) -> str:
    match bound:
        case OfTarget(share=share):
            return "the target" if share == 1 else f"{numbers.exact(share, PERCENT)} of the target"
        case Formula(expression=expression, inputs=inputs):
            hidden = any(name not in visible for name in inputs)
            return "a number made from other KPIs" if hidden else " ".join(expression.text.split())
        case _:
            return numbers.exact(bound, counts)


def _in_a_row(count: int, grain: Grain | None) -> str:
    return f" for {count} {grain or 'period'}s in a row" if count > 1 else ""


# -- what was seen ---------------------------------------------------------------------------------------------------


def value(number: float | None, bound: float | None, alert: Alert, kpi: Kpi, part: str) -> str:
    """A number as people read it, with digits enough to stand on its side of the bound; '' without one."""
    if number is None:
        return ""
    counts = unit(alert, kpi, part)
    sides = {"low": bound, "high": bound} if bound is not None else {}
    decimals = None if counts is PERCENT and kpi.unit_of(part) is not PERCENT else kpi.decimals
    return str(numbers.tile(number, counts, decimals=decimals, **sides))


def seen(
    of: RuleCell, number: float | None, bound: float | None, period: Period | None, text: str, catalog: Catalog
) -> Seen:
    """What a rule-cell saw: `1,120 ms in the hour of 21 Nov 2026, 05:00`; what no number says, in words of its own."""
    alert, kpi = catalog.alerts.get(of.alert), catalog.kpis.get(of.name) if of.kind == "kpi" else None
    if alert is None or kpi is None or number is None or (text and not _has_bound(alert)):
        return Seen(words.sentence(text).removesuffix(".")) if text else Seen("")
    said, where = value(number, bound, alert, kpi, of.part), f" {over(kpi, period)}" if period else ""
    assert isinstance(alert.watches, WatchedNumbers), "a KPI has numbers"
    when = alert.watches.when
    if not isinstance(when, Beyond) or when.growth is None:
        return Seen(f"{said}{where}", said)
    said = said.removeprefix(numbers.MINUS)
    return Seen(f"{said} {'less' if number < 0 else 'more'}{where} than {when.growth} before", said)


def _has_bound(alert: Alert) -> bool:
    return isinstance(alert.watches, WatchedNumbers) and isinstance(alert.watches.when, Beyond)


def over(kpi: Kpi, period: Period) -> str:
    """What a value covers: `in October 2026`, `in the hour of 21 Nov 2026, 14:00`."""
    if period.grain is Grain.HOUR:
        return f"in the hour of {dates.period(period)}"
    return words.covered(kpi, period)


def lasted(time: timedelta) -> str:
    """A length of time in its two largest units: 3 h 25 min, 19 d; under a minute, `less than a minute`."""
    minutes = int(time.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days}{NBSP}d {hours}{NBSP}h" if hours and days < 7 else f"{plurals.whole(days)}{NBSP}d"
    if hours:
        return f"{hours}{NBSP}h {minutes}{NBSP}min" if minutes else f"{hours}{NBSP}h"
    return f"{minutes}{NBSP}min" if minutes else "less than a minute"


def every(length: Length) -> str:
    """How often: `every hour`, `every 15 minutes`."""
    return f"every {length.unit}" if length.count == 1 else f"every {length}"


def bars(severity: Mapping[str, int], level: str) -> int:
    """How many bars a level has, 3 for the most severe."""
    return max(1, 3 - severity.get(level, 2))

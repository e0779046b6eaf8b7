"""What a message says of one rule-cell: what happened, in words that can be read aloud, with what is known about it.

Only published numbers are told, and only to readers who may see them: a route has an audience, as a page has.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from headway.formats import dates, numbers, plurals
from headway.model import (
    Alert,
    Beyond,
    Cell,
    Kpi,
    Notice,
    Restated,
    RuleCell,
    Stale,
    Tells,
    Trend,
    WatchedNumbers,
    WatchedSource,
    Withdrawn,
    read_cell,
)
from headway.periods import Calendar, Grain, Period
from headway.publish import cells, drivers, goals, html, lately, rules, words
from headway.publish.lately import Lately
from headway.publish.stored import Stored, compared_period
from headway.publish.story import Story

#: What happened, by what is told; `over` is what fired and ended before anybody could be told.
KINDS = ("escalation", "start", "worse", "repeat", "over", "end")
#: How many KPIs a message names.
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, under its name."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """Something to copy to a terminal, and what it is for: a key for programs, and words."""

    key: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """One rule-cell in words. `kind` is one of `KINDS`; `headline` is whole without the rest.

    `sentences` are the story, `facts` what is known, `lately` and `picture` the last values; `link` leads to its page
    ('' without `site_url`).
    """

    kind: str
    of: RuleCell
    level: str
    headline: str
    sentences: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    lately: Lately | None = None
    picture: bytes = b""
    link: str = ""
    commands: tuple[Command, ...] = ()
    #: Its readers may not see what is watched.
    hidden: bool = False


def told(notices: Sequence[Notice], story: Story, *, short: bool = False) -> Told:
    """What there is to say of the notices of one episode, which are told at once.

    `short` leaves out what takes more than a line.
    """
    return _Teller(notices, story).told(short=short)


def kind_of(notices: Sequence[Notice]) -> str:
    """What several notices of one episode come to, if they are told at once."""
    tells = {one.tells for one in notices}
    if Tells.END in tells:
        return "over" if Tells.START in tells else "end"
    return next(kind for kind in KINDS if kind in tells)


class _Teller:
    """Everything that is asked about one episode, each of it once."""

    def __init__(self, notices: Sequence[Notice], story: Story) -> None:
        self.notices = sorted(notices, key=lambda one: (one.made, one.at))
        self.story, self.view, self.catalog = story, story.view, story.view.catalog
        self.kind = kind_of(notices)
        #: Who is told late is told how it is now.
        self.notice = self.notices[-1]
        self.of = self.notice.of
        self.alert: Alert | None = self.catalog.alerts.get(self.of.alert)
        self.kpi: Kpi | None = self.catalog.kpis.get(self.of.name) if self.of.kind == "kpi" else None
        self.cell = read_cell(self.of.cell)
        self.watched = rules.watched_by(self.alert, self.of) if self.alert else None
        #: Why it ended though nothing was seen that ends it.
        self.closed = self.notice.text if self.notice.text in set(Withdrawn) else ""

    def told(self, *, short: bool) -> Told:
        """All of it."""
        if self.hidden:
            text = "It watches what readers of this route may not see."
            return Told(
                self.kind, self.of, self.notice.level, self.headline, (text,), commands=self._commands(), hidden=True
            )
        whole = not short and self.kind != "end"
        says = f"{rules.subject(self.of, self.catalog)}, the last values"
        drawn = whole and self.kpi is not None and bool(self._line)
        return Told(
            self.kind,
            self.of,
            self.notice.level,
            self.headline,
            tuple(self._sentences()),
            tuple(Fact(name, text) for name, text in self._facts() if text) if whole else (),
            lately.lately(self._line, self.kpi, self.of.part, self._bound, self.calendar)
            if drawn and self.kpi
            else None,
            lately.picture(self._line, self.kpi, self.of.part, self._bound, says, self.calendar)
            if drawn and self.kpi
            else b"",
            self._link(),
            () if short else self._commands(),
        )

    # -- who may know ----------------------------------------------------------------------------------------------

    @cached_property
    def hidden(self) -> bool:
        """True if the readers of the route may not see what is watched."""
        names, catalog = self.view.names, self.catalog
        match self.of.kind:
            case "kpi":
                return self.of.name in catalog.kpis and self.of.name not in names
            case "source" | "check":
                subject = self.of.name.partition(".")[0]
                readers = self._readers(subject) or ([subject] if subject in catalog.kpis else [])
                return bool(readers) and not any(name in names for name in readers)
        return False

    def _readers(self, source: str) -> list[str]:
        """The KPIs that read a source."""
        return [name for name in self.catalog.kpis if source in self.catalog.upstream(name)]

    # -- the story -------------------------------------------------------------------------------------------------

    @cached_property
    def headline(self) -> str:
        """What happened, in a line that is whole by itself."""
        if self.alert is None or self.hidden:
            return self.alert.title if self.alert else self.of.alert
        subject = rules.subject(self.of, self.catalog)
        subject = subject if self.kpi or self.of.kind == "event" else words.sentence(subject).removesuffix(".")
        said = self._ended(subject) if self.kind == "end" else self._fires(subject)
        return f"{said}, {self._worst} at worst" if self.kind == "over" and self._worst else said

    def _fires(self, subject: str) -> str:
        assert self.alert is not None
        rule = rules.rule(self.alert, self.catalog, self.view.names, self.watched)
        match self.alert.watches:
            case WatchedNumbers(when=Beyond(growth=None)) if self.value:
                return f"{subject} {rule}" if self.kind == "over" else f"{subject} at {self.value}, {rule}"
            case WatchedNumbers(when=Beyond(growth=growth)) if self.value and self.notice.value is not None:
                side = "less" if self.notice.value < 0 else "more"
                if self.kind == "over":
                    return f"{subject}: {rule}"
                return f"{subject} {self.value.removeprefix(numbers.MINUS)} {side} than {growth} before"
            case WatchedNumbers(when=Stale()) | WatchedSource(stale=Stale()):
                return f"{subject}: {rule}"
            case WatchedNumbers(when=Restated()):
                return f"{subject}: {self.notice.text.rstrip('.') or rule}"
        return subject if self.of.kind == "event" else f"{subject} {rule}"

    def _ended(self, subject: str) -> str:
        """What it came to; where the catalogue ended it, only its name."""
        assert self.alert is not None
        if self.closed:
            return rules.heading(self.of, self.catalog)
        match self.alert.watches:
            case WatchedNumbers(when=Beyond(growth=growth)) if self.value and self.notice.value is not None:
                if growth is None:
                    return f"{subject} back at {self.value}"
                side = "less" if self.notice.value < 0 else "more"
                return f"{subject} {self.value.removeprefix(numbers.MINUS)} {side} than {growth} before"
            case WatchedNumbers(when=Stale()):
                return f"{subject}: there is a new value"
            case WatchedSource(stale=Stale()):
                return f"{subject} has new rows"
            case WatchedSource():
                return f"{subject} can be read again"
        match self.of.kind:
            case "check":
                return f"{subject} passes again"
            case "event":
                return f"{subject} is closed"
        return rules.heading(self.of, self.catalog)

    def _sentences(self) -> list[str]:
        """What happened, from the most to the least urgent."""
        said = []
        if self.kind == "escalation":
            level = self.catalog.levels.get(self.notice.level)
            within = f": {level.name} asks for an answer within {level.respond}" if level else ""
            said.append(f"Nobody has taken it since {self._moment(self.story.since(self.notice))}{within}.")
        if self.kind == "repeat":
            said.append("It still fires, and nobody has taken it.")
        if self.kind == "worse":
            more = "at least twice as much fails" if self.of.kind == "check" else "at least twice as far past its bound"
            said.append(f"It got worse: {more} as in the last message.")
        if self.kind == "over":
            said.append("It was over before this message went out.")
        if self.kind in ("end", "over"):
            if self.closed:
                said.append(words.sentence(self.closed))
            said += self._lasted()
        seen = rules.seen(
            self.of, self.notice.value, self.notice.bound, self.period, self.notice.text, self.catalog
        ).text
        if seen and not self.closed and self.kind != "over" and seen.casefold() not in self.headline.casefold():
            about = f"{rules.subject(self.of, self.catalog)}: " if self.value and not self.notice.text else ""
            said.append(f"{about}{seen}.")
        if self.alert and self.alert.why and self.kind != "end":
            said.append(words.sentence(self.alert.why))
        return said

    def _lasted(self) -> list[str]:
        """How long it was, and how bad."""
        began, end = self.notice.began, self.notice.at
        if began is None or end <= began:
            return []
        worst = f", and was {self._worst} at worst" if self._worst else ""
        times = f"from {self._moment(began)} to {self._moment(end)}"
        return [f"It lasted {rules.lasted(end - began)}{worst}: {times}."]

    @cached_property
    def _worst(self) -> str:
        """The number that was farthest past the bound while it fired, among those that are published now."""
        match self.alert:
            case Alert(watches=WatchedNumbers(when=Beyond(growth=None, low=low, high=high))):
                pass
            case _:
                return ""
        began, end = self.notice.began, self.notice.at
        found = [
            row.value
            for row in self._whole_line
            if began and row.value is not None and not row.partial and began <= row.period.end < end
        ]
        if not found or self.alert is None or self.kpi is None:
            return ""
        start = self.story.start(self.notice)
        limit = start.bound if start else None
        worst = min(found) if high is None else max(found)
        if low is not None and high is not None:
            worst = max(found, key=lambda value: abs(value - limit) if limit is not None else 0.0)
        return rules.value(worst, limit, self.alert, self.kpi, self.of.part)

    # -- what is known ---------------------------------------------------------------------------------------------

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("Rule", self._rule())]
        if self.kind == "over":
            return facts
        if self._of_value:
            facts.append(("Target", self._target()))
        if self.notice.began:
            facts.append(("Since", self._moment(self.notice.began)))
        if self._of_value:
            facts.append(("Where", self._driver()))
        elif self.of.kind == "check":
            facts += self._check()
        elif self.of.kind == "source":
            facts.append(("Behind", self._named(self._readers(self.of.name))))
        return facts

    @property
    def _several(self) -> bool:
        """True if its alert watches other KPIs, too."""
        watches = self.alert.watches if self.alert else None
        return isinstance(watches, WatchedNumbers) and len({one.kpi for one in watches.of}) > 1

    @property
    def _of_value(self) -> bool:
        """True for what is told of a number itself, not of when it came or that it changed later."""
        watches = self.alert.watches if self.alert else None
        return isinstance(watches, WatchedNumbers) and isinstance(watches.when, Beyond | Trend)

    def _rule(self) -> str:
        if (
            self.alert is None or self.of.kind in ("event", "check", "source")  # their headline is the rule
        ):
            return ""
        said = rules.rule(self.alert, self.catalog, self.view.names, self.watched)
        ends = rules.ends(self.alert, self.catalog, self.view.names, self.watched)
        return f"{said}. {ends}".strip() if ends else said

    def _target(self) -> str:
        """The target of the period, where it was judged."""
        row = self._row
        if self.kpi is None or row is None or (row.low is None and row.high is None):
            return ""
        return goals.judged(self.kpi, row, self.of.part, self.cell)

    def _driver(self) -> str:
        """The cell that explains most of the change since the period with which a page compares."""
        if self.kpi is None or self.period is None or self._grain is None:
            return ""
        then = compared_period(self.kpi, self.period, self.calendar)
        if all(row.period.key != then.key for row in self._line):
            then = self.calendar.previous(self.period)  # a young line has no other
        before, after = self._rows_of(then), self._rows_of(self.period)
        if self._grain is Grain.HOUR and self.kpi.by and all(cell == self.cell for cell in after):
            return self._driver_of_day(before, after)
        found = drivers.driver(self.kpi, self.of.part, self.cell, before, after)
        if found is None:
            return ""
        text = drivers.said(found, self.kpi, self.of.part)
        lead = "most of the change" if found.explains else "the cell that changed most"
        return f"{text}: {lead} since {dates.period(then)}"

    def _driver_of_day(self, before: Mapping[Cell, Stored], after: Mapping[Cell, Stored]) -> str:
        """Where cells are kept by the day alone, the cell that explains most of the day that the hour is part of.

        A day that still runs is compared as it is, so this is for shares and means, which do not grow with it; and
        for a day that went the way of the hour.
        """
        assert self.kpi is not None
        assert self.period is not None
        if cells.sums(self.kpi):
            return ""
        day = self.calendar.period(Grain.DAY, self.period.first)
        then = self.calendar.previous(day)
        first, last = self._rows_of(then), self._rows_of(day)
        ways = [_way(some.get(self.cell), others.get(self.cell)) for some, others in ((before, after), (first, last))]
        found = drivers.driver(self.kpi, self.of.part, self.cell, first, last)
        if found is None or not found.explains or ways[0] != ways[1]:
            return ""
        text = drivers.said(found, self.kpi, self.of.part)
        return f"{text}: most of the change of the day since {dates.period(then)}"

    def _rows_of(self, period: Period) -> Mapping[Cell, Stored]:
        """The stored rows of what is watched in a period of any grain, by cell."""
        assert self.kpi is not None
        return self.story.period(self.kpi.name, self.of.part, period.grain, period.key)

    def _check(self) -> list[tuple[str, str]]:
        """What a check asks for, how many rows fail, and what it holds back."""
        page = self.view.quality()
        found = [row for group in page.groups for row in group.rows if f"{row.subject}.{row.name}" == self.of.name]
        if not found:
            return []
        row = found[0]
        failing = ""
        if row.failed and row.seen:
            failing = f"{plurals.whole(row.failed)} of {plurals.count(row.seen, 'row')}"
        holds = [f"{link.title} ({link.note})" for link in row.holds[:_NAMED]]
        more = [f"{len(row.holds) - _NAMED} more KPIs"] if len(row.holds) > _NAMED else []
        return [
            ("Asks", row.asks),
            ("Fails", failing),
            ("Holds back", plurals.listed([*holds, *more]) if holds else "nothing: it only warns"),
            ("Why", row.why),
        ]

    def _named(self, names: Sequence[str]) -> str:
        """KPIs by their titles, as far as readers may know them."""
        titles = [self.catalog.kpis[name].title for name in names if name in self.view.names]
        more = [f"{len(titles) - _NAMED} more"] if len(titles) > _NAMED else []
        return plurals.listed([*titles[:_NAMED], *more]) if titles else ""

    # -- what to do ------------------------------------------------------------------------------------------------

    def _link(self) -> str:
        """The page of what is watched, or '' where nobody said where the pages stand."""
        site = self.catalog.site_url
        if not site:
            return ""
        if self.kpi is not None:
            grain = self._grain if self._grain in self.view.grains(self.kpi.name) else self.kpi.front
            return f"{site}/{html.stem(self.kpi.name, grain, self.kpi.front)}.html"
        return f"{site}/quality.html" if self.of.kind in ("check", "source") else f"{site}/alerts.html#{self.of.id}"

    def _commands(self) -> tuple[Command, ...]:
        if self.kind in ("end", "over"):
            return ()
        kpi = f" --kpi {self.of.name}" if self.of.kind == "kpi" and not self.hidden and self._several else ""
        cell = "".join(f" --for-cell {shlex.quote(f'{column}={value}')}" for column, value in self.cell)
        silence = f'headway alerts silence --alert {self.of.alert}{kpi}{cell} --for 4h --why "..."'
        found = [
            Command("take", "Take it", f"headway alerts ack {self.of.id}"),
            Command("silence", "Silence it for 4 hours", silence),
        ]
        match self.alert:
            case Alert(watches=WatchedNumbers(when=Restated())) if not self.hidden:
                found.insert(0, Command("look", "See what changed", "headway restatements"))
        if self.of.kind == "event" and not self.hidden:
            text = rules.subject(self.of, self.catalog)
            found.append(Command("close", "Close it", f"headway event --close {shlex.quote(text)}"))
        return tuple(found)

    # -- numbers ---------------------------------------------------------------------------------------------------

    @property
    def calendar(self) -> Calendar:
        """How the project cuts time."""
        return self.catalog.calendar

    @cached_property
    def value(self) -> str:
        """The number of the notice, or ''."""
        if self.alert is None or self.kpi is None:
            return ""
        return rules.value(self.notice.value, self.notice.bound, self.alert, self.kpi, self.of.part)

    @cached_property
    def _grain(self) -> Grain | None:
        return Grain(self.of.grain) if self.of.grain else None

    @cached_property
    def period(self) -> Period | None:
        """The period of the notice."""
        if self._grain is None or self.notice.period is None or self.kpi is None:
            return None
        return self.view.periods.get(self._grain, self.notice.period)

    @property
    def _bound(self) -> float | None:
        """The bound of the value: that of a growth is none of its."""
        growth = self.alert and isinstance(self.alert.watches, WatchedNumbers) and self.alert.watches.when
        return None if isinstance(growth, Beyond) and growth.growth else self.notice.bound

    @cached_property
    def _whole_line(self) -> list[Stored]:
        """The stored rows of what is watched, oldest first."""
        if self.kpi is None or self._grain is None or self.kpi.measure is None:
            return []
        return self.story.line(self.kpi.name, self.of.part, self._grain, self.cell)

    @cached_property
    def _line(self) -> list[Stored]:
        """The rows up to the period of the notice."""
        if self.period is None:
            return [row for row in self._whole_line if not row.partial]
        last = self.period.key
        return [row for row in self._whole_line if row.period.key <= last]

    @cached_property
    def _row(self) -> Stored | None:
        """The row of the notice's period."""
        row = self._line[-1] if self._line else None
        return row if row is not None and self.period is not None and row.period.key == self.period.key else None

    # -- time ------------------------------------------------------------------------------------------------------

    def _moment(self, when: datetime) -> str:
        return dates.moment(when, self.calendar.tz)


def _way(before: Stored | None, after: Stored | None) -> int:
    """1 for up, -1 for down, 0 for neither."""
    if before is None or after is None or before.value is None or after.value is None:
        return 0
    return (after.value > before.value) - (after.value < before.value)

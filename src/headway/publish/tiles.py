"""One KPI on a card: its newest complete value, change, status, line and provenance (see the design of a tile)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pyarrow.compute as pc

from headway.formats import dates, numbers, plurals
from headway.ledger import Failure, Ledger, Run, Tried
from headway.model import (
    Aggregate,
    Audience,
    Catalog,
    Distinct,
    Duration,
    Entered,
    Kpi,
    Load,
    Narrative,
    Reason,
    Retention,
    Status,
    Unit,
    UnitKind,
    read_cell,
)
from headway.periods import Calendar, Grain, Period
from headway.publish import goals, measures, words
from headway.publish.checks import Findings
from headway.publish.checks import address as address_of
from headway.publish.kpipages import EntryRow
from headway.publish.pages import Compared, Pace, Point, Running, Shown, Tile, Verdict
from headway.publish.stored import Stored, by_key, compared_period, window

#: Points of a tile's line: a quarter of days, else a year and a month, so that the same month stands at both ends.
POINTS = {Grain.HOUR: 48, Grain.DAY: 90}
#: While the newest run is younger than this, data are late by that run's clock and not by the reader's.
_FRESH_RUN = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a card must know beside its own numbers: the reader's moment, the newest run, what could not be computed.

    `run_now` is the moment of the newest run that tried to compute the card's KPI: others tell nothing of it.
    """

    catalog: Catalog
    ledger: Ledger
    audience: Audience
    now: datetime
    until: int | None
    run_now: datetime | None
    #: What each source gave when it was last read.
    tried: Mapping[str, Tried]
    #: The run that computed each KPI last, or tried, by the name that the KPI had then.
    runs: Mapping[str, Run]
    failures: Mapping[str, Failure]
    visible: frozenset[str]
    findings: Findings

    @property
    def calendar(self) -> Calendar:
        """How the project cuts time."""
        return self.catalog.calendar

    @property
    def today(self) -> date:
        """The reader's local day."""
        return self.calendar.day(self.now)

    @property
    def reached(self) -> date:
        """The local day that the numbers reach: no run has looked farther, whatever day the reader has."""
        return self.today if self.run_now is None else min(self.today, self.calendar.day(self.run_now))

    @property
    def clock(self) -> datetime:
        """The moment by which data are late."""
        if self.run_now is not None and self.now - self.run_now <= _FRESH_RUN:
            return self.run_now
        return self.now

    def load(self, source: str) -> Load | None:
        """What a source gave when it was last read."""
        return self.tried[source].load if source in self.tried else None

    def run_of(self, name: str) -> Run | None:
        """The run that computed a KPI last, or tried; under an earlier name if it was renamed since."""
        names = (name, *self.catalog.kpis[name].formerly)
        return next((self.runs[one] for one in names if one in self.runs), None)

    def of(self, name: str) -> Situation:
        """The same for one KPI, by the run that computed it last: the newest one may have left it out."""
        return replace(self, run_now=run.now if (run := self.run_of(name)) else None)

    def upstream(self, kpi: Kpi) -> tuple[str, ...]:
        """The sources behind a KPI, as far as the reader may know: not through KPIs that are hidden."""
        return upstream(self.catalog, kpi, self.visible)


def upstream(catalog: Catalog, kpi: Kpi, visible: frozenset[str]) -> tuple[str, ...]:
    """The sources behind a KPI; none if it reads KPIs that are not among the visible ones."""
    if any(name not in visible for name in inputs(catalog, kpi)):
        return ()
    return catalog.upstream(kpi.name) if kpi.measure is not None else ()


def inputs(catalog: Catalog, kpi: Kpi) -> tuple[str, ...]:
    """Every KPI that a formula reads, through formulas."""
    found: dict[str, None] = {}
    waiting = list(getattr(kpi.measure, "inputs", ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += getattr(catalog.kpis[name].measure, "inputs", ())
    return tuple(found)


def tile(kpi: Kpi, line: Sequence[Stored], leading: Sequence[Stored], at: Situation) -> Tile:
    """The card of one KPI from the rows of its total at its own grain, oldest first.

    `leading` are the rows whose verdicts are on the card: the same, or those of its growth.
    """
    base = _blank(kpi, at)
    if kpi.measure is None or (kpi.tracked_from is not None and kpi.tracked_from > at.reached):
        return _planned(base, kpi, at)
    complete = [row for row in line if not row.partial]
    newest = complete[-1] if complete else (line[-1] if line else None)
    failed = at.failures.get(kpi.name)
    if newest is None:
        target = target_words(kpi, expected(kpi, at), None, at)
        return _nothing(replace(base, target=target), failed, at)
    base = _filled(base, kpi, newest, line, by_key(leading).get(newest.period.key), at)
    if kpi.retired_on is not None and kpi.retired_on < at.reached:
        retired = Verdict("retired", "Retired")
        return replace(base, verdict=retired, maturity="retired", reason=f"Retired on {dates.day(kpi.retired_on)}.")
    if failed is not None:
        return _stale(base, kpi, newest, line, failed, at)
    if newest.value is None:
        return _without_value(base, kpi, line, newest.verdict, reason(kpi, newest, at), at)
    if newest.period.last < expected(kpi, at).last:
        since = dates.near_day(newest.period.last + timedelta(days=1), at.today)
        return replace(base, verdict=words.stale(base.verdict), note=f"No data since {since}", news=True, running=None)
    return base


def _stale(base: Tile, kpi: Kpi, newest: Stored, line: Sequence[Stored], failed: Failure, at: Situation) -> Tile:
    """A KPI that could not be computed keeps its last value, and says since when that is so."""
    if newest.value is None:
        return _without_value(base, kpi, line, words.FAILED, _told(failed, at), at)
    since = f"Stale since {dates.near_day(at.calendar.day(failed.since), at.today)}"
    return replace(
        base, verdict=words.stale(base.verdict), note=since, reason=_told(failed, at), news=True, running=None
    )


def is_entered(kpi: Kpi) -> bool:
    """True for a KPI with a file that people keep: numbers, texts, or history."""
    return isinstance(kpi.measure, Entered | Narrative) or kpi.history is not None


def told(kpi: Kpi, entries: Sequence[EntryRow], at: Situation) -> Tile:
    """The card of a KPI that is told in words: the newest text, and how many there are."""
    base = replace(_blank(kpi, at), verdict=Verdict(Status.NO_TARGET.value, "In words"))
    failed = at.failures.get(kpi.name)
    if kpi.tracked_from is not None and kpi.tracked_from > at.reached:
        return _planned(base, kpi, at)
    if not entries:
        return _nothing(replace(base, verdict=Verdict(Status.NO_DATA.value, numbers.NO_DATA)), failed, at)
    newest = entries[0]
    count = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"
    note = "This part of the run failed" if failed is not None else "In words"
    return replace(
        base,
        shown=Shown(None, count),
        period=newest.period,
        period_label=newest.label,
        reason=newest.text,
        last_good=newest.label,
        note=note,
        news=failed is not None,
    )


def expected(kpi: Kpi, at: Situation) -> Period:
    """The newest period of the card's grain that should be complete by now."""
    settled = at.clock - at.catalog.settles_after(kpi.name)
    which = at.calendar.previous(at.calendar.at(kpi.front, settled))
    if kpi.retired_on is not None and which.last > kpi.retired_on:
        which = at.calendar.previous(at.calendar.at(kpi.front, at.calendar.moment(kpi.retired_on)))
    return which


def line_unit(kpi: Kpi) -> Unit:
    """The unit as a card shows it: a long noun is left to the title."""
    long = kpi.unit.kind is UnitKind.NOUN and len(kpi.unit.name) > 12
    return Unit(UnitKind.NONE) if long else kpi.unit


def shown(kpi: Kpi, row: Stored) -> Shown:
    """A row's value as a card shows it: its digits agree with its verdict."""
    low, high = (None, None) if row.partial else (row.low, row.high)
    number = numbers.tile(row.value, line_unit(kpi), decimals=kpi.decimals, low=low, high=high)
    if row.at_least:
        number = numbers.at_least(number)
    return Shown(row.value, str(number), number.pieces, row.at_least)


def points(kpi: Kpi, line: Sequence[Stored], at: Situation, count: int | None = None) -> tuple[Point, ...]:
    """The last points of a line, gaps included.

    A running day or hour is left out, and so is an amount that still adds up: half a month's revenue is no fall.
    """
    if kpi.front.rank <= Grain.DAY.rank or accumulates(kpi):
        line = [row for row in line if not row.partial] or line
    chosen = window(line, count or POINTS.get(kpi.front, 13), at.calendar)
    return tuple(
        Point(which.name, None) if row is None else Point(which.name, row.value, row.low, row.high, row.partial)
        for which, row in chosen
    )


def accumulates(kpi: Kpi) -> bool:
    """True if a period's value grows while it runs, so that a running one is no point of a line."""
    match kpi.measure:
        case Aggregate(function=function):
            return function in ("count", "sum") and kpi.window is None
        case Distinct():
            return kpi.window is None
        case _:
            return False


def compared(kpi: Kpi, row: Stored, line: Sequence[Stored], at: Situation) -> Compared | None:
    """The change of a complete value, with what it is compared with."""
    which = compared_period(kpi, row.period, at.calendar)
    before = by_key(line).get(which.key)
    change = numbers.change(row.value, before.value if before else None, kpi.unit)
    return Compared(change, f"vs {dates.near_period(which, at.today)}") if change else None


def running(kpi: Kpi, row: Stored, at: Situation) -> Running:
    """A period that still runs, compared with the same span of the one before."""
    last_day = at.calendar.last_complete_day(at.clock)
    spans = at.calendar.same_span(row.period, last_day)
    change = numbers.change(row.so_far, row.so_far_before, kpi.unit)
    return Running(
        f"{dates.near_period(row.period, at.today)} so far",
        shown(kpi, row),
        Compared(change, f"vs {dates.span(*spans[1])}") if change and spans else None,
        judged(kpi, row, at),
        pace(kpi, row, at),
    )


def pace(kpi: Kpi, row: Stored, at: Situation) -> Pace | None:
    """How a running period stands by the last day that the newest run knew whole."""
    if at.run_now is None or goals.lead(kpi):
        return None
    last = min(at.calendar.last_complete_day(at.run_now), row.period.last)
    return goals.pace(kpi, row.so_far, row.expected, dates.near_day(last, at.today))


def judged(kpi: Kpi, row: Stored, at: Situation) -> str | None:
    """When a running period will be judged, if a target waits for it."""
    if goals.in_force(kpi, row.period.last, goals.lead(kpi)) is None:
        return None
    settled = row.period.end + at.catalog.settles_after(kpi.name)
    return f"judged {dates.near_day(at.calendar.day(settled), at.today)}"


def area_title(catalog: Catalog, name: str | None) -> str:
    """What an area is called; a KPI without one has ''."""
    if not name:
        return ""
    known = catalog.areas.get(name)
    return known.title if known else name.replace("_", " ").capitalize()


# -- the states ----------------------------------------------------------------------------------------------------


def _blank(kpi: Kpi, at: Situation) -> Tile:
    owner = kpi.owner or ""
    name, _, address = at.catalog.owners.get(owner, owner).partition("<")
    return Tile(
        name=kpi.name,
        title=kpi.title,
        area=kpi.area or "",
        area_title=area_title(at.catalog, kpi.area),
        about=kpi.about,
        unit=kpi.unit.name,
        shown=Shown(None, numbers.NO_DATA),
        period=None,
        period_label="",
        verdict=Verdict(Status.NO_DATA.value, numbers.NO_DATA),
        owner=name.strip() or owner,
        # An address is for colleagues: the public could not use it, and robots would.
        contact="" if at.audience is Audience.PUBLIC else address.strip(" >"),
        audience=kpi.audience.value.capitalize(),
        rank=kpi.rank.value if kpi.rank else None,
        kind=measures.kind(kpi),
        sources=at.upstream(kpi),
    )


def _planned(base: Tile, kpi: Kpi, at: Situation) -> Tile:
    verdict = Verdict(Status.NOT_TRACKED.value, "Not tracked yet")
    due = f"Due {dates.day(kpi.tracked_from)}" if kpi.tracked_from else "No date yet"
    target = min(kpi.targets, key=lambda t: t.first or date.min, default=None)
    goal = goals.declared(target, kpi, at.visible) if target else None
    since = f" from {dates.day(target.first)}" if target and target.first else ""
    return replace(
        base,
        shown=Shown(None, verdict.word),
        verdict=verdict,
        period_label=due,
        reason=f"Target {goal}{since}" if goal else "No target yet",
        note="Planned",
        until=f"due {dates.near_day(kpi.tracked_from, at.today)}" if kpi.tracked_from else "",
        maturity="planned",
    )


def _nothing(base: Tile, failed: Failure | None, at: Situation) -> Tile:
    if failed is not None:
        return replace(
            base, shown=Shown(None, words.FAILED.word), verdict=words.FAILED, reason=_told(failed, at), news=True,
            note="This part of the run failed", last_good="No earlier value",
        )  # fmt: skip
    reason = "No run has computed it yet." if at.run_of(base.name) is None else "The newest run found nothing to count."
    return replace(base, reason=reason, note="Nothing stored yet", last_good="No earlier value")


def _filled(base: Tile, kpi: Kpi, row: Stored, line: Sequence[Stored], leading: Stored | None, at: Situation) -> Tile:
    beside = line[-1] if line[-1].partial and line[-1] is not row and kpi.front.rank > Grain.DAY.rank else None
    target = target_words(kpi, row.period, leading, at)
    alone = running(kpi, row, at) if row.partial else None
    note = _on_the_data(base, line[-POINTS.get(kpi.front, 13) :], at)
    return replace(
        base,
        shown=shown(kpi, row),
        period=row.period.name,
        period_label=alone.label if alone else dates.near_period(row.period, at.today),
        when=words.covered(kpi, row.period) + (" so far" if row.partial else ""),
        verdict=leading.verdict if leading else words.verdict(None, None, None, None),
        compared=alone.compared if alone else compared(kpi, row, line, at),
        running=running(kpi, beside, at) if beside is not None and beside.value is not None else None,
        target=target,
        judged=alone.judged if alone else None,
        pace=alone.pace if alone else None,
        points=points(kpi, line, at),
        until=_until(row, at),
        note=note or "Data passed",
        news=note is not None,
        restated=_restated(kpi, row, at),
    )


def target_words(kpi: Kpi, which: Period, leading: Stored | None, at: Situation) -> str | None:
    """The bound that judged the leading number, or what is declared for a period that was not judged yet."""
    part = goals.lead(kpi)
    if leading is not None and (leading.low is not None or leading.high is not None):
        said = goals.judged(kpi, leading, part)
        return f"Growth {said}" if part else said  # a card is narrow: over which time, the page says
    goal = goals.in_force(kpi, which.last, part)
    waits = leading is None or leading.partial or (goal is not None and any(goal.formulas))
    return goals.declared(goal, kpi, at.visible) if goal is not None and waits else None


def _on_the_data(base: Tile, line: Sequence[Stored], at: Situation) -> str | None:
    """What is wrong with the data behind a tile: a source that could not be read, or checks that failed on its line."""
    failed = next((name for name in base.sources if (load := at.load(name)) and load.failed), None)
    if failed is not None:
        return f"Source {failed} failed"
    held = sum(row.reason in (Reason.CHECK_FAILED, Reason.INCOMPLETE) for row in line)
    if held:
        return f"Check failed, {held} of {len(line)} withheld"
    warning = at.findings.warning(at.catalog.kpis[base.name], base.sources)
    if not warning:
        return None
    return f"Check {address_of(warning[0])} warns" if len(warning) == 1 else f"{len(warning)} checks warn"


def _until(row: Stored, at: Situation) -> str:
    if not row.partial:
        return f"to {dates.near_day(row.period.last, at.today)}"
    passed = (min(at.calendar.last_complete_day(at.clock), row.period.last) - row.period.first).days + 1
    return f"{max(0, passed)} of {row.period.days} days"


def _without_value(base: Tile, kpi: Kpi, line: Sequence[Stored], verdict: Verdict, reason: str, at: Situation) -> Tile:
    """A word stands in the value's place; the last good value comes with its period, and never in large type."""
    good = next((row for row in reversed(line) if row.value is not None and not row.partial), None)
    last = "No earlier value"
    if good is not None:
        last = f"Last good: {shown(kpi, good).text}, {dates.near_period(good.period, at.today)}"
    held = reason.removesuffix(".") if reason.startswith("Too few") else "Held back"
    note = {"failed": "This part of the run failed", "withheld": held}.get(verdict.key, base.note)
    return replace(
        base,
        shown=Shown(None, verdict.word),
        verdict=verdict,
        compared=None,
        running=None,
        last_good=last,
        reason=reason,
        note=note,
        news=True,
    )


_REASONS = {
    Reason.NO_ROWS: "There was nothing to count.",
    Reason.TOO_EARLY: "It is too early to say: not everybody has been there that long.",
    Reason.ZERO_DENOMINATOR: "The denominator is 0, so there is no ratio.",
    Reason.INPUT_MISSING: "A KPI that it reads has no data.",
    Reason.STILL_WATCHED: "Too few have been watched for long enough yet.",
    Reason.CHECK_FAILED: "A data check failed.",
    Reason.GROUP_TOO_SMALL: "The group is too small to show.",
    Reason.INPUT_WITHHELD: "A KPI that it reads is withheld.",
    Reason.NO_TOTAL: "There is no total: the cells do not add up.",
    Reason.TOO_FEW: "Too few answers.",
    Reason.INCOMPLETE: "It lacks rows that are withheld, or have stopped coming.",
    Reason.CHANGE_WAITS: "What it came to waits for a decision.",
}


def reason(kpi: Kpi, row: Stored, at: Situation) -> str:
    """Why a period has no number, in a sentence."""
    if not row.reason:
        return "There was nothing to count."
    holding = at.findings.holding(kpi.name)
    if Reason(row.reason) not in _BY_CHECKS or not holding:
        return f"{reason_note(kpi, row)}."
    checks = address_of(holding[0]) + (f" and {len(holding) - 1} more" if len(holding) > 1 else "")
    lacks = _lacks(kpi, row, at) if row.reason == Reason.INCOMPLETE else ()
    if not lacks:
        return f"{reason_note(kpi, row)}: {checks}."
    more = [f"{len(lacks) - _NAMED} more"] if len(lacks) > _NAMED else []
    return f"It lacks {plurals.listed([*lacks[:_NAMED], *more])}, withheld by {checks}."


#: How many cells a sentence names.
_NAMED = 3


def _lacks(kpi: Kpi, row: Stored, at: Situation) -> list[str]:
    """The cells that are withheld in the period of an incomplete total: of its coarsest breakdown that has any."""
    table = at.ledger.read(kpi.name, grain=row.period.grain, as_of=at.until)
    failed = pc.and_(pc.equal(table["period"], row.period.key), pc.equal(table["reason"], Reason.CHECK_FAILED.value))
    cells = [read_cell(text) for text in table.filter(failed)["cell"].to_pylist() if text]
    fewest = min((len(cell) for cell in cells), default=0)
    return sorted(" and ".join(f"{c} {value}" for c, value in cell) for cell in cells if len(cell) == fewest)


#: Why there is no value where a check holds it back, or one that it is made of.
_BY_CHECKS = (Reason.CHECK_FAILED, Reason.INCOMPLETE, Reason.INPUT_WITHHELD)


def reason_note(kpi: Kpi, row: Stored) -> str:
    """Why a row has no value, or ''; of too few answers, how many there were."""
    if not row.reason:
        return ""
    reason = Reason(row.reason)
    if reason is Reason.NO_TOTAL and isinstance(kpi.measure, Retention):
        return "There is no total: each cohort has a share for each age"
    if reason is Reason.TOO_FEW_REACHED:
        return measures.too_few(kpi.measure) if isinstance(kpi.measure, Duration) else reason.value.capitalize()
    note = _REASONS[reason].removesuffix(".")
    return f"{note}: {row.n:g}" if reason is Reason.TOO_FEW and row.n else note


def _told(failed: Failure, at: Situation) -> str:
    """Why it failed. Messages name files and columns, which are no business of the public."""
    if at.audience is Audience.PUBLIC:
        return "This part of the run failed."
    first = failed.message.strip().splitlines()[0]  # it may begin with a path: no capital
    return first if first.endswith((".", "!", "?")) else f"{first}."


def _restated(kpi: Kpi, row: Stored, at: Situation) -> str | None:
    if row.revision < 2 or row.partial:
        return None
    history = at.ledger.revisions(kpi.name, "", row.period.grain, "", row.period.key, at.until)
    return dates.near_day(at.calendar.day(history[-1].published), at.today) if len(history) > 1 else None

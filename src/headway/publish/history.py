"""What was published of a number before: each earlier value, why it changed, who decided so, and what waits.

Where a series changes its method, two neighbouring numbers cannot be compared: such breaks are found here, too.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import pairwise

from headway.formats import dates, numbers, plurals
from headway.ledger import Change, Decision, Proposal, Restatement, Revision
from headway.model import Audience, Because, Cell, Flag, Kpi, Reason, cell_text, read_cell
from headway.periods import Grain
from headway.publish import goals, words
from headway.publish.kpipages import RestatedLine, Waits, Was
from headway.publish.pages import Sentence, Verdict
from headway.publish.stored import Stored
from headway.publish.tiles import Situation

#: While a number is withheld for these reasons, none that it had before is shown: the people behind it are the same.
_NOT_SHOWN = (Reason.GROUP_TOO_SMALL, Reason.INPUT_WITHHELD)
#: At most so many restatements of a KPI stand on its page; the terminal lists all.
MOST = 20
_IMPORTED = "Values before this were taken over from a file"
_IMPORTED_AFTER = "Values from here on were taken over from a file"
_DEFINITION = "Another definition from here on"


@dataclass(frozen=True)
class Past:
    """What the ledger knows of one KPI beside the numbers that are published: what changed, and what would."""

    restatements: Mapping[int, Restatement] = field(default_factory=dict)
    proposals: Mapping[tuple[str, Grain, str, int], Proposal] = field(default_factory=dict)

    @classmethod
    def of(cls, restatements: Iterable[Restatement], proposals: Iterable[Proposal]) -> Past:
        """The past of a KPI, by its restatements and what is proposed of it."""
        return cls(
            {one.id: one for one in restatements},
            {(one.part, one.grain, one.cell, one.period): one for one in proposals},
        )

    def proposed(self, row: Stored, part: str = "", cell: Cell = ()) -> tuple[Proposal, Restatement] | None:
        """What a run computed where another number stays published."""
        if not self.proposals:
            return None
        found = self.proposals.get((part, row.period.grain, cell_text(cell), row.period.key))
        restatement = self.restatements.get(found.restatement) if found else None
        return (found, restatement) if found and restatement else None


def values(
    revisions: Sequence[Revision], past: Past, now: Stored, kpi: Kpi, part: str, depth: int, at: Situation
) -> tuple[Was, ...]:
    """Every value that a number had, the newest first; the first of them is the one that stands."""
    if not revisions:
        return ()
    public = at.audience is Audience.PUBLIC
    unit, zone = goals.unit_of(kpi, part), at.calendar.tz
    hidden = now.reason in _NOT_SHOWN
    found = []
    for one, after in [*pairwise(revisions), *((last, None) for last in revisions[-1:])]:
        gone = bool(one.flags & Flag.GONE)
        number = None if hidden else one.value
        text = numbers.full(number, unit, depth, with_unit=False) if number is not None else ""
        word = "Not shown" if hidden and one.value is not None else "Gone" if gone else (one.reason or numbers.NO_DATA)
        restatement = past.restatements.get(one.restatement) if one.restatement else None
        found.append(
            Was(
                value=number,
                text=text or word[:1].upper() + word[1:],
                since=dates.moment(one.published, zone),
                until=dates.moment(after.published, zone) if after else "",
                published=one.published,
                run=one.run,
                fingerprint=one.fingerprint[:7],
                restatement=one.restatement,
                why=because(restatement, at, kpi) if restatement else _unexplained(one, revisions[0]),
                decided=decided(restatement, one.decision, zone, public=public, withheld=one.value is None),
            )
        )
    return tuple(reversed(found))


def _unexplained(one: Revision, first: Revision) -> str:
    return "First published" if one is first else "Why it changed was not kept"


def waits(row: Stored, past: Past, kpi: Kpi, part: str, cell: Cell, depth: int, at: Situation) -> Waits | None:
    """What is proposed in place of a number. Outsiders learn that a change waits, and no number before it is out."""
    proposed = past.proposed(row, part, cell)
    if proposed is None:
        return None
    one, restatement = proposed
    public = at.audience is Audience.PUBLIC
    if public and restatement.state != "waiting":
        return None
    if public:
        text, value = "A change waits", None
    elif one.value is not None:
        text, value = numbers.full(one.value, goals.unit_of(kpi, part), depth, with_unit=False), one.value
    else:
        text, value = "Gone" if one.gone else (one.reason or numbers.NO_DATA).capitalize(), None
    return Waits(
        restatement=restatement.id,
        state=restatement.state,
        value=value,
        text=text,
        why=because(restatement, at, kpi),
        since=dates.moment(restatement.seen, at.calendar.tz),
        decided=decided(restatement, restatement.decision, at.calendar.tz, public=public),
    )


def undecided(restatements: Iterable[Restatement], names: Container[str]) -> str:
    """How many closed numbers of these KPIs wait for a decision, in a sentence; '' if none does."""
    own = [part for one in restatements if one.state == "waiting" for part in one.kpis if part.kpi in names]
    waits = sum(part.numbers for part in own)
    if not waits:
        return ""
    kpis = len({part.kpi for part in own})
    of = f" of {plurals.count(kpis, 'KPI')}" if waits > 1 else ""
    ones = "one stays" if waits == 1 else "ones stay"
    return (
        f"{plurals.count(waits, 'closed number')}{of} came out different; the published {ones} until somebody decides."
    )


def waiting(past: Past, kpi: Kpi, at: Situation) -> Iterator[Sentence]:
    """What waits of a KPI, for a list of several of them."""
    for one in lines(past, kpi, at):
        if one.state == "waiting":
            most = f"most of all {one.largest}" if one.numbers > 1 else one.largest
            changes = f"would change in {plurals.count(one.numbers, 'number')}, {most}."
            text = f"{changes} {one.why}; since {one.seen} (#{one.id})."
            yield Sentence(Verdict("stale", "A change waits"), kpi.name, kpi.title, text)


def lines(past: Past, kpi: Kpi, at: Situation) -> tuple[RestatedLine, ...]:
    """The restatements of a KPI, the newest first."""
    public = at.audience is Audience.PUBLIC
    shown = [
        one for one in past.restatements.values() if not public or one.state in ("published", "accepted", "waiting")
    ]
    found = []
    for one in sorted(shown, key=lambda r: r.id, reverse=True)[:MOST]:
        own = next((part for part in one.kpis if part.kpi == kpi.name), None)
        if own is None:
            continue
        found.append(
            RestatedLine(
                id=one.id,
                state=one.state,
                why=because(one, at, kpi),
                numbers=own.numbers,
                largest=_largest(own.largest, kpi, at, told=not public or one.state in ("published", "accepted")),
                seen=dates.moment(one.seen, at.calendar.tz),
                decided=decided(one, one.decision, at.calendar.tz, public=public, withheld=own.largest.new is None),
            )
        )
    return tuple(found)


def _largest(change: Change, kpi: Kpi, at: Situation, *, told: bool) -> str:
    """October 2026, $489 to $531. Of a cell only which: how few people it has now is not known here."""
    which = dates.period(at.calendar.from_key(change.grain, change.period))
    label = ", ".join([which, *(value for _, value in read_cell(change.cell))])
    if change.cell or change.reason in _NOT_SHOWN or not told:
        return label
    unit = goals.unit_of(kpi, change.part)
    depth = numbers.places([change.old, change.new], unit, None if change.part else kpi.decimals)
    ends = [
        numbers.full(value, unit, depth, with_unit=False) if value is not None else (change.reason or numbers.NO_DATA)
        for value in (change.old, change.new)
    ]
    return f"{label}, {' to '.join(ends)}"


def because(restatement: Restatement, at: Situation, kpi: Kpi) -> str:
    """The cause in words; a source that a reader may not know of is not named."""
    cause = restatement.cause
    if cause.source not in at.upstream(kpi):
        cause = replace(cause, source=None)
    if at.audience is Audience.PUBLIC:
        cause = replace(cause, note="")
    said = words.cause(cause)
    return said[:1].upper() + said[1:]


def decided(
    restatement: Restatement | None, decision: Decision | None, zone: tzinfo, *, public: bool, withheld: bool = False
) -> str:
    """Who let the change through or kept it out, and why; '' where nobody had to. Who is not for the public."""
    if decision is not None:
        who = f" by {decision.who}" if decision.who and not public else ""
        why = f", because: {decision.why.rstrip('.')}" if decision.why else ""
        return f"{decision.verdict.capitalize()}{who} on {dates.day(decision.when.astimezone(zone).date())}{why}."
    if restatement is not None and restatement.state == "published":
        return "Published at once, as all that withholds." if withheld else "Published at once: within the tolerance."
    return ""


def breaks(line: Sequence[Stored], past: Past, part: str = "", cell: Cell = ()) -> dict[int, str]:
    """The periods that begin another method than the one before them, by key, each with what changed."""
    found = {}
    for before, after in pairwise(line):
        if before.imported != after.imported:
            found[after.period.key] = _IMPORTED if before.imported else _IMPORTED_AFTER
        elif (old := _held(before, past, part, cell)) and not _held(after, past, part, cell):
            kept = "was rejected" if old.state == "rejected" else "waits"
            found[after.period.key] = f"{_DEFINITION}: what it makes of earlier periods {kept} (#{old.id})"
    return found


def _held(row: Stored, past: Past, part: str, cell: Cell) -> Restatement | None:
    """The restatement that keeps a number as an earlier definition made it."""
    proposed = past.proposed(row, part, cell)
    kept = proposed is not None and proposed[1].cause.reason is Because.DEFINITION
    return proposed[1] if proposed is not None and kept else None


def apart(breaks: Mapping[int, str], first: int, last: int) -> str:
    """What changed between two periods (their keys), or ''."""
    return next((said for key, said in breaks.items() if first < key <= last), "")

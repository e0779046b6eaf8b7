"""Objectives: what is expected of each number by now, what it is, and what is missing, in the words of every page.

The judge is `headway.objectives`; here its numbers are read from what is published, and worded. An objective is for
readers who may see every KPI that it expects something of: what it says may be about any of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property

from headway import objectives
from headway.formats import dates, numbers, plurals
from headway.model import TOTAL, Audience, Better, Catalog, KeyResult, Objective, Unit, UnitKind
from headway.objectives import Actual, Stand, Standing
from headway.periods import Calendar, Grain, Period
from headway.publish import tiles, words
from headway.publish.kpipages import Aim
from headway.publish.objectivepages import KeyResultRow, ObjectiveRow
from headway.publish.pages import Count, NoteRow, Point, Shown, Tile, Verdict
from headway.publish.published import Published
from headway.publish.stored import Stored, by_key

#: A page shows so much of the time before an objective began, as a share of the time that it has.
_BEFORE = 0.25
#: Beside a number of key results, in the order in which they are counted.
_COUNTED = {
    "Reached": "reached",
    "Held": "held",
    "On track": "on track",
    "Slightly behind": "slightly behind",
    "Behind": "behind",
    "Nearly reached": "nearly reached",
    "Missed": "missed",
}
_UNDER_WAY = {Stand.ON: "On track", Stand.NEAR: "Slightly behind", Stand.OFF: "Behind"}
_DECIDED = {Stand.ON: "Reached", Stand.NEAR: "Nearly reached", Stand.OFF: "Missed"}


class Objectives:
    """The objectives of one reader, in the order of the catalogue; what stands of each is worked out once."""

    def __init__(self, published: Published) -> None:
        self._published = published
        every, seen = published.at.catalog.objectives.values(), set(published.names)
        self.visible = tuple(one for one in every if {result.kpi for result in one.expects} <= seen)
        self._rows: dict[str, ObjectiveRow] = {}

    def row(self, objective: Objective) -> ObjectiveRow:
        """One objective with everything that it expects."""
        if objective.name not in self._rows:
            self._rows[objective.name] = _row(objective, self._published)
        return self._rows[objective.name]

    def of(self, names: Container[str]) -> Iterator[ObjectiveRow]:
        """Those that expect something of any of these KPIs."""
        return (self.row(one) for one in self.visible if any(result.kpi in names for result in one.expects))

    def aims(self, kpi: str) -> Iterator[Aim]:
        """What objectives expect of a KPI."""
        for one in self.of({kpi}):
            for result in one.expects:
                if result.kpi == kpi:
                    yield Aim(one.name, one.title, result.label, result.verdict, result.says or result.reason)


def _row(objective: Objective, published: Published) -> ObjectiveRow:
    at = published.at
    owner = objective.owner or ""
    name, _, address = at.catalog.owners.get(owner, owner).partition("<")
    expects = tuple(_Way(objective, result, published).row() for result in objective.expects)
    return ObjectiveRow(
        name=objective.name,
        title=objective.title,
        about=objective.about,
        owner=name.strip() or owner,
        contact="" if at.audience is Audience.PUBLIC else address.strip(" >"),
        first=objective.first,
        first_when=dates.day(objective.first),
        due=objective.due,
        due_when=dates.day(objective.due),
        counts=tuple(counts(expects)),
        expects=expects,
    )


def counts(expects: Sequence[KeyResultRow]) -> Iterator[Count]:
    """How many key results stand how, as one would say it: 2 on track, 1 behind."""
    found = Counter(one.verdict.word for one in expects)
    verdicts = {one.verdict.word: one.verdict for one in expects}
    for word in (*_COUNTED, *(word for word in found if word not in _COUNTED)):
        if found[word]:
            said = _COUNTED.get(word, word.lower())
            yield Count(Verdict(verdicts[word].key, said), found[word])


def notes(catalog: Catalog, name: str) -> tuple[NoteRow, ...]:
    """What happened that a reader of a KPI's curve has to know, the oldest first."""
    return tuple(
        NoteRow(one.on, one.through or one.on, dates.days(one.on, one.through or one.on), one.text)
        for one in catalog.notes
        if not one.kpis or name in one.kpis
    )


class _Way:
    """One key result: which numbers it is about, how it stands, and the words for that."""

    def __init__(self, objective: Objective, result: KeyResult, published: Published) -> None:
        self.objective, self.result, self.published = objective, result, published
        self.at = published.at
        self.kpi = self.at.catalog.kpis[result.kpi]
        self.unit = self.kpi.unit_of(result.part)
        self.decimals = None if result.part else self.kpi.decimals
        self.grain = self._grain()
        self.complete = [] if self.kpi.measure is None else [one for one in self._line() if not one.partial]
        self.standing = self._judged()

    def _grain(self) -> Grain:
        """Periods as on the KPI's card; of a cell the shortest that is kept, if that is longer."""
        if not self.result.cell:
            return self.kpi.front
        kept = self.kpi.grains(cell=True)
        return self.kpi.front if self.kpi.front in kept else kept[0]

    def _line(self) -> Sequence[Stored]:
        """The numbers, oldest first; a cell that is not there is 0 where the KPI says so and the total has a value."""
        kpi, part = self.kpi, self.result.part
        total = self.published.total(kpi.name, self.grain, part)
        if self.result.cell == TOTAL:
            return total
        lines = self.published.cells(kpi.name, self.grain, part)
        own = next((line for cell, line in lines.items() if dict(cell) == dict(self.result.cell)), ())
        if not own or not kpi.zero_when_absent(part):
            return own
        known = by_key(own)
        empty = [_nothing(one) for one in total if one.value is not None and one.period.key not in known]
        return sorted([*own, *empty], key=lambda one: one.period.key)

    def _judged(self) -> Standing:
        actual = [Actual(one.period.last, one.value, one.withheld) for one in self.complete]
        better = Better.NONE if self.result.part else self.kpi.better
        near_within, today = self.at.catalog.near_within, self.at.today
        return objectives.judge(self.result, self.objective.first, actual, self._final.last, today, better, near_within)

    @property
    def _final(self) -> Period:
        """The last period that ends by the due day."""
        return _ended(self.at.calendar, self.grain, self.result.due)

    def row(self) -> KeyResultRow:
        """What every page says of it."""
        standing, result, kpi = self.standing, self.result, self.kpi
        now = self._row_of(standing.now) or (self.complete[-1] if self.complete else None)
        start = self._row_of(standing.start)
        label = ", ".join([*([result.part] if result.part else []), *(value for _, value in result.cell)])
        verdict = self._verdict()
        judged = standing.stand in _UNDER_WAY and verdict.key == standing.stand.value
        tile = self.published.tile(kpi.name)
        reason = "" if judged else self._reason(tile, now)
        due = dates.day(result.due)
        return KeyResultRow(
            kpi=kpi.name,
            part=result.part,
            cell=dict(result.cell),
            title=f"{kpi.title}, {label}" if label else kpi.title,
            label=label,
            grain=self.grain.value,
            verdict=verdict,
            now=self._shown(now),
            now_when=words.covered(kpi, now.period) if now else "",
            expected=standing.expected,
            expected_text=self._bound(standing.expected) or "Nobody can say yet",
            start=standing.start.value if standing.start else None,
            start_text=self._text(start.value) if start else "None",
            start_when=words.covered(kpi, start.period) if start else "",
            reach=standing.reach,
            goal=self._goal(),
            to_go=standing.to_go,
            to_go_text=self._to_go(),
            made=standing.made if judged else None,
            planned=standing.planned if judged else None,
            way=self._way() if judged else "",
            due=result.due,
            due_when=due,
            over=standing.over,
            says=self._says(now) if judged else "",
            reason=reason,
            note=f"{tile.note}." if tile.news and tile.maturity == "tracked" and not standing.over else "",
            points=tuple(self._points()),
            notes=notes(self.at.catalog, kpi.name),
        )

    def _row_of(self, actual: Actual | None) -> Stored | None:
        """The published row of a number that was judged."""
        return next((one for one in reversed(self.complete) if actual and one.period.last == actual.last), None)

    # -- words -----------------------------------------------------------------------------------------------------

    def _verdict(self) -> Verdict:
        standing, tile = self.standing, self.published.tile(self.kpi.name)
        if tile.maturity == "planned":
            return tile.verdict
        if standing.stand not in _UNDER_WAY:
            return Verdict(standing.stand.value, standing.stand.value.capitalize())
        word = (_DECIDED if standing.over else _UNDER_WAY)[standing.stand]
        if standing.met and not standing.over:
            word = "Held" if standing.made is None else "Reached"
        return Verdict(standing.stand.value, word)

    def _shown(self, now: Stored | None) -> Shown:
        if now is None:
            return Shown(None, "None yet")
        if now.value is None:
            return Shown(None, now.verdict.word)
        text = self._text(now.value)
        return Shown(now.value, f"≥{numbers.NBSP}{text}" if now.at_least else text, at_least=now.at_least)

    @cached_property
    def _depth(self) -> int:
        """Digits behind the point, one for all its numbers: enough that what reads as good enough is, and only that."""
        standing = self.standing
        value = standing.now.value if standing.now else None
        start = standing.start.value if standing.start else None
        beside: list[float | None] = [value] if value is not None else [start, standing.reach]
        if self.unit.kind in (UnitKind.COUNTED, UnitKind.POINTS):  # 7 working days, of 5.4 expected
            beside.append(standing.expected)
        depth = numbers.places(beside, self.unit, self.decimals)
        if value is None or standing.expected is None:
            return depth
        good = standing.stand is Stand.ON
        deeper = (at for at in range(depth, depth + 5) if self._reads_good(value, standing.expected, at) == good)
        return next(deeper, depth)

    def _reads_good(self, value: float, bound: float, depth: int) -> bool:
        scale = self._scale(depth)
        shown, asked = round(value * scale), self._rounded(round(bound * scale, 6))
        return shown >= asked if self.standing.rising else shown <= asked

    def _scale(self, depth: int) -> int:
        """By what a number is multiplied so that its last digit is a whole one."""
        return int(10 ** (depth + 2 * (self.unit.kind is UnitKind.PERCENT)))

    def _rounded(self, scaled: float) -> int:
        """Towards what meets it."""
        return math.ceil(scaled) if self.standing.rising else math.floor(scaled)

    def _text(self, value: float | None, *, with_unit: bool = True) -> str:
        """A number with its digits; lengths of time and sizes as on a card."""
        if self.unit.kind in (UnitKind.ELAPSED, UnitKind.BYTES):
            known = self.standing.expected
            low, high = (known, None) if self.standing.rising else (None, known)
            return str(numbers.tile(value, self.unit, decimals=self.decimals, low=low, high=high))
        return numbers.full(value, self.unit, self._depth, with_unit=with_unit)

    def _bound(self, value: float | None) -> str:
        """A number that was computed, rounded towards what meets it."""
        if value is None or self.unit.kind in (UnitKind.ELAPSED, UnitKind.BYTES):
            return "" if value is None else str(numbers.tile(value, self.unit, decimals=self.decimals))
        scale = self._scale(self._depth)
        rounded = self._rounded(round(value * scale, 6)) / scale
        return self._text(rounded, with_unit=self.unit.kind is not UnitKind.NOUN)

    def _goal(self) -> str:
        """What is to be reached: ≥ 108, ≤ 1.5 %; or how much it should grow, while nobody knows from what."""
        reach, grow = self.standing.reach, self.result.grow
        sign = f"{'≥' if self.standing.rising else '≤'}{numbers.NBSP}"
        if grow is None and reach is not None:
            return f"{sign}{numbers.exact(reach, self.unit)}"
        share = numbers.exact(grow or 0.0, Unit(UnitKind.PERCENT, "percent"))
        grown = f"{share if (grow or 0) < 0 else f'+{share}'}"
        return f"{sign}{self._bound(reach)} ({grown})" if reach is not None else f"{grown} over its start"

    def _to_go(self) -> str:
        standing = self.standing
        if standing.to_go is None or standing.reach is None or standing.now is None:
            return "Nobody can say yet"
        if standing.to_go == 0:
            return "Nothing"
        if self.unit.kind in (UnitKind.PERCENT, UnitKind.POINTS):
            change = numbers.change(standing.reach, standing.now.value, self.unit)
            return change.amount if change else "Nothing"
        if self.unit.kind in (UnitKind.ELAPSED, UnitKind.BYTES):
            return str(numbers.tile(standing.to_go, self.unit))
        scale = self._scale(self._depth)
        return self._text(math.ceil(round(standing.to_go * scale, 6)) / scale)

    def _way(self) -> str:
        """How much of the way is made, and should be: 62 % of the way, 70 % expected."""
        made, planned = self.standing.made, self.standing.planned
        if made is None or planned is None:
            return "It was there when it began"
        so_far = "The whole way" if self.standing.met else f"{_share(made)} of the way"
        if made < 0:
            so_far = "Farther away than when it began"
        return so_far if self.standing.over else f"{so_far}, {_share(planned)} expected"

    def _says(self, now: Stored | None) -> str:
        """The sentence of its chart: 104 hubs at the end of Q3 2026; 106 expected by then, 108 by 31 Dec 2026."""
        assert now is not None, "what is judged has a number"
        value, when = self._shown(now).text, words.covered(self.kpi, now.period)
        reach, due = self._bound(self.standing.reach), dates.day(self.result.due)
        if self.standing.over:
            outcome = "was to be reached, and was," if self.standing.met else "was to be reached"
            return f"{value} {when}; {reach} {outcome} by {due}."
        if self.standing.made is None:
            return f"{value} {when}; {reach} is to be held until {due}."
        if self.standing.met:
            return f"{value} {when}: what was to be reached by {due}, {reach}, is reached."
        return f"{value} {when}; {self._bound(self.standing.expected)} expected by then, {reach} by {due}."

    def _reason(self, tile: Tile, now: Stored | None) -> str:
        """Why it is not judged, and what would change that."""
        standing, first = self.standing, dates.day(self.objective.first)
        if tile.maturity == "planned":
            return f"The KPI is not tracked yet. {tile.period_label}."
        if not self.complete and self.result.cell:
            return self._no_cell()
        match standing.stand:
            case Stand.NOT_STARTED:
                return f"It begins on {first}."
            case Stand.TOO_EARLY:
                return f"No {self.grain} is over since it began on {first}. {self._first_due()}"
            case Stand.NO_START:
                return self._no_start()
            case Stand.WITHHELD:
                held = standing.start if standing.start and standing.start.withheld else standing.now
                row = self._row_of(held)
                assert row is not None, "what is withheld has a row"
                which = "Its start" if held is standing.start else "The number"
                return f"{which} {words.covered(self.kpi, row.period)} is withheld. {self._why(row)}"
            case _ if now is None or standing.now is None:
                return f"No {self.grain} has ended between {first} and {dates.day(self.result.due)}."
            case _:
                last = next((one for one in reversed(self.complete) if one.value is not None), None)
                before = (
                    f" The last number is {self._text(last.value)} {words.covered(self.kpi, last.period)}."
                    if last
                    else ""
                )
                return f"There is no number {words.covered(self.kpi, now.period)}. {self._why(now)}{before}"

    def _why(self, row: Stored) -> str:
        return tiles.reason(self.kpi, row, self.at)

    def _first_due(self) -> str:
        after = self.at.calendar.next(_ended(self.at.calendar, self.grain, self.objective.first))
        return f"The first number is that of {dates.period(after)}."

    def _no_start(self) -> str:
        first, start = dates.day(self.objective.first), self.standing.start
        if start is not None and start.value is not None:
            row = self._row_of(start)
            when = f" {words.covered(self.kpi, row.period)}" if row else ""
            return f"At its start{when} it was 0, and nothing grows from that: what it should reach has to be said."
        known = next((one for one in self.complete if one.value is not None), None)
        since = f"The first number is that of {dates.period(known.period)}" if known else "There is no number yet"
        return f"There is no number by {first}, when it began. {since}: an objective begins with a number, or later."

    def _no_cell(self) -> str:
        columns = [column for column, _ in self.result.cell]
        lines = self.published.cells(self.kpi.name, self.grain, self.result.part)
        there = sorted(", ".join(value for _, value in cell) for cell in lines if [c for c, _ in cell] == columns)
        wanted = ", ".join(value for _, value in self.result.cell)
        some = f" There are {plurals.listed(there[:6])}{' and others' if len(there) > 6 else ''}." if there else ""
        return f"There has never been a number of {wanted}.{some}"

    def _points(self) -> Iterator[Point]:
        """The numbers of its time, and some of before."""
        first, due = self.objective.first, self.result.due
        since = first - (due - first) * _BEFORE
        for one in self.complete:
            if since <= one.period.last <= due:
                yield Point(one.period.name, one.value)


def _ended(calendar: Calendar, grain: Grain, day: date) -> Period:
    """The last period that ends by a day."""
    return calendar.previous(calendar.at(grain, calendar.moment(day + timedelta(days=1))))


def _nothing(total: Stored) -> Stored:
    """The row of a cell that is not there, where the total has a value: 0."""
    return total._replace(
        value=0.0, reason=None, n=None, numerator=None, denominator=None, status=None, low=None, high=None, veiled=None
    )


def _share(share: float) -> str:
    """A share of the way. What is not there yet is less than 100 %."""
    whole = math.floor(share * 100 + 1e-6) if share < 1 else round(share * 100)
    return f"{whole}{numbers.THIN}%"

"""Count gap rollups and cohorts by sorted keys, not by a query's own steps: the engine reads, `gaps` counts.

Whatever asks for the same persons of the same rows reads them once (`asked`), in so many parts of the persons that what
is read at a time stays small. Where a plan says what its rollups are for, `levels` goes on from them. What was counted
comes back as tables under the names of its steps (`made`), and the rest of the query goes on from there. What does not
fit into keys stays in the query.

Where a source has the files that it had before, and more, and what those came to was `Kept`, only the rows of the
others are read: what is counted of them is added to what is `known`. Persons must be integers for that, and none may
come on a day before the last one that was known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from sqlglot import exp

from headway.engines.asked import MOST_DAYS, Ask, Cells, Step, Texts, Way, Where, length
from headway.engines.gaps import Ages, Cohorts, PersonDays, Rollup
from headway.engines.inorder import Unsigned, each
from headway.engines.kept import Kept
from headway.engines.keys import Rows, Tail
from headway.engines.known import joined, known, union
from headway.engines.levels import Reach
from headway.engines.made import Counts, Made, added, table
from headway.engines.spells import stretches
from headway.engines.steps import with_steps
from headway.engines.sweep import swept
from headway.model import Aged, Gaps, Sweep

#: What was counted, and what those to come are compared with.
_Counted = tuple[Counts, Tail | None]

#: Nothing is kept.
_NOTHING: Mapping[str, Kept] = MappingProxyType({})

#: While it is swept, a change takes so many bytes.
_CHANGE = 40

#: So many cells at most are counted one after the other, and if there are so many rows of each.
_CELLS, _APART = 1 << 8, 1 << 14


def counted(
    query: exp.Query,
    noted: Sequence[Gaps | Sweep],
    ask: Ask,
    rows: Mapping[str, int],
    given: Mapping[str, pa.Table],
    room: int,
    kept: Mapping[str, Kept] = _NOTHING,
) -> tuple[exp.Query, dict[str, pa.Table]]:
    """The rest of a query, and the tables that stand in it for steps.

    `rows` says how many rows a source has; `given` are the tables that the query names beside its sources. So many
    bytes of rows as there is `room` are read at a time.
    """
    several = [one for one in noted if isinstance(one, Gaps)]
    reaches = {name: Reach(given[name]) for name in {level.reach for gaps in several for level in gaps.levels}}
    made = [Made(gaps, reaches) for gaps in several]
    readings: dict[tuple[str, str, bool], _Reading] = {}
    for one in made:
        for relation, sets in one.gaps.readings:
            step = Step(query, ask, relation, one.gaps, rows, room)
            # What lasts cannot be added to, and needs too many bits for hashes.
            apart = one.gaps.lasts != "" and (one.gaps.source in kept or step.hashes)
            readings.setdefault((relation, one.gaps.value, apart), _Reading(step)).want(one, sets)
    for (_, _, apart), reading in readings.items():
        reading.count(None if apart else kept.get(reading.step.gaps.source))
    tables = {name: table for one in made if one.fits for name, table in one.tables().items()}
    for sweep in noted:
        if isinstance(sweep, Sweep) and (changes := _changes(query, sweep, rows)) * _CHANGE <= room:
            found = swept(query, sweep, given[sweep.clock], changes, ask)
            tables |= {} if found is None else {sweep.step: found}
    steps = {step.alias: step for step in query.ctes if step.alias not in tables}
    body = query.__class__(**{**query.args, "with_": None})
    return with_steps(body, steps, keep=True), tables


def _changes(query: exp.Query, sweep: Sweep, rows: Mapping[str, int]) -> int:
    """How many changes there are at most, as long as no step multiplies rows: each SELECT has one of each row."""
    step = next(step for step in query.ctes if step.alias == sweep.changes)
    selects = sum(1 for _ in step.find_all(exp.Select))
    return selects * max((rows.get(table.name, 0) for table in query.find_all(exp.Table)), default=0)


@dataclass
class _Set:
    """What is wanted of one set of cells, of the rows that some conditions leave."""

    where: Where
    cells: Cells
    #: The column of the day up to which rows last, where that is asked for.
    lasts: str
    made: list[Made]

    @property
    def lengths(self) -> list[int]:
        """On how many days values are seen."""
        return sorted({k for one in self.made for _, k in one.gaps.rollups})

    @property
    def ages(self) -> list[Aged]:
        """At which ages people are counted."""
        return sorted({age for one in self.made for _, age in one.gaps.ages})

    def several(self, texts: Texts) -> int:
        """How many cells there may be."""
        return prod(len(texts[column]) for column in self.cells)

    def fits(self, texts: Texts) -> bool:
        """Whether cells can be numbered."""
        return self.several(texts) <= 1 << 63

    def count(self, step: Step, rows: Rows, texts: Texts, *, spent: bool, tails: bool) -> list[_Counted] | None:
        """What is wanted of these rows, of some of the cells after others; None if 64 bits do not do."""
        ages = self._ages(step, rows)
        if ages is None or not self.fits(texts):
            return None

        def count(piece: tuple[int, Rows, Unsigned | None]) -> _Counted | None:
            first, own, cell = piece
            if self.lasts:
                lasting = stretches(own, own.codes[length(self.lasts)], cell)
                return None if lasting is None else ({1: table(lasting, first)}, None)
            days = PersonDays.of(own, cell, spent=spent or own is not rows)
            return None if days is None else self._counted(days, ages, first, tails=tails)

        found = each(count, self._pieces(rows, texts))
        several = [counted for counted in found if counted is not None]
        return several if len(several) == len(found) else None

    def count_more(self, step: Step, rows: Rows, texts: Texts, tail: Tail) -> _Counted | None:
        """What there is more of by these rows; None if 64 bits do not do, or if one is of a day before the tail."""
        ages, days = self._ages(step, rows), PersonDays.of(rows, _numbered(rows, self.cells, texts), tail)
        return None if ages is None or days is None else self._counted(days, ages, tails=True)

    def _counted(self, days: PersonDays, ages: Sequence[Ages], first: int = 0, *, tails: bool) -> _Counted | None:
        """What is wanted of person-days, whose cells are numbered from `first` on. They are spent."""
        tail = days.tail(max(self.lengths, default=1), first=bool(self.ages)) if tails else None
        cohorts = days.cohorts(ages) if ages else []
        if cohorts is None:
            return None
        counts: dict[int | Aged, Rollup | Cohorts | None] = dict(zip(self.ages, cohorts, strict=True))
        counts |= {k: days.rollup(k, spent=k == self.lengths[-1]) for k in self.lengths}
        if None in counts.values():
            return None
        tables = {what: table(count, first) for what, count in counts.items() if count}
        return tables, tail and replace(tail, cell=tail.cell + first)

    def _pieces(self, rows: Rows, texts: Texts) -> Iterator[tuple[int, Rows, Unsigned | None]]:
        """Rows, the number of their first cell and the others of each row: cell by cell, if many rows are of each."""
        cells, cell = self.several(texts), _numbered(rows, self.cells, texts)
        if cell is not None and not self.lasts and 0 < cells <= min(_CELLS, len(rows.keys) // _APART):
            yield from ((first, own, None) for first, own in enumerate(rows.apart(cell, cells)) if len(own.keys))
        else:
            yield 0, rows, cell

    def _ages(self, step: Step, rows: Rows) -> list[Ages] | None:
        """The ages that are wanted; None of more days than an organisation has."""
        if self.ages and rows.days > MOST_DAYS:
            return None
        found = step.ages([aged.age for aged in self.ages], rows.first, rows.days)
        return [Ages.of(aged.wanted, ages) for aged, ages in zip(self.ages, found, strict=True)]


@dataclass
class _Reading:
    """One pass over the rows of a step, for all that counts the same persons of them."""

    step: Step
    sets: list[_Set] = field(default_factory=list)

    def want(self, made: Made, sets: Iterable[Cells]) -> None:
        """Count these sets of cells for somebody, too."""
        for cells in sets:
            wanted = made.gaps.where, cells, made.gaps.lasts
            same = (one for one in self.sets if (one.where, one.cells, one.lasts) == wanted)
            if (one := next(same, None)) is None:
                self.sets.append(one := _Set(*wanted, []))
            one.made.append(made)

    def count(self, kept: Kept | None) -> None:
        """Read and count; whoever wants it takes it, or learns that it does not fit."""
        # The last set is counted where the rows are; those that are set apart by cell need others.
        self.sets.sort(key=lambda one: not one.cells)
        wheres = dict.fromkeys(one.where for one in self.sets)
        lasts = dict.fromkeys(one.lasts for one in self.sets if one.lasts)
        step = replace(self.step, wheres=tuple(wheres), lasting=tuple(lasts))
        if kept is not None and self._count_more(replace(step, came=kept), kept):
            return
        texts = step.texts(self._columns)
        for way in step.ways(max(one.several(texts) for one in self.sets)):
            found = self._count_all(step, texts, way, tails=kept is not None and way.lasts)
            if found is not None:
                self._give(texts, found, kept)
                return
        # Lengths take bits that all others can do without.
        lasting = [one for one in self.sets if one.lasts]
        for one in lasting or self.sets:
            for made in one.made:
                made.fits = False
        self.sets = [one for one in self.sets if not one.lasts] if lasting else []
        if self.sets:
            self.count(kept)

    @property
    def _columns(self) -> list[str]:
        """The columns of cells."""
        return list(dict.fromkeys(column for one in self.sets for column in one.cells))

    def _count_all(self, step: Step, texts: Texts, way: Way, *, tails: bool) -> list[_Counted] | None:
        """What is wanted of each set, with `tails` for those to come; None if 64 bits do not do."""
        found: list[list[_Counted]] = [[] for _ in self.sets]
        parts = step.parts(texts)
        for part in range(parts):
            rows = step.read(texts, way, parts, part)
            if rows is None:
                return None
            for one, several in zip(self.sets, found, strict=True):
                own = step.where(one.where, rows, one.cells, one.lasts)
                counted = one.count(step, own, texts, spent=own is not rows or one is self.sets[-1], tails=tails)
                if counted is None:
                    return None
                several.append((_by_what(counted, pa.concat_tables), joined([tail for _, tail in counted])))
        return [(_by_what(several, added), joined([tail for _, tail in several])) for several in found]

    def _count_more(self, step: Step, kept: Kept) -> bool:
        """Count the rows of files that came, and add that to what is known of the others; False if that cannot be."""
        before = [tables for one in self.sets if (tables := kept.get(self._what(one))) is not None]
        if len(before) < len(self.sets) or not step.integers():
            return False
        texts = step.texts(self._columns)
        for one, tables in zip(self.sets, before, strict=True):
            texts |= {column: union(texts[column], tables[f"text of {column}"]["text"]) for column in one.cells}
        if not all(one.fits(texts) for one in self.sets) or step.parts(texts) > 1:
            return False
        counts = [known(one.cells, tables, texts) for one, tables in zip(self.sets, before, strict=True)]
        rows = step.read(texts, step.own, tails=[tail for _, tail in counts])
        if rows is None:
            return False
        found: list[_Counted] = []
        for one, (some, tail) in zip(self.sets, counts, strict=True):
            more = one.count_more(step, step.where(one.where, rows, one.cells), texts, tail)
            if more is None:
                return False
            found.append(({what: added([some[str(what)], table]) for what, table in more[0].items()}, more[1]))
        self._give(texts, found, kept)
        return True

    def _give(self, texts: Texts, found: Sequence[_Counted], kept: Kept | None) -> None:
        """Give what was counted of each set to those who want it, and keep it where it can be added to."""
        for one, (counts, tail) in zip(self.sets, found, strict=True):
            for made in one.made:
                made.add(one.cells, texts, counts)
            if kept is not None and tail is not None:
                tables = {f"text of {column}": pa.table({"text": texts[column]}) for column in one.cells}
                tables["tail"] = pa.table({"cell": tail.cell, "person": tail.person, "day": tail.day})
                kept.put(self._what(one), tables | {str(what): table for what, table in counts.items()})

    def _what(self, one: _Set) -> str:
        gaps = self.step.gaps
        return json.dumps([gaps.rows, self.step.relation, gaps.value, one.where, one.cells, one.lengths, one.ages])


def _numbered(rows: Rows, cells: Cells, texts: Texts) -> Unsigned | None:
    """The number of each row's cell, whose columns are its digits; None if there is but the total."""
    cell: Unsigned | None = None
    for column in cells:
        code = rows.codes[f"code of {column}"]
        cell = code if cell is None else cell.astype(np.uint64) * np.uint64(len(texts[column])) + code
    return cell


def _by_what(several: Sequence[_Counted], one_of: Callable[[list[pa.Table]], pa.Table]) -> Counts:
    """The counts of several as one."""
    return {what: one_of([counts[what] for counts, _ in several]) for what in several[0][0]}

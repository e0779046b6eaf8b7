"""Count gap rollups and cohorts by sorted keys, not by a query's own steps: the engine reads, `gaps` counts.

Persons are read as they are where they are integers, else by their hash if no two have the same, or as the plan's own
step numbers them; the values of cells are numbered here. Whatever asks for the same persons of the same rows reads them
once, in so many parts of the persons that what is read at a time stays small. Where a plan says what its rollups are
for, `levels` goes on from them. What was counted comes back as tables under the names of its steps, and the rest of the
query goes on from there. What does not fit into keys stays in the query.

Where a source has the files that it had before, and more, and what those came to was `Kept`, only the rows of the
others are read: what is counted of them is added. Persons must be integers for that, and none may come on a day before
the last one that was known.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from types import MappingProxyType
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp, parse_one

from headway.engines.columns import identifier
from headway.engines.gaps import Ages, Cohorts, PersonDays, Rollup
from headway.engines.inorder import Ints, Unsigned, each
from headway.engines.kept import Kept, Tables
from headway.engines.keys import Rows, Tail, gather
from headway.engines.levels import Reach, filled
from headway.engines.sweep import swept
from headway.model import Aged, Gaps, Sweep

T = TypeVar("T")


class Ask(Protocol):
    """Asks the engine a query that names these tables beside its sources: what `take` makes of the answer."""

    def __call__(
        self, query: exp.Query, tables: Mapping[str, pa.Table], take: Callable[[pa.RecordBatchReader], T], /
    ) -> T: ...


#: A set of cells, by columns.
Cells = tuple[str, ...]
#: The texts that a column of cells has, by number.
Texts = Mapping[str, pa.Array]

#: Conditions on the rows.
Where = tuple[str, ...]
#: What was counted of a set of cells: for values seen on so many days the rollup, for ages the cohorts.
Counts = Mapping[int | Aged, pa.Table]
#: Nothing is kept.
_NOTHING: Mapping[str, Kept] = MappingProxyType({})

#: Persons of so many rows at most are numbered: the rows are kept until then, and take about as many bytes each.
_NUMBERED, _KEPT_ROW = 1 << 24, 64

#: While it is swept, a change takes so many bytes.
_CHANGE = 40

#: So many cells at most are counted one after the other, and if there are so many rows of each.
_CELLS, _APART = 1 << 8, 1 << 14

#: For more days than that, some eleven years, there is no table of ages.
_MOST_DAYS = 4096


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
    made = [_Made(gaps, reaches) for gaps in several]
    readings: dict[tuple[str, str], _Reading] = {}
    for one in made:
        for relation, sets in one.gaps.readings:
            reading = _Reading(query, ask, relation, one.gaps, rows, room)
            readings.setdefault((relation, one.gaps.value), reading).want(one, sets)
    for reading in readings.values():
        reading.count(kept.get(reading.gaps.source))
    tables = {name: table for one in made if one.fits for name, table in one.tables().items()}
    for sweep in noted:
        if isinstance(sweep, Sweep) and _changes(query, sweep, rows) * _CHANGE <= room:
            found = swept(sweep, given[sweep.clock], lambda text, more: ask(_kept(query, text), more, _whole))
            tables |= {} if found is None else {sweep.step: found}
    steps = {step.alias: step for step in query.ctes if step.alias not in tables}
    body = query.__class__(**{**query.args, "with_": None})
    return _with(body, steps, keep=True), tables


def _changes(query: exp.Query, sweep: Sweep, rows: Mapping[str, int]) -> int:
    """How many changes there are at most, as long as no step multiplies rows: each SELECT has one of each row."""
    step = next(step for step in query.ctes if step.alias == sweep.changes)
    selects = sum(1 for _ in step.find_all(exp.Select))
    return selects * max((rows.get(table.name, 0) for table in query.find_all(exp.Table)), default=0)


def _whole(batches: pa.RecordBatchReader) -> pa.Table:
    return batches.read_all()


def _kept(query: exp.Query, text: str) -> exp.Query:
    """A query of a step, where what several steps read is computed once."""
    select = parse_one(text, read="duckdb")
    assert isinstance(select, exp.Query)
    return _with(select, {step.alias: step for step in query.ctes}, keep=True)


@dataclass
class _Made:
    """What is counted of one `Gaps`, as it comes: set by set, and of each part of the persons."""

    gaps: Gaps
    reaches: Mapping[str, Reach]
    fits: bool = True
    #: Of each set of cells: the number of its first cell, how many it may have, and the texts of its columns.
    _sets: dict[Cells, tuple[int, int, list[pa.Array]]] = field(default_factory=dict)
    _parts: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, cells: Cells, texts: Texts, counts: Counts) -> None:
        """Take what was counted of one set of cells."""
        first = sum(several for _, several, _ in self._sets.values())
        columns = [texts[column] for column in cells]
        self._sets[cells] = first, prod(map(len, columns)), columns
        for step, table in self._steps(cells, counts):
            cell = pc.add(table["cell"], first)
            table = table.set_column(0, "cell", cell) if self.gaps.cells else table.drop_columns("cell")
            self._parts.setdefault(step, []).append(table)

    def _steps(self, cells: Cells, counts: Counts) -> Iterator[tuple[str, pa.Table]]:
        """What the steps have of one set of cells: levels in place of the rollups that they are made of."""
        for step, k in self.gaps.rollups:
            levels = [level for level in self.gaps.levels if level.rollup == step and cells in level.sets]
            if not self.gaps.levels:
                yield step, counts[k]
            for reach in dict.fromkeys(level.reach for level in levels):
                same = [level for level in levels if level.reach == reach]
                numbers = filled(counts[k], self.reaches[reach], [level.stretches for level in same])
                yield from zip((level.step for level in same), numbers, strict=True)
        for step, age in self.gaps.ages:
            yield step, counts[age]

    def tables(self) -> dict[str, pa.Table]:
        """The counts, and the cells that occur in them, as the steps have them."""
        tables = {step: pa.concat_tables(several) for step, several in self._parts.items()}
        if self.gaps.cells:
            found = np.unique(np.concatenate([table["cell"].to_numpy() for table in tables.values()]))
            tables[self.gaps.cells] = pa.concat_tables(self._cells(found))
        return tables

    def _cells(self, found: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        """For each set of cells those among the found ones that are its own; columns of other sets are null."""
        every = dict.fromkeys(column for cells in self._sets for column in cells)
        for cells, (first, several, columns) in self._sets.items():
            mine = found[(found >= first) & (found < first + several)]
            rest, texts = mine - first, {column: pa.nulls(len(mine), pa.string()) for column in every}
            for name, column in zip(reversed(cells), reversed(columns), strict=True):
                rest, at = np.divmod(rest, len(column))
                texts[name] = column.take(pa.array(at))
            yield pa.table({**texts, "cell": pa.array(mine)})


def _date(days: npt.NDArray[np.int64], none: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32(), mask=none).view(pa.date32())


def _table(count: Rollup | Cohorts, first: int) -> pa.Table:
    columns = {"cell": pa.array(count.cell + first)}
    if isinstance(count, Cohorts):
        columns |= {"joined": _date(count.joined), "age": pa.array(count.age)}
    else:
        columns |= {"day": _date(count.day)} | ({"begun": _date(count.begun)} if count.begun is not None else {})
        columns["previous"] = _date(count.previous, ~count.seen)
    return pa.table({**columns, "people": pa.array(count.people)})


def _added(several: Sequence[pa.Table]) -> pa.Table:
    """Counts by the same keys, as one."""
    if len(several) == 1:
        return several[0]
    *keys, people = several[0].column_names
    added = pa.concat_tables(several).group_by(keys).aggregate([(people, "sum")])
    return added.rename_columns([*keys, people])


@dataclass
class _Set:
    """What is wanted of one set of cells, of the rows that some conditions leave."""

    where: Where
    cells: Cells
    made: list[_Made]

    @property
    def lengths(self) -> list[int]:
        """On how many days values are seen."""
        return sorted({k for one in self.made for _, k in one.gaps.rollups})

    @property
    def ages(self) -> list[Aged]:
        """At which ages people are counted."""
        return sorted({age for one in self.made for _, age in one.gaps.ages})

    def tail(self, days: PersonDays, first: int = 0) -> Tail | None:
        """What those to come are compared with; the cells of these days are numbered from `first` on."""
        tail = days.tail(max(self.lengths, default=1), first=bool(self.ages))
        return tail and replace(tail, cell=tail.cell + first)

    def pieces(self, rows: Rows, texts: Texts) -> Iterator[tuple[int, Rows, Unsigned | None]]:
        """Rows, the number of their first cell and the others of each row: cell by cell, if many rows are of each."""
        cells, cell = prod(len(texts[column]) for column in self.cells), _numbered(rows, self.cells, texts)
        if cell is not None and 0 < cells <= min(_CELLS, len(rows.keys) // _APART) and rows.fits(cells):
            yield from ((first, own, None) for first, own in enumerate(rows.apart(cell, cells)) if len(own.keys))
        else:
            yield 0, rows, cell


@dataclass(frozen=True, slots=True)
class _Way:
    """How persons become integers."""

    #: The SQL of the number, and what the rows are joined with for it.
    number: str
    join: str = ""
    #: The next run gives the same numbers.
    lasts: bool = False


@dataclass
class _Reading:
    """One pass over the rows of a step, for all that counts the same persons of them."""

    query: exp.Query
    ask: Ask
    relation: str
    #: Of those that read it, any.
    gaps: Gaps
    #: How many rows each source has.
    rows: Mapping[str, int]
    #: So many bytes of rows are read at a time.
    room: int
    sets: list[_Set] = field(default_factory=list)
    #: What is kept of the source, if its rows are those of files that came alone.
    came: Kept | None = None

    def want(self, made: _Made, sets: Iterable[Cells]) -> None:
        """Count these sets of cells for somebody, too."""
        for cells in sets:
            same = (one for one in self.sets if (one.where, one.cells) == (made.gaps.where, cells))
            if (one := next(same, None)) is None:
                self.sets.append(one := _Set(made.gaps.where, cells, []))
            one.made.append(made)

    def count(self, kept: Kept | None) -> None:
        """Read and count; whoever wants it takes it, or learns that it does not fit."""
        if kept is not None and self._count_more(kept):
            return
        texts = self._texts()
        for way in self._ways(texts):
            found = self._counted(texts, way, tails=kept is not None and way.lasts)
            if found is not None:
                for one, (counts, tail) in zip(self.sets, found, strict=True):
                    self._give(one, texts, counts, tail, kept)
                return
        for one in self.sets:
            for made in one.made:
                made.fits = False

    def _give(self, one: _Set, texts: Texts, counts: Counts, tail: Tail | None, kept: Kept | None) -> None:
        """Give what was counted to those who want it, and keep it where it can be added to."""
        for made in one.made:
            made.add(one.cells, texts, counts)
        if kept is not None and tail is not None:
            columns = {f"text of {column}": pa.table({"text": texts[column]}) for column in one.cells}
            last = pa.table({"cell": tail.cell, "person": tail.person, "day": tail.day})
            kept.put(self._what(one), {**columns, "tail": last, **{str(what): table for what, table in counts.items()}})

    def _what(self, one: _Set) -> str:
        said = [self.gaps.rows, self.relation, self.gaps.value, one.where, one.cells, one.lengths, one.ages]
        return json.dumps(said)

    def _counted(self, texts: Texts, way: _Way, *, tails: bool) -> list[tuple[Counts, Tail | None]] | None:
        """What is wanted of each set, with `tails` for those to come; None if 64 bits do not do."""
        found: list[list[tuple[Counts, Tail | None]]] = [[] for _ in self.sets]
        parts = self._parts(texts)
        for part in range(parts):
            rows = self._read(texts, way, parts, part)
            if rows is None:
                return None
            for one, several in zip(self.sets, found, strict=True):
                own = self._where(one, rows)
                spent = own is not rows or one is self.sets[-1]
                counted = self._pieces(one, own, texts, spent=spent, tails=tails)
                if counted is None:
                    return None
                several.append((_by_what(counted, pa.concat_tables), _joined(counted)))
        return [(_by_what(several, _added), _joined(several)) for several in found]

    def _pieces(
        self, one: _Set, rows: Rows, texts: Texts, *, spent: bool, tails: bool
    ) -> list[tuple[Counts, Tail | None]] | None:
        """What is wanted of a set, of some of its cells after others; None if 64 bits do not do."""
        ages = self._ages(one, rows)
        if ages is None or not _fits(one.cells, texts):
            return None

        def count(piece: tuple[int, Rows, Unsigned | None]) -> tuple[Counts, Tail | None] | None:
            first, own, cell = piece
            days = PersonDays.of(own, cell, spent=spent or own is not rows)
            counts = None if days is None else _counts(days, one, ages, first, spent=not tails)
            return None if days is None or counts is None else (counts, one.tail(days, first) if tails else None)

        found = each(count, one.pieces(rows, texts))
        several = [counted for counted in found if counted is not None]
        return several if len(several) == len(found) else None

    def _count_more(self, kept: Kept) -> bool:
        """Count the rows of files that came, and add that to what is known of the others; False if that cannot be."""
        self.came = kept
        try:
            return self._more(kept)
        finally:
            self.came = None

    def _more(self, kept: Kept) -> bool:
        known = [tables for one in self.sets if (tables := kept.get(self._what(one))) is not None]
        if len(known) < len(self.sets) or not self._are_integers():
            return False
        texts = self._texts()
        for one, tables in zip(self.sets, known, strict=True):
            texts |= {column: _union(texts[column], tables[f"text of {column}"]["text"]) for column in one.cells}
        if not all(_fits(one.cells, texts) for one in self.sets) or self._parts(texts) > 1:
            return False
        before = [_known(one.cells, tables, texts) for one, tables in zip(self.sets, known, strict=True)]
        rows = self._read(texts, self._own, tails=[tail for _, tail in before])
        if rows is None:
            return False
        found: list[tuple[Counts, Tail | None]] = []
        for one, (counts, tail) in zip(self.sets, before, strict=True):
            own = self._where(one, rows)
            ages, days = self._ages(one, own), PersonDays.of(own, _numbered(own, one.cells, texts), tail)
            more = None if ages is None or days is None else _counts(days, one, ages)
            if days is None or more is None:
                return False
            found.append(({what: _added([counts[str(what)], table]) for what, table in more.items()}, one.tail(days)))
        for one, (added, last) in zip(self.sets, found, strict=True):
            self._give(one, texts, added, last, kept)
        return True

    @property
    def _wheres(self) -> list[Where]:
        return list(dict.fromkeys(one.where for one in self.sets))

    def _where(self, one: _Set, rows: Rows) -> Rows:
        wheres = self._wheres
        return rows if len(wheres) == 1 else rows.where(f"where {wheres.index(one.where)}")

    def _parts(self, texts: Texts) -> int:
        """Into how many parts of the persons what is read has to be divided."""
        return self._most() * (12 + 2 * len(texts) + len(self._wheres)) // self.room + 1

    # -- queries ---------------------------------------------------------------------------------------------------

    @property
    def _own(self) -> _Way:
        return _Way(identifier(self.gaps.value), lasts=True)

    def _ways(self, texts: Texts) -> Iterator[_Way]:
        """The ways in which persons may become integers, the fastest first."""
        if self._are_integers():
            yield self._own
        if self._most() > _NUMBERED and (hashed := self._hashed(texts)):
            yield hashed
        yield _Way("person", f" JOIN {identifier(self.gaps.people)} USING ({identifier(self.gaps.value)})")

    def _hashed(self, texts: Texts) -> _Way | None:
        """Persons by as many bits of their hash as keys have room for; None if two of them have the same."""
        value = identifier(self.gaps.value)
        cells = max(prod(len(texts[column]) for column in one.cells) for one in self.sets)
        bits = 64 - _MOST_DAYS.bit_length() - cells.bit_length()
        if bits <= 0:
            return None
        way = _Way(f"CAST(HASH({value}) >> {64 - bits} AS BIGINT)")
        found = self._ask(
            f"SELECT COUNT(*) = COUNT(DISTINCT {way.number}) AS differ FROM (SELECT DISTINCT {value} "
            f"FROM {identifier(self.relation)} WHERE {' AND '.join(self._read_where)})"
        )
        return way if found["differ"][0].as_py() else None

    @property
    def _read_where(self) -> list[str]:
        """The conditions on rows that are read."""
        where, wheres = [f"{identifier(self.gaps.value)} IS NOT NULL", "day IS NOT NULL"], self._wheres
        if len(wheres) == 1:
            return [*where, *wheres[0]]
        several = " OR ".join(f"({' AND '.join(conditions)})" for conditions in wheres)
        return [*where, f"({several})"] if all(wheres) else where

    def _read(self, texts: Texts, way: _Way, parts: int = 1, part: int = 0, tails: Sequence[Tail] = ()) -> Rows | None:
        """The rows of one part of the persons."""
        select, join = [f"{way.number} AS person", "day"], way.join
        where = self._read_where + ([f"ABS({way.number} % {parts}) = {part}"] if parts > 1 else [])
        tables = {}
        for column, several in texts.items():
            code, table = identifier(f"code of {column}"), f"codes of {column}"
            numbers = pa.array(np.arange(len(several), dtype=np.min_scalar_type(len(several))))
            tables[table] = pa.table({f"text of {column}": several, f"code of {column}": numbers})
            select.append(code)
            join += f" JOIN {identifier(table)} ON {identifier(f'text of {column}')} = {identifier(column)}"
        codes, wheres = [f"code of {column}" for column in texts], self._wheres
        for at, conditions in enumerate(wheres if len(wheres) > 1 else ()):
            condition = " AND ".join(conditions) or "TRUE"
            select.append(f"CAST(COALESCE({condition}, FALSE) AS UTINYINT) AS {identifier(f'where {at}')}")
            codes.append(f"where {at}")
        text = f"SELECT {', '.join(select)} FROM {identifier(self.relation)}{join} WHERE {' AND '.join(where)}"
        most = self._most()
        once = bool(way.join) and most <= min(_NUMBERED, self.room // _KEPT_ROW)
        return self.ask(self._select(text, once=once), tables, lambda batches: gather(batches, codes, tails, most))

    def _most(self) -> int:
        """How many rows there are at most, as long as no step multiplies them."""
        query = self._select(f"SELECT 1 FROM {identifier(self.relation)}")
        return max((self.rows.get(table.name, 0) for table in query.find_all(exp.Table)), default=0)

    def _texts(self) -> dict[str, pa.Array]:
        """The texts of each column of cells."""
        columns = list(dict.fromkeys(column for one in self.sets for column in one.cells))
        if not columns:
            return {}
        listed = ", ".join(map(identifier, columns))
        sets = ", ".join(f"({identifier(column)})" for column in columns)
        found = self._ask(
            f"SELECT {listed} FROM {identifier(self.relation)} GROUP BY GROUPING SETS ({sets}) ORDER BY ALL"
        )
        return {column: found[column].combine_chunks().drop_null() for column in columns}

    def _ages(self, one: _Set, rows: Rows) -> list[Ages] | None:
        """The ages that are wanted of a set; None of more days than an organisation has."""
        return [self._age(aged, rows) for aged in one.ages] if rows.days <= _MOST_DAYS or not one.ages else None

    def _age(self, aged: Aged, rows: Rows) -> Ages:
        number = pa.array(range(rows.days), pa.int32())
        day = _date(np.arange(rows.days) + rows.first)
        # No source has a name of several words.
        joins, days = "days of joining", "days after it"
        tables = {joins: pa.table({"joined": day, "since": number}), days: pa.table({"day": day, "at": number})}
        text = f"FROM {identifier(joins)} JOIN {identifier(days)} ON day >= joined"
        select = parse_one(f"SELECT since, at, CAST({aged.age} AS INT) AS age {text}", read="duckdb")
        assert isinstance(select, exp.Query)
        found = self.ask(select, tables, _whole)
        ages = np.full((rows.days, rows.days), -1)
        ages[found["since"].to_numpy(), found["at"].to_numpy()] = found["age"].to_numpy()
        return Ages.of(aged.wanted, ages)

    def _are_integers(self) -> bool:
        found = self._ask(f"SELECT {identifier(self.gaps.value)} FROM {identifier(self.relation)} LIMIT 0")
        return bool(pa.types.is_integer(found.schema.types[0]))

    def _ask(self, text: str) -> pa.Table:
        """Ask for rows of a step."""
        return self.ask(self._select(text), {}, _whole)

    def _select(self, text: str, *, once: bool = False) -> exp.Query:
        """A query of a step: those that it needs are read through, not kept.

        With `once` the step itself is kept, as narrow as it is asked for: whoever numbers persons reads it, too.
        """
        select = parse_one(text, read="duckdb")
        assert isinstance(select, exp.Query)
        steps = {step.alias: step for step in self.query.ctes}
        if once:
            steps[self.relation] = _narrow(steps[self.relation], {*_names(select), self.gaps.value})
        query = _with(select, steps, keep=False, once=self.relation if once else "")
        return self.came.only(query) if self.came else query


def _numbered(rows: Rows, cells: Cells, texts: Texts) -> Unsigned | None:
    """The number of each row's cell, whose columns are its digits; None if there is but the total."""
    cell: Unsigned | None = None
    for column in cells:
        code = rows.codes[f"code of {column}"]
        cell = code if cell is None else cell.astype(np.uint64) * np.uint64(len(texts[column])) + code
    return cell


def _counts(days: PersonDays, one: _Set, ages: Sequence[Ages], first: int = 0, *, spent: bool = False) -> Counts | None:
    """What is wanted of a set; the cells of these days are numbered from `first` on. None if 64 bits do not do."""
    cohorts = days.cohorts(ages)
    if cohorts is None:
        return None
    counts: dict[int | Aged, Rollup | Cohorts | None] = dict(zip(one.ages, cohorts, strict=True))
    counts |= {k: days.rollup(k, spent=spent and k == one.lengths[-1]) for k in one.lengths}
    return None if None in counts.values() else {what: _table(count, first) for what, count in counts.items() if count}


def _by_what(several: Sequence[tuple[Counts, Tail | None]], one_of: Callable[[list[pa.Table]], pa.Table]) -> Counts:
    """The counts of several as one."""
    return {what: one_of([counts[what] for counts, _ in several]) for what in several[0][0]}


def _fits(cells: Cells, texts: Texts) -> bool:
    return prod(len(texts[column]) for column in cells) <= 1 << 63


# -- what was counted before ---------------------------------------------------------------------------------------


def _joined(several: Sequence[tuple[Counts, Tail | None]]) -> Tail | None:
    """The tails of several as one."""
    tails = [tail for _, tail in several if tail]
    if len(tails) < len(several):
        return None
    columns = zip(*((tail.cell, tail.person, tail.day) for tail in tails), strict=True)
    return Tail(*map(np.concatenate, columns))


def _known(cells: Cells, tables: Tables, texts: Texts) -> tuple[Mapping[str, pa.Table], Tail]:
    """What was counted before, with the numbers that cells have by these texts."""
    before = {column: tables[f"text of {column}"]["text"].combine_chunks() for column in cells}
    counts = {
        what: table.set_column(0, "cell", pa.array(_renumbered(table["cell"].to_numpy(), before, texts)))
        for what, table in tables.items()
        if "cell" in table.column_names and what != "tail"
    }
    tail = tables["tail"]
    cell = _renumbered(tail["cell"].to_numpy(), before, texts)
    return counts, Tail(cell, tail["person"].to_numpy(), tail["day"].to_numpy())


def _renumbered(cell: Ints, before: Mapping[str, pa.Array], texts: Texts) -> Ints:
    """The numbers that cells have by `texts`, of those that they had before."""
    if all(column.equals(texts[name]) for name, column in before.items()):
        return cell
    digits: list[tuple[Ints, int]] = []
    for name, column in reversed(list(before.items())):
        cell, digit = np.divmod(cell, len(column))
        places = pc.index_in(column, value_set=texts[name]).to_numpy()
        digits.append((places[digit].astype(np.int64), len(texts[name])))
    found = np.zeros_like(cell)
    for digit, several in reversed(digits):
        found = found * several + digit
    return found


def _union(some: pa.Array, others: pa.ChunkedArray) -> pa.Array:
    """Texts of both, in order."""
    found = pc.unique(pa.concat_arrays([some, *others.cast(some.type).chunks]))
    return found.take(pc.sort_indices(found))


def _names(select: exp.Query) -> Iterator[str]:
    """The columns that a query names."""
    return (column.name for column in select.find_all(exp.Column))


def _narrow(step: exp.CTE, needed: Collection[str]) -> exp.CTE:
    """A step with those of its columns alone that are needed; as it is if it does not say what its columns are."""
    select = step.this
    if not isinstance(select, exp.Select) or not all(isinstance(one, exp.Alias) for one in select.selects):
        return step
    columns = [one for one in select.selects if one.alias in needed]
    return exp.CTE(this=exp.Select(**{**select.args, "expressions": columns}), alias=step.args["alias"])


def _with(body: exp.Query, steps: Mapping[str, exp.CTE], *, keep: bool, once: str = "") -> exp.Query:
    """A query and those of the steps that it needs; with `keep` what several read is computed once, and kept.

    So is what was kept before, though only one reads it; without `keep`, of all steps that of the name `once`.
    """
    waiting: list[exp.Expr] = [body]
    read: Counter[str] = Counter()
    while waiting:
        found = Counter(table.name for table in waiting.pop().find_all(exp.Table))
        waiting += [steps[name].this for name in found if name in steps and not read[name]]
        read += found
    kept = {name: True if read[name] > 1 or step.args.get("materialized") else None for name, step in steps.items()}
    needed = [
        exp.CTE(this=step.this, alias=step.args["alias"], materialized=kept[name] if keep else name == once)
        for name, step in steps.items()
        if read[name]
    ]
    # Nodes are shared with the query that they come from: copying a large one takes longer than it runs.
    return body.__class__(**{**body.args, "with_": exp.With(expressions=needed) if needed else None})

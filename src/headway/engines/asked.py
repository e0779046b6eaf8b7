"""The rows of a step, as they are asked for to be counted by keys: persons, and the values of cells, are integers.

Persons are read as they are where they are integers, else by their hash if no two have the same, or as the plan's own
step numbers them; the values of cells are numbered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa
from sqlglot import exp

from headway.engines.columns import identifier
from headway.engines.inorder import Ints
from headway.engines.kept import Kept
from headway.engines.keys import Rows, Tail, gather
from headway.engines.steps import names, narrow, select, with_steps
from headway.model import Gaps

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
#: Persons of so many rows at most are numbered: the rows are kept until then, and take about as many bytes each.
_NUMBERED, _KEPT_ROW = 1 << 24, 64

#: Rows last so many days at most, which is for ever: no span is as long.
_EVER = (1 << 16) - 1

#: More days than that, some eleven years, have no table of ages, and no bits beside a hash.
MOST_DAYS = 4096


def whole(batches: pa.RecordBatchReader) -> pa.Table:
    """All of an answer."""
    return batches.read_all()


@dataclass(frozen=True, slots=True)
class Way:
    """How persons become integers."""

    #: The SQL of the number, and what the rows are joined with for it.
    number: str
    join: str = ""
    #: The next run gives the same numbers.
    lasts: bool = False


@dataclass(frozen=True)
class Step:
    """A step whose rows are asked for."""

    query: exp.Query
    ask: Ask
    relation: str
    #: Of those that count these rows, any.
    gaps: Gaps
    #: How many rows each source has.
    counts: Mapping[str, int]
    #: So many bytes of rows are read at a time.
    room: int
    #: The rows that are wanted, each by some conditions.
    wheres: tuple[Where, ...] = ()
    #: The columns of the days up to which rows last, where somebody asks for it.
    lasting: tuple[str, ...] = ()
    #: What is kept of the source, if its rows are those of files that came alone.
    came: Kept | None = None

    @property
    def hashes(self) -> bool:
        """Persons that are no integers are read by their hash."""
        return self._most > _NUMBERED

    @property
    def own(self) -> Way:
        """Persons as they are."""
        return Way(identifier(self.gaps.value), lasts=True)

    def integers(self) -> bool:
        """Persons are integers."""
        found = self._ask(f"SELECT {identifier(self.gaps.value)} FROM {identifier(self.relation)} LIMIT 0")
        return bool(pa.types.is_integer(found.schema.types[0]))

    def texts(self, columns: Sequence[str]) -> dict[str, pa.Array]:
        """The texts that each of these columns has."""
        if not columns:
            return {}
        listed = ", ".join(map(identifier, columns))
        sets = ", ".join(f"({identifier(column)})" for column in columns)
        found = self._ask(
            f"SELECT {listed} FROM {identifier(self.relation)} GROUP BY GROUPING SETS ({sets}) ORDER BY ALL"
        )
        return {column: found[column].combine_chunks().drop_null() for column in columns}

    def ages(self, several: Sequence[str], first: int, days: int) -> list[Ints]:
        """Each of several ages, on each of so many days from the first on, by the day of joining; -1 before it."""
        if not several:
            return []
        number = pa.array(range(days), pa.int32())
        day = pa.array(np.arange(days) + first, pa.int32()).view(pa.date32())
        # No source has a name of several words.
        joins, after = "days of joining", "days after it"
        tables = {joins: pa.table({"joined": day, "since": number}), after: pa.table({"day": day, "at": number})}
        listed = ", ".join(f"CAST({age} AS INT) AS age_{at}" for at, age in enumerate(several))
        text = f"FROM {identifier(joins)} JOIN {identifier(after)} ON day >= joined"
        answer = self.ask(select(f"SELECT since, at, {listed} {text}"), tables, whole)
        place = answer["since"].to_numpy(), answer["at"].to_numpy()
        found: list[Ints] = [np.full((days, days), -1) for _ in several]
        for at, ages in enumerate(found):
            ages[place] = answer[f"age_{at}"].to_numpy()
        return found

    def parts(self, texts: Texts) -> int:
        """Into how many parts of the persons what is read has to be divided."""
        return self._most * (12 + 2 * len(texts) + len(self.wheres) + 18 * len(self.lasting)) // self.room + 1

    def ways(self, cells: int) -> Iterator[Way]:
        """The ways in which persons may become integers, beside the number of a cell; the fastest first."""
        if self.integers():
            yield self.own
        # A length needs the bits of a hash.
        if self.hashes and not self.lasting and (hashed := self._hashed(cells)):
            yield hashed
        yield Way("person", f" JOIN {identifier(self.gaps.people)} USING ({identifier(self.gaps.value)})")

    def read(self, texts: Texts, way: Way, parts: int = 1, part: int = 0, tails: Sequence[Tail] = ()) -> Rows | None:
        """The rows of one part of the persons."""
        listed, join = [f"{way.number} AS person", "day"], way.join
        where = self._read_where + ([f"ABS({way.number} % {parts}) = {part}"] if parts > 1 else [])
        tables = {}
        for column, several in texts.items():
            code, table = identifier(f"code of {column}"), f"codes of {column}"
            numbers = pa.array(np.arange(len(several), dtype=np.min_scalar_type(len(several))))
            tables[table] = pa.table({f"text of {column}": several, f"code of {column}": numbers})
            listed.append(code)
            join += f" JOIN {identifier(table)} ON {identifier(f'text of {column}')} = {identifier(column)}"
        codes, wheres = [f"code of {column}" for column in texts], self.wheres
        for at, conditions in enumerate(wheres if len(wheres) > 1 else ()):
            condition = " AND ".join(conditions) or "TRUE"
            listed.append(f"CAST(COALESCE({condition}, FALSE) AS UTINYINT) AS {identifier(f'where {at}')}")
            codes.append(f"where {at}")
        for last in self.lasting:
            listed.append(f"{_length(last)} AS {identifier(length(last))}")
            codes.append(length(last))
        text = f"SELECT {', '.join(listed)} FROM {identifier(self.relation)}{join} WHERE {' AND '.join(where)}"
        once = bool(way.join) and self._most <= min(_NUMBERED, self.room // _KEPT_ROW)
        return self.ask(self._select(text, once=once), tables, lambda them: gather(them, codes, tails, self._most))

    def where(self, where: Where, rows: Rows, cells: Cells, lasts: str = "") -> Rows:
        """Those of the rows that some conditions leave, with what is asked of them."""
        codes = [f"code of {column}" for column in cells] + ([length(lasts)] if lasts else [])
        return rows if len(self.wheres) == 1 else rows.where(f"where {self.wheres.index(where)}", codes)

    # -- queries ---------------------------------------------------------------------------------------------------

    def _hashed(self, cells: int) -> Way | None:
        """Persons by as many bits of their hash as keys have room for; None if two of them have the same."""
        value = identifier(self.gaps.value)
        bits = 64 - MOST_DAYS.bit_length() - cells.bit_length()
        if bits <= 0:
            return None
        way = Way(f"CAST(HASH({value}) >> {64 - bits} AS BIGINT)")
        found = self._ask(
            f"SELECT COUNT(*) = COUNT(DISTINCT {way.number}) AS differ FROM (SELECT DISTINCT {value} "
            f"FROM {identifier(self.relation)} WHERE {' AND '.join(self._read_where)})"
        )
        return way if found["differ"][0].as_py() else None

    @property
    def _read_where(self) -> list[str]:
        """The conditions on rows that are read."""
        where, wheres = [f"{identifier(self.gaps.value)} IS NOT NULL", "day IS NOT NULL"], self.wheres
        if len(wheres) == 1:
            return [*where, *wheres[0]]
        several = " OR ".join(f"({' AND '.join(conditions)})" for conditions in wheres)
        return [*where, f"({several})"] if all(wheres) else where

    @cached_property
    def _most(self) -> int:
        """How many rows there are at most, as long as no step multiplies them."""
        query = self._select(f"SELECT 1 FROM {identifier(self.relation)}")
        return max((self.counts.get(table.name, 0) for table in query.find_all(exp.Table)), default=0)

    def _ask(self, text: str) -> pa.Table:
        """Ask for rows of a step."""
        return self.ask(self._select(text), {}, whole)

    def _select(self, text: str, *, once: bool = False) -> exp.Query:
        """A query of a step: those that it needs are read through, not kept.

        With `once` the step itself is kept, as narrow as it is asked for: whoever numbers persons reads it, too.
        """
        wanted = select(text)
        steps = {step.alias: step for step in self.query.ctes}
        if once:
            steps[self.relation] = narrow(steps[self.relation], {*names(wanted), self.gaps.value})
        query = with_steps(wanted, steps, keep=False, once=self.relation if once else "")
        return self.came.only(query) if self.came else query


def length(last: str) -> str:
    """The column of how many days rows last beyond their first, up to the day in another."""
    return f"length by {last}"


def _length(last: str) -> str:
    """SQL of how many days a row lasts beyond its first; one without a last day, or on the wrong side, has one."""
    never = "CAST('9999-12-31' AS DATE)"
    return (
        f"CAST(LEAST(LEAST(GREATEST(COALESCE({identifier(last)}, {never}), day), {never}) - day, {_EVER}) AS USMALLINT)"
    )

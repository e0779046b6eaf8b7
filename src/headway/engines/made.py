"""What was counted, as the tables that stand in a query for its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headway.engines.asked import Cells, Texts
from headway.engines.gaps import Cohorts, Rollup
from headway.engines.levels import Reach, filled
from headway.model import Aged, Gaps, Levels

#: What was counted of a set of cells: for values seen on so many days the rollup, for ages the cohorts.
Counts = Mapping[int | Aged, pa.Table]


@dataclass
class Made:
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
            if not self.gaps.levels:
                yield step, counts[k]
            levels: dict[str, list[Levels]] = {}
            for level in self.gaps.levels:
                if level.rollup == step and cells in level.sets:
                    levels.setdefault(level.reach, []).append(level)
            wanted = [(self.reaches[reach], [level.stretches for level in same]) for reach, same in levels.items()]
            for same, numbers in zip(levels.values(), filled(counts[k], wanted), strict=True):
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


def table(count: Rollup | Cohorts, first: int) -> pa.Table:
    """Counts as a table; the first cell has this number."""
    columns = {"cell": pa.array(count.cell + first)}
    if isinstance(count, Cohorts):
        columns |= {"joined": _date(count.joined), "age": pa.array(count.age)}
    else:
        columns |= {"day": _date(count.day)} | ({"begun": _date(count.begun)} if count.begun is not None else {})
        columns |= {} if count.final is None else {"final": _date(count.final)}
        columns["previous"] = _date(count.previous, ~count.seen)
    return pa.table({**columns, "people": pa.array(count.people)})


def added(several: Sequence[pa.Table]) -> pa.Table:
    """Counts by the same keys, as one."""
    if len(several) == 1:
        return several[0]
    *keys, people = several[0].column_names
    found = pa.concat_tables(several).group_by(keys).aggregate([(people, "sum")])
    return found.rename_columns([*keys, people])

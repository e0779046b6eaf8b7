"""Turn Arrow tables of names into rows of numbers: every word and every series gets its number in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import schema
from headway.ledger.diff import BLOCK, Floats, Ints, Rows
from headway.model import JUDGED, OBSERVED, Flag
from headway.periods import Grain

#: The numbers of a row of each log, beside its key, in the order of `Rows.values`.
OBSERVATION = ("value", "reason", "n", "numerator", "denominator", "flags", "so_far", "so_far_before")
VERDICT = ("status", "low", "high", "expected")
#: Those that are whole numbers.
WHOLE = frozenset({"reason", "flags", "status"})  # and of whom they come: run, definition, restatement


@dataclass(frozen=True, slots=True)
class Lines:
    """The series of one KPI: their numbers in order, the part, grain and cell of each, and the width of its blocks."""

    ids: Ints
    names: list[tuple[str, str, str]]
    block: Ints

    @classmethod
    def of(cls, known: dict[tuple[str, str, str], int]) -> Lines:
        """From the number of each (part, grain, cell)."""
        names = sorted(known, key=known.__getitem__)
        ids = np.array([known[name] for name in names], dtype=np.int64)
        return cls(ids, names, np.array([BLOCK[Grain(name[1])] for name in names], dtype=np.int64))

    def width(self, series: Ints) -> Ints:
        """How many period keys a block has, for each of these series (`diff.BLOCK`)."""
        return self.block[np.searchsorted(self.ids, series)]

    def name(self, series: int) -> tuple[str, str, str]:
        """Part, grain and cell of a series."""
        return self.names[int(np.searchsorted(self.ids, series))]


class Encoder:
    """The numbers given so far. New words and series are written as they are met.

    The numbers are ours to give, because the transaction that this works in has locked out every other writer.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        word = schema.word.c
        self.words: dict[str, int] = dict(connection.execute(sa.select(word.text, word.id)).all())
        self.free = next_id(connection, schema.series)
        self._known: tuple[str, dict[tuple[str, str, str], int]] = ("", {})

    def word(self, text: str) -> int:
        """The number of a reason or a status."""
        if text not in self.words:
            self.words[text] = max(self.words.values(), default=0) + 1
            self.connection.execute(schema.word.insert(), {"id": self.words[text], "text": text})
        return self.words[text]

    def lines(self, kpi: str) -> Lines:
        """All series that a KPI has so far."""
        return Lines.of(self._lines(kpi))

    def observations(self, kpi: str, table: pa.Table) -> Rows:
        """The rows of a table of schema `OBSERVED`."""
        table = table.select(OBSERVED.names).cast(OBSERVED)
        values = np.empty((len(table), len(OBSERVATION)))
        for index, name in enumerate(OBSERVATION):
            values[:, index] = self._words(table[name]) if name == "reason" else _floats(table[name])
        # What a period had reached on the way says nothing once it is over.
        closed = (_ints(table["flags"]) & Flag.PARTIAL) == 0
        values[closed, OBSERVATION.index("so_far") :] = np.nan
        return self._rows(kpi, table, values)

    def verdicts(self, kpi: str, table: pa.Table) -> Rows:
        """The rows of a table of schema `JUDGED`."""
        table = table.select(JUDGED.names).cast(JUDGED)
        values = np.column_stack([self._words(table["status"]), *(_floats(table[name]) for name in VERDICT[1:])])
        return self._rows(kpi, table, values)

    def _words(self, column: pa.ChunkedArray) -> Floats:
        """The number of each word, 0 for null."""
        codes, words = _codes(column.fill_null(""))
        numbers = np.array([self.word(word) if word else 0 for word in words], dtype=np.float64)
        return numbers[codes]

    def _rows(self, kpi: str, table: pa.Table, values: Floats) -> Rows:
        """Number the series and sort by series and period; a period that stands twice is a ValueError."""
        parts, part_words = _codes(table["part"])
        grains, grain_words = _codes(table["grain"])
        cells, cell_words = _codes(table["cell"])
        mixed = (parts * len(grain_words) + grains) * len(cell_words) + cells
        met, place = np.unique(mixed, return_inverse=True)
        names = [
            (part_words[m // len(cell_words) // len(grain_words)], grain_words[g % len(grain_words)], cell_words[c])
            for m, g, c in zip(met, met // max(1, len(cell_words)), met % max(1, len(cell_words)), strict=True)
        ]
        series = self._series(kpi, names)[place]

        rows = Rows(series, _ints(table["period"]), values)
        key = rows.key
        if not np.all(key[1:] > key[:-1]):
            order = np.argsort(key, kind="stable")
            rows, key = rows.take(order), key[order]
            if np.any(twice := key[1:] == key[:-1]):
                at = order[np.flatnonzero(twice)[0]]
                raise ValueError(f"{kpi}: two numbers for {names[place[at]]}, period {table['period'][int(at)]}")
        return rows

    def _lines(self, kpi: str) -> dict[tuple[str, str, str], int]:
        """The number of each series (part, grain, cell) of a KPI. Its logs ask one after the other."""
        if self._known[0] != kpi:
            t = schema.series.c
            found = self.connection.execute(sa.select(t.id, t.part, t.grain, t.cell).where(t.kpi == kpi))
            self._known = kpi, {(part, grain, cell): number for number, part, grain, cell in found}
        return self._known[1]

    def _series(self, kpi: str, names: list[tuple[str, str, str]]) -> Ints:
        """The number of each series of a KPI; new ones follow all that there are."""
        known = self._lines(kpi)
        new = [name for name in names if name not in known]
        for name in new:
            known[name] = self.free
            self.free += 1
        if new:
            self.connection.execute(
                schema.series.insert(),
                [{"id": known[n], "kpi": kpi, "part": n[0], "grain": n[1], "cell": n[2]} for n in new],
            )
        return np.array([known[name] for name in names], dtype=np.int64)


def next_id(connection: sa.Connection, table: sa.Table) -> int:
    """The first free id of a table that numbers its own rows."""
    return int(connection.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Each text as an index into the list of different texts."""
    coded = pa.chunked_array(column).combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()


def _floats(column: pa.ChunkedArray) -> Floats:
    """Null becomes NaN."""
    numbers: Floats = column.cast(pa.float64()).to_numpy()
    return numbers


def _ints(column: pa.ChunkedArray) -> Ints:
    """A column without nulls."""
    numbers: Ints = column.cast(pa.int64()).to_numpy()
    return numbers

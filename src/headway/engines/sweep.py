"""The sweep by sorted keys: how many rows are under way in each piece of time, by cell.

What the steps `moments`, `swept`, `levels` and `hourly` (or `daily`) of a plan say in SQL, for any engine, is here
arithmetic on one array of integers. Each change becomes a key, `cell | moment | ended`, from its highest bits to its
lowest. In order, the lowest bits up to a place say how many rows had ended there, and the place itself how many had
begun; a piece is what lies between two places, of which the first keys that are not below its start tell the one.

    level        begun - ended, after all changes of one moment
    area         the level before the piece times its length, and for each change what is left of the piece after it

Sums of moments go around at 2^64, and so do their differences, which do not reach it.

Cost, for n changes and m pieces: O(n log n) to sort, O(n + m log n) for all else, on two threads; 8 bytes a change for
the keys. What is made of them on the way is that of some pieces at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
from sqlglot import exp

from headway.engines.asked import Ask, whole
from headway.engines.columns import identifier
from headway.engines.inorder import BLOCK, Ints, Unsigned, bundles, each, sort
from headway.engines.keys import with_room
from headway.engines.steps import select, with_steps
from headway.model import Sweep

#: No level is that small.
_NONE = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is measured of each piece, cell after cell."""

    most: Ints
    least: Ints
    area: Ints
    begun: Ints
    ended: Ints


def swept(query: exp.Query, sweep: Sweep, clock: pa.Table, changes: int, ask: Ask) -> pa.Table | None:
    """The rows of a sweep's step in a query, of about so many changes.

    None if their keys do not fit into 64 bits, or if there is nothing to look at.
    """
    every = pa.table({"number of cell": pa.array([0])})
    if sweep.cells:
        listed = ", ".join(map(identifier, sweep.cells))
        every = ask(_of_steps(query, f"SELECT {listed} FROM {identifier(sweep.every)}"), {}, whole)
        every = every.append_column("number of cell", pa.array(np.arange(len(every))))
    ends = (sweep.end - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    starts = clock["starts"].cast(pa.int64()).to_numpy()
    pieces = np.flatnonzero(starts < ends)
    cells, bits = len(every), (ends - int(starts[0])).bit_length() if len(pieces) else 64
    if not cells or cells.bit_length() + bits + 1 > 63:
        return None
    # No source has a name of several words.
    joined, first = identifier("numbers of cells"), int(starts[0])
    numbers = every.append_column("last moment", pa.array([sweep.end] * cells, pa.timestamp("us", tz="UTC")))
    same = (
        " AND ".join(f"{joined}.{c} IS NOT DISTINCT FROM changes.{c}" for c in map(identifier, sweep.cells)) or "TRUE"
    )
    moment = f"EPOCH_US(LEAST(moment, {identifier('last moment')})) - {first}"
    text = (
        f"SELECT {identifier('number of cell')} * {2 << bits} + ({moment}) * 2 + ended AS key "
        f"FROM {identifier(sweep.changes)} AS changes JOIN {joined} ON {same}"
    )
    keys = ask(_of_steps(query, text), {"numbers of cells": numbers}, partial(_keys, changes))
    known = measured(keys, cells, np.append(starts[pieces], ends) - first, bits)
    length = np.diff(np.append(starts[pieces], ends))
    cell = pa.array(np.repeat(np.arange(cells), len(pieces)))
    columns = {name: every[name].combine_chunks().take(cell) for name in sweep.cells}
    columns[sweep.piece] = clock[sweep.piece].combine_chunks().take(pa.array(np.tile(pieces, cells)))
    for name in ("most", "least", "area", "begun", "ended"):
        columns[name] = pa.array(getattr(known, name))
    return pa.table({**columns, "length": pa.array(np.tile(length, cells))})


def _of_steps(query: exp.Query, text: str) -> exp.Query:
    """A query of the steps of another, where what several of them read is computed once."""
    return with_steps(select(text), {step.alias: step for step in query.ctes}, keep=True)


def _keys(expected: int, batches: pa.RecordBatchReader) -> Unsigned:
    """The column `key` of rows as they come, of which about so many are expected; batches are not kept."""
    found, here = np.empty(expected, np.uint64), slice(0, 0)
    for batch in batches:
        here = slice(here.stop, here.stop + len(batch))
        found = with_room(found, here, found.dtype)
        found[here] = batch["key"].to_numpy().view(np.uint64)
    return found[: here.stop]


def measured(keys: Unsigned, cells: int, starts: Ints, bits: int) -> Pieces:
    """Measure the pieces that begin at `starts`, the last of which is where all of them end.

    Moments count from the first start, in so many `bits`; those of changes are within them.
    """
    keys, one = sort(keys), np.uint64(1)
    firsts = (np.arange(cells, dtype=np.uint64)[:, None] << np.uint64(bits)) | starts.view(np.uint64)[None, :]
    # Of each cell, the first place of each piece, and the place behind the last change at its start.
    at = np.searchsorted(keys, firsts.ravel() << one)
    behind = np.searchsorted(keys, firsts.ravel() << one | one, side="right")
    places, mask = np.append(at, len(keys)), np.uint64((1 << bits) - 1)

    def add(some: slice) -> tuple[Ints, ...]:
        """Along the changes of some pieces: how many ended, their moments, and the levels that last."""
        here = keys[at[some.start] : places[some.stop]]
        begins, ends = at[some] - at[some.start], behind[some] - at[some.start]
        bit = (here & one).view(np.int64)
        ended = np.append(0, np.cumsum(bit))
        level = np.arange(len(ended)) - 2 * ended
        moments = ((here >> one) & mask).view(np.int64)
        moments *= 1 - 2 * bit
        added = np.append(0, np.cumsum(moments))
        lasts = np.append(here[1:] >> one != here[:-1] >> one, True)[: len(here)]
        busy = np.flatnonzero(np.diff(places[some.start : some.stop + 1]))
        extremes = []
        for fold, none in ((np.maximum, _NONE), (np.minimum, -(_NONE + 1))):
            found = np.full(len(begins), none)
            if len(busy):
                found[busy] = fold.reduceat(np.where(lasts, level[1:], none), begins[busy])
            # The level at the start lasts, too, if nothing is changed then.
            quiet = ends == begins
            found[quiet] = fold(found[quiet], level[begins[quiet]])
            extremes.append(found)
        return (ended[begins], ended[ends], added[begins], *extremes, ended[-1:], added[-1:])

    several = bundles(places, BLOCK)
    *found, total, moments = map(np.concatenate, zip(*each(add, several), strict=True))
    sizes = [some.stop - some.start for some in several]
    base, far = (np.repeat(np.cumsum(of_block) - of_block, sizes) for of_block in (total, moments))
    # From here on as a table: a row of each cell, a column of each start.
    at, first = at.reshape(cells, len(starts)), np.repeat(at[[some.start for some in several]], sizes) - 2 * base
    ended, over, added, most, least = (
        (of_piece + more).reshape(cells, len(starts))
        for of_piece, more in zip(found, (base, base, far, first, first), strict=True)
    )
    level = at - 2 * ended
    before, known = level[:, :1], level[:, :-1] - level[:, :1]
    area = known * np.diff(starts) + np.diff(level, axis=1) * starts[1:] - np.diff(added, axis=1)
    gone = ended[:, :1]
    return Pieces(
        (most[:, :-1] - before).ravel(),
        (least[:, :-1] - before).ravel(),
        area.ravel(),
        (at[:, 1:] - at[:, :1] - (ended[:, 1:] - gone)).ravel(),
        (over[:, :-1] - gone).ravel(),
    )

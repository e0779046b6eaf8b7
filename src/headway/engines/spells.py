"""Stretches by sorted keys: of persons with rows that last, how many begin and end on which days, after which end.

What the steps `spells`, `ordered` and `stretches` of a plan say in SQL, for any engine, is here arithmetic on one array
of integers. Each row becomes a key, `cell | person | day | length`, from its highest bits to its lowest, where the
length is how many days it lasts beyond its first. In order, the last of the keys that are alike but for their length
stays; and as those of one person stand together,

    latest    the running maximum of `cell | person | day + length`: it never looks back to another person
    previous  the latest one before, if it is of the same person

and a key whose own end is not after its previous one adds nothing. `cell | day | length | end - previous`, sorted
again, stands in runs: their lengths are the stretches.

Cost, for n rows: O(n log n) for two sorts, O(n) for all else, on two threads; 8 bytes a row for the keys, and as much
again for the stretches. What does not fit into 64 bits is left to SQL.
"""

from __future__ import annotations

import numpy as np

from headway.engines.gaps import Rollup
from headway.engines.inorder import BLOCK, Ints, Unsigned, each, runs, sort
from headway.engines.keys import Rows


def stretches(rows: Rows, lengths: Unsigned, cell: Unsigned | None = None) -> Rollup | None:
    """Of rows with the number of their cell, which last so many days more than one; None if 64 bits do not do."""
    width = int(lengths.max(initial=0)).bit_length()
    cells = 0 if cell is None else int(cell.max(initial=0)).bit_length()
    person = rows.bits - rows.day
    #: Bits of the last day, counted from the first one of all, and of what lies between two of them.
    last = (rows.days + (1 << width)).bit_length()
    if max(cells + person + max(rows.day + width, last), cells + rows.day + width + last) > 64:
        return None
    keys = rows.keys.astype(np.uint64) << np.uint64(width)
    keys |= lengths
    if cell is not None:
        keys |= cell.astype(np.uint64) << np.uint64(rows.bits + width)
    sort(keys)
    move = np.uint64(rows.day + width)

    def fill(block: slice) -> Unsigned:
        """The code of each stretch of some persons."""
        here = keys[block]
        begun = here >> np.uint64(width)
        some = np.flatnonzero(np.append(begun[1:] != begun[:-1], True)[: len(here)])
        begun, length = begun[some], _low(here[some], width)
        end = _low(begun, rows.day) + length
        who = begun >> np.uint64(rows.day)
        latest = np.maximum.accumulate(who << np.uint64(last) | end)
        beyond = np.zeros_like(end)
        beyond[1:] = np.where(who[1:] == who[:-1], end[1:] - np.minimum(_low(latest[:-1], last), end[1:]), 0)
        adds = beyond > 0
        adds[:1] = True
        adds[1:] |= who[1:] != who[:-1]
        code = (who >> np.uint64(person)) << np.uint64(rows.day) | _low(begun, rows.day)
        found: Unsigned = ((code << np.uint64(width) | length) << np.uint64(last) | beyond)[adds]
        return found

    made = each(fill, _persons(keys, move))
    found, people = runs(sort(np.concatenate([np.empty(0, np.uint64), *made])))
    beyond = _low(found, last).view(np.int64)
    length = _low(found >> np.uint64(last), width).view(np.int64)
    day = _low(found >> np.uint64(last + width), rows.day).view(np.int64) + rows.first
    of_cell = (found >> np.uint64(last + width + rows.day)).view(np.int64)
    final = day + length
    return Rollup(of_cell, day, None, final - beyond, beyond > 0, people, final)


def _low(numbers: Unsigned, bits: int) -> Unsigned:
    """The lowest bits of each."""
    return numbers & np.uint64((1 << bits) - 1)


def _persons(keys: Unsigned, move: np.uint64) -> list[slice]:
    """Keys in order, in pieces that no person is in two of: what is left of a key without its lowest bits."""
    near = keys[BLOCK::BLOCK] >> move << move
    starts: Ints = np.unique(np.append(0, np.searchsorted(keys, near)))
    return [slice(*both) for both in zip(starts.tolist(), [*starts[1:].tolist(), len(keys)], strict=True)]

"""What is measured along sorted changes, against a loop over every moment; however many are added up at a time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.engines import sweep

#: Moments are below this one, which is the end of the last piece.
END = 16
CHANGES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, END - 1), st.integers(1, END)), max_size=30)


@given(CHANGES, st.sets(st.integers(1, END - 1)), st.sampled_from([1, 3, 1 << 18]))
@settings(deadline=None)
def test_pieces_are_measured_as_a_loop_does(rows: list[tuple[int, int, int]], starts: set[int], block: int) -> None:
    """Largest, smallest and summed level of each piece, and how many had begun and ended."""
    bounds, cells, bits = [0, *sorted(starts), END], 3, END.bit_length()
    changes = [
        (cell << bits + 1) | (moment << 1) | ended
        for cell, begin, length in rows
        for moment, ended in ((begin, 0), (min(begin + length, END), 1))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "BLOCK", block)
        pieces = sweep.measured(np.array(changes, np.uint64), cells, np.array(bounds), bits)
    expected = []
    for cell in range(cells):
        own = [(begin, min(begin + length, END)) for one, begin, length in rows if one == cell]
        levels = [sum(begin <= moment < end for begin, end in own) for moment in range(END)]
        for first, stop in pairwise(bounds):
            during = levels[first:stop]
            begun, ended = sum(begin < stop for begin, _ in own), sum(end <= first for _, end in own)
            expected.append((max(during), min(during), sum(during), begun, ended))
    found = zip(pieces.most, pieces.least, pieces.area, pieces.begun, pieces.ended, strict=True)
    assert [tuple(map(int, one)) for one in found] == expected

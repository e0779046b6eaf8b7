"""Whether numbers go one way: the test of Mann and Kendall, by its exact distribution.

Each pair of values in time votes: up is 1, down is -1, equal is 0. Their sum is `S`. If order were chance, every order
of the same values would be as likely, so how often `|S|` is as large or larger is known without any approximation; with
ties it is the number of inversions in the orders of a multiset (MacMahon: a Gaussian multinomial coefficient). Values
are supposed to be independent: where one carries over into the next, as stocks and rolling windows do, a trend is found
more often than the five times in a hundred that it says.

Sources: H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945); M. G. Kendall, Rank correlation methods
(1948), chapter 5; P. A. MacMahon, Combinatory analysis (1915), volume 1, section 3.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
from numpy.typing import NDArray

#: How rarely chance alone may look like a trend, in either direction.
LEVEL = 0.05

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def mann_kendall(windows: Floats) -> tuple[Ints, Floats]:
    """`S`, and how likely chance alone makes one as large in either direction, for each row of values in time."""
    rows, length = windows.shape
    s = np.zeros(rows)
    ties = np.zeros(rows, bool)
    for gap in range(1, length):
        votes = np.sign(windows[:, gap:] - windows[:, :-gap])
        s += votes.sum(axis=1)
        ties |= (votes == 0).any(axis=1)
    sums = s.astype(np.int64)
    p = np.array(_tail((1,) * length))[np.abs(sums)]
    for row in np.flatnonzero(ties).tolist():
        counts = Counter(windows[row].tolist()).values()
        p[row] = _tail(tuple(sorted(counts)))[abs(int(sums[row]))]
    return sums, p


@cache
def _tail(counts: tuple[int, ...]) -> tuple[float, ...]:
    """For each size of `|S|`, how likely it is at least as large, where so many values are equal to each other."""
    inversions = _inversions(counts)
    pairs, orders = len(inversions) - 1, sum(inversions)
    size = sum(counts) * (sum(counts) - 1) // 2
    ways = [0] * (size + 1)
    for inverted, number in enumerate(inversions):
        ways[abs(pairs - 2 * inverted)] += number
    at_least, found = 0, []
    for number in reversed(ways):
        at_least += number
        found.append(at_least / orders)
    return tuple(reversed(found))


def _inversions(counts: tuple[int, ...]) -> list[int]:
    """How many orders of a multiset have 0, 1, 2 ... inversions."""
    ways = [1]
    placed = 0
    for count in counts:
        # The Gaussian binomial of (placed + count) over count: the factors 1 - q^(placed + i), divided by 1 - q^i.
        for i in range(1, count + 1):
            ways = _times(ways, placed + i)
            ways = _over(ways, i)
        placed += count
    return ways


def _times(ways: list[int], power: int) -> list[int]:
    """A polynomial times 1 - q^power."""
    found = [*ways, *[0] * power]
    for at, number in enumerate(ways):
        found[at + power] -= number
    return found


def _over(ways: list[int], power: int) -> list[int]:
    """A polynomial divided by 1 - q^power, which leaves nothing over."""
    found = ways[:]
    for at in range(power, len(found)):
        found[at] += found[at - power]
    return found[: len(found) - power]

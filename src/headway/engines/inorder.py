"""Arrays of integers in order: sorted, each once, and how often each stands there; block by block, on two threads.

Cost, for n numbers: O(n log n) to sort, by the vector instructions of the processor, in their own memory; O(n) for all
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

Unsigned = npt.NDArray[np.unsignedinteger]
Ints = npt.NDArray[np.int64]

#: So many numbers are worked on at a time: what is made of them on the way stays in the processor's cache.
BLOCK = 1 << 18
#: Halves are sorted at once; more threads would wait for memory.
_THREADS = 2
#: What a thread that works knows of itself.
_WORKER = local()


def sort(keys: Unsigned) -> Unsigned:
    """The same array, in order."""
    half = len(keys) // 2
    if len(keys) > BLOCK:
        keys.partition(half)
        each(np.ndarray.sort, [keys[:half], keys[half:]])
    else:
        keys.sort()
    return keys


def distinct(keys: Unsigned) -> Unsigned:
    """Of keys in order each once, at the beginning of the same array."""
    half = len(keys) // 2 if len(keys) > BLOCK else 0
    # The first of the second half is passed over if the first half has it.
    second = half + int(np.searchsorted(keys[half:], keys[half - 1], "right")) if half else 0
    few, more = each(_distinct, [keys[:half], keys[second:]])
    for block in blocks(more):
        keys[len(few) + block.start : len(few) + block.stop] = more[block]
    return keys[: len(few) + len(more)]


def _distinct(keys: Unsigned) -> Unsigned:
    kept, before = 0, None
    for block in blocks(keys):
        here = keys[block]
        fresh = np.empty(len(here), bool)
        fresh[0] = here[0] != before
        np.not_equal(here[1:], here[:-1], out=fresh[1:])
        # Places are read faster than a mask, at which the processor guesses wrong.
        before, few = here[-1], here[np.flatnonzero(fresh)]
        keys[kept : kept + len(few)] = few
        kept += len(few)
    return keys[:kept]


def runs(codes: Unsigned) -> tuple[Unsigned, Ints]:
    """Of numbers in order each once, and how often it stands there."""

    def begins(block: slice) -> Ints:
        """Where a number stands for the first time."""
        before = max(block.start, 1)
        found: Ints = np.flatnonzero(codes[before : block.stop] != codes[before - 1 : block.stop - 1])
        found += before
        return found

    starts = np.concatenate([np.arange(min(len(codes), 1)), *each(begins, blocks(codes))])
    return codes[starts], np.diff(starts, append=len(codes))


def blocks(keys: Unsigned) -> list[slice]:
    """The array in pieces of `BLOCK`."""
    return [slice(start, min(start + BLOCK, len(keys))) for start in range(0, len(keys), BLOCK)]


def bundles(ends: Ints, size: int, most: int | None = None) -> list[slice]:
    """Runs of numbers that are worked on at a time: not many numbers, and so many runs at the most, but always one.

    `ends` is where each run begins, and where the last one ends.
    """
    found, first, several = [], 0, len(ends) - 1
    while first < several:
        stop = int(np.searchsorted(ends, ends[first] + size, "right")) - 1
        found.append(slice(first, min(max(stop, first + 1), first + (most or several), several)))
        first = found[-1].stop
    return found


def each(work: Callable[..., T], several: Iterable[object]) -> list[T]:
    """The work on each of several; NumPy lets threads work side by side. Within a work nothing is divided further."""
    several = list(several)
    if len(several) < 2 or hasattr(_WORKER, "busy"):
        return [work(one) for one in several]
    with ThreadPoolExecutor(_THREADS, initializer=setattr, initargs=(_WORKER, "busy", True)) as pool:
        return list(pool.map(work, several))

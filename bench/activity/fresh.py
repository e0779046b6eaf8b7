"""Measure in a process of its own: what it took, how much memory it ever had, and what it answered.

This module and whoever imports it must stay small: Linux counts the size that a parent has while it starts a child as
the child's. So whatever needs a library happens inside of a child, `bench.activity.inside`.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Series -> period (epoch day of its first) -> number.
Answer = dict[str, dict[int, float]]


class BenchError(Exception):
    """A process that ended otherwise than well; says what it printed last."""


@dataclass(frozen=True)
class Took:
    """What one piece of work took: medians of the seconds that passed and were computed, and the most memory.

    On a machine that is busy with other work, more seconds pass than are computed; on several cores, fewer may.
    """

    seconds: float
    cpu: float
    megabytes: float
    times: int
    answer: Answer = field(default_factory=dict, repr=False)
    #: Whatever else it told, of its last time.
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)


def command(
    words: Sequence[str | Path], folder: Path | None = None, **environment: str
) -> tuple[float, float, float, str]:
    """Run a command; seconds, of them computed, most memory in MB, what it printed. BenchError if it ended badly."""
    with tempfile.TemporaryFile("w+") as printed:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in words],
            stdout=printed,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=os.environ | environment,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode:
        raise BenchError(
            f"{' '.join(str(word) for word in words[:6])} ended with {process.returncode}:\n{text[-2000:]}"
        )
    # macOS says bytes, Linux kilobytes.
    cpu = used.ru_utime + used.ru_stime
    return seconds, cpu, used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024), text


def inside(task: str, times: int = 1, **given: Any) -> Took:
    """Do a task of `bench.activity.inside` in so many new processes; the seconds are those that it says itself."""
    found: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        told, result = {}, Path(name) / "told.json"
        for _ in range(times):
            words = [sys.executable, "-m", "bench.activity.inside", task, json.dumps(given, default=str), result]
            _, _, megabytes, _ = command(words)
            told = json.loads(result.read_text("utf-8"))
            found.append((told["seconds"], told["cpu"], megabytes))
    answer = {series: {int(day): value for day, value in days.items()} for series, days in told["answer"].items()}
    return _median(found, answer, told)


def whole(words: Sequence[str | Path], times: int, prepare: Callable[[], None], folder: Path | None = None) -> Took:
    """Run a whole command so many times, each after `prepare`, which is not counted."""
    found: list[tuple[float, float, float]] = []
    for _ in range(times):
        prepare()
        seconds, cpu, megabytes, _ = command(words, folder)
        found.append((seconds, cpu, megabytes))
    return _median(found)


def _median(found: Sequence[tuple[float, float, float]], answer: Answer | None = None, told: Any = None) -> Took:
    seconds, cpu, megabytes = zip(*found, strict=True)
    return Took(
        statistics.median(seconds), statistics.median(cpu), max(megabytes), len(found), answer or {}, told or {}
    )


def copied(source: Path, target: Path) -> None:
    """Make a folder like another one, whatever was there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def differences(ours: Answer, theirs: Answer) -> list[str]:
    """Where answers differ, in words. Of each series of theirs, all periods must be ours, and the numbers equal.

    Ratios are compared as the two counts that they are made of, so equal means equal.
    """
    found = []
    for series, numbers in theirs.items():
        mine = ours.get(series, {})
        wrong = [day for day, number in numbers.items() if mine.get(day) != number]
        if wrong:
            day = wrong[0]
            found.append(
                f"{series}: {len(wrong)} of {len(numbers)} periods differ, the first is {day}: "
                f"{mine.get(day)} and {numbers[day]}"
            )
    return found

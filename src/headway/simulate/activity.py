"""Activity at any size: who did something when, of how many people and how evenly as one wishes, to measure speed with.

`write` makes one Parquet file, `Activity` says which. Rows are in order of time, as a log has them. People are many and
unequal: the twentieth who are the most active make more than a quarter of the events; they join throughout, and some
come once and some every day. Each has a hub where most of their events are, and a plan. Every day has random numbers of
its own, so the same words make the same rows, whatever else is written, and day 731 continues the 730 before it. Memory
does not grow with the events, only with the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate.tables import Column, Files, pick

HUBS, PLANS = 200, ("free", "team", "business", "enterprise", "education")
#: The first day of every file.
FIRST = date(2024, 1, 1)
#: Rows written at once: a row group of the file.
BATCH = 1_000_000
#: A person for so many events.
EVENTS_EACH = 50
#: Of the people who will ever be there, the share that is there on the first day.
AT_FIRST = 0.2
#: How many events the days of a week have, from Monday on.
WEEK = (1.1, 1.2, 1.2, 1.15, 1.0, 0.45, 0.4)
#: How many events follow each other where a visit has several.
VISIT = 6
#: How long a visit lasts at most, in microseconds.
LASTS = 1_200_000_000
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Activity:
    """Which activity: equal words, equal rows.

    Where `visits` is set, people come for several events one after another, and most of a file's rows repeat a person's
    day; otherwise each event is somebody's for itself, and most do not. `texts` names people by UUIDs, not integers.
    """

    events: int
    days: int = 730
    visits: bool = False
    texts: bool = False
    seed: int = 1

    @property
    def people(self) -> int:
        """How many people there are, most of whom are seen."""
        return max(self.events // EVENTS_EACH, 1)

    @property
    def name(self) -> str:
        """A name for its file."""
        shape, named = "visits" if self.visits else "spread", "uuid" if self.texts else "integer"
        return f"activity-{self.events}-{self.days}-{shape}-{named}-{self.seed}"


def write(path: Path, activity: Activity, first: int = 0, days: int | None = None) -> int:
    """Write the days from the `first` on, all or so many; how many rows that are.

    Columns: `seen_at` (timestamp, UTC), `person` (int64 or text), `hub` and `plan` (text).
    """
    world = _World(activity)
    last = activity.days if days is None else first + days
    rows, waiting = 0, 0
    parts: list[tuple[npt.NDArray[np.int64], ...]] = []
    with Files() as files:
        for day in range(first, last):
            part = world.day(day)
            parts.append(part)
            waiting += len(part[0])
            if waiting >= BATCH or day == last - 1:
                at, who, hub = (np.concatenate(several) for several in zip(*parts, strict=True))
                files.add(path, world.columns(at, who, hub))
                rows, waiting, parts = rows + waiting, 0, []
    return rows


class _World:
    """What stays the same from day to day: names, homes and plans of people, and how many events each day has."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        people = activity.people
        random = np.random.Generator(np.random.PCG64([activity.seed, 0]))
        # People by when they join; names say nothing of that.
        self._number = random.permutation(people).astype(np.int64) + 1
        self._home = np.floor(HUBS * random.random(people) ** 2).astype(np.int64)
        self._plan = np.searchsorted((0.6, 0.8, 0.92, 0.97), random.random(people)).astype(np.int64)
        self._texts = _uuids(self._number, activity.seed) if activity.texts else None
        week = np.resize(np.roll(WEEK, -FIRST.weekday()), activity.days)
        growing = week * np.linspace(0.6, 1.4, activity.days)
        self._ends = np.rint(np.cumsum(growing) / growing.sum() * activity.events).astype(np.int64)

    def events(self, day: int) -> int:
        """How many events a day has; those after the last are like the day a week before."""
        while day >= len(self._ends):
            day -= 7
        return int(self._ends[day] - (self._ends[day - 1] if day else 0))

    def day(self, day: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """When the events of a day were, whose, and on which hub, in order of time."""
        random = np.random.Generator(np.random.PCG64([self._activity.seed, day + 1]))
        events = self.events(day)
        begins = events if not self._activity.visits else max(round(events / VISIT), min(events, 1))
        grown = AT_FIRST + (1 - AT_FIRST) * min(day / max(self._activity.days - 1, 1), 1)
        there = max(int(self._activity.people * grown), 1)
        # The square of an even number: those who joined early come most.
        who = np.minimum((there * random.random(begins) ** 2).astype(np.int64), there - 1)
        at = np.sort(random.integers(0, _DAY, begins))
        elsewhere = random.random(begins) < 0.1
        hub = np.where(elsewhere, random.integers(0, HUBS, begins), self._home[who])
        if begins < events:
            visit = np.sort(np.concatenate([np.arange(begins), random.integers(0, begins, events - begins)]))
            # Visits overlap, as they do in a log; none goes on past midnight.
            at = np.minimum(at[visit] + random.integers(0, LASTS, events), _DAY - 1)
            order = np.argsort(at, kind="stable")
            at, visit = at[order], visit[order]
            who, hub = who[visit], hub[visit]
        begin = np.datetime64(FIRST, "us").astype(np.int64) + day * _DAY
        return at + begin, who, hub

    def columns(
        self, at: npt.NDArray[np.int64], who: npt.NDArray[np.int64], hub: npt.NDArray[np.int64]
    ) -> dict[str, Column]:
        """The columns of the file."""
        return {
            "seen_at": pa.array(at).cast(pa.timestamp("us")),
            "person": self._number[who] if self._texts is None else self._texts.take(pa.array(who)),
            "hub": pick([f"hub-{number:03d}" for number in range(HUBS)], hub),
            "plan": pick(PLANS, self._plan[who]),
        }


def _uuids(numbers: npt.NDArray[np.int64], seed: int) -> pa.Array:
    """A UUID of each number, as text. As with all of them, it is chance alone, of 122 bits, that no two are equal."""
    high = _mixed(numbers.astype(np.uint64), seed)
    low = _mixed(high, seed)
    # Version 4, variant 1.
    high = (high & ~np.uint64(0xF000)) | np.uint64(0x4000)
    low = (low & ~np.uint64(0xC << 60)) | np.uint64(0x8 << 60)
    octets = np.stack([high, low], 1).astype(">u8").view(np.uint8).reshape(-1, 16)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)[np.stack([octets >> 4, octets & 15], 2)].reshape(-1, 32)
    text = np.full((len(numbers), 36), ord("-"), np.uint8)
    for start, end, at in ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24)):
        text[:, at : at + end - start] = digits[:, start:end]
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * 36
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(text))


def _mixed(numbers: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """SplitMix64: a one-to-one map of 64-bit numbers that looks random. Source: Steele, Lea and Flood, 2014."""
    mixed = (numbers + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))

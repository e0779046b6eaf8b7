"""Sessions on the hubs of the example organisation: who used which hub on which day.

Each hub has a *pool* of people on each day: a share of the whole organisation's pool, which grows along published
points and breathes with the seasons. People have one day of the week on which they mostly come (a course, a group
meeting), so a window of seven days holds about two thirds of the pool and thirty days hold nearly all of it. The
window of people slides as some leave and others join. Everything is drawn a month at a time, each month from its own
random stream, and then cut at `today`: a later `today` adds rows and never changes earlier ones, and memory holds no
more than a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headway.simulate import tables
from headway.simulate.hubs.world import BEGINNING, Hub, World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]

#: The organisation's pool of people at these days, season taken out: grown along a straight line of logarithms.
#: Chosen so that weekly active people are about 250, 2,000 and 5,050 at the second, third and fourth.
GROWTH = (
    (date(2020, 9, 1), 70.0),
    (date(2021, 8, 31), 328.0),
    (date(2022, 9, 30), 2450.0),
    (date(2023, 12, 31), 6780.0),
    (date(2033, 12, 31), 9900.0),
)
#: How full the hubs are in the middle of each month, January first: two semesters, and a summer in between.
SEASON = (0.99, 1.08, 1.14, 1.13, 0.99, 0.84, 0.72, 0.8, 1.09, 1.2, 1.19, 1.04)
#: Of those whose day it is, how many come; and how many of a day's visits are on another day than one's own.
COMES = 0.79
STRAYS = 0.15
#: How a pool spreads over the days of the week, Monday first.
WEEKDAYS = np.array([0.175, 0.18, 0.18, 0.175, 0.15, 0.06, 0.08])
#: The known bug of the hub `highmem`: its log also held users of other hubs.
BUG = (np.datetime64("2025-02-06"), np.datetime64("2025-04-03"))
#: The days on which the logs of one cluster were lost.
OUTAGE = ("teaching", np.datetime64("2025-10-13"), np.datetime64("2025-10-20"))


@dataclass(frozen=True)
class Pools:
    """People enrolled per hub (rows) and day (columns), and where each hub's window of people begins."""

    hubs: tuple[Hub, ...]
    days: Days
    size: Floats
    start: Floats

    def year(self, year: int) -> tuple[slice, Days]:
        """The columns of a year, and its days."""
        return self._between(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))

    def month(self, month: np.datetime64) -> tuple[slice, Days]:
        """The columns of a month, and its days."""
        return self._between(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]"))

    def _between(self, first: np.datetime64, after: np.datetime64) -> tuple[slice, Days]:
        columns = slice(int(np.searchsorted(self.days, first)), int(np.searchsorted(self.days, after)))
        return columns, self.days[columns]


def pools(world: World, through: int, scale: float) -> Pools:
    """The pools of all hubs from the beginning to the end of the year `through`."""
    days = np.arange(np.datetime64(BEGINNING), np.datetime64(f"{through + 1}-01-01"))
    season = _season(days)
    total = np.exp(_line(days, [(day, float(np.log(size))) for day, size in GROWTH])) * season * scale

    created = tables.days([hub.created for hub in world.hubs])[:, None]
    retired = tables.days([hub.retired or date(9999, 1, 1) for hub in world.hubs])[:, None]
    age = (days - created).astype(float)
    alive = (age >= 0) & (days < retired)
    # A new hub fills up within about a semester.
    weight = np.array([hub.size for hub in world.hubs])[:, None] * np.clip(0.15 + age / 150, 0, 1) * alive
    courses = np.array([hub.kind == "education" for hub in world.hubs])[:, None]
    weight = weight * np.where(courses, season**1.5, season**0.3)
    staging = np.array([hub.staging for hub in world.hubs])[:, None]
    weight = np.where(staging, 0, weight)
    size = weight / np.maximum(weight.sum(axis=0), 1e-9) * total
    # The smallest hub still has a few people, and staging hubs have the team.
    size = np.where(alive, np.maximum(size, np.where(staging, 3, 5)), 0)
    turnover = np.where(courses, 0.8, 0.4)
    return Pools(world.hubs, days, size, np.cumsum(size * turnover / 365, axis=1))


def _season(days: Days) -> Floats:
    """The year's rhythm, drawn smoothly through the middle of each month."""
    of_year = (days - days.astype("datetime64[Y]")).astype(float)
    middles = np.arange(-1, 13) * 30.4375 + 15
    drawn: Floats = np.interp(of_year, middles, [SEASON[-1], *SEASON, SEASON[0]])
    return drawn


def _line(days: Days, points: list[tuple[date, float]]) -> Floats:
    known = tables.days([day for day, _ in points]).astype(float)
    drawn: Floats = np.interp(days.astype(float), known, [value for _, value in points])
    return drawn


@dataclass(frozen=True)
class Sessions:
    """One month's sessions: position of the hub, user number local to its cluster, start and end in seconds."""

    hub: Ints
    user: Ints
    started: npt.NDArray[np.datetime64]
    ended: npt.NDArray[np.datetime64]
    own_server: npt.NDArray[np.bool_]


def sessions(known: Pools, month: np.datetime64, seed: int) -> Sessions:
    """All sessions that start in one month."""
    rng = np.random.default_rng([seed, 2, int(month.astype(int))])
    columns, days = known.month(month)
    size, start = known.size[:, columns], known.start[:, columns]
    weekday = weekdays(days)

    expected = size * WEEKDAYS[weekday] * COMES
    regular = np.floor(expected + rng.random(expected.shape)).astype(np.int64)
    strays = rng.poisson(expected * STRAYS)
    hub, day, user = _people(rng, regular, weekday, size, start, spread=True)
    more_hub, more_day, more_user = _people(rng, strays, weekday, size, start, spread=False)
    hub, day, user = (np.concatenate(pair) for pair in ((hub, more_hub), (day, more_day), (user, more_user)))
    user = _numbers(known.hubs, hub, user)

    clock = rng.normal(15.5, 3.6, len(hub)) % 24 * 3600
    started = days[day].astype("datetime64[s]") + clock.astype("timedelta64[s]")
    length = np.minimum(rng.lognormal(8.4, 0.9, len(hub)), 43_200).astype("timedelta64[s]")
    # Some visits only open a server that is shared; they are no own start.
    own = rng.random(len(hub)) < 0.96
    found = Sessions(hub, user, started, started + length, own)
    return _lost_logs(known, log_bug(rng, known, found))


def weekdays(days: Days) -> Ints:
    """0 for Monday. The epoch was a Thursday."""
    return (days.astype(np.int64) + 3) % 7


def _people(
    rng: np.random.Generator, counts: Ints, weekday: Ints, size: Floats, start: Floats, *, spread: bool
) -> tuple[Ints, Ints, Ints]:
    """Who comes, one row each: position of hub and day, and number of the person within the hub.

    With `spread` they are those of this weekday, each at most once: the window is cut into as many equal steps as
    people come, and one is taken from each step. Otherwise anybody may come.
    """
    group = np.repeat(np.arange(counts.size), counts.ravel())
    hub, day = np.divmod(group, counts.shape[1])
    if spread:
        within = np.arange(len(group)) - np.repeat(np.cumsum(counts.ravel()) - counts.ravel(), counts.ravel())
        kind = weekday[day]
        place = (within + rng.random(len(group))) / counts.ravel()[group]
    else:
        kind = rng.choice(7, len(group), p=WEEKDAYS)
        place = rng.random(len(group))
    share = WEEKDAYS[kind]
    window = np.maximum(1.0, size[hub, day] * share)
    return hub, day, 7 * (start[hub, day] * share + place * window).astype(np.int64) + kind


def _numbers(hubs: tuple[Hub, ...], hub: Ints, person: Ints) -> Ints:
    """User numbers within the cluster: each hub has its range, and every fourth person of a second hub is one of
    the community's first."""
    rank = np.array([hub.rank for hub in hubs])
    kin = np.array([hub.kin for hub in hubs])
    return np.where(person % 4 == 0, kin[hub], rank[hub]) * 1_000_000 + person


def log_bug(rng: np.random.Generator, known: Pools, found: Sessions) -> Sessions:
    """Add what the broken log of `highmem` held: a tenth of the others' sessions, a second time."""
    broken = next(index for index, hub in enumerate(known.hubs) if hub.name == "highmem")
    wrong = (found.started >= BUG[0]) & (found.started < BUG[1]) & (rng.random(len(found.hub)) < 0.1)
    return Sessions(
        hub=np.concatenate((found.hub, np.full(int(wrong.sum()), broken))),
        user=np.concatenate((found.user, found.user[wrong])),
        started=np.concatenate((found.started, found.started[wrong])),
        ended=np.concatenate((found.ended, found.ended[wrong])),
        own_server=np.concatenate((found.own_server, found.own_server[wrong])),
    )


def _lost_logs(known: Pools, found: Sessions) -> Sessions:
    """Take out what was lost with the logs of a cluster."""
    cluster, first, after = OUTAGE
    lost = np.array([hub.cluster == cluster for hub in known.hubs])[found.hub]
    kept = ~(lost & (found.started >= first) & (found.started < after))
    if kept.all():
        return found
    return Sessions(found.hub[kept], found.user[kept], found.started[kept], found.ended[kept], found.own_server[kept])


def write_sessions(folder: Path, known: Pools, seed: int, today: date) -> None:
    """One Parquet file per year. A session is exported when it ends, so a file holds late starts of the year before.

    Sessions that still run at `today` have no end. Of the last day only a part has arrived.
    """
    end = np.datetime64(today, "s")
    last = np.datetime64(today - timedelta(days=1), "M")
    late: list[pa.Table] = []
    with tables.Files() as files:
        for month in np.arange(np.datetime64(BEGINNING, "M"), last + 1):
            path = folder / "sessions" / f"{month.astype(date).year}.parquet"
            rows = pa.concat_tables([*late, _exported(known, month, seed, end)])
            ended = pc.less(rows["ended_at"], pa.scalar((month + 1).astype("datetime64[s]")))
            here = pa.array(np.ones(len(rows), bool)) if month == last else pc.fill_null(ended, fill_value=False)
            written = rows.filter(here)
            files.add(path, dict(zip(written.column_names, written.columns, strict=True)))
            late = [rows.filter(pc.invert(here))]


def _exported(known: Pools, month: np.datetime64, seed: int, end: np.datetime64) -> pa.Table:
    """The sessions of a month that have arrived by `end`, in the order in which they ended."""
    rows = sessions(known, month, seed)
    arrival = np.random.default_rng([seed, 3, int(month.astype(int))]).random(len(rows.hub))
    yesterday = rows.started >= end - np.timedelta64(1, "D")
    keep = (rows.started < end) & ~(yesterday & (arrival < 0.25))
    order = np.argsort(rows.ended, kind="stable")
    order = order[keep[order]]
    return tables.table(
        {
            "session_id": int(str(month).replace("-", "")) * 10**8 + order,
            "user_id": tables.named("u", rows.user[order]),
            "hub": tables.pick([hub.name for hub in known.hubs], rows.hub[order]),
            "started_at": rows.started[order],
            "ended_at": np.where(rows.ended < end, rows.ended, np.datetime64("NaT"))[order],
            "own_server": rows.own_server[order],
        }
    )

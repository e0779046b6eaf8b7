"""Sessions, clicks and cloud costs of the example organisation: who used which hub on which day.

Each hub has a *pool* of people on each day: a share of the whole organisation's pool, which grows along published
points and breathes with the seasons. People have one day of the week on which they mostly come (a course, a group
meeting), so a window of seven days holds about two thirds of the pool and thirty days hold nearly all of it. The
window of people slides as some leave and others join. Everything is drawn a year at a time, each year from its own
random stream, and then cut at `today`: a later `today` adds rows and never changes earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.world import BEGINNING, Hub, World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]

#: The organisation's pool of people at these days, season taken out: grown along a straight line of logarithms.
#: Chosen so that weekly active people are about 250, 2,000 and 5,050 at the second, third and fourth.
GROWTH = (
    (date(2020, 9, 1), 70.0),
    (date(2021, 8, 31), 352.0),
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
#: Cloud costs are kept from here on.
BILLED_FROM = 2024
CLICKS_FROM = 2023


@dataclass(frozen=True)
class Pools:
    """People enrolled per hub (rows) and day (columns), and where each hub's window of people begins."""

    hubs: tuple[Hub, ...]
    days: Days
    size: Floats
    start: Floats

    def year(self, year: int) -> tuple[slice, Days]:
        """The columns of a year, and its days."""
        first = int(np.searchsorted(self.days, np.datetime64(f"{year}-01-01")))
        after = int(np.searchsorted(self.days, np.datetime64(f"{year + 1}-01-01")))
        return slice(first, after), self.days[first:after]


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


# -- sessions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sessions:
    """One year's sessions: position of the hub, user number local to its cluster, start and end in seconds."""

    hub: Ints
    user: Ints
    started: npt.NDArray[np.datetime64]
    ended: npt.NDArray[np.datetime64]
    own_server: npt.NDArray[np.bool_]


def sessions(known: Pools, year: int, seed: int) -> Sessions:
    """All sessions that start in one year."""
    rng = np.random.default_rng([seed, 2, year])
    columns, days = known.year(year)
    size, start = known.size[:, columns], known.start[:, columns]
    weekday = _weekday(days)

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
    return log_bug(rng, known, found)


def _weekday(days: Days) -> Ints:
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


def write_sessions(folder: Path, known: Pools, seed: int, today: date) -> None:
    """One Parquet file per year. A session is exported when it ends, so a file holds late starts of the year before.

    Sessions that still run at `today` have no end. Of the last day only a part has arrived.
    """
    end = np.datetime64(today, "s")
    late: list[pa.Table] = []
    for year in range(BEGINNING.year, today.year + 1):
        rows = sessions(known, year, seed)
        order = np.argsort(rows.ended, kind="stable")
        made = tables.table(
            {
                "session_id": year * 10**7 + np.arange(len(order)),
                "user_id": tables.named("u", rows.user[order]),
                "hub": tables.pick([hub.name for hub in known.hubs], rows.hub[order]),
                "started_at": rows.started[order],
                "ended_at": np.where(rows.ended[order] < end, rows.ended[order], np.datetime64("NaT")),
                "own_server": rows.own_server[order],
            }
        )
        arrival = np.random.default_rng([seed, 3, year]).random(len(order))
        yesterday = rows.started[order] >= end - np.timedelta64(1, "D")
        keep = (rows.started[order] < end) & ~(yesterday & (arrival < 0.25))
        next_year = rows.ended[order] >= np.datetime64(f"{year + 1}-01-01")
        now = made.filter(pa.array(keep & ~next_year))
        if len(now) or late:
            tables.parquet(folder / "sessions" / f"{year}.parquet", pa.concat_tables([*late, now]))
        late = [made.filter(pa.array(keep & next_year))]
    if len(late[0]):  # only when `today` is the first day of a year
        tables.parquet(folder / "sessions" / f"{today.year + 1}.parquet", late[0])


# -- what else a hub leaves behind ---------------------------------------------------------------------------------


def write_clicks(folder: Path, known: Pools, seed: int, today: date) -> None:
    """Clicks on links that open teaching material, on education hubs."""
    teaching = np.array([hub.kind == "education" and not hub.staging for hub in known.hubs])[:, None]
    for year, columns, days, rng in _years(known, seed, CLICKS_FROM, today, stream=4):
        counts = rng.poisson(known.size[:, columns] * teaching * WEEKDAYS[_weekday(days)] * 0.12)
        hub, day = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), len(days))
        clicked = days[day].astype("datetime64[s]") + (rng.random(len(hub)) * 86_400).astype(np.int64)
        order = np.argsort(clicked, kind="stable")
        order = order[clicked[order] < np.datetime64(today, "s")]
        tables.parquet(
            folder / "link_clicks" / f"{year}.parquet",
            tables.table(
                {
                    "click_id": tables.named(f"c{year}", np.arange(len(order))),
                    "hub": tables.pick([hub.name for hub in known.hubs], hub[order]),
                    "clicked_at": clicked[order],
                }
            ),
        )


def write_costs(folder: Path, known: Pools, seed: int, today: date) -> None:
    """What the cloud bills attribute to each hub, by day and component."""
    components = ("compute", "home storage", "core")
    for year, columns, days, rng in _years(known, seed, BILLED_FROM, today, stream=5):
        size = known.size[:, columns]
        month = np.log1p((days - np.datetime64(f"{BILLED_FROM}-01-01")).astype(float) / 365)
        usd = np.stack((size * 0.052 * (1 - 0.22 * month), 0.4 + size * 0.012, np.full_like(size, 1.6)), axis=-1)
        usd = np.round(usd * rng.lognormal(0, 0.12, usd.shape), 2)
        hub, day = np.nonzero((size > 0) & (days < np.datetime64(today)))
        part = np.tile(np.arange(3), len(hub))
        hub, day = np.repeat(hub, 3), np.repeat(day, 3)
        order = np.argsort(day, kind="stable")
        hub, day, part = hub[order], day[order], part[order]
        tables.parquet(
            folder / "cloud_costs" / f"{year}.parquet",
            tables.table(
                {
                    "day": days[day],
                    "hub": tables.pick([hub.name for hub in known.hubs], hub),
                    "component": tables.pick(components, part),
                    "cost_usd": usd[hub, day, part],
                }
            ),
        )


def _years(
    known: Pools, seed: int, first: int, today: date, *, stream: int
) -> Iterator[tuple[int, slice, Days, np.random.Generator]]:
    """Each year that has begun before `today`, with its columns, days and random stream."""
    for year in range(first, today.year + 1):
        if date(year, 1, 1) < today:
            yield year, *known.year(year), np.random.default_rng([seed, stream, year])


def write_places(folder: Path, world: World, today: date) -> None:
    """Communities, clusters and hubs, as they are known at `today`."""

    def ended(day: date | None) -> date | None:
        return day if day is not None and day < today else None

    communities = [c for c in world.communities if c.joined < today]
    tables.parquet(
        folder / "communities.parquet",
        tables.table(
            {
                "community": [c.slug for c in communities],
                "name": [c.name for c in communities],
                "marginalised": [c.marginalised for c in communities],
                "joined_on": [c.joined for c in communities],
            }
        ),
    )
    clusters = [c for c in world.clusters if c.created < today]
    tables.parquet(
        folder / "clusters.parquet",
        tables.table(
            {
                "cluster": [c.name for c in clusters],
                "provider": [c.provider for c in clusters],
                "created_on": [c.created for c in clusters],
                "retired_on": _dates([ended(c.retired) for c in clusters]),
            }
        ),
    )
    hubs = [hub for hub in world.hubs if hub.created < today]
    tables.parquet(
        folder / "hubs.parquet",
        tables.table(
            {
                "hub": [hub.name for hub in hubs],
                "cluster": [hub.cluster for hub in hubs],
                "community": [hub.community for hub in hubs],
                "hub_type": [hub.kind for hub in hubs],
                "is_staging": [hub.staging for hub in hubs],
                "created_on": [hub.created for hub in hubs],
                "retired_on": _dates([ended(hub.retired) for hub in hubs]),
            }
        ),
    )


def _dates(values: list[date | None]) -> Any:
    return pa.array(values, pa.date32())

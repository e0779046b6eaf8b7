"""What else the hubs leave behind: where they are, clicks on teaching links, cloud bills, a metrics server's counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.usage import COMES, STRAYS, WEEKDAYS, Days, Pools, weekdays
from headway.simulate.hubs.world import World

#: Each is kept from here on.
CLICKS_FROM, BILLED_FROM, METERED_FROM = 2023, 2024, 2024
#: The metrics server was down on these days.
DOWN = (np.datetime64("2025-06-21"), np.datetime64("2025-06-24"))


def write(folder: Path, world: World, known: Pools, seed: int, today: date) -> None:
    """Places, clicks, costs and meters."""
    _write_places(folder, world, today)
    _write_clicks(folder, known, seed, today)
    _write_costs(folder, known, seed, today)
    _write_meters(folder, world, known, seed, today)


def _write_clicks(folder: Path, known: Pools, seed: int, today: date) -> None:
    """Clicks on links that open teaching material, on education hubs."""
    teaching = np.array([hub.kind == "education" and not hub.staging for hub in known.hubs])[:, None]
    for year, columns, days, rng in _years(known, seed, CLICKS_FROM, today, stream=4):
        counts = rng.poisson(known.size[:, columns] * teaching * WEEKDAYS[weekdays(days)] * 0.12)
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


def _write_costs(folder: Path, known: Pools, seed: int, today: date) -> None:
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


def _write_places(folder: Path, world: World, today: date) -> None:
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


def _write_meters(folder: Path, world: World, known: Pools, seed: int, today: date) -> None:
    """What a metrics server has counted already, by day: who came to each cluster, and the most servers at once.

    It counts people of all clusters, too, in the row that names none; the most servers of all clusters at once it never
    knew. It samples, so it is some percent off what the logs say, and it was down for some days.
    """
    names = [cluster.name for cluster in world.clusters]
    of_cluster = np.array([[hub.cluster == name and not hub.staging for hub in known.hubs] for name in names], float)
    for year, columns, days, rng in _years(known, seed, METERED_FROM, today, stream=29):
        # Of those who come on another day than their own, some have come on their own day too.
        coming = known.size[:, columns] * WEEKDAYS[weekdays(days)] * COMES * (1 + STRAYS / 3)
        users = np.round((of_cluster @ coming) * rng.normal(1, 0.02, (len(names), len(days))))
        servers = np.ceil(users * rng.uniform(0.28, 0.4, users.shape))
        counted = (days < np.datetime64(today)) & ~((days >= DOWN[0]) & (days < DOWN[1]))
        cluster, day = np.nonzero((users > 0) & counted)
        total = np.flatnonzero(counted)
        day = np.concatenate((day, total))
        order = np.argsort(day, kind="stable")
        nobody = np.full(len(total), -1)
        where = np.concatenate((cluster, nobody))
        tables.csv(
            folder / "meters" / f"{year}.csv",
            tables.table(
                {
                    "day": days[day[order]],
                    "cluster": [names[index] if index >= 0 else None for index in where[order]],
                    "users": np.concatenate((users[cluster, day[: len(cluster)]], users.sum(axis=0)[total]))[
                        order
                    ].astype(int),
                    "servers": pa.array(
                        np.concatenate((servers[cluster, day[: len(cluster)]], nobody))[order].astype(int),
                        mask=where[order] < 0,
                    ),
                }
            ),
        )

"""What the example organisation's teams do: deliveries, sprints, surveys, tickets, new hubs, publications.

All tables are small. Each year comes from its own random stream and is cut at `today`. Tickets are exported again each
time they change, so the same identifier stands in several rows, as in many real exports.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.sales import rows_of
from headway.simulate.hubs.usage import Pools
from headway.simulate.hubs.world import World

Times = npt.NDArray[np.datetime64]

DAY = np.timedelta64(86_400, "s")
NEVER = np.datetime64("NaT", "s")


def write(folder: Path, world: World, known: Pools, seed: int, today: date) -> None:
    """All tables about work."""
    _write_deliveries(folder, seed, today)
    _write_sprints(folder, seed, today)
    _write_surveys(folder, known, seed, today)
    _write_tickets(folder, world, seed, today)
    _write_requests(folder, known, seed, today)
    _write_publications(folder, world, seed, today)


def moments(rng: np.random.Generator, year: int, count: int) -> Times:
    """That many moments of a year, in order, on working days and in working hours."""
    day = np.busday_offset(np.datetime64(f"{year}-01-01"), rng.integers(0, 260, count), roll="forward")
    moments = day.astype("datetime64[s]") + (rng.normal(15, 2.5, count) * 3600).astype(np.int64)
    return np.sort(moments)


def after(rng: np.random.Generator, start: Times, median_days: float, spread: float) -> Times:
    """A lognormal time later."""
    return start + (rng.lognormal(np.log(median_days * 86_400), spread, len(start))).astype(np.int64)


def until(moments: Times, end: np.datetime64) -> Times:
    """Moments that have come; the others have not happened yet."""
    return np.where(moments < end, moments, NEVER)


def _write_deliveries(folder: Path, seed: int, today: date) -> None:
    """Pieces of product work: about 55 days each at first, under a month since 2026."""
    parts = []
    for year in range(2024, today.year + 1):
        rng = np.random.default_rng([seed, 12, year])
        started = np.sort(np.datetime64(f"{year}-01-01") + rng.integers(0, 365, 84))
        age = (started - np.datetime64("2025-01-01")).astype(float) / 365
        length = rng.lognormal(np.log(np.clip(46 - 13 * age, 18, 60)), 0.35).round().astype(int)
        parts.append((started, started + np.maximum(1, length)))
    started, released = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((started, released))
    order = order[released[order] < np.datetime64(today)]
    tables.csv(
        folder / "deliveries.csv",
        tables.table(
            {
                "delivery_id": tables.named("delivery", np.arange(len(order)) + 1),
                "started_on": started[order],
                "released_on": released[order],
            }
        ),
    )


def _write_sprints(folder: Path, seed: int, today: date) -> None:
    """Two weeks each."""
    ended = np.arange(np.datetime64("2023-01-13"), np.datetime64(today), 14)
    # One generator for all: the draws of the first sprints do not depend on how many follow.
    noise = np.random.default_rng([seed, 13]).normal(0, 6, len(ended))
    points = np.round(np.minimum(74, 48 + 0.28 * np.arange(len(ended))) + noise)
    tables.csv(
        folder / "sprints.csv",
        tables.table({"sprint": np.datetime_as_string(ended), "ended_on": ended, "points": points.astype(int)}),
    )


def _write_surveys(folder: Path, known: Pools, seed: int, today: date) -> None:
    """Answers of 1 to 5 to "how satisfied are you with your hub?"; research asks less often than teaching."""
    end = np.datetime64(today, "s")
    hubs, moments, scores = [], [], []
    for year in range(2025, today.year + 1):
        rng = np.random.default_rng([seed, 14, year])
        columns, days = known.year(year)
        size = known.size[:, columns] * np.array([not hub.staging for hub in known.hubs])[:, None]
        hub, day = np.divmod(np.repeat(np.arange(size.size), rng.poisson(size * 0.00032).ravel()), len(days))
        answered = days[day].astype("datetime64[s]") + rng.integers(0, 86_400, len(day))
        teaching = np.array([known.hubs[index].kind == "education" for index in hub], bool)
        happy = 0.56 + 0.055 * (year - 2025) + 0.06 * ~teaching
        score = np.where(rng.random(len(hub)) < happy, rng.integers(4, 6, len(hub)), rng.integers(1, 4, len(hub)))
        keep = (answered < end) & (answered >= np.datetime64("2025-05-30"))
        hubs.append(hub[keep])
        moments.append(answered[keep])
        scores.append(score[keep])
    hub, answered, score = np.concatenate(hubs), np.concatenate(moments), np.concatenate(scores)
    order = np.argsort(answered, kind="stable")
    tables.csv(
        folder / "surveys.csv",
        tables.table(
            {
                "answer_id": tables.named("answer", np.arange(len(order)) + 1),
                "hub": tables.pick([h.name for h in known.hubs], hub[order]),
                "answered_at": answered[order],
                "score": score[order],
            }
        ),
    )


def _write_tickets(folder: Path, world: World, seed: int, today: date) -> None:
    """Help requests. A row is written when a ticket is opened, answered and resolved: three versions of one key."""
    end = np.datetime64(today, "s")
    versions: list[pa.Table] = []
    for year in range(2022, today.year + 1):
        rng = np.random.default_rng([seed, 15, year])
        opened = moments(rng, year, 360 + 60 * (year - 2022))
        replied = after(rng, opened, 0.32 - 0.03 * (year - 2022), 1.0)
        resolved = after(rng, replied, 3.6 - 0.35 * (year - 2022), 1.1)
        there = [c for c in world.communities if c.joined.year < year]
        who = rng.integers(0, len(there), len(opened))
        for changed in (opened, replied, resolved):
            seen = changed < end
            versions.append(
                tables.table(
                    {
                        "ticket_id": tables.named(f"t{year}", np.flatnonzero(seen)),
                        "community": tables.pick([c.slug for c in there], who[seen]),
                        "opened_at": opened[seen],
                        "first_reply_at": np.where(replied <= changed, replied, NEVER)[seen],
                        "resolved_at": np.where(resolved <= changed, resolved, NEVER)[seen],
                        "updated_at": changed[seen],
                    }
                )
            )
    rows = pa.concat_tables(versions)
    tables.csv(folder / "tickets.csv", rows.sort_by([("updated_at", "ascending"), ("ticket_id", "ascending")]))


def _write_requests(folder: Path, known: Pools, seed: int, today: date) -> None:
    """Requests for new hubs. A hub that is not there yet is still asked for."""
    end = np.datetime64(today, "s")
    rows: list[tuple[object, ...]] = []
    for index, hub in enumerate(known.hubs):
        if hub.staging:
            continue
        rng = np.random.default_rng([seed, 27, index])
        deployed = np.datetime64(hub.created, "s") + int(rng.normal(15, 2) * 3600)
        # The team has become faster over the years, and events cannot wait.
        usual = (6 if hub.kind == "event" else 16) * 0.9 ** (hub.created.year - 2020)
        requested = deployed - np.timedelta64(int(rng.lognormal(np.log(usual), 0.6) * 86_400), "s")
        if requested < end:
            rows.append((f"request-{index + 1}", hub.community, hub.kind, requested, deployed))
    rows.sort(key=lambda row: str(row[3]))
    names = ("request_id", "community", "hub_type", "requested_at", "deployed_at")
    columns = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
    tables.parquet(
        folder / "hub_requests.parquet",
        tables.table(
            {
                **columns,
                "requested_at": np.array(columns["requested_at"], "datetime64[s]"),
                "deployed_at": until(np.array(columns["deployed_at"], "datetime64[s]"), end),
            }
        ),
    )


def _write_publications(folder: Path, world: World, seed: int, today: date) -> None:
    """Papers, and posts on the communities' own pages."""
    rows: list[tuple[str, str, str, date]] = []
    for year in range(2021, today.year + 1):
        rng = np.random.default_rng([seed, 19, year])
        for number in range(int(rng.poisson(4 + 4 * (year - 2020)))):
            day = (np.datetime64(f"{year}-01-01") + int(rng.integers(0, 365))).astype(date)
            there = [c.slug for c in world.communities if c.kind == "research" and c.joined <= day]
            kind = "paper" if rng.random() < 0.7 else "post"
            if there and day < today:
                community = there[int(rng.integers(len(there)))]
                rows.append((f"{kind}-{year}-{number + 1:03}", kind, community, day))
    rows.sort(key=lambda row: row[3])
    tables.csv(folder / "publications.csv", rows_of(("publication_id", "kind", "community", "published_on"), rows))

"""What the example organisation's teams do: deliveries, sprints, surveys, tickets, issues, pull requests, reviews.

All tables are small. Each year comes from its own random stream and is cut at `today`. Tickets and issues are
exported again each time they change, so the same identifier stands in several rows, as in many real exports.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.usage import Pools
from headway.simulate.hubs.world import World

Times = npt.NDArray[np.datetime64]

#: Invented repositories: our own, and those of the upstream communities that the hubs are built on.
OWN = ("open-science-hubs/infrastructure", "open-science-hubs/documentation", "open-science-hubs/images")
UPSTREAM = (
    "lantern/hub",
    "lantern/helm-chart",
    "lantern/spawner",
    "lantern/proxy",
    "quillnote/server",
    "quillnote/lab",
)
REPOSITORIES = OWN + UPSTREAM
DAY = np.timedelta64(86_400, "s")
NEVER = np.datetime64("NaT", "s")


def write(folder: Path, world: World, known: Pools, seed: int, today: date) -> None:
    """All tables about work."""
    _write_deliveries(folder, seed, today)
    _write_sprints(folder, seed, today)
    _write_surveys(folder, known, seed, today)
    _write_tickets(folder, world, seed, today)
    _write_issues(folder, seed, today)
    _write_code(folder, seed, today)
    _write_publications(folder, world, seed, today)


def _moments(rng: np.random.Generator, year: int, count: int) -> Times:
    """That many moments of a year, in order, on working days and in working hours."""
    day = np.busday_offset(np.datetime64(f"{year}-01-01"), rng.integers(0, 260, count), roll="forward")
    moments = day.astype("datetime64[s]") + (rng.normal(15, 2.5, count) * 3600).astype(np.int64)
    return np.sort(moments)


def _after(rng: np.random.Generator, start: Times, median_days: float, spread: float) -> Times:
    """A lognormal time later."""
    return start + (rng.lognormal(np.log(median_days * 86_400), spread, len(start))).astype(np.int64)


def _until(moments: Times, end: np.datetime64) -> Times:
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
        opened = _moments(rng, year, 360 + 60 * (year - 2022))
        replied = _after(rng, opened, 0.32 - 0.03 * (year - 2022), 1.0)
        resolved = _after(rng, replied, 3.6 - 0.35 * (year - 2022), 1.1)
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


def _write_issues(folder: Path, seed: int, today: date) -> None:
    """One export a year of what changed in it: an issue opened in one year and closed in another is in both."""
    end = np.datetime64(today, "s")
    exports: dict[int, list[pa.Table]] = {year: [] for year in range(2021, today.year + 1)}
    for year in exports:
        rng = np.random.default_rng([seed, 16, year])
        opened = _moments(rng, year, 520 + 70 * (year - 2021))
        closed = _until(np.where(rng.random(len(opened)) < 0.93, _after(rng, opened, 14, 1.4), NEVER), end)
        where = rng.choice(len(OWN), len(opened), p=(0.6, 0.25, 0.15))
        number = np.arange(len(opened))
        in_year = closed < np.datetime64(f"{year + 1}-01-01", "s")
        early = np.where(in_year, closed, NEVER)
        exports[year].append(_issues(year, number, where, opened, early, opened < end))
        for later in range(year + 1, today.year + 1):
            in_later = closed.astype("datetime64[Y]") == np.datetime64(str(later))
            exports[later].append(_issues(year, number, where, opened, closed, in_later))
    for year, parts in exports.items():
        rows = pa.concat_tables(parts)
        if len(rows):
            tables.csv(folder / "issues" / f"{year}.csv", rows.sort_by([("updated_at", "ascending")]))


def _issues(year: int, number: Any, where: Any, opened: Times, closed: Times, seen: Any) -> pa.Table:
    updated = np.where(np.isnat(closed), opened, closed)
    return tables.table(
        {
            "issue_id": tables.named(f"i{year}", number[seen]),
            "repository": tables.pick(OWN, where[seen]),
            "opened_at": opened[seen],
            "closed_at": closed[seen],
            "updated_at": updated[seen],
        }
    )


def _write_code(folder: Path, seed: int, today: date) -> None:
    """The team's hashed identities, repositories, merged pull requests and reviews."""
    rng = np.random.default_rng([seed, 17])
    people = [f"{value:012x}" for value in rng.integers(0, 2**48, 160)]
    team = 14
    joined = tables.days([date(2020 + index // 3, 1 + index % 3 * 4, 1) for index in range(team)])
    there = joined < np.datetime64(today)
    tables.csv(
        folder / "team.csv",
        tables.table({"person": [p for p, in_ in zip(people, there, strict=False) if in_], "joined_on": joined[there]}),
    )
    tables.csv(
        folder / "repositories.csv",
        tables.table({"repository": list(REPOSITORIES), "upstream": [name in UPSTREAM for name in REPOSITORIES]}),
    )
    for year in range(2021, today.year + 1):
        _write_code_of(folder, seed, year, people, int((joined < np.datetime64(f"{year + 1}-01-01")).sum()), today)


def _write_code_of(folder: Path, seed: int, year: int, people: list[str], team: int, today: date) -> None:
    rng = np.random.default_rng([seed, 18, year])
    end = np.datetime64(today, "s")
    opened = _moments(rng, year, 900 + 60 * (year - 2021))
    merged = _until(_after(rng, opened, 1.8, 1.3), end)
    where = rng.choice(len(REPOSITORIES), len(opened), p=(0.36, 0.09, 0.07, 0.12, 0.12, 0.07, 0.04, 0.07, 0.06))
    # Our own repositories are the team's; upstream, about one change in six is.
    ours = np.where(where < len(OWN), rng.random(len(opened)) < 0.9, rng.random(len(opened)) < 0.17)
    author = np.where(ours, rng.integers(0, team, len(opened)), rng.integers(14, len(people), len(opened)))
    seen = np.flatnonzero((opened < end) & ~np.isnat(merged))
    if not len(seen):
        return
    pulls = tables.table(
        {
            "pull_request": tables.named(f"pr{year}", seen),
            "repository": tables.pick(REPOSITORIES, where[seen]),
            "author": tables.pick(people, author[seen]),
            "opened_at": opened[seen],
            "merged_at": merged[seen],
        }
    )
    tables.csv(folder / "pull_requests" / f"{year}.csv", pulls.sort_by([("merged_at", "ascending")]))

    read = seen[rng.random(len(seen)) < 0.7]
    reviewer = np.where(
        rng.random(len(read)) < 0.45, rng.integers(0, team, len(read)), rng.integers(14, len(people), len(read))
    )
    # A review comes between the opening and the merge.
    when = opened[read] + ((merged[read] - opened[read]).astype(np.int64) * rng.random(len(read))).astype(np.int64)
    reviews = tables.table(
        {
            "review_id": tables.named(f"r{year}", np.arange(len(read))),
            "pull_request": tables.named(f"pr{year}", read),
            "reviewer": tables.pick(people, reviewer),
            "reviewed_at": when,
        }
    )
    tables.csv(folder / "reviews" / f"{year}.csv", reviews.sort_by([("reviewed_at", "ascending")]))


def _write_publications(folder: Path, world: World, seed: int, today: date) -> None:
    rows: list[tuple[str, str, date]] = []
    for year in range(2021, today.year + 1):
        rng = np.random.default_rng([seed, 19, year])
        for number in range(int(rng.poisson(4 + 4 * (year - 2020)))):
            day = (np.datetime64(f"{year}-01-01") + int(rng.integers(0, 365))).astype(date)
            there = [c.slug for c in world.communities if c.kind == "research" and c.joined <= day]
            if there and day < today:
                rows.append((f"10.5555/{year}.{number + 1:03}", there[int(rng.integers(len(there)))], day))
    rows.sort(key=lambda row: row[2])
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("doi", "community", "published_on")
    tables.csv(
        folder / "publications.csv",
        tables.table({name: list(column) for name, column in zip(names, columns, strict=True)}),
    )

"""Work on code, our own and upstream: issues and who they were given to, pull requests, reviews, comments.

Each year comes from its own random stream and is cut at `today`. Issues are exported again each time they change: an
issue opened in one year and closed in another is in the exports of both.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.work import NEVER, Times, after, moments, until

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
#: How pull requests, and issues and comments, spread over them.
PULLS = (0.36, 0.09, 0.07, 0.12, 0.12, 0.07, 0.04, 0.07, 0.06)
TALK = (0.36, 0.15, 0.09, 0.12, 0.08, 0.05, 0.03, 0.07, 0.05)
#: Everybody who writes code, and how many of them have ever been on the team; the others are of other communities.
PEOPLE, TEAM = 160, 14

Ints = npt.NDArray[np.int64]


def write(folder: Path, seed: int, today: date) -> None:
    """The team's hashed identities, the repositories, and all work on them."""
    rng = np.random.default_rng([seed, 17])
    people = [f"{value:012x}" for value in rng.integers(0, 2**48, PEOPLE)]
    joined = tables.days([date(2020 + index // 3, 1 + index % 3 * 4, 1) for index in range(TEAM)])
    there = joined < np.datetime64(today)
    tables.csv(
        folder / "team.csv",
        tables.table({"person": [p for p, in_ in zip(people, there, strict=False) if in_], "joined_on": joined[there]}),
    )
    tables.csv(
        folder / "repositories.csv",
        tables.table({"repository": list(REPOSITORIES), "upstream": [name in UPSTREAM for name in REPOSITORIES]}),
    )
    team = {year: int((joined < np.datetime64(f"{year + 1}-01-01")).sum()) for year in range(2021, today.year + 1)}
    _write_issues(folder, seed, people, team, today)
    for year, count in team.items():
        _write_pulls(folder, seed, year, people, count, today)
        _write_comments(folder, seed, year, people, count, today)


def _authors(rng: np.random.Generator, where: Ints, team: int, own: float, upstream: float) -> Ints:
    """Who wrote it: the team in this share of what is in its own repositories, and upstream."""
    ours = rng.random(len(where)) < np.where(where < len(OWN), own, upstream)
    return np.where(ours, rng.integers(0, team, len(where)), rng.integers(TEAM, PEOPLE, len(where)))


def _write_issues(folder: Path, seed: int, people: list[str], team: dict[int, int], today: date) -> None:
    end = np.datetime64(today, "s")
    exports: dict[int, list[pa.Table]] = {year: [] for year in team}
    for year, count in team.items():
        rng = np.random.default_rng([seed, 16, year])
        opened = moments(rng, year, 840 + 110 * (year - 2021))
        ends = np.where(rng.random(len(opened)) < 0.95, after(rng, opened, 13, 1.3), NEVER)
        closed = until(ends, end)
        where = rng.choice(len(REPOSITORIES), len(opened), p=TALK)
        author = _authors(rng, where, count, 0.62, 0.13)
        made = {
            "issue_id": tables.named(f"i{year}", np.arange(len(opened))),
            "repository": tables.pick(REPOSITORIES, where),
            "author": tables.pick(people, author),
            "opened_at": opened,
        }
        in_year = closed < np.datetime64(f"{year + 1}-01-01", "s")
        exports[year].append(_versions(made, opened, np.where(in_year, closed, NEVER), opened < end))
        for later in range(year + 1, today.year + 1):
            in_later = closed.astype("datetime64[Y]") == np.datetime64(str(later))
            exports[later].append(_versions(made, opened, closed, in_later))
        _write_assignments(folder, rng, year, opened, ends, where, end)
    for year, parts in exports.items():
        rows = pa.concat_tables(parts)
        if len(rows):
            tables.csv(folder / "issues" / f"{year}.csv", rows.sort_by([("updated_at", "ascending")]))


def _versions(made: dict[str, Any], opened: Times, closed: Times, seen: npt.NDArray[np.bool_]) -> pa.Table:
    """The issues that are in an export, as they stood in it."""
    updated = np.where(np.isnat(closed), opened, closed)
    return tables.table({**made, "closed_at": closed, "updated_at": updated}).filter(pa.array(seen))


def _write_assignments(
    folder: Path, rng: np.random.Generator, year: int, opened: Times, closed: Times, where: Ints, end: np.datetime64
) -> None:
    """Each time that one of our issues was given to somebody: most once, some twice, and some never."""
    times = np.where(rng.random(len(opened)) < 0.12, 0, np.where(rng.random(len(opened)) < 0.22, 2, 1))
    times = np.where(where < len(OWN), times, 0)
    issue = np.repeat(np.arange(len(opened)), times)
    # Within the first third of the time that it is open, or of a month.
    until_closed = np.where(np.isnat(closed), np.timedelta64(30, "D"), closed - opened).astype("timedelta64[s]")
    wait = (until_closed[issue].astype(np.int64) * rng.random(len(issue)) / 3).astype("timedelta64[s]")
    given = opened[issue] + wait
    order = np.lexsort((issue, given))
    order = order[given[order] < end]
    if len(order):
        tables.csv(
            folder / "assignments" / f"{year}.csv",
            tables.table(
                {
                    "assignment_id": tables.named(f"as{year}", order),
                    "issue_id": tables.named(f"i{year}", issue[order]),
                    "assigned_at": given[order],
                }
            ),
        )


def _write_pulls(folder: Path, seed: int, year: int, people: list[str], team: int, today: date) -> None:
    """Merged pull requests, and reviews of them."""
    rng = np.random.default_rng([seed, 18, year])
    end = np.datetime64(today, "s")
    opened = moments(rng, year, 900 + 60 * (year - 2021))
    merged = until(after(rng, opened, 1.8, 1.3), end)
    where = rng.choice(len(REPOSITORIES), len(opened), p=PULLS)
    # Our own repositories are the team's; upstream, about one change in six is.
    author = _authors(rng, where, team, 0.9, 0.17)
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

    read = np.flatnonzero(rng.random(len(opened)) < 0.7)
    ours = rng.random(len(read)) < 0.45
    reviewer = np.where(ours, rng.integers(0, team, len(read)), rng.integers(TEAM, PEOPLE, len(read)))
    # A review comes between the opening and the merge.
    share = rng.random(len(read))
    known = np.isin(read, seen)
    read, reviewer, share = read[known], reviewer[known], share[known]
    when = opened[read] + ((merged[read] - opened[read]).astype(np.int64) * share).astype(np.int64)
    reviews = tables.table(
        {
            "review_id": tables.named(f"r{year}", read),
            "pull_request": tables.named(f"pr{year}", read),
            "reviewer": tables.pick(people, reviewer),
            "reviewed_at": when,
        }
    )
    tables.csv(folder / "reviews" / f"{year}.csv", reviews.sort_by([("reviewed_at", "ascending")]))


def _write_comments(folder: Path, seed: int, year: int, people: list[str], team: int, today: date) -> None:
    """What people wrote under issues and pull requests, their own and those of others."""
    rng = np.random.default_rng([seed, 28, year])
    written = moments(rng, year, 2600 + 260 * (year - 2021))
    where = rng.choice(len(REPOSITORIES), len(written), p=TALK)
    thread = rng.choice(2, len(written), p=(0.6, 0.4))
    begun_by = _authors(rng, where, team, 0.7, 0.15)
    author = _authors(rng, where, team, 0.7, 0.1)
    # Many threads are somebody thinking aloud.
    author = np.where(rng.random(len(author)) < 0.12, begun_by, author)
    seen = np.flatnonzero(written < np.datetime64(today, "s"))
    if not len(seen):
        return
    tables.csv(
        folder / "comments" / f"{year}.csv",
        tables.table(
            {
                "comment_id": tables.named(f"co{year}", seen),
                "thread": tables.pick(("issue", "pull request"), thread[seen]),
                "repository": tables.pick(REPOSITORIES, where[seen]),
                "begun_by": tables.pick(people, begun_by[seen]),
                "author": tables.pick(people, author[seen]),
                "written_at": written[seen],
            }
        ),
    )

"""What customers say: surveys and support tickets.

Scores are drawn in even steps through their distribution, so that a small survey says what a large one would.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headway.simulate import tables
from headway.simulate.saas.clock import Floats, Ints, Month, end_of_data, local
from headway.simulate.saas.people import People

#: Share of promoters and detractors, by segment as in `SEGMENTS`, and of those asked after support.
LIKES = ((0.5, 0.17), (0.64, 0.1), (0.695, 0.06), (0.765, 0.05))
#: Share of people satisfied with each topic, and how many of those who come answer in a month.
TOPICS = (
    ("support", 0.92, 0.055), ("product", 0.785, 0.045), ("onboarding", 0.9, 0.03), ("AI", 0.875, 0.045),
    ("feature", 0.865, 0.04),
)  # fmt: skip
#: Tickets per person and month.
TICKETS = 0.055


def write(
    files: tables.Files, folder: Path, people: People, month: Month, calendar: list[Month], seed: int, today: date
) -> None:
    """A month's answers and tickets."""
    rows = {"nps": 0, "csat": 0, "ticket": 0}
    for block, everybody in enumerate(people.blocks()):
        alive = everybody.alive(month)
        # Who joins or quits within the month is not asked.
        first, last = (int(day.astype(int)) for day in month.days[[0, -1]])
        here = alive[(alive.joined_day < first) & (alive.quit_day > last) & (alive.habit > 0.05)]
        if len(here) == 0:
            continue
        rng = np.random.default_rng([seed, 40, month.code, block])
        _write_nps(files, folder, rng, here, month, rows, today)
        _write_csat(files, folder, rng, here, month, rows, today)
        _write_tickets(files, folder, rng, here, month, calendar, rows, today)


def _write_nps(
    files: tables.Files,
    folder: Path,
    rng: np.random.Generator,
    here: People,
    month: Month,
    rows: dict[str, int],
    today: date,
) -> None:
    who = np.flatnonzero(rng.random(len(here)) < 0.15)
    after = rng.random(len(who)) < 0.16
    group = np.where(after, 3, here.segment[who])
    promoters, detractors = np.array(LIKES)[group].T
    place = _even(rng, group)
    score = np.where(
        place < detractors,
        6 - (place / detractors * 7).astype(np.int64).clip(0, 6),
        np.where(place < 1 - promoters, rng.integers(7, 9, len(who)), rng.integers(9, 11, len(who))),
    )
    _answers(
        files, folder / "nps_answers.csv", rng, here, who, month, rows, "nps", today,
        {"survey": tables.pick(("relationship", "after support"), after.astype(np.int64))}, score,
    )  # fmt: skip


def _write_csat(
    files: tables.Files,
    folder: Path,
    rng: np.random.Generator,
    here: People,
    month: Month,
    rows: dict[str, int],
    today: date,
) -> None:
    answers = rng.random((len(here), len(TOPICS))) < [share for *_, share in TOPICS]
    who, topic = np.nonzero(answers)
    satisfied = np.array([share for _, share, _ in TOPICS])[topic]
    place = _even(rng, topic)
    score = np.where(
        place < satisfied, 4 + (place < satisfied * 0.55), 1 + ((place - satisfied) / (1 - satisfied) * 3).astype(int)
    )
    _answers(
        files, folder / "csat_answers.csv", rng, here, who, month, rows, "csat", today,
        {"topic": tables.pick([name for name, *_ in TOPICS], topic)}, score,
    )  # fmt: skip


def _even(rng: np.random.Generator, group: Ints) -> Floats:
    """A number from 0 to 1 for each row: within a group they are evenly spread, in random order."""
    order = np.lexsort((rng.random(len(group)), group))
    counts = np.bincount(group)
    counts = counts[counts > 0]
    step = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    spread = np.empty(len(group))
    # One shift for a whole group: the share below a bound is off by less than one answer.
    spread[order] = (step + np.repeat(rng.random(len(counts)), counts)) / np.repeat(counts, counts)
    return spread


def _answers(
    files: tables.Files,
    path: Path,
    rng: np.random.Generator,
    here: People,
    who: npt.NDArray[np.int64],
    month: Month,
    rows: dict[str, int],
    name: str,
    today: date,
    kind: dict[str, tables.Column],
    score: Ints,
) -> None:
    at = month.moments(month.random_days(rng, len(who)), rng.normal(0.54, 0.1, len(who)).clip(0.05, 0.95))
    order = np.argsort(at, kind="stable")
    number = month.code * 10**8 + rows[name] + np.arange(len(who))
    rows[name] += len(who)
    come = at[order] < end_of_data(today)
    chosen = order[come]
    if len(chosen):
        files.add(
            path,
            {
                "answer_id": tables.serial(name, number[come]),
                "account_id": tables.named("a", here.account[who[chosen]]),
                "user_id": tables.named("u", here.number[who[chosen]]),
                **{column: values.take(chosen) for column, values in kind.items()},
                "answered_at": at[chosen],
                "score": score[chosen].astype(np.int64),
            },
        )


def _write_tickets(
    files: tables.Files,
    folder: Path,
    rng: np.random.Generator,
    here: People,
    month: Month,
    calendar: list[Month],
    rows: dict[str, int],
    today: date,
) -> None:
    who = np.repeat(np.arange(len(here)), rng.poisson(TICKETS, len(here)))
    opened = month.moments(month.random_days(rng, len(who)), rng.normal(0.55, 0.12, len(who)).clip(0.02, 0.98))
    order = np.argsort(opened, kind="stable")
    opened, who = opened[order], who[order]
    hours = np.exp(rng.normal(2.9, 1.1, len(who)))
    resolved = opened + (hours * 3600).astype("timedelta64[s]")
    # Some are never closed: nobody looks after them.
    forgotten = rng.random(len(who)) < 0.012
    end = end_of_data(today)
    resolved[forgotten | (resolved >= end)] = np.datetime64("NaT")
    number = month.code * 10**8 + rows["ticket"] + np.arange(len(who))
    rows["ticket"] += len(who)
    come = opened < end
    if come.any():
        files.add(
            folder / "tickets.csv",
            {
                "ticket_id": tables.serial("t", number[come]),
                "account_id": tables.named("a", here.account[who[come]]),
                "opened_at": local(opened[come], calendar),
                "resolved_at": local(resolved[come], calendar),
            },
        )

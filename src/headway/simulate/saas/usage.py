"""What people do: sessions, uses of features, workflows and their executions, calls of AI and of the API.

A month is made in one go, block of people by block of people, and then cut at `today`. Who comes on a day is drawn for
each person and day: by habit, by how busy the day is, and more often soon after joining. Everything else happens
within sessions, but executions, which machines start.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.saas.accounts import REGIONS
from headway.simulate.saas.clock import Floats, Ints, Moments, Month, end_of_data
from headway.simulate.saas.operations import HOURS, Outages
from headway.simulate.saas.people import ADOPTION, AI, FEATURES, People

#: How likely people come so many days after joining: mails of the introduction arrive on days 1, 7 and 30.
INTRODUCED = {0: 0.97, 1: 0.885, 7: 0.705, 30: 0.46}
#: In the weeks after joining people come at least as often as this on busy days.
STARTING = 0.4
#: Share of people who are away for a whole month.
AWAY = 0.045
#: What a session is mostly about.
ABOUT = np.cumsum((0.4, 0.16, 0.16, 0.08, 0.07, 0.08, 0.02, 0.03))
#: How often a workflow runs, by the months since it was made.
RUNS = (0.9, 0.58, 0.42, 0.33, 0.26, 0.2)
NODE_TYPES = (("text", 0.46, 0.055), ("classification", 0.24, 0.02), ("extraction", 0.2, 0.065), ("vision", 0.1, 0.14))
#: On this day the collector was stuck, and sessions arrived hours late.
STUCK = np.datetime64("2026-01-20")


@dataclass(frozen=True)
class Workflows:
    """The workflows that a block's people made in a month."""

    month: int
    number: Ints
    made: Moments
    quit_day: Ints
    has_ai: npt.NDArray[np.bool_]


class Usage:
    """Writes everything that people do, month by month, below a folder."""

    def __init__(self, folder: Path, application: tables.Database, outages: Outages, seed: int, today: date) -> None:
        self._folder = folder
        self._application = application
        self._outages = outages
        self._seed = seed
        self._end = end_of_data(today)
        self._recent: dict[int, list[Workflows]] = defaultdict(list)

    def write(self, files: tables.Files, people: People, month: Month) -> None:
        """All that happens in a month, as far as it has arrived."""
        #: How many rows of each table the month has so far: their identifiers go on from there.
        rows: dict[str, int] = defaultdict(int)
        for block, everybody in enumerate(people.blocks()):
            alive = everybody.alive(month)
            if len(alive):
                rng = np.random.default_rng([self._seed, 33, month.code, block])
                self._write_block(files, rng, alive, month, block, rows)

    def _write_block(
        self,
        files: tables.Files,
        rng: np.random.Generator,
        people: People,
        month: Month,
        block: int,
        rows: dict[str, int],
    ) -> None:
        writer = _Writer(files, self._folder, month, self._end, rows)
        names = tables.named("u", people.number)
        person, started, length = sessions(rng, people, month)
        up = self._outages.up(rng, started, people.region[person])
        person, started, length = person[up], started[up], length[up]
        used = _used(rng, people, np.bincount(person, minlength=len(people)) > 0)
        _write_sessions(writer, rng, people, names, (person, started, length), used)
        _write_uses(writer, rng, names, (person, started, length), used)
        made = self._write_workflows(writer, rng, people, names, (person, started, length), month)
        recent = [*self._recent[block], made][-len(RUNS) :]
        self._recent[block] = recent
        _write_executions(writer, rng, recent, month)
        _write_api_calls(writer, rng, people, month)

    def _write_workflows(
        self,
        writer: _Writer,
        rng: np.random.Generator,
        people: People,
        names: pa.Array,
        visits: tuple[Ints, Moments, Floats],
        month: Month,
    ) -> Workflows:
        person, started, length = visits
        come = np.bincount(person, minlength=len(people))
        fresh = people.joined_day >= int(month.days[0].astype(int)) - 5
        eager = people.eager[:, -1] < 0.54
        chance = np.where(fresh, 0.85, np.where(eager, 0.86, 0.2))
        creates = (come > 0) & (rng.random(len(people)) < chance)
        counts = np.where(creates, 1 + rng.poisson(2.2, len(people)), 0)
        who = np.repeat(np.arange(len(people)), counts)
        # Who has just come makes the first one soon.
        luck = rng.random(len(who))
        visit = _visits(person, come, who, np.where(fresh[who], luck**0.9, luck))
        made = started[visit] + (rng.random(len(who)) * length[visit]).astype("timedelta64[s]")
        # A plan without AI makes workflows without it.
        has_ai = people.entitled[who, AI] & (rng.random(len(who)) < 0.545)
        nodes = 2 + rng.geometric(0.16, len(who))
        ai_nodes = np.where(has_ai, 1 + rng.binomial(nodes - 1, 0.15), 0)
        template = np.where(rng.random(len(who)) < 0.722, rng.integers(1, 41, len(who)), 0)
        order = np.argsort(made, kind="stable")
        number = writer.numbers("workflows", len(order))
        done = made[order] < self._end
        kept = order[done]
        self._application.insert(
            "workflows",
            {
                "workflow_id": tables.serial("w", number[done]),
                "creator_id": names.take(who[kept]),
                "template_id": tables.blank(tables.named("t", template[kept]), template[kept] == 0),
                "node_count": nodes[kept],
                "ai_node_count": ai_nodes[kept],
                "created_at": made[kept],
            },
        )
        return Workflows(month.code, number, made[order], people.quit_day[who[order]], has_ai[order])


def sessions(rng: np.random.Generator, people: People, month: Month) -> tuple[Ints, Moments, Floats]:
    """Each session of a month: position of the person, start, and length in seconds; in the order of people."""
    first = int(month.days[0].astype(int))
    age = first + np.arange(len(month.days)) - people.joined_day[:, None]
    chance = people.habit[:, None] * month.busy.astype(np.float32)
    chance *= (rng.random(len(people), np.float32) >= AWAY)[:, None]
    young = np.flatnonzero(people.joined_day > first - 40)
    often = np.maximum(chance[young], np.where(age[young] < 35, STARTING * month.busy, 0))
    for days, share in INTRODUCED.items():
        often[age[young] == days] = share
    chance[young] = often
    chance[(age < 0) | (age >= (people.quit_day - people.joined_day)[:, None])] = 0
    person, day = np.nonzero(rng.random(chance.shape, np.float32) < chance)
    again = rng.random(len(person), np.float32) < 0.1
    person, day = np.repeat(person, 1 + again), np.repeat(day, 1 + again)
    hour, spread = np.array(HOURS, np.float32).T
    region = people.region[person]
    clock = (hour[region] + spread[region] * rng.standard_normal(len(person), np.float32)) / 24 % 1
    started = month.moments(day, clock)
    # Nobody comes before having joined; the first session follows at once.
    at_once = (age[person, day] == 0) & (started < people.joined[person] + np.timedelta64(30, "s"))
    started = np.where(at_once, people.joined[person] + np.timedelta64(60, "s"), started)
    length = np.minimum(np.exp(rng.standard_normal(len(person), np.float32) * 0.8 + 7.2), 28_800)
    return person, started, length


def _visits(person: Ints, come: Ints, who: Ints, luck: Floats) -> Ints:
    """A session of each person in `who`: positions, early ones for little luck. `person` is sorted."""
    first = np.cumsum(come) - come
    found: Ints = first[who] + (luck * come[who]).astype(np.int64)
    return found


def _used(rng: np.random.Generator, people: People, came: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which features each person uses in the month: mostly the same every month."""
    habit = people.eager[:, :-1] < (ADOPTION - 0.08) / 0.86
    chance = np.where(habit, np.float32(0.94), np.float32(0.08))
    used: npt.NDArray[np.bool_] = (rng.random(chance.shape, np.float32) < chance) & people.entitled & came[:, None]
    return used


class _Writer:
    """Appends the rows of one month, in order, numbered, and cut at what has arrived."""

    def __init__(
        self, files: tables.Files, folder: Path, month: Month, end: np.datetime64, rows: dict[str, int]
    ) -> None:
        self._files, self._folder, self._month, self._rows, self.end = files, folder, month, rows, end

    def numbers(self, name: str, count: int) -> Ints:
        """Identifiers of the month's next rows of a table."""
        found: Ints = self._month.code * 10**8 + self._rows[name] + np.arange(count)
        self._rows[name] += count
        return found

    def add(self, name: str, columns: dict[str, tables.Column]) -> None:
        """Append rows to the month's file of a table."""
        if len(next(iter(columns.values()))):
            path = self._folder / name / f"{self._month.first:%Y-%m}.parquet"
            self._files.add(path, columns)


def _write_sessions(
    writer: _Writer,
    rng: np.random.Generator,
    people: People,
    names: pa.Array,
    visits: tuple[Ints, Moments, Floats],
    used: npt.NDArray[np.bool_],
) -> None:
    person, started, length = visits
    order = np.argsort(started, kind="stable")
    person, started, length = person[order], started[order], length[order]
    number = writer.numbers("sessions", len(order))
    ended = started + length.astype("timedelta64[s]")
    # Not everybody logs out.
    ended[rng.random(len(order), np.float32) < 0.06] = np.datetime64("NaT")
    about = np.searchsorted(ABOUT, rng.random(len(order)) * ABOUT[-1])
    about = np.where(used[person, about], about, 0)
    delay = rng.exponential(240, len(order)) + 5
    late = rng.random(len(order), np.float32) < np.where(started.astype("datetime64[D]") == STUCK, 0.6, 0.005)
    delay[late] += rng.uniform(3_600, 18_000, int(late.sum()))
    loaded = started + delay.astype("timedelta64[s]")
    come = loaded < writer.end
    ended[~(ended < writer.end)] = np.datetime64("NaT")
    writer.add(
        "sessions",
        {
            "session_id": tables.serial("s", number[come]),
            "user_id": names.take(person[come]),
            "region": tables.pick(REGIONS, people.region[person[come]]),
            "feature": tables.pick(FEATURES, about[come]),
            "started_at": started[come],
            "ended_at": ended[come],
            "loaded_at": loaded[come],
        },
    )


def _write_uses(
    writer: _Writer,
    rng: np.random.Generator,
    names: pa.Array,
    visits: tuple[Ints, Moments, Floats],
    used: npt.NDArray[np.bool_],
) -> None:
    person, started, length = visits
    who, feature = np.nonzero(used)
    counts = 1 + rng.poisson(0.62, len(who))
    who, feature = np.repeat(who, counts), np.repeat(feature, counts)
    visit = _visits(person, np.bincount(person, minlength=len(used)), who, rng.random(len(who)))
    at = started[visit] + (rng.random(len(who), np.float32) * length[visit]).astype("timedelta64[s]")
    order = np.argsort(at, kind="stable")
    who, feature, at = who[order], feature[order], at[order]
    number = writer.numbers("feature_uses", len(order))
    # The collector sends some events twice, half of them with a new time.
    twice = np.flatnonzero(rng.random(len(order), np.float32) < 0.012)
    place = np.concatenate((np.arange(len(order)), twice))
    late = np.zeros(len(place), np.int64)
    late[len(order) :] = rng.integers(0, 2, len(twice)) * rng.integers(1, 20, len(twice))
    sent = at[place] + late.astype("timedelta64[s]")
    by_time = np.argsort(sent, kind="stable")
    by_time = by_time[sent[by_time] < writer.end]
    place, sent = place[by_time], sent[by_time]
    writer.add(
        "feature_uses",
        {
            "use_id": tables.serial("f", number[place]),
            "user_id": names.take(who[place]),
            "feature": tables.pick(FEATURES, feature[place]),
            "used_at": sent,
        },
    )


def _write_executions(writer: _Writer, rng: np.random.Generator, recent: list[Workflows], month: Month) -> None:
    """Runs of the workflows made in this month and the ones before, and the calls of AI in them."""
    parts = []
    for made in recent:
        age = _months_between(made.month, month.code)
        if age >= len(RUNS):
            continue
        which = np.repeat(np.arange(len(made.number)), rng.poisson(RUNS[age], len(made.number)))
        if age == 0:
            # A new workflow is tried soon.
            left = (month.starts[-1] - made.made[which]).astype(np.int64)
            at = made.made[which] + (30 + rng.random(len(which)) ** 4 * np.maximum(left - 60, 0)).astype(
                "timedelta64[s]"
            )
        else:
            at = month.moments(month.random_days(rng, len(which)), rng.random(len(which)))
        # Workflows of people who have quit no longer run.
        runs = at.astype("datetime64[D]").astype(np.int64) < made.quit_day[which]
        parts.append((made.number[which][runs], at[runs], made.has_ai[which][runs]))
    workflow, at, has_ai = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(at, kind="stable")
    workflow, at, has_ai = workflow[order], at[order], has_ai[order]
    number = writer.numbers("executions", len(order))
    succeeded = rng.random(len(order), np.float32) < 0.955
    calls = np.where(has_ai, rng.poisson(0.85, len(order)), 0)
    come = at < writer.end
    writer.add(
        "executions",
        {
            "execution_id": tables.serial("x", number[come]),
            "workflow_id": tables.serial("w", workflow[come]),
            "started_at": at[come],
            "succeeded": succeeded[come],
        },
    )
    which = np.repeat(np.arange(len(order)), calls)
    called = at[which] + rng.integers(1, 40, len(which)).astype("timedelta64[s]")
    kinds = tuple(name for name, *_ in NODE_TYPES)
    kind = rng.choice(len(kinds), len(which), p=[share for _, share, _ in NODE_TYPES])
    mean = np.array([mean for *_, mean in NODE_TYPES])[kind]
    cost = np.round(mean * np.exp(rng.normal(-0.18, 0.6, len(which))), 4)
    number = writer.numbers("ai_calls", len(which))
    come = called < writer.end
    writer.add(
        "ai_calls",
        {
            "call_id": tables.serial("ai", number[come]),
            "workflow_id": tables.serial("w", workflow[which][come]),
            "node_type": tables.pick(kinds, kind[come]),
            "called_at": called[come],
            "cost_usd": cost[come],
        },
    )


def _write_api_calls(writer: _Writer, rng: np.random.Generator, people: People, month: Month) -> None:
    """Calls that customers' own programs make: few programs make most of them."""
    # Programs go on until the customer leaves, and a little more with each of its people.
    counts = rng.poisson(np.where(people.number % 3 == 0, 3.0, 0.0))
    who = np.repeat(np.arange(len(people)), counts)
    day = month.random_days(rng, len(who))
    number_of_day = int(month.days[0].astype(int)) + day
    there = (number_of_day > people.joined_day[who]) & (number_of_day < people.quit_day[who])
    who, at = who[there], month.moments(day[there], rng.random(int(there.sum())))
    order = np.argsort(at, kind="stable")
    number = writer.numbers("api_calls", len(order))
    come = at[order] < writer.end
    writer.add(
        "api_calls",
        {
            "call_id": tables.serial("c", number[come]),
            "account_id": tables.named("a", people.account[who[order]][come]),
            "called_at": at[order][come],
        },
    )


def _months_between(first: int, last: int) -> int:
    return (last // 100 - first // 100) * 12 + last % 100 - first % 100

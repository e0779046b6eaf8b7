"""The people of each customer: when they joined and quit, how often they come, what they may use.

People are numbered in the order of the months in which their invitations went out. They are held as columns, a few
dozen bytes each; `blocks` cuts them into parts of bounded size, so that what they do needs no more memory when there
are more of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headway.simulate import tables
from headway.simulate.saas.accounts import SEGMENTS, Account, Book, Spell
from headway.simulate.saas.clock import Month, end_of_data, local, midnight

#: What people can use, the share of those who may that do in a month (of those who came), and whose plans hold it.
FEATURES = (
    "workflow builder", "templates", "ai", "collaboration", "analytics", "integrations", "audit log", "mobile app",
)  # fmt: skip
TITLES = (
    "Workflow builder", "Templates", "AI", "Collaboration", "Analytics", "Integrations", "Audit log",
    "Mobile app (pilot)",
)  # fmt: skip
ADOPTION = np.array((0.93, 0.835, 0.66, 0.372, 0.312, 0.55, 0.45, 0.8))
PLANS = ("legacy", "starter", "professional", "business", "enterprise")
ENTITLED = np.array(
    (
        (1, 1, 0, 0, 0, 1, 0, 0),
        (1, 1, 0, 0, 0, 1, 0, 0),
        (1, 1, 1, 1, 0, 1, 0, 0),
        (1, 1, 1, 1, 1, 1, 0, 0),
        (1, 1, 1, 1, 1, 1, 0, 0),
    ),
    bool,
)
AI, AUDIT, MOBILE = (FEATURES.index(feature) for feature in ("ai", "audit log", "mobile app"))
#: Of a large customer's people every so manieth may read the audit log.
AUDITORS = 12
#: So many people try the mobile app, whatever the scale: too few to show anything about them.
PILOT = 4
#: People who come most working days, those who come about every second, those who drop in; and how often they do.
HABITS = ((0.165, 0.8, 0.99), (0.595, 0.24, 0.41), (0.24, 0.008, 0.05))
#: Of those, how reluctant they are to use more than they need: below 1 shifts `eager` up.
EAGERNESS = (1.2, 1.1, 0.6)
#: Share of a customer's people that join, and that quit, in a month.
JOINING, QUITTING = 0.038, 0.019
#: People per block.
BLOCK = 50_000


@dataclass(frozen=True)
class People:
    """People as columns. Days are days of New York, numbered from 1970."""

    number: npt.NDArray[np.int64]
    account: npt.NDArray[np.int32]
    segment: npt.NDArray[np.int8]
    region: npt.NDArray[np.int8]
    joined: npt.NDArray[np.datetime64]
    joined_day: npt.NDArray[np.int32]
    quit_day: npt.NDArray[np.int32]
    habit: npt.NDArray[np.float32]
    entitled: npt.NDArray[np.bool_]
    #: How eager somebody is to use each feature, 0 to 1, and to make workflows (the last column).
    eager: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, chosen: Any) -> People:
        return People(*(getattr(self, column.name)[chosen] for column in fields(self)))

    def plus(self, more: People) -> People:
        """These people, then others."""
        return People(*(np.concatenate((getattr(self, f.name), getattr(more, f.name))) for f in fields(self)))

    def blocks(self) -> Iterator[People]:
        """These people in parts; a part's people are always the same, but for those who come later."""
        for first in range(0, len(self), BLOCK):
            yield self[first : first + BLOCK]

    def alive(self, month: Month) -> People:
        """Who could come in a month."""
        first, last = (int(np.datetime64(day).astype(int)) for day in (month.first, month.last))
        return self[(self.joined_day <= last) & (self.quit_day > np.maximum(first, self.joined_day))]


def invited(book: Book, month: Month, calendar: list[Month], before: int, seed: int, scale: float) -> People:
    """Who is invited in a month, when `before` people were already: a new customer's first ones, and more of others."""
    rng = np.random.default_rng([seed, 32, month.code])
    present = book.present(month)
    is_new = np.array([spell.began >= month.first for _, spell in present])
    size = np.array([account.size for account, _ in present])
    # The first of a customer's people is the one who signs.
    signs = is_new & (rng.random(len(present)) < scale)
    counts = rng.poisson(np.where(is_new, np.maximum(size, 1) * scale - min(scale, 1), size * JOINING * scale))
    place = np.concatenate((np.flatnonzero(signs), np.repeat(np.arange(len(present)), counts)))
    count = len(place)
    # People of a new customer join within weeks, the others on any working day.
    signed = np.array([_signed(account, spell) for account, spell in present], "datetime64[s]")[place]
    soon = rng.exponential(9 * 86_400, count).clip(600, 55 * 86_400)
    soon[: signs.sum()] = rng.uniform(60, 900, signs.sum())
    any_day = month.moments(month.random_days(rng, count), rng.normal(0.53, 0.1, count).clip(0.05, 0.95))
    joined = np.where(is_new[place], signed + soon.astype("timedelta64[s]"), any_day)
    joined_day = local(joined, calendar).astype("datetime64[D]").astype(np.int32)
    leaves = np.array([_day_number(spell.left or date(9999, 1, 1)) for _, spell in present])
    quits = joined_day + np.minimum(rng.exponential(30.4 / QUITTING, count), 30_000).astype(np.int32) + 1
    pilot = np.zeros(count, bool)
    if before == 0:
        # Those who try the mobile app work for the largest customers, one for each, and stay as long as these do.
        _, firsts = np.unique(place, return_index=True)
        pilot[sorted(firsts, key=lambda person: -size[place[person]])[:PILOT]] = True
        quits[pilot] = _day_number(date(9999, 1, 1))
    entitled = ENTITLED[np.array([PLANS.index(account.plan) for account, _ in present])[place]]
    entitled[:, MOBILE] = pilot
    large = np.array([account.segment == "enterprise" for account, _ in present])[place]
    entitled[:, AUDIT] = large & (rng.random(count) < 1 / AUDITORS)
    kind = rng.choice(len(HABITS), count, p=[share for share, *_ in HABITS])
    low, high = np.array([(low, high) for _, low, high in HABITS]).T
    return People(
        number=before + 1 + np.arange(count),
        account=np.array([account.number for account, _ in present], np.int32)[place],
        segment=np.array([SEGMENTS.index(account.segment) for account, _ in present], np.int8)[place],
        region=np.array([account.region for account, _ in present], np.int8)[place],
        joined=joined,
        joined_day=joined_day,
        quit_day=np.minimum(quits, leaves[place]).astype(np.int32),
        habit=(low[kind] + (high - low)[kind] * rng.random(count)).astype(np.float32),
        entitled=entitled,
        # Who comes often also uses more of what there is.
        eager=rng.random((count, len(FEATURES) + 1), np.float32) ** np.array(EAGERNESS, np.float32)[kind][:, None],
    )


def _signed(account: Account, spell: Spell) -> datetime:
    """The moment at which a customer signed; of those who come back only the day is known."""
    return account.created if spell is account.spells[0] else midnight(spell.began) + timedelta(hours=12)


def _day_number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def nobody() -> People:
    """No people, to begin with."""
    no_days = np.empty(0, np.int32)
    return People(
        number=np.empty(0, np.int64),
        account=np.empty(0, np.int32),
        segment=np.empty(0, np.int8),
        region=np.empty(0, np.int8),
        joined=np.empty(0, "datetime64[s]"),
        joined_day=no_days,
        quit_day=no_days,
        habit=np.empty(0, np.float32),
        entitled=np.empty((0, len(FEATURES)), bool),
        eager=np.empty((0, len(FEATURES) + 1), np.float32),
    )


def write_features(folder: Path) -> None:
    """The list of features."""
    tables.csv(folder / "features.csv", tables.table({"feature": FEATURES, "title": TITLES}))


def write(database: tables.Database, people: People, today: date) -> None:
    """The application's tables of people and what they may use."""
    end = end_of_data(today)
    for block in people.blocks():
        known = block[(block.joined < end) & (block.quit_day > block.joined_day)]
        user = tables.named("u", known.number)
        database.insert(
            "users",
            {"user_id": user, "account_id": tables.named("a", known.account), "signed_up_at": known.joined},
        )
        person, feature = np.nonzero(known.entitled)
        granted = known.joined[person] + np.timedelta64(5, "m")
        # Licences are taken back some days after somebody quit, by when it is their turn in the list.
        quit_day = known.quit_day + known.number % 9
        revoked = quit_day[person].astype("datetime64[D]").astype("datetime64[s]") + np.timedelta64(20, "h")
        revoked = np.where(revoked < end, revoked, np.datetime64("NaT"))
        database.insert(
            "entitlements",
            {
                "entitlement_id": tables.named("e", known.number[person] * 10 + feature),
                "user_id": user.take(person),
                "feature": tables.pick(FEATURES, feature),
                "granted_at": granted,
                "revoked_at": revoked,
            },
        )

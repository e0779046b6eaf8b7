"""What the example organisation signed: grants, development contracts and cloud service contracts.

Published facts come out of the rows: new service contracts by quarter from 2021 Q1 (1, 2, 2, 2, 3, 7, 9, 4, 7, 8, 5,
1) and 5.6 million USD of funding by the end of 2023 (grants 4.6, service contracts 0.6, development 0.4). A service
contract lasts a year or two, and most are renewed. Each one draws from its own random stream, in the order of signing,
so that a later `through` adds contracts and changes none.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from headway.simulate import tables
from headway.simulate.hubs.world import Community, World

GRANTS, DEVELOPMENT, SERVICE = "grants", "development contracts", "cloud service contracts"
SERVICE_KINDS = ("education", "research", "event", "special")
#: New service contracts by quarter, 2021 to 2023, and what all service contracts of these years were worth together.
SIGNED = (1, 2, 2, 2, 3, 7, 9, 4, 7, 8, 5, 1)
SERVICE_TOTAL = 600_000
PUBLISHED_UNTIL = date(2024, 1, 1)
#: How many are signed in each quarter of a later year, on average.
LATER = (5, 5, 6, 4)
#: How many of the contracts that end are renewed.
RENEWED = 0.86
#: Grants and development contracts of these years: day signed, months, USD.
EARLY = (
    (GRANTS, date(2020, 10, 1), 36, 900_000),
    (GRANTS, date(2021, 3, 1), 24, 350_000),
    (GRANTS, date(2021, 10, 4), 36, 650_000),
    (GRANTS, date(2022, 4, 1), 30, 1_200_000),
    (GRANTS, date(2022, 11, 14), 24, 300_000),
    (GRANTS, date(2023, 5, 2), 36, 1_200_000),
    (DEVELOPMENT, date(2021, 9, 6), 8, 60_000),
    (DEVELOPMENT, date(2022, 3, 14), 10, 90_000),
    (DEVELOPMENT, date(2022, 10, 3), 10, 110_000),
    (DEVELOPMENT, date(2023, 5, 15), 12, 140_000),
)


@dataclass(frozen=True, slots=True)
class Contract:
    """A signed contract; `ends` is the last day of service.

    `number` identifies a service contract (0 for others), `renews` is that of the contract it goes on from, and
    `renewed` says whether another one follows it.
    """

    community: str
    category: str
    service: str | None
    signed: date
    starts: date
    ends: date
    usd: float
    number: int = 0
    renews: int | None = None
    renewed: bool = False


def contracts(world: World, seed: int, through: int) -> list[Contract]:
    """All contracts that are signed by the end of the year `through`, by the day they are signed."""
    found = [*_funding(world, seed, through), *_services(world, seed, through)]
    return sorted(found, key=lambda contract: (contract.signed, contract.category, contract.number))


def _funding(world: World, seed: int, through: int) -> list[Contract]:
    """Grants and development contracts."""
    first = world.communities[0].slug
    found = [Contract(first, category, None, day, *_term(day, months), usd) for category, day, months, usd in EARLY]
    for year in range(2024, through + 1):
        rng = np.random.default_rng([seed, 6, year])
        for month, months, usd in ((3, 30, 1_150_000), (9, 24, 520_000)):
            signed = date(year, month, int(rng.integers(2, 28)))
            worth = round(usd * float(rng.uniform(0.85, 1.15)), -4)
            found.append(Contract(first, GRANTS, None, signed, *_term(signed, months), worth))
        signed = date(year, 5, int(rng.integers(2, 28)))
        worth = round(120_000 * float(rng.uniform(0.7, 1.4)), -3)
        found.append(Contract(first, DEVELOPMENT, None, signed, *_term(signed, 10), worth))
    return found


def _term(signed: date, months: int) -> tuple[date, date]:
    """Service from the first of the next month, for so many months."""
    first = signed.year * 12 + signed.month
    return _month(first), _month(first + months) - timedelta(days=1)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _services(world: World, seed: int, through: int) -> list[Contract]:
    """New service contracts and their renewals, in the order of signing."""
    there = {community.slug: community for community in world.communities}
    waiting: list[tuple[date, int, int]] = []  # day of signing, a number against ties, and the contract it renews
    for year in range(2021, through + 1):
        rng = np.random.default_rng([seed, 21, year])
        counts = SIGNED[4 * (year - 2021) :][:4] if year < 2024 else rng.poisson(LATER)
        for quarter, count in enumerate(counts):
            first = date(year, quarter * 3 + 1, 1)
            waiting += [(first + timedelta(days=int(day)), 0, 0) for day in rng.integers(0, 88, int(count))]
    heapq.heapify(waiting)
    found: list[Contract] = []
    while waiting:
        signed, _, renews = heapq.heappop(waiting)
        number = len(found) + 1
        rng = np.random.default_rng([seed, 22, number])
        if renews:
            made = _renewal(rng, found[renews - 1], signed, number)
        else:
            made = _first(rng, _candidates(there.values(), found, signed), signed, number)
        left = there[made.community].left
        stays = made.service != "event" and (left is None or left > made.ends) and rng.random() < RENEWED
        found.append(replace(made, renewed=stays))
        again = made.ends - timedelta(days=int(rng.integers(5, 50)))
        if stays and again.year <= through:
            heapq.heappush(waiting, (again, number, number))
    return _priced(found)


def _candidates(there: Iterable[Community], found: list[Contract], signed: date) -> list[Community]:
    """Communities that could sign now: they are there, and have no contract that still runs."""
    taken = {contract.community for contract in found if contract.ends > signed}
    here = [c for c in there if c.joined <= signed and (c.left is None or c.left > signed)]
    return [c for c in here if c.slug not in taken] or here


def _first(rng: np.random.Generator, candidates: list[Community], signed: date, number: int) -> Contract:
    kind = SERVICE_KINDS[int(rng.choice(4, p=(0.46, 0.38, 0.09, 0.07)))]
    months = 2 if kind == "event" else int(rng.choice((12, 12, 12, 24)))
    usd = float(rng.lognormal(9.1 if signed < PUBLISHED_UNTIL else 9.6, 0.45)) * max(0.35, months / 12)
    community = candidates[int(rng.integers(len(candidates)))]
    return Contract(community.slug, SERVICE, kind, signed, *_term(signed, months), usd, number)


def _renewal(rng: np.random.Generator, before: Contract, signed: date, number: int) -> Contract:
    """A further year: for most at a somewhat higher price."""
    months = (before.ends.year - before.starts.year) * 12 + before.ends.month - before.starts.month + 1
    starts = before.ends + timedelta(days=1)
    ends = _month(starts.year * 12 + starts.month - 1 + 12) - timedelta(days=1)
    usd = before.usd / months * 12 * float(rng.lognormal(0.07, 0.14))
    return Contract(before.community, SERVICE, before.service, signed, starts, ends, usd, number, before.number)


def _priced(found: list[Contract]) -> list[Contract]:
    """Whole hundreds. Those of the published years, and what renews them, are scaled to what was published."""
    early = [c for c in found if c.signed < PUBLISHED_UNTIL]
    scale = SERVICE_TOTAL / sum(c.usd for c in early)
    old: set[int] = set()
    priced: list[Contract] = []
    for contract in found:
        if contract.signed < PUBLISHED_UNTIL or contract.renews in old:
            old.add(contract.number)
        priced.append(replace(contract, usd=round(contract.usd * (scale if contract.number in old else 1), -2)))
    last = len(early) - 1  # takes the rest of the rounding
    rest = SERVICE_TOTAL - sum(c.usd for c in priced[: len(early)])
    priced[last] = replace(priced[last], usd=priced[last].usd + rest)
    return priced


def write(folder: Path, found: list[Contract], today: date) -> None:
    """Contracts, and the same as awards: funding on the day it was granted."""
    signed = [contract for contract in found if contract.signed < today]
    names = {c.number: f"contract-{index + 1}" for index, c in enumerate(signed) if c.number}
    number = np.arange(len(signed)) + 1
    tables.csv(
        folder / "contracts.csv",
        tables.table(
            {
                "contract_id": tables.named("contract", number),
                "community": [c.community for c in signed],
                "category": [c.category for c in signed],
                "service": [c.service for c in signed],
                "renews": [names[c.renews] if c.renews else None for c in signed],
                "signed_on": [c.signed for c in signed],
                "starts_on": [c.starts for c in signed],
                "ends_on": [c.ends for c in signed],
                "total_usd": [round(c.usd) for c in signed],
            }
        ),
    )
    tables.csv(
        folder / "awards.csv",
        tables.table(
            {
                "award_id": tables.named("award", number),
                "awarded_on": [c.signed for c in signed],
                "category": [c.category for c in signed],
                "amount_usd": [round(c.usd) for c in signed],
            }
        ),
    )

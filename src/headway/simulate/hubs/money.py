"""Funding, contracts, books and pipeline of the example organisation.

Published facts come out of the rows: new service contracts by quarter from 2021 Q1 (1, 2, 2, 2, 3, 7, 9, 4, 7, 8, 5,
1) and 5.6 million USD of funding by the end of 2023 (grants 4.6, service contracts 0.6, development 0.4). What comes
later is drawn a year at a time, each year from its own random stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.world import World

Floats = npt.NDArray[np.float64]

GRANTS, DEVELOPMENT, SERVICE = "grants", "development contracts", "cloud service contracts"
SERVICE_KINDS = ("education", "research", "event", "special")
#: New service contracts by quarter, 2021 to 2023, and what they were worth together.
SIGNED = (1, 2, 2, 2, 3, 7, 9, 4, 7, 8, 5, 1)
SERVICE_TOTAL = 600_000
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
#: The sponsor's share of all income.
FEE = 0.15
OPENING_ASSETS = 900_000.0
#: People on the team from these days on: first day, last day, full time.
STAFF = (
    (date(2020, 6, 1), None, True),
    (date(2020, 8, 17), None, True),
    (date(2021, 3, 1), None, True),
    (date(2021, 6, 14), date(2024, 3, 29), True),
    (date(2022, 5, 2), None, True),
    (date(2023, 1, 9), None, True),
    (date(2023, 1, 16), None, True),
    (date(2023, 4, 3), None, False),
    (date(2023, 6, 1), date(2025, 8, 29), True),
    (date(2023, 9, 4), None, True),
    (date(2024, 2, 5), None, False),
    (date(2024, 4, 22), None, True),
    (date(2024, 9, 2), None, True),
    (date(2025, 3, 3), None, False),
    (date(2025, 10, 6), None, True),
    (date(2026, 4, 13), None, True),
)


@dataclass(frozen=True, slots=True)
class Contract:
    """A signed contract; `ends` is the last day of service."""

    community: str
    category: str
    service: str | None
    signed: date
    starts: date
    ends: date
    usd: int


def write(folder: Path, world: World, seed: int, today: date) -> None:
    """All tables about money and the team."""
    contracts = _contracts(world, seed, today.year)
    _write_contracts(folder, contracts, today)
    _write_books(folder, contracts, seed, today)
    _write_pipeline(folder, seed, today)
    _write_leads(folder, seed, today)
    _write_staff(folder, seed, today)
    _write_reductions(folder, world, seed, today)


# -- contracts -----------------------------------------------------------------------------------------------------


def _contracts(world: World, seed: int, through: int) -> list[Contract]:
    found = [
        Contract(world.communities[0].slug, category, None, signed, *_term(signed, months), usd)
        for category, signed, months, usd in EARLY
    ]
    rng = np.random.default_rng([seed, 6, 2023])
    worth = rng.lognormal(9.1, 0.5, sum(SIGNED))
    # Whole hundreds that sum to what was published; the last one takes the rest.
    worth = np.round(worth / worth.sum() * SERVICE_TOTAL / 100) * 100
    worth[-1] += SERVICE_TOTAL - worth.sum()
    days = [day for index, count in enumerate(SIGNED) for day in _quarter_days(rng, 2021 * 4 + index, count)]
    found += [_service(rng, world, day, float(usd)) for day, usd in zip(days, worth, strict=True)]
    for year in range(2024, through + 1):
        rng = np.random.default_rng([seed, 6, year])
        for quarter, count in enumerate(rng.poisson((6, 7, 8, 4))):
            for day in _quarter_days(rng, year * 4 + quarter, int(count)):
                found.append(_service(rng, world, day, float(rng.lognormal(9.65, 0.45))))
        for month, months, usd in ((3, 30, 1_150_000), (9, 24, 520_000)):
            signed = date(year, month, int(rng.integers(2, 28)))
            worth_now = round(usd * float(rng.uniform(0.85, 1.15)), -4)
            found.append(
                Contract(world.communities[0].slug, GRANTS, None, signed, *_term(signed, months), int(worth_now))
            )
        signed = date(year, 5, int(rng.integers(2, 28)))
        worth_now = round(120_000 * float(rng.uniform(0.7, 1.4)), -3)
        found.append(Contract(world.communities[0].slug, DEVELOPMENT, None, signed, *_term(signed, 10), int(worth_now)))
    return sorted(found, key=lambda contract: (contract.signed, contract.category, contract.usd))


def _quarter_days(rng: np.random.Generator, quarter: int, count: int) -> list[date]:
    first = date(quarter // 4, quarter % 4 * 3 + 1, 1)
    return sorted(first + timedelta(days=int(day)) for day in rng.integers(0, 88, count))


def _term(signed: date, months: int) -> tuple[date, date]:
    """Service from the first of the next month, for so many months."""
    first = signed.year * 12 + signed.month
    after = first + months
    return date(first // 12, first % 12 + 1, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1)


def _service(rng: np.random.Generator, world: World, signed: date, usd: float) -> Contract:
    there = [c.slug for c in world.communities if c.joined <= signed and (c.left is None or c.left > signed)]
    kind = SERVICE_KINDS[int(rng.choice(4, p=(0.46, 0.36, 0.1, 0.08)))]
    months = 2 if kind == "event" else int(rng.choice((12, 12, 12, 24)))
    community = there[int(rng.integers(len(there)))]
    return Contract(community, SERVICE, kind, signed, *_term(signed, months), round(usd / 100) * 100)


def _write_contracts(folder: Path, contracts: list[Contract], today: date) -> None:
    signed = [contract for contract in contracts if contract.signed < today]
    number = np.arange(len(signed)) + 1
    tables.csv(
        folder / "contracts.csv",
        tables.table(
            {
                "contract_id": tables.named("contract", number),
                "community": [c.community for c in signed],
                "category": [c.category for c in signed],
                "service": [c.service for c in signed],
                "signed_on": [c.signed for c in signed],
                "starts_on": [c.starts for c in signed],
                "ends_on": [c.ends for c in signed],
                "total_usd": [c.usd for c in signed],
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
                "amount_usd": [c.usd for c in signed],
            }
        ),
    )


# -- books ---------------------------------------------------------------------------------------------------------


def _months(today: date) -> list[date]:
    """The first days of all months from 2021 that have begun before `today`."""
    return [
        date(year, month, 1) for year in range(2021, today.year + 1) for month in range(1, 13)
        if date(year, month, 1) < today
    ]  # fmt: skip


def _earned(contracts: list[Contract], category: str, month: date) -> float:
    """A month's equal part of each contract of a category that is in service."""
    return sum(
        c.usd / ((c.ends.year - c.starts.year) * 12 + c.ends.month - c.starts.month + 1)
        for c in contracts
        if c.category == category and c.starts <= month <= c.ends
    )


def _write_books(folder: Path, contracts: list[Contract], seed: int, today: date) -> None:
    """Double-entry postings, income negative as the fiscal sponsor keeps it, and balances at each month's end."""
    postings: list[tuple[str, date, str, float]] = []
    balances: list[tuple[date, str, float]] = []
    assets = OPENING_ASSETS
    for month in _months(today):
        rng = np.random.default_rng([seed, 7, month.year, month.month])
        last = _month_end(month)
        for account, total, parts in _lines(rng, contracts, month):
            for part, share in enumerate(rng.dirichlet(np.full(parts, 6.0))):
                day = month + timedelta(days=int(rng.integers(0, last.day)))
                amount = round(total * float(share), 2)
                name = f"{month:%Y%m}-{account.split(':')[1].replace(' ', '-').lower()}-{part + 1}"
                # What comes in is minus the income, what is spent is plus the expense; the bank takes the other side.
                postings.append((f"{name}-a", day, account, amount))
                postings.append((f"{name}-b", day, "Assets:Bank", -amount))
                if day < today:
                    assets -= amount
        if last < today:
            reserve = 120_000.0
            balances += [(last, "Assets:Reserve", reserve), (last, "Assets:Bank", round(assets - reserve, 2))]
    known = sorted((row for row in postings if row[1] < today), key=lambda row: (row[1], row[0]))
    tables.csv(folder / "postings.csv", _rows(("posting_id", "posted_on", "account", "amount_usd"), known))
    tables.csv(folder / "net_assets.csv", _rows(("as_of", "account", "amount_usd"), balances))


def _lines(rng: np.random.Generator, contracts: list[Contract], month: date) -> list[tuple[str, float, int]]:
    """One month's accounts with their totals, and in how many postings each comes."""
    income = {
        "Grants": _earned(contracts, GRANTS, month),
        "Development contracts": _earned(contracts, DEVELOPMENT, month),
        "Cloud service contracts": _earned(contracts, SERVICE, month),
    }
    team = sum(1.0 if full else 0.5 for first, last, full in STAFF if first <= month and (last is None or last > month))
    dearer = 1.12 ** (month.year - 2021)
    expenses = {
        "Engineering": 8_200 * dearer * team * 0.62,
        "Partnerships and community": 8_200 * dearer * team * 0.26,
        "Executive": 7_500 * dearer * (1.0 if month.year < 2023 else 1.6),
        "Fiscal sponsor fee": FEE * sum(income.values()),
        "Services": 900 + 2_300 * max(0, month.year - 2020),
    }
    found = [(f"Income:{name}", -usd, 3) for name, usd in income.items() if usd > 0]
    for name, usd in expenses.items():
        noise = 1.0 if name == "Fiscal sponsor fee" else float(rng.normal(1, 0.06))
        found.append((f"Expenses:{name}", usd * noise, 1 if name == "Fiscal sponsor fee" else 4))
    return found


def _month_end(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _rows(names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return tables.table({name: list(column) for name, column in zip(names, columns, strict=True)})


# -- selling -------------------------------------------------------------------------------------------------------


def _write_pipeline(folder: Path, seed: int, today: date) -> None:
    """The whole pipeline as it stood at each month's end, one file per year. A deal moves on or is given up."""
    deals: list[tuple[date, date, str, str, int, Floats]] = []
    for year in range(2022, today.year + 1):
        rng = np.random.default_rng([seed, 8, year])
        for number in range(34):
            first = date(year, 1, 1) + timedelta(days=int(rng.integers(0, 365)))
            kind = "renewal" if rng.random() < 0.45 else "new"
            stages = np.clip(np.cumsum(rng.uniform(0.02, 0.25, 8)) + (0.4 if kind == "renewal" else 0), 0.05, 0.95)
            last = first + timedelta(days=int(rng.integers(50, 230)))
            usd = int(round(float(rng.lognormal(9.9, 0.6)), -2))
            deals.append((first, last, f"deal-{year}-{number + 1}", kind, usd, stages))
    for year in range(2022, today.year + 1):
        rows: list[tuple[object, ...]] = []
        for month in _months(today):
            copied = _month_end(month)
            if copied.year != year or copied >= today:
                continue
            for first, last, deal, kind, usd, stages in deals:
                if first <= copied <= last:
                    stage = min(7, (copied - first).days // 30)
                    rows.append((copied, deal, kind, round(float(stages[stage]), 2), usd))
        if rows:
            names = ("copied_on", "deal_id", "deal_kind", "stage_probability", "total_usd")
            tables.csv(folder / "pipeline" / f"{year}.csv", _rows(names, rows))


def _write_leads(folder: Path, seed: int, today: date) -> None:
    rows: list[tuple[object, ...]] = []
    for year in range(2022, today.year + 1):
        rng = np.random.default_rng([seed, 9, year])
        days = np.sort(rng.integers(0, 365, 150 + 12 * (year - 2022)))
        for number, day in enumerate(days):
            created = date(year, 1, 1) + timedelta(days=int(day))
            qualified = bool(rng.random() < 0.13 + 0.012 * (year - 2022))
            if created < today:
                rows.append((f"lead-{year}-{number + 1}", created, qualified))
    tables.csv(folder / "leads.csv", _rows(("lead_id", "created_on", "qualified"), rows))


def _write_reductions(folder: Path, world: World, seed: int, today: date) -> None:
    rows: list[tuple[object, ...]] = []
    for year in range(2022, today.year + 1):
        rng = np.random.default_rng([seed, 10, year])
        for number in range(6 + int(rng.integers(0, 5))):
            day = date(year, 1, 1) + timedelta(days=int(rng.integers(0, 365)))
            there = [c.slug for c in world.communities if c.marginalised and c.joined <= day]
            community = there[int(rng.integers(len(there)))]
            usd = round(float(rng.lognormal(8.1, 0.5)), -2)
            if day < today:
                rows.append((f"reduction-{year}-{number + 1}", community, day, usd))
    rows.sort(key=lambda row: str(row[2]))
    tables.csv(folder / "cost_reductions.csv", _rows(("reduction_id", "community", "granted_on", "amount_usd"), rows))


# -- the team ------------------------------------------------------------------------------------------------------


def _write_staff(folder: Path, seed: int, today: date) -> None:
    """Who is on the team and when each took leave: a working day, or half of one."""
    staff = [(number, *who) for number, who in enumerate(STAFF) if who[0] < today]
    tables.csv(
        folder / "staff.csv",
        tables.table(
            {
                "person_id": [f"p{number + 1:02}" for number, *_ in staff],
                "full_time": [full for *_, full in staff],
                "started_on": [first for _, first, _, _ in staff],
                "last_day": pa.array([last if last and last < today else None for _, _, last, _ in staff], pa.date32()),
            }
        ),
    )
    rows: list[tuple[object, ...]] = []
    for number, first, last, _ in staff:
        for year in range(2022, today.year + 1):
            rng = np.random.default_rng([seed, 11, year, number])
            days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
            busy = np.is_busday(days)
            # Summers and the last two weeks of the year are when most people are away.
            month = (days.astype("datetime64[M]").astype(int)) % 12
            chance = np.select([month == 11, (month == 6) | (month == 7)], [0.34, 0.27], 0.115) * busy
            draw, half = rng.random(len(days)), rng.random(len(days)) < 0.15
            for index in np.flatnonzero(draw < chance):
                day = date(year, 1, 1) + timedelta(days=int(index))
                if max(first, date(2022, 1, 1)) <= day < min(last or today, today):
                    rows.append((f"p{number + 1:02}", day, 0.5 if half[index] else 1.0))
    rows.sort(key=lambda row: (str(row[1]), str(row[0])))
    tables.csv(folder / "leave.csv", _rows(("person_id", "day", "share_of_day"), rows))

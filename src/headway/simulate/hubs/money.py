"""The books of the example organisation, as its fiscal sponsor keeps them, and costs that communities were spared."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from headway.simulate import tables
from headway.simulate.hubs.contracts import DEVELOPMENT, GRANTS, SERVICE, Contract
from headway.simulate.hubs.sales import month_end, months, rows_of
from headway.simulate.hubs.team import STAFF
from headway.simulate.hubs.world import World

#: The sponsor's share of all income: at first, and from 2022 on.
FEES = (0.12, 0.15)
OPENING_ASSETS = 500_000.0


def write(folder: Path, world: World, found: list[Contract], seed: int, today: date) -> None:
    """Postings, balances and reductions."""
    _write_books(folder, found, seed, today)
    _write_reductions(folder, world, seed, today)


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
    for month in months(today):
        rng = np.random.default_rng([seed, 7, month.year, month.month])
        last = month_end(month)
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
    tables.csv(folder / "postings.csv", rows_of(("posting_id", "posted_on", "account", "amount_usd"), known))
    tables.csv(folder / "net_assets.csv", rows_of(("as_of", "account", "amount_usd"), balances))


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
        "Fiscal sponsor fee": FEES[month.year >= 2022] * sum(income.values()),
        "Services": 900 + 2_300 * max(0, month.year - 2020),
    }
    found = [(f"Income:{name}", -usd, 3) for name, usd in income.items() if usd > 0]
    for name, usd in expenses.items():
        noise = 1.0 if name == "Fiscal sponsor fee" else float(rng.normal(1, 0.06))
        found.append((f"Expenses:{name}", usd * noise, 1 if name == "Fiscal sponsor fee" else 4))
    return found


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
    tables.csv(folder / "cost_reductions.csv", rows_of(("reduction_id", "community", "granted_on", "amount_usd"), rows))

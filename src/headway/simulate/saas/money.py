"""The company's money: usage charges, invoices, what winning customers costs, the books and the bank.

Books and invoices are kept by different people: they agree within a percent. The bank's balance moves by what the books
say, and investors come when little more than a year is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from headway.simulate import tables
from headway.simulate.saas.accounts import KINDS, Book
from headway.simulate.saas.clock import BEGINNING, Month

METERS = ("AI tokens", "API calls")
#: What winning a customer costs, by segment, and how it spreads over channels.
WINNING = {"smb": 172.0, "mid-market": 760.0, "enterprise": 2750.0}
CHANNELS = ("advertising", "content and events", "sales team", "lead generation", "tools")
CHANNEL_SHARES = {
    "smb": (0.46, 0.2, 0.06, 0.2, 0.08),
    "mid-market": (0.24, 0.18, 0.34, 0.16, 0.08),
    "enterprise": (0.08, 0.2, 0.54, 0.12, 0.06),
}
#: Net burn a month that the plan allows, at the beginning and after three years.
BURN = (104_000.0, 84_000.0)
OPENING_CASH, RESERVE = 5_050_000.0, 600_000.0
#: When cash lasts fewer months than this, a round is closed.
LOW, ROUND = 13, 2_400_000.0


@dataclass
class Ledger:
    """Rows of all tables about money, as they come about."""

    charges: list[tuple[str, int, str, date, float]] = field(default_factory=list)
    invoices: list[tuple[str, int, date, float]] = field(default_factory=list)
    spend: list[tuple[str, date, str, str, float]] = field(default_factory=list)
    postings: list[tuple[str, date, str, float]] = field(default_factory=list)
    cash: list[tuple[date, str, float]] = field(default_factory=list)
    adjustments: list[tuple[date, int, str, float]] = field(default_factory=list)


def write(folder: Path, billing: tables.Database, book: Book, months: list[Month], seed: int, today: date) -> None:
    """All tables about money but the lines of subscriptions."""
    kept = Ledger()
    cash = OPENING_CASH
    late: dict[str, int] = {}
    for month in months:
        rng = np.random.default_rng([seed, 41, month.code])
        used: dict[int, float] = {}
        for account, meter, day, usd in _usage(rng, book, month):
            charge = f"u-{month.code}-{account}-{METERS.index(meter) + 1}"
            kept.charges.append((charge, account, meter, day, usd))
            late[charge] = int(rng.integers(0, 3))
            used[account] = used.get(account, 0.0) + usd
        kept.invoices.extend(_invoices(book, month, kept.charges))
        kept.spend.extend(_spend(rng, book, month))
        kept.adjustments.extend(_adjustments(book, month))
        postings = list(_postings(rng, kept, month))
        kept.postings.extend(postings)
        burned = -sum(usd if account == "revenue" else -usd for _, _, account, usd in postings)
        cash -= burned
        if cash < LOW * max(burned, BURN[1]):
            cash += ROUND
        reserve = min(RESERVE, cash)
        kept.cash.append((month.last, "operating", round(cash - reserve, 2)))
        kept.cash.append((month.last, "reserve", round(reserve, 2)))
    _write(folder, billing, kept, late, today)


def _usage(rng: np.random.Generator, book: Book, month: Month) -> Iterator[tuple[int, str, date, float]]:
    """What customers pay for AI tokens and calls of the API: little in quiet months."""
    quiet = float(month.busy.mean()) / 0.75
    for account, spell in book.present(month):
        day = month.first + timedelta(days=account.number * 7 % 27)
        luck = np.exp(rng.normal(0, 0.22, 2))
        paid = account.paying(day)
        if spell.began <= day and paid:
            for meter, share, factor in zip(METERS, account.meters, luck, strict=True):
                if share:
                    yield account.number, meter, day, round(paid * share * quiet * float(factor), 2)


def _invoices(
    book: Book, month: Month, charges: list[tuple[str, int, str, date, float]]
) -> Iterator[tuple[str, int, date, float]]:
    """One invoice a month for the lines of a customer, and on the second day one for last month's usage."""
    for account, _ in book.present(month):
        day = min(month.first + timedelta(days=account.number * 11 % 31), month.last)
        usd = round(account.paying(day), 2)
        if usd:
            yield f"inv-{month.code}-{account.number}", account.number, day, usd
    used: dict[int, float] = {}
    for _, number, _, day, usd in charges:
        if month.first - timedelta(days=31) <= day < month.first and day.month != month.first.month:
            used[number] = used.get(number, 0.0) + usd
    for number, usd in used.items():
        yield f"inv-{month.code}-{number}-u", number, month.first + timedelta(days=1), round(usd, 2)


def _spend(rng: np.random.Generator, book: Book, month: Month) -> Iterator[tuple[str, date, str, str, float]]:
    """Spend follows the customers that are won, and goes on a little when none are."""
    came = [a.segment for a, spell in book.present(month) if spell is a.spells[0] and spell.began >= month.first]
    for segment, cost in WINNING.items():
        expected = KINDS[segment].joins * max(len(came), 6)
        if month.first == BEGINNING:
            expected, won = expected * 0.2, 0.0  # the beta's customers were won before
        else:
            won = float(came.count(segment))
        usd = cost * (0.7 * won + 0.3 * expected) * float(np.exp(rng.normal(0, 0.05)))
        for channel, share in zip(CHANNELS, CHANNEL_SHARES[segment], strict=True):
            for part, of in enumerate(rng.dirichlet(np.full(3, 5.0))):
                day = month.first + timedelta(days=int(rng.integers(0, len(month.days))))
                name = f"s-{month.code}-{segment[:3]}-{CHANNELS.index(channel) + 1}-{part + 1}"
                yield name, day, segment, channel, round(usd * share * float(of), 2)


def _adjustments(book: Book, month: Month) -> Iterator[tuple[date, int, str, float]]:
    """What annual recurring revenue is corrected by: the discount of multi-year contracts, late recognition."""
    for account, _ in book.present(month):
        for term, share in (("annual", -0.004), ("multi-year", -0.025)):
            monthly = sum(
                line.monthly
                for line in account.lines
                if line.term == term and line.component != "add-on" and line.pays(month.last)
            )
            if monthly and (term == "multi-year" or account.number % 9 == 0):
                yield month.last, account.number, term, round(12 * monthly * share, 2)


def _postings(rng: np.random.Generator, kept: Ledger, month: Month) -> Iterator[tuple[str, date, str, float]]:
    """The books: revenue and its costs week by week as invoiced, salaries twice a month, the rest at its end."""
    invoiced = [(day, usd) for _, _, day, usd in kept.invoices if month.first <= day <= month.last]
    spent = [(day, usd) for _, day, _, _, usd in kept.spend if month.first <= day <= month.last]
    age = (month.first.year - 2024) * 12 + month.first.month - 1
    goods = 0.245 - 0.0006 * age + float(rng.normal(0, 0.004))
    name = f"{month.code}-{{}}-{{}}"
    first = month.first
    for week in range(1, 6):
        last = min(month.first + timedelta(days=7 * week - 1), month.last)
        if first > last:
            break
        revenue = sum(usd for day, usd in invoiced if first <= day <= last) * float(rng.uniform(0.993, 1.007))
        won = sum(usd for day, usd in spent if first <= day <= last)
        yield name.format("rev", week), last, "revenue", round(revenue, 2)
        yield name.format("cogs", week), last, "cost of goods sold", round(revenue * goods, 2)
        yield name.format("sm", week), last, "sales and marketing", round(won, 2)
        first = last + timedelta(days=1)
    # The plan fixes what may be burned: the team grows with the revenue.
    burn = BURN[0] + (BURN[1] - BURN[0]) * min(age / 36, 1.0)
    total = sum(usd for _, usd in invoiced)
    staff = total * (1 - goods) - sum(usd for _, usd in spent) + burn
    staff *= float(np.exp(rng.normal(0, 0.012)))
    half = round(staff * 0.37, 2)
    yield name.format("rd", 1), month.first + timedelta(days=14), "research and development", half
    yield name.format("rd", 2), month.last, "research and development", half
    yield name.format("gen", 1), month.last, "general", round(staff - 2 * half, 2)


def _write(folder: Path, billing: tables.Database, kept: Ledger, late: dict[str, int], today: date) -> None:
    # Meters report up to two days late.
    come = sorted(
        (row for row in kept.charges if row[3] + timedelta(days=late[row[0]]) < today), key=lambda row: (row[3], row[0])
    )
    billing.insert(
        "usage_charges",
        {
            "charge_id": [row[0] for row in come],
            "account_id": [f"a-{row[1]}" for row in come],
            "meter": [row[2] for row in come],
            "charged_on": [row[3] for row in come],
            "amount_usd": [row[4] for row in come],
        },
    )
    sent = sorted((row for row in kept.invoices if row[2] < today), key=lambda row: (row[2], row[1]))
    billing.insert(
        "invoices",
        {
            "invoice_id": [row[0] for row in sent],
            "account_id": [f"a-{row[1]}" for row in sent],
            "invoiced_on": [row[2] for row in sent],
            "amount_usd": [row[3] for row in sent],
        },
    )
    spend = sorted((row for row in kept.spend if row[1] < today), key=lambda row: (row[1], row[0]))
    names = ("spend_id", "spent_on", "segment", "channel", "amount_usd")
    tables.csv(folder / "spend.csv", _columns(names, spend))
    postings = sorted((row for row in kept.postings if row[1] < today), key=lambda row: (row[1], row[0]))
    tables.csv(folder / "postings.csv", _columns(("posting_id", "posted_on", "account", "amount_usd"), postings))
    tables.csv(
        folder / "cash.csv", _columns(("as_of", "account", "amount_usd"), [row for row in kept.cash if row[0] < today])
    )
    adjusted = [(day, f"a-{number}", term, usd) for day, number, term, usd in kept.adjustments if day < today]
    tables.csv(folder / "annual_adjustments.csv", _columns(("as_of", "account_id", "term", "amount_usd"), adjusted))


def _columns(names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> object:
    return tables.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

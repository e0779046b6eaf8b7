"""The customers: who signed when, what they pay by which line, and who left, month after month.

Every month draws from its own random stream and from what the months before left behind, so that a later `today` adds
months and never changes earlier ones. A new price is a new line: the old one ends on the day the new one starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from headway.simulate import tables
from headway.simulate.saas.clock import BEGINNING, Month, midnight

SEGMENTS = ("smb", "mid-market", "enterprise")
REGIONS = ("North America", "Europe", "Asia Pacific")
REGION_SHARES = (0.56, 0.29, 0.15)
#: The month in which a campaign and a few big contracts came together.
CAMPAIGN = 202506
#: Every May many annual budgets end, and the customers with them.
LEAVING_MONTH = 5

_WORDS_TEXT = (
    "Alder Amber Arbor Atlas Beacon Birch Bluff Bright Cedar Clear Copper Crest Delta Ember Field Forge Garnet Granite "
    "Harbor Hazel Iron Juniper Lake Lantern Linden Maple Meadow Mesa North Oak Orchard Pine Prairie Quarry Ridge River "
    "Sable Silver Slate Spruce Stone Summit Tall Tide Timber Vale Willow Wren"
)
_TRADES_TEXT = (
    "Logistics Foods Health Insurance Energy Textiles Travel Furniture Robotics Printing Dental Learning Media Tools "
    "Paper Farms Marine Optics Steel Events"
)
_WORDS, _TRADES = _WORDS_TEXT.split(), _TRADES_TEXT.split()


@dataclass(frozen=True, slots=True)
class Segment:
    """What customers of one size are like; shares and rates are by month."""

    joins: float  # share of the new customers
    began: int  # how many came in the first month
    monthly_usd: float
    seats: float  # people at scale 1
    leaves: float
    expands: float
    contracts: float
    terms: tuple[float, float, float]  # monthly, annual, multi-year
    self_service: float
    plans: tuple[tuple[str, float], ...]


KINDS = {
    "smb": Segment(
        0.8, 108, 128.0, 1.4, 0.021, 0.038, 0.008, (0.6, 0.2, 0.2), 0.68,
        (("starter", 0.45), ("professional", 0.55)),
    ),
    "mid-market": Segment(
        0.13, 24, 420.0, 4.2, 0.0135, 0.044, 0.008, (0.2, 0.44, 0.36), 0.15,
        (("professional", 0.4), ("business", 0.6)),
    ),
    "enterprise": Segment(
        0.07, 18, 2350.0, 10.6, 0.0068, 0.046, 0.006, (0.0, 0.42, 0.58), 0.0,
        (("business", 0.1), ("enterprise", 0.9)),
    ),
}  # fmt: skip
#: Days from signing to each milestone, as median and spread of a log-normal; and the share that never gets there.
#: Enterprise, other customers with help, and those that help themselves.
MILESTONES = {
    "onboarding": ((9.0, 0.5, 0.02), (5.0, 0.6, 0.03), (0.5, 0.8, 0.05)),
    "training": ((14.0, 0.5, 0.06), (9.0, 0.6, 0.12), (3.0, 0.9, 0.45)),
    "integration": ((17.0, 0.6, 0.08), (12.0, 0.7, 0.2), (5.0, 1.0, 0.4)),
    "first value": ((19.0, 0.5, 0.04), (18.0, 0.7, 0.06), (2.2, 0.8, 0.09)),
    "power user": ((24.0, 0.45, 0.12), (22.0, 0.6, 0.25), (19.0, 0.8, 0.5)),
}


@dataclass(slots=True)
class Line:
    """One line of a subscription, in force from `started` until the day before `ended`."""

    number: int
    account: int
    component: str
    term: str
    price: float
    billing_months: int
    term_months: int
    started: date
    ended: date | None = None
    reason: str | None = None

    @property
    def monthly(self) -> float:
        """What it costs a month."""
        return self.price / self.billing_months

    def pays(self, day: date) -> bool:
        """True if it is in force on a day."""
        return self.started <= day and (self.ended is None or day < self.ended)


@dataclass(slots=True)
class Spell:
    """From the day a customer signs, or signs again, until the day it leaves."""

    began: date
    left: date | None = None

    def touches(self, month: Month) -> bool:
        """True if it holds a day of a month."""
        return self.began <= month.last and (self.left is None or self.left > month.first)


@dataclass(slots=True)
class Account:
    """A customer."""

    number: int
    segment: str
    region: int
    plan: str
    self_service: bool
    created: datetime
    size: float
    milestones: dict[str, datetime]
    meters: tuple[float, float] = (0.0, 0.0)
    lines: list[Line] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)

    @property
    def left(self) -> date | None:
        """The day on which its last line ended, None while it pays."""
        return self.spells[-1].left

    def paying(self, day: date) -> float:
        """What its lines cost a month on a day."""
        return sum(line.monthly for line in self.lines if line.pays(day))


class Book:
    """All accounts and their lines, grown month by month with `advance`."""

    def __init__(self, seed: int) -> None:
        self.accounts: list[Account] = []
        self.lines: list[Line] = []
        self._seed = seed

    def advance(self, month: Month) -> None:
        """Let a month happen."""
        rng = np.random.default_rng([self._seed, 31, month.code])
        for account in self.accounts:
            if account.left is None:
                self._live(rng, account, month)
            elif _may_return(account, month) and rng.random() < 0.02:
                self._return(rng, account, _day(rng, month))
        for segment, count in self._joining(rng, month):
            for _ in range(count):
                self._sign(rng, segment, month)

    def present(self, month: Month) -> list[tuple[Account, Spell]]:
        """Accounts that paid at some time of a month, each with the last spell that holds a day of it."""
        found = ((a, [spell for spell in a.spells if spell.touches(month)]) for a in self.accounts)
        return [(account, spells[-1]) for account, spells in found if spells]

    def _joining(self, rng: np.random.Generator, month: Month) -> Iterator[tuple[str, int]]:
        for name, kind in KINDS.items():
            if month.first == BEGINNING:
                yield name, kind.began
                continue
            # Word of mouth: the more customers, the more come. A young product grows faster.
            age = _months(BEGINNING, month.first)
            expected = kind.joins * len([a for a in self.accounts if a.left is None]) * (0.056 - 0.00014 * age)
            if month.code == CAMPAIGN:
                expected = expected * 1.9 + (3 if name == "enterprise" else 0)
            yield name, int(np.floor(expected + rng.random()))

    def _sign(self, rng: np.random.Generator, segment: str, month: Month) -> None:
        kind = KINDS[segment]
        # The beta's customers all came over in the first three weeks.
        day = month.first + timedelta(days=int(rng.integers(1, 21))) if month.first == BEGINNING else _day(rng, month)
        plans, shares = zip(*kind.plans, strict=True)
        plan = str(rng.choice(plans, p=shares))
        if month.first == BEGINNING and segment == "smb" and len(self.accounts) < 12:
            plan = "legacy"  # the beta's plan, which nobody else can buy
        region = int(rng.choice(len(REGIONS), p=REGION_SHARES))
        self_service = bool(rng.random() < kind.self_service)
        created = midnight(day) + timedelta(seconds=int(rng.integers(8 * 3600, 19 * 3600)))
        spread = float(np.exp(rng.normal(0, 0.45)))
        reached = dict(_milestones(rng, segment, self_service, created))
        account = Account(
            len(self.accounts) + 1, segment, region, plan, self_service, created, kind.seats * spread, reached
        )
        account.spells.append(Spell(day))
        if rng.random() < 0.6:
            share = float(rng.uniform(0.05, 0.18))
            account.meters = (share * 0.65, share * 0.35)
        self.accounts.append(account)
        cheaper = 0.75 if plan in ("starter", "legacy") else 1.12
        start_small = 0.92 if month.first > BEGINNING else 1.0
        self._subscribe(rng, account, kind.monthly_usd * cheaper * spread**0.7 * start_small, day)

    def _subscribe(self, rng: np.random.Generator, account: Account, monthly: float, day: date) -> None:
        term = str(rng.choice(("monthly", "annual", "multi-year"), p=KINDS[account.segment].terms))
        months = {"monthly": 1, "annual": 12, "multi-year": int(rng.choice((24, 36), p=(0.62, 0.38)))}[term]
        billing = months if term != "multi-year" or rng.random() < 0.3 else 12
        component = "enterprise contract" if account.segment == "enterprise" else "base"
        self._line(account, component, term, monthly, billing, months, day)

    def _line(
        self, account: Account, component: str, term: str, monthly: float, billing: int, months: int, day: date
    ) -> None:
        # Customers see whole dollars.
        price = float(max(1, round(monthly * billing)))
        line = Line(len(self.lines) + 1, account.number, component, term, price, billing, months, day)
        account.lines.append(line)
        self.lines.append(line)

    def _reprice(self, line: Line, factor: float, day: date) -> None:
        line.ended = day
        account = self.accounts[line.account - 1]
        monthly = line.monthly * factor
        self._line(account, line.component, line.term, monthly, line.billing_months, line.term_months, day)

    def _live(self, rng: np.random.Generator, account: Account, month: Month) -> None:
        """What happens to a customer in a month: nothing, mostly."""
        kind = KINDS[account.segment]
        luck, day, size = rng.random(4), _day(rng, month), float(rng.uniform(0.1, 0.35))
        first = next(line for line in reversed(account.lines) if line.component != "add-on")
        if day <= max(line.started for line in account.lines):
            return
        leaves = kind.leaves * (2.0 if month.first.month == LEAVING_MONTH else 1.0)
        # Who has just come stays a while.
        if luck[0] < leaves and _months(account.spells[-1].began, month.first) >= 2:
            # A card that no longer works ends a small contract, never a large one.
            involuntary = account.segment != "enterprise" and luck[1] < 0.28
            for line in account.lines:
                if line.ended is None:
                    line.ended, line.reason = day, "involuntary" if involuntary else "voluntary"
            account.spells[-1].left = day
        elif luck[1] < kind.expands:
            self._reprice(first, 1 + size, day)
        elif luck[1] < kind.expands + kind.contracts:
            self._reprice(first, 1 - size / 2, day)
        elif luck[2] < 0.011:
            monthly = first.monthly * size * 0.7
            self._line(account, "add-on", first.term, monthly, first.billing_months, first.term_months, day)
        elif luck[2] < 0.015:
            for line in account.lines:
                if line.component == "add-on" and line.ended is None:
                    line.ended = day
        elif first.term != "monthly" and _months(first.started, month.first) == first.term_months:
            self._reprice(first, 1.04, day)

    def _return(self, rng: np.random.Generator, account: Account, day: date) -> None:
        last = next(line for line in reversed(account.lines) if line.component != "add-on")
        account.spells.append(Spell(day))
        self._subscribe(rng, account, last.monthly * float(rng.uniform(0.7, 1.0)), day)


def _months(since: date, until: date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month


def _may_return(account: Account, month: Month) -> bool:
    """Smaller customers sometimes miss the platform, for most of a year."""
    return account.segment != "enterprise" and account.left is not None and 1 < _months(account.left, month.first) < 10


def _day(rng: np.random.Generator, month: Month) -> date:
    return month.first + timedelta(days=int(month.random_days(rng, 1)[0]))


def _milestones(
    rng: np.random.Generator, segment: str, self_service: bool, created: datetime
) -> Iterator[tuple[str, datetime]]:
    kind = 0 if segment == "enterprise" else 2 if self_service else 1
    for name, kinds in MILESTONES.items():
        median, spread, never = kinds[kind]
        days, luck = float(median * np.exp(spread * rng.normal())), rng.random()
        if luck >= never:
            yield name, created + timedelta(seconds=int(days * 86_400))


# -- as the application and the billing system export them -----------------------------------------------------------


def write_accounts(database: tables.Database, book: Book, today: date) -> None:
    """The application's tables of accounts and their milestones."""
    end = midnight(today)
    known = [account for account in book.accounts if account.created < end]
    database.insert(
        "accounts",
        {
            "account_id": [f"a-{a.number}" for a in known],
            "name": [_name(a.number) for a in known],
            "segment": [a.segment for a in known],
            "region": [REGIONS[a.region] for a in known],
            "plan": [a.plan for a in known],
            "onboarding": ["self-service" if a.self_service else "assisted" for a in known],
            "created_at": [a.created for a in known],
        },
    )
    reached = sorted(
        (moment, a.number, name)
        for a in known
        for name, moment in a.milestones.items()
        if moment < end and moment.date() < (a.spells[0].left or date.max)
    )
    database.insert(
        "milestones",
        {
            "milestone_id": [f"m-{account}-{name.replace(' ', '-')}" for _, account, name in reached],
            "account_id": [f"a-{account}" for _, account, _ in reached],
            "milestone": [name for _, _, name in reached],
            "reached_at": [moment for moment, _, _ in reached],
        },
    )


def write_lines(database: tables.Database, lines: Sequence[Line], today: date) -> None:
    """The billing system's lines; what ends later than `today` is still open."""
    known = [line for line in lines if line.started < today]
    ended = [line.ended if line.ended is not None and line.ended < today else None for line in known]
    database.insert(
        "subscription_lines",
        {
            "line_id": [f"l-{line.number}" for line in known],
            "account_id": [f"a-{line.account}" for line in known],
            "component": [line.component for line in known],
            "term": [line.term for line in known],
            "price_usd": [line.price for line in known],
            "billing_months": [line.billing_months for line in known],
            "term_months": [line.term_months for line in known],
            "started_on": [line.started for line in known],
            "ended_on": ended,
            "end_reason": [line.reason if day else None for line, day in zip(known, ended, strict=True)],
        },
    )


def _name(number: int) -> str:
    # 48 words and 20 trades: 37 shares no factor with either, so that neighbours in time are not alike.
    word = _WORDS[number * 37 % len(_WORDS)]
    trade = _TRADES[(number * 37 // len(_WORDS) + number * 7) % len(_TRADES)]
    again = number // (len(_WORDS) * len(_TRADES))
    return f"{word} {trade}" + (f" {again + 1}" if again else "")

"""Who asked for a hub, what the sales system knows of each deal, and how the team finds people to hire.

A deal goes through `STAGES` in order until it is won or lost. One export lists each visit of a deal to a stage, another
copies the whole sales system at each month's end, signed contracts included: what was collected of them, and the
mistakes that people make when they type (no dates, collected twice, forgotten at the end).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.contracts import SERVICE, Contract

#: Numbered, so that they sort in the order in which a deal goes through them.
STAGES = ("1 qualified", "2 proposal", "3 negotiation", "4 contract sent")
WON = "won"
#: What the sales system takes as the chance of a new deal in each stage, and of a renewal.
CHANCES = {"new": (0.2, 0.35, 0.6, 0.85), "renewal": (0.6, 0.7, 0.85, 0.95)}
#: Days that a deal stays in each stage: the median.
DAYS = (24, 18, 26, 12)
#: Of the lost deals, in which stage they were lost.
LOST_IN = (0.42, 0.3, 0.2, 0.08)
FIRST_YEAR = 2022


@dataclass(frozen=True, slots=True)
class Deal:
    """What is on sale, from the day it qualified; `visits` are stages with the days of entering and leaving.

    `quirk` is what somebody got wrong: `dates` were never typed, `twice` collected, or `never` to the end.
    """

    name: str
    kind: str
    usd: float
    visits: tuple[tuple[int, date, date], ...]
    starts: date
    ends: date
    quirk: str | None
    won: bool = False

    def stage_on(self, day: date) -> int | None:
        """The position of its stage at the end of a day; None before, and once it is decided."""
        return next((stage for stage, entered, left in self.visits if entered <= day < left), None)


def months(today: date) -> list[date]:
    """The first days of all months from 2021 that have begun before `today`."""
    return [
        date(year, month, 1) for year in range(2021, today.year + 1) for month in range(1, 13)
        if date(year, month, 1) < today
    ]  # fmt: skip


def month_end(month: date) -> date:
    """The last day of a month."""
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def write(folder: Path, found: list[Contract], seed: int, today: date) -> None:
    """Leads, visits to stages, and copies of the sales system."""
    deals = [*_signed(found, seed), *_lost(found, seed, today.year + 1)]
    _write_leads(folder, seed, today)
    _write_visits(folder, deals, today)
    _write_pipeline(folder, deals, today)


def _signed(found: list[Contract], seed: int) -> Iterator[Deal]:
    """The deals that became service contracts."""
    for contract in found:
        if contract.category != SERVICE:
            continue
        rng = np.random.default_rng([seed, 8, contract.number])
        kind = "renewal" if contract.renews else "new"
        first = 1 if kind == "renewal" else 0
        stays = [max(2, round(float(DAYS[stage] * rng.lognormal(0, 0.5)))) for stage in range(first, 4)]
        day, visits = contract.signed - timedelta(days=sum(stays)), []
        for stage, stay in zip(range(first, 4), stays, strict=True):
            visits.append((stage, day, day + timedelta(days=stay)))
            day += timedelta(days=stay)
        quirk = str(rng.choice(["", "dates", "twice", "never", "late"], p=(0.75, 0.02, 0.03, 0.05, 0.15))) or None
        name = f"deal-{contract.number}"
        yield Deal(name, kind, contract.usd, tuple(visits), contract.starts, contract.ends, quirk, won=True)


def _lost(found: list[Contract], seed: int, through: int) -> Iterator[Deal]:
    """Renewals that did not happen, and twice as many new deals as were signed."""
    for contract in found:
        if contract.category == SERVICE and contract.service != "event" and not contract.renewed:
            rng = np.random.default_rng([seed, 23, contract.number])
            asked = contract.ends - timedelta(days=int(rng.integers(40, 90)))
            starts = contract.ends + timedelta(days=1)
            yield _lost_deal(rng, f"renewal-{contract.number}", "renewal", contract.usd, asked, starts, 1)
    for year in range(FIRST_YEAR, through + 1):
        rng = np.random.default_rng([seed, 24, year])
        for number in range(34 + 4 * (year - FIRST_YEAR)):
            day = date(year, 1, 1) + timedelta(days=int(rng.integers(0, 365)))
            starts = (day + timedelta(days=130)).replace(day=1)
            usd = round(float(rng.lognormal(9.5, 0.5)), -2)
            yield _lost_deal(rng, f"deal-{year}-{number + 1}", "new", usd, day, starts, 0)


def _lost_deal(rng: np.random.Generator, name: str, kind: str, usd: float, day: date, starts: date, first: int) -> Deal:
    last = max(first, int(rng.choice(4, p=LOST_IN)))
    visits = []
    for stage in range(first, last + 1):
        stay = max(2, round(float(DAYS[stage] * rng.lognormal(0.2, 0.5))))
        visits.append((stage, day, day + timedelta(days=stay)))
        day += timedelta(days=stay)
    ends = starts.replace(year=starts.year + 1) - timedelta(days=1)
    return Deal(name, kind, usd, tuple(visits), starts, ends, "dates" if rng.random() < 0.05 else None)


def _write_leads(folder: Path, seed: int, today: date) -> None:
    rows: list[tuple[object, ...]] = []
    for year in range(FIRST_YEAR, today.year + 1):
        rng = np.random.default_rng([seed, 9, year])
        days = np.sort(rng.integers(0, 365, 230 + 16 * (year - FIRST_YEAR)))
        for number, day in enumerate(days):
            created = date(year, 1, 1) + timedelta(days=int(day))
            qualified = bool(rng.random() < 0.13 + 0.012 * (year - FIRST_YEAR))
            if created < today:
                rows.append((f"lead-{year}-{number + 1}", created, qualified))
    tables.csv(folder / "leads.csv", rows_of(("lead_id", "created_on", "qualified"), rows))


def _write_visits(folder: Path, deals: Sequence[Deal], today: date) -> None:
    """One row for each stage that a deal was in. While it is still there nobody knows whether it goes on."""
    rows: list[tuple[object, ...]] = []
    for deal in deals:
        for index, (stage, entered, left) in enumerate(deal.visits):
            if entered.year >= FIRST_YEAR and entered < today:
                went_on = deal.won or index + 1 < len(deal.visits)
                gone = left < today
                row = (deal.name, deal.kind, STAGES[stage], entered, left if gone else None, went_on if gone else None)
                rows.append((f"{deal.name}-{stage + 1}", *row))
    rows.sort(key=lambda row: (str(row[4]), str(row[0])))
    names = ("visit_id", "deal_id", "deal_kind", "stage", "entered_on", "left_on", "went_on")
    tables.csv(folder / "stage_visits.csv", rows_of(names, rows))


def _write_pipeline(folder: Path, deals: Sequence[Deal], today: date) -> None:
    """The whole sales system as it stood at each month's end, one file per year."""
    rows: dict[int, list[tuple[object, ...]]] = {}
    for month in months(today):
        copied = month_end(month)
        if copied.year >= FIRST_YEAR and copied < today:
            rows.setdefault(copied.year, []).extend(row for deal in deals if (row := _copy(deal, copied)))
    names = ("copied_on", "deal_id", "deal_kind", "stage", "stage_probability", "total_usd", "collected_usd")
    for year, copies in rows.items():
        tables.csv(folder / "pipeline" / f"{year}.csv", rows_of((*names, "starts_on", "ends_on"), copies))


def _copy(deal: Deal, copied: date) -> tuple[object, ...] | None:
    """A deal as the sales system knew it at the end of a month; None if it was not there, or long done."""
    dates = (None, None) if deal.quirk == "dates" else (deal.starts, deal.ends)
    if (stage := deal.stage_on(copied)) is not None:
        return (copied, deal.name, deal.kind, STAGES[stage], CHANCES[deal.kind][stage], deal.usd, 0.0, *dates)
    signed = deal.visits[-1][2]
    # Somebody mends a mistake at last, some months after the end.
    if not deal.won or not signed <= copied < deal.ends + timedelta(days=120):
        return None
    collected = _collected(deal, copied)
    if collected >= deal.usd and copied > deal.ends and deal.quirk != "twice":
        return None
    return (copied, deal.name, deal.kind, WON, 1.0, deal.usd, collected, *dates)


def _collected(deal: Deal, copied: date) -> float:
    """Invoices go out in four parts over the term; some are paid late, twice, or in part."""
    elapsed = (copied - deal.starts).days / max(1, (deal.ends - deal.starts).days)
    if deal.quirk == "late":
        elapsed -= 0.35
    parts = min(4, max(0, int(elapsed * 4) + 1)) if elapsed >= 0 else 0
    if deal.quirk == "never":
        parts = min(parts, 2)
    if deal.quirk == "twice" and parts == 4:
        parts = 5
    return round(deal.usd * parts / 4, 2)


def rows_of(names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """A table of rows written as tuples."""
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return tables.table({name: list(column) for name, column in zip(names, columns, strict=True)})

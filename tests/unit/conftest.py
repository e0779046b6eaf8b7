"""A project without files for the tests of pages: a catalogue made by hand and a real ledger filled by one run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from headway import targets
from headway.errors import Place
from headway.ledger import Ledger, Run
from headway.model import (
    OBSERVED,
    Aggregate,
    Area,
    Audience,
    Balance,
    Better,
    Catalog,
    Cell,
    Computed,
    Distinct,
    Empty,
    Exclusion,
    Expression,
    FilesReader,
    Formula,
    KeyResult,
    Kpi,
    Load,
    Measure,
    Note,
    Objective,
    Open,
    Rank,
    Reason,
    Share,
    Source,
    Target,
    Unit,
    UnitKind,
    cell_text,
)
from headway.periods import Calendar, Grain, Window

#: The run's moment: 20 November is the last complete day, and November runs.
NOW = datetime(2026, 11, 21, 6, 10, tzinfo=UTC)
CALENDAR = Calendar()

PERCENT = Unit(UnitKind.PERCENT, "percent")
DOLLARS = Unit(UnitKind.CURRENCY, "USD")
PEOPLE = Unit(UnitKind.NOUN, "people")
HUBS = Unit(UnitKind.NOUN, "hubs")
MS = Unit(UnitKind.ELAPSED, "ms")
MONTHS = Unit(UnitKind.COUNTED, "months")
POINTS = Unit(UnitKind.POINTS, "points")
HOURS = Unit(UnitKind.ELAPSED, "hours")


def kpi(name: str, measure: Measure | None, unit: Unit, grain: Grain, **more: Any) -> Kpi:
    """A KPI with the defaults that loading would fill in."""
    title = more.pop("title", name.replace("_", " ").capitalize())
    written = more.pop("written", f"{name}:\n  title: {title}\n  grain: {grain}\n  unit: {unit}\n")
    more.setdefault("audience", Audience.PUBLIC)
    place = Place("kpis/usage.yml", 12, 3, len(name))
    return Kpi(name=name, title=title, measure=measure, unit=unit, grain=grain, place=place, written=written, **more)


def bound(grain: Grain, *, low: float | None = None, high: float | None = None, **more: Any) -> Target:
    """A target of the total."""
    return Target(low, high, grain, **more)


def row(
    day: date,
    grain: Grain,
    value: float | None,
    *,
    cell: Cell = (),
    reason: Reason | None = None,
    now: datetime = NOW,
    so_far: float | None = None,
    before: float | None = None,
    n: float | None = None,
) -> dict[str, Any]:
    """One observation; its period is partial if it is not over at `now`."""
    period = CALENDAR.period(grain, day)
    return {
        "part": "",
        "grain": grain.value,
        "cell": cell_text(cell),
        "period": period.key,
        "value": value,
        "reason": reason.value if reason else (Reason.NO_ROWS.value if value is None else None),
        "n": n,
        "numerator": None,
        "denominator": None,
        "flags": 1 if CALENDAR.is_partial(period, now) else 0,
        "so_far": so_far,
        "so_far_before": before,
    }


def series(
    grain: Grain, count: int, value: Callable[[int], float | None], *, cell: Cell = (), last: date | None = None
) -> list[dict[str, Any]]:
    """Observations of the `count` newest periods up to the one that holds `last`; `value` gets 0 for the oldest."""
    period = CALENDAR.period(grain, last or NOW.date())
    days = []
    for _ in range(count):
        days.append(period.first)
        period = CALENDAR.previous(period)
    return [row(day, grain, value(index), cell=cell) for index, day in enumerate(reversed(days))]


def observed(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as the table in which numbers travel."""
    return pa.Table.from_pylist(list(rows), schema=OBSERVED)


def computed(which: Kpi, rows: Sequence[dict[str, Any]], sql: str = "select 1") -> Computed:
    """A KPI's numbers, judged by its targets."""
    table = observed(rows)
    return Computed(which.name, f"f-{which.name}-0123", sql, table, targets.judge(which, table, CALENDAR, 0.05))


def catalogue(root: Path, kpis: Sequence[Kpi], **more: Any) -> Catalog:
    """The project Northlane with these KPIs."""
    place = Place("sources.yml", 3)
    sources = {
        "sessions": Source(
            "sessions",
            FilesReader(("data/sessions/*.parquet",)),
            place,
            about="One row for each server that a person started.",
            time="started",
            people=("user_id",),
            exclude=(Exclusion(Expression("hub = 'highmem'"), "counted twice", date(2025, 2, 6), date(2025, 4, 2)),),
        ),
        "postings": Source("postings", FilesReader(("data/ledger.csv",)), place, about="The ledger.", time="day"),
    }
    return Catalog(
        root=root,
        name="northlane",
        title="Northlane",
        calendar=CALENDAR,
        sources=sources,
        kpis={k.name: k for k in kpis},
        fingerprint="4f1c9e2aa0",
        areas={
            "impact": Area("impact", "Impact", "product"),
            "money": Area("money", "Sustainability", "finance"),
            "service": Area("service", "Product and services", "product"),
        },
        owners={"product": "Product", "finance": "Finance <finance@northlane.example>"},
        **more,
    )


LOADS = (
    Load("sessions", 14_203_118, {"highmem, 6 Feb to 2 Apr 2025": 5120}, "2024-01-01T00:00:00", "2026-11-20T23:58:12"),
    Load("postings", 8214, {"totals row": 12}, "2024-01-02", "2026-10-31", notes=("1 new column: memo",)),
)


def _mau(index: int) -> float:
    return round(5200 + index * 2.1 + 420 * math.sin(index / 58) + random.Random(index).uniform(-60, 60))


def everything() -> list[tuple[Kpi, list[dict[str, Any]]]]:
    """KPIs of every unit and status, with their numbers."""
    day, month, quarter = Grain.DAY, Grain.MONTH, Grain.QUARTER
    area = {"area": "impact", "owner": "product"}
    money = {"area": "money", "owner": "finance"}
    service = {"area": "service", "owner": "product"}
    found: list[tuple[Kpi, list[dict[str, Any]]]] = []

    mau = kpi(
        "mau", Distinct("sessions", "user_id"), PEOPLE, day, title="Monthly active users", rank=Rank.HEADLINE,
        window=Window.parse("30 days"), by=(("cluster",), ("hub",)), where=Expression("not is_staging"),
        about="people who started a server in the last 30 days, each once",
        why="It shows how many people the hubs reach.", better=Better.HIGHER, empty=Empty.ZERO,
        targets=(
            bound(day, low=6000, first=date(2025, 1, 1), through=date(2025, 12, 31)),
            bound(day, low=7000, first=date(2026, 1, 1), why="grant proposal of 2025"),
        ),
        written=(
            "mau:\n  title: Monthly active users\n  distinct: sessions.user_id\n  window: 30 days\n"
            "  where: not is_staging\n  by: [cluster, hub]\n  unit: people\n  targets:\n"
            "    - {at_least: 6000, from: 2025-01-01}\n    - {at_least: 7000, from: 2026-01-01, why: grant proposal}\n"
        ),
        **area,
    )  # fmt: skip
    clusters = (
        "Campus West",
        "Earthlab",
        "Andes",
        "Ocean",
        "Savanna",
        "Climate",
        "Genomics",
        "Tundra",
        "Reef",
        "(none)",
    )
    rows = series(day, 1050, _mau)
    rows += series(month, 35, lambda i: _mau(1050 - (34 - i) * 30))
    for number, name in enumerate(clusters):
        start = 0 if number != 2 else 60
        rows += series(
            day, 120 - start,
            lambda i, n=number: round(_mau(930 + i) / (n + 3) * (1 + 0.1 * math.sin(i / 9 + n))),
            cell=(("cluster", name),),
        )  # fmt: skip
    found.append((mau, rows))

    def add(which: Kpi, rows: list[dict[str, Any]]) -> None:
        found.append((which, rows))

    add(
        kpi("revenue", Aggregate("sum", "postings", "usd"), DOLLARS, month, title="Revenue", rank=Rank.HEADLINE,
            about="grants, development and cloud services", targets=(bound(month, low=1.2e6),), **money),
        [
            *series(month, 30, lambda i: 900_000 + i * 11_800.5, last=date(2026, 10, 31)),
            row(date(2026, 11, 1), month, 841_233.5, so_far=820_000, before=772_855),
            *series(quarter, 10, lambda i: 2_900_000 + i * 101_000),
        ],
    )  # fmt: skip
    add(
        kpi("retention", Share("sessions", "came_back"), PERCENT, month, title="Retention, month 1", rank=Rank.HEADLINE,
            targets=(bound(month, low=0.85),), **area),
        [*series(month, 18, lambda i: 0.86 - i * 0.0039, last=date(2026, 10, 31)), row(date(2026, 11, 1), month, 0.78)],
    )  # fmt: skip
    add(
        kpi("availability", Share("sessions", "ok"), PERCENT, month, title="Availability", rank=Rank.HEADLINE,
            targets=(bound(month, low=0.999),), **service),
        series(month, 14, lambda i: 0.9993 - (0.0009 if i == 7 else 0) + i * 0.00001, last=date(2026, 10, 31)),
    )  # fmt: skip
    add(
        kpi("acquisition_cost", Aggregate("mean", "postings", "usd"), DOLLARS, month, rank=Rank.HEADLINE,
            targets=(bound(month, high=500),), **money),
        series(month, 14, lambda i: 480 + i * 3.9, last=date(2026, 10, 31)),
    )  # fmt: skip
    add(
        kpi("api_time", Aggregate("mean", "sessions", "ms"), MS, day, title="API response", rank=Rank.HEADLINE,
            targets=(bound(day, high=500),), **service),
        series(day, 200, lambda i: 495 - i * 0.2 + 9 * math.sin(i / 3), last=date(2026, 11, 16)),
    )  # fmt: skip
    add(
        kpi("satisfaction", Share("sessions", "happy"), PERCENT, month, title="Satisfaction after support",
            rank=Rank.HEADLINE, targets=(bound(month, low=0.9),), **service),
        [
            *series(month, 12, lambda i: 0.89 + i * 0.002, last=date(2026, 9, 30)),
            row(date(2026, 10, 1), month, None, reason=Reason.CHECK_FAILED),
        ],
    )  # fmt: skip
    add(
        kpi("peak_users", None, PEOPLE, day, title="Peak concurrent users", rank=Rank.HEADLINE,
            tracked_from=date(2027, 1, 31), targets=(bound(day, low=10_000, first=date(2027, 1, 31)),), **service),
        [],
    )  # fmt: skip
    add(
        kpi("nps", Aggregate("mean", "sessions", "score"), POINTS, quarter, title="Net promoter score",
            targets=(bound(quarter, low=50),), **area),
        series(quarter, 7, lambda i: 44.4 + i * 1.4, last=date(2026, 9, 30)),
    )  # fmt: skip
    add(
        kpi("runway", Balance("postings", "usd"), MONTHS, month, title="Runway",
            better=Better.HIGHER, targets=(bound(month, low=12, high=24),), **money),
        series(month, 14, lambda i: 19.8 + i * 0.48, last=date(2026, 10, 31)),
    )  # fmt: skip
    add(
        kpi("hubs", Open("sessions"), HUBS, day, title="Hubs running", targets=(bound(day, low=145),), **service),
        series(day, 300, lambda i: 120 + i // 14),
    )  # fmt: skip
    add(
        kpi("margin", Formula(Expression("(revenue - secret_cost) / revenue"), ("revenue", "secret_cost")), PERCENT,
            month, title="Gross margin", **money),
        [
            *series(month, 12, lambda i: 0.774, last=date(2026, 9, 30)),
            row(date(2026, 10, 1), month, None, reason=Reason.ZERO_DENOMINATOR),
        ],
    )  # fmt: skip
    add(
        kpi("secret_cost", Aggregate("sum", "postings", "usd"), DOLLARS, month, title="Payroll of the board",
            audience=Audience.INTERNAL, **money),
        series(month, 14, lambda i: 77_123 + i, last=date(2026, 10, 31)),
    )  # fmt: skip
    add(
        kpi("resolution", Aggregate("mean", "sessions", "hours"), HOURS, month, title="Ticket resolution", **service),
        series(month, 14, lambda i: 30.4 - i * 0.3, last=date(2026, 10, 31)),
    )  # fmt: skip
    add(
        kpi("old_logins", Aggregate("count", "sessions"), Unit(UnitKind.NOUN, "logins"), month,
            title="Logins <script>alert(1)</script>", retired_on=date(2026, 6, 30), **area),
        series(month, 14, lambda i: 40_000 + i * 700, last=date(2026, 6, 30)),
    )  # fmt: skip
    return found


def fill(ledger: Ledger, pairs: Sequence[tuple[Kpi, list[dict[str, Any]]]], **more: Any) -> Run:
    """Record one run of these KPIs."""
    made = [
        computed(which, rows, f"with rows as (\n  select *\n  from {which.source}\n)\nselect count(*) from rows")
        for which, rows in pairs
        if rows
    ]
    run = Run(started=NOW, now=NOW, fingerprint="4f1c9e2aa0", catalogue="{}", finished=NOW)
    return ledger.record(replace(run, **more), made, LOADS).run


@pytest.fixture(scope="session")
def northlane() -> SimpleNamespace:
    """The makers of this module, for tests that need numbers of their own."""
    return SimpleNamespace(**globals())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Catalog]]:
    """Northlane after two runs: the second one restates October's acquisition cost. Tests only read it."""
    root = tmp_path_factory.mktemp("northlane")
    with Ledger.open(root / "ledger.db") as ledger:
        yield ledger, publish(ledger, root)


def publish(ledger: Ledger, root: Path) -> Catalog:
    """Record Northlane's two runs."""
    pairs = everything()
    earlier = [
        (k, [dict(r, value=489.0) if k.name == "acquisition_cost" and r is rows[-1] else r for r in rows])
        for k, rows in pairs
    ]
    before = NOW - timedelta(days=9)
    fill(ledger, [pair for pair in earlier if pair[0].name == "acquisition_cost"], now=before, finished=before)
    fill(ledger, pairs)
    return catalogue(root, [k for k, _ in pairs], objectives=aims(), notes=NOTES)


#: What happened on days that charts show, and on one that none does.
NOTES = (
    Note(date(2020, 3, 1), "Long before", Place("notes.yml", 2)),
    Note(date(2025, 2, 6), "The hub <highmem> is left out.", Place("notes.yml", 3), date(2025, 4, 2), ("mau",)),
    Note(date(2026, 9, 1), "The term begins.", Place("notes.yml", 4)),
)


def aim(name: str, expects: Sequence[KeyResult], first: date, due: date, **more: Any) -> Objective:
    """An objective."""
    return Objective(name, more.pop("title", name.capitalize()), first, due, tuple(expects), PLACE, **more)


PLACE = Place("objectives.yml", 4)


def aims() -> dict[str, Objective]:
    """Objectives of every sort: rising and falling, grown, of a cell, not begun, of a KPI not tracked yet."""
    due = date(2026, 12, 31)
    grow = aim(
        "grow", [
            KeyResult("mau", "", due, PLACE, reach=8000.0),
            KeyResult("revenue", "", due, PLACE, grow=0.25),
            KeyResult("mau", "", due, PLACE, (("cluster", "Ocean"),), reach=1500.0),
            KeyResult("peak_users", "", due, PLACE, reach=900.0),
        ],
        date(2026, 1, 1), due, about="More people <who> need it.", owner="product",
    )  # fmt: skip
    serve = aim(
        "serve", [
            KeyResult("api_time", "", due, PLACE, reach=400.0),
            KeyResult("satisfaction", "", due, PLACE, reach=0.95),
            KeyResult("retention", "", date(2026, 6, 30), PLACE, reach=0.9),
        ],
        date(2026, 5, 15), due, owner="finance",
    )  # fmt: skip
    later = aim(
        "later", [KeyResult("nps", "", date(2027, 6, 30), PLACE, reach=60.0)], date(2027, 1, 1), date(2027, 6, 30)
    )
    return {one.name: one for one in (grow, serve, later)}

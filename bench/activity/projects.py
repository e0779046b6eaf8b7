"""The projects that are measured, as YAML. Every one reads `data/*.parquet`."""

from __future__ import annotations

import shutil
from pathlib import Path

#: The morning after the last of 730 days, and the one after that.
NOW, NEXT = "2025-12-31T06:00Z", "2026-01-01T06:00Z"

_SOURCE = """\
project: activity
sources:
  activity:
    read: {{files: data/*.parquet}}
    columns: {{seen_at: timestamp, person: {person}, hub: text, plan: text}}
    time: seen_at
    people: person
kpis:
"""

MAU = ["mau: {distinct: activity.person, window: 30 days, unit: people}"]

#: Every number of active people, and of adjacent periods: `rolling` and `calendar` by name, with their windows.
ROLLING = {"dau": 1, "wau": 7, "active_28": 28, "mau": 30, "active_90": 90}
CALENDAR = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}
PARTS = ("new", "returning", "resurrected", "dormant")
#: The calendar windows whose parts are KPIs, too.
PARTED = ("weekly", "monthly")
AFTER = (1, 7, 30)


def distincts(by: str = "") -> list[str]:
    """The KPIs of every `distinct` and adjacent period, perhaps with a breakdown."""
    cut = f", by: [{by}]" if by else ""
    return [
        *(
            f"{name}: {{distinct: activity.person, window: {days} day{'s' * (days > 1)}, unit: people{cut}}}"
            for name, days in ROLLING.items()
        ),
        *(
            f"{name}: {{distinct: activity.person, window: calendar {window}, unit: people{cut}}}"
            for name, window in CALENDAR.items()
        ),
        f"stickiness: {{formula: dau / mau, unit: percent{cut}}}",
        *(f"{name}_{part}: {{formula: {name}.{part}, unit: people{cut}}}" for name in PARTED for part in PARTS),
        f"kept: {{retention: activity.person, window: calendar month{cut}}}",
    ]


def retentions() -> list[str]:
    """Who came back on day 1, 7 and 30, and cohorts by the month of joining."""
    days = [f"day_{n}: {{retention: activity.person, after: {n} day{'s' * (n > 1)}, grain: day}}" for n in AFTER]
    return [*days, "cohorts: {retention: activity.person, ages: 12 months, grain: month}"]


def write(folder: Path, kpis: list[str], *data: Path, texts: bool = False) -> Path:
    """Write a project that reads these files, in place of what the folder held."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    for path in data:
        (folder / "data" / path.name).symlink_to(path.resolve())
    lines = "".join(f"  {kpi}\n" for kpi in kpis)
    (folder / "headway.yml").write_text(_SOURCE.format(person="text" if texts else "integer") + lines, "utf-8")
    return folder


#: Kinds of row KPIs for a catalogue of many, and what each is broken down by.
_MANY = (
    "count: orders, unit: rows",
    "sum: orders.usd, unit: USD",
    "mean: orders.usd, unit: USD",
    "p95: orders.usd, unit: USD",
    "max: orders.usd, unit: USD",
    "distinct: orders.person, window: 30 days, unit: people",
    "distinct: orders.person, window: calendar month, unit: people",
    "retention: orders.person, window: calendar month",
)
_CUTS = ("hub", "plan", "kind", "place", "device")


def many(folder: Path, kpis: int) -> Path:
    """Write a project of so many KPIs on twenty sources, each with five breakdowns, and a few rows of data."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("data", "kpis", "sources"):
        (folder / name).mkdir(parents=True)
    (folder / "headway.yml").write_text("project: many\n", "utf-8")
    texts = ", ".join(f"{cut}: text" for cut in _CUTS)
    sources = 20
    for number in range(sources):
        name = f"orders_{number}"
        source = f"""\
sources:
  {name}:
    read: {{files: data/{name}.csv}}
    columns: {{day: date, person: integer, usd: number, {texts}}}
    time: day
    people: person
"""
        (folder / "sources" / f"{name}.yml").write_text(source, "utf-8")
        lines = [
            f"  kpi_{one}: {{{_MANY[one // sources % len(_MANY)].replace('orders', name)}, "
            f"where: person > {one % 3}, by: [{', '.join(_CUTS)}]}}\n"
            for one in range(number, kpis, sources)
        ]
        (folder / "kpis" / f"{name}.yml").write_text(f"kpis:\n{''.join(lines)}", "utf-8")
        cells = ",".join(f"{cut} 1" for cut in _CUTS)
        rows = "".join(f"2025-{month:02}-05,{month},{month}.5,{cells}\n" for month in range(1, 13))
        (folder / "data" / f"{name}.csv").write_text(f"day,person,usd,{','.join(_CUTS)}\n{rows}", "utf-8")
    return folder

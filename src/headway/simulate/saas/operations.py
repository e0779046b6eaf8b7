"""How the platform runs: incidents, requests at the gateway, measures of machines, loads of data, probes.

What happens during an outage shows elsewhere: requests fail, and fewer sessions begin. The gateway, the measures and
the probes were set up in October 2025; nothing of before was kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headway.simulate import tables
from headway.simulate.saas.accounts import REGION_SHARES, REGIONS
from headway.simulate.saas.clock import Floats, Ints, Moments, Month, end_of_data, midnight

#: The first day that the gateway, the measures and the probes were kept.
MEASURED_FROM = date(2025, 10, 1)
COMPONENTS = ("api", "web app", "workflow engine", "ai service", "database", "integration hub")
#: Outages of these stop everything that people do.
VITAL = ("api", "web app", "database")
#: In July 2025 and 2026 a certificate ran out: a long outage.
LONG_OUTAGES = (202507, 202607)
#: In this month an index was missing, and the API was slow.
SLOW_MONTH = 202603
#: In this week the collector of a region wrote seconds instead of milliseconds.
BUG_REGION, BUG = "Asia Pacific", (date(2026, 2, 9), date(2026, 2, 15))
#: Endpoints: share of the requests, and how slow they are.
ENDPOINTS = (
    ("/api/v1/workflows", 0.23, 0.85), ("/api/v1/executions", 0.26, 1.0), ("/api/v1/events", 0.17, 0.6),
    ("/api/v1/ai/completions", 0.07, 1.9), ("/api/v1/reports", 0.05, 1.7),
    ("/app", 0.15, 1.1), ("/login", 0.05, 0.8), ("/docs", 0.02, 0.4),
)  # fmt: skip
SLOWNESS = (1.0, 1.05, 1.3)
#: Requests in a month of 30 days at scale 1, in October 2025.
REQUESTS = 13_000
#: Rows that are made at a time.
BATCH = 400_000
#: Probed every hour: integration, vendor, share of hours in which a failure begins.
INTEGRATIONS = (
    ("calendar", "Dayplan", 0.0008), ("chat", "Parley", 0.001), ("crm", "Ledgerline", 0.0012),
    ("file storage", "Stowaway", 0.011), ("mail", "Postmill", 0.0008), ("spreadsheets", "Gridiron", 0.001),
)  # fmt: skip
#: Host, measure, level, how much of it follows the load, noise.
MEASURES = (
    ("app-1", "cpu", 0.6, 0.17, 0.035), ("app-1", "memory", 0.77, 0.05, 0.012), ("app-1", "disk", 0.52, 0.0, 0.004),
    ("app-1", "network_in_mbit", 140, 95, 14), ("app-1", "network_out_mbit", 310, 210, 30),
    ("worker-1", "cpu", 0.66, 0.15, 0.04), ("worker-1", "memory", 0.8, 0.05, 0.015),
    ("worker-1", "disk", 0.61, 0.0, 0.004), ("worker-1", "network_in_mbit", 220, 130, 22),
    ("worker-1", "network_out_mbit", 180, 110, 18),
    ("database-1", "cpu", 0.6, 0.14, 0.03), ("database-1", "memory", 0.77, 0.02, 0.006),
    ("database-1", "disk", 0.74, 0.0, 0.002), ("database-1", "network_in_mbit", 90, 60, 9),
    ("database-1", "network_out_mbit", 240, 150, 22), ("database-1", "query_ms", 21, 9, 4),
    ("cache-1", "cache_hit_share", 0.93, -0.02, 0.008), ("gateway-1", "session_latency_ms", 38, 7, 2.5),
    ("gateway-1", "ai_requests_per_minute", 640, 260, 60), ("storage-1", "storage_used", 0.826, 0.0, 0.003),
)  # fmt: skip
#: Where data come from, and their share of the gigabytes.
ORIGINS = (("executions", 0.45), ("AI", 0.2), ("integrations", 0.25), ("user content", 0.1))
#: Loads a month at scale 1; gigabytes a day in January 2024, and by how much they grow a month.
LOADS, GIGABYTES, GROWTH = 560, 58.0, 0.022


# -- incidents -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that did not run as it should; `region` is None for everywhere."""

    component: str
    region: str | None
    nature: str
    started: datetime
    ended: datetime


class Outages:
    """All incidents, and whom they kept from working."""

    def __init__(self, months: Sequence[Month], seed: int) -> None:
        self.incidents = sorted(
            (incident for month in months for incident in _incidents(month, seed)),
            key=lambda incident: (incident.started, incident.nature),
        )
        self._windows = [
            (np.datetime64(i.started, "s"), np.datetime64(i.ended, "s"), i.region)
            for i in self.incidents
            if i.nature == "unplanned" and i.component in VITAL
        ]

    def down(self, at: Moments, region: Ints) -> npt.NDArray[np.bool_]:
        """True for moments in an outage of something vital, in that region."""
        found = np.zeros(len(at), bool)
        if len(at):
            low, high = at.min(), at.max()
            for start, end, where in self._windows:
                if start <= high and end > low:
                    here = (at >= start) & (at < end)
                    found |= here if where is None else here & (region == REGIONS.index(where))
        return found

    def up(self, rng: np.random.Generator, at: Moments, region: Ints) -> npt.NDArray[np.bool_]:
        """True for moments at which people could begin; a few get through an outage."""
        return ~self.down(at, region) | (rng.random(len(at), np.float32) < 0.15)

    def write(self, database: tables.Database, today: date) -> None:
        """The incident log; what goes on longer than the data has no end yet."""
        end = midnight(today)
        known = [incident for incident in self.incidents if incident.started < end]
        database.insert(
            "incidents",
            {
                "incident_id": [f"i-{number + 1}" for number in range(len(known))],
                "component": [i.component for i in known],
                "region": [i.region for i in known],
                "nature": [i.nature for i in known],
                "started_at": [i.started for i in known],
                "ended_at": [i.ended if i.ended < end else None for i in known],
            },
        )


def _incidents(month: Month, seed: int) -> Iterator[Incident]:
    rng = np.random.default_rng([seed, 34, month.code])
    for _ in range(int(0.88 + rng.random())):
        component = COMPONENTS[int(rng.choice(6, p=(0.24, 0.2, 0.2, 0.16, 0.14, 0.06)))]
        region = None if rng.random() < 0.45 else REGIONS[int(rng.choice(3, p=(0.5, 0.3, 0.2)))]
        start = _moment(rng, month)
        minutes = float(np.exp(rng.normal(2.58, 0.32)))
        yield Incident(component, region, "unplanned", start, start + timedelta(minutes=round(minutes)))
        if rng.random() < 0.5:
            # It began slowly, and was slow for a while afterwards.
            before, after = timedelta(minutes=int(rng.integers(4, 15))), timedelta(minutes=int(rng.integers(5, 40)))
            yield Incident(component, region, "degraded", start - before, start + timedelta(minutes=minutes) + after)
    if month.code in LONG_OUTAGES:
        start = _moment(rng, month)
        yield Incident("api", None, "unplanned", start, start + timedelta(minutes=int(rng.integers(84, 99))))
    for _ in range(rng.poisson(1.6)):
        component = COMPONENTS[int(rng.integers(6))]
        region = REGIONS[int(rng.choice(3))] if rng.random() < 0.6 else None
        start = _moment(rng, month)
        yield Incident(component, region, "degraded", start, start + timedelta(minutes=int(rng.integers(12, 95))))
    if month.first.month % 3 == 2:
        # Before each quarter ends, a vendor slows one region's integrations for days.
        start = month.moments(np.array([17]), np.array([0.4]))[0].item()
        yield Incident("integration hub", "Europe", "degraded", start, start + timedelta(days=5, hours=7))
    # Maintenance is on the second Sunday, at three in the morning.
    sunday = 13 - month.first.weekday()
    start = month.starts[sunday].item() + timedelta(hours=3)
    yield Incident("database", None, "planned", start, start + timedelta(minutes=int(rng.integers(25, 56))))
    if month.first.month == 4:
        # Once a year something breaks during maintenance, which does not count as downtime.
        late = start + timedelta(minutes=8)
        yield Incident("database", None, "unplanned", late, late + timedelta(minutes=11))


def _moment(rng: np.random.Generator, month: Month) -> datetime:
    day, hour = month.random_days(rng, 1), rng.normal(13, 4, 1).clip(1, 23) / 24
    found: datetime = month.moments(day, hour)[0].item().replace(second=0)
    return found


# -- the gateway ---------------------------------------------------------------------------------------------------


def write_requests(
    files: tables.Files, folder: Path, month: Month, outages: Outages, seed: int, scale: float, today: date
) -> None:
    """A month's sample of the requests to the API and the pages."""
    end = end_of_data(today)
    since = (month.first.year - MEASURED_FROM.year) * 12 + month.first.month - MEASURED_FROM.month
    total = int(REQUESTS * scale * len(month.days) / 30 * 1.012**since)
    path = folder / "requests" / f"{month.first:%Y-%m}.parquet"
    for batch, first in enumerate(range(0, total, BATCH)):
        rng = np.random.default_rng([seed, 35, month.code, batch])
        count = min(BATCH, total - first)
        region = rng.choice(len(REGIONS), count, p=REGION_SHARES)
        at = _busy_moments(rng, month, region)
        order = np.argsort(at, kind="stable")
        at, region = at[order], region[order]
        endpoint = np.searchsorted(np.cumsum([share for _, share, _ in ENDPOINTS]), rng.random(count) * 0.9999)
        is_api = np.array([name.startswith("/api/") for name, *_ in ENDPOINTS])[endpoint]
        status, error = _outcomes(rng, is_api, outages.down(at, region))
        slow = np.array([slow for *_, slow in ENDPOINTS])[endpoint] * np.array(SLOWNESS)[region]
        slow *= 1.3 if month.code == SLOW_MONTH else 1.0
        taken = 16 + slow * np.exp(rng.standard_normal(count, np.float32) * 1.0 + 4.26)
        taken = np.where(error == ERRORS.index("timeout"), 30_000, taken)
        if month.first <= BUG[0] <= month.last:
            bug = (at >= month.starts[BUG[0].day - 1]) & (at < month.starts[BUG[1].day])
            taken = np.where(bug & (region == REGIONS.index(BUG_REGION)), taken / 1000, taken)
        come = at < end
        if come.any():
            number = (month.code * 10**8 + first + np.arange(count))[come]
            files.add(
                path,
                {
                    "request_id": tables.serial("r", number),
                    "at": at[come],
                    "endpoint": tables.pick([name for name, *_ in ENDPOINTS], endpoint[come]),
                    "region": tables.pick(REGIONS, region[come]),
                    "status": status[come],
                    "error_type": tables.pick(ERRORS, error[come]),
                    "duration_ms": np.round(taken[come], 3),
                },
            )


#: What can go wrong with a request; nothing, mostly.
ERRORS = (None, "application", "timeout", "validation")


def _outcomes(
    rng: np.random.Generator, is_api: npt.NDArray[np.bool_], down: npt.NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Status and kind of error: people mistype addresses, programs seldom send what is not valid, services fail."""
    luck, which = rng.random(len(is_api)), rng.random(len(is_api))
    mistyped = luck < np.where(is_api, 0.0005, 0.009)
    failed = (luck > 0.99965) | (down & (luck > 0.3))
    timeout = failed & (which < 0.35)
    status = np.where(mistyped, np.where(is_api, np.where(which < 0.6, 422, 400), 404), 200)
    status = np.where(failed, np.where(timeout, 504, np.where(down, 503, 500)), status)
    error = np.where(failed, np.where(timeout, 2, 1), np.where(mistyped, 3, 0))
    return status, error


def _busy_moments(rng: np.random.Generator, month: Month, region: Ints) -> Moments:
    """Moments of a month: most when the people of the region work, a quarter at any time, by machines."""
    hour, spread = np.array(HOURS, np.float32).T
    clock = (hour[region] + spread[region] * rng.standard_normal(len(region), np.float32)) / 24 % 1
    machine = rng.random(len(region), np.float32) < 0.25
    clock[machine] = rng.random(int(machine.sum()), np.float32)
    day = month.random_days(rng, len(region))
    day[machine] = rng.integers(0, len(month.days), int(machine.sum()))
    return month.moments(day, clock)


#: When the people of a region work, as the hour in New York in the middle of their day, and the spread.
HOURS = ((12.7, 2.9), (6.8, 2.5), (22.3, 2.8))


# -- machines, data, integrations ----------------------------------------------------------------------------------


def write_resources(files: tables.Files, folder: Path, month: Month, seed: int, today: date) -> None:
    """Measures of machines and services, every hour."""
    hours = np.arange(month.starts[0], min(month.starts[-1], end_of_data(today)), np.timedelta64(1, "h"))
    whole = int((month.starts[-1] - month.starts[0]).astype(int)) // 3600
    rng = np.random.default_rng([seed, 36, month.code])
    load = _load(month, whole)
    # Cleaned up on the first of the month, disks fill until the last.
    filling = np.linspace(-0.05, 0.05, whole)
    lost = rng.random((whole, len(MEASURES))) < 0.001
    noise = rng.standard_normal((whole, len(MEASURES)))
    grown = 1.02 ** ((month.first.year - 2026) * 12 + month.first.month)
    values = np.empty((whole, len(MEASURES)))
    for column, (_, name, level, follows, spread) in enumerate(MEASURES):
        values[:, column] = level + follows * (load - 0.5) + spread * noise[:, column]
        if name == "disk":
            values[:, column] += filling * (0.8 if level > 0.7 else 1.0)
        elif name == "ai_requests_per_minute":
            values[:, column] *= grown
    shares = np.array([level < 1 for _, _, level, *_ in MEASURES])
    values = np.where(shares, values.clip(0, 1), values.clip(0))
    hour, measure = np.nonzero(~lost[: len(hours)])
    files.add(
        folder / "resources" / f"{month.first:%Y-%m}.parquet",
        {
            "host": tables.pick([host for host, *_ in MEASURES], measure),
            "metric": tables.pick([name for _, name, *_ in MEASURES], measure),
            "at": hours[hour],
            "value": np.round(values[hour, measure], 4),
        },
    )


def _load(month: Month, hours: int) -> Floats:
    """How busy the platform is at each hour, about 0 to 1: as the people of all regions work."""
    day = np.minimum(np.arange(hours) // 24, len(month.days) - 1)
    clock = np.arange(hours) % 24
    at_work = sum(
        share * np.exp(-(((clock - hour + 12) % 24 - 12) ** 2) / (2 * spread**2))
        for share, (hour, spread) in zip(REGION_SHARES, HOURS, strict=True)
    )
    found: Floats = np.clip(0.25 + 1.1 * at_work * month.busy[day], 0, 1)
    return found


def write_probes(files: tables.Files, folder: Path, month: Month, seed: int, today: date) -> None:
    """Whether each integration answered, every hour."""
    hours = np.arange(month.starts[0], month.starts[-1], np.timedelta64(1, "h"))
    rng = np.random.default_rng([seed, 37, month.code])
    healthy = np.ones((len(hours), len(INTEGRATIONS)), bool)
    for column, (*_, rate) in enumerate(INTEGRATIONS):
        for begin in np.flatnonzero(rng.random(len(hours)) < rate):
            healthy[begin : begin + rng.geometric(0.35), column] = False
    come = int((hours < end_of_data(today)).sum())
    hour, which = np.divmod(np.arange(come * len(INTEGRATIONS)), len(INTEGRATIONS))
    files.add(
        folder / "integration_probes" / f"{month.first:%Y-%m}.parquet",
        {
            "probe_id": tables.serial("p", month.code * 10**8 + np.arange(len(hour))),
            "integration": tables.pick([name for name, *_ in INTEGRATIONS], which),
            # Probes take turns within the first minutes of an hour.
            "at": hours[hour] + (which * 20).astype("timedelta64[s]"),
            "healthy": healthy[hour, which],
        },
    )


def write_loads(files: tables.Files, folder: Path, month: Month, seed: int, scale: float, today: date) -> None:
    """Loads of data; with more of them each is smaller, so that the gigabytes are those of one company."""
    end = end_of_data(today)
    since = (month.first.year - 2024) * 12 + month.first.month - 1
    a_day = GIGABYTES * (1 + GROWTH) ** since
    path = folder / "data_loads" / f"{month.first:%Y-%m}.parquet"
    total = max(len(month.days), round(LOADS * scale * len(month.days) / 30))
    # Machines rest less than people: weekends have four fifths of a working day.
    busy = 0.8 + 0.2 * month.busy
    for batch, first in enumerate(range(0, total, BATCH)):
        count = min(BATCH, total - first)
        rng = np.random.default_rng([seed, 38, month.code, batch])
        # Even steps through the month, so that no day is without loads.
        passed = (first + np.arange(count) + rng.random(count)) / total * len(month.days)
        day = passed.astype(np.int64)
        at = month.moments(day, passed - day)
        origin = rng.integers(0, len(ORIGINS), count)
        share = np.array([share for _, share in ORIGINS])[origin] * len(ORIGINS)
        size = a_day * busy[day] * len(month.days) / total * share * np.exp(rng.normal(-0.03, 0.25, count))
        latency = np.exp(rng.normal(0.74, 0.48, count))
        come = at < end
        files.add(
            path,
            {
                "load_id": tables.serial("d", (month.code * 10**8 + first + np.arange(count))[come]),
                "origin": tables.pick([name for name, _ in ORIGINS], origin[come]),
                "at": at[come],
                "gigabytes": np.round(size[come], 5),
                "latency_s": np.round(latency[come], 2),
            },
        )


def write_scaling(files: tables.Files, folder: Path, month: Month, seed: int, today: date) -> None:
    """When machines were added, and how long that took."""
    rng = np.random.default_rng([seed, 39, month.code])
    count = int(rng.poisson(2.6 * len(month.days)))
    asked = np.sort(month.moments(month.random_days(rng, count), rng.normal(0.45, 0.13, count).clip(0, 0.99)))
    ready = asked + (60 * np.exp(rng.normal(0.95, 0.36, count))).astype("timedelta64[s]")
    come = ready < end_of_data(today)
    files.add(
        folder / "scale_events.parquet",
        {
            "event_id": tables.serial("g", (month.code * 10**8 + np.arange(count))[come]),
            "requested_at": asked[come],
            "ready_at": ready[come],
        },
    )


def write_lists(folder: Path) -> None:
    """Components and integrations, which seldom change."""
    tables.csv(folder / "components.csv", tables.table({"component": COMPONENTS}))
    names, vendors = [name for name, *_ in INTEGRATIONS], [vendor for _, vendor, _ in INTEGRATIONS]
    tables.csv(folder / "integrations.csv", tables.table({"integration": names, "vendor": vendors}))

"""The rows of the table: each a piece of work, what it is measured beside, and what was asked of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.activity import fresh, projects
from bench.activity.fresh import Answer, BenchError, Took, differences
from bench.peers import metricflow

FIRST, DAYS = date(2024, 1, 1), 730
LAST = FIRST + timedelta(days=DAYS - 1)
#: The moment for which the example company is computed.
SAAS_TODAY, SAAS_NOW = "2026-11-22", "2026-11-22T06:00Z"


@dataclass(frozen=True)
class Bar:
    """One number and what was asked of it; `most` and `least` are inclusive."""

    what: str
    number: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether it is reached; None where nothing was asked."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.number <= self.most) and (self.least is None or self.number >= self.least)


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    work: str
    bars: tuple[Bar, ...]
    #: What was compared with what, and came out equal.
    equal: str = ""
    #: Times as they were, for people who want to see more than ratios.
    times: Mapping[str, Took] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass
class Bench:
    """What all rows share: where files are, how many events, how often each is measured, and what was measured."""

    folder: Path
    events: int
    times: int = 3
    scale: float = 1.0
    loop: bool = True
    #: Where MetricFlow is, or None without it.
    metricflow: Path | None = None
    _known: dict[str, Took] = field(default_factory=dict)

    def data(self, *, visits: bool = False, texts: bool = False, more: bool = False) -> Path:
        """A file of activity, made if it is not there; `more` is the day after the last."""
        wanted = {"events": self.events, "days": DAYS, "visits": visits, "texts": texts, "seed": 1}
        shape = f"{'visits' if visits else 'spread'}-{'uuid' if texts else 'integer'}"
        path = self.folder / "data" / f"activity-{self.events}-{shape}{'-more' if more else ''}.parquet"
        if not path.exists():
            fresh.inside("make", path=path, activity_of=wanted, first=DAYS if more else 0, days=1 if more else None)
        return path

    def inside(self, task: str, **given: Any) -> Took:
        """A task in processes of its own; what is asked for twice is measured once."""
        key = f"{task} {given}"
        if key not in self._known:
            self._known[key] = fresh.inside(task, self.times, **given)
        return self._known[key]

    def once(self, task: str, **given: Any) -> Took:
        """A task whose time does not count."""
        return fresh.inside(task, **given)

    def project(self, name: str, kpis: list[str], *data: Path, texts: bool = False) -> Path:
        """A new project in the bench's folder."""
        return projects.write(self.folder / "projects" / name, kpis, *data, texts=texts)

    def scan(self, file: Path) -> Took:
        """The floor: reading."""
        return self.inside("scan", file=file)

    def distinct(self, file: Path) -> Took:
        """The floor: person-days."""
        return self.inside("distinct", file=file)

    def engine(self, project: Path) -> Took:
        """Headway's plans, executed."""
        return self.inside("engine", project=project, now=projects.NOW)

    def run(self, project: Path, now: str = projects.NOW, times: int = 0) -> Took:
        """The whole command on a project that never ran, each time."""

        def forget() -> None:
            (project / ".headway").exists() and fresh.shutil.rmtree(project / ".headway")

        return fresh.whole(headway("run", project, now), times or self.times, forget)

    def plain(self, file: Path, *, later: bool = False) -> Answer:
        """What each number has to be."""
        return self.inside_once("plainly", file=file, first=FIRST, last=LAST, later=later).answer

    def inside_once(self, task: str, **given: Any) -> Took:
        """As `once`, and kept."""
        key = f"once {task} {given}"
        if key not in self._known:
            self._known[key] = fresh.inside(task, **given)
        return self._known[key]

    @cached_property
    def spread(self) -> Path:
        """The file where most person-days are distinct."""
        return self.data()


def headway(command: str, project: Path, now: str = "") -> list[str | Path]:
    """The words of a command."""
    return [sys.executable, "-m", "headway", command, "--project", project, *(["--now", now] if now else [])]


def equal(ours: Answer, theirs: Answer, what: str) -> str:
    """Say what was compared; BenchError if it is not equal, so that its time never counts."""
    if wrong := differences(ours, theirs):
        raise BenchError(f"not equal to {what}: " + "; ".join(wrong[:3]))
    return f"{what}, {sum(map(len, theirs.values())):,} numbers"


# -- rows ------------------------------------------------------------------------------------------------------------


def mau(bench: Bench) -> Iterator[Row]:
    """30-day active people by day, beside MetricFlow, the join and the loop."""
    file = bench.spread
    project = bench.project("mau", projects.MAU, file)
    span = {"file": file, "first": FIRST, "last": LAST}
    ours, whole = bench.engine(project), bench.run(project)
    stored = bench.once("published", project=project)
    times = {"engine": ours, "headway run": whole, "the join": bench.inside("joined", **span)}
    if bench.loop:
        times["the loop"] = bench.inside("looped", **span)
    bars, compared = [], []
    if bench.metricflow:
        folder = bench.folder / "projects" / "metricflow"
        metricflow.prepare(bench.metricflow, folder, file, FIRST, LAST)
        found = [metricflow.query(bench.metricflow, folder) for _ in range(bench.times)]
        query, command = sorted(found, key=lambda one: one[0].seconds)[len(found) // 2]
        times |= {"MetricFlow's query": query, "mf query": command}
        bars += [
            Bar("MetricFlow's query / engine", query.seconds / ours.seconds, least=100),
            Bar("MetricFlow's query / headway run", query.seconds / whole.seconds, least=40),
        ]
    for name in ("MetricFlow's query", "the join", "the loop"):
        if name in times:
            days = {"mau": {day: number for day, number in times[name].answer["mau"].items() if number}}
            equal(stored.answer, days, name)
            compared.append(equal(ours.answer, days, name))
    bars += [
        Bar(f"{name} / engine", times[name].seconds / ours.seconds)
        for name in ("the join", "the loop")
        if name in times
    ]
    yield Row("30-day MAU by day", tuple(bars), "; ".join(compared), times, _notes(ours))


def every(bench: Bench) -> Iterator[Row]:
    """Every number of active people together, on both forms of the file."""
    for visits, most in ((False, 0.45), (True, 0.7)):
        file = bench.data(visits=visits)
        project = bench.project(f"every-{'visits' if visits else 'spread'}", projects.distincts(), file)
        ours, whole = bench.engine(project), bench.run(project)
        compared = equal(ours.answer, bench.plain(file), "plain counting")
        equal(bench.once("published", project=project).answer, bench.plain(file), "plain counting")
        scan, distinct = bench.scan(file), bench.distinct(file)
        share = distinct.told["person_days"] / bench.events
        yield Row(
            f"every `distinct` and adjacent-period KPI, {share:.0%} of the events are person-days",
            (
                Bar("engine / SELECT DISTINCT", ours.seconds / distinct.seconds, most=most),
                Bar("engine / scan", ours.seconds / scan.seconds, most=3.5),
                Bar("peak memory of the engine", ours.megabytes / 1024, "GiB", most=1.5),
                Bar("headway run / SELECT DISTINCT", whole.seconds / distinct.seconds),
            ),
            compared,
            {"engine": ours, "headway run": whole, "SELECT DISTINCT": distinct, "scan": scan},
            _notes(ours),
        )


def retention(bench: Bench) -> Iterator[Row]:
    """The same with who came back on day 1, 7 and 30, and cohorts."""
    file = bench.spread
    alone = bench.engine(bench.project("every-spread", projects.distincts(), file))
    project = bench.project("retention", projects.distincts() + projects.retentions(), file)
    ours, whole = bench.engine(project), bench.run(project)
    yield Row(
        "the same with day-1/7/30 retention and monthly cohorts",
        (Bar("engine / engine without them", ours.seconds / alone.seconds, most=1.25),),
        equal(ours.answer, bench.plain(file, later=True), "plain counting"),
        {"engine": ours, "headway run": whole},
        _notes(ours),
    )


def cells(bench: Bench) -> Iterator[Row]:
    """By hub and by plan beside the total."""
    file = bench.spread
    alone = bench.engine(bench.project("every-spread", projects.distincts(), file))
    for by, most in (("hub, plan", 2.0), ("hub", None), ("plan", None)):
        project = bench.project(f"by-{by.replace(', ', '-')}", projects.distincts(by), file)
        ours, whole = bench.engine(project), bench.run(project)
        named = {"hub": "by hub (200)", "plan": "by plan (5)"}.get(by, "by hub (200) and by plan (5)")
        yield Row(
            f"{named}, beside the total",
            (
                Bar("engine / total alone", ours.seconds / alone.seconds, most=most),
                Bar("peak memory of the engine", ours.megabytes / 1024, "GiB", most=most and 2.5),
            ),
            equal(ours.answer, bench.plain(file), "plain counting"),
            {"engine": ours, "headway run": whole},
            _notes(ours),
        )


def texts(bench: Bench) -> Iterator[Row]:
    """People as UUID strings."""
    file = bench.data(texts=True)
    numbers = bench.engine(bench.project("every-spread", projects.distincts(), bench.spread))
    project = bench.project("texts", projects.distincts(), file, texts=True)
    ours, whole, distinct = bench.engine(project), bench.run(project), bench.distinct(file)
    yield Row(
        "people as UUID strings",
        (
            Bar("engine / engine with integers", ours.seconds / numbers.seconds, most=4),
            Bar("engine / SELECT DISTINCT of the texts", ours.seconds / distinct.seconds),
        ),
        equal(ours.answer, bench.plain(bench.spread), "plain counting of the integers"),
        {"engine": ours, "headway run": whole, "SELECT DISTINCT": distinct},
        _notes(ours),
    )


def again(bench: Bench) -> Iterator[Row]:
    """Nothing new, and one more day."""
    file, more = bench.spread, bench.data(more=True)
    project = bench.project("again", projects.distincts(), file)
    first = bench.run(project, times=1)
    kept = bench.folder / "projects" / "again-kept"
    fresh.copied(project, kept)
    nothing = fresh.whole(headway("run", project, projects.NOW), bench.times, lambda: None)
    before = bench.once("published", project=kept, cells=True).answer
    compared = equal(bench.once("published", project=project, cells=True).answer, before, "the first run")
    yield Row(
        "nothing new, file sources, whole command",
        (Bar("headway run", nothing.seconds, "s", most=1),),
        compared,
        {"headway run": nothing, "the first run": first},
    )

    def restore() -> None:
        fresh.copied(kept, project)
        (project / "data" / more.name).symlink_to(more)

    day = fresh.whole(headway("run", project, projects.NEXT), bench.times, restore)
    full = bench.project("again-full", projects.distincts(), file, more)
    whole = bench.run(full, projects.NEXT, times=1)
    theirs = bench.once("published", project=full, cells=True).answer
    yield Row(
        "one more day on 730 days, whole command",
        (Bar("headway run", day.seconds, "s", most=2), Bar("headway run / full run", day.seconds / whole.seconds)),
        equal(bench.once("published", project=project, cells=True).answer, theirs, "a full run"),
        {"headway run": day, "a full run": whole},
    )


def many(bench: Bench) -> Iterator[Row]:
    """500 KPIs with five breakdowns each: how long until the first query."""
    project = projects.many(bench.folder / "projects" / "many", 500)
    check = fresh.whole(headway("check", project), bench.times, lambda: None)
    compiling = bench.inside("compiling", project=project, now=projects.NOW)
    yield Row(
        "500 KPIs with five breakdowns each",
        (
            Bar("headway check", check.seconds, "s", most=2),
            Bar("compile and fuse", compiling.seconds, "s", most=5),
            Bar("the query of each KPI alone, first run", compiling.told["alone_first"], "s"),
            Bar("the query of each KPI alone, next run", compiling.told["alone_again"], "s"),
        ),
        "",
        {"headway check": check, "compile and fuse": compiling},
    )


def saas(bench: Bench) -> Iterator[Row]:
    """The whole example catalogue beside the sum of its floors."""
    project = bench.folder / "projects" / f"saas-{bench.scale:g}"
    if not (project / "headway.yml").exists():
        bench.once("make_saas", folder=project, scale=bench.scale, today=SAAS_TODAY)
    given = {"project": project, "now": SAAS_NOW}
    ours, floors = bench.inside("engine", **given), bench.inside("floors", **given)
    whole = bench.run(project, SAAS_NOW, times=1)
    yield Row(
        f"whole saas catalogue, scale {bench.scale:g}",
        (
            Bar("engine / sum of its floors", ours.seconds / floors.seconds, most=1.5),
            Bar("peak memory of the engine", ours.megabytes / 1024, "GiB"),
        ),
        "",
        {"engine": ours, f"{floors.told['queries']} floors": floors, "headway run": whole},
        _notes(ours),
    )


def _notes(ours: Took) -> tuple[str, ...]:
    """What the engine could not do as it was planned."""
    found = []
    if failed := ours.told.get("failed"):
        found.append(f"{failed} of {ours.told['queries']} queries did not fit into memory or time, and were split")
    if broken := ours.told.get("broken"):
        found.append(f"without a number: {', '.join(broken[:5])}")
    return tuple(found)


#: Name -> what measures it, in the order of the table.
ROWS: Mapping[str, Callable[[Bench], Iterator[Row]]] = {
    "mau": mau,
    "every": every,
    "retention": retention,
    "cells": cells,
    "texts": texts,
    "again": again,
    "many": many,
    "saas": saas,
}

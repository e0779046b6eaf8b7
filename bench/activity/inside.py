"""What happens inside of a new process: `python -m bench.activity.inside TASK JSON RESULT` does one task and ends.

A task answers with the seconds of what counts of it, without imports and without reading the answer back.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from bench.activity import floors_of
from bench.peers import floors, join, plain
from headway import catalog as catalogue
from headway import plan, simulate
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.cli.app import COLLECT_AFTER
from headway.engines.duckdb import DuckDB
from headway.errors import QueryError
from headway.ledger import Ledger
from headway.model import Catalog
from headway.queries import Queries
from headway.simulate import activity


class Watched(DuckDB):
    """The engine, with a clock on its queries."""

    def __init__(self, temporary: Path) -> None:
        super().__init__(temporary)
        self.seconds, self.cpu, self.queries, self.failed = 0.0, 0.0, 0, 0

    def execute(self, query: exp.Query, *more: Any) -> pa.Table:
        began, cpu = time.perf_counter(), time.process_time()
        try:
            return super().execute(query, *more)
        except QueryError:
            self.failed += 1
            raise
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - began
            self.cpu += time.process_time() - cpu


class Told(dict[str, Any]):
    """What a task tells: `seconds`, `cpu` (what the process itself computed in them), `answer`, and more."""

    def __init__(self) -> None:
        super().__init__(seconds=0.0, cpu=0.0, answer={})

    @contextmanager
    def timed(self) -> Iterable[None]:  # type: ignore[misc]  # mypy does not look here
        """The block is what counts."""
        began, cpu = time.perf_counter(), time.process_time()
        yield
        self["seconds"] += time.perf_counter() - began
        self["cpu"] += time.process_time() - cpu


# -- data ------------------------------------------------------------------------------------------------------------


def make(told: Told, path: str, activity_of: Mapping[str, Any], first: int = 0, days: int | None = None) -> None:
    """Write activity; a file is there only when it is whole."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with told.timed():
        told["rows"] = activity.write(part, activity.Activity(**activity_of), first, days)
    part.rename(target)


def make_saas(told: Told, folder: str, scale: float, today: str) -> None:
    """Write the example company with its catalogue."""
    with told.timed():
        simulate.write("saas", Path(folder), scale=scale, today=date.fromisoformat(today))


# -- peers and floors ------------------------------------------------------------------------------------------------


def scan(told: Told, file: str) -> None:
    """The floor: reading."""
    con = duckdb.connect()
    with told.timed():
        floors.scan(con, file)


def distinct(told: Told, file: str, by: str = "") -> None:
    """The floor: person-days."""
    con = duckdb.connect()
    with told.timed():
        told["person_days"] = floors.distinct(con, file, by)


def joined(told: Told, file: str, first: str, last: str) -> None:
    """30 days by the join."""
    con = duckdb.connect()
    with told.timed():
        told["answer"]["mau"] = join.people(con, file, date.fromisoformat(first), date.fromisoformat(last), 30)


def looped(told: Told, file: str, first: str, last: str) -> None:
    """30 days by the loop."""
    from bench.peers import loop  # pandas is none of the others' memory

    with told.timed():
        told["answer"]["mau"] = loop.people(file, date.fromisoformat(first), date.fromisoformat(last), 30)


def plainly(told: Told, file: str, first: str, last: str, later: bool) -> None:
    """Numbers by definition."""
    con = duckdb.connect()
    with told.timed():
        told["answer"] = plain.answer(con, file, date.fromisoformat(first), date.fromisoformat(last), later=later)


# -- Headway ---------------------------------------------------------------------------------------------------------


def engine(told: Told, project: str, now: str, cells: bool = True) -> None:
    """Plans, as a run computes them: the seconds that the engine takes for them, and which queries did not do."""
    catalog, moment = catalogue.load(Path(project)), datetime.fromisoformat(now)
    with Watched(Path(project) / ".headway" / "tmp") as watched:
        attempt = Attempt(catalog, watched, moment, Data(catalog))
        wanted = closure(catalog, ())
        attempt.read_sources(wanted)
        told["reading"], told["checks"] = watched.seconds, watched.queries
        watched.seconds, watched.cpu, watched.queries = 0.0, 0.0, 0
        began = time.perf_counter()
        attempt.execute(wanted)
        told["with_judging"] = time.perf_counter() - began
        told["seconds"], told["cpu"] = watched.seconds, watched.cpu
        told["queries"], told["failed"] = watched.queries, watched.failed
        attempt.derive(wanted)
        told["broken"] = [*attempt.failed_kpis, *attempt.failed_sources]
        tables = {computed.kpi: computed.observed for computed in attempt.computed(wanted)}
    told["answer"] = _answers(catalog, tables)


def published(told: Told, project: str, cells: bool = False) -> None:
    """What the ledger of a project holds; with `cells` all of it."""
    catalog = catalogue.load(Path(project))
    with Ledger.open(catalog.root / ".headway" / "ledger.db") as ledger:
        tables = {name: ledger.read(name) for name in closure(catalog, ())}
    told["answer"] = _answers(catalog, tables, everything=cells)


def _answers(catalog: Catalog, tables: Mapping[str, pa.Table], *, everything: bool = False) -> dict[str, Any]:
    """Numbers of each KPI's own grain, by series: the total's, and an age's; or those of all cells and grains.

    Of a quotient its two counts are told, under `/active` and `/cohort`: they are equal or not.
    """
    found: dict[str, dict[int, float]] = {}
    for name, table in tables.items():
        grain = catalog.kpis[name].grain.value
        for row in table.filter(pc.equal(table["part"], "")).to_pylist():
            if not everything and (row["grain"] != grain or (row["cell"] and not row["cell"].startswith('{"age"'))):
                continue
            if row["value"] is None:
                continue
            more = f"{row['cell']} {row['grain']}" if everything else row["cell"]
            if row["denominator"] is None:
                found.setdefault(f"{name}{more}", {})[row["period"]] = row["value"]
            else:
                found.setdefault(f"{name}/active{more}", {})[row["period"]] = row["numerator"]
                found.setdefault(f"{name}/cohort{more}", {})[row["period"]] = row["denominator"]
    return found


def _read(catalog: Catalog, watched: Watched, moment: datetime) -> tuple[Attempt, list[plan.Request]]:
    """A run that has read its sources, and what it would compute."""
    attempt = Attempt(catalog, watched, moment, Data(catalog))
    wanted = closure(catalog, ())
    attempt.read_sources(wanted)
    assert not attempt.failed_sources, attempt.failed_sources
    return attempt, attempt.possible(plan.requests(catalog, wanted))


def compiling(told: Told, project: str, now: str) -> None:
    """Compile and fuse all plans, as a run does; beside it, write the query of each KPI alone, which a run keeps."""
    catalog, moment = catalogue.load(Path(project)), datetime.fromisoformat(now)
    with Watched(Path(project) / ".headway" / "tmp") as watched:
        attempt, requests = _read(catalog, watched, moment)
        with told.timed():
            plans = attempt._compile(requests)  # noqa: SLF001  # what a run spends before the first query
            texts = [watched.sql(one.query) for one in plans]
        told["plans"], told["requests"], told["bytes"] = len(plans), len(requests), sum(map(len, texts))
        queries = Queries(Path(project) / "none")
        for when in ("first", "again"):
            began = time.process_time()
            for request in requests:
                kpi = catalog.kpis[request.kpi]
                attempt._written(kpi, catalogue.fingerprint(kpi, catalog), queries)  # noqa: SLF001
            told[f"alone_{when}"] = time.process_time() - began


def floors_of_catalogue(told: Told, project: str, now: str) -> None:
    """The sum of a catalogue's floors, one by one, on the rows that its plans read."""
    catalog, moment = catalogue.load(Path(project)), datetime.fromisoformat(now)
    with Watched(Path(project) / ".headway" / "tmp") as watched:
        attempt, requests = _read(catalog, watched, moment)
        queries = floors_of.queries(catalog, attempt, requests, moment)
        watched.seconds, watched.cpu = 0.0, 0.0
        for query in queries:
            watched.execute(query)
        told["seconds"], told["cpu"] = watched.seconds, watched.cpu
        told["queries"], told["failed"] = len(queries), watched.failed


TASKS: Mapping[str, Callable[..., None]] = {
    "compiling": compiling,
    "distinct": distinct,
    "engine": engine,
    "floors": floors_of_catalogue,
    "joined": joined,
    "looped": looped,
    "make": make,
    "make_saas": make_saas,
    "plainly": plainly,
    "published": published,
    "scan": scan,
}


def main(task: str, given: str, result: str) -> None:
    """Do the task and write what it tells."""
    gc.set_threshold(COLLECT_AFTER)  # as in a command
    told = Told()
    TASKS[task](told, **json.loads(given))
    Path(result).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

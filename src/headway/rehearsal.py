"""Looks whether a run would succeed, for `headway check`: sources are read, every KPI is compiled, cells are counted.

No number is computed, and nothing is recorded.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from headway import plan, timed
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.engines.duckdb import DuckDB
from headway.errors import CatalogError, CheckError, HeadwayError, QueryError
from headway.model import Catalog, Cells, Entered, Load, Rehearsed, read_cell
from headway.periods import Grain
from headway.progress import silent


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run would stumble over, and what reading the data told.

    The loads say what a run would note of each source, such as a key that is not unique; the notes, by KPI, that its
    history does not say where it ends.
    """

    errors: list[HeadwayError]
    loads: tuple[Load, ...]
    notes: dict[str, str]
    told: Rehearsed


def rehearse(catalog: Catalog, now: datetime) -> Rehearsal:
    """Read the sources, compile every KPI, count the cells. Computes no number and records nothing."""
    with DuckDB(catalog.root / ".headway" / "tmp") as engine:
        attempt = Attempt(catalog, engine, now, Data(catalog), silent)
        with suppress(CheckError):  # said with the rest
            attempt.read_sources(closure(catalog, ()))
        stopped = [CheckError(attempt.stopping)] if attempt.stopping else []
        errors = [*stopped, *attempt.failed_sources.values(), *_mistakes(attempt)]
        endless = [k.name for k in catalog.kpis.values() if k.measure and k.history and k.tracked_from is None]
        census = {} if errors else _census(attempt)
        errors += plan.one_each(catalog, census)
        told = Rehearsed() if errors else Rehearsed(attempt.schemas, census, _beginnings(attempt))
        return Rehearsal(errors, tuple(attempt.loads.values()), dict.fromkeys(endless, _ENDLESS), told)


#: What `check` says of a history, before anything is computed.
_ENDLESS = "its history gives way where values are computed; with 'tracked_from' it is said where history ends"


def _mistakes(attempt: Attempt) -> list[HeadwayError]:
    """The errors that compiling every request raises."""
    requests = attempt.possible(plan.requests(attempt.catalog, attempt.catalog.kpis))
    try:
        plan.compile(attempt.catalog, attempt.schemas, attempt.coverage, requests, attempt.now)
    except CatalogError as error:
        return [error]
    return []


def _census(attempt: Attempt) -> dict[tuple[str, tuple[str, ...]], Cells]:
    """The cells of every breakdown of rows: one scan for each source. What the engine cannot count is absent."""
    asked: dict[str, list[tuple[str, ...]]] = {}
    for source, breakdown in plan.breakdowns(attempt.catalog):
        asked.setdefault(source, []).append(breakdown)
    found = {}
    for source, breakdowns in asked.items():
        query = plan.census(attempt.catalog, attempt.schemas, source, breakdowns, attempt.now)
        with suppress(QueryError, timed.TooSlow):
            answer = timed.run(partial(attempt.engine.execute, query), attempt.limit(source))
            cells = plan.read_census(attempt.catalog, attempt.schemas, source, breakdowns, answer)
            found.update({(source, breakdown): one for breakdown, one in cells.items()})
    for kpi in attempt.catalog.kpis.values():
        if isinstance(kpi.measure, Entered) and kpi.by:
            texts = attempt.data.typed(kpi, kpi.measure.path)["cell"].unique().to_pylist()
            typed = [frozenset(column for column, _ in read_cell(text)) for text in texts]
            for breakdown in kpi.by:
                found[kpi.measure.path, breakdown] = Cells(typed.count(frozenset(breakdown)))
    return found


def _beginnings(attempt: Attempt) -> dict[str, date]:
    """The first local day of each KPI that reads rows or typed numbers, as far as it is known."""
    found = {}
    for kpi in attempt.catalog.kpis.values():
        first = None
        if isinstance(kpi.measure, Entered):
            table = attempt.data.typed(kpi, kpi.measure.path)
            moments = [
                attempt.catalog.calendar.from_key(Grain(row["grain"]), row["period"]).first
                for row in table.select(["grain", "period"]).to_pylist()
            ]
            first = min(moments, default=None)
        elif kpi.sources and kpi.sources[0] in attempt.coverage:
            days = attempt.coverage[kpi.sources[0]].days(kpi.time)
            first = days[0] if days else None
        starts = [day for day in (first, kpi.tracked_from) if day]
        if starts:
            # Of a sparse source no rows before mean that nothing happened.
            sparse = kpi.source is not None and attempt.catalog.sources[kpi.source].sparse
            found[kpi.name] = kpi.tracked_from if sparse and kpi.tracked_from else max(starts)
    return found

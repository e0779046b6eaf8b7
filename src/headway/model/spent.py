"""Where the time of a run went: seconds by stage, and within each by source, query or KPI."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What a run does, in its order; the value is what people read."""

    READING = "reading sources"
    CHECKING = "checking sources"
    COMPILING = "compiling"
    QUERY = "queries"
    KPI = "KPIs, beside the queries"
    FOOTPRINT = "footprints of sources"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that a stage took for a source, a KPI, or a query on the source `name` that answers `kpis` together."""

    stage: Stage
    seconds: float
    name: str = ""
    kpis: tuple[str, ...] = ()

"""Compile KPIs to SQL and put their answers together: the heart of Headway, pure from end to end.

How a run uses this room, for each source and then for all:

1. `probe` is one SELECT per source; `coverage` reads its answer: which days the source can speak of.
2. `requests` names every evaluation that is needed; `compile` makes one `Plan` per source: one SELECT of named CTEs
   (`rows`, `daily`, `person_days`, `gaps`, `rollup` ...) and the small tables of periods that it joins.
3. `Plan.read` turns the engine's answer into one table per request: schema `model.OBSERVED` and a column `people`.
4. `rollup` gives states their longer periods, `entered` and `imported` read typed numbers, `derive` computes what
   reads KPIs alone; `evaluate` is its part that does formulas.
5. `growth`, `bounds` and `shares` are what targets and alerts need beside the numbers, once all of these are there;
   `thresholds` are those of an alert, made of published numbers.

Nothing here talks to an engine, reads a file or asks what time it is.
"""

from headway.plan.behind import behind
from headway.plan.bounded import bounded, one_each
from headway.plan.bounds import bounds, thresholds
from headway.plan.census import breakdowns, census, read_census
from headway.plan.coverage import Coverage, add_probes, coverage, probe
from headway.plan.derive import Shelf, derive, looked_into
from headway.plan.footprint import add_lines, footprint, read_footprint, typed_footprint, waits
from headway.plan.formula import evaluate
from headway.plan.fuse import Plan, compile  # noqa: A004 - the room's verb, always written plan.compile
from headway.plan.growth import growth
from headway.plan.lineage import Lineage, lineage
from headway.plan.overlaps import Nests, beside, nests, overlapping, shown_elsewhere, together
from headway.plan.pace import shares
from headway.plan.python import Asking, asking
from headway.plan.requests import Request, requests
from headway.plan.rollup import rollup
from headway.plan.spans import Timeline, is_copied
from headway.plan.typed import entered, imported

__all__ = [
    "Asking",
    "Coverage",
    "Lineage",
    "Nests",
    "Plan",
    "Request",
    "Shelf",
    "Timeline",
    "add_lines",
    "add_probes",
    "asking",
    "behind",
    "beside",
    "bounded",
    "bounds",
    "breakdowns",
    "census",
    "compile",
    "coverage",
    "derive",
    "entered",
    "evaluate",
    "footprint",
    "growth",
    "imported",
    "is_copied",
    "lineage",
    "looked_into",
    "nests",
    "one_each",
    "overlapping",
    "probe",
    "read_census",
    "read_footprint",
    "requests",
    "rollup",
    "shares",
    "shown_elsewhere",
    "thresholds",
    "together",
    "typed_footprint",
    "waits",
]

"""Foresees what a change of the catalogue does: old and new over the same data at the same moment, nothing recorded.

Only KPIs that are calculated or judged otherwise are computed, and what they read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from headway import catalog as catalogue
from headway import compare
from headway.compare import Foreseen
from headway.engines.duckdb import DuckDB
from headway.model import JUDGED, Catalog, Computed
from headway.run import Attempt, Data, Progress, closure, silent

#: Keys of a KPI that change no number, and its verdicts.
_JUDGES = ("targets", "better")
_KEY = ["part", "grain", "cell", "period"]


def foresee(old: Catalog, new: Catalog, now: datetime, progress: Progress = silent) -> tuple[Foreseen, ...]:
    """What becomes of each KPI that differs, in the order of the new catalogue; those that go come last.

    The data are those of the new one's project. CheckError if a check stops a run of either.
    """
    told = [one for name in dict.fromkeys([*new.kpis, *old.kpis]) if (one := _told(name, old, new))]
    moving = [one.kpi for one in told if one.sort != "changed" or one.redefined or one.rejudged]
    before, after = (_computed(catalog, moving, new.root, now, progress) for catalog in (old, new))
    return tuple(_with_numbers(one, before, after) if one.kpi in moving else one for one in told)


def _told(name: str, old: Catalog, new: Catalog) -> Foreseen | None:
    """How a KPI differs, before any number is looked at; None if it does not."""
    if name not in old.kpis or name not in new.kpis:
        return Foreseen(name, "added" if name in new.kpis else "removed")
    redefined = _redefined(name, old, new)
    retold = catalogue.retold(old.kpis[name], new.kpis[name])
    rejudged = _rejudged(name, old, new)
    return Foreseen(name, "changed", redefined, rejudged, retold) if redefined or rejudged or retold else None


def _redefined(name: str, old: Catalog, new: Catalog) -> bool:
    """True if the numbers of a KPI that both catalogues have are calculated otherwise."""
    return catalogue.fingerprint(old.kpis[name], old) != catalogue.fingerprint(new.kpis[name], new)


def _rejudged(name: str, old: Catalog, new: Catalog) -> bool:
    """True if verdicts may be others: by targets, by how near is near, or by KPIs that targets and checks read."""
    one, other = old.kpis[name], new.kpis[name]
    if (one.targets and old.near_within != new.near_within) or {*catalogue.retold(one, other)} & {*_JUDGES}:
        return True
    read = {*one.compared, *one.reconciled, *other.compared, *other.reconciled} & old.kpis.keys() & new.kpis.keys()
    return any(_redefined(kpi, old, new) for kpi in read)


def _computed(
    catalog: Catalog, names: Sequence[str], root: Path, now: datetime, progress: Progress
) -> dict[str, Computed]:
    """Those of the KPIs that a catalogue has, computed from the data below `root`."""
    wanted = [name for name in names if name in catalog.kpis and catalog.kpis[name].measure is not None]
    if not wanted:
        return {}
    with DuckDB(root / ".headway" / "tmp") as engine:
        attempt = Attempt(catalog, engine, now, Data(replace(catalog, root=root)), progress)
        needed = closure(catalog, wanted)
        attempt.compute(needed)
        return {one.kpi: one for one in attempt.computed(needed)}


def _with_numbers(told: Foreseen, before: dict[str, Computed], after: dict[str, Computed]) -> Foreseen:
    """What differs in the numbers of a KPI, or why that is not known."""
    both = [made[told.kpi] for made in (before, after) if told.kpi in made]
    if failed := next((one.failed for one in both if one.failed), None):
        return replace(told, failed=failed)
    tables = [_published(made.get(told.kpi)) for made in (before, after)]
    return replace(told, compared=compare.numbers(told.kpi, *tables))


def _published(computed: Computed | None) -> pa.Table:
    """The numbers of a KPI with their verdicts, as they would be published."""
    if computed is None or computed.observed is None:
        return compare.nothing()
    judged = JUDGED.empty_table() if computed.judged is None else computed.judged
    return computed.observed.join(judged, keys=_KEY, join_type="left outer").select(compare.FIELDS)

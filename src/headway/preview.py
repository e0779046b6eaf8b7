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
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.compare import Foreseen
from headway.engines.duckdb import DuckDB
from headway.model import JUDGED, Catalog, Computed
from headway.progress import Progress, silent

#: Keys of a KPI that change no number, and its verdicts.
_JUDGES = ("targets", "better")
_KEY = ["part", "grain", "cell", "period"]


def foresee(old: Catalog, new: Catalog, now: datetime, progress: Progress = silent) -> tuple[Foreseen, ...]:
    """What becomes of each KPI that differs, in the order of the new catalogue; those that go come last.

    The data are those of the new one's project. CheckError if a check stops a run of either.
    """
    pairs = catalogue.pairs(old, new)
    told = [one for was, name in pairs if (one := _told(was, name, old, new))]
    moving = [one for one in told if one.sort in ("added", "removed") or one.redefined or one.rejudged]
    before = _computed(old, [one.was for one in moving if one.was], new.root, now, progress)
    after = _computed(new, [one.kpi for one in moving if one.sort != "removed"], new.root, now, progress)
    return tuple(_with_numbers(one, before, after, new) if one in moving else one for one in told)


def _told(was: str | None, name: str | None, old: Catalog, new: Catalog) -> Foreseen | None:
    """How a KPI differs, before any number is looked at; None if it does not."""
    if was is None or name is None:
        return Foreseen(name or was or "", "removed" if name is None else "added", was=was or "")
    redefined = _redefined(was, name, old, new)
    rejudged = _rejudged(was, name, old, new)
    retold = catalogue.retold(old.kpis[was], new.kpis[name])
    if was == name and not (redefined or rejudged or retold):
        return None
    return Foreseen(name, "changed" if was == name else "renamed", redefined, rejudged, retold, was=was)


def _redefined(was: str, name: str, old: Catalog, new: Catalog) -> bool:
    """True if the numbers of a KPI that both catalogues have are calculated otherwise."""
    return catalogue.fingerprint(old.kpis[was], old) != catalogue.fingerprint(new.kpis[name], new)


def _rejudged(was: str, name: str, old: Catalog, new: Catalog) -> bool:
    """True if verdicts may be others: by targets, by how near is near, or by KPIs that targets and checks read."""
    one, other = old.kpis[was], new.kpis[name]
    if (one.targets and old.near_within != new.near_within) or {*catalogue.retold(one, other)} & {*_JUDGES}:
        return True
    read = {*other.compared, *other.reconciled} & old.kpis.keys()
    return any(_redefined(kpi, kpi, old, new) for kpi in read)


def _computed(
    catalog: Catalog, names: Sequence[str], root: Path, now: datetime, progress: Progress
) -> dict[str, Computed]:
    """KPIs of a catalogue, but those that are only planned, computed from the data below `root`."""
    wanted = [name for name in names if catalog.kpis[name].measure is not None]
    if not wanted:
        return {}
    with DuckDB(root / ".headway" / "tmp") as engine:
        attempt = Attempt(catalog, engine, now, Data(replace(catalog, root=root)), progress)
        needed = closure(catalog, wanted)
        attempt.compute(needed)
        return {one.kpi: one for one in attempt.computed(needed)}


def _with_numbers(told: Foreseen, before: dict[str, Computed], after: dict[str, Computed], new: Catalog) -> Foreseen:
    """What differs in the numbers of a KPI, or why that is not known."""
    sides = before.get(told.was), after.get(told.kpi) if told.sort != "removed" else None
    if failed := next((one.failed for one in sides if one and one.failed), None):
        return replace(told, failed=failed)
    revalued = new.kpis[told.kpi].revalued if told.kpi in new.kpis else {}
    old, now = map(_published, sides)
    return replace(told, compared=compare.numbers(told.kpi, old, now, revalued))


def _published(computed: Computed | None) -> pa.Table:
    """The numbers of a KPI with their verdicts, as they would be published."""
    if computed is None or computed.observed is None:
        return compare.nothing()
    judged = JUDGED.empty_table() if computed.judged is None else computed.judged
    return computed.observed.join(judged, keys=_KEY, join_type="left outer").select(compare.FIELDS)

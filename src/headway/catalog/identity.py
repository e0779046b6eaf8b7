"""Says what a catalogue, or one KPI's definition, comes down to: as text for the ledger, and as a hash.

Two definitions have one fingerprint exactly if they must give the same numbers from the same rows. Words (titles,
owners, reasons), targets and how numbers are shown have no part in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from pathlib import Path
from typing import Any

from headway.errors import Place
from headway.model import Catalog, Check, Distinct, Duration, Expression, Kpi, KpiCheck, Python, Source, Then
from headway.periods import Length, Window

#: What of a KPI can change its numbers. `tracked_from` and `retired_on` decide which periods there are.
NUMBERS = (
    "measure",
    "grain",
    "by",
    "by_grain",
    "where",
    "time",
    "window",
    "take",
    "empty",
    "min_n",
    "total",
    "tracked_from",
    "retired_on",
    "history",
    "revalued",
)

#: What of a catalogue has no part in computing and judging: what shows numbers and tells of them.
_AROUND = frozenset(
    {
        *("root", "kpis", "sources", "fingerprint", "tests", "files"),
        *("name", "title", "audience", "ledger", "brand", "site_url", "clock", "owners", "areas"),
        *("routes", "levels", "alerts", "boards", "objectives", "notes", "reports"),
    }
)


def text(catalog: Catalog) -> str:
    """The resolved catalogue as JSON, the same for the same catalogue wherever it lies. The ledger keeps it."""
    plain = _plain(catalog)
    del plain["root"], plain["tests"], plain["files"]  # none of them makes a number
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def fingerprint(kpi: Kpi, catalog: Catalog) -> str:
    """The hash of everything that can change a KPI's numbers, its sources and inputs included."""
    said = {
        "kpi": definition(kpi),
        "inputs": {name: definition(catalog.kpis[name]) for name in inputs(kpi, catalog)},
        "calendar": _plain(catalog.calendar),
        "min_group_size": catalog.min_group_size,
        **({"working": _plain(catalog.working)} if counts_working_days(kpi, catalog) else {}),
        "sources": {name: _source(catalog.sources[name]) for name in catalog.upstream(kpi.name)},
    }
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def basis(catalog: Catalog, kpis: Iterable[str], sources: Iterable[str]) -> str | None:
    """The hash of everything but rows and time that some KPIs of these sources, their verdicts and checks come from.

    It changes more often than their numbers could: with a title, too. None if not all of it is known, as of a function
    that is installed somewhere.
    """
    said = _plain(catalog, but=_AROUND)
    said["kpis"] = {name: _plain(catalog.kpis[name]) for name in sorted(kpis)}
    said["sources"] = {name: _plain(catalog.sources[name]) for name in sorted(sources)}
    functions = {kpi.measure.function for name in kpis if isinstance((kpi := catalog.kpis[name]).measure, Python)}
    files = {name.partition(":")[0] for name in functions}
    if not files <= catalog.files.keys():
        return None
    said["functions"] = {name: hashlib.sha256(catalog.files[name]).hexdigest() for name in sorted(files)}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def counts_working_days(kpi: Kpi, catalog: Catalog) -> bool:
    """True if a KPI, or any that it reads, is in working days: holidays then change its numbers."""
    measures = [kpi.measure, *(catalog.kpis[name].measure for name in inputs(kpi, catalog))]
    return any(isinstance(measure, Duration) and measure.in_unit == "working days" for measure in measures)


def inputs(kpi: Kpi, catalog: Catalog) -> list[str]:
    """All that a KPI's formula reads, in any number of steps, each once."""
    found: dict[str, None] = {}
    ahead = [kpi]
    while ahead:
        new = [name for name in ahead.pop().inputs if name not in found]
        found |= dict.fromkeys(new)
        ahead += [catalog.kpis[name] for name in new]
    return list(found)


def definition(kpi: Kpi) -> dict[str, Any]:
    """What of a KPI alone can change its numbers, as JSON's values."""
    said = {name: _plain(getattr(kpi, name)) for name in NUMBERS}
    said |= _withholding(kpi.checks)
    if isinstance(kpi.measure, Distinct):
        del said["measure"]["named"]  # which parts others read changes none of its numbers
    if isinstance(kpi.measure, Duration):
        del said["measure"]["drawn"]  # nor does what a board draws
    return said


def pairs(old: Catalog, new: Catalog) -> tuple[tuple[str | None, str | None], ...]:
    """Each KPI of two catalogues by what both call it, None where one lacks it; those that only `old` has come last."""
    found: list[tuple[str | None, str | None]] = []
    for name, kpi in new.kpis.items():
        earlier = (was for was in kpi.formerly if was in old.kpis and was not in new.kpis)
        found.append((name if name in old.kpis else next(earlier, None), name))
    known = {was for was, _ in found}
    return (*found, *((name, None) for name in old.kpis if name not in known))


def retold(old: Kpi, new: Kpi) -> tuple[str, ...]:
    """The keys by which two KPIs differ that change none of their numbers: words, targets, how they are shown."""
    silent = {*NUMBERS, "name", "formerly", "written", "place", "places"}
    return tuple(
        f.name
        for f in fields(Kpi)
        if f.name not in silent and _plain(getattr(old, f.name)) != _plain(getattr(new, f.name))
    )


def around(old: Catalog, new: Catalog) -> tuple[str, ...]:
    """What differs between two catalogues beside their KPIs: "title", "board front", "source visits"."""
    one, other = _plain(old), _plain(new)
    silent = {"root", "name", "kpis", "tests", "files", "fingerprint"}
    found = []
    for key in (f.name for f in fields(Catalog) if f.name not in silent):
        if key in ("sources", "routes", "levels", "alerts", "boards", "objectives", "reports"):
            names = dict.fromkeys([*one[key], *other[key]])
            found += [f"{key[:-1]} {name}" for name in names if one[key].get(name) != other[key].get(name)]
        elif one[key] != other[key]:
            found.append(key.replace("_", " "))
    return tuple(found)


def _source(source: Source) -> dict[str, Any]:
    said = _plain(source)
    for name in ("about", "checks", "time_limit", "may_be_empty"):  # they change no number that is computed
        del said[name]
    said |= _withholding(source.checks)
    for exclusion in said["exclude"]:
        del exclusion["why"], exclusion["link"]
    return said  # type: ignore[no-any-return]  # a dataclass becomes a dict


def _withholding(checks: Sequence[Check | KpiCheck]) -> dict[str, Any]:
    """What checks can keep from being shown; those that only warn, or stop a run, change no number."""
    found = [_plain(one) for one in checks if one.then is Then.WITHHOLD]
    kept = [{key: value for key, value in one.items() if key not in ("name", "why")} for one in found]
    return {"checks": kept} if kept else {}


def _plain(value: Any, but: Collection[str] = ("place", "places")) -> Any:
    """JSON's values for the model's. Places are left out: moving a line changes nothing."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Window | Length | Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        kind = type(value).__name__
        plain = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in but}
        return {"is": kind, **plain}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if not isinstance(item, Place)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value

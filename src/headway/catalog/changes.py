"""Says what of a KPI's definition is no longer as it was, from the catalogue that the ledger kept of an earlier run.

What is compared is what `identity` holds a definition to be; what is told are the words that people wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from headway.catalog import identity
from headway.catalog.kinds import SHARED
from headway.model import Catalog, Changes, Kpi
from headway.periods import Grain

#: What cuts time, as people write it -> which grains it moves; None is all of them.
_CALENDAR: Mapping[str, tuple[str, tuple[Grain, ...] | None]] = {
    "zone": ("timezone", None),
    "week_start": ("week_start", (Grain.WEEK,)),
    "fiscal_start": ("fiscal_year_start", (Grain.QUARTER, Grain.YEAR)),
}
_WORKING = {"week": "working_week", "holidays": "holidays"}
#: What of a source can change numbers, beside its exclusions, derived columns and checks.
_SOURCE = (
    *("reader", "columns", "key", "latest_by", "time", "until", "through", "known_on", "times_in", "sparse"),
    *("people", "refers"),
)
_WRITTEN = {"reader": "read", "revalued": "formerly"}


class Then:
    """The catalogue of an earlier run, to be compared with today's."""

    def __init__(self, text: str, catalog: Catalog) -> None:
        """`text` is what `identity.text` made of the earlier one."""
        self.then: dict[str, Any] = json.loads(text or "{}")
        self.catalog = catalog
        self.now: dict[str, Any] = json.loads(identity.text(catalog))

    def changes(self, kpi: Kpi) -> Changes:
        """What changed for a KPI."""
        if not self.then:
            return Changes()
        sources = self.catalog.upstream(kpi.name)
        exclusions = {name: changed for name in sources if (changed := self._exclusions(name))}
        return Changes(self._calendar(kpi), exclusions, next(self._definitions(kpi, sources), ""))

    def _calendar(self, kpi: Kpi) -> dict[str, tuple[Grain, ...] | None]:
        found: dict[str, tuple[Grain, ...] | None] = {}
        for key, (word, grains) in _CALENDAR.items():
            if _differ(*self._both("calendar", key)):
                windowed = any(grain.value in str(kpi.window) for grain in grains or ())
                found[word] = None if windowed else grains
        if identity.counts_working_days(kpi, self.catalog):
            found |= {word: None for key, word in _WORKING.items() if _differ(*self._both("working", key))}
        return found

    def _exclusions(self, source: str) -> tuple[Mapping[str, Any], ...]:
        then, now = self._both("sources", source, "exclude")
        if then is None:
            return ()
        before, after = [_rule(one) for one in then], [_rule(one) for one in now]
        return (
            *({**one, "gone": False} for one in now if _rule(one) not in before),
            *({**one, "gone": True} for one in then if _rule(one) not in after),
        )

    def _definitions(self, kpi: Kpi, sources: tuple[str, ...]) -> Iterator[str]:
        """The KPI, those that it reads and their sources, as far as they are defined otherwise: nearest first."""
        for name in (kpi.name, *identity.inputs(kpi, self.catalog)):
            then, now = self._both("kpis", self._known_as(name))[0], self._both("kpis", name)[1]
            if then and (keys := _keys(self._renamed(then, name), now)):
                yield f"{name}: {', '.join(keys)}"
        for name in sources:
            then, now = self._both("sources", name)
            if then and (keys := _source_keys(then, now)):
                yield f"{name}: {', '.join(keys)}"
        if _differ(*self._both("min_group_size")):
            yield "min_group_size"

    def _known_as(self, name: str) -> str:
        """What a KPI was called then."""
        names = (name, *self.catalog.kpis[name].formerly)
        return next((one for one in names if one in self.then["kpis"]), name)

    def _renamed(self, then: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """A KPI of then whose formula calls those that it reads as they are called now: a rename is no change of it."""
        measure = json.dumps(then.get("measure"))
        for read in self.catalog.kpis[name].inputs:
            if (old := self._known_as(read)) != read:
                measure = re.sub(rf"\b{re.escape(old)}\b", read, measure)
        return {**then, "measure": json.loads(measure)} if "measure" in then else then

    def _both(self, *path: str) -> tuple[Any, Any]:
        found = []
        for side in (self.then, self.now):
            value: Any = side
            for step in path:
                value = (value or {}).get(step)
            found.append(value)
        return found[0], found[1]


def _rule(exclusion: Mapping[str, Any]) -> dict[str, Any]:
    return {key: exclusion.get(key) for key in ("where", "first", "through")}


def _source_keys(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The keys of a source whose meaning changed, as people write them. A column that is new changes no other."""
    changed = [key for key in _SOURCE if key in then and _differ(then[key], now[key])]
    if any(_differ(now["derive"].get(name), text) for name, text in then.get("derive", {}).items()):
        changed.append("derive")
    if _differ(_withheld(then), _withheld(now)):
        changed.append("checks")
    return [_WRITTEN.get(key, key) for key in changed]


def _keys(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The keys of a KPI whose meaning changed, as people write them."""
    changed = [key for key in identity.NUMBERS if key in then and _differ(then[key], now[key])]
    if "measure" in changed:
        before, after = _written(then), _written(now)
        own = [key for key in {**before, **after} if key not in SHARED and before.get(key) != after.get(key)]
        changed = [*(own or ["kind"]), *(key for key in changed if key != "measure")]
    if _differ(_withheld(then), _withheld(now)):
        changed.append("checks")
    return [_WRITTEN.get(key, key) for key in changed]


def _withheld(said: Mapping[str, Any]) -> list[Any]:
    """The checks of a KPI or a source that can keep numbers from being shown."""
    return [
        {key: value for key, value in one.items() if key not in ("name", "why")}
        for one in said.get("checks", ())
        if one.get("then") == "withhold"
    ]


def _written(kpi: Mapping[str, Any]) -> dict[str, Any]:
    """A KPI's YAML, key by key."""
    try:
        found = YAML(typ="safe").load(StringIO(kpi.get("written", "")))
    except YAMLError:
        return {}
    inner = next(iter(found.values()), None) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def _differ(then: Any, now: Any) -> bool:
    """True if two of JSON's values say different things; a key that one release did not know yet says nothing."""
    if isinstance(then, dict) and isinstance(now, dict) and then.get("is") == now.get("is"):
        keys = then.keys() & now.keys() if "is" in then else then.keys() | now.keys()
        return any(_differ(then.get(key), now.get(key)) for key in keys if key != "named")
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return any(_differ(a, b) for a, b in zip(then, now, strict=True))
    return bool(then != now)

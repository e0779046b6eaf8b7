"""Chooses KPIs by selectors: names and patterns, `api_*`, and what they have, `grain:hour`, `source:requests`.

`headway run` takes several, and computes what any of them chooses; a comma keeps what all of its parts choose; a `+` at
the end adds every KPI that reads one of them. What a formula reads is computed with it anyway, so it needs no sign.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from headway.catalog import values
from headway.catalog.sqltext import Wrong
from headway.errors import Mistake, UsageError
from headway.model import Alert, Catalog, Kpi, Rank, WatchedChecks, WatchedNumbers, WatchedSource
from headway.periods import Grain

NOTHING = "nothing-selected"
#: What makes a name a pattern.
_SIGNS = "*?["
#: What a KPI may be chosen by -> the values there are, each with the KPIs that have it; some with none.
_OFFERS: Mapping[str, Callable[[Catalog], Iterator[tuple[str, Iterable[str]]]]] = {
    "grain": lambda c: ((grain, (k.name for k in c.kpis.values() if k.grain is grain)) for grain in Grain),
    "area": lambda c: ((area, (k.name for k in c.kpis.values() if k.area == area)) for area in _areas(c)),
    "owner": lambda c: ((owner, (k.name for k in c.kpis.values() if k.owner == owner)) for owner in _owners(c)),
    "rank": lambda c: ((rank, (k.name for k in c.kpis.values() if k.rank is rank)) for rank in Rank),
    "source": lambda c: ((source, reading(c, source)) for source in c.sources),
    "board": lambda c: ((b.name, (one.kpi for tile in b.tiles for one in tile.of)) for b in c.boards.values()),
    "objective": lambda c: ((o.name, (one.kpi for one in o.expects)) for o in c.objectives.values()),
    "alert": lambda c: ((alert.name, watched(c, alert)) for alert in c.alerts.values()),
    "level": lambda c: ((level, _of_level(c, level)) for level in c.levels),
}
#: What is said of a value that no KPI has.
_NONE = {
    "owner": "no KPI belongs to owner '{}'",
    "source": "no KPI reads source '{}'",
    "board": "board '{}' shows no KPI",
    "objective": "objective '{}' expects nothing of a KPI",
    "alert": "alert '{}' watches no KPI",
    "level": "no alert of level '{}' watches a KPI",
}
#: What people write for what a KPI may be chosen by.
_MEANT = {
    "owners": "owner", "areas": "area", "period": "grain", "granularity": "grain", "dashboard": "board",
    "severity": "level", "goal": "objective", "table": "source", "kpi": "", "name": "", "metric": "",
}  # fmt: skip


def kpis(catalog: Catalog, selectors: Sequence[str]) -> list[str]:
    """The KPIs that any of the selectors chooses, in the order of the catalogue; all of them without a selector.

    UsageError for each selector that chooses none.
    """
    if not selectors:
        return list(catalog.kpis)
    found: set[str] = set()
    mistakes = []
    for selector in selectors:
        try:
            found |= chosen(catalog, selector)
        except Wrong as wrong:
            mistakes.append(Mistake(wrong.message, wrong.slug, None, wrong.remedy))
    if mistakes:
        raise UsageError(mistakes)
    return [name for name in catalog.kpis if name in found]


def chosen(catalog: Catalog, selector: str) -> set[str]:
    """The KPIs that one selector chooses; Wrong, marked at its characters, if there is none."""
    found: set[str] | None = None
    start = 0
    for part in selector.split(","):
        some = _part(catalog, part, start)
        if found is not None and not found & some:
            message = f"no KPI is '{selector[: start - 1]}' and '{part}' at once"
            raise Wrong(message, 0, start + len(part), NOTHING, "A comma keeps what both choose.")
        found = some if found is None else found & some
        start += len(part) + 1
    assert found is not None
    return found


def reading(catalog: Catalog, source: str) -> list[str]:
    """The KPIs that read a source, however far away."""
    return [kpi.name for kpi in catalog.kpis.values() if source in catalog.upstream(kpi.name)]


def watched(catalog: Catalog, alert: Alert) -> list[str]:
    """The KPIs that have to be computed for an alert to see something: those it watches, or that read its source."""
    match alert.watches:
        case WatchedNumbers(of=of):
            return list(dict.fromkeys(one.kpi for one in of))
        case WatchedChecks(subject=str(name), of_kpi=True):
            return [name]
        case WatchedSource(source=name) | WatchedChecks(subject=str(name)):
            return reading(catalog, name)
        case WatchedChecks():
            return _measured(catalog.kpis.values())
        case _:
            return []


def _part(catalog: Catalog, text: str, start: int) -> set[str]:
    """What a selector without a comma chooses; `start` is where it stands in the whole."""
    bare = text.removesuffix("+")
    method, colon, wanted = bare.partition(":")
    if not bare or (colon and not wanted):
        message = "a selector is a name, a pattern such as api_*, or what KPIs have, such as grain:hour"
        raise Wrong(message, start, start + len(text), NOTHING)
    found = _having(catalog, method, wanted, start) if colon else _named(catalog, bare, start)
    return found | _readers(catalog, found) if text != bare else found


def _named(catalog: Catalog, text: str, start: int) -> set[str]:
    """The KPIs of a name, or of names that fit a pattern."""
    offers = {kpi.name: _measured([kpi]) for kpi in catalog.kpis.values()}
    if found := _fitting(text, offers):
        return found
    end = start + len(text)
    if text in offers:
        raise Wrong(f"'{text}' is planned and has no numbers yet", start, end, NOTHING)
    if not set(text) & set(_SIGNS):
        remedy = values.near(text, offers) or _had(catalog, text) or "'headway show' lists them all."
        raise Wrong(f"there is no KPI '{text}'", start, end, "unknown-kpi", remedy)
    raise Wrong(f"no KPI has a name like '{text}'", start, end, NOTHING, "'headway show' lists them all.")


def _having(catalog: Catalog, method: str, wanted: str, start: int) -> set[str]:
    """The KPIs that have something: `grain:hour`."""
    if method not in _OFFERS:
        remedy = values.near(method, _OFFERS)
        if method in _MEANT:
            remedy = f"Did you mean '{meant}'?" if (meant := _MEANT[method]) else f"Write '{wanted}' alone."
        message = f"KPIs are chosen by {values.among(_OFFERS)}, not by '{method}'"
        raise Wrong(message, start, start + len(method), NOTHING, remedy)
    offers = {str(value): _measured(catalog.kpis[name] for name in names) for value, names in _OFFERS[method](catalog)}
    if found := _fitting(wanted, offers):
        return found
    begin = start + len(method) + 1
    if wanted in offers:
        message = _NONE.get(method, f"no KPI is of {method} '{{}}'").format(wanted)
        raise Wrong(message, begin, begin + len(wanted), NOTHING)
    remedy = values.near(wanted, offers) or (f"There is {values.among(offers)}." if offers else None)
    raise Wrong(f"there is no {method} '{wanted}'", begin, begin + len(wanted), NOTHING, remedy)


def _fitting(wanted: str, offers: Mapping[str, Iterable[str]]) -> set[str]:
    """All that is offered by values that fit."""
    return {name for value, names in offers.items() if fnmatchcase(value, wanted) for name in names}


def _had(catalog: Catalog, text: str) -> str | None:
    """What is called so and no KPI: `source:requests`."""
    for method, offers in _OFFERS.items():
        if text in {value for value, _ in offers(catalog)}:
            return f"Did you mean '{method}:{text}'?"
    return None


def _readers(catalog: Catalog, names: Collection[str]) -> set[str]:
    """Every KPI that reads one of these, however far away."""
    found = set(names)
    for kpi in catalog.in_order():
        if found & {*kpi.inputs}:
            found.add(kpi.name)
    return found


def _measured(some: Iterable[Kpi]) -> list[str]:
    return [kpi.name for kpi in some if kpi.measure is not None]


def _of_level(catalog: Catalog, level: str) -> Iterator[str]:
    return (name for alert in catalog.alerts.values() if alert.level == level for name in watched(catalog, alert))


def _areas(catalog: Catalog) -> Iterable[str]:
    return dict.fromkeys((*catalog.areas, *(kpi.area for kpi in catalog.kpis.values() if kpi.area)))


def _owners(catalog: Catalog) -> Iterable[str]:
    return dict.fromkeys((*catalog.owners, *(kpi.owner for kpi in catalog.kpis.values() if kpi.owner)))

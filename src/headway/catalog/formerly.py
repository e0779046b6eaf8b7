"""Earlier names: of a KPI, and of values of its breakdowns, so that a series and its history follow a rename.

`formerly: active_users` and `formerly: [active_users, users]` name the KPI; `formerly: {hub: {old: new}}` values of a
breakdown; a list may hold both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headway.catalog import values
from headway.model import cell_value

if TYPE_CHECKING:
    from headway.catalog.bound import Scene
    from headway.catalog.draft import Draft


@dataclass(frozen=True, slots=True)
class Formerly:
    """Names that a KPI had, and values of its breakdowns: column -> old -> new, as texts of cells."""

    names: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read(value: Any) -> Formerly:
    """What stands under `formerly`."""
    names: list[str] = []
    renamed: dict[str, dict[str, str]] = {}
    for item in value if isinstance(value, list) and value else [value]:
        if isinstance(item, dict):
            for column, pairs in item.items():
                renamed.setdefault(values.text(column), {}).update(_pairs(column, pairs))
        elif isinstance(item, str):
            names.append(values.name(item))
        else:
            message = f"an earlier name must stand here, or {{breakdown: {{old: new}}}}, not {values.shown(item)}"
            raise values.wrong(item, message, "wrong-type")
    return Formerly(tuple(dict.fromkeys(names)), renamed)


def _pairs(column: str, pairs: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(pairs, dict):
        message = f"values of {column} are renamed by {{old: new}}, not {values.shown(pairs)}"
        raise values.wrong(pairs, message, "wrong-type")
    news: dict[str, str] = {}
    for old, new in pairs.items():
        was, now = (cell_value(one) if isinstance(one, bool | int | float) else values.text(one) for one in (old, new))
        if now == was:
            raise values.wrong(pairs, f"'{was}' is called so now", "bad-value", "Name what it was called before.")
        if now in map(str, pairs):
            message = f"'{was}' was renamed to '{now}', which has another name itself"
            raise values.wrong(pairs, message, "bad-value", "Name what it is called today.")
        if now in news:
            message = f"'{news[now]}' and '{was}' cannot both have become '{now}': two series are not one"
            raise values.wrong(pairs, message, "bad-value", "Put the values together in a derived column.")
        news[now] = was
        yield was, now


def resolve(drafts: Mapping[str, Draft], scene: Scene) -> None:
    """Complain about names that are still somebody's, and about values of breakdowns that a KPI has not."""
    taken: dict[str, str] = {}
    for name, draft in drafts.items():
        place = draft.document.place(draft.at("formerly"))
        for old in draft.spec.formerly.names:
            if old in scene.declared:
                message = f"{name} was called '{old}', which is a KPI" if old != name else f"{name} is called so now"
                scene.complaints.say(place, message, "duplicate-name", "An earlier name is nobody's name today.")
            elif old in taken:
                message = f"{taken[old]} and {name} cannot both have been called '{old}'"
                scene.complaints.say(place, message, "duplicate-name", "Its history belongs to one of them.")
            taken.setdefault(old, name)
        columns = {column for cross in draft.spec.by for column in cross}
        for column in draft.spec.formerly.values.keys() - columns:
            remedy = values.near(column, columns) or "Values of the breakdowns under 'by' can be renamed."
            scene.complaints.say(place, f"{name} has no breakdown '{column}'", "unknown-name", remedy)

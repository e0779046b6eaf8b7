"""Finds the one key that names a KPI's kind, and answers those that the language does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headway.catalog import values
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.kpispec import KINDS, KpiSpec, quantile
from headway.catalog.spec import keys

#: Words that are no kinds, on purpose -> what says the same.
INSTEAD: Mapping[str, str] = {
    "ratio": "Write a formula: formula: a / b.",
    "change": "A page shows the change of every KPI by itself.",
    "active": "Write distinct: source.column, with a window.",
    "concurrent": "Write open: source.",
    "score": "Write share: source.column, of a column that is true or false.",
    "count_distinct": "Write distinct: source.column.",
    "average": "Write mean: source.column.",
    "avg": "Write mean: source.column.",
    "total": "Write sum: source.column.",
    "expression": "Write formula: a / b.",
    "value": "Write the kind as the key, for example count: source.",
    "kind": "Write the kind as the key, for example count: source.",
    "type": "Write the kind as the key, for example count: source.",
}
#: Keys that every KPI may have: none of them is a misspelt kind.
SHARED = frozenset(keys(KpiSpec))


def model(kind: str) -> type[KpiSpec]:
    """The model of a KPI of a kind that `find` found; of '' that of a planned one."""
    if not kind:
        return KpiSpec
    return KINDS[kind] if kind in KINDS else quantile(kind)


def find(value: Mapping[str, Any], document: Document, path: Steps, complaints: Complaints) -> str | None:
    """The kind of a KPI; '' for one that is planned; None after telling what is wrong."""
    place = document.key_place(path)
    name = path[-1]
    kinds = [key for key in value if key in KINDS or values.QUANTILE.fullmatch(key)]
    if len(kinds) > 1:
        complaints.say(
            document.key_place((*path, kinds[1])),
            f"'{name}' has two kinds, {values.among(kinds).replace(' or ', ' and ')}",
            "two-kinds",
            "Keep one, and make another KPI of the other.",
        )
        return None
    if kinds:
        kind = kinds[0]
        if kind in KINDS or kind == values.quantile(kind):
            return kind
        here = document.key_place((*path, kind))
        complaints.say(here, f"'{kind}' is no kind", "wrong-kind", f"Write {values.quantile(kind)}: source.column.")
        return None
    for key in value:
        if key in INSTEAD and key not in SHARED:
            complaints.say(document.key_place((*path, key)), f"'{key}' is no kind", "wrong-kind", INSTEAD[key])
            return None
    for key in value:
        if key not in SHARED and key not in KpiSpec.later and (meant := values.near(key, KINDS)):
            complaints.say(document.key_place((*path, key)), f"'{key}' is no kind", "no-kind", meant)
            return None
    if value.get("tracked_from") is not None:
        return ""
    complaints.say(
        place,
        f"'{name}' has no kind: what it measures",
        "no-kind",
        f"Add one of {', '.join(KINDS)}; or 'tracked_from', if it is only planned.",
    )
    return None

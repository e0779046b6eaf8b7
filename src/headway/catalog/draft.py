"""A KPI that is well-formed and not resolved yet: its spec, and where it is written."""

from __future__ import annotations

from dataclasses import dataclass

from headway.catalog.document import Document, Steps
from headway.catalog.kpispec import KpiSpec
from headway.catalog.spec import DefaultsSpec


@dataclass(frozen=True, slots=True)
class Draft:
    """A KPI that is well-formed and not resolved yet."""

    name: str
    kind: str
    spec: KpiSpec
    defaults: DefaultsSpec
    document: Document
    path: Steps

    def at(self, *keys: str | int) -> Steps:
        """The path of a key of this KPI."""
        return (*self.path, *keys)

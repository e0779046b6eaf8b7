"""The query of each KPI alone, as its page shows it, with the columns that it reads: written again where it changed.

The shared query of a source is what runs; of each KPI alone the ledger keeps the text. Laying a query out for people
and following its columns takes several times as long as making its steps, so both are kept beside the ledger, by a key
of what they follow from: our version, the KPI's fingerprint, and the steps without their literals, which move with the
clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from headway import __version__
from headway.plan import Lineage, Plan

#: Below a project's folder, beside what else Headway keeps there.
FILE = Path(".headway", "queries.json")


@dataclass(frozen=True, slots=True)
class Written:
    """A query of a KPI alone, as text, and the columns that it reads; None where that cannot be told."""

    sql: str = ""
    lineage: Lineage | None = None


@dataclass
class Queries:
    """What was written for earlier runs, and for this one."""

    file: Path
    #: KPI -> key, text, lineage.
    _kept: dict[str, tuple[str, str, Lineage | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> Queries:
        """Those of the project at `root`; none if they cannot be read."""
        kept = {}
        with suppress(OSError, ValueError, TypeError):
            told = json.loads((root / FILE).read_text("utf-8"))
            kept = {name: (str(key), str(text), lineage) for name, (key, text, lineage) in dict(told).items()}
        return cls(root / FILE, kept)

    def written(self, kpi: str, fingerprint: str, plan: Plan, write: Callable[[], Written]) -> Written:
        """The query of a KPI's own plan: as it was written before, if it still is the same."""
        key = blake2b(f"{__version__}\n{fingerprint}\n{plan.shape}".encode(), digest_size=16).hexdigest()
        known = self._kept.get(kpi)
        if known is None or known[0] != key:
            made = write()
            known = self._kept[kpi] = key, made.sql, made.lineage
        return Written(*known[1:])

    def keep(self, kpis: Mapping[str, object]) -> None:
        """Keep what was written of these KPIs for the next run; without it, that one writes everything again."""
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part = self.file.with_suffix(".part")
            part.write_text(json.dumps({name: one for name, one in self._kept.items() if name in kpis}), "utf-8")
            part.replace(self.file)


__all__ = ["Queries", "Written"]

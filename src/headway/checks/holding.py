"""How many numbers of each KPI a failed check holds back, those of formulas that read them among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway import quality
from headway.model import Kpi, Reason
from headway.periods import Calendar
from headway.plan.numbers import Bools

_OF_CHECKS = (Reason.CHECK_FAILED.value, Reason.INCOMPLETE.value)
_OF_INPUTS = (Reason.INPUT_WITHHELD.value, Reason.INCOMPLETE.value)


@dataclass
class Holding:
    """Failed checks, by their address (`source.check`, `kpi name.check`), and what each of them holds back."""

    _counts: dict[str, dict[str, int]] = field(default_factory=dict)
    #: Grain and key of the periods in which a check holds numbers of a KPI back.
    _periods: dict[tuple[str, str], set[tuple[str, int]]] = field(default_factory=dict)

    def of(self, check: str) -> Mapping[str, int]:
        """By KPI, how many numbers are withheld for a check."""
        return self._counts.get(check, {})

    def touched(self, kpi: Kpi, table: pa.Table, touches: quality.Touches, calendar: Calendar) -> None:
        """Note what checks of sources hold back. A number that two of them touch counts for both."""
        for check, alone in touches.checks().items():
            failed, incomplete = quality.held(kpi, table, alone, calendar)
            self.note(check, kpi, table, failed | incomplete)

    def note(self, check: str, kpi: Kpi, table: pa.Table, held: Bools, reasons: Sequence[str] = _OF_CHECKS) -> None:
        """Note the numbers that are withheld for a check: those of `held` without a value for one of these reasons."""
        is_held = held & pc.is_in(table["reason"], pa.array(reasons)).to_numpy()
        if count := int(is_held.sum()):
            self._counts.setdefault(check, {})[kpi.name] = count
            chosen = table.select(["grain", "period"]).filter(pa.array(is_held)).group_by(["grain", "period"])
            keys = chosen.aggregate([]).to_pylist()
            self._periods[check, kpi.name] = {(row["grain"], row["period"]) for row in keys}

    def read(self, kpi: Kpi, table: pa.Table, inputs: Iterable[str]) -> None:
        """Note what a KPI lacks because KPIs that it reads are held back: in their periods, or in windows of these."""
        inputs = set(inputs)
        lacks = pc.is_in(table["reason"], pa.array(_OF_INPUTS)).to_numpy()
        if not lacks.any():
            return
        keys = list(zip(table["grain"].to_pylist(), table["period"].to_pylist(), strict=True))
        for check in list(self._counts):
            periods = set().union(*(self._periods.get((check, name), set()) for name in inputs))
            if not periods:
                continue
            same = np.array([key in periods for key in keys], dtype=np.bool_) & lacks
            self.note(check, kpi, table, same if same.any() else lacks, _OF_INPUTS)

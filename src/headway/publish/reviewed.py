"""Which review of targets a target comes from: who agreed on it, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headway.formats import dates
from headway.ledger import Reviewed
from headway.model import Audience, Kpi, Target, cell_value
from headway.periods import Calendar


class Decisions:
    """What reviews decided, by KPI, the newest first; the public does not read who did."""

    def __init__(self, reviews: Iterable[Reviewed], calendar: Calendar, audience: Audience) -> None:
        self._calendar = calendar
        self._named = audience is not Audience.PUBLIC
        self._of: dict[str, list[Reviewed]] = {}
        for one in reviews:
            self._of.setdefault(one.kpi, []).insert(0, one)

    def said(self, kpi: Kpi, target: Target) -> str:
        """Decided in the review of Q3 2026 by Ana, 20 Oct 2026; '' for a target that no review decided."""
        for one in self._of.get(kpi.name, ()):
            if any(_is(written, kpi, target) for written in one.targets or ()):
                who = f" by {one.who}" if self._named and one.who else ""
                on = f", {dates.day(self._calendar.day(one.when))}" if one.when else ""
                return f"Decided in the review of {self._quarter(one.period)}{who}{on}"
        return ""

    def _quarter(self, name: str) -> str:
        try:
            return dates.period(self._calendar.parse(name))
        except ValueError:  # of another fiscal year than today's
            return name


def _is(written: Mapping[str, Any], kpi: Kpi, target: Target) -> bool:
    """True if a target was written down so: from the same day, for the same cells, grain and growth."""
    cell = written.get("for") or {}
    grain = kpi.by_grain if target.columns else kpi.grain
    return (
        written.get("from") == (target.first.isoformat() if target.first else None)
        and {column: cell_value(value) for column, value in cell.items() if value != "each"} == dict(target.cell)
        and {column for column, value in cell.items() if value == "each"} == set(target.each)
        and written.get("growth") == (str(target.growth) if target.growth else None)
        and written.get("grain", grain) == target.grain
    )

"""How much of a running period's number should be there by its last complete day, for targets with a pace.

Formula. `linear`: the period's days that are over / its days, for counts, sums, and formulas that grow as these do.
`last year`: what the same days of last year's period had / what that whole period had, for the same cell. The target
times this share is what the judge expects by now.

Edge cases. There is no share without a whole day; while rows of yesterday are missing from a source that is not
`sparse`, because what is there is then not what happened; in the period in which tracking begins or ends; and for
`last year` where last year has nothing, is withheld, or began before the first row. Days are matched by the calendar,
28 February with 28 February and the end of a month with its end, weeks by weekday 52 weeks before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from headway.catalog import course
from headway.model import Catalog, Flag, Kpi, Pace, Target, read_cell
from headway.periods import Grain, Length, Period, Unit, epoch_day
from headway.plan.coverage import Coverage
from headway.plan.numbers import WITHHELD, Numbers
from headway.plan.requests import Request, days_of
from headway.plan.spans import is_cut, period_of_key

#: By pace and grain, then text of the cell and key of the period.
Shares = Mapping[tuple[Pace, Grain], Mapping[tuple[str, int], float]]
_YEAR = Length(1, Unit.YEAR)


def shares(
    catalog: Catalog, kpi: Kpi, inputs: Mapping[Request, pa.Table], coverage: Mapping[str, Coverage], now: datetime
) -> Shares:
    """The share of each period that still runs and of which a target with a pace speaks."""
    if all(target.pace is Pace.NONE for target in kpi.targets):
        return {}
    flows = [catalog.kpis[name] for name in course.flows(kpi, catalog.kpis)]
    begin, through = date.min, catalog.calendar.last_complete_day(now)
    for flow in flows:
        assert flow.source is not None
        days = coverage[flow.source].days(flow.time)
        if days is None:
            return {}
        begin = max(begin, days[0])
        if not catalog.sources[flow.source].sparse:
            through = min(through, days[1])
    last_year = _Course(catalog, inputs.get(days_of(kpi)), begin)
    found: dict[tuple[Pace, Grain], dict[tuple[str, int], float]] = {}
    for target in kpi.targets:
        if target.pace is Pace.NONE:
            continue
        here = found.setdefault((target.pace, target.grain), {})
        for cell, period in _running(catalog, kpi, target, inputs[Request.of(kpi)]):
            last = min(catalog.calendar.last_complete_day(now), period.last)
            if last < period.first or through < last or any(is_cut(one, period) for one in (kpi, *flows)):
                continue
            share: float | None = ((last - period.first).days + 1) / period.days
            if target.pace is Pace.LAST_YEAR:
                share = last_year.share(cell, period, last)
            if share is not None:
                here[cell, period.key] = share
    return found


def _running(catalog: Catalog, kpi: Kpi, target: Target, numbers: pa.Table) -> list[tuple[str, Period]]:
    """The cells and periods that still run and have something so far."""
    own = Numbers.of(numbers, target.grain)
    spoken = np.array([target.speaks_of(read_cell(text)) for text in own.cells], np.bool_)
    own = own.take(((own.flags & Flag.PARTIAL) != 0) & np.isfinite(own.so_far) & spoken[own.cell])
    return [
        (own.cells[cell], period_of_key(catalog.calendar, target.grain, period))
        for cell, period in zip(own.cell.tolist(), own.period.tolist(), strict=True)
    ]


@dataclass
class _Course:
    """A KPI by the day, to look up how last year went."""

    catalog: Catalog
    table: pa.Table | None
    #: The first day that the source can speak of.
    begin: date

    def share(self, cell: str, period: Period, through: date) -> float | None:
        """What last year's period had by the same day, of what it had in the end."""
        calendar = self.catalog.calendar
        before = calendar.earlier(period, _YEAR)
        pair = calendar.same_span(period, through, before)
        if before is None or pair is None or before.first < self.begin or self.table is None:
            return None
        days = Numbers.of(self.table, Grain.DAY)
        mine = days.take(np.array([text == cell for text in days.cells], np.bool_)[days.cell])
        mine = mine.take((mine.period >= epoch_day(before.first)) & (mine.period <= epoch_day(before.last)))
        whole = float(np.nansum(mine.value))
        if np.any(mine.reason >= WITHHELD) or whole <= 0:
            return None
        return float(np.nansum(mine.value[mine.period <= epoch_day(pair[1][1])])) / whole

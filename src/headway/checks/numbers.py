"""Judge a KPI by the checks that it declares, on its numbers, and withhold what fails.

Looked at are the values of own periods that are over, and of those that `equals` names: totals, and by `between` the
cells, too, that are kept by the same periods. A number that is withheld already, or has no data, says nothing; nor does
an imported one, which was not computed. Longer periods are not looked at: a year may well be more than a month may be.

**What is withheld.** The KPI's numbers of the period that fails, its cells and parts too: they come from the same rows.
A flow's numbers of other periods are made of the same days: of longer periods and of shorter ones, and of windows that
reach them. A state's are not, but where they are the very same number: that of December is that of its last day.

**Outliers.** The change from the period before is held against the 24 changes before it, by how many spreads it differs
from their median. The spread is the median distance from the median, 1.4826 times; where most changes are alike, the
mean distance, 1.2533 times. Of fewer than six changes, or of such that are all alike, nothing is said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import isclose
from statistics import fmean, median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway import quality
from headway.checks.findings import MEDIAN_SPREAD
from headway.formats import plurals
from headway.model import (
    Catalog,
    Checked,
    Empty,
    Equals,
    Flag,
    Kpi,
    KpiCheck,
    Limits,
    Outliers,
    Reason,
    Reconcile,
    Take,
    Then,
    asks,
)
from headway.periods import Grain, Period
from headway.plan import Request, evaluate
from headway.plan.numbers import Bools

#: How many changes before one it is held against, at most and at least.
BEFORE = 24
FEWEST = 6
#: A mean distance of a normal distribution, times this, is its standard deviation.
MEAN_SPREAD = 1.2533
#: Two numbers that differ by less, as a share, are the same: adding up in another order rounds differently.
_SAME = 1e-9
#: How many periods a sentence names.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What came of the checks of one KPI: what is kept of each, sentences for people, and the periods that fail.

    `failing` has the periods of each check that withholds, by its name.
    """

    checked: tuple[Checked, ...] = ()
    notes: tuple[str, ...] = ()
    failing: Mapping[str, tuple[Period, ...]] = field(default_factory=dict)


def look(catalog: Catalog, kpi: Kpi, numbers: Mapping[Request, pa.Table], now: datetime) -> Verdicts:
    """Judge a KPI by its checks. `numbers` holds every table there is so far, not hidden for small groups."""
    table = numbers[Request.of(kpi)]
    over = pc.equal(pc.bit_wise_and(table["flags"], int(Flag.PARTIAL | Flag.IMPORTED)), 0)
    table = table.filter(pc.and_(pc.and_(over, pc.equal(table["part"], "")), pc.is_valid(table["value"])))
    facts = _Facts(catalog, kpi, table, numbers, now)
    checked, notes, failing = [], [], dict[str, tuple[Period, ...]]()
    for check in kpi.checks:
        failed, seen = _RULES[type(check.rule)](facts, check.rule)
        text = _sentence(check, kpi, failed)
        checked.append(Checked(check.name, check.family, check.then, not failed, len(failed), seen, text))
        if failed:
            notes.append(text)
        if failed and check.then is Then.WITHHOLD:
            failing[check.name] = tuple(failed)
    return Verdicts(tuple(checked), tuple(notes), failing)


@dataclass(frozen=True)
class _Facts:
    """A KPI's values of periods that are over, and all other numbers."""

    catalog: Catalog
    kpi: Kpi
    table: pa.Table
    numbers: Mapping[Request, pa.Table]
    now: datetime

    def totals(self) -> dict[Grain, dict[int, float]]:
        """The totals by grain and key of the period."""
        table = self.table.filter(pc.equal(self.table["cell"], ""))
        found: dict[Grain, dict[int, float]] = {}
        for grain, key, value in zip(*_columns(table, "grain", "period", "value"), strict=True):
            found.setdefault(Grain(grain), {})[key] = value
        return found

    def own(self) -> dict[int, float]:
        """The totals of own periods, by their key."""
        return self.totals().get(self.kpi.grain, {})

    def periods(self, keys: Sequence[tuple[str, int]]) -> list[Period]:
        """Periods by their grain and key, each once: shorter ones first, in the order of time."""
        found = (self.catalog.calendar.from_key(Grain(grain), key) for grain, key in dict.fromkeys(keys))
        return sorted(found, key=lambda period: (period.grain.rank, period.start))


#: The periods that fail, and how many numbers were looked at.
_Failed = tuple[list[Period], int]


def _between(facts: _Facts, rule: Limits) -> _Failed:
    table = facts.table.filter(pc.equal(facts.table["grain"], facts.kpi.grain.value))
    value = table["value"]
    outside = pa.array(np.zeros(len(table), dtype=bool))
    for limit, beyond in ((rule.low, pc.less), (rule.high, pc.greater)):
        if limit is not None:
            outside = pc.or_(outside, beyond(value, limit))
    failed = table.filter(outside)
    keys = list(zip(*_columns(failed, "grain", "period"), strict=True))
    return facts.periods(keys), len(table)


def _equals(facts: _Facts, rule: Equals) -> _Failed:
    totals = facts.totals()
    known = {p: (totals.get(p.grain, {}).get(p.key), value) for p, value in rule.values.items()}
    there = {period: (value, wanted) for period, (value, wanted) in known.items() if value is not None}
    return [period for period, pair in there.items() if not _agree(*pair, rule.within)], len(there)


def _reconcile(facts: _Facts, rule: Reconcile) -> _Failed:
    other = replace(
        facts.kpi,
        measure=rule.formula,
        by=(),
        window=None,
        take=Take.LAST,
        empty=Empty.NO_DATA,
        targets=(),
        checks=(),
    )
    table = evaluate(facts.catalog, other, facts.numbers, facts.now)
    own = pc.and_(pc.equal(table["grain"], facts.kpi.grain.value), pc.equal(table["cell"], ""))
    table = table.filter(pc.and_(own, pc.is_valid(table["value"])))
    totals = facts.own()
    wanted = {key: number for key, number in zip(*_columns(table, "period", "value"), strict=True) if key in totals}
    failed = [
        (facts.kpi.grain.value, key) for key, number in wanted.items() if not _agree(totals[key], number, rule.within)
    ]
    return facts.periods(failed), len(wanted)


def _columns(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table[name].to_pylist() for name in names]


def _agree(value: float, wanted: float, within: float) -> bool:
    """True if a value is the wanted one, give or take a share of it."""
    return abs(value - wanted) <= within * abs(wanted) or isclose(value, wanted, rel_tol=_SAME, abs_tol=_SAME)


def _outliers(facts: _Facts, rule: Outliers) -> _Failed:
    grain, calendar = facts.kpi.grain, facts.catalog.calendar
    values = facts.own()
    changes: list[tuple[Period, float]] = []
    for key in sorted(values):
        period = calendar.from_key(grain, key)
        before = values.get(calendar.previous(period).key)
        if before is not None:
            changes.append((period, values[key] - before))
    failed, seen = [], 0
    for n, (period, change) in enumerate(changes):
        earlier = [one for _, one in changes[max(0, n - BEFORE) : n]]
        least = _SAME * max(abs(values[period.key]), abs(change))
        spread = _spread(earlier) if len(earlier) >= FEWEST else 0.0
        if spread > least:
            seen += 1
            if abs(change - median(earlier)) / spread > rule.above:
                failed.append(period)
    return failed, seen


def _spread(changes: Sequence[float]) -> float:
    """How much changes differ, whatever a few of them do."""
    middle = median(changes)
    distances = [abs(change - middle) for change in changes]
    return MEDIAN_SPREAD * median(distances) or MEAN_SPREAD * fmean(distances)


_RULES: Mapping[type, Callable[[_Facts, Any], _Failed]] = {
    Limits: _between,
    Equals: _equals,
    Reconcile: _reconcile,
    Outliers: _outliers,
}


def _sentence(check: KpiCheck, kpi: Kpi, failed: Sequence[Period]) -> str:
    """`Check 'equals' failed, what it touches is withheld: 2023-12 is 72; it is not in 2023-12`."""
    rule = asks(check, kpi.unit)
    if not failed:
        return f"Check '{check.name}' passed: {rule}"
    follows = {Then.WARN: "it only warns", Then.WITHHOLD: "what they touch is withheld", Then.STOP: "the run stops"}
    named = ", ".join(period.name for period in failed[:_NAMED])
    more = f" and {plurals.whole(len(failed) - _NAMED)} more" if len(failed) > _NAMED else ""
    why = f". {check.why.rstrip('.')}" if check.why else ""
    return f"Check '{check.name}' failed, {follows[check.then]}: {rule}; not in {named}{more}{why}"


# -- withholding -------------------------------------------------------------------------------------------------------


def withhold(
    catalog: Catalog, request: Request, table: pa.Table, failing: Sequence[Period], beginning: date
) -> pa.Table:
    """The numbers of a request without those that the failing periods of its KPI touch."""
    touched = held(catalog, request, table, failing, beginning)
    return quality.withhold(table, touched, Reason.CHECK_FAILED, catalog.calendar)


def held(catalog: Catalog, request: Request, table: pa.Table, failing: Sequence[Period], beginning: date) -> Bools:
    """Which numbers of a request the failing periods of its KPI touch."""
    kpi, flags = request.resolve(catalog), table["flags"].to_numpy()
    is_own = request == Request.of(catalog.kpis[request.kpi])
    keys = list(zip(*_columns(table, "grain", "period"), strict=True))
    periods = {key: catalog.calendar.from_key(Grain(key[0]), key[1]) for key in dict.fromkeys(keys)}
    over = dict(zip(keys, (flags & Flag.PARTIAL == 0).tolist(), strict=True))
    own = [period for key, period in periods.items() if period.grain is kpi.grain and over[key]]
    moments = _same_moment(kpi, periods, own, failing)
    days = _meeting(catalog, kpi, periods, failing, beginning)
    # A state's value is that of a moment; whatever else there is of it adds up over days.
    states = {part for part in table["part"].unique().to_pylist() if is_own and kpi.is_state_of(part)}
    found = [
        key in (moments if part in states else days) for key, part in zip(keys, table["part"].to_pylist(), strict=True)
    ]
    touched: Bools = np.array(found, dtype=bool) & (flags & Flag.IMPORTED == 0)
    return touched


#: A period of a table of numbers: its grain, and its key.
_Key = tuple[str, int]


def _meeting(
    catalog: Catalog, kpi: Kpi, periods: Mapping[_Key, Period], failing: Sequence[Period], beginning: date
) -> set[_Key]:
    """The periods whose days, or whose windows, meet those that fail."""
    found = set()
    for key, period in periods.items():
        first, last = catalog.calendar.span(kpi.window, period, beginning)
        if any(one.first <= last and first <= one.last for one in failing):
            found.add(key)
    return found


def _same_moment(
    kpi: Kpi, periods: Mapping[_Key, Period], own: Sequence[Period], failing: Sequence[Period]
) -> set[_Key]:
    """The periods of a state that fail, and those that show the very same number, or one made of it."""
    ends = sorted(period.end for period in own)

    def shown(period: Period) -> datetime | None:
        """When the own period ended that a period shows."""
        at = bisect_right(ends, period.end) - 1
        return ends[at] if at >= 0 and ends[at] > period.start else None

    if kpi.take is Take.LAST:
        same = {shown(one) for one in failing} - {None}
        touched = {key for key, period in periods.items() if shown(period) in same}
    else:
        parts = [one for one in failing if one.grain is kpi.grain]
        touched = {key for key, q in periods.items() if any(q.start < one.end and one.start < q.end for one in parts)}
    return touched | {(one.grain.value, one.key) for one in failing}

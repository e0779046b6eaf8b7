"""What can have changed closed numbers, and for each number the first of them that touched it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway import quality
from headway.causes.differing import Differing
from headway.formats import plurals
from headway.model import Because, Catalog, Cause, Changes, Kpi, Reason
from headway.periods import Grain, stretches
from headway.quality.coding import Bools

#: Neighbouring local days, both inclusive; None is open.
Stretch = tuple[date | None, date | None]

_UNKNOWN = Cause(Because.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cause, and which numbers it can have touched: those that read the days, of these grains; None is all of them.

    The days are those of the cause's source, or the last days of periods that somebody typed. With `of_checks` they
    are only those that are withheld for a check, or were.
    """

    cause: Cause
    days: tuple[Stretch, ...] | None = None
    grains: tuple[Grain, ...] | None = None
    of_checks: bool = False


def judge(
    catalog: Catalog,
    kpi: Kpi,
    changed: pa.Table,
    suspects: Sequence[Suspect],
    beginnings: Mapping[str, date],
    otherwise: Cause = _UNKNOWN,
) -> list[Cause]:
    """The cause of each changed number: the first suspect that can have touched it, else `otherwise`.

    `changed` has a row (part, grain, cell, period) for each number, and with `reason` and `was` why there is, and was,
    none; `beginnings` say from which day sources speak.
    """
    causes, left = [otherwise] * len(changed), np.arange(len(changed))
    # A formula may look back, or take a mean of what was before. So what lies before its periods is a suspect, too,
    # but only after all that lie within them.
    for looking_back in (False, True) if kpi.inputs else (False,):
        for suspect in suspects:
            if not len(left):
                return causes
            touched = _Touch(catalog, kpi, suspect, beginnings, looking_back).of(changed.take(pa.array(left)))
            for row in left[touched].tolist():
                causes[row] = suspect.cause
            left = left[~touched]
    return causes


@dataclass(frozen=True, slots=True)
class _Touch:
    """Which numbers of a KPI a suspect can have touched."""

    catalog: Catalog
    kpi: Kpi
    suspect: Suspect
    beginnings: Mapping[str, date]
    looking_back: bool

    def of(self, changed: pa.Table) -> Bools:
        """True for each number that it can."""
        found = self._by_days(changed)
        if self.suspect.of_checks:
            found &= _withheld(changed, "reason") | _withheld(changed, "was")
        if self.suspect.grains is not None:
            found &= pc.is_in(changed["grain"], pa.array([grain.value for grain in self.suspect.grains])).to_numpy()
        return found

    def _by_days(self, changed: pa.Table) -> Bools:
        days, source = self.suspect.days, self.suspect.cause.source
        if days is None or source is None:
            return np.ones(len(changed), dtype=bool)
        if self.looking_back:
            days = tuple((first, None) for first, _ in days)
        if source not in self.catalog.sources:
            return self._in_periods(changed, days)
        found = np.zeros(len(changed), dtype=bool)
        for reader in self._readers():
            if source not in self.catalog.upstream(reader.name):
                continue
            if reader.dated_by not in ((source, None), (source, self.catalog.sources[source].time)):
                return np.ones(len(changed), dtype=bool)  # other days than these date its rows
            found |= self._in_spans(reader, changed, days)
        return found

    def _readers(self) -> Iterator[Kpi]:
        """The KPIs over rows that it is made of, each once."""
        behind = {self.kpi.name: self.kpi}
        for kpi in (ahead := [self.kpi]):
            new = [self.catalog.kpis[name] for name in kpi.inputs if name not in behind]
            behind |= {one.name: one for one in new}
            ahead += new
        return (kpi for kpi in behind.values() if kpi.sources)

    def _in_spans(self, reader: Kpi, changed: pa.Table, days: Sequence[Stretch]) -> Bools:
        """Which numbers have one of these days in the span of days that the reader's number of that period reads."""
        part = changed["part"]
        if reader is not self.kpi:
            part = pa.array([""] * len(changed), pa.string())
            reader = replace(reader, window=self.kpi.window or reader.window)
        observed = changed.select(["grain", "cell", "period"]).append_column("part", part)
        observed = observed.append_column("flags", pa.array(np.zeros(len(changed), dtype=np.int8)))
        failing = [quality.Touch("", first, last) for first, last in days]
        beginning = self.beginnings.get(reader.sources[0], date.min)
        return quality.touched(reader, observed, failing, self.catalog.calendar, beginning)

    def _in_periods(self, changed: pa.Table, days: Sequence[Stretch]) -> Bools:
        """Which numbers have one of these days in their period."""
        found = []
        for grain, key in zip(changed["grain"].to_pylist(), changed["period"].to_pylist(), strict=True):
            period = self.catalog.calendar.from_key(Grain(grain), key)
            found.append(any((a or date.min) <= period.last and period.first <= (b or date.max) for a, b in days))
        return np.array(found, dtype=bool)


def _withheld(changed: pa.Table, column: str) -> Bools:
    """Which numbers are withheld for a check, their own or an input's."""
    if column not in changed.column_names:
        return np.zeros(len(changed), dtype=bool)
    reasons = pa.array([one.value for one in (Reason.CHECK_FAILED, Reason.INPUT_WITHHELD, Reason.INCOMPLETE)])
    found: Bools = pc.is_in(changed[column].cast(pa.string()), reasons).to_numpy()
    return found


# -- suspects --------------------------------------------------------------------------------------------------------


def of_changes(changes: Changes, excluded: Callable[[str, str], int]) -> Iterator[Suspect]:
    """What changed in the catalogue: the calendar, then exclusions, then definitions.

    `excluded` says how many rows of a source an exclusion takes out today, by its reason.
    """
    for word, grains in changes.calendar.items():
        yield Suspect(Cause(Because.CALENDAR, note=word), grains=grains)
    for source, rules in changes.exclusions.items():
        dated = [(_day(rule["first"]), _day(rule["through"])) for rule in rules]
        said = [
            f"no longer left out: {rule['where']} ({rule['why']})"
            if rule["gone"]
            else f"{plurals.count(excluded(source, rule['why']), 'row')} left out: {rule['where']} ({rule['why']})"
            for rule in rules
        ]
        yield Suspect(Cause(Because.EXCLUSION, source, note="; ".join(said)), tuple(dated))
    if changes.definition:
        yield Suspect(Cause(Because.DEFINITION, note=changes.definition))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def of_rows(source: str, found: Differing, reason: Because | None = None) -> Suspect:
    """The rows of a source, or the numbers of a file, that differ from those of then.

    Of rows that came late, were changed and went, the most frequent give the reason; all are counted.
    """
    counts = {Because.CHANGED: found.changed, Because.DELETED: found.deleted, Because.LATE: found.late}
    known = [day for day in found.days if day is not None]
    cause = Cause(
        reason or max(counts, key=lambda because: counts[because]),
        source,
        found.late,
        found.changed,
        found.deleted,
        min(known, default=None),
        max(known, default=None),
        "" if found.exact else "at least; there are too many to count, or they cannot be compared one by one",
    )
    return Suspect(cause, tuple(stretches(found.days)))

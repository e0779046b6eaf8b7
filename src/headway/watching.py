"""Reads from the ledger what alerts look at: published numbers, and what came of sources, checks and changes.

Alerts are judged by what was published, and by nothing else: a run that a page does not show wakes nobody. What a
formula in a bound comes down to is made of published numbers, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from headway import alerts
from headway.alerts import Changed, Looked, Outlook, Reading
from headway.ledger import AsOf, Ledger, Restatement, Run
from headway.model import (
    OBSERVED,
    Alert,
    Alerting,
    Catalog,
    Reason,
    Restated,
    RuleCell,
    Tells,
    Watched,
    WatchedChecks,
    WatchedNumbers,
    WatchedSource,
)
from headway.periods import Grain

if TYPE_CHECKING:  # a tick that has no number to look at needs no SQL
    from headway.plan import Request

#: How many of the newest runs and decisions are known by their time.
_RUNS = 1000


def watch(
    catalog: Catalog,
    ledger: Ledger,
    alerting: Alerting,
    now: datetime,
    only: Collection[str] | None = None,
    as_of: AsOf | None = None,
) -> Outlook:
    """What there is to see for all alerts, or for `only` these; as of a time it is what was published then.

    What is read grows with the numbers that are watched, so that a tick after which nothing was computed should ask for
    what changes by time alone: `alerts.by_time`.
    """
    wanted = [alert for alert in catalog.alerts.values() if only is None or alert.name in only]
    run = ledger.last_run(as_of)
    if run is None:
        return Outlook(events=alerting.events, told=_told(alerting))
    shelf = _Shelf(catalog, ledger, as_of)
    numbers = [(alert, watches, one) for alert, watches in _of_numbers(wanted) for one in watches.of]
    watched = {one.kpi for _, _, one in numbers}
    return Outlook(
        numbers=shelf.tables((watches.part(one), one) for _, watches, one in numbers),
        failed={one.kpi: one.message for one in ledger.failures(run.id) if one.kpi in watched},
        bounds=_bounds(catalog, shelf, numbers, now),
        readings=_readings(ledger, run, wanted),
        checks=_checks(ledger, wanted, as_of),
        restated=_restated(catalog, ledger, wanted, as_of),
        events=alerting.events,
        told=_told(alerting),
    )


def judged(
    catalog: Catalog, ledger: Ledger, alerting: Alerting, now: datetime, only: Collection[str] | None = None
) -> list[alerts.Step]:
    """What becomes of every rule-cell, or of those of `only` some alerts, of which anything changes."""
    outlook = watch(catalog, ledger, alerting, now, only)
    return list(alerts.judge(catalog, outlook, {one.of: one for one in alerting.states}, now, only))


def _of_numbers(wanted: Iterable[Alert]) -> Iterator[tuple[Alert, WatchedNumbers]]:
    for alert in wanted:
        if isinstance(alert.watches, WatchedNumbers):
            yield alert, alert.watches


class _Shelf:
    """Published numbers, each table read once."""

    def __init__(self, catalog: Catalog, ledger: Ledger, as_of: AsOf | None) -> None:
        self._catalog, self._ledger, self._as_of = catalog, ledger, as_of
        self._whole: dict[str, pa.Table] = {}

    def tables(self, wanted: Iterable[tuple[str, Watched]]) -> dict[str, pa.Table]:
        """What is watched of each KPI: its parts and grains, the cells only where any is watched."""
        cells: dict[tuple[str, str, Grain], bool] = {}
        for part, one in wanted:
            key = (one.kpi, part, one.grain)
            cells[key] = cells.get(key, False) or bool(one.columns)
        found: dict[str, list[pa.Table]] = {}
        for (kpi, part, grain), some in cells.items():
            table = self._ledger.read(kpi, part=part, grain=grain, cells=some, as_of=self._as_of)
            found.setdefault(kpi, []).append(table)
        return {kpi: pa.concat_tables(tables) for kpi, tables in found.items()}

    def inputs(self, watches: WatchedNumbers, watched: Watched) -> Mapping[Request, pa.Table]:
        """All numbers of the KPIs that an alert's formulas read, and of the one that they bound."""
        from headway.plan import Request  # as in `_bounds`

        names = dict.fromkeys([watched.kpi, *(name for formula in watches.formulas for name in formula.inputs)])
        return {Request.of(self._catalog.kpis[name]): self._all(name) for name in names}

    def _all(self, kpi: str) -> pa.Table:
        if kpi not in self._whole:
            import pyarrow.compute as pc  # takes a while, as in `_bounds`

            table = self._ledger.read(kpi, part=None, as_of=self._as_of).select(OBSERVED.names)
            # The ledger alone says that a change waits; to what reads the number it is withheld like any other.
            reason = table["reason"]
            waits = pc.equal(reason, Reason.CHANGE_WAITS.value)
            held = pc.if_else(waits, Reason.INPUT_WITHHELD.value, reason)
            self._whole[kpi] = table.set_column(table.schema.get_field_index("reason"), OBSERVED.field("reason"), held)
        return self._whole[kpi]


def _bounds(
    catalog: Catalog, shelf: _Shelf, numbers: Sequence[tuple[Alert, WatchedNumbers, Watched]], now: datetime
) -> dict[tuple[str, str], alerts.Bounds]:
    """What the formulas in bounds come down to."""
    written = [one for one in numbers if one[1].formulas]
    if not written:
        return {}
    from headway import plan  # brings SQL, which takes longer to import than most ticks take

    return {
        (alert.name, one.kpi): plan.thresholds(catalog, watches, one, shelf.inputs(watches, one), now)
        for alert, watches, one in written
    }


def _readings(ledger: Ledger, run: Run, wanted: Iterable[Alert]) -> dict[str, Reading]:
    """What came of the newest attempt to read each source that is watched."""
    names = {alert.watches.source for alert in wanted if isinstance(alert.watches, WatchedSource)}
    if not names:
        return {}
    tried, _ = ledger.last_tried(run.id)
    read = ledger.last_loads()
    found = {}
    for name in names & tried.keys():
        newest = read[name].newest if name in read else None
        moment = datetime.fromisoformat(newest) if newest else None
        found[name] = Reading(tried[name].at, moment, tried[name].load.failed or "")
    return found


def _checks(ledger: Ledger, wanted: Iterable[Alert], as_of: AsOf | None) -> dict[str, list[Looked]]:
    """The last looks at each check that the newest run had which looked at its source or KPI, if any is watched."""
    if not any(isinstance(alert.watches, WatchedChecks) for alert in wanted):
        return {}
    standings = ledger.checks(as_of)
    newest: dict[tuple[str, str], int] = {}
    for one in standings:
        subject = (one.of, one.subject)
        newest[subject] = max(newest.get(subject, 0), one.looks[-1].run)
    found: dict[str, list[Looked]] = {}
    for one in standings:
        if one.looks[-1].run == newest[one.of, one.subject]:
            # A source and a KPI may have one name, and a check of one name each.
            found.setdefault(f"{one.subject}.{one.found.check}", []).extend(
                Looked(
                    look.at,
                    look.passed,
                    one.found.text if look is one.looks[-1] and not look.passed else "",
                    look.failed,
                )
                for look in one.looks
            )
    return {name: sorted(looks, key=lambda look: look.at) for name, looks in found.items()}


def _restated(
    catalog: Catalog, ledger: Ledger, wanted: Iterable[Alert], as_of: AsOf | None
) -> dict[str, list[Changed]]:
    """The changes of closed numbers of each KPI whose restatements are watched."""
    of = {one.kpi for _, watches in _of_numbers(wanted) if isinstance(watches.when, Restated) for one in watches.of}
    if not of:
        return {}
    from headway.publish.restated import sentence  # brings what draws tables, which a tick rarely needs
    from headway.publish.stored import Periods

    periods = Periods(catalog.calendar)
    runs = sorted((run.id, run.finished) for run in ledger.runs(_RUNS) if run.finished is not None)
    found: dict[str, list[Changed]] = {}
    for one in ledger.restatements(as_of=as_of):
        names = of & {part.kpi for part in one.kpis}
        if names:
            change = Changed(one.seen, _over(one, runs), sentence(one, catalog, periods))
            for name in names:
                found.setdefault(name, []).append(change)
    return found


def _over(one: Restatement, runs: Iterable[tuple[int, datetime]]) -> datetime | None:
    """When a change was over: decided, withdrawn, or published and followed by another run."""
    if one.state == "waiting":
        return None
    if one.decision is not None:
        return one.decision.when
    last = one.latest if one.state == "withdrawn" else one.latest + 1
    return next((finished for run, finished in runs if run >= last), None)


def _told(alerting: Alerting) -> dict[RuleCell, tuple[str, str]]:
    """The level and route of what was told to begin."""
    return {one.of: (one.level, one.route) for one in alerting.notices if one.tells is Tells.START}


__all__ = ["judged", "watch"]

"""Judge what a source's declared checks counted: which of them fail, on which days, and how to say so.

**Rules over rows** fail if a larger share of the rows that they look at fails than `tolerate` allows.

**Rules over days and periods** look at periods that the source can speak of and that are over, `late_after` included.
`fresh` alone asks about now: what it cannot vouch for begins on the day of the newest row. `deadline` asks about every
period since the first row, whatever the newest one is. `outliers` holds a day against the same weekdays of the 90 days
before: by how many spreads it differs from their median. The spread is the median distance from the median, 1.4826
times, as of a normal distribution; but no less than chance gives to a count, the root of the median, and never below
one row. Of fewer than five such days before nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from math import sqrt
from statistics import median
from typing import Any

import pyarrow as pa
from sqlglot import exp

from headway.checks import declared
from headway.checks.touching import Failing, Found, What
from headway.formats import plurals
from headway.model import (
    OF_ROWS,
    Catalog,
    Check,
    Checked,
    Covers,
    Deadline,
    Fresh,
    Outliers,
    Schemas,
    Source,
    Then,
    asks,
)
from headway.periods import Calendar, Grain, Period, stretches
from headway.plan import Coverage
from headway.plan.coverage import times_of

#: A median distance of a normal distribution, times this, is its standard deviation.
MEDIAN_SPREAD = 1.4826
#: How far back, and how many days like it, a day is held against.
BEFORE = timedelta(days=90)
FEWEST = 5
#: How many periods a sentence names.
_NAMED = 3


def ask(
    catalog: Catalog, schemas: Schemas, source: str, covered: Coverage, now: datetime
) -> tuple[exp.Query, dict[str, pa.Table]]:
    """What to ask for the declared checks of a source, whose `covered` says of which periods it can speak."""
    checks = enumerate(catalog.sources[source].checks)
    facts = _Facts(catalog, catalog.sources[source], covered, now, [], {})
    periods = {n: facts.spoken_of(c.rule.grain) for n, c in checks if isinstance(c.rule, Covers) and c.rule.of}
    return declared.by_day(catalog, schemas, source, now, periods)


def judge(catalog: Catalog, source: str, covered: Coverage, now: datetime, answer: pa.Table) -> Found:
    """Read the answer to `ask`."""
    rows = answer.to_pylist()
    numbered = "number" in answer.column_names
    by_day = [row for row in rows if not numbered or row["number"] is None]
    shares: dict[tuple[int, int], tuple[int, int]] = {}
    parts: dict[int, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows if numbered else ():
        if row["number"] is None:
            continue
        if row.get("period") is not None:
            shares[row["number"], row["period"]] = row["covered"], row["alive"]
        else:
            parts.setdefault(row["number"], {}).setdefault(row["part"], []).append(row)
    facts = _Facts(catalog, catalog.sources[source], covered, now, by_day, shares)
    found = Found()
    for n, check in enumerate(catalog.sources[source].checks):
        is_of_rows = isinstance(check.rule, OF_ROWS)
        said = (
            facts.of_rows(n, check)
            if is_of_rows
            else facts.of_parts(n, check, parts.get(n, {}))
            if check.by
            else facts.of_periods(n, check)
        )
        text = _sentence(check, said)
        found.checked.append(Checked(check.name, check.family, check.then, said.passed, said.failed, said.seen, text))
        if said.failed:
            found.notes.append(f"{text}.")
        if not said.passed and check.then is Then.WITHHOLD:
            what: What = "rows" if is_of_rows else "periods"
            number, failed = (n, said.failed) if is_of_rows else (None, 0)
            address = f"{source}.{check.name}"
            found.failing.extend(
                Failing(address, what, time, first, last, number=number, rows=failed, part=part)
                for time, first, last, part in said.where
            )
    return found


#: A column of time, the first and last day, and the part of the rows, as a column and its value.
_Where = tuple[str | None, date | None, date | None, tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class _Said:
    """What one check came to, and where it fails."""

    passed: bool
    failed: int
    seen: int
    finding: str
    where: Sequence[_Where] = ()


@dataclass(frozen=True)
class _Facts:
    """What is known of one source: its rows by day, and what was covered by period."""

    catalog: Catalog
    source: Source
    covered: Coverage
    now: datetime
    rows: Sequence[Mapping[str, Any]]
    shares: Mapping[tuple[int, int], tuple[int, int]]

    @property
    def calendar(self) -> Calendar:
        """How the project cuts time."""
        return self.catalog.calendar

    @cached_property
    def own(self) -> Sequence[Mapping[str, Any]]:
        """Each row of the source once: by its own time, or by the first column that dates it."""
        return [row for row in self.rows if row["time"] == self.first_time]

    @cached_property
    def first_time(self) -> str | None:
        """The source's own time, or the first column that dates its rows."""
        return next(iter(times_of(self.catalog, self.source.name)), None)

    # -- rules over rows -------------------------------------------------------------------------------------------

    def of_rows(self, n: int, check: Check) -> _Said:
        """The days on which rows fail, by each column that dates them."""
        failed, seen = (sum(int(row[f"{word}_{n}"]) for row in self.own) for word in ("failed", "looked"))
        where: list[_Where] = []
        for time in dict.fromkeys(row["time"] for row in self.rows):
            days = [row["day"] for row in self.rows if row["time"] == time and row[f"failed_{n}"]]
            where += [(time, first, last, None) for first, last in stretches(days)]
        tolerated = not failed or failed / seen <= check.tolerate
        return _Said(
            tolerated,
            failed,
            seen,
            f"{plurals.whole(failed)} of {plurals.count(seen, 'row')} {_do(failed)} not",
            where,
        )

    # -- rules over days and periods -------------------------------------------------------------------------------

    def of_periods(self, n: int, check: Check) -> _Said:
        """The periods, or days, that fail."""
        match check.rule:
            case Fresh():
                return self.fresh(n, check.rule)
            case Deadline():
                return self.deadline(n, check.rule)
            case Outliers():
                return self.outliers(n, check.rule)
            case Covers():
                return self.coverage(n, check.rule)
        raise AssertionError(check.rule)

    def of_parts(self, n: int, check: Check, parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> _Said:
        """The same of each part of the rows: of a cluster, as if the source held its rows alone."""
        assert check.by
        looked = {value: rows for value, rows in sorted(parts.items()) if any(row[f"looked_{n}"] for row in rows)}
        failing = {}
        for value, rows in looked.items():
            first = min((row["day"] for row in rows if row["day"] is not None), default=None)
            covered = replace(self.covered, first=first)
            alone = replace(self, covered=covered, rows=[{**row, "time": self.first_time} for row in rows])
            if not (said := alone.of_periods(n, check)).passed:
                failing[value] = said
        where = [
            (time, first, last, (check.by, value))
            for value, said in failing.items()
            for time, first, last, _ in said.where
        ]
        told = [f"{value} ({said.finding})" for value, said in failing.items()]
        more = f", and {plurals.whole(len(told) - _NAMED)} more" if len(told) > _NAMED else ""
        of_all = f"{plurals.whole(len(failing))} of {plurals.whole(len(looked))}"
        finding = f"{of_all} {_do(len(failing))} not: {', '.join(told[:_NAMED])}{more}"
        return _Said(not failing, len(failing), len(looked), finding, where)

    def fresh(self, n: int, rule: Fresh) -> _Said:
        """How old the newest row is."""
        newest = max((row[f"newest_{n}"] for row in self.own if row[f"newest_{n}"] is not None), default=None)
        if newest is None:
            nowhere = "there is no row"
            return _Said(passed=False, failed=1, seen=1, finding=nowhere, where=self.since(None, None))
        through = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(newest))
        passed = self.now - through <= rule.length.elapsed
        local = through.astimezone(self.calendar.tz)
        finding = f"the data end on {local:%Y-%m-%d at %H:%M}"
        return _Said(passed, int(not passed), 1, finding, self.since(self.calendar.day(through), None))

    def deadline(self, n: int, rule: Deadline) -> _Said:
        """The periods that had no rows when it was time."""
        days = self.days(n)
        over = [p for p in self.periods(rule.grain, self.today) if p.end + rule.within.elapsed <= self.now]
        late = [p for p in over if not any(days.get(day) for day in _days(p))]
        return self.told(late, len(over), "without rows")

    def coverage(self, n: int, rule: Covers) -> _Said:
        """The periods of which too little is there."""
        periods = self.spoken_of(rule.grain)
        days = self.days(n) if rule.of is None else {}
        lacking, seen = [], 0
        for period in periods:
            if rule.of is None:
                wanted = [day for day in _days(period) if self.covered.first and day >= self.covered.first]
                there, alive = sum(bool(days.get(day)) for day in wanted), len(wanted)
            else:
                there, alive = self.shares.get((n, period.key), (0, 0))
            seen += bool(alive)
            if alive and there / alive < rule.at_least:
                lacking.append(period)
        return self.told(lacking, seen, "with too few")

    def outliers(self, n: int, rule: Outliers) -> _Said:
        """The days with far more, or far fewer, rows than others like them."""
        days = self.days(n)
        over = self.spoken_of(Grain.DAY)
        first = over[0].first if over else date.max
        unusual, seen = [], 0
        for period in over:
            day = period.first
            alike = [day - timedelta(days=back) for back in range(7, BEFORE.days + 1, 7)]
            before = [days.get(one, 0) for one in alike if one >= first]
            if len(before) >= FEWEST:
                seen += 1
                if _score(days.get(day, 0), before) > rule.above:
                    unusual.append(period)
        return self.told(unusual, seen, "with unusually many or few rows")

    # -- what they share -------------------------------------------------------------------------------------------

    def days(self, n: int) -> dict[date, int]:
        """How many rows each day has that the check looks at."""
        return {row["day"]: int(row[f"looked_{n}"]) for row in self.own if row["day"] is not None}

    @property
    def today(self) -> date:
        """The local day of now."""
        return self.calendar.day(self.now)

    def periods(self, grain: Grain, last: date) -> list[Period]:
        """The periods from the first row's on."""
        first = self.covered.first
        return self.calendar.between(grain, first, last) if first is not None else []

    def spoken_of(self, grain: Grain) -> list[Period]:
        """The periods that the source can speak of, and that are over."""
        last = self.today if self.source.sparse else self.covered.horizon
        late = self.source.late_after.elapsed if self.source.late_after else timedelta()
        found = self.periods(grain, last) if last is not None else []
        return [period for period in found if not self.calendar.is_partial(period, self.now, late)]

    def told(self, failing: Sequence[Period], seen: int, lacking: str) -> _Said:
        """What to say of the periods that fail, and which days they touch."""
        where: list[_Where] = []
        for first, last in stretches([day for period in failing for day in _days(period)]):
            where += self.since(first, last)
        named = ", ".join(period.name for period in failing[-_NAMED:])
        more = f"{plurals.whole(len(failing) - _NAMED)} before, and " if len(failing) > _NAMED else ""
        grain = failing[0].grain if failing else Grain.DAY
        finding = f"{plurals.count(len(failing), grain)} {lacking}: {more}{named}"
        return _Said(not failing, len(failing), seen, finding, where)

    def since(self, first: date | None, last: date | None) -> list[_Where]:
        """Days of the source's own time. By another column, what is missing there may be dated any day since."""
        others = [time for time in times_of(self.catalog, self.source.name) if time != self.source.time]
        return [(self.source.time, first, last, None), *((time, first, None, None) for time in others)]


def _score(count: int, before: Sequence[int]) -> float:
    """By how many spreads a count differs from those before it."""
    middle = median(before)
    distance = median(abs(one - middle) for one in before)
    return abs(count - middle) / max(MEDIAN_SPREAD * distance, sqrt(middle), 1.0)


def _days(period: Period) -> list[date]:
    return [period.first + timedelta(days=n) for n in range(period.days)]


def _sentence(check: Check, said: _Said) -> str:
    """`Check 'between' failed: 3 of 1,204 rows do not: minutes is 0 or more. What they touch is withheld`."""
    rule = asks(check)
    why = f". {check.why.rstrip('.')}" if check.why else ""
    if not said.failed:
        return f"Check '{check.name}' passed: {rule}"
    finding = f"{rule}; {said.finding}"
    if said.passed:
        return f"Check '{check.name}' passed: {finding}, of which {check.tolerate * 100:g} % are tolerated{why}"
    follows = {Then.WARN: "it only warns", Then.WITHHOLD: "what they touch is withheld", Then.STOP: "the run stops"}
    return f"Check '{check.name}' failed, {follows[check.then]}: {finding}{why}"


def _do(count: int) -> str:
    return "does" if count == 1 else "do"

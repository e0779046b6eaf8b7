"""The checks that a source declares: what fails, how it is said, and which days it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from textwrap import indent
from typing import Any

import pytest

from headway import checks
from headway.checks import Failing, Found
from headway.errors import CatalogError
from headway.model import Catalog, Checked, Family, Then

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

PROJECT = """
project: checks
timezone: {zone}
sources:
  sessions:
    read: {{files: unused.csv}}
    columns:
      {{id: integer, at: timestamp, done: timestamp, on: date, hub: text, minutes: number, good: boolean, tags: list,
       age: integer}}
    key: id
    time: {time}
    refers: {{hub: {{source: hubs, optional: true}}}}
{more}
    checks:
{declared}
  hubs:
    read: {{files: unused.csv}}
    columns: {{hub: text, cluster: text, created: date, retired: date}}
    key: hub
    time: created
    until: retired
    sparse: true
    refers: {{cluster: {{source: clusters, optional: true}}}}
  clusters:
    read: {{files: unused.csv}}
    columns: {{cluster: text}}
    key: cluster
kpis:
  sessions:    {{count: sessions, by: [hub]}}
  done:        {{count: sessions, time: done}}
  by_cluster:  {{count: sessions, by: [hub.cluster]}}
  hubs:        {{open: hubs}}
"""


@dataclass(frozen=True)
class Look:
    """What came of the declared checks of sessions."""

    catalog: Catalog
    schemas: Any
    found: Found

    def __getitem__(self, name: str) -> Checked:
        return next(one for one in self.found.checked if one.check == name)

    @property
    def only(self) -> Checked:
        """What came of the one check there is."""
        (one,) = self.found.checked
        return one

    def days(self, time: str | None = "at") -> list[tuple[date | None, date | None]]:
        """The days that fail, by a column of time."""
        return sorted(
            ((one.first, one.last) for one in self.found.failing if one.time == time),
            key=lambda pair: (str(pair[0]), str(pair[1])),
        )

    def touched(self, kpi: str) -> list[tuple[date | None, date | None]]:
        """The days on which a KPI is touched."""
        failing = {"sessions": self.found.failing}
        found = checks.touching(self.catalog, self.schemas, self.catalog.kpis[kpi], failing)
        return [(one.first, one.last) for one in found]


def look(
    workbench: Any,
    declared: str,
    rows: Sequence[Mapping[str, Any]],
    others: Mapping[str, Any] | None = None,
    *,
    now: datetime = NOW,
    zone: str = "UTC",
    dated: str = "at",
    more: str = "",
) -> Look:
    """Judge these checks on these rows of sessions."""
    lines = indent("\n".join(f"- {line}" for line in declared.strip().splitlines()), " " * 6)
    text = PROJECT.format(zone=zone, time=dated, declared=lines, more=indent(more, " " * 4))
    catalog = workbench.project(text)
    numbered = [{"id": n, **row} for n, row in enumerate(rows)]
    schemas = workbench.attach(catalog, {"sessions": numbered, **(others or {})})
    covered = workbench.coverage(catalog, schemas, now)["sessions"]
    answer = workbench.engine.execute(*checks.ask(catalog, schemas, "sessions", covered, now))
    return Look(catalog, schemas, checks.judge(catalog, "sessions", covered, now, answer))


def at(day: int, hour: int = 9, month: int = 3) -> datetime:
    """A moment of March 2026."""
    return datetime.combine(date(2026, month, day), time(hour))


# -- rules over rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        ("{not_null: [minutes, hub]}", {"minutes": 1.0, "hub": "a"}, {"minutes": 1.0}),
        ("{between: {minutes: [0, 60]}}", {"minutes": 60.0}, {"minutes": 60.1}),
        ("{between: {minutes: [0, 60]}}", {"minutes": 0.0}, {"minutes": -0.1}),
        ("{between: {minutes: [0, null]}}", {"minutes": None}, {"minutes": -0.1}),
        ("{between: {age: [1, null], minutes: [0, 60]}}", {"age": 1, "minutes": None}, {"age": None, "minutes": 61.0}),
        ("{between: {done: [2026-01-01, 2026-01-31]}}", {"done": at(31, 23, 1)}, {"done": at(1, 0, 2)}),
        ("{between: {on: [2026-01-01, null]}}", {"on": date(2026, 1, 1)}, {"on": date(2025, 12, 31)}),
        ("{rule: done >= at}", {"done": at(1, 9)}, {"done": at(1, 8)}),
        ("{rule: minutes > 0}", {"minutes": None}, {"minutes": 0.0}),
        ("{latency: {from: at, to: done, at_most: 1 hour}}", {"done": at(1, 10)}, {"done": at(3, 11)}),
        ("{latency: {from: at, to: done, at_most: 1 hour}}", {"done": None}, {"done": at(3, 11)}),
        ("{one_of: {hub: [a, b]}}", {"hub": "a"}, {"hub": "A"}),
        ("{one_of: {age: [1, 2]}}", {"age": 2}, {"age": 3}),
        ("{one_of: {good: [true]}}", {"good": True}, {"good": False}),
        ("{one_of: {hub: [1, true]}}", {"hub": "true"}, {"hub": "yes"}),
        ("{one_of: {tags: [x, y]}}", {"tags": ["x", "y", None]}, {"tags": ["x", "z"]}),
        ("{one_of: {tags: [x, y]}}", {"tags": []}, {"tags": ["z"]}),
        (r"{matches: {hub: '^[a-z]+\d?$'}}", {"hub": "alder2"}, {"hub": "Alder"}),
        ("{matches: {hub: ald}}", {"hub": "the alder"}, {"hub": "birch"}),
        ("{matches: {hub: it's}}", {"hub": "it's"}, {"hub": "its"}),
    ],
)
def test_a_rule_over_rows_fails_where_it_does_not_hold(
    workbench: Any, declared: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    """Limits are inclusive; null passes but for `not_null`."""
    passes = look(workbench, declared, [{"at": at(1), **good}])
    assert passes.only.passed
    assert (passes.only.failed, passes.only.seen, passes.found.notes, passes.days()) == (0, 1, [], [])
    fails = look(workbench, declared, [{"at": at(1), **good}, {"at": at(1), **bad}, {"at": at(3), **bad}])
    assert not fails.only.passed
    assert (fails.only.failed, fails.only.seen) == (2, 3)
    assert fails.days() == [(date(2026, 3, 1), date(2026, 3, 1)), (date(2026, 3, 3), date(2026, 3, 3))]


def test_unique_looks_at_all_columns_together_and_at_rows_that_have_them(workbench: Any) -> None:
    """Two rows without a hub are not the same; nor is a row a copy of one that is not looked at."""
    rows = [
        {"at": at(1), "hub": "a", "age": 1},
        {"at": at(2), "hub": "a", "age": 2},
        {"at": at(4), "hub": "a", "age": 1},
        {"at": at(5), "age": 1},
        {"at": at(5), "age": 1},
    ]
    found = look(workbench, "{unique: [hub, age]}", rows)
    assert (found.only.failed, found.only.seen) == (2, 5)
    assert [first for first, _ in found.days()] == [date(2026, 3, 1), date(2026, 3, 4)]
    found = look(workbench, "{unique: [hub, age], where: at > '2026-03-01 10:00'}", rows)
    assert (found.only.passed, found.only.failed, found.only.seen) == (True, 0, 4)


def test_what_may_fail_is_a_share_of_the_rows_looked_at(workbench: Any) -> None:
    """At the very border it is tolerated, and said; `where` chooses the rows of which it is a share."""
    rows = [{"at": at(1), "minutes": 1.0, "hub": "a"}] * 997 + [{"at": at(2), "minutes": -1.0, "hub": "a"}] * 3
    found = look(workbench, "{between: {minutes: [0, null]}, tolerate: 0.3 %}", rows)
    assert found.only == Checked(
        "between",
        Family.ACCURACY,
        Then.WITHHOLD,
        passed=True,
        failed=3,
        seen=1000,
        text="Check 'between' passed: minutes is 0 or more; 3 of 1,000 rows do not, of which 0.3 % are tolerated",
    )
    assert found.found.failing == []
    assert found.found.notes == [f"{found.only.text}."]
    assert not look(workbench, "{between: {minutes: [0, null]}, tolerate: 0.29 %}", rows).only.passed
    some = "{between: {minutes: [0, null]}, tolerate: 0.3 %, where: hub = 'a' and minutes < 1}"
    assert (look(workbench, some, rows).only.passed, look(workbench, some, rows).only.seen) == (False, 3)


def test_a_check_says_what_fails_how_much_and_what_follows_and_nothing_of_the_rows(workbench: Any) -> None:
    """The reason that somebody wrote is added."""
    declared = """
{one_of: {hub: [a, b]}, why: Nobody else has servers., name: known hubs}
{between: {minutes: [0, 60]}, then: warn}
{rule: minutes < 100, where: hub = 'x', then: stop}
"""
    found = look(workbench, declared, [{"at": at(1), "hub": "x", "minutes": 1000.0}, {"at": at(1), "hub": "a"}])
    assert found.found.notes == [
        "Check 'known hubs' failed, what they touch is withheld: hub is a or b; 1 of 2 rows does not. "
        "Nobody else has servers.",
        "Check 'between' failed, it only warns: minutes is from 0 to 60; 1 of 2 rows does not.",
        "Check 'rule' failed, the run stops: minutes < 100, where hub = 'x'; 1 of 1 row does not.",
    ]
    assert [one.check for one in found.found.failing] == ["sessions.known hubs"]


def test_rows_without_time_touch_every_period_and_rows_of_the_future_theirs(workbench: Any) -> None:
    """As for keys: which periods a row without time belongs to, nobody can say."""
    rows = [{"at": at(1)}, {"at": None, "minutes": -1.0}, {"at": at(20), "minutes": -1.0}]
    found = look(workbench, "{between: {minutes: [0, null]}}", rows)
    assert found.days() == [(date(2026, 3, 20), date(2026, 3, 20)), (None, None)]


def test_a_row_fails_on_the_day_of_each_column_that_dates_a_kpi(workbench: Any) -> None:
    """And by a second column only if it has that day; it is one failing row all the same."""
    rows = [{"at": at(1), "done": at(5), "minutes": -1.0}, {"at": at(2), "minutes": -1.0}]
    found = look(workbench, "{between: {minutes: [0, null]}}", rows)
    assert (found.only.failed, found.only.seen) == (2, 2)
    assert found.touched("sessions") == [(date(2026, 3, 1), date(2026, 3, 2))]
    assert found.touched("done") == [(date(2026, 3, 5), date(2026, 3, 5))]


def test_a_rule_may_look_through_references(workbench: Any) -> None:
    """Columns of what the rows refer to are found as in a KPI."""
    hubs = [{"hub": "a", "cluster": "north", "created": date(2026, 3, 5)}]
    rows = [{"at": at(1), "hub": "a"}, {"at": at(6), "hub": "a"}, {"at": at(1), "hub": "unknown"}]
    found = look(workbench, "{rule: at >= hub.created}\n{not_null: hub.cluster}", rows, {"hubs": hubs})
    assert (found["rule"].failed, found["not_null"].failed) == (1, 1)


def test_excluded_rows_and_earlier_versions_are_not_looked_at(workbench: Any) -> None:
    """Checks come after the latest version of each key is kept and rows are taken out."""
    rows = [
        {"id": 7, "at": at(1), "minutes": -1.0, "age": 1},
        {"id": 7, "at": at(1), "minutes": 5.0, "age": 2},
        {"id": 8, "at": at(1), "minutes": -1.0, "hub": "broken"},
    ]
    more = "latest_by: age\nexclude: [{where: hub = 'broken', why: It was broken.}]"
    found = look(workbench, "{between: {minutes: [0, null]}}", rows, more=more)
    assert (found.only.failed, found.only.seen) == (0, 1)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("{between: {hub: [0, 1]}}", "'hub' of sessions is text, and 'between' has numbers for limits"),
        ("{between: {minutes: [2026-01-01, null]}}", "'minutes' of sessions is a number, and 'between' has days for"),
        ("{matches: {minutes: x}}", "'minutes' of sessions is a number, and 'matches' needs texts"),
        ("{latency: {from: at, to: hub, at_most: 1 day}}", "'hub' of sessions is text, and 'latency' needs times"),
        ("{one_of: {age: [1, x]}}", "'age' of sessions is a number, and not all of these values are"),
    ],
)
def test_a_column_of_another_type_is_a_mistake_with_a_place(workbench: Any, declared: str, message: str) -> None:
    """It is told as one, in the user's words, and not as an error of the engine."""
    with pytest.raises(CatalogError, match=message) as caught:
        look(workbench, declared, [{"at": at(1)}])
    place = caught.value.mistakes[0].place
    assert place is not None
    assert place.text.strip() == f"- {declared}"


# -- rules over days and periods -----------------------------------------------------------------------------------


def test_fresh_measures_from_the_newest_row_up_to_now(workbench: Any) -> None:
    """A row of the future makes nothing fresh. What is not vouched for begins on the day where the rows end."""
    rows = [{"at": at(1)}, {"at": at(8, 11)}, {"at": at(30)}]
    assert look(workbench, "{fresh: 49 hours}", rows).only.passed
    stale = look(workbench, "{fresh: 48 hours}", rows)
    assert not stale.only.passed
    assert stale.found.notes == [
        "Check 'fresh' failed, what they touch is withheld: the newest row is no older than 48 hours; "
        "the data end on 2026-03-08 at 11:00."
    ]
    assert stale.touched("sessions") == [(date(2026, 3, 8), None)]
    assert stale.touched("done") == [(date(2026, 3, 8), None)]


def test_fresh_counts_a_day_to_its_end(workbench: Any) -> None:
    """A file of yesterday's numbers is six hours old at six in the morning; the days after it are not vouched for."""
    rows = [{"on": date(2026, 3, 8)}]
    assert look(workbench, "{fresh: 36 hours}", rows, dated="on").only.passed
    stale = look(workbench, "{fresh: 35 hours}", rows, dated="on")
    assert stale.days("on") == [(date(2026, 3, 9), None)]
    assert look(workbench, "{fresh: 1 day}", [{"on": date(2026, 3, 10)}], dated="on").only.passed


def test_of_no_rows_nothing_is_fresh(workbench: Any) -> None:
    """Not even of a sparse source: who asks wants to know. `where` can leave none."""
    for more in ("", "sparse: true"):
        found = look(workbench, "{fresh: 7 days}", [], more=more)
        assert (found.only.passed, found.days()) == (False, [(None, None)])
        some = look(workbench, "{fresh: 7 days, where: hub = 'a'}", [{"at": at(10)}], more=more)
        assert (some.only.passed, some.days()) == (False, [(None, None)])
        assert some.days("done") == [(None, None)]  # nor is what is dated by another column


def test_fresh_is_elapsed_time_through_daylight_saving(workbench: Any) -> None:
    """In Auckland clocks went back on 5 April 2026: from noon to noon were 25 hours."""
    rows = [{"at": at(4, 12, 4)}]
    more = "times_in: Pacific/Auckland"
    noon = datetime(2026, 4, 5, 0, tzinfo=UTC)  # 12:00 in Auckland, UTC+12
    found = look(workbench, "{fresh: 1 day}", rows, now=noon, zone="Pacific/Auckland", more=more)
    assert (found.only.passed, found.days()) == (False, [(date(2026, 4, 4), None)])
    earlier = noon - timedelta(hours=1)
    assert look(workbench, "{fresh: 1 day}", rows, now=earlier, zone="Pacific/Auckland", more=more).only.passed


def test_a_deadline_asks_every_period_since_the_first_row_once_it_is_time(workbench: Any) -> None:
    """Whatever the newest row is: that January's books are here does not make up for February's."""
    rows = [{"at": at(20, 9, 11 - 10)}]  # 20 January
    found = look(workbench, "{deadline: {grain: month, within: 9 days}}", rows)
    assert (found.only.passed, found.only.failed, found.only.seen) == (False, 1, 2)
    assert found.touched("sessions") == [(date(2026, 2, 1), date(2026, 2, 28))]
    assert found.touched("done") == [(date(2026, 2, 1), None)]
    assert found.found.notes[0].endswith("each month has rows 9 days after its end; 1 month without rows: 2026-02.")
    waits = look(workbench, "{deadline: {grain: month, within: 10 days}}", rows)
    assert (waits.only.passed, waits.only.seen) == (True, 1)
    here = look(workbench, "{deadline: {grain: month, within: 9 days}}", [*rows, {"at": at(28, 9, 2)}])
    assert here.only.passed


def test_a_deadline_falls_at_a_local_moment(workbench: Any) -> None:
    """February ends in Auckland at eleven in the morning of UTC, and no sooner."""
    rows = [{"at": at(20, 9, 1)}]
    end = datetime(2026, 2, 28, 11, tzinfo=UTC)  # midnight in Auckland, UTC+13
    for now, seen in ((end - timedelta(minutes=1), 1), (end, 2)):
        declared = "{deadline: {grain: month, within: 0 days}}"
        assert look(workbench, declared, rows, now=now, zone="Pacific/Auckland").only.seen == seen


def test_a_sparse_source_owes_its_deadlines_too(workbench: Any) -> None:
    """That no row means that nothing happened is what the check contradicts."""
    found = look(workbench, "{deadline: {grain: month, within: 1 day}}", [{"at": at(20, 9, 1)}], more="sparse: true")
    assert found.only.failed == 1


def test_coverage_of_days_counts_from_the_first_row_to_the_horizon(workbench: Any) -> None:
    """The running month is not judged, nor are months in which nothing can be said any more; sparse ones are."""
    days = [*range(20, 32)]  # 20 to 31 January, then three weeks of February
    rows = [{"at": at(day, 9, 1)} for day in days] + [{"at": at(day, 9, 2)} for day in range(1, 22)]
    found = look(workbench, "{coverage: {of: days, grain: month, at_least: 75 %}}", rows)
    assert (found.only.passed, found.only.seen) == (True, 2)
    found = look(workbench, "{coverage: {of: days, grain: month, at_least: 76 %}}", rows)
    assert found.days() == [(date(2026, 2, 1), date(2026, 2, 28))]
    assert found.found.notes[0].endswith("76 % of the days of each month have rows; 1 month with too few: 2026-02.")
    old = look(workbench, "{coverage: {of: days, grain: week, at_least: 1 %}}", rows)
    assert old.only.seen == 5
    sparse = look(workbench, "{coverage: {of: days, grain: week, at_least: 1 %}}", rows, more="sparse: true")
    assert (sparse.only.seen, sparse.only.failed) == (7, 2)


def test_coverage_of_another_source_asks_for_what_is_alive(workbench: Any) -> None:
    """A hub counts in the periods that it lives in, by its days; what is referred to beside it adds nothing."""
    hubs = [
        {"hub": "a", "cluster": "n", "created": date(2026, 3, 1)},
        {"hub": "b", "cluster": "n", "created": date(2026, 3, 1), "retired": date(2026, 3, 3)},
        {"hub": "c", "cluster": "s", "created": date(2026, 3, 4)},
    ]
    others: dict[str, Any] = {"hubs": hubs, "clusters": [{"cluster": "n"}, {"cluster": "s"}]}
    rows = [
        {"at": at(1), "hub": "a"},
        {"at": at(1), "hub": "c"},  # not yet alive
        {"at": at(2), "hub": "a"},
        {"at": at(2), "hub": "b"},
        {"at": at(3), "hub": "a"},  # b has gone
        {"at": at(4), "hub": "c"},
        {"at": at(5), "hub": "nobody"},
        {"at": at(6)},
        {"at": at(7), "hub": "a"},
        {"at": at(7), "hub": "c"},
        {"at": at(7), "hub": "c"},
    ]
    found = look(workbench, "{coverage: {of: hubs, grain: day, at_least: 60 %}}", rows, others)
    lacking = [date(2026, 3, 1), date(2026, 3, 1)], [date(2026, 3, 4), date(2026, 3, 6)]
    assert found.days() == [tuple(pair) for pair in lacking]
    assert (found.only.failed, found.only.seen) == (4, 7)
    half = look(workbench, "{coverage: {of: hubs, grain: day, at_least: 50 %}}", rows, others)
    assert half.days() == [(date(2026, 3, 5), date(2026, 3, 6))]
    clusters = look(workbench, "{coverage: {of: clusters, grain: week, at_least: 100 %}}", rows, others)
    assert (clusters.only.passed, clusters.only.seen) == (True, 2)
    others["clusters"].append({"cluster": "w"})
    clusters = look(workbench, "{coverage: {of: clusters, grain: week, at_least: 100 %}}", rows, others)
    assert clusters.days() == [(date(2026, 2, 23), date(2026, 3, 8))]


def test_outliers_are_days_unlike_the_same_weekdays_before(workbench: Any) -> None:
    """Weekends are quiet each week, which is usual; a quiet Wednesday is not. Neither are three times as many rows."""
    counts = {date(2026, 1, 1) + timedelta(days=n): 4 for n in range(68)}
    counts |= {day: 40 for day in counts if day.weekday() < 5}
    counts |= {date(2026, 3, 4): 1, date(2026, 3, 6): 120, date(2026, 3, 7): 7}
    rows = [{"at": datetime.combine(day, time(9))} for day, count in counts.items() for _ in range(count)]
    found = look(workbench, "{outliers: {above: 6}}", rows)
    assert found.days() == [(date(2026, 3, 4), date(2026, 3, 4)), (date(2026, 3, 6), date(2026, 3, 6))]
    assert found.only.seen == 68 - 35  # five weeks of history first
    assert look(workbench, "{outliers: {above: 13}}", rows).only.passed


def test_outliers_look_back_ninety_days(workbench: Any) -> None:
    """Six quiet weeks after six loud ones: a loud day is what there was; after twelve quiet ones it is not."""
    last = date(2026, 3, 9)
    for loud_weeks, passed in ((range(7, 13), True), (range(13, 20), False)):
        days = {last - timedelta(weeks=n): 40 if n in loud_weeks else 4 for n in range(1, 20)} | {last: 40}
        rows = [{"at": datetime.combine(day, time(9))} for day, count in days.items() for _ in range(count)]
        found = look(workbench, "{outliers: {above: 6}}", rows)
        assert ((last, last) in found.days()) is not passed


# -- what is touched ---------------------------------------------------------------------------------------------------


def test_rows_that_fail_in_a_referred_source_touch_every_day_and_missing_ones_those_since(workbench: Any) -> None:
    """Sessions of any day may read a hub that fails; hubs that were not delivered matter since then."""
    found = look(workbench, "{not_null: hub}", [{"at": at(1)}])
    row = Failing("rows", "rows", "created", date(2026, 3, 1), date(2026, 3, 1))
    period = Failing("periods", "periods", "created", date(2026, 3, 1), date(2026, 3, 31))

    def touched(kpi: str, one: Failing) -> list[tuple[date | None, date | None]]:
        said = checks.touching(found.catalog, found.schemas, found.catalog.kpis[kpi], {"hubs": [one]})
        return [(one.first, one.last) for one in said]

    assert touched("by_cluster", row) == [(None, None)]
    assert touched("by_cluster", period) == [(date(2026, 3, 1), None)]
    assert touched("sessions", row) == []  # it reads nothing of hubs
    assert touched("hubs", row) == [(date(2026, 3, 1), date(2026, 3, 1))]
    assert touched("hubs", period) == [(date(2026, 3, 1), date(2026, 3, 31))]
    assert not checks.is_multiplied(found.catalog, found.schemas, found.catalog.kpis["by_cluster"], {"hubs": [row]})


def test_all_rules_over_rows_are_one_scan(workbench: Any) -> None:
    """However many checks there are, the rows are read once for each column that dates them, and never kept."""
    found = look(workbench, "{not_null: hub}\n{between: {minutes: [0, 1]}}\n{rule: age > 1}\n{fresh: 1 day}", [])
    covered = workbench.coverage(found.catalog, found.schemas, NOW)["sessions"]
    query, _ = checks.ask(found.catalog, found.schemas, "sessions", covered, NOW)
    assert query.sql("duckdb").count("FROM sessions") == 1

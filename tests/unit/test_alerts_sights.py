"""What rule-cells see of numbers, sources, checks, events and restatements, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from headway import targets
from headway.alerts import Changed, Looked, Outlook, Reading, Step, by_time, judge
from headway.alerts.grid import TOLERANCE
from headway.catalog import load
from headway.ledger.records import PUBLISHED
from headway.model import AlertState, Catalog, Event, Flag, Phase, RuleCell, Sight, Tells, cell_text
from headway.periods import Grain, epoch_day

PROJECT = """
project: shop
sources:
  orders:
    read: {files: orders.csv}
    time: at
    columns: {at: timestamp, shop: text, usd: number}
kpis:
  sales:
    sum: orders.usd
    grain: day
    by: [shop]
    by_grain: day
    unit: USD
    better: higher
    targets:
      - {at_least: 100}
      - {for: {shop: each}, at_least: 50}
  basket: {mean: orders.usd, grain: day, by: [shop], by_grain: day, unit: USD}
routes: {team: {apprise: env:TEAM}}
levels:
  warning: {respond: 4 hours, to: team}
alerts:
"""
FIRST = date(2026, 3, 1)


def day(n: int) -> int:
    """The key of the n-th day of March."""
    return epoch_day(FIRST) + n - 1


def after(n: int) -> datetime:
    """A moment on the day after the n-th of March."""
    return datetime(2026, 3, 1, 6, tzinfo=UTC) + timedelta(days=n)


@pytest.fixture
def project(tmp_path: Path) -> object:
    """Loads the project with one alert."""

    def made(alert: str) -> Catalog:
        (tmp_path / "headway.yml").write_text(f"{PROJECT}  one: {{level: warning, {alert}}}\n")
        return load(tmp_path)

    return made


def table(
    lines: Mapping[str, Iterable[float | None]],
    *,
    running: int = 0,
    reasons: Mapping[str, str] | None = None,
    low: float | None = None,
    high: float | None = None,
    part: str = "",
    first: int = 1,
) -> pa.Table:
    """Numbers by day of the total ('') and of shops; None is no row, NaN a row without a number."""
    rows = []
    for shop, values in lines.items():
        numbers = list(values)
        for n, value in enumerate(numbers):
            if value is not None:
                missing = value != value
                rows.append(
                    {
                        "part": part,
                        "grain": "day",
                        "cell": cell_text((("shop", shop),)) if shop else "",
                        "period": day(first + n),
                        "value": None if missing else value,
                        "reason": (reasons or {}).get(shop, "no data") if missing else None,
                        "flags": int(Flag.PARTIAL) if n >= len(numbers) - running else 0,
                        "low": low,
                        "high": high,
                        "revision": 1,
                        "run": 1,
                    }
                )
    return pa.Table.from_pylist(rows, schema=PUBLISHED)


def judged(
    catalog: Catalog, outlook: Outlook, now: datetime, states: Mapping[RuleCell, AlertState] | None = None
) -> tuple[dict[RuleCell, AlertState], list[Step]]:
    """The states afterwards, and the steps."""
    steps = list(judge(catalog, outlook, states or {}, now))
    return {**(states or {}), **{step.state.of: step.state for step in steps}}, steps


def told(steps: Iterable[Step]) -> list[tuple[str, str]]:
    """What is told of which cell."""
    return [(one.of.cell or one.of.subject, one.tells.value) for step in steps for one in step.notices]


def phases(catalog: Catalog, numbers: pa.Table, now: datetime) -> dict[str, Phase]:
    """The phase of each cell at first sight."""
    states, _ = judged(catalog, Outlook({"sales": numbers}), now)
    return {of.cell: state.phase for of, state in states.items()}


NAN = float("nan")
LYON, PARIS = cell_text((("shop", "Lyon"),)), cell_text((("shop", "Paris"),))


@pytest.mark.parametrize(
    ("alert", "value", "phase"),
    [
        ("kpi: sales, below: 100", 99.0, Phase.FIRING),
        ("kpi: sales, below: 100", 100.0, Phase.OK),
        ("kpi: sales, below: 100", 100.0 - 1e-9, Phase.OK),
        ("kpi: sales, above: 100", 101.0, Phase.FIRING),
        ("kpi: sales, above: 100", 100.0, Phase.OK),
        ("'kpi': sales, outside: [50, 70]", 49.0, Phase.FIRING),
        ("'kpi': sales, outside: [50, 70]", 50.0, Phase.OK),
        ("'kpi': sales, outside: [50, 70]", 71.0, Phase.FIRING),
        ("kpi: sales, below: target", 79.0, Phase.FIRING),
        ("kpi: sales, below: 90 % of target", 72.0, Phase.OK),
        ("kpi: sales, below: 90 % of target", 71.0, Phase.FIRING),
    ],
)
def test_bounds_are_strict(project, alert: str, value: float, phase: Phase) -> None:
    """A number on its bound is fine, also where its last digits are off; the target in force is 80 here."""
    numbers = table({"": [200.0, value]}, low=80.0)
    states, _ = judged(project(alert), Outlook({"sales": numbers}), after(2))
    assert [state.phase for state in states.values()] == [phase]


def test_the_last_digits_count_as_for_targets() -> None:
    """A number that meets its target passes no bound of an alert on it."""
    assert targets.TOLERANCE == TOLERANCE


def test_the_bound_that_is_passed_is_told(project) -> None:
    """Of two bounds it is the one beyond which the number lies."""
    _, [step] = judged(project("kpi: sales, outside: [50, 70]"), Outlook({"sales": table({"": [71.0]})}), after(1))
    [notice] = step.notices
    assert (notice.value, notice.bound, notice.period, notice.level, notice.route) == (
        71,
        70,
        day(1),
        "warning",
        "team",
    )
    assert notice.at == datetime(2026, 3, 2, tzinfo=UTC)


def test_hysteresis(project) -> None:
    """What fires goes on until the bound that ends it."""
    catalog = project("kpi: sales, below: 100, clear: 120")
    states: dict[RuleCell, AlertState] = {}
    found = []
    values = [110.0, 99.0, 119.0, 120.0]
    for n in range(1, 5):
        states, steps = judged(catalog, Outlook({"sales": table({"": values[:n]})}), after(n), states)
        found.append([tells for _, tells in told(steps)])
    assert found == [[], ["start"], [], ["end"]]


def test_running_days_only_where_asked(project) -> None:
    """A running day fires with `partial: true` alone, and ends nothing."""
    numbers = table({"": [200.0, 5.0]}, running=1)
    assert phases(project("kpi: sales, below: 100"), numbers, after(1)) == {"": Phase.OK}
    assert phases(project("kpi: sales, below: 100, partial: true"), numbers, after(1)) == {"": Phase.FIRING}
    numbers = table({"": [5.0, 200.0]}, running=1)
    assert phases(project("kpi: sales, below: 100, partial: true"), numbers, after(1)) == {"": Phase.FIRING}


def test_each_cell_by_itself(project) -> None:
    """Cells have states of their own, and the total has none then."""
    catalog = project("kpi: sales, for: {shop: each}, below: 50")
    numbers = table({"": [140.0], "Lyon": [40.0], "Paris": [100.0]})
    assert phases(catalog, numbers, after(1)) == {LYON: Phase.FIRING, PARIS: Phase.OK}
    assert phases(project("kpi: sales, for: {shop: Paris}, below: 50"), numbers, after(1)) == {PARIS: Phase.OK}
    assert phases(project("kpi: sales, below: 50"), numbers, after(1)) == {"": Phase.OK}


def test_a_cell_that_goes_quiet_is_0_where_its_kind_says_so(project) -> None:
    """A shop without a row sold nothing; its mean basket is no data, which fires nothing."""
    numbers = table({"": [140.0, 100.0], "Lyon": [60.0, None], "Paris": [80.0, 100.0]}, low=50.0)
    for bound in ("50", "target"):
        catalog = project(f"kpi: sales, for: {{shop: each}}, below: {bound}")
        assert phases(catalog, numbers, after(2)) == {LYON: Phase.FIRING, PARIS: Phase.OK}
    catalog = project("kpi: basket, for: {shop: each}, below: 50")
    states, _ = judged(catalog, Outlook({"basket": numbers}), after(2))
    assert {of.cell: (s.phase, s.sight) for of, s in states.items()}[LYON] == (Phase.OK, Sight.NO_DATA)


def test_a_cell_is_quiet_only_where_its_total_speaks(project) -> None:
    """A day on which the source cannot speak is no day without sales, and before its first row a shop is not there."""
    numbers = table({"": [140.0, NAN], "Lyon": [60.0, None], "Paris": [None, None]})
    states, _ = judged(project("kpi: sales, for: {shop: each}, below: 50"), Outlook({"sales": numbers}), after(2))
    assert [(of.cell, s.phase, s.sight) for of, s in states.items()] == [(LYON, Phase.OK, Sight.NO_DATA)]


@pytest.mark.parametrize(
    ("reason", "sight"),
    [("no data", Sight.NO_DATA), ("check failed", Sight.WITHHELD), ("change waits", Sight.WITHHELD)],
)
def test_what_cannot_be_seen_says_why(project, reason: str, sight: Sight) -> None:
    """No data and withheld numbers neither fire nor end, and their reason is kept."""
    catalog = project("kpi: sales, below: 100")
    firing, _ = judged(catalog, Outlook({"sales": table({"": [5.0]})}), after(1))
    numbers = table({"": [5.0, NAN]}, reasons={"": reason})
    states, steps = judged(catalog, Outlook({"sales": numbers}), after(2), firing)
    [state] = states.values()
    assert (state.phase, state.sight, state.text, state.value, told(steps)) == (Phase.FIRING, sight, reason, 5.0, [])


def test_no_target_is_no_bound(project) -> None:
    """Where no target is in force, a share of it is nothing to be below."""
    states, _ = judged(project("kpi: sales, below: target"), Outlook({"sales": table({"": [5.0]})}), after(1))
    assert [(s.phase, s.sight, s.text) for s in states.values()] == [(Phase.OK, Sight.NO_DATA, "no bound is in force")]


def test_a_kpi_that_failed_or_is_old_is_not_seen(project) -> None:
    """The state says so, and forgets it when numbers can be seen again."""
    catalog = project("kpi: sales, below: 100")
    outlook = Outlook({"sales": table({"": [200.0]})})
    states, _ = judged(catalog, outlook, after(1))
    failed, _ = judged(catalog, replace(outlook, failed={"sales": "its query failed"}), after(1), states)
    assert [(s.sight, s.text) for s in failed.values()] == [(Sight.ERROR, "its query failed")]
    again, _ = judged(catalog, outlook, after(1), failed)
    assert again == states
    assert [s.sight for s in judged(catalog, outlook, after(2), again)[0].values()] == [Sight.FINE]
    old, _ = judged(catalog, outlook, after(3), again)
    assert [(s.sight, s.text) for s in old.values()] == [(Sight.STALE, "its newest complete day is 2026-03-01")]
    assert judged(catalog, outlook, after(4), old)[1] == []


def test_growth_is_read_from_its_part(project) -> None:
    """The part that runs keep of it is watched, and its bound is a share."""
    catalog = project("kpi: sales, growth: 7 days, below: -10 %")
    numbers = table({"": [-0.2]}, part="growth 7 days")
    states, steps = judged(catalog, Outlook({"sales": numbers}), after(1))
    assert [(of.part, s.value, s.bound) for of, s in states.items()] == [("growth 7 days", -0.2, -0.1)]
    assert told(steps) == [("kpi sales", "start")]


def test_a_formula_bounds_each_period_and_cell(project) -> None:
    """What it comes down to is given; where it has no data, or may still change, there is no bound."""
    catalog = project("kpi: sales, for: {shop: each}, below: 3 * basket")
    numbers = table({"": [200.0] * 3, "Lyon": [50.0] * 3, "Paris": [50.0] * 3})
    given = {(LYON, day(1)): (60.0, False), (LYON, day(3)): (60.0, False), (PARIS, day(2)): (60.0, True)}
    outlook = Outlook({"sales": numbers}, bounds={("one", "sales"): {("3 * basket", Grain.DAY): given}})
    states, _ = judged(catalog, outlook, after(3))
    assert {of.cell: (s.phase, s.sight, s.bound) for of, s in states.items()} == {
        LYON: (Phase.FIRING, Sight.BEYOND, 60.0),
        PARIS: (Phase.OK, Sight.NO_DATA, None),
    }


@pytest.mark.parametrize(
    ("trend", "values", "phase"),
    [
        ("worse", [9, 8, 7, 6, 5, 4], Phase.FIRING),
        ("worse", [4, 5, 6, 7, 8, 9], Phase.OK),
        ("up", [4, 5, 6, 7, 8, 9], Phase.FIRING),
        ("down", [9, 8, 7, 6, 5, 4], Phase.FIRING),
        ("down", [9, 8, 7, 6, 5], Phase.OK),
        ("down", [9, NAN, 8, 7, 6, 5, 4], Phase.FIRING),
        ("down", [5, 5, 5, 5, 5, 5], Phase.OK),
        ("down", [4, 5, 6, 9, 8, 7, 6, 5, 4], Phase.FIRING),
    ],
)
def test_trends(project, trend: str, values: list[float], phase: Phase) -> None:
    """Six complete numbers go one way; what is worse, `better` says; days without a number are passed over."""
    catalog = project(f"kpi: sales, trend: {trend}, periods: 6")
    states, steps = judged(catalog, Outlook({"sales": table({"": values})}), after(len(values)))
    assert [state.phase for state in states.values()] == [phase]
    assert [one.text for step in steps for one in step.notices] == (
        [f"{'up' if values[-1] == 9 else 'down'} over 6 days (tau {1 if values[-1] == 9 else -1:.2f}, p 0.0028)"]
        if phase is Phase.FIRING
        else []
    )


def test_a_kpi_that_is_better_the_other_way_has_another_trend(project, tmp_path: Path) -> None:
    """What got worse got better in the new light: it ends because the rule changed."""
    catalog = project("kpi: sales, trend: worse, periods: 6")
    outlook = Outlook({"sales": table({"": [9, 8, 7, 6, 5, 4]})})
    states, steps = judged(catalog, outlook, after(6))
    assert told(steps) == [("kpi sales", "start")]
    config = tmp_path / "headway.yml"
    config.write_text(config.read_text().replace("better: higher", "better: lower").replace("at_least", "at_most"))
    [end] = [one for step in judged(load(tmp_path), outlook, after(6), states)[1] for one in step.notices]
    assert (end.tells, end.text) == (Tells.END, "The rule changed.")


def test_an_empty_cell_of_a_running_day_is_no_zero_yet(project) -> None:
    """Its rows may come until the day is over."""
    catalog = project("kpi: sales, for: {shop: each}, below: 50")
    lines = {"": [200.0, 200.0], "Lyon": [60.0, None], "Paris": [140.0, 200.0]}
    assert phases(catalog, table(lines, running=1), after(2))[LYON] is Phase.OK
    assert phases(catalog, table(lines), after(2))[LYON] is Phase.FIRING


def test_a_kpi_without_new_values_is_stale(project) -> None:
    """The moment is known to the minute, and a value that comes late ends it."""
    catalog = project("kpi: sales, stale: 2 days")
    outlook = Outlook({"sales": table({"": [200.0, 5.0]}, running=1)})
    due = datetime(2026, 3, 4, tzinfo=UTC)
    states, steps = judged(catalog, outlook, due - timedelta(minutes=1))
    assert told(steps) == []
    states, steps = judged(catalog, outlook, due, states)
    [start] = [one for step in steps for one in step.notices]
    assert (start.tells, start.at, start.text) == (Tells.START, due, "its newest complete value is of 2026-03-01")
    assert judged(catalog, outlook, due + timedelta(hours=5), states)[1] == []
    late = Outlook({"sales": table({"": [200.0, 5.0]})})
    assert told(judged(catalog, late, due + timedelta(hours=6), states)[1]) == [("kpi sales", "end")]


def test_a_source(project) -> None:
    """It cannot be read, or nothing new came."""
    read, now = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 5, 6, tzinfo=UTC)
    catalog = project("source: orders")
    fine = Outlook(readings={"orders": Reading(read, read)})
    broken = Outlook(readings={"orders": Reading(read, read, "there is no file orders.csv")})
    states, steps = judged(catalog, fine, now)
    assert told(steps) == []
    states, steps = judged(catalog, broken, now, states)
    assert [(one.tells.value, one.text) for step in steps for one in step.notices] == [
        ("start", "there is no file orders.csv")
    ]
    assert judged(catalog, Outlook(), now, states)[1] == []
    assert told(judged(catalog, fine, now, states)[1]) == [("source orders", "end")]

    catalog = project("source: orders, stale: 2 days")
    assert told(judged(catalog, fine, read + timedelta(days=2))[1]) == [("source orders", "start")]
    assert told(judged(catalog, broken, read + timedelta(days=1))[1]) == []


def test_checks(project) -> None:
    """Each run's look counts once: what failed and passed while nobody ticked is told."""
    catalog = project("check: all")
    looks = [
        Looked(after(1), passed=True),
        Looked(after(2), passed=False, text="3 rows"),
        Looked(after(3), passed=True),
    ]
    states, steps = judged(catalog, Outlook(checks={"orders.fresh": looks[:1]}), after(1))
    assert told(steps) == []
    states, steps = judged(catalog, Outlook(checks={"orders.fresh": looks}), after(3), states)
    assert [(one.of.subject, one.tells.value, one.text) for step in steps for one in step.notices] == [
        ("check orders.fresh", "start", "3 rows"),
        ("check orders.fresh", "end", ""),
    ]
    assert judged(catalog, Outlook(checks={"orders.fresh": looks}), after(4), states)[1] == []


def test_a_check_that_fails_for_ever_tells_that_more_fails(project) -> None:
    """An old outlier that stays keeps nobody from hearing of a new one."""
    catalog = project("check: all")
    looks = [Looked(after(day), passed=False, text="...", failed=failed) for day, failed in enumerate([1, 1, 2, 3, 4])]
    states, said = {}, []
    for count in range(len(looks)):
        states, steps = judged(catalog, Outlook(checks={"orders.outliers": looks[: count + 1]}), after(count), states)
        said.append(told(steps))
    kinds = [[kind for _, kind in one] for one in said]
    assert kinds == [["start"], [], ["worse"], [], ["worse"]]


def test_checks_of_a_source_and_a_kpi_of_one_name(project) -> None:
    """They are one rule-cell: it fires if either fails in a run, whichever is looked at first."""
    catalog = project("check: all")
    bad, good = Looked(after(1), passed=False, text="3 rows"), Looked(after(1), passed=True)
    for looks in ([bad, good], [good, bad]):
        _, [step] = judged(catalog, Outlook(checks={"orders.between": looks}), after(1))
        assert [one.text for one in step.notices] == ["3 rows"]


def test_a_check_that_is_gone_ends(project) -> None:
    """Nobody waits for it to pass."""
    catalog = project("check: all")
    states, _ = judged(catalog, Outlook(checks={"orders.fresh": [Looked(after(1), passed=False)]}), after(1))
    [step] = judged(catalog, Outlook(), after(2), states)[1]
    assert [(one.tells, one.text) for one in step.notices] == [(Tells.END, "It is not watched any more.")]


def test_events(project) -> None:
    """Each is told when it is posted and when it is closed, also if nobody looked in between; old ones are not."""
    catalog = project("event: data breach")
    events = [
        Event("a", "Data  breach", after(1), "someone"),
        Event("b", "data breach", after(1), "someone", closed=after(1)),
        Event("c", "data breach", after(-9), "someone", closed=after(-8)),
        Event("d", "something else", after(1), "someone"),
    ]
    states, steps = judged(catalog, Outlook(events=events), after(1))
    assert [(one.of.part, one.tells.value) for step in steps for one in step.notices] == [
        ("a", "start"),
        ("b", "start"),
        ("b", "end"),
    ]
    closed = [replace(events[0], closed=after(2)), *events[1:]]
    states, steps = judged(catalog, Outlook(events=closed), after(30), states)
    assert [(one.of.part, one.tells.value) for step in steps for one in step.notices] == [("a", "end")]
    assert judged(catalog, Outlook(events=closed), after(31), states)[1] == []


def test_restatements(project) -> None:
    """A change fires while it waits, and until the next run where it was published; of before nothing is told."""
    catalog = project("kpi: sales, restated: true")
    numbers = {"sales": table({"": [200.0]})}
    old = Changed(after(1), after(2), "of before")
    states, steps = judged(catalog, Outlook(numbers, restated={"sales": [old]}), after(2))
    assert told(steps) == []
    waits = Changed(after(3), None, "2 numbers")
    states, steps = judged(catalog, Outlook(numbers, restated={"sales": [old, waits]}), after(3), states)
    assert [one.text for step in steps for one in step.notices] == ["2 numbers"]
    decided = replace(waits, over=after(5))
    states, steps = judged(catalog, Outlook(numbers, restated={"sales": [old, decided]}), after(5), states)
    assert told(steps) == [("kpi sales", "end")]
    assert judged(catalog, Outlook(numbers, restated={"sales": [old, decided]}), after(6), states)[1] == []


def test_restatements_that_wait_together(project) -> None:
    """What fires goes on until the last of them is decided."""
    catalog = project("kpi: sales, restated: true")
    numbers = {"sales": table({"": [200.0]})}
    one, other = Changed(after(3), None, "one"), Changed(after(4), None, "other")
    states, steps = judged(catalog, Outlook(numbers, restated={"sales": [one]}), after(3))
    assert told(steps) == [("kpi sales", "start")]
    for first, then, expected in ((None, None, []), (after(5), None, []), (after(5), after(6), ["end"])):
        changes = [replace(one, over=first), replace(other, over=then)]
        states, steps = judged(catalog, Outlook(numbers, restated={"sales": changes}), after(6), states)
        assert [tells for _, tells in told(steps)] == expected


def test_what_is_no_longer_watched_ends(project) -> None:
    """An alert that is removed, or a cell that is gone, ends what it told; what has no numbers now stays as it is."""
    catalog = project("kpi: sales, for: {shop: each}, below: 50")
    numbers = table({"": [140.0], "Lyon": [40.0], "Paris": [30.0]})
    states, _ = judged(catalog, Outlook({"sales": numbers}), after(1))
    gone = table({"": [140.0], "Paris": [30.0]})
    assert told(judged(catalog, Outlook({"sales": gone}), after(1), states)[1]) == [(LYON, "end")]
    assert judged(catalog, Outlook({"sales": numbers.slice(0, 0)}), after(1), states)[1] == []
    assert judged(catalog, Outlook(), after(1), states)[1] == []
    removed = replace(catalog, alerts={})
    told_to = dict.fromkeys(states, ("warning", "team"))
    _, steps = judged(removed, Outlook(told=told_to), after(1), states)
    assert [(one.tells.value, one.text, one.route) for step in steps for one in step.notices] == [
        ("end", "The alert was removed.", "team")
    ] * 2


@pytest.mark.parametrize(
    "rule",
    [
        "below: 50, after: 2, clear_after: 2",
        "below: 50, clear: 60",
        "below: 40, clear: 60, clear_after: 2",
        "below: target",
        "trend: down, periods: 6",
        "trend: up, periods: 6, after: 2",
    ],
)
def test_only_new_periods_are_walked(project, rule: str) -> None:
    """Day by day is the same as all at once, also from a table that begins where everything was counted."""
    catalog = project(f"kpi: sales, for: {{shop: each}}, {rule}")
    values = {
        "": [200.0] * 17 + [NAN] + [200.0] * 6,
        "Lyon": [60.0, 40, 40, 40, 60, 40, 60, 60, 40, 60, 40, 40, 39, 38, 37, 36, 35, NAN, 34, 33, 60, 61, 62, 63],
        "Paris": [40.0, 40, 60, 40, 40, 60, NAN, 60, 60, 60, 40, NAN, 41, 42, 43, 44, 45, NAN, 46, 60, 60, 60, 5, 5],
        "Nice": [60.0, None, None, 70, None, 60, 61, *[None] * 12, 70, 71, None, None, 60],
        "Metz": [None, None, 70.0, 10, 10, *[None] * 19],
    }
    days = len(values[""])
    states: dict[RuleCell, AlertState] = {}
    daily = []
    for n in range(1, days + 1):
        numbers = table({cell: line[:n] for cell, line in values.items()}, low=50.0)
        states, steps = judged(catalog, Outlook({"sales": numbers}), after(n), states)
        daily += [(one.of, one.tells, one.episode, one.at) for step in steps for one in step.notices]
        again, _ = judged(catalog, Outlook({"sales": numbers}), after(n), states)
        assert again == states
    assert {tells for _, tells, _, _ in daily} >= {Tells.START, Tells.END}
    whole = Outlook({"sales": table(values, low=50.0)})
    first, _ = judged(catalog, whole, after(days))
    seen = {of: (state.phase, state.count, state.through, state.began) for of, state in states.items()}
    assert {of: (state.phase, state.count, state.through, state.began) for of, state in first.items()} == seen
    begun = table({cell: line[:3] for cell, line in values.items()}, low=50.0)
    from_then, _ = judged(catalog, Outlook({"sales": begun}), after(3))
    at_once, steps = judged(catalog, whole, after(days), from_then)
    assert {of: (state.phase, state.count, state.through, state.began) for of, state in at_once.items()} == seen
    counted = {of for of, state in from_then.items() if state.through is not None}
    told_late = [(one.of, one.tells, one.at) for step in steps for one in step.notices if one.of in counted]
    late = [(of, tells, at) for of, tells, _, at in daily if of in counted and at > after(3)]
    ends = (Tells.START, Tells.END)
    assert sorted(one for one in told_late if one[1] in ends) == sorted(one for one in late if one[1] in ends)


def test_the_numbers_of_a_trend_lie_near_each_other(project) -> None:
    """Six numbers in twelve days are a trend; in thirteen they are none."""
    catalog = project("kpi: sales, trend: down, periods: 6")
    for gap, phase in ((6, Phase.FIRING), (7, Phase.OK)):
        values = [9.0, *[NAN] * gap, 8, 7, 6, 5, 4]
        states, _ = judged(catalog, Outlook({"sales": table({"": values})}), after(len(values)))
        assert [state.phase for state in states.values()] == [phase]


def test_what_time_alone_changes(project) -> None:
    """Only what may become stale has to be judged when nothing was computed."""
    assert by_time(project("kpi: sales, stale: 2 days").alerts["one"])
    assert by_time(project("source: orders, stale: 2 days").alerts["one"])
    assert not by_time(project("source: orders").alerts["one"])
    assert not by_time(project("kpi: sales, below: 100").alerts["one"])

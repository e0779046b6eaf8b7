"""Why a closed number changed: real files are run twice, something changes in between, and the cause is named."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headway import catalog as catalogue
from headway import run
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.engines import DuckDB
from headway.ledger import Ledger
from headway.model import OBSERVED, Because, Cause, Closing, Flag

HEAD = """
project: causes
{project}
sources:
  visits:
    read: {{files: visits.csv}}
    columns: {{id: integer, day: date, person: text, shop: text, usd: number}}
    key: id
    time: day
    refers: {{shop: {{source: shops, optional: true}}}}
{visits}
  shops:
    read: {{files: shops.csv}}
    columns: {{shop: text, town: text}}
    key: shop
  calls:
    read: {{files: calls.csv}}
    columns: {{at: timestamp, length: number}}
    time: at
    times_in: UTC
kpis:
  people:  {{distinct: visits.person, window: 30 days{people}}}
  revenue: {{sum: visits.usd, by: [town], unit: USD{revenue}}}
  talk:    {{sum: calls.length, unit: minutes}}
  budget:  {{entered: budget.csv, unit: USD, grain: month, take: sum}}
  spent:   {{formula: revenue / budget, grain: month}}
  fee:     {{formula: revenue * {fee}, unit: USD, grain: month}}
"""
VISITS = [
    "id,day,person,shop,usd",
    *(f"{n},2026-0{1 + n % 4}-{1 + n % 27:02},p{n % 7},s{n % 3},{n}" for n in range(80)),
]
CALLS = ["at,length", *(f"2026-0{1 + n % 4}-{1 + n % 27:02}T22:30:00,{n}" for n in range(50))]
SHOPS = ["shop,town", "s0,Ava", "s1,Ava", "s2,Bree"]
BUDGET = ["period,value", "2026-01,1000", "2026-02,1000", "2026-03,1000"]
THEN, NOW = datetime.fromisoformat("2026-04-28T06:00Z"), datetime.fromisoformat("2026-04-29T06:00Z")


class Project:
    """A project that runs, and is then asked why closed numbers would change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {"visits": VISITS, "calls": CALLS, "shops": SHOPS, "budget": BUDGET}
        self.yaml = {"project": "", "visits": "", "people": "", "revenue": "", "fee": "0.1"}

    def write(self) -> None:
        for name, lines in self.files.items():
            (self.root / f"{name}.csv").write_text("\n".join(lines) + "\n")
        (self.root / "headway.yml").write_text(HEAD.format(**self.yaml))

    def run(self, now: datetime = THEN, *names: str) -> None:
        """Compute everything, or some KPIs."""
        self.write()
        with Ledger.open(self.root / "ledger.db") as ledger:
            run.observe(catalogue.load(self.root), ledger, now, names)

    def accept(self) -> None:
        """Accept all that waits."""
        with Ledger.open(self.root / "ledger.db") as ledger:
            waiting = [one.id for one in ledger.restatements("waiting")]
            ledger.decide(waiting, accept=True, who="", why="a test", now=THEN)

    def causes(self, now: datetime = NOW) -> dict[str, Counter[Cause]]:
        """Of each KPI, how many closed numbers have changed since, by the cause."""
        self.write()
        catalog = catalogue.load(self.root)
        with Ledger.open(self.root / "ledger.db") as ledger, DuckDB(self.root / "tmp") as engine:
            attempt = Attempt(catalog, engine, now, Data(catalog))
            wanted = closure(catalog, ())
            attempt.compute(wanted)
            assert not attempt.failed_kpis
            computed = attempt.computed(wanted)
            closing = attempt.closing(ledger, computed)
            found = {}
            for one in computed:
                assert one.observed is not None
                changed = self._changed(ledger.read(one.kpi, part=None), one.observed, closing)
                if len(changed):
                    found[one.kpi] = Counter(closing.causes(one.kpi, changed))
            return found

    def _changed(self, then: pa.Table, now: pa.Table, closing: Closing) -> pa.Table:
        key = OBSERVED.names[:4]
        before, after = (
            {tuple(row[name] for name in key): row for row in table.to_pylist() if not row["flags"] & Flag.PARTIAL}
            for table in (then, now)
        )
        rows = [
            {name: row[name] for name in key} | {"was": row["reason"], "reason": after.get(at, {}).get("reason")}
            for at, row in before.items()
            if (after.get(at, {}).get("value"), after.get(at, {}).get("reason")) != (row["value"], row["reason"])
        ]
        names = [*key, "was", "reason"]
        return pa.table({name: pa.array([row[name] for row in rows]) for name in names}) if rows else pa.table({})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that ran once."""
    made = Project(tmp_path)
    made.run()
    return made


def only(found: dict[str, Counter[Cause]]) -> Cause:
    """The one cause of everything that changed."""
    (cause,) = {cause for causes in found.values() for cause in causes}
    return cause


def test_nothing_changed(project: Project) -> None:
    """The same files give the same numbers, also a day later."""
    assert project.causes() == {}


def test_a_late_row_is_one_cause_over_all_that_it_touches(project: Project) -> None:
    """Thirty days of people, and the day, week, month of revenue with its cells and what is made of it."""
    project.files["visits"] = [*VISITS, "900,2026-02-10,new,s1,5"]
    found = project.causes()
    assert only(found) == Cause(Because.LATE, "visits", late=1, first=date(2026, 2, 10), last=date(2026, 2, 10))
    assert found.keys() == {"people", "revenue", "spent", "fee"}
    assert found["people"].total() >= 30
    assert found["spent"].total() == 2  # the month and its quarter


def test_a_column_that_a_source_gained_is_no_change_of_its_rows(project: Project) -> None:
    """Rows are compared by the columns that there were."""
    header, *rows = [*VISITS, "900,2026-02-10,new,s1,5"]
    project.files["visits"] = [f"{header},till", *(f"{row},1" for row in rows)]
    assert only(project.causes()) == Cause(
        Because.LATE, "visits", late=1, first=date(2026, 2, 10), last=date(2026, 2, 10)
    )


def test_rows_that_are_changed_and_rows_that_go(project: Project) -> None:
    """Three that were changed and one that went are one cause, with both counts; most were changed."""
    gone = VISITS[:10] + VISITS[11:]
    project.files["visits"] = [
        line.replace(",s1,", ",s2,") if line[:3] in ("13,", "16,", "19,") else line for line in gone
    ]
    cause = only(project.causes())
    assert (cause.reason, cause.source) == (Because.CHANGED, "visits")
    assert (cause.late, cause.changed, cause.deleted, cause.note) == (0, 3, 1, "")


def test_rows_without_a_key_come_and_go(project: Project) -> None:
    """A row of a source without a key that is another one on its day was changed."""
    project.files["calls"] = [*CALLS[:3], CALLS[3].replace(",2", ",200"), *CALLS[5:]]
    cause = only(project.causes())
    assert (cause.reason, cause.source) == (Because.CHANGED, "calls")
    assert (cause.late, cause.changed, cause.deleted) == (0, 1, 1)


def test_rows_of_a_source_that_is_referred_to(project: Project) -> None:
    """A shop that moved to another town changes the cells of both, on all days."""
    project.files["shops"] = [*SHOPS[:3], "s2,Ava"]
    found = project.causes()
    assert only(found) == Cause(Because.CHANGED, "shops", changed=1)
    assert found.keys() == {"revenue"}


def test_of_two_sources_each_number_has_its_own(project: Project) -> None:
    """Late visits change revenue, late calls the talk."""
    project.files["visits"] = [*VISITS, "900,2026-02-10,new,s1,5"]
    project.files["calls"] = [*CALLS, "2026-03-03T10:00:00,7"]
    found = project.causes()
    assert {cause.source for cause in found["revenue"]} == {"visits"}
    assert {cause.source for cause in found["talk"]} == {"calls"}


def test_rows_of_the_newest_days_are_no_part_of_a_cause(project: Project) -> None:
    """What came for the day of the last run, and later ones, was not closed: it is not counted with a late row."""
    project.files["calls"] = [*CALLS, "2026-04-28T09:00:00,1", "2026-04-29T01:00:00,1", "2026-03-03T10:00:00,7"]
    assert only(project.causes()) == Cause(Because.LATE, "calls", late=1, first=date(2026, 3, 3), last=date(2026, 3, 3))


def test_an_exclusion_is_named_with_its_rows(project: Project) -> None:
    """What it takes out is counted; numbers of other days are not its doing."""
    project.yaml["visits"] = "    exclude: [{where: shop = 's1', from: 2026-02-01, through: 2026-02-28, why: a test}]"
    project.files["visits"] = [*VISITS, "900,2026-04-10,new,s1,5"]
    found = project.causes()
    note = "7 rows left out: shop = 's1' (a test)"
    assert Cause(Because.EXCLUSION, "visits", note=note) in found["revenue"]
    assert Cause(Because.LATE, "visits", late=1, first=date(2026, 4, 10), last=date(2026, 4, 10)) in found["revenue"]
    assert len(found["revenue"]) == 2
    project.run()
    project.accept()
    project.yaml["visits"] = ""
    assert only(project.causes()).note == "no longer left out: shop = 's1' (a test)"


def test_a_definition_is_named_also_downstream(project: Project) -> None:
    """By the keys that changed, as they are written."""
    project.yaml["people"] = ", where: usd > 3"
    assert only(project.causes()) == Cause(Because.DEFINITION, note="people: where")
    project.run()
    project.accept()
    project.yaml["fee"] = "0.2"
    assert only(project.causes()) == Cause(Because.DEFINITION, note="fee: formula")


def test_a_definition_of_an_input_is_named(project: Project) -> None:
    """Of what reads a KPI that is defined otherwise, that KPI is the cause."""
    project.yaml["revenue"] = ", where: usd > 9"
    found = project.causes()
    assert only(found) == Cause(Because.DEFINITION, note="revenue: where")
    assert found.keys() == {"revenue", "spent", "fee"}


def test_another_time_zone_is_the_calendar(project: Project) -> None:
    """Calls before midnight UTC are of the next day elsewhere."""
    project.yaml["project"] = "timezone: Asia/Tokyo"
    found = project.causes()
    assert set(found["talk"]) == {Cause(Because.CALENDAR, note="timezone")}


def test_weeks_that_begin_otherwise_are_the_calendar_of_weeks_alone(project: Project) -> None:
    """A day is a day, whenever weeks begin."""
    project.yaml["project"] = "week_start: sunday"
    project.files["visits"] = [*VISITS, "900,2026-02-10,new,s1,5"]
    found = project.causes()
    assert {cause.reason for cause in found["revenue"]} == {Because.CALENDAR, Because.LATE}
    assert {cause.reason for cause in found["people"]} >= {Because.LATE}


def test_a_check_that_fails_and_one_that_no_longer_does(project: Project) -> None:
    """What is withheld for a check has that as its cause, whatever rows came."""
    project.files["visits"] = [*VISITS, VISITS[40]]
    found = project.causes()
    assert only(found) == Cause(Because.CHECK, "visits", note="key")
    project.run()
    project.files["visits"] = VISITS
    assert only(project.causes()) == Cause(Because.CHECK)


def test_numbers_that_are_typed_otherwise(project: Project) -> None:
    """The file is named, also by what reads the KPI."""
    project.files["budget"] = [*BUDGET[:2], "2026-02,1200", BUDGET[3]]
    found = project.causes()
    days = date(2026, 2, 28)
    assert only(found) == Cause(Because.TYPED, "budget.csv", changed=1, first=days, last=days)
    assert found.keys() == {"budget", "spent"}


def test_a_kpi_that_was_left_out_is_compared_with_the_rows_that_it_was_made_of(project: Project) -> None:
    """A run of some KPIs forgets no footprint that others need."""
    project.files["visits"] = [*VISITS, "900,2026-02-10,new,s1,5"]
    project.run(NOW, "people")
    assert project.causes()["revenue"].keys() == {
        Cause(Because.LATE, "visits", late=1, first=date(2026, 2, 10), last=date(2026, 2, 10))
    }
    with Ledger.open(project.root / "ledger.db") as ledger:
        assert [sorted(ledger.footprints(number)) for number in (1, 2)] == [
            ["budget.csv", "calls", "shops", "visits"],
            ["budget.csv", "shops", "visits"],
        ]
    project.run(NOW)
    with Ledger.open(project.root / "ledger.db") as ledger:
        assert [len(ledger.footprints(number)) for number in (1, 2, 3)] == [0, 0, 4]


def test_another_version_is_the_cause_of_what_nothing_else_explains(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are named."""
    monkeypatch.setattr(run, "__version__", "99")
    monkeypatch.setattr(DuckDB, "version", "another 1")
    project.run()
    monkeypatch.undo()
    project.yaml["fee"] = "0.1 + 0"
    changed = pa.table({"part": [""], "grain": ["month"], "cell": [""], "period": [20454]})
    catalog: Any = catalogue.load(project.root)
    with Ledger.open(project.root / "ledger.db") as ledger, DuckDB(project.root / "tmp") as engine:
        attempt = Attempt(catalog, engine, NOW, Data(catalog))
        attempt.compute(["revenue"])
        (cause,) = attempt.closing(ledger, ()).causes("revenue", changed)
    assert cause.reason is Because.SOFTWARE
    assert cause.note.startswith("Headway 99 -> ")


def test_what_nothing_explains_is_said_to_be_unknown(project: Project) -> None:
    """No cause is made up."""
    changed = pa.table({"part": [""], "grain": ["month"], "cell": [""], "period": [20454]})
    catalog = catalogue.load(project.root)
    with Ledger.open(project.root / "ledger.db") as ledger, DuckDB(project.root / "tmp") as engine:
        attempt = Attempt(catalog, engine, NOW, Data(catalog))
        attempt.compute(["revenue"])
        assert attempt.closing(ledger, ()).causes("revenue", changed) == [Cause(Because.UNKNOWN)]

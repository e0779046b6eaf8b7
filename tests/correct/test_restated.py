"""A change of closed numbers is one line: real files are run, changed and run again, and the ledger tells why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as parquet
import pytest

from headway import catalog as catalogue
from headway import run
from headway.ledger import Ledger, Restatement
from headway.model import Because, Cause

PROJECT = """
project: restated
timezone: {zone}
{restatement}
sources:
  visits:
    read: {{files: {files}}}
    columns: {{id: integer, at: timestamp, person: text, shop: text, usd: number}}
    key: id
    time: at
    times_in: UTC
    late_after: 2 days
    {exclude}
  calls: {{read: {{files: calls.csv}}, columns: {{day: date, length: number}}, time: day}}
kpis:
  mau:     {{distinct: visits.person, window: 30 days, by: [shop]{mau}}}
  revenue: {{sum: visits.usd, by: [shop], unit: USD}}
  talk:    {{sum: calls.length, grain: month}}
  costs:   {{entered: costs.csv, unit: USD, grain: month, take: sum}}
  profit:  {{formula: revenue - costs, unit: USD, grain: month}}
"""
VISITS = ["id,at,person,shop,usd"] + [
    f"{n},2026-0{1 + n % 4}-{1 + n % 28:02}T{n % 24:02}:30:00,p{n % 7},s{n % 3},{n}" for n in range(400)
]
CALLS = ["day,length", *(f"2026-0{1 + n % 4}-{1 + n % 28:02},{n}" for n in range(50))]
COSTS = ["period,value", "2026-01,1000", "2026-02,1000", "2026-03,1000"]


class Project:
    """A project that runs each morning, from the 2nd of May on."""

    def __init__(self, root: Path, *, columnar: bool) -> None:
        self.root = root
        self.columnar = columnar
        self.files = {"visits": VISITS, "calls": CALLS, "costs": COSTS}
        files = "visits.parquet" if columnar else "visits.csv"
        self.yaml = {"zone": "UTC", "files": files, "exclude": "", "mau": "", "restatement": ""}
        self.day = 1

    def run(self) -> list[Restatement]:
        """Run, and tell all restatements so far."""
        self.day += 1
        for name, lines in self.files.items():
            (self.root / f"{name}.csv").write_text("\n".join(lines) + "\n")
        if self.columnar:
            parquet.write_table(csv.read_csv(self.root / "visits.csv"), self.root / "visits.parquet")
        (self.root / "headway.yml").write_text(PROJECT.format(**self.yaml))
        with Ledger.open(self.root / "ledger.db") as ledger:
            outcome = run.observe(catalogue.load(self.root), ledger, datetime(2026, 5, self.day, 6, tzinfo=UTC))
            assert outcome.whole
            return ledger.restatements()

    def visit(self, at: str, number: int = 900) -> str:
        """One more visit."""
        return f"{number},{at}T12:30:00,new,s1,5"


@pytest.fixture(params=[False, True], ids=["csv", "parquet"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project that ran once."""
    made = Project(tmp_path, columnar=request.param)
    assert made.run() == []
    return made


def late(project: Project) -> Cause:
    """Two rows of March come in May, one within the time that rows may take, and one of today."""
    days = ("2026-03-10", "2026-03-12", "2026-04-30", "2026-05-02")
    project.files["visits"] = [*VISITS, *(project.visit(day, 900 + n) for n, day in enumerate(days))]
    return Cause(Because.LATE, "visits", late=2, first=date(2026, 3, 10), last=date(2026, 3, 12))


def changed(project: Project) -> Cause:
    """A sum is another one."""
    project.files["visits"] = [line.replace(",99", ",98") if line.startswith("99,") else line for line in VISITS]
    return Cause(Because.CHANGED, "visits", changed=1, first=date(2026, 4, 16), last=date(2026, 4, 16))


def deleted(project: Project) -> Cause:
    """Three rows are gone."""
    project.files["visits"] = VISITS[:100] + VISITS[103:]
    return Cause(Because.DELETED, "visits", deleted=3, first=date(2026, 1, 17), last=date(2026, 4, 16))


def excluded(project: Project) -> Cause:
    """A shop's rows of a month are left out."""
    project.yaml["exclude"] = "exclude: [{where: shop = 's1', from: 2026-02-01, through: 2026-02-28, why: a test}]"
    return Cause(Because.EXCLUSION, "visits", note="34 rows left out: shop = 's1' (a test)")


def redefined(project: Project) -> Cause:
    """Some rows count no more."""
    project.yaml["mau"] = ", where: usd > 390"
    return Cause(Because.DEFINITION, note="mau: where")


def elsewhere(project: Project) -> Cause:
    """Days are cut otherwise."""
    project.yaml["zone"] = "Asia/Tokyo"
    return Cause(Because.CALENDAR, note="timezone")


def typed(project: Project) -> Cause:
    """A number that people keep is another one."""
    project.files["costs"] = [*COSTS[:2], "2026-02,1200", COSTS[3]]
    return Cause(Because.TYPED, "costs.csv", changed=1, first=date(2026, 2, 28), last=date(2026, 2, 28))


def twice(project: Project) -> Cause:
    """A row is there twice: its key is not unique."""
    project.files["visits"] = [*VISITS, VISITS[9]]
    return Cause(Because.CHECK, "visits", note="key")


@pytest.mark.parametrize("happens", [late, changed, deleted, excluded, redefined, elsewhere, typed, twice])
def test_what_happens_is_one_restatement_over_all_that_it_touches(
    project: Project, happens: Callable[[Project], Cause]
) -> None:
    """With its counts; the next run, of the same files, has nothing to add."""
    cause = happens(project)
    (one,) = project.run()
    assert one.cause == cause
    assert one.numbers > 1
    assert project.run() == [one]


def test_a_late_row_touches_thirty_days_of_people_and_is_one_line(project: Project) -> None:
    """In the total, its cell and each longer period; and what is made of them."""
    late(project)
    (one,) = project.run()
    assert {kpi.kpi for kpi in one.kpis} == {"mau", "revenue", "profit"}
    (people,) = (kpi for kpi in one.kpis if kpi.kpi == "mau")
    assert people.numbers >= 60


def test_a_rename_restates_nothing(project: Project) -> None:
    """Of a value, whose rows still say the old one; and what comes late afterwards is late, and nothing else."""
    project.yaml["mau"] = ", formerly: {shop: {s0: north}}"
    assert project.run() == []
    late(project)
    (one,) = project.run()
    assert one.cause.reason is Because.LATE


def test_two_things_at_once_are_two_lines(project: Project) -> None:
    """Late visits and changed calls touch other numbers."""
    cause = late(project)
    project.files["calls"] = [CALLS[0], "2026-01-01,500", *CALLS[2:]]
    found = project.run()
    assert {one.cause.source: one.cause.reason for one in found} == {"visits": Because.LATE, "calls": Because.CHANGED}
    assert cause in [one.cause for one in found]


def test_the_project_lets_periods_stay_open_for_longer(project: Project) -> None:
    """A row that is late by less than `restatement.after` changes no closed number."""
    project.yaml["restatement"] = "restatement: {after: 60 days}"
    project.run()
    project.files["visits"] = [*VISITS, project.visit("2026-04-10")]
    assert project.run() == []
    project.files["visits"] = [*VISITS, project.visit("2026-02-10")]
    assert [one.state for one in project.run()] == ["waiting"]

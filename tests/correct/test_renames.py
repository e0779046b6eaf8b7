"""A rename is no new number: series follow it with their history, and what was said before answers to its old name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headway import catalog as catalogue
from headway import run
from headway.ledger import Ledger, Recorded
from headway.model import Because, read_cell
from headway.periods import Grain

PROJECT = """
project: renames
sources:
  visits:
    read: {{files: visits.csv}}
    columns: {{id: integer, day: date, person: text, hub: text, tags: list}}
    key: id
    time: day
kpis:
  {name}: {{distinct: visits.person, window: 7 days, by: [hub, [hub, person]]{formerly}}}
  visits: {{count: visits, by: [hub], grain: month{visits}}}
  rate:   {{formula: visits / {name}, grain: month}}
"""
VISITS = ["id,day,person,hub,tags", *(f"{n},2026-0{1 + n % 3}-{1 + n % 27:02},p{n % 5},h{n % 2},[]" for n in range(60))]


class Project:
    """A project in which names change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.visits = VISITS
        self.yaml = {"name": "people", "formerly": "", "visits": ""}
        self.day = 0

    def run(self, text: str = PROJECT, **yaml: str) -> Recorded:
        """A run on the next morning."""
        self.yaml |= yaml
        self.day += 1
        (self.root / "visits.csv").write_text("\n".join(self.visits) + "\n")
        (self.root / "headway.yml").write_text(text.format(**self.yaml))
        now = datetime.fromisoformat(f"2026-04-{self.day:02}T06:00Z")
        with Ledger.open(self.root / "ledger.db") as ledger:
            outcome = run.observe(catalogue.load(self.root), ledger, now)
            assert outcome.whole
            return outcome.recorded

    def table(self, kpi: str, as_of: int | None = None) -> pa.Table:
        """What the ledger holds of a KPI, without the marks of when."""
        with Ledger.open(self.root / "ledger.db") as ledger:
            return ledger.read(kpi, part=None, as_of=as_of)

    def cells(self, kpi: str, as_of: int | None = None, *, grain: str = "month") -> dict[tuple[Any, ...], float]:
        """The values of all cells."""
        return {
            (read_cell(row["cell"]), row["period"]): row["value"]
            for row in self.table(kpi, as_of).to_pylist()
            if row["grain"] == grain
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that ran once."""
    made = Project(tmp_path)
    made.run()
    return made


def revisions(project: Project, kpi: str, period: str) -> list[tuple[int, float | None]]:
    """The run and value of each revision of a month's total."""
    key = catalogue.load(project.root).calendar.parse(period).key
    with Ledger.open(project.root / "ledger.db") as ledger:
        return [(one.run, one.value) for one in ledger.revisions(kpi, "", Grain.MONTH, "", key)]


def marked(table: pa.Table) -> set[tuple[Any, ...]]:
    """Numbers with all that is said of them, but how many came before."""
    return {tuple(row.values()) for row in table.drop_columns(["revision"]).to_pylist()}


def test_a_kpi_takes_its_series_with_it(project: Project) -> None:
    """Nothing is new, nothing changed, and nothing is left under the old name."""
    before = project.table("people")
    recorded = project.run(name="users", formerly=", formerly: people")
    assert (recorded.changed, recorded.gone) == (0, 0)
    closed = {key: value for key, value in project.cells("users").items() if key in project.cells("people", as_of=1)}
    assert closed == {
        (read_cell(r["cell"]), r["period"]): r["value"] for r in before.to_pylist() if r["grain"] == "month"
    }
    assert len(project.table("people")) == 0
    assert [number for number, _ in revisions(project, "users", "2026-02")] == [1]


def test_what_was_said_before_answers_to_the_old_name(project: Project) -> None:
    """As of the first run there was no other; so was its definition."""
    before = project.table("people")
    project.run(name="users", formerly=", formerly: people")
    assert project.table("people", as_of=1).equals(before)
    with Ledger.open(project.root / "ledger.db") as ledger:
        then, now = ledger.definitions(as_of=1).get("people"), ledger.definitions().get("users")
        assert then is not None
        assert now is not None
        assert then.fingerprint == now.fingerprint
        assert ledger.definitions().get("people") is None


def test_names_change_more_than_once(project: Project) -> None:
    """Each of them is answered as of its time, and the old name may be used anew."""
    before = project.table("people")
    project.run(name="users", formerly=", formerly: people")
    project.run(name="members", formerly=", formerly: [users, people]")
    assert project.table("people", as_of=1).equals(before)
    assert project.cells("users", as_of=2) == project.cells("members", as_of=2) != {}
    project.run(name="people", formerly="")
    assert project.table("people", as_of=1).equals(before)
    assert [number for number, _ in revisions(project, "people", "2026-02")] == [4]


def test_a_rename_that_was_written_down_late_joins_the_two(project: Project) -> None:
    """Of what both names have, the old one's values come first; running periods too are read as they were."""
    before = project.table("people")
    project.visits = [*VISITS, "900,2026-02-10,new,h0,[]", "901,2026-04-01,p1,h0,[]"]
    project.run(name="users")
    (_, new), (_, old) = revisions(project, "users", "2026-02")[0], revisions(project, "people", "2026-02")[0]
    middle = project.table("users")
    project.run(formerly=", formerly: people")
    assert revisions(project, "users", "2026-02") == [(1, old), (2, new)]
    assert project.table("people", as_of=1).equals(before)
    assert marked(project.table("users", as_of=2)) >= marked(middle)
    assert (project.run().changed, project.run().gone) == (0, 0)


def test_values_of_a_breakdown_are_renamed_with_their_cells(project: Project) -> None:
    """Crosses among them; rows that still say the old name are read as the new one, and nothing changes."""
    formerly = ", formerly: {hub: {h0: north}}"
    before = project.cells("visits")
    recorded = project.run(visits=formerly, formerly=formerly)
    assert (recorded.changed, recorded.gone) == (0, 0)
    renamed = {(tuple((c, v.replace("h0", "north")) for c, v in cell), at): n for (cell, at), n in before.items()}
    assert project.cells("visits").items() >= renamed.items()
    crossed = {dict(cell).get("hub") for cell, _ in project.cells("people") if len(cell) == 2}
    assert crossed == {"north", "h1"}
    assert project.cells("visits", as_of=1) == before
    project.visits = [line.replace(",h0,", ",north,") if int(line.split(",")[0]) > 30 else line for line in VISITS[1:]]
    project.visits = [VISITS[0], *project.visits]
    recorded = project.run()
    assert (recorded.changed, recorded.gone) == (0, 0)


def test_a_list_puts_a_row_into_the_cell_of_today_once(project: Project) -> None:
    """Though it says both the old and the new name."""
    project.visits = [line.replace("[]", '"[a, b]"') for line in VISITS]
    project.yaml["visits"] = ", by: [tags], formerly: {tags: {a: b}}"
    text = PROJECT.replace("by: [hub], grain: month{visits}", "grain: month{visits}")
    project.run(text)
    cells = project.cells("visits")
    tagged = {at: value for (cell, at), value in cells.items() if dict(cell) == {"tags": "b"}}
    assert tagged == {at: value for (cell, at), value in cells.items() if cell == ()}
    assert {dict(cell)["tags"] for cell, _ in cells if "tags" in dict(cell)} == {"b"}


def test_what_changes_with_a_rename_is_compared_under_the_old_name(project: Project) -> None:
    """A row that came late is the cause, though nothing was ever computed under the new name; of a formula, too."""
    project.visits = [*VISITS, "900,2026-01-05,new,h0,[]"]
    project.run(name="users", formerly=", formerly: people")
    with Ledger.open(project.root / "ledger.db") as ledger:
        causes = {(one.cause.reason, one.cause.source, one.cause.late) for one in ledger.restatements()}
        kpis = {part.kpi for one in ledger.restatements() for part in one.kpis}
    assert causes == {(Because.LATE, "visits", 1)}
    assert {"users", "rate"} <= kpis

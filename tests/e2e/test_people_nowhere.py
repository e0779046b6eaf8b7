"""Nobody is named: people of a small project with everything wrong in it stand in its files, and in nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headway.cli import app

NAME = "zqperson"
MEMBERS = [f"{NAME}-{number:02}" for number in range(12)]
NOW = "2026-03-10T06:00Z"

#: Every check fails of columns that name people, and so does the key, a reference, and one KPI's expression.
PROJECT = """\
project: club
min_group_size: 5
sources:
  visits:
    read: {files: data/visits.csv}
    columns: {visit: text, person: text, friend: text, at: timestamp, spent: number, shelf: text, note: text}
    key: visit
    time: at
    people: [person, friend]
    refers: {person: {source: members, tolerate: 100 %}}
    derive:
      badge: person || '-' || shelf
      number: cast(person as integer)
    checks:
      - {unique: [person], then: warn}
      - {unique: [person, shelf], then: warn, name: once}
      - {one_of: {person: [nobody]}, then: warn}
      - {one_of: {badge: [nobody]}, then: warn, name: badges}
      - {matches: {person: '^x'}, then: warn}
      - {not_null: [friend], then: warn}
      - {rule: "person = friend", then: warn}
      - {rule: "badge = ''", then: warn, name: no_badge}
      - {fresh: 1 day, then: warn}
  members:
    read: {files: data/members.csv}
    columns: {person: text, joined: date, level: text}
    key: person
    time: joined
    people: person
kpis:
  visitors: {distinct: visits.person, window: 7 days, by: [shelf, level], unit: people, audience: public}
  visits: {count: visits, by: [shelf, [shelf, level]], targets: [{at_least: 10}], audience: public}
  spent: {sum: visits.spent, grain: month, by: [shelf], unit: EUR}
  per_visitor: {formula: visits / visitors, by: [shelf]}
  numbers: {sum: visits.number, grain: month}
  joined: {count: members, grain: month, by: [level]}
"""


def _rows() -> str:
    lines = ["visit,person,friend,at,spent,shelf,note"]
    for day in range(1, 29):
        for number, person in enumerate(MEMBERS):
            friend = "" if number == 3 else MEMBERS[number - 1]
            shelf = "rare" if number == 5 else "books" if number % 2 else "maps"
            lines.append(f"v{day % 20}-{number},{person},{friend},2026-02-{day:02}T10:00:00,{number}.5,{shelf},")
    lines.append(f"last,{NAME}-stranger,{MEMBERS[0]},2026-02-28T11:00:00,1,books,")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that names twelve people and a stranger."""
    root = tmp_path_factory.mktemp("club")
    (root / "data").mkdir()
    (root / "data" / "visits.csv").write_text(_rows(), "utf-8")
    members = [f"{person},2025-0{1 + number % 9}-01,level{number % 2}" for number, person in enumerate(MEMBERS)]
    (root / "data" / "members.csv").write_text("\n".join(["person,joined,level", *members, members[0]]) + "\n", "utf-8")
    (root / "headway.yml").write_text(PROJECT, "utf-8")
    return root


def command(root: Path, *words: str) -> str:
    """All that a command says."""
    answer = CliRunner().invoke(app, [words[0], "--project", str(root), *words[1:]], catch_exceptions=False)
    assert answer.exit_code in (0, 1, 3), answer.output
    said: str = answer.output
    return said


def everything(root: Path) -> Iterator[Path]:
    """Every file that is none of the data."""
    return (path for path in root.rglob("*") if path.is_file() and path.parent != root / "data")


def test_no_command_and_no_file_names_anybody(club: Path) -> None:
    """Checks, a run with failures of every kind, explanations, the ledger's bytes, and pages for every reader."""
    said = [command(club, "check"), command(club, "run", "--now", NOW)]
    for kpi in ("visitors", "visits", "spent", "per_visitor", "numbers", "joined"):
        said += [command(club, "show", kpi), command(club, "explain", kpi)]
        said += [command(club, "show", kpi, "--json"), command(club, "explain", kpi, "--json")]
    assert "could not convert" in "".join(said)  # what fails for a person's name is told without it
    for audience in ("public", "internal", "restricted"):
        said.append(command(club, "build", str(club / f"site-{audience}"), "--audience", audience))
    for text in said:
        assert NAME not in text.lower()
    files = list(everything(club))
    assert {"ledger.db", "index.html"} <= {path.name for path in files}
    for path in files:
        assert NAME.encode() not in path.read_bytes().lower(), path


@pytest.mark.parametrize(
    ("declared", "instead"),
    [("person: text, friend", "person: integer, friend"), ("person: text, friend", "person: timestamp, friend")],
)
def test_a_value_that_cannot_be_read_is_told_by_its_form(club: Path, declared: str, instead: str) -> None:
    """The message says where it stands and what it looks like, not who it is."""
    (club / "headway.yml").write_text(PROJECT.replace(declared, instead, 1), "utf-8")
    try:
        said = command(club, "check") + command(club, "run", "--now", NOW)
    finally:
        (club / "headway.yml").write_text(PROJECT, "utf-8")
    assert "a value of the form 'xxxxxxxx-99' in column person" in said
    assert NAME not in said

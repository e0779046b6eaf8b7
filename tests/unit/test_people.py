"""A breakdown whose cells are nearly one person each is refused, whatever its column is called."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headway import catalog as catalogs
from headway import run
from headway.ledger import Ledger
from headway.rehearsal import rehearse

NOW = datetime(2026, 3, 1, tzinfo=UTC)

PROJECT = """\
project: mail
min_group_size: {smallest}
sources:
  letters:
    read: {{files: letters.csv}}
    columns: {{person: text, address: text, at: date}}
    time: at
    people: person
kpis:
  letters: {{count: letters, by: [address]}}
  all_letters: {{count: letters}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Twelve people, each with an address of their own, and two who share one."""
    rows = [f"p{n},{min(n, 10)}@example.org,2026-01-{n + 1:02}" for n in range(12)]
    (tmp_path / "letters.csv").write_text("\n".join(["person,address,at", *rows]) + "\n", "utf-8")
    (tmp_path / "headway.yml").write_text(PROJECT.format(smallest=5), "utf-8")
    return tmp_path


def test_check_refuses_cells_of_one_person_each(project: Path) -> None:
    """The data show it, though nothing declares that an address names anybody."""
    (error,) = rehearse(catalogs.load(project), NOW).errors
    (mistake,) = error.mistakes
    assert mistake.slug == "person-cells"
    assert mistake.message == "letters by address would rank people: its 11 cells are nearly one person each"


def test_a_run_stores_no_name_of_such_a_cell(project: Path) -> None:
    """It computes the others, and the ledger holds no address."""
    ledger = Ledger.open(project / "ledger.db")
    outcome = run.observe(catalogs.load(project), ledger, NOW)
    assert list(outcome.failed_kpis) == ["letters"]
    assert b"example.org" not in (project / "ledger.db").read_bytes()


def test_people_who_are_public_may_be_cells(project: Path) -> None:
    """With a smallest group of one nobody is protected."""
    (project / "headway.yml").write_text(PROJECT.format(smallest=1), "utf-8")
    catalog = catalogs.load(project)
    assert rehearse(catalog, NOW).errors == []
    assert run.observe(catalog, Ledger.open(project / "ledger.db"), NOW).whole

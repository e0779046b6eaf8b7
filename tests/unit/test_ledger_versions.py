"""A ledger of each earlier schema is copied, brought up to date in one transaction, and goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from headway.errors import LedgerError
from headway.ledger import Ledger, Run, schema
from headway.model import OBSERVED, Computed
from headway.periods import Calendar, Grain

LEDGERS = Path(__file__).parent.parent / "ledgers"
DUMPS = sorted(LEDGERS.glob("*.sql"))
OLD = [dump for dump in DUMPS if dump.stem != schema.HEAD]
JANUARY = Calendar("UTC").parse("2026-01").key
NOW = datetime(2026, 2, 5, 6, tzinfo=UTC)


def restored(dump: Path, folder: Path) -> Path:
    """The ledger of a dump, as a file."""
    path = folder / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    return path


def version(path: Path) -> str:
    """The version that a ledger says it has."""
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute("SELECT version_num FROM ledger_version").fetchone()
    return str(number)


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    """All that a table holds."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def test_every_earlier_schema_is_kept() -> None:
    """One dump for each migration before the newest."""
    assert {dump.stem for dump in OLD} == {f"{number:04}" for number in range(1, int(schema.HEAD))}


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_an_earlier_ledger_reads_as_it_did_and_takes_a_further_run(dump: Path, tmp_path: Path) -> None:
    """January came to 51, with late rows to 61 and 71 (added up by hand): each stays, and the next run adds one."""
    path = restored(dump, tmp_path)
    with Ledger.open(path) as ledger:
        assert version(path) == schema.HEAD
        runs = ledger.runs()
        assert [run.id for run in runs] == [3, 2, 1]
        assert len({run.uuid for run in runs if run.uuid}) == 3
        history = ledger.revisions("spent", "", Grain.MONTH, "", JANUARY)
        assert [(one.value, one.run) for one in history] == [(51, 1), (61, 2), (71, 3)]
        second = runs[1].finished
        (then,) = ledger.read("spent", cells=False, as_of=second).slice(0, 1).to_pylist()
        assert (then["value"], then["status"], then["low"]) == (61, "off", 100)
        assert "visits" in ledger.catalogue(runs[0].fingerprint)  # type: ignore[operator]  # it is there
        assert "SELECT" in ledger.definitions().get("spent").sql.upper()  # type: ignore[union-attr]  # it is there
        if dump.stem >= "0003":
            (entered,) = ledger.entries("trained")
            assert (entered.entry.note, entered.revision) == ("one came back (was 12)", 2)

        before = ledger.read("spent").to_pylist()
        changed = [{name: row[name] for name in OBSERVED.names} for row in before]
        changed[0]["value"] = 70.0
        made = Computed("spent", "f", "SELECT 2", pa.Table.from_pylist(changed, OBSERVED))
        recorded = ledger.record(Run(started=NOW, now=NOW, fingerprint="c", catalogue="{}"), [made])
        assert (recorded.new, recorded.changed, recorded.gone) == (0, 1, 0)
        assert recorded.unchanged == len(before) - 1
        assert [one.value for one in ledger.revisions("spent", "", Grain.MONTH, "", JANUARY)][-2:] == [71, 70]


@pytest.mark.parametrize("dump", OLD, ids=lambda dump: dump.stem)
def test_an_earlier_ledger_is_copied_before_it_is_upgraded(dump: Path, tmp_path: Path) -> None:
    """The copy stands beside it and holds all that it held, in the tables of then; opening again makes no other."""
    path = restored(dump, tmp_path)
    tables = ("run", "observation", "verdict", "digest", "series")
    before = {table: rows(path, table) for table in tables}
    for _ in range(2):
        Ledger.open(path).close()
    copy = tmp_path / f"ledger.db.{dump.stem}-before-upgrade"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["ledger.db", copy.name]
    assert version(copy) == dump.stem
    assert {table: rows(copy, table) for table in tables} == before


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    """Here somebody's own table has the name of one to come: the error says so, nothing else is left behind."""
    path = restored(LEDGERS / "0003.sql", tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE decision (mine TEXT)")
    before = rows(path, "sqlite_master")
    with pytest.raises(LedgerError, match="table decision already exists") as error:
        Ledger.open(path)
    assert error.value.slug == "ledger-broken"
    assert (version(path), rows(path, "sqlite_master")) == ("0003", before)
    assert [found.name for found in tmp_path.iterdir()] == ["ledger.db"]


def test_copies_that_are_upgraded_apart_still_know_their_runs(tmp_path: Path) -> None:
    """A run has one name in all copies of a ledger, also where an earlier release gave it none."""
    names = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        with Ledger.open(restored(LEDGERS / "0001.sql", tmp_path / place)) as ledger:
            names.append([run.uuid for run in ledger.runs()])
    assert names[0] == names[1]

"""A backup holds whole runs and comes back; nobody loses a run without having said so."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from headway.errors import LedgerError, UsageError
from headway.ledger import Ledger, Run, backup, restore
from headway.model import OBSERVED, Computed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LEDGERS = Path(__file__).parent.parent / "ledgers"


def computed(value: float, days: int = 10) -> Computed:
    """A KPI with the same value on so many days."""
    columns = {name: pa.nulls(days, field.type) for name, field in zip(OBSERVED.names, OBSERVED, strict=True)}
    columns |= {name: pa.repeat(said, days) for name, said in (("part", ""), ("grain", "day"), ("cell", ""))}
    columns |= {"value": np.full(days, value), "period": np.arange(days), "flags": np.zeros(days, dtype=np.int8)}
    return Computed("a", "f", "SELECT 1", pa.table(columns, schema=OBSERVED))


def run(ledger: Ledger, value: float, days: int = 10) -> None:
    """Record one run, with this value on each day."""
    ledger.record(Run(started=NOW, now=NOW, fingerprint="c", catalogue="{}"), [computed(value, days)])


def content(path: Path) -> tuple[list[float], int]:
    """The values of the KPI, and how many runs there are."""
    with Ledger.open(path, create=False) as ledger:
        return ledger.read("a")["value"].to_pylist(), len(ledger.runs())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of two runs, the second of which changed every number."""
    file = tmp_path / "ledger.db"
    with Ledger.open(file) as ledger:
        run(ledger, 1)
        run(ledger, 2)
    return file


def test_a_backup_comes_back_and_the_replaced_ledger_stays_beside(path: Path, tmp_path: Path) -> None:
    """Also while somebody reads: an open reader sees the ledger of before, then that of the backup."""
    file = tmp_path / "safe" / "monday.db"
    with Ledger.open(path) as ledger:
        assert backup(ledger, file).runs == 2
        run(ledger, 3)
        with pytest.raises(UsageError) as error:
            restore(file, path)
        assert error.value.slug == "would-lose-runs"
        assert "a run that the backup" in str(error.value)
        kept = restore(file, path, force=True)
        assert ledger.read("a")["value"].to_pylist() == [2.0] * 10
        run(ledger, 4)
    assert content(path) == ([4.0] * 10, 3)
    assert kept.before is not None
    assert content(kept.before) == ([3.0] * 10, 3)
    assert kept.before.name == "ledger.db.before-restore"
    assert content(file) == ([2.0] * 10, 2)


def test_where_there_is_no_ledger_a_backup_becomes_it(path: Path, tmp_path: Path) -> None:
    """A new machine needs no force."""
    with Ledger.open(path) as ledger:
        backup(ledger, tmp_path / "b.db")
    restore(tmp_path / "b.db", tmp_path / "new" / "ledger.db")
    assert content(tmp_path / "new" / "ledger.db") == ([2.0] * 10, 2)


def test_a_backup_does_not_take_the_place_of_one_that_holds_more(path: Path, tmp_path: Path) -> None:
    """A ledger that began anew would otherwise overwrite what is left of the old one, the same night."""
    file = tmp_path / "b.db"
    with Ledger.open(path) as ledger:
        backup(ledger, file)
        run(ledger, 3)
        assert backup(ledger, file).runs == 3
    with Ledger.open(tmp_path / "anew.db") as other:
        run(other, 9)
        with pytest.raises(UsageError) as error:
            backup(other, file)
        assert error.value.slug == "would-lose-runs"
    assert content(file) == ([3.0] * 10, 3)


@pytest.mark.parametrize("what", ["text", "empty", "other database", "cut short"])
def test_what_is_no_ledger_is_not_restored(path: Path, tmp_path: Path, what: str) -> None:
    """Not even by force; the ledger is as it was, and so is the file."""
    file = tmp_path / "b.db"
    match what:
        case "text":
            file.write_text("period,value\n" * 1000)
        case "empty":
            file.write_bytes(b"")
        case "other database":
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute("CREATE TABLE t (x)")
        case _:
            whole = path.read_bytes()
            file.write_bytes(whole[: len(whole) // 2])
    before = file.read_bytes()
    with pytest.raises(LedgerError, match="is no ledger") as error:
        restore(file, path, force=True)
    assert error.value.slug == "ledger-broken"
    assert content(path) == ([2.0] * 10, 2)
    assert file.read_bytes() == before
    assert sorted(found.name for found in tmp_path.iterdir() if found.suffix != ".lock") == ["b.db", "ledger.db"]


def test_a_broken_ledger_gives_way_to_a_backup_by_force(path: Path, tmp_path: Path) -> None:
    """What is left of it stays beside."""
    file = tmp_path / "b.db"
    with Ledger.open(path) as ledger:
        backup(ledger, file)
    path.write_text("my notes, " * 100)
    with pytest.raises(LedgerError):
        restore(file, path)
    restore(file, path, force=True)
    assert content(path) == ([2.0] * 10, 2)
    assert (tmp_path / "ledger.db.broken").read_text().startswith("my notes")


def test_a_backup_of_an_earlier_release_is_restored_into_todays_tables(path: Path, tmp_path: Path) -> None:
    """The file itself stays as that release wrote it."""
    file = tmp_path / "old.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((LEDGERS / "0002.sql").read_text(encoding="utf-8"))
    before = file.read_bytes()
    assert restore(file, path, force=True).runs == 3
    assert file.read_bytes() == before
    with Ledger.open(path) as ledger:
        assert len(ledger.read("visits")) > 0


def test_backups_during_runs_hold_whole_runs(path: Path, tmp_path: Path) -> None:
    """Each of the runs writes one value to 20,000 days; no backup holds two values, and none waits for a run."""
    with Ledger.open(path) as ledger:
        run(ledger, 0, 20_000)
        failed: list[BaseException] = []

        def write() -> None:
            try:
                for value in range(1, 7):
                    run(ledger, value, 20_000)
            except BaseException as error:  # seen below
                failed.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        met = []
        while thread.is_alive() or not met:
            file = tmp_path / f"{len(met)}.db"
            backup(ledger, file)
            values, _ = content(file)
            assert len(values) == 20_000
            assert len(set(values)) == 1
            met.append(values[0])
        thread.join()
    assert not failed
    assert met == sorted(met)
    assert len(set(met)) > 1

"""What happens to the ledger when something goes wrong: it says so in words, and loses nothing."""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import alembic.autogenerate
import alembic.command
import alembic.config
import alembic.migration
import alembic.script
import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from headway.errors import HeadwayError, LedgerError, UsageError
from headway.ledger import Ledger, Run, connect, schema
from headway.model import OBSERVED, Computed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUN = Run(started=NOW, now=NOW, fingerprint="c", catalogue="{}")


def computed(value: float, days: int = 10, kpi: str = "a") -> Computed:
    """A KPI with the same value on so many days."""
    columns = {name: pa.nulls(days, field.type) for name, field in zip(OBSERVED.names, OBSERVED, strict=True)}
    for name, said in {"part": "", "grain": "day", "cell": ""}.items():
        columns[name] = pa.repeat(said, days)
    columns |= {"value": np.full(days, value), "period": np.arange(days), "flags": np.zeros(days, dtype=np.int8)}
    return Computed(kpi, "f", "SELECT 1", pa.table(columns, schema=OBSERVED))


def slug(error: pytest.ExceptionInfo[HeadwayError]) -> str:
    """The slug of the error, which names the file and a remedy."""
    [mistake] = error.value.mistakes
    assert mistake.remedy
    assert "ledger.db" in mistake.message
    return mistake.slug


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger that holds one run, closed."""
    file = tmp_path / "ledger.db"
    with Ledger.open(file) as ledger:
        ledger.record(RUN, [computed(1)])
    return file


def content(path: Path) -> tuple[list[float], int]:
    """The values of the KPI, and how many runs there are."""
    with Ledger.open(path) as ledger:
        return ledger.read("a")["value"].to_pylist(), len(ledger.runs())


ONE_RUN = ([1.0] * 10, 1)


# -- opening ---------------------------------------------------------------------------------------------------------


def test_a_path_and_an_address_name_the_same_ledger(path: Path) -> None:
    """`sqlite:///relative` and `sqlite:////absolute`, as SQLAlchemy writes them."""
    with Ledger.open(f"sqlite:///{path}") as ledger:
        assert len(ledger.runs()) == 1
    assert connect.location("sqlite:///.headway/ledger.db") == Path(".headway/ledger.db")


def test_odd_names_of_folders_are_names(tmp_path: Path) -> None:
    """Spaces, question marks, percent signs and accents mean nothing special."""
    file = tmp_path / "50% of été? #1" / "ledger.db"
    with Ledger.open(file) as ledger:
        ledger.record(RUN, [computed(1)])
    assert file.exists()
    assert content(file) == ONE_RUN


def test_another_database_is_not_supported_yet() -> None:
    """It is refused by name, not taken for a file."""
    with pytest.raises(UsageError) as error:
        Ledger.open("postgresql://somewhere/headway")
    assert error.value.slug == "not-supported-yet"


def test_a_reader_does_not_make_a_ledger(tmp_path: Path) -> None:
    """It says what to do first."""
    with pytest.raises(UsageError) as error:
        Ledger.open(tmp_path / "ledger.db", create=False)
    assert slug(error) == "nothing-computed"
    assert list(tmp_path.iterdir()) == []


def test_a_closed_ledger_is_one_file(path: Path) -> None:
    """It can be copied at once, whenever Python collects its garbage; `file` tells what it is."""
    gc.disable()
    try:
        with Ledger.open(path) as ledger:
            ledger.record(RUN, [computed(2)])
            assert len(ledger.read("a")) == 10
        assert [found.name for found in path.parent.iterdir()] == ["ledger.db"]
    finally:
        gc.enable()
    assert path.read_bytes()[68:72] == b"Head"


def test_a_ledger_of_a_newer_version_is_refused_and_not_touched(path: Path) -> None:
    """A later release may keep what this one does not know."""
    connection = sqlite3.connect(path)
    connection.execute("UPDATE ledger_version SET version_num = '0999'")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError) as error:
        Ledger.open(path)
    assert slug(error) == "ledger-newer"
    assert "0999" in str(error.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("what", ["text", "overwritten", "table lost", "other database", "no version", "folder"])
def test_a_broken_ledger_is_named(path: Path, what: str) -> None:
    """Another file, damaged pages, lost tables: it is broken, and left as it is."""
    match what:
        case "text":
            path.write_text("period,value\n" * 1000)
        case "overwritten":
            data = bytearray(path.read_bytes())
            data[100:4096] = b"\xff" * (4096 - 100)
            path.write_bytes(data)
        case "folder":
            path.unlink()
            path.mkdir()
        case _:
            connection = sqlite3.connect(path)
            match what:
                case "table lost":
                    connection.execute("DROP TABLE word")
                case "other database":
                    connection.execute("DROP TABLE ledger_version")
                case "no version":
                    connection.execute("DELETE FROM ledger_version")
            connection.commit()
            connection.close()
    with pytest.raises(LedgerError) as error:
        Ledger.open(path)
    assert slug(error) == "ledger-broken"


def test_tables_made_by_migrations_are_those_of_the_schema(path: Path) -> None:
    """And `HEAD` is the newest migration. A new ledger, which is led through none, is the same."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(connect.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert alembic.script.ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = alembic.migration.MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
        )
        assert alembic.autogenerate.compare_metadata(context, schema.metadata) == []
    engine.dispose()
    led = path.with_name("led.db")
    engine = sa.create_engine(f"sqlite:///{led}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, schema.HEAD)
    engine.dispose()
    assert shape(led) == shape(path)


def shape(path: Path) -> dict[tuple[str, str], object]:
    """What a database has: of tables their columns, keys and indices, of views what they say."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    ask = connection.execute
    found = {
        (kind, name): " ".join(text.split())
        if kind == "view"
        else [ask(f"PRAGMA {what}({name})").fetchall() for what in ("table_info", "index_info", "foreign_key_list")]
        for kind, name, _, text in rows
    }
    connection.close()
    return found


def test_a_ledger_of_the_first_version_is_brought_up_with_all_that_it_holds(tmp_path: Path) -> None:
    """Its verdicts stay; what they lack is empty, and the next run writes it."""
    old = tmp_path / "old.db"
    config = alembic.config.Config()
    config.set_main_option("script_location", str(connect.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = sa.create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO catalogue VALUES ('c', '{}')")
        moment = "2026-01-02T00:00:00.000000Z"
        connection.exec_driver_sql(f"INSERT INTO run VALUES (1, '{moment}', '{moment}', '{moment}', 'c', 'ok', '0')")
        connection.exec_driver_sql("INSERT INTO word VALUES (1, 'on')")
        connection.exec_driver_sql("INSERT INTO definition VALUES (1, 'a', 'f', '')")
        connection.exec_driver_sql("INSERT INTO series VALUES (1, 'a', '', 'day', '')")
        connection.exec_driver_sql(
            "INSERT INTO observation VALUES (1, 20454, 1, 1, 1, 7, 0, 1, null, null, 0, null, null)"
        )
        connection.exec_driver_sql("INSERT INTO verdict VALUES (1, 20454, 1, 1, 1, 5, null)")
    engine.dispose()
    with Ledger.open(old) as ledger:
        (row,) = ledger.read("a").to_pylist()
    assert (row["value"], row["status"], row["low"], row["expected"]) == (7, "on", 5, None)
    assert ledger_version(old) == schema.HEAD


def ledger_version(path: Path) -> str:
    """The version that a ledger says it has."""
    connection = sqlite3.connect(path)
    (version,) = connection.execute("SELECT version_num FROM ledger_version").fetchone()
    connection.close()
    return str(version)


# -- two at a time ---------------------------------------------------------------------------------------------------


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process that is writing to the ledger."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_second_run_says_that_the_ledger_is_locked(path: Path, writer: sqlite3.Connection) -> None:
    """After waiting as long as it was told; readers do not wait at all."""
    start = time.monotonic()
    with Ledger.open(path, wait=0.2) as ledger:
        assert len(ledger.read("a")) == 10
        assert time.monotonic() - start < 0.2
        with pytest.raises(LedgerError) as error:
            ledger.record(RUN, [computed(2)])
    assert slug(error) == "ledger-locked"
    assert "0.2 seconds" in str(error.value)
    assert time.monotonic() - start >= 0.2
    writer.execute("ROLLBACK")
    assert content(path) == ONE_RUN


PROGRAM = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
import test_ledger_trouble as t
from headway.ledger import Ledger
path = Path({file!r})
"""


def program(path: Path, code: str, **more: object) -> subprocess.Popen[str]:
    """Another Python process, with this module as `t` and the ledger's file as `path`."""
    text = PROGRAM.format(paths=[str(Path(__file__).parent)], file=str(path)) + code
    return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload,no-any-return]  # any keyword of Popen


HOLDING = """
with Ledger.open(path) as ledger, ledger.alone():
    print("go", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of a run, until its input ends."""
    process = program(path, HOLDING, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    yield process
    process.communicate(timeout=60)


def test_a_second_run_says_who_holds_the_lock(path: Path, holder: subprocess.Popen[str]) -> None:
    """Process, host and since when; readers do not notice."""
    heard: list[str] = []
    with Ledger.open(path, wait=0.2) as ledger:
        with pytest.raises(LedgerError) as error, ledger.alone(heard.append):
            pytest.fail("two at once")
        assert len(ledger.read("a")) == 10
    assert slug(error) == "ledger-locked"
    assert f"process {holder.pid} on {socket.gethostname()} since 20" in str(error.value)
    assert heard
    assert heard[0] in str(error.value)


def test_a_second_run_waits_for_the_first(path: Path, holder: subprocess.Popen[str]) -> None:
    """It begins when the other one ends."""
    with Ledger.open(path) as ledger, ledger.alone(lambda who: holder.stdin.close()):  # type: ignore[union-attr]  # piped
        assert holder.wait(60) == 0
    holder.stdin = None


def test_a_dead_run_blocks_nobody(path: Path, holder: subprocess.Popen[str]) -> None:
    """However it died, the lock died with it."""
    holder.kill()
    holder.wait(60)
    with Ledger.open(path, wait=0.2) as ledger, ledger.alone():
        assert len(ledger.read("a")) == 10


def test_runs_that_start_together_are_all_kept(tmp_path: Path) -> None:
    """Three processes make the same new ledger and record one run each, one after the other."""
    path = tmp_path / "ledger.db"
    code = "with Ledger.open(path) as ledger: ledger.record(t.RUN, [t.computed(1)])"
    processes = [program(path, code) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    assert content(path) == ([1.0] * 10, 3)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_leaves_nothing_of_itself(path: Path, how: signal.Signals) -> None:
    """At any moment of the writing: the ledger holds whole runs only, and the next run goes on."""
    code = """
with Ledger.open(path) as ledger:
    made = [t.computed(2, days=20_000, kpi=kpi) for kpi in "abcdefgh"]
    print("go", flush=True)
    try:
        ledger.record(t.RUN, made)
    except KeyboardInterrupt:
        sys.exit(130)
"""
    chance = random.Random(7)
    runs = 1
    for _ in range(3):
        process = program(path, code)
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        time.sleep(chance.uniform(0, 0.35))
        os.kill(process.pid, how)
        process.wait(60)
        process.stdout.close()
        with Ledger.open(path) as ledger:
            if len(ledger.runs()) > runs:  # it was faster
                runs += 1
                assert [len(ledger.read(kpi)) for kpi in "abcdefgh"] == [20_000] * 8
            else:
                assert [len(ledger.read(kpi)) for kpi in "bcdefgh"] == [0 if runs == 1 else 20_000] * 7
    with Ledger.open(path) as ledger:
        ledger.record(RUN, [computed(3)])
        assert ledger.read("a")["value"].to_pylist() == [3.0] * 10
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


# -- the disk --------------------------------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing(path: Path) -> None:
    """The run is refused as a whole; with room again it is kept."""
    with Ledger.open(path) as ledger:
        with ledger._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

        @sa.event.listens_for(ledger._engine, "begin")
        def no_room(connection: sa.Connection) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")

        with pytest.raises(LedgerError) as error:
            ledger.record(RUN, [computed(1), computed(2, days=50_000, kpi="b")])
        assert slug(error) == "disk-full"
        assert len(ledger.read("a")) == 10
        assert len(ledger.read("b")) == 0
    assert content(path) == ONE_RUN
    with Ledger.open(path) as ledger:
        assert ledger.record(RUN, [computed(2, days=50_000, kpi="b")]).new == 50_000


READ_ONLY = """
import os
import pyarrow.compute  # while the interpreter's own files can still be read
os.setuid(65534)
from headway.errors import LedgerError
with Ledger.open(path, create=False) as ledger:
    print(len(ledger.read("a")), len(ledger.runs()))
    try:
        ledger.record(t.RUN, [t.computed(2)])
    except LedgerError as error:
        print(error.slug)
try:
    Ledger.open(path.parent / "new" / "ledger.db")
except LedgerError as error:
    print(error.slug)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")
def test_a_read_only_folder_can_be_read(path: Path) -> None:
    """By a user who may not write there; recording, or making a new ledger, is refused in words."""
    for folder in (path.parent, *path.parents):
        if folder.stat().st_uid == 0 and folder.is_relative_to(Path("/tmp")) and folder != Path("/tmp"):
            folder.chmod(0o755)
    path.chmod(0o644)
    process = program(path, READ_ONLY)
    out, _ = process.communicate(timeout=60)
    assert out.splitlines() == ["10 1", "read-only", "read-only"]
    assert content(path) == ONE_RUN

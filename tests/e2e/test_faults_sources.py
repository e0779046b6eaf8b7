"""A source that is broken in any way costs its own new numbers: what it said last stays, and others are computed."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headway import catalog
from headway.errors import CatalogError
from headway.ledger import Ledger
from headway.progress import Progress, silent
from headway.run import Outcome, observe

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
ROWS = [
    (n, f"p{n % 12}", datetime(2026, 1, 1) + timedelta(hours=3 * n), float(n % 7), "ab"[n % 2])  # noqa: DTZ001
    for n in range(500)
]
COLUMNS = "{visit: integer, person: text, at: timestamp, spent: number, shelf: text}"
Rows = list[tuple[int, str, datetime, float, str]]


def csv_of(rows: Rows) -> bytes:
    lines = (f"{n},{person},{at.isoformat()},{spent},{shelf}" for n, person, at, spent, shelf in rows)
    return "\n".join(["visit,person,at,spent,shelf", *lines, ""]).encode()


def table_of(rows: Rows) -> pa.Table:
    return pa.table(
        dict(zip(("visit", "person", "at", "spent", "shelf"), map(list, zip(*rows, strict=True)), strict=True))
    )


def parquet(path: Path, rows: Rows) -> None:
    """Written elsewhere and moved, as a careful program does."""
    pq.write_table(table_of(rows), path.with_name("draft"), row_group_size=100)
    path.with_name("draft").replace(path)


@dataclass
class Two:
    """A project of two sources, of which one gets broken."""

    root: Path
    file: Path

    def declare(self, read: str, more: str = "") -> None:
        (self.root / "headway.yml").write_text(
            f"project: two\nsources:\n  visits:\n    read: {read}\n    columns: {COLUMNS}\n"
            "    time: at\n    people: person\n"
            f"{more}  other: {{read: {{files: data/other.csv}}, time: at}}\n"
            "kpis:\n  visits: {count: visits, by: [shelf]}\n  spent: {sum: visits.spent}\n  others: {count: other}\n"
        )

    def run(self, progress: Progress = silent, *, full: bool = False) -> Outcome:
        with Ledger.open(self.root / ".headway" / "ledger.db", create=True) as ledger:
            return observe(catalog.load(self.root), ledger, NOW, progress=progress, full=full)

    def values(self, kpi: str) -> dict[int, float]:
        with Ledger.open(self.root / ".headway" / "ledger.db") as ledger:
            rows = ledger.read(kpi).to_pylist()
        return {row["period"]: row["value"] for row in rows if row["grain"] == "day" and not row["cell"]}

    def ends(self, slug: str, progress: Progress = silent, *, full: bool = False) -> Outcome:
        """The next run fails at the one source with this slug, computes the other one, and keeps what was published.

        It has to be `full` to read a source that holds what it held.
        """
        before = self.values("visits"), self.values("spent")
        with (self.root / "data" / "other.csv").open("ab") as other:
            other.write(b"900,p1,2026-03-10T01:00:00,1.0,a\n")
        others = sum(self.values("others").values())
        outcome = self.run(progress, full=full)
        assert {name: error.slug for name, error in outcome.failed_sources.items()} == {"visits": slug}
        assert set(outcome.failed_kpis) == {"visits", "spent"}
        assert (self.values("visits"), self.values("spent")) == before
        assert sum(self.values("others").values()) == others + 1
        return outcome


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """Both sources in text files, computed once."""
    (tmp_path / "data").mkdir()
    two = Two(tmp_path, tmp_path / "data" / "visits.csv")
    two.declare("{files: data/visits.csv}")
    two.file.write_bytes(csv_of(ROWS))
    (tmp_path / "data" / "other.csv").write_bytes(csv_of(ROWS[:100]))
    return two


GOOD = csv_of(ROWS)


@pytest.mark.parametrize(
    ("name", "bad", "slug"),
    [
        ("no bytes", b"", "empty-file"),
        ("bytes of another encoding", GOOD.replace(b"p7,", "pé,".encode("latin-1"), 1), "broken-row"),
        ("UTF-16", GOOD.decode().encode("utf-16"), "broken-row"),
        ("an open quote", GOOD.replace(b"p7,", b'"p7,', 1), "broken-row"),
        ("cut within a line", GOOD[:-9], "broken-row"),
        ("cut within a file", GOOD[: len(GOOD) // 2 - 7], "broken-row"),
        ("noise", random.Random(1).randbytes(5000), "broken-row"),
        ("a page of a proxy", b"<html><body>502 Bad Gateway</body></html>\n", "column-missing"),
        ("a column lost", b"\n".join(b",".join(line.split(b",")[:4]) for line in GOOD.split(b"\n")), "column-missing"),
        ("another type", GOOD.replace(b",1.0,", b",one,", 1), "column-type"),
        ("a day that is none", GOOD.replace(b"2026-01-01T03", b"2026-02-30T03", 1), "bad-time"),
        ("no rows", GOOD.split(b"\n")[0] + b"\n", "source-emptied"),
        ("all of the future", GOOD.replace(b",2026-", b",2062-"), "source-emptied"),
    ],
)
def test_a_text_file(two: Two, name: str, bad: bytes, slug: str) -> None:
    """Each way to break it has its error."""
    assert two.run().whole
    two.file.write_bytes(bad)
    two.ends(slug)


def _directory(file: Path) -> None:
    file.mkdir()


def _dangling(file: Path) -> None:
    file.symlink_to(file.with_name("nowhere"))


def _circle(file: Path) -> None:
    file.symlink_to(file)


def _pipe(file: Path) -> None:
    os.mkfifo(file)


def _nothing(file: Path) -> None:
    pass


@pytest.mark.parametrize("put", [_directory, _dangling, _circle, _pipe, _nothing])
def test_what_is_no_file(two: Two, put: Callable[[Path], None]) -> None:
    """A folder, a link to nothing or to itself, a pipe that nobody writes to, or nothing at all in its place."""
    assert two.run().whole
    two.file.unlink()
    put(two.file)
    two.ends("missing-file")
    (two.file.rmdir if put is _directory else two.file.unlink)(*() if put in (_directory,) else (True,))
    two.file.write_bytes(GOOD)
    assert two.run().whole


def test_a_file_that_may_not_be_read(two: Two) -> None:
    """Its rights are gone; root may read everything, and so cannot see this."""
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    assert two.run().whole
    two.file.chmod(0)
    two.ends("unreadable-file")


def test_a_column_more(two: Two) -> None:
    """Is noted, and no error."""
    assert two.run().whole
    two.file.write_bytes(b"\n".join(line + b",x" for line in GOOD.strip().split(b"\n")))
    outcome = two.run()
    assert outcome.whole
    assert any("new column" in note for load in outcome.loads for note in load.notes)


def test_a_zero_byte_within(two: Two) -> None:
    """Is a character like others: the row counts."""
    two.file.write_bytes(GOOD.replace(b"p7,", b"p\x007,", 1))
    assert two.run().whole
    assert sum(two.values("visits").values()) == len(ROWS)


def test_a_source_that_may_be_empty(two: Two) -> None:
    """Where the catalogue says so, no rows are no error; and a source that never had any is none either."""
    assert two.run().whole
    two.declare("{files: data/visits.csv}", "    may_be_empty: true\n")
    two.file.write_bytes(GOOD.split(b"\n")[0] + b"\n")
    assert two.run().whole
    two.declare("{files: data/visits.csv}")
    assert two.run().whole


@pytest.mark.parametrize("kept", [0.0, 0.0002, 0.3, 0.7, 0.999])
def test_a_parquet_file_cut_short(two: Two, kept: float) -> None:
    """Wherever it ends, it is named as broken."""
    two.file = two.file.with_suffix(".parquet")
    two.declare("{files: data/visits.parquet}")
    parquet(two.file, ROWS)
    assert two.run().whole
    raw = two.file.read_bytes()
    two.file.write_bytes(raw[: int(len(raw) * kept) or 3])
    two.ends("broken-file")


def test_a_parquet_file_replaced_between_two_queries(two: Two) -> None:
    """What was computed of the old and the new file together is dropped; the next run reads the new one."""
    two.file = two.file.with_suffix(".parquet")
    two.declare("{files: data/visits.parquet}")
    parquet(two.file, ROWS)
    assert two.run().whole

    def replace(stage: str, done: int, total: int) -> None:
        if stage == "Computing" and done == 0:
            parquet(two.file, [*ROWS, (900, "p1", datetime(2026, 3, 10, 1), 1.0, "a")])  # noqa: DTZ001

    outcome = two.ends("file-changed", replace, full=True)
    assert "changed while it was read" in outcome.failed_kpis["visits"]
    assert two.run().whole
    assert sum(value for value in two.values("visits").values() if value) == 501


def test_a_parquet_file_cut_between_two_queries(two: Two) -> None:
    """The bytes of it that were read go with the rest."""
    two.file = two.file.with_suffix(".parquet")
    two.declare("{files: data/visits.parquet}")
    parquet(two.file, ROWS)
    assert two.run().whole

    def cut(stage: str, done: int, total: int) -> None:
        if stage == "Computing" and done == 0:
            os.truncate(two.file, 2000)

    two.ends("file-changed", cut, full=True)


def test_a_text_file_that_is_written_while_it_is_read(two: Two) -> None:
    """Somebody appends rows all the time: the source is not read, until they have done."""
    assert two.run().whole
    done = threading.Event()

    def append() -> None:
        number = 10_000
        while not done.wait(0.0005):
            number += 1
            with two.file.open("ab") as file:
                file.write(b"%d,p1,2026-01-05T01:00:00,1.0,a\n" % number)

    two.file.write_bytes(csv_of(ROWS * 100))
    writer = threading.Thread(target=append)
    writer.start()
    try:
        two.ends("file-changed")
    finally:
        done.set()
        writer.join()
    assert two.run().whole


@pytest.mark.parametrize(
    ("name", "statements", "slug"),
    [
        ("the table is gone", ["DROP TABLE visits"], "missing-file"),
        ("a view of nothing", ["DROP TABLE visits", "CREATE VIEW visits AS SELECT * FROM nowhere"], "broken-file"),
        ("a column is gone", ["ALTER TABLE visits DROP COLUMN spent"], "column-missing"),
        ("no text", ["UPDATE visits SET person = CAST(x'ff00fe' AS TEXT) WHERE visit = 5"], "broken-file"),
        ("numbers beyond all", ["UPDATE visits SET spent = 9223372036854775807 WHERE visit > 1"], "broken-file"),
        ("no rows", ["DELETE FROM visits"], "source-emptied"),
    ],
)
def test_a_database(two: Two, name: str, statements: list[str], slug: str) -> None:
    """Each way to break a table of SQLite has its error."""
    two.file = two.root / "visits.db"
    two.declare("{table: visits, database: visits.db}")
    with closing(sqlite3.connect(two.file)) as database, database:
        database.execute("CREATE TABLE visits (visit, person, at, spent, shelf)")
        rows = [(n, person, at.isoformat(), spent + 0.5, shelf) for n, person, at, spent, shelf in ROWS]
        database.executemany("INSERT INTO visits VALUES (?, ?, ?, ?, ?)", rows)
    assert two.run().whole
    with closing(sqlite3.connect(two.file)) as database, database:
        for statement in statements:
            database.execute(statement)
    two.ends(slug)


def test_a_database_that_is_locked_or_damaged(two: Two) -> None:
    """Another program holds it; then half of it is gone."""
    two.file = two.root / "visits.db"
    two.declare("{table: visits, database: visits.db}")
    with closing(sqlite3.connect(two.file)) as database, database:
        database.execute("CREATE TABLE visits (visit, person, at, spent, shelf)")
        rows = [(n, person, at.isoformat(), spent, shelf) for n, person, at, spent, shelf in ROWS]
        database.executemany("INSERT INTO visits VALUES (?, ?, ?, ?, ?)", rows)
    assert two.run().whole
    with closing(sqlite3.connect(two.file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert set(two.run().unchanged) >= {"visits", "spent"}, "who does not read it does not meet the lock"
        outcome = two.ends("broken-file", full=True)
        assert "locked" in str(outcome.failed_sources["visits"])
    two.file.write_bytes(two.file.read_bytes()[: two.file.stat().st_size // 2])
    two.ends("broken-file")


@pytest.mark.parametrize(
    ("file", "bad"),
    [
        ("visits.csv.gz", b"no gzip"),
        ("visits.json", b'[{"visit": 1, '),
        ("visits.json", b"[" * 100_000),
        ("visits.json.gz", b"no gzip"),
        ("visits.xlsx", b"no spreadsheet"),
        # A spreadsheet with a password is a container of Microsoft's older kind.
        ("visits.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000)),
        ("v" * 300 + ".csv", None),
    ],
)
def test_files_of_other_kinds(two: Two, file: str, bad: bytes | None) -> None:
    """Whatever else is no file of its kind is told as this source's trouble, never as the ledger's."""
    assert two.run().whole
    two.declare(f"{{files: data/{file}}}")
    if bad is not None:
        (two.root / "data" / file).write_bytes(bad)
    outcome = two.ends("broken-row" if bad and b"visit" in bad else "broken-file")
    assert str(two.root) not in str(outcome.failed_sources["visits"])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("raise KeyError('session')", "ours.py:6: KeyError: 'session'"),
        ("raise SystemExit(7)", "ours.py:6: SystemExit: 7"),
        ("return 42", "gave int"),
        ("return 'SELECT 1 AS one'", "no column 'period'"),
        ("return 'no SQL at all'", "ours"),
        ("return \"SELECT '2026-01-05' AS period, 'many' AS value\"", "ours"),
        ("return \"FROM read_csv('/etc/passwd')\"", "ours"),
        ("return f(", "ours.py"),
    ],
)
def test_a_function_of_the_project(two: Two, body: str, says: str) -> None:
    """Whatever it raises or gives is its KPI's failure alone."""
    (two.root / "ours.py").write_text(
        f"from headway.kinds import flow\n\n\n@flow\ndef ours(tables, kpi, periods):\n    {body}\n"
    )
    text = (two.root / "headway.yml").read_text()
    (two.root / "headway.yml").write_text(f"{text}  ours: {{python: 'ours.py:ours', of: [other]}}\n")
    if body.endswith("("):  # a text that is no Python is seen before anything runs
        with pytest.raises(CatalogError, match=r"ours\.py"):
            two.run()
        return
    outcome = two.run()
    assert set(outcome.failed_kpis) == {"ours"}
    assert says in outcome.failed_kpis["ours"] or says == "ours"
    assert sum(two.values("others").values()) == 100


def test_a_function_that_prints(two: Two, capfd: pytest.CaptureFixture[str]) -> None:
    """What a function prints spoils no number."""
    body = "print('hello')\n    return f'SELECT period, 1 AS value FROM {periods}'"
    (two.root / "ours.py").write_text(
        f"from headway.kinds import flow\n\n\n@flow\ndef ours(tables, kpi, periods):\n    {body}\n"
    )
    text = (two.root / "headway.yml").read_text()
    (two.root / "headway.yml").write_text(f"{text}  ours: {{python: 'ours.py:ours', of: [other]}}\n")
    assert two.run().whole
    assert set(two.values("ours").values()) == {1}

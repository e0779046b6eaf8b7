"""Bad input and bad moments end in a clear error, and lose nothing that was recorded."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Answer, Shop

    Edit = Callable[[Shop, str, str, str], None]


def _values(shop: Shop, kpi: str = "visits") -> list[tuple[str, float | None]]:
    shown = json.loads(shop.headway("show", kpi, "--json").out)
    return [(row["period"], row["value"]) for row in shown["rows"]]


def _no_traceback(answer: Answer) -> None:
    assert "Traceback" not in answer.err + answer.out, answer.err


@pytest.mark.parametrize(
    ("name", "old", "new", "slug", "says"),
    [
        ("sources/visits.yml", "data/visits.csv", "data/visit.csv", "missing-file", "visits.csv"),
        ("data/visits.csv", "\n7,p7,", "\n7;p7;", "broken-row", "visits.csv:9"),
        (
            "data/visits.csv",
            "\n7,p7,2026-01-01T17:00:00,7.5",
            "\n7,p7,2026-01-01T17:00:00,seven",
            "column-type",
            "visits.csv:9",
        ),
        ("data/visits.csv", "\n7,p7,2026-01-01T17:00:00", "\n7,p7,yesterday", "bad-time", "visits.csv:9"),
        ("data/visits.csv", "visit,person,at", "visit,person,when", "column-missing", "at"),
    ],
)
def test_a_broken_source_is_named_and_the_numbers_stay(
    shop: Shop, edit: Edit, name: str, old: str, new: str, slug: str, says: str
) -> None:
    """Exit code 3, the file and line, the slug; what was recorded before is still shown."""
    assert shop.run().code == 0
    before = _values(shop)
    edit(shop, name, old, new)
    answer = shop.run()
    _no_traceback(answer)
    assert answer.code == 3
    assert f"[{slug}]" in answer.err
    assert says in answer.err
    assert _values(shop) == before


def test_an_empty_file_is_no_source(shop: Shop) -> None:
    """A file of no bytes has no header, and that is said."""
    shop.write("data/visits.csv", "")
    answer = shop.run()
    _no_traceback(answer)
    assert answer.code == 3
    assert "[empty-file]" in answer.err


@pytest.mark.parametrize(
    ("old", "new", "slug"),
    [
        ("distinct: visits.person", "distinct: visitors_log.person", "unknown-name"),
        ("distinct: visits.person", "distinct: visits.persn", "unknown-column"),
        ("spent / visits", "spend / visits", "unknown-name"),
        ("spent / visits", "per_visit / visits", "formula-circle"),
        ("  visits: {count", "  visitors: {count", "duplicate-name"),
        ("grain: month, unit: EUR}\n  per", "grain: monht, unit: EUR}\n  per", "unknown-grain"),
        ("by: [shelf], unit", "by: [person], unit", "person-breakdown"),
    ],
)
def test_a_wrong_catalogue_runs_nothing(shop: Shop, edit: Edit, old: str, new: str, slug: str) -> None:
    """Exit code 2, place and caret; no ledger is made."""
    edit(shop, "kpis/shop.yml", old, new)
    answer = shop.run()
    _no_traceback(answer)
    assert answer.code == 2, answer.err
    assert f"[{slug}]" in answer.err
    assert "kpis/shop.yml:" in answer.err
    assert "^" in answer.err
    assert not (shop.root / ".headway" / "ledger.db").exists()


def test_one_broken_source_does_not_stop_the_others(shop: Shop) -> None:
    """The KPIs of the other source are computed; the run ends with 3 and says which is broken."""
    shop.write("sources/tills.yml", "sources: {tills: {read: {files: data/tills.csv}, time: day}}\n")
    shop.write("kpis/tills.yml", "kpis: {tills: {count: tills}}\n")
    answer = shop.run()
    assert answer.code == 3
    assert "tills" in answer.err
    assert "[missing-file]" in answer.err
    assert dict(_values(shop))["2026-03-09"] == 12


def test_a_division_by_zero_is_no_data_with_its_reason(shop: Shop, edit: Edit) -> None:
    """A month without a denominator says so; it is neither 0 nor an error."""
    edit(shop, "kpis/shop.yml", "spent / visits", "spent / (visits - visits)")
    assert shop.run().code == 0
    shown = json.loads(shop.headway("show", "per_visit", "--json").out)
    assert [row["value"] for row in shown["rows"]] == [None] * len(shown["rows"])
    assert "denominator is 0" in json.dumps(shown)


def test_a_second_run_on_the_same_data_writes_nothing(shop: Shop) -> None:
    """Append-only means appending what is new."""
    assert shop.run().code == 0
    answer = shop.run()
    assert answer.code == 0
    assert "unchanged" in answer.out
    assert "new" not in answer.out


def test_a_ledger_of_a_newer_version_is_left_alone(shop: Shop) -> None:
    """It is refused, not migrated back."""
    assert shop.run().code == 0
    path = shop.root / ".headway" / "ledger.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE ledger_version SET version_num = '9999'")
    before = path.read_bytes()
    answer = shop.run()
    _no_traceback(answer)
    assert answer.code == 4
    assert "[ledger-newer]" in answer.err
    assert path.read_bytes() == before


def test_a_file_that_is_no_ledger_is_left_alone(shop: Shop) -> None:
    """Somebody's file at the ledger's place is neither used nor overwritten."""
    shop.write(".headway/ledger.db", "my notes, " * 100)
    answer = shop.run()
    _no_traceback(answer)
    assert answer.code == 4
    assert "[ledger-broken]" in answer.err
    assert (shop.root / ".headway" / "ledger.db").read_text(encoding="utf-8").startswith("my notes")


def _mount(folder: Path, size: str) -> bool:
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    return mounted.returncode == 0


def test_a_full_disk_loses_nothing(shop: Shop, edit: Edit) -> None:
    """The ledger on a full file system: a clear error, and the numbers of before."""
    disk = shop.root / "disk"
    if not _mount(disk, "1m"):
        pytest.skip("a file system of its own needs the right to mount one")
    try:
        edit(shop, "headway.yml", "title:", "ledger: disk/ledger.db\ntitle:")
        assert shop.run().code == 0
        before = _values(shop)
        free = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"x" * (free.f_bavail * free.f_frsize))
        edit(shop, "kpis/shop.yml", "  spent: {sum", "  more: {sum: visits.spent}\n  spent: {sum")
        answer = shop.run()
        _no_traceback(answer)
        assert answer.code == 4, answer.err
        assert "[disk-full]" in answer.err
        (disk / "ballast").unlink()
        assert _values(shop) == before
        assert shop.run().code == 0
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_copy_that_finds_the_disk_full_is_no_copy(shop: Shop) -> None:
    """A backup leaves nothing behind; an export goes on where it stopped, once there is room; the ledger stays."""
    assert shop.run().code == 0
    before = _values(shop)
    disk = shop.root / "disk"
    if not _mount(disk, "8k"):
        pytest.skip("a file system of its own needs the right to mount one")
    try:
        backup = shop.headway("backup", str(disk / "b.db"))
        assert (backup.code, list(disk.iterdir())) == (4, [])
        assert "[disk-full]" in backup.err
        export = shop.headway("ledger", "export", str(disk / "out"))
        assert export.code == 5
        assert "[not-writable]" in export.err
        assert _values(shop) == before
        subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
        assert shop.headway("ledger", "export", str(disk / "out")).code == 0
        (shop.root / ".headway" / "ledger.db").unlink()
        assert shop.headway("ledger", "import", str(disk / "out")).code == 0
        assert _values(shop) == before
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_an_interrupted_run_leaves_whole_runs_only(shop: Shop) -> None:
    """Ctrl-C at any moment: the ledger opens, and every run in it is finished."""
    assert shop.run().code == 0
    before = _values(shop)
    dice = random.Random(7)
    codes = set()
    for _ in range(8):
        process = subprocess.Popen(
            [*shop.command("run"), "--now", "2026-03-10T07:00Z"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(dice.uniform(0.3, 1.6))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        codes.add(process.returncode)
        if process.returncode == 130:
            assert b"Nothing was recorded" in err
        with sqlite3.connect(shop.root / ".headway" / "ledger.db") as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert [v for v in _values(shop) if v[0] < "2026-03-10"] == [v for v in before if v[0] < "2026-03-10"]
    assert 130 in codes


def test_a_clock_that_moved_backwards_takes_no_period_away(shop: Shop) -> None:
    """A run for an earlier moment is refused, and told; a minute is no earlier; and who means it says so."""
    assert shop.run().code == 0
    before = _values(shop)
    answer = shop.headway("run", "--now", "2026-02-10T06:00Z")
    _no_traceback(answer)
    assert answer.code == 4
    assert "[clock-backwards]" in answer.err
    assert "2026-03-10 06:00 UTC" in answer.err
    assert _values(shop) == before
    answer = shop.headway("run", "--now", "2026-03-10T05:59Z")
    assert answer.code == 0, answer.err
    assert "gone" not in answer.out
    assert _values(shop) == before
    answer = shop.headway("run", "--now", "2026-02-10T06:00Z", "--earlier")
    assert answer.code == 0, answer.err
    assert "gone" in answer.out
    assert max(_values(shop))[0] == "2026-02-09"
    assert shop.run().code == 0
    assert _values(shop) == before


def test_no_project_here(tmp_path: Path, shop: Shop) -> None:
    """An empty folder gets the next step, not a traceback."""
    empty = tmp_path / "empty"
    empty.mkdir()
    answer = type(shop)(empty).headway("run")
    assert answer.code == 2
    assert "[not-a-project]" in answer.err
    assert "headway init" in answer.err


def test_pages_before_the_first_run_say_so(shop: Shop) -> None:
    """`show` on a project that never ran names the next step."""
    answer = shop.headway("show")
    assert answer.code == 2
    assert "[nothing-computed]" in answer.err
    assert "headway run" in answer.err


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("show", "visitor"), "unknown-kpi"),
        (("show", "visits", "--grain", "fortnight"), "unknown-grain"),
        (("explain", "visits", "yesterday"), "bad-period"),
        (("explain", "visits", "1999-01-01"), "unknown-period"),
        (("run", "visit"), "unknown-kpi"),
    ],
)
def test_what_is_not_there_is_named(shop: Shop, arguments: tuple[str, ...], slug: str) -> None:
    """A wrong name or period ends with 2 and what would be right."""
    assert shop.run().code == 0
    answer = shop.headway(*arguments)
    _no_traceback(answer)
    assert answer.code == 2
    assert f"[{slug}]" in answer.err


def test_secrets_stay_out_of_everything(shop: Shop, edit: Edit, tmp_path: Path) -> None:
    """An address from the environment is in no output, no SQL and no byte of the ledger."""
    hidden = tmp_path / "s3cr3t-place" / "till.db"
    hidden.parent.mkdir()
    with sqlite3.connect(hidden) as db:
        db.execute("CREATE TABLE tills (day TEXT, takings REAL)")
        db.executemany("INSERT INTO tills VALUES (?, ?)", [(f"2026-01-{d:02}", d) for d in range(1, 32)])
    shop.write(
        "sources/tills.yml",
        "sources:\n  tills:\n    read: {table: tills, database: env:TILLS}\n"
        "    columns: {day: date, takings: number}\n    time: day\n",
    )
    shop.write("kpis/tills.yml", "kpis: {takings: {sum: tills.takings, grain: month, unit: EUR}}\n")
    said = shop.headway("run", "--now", "2026-03-10T06:00Z", TILLS=str(hidden))
    assert said.code == 0, said.err
    told = shop.headway("explain", "takings", "2026-01")
    assert "496" in told.out
    ledger = b"".join(path.read_bytes() for path in (shop.root / ".headway").glob("ledger.db*"))
    assert b"s3cr3t" not in ledger
    assert "s3cr3t" not in said.out + said.err + told.out + told.err
    missing = shop.run()
    assert missing.code == 3
    assert "TILLS" in missing.err

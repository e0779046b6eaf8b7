"""A source that never answers costs a run its time limit, and only its own KPIs."""

from __future__ import annotations

import json
import os
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

#: A view that never ends.
ENDLESS = "CREATE VIEW takings AS WITH RECURSIVE n(day) AS (SELECT 1 UNION ALL SELECT day + 1 FROM n) SELECT day FROM n"
#: Rows so that each costs a while, in one expression: DuckDB is deaf within it.
HEAVY = 'where: "levenshtein(repeat(person || shelf, 500), repeat(shelf || person, 500)) > 1"'


def _values(shop: Shop, kpi: str) -> list[tuple[str, float | None]]:
    shown = json.loads(shop.headway("show", kpi, "--json").out)
    return [(row["period"], row["value"]) for row in shown["rows"]]


def _run(shop: Shop, *arguments: str, **environment: str) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = shop.headway("run", *arguments, "--now", "2026-03-10T06:00Z", **environment)
    assert "Traceback" not in answer.err + answer.out, answer.err
    return answer, time.monotonic() - began


def _tills(shop: Shop, view: str) -> None:
    (shop.root / "tills.db").unlink(missing_ok=True)
    with closing(sqlite3.connect(shop.root / "tills.db")) as database, database:
        database.execute(view)


def test_a_database_that_never_answers(shop: Shop, edit: Edit) -> None:
    """The run ends with 3 and names it, the other source is computed, its last values stay, and the next run works."""
    shop.write(
        "sources/tills.yml",
        "sources:\n  tills:\n    read: {table: takings, database: tills.db}\n    columns: {day: date, usd: number}\n"
        "    time: day\n    time_limit: 4 seconds\n",
    )
    shop.write("kpis/tills.yml", "kpis: {takings: {sum: tills.usd, unit: USD}}\n")
    good = "CREATE VIEW takings AS SELECT '2026-03-09' AS day, 5.0 AS usd"
    _tills(shop, good)
    assert _run(shop)[0].code == 0
    before = _values(shop, "takings")
    assert ("2026-03-09", 5.0) in before
    _tills(shop, ENDLESS)
    with (shop.root / "data" / "visits.csv").open("a") as visits:
        visits.write("9000,p1,2026-03-10T01:00:00,1.0,maps\n")
    answer, seconds = _run(shop)
    assert answer.code == 3
    assert "[source-too-slow]" in answer.err
    assert "4 seconds" in answer.err
    assert seconds < 60
    assert _values(shop, "takings") == before
    assert dict(_values(shop, "visits"))["2026-03-10"] == 1
    _tills(shop, good)
    assert _run(shop)[0].code == 0


def test_a_repository_that_never_answers(shop: Shop, edit: Edit) -> None:
    """Git waits for a file that nobody writes; the project's own time limit ends it, and no git is left over."""
    repository = shop.root / "code"
    git = ["git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    subprocess.run([*git, "pack-refs", "--all"], check=True)
    packed = repository / ".git" / "packed-refs"
    packed.unlink()
    os.mkfifo(packed)
    edit(shop, "headway.yml", "title:", "time_limit: 4 seconds\ntitle:")
    shop.write("sources/code.yml", "sources: {code: {read: {git: code}}}\n")
    shop.write("kpis/code.yml", "kpis: {commits: {count: code}}\n")
    answer, seconds = _run(shop)
    assert answer.code == 3
    assert "[source-too-slow]" in answer.err
    assert seconds < 60
    assert dict(_values(shop, "visits"))["2026-03-09"] == 12
    running = [process / "cmdline" for process in Path("/proc").iterdir() if process.name.isdigit()]
    assert not any(str(repository).encode() in file.read_bytes() for file in running if file.exists())


def test_a_slow_kpi_fails_alone(shop: Shop, edit: Edit) -> None:
    """KPIs that shared its query are computed without it."""
    edit(shop, "sources/visits.yml", "    key: visit", "    key: visit\n    time_limit: 4 seconds")
    shop.write("kpis/slow.yml", f"kpis:\n  slow:\n    count: visits\n    {HEAVY}\n")
    answer, seconds = _run(shop)
    assert answer.code == 3
    assert "Not computed: slow, because its query took longer than the time limit" in answer.err
    assert seconds < 60
    assert dict(_values(shop, "visits"))["2026-03-09"] == 12


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("while True: pass", "took longer than the time limit"),
        ("return 'SELECT 1 FROM range(1000000000) a, range(1000000000) b'", "took longer than the time limit"),
    ],
)
def test_a_function_that_never_ends(shop: Shop, edit: Edit, body: str, says: str) -> None:
    """Neither its Python nor its query holds up the others."""
    edit(shop, "headway.yml", "title:", "time_limit: 4 seconds\ntitle:")
    shop.write(
        "ours.py",
        f"from headway.kinds import flow\n\n\n@flow\ndef ours(tables, kpi, periods):\n    {body}\n",
    )
    shop.write("kpis/ours.yml", "kpis: {ours: {python: 'ours.py:ours', of: [spent]}}\n")
    answer, seconds = _run(shop)
    assert answer.code == 3, answer.err
    assert "Not computed: ours" in answer.err
    assert says in answer.err
    assert seconds < 60
    assert dict(_values(shop, "visits"))["2026-03-09"] == 12

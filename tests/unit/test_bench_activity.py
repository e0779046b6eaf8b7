"""The benchmark of active people: whoever is measured gives the same numbers, and a wrong answer has no time."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # the benchmark is no part of the package

from bench.activity import fresh, inside, projects, rows  # noqa: E402
from bench.activity.command import lines, size  # noqa: E402
from bench.peers import floors, join, loop, metricflow, plain  # noqa: E402

from headway.simulate.activity import Activity, write  # noqa: E402

DAYS = 150
ACTIVITY = Activity(20_000, days=DAYS)
FIRST = rows.FIRST
LAST = FIRST + timedelta(days=DAYS - 1)
NOW = f"{LAST + timedelta(days=1)}T06:00Z"
#: An environment that `python -m bench activity` made: FOLDER/metricflow.
METRICFLOW = os.environ.get("HEADWAY_METRICFLOW", "")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file of activity."""
    path = tmp_path_factory.mktemp("activity") / "activity.parquet"
    write(path, ACTIVITY)
    return path


@pytest.fixture(scope="module")
def ours(file: Path, tmp_path_factory: pytest.TempPathFactory) -> fresh.Answer:
    """What Headway's plans answer to everything that is measured."""
    kpis = projects.distincts("plan") + projects.retentions()
    project = projects.write(tmp_path_factory.mktemp("project") / "all", kpis, file)
    told = inside.Told()
    inside.engine(told, str(project), NOW)
    assert told["broken"] == []
    assert told["seconds"] > 0
    answer: fresh.Answer = told["answer"]
    return answer


def test_the_join_and_the_loop_count_the_same(file: Path, ours: fresh.Answer) -> None:
    """Both rivals give Headway's number on every day."""
    joined = join.people(duckdb.connect(), str(file), FIRST, LAST, 30)
    assert len(joined) == DAYS
    assert fresh.differences(ours, {"mau": joined}) == []
    assert loop.people(str(file), FIRST, LAST, 30) == joined


def test_plain_counting_gives_the_same(file: Path, ours: fresh.Answer) -> None:
    """Windows, calendar periods, their parts, retention and cohorts are what they are by definition."""
    counted = plain.answer(duckdb.connect(), str(file), FIRST, LAST, later=True)
    parts = {f"{name}_{part}" for name in projects.PARTED for part in projects.PARTS}
    back = {f"day_{n}/{what}" for n in projects.AFTER for what in ("cohort", "active")}
    ages = {'cohorts/active{"age": "0"}', 'cohorts/active{"age": "1"}'}
    kept = {"kept/active", "kept/cohort"}
    assert set(counted) >= {*projects.ROLLING, *projects.CALENDAR} | parts | back | ages | kept
    assert fresh.differences(ours, counted) == []


def test_floors_do_what_they_are_called(file: Path) -> None:
    """SELECT DISTINCT makes as many person-days as there are, and more by hub; the scan reads the file."""
    con = duckdb.connect()
    rows_of = duckdb.sql(f"SELECT person, CAST(seen_at AS DATE) AS day, hub FROM '{file}'").fetchall()
    assert floors.distinct(con, str(file)) == len({row[:2] for row in rows_of})
    assert floors.distinct(con, str(file), "hub") == len(set(rows_of))
    floors.scan(con, str(file))


@pytest.mark.skipif(not METRICFLOW, reason="HEADWAY_METRICFLOW names no environment with MetricFlow")
def test_metricflow_counts_the_same(file: Path, ours: fresh.Answer, tmp_path: Path) -> None:
    """MetricFlow's cumulative metric is Headway's number on every day."""
    environment = Path(METRICFLOW)
    metricflow.prepare(environment, tmp_path, file, FIRST, LAST)
    query, whole = metricflow.query(environment, tmp_path)
    assert len(query.answer["mau"]) == DAYS
    assert fresh.differences(ours, query.answer) == []
    assert query.seconds < whole.seconds


def test_a_wrong_answer_has_no_time(ours: fresh.Answer) -> None:
    """One number more, less or different in an answer is found, named, and ends the row."""
    day, number = next(iter(ours["mau"].items()))
    right = {"mau": {day: number}}
    assert rows.equal(ours, right, "plain counting") == "plain counting, 1 numbers"
    for wrong in ({"mau": {day: number + 1}}, {"mau": {day - 1: 0.0}}, {"nobody": {day: number}}):
        with pytest.raises(fresh.BenchError, match="not equal to plain counting"):
            rows.equal(ours, wrong, "plain counting")


def test_bars_are_held_or_missed() -> None:
    """A bar holds at its limit, and a row says what was asked and what came of it."""
    assert rows.Bar("ratio", 0.45, most=0.45).holds
    assert not rows.Bar("ratio", 0.46, most=0.45).holds
    assert rows.Bar("ratio", 100, least=100).holds
    assert rows.Bar("ratio", 3).holds is None
    missed = lines(rows.Row("work", (rows.Bar("engine / floor", 2.345, most=1.5),)))
    assert missed == "| work | engine / floor: **2.35** | at most 1.5 | missed |  |"
    assert [size(text) for text in ("5M", "200k", "1000")] == [5_000_000, 200_000, 1_000]


@pytest.mark.slow
def test_the_command_measures_a_row(tmp_path: Path) -> None:
    """The command makes its data, compares all answers and prints a table; a folder in the repository is refused."""
    words = [sys.executable, "-m", "bench", "activity", "--events", "20k", "--times", "1", "--no-metricflow"]
    done = subprocess.run(
        [*words, "--only", "mau", "--folder", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "| 30-day MAU by day | the join / engine: **" in done.stdout
    assert f"equal to the join, {rows.DAYS} numbers; the loop, {rows.DAYS} numbers" in done.stdout
    refused = subprocess.run([*words, "--folder", ROOT / "data"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "not to be in the repository" in refused.stderr

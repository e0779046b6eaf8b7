"""`kill -9` at random points of a run: the ledger holds whole runs only, and the next run makes up for it.

Twenty points here; `make faults` takes two hundred. Half of them lie anywhere in the run, half while it records.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from headway.ledger import Ledger

KILLS = int(os.environ.get("HEADWAY_KILLS", "20"))
FIRST = date(2026, 1, 1)
KPIS = ("visits", "visitors", "spent", "per_visit")

PROJECT = """\
project: shop
sources:
  visits:
    read: {files: data/*.csv}
    columns: {visit: integer, person: text, at: date, spent: number, shelf: text}
    key: visit
    time: at
    people: person
kpis:
  visitors: {distinct: visits.person, window: 7 days, by: [shelf], unit: people}
  visits: {count: visits, by: [shelf], targets: [{at_least: 10}]}
  spent: {sum: visits.spent, grain: month, unit: EUR}
  per_visit: {formula: spent / visits, grain: month, unit: EUR}
"""

#: Imports once, then makes a process for each run that it is told of: so a run is killed from its first instruction on.
STARTER = """
import os, sys
from datetime import datetime
from pathlib import Path
from headway import catalog, run
from headway.ledger import Ledger

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def tell(stage, done, total):
    if stage == "Recording" and not done:
        say("recording")

while line := sys.stdin.readline():
    root, now = line.split()
    pid = os.fork()
    if not pid:
        project = catalog.load(Path(root))
        with Ledger.open(project.root / project.ledger) as ledger:
            run.observe(project, ledger, datetime.fromisoformat(now), progress=tell)
        os._exit(0)
    say("begun", pid)
    sys.stdin.readline()  # until then, the number is this process's and no other's
    _, status = os.waitpid(pid, 0)
    say("ended", status)
"""


@dataclass
class Starter:
    """The process that starts runs."""

    process: subprocess.Popen[str]

    def said(self) -> list[str]:
        """The next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def begin(self, root: Path, day: int) -> int:
        """Start a run of the morning of a day; its process."""
        assert self.process.stdin is not None
        now = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=6)
        self.process.stdin.write(f"{root} {now.isoformat()}\n")
        self.process.stdin.flush()
        word, pid = self.said()
        assert word == "begun"
        return int(pid)

    def finish(self) -> int:
        """Wait for the end of the run; its status."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        while (words := self.said())[0] != "ended":
            pass
        return int(words[1])

    def run(self, root: Path, day: int) -> tuple[float, float]:
        """A whole run; how long it took, and how much of that was recording."""
        start = time.monotonic()
        self.begin(root, day)
        assert self.said() == ["recording"]
        recording = time.monotonic()
        assert self.finish() == 0
        return time.monotonic() - start, time.monotonic() - recording


@pytest.fixture
def starter() -> Iterator[Starter]:
    """A new starter."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield Starter(process)
    process.communicate(timeout=60)


def add_day(root: Path, day: int) -> None:
    """The visits of a day, and a late one of the week before, in a file of their own."""
    lines = ["visit,person,at,spent,shelf"]
    for number in range(12):
        at = FIRST + timedelta(days=day - 1 if number or day < 8 else day - 7)
        lines.append(f"{day * 100 + number},p{number},{at},{number + 0.5},{'books' if number < 6 else 'maps'}")
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "data" / f"{day:04}.csv").write_text("\n".join(lines) + "\n")


def numbers(root: Path) -> dict[str, list[dict[str, object]]]:
    """What is published of every KPI, and how often it was revised; without the runs' numbers."""
    with Ledger.open(root / ".headway" / "ledger.db", create=False) as ledger:
        return {
            kpi: [{k: v for k, v in row.items() if k != "run"} for row in ledger.read(kpi, part=None).to_pylist()]
            for kpi in KPIS
        }


def finished(root: Path) -> int:
    """How many runs there are; the file is sound, and each run in it whole."""
    with closing(sqlite3.connect(root / ".headway" / "ledger.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        runs = db.execute("SELECT state, finished >= started FROM run").fetchall()
        attempts = db.execute("SELECT run, count(*) FROM attempt GROUP BY run").fetchall()
        assert db.execute("SELECT count(*) FROM observation WHERE run NOT IN (SELECT id FROM run)").fetchone() == (0,)
    assert runs == [("ok", 1)] * len(runs)
    assert attempts == [(number, len(KPIS)) for number in range(1, len(runs) + 1)]
    return len(runs)


@pytest.mark.slow
def test_a_killed_run_leaves_whole_runs_only(starter: Starter, tmp_path: Path) -> None:
    """And the next one gives what it would have given anyway, to the revision; the lock is free."""
    killed, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    for root in (killed, unbroken):
        root.mkdir()
        (root / "headway.yml").write_text(PROJECT)
        for day in range(1, 31):
            add_day(root, day)
    whole, recording = starter.run(unbroken, 30)
    assert starter.run(killed, 30)
    dice = random.Random(9)
    survived = in_time = 0
    for turn in range(KILLS):
        day = 31 + turn
        for root in (killed, unbroken):
            add_day(root, day)
        before, runs = numbers(killed), finished(killed)
        pid = starter.begin(killed, day)
        if turn % 2:
            assert starter.said() == ["recording"]
            time.sleep(dice.uniform(0, recording))
        else:
            time.sleep(dice.uniform(0, whole))
        os.kill(pid, signal.SIGKILL)
        in_time += starter.finish() == signal.SIGKILL
        left = finished(killed)
        assert left in (runs, runs + 1)
        survived += left > runs
        spent = starter.run(unbroken, day)
        whole, recording = 0.8 * whole + 0.2 * spent[0], 0.8 * recording + 0.2 * spent[1]
        assert numbers(killed) == (numbers(unbroken) if left > runs else before)
        starter.run(killed, day)
        assert numbers(killed) == numbers(unbroken)
    print(f"{KILLS} runs killed, {in_time} before their end, {survived} after their commit")
    assert in_time > KILLS / 2

"""What a command imports: most of a short command is its start, so what it does not use stays away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: Nothing of these for a command that computes nothing: statistics, pages, charts, migrations, servers, other formats.
NEVER = ("pandas", "scipy", "lifelines", "jinja2", "altair", "vl_convert", "alembic", "fastapi", "apprise", "httpx")
_PROJECT = """\
project: a
sources: {a: {read: {files: a.csv}, columns: {day: date}, time: day}}
kpis: {n: {count: a}}
"""
_MAIN = """\
import sys
from headway.cli import main
sys.argv = ["headway", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One source, one KPI."""
    (tmp_path / "a.csv").write_text("day\n2026-01-01\n")
    (tmp_path / "headway.yml").write_text(_PROJECT)
    return tmp_path


def imported(*words: str | Path) -> set[str]:
    """The modules that a command has imported when it ends."""
    done = subprocess.run([sys.executable, "-c", _MAIN, *words], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_a_version_needs_typer_alone() -> None:
    """`headway --version` imports no catalogue, no table and no database."""
    heavy = {*NEVER, "pydantic", "yaml", "sqlglot", "numpy", "pyarrow", "sqlalchemy", "duckdb", "rich"}
    assert imported("--version") & heavy == set()


def test_a_check_needs_no_ledger_and_no_pages(project: Path) -> None:
    """`headway check` asks the data, so it has an engine; nothing is recorded and nothing drawn."""
    found = imported("check", "--project", project)
    assert found & {*NEVER, "sqlalchemy", "headway.ledger", "headway.publish.kpipages"} == set()
    assert "duckdb" in found


def test_a_run_of_nothing_new_needs_no_engine(project: Path) -> None:
    """`headway run` has an engine, plans and checks where something is new; where nothing is, none of them."""
    run = ("run", "--project", project, "--now", "2026-01-02T06:00Z")
    computes = {"duckdb", "pyarrow.compute", "headway.attempt", "headway.plan", "headway.checks", "headway.alerts.grid"}
    assert imported(*run) >= computes - {"headway.alerts.grid"}
    found = imported(*run)
    assert found & {*NEVER, *computes, "rich", "headway.publish.terminal"} == set()


_TAKEN_APART = """\
import atexit, sys
from headway.cli import main

class Left:
    def __del__(self):
        print("taken apart")

left = Left()
sys.argv = ["headway", *sys.argv[1:]]
import headway.catalog
_load = headway.catalog.load

def load(*words):
    atexit.register(print, "asked for")
    return _load(*words)

headway.catalog.load = load
main()
"""


@pytest.mark.parametrize(("kpi", "code"), [("{count: a}", 0), ("{python: missing.py}", 2)])
def test_a_command_that_ended_takes_nothing_apart(project: Path, kpi: str, code: int) -> None:
    """What others want done at the end is done, all is printed, and the code is the command's; objects just go."""
    (project / "headway.yml").write_text(_PROJECT.replace("{count: a}", kpi))
    words = [sys.executable, "-c", _TAKEN_APART, "run", "--project", project, "--now", "2026-01-02T06:00Z"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "asked for" in done.stdout
    assert "taken apart" not in done.stdout
    assert ("Run 1" in done.stdout) == (code == 0)

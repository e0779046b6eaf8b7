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

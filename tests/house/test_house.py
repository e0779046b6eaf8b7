"""The rules of the house that a machine can check: budgets, names, imports, and what the repository never says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "headway"
MODULES = sorted(SOURCE.rglob("*.py"))
HARD_BUDGET = 800
#: Names that say nothing about what a module is for.
FORBIDDEN = {"util", "utils", "common", "helper", "helpers", "manager", "base", "misc"}
#: Folders of tools, and of projects that a demo made here.
SKIPPED = {".git", ".venv", "node_modules", "__pycache__", "site", "dist", "build"}
TEXTS = {".py", ".md", ".yml", ".yaml", ".toml", ".csv", ".sql", ".html", ".css", ".js", ".svg", ".cfg", ".ini", ".txt"}


def ours() -> Iterator[Path]:
    """Every text file of the repository."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if any(part in SKIPPED or part.endswith("_cache") or part.startswith((".h", "demo-")) for part in parts):
            continue
        if path.is_file() and (path.suffix in TEXTS or path.name in ("Makefile", "LICENSE") or ".ci" in parts):
            yield path


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_module_keeps_the_budget_and_says_what_it_is_for(module: Path) -> None:
    """A module has at most 800 lines, and its docstring begins with one whole sentence."""
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= HARD_BUDGET
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "no docstring"
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":")), "the docstring begins with a sentence"


def test_no_module_is_named_after_nothing() -> None:
    """There is no utils, common, helpers, manager or base."""
    assert [path for path in MODULES if {path.stem, *path.relative_to(SOURCE).parent.parts} & FORBIDDEN] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_public_functions_have_docstrings(module: Path) -> None:
    """What other rooms may call says what it means."""
    if module.parent.name == "versions":
        pytest.skip("migrations have Alembic's upgrade and downgrade")
    bare = []
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None:
                bare.append(node.name)
            if isinstance(node, ast.ClassDef):
                bare += [
                    f"{node.name}.{child.name}"
                    for child in node.body
                    if isinstance(child, ast.FunctionDef)
                    and not child.name.startswith("_")
                    and ast.get_docstring(child) is None
                ]
    assert bare == []


def test_imports_go_downward_only() -> None:
    """The import contract of pyproject.toml holds, and every room is declared in it."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_imports_only_what_it_needs() -> None:
    """`headway --help` loads no engine, no SQL and no server."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, headway.cli\nprint([m for m in ('duckdb', 'sqlglot', 'pyarrow', 'fastapi', 'numpy', 'altair')"
            " if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_run_loads_no_statistics_that_it_does_not_need() -> None:
    """lifelines, and pandas, SciPy and Matplotlib behind it, wait for a duration whose entities are still watched.

    Nor do arrays bring pandas, as pyarrow's do elsewhere.
    """
    heavy = ("lifelines", "pandas", "scipy", "matplotlib")
    arrays = "import pyarrow as pa\npa.table({'a': [1.5, None]}).to_pylist()"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, headway.run\n{arrays}\nprint([m for m in {heavy} if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_run_ends_in_silence(tmp_path: Path) -> None:
    """No library complains, at the end, of what it was not given back."""
    (tmp_path / "a.csv").write_text("day\n2026-01-01\n")
    source = "sources: {a: {read: {files: a.csv}, columns: {day: date}, time: day}}"
    (tmp_path / "headway.yml").write_text(f"project: a\n{source}\nkpis: {{n: {{count: a}}}}\n")
    words = [sys.executable, "-m", "headway", "run", "--project", str(tmp_path), "--now", "2026-01-02T06:00Z"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_tick_that_tells_nothing_loads_nothing_that_tells() -> None:
    """Cron calls it every minute: doors, pages, migrations, and pandas (behind pyarrow), wait until they are needed."""
    heavy = ("apprise", "httpx", "jinja2", "rich", "alembic", "duckdb", "pandas", "scipy", "altair")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, headway.clock\nprint([m for m in {heavy} if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_no_machine_is_named() -> None:
    """The repository speaks of the product alone: no path of somebody's machine."""
    machine = re.compile(r"(?<![\w.$~-])/(?:home|Users|root|work|mnt)/[\w.-]+|[A-Z]:\\\\Users")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in ours()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if machine.search(line)
    ]
    assert found == []


def test_addresses_are_nobodys() -> None:
    """E-mail addresses stand in domains that are reserved for examples, or are robots' and forges' placeholders."""
    address = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
    reserved = (".example", ".invalid", ".test", "example.com", "example.org", "example.net")
    placeholders = ("users.noreply.github.com", "pre-commit.ci")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in ours()
        for match in address.finditer(path.read_text("utf-8"))
        if not match[1].endswith(reserved + placeholders)
    ]
    assert found == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Pages load no script, style, font or picture from another server."""
    remote = re.compile(r"""(?:src|href)=["']https?://[^"']+\.(?:js|css|woff2?|png|svg)|@import|url\(["']?https?:""")
    pages = [path for path in ours() if path.suffix in (".html", ".css", ".js") and SOURCE in path.parents]
    assert [str(path) for path in pages if remote.search(path.read_text("utf-8"))] == []

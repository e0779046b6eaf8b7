"""Writes the workflow with which continuous integration runs a project: restore -> run -> build -> save."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import suppress
from pathlib import Path

from headway.errors import Mistake, UsageError

#: The branch on which the ledger lives.
BRANCH = "headway-ledger"
_TEMPLATE = Path(__file__).parent / "github.yml"
_ENVIRONMENT = re.compile(r"\benv:([A-Za-z_][A-Za-z0-9_]*)")


def github(project: Path) -> list[Path]:
    """Write `.github/workflows/headway.yml` into the repository of a project, and see that git leaves the ledger alone.

    UsageError if there is such a file that says something else.
    """
    project = project.resolve()
    root = _repository(project)
    file = root / ".github" / "workflows" / "headway.yml"
    secrets = [f"      {name}: ${{{{ secrets.{name} }}}}\n" for name in _environment(project)]
    text = _TEMPLATE.read_text(encoding="utf-8")
    text = text.replace("@PROJECT@", json.dumps(project.relative_to(root).as_posix())).replace("@BRANCH@", BRANCH)
    text = text.replace("@SECRETS@", "".join(secrets))
    if file.exists() and file.read_text(encoding="utf-8") != text:
        shown = file.relative_to(root).as_posix()
        remedy = "Move it away to have it written anew."
        raise UsageError(Mistake(f"there is a workflow {shown} already", "folder-not-empty", None, remedy))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return [file, *_ignored(project)]
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        remedy = "Choose a place that you may write to."
        raise UsageError(Mistake(f"{file} cannot be written: {why}", "not-writable", None, remedy)) from error


def _repository(project: Path) -> Path:
    """The folder of the git repository that a project lies in; where there is none yet, it will be the project's."""
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["git", "rev-parse", "--show-toplevel"], cwd=project, capture_output=True, text=True, timeout=10, check=True
        )
        return Path(told.stdout.strip()).resolve()
    return project


def _environment(project: Path) -> list[str]:
    """What the project's files take from the environment: `env:NAME`."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(project.rglob("*.yml"))]
    return sorted({name for text in texts for name in _ENVIRONMENT.findall(text)})


def _ignored(project: Path) -> list[Path]:
    """Let git ignore the ledger, which travels on its own branch, and what runs leave beside it."""
    file = project / ".gitignore"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    if any(line.strip().strip("/") in (".headway", ".headway/*") for line in lines):
        return []
    file.write_text("\n".join([*lines, ".headway/*", "!.headway/schema/", ""]), encoding="utf-8")
    return [file]

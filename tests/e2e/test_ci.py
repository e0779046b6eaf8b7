"""The workflow of `headway init --ci github`: its form, and its steps run for real against a repository on disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import check_jsonschema
import jsonschema
import pytest
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from conftest import Shop

FORM = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor" / "github-workflows.json"


def git(folder: Path, *arguments: str) -> str:
    """A git command, as somebody."""
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@dataclass
class GitHub:
    """What GitHub does with the workflow: check out anew, and run the steps of the first job in order."""

    folder: Path
    origin: Path
    jobs: int = 0

    def job(self, *, first: bool = False, before: Callable[[str, Path], None] = lambda step, at: None) -> Job:
        """One job. `before` is called with the name of each step before it runs, and the folder checked out."""
        self.jobs += 1
        place = self.folder / f"job{self.jobs}"
        place.mkdir()
        workspace = place / "repository"
        subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{self.origin}", workspace], check=True)
        job = workflow(workspace)["jobs"]["run"]
        tools = place / "bin"
        tools.mkdir()
        program = tools / "headway"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m headway "$@"\n')
        program.chmod(0o755)
        told = {"${{ github.workspace }}": str(workspace), "${{ inputs.first_run || 'false' }}": str(first).lower()}
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(place / "output")}
        environment |= {name: filled(str(value), told) for name, value in job["env"].items()}
        done = Job(place)
        for step in job["steps"]:
            name = step.get("name", "")
            if "run" not in step or name in ("Install", "Say what failed"):
                continue
            before(name, workspace)
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=workspace,
                env=environment,
                capture_output=True,
                text=True,
            )
            done.steps[name] = ran.returncode
            done.said += ran.stdout + ran.stderr
            if ran.returncode:
                break
        return done

    def runs(self) -> int:
        """How many runs the branch of the ledger holds; 0 if there is none."""
        if not git(self.origin, "branch", "--list", "headway-ledger"):
            return 0
        names = git(self.origin, "ls-tree", "-r", "--name-only", "headway-ledger").splitlines()
        return len([name for name in names if name.endswith("run.json.gz")])


class Job:
    """What came of a job."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.steps: dict[str, int] = {}
        self.said = ""


def filled(text: str, told: Mapping[str, str]) -> str:
    """A value of the workflow, with what GitHub would put into it."""
    for name, value in told.items():
        text = text.replace(name, value)
    assert "${{" not in text
    return text


def workflow(root: Path) -> Any:
    """The workflow of a repository."""
    return YAML(typ="safe").load(root / ".github" / "workflows" / "headway.yml")


ALL = {"Restore the ledger": 0, "Run": 0, "Build the pages": 0, "Save the ledger": 0}


@pytest.fixture
def github(shop: Shop, tmp_path: Path) -> GitHub:
    """The corner shop in a folder of a repository, with the workflow, pushed."""
    root = tmp_path / "work"
    git(tmp_path, "init", "-q", "-b", "main", "work")
    shutil.move(shop.root, root / "kpis")
    answer = subprocess.run(
        [sys.executable, "-m", "headway", "init", "kpis", "--ci", "github"], cwd=root, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert "kpis/.gitignore" in answer.stdout
    git(root, "add", "-A")
    git(root, "commit", "-qm", "the shop")
    git(tmp_path, "clone", "-q", "--bare", "work", "origin.git")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    return GitHub(tmp_path, tmp_path / "origin.git")


def test_the_workflow_is_one_that_github_takes(github: GitHub) -> None:
    """By the schema of workflows. It may do no more than it must, and two of it never overlap."""
    made = workflow(github.folder / "work")
    jsonschema.validate(made, json.loads(FORM.read_text(encoding="utf-8")))
    assert made["permissions"] == {}
    assert made["jobs"]["run"]["permissions"] == {"contents": "write"}
    assert made["concurrency"] == {"group": "headway", "cancel-in-progress": False}
    assert made["jobs"]["run"]["env"]["PROJECT"] == "kpis"
    uses = [step["uses"] for job in made["jobs"].values() for step in job["steps"] if "uses" in step]
    assert uses
    assert all(one.startswith("actions/") and "@v" in one for one in uses)


def test_what_sources_take_from_the_environment_comes_from_secrets(shop: Shop) -> None:
    """Each name of an `env:` once."""
    shop.write(
        "sources/tills.yml",
        "sources:\n  tills:\n    read: {table: tills, database: env:TILLS}\n    columns: {day: date}\n    time: day\n",
    )
    for _ in range(2):  # the same again changes nothing
        answer = subprocess.run(
            [sys.executable, "-m", "headway", "init", str(shop.root), "--ci", "github"], capture_output=True, text=True
        )
        assert answer.returncode == 0, answer.stderr
    assert workflow(shop.root)["jobs"]["run"]["env"]["TILLS"] == "${{ secrets.TILLS }}"
    (shop.root / ".github" / "workflows" / "headway.yml").write_text("mine")
    answer = subprocess.run(
        [sys.executable, "-m", "headway", "init", str(shop.root), "--ci", "github"], capture_output=True, text=True
    )
    assert (answer.returncode, "[folder-not-empty]" in answer.stderr) == (2, True)


def test_a_history_begins_when_told_and_goes_on_from_there(github: GitHub) -> None:
    """Without being told, nothing runs; from then on each run adds to what the one before has saved."""
    refused = github.job()
    assert refused.steps == {"Restore the ledger": 1}
    assert "There is no branch headway-ledger" in refused.said
    assert github.runs() == 0
    assert not (refused.place / "repository" / "kpis" / ".headway" / "ledger.db").exists()

    begun = github.job(first=True)
    assert begun.steps == ALL, begun.said
    assert github.runs() == 1
    assert (begun.place / "headway-pages" / "index.html").exists()
    again = github.job(first=True)
    assert again.steps == {"Restore the ledger": 1}
    assert "There is a history" in again.said

    data = github.folder / "work" / "kpis" / "data" / "visits.csv"
    data.write_text(data.read_text().replace("\n7,p7,2026-01-01T17:00:00,7.5", "\n7,p7,2026-01-01T17:00:00,99"))
    git(github.folder / "work", "commit", "-qam", "a correction")
    git(github.folder / "work", "push", "-q", "origin", "main")
    second = github.job()
    assert second.steps == ALL, second.said
    assert github.runs() == 2
    assert "changed" in second.said
    assert len(git(github.origin, "log", "--format=%h", "headway-ledger").split()) == 2
    third = github.job()
    assert third.steps == ALL, third.said
    assert "unchanged numbers" in third.said


def test_a_failed_restore_stops_everything(github: GitHub) -> None:
    """A branch that lost a file, and a repository that does not answer: no run, and the branch stays as it is."""
    assert github.job(first=True).steps == ALL
    elsewhere = github.folder / "elsewhere"
    git(github.folder, "clone", "-q", "-b", "headway-ledger", str(github.origin), str(elsewhere))
    next(elsewhere.glob("runs/*/observation.parquet")).unlink()
    git(elsewhere, "commit", "-qam", "oops")
    git(elsewhere, "push", "-q")
    head = git(github.origin, "rev-parse", "headway-ledger")
    damaged = github.job()
    assert damaged.steps == {"Restore the ledger": 4}
    assert "[export-damaged]" in damaged.said
    assert "observation.parquet" in damaged.said
    assert git(github.origin, "rev-parse", "headway-ledger") == head

    def unreachable(step: str, workspace: Path) -> None:
        git(workspace, "remote", "set-url", "origin", str(github.folder / "nowhere.git"))

    for first in (False, True):
        lost = github.job(first=first, before=unreachable)
        assert lost.steps == {"Restore the ledger": 1}
        assert "does not answer" in lost.said


def test_what_others_saved_in_the_meantime_stays(github: GitHub) -> None:
    """Somebody pushes a run of their own while the job computes; both are there afterwards."""
    assert github.job(first=True).steps == ALL

    def meanwhile(step: str, workspace: Path) -> None:
        if step == "Save the ledger":
            other = github.job()
            assert other.steps == ALL, other.said

    done = github.job(before=meanwhile)
    assert done.steps == ALL, done.said
    assert github.runs() == 3


def test_a_broken_source_is_saved_and_told(github: GitHub) -> None:
    """The job goes on, so that all other numbers are kept and shown; its last step fails."""
    assert github.job(first=True).steps == ALL

    def broken(step: str, workspace: Path) -> None:
        if step == "Run":
            (workspace / "kpis" / "data" / "visits.csv").unlink()

    job = github.job(before=broken)
    assert job.steps == ALL, job.said
    assert github.runs() == 2
    assert (job.place / "output").read_text() == "code=3\n"
    last = workflow(github.folder / "work")["jobs"]["run"]["steps"][-1]
    assert last["if"] == "steps.run.outputs.code != '0'"
    assert "exit 3" in last["run"]

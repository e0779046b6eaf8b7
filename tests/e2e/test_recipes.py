"""The recipes of docs/scheduling.md, as they stand there: each is run by what it is written for, if that is here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from conftest import Shop

DOCS = Path(__file__).parents[2] / "docs" / "scheduling.md"
#: Where the recipes take the project to be.
THERE = "/srv/kpis"


def recipes() -> list[str]:
    """The blocks below the heading."""
    text = DOCS.read_text("utf-8").partition("## What runs the tick")[2]
    return re.findall(r"```text\n(.*?)```", text, flags=re.DOTALL)


def by_shell(shop: Shop, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line as cron and CI do."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    line = line.replace(THERE, str(shop.root))
    return subprocess.run(
        ["sh", "-c", line],
        cwd=shop.root,
        env={**os.environ, "PATH": tools},
        capture_output=True,
        text=True,
        check=False,
    )


def test_cron(shop: Shop) -> None:
    """Five fields of time, and a command that a shell runs."""
    (cron,) = (one for one in recipes() if one.startswith("0 6"))
    times = re.compile(r"((?:[\d*]+ ){5}) +(.*)")
    found = [match for line in cron.splitlines() if (match := times.fullmatch(line))]
    assert [match[1].split()[1] for match in found] == ["6", "*"]
    for match in found:
        done = by_shell(shop, match[2])
        assert done.returncode == 0, done.stderr
    assert (shop.root / ".headway" / "ledger.db").exists()


@pytest.mark.parametrize("host", ["jobs", "pages"])
def test_a_ci_publishes(host: str, shop: Shop) -> None:
    """What GitHub and GitLab read is YAML, and its commands leave a page in the folder that they upload."""
    told = next(known for one in recipes() if ": " in one and host in (known := yaml.safe_load(one) or {}))
    lines = told["jobs"]["report"]["steps"] if host == "jobs" else [{"run": line} for line in told["pages"]["script"]]
    ours = [step["run"] for step in lines if step.get("run", "").startswith("headway")]
    assert len(ours) == 1
    done = by_shell(shop, ours[0])
    assert done.returncode == 0, done.stderr
    uploads: Any = told["jobs"]["report"]["steps"][-2]["with"]["path"] if host == "jobs" else "public"
    assert (shop.root / uploads / "weekly.html").exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_units(tmp_path: Path, shop: Shop) -> None:
    """As it verifies them itself."""
    (text,) = (one for one in recipes() if "[Timer]" in one)
    units = re.split(r"^# /etc/systemd/system/(.*)$", text, flags=re.MULTILINE)[1:]
    (tmp_path / "venv").symlink_to(Path(sys.executable).parents[1])
    for name, unit in zip(units[::2], units[1::2], strict=True):
        here = unit.replace(f"{THERE}/.venv", str(tmp_path / "venv")).replace(THERE, str(shop.root))
        (tmp_path / name).write_text(here.replace("/etc/headway.env", f"-{tmp_path / 'headway.env'}"))
    words = ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.glob("headway-tick.*"))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr

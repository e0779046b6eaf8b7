"""Pages: a build of the saas example from nothing, with nothing changed, and with one KPI changed; whole commands."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Measured

SCALE = "0.1"


def measure() -> Iterator[Measured]:
    """The example is computed first, which is not measured."""
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary) / "saas"
        _headway("demo", "saas", "--dir", str(project), "--scale", SCALE, "--no-serve")
        site = str(Path(temporary) / "site")
        build = ("build", site, "--project", str(project), "--audience", "internal")
        yield _timed("all pages", 30, *build)
        yield _timed("nothing changed", 3, *build)
        file = project / "kpis" / "product.yml"
        text = file.read_text("utf-8")
        assert "\n  dau:\n    title: " in text
        file.write_text(text.replace("\n  dau:\n    title: ", "\n  dau:\n    title: All ", 1), "utf-8")
        yield _timed("one KPI changed", 3, *build)


def _timed(what: str, limit: float, *arguments: str) -> Measured:
    """A command from its start to its end, with the processor and the memory that it took."""
    measured = Measured(what, limit)
    start = time.perf_counter()
    _, status, usage = os.wait4(_process(*arguments).pid, 0)
    assert status == 0
    measured.seconds, measured.cpu_seconds = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    measured.megabytes = usage.ru_maxrss / 1024
    return measured


def _headway(*arguments: str) -> None:
    assert _process(*arguments).wait() == 0


def _process(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "headway", *arguments], stdout=subprocess.DEVNULL)

"""The real command in a process of its own, forked from one that has imported what commands import.

`python -m headway` takes a second to import its libraries, and tests call it some thousand times. What a command reads
when it starts (words, folder, environment, streams) is set before `headway.cli` is imported, so that nothing but that
second is missing. Where the start itself is looked at (signals, terminals, a server), tests start Python.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path

#: What is imported before a fork: libraries, and rooms that look at nothing of the process they are in.
_BEFORE = (
    *("duckdb", "jinja2", "markdown_it", "pyarrow.compute", "rich.console", "ruamel.yaml", "sqlalchemy"),
    *("sqlglot", "typer", "headway.decide", "headway.publish.html", "headway.rehearsal", "headway.run"),
)


def headway(folder: Path, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`python -m headway ARGUMENTS` in a folder, with just this environment and nothing to read."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        asked = [os.fspath(folder.resolve()), list(arguments), dict(environment), os.fspath(out), os.fspath(err)]
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(list(arguments), code, out.read_text("utf-8"), err.read_text("utf-8"))


@cache
def _server() -> subprocess.Popen[str]:
    """The process that forks: one for each of the tests' own."""
    command = [sys.executable, __file__]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.kill)
    return server


def _serve() -> None:
    for name in _BEFORE:
        __import__(name)
    gc.freeze()  # what is the same for all is looked at no more
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(*json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, file=answers, flush=True)


def _become(folder: str, arguments: list[str], environment: dict[str, str], out: str, err: str) -> None:
    """Be the command, and end with its code: what Python would take apart at its end is the parent's still."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        os.dup2(os.open(path, flags | os.O_CREAT), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in ((0, "r"), (1, "w"), (2, "w")))
    sys.argv, sys.path[0] = ["headway", *arguments], folder
    signal.alarm(120)
    code: object = 0
    try:
        runpy.run_module("headway", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    _serve()

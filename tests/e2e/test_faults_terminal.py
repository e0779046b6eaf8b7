"""Where a command runs may be poor: no locale, no home, nobody who listens. It works all the same, or says why not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Shop

    Edit = Callable[[Shop, str, str, str], None]


def test_a_terminal_without_umlauts(shop: Shop, edit: Edit) -> None:
    """In the locale C, with Python's own UTF-8 mode off, words that ASCII lacks become question marks."""
    edit(shop, "headway.yml", "The corner shop", "Zürich, „Läden“")
    edit(shop, "kpis/shop.yml", "visits: {count: visits,", "visits: {title: Größte Besuche, count: visits,")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for command in (("run", "--now", "2026-03-10T06:00Z"), ("show",), ("explain", "visits", "2026-02"), ("check",)):
        answer = shop.headway(*command, **plain)
        assert answer.code == 0, answer.err
    site = shop.root / "site"
    assert shop.headway("build", str(site), **plain).code == 0
    assert "Läden" in (site / "index.html").read_text("utf-8")


def test_an_empty_environment(shop: Shop) -> None:
    """Without HOME, PATH, a locale and the system's time zones, a run is a run."""
    bare = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "PYTHONTZPATH": "", "TZ": "Nowhere/Never"}
    done = subprocess.run(
        [*shop.command("run"), "--now", "2026-03-10T06:00Z"], env=bare, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [("show",), ("show", "visits", "--json"), ("--help",)])
def test_output_to_a_full_disk(shop: Shop, command: tuple[str, ...]) -> None:
    """Is told where errors are told, with exit code 5, and without a traceback."""
    assert shop.run().code == 0
    with Path("/dev/full").open("w") as full:
        arguments = command if command == ("--help",) else (*command, "--project", str(shop.root))
        done = subprocess.run(
            [sys.executable, "-m", "headway", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 5
    assert "[not-writable]" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_listens(shop: Shop) -> None:
    """A reader that goes away, as `head` does, is no error; nor are outputs that are closed from the beginning."""
    command = " ".join(shop.command("run"))
    closed = subprocess.run(["sh", "-c", f"{command} --now 2026-03-10T06:00Z >&- 2>&-"], check=False)
    assert closed.returncode == 0
    listing = " ".join(shop.command("show", "visits", "--json"))
    gone = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {listing} | head -c 10"], capture_output=True, text=True, check=False
    )
    assert gone.returncode == 0, gone.stderr
    assert gone.stderr == ""


def test_a_run_that_is_terminated(shop: Shop) -> None:
    """SIGTERM, as systems send it at a shutdown: the ledger is as it was or knows the whole run; the next one works."""
    assert shop.run().code == 0
    before = shop.headway("show", "visits", "--json").out
    kept = 0
    for delay in (0.2, 0.5, 1.0, 1.5):
        process = subprocess.Popen(
            [*shop.command("run"), "--now", "2026-03-11T06:00Z"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (-signal.SIGTERM, 0)
        if shop.headway("show", "visits", "--json").out != before:
            break  # it had recorded its numbers by then
        kept += 1
    assert kept
    assert shop.headway("run", "--now", "2026-03-12T06:00Z").code == 0


def test_a_project_that_may_only_be_read(shop: Shop, edit: Edit, tmp_path: Path) -> None:
    """With its ledger elsewhere, a project on a read-only disk is computed."""
    edit(shop, "headway.yml", "title:", f"ledger: {tmp_path}/elsewhere/ledger.db\ntitle:")
    (tmp_path / "elsewhere").mkdir()
    bind = subprocess.run(["mount", "--bind", str(shop.root), str(shop.root)], capture_output=True, check=False)
    if bind.returncode:
        pytest.skip("a folder that root cannot write to needs the right to mount one")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(shop.root)], check=True)
        answer = shop.run()
        assert answer.code == 0, answer.err
        assert shop.headway("show", "visits").code == 0
        assert shop.headway("check").code == 0
    finally:
        subprocess.run(["umount", "-l", str(shop.root)], check=True)

"""What is done every so often while pages are served: beside requests, one at a time, whatever goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from headway import catalog
from headway.errors import CatalogError, LedgerError, Mistake
from headway.serve import Beat

SOON = timedelta(milliseconds=5)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, for 10 seconds at the most."""
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never became true")


def test_it_goes_on_until_it_is_told_to_stop() -> None:
    """The first time at once, then after each pause; never again when it has ended."""
    done: list[float] = []

    async def serve() -> None:
        async with Beat(lambda: done.append(time.monotonic()), SOON, print).going():
            await until(lambda: len(done) >= 3)

    asyncio.run(serve())
    count = len(done)
    time.sleep(0.05)
    assert len(done) == count


def test_what_is_under_way_is_finished_and_no_pause_is_waited_for() -> None:
    """Whoever ends the server while somebody is told waits for that, and not for the next tick."""
    begun, ended = [], []

    def work() -> None:
        begun.append(1)
        time.sleep(0.2)
        ended.append(1)

    async def serve() -> None:
        async with Beat(work, timedelta(hours=1), print).going():
            await until(lambda: bool(begun))

    started = time.monotonic()
    asyncio.run(serve())
    assert (len(begun), len(ended)) == (1, 1)
    assert time.monotonic() - started < 30


def test_what_goes_wrong_is_said_once_and_the_next_beat_comes() -> None:
    """Until it works again, or something else is wrong."""
    said: list[str] = []
    turns = iter(["locked", "locked", "bug", "", "", "locked"])
    done: list[str] = []

    def work() -> None:
        turn = next(turns, "")
        done.append(turn)
        if turn == "bug":
            raise ZeroDivisionError("division by zero")
        if turn:
            raise LedgerError(Mistake("the ledger is locked", "ledger-locked"))

    async def serve() -> None:
        async with Beat(work, SOON, said.append).going():
            await until(lambda: len(done) >= 7)

    asyncio.run(serve())
    locked, works = "the ledger is locked [ledger-locked]", "It works again."
    bug = "This should not happen, please report it: ZeroDivisionError: division by zero"
    assert said == [locked, bug, works, locked, works]


def test_a_catalogue_follows_its_files(tmp_path: Path) -> None:
    """It is read again when a file changes or comes; while they are wrong, the last one that was right is there."""
    file = tmp_path / "headway.yml"
    file.write_text("project: shop\n")
    current = catalog.Current(catalog.load(tmp_path))
    assert current.read() is current.read()
    file.write_text("project: shop\ntitle: Our shop\n")
    assert current.read().title == "Our shop"
    (tmp_path / "alerts.yml").write_text("routes: {team: {apprise: env:TEAM}}\n")
    assert list(current.read().routes) == ["team"]
    file.write_text("project: shop\ntitel: Shop\n")
    for _ in range(2):
        with pytest.raises(CatalogError):
            current.read()
    assert current.catalog.title == "Our shop"
    file.write_text("project: shop\n")
    assert current.read().title == "Shop"

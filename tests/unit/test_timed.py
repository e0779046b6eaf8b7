"""Work ends, in time or by force; only what cannot hear is left behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from headway import timed


def test_work_gives_what_it_gives_and_raises_what_it_raises() -> None:
    """The thread in between is not seen, and work within work runs in the same one."""
    assert timed.run(lambda: timed.run(threading.current_thread) is threading.current_thread())
    with pytest.raises(ZeroDivisionError):
        timed.run(lambda: 1 // 0, 5)


def test_what_can_be_asked_to_stop_is_asked(tmp_path: Path) -> None:
    """The way that work names is taken when its time is over, and the work has ended when that is told."""
    asked, ended = threading.Event(), threading.Event()

    def work() -> None:
        with timed.stopped_by(asked.set):
            asked.wait()
            ended.set()

    with pytest.raises(timed.TooSlow) as slow:
        timed.run(work, 0.1)
    assert not slow.value.left_behind
    assert ended.is_set()


def test_python_that_never_ends_is_ended() -> None:
    """A loop that keeps every exception of a library still stops."""
    turns = [0]

    def loop() -> None:
        while True:
            try:
                turns[0] += 1
            except Exception:
                continue

    with pytest.raises(timed.TooSlow) as slow:
        timed.run(loop, 0.1)
    assert not slow.value.left_behind
    before = turns[0]
    time.sleep(0.05)
    assert turns[0] == before


def test_what_hears_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that never opens holds up its own thread alone."""
    monkeypatch.setattr(timed, "_GRACE", 1.0)
    monkeypatch.setattr(timed, "left_behind", [])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(timed.TooSlow) as slow:
        timed.run(lambda: os.open(tmp_path / "pipe", os.O_RDONLY), 0.1)
    assert slow.value.left_behind
    # Somebody opens its other end after all, so that this test leaves nothing behind.
    (tmp_path / "pipe").write_bytes(b"")


def test_ctrl_c_is_heard_while_work_goes_on() -> None:
    """The interrupt is raised where `run` waits, and the work has been asked to stop."""
    asked = threading.Event()

    def work() -> None:
        with timed.stopped_by(asked.set):
            asked.wait()

    # What is started in the background of a shell ignores the interrupt.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            timed.run(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert asked.is_set()

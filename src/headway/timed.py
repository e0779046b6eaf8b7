"""Work that must end in time: `run` gives it a thread of its own, waits, hears Ctrl-C meanwhile, and may give up.

Python cannot end a thread. What takes too long is asked to stop, in each way that it named by `stopped_by`, again and
again; then by an exception between two steps of its Python. What still does not hear (a file system that does not
answer) is left behind, in a thread that no exit waits for.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds that work which is asked to stop has for it, and seconds between two times that it is asked.
_GRACE = 5.0
_AGAIN = 0.05


#: Work that was left behind. A program that ends meanwhile must not wait for it, nor take apart what it uses.
left_behind: list[threading.Thread] = []


class TooSlow(Exception):  # noqa: N818 - it is what became of the work; each room makes its own error of it
    """Work took longer than it may. `left_behind` says that it did not stop, so what it holds is not free."""

    def __init__(self, left_behind: bool) -> None:
        super().__init__("too slow")
        self.left_behind = left_behind


class _Stopped(BaseException):
    """Raised within work that did not stop otherwise; no `except Exception` of a project's function keeps it."""


class _Worker(threading.Thread, Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="timed", daemon=True)
        self._work = work
        self.ways: list[Callable[[], None]] = []
        self.result: list[T] = []
        self.error: BaseException | None = None
        #: Python takes a thread for ended whose `join` was interrupted.
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self.result.append(self._work())
        except BaseException as error:  # it is raised again in the thread that waits
            self.error = error
        finally:
            self.done.set()

    def stop(self) -> bool:
        """Ask the work to stop; True if it has."""
        for attempt in range(int(_GRACE / _AGAIN)):
            for way in tuple(self.ways):
                with suppress(Exception):  # what is asked may have ended by itself just now
                    way()
            if attempt == 10 and self.ident is not None:
                raised = ctypes.py_object(_Stopped)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), raised)
            if self.done.wait(_AGAIN):
                return True
        left_behind.append(self)
        return False


def run(work: Callable[[], T], seconds: float | None = None) -> T:
    """What `work` gives or raises. TooSlow if that takes longer than `seconds`; work within other work has its time."""
    if isinstance(threading.current_thread(), _Worker):
        return work()
    worker = _Worker(work)
    worker.start()
    try:
        ended = worker.done.wait(seconds)
    except BaseException:
        worker.stop()
        raise
    if not ended:
        raise TooSlow(left_behind=not worker.stop())
    if worker.error is not None:
        raise worker.error
    return worker.result[0]


@contextmanager
def stopped_by(way: Callable[[], None]) -> Iterator[None]:
    """As long as the context lasts, `way` asks the work of this thread to stop. It is called from another thread."""
    worker = threading.current_thread()
    ways = worker.ways if isinstance(worker, _Worker) else []
    ways.append(way)
    try:
        yield
    finally:
        ways.remove(way)


@contextmanager
def meanwhile(tell: Callable[[], None], every: float = 0.5) -> Iterator[None]:
    """As long as the context lasts, `tell` is called again and again, from another thread."""
    over = threading.Event()

    def telling() -> None:
        while not over.wait(every):
            tell()

    thread = threading.Thread(target=telling, name="telling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

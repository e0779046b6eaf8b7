"""Something that is done every so often while pages are served: the tick of the clock, where no cron does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from headway.errors import HeadwayError


@dataclass(frozen=True, slots=True)
class Beat:
    """What is done `every` so often, beside requests and never twice at once.

    What goes wrong is `said`, once until it works again or something else is wrong, and the next beat comes all the
    same.
    """

    work: Callable[[], object]
    every: timedelta
    said: Callable[[str], None]

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """Go on for as long as this lasts; what is under way when it ends is finished first."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._go(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _go(self, stop: asyncio.Event) -> None:
        before = ""
        while not stop.is_set():
            wrong = await asyncio.to_thread(self._once)
            if wrong != before:
                self.said(wrong or "It works again.")
            before = wrong
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.every.total_seconds())

    def _once(self) -> str:
        """Do it; what went wrong, or ''."""
        try:
            self.work()
        except HeadwayError as error:
            return str(error)
        except Exception as error:  # pages are served on, whatever happens to this
            return f"This should not happen, please report it: {type(error).__name__}: {error}"
        return ""

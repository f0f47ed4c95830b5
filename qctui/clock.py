"""The clock that everything waits by and dates with: the machine's, or a test's own."""

import asyncio
import time
from typing import Any, Protocol

AHEAD_S = 60.0
"""Up to this far ahead a time of the service's is now: its clock and ours need not agree."""


class Clock(Protocol):
    """Two times and a way to wait. Whatever waits or dates is given one, so that tests own the time."""

    def now(self) -> float:
        """Wall time in Unix seconds. May jump; for showing and signing only."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back. Ages, deadlines and back-off are computed from it."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least `seconds` (less than or equal to zero: just yield)."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Wall time in Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since boot, suspend included where the system can tell.

        CLOCK_MONOTONIC stands still while a laptop sleeps, and an age that slept would call eight-hour-old data fresh.
        """
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(max(0.0, seconds))


async def first_of(clock: Clock, limit_s: float, *futures: asyncio.Future[Any]) -> bool:
    """Wait until one of `futures` is done, at most `limit_s`. True if one is. Cancels none of them."""
    if any(future.done() for future in futures):
        return True
    timer = asyncio.ensure_future(clock.sleep(limit_s))
    try:
        await asyncio.wait({timer, *futures}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
    return any(future.done() for future in futures)

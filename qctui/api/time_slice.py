"""Giving way: long work on the engine's loop lets the loop's other tasks, and the other threads, have their turn."""

from __future__ import annotations

import asyncio
import time

WORK_S = 0.002
"""How long work goes on at a stretch."""

PAUSE_S = 0.0005
"""How long it then rests; the selector rounds it up to a millisecond.

Not zero: a thread that waits for the interpreter is woken whenever somebody lets go of it, and finds it taken again by
a loop that merely looked at its sockets. It then starts its wait anew, and its request to be let in, due after 5 ms of
waiting, is never made: many short yields starve the interface for as long as the work takes (CPython 3.11,
`Python/ceval_gil.h`).
"""


class Pace:
    """The rhythm of one piece of work."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give_way(self) -> None:
        """Rest if it has been a while."""
        if time.perf_counter() - self._since >= WORK_S:
            await asyncio.sleep(PAUSE_S)
            self._since = time.perf_counter()

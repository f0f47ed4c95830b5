"""Signals while a command acts: noted, never fatal by themselves, because a confirmed action is reported first."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, Self


class Interrupts:
    """Takes over Ctrl+C, SIGTERM and SIGHUP on the running loop for the length of a `with`."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The first that came."""
        self._came = asyncio.Event()
        self._exits_at_once = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._note, number)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)

    @property
    def by_person(self) -> bool:
        """It was Ctrl+C."""
        return self.number == signal.SIGINT

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells say it: 130 for Ctrl+C."""
        return 128 + (self.number or 0)

    async def or_wait(self, waiting: Coroutine[Any, Any, object] | asyncio.Future[Any]) -> None:
        """Return when `waiting` is done or a signal has come, which cancels it. Its exception is left in it."""
        work, came = asyncio.ensure_future(waiting), asyncio.ensure_future(self._came.wait())
        try:
            await asyncio.wait({work, came}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, came):
                task.cancel()
            await asyncio.gather(work, came, return_exceptions=True)

    @contextlib.contextmanager
    def leaving_at_the_next(self) -> Iterator[None]:
        """Meanwhile another Ctrl+C ends the process at once: what is open is in the journal."""
        self._exits_at_once = True
        try:
            yield
        finally:
            self._exits_at_once = False

    def _note(self, number: int) -> None:
        if self._exits_at_once and number == signal.SIGINT:
            os._exit(128 + number)
        if self.number is None:
            self.number = number
            self._came.set()

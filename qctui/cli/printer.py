"""Lines for a person or a script, from a thread of their own: whoever does not read them holds nothing up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import TextIO

_log = logging.getLogger(__name__)


class Printer:
    """Prints in order, whichever stream a line goes to.

    A terminal held with Ctrl+S, or a pipe that is full, blocks a write for as long as it likes. On the loop that would
    be the trigger and its answer waiting for a screen.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # A daemon: a terminal that never takes its lines must not keep the process.
        threading.Thread(target=self._work, name="printer", daemon=True).start()

    def tell(self, line: str) -> None:
        """To standard output."""
        self._print(line, sys.stdout)

    def note(self, line: str) -> None:
        """To standard error."""
        self._print(line, sys.stderr)

    async def printed(self) -> None:
        """Until everything handed over so far has been taken."""
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[None] = loop.create_future()

        def deliver() -> None:
            if not taken.done():
                taken.set_result(None)

        def done() -> None:
            with contextlib.suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(deliver)

        self._jobs.put(done)
        await taken

    def _print(self, line: str, stream: TextIO) -> None:
        self._jobs.put(lambda: _write(line, stream))

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception:  # a line that can't be printed must not keep those who wait for the ones behind it
                _log.exception("a line could not be printed")


def _write(line: str, stream: TextIO) -> None:
    """Write at once. A closed pipe or terminal is nobody listening, and no reason to stop what was confirmed."""
    data = f"{line}\n".encode(stream.encoding or "utf-8", "backslashreplace")
    try:
        # Past the stream's buffer, whose lock would be waited for at the interpreter's end.
        while data:
            data = data[os.write(stream.fileno(), data) :]
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

"""The journal as the event loop uses it: written on a thread of its own, so that a slow disk holds up nothing else."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from qctui.actions.journal import JournalTail, UnsyncedError, append_entries
from qctui.actions.ports import JournalEntry

T = TypeVar("T")

KEPT_ENTRIES = 5_000
"""Lines of the journal kept in memory, newest; the file keeps all."""

KEPT_UNWRITTEN = 1_000
"""Lines kept for another try while the journal can't be written."""


class Disk(Protocol):
    """Runs what may block on the disk, one job after the other, off the loop."""

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Queue `job`. Its result or exception arrives on the running loop."""
        ...

    def close(self) -> None:
        """Take no more jobs. Does not wait for those under way."""
        ...


class DiskThread:
    """A `Disk` on one daemon thread: a job that hangs for ever must not keep the process from ending."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.AbstractEventLoop, asyncio.Future[Any]] | None]
        self._jobs = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="qctui-journal", daemon=True)
        self._thread.start()

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Queue `job` behind the earlier ones."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((job, loop, future))
        return future

    def close(self) -> None:
        """End the thread after the jobs queued so far."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, loop, future = item
            result, failure = None, None
            try:
                result = job()
            except Exception as error:  # whatever a job raises belongs to the one who waits for it, not to this thread
                failure = error
            try:
                loop.call_soon_threadsafe(_deliver, future, result, failure)
            except RuntimeError:  # the loop has ended and nobody waits, but what was queued is still to be written
                continue


def _deliver(future: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
    if future.done():
        return
    if failure is not None:
        future.set_exception(failure)
    else:
        future.set_result(result)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn at the disk brought."""

    failure: str
    """Why lines are not safely on the disk; empty if they are."""
    found: tuple[JournalEntry, ...]
    """Appended since the last turn, by whomever."""


class Scribe:
    """Appends and follows one journal.

    Lines handed over while an append is under way go out together in the next: twelve answers at once cost one or two
    fsyncs. Lines that could not be written are kept and go first in the next turn, so the story stays in order.
    """

    def __init__(self, path: Path, disk: Disk, first_bytes: int) -> None:
        """Follow the journal at `path`, beginning at most `first_bytes` before its end."""
        self.path = path
        self._disk = disk
        self._tail = JournalTail(path, first_bytes)
        self._unwritten: deque[JournalEntry] = deque(maxlen=KEPT_UNWRITTEN)
        self._unwritten_lock = threading.Lock()
        self._entries: deque[JournalEntry] = deque(maxlen=KEPT_ENTRIES)
        self._turns = 0
        self.entries: tuple[JournalEntry, ...] = ()
        """The newest entries, oldest first. Replaced whole: may be read from any thread."""
        self.failure = ""
        """Why the journal could not be written last time; empty when it could."""
        self.found: Callable[[Sequence[JournalEntry]], None] = lambda entries: None
        """Called on the loop with entries just read from the file, own ones too."""

    def write(self, entries: Sequence[JournalEntry]) -> asyncio.Future[str]:
        """Append `entries`. The result is empty once they are on the disk, or says why they are not.

        Waiting for it is the caller's choice, and so is for how long.
        """
        with self._unwritten_lock:
            self._unwritten.extend(entries)
        return asyncio.ensure_future(self._turn())

    async def poll(self) -> str:
        """Read what others appended, and try again what could not be written. Returns as `write` does."""
        return await self._turn()

    @property
    def busy(self) -> bool:
        """Something handed over is not on the disk yet, or a turn is under way."""
        return self._turns > 0 or bool(self._unwritten)

    async def _turn(self) -> str:
        self._turns += 1
        try:
            turn = await self._disk.run(self._at_disk)
        finally:
            self._turns -= 1
        self.failure = turn.failure
        if turn.found:
            self._entries.extend(turn.found)
            self.entries = tuple(self._entries)
            self.found(turn.found)
        return turn.failure

    def _at_disk(self) -> _Turn:
        with self._unwritten_lock:
            batch = tuple(self._unwritten)
        failure = ""
        if batch:
            try:
                append_entries(self.path, batch)
            except UnsyncedError as error:
                failure = _words(error)
                self._forget(len(batch))
            except OSError as error:
                failure = _words(error)
            else:
                self._forget(len(batch))
        try:
            found = self._tail.read()
        except OSError as error:
            found = ()
            failure = failure or _words(error)
        return _Turn(failure, found)

    def _forget(self, count: int) -> None:
        with self._unwritten_lock:
            for _ in range(min(count, len(self._unwritten))):
                self._unwritten.popleft()


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__

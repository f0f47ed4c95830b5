"""The journal writer: appends to the journal and reads it on a thread of its own, so that a slow disk delays
nothing."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import JournalTail, UnsyncedError, append_entries, try_journal
from qctui.actions.locks import SendLock
from qctui.actions.spec import LIQUIDATE
from qctui.clock import Clock, first_of
from qctui.model.keys import JOURNAL
from qctui.store import Store
from qctui.value import Value

T = TypeVar("T")

KEPT_ENTRIES = 5_000
"""Lines of the journal kept in memory, newest; the file keeps all."""

JOURNAL_LOOK_S = 2.0
"""Between looks at whether the journal can be written, while it can't. As long as it can, each write shows it."""

SILENT = "the disk does not answer"


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
        threading.Thread(target=self._work, name="qctui-journal", daemon=True).start()

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
            except Exception as error:  # whatever a job raises is its caller's, not this thread's
                failure = error
            try:
                loop.call_soon_threadsafe(_deliver, future, result, failure)
            except RuntimeError:  # the loop has ended, but what was queued is still to be written
                continue


def _deliver(future: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
    if future.done():
        return
    if failure is not None:
        future.set_exception(failure)
    else:
        future.set_result(result)


class _Turn(Value):
    """What one turn at the disk brought."""

    failure: str
    """Why lines are not safely on the disk; empty if they are."""
    unlocked: str
    """Why an intent was written without the lock beside the journal; empty if it was held, or not needed."""
    written: bool
    """The lines are in the file: writing them again would write them twice."""
    found: tuple[JournalEntry, ...]
    """Appended since the last turn, by any process."""


class JournalWriter:
    """Appends and follows one journal.

    One turn at the disk at a time: lines handed over while an append is under way go out together in the next, so that
    a hundred answers at once cost two or three fsyncs. Lines that could not be written are kept, all of them, and go
    first in the next turn, so the lines stay in order. What people confirm bounds their number.
    """

    def __init__(self, path: Path, disk: Disk, first_bytes: int) -> None:
        """Follow the journal at `path`, beginning at most `first_bytes` before its end."""
        self.path = path
        self._disk = disk
        self._tail = JournalTail(path, first_bytes)
        self._lock = SendLock(path)
        self._deciding = 0
        """Decisions under way: the lock is held until the last of them has been acted upon."""
        self._unwritten: list[JournalEntry] = []
        self._entries: deque[JournalEntry] = deque(maxlen=KEPT_ENTRIES)
        self._current: asyncio.Task[str] | None = None
        """The turn that is at the disk."""
        self._next: asyncio.Task[str] | None = None
        """The turn that waits for it, and takes whatever is handed over until it begins."""
        self.entries: tuple[JournalEntry, ...] = ()
        """The newest entries, oldest first. Replaced whole: may be read from any thread."""
        self.failure = ""
        """Why the journal could not be written last time; empty when it could."""
        self._failed = asyncio.Event()
        """There is a `failure`."""
        self.unlocked = ""
        """Why an intent was written last time without the lock beside the journal; empty if it was held."""
        self.found: Callable[[Sequence[JournalEntry]], None] = lambda entries: None
        """Called on the loop with entries just read from the file, own ones too."""

    def write(self, entries: Sequence[JournalEntry]) -> asyncio.Future[str]:
        """Append `entries`. The result is empty once they are on the disk, or says why they are not.

        Waiting for it is the caller's choice, and so is for how long; cancelling it is not: others wait for it too.
        """
        self._unwritten.extend(entries)
        return self._turn_soon()

    async def poll(self) -> str:
        """Read what others appended, and try again what could not be written. Returns as `write` does."""
        return await asyncio.shield(self._turn_soon())

    async def catch_up(self) -> str:
        """Take the lock beside the journal, then read what others appended: right before a decision that must come
        after theirs. Returns why the lock or the journal is not to be had; empty if all is well. `release` follows in
        any case."""
        self._deciding += 1
        refused = await self._disk.run(self._lock.acquire)
        return refused or await self.poll()

    def release(self) -> None:
        """What was decided has been done: the next process may decide."""
        self._deciding -= 1
        if not self._deciding:
            self._disk.run(self._lock.release)

    async def check(self) -> str:
        """Find out whether lines could be appended now, without appending any. Returns as `write` does."""
        return await self._disk.run(self._check_at_disk)

    async def wait_failed(self) -> str:
        """Wait until lines could not be written. Returns why."""
        await self._failed.wait()
        return self.failure

    @property
    def busy(self) -> bool:
        """Something handed over is not on the disk yet, or a turn is under way."""
        return self._current is not None or self._next is not None or bool(self._unwritten)

    @property
    def missing(self) -> frozenset[str]:
        """Ids of the actions whose intent is not in the file."""
        return frozenset(entry.id for entry in self._unwritten if entry.event == "intent")

    def _turn_soon(self) -> asyncio.Task[str]:
        if self._next is None:
            self._next = asyncio.ensure_future(self._turn(self._current))
        return self._next

    async def _turn(self, before: asyncio.Task[str] | None) -> str:
        if before is not None:
            await asyncio.wait({before})
        self._current, self._next = self._next, None
        batch = tuple(self._unwritten)
        try:
            turn = await self._disk.run(partial(self._at_disk, batch))
        finally:
            self._current = None
        self.failure = turn.failure
        (self._failed.set if self.failure else self._failed.clear)()
        if turn.written:
            # Only this turn takes lines away, and what came meanwhile stands behind them.
            del self._unwritten[: len(batch)]
        if turn.found:
            self._entries.extend(turn.found)
            self.entries = tuple(self._entries)
            self.found(turn.found)
        self.unlocked = turn.unlocked
        return turn.failure

    def _at_disk(self, batch: Sequence[JournalEntry]) -> _Turn:
        failure, unlocked, written = "", "", False
        if batch:
            # Only a liquidation's intent: other lines endanger no decision and need not wait.
            decides = any(entry.event == "intent" and entry.action == LIQUIDATE.id for entry in batch)
            decides = decides and not self._lock.held
            unlocked = self._lock.acquire() if decides else ""
            try:
                append_entries(self.path, batch)
            except UnsyncedError as error:
                failure, written = _words(error), True
            except OSError as error:
                failure = _words(error)
            else:
                written = True
            if decides:
                self._lock.release()
        try:
            found = self._tail.read()
        except OSError as error:
            found = ()
            failure = failure or _words(error)
        return _Turn(failure, unlocked, written, found)

    def _check_at_disk(self) -> str:
        try:
            try_journal(self.path)
        except OSError as error:
            return _words(error)
        return ""


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


async def publish_journal_state(writer: JournalWriter, store: Store, clock: Clock) -> None:
    """Publish under `JOURNAL` why the journal can't be written, and take it back once it can: before the first action,
    not only with it. Never ends."""
    failure = await _asked(writer, store, clock)
    while True:
        _publish(failure, store, clock)
        if failure:
            await clock.sleep(JOURNAL_LOOK_S)
            failure = await _asked(writer, store, clock) or writer.failure
        else:
            failure = await writer.wait_failed()


async def _asked(writer: JournalWriter, store: Store, clock: Clock) -> str:
    """What the disk says, however long that takes; meanwhile its silence is published."""
    asking = asyncio.ensure_future(writer.check())
    try:
        if not await first_of(clock, JOURNAL_LOOK_S, asking):
            _publish(SILENT, store, clock)
        return await asking
    finally:
        asking.cancel()


def _publish(failure: str, store: Store, clock: Clock) -> None:
    if store.get(JOURNAL).value != failure:
        store.put_value(JOURNAL, failure, at=clock.now(), mono=clock.monotonic())

"""The processes of one account elect a leader, which evaluates the rules and writes the alerts for all.

The disk may decline, or hang: the rules wait for it only so long, and then go on without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections import deque
from collections.abc import Awaitable, Callable
from copy import deepcopy
from functools import partial
from typing import Any, TypeVar

from qctui.alerts.commands import Coverage
from qctui.alerts.conditions import Memory
from qctui.alerts.shared_alerts import HUNG_S, Kept, Request, Shared, SharedAlerts, read_shared
from qctui.clock import Clock, first_of
from qctui.value import replace

T = TypeVar("T")

SHARE_EVERY_S = 3.0
"""How often the files are looked at: what is read for the screen evaluates the rules far more often ..."""

ALONE_EVERY_S = 15.0
"""... and how often, and the rules evaluated where nothing is read, while no other process reads this account."""

WRITE_EVERY_S = 30.0
"""How often the leader writes although nothing changed: the others see that it is there."""

ANSWER_S = 10.0
"""How long the leader's answer to a request is looked for as often as can be: a person waits for it."""

DISK_S = 10.0
"""How long the disk is waited for."""

LAST_WRITE_S = 0.5
"""How long the end waits for the disk."""


class Sharing:
    """Used on the engine's loop, but for `ask`, which any thread may call."""

    def __init__(
        self,
        files: SharedAlerts | None,
        clock: Clock,
        trouble: Callable[[str, str], None],
        off_loop: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        """Without `files` the alerts live and die with this process. `trouble` is called with where it comes from and
        why the files can't be used, and with an empty reason once they can. `off_loop` runs what may wait for the
        disk."""
        self.files = files
        self.leads = files is None
        self.alone = False
        """No other process reads this account, as far as it is known."""
        self._clock, self._trouble, self._off_loop = clock, trouble, off_loop
        self._newest: Shared | None = None
        """What another process wrote last."""
        self._asked: deque[Request] = deque()
        """Added to by any thread, taken from by the loop alone."""
        self._exchanged_mono = float("-inf")
        self._answer_until_mono = float("-inf")
        """Until then something that was asked here may be answered."""
        self._written = Kept()
        self._written_mono = float("-inf")
        self._writing: asyncio.Task[None] | None = None
        """The last write, which may still be under way."""
        self._waits_for: asyncio.Future[Any] | None = None
        """What the disk was asked for last."""

    def ask(self, request: Request) -> str:
        """A person asked for this here: it is for whoever leads. Returns who that is, empty for this process."""
        self._asked.append(request)
        if self.leads:
            return ""
        newest = self._newest  # the loop may replace it now
        return newest.who if newest is not None and newest.who else "another process"

    @property
    def awaits_answer(self) -> bool:
        """The leader was asked for something, and has not written since."""
        return self._clock.monotonic() < self._answer_until_mono

    def take_requests(self) -> list[Request]:
        """What was asked since the last call, here and of the others, oldest first."""
        return [self._asked.popleft() for _ in range(len(self._asked))]

    async def exchange(self, coverage: Coverage, *, may_give_way: bool) -> Shared | None:
        """Find out who leads, and hand it what was asked here; the leader takes what the others were asked. One that
        `may_give_way` does so to a process with more than its `coverage`. Returns what another process wrote and is
        new here: for the leader to go on from, for the others to be shown."""
        files, mono = self.files, self._clock.monotonic()
        every_s = ALONE_EVERY_S if self.alone else SHARE_EVERY_S
        rests = not self._asked and not self.awaits_answer and mono - self._exchanged_mono < every_s
        if files is None or rests:
            return None
        self._exchanged_mono = mono
        led, asked = self.leads, [] if self.leads else self.take_requests()
        known = [self._newest]
        if led and self._writing is not None:
            await asyncio.wait({self._writing})  # whoever goes on has to know all of it
        may_give_way = may_give_way and self._written_mono > float("-inf")

        def at_disk() -> tuple[bool, Shared | None]:
            files.offer(coverage)
            if not files.outranked(coverage):
                locked = files.lead()
            elif (locked := files.locked) and may_give_way:
                files.give_way()
                # What it goes on from itself if nobody does.
                known.append(read_shared(files.path))
                return False, None
            newer = files.read_newer()
            known.append(newer or known[0])
            # One of two hung, and the other one did its work meanwhile: who has the lock goes on from there.
            if locked or (led and newer is None):
                # Whenever the disk answers: what was taken from it must not be lost.
                self._asked.extend([*asked, *files.take_requests()])
                return True, newer
            files.ask(asked)
            return False, newer

        try:
            self.leads, newer = await self._on_disk(at_disk)
        except OSError as error:
            # Alone with a disk that declines, it watches for itself: told twice is better than not at all.
            self._trouble("sharing", f"alerts are not kept: {error.strerror or error}")
            newest, fresh = known[-1], known[-1] is not known[0]
            if led:
                return newest if fresh else None
            self.leads = True
            self._asked.extendleft(reversed(asked))
            # The one that leads runs what is owed.
            return replace(newest, owed=()) if newest is not None else None
        self._trouble("sharing", "")
        if self.leads:
            self._answer_until_mono = float("-inf")
            return newer if led else known[-1]
        if asked:
            self._answer_until_mono = mono + ANSWER_S
        elif newer is not None:
            self._answer_until_mono = float("-inf")
        self._newest = known[-1]
        if self._newest is not None and self._clock.now() - self._newest.written_at > HUNG_S:
            self.leads = True
            return self._newest
        return newer

    async def write(self, kept: Kept, memory: Memory) -> None:
        """Write what is known, and wait until it is written; nothing is, if it was before, and not long ago."""
        self.begin_write(kept, memory)
        if self._writing is not None:
            await asyncio.shield(self._writing)

    def begin_write(self, kept: Kept, memory: Memory) -> None:
        """Write, after what is being written: what is said last has to stay."""
        files, mono = self.files, self._clock.monotonic()
        if files is None or (kept == self._written and mono - self._written_mono < WRITE_EVERY_S):
            return
        self._written, self._written_mono = kept, mono
        write = partial(files.write, kept, deepcopy(memory), self._clock.now())
        before = self._writing

        async def run() -> None:
            if before is not None:
                await asyncio.wait({before})
            try:
                await self._on_disk(write)
            except OSError as error:
                self._written_mono = float("-inf")  # again with the next look
                self._trouble("keeping", f"alerts are not kept: {error.strerror or error}")
            else:
                self._trouble("keeping", "")

        self._writing = asyncio.ensure_future(run())

    async def close(self, kept: Kept, memory: Memory) -> None:
        """Write what is known last, if this process leads, and let another one lead."""
        if self.files is None:
            return
        if self.leads:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WRITE_S):
                    await self.write(kept, memory)
        self.files.close()

    async def _on_disk(self, call: Callable[[], T]) -> T:
        """Raises `OSError` where the disk declines, or has not answered for long: the rules can't wait for it."""
        while self._waits_for is not None and not self._waits_for.done():  # one at a time
            if not await first_of(self._clock, DISK_S, self._waits_for):
                raise OSError(errno.ETIMEDOUT, "the disk does not answer")
        self._waits_for = work = asyncio.ensure_future(self._off_loop(call))
        if not await first_of(self._clock, DISK_S, work):
            raise OSError(errno.ETIMEDOUT, "the disk does not answer")
        done: T = work.result()
        return done

"""Following the shared journal: other consoles' actions are seen here, and orphaned ones are taken over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from qctui.actions.action_store import ActionStore, Context
from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import public_url
from qctui.actions.journal_writer import Disk, JournalWriter
from qctui.actions.owner_lock import OwnerLock, owner_of
from qctui.actions.resume import by_action, is_open, left_open_words, record_of
from qctui.clock import Clock
from qctui.model.action import ActionRecord
from qctui.text import clean

FOLLOW_S = 2.0
"""Between looks at the journal; one stat while nobody writes."""

CLOSE_S = 0.2
"""How long the end of the program waits for the disk to let go of the locks."""

_LOG = logging.getLogger(__name__)


class JournalWatcher:
    """Turns foreign lines of the journal into records, and adopts those whose process is gone.

    Only actions against the same API are shown: a journal is shared by all profiles, and by the demo. Only those of
    the same profile are adopted, because another profile's deployments can't be read with this one's credentials.
    """

    def __init__(
        self,
        action_store: ActionStore,
        writer: JournalWriter,
        disk: Disk,
        clock: Clock,
        context: Context,
        consoles: Path,
        instance: str,
    ) -> None:
        """`consoles`: where the presence files are. `instance`: this process's name in them."""
        self._action_store = action_store
        self._writer = writer
        self._disk = disk
        self._clock = clock
        self._base_url = public_url(context.base_url)
        self._profile = clean(context.profile)
        self._owner_lock = OwnerLock(consoles)
        self._instance = instance
        self._stories: dict[str, list[JournalEntry]] = {}
        """Foreign actions shown here, with all their lines."""
        self._profiles: dict[str, str] = {}
        self.adopt: Callable[[ActionRecord], None] | None = None
        """Looks after an orphan from now on; None leaves orphans alone."""
        self.started = asyncio.Event()
        """Set once what the journal leaves open is in the book."""

    async def run(self) -> None:
        """Show (and adopt) what the journal leaves open, then look every `FOLLOW_S` until cancelled."""
        await self._guarded(self._begin)
        self.started.set()
        while True:
            await self._clock.sleep(FOLLOW_S)
            await self._guarded(self._look)

    async def _begin(self) -> None:
        await self._at_disk(partial(self._owner_lock.claim, self._instance))
        await self._writer.poll()
        stories = by_action(self._writer.entries)
        self._writer.found = self._take
        left_open = [story for story in stories.values() if is_open(story)]
        for story in left_open:
            self._show(story)
        if self.adopt is not None:
            await self._adopt_orphans()
            keep = frozenset(owner_of(story[0].id) for story in left_open)
            await self._at_disk(partial(self._owner_lock.sweep, keep))

    async def _look(self) -> None:
        await self._writer.poll()
        if self.adopt is not None:
            await self._adopt_orphans()

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Exception:  # whatever is wrong with a shared file, this console's own actions go on
            _LOG.exception("the journal could not be followed")

    async def aclose(self) -> None:
        """Let go of the locks: what is still open is anybody's now. A disk that hangs is not waited for: the kernel
        lets go when the process ends."""
        # By the loop's own time: this bound is for the process.
        await asyncio.wait({self._disk.run(self._owner_lock.close)}, timeout=CLOSE_S)

    def _take(self, entries: Sequence[JournalEntry]) -> None:
        for action_id, lines in by_action(entries).items():
            if owner_of(action_id) == self._instance:
                continue
            known = self._action_store.get(action_id)
            if known is not None and not known.foreign:
                continue  # adopted: the lines are our own
            self._show([*self._stories.get(action_id, []), *lines])

    def _show(self, story: list[JournalEntry]) -> None:
        first = story[0]
        if first.base_url != self._base_url:
            return
        record = record_of(story, self._clock)
        if record is None:
            return
        mine_to_adopt = self.adopt is not None and first.profile == self._profile
        overdue = record.goal_by_mono is not None and self._clock.monotonic() > record.goal_by_mono
        if overdue and not record.done and not mine_to_adopt:
            return  # left open long ago, for its own profile's console to settle: nothing moves it here
        known = self._action_store.get(record.action_id)
        acknowledged = known is not None and known.acknowledged
        self._stories[record.action_id] = story
        self._profiles[record.action_id] = first.profile
        self._action_store.put([replace(record, foreign=True, acknowledged=acknowledged)])
        if record.done:
            # Its story is told; the record stays in the book.
            del self._stories[record.action_id], self._profiles[record.action_id]

    async def _adopt_orphans(self) -> None:
        for action_id in [each for each, profile in self._profiles.items() if profile == self._profile]:
            owner = owner_of(action_id)
            if not await self._at_disk(partial(self._owner_lock.claim, owner)):
                continue
            # Its last lines may have been written after this console's last look, and before its owner let go.
            await self._writer.poll()
            record = self._action_store.get(action_id)
            if record is None or not record.foreign or record.done:
                continue
            self._stories.pop(action_id, None)
            self._profiles.pop(action_id, None)
            self._action_store.put([replace(record, foreign=False, resumed=True, goal_by_mono=None)])
            untold = left_open_words(record)
            if untold is not None:
                self._action_store.step(action_id, *untold)
            adopted = self._action_store.get(action_id)
            if adopted is not None and not adopted.done and self.adopt is not None:
                self.adopt(adopted)

    async def _at_disk(self, job: Callable[[], bool | None]) -> bool:
        with contextlib.suppress(OSError):
            return bool(await self._disk.run(job))
        return False

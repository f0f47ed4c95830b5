"""Verification: looking until the goal of an action is seen, or for ten minutes (REFERENCE.md 7.1, 7.5).

What all checks have in common; the checks are in `verify_deployment.py` and `verify_optimization.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from qctui.actions.action_store import ActionStore
from qctui.api.ports import TriggerApi
from qctui.clock import Clock
from qctui.model.action import Rung, Target

VERIFY_S = 600.0
"""How long the goal is looked for (REFERENCE.md 7.1: the official test waits that long)."""

STATUS_S = 3.0
"""Between reads of status (REFERENCE.md section 3: every 3-5 s after a trigger)."""

SNAPSHOT_S = 10.0
"""Between reads of portfolio and orders (REFERENCE.md section 3)."""

AGREEING = 2
"""Looks in a row that must agree before a goal is verified; each contradiction met asks for one more."""

MOST_AGREEING = 6
"""However often the API contradicts itself, this many in a row are believed."""

ASLEEP_S = 30.0
"""A wait that took this much longer than asked: the machine slept."""

_LOG = logging.getLogger(__name__)


class Check(ABC):
    """Looks for the goal of one action until it is seen, or for ten minutes. What all actions have in common."""

    def __init__(
        self, api: TriggerApi, clock: Clock, action_store: ActionStore, action_id: str, target: Target
    ) -> None:
        self._api = api
        self._clock = clock
        self._action_store = action_store
        self._id = action_id
        self._target = target
        self._done = asyncio.Event()
        """Set with the final rung."""
        self._looks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Returns after the final rung is in the action store."""
        self._begin()
        finished = asyncio.ensure_future(self._done.wait())
        late = asyncio.ensure_future(self._wait_for_deadline())
        try:
            await asyncio.wait({finished, late}, return_when=asyncio.FIRST_COMPLETED)
            if not self._done.is_set():
                self._give_up()
        finally:
            for task in (finished, late, *self._looks):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(finished, late, *self._looks, return_exceptions=True)

    @abstractmethod
    def _begin(self) -> None:
        """Begin to look."""

    @abstractmethod
    def _give_up(self) -> None:
        """The time is over: UNVERIFIED, with what was seen."""

    def _keep_looking(self, look: Callable[[], Awaitable[object]], pause_s: Callable[[], float]) -> asyncio.Task[None]:
        """Call `look` again `pause_s()` after the end of the one before, until it is cancelled or all is done."""
        task = asyncio.ensure_future(self._look_again_and_again(look, pause_s))
        self._looks.append(task)
        return task

    async def _look_again_and_again(self, look: Callable[[], Awaitable[object]], pause_s: Callable[[], float]) -> None:
        while True:
            try:
                await look()
            except Exception:  # a defect in reading one answer must not end a verification
                _LOG.exception("a look at the target failed in an unforeseen way")
            await self._clock.sleep(pause_s())

    async def _wait_for_deadline(self) -> None:
        """Return when the record's `goal_by_mono` has passed.

        Time the machine slept is no time spent looking: the deadline moves by it, so that a laptop opened hours later
        looks again before it says that it saw nothing.
        """
        while (record := self._action_store.get(self._id)) is not None and record.goal_by_mono is not None:
            before = self._clock.monotonic()
            planned = min(STATUS_S, record.goal_by_mono - before)
            if planned <= 0:
                return
            await self._clock.sleep(planned)
            slept = self._clock.monotonic() - before - planned
            if slept > ASLEEP_S:
                self._action_store.change(self._id, goal_by_mono=record.goal_by_mono + slept)

    def _warn(self, topic: str, words: str) -> None:
        self._action_store.warn(self._id, topic, words)

    def _step(self, rung: Rung, words: str) -> None:
        self._action_store.step(self._id, rung, words)

    def _finish(self, rung: Rung, words: str) -> None:
        self._step(rung, words)
        self._done.set()

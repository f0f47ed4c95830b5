"""Verification: looking until the goal of an action is seen, or for ten minutes (REFERENCE.md 7.1, 7.5).

What all checks have in common, and the check of an abort; that of a deployment is in `verify_deployment.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from qctui.actions.action_store import ActionStore
from qctui.api.ports import ApiError, TriggerApi
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


class AbortCheck(Check):
    """Looks for the status `aborted`, twice in a row: one answer may be a lagging replica's."""

    _status = ""
    _failure = ""
    _agreeing = 0
    """Looks in a row that showed it finished, with this very status."""
    _needed = AGREEING

    def _begin(self) -> None:
        self._keep_looking(self._look, lambda: STATUS_S)

    async def _look(self) -> None:
        try:
            optimization = await self._api.fetch_optimization(self._target.optimization_id)
        except ApiError as error:
            self._failure = error.message
            self._warn("status", f"the optimization can't be read: {error.message}")
            return
        self._failure = ""
        self._warn("status", "")
        before, self._status = self._status, optimization.status
        if not optimization.finished or before.casefold() != optimization.status.casefold():
            if self._agreeing:
                self._needed = min(MOST_AGREEING, self._needed + 1)
            self._agreeing = 0
        if not optimization.finished or self._done.is_set():
            return
        self._agreeing += 1
        if self._agreeing < self._needed:
            return
        if optimization.status.casefold() == "aborted":
            self._finish(Rung.VERIFIED, f"status {optimization.status}")
        else:
            words = f"already finished: {optimization.status} before the abort took effect"
            self._finish(Rung.REJECTED, words)

    def _give_up(self) -> None:
        record = self._action_store.get(self._id)
        answered = record is not None and any(step.rung is Rung.ACCEPTED for step in record.steps)
        seen = f"could not be re-read: {self._failure}" if self._failure else f"still {self._status or 'not aborted'}"
        self._step(Rung.UNVERIFIED, seen if answered else f"no answer to the request; {seen}")

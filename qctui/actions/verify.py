"""Verification: looking until the goal of an action is seen, or for ten minutes (REFERENCE.md 7.1, 7.5)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from qctui.actions.book import Book
from qctui.actions.evidence import already_ended_words
from qctui.actions.spec import ABORT
from qctui.actions.waiting import first_of
from qctui.api.errors import ApiError
from qctui.api.ports import TriggerApi
from qctui.clock import Clock
from qctui.model.action import Rung, Target

VERIFY_S = 600.0
"""How long the goal is looked for (REFERENCE.md 7.1: the official test waits that long)."""

STATUS_S = 3.0
"""Between reads of status (REFERENCE.md section 3: every 3-5 s after a trigger)."""

SNAPSHOT_S = 10.0
"""Between reads of portfolio and orders (REFERENCE.md section 3)."""

ASLEEP_S = 30.0
"""A wait that took this much longer than asked: the machine slept."""

SECOND_LOOK_S = 3.0
"""How long a rejection may wait for a look at whether the target had already ended."""

_LOG = logging.getLogger(__name__)


class Check(Protocol):
    """Looks for the goal of one action until it is seen or given up."""

    async def run(self) -> None:
        """Returns after the final rung is in the book."""
        ...


async def keep_looking(look: Callable[[], Awaitable[None]], clock: Clock, interval_s: float) -> None:
    """Call `look` every `interval_s`, counted from the end of the one before, until cancelled."""
    while True:
        try:
            await look()
        except Exception:  # a defect in reading one answer must not end a verification
            _LOG.exception("a look at the target failed in an unforeseen way")
        await clock.sleep(interval_s)


async def wait_for_deadline(book: Book, action_id: str, clock: Clock) -> None:
    """Return when the record's `goal_by_mono` has passed.

    Time the machine slept is no time spent looking: the deadline moves by it, so that a laptop opened hours later looks
    again before it says that it saw nothing.
    """
    while (record := book.get(action_id)) is not None and record.goal_by_mono is not None:
        before = clock.monotonic()
        planned = min(STATUS_S, record.goal_by_mono - before)
        if planned <= 0:
            return
        await clock.sleep(planned)
        slept = clock.monotonic() - before - planned
        if slept > ASLEEP_S:
            book.change(action_id, goal_by_mono=record.goal_by_mono + slept)


async def run_until_done(
    looks: list[asyncio.Task[None]], deadline: Awaitable[None], done: asyncio.Event, give_up: Callable[[], None]
) -> None:
    """Let the looks go on until `done` is set or the deadline passes; then end them."""
    finished = asyncio.ensure_future(done.wait())
    late = asyncio.ensure_future(deadline)
    try:
        await asyncio.wait({finished, late}, return_when=asyncio.FIRST_COMPLETED)
        if not done.is_set():
            give_up()
    finally:
        for task in (finished, late, *looks):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(finished, late, *looks, return_exceptions=True)


class AbortCheck:
    """Looks for the status `aborted`."""

    def __init__(self, api: TriggerApi, clock: Clock, book: Book, action_id: str, target: Target) -> None:
        self._api = api
        self._clock = clock
        self._book = book
        self._id = action_id
        self._target = target
        self._status = ""
        self._failure = ""
        self._done = asyncio.Event()

    async def run(self) -> None:
        """As in `Check`."""
        looks = [asyncio.ensure_future(keep_looking(self._look, self._clock, STATUS_S))]
        deadline = wait_for_deadline(self._book, self._id, self._clock)
        await run_until_done(looks, deadline, self._done, self._give_up)

    async def _look(self) -> None:
        try:
            optimization = await self._api.fetch_optimization(self._target.optimization_id)
        except ApiError as error:
            self._failure = error.message
            self._book.warn(self._id, "status", f"the optimization can't be read: {error.message}")
            return
        self._failure = ""
        self._book.warn(self._id, "status", "")
        self._status = optimization.status
        if not optimization.finished or self._done.is_set():
            return
        if optimization.status.casefold() == "aborted":
            self._book.step(self._id, Rung.VERIFIED, f"status {optimization.status}")
        else:
            words = f"already finished: {optimization.status} before the abort took effect"
            self._book.step(self._id, Rung.REJECTED, words)
        self._done.set()

    def _give_up(self) -> None:
        record = self._book.get(self._id)
        answered = record is not None and any(step.rung is Rung.ACCEPTED for step in record.steps)
        seen = f"could not be re-read: {self._failure}" if self._failure else f"still {self._status or 'not aborted'}"
        self._book.step(self._id, Rung.UNVERIFIED, seen if answered else f"no answer to the request; {seen}")


async def find_already_ended(api: TriggerApi, clock: Clock, target: Target, hurry: asyncio.Event) -> str:
    """After a rejection: that the target had already ended, in words; empty if it had not or nobody can tell.

    Takes at most `SECOND_LOOK_S`, and stops at once when `hurry` is set (the program is ending): the API's own words
    must reach the journal in any case.
    """

    async def look() -> str:
        if target.action == ABORT.id:
            optimization = await api.fetch_optimization(target.optimization_id)
            return f"already finished: {optimization.status}" if optimization.finished else ""
        detail = await api.fetch_detail(target.project_id)
        if target.deploy_id and detail.deploy_id and detail.deploy_id != target.deploy_id:
            return f"redeployed since: now {detail.deploy_id}"
        return "" if detail.alive else already_ended_words(detail, clock)

    looking = asyncio.ensure_future(look())
    hurried = asyncio.ensure_future(hurry.wait())
    try:
        await first_of(clock, SECOND_LOOK_S, looking, hurried)
        if not looking.done():
            return ""
        return looking.result()
    except Exception:  # whatever goes wrong here, the rejection itself stays told in the API's words
        _LOG.debug("the second look after a rejection failed", exc_info=True)
        return ""
    finally:
        looking.cancel()
        hurried.cancel()

"""Carrying confirmed actions: journal, send, tell the answer, verify; each on a task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from qctui.actions.book import JOURNAL, Book
from qctui.actions.send import SEND_S, Flight, Refusal, Sender
from qctui.actions.spec import ABORT
from qctui.actions.verify import VERIFY_S, AbortCheck, Check, find_already_ended
from qctui.actions.verify_deployment import DeploymentCheck
from qctui.actions.waiting import first_of
from qctui.api.ports import TriggerApi
from qctui.clock import Clock
from qctui.model.action import ActionRecord, Rung, Target

JOURNAL_WAIT_S = 1.0
"""How long sending waits for the journal. A disk that is full or hangs must not stop an emergency: it is sent anyway,
and the record says loudly that the journal does not have it."""

HOLD_BACK_S = 0.25
"""How long the first look at one target waits for the requests to the others at most."""

CANCELLED = "cancelled before it was sent"
ENDED_BEFORE_SENT = "the program ended before the API could be reached"
ENDED_BEFORE_ANSWER = "the program ended before the answer"

_LOG = logging.getLogger(__name__)


class Carrier:
    """Owns the tasks of all actions. Used on the loop."""

    def __init__(self, api: TriggerApi, clock: Clock, book: Book, ending: asyncio.Event) -> None:
        """`ending` is set when the program begins to end: from then on nothing dawdles."""
        self._api = api
        self._clock = clock
        self._book = book
        self._ending = ending
        self._sender = Sender(api, clock, book)
        self._flights: dict[str, Flight] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Some action has no answer yet."""
        return bool(self._flights)

    def begin(self, records: Sequence[ActionRecord]) -> None:
        """Carry one confirmed batch, whose records are in the book."""
        for record in records:
            flight = Flight(record.action_id, record.target, record.confirmed_mono + SEND_S)
            self._flights[record.action_id] = flight
        self._idle.clear()
        self.spawn(self._fly([record.action_id for record in records]))

    def look_after(self, record: ActionRecord) -> None:
        """An action left open by a process that is gone: never sent again, only verified."""
        self.spawn(self._verify(record.action_id, record.target))

    def cancel(self, action_id: str) -> None:
        """Give up an action while nothing of it can be out; else no effect."""
        flight = self._flights.get(action_id)
        if flight is not None:
            flight.close(CANCELLED)

    async def land_all(self, until_mono: float) -> None:
        """Wait for every answer, at most until then; what is still in the air is given up (NOT SENT or UNKNOWN)."""
        idle = asyncio.ensure_future(self._idle.wait())
        await first_of(self._clock, until_mono - self._clock.monotonic(), idle)
        idle.cancel()
        for flight in tuple(self._flights.values()):
            flight.abandon(ENDED_BEFORE_SENT if flight.sent_mono is None else ENDED_BEFORE_ANSWER)

    async def aclose(self) -> None:
        """Cancel every task. What is being verified stays open in the journal."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it ends or `aclose`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("an action's task ended in an unforeseen way", exc_info=error)

    async def _fly(self, action_ids: Sequence[str]) -> None:
        """Journal the batch, then send all of it at once, each on its own."""
        journalled = self._book.intend(action_ids)
        if not await first_of(self._clock, JOURNAL_WAIT_S, journalled):
            for action_id in action_ids:
                self._book.warn(action_id, JOURNAL, f"sent without the journal: no write within {JOURNAL_WAIT_S:g} s")
        for action_id in action_ids:
            self.spawn(self._carry(self._flights[action_id]))

    async def _carry(self, flight: Flight) -> None:
        """One action from SENDING to its end."""
        action_id = flight.action_id
        try:
            self._book.step(action_id, Rung.SENDING, journal=False, tries=1, cancellable=True)
            try:
                outcome = await self._sender.send(flight)
            except Refusal as refusal:
                await self._tell_rejection(flight, str(refusal))
                return
        finally:
            self._land(action_id)
        if outcome is not Rung.NOT_SENT:
            await self._let_others_leave()
            await self._verify(action_id, flight.target)

    async def _let_others_leave(self) -> None:
        """Look into nothing while another request is about to leave: in a panic the reads that follow the first answers
        would otherwise compete with the last requests."""
        give_up = self._clock.monotonic() + HOLD_BACK_S
        while any(flight.sent_mono is None for flight in self._flights.values()) and self._clock.monotonic() < give_up:
            await self._clock.sleep(0.01)

    async def _tell_rejection(self, flight: Flight, words: str) -> None:
        """REJECTED with the API's words, and before them that the target had already ended, if it had."""
        ended = await find_already_ended(self._api, self._clock, flight.target, self._ending)
        self._book.step(flight.action_id, Rung.REJECTED, f"{ended}; the API said: {words}" if ended else words)

    def _land(self, action_id: str) -> None:
        self._flights.pop(action_id, None)
        if not self._flights:
            self._idle.set()

    async def _verify(self, action_id: str, target: Target) -> None:
        self._book.change(action_id, goal_by_mono=self._clock.monotonic() + VERIFY_S)
        check: Check
        if target.action == ABORT.id:
            check = AbortCheck(self._api, self._clock, self._book, action_id, target)
        else:
            check = DeploymentCheck(self._api, self._clock, self._book, action_id, target)
        await check.run()

"""The action service: from a confirmation to a certain end, whatever happens to terminal, network or disk."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import threading
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qctui.actions.book import JOURNAL, Book, Context
from qctui.actions.follow import Follower
from qctui.actions.lookup import is_same_object, known_end, stop_lock
from qctui.actions.ports import JournalEntry
from qctui.actions.recheck import Rechecks
from qctui.actions.scribe import Disk, DiskThread, Scribe
from qctui.actions.send import SEND_S, Flight, Refusal, Sender
from qctui.actions.spec import ABORT, READ_ONLY, STOP, eligibility
from qctui.actions.verify import VERIFY_S, AbortCheck, Check, find_already_ended
from qctui.actions.verify_deployment import DeploymentCheck
from qctui.actions.waiting import first_of
from qctui.api.ports import TriggerApi
from qctui.clock import Clock
from qctui.model.action import ActionRecord, Rung, Target
from qctui.store import Store

JOURNAL_WAIT_S = 1.0
"""How long sending waits for the journal. A disk that is full or hangs must not stop an emergency: it is sent anyway,
and the record says loudly that the journal does not have it."""

START_S = 2.0
"""How long the start waits for the journal to be read."""

TAIL_BYTES = 4 * 1024 * 1024
"""How far back a console looks for actions left open: about ten thousand lines."""

SHORT_TAIL_BYTES = 256 * 1024
"""How far back a single command looks: enough to see a liquidation under way, in a few milliseconds."""

FLUSH_S = 1.0
"""How long the end of the program waits for the journal's last lines."""

CANCELLED = "cancelled before it was sent"
ENDING = "the program is ending"
ENDED_BEFORE_SENT = "the program ended before the API could be reached"
ENDED_BEFORE_ANSWER = "the program ended before the answer"

_LOG = logging.getLogger(__name__)


class ActionService:
    """The `ActionDesk`, living on the engine's loop. Its `ActionDesk` methods are safe from any thread and don't block.

    Lifetime: construct anywhere, `await start()` on the loop, and at the end `await drain(...)` then `await aclose()`.
    """

    def __init__(
        self,
        triggers: TriggerApi,
        store: Store,
        clock: Clock,
        journal: Path,
        context: Context,
        *,
        read_only: bool = False,
        resume: bool = True,
        disk: Disk | None = None,
    ) -> None:
        """`resume`: verify what dead processes left open, and look after it. A single command leaves that to consoles.

        `disk` is where the journal is written and read; by default a thread of its own.
        """
        self.read_only = read_only
        self.context = context
        self._api = triggers
        self._store = store
        self._clock = clock
        self._disk = disk or DiskThread()
        self._scribe = Scribe(journal, self._disk, TAIL_BYTES if resume else SHORT_TAIL_BYTES)
        self._book = Book(store, clock, self._scribe, context)
        self._sender = Sender(triggers, clock, self._book)
        self._rechecks = Rechecks(triggers, store, clock)
        self._instance = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._follower = Follower(
            self._book, self._scribe, self._disk, clock, context, journal.parent / "consoles", self._instance
        )
        self._follower.adopt = self._look_after if resume else None
        self._lock = threading.Lock()
        self._queued = 0
        """Confirmations taken and not yet seen by the loop: `drain` must not miss them."""
        self._taken: dict[int, tuple[Target, str]] = {}
        """Targets confirmed, by object, with the action each became: one confirmation is never two requests."""
        self._flights: dict[str, Flight] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._ending = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Read the journal, publish what it left open (verified again from now on), and begin to follow it.

        Takes at most `START_S`: with a disk that hangs the journal comes later, and acting does not wait for it.
        """
        self._loop = asyncio.get_running_loop()
        self._book.publish()
        self._spawn(self._follower.run())
        read = asyncio.ensure_future(self._follower.started.wait())
        await first_of(self._clock, START_S, read)
        read.cancel()

    async def drain(self, timeout_s: float) -> None:
        """Take nothing new, and wait until every confirmed action has its answer in the journal, at most `timeout_s`.

        What is not out by then never will be (NOT SENT); what is out and unanswered is journalled as UNKNOWN, to be
        verified by the next start. Then the journal gets `FLUSH_S` more.
        """
        with self._lock:
            self._ending.set()
        give_up = self._clock.monotonic() + timeout_s
        while self._queued or self._flights:
            left = give_up - self._clock.monotonic()
            if left <= 0:
                break
            if self._queued:  # a confirmation from another thread is on its way to this loop
                await asyncio.sleep(0)
                continue
            idle = asyncio.ensure_future(self._idle.wait())
            await first_of(self._clock, left, idle)
            idle.cancel()
        for flight in tuple(self._flights.values()):
            flight.abandon(ENDED_BEFORE_SENT if flight.sent_mono is None else ENDED_BEFORE_ANSWER)
        flush_by = self._clock.monotonic() + FLUSH_S
        while (self._flights or self._scribe.busy) and self._clock.monotonic() < flush_by:
            await self._clock.sleep(0.01)

    async def aclose(self) -> None:
        """End every task. Actions being verified stay open in the journal and are verified by the next start."""
        self._ending.set()
        await self._rechecks.aclose()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._follower.close()
        self._disk.close()

    # What the interface and the command line may ask: any thread.

    def refusal(self, target: Target) -> str | None:
        """As in `ActionDesk`."""
        return ENDING if self._ending.is_set() and not self.read_only else self._obstacle(target)

    def _obstacle(self, target: Target) -> str | None:
        if self.read_only:
            return READ_ONLY
        recheck = self._rechecks.newest(target)
        if recheck is not None and recheck.disarmed:
            return recheck.disarmed
        reason = eligibility(target) or known_end(self._store, target)
        if reason is None and target.action == STOP.id:
            reason = stop_lock(self._book.records, target, self._clock.monotonic())
        return reason

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        """As in `ActionDesk`."""
        self._call(partial(self._rechecks.open, tuple(targets)))

    def close_rechecks(self) -> None:
        """As in `ActionDesk`."""
        self._call(self._rechecks.close)

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        """As in `ActionDesk`. The same captured targets confirmed again, or one of them twice, are the same actions:
        a person who means it again opens another dialog, which captures again."""
        at, mono = self._clock.now(), self._clock.monotonic()
        ids: list[str] = []
        records: list[ActionRecord] = []
        with self._lock:
            ending = self._ending.is_set()
            batch_id = f"{self._instance}-b{next(self._numbers)}"
            for target in targets:
                action_id = self._taken_as(target) or _find_equal(records, target)
                if action_id is None:
                    action_id = f"{self._instance}-{next(self._numbers)}"
                    records.append(ActionRecord(action_id, batch_id, target, via, at, mono))
                self._taken[id(target)] = (target, action_id)
                ids.append(action_id)
            if records:
                self._queued += 1
        if records and not self._call(partial(self._take, records, ending)):
            with self._lock:
                self._queued -= 1
            self._book.put(records)
            for record in records:
                self._book.step(record.action_id, Rung.NOT_SENT, ENDING, journal=False)
        return tuple(ids)

    def cancel(self, action_id: str) -> None:
        """As in `ActionDesk`."""
        self._call(partial(self._cancel, action_id))

    def acknowledge(self, action_id: str) -> None:
        """As in `ActionDesk`."""
        self._call(partial(self._acknowledge, action_id))

    def entries(self) -> tuple[JournalEntry, ...]:
        """As in `ActionDesk`."""
        return self._scribe.entries

    # On the loop.

    def _call(self, function: Callable[[], None]) -> bool:
        """Run `function` on the loop soon. False when there is none any more, or none yet."""
        if self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the engine's loop has ended
            return False
        return True

    def _take(self, records: list[ActionRecord], ending: bool) -> None:
        """Begin a confirmed batch. Refusals are decided here, where nothing can come between.

        `ending` is how it was at the moment of confirming: what was confirmed before the program began to end is sent.
        """
        accepted: list[ActionRecord] = []
        refused: list[tuple[str, str]] = []
        for record in records:
            reason = ENDING if ending else self._obstacle(record.target)
            if reason is None:
                flight = Flight(record.action_id, record.target, record.confirmed_mono + SEND_S)
                self._flights[record.action_id] = flight
                accepted.append(record)
            else:
                refused.append((record.action_id, reason))
        self._book.put(records)
        with self._lock:
            self._queued -= 1
        for action_id, reason in refused:
            self._book.step(action_id, Rung.REJECTED, reason)
        if accepted:
            self._idle.clear()
            self._spawn(self._fly([record.action_id for record in accepted]))

    async def _fly(self, action_ids: Sequence[str]) -> None:
        """Journal the batch, then send all of it at once, each on its own."""
        journalled = self._book.intend(action_ids)
        if not await first_of(self._clock, JOURNAL_WAIT_S, journalled):
            for action_id in action_ids:
                self._book.warn(action_id, JOURNAL, f"sent without the journal: no write within {JOURNAL_WAIT_S:g} s")
        for action_id in action_ids:
            self._spawn(self._carry(self._flights[action_id]))

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
            await self._verify(action_id, flight.target)

    async def _tell_rejection(self, flight: Flight, words: str) -> None:
        """REJECTED with the API's words, and before them that the target had already ended, if it had."""
        ended = "" if self.read_only else await find_already_ended(self._api, self._clock, flight.target, self._ending)
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

    def _look_after(self, record: ActionRecord) -> None:
        """An action left open by a process that is gone: never sent again, only verified."""
        self._spawn(self._verify(record.action_id, record.target))

    def _cancel(self, action_id: str) -> None:
        flight = self._flights.get(action_id)
        if flight is not None:
            flight.close(CANCELLED)

    def _acknowledge(self, action_id: str) -> None:
        if self._book.get(action_id) is not None:
            self._book.change(action_id, acknowledged=True)

    def _taken_as(self, target: Target) -> str | None:
        taken = self._taken.get(id(target))
        return taken[1] if taken is not None else None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("an action's task ended in an unforeseen way", exc_info=error)


def _find_equal(records: Sequence[ActionRecord], target: Target) -> str | None:
    """The action of this batch that already hits the same object: a batch sends one request to each."""
    for record in records:
        if record.target.action == target.action and is_same_object(record.target, target):
            return record.action_id
    return None

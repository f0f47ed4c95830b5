"""The action runner: journals, sends and verifies confirmed actions, each on a task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from qctui.actions.action_store import JOURNAL, ActionStore
from qctui.actions.contradictions import judge_rejection
from qctui.actions.send import SEND_S, InFlightRequest, Refusal, Sender
from qctui.actions.spec import ABORT, DELETE, RENAME, RERUN
from qctui.actions.verify import VERIFY_S, Check
from qctui.actions.verify_deployment import DeploymentCheck
from qctui.actions.verify_optimization import AbortCheck, DeleteCheck, RenameCheck, RerunCheck, but_for_others
from qctui.actions.wording import ENDED_BEFORE_ANSWER, ENDED_BEFORE_TAKEN
from qctui.api.ports import TriggerApi
from qctui.clock import Clock, first_of
from qctui.model.action import FINAL_RUNGS, ActionRecord, Rung, Target

JOURNAL_WAIT_S = 1.0
"""How long sending waits for the journal. A disk that is full or hangs must not stop an emergency: it is sent anyway,
and the record says loudly that the journal does not have it."""

LEAVE_S = 0.6
"""How long a batch that leaves may keep everything else waiting: the screen shows its steps afterwards."""

HOLD_BACK_S = 10.0
"""How long the first look at one target waits for the requests to the others at most."""

ANSWER = "answer"
"""Topic of the warning about an answer that is being checked."""

CANCELLED = "cancelled before it was sent"

_CHECKS: Mapping[str, type[Check]] = {
    ABORT.id: AbortCheck,
    RENAME.id: RenameCheck,
    DELETE.id: DeleteCheck,
    RERUN.id: RerunCheck,
}
"""How the goal of an action is looked for; of the others a deployment is looked at."""

_LOG = logging.getLogger(__name__)


class Batch:
    """The requests of one confirmation: have they all left?"""

    def __init__(self, requests: Sequence[InFlightRequest]) -> None:
        """Watch these."""
        self._waiting = {request.action_id for request in requests}
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once each of them has left, has been answered, or has failed to leave at its first try."""
        for request in requests:
            request.on_first_try = partial(self.note_answered, request)

    def note_answered(self, request: InFlightRequest) -> None:
        """It need not be waited for."""
        self._waiting.discard(request.action_id)
        if not self._waiting and not self.left.done():
            self.left.set_result(None)


class ActionRunner:
    """Owns the tasks of all actions. Used on the loop."""

    def __init__(self, api: TriggerApi, clock: Clock, action_store: ActionStore, ending: asyncio.Event) -> None:
        """`ending` is set when the program begins to end: from then on nothing waits longer than it must."""
        self._api = api
        self._clock = clock
        self._action_store = action_store
        self._ending = ending
        self._sender = Sender(api, clock, action_store, self.spawn)
        self._requests: dict[str, InFlightRequest] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Some action has no answer yet."""
        return bool(self._requests)

    def holds(self, action_id: str) -> bool:
        """It is being sent, and ends in a rung by itself."""
        return action_id in self._requests

    def begin(self, records: Sequence[ActionRecord]) -> None:
        """Run one confirmed batch, whose records are in the action store."""
        requests = [InFlightRequest(each.action_id, each.target, each.confirmed_mono + SEND_S) for each in records]
        self._requests |= {request.action_id: request for request in requests}
        self._idle.clear()
        self.spawn(self._run_batch(requests))

    def look_after(self, record: ActionRecord) -> None:
        """An action left open by a process that is gone: never sent again, only verified."""
        self.spawn(self._verify(record.action_id, record.target))

    def cancel(self, action_id: str) -> None:
        """Give up an action while nothing of it can be out; else no effect."""
        request = self._requests.get(action_id)
        if request is not None:
            request.close(CANCELLED)

    async def await_responses(self, until_mono: float) -> None:
        """Wait for every answer, at most until then; what has none is given up (NOT SENT or UNKNOWN)."""
        idle = asyncio.ensure_future(self._idle.wait())
        await first_of(self._clock, until_mono - self._clock.monotonic(), idle)
        idle.cancel()
        for request in tuple(self._requests.values()):
            request.abandon(ENDED_BEFORE_TAKEN if request.sent_mono is None else ENDED_BEFORE_ANSWER)

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

    async def _run_batch(self, requests: Sequence[InFlightRequest]) -> None:
        """Journal the batch, then send all of it at once, each on its own.

        Until all are out nothing else of ours runs: no verification begins and no step is published, because what a
        hundred targets cause on screen takes longer than a hundred requests.
        """
        with self._action_store.held_back():
            await self._journal([request.action_id for request in requests])
            batch = Batch(requests)
            for request in requests:
                self.spawn(self._run_one(request, batch))
            await first_of(self._clock, LEAVE_S, batch.left)

    async def _journal(self, action_ids: Sequence[str]) -> None:
        words = f"sent without the journal: no write within {JOURNAL_WAIT_S:g} s"
        try:
            if await first_of(self._clock, JOURNAL_WAIT_S, self._action_store.intend(action_ids)):
                return
        except Exception as error:  # a defect in writing it down must not keep a confirmed request from leaving
            _LOG.exception("the journal failed in an unforeseen way")
            words = f"sent without the journal: internal error ({type(error).__name__})"
        for action_id in action_ids:
            self._action_store.warn(action_id, JOURNAL, words)

    async def _run_one(self, request: InFlightRequest, batch: Batch) -> None:
        """One action from SENDING to its end. Whatever goes wrong here, it ends in a rung."""
        action_id = request.action_id
        try:
            try:
                outcome = await self._send(request)
            finally:
                self._requests.pop(action_id, None)
                if not self._requests:
                    self._idle.set()
                batch.note_answered(request)
            if outcome not in FINAL_RUNGS:
                # Verification reads would compete with the requests of the batch that are still to leave.
                await first_of(self._clock, HOLD_BACK_S, batch.left)
                await self._verify(action_id, request.target)
        except Exception as error:
            _LOG.exception("an action failed in an unforeseen way")
            words = f"internal error ({type(error).__name__}); look at QuantConnect, and at the brokerage"
            self._action_store.step(action_id, Rung.UNVERIFIED, words)

    async def _send(self, request: InFlightRequest) -> Rung:
        """From SENDING to an answer: ACCEPTED, NOT SENT, UNKNOWN or REJECTED."""
        self._action_store.step(request.action_id, Rung.SENDING, journal=False, tries=1, cancellable=True)
        try:
            return await self._sender.send(request)
        except Refusal as refusal:
            return await self._reject(request, refusal)
        except Exception as error:
            _LOG.exception("sending failed in an unforeseen way")
            outcome = Rung.NOT_SENT if request.sent_mono is None else Rung.UNKNOWN
            self._action_store.step(request.action_id, outcome, f"internal error ({type(error).__name__})")
            return outcome

    async def _reject(self, request: InFlightRequest, refusal: Refusal) -> Rung:
        """REJECTED with the words of the refusal, once a look at the target agrees that nothing happened."""
        if request.sent_mono is None:
            self._action_store.step(request.action_id, Rung.REJECTED, refusal.words)
            return Rung.REJECTED
        self._action_store.warn(
            request.action_id, ANSWER, f"the API said: {refusal.words}; looking whether nothing happened"
        )
        sent_at = self._clock.now() - (self._clock.monotonic() - request.sent_mono)
        others = [each for each in self._action_store.records if each.action_id != request.action_id]
        target = but_for_others(request.target, others) if request.target.action == RERUN.id else request.target
        verdict = await judge_rejection(self._api, self._clock, target, sent_at, self._ending)
        self._action_store.warn(request.action_id, ANSWER, "")
        if verdict.acted:
            self._action_store.step(
                request.action_id, Rung.UNKNOWN, f"the API said: {refusal.words}; but {verdict.words}"
            )
            return Rung.UNKNOWN
        if verdict.unchecked:
            words = refusal.words if refusal.of_credentials else f"{refusal.words}; {verdict.words}"
        else:
            words = f"{verdict.words}; the API said: {refusal.words}" if verdict.words else refusal.words
        self._action_store.step(request.action_id, Rung.REJECTED, words)
        return Rung.REJECTED

    async def _verify(self, action_id: str, target: Target) -> None:
        self._action_store.change(action_id, goal_by_mono=self._clock.monotonic() + VERIFY_S)
        check = _CHECKS.get(target.action, DeploymentCheck)
        await check(self._api, self._clock, self._action_store, action_id, target).run()

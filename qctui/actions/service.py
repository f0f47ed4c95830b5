"""The action service: takes confirmations and brings each to its end, whatever happens to terminal, network or disk."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from qctui.actions.action_runner import ActionRunner
from qctui.actions.action_store import ActionStore, JournalContext, store_not_sent
from qctui.actions.actions_port import JournalEntry
from qctui.actions.contradictions import Aftercare
from qctui.actions.earlier_actions import is_same_object, stop_lock
from qctui.actions.journal_watcher import JournalWatcher
from qctui.actions.journal_writer import Disk, DiskThread, JournalWriter, publish_journal_state
from qctui.actions.preparation import prepare
from qctui.actions.recheck import Rechecks
from qctui.actions.spec import ABORT, READ_ONLY, STOP, eligibility
from qctui.api.ports import TriggerApi
from qctui.clock import Clock, first_of
from qctui.model.action import PREPARATION, ActionRecord, Preparation, Rung, Target
from qctui.model.deployment import Deployment, DeploymentDetail
from qctui.model.keys import DEPLOYMENTS, detail_key, optimization_key
from qctui.model.optimization import OptimizationPlan
from qctui.store import Store

START_S = 2.0
"""How long the start waits for the journal to be read."""

TAIL_BYTES = 1024 * 1024
"""How far back a console looks for actions left open: about three thousand lines, read in some 40 ms."""

SHORT_TAIL_BYTES = 256 * 1024
"""How far back a single command looks: enough to see a liquidation under way, in a few milliseconds."""

FLUSH_S = 1.0
"""How long the end of the program waits for the journal's last lines."""

FLUSH_TRY_S = 0.1
"""How long it waits for one try."""

KEPT_TAKEN = 2_000
"""Confirmed targets remembered, several times the largest batch."""

ENDING = "the program is ending"

_LOG = logging.getLogger(__name__)


class ActionService:
    """The `ActionsPort`, living on the engine's loop. Its methods are safe from any thread and don't block.

    Lifetime: construct anywhere, `await start()` on the loop, and at the end `await drain(...)` then `await aclose()`.
    """

    def __init__(
        self,
        triggers: TriggerApi,
        store: Store,
        clock: Clock,
        journal: Path,
        context: JournalContext,
        *,
        read_only: bool = False,
        resume: bool = True,
        disk: Disk | None = None,
    ) -> None:
        """`resume`: verify what dead processes left open, and look after it. A single command leaves that to consoles.

        `disk` is where the journal is written and read; by default a thread of its own.
        """
        self.read_only = read_only
        self._store = store
        self._clock = clock
        self._disk = disk or DiskThread()
        self._writer = JournalWriter(journal, self._disk, TAIL_BYTES if resume else SHORT_TAIL_BYTES)
        self._action_store = ActionStore(store, clock, self._writer, context)
        self._rechecks = Rechecks(triggers, store, clock, self._action_store.note_sight)
        self._triggers = triggers
        self._preparing: asyncio.Future[Preparation] | None = None
        self._instance = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._watcher = JournalWatcher(
            self._action_store, self._writer, self._disk, clock, context, journal.parent / "consoles", self._instance
        )
        self._resume = resume
        self._ending = asyncio.Event()
        self._runner = ActionRunner(triggers, clock, self._action_store, self._ending)
        self._watcher.adopt = self._runner.look_after if resume else None
        self._aftercare = Aftercare(store, clock, self._action_store, self._runner.look_after) if resume else None
        self._lock = threading.Lock()
        self._queued = 0
        """Confirmations taken and not yet seen by the loop: `drain` must not miss them."""
        self._taken: dict[int, tuple[Target, str]] = {}
        """Targets confirmed, by object, with the action each became: one confirmation is never two requests."""
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Read the journal, publish what it left open (verified again from now on), and begin to follow it.

        Takes at most `START_S`: with a disk that hangs the journal comes later, and acting does not wait for it.
        """
        self._loop = asyncio.get_running_loop()
        self._action_store.publish()
        self._runner.spawn(self._watcher.run())
        if self._aftercare is not None:
            self._runner.spawn(self._aftercare.run())
        read = asyncio.ensure_future(self._watcher.started.wait())
        await first_of(self._clock, START_S, read)
        read.cancel()
        if self._resume:  # a single command says it with its action
            self._runner.spawn(publish_journal_state(self._writer, self._store, self._clock))

    async def drain(self, timeout_s: float) -> None:
        """Take nothing new, and wait until every confirmed action has its answer in the journal, at most `timeout_s`.

        What is not out by then never will be (NOT SENT); what is out and unanswered is journalled as UNKNOWN, to be
        verified by the next start. Then the journal gets `FLUSH_S` more.
        """
        with self._lock:
            self._ending.set()
        give_up = self._clock.monotonic() + timeout_s
        # A confirmation from another thread is on its way to this loop: it arrives within a turn or two.
        while self._queued:  # noqa: ASYNC110 - an event can't be set from that thread
            await asyncio.sleep(0)
        await self._runner.await_responses(give_up)
        await self._flush()
        self._action_store.note_lost()

    async def _flush(self) -> None:
        """Try what is not in the journal until it is, or the time is over."""
        flush_by = self._clock.monotonic() + FLUSH_S
        over = False
        while (self._runner.busy or self._writer.busy) and not over:
            # Once more when it is over: the machine may have slept through it, and its disk be well again.
            over = self._clock.monotonic() >= flush_by
            trying = asyncio.ensure_future(self._writer.poll())
            await first_of(self._clock, FLUSH_TRY_S, trying)
            trying.cancel()
            await self._clock.sleep(0.01)

    async def aclose(self) -> None:
        """End every task. Actions being verified stay open in the journal and are verified by the next start."""
        self._ending.set()
        self._stop_preparing()
        await self._rechecks.aclose()
        await self._runner.aclose()
        await self._watcher.aclose()
        self._disk.close()

    # What the interface and the command line may ask: any thread.

    def refusal(self, target: Target) -> str | None:
        """As in `ActionsPort`."""
        return ENDING if self._ending.is_set() and not self.read_only else self._obstacle(target)

    def _obstacle(self, target: Target) -> str | None:
        if self.read_only:
            return READ_ONLY
        recheck = self._rechecks.newest(target)
        if recheck is not None and recheck.disarmed:
            return recheck.disarmed
        reason = eligibility(target) or _known_end(self._store, target)
        if reason is None and target.action == STOP.id:
            reason = stop_lock(self._action_store.records, target, self._clock.monotonic())
        return reason

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        """As in `ActionsPort`."""
        self._call(partial(self._rechecks.open, tuple(targets)))

    def close_rechecks(self) -> None:
        """As in `ActionsPort`."""
        self._call(self._rechecks.close)

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        """As in `ActionsPort`. The same captured targets confirmed again, or one of them twice, are the same actions:
        a person who means it again opens another dialog, which captures again."""
        at, mono = self._clock.now(), self._clock.monotonic()
        ids: list[str] = []
        records: list[ActionRecord] = []
        with self._lock:
            # A dialog that held an earlier capture closed long ago.
            for number in list(self._taken)[:-KEPT_TAKEN]:
                del self._taken[number]
            ending = self._ending.is_set()
            batch_id = f"{self._instance}-b{next(self._numbers)}"
            for target in targets:
                _, action_id = self._taken.get(id(target), (target, _find_equal(records, target)))
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
            self._give_up(records, ENDING)
        return tuple(ids)

    def prepare(self, plan: OptimizationPlan) -> None:
        """As in `ActionsPort`."""
        # At once: what an earlier one has found is not about this one.
        self._tell(Preparation("Compiling the project as it is now.", plan))
        self._call(partial(self._prepare, plan))

    def stop_preparing(self) -> None:
        """As in `ActionsPort`."""
        self._call(self._stop_preparing)

    def cancel(self, action_id: str) -> None:
        """As in `ActionsPort`."""
        self._call(partial(self._runner.cancel, action_id))

    def acknowledge(self, action_id: str) -> None:
        """As in `ActionsPort`."""
        self._call(partial(self._acknowledge, action_id))

    def entries(self) -> tuple[JournalEntry, ...]:
        """As in `ActionsPort`."""
        return self._writer.entries

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

    def _tell(self, preparation: Preparation) -> None:
        self._store.put_value(PREPARATION, preparation, at=self._clock.now(), mono=self._clock.monotonic())

    def _prepare(self, plan: OptimizationPlan) -> None:
        self._stop_preparing()
        self._preparing = asyncio.ensure_future(prepare(self._triggers, self._clock, plan, self._tell))

    def _stop_preparing(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None

    def _take(self, records: list[ActionRecord], ending: bool) -> None:
        """Begin a confirmed batch. Refusals are decided here, where nothing can come between.

        `ending` is how it was at confirming: what was confirmed before the program began to end is sent.
        Whatever goes wrong, no confirmation vanishes: each ends in a rung.
        """
        try:
            self._begin(records, ending)
        except Exception as error:
            _LOG.exception("a confirmation could not be taken")
            self._give_up(records, f"internal error ({type(error).__name__}): it was not begun")
        finally:
            with self._lock:
                self._queued -= 1

    def _begin(self, records: list[ActionRecord], ending: bool) -> None:
        accepted: list[ActionRecord] = []
        refused: list[tuple[str, str]] = []
        for record in records:
            reason = ENDING if ending else self._checked(record.target)
            if reason is None:
                accepted.append(record)
            else:
                refused.append((record.action_id, reason))
        # The dialog has been answered: from here on its re-reads would only be in the way of the requests.
        self._rechecks.close()
        self._action_store.put(records)
        for action_id, reason in refused:
            self._action_store.step(action_id, Rung.REJECTED, reason)
        if accepted:
            self._runner.begin(accepted)

    def _checked(self, target: Target) -> str | None:
        """`_obstacle`, at confirming. A defect of the check stops no action but a stop, which sent blindly could cancel
        a liquidation."""
        try:
            return self._obstacle(target)
        except Exception as error:
            _LOG.exception("whether %s may be sent could not be checked", target.action)
            return f"internal error ({type(error).__name__}) in the check" if target.action == STOP.id else None

    def _give_up(self, records: Sequence[ActionRecord], why: str) -> None:
        lost = [record for record in records if not self._runner.holds(record.action_id)]
        store_not_sent(self._store, self._clock, lost, why)

    def _acknowledge(self, action_id: str) -> None:
        if self._action_store.get(action_id) is not None:
            self._action_store.change(action_id, acknowledged=True)


def _find_equal(records: Sequence[ActionRecord], target: Target) -> str | None:
    """The action of this batch that already hits the same object: a batch sends one request to each."""
    found = (each for each in records if each.target.action == target.action and is_same_object(each.target, target))
    return next((each.action_id for each in found), None)


def _known_end(store: Store, target: Target) -> str | None:
    """That the store already knows this very target to have ended. What has ended never lives again, so an old answer
    is as good as a new one; an old answer that it runs proves nothing and is not asked for."""
    if target.optimization_id:
        optimization = store.get(optimization_key(target.optimization_id)).value
        ended = target.action == ABORT.id and optimization is not None and optimization.finished
        return f"already finished: {optimization.status}" if optimization is not None and ended else None
    detail = store.get(detail_key(target.project_id)).value
    known: list[Deployment | DeploymentDetail] = [*(store.get(DEPLOYMENTS).value or ()), *([detail] if detail else [])]
    for each in known:
        if each.deploy_id and each.deploy_id == target.deploy_id and not each.alive:
            return f"no longer running: {each.status or 'stopped'}"
    return None
